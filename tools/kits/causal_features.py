"""Do learners pick up causes, or whatever predicts? And what happens when the cue flips?

The world: an outcome y in {-1, +1} has causes (features whose effect on y is the same
everywhere) and leaves traces (features that y itself produces, with a strength that
differs between environments). In training, traces predict y at least as well as causes
do; at test their sign may flip. A learner that reads environments as one pool leans on
traces; one that asks which features keep their relation across environments need not.

The arms are learners, all trained by the same ridge-penalised logistic regression, so
that they differ only in what they let it see:
  pooled     every feature, all environments as one data set;
  stable     only features whose own regression weight is the same in every environment,
             as judged by a heterogeneity test on the data (an invariance test; it can
             keep a trace, or drop a cause, when data or environments are few);
  reweighted every feature, with the environments' examples weighted until the worst
             environment's loss stops being the worst (group-robust training);
  informed   only the true causes: the best one could do, as a reference.

It can show: whether testing for stability pays under a flip, what it costs without one,
and how both depend on data, environments and the strength of the cue. It cannot show
anything about learned representations: the features are given, linear, and few, and
stability is tested one feature at a time.
"""

import numpy as np

TITLE = "Causal against spurious features under shift"
SUMMARY = (
    "Classifiers are trained in several environments where a spurious cue predicts the "
    "outcome with varying strength, then tested where the cue is reversed. Do learners "
    "that keep only features with a stable relation to the outcome generalise better "
    "than learners that pool all data?"
)
DIRECTIONS = ("causal-features", "invariant-values")
FACTOR = "how the learner uses environments to choose features"
ARMS = {
    "pooled": "learns from all features and all environments as one data set",
    "stable": "keeps only features whose weight is the same in every environment",
    "reweighted": "all features, but training weights favour the worst environment",
    "informed": "is told the true causes: the best possible reference",
}
METRICS = {
    "shifted_error": {
        "description": "share of wrong predictions after the cue is shifted",
        "better": "lower",
        "smallest_effect": 0.02,
    },
    "familiar_error": {
        "description": "share of wrong predictions in an environment like those of training",
        "better": "lower",
        "smallest_effect": 0.01,
    },
    "spurious_reliance": {
        "description": "share of the total weight that lies on spurious features",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "intervention_error": {
        "description": "error in answering what happens to the outcome when one cause is set",
        "better": "lower",
        "smallest_effect": 0.02,
    },
}
PARAMETERS = {
    "samples": {
        "type": "int",
        "default": 500,
        "low": 20,
        "high": 2000,
        "description": "training examples per environment",
    },
    "environments": {
        "type": "int",
        "default": 4,
        "low": 2,
        "high": 8,
        "description": "training environments",
    },
    "cue_strength": {
        "type": "float",
        "default": 0.8,
        "low": 0.0,
        "high": 3.0,
        "description": "how strongly the spurious cue follows the outcome in training",
    },
    "cue_variation": {
        "type": "float",
        "default": 0.6,
        "low": 0.0,
        "high": 1.0,
        "description": "how much the cue's strength differs between environments",
    },
    "noise": {
        "type": "float",
        "default": 0.1,
        "low": 0.0,
        "high": 0.4,
        "description": "share of outcomes that are flipped at random",
    },
    "shift": {
        "type": "float",
        "default": 1.0,
        "low": 0.0,
        "high": 1.0,
        "description": "how far the cue turns at test: 0 not at all, 1 fully reversed",
    },
}
DEFAULT = {
    "treatment": "stable",
    "control": "pooled",
    "metric": "shifted_error",
    "direction": "decrease",
}
COST_SECONDS = 2
LIMITS = (
    "Linear, few and given features; stability is tested one feature at a time. It says "
    "nothing about learning representations."
)

CAUSES, TRACES, TEST_SIZE = 3, 2, 2000
EFFECTS = np.array([1.2, 0.9, 0.6])
HETEROGENEITY = 1.7  # weights differ when spread is this far (in sigmas) beyond chance


def trial(
    arm,
    seed,
    samples=500,
    environments=4,
    cue_strength=0.8,
    cue_variation=0.6,
    noise=0.1,
    shift=1.0,
):
    """Train one learner in a fresh world and measure it."""
    rng = np.random.default_rng([seed, 20])
    # evenly spread, so that "few environments" and "little variation" mean what they say
    spread = np.linspace(-1.0, 1.0, environments)
    strengths = cue_strength * (1.0 + cue_variation * spread)
    training = [sample(rng, samples, strength, noise) for strength in strengths]
    familiar = sample(rng, TEST_SIZE, cue_strength, noise)
    shifted = sample(rng, TEST_SIZE, cue_strength * (1.0 - 2.0 * shift), noise)
    weights = learn(arm, training)
    return {
        "shifted_error": error(weights, shifted),
        "familiar_error": error(weights, familiar),
        "spurious_reliance": float(
            np.abs(weights[CAUSES : CAUSES + TRACES]).sum() / (np.abs(weights[:-1]).sum() + 1e-12)
        ),
        "intervention_error": intervention_error(weights, rng, noise),
    }


def sample(rng, size, strength, noise):
    """Causes make the outcome, the outcome makes the traces."""
    causes = rng.normal(size=(size, CAUSES))
    chance = 1.0 / (1.0 + np.exp(-2.0 * causes @ EFFECTS))
    outcome = np.where(rng.random(size) < chance, 1.0, -1.0)
    outcome = np.where(rng.random(size) < noise, -outcome, outcome)
    traces = strength * outcome[:, None] + rng.normal(size=(size, TRACES))
    return np.hstack([causes, traces]), outcome


def learn(arm, training):
    """Weights and intercept of one learner; features it does not use have weight zero."""
    inputs = np.vstack([x for x, _ in training])
    outcomes = np.concatenate([y for _, y in training])
    groups = np.concatenate([np.full(len(y), i) for i, (_, y) in enumerate(training)])
    everything = np.arange(CAUSES + TRACES)
    if arm == "pooled":
        return fit(inputs, outcomes, everything)[0]
    if arm == "informed":
        return fit(inputs, outcomes, np.arange(CAUSES))[0]
    if arm == "stable":
        return fit(inputs, outcomes, stable_features(training))[0]
    if arm == "reweighted":
        return worst_group(inputs, outcomes, groups, everything)
    raise ValueError(f"unknown arm {arm}")


def fit(inputs, outcomes, features, example_weights=None, penalty=1.0, steps=12):
    """Logistic regression by Newton's method; weights and their standard errors."""
    design = np.hstack([inputs[:, features], np.ones((len(inputs), 1))])
    mass = np.ones(len(inputs)) if example_weights is None else example_weights
    weights = np.zeros(design.shape[1])
    ridge = penalty * np.eye(design.shape[1])
    for _ in range(steps):
        margin = np.clip(outcomes * (design @ weights), -30, 30)
        wrong = 1.0 / (1.0 + np.exp(margin))
        gradient = design.T @ (mass * outcomes * wrong) - ridge @ weights
        curvature = (design * (mass * wrong * (1 - wrong))[:, None]).T @ design + ridge
        weights = weights + np.linalg.solve(curvature, gradient)
    full = np.zeros(inputs.shape[1] + 1)
    full[features] = weights[:-1]
    full[-1] = weights[-1]
    return full, np.sqrt(np.diag(np.linalg.inv(curvature)))[:-1]


def stable_features(training):
    """Features whose weight does not differ between environments beyond chance."""
    everything = np.arange(CAUSES + TRACES)
    fits = [fit(x, y, everything) for x, y in training]
    weights = np.array([full[:-1] for full, _ in fits])
    variances = np.array([errors**2 for _, errors in fits])
    precision = 1.0 / variances
    centre = (weights * precision).sum(axis=0) / precision.sum(axis=0)
    distance = ((weights - centre) ** 2 * precision).sum(axis=0)
    freedom = len(training) - 1
    kept = everything[distance < freedom + HETEROGENEITY * np.sqrt(2.0 * freedom)]
    return kept if len(kept) else everything[[int(np.argmin(distance))]]


def worst_group(inputs, outcomes, groups, features, rounds=15, rate=2.0):
    """Raise the weight of environments with the larger loss until the worst is not so bad."""
    count = int(groups.max()) + 1
    shares = np.ones(count) / count
    weights = np.zeros(inputs.shape[1] + 1)
    for _ in range(rounds):
        weights = fit(inputs, outcomes, features, shares[groups] * count, steps=6)[0]
        margins = outcomes * (inputs @ weights[:-1] + weights[-1])
        losses = np.logaddexp(0.0, -margins)
        by_group = np.array([losses[groups == group].mean() for group in range(count)])
        shares = shares * np.exp(rate * by_group)
        shares = shares / shares.sum()
    return weights


def error(weights, data):
    """Share of wrong predictions."""
    inputs, outcomes = data
    return float(np.mean(np.sign(inputs @ weights[:-1] + weights[-1]) != outcomes))


def intervention_error(weights, rng, noise):
    """What if the first cause were set to +1 or -1? Mean gap to the true change in chance."""
    causes = rng.normal(size=(TEST_SIZE, CAUSES))
    traces = rng.normal(size=(TEST_SIZE, TRACES))  # an intervention leaves no trace by itself

    def predicted(value):
        changed = np.hstack([np.column_stack([np.full(TEST_SIZE, value), causes[:, 1:]]), traces])
        return 1.0 / (1.0 + np.exp(-np.clip(changed @ weights[:-1] + weights[-1], -30, 30)))

    def true(value):
        changed = np.column_stack([np.full(TEST_SIZE, value), causes[:, 1:]])
        clean = 1.0 / (1.0 + np.exp(-2.0 * changed @ EFFECTS))
        return clean * (1 - noise) + (1 - clean) * noise

    return float(np.mean(np.abs((predicted(1.0) - predicted(-1.0)) - (true(1.0) - true(-1.0)))))
