"""The trials on record against those that still lie in the run folders, number by number.

The folders are scratch and may be gone; what is there must be what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.errors import ScientistError
from scientist.journal import Entry, project
from scientist.journal.project import ExperimentView
from scientist.lab import folders, results
from scientist.records import Trial

Key = tuple[str, int]
FILE = "trials.jsonl"


def check(audit: Audit) -> None:
    """Every experiment that ended."""
    counts = {
        entry.data["experiment"]: entry.data["trials"]
        for entry in audit.journal.entries("experiment_finished")
    }
    looked: dict[str, list[Entry]] = {}
    for entry in audit.journal.entries("looked"):
        looked.setdefault(entry.data["experiment"], []).append(entry)
    for view in project.experiments(audit.journal):
        if view.id not in counts:
            continue
        recorded = project.trials(audit.journal, view)
        if len(recorded) != counts[view.id]:
            raise Broken(
                f"experiment {view.id} is said to have {counts[view.id]} trials, its blob has "
                f"{len(recorded)}"
            )
        audit.count("trials", len(recorded))
        _looks(audit, looked.get(view.id, ()), recorded)
        _held(audit, view, {(one.arm, one.seed): one for one in recorded})


def _looks(audit: Audit, looked: Iterable[Entry], recorded: list[Trial]) -> None:
    """What was looked at on the way is where the whole begins."""
    begun = 0
    for entry in looked:
        part = project.raw_trials(audit.journal, entry.data["trials_blob"])
        if recorded[begun : begun + len(part)] != part:
            raise Broken(
                f"the trials of experiment {entry.data['experiment']} are not those that were "
                "looked at on the way",
                f"event {entry.seq}",
            )
        begun += len(part)


def _held(audit: Audit, view: ExperimentView, recorded: dict[Key, Trial]) -> None:
    """The same trials in the run folders, as far as those are there."""
    for folder in sorted(audit.place.runs.glob(f"{view.run_folder}-[0-9]*")):
        if not folder.name.removeprefix(f"{view.run_folder}-").isdigit():
            continue  # one that was set aside
        try:
            expected = folders.attach(folder).expected
        except ScientistError:  # its plan is gone: nobody can say what it was to give
            continue
        if not (folder / FILE).exists():
            continue
        found = results.read(folder / FILE, expected)
        if found.forged and view.status == "done":
            raise Broken(
                f"what experiment {view.id} left behind is no longer what was read: {found.forged}",
                f"runs/{folder.name}/{FILE}",
            )
        trials = {(one.arm, one.seed): one for one in found.trials}
        for key in () if found.forged else expected:
            _same(audit, view, key, recorded.get(key), trials.get(key), folder)


def _same(
    audit: Audit,
    view: ExperimentView,
    key: Key,
    recorded: Trial | None,
    there: Trial | None,
    folder: Path,
) -> None:
    if recorded == there:
        audit.count("trials found in run folders", recorded is not None)
        return
    if recorded is None and view.status != "done":
        return  # it was cut short, or its results were not believed
    arm, seed = key
    what = "is on record, but was never measured" if there is None else "was measured otherwise"
    if recorded is None:
        what = "was measured, but is not on record"
    raise Broken(
        f"trial {arm}, {seed} of experiment {view.id} {what}", f"runs/{folder.name}/{FILE}"
    )
