"""What a campaign took, in a few lines: printed at its end."""

from __future__ import annotations

from scientist.journal.costs import Cost

MB = 2**20


def summary(cost: Cost) -> list[str]:
    """Rounds and verdicts, the model, the experiments, the time."""
    return [
        f"rounds      {cost.rounds}; hypotheses: {cost.proposed} proposed, {_tested(cost)}",
        f"model       {_model(cost)}",
        f"experiments {cost.trials:,} trials{_disk(cost)}",
        f"time        {cost.seconds:.1f} s: {cost.model_seconds:.1f} s in model calls, "
        f"{cost.experiment_seconds:.1f} s in experiments alone, {cost.rest_seconds:.1f} s in the "
        "rest",
    ]


def _tested(cost: Cost) -> str:
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(cost.verdicts.items()))
    return f"{cost.tested} tested" + (f"; findings: {verdicts}" if verdicts else "; no finding")


def _model(cost: Cost) -> str:
    if not cost.calls:
        return "not asked"
    share = cost.cached_share
    cached = "" if share is None else f", {share:.0%} of them cached"
    return (
        f"{cost.calls} call{'s' * (cost.calls != 1)}, {cost.usage.prompt:,} prompt tokens{cached}, "
        f"{cost.usage.completion:,} written"
    )


def _disk(cost: Cost) -> str:
    return "" if cost.grown_bytes is None else f", {cost.grown_bytes / MB:.1f} MB on the disk"
