"""Tables of the record in Markdown: every cell is looked up by its row and its column.

The first column names what a row is about (a finding, an experiment, a campaign, a hypothesis),
every other one a fact of it or an operation on it. Where the head names the ids, the table lies on
its side: the first column then names the facts. Other tables are read as any text is.
`cell` writes what `check` reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from scientist.records import Address, Form, clean
from scientist.science.claims import numbers
from scientist.science.claims.bind import Entry
from scientist.science.claims.evidence import Evidence, Run, Value
from scientist.science.claims.operations import OPERATIONS, NotBound, Part
from scientist.science.claims.render import write
from scientist.science.claims.tokens import ID

SUBJECTS = ("finding", "experiment", "hypothesis", "campaign", "conflict", "essay")
SELECTORS = ("treatment", "control", "arm", "metric")
NOTHING = "-"
SHARES = frozenset({"confidence", "cached share"})  # written in percent
MOST_DIGITS = 17
_ROW = re.compile(r" {0,3}\|.*\|[ \t]*")
_RULE = re.compile(r" {0,3}\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")
_CELL = re.compile(r"((?:\\.|[^|\\])*)\|")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"))


@dataclass(frozen=True)
class _Cell:
    """What stands between two strokes, and where."""

    start: int
    end: int
    text: str


def check(text: str, evidence: Evidence) -> tuple[list[Entry], str]:
    """The entries of every table of the record, and the text with blanks in their place."""
    entries: list[Entry] = []
    pieces: list[str] = []
    lines = text.splitlines(keepends=True)
    place = number = 0
    fenced = False
    while number < len(lines):
        fenced ^= bool(_FENCE.match(lines[number]))
        rows = [] if fenced else _table(lines, number, place)
        entries += _checked(rows, evidence)
        after = number + (len(rows) + 1 if rows else 1)  # the rule below the head is no row
        for line in lines[number:after]:
            pieces.append(re.sub(r"[^\n]", " ", line) if rows else line)
            place += len(line)
        number = after
    return entries, "".join(pieces)


def cell(evidence: Evidence, row: Mapping[str, str], name: str) -> str:
    """What stands in a cell of a row, whose ids and arms are given; plain text."""
    if name == next(iter(row)):
        return row[name]
    try:
        found, at = _value(evidence, row, name)
    except NotBound:
        return NOTHING
    if isinstance(found, str):
        return clean(found) or NOTHING
    if isinstance(found, int):
        return str(found)
    scale, unit = (100, "%") if name in SHARES else (1, "")
    for digits in range(4, MOST_DIGITS + 1):
        said = write(found * scale, Form(digits=digits)) + unit
        if not _problem(said, found, name, _edges(evidence, at)):
            return said
    return write(found * scale, Form(style="shortest")) + unit


def _table(lines: Sequence[str], first: int, place: int) -> list[list[_Cell]]:
    """The head and the rows of a table that begins at a line, if it is one of the record."""
    if not _ROW.fullmatch(lines[first].rstrip("\r\n")) or first + 1 == len(lines):
        return []
    if not _RULE.fullmatch(lines[first + 1].rstrip("\r\n")):
        return []
    head = _cells(lines[first], place)
    if not head or head[0].text not in SUBJECTS:
        return []
    rows = [head]
    place += len(lines[first]) + len(lines[first + 1])
    for line in islice(lines, first + 2, None):
        if not _ROW.fullmatch(line.rstrip("\r\n")):
            break
        rows.append(_cells(line, place))
        place += len(line)
    return rows


def _cells(line: str, place: int) -> list[_Cell]:
    begin = line.index("|") + 1
    found = []
    for cell_ in _CELL.finditer(line, begin):
        raw = cell_[1]
        start = place + cell_.start() + len(raw) - len(raw.lstrip())
        text = raw.strip()
        found.append(_Cell(start, start + len(text), _plain(text)))
    return found


def _plain(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return _ESCAPE.sub(r"\1", text)


def _checked(rows: Sequence[Sequence[_Cell]], evidence: Evidence) -> Iterator[Entry]:
    if not rows:
        return
    head, *others = rows
    on_its_side = len(head) > 1 and all(ID.fullmatch(one.text) for one in head[1:])
    if on_its_side:
        for one in head[1:]:
            yield _named(one, evidence)
    for row in others:
        if len(row) != len(head):
            yield from (_entry(one, None, "this row has another length") for one in row)
        elif on_its_side:
            for about, said in zip(head[1:], row[1:], strict=True):
                yield _said(evidence, {head[0].text: about.text}, row[0].text, said)
        else:
            named = {column.text: one.text for column, one in zip(head, row, strict=True)}
            for column, said in zip(head, row, strict=True):
                yield _said(evidence, named, column.text, said)


def _said(evidence: Evidence, row: Mapping[str, str], name: str, said: _Cell) -> Entry:
    """One cell against the record."""
    if name == next(iter(row)) and said.text == row[name]:
        return _named(said, evidence)
    try:
        found, address = _value(evidence, row, name)
    except NotBound as fault:
        return _entry(said, None, "" if said.text == NOTHING else str(fault))
    problem = _problem(said.text, found, name, _edges(evidence, address))
    if isinstance(found, str) and not problem and said.text == NOTHING:
        return _entry(said, None, "")
    return _entry(said, None if problem else address, problem)


def _named(one: _Cell, evidence: Evidence) -> Entry:
    if one.text in evidence.known:
        return _entry(one, Address(experiment="", operation="id", argument=one.text), "")
    return _entry(one, None, f"there is no {one.text} on record")


def _entry(one: _Cell, address: Address | None, reason: str) -> Entry:
    return Entry(one.start, one.end, one.text, not reason, address, reason)


def _value(evidence: Evidence, row: Mapping[str, str], name: str) -> tuple[Value, Address]:
    """What the record has under a name for the first id of a row, and its address."""
    about = next(iter(row.values()))
    run = _run(evidence, row)
    if name in SELECTORS and name in row and run is not None:
        return row[name], _address(_part(run, row), name)
    if name in evidence.facts.get(about, {}):
        address = Address(experiment="", operation=name, argument=about)
        return evidence.facts[about][name], address
    if name not in OPERATIONS:
        raise NotBound(f"nothing is recorded of {about} as {name}")
    if run is None:
        raise NotBound(f"nothing was measured under {about}")
    part = _part(run, row)
    return OPERATIONS[name](part), _address(part, name)


def _run(evidence: Evidence, row: Mapping[str, str]) -> Run | None:
    """The run that a row is about: the named one, or the one whose numbers a finding gives."""
    subject, about = next(iter(row.items()))
    if subject == "experiment" and about:
        return evidence.run(about)
    return evidence.of_finding(about) if subject == "finding" else None


def _part(run: Run, row: Mapping[str, str]) -> Part:
    sealed = run.protocol
    one = row.get("arm") or row.get("treatment", sealed.treatment)
    other = "" if "arm" in row else row.get("control", sealed.control)
    metric = row.get("metric", sealed.metric)
    missing = [arm for arm in (one, other) if arm and arm not in sealed.arms]
    if missing or metric not in run.metrics:
        name = run.experiment or run.finding
        raise NotBound(f"{name} has no {missing[0] if missing else metric}")
    return Part(run, one, other, metric)


def _address(part: Part, name: str) -> Address:
    return Address(
        experiment=part.run.experiment,
        operation=name,
        arms=tuple(filter(None, (part.treatment, part.control))),
        metric=part.metric,
    )


def _edges(evidence: Evidence, at: Address) -> tuple[float, ...]:
    """Where a number of that kind means something else on the other side."""
    run = evidence.run(at.experiment) if at.experiment else None
    if run is None:
        return (0.0,)
    if at.operation.endswith(" p") or at.operation == "p":
        return (0.0, run.protocol.alpha, run.protocol.level)
    smallest = run.protocol.smallest_effect
    sealed = at.metric == run.protocol.metric and len(at.arms) > 1
    return (0.0, smallest, -smallest) if sealed else (0.0,)


def _problem(said: str, found: Value, name: str, edges: Sequence[float]) -> str:
    """Why a cell does not say what is on record; empty if it does."""
    if isinstance(found, str):
        wanted = clean(found) or NOTHING
        return "" if said == wanted else f"the record has: {wanted}"
    read = numbers.find(said)
    if len(read) != 1 or (read[0].start, read[0].end) != (0, len(said)):
        return f"this is no number; {name} is {found:.6g}"
    number = read[0]
    if number.label or number.relation != "=" or number.nearness or number.step == 0:
        return f"this is no plain number; {name} is {found:.6g}"
    if number.unit not in ("", "%"):
        return f"{name} has no unit in a table"
    scale = 100.0 if number.unit == "%" else 1.0
    if isinstance(found, int) and number.value != scale * found:
        return f"it is not: {name} is {found}"
    wrong = numbers.problem(number, scale * found, tuple(scale * edge for edge in edges))
    return f"{wrong}: {name} is {found:.6g}" if wrong else ""
