"""How far can a learned judge be trusted when something learns to please it?

The world: an answer is twelve steps, each a few numbers. Its true score looks at single
steps, at stretches of three and at the whole: on every scale some direction is liked, and
beyond a limit that ordinary answers seldom reach, more of it does harm. Judges learn from
ordinary answers with noisy true scores. A policy then climbs the judged score, with no
other knowledge, for longer under more pressure; a tether (a penalty on its distance from
ordinary answers) can hold it back. Its true score rises; then it may fall.

The arms are judges, with the same number of labelled answers and the same kind of model
(ridge regression on random kinked features). They differ in what is seen and combined:
  single     one judge that sees all three scales at once;
  copies     the lowest of three such judges, trained on the same answers, each with its own
             random features: suspicion between near copies;
  split      the lowest of three such judges, each trained on its own third of the answers;
  average    the mean of three judges, one for each scale;
  lowest     the lowest of these three;
  refreshed  one judge like the first, with half of the labels kept for answers of the
             policy while it climbs, and retrained whenever some arrive.

It can show: where judged and true score part, and what softens it at equal labelling cost: the
lowest of scales against their mean, or their stronger rival, one judge of everything. It cannot
show how real judges fail: the harm of too much is built in, of a kind that judges can learn;
the policy is one normal cloud; a true score has no floor, so few seeds can rule its mean.
"""

import numpy as np

TITLE = "Optimising against a learned judge"
SUMMARY = (
    "A policy climbs the score of judges that were trained on ordinary answers, until pleasing "
    "them is no longer doing well. Does taking the lowest of judges at three scales keep the "
    "true score up longer than their mean, one judge of everything, near copies, or fresh labels?"
)
DIRECTIONS = ("reward-hacking",)
FACTOR = "which judges the policy has to please"
ARMS = {
    "single": "one judge of steps, stretches and the whole",
    "copies": "the lowest of three such judges trained on the same answers",
    "split": "the lowest of three such judges trained on a third of the answers each",
    "average": "the mean of a judge of steps, one of stretches and one of the whole",
    "lowest": "the lowest of a judge of steps, one of stretches and one of the whole",
    "refreshed": "one judge, retrained on labelled answers of the climbing policy",
}
METRICS = {
    "true_score": {
        "description": "mean true score of the policy's answers when the climb ends",
        "better": "higher",
        "smallest_effect": 1.0,
        "unit": "spreads of ordinary answers",
    },
    "flattery": {
        "description": "by how much more the judged score has gained than the true one",
        "better": "lower",
        "smallest_effect": 1.0,
        "unit": "spreads of ordinary answers",
    },
    "win_rate": {
        "description": "share of final answers truly better than an ordinary one (0.5: by chance)",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "turning_point": {
        "description": "how far the climb had come when the true score was best",
        "better": "higher",
        "smallest_effect": 0.1,
        "unit": "share of the climb",
    },
}
PARAMETERS = {
    "pressure": {
        "type": "int",
        "default": 50,
        "low": 5,
        "high": 500,
        "description": "steps that the policy climbs the judged score",
    },
    "labels": {
        "type": "int",
        "default": 400,
        "low": 60,
        "high": 2000,
        "description": "answers whose true score may be asked for, in all",
    },
    "label_noise": {
        "type": "float",
        "default": 0.5,
        "low": 0.0,
        "high": 2.0,
        "description": "error of those scores, in spreads of ordinary answers",
    },
    "harm": {
        "type": "float",
        "default": 3.0,
        "low": 0.0,
        "high": 6.0,
        "description": "how much harm it does to go beyond a limit",
    },
    "limit": {
        "type": "float",
        "default": 2.0,
        "low": 0.0,
        "high": 4.0,
        "description": "where the harm begins, in spreads of ordinary answers",
    },
    "tether": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 0.5,
        "description": "how strongly the policy is held to where it began, in every arm",
    },
}
DEFAULT = {
    "treatment": "lowest",
    "control": "average",
    "metric": "win_rate",
    "direction": "increase",
}
TURNING = {"tether": 0.3}
PLOT = {"over": "pressure", "metric": "win_rate"}
COST_SECONDS = 10
LIMITS = "The judges' scales and kinks are of the truth's own kind; the policy is one normal cloud."
OPEN = {
    "train": (
        "kinks: a list of three sets of random features, as fit() takes them. seen: (answers, "
        "scores), answers is count by 12 steps by 4, scores has one number for each. Return a "
        "function that takes answers (count by 12 by 4) and returns a judged score for each: the "
        "policy climbs it."
    )
}

STEPS, SIZE, SCALES = 12, 4, (1, 3, 12)  # a scale is how many steps it looks at together
KINKS, RIDGE = 20, 1.0
GATHER = [np.kron(np.eye(STEPS // s), np.ones((1, s)) / np.sqrt(s)) for s in SCALES]
ALIKE = 0.8  # how much what does harm beyond the limit resembles what is liked
CROWD, PACE, REFRESHES, WATCHED, EVERY = 24, 0.2, 5, 60, 5


def trial(arm, seed, pressure=50, labels=400, label_noise=0.5, harm=3.0, limit=2.0, tether=0.0):
    """Train judges on ordinary answers, climb what they say, and compare with the truth."""
    truth = world(np.random.default_rng([seed, 83]), harm, limit)
    rng = np.random.default_rng([seed, 84])
    watched = rng.normal(size=(WATCHED, STEPS, SIZE))
    first = labels // 2 if arm == "refreshed" else labels
    seen = examples(rng, truth, np.zeros((STEPS, SIZE)), first, label_noise)
    kinks = [draw_kinks(rng) for _ in range(3)]
    judge, centre, path = train(arm, kinks, seen), np.zeros((STEPS, SIZE)), []
    promised = judge(watched).mean()
    fresh = set(np.linspace(0, pressure, REFRESHES + 1, dtype=int)[:-1]) - {0}
    for step in range(pressure):
        if arm == "refreshed" and step in fresh:
            more = examples(rng, truth, centre, (labels - first) // len(fresh), label_noise)
            seen = tuple(np.concatenate(part) for part in zip(seen, more, strict=True))
            judge = train(arm, kinks, seen)
        if step % EVERY == 0:
            path.append(truth(centre + watched).mean())
        centre = climb(rng, judge, centre, tether)
    path.append(truth(centre + watched).mean())
    return {
        "true_score": float(path[-1]),
        "flattery": float(judge(centre + watched).mean() - promised - (path[-1] - path[0])),
        "win_rate": float((truth(centre + watched)[:, None] > truth(watched)).mean()),
        "turning_point": min(int(np.argmax(path)) * EVERY, pressure) / pressure,
    }


def world(rng, harm, limit):
    """The true score of answers, in units of its spread over ordinary ones, which have mean 0."""
    liked = directions(rng.normal(size=(len(SCALES), SIZE)))
    aside = rng.normal(size=liked.shape)
    aside = directions(aside - (aside * liked).sum(axis=1, keepdims=True) * liked)
    excess = ALIKE * liked + np.sqrt(1.0 - ALIKE**2) * aside

    def score(answers):
        total = np.zeros(len(answers))
        for parts, good, bad in zip(views(answers), liked, excess, strict=True):
            beyond = np.maximum(0.0, parts @ bad - limit)
            # a mean over more parts spreads less: so all scales count alike
            total += (parts @ good - harm * beyond).sum(axis=1) / np.sqrt(parts.shape[1])
        return total

    ordinary = score(rng.normal(size=(1000, STEPS, SIZE)))
    return lambda answers: (score(answers) - ordinary.mean()) / ordinary.std()


def directions(rows):
    """Rows of length one."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def views(answers):
    """An answer's parts on every scale: sums of so many steps, of spread 1 in ordinary ones."""
    return [gather @ answers for gather in GATHER]


def examples(rng, truth, centre, size, noise):
    """Answers of a policy, with noisy true scores."""
    answers = centre + rng.normal(size=(size, STEPS, SIZE))
    return answers, truth(answers) + noise * rng.normal(size=size)


def draw_kinks(rng):
    """Where the random features of a judge bend, for every scale."""
    return [
        (rng.normal(size=(SIZE, KINKS)) / np.sqrt(SIZE), rng.uniform(-2.0, 2.0, KINKS))
        for _ in SCALES
    ]


def describe(answers, kinks, scales):
    """What a judge sees of answers: kinked features, summed over the parts of each scale."""
    parts = views(answers)
    return [np.maximum(0.0, parts[i] @ kinks[i][0] + kinks[i][1]) for i in scales]


def train(arm, kinks, seen):
    """The judged score that the policy will climb, as a function of answers."""
    every, (answers, scores) = range(len(SCALES)), seen
    if arm in ("single", "refreshed"):
        return fit(kinks[0], every, answers, scores)
    if arm == "copies":
        judges = [fit(own, every, answers, scores) for own in kinks]
    elif arm == "split":
        judges = [fit(own, every, answers[i::3], scores[i::3]) for i, own in enumerate(kinks)]
    else:
        judges = [fit(kinks[0], [scale], answers, scores) for scale in every]
    combine = np.mean if arm == "average" else np.min
    return lambda asked: combine([judge(asked) for judge in judges], axis=0)


def fit(kinks, scales, answers, scores):
    """One judge: ridge regression of scores on what it sees."""
    described = describe(answers, kinks, scales)
    shares = [1.0 / np.sqrt(parts.shape[1]) for parts in described]
    seen = np.hstack([parts.sum(axis=1) * s for parts, s in zip(described, shares, strict=True)])
    middle, mean = seen.mean(axis=0), scores.mean()
    spread = (seen - middle).T @ (seen - middle) + RIDGE * np.eye(len(middle))
    weights = np.linalg.solve(spread, (seen - middle).T @ (scores - mean))
    each = [w * s for w, s in zip(weights.reshape(-1, KINKS), shares, strict=True)]

    def judge(asked):
        parts = zip(describe(asked, kinks, scales), each, strict=True)
        return sum((seen @ w).sum(axis=1) for seen, w in parts) + mean - middle @ weights

    return judge


def climb(rng, judge, centre, tether):
    """Move the policy towards those of its answers that are judged better, and a little home."""
    half = rng.normal(size=(CROWD // 2, STEPS, SIZE))
    tries = np.concatenate([half, -half])
    judged = judge(centre + tries)
    praise = (judged - judged.mean()) / (judged.std() + 1e-9)
    uphill = (praise @ tries.reshape(CROWD, -1)).reshape(STEPS, SIZE) / CROWD
    return centre + PACE * (uphill - tether * centre)
