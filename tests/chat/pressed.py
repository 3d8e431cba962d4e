"""A turn in which Ctrl-C comes at the worst instant:  python pressed.py FOLDER URL

The tool has answered, and LangGraph has just taken a lock that its own thread will want next.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

from talking import Ear, talk

armed: list[bool] = []
take = threading.Condition.__enter__


class Pressing(Ear):
    """A user who presses Ctrl-C right after the first tool call."""

    def used(self, tool: str, arguments: object, summary: str, size: int, seconds: float) -> None:
        super().used(tool, arguments, summary, size, seconds)
        armed.append(True)


def taken(condition: Any) -> bool:
    got = take(condition)
    if armed and threading.current_thread() is threading.main_thread():
        armed.clear()
        signal.raise_signal(signal.SIGINT)
    return got


threading.Condition.__enter__ = taken  # type: ignore[method-assign]

if __name__ == "__main__":
    with talk(Path(sys.argv[1]), sys.argv[2]) as session:
        try:
            session.ask("What of cats?", Pressing())
        except KeyboardInterrupt:
            print("stopped")
