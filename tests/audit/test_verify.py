"""A clean record is never blamed, and each fault of its bytes is found at its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaigns import scientist

from scientist.audit.verifying import ledger
from scientist.journal import anchors, merkle, signing
from scientist.journal.anchors import Anchor

from . import forging
from .forging import Fault, Line, altered, first, rewrite, verified


def in_bytes(change: Callable[[list[bytes]], list[bytes]]) -> Fault:
    """The lines as bytes, without any repair."""

    def apply(workspace: Path) -> None:
        file = forging.journal_of(workspace)
        file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))

    return apply


def test_a_clean_record_holds_in_every_respect(copy: Path) -> None:
    found = verified(copy)
    assert found.fault is None, found.fault
    assert found.record.checkpoints == 3
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
        lambda w: rewrite(w, lambda x: at_the_end(x).update(signature="0" * 128), signed=False),
        "the signature of the checkpoint is wrong",
        "000001.jsonl",
    ),
    "miscounted campaigns": (
        lambda w: rewrite(w, lambda x: at_the_end(x).update(closed=7), signed=False),
        "the checkpoint counts 7 campaigns ended",
        "000001.jsonl",
    ),
    "batch cut in two": (
        lambda w: rewrite(w, cut_in_two),
        "a batch of events that belong together",
        "000001.jsonl",
    ),
}


def at_the_end(lines: list[Line]) -> Any:
    """The checkpoint of the end of the campaign."""
    return forging.of(lines, "checkpoint_signed")[1]


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
    assert found.fault.since == 4, "checkpoints in between were signed anew: they vouch for nothing"


def anchors_at(workspace: Path, size: int) -> str:
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


def test_what_jobs_of_a_queue_measured_verifies_like_anything_else(tmp_path: Path) -> None:
    done = scientist(
        *("kit", "run", "causal_features", "--pairs", 8, "--executor", "slurm"),
        *("-w", tmp_path / "w"),
        SCIENTIST_SLURM_CLUSTER="local",
    )
    assert done.returncode == 0, done.stderr
    found = verified(tmp_path / "w")
    assert found.fault is None
    assert found.counts["trials found in run folders"] == found.counts["trials"] > 0


@pytest.mark.parametrize(
    ("reason", "rounds"),
    [("1 round is done", 1), ("all 1 rounds are done", 1), ("all 12 rounds are done", 12)],
)
def test_a_reason_that_tells_of_done_rounds_is_held_against_the_budget(
    reason: str, rounds: int
) -> None:
    """Records of earlier versions say it in the plural."""
    said = ledger._ALL_DONE.fullmatch(reason)
    assert said is not None
    assert int(said[1]) == rounds
