"""Do learners pick up causes, or whatever predicts? And what happens when the cue flips?

The world: an outcome y in {-1, +1} has causes (features whose effect on y is the same
everywhere) and leaves traces (features that y itself produces, with a strength that
differs between environments). In training, traces predict y at least as well as causes
do; at test their sign may flip. A learner that reads environments as one pool leans on
traces; one that asks which features keep their relation across environments need not.

The arms are learners, all the same ridge-penalised logistic model, so that they differ
only in what they let it see:
  pooled     every feature, all environments as one data set;
  stable     only features whose weight passes a test of being equal in all environments.
             With few data it keeps traces. It also drops causes, nominally one in 15 (as
             measured one in 45 at 100 samples, in 13 at 500, in 9 at 2000);
  reweighted every feature, environments weighted so that the worst one's loss is lowest
             (group-robust training); one that stays the worst is all it learns from;
  informed   only the true causes, as a reference: where no cue turns, traces would help.

It can show: whether testing for stability pays under a flip, what it costs without one, and
how both depend on data, environments and the cue. It cannot show anything about learned
representations: features are given, linear, few, and tested one at a time.
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
    "stable": "keeps only features whose weight passes a test of being equal everywhere",
    "reweighted": "all features, weighted so that the worst environment's loss is lowest",
    "informed": "is told the true causes and uses nothing else: a reference",
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
        "description": "gap to the outcome's true chance when a cause is set and traces follow",
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
TURNING = {"shift": 0.0}
PLOT = {"over": "shift", "metric": "shifted_error"}
COST_SECONDS = 2
LIMITS = "Few, linear, given features, tested one at a time; nothing on learned representations."
OPEN = {
    "learn": (
        "training: a list of environments, each a pair (inputs, outcomes): inputs is samples by "
        "5 features, outcomes are -1.0 or 1.0. Return 6 weights, for the 5 features and the "
        "intercept: the sign of inputs @ weights[:5] + weights[5] predicts, later in other "
        "environments."
    )
}

CAUSES, TRACES, EVERYTHING = 3, 2, np.arange(5)
TEST_SIZE, CASES, DRAWS, PENALTY = 2000, 400, 100, 1.0
MEAN, WORST = (0.001,), (10.0, 100.0, 1000.0)  # how sharply larger losses are favoured
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
    sizes = np.abs(weights[:-1])
    return {
        "shifted_error": error(weights, shifted),
        "familiar_error": error(weights, familiar),
        "spurious_reliance": float(sizes[CAUSES:].sum() / (sizes.sum() + 1e-12)),
        "intervention_error": intervention_error(weights, rng, cue_strength, noise),
    }


def sample(rng, size, strength, noise):
    """Causes make the outcome, the outcome makes the traces."""
    causes = rng.normal(size=(size, CAUSES))
    outcome = np.where(rng.random(size) < chance(causes, 0.0), 1.0, -1.0)
    outcome = np.where(rng.random(size) < noise, -outcome, outcome)
    traces = strength * outcome[:, None] + rng.normal(size=(size, TRACES))
    return np.hstack([causes, traces]), outcome


def chance(causes, noise):
    """How likely a positive outcome truly is, random flips included."""
    return noise + (1.0 - 2.0 * noise) * logistic(2.0 * causes @ EFFECTS)


def logistic(score):
    """The chance that goes with a score."""
    return 1.0 / (1.0 + np.exp(-np.clip(score, -30, 30)))


def learn(arm, training):
    """Weights and intercept of one learner; features it does not use have weight zero."""
    if arm == "reweighted":
        return fit(training, EVERYTHING, WORST)[0]
    seen = {"pooled": EVERYTHING, "informed": EVERYTHING[:CAUSES]}
    return fit(training, stable_features(training) if arm == "stable" else seen[arm])[0]


def fit(training, features, sharpness=MEAN, steps=12):
    """Weights that make a smooth maximum of the environments' losses small, and their errors.

    Newton's method. The maximum is a mean under shares that favour the larger losses: all
    environments alike when it is blunt, only the worst of them when it is sharp.
    """
    design = np.vstack([np.column_stack([x[:, features], np.ones(len(x))]) for x, _ in training])
    signed = design * np.concatenate([y for _, y in training])[:, None]
    weights, ridge = np.zeros(design.shape[1]), PENALTY / len(design)

    def height(weights, sharp):
        wrong = logistic(-signed @ weights).reshape(len(training), 1, -1)
        losses = -np.log1p(-wrong).mean(axis=2)[:, 0]
        parts = np.exp(sharp * (losses - losses.max()))
        top = losses.max() + np.log(parts.mean()) / sharp + ridge * weights @ weights / 2
        return top, wrong, parts / parts.sum()

    for sharp in sharpness:
        top, wrong, shares = height(weights, sharp)
        for _ in range(steps):
            slopes = -(wrong @ signed.reshape(len(shares), -1, len(weights)))[:, 0] / wrong.shape[2]
            mass = (shares[:, None, None] * wrong * (1.0 - wrong)).reshape(-1, 1) / wrong.shape[2]
            curvature = (design * mass).T @ design + ridge * np.eye(len(weights))
            curvature += sharp * np.cov(slopes.T, aweights=shares, ddof=0)
            move = np.linalg.solve(curvature, shares @ slopes + ridge * weights)
            while (new := height(weights - move, sharp))[0] > top and np.abs(move).max() > 1e-6:
                move = move / 2
            weights, (top, wrong, shares) = weights - move, new
            if np.abs(move).max() < 1e-4:
                break
    full = np.zeros(len(EVERYTHING) + 1)
    full[[*features, -1]] = weights
    return full, np.sqrt(np.diag(np.linalg.inv(curvature)) / len(design))[:-1]


def stable_features(training):
    """Features whose weight does not differ between environments beyond chance."""
    fits = [fit([environment], EVERYTHING) for environment in training]
    weights = np.array([full[:-1] for full, _ in fits])
    precision = 1.0 / np.array([errors**2 for _, errors in fits])
    centre = (weights * precision).sum(axis=0) / precision.sum(axis=0)
    distance = ((weights - centre) ** 2 * precision).sum(axis=0)
    freedom = len(training) - 1
    kept = EVERYTHING[distance < freedom + HETEROGENEITY * np.sqrt(2.0 * freedom)]
    return kept if len(kept) else EVERYTHING[[int(np.argmin(distance))]]


def error(weights, data):
    """Share of wrong predictions."""
    inputs, outcomes = data
    return float(np.mean(np.sign(inputs @ weights[:-1] + weights[-1]) != outcomes))


def intervention_error(weights, rng, strength, noise):
    """Set each cause in turn to -1 and +1: mean gap between answered and true chance.

    Setting a cause leaves all else as in a familiar environment: the outcome follows the
    causes, the traces follow the outcome, and the learner sees them. It answers with its
    mean prediction over outcomes, each as likely as it truly is, and over draws of the
    traces' noise, in opposite pairs to be exact with few.
    """
    drawn = rng.normal(size=(DRAWS // 2, TRACES)) @ weights[CAUSES:-1]
    echo = strength * weights[CAUSES:-1].sum() + np.concatenate([drawn, -drawn])
    gaps = []
    for cause in range(CAUSES):
        causes = rng.normal(size=(CASES, CAUSES))
        causes[:, cause] = np.resize((-1.0, 1.0), CASES)
        true, score = chance(causes, noise), causes @ weights[:CAUSES] + weights[-1]
        positive, negative = (logistic(score[:, None] + e).mean(axis=1) for e in (echo, -echo))
        gaps.append(np.abs(true * positive + (1.0 - true) * negative - true))
    return float(np.mean(gaps))
