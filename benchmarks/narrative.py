"""Planted contradictions in a store of fifty claims: how many are found, missed, and mended.

    python benchmarks/narrative.py                        # typed claims alone, no model
    python benchmarks/narrative.py --model --cache FOLDER # the sentences too, with a model

The claims tell of an imagined laboratory, in words of our own. Each that is planted contradicts
one other; decoys look like it and do not: another scope, another metric, a number within chance,
a paraphrase. FOLDER keeps the journal, so that a pair is never asked about twice.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from typing import Any

from scientist import settings as configuration
from scientist.agent.relations import bearing
from scientist.events import AssertionMade
from scientist.journal import Journal
from scientist.llm.client import Client
from scientist.llm.endpoint import connect
from scientist.memory import Store
from scientist.memory.documents import ASSERTIONS
from scientist.records import Assertion, Interval, Range, Says, Scope, Source, Way
from scientist.science.consistency.examine import Examined, examine
from scientist.science.consistency.knowledge import gather
from scientist.workspace import Workspace

Fields = dict[str, Any]


def within(world: str = "sorting", **ranges: tuple[float, float]) -> Scope:
    """A world with parameters between two ends."""
    return Scope(world=world, ranges={n: Range(low=a, high=b) for n, (a, b) in ranges.items()})


def moved(text: str, arms: str, metric: str, way: Way, **more: Any) -> Fields:
    treatment, control = arms.split(" / ")
    fields = {"treatment": treatment, "control": control, "metric": metric, "way": way}
    return {"says": Says.COMPARISON, "text": text, **fields, **more}


def value(text: str, subject: str, metric: str, at: float, half: float, **more: Any) -> Fields:
    interval = Interval(low=at - half, high=at + half, confidence=0.95, method="t")
    numbers = {"subject": subject, "metric": metric, "value": at, "interval": interval}
    return {"says": Says.QUANTITY, "text": text, "pairs": 30, **numbers, **more}


def has(text: str, subject: str, metric: str, attribute: str, **more: Any) -> Fields:
    named = {"subject": subject, "metric": metric, "attribute": attribute}
    return {"says": Says.ATTRIBUTE, "text": text, **named, **more}


def said(text: str) -> Fields:
    return {"says": Says.TEXT, "text": text}


UP, DOWN, SAME, APART = Way.INCREASE, Way.DECREASE, Way.SAME, Way.DIFFERENT
CLAIMS: dict[str, Fields] = {
    "A1": moved(
        "Warm-up lowers the loss.", "warm-up / none", "loss", DOWN, scope=within(steps=(100, 1000))
    ),
    "A2": moved(
        "Warm-up raises the loss.", "warm-up / none", "loss", UP, scope=within(steps=(500, 800))
    ),
    "A3": moved(
        "Warm-up raises the loss in long runs.",
        "warm-up / none",
        "loss",
        UP,
        scope=within(steps=(2000, 9000)),
    ),
    "A4": moved(
        "Warm-up raises accuracy.",
        "warm-up / none",
        "accuracy",
        UP,
        scope=within(steps=(100, 1000)),
    ),
    "A5": value("The error of the small net is 0.20.", "small net", "error", 0.20, 0.01),
    "A6": value("The error of the small net is 0.31.", "small net", "error", 0.31, 0.01),
    "A7": value("The error of the wide net is 0.31.", "wide net", "error", 0.31, 0.01),
    "A8": value("The error of the small net is 0.205.", "small net", "error", 0.205, 0.01),
    "A9": moved("Adam beats momentum.", "adam / momentum", "score", UP),
    "A10": moved("Momentum beats plain descent.", "momentum / plain", "score", UP),
    "A11": moved("Plain descent beats Adam.", "plain / adam", "score", UP),
    "A12": moved("Plain descent beats Adam in speed.", "plain / adam", "speed", UP),
    "A13": moved(
        "Two seeds give the same score.", "seed one / seed two", "score", SAME, margin=0.1
    ),
    "A14": moved("Two seeds differ in score.", "seed one / seed two", "score", APART, margin=0.2),
    "A15": has("The optimiser is deterministic.", "optimiser", "determinism", "deterministic"),
    "A16": has("The optimiser is random.", "optimiser", "determinism", "random"),
    "A17": has("The sampler is random.", "sampler", "determinism", "random"),
    "A18": has("The optimiser is free software.", "optimiser", "licence", "free"),
    "A19": moved(
        "Dropout helps in the small world.", "dropout / none", "score", UP, scope=within("small")
    ),
    "A20": moved(
        "Dropout harms in the big world.", "dropout / none", "score", DOWN, scope=within("big")
    ),
    "A21": moved(
        "Noise lowers the score at rate one half and above.",
        "noise / none",
        "score",
        DOWN,
        scope=within(rate=(0.5, 1.0)),
    ),
    "A22": moved(
        "Noise raises the score at rate one half.",
        "noise / none",
        "score",
        UP,
        scope=within(rate=(0.5, 0.5)),
    ),
    "A23": moved(
        "Noise raises the score below rate one half.",
        "noise / none",
        "score",
        UP,
        scope=within(rate=(0.0, 0.4)),
    ),
    "A24": value("The wide net takes 12 seconds.", "wide net", "seconds", 12.0, 1.0),
    "A25": said("The archive in the cellar holds every log since the laboratory was founded."),
    "A26": said("No log older than three years is left in the archive."),
    "A27": said("The archive in the cellar is cooled by two fans."),
    "A28": said("All students of the group learnt to program before they came."),
    "A29": said("Some students of the group had never programmed before they came."),
    "A30": said("The students of the group meet on Thursdays."),
    "A31": said("The robot finds its way through the maze without a map."),
    "A32": said("Without a map the robot gets lost in the maze every time."),
    "A33": said("The robot needs no map to get through the maze."),
    "A34": said("The robot was built from spare parts."),
    "A35": said("More training data always made the translations better."),
    "A36": said("Beyond a million sentences, more training data made the translations worse."),
    "A37": said("The translations were read by two people."),
    "A38": said("The camera works in the dark."),
    "A39": said("The camera is of no use at night."),
    "A40": said("The camera weighs less than a kilogram."),
    "A41": said("The library closes at eight on weekdays."),
    "A42": said("The library closes at six on Saturdays."),
    "A43": said("Voices trained apart came to sound alike."),
    "A44": said("The voices grew more alike although they never heard each other."),
    "A45": said("The old microscope is more precise than the new one."),
    "A46": said("The new microscope is less precise than the old one."),
    "A47": said("Rain stopped the outdoor trials in April."),
    "A48": said("The outdoor trials ran in May without a break."),
    "A49": said("The grant pays for three years."),
    "A50": said("The second grant pays for the greenhouse."),
}
JUDGEMENTS = 6  # for one sentence
TYPED = (
    ("A1", "A2"),
    ("A5", "A6"),
    ("A6", "A8"),
    ("A9", "A10", "A11"),
    ("A13", "A14"),
    ("A15", "A16"),
    ("A21", "A22"),
)
TEXTS = (
    ("A25", "A26"),
    ("A28", "A29"),
    ("A31", "A32"),
    ("A32", "A33"),
    ("A35", "A36"),
    ("A38", "A39"),
)


def fill(journal: Journal) -> None:
    """Put the claims on record, once."""
    if journal.count("assertion_made"):
        return
    for name, fields in CLAIMS.items():
        source = Source(kind="user", address="narrative")
        assertion = Assertion(id=name, source=source, **fields)
        journal.append(AssertionMade(assertion=assertion))


def read_sentences(journal: Journal, folder: Path) -> int:
    """Let the model judge the neighbours of each free sentence; how many pairs that were."""
    values = configuration.load(None).values
    judged: set[frozenset[str]] = set()
    began = time.monotonic()
    with ExitStack() as held:
        store = held.enter_context(Store(Workspace(folder), values))
        store.sync(journal)
        client = held.enter_context(Client(held.enter_context(connect(values)), values, journal))
        texts = {name: each["text"] for name, each in CLAIMS.items() if each["says"] is Says.TEXT}
        typed = CLAIMS.keys() - texts.keys()
        for name, text in texts.items():
            skip = {*typed, name}
            found = bearing(
                store, journal, client, text, JUDGEMENTS, among=(ASSERTIONS,), skip=skip
            )
            judged.update(frozenset((name, near.address)) for near, _ in found)
            print(f"\r{len(judged)} pairs read", end="", flush=True)
    print(f" in {time.monotonic() - began:.0f} s, at most {JUDGEMENTS} for each sentence")
    return len(judged)


def report(what: str, planted: tuple[tuple[str, ...], ...], examined: Examined, kind: bool) -> None:
    """Found, missed, false alarms, and what became of those that were found."""
    conflicts = {one.members: one for one in examined.conflicts if one.hard is kind}
    wanted = {tuple(sorted(members)): members for members in planted}
    told = {tuple(sorted(members)): one.id for members, one in conflicts.items()}
    hits = wanted.keys() & told.keys()
    mended = {one.conflict: one.how for one in examined.resolutions}
    ways = [mended.get(told[key], "open") for key in sorted(hits)]
    print(
        f"{what}: {len(wanted)} planted, {len(hits)} found, {len(wanted) - len(hits)} missed, "
        f"{len(told) - len(hits)} false alarms"
    )
    print(
        "   mended:", ", ".join(f"{way} {ways.count(way)}" for way in sorted(set(ways))) or "none"
    )
    for key in sorted(wanted.keys() - told.keys()):
        print("   missed:", " | ".join(CLAIMS[name]["text"] for name in key))
    for key in sorted(told.keys() - wanted.keys()):
        print("   false alarm:", " | ".join(CLAIMS[name]["text"] for name in key))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="store_true", help="let the model read the sentences")
    parser.add_argument("--cache", type=Path, help="folder that keeps the journal")
    given = parser.parse_args()
    planted = (*TYPED, *TEXTS)
    names = {name for members in planted for name in members}
    assert len(CLAIMS) == 50
    assert names <= CLAIMS.keys()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with Journal(Workspace(folder).journal, write=True) as journal:
            fill(journal)
            if given.model:
                read_sentences(journal, folder)
            examined = examine(gather(journal))
    pairs = len(list(combinations(CLAIMS, 2)))
    print(f"{len(CLAIMS)} claims, {pairs} pairs, {len(CLAIMS) - len(names)} decoys")
    report("typed", TYPED, examined, True)
    if given.model:
        report("free text", TEXTS, examined, False)
    print(f"{len(examined.open)} conflicts stay open; settled: {examined.settled}")


if __name__ == "__main__":
    main()
