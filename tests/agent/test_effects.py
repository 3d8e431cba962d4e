"""What an effect puts on the disk, and when; several at a time, each done once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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


def test_several_are_begun_together_and_each_is_recorded_whatever_becomes_of_the_next(
    tmp_path: Path,
) -> None:
    asked: list[list[str]] = []
    broken = True

    def work(todo: Sequence[tuple[str, Any]]) -> Iterator[str]:
        asked.append([one for _, one in todo])
        for _, one in todo:
            if one == "c" and broken:
                raise RuntimeError
            yield one.upper()

    def record(value: str, one: Any) -> tuple[str, list[Reasoned]]:
        return value, [Reasoned(phase="survey", source="code", text=one)]

    with Journal(tmp_path / "journal", write=True) as journal:
        with pytest.raises(RuntimeError):
            Effects(journal, "C1").several("survey", 1, "spell", ["a", "b", "c"], work, record)
        broken = False
        effects = Effects(journal, "C1")
        for _ in range(2):
            found = effects.several("survey", 1, "spell", ["a", "b", "c", "d"], work, record)
            assert found == ["A", "B", "C", "D"]
        said = [entry.data["text"] for entry in journal.entries("reasoned")]
        kinds = [entry.kind.removeprefix("effect_") for entry in journal.entries()]
    assert asked == [["a", "b", "c"], ["c", "d"]]
    assert said == ["a", "b", "c", "d"]
    assert kinds[:7] == [*["intended"] * 3, "reasoned", "done", "reasoned", "done"]
