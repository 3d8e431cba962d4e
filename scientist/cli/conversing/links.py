"""Where a citation leads: a file on this machine, for terminals that can follow a link.

A finding, hypothesis or experiment leads to the report of its campaign, a sentence to its essay,
if that lies in the workspace. Only files that are there are linked, and never by a name that a
model or an essay gives: an id is looked up in the journal.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING

from scientist.errors import ScientistError
from scientist.journal import project

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.workspace import Workspace

WITHOUT = ("", "dumb", "unknown", "linux")  # terminals that follow no link, or print it
_ID = re.compile(r"(?P<letter>[A-Z])\d+(?::\d+)?", re.ASCII)


def styled(stream: IO[str]) -> bool:
    """Whether what is written there may have colours."""
    plain = os.environ.get("TERM", "") in WITHOUT[:3] or bool(os.environ.get("NO_COLOR"))
    return stream.isatty() and not plain


def followed(stream: IO[str]) -> bool:
    """Whether what is written there may have links."""
    return styled(stream) and os.environ.get("TERM", "") not in WITHOUT


def link(label: str, target: str) -> str:
    """A label that leads to a URL where a terminal knows how (OSC 8)."""
    return f"\x1b]8;;{target}\x1b\\{label}\x1b]8;;\x1b\\" if target else label


def target(journal: Journal, place: Workspace, name: str) -> str:
    """The URL of the file that an id is best read in; empty if there is none."""
    kind = _ID.fullmatch(name)
    if kind is None:
        return ""
    try:
        if kind["letter"] == "E":
            file = _essay(journal, place, name.partition(":")[0])
        else:
            file = _report(journal, place, kind["letter"], name)
    except ScientistError:
        return ""  # an id of nothing leads nowhere
    return file.as_uri() if file is not None and file.is_file() else ""


def _essay(journal: Journal, place: Workspace, name: str) -> Path | None:
    sources = {essay.id: essay.source for essay in project.essays(journal)}
    if name not in sources or "\0" in sources[name]:
        return None
    file = (place.essays / sources[name]).resolve()
    return file if file.is_relative_to(place.essays.resolve()) else None


def _report(journal: Journal, place: Workspace, letter: str, name: str) -> Path | None:
    match letter:
        case "C":
            campaign = name
        case "F":
            campaign = project.finding(journal, name).campaign
        case "H":
            campaign = project.hypothesis(journal, name).campaign
        case "X":
            campaign = project.experiment(journal, name).campaign
        case _:
            return None
    return place.reports / f"{campaign}.html"
