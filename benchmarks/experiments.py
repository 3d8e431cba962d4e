"""What an experiment costs beyond its trials, and what a second worker saves."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from measure import medians, show

from scientist.lab import experiments, tiers
from scientist.lab.executors import Placement
from scientist.lab.sandbox import Limits

ONE, MANY = 1, 400
HEAVY, ROUNDS = 8, 3
LIMITS = Limits(300, 300, 2048, 64, 64, 256)
EMPTY = "def trial(arm, seed):\n    return {'x': float(seed)}\n"
NUMPY = f"import numpy\n{EMPTY}"
BUSY = """
def trial(arm, seed, turns):
    total = 0
    for number in range(turns):
        total += number * seed % 7
    return {"x": float(total)}
"""
BASELINE = f"{MANY} empty trials, runner alone"


def turns_of_a_second() -> int:
    """How many turns of the busy trial take this machine about a second."""
    space: dict[str, Callable[..., object]] = {}
    exec(BUSY, space)  # noqa: S102  the code above
    began = time.perf_counter()
    space["trial"]("a", 1, turns=10**6)
    return round(10**6 / (time.perf_counter() - began))


def experiment(
    folder: Path, code: str, trials: int, jobs: int, parameters: dict[str, object] | None = None
) -> Callable[[], None]:
    """A whole contained run, from the folder to the checked results."""
    numbers, tier = count(), tiers.choose()

    def run() -> None:
        pairs = [("a", seed) for seed in range(1, trials + 1)]
        name = f"run-{hash(code)}-{trials}-{jobs}-{next(numbers)}"
        prepared = experiments.prepare(
            folder, name, code, parameters or {}, pairs, LIMITS, tier, Placement(jobs)
        )
        outcome = experiments.conduct(prepared)
        assert outcome.status == "done", outcome.reason

    return run


def alone(folder: Path) -> Callable[[], None]:
    """The same empty trials by the runner itself, with no sandbox and no supervisor."""
    tier = tiers.choose()
    pairs = [("a", seed) for seed in range(1, MANY + 1)]
    input_ = experiments.prepare(folder, "alone", EMPTY, {}, pairs, LIMITS, tier).folder / "input"

    def run() -> None:
        (input_ / "trials.jsonl").unlink(missing_ok=True)
        subprocess.run([sys.executable, "-m", "scientist.lab.runner", str(input_)], check=True)

    return run


def overhead(folder: Path) -> None:
    """What each further trial costs that does nothing."""
    jobs = {BASELINE: alone(folder)}
    for label, code in (("", EMPTY), (" with numpy", NUMPY)):
        for workers in (1, 2):
            for trials in (ONE, MANY):
                name = f"{trials} empty trials{label}, jobs {workers}"
                jobs[name] = experiment(folder, code, trials, workers)
    found = medians(jobs, ROUNDS)
    show(found, BASELINE)
    for label in ("", " with numpy"):
        for workers in (1, 2):
            first, all_ = (found[f"{n} empty trials{label}, jobs {workers}"] for n in (ONE, MANY))
            cost = (all_ - first) / (MANY - ONE) * 1000
            print(f"each further trial{label}, jobs {workers}: {cost:.2f} ms")


def efficiency(folder: Path) -> None:
    """How much faster trials of a second are done by two workers."""
    given: dict[str, object] = {"turns": turns_of_a_second()}
    one, two = (f"{HEAVY} trials of 1 s, jobs {workers}" for workers in (1, 2))
    found = medians(
        {
            one: experiment(folder, BUSY, HEAVY, 1, given),
            two: experiment(folder, BUSY, HEAVY, 2, given),
        },
        ROUNDS,
    )
    show(found, one)
    print(f"parallel efficiency of 2 workers: {found[one] / found[two] / 2:.0%}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        overhead(Path(place))
        efficiency(Path(place))
