"""A secret that a model says piece by piece cannot be read back, and nothing else is changed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from scientist.audit.tracing.exchange import answered
from scientist.journal import Journal

KEY = 'a"secret\\of ours é😀'
TOKEN = "sk-proj-abcDEF0123456789abcdef"
END = b"data: [DONE]\n\n"


def chunk(delta: dict[str, Any], ascii_only: bool = True, **more: Any) -> bytes:
    body = {"id": "c", "choices": [{"index": 0, "delta": delta, **more}], "model": "m"}
    return b"data: " + json.dumps(body, ensure_ascii=ascii_only).encode() + b"\n\n"


def streamed(text: str, size: int, name: str = "content", ascii_only: bool = True) -> bytes:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return b": hello\n\n" + b"".join(chunk({name: one}, ascii_only) for one in pieces) + END


def kept(journal: Journal, raw: bytes) -> bytes:
    return journal.get(journal.put(raw))


@pytest.fixture
def mark(journal: Journal) -> str:
    journal.hide(KEY)
    return journal.get(journal.put(KEY)).decode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 11, 1000])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_pieces_together_say_the_mark(
    journal: Journal, mark: str, size: int, ascii_only: bool
) -> None:
    said = f"é: the key is {KEY}, I hear; once more {KEY}."
    blob = kept(journal, streamed(said, size, ascii_only=ascii_only))
    assert answered(blob)[0] == said.replace(KEY, mark)


@pytest.mark.parametrize("size", [1, 4, 9])
def test_reasoning_is_searched_like_the_answer(journal: Journal, mark: str, size: int) -> None:
    blob = kept(journal, streamed(f"they gave me {KEY}", size, "reasoning_content"))
    assert answered(blob)[1] == f"they gave me {mark}"


@pytest.mark.parametrize("size", [1, 5])
def test_what_has_the_shape_of_a_token_is_hidden(journal: Journal, size: int) -> None:
    said = answered(kept(journal, streamed(f"use\n{TOKEN}\nfor it", size)))[0]
    assert re.fullmatch(r"use\n\[hidden:\w{8}\]\nfor it", said)


def test_the_arguments_of_each_tool_are_put_together_for_themselves(
    journal: Journal, mark: str
) -> None:
    written = json.dumps({"key": KEY}, ensure_ascii=False)
    calls = [
        {"tool_calls": [{"index": tool, "function": {"arguments": letter}}]}
        for letter in written
        for tool in (0, 1)
    ]
    blob = kept(journal, b"".join(map(chunk, calls)) + END)
    joined = ["", ""]
    for line in blob.splitlines():
        if line.startswith(b"data: {"):
            (call,) = json.loads(line[6:])["choices"][0]["delta"]["tool_calls"]
            joined[call["index"]] += call["function"]["arguments"]
    assert [json.loads(one) for one in joined] == [{"key": mark}, {"key": mark}]


@pytest.mark.parametrize("size", [1, 6, 13])
@pytest.mark.parametrize("deep", [1, 2])
def test_letters_that_json_escapes_are_the_same_letters(
    journal: Journal, size: int, deep: int
) -> None:
    said = "".join(f"\\u{ord(letter):04x}" for letter in TOKEN)
    for _ in range(deep - 1):
        said = json.dumps(said)[1:-1]
    blob = kept(journal, streamed(f'{{"said": "it is {said}"}}', size))
    found = json.loads(answered(blob)[0])["said"]
    assert re.fullmatch(r"it is \[hidden:\w{8}\]", found)


def test_halves_of_letters_in_two_pieces_are_joined(journal: Journal, mark: str) -> None:
    said = json.dumps(KEY)[1:-1]
    at = said.index("\\ude00")
    raw = b"".join(
        b'data: {"choices":[{"delta":{"content":"%s"}}]}\n' % half.encode()
        for half in (said[:at], said[at:])
    )
    assert answered(kept(journal, raw + END))[0] == mark
    content = KEY.replace('"', '\\"').replace("of ours", "of\\u0020ours").encode()
    content = content.replace(b"secret\\", b"secret\\\\")
    at = content.index("é".encode()) + 1  # in the middle of its two bytes
    raw = b"".join(
        b'data: {"choices":[{"delta":{"content":"%s"}}]}\n' % half
        for half in (content[:at], content[at:])
    )
    blob = kept(journal, raw + END)
    assert mark.encode() in blob
    assert b"secret" not in blob
    assert b"\xa9" not in blob


def test_nothing_is_told_of_the_tokens_of_a_secret(journal: Journal) -> None:
    def likely(token: str) -> dict[str, Any]:
        one = {"token": token, "logprob": -0.1, "bytes": list(token.encode())}
        return {"content": [{**one, "id": 7, "top_logprobs": [one]}]}

    said = ["it is ", *TOKEN, " and", " more"]
    blob = kept(journal, b"".join(chunk({"content": one}, logprobs=likely(one)) for one in said))
    told = [json.loads(line[6:])["choices"][0] for line in blob.splitlines() if line]
    assert [one["logprobs"] for one in told[1 : 1 + len(TOKEN)]] == [None] * len(TOKEN)
    others = (told[0], *told[1 + len(TOKEN) :])
    assert [one["logprobs"]["content"][0]["token"] for one in others] == [said[0], *said[-2:]]


def lines_but(raw: bytes, places: Sequence[int]) -> list[bytes]:
    return [line for place, line in enumerate(raw.splitlines(True)) if place not in places]


def test_every_other_byte_stays(journal: Journal, mark: str) -> None:
    odd = b'data:  {"choices":[{"index":1 ,"delta":{"content":"\\u0041\\/ \\ud83d"}}],"x":1.50}'
    odd += b"\r\n\r\n"
    held = (
        b'data: {"choices":[{"delta":{"content":"A a\\"se"},"y": 1E5}]}\n',
        b'data: {"choices":[{"delta" : {"content":"cret\\\\of ours \\u00e9\\ud83d\\ude00 Z"}}]}\n',
    )
    raw = odd + held[0] + odd + held[1] + odd + b"data: {broken\n" + END
    blob = kept(journal, raw)
    assert blob.splitlines(True)[2] == held[0].replace(b'a\\"se', mark.encode())
    assert lines_but(blob, (2, 5)) == lines_but(raw, (2, 5))
    assert blob.splitlines(True)[5] == b'data: {"choices":[{"delta" : {"content":" Z"}}]}\n'
    for clean in (streamed("no secret é😀 here", 3), odd + odd, b"data: \xff\n" + END):
        assert kept(journal, clean) == clean


def test_names_and_numbers_that_repeat_make_up_no_secret(journal: Journal) -> None:
    body = {"id": "sk-1", "model": "sk-2", "choices": [{"index": 0, "delta": {"content": "x"}}]}
    raw = (b"data: " + json.dumps(body).encode() + b"\n\n") * 30
    assert kept(journal, raw) == raw
