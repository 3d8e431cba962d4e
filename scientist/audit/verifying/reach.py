"""What falls with a bad place: the findings, claims and campaigns that rest on it.

Read from whatever of the record can still be read; a line that cannot is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson

from scientist.audit.verifying.outcome import Reach
from scientist.journal import Journal
from scientist.journal.verify import addresses

_KINDS = re.compile(
    rb'"kind":"(?:finding_recorded|assertion_made|campaign_opened|hypothesis_proposed|essay_added'
    rb'|protocol_sealed|experiment_started|experiment_finished|looked|code_written|model_called)"'
)
Names = set[str]


def reach(journal: Journal, names: frozenset[str] = frozenset(), since: int | None = None) -> Reach:
    """What rests on any of these names, or was recorded from an event on."""
    bad: Names = set(names)
    findings: dict[str, None] = {}
    claims: dict[str, None] = {}
    campaigns: dict[str, None] = {name: None for name in sorted(names) if name.startswith("C")}
    for seq, campaign, kind, data, said in _told(journal):
        late = since is not None and seq >= since
        if not (late or bad & said):
            continue
        own = _own(kind, data)
        if campaign and campaign.startswith("C"):
            campaigns[campaign] = None
        if kind == "finding_recorded":
            findings[own] = None
        elif kind == "assertion_made":
            claims[own] = None
        if own and names and (kind != "campaign_opened"):
            bad |= {own, *_further(kind, data)}
    return Reach(tuple(findings), tuple(claims), tuple(campaigns))


def _told(journal: Journal) -> Iterator[tuple[int, str | None, str, dict[str, Any], Names]]:
    """The events that name things, with all they name."""
    with suppress(OSError):
        for number, line in enumerate(journal.raw(), 1):
            if not _KINDS.search(line):
                continue
            try:
                raw = orjson.loads(line)
                kind, data, campaign = raw["kind"], raw["data"], raw["campaign"]
                named = _names(kind, data, line)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            yield number, campaign, kind, data, named


def _names(kind: str, data: dict[str, Any], line: bytes) -> Names:
    """What an event rests on, and what it is itself."""
    found = {address.decode() for _, address in addresses(line)}
    found.add(_own(kind, data))
    match kind:
        case "finding_recorded":
            one = data["finding"]
            found |= {one["hypothesis"], one["experiment"], one["protocol_digest"]}
            first = one.get("first") or {}
            found |= {first.get("experiment", ""), first.get("protocol_digest", "")}
            found |= {quote["essay"] for quote in one["quotes"]}
        case "hypothesis_proposed":
            one = data["hypothesis"]
            found |= {quote["essay"] for quote in one["quotes"]} | {one.get("code_hash", "")}
        case "assertion_made":
            address = str(data["assertion"]["source"]["address"])
            found |= {address, address.partition(":")[0], address.partition(".")[0]}
        case "protocol_sealed":
            found |= {data["protocol"]["hypothesis"], data["protocol"]["code_hash"]}
        case "experiment_started" | "experiment_finished" | "looked":
            found |= {data["protocol_digest"], data["experiment"]}
        case "code_written":
            found |= {data["hypothesis"], data["code_hash"]}
    return found - {""}


def _own(kind: str, data: dict[str, Any]) -> str:
    """The id of what an event brings into being, or speaks of."""
    match kind:
        case "finding_recorded":
            return str(data["finding"]["id"])
        case "assertion_made":
            return str(data["assertion"]["id"])
        case "hypothesis_proposed":
            return str(data["hypothesis"]["id"])
        case "essay_added":
            return str(data["essay"])
        case "protocol_sealed":
            return str(data["digest"])
        case "experiment_started" | "experiment_finished" | "looked":
            return str(data["experiment"])
        case "code_written":
            return str(data["hypothesis"])
    return ""


def _further(kind: str, data: dict[str, Any]) -> Names:
    """What else is bad if an event is: the run of a bad protocol, say."""
    if kind in ("experiment_started", "experiment_finished", "looked"):
        return {str(data["protocol_digest"])}
    return set()
