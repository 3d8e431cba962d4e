"""More than thirty kinds of false statement, each made from a true one by one change.

Each gives a changed fact, or finished text, or None where the change cannot be made. Whether a
changed fact is really false is for `facts.holds` to say: a swap may be true by accident.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from facts import ONE_ARM, Fact, changed, finals, nudged, rounded_up, say, truth, values
from facts import make as make_fact
from phrasings import DEVELOPED, HELD_OUT

from scientist.records import Verdict
from scientist.science.claims.evidence import Evidence

Made = Fact | str | None


@dataclass(frozen=True)
class Case:
    """A true fact to make a false one of, and what else there is."""

    chance: random.Random
    evidence: Evidence
    fact: Fact


Falsify = Callable[[Case], Made]
EVERY = (
    *("mean", "means", "median", "deviation", "extreme", "effect", "difference", "relative"),
    *("points", "change", "interval", "p", "standardized", "ratio", "full"),
)
NUMBERED = ("mean", "means", "median", "effect", "difference", "relative", "points", "full")
MOVED = ("effect", "relative", "points", "change", "direction", "better", "full", "wins")


def _swap(case: Case) -> Made:
    return changed(case.fact, treatment=case.fact.control, control=case.fact.treatment)


def _sign(case: Case) -> Made:
    if "sign" in case.fact.words:
        return changed(case.fact, words={"sign": -case.fact.words["sign"]})
    text = case.fact.numbers["v"]
    return changed(case.fact, numbers={"v": text.lstrip("-−") if text[0] in "-−" else f"-{text}"})


def _metric(case: Case) -> Made:
    others = sorted(set(case.fact.run.measures) - {case.fact.metric})
    return changed(case.fact, metric=case.chance.choice(others))


def _other_run(case: Case) -> Made:
    """The same kind of number, taken from another finding."""
    others = [run for run in case.evidence.runs if run is not case.fact.run]
    case.chance.shuffle(others)
    for run in others:
        sealed = run.protocol
        given = truth(case.fact.kind, run, sealed.treatment, sealed.control, sealed.metric)
        if given and isinstance(given.get("v"), float):
            return changed(case.fact, numbers={"v": f"{given['v']:.3g}"})
    return None


def _other_id(case: Case) -> Made:
    others = [run for run in finals(case.evidence) if run is not case.fact.run and run.trials]
    if not others:
        return None
    other = case.chance.choice(others)
    named = {case.fact.treatment, case.fact.control}
    if case.fact.kind in ONE_ARM:
        named = {case.fact.treatment}
    if not named <= set(other.protocol.arms) or case.fact.metric not in other.trials[0].metrics:
        return _written(case.chance, changed(case.fact, finding=other.finding))
    return changed(case.fact, run=other, finding=other.finding)


def _written(chance: random.Random, fact: Fact) -> str:
    """A text that is false whatever its numbers are."""
    name = "developed" if chance.random() < 0.5 else "held out"
    phrasings = {"developed": DEVELOPED, "held out": HELD_OUT}[name]
    return say(chance, fact, chance.choice(phrasings[fact.kind]), name)


def _invented_id(case: Case) -> Made:
    return _written(
        case.chance,
        changed(case.fact, finding=f"F{len(case.evidence.runs) + case.chance.randint(2, 90)}"),
    )


def _times(factor: float) -> Falsify:
    def make(case: Case) -> Made:
        value = factor * float(case.fact.numbers["v"])
        return (
            changed(case.fact, numbers={"v": f"{value:.4g}"}) if 1e-4 < abs(value) < 1e5 else None
        )

    return make


def _as(kind: str) -> Falsify:
    """The number of one kind in the sentence of another."""

    def make(case: Case) -> Made:
        value = float(case.fact.numbers["v"])
        if not 1e-4 < abs(value) < 1e5:
            return None
        target = make_fact(
            case.chance,
            kind,
            case.fact.run,
            case.fact.treatment,
            case.fact.control,
            case.fact.metric,
        )
        return changed(target, numbers={"v": f"{value:.4g}"}) if target else None

    return make


def _rounded_up(case: Case) -> Made:
    given = truth(
        case.fact.kind, case.fact.run, case.fact.treatment, case.fact.control, case.fact.metric
    )
    if given is None or not isinstance(given.get("v"), float):
        return None
    return changed(case.fact, numbers={"v": rounded_up(f"{given['v']:.2g}", given["v"])})


def _last_digit(case: Case) -> Made:
    return changed(
        case.fact, numbers={"v": nudged(case.fact.numbers["v"], case.chance.choice((-1, 1)))}
    )


def _fabricated(case: Case) -> Made:
    value = float(case.fact.numbers["v"]) * case.chance.uniform(0.3, 3)
    return changed(case.fact, numbers={"v": f"{value:.3g}"})


def _digits_swapped(case: Case) -> Made:
    text = case.fact.numbers["v"]
    places = [
        i for i in range(len(text) - 1) if text[i : i + 2].isdigit() and text[i] != text[i + 1]
    ]
    if not places:
        return None
    i = case.chance.choice(places)
    return changed(case.fact, numbers={"v": text[:i] + text[i + 1] + text[i] + text[i + 2 :]})


def _count(by: int, role: str = "v") -> Falsify:
    def make(case: Case) -> Made:
        value = float(case.fact.numbers[role]) + case.chance.randint(1, by)
        roles = {role, "n"} if case.fact.kind == "pairs" else {role}
        return changed(case.fact, numbers=dict.fromkeys(roles, f"{value:g}"))

    return make


def _ends_swapped(case: Case) -> Made:
    low, high = ("low", "high") if case.fact.kind == "full" else ("v", "w")
    return changed(case.fact, numbers={low: case.fact.numbers[high], high: case.fact.numbers[low]})


def _confidence(case: Case) -> Made:
    text = _written(case.chance, case.fact)
    return text.replace("95%", case.chance.choice(("90%", "99%", "80%"))) if "95%" in text else None


def _narrowed(case: Case) -> Made:
    low, high = float(case.fact.numbers["v"]), float(case.fact.numbers["w"])
    room = 0.25 * (high - low)
    return changed(case.fact, numbers={"v": f"{low + room:.3g}", "w": f"{high - room:.3g}"})


def _one_seed(case: Case) -> Made:
    found = values(case.fact.run, case.fact.treatment, case.fact.metric)
    return changed(case.fact, numbers={"v": f"{case.chance.choice(found or [0.0]):.3g}"})


def _total(case: Case) -> Made:
    found = values(case.fact.run, case.fact.treatment, case.fact.metric)
    return changed(case.fact, numbers={"v": f"{sum(found or []):.3g}"})


def _pilot(case: Case) -> Made:
    """A mean over the smoke seeds."""
    from finding_sets import measured

    sealed = case.fact.run.protocol
    chosen = tuple(sorted(sealed.parameters.items()))
    found = [
        measured(sealed.kit, case.fact.treatment, seed, chosen).metrics[case.fact.metric]
        for seed in sealed.smoke_seeds
    ]
    return changed(case.fact, numbers={"v": f"{sum(found) / len(found):.3g}"})


def _first_attempt(case: Case) -> Made:
    firsts = [
        run for run in case.evidence.runs if not run.final and run.finding == case.fact.finding
    ]
    for run in firsts:
        given = truth(case.fact.kind, run, case.fact.treatment, case.fact.control, case.fact.metric)
        if given and isinstance(given.get("v"), float):
            return changed(case.fact, numbers={"v": f"{given['v']:.3g}"})
    return None


def _unsupported(kind: str, verdicts: tuple[Verdict, ...]) -> Falsify:
    """A word that only another verdict would allow."""

    def make(case: Case) -> Made:
        given = truth(
            "effect", case.fact.run, case.fact.treatment, case.fact.control, case.fact.metric
        )
        if case.fact.run.judgement.verdict not in verdicts or not given or not given["sign"]:
            return None
        words = {"sign": given["sign"]}
        sealed = (case.fact.treatment, case.fact.control, case.fact.metric)
        return Fact(kind, case.fact.run, *sealed, {}, words, case.fact.finding)

    return make


def _general(case: Case) -> Made:
    text = _written(case.chance, case.fact)
    how = case.chance.choice(
        ("always", "invariably", "in every environment", "for all learners", "in general")
    )
    return f"{text.rstrip('.')} {how}."


def _cause(case: Case) -> Made:
    t, c, m = case.fact.treatment, case.fact.control, case.fact.metric
    return case.chance.choice(
        (
            f"{t} proves that {m} falls compared with {c} [{case.fact.finding}].",
            f"{case.fact.finding} shows that {t} causes lower {m} than {c}.",
            f"{m} is lower because of {t} [{case.fact.finding}].",
        )
    )


def _verdict(case: Case) -> Made:
    others = {"supported", "refuted", "inconclusive", "infeasible"} - {case.fact.words["verdict"]}
    return changed(case.fact, words={"verdict": case.chance.choice(sorted(others))})


def _quote(case: Case) -> Made:
    return case.chance.choice(
        (
            'As the essay says, "a pooled learner erred in 73 of 100 cases" [E1:1].',
            'As the essay says, "a pooled learner erred in 37 of 100 cases" [E1:2].',
            'As the essay says, "it erred in 37 of 100 cases" [E7:1].',
        )
    )


def _every_pair(case: Case) -> Made:
    if case.fact.numbers["v"] == case.fact.numbers["n"]:
        return None
    word = "lower" if case.fact.words["sign"] < 0 else "higher"
    t, c, m = case.fact.treatment, case.fact.control, case.fact.metric
    return f"{t} had {word} {m} than {c} in every pair [{case.fact.finding}]."


def _unit(case: Case) -> Made:
    own = case.fact.run.measures[case.fact.metric].unit
    unit = case.chance.choice([u for u in ("bits", "seconds", "nats", "dollars") if u != own])
    text = (
        f"the mean {case.fact.metric} of {case.fact.treatment} was {case.fact.numbers['v']} {unit}"
    )
    return f"{text} [{case.fact.finding}]."


def _from_to(case: Case) -> Made:
    return changed(case.fact, numbers={"v": case.fact.numbers["w"], "w": case.fact.numbers["v"]})


def _hidden(case: Case) -> Made:
    """A word that shifts what the number is of."""
    t, m, v = case.fact.treatment, case.fact.metric, case.fact.numbers["v"]
    return case.chance.choice(
        (
            f"the validation {m} of {t} was {v} [{case.fact.finding}].",
            f"the mean {m} of {t} on ImageNet was {v} [{case.fact.finding}].",
            f"the mean {m} of {t} was {v} after fine-tuning [{case.fact.finding}].",
            f"the mean {m} of {t} was {v} million [{case.fact.finding}].",
        )
    )


KINDS: dict[str, tuple[Falsify, tuple[str, ...]]] = {
    "swapped arms": (_swap, (*MOVED, "means", "difference", "ratio", "mean")),
    "wrong sign": (_sign, ("effect", "difference", "standardized", "relative", "full")),
    "wrong metric": (_metric, (*NUMBERED, "interval", "p", "change")),
    "value of another finding": (_other_run, EVERY),
    "another finding's id": (_other_id, (*EVERY, "direction", "wins", "pairs")),
    "invented id": (_invented_id, (*EVERY, "direction", "pairs")),
    "points as percent": (_as("relative"), ("points",)),
    "percent as points": (_as("points"), ("relative",)),
    "absolute as percent": (_as("relative"), ("effect",)),
    "percent as absolute": (_as("effect"), ("relative",)),
    "share as percent": (_times(0.01), ("share",)),
    "rounded up": (_rounded_up, NUMBERED),
    "last digit": (_last_digit, EVERY),
    "fabricated number": (_fabricated, EVERY),
    "digits swapped": (_digits_swapped, EVERY),
    "decimal point shifted": (_times(10), NUMBERED),
    "direction contrary to the data": (_sign, ("direction", "better")),
    "direction on an inconclusive finding": (
        _unsupported("direction", (Verdict.INCONCLUSIVE,)), ("means",)),
    "significant without support": (
        _unsupported("significant", (Verdict.INCONCLUSIVE, Verdict.REFUTED)), ("means",)),
    "general claim": (_general, ("direction", "effect", "mean")),
    "causal claim": (_cause, ("effect", "mean")),
    "n inflated": (_count(30), ("pairs",)),
    "n inflated beside true numbers": (_count(30, "n"), ("full", "p")),
    "interval ends swapped": (_ends_swapped, ("interval", "full")),
    "another confidence": (_confidence, ("interval", "full")),
    "interval narrowed": (_narrowed, ("interval",)),
    "one seed as the mean": (_one_seed, ("mean",)),
    "sum as the mean": (_total, ("mean",)),
    "median as the mean": (_as("mean"), ("median",)),
    "mean as the median": (_as("median"), ("mean",)),
    "extreme as the mean": (_as("mean"), ("extreme",)),
    "smoke run quoted": (_pilot, ("mean",)),
    "first attempt quoted": (_first_attempt, ("mean", "effect", "difference", "p")),
    "p too small": (_times(0.3), ("p",)),
    "p as e": (_as("e"), ("p",)),
    "standard error as deviation": (_times(0.3), ("deviation",)),
    "false verdict": (_verdict, ("verdict", "full")),
    "wrong condition": (_count(3), ("parameter",)),
    "wins inflated": (_count(2), ("wins",)),
    "every pair": (_every_pair, ("wins",)),
    "arms miscounted": (_count(3), ("arms",)),
    "trials miscounted": (_count(30), ("trials",)),
    "wrong unit": (_unit, ("mean",)),
    "from and to swapped": (_from_to, ("change", "means")),
    "ratio turned": (_swap, ("ratio",)),
    "words that shift the meaning": (_hidden, ("mean",)),
    "made-up quote": (_quote, ("mean",)),
}  # fmt: skip


def falsify(chance: random.Random, kind: str, evidence: Evidence, fact: Fact) -> Any:
    """A false statement of a kind: a fact that the oracle must deny, or text, or None."""
    make, kinds = KINDS[kind]
    return make(Case(chance, evidence, fact)) if fact.kind in kinds else None
