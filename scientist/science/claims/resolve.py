"""Which comparison a clause is about: the runs that fit what it names, and the sentence around it.

What several runs fit stays open; `bind` then accepts only what holds for each of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from scientist.science.claims.evidence import Evidence, Run
from scientist.science.claims.frames import Groups
from scientist.science.claims.grammar import Clause
from scientist.science.claims.operations import NotBound, Part
from scientist.science.claims.tokens import Token

# what only makes sense of two arms; a clause with none of these may be about one arm
_PAIRED = (
    "size rel signed gap ratio fold low high conf ci p overall adjusted e d wins everyone evenly "
    "within significant same dir verdict reason best start"
)
PAIRED = frozenset(_PAIRED.split())


@dataclass(frozen=True)
class About:
    """What a clause names: arms, metric, ids, conditions; None where it names nothing."""

    treatment: str | None = None
    control: str | None = None
    metric: str | None = None
    ids: tuple[str, ...] = ()
    conditions: tuple[tuple[str, Token], ...] = ()
    default: bool = False
    seed: int | None = None
    paired: bool = False


@dataclass
class Context:
    """What the text before has settled."""

    last: About = field(default_factory=About)
    run: Run | None = None
    ids: tuple[str, ...] = ()  # what a clause without any id is about


def groups(clause: Clause) -> list[Groups]:
    """The core and the asides of a clause."""
    return [clause.core, *clause.asides]


def abouts(clauses: Sequence[Clause], context: Context) -> list[About]:
    """What each clause of a sentence is about, with what its neighbours say for it."""
    own = [_own(clause) for clause in clauses]
    ids = {about.ids for about in own if about.ids}
    conditions = {_plain(about.conditions): about.conditions for about in own if about.conditions}
    found: list[About] = []
    last = context.last
    for number, about in enumerate(own):
        before = found[-1] if number else None
        if about.treatment == "IT":
            control = about.control or last.control
            about = replace(about, treatment=last.treatment or "?", control=control)
        if about.metric == "IT":
            about = replace(about, metric=last.metric or "?")
        if about.control == "IT":
            about = replace(about, control=last.control or "?")
        if before is not None:
            if about.treatment is None and about.control is None:
                about = replace(about, treatment=before.treatment, control=before.control)
            if about.metric is None:
                about = replace(about, metric=before.metric)
            about = replace(
                about,
                ids=about.ids or before.ids,
                conditions=about.conditions or before.conditions,
                default=about.default or (before.default and not about.conditions),
                seed=about.seed if about.seed is not None else before.seed,
            )
        if len(ids) == 1:
            about = replace(about, ids=next(iter(ids)))
        about = replace(about, ids=about.ids or context.ids)
        if len(conditions) == 1:
            about = replace(about, conditions=next(iter(conditions.values())))
        found.append(about)
        last = about
    return found


def _plain(conditions: Sequence[tuple[str, Token]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, token.text) for name, token in conditions)


def _own(clause: Clause) -> About:
    """What a clause names by itself."""
    names = {
        role: (tokens[0].value or tokens[0].kind)
        for role, tokens in clause.core.items()
        if role in ("t", "c", "m")
    }
    ids: list[str] = []
    conditions: list[tuple[str, Token]] = []
    default, seed = False, None
    for found in clause.asides:
        ids += [token.value for token in found.get("ids", []) if token.kind == "ID"]
        if "par" in found:
            conditions.append((found["par"][0].value, found["val"][0]))
        default = default or "default" in found
        if "seed" in found and found["seed"][0].number is not None:
            seed = int(found["seed"][0].number.value)
    roles = set().union(*groups(clause))
    return About(
        names.get("t"),
        names.get("c"),
        names.get("m"),
        tuple(ids),
        tuple(conditions),
        default,
        seed,
        bool(roles & PAIRED) or {"t", "c"} <= set(names),
    )


def candidates(about: About, evidence: Evidence, context: Context) -> list[Part]:
    """The comparisons that fit; NotBound says what of the clause fits none."""
    runs = _named(about, evidence)
    kept = [run for run in runs if all(_has(run, *condition) for condition in about.conditions)]
    if about.conditions and not kept:
        said = ", ".join(f"{name} = {token.text}" for name, token in about.conditions)
        raise NotBound(f"no run that is meant here was made with {said}")
    if about.default and not (kept := [run for run in kept if not run.conditions]):
        raise NotBound("no run that is meant here was made at the default setting")
    parts = [part for run in kept if (part := _part(about, run)) is not None]
    if not parts:
        arms = " against ".join(filter(None, (about.treatment, about.control)))
        what = " on ".join(filter(None, (arms, about.metric))) or "anything"
        where = " in " + ", ".join(about.ids) if about.ids else ""
        raise NotBound(f"nothing was measured of {what}{where}")
    if about.paired and (sealed := [part for part in parts if part.turned() is not None]):
        parts = sealed
    if not about.ids and context.run is not None:
        parts = [part for part in parts if part.run is context.run] or parts
    return parts


def _named(about: About, evidence: Evidence) -> list[Run]:
    """The runs that the ids allow: one run of each finding, unless an experiment is named."""
    found = list(evidence.runs)
    unknown = [name for name in about.ids if name not in evidence.known]
    if unknown:
        raise NotBound(f"there is no {unknown[0]} on record")
    kinds: dict[str, set[str]] = {}
    for name in about.ids:
        kinds.setdefault(name[0], set()).add(name)
    for letter in ("F", "X", "H", "C"):
        wanted = kinds.get(letter, set())
        if len(wanted) > 1:
            raise NotBound(f"{' and '.join(sorted(wanted))} are named at once: one clause for each")
        if wanted:
            found = [run for run in found if _id(run, letter) in wanted]
    if "X" not in kinds:
        found = [run for run in found if run.final]
    if not found and about.ids:
        raise NotBound(f"nothing was measured under {' and '.join(about.ids)}")
    return found


def _id(run: Run, letter: str) -> str:
    return {
        "F": run.finding,
        "X": run.experiment,
        "H": run.protocol.hypothesis,
        "C": run.campaign,
    }[letter]


def _has(run: Run, name: str, said: Token) -> bool:
    """Whether a run was made with that value of a parameter."""
    value = run.protocol.parameters.get(name)
    if value is None:
        return False
    if said.number is None or isinstance(value, bool | str):
        return str(value).lower() == said.text.lower()
    plain = said.number.unit == "" and said.number.relation == "=" and not said.number.nearness
    return plain and math.isclose(value, said.number.value, rel_tol=1e-12)


def _part(about: About, run: Run) -> Part | None:
    """The comparison of a run that the names mean, if it has one."""
    sealed = run.protocol
    roles = {"TREATMENT": sealed.treatment, "CONTROL": sealed.control}
    one, other = (
        roles.get(name, name) if name else None for name in (about.treatment, about.control)
    )
    metric = about.metric or sealed.metric
    if metric not in run.metrics or any(n and n not in sealed.arms for n in (one, other)):
        return None
    partner = {sealed.treatment: sealed.control, sealed.control: sealed.treatment}
    if one is None and other is None:
        one, other = sealed.treatment, sealed.control
    elif one is None:
        one = partner.get(other or "", "")
    elif other is None:
        other = partner.get(one, "")
    if not one or one == other:
        return None
    return Part(run, one, other or "", metric)
