"""What does pretraining carry over, with and without a value function, and what is forgotten?

The world: a walker in the plane sees where the target lies and takes steps in one of eight
directions. Environments differ in how far the compass is turned: pretraining meets several
turns around a common one; the held-out environment is turned by `shift` degrees from it. The
end of an episode pays by the distance then left to what pays: the target or, in the held-out
task, a place that lies `displacement` away from it.

The arms are a factorial of one learner (policy gradient, linear in the target's bearing):
  scratch            starts from nothing, credit is the outcome less the batch's mean;
  scratch_value      the same with a learned value: credit is the change of value in a step;
  pretrained         pretrained without a value;
  pretrained_value   pretrained with a value, and carries policy and value over;
  fresh_value        pretrained with a value, but carries only the policy over.
All get the same held-out episodes (less what `rehearsal` takes); pretraining comes on top.

It can show: zero-shot gains, what a value adds, that a carried-over one misleads if something
else pays (where the same pays, a fresh one is as good: it is learned at once), and how narrow
training undoes earlier tasks, with or without rehearsal. It cannot show transfer by shared
representations: the features are given, one weak policy serves all environments, and it must
forget as it cannot tell environments apart.
"""

import numpy as np

TITLE = "What pretraining and a value function carry over"
SUMMARY = (
    "Policies are pretrained in several environments, with or without a value function, and "
    "then trained in a held-out one. What do they reach at once and while learning, what do "
    "they forget, and does it help to carry the value function over?"
)
DIRECTIONS = ("transfer-rl", "hierarchical-value")
FACTOR = "what is learned before the held-out task, and whether a value is learned"
ARMS = {
    "scratch": "no pretraining, credit from outcomes",
    "scratch_value": "no pretraining, credit from a value learned along",
    "pretrained": "pretrained policy, credit from outcomes",
    "pretrained_value": "pretrained policy and value, both carried over",
    "fresh_value": "pretrained policy carried over, with a value that starts anew",
}
METRICS = {
    "learning_distance": {
        "description": "distance left from what pays, over all held-out training episodes",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "zero_shot_distance": {
        "description": "distance left from what pays in the held-out task, before any training",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "final_distance": {
        "description": "distance left from what pays in the held-out task, after training",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "earlier_distance": {
        "description": "distance left in the earlier environments, after held-out training",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "forgotten": {
        "description": "what held-out training adds to the distance left in earlier environments",
        "better": "lower",
        "smallest_effect": 0.05,
    },
}
PARAMETERS = {
    "shift": {
        "type": "float",
        "default": 40.0,
        "low": 0.0,
        "high": 180.0,
        "description": "degrees by which the held-out compass is turned from the common one",
    },
    "displacement": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 3.0,
        "description": "how far from the target lies what pays in the held-out task",
    },
    "environments": {
        "type": "int",
        "default": 8,
        "low": 1,
        "high": 16,
        "description": "environments of pretraining",
    },
    "spread": {
        "type": "float",
        "default": 40.0,
        "low": 0.0,
        "high": 120.0,
        "description": "degrees to either side over which their compasses spread",
    },
    "pretraining": {
        "type": "int",
        "default": 40,
        "low": 5,
        "high": 300,
        "description": "updates of pretraining, each from 16 episodes",
    },
    "training": {
        "type": "int",
        "default": 30,
        "low": 5,
        "high": 200,
        "description": "updates in the held-out task, each from 16 episodes",
    },
    "rehearsal": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 0.5,
        "description": "share of those updates that pretrained arms spend on earlier environments",
    },
}
DEFAULT = {
    "treatment": "pretrained_value",
    "control": "scratch_value",
    "metric": "learning_distance",
    "direction": "decrease",
}
TURNING = {"shift": 180.0}
PLOT = {"over": "shift", "metric": "learning_distance"}
COST_SECONDS = 7
LIMITS = (
    "One linear policy for a walk in the plane; environments differ by a turn of the compass "
    "and by where the pay lies, and the policy cannot tell them apart."
)
OPEN = {
    "carried": (
        "policy: a 3 by 8 array of learned weights. value: None where the arm has none, else a "
        "pair (squares 10 by 10, products 10), sums from which the value is solved. Return "
        "(policy, value) of the same shapes: what the learner begins the new task with."
    )
}

DIRECTIONS_OF_STEPS, STEPS, STRIDE, SLIP = 8, 6, 0.25, 0.1
EPISODES, TESTED, RATE = 16, 300, 45.0
SEEN, MEMORY = 10, 0.95  # features of the value, and how long it remembers


def trial(
    arm,
    seed,
    shift=40.0,
    displacement=0.0,
    environments=8,
    spread=40.0,
    pretraining=40,
    training=30,
    rehearsal=0.0,
):
    """Pretrain where the arm does, then train and measure in the held-out task."""
    world, luck = np.random.default_rng([seed, 71]), np.random.default_rng([seed, 72])
    common, side, bearing = world.uniform(0.0, 2.0 * np.pi), world.choice([-1, 1]), world.uniform()
    turns = common + np.radians(spread) * np.linspace(-1.0, 1.0, environments + 2)[1:-1]
    earlier = (turns, np.zeros(2))
    away = displacement * np.array([np.cos(2 * np.pi * bearing), np.sin(2 * np.pi * bearing)])
    held_out = (np.array([common + side * np.radians(shift)]), away)
    learner = {"policy": np.zeros((3, DIRECTIONS_OF_STEPS)), "value": None}
    if arm in ("scratch_value", "pretrained_value", "fresh_value"):
        learner["value"] = blank()
    experienced = arm in ("pretrained", "pretrained_value", "fresh_value")
    for _ in range(pretraining if experienced else 0):
        improve(luck, learner, earlier)
    learner["policy"], learner["value"] = carried(arm, learner["policy"], learner["value"])
    zero_shot, before = examine(world, learner, held_out), examine(world, learner, earlier)
    left = []
    for update in range(training):
        due = int((update + 1) * rehearsal) > int(update * rehearsal)
        if due and experienced:
            improve(luck, learner, earlier)
        else:
            left.append(improve(luck, learner, held_out))
    after = examine(world, learner, earlier)
    return {
        "learning_distance": float(np.mean(left)),
        "zero_shot_distance": zero_shot,
        "final_distance": examine(world, learner, held_out),
        "earlier_distance": after,
        "forgotten": after - before,
    }


def carried(arm, policy, value):
    """What of the learned policy and value the learner begins the new task with."""
    if arm == "fresh_value":
        return policy, blank()
    return policy, value


def blank():
    """The sums of a value that has seen nothing."""
    return np.eye(SEEN), np.zeros(SEEN)


def improve(luck, learner, task):
    """Learn from one batch of episodes, in place; returns the mean distance left in them."""
    states, views, steps, chances, left = walk(luck, learner["policy"], task, EPISODES)
    credit = np.tile(left.mean() - left, (STEPS, 1))
    if learner["value"] is not None:
        told = seen(states) @ np.linalg.solve(*learner["value"])
        told[-1] = -left
        credit = np.diff(told, axis=0)
        credit = credit - credit.mean(axis=1, keepdims=True)
        learner["value"] = remember(learner["value"], states, -left)
    wanted = (steps[..., None] == np.arange(DIRECTIONS_OF_STEPS)) - chances
    weighted = (credit[..., None] * wanted).reshape(-1, DIRECTIONS_OF_STEPS)
    pull = views.reshape(-1, 3).T @ weighted
    learner["policy"] = learner["policy"] + RATE * pull / credit.size
    return float(left.mean())


def walk(luck, policy, task, episodes):
    """Where the target lay at every time, views, steps, their chances, and the distance left."""
    turns, away = task
    turn = np.resize(turns, episodes)
    states, views = np.empty((STEPS + 1, episodes, 2)), np.empty((STEPS, episodes, 3))
    states[0] = luck.normal(size=(episodes, 2))
    draws, slips = luck.random((STEPS, episodes, 1)), luck.normal(size=(STEPS, episodes, 2))
    steps = np.empty((STEPS, episodes), dtype=int)
    chances = np.empty((STEPS, episodes, DIRECTIONS_OF_STEPS))
    for step in range(STEPS):
        views[step] = bearings(states[step])
        scores = views[step] @ policy
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances[step] = raised / raised.sum(axis=1, keepdims=True)
        passed = draws[step] > np.cumsum(chances[step], axis=1)[:, :-1]
        steps[step] = passed.sum(axis=1)
        angle = 2.0 * np.pi * steps[step] / DIRECTIONS_OF_STEPS + turn
        move = np.stack([np.cos(angle), np.sin(angle)], axis=1) + SLIP * slips[step]
        states[step + 1] = states[step] - STRIDE * move
    return states, views, steps, chances, np.hypot(*(states[-1] + away).T)


def bearings(states):
    """What the policy sees: the way to the target, and a constant."""
    length = np.sqrt((states**2).sum(axis=-1, keepdims=True))
    return np.concatenate([states / (length + STRIDE), np.ones_like(length)], axis=-1)


def seen(states):
    """What the value sees: where the target is, by how many steps are left."""
    square = (states**2).sum(axis=-1, keepdims=True)
    view = np.concatenate([np.ones_like(square), states, square, np.sqrt(square)], axis=-1)
    time = np.linspace(1.0, 0.0, STEPS + 1)[:, None, None]
    return np.concatenate([view, time * view], axis=-1)


def remember(value, states, pay):
    """The value's sums, older episodes fading, with those of new episodes."""
    squares, products = value
    rows = seen(states)[:-1].reshape(-1, SEEN)
    kept = MEMORY * squares + (1.0 - MEMORY) * np.eye(SEEN)
    return kept + rows.T @ rows, MEMORY * products + rows.T @ np.tile(pay, STEPS)


def examine(world, learner, task):
    """The mean distance left in a task, without learning."""
    return float(walk(world, learner["policy"], task, TESTED)[-1].mean())
