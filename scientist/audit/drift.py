"""Where two runs of one experiment differ, and what is likely to have made the difference.

Numbers are compared exactly: a trial that is decided by its code, arm and seed gives the very
same bits again. Causes are named in the order in which it pays to look at them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scientist.records import Trial

LAST_DIGITS = 1e-9
PLACE = ("platform", "machine", "processor")  # of an environment; the rest are versions
Key = tuple[str, int]


@dataclass(frozen=True)
class Drift:
    """One number that came out otherwise; None where a run has no such number."""

    arm: str
    seed: int
    metric: str
    then: float | None
    now: float | None

    @property
    def absolute(self) -> float | None:
        """How far apart."""
        return None if self.then is None or self.now is None else abs(self.now - self.then)

    @property
    def relative(self) -> float | None:
        """How far apart, as a share of the larger of the two."""
        if self.then is None or self.now is None:
            return None
        return abs(self.now - self.then) / max(abs(self.then), abs(self.now))


@dataclass(frozen=True)
class Comparison:
    """What two runs have in common and what not."""

    numbers: int
    trials: int
    drifts: tuple[Drift, ...]
    missing: tuple[Key, ...]
    appeared: tuple[Key, ...]

    @property
    def identical(self) -> bool:
        return not (self.drifts or self.missing or self.appeared)

    def largest(self, metric: str | None = None) -> tuple[Drift | None, Drift | None]:
        """The drift that is largest in itself, and the one that is largest as a share."""
        found = [d for d in self.drifts if metric in (None, d.metric) and d.absolute is not None]
        return (
            max(found, key=lambda d: d.absolute or 0.0, default=None),
            max(found, key=lambda d: d.relative or 0.0, default=None),
        )


@dataclass(frozen=True)
class Conditions:
    """What a run was made with."""

    environment: Mapping[str, Any]
    runner_hash: str
    tier: str
    limits: Mapping[str, Any]


@dataclass(frozen=True)
class Cause:
    """Something that can make numbers differ, and how it shows."""

    kind: str
    text: str


def compare(then: Sequence[Trial], now: Sequence[Trial]) -> Comparison:
    """Every number of every trial, exactly; `numbers` and `trials` count what `then` has."""
    fresh = {(trial.arm, trial.seed): trial.metrics for trial in now}
    known = {(trial.arm, trial.seed) for trial in then}
    drifts, missing = list[Drift](), list[Key]()
    for trial in then:
        key = (trial.arm, trial.seed)
        if key not in fresh:
            missing.append(key)
            continue
        for metric in dict.fromkeys((*trial.metrics, *fresh[key])):
            one, other = trial.metrics.get(metric), fresh[key].get(metric)
            if one != other:
                drifts.append(Drift(*key, metric, one, other))
    return Comparison(
        numbers=sum(len(trial.metrics) for trial in then),
        trials=len(then),
        drifts=tuple(drifts),
        missing=tuple(dict.fromkeys(missing)),
        appeared=tuple(key for key in fresh if key not in known),
    )


def changes(then: Conditions, now: Conditions) -> tuple[Cause, ...]:
    """What is not as it was: the runner, versions, the machine, the sandbox, its limits."""
    found = list[Cause]()
    if not then.runner_hash:
        found.append(Cause("runner", "there is no record of the runner that called the trials"))
    elif then.runner_hash != now.runner_hash:
        found.append(
            Cause(
                "runner",
                f"the runner that calls the trials has changed: {then.runner_hash[:12]} then, "
                f"{now.runner_hash[:12]} now",
            )
        )
    versions = [name for name in then.environment if name not in PLACE]
    if not then.environment:
        found.append(Cause("library", "there is no record of the versions it was made with"))
    elif others := _differing(then.environment, now.environment, versions):
        found.append(Cause("library", f"other versions: {'; '.join(others)}"))
    if places := _differing(then.environment, now.environment, PLACE):
        found.append(Cause("machine", f"another machine: {'; '.join(places)}"))
    if then.tier != now.tier:
        found.append(Cause("sandbox", f"sandbox {then.tier or 'unknown'} then, {now.tier} now"))
    if held := _differing(then.limits, now.limits, list(then.limits)):
        found.append(Cause("limits", f"other limits: {'; '.join(held)}"))
    return tuple(found)


def causes(
    found: Comparison,
    changed: Sequence[Cause],
    again: Comparison | None,
    ended: tuple[str, str],
    promised: bool = True,
) -> tuple[Cause, ...]:
    """Why two runs are likely to differ; `again` compares two runs of just now.

    `ended` says how the recorded run and the one of now ended, if not as planned; `promised`
    whether the code says that a seed gives one result.
    """
    if found.identical:
        return ()
    by_kind = {cause.kind: cause for cause in changed}
    named = [by_kind[kind] for kind in ("runner", "library") if kind in by_kind]
    sizes = [drift.relative for drift in found.drifts]
    tiny = bool(sizes) and all(size is not None and size <= LAST_DIGITS for size in sizes)
    if "machine" in by_kind or tiny:
        text = by_kind["machine"].text if "machine" in by_kind else "the machine looks the same"
        if tiny:
            text += (
                "; all differences are in the last digits, as another processor or another "
                "build of a library makes them"
            )
        named.append(Cause("machine", text))
    if again is not None and not again.identical:
        where = len(again.drifts) + len(again.missing) + len(again.appeared)
        said = "" if promised else ", as it declares"
        named.append(
            Cause(
                "nondeterministic",
                f"the code does not repeat itself{said}: two runs of just now differ in {where} "
                "places, with the same seeds; this alone explains differences",
            )
        )
    if found.missing or found.appeared:
        named.append(Cause("trials", _gone(found, ended)))
        named += [by_kind[kind] for kind in ("sandbox", "limits") if kind in by_kind]
    if not named:
        named.append(
            Cause(
                "record",
                "nothing else explains it: runner, versions and machine are those on record and "
                "the code repeats itself; the recorded numbers were not made by the recorded code",
            )
        )
    return tuple(named)


def _gone(found: Comparison, ended: tuple[str, str]) -> str:
    """Which trials only one of the runs has, and how the runs ended."""
    said = []
    if found.missing:
        said.append(f"{len(found.missing)} recorded trials gave no result now")
    if found.appeared:
        said.append(f"{len(found.appeared)} trials gave a result now and none then")
    for when, how in zip(("then", "now"), ended, strict=True):
        if how:
            said.append(f"the run {when} {how}")
    return "; ".join(said)


def _differing(
    then: Mapping[str, Any], now: Mapping[str, Any], names: Sequence[str]
) -> tuple[str, ...]:
    """What was recorded then and is not so now; what nobody recorded says nothing."""
    return tuple(
        f"{name} {then[name]} then, {now.get(name, 'none')} now"
        for name in names
        if name in then and then[name] != now.get(name)
    )
