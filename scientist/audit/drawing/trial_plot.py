"""The plots of an experiment: every seed of every arm, the means, and the paired differences.

`strips` are lines for the terminal, `draw` is the same as SVG; `lines` and `swept` show how
arms fare along a parameter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import TYPE_CHECKING

from scientist.audit.drawing import svg
from scientist.audit.drawing.svg import Panel, Series, render

if TYPE_CHECKING:
    from scientist.records import Judgement, Protocol, Trial

WIDTH = 56
TICKS = 5
Curves = Mapping[str, Sequence[tuple[float, float, float]]]  # arm: (level, mean, standard error)


def strips(protocol: Protocol, trials: Sequence[Trial]) -> list[str]:
    """One line for each arm: a mark for each seed, `|` at the mean; the ends above."""
    values = _by_arm(protocol, trials)
    if not values:
        return []
    low, high = _extremes(values)
    left = max(map(len, values)) + 2
    ends = f"{low:.4g}{f'{high:.4g}':>{WIDTH - len(f'{low:.4g}')}}"
    found = [f"  {protocol.metric}: each mark is a seed, | the mean", f"  {'':{left}}{ends}"]
    for arm, line in marks(protocol, trials).items():
        found.append(f"  {arm:{left}}{line}  {mean(values[arm]):.4g}")
    return found


def marks(protocol: Protocol, trials: Sequence[Trial]) -> dict[str, str]:
    """The line of marks of each arm, treatment and control first, all on one scale."""
    values = _by_arm(protocol, trials)
    found: dict[str, str] = {}
    for arm, measured in values.items():
        low, high = _extremes(values)
        line = [" "] * WIDTH
        for value in measured:
            place = _place(value, low, high)
            line[place] = {" ": ".", ".": ":"}.get(line[place], "#")
        line[_place(mean(measured), low, high)] = "|"
        found[arm] = "".join(line)
    return found


def _extremes(values: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    everything = [value for found in values.values() for value in found]
    return min(everything), max(everything)


def draw(
    title: str, protocol: Protocol, trials: Sequence[Trial], judgement: Judgement | None
) -> str:
    """Arms beside one another, and the sealed differences with their interval, as SVG.

    Without a judgement no interval is drawn.
    """
    values = _by_arm(protocol, trials)
    return render(title, [_arms(protocol, values), _differences(protocol, trials, judgement)])


def apart(protocol: Protocol, trials: Sequence[Trial], judgement: Judgement | None) -> list[str]:
    """The same two plots, each as an SVG of its own, for a page that has their style."""
    values = _by_arm(protocol, trials)
    return svg.apart([_arms(protocol, values), _differences(protocol, trials, judgement)])


def swept(title: str, over: str, metric: str, curves: Curves) -> str:
    """A metric of every arm along a parameter, with two standard errors, as SVG."""
    levels = sorted({level for points in curves.values() for level, _, _ in points})
    heights = [
        y + 2 * side * e for points in curves.values() for _, y, e in points for side in (-1, 1)
    ]
    low, high = _ends(heights)
    series = [
        Series(
            arm,
            [(level, value) for level, value, _ in points],
            marked=True,
            bars=[(value - 2 * error, value + 2 * error) for _, value, error in points],
        )
        for arm, points in curves.items()
    ]
    panel = Panel(
        title="mean and two standard errors; exploratory",
        x_label=over,
        y_label=metric,
        x_range=(levels[0], levels[-1]),
        y_range=(low, high),
        x_ticks=levels,
        y_ticks=_ticks(low, high),
        series=series,
    )
    return render(title, [panel])


def summary(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard error."""
    if len(values) < 2:
        return mean(values), 0.0
    return mean(values), stdev(values) / math.sqrt(len(values))


def _by_arm(protocol: Protocol, trials: Sequence[Trial]) -> dict[str, list[float]]:
    """The sealed arms' values; treatment and control come first."""
    order = dict.fromkeys((protocol.treatment, protocol.control, *protocol.arms))
    found = {
        arm: [
            t.metrics[protocol.metric]
            for t in trials
            if t.arm == arm and protocol.metric in t.metrics
        ]
        for arm in order
    }
    return {arm: values for arm, values in found.items() if values}


def _place(value: float, low: float, high: float) -> int:
    return round((value - low) / ((high - low) or 1.0) * (WIDTH - 1))


def _arms(protocol: Protocol, values: Mapping[str, Sequence[float]]) -> Panel:
    everything = [value for found in values.values() for value in found] or [0.0]
    low, high = _ends(everything)
    series = []
    for number, (arm, measured) in enumerate(values.items(), 1):
        spread = [
            (number + 0.3 * (place / max(len(measured) - 1, 1) - 0.5), value)
            for place, value in enumerate(measured)
        ]
        centre, error = summary(measured)
        bar = (centre - 2 * error, centre + 2 * error)
        label = f"{number}: {arm}, mean {centre:.4g}"
        series.append(
            Series(label, spread, joined=False, marked=True, bars=[(v, v) for _, v in spread])
        )
        series.append(
            Series("", [(number + 0.25, centre)], joined=False, marked=True, pale=True, bars=[bar])
        )
    return Panel(
        title="every seed; beside it the mean and two standard errors",
        x_label="arm",
        y_label=protocol.metric,
        x_range=(0.5, len(values) + 0.5),
        y_range=(low, high),
        x_ticks=range(1, len(values) + 1),
        y_ticks=_ticks(low, high),
        series=series,
    )


def _differences(protocol: Protocol, trials: Sequence[Trial], judgement: Judgement | None) -> Panel:
    """Treatment minus control by seed, sorted, with what the rule made of them."""
    metric = protocol.metric
    known = {(t.arm, t.seed): t.metrics[metric] for t in trials if metric in t.metrics}
    both = [
        known[protocol.treatment, seed] - known[protocol.control, seed]
        for seed in protocol.seeds
        if (protocol.treatment, seed) in known and (protocol.control, seed) in known
    ]
    points = [(float(place), value) for place, value in enumerate(sorted(both), 1)]
    smallest = protocol.smallest_effect
    low, high = _ends([*both, -smallest, smallest])
    last = float(max(len(both), 1)) + 2
    series = [
        Series("no difference", [(0.0, 0.0), (last, 0.0)], pale=True),
        Series("", [(0.0, smallest), (last, smallest)], pale=True),
        Series("smallest effect of interest", [(0.0, -smallest), (last, -smallest)], pale=True),
        Series("one pair of trials each", points, joined=False, marked=True),
    ]
    if judgement and judgement.effect is not None and judgement.interval is not None:
        interval = judgement.interval
        label = (
            f"mean {judgement.effect:+.4g}, {interval.confidence * 100:g}% {interval.low:+.4g} to "
            f"{interval.high:+.4g}: {judgement.verdict}"
        )
        bars = [(interval.low, interval.high)]
        series.append(
            Series(label, [(last - 1, judgement.effect)], joined=False, marked=True, bars=bars)
        )
    return Panel(
        title=f"{protocol.treatment} minus {protocol.control}, by seed, sorted",
        x_label="pair",
        y_label=f"difference in {metric}",
        x_range=(0.0, last),
        y_range=(low, high),
        x_ticks=sorted({1, len(both)} if both else {1}),
        y_ticks=_ticks(low, high),
        series=series,
    )


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The range of an axis, with a little room."""
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or abs(high) or 1.0
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between the ends."""
    raw = (high - low) / TICKS
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw)
    first = math.ceil(low / step)
    return [round(number * step, 12) for number in range(first, math.floor(high / step) + 1)]
