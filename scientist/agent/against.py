"""What a text says against the record: its typed sentences beside all that is claimed.

Used wherever words leave the house: `scientist check TEXT`, and answers in a conversation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scientist.agent import stating
from scientist.errors import UsageError
from scientist.lab.kits import all_kits
from scientist.records import Assertion, Says, Source, one_line

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.science.consistency.rules import Clash

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Against:
    """A sentence of a text that cannot hold with something that stands."""

    sentence: str
    rule: str
    proof: tuple[str, ...]
    claims: dict[str, str]

    def card(self) -> list[str]:
        """The lines of it."""
        lines = [f"conflict: {self.rule}", f"  said      {self.sentence}"]
        lines += [f"  {name:<9} {text}" for name, text in self.claims.items()]
        return [*lines, *(f"  because   {step}" for step in self.proof)]


def clashes(journal: Journal, text: str) -> list[Against]:
    """What a text's typed sentences cannot hold with, on record or in the text before them.

    Its other sentences are not judged here.
    """
    from scientist.science.consistency.index import Index
    from scientist.science.consistency.knowledge import gather

    sentences = [one for one in _SENTENCE.split(text) if stating.has_form(one)]
    if not sentences:
        return []  # and no kit was read to find that out
    source, kits = Source(kind="chat", address="text"), all_kits()
    stated: list[Assertion] = []
    for number, sentence in enumerate(sentences, 1):
        try:
            said = stating.read(f"text.{number}", sentence, source, kits, 0.5)
        except UsageError:
            continue  # a condition nobody can read: nothing typed is said
        if said.says is not Says.TEXT:
            stated.append(said)
    index, claims = Index(), gather(journal).assertions
    for one in claims.values():
        index.add(one)
    found: list[Against] = []
    for said in stated:
        claims[said.id] = said
        found += [
            Against(said.text, clash.rule, clash.proof, _others(clash, said, claims))
            for clash in index.add(said)
        ]
    return found


def _others(clash: Clash, said: Assertion, claims: Mapping[str, Assertion]) -> dict[str, str]:
    return {name: one_line(claims[name].text) for name in clash.members if name != said.id}
