"""The fabrication benchmark in small: real trials of the kits, no false statement accepted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="the benchmarks are not part of this copy")
def test_no_fabricated_number_is_accepted_and_true_statements_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    fabrication = sys.modules.get("fabrication") or __import__("fabrication")
    true, false, _ = fabrication.measure(sets=3, each=3, seed=4)
    assert sum(false.accepted.values()) == 0, false.examples
    assert sum(count > 0 for count in false.made.values()) >= 35
    assert sum(false.made.values()) >= 400
    assert true["developed"].share() >= 0.99, true["developed"].examples
    assert sum(true["developed"].made.values()) >= 300
