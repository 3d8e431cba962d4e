"""`/why`: what an id rests on, as the commands for findings, beliefs and essays tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scientist.cli import beliefs, experiments, findings, hypotheses, output
from scientist.errors import UsageError
from scientist.journal import project
from scientist.records import one_line

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.workspace import Workspace

AROUND = 1  # sentences before and after the one that is meant


def explain(journal: Journal, place: Workspace, name: str) -> None:
    """Everything behind one id."""
    name = name.strip("[](),.").upper()
    match name[:1]:
        case "F":
            view = project.finding(journal, name)
            findings.show(name, place.root, False)
            output.result("")
            beliefs.show(view.record.hypothesis, place.root, False)
        case "H":
            hypotheses.show(name, place.root, False)
            output.result("")
            beliefs.show(name, place.root, False)
        case "E":
            _passage(journal, name)
        case "X":
            experiments.show(name, place.root, False)
        case "A":
            from scientist.cli import claims

            claims.show(name, place.root, False)
        case _:
            raise UsageError(
                f"{name or 'that'} is no id that can be explained", "/why F1, /why H1 or /why E1:3"
            )


def _passage(journal: Journal, name: str) -> None:
    from scientist.corpus.store import around

    essay = name.partition(":")[0]
    source = next((view.source for view in project.essays(journal) if view.id == essay), "")
    title, sentences = around(journal, name, AROUND)
    output.result(f"{name}  {one_line(title)} ({one_line(source)})")
    for one in sentences:
        pointer = ">" if one.address == name else " "
        output.result(f"{pointer} [{one.address}] {one_line(one.text)}")
