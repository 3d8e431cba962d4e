"""What `scientist experiment reproduce` says: identical, or what drifted, why, and so what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scientist.cli import output

if TYPE_CHECKING:
    from scientist.audit.reproduce import Reproduction


def show(found: Reproduction) -> None:
    """The answer in words."""
    same = found.comparison
    numbers = f"{same.numbers} numbers of {same.trials} trials"
    if same.identical:
        output.result(f"identical: {numbers}")
    else:
        gone = f", {len(same.missing)} trials are missing" if same.missing else ""
        new = f", {len(same.appeared)} trials are new" if same.appeared else ""
        output.result(f"differs: {len(same.drifts)} of {numbers}{gone}{new}")
    if same.drifts:
        _table(found)
    output.result(f"verdict: {_verdict(found)}")
    for number, cause in enumerate(found.causes, start=1):
        output.result(f"likely cause {number}: {cause.kind}: {cause.text}")
    if found.holds:
        for change in found.changed:
            output.note(f"note: identical in spite of {change.text}")


def _table(found: Reproduction) -> None:
    """For each metric that drifted: how often, how far at most, and in which trial."""
    rows = []
    for metric in dict.fromkeys(drift.metric for drift in found.comparison.drifts):
        drifts = [drift for drift in found.comparison.drifts if drift.metric == metric]
        absolute, relative = found.comparison.largest(metric)
        if absolute is None or relative is None:
            worst, share, where = "-", "-", "only one of the runs has it"
        else:
            worst, share = f"{absolute.absolute:.3g}", f"{relative.relative:.3g}"
            where = f"{absolute.arm}, {absolute.seed}: {absolute.then!r} then, {absolute.now!r} now"
        rows.append((metric, len(drifts), worst, share, where))
    output.table(("metric", "differ", "largest", "as a share", "arm, seed of the largest"), rows)


def _verdict(found: Reproduction) -> str:
    before, after = found.verdict_before, found.verdict_after
    if not (before and after):
        return "the sealed rule is not one that this version can apply"
    if before == after:
        return f"{after}, as before" if found.comparison.identical else f"still {after}"
    return f"it would change from {before} to {after}"
