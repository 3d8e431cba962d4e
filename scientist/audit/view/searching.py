"""Search over everything: sentences of essays, what has an id, and all other events.

Sentences are ranked by their words; events are looked through from the latest back, and a search
that takes too long says how far it came and goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scientist.audit.view import listing, timeline
from scientist.audit.view.listing import Essay
from scientist.audit.view.record import Opened
from scientist.audit.view.timeline import Filters, Window
from scientist.corpus import store
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
    essays = listing.essays(opened)
    titles = tuple(
        (one.id, one.title) for one in essays if asked.lower() in clean(one.title).lower()
    )
    return Results(_passages(opened, essays, asked), titles, known, events)


def _passages(opened: Opened, essays: Sequence[Essay], asked: str) -> tuple[Passage, ...]:
    """The sentences that share most with the words, those with all of them first."""
    texts, passages = Texts(), dict[str, Passage]()
    for essay in essays:
        for one in store.passages_of(opened.journal, essay.passages_blob):
            texts.add(one.address, one.text)
            passages[one.address] = one
    found = nearest([texts], asked, 10 * PASSAGES)
    wanted = set(words(asked))
    whole = [name for name in found if wanted <= set(words(passages[name].text))]
    return tuple(passages[name] for name in dict.fromkeys([*whole, *found]))[:PASSAGES]
