"""A kit along one of its parameters: to look, not to conclude.

Seeds are those reserved for smoke runs, which can never count as evidence, so whoever looks
first and seals a protocol afterwards still tests on seeds that nobody has seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scientist.errors import ScientistError, UsageError
from scientist.events import Swept
from scientist.journal import Journal, project
from scientist.lab import experiments, tiers
from scientist.lab.executors import Placement
from scientist.lab.kits import Kit
from scientist.lab.sandbox import Limits
from scientist.records import Trial
from scientist.science.protocol import SMOKE_FROM
from scientist.settings import Settings
from scientist.workspace import Workspace

MOST_SEEDS = 64


@dataclass(frozen=True)
class Sweep:
    """Every trial at every level."""

    kit: Kit
    over: str
    parameters: dict[str, float | int]
    levels: dict[float, tuple[Trial, ...]]

    def values(self, level: float, arm: str, metric: str) -> list[float]:
        """What an arm measured at a level."""
        return [trial.metrics[metric] for trial in self.levels[level] if trial.arm == arm]


def sweep(
    kit: Kit,
    over: str,
    chosen: Mapping[str, Any],
    seeds: int,
    journal: Journal,
    workspace: Workspace,
    settings: Settings,
    say: Callable[[str], None],
) -> Sweep:
    """Measure all arms at each level of a parameter, and put that on record."""
    parameters = settings_of(kit, over, chosen, seeds)
    parameter = kit.parameters[over]
    levels = sorted({*parameter.levels(), parameter.value(over, parameter.default, kit.name)})
    tier = tiers.choose(unsafe=settings.unsafe_no_sandbox)
    reserved = tuple(range(SMOKE_FROM, SMOKE_FROM + seeds))
    found: dict[float, tuple[Trial, ...]] = {}
    for level in levels:
        say(f"{over} = {level:g}: {seeds * len(kit.arms)} trials")
        given = {**parameters, over: level}
        found[level] = _measure(kit, given, reserved, workspace, settings, tier)
    journal.append(
        Swept(
            kit=kit.name,
            code_hash=journal.put(kit.code, exact=True),
            over=over,
            levels=tuple(levels),
            parameters=dict(parameters),
            seeds=reserved,
            tier=tier.name,
            trials_blobs=tuple(journal.put(project.trial_lines(found[level])) for level in levels),
        ),
        None,
        sync=True,
    )
    return Sweep(kit, over, parameters, found)


def settings_of(
    kit: Kit, over: str, chosen: Mapping[str, Any], seeds: int
) -> dict[str, float | int]:
    """The parameters besides the one that is swept; what cannot be swept is refused."""
    show = f"scientist kit show {kit.name}"
    if over not in kit.parameters:
        raise UsageError(f"kit {kit.name} has no parameter {over!r}", show)
    if not 2 <= seeds <= MOST_SEEDS:
        raise UsageError(
            f"--seeds must lie between 2 and {MOST_SEEDS}, not at {seeds}",
            f"scientist kit sweep {kit.name} --seeds {min(max(seeds, 2), MOST_SEEDS)}",
        )
    if over in chosen:
        raise UsageError(f"{over} cannot be set and swept", "leave one of the two out")
    return kit.validate_parameters(chosen)


def _measure(
    kit: Kit,
    parameters: dict[str, Any],
    seeds: tuple[int, ...],
    workspace: Workspace,
    settings: Settings,
    tier: tiers.Tier,
) -> tuple[Trial, ...]:
    """One level; a folder that was measured before under the same name is taken as it is."""
    limits = Limits.of(settings)
    named = repr((kit.code_hash, sorted(parameters.items()), seeds, tier.name, limits.plain()))
    run = experiments.prepare(
        workspace.runs,
        f"sweep-{hashlib.sha256(named.encode()).hexdigest()[:24]}",
        kit.code,
        parameters,
        [(arm, seed) for seed in seeds for arm in kit.arms],
        limits,
        tier,
        Placement.of(settings),
    )
    outcome = experiments.conduct(run)
    if outcome.status != "done":
        raise ScientistError(
            f"the trials at {parameters} ended as {outcome.status}: {outcome.reason}",
            f"the folder {run.folder} says more",
        )
    return outcome.trials
