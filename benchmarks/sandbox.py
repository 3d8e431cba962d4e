"""What containment costs: a command bare and in each sandbox, and the overhead of a trial."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

from measure import medians, show

from scientist.lab import experiments, sandbox, tiers
from scientist.lab.sandbox import Limits

BASELINE = "python -P -c pass, uncontained"
ONE, MANY = 1, 200
LIMITS = Limits(60, 60, 1024, 64, 64, 256)
CODE = """
ARMS = {"a": ""}
METRICS = {"x": ""}
def trial(arm, seed):
    return {"x": float(seed)}
"""


def started(folder: Path, box: sandbox.Box) -> Callable[[], None]:
    """One command, with the same interpreter, flags and paths whether contained or not."""

    def run() -> None:
        line = [sandbox.python(), "-P", "-c", "pass"]
        with sandbox.start(folder, LIMITS, line, box) as child:
            child.communicate()
            sandbox.end(child, box)
        assert child.returncode == 0

    return run


def experiment(tier: tiers.Tier, folder: Path, trials: int) -> Callable[[], None]:
    """A whole contained run of trials that do nothing."""
    numbers = count()

    def run() -> None:
        pairs = [("a", seed) for seed in range(trials)]
        name = f"run-{trials}-{next(numbers)}"
        prepared = experiments.prepare(folder, name, CODE, {}, pairs, LIMITS, tier)
        experiments.launch(prepared)
        outcome = experiments.wait(prepared)
        assert outcome.status == "done", outcome.reason

    return run


if __name__ == "__main__":
    chosen = tiers.choose()
    boxes = [sandbox.Box(sandbox.NAMESPACES, sandbox.bubblewrap()), sandbox.Box(sandbox.REDUCED)]
    safe = [box for box in boxes if tiers.attacked(box).safe]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        one, many = f"a run of {ONE} empty trial", f"a run of {MANY} empty trials"
        found = medians(
            {
                BASELINE: started(folder, sandbox.Box(sandbox.UNSAFE)),
                **{f"the same in tier {box.name}": started(folder, box) for box in safe},
                one: experiment(chosen, folder, ONE),
                many: experiment(chosen, folder, MANY),
            }
        )
        found["each further trial"] = (found[many] - found[one]) / (MANY - ONE)
        show(found, BASELINE)
