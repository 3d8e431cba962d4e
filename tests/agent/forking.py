"""Many short-lived copies of the command `scientist` from one process that has imported it.

    python tests/agent/forking.py

Lines of JSON come in and go out. A request is {"arguments": [...], "environment": {...}, "folder":
PLACE, "output": FILE, "errors": FILE}, with "places": FILE for a copy that is to end by its own
hand ("phase": NAME: only in that phase). The answers are {"pid": P} when the copy begins and
{"status": S} when it has ended, S as `Popen.returncode` has it.

Starting Python and importing everything costs seconds, a fork milliseconds, so a test can
afford hundreds of deaths. Nothing but code is shared: no file, no connection, no thread is open
before the fork. Experiments outlive a copy as they outlive the real command.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

# What these tell of has happened, and is lost if nobody writes it down: the worst moment to die.
TOLD = ("effect_done", "tool_called", "model_called")
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
TALK = ("reasoned",)
NAMING = ("phase", "task", "prompt", "tool", "what")


def main() -> None:
    """Serve requests until the input ends."""
    _die_with_parent()
    _import_everything()
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _copy(request)
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"status": os.waitstatus_to_exitcode(status)})


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def _import_everything() -> None:
    """Everything a campaign loads, and what is looked up once per process."""
    import chromadb  # noqa: F401
    import langgraph.checkpoint.sqlite  # noqa: F401
    import numpy  # noqa: F401
    import openai.types.chat  # noqa: F401
    import scipy.optimize
    import scipy.stats  # noqa: F401
    import tokenizers  # noqa: F401

    import scientist.agent.campaign
    import scientist.agent.opening
    import scientist.cli.live  # noqa: F401
    from scientist.lab import kits, tiers

    kits.all_kits()
    tiers.choose()
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"{threads} threads; a fork would copy one of them"


def _copy(request: dict[str, Any]) -> NoReturn:
    """Become the command, in a session of its own."""
    _die_with_parent()
    os.setsid()
    writing = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    output = os.open(request["output"], writing, 0o644)
    errors = os.open(request["errors"], writing, 0o644)
    silence = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((silence, 0), (output, 1), (errors, 2)):
        os.dup2(source, target)
    os.closerange(3, 64)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    if "places" in request:
        _die_at_new_places(Path(request["places"]), request.get("phase"))
    from scientist.cli import main as command

    status: int | str | None = 1
    try:
        command(request["arguments"])
    except SystemExit as ended:
        status = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1)


def _die_with_parent() -> None:
    """A test that is killed leaves no copy behind."""
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)


def _die_at_new_places(known: Path, phase: str | None) -> None:
    """End this process at the first kind of write to the journal at which none has ended yet.

    It ends before the write where that tells of something that has happened, else after it.
    """
    from scientist.journal import Journal

    write = Journal._write
    intended: dict[str, str] = {}
    now: list[str] = []

    def dying(self: Journal, events: Sequence[Any], campaign: str | None) -> list[Any]:
        name = " + ".join(_place(event, intended) for event in events)
        died = known.read_text().splitlines() if known.exists() else []
        now.extend(event.phase for event in events if event.kind == "phase_started")
        elsewhere = phase is not None and now[-1:] != [phase]
        if name in died or elsewhere or events[-1].kind in TALK:
            return write(self, events, campaign)
        with known.open("a") as file:
            file.write(name + "\n")
        if events[-1].kind not in TOLD:
            write(self, events, campaign)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody outlives that")

    Journal._write = dying  # type: ignore[method-assign]


def _place(event: Any, intended: dict[str, str]) -> str:
    """The kind of work an event belongs to; the same in every round."""
    place = [event.kind, *(str(getattr(event, name)) for name in NAMING if hasattr(event, name))]
    if event.kind == "effect_intended":
        intended[event.key] = f"{event.phase} {event.task}"
    elif event.kind == "effect_done":
        place.append(intended[event.key])
    return " ".join(place)


if __name__ == "__main__":
    main()
