"""Every command and option that a document, a hint or a docstring names is there to be typed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scientist.cli.app import _commands
from scientist.cli.output import SERVERS
from scientist.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md"))
PAGES = tuple((ROOT / "scientist").rglob("*.html"))
CODE = (*(ROOT / "scientist").rglob("*.py"), *(ROOT / "tools").rglob("*.py"))
NAMED = re.compile(r"\bscientist((?: [^\s`;,()|&<>…]+)+)")
OTHER_VARIABLES = {"WORKSPACE", "RUNTIME_DIR", "DEBUG", "PLAN", "RESULTS"}


def texts() -> Iterator[tuple[Path, str]]:
    """All documents, and every literal of the code; what is filled in stands as X."""
    for file in (*DOCUMENTS, *PAGES):
        yield file, file.read_text().replace("\\|", ";")
    for file in CODE:
        tree = ast.parse(file.read_text())
        parts = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in ast.walk(node)
            if part is not node
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                said = (v.value if isinstance(v, ast.Constant) else " X" for v in node.values)
                yield file, "".join(map(str, said))
            elif isinstance(node, ast.Constant) and id(node) not in parts:
                yield file, str(node.value)


@cache
def tree() -> Any:
    """All commands there are."""
    return _commands()


def unknown(words: list[str]) -> str:
    """What of a command line that begins with a command cannot be typed."""
    at: Any = tree()
    if words[0] not in at.commands:
        return ""  # a sentence about the scientist
    while words and hasattr(at, "commands"):
        name = words.pop(0).rstrip(".:\"'")
        if name not in at.commands:
            return "" if name == "X" else name
        at = at.commands[name]
    known = {"-h", "--help"}.union(*({*p.opts, *p.secondary_opts} for p in at.params))
    for word in words:
        if word in ("--", "#"):
            break
        option = re.match(r"-[\w-]*[a-z]", word.strip("[]").replace("…", ""))
        if option and option[0] not in known:
            return option[0]
    return ""


def test_every_command_and_option_that_is_named_is_there() -> None:
    found = [(file, named[1]) for file, text in texts() for named in NAMED.finditer(text)]
    wrong = [
        f"{file.relative_to(ROOT)}: no {what} in: scientist{line}"
        for file, line in found
        if (what := unknown(line.split()))
    ]
    assert not wrong, "\n".join(wrong)
    assert len(found) > 300


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("run --endpoint URL --resume C1", ""),
        ("run --thread T1", "--thread"),
        ("audit shows C1", "shows"),
        ("finding show F1.", ""),
    ],
)
def test_a_command_that_is_not_there_is_noticed(line: str, wrong: str) -> None:
    assert unknown(line.split()) == wrong


def test_every_variable_that_is_named_is_a_setting() -> None:
    known = {name.upper() for name in Settings.model_fields} | OTHER_VARIABLES
    for file, text in texts():
        for name in re.findall(r"\bSCIENTIST_([A-Z_]*[A-Z])", text):
            assert name in known, f"{file.relative_to(ROOT)}: SCIENTIST_{name}"


def test_hints_carry_servers_to_the_commands_that_can_be_told() -> None:
    def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, f"{path} {name}".strip())
        if not hasattr(command, "commands"):
            yield path, command

    options = {
        path: {option for parameter in command.params for option in parameter.opts}
        for path, command in walk(tree(), "")
    }
    for flag, commands in SERVERS.items():
        assert {path for path, known in options.items() if flag in known} == set(commands)
