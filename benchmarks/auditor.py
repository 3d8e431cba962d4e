"""How many planted frauds `scientist audit verify` finds, and whether it blames clean records.

    python benchmarks/auditor.py --cache FOLDER [--cases 10] [--records 50] [--rerun 6]
                                 [--only WORD] [--seed 1] [--show]

Real records of many sorts (kits, code of the user's own, campaigns with a scripted model, chats,
kills), made once into the cache; each fraud is planted in copies of them: plain, covered up, or
told anew from beginning to end. Exit 1 if a kind that hashes and recomputation can decide is
missed once, or if a clean record is blamed.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from frauds import beside, coded, grounds, measured, planting, recorded, stated
from frauds.kinds import DEEP, RERUN, STRUCTURE, Kind
from frauds.planting import Tally

COMMANDS = 8  # so many frauds and clean records are verified by the command, too


@dataclass
class Clean:
    """What became of the clean records."""

    deep: int = 0
    rerun: int = 0
    runs: int = 0
    alarms: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    events: int = 0


def kinds(records: Sequence[Path]) -> tuple[Kind, ...]:
    """Every kind of fraud that is planted in a record."""
    return (*recorded.KINDS, *measured.KINDS, *stated.KINDS, *beside.kinds(list(records)))


def clean(records: Sequence[Path], rerun: int, into: Path) -> Clean:
    """Verify every clean record in place and as a copy, and some by running all of it again."""
    found = Clean()
    for number, record in enumerate(records):
        for flag in (STRUCTURE, DEEP, *([RERUN] if number < rerun else [])):
            place = planting.copy(record, into) if flag == RERUN else record
            began = time.perf_counter()
            outcome = planting.verified(place, flag)
            if flag == DEEP:
                found.seconds.append(time.perf_counter() - began)
                found.events += outcome.record.events
                found.deep += 1
            if flag == RERUN:
                found.rerun += 1
                found.runs += outcome.counts.get("experiments run again", 0)
            if outcome.fault:
                found.alarms.append(f"{record.parent.name} {flag}: {outcome.fault.message}")
    return found


def by_command(records: Sequence[Path], into: Path, data: Path) -> list[str]:
    """Where the command does not say what the same call says in this process."""
    wrong: list[str] = []
    wanted = [kind for kind in kinds(records) if kind.needs == DEEP]
    for number, kind in enumerate(random.Random(0).sample(wanted, COMMANDS)):
        record = records[number % len(records)]
        place = planting.copy(record, into)
        with suppress(planting.Unfit):
            kind.plant(place, random.Random(number))
        here = planting.verified(place)
        code, said = planting.by_command(place, data)
        problem = here.fault.problem if here.fault else ""
        if code != (5 if problem else 0) or problem not in said.replace("\n", " "):
            wrong.append(f"{kind.name} in {record.parent.name}: exit {code}, {said[-300:]!r}")
    return wrong


def show(tallies: Sequence[Tally], decidable: bool) -> None:
    """One table in Markdown."""
    print("\n| kind | strength | needs | cases | caught | place right | by |")
    print("|---|---|---|---|---|---|---|")
    for one in tallies:
        kind = one.kind
        if kind.decidable == decidable:
            cells = (kind.name, kind.strength, kind.needs, len(one.cases), one.caught)
            print(f"| {' | '.join(map(str, cells))} | {one.rightly} | {one.by()} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="where clean records are kept")
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--records", type=int, default=1000, help="at most so many clean records")
    parser.add_argument("--rerun", type=int, default=6, help="clean records that are run again")
    parser.add_argument("--only", default="", help="kinds whose name has this word")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="show what was missed, and misplaced")
    asked = parser.parse_args()
    cache = asked.cache.absolute()
    os.environ["XDG_DATA_HOME"] = str(cache / "data")
    records = grounds.make(cache, asked.records)
    wanted = [k for k in kinds(records) if asked.only in f"{k.name}, {k.strength}"]
    with tempfile.TemporaryDirectory() as name:
        into = Path(name)
        tallies = []
        for kind in wanted:
            tallies.append(planting.try_kind(kind, records, asked.cases, asked.seed, into))
            one = tallies[-1]
            print(f"{kind.name}, {kind.strength}: {one.caught} of {len(one.cases)}", flush=True)
        code = coded.measure(cache, asked.cases, asked.only)
        blamed = Clean() if asked.only else clean(records, asked.rerun, into)
        wrong = [] if asked.only else by_command(records, into, cache / "data")
    show(tallies, decidable=True)
    print("\nNot for the record alone to decide; what was kept elsewhere does:")
    show(tallies, decidable=False)
    for one in tallies:
        if one.kind.why and one.cases:
            alone = sum(case.alone for case in one.cases)
            print(f"- {one.kind.name}: {one.kind.why} ({alone} of {len(one.cases)} found alone)")
    coded.show([*code, *([] if asked.only else [coded.passing(cache)])])
    missed = [one for one in tallies if one.kind.decidable and one.caught < len(one.cases)]
    few = [one for one in tallies if len(one.cases) < asked.cases]
    if asked.show:
        told(tallies)
    seconds = [case.seconds for one in tallies for case in one.cases]
    if blamed.seconds:
        print(
            f"\n{blamed.deep} clean records of {blamed.events} events: {len(blamed.alarms)} false "
            f"alarms; {blamed.rerun} of them with {blamed.runs} experiments run again; "
            f"{statistics.median(blamed.seconds):.2f} s each (median), "
            f"{max(blamed.seconds):.2f} s the longest"
        )
    if seconds:
        print(f"{len(seconds)} frauds verified, {statistics.median(seconds):.2f} s each (median)")
    for line in (*blamed.alarms, *wrong):
        print(f"WRONG: {line}")
    for one in (*missed, *few):
        print(f"SHORT: {one.kind.name}, {one.kind.strength}: {one.caught} of {len(one.cases)}")
    unseen = [one for one in code if one.missed]
    sys.exit(1 if missed or blamed.alarms or wrong or unseen else 0)


def told(tallies: Sequence[Tally]) -> None:
    """What went wrong, case by case."""
    for one in tallies:
        for case in one.cases:
            if not case.caught or not case.rightly:
                what = "misplaced" if case.caught else "missed"
                print(f"{what}: {one.kind.name}, {one.kind.strength}, {case.record}: {case.said}")


if __name__ == "__main__":
    main()
