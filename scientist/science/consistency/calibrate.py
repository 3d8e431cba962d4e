"""Make the chances of a judge honest: a seven that is said should come true seven times in ten.

A calibration stretches the log of each chance and shifts it (vector scaling: Guo and others
2017), fitted by maximum likelihood on pairs with known answers. How good chances are is told by
the expected calibration error and the Brier score. Pure mathematics: no model, no journal.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import fmean

from pydantic import Field

from scientist.records import Record

LEAST = 1e-6  # no chance is ever called nought
PENALTY = 0.002
FOLDS = 9
BINS = 10
Chances = Sequence[float]


class Calibration(Record):
    """How the chances of one judge are to be read: a stretch and a shift for each option."""

    stretch: tuple[float, ...] = Field(min_length=2)
    shift: tuple[float, ...] = Field(min_length=2)

    def apply(self, chances: Chances) -> tuple[float, ...]:
        """The calibrated chances; they sum to one."""
        logs = _logs(chances)
        return softmax(
            [a * log + b for a, log, b in zip(self.stretch, logs, self.shift, strict=True)]
        )


def softened(options: int, temperature: float) -> Calibration:
    """What to make of a judge nobody has measured: the same order, said with less certainty."""
    return Calibration(stretch=(1 / temperature,) * options, shift=(0.0,) * options)


def average(one: Chances, other: Chances) -> tuple[float, ...]:
    """The mean of two sets of chances on the scale of logs, where each has the same say."""
    return softmax([(a + b) / 2 for a, b in zip(_logs(one), _logs(other), strict=True)])


def softmax(logits: Sequence[float]) -> tuple[float, ...]:
    """Chances out of what may be any numbers."""
    most = max(logits)
    parts = [math.exp(value - most) for value in logits]
    return tuple(part / sum(parts) for part in parts)


def fit(given: Sequence[Chances], answers: Sequence[int], penalty: float = PENALTY) -> Calibration:
    """The stretch and shift under which the right answers are likeliest.

    The penalty, for each pair, keeps the stretches alike and the shifts small, so that few
    pairs are not learnt by heart.
    """
    import numpy
    from scipy.optimize import minimize

    if len(given) != len(answers) or not given:
        raise ValueError("a calibration needs chances, each with its right answer")
    logs = numpy.array([_logs(chances) for chances in given])
    count, options = logs.shape
    right = numpy.asarray(answers)
    rows = numpy.arange(count)

    def loss(values: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        stretch, shift = values[:options], values[options:]
        logits = logs * stretch + shift
        logits -= logits.max(axis=1, keepdims=True)
        chances = numpy.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        missed = chances.copy()
        missed[rows, right] -= 1
        apart = stretch - stretch.mean()
        value = -numpy.log(chances[rows, right]).mean()
        value += penalty * ((apart**2).sum() + (shift**2).sum())
        slope = [(missed * logs).mean(axis=0) + 2 * penalty * apart]
        slope.append(missed.mean(axis=0) + 2 * penalty * shift)
        return float(value), numpy.concatenate(slope)

    start = numpy.concatenate([numpy.ones(options), numpy.zeros(options)])
    # a stretch below nought would turn the judge's word round: better not to believe it at all
    bounds = [(0.0, 50.0)] * options + [(-50.0, 50.0)] * options
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    values = [round(float(value), 6) for value in found]
    return Calibration(stretch=tuple(values[:options]), shift=tuple(values[options:]))


def cross_validated(
    given: Sequence[Chances],
    answers: Sequence[int],
    groups: Sequence[object],
) -> list[tuple[float, ...]]:
    """Every set of chances calibrated by a fit that saw no pair of its own group."""
    found: list[tuple[float, ...]] = [()] * len(given)
    for held_out in folds(groups):
        out = set(held_out)
        kept = [n for n in range(len(given)) if n not in out]
        calibration = fit([given[n] for n in kept], [answers[n] for n in kept])
        for n in held_out:
            found[n] = calibration.apply(given[n])
    return found


def folds(groups: Sequence[object], count: int = FOLDS) -> list[list[int]]:
    """The numbers of the pairs in each fold; a group is never divided, and two folds at least."""
    names = sorted(set(map(str, groups)))
    if len(names) < 2:
        raise ValueError("cross-validation needs two groups at least")
    random.Random(0).shuffle(names)
    count = min(count, len(names))
    place = {name: n % count for n, name in enumerate(names)}
    return [[n for n, g in enumerate(groups) if place[str(g)] == fold] for fold in range(count)]


def calibration_error(given: Sequence[Chances], answers: Sequence[int], bins: int = BINS) -> float:
    """How far, on average, the chance of the likeliest option is from how often it is right."""
    kept: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for chances, answer in zip(given, answers, strict=True):
        most = max(chances)
        kept[min(int(most * bins), bins - 1)].append((most, likeliest(chances) == answer))
    return sum(
        abs(sum(said for said, _ in group) - sum(right for _, right in group)) for group in kept
    ) / len(given)


def brier(given: Sequence[Chances], answers: Sequence[int]) -> float:
    """The mean squared distance from the truth over all options: 0 is perfect, 2 the worst."""
    return fmean(
        sum((chance - (n == answer)) ** 2 for n, chance in enumerate(chances))
        for chances, answer in zip(given, answers, strict=True)
    )


def log_loss(given: Sequence[Chances], answers: Sequence[int]) -> float:
    """The mean surprise at the right answers, in nats."""
    return fmean(
        -math.log(max(LEAST, chances[answer]))
        for chances, answer in zip(given, answers, strict=True)
    )


def accuracy(given: Sequence[Chances], answers: Sequence[int]) -> float:
    """How often the likeliest option is the right one."""
    return fmean(
        likeliest(chances) == answer for chances, answer in zip(given, answers, strict=True)
    )


def likeliest(chances: Chances) -> int:
    """The number of the option with the greatest chance; the first of equals."""
    return max(range(len(chances)), key=lambda n: chances[n])


def _logs(chances: Chances) -> list[float]:
    return [math.log(max(LEAST, chance)) for chance in chances]
