"""The plot of `scientist belief list`: how credences moved, and whether they were borne out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scientist.audit.credences import chance
from scientist.audit.drawing.svg import Panel, Series, render

if TYPE_CHECKING:
    from scientist.science.belief import Belief
    from scientist.science.calibration import Calibration

TITLE = "Credence in each hypothesis, moved only by findings"
MOST_NAMED = 8
MOST_TICKS = 8
SHARES = (0, 0.2, 0.4, 0.6, 0.8, 1)


def draw(beliefs: Sequence[Belief], findings: Sequence[str], scored: Calibration | None) -> str:
    """Both panels as SVG; `findings` are the ids in the order of the record."""
    return render(TITLE, [_history(beliefs, findings), _borne_out(scored)])


def _history(beliefs: Sequence[Belief], findings: Sequence[str]) -> Panel:
    """Credence by finding; the hypotheses that moved most are named, untested ones left out."""
    when = {finding: number for number, finding in enumerate(findings, 1)}
    last = max(len(findings), 1)
    tested = [belief for belief in beliefs if belief.steps]
    tested.sort(key=lambda belief: -abs(belief.credence - belief.prior))
    named, others = tested[:MOST_NAMED], tested[MOST_NAMED:]
    apart = {id(belief.course): belief for belief in others}  # those that went one way are one line
    lines = [
        Series("" if number else f"{len(others)} others", _stairs(belief, when, last), pale=True)
        for number, belief in enumerate(apart.values())
    ]
    lines += [
        Series(
            f"{belief.hypothesis}: {chance(belief.prior)} to {chance(belief.credence)}",
            _stairs(belief, when, last),
        )
        for belief in named
    ]
    return Panel(
        title="History",
        x_label="findings recorded",
        y_label="credence",
        x_range=(0, last),
        y_range=(0, 1),
        x_ticks=range(0, last + 1, -(-last // MOST_TICKS)),
        y_ticks=SHARES,
        series=lines,
    )


def _stairs(belief: Belief, when: Mapping[str, int], last: int) -> list[tuple[float, float]]:
    """A credence stays until a finding moves it."""
    points = [(0.0, belief.prior)]
    for step in belief.steps:
        points += [(when[step.finding], points[-1][1]), (when[step.finding], step.credence)]
    return [*points, (last, points[-1][1])]


def _borne_out(scored: Calibration | None) -> Panel:
    bins = () if scored is None else scored.bins
    counted = "no verdict yet" if scored is None else f"{scored.forecasts} verdicts, 95% ranges"
    return Panel(
        title="Calibration",
        x_label="credence before the verdict",
        y_label="share supported",
        x_range=(0, 1),
        y_range=(0, 1),
        x_ticks=SHARES,
        y_ticks=SHARES,
        series=(
            Series("perfect calibration", ((0, 0), (1, 1)), pale=True),
            Series(
                counted,
                [(group.credence, group.supported) for group in bins],
                joined=False,
                marked=True,
                notes=[f"n = {group.count}" for group in bins],
                bars=[group.range for group in bins],
            ),
        ),
    )
