"""The main job for real: sample essays, the default model, the sandbox, one finding or more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaigns import scientist

from scientist.journal import Journal
from scientist.resources import sample_essays


@pytest.mark.model
def test_a_real_model_reads_the_sample_essays_and_records_a_finding(tmp_path: Path) -> None:
    essays = sample_essays()
    assert essays is not None
    ran = scientist(
        *("run", "--essays", essays, "--rounds", 1, "--minutes", 20, "--json"),
        *("-w", tmp_path / "w"),
        timeout=1800,
        SCIENTIST_JUDGEMENTS="2",
        SCIENTIST_THREADS="1",  # two that share a core with other tests wait for each other
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["findings"], ran.stderr
    for finding in report["findings"]:
        assert finding["quotes"]
        assert finding["judgement"]["verdict"] in (
            "supported",
            "refuted",
            "inconclusive",
            "infeasible",
        )
    with Journal(tmp_path / "w" / "journal") as journal:
        read = [entry.data["relation"] for entry in journal.entries("relation_judged")]
    speaking = [f["judgement"]["verdict"] in ("supported", "refuted") for f in report["findings"]]
    assert bool(read) == any(speaking)
    for relation in read:
        assert sum(relation.values()) == pytest.approx(1)
        assert len(set(relation.values())) > 1
    assert not any("consistency" in d for f in report["findings"] for d in f["degradations"])
    verified = scientist("audit", "verify", "-w", tmp_path / "w")
    assert verified.returncode == 0, verified.stderr
