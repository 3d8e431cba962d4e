"""What containment costs: a start against a bare interpreter, and the overhead of a trial."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measure import command, medians, show

from scientist.lab import experiments, sandbox, tiers
from scientist.lab.sandbox import Limits

BASELINE = "python -c pass"
TRIALS = 200
LIMITS = Limits(60, 60, 1024, 64, 64, 256)
CODE = """
ARMS = {"a": ""}
METRICS = {"x": ""}
def trial(arm, seed):
    return {"x": float(seed)}
"""


def contained(tier: tiers.Tier, folder: Path) -> Callable[[], None]:
    """The same interpreter, started inside."""

    def run() -> None:
        line = [sandbox.python(), "-P", "-c", "pass"]
        with sandbox.start(folder, LIMITS, line, tier.binary) as child:
            child.communicate()

    return run


def overhead(tier: tiers.Tier, folder: Path, name: str) -> float:
    """Milliseconds a trial takes that does nothing."""
    pairs = [("a", seed) for seed in range(TRIALS)]
    run = experiments.prepare(folder, name, CODE, {}, pairs, LIMITS, tier)
    experiments.launch(run)
    outcome = experiments.wait(run)
    assert outcome.status == "done", outcome.reason
    return outcome.seconds * 1000 / TRIALS


if __name__ == "__main__":
    chosen = tiers.choose()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        bare = command([sys.executable, "-c", "pass"])
        show(medians({BASELINE: bare, "the same, contained": contained(chosen, folder)}), BASELINE)
        found = [overhead(chosen, folder, f"run{number}") for number in range(5)]
        print(f"{'a trial that does nothing':<34} {statistics.median(found):8.2f} ms")
