"""The sentence of a finding, rendered from its numbers; no model writes any of it.

Rounding never moves a number across zero or across the smallest effect of interest,
a p-value never across alpha and never to zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from scientist.records import Hypothesis, Judgement, Verdict

MOST_DECIMALS = 15


def render(hypothesis: Hypothesis, judgement: Judgement) -> str:
    """One sentence: what changed by how much, how sure, under what conditions, and so what."""
    conditions = _conditions(hypothesis)
    interval, effect, p_value = judgement.interval, judgement.effect, judgement.p_value
    if effect is None or interval is None or p_value is None:
        return (
            f"{hypothesis.treatment} compared with {hypothesis.control} on {hypothesis.metric}"
            f"{conditions}: {judgement.verdict}, because {judgement.reason}."
        )
    shown = [effect, interval.low, interval.high]
    if effect < 0:  # "lowered by 0.1" tells the sign in the verb
        shown = [-effect, -interval.high, -interval.low]
    smallest = hypothesis.smallest_effect
    size, low, high = together(shown, (0.0, smallest, -smallest))
    alpha = round(1 - interval.confidence, 12)
    if effect == 0:
        change = f"left {hypothesis.metric} unchanged"
    else:
        change = f"{'raised' if effect > 0 else 'lowered'} {hypothesis.metric} by {size}"
    if interval.method == "degenerate":
        spread = "the same in every pair"
    else:
        spread = f"{interval.confidence * 100:g}% {interval.method} interval {low} to {high}"
    why = "" if judgement.verdict is Verdict.SUPPORTED else f", because {judgement.reason}"
    return (
        f"{hypothesis.treatment} {change} ({spread}, n = {judgement.pairs} pairs, "
        f"p = {probability(p_value, alpha)}) compared with {hypothesis.control}{conditions}: "
        f"{judgement.verdict}{why}."
    )


def together(values: Sequence[float], edges: Sequence[float]) -> list[str]:
    """Numbers with one count of decimals, enough that each stays on its side of every edge.

    Two digits of their spread are shown, or three of the number where all are equal.
    """
    spread = max(values) - min(values)
    scale = spread or max(map(abs, values)) / 10 or 1.0
    if scale > 10**MOST_DECIMALS:
        return [repr(value + 0.0) for value in values]
    least = max(0, 1 - math.floor(math.log10(scale)))
    for decimals in range(least, MOST_DECIMALS + 1):
        texts = [f"{value + 0.0:.{decimals}f}" for value in values]
        if all(_kept(value, text, edges) for value, text in zip(values, texts, strict=True)):
            return [text.lstrip("-") if float(text) == 0 else text for text in texts]
    return [repr(value + 0.0) for value in values]


def probability(p: float, alpha: float) -> str:
    """A p-value with two digits, more where two would move it across alpha."""
    write: Callable[[int], str] = (
        (lambda digits: f"{p:.{digits - 1}e}")
        if p < 1e-5
        else (lambda digits: f"{p:.{digits - 1 - math.floor(math.log10(p))}f}")
    )
    for digits in range(2, 17):
        text = write(digits)
        if (float(text) <= alpha) == (p <= alpha):
            return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return repr(p)


def _kept(value: float, text: str, edges: Sequence[float]) -> bool:
    written = float(text)
    return all((value > e) - (value < e) == (written > e) - (written < e) for e in edges)


def _conditions(hypothesis: Hypothesis) -> str:
    """The parameters that were chosen; the others have the defaults of the sealed code."""
    if not hypothesis.conditions:
        return " (default setting)" if hypothesis.parameters else ""
    chosen = {name: hypothesis.parameters[name] for name in sorted(hypothesis.conditions)}
    parts = (
        f"{name} = {value:.12g}"
        if isinstance(value, int | float) and not isinstance(value, bool)
        else f"{name} = {value}"
        for name, value in chosen.items()
    )
    return f" ({', '.join(parts)})"
