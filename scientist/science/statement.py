"""The sentence of a finding, rendered from its numbers; no model writes any of it.

`claim` is the same sentence as a bound claim: a template, and the address of every number.
Rounding never moves a number across zero or across the smallest effect of interest,
a p-value never across alpha or the level of its test, and never to zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol as Shape

from scientist.records import (
    Address,
    Claim,
    Direction,
    Form,
    Hypothesis,
    Judgement,
    Protocol,
    Verdict,
)
from scientist.science.claims.evidence import Value
from scientist.science.claims.render import fill, form_of, write

MOST_DECIMALS = 15
Places = dict[str, tuple[Address, str]]


class Put(Shape):
    """Put a value into a place of the template; returns the place as it is written there."""

    def __call__(
        self, name: str, operation: str, value: Value, form: Form, argument: str = ""
    ) -> str: ...


def render(hypothesis: Hypothesis, judgement: Judgement, level: float | None = None) -> str:
    """One sentence: what changed by how much, how sure, under what conditions, and so what."""
    template, places = _parts(hypothesis, judgement, "", level)
    return fill(template, {name: text for name, (_, text) in places.items()})


def plain(hypothesis: Hypothesis, judgement: Judgement) -> str:
    """What was found without statistics, and no more than the verdict allows to say."""
    named = ", ".join(f"{n} = {hypothesis.parameters[n]}" for n in sorted(hypothesis.conditions))
    where = f" where {named}" if named else ""
    found = _found(hypothesis, judgement)
    compared = f"{hypothesis.treatment} {found} compared with {hypothesis.control}"
    return f"{compared}{where} ({hypothesis.factor})."


def _found(hypothesis: Hypothesis, judgement: Judgement) -> str:
    """What the treatment did to the metric, as far as the verdict and the interval tell."""
    metric, smallest = hypothesis.metric, hypothesis.smallest_effect
    effect, interval = judgement.effect, judgement.interval
    if effect is None or interval is None or judgement.verdict is Verdict.INFEASIBLE:
        return f"could not be tested on {metric}"
    if judgement.verdict is Verdict.SUPPORTED:
        return f"{'raised' if effect > 0 else 'lowered'} {metric}"
    if judgement.verdict is Verdict.INCONCLUSIVE:
        return f"was tested without a clear outcome on {metric}"
    predicted = "raise" if hypothesis.direction is Direction.INCREASE else "lower"
    small = -smallest < interval.low and interval.high < smallest
    if interval.low > 0 or interval.high < 0:  # it did something: too little, or the contrary
        did = "raised" if interval.low > 0 else "lowered"
        return f"{did} {metric} by less than {smallest:.12g}" if small else f"{did} {metric}"
    if small:
        return f"did not change {metric} by {smallest:.12g}"
    return f"did not {predicted} {metric} by {smallest:.12g}"


def claim(
    hypothesis: Hypothesis, protocol: Protocol, judgement: Judgement, experiment: str
) -> Claim:
    """The same sentence with the address of every number, as `claims.render` writes it out."""
    template, places = _parts(hypothesis, judgement, experiment, protocol.level)
    if not experiment:  # refused before anything was sealed: nothing has an address
        return Claim(template=fill(template, {name: text for name, (_, text) in places.items()}))
    return Claim(template=template, addresses={name: at for name, (at, _) in places.items()})


def _parts(
    hypothesis: Hypothesis, judgement: Judgement, experiment: str, level: float | None
) -> tuple[str, Places]:
    """The template, and what stands in each of its places."""
    found: Places = {}
    arms, metric = (hypothesis.treatment, hypothesis.control), hypothesis.metric

    def put(name: str, operation: str, value: Value, form: Form, argument: str = "") -> str:
        address = Address(
            experiment=experiment,
            operation=operation,
            arms=arms,
            metric=metric,
            argument=argument,
            form=form,
        )
        found[name] = (address, write(value, form))
        return "{" + name + "}"

    def number(name: str, operation: str, value: float, text: str, turned: bool = False) -> str:
        form = form_of(text, turned)
        if write(value, form) != text:
            form = Form(style="shortest", turned=turned)
        return put(name, operation, value, form)

    conditions = _conditions(hypothesis, put)
    verdict = put("verdict", "verdict", str(judgement.verdict), Form())
    why = ""
    if judgement.verdict is not Verdict.SUPPORTED:
        why = f", because {put('reason', 'reason', judgement.reason, Form())}"
    interval, effect, p_value = judgement.interval, judgement.effect, judgement.p_value
    if effect is None or interval is None or p_value is None:
        compared = f"{hypothesis.treatment} compared with {hypothesis.control} on {metric}"
        return f"{compared}{conditions}: {verdict}{why}.", found
    turned = effect < 0  # "lowered by 0.1" tells the sign in the verb
    shown = [effect, interval.low, interval.high]
    if turned:
        shown = [-effect, -interval.high, -interval.low]
    smallest = hypothesis.smallest_effect
    size, low, high = together(shown, (0.0, smallest, -smallest))
    kind = "unchanged" if effect == 0 else "lowered" if turned else "raised"
    change = put("change", "change", kind, Form())
    if effect == 0:
        change = f"left {metric} {change}"
    else:
        change = f"{change} {metric} by {number('effect', 'effect', effect, size, turned)}"
    if interval.method == "degenerate":
        spread = "the same in every pair"
    else:
        ends = ("interval high", "interval low") if turned else ("interval low", "interval high")
        lower, upper = sorted((interval.low, interval.high), reverse=turned)
        confidence = put("confidence", "confidence", interval.confidence, Form(digits=6, scale=100))
        method = put("method", "interval method", interval.method, Form())
        spread = (
            f"{confidence}% {method} interval {number('low', ends[0], lower, low, turned)} to "
            f"{number('high', ends[1], upper, high, turned)}"
        )
    pairs = put("pairs", "pairs", judgement.pairs, Form(style="fixed", digits=0))
    edges = (round(1 - interval.confidence, 12), *([] if level is None else [level]))
    if judgement.overall_p is None:
        chance = f"p = {number('p', 'p', p_value, probability(p_value, *edges))}"
    else:
        shown_p = probability(judgement.overall_p, *edges)
        chance = f"overall p = {number('p', 'overall p', judgement.overall_p, shown_p)}"
    return (
        f"{hypothesis.treatment} {change} ({spread}, n = {pairs} pairs, {chance}) compared with "
        f"{hypothesis.control}{conditions}: {verdict}{why}."
    ), found


def together(values: Sequence[float], edges: Sequence[float]) -> list[str]:
    """Numbers with one count of decimals, enough that each stays on its side of every edge.

    Two digits of their spread are shown, or three of the number where all are equal, and the
    first digit of each.
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


def probability(p: float, *edges: float) -> str:
    """A p-value with two digits, more where two would move it across alpha or the level."""
    write: Callable[[int], str] = (
        (lambda digits: f"{p:.{digits - 1}e}")
        if p < 1e-5
        else (lambda digits: f"{p:.{digits - 1 - math.floor(math.log10(p))}f}")
    )
    for digits in range(2, 17):
        text = write(digits)
        if all((float(text) <= edge) == (p <= edge) for edge in edges):
            return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return repr(p)


def _kept(value: float, text: str, edges: Sequence[float]) -> bool:
    written, decimals = float(text), len(text.partition(".")[2])
    if value and 10.0**-decimals > 10.0 ** math.floor(math.log10(abs(value)) + 1e-9):
        return False  # its first digit would not be seen: no check binds such a number
    return all((value > e) - (value < e) == (written > e) - (written < e) for e in edges)


def _conditions(hypothesis: Hypothesis, put: Put) -> str:
    """The parameters that were chosen; the others have the defaults of the sealed code."""
    if not hypothesis.conditions:
        return " (default setting)" if hypothesis.parameters else ""
    parts = []
    for number, name in enumerate(sorted(hypothesis.conditions)):
        value = hypothesis.parameters[name]
        if isinstance(value, bool):
            value = str(value)
        parts.append(f"{name} = {put(f'condition_{number}', 'parameter', value, Form(), name)}")
    return f" ({', '.join(parts)})"
