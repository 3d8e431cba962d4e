"""What `scientist check` says of conflicts: those on record, new ones, a text's, the essays'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.audit import cards
from scientist.cli import options, output
from scientist.errors import UsageError
from scientist.records import count, one_line

if TYPE_CHECKING:
    from scientist.agent.opposing import Opposing
    from scientist.journal import Journal
    from scientist.llm.client import Client
    from scientist.memory.store import Store
    from scientist.records import Conflict
    from scientist.science.consistency.knowledge import Knowledge
    from scientist.settings import Settings


def show(conflicts: Iterable[Conflict], knowledge: Knowledge) -> None:
    """The cards of conflicts, with ways out that can be typed."""
    for conflict in conflicts:
        for line in cards.card(conflict, knowledge):
            output.result(output.located(line))


def conflicts(journal: Journal, as_json: bool) -> tuple[bool, list[dict[str, Any]]]:
    """All conflicts, those not yet on record too; whether no exact one is left open."""
    from scientist.science.consistency.examine import examine
    from scientist.science.consistency.knowledge import gather

    knowledge = gather(journal)
    examined = examine(knowledge)
    after = examined.after
    shown = list(after.conflicts.values())
    fresh = {one.id for one in examined.conflicts} | {one.conflict for one in examined.resolutions}
    standing = {one.id for one in after.open_conflicts}
    if not as_json:
        show(shown, after)
        for members in examined.impossible:
            output.note(cards.impossible(members))
        _summary(len(after.said), len(shown), len(standing), bool(fresh))
    hard = [one for one in after.open_conflicts if one.hard]
    unsaved = [one for one in shown if one.id in fresh and one.hard]
    documents = [{**cards.plain(one, after), "on_record": one.id not in fresh} for one in shown]
    return not hard and not unsaved, documents


def _summary(claims: int, found: int, left: int, unsaved: bool) -> None:
    if not claims:
        return
    output.note(f"{count(claims, 'claim')}, {count(found, 'conflict')}, {left} open")
    if unsaved:
        output.note("some of this is not on record; to record and mend it: scientist check --mend")


def mend(workspace: Path | None) -> None:
    """Put new conflicts, and how they and the open ones are mended, on record."""
    from scientist.science.consistency.examine import examine
    from scientist.science.consistency.knowledge import gather

    with options.writing(workspace, must_exist=True) as (_, journal), journal.locked():
        examined = examine(gather(journal))
        if examined.events:
            journal.append_all(examined.events, None, sync=True)


def judge(settings: Settings, workspace: Path | None, most: int) -> None:
    """Let the model compare each plain sentence with those nearest to it."""
    from scientist.agent import relations
    from scientist.memory.documents import ASSERTIONS, FINDINGS
    from scientist.records import Says
    from scientist.science.consistency.knowledge import gather

    with options.reading(workspace) as (_, record):
        if not any(one.says is Says.TEXT for one in gather(record).assertions.values()):
            output.note("no plain sentence is claimed, so there is none to compare")
            return
    with _asking(settings, workspace) as (journal, store, client):
        knowledge = gather(journal)
        standing = knowledge.assertions
        plain = [one for one in standing.values() if one.says is Says.TEXT]
        pairs: dict[frozenset[str], tuple[str, str]] = {}
        for one in plain:
            near = relations.neighbours(
                store, journal, one.text, settings.judgements, (ASSERTIONS, FINDINGS), (one.id,)
            )
            for other in near:
                if other.address in standing:
                    text = standing[other.address].text
                    pairs.setdefault(frozenset((one.id, other.address)), (one.text, text))
        read = {
            frozenset((one.first, one.second))
            for one in knowledge.relations
            if one.model == client.endpoint.model
        }
        # those that were compared before come after the new ones, so that all get a turn
        wanted = sorted(pairs.values(), key=lambda pair: _texts(pair) in read)[:most]
        for number, _ in enumerate(relations.judge(journal, client, wanted), 1):
            output.note(f"compared {number} of {len(wanted)} pairs")
        read.update(map(_texts, wanted))
        if left := sum(_texts(pair) not in read for pair in pairs.values()):
            output.note(f"{left} pairs are left for the next time: scientist check --judge")


def _texts(pair: tuple[str, str]) -> frozenset[str]:
    """A pair as it stands in the record."""
    return frozenset(map(one_line, pair))


def corpus(settings: Settings, workspace: Path | None, most: int, as_json: bool) -> None:
    """Passages of the essays that oppose each other, the likeliest first."""
    from scientist.agent.opposing import opposing
    from scientist.journal import project
    from scientist.science.consistency.examine import LIKELY

    with options.reading(workspace) as (_, record):
        titles = {essay.id: essay.title for essay in project.essays(record)}
    if not titles:
        raise UsageError("there are no essays yet", "scientist corpus add FILE_OR_FOLDER")
    with _asking(settings, workspace) as (journal, store, client):
        found = opposing(
            *(journal, store, client, most),
            on_pair=lambda done, all_: output.note(f"compared {done} of {all_} pairs"),
        )
    shown = [one for one in found if one.chance > LIKELY]
    if as_json:
        output.document(
            [
                {
                    "first": one.first.model_dump(mode="json"),
                    "second": one.second.model_dump(mode="json"),
                    "relation": one.relation.model_dump(mode="json"),
                    "cues": list(one.cues),
                    "calibration": one.calibration,
                }
                for one in found
            ]
        )
        return
    for number, one in enumerate(shown, 1):
        for line in _opposed(one, number, titles):
            output.result(line)
    output.note(
        f"{len(found)} pairs of sentences compared, {len(shown)} more likely at odds than not"
        + ("" if shown else "; all chances: --json")
    )


def _opposed(found: Opposing, number: int, titles: dict[str, str]) -> list[str]:
    """Two sentences of essays that the model holds to be at odds."""
    lines = [f"{number}  chance of a contradiction {found.chance:.2f}"]
    for quote in (found.first, found.second):
        lines.append(f'  [{quote.address}] "{one_line(quote.text)}"')
        lines.append(f"            {titles.get(quote.essay, '?')}")
    lines.append(f"  cues      {'; '.join(found.cues)}")
    return lines


@contextmanager
def _asking(settings: Settings, workspace: Path | None) -> Iterator[tuple[Journal, Store, Client]]:
    """The record, the store in step with it, and the model."""
    from scientist.agent import relations
    from scientist.llm import prompting
    from scientist.llm.client import Client
    from scientist.llm.endpoint import connect

    with (
        options.searching(workspace, settings) as (journal, store, progress),
        connect(settings, progress) as handle,
        Client(handle, settings, journal) as client,
    ):
        endpoint = client.endpoint
        reading = relations.reading_of(
            endpoint.model, endpoint.model_digest, prompting.load(relations.PROMPT)
        )
        if not reading.fitted:
            output.note(
                f"the chances that {endpoint.model} gives are not calibrated, only softened"
            )
            output.note(f"hint: {relations.HINT}")
        yield journal, store, client
