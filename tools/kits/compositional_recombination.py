"""Does a learner that knows requests are made of parts answer combinations it never met?

The world: a request is an action and an object, and each request has one right outcome.
Every action and every object pushes towards some outcomes; the right one has the largest
sum. With `interaction` above 0, part of every score belongs to the pair alone, so that
parts predict less, and at 1 nothing. Training shows some of the pairs, a few noisy
examples each; the other pairs are withheld, though each of their parts has been met.

The arms are learners, all trained by the same optimiser on the same examples to predict
outcomes; they differ only in how a request is described to them:
  holistic   one feature for each pair: what it learns about a pair stays there;
  factored   one feature for each action and each object: it can only add up parts;
  hybrid     both, the pair's feature at half weight: parts first, exceptions if needed;
  network    the parts, through a hidden layer: free to combine them in any way, so it
             must find out by itself that adding is enough.

It can show: whether a factored description carries over to new combinations, how far the
benefit survives when parts interact, and what it costs on the pairs that were seen. It
cannot show that a learner finds the parts itself: they are given to it, there are two of
them in each request, and the truth mixes sums with pure exceptions and nothing between.
"""

import numpy as np

TITLE = "Recombining known parts in new pairs"
SUMMARY = (
    "Learners see noisy outcomes of some action-object pairs and answer for pairs that were "
    "withheld. Does describing a request by its parts lower the error on new combinations, "
    "and what happens when the meaning of a part depends on its partner?"
)
DIRECTIONS = ("compositional-generalization", "sample-efficiency")
FACTOR = "how a request is described to the learner"
ARMS = {
    "holistic": "stores something for every pair and nothing for the parts",
    "factored": "stores something for every action and object, and adds them up",
    "hybrid": "adds up parts, with a small additional term for every pair",
    "network": "combines the parts freely through a hidden layer",
}
METRICS = {
    "novel_error": {
        "description": "share of withheld pairs that get a wrong outcome",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "familiar_error": {
        "description": "share of trained pairs that get a wrong outcome",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "recombination_gap": {
        "description": "error on withheld pairs minus error on trained pairs",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "novel_surprise": {
        "description": "mean surprise at the right outcome of withheld pairs",
        "better": "lower",
        "smallest_effect": 0.1,
        "unit": "bits",
    },
}
PARAMETERS = {
    "actions": {
        "type": "int",
        "default": 10,
        "low": 4,
        "high": 20,
        "description": "number of actions",
    },
    "objects": {
        "type": "int",
        "default": 10,
        "low": 4,
        "high": 20,
        "description": "number of objects",
    },
    "outcomes": {
        "type": "int",
        "default": 5,
        "low": 2,
        "high": 10,
        "description": "number of possible outcomes",
    },
    "share_seen": {
        "type": "float",
        "default": 0.6,
        "low": 0.3,
        "high": 0.95,
        "description": "share of all pairs that are in training",
    },
    "samples": {
        "type": "int",
        "default": 4,
        "low": 1,
        "high": 40,
        "description": "training examples for each pair that is seen",
    },
    "interaction": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "how much of an outcome belongs to the pair and not to its parts",
    },
    "noise": {
        "type": "float",
        "default": 0.2,
        "low": 0.0,
        "high": 0.6,
        "description": "share of training outcomes replaced by a random one",
    },
}
DEFAULT = {
    "treatment": "factored",
    "control": "holistic",
    "metric": "novel_error",
    "direction": "decrease",
}
TURNING = {"interaction": 1.0}
PLOT = {"over": "interaction", "metric": "novel_error"}
COST_SECONDS = 3
LIMITS = (
    "Two given parts in each request, and a truth that mixes sums with pure exceptions. It "
    "says nothing about discovering parts or about deeper structure."
)
OPEN = {
    "describe": (
        "actions, objects: how many there are. Return an array of actions * objects rows (pairs, "
        "action by action) with any number of columns: what the learner is told about each pair. "
        "It learns the outcomes of some pairs from their rows and is asked about all."
    )
}

HIDDEN, STEPS, RATE, PENALTY = 24, 120, 0.08, 0.3
PAIR_WEIGHT = 0.5


def trial(
    arm,
    seed,
    actions=10,
    objects=10,
    outcomes=5,
    share_seen=0.6,
    samples=4,
    interaction=0.0,
    noise=0.2,
):
    """Train one learner in a fresh world and ask it about every pair."""
    rng = np.random.default_rng([seed, 31])
    right = world(rng, actions, objects, outcomes, interaction)
    seen = split(rng, actions, objects, share_seen)
    counts = examples(rng, right[seen], outcomes, samples, noise)
    described = describe(arm, actions, objects)
    chances = train(arm, rng, described[seen], counts)(described)
    wrong = np.argmax(chances, axis=1) != right
    surprise = -np.log2(np.maximum(chances[np.arange(len(right)), right], 1e-12))
    novel, familiar = float(wrong[~seen].mean()), float(wrong[seen].mean())
    return {
        "novel_error": novel,
        "familiar_error": familiar,
        "recombination_gap": novel - familiar,
        "novel_surprise": float(surprise[~seen].mean()),
    }


def world(rng, actions, objects, outcomes, interaction):
    """The right outcome of every pair, action by action."""
    parts = rng.normal(size=(actions, 1, outcomes)) + rng.normal(size=(1, objects, outcomes))
    own = rng.normal(size=(actions, objects, outcomes))
    scores = np.sqrt(1.0 - interaction) * parts / np.sqrt(2.0) + np.sqrt(interaction) * own
    return scores.reshape(-1, outcomes).argmax(axis=1)


def split(rng, actions, objects, share_seen):
    """Which pairs are trained on: every part at least once, and at least one pair withheld."""
    seen = np.zeros((actions, objects), dtype=bool)
    for turn in range(max(actions, objects)):
        seen[turn % actions, turn % objects] = True
    seen = seen[rng.permutation(actions)][:, rng.permutation(objects)].ravel()
    wanted = min(round(share_seen * seen.size), seen.size - 1) - int(seen.sum())
    seen[rng.permutation(np.flatnonzero(~seen))[: max(0, wanted)]] = True
    return seen


def examples(rng, right, outcomes, samples, noise):
    """How often each outcome was observed for each trained pair."""
    observed = np.repeat(right[:, None], samples, axis=1)
    replaced = rng.random(observed.shape) < noise
    observed = np.where(replaced, rng.integers(outcomes, size=observed.shape), observed)
    return (observed[:, :, None] == np.arange(outcomes)).sum(axis=1).astype(float)


def describe(arm, actions, objects):
    """What the learner is told about every pair, one row each; the last column is constant."""
    action = np.repeat(np.eye(actions), objects, axis=0)
    item = np.tile(np.eye(objects), (actions, 1))
    pair = np.eye(actions * objects)
    columns = {
        "holistic": [pair],
        "factored": [action, item],
        "hybrid": [action, item, PAIR_WEIGHT * pair],
        "network": [action, item],
    }[arm]
    return np.hstack([*columns, np.ones((actions * objects, 1))])


def train(arm, rng, inputs, counts):
    """Minimise the penalised surprise at the examples; returns a predictor."""
    outcomes = counts.shape[1]
    if arm == "network":
        shapes = [(inputs.shape[1], HIDDEN), (HIDDEN, outcomes)]
        weights = [rng.normal(size=shape) / np.sqrt(3.0) for shape in shapes]
    else:
        weights = [np.zeros((inputs.shape[1], outcomes))]
    slow, fast = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    total, mass = counts.sum(), counts.sum(axis=1, keepdims=True)
    for step in range(1, STEPS + 1):
        layers = forward(weights, inputs)
        back = mass * layers[-1] - counts
        gradients = []
        for depth in reversed(range(len(weights))):
            gradient = (layers[depth].T @ back + PENALTY * weights[depth]) / total
            if depth:
                back = (back @ weights[depth].T) * (1.0 - layers[depth] ** 2)
            gradients.insert(0, gradient)
        for i, gradient in enumerate(gradients):
            slow[i] = 0.9 * slow[i] + 0.1 * gradient
            fast[i] = 0.99 * fast[i] + 0.01 * gradient**2
            pace = np.sqrt(fast[i] / (1.0 - 0.99**step)) + 1e-9
            weights[i] = weights[i] - RATE * slow[i] / (1.0 - 0.9**step) / pace
    return lambda asked: forward(weights, asked)[-1]


def forward(weights, inputs):
    """Activity of every layer; the last is the chance of each outcome."""
    layers = [inputs]
    for matrix in weights[:-1]:
        layers.append(np.tanh(layers[-1] @ matrix))
    scores = layers[-1] @ weights[-1]
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return [*layers, chances / chances.sum(axis=1, keepdims=True)]
