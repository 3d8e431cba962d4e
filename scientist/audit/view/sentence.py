"""A sentence cut into words and numbers, each number with the address of its trace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from scientist.audit.tracing import findings
from scientist.audit.tracing.trail import Trail
from scientist.errors import ScientistError
from scientist.journal import Entry
from scientist.records import Finding, clean
from scientist.science.claims import numbers
from scientist.science.claims.operations import NotBound, compute
from scientist.science.claims.render import write

_PLACE = re.compile(r"\{([a-z_][a-z_0-9]*)\}")


@dataclass(frozen=True)
class Piece:
    """Words, or a number with where its trace is."""

    text: str
    trace: str = ""


@dataclass(frozen=True)
class Sentence:
    """Pieces in their order; `differs` if the claim behind it gives another sentence."""

    pieces: tuple[Piece, ...]
    differs: str = ""

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


def said(text: str) -> Sentence:
    """A sentence without a number that can be followed."""
    return Sentence((Piece(clean(text)),))


def figured(text: str) -> Sentence:
    """A sentence in which every number is looked for in the whole record."""
    told, pieces, end = clean(text), list[Piece](), 0
    for one in numbers.find(told):
        if one.label or one.relation != "=" or one.start < end:
            continue
        pieces.append(Piece(told[end : one.start]))
        pieces.append(Piece(told[one.start : one.end], "/trace?" + urlencode({"what": one.text})))
        end = one.end
    return Sentence((*pieces, Piece(told[end:])))


def of_finding(trail: Trail, entry: Entry, found: Finding) -> Sentence:
    """The sentence of a finding: each number computed from the raw trials as the page is made."""
    if not found.experiment:  # nothing was measured: its numbers are words of the reason
        return said(found.statement)
    if found.claim is None:
        return figured(found.statement)
    gives = findings.evidence(trail, entry)
    pieces, end, template = list[Piece](), 0, found.claim.template
    try:
        for place in _PLACE.finditer(template):
            address = found.claim.addresses[place[1]]
            pieces.append(Piece(_spaced(template[end : place.start()])))
            number = clean(write(compute(gives, address), address.form))
            where = f"/trace/{quote(found.id)}/{quote(place[1])}"
            pieces.append(Piece(number, where if address.experiment else ""))
            end = place.end()
    except (KeyError, NotBound, ScientistError) as fault:
        return Sentence(figured(found.statement).pieces, f"its claim has no ground: {fault}")
    given = Sentence((*pieces, Piece(_spaced(template[end:]))))
    if given.text == _spaced(found.statement):
        return given
    differs = f"by the raw trials it would be: {given.text}"
    return Sentence(figured(found.statement).pieces, differs)


def _spaced(text: str) -> str:
    """Text of a sentence without what hides; the spaces at its ends stay."""
    return re.sub(r"\s+", " ", clean(f"|{text}|")[1:-1])
