"""Frauds in code: experiments that are run through the product, as a cheat would run his own.

Caught is what is refused before anything is measured, what ends infeasible, and what the finding
itself names. Programs that are known to pass are listed apart.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import campaigns

from frauds import programs


@dataclass
class Coded:
    """How programs of one kind fared: each with how it was caught, or with what came of it."""

    kind: str
    caught: dict[str, str] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)


def measure(cache: Path, cases: int, only: str = "") -> list[Coded]:
    """Every kind, so many programs of each; what they left behind stays in the cache."""
    found = []
    for kind, bodies in programs.INVENTED.items():
        if only not in kind:
            continue
        one = Coded(kind)
        names = sorted(bodies)
        for name in random.Random(kind).sample(names, min(cases, len(names))):
            caught, said = try_program(
                cache / "code" / f"{kind} {name}".replace(" ", "-"), bodies[name]
            )
            (one.caught if caught else one.missed)[name] = said
        print(f"{kind}: {len(one.caught)} of {len(one.caught) + len(one.missed)}", flush=True)
        found.append(one)
    return found


def passing(cache: Path) -> Coded:
    """The programs of which it is known that reading code does not find them."""
    one = Coded("known to pass")
    for name, body in programs.PASSING.items():
        caught, said = try_program(cache / "code" / f"passing {name}".replace(" ", "-"), body)
        (one.caught if caught else one.missed)[name] = said
    return one


def try_program(folder: Path, body: str) -> tuple[str, str]:
    """How a program was caught and what was said; no way if it was not."""
    shutil.rmtree(folder, ignore_errors=True)
    own = programs.write(folder / "own", body)
    data = folder / "data"
    words = ("experiment", "run", own, "--pairs", 6, "--jobs", 2, "-w", folder / "w", "--json")
    done = campaigns.scientist(*words, timeout=600, XDG_DATA_HOME=str(data))
    if done.returncode not in (0, 1, 4):  # nothing but a plain refusal is one
        raise RuntimeError(f"{own}: exit {done.returncode}\n{done.stderr[-1500:]}")
    journal = (folder / "w" / "journal" / "000001.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in journal]
    findings = [e["data"]["finding"] for e in events if e["kind"] == "finding_recorded"]
    if not findings:
        raise RuntimeError(f"{own}: no finding\n{done.stderr[-1500:]}")
    finding = findings[-1]
    if finding["judgement"]["verdict"] == "infeasible":
        return ("refused before launch", finding["judgement"]["reason"][:200])
    if told := (*finding["deviations"], *finding["degradations"]):
        return ("named on the finding", "; ".join(told)[:200])
    return ("", f"{finding['judgement']['verdict']}: {finding['statement']}")


def show(found: Sequence[Coded]) -> None:
    """One table in Markdown, and what passed."""
    print("\n| fraud in code | cases | caught |")
    print("|---|---|---|")
    for one in found:
        cases = len(one.caught) + len(one.missed)
        print(f"| {one.kind} | {cases} | {len(one.caught)} |")
    for one in found:
        for name, said in one.missed.items():
            print(f"- passed: {one.kind}, {name}: {said}")
