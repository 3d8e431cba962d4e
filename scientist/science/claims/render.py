"""From a claim to its sentence: each address is computed and written in its form.

`verify` holds a claim against the raw trials: the judgement behind it is computed again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from scientist.errors import ScientistError
from scientist.records import Address, Claim, Form
from scientist.science.claims.evidence import Evidence, Run, Value
from scientist.science.claims.operations import NotBound, compute

_PLACE = re.compile(r"\{([a-z_][a-z_0-9]*)\}")
_SAME = 1e-9  # libraries of another version may differ by this much


def render(claim: Claim, evidence: Evidence) -> str:
    """The sentence of a claim, every number computed anew."""
    try:
        texts = {
            name: write(compute(evidence, address), address.form)
            for name, address in claim.addresses.items()
        }
    except NotBound as fault:
        raise ScientistError(
            f"this claim has no ground: {fault}", "scientist finding list"
        ) from fault
    return fill(claim.template, texts)


def fill(template: str, texts: Mapping[str, str]) -> str:
    """The template with its places filled; a place without a text stays as it is."""
    return _PLACE.sub(lambda place: texts.get(place[1], place[0]), template)


def verify(claim: Claim, text: str, evidence: Evidence) -> list[str]:
    """Why the text is not what the claim gives by the raw trials; nothing if it is."""
    try:
        given = render(claim, evidence)
    except ScientistError as fault:
        return [fault.message]
    problems = [f'the record gives "{given}"'] if given != text else []
    for name in dict.fromkeys(address.experiment for address in claim.addresses.values()):
        run = evidence.run(name)
        problems += recompute(run) if run else []
    return problems


def recompute(run: Run) -> list[str]:
    """Where the recorded judgement is not what the raw trials give under the sealed rule."""
    from scientist.science import judge

    found = judge.judge(run.protocol, run.trials)
    if run.first is not None:
        found = judge.settle(run.first, found)
    said = run.judgement.model_dump(mode="json", exclude={"reason", "explored"})
    given = found.model_dump(mode="json", exclude={"reason", "explored"})
    names = [name for name in said if not _same(said[name], given[name])]
    return [
        f"{run.experiment}: its {name.replace('_', ' ')} is {said[name]}, "
        f"the raw trials give {given[name]}"
        for name in names
    ]


def _same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_SAME, abs_tol=1e-300)
    return one == other


def write(value: Value, form: Form) -> str:
    """A value in its form; words as they are, and no minus before a zero."""
    if isinstance(value, str):
        return value
    number = (-value if form.turned else value) * form.scale + 0.0
    if form.style == "shortest":
        return repr(float(number))
    letter = {"fixed": "f", "scientific": "e", "general": "g"}[form.style]
    text = f"{number:.{form.digits}{letter}}"
    return text.lstrip("-") if float(text) == 0 else text


def form_of(text: str, turned: bool = False) -> Form:
    """The form that a written number has."""
    digits, exponent, _ = text.lower().partition("e")
    decimals = len(digits.partition(".")[2])
    return Form(
        style="scientific" if exponent else "fixed", digits=min(decimals, 17), turned=turned
    )


def spell(address: Address) -> str:
    """An address as a reader sees it."""
    if not address.experiment:  # an id or a quote: it stands on record as it is
        return f"{address.operation} {address.argument}"
    what = address.operation
    if address.argument:
        what += f" {address.argument}"
    if len(address.arms) > 1:
        what += f" of {address.arms[0]} against {address.arms[1]}"
    elif address.arms:
        what += f" of {address.arms[0]}"
    return f"{address.experiment}: {what}" + (f" on {address.metric}" if address.metric else "")
