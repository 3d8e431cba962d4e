"""What a front end hears while the model writes: sentences of an answer as words, all else as
thinking.

The model writes one JSON object; it is read letter by letter, as it comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

Heard = Callable[[str], None]
_ANSWER = re.compile(r'\s*\{\s*"answer"\s*:')
_UNDECIDED = 24  # letters by which it is known what is being written
_SAYS = re.compile(r'"says"\s*:\s*"')
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[^u])")


class Hearing:
    """One call of the model; `again` before each new attempt."""

    def __init__(self, thinking: Heard, words: Heard) -> None:
        self._thinking = thinking
        self._words = words
        self.again()

    def again(self) -> None:
        """Forget what came so far: the model begins anew."""
        self._text, self._at = "", 0
        self._answers: bool | None = None
        self._inside = False

    def hear(self, kind: str, piece: str) -> None:
        """Take in what the model wrote, of its reasoning or of its answer."""
        if kind == "reasoning":
            self._thinking(piece)
            return
        self._text += piece
        if self._answers is None:
            if _ANSWER.match(self._text):
                self._answers = True
            elif len(self._text.lstrip()) < _UNDECIDED and _may_answer(self._text):
                return
            else:
                self._answers = False
        if self._answers:
            self._listen()
        else:
            self._thinking(self._text[self._at :])
            self._at = len(self._text)

    def _listen(self) -> None:
        """Pass on what is certain of the sentences."""
        while True:
            if not self._inside:
                found = _SAYS.search(self._text, self._at)
                if not found:
                    return
                self._at, self._inside = found.end(), True
            end = next(
                (i for i in range(self._at, len(self._text)) if self._text[i] in '"\\'), None
            )
            stop = len(self._text) if end is None else end
            if stop > self._at:
                self._words(self._text[self._at : stop])
                self._at = stop
            if end is None:
                return
            if self._text[end] == '"':
                self._words(" ")
                self._at, self._inside = end + 1, False
                continue
            escape = _ESCAPE.match(self._text, end)
            if not escape:
                return  # the rest of it is still to come
            self._words(_unescaped(escape[0]))
            self._at = escape.end()


def _may_answer(text: str) -> bool:
    """Whether a beginning can still become an answer."""
    return '{"answer":'.startswith("".join(text.split()))


def _unescaped(escape: str) -> str:
    try:
        letter = str(json.loads(f'"{escape}"'))
        letter.encode()
    except ValueError:
        return "\ufffd"  # half of a pair
    return letter
