"""Do principles that several communities share judge better in the next one than local models?

The world: people rate acts. Some traits of an act are matters of principle: their weight is
nearly the same everywhere. Others are matters of custom: part of their weight is shared by
neighbours, part is each community's own. The learner gets many ratings from neighbours and a
few from a new community, where shared custom may be turned. Later, the neighbours drift.

The arms use the same ratings and the same logistic model with the same mild ridge:
  pooled     one model of all ratings, the few new ones among them;
  nearest    one model for each known community; the new one is served by whichever of them
             makes its few ratings most likely;
  alone      one model for each community, the new one too, from its own ratings alone;
  invariant  one model of the traits whose weights agree across the known communities as far
             as chance allows (the few new ratings are too few to test anything);
  shrunken   each community's model, drawn to the common mean as far as a trait's weights
             are alike everywhere (empirical Bayes, two levels).

It can show: when keeping only what agrees pays in a new place, what it costs at home, and
whether weighing agreement beats testing for it. It cannot show that real communities share any
principle. `nearest` is carried over as it is: refitted to the few ratings it would come level
by default. Traits are given, independent, linear; learned, correlated ones are missing.
"""

import numpy as np

TITLE = "Shared principles against community models of approval"
SUMMARY = (
    "Approval is learned in several communities and predicted in a new one from few ratings. Does "
    "keeping only principles that hold in all known ones beat carrying over the closest model?"
)
DIRECTIONS = ("invariant-values", "causal-features")
FACTOR = "what the learner takes to be common to communities"
ARMS = {
    "pooled": "learns one model from the ratings of all communities together",
    "nearest": "learns a model for each, and carries over the one that fits the new place best",
    "alone": "learns every community from its own ratings only",
    "invariant": "keeps only traits whose weight agrees across the known communities",
    "shrunken": "draws each community's weights to the common ones, as far as they are alike",
}
METRICS = {
    "new_error": {
        "description": "share of acts judged against the majority of the new community",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "home_error": {
        "description": "share of acts judged against the majority in the known communities",
        "better": "lower",
        "smallest_effect": 0.02,
    },
    "drifted_error": {
        "description": "the same in the known communities after their customs have drifted",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "custom_reliance": {
        "description": "share of the weight that lies on customs when the new place is judged",
        "better": "lower",
        "smallest_effect": 0.05,
    },
}
PARAMETERS = {
    "communities": {
        "type": "int",
        "default": 4,
        "low": 2,
        "high": 12,
        "description": "known communities",
    },
    "ratings": {
        "type": "int",
        "default": 200,
        "low": 20,
        "high": 1000,
        "description": "ratings from each known community",
    },
    "new_ratings": {
        "type": "int",
        "default": 10,
        "low": 2,
        "high": 200,
        "description": "ratings from the new community",
    },
    "locality": {
        "type": "float",
        "default": 0.4,
        "low": 0.0,
        "high": 1.0,
        "description": "how much of custom is each community's own (0: neighbours share it all)",
    },
    "dissent": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "how much the weights of principles differ between communities",
    },
    "shift": {
        "type": "float",
        "default": 0.8,
        "low": 0.0,
        "high": 1.0,
        "description": "how far shared custom turns in the new place (0: a neighbour, 1: reversed)",
    },
    "drift": {
        "type": "float",
        "default": 0.5,
        "low": 0.0,
        "high": 1.0,
        "description": "how far each known community's customs drift (1: nothing is left of them)",
    },
}
DEFAULT = {
    "treatment": "invariant",
    "control": "nearest",
    "metric": "new_error",
    "direction": "decrease",
}
TURNING = {"shift": 0.0}
PLOT = {"over": "shift", "metric": "new_error"}
COST_SECONDS = 3
LIMITS = "Given, independent, linear traits; nothing on whether real communities share principles."
OPEN = {
    "learn": (
        "old: a list of (acts, signs), one for each known community: acts is count by 10 traits, "
        "signs are -1.0 or 1.0. few: the same from the new community. Return two things: a list "
        "with 10 weights for each known community, and 10 weights for the new one. The sign of "
        "acts @ weights judges an act."
    )
}

PRINCIPLES, CUSTOMS = 4, 6
TRAITS = PRINCIPLES + CUSTOMS
JUDGED, RIDGE = 1000, 1.0
DISAGREEMENT = 1.7  # weights disagree when their spread is this far (in sigmas) beyond chance


def trial(
    arm,
    seed,
    communities=4,
    ratings=200,
    new_ratings=10,
    locality=0.4,
    dissent=0.0,
    shift=0.8,
    drift=0.5,
):
    """Learn from some communities and a little from a new one; judge acts everywhere."""
    rng = np.random.default_rng([seed, 71])
    known, new, later = societies(rng, communities, locality, dissent, shift, drift)
    old = [rate(rng, weights, ratings) for weights in known]
    few = rate(rng, new, new_ratings)
    acts = rng.normal(size=(JUDGED, TRAITS))
    at_home, abroad = learn(arm, old, few)
    sizes = np.abs(abroad) + 1e-12
    return {
        "new_error": error(acts, abroad, new),
        "home_error": mean_error(acts, at_home, known),
        "drifted_error": mean_error(acts, at_home, later),
        "custom_reliance": float(sizes[PRINCIPLES:].sum() / sizes.sum()),
    }


def societies(rng, communities, locality, dissent, shift, drift):
    """True weights of traits in the known communities, in the new one, and at home later."""
    principle = rng.choice((-1.0, 1.0), PRINCIPLES) * rng.uniform(0.6, 1.2, PRINCIPLES)
    common = rng.choice((-1.0, 1.0), CUSTOMS) * rng.uniform(0.4, 0.8, CUSTOMS)
    turned = np.vstack([np.tile(common, (communities, 1)), (1.0 - 2.0 * shift) * common])
    own, afresh = 0.6 * rng.normal(size=(2, communities + 1, CUSTOMS))
    customs = np.sqrt(1.0 - locality) * turned + np.sqrt(locality) * own
    drifted = np.sqrt(1.0 - drift) * customs[:-1] + np.sqrt(drift) * afresh[1:]
    principles = principle + 0.8 * dissent * rng.normal(size=(communities + 1, PRINCIPLES))
    before = np.hstack([principles, customs])
    return before[:-1], before[-1], np.hstack([principles[:-1], drifted])


def rate(rng, weights, size):
    """Acts with their ratings: -1 or +1, likelier on the side that the community favours."""
    acts = rng.normal(size=(size, TRAITS))
    return acts, np.where(rng.random(size) < chance(2.0 * acts @ weights), 1.0, -1.0)


def chance(score):
    """The chance that goes with a score."""
    return 1.0 / (1.0 + np.exp(-np.clip(score, -30, 30)))


def learn(arm, old, few):
    """Weights for each known community, and weights for the new one."""
    each = [fit(*data) for data in old]
    apart = [weights for weights, _ in each]
    if arm in ("alone", "nearest"):
        best = max(apart, key=lambda weights: likelihood(weights, few))
        return apart, best if arm == "nearest" else fit(*few)[0]
    if arm == "shrunken":
        return shrink(each, few)
    kept = agreeing(each) if arm == "invariant" else np.ones(TRAITS, dtype=bool)
    acts, signs = (np.concatenate(part) for part in zip(*old, few, strict=True))
    weights = np.zeros(TRAITS)
    weights[kept] = fit(acts[:, kept], signs)[0]
    return [weights] * len(old), weights


def fit(acts, signs, mean=0.0, precision=RIDGE, steps=25):
    """Most likely weights under a normal prior, and their variances (Newton's method)."""
    signed = acts * signs[:, None]
    mean, prior = np.broadcast_to(mean, acts.shape[1]), np.eye(acts.shape[1]) * precision
    weights = np.array(mean, dtype=float)
    for _ in range(steps):
        wrong = chance(-signed @ weights)
        slope = signed.T @ wrong - prior @ (weights - mean)
        curvature = (acts * (wrong * (1.0 - wrong))[:, None]).T @ acts + prior
        move = np.linalg.solve(curvature, slope)
        weights = weights + move * min(1.0, 2.0 / (np.abs(move).max() + 1e-12))
        if np.abs(move).max() < 1e-5:
            break
    return weights, np.diag(np.linalg.inv(curvature))


def likelihood(weights, data):
    """How likely ratings are under a model, as a logarithm."""
    return -np.logaddexp(0.0, -data[1] * (data[0] @ weights)).sum()


def agreement(each):
    """Over communities, for every trait: mean weight, its variance, spread, and true spread."""
    weights, variances = (np.array(part) for part in zip(*each, strict=True))
    trust = 1.0 / variances
    total = trust.sum(axis=0)
    spread = ((weights - (weights * trust).sum(axis=0) / total) ** 2 * trust).sum(axis=0)
    true = np.maximum(0.0, spread - (len(each) - 1)) / (total - (trust**2).sum(axis=0) / total)
    trust = 1.0 / (variances + true)
    return (weights * trust).sum(axis=0) / trust.sum(axis=0), 1.0 / trust.sum(axis=0), spread, true


def agreeing(each):
    """Traits whose weights differ no more than chance allows; the most alike if there are none."""
    spread, freedom = agreement(each)[2], len(each) - 1
    kept = spread < freedom + DISAGREEMENT * np.sqrt(2.0 * freedom)
    return kept if kept.any() else spread == spread.min()


def shrink(each, few):
    """Each community drawn to the mean; the new one starts there and moves by its ratings."""
    mean, variance, _, true = agreement(each)
    at_home = [own + noise / (noise + true + 1e-9) * (mean - own) for own, noise in each]
    return at_home, fit(*few, mean, 1.0 / (variance + true))[0]


def error(acts, weights, true):
    """Share of acts judged other than the community's majority would."""
    return float(np.mean((acts @ weights > 0) != (acts @ true > 0)))


def mean_error(acts, models, societies):
    """The same over communities, each with its own model."""
    return float(np.mean([error(acts, *pair) for pair in zip(models, societies, strict=True)]))
