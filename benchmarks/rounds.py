"""What a round costs besides its experiments and the model, with a model that costs nothing.

    python benchmarks/rounds.py [--rounds 8] [--pairs 8] [--judgements 4] [--profile 40]
    python benchmarks/rounds.py --claims 2000   # what one more finding costs in such a record

The wall time of each round is split into model calls, experiments, and the rest: graph,
checkpoints, journal, vector store, statistics. An experiment lasts from its launch to what its
supervisor says was its end, or to when this process had its results, if it waited for them; what
is done meanwhile takes none of the round's time, but shows in the processor's. The baseline is
the round's own experiments and calls. Processor time is this process alone, without what it spent
in calls and in waiting for experiments; the model and the sandbox are others. The first round,
which loads libraries and the embedding, is shown apart. All tests are of kits, one a round.
"""

from __future__ import annotations

import argparse
import cProfile
import datetime
import pstats
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import many_claims
import scripted_model

from scientist import settings as configuration
from scientist.agent import campaign
from scientist.agent.opening import open_campaign
from scientist.corpus.store import add
from scientist.journal import Entry, Journal
from scientist.lab import experiments
from scientist.llm.client import Client
from scientist.science.consistency.examine import examine
from scientist.science.consistency.knowledge import gather
from scientist.workspace import Workspace

ESSAYS = Path(__file__).resolve().parents[1] / "workspace" / "essays"
Span = tuple[float, float]
BETWEEN = "between nodes"


@dataclass
class Round:
    """The spans of one round, in seconds; what each node took of it, and of the processor.

    Of the processor's time, what fell on experiments and model calls is left out.
    """

    began: float
    ended: float = 0.0
    model: list[Span] = field(default_factory=list)
    experiments: list[Span] = field(default_factory=list)
    nodes: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    work: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def wall(self) -> float:
        return self.ended - self.began

    @property
    def rest(self) -> float:
        return self.wall - covered([*self.model, *self.experiments])


class Watch:
    """A listener of the journal that takes a campaign's time."""

    def __init__(self, runs: Path, profile: cProfile.Profile | None) -> None:
        self.rounds: list[Round] = []
        self.apart = 0.0  # of the processor, in calls and experiments
        self._runs = runs
        self._profile = profile
        self._launched: dict[str, float] = {}
        self._last = 0.0
        self._node = BETWEEN

    def set_apart(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose share of the processor belongs to a call or an experiment."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            try:
                return work(*args, **kwargs)
            finally:
                self.apart += time.thread_time() - began

        return timed

    def on_entry(self, entry: Entry) -> None:
        """Count what one entry tells."""
        now = datetime.datetime.fromisoformat(entry.time).timestamp()
        phase = entry.data["phase"] if entry.kind == "phase_started" else ""
        outside = entry.kind == "model_called" or entry.data.get("tool") == "launch_experiment"
        seconds = entry.data["seconds"] if outside else 0.0
        if self.rounds and not self.rounds[-1].ended:
            self._count(entry, now, seconds)
        if self.rounds and phase in ("survey", "close"):
            self.rounds[-1].ended = now
        if phase or entry.kind == "phase_finished":
            self._node = phase or BETWEEN
        if phase == "survey":
            self.rounds.append(Round(now))
            if self._profile and len(self.rounds) == 2:
                self._profile.enable()
        self._last = time.process_time() - self.apart

    def _count(self, entry: Entry, now: float, seconds: float) -> None:
        this = self.rounds[-1]
        this.work[self._node] += time.process_time() - self.apart - self._last
        if entry.kind == "model_called":
            this.model.append((now - seconds, now))
        elif entry.data.get("tool") == "launch_experiment":
            this.experiments.append((now - seconds, now))
            folder = entry.data["arguments"]["folder"]
            if entry.data["summary"].startswith("launched"):
                self._launched[folder] = now
            elif begin := self._launched.pop(folder, None):
                ended = (self._runs / folder / "status.json").stat().st_mtime
                this.experiments.append((begin, ended))
        elif entry.kind == "phase_finished":
            this.nodes[entry.data["phase"]] += entry.data["seconds"]


def covered(spans: Sequence[Span]) -> float:
    """How much time lies in at least one of the spans."""
    total, until = 0.0, 0.0
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def run(place: Workspace, arguments: argparse.Namespace) -> list[Round]:
    """One campaign in a workspace."""
    profile = cProfile.Profile(time.process_time) if arguments.profile else None
    watch = Watch(place.runs, profile)
    experiments.conduct = watch.set_apart(experiments.conduct)
    Client._attempt = watch.set_apart(Client._attempt)  # type: ignore[method-assign]
    with scripted_model.serve() as url, Journal(place.journal, write=True) as journal:
        essays = [added.essay for added in add(journal, ESSAYS)]
        resolved = configuration.load(
            None,
            {
                "endpoint": url,
                "rounds": arguments.rounds,
                "pairs": arguments.pairs,
                "judgements": arguments.judgements,
                "rung": "kit",
                "at_once": arguments.at_once,
                "tokens": 10**8,
                "minutes": 600.0,
            },
        )
        name = open_campaign(journal, resolved, None, essays)
        journal.listeners.append(watch.on_entry)
        ended = campaign.drive(name, place, journal, resolved, campaign.Screen())
        print(f"{ended.outcome}: {ended.reason}; {len(ended.findings)} findings")
        if profile:
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(arguments.profile)
            pstats.Stats(profile).sort_stats("cumtime").print_stats(2 * arguments.profile)
    return watch.rounds


def show(rounds: Sequence[Round]) -> None:
    """Medians in milliseconds, all but the first round together, and the rest by node."""

    def line(name: str, values: Sequence[float], base: float) -> None:
        middle, most = 1000 * statistics.median(values), 1000 * max(values)
        print(f"{name:<34} {middle:8.1f} ms   most {most:8.1f}   {middle / base / 1000:5.2f}x")

    first, *later = rounds
    base = statistics.median([covered([*one.model, *one.experiments]) for one in later])
    print(f"first round: {first.wall * 1000:.0f} ms, {first.rest * 1000:.0f} ms of it the rest")
    print(f"{len(later)} rounds, medians against the round's own experiments and model calls")
    line("experiments and model calls", [covered([*o.model, *o.experiments]) for o in later], base)
    line("  model calls", [covered(one.model) for one in later], base)
    line("  experiments", [covered(one.experiments) for one in later], base)
    line("the rest", [one.rest for one in later], base)
    line("the rest, processor time", [sum(one.work.values()) for one in later], base)
    for name in dict.fromkeys(name for one in later for name in one.work):
        line(f"  {name}", [one.work.get(name, 0.0) for one in later], base)
    print("wall time of the nodes, with their calls and experiments")
    for name in dict.fromkeys(name for one in later for name in one.nodes):
        line(f"  {name}", [one.nodes.get(name, 0.0) for one in later], base)
    line(f"  {BETWEEN}", [one.wall - sum(one.nodes.values()) for one in later], base)


def one_more(folder: Path, count: int) -> None:
    """What reading the record and checking one more finding cost beside that many others."""
    worlds = max(1, count // many_claims.POINTS)
    with Journal(folder, write=True) as journal:
        for number in range(count + 1, count + 9):
            otherwise = number % 3 == 0
            extra = many_claims.next_assertions(number, worlds, otherwise)
            began, wall = time.process_time(), time.perf_counter()
            knowledge = gather(journal)
            read = time.process_time() - began
            found = examine(knowledge, extra)
            print(
                f"one more: read {read * 1000:7.1f} ms, read and checked "
                f"{(time.process_time() - began) * 1000:7.1f} ms of processor, "
                f"{(time.perf_counter() - wall) * 1000:7.1f} ms of wall, "
                f"{len(found.conflicts)} conflicts"
            )
            many_claims.record(journal, number, worlds, otherwise, found.events)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--judgements", type=int, default=4)
    parser.add_argument("--at-once", type=int, default=1, help="tests of a round")
    parser.add_argument("--claims", type=int, default=0, help="findings and claims before")
    parser.add_argument("--profile", type=int, default=0, help="so many functions are listed")
    parser.add_argument("--on", type=Path, help="the disk to measure on: a folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=".benchmark-", dir=arguments.on) as name:
        place, count = Workspace(Path(name)), arguments.claims
        if count:
            began = time.process_time()
            with Journal(place.journal, write=True) as journal:
                conflicts = many_claims.fill(journal, count, count)
            print(f"{count} findings, {count} claims, {conflicts} conflicts: all held against all")
            print(f"at once in {time.process_time() - began:.1f} s of processor")
            one_more(Path(shutil.copytree(place.journal, place.root / "copy")), count)
        show(run(place, arguments))


if __name__ == "__main__":
    main()
