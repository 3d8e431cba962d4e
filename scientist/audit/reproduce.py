"""Run a recorded experiment again, from nothing but the record, and say whether it agrees.

Code, parameters and seeds come from the journal; sandbox, limits and libraries are those of
now. The run has a folder of its own and never touches the recorded one; whoever is killed
halfway can ask again. `drift` compares and names causes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scientist.audit.drift import Cause, Comparison, Conditions, causes, changes, compare
from scientist.errors import JournalError, ScientistError, UsageError, WorkspaceError
from scientist.events import ExperimentFinished, ExperimentReproduced
from scientist.journal import Journal, project
from scientist.lab import checks, experiments
from scientist.lab.executors import Placement, Script
from scientist.lab.experiments import Outcome, Run
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier
from scientist.records import Protocol, Trial
from scientist.science import protocol as protocols
from scientist.workspace import explain

STOP_SECONDS = 10
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Recorded:
    """An experiment as the journal has it."""

    name: str
    digest: str
    protocol: Protocol
    code: str
    script: Script | None
    trials: tuple[Trial, ...]
    finished: ExperimentFinished
    verdict: str

    @property
    def planned(self) -> tuple[tuple[str, int], ...]:
        """Every trial up to the look at which the experiment ended, and what else it measured."""
        sealed = self.protocol
        measured = {trial.seed for trial in self.trials}
        reached = max((n for n, s in enumerate(sealed.seeds, 1) if s in measured), default=0)
        until = next((look for look in sealed.looks if look >= reached), len(sealed.seeds))
        trials = [(arm, seed) for seed in sealed.seeds[:until] for arm in sealed.arms]
        return tuple(dict.fromkeys((*trials, *((t.arm, t.seed) for t in self.trials))))

    @property
    def conditions(self) -> Conditions:
        """What the recorded numbers were made with."""
        ran = self.finished
        return Conditions(ran.environment, ran.runner_hash, ran.tier, ran.limits)


@dataclass(frozen=True)
class Reproduction:
    """What came of running an experiment again."""

    recorded: Recorded
    outcome: Outcome
    comparison: Comparison
    changed: tuple[Cause, ...]
    causes: tuple[Cause, ...]
    verdict_before: str
    verdict_after: str

    @property
    def holds(self) -> bool:
        """Every number is the same, and the record does not contradict itself."""
        return self.comparison.identical and not self.causes


def recorded(journal: Journal, name: str) -> Recorded:
    """All that is needed to run an experiment again; refused where the record lacks any of it."""
    view = project.experiment(journal, name)
    if view.status == "running":
        raise UsageError(
            f"experiment {view.id} has no end on record: it is running, or was interrupted",
            "scientist run --resume",
        )
    finished = _finished(journal, view.id)
    if finished.trials_blob is None:
        why = f"{finished.status}: {finished.reason}" if finished.reason else finished.status
        raise UsageError(
            f"experiment {view.id} measured nothing ({why}), so there is nothing to reproduce",
            f"scientist experiment show {view.id}",
        )
    protocol = _protocol(journal, view.protocol_digest)
    code = _code(journal, view.id, view.protocol_digest, protocol)
    return Recorded(
        name=view.id,
        digest=view.protocol_digest,
        protocol=protocol,
        code=code,
        script=Script.of(code, journal.get) if protocol.data_hash else None,
        trials=_trials(journal, view.id, finished.trials_blob),
        finished=finished,
        verdict=_verdict(journal, view.id),
    )


def reproduce(
    record: Recorded,
    runs: Path,
    limits: Limits,
    tier: Tier,
    placement: Placement | None = None,
    on_trial: Progress | None = None,
) -> Reproduction:
    """Run it once, and once more if the numbers differ: does the code repeat itself at all?"""

    def run(number: int, folder: Path) -> Outcome:
        prepared = experiments.prepare(
            folder,
            f"run-{number}",
            "" if record.script else record.code,
            dict(record.protocol.parameters),
            record.planned,
            limits,
            tier,
            placement,
            record.script,
        )
        return experiments.conduct(prepared, on_trial=on_trial, patience=STOP_SECONDS)

    with _scratch(runs, f"reproduce-{record.name}") as folder:
        outcome = run(1, folder)
        found = compare(record.trials, outcome.trials)
        again = None
        if not found.identical:
            again = compare(outcome.trials, run(2, folder).trials)
    ran = outcome.ran
    now = Conditions(outcome.environment, ran.runner_hash, ran.tier, ran.limits)
    changed = changes(record.conditions, now)
    ended = (_ending(record.finished), _ending(outcome))
    named = causes(
        found, changed, again, ended, bool(record.script) or checks.deterministic(record.code)
    )
    return Reproduction(
        recorded=record,
        outcome=outcome,
        comparison=found,
        changed=changed,
        causes=(*_unsealed(record), *named),
        verdict_before=_judged(record.protocol, record.trials, record.finished),
        verdict_after=_judged(record.protocol, outcome.trials, outcome),
    )


def keep(journal: Journal, found: Reproduction) -> ExperimentReproduced:
    """Put the result on record, with the numbers of now for whoever wants to look."""
    comparison, ran = found.comparison, found.outcome.ran
    absolute, relative = comparison.largest()
    lines = project.trial_lines(found.outcome.trials)
    event = ExperimentReproduced(
        experiment=found.recorded.name,
        protocol_digest=found.recorded.digest,
        identical=comparison.identical,
        trials=comparison.trials,
        numbers=comparison.numbers,
        drifted=len(comparison.drifts),
        missing=len(comparison.missing),
        appeared=len(comparison.appeared),
        largest_absolute=absolute.absolute if absolute else None,
        largest_relative=relative.relative if relative else None,
        causes=tuple(f"{cause.kind}: {cause.text}" for cause in found.causes),
        verdict_before=found.verdict_before,
        verdict_after=found.verdict_after,
        status=found.outcome.status,
        reason=found.outcome.reason,
        trials_blob=journal.put(lines) if lines else None,
        environment=found.outcome.environment,
        runner_hash=ran.runner_hash,
        tier=ran.tier,
        limits=ran.limits,
    )
    journal.append(event, sync=True)
    return event


def _finished(journal: Journal, name: str) -> ExperimentFinished:
    entries = journal.entries("experiment_finished")
    data = next(entry.data for entry in entries if entry.data["experiment"] == name)
    try:
        return ExperimentFinished.model_validate(data)
    except ValidationError as invalid:
        raise _unreadable(f"the end of experiment {name}", invalid) from invalid


def _protocol(journal: Journal, digest: str) -> Protocol:
    found = [e.data for e in journal.entries("protocol_sealed") if e.data["digest"] == digest]
    if not found:
        raise JournalError(f"no protocol {digest[:12]} was sealed", "scientist audit verify")
    if protocols.digest(found[0]["protocol"]) != digest:
        raise JournalError(
            f"the protocol on record is not the one that was sealed as {digest[:12]}",
            "scientist audit verify",
        )
    try:
        return Protocol.model_validate(found[0]["protocol"])
    except ValidationError as invalid:
        raise _unreadable(f"the sealed protocol {digest[:12]}", invalid) from invalid


def _code(journal: Journal, name: str, digest: str, protocol: Protocol) -> str:
    try:
        code = project.sealed_code(journal, digest)
    except (JournalError, UnicodeDecodeError) as fault:
        raise JournalError(
            f"the code of experiment {name} is not in the record: {fault}",
            "restore the journal folder from a copy",
        ) from fault
    if hashlib.sha256(code.encode()).hexdigest() != protocol.code_hash:
        raise JournalError(
            f"the code on record for experiment {name} is not the code that was sealed",
            "scientist audit verify",
        )
    return code


def _trials(journal: Journal, name: str, blob: str) -> tuple[Trial, ...]:
    try:
        found = tuple(project.raw_trials(journal, blob))
    except ValueError as invalid:  # of pydantic and of orjson alike
        raise _unreadable(f"the trials of experiment {name}", invalid) from invalid
    if not found:
        raise JournalError(f"the trials of experiment {name} are empty", "scientist audit verify")
    return found


def _unreadable(what: str, fault: ValueError) -> JournalError:
    reason = str(fault).splitlines()[0]
    return JournalError(
        f"{what} cannot be read by this version: {reason}",
        "use the version of scientist that recorded it, or: scientist audit verify",
    )


def _verdict(journal: Journal, name: str) -> str:
    """What the record says of the experiment; empty where it was never judged."""
    said = ""
    for entry in journal.entries("judged", "finding_recorded"):
        if entry.kind == "judged" and entry.data["experiment"] == name:
            said = str(entry.data["judgement"]["verdict"])
        elif entry.kind == "finding_recorded" and not said:
            finding = entry.data["finding"]
            said = finding["judgement"]["verdict"] if finding["experiment"] == name else ""
    return said


def _unsealed(record: Recorded) -> Iterator[Cause]:
    """Where the recorded run was not a run of what is now run again, or its verdict not its own."""
    ran, sealed = record.finished, record.protocol
    if ran.code_hash and ran.code_hash != sealed.code_hash:
        yield Cause("code", "the code that ran then is not the sealed code that ran now")
    if ran.parameters is not None and ran.parameters != sealed.parameters:
        yield Cause("parameters", "the run then used other parameters than the sealed ones")
    repeated = len(record.trials) - len({(trial.arm, trial.seed) for trial in record.trials})
    if repeated:
        yield Cause("record", f"{repeated} trials are on record more than once")
    given = _judged(sealed, record.trials, ran)
    if record.verdict and given and record.verdict != given:
        yield Cause("record", f"the record says {record.verdict}, its own trials give {given}")


def _ending(run: Outcome | ExperimentFinished) -> str:
    if run.status == "done":
        return ""
    return f"ended as {run.status}" + (f" ({run.reason})" if run.reason else "")


def _judged(protocol: Protocol, trials: Sequence[Trial], run: Outcome | ExperimentFinished) -> str:
    """The verdict that the sealed rule gives; empty where this version cannot apply the rule."""
    from scientist.science import judge

    try:
        return judge.judge(protocol, trials, _ending(run)).verdict.value
    except ScientistError:
        return ""


@contextmanager
def _scratch(runs: Path, name: str) -> Iterator[Path]:
    """A folder for this alone, empty at the start and gone at the end."""
    folder = runs / name
    try:
        lock = _locked(folder)
    except OSError as fault:
        raise explain(fault, folder) from fault
    if lock is None:
        raise WorkspaceError(
            f"{folder} is in use: the same experiment is being reproduced just now",
            "wait for it to end, then ask again",
        )
    try:
        for left in sorted(folder.iterdir()):
            if left.is_dir():
                _clear(left)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(folder: Path) -> int | None:
    """The lock of a folder, which is made if need be; None if somebody else holds it."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / "lock"
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if place.exists() and os.fstat(descriptor).st_ino == place.stat().st_ino:
            return descriptor
        os.close(descriptor)  # whoever held it has removed the folder meanwhile


def _clear(left: Path) -> None:
    """End what a killed reproduction left running, and remove it."""
    run = Run(left.absolute(), ())
    if (left / "input").is_dir() and experiments.state(run) == "running":
        experiments.stop(run, STOP_SECONDS)
        if experiments.state(run) == "running":
            raise WorkspaceError(
                f"{left} still runs, from a reproduction that was killed", "ask again in a minute"
            )
    try:
        shutil.rmtree(left)
    except OSError as fault:  # what it measured must not be taken for what is measured now
        raise explain(fault, left) from fault


def describe(found: Reproduction) -> dict[str, Any]:
    """A reproduction as one JSON document, every number that drifted included."""
    comparison = found.comparison
    return {
        "experiment": found.recorded.name,
        "holds": found.holds,
        "identical": comparison.identical,
        "trials": comparison.trials,
        "numbers": comparison.numbers,
        "drifted": [
            {
                **{"arm": d.arm, "seed": d.seed, "metric": d.metric, "then": d.then, "now": d.now},
                **{"absolute": d.absolute, "relative": d.relative},
            }
            for d in comparison.drifts
        ],
        "missing": [list(key) for key in comparison.missing],
        "appeared": [list(key) for key in comparison.appeared],
        "causes": [{"kind": cause.kind, "text": cause.text} for cause in found.causes],
        "changed": [{"kind": cause.kind, "text": cause.text} for cause in found.changed],
        "verdict_recorded": found.recorded.verdict,
        "verdict_before": found.verdict_before,
        "verdict_after": found.verdict_after,
        "status": found.outcome.status,
        "reason": found.outcome.reason,
        "environment": found.outcome.environment,
    }
