"""The end of a turn: its sentences checked, what would tell if nobody knows, all put on record."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scientist.agent import given
from scientist.agent.choosing import nearness
from scientist.chat import bearing, checking, state, telling, threads
from scientist.chat.state import Talk
from scientist.events import TurnAnswered
from scientist.lab.kits import all_kits
from scientist.llm.fit import cut
from scientist.records import JsonObject, Said, Usage, one_line

if TYPE_CHECKING:
    from scientist.chat.session import Desk

LEAST_NEARNESS = 0.25  # below, no kit is about the question
LONGEST_COMPLAINT = 900
MOST_WORDED = 2  # findings, and as many sentences, that a small model may choose from
OVERLOOKED = "But this bears on the question: {told} Answer from it, in its own words, and cite it."
EMPTY = (
    "That answers nothing. Repeat what bears on the question with words_of, or say what is unknown."
)
MEND = (
    "Some of this does not stand on record: {problems} Answer again. Copy numbers and names as "
    "the results give them, quote an essay's words in quotation marks, or leave it out."
)


@dataclass(frozen=True)
class Answer:
    """An answer as it will be shown; `experiment` is what would tell."""

    sentences: tuple[Said, ...]
    experiment: str = ""


def checked(desk: Desk, talk: Talk) -> Answer:
    """The model's answer held against the record."""
    step = talk["step"]
    ground = checking.Ground(desk.journal, frozenset(state.shown(talk)), desk.store.embed)
    if "unknown" in step:
        found = checking.check([(step["unknown"], ())], ground)
        kept = tuple(one for one in found if not one.mark.wrong)
        return Answer(kept, would_tell(talk["asked"], desk))
    said = [each for one in step["answer"] for each in _said(one, desk, talk["asked"])]
    found = checking.check(list(dict.fromkeys(said)), ground)
    return Answer(found, "" if found else would_tell(talk["asked"], desk))


def _said(one: JsonObject, desk: Desk, asked: str) -> list[tuple[str, tuple[str, ...]]]:
    """Sentences with what they cite; none if only the question or something else is repeated."""
    if "says" in one:
        says = one["says"]
        echo = says.rstrip().endswith("?") and bearing.repeats(asked, [says])
        return [] if echo else [(says, tuple(one.get("cites") or ()))]
    name = one["words_of"]
    if not bearing.nearest(asked, {name: telling.about(desk.journal, name)}, desk.store.embed):
        return []
    return [(text, (name,)) for text in telling.words_of(desk.journal, name)]


def worded(desk: Desk, talk: Talk, every: bool) -> list[str]:
    """Ids whose words may be repeated: all that were shown, or the nearest of each kind."""
    names = [name for name in state.shown(talk) if telling.WORDED.fullmatch(name)]
    if every or not names:
        return names
    about = {name: telling.about(desk.journal, name) for name in names}
    near = bearing.nearest(talk["asked"], about, desk.store.embed)
    found = [name for name in near if name.startswith("F")]
    return [*found[:MOST_WORDED], *[name for name in near if name not in found][:MOST_WORDED]]


def complaint(sentences: Iterable[Said]) -> str:
    """What the model is told to mend; empty if nothing is wrong."""
    problems = [
        f"sentence {number}: {'; '.join(one.notes)}."
        for number, one in enumerate(sentences, 1)
        if one.mark.wrong
    ]
    if not problems:
        return ""
    told = telling.plain(one_line(cut(" ".join(problems), LONGEST_COMPLAINT)))
    return MEND.format(problems=told)


def overlooked(desk: Desk, talk: Talk, answer: Answer) -> str:
    """What a model is told that says nothing, or that it does not know what it was shown."""
    if "unknown" not in talk["step"]:
        return "" if answer.sentences else EMPTY
    found = [
        f"{name}: {' '.join(telling.words_of(desk.journal, name))}"
        for name in worded(desk, talk, every=False)
        if name.startswith("F")
    ]
    told = telling.plain(one_line(" ".join(found)))
    return OVERLOOKED.format(told=told) if told else ""


def would_tell(question: str, desk: Desk) -> str:
    """The command that would tell: the nearest kit's own comparison, else a campaign."""
    kits = all_kits()
    near = nearness(question, kits, desk.store.embed)
    kit = max(kits, key=lambda one: near[one.name])
    if near[kit.name] < LEAST_NEARNESS:
        return f"scientist run {shlex.quote(one_line(question))}"
    return shlex.join(given.command(kit.name, kit.default.model_dump()))


def record(desk: Desk, talk: Talk, answer: Answer) -> None:
    """Put the answer on record; one that a crash left there stays the only one."""
    if threads.answer(desk.journal, desk.thread, talk["turn"]):
        return
    desk.note(
        TurnAnswered(
            thread=desk.thread,
            turn=talk["turn"],
            sentences=answer.sentences,
            experiment=answer.experiment,
            usage=Usage.model_validate(talk["usage"]),
            seconds=round(time.monotonic() - desk.began, 4),
            first_token_seconds=desk.first_token,
        ),
        True,
    )
