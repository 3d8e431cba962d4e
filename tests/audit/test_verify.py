"""Each fault is found, at its place, with what it invalidates; a clean record is never blamed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, propose, scientist

from scientist.audit.tracing.exchange import answered
from scientist.audit.verifying import Outcome, verify_workspace
from scientist.journal import anchors, signing
from scientist.journal.anchors import Anchor
from scientist.workspace import Workspace

from . import forging
from .forging import Line, first, get, of, put, rewrite

Fault = Callable[[Path], object]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of one round with a scripted model: an essay, answers, a finding, a report."""
    folder = tmp_path_factory.mktemp("clean")
    with ScriptedServer(script=answering) as server:
        done = scientist(
            *("run", "--essays", essays(folder / "essays"), "--rounds", 1, "--pairs", 8),
            *("-w", folder / "w"),
            OPENAI_BASE_URL=server.url,
            XDG_DATA_HOME=str(folder / "data"),
        )
    assert done.returncode == 0, done.stderr
    return folder / "w"


def answering(request: dict[str, Any]) -> Any:
    return propose(request)


@pytest.fixture
def copy(clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the clean workspace, by the user who made it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(clean.parent / "data"))
    shutil.copytree(clean, tmp_path / "copy")
    return tmp_path / "copy"


def verified(workspace: Path, deep: bool = True, **options: Any) -> Outcome:
    return verify_workspace(Workspace(workspace), deep, **options)


def altered(kind: str, edit: Callable[[Any], object], signed: bool = True) -> Fault:
    """The first event of a kind says something else, and the record is made whole again."""

    def change(lines: list[Line]) -> None:
        edit(first(lines, kind))

    return lambda workspace: rewrite(workspace, change, signed)


def in_bytes(change: Callable[[list[bytes]], list[bytes]]) -> Fault:
    """The lines as bytes, without any repair."""

    def apply(workspace: Path) -> None:
        file = forging.journal_of(workspace)
        file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))

    return apply


def test_a_clean_record_holds_in_every_respect(copy: Path) -> None:
    found = verified(copy)
    assert found.fault is None, found.fault
    assert found.record.checkpoints == 2
    assert not [note for note in found.notes if "copy of this record" not in note], found.notes
    assert {"quotes", "findings recomputed", "answers that lead to their hypothesis", "credences",
            "reports", "documents in the vector store", "trials found in run folders", "levels",
            "protocols", "essays read anew"} <= found.counts.keys()  # fmt: skip
    assert all(found.counts.values())


def blob_of(workspace: Path, kind: str, name: str) -> Path:
    digest = first(forging.read(workspace), kind)[name]
    return workspace / "journal" / "blobs" / digest[:2] / digest[2:]


BYTES: dict[str, tuple[Fault, str, str]] = {
    "altered line": (
        in_bytes(lambda x: [*x[:9], x[9].replace(b'"data":{', b'"data":{ ', 1), *x[10:]]),
        "a line was altered",
        "000001.jsonl:10",
    ),
    "removed line": (
        in_bytes(lambda x: [*x[:20], *x[21:]]),
        "the chain is broken",
        "000001.jsonl:21",
    ),
    "reordered lines": (
        in_bytes(lambda x: [*x[:20], x[21], x[20], *x[22:]]),
        "the chain is broken",
        ":21",
    ),
    "repeated line": (in_bytes(lambda x: [*x[:5], x[4], *x[5:]]), "the chain is broken", ":6"),
    "garbage": (in_bytes(lambda x: [*x[:5], b"nothing\n", *x[5:]]), "a line has no hash", ":6"),
    "altered blob": (
        lambda w: blob_of(w, "experiment_finished", "trials_blob").write_bytes(b"{}"),
        "was altered (",
        "000001.jsonl",
    ),
    "missing blob": (
        lambda w: blob_of(w, "model_called", "response_blob").unlink(),
        "is missing (response_blob)",
        "000001.jsonl",
    ),
    "event without a schema": (
        altered("phase_started", lambda data: data.update(colour="red")),
        "does not fit its schema",
        "000001.jsonl",
    ),
    "rewritten and chained anew": (
        altered("reasoned", lambda data: data.update(text="else"), signed=False),
        "the checkpoint does not fit",
        "000001.jsonl",
    ),
    "wrong signature": (
        lambda w: rewrite(w, lambda x: x[-1]["data"].update(signature="0" * 128), signed=False),
        "the signature of the checkpoint is wrong",
        "000001.jsonl",
    ),
    "miscounted campaigns": (
        lambda w: rewrite(w, lambda x: x[-1]["data"].update(closed=7), signed=False),
        "the checkpoint counts 7 campaigns ended",
        "000001.jsonl",
    ),
    "batch cut in two": (
        lambda w: rewrite(w, cut_in_two),
        "a batch of events that belong together",
        "000001.jsonl",
    ),
}


def cut_in_two(lines: list[Line]) -> list[Line]:
    at = next(n for n, line in enumerate(lines) if line.get("more"))
    return [*lines[: at + 1], {**lines[0], "kind": "degraded", "campaign": None,
            "data": {"what": "x", "reason": "y"}, "more": False}, *lines[at + 1 :]]  # fmt: skip


@pytest.mark.parametrize("name", BYTES)
def test_a_fault_of_the_bytes_is_found_at_its_place(copy: Path, name: str) -> None:
    fault, says, where = BYTES[name]
    fault(copy)
    found = verified(copy, deep=False)
    assert found.fault is not None
    assert says in found.fault.problem, found.fault
    assert where in found.fault.place
    if name != "missing blob":
        assert found.fault.reach.findings == ("F1",), found.fault
        assert "C1" in found.fault.reach.campaigns


def trials_of(lines: list[Line], workspace: Path, edit: Callable[[bytes], bytes]) -> None:
    """Other trials in all that speaks of them."""
    ended = first(lines, "experiment_finished")
    other = put(workspace, edit(get(workspace, ended["trials_blob"])))
    ended["trials_blob"] = other
    for finding in of(lines, "finding_recorded"):
        if finding["finding"]["experiment"] == ended["experiment"]:
            finding["finding"]["trials_blob"] = other
        elif finding["finding"]["first"]:
            finding["finding"]["first"]["trials_blob"] = other


def trials(edit: Callable[[bytes], bytes], folders_too: bool = False) -> Fault:
    def fault(workspace: Path) -> None:
        if folders_too:
            shutil.rmtree(workspace / "runs")
        rewrite(workspace, lambda lines: trials_of(lines, workspace, edit))

    return fault


def better(raw: bytes) -> bytes:
    """The first trial with another number."""
    line, _, rest = raw.partition(b"\n")
    head, mark, tail = line.partition(b'_error":')
    return head + mark + b"0.0" + tail[tail.index(b",") :] + b"\n" + rest


def moved(kind: str, before: str) -> Change:
    def change(lines: list[Line]) -> list[Line]:
        at = next(n for n, line in enumerate(lines) if line["kind"] == kind)
        one = {**lines.pop(at), "more": False}
        to = next(n for n, line in enumerate(lines) if line["kind"] == before)
        while to and lines[to - 1].get("more"):
            to -= 1
        return [*lines[:to], one, *lines[to:]]

    return change


Change = Callable[[list[Line]], list[Line] | None]


def essay(workspace: Path, lines: list[Line], original: bool) -> None:
    """Other words in an essay and in everything that quotes it."""
    event = first(lines, "essay_added")
    names = ("text_blob", "passages_blob", *(("source_blob",) if original else ()))
    for name in names:
        content = get(workspace, event[name]).replace(b"fewer errors", b"other errors")
        event[name] = put(workspace, content)
    for hypothesis in of(lines, "hypothesis_proposed"):
        for quote in hypothesis["hypothesis"]["quotes"]:
            quote["text"] = quote["text"].replace("fewer errors", "other errors")
    for finding in of(lines, "finding_recorded"):
        for quote in finding["finding"]["quotes"]:
            quote["text"] = quote["text"].replace("fewer errors", "other errors")


def answer(workspace: Path, lines: list[Line]) -> None:
    for call in of(lines, "model_called"):
        said, _ = answered(get(workspace, call["response_blob"]))
        assert "stability pays" in said
        content = said.replace("stability pays", "instability pays")
        whole = json.dumps({"choices": [{"message": {"content": content}}]})
        call["response_blob"] = put(workspace, whole.encode())


def without(lines: list[Line], data: Any) -> list[Line]:
    return [line for line in lines if line["data"] != data]


def without_opening(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["kind"] != "campaign_opened"]


def edited(name: str, old: str, new: str) -> Fault:
    def fault(workspace: Path) -> None:
        file = next(workspace.glob(name))
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new, 1))

    return fault


def in_chroma(statement: str) -> Fault:
    def fault(workspace: Path) -> None:
        (file,) = workspace.glob("chroma/generation-*/chroma.sqlite3")
        with sqlite3.connect(file) as db:
            assert db.execute(statement).rowcount

    return fault


def rerecorded(kind: str, path: tuple[str, ...], value: Any) -> Fault:
    def edit(data: Any) -> None:
        for step in path[:-1]:
            data = data[step]
        assert data[path[-1]] != value
        data[path[-1]] = value

    return altered(kind, edit)


MEANING: dict[str, tuple[Fault, str, str]] = {
    "fabricated trial": (trials(better), "was measured otherwise", "F1"),
    "fabricated trial without run folders": (trials(better, True), "F1", "F1"),
    "dropped trial": (trials(lambda raw: raw.partition(b"\n")[2]), "its blob has", "F1"),
    "trials edited in the run folder": (
        edited("runs/*-1/trials.jsonl", '"seconds": 0', '"seconds": 9'),
        "was measured otherwise",
        "F1",
    ),
    "code edited after the seal": (
        rerecorded("protocol_sealed", ("protocol", "code_hash"), "0" * 64),
        "the protocol on record is not the one that was sealed",
        "F1",
    ),
    "run before the seal": (
        lambda w: rewrite(w, moved("experiment_started", "protocol_sealed")),
        "X1 began without a sealed protocol",
        "F1",
    ),
    "seal left out": (
        lambda w: rewrite(w, lambda x: [e for e in x if e["kind"] != "protocol_sealed"]),
        "without a sealed protocol",
        "F1",
    ),
    "hypothesis left out": (
        lambda w: rewrite(w, lambda x: without(x, first(x, "hypothesis_proposed"))),
        "H1 is not on record",
        "",
    ),
    "experiment left out": (
        lambda w: rewrite(w, lambda x: [e for e in x if e["data"].get("experiment") != "X1"]),
        "",
        "",
    ),
    "campaign without its opening": (
        lambda w: rewrite(w, without_opening), "C1 was never opened", ""
    ),
    "campaign under another name": (
        lambda w: rewrite(w, lambda x: [{**e, "campaign": e["campaign"] and "C2"} for e in x]),
        "campaign C1 is not on record",
        "",
    ),
    "verdict": (
        rerecorded("finding_recorded", ("finding", "judgement", "verdict"), "inconclusive"),
        "F1",
        "F1",
    ),
    "effect": (
        rerecorded("finding_recorded", ("finding", "judgement", "effect"), -9.0),
        "F1",
        "F1",
    ),
    "sentence": (
        altered("finding_recorded", lambda data: data["finding"].update(statement="It won.")),
        "F1",
        "F1",
    ),
    "quote": (
        altered(
            "hypothesis_proposed",
            lambda data: data["hypothesis"]["quotes"][0].update(text="It always pays."),
        ),
        "does not stand in the essay",
        "",
    ),
    "essay and its quotes": (
        lambda w: rewrite(w, lambda x: essay(w, x, original=False)),
        "does not stand in the bytes that essay E1 was read from",
        "F1",
    ),
    "answer": (
        lambda w: rewrite(w, lambda x: answer(w, x)), "H1 is not what the model answered", ""
    ),
    "hypothesis": (
        rerecorded("hypothesis_proposed", ("hypothesis", "direction"), "increase"), "H1", ""
    ),
    "sampling": (rerecorded("model_called", ("seed",), 99), "asked with seed", ""),
    "tokens": (
        rerecorded("model_called", ("usage", "completion"), 1), "the answer counts", ""
    ),
    "report": (
        edited("reports/C1.md", "supported", "proven"), "it was edited", ""
    ),
    "page": (edited("reports/C1.html", "<h2", "<h2 class=x"), "C1.html", ""),
    "text in the vector store": (
        in_chroma(
            "UPDATE embedding_metadata SET string_value = 'else' "
            "WHERE key = 'chroma:document' AND string_value LIKE '%reversed%'"
        ),
        "is not what the record says",
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANING)
def test_a_fraud_that_was_chained_and_signed_anew_is_found_by_what_it_says(
    copy: Path, name: str
) -> None:
    fault, says, falls = MEANING[name]
    fault(copy)
    found = verified(copy)
    assert found.record.passed, "this is not for the bytes to tell"
    assert found.fault is not None
    assert says in found.fault.problem, found.fault
    assert falls in found.fault.reach.told()


def test_a_level_and_seeds_that_the_tests_before_do_not_explain_are_found(copy: Path) -> None:
    from scientist.science import protocol as protocols

    def change(lines: list[Line]) -> None:
        sealed = first(lines, "protocol_sealed")
        before, sealed["protocol"]["level"] = sealed["digest"], 0.04
        sealed["digest"] = protocols.digest(sealed["protocol"])
        for line in lines:
            for name in ("protocol_digest", "confirms"):
                _replace(line["data"], name, before, sealed["digest"])

    rewrite(copy, change)
    found = verified(copy)
    assert found.fault is not None
    assert "is not the" in found.fault.problem
    assert "that the tests before it leave" in found.fault.problem or (
        "not the one that was sealed" in found.fault.problem
    )


def _replace(data: Any, name: str, old: str, new: str) -> None:
    if isinstance(data, dict):
        if data.get(name) == old:
            data[name] = new
        for value in data.values():
            _replace(value, name, old, new)
    elif isinstance(data, list):
        for value in data:
            _replace(value, name, old, new)


def test_a_tail_that_was_cut_off_shows_with_an_anchor_and_without_one_is_only_unsigned(
    copy: Path,
) -> None:
    anchor = anchors.now(copy / "journal")
    in_bytes(lambda lines: lines[:-40])(copy)
    found = verified(copy, deep=False, given=[anchor])
    assert found.fault is not None
    assert f"an anchor knows {anchor.size} events" in found.fault.problem
    assert found.fault.place == "the end"
    alone = verified(copy, deep=False)
    assert alone.fault is None
    assert any("covered by no checkpoint" in note for note in alone.notes)


def test_a_suffix_that_was_rewritten_and_signed_by_the_user_shows_with_an_anchor(
    copy: Path,
) -> None:
    early, late = Anchor(3, anchors_at(copy, 3)), anchors.now(copy / "journal")
    altered("reasoned", lambda data: data.update(text="else"))(copy)
    assert verified(copy, deep=False).fault is None
    assert verified(copy, deep=False, given=[early]).fault is None
    found = verified(copy, deep=False, given=[early, late])
    assert found.fault is not None
    assert "the record was rewritten" in found.fault.problem


def anchors_at(workspace: Path, size: int) -> str:
    from scientist.journal import merkle

    return merkle.root(merkle.leaves(workspace / "journal", size))


def test_on_the_same_machine_the_user_s_own_anchors_need_no_flag(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(clean, tmp_path / "w")
    data = tmp_path / "own"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    here = tmp_path / "w" / "journal"
    anchors.keep(here, anchors.now(here))
    assert verified(tmp_path / "w", deep=False).record.anchored == 1
    (tmp_path / "w").rename(tmp_path / "moved")
    assert verified(tmp_path / "moved", deep=False).record.anchored == 1
    in_bytes(lambda lines: lines[:-1])(tmp_path / "moved")
    found = verified(tmp_path / "moved", deep=False)
    assert found.fault is not None
    assert "was cut off" in found.fault.problem


def test_a_copy_that_goes_its_own_way_is_not_blamed_for_the_other(copy: Path, clean: Path) -> None:
    scientist("claim", "add", "Cues turn.", "-w", copy)
    found = verified(copy, deep=False)
    assert found.fault is None
    assert any(str(clean) in note for note in found.notes)
    assert found.record.anchored == 1


def test_another_user_verifies_with_the_recorded_key_and_is_told_so(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = signing.public()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "stranger"))
    found = verified(copy)
    assert found.fault is None
    assert found.record.keys == [owner]
    assert any("which is not this user's key" in note for note in found.notes)
    assert verified(copy, deep=False, keys=[owner]).fault is None
    signing.sign(b"")
    stranger = verified(copy, deep=False, keys=[signing.public()])
    assert stranger.fault is not None
    assert "none of those you named" in stranger.fault.problem


def test_a_record_from_before_there_were_checkpoints_holds_with_a_note(copy: Path) -> None:
    rewrite(copy, lambda x: [line for line in x if line["kind"] != "checkpoint_signed"])
    shutil.rmtree(copy / "chroma")  # it follows the record as it was
    found = verified(copy)
    assert found.fault is None
    assert "no checkpoint covers it: only its hashes hold it together" in found.notes
    named = verified(copy, deep=False, keys=["0" * 64])
    assert named.fault is not None


def test_a_torn_tail_that_was_repaired_and_an_essay_that_was_edited_are_no_faults(
    copy: Path,
) -> None:
    with forging.journal_of(copy).open("ab") as file:
        file.write(b'{"seq":9')
    assert scientist("claim", "add", "Cues turn.", "-w", copy).returncode == 0
    (copy / "essays").mkdir()
    (copy / "essays" / "cues.md").write_text("Something else.")
    found = verified(copy)
    assert found.fault is None, found.fault
    assert any("was edited since" in note for note in found.notes)


def test_an_index_that_says_otherwise_is_told_with_the_command_that_mends_it(copy: Path) -> None:
    with sqlite3.connect(copy / "index.sqlite") as db:
        db.execute("CREATE TABLE state (version INTEGER)")
    found = verified(copy)
    assert found.fault is not None
    assert "the index of events" in found.fault.problem
    assert found.fault.hint.startswith("scientist rebuild")
    assert not found.fault.reach.told(), "the record itself stands"
