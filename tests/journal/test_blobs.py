"""Blobs get to the disk side by side, and always before an event that names one."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from scientist.errors import WorkspaceError
from scientist.events import TornTailRecovered
from scientist.journal import Journal, blobs, verify


def naming(blob: str) -> TornTailRecovered:
    return TornTailRecovered(segment="x", size=1, blob=blob)


def named(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def test_every_wait_of_a_blob_is_over_before_an_event_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    mutex, put = threading.Lock(), threading.Event()

    def slow(descriptor: int) -> None:
        place = named(descriptor)
        assert put.wait(60)
        time.sleep(0.02)
        with mutex:
            done.append(place)

    real, seen = os.write, list[int]()

    def write(descriptor: int, content: bytes) -> int:
        if named(descriptor).endswith("000001.jsonl"):
            seen.append(len(done))
        return real(descriptor, content)

    with Journal(tmp_path / "j", write=True) as journal:
        monkeypatch.setattr(os, "fdatasync", slow)
        monkeypatch.setattr(os, "fsync", slow)
        monkeypatch.setattr(os, "write", write)
        addresses = [journal.put(f"content {number}") for number in range(4)]
        assert not done, "the caller goes on"
        put.set()
        journal.append_all([naming(one) for one in addresses])
        monkeypatch.undo()
    whole = [*(f"/blobs/{one[:2]}" for one in addresses), *["/blobs"] * len(addresses)]
    assert seen == [12]
    assert sum("/.part-" in place for place in done) == 4
    assert sorted(p.partition("/j")[2] for p in done if "/.part-" not in p) == sorted(whole)
    assert verify(tmp_path / "j").blobs == 4


def test_what_is_still_on_its_way_can_be_read_and_is_not_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, real = threading.Event(), os.fdatasync

    def hold(descriptor: int) -> None:
        go.wait(10)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", hold)
    with Journal(tmp_path / "j", write=True) as journal:
        address = journal.put("content")
        assert journal.put("content") == address
        assert not blobs.path(journal.blob_folder, address).exists()
        assert len(list(journal.blob_folder.rglob(".part-*"))) == 1
        threading.Timer(0.05, go.set).start()
        assert journal.get(address) == b"content"


def test_more_than_may_wait_at_once_settle_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "MOST_WAITING", 3)
    with Journal(tmp_path / "j", write=True) as journal:
        addresses = [journal.put(f"content {number}") for number in range(11)]
        journal.append_all([naming(one) for one in addresses])
        assert verify(journal.folder).blobs == 11


def test_a_blob_that_is_lost_refuses_the_events_that_name_it_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Journal(tmp_path / "j", write=True) as journal:
        kept = journal.put("kept")
        journal.append(naming(kept))
        monkeypatch.setattr(os, "fdatasync", full)
        lost = journal.put("lost")
        journal.append(naming(kept))
        for _ in range(2):
            with pytest.raises(WorkspaceError, match=f"{lost[2:]} is full"):
                journal.append(naming(lost))
        monkeypatch.undo()
        assert verify(journal.folder).passed
        assert journal.count("torn_tail_recovered") == 2
        assert not list(journal.blob_folder.rglob(".part-*"))
        assert journal.put("lost") == lost
        journal.append(naming(lost))
    assert verify(tmp_path / "j").blobs == 2


def test_what_is_lost_and_named_by_nobody_is_told_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    journal = Journal(tmp_path / "j", write=True)
    monkeypatch.setattr(os, "fdatasync", broken)
    address = journal.put("lost")
    with pytest.raises(WorkspaceError, match=address[2:]):
        journal.close()


def test_many_threads_never_name_what_is_not_there(tmp_path: Path) -> None:
    faults: list[BaseException] = []

    def work(journal: Journal, seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(25):
                some = [journal.put(f"{chance.randrange(60)}") for _ in range(chance.randint(1, 3))]
                journal.append_all([naming(one) for one in some])
                assert all(blobs.path(journal.blob_folder, one).is_file() for one in some)
        except BaseException as fault:
            faults.append(fault)

    with Journal(tmp_path / "j", write=True) as journal:
        workers = [threading.Thread(target=work, args=(journal, seed)) for seed in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    assert not faults
    assert verify(tmp_path / "j").passed
    assert not list((tmp_path / "j").rglob(".part-*"))


def script(folder: Path, rest: str) -> list[str]:
    code = (
        "import os, sys, time; from pathlib import Path; from scientist.journal import Journal\n"
        "from scientist.events import TornTailRecovered\n"
        "def naming(blob): return TornTailRecovered(segment='x', size=1, blob=blob)\n"
        f"folder = Path({str(folder)!r})\n"
    )
    return [sys.executable, "-c", code + rest]


def test_a_child_process_ends_what_was_begun_before_it_was_forked(tmp_path: Path) -> None:
    rest = (
        "real = os.fdatasync\n"
        "os.fdatasync = lambda one: (time.sleep(0.3), real(one))\n"
        "journal = Journal(folder, write=True)\n"
        "blobs = [journal.put(f'content {n}') for n in range(3)]\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    journal.append_all([naming(one) for one in blobs])\n"
        "    os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "journal.append_all([naming(one) for one in blobs])\n"
        "journal.close()\n"
    )
    subprocess.run(script(tmp_path / "j", rest), check=True, timeout=60)
    found = verify(tmp_path / "j")
    assert (found.problem, found.events, found.blobs) == ("", 6, 3)
    assert not list((tmp_path / "j").rglob(".part-*"))


def test_a_writer_killed_at_any_instant_leaves_no_event_without_its_blob(tmp_path: Path) -> None:
    rest = (
        "with Journal(folder, write=True) as journal:\n"
        "    for n in range(10**6):\n"
        "        some = [journal.put(os.urandom(5000)) for _ in range(n % 4)]\n"
        "        journal.append_all([naming(one) for one in some])\n"
        "        print(n, flush=True)\n"
    )
    chance = random.Random(3)
    for _ in range(5):
        writer = subprocess.Popen(script(tmp_path / "j", rest), stdout=subprocess.PIPE)
        assert writer.stdout is not None
        for _ in range(4):  # 0, 1, 2 and 3 blobs
            writer.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.3))
        writer.send_signal(signal.SIGKILL)
        writer.stdout.close()
        writer.wait()
        Journal(tmp_path / "j", write=True).close()
        found = verify(tmp_path / "j")
        assert found.passed, found.problem
    assert found.blobs > 3
