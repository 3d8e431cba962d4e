"""What a tool tells a conversation: a few plain lines, and the ids in them that may be cited.

Words of essays, models and files come with what a terminal would obey taken out. Which ids may
be cited the record says, never the words: an essay that says "F1" gives nobody a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scientist.agent.toolkit import Told
from scientist.records import clean

if TYPE_CHECKING:
    from scientist.memory.store import Hit

MOST = 1200  # characters of a text, but for the note on what was left out
_CITABLE = re.compile(r"[FHXC]\d+|E\d+:\d+")


@dataclass(frozen=True)
class Page:
    """Lines of which as many are told as have room; `begin` is where in the whole they begin."""

    lines: tuple[str, ...]
    cites: tuple[str, ...] = ()
    begin: int | None = None


def page(lines: list[str], *cites: str, begin: int | None = None) -> Page:
    """What a tool found, with every id on record that its lines may hold."""
    return Page(tuple(lines), tuple(dict.fromkeys(cites)), begin)


def hits(found: list[Hit], nothing: str) -> Page:
    """Findings and sentences that a search found, a line each."""
    lines: list[str] = []
    cites: list[str] = []
    for hit in found:
        about = hit.metadata
        if "verdict" not in about:
            lines.append(f'[{hit.address}] "{hit.text}" ({about["title"]})')
            cites.append(hit.address)
            continue
        behind = f"(hypothesis {about['hypothesis']}, experiment {about['experiment']})"
        lines.append(
            f"[{hit.address}] {about['verdict']}: {hit.text} {about.get('meaning', '')} {behind}"
        )
        cites += [hit.address, about["hypothesis"], about["experiment"]]
    return page(lines or [nothing], *cites)


def told(found: Page) -> Told:
    """The lines that have room, and how many more there are."""
    lines = [clean(line) for line in found.lines]
    kept: list[str] = []
    room = MOST
    for line in lines:
        if kept and len(line) + 1 > room:
            break
        kept.append(line if len(line) <= MOST else f"{line[: MOST - 1]}…")
        room -= len(kept[-1]) + 1
    text = "\n".join(kept)
    cites = tuple(one for one in found.cites if _CITABLE.fullmatch(one) and _in(one, text))
    if left := len(lines) - len(kept):
        rest = "" if found.begin is None else f", from line {found.begin + len(kept)}"
        text += f"\n... {left} more{rest}"
    return Told(text, cites)


def _in(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w:]){name}(?!\w|:\d)", text) is not None
