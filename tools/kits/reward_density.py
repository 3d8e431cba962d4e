"""Should a learner be paid at every step, only at the end, or be weaned from one to the other?

The world: an episode is a row of stages; each shows one of a few cues, and one action is
right for each cue. The end pays 1 if enough stages of the episode were answered rightly and
0 otherwise. Hints pay at once for an answer; for a share of cues (`misleading`) they pay for
a wrong one. After training comes a new task: some cues get another right answer, the end
alone pays, and every learner carries its policy over.

The arms are hint schedules of one learner (a softmax table, trained by policy gradient with
the mean of the batch as baseline and a little pay for staying undecided); all get the same
number of episodes in both tasks, the pay at the end is always there, and in the new task
all are treated alike:
  sparse     no hints: the end alone pays from the first episode;
  dense      full hints throughout training;
  abrupt     full hints, and from the middle of training on none;
  gradual    hints that fade evenly from full to none: in total as many as `abrupt`.

It can show: what hints save while training, what false ones leave behind when they go on,
whether fading beats stopping, and who adapts to a task without hints. Weaning pays in a band
only: weak hints (2 or less) hardly mislead for long, strong ones (6 or more) for good. Most
of its gain is false answers that are not carried over; it is there without `novelty`, too.
It cannot show anything about states that depend on earlier actions: stages are drawn anew,
so hints save credit assignment and the wait for a first success, but never lead to an unseen
place. A researcher of shaping would add a learned critic and potential-based hints, which
cannot mislead; here hints are pay, as in hand-made rewards.
"""

import numpy as np

TITLE = "Dense, sparse, and weaned rewards"
SUMMARY = (
    "A learner answers cues stage by stage and is paid by hints at every step, at the end "
    "alone, or by hints that stop at once or fade. Does weaning give better success on a new "
    "task that pays only at the end, and does that depend on hints that mislead?"
)
DIRECTIONS = ("reward-density", "transfer-rl")
FACTOR = "how hints are scheduled over training"
ARMS = {
    "sparse": "is paid at the end alone from the first episode",
    "dense": "gets full hints through all of training",
    "abrupt": "gets full hints until the middle of training and then none",
    "gradual": "gets hints that fade evenly from full to none",
}
METRICS = {
    "new_success": {
        "description": "share of episodes of the new task that succeed, over all its training",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "new_final": {
        "description": "chance of success in the new task after its training",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "trained_success": {
        "description": "chance of success in the first task after its training",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "learning_success": {
        "description": "share of training episodes that succeed",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "misled": {
        "description": "share of stages answered wrongly as a false hint says, after training",
        "better": "lower",
        "smallest_effect": 0.03,
    },
}
PARAMETERS = {
    "misleading": {
        "type": "float",
        "default": 0.25,
        "low": 0.0,
        "high": 0.75,
        "description": "share of cues (of 8, rounded) whose hint pays for a wrong answer",
    },
    "hints": {
        "type": "float",
        "default": 4.0,
        "low": 0.25,
        "high": 8.0,
        "description": "what an episode's full hints are worth together; the end pays 1",
    },
    "novelty": {
        "type": "float",
        "default": 0.25,
        "low": 0.0,
        "high": 1.0,
        "description": "share of cues (of 8, rounded) with another right answer in the new task",
    },
    "stages": {
        "type": "int",
        "default": 8,
        "low": 2,
        "high": 20,
        "description": "stages of an episode, three quarters of which must be answered rightly",
    },
    "training": {
        "type": "int",
        "default": 120,
        "low": 20,
        "high": 600,
        "description": "updates in the first task, each from 48 episodes",
    },
    "openness": {
        "type": "float",
        "default": 0.02,
        "low": 0.0,
        "high": 0.1,
        "description": "pay for staying undecided (entropy), the same for every learner",
    },
    "rate": {
        "type": "float",
        "default": 12.0,
        "low": 3.0,
        "high": 20.0,
        "description": "step size of every learner",
    },
}
DEFAULT = {
    "treatment": "gradual",
    "control": "dense",
    "metric": "new_success",
    "direction": "increase",
}
TURNING = {"misleading": 0.0}
PLOT = {"over": "misleading", "metric": "new_success"}
COST_SECONDS = 4
LIMITS = (
    "Stages do not depend on earlier actions, the learner is a table without a critic, and "
    "hints mislead in one way."
)
OPEN = {
    "schedule": (
        "updates: how many there are (a whole number). Return that many numbers in order, one "
        "for each update: the share of full hints that it pays, from 0.0 (none) to 1.0 (full)."
    )
}

CUES, ACTIONS, EPISODES, NEW_UPDATES = 8, 4, 48, 60
NEEDED = 0.75
TESTED = 1000


def trial(
    arm,
    seed,
    misleading=0.25,
    hints=4.0,
    novelty=0.25,
    stages=8,
    training=120,
    openness=0.02,
    rate=12.0,
):
    """Train one schedule in a fresh world, then let it learn a new task without hints."""
    world, luck = np.random.default_rng([seed, 51]), np.random.default_rng([seed, 52])
    right = world.integers(ACTIONS, size=CUES)
    hinted = altered(world, right, misleading)
    changed = altered(world, right, novelty)
    sizes = hints / stages * np.clip(schedule(arm, training), 0.0, 1.0)[:training]
    policy = np.zeros((CUES, ACTIONS))
    pull = (rate, openness)
    learned = learn(luck, policy, right, hinted, sizes, stages, pull)
    trained, misled = examine(world, policy, right, hinted, stages)
    later = learn(luck, policy, changed, hinted, np.zeros(NEW_UPDATES), stages, pull)
    final, _ = examine(world, policy, changed, hinted, stages)
    return {
        "new_success": later,
        "new_final": final,
        "trained_success": trained,
        "learning_success": learned,
        "misled": misled,
    }


def altered(world, right, share):
    """The right answers, with another one for a share of the cues."""
    shifted = (right + world.integers(1, ACTIONS, size=CUES)) % ACTIONS
    chosen = np.isin(np.arange(CUES), world.permutation(CUES)[: round(share * CUES)])
    return np.where(chosen, shifted, right)


def schedule(arm, updates):
    """The share of full hints in every update."""
    progress = np.arange(updates) / updates
    return {
        "sparse": np.zeros(updates),
        "dense": np.ones(updates),
        "abrupt": (progress < 0.5).astype(float),
        "gradual": 1.0 - progress,
    }[arm]


def chances(policy):
    """The chance of every answer to every cue."""
    raised = np.exp(policy - policy.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def answer(luck, chance, episodes, stages):
    """Cues of some episodes, and the answers that a policy of these chances gives."""
    cues = luck.integers(CUES, size=(episodes, stages))
    limits = np.cumsum(chance, axis=1)[:, :-1]
    return cues, (luck.random((episodes, stages, 1)) > limits[cues]).sum(axis=2)


def succeeded(cues, answers, right):
    """Which episodes answered enough stages rightly."""
    return (answers == right[cues]).sum(axis=1) >= np.ceil(NEEDED * cues.shape[1])


def learn(luck, policy, right, hinted, sizes, stages, pull):
    """One update per hint size, in place; returns the share of episodes that succeeded."""
    rate, openness = pull
    successes = []
    for size in sizes:
        chance = chances(policy)
        cues, answers = answer(luck, chance, EPISODES, stages)
        success = succeeded(cues, answers, right)
        paid = size * (answers == hinted[cues])
        ahead = np.cumsum(paid[:, ::-1], axis=1)[:, ::-1] + success[:, None]
        credit = ahead - ahead.mean(axis=0)
        policy += rate * (gradient(chance, cues, answers, credit) + openness * doubt(chance))
        successes.append(success.mean())
    return float(np.mean(successes))


def gradient(chance, cues, answers, credit):
    """How the expected pay of an average stage changes with the policy."""
    places = (cues * ACTIONS + answers).ravel()
    total = np.bincount(places, credit.ravel(), CUES * ACTIONS).reshape(CUES, ACTIONS)
    return (total - total.sum(axis=1, keepdims=True) * chance) / credit.size


def doubt(chance):
    """How the mean entropy of the answers changes with the policy."""
    surprise = -np.log(np.maximum(chance, 1e-12))
    return chance * (surprise - (chance * surprise).sum(axis=1, keepdims=True)) / CUES


def examine(world, policy, right, hinted, stages):
    """Success without learning, and the share of stages that follow a false hint."""
    cues, answers = answer(world, chances(policy), TESTED, stages)
    fooled = (answers == hinted[cues]) & (answers != right[cues])
    return float(succeeded(cues, answers, right).mean()), float(fooled.mean())
