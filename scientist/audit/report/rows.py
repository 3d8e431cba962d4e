"""Tables of the record for a report: every cell is written by what will look it up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scientist.audit.report.blocks import Table
from scientist.science.claims.evidence import Evidence
from scientist.science.claims.tables import NOTHING, cell


def upright(
    evidence: Evidence, rows: Sequence[Mapping[str, str]], names: Sequence[str]
) -> list[Table]:
    """A row for each, with its own fields first; columns in which nothing stands are left out.

    Where nothing is known of any row, there is no table.
    """
    if not rows:
        return []
    own = tuple(rows[0])
    filled = [[*row.values(), *(cell(evidence, row, name) for name in names)] for row in rows]
    head = (*own, *names)
    kept = [
        place
        for place in range(len(head))
        if place < len(own) or any(row[place] != NOTHING for row in filled)
    ]
    if len(kept) == len(own):
        return []
    return [
        Table(
            tuple(head[place] for place in kept),
            tuple(tuple(row[place] for place in kept) for row in filled),
        )
    ]


def sideways(
    evidence: Evidence, subject: str, ids: Sequence[str], names: Sequence[str]
) -> list[Table]:
    """A column for each id; facts of which none of them has anything are left out."""
    rows = [(name, *(cell(evidence, {subject: one}, name) for one in ids)) for name in names]
    kept = tuple(row for row in rows if any(said != NOTHING for said in row[1:]))
    return [Table((subject, *ids), kept)] if ids and kept else []
