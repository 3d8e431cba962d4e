"""Whole campaigns with the real model over the sample essays: what they find, spend and cache.

    python benchmarks/campaigns.py FOLDER [--seeds 1 2 3] [--rounds 5] [--minutes 40]

One workspace a seed in FOLDER; what is there already is read, not run again. A finding is valid
if its verdict was measured (not infeasible) and the record's deep verification passes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from scientist.journal import Journal, costs, project
from scientist.resources import sample_essays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=40)
    given = parser.parse_args()
    print("seed  ended      minutes  findings  valid  adapted or free  cached  rest of the wall")
    for seed in given.seeds:
        workspace = given.folder / f"seed-{seed}"
        if not (workspace / "journal").is_dir():
            _run(workspace, seed, given.rounds, given.minutes)
        row = measured(workspace)
        print(
            f"{seed:<4}  {row['outcome']:<10} {row['minutes']:7.1f}  {row['findings']:8}  "
            f"{row['valid']:5}  {row['written']:15}  {row['cached']:5.0%}  {row['rest']:.1%}",
            flush=True,
        )


def _run(workspace: Path, seed: int, rounds: int, minutes: float) -> None:
    command = [
        *(sys.executable, "-m", "scientist", "run", "--essays", str(sample_essays())),
        *("--rounds", str(rounds), "--minutes", str(minutes), "--seed", str(seed)),
        *("-w", str(workspace), "--json"),
    ]
    workspace.parent.mkdir(parents=True, exist_ok=True)
    with (workspace.parent / f"{workspace.name}.log").open("w") as log:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=log, check=False)


def measured(workspace: Path) -> dict[str, Any]:
    """What the record of a campaign says of it."""
    verify = [sys.executable, "-m", "scientist", "audit", "verify", "--deep", "--json"]
    checked = subprocess.run([*verify, "-w", str(workspace)], capture_output=True, text=True)
    with Journal(workspace / "journal") as journal:
        campaign = project.campaigns(journal)[-1]
        cost = costs.cost(journal, campaign.id)
        rungs = {view.record.id: view.record.rung for view in project.hypotheses(journal)}
        found = [view.record for view in project.findings(journal)]
    valid = [one for one in found if one.judgement.verdict != "infeasible"]
    if checked.returncode:
        print(json.loads(checked.stdout)["error"]["message"][:300], file=sys.stderr)
        valid = []
    return {
        "outcome": campaign.outcome,
        "minutes": cost.seconds / 60,
        "findings": len(found),
        "valid": len(valid),
        "written": sum(rungs[one.hypothesis] != "kit" for one in valid),
        "cached": cost.cached_share or 0.0,
        "rest": cost.rest_seconds / max(cost.seconds, 1e-9),
    }


if __name__ == "__main__":
    main()
