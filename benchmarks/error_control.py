"""Does the promise about false discoveries hold, and what does it cost in power?

Thousands of made-up campaigns go through the project's own planning, levels, judging and
confirmation; only the measured values are drawn instead of measured. First all effects are
absent, then half of them are planted. Beside it: the same first runs judged one by one with
a t-test at 0.05. Exits with 1 if the promise is broken.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

from scientist.audit.drawing.svg import Panel, Series, render
from scientist.records import Direction, Hypothesis, Protocol, Quote, Trial, Verdict
from scientist.science import protocol as protocols
from scientist.science import stream
from scientist.science.judge import judge, settle

ALPHA = 0.05
QUESTIONS = 6  # a campaign
PAIRS = 24
RESAMPLES = 399  # of the interval; fewer than in earnest, to be quick
FAILED, ABANDONED = 0.15, 0.05  # of the attempts, where some fail
EFFECTS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)  # in standard deviations of a pair's difference
VALUES: dict[str, Callable[[random.Random], float]] = {
    "normal": lambda chance: chance.gauss(0, math.sqrt(0.5)),
    "heavy tails": lambda chance: chance.gauss(0, 1) / math.sqrt(chance.expovariate(1)),
    "skewed": lambda chance: chance.lognormvariate(0, 1),
}


class World(NamedTuple):
    """What is true in a campaign, and the smallest effect of interest of its questions."""

    effect: float
    share: float  # of the questions, where the effect is
    smallest: float
    failing: bool


# so small a smallest effect of interest that chance alone decides
NOTHING = World(effect=0.0, share=0.0, smallest=1e-9, failing=True)


class Counts(NamedTuple):
    """What became of one campaign: discoveries by way of judging, true ones and false ones."""

    kind: str
    true: Counter[str]
    false: Counter[str]
    planted: int


WAYS = {
    "test": "p at most its level, each test",
    "supported": "supported and confirmed",
    "t": "t-test at 0.05, one by one",
}


def campaign(number: int, world: World) -> Counts:
    """One campaign: some questions, each sealed, measured, judged, and confirmed if supported."""
    chance = random.Random(f"{number} {world.effect}")
    kind = "normal" if world.share else list(VALUES)[number % len(VALUES)]
    known: list[stream.Tested] = []
    true, false = Counter[str](), Counter[str]()
    planted = 0
    for question in range(QUESTIONS):
        real = chance.random() < world.share
        planted += real
        counts = true if real else false
        counts.update(_ask(known, chance, question, world, real, kind))
    return Counts(kind, true, false, planted)


def _ask(
    known: list[stream.Tested],
    chance: random.Random,
    question: int,
    world: World,
    real: bool,
    kind: str,
) -> list[str]:
    """By which ways of judging a question becomes a discovery."""
    hypothesis = _hypothesis(question, world.smallest)
    found: list[str] = []
    first = None
    for confirms in ("", "first"):
        level = stream.next_level(known, ALPHA)
        protocol = protocols.plan(
            hypothesis,
            pairs=max(PAIRS, protocols.least_pairs(level)),
            alpha=ALPHA,
            level=level,
            code_hash="c" * 64,
            runner_hash="r" * 64,
            earlier=1 if confirms else 0,
            confirms=confirms,
            resamples=RESAMPLES,
        )
        trials = _measure(protocol, chance, world.effect * real, kind)
        if not confirms and _t_test(trials, protocol):
            found.append("t")
        fate = chance.random() if world.failing else 1.0
        judgement = None
        if fate >= ABANDONED:
            judgement = judge(protocol, trials[1:] if fate < ABANDONED + FAILED else trials)
        p_value = judgement.overall_p if judgement else None
        known.append(stream.Tested(str(len(known)), hypothesis.id, level, p_value))
        if judgement is None:
            return found
        if first is not None:
            judgement = settle(first, judgement)
        if p_value is not None and p_value <= level:
            found += ["test"] if confirms else ["test", "first"]
        if judgement.verdict is not Verdict.SUPPORTED:
            return found
        first = judgement
    return [*found, "supported"]


def _hypothesis(question: int, smallest: float) -> Hypothesis:
    return Hypothesis(
        id=f"H{question + 1}",
        statement="made up",
        quotes=(Quote(essay="E1", sentence=1, start=0, end=4, text="made"),),
        kit="made_up",
        factor="arm",
        treatment="new",
        control="old",
        metric="score",
        direction=Direction.INCREASE,
        smallest_effect=smallest,
        parameters={"question": question},
    )


def _measure(protocol: Protocol, chance: random.Random, effect: float, kind: str) -> list[Trial]:
    """Both arms of every pair from one distribution, the treatment moved by the effect."""
    draw = VALUES[kind]
    return [
        Trial(arm=arm, seed=seed, metrics={protocol.metric: draw(chance) + shift}, seconds=0.1)
        for seed in protocol.seeds
        for arm, shift in ((protocol.treatment, effect), (protocol.control, 0.0))
    ]


def _t_test(trials: Sequence[Trial], protocol: Protocol) -> bool:
    """Whether a plain paired t-test takes the effect for real."""
    values = [trial.metrics[protocol.metric] for trial in trials]
    differences = [one - other for one, other in zip(values[::2], values[1::2], strict=True)]
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return statistics.fmean(differences) / error >= _critical(len(differences))


@cache
def _critical(pairs: int) -> float:
    from scipy import stats

    return float(stats.t.isf(ALPHA, pairs - 1))


class Shares(NamedTuple):
    """Over many campaigns: mean false discovery proportion, its error, power; by way."""

    false: dict[str, float]
    error: dict[str, float]
    power: dict[str, float]


def shares(campaigns: Iterable[Counts]) -> Shares:
    """The mean share of false ones among the discoveries, and of planted ones that are found."""
    found = list(campaigns)
    false, error, power = {}, {}, {}
    planted = sum(one.planted for one in found)
    for way in WAYS:
        proportions = [one.false[way] / max(1, one.false[way] + one.true[way]) for one in found]
        mean = sum(proportions) / len(found)
        spread = sum((p - mean) ** 2 for p in proportions) / max(1, len(found) - 1)
        false[way], error[way] = mean, math.sqrt(spread / len(found))
        once = "first" if way == "test" else way  # a confirmation finds nothing anew
        power[way] = sum(one.true[once] for one in found) / planted if planted else math.nan
    return Shares(false, error, power)


def show(title: str, found: Shares) -> None:
    """One line for each way of judging."""
    print(title)
    for way, words in WAYS.items():
        power = "" if math.isnan(found.power[way]) else f"   power {found.power[way]:6.1%}"
        rate = f"{found.false[way]:7.2%} +- {found.error[way]:.2%}"
        print(f"  {words:<32} false discovery rate {rate}{power}")


def plot(curves: Sequence[tuple[float, Shares]]) -> str:
    """Power and false discovery rate against the planted effect."""
    ticks = [effect for effect, _ in curves]
    nominal = Series("promised", [(ticks[0], ALPHA), (ticks[-1], ALPHA)], pale=True)
    powers = [
        Series(words, [(effect, one.power[way]) for effect, one in curves], marked=True)
        for way, words in WAYS.items()
    ]
    rates = [
        Series(
            words,
            [(effect, one.false[way]) for effect, one in curves],
            marked=True,
            bars=[
                (max(0, one.false[way] - 2 * one.error[way]), one.false[way] + 2 * one.error[way])
                for _, one in curves
            ],
        )
        for way, words in WAYS.items()
    ]
    top = max(high for series in rates for _, high in series.bars)
    most = max(0.1, math.ceil(top * 20) / 20)
    steps = [n / 20 for n in range(round(most * 20) + 1)]
    x_label = f"planted effect, standard deviations of a difference ({PAIRS} pairs)"
    across = (0.0, ticks[-1])
    return render(
        f"Half of {QUESTIONS} effects planted: power and false discoveries",
        [
            Panel("Power", x_label, "share found", across, (0, 1), ticks, FIFTHS, powers),
            Panel(
                "False discoveries",
                x_label,
                "false discovery rate",
                across,
                (0, most),
                ticks,
                steps,
                [*rates, nominal],
            ),
        ],
    )


FIFTHS = (0, 0.2, 0.4, 0.6, 0.8, 1)


def broken(found: Shares) -> list[str]:
    """The ways that promise control and show more false discoveries than chance explains."""
    return [way for way in ("test", "supported") if found.false[way] - 3 * found.error[way] > ALPHA]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the plot goes")
    parser.add_argument("--campaigns", type=int, default=10_000, help="without any effect")
    parser.add_argument("--planted", type=int, default=400, help="for each planted effect")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    began, wrong = time.perf_counter(), []
    with Pool(options.jobs) as pool:

        def run(count: int, world: World) -> list[Counts]:
            return pool.map(partial(campaign, world=world), range(count), chunksize=20)

        nothing = run(options.campaigns, NOTHING)
        for kind in (*VALUES, ""):
            some = [one for one in nothing if kind in ("", one.kind)]
            found = shares(some)
            show(f"{len(some)} campaigns without any effect, {kind or 'all'} values", found)
            wrong += broken(found)
        curves = []
        for effect in EFFECTS:
            found = shares(run(options.planted, World(effect, 0.5, EFFECTS[0], False)))
            show(f"{options.planted} campaigns, half of the effects {effect:g}", found)
            wrong += broken(found)
            curves.append((effect, found))
    options.folder.mkdir(parents=True, exist_ok=True)
    target = options.folder / "error_control.svg"
    target.write_text(plot(curves), encoding="utf-8")
    print(f"plot: {target}   {time.perf_counter() - began:.0f} s")
    if wrong:
        print(f"more than {ALPHA:g} of the discoveries are false: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
