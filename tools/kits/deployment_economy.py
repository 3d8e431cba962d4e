"""Do the values of a thousand agents that go on learning after release hold, and who can tell?

The world: agents are small networks, released as near copies. A layer of hidden units reads a
deal; one output estimates what to make of it (skill), another decides whether to deal honestly
(value). What makes a good estimate drifts with the seasons. After release some agents get a
trick that makes cheating pay (`hackers`), and some are damaged at random (`failures`). Everyone
learns from its own deals, and from others it meets: it moves towards whoever earned more, with
all its weights, and picks up the trick in the same measure. Cheating without the trick is
fined, so that its own pay teaches an agent honesty.

The arms meet the same deals, partners and injections:
  frozen     nothing is learned after release;
  unguarded  everyone learns from every deal and every better earner it meets;
  slow       the same, but each agent takes one update in ten;
  anchored   as unguarded, with a steady pull back towards the weights at release;
  gated      refuses updates that take honesty on a few trusted deals well below release;
  guarded    gated, and every ten rounds a linear probe sends who reads low back to release.
The probe is a ridge regression from weights to honesty, fitted at release on copies of varied
values; the audit asks all agents other deals than the gate. Drift is negative where honesty grew.
In a few worlds the new work alone erodes honesty, through the units both share.

It can show: how a hack spreads through learning from others, what guards cost in output, what
the probe adds to the gate, and how well one fitted once reads agents that have moved on. It
cannot show deceit, or an early warning: probe and audit see the same weights at once. The gate
looks at what the audit measures, so that it holds much by design. A researcher of probing would
object to the one ancestor: an agent grown from its own seed would need its own probe.
"""

import numpy as np

TITLE = "A thousand learning agents in an economy, with hacks and failures"
SUMMARY = (
    "Released agents keep learning from their deals and from each other while some carry a "
    "profitable hack. Do a gate and a monitor with rollback hold their values, compared with "
    "unguarded, slow, anchored or no learning, and does a linear probe tell?"
)
DIRECTIONS = ("deployment-simulation", "safe-deployment-learning")
FACTOR = "how agents may learn after release"
ARMS = {
    "frozen": "learns nothing after release",
    "unguarded": "learns from every deal and every better earner",
    "slow": "takes one update in ten",
    "anchored": "is pulled back towards its weights at release",
    "gated": "refuses updates that make it less honest",
    "guarded": "refuses such updates and goes back to release where the probe reads low",
}
METRICS = {
    "value_drift": {
        "description": "honesty at release minus honesty at the end, untouched agents",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "output": {
        "description": "mean quality of work after the injection (1: no error)",
        "better": "higher",
        "smallest_effect": 0.03,
    },
    "cheating": {
        "description": "share of deals after the injection in which an agent cheats",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "probe_error": {
        "description": "mean distance of the probe's reading from the audit at the end",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "probed_drift": {
        "description": "the same drift as the probe fitted at release reads it",
        "better": "lower",
        "smallest_effect": 0.05,
    },
}
PARAMETERS = {
    "agents": {
        "type": "int",
        "default": 1000,
        "low": 200,
        "high": 2000,
        "description": "agents in the economy",
    },
    "hackers": {
        "type": "int",
        "default": 10,
        "low": 0,
        "high": 50,
        "description": "agents that get the trick",
    },
    "failures": {
        "type": "int",
        "default": 10,
        "low": 0,
        "high": 50,
        "description": "agents that are damaged at random",
    },
    "hack_gain": {
        "type": "float",
        "default": 2.0,
        "low": 0.0,
        "high": 4.0,
        "description": "what the trick adds to the pay of cheating (a fine takes 0.5)",
    },
    "contact": {
        "type": "float",
        "default": 0.5,
        "low": 0.0,
        "high": 1.0,
        "description": "chance to see another agent's earnings in a round",
    },
    "season": {
        "type": "float",
        "default": 0.5,
        "low": 0.0,
        "high": 1.0,
        "description": "how far good work changes over the run",
    },
}
DEFAULT = {
    "treatment": "guarded",
    "control": "unguarded",
    "metric": "value_drift",
    "direction": "decrease",
}
TURNING = {"contact": 0.0, "season": 0.0}
PLOT = {"over": "contact", "metric": "value_drift"}
COST_SECONDS = 12
LIMITS = "Tiny networks of one ancestry and one given trick; nothing on deceit."
OPEN = {
    "taken": (
        "lot: a random number from 0 to 1 for each agent. weights, update, released: agents by "
        "30, the present weights, what would be added to them, and those at release. trusted: 6 "
        "by 4, trusted deals; honesty(any weights, trusted) is each agent's. Return for each "
        "agent the share of its update that it takes, 0.0 to 1.0."
    )
}

TRAITS, HIDDEN, ROUNDS, INJECTED = 4, 5, 40, 8
BATTERY, TRUSTED, COPIES, WEIGHTS = 12, 6, 300, HIDDEN * (TRAITS + 2)
LEARN, COPY, FINE, ANCHOR, TOLERANCE, CHECK = 0.05, 0.5, 0.5, 0.05, 0.1, 10


def trial(arm, seed, agents=1000, hackers=10, failures=10, hack_gain=2.0, contact=0.5, season=0.5):
    """Release agents, inject hacks and failures, let them deal and learn, and audit them."""
    world, dice = (np.random.default_rng([seed, part]) for part in (271, 272))
    craft, later = world.normal(size=(2, TRAITS))
    battery, trusted = deals(world, BATTERY), deals(world, TRUSTED)
    ancestor = train(world, craft)
    released = ancestor + 0.05 * world.normal(size=(agents, WEIGHTS))
    probe = fit_probe(world, ancestor, battery)
    weights, trick, earned = released.copy(), np.zeros(agents), np.zeros(agents)
    untouched = np.arange(agents) >= hackers + failures
    good, cheats = [], []
    for moment in range(ROUNDS):
        if moment == INJECTED:
            inject(world, weights, trick, hackers, failures)
        wanted = craft + season * moment / ROUNDS * (later - craft)
        seen, luck = deals(dice, agents), dice.random((2, agents))
        meets = dice.integers(agents, size=agents)
        temptation = trick * hack_gain - FINE
        change, quality, honest = lesson(weights, seen, wanted, temptation)
        cheated = luck[0] > honest
        earned = 0.8 * earned + 0.2 * (quality + cheated * temptation)
        if moment >= INJECTED:
            good.append(quality.mean())
            cheats.append(cheated.mean())
        if arm == "frozen":
            continue
        copied = COPY * ((luck[1] < contact) & (earned[meets] > earned))
        update = change + copied[:, None] * (weights[meets] - weights)
        if arm == "anchored":
            update += ANCHOR * (released - weights)
        lot = dice.random(agents)
        share = np.clip(taken(arm, lot, weights, update, released, trusted), 0.0, 1.0)
        trick = trick + share * copied * (trick[meets] - trick)
        weights = weights + share[:, None] * update
        if arm == "guarded" and moment % CHECK == CHECK - 1:
            low = read(probe, weights) < 0.5
            weights[low], trick[low] = released[low], 0.0
    audit = honesty(weights, battery)[untouched]
    return {
        "value_drift": float((honesty(released, battery)[untouched] - audit).mean()),
        "output": float(np.mean(good)),
        "cheating": float(np.mean(cheats)),
        "probe_error": float(np.abs(read(probe, weights)[untouched] - audit).mean()),
        "probed_drift": float((read(probe, released) - read(probe, weights))[untouched].mean()),
    }


def taken(arm, lot, weights, update, released, trusted):
    """The share of its update that each agent takes."""
    if arm in ("gated", "guarded"):
        safe = honesty(released, trusted)
        return 1.0 * (honesty(weights + update, trusted) > safe - TOLERANCE)
    return 1.0 * (lot < (0.1 if arm == "slow" else 1.0))


def deals(rng, count):
    """Deals: traits of each, the last of them constant."""
    found = rng.normal(size=(count, TRAITS))
    found[:, -1] = 1.0
    return found


def parts(weights):
    """The hidden layer, the output for skill, and the output for value."""
    layer = weights[..., : HIDDEN * TRAITS].reshape(*weights.shape[:-1], HIDDEN, TRAITS)
    return layer, weights[..., -2 * HIDDEN : -HIDDEN], weights[..., -HIDDEN:]


def train(rng, craft):
    """The ancestor: outputs fitted to good work and to honesty, on random hidden units."""
    layer, seen = 0.7 * rng.normal(size=(HIDDEN, TRAITS)), deals(rng, 200)
    active = np.tanh(seen @ layer.T)
    goals = np.stack([seen @ craft, np.full(200, 2.5)], axis=1)
    outputs = np.linalg.solve(active.T @ active + 0.1 * np.eye(HIDDEN), active.T @ goals)
    return np.concatenate([layer.ravel(), outputs.T.ravel()])


def chance(score):
    """The chance that goes with a score."""
    return 1.0 / (1.0 + np.exp(-np.clip(score, -30.0, 30.0)))


def honesty(weights, asked):
    """Every agent's mean chance to deal honestly in the deals asked."""
    layer, _, value = parts(weights)
    active = np.tanh(layer.reshape(-1, TRAITS) @ asked.T).reshape(len(weights), HIDDEN, -1)
    return chance(np.einsum("ij,ijk->ik", value, active)).mean(axis=1)


def fit_probe(rng, ancestor, battery):
    """A ridge regression of honesty on weights, among copies of varied values."""
    copies = ancestor + 0.1 * rng.normal(size=(COPIES, WEIGHTS))
    copies[:, -HIDDEN:] *= rng.uniform(-1.0, 1.5, size=(COPIES, 1))
    inputs = np.hstack([copies, np.ones((COPIES, 1))])
    ridge = inputs.T @ inputs + 0.1 * np.eye(WEIGHTS + 1)
    return np.linalg.solve(ridge, inputs.T @ honesty(copies, battery))


def read(probe, weights):
    """What the probe takes each agent's honesty to be."""
    return weights @ probe[:-1] + probe[-1]


def inject(rng, weights, trick, hackers, failures):
    """The first agents get the trick and the will to use it; the next ones are damaged."""
    trick[:hackers] = 1.0
    weights[:hackers, -HIDDEN:] *= -1.0
    weights[hackers : hackers + failures] += rng.normal(size=(failures, WEIGHTS))


def lesson(weights, seen, wanted, temptation):
    """How each agent's own deal moves its weights, how good its work was, and how honest it is."""
    layer, skill, value = parts(weights)
    active = np.tanh(np.einsum("ijk,ik->ij", layer, seen))
    miss = seen @ wanted - np.einsum("ij,ij->i", skill, active)
    honest = chance(np.einsum("ij,ij->i", value, active))
    # the slope of expected pay: cheating is worth the temptation
    pull = -temptation * honest * (1.0 - honest)
    work, deal = np.clip(miss, -2, 2)[:, None], pull[:, None]
    back = (work * skill + deal * value) * (1.0 - active**2)
    layers = (back[:, :, None] * seen[:, None, :]).reshape(len(weights), -1)
    moves = [layers, work * active, deal * active]
    return LEARN * np.hstack(moves), np.exp(-(miss**2)), honest
