"""Does the model read a question as it was meant? Whole hypotheses, right in every field or not.

    python benchmarks/readings.py [--questions FILE] [--endpoint URL --model NAME]

Twenty questions (reading_questions.json) that nothing was tuned on: sixteen of them compare arms of
a kit in words of their own, four are about something else. A reading is right if kit, arms, metric,
direction and settings are those that were meant; for the four, if no family is said to compare it.
The questions of planted_questions.json can be given, too.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from scientist.agent.reading import Reader
from scientist.lab import kits
from scientist.llm.client import Client
from scientist.llm.endpoint import connect
from scientist.memory.embedding import load
from scientist.records import Hypothesis
from scientist.settings import Settings

QUESTIONS = Path(__file__).with_name("reading_questions.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--endpoint", help="URL of another server than the embedded one")
    parser.add_argument("--model", help="its model")
    chosen = parser.parse_args()
    settings = Settings(endpoint=chosen.endpoint, model=chosen.model)
    embed = load(settings).embed
    counts: Counter[str] = Counter()
    with connect(settings) as handle, Client(handle, settings) as client:
        for question in json.loads(chosen.questions.read_text()):
            began = time.monotonic()
            understood = Reader(client, embed).read(question["text"])
            found = understood.hypothesis() if understood else None
            wrong = differences(question, found)
            counts["asked"] += 1
            counts["right"] += not wrong
            counts.update(wrong)
            told = "right" if not wrong else f"not as meant: {', '.join(wrong)}"
            print(
                f"{time.monotonic() - began:5.0f} s  {question['text']}\n         {told}: "
                f"{found.statement if found else 'about no family'}",
                flush=True,
            )
    print(", ".join(f"{n} {name}" for name, n in counts.items()))


def differences(question: dict[str, Any], found: Hypothesis | None) -> list[str]:
    """The fields in which a hypothesis is not what was meant."""
    if found is None or not question["kit"]:
        same = (found.kit if found else "") == question["kit"]
        return [] if same else ["kit"]
    kit = kits.load(question["kit"])
    meant = {
        **{name: question[name] for name in ("kit", "treatment", "control", "metric", "direction")},
        "parameters": kit.validate_parameters(question["setting"]),
    }
    return [name for name, value in meant.items() if getattr(found, name) != value]


if __name__ == "__main__":
    main()
