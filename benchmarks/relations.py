"""How well the embedded model tells support, contradiction and neither, and how sure it is.

    python benchmarks/relations.py SCITAB.json --cache FILE     # claims about tables
    python benchmarks/relations.py --fit --cache FILE           # fits the shipped calibration

Every answer is added to the cache file at once, so that what breaks off goes on where it was.
SciTab (Lu and others 2023) holds claims about tables of papers, said to be supported, refuted
or neither. Its classes are unbalanced; a balanced sample is drawn, of tables short enough for
a small context. `--fit` asks about the pairs in prompts/relation_pairs.json and writes
prompts/relation_calibration.json; its accuracy is that of pairs held out of the fit.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scientist import settings as configuration
from scientist.agent.relations import OPTIONS, PROMPT, TEMPERATURE, Reading, reading_of
from scientist.llm import prompting
from scientist.llm.choice import choose_many
from scientist.llm.client import Client
from scientist.llm.endpoint import connect
from scientist.memory.embedding import load, similarity
from scientist.science.consistency import calibrate

LABELS = tuple(OPTIONS.values())
SCITAB = {"supports": "supports", "refutes": "contradicts", "not enough info": "unrelated"}
EACH, SEED = 70, 20
MOST_CHARACTERS = 900  # of a table: numbers take a token a digit
PROMPTS = Path(__file__).parents[1] / "prompts"


@dataclass(frozen=True)
class Item:
    """Two texts with the right answer; those of a group share a text."""

    first: str
    second: str
    answer: int
    group: str


@dataclass(frozen=True)
class Said:
    """The chances of both orders, and what it took to get them."""

    forward: tuple[float, ...]
    backward: tuple[float, ...]
    seconds: float
    prompt: int
    cached: int

    @property
    def both(self) -> tuple[float, ...]:
        return calibrate.average(self.forward, self.backward)


def ask(items: Sequence[Item], cache: Path, most: int | None) -> tuple[dict[Item, Said], str, str]:
    """What the model says of each pair; at most so many new ones are asked about now."""
    prompt = prompting.load(PROMPT)
    values = configuration.load(None).values
    with connect(values) as handle, Client(handle, values) as client, cache.open("a+") as file:
        digest, model = client.endpoint.model_digest, client.endpoint.model
        file.seek(0)
        rows = [json.loads(line) for line in file.read().splitlines() if line.endswith("}")]
        known = {
            (row["first"], row["second"]): row
            for row in rows
            if (row["prompt_hash"], row["model_digest"]) == (prompt.hash, digest)
        }
        new = [item for item in items if (item.first, item.second) not in known][:most]
        rendered = [
            prompt.render(first=a, second=b)
            for item in new
            for a, b in ((item.first, item.second), (item.second, item.first))
        ]
        said = choose_many(client, rendered, OPTIONS)
        for number, item in enumerate(new, 1):
            forward, backward = next(said), next(said)
            row = {
                "prompt_hash": prompt.hash,
                "model_digest": digest,
                "first": item.first,
                "second": item.second,
                "forward": [forward.chances[name] for name in LABELS],
                "backward": [backward.chances[name] for name in LABELS],
                "seconds": forward.seconds + backward.seconds,
                "prompt": forward.usage.prompt + backward.usage.prompt,
                "cached": forward.usage.cached + backward.usage.cached,
            }
            known[item.first, item.second] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(f"\r{number} of {len(new)} asked", end="", flush=True)
    print()
    found = {item: known[key] for item in items if (key := (item.first, item.second)) in known}
    fields = ("forward", "backward", "seconds", "prompt", "cached")
    return {item: Said(*(row[f] for f in fields)) for item, row in found.items()}, model, digest


def shipped() -> list[Item]:
    """The pairs the calibration is fitted on."""
    groups = json.loads((PROMPTS / "relation_pairs.json").read_text())
    return [
        Item(group["first"], group[label], number, group["first"])
        for group in groups
        for number, label in enumerate(LABELS)
    ]


def scitab(path: Path, most: int) -> list[Item]:
    """A balanced sample of claims about tables, those on one table next to each other."""
    rows = json.loads(path.read_text())
    fitting = [row for row in rows if len(table(row)) <= most]
    left_out = Counter(row["label"] for row in rows if len(table(row)) > most)
    sample = []
    for number, label in enumerate(SCITAB):
        mine = sorted((row for row in fitting if row["label"] == label), key=lambda row: row["id"])
        for row in random.Random(SEED).sample(mine, EACH):
            answer = LABELS.index(SCITAB[label])
            assert answer == number
            sample.append(Item(table(row), row["claim"].strip(), answer, row["table_id"]))
    told = ", ".join(f"{count} {label}" for label, count in sorted(left_out.items()))
    print(f"{len(rows)} claims; left out for tables over {most} characters: {told}")
    groups = sorted({item.group for item in sample})
    random.Random(SEED).shuffle(groups)  # so that what is asked first is a fair part of it
    place = {group: number for number, group in enumerate(groups)}
    return sorted(sample, key=lambda item: (place[item.group], item.second))


def table(row: dict[str, Any]) -> str:
    """A table as one line of text: its caption, its header, and each row."""
    lines = [row["table_column_names"], *row["table_content_values"]]
    cells = " | ".join(", ".join(map(str, line)) for line in lines)
    return re.sub(r"\s+", " ", f"{row['table_caption']} {cells}".replace("[BOLD] ", "")).strip()


def show(name: str, chances: Sequence[calibrate.Chances], answers: Sequence[int]) -> None:
    """One line of scores."""
    scores = {
        "accuracy": calibrate.accuracy,
        "calibration error": calibrate.calibration_error,
        "Brier": calibrate.brier,
        "log loss": calibrate.log_loss,
    }
    told = (f"{what} {score(chances, answers):.3f}" for what, score in scores.items())
    print(f"{name:<34} {'   '.join(told)}")


def judge_scores(found: dict[Item, Said], reading: Reading | None) -> None:
    """The judge as it is, softened, and calibrated, each order and both."""
    items, said = list(found), list(found.values())
    answers, groups = [item.answer for item in items], [item.group for item in items]
    both = [one.both for one in said]
    print(f"{len(items)} pairs: {dict(Counter(LABELS[answer] for answer in answers))}")
    show("first order, raw", [one.forward for one in said], answers)
    show("second order, raw", [one.backward for one in said], answers)
    show("both orders, raw", both, answers)
    softer = calibrate.softened(len(LABELS), TEMPERATURE)
    show("both, as of an unknown model", [softer.apply(one) for one in both], answers)
    if reading:
        calibrated = [reading.calibration.apply(one) for one in both]
        show(f"both, shipped ({reading.name.split()[0]})", calibrated, answers)
    held_out = calibrate.cross_validated(both, answers, groups)
    show("both, fitted on the other folds", held_out, answers)
    majority = Counter(answers).most_common(1)[0][1] / len(answers)
    print(f"{'majority':<34} accuracy {majority:.3f}")
    wrong = Counter(
        (LABELS[answer], LABELS[calibrate.likeliest(chances)])
        for answer, chances in zip(answers, held_out, strict=True)
    )
    print("truth → said:", ", ".join(f"{a} → {b} {n}" for (a, b), n in sorted(wrong.items())))
    seconds, prompt = sum(one.seconds for one in said), sum(one.prompt for one in said)
    print(
        f"{len(said) / seconds:.2f} pairs a second, both orders each; "
        f"{sum(one.cached for one in said) / prompt:.0%} of {prompt} prompt tokens cached"
    )


def cosine_scores(items: Sequence[Item]) -> None:
    """Nearness of embeddings with two thresholds, fitted on the other folds."""
    embedding = load(configuration.load(None).values)
    began = time.monotonic()
    vectors = embedding.embed([text for item in items for text in (item.first, item.second)])
    near = [similarity(a, b) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]
    seconds = time.monotonic() - began
    answers = [item.answer for item in items]
    right = 0
    for held_out in calibrate.folds([item.group for item in items]):
        out = set(held_out)
        rule = _thresholds([(near[n], answers[n]) for n in range(len(items)) if n not in out])
        right += sum(_between(near[n], rule) == answers[n] for n in held_out)
    print(
        f"{'embedding cosine, two thresholds':<34} accuracy {right / len(items):.3f}   "
        f"{len(items) / seconds:.0f} pairs a second"
    )


Rule = tuple[float, float, tuple[int, ...]]


def _thresholds(known: Sequence[tuple[float, int]]) -> Rule:
    values = sorted(value for value, _ in known)
    marks = [values[n * (len(values) - 1) // 24] for n in range(25)]
    rules = (
        (low, high, order)
        for low, high in itertools.combinations(marks, 2)
        for order in itertools.permutations(range(len(LABELS)))
    )
    return max(rules, key=lambda rule: sum(_between(v, rule) == a for v, a in known))


def _between(value: float, rule: Rule) -> int:
    low, high, order = rule
    return order[(value > low) + (value > high)]


def write_fit(found: dict[Item, Said], model: str, digest: str) -> None:
    """Put the calibration of this model and prompt in place of an earlier one."""
    both = [one.both for one in found.values()]
    answers, groups = [item.answer for item in found], [item.group for item in found]
    held_out = calibrate.cross_validated(both, answers, groups)
    prompt, path = prompting.load(PROMPT), PROMPTS / "relation_calibration.json"
    row = {
        "model": model,
        "model_digest": digest,
        "prompt_version": prompt.version,
        "prompt_hash": prompt.hash,
        "pairs": len(both),
        "held_out_accuracy": round(calibrate.accuracy(held_out, answers), 4),
        "error_before": round(calibrate.calibration_error(both, answers), 4),
        "held_out_error": round(calibrate.calibration_error(held_out, answers), 4),
        **calibrate.fit(both, answers).model_dump(mode="json"),
    }
    kept = [
        old
        for old in json.loads(path.read_text())
        if (old["model_digest"], old["model_digest"] or old["model"]) != (digest, digest or model)
        and old["prompt_hash"] == prompt.hash
    ]
    path.write_text(json.dumps([*kept, row], indent=1) + "\n")
    print(f"wrote {path.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scitab", nargs="?", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument(
        "--characters", type=int, default=MOST_CHARACTERS, help="of the longest table in the sample"
    )
    parser.add_argument("--most", type=int, help="pairs to ask about now; the rest another time")
    given = parser.parse_args()
    if given.fit == bool(given.scitab):
        parser.error("name the file of SciTab, or --fit")
    items = shipped() if given.fit else scitab(given.scitab, given.characters)
    order = list(items)
    if given.most is not None:  # a part is a fair sample too
        random.Random(SEED).shuffle(order)
    found, model, digest = ask(order, given.cache, given.most)
    found = {item: found[item] for item in items if item in found}
    if len({item.group for item in found}) < calibrate.FOLDS:
        print(f"{len(found)} of {len(items)} pairs so far: too few to say anything")
        return
    reading = None if given.fit else reading_of(model, digest, prompting.load(PROMPT))
    judge_scores(found, reading)
    cosine_scores(list(found))
    if len(found) < len(items):
        print(f"{len(items) - len(found)} pairs are left to ask about")
    elif given.fit:
        write_fit(found, model, digest)


if __name__ == "__main__":
    main()
