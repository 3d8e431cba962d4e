"""The graph of one turn: act → use → act … → finish, and back to act once to mend an answer.

Its checkpoint is on the disk before the next node starts. What the user decided and what was
changed stands in the journal besides, so that neither is done twice after a crash.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from scientist import interrupts
from scientist.agent.strength import small
from scientist.chat import acting, answering, compacting, state, telling, using
from scientist.chat.hearing import Hearing
from scientist.chat.session import Desk
from scientist.chat.state import Talk
from scientist.errors import ContextError
from scientist.events import ThreadCompacted
from scientist.llm import fit, prompting
from scientist.llm.client import REPAIR_SHARE, Answer
from scientist.llm.prompting import Rendered
from scientist.records import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scientist.chat.state import Past
    from scientist.chat.telling import Message
    from scientist.journal import Entry

Node = Callable[[Talk, Runtime[Desk]], Talk]
PROMPT = "chat"
MOST_STEPS = 2 * acting.MOST_CALLS + 10  # more than a turn can take
COMPACTIONS = 3  # before a context that the server tells of is believed to be too small
SEEDS_A_TURN = 100


def build(checkpointer: BaseCheckpointSaver[Any]) -> CompiledStateGraph[Talk, Desk, Talk, Talk]:
    """The compiled graph."""
    graph = StateGraph(Talk, context_schema=Desk)
    for node in (act, use, finish):
        graph.add_node(node.__name__, _open(node))  # type: ignore[call-overload]  # langgraph types a node by its keyword names
    graph.add_edge(START, "act")
    graph.add_conditional_edges("act", _after_act, ["use", "finish"])
    graph.add_edge("use", "act")
    graph.add_conditional_edges("finish", _after_finish, ["act", END])
    return graph.compile(checkpointer=checkpointer)


def _open(node: Node) -> Node:
    """A node that Ctrl-C may end."""

    def work(talk: Talk, runtime: Runtime[Desk]) -> Talk:
        return interrupts.through(node, talk, runtime)

    return work


def act(talk: Talk, runtime: Runtime[Desk]) -> Talk:
    """Ask the model for its next step."""
    desk = runtime.context
    prompt = rendered(desk, "")
    room = _room(desk)
    changed = _compacted(desk, talk, prompt, room) if room else None
    for again in range(COMPACTIONS):
        now: Talk = {**talk, **(changed or {})}
        try:
            answer = _ask(desk, now, prompt)
            break
        except ContextError as fault:
            if again == COMPACTIONS - 1:
                raise
            changed = _compacted(desk, now, prompt, _believed(desk, now, prompt, fault), True)
    written = {"role": "assistant", "content": telling.own(answer.text)}
    used = Usage.model_validate(talk["usage"])
    total = {name: getattr(used, name) + getattr(answer.usage, name) for name in talk["usage"]}
    return {
        **(changed or {}),
        "messages": [*now["messages"], written],
        "step": acting.read(answer.value),
        "usage": total,
    }


def use(talk: Talk, runtime: Runtime[Desk]) -> Talk:
    """Call the tool that the model asked for, if the user lets it."""
    desk, step = runtime.context, talk["step"]
    arguments = acting.arguments(step)
    told = using.use(desk, talk["turn"], talk["called"], step["tool"], arguments)
    return {
        "messages": [*talk["messages"], telling.result(step["tool"], told.text)],
        "called": [*talk["called"], telling.call(step["tool"], arguments)],
        "shown": [*talk["shown"], *(name for name in told.cites if name not in talk["shown"])],
    }


def finish(talk: Talk, runtime: Runtime[Desk]) -> Talk:
    """Hold the answer against the record; what does not stand may be mended once."""
    desk = runtime.context
    answer = answering.checked(desk, talk)
    if not talk["repaired"]:
        complaint = answering.complaint(answer.sentences)
        if complaint := complaint or answering.overlooked(desk, talk, answer):
            mend = {"role": "user", "content": complaint}
            return {"repaired": True, "messages": [*talk["messages"], mend]}
    answering.record(desk, talk, answer)
    return {"answered": True}


def rendered(desk: Desk, question: str, notes: Sequence[str] = ()) -> Rendered:
    """The system prompt of a thread and the message of a question."""
    offered = telling.listed(desk.toolkit.offered())
    return prompting.load(PROMPT).render(
        tools=offered, most=acting.MOST_CALLS, question=telling.plain(question), notes=notes
    )


def _after_act(talk: Talk) -> str:
    return "use" if "tool" in talk["step"] else "finish"


def _after_finish(talk: Talk) -> str:
    return END if talk["answered"] else "act"


def _ask(desk: Desk, talk: Talk, prompt: Rendered) -> Answer[Any]:
    hearing = Hearing(desk.listener.thinking, desk.listener.words)
    closed = talk["repaired"] or len(talk["called"]) >= acting.MOST_CALLS
    own = not small(desk.client.endpoint)
    tools = {} if closed else acting.left(desk.toolkit.offered(), talk["called"], own)
    overlooked = talk["repaired"] and "unknown" in talk["step"]
    may_look = any(name.startswith(acting.SEARCH) for name in tools)
    unknown = not overlooked and (acting.searched(talk["called"]) or not may_look)
    offer = acting.Offer(
        tools,
        state.shown(talk),
        answering.worded(desk, talk, every=own),
        using.ID.findall(talk["asked"].upper()),
        unknown,
        own,
    )

    def hear(kind: str, piece: str) -> None:
        if desk.first_token is None:
            desk.first_token = round(time.monotonic() - desk.began, 4)
        hearing.hear(kind, piece)

    def attempted(entry: Entry) -> None:
        if entry.kind == "model_called" and entry.campaign == desk.thread:
            hearing.again()

    desk.journal.listeners.append(attempted)
    try:
        return desk.client.ask(
            _with(prompt, _messages(talk["past"], talk["messages"], prompt)),
            acting.schema(offer),
            seed=_seed(desk, talk),
            on_text=hear,
        )
    finally:
        desk.journal.listeners.remove(attempted)


def _seed(desk: Desk, talk: Talk) -> int:
    """Another draw for each step of each turn, the same one after a crash."""
    return (desk.settings.seed * SEEDS_A_TURN + talk["turn"]) * SEEDS_A_TURN + len(talk["messages"])


def _messages(past: Sequence[Past], messages: Sequence[Message], prompt: Rendered) -> list[Message]:
    return [prompt.messages[0], *state.flat(past, messages)]


def _with(prompt: Rendered, messages: Sequence[Message]) -> Rendered:
    return Rendered(
        name=prompt.name,
        version=prompt.version,
        hash=prompt.hash,
        schema=prompt.schema,
        messages=tuple(messages),
        temperature=prompt.temperature,
        max_tokens=prompt.max_tokens,
    )


def _room(desk: Desk) -> int | None:
    """Tokens that a prompt may have; None if nobody knows."""
    context = desk.client.endpoint.context
    if context is None:
        return None
    return context - desk.settings.max_output - context // REPAIR_SHARE


def _size(prompt: Rendered, rate: float) -> compacting.Size:
    def size(past: Sequence[Past], messages: Sequence[Message]) -> int:
        return fit.tokens(_messages(past, messages, prompt), rate)

    return size


def _believed(desk: Desk, talk: Talk, prompt: Rendered, fault: ContextError) -> int:
    """The room by what a server says of itself, in tokens as they are estimated here."""
    estimated = _size(prompt, desk.client.rate())(talk["past"], talk["messages"])
    if not fault.context or not fault.needed:
        return estimated // 2
    room = fault.context - desk.settings.max_output - fault.context // REPAIR_SHARE
    return int(estimated * min(0.9, max(0.1, room / fault.needed)))


def _compacted(
    desk: Desk, talk: Talk, prompt: Rendered, room: int, refused: bool = False
) -> Talk | None:
    """What is still shown of a thread that has grown too long, on record; None if it has not."""
    size = _size(prompt, desk.client.rate())
    if not refused and size(talk["past"], talk["messages"]) <= room:
        return None
    left = compacting.compact(talk["past"], talk["messages"], size, room)
    if left.past == talk["past"] and left.messages == talk["messages"]:
        return None
    note = ThreadCompacted(thread=desk.thread, through=left.through, summary=left.summary)
    desk.note(note, True)
    return {"past": left.past, "messages": left.messages}
