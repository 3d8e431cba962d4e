"""The record: nothing lost, nothing changed unseen."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scientist.errors import JournalError, WorkspaceError
from scientist.events import Reasoned
from scientist.journal import GENESIS, Journal, store, verify
from scientist.journal import blobs as blob_store


def say(text: str) -> Reasoned:
    return Reasoned(phase="test", source="code", text=text)


def fill(folder: Path, count: int = 5) -> None:
    with Journal(folder, write=True) as journal:
        for number in range(count):
            journal.append(say(f"line {number}"), "C1")


def test_events_come_back_as_they_went_in(journal: Journal) -> None:
    journal.append(say("one"), "C1", sync=True)
    journal.append(say("two “quoted” \n text"), "C2")
    entries = list(journal.entries())
    assert [entry.seq for entry in entries] == [1, 2]
    assert [entry.campaign for entry in entries] == ["C1", "C2"]
    assert entries[1].event == say("two “quoted” \n text")
    assert entries[0].previous == GENESIS
    assert entries[1].previous == entries[0].hash
    assert [entry.seq for entry in journal.entries(campaign="C2")] == [2]


def test_several_events_are_one_write(journal: Journal) -> None:
    journal.append_all([say("a"), say("b"), say("c")], "C1", sync=True)
    assert [entry.data["text"] for entry in journal.entries("reasoned")] == ["a", "b", "c"]
    assert verify(journal.folder).events == 3


def test_a_batch_counts_whole_or_not_at_all(tmp_path: Path) -> None:
    fill(tmp_path)
    segment = tmp_path / "000001.jsonl"
    with Journal(tmp_path, write=True) as journal:
        journal.append_all([say("first"), say("second"), say("third")], "C1", sync=True)
    lines = segment.read_bytes().splitlines(keepends=True)
    for whole in (6, 7):
        for torn in (b"", lines[whole][:30]):
            segment.write_bytes(b"".join(lines[:whole]) + torn)
            with Journal(tmp_path) as journal:
                assert journal.count("reasoned") == 5, "nobody sees a part of it"
            before = verify(tmp_path)
            assert before.passed
            assert "unfinished batch" in before.notes[-1]
            with Journal(tmp_path, write=True) as journal:
                journal.append(say("after"))
                texts = [entry.data["text"] for entry in journal.entries("reasoned")]
                (recovered,) = journal.entries("torn_tail_recovered")
            assert texts == [*(f"line {n}" for n in range(5)), "after"]
            assert recovered.data["size"] == sum(map(len, lines[5:whole])) + len(torn)
            after = verify(tmp_path)
            assert after.passed, after.problem
            assert not after.notes


def test_two_writers_share_one_chain(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", write=True) as one, Journal(tmp_path / "j", write=True) as two:
        for number in range(10):
            (one if number % 2 else two).append(say(str(number)))
    found = verify(tmp_path / "j")
    assert found.passed
    assert found.events == 10


def test_many_processes_share_one_chain(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from scientist.journal import Journal; "
        "from scientist.events import Reasoned\n"
        f"with Journal(Path({str(tmp_path / 'j')!r}), write=True) as j:\n"
        "    for n in range(200): j.append(Reasoned(phase='x', source='code', text=str(n)))\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [writer.wait(timeout=240) for writer in writers] == [0, 0, 0, 0]
    found = verify(tmp_path / "j")
    assert found.passed, found.problem
    assert found.events == 800


def test_a_torn_tail_is_set_aside_as_a_blob_and_recorded(tmp_path: Path) -> None:
    fill(tmp_path)
    segment = tmp_path / "000001.jsonl"
    with segment.open("ab") as file:
        file.write(b'{"seq":6,"time":"2026')
    assert verify(tmp_path).torn_bytes == 21
    with Journal(tmp_path, write=True) as journal:
        journal.append(say("after"))
        recovered = next(journal.entries("torn_tail_recovered"))
        assert journal.get(recovered.data["blob"]) == b'{"seq":6,"time":"2026'
    found = verify(tmp_path)
    assert found.passed
    assert found.events == 7


def test_a_writer_killed_at_any_instant_leaves_a_record_that_verifies(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from scientist.journal import Journal; "
        "from scientist.events import Reasoned\n"
        f"with Journal(Path({str(tmp_path / 'j')!r}), write=True) as j:\n"
        "    n = 0\n"
        "    while True:\n"
        "        j.append(Reasoned(phase='x', source='code', text='y' * (n % 5000)))\n"
        "        print(n, flush=True); n += 1\n"
    )
    chance = random.Random(7)
    confirmed = 0
    for _ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(3):
            writer.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.2))
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().splitlines()
        writer.stdout.close()
        writer.wait()
        confirmed += 3 + len([line for line in rest if line.strip()])
        with Journal(tmp_path / "j", write=True) as journal:
            assert journal.count("reasoned") >= confirmed
            confirmed = journal.count("reasoned")
        found = verify(tmp_path / "j")
        assert found.passed, found.problem
    assert confirmed > 20


def test_segments_follow_one_another_in_the_same_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT_BYTES", 1000)
    fill(tmp_path, 20)
    assert len(list(tmp_path.glob("*.jsonl"))) > 3
    with Journal(tmp_path, write=True) as journal:
        assert journal.head[0] == 20
        journal.append(say("more"))
    found = verify(tmp_path)
    assert found.passed
    assert found.events == 21
    (tmp_path / "000002.jsonl").unlink()
    assert "missing" in verify(tmp_path).problem


def test_a_line_that_is_no_event_is_a_verification_error_for_readers_too(tmp_path: Path) -> None:
    fill(tmp_path)
    with (tmp_path / "000001.jsonl").open("ab") as file:
        file.write(b'{"seq": 6}\n')
    with Journal(tmp_path) as journal, pytest.raises(JournalError) as caught:
        list(journal.entries())
    assert caught.value.exit_code == 5
    with pytest.raises(JournalError):
        Journal(tmp_path, write=True)


def test_a_segment_is_on_the_disk_before_the_next_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SEGMENT_BYTES", 400)
    synced: list[str] = []
    real = os.fdatasync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", note)
    fill(tmp_path, 6)
    written = sorted(map(str, tmp_path.glob("*.jsonl")))
    assert len(written) > 2
    assert synced == written[:-1]


def _edit(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        file = folder / "000001.jsonl"
        file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))

    return apply


@pytest.mark.parametrize(
    ("tamper", "place"),
    [
        (_edit(lambda x: [x[0], x[1].replace(b"line 1", b"line X"), *x[2:]]), 2),
        (_edit(lambda x: [x[0], *x[2:]]), 2),
        (_edit(lambda x: [x[1], x[0], *x[2:]]), 1),
        (_edit(lambda x: [x[0], x[0], *x[1:]]), 2),
        (_edit(lambda x: x[1:]), 1),
        (_edit(lambda x: [*x[:2], b"garbage\n", *x[2:]]), 3),
        (_edit(lambda x: [*x[:4], x[4].replace(b'"C1"', b'"C2"')]), 5),
    ],
    ids=["altered", "removed", "swapped", "repeated", "beheaded", "inserted", "moved"],
)
def test_tampering_is_found_at_its_place(
    tmp_path: Path, tamper: Callable[[Path], None], place: int
) -> None:
    fill(tmp_path)
    assert verify(tmp_path).passed
    tamper(tmp_path)
    found = verify(tmp_path)
    assert not found.passed
    assert found.place == f"000001.jsonl:{place}"
    assert found.invalid_from == place


def test_a_blob_that_was_altered_or_removed_is_found(tmp_path: Path) -> None:
    fill(tmp_path)
    with (tmp_path / "000001.jsonl").open("ab") as file:
        file.write(b"torn")
    with Journal(tmp_path, write=True) as journal:
        address = next(journal.entries("torn_tail_recovered")).data["blob"]
        place = blob_store.path(journal.blob_folder, address)
        place.write_bytes(b"tore")
        assert "was altered" in verify(tmp_path).problem
        with pytest.raises(JournalError):
            journal.get(address)
        place.unlink()
        assert "is missing" in verify(tmp_path).problem


def test_the_same_bytes_are_stored_once(journal: Journal) -> None:
    assert journal.put("same") == journal.put(b"same")
    journal.append(say("a"))
    assert journal.put("same") == journal.put(b"same")
    assert len(list(journal.blob_folder.rglob("*"))) == 2  # one folder, one file


def test_a_blob_that_a_power_cut_left_empty_is_written_again(journal: Journal) -> None:
    address = blob_store.put(journal.blob_folder, b"content")
    blob_store.path(journal.blob_folder, address).write_bytes(b"")
    assert journal.put("content") == address
    assert journal.get(address) == b"content"


def test_a_full_disk_is_an_error_and_corrupts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    with Journal(tmp_path, write=True) as journal:
        real = os.write

        def full(descriptor: int, content: bytes) -> int:
            if len(content) > 40:
                return real(descriptor, content[:40])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(WorkspaceError, match="full"):
            journal.append(say("x" * 15))
        monkeypatch.undo()
        assert verify(tmp_path).passed
        assert verify(tmp_path).torn_bytes == 0
        journal.append(say("again"))
    assert verify(tmp_path).events == 6


def test_a_journal_for_reading_writes_nothing(tmp_path: Path) -> None:
    fill(tmp_path)
    before = sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.iterdir())
    with Journal(tmp_path) as journal:
        assert journal.count("reasoned") == 5
        with pytest.raises(JournalError):
            journal.append(say("no"))
    assert sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize("line", [b'{"seq":6}\n', b'"}\n', b"\n", b',"hash":"%b"}\n'])
def test_a_line_without_anything_to_hash_has_no_hash(tmp_path: Path, line: bytes) -> None:
    fill(tmp_path)
    with (tmp_path / "000001.jsonl").open("ab") as file:
        file.write(line.replace(b"%b", hashlib.sha256(b"").hexdigest().encode()))
    assert verify(tmp_path).problem == "a line has no hash"
