"""Can the first part of a training curve tell where it ends, and with which curve fitted to it?

The world: a small agent learns by trial and error (policy gradient). It has some skills, each
a choice among actions. A task needs several skills at once and pays only if every one of its
choices is right, so scores may sit near zero, climb and level off. With `graded` above 0, a
share of the tasks needs fewer skills, so that progress is spread out. In every trial four
such agents, which differ in how fast they learn, are trained; their scores are measured now
and then with a limited number of test tasks.

The arms see the first part of each curve (`seen`) and must say how it ends:
  last         stays where it was on average over the last few measurements;
  line         grows on with the logarithm of time as it did: least squares;
  power        levels off as a power of time: ceiling - gap * (1 + time / onset) ** -rate;
  sigmoid      climbs and levels off: ceiling / (1 + (middle / time) ** steepness);
  average      mean of the last two, weighted by how well each, fitted to two thirds of what
               is seen, foretold the rest of it.
Power has four numbers and sigmoid three, with a ceiling of at most 1, both fitted by least
squares on a grid drawn ever finer. No prediction may leave 0 to 1.

It can show: which curve foretells the end, and how that depends on where the climb lies. It
cannot show that the curves of large models look like these: one small agent, one kind of task,
and a known ceiling of 1, which holds down a sigmoid fitted before the climb. Nor can it show
what is lost by stopping runs early: here who leads halfway leads at the end.
"""

import numpy as np

TITLE = "Foretelling the end of a training curve"
SUMMARY = (
    "Agents learn tasks that pay only when several skills come together. From the first part of "
    "their curves, does a sigmoid foretell the final score with less error than a power law, a "
    "line, or no change, before and after the climb?"
)
DIRECTIONS = ("scaling-curves",)
FACTOR = "the family of curves that is fitted to the first part"
ARMS = {
    "last": "predicts the average of the last few measurements",
    "line": "predicts by a line in the logarithm of time",
    "power": "predicts by a power law that levels off",
    "sigmoid": "predicts by a sigmoid in the logarithm of time",
    "average": "weighs power law and sigmoid by how well they foretold the last third seen",
}
METRICS = {
    "final_error": {
        "description": "mean distance between predicted and true final score",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "curve_error": {
        "description": "mean distance between predicted and measured scores in the unseen part",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "worst_error": {
        "description": "largest distance between predicted and true final score of a trial",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "large_misses": {
        "description": "share of agents whose final score is missed by more than a tenth",
        "better": "lower",
        "smallest_effect": 0.1,
    },
    "fit_error": {
        "description": "mean distance between fitted and measured scores in the seen part",
        "better": "lower",
        "smallest_effect": 0.01,
    },
}
PARAMETERS = {
    "seen": {
        "type": "float",
        "default": 0.5,
        "low": 0.1,
        "high": 0.9,
        "description": "share of training that is seen",
    },
    "needed": {
        "type": "int",
        "default": 4,
        "low": 1,
        "high": 5,
        "description": "skills that a task needs at once",
    },
    "graded": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "share of tasks that need fewer skills, from one upwards",
    },
    "training": {
        "type": "int",
        "default": 180,
        "low": 40,
        "high": 600,
        "description": "updates of an agent in the whole training",
    },
    "tests": {
        "type": "int",
        "default": 200,
        "low": 20,
        "high": 2000,
        "description": "test tasks behind every measured score",
    },
}
DEFAULT = {
    "treatment": "sigmoid",
    "control": "power",
    "metric": "final_error",
    "direction": "decrease",
}
TURNING = {"needed": 1}
PLOT = {"over": "seen", "metric": "final_error"}
COST_SECONDS = 15
LIMITS = "One small agent and one kind of task; nothing on the curves of large models."
OPEN = {
    "foretell": (
        "times: 40 numbers, evenly spaced up to 1.0. curve: the scores (0 to 1) measured at the "
        "first len(curve) of these times. Return 40 numbers: the scores expected at all 40 "
        "times."
    )
}

SKILLS, ACTIONS, TASKS, BATCH, POINTS, LAST = 10, 3, 20, 32, 40, 3
RATES = np.array([0.9, 1.5, 2.1, 3.2])  # of learning: one agent each
STEEPNESS, MIDDLES, POWERS, ONSETS = (-1.0, 3.0), (-4.0, 1.5), (-3.0, 2.0), (-5.0, 1.0)
GRID, ZOOMS = 12, 4


def trial(arm, seed, seen=0.5, needed=4, graded=0.0, training=180, tests=200):
    """Train agents, show the first part of their curves, and compare what is predicted."""
    rng = np.random.default_rng([seed, 26])
    scores = train(rng, tasks(rng, needed, graded), training)
    measured = rng.binomial(tests, np.clip(scores, 0.0, 1.0)) / tests
    times = np.arange(1, POINTS + 1) / POINTS
    shown = max(LAST + 1, round(seen * POINTS))
    predicted = np.array([foretell(arm, times, curve[:shown]) for curve in measured])
    gaps, final = predicted - measured, scores[:, -1]
    missed = np.abs(predicted[:, -1] - final)
    return {
        "final_error": float(np.mean(missed)),
        "curve_error": float(np.mean(np.abs(gaps[:, shown:]))),
        "worst_error": float(np.max(missed)),
        "large_misses": float(np.mean(missed > 0.1)),
        "fit_error": float(np.mean(np.abs(gaps[:, :shown]))),
    }


def tasks(rng, needed, graded):
    """Which skills each task needs."""
    needs = np.zeros((TASKS, SKILLS), dtype=bool)
    for place in range(TASKS):
        count = 1 + place % needed if place < graded * TASKS else needed
        needs[place, rng.permutation(SKILLS)[:count]] = True
    return needs


def train(rng, needs, training):
    """The true score of each agent at evenly spaced times of training (policy gradient)."""
    agents = np.arange(len(RATES))[:, None]
    habits = rng.normal(size=(len(RATES), SKILLS, ACTIONS)) * 0.5
    usual, scores = np.zeros((len(RATES), TASKS)), []
    marks = np.ceil(np.arange(1, POINTS + 1) * training / POINTS).astype(int)
    for step in range(1, training + 1):
        chances = softmax(habits)
        drawn = rng.random((len(RATES), BATCH, SKILLS, 1))
        choice = (drawn > chances.cumsum(axis=2)[:, None, :, :-1]).sum(axis=3)
        task = rng.integers(TASKS, size=(len(RATES), BATCH))
        needing = needs[task]
        paid = np.all((choice == 0) | ~needing, axis=2).astype(float)
        gain = paid - usual[agents, task]
        usual[agents, task] += 0.1 * gain
        pull = gain[:, :, None] * needing
        done = (choice[..., None] == np.arange(ACTIONS)) * pull[..., None]
        slope = done.sum(axis=1) - pull.sum(axis=1)[:, :, None] * chances
        habits = habits + RATES[:, None, None] * slope / BATCH
        scores += [score(habits, needs)] * int(np.sum(marks == step))
    return np.array(scores).T


def softmax(habits):
    """The chance of every action for every skill."""
    parts = np.exp(habits - habits.max(axis=2, keepdims=True))
    return parts / parts.sum(axis=2, keepdims=True)


def score(habits, needs):
    """How often each agent truly succeeds, over all tasks."""
    known = np.log(softmax(habits)[:, :, 0])
    return np.exp(known @ needs.T).mean(axis=1)


def foretell(arm, times, curve):
    """The whole curve as an arm expects it from its first part."""
    if arm == "last":
        expected = np.full(len(times), curve[-LAST:].mean())
        expected[: len(curve)] = curve.mean()
    elif arm == "line":
        expected = np.polyval(np.polyfit(np.log(times[: len(curve)]), curve, 1), np.log(times))
    elif arm == "average":
        fits = [fit(family, times, curve) for family in (power, sigmoid)]
        early = 2 * len(curve) // 3
        tried = [fit(family, times, curve[:early]) for family in (power, sigmoid)]
        missed = [np.mean((one[early : len(curve)] - curve[early:]) ** 2) for one in tried]
        weights = 1.0 / (np.array(missed) + 1e-6)
        expected = weights @ fits / weights.sum()
    else:
        expected = fit({"power": power, "sigmoid": sigmoid}[arm], times, curve)
    return np.clip(expected, 0.0, 1.0)


def fit(family, times, curve):
    """The curve of a family with the least squares, from a grid drawn finer around its best."""
    ranges = [STEEPNESS, MIDDLES] if family is sigmoid else [POWERS, ONSETS]
    for _ in range(ZOOMS):
        grids = [np.linspace(low, high, GRID) for low, high in ranges]
        points = [grid.ravel()[:, None] for grid in np.meshgrid(*grids)]
        curves = family(times, curve, *points)
        best = np.sum((curves[:, : len(curve)] - curve) ** 2, axis=1).argmin()
        steps = [1.5 * (high - low) / (GRID - 1) for low, high in ranges]
        centres = [float(values[best, 0]) for values in points]
        ranges = [(here - step, here + step) for here, step in zip(centres, steps, strict=True)]
    return curves[best]


def sigmoid(times, curve, steepness, middle):
    """Sigmoids in the logarithm of time, each with its best ceiling."""
    rise = 1.0 / (1.0 + np.exp(-np.exp(steepness) * (np.log(times) - middle)))
    seen = rise[:, : len(curve)]
    ceiling = np.clip(seen @ curve / (np.sum(seen**2, axis=1) + 1e-12), 0.0, 1.0)
    return ceiling[:, None] * rise


def power(times, curve, rate, onset):
    """Falling powers of time since an onset, below a ceiling, with their best ceiling and gap."""
    fall = (1.0 + times / np.exp(onset)) ** -np.exp(rate)
    seen = fall[:, : len(curve)]
    apart = seen - seen.mean(axis=1, keepdims=True)
    gap = np.maximum(-(apart @ curve) / (np.sum(apart**2, axis=1) + 1e-12), 0.0)
    ceiling = curve.mean() + gap * seen.mean(axis=1)
    held = (seen @ np.ones(len(curve)) - seen @ curve) / np.sum(seen**2, axis=1)
    gap = np.where(ceiling > 1.0, held, gap)
    return np.minimum(ceiling, 1.0)[:, None] - gap[:, None] * fall
