"""Run the real command against a scripted model, as a user would."""

from __future__ import annotations

import atexit
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripted import Fault, ScriptedServer

from scientist.lab import attempts
from scientist.lab.kits import Kit, load

if TYPE_CHECKING:
    from copies import Copies

ESSAY = """---
title: Cues that turn
themes: [causal-features]
---
A learner that keeps only features with a stable weight will make fewer errors after the
cue is reversed. Pooling all environments makes a learner lean on the spurious cue.
Reweighting the worst environment lowers the error under shift by less than filtering does.
With few samples in each environment, a stability test keeps the misleading feature.
More environments help only if the strength of the cue differs between them.
Noise in the labels raises the weight that a pooled learner puts on traces.
"""


def propose(request: dict[str, Any]) -> dict[str, Any]:
    """Two hypotheses nobody has tested yet, the same ones for the same prompt.

    A question that is to be read is read in words that mean no arm.
    """
    if request["response_format"]["json_schema"]["name"] == "Reading":
        return unread(request)
    kit = family(request)
    tested = request["messages"][1]["content"].partition("Already tested")[2].count(" against ")
    control = kit.default.control
    arms = [kit.default.treatment, *(arm for arm in kit.arms if arm != kit.default.treatment)]
    metrics = [kit.default.metric, *(m for m in kit.metrics if m != kit.default.metric)]
    settings = list(kit.settings())
    hypotheses = [
        {
            "sentences": [number + 1],
            "reason": "The sentence says that stability pays under shift.",
            "comparison": f"{arm} against {control}",
            "metric": metrics[(tested + number) % len(metrics)],
            "direction": "decrease",
            "confidence": "likely",
            "conditions": [settings[-1 - (tested + number) % len(settings)]],
        }
        for number, arm in enumerate([arm for arm in arms if arm != control][:2])
    ]
    return {"thoughts": "Stability may pay under shift.", "hypotheses": hypotheses}


def reading(request: dict[str, Any], tried: str, control: str, **more: str) -> dict[str, str]:
    """What somebody makes of a question; numbers are given to the last parameter there is."""
    fields = request["response_format"]["json_schema"]["schema"]["properties"]
    last = {name: one["enum"][-1] for name, one in fields.items() if "enum" in one}
    only = {name: one["const"] for name, one in fields.items() if "const" in one}
    said = {"tried": tried, "compared_with": control, "asked": tried, "direction": "decrease"}
    return {**last, **only, **said, **more}


def unread(request: dict[str, Any]) -> dict[str, str]:
    """A reading in words that mean no arm."""
    return reading(request, "the taste of blue", "the colour of seven")


def contradiction(request: dict[str, Any]) -> list[str]:
    """Conditions that give one parameter two values."""
    return list(family(request).settings())[:2]


def family(request: dict[str, Any]) -> Kit:
    """The kit a request asks for hypotheses about."""
    named = re.search(r"Experiment family to use: (\w+)", request["messages"][1]["content"])
    assert named
    return load(named.group(1))


def essays(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cues.md").write_text(ESSAY)
    return folder


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "scientist", *(str(argument) for argument in arguments)]


def environment(**extra: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SCIENTIST_", "OPENAI_"))}
    usual = {"RETRIES": "1", "CONNECT_TIMEOUT": "1", "JUDGEMENTS": "0"}
    usual |= {"RUNG": "kit", "AT_ONCE": "1"}  # one test a round, and no code of the model's own
    return {**kept, **{f"SCIENTIST_{name}": value for name, value in usual.items()}, **extra}


def scientist(
    *arguments: object, timeout: float = 120, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in a copy of a process that has imported it."""
    copies = _copies()
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        pid = copies.begin(arguments, environment(**extra), output, errors)
        late = copies.lives(timeout)
        if late:
            os.kill(pid, signal.SIGKILL)
        status = copies.end()
        said = [place.read_text(errors="replace") for place in (output, errors)]
    if late:
        raise subprocess.TimeoutExpired(command(*arguments), timeout, *said)
    return subprocess.CompletedProcess(command(*arguments), status, *said)


def runs(workspace: Path) -> list[Path]:
    """The folders of its experiments."""
    return [folder for folder in (workspace / "runs").glob("*") if folder.is_dir()]


def running(workspace: Path) -> list[Path]:
    """Those whose supervisor lives."""
    return [folder for folder in runs(workspace) if attempts.standing(folder) == "running"]


@lru_cache(maxsize=1)
def _copies() -> Copies:
    """The forking process of this test process; it ends with it."""
    from copies import forking

    held = ExitStack()
    atexit.register(held.close)
    return held.enter_context(forking(Path(tempfile.mkdtemp())))


__all__ = [
    "Fault",
    "ScriptedServer",
    "command",
    "contradiction",
    "environment",
    "essays",
    "propose",
    "running",
    "runs",
    "scientist",
]
