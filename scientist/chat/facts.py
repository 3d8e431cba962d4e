"""Plain statements of what is looked up by id, such as "the credence of H1 is 0.99".

Only whole sentences of a few forms: an id, one of its facts by name, and its value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scientist.chat.bearing import uncited

if TYPE_CHECKING:
    from scientist.science.claims.evidence import Evidence

_ID = r"(?P<id>[A-Z]{1,3}\d+)"
_VALUE = r"(?P<value>[-−]?\d+(?:\.\d+)?%?)"
_FACT = r"(?P<fact>[a-z][a-z ]{2,30}?)"
_OF = r"(?:hypothesis|finding|experiment|campaign|conflict)?\s*"
_FORMS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?:the )?{_FACT} (?:of|in|for) {_OF}{_ID} (?:is|was) (?:now )?{_VALUE}",
        rf"{_OF}{_ID} has (?:an? )?(?:current )?{_FACT} of {_VALUE}",
        rf"{_OF}{_ID}'s {_FACT} (?:is|was) {_VALUE}",
    )
]
NAMES = {"belief": "credence", "probability": "credence", "chance": "credence"}


def stands(sentence: str, cites: Sequence[str], evidence: Evidence) -> bool:
    """Whether a sentence is such a statement, and true."""
    bare = uncited(sentence).strip().rstrip(".")
    for form in _FORMS:
        if found := form.fullmatch(bare):
            known = evidence.facts.get(found["id"].upper(), {})
            fact = found["fact"].lower().strip()
            value = known.get(fact, known.get(NAMES.get(fact, ""), None))
            return found["id"].upper() in cites and _same(found["value"], value)
    return False


def _same(said: str, value: object) -> bool:
    """Whether a number is a value as it is rounded to so many digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    plain = said.replace("−", "-").rstrip("%")
    digits = len(plain.partition(".")[2])
    exact = value * 100 if said.endswith("%") else value
    return f"{exact:.{digits}f}" == plain
