"""Does a value estimate every k steps save episodes on long tasks, and whose estimate?

The world: a walker meets a cue at every step; for each cue one action is right. A right
action moves it on with a chance that depends on the place it is at, a wrong one never does.
Nothing is paid on the way; after the last step it is told how far it came. The policy (a
softmax table over cues) is learned by policy gradient, and every step needs credit.

The arms differ only in what an action is credited with; the policy, its step size, and the
episodes are the same:
  outcome    the final distance, less the mean of the batch: no value on the way;
  learned    the change of a learned value over the stretch of k steps the action is in.
             The critic is fitted to the outcomes of the same episodes and costs no more;
  oracle     the same with the exact value of the current policy: a ruler, not a method;
  flawed     the same with the exact value plus a fixed error for every place and time.

It can show: that the saving begins once a task is longer than a stretch (most runs on the
outcome alone are cut off before they are skilled, so it is larger than it looks), how much
of an oracle's saving a learned critic gets, that shorter stretches help, and how flawed a
value must be to be worse than none. It cannot show that an inaccurate value does better
every tenth step than every step: a stretch ignores what follows it and the critic learns
from outcomes, not from itself, so errors never chain. Nor hierarchies of skills or goals:
only credit is by stretches, progress is never lost, the policy needs no memory, and the
critic's features are given and fit this world.
"""

import numpy as np

TITLE = "A value every few steps against waiting for the outcome"
SUMMARY = (
    "A policy for a long task is paid only at the end. Does crediting actions with the change "
    "of a value over every few steps (learned, exact, or flawed) reach a given skill in "
    "fewer episodes than crediting them with the outcome?"
)
DIRECTIONS = ("hierarchical-value", "sample-efficiency")
FACTOR = "what an action is credited with"
ARMS = {
    "outcome": "the final outcome, less the mean of the batch",
    "learned": "the change of a value learned from outcomes, over the action's stretch",
    "oracle": "the change of the exact value of the current policy, over the stretch",
    "flawed": "the change of the exact value plus fixed errors, over the stretch",
}
METRICS = {
    "episodes_needed": {
        "description": "episodes until 3 of 4 actions are right (all of them if never)",
        "better": "lower",
        "smallest_effect": 50.0,
        "unit": "episodes",
    },
    "right_share": {
        "description": "share of right actions, over all of training",
        "better": "higher",
        "smallest_effect": 0.04,
    },
    "final_share": {
        "description": "share of right actions after training",
        "better": "higher",
        "smallest_effect": 0.04,
    },
    "credit_noise": {
        "description": "spread of an action's credit that is not the action's merit, in steps",
        "better": "lower",
        "smallest_effect": 0.2,
        "unit": "steps",
    },
}
PARAMETERS = {
    "horizon": {
        "type": "int",
        "default": 60,
        "low": 4,
        "high": 200,
        "description": "steps of an episode",
    },
    "interval": {
        "type": "int",
        "default": 8,
        "low": 1,
        "high": 40,
        "description": "steps from one value to the next",
    },
    "critic_error": {
        "type": "float",
        "default": 2.0,
        "low": 0.0,
        "high": 10.0,
        "description": "spread of the flawed critic's fixed errors, in steps of the walk",
    },
    "unevenness": {
        "type": "float",
        "default": 0.6,
        "low": 0.0,
        "high": 0.9,
        "description": "how much the chance to move on differs between places",
    },
    "episodes": {
        "type": "int",
        "default": 8,
        "low": 4,
        "high": 64,
        "description": "episodes for each of the 40 updates",
    },
    "rate": {
        "type": "float",
        "default": 40.0,
        "low": 5.0,
        "high": 100.0,
        "description": "step size of every learner",
    },
}
DEFAULT = {
    "treatment": "learned",
    "control": "outcome",
    "metric": "episodes_needed",
    "direction": "decrease",
}
TURNING = {"horizon": 9}
PLOT = {"over": "horizon", "metric": "episodes_needed"}
COST_SECONDS = 7
LIMITS = (
    "One skill without memory, a critic that is linear in given features, and progress that "
    "is never lost; nothing on hierarchies of goals."
)
OPEN = {
    "credited": (
        "told: ends by episodes, the final place that a critic expects at each of the times "
        "`ends`, the last row the outcome itself. ends: times, from 0 to the horizon. places: "
        "horizon + 1 by episodes, the place at every time. Return horizon by episodes: the "
        "credit of each action; actions with more credit get likelier."
    )
}

CUES, ACTIONS, UPDATES = 20, 4, 40
SKILLED = 0.75
STRETCH = 5  # places that are alike in a row
ZONES, MEMORY = 8, 0.8  # of the learned critic: what it tells apart, and how long it remembers


def trial(
    arm, seed, horizon=60, interval=8, critic_error=2.0, unevenness=0.6, episodes=8, rate=40.0
):
    """Train one learner in a fresh world and measure how fast it becomes skilled."""
    world, luck = np.random.default_rng([seed, 61]), np.random.default_rng([seed, 62])
    right = world.integers(ACTIONS, size=CUES)
    ease = landscape(world, horizon, unevenness)
    errors = critic_error * world.normal(size=(horizon + 1, horizon + 1))
    ends = np.unique(np.append(np.arange(0, horizon, interval), horizon))
    policy, memory = np.zeros((CUES, ACTIONS)), (np.eye(ZONES + 3), np.zeros(ZONES + 3))
    shares, noises = [], []
    for _ in range(UPDATES):
        chance = chances(policy)
        shares.append(float(chance[np.arange(CUES), right].mean()))
        cues, actions, places = walk(luck, chance, right, ease, episodes)
        reached = places[ends]
        told = values(arm, ease, shares[-1], memory, errors, ends, reached)
        credit = credited(arm, told, ends, places)
        credit = credit - credit.mean(axis=1, keepdims=True)
        memory = remember(memory, ends, reached)
        policy += rate * gradient(chance, cues, actions, credit)
        noises.append(spread(credit, actions == right[cues]))
    final = float(chances(policy)[np.arange(CUES), right].mean())
    return {
        "episodes_needed": needed([*shares, final], episodes),
        "right_share": float(np.mean(shares)),
        "final_share": final,
        "credit_noise": float(np.mean(noises)),
    }


def landscape(world, horizon, unevenness):
    """The chance that a right action moves on, for every place; places in a row are alike."""
    levels = world.uniform(-1.0, 1.0, size=horizon // STRETCH + 1)
    return 0.5 + 0.5 * unevenness * np.repeat(levels, STRETCH)[: horizon + 1]


def chances(policy):
    """The chance of every action at every cue."""
    raised = np.exp(policy - policy.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def walk(luck, chance, right, ease, episodes):
    """Cues, actions, and the places before and after every step of some episodes."""
    horizon = len(ease) - 1
    cues = luck.integers(CUES, size=(horizon, episodes))
    limits = np.cumsum(chance, axis=1)[:, :-1]
    actions = (luck.random((horizon, episodes, 1)) > limits[cues]).sum(axis=2)
    chosen, fortune = actions == right[cues], luck.random((horizon, episodes))
    places = np.zeros((horizon + 1, episodes), dtype=int)
    for step in range(horizon):
        places[step + 1] = places[step] + (chosen[step] & (fortune[step] < ease[places[step]]))
    return cues, actions, places


def credited(arm, told, ends, places):
    """The credit of every action, from the outcome or from what the critic says on the way."""
    if arm == "outcome":
        return np.tile(places[-1], (ends[-1], 1))
    return np.repeat(np.diff(told, axis=0), np.diff(ends), axis=0)


def values(arm, ease, share, memory, errors, ends, reached):
    """What the critic says at the end of every stretch; after the last, the outcome itself."""
    if arm in ("oracle", "flawed"):
        told = exact(ease, share)[ends[:, None], reached]
        told = told + (arm == "flawed") * errors[ends[:, None], reached]
    else:
        told = features(ends, reached) @ np.linalg.solve(*memory)
    told[-1] = reached[-1]
    return told


def exact(ease, share):
    """The expected final place, for every time and place, if this share of actions is right."""
    horizon = len(ease) - 1
    chance = share * ease[:-1]
    table = np.empty((horizon + 1, horizon + 1))
    table[-1] = np.arange(horizon + 1)
    for step in range(horizon - 1, -1, -1):
        table[step, :-1] = table[step + 1, :-1] + chance * np.diff(table[step + 1])
        table[step, -1] = horizon
    return table


def features(ends, reached):
    """What the learned critic sees: how far, how long to go, and that in every zone."""
    horizon = ends[-1]
    left = np.broadcast_to((horizon - ends)[:, None], reached.shape)
    zone = (reached * ZONES // (horizon + 1))[..., None] == np.arange(ZONES)
    plain = np.stack([np.ones(reached.shape), reached, left], axis=-1)
    return np.concatenate([plain, left[..., None] * zone], axis=-1)


def remember(memory, ends, reached):
    """The learned critic's sums, older episodes fading, with those of new episodes."""
    seen = features(ends, reached)[:-1].reshape(-1, ZONES + 3)
    outcomes = np.tile(reached[-1], len(ends) - 1)
    squares, products = memory
    kept = MEMORY * squares + (1.0 - MEMORY) * np.eye(len(squares))
    return kept + seen.T @ seen, MEMORY * products + seen.T @ outcomes


def gradient(chance, cues, actions, credit):
    """How the expected pay of an average step changes with the policy."""
    total = np.bincount((cues * ACTIONS + actions).ravel(), credit.ravel(), CUES * ACTIONS)
    total = total.reshape(CUES, ACTIONS)
    return (total - total.sum(axis=1, keepdims=True) * chance) / credit.size


def spread(credit, good):
    """How much the credit of equally right actions differs."""
    groups = [credit[good], credit[~good]]
    return float(np.sqrt(sum(g.size * g.var() for g in groups if g.size) / credit.size))


def needed(shares, episodes):
    """Episodes until the policy is skilled; all of them if it never is."""
    reached = np.flatnonzero(np.array(shares) >= SKILLED)
    return float(episodes * (reached[0] if len(reached) else len(shares) - 1))
