"""Search over everything: sentences of essays, what has an id, and all other events.

Sentences are ranked by their words; events are looked through from the latest back, and a search
that takes too long says how far it came and goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass

from scientist.audit.view import timeline
from scientist.audit.view.record import Opened
from scientist.audit.view.timeline import Filters, Window
from scientist.corpus import store
from scientist.journal.index import Query
from scientist.memory.lexical import Texts, nearest, words
from scientist.records import Passage, clean

PASSAGES = 12
EVENTS = 40
FIRST = ("hypothesis_proposed", "finding_recorded", "assertion_made", "conflict_found")


@dataclass(frozen=True)
class Results:
    """What was found."""

    passages: tuple[Passage, ...]
    essays: tuple[tuple[str, str], ...]
    known: Window
    events: Window


def search(opened: Opened, text: str, before: int = 0) -> Results:
    """Everything that has the words; of essays only on the first page of results."""
    asked = clean(text)
    wanted = Filters(text=asked, every=True)
    events = timeline.window(opened, None, wanted, before=before or None, size=EVENTS)
    if before:
        return Results((), (), Window(), events)
    known = timeline.window(opened, None, wanted, size=EVENTS, kinds=FIRST)
    return Results(_passages(opened, asked), _essays(opened, asked), known, events)


def _passages(opened: Opened, asked: str) -> tuple[Passage, ...]:
    """The sentences that share most with the words, those with all of them first."""
    texts, passages = Texts(), {}
    for one in store.passages(opened.journal):
        texts.add(one.address, one.text)
        passages[one.address] = one
    found = nearest([texts], asked, 10 * PASSAGES)
    wanted = set(words(asked))
    whole = [name for name in found if wanted <= set(words(passages[name].text))]
    return tuple(passages[name] for name in dict.fromkeys([*whole, *found]))[:PASSAGES]


def _essays(opened: Opened, asked: str) -> tuple[tuple[str, str], ...]:
    told = opened.index.entries(Query(kinds=("essay_added",)))
    found = [(str(one.data["essay"]), clean(str(one.data["title"]))) for one in told]
    return tuple((name, title) for name, title in found if asked.lower() in title.lower())
