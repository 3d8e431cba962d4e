"""What of a prompt fits into the model's context: its long lists and texts are shortened.

How many tokens a text has only the server knows. It is estimated from the letters, on the high
side, and corrected by what the server counted for earlier prompts (`rate`). An estimate never
refuses a prompt: what is shortest is sent, and the server has the last word (`ContextError`).
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scientist.llm.prompting import Prompt, Rendered

RATE = 0.33  # tokens a letter; English prose has about 0.22
SAFETY = 1.1
TRUSTED = 500  # letters from which on a prompt says something about the rate
DIGIT, SIGN, FOREIGN = 3, 2, 4  # what weighs as many letters as this
MESSAGE_TOKENS = 8
LENGTHS = (400, 120)  # letters of one item of a list, when there is not enough room
ELLIPSIS = " \u2026"
LONG_WORD = 40


@dataclass(frozen=True)
class Shrink:
    """A list, or a text, of a prompt that may be shortened.

    `keep` is the end that stays: the first where the most relevant comes first, the last
    where the newest comes last. At `least` so many items (of a text: letters) stay. `rest` says
    where the others can be looked up; it becomes the last item of the list, so it is for lists
    of texts whose items are not counted.
    """

    name: str
    keep: Literal["first", "last"] = "first"
    least: int = 1
    rest: str = ""


@dataclass(frozen=True)
class Fitted:
    """A prompt as short as it had to be, and how many items of each list (letters) it kept."""

    prompt: Rendered
    kept: dict[str, int]
    tokens: int


def fit(
    prompt: Prompt,
    variables: Mapping[str, Any],
    shrink: Sequence[Shrink],
    room: int | None,
    rate: float = RATE,
) -> Fitted:
    """Render a prompt within so many tokens; what stands first in `shrink` is shortened first.

    Long items are cut before any is left out, and cut once more if that is not enough.
    """
    whole = {one.name: len(variables[one.name] or ()) for one in shrink}
    shrink = [one for one in shrink if whole[one.name]]

    def at(counts: Mapping[str, int], length: int | None) -> Fitted:
        filled = dict(variables)
        for one in shrink:
            filled[one.name] = _shortened(filled[one.name], counts[one.name], one, length)
        rendered = prompt.render(**filled)
        return Fitted(rendered, dict(counts), tokens(rendered.messages, rate))

    found = at(whole, None)
    if room is None or found.tokens <= room:
        return found
    for length in LENGTHS:
        counts = dict(whole)
        found = at(counts, length)
        if found.tokens <= room:
            return found
        for one in shrink:
            steps = range(min(one.least, whole[one.name]), whole[one.name])
            name, reached = one.name, dict(counts)
            fitting = bisect.bisect_right(
                steps, room, key=lambda n: at({**reached, name: n}, length).tokens
            )
            counts[name] = steps[max(0, fitting - 1)] if steps else whole[name]
            found = at(counts, length)
            if found.tokens <= room:
                return found
    return found


def tokens(messages: Iterable[Mapping[str, str]], rate: float = RATE) -> int:
    """How many tokens messages have at most, as far as one can tell from outside."""
    return sum(MESSAGE_TOKENS + int(rate * weight(each["content"])) + 1 for each in messages)


def weight(text: str) -> int:
    """How many letters a text is worth: digits and signs are often tokens of their own."""
    plain = text.encode("ascii", "ignore").decode()
    digits = len(re.findall(r"\d", plain))
    signs = len(re.findall(r"[^\w\s]", plain))
    foreign = len(text) - len(plain)
    return len(plain) + (DIGIT - 1) * digits + (SIGN - 1) * signs + FOREIGN * foreign


def rate_of(counted: Iterable[tuple[Iterable[Mapping[str, str]], int]]) -> float:
    """Tokens a letter by what a server counted for messages; the usual rate if by none."""
    seen = []
    for messages, count in counted:
        letters = sum(weight(each["content"]) for each in messages)
        if count and letters >= TRUSTED:
            seen.append(count / letters)
    return SAFETY * max(seen) if seen else RATE


def cut(text: str, most: int, keep: Literal["first", "last"] = "first") -> str:
    """A text of at most so many letters, cut at a word."""
    if len(text) <= most:
        return text
    room = max(0, most - len(ELLIPSIS))
    if keep == "last":
        return cut(text[::-1], most)[::-1]
    piece = text[:room]
    if not text[room : room + 1].isspace():
        whole = piece.rpartition(" ")[0]
        piece = whole if len(piece) - len(whole) <= LONG_WORD else piece
    return piece.rstrip() + ELLIPSIS


def trim(messages: list[dict[str, str]], fixed: int, room: int | None, rate: float = RATE) -> None:
    """Make room for a repair turn: the oldest tries go, the prompt and the last problem stay."""
    if room is None:
        return
    while tokens(messages, rate) > room and len(messages) > fixed + 2:
        del messages[fixed : fixed + 2]
    excess = tokens(messages, rate) - room
    if excess > 0 and len(messages) == fixed + 2:
        answer = messages[fixed]
        left = tokens([answer], rate) - MESSAGE_TOKENS - 1 - excess
        share = left / max(1.0, rate * weight(answer["content"]))
        shown = cut(answer["content"], max(0, int(len(answer["content"]) * share)))
        messages[fixed] = {**answer, "content": shown}


def _shortened(value: Any, count: int, how: Shrink, length: int | None) -> Any:
    if isinstance(value, str):
        return cut(value, count, how.keep)
    items = list(value)
    shown = items[:count] if how.keep == "first" else items[len(items) - count :]
    if length is not None:
        shown = [cut(item, length) if isinstance(item, str) else item for item in shown]
    if how.rest and count < len(items):
        shown.append(f"and {len(items) - count} more, see {how.rest}")
    return shown
