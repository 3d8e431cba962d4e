"""Markdown: a text as its reader sees it, held against the record; and how it is written.

Escapes are undone before anything is read, tables of the record are tested cell by cell
(`tables`), the rest goes to `bind`. Entries keep their places in the text as it was given.
`escape` writes what somebody else said so that none of it is markup.
"""

from __future__ import annotations

import re
from dataclasses import replace

from scientist.records import clean
from scientist.science.claims import bind, tables
from scientist.science.claims.bind import Report
from scientist.science.claims.evidence import Evidence

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])|&(lt|gt|amp|quot);")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
# an underscore within a word is no emphasis
_MARKUP = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|(?<=\w):(?=//)|(?<=\bwww)\.", re.IGNORECASE)
_QUOTES = re.compile(r"[\"“”„«»]")


def check(text: str, evidence: Evidence, about: str = "") -> Report:
    """Every number and comparison of a Markdown text, its tables included; see `bind.check`."""
    entries, rest = tables.check(text, evidence)
    said, places = _read(rest)
    found = bind.check(said, evidence, about).entries
    entries += [replace(entry, start=places[entry.start], end=places[entry.end]) for entry in found]
    return Report(tuple(sorted(entries, key=lambda entry: (entry.start, entry.end))))


def unescape(text: str) -> str:
    """A piece of Markdown without its escapes."""
    return _read(text)[0]


def escape(text: str) -> str:
    """Plain text on one line, as Markdown that shows it and obeys none of it."""
    line = clean(text)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(lambda found: "\\" + found[0], line)


def quote(text: str, address: str) -> str:
    """Words with the address where they stand, as `bind` reads a quotation."""
    return f'"{escape(inner(text))}" [{address}]'


def inner(text: str) -> str:
    """Words as they stand within quotation marks."""
    return _QUOTES.sub("'", clean(text))


def _read(text: str) -> tuple[str, list[int]]:
    """The text without escapes, and where each of its characters stood, and its end."""
    pieces: list[str] = []
    places: list[int] = []
    end = 0
    for found in _ESCAPED.finditer(text):
        pieces += [text[end : found.start()], found[1] or _NAMED[found[2]]]
        places += [*range(end, found.start()), found.start()]
        end = found.end()
    pieces.append(text[end:])
    return "".join(pieces), [*places, *range(end, len(text) + 1)]
