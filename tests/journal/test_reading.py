"""Reading on where it stopped gives what reading everything gives, whatever happened between."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from scientist.errors import JournalError
from scientist.events import Degraded, Event, Reasoned
from scientist.journal import Entry, Journal, store, verify
from scientist.journal.places import Places
from scientist.journal.store import Fold

TEXTS = Fold[list[tuple[int, str]]](
    ("reasoned", "torn_tail_recovered"),
    list,
    lambda found, entry: found.append((entry.seq, str(entry.data))),
)


def say(number: int) -> Reasoned:
    return Reasoned(phase="test", source="code", text=f"line {number}")


def lines(entries: Iterator[Entry]) -> list[tuple[int, str]]:
    return [(entry.seq, entry.hash) for entry in entries]


def same(reader: Journal, folder: Path) -> None:
    """Whether a journal that was open all the time tells the same as one opened now."""
    places = Places(folder)
    sound = verify(folder, check_blobs=False, places=places).passed
    with Journal(folder) as fresh, Journal(folder, places=places if sound else None) as verified:
        assert reader.spells() == fresh.spells() == verified.spells()
        for kinds in ((), ("reasoned",), ("degraded", "reasoned"), ("torn_tail_recovered",)):
            assert lines(reader.entries(*kinds)) == lines(fresh.entries(*kinds))
            in_full = [one for one in fresh.entries() if not kinds or one.kind in kinds]
            assert lines(reader.entries(*kinds)) == lines(iter(in_full))
            assert lines(verified.entries(*kinds)) == lines(iter(in_full))
            if kinds:
                assert reader.count(*kinds) == len(in_full)
                seq = in_full[len(in_full) // 2].seq if in_full else 1
                assert lines(reader.since(seq, *kinds)) == [
                    (one.seq, one.hash) for one in in_full if one.seq >= seq
                ]
        one = [(entry.seq, str(entry.data)) for entry in fresh.entries(*TEXTS.kinds)]
        assert reader.follow(TEXTS) == one


@pytest.mark.parametrize("seed", range(6))
def test_what_was_open_all_the_time_tells_what_is_there_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(store, "SEGMENT_BYTES", 3000)
    monkeypatch.setattr(import_module("scientist.journal.verify"), "TOGETHER", 1 + seed)
    chance, folder = random.Random(seed), tmp_path / "j"
    with (
        Journal(folder, write=True) as one,
        Journal(folder, write=True) as two,
        Journal(folder) as reader,
    ):
        for step in range(40):
            match chance.randrange(4):
                case 0:
                    chance.choice((one, two)).append(say(step))
                case 1:
                    batch: list[Event] = [say(step), Degraded(what="x", reason="y"), say(step)]
                    chance.choice((one, two)).append_all(batch[: chance.randint(2, 3)], "C1")
                case 2:
                    tear(folder, chance)  # as if a writer had been killed
                case 3:
                    same(reader, folder)
            same(chance.choice((one, reader)), folder)
        same(one, folder)
        same(two, folder)
        same(reader, folder)
        assert reader.count("torn_tail_recovered") > 0


def tear(folder: Path, chance: random.Random) -> None:
    """Append a part of a batch to the newest segment."""
    newest = max(folder.glob("[0-9]*.jsonl"))
    if not (content := newest.read_bytes()):
        return
    whole = content.splitlines(keepends=True)[-1].replace(b'{"seq"', b'{"more":true,"seq"')
    with newest.open("ab") as file:
        file.write(whole * chance.randrange(2) + whole[: chance.randrange(1, len(whole))])


def test_a_journal_put_back_from_a_copy_is_read_anew(tmp_path: Path) -> None:
    folder = tmp_path / "j"
    with Journal(folder, write=True) as writer:
        for number in range(5):
            writer.append(say(number))
    shutil.copytree(folder, tmp_path / "copy")
    with Journal(folder) as reader:
        with Journal(folder, write=True) as writer:
            writer.append(say(5))
        assert len(reader.follow(TEXTS)) == 6
        shutil.rmtree(folder)
        assert reader.count("reasoned") == 0
        assert reader.follow(TEXTS) == []
        shutil.copytree(tmp_path / "copy", folder)
        assert len(reader.follow(TEXTS)) == 5
        with Journal(folder, write=True) as writer:
            writer.append_all([say(6), say(7), say(8)])
        same(reader, folder)


def test_a_view_that_failed_half_way_begins_anew(journal: Journal) -> None:
    refused = {"line 2"}

    def take(found: list[str], entry: Entry) -> None:
        found.append(entry.data["text"])
        if entry.data["text"] in refused:
            raise ValueError("not now")

    fold = Fold[list[str]](("reasoned",), list, take)
    journal.append(say(1))
    assert journal.follow(fold) == ["line 1"]
    journal.append(say(2))
    journal.append(say(3))
    with pytest.raises(ValueError, match="not now"):
        journal.follow(fold)
    refused.clear()
    assert journal.follow(fold) == ["line 1", "line 2", "line 3"]


def test_a_line_of_another_form_is_not_passed_over(tmp_path: Path) -> None:
    with Journal(tmp_path, write=True) as writer:
        writer.append(say(1))
    with (tmp_path / "000001.jsonl").open("ab") as file:
        file.write(b'{"kind":"reasoned", damaged}\n')
    with Journal(tmp_path) as reader:
        with pytest.raises(JournalError):
            list(reader.entries("reasoned"))
        with pytest.raises(JournalError):
            reader.follow(TEXTS)
        with pytest.raises(JournalError):
            reader.count("reasoned")
        assert list(reader.entries("degraded")) == []
