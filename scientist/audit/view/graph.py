"""Hypotheses, experiments, findings and conflicts of a campaign as a layered drawing.

Columns are kinds, rows are hypotheses: what belongs to one stands beside it, so that few lines
cross. Conflicts stand at the middle of what they are between. Places are computed here; the
template draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from statistics import fmean

from scientist.audit.tracing.trail import Trail
from scientist.audit.view import listing
from scientist.audit.view.record import Opened
from scientist.journal import Entry, project
from scientist.journal.index import Query
from scientist.records import clean

HYPOTHESES = 40  # on one page
WIDTH, WIDEST, LETTER = 1134, 330, 7  # of a wide drawing, of its boxes, of a letter at most
KINDS = ("hypothesis", "experiment", "finding", "conflict")


@dataclass(frozen=True)
class Vertex:
    """A thing of the graph: what it is, how it stands, what it says, and its row."""

    id: str
    kind: str
    state: str
    said: str
    row: float = 0.0


@dataclass(frozen=True)
class Graph:
    """What is drawn, and where more of it begins."""

    vertices: tuple[Vertex, ...]
    edges: tuple[tuple[str, str], ...]
    later: int = 0


@dataclass(frozen=True)
class Box:
    """A vertex with its place, its words cut into lines."""

    vertex: Vertex
    x: float
    y: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """Boxes of one size and the curves between them."""

    width: float
    height: float
    box_width: float
    box_height: float
    boxes: tuple[Box, ...]
    curves: tuple[tuple[str, str, str, bool], ...]  # from, to, path, whether it leads back
    heads: tuple[tuple[float, str], ...]
    wide: bool


@dataclass
class _Gathered:
    vertices: dict[str, Vertex] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)

    def add(self, vertex: Vertex) -> None:
        self.vertices.setdefault(vertex.id, vertex)

    def join(self, one: str, other: str) -> None:
        if one in self.vertices and other in self.vertices and (one, other) not in self.edges:
            self.edges.append((one, other))


def of(opened: Opened, campaign: str, after: int = 0) -> Graph:
    """The graph of a campaign, from a place in the record on."""
    trail, found = opened.trail(), _Gathered()
    asked = Query(kinds=("hypothesis_proposed",), campaign=campaign, after=after or None)
    entries = trail.entries(asked)
    proposed = list(islice(entries, HYPOTHESES))
    more = next(entries, None) is not None
    names = [str(entry.data["hypothesis"]["id"]) for entry in proposed]
    if not more:
        names += _tested_from_elsewhere(trail, campaign, names)
    for name in names:
        _hypothesis(trail, found, name)
    _conflicts(trail, found)
    placed = _placed(found, names)
    return Graph(tuple(placed.values()), tuple(found.edges), proposed[-1].seq if more else 0)


def _tested_from_elsewhere(trail: Trail, campaign: str, known: Sequence[str]) -> list[str]:
    """Hypotheses of other campaigns that were tested here; they come last."""
    started = trail.entries(Query(kinds=("experiment_started",), campaign=campaign))
    names = dict.fromkeys(str(one.data["hypothesis"]) for one in started)
    strange = (name for name in names if name not in known and _of(trail, name) != campaign)
    return list(islice(strange, HYPOTHESES))


def _of(trail: Trail, name: str) -> str | None:
    """The campaign that a hypothesis was proposed in."""
    entry = trail.first(name, "hypothesis_proposed")
    return entry.campaign if entry else None


def _hypothesis(trail: Trail, found: _Gathered, name: str) -> None:
    """A hypothesis with its experiments and findings."""
    events = trail.naming(name, *project.OF_A_HYPOTHESIS, "experiment_started")
    view = project.hypothesis_by(events, name)
    if view is None:
        return
    found.add(Vertex(name, "hypothesis", view.status, clean(view.record.statement)))
    for entry in events:
        if entry.kind == "experiment_started" and entry.data["hypothesis"] == name:
            _experiment(trail, found, entry)
    for entry in events:
        record = entry.data.get("finding")
        if entry.kind == "finding_recorded" and record and record["hypothesis"] == name:
            verdict = str(record["judgement"]["verdict"])
            said = clean(str(record["statement"]))
            found.add(Vertex(str(record["id"]), "finding", verdict, said))
            runs = (record["experiment"], (record.get("first") or {}).get("experiment"))
            for run in filter(None, runs):
                found.join(str(run), str(record["id"]))
            if not any(runs):
                found.join(name, str(record["id"]))
    for behind in (*view.record.builds_on, view.record.parent_finding or ""):
        found.join(behind, name)


def _experiment(trail: Trail, found: _Gathered, entry: Entry) -> None:
    name = str(entry.data["experiment"])
    view = project.experiment_by(trail.naming(name, *project.OF_AN_EXPERIMENT), name)
    if view is not None:
        trials = f"{view.trials} trials in {view.seconds:.1f} s"
        found.add(Vertex(name, "experiment", view.status, trials))
        found.join(str(entry.data["hypothesis"]), name)


def _conflicts(trail: Trail, found: _Gathered) -> None:
    """The conflicts that the findings take part in, with the claims on their other side."""
    for name in [one.id for one in found.vertices.values() if one.kind == "finding"]:
        for entry in trail.naming(name, "conflict_found"):
            conflict = entry.data["conflict"]
            members = [str(one).partition(".")[0] for one in conflict["members"]]
            if name not in members:
                continue
            state = listing.mended(trail, str(conflict["id"]))
            found.add(Vertex(str(conflict["id"]), "conflict", state, clean(str(conflict["rule"]))))
            for member in members:
                if member not in found.vertices:
                    _member(trail, found, member)
                found.join(member, str(conflict["id"]))


def _member(trail: Trail, found: _Gathered, name: str) -> None:
    """A claim, or a finding of another campaign, that takes part in a conflict."""
    if entry := trail.first(name, "assertion_made"):
        claim = entry.data["assertion"]
        said = clean(str(claim["text"]))
        found.add(Vertex(name, "finding", f"claim, {claim['source']['kind']}", said))
    elif entry := trail.first(name, "finding_recorded"):
        record = entry.data["finding"]
        verdict, said = str(record["judgement"]["verdict"]), clean(str(record["statement"]))
        found.add(Vertex(name, "finding", verdict, said))


def _placed(found: _Gathered, names: Iterable[str]) -> dict[str, Vertex]:
    """Every vertex with its row: hypotheses one below the other, the rest beside them."""
    rows: dict[str, float] = {}
    next_row = 0.0
    for name in names:
        if name not in found.vertices:
            continue
        runs = [b for a, b in found.edges if a == name and b.startswith("X")]
        verdicts = [b for a, b in found.edges if a in (*runs, name) and b.startswith("F")]
        verdicts = [one for one in dict.fromkeys(verdicts) if one not in rows]
        tall = max(1, len(runs), len(verdicts))
        rows[name] = next_row + (tall - 1) / 2
        for column in (runs, verdicts):
            start = next_row + (tall - len(column)) / 2
            rows |= {one: start + place for place, one in enumerate(column)}
        next_row += tall
    for name, vertex in found.vertices.items():  # claims from elsewhere come below
        if name not in rows and vertex.kind != "conflict":
            rows[name] = next_row
            next_row += 1
    rows |= _apart(
        {
            name: fmean([rows[a] for a, b in found.edges if b == name] or [next_row])
            for name, vertex in found.vertices.items()
            if vertex.kind == "conflict"
        }
    )
    return {name: replace(one, row=rows[name]) for name, one in found.vertices.items()}


def _apart(wanted: dict[str, float]) -> dict[str, float]:
    """Rows as near as can be to those that are wanted, none on top of another."""
    found: dict[str, float] = {}
    last = -1.0
    for name, row in sorted(wanted.items(), key=lambda one: one[1]):
        last = found[name] = max(row, last + 1)
    return found


def draw(graph: Graph, wide: bool) -> Drawing:
    """The drawing for a wide screen, with words, or for a narrow one, with ids alone."""
    used = [kind for kind in KINDS if any(one.kind == kind for one in graph.vertices)]
    columns = max((KINDS.index(kind) for kind in used), default=0) + 1
    box, gap, height, space = (WIDEST, 64, 68, 16) if wide else (88, 16, 46, 12)
    if wide:
        box = min(box, (WIDTH - gap * (columns - 1)) // columns)
    letters = box // LETTER
    places = {
        one.id: (KINDS.index(one.kind) * (box + gap), 34 + one.row * (height + space))
        for one in graph.vertices
    }
    boxes = tuple(
        Box(one, *places[one.id], _cut(one.said, letters, 2) if wide else ())
        for one in graph.vertices
    )
    curves = []
    for one, other in graph.edges:
        (x, y), (to_x, to_y) = places[one], places[other]
        back = to_x <= x
        begin = (x if back else x + box, y + height / 2)
        end = (to_x + box if back else to_x, to_y + height / 2)
        bend = (end[0] - begin[0]) / 2
        curves.append(
            (
                one,
                other,
                f"M{begin[0]:.1f} {begin[1]:.1f}C{begin[0] + bend:.1f} {begin[1]:.1f} "
                f"{end[0] - bend:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}",
                back,
            )
        )
    rows = max((one.row for one in graph.vertices), default=0) + 1
    return Drawing(
        width=columns * (box + gap) - gap + 2,
        height=34 + rows * (height + space),
        box_width=box,
        box_height=height,
        boxes=boxes,
        curves=tuple(curves),
        heads=tuple((KINDS.index(kind) * (box + gap), kind) for kind in used),
        wide=wide,
    )


def _cut(text: str, width: int, most: int) -> tuple[str, ...]:
    """The first words of a text in lines of at most that width."""
    lines, words = [""], text.split()
    for place, word in enumerate(words):
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= width:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word[:width])
        else:
            lines[-1] = lines[-1][: width - 1].rstrip() + "…" * (place < len(words))
            break
    return tuple(lines)
