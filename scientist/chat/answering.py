"""The end of a turn: its sentences checked, what would tell if nobody knows, all put on record."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scientist.agent.choosing import nearness
from scientist.chat import checking, state, telling
from scientist.chat.state import Talk
from scientist.events import TurnAnswered
from scientist.lab.kits import all_kits
from scientist.llm.fit import cut
from scientist.records import Mark, Said, Usage, one_line

if TYPE_CHECKING:
    from scientist.chat.session import Desk
    from scientist.memory.embedding import Vector

LEAST_NEARNESS = 0.25  # below, no kit is about the question
LONGEST_COMPLAINT = 900
WRONG = (Mark.UNBOUND, Mark.CONTRADICTED)
MEND = (
    "Some of this does not stand on record: {problems} Answer again. Copy numbers and names as "
    "the results give them, quote an essay's words in quotation marks, or leave it out."
)


@dataclass(frozen=True)
class Given:
    """An answer as it will be shown; `experiment` is what would tell."""

    sentences: tuple[Said, ...]
    experiment: str = ""


def checked(desk: Desk, talk: Talk) -> Given:
    """The model's answer held against the record."""
    step = talk["step"]
    ground = checking.Ground(desk.journal, frozenset(state.shown(talk)), desk.store.embed)
    if "unknown" in step:
        said = checking.check([(step["unknown"], ())], ground)
        kept = tuple(one for one in said if one.mark not in WRONG)
        return Given(kept, would_tell(talk["asked"], desk))
    answer = [(one["says"], one.get("cites") or ()) for one in step["answer"]]
    return Given(checking.check(answer, ground))


def complaint(sentences: Iterable[Said]) -> str:
    """What the model is told to mend; empty if nothing is wrong."""
    problems = [
        f"sentence {number}: {'; '.join(one.notes)}."
        for number, one in enumerate(sentences, 1)
        if one.mark in WRONG
    ]
    if not problems:
        return ""
    told = telling.plain(one_line(cut(" ".join(problems), LONGEST_COMPLAINT)))
    return MEND.format(problems=told)


def would_tell(question: str, desk: Desk) -> str:
    """The command that would tell: the nearest kit's own comparison, else a campaign."""

    def embed(texts: Sequence[str]) -> list[Vector]:
        return desk.store.embed(texts)

    kits = all_kits()
    near = nearness(question, kits, embed)
    kit = max(kits, key=lambda one: near[one.name])
    if near[kit.name] < LEAST_NEARNESS:
        return f"scientist run {shlex.quote(one_line(question))}"
    default = kit.default
    return (
        f"scientist kit run {kit.name} --treatment {default.treatment} "
        f"--control {default.control} --metric {default.metric} --direction {default.direction}"
    )


def record(desk: Desk, talk: Talk, given: Given) -> None:
    """Put the answer on record; one that a crash left there stays the only one."""
    for entry in desk.journal.entries("turn_answered", campaign=desk.thread):
        if entry.data["turn"] == talk["turn"]:
            return
    desk.note(
        TurnAnswered(
            thread=desk.thread,
            turn=talk["turn"],
            sentences=given.sentences,
            experiment=given.experiment,
            usage=Usage.model_validate(talk["usage"]),
            seconds=round(time.monotonic() - desk.began, 4),
            first_token_seconds=desk.first_token,
        ),
        True,
    )
