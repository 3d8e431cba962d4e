"""What an effect puts on the disk, and when."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scientist.agent.effects import Effects, OnDisk
from scientist.events import Reasoned
from scientist.journal import Journal

SAID = Reasoned(phase="survey", source="code", text="something")


@pytest.mark.parametrize(
    ("on_disk", "expected"),
    [
        ("intent and result", [1, "the work", 3]),
        ("result", ["the work", 3]),
        ("later", ["the work"]),
    ],
)
def test_the_disk_is_waited_for_where_it_matters(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    on_disk: OnDisk,
    expected: list[object],
) -> None:
    done: list[object] = []
    with Journal(tmp_path / "journal", write=True) as journal:
        monkeypatch.setattr(os, "fdatasync", lambda _: done.append(journal.head[0]))
        effects = Effects(journal, "C1")

        def work(_: str) -> int:
            done.append("the work")
            return 7

        for _ in range(2):
            found = effects.once("survey", 1, "count", work, lambda n: (n, [SAID]), on_disk=on_disk)
            assert found == 7
    assert done == expected
    with Journal(tmp_path / "journal") as journal:
        kinds = [entry.kind for entry in journal.entries()]
        again = Effects(journal, "C1")
    assert kinds == ["effect_intended", "reasoned", "effect_done"]
    assert again.known("survey", 1, "count")
