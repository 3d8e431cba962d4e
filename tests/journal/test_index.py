"""The index finds what reading everything finds, whatever happened to either of them."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scientist.errors import JournalError
from scientist.events import Degraded, Event, PhaseStarted, QuestionAnswered, Reasoned
from scientist.journal import Entry, Journal, index, store
from scientist.journal.filing import moment
from scientist.journal.index import Index, Query, differs


@pytest.fixture(autouse=True)
def _always_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "LEAST_BYTES", 0)
    monkeypatch.setattr(index, "TOGETHER", 7)
    monkeypatch.setattr(store, "SEGMENT_BYTES", 3000)


def say(number: int) -> Reasoned:
    return Reasoned(phase="test", source="code", text=f"line {number}")


def heads(entries: Iterator[Entry]) -> list[tuple[int, str]]:
    return [(entry.seq, entry.hash) for entry in entries]


def same(folder: Path) -> None:
    """Whether the index tells what reading every line tells."""
    with Journal(folder) as journal:
        every = list(journal.entries())
    with Index(folder) as found:
        names = {entry.campaign for entry in every if entry.campaign}
        assert set(found.campaigns()) == names
        for campaign in (None, *names):
            for kinds in ((), ("reasoned",), ("degraded", "reasoned"), ("torn_tail_recovered",)):
                right = [
                    (one.seq, one.hash)
                    for one in every
                    if (not kinds or one.kind in kinds) and campaign in (None, one.campaign)
                ]
                asked = Query(kinds=kinds, campaign=campaign)
                assert heads(found.entries(asked)) == right
                back = Query(kinds=kinds, campaign=campaign, backwards=True)
                assert heads(found.entries(back)) == right[::-1]
                assert found.count(asked) == len(right)
        phase, by_phase = {}, dict[str, list[int]]()
        for one in every:
            if one.kind == "phase_started":
                phase[one.campaign] = one.data["phase"]
            if one.campaign in phase:
                by_phase.setdefault(phase[one.campaign], []).append(one.seq)
        for name, places in by_phase.items():
            assert [e.seq for e in found.entries(Query(phase=name))] == places
        if every:
            middle = moment(every[len(every) // 2].time)
            late = [e.seq for e in every if (moment(e.time) or 0) >= (middle or 0)]
            assert [e.seq for e in found.entries(Query(since=middle))] == late
        answers = [e.seq for e in every if e.data.get("finding") == "F1"]
        assert [e.seq for e in found.naming("F1")] == answers
        spoken = [e.seq for e in every if e.kind == "question_answered"]
        assert [e.seq for e in found.naming("F1", "question_answered")] == spoken
    assert differs(folder) == ""


@pytest.mark.parametrize("seed", range(4))
def test_what_is_written_later_is_taken_in_later(tmp_path: Path, seed: int) -> None:
    chance, folder = random.Random(seed), tmp_path / "journal"
    with Journal(folder, write=True) as one, Journal(folder, write=True) as two:
        for step in range(25):
            writer, campaign = chance.choice((one, two)), chance.choice(("C1", "C2", None))
            match chance.randrange(4):
                case 0:
                    writer.append(say(step), campaign)
                case 1:
                    batch: list[Event] = [
                        PhaseStarted(phase=chance.choice(("survey", "run")), round=step),
                        Degraded(what="x", reason="y"),
                        QuestionAnswered(finding="F1", chance=0.9),
                    ]
                    writer.append_all(batch, campaign)
                case 2:
                    tear(folder, chance)
            if chance.random() < 0.4:
                same(folder)
        same(folder)


def tear(folder: Path, chance: random.Random) -> None:
    """Append a part of a batch to the newest segment, as a writer leaves it that is killed."""
    newest = max(folder.glob("[0-9]*.jsonl"))
    if content := newest.read_bytes():
        whole = content.splitlines(keepends=True)[-1].replace(b'{"seq"', b'{"more":true,"seq"')
        with newest.open("ab") as file:
            file.write(whole * chance.randrange(2) + whole[: chance.randrange(1, len(whole))])


@pytest.fixture
def written(tmp_path: Path) -> Path:
    folder = tmp_path / "journal"
    with Journal(folder, write=True) as journal:
        for number in range(40):
            journal.append(say(number), f"C{number % 2 + 1}")
        journal.append(QuestionAnswered(finding="F1", chance=0.9), "C1")
    same(folder)
    return folder


def forged(command: str) -> Callable[[Path], None]:
    def forge(file: Path) -> None:
        with sqlite3.connect(file) as opened:
            opened.execute(command)
        opened.close()

    return forge


@pytest.mark.parametrize(
    "harm",
    [
        forged("UPDATE event SET offset = offset + 1 WHERE n = 9"),
        forged("UPDATE event SET length = 20 WHERE n = 9"),
        forged("UPDATE event SET campaign = 1 WHERE n = 10"),
        forged("UPDATE event SET segment = 77 WHERE n = 9"),
        forged("UPDATE state SET mark = x'00'"),
        forged("UPDATE state SET version = 0"),
        forged("DROP TABLE name"),
        forged("CREATE VIEW more AS SELECT 1"),
        lambda file: file.write_bytes(b"no index at all"),
        lambda file: file.write_bytes(file.read_bytes()[:5000]),
        lambda file: file.unlink(),
    ],
)
def test_an_index_that_does_not_fit_is_made_anew(
    written: Path, harm: Callable[[Path], None]
) -> None:
    harm(written.parent / index.FILE)
    same(written)


def test_an_index_from_which_events_were_taken_is_told_from_the_journal(written: Path) -> None:
    for command in (
        "DELETE FROM event WHERE n = 9",
        "UPDATE event SET time = 0 WHERE n = 9",
        "DELETE FROM name WHERE name = 'F1'",
        "INSERT INTO name VALUES ('F2', 9)",
    ):
        shutil.copy(written.parent / index.FILE, written.parent / "kept")
        forged(command)(written.parent / index.FILE)
        assert differs(written)
        shutil.copy(written.parent / "kept", written.parent / index.FILE)
    assert differs(written) == ""


def test_an_altered_line_is_an_error_where_it_is_read(written: Path) -> None:
    segment = written / "000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"line 3", b"line 4", 1))
    with Index(written) as found:
        assert [e.seq for e in found.entries(Query(campaign="C1", before=4))] == [1, 3]
        with pytest.raises(JournalError, match="event 4 was altered"):
            list(found.entries(Query(campaign="C2")))


def test_a_line_that_is_no_event_is_not_passed_over(written: Path) -> None:
    with max(written.glob("[0-9]*.jsonl")).open("ab") as file:
        file.write(b'{"kind":"reasoned", damaged}\n')
    with Index(written) as found:
        entries = found.entries(Query(campaign="C1"))
        assert len([next(entries) for _ in range(21)]) == 21
        with pytest.raises(JournalError, match="line 42 .* damaged"):
            next(entries)


def test_another_journal_in_its_place_is_read_anew(written: Path, tmp_path: Path) -> None:
    with Journal(tmp_path / "other", write=True) as other:
        for number in range(50):
            other.append(say(-number), "C9")
    shutil.rmtree(written)
    shutil.move(tmp_path / "other", written)
    same(written)
    with Index(written) as found:
        assert found.campaigns() == ["C9"]


def test_where_no_file_can_be_kept_everything_is_still_found(written: Path) -> None:
    file = written.parent / index.FILE
    file.unlink()
    file.mkdir()
    with Index(written) as found:
        assert found.count(Query(campaign="C1")) == 21
    file.rmdir()
    file.symlink_to(written.parent / "elsewhere")
    same(written)
    assert not (written.parent / "elsewhere").exists()
    assert not file.is_symlink()


def test_a_small_journal_leaves_no_file_behind(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "LEAST_BYTES", 10**9)
    file = written.parent / index.FILE
    file.unlink()
    with Index(written) as found:
        assert found.count(Query()) == 41
    assert not file.exists()
