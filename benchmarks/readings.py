"""Does the model read a question as it was meant? Whole hypotheses, right in every field or not.

    python benchmarks/readings.py [--questions FILE ...] [--endpoint URL --model NAME]

Four sets, all in words of their own: twenty questions (reading_questions.json), thirty
(reading_other_words.json) and sixty (reading_far.json, told to avoid the kits' words) by which the
choice of family, arms and metrics was tuned, and thirty that were written by somebody who did not
know how questions are read, told to avoid the kits' words (reading_unseen.json). Four to six of
each are about something that no kit compares. A reading is right if kit, arms, metric, direction
and settings are those that were meant; for the others, if no family is said to compare it. It is
unsure if it names other arms that may be meant, too. The questions of planted_questions.json can be
given as well.
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

HERE = Path(__file__).parent
NAMES = ("questions", "other_words", "far", "unseen")
SETS = [HERE / f"reading_{name}.json" for name in NAMES]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=Path, nargs="+", default=SETS)
    parser.add_argument("--endpoint", help="URL of another server than the embedded one")
    parser.add_argument("--model", help="its model")
    chosen = parser.parse_args()
    settings = Settings(endpoint=chosen.endpoint, model=chosen.model)
    embed = load(settings).embed
    with connect(settings) as handle, Client(handle, settings) as client:
        for path in chosen.questions:
            counts = read(Reader(client, embed), json.loads(path.read_text()))
            told = ", ".join(f"{n} {name}" for name, n in counts.items())
            print(f"{path.name}: {told}", flush=True)


def read(reader: Reader, questions: list[dict[str, Any]]) -> Counter[str]:
    """How many were asked, right, unsure, and not as meant in which field."""
    counts: Counter[str] = Counter()
    for question in questions:
        began = time.monotonic()
        understood = reader.read(question["text"])
        found = understood.hypothesis() if understood else None
        wrong = differences(question, found)
        unsure = bool(understood and understood.rival)
        counts["asked"] += 1
        counts["right"] += not wrong
        counts["right though unsure"] += unsure and not wrong
        counts["wrong and unsure"] += unsure and bool(wrong)
        counts.update(wrong)
        told = "right" if not wrong else f"not as meant: {', '.join(wrong)}"
        print(
            f"{time.monotonic() - began:5.0f} s  {question['text']}\n         {told}"
            f"{', unsure' * unsure}: {found.statement if found else 'about no family'}",
            flush=True,
        )
    return counts


def differences(question: dict[str, Any], found: Hypothesis | None) -> list[str]:
    """The fields in which a hypothesis is not what was meant."""
    if found is None or not question["kit"]:
        same = (found.kit if found else "") == question["kit"]
        return [] if same else ["kit"]
    kit = kits.load(question["kit"])
    meant = {
        **{name: question[name] for name in ("kit", "treatment", "control", "metric", "direction")},
        "parameters": kit.validate_parameters(question.get("setting", {})),
    }
    return [name for name, value in meant.items() if getattr(found, name) != value]


if __name__ == "__main__":
    main()
