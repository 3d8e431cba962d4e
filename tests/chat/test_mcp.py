"""The store over the Model Context Protocol, asked by the SDK's own client over stdio."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from campaigns import command, environment
from mcp import Client, StdioServerParameters, stdio_client
from prepared import TOOLS, prepare

from scientist.journal import Journal

READING: dict[str, dict[str, Any]] = {
    "search_essays": {"query": "which features stay stable"},
    "search_findings": {"query": "stable features"},
    "search_record": {"query": "stable features"},
    "show_passage": {"address": "E1:3"},
    "show_hypothesis": {"hypothesis": "H1"},
    "show_experiment": {"experiment": "X1"},
    "show_finding": {"finding": "F1"},
    "list_conflicts": {},
    "list_beliefs": {},
    "explain_belief": {"about": "H1"},
    "list_kits": {"about": "causes and cues"},
    "show_kit": {"kit": "causal_features"},
    "check_text": {"text": "F1 is supported."},
    "read_report": {"campaign": "C1"},
    "plot_finding": {"finding": "F1"},
    "follow_test": {"campaign": "C1"},
}
Talk = Callable[[Client], Awaitable[None]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("mcp") / "w")


def talk(place: Path, talking: Talk, *flags: str) -> str:
    """Let a client talk to the real server; what that wrote to stderr."""
    program, *arguments = command("mcp", "-w", place, *flags)
    server = StdioServerParameters(command=program, args=arguments, env=environment())
    errors = place.parent / "stderr"

    async def run() -> None:
        with errors.open("w") as file:
            with anyio.fail_after(90):
                async with Client(stdio_client(server, errlog=file)) as client:
                    await talking(client)

    anyio.run(run)
    return errors.read_text()


async def ask(client: Client, tool: str, **arguments: Any) -> tuple[str, bool]:
    given = await client.call_tool(tool, arguments)
    (content,) = given.content
    assert content.type == "text"
    return content.text, given.is_error


def names_in(place: Path) -> dict[str, list[str]]:
    """The tools that were called, by the name under which the journal has them."""
    found: dict[str, list[str]] = {}
    with Journal(place / "journal") as journal:
        for entry in journal.entries("tool_called"):
            found.setdefault(str(entry.campaign), []).append(entry.data["tool"])
    return found


def test_every_tool_that_only_reads_is_listed_and_answers(place: Path) -> None:
    told: dict[str, str] = {}

    async def talking(client: Client) -> None:
        listed = (await client.list_tools()).tools
        assert {tool.name for tool in listed} == set(READING)
        for tool in listed:
            assert tool.description
            assert tool.input_schema["type"] == "object"
            assert set(tool.input_schema["properties"]) == set(
                TOOLS.tool(tool.name).arguments.model_fields
            )
            assert tool.annotations
            assert tool.annotations.read_only_hint
        for name, arguments in READING.items():
            said, failed = await ask(client, name, **arguments)
            assert not failed, (name, said)
            told[name] = said

    before = names_in(place)
    said = talk(place, talking)
    assert "[E1:3]" in told["show_passage"]
    assert "SUPPORTED" in told["show_finding"]
    new = {name: tools for name, tools in names_in(place).items() if name not in before}
    assert list(new.values()) == [list(READING)]
    assert all(name.startswith("M") for name in new)
    assert "Traceback" not in said


def test_what_changes_something_is_neither_listed_nor_done_without_the_flag(place: Path) -> None:
    async def talking(client: Client) -> None:
        said, failed = await ask(client, "launch_test", kit="causal_features")
        assert failed
        assert "scientist mcp --allow-launch" in said
        said, failed = await ask(client, "launch_experiment", folder="a", code="x", parameters={})
        assert failed
        assert "no tool launch_experiment is on offer" in said

    with Journal(place / "journal") as journal:
        before = journal.count("campaign_opened", "hypothesis_proposed")
        talk(place, talking)
        assert journal.count("campaign_opened", "hypothesis_proposed") == before


def test_with_the_flag_a_hypothesis_can_be_put_on_record(place: Path) -> None:
    async def talking(client: Client) -> None:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(listed) == {*READING, "propose_hypothesis", "launch_test"}
        annotations = listed["launch_test"].annotations
        assert annotations
        assert annotations.read_only_hint is False
        said, failed = await ask(
            client, "propose_hypothesis", kit="causal_features", treatment="reweighted"
        )
        assert not failed, said
        assert "reweighted lowers shifted_error" in said

    talk(place, talking, "--allow-launch")
    with Journal(place / "journal") as journal:
        *_, last = journal.entries("hypothesis_proposed")
    assert str(last.campaign).startswith("M")
    assert last.data["hypothesis"]["treatment"] == "reweighted"


def test_what_a_tool_refuses_is_an_error_of_the_tool_and_the_server_goes_on(place: Path) -> None:
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("show_finding", {"finding": "F99"}, "there is no finding F99"),
        ("show_finding", {"finding": "../../etc/passwd"}, "refuses its arguments"),
        ("show_finding", {}, "refuses its arguments"),
        ("show_finding", {"finding": "F1", "file": "/etc/passwd"}, "has no argument file"),
        ("show_passage", {"address": "E1:9999"}, "has no sentence 9999"),
        ("no_such_tool", {}, "no tool no_such_tool"),
    ]

    async def talking(client: Client) -> None:
        for tool, arguments, expected in wrong:
            said, failed = await ask(client, tool, **arguments)
            assert failed, (tool, said)
            assert expected in said
        said, failed = await ask(client, "show_finding", finding="f1")
        assert not failed
        assert said.startswith("F1 SUPPORTED")

    talk(place, talking)


def test_two_servers_at_once_have_two_names(place: Path) -> None:
    async def talking(client: Client) -> None:
        program, *arguments = command("mcp", "-w", place)
        other = StdioServerParameters(command=program, args=arguments, env=environment())
        with (place.parent / "other").open("w") as file:
            async with Client(stdio_client(other, errlog=file)) as second:
                await ask(client, "list_beliefs")
                await ask(second, "list_conflicts")

    before = names_in(place)
    talk(place, talking)
    new = {name: tools for name, tools in names_in(place).items() if name not in before}
    assert sorted(new.values()) == [["list_beliefs"], ["list_conflicts"]]


def test_without_the_library_the_command_says_how_to_get_it(place: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['mcp'] = None\n"
        "from scientist.cli import main\n"
        f"main({['mcp', '-w', str(place)]!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert "pip install 'scientist[mcp]'" in done.stderr
    assert done.stdout == ""


def test_a_workspace_that_is_not_there_is_an_error_before_anything_is_served(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        command("mcp", "-w", tmp_path / "none"), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "there is no workspace" in done.stderr
    assert not (tmp_path / "none").exists()


def test_what_is_no_message_of_the_protocol_ends_nothing(place: Path) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "by hand", "version": "1"},
        },
    }
    done = subprocess.run(
        command("mcp", "-w", place),
        input=f"not json\n{json.dumps(hello)}\n",
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    (greeting,) = [answer for answer in answers if answer.get("id") == 1]
    assert greeting["result"]["serverInfo"]["name"] == "scientist"
    assert done.returncode == 0, done.stderr
