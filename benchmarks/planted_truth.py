"""Twenty questions in plain words with answers that nobody has to believe: they are measured.

Each is about one comparison of a kit at one setting. Its answer is yes if the treatment moves
the metric in the direction asked about, by at least the kit's smallest effect of interest, over
so many seeds that chance cannot have turned it; no if it cannot move it so far. Seven are true,
seven the wrong way round, six ask for an effect that is not there. Measured in the sandbox
on reserved seeds, which no experiment of a campaign can ever use.
"""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scientist.lab import experiments, kits, tiers
from scientist.lab.executors import Placement
from scientist.lab.sandbox import Limits
from scientist.records import Trial
from scientist.science.protocol import SMOKE_FROM
from scientist.settings import Settings

SEEDS = 100
FIRST = SMOKE_FROM + 2**20
AT_ONCE = 20  # seeds of one run, which has a time limit
SURE = 4.0  # standard errors between the estimate and what would change the answer


@dataclass(frozen=True)
class Question:
    """What is asked, and the measurement that answers it."""

    id: str
    text: str
    kit: str
    treatment: str
    control: str
    metric: str
    direction: str
    kind: str  # of the answer that was planted: true, opposite, nothing
    setting: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """What a large measurement says: yes, no, or open where it is not large enough."""

    answer: str
    effect: float
    error: float
    smallest: float
    seeds: int


def questions() -> list[Question]:
    """All of them, from the file beside this one."""
    file = Path(__file__).with_name("planted_questions.json")
    return [Question(**row) for row in json.loads(file.read_text(encoding="utf-8"))]


def parameters_of(question: Question) -> dict[str, float | int]:
    """The whole setting a question is about: what it does not name is as by default."""
    return kits.load(question.kit).validate_parameters(question.setting)


def truth(question: Question, cache: Path, say: Callable[[str], None] = print) -> Truth:
    """The measured answer to a question."""
    kit = kits.load(question.kit)
    arms = (question.treatment, question.control)
    trials = measure(kit.code, arms, parameters_of(question), cache, say)
    sign = 1 if question.direction == "increase" else -1
    gaps = [sign * gap for gap in differences(trials, *arms, question.metric)]
    return decide(gaps, kit.smallest_effect(question.metric))


def decide(gaps: list[float], smallest: float) -> Truth:
    """Whether differences in the direction asked about reach the smallest effect of interest."""
    effect = statistics.fmean(gaps)
    error = statistics.stdev(gaps) / math.sqrt(len(gaps))
    answer = "open"
    if effect - SURE * error >= smallest:
        answer = "yes"
    elif effect + SURE * error < smallest:
        answer = "no"
    return Truth(answer, effect, error, smallest, len(gaps))


def differences(trials: list[Trial], treatment: str, control: str, metric: str) -> list[float]:
    """Treatment minus control, seed by seed."""
    by_arm: dict[str, dict[int, float]] = {treatment: {}, control: {}}
    for trial in trials:
        by_arm[trial.arm][trial.seed] = trial.metrics[metric]
    return [value - by_arm[control][seed] for seed, value in by_arm[treatment].items()]


def measure(
    code: str,
    arms: tuple[str, ...],
    parameters: dict[str, Any],
    cache: Path,
    say: Callable[[str], None] = print,
) -> list[Trial]:
    """Many trials of code in the sandbox; what was measured before is read from the cache."""
    named = json.dumps([code, arms, parameters, SEEDS, FIRST], sort_keys=True)
    file = cache / "trials" / f"{hashlib.sha256(named.encode()).hexdigest()[:24]}.json"
    if file.exists():
        return [Trial.model_validate(one) for one in json.loads(file.read_text())]
    settings = Settings()
    found: list[Trial] = []
    for begin in range(0, SEEDS, AT_ONCE):
        say(f"measuring {' against '.join(arms)}: seeds {begin} to {begin + AT_ONCE} of {SEEDS}")
        seeds = range(FIRST + begin, FIRST + begin + AT_ONCE)
        run = experiments.prepare(
            cache / "runs",
            f"{file.stem}-{begin}",
            code,
            parameters,
            [(arm, seed) for seed in seeds for arm in arms],
            Limits.of(settings),
            tiers.choose(),
            Placement.of(settings),
        )
        outcome = experiments.conduct(run)
        if outcome.status != "done":
            raise SystemExit(f"{run.folder} ended as {outcome.status}: {outcome.reason}")
        found += outcome.trials
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps([trial.model_dump(mode="json") for trial in found]))
    part.replace(file)
    return found
