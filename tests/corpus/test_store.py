"""The corpus lives in the journal: added once, numbered once, readable without its files."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from scientist.corpus import add, essays, passages, split, verify
from scientist.errors import UsageError
from scientist.journal import Journal
from scientist.journal import verify as verify_journal
from scientist.records import Quote


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", write=True) as journal:
        yield journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "essays"
    folder.mkdir()
    (folder / "one.md").write_text("---\ntitle: One\nthemes: [x]\n---\nA cat sat here. It left.\n")
    (folder / "two.txt").write_text("A dog ran over there. It came back at night.\n")
    return folder


def test_essays_are_numbered_and_outlive_their_files(journal: Journal, folder: Path) -> None:
    added = add(journal, folder)
    assert [(a.essay, a.title, a.new) for a in added] == [("E1", "One", True), ("E2", "two", True)]
    shutil.rmtree(folder)
    found = essays(journal)
    assert [(e.id, e.source, e.themes) for e in found] == [
        ("E1", "one.md", ("x",)),
        ("E2", "two.txt", ()),
    ]
    by_id = {e.id: e for e in found}
    sentences = passages(journal)
    assert [s.address for s in sentences] == ["E1:1", "E2:1", "E2:2"]
    for s in sentences:
        quote = Quote(essay=s.essay, sentence=s.number, start=s.start, end=s.end, text=s.text)
        assert verify(quote, by_id[s.essay].text)
    assert by_id["E2"].sentences == 2
    assert verify_journal(journal.folder).passed


def test_the_same_bytes_are_not_added_twice(journal: Journal, folder: Path) -> None:
    add(journal, folder)
    shutil.copy(folder / "one.md", folder / "copy.md")
    again = add(journal, folder)
    assert [(a.essay, a.new) for a in again] == [("E1", False), ("E1", False), ("E2", False)]
    assert journal.count("essay_added") == 2
    (folder / "one.md").write_text("A cat sat here today. It left.\n")
    assert [(a.essay, a.new) for a in add(journal, folder / "one.md")] == [("E3", True)]


def test_one_bad_file_adds_nothing(journal: Journal, folder: Path) -> None:
    (folder / "zero.md").write_bytes(b"\0\0\0")
    with pytest.raises(UsageError, match=r"zero\.md"):
        add(journal, folder)
    assert journal.count("essay_added") == 0


def test_a_file_name_that_is_no_utf_8_keeps_no_essay_out(journal: Journal, folder: Path) -> None:
    odd = os.fsencode(folder) + b"/caf\xe9.md"
    Path(os.fsdecode(odd)).write_text("A cat sat over there.\n")
    assert [a.title for a in add(journal, folder)] == ["caf\ufffd", "One", "two"]
    assert essays(journal)[0].source == "caf\ufffd.md"
    assert not add(journal, folder)[0].new
    assert verify_journal(journal.folder).passed


def test_sentences_are_cut_once_and_before_the_journal_is_locked(
    journal: Journal, folder: Path
) -> None:
    seen: list[str] = []

    def watch(frame: FrameType, event: str, called: object) -> None:
        if event == "call" and frame.f_code is split.__code__:
            seen.append("cut")
        elif event == "c_call" and called is fcntl.flock:
            seen.append("lock")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        add(journal, folder)
    finally:
        sys.setprofile(before)
    assert seen == ["cut", "cut", "lock", "lock"]  # taken, and let go


def test_two_processes_that_add_at_once_give_no_number_twice(
    journal: Journal, tmp_path: Path
) -> None:
    program = """
import sys
from pathlib import Path
from scientist.corpus import add
from scientist.journal import Journal
with Journal(Path(sys.argv[1]), write=True) as journal:
    for file in sorted(Path(sys.argv[2]).iterdir()):
        add(journal, file)
"""
    running = []
    for name in ("left", "right"):
        folder = tmp_path / name
        folder.mkdir()
        for number in range(8):
            text = (
                f"The {name} essay is number {number} here.\n"
                if number
                else "A shared one is here."
            )
            (folder / f"{number}.md").write_text(text)
        command = [sys.executable, "-c", program, str(journal.folder), str(folder)]
        running.append(subprocess.Popen(command))
    assert [process.wait(240) for process in running] == [0, 0]
    names = [essay.id for essay in essays(journal)]
    assert names == [f"E{n}" for n in range(1, 16)]
