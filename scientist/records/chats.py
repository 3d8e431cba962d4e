"""A sentence of an answer, and what it rests on."""

from __future__ import annotations

from enum import StrEnum

from scientist.records.base import Record


class Mark(StrEnum):
    """What may be said of a sentence that a model wrote."""

    CITED = "cited"  # what it cites was shown to the model and bears on it; every number binds
    OPINION = "opinion"  # nothing on record bears it out
    UNBOUND = "unbound"  # it has a number or comparison that the record does not give
    CONTRADICTED = "contradicted"  # it cannot hold with something that is held

    @property
    def wrong(self) -> bool:
        """Whether the record speaks against it."""
        return self in (Mark.UNBOUND, Mark.CONTRADICTED)

    @property
    def words(self) -> str:
        """What a reader is told beside the sentence; empty if nothing has to be."""
        return {
            Mark.CITED: "",
            Mark.OPINION: "the model's opinion",
            Mark.UNBOUND: "not borne out",
            Mark.CONTRADICTED: "contradicted",
        }[self]


class Said(Record):
    """One sentence as it was shown, with ids such as F12 or E3:45, and what was found wrong."""

    text: str
    cites: tuple[str, ...] = ()
    mark: Mark
    notes: tuple[str, ...] = ()
