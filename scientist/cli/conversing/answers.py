"""An answer as it is shown: each sentence with what it cites and what may be said of it.

The mark is part of the words, so that it survives a pipe; colours only repeat it. Whatever a
model or an essay wrote comes as one line, without what a terminal would obey, and without ids in
brackets that the checked citation does not have.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Any

from scientist.cli import options, output
from scientist.cli.conversing import links
from scientist.records import Mark, Said, clean, one_line, printable

if TYPE_CHECKING:
    from scientist.events import TurnAnswered
    from scientist.journal import Journal
    from scientist.workspace import Workspace

Target = Callable[[str], str]
DIM, YELLOW, RED, PLAIN = "\x1b[2m", "\x1b[33m", "\x1b[31m", "\x1b[0m"
COLOURS = {Mark.OPINION: DIM, Mark.UNBOUND: YELLOW, Mark.CONTRADICTED: RED}
UNKNOWN = "I don't know"
_NAMES = r"[EFHXCA]\d+(?::\d+)?"
_BRACKETS = re.compile(
    rf"\s*[\[(【［⟦❲〔]\s*({_NAMES}(?:[\s,;]+{_NAMES})*)\s*[\])】］⟧❳〕]", re.IGNORECASE
)


def plainly(said: Said) -> str:
    """The words of a sentence; ids in brackets leave it, unless code stands behind them."""

    def kept(found: re.Match[str]) -> str:
        names = [name.upper() for name in re.split(r"[\s,;]+", found[1])]
        ours = all(name in said.cites for name in names)
        return "" if ours else f" ({', '.join(names)}: not cited)"

    return one_line(_BRACKETS.sub(kept, clean(said.text)))


def checkable(said: Said) -> str:
    """A sentence with what it cites, as `scientist check` reads it."""
    cites = " ".join(f"[{name}]" for name in said.cites)
    return f"{plainly(said)} {cites}".rstrip()


def verdict(said: Said) -> str:
    """What must be read together with a sentence; empty if the record bears it out."""
    words = said.mark.words
    if said.mark is Mark.UNBOUND and said.notes:
        words += f": {'; '.join(map(clean, said.notes))}"
    return f"({words})" if words else ""


def below(said: Said) -> list[str]:
    """Lines that belong under a sentence."""
    if said.mark is Mark.UNBOUND:
        return []  # they stand in the line itself
    return [printable(line).rstrip() for note in said.notes for line in note.splitlines()]


def experiment(answer: TurnAnswered, place: Workspace) -> str:
    """The command that would tell, on this workspace and its servers; empty if there is none."""
    command = clean(answer.experiment)
    where = "" if " -w " in command else options.at(place)
    return output.located(command + where) if command else ""


def lines(
    answer: TurnAnswered, place: Workspace, target: Target | None = None, styled: bool = False
) -> list[str]:
    """An answer line by line; with `target`, ids lead where that says."""
    shown: list[str] = []
    for said in answer.sentences:
        cited = " ".join(_citation(name, target) for name in said.cites)
        colour = COLOURS.get(said.mark, "") if styled else ""
        words = f"{colour}{plainly(said)}{PLAIN if colour else ''}"
        mark = verdict(said)
        mark = f"{colour}{mark}{PLAIN}" if mark and colour else mark
        shown.append(" ".join(part for part in (words, cited, mark) if part))
        dim, end = (DIM, PLAIN) if styled else ("", "")
        shown += [f"{dim}    {line}{end}" for line in below(said)]
    if command := experiment(answer, place):
        shown.append(f"{UNKNOWN}; this would tell: {command}")
    elif not answer.sentences:
        shown.append(f"{UNKNOWN}.")
    return shown


def show(answer: TurnAnswered, journal: Journal, place: Workspace) -> None:
    """Write an answer to stdout."""

    def target(name: str) -> str:
        return links.target(journal, place, name)

    out = sys.stdout
    _write(out, lines(answer, place, target if links.followed(out) else None, links.styled(out)))


def document(
    answer: TurnAnswered, asked: str, journal: Journal, place: Workspace, tools: Iterable[Any]
) -> dict[str, Any]:
    """An answer as `--json` gives it."""
    cited = dict.fromkeys(name for said in answer.sentences for name in said.cites)
    targets = {name: links.target(journal, place, name) for name in cited}
    return {
        "thread": answer.thread,
        "turn": answer.turn,
        "question": clean(asked),
        "known": bool(answer.sentences) and not answer.experiment,
        "sentences": [
            {
                "text": plainly(said),
                "cites": list(said.cites),
                "mark": str(said.mark),
                "notes": [printable(note) for note in said.notes],
            }
            for said in answer.sentences
        ],
        "experiment": experiment(answer, place),
        "sources": {name: url for name, url in targets.items() if url},
        "tools": list(tools),
        "tokens": answer.usage.model_dump(mode="json"),
        "seconds": answer.seconds,
        "first_token_seconds": answer.first_token_seconds,
    }


def quoted(words: Iterable[object]) -> str:
    """Words as one would type them in a shell."""
    return " ".join(shlex.quote(str(word)) for word in words)


def _citation(name: str, target: Target | None) -> str:
    label = f"[{clean(name)}]"
    return links.link(label, target(name)) if target else label


def _write(out: IO[str], shown: Iterable[str]) -> None:
    out.write("".join(line + "\n" for line in shown))
    out.flush()
