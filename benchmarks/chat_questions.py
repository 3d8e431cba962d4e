"""Thirty questions with known answers about a prepared record: right, uncited, wrong, unknown.

    python benchmarks/chat_questions.py --cache FOLDER [--most N] [--endpoint URL --model NAME]

The record is made first, once: the sample essays, and kits tested with the same seeds each time
(RUNS). Each question (chat_questions.json) goes to `scientist ask --json` in a thread of its own.
A question about a finding is answered right by a sentence that cites it and says what its verdict
or number is, one about the essays by a sentence that cites where they say it, one about nothing
on record by "I don't know". What is shown unmarked is read by chat_numbers.py, too: each number
there must stand in what is cited. Every answer is a line of FOLDER/answers.jsonl; a second call
goes on where the first one stopped. Exits with 1 if a false number is shown unmarked.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from chat_numbers import Record, classify, false_numbers

HERE = Path(__file__).parent
ESSAYS = HERE.parent / "workspace" / "essays"
QUESTIONS: list[dict[str, Any]] = json.loads((HERE / "chat_questions.json").read_text())
PAIRS = "12"
RUNS: dict[str, tuple[str, ...]] = {
    "causal": ("causal_features",),
    "causal_unshifted": ("causal_features", "--param", "shift=0"),
    "power": ("balance_of_power",),
    "penalty": ("consistency_penalty",),
    "invariant": ("invariant_values",),
    "bargain": ("value_negotiation",),
    "curriculum": ("emergent_curriculum",),
    "senses": ("cross_modal",),
}
CLASSES = ("right", "uncited", "wrong", "unknown", "failed")
PATIENCE = 1800.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cache", type=Path, required=True, help="the record and the answers")
    parser.add_argument("--most", type=int, default=len(QUESTIONS), help="most new answers")
    parser.add_argument("--endpoint", help="URL of another server than the embedded one")
    parser.add_argument("--model", help="its model")
    chosen = parser.parse_args()
    chosen.cache = chosen.cache.absolute()
    record = Record(chosen.cache / "workspace", prepare(chosen.cache / "workspace"))
    left = chosen.most
    for question in QUESTIONS:
        if left > 0 and not _known(chosen, question):
            left -= 1
            row = {**_conditions(chosen, question), **ask(question, chosen)}
            row["class"] = classify(question, row["answer"], record)
            row["false"] = false_numbers(row["answer"], record)
            with (chosen.cache / "answers.jsonl").open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{question['id']} {row['class']}: {_short(row['answer'])}", flush=True)
    rows = [row for question in QUESTIONS if (row := _known(chosen, question))]
    for line in table(rows):
        print(line)
    sys.exit(any(row["false"] for row in rows))


def prepare(workspace: Path) -> dict[str, str]:
    """The record that is asked about; the finding of each run by its name."""
    done = workspace / "prepared.json"
    if done.exists():
        return dict(json.loads(done.read_text()))
    _scientist("corpus", "add", str(ESSAYS), "-w", str(workspace))
    found: dict[str, str] = {}
    for name, arguments in RUNS.items():
        before = len(_findings(workspace))
        if before > len(found):  # an earlier call ended between the run and its note
            found[name] = _findings(workspace)[len(found)]["id"]
            continue
        _scientist("kit", "run", *arguments, "--pairs", PAIRS, "-w", str(workspace))
        found[name] = _findings(workspace)[before]["id"]
        print(f"{found[name]}: {' '.join(arguments)}", flush=True)
    done.write_text(json.dumps(found))
    return found


def ask(question: dict[str, Any], chosen: argparse.Namespace) -> dict[str, Any]:
    """One answer of a thread of its own; an error is kept as it was told."""
    words = ["ask", question["text"], "--json", "-w", str(chosen.cache / "workspace")]
    for name in ("endpoint", "model"):
        if value := getattr(chosen, name):
            words += [f"--{name}", value]
    ran = _run(*words)
    try:
        return {"answer": json.loads(ran.stdout)}
    except ValueError:
        return {"answer": {"error": {"message": ran.stderr[-500:]}}}


def table(rows: list[dict[str, Any]]) -> list[str]:
    """The counts so far, by kind of question."""
    lines = ["", f"{'':<9} {'asked':>6} " + " ".join(f"{name:>8}" for name in CLASSES)]
    kinds = list(dict.fromkeys(question["kind"] for question in QUESTIONS))
    for kind in [*kinds, "all"]:
        some = [row for row in rows if kind in (row["kind"], "all")]
        counts = Counter(row["class"] for row in some)
        lines.append(
            f"{kind:<9} {len(some):>6} " + " ".join(f"{counts[name]:>8}" for name in CLASSES)
        )
    false = [one for row in rows for one in row["false"]]
    told = [row["answer"] for row in rows if "sentences" in row["answer"]]
    marks = Counter(said["mark"] for answer in told for said in answer["sentences"])
    lines.append("sentences: " + ", ".join(f"{n} {mark}" for mark, n in sorted(marks.items())))
    if told:
        took = statistics.median(answer["seconds"] for answer in told)
        calls = statistics.median(len(answer["tools"]) for answer in told)
        lines.append(f"median: {took:.1f} s and {calls:g} tool calls for an answer")
    lines.append(f"false numbers shown unmarked: {len(false)}")
    return lines + [f"  {one}" for one in false]


def _short(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return str(answer["error"]["message"])[:160]
    said = [f"{one['text']} {one['cites']} {one['mark']}" for one in answer["sentences"]]
    return " | ".join(said)[:300] or f"unknown; {answer['experiment']}"


def _conditions(chosen: argparse.Namespace, question: dict[str, Any]) -> dict[str, Any]:
    """What must be the same for an answer to be taken from the cache."""
    return {**question, "endpoint": chosen.endpoint, "model": chosen.model}


def _known(chosen: argparse.Namespace, question: dict[str, Any]) -> dict[str, Any] | None:
    file = chosen.cache / "answers.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    wanted = _conditions(chosen, question)
    same = [row for row in rows if all(row.get(name) == wanted[name] for name in wanted)]
    return same[-1] if same else None


def _findings(workspace: Path) -> list[dict[str, Any]]:
    return list(json.loads(_scientist("finding", "list", "--json", "-w", str(workspace))))


def _scientist(*words: str) -> str:
    ran = _run(*words)
    if ran.returncode:
        raise SystemExit(f"scientist {' '.join(words)}: {ran.stderr[-500:]}")
    return ran.stdout


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scientist", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )


if __name__ == "__main__":
    main()
