"""How soon does an answer begin? Time to the first token of each turn of a conversation.

    python benchmarks/chat_speed.py [--endpoint URL] [--model NAME] [--workspace DIR]

Without --workspace a store is prepared: the sample essays, and one kit's comparison. A question
in a thread of its own comes first, and reads all of the system prompt; the thread after it finds
that in the server's cache, and each turn all that was said before. What is left to read is shown
for each call.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from scientist.chat.session import Silent, open_session
from scientist.events import TurnAnswered
from scientist.journal import Journal
from scientist.llm.endpoint import connect
from scientist.memory.store import Store
from scientist.settings import Settings, load
from scientist.workspace import Workspace, writable

ESSAYS = Path(__file__).parents[1] / "workspace" / "essays"
COLD = "What is on record?"
QUESTIONS = (
    "What did stable do to shifted_error compared with pooled?",
    "How many pairs does that rest on?",
    "What do the essays say about learning from several environments?",
    "And which finding bears on that?",
    "How likely is the hypothesis behind it held to be?",
    "Do any claims conflict with one another?",
)


def prepare(folder: Path) -> None:
    """A record to ask about."""
    for arguments in (
        ("corpus", "add", str(ESSAYS)),
        ("kit", "run", "causal_features", "--pairs", "8"),
    ):
        line = [sys.executable, "-m", "scientist", *arguments, "-w", str(folder)]
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)


def converse(place: Workspace, settings: Settings) -> tuple[TurnAnswered, list[TurnAnswered], str]:
    """The answer before all others, the answers of one thread, and its name."""
    answers: list[TurnAnswered] = []
    with (
        Journal(place.journal, write=True) as journal,
        Store(place, settings) as store,
        connect(settings) as handle,
    ):
        with open_session(place, journal, store, settings, handle, None) as session:
            cold = session.ask(COLD, Silent())
        with open_session(place, journal, store, settings, handle, None) as session:
            answers += [session.ask(question, Silent()) for question in QUESTIONS]
            return cold, answers, session.thread


def report(place: Workspace, thread: str, cold: TurnAnswered, answers: list[TurnAnswered]) -> None:
    """Each turn, each call in it, and what the follow-up turns took."""
    journal = Journal(place.journal)
    turn = 0
    print("turn  first token  whole turn   prompt   cached     read   answer")
    for entry in journal.entries("turn_asked", "model_called", "turn_answered", campaign=thread):
        data = entry.data
        if entry.kind == "turn_asked":
            turn = data["turn"]
        elif entry.kind == "turn_answered":
            first = data["first_token_seconds"] or 0.0
            print(f"{turn:>4}  {first:>9.2f} s  {data['seconds']:>8.1f} s")
        else:
            use, first = data["usage"], data["first_token_seconds"] or 0.0
            read = use["prompt"] - use["cached"]
            print(
                f"      {first:>9.2f} s  {data['seconds']:>8.1f} s  {use['prompt']:>7}  "
                f"{use['cached']:>7}  {read:>7}  {use['completion']:>7}   a call: {data['outcome']}"
            )
    later = [one.first_token_seconds or 0.0 for one in answers[1:]]
    print(f"cold            {cold.first_token_seconds or 0.0:.2f} s to the first token")
    print(f"first turn      {answers[0].first_token_seconds or 0.0:.2f} s to the first token")
    print(f"follow-up turns {statistics.median(later):.2f} s (median), {max(later):.2f} s (most)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint")
    parser.add_argument("--model")
    parser.add_argument("--workspace", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = chosen.workspace or Path(folder) / "workspace"
        if chosen.workspace is None:
            prepare(root)
        flags = {"endpoint": chosen.endpoint, "model": chosen.model}
        settings = load(root, flags).values
        place = writable(root)
        cold, answers, thread = converse(place, settings)
        report(place, thread, cold, answers)


if __name__ == "__main__":
    main()
