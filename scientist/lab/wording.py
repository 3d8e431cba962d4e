"""Numbers that stand in a question, and the parameters of a kit that they are values of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scientist.errors import UsageError
from scientist.lab.kits import Kit, Parameter

NOTHING = "no parameter"
_NUMBER = re.compile(r"(?<![\w.,])[-−]?\d+(?:\.\d+)?(?: ?%)?(?![\w%]|[.,]\d)")


def numbers(question: str) -> dict[str, float]:
    """The numbers of a question, by how they are written; a percentage is a share."""
    found = {}
    for match in _NUMBER.finditer(question):
        text = match[0].replace(" ", "")
        value = float(text.rstrip("%").replace("−", "-"))
        found[text] = value / 100 if text.endswith("%") else value
    return found


def field(number: str) -> str:
    """What an answer calls the parameter that a number is the value of."""
    return f"{number} is"


def able(kit: Kit, question: str) -> dict[str, tuple[str, ...]]:
    """The parameters that each number may be the value of; the one that is named before it."""
    found = {}
    for text, value in numbers(question).items():
        names = [name for name, one in kit.parameters.items() if _allows(one, value)]
        named = [name for name in names if _names(question, name, text)]
        if names:
            found[text] = tuple(named or (*names, NOTHING))
    return found


def names_one(kit: Kit, question: str) -> bool:
    """Whether a question names one of the parameters beside its number."""
    return any(
        _names(question, name, text) for name in kit.parameters for text in numbers(question)
    )


def bound(question: str, reading: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The parameters that a reading gives the numbers of a question to."""
    for text, value in numbers(question).items():
        name = reading.get(field(text), NOTHING)
        if name != NOTHING:
            yield name, value


def _names(question: str, parameter: str, number: str) -> bool:
    """Whether a question names a parameter right before a number."""
    name = re.escape(parameter).replace("_", "[_ ]")
    asked = rf"\b{name}(?: ?=| of| is| at)? ?{re.escape(number)}(?![\d.]*\d)"
    return bool(re.search(asked, question, re.IGNORECASE))


def _allows(parameter: Parameter, value: float) -> bool:
    try:
        parameter.value("", value, "")
    except UsageError:
        return False
    return True
