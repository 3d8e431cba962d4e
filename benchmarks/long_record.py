"""What a long record costs those who read all of it: verification, lists, a report.

`python benchmarks/long_record.py [EVENTS]`, 100,000 by default: campaigns as `trace_speed.py` makes
them, whose tests all ask one question. Every job opens the journal anew. Told is processor time,
the best of some rounds: of a busy machine, the clock tells nothing.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import trace_speed

from scientist.audit import credences, evidence
from scientist.audit.report import collect
from scientist.audit.verifying import verify_workspace
from scientist.journal import Journal, project, verify
from scientist.journal.store import lines
from scientist.science import stream
from scientist.science.consistency import knowledge
from scientist.workspace import Workspace

EVENTS, ROUNDS = 100_000, 4


def reading(folder: Path, job: Callable[[Journal], Any]) -> Callable[[], None]:
    """A job on a journal that was just opened."""

    def run() -> None:
        with Journal(folder) as journal:
            assert job(journal)

    return run


def hashed(folder: Path) -> None:
    """Every line hashed, and nothing else."""
    for line in lines(folder):
        hashlib.sha256(line).digest()


def best(jobs: Mapping[str, Callable[[], None]]) -> dict[str, float]:
    """The least seconds of processor time over interleaved rounds."""
    found = dict.fromkeys(jobs, float("inf"))
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            began = time.process_time()
            job()
            found[name] = min(found[name], time.process_time() - began)
    return found


def main(events: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Workspace(Path(name))
        folder = place.journal
        findings = trace_speed.build(folder, events)
        last = f"C{-(-findings // trace_speed.FINDINGS_OF_A_CAMPAIGN)}"
        with Journal(folder) as journal:
            count = sum(1 for _ in journal.raw())
        print(f"{count:,} events, {findings:,} findings of one question, campaigns to {last}")
        jobs: dict[str, Callable[[], None]] = {
            "every line hashed": lambda: hashed(folder),
            "verify": lambda: _sound(verify(folder).passed),
            "the whole of audit verify": lambda: _sound(verify_workspace(place).fault is None),
            "campaigns": reading(folder, project.campaigns),
            "credences": reading(folder, credences.believed),
            "adjusted rates": reading(folder, stream.adjusted),
            "claims": reading(folder, lambda journal: knowledge.gather(journal).standings),
            "what texts are checked against": reading(folder, evidence.gather),
            "what a report tells": reading(folder, lambda journal: collect.collect(journal, last)),
        }
        for job, seconds in best(jobs).items():
            print(f"{job:32} {seconds:8.2f} s {count / seconds:12,.0f} events/s")


def _sound(passed: bool) -> None:
    assert passed


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
