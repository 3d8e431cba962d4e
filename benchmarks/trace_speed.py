"""What it takes to find something in a long record: the index against a plain scan.

`python benchmarks/trace_speed.py [EVENTS]`, a million by default: a workspace of campaigns as real
ones are, in a temporary folder that is removed afterwards. Every job opens the journal and its
index anew, as a command does. Told is processor time: of a busy machine, the clock tells nothing.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from measure import show

from scientist.audit.headline import headline
from scientist.audit.tracing import trace
from scientist.events import (
    CampaignOpened,
    EffectDone,
    EffectIntended,
    Event,
    ExperimentFinished,
    ExperimentStarted,
    FindingRecorded,
    HypothesisProposed,
    Judged,
    ModelCalled,
    PhaseFinished,
    PhaseStarted,
    ProtocolSealed,
    Reasoned,
)
from scientist.journal import GENESIS, Journal, project
from scientist.journal.blobs import path
from scientist.journal.chain import decode, encode
from scientist.journal.index import Index, Query
from scientist.journal.store import SEGMENT_BYTES, lines
from scientist.records import (
    Budget,
    Direction,
    Finding,
    Hypothesis,
    Interval,
    Judgement,
    Trial,
    Usage,
    Verdict,
)
from scientist.science import protocol as protocols

EVENTS, FINDINGS_OF_A_CAMPAIGN, PAIRS, ROUNDS, PAGE = 1_000_000, 40, 12, 3, 40
PHASES = (
    *("survey", "hypothesize", "select", "write_code", "design"),
    *("check_code", "approve", "seal", "launch", "run"),
)
SCAN = "a plain scan"
CODE = """ARMS = {"warm": "a", "cold": "b"}


def trial(arm, seed):
    return {"x": 0.4 if arm == "warm" else 0.6}
"""


class Writer:
    """Writes a journal as fast as lines can be hashed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seq, self.head, self.size, self.number = folder, 0, GENESIS, 0, 1
        folder.mkdir(parents=True)
        self.file = (folder / "000001.jsonl").open("wb")

    def write(self, events: list[tuple[str, Any]], campaign: str) -> None:
        """One batch, each event as its kind and data."""
        if self.size >= SEGMENT_BYTES:
            self.file.close()
            self.number, self.size = self.number + 1, 0
            self.file = (self.folder / f"{self.number:06d}.jsonl").open("wb")
        stamp = f"2026-01-{self.seq // 50_000 + 1:02d}T00:00:00.000000+00:00"
        for left, (kind, data) in zip(range(len(events) - 1, -1, -1), events, strict=True):
            self.seq += 1
            line, self.head = encode(self.seq, stamp, campaign, kind, data, 1, self.head, left > 0)
            self.size += self.file.write(line)

    def put(self, content: str) -> str:
        """A blob; it does not have to outlast a power cut."""
        digest = hashlib.sha256(content.encode()).hexdigest()
        target = path(self.folder / "blobs", digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        return digest


def plain(event: Event) -> tuple[str, Any]:
    """An event as its kind and data."""
    return event.kind, event.model_dump(mode="json", exclude={"kind"})


def build(folder: Path, events: int) -> int:
    """A journal of so many events, and how many findings it has."""
    writer, number, campaign = Writer(folder), 0, ""
    code, chance = writer.put(CODE), random.Random(1)
    fillers = list(everyday(writer))
    while writer.seq < events:
        if number % FINDINGS_OF_A_CAMPAIGN == 0:
            campaign = f"C{number // FINDINGS_OF_A_CAMPAIGN + 1}"
            opened = CampaignOpened(
                question="is it warm?", essays=(), seed=1, settings={}, versions={},
                budget=Budget(rounds=9, minutes=9, tokens=9),
            )  # fmt: skip
            writer.write([plain(opened)], campaign)
        number += 1
        writer.write(fillers, campaign)
        writer.write([plain(one) for one in tested(writer, number, code, chance)], campaign)
    writer.file.close()
    return number


def everyday(writer: Writer) -> Iterator[tuple[str, Any]]:
    """What most of a record consists of: phases, effects, calls, thoughts."""
    for round_ in range(2):
        for phase in PHASES:
            yield plain(PhaseStarted(phase=phase, round=round_))
            yield plain(EffectIntended(key="k" * 32, phase=phase, task="do"))
            yield plain(Reasoned(phase=phase, source="code", text="a word on it " * 6))
            yield plain(EffectDone(key="k" * 32, result={"a": 1}))
            yield plain(PhaseFinished(phase=phase, round=round_, seconds=0.1))
        yield plain(call(writer))


def call(writer: Writer) -> ModelCalled:
    return ModelCalled(
        prompt="hypothesize", prompt_version=1, prompt_hash="p" * 64, model="m", endpoint="http://x",
        attempt=0, outcome="valid", seed=1, temperature=0.5, usage=Usage(prompt=900, completion=90),
        seconds=1.5, request_blob=writer.put("{}"), response_blob=writer.put("{}"),
    )  # fmt: skip


def tested(writer: Writer, number: int, code: str, chance: random.Random) -> list[Event]:
    """A hypothesis with its test and its finding."""
    asked = Hypothesis(
        id=f"H{number}", statement=f"warm lowers x compared with cold, the {number}th time.",
        quotes=(), kit="", code_hash=code, factor="heat", treatment="warm", control="cold",
        metric="x", direction=Direction.DECREASE, smallest_effect=0.01, prior=0.5,
    )  # fmt: skip
    plan = protocols.plan(
        asked, pairs=PAIRS, alpha=0.05, level=0.01, code_hash=code, runner_hash="r" * 64,
        resamples=999, earlier=number,
    )  # fmt: skip
    trials = [
        Trial(arm=arm, seed=seed, metrics={"x": chance.gauss(at, 0.1)}, seconds=0.1)
        for seed in plan.seeds
        for arm, at in (("warm", 0.4), ("cold", 0.6))
    ]
    differences = [
        one.metrics["x"] - other.metrics["x"]
        for one, other in zip(trials[::2], trials[1::2], strict=True)
    ]
    effect, blob = sum(differences) / PAIRS, writer.put(project.trial_lines(trials))
    interval = Interval(low=effect - 0.1, high=effect + 0.1, confidence=0.95, method="BCa")
    judged = Judgement(
        verdict=Verdict.SUPPORTED, reason="as predicted", effect=effect, interval=interval,
        p_value=0.001, e_value=9.0, overall_p=0.001, pairs=PAIRS,
    )  # fmt: skip
    digest, name = protocols.digest(plan), f"X{number}"
    found = Finding(
        id=f"F{number}", hypothesis=asked.id, experiment=name, protocol_digest=digest,
        trials_blob=blob, statement=f"warm lowered x by {-effect:.4f} compared with cold.",
        metric="x", treatment="warm", control="cold", direction=Direction.DECREASE,
        smallest_effect=0.01, judgement=judged, quotes=(),
    )  # fmt: skip
    return [
        EffectIntended(key="k" * 32, phase="hypothesize", task="propose"),
        call(writer),
        HypothesisProposed(hypothesis=asked),
        ProtocolSealed(protocol=plan, digest=digest, code_blob=code),
        ExperimentStarted(
            experiment=name, hypothesis=asked.id, protocol_digest=digest, run_folder="r",
            tier="A", limits={},
        ),
        ExperimentFinished(
            experiment=name, protocol_digest=digest, status="done", reason="", trials=len(trials),
            trials_blob=blob, output_blob=None, environment={}, seconds=1.0,
        ),
        Judged(experiment=name, protocol_digest=digest, judgement=judged),
        FindingRecorded(finding=found),
    ]  # fmt: skip


def traced(folder: Path, asked: str) -> Callable[[], None]:
    """A trace, from opening the journal on."""

    def run() -> None:
        with Journal(folder) as journal, Index(folder) as index:
            assert trace(journal, index, asked).nodes

    return run


def shown(folder: Path, campaign: str, **of: Any) -> Callable[[], None]:
    """The first page of a timeline."""

    def run() -> None:
        with Index(folder) as index:
            entries = index.entries(Query(campaign=campaign, **of))
            assert len(list(islice(filter(None, map(headline, entries)), PAGE))) > 10

    return run


def scanned(folder: Path, name: str) -> Callable[[], None]:
    """Every event that names an id, looked for line by line."""
    mark = f'"{name}"'.encode()

    def run() -> None:
        assert [decode(line) for line in lines(folder) if mark in line]

    return run


def scanned_for(folder: Path, campaign: str) -> Callable[[], None]:
    """A page of a campaign, looked for line by line."""
    mark = f'"campaign":"{campaign}"'.encode()

    def run() -> None:
        found = (decode(line) for line in lines(folder) if mark in line)
        assert len(list(islice(filter(None, map(headline, found)), PAGE))) > 10

    return run


def medians(jobs: Mapping[str, Callable[[], None]]) -> dict[str, float]:
    """Median seconds of processor time over interleaved rounds; the files are in memory."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(ROUNDS + 1):
        for name, job in jobs.items():
            began = time.process_time()
            job()
            if number:
                seconds[name].append(time.process_time() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


if __name__ == "__main__":
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "journal"
        began = time.process_time()
        findings = build(folder, events)
        size = sum(file.stat().st_size for file in folder.glob("*.jsonl"))
        print(f"{events:,} events, {findings:,} findings, {size / 1e6:.0f} MB, "
              f"written in {time.process_time() - began:.0f} s")  # fmt: skip
        began = time.process_time()
        with Index(folder):
            print(f"indexed once in {time.process_time() - began:.1f} s")
        some, last = f"F{findings - 7}", f"C{(findings - 1) // FINDINGS_OF_A_CAMPAIGN}"
        with Journal(folder) as journal, Index(folder) as index:
            said = index.naming(some, "finding_recorded")[0].data["finding"]["statement"]
            began = time.process_time()
            ninth = index.naming("F9", "finding_recorded")[0].data["finding"]
            number = f"{ninth['judgement']['effect']:.8f}"
            assert trace(journal, index, number).nodes
            print(f"numbers kept once in {time.process_time() - began:.1f} s")
        jobs = {
            SCAN: scanned(folder, some),
            "trace of a finding": traced(folder, some),
            "trace of its sentence": traced(folder, said),
            "trace of a number": traced(folder, number),
        }
        print("\nfrom a finding, a sentence or a number to its sources")
        show(medians(jobs), SCAN)
        pages = {
            SCAN: scanned_for(folder, last),
            "audit show, first page": shown(folder, last),
            "audit show, one phase of it": shown(folder, last, phase="seal"),
            "audit show, last page": shown(folder, last, backwards=True),
        }
        print("\nthe first page of a campaign late in the record")
        show(medians(pages), SCAN)
