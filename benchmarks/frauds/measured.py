"""Frauds on what was measured and on the plan for it: trials, seeds, arms, protocols, code."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit.forging import Line, get, put

from frauds import telling
from frauds.kinds import (
    ANCHOR,
    COVERED,
    PLAIN,
    RERUN,
    RETOLD,
    STRUCTURE,
    Edit,
    Fraud,
    Kind,
    Plant,
    Unfit,
    covered,
    pick,
    rewritten,
    told,
    without_runs,
)
from scientist.science import protocol as protocols

Trials = list[dict[str, Any]]
Change = Callable[[Trials, dict[str, Any], random.Random], Trials]


def trials(change: Change, retold: bool = False) -> Edit:
    """Other trials of one experiment, wherever they are named."""

    def edit(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        end = pick(chance, _measured(lines))
        plan = telling.sealed(lines, end["data"]["protocol_digest"])["data"]["protocol"]
        before = telling.trials_of(workspace, end["data"]["trials_blob"])
        after = change(json.loads(json.dumps(before)), plan, chance)
        if after == before:
            raise Unfit
        telling.other_trials(workspace, lines, end, after)
        if retold:
            telling.retell(workspace, lines)
        return named(lines, end["data"]["experiment"])

    return edit


def _measured(lines: list[Line]) -> list[Line]:
    """Experiments that were judged by trials of their own."""
    judged = {e["data"]["experiment"] for e in told(lines, "judged")}
    ends = told(lines, "experiment_finished")
    return [
        e
        for e in ends
        if e["data"]["trials_blob"]
        and e["data"]["status"] == "done"
        and e["data"]["experiment"] in judged
    ]


def named(lines: list[Line], experiment: str) -> tuple[str, ...]:
    """The experiment, and the finding that rests on it."""
    found = [e["data"]["finding"] for e in told(lines, "finding_recorded")]
    return (
        experiment,
        *(
            one["id"]
            for one in found
            if experiment in (one["experiment"], (one["first"] or {}).get("experiment"))
        ),
    )


def retold(change: Change) -> Plant:
    """The same, with everything that follows worked out again, and the run folders gone."""
    return rewritten(trials(change, retold=True), without_runs)


def altered(found: Trials, plan: dict[str, Any], chance: random.Random) -> Trials:
    """One number of one trial."""
    mine = [one for one in found if one["arm"] == plan["treatment"]]
    one = chance.choice(mine)
    one["metrics"][plan["metric"]] += _step(plan) or 0.01
    return found


def _step(plan: dict[str, Any]) -> float:
    return float(plan["smallest_effect"]) * (1 if plan["direction"] == "increase" else -1)


def embellished(found: Trials, plan: dict[str, Any], _: random.Random) -> Trials:
    """Every trial of the treatment a little better, so that the verdict stays."""
    for one in found:
        if one["arm"] == plan["treatment"]:
            one["metrics"][plan["metric"]] += 0.1 * _step(plan)
    return found


def fabricated(found: Trials, plan: dict[str, Any], _: random.Random) -> Trials:
    """All trials from a formula instead of a measurement."""
    arms = {arm: place for place, arm in enumerate(plan["arms"])}
    for one in found:
        drawn = random.Random(f"{one['arm']} {one['seed']}").gauss(0.5, 0.05)
        one["metrics"] = dict.fromkeys(one["metrics"], drawn + 0.01 * arms[one["arm"]])
    return found


def without_a_seed(found: Trials, _: dict[str, Any], chance: random.Random) -> Trials:
    seed = chance.choice(sorted({one["seed"] for one in found}))
    return [one for one in found if one["seed"] != seed]


def with_a_seed_twice(found: Trials, _: dict[str, Any], chance: random.Random) -> Trials:
    """The best seed's trials stand in the place of the worst one's."""
    one, other = chance.sample(sorted({one["seed"] for one in found}), 2)
    again = [{**t, "seed": other} for t in found if t["seed"] == one]
    by_arm = {t["arm"]: t for t in again}
    return [by_arm[t["arm"]] if t["seed"] == other and t["arm"] in by_arm else t for t in found]


def more_after_the_look(found: Trials, _: dict[str, Any], chance: random.Random) -> Trials:
    """Trials on seeds that nobody planned."""
    seed = chance.randrange(10**6)
    again = [{**t, "seed": seed} for t in found if t["seed"] == found[0]["seed"]]
    return [*found, *again]


def swapped(found: Trials, plan: dict[str, Any], _: random.Random) -> Trials:
    """Treatment and control in each other's place."""
    arms = {plan["treatment"]: plan["control"], plan["control"]: plan["treatment"]}
    numbers = {(t["arm"], t["seed"]): t["metrics"] for t in found}
    for one in found:
        if (other := arms.get(one["arm"])) and (other, one["seed"]) in numbers:
            one["metrics"] = numbers[other, one["seed"]]
    return found


def smoke_counted(found: Trials, plan: dict[str, Any], chance: random.Random) -> Trials:
    """A trial of a measured seed gives way to one of a smoke seed."""
    seed = chance.choice(sorted({one["seed"] for one in found}))
    smoke = chance.choice(plan["smoke_seeds"])
    return [{**t, "seed": smoke} if t["seed"] == seed else t for t in found]


def planned(
    change: Callable[[dict[str, Any], random.Random], object],
    retold: bool = False,
    asked: bool = False,
) -> Edit:
    """A sealed protocol says something else, under a digest of its own; `asked`: so does the
    hypothesis."""

    def edit(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        end = pick(chance, _measured(lines))
        seal = telling.sealed(lines, end["data"]["protocol_digest"])
        before = json.loads(json.dumps(seal["data"]["protocol"]))
        change(seal["data"]["protocol"], chance)
        plan = seal["data"]["protocol"]
        if plan == before:
            raise Unfit
        telling.reseal(lines, seal)
        telling.swap_values(lines, before, seal["data"]["protocol"])
        changed = {n: v for n, v in seal["data"]["protocol"].items() if v != before[n]}
        for line in told(lines, "hypothesis_proposed") if asked else ():
            if line["data"]["hypothesis"]["id"] == plan["hypothesis"]:
                line["data"]["hypothesis"] |= changed
        for line in told(lines, "finding_recorded"):
            if line["data"]["finding"]["protocol_digest"] == seal["data"]["digest"]:
                record = line["data"]["finding"]
                record |= {n: v for n, v in changed.items() if n in record}
        if retold:
            telling.retell(workspace, lines)
        name = end["data"]["experiment"]
        digest = seal["data"]["digest"][:12]
        return (digest, plan["hypothesis"], *named(lines, name))

    return edit


def of_plan(name: str, value: Callable[[dict[str, Any], random.Random], Any]) -> Any:
    def change(plan: dict[str, Any], chance: random.Random) -> None:
        plan[name] = value(plan, chance)

    return change


def other_metric(plan: dict[str, Any], chance: random.Random) -> str:
    """Another of the kit's metrics."""
    from scientist.lab import kits

    if not plan["kit"]:
        raise Unfit
    return chance.choice([m for m in kits.load(plan["kit"]).metrics if m != plan["metric"]])


def turned(plan: dict[str, Any], _: random.Random) -> str:
    return "increase" if plan["direction"] == "decrease" else "decrease"


def other_seeds(plan: dict[str, Any], chance: random.Random) -> list[int]:
    return chance.sample(range(10**6), len(plan["seeds"]))


def smoke_sealed(plan: dict[str, Any], _: random.Random) -> list[int]:
    return [plan["smoke_seeds"][0], *plan["seeds"][1:]]


METRIC = of_plan("metric", other_metric)
DIRECTION = of_plan("direction", turned)
SMALLEST = of_plan("smallest_effect", lambda plan, _: plan["smallest_effect"] / 3)
SEEDS = of_plan("seeds", other_seeds)
SMOKE = of_plan("seeds", smoke_sealed)
ALPHA = of_plan("alpha", lambda plan, _: 0.1 if plan["alpha"] != 0.1 else 0.2)
LEVEL = of_plan("level", lambda plan, _: plan["level"] * 2)


def in_plain(name: str) -> Plant:
    """A field of a seal, the digest left as it was, the chain made to fit."""

    def edit(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        seal = pick(chance, told(lines, "protocol_sealed"))
        plan = seal["data"]["protocol"]
        plan[name] = {"metric": "other", "smallest_effect": 1e-6, "seeds": [1, 2, 3]}[name]
        return (seal["data"]["digest"][:12],)

    return covered(edit)


def code(retold: bool) -> Edit:
    """Other code under the seal: what ran is said to have been this."""

    def edit(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        end = pick(chance, _measured(lines))
        seal = telling.sealed(lines, end["data"]["protocol_digest"])
        old = seal["data"]["code_blob"]
        plan = seal["data"]["protocol"]
        if plan.get("data_hash"):
            raise Unfit
        text = get(workspace, old).decode()
        body = (
            f"{text}\n_measured = trial\n\n\ndef trial(arm, seed, **parameters):\n"
            "    found = _measured(arm, seed, **parameters)\n"
            "    return {name: float(value) * 0.5 for name, value in found.items()}\n"
        )
        new = put(workspace, body.encode())
        others = [e for e in told(lines, "protocol_sealed") if e["data"]["code_blob"] == old]
        telling.put_everywhere(lines, {old: new})
        for one in others:
            before = json.loads(json.dumps(one["data"]["protocol"]))
            telling.reseal(lines, one)
            telling.swap_values(lines, before, one["data"]["protocol"])
        if retold:
            telling.retell(workspace, lines)
        names = [named(lines, e["data"]["experiment"]) for e in _measured(lines)]
        return (new[:12], "code", *(name for each in names for name in each))

    return edit


def edited_code_blob(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """Another code blob beside the old seal."""
    seal = pick(chance, told(lines, "protocol_sealed"))
    code = get(workspace, seal["data"]["code_blob"])
    seal["data"]["code_blob"] = put(workspace, code + b"\n# better\n")
    return (seal["data"]["digest"][:12], "code on record")


def left_out_seal(_: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """A run without any seal."""
    end = pick(chance, _measured(lines))
    seal = telling.sealed(lines, end["data"]["protocol_digest"])
    lines.remove(seal)
    return (end["data"]["experiment"], seal["data"]["digest"][:12])


def no_confirmation(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
    """The second run is dropped, and the finding rests on the first one alone."""
    found = [e for e in told(lines, "finding_recorded") if e["data"]["finding"]["first"]]
    record = pick(chance, found)["data"]["finding"]
    first, last = record["first"], record["experiment"]
    digest = record["protocol_digest"]
    for name in ("experiment", "protocol_digest", "trials_blob", "judgement"):
        record[name] = first[name]
    record["first"] = None
    lines[:] = [
        e
        for e in lines
        if e["data"].get("experiment") != last
        and digest not in (e["data"].get("protocol_digest"), e["data"].get("digest"))
    ]
    telling.renumber(lines)
    telling.retell(workspace, lines)
    return (record["id"], "X")


def fewer_pairs(settings: bool) -> Edit:
    """The last pair is dropped from plan and trials, as if it had never been planned."""

    def edit(workspace: Path, lines: list[Line], chance: random.Random) -> tuple[str, ...]:
        return _fewer_pairs(workspace, lines, chance, settings)

    return edit


def _fewer_pairs(
    workspace: Path, lines: list[Line], chance: random.Random, settings: bool
) -> tuple[str, ...]:
    ends = [e for e in _measured(lines) if not told(lines, "looked")]
    end = pick(chance, ends)
    seal = telling.sealed(lines, end["data"]["protocol_digest"])
    plan = seal["data"]["protocol"]
    before = json.loads(json.dumps(plan))
    if len(plan["seeds"]) < 7 or len(told(lines, "protocol_sealed")) > 1:
        raise Unfit
    dropped = plan["seeds"].pop()
    plan["looks"] = list(protocols.looks(len(plan["seeds"])))
    telling.reseal(lines, seal)
    telling.swap_values(lines, before, seal["data"]["protocol"])
    kept = telling.trials_of(workspace, end["data"]["trials_blob"])
    kept = [one for one in kept if one["seed"] != dropped]
    telling.other_trials(workspace, lines, end, kept)
    for line in told(lines, "campaign_opened") if settings else ():
        line["data"]["settings"]["pairs"] = len(plan["seeds"])
    telling.retell(workspace, lines)
    return (plan["hypothesis"],)


def in_the_folder(workspace: Path, chance: random.Random) -> Fraud:
    """A number in the run folder, where the measurement was written first."""
    files = sorted(workspace.glob("runs/*-[0-9]/trials.jsonl"))
    if not files:
        raise Unfit
    file = chance.choice(files)
    lines = file.read_text().splitlines(keepends=True)
    number = chance.choice([n for n, line in enumerate(lines) if '"metrics"' in line])
    trial = json.loads(lines[number])
    name = chance.choice(sorted(trial["metrics"]))
    trial["metrics"][name] += 1.0
    lines[number] = json.dumps(trial) + "\n"
    file.write_text("".join(lines))
    return Fraud((file.parent.name,))


SAME_WORLD = (
    "the pair was dropped from plan and settings, too, and with one test alone every level, seed "
    "and number is what a shorter plan gives"
)
KINDS = (
    Kind("fabricated trials", COVERED, covered(trials(fabricated))),
    Kind("fabricated trials", RETOLD, retold(fabricated), RERUN),
    Kind("altered trial value", PLAIN, in_the_folder),
    Kind("altered trial value", COVERED, covered(trials(altered))),
    Kind("altered trial value", RETOLD, retold(embellished), RERUN),
    Kind("dropped seed", COVERED, covered(trials(without_a_seed))),
    Kind("dropped seed", RETOLD, retold(without_a_seed)),
    Kind("repeated seed", COVERED, covered(trials(with_a_seed_twice))),
    Kind("repeated seed", RETOLD, retold(with_a_seed_twice), RERUN),
    Kind("trials added after a look", COVERED, covered(trials(more_after_the_look))),
    Kind("trials added after a look", RETOLD, retold(more_after_the_look)),
    Kind("swapped arms", COVERED, covered(trials(swapped))),
    Kind("swapped arms", RETOLD, retold(swapped), RERUN),
    Kind("smoke seeds counted", COVERED, covered(trials(smoke_counted))),
    Kind("smoke seeds counted", RETOLD, rewritten(planned(SMOKE, True), without_runs)),
    Kind("code edited after the seal", PLAIN, covered(edited_code_blob), STRUCTURE),
    Kind("code edited after the seal", COVERED, covered(code(False))),
    Kind("code edited after the seal", RETOLD, rewritten(code(True), without_runs), RERUN),
    Kind("seal left out", COVERED, covered(left_out_seal), STRUCTURE),
    Kind("metric edited in the protocol", PLAIN, in_plain("metric"), STRUCTURE),
    Kind("metric edited in the protocol", COVERED, covered(planned(METRIC))),
    Kind("metric edited in the protocol", RETOLD, rewritten(planned(METRIC, True), without_runs)),
    Kind("direction edited in the protocol", COVERED, covered(planned(DIRECTION))),
    Kind("direction edited in the protocol", RETOLD,
         rewritten(planned(DIRECTION, True), without_runs)),
    Kind("smallest effect edited", PLAIN, in_plain("smallest_effect"), STRUCTURE),
    Kind("smallest effect edited", COVERED, covered(planned(SMALLEST))),
    Kind("smallest effect edited", RETOLD,
         rewritten(planned(SMALLEST, True, asked=True), without_runs)),
    Kind("seeds edited in the protocol", PLAIN, in_plain("seeds"), STRUCTURE),
    Kind("seeds edited in the protocol", COVERED, covered(planned(SEEDS))),
    Kind("alpha edited in the protocol", COVERED, covered(planned(ALPHA))),
    Kind("alpha edited in the protocol", RETOLD, rewritten(planned(ALPHA, True), without_runs)),
    Kind("level edited in the protocol", COVERED, covered(planned(LEVEL))),
    Kind("confirmation dropped", RETOLD, rewritten(no_confirmation, without_runs)),
    Kind("last pair dropped with its plan", RETOLD,
         rewritten(fewer_pairs(settings=False), without_runs)),
    Kind("last pair dropped with plan and settings", RETOLD,
         rewritten(fewer_pairs(settings=True), without_runs), ANCHOR, SAME_WORLD),
)  # fmt: skip
