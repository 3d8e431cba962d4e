"""What is true of a run, computed here from the raw trials and apart from the binder, and said.

A fact is a kind of statement with the numbers and words it needs; `holds` is the oracle that tells
whether a fact, as it is worded, is true of the run that it names.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from phrasings import CONTEXT

from scientist.records import Direction, Verdict
from scientist.science.claims.evidence import Evidence, Run

UPWARD = {
    "lowered": ("raised", "increased"),
    "lowers": ("raises", "increases"),
    "lower": ("higher", "larger"),
    "fell": ("rose", "increased"),
    "reduction": ("increase", "rise"),
}
DOWNWARD = {
    "lowered": ("lowered", "reduced", "decreased", "cut"),
    "lowers": ("lowers", "reduces", "decreases"),
    "lower": ("lower", "smaller"),
    "fell": ("fell", "dropped", "decreased"),
    "reduction": ("reduction", "drop", "decrease"),
}
ONE_ARM = ("mean", "share", "median", "deviation", "extreme")
EFFECTS = ("v", "low", "high", "slow", "shigh", "d", "w")


@dataclass(frozen=True)
class Fact:
    """A statement in the making: its kind, what it is about, and its numbers and words."""

    kind: str
    run: Run
    treatment: str
    control: str
    metric: str
    numbers: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)
    finding: str = ""


def values(run: Run, arm: str, metric: str) -> list[float] | None:
    """An arm's numbers on the seeds that count, seed by seed."""
    seeds = run.protocol.seeds[: run.judgement.pairs]
    by_seed = {t.seed: t.metrics[metric] for t in run.trials if t.arm == arm}
    if run.judgement.verdict is Verdict.INFEASIBLE or any(seed not in by_seed for seed in seeds):
        return None
    return [by_seed[seed] for seed in seeds]


def truth(kind: str, run: Run, t: str, c: str, m: str) -> dict[str, Any] | None:
    """Every number and word that a fact of this kind has; None if there is no such fact."""
    sealed, judged = run.protocol, run.judgement
    if kind == "verdict":
        return {"verdict": str(judged.verdict)} if _pair(run, t, c, m) else None
    if m not in run.trials[0].metrics:
        return None
    one, other = values(run, t, m), values(run, t if kind in ONE_ARM else c, m)
    if kind == "trials":
        return {"v": len(run.trials)} if _pair(run, t, c, m) else None
    if kind == "arms":
        return {"v": len(sealed.arms)} if _pair(run, t, c, m) else None
    if kind == "smallest":
        return {"v": sealed.smallest_effect} if m == sealed.metric else None
    if one is None or other is None:
        return None
    mean, base = statistics.fmean(one), statistics.fmean(other)
    differences = [a - b for a, b in zip(one, other, strict=True)]
    effect = statistics.fmean(differences)
    sign = (effect > 1e-12) - (effect < -1e-12)
    turn = _pair(run, t, c, m)
    found: dict[str, Any] = {"n": len(one)}
    if kind == "pairs":
        return found
    if kind == "mean":
        return {**found, "v": mean}
    if kind == "share":
        return {"v": 100 * mean} if run.measures[m].share else None
    if kind == "median":
        return {"v": statistics.median(one)}
    if kind == "deviation":
        return {"v": statistics.stdev(one)}
    if kind == "extreme":
        return {"minimum": min(one), "maximum": max(one)}
    if kind in ("means", "change"):
        return {"v": mean, "w": base, "sign": sign}
    if kind == "difference":
        return {"v": effect}
    if kind == "relative":
        return {"v": 100 * abs(effect) / base, "sign": sign} if base > 0 else None
    if kind == "points":
        return {"v": 100 * abs(effect), "sign": sign} if run.measures[m].share else None
    if kind == "ratio":
        return {"v": mean / base} if base > 0 else None
    if kind == "wins":
        return {**found, "lower": sum(d < 0 for d in differences), "sign": None} | {
            "higher": sum(d > 0 for d in differences)
        }
    if kind == "parameter":
        return {"parameters": sealed.parameters}
    if not turn:
        return (
            _explored(kind, run, t, c, m)
            if kind in ("interval", "p")
            else ({"v": abs(effect), "sign": sign, **found} if kind == "effect" else None)
        )
    interval = judged.interval
    assert interval is not None
    low, high = sorted((turn * interval.low, turn * interval.high))
    found |= {"v": abs(effect), "sign": sign, "p": judged.overall_p, "d": effect}
    found |= {"mt": mean, "mc": base, "low": low, "high": high, "verdict": str(judged.verdict)}
    if kind == "full":
        found |= {"slow": low, "shigh": high}
        found |= {"low": -high, "high": -low} if sign < 0 else {}
    if kind == "interval":
        return {"v": low, "w": high}
    if kind == "p":
        return {**found, "v": judged.overall_p}
    if kind == "e":
        return {"v": judged.e_value}
    if kind == "standardized":
        if judged.standardized_effect is None:
            return None
        return {"v": turn * judged.standardized_effect}
    return found


def _explored(kind: str, run: Run, t: str, c: str, m: str) -> dict[str, Any] | None:
    """The interval and p of a comparison that was measured along."""
    for one in run.judgement.explored:
        turn = {(t, c): 1, (c, t): -1}.get((one.treatment, one.control), 0)
        if one.metric == m and turn:
            low, high = sorted((turn * one.interval.low, turn * one.interval.high))
            ends = {"v": low, "w": high}
            return ends if kind == "interval" else {"v": one.p_value, "n": run.judgement.pairs}
    return None


def _pair(run: Run, t: str, c: str, m: str) -> int:
    """1 for the sealed comparison, -1 the other way round, 0 for another."""
    sealed = run.protocol
    if m != sealed.metric or {t, c} != {sealed.treatment, sealed.control}:
        return 0
    return 1 if t == sealed.treatment else -1


def shown_direction(run: Run, t: str, c: str, m: str, sign: int) -> bool:
    """Whether a direction may be said without its verdict."""
    turn, interval = _pair(run, t, c, m), run.judgement.interval
    if not turn or interval is None or run.judgement.verdict is Verdict.INCONCLUSIVE:
        return False
    low, high = sorted((turn * interval.low, turn * interval.high))
    return low > 0 if sign > 0 else high < 0


def significant(run: Run, t: str, c: str, m: str, sign: int) -> bool:
    """Whether the sealed rule supports this direction."""
    turn = _pair(run, t, c, m)
    upward = 1 if run.protocol.direction is Direction.INCREASE else -1
    return run.judgement.verdict is Verdict.SUPPORTED and turn * upward == sign


def write(chance: random.Random, value: float, edges: Sequence[float] = (0.0,)) -> str:
    """A number correctly rounded to one to six digits, on its side of every edge."""
    if value == int(value) and abs(value) < 1e6 and chance.random() < 0.3:
        return str(int(value))
    size = math.floor(math.log10(abs(value))) if value else 0
    for digits in range(chance.randint(1, 6), 17):
        text = f"{value:.{max(0, digits - 1 - size)}f}"
        if fits(text, value, edges):
            return text
    return repr(value)


def fits(text: str, value: float, edges: Sequence[float] = (0.0,)) -> bool:
    """Whether a text is a value rounded to the digits that it shows."""
    said = Decimal(text.replace("−", "-"))
    step = Decimal(1).scaleb(int(said.as_tuple().exponent))
    exact = Decimal(repr(float(value))), Decimal(f"{value:.13g}")  # the last bits are noise
    if all(abs(said - number) > step / 2 for number in exact):
        return False
    shown = float(said)
    if value and float(step) > 10.0 ** math.floor(math.log10(abs(value)) + 1e-9):
        return False
    return all((value > e) - (value < e) == (shown > e) - (shown < e) for e in edges)


def edges(run: Run, kind: str, role: str) -> tuple[float, ...]:
    """Where rounding would change what a number means."""
    smallest = run.protocol.smallest_effect
    if role == "p" or kind == "p":
        return (0.0, run.protocol.alpha, run.protocol.level)
    if kind in ("points",):
        return (0.0, 100 * smallest, -100 * smallest)
    if kind in ("effect", "difference", "interval", "full", "better") and role in EFFECTS:
        return (0.0, smallest, -smallest)
    return (0.0,)


def make(chance: random.Random, kind: str, run: Run, t: str, c: str, m: str) -> Fact | None:
    """A true fact, if there is one of this kind."""
    given = truth(kind, run, t, c, m)
    if given is None:
        return None
    words: dict[str, Any] = {}
    if kind == "extreme":
        words["least"] = chance.choice(("minimum", "maximum"))
        given["v"] = given[words["least"]]
    if kind == "wins":
        words["sign"] = chance.choice((-1, 1))
        given["v"] = given["lower" if words["sign"] < 0 else "higher"]
    elif kind == "parameter":
        words["parameter"] = chance.choice(run.conditions)
        given["v"] = given["parameters"][words["parameter"]]
    elif "sign" in given:
        words["sign"] = given["sign"]
    if "verdict" in given:
        words["verdict"] = given["verdict"]
    if kind in ("effect", "relative", "points", "change", "direction", "better") and (
        not words["sign"] or not shown_direction(run, t, c, m, words["sign"])
    ):
        return None
    if kind == "significant" and not significant(run, t, c, m, words["sign"]):
        return None
    if kind == "full" and not words["sign"]:
        return None
    exact = ("n",) if kind not in ("pairs", "trials", "arms", "wins", "parameter") else ("n", "v")
    numbers = {
        role: f"{value:.12g}" if role in exact else write(chance, value, edges(run, kind, role))
        for role, value in given.items()
        if isinstance(value, float | int) and role not in ("sign", "lower", "higher", "verdict")
    }
    if kind == "pairs":
        numbers["v"] = numbers["n"]
    for low, high in (("v", "w"), ("low", "high"), ("slow", "shigh")):
        both = kind in ("interval", "full") and low in numbers and high in numbers
        if both and float(numbers[low]) > float(numbers[high]):  # rounded to other digits each
            numbers |= {low: repr(given[low]), high: repr(given[high])}
    if kind == "ratio" and "." not in numbers["v"]:
        numbers["v"] = f"{given['v']:.2f}"
    return Fact(kind, run, t, c, m, numbers, words, run.finding)


def holds(fact: Fact) -> bool:
    """The oracle: whether a fact as worded is true of the run it names."""
    given = truth(fact.kind, fact.run, fact.treatment, fact.control, fact.metric)
    if given is None or fact.finding != fact.run.finding:
        return False
    sign = fact.words.get("sign")
    if fact.kind != "wins" and sign is not None and sign != given.get("sign", sign):
        return False
    if fact.words.get("verdict", given.get("verdict")) != given.get("verdict"):
        return False
    about = (fact.run, fact.treatment, fact.control, fact.metric)
    if fact.kind == "significant" and not significant(*about, sign):
        return False
    if fact.kind in ("direction", "better") and not shown_direction(*about, sign):
        return False
    return not wrong(fact)


def wrong(fact: Fact) -> set[str]:
    """The numbers of a fact that are not those of the run it names."""
    given = truth(fact.kind, fact.run, fact.treatment, fact.control, fact.metric) or {}
    if fact.kind == "extreme":
        given["v"] = given.get(fact.words["least"])
    if fact.kind == "wins":
        given["v"] = given.get("lower" if fact.words["sign"] < 0 else "higher")
    elif fact.kind == "parameter":
        given["v"] = given["parameters"][fact.words["parameter"]]
    elif fact.kind == "pairs":
        given["v"] = given.get("n")
    if fact.kind == "p" and fact.run.judgement.p_value is not None:
        plain = fact.run.judgement.p_value  # a p that is not called overall may be either
        if fits(fact.numbers["v"], plain, edges(fact.run, "p", "v")):
            given["v"] = plain
    return {
        role
        for role, text in fact.numbers.items()
        if given.get(role) is None or not fits(text, given[role], edges(fact.run, fact.kind, role))
    }


def say(chance: random.Random, fact: Fact, template: str, context: str, bare: bool = False) -> str:
    """The fact in words."""
    sign = fact.words.get("sign") or -1
    words = {k: chance.choice(v) for k, v in (UPWARD if sign > 0 else DOWNWARD).items()}
    measure = fact.run.measures.get(fact.metric)
    good = measure is not None and (measure.better == "higher") == (sign > 0)
    words |= {
        "better": "better" if good else "worse",
        "improved": "improved" if good else "worsened",
    }
    plain = chance.random() < 0.5

    def name(text: str) -> str:
        return text.replace("_", " ") if plain else text

    numbers = {
        role: text.replace("-", "−") if chance.random() < 0.3 else text
        for role, text in fact.numbers.items()
    }
    sentence = template.format(
        t=name(fact.treatment), c=name(fact.control), m=name(fact.metric),
        **numbers, **{**words, **{k: v for k, v in fact.words.items() if k != "sign"}},
    )  # fmt: skip
    said = f"{sentence}." if bare else chance.choice(CONTEXT[context]).format(
        s=sentence, F=fact.finding
    )  # fmt: skip
    return said[0].upper() + said[1:] if chance.random() < 0.7 else said


def changed(fact: Fact, **change: Any) -> Fact:
    """The fact with other numbers, words, arms, metric or finding."""
    numbers = {**fact.numbers, **change.pop("numbers", {})}
    words = {**fact.words, **change.pop("words", {})}
    return replace(fact, numbers=numbers, words=words, **change)


def finals(evidence: Evidence) -> list[Run]:
    """The runs that findings rest on."""
    return [run for run in evidence.runs if run.final]


def nudged(text: str, steps: int) -> str:
    """A written number, so many units of its last digit away."""
    said = Decimal(text.replace("−", "-"))
    step = Decimal(1).scaleb(int(said.as_tuple().exponent))
    return f"{said + steps * step:f}"


def rounded_up(text: str, value: float) -> str:
    """The value rounded away from zero to the digits that a text shows."""
    step = Decimal(1).scaleb(int(Decimal(text).as_tuple().exponent))
    way = ROUND_CEILING if value > 0 else ROUND_FLOOR
    return f"{Decimal(repr(float(value))).quantize(step, way):f}"
