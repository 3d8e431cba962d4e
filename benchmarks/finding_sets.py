"""Finding sets for the fabrication benchmark: real trials of the kits, judged by the real rule.

Each set has one to seven experiments on a kit: other arms, metrics, conditions and directions, some
with a third arm, some confirmed by a second run, some infeasible. Deterministic by seed.
"""

from __future__ import annotations

import random
import runpy
from functools import cache, lru_cache
from typing import Any

from scientist.lab import kits
from scientist.records import Direction, Hypothesis, Judgement, Protocol, Trial, Verdict
from scientist.resources import bundled
from scientist.science import judge as rules
from scientist.science import protocol as protocols
from scientist.science.claims.evidence import Evidence, Measure, Run

KITS = ("causal_features", "compositional_recombination")
SMALL: dict[str, dict[str, list[Any]]] = {
    "causal_features": {"samples": [25, 40], "environments": [2, 3], "shift": [0.5, 1.0]},
    "compositional_recombination": {
        "actions": [4, 5],
        "objects": [4, 5],
        "samples": [2, 3],
        "interaction": [0.0, 0.5],
    },
}
RESAMPLES = 999
PAIRS = (8, 10, 12, 16)


@cache
def _trial(kit: str) -> Any:
    return runpy.run_path(str(bundled("tools") / "kits" / f"{kit}.py"))["trial"]


@lru_cache(maxsize=200_000)
def measured(kit: str, arm: str, seed: int, chosen: tuple[tuple[str, Any], ...]) -> Trial:
    """One real trial."""
    return Trial(arm=arm, seed=seed, metrics=_trial(kit)(arm, seed, **dict(chosen)), seconds=0.1)


def finding_set(seed: int, experiments: int | None = None) -> Evidence:
    """One to seven experiments, as a workspace would have them on record."""
    chance = random.Random(seed)
    wanted = experiments or chance.randint(1, 7)
    runs: list[Run] = []
    asked: dict[str, int] = {}
    kit = chance.choice(KITS)
    for number in range(1, wanted + 1):
        if chance.random() < 0.2:
            kit = chance.choice(KITS)
        runs += _finding(chance, kit, number, len(runs) + 1, asked)
    ids = {run.protocol.hypothesis for run in runs} | {"C1", "E1"}
    quotes = {"E1:1": "A pooled learner erred in 37 of 100 cases, or 0.37, before the cue turned."}
    return Evidence(tuple(runs), quotes=quotes, ids=frozenset(ids))


def _hypothesis(chance: random.Random, name: str, number: int) -> Hypothesis:
    kit = kits.load(name)
    treatment, control = chance.sample(list(kit.arms), 2)
    metric = chance.choice(list(kit.metrics))
    small = {key: values[0] for key, values in SMALL[name].items()}
    chosen = {k: chance.choice(v) for k, v in SMALL[name].items() if chance.random() < 0.5}
    parameters = {key: p.value(key, p.default, kit.name) for key, p in kit.parameters.items()}
    return Hypothesis(
        id=f"H{number}",
        statement=f"{treatment} against {control}",
        quotes=(),
        kit=name,
        factor=kit.factor,
        treatment=treatment,
        control=control,
        metric=metric,
        direction=chance.choice(list(Direction)),
        smallest_effect=kit.smallest_effect(metric),
        parameters={**parameters, **small, **chosen},
        conditions=tuple(sorted({**small, **chosen})),
    )


def _finding(
    chance: random.Random, kit: str, number: int, experiment: int, asked: dict[str, int]
) -> list[Run]:
    """A finding's run; with a confirmation, the first attempt before it."""
    hypothesis = _hypothesis(chance, kit, number)
    others = [arm for arm in kits.load(kit).arms if chance.random() < 0.25]
    missing = chance.random() < 0.08
    pairs = chance.choice(PAIRS)
    first = _run(hypothesis, others, pairs, f"F{number}", experiment, asked, missing)
    if first.judgement.verdict is not Verdict.SUPPORTED or chance.random() < 0.5:
        return [first]
    again = _run(
        hypothesis, others, pairs, f"F{number}", experiment + 1, asked, False, first.judgement
    )
    settled = rules.settle(first.judgement, again.judgement)
    return [_with(first, final=False), _with(again, judgement=settled, first=first.judgement)]


def _with(run: Run, **change: Any) -> Run:
    names = (
        *("experiment", "protocol", "trials", "judgement", "finding", "campaign"),
        *("final", "first", "conditions", "measures"),
    )
    return Run(**{name: getattr(run, name) for name in names} | change)


def _run(
    hypothesis: Hypothesis,
    others: list[str],
    pairs: int,
    finding: str,
    experiment: int,
    asked: dict[str, int],
    missing: bool,
    first: Judgement | None = None,
) -> Run:
    question = protocols.question(hypothesis)
    protocol = protocols.plan(
        hypothesis,
        pairs=pairs,
        alpha=0.05,
        level=0.02,
        code_hash="c" * 64,
        runner_hash="r" * 64,
        arms=others,
        earlier=asked.get(question, 0),
        confirms="f" * 64 if first else "",
        resamples=RESAMPLES,
    )
    asked[question] = asked.get(question, 0) + 1
    trials = _trials(hypothesis.kit, protocol)[: -1 if missing else None]
    kit = kits.load(hypothesis.kit)
    measures = {
        name: Measure(m.better, m.unit, m.description.startswith("share "), m.description)
        for name, m in kit.metrics.items()
    }
    return Run(
        experiment=f"X{experiment}",
        protocol=protocol,
        trials=trials,
        judgement=rules.judge(protocol, trials),
        finding=finding,
        campaign="C1",
        conditions=hypothesis.conditions,
        measures=measures,
    )


def _trials(kit: str, protocol: Protocol) -> tuple[Trial, ...]:
    """What would be measured: look by look, until the rule stops."""
    chosen = tuple(sorted(protocol.parameters.items()))
    found: list[Trial] = []
    for number, seed in enumerate(protocol.seeds, 1):
        found += [measured(kit, arm, seed, chosen) for arm in protocol.arms]
        if number in protocol.looks and rules.reached(protocol, found)[1]:
            break
    return tuple(found)
