"""How many false numeric statements `scientist check` lets pass, and how many true ones.

    python benchmarks/fabrication.py [--sets 60] [--each 40] [--seed 1] [--show]

Real finding sets of the kits; statements true by an oracle of their own, in phrasings that the
binder was built on and in held-out ones; false ones of more than forty kinds. The bar: no false
statement accepted, 99% of the true ones. Exit 1 if it is missed on the developed phrasings.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from facts import Fact, finals, holds, make, say, wrong
from falsehoods import KINDS, falsify
from finding_sets import finding_set
from phrasings import DEVELOPED, HELD_OUT

from scientist.science.claims.bind import check
from scientist.science.claims.evidence import Evidence, Run

SETS = {"developed": DEVELOPED, "held out": HELD_OUT}


@dataclass
class Tally:
    """How many statements of each kind were made and accepted."""

    made: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, kind: str, accepted: bool, wrong: bool, text: str, why: str = "") -> None:
        self.made[kind] += 1
        self.accepted[kind] += accepted
        if wrong:
            self.examples.append((kind, text, why))

    def share(self) -> float:
        """The part of all that was accepted."""
        return sum(self.accepted.values()) / max(1, sum(self.made.values()))


def numbers_of(evidence: Evidence) -> int:
    """How many numbers the judgements of a finding set hold."""
    found = 0
    for run in finals(evidence):
        plain = run.judgement.model_dump(exclude={"explored", "interval"})
        found += 1 + sum(isinstance(v, float | int) for v in plain.values())
        found += 2 if run.judgement.interval else 0
    return found


def subject(chance: random.Random, run: Run) -> tuple[str, str, str]:
    """Arms and metric: mostly the sealed comparison, sometimes turned or another."""
    sealed = run.protocol
    t, c, m = sealed.treatment, sealed.control, sealed.metric
    if chance.random() < 0.2:
        t, c = c, t
    if chance.random() < 0.15:
        m = chance.choice(sorted(run.measures))
    return t, c, m


def true_facts(chance: random.Random, evidence: Evidence) -> Iterator[Fact]:
    """True facts of every kind about every finding of a set."""
    for run in finals(evidence):
        for kind in DEVELOPED:
            fact = make(chance, kind, run, *subject(chance, run))
            if fact is not None and holds(fact):
                yield fact


def measure(sets: int, each: int, seed: int) -> tuple[dict[str, Tally], Tally, list[int]]:
    """The tallies of true statements by phrasing set, of false ones by kind, and set sizes."""
    chance = random.Random(seed)
    true, false = {name: Tally() for name in SETS}, Tally()
    sizes = []
    for number in range(sets):
        evidence = finding_set(1000 * seed + number, 1 if number % 6 == 0 else None)
        sizes.append(numbers_of(evidence))
        facts = list(true_facts(chance, evidence))
        for fact in facts:
            for name, phrasings in SETS.items():
                for template in phrasings[fact.kind]:
                    bare = len(finals(evidence)) == 1 and chance.random() < 0.5
                    text = say(chance, fact, template, name, bare)
                    report = check(text, evidence)
                    why = "; ".join(f"{e.text}: {e.reason}" for e in report.refused)
                    true[name].add(fact.kind, report.bound, not report.bound, text, why)
        for kind in KINDS:
            _false(chance, kind, evidence, facts, each, false)
    return true, false, sizes


def _false(
    chance: random.Random, kind: str, evidence: Evidence, facts: list[Fact], each: int, tally: Tally
) -> None:
    usable = [fact for fact in facts if fact.kind in KINDS[kind][1]]
    chance.shuffle(usable)
    for fact in usable[:each]:
        made = falsify(chance, kind, evidence, fact)
        if made is None or (isinstance(made, Fact) and holds(made)):
            continue
        if isinstance(made, str):
            texts = [made]
        else:
            texts = [
                say(chance, made, chance.choice(templates), name)
                for name, phrasings in SETS.items()
                if (templates := _telling(made, phrasings[made.kind]))
            ]
        for text in texts:
            report = check(text, evidence)
            passed = report.bound and bool(report.entries)
            tally.add(kind, passed, passed, text)


def _telling(fact: Fact, templates: tuple[str, ...]) -> list[str]:
    """The phrasings in which what is false about a fact is said at all."""
    told = wrong(fact)
    if not told and fact.kind in ("direction", "significant", "better"):
        return list(templates)
    if not told:  # a word is false
        told = {"lowered", "lowers", "lower", "fell", "reduction", "better", "improved"}
        if fact.words.get("verdict") not in (None, str(fact.run.judgement.verdict)):
            told = {"verdict"}
    return [t for t in templates if any("{" + field + "}" in t for field in told)]


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=60)
    parser.add_argument("--each", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="show what went wrong")
    asked = parser.parse_args()
    true, false, sizes = measure(asked.sets, asked.each, asked.seed)
    print(f"{asked.sets} finding sets of {min(sizes)} to {max(sizes)} numbers")
    print(f"\n{'false statements':<40} {'made':>7} {'accepted':>9}")
    for kind in KINDS:
        print(f"{kind:<40} {false.made[kind]:>7} {false.accepted[kind]:>9}")
    print(f"{'all':<40} {sum(false.made.values()):>7} {sum(false.accepted.values()):>9}")
    print(
        f"\n{'true statements':<16}"
        + "".join(f" {name + ' made':>15} {'accepted':>9}" for name in SETS)
    )
    for kind in DEVELOPED:
        cells = "".join(
            f" {true[n].made[kind]:>15} {true[n].accepted[kind] / max(1, true[n].made[kind]):>9.1%}"
            for n in SETS
        )
        print(f"{kind:<16}{cells}")
    cells = "".join(f" {sum(true[n].made.values()):>15} {true[n].share():>9.2%}" for n in SETS)
    print(f"{'all':<16}{cells}")
    if asked.show:
        wrong = [("accepted, false", *e) for e in false.examples]
        wrong += [("refused, true", *e) for name in SETS for e in true[name].examples]
        for what, kind, text, why in wrong:
            print(f"\n{what} ({kind}): {text}\n    {why}")
    missed = sum(false.accepted.values()) or true["developed"].share() < 0.99
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
