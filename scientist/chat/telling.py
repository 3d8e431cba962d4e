"""What goes into a conversation's prompt: the user's words, tool results, the model's own words.

A result is one JSON string, so that nothing in it can end the quotation; and no text has the
signs by which chat templates tell who speaks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from scientist.corpus import store as corpus
from scientist.journal import project
from scientist.llm.fit import cut
from scientist.records import Finding, printable

if TYPE_CHECKING:
    from scientist.agent.toolkit import Tool
    from scientist.journal import Journal

Message = dict[str, str]
MOST_TOLD = 2400  # letters of one result
RESULT = "Result of "
DIGITS = 4  # of a mean
WORDED = re.compile(r"F\d+|E\d+:\d+")  # ids of what answers in its own words
_QUOTED = re.compile(r"[\"“”„«»]")
_TEMPLATE = re.compile(r"<(?=[|/\w\N{FULLWIDTH VERTICAL LINE}])|\[(?=/?INST\b)", re.IGNORECASE)


def plain(text: str) -> str:
    """Somebody's words without what a chat template would take for its own signs."""
    return _TEMPLATE.sub(lambda found: f"{found[0]} ", printable(text))


def own(text: str) -> str:
    """The JSON that a model wrote, the same but for such signs."""
    return _TEMPLATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def result(tool: str, text: str) -> Message:
    """What a tool gave, as data."""
    quoted = json.dumps(cut(printable(text), MOST_TOLD), ensure_ascii=False)
    return {"role": "user", "content": f"{RESULT}{tool} (data): {own(quoted)}"}


def words_of(journal: Journal, name: str) -> tuple[str, ...]:
    """What stands on record under an id, word for word: a finding's sentence and its means."""
    if name.startswith("F"):
        found = project.finding(journal, name).record
        return tuple(filter(None, (found.statement, _means(found))))
    text = _sentence(journal, name)
    return (text if _QUOTED.search(text) else f"“{text}”",)


def about(journal: Journal, name: str) -> tuple[str, ...]:
    """What an id is about."""
    if name.startswith("F"):
        found = project.finding(journal, name).record
        return found.statement, found.meaning
    return (_sentence(journal, name),)


def _sentence(journal: Journal, address: str) -> str:
    return corpus.around(journal, address, 0)[1][0].text


def _means(found: Finding) -> str:
    judged = found.judgement
    if not judged.effect or judged.treatment_mean is None or judged.control_mean is None:
        return ""
    moved = "raised" if judged.effect > 0 else "lowered"
    means = f"from {judged.control_mean:.{DIGITS}g} to {judged.treatment_mean:.{DIGITS}g}"
    return (
        f"On average, {found.treatment} {moved} {found.metric} {means} compared with "
        f"{found.control}."
    )


def left_out(message: Message) -> Message:
    """A result of which only the tool's name is left."""
    head = message["content"].partition(" (data): ")[0]
    return {**message, "content": f"{head} (data): left out, call the tool again if it is needed"}


def whole(message: Message) -> bool:
    """Whether a message is a tool's result, and in full."""
    result = message["role"] == "user" and message["content"].startswith(RESULT)
    return result and message["content"] != left_out(message)["content"]


def listed(tools: Mapping[str, Tool]) -> list[str]:
    """The tools as the prompt lists them, a line each."""
    return [_line(tool) for tool in tools.values()]


def _line(tool: Tool) -> str:
    fields = tool.arguments.model_fields.items()
    named = ", ".join(name if field.is_required() else f"{name}?" for name, field in fields)
    about = " ".join(tool.description.split("\n\n")[0].split())
    asks = " Asks the user first." if tool.changes else ""
    return f"{tool.name}({named}): {about.rstrip('.')}.{asks}"


def call(tool: str, arguments: Mapping[str, Any]) -> str:
    """A tool with its arguments, the same text for the same call."""
    return json.dumps([tool, dict(arguments)], sort_keys=True, ensure_ascii=False)


def answer(sentences: Iterable[tuple[str, Iterable[str]]]) -> Message:
    """An answer as the model would have written it: what is left of it when all else is lost."""
    said = [{"says": text, "cites": list(cites)} for text, cites in sentences]
    content = {"answer": said} if said else {"unknown": "The record does not tell."}
    return {"role": "assistant", "content": own(json.dumps(content, ensure_ascii=False))}
