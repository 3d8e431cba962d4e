"""Which findings give a number: every number of every finding, kept beside the index.

What is kept is only there to find candidates: whatever is told to give a number was computed from
the raw trials just now. Of each finding all that operations give is kept: values and differences
of all arms on all metrics, and what was judged.
"""

from __future__ import annotations

import math
import sqlite3
import statistics
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import Any

from scientist.audit.tracing import findings
from scientist.audit.tracing.trail import Trail, subject
from scientist.errors import ScientistError, WorkspaceError
from scientist.journal import Entry
from scientist.journal.index import Query
from scientist.records import Address
from scientist.science.claims import numbers
from scientist.science.claims.evidence import Run
from scientist.science.claims.numbers import Number
from scientist.science.claims.operations import NotBound, compute
from scientist.science.stream import adjusted

KEPT = ("finding_recorded", "hypothesis_proposed")
MOST_TESTS = 500  # of a stream whose adjusted p-values are looked through
JUDGED = (
    *("interval low", "interval high", "confidence", "p", "adjusted p", "overall p", "e"),
    *("pairs", "planned pairs", "trials", "arms", "smallest effect", "alpha", "level"),
)
Scored = tuple[Address, float]


@dataclass(frozen=True)
class Given:
    """A number of a finding that reads as it was asked for; without an address it is a prior."""

    entry: Entry
    address: Address | None


def read(said: str) -> Number | None:
    """The number that a text is, if it is nothing else."""
    found = numbers.find(said.strip())
    whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(said.strip()))
    return found[0] if whole and not found[0].label else None


def give(trail: Trail, number: Number) -> Iterator[Given]:
    """Everything that gives a number, the most recent first."""
    for entry in candidates(trail, [number]):
        if entry.kind == "hypothesis_proposed":
            if fits(number, entry.data["hypothesis"].get("prior")):
                yield Given(entry, None)
            continue
        for address in of_finding(trail, entry, number):
            yield Given(entry, address)


def of_finding(trail: Trail, entry: Entry, number: Number) -> list[Address]:
    """The addresses in a finding that give a number, computed from its raw trials."""
    gives = findings.evidence(trail, entry)
    found = []
    for run in gives.runs:
        for address, near in approximate(run):
            if not _near(number, near):
                continue
            try:
                exact = compute(gives, address)
            except NotBound:
                continue
            if not isinstance(exact, str) and fits(number, exact):
                found.append(address)
    return sorted(found, key=partial(_distance, gives.runs[-1]))


def _distance(last: Run, address: Address) -> tuple[bool, bool, bool]:
    """How far from what was sealed a number is: such come first."""
    sealed = (last.protocol.treatment, last.protocol.control)
    return (
        address.experiment != last.experiment,
        address.metric != last.protocol.metric,
        address.arms != sealed,
    )


def by_adjusted(trail: Trail, number: Number) -> list[Given]:
    """Findings with that adjusted p; it depends on all tests before, so nothing of it is kept."""
    if trail.index.count(Query(kinds=("protocol_sealed",))) > MOST_TESTS:
        return []
    rates = adjusted(trail.journal)
    found: list[Given] = []
    for entry in trail.entries(Query(kinds=("finding_recorded",), backwards=True)):
        record = entry.data["finding"]
        first = (record.get("first") or {}).get("protocol_digest", "")
        known = [rates[one] for one in (record["protocol_digest"], first) if one in rates]
        if record["judgement"].get("overall_p") is None or not known:
            continue
        if fits(number, max(known)):
            found.append(
                Given(entry, Address(experiment=record["experiment"], operation="adjusted p"))
            )
    return found


def candidates(trail: Trail, said: Sequence[Number]) -> Iterator[Entry]:
    """The events that may give all of some numbers, the most recent first."""
    keep(trail)
    rows = trail.index.db.execute("SELECT n, numbers FROM figures ORDER BY n DESC")
    spans = [list(_spans(number)) for number in said]
    for n, packed in rows.fetchall():
        values = array("d", packed)
        if all(any(_within(values, low, high) for low, high in wanted) for wanted in spans):
            yield next(trail.entries(Query(after=n - 1, before=n + 1)))


def keep(trail: Trail) -> None:
    """Take in the findings and hypotheses that are new."""
    db = trail.index.db
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as fault:
        raise WorkspaceError(
            f"{trail.index.file} is in use by another process", "ask again in a minute"
        ) from fault
    try:
        last = db.execute("SELECT max(n) FROM figures").fetchone()[0] or 0
        rows = [
            (entry.seq, array("d", sorted(_numbers(trail, entry))).tobytes())
            for entry in trail.index.entries(Query(kinds=KEPT, after=last))
        ]
        db.executemany("INSERT OR REPLACE INTO figures VALUES (?,?)", rows)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _numbers(trail: Trail, entry: Entry) -> set[float]:
    if entry.kind == "hypothesis_proposed":
        prior = entry.data.get("hypothesis", {}).get("prior")
        return {float(prior)} if isinstance(prior, int | float) else set()
    try:
        gives = findings.evidence(trail, entry)
    except ScientistError:  # a finding without ground gives no number; `audit verify` names it
        return set()
    return {near for run in gives.runs for _, near in approximate(run) if math.isfinite(near)}


def approximate(run: Run) -> Iterator[Scored]:
    """Every number that a run gives, about as exact as it is written anywhere."""
    if not run.experiment:
        return
    sealed = (run.protocol.treatment, run.protocol.control)
    at = Address(experiment=run.experiment, operation="", arms=sealed, metric=run.protocol.metric)
    for name, one in run.protocol.parameters.items():
        if isinstance(one, int | float) and not isinstance(one, bool):
            yield at.model_copy(update={"operation": "parameter", "argument": name}), float(one)
    plain: dict[str, Any] = {
        "planned pairs": len(run.protocol.seeds),
        "trials": len(run.trials),
        "arms": len(run.protocol.arms),
        "smallest effect": run.protocol.smallest_effect,
        "alpha": run.protocol.alpha,
        "level": run.protocol.level,
    }
    judged = run.judgement
    interval = judged.interval
    plain |= {"p": judged.p_value, "overall p": judged.overall_p, "e": judged.e_value}
    plain |= {"pairs": judged.pairs}
    if interval is not None:
        plain |= {"interval low": interval.low, "interval high": interval.high}
        plain |= {"confidence": interval.confidence}
    for name, one in plain.items():
        if one is not None:
            yield at.model_copy(update={"operation": name}), float(one)
    for along in judged.explored:
        there = {"arms": (along.treatment, along.control), "metric": along.metric}
        explored = {"interval low": along.interval.low, "interval high": along.interval.high}
        explored |= {"p": along.p_value, "adjusted p": along.adjusted_p}
        for name, one in explored.items():
            yield at.model_copy(update={**there, "operation": name}), one
    yield from _measured(run, at)


def _measured(run: Run, at: Address) -> Iterator[Scored]:
    for metric in sorted(run.metrics):
        found = {arm: run.values(arm, metric) for arm in run.protocol.arms}
        values = {arm: list(given) for arm, given in found.items() if given}
        for arm, given in values.items():
            there = at.model_copy(update={"arms": (arm,), "metric": metric})
            for seed, one in zip(run.seeds, given, strict=True):
                yield there.model_copy(update={"operation": "trial", "argument": str(seed)}), one
            for name, one in _of_arm(given).items():
                yield there.model_copy(update={"operation": name}), one
        known = {(one.treatment, one.control) for one in run.judgement.explored} | {at.arms}
        for pair in permutations(values, 2):
            there = at.model_copy(update={"arms": pair, "metric": metric})
            mirrored = pair not in known and (pair[::-1] in known or pair[0] > pair[1])
            for name, one in _of_pair(values[pair[0]], values[pair[1]]).items():
                if not mirrored or name in ("relative effect", "ratio"):
                    yield there.model_copy(update={"operation": name}), one


def _of_arm(values: Sequence[float]) -> dict[str, float]:
    found = {
        "mean": math.fsum(values) / len(values),
        "median": statistics.median(values),
        "minimum": min(values),
        "maximum": max(values),
    }
    if len(values) > 1:
        found["standard deviation"] = _spread(values)
    return found


def _of_pair(values: Sequence[float], others: Sequence[float]) -> dict[str, float]:
    differences = [one - other for one, other in zip(values, others, strict=True)]
    effect = math.fsum(differences) / len(differences)
    base = math.fsum(others) / len(others)
    found = {
        "effect": effect,
        "lower in": float(sum(one < 0 for one in differences)),
        "higher in": float(sum(one > 0 for one in differences)),
    }
    if base > 0:
        found |= {"relative effect": 100 * effect / base, "ratio": (base + effect) / base}
    spread = _spread(differences) if len(differences) > 1 else 0.0
    if spread > 0:
        found["standardized effect"] = effect / spread
    return found


def _spread(values: Sequence[float]) -> float:
    """The standard deviation, quicker than `statistics.stdev` and exact enough for candidates."""
    center = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((one - center) ** 2 for one in values) / (len(values) - 1))


def fits(number: Number, given: float | None) -> bool:
    """Whether a value reads as a number is written: rounded so, its sign turned, in percent."""
    if given is None:
        return False
    return any(not numbers.problem(number, turn * given) for turn in _turns(number))


def _turns(number: Number) -> Iterator[float]:
    """What a value may be multiplied with before it is written; "lowered by" turns its sign."""
    for sign in (1.0, -1.0):
        yield sign
        if number.unit in ("%", "points"):
            yield sign * 100


def _spans(number: Number) -> Iterator[tuple[float, float]]:
    """Where a value lies that may read so."""
    wide = number.step * 1.01 if number.step else abs(number.value) * 1e-6 + 1e-9
    for turn in _turns(number):
        low, high = sorted(((number.value - wide) / turn, (number.value + wide) / turn))
        yield low, high


def _near(number: Number, value: float) -> bool:
    return any(low <= value <= high for low, high in _spans(number))


def _within(values: Sequence[float], low: float, high: float) -> bool:
    place = bisect_left(values, low)
    return place < len(values) and values[place] <= high


def name(given: Given) -> str:
    """The id of what gives a number."""
    return subject(given.entry)
