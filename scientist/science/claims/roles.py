"""From the parts of a clause to what each asserts: a test that finds the address or refuses.

Numbers are tested by `quantities`, words that compare by `directions`. A test gets one comparison
and must hold for every one that may be meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from scientist.records import Address, Verdict
from scientist.science import statistics
from scientist.science.claims import directions
from scientist.science.claims.directions import name
from scientist.science.claims.frames import Groups
from scientist.science.claims.grammar import Clause
from scientist.science.claims.operations import NotBound, Part
from scientist.science.claims.quantities import NUMBERS, Said, address, both, ratio_in_words
from scientist.science.claims.resolve import About
from scientist.science.claims.tokens import Token

_VERBS = {"supports": "supported", "refutes": "refuted"}
_ONCE = ("dir", "size", "signed", "wins", "everyone")  # an aside may say these for the core


@dataclass(frozen=True)
class Item:
    """Tokens that assert one thing, and the test of it."""

    tokens: Sequence[Token]
    test: Callable[[Part], Address]


def items(clause: Clause, before: Clause | None, about: About, verdict: bool) -> list[Item]:
    """Everything that a clause asserts; `verdict` tells that it gives its verdict.

    A clause that names nothing new goes on about the movement of the one before it.
    """
    merged: Groups = {}
    if before is not None and not {"t", "c", "m", "dir", "signed"} & set(clause.core):
        merged = {role: before.core[role] for role in ("dir", "size") if role in before.core}
    merged |= clause.core
    for aside in clause.asides:
        for role in _ONCE:
            if role in aside:
                merged[role] = [*merged.get(role, []), *aside[role]]
    found: list[Item] = []
    for groups in (clause.core, *clause.asides):
        for role, tokens in groups.items():
            test = NUMBERS.get(role) if tokens[0].number is not None else _WORDS.get(role)
            if test is None:
                continue
            if len(merged[role] if role in _ONCE else tokens) > 1:
                test = _twice
            said = Said(role, tokens[0], groups, merged, about, verdict)
            found.append(Item(tokens, partial(test, said)))
    return found


def _twice(said: Said, _: Part) -> Address:
    raise NotBound(f"two things are said for one: “{said.token.text}”")


def _direction(said: Said, part: Part) -> Address:
    wanted, arms, groups = directions.sign(said.token.kind, part), both(part), said.groups
    if said.about.seed is not None:
        raise NotBound("one seed shows no direction")
    if "m2" in groups and groups["m2"][0].value != part.metric:
        raise NotBound("two metrics are compared with each other")
    counted = {"wins", "everyone"} & set(said.clause)
    if "neg" in groups and "sig" in groups:
        directions.not_significant(part)
    elif "neg" in groups:
        directions.not_moved(part, wanted)
    elif counted and not {"size", "rel", "start", "sig"} & set(said.clause):
        directions.effect(part)  # the count says in how many pairs, and claims no more
    else:
        directions.moved(part, wanted, said.verdict)
        if "sig" in groups:
            directions.significant(part, wanted)
    return address(part, "change", arms)


def _verdict(said: Said, part: Part) -> Address:
    directions.sealed(part)
    verdict = part.run.judgement.verdict
    if said.token.kind == "CONFIRMED":
        holds = verdict is Verdict.SUPPORTED and part.run.first is not None
    else:
        word = said.token.text.lower()
        holds = str(verdict) == _VERBS.get(word, word)
    if holds == ("neg" in said.groups):
        raise NotBound(f"{name(part)} is {verdict}")
    return address(part, "verdict", both(part))


def _significant(said: Said, part: Part) -> Address:
    if "neg" in said.groups:
        directions.not_significant(part)
    else:
        directions.significant(part, None)
    return address(part, "verdict", both(part))


def _everyone(said: Said, part: Part) -> Address:
    wanted, differences = said.direction(part), part.differences()
    against = sum(difference * wanted <= 0 for difference in differences)
    if against:
        raise NotBound(f"{against} of {len(differences)} pairs are not so")
    return address(part, "higher in" if wanted > 0 else "lower in", both(part))


def _evenly(_: Said, part: Part) -> Address:
    if not statistics.constant(part.differences()):
        raise NotBound(f"the pairs of {name(part)} differ")
    return address(part, "effect", both(part))


def _fold(said: Said, part: Part) -> Address:
    found = ratio_in_words(part, 2.0 if said.token.kind == "DOUBLE" else 0.5)
    directions.moved(part, directions.sign(said.token.kind, part), said.verdict)
    return found


def _same(said: Said, part: Part) -> Address:
    directions.same(part, said.token.kind)
    return address(part, "effect", both(part))


def _best(said: Said, part: Part) -> Address:
    directions.best(part, said.token.kind)
    return address(part, "mean", (part.treatment,))


def _reason(said: Said, part: Part) -> Address:
    if part.run.judgement.reason != said.token.value:
        raise NotBound(f"{name(part)} gives another reason")
    return address(part, "reason")


def _explored(_: Said, part: Part) -> Address:
    if part.turned() is not None:
        raise NotBound(f"{name(part)} tested this; it is not exploratory")
    return address(part, "effect", both(part))


def _condition(said: Said, part: Part) -> Address:
    """Only runs that were made so were looked at."""
    return address(part, "parameter", argument=said.groups.get("par", [said.token])[0].value)


_WORDS: dict[str, Callable[[Said, Part], Address]] = {
    "dir": _direction,
    "verdict": _verdict,
    "significant": _significant,
    "everyone": _everyone,
    "evenly": _evenly,
    "fold": _fold,
    "same": _same,
    "best": _best,
    "reason": _reason,
    "explored": _explored,
    "default": _condition,
    "val": _condition,
}
