"""`scientist claim`: what is held to be so, by whom, and what became of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scientist.audit import cards
from scientist.cli import consistency, options, output
from scientist.errors import UsageError
from scientist.records import one_line

if TYPE_CHECKING:
    from scientist.science.consistency.knowledge import Knowledge
    from scientist.science.consistency.standing import Standing

app = typer.Typer(help="What is held to be so, and what became of it.", no_args_is_help=True)

ClaimArgument = Annotated[str, typer.Argument(help="id of a claim, such as A1 or F1")]


@app.command("list")
def list_(
    everything: Annotated[
        bool, typer.Option("--all", help="those that were given up, too")
    ] = False,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """All claims: findings, reflections, what essays and people say."""
    from scientist.science.consistency.knowledge import gather

    with options.reading(workspace) as (_, journal):
        standings = gather(journal).standings
    shown = [one for one in standings.values() if everything or one.stands]
    if as_json:
        output.document([_plain(one) for one in shown])
        return
    if not shown:
        output.note('nothing is claimed yet; hint: scientist claim add "SENTENCE"')
        return
    output.table(
        ("id", "weight", "standing", "source", "claim"),
        [
            (
                one.said.id,
                f"{one.assertion.weight:.2f}",
                _how(one),
                f"{one.said.source.kind} {one.said.source.address}",
                one_line(one.assertion.text),
            )
            for one in shown
        ],
    )


@app.command()
def show(
    claim: ClaimArgument,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """One claim: what it says, where it holds, and all that happened to it."""
    from scientist.science.consistency.knowledge import gather

    with options.reading(workspace) as (_, journal):
        knowledge = gather(journal)
    standing = knowledge.standing(_known(knowledge, claim))
    history = knowledge.history(standing.said.id)
    if as_json:
        output.document({**_plain(standing), "history": [asdict(moment) for moment in history]})
        return
    from scientist.science.consistency.scope import describe

    said = standing.said
    output.result(f"{said.id}  {said.text}")
    output.result(f"  source      {said.source.kind} {said.source.address}")
    output.result(f"  says        {said.says}{f', {said.way}' if said.way else ''}")
    output.result(f"  holds       {describe(standing.assertion.scope)}")
    output.result(f"  weight      {standing.assertion.weight:.2f}")
    output.result(f"  standing    {_how(standing)}")
    for moment in history:
        output.result(f"  {moment.time[:19]}  {moment.what}: {moment.text}")


@app.command()
def add(
    text: Annotated[str, typer.Argument(help="a sentence")],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """State something, and hold it against all that is known.

    "A lowers METRIC compared with B for PARAMETER from 0.2 to 1", with names of a kit, is held
    against findings exactly; another sentence by `scientist check --judge`, which asks the model.
    """
    from scientist.agent import stating
    from scientist.events import AssertionMade
    from scientist.lab.kits import all_kits
    from scientist.records import Source
    from scientist.science.consistency.examine import examine
    from scientist.science.consistency.knowledge import gather
    from scientist.science.consistency.weigh import CEILING

    source, weight = Source(kind="user", address="command line"), CEILING["user"]
    kits = all_kits()
    stating.read("A0", text, source, kits, weight)  # what cannot be read must not make a workspace
    with options.writing(workspace) as (_, journal), journal.locked():
        knowledge = gather(journal)
        claim = stating.read(knowledge.next_assertion_id(), text, source, kits, weight)
        if same := [one for one in knowledge.said.values() if _same(one, claim)]:
            raise UsageError(
                f"that is on record as {same[0].id}", f"scientist claim show {same[0].id}"
            )
        examined = examine(knowledge, [claim])
        journal.append_all([AssertionMade(assertion=claim), *examined.events], None, sync=True)
        now = gather(journal)
    involved = [one for one in now.conflicts.values() if claim.id in one.members]
    if as_json:
        output.document(
            {
                "claim": claim.model_dump(mode="json"),
                "conflicts": [cards.plain(one, now) for one in involved],
            }
        )
        return
    output.result(f"{claim.id}  {claim.says}: {claim.text}")
    consistency.show(involved, now)
    if claim.says == "text":
        output.note("it is plain text; to hold it against others: scientist check --judge")


@app.command()
def pin(
    claim: ClaimArgument,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Decide that a claim stands, whatever speaks against it."""
    _decide(claim, True, workspace, as_json)


@app.command()
def unpin(
    claim: ClaimArgument,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Take a pin back: the claim stands or falls by its evidence again."""
    _decide(claim, False, workspace, as_json)


def _decide(claim: str, pinned: bool, workspace: Any, as_json: bool) -> None:
    from scientist.events import AssertionPinned
    from scientist.science.consistency.examine import examine
    from scientist.science.consistency.knowledge import gather

    with options.writing(workspace, must_exist=True) as (_, journal), journal.locked():
        knowledge = gather(journal)
        name = _known(knowledge, claim)
        if (name in knowledge.pinned) == pinned:
            raise UsageError(
                f"{name} is {'already' if pinned else 'not'} pinned", f"scientist claim show {name}"
            )
        journal.append(AssertionPinned(assertion=name, pinned=pinned), None, sync=True)
        examined = examine(gather(journal))
        if examined.events:
            journal.append_all(examined.events, None, sync=True)
        now = gather(journal)
    touched = {one.id for one in examined.conflicts}
    touched |= {one.conflict for one in examined.resolutions}
    shown = [one for one in now.conflicts.values() if one.id in touched or name in one.members]
    if as_json:
        standing = _plain(now.standing(name))
        output.document({"claim": standing, "conflicts": [cards.plain(c, now) for c in shown]})
    else:
        output.result(f"{name} is {'pinned' if pinned else 'not pinned any more'}")
        consistency.show(shown, now)
    for members in examined.impossible:
        output.note(cards.impossible(members))


def _known(knowledge: Knowledge, claim: str) -> str:
    """The id of a claim, however it is written."""
    names = {name.casefold(): name for name in knowledge.said}
    if claim.casefold() not in names:
        raise UsageError(f"there is no claim {claim}", "scientist claim list --all")
    return names[claim.casefold()]


def _same(one: Any, other: Any) -> bool:
    return bool(one.text == other.text and one.source.kind == other.source.kind)


def _how(standing: Standing) -> str:
    """What became of a claim, in a word or two."""
    if standing.pinned:
        return "pinned"
    if standing.demoted_by:
        return f"given up ({', '.join(standing.demoted_by)})"
    if standing.part_of:
        return f"part of {standing.part_of}"
    return f"narrowed ({standing.narrowed_by})" if standing.narrowed_by else "stands"


def _plain(standing: Standing) -> dict[str, Any]:
    return {
        **standing.assertion.model_dump(mode="json"),
        "standing": _how(standing),
        "said_scope": standing.said.scope.model_dump(mode="json"),
    }
