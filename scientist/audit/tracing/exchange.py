"""What a model was sent and what it answered, read back from the bytes that were kept.

Also the code in its answers, try by try, and how one try differs from the one before.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from scientist.journal import Entry, Journal

WRITING = ("write_arm", "write_experiment")  # prompts that ask for code


@dataclass(frozen=True)
class Exchange:
    """One call: the messages it began with, and what came back."""

    messages: tuple[tuple[str, str], ...]
    answer: str
    reasoning: str
    request_blob: str
    response_blob: str

    @property
    def code(self) -> str:
        """The code in the answer; empty if there is none."""
        try:
            found = orjson.loads(self.answer)
        except ValueError:
            return ""
        code = found.get("code") if isinstance(found, dict) else None
        return code if isinstance(code, str) else ""


def exchange(journal: Journal, entry: Entry) -> Exchange:
    """What passed over the wire in a model call."""
    data = entry.data
    request, response = str(data.get("request_blob", "")), str(data.get("response_blob", ""))
    answer, reasoning = answered(journal.get(response) if response else b"")
    return Exchange(
        messages=sent(journal.get(request) if request else b""),
        answer=answer,
        reasoning=str(data.get("reasoning", "")) or reasoning,
        request_blob=request,
        response_blob=response,
    )


def sent(raw: bytes) -> tuple[tuple[str, str], ...]:
    """The messages of a request, each with its role."""
    body = _json(raw)
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return ()
    return tuple(
        (str(one.get("role", "")), _words(one.get("content")))
        for one in messages
        if isinstance(one, dict)
    )


def answered(raw: bytes) -> tuple[str, str]:
    """The answer and the reasoning in a response, whether it was streamed or not."""
    answer, reasoning = "", ""
    for choice in _choices(raw):
        said = choice.get("delta") or choice.get("message") or {}
        if isinstance(said, dict):
            answer += _words(said.get("content"))
            reasoning += _words(said.get("reasoning_content") or said.get("reasoning"))
    return answer, reasoning


def differences(before: str, after: str, names: tuple[str, str]) -> list[str]:
    """A unified diff of two texts."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")
    return list(lines)


class Tries:
    """The code of a piece of work as it is tried again and again."""

    def __init__(self) -> None:
        self._work: Sequence[tuple[str, str]] = ()
        self._code = ""
        self._number = 0

    def add(self, call: Exchange) -> list[str]:
        """What the next try changed; nothing for a call that gave no code."""
        if not call.code:
            return []
        work = call.messages[:2]
        if work != self._work:  # other code is asked for
            self._work, self._code, self._number = work, "", 0
        self._number += 1
        names = (f"try {self._number - 1}" if self._code else "nothing", f"try {self._number}")
        found = differences(self._code, call.code, names)
        self._code = call.code
        return found or [f"try {self._number} is word for word the one before"]


def _choices(raw: bytes) -> Iterator[dict[str, Any]]:
    """The first choice of every piece of a response."""
    stripped = raw.lstrip()
    if stripped.startswith(b"{"):
        pieces: Iterable[bytes] = (stripped,)
    else:
        pieces = (line[5:] for line in raw.splitlines() if line.startswith(b"data:"))
    for piece in pieces:
        body = _json(piece)
        choices = body.get("choices") if isinstance(body, dict) else None
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            yield choices[0]


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw.strip())
    except ValueError:  # a broken answer is on record as it came
        return None


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # parts, as some servers have them
        return "".join(_words(one.get("text")) for one in content if isinstance(one, dict))
    return ""
