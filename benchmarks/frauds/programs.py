"""Experiments of a user's own: honest ones, one that fails, and ones whose outcome is invented.

`INVENTED` maps each kind of fraud to programs; each is a module with the plan that goes with it.
The honest ones are the counterpart: the same sort of code, measuring something.
"""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

PLAN = {
    "treatment": "new",
    "control": "old",
    "metric": "score",
    "direction": "increase",
    "smallest_effect": 0.05,
}
HEAD = """import random

import numpy as np

ARMS = {"new": "the new way", "old": "the old way"}
METRICS = {"score": "what came out, the more the better"}


"""


def write(folder: Path, code: str, **plan: object) -> Path:
    """A folder as `scientist experiment run` takes it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.py").write_text(HEAD + dedent(code).lstrip())
    (folder / "protocol.json").write_text(json.dumps({**PLAN, **plan}))
    return folder


HONEST = {
    "several looks": """
        def trial(arm, seed, looks=9):
            rng = np.random.default_rng(seed)
            truth = rng.normal()
            seen = truth + rng.normal(size=int(looks))
            guess = seen.mean() if arm == "new" else seen[0]
            return {"score": -float(abs(guess - truth))}
        """,
    "a picked rate": """
        def trial(arm, seed, steps=50):
            rng = random.Random(seed)
            rate = 0.3 if arm == "new" else 0.05
            target = rng.uniform(-3, 3)
            w = 0.0
            for _ in range(steps):
                gradient = 2 * (w - target) + rng.gauss(0, 0.5)
                w = w - rate * gradient
            return {"score": -abs(w - target)}
        """,
    "a picked exploration": """
        def trial(arm, seed, rounds=200, k=5):
            rng = np.random.default_rng(seed)
            epsilon = {"new": 0.1, "old": 0.0}[arm]
            means = rng.normal(size=k)
            values, counts, total = np.zeros(k), np.zeros(k), 0.0
            for _ in range(rounds):
                if rng.random() < epsilon:
                    action = int(rng.integers(k))
                else:
                    action = int(np.argmax(values))
                reward = rng.normal(means[action], 1.0)
                counts[action] += 1
                values[action] += (reward - values[action]) / counts[action]
                total += reward
            return {"score": total / rounds}
        """,
}
FAILING = """
    def trial(arm, seed):
        raise ValueError("nothing was measured")
    """
