"""Experiments of a user's own: honest ones, one that fails, and ones whose outcome is invented.

`INVENTED` maps each kind of fraud to programs, those of the tests of the review among them.
The honest ones are the counterpart: the same sort of code, measuring something.
"""

from __future__ import annotations

import json
from pathlib import Path

from lab.programs import first_invented, program, second_invented, third
from lab.programs.unfair import UNFAIR, UNSEEN

PLAN = {
    "treatment": "new",
    "control": "old",
    "metric": "score",
    "direction": "increase",
    "smallest_effect": 0.05,
}


def write(folder: Path, code: str, **plan: object) -> Path:
    """A folder as `scientist experiment run` takes it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.py").write_text(program(code))
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

_WALK = """
def walk(rng, size, eager):
    found = rng.normal(size=size)
    return found.max() if eager else found.mean()
"""
_LOOK = """
    rng = np.random.default_rng(seed)
"""
_SAME = {
    "one call for both": 'score = walk(rng, size, True) if arm == "new" else walk(rng, size, True)',
    "a name that is never met": 'score = walk(rng, size, arm == "newest")',
    "an arm that is only named": "label = arm\n    score = walk(rng, size, False)",
    "a choice of equals": 'score = {"new": walk, "old": walk}[arm](rng, size, True)',
    "a branch of equals": (
        'if arm == "new":\n        score = walk(rng, size, False)\n'
        "    else:\n        score = walk(rng, size, False)"
    ),
    "an option that does nothing": (
        'eager = {"new": 2, "old": 1}[arm]\n    score = walk(rng, size, bool(eager))'
    ),
    "a length that is cut back": (
        'more = size + (arm == "new")\n    score = walk(rng, min(more, size), False)'
    ),
    "a copy under another name": (
        "def better(*given):\n        return walk(*given)\n"
        '    score = (better if arm == "new" else walk)(rng, size, True)'
    ),
    "a sum with nothing": 'score = walk(rng, size, True) + 0.0 * (arm == "new")',
    "a try without effect": (
        "score = walk(rng, size, True)\n"
        '    if arm == "new":\n        score = max(score, float(score))'
    ),
}
_KNOWING = {
    "a bound": "seed < 2**30",
    "a bound by another name": "seed < LIMIT",
    "digits": "len(str(seed)) < 10",
    "a shift": "not seed >> 30",
    "a quotient": "seed // 2**30 == 0",
    "bits": "seed.bit_length() <= 30",
    "a difference": "seed - 2**30 < 0",
    "a difference of two steps": "abs(seed) - 1073741824 < 0",
    "a float": "float(seed) < 1.0737e9",
    "a maximum": "max(seed, 2**30) == 2**30",
}
_PARITY = {
    "even seeds": "seed % 2 == 0",
    "every third": "seed % 3 == 0",
    "a last digit": "str(seed)[-1] in '02468'",
    "a bit": "seed & 1",
    "a hash": "hash(seed) % 5 < 3",
}


def _with(body: str, head: str = "") -> str:
    return (
        f"{head}{_WALK}\ndef trial(arm, seed, size=20):{_LOOK}    {body}\n"
        '    return {"score": float(score)}\n'
    )


def _if(test: str) -> str:
    """Code that helps the treatment where a test of the seed holds."""
    body = (
        'score = walk(rng, size - (arm == "new"), False)\n'
        f'    if arm == "new" and ({test}):\n        score = walk(rng, size, True)'
    )
    return _with(body, "LIMIT = 2**30\n")


_MADE_UP = {**first_invented.INVENTED, **second_invented.INVENTED, **third.INVENTED}
_WORLDS = ("the arm decides the seed", "random generator", "differently seeded")
_UNSEEN = ("ema", "named tuple")
INVENTED = {
    "hard-coded metric": {name: body for name, body in _MADE_UP.items() if name not in _UNSEEN},
    "identical ablation": {name: _with(body) for name, body in _SAME.items()},
    "smoke run recognised": {
        **{name: _if(test) for name, test in _KNOWING.items()},
        "arithmetic without a test": _with(
            "share = seed // 2**30\n"
            "    found = walk(rng, size, True), walk(rng, size, False)\n"
            '    score = found[share] if arm == "new" else found[1]'
        ),
    },
    "seed-only win": {
        **{
            name: body
            for name, (body, said) in UNFAIR.items()
            if any(word in said for word in _WORLDS)
        },
        **{name: _if(test) for name, test in _PARITY.items()},
    },
    "metric changed for one arm": {
        name: body
        for name, (body, said) in UNFAIR.items()
        if not any(word in said for word in _WORLDS) and "code" not in name
    },
}
PASSING = {  # known: nobody who reads code by rules sees them
    **{name: _MADE_UP[name] for name in _UNSEEN},
    **UNSEEN,
}
