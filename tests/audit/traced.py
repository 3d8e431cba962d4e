"""A record in which code took two tries, a claim was pinned and a conversation cited a finding."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scientist.cli import main
from scientist.events import (
    AssertionPinned,
    CodeWritten,
    ConflictResolved,
    EffectDone,
    EffectIntended,
    ModelCalled,
    PhaseFinished,
    PhaseStarted,
    TurnAnswered,
    TurnAsked,
)
from scientist.journal import Journal
from scientist.records import Change, Finding, Mark, Resolution, Rung, Said, Usage

from . import reported

FIRST = "def calm(training):\n    return 1\n"
SECOND = "def calm(training):\n    return 2\n"
ESCAPE = "\x1b[31mred\x1b[0m"
CALM = 'ARMS = {"calm": "a", "wild": "b"}\n\n\ndef calm(training):\n    return 2\n'


def build(folder: Path) -> list[Finding]:
    """A workspace with a finished campaign C1 and a conversation T1."""
    folder.mkdir(parents=True, exist_ok=True)
    with Journal(folder / "journal", write=True) as journal:
        findings = reported.hostile(journal, folder / "essays")
        code(journal)
        change = Change(assertion="A1", reason=f"F1 weighs more {ESCAPE}")
        mended = Resolution(
            conflict="K1", how="demote", reason="F1 was measured", changes=(change,)
        )
        journal.append(ConflictResolved(resolution=mended), "C1")
        journal.append(AssertionPinned(assertion="A1", pinned=True))
        talk(journal)
    return findings


def code(journal: Journal) -> None:
    """A phase in which code took two tries."""
    journal.append(PhaseStarted(phase="write_code", round=2), "C1")
    journal.append(EffectIntended(key="k", phase="write_code", task="write"), "C1")
    asked = [{"role": "system", "content": "You write code."},
             {"role": "user", "content": f"Write calm. {'x' * 900} {ESCAPE}"}]  # fmt: skip
    call(journal, asked, streamed({"code": FIRST}), 0, "it gave what pooled gives")
    again = [*asked, {"role": "user", "content": "It gave what pooled gives."}]
    call(journal, again, whole({"code": SECOND}), 1)
    written = CodeWritten(hypothesis="H7", rung=Rung.ADAPTED, code_hash=journal.put(CALM), tries=2)
    journal.append_all([written, EffectDone(key="k", result=None)], "C1")
    journal.append(PhaseFinished(phase="write_code", round=2, seconds=4.5), "C1")


def talk(journal: Journal) -> None:
    """A conversation of one turn."""
    journal.append(TurnAsked(thread="T1", turn=1, text="what was found?"), "T1")
    said = Said(text="Stable cues pay.", cites=("F1", "E1:2"), mark=Mark.CITED)
    journal.append(
        TurnAnswered(thread="T1", turn=1, sentences=(said,), usage=Usage(), seconds=1.0), "T1"
    )


def call(
    journal: Journal, messages: list[dict[str, str]], answer: bytes, attempt: int, problem: str = ""
) -> None:
    """A model call with its exact bytes."""
    request = json.dumps({"model": "tiny", "messages": messages}).encode()
    journal.append(
        ModelCalled(
            prompt="write_arm",
            prompt_version=2,
            prompt_hash="p" * 64,
            model="tiny-1.5b",
            model_digest="d" * 64,
            endpoint="http://127.0.0.1:1/v1",
            attempt=attempt,
            outcome="invalid" if problem else "valid",
            problem=problem,
            seed=7,
            temperature=0.7,
            usage=Usage(prompt=300, cached=100, completion=20),
            seconds=2.0,
            request_blob=journal.put(request),
            response_blob=journal.put(answer),
        ),
        "C1",
    )


def streamed(answer: dict[str, Any]) -> bytes:
    """An answer as servers stream it."""
    text = json.dumps(answer)
    pieces = [{"reasoning_content": "let me think"}, *({"content": text[n : n + 9]}
              for n in range(0, len(text), 9))]  # fmt: skip
    chunks = [{"choices": [{"index": 0, "delta": piece}]} for piece in pieces]
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in chunks) + (
        b"data: [DONE]\n\n"
    )


def whole(answer: dict[str, Any]) -> bytes:
    """The same in one piece."""
    message = {"role": "assistant", "content": json.dumps(answer)}
    return json.dumps({"choices": [{"index": 0, "message": message}]}).encode()


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def command(*arguments: object) -> Done:
    """A command of `scientist audit`, in this process: it costs a tenth of one of its own."""
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors), pytest.raises(SystemExit) as ended:
        main(["audit", *(str(argument) for argument in arguments)])
    return Done(int(ended.value.code or 0), output.getvalue(), errors.getvalue())
