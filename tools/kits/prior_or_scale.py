"""What is worth more: knowing the kind of task, or being larger and fed more examples?

The world: a task is a smooth function of six inputs, a weighted sum of curves. Tasks of one
family use the same few curves (`breadth` of them) with other weights; a foreign task has
curves of its own. With `strangeness` above 0, a share of the new task is foreign.

The arms are networks with one hidden layer, 15 units (small) or 150 (large). To a new task
they fit only the last weights, by exact Bayesian regression; how large those and the noise
are taken to be is set by the evidence of the examples, or by what practice taught.
  small       random hidden units, no practice;
  units_only  small; hidden units trained on practice tasks of the family, and nothing else;
  practised   besides, it expects last weights and noise like those of practice;
  hedged      the same, but weighs all that against a fresh start by the evidence;
  large       random hidden units, no practice, `ratio` times as many examples.
Practice is not counted as examples, as where one learner meets many tasks.

It can show: how many examples a prior replaces, what a wrong one costs on foreign tasks, and
whether doubting it saves that cost. It cannot show how a large network would use practice
of its own, or train hidden units on the new task: its units are random, as in kernel methods.
Nor is a family shown whose curves the small learner's units cannot express.
"""

import numpy as np

TITLE = "A strong prior against size and more examples"
SUMMARY = (
    "A small learner that practised on related tasks meets a new one with few examples; one ten "
    "times its size starts fresh with several times the examples. Which is nearer the truth?"
)
DIRECTIONS = ("sample-efficiency",)
FACTOR = "what a learner brings to a new task: a learned prior, or size and examples"
ARMS = {
    "small": "15 hidden units and no practice",
    "practised": "15 units found in practice, and practice's expectations of their weights",
    "units_only": "15 units found in practice, without expectations of their weights",
    "hedged": "what practised has, weighed against a fresh start by the evidence",
    "large": "150 hidden units, no practice, several times the examples",
}
METRICS = {
    "error": {
        "description": "share of the new task's variance that is missed",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "foreign_error": {
        "description": "share of the variance missed on a task from outside the family",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "surprise": {
        "description": "mean surprise at the true values of the new task",
        "better": "lower",
        "smallest_effect": 0.1,
        "unit": "bits",
    },
    "rounds_needed": {
        "description": "rounds (of 1 example; large: ratio) until 1/4 is missed, up to 80",
        "better": "lower",
        "smallest_effect": 3.0,
    },
}
PARAMETERS = {
    "examples": {
        "type": "int",
        "default": 10,
        "low": 3,
        "high": 80,
        "description": "examples of the new task (large: ratio times as many)",
    },
    "ratio": {
        "type": "int",
        "default": 5,
        "low": 1,
        "high": 8,
        "description": "how many times the examples the fresh large learner gets",
    },
    "breadth": {
        "type": "int",
        "default": 3,
        "low": 1,
        "high": 12,
        "description": "curves that the tasks of the family are made of",
    },
    "practice": {
        "type": "int",
        "default": 40,
        "low": 2,
        "high": 100,
        "description": "practice tasks, each with 20 examples",
    },
    "strangeness": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "share of the new task's variance that is foreign to the family",
    },
}
DEFAULT = {"treatment": "practised", "control": "large", "metric": "error", "direction": "decrease"}
TURNING = {"strangeness": 1.0}
PLOT = {"over": "strangeness", "metric": "error"}
COST_SECONDS = 15
LIMITS = "The large learner has random units and no practice; practice costs nothing here."
OPEN = {
    "assumptions": (
        "rng: a generator. practised: a list of tasks, in each task[0] is 20 by 6 inputs and "
        "task[1] 20 answers. Return a list of priors (weighed by evidence), each (units, mean, "
        "root, sizes, noises) as fresh(units) gives it; units are (directions 6 by n, offsets n) "
        "as curves(rng, n) gives them."
    )
}

INPUTS, SMALL, LARGE, GRID = 6, 15, 150, (2, 5, 10, 20, 40, 80)
EACH, TESTED, TASKS, NOISE, GOAL = 20, 200, 3, 0.2, 0.25
SIZES, NOISES = 10.0 ** np.arange(-1, 1.6, 0.5), 10.0 ** np.arange(-3, 0.1, 0.6)
STEPS, RATE, DECAY, ROUNDS, TRUST = 200, 0.03, 0.02, 10, 4.0  # trust: in imaginary tasks


def trial(arm, seed, examples=10, ratio=5, breadth=3, practice=40, strangeness=0.0):
    """Practise, then learn new tasks and be tested on them."""
    rng = np.random.default_rng([seed, 9])
    family = curves(rng, breadth)
    practised = [draw(rng, family, EACH) for _ in range(practice)]
    count = max(examples, GRID[-1]) * ratio
    tasks = [draw(rng, family, count, strangeness) for _ in range(TASKS)]
    strangers = [draw(rng, family, count, 1.0) for _ in range(TASKS)]
    priors = assumptions(arm, np.random.default_rng([seed, 10]), practised)
    pace = ratio if arm == "large" else 1
    learned = [learn(task, examples * pace, priors) for task in tasks]
    foreign = [learn(task, examples * pace, priors)[0] for task in strangers]
    return {
        "error": float(np.mean([missed for missed, _ in learned])),
        "foreign_error": float(np.mean(foreign)),
        "surprise": float(np.mean([bits for _, bits in learned])),
        "rounds_needed": float(np.mean([needed(task, pace, priors) for task in tasks])),
    }


def curves(rng, count):
    """Directions and offsets of smooth steps, which tasks and features are made of."""
    return rng.normal(size=(INPUTS, count)) * 0.7, rng.normal(size=count)


def shape(inputs, units):
    """The value of every curve for every input."""
    return np.tanh(inputs @ units[0] + units[1])


def draw(rng, family, count, strangeness=0.0):
    """Examples of a new task and, without noise, what it is tested on; its spread is 1."""
    inputs, own = rng.normal(size=(count + TESTED, INPUTS)), curves(rng, len(family[1]))
    weights, others = rng.normal(size=(2, len(family[1])))
    parts = [shape(inputs, units) @ w for units, w in ((family, weights), (own, others))]
    known, strange = [(part - part.mean()) / (part.std() + 1e-12) for part in parts]
    truth = np.sqrt(1.0 - strangeness) * known + np.sqrt(strangeness) * strange
    seen = truth[:count] + NOISE * rng.normal(size=count)
    return inputs[:count], seen, inputs[count:], truth[count:]


def assumptions(arm, rng, practised):
    """What a learner may take for its prior: features with expectations of their weights."""
    if arm == "large":
        return [fresh(curves(rng, LARGE))]
    units = curves(rng, SMALL)
    if arm == "small":
        return [fresh(units)]
    better, heads = practise(units, practised)
    if arm == "units_only":
        return [fresh(better)]
    expected = expectations(better, heads, practised)
    return [expected, fresh(units)] if arm == "hedged" else [expected]


def fresh(units):
    """Weights of equal size around zero; scale and noise are left to the evidence."""
    many = len(units[1])
    sizes, noises = (grid.ravel() for grid in np.meshgrid(SIZES, NOISES))
    return units, np.zeros(many), np.eye(many) / np.sqrt(many), sizes, noises


def practise(units, practised):
    """Units that serve all practice tasks, and a head for each, by gradient descent (Adam)."""
    inputs, told = (np.array([task[part] for task in practised]) for part in (0, 1))
    given = np.concatenate([inputs, np.ones((*told.shape, 1))], axis=2)
    split = (INPUTS + 1) * SMALL
    point = np.concatenate([*map(np.ravel, units), np.zeros(len(told) * SMALL)])
    slow = size = np.zeros(len(point))
    for _ in range(STEPS):
        body, heads = (part.reshape(-1, SMALL) for part in (point[:split], point[split:]))
        seen = np.tanh(given @ body)
        left = (seen @ heads[:, :, None])[:, :, 0] - told
        pull = (left[:, :, None] * heads[:, None, :] * (1.0 - seen**2)).reshape(-1, SMALL)
        inner = given.reshape(-1, INPUTS + 1).T @ pull / len(told)
        outer = (left[:, None, :] @ seen)[:, 0] + DECAY * heads
        slope = np.concatenate([inner.ravel(), outer.ravel()])
        slow, size = 0.9 * slow + 0.1 * slope, 0.99 * size + 0.01 * slope**2
        point = point - RATE * slow / (np.sqrt(size) + 1e-8)
    return (body[:-1], body[-1]), heads


def expectations(units, heads, practised):
    """Mean, covariance and noise of the practice tasks' weights (expectation-maximisation)."""
    seen = np.array([shape(task[0], units) for task in practised])
    told = np.array([task[1] for task in practised])
    tasks, equal = len(told), np.eye(SMALL) * np.mean(heads**2)
    mean, covariance, noise = np.zeros(SMALL), equal, 0.1
    for _ in range(ROUNDS):
        spread = seen @ covariance
        total = spread @ seen.transpose(0, 2, 1) + noise * np.eye(EACH)
        gain = np.linalg.solve(total, spread).transpose(0, 2, 1)  # of weights by examples
        weights = mean + (gain @ (told - seen @ mean)[:, :, None])[:, :, 0]
        doubt = covariance - np.mean(gain @ spread, axis=0)
        left = np.mean((told - (seen @ weights[:, :, None])[:, :, 0]) ** 2)
        noise = left + noise * np.mean(np.einsum("tmn,tnm->t", gain, seen)) / EACH
        mean = weights.sum(axis=0) / (tasks + TRUST)
        apart, doubt = weights - mean, tasks * (doubt + doubt.T) / 2
        covariance = (apart.T @ apart + doubt + TRUST * equal) / (tasks + TRUST)
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(SMALL))
    return units, mean, root, np.ones(1), np.array([noise])


def learn(task, count, priors):
    """Share of the variance missed, and bits of surprise, after so many examples."""
    inputs, told, asked, truth = task
    found = [posterior(prior, inputs[:count], told[:count], asked) for prior in priors]
    evidence = np.concatenate([one[0] - np.log(len(one[0])) for one in found])
    share = np.exp(evidence - np.logaddexp.reduce(evidence))
    means, doubts = (np.vstack([one[part] for one in found]) for part in (1, 2))
    missed = np.mean((share @ means - truth) ** 2) / np.var(truth)
    chances = np.exp(-((truth - means) ** 2) / (2.0 * doubts)) / np.sqrt(2.0 * np.pi * doubts)
    return float(missed), float(-np.mean(np.log2(share @ chances + 1e-30)))


def posterior(prior, inputs, told, asked):
    """Log evidence, predictions and their variances, for each scale and noise of a prior."""
    units, mean, root, scales, noises = prior
    seen, new = shape(inputs, units), shape(asked, units)
    features, looked, rest = seen @ root, new @ root, told - seen @ mean
    left, values, right = np.linalg.svd(features, full_matrices=False)
    pulled, along, values = values * (left.T @ rest), looked @ right.T, values**2
    scales, noises = scales[:, None], noises[:, None]
    weight = scales / (scales * values + noises)
    spread = np.log(scales / weight).sum(axis=1) + (len(rest) - len(values)) * np.log(noises[:, 0])
    misfit = (rest @ rest - weight @ pulled**2) / noises[:, 0]
    unseen = np.maximum(np.sum(looked**2, axis=1) - np.sum(along**2, axis=1), 0.0)
    doubts = noises + scales * unseen + noises * (weight @ (along**2).T)
    return -(spread + misfit) / 2, new @ mean + (weight * pulled) @ along.T, doubts


def needed(task, pace, priors):
    """Rounds until the error first falls to the goal, between grid points as on a line."""
    last = 1.0
    for before, rounds in zip(GRID[:1] + GRID, GRID, strict=False):
        error = learn(task, rounds * pace, priors)[0]
        if error <= GOAL:
            return float(np.interp(GOAL, [error, last], [rounds, before]))
        last = error
    return float(GRID[-1])
