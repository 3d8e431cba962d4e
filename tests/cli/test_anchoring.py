"""`audit verify`, `anchor` and `prove` as a sceptic types them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from campaigns import scientist


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A small record, and the user who made it."""
    folder = tmp_path_factory.mktemp("record")
    user = {"XDG_DATA_HOME": str(folder / "data")}
    for text in ("Cues turn.", "Cues stay."):
        done = scientist("claim", "add", text, "-w", folder / "w", **user)
        assert done.returncode == 0, done.stderr
    return folder / "w", user


def test_a_record_that_holds_says_so_and_gives_its_anchor(
    record: tuple[Path, dict[str, str]],
) -> None:
    workspace, user = record
    done = scientist("audit", "verify", "-w", workspace, **user)
    assert done.returncode == 0, done.stderr
    assert "checkpoints: 2, signed by" in done.stdout
    assert "anchors: 2" in done.stdout
    plain = json.loads(scientist("audit", "verify", "-w", workspace, "--json", **user).stdout)
    assert plain["passed"] is True
    assert plain["fault"] is None
    anchor = scientist("audit", "anchor", "-w", workspace, **user).stdout.strip()
    assert anchor == f"{plain['events']}:{plain['root']}"
    assert f"anchor: {anchor}" in done.stdout
    key = plain["keys"][0]
    named = scientist("audit", "verify", "--key", key, "--anchor", anchor, "-w", workspace)
    assert named.returncode == 0, named.stderr


def test_a_fault_is_exit_5_with_the_place_and_what_falls(
    record: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    workspace, user = record
    shutil.copytree(workspace, tmp_path / "w")
    file = tmp_path / "w" / "journal" / "000001.jsonl"
    file.write_bytes(file.read_bytes().replace(b"Cues turn", b"Cues burn"))
    said = scientist("audit", "verify", "-w", tmp_path / "w", **user)
    assert said.returncode == 5
    assert "error: a line was altered" in said.stderr
    assert "at 000001.jsonl:1" in said.stderr
    assert "this invalidates claims A1" in said.stderr
    assert "hint: restore the journal folder from a copy" in said.stderr
    as_json = scientist("audit", "verify", "--json", "-w", tmp_path / "w", **user)
    assert as_json.returncode == 5
    error = json.loads(as_json.stdout)["error"]
    assert error["kind"] == "verification"
    assert "000001.jsonl:1" in error["message"]


def test_anchors_go_into_a_file_and_into_a_git_note(
    record: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    workspace, user = record
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    author = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org"}
    author |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}
    from campaigns import command, environment

    words = command("audit", "anchor", tmp_path / "anchors", "--git", "-w", workspace)
    done = subprocess.run(
        words, cwd=tmp_path, env=environment(**user, **author), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    shown = subprocess.run(
        [*git, "notes", "--ref", "scientist", "show"], capture_output=True, text=True, check=True
    )
    anchor = done.stdout.strip()
    assert anchor in shown.stdout
    (tmp_path / "noted").write_text(shown.stdout)
    for kept in ("anchors", "noted"):
        found = scientist("audit", "verify", "--anchor", tmp_path / kept, "-w", workspace, **user)
        assert found.returncode == 0, found.stderr
    size, _, root = anchor.partition(":")
    further = f"{int(size) + 1}:{root}"
    cut = scientist("audit", "verify", "--anchor", further, "-w", workspace, **user)
    assert cut.returncode == 5
    assert "was cut off" in cut.stderr


def test_a_proof_can_be_printed_and_checked(
    record: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    workspace, _ = record
    printed = scientist("audit", "prove", "1", "--size", "2", "-w", workspace)
    assert printed.returncode == 0, printed.stderr
    file = tmp_path / "proof.json"
    file.write_text(printed.stdout)
    assert scientist("audit", "verify", "--proof", file, "-w", workspace).returncode == 0
    file.write_text(printed.stdout.replace("Cues turn", "Cues burn"))
    other = scientist("audit", "verify", "--proof", file, "-w", workspace)
    assert other.returncode == 5
    assert "the proof of event 1 fails" in other.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("verify", "--anchor", "12"), "neither an anchor nor a file"),
        (("verify", "--key", "12"), "neither a public key nor a file"),
        (("verify", "--proof", "nowhere"), "cannot be read"),
        (("prove", "999"), "events, so none 999"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_what_makes_no_sense_is_refused_with_a_hint(
    record: tuple[Path, dict[str, str]], words: tuple[str, ...], says: str
) -> None:
    done = scientist("audit", *words, "-w", record[0])
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert f"hint: scientist audit {words[0]}" in done.stderr or words[1] == "--proof"
