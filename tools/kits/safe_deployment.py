"""What should stand between a stream of users and the weights that learn from them?

The world: a released classifier learns on the job, a batch of interactions each day. Honest
ones carry the right answer, with mistakes; the truth may turn slowly (`drift`). Some requests
are of a rare kind with a rule partly its own. After a fifth of all days a share is poison:
requests of ordinary size from one corner, all answered wrongly. Slow poison starts at the border
between answers, where lies look like mistakes, and moves into the corner day by day.

The arms share model, learning rate, stream, and a small trusted set of common requests with
right answers, taken at release. They differ in what they use it for:
  frozen     learns nothing after release;
  open       learns from everything;
  rehearse   learns from everything, and each day from as many trusted answers;
  gate       turns away interactions whose step would raise the trusted loss by too much;
  rollback   the best inspected weights come back if the trusted loss has clearly risen since;
  both       gate and rollback.
`refresh` puts a share of the answers learned from each day into the trusted set, in place of
others: at 0 the reference is the release, at 1 the last few days. Trusted answers are worth
something by themselves: rehearse is the fair baseline.

It can show: what a gate and a monitor stop, at which price in honest interactions and rare
requests, and what slow poison and a changing world do to both. It cannot show attacks that
know the gate, nor harm in language: the model is linear, poison comes from one corner. The gate
also turns honest mistakes away, and helps a little without poison while the world stands still.
"""

import numpy as np

TITLE = "Gates and monitors for learning on the job"
SUMMARY = (
    "A classifier learns from a stream of interactions, some poisoned suddenly or slowly. Does a "
    "gate that checks every update against a small trusted set, or a monitor that rolls back, "
    "end with a lower error than learning from all, trusted set included? On a clean stream?"
)
DIRECTIONS = ("safe-deployment-learning",)
FACTOR = "what stands between the stream and the weights"
ARMS = {
    "open": "learns from every interaction",
    "frozen": "learns nothing after release",
    "rehearse": "learns from every interaction and from as many trusted answers",
    "gate": "turns away interactions that would raise the trusted loss",
    "rollback": "returns to the best inspected weights when the trusted loss has risen",
    "both": "gate and rollback together",
}
METRICS = {
    "final_error": {
        "description": "share of requests answered wrongly at the end",
        "better": "lower",
        "smallest_effect": 0.02,
    },
    "running_error": {
        "description": "share of requests answered wrongly, mean over the deployment",
        "better": "lower",
        "smallest_effect": 0.02,
    },
    "rare_error": {
        "description": "share of rare requests answered wrongly at the end",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "honest_lost": {
        "description": "share of honest interactions that were turned away or undone",
        "better": "lower",
        "smallest_effect": 0.05,
    },
}
PARAMETERS = {
    "poison": {
        "type": "float",
        "default": 0.1,
        "low": 0.0,
        "high": 0.4,
        "description": "share of poisoned interactions",
    },
    "slowness": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "share of the deployment that poison takes to reach its corner",
    },
    "drift": {
        "type": "float",
        "default": 0.3,
        "low": 0.0,
        "high": 1.0,
        "description": "how far the truth turns by the end: 1 is a right angle",
    },
    "refresh": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "share of each day's answers that replace old ones in the trusted set",
    },
    "tolerance": {
        "type": "float",
        "default": 0.001,
        "low": 0.0,
        "high": 0.005,
        "description": "rise in the trusted loss that the gate lets one interaction make",
    },
    "check_every": {
        "type": "int",
        "default": 5,
        "low": 1,
        "high": 40,
        "description": "days between inspections",
    },
}
DEFAULT = {
    "treatment": "gate",
    "control": "rehearse",
    "metric": "final_error",
    "direction": "decrease",
}
TURNING = {"poison": 0.0}
PLOT = {"over": "poison", "metric": "final_error"}
COST_SECONDS = 5
LIMITS = "A linear model and poison from one corner that does not know the gate."
OPEN = {
    "admitted": (
        "weights: 18 of the learner. inputs, answers: a day's interactions, 30 by 18 and 30 "
        "(-1.0 or 1.0). reference: a pair of trusted (inputs, answers), 100 of them. tolerance: "
        "a small number. Return 30 truth values: which interactions the learner may learn from."
    )
}

SIZE, RELEASED, TRUSTED, DAYS, BATCH, CLEAN_DAYS = 8, 150, 100, 80, 30, 16
RATE, DECAY, MISTAKES, RARE, ALARM = 0.02, 0.001, 0.05, 0.1, 0.06


def trial(
    arm, seed, poison=0.1, slowness=0.0, drift=0.3, refresh=0.0, tolerance=0.001, check_every=5
):
    """Release one learner, let it meet the stream, and measure it."""
    rng = np.random.default_rng([seed, 5])
    world = new_world(rng, drift, slowness)
    weights = release(*honest(rng, world, 0, RELEASED, MISTAKES, rare=0.0))
    reference = honest(rng, world, 0, TRUSTED, 0.0, rare=0.0)
    own, final = np.random.default_rng([seed, 6]), np.random.default_rng([seed, 7])
    best, learned, taught, errors = (weights, 0), 0, 0, []
    for day in range(DAYS):
        count = int(rng.binomial(BATCH, poison)) if day >= CLEAN_DAYS else 0
        good = honest(rng, world, day, BATCH - count, MISTAKES, RARE)
        bad = corner(rng, world, day, count)
        inputs, answers = (np.concatenate(pair) for pair in zip(good, bad, strict=True))
        let_in = np.array(admitted(arm, weights, inputs, answers, reference, tolerance), bool)
        learned, taught = learned + int(let_in[: len(good[1])].sum()), taught + len(good[1])
        lesson = inputs[let_in], answers[let_in]
        again = own.permutation(TRUSTED)[: BATCH * (arm == "rehearse")]
        pairs = zip(lesson, reference, strict=True)
        weights = step(weights, *(np.concatenate([new, old[again]]) for new, old in pairs))
        reference = renewed(own, reference, *lesson, refresh)
        if arm in ("rollback", "both") and day % check_every == 0:
            now, before = loss(weights, reference), loss(best[0], reference)
            if now > before + ALARM:
                weights, learned = best
            elif now < before:
                best = weights, learned
        if day % 10 == 9:
            errors.append(wrong(weights, honest(final, world, day, 500, 0.0, RARE)))
    return {
        "final_error": wrong(weights, honest(final, world, DAYS - 1, 3000, 0.0, RARE)),
        "running_error": float(np.mean(errors)),
        "rare_error": wrong(weights, honest(final, world, DAYS - 1, 1000, 0.0, 1.0)),
        "honest_lost": 1.0 - learned / taught,
    }


def new_world(rng, drift, slowness):
    """The rule and where it turns to, what is different for rare requests, and the corner."""
    frame = np.linalg.qr(rng.normal(size=(SIZE, SIZE)))[0]
    return {
        "rule": frame[0],
        "later": frame[1],
        "turn": drift * np.pi / 2.0,
        "rare": 1.5 * frame[2],
        "corner": frame[3],
        "slow": max(1.0, slowness * (DAYS - CLEAN_DAYS)),
    }


def rule(world, day):
    """The direction that decides common requests on a day."""
    angle = world["turn"] * day / DAYS
    return np.cos(angle) * world["rule"] + np.sin(angle) * world["later"]


def honest(rng, world, day, count, mistakes, rare):
    """Requests with their answers, some mistaken; rare ones follow a shifted rule."""
    inputs = rng.normal(size=(count, SIZE))
    kind = rng.random(count) < rare
    answers = np.where(inputs @ rule(world, day) + kind * (inputs @ world["rare"]) > 0, 1.0, -1.0)
    return seen(inputs, kind), np.where(rng.random(count) < mistakes, -answers, answers)


def corner(rng, world, day, count):
    """Poison: common requests of ordinary size from one corner, all answered wrongly."""
    angle = min(1.0, (day - CLEAN_DAYS + 1) / world["slow"]) * np.pi / 4.0
    centre = np.cos(angle) * world["corner"] + np.sin(angle) * rule(world, day)
    inputs = np.sqrt(SIZE - 1.0) * centre + rng.normal(size=(count, SIZE)) / np.sqrt(SIZE)
    return seen(inputs, np.zeros(count)), np.where(inputs @ rule(world, day) > 0, -1.0, 1.0)


def seen(inputs, kind):
    """What the learner is given: the request, its kind, and their product."""
    kind = kind[:, None].astype(float)
    return np.hstack([inputs, np.ones_like(kind), kind, kind * inputs])


def slope(weights, inputs, answers):
    """The slope of every example's loss, one row each."""
    doubt = 1.0 / (1.0 + np.exp(np.clip(answers * (inputs @ weights), -30, 30)))
    return -(doubt * answers)[:, None] * inputs


def step(weights, inputs, answers):
    """One step on a day's examples, together at most as long as a full batch of single steps."""
    pull = slope(weights, inputs, answers).sum(axis=0) * BATCH / max(BATCH, len(inputs))
    return weights * (1.0 - DECAY * BATCH) - RATE * pull


def release(inputs, answers):
    """The weights at release."""
    weights = np.zeros(inputs.shape[1])
    for _ in range(100):
        weights = weights - slope(weights, inputs, answers).mean(axis=0) - 0.01 * weights
    return weights


def loss(weights, data):
    """Mean surprise at right answers."""
    return np.mean(np.logaddexp(0.0, -data[1] * (data[0] @ weights)))


def admitted(arm, weights, inputs, answers, reference, tolerance):
    """Which of a day's interactions the learner may learn from."""
    if arm in ("gate", "both"):
        return passed(weights, inputs, answers, reference, tolerance)
    return np.full(len(answers), arm != "frozen")


def passed(weights, inputs, answers, reference, tolerance):
    """Which interactions do not raise the trusted loss by more than the tolerance."""
    single = weights - RATE * slope(weights, inputs, answers)
    margins = reference[1][:, None] * (reference[0] @ single.T)
    return np.logaddexp(0.0, -margins).mean(axis=0) <= loss(weights, reference) + tolerance


def renewed(own, reference, inputs, answers, refresh):
    """The trusted set, part of it replaced by a share of the answers just learned from."""
    count = round(refresh * len(answers))
    out, new = own.permutation(TRUSTED)[:count], own.permutation(len(answers))[:count]
    fresh = reference[0].copy(), reference[1].copy()
    fresh[0][out], fresh[1][out] = inputs[new], answers[new]
    return fresh


def wrong(weights, data):
    """Share of wrong answers."""
    return float(np.mean(np.sign(data[0] @ weights) != data[1]))
