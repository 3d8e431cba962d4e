"""What happens while somebody watches: the number of the last event, told when there is a new one.

Only the size of the journal's files is looked at between; the page then asks for the new lines.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from scientist.audit.view import listing
from scientist.audit.view.record import Opened, Record
from scientist.journal.index import Query

LOOK_SECONDS = 0.4
NEVER = -1  # no journal has this size
STILL_SECONDS = 15.0  # after which a word is sent, so that a connection that broke is noticed


def head(opened: Opened, campaign: str) -> dict[str, Any]:
    """The last event of a campaign, and how the campaign stands."""
    stands = listing.named(opened, campaign)
    asked = Query(campaign=stands.id, backwards=True)
    last = next(iter(opened.index.entries(asked)), None)
    return {"last": last.seq if last else 0, "state": stands.state, "events": stands.events}


async def follow(
    record: Record,
    campaign: str,
    known: dict[str, Any],
    gone: Callable[[], Awaitable[bool]],
) -> AsyncIterator[str]:
    """Server-sent events, one for each time that something happened."""
    size, still = NEVER, 0.0  # what came since `known` was asked is told at the first look
    yield f"retry: 2000\ndata: {json.dumps(known)}\n\n"
    while not record.ending.is_set() and not await gone():
        await asyncio.sleep(LOOK_SECONDS)
        still += LOOK_SECONDS
        now = record.size()
        if now != size or still >= STILL_SECONDS:
            told = await record.quick.ask(lambda opened: head(opened, campaign))
            yield f"data: {json.dumps(told)}\n\n" if told != known else ": still here\n\n"
            size, known, still = now, told, 0.0
