"""The sentence of a finding, written from its numbers alone.

Rounding never moves a number across zero, across the smallest effect of interest, or a
p-value to nought.
"""

from __future__ import annotations

from scientist.records import Hypothesis, Judgement

DIGITS = 3
MOST_DIGITS = 12


def render(hypothesis: Hypothesis, judgement: Judgement) -> str:
    """One sentence: what was compared, what was measured, how sure, what follows."""
    conditions = _conditions(hypothesis)
    about = f"{hypothesis.treatment} against {hypothesis.control} on {hypothesis.metric}"
    if judgement.effect is None or judgement.interval is None or judgement.p_value is None:
        return f"{about}{conditions}: {judgement.verdict}, because {judgement.reason}."
    edges = (0.0, hypothesis.smallest_effect, -hypothesis.smallest_effect)
    effect, low, high = (
        rounded(value, edges)
        for value in (judgement.effect, judgement.interval.low, judgement.interval.high)
    )
    spread = f"{judgement.interval.confidence:.0%} {judgement.interval.method} interval"
    change = "changed" if judgement.effect == 0 else "raised" if judgement.effect > 0 else "lowered"
    return (
        f"{hypothesis.treatment} {change} {hypothesis.metric} by {effect.lstrip('-')} compared "
        f"with {hypothesis.control}{conditions} (difference {effect}, "
        f"{spread} {low} to {high}, "
        f"{judgement.pairs} paired seeds, one-sided p = {probability(judgement.p_value)}): "
        f"{judgement.verdict}, because {judgement.reason}."
    )


def rounded(value: float, edges: tuple[float, ...] = (0.0,)) -> str:
    """As few digits as keep the value on its side of every edge."""
    for digits in range(DIGITS, MOST_DIGITS + 1):
        text = f"{value:.{digits}f}"
        if all(_side(float(text), edge) == _side(value, edge) for edge in edges):
            return text
    return repr(value)


def probability(p: float) -> str:
    """A p-value that is never shown as zero."""
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.1e}"


def _side(value: float, edge: float) -> int:
    return (value > edge) - (value < edge)


def _conditions(hypothesis: Hypothesis) -> str:
    parts = [
        f"{name} = {value:g}" if isinstance(value, int | float) else f"{name} = {value}"
        for name, value in sorted(hypothesis.parameters.items())
    ]
    return f", with {', '.join(parts)}" if parts else ""
