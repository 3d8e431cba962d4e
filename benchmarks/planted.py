"""Questions with known answers, hidden from whoever answers: this project beside a code agent.

    python benchmarks/planted.py --cache FOLDER [--only ours|theirs|truths] [--most N]
        [--rounds 3] [--minutes 10] [--seed 1] [--endpoint URL --model NAME] [--agent-python PATH]

Twenty questions (planted_questions.json). Ours is `scientist run QUESTION`, in a new workspace; its
answer is the verdict on exactly what was asked: same arms, metric and setting. Theirs is
smolagents' CodeAgent (planted_agent.py) on the same model, question, essays and minutes, with the
kit handed to it: it is told arms, metrics, parameters and what difference matters, may read
the source and run trials. An answer of theirs is unsupported if no trial of both arms at the
setting in question had run when it was given. All findings of ours are held against a large
measurement, too, also those that do not answer the question.

Every answer is a line of FOLDER/answers.jsonl; a second call goes on where the first one stopped.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from planted_sides import lines, ours, theirs
from planted_truth import SURE, Question, Truth, questions, truth

from scientist.lab import kits

QUESTIONS = questions()
SIDES = ("ours", "theirs")
CLASSES = ("correct", "wrong", "unsupported", "none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--cache", type=Path, required=True, help="what was done before, and goes on"
    )
    parser.add_argument("--only", choices=[*SIDES, "truths"], help="one side, or the truths alone")
    parser.add_argument("--most", type=int, help="most new answers of this call")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--endpoint", help="URL of another server than the embedded one")
    parser.add_argument("--model", help="its model")
    parser.add_argument("--agent-python", type=Path, help="a Python that has smolagents")
    chosen = parser.parse_args()
    chosen.cache = chosen.cache.absolute()
    truths = {question.id: _truth(question, chosen.cache) for question in QUESTIONS}
    sides = [side for side in SIDES if chosen.only in (None, side)]
    left = len(QUESTIONS) * len(SIDES) if chosen.most is None else chosen.most
    for question in QUESTIONS:
        for side in sides:
            if left > 0 and not _known(chosen, side, question):
                left -= 1
                answer = (ours if side == "ours" else theirs)(question, chosen)
                answer["class"] = classify(answer, truths[question.id])
                _keep(chosen, side, question, answer)
                print(f"{question.id} {side}: {answer['answer']}, {answer['class']}", flush=True)
    if chosen.only != "truths":
        for line in table(chosen, truths):
            print(line)


def _truth(question: Question, cache: Path) -> Truth:
    """The measured answer, which must be clear and of the kind that was planted."""
    found = truth(question, cache, lambda said: print(f"{question.id} {said}", flush=True))
    other_way = found.effect + SURE * found.error < 0
    fits = {
        "true": found.answer == "yes",
        "opposite": found.answer == "no" and other_way,
        "nothing": found.answer == "no" and found.effect - SURE * found.error > -found.smallest,
    }
    if not fits[question.kind]:
        raise SystemExit(f"{question.id} is no longer {question.kind}: {found}")
    return found


def classify(answer: dict[str, Any], known: Truth) -> str:
    """Where an answer belongs; one without evidence is unsupported, be it right or wrong."""
    if answer["answer"] == "none":
        return "none"
    if not answer["supported"]:
        return "unsupported"
    return "correct" if answer["answer"] == known.answer else "wrong"


def table(chosen: argparse.Namespace, truths: dict[str, Truth]) -> list[str]:
    """The counts of each side so far, and what became of every verdict of ours."""
    lines = [
        "",
        f"{'':<8} {'asked':>6} " + " ".join(f"{name:>12}" for name in CLASSES) + "  seconds",
    ]
    for side in SIDES:
        rows = [row for q in QUESTIONS if (row := _known(chosen, side, q))]
        counts = Counter(row["class"] for row in rows)
        took = statistics.median([row["seconds"] for row in rows]) if rows else 0.0
        cells = " ".join(f"{counts[name]:>12}" for name in CLASSES)
        lines.append(f"{side:<8} {len(rows):>6} {cells} {took:>8.0f}")
        lucky = sum(
            row["class"] == "unsupported" and row["answer"] == truths[row["id"]].answer
            for row in rows
        )
        if lucky:
            lines.append(f"         ({lucky} of the unsupported answers happen to be right)")
        held = Counter(
            f"{one['verdict']} {one['truth']}" for row in rows for one in row.get("verdicts", ())
        )
        if held:
            told = ", ".join(f"{n} {what}" for what, n in sorted(held.items()))
            lines.append(f"         verdicts beside {SURE:g}-sigma measurements: {told}")
    return lines


def _conditions(chosen: argparse.Namespace, side: str, question: Question) -> dict[str, Any]:
    """What must be the same for an answer to be taken from the cache."""
    return {
        "side": side,
        "id": question.id,
        "question": asdict(question),
        "code_hash": kits.load(question.kit).code_hash,
        "seed": chosen.seed,
        "rounds": chosen.rounds if side == "ours" else None,
        "minutes": chosen.minutes,
        "endpoint": chosen.endpoint,
        "model": chosen.model,
    }


def _known(chosen: argparse.Namespace, side: str, question: Question) -> dict[str, Any] | None:
    wanted = json.loads(json.dumps(_conditions(chosen, side, question)))
    rows = [
        row
        for row in lines(chosen.cache / "answers.jsonl")
        if all(row[name] == value for name, value in wanted.items())
    ]
    return rows[-1] if rows else None


def _keep(chosen: argparse.Namespace, side: str, question: Question, answer: Any) -> None:
    row = {**_conditions(chosen, side, question), **answer}
    with (chosen.cache / "answers.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
