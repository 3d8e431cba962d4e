"""Where HTML comes from: Jinja templates with escaping always on, and the filters they share.

Whatever somebody else wrote goes through `line` or `lines`, which leave nothing in it that would
turn text around or hide it; autoescape does the rest.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from scientist.records import clean, printable

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

LOOKS = Path(__file__).with_name("looks.css")  # what reports and pages look like
ID = re.compile(r"\b(?:[FHXKACT][1-9]\d{0,8}|E[1-9]\d{0,8}:[1-9]\d{0,8})\b")


@lru_cache(maxsize=8)
def environment(folder: Path) -> Environment:
    """The templates of a folder; what a template names and nobody gave is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= {"line": clean, "lines": lines, "ids": linked, "drawn": drawn}
    return found


def lines(text: str) -> str:
    """Somebody's words with their line ends, and nothing else that is not seen."""
    return printable(str(text).replace("\r\n", "\n").expandtabs(4))


def drawn(svg: str) -> Markup:
    """A plot of ours, which escaped its own labels, as it is."""
    from markupsafe import Markup

    return Markup(svg)


def linked(text: str) -> Markup:
    """Text in which every id leads to its page."""
    from markupsafe import Markup, escape

    said, parts, end = lines(text), [], 0
    for found in ID.finditer(said):
        parts.append(escape(said[end : found.start()]))
        parts.append(Markup('<a href="{}">{}</a>').format(page_of(found[0]), found[0]))
        end = found.end()
    return Markup("").join([*parts, escape(said[end:])])


def page_of(name: str) -> str:
    """Where the page of an id is."""
    essay, _, sentence = name.partition(":")
    if sentence and essay[:1] == "E":
        return f"/{quote(essay)}?at={quote(sentence)}#s{quote(sentence)}"
    return f"/{quote(essay)}"
