"""The auditor benchmark in small: frauds are found, and a clean record is not blamed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(
    not BENCHMARKS.is_dir(), reason="the benchmarks are not part of this copy"
)
KINDS = (
    *("inserted event, plain", "truncated tail, covered", "checkpoints removed, covered"),
    *("altered trial value, covered", "swapped arms, covered", "seal left out"),
    *("direction edited in the protocol, retold", "smallest effect edited, retold"),
    *("alpha edited in the protocol, retold", "altered essay with its original, covered"),
    *("altered instruction", "prior changed", "credence changed", "pin of nothing forged"),
    *("resolution forged", "approval forged", "sandbox relabelled everywhere, covered"),
    *("environment relabelled", "budget raised afterwards", "rounds understated"),
    *("result of an effect altered", "report edited (HTML)"),
)


@pytest.fixture
def frauds(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return sys.modules.get("auditor") or __import__("auditor")


def test_a_fraud_of_each_sort_is_found_at_its_place_and_a_clean_record_is_not_blamed(
    frauds: Any, clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(clean.parent / "data"))
    kinds = {f"{kind.name}, {kind.strength}": kind for kind in frauds.kinds([clean])}
    for name in KINDS:
        (kind,) = [one for label, one in kinds.items() if label.startswith(name)]
        tally = frauds.planting.try_kind(kind, [clean], 1, 1, tmp_path)
        assert (tally.caught, tally.rightly) == (1, 1), (name, tally.cases)
    found = frauds.clean([clean], 0, tmp_path)
    assert found.deep == 1
    assert found.alarms == []


def test_kinds_and_records_are_as_many_as_the_benchmark_promises(frauds: Any) -> None:
    assert len({kind.name for kind in frauds.kinds([])}) >= 25
    assert sum(1 for _ in frauds.grounds.names()) >= 50
    assert all(kind.decidable != bool(kind.why) for kind in frauds.kinds([]))
    invented = frauds.coded.programs.INVENTED
    assert min(map(len, invented.values())) >= 10


def test_code_that_tells_the_smoke_run_from_the_measurement_is_named_on_its_finding(
    frauds: Any, tmp_path: Path
) -> None:
    programs = frauds.coded.programs
    body = programs.INVENTED["smoke run recognised"]["a bound by another name"]
    caught, said = frauds.coded.try_program(tmp_path / "code", body)
    assert caught == "named on the finding"
    assert "the seed decides what is run" in said
    shutil.rmtree(tmp_path / "code")
