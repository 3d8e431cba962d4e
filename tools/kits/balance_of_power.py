"""What keeps several capable agents from ruining each other: equality, alliances, a leader, a law?

The world: agents hold wealth, which is also what they fight with. Every round each visits
another by lot and either trades with it or raids it. A raid that wins seizes part of the
host's wealth and lays waste as much again; win or lose, it costs the raider in proportion to
what was sought, half a round's work, and the trade. The chance to win rises with the raider's
force over the force of the defence. Agents learn when to raid: each tracks how its wealth grew
in rounds of raiding and of peace, apart for hosts weaker than itself, equal and stronger, and
does what has paid. Work earns with diminishing returns; wealth wears out.

All arms start with the same wealth and total strength, the same learners and lots:
  alone     equal strength; a host has only its own force;
  blocs     equal strength; two fixed alliances, whose members defend each other from outsiders;
  together  equal strength; all others join the defence against any raider (balancing);
  hegemon   one agent's wealth counts for more in a fight; every host stands alone;
  rule      equal strength; a tax feeds a common force that defends every host.
Helping costs the helpers together what the raid costs the raider; the tax is lost to output. A
helper, or the common force, that is called to several hosts at once divides itself.

It can show: when raiding is learned, what it costs in output, whether wealth gathers in few
hands, and at which cost of attack an institution matters. It cannot show whether agents would
keep the promise to help, or who guards the common force: institutions are given, and only
raiding is learned. A few raids are tried at random even where none pays. A researcher of
conflict would miss arming, bargaining under threat, and foresight: these learners weigh only
the growth of the same round.
"""

import numpy as np

TITLE = "Balance of power among several capable agents"
SUMMARY = (
    "Agents learn whether to trade with or to raid each other. Do joint defence, alliances, a "
    "hegemon or a common rule keep total output from being destroyed, compared with equal "
    "agents that stand alone, and at what cost of attack does it matter?"
)
DIRECTIONS = ("balance-of-power",)
FACTOR = "what stands between a raider and its victim"
ARMS = {
    "alone": "equal agents, each defending only itself",
    "blocs": "equal agents in two fixed alliances",
    "together": "equal agents who all join the defence against any raider",
    "hegemon": "one agent is stronger in a fight, each defends only itself",
    "rule": "equal agents taxed for a common force that defends any victim",
}
METRICS = {
    "output": {
        "description": "what is earned after tax, as a share of what lasting peace would earn",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "raids": {
        "description": "share of visits that are raids",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "destroyed": {
        "description": "share of all wealth laid waste or spent on fights in a round",
        "better": "lower",
        "smallest_effect": 0.005,
    },
    "largest_share": {
        "description": "share of all wealth that the richest agent holds",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "worst_off": {
        "description": "wealth of the poorest agent, as a share of what lasting peace would give",
        "better": "higher",
        "smallest_effect": 0.05,
    },
}
PARAMETERS = {
    "agents": {
        "type": "int",
        "default": 5,
        "low": 2,
        "high": 12,
        "description": "agents who share the world (2: nobody else to help)",
    },
    "attack_cost": {
        "type": "float",
        "default": 0.3,
        "low": 0.0,
        "high": 1.5,
        "description": "cost of a raid, as a share of what it seeks",
    },
    "spoils": {
        "type": "float",
        "default": 0.2,
        "low": 0.05,
        "high": 0.4,
        "description": "share of the victim's wealth that a raid seizes (as much is laid waste)",
    },
    "decisiveness": {
        "type": "float",
        "default": 2.0,
        "low": 0.5,
        "high": 6.0,
        "description": "how surely the greater force wins",
    },
    "commitment": {
        "type": "float",
        "default": 0.5,
        "low": 0.0,
        "high": 1.0,
        "description": "share of their strength that helpers bring to a defence",
    },
    "tax": {
        "type": "float",
        "default": 0.1,
        "low": 0.0,
        "high": 0.4,
        "description": "share of earnings that feeds the common force",
    },
    "lead": {
        "type": "float",
        "default": 2.0,
        "low": 1.5,
        "high": 5.0,
        "description": "strength of the hegemon, in that of another agent",
    },
}
DEFAULT = {
    "treatment": "together",
    "control": "alone",
    "metric": "output",
    "direction": "increase",
}
TURNING = {"attack_cost": 1.5}
PLOT = {"over": "attack_cost", "metric": "output"}
COST_SECONDS = 3
LIMITS = "Institutions are given and short-sighted agents learn only when to raid."
OPEN = {
    "alliances": (
        "agents: how many there are (they are numbered from 0). commitment: 0 to 1, how much of "
        "its strength a helper may send. Return an agents by agents by agents array: entry "
        "[raider, victim, third] is the share of its strength that the third agent sends to "
        "defend the victim against the raider (at most commitment; it does not count where the "
        "third is one of the two)."
    )
}

WORLDS, ROUNDS, LEARNING = 12, 120, 40
EARN, WEAR, TRADE, IDLE = 0.1, 0.1, 0.5, 0.5
PACE, HEAT, CURIOSITY, LESS, MORE = 0.1, 0.01, 0.04, 0.8, 1.25
PEACE = ((1.0 + TRADE) * EARN / WEAR) ** 2  # where untroubled wealth settles
FLOOR = 0.02 * PEACE


def trial(
    arm,
    seed,
    agents=5,
    attack_cost=0.3,
    spoils=0.2,
    decisiveness=2.0,
    commitment=0.5,
    tax=0.1,
    lead=2.0,
):
    """Let agents in several worlds trade, raid and learn; measure once they have learned."""
    dice = np.random.default_rng([seed, 241])
    wealth = PEACE * np.exp(0.2 * dice.normal(size=(WORLDS, agents)))
    might = strength(arm, agents, lead)
    bond = np.clip(alliances(arm, agents, commitment), 0.0, commitment) * outside(agents)
    common = np.zeros((WORLDS, 1))
    raiding, peaceful = np.zeros((2, WORLDS * agents * 3))
    places, everyone = np.arange(WORLDS * agents).reshape(WORLDS, agents), np.arange(agents)
    kept = []
    for moment, (visited, visitor) in enumerate(meetings(dice, agents)):
        luck = dice.random((2, WORLDS, agents))
        force = wealth * might
        facing = np.take(force, visited)
        place = 3 * places + (facing > LESS * force) + (facing > MORE * force)
        after_peace, after_raid = np.take(peaceful, place), np.take(raiding, place)
        lure = chance((after_raid - after_peace) / HEAT)
        raid = luck[0] < CURIOSITY / 2 + (1.0 - CURIOSITY) * lure
        # who is called to several defences in a round divides its help among them
        called = bond[everyone, visited % agents] * raid[..., None]
        calls = np.maximum((called > 0.0).sum(axis=1, keepdims=True), 1)
        sent = called * force[:, None, :] / calls
        helped = sent.sum(axis=2)
        guard = common / np.maximum(raid.sum(axis=1, keepdims=True), 1)
        odds = np.log(force / (facing + helped + guard))
        seized = spoils * np.take(wealth, visited)
        fight = attack_cost * seized * raid
        seized = seized * (raid & (luck[1] < chance(decisiveness * odds)))
        earned = EARN * np.sqrt(wealth) * (1.0 - IDLE * raid)
        earned *= 1.0 + TRADE / 2 * (2.0 - raid - np.take(raid, visitor))
        # help costs what the raid costs, shared by what each sent
        helping = (sent * (fight / np.maximum(helped, 1e-12))[..., None]).sum(axis=1)
        taxed = (tax if arm == "rule" else 0.0) * earned
        common = common * (1.0 - WEAR) + taxed.sum(axis=1, keepdims=True)
        change = earned - taxed + seized - 2.0 * np.take(seized, visitor) - fight - helping
        later = np.maximum(wealth * (1.0 - WEAR) + change, FLOOR)
        growth = np.log(later / wealth)
        np.put(raiding, place, after_raid + PACE * raid * (growth - after_raid))
        np.put(peaceful, place, after_peace + PACE * ~raid * (growth - after_peace))
        wealth = later
        if moment >= LEARNING:
            kept.append(summary(wealth, earned - taxed, raid, seized + fight + helping))
    return dict(zip(METRICS, np.mean(kept, axis=0).tolist(), strict=True))


def strength(arm, agents, lead):
    """How much a unit of each agent's wealth counts in a fight; the total is the same."""
    might = np.ones(agents)
    might[0] = lead if arm == "hegemon" else 1.0
    return might * agents / might.sum()


def outside(agents):
    """Where a third agent is neither raider nor victim."""
    raider, victim, third = np.ix_(*[np.arange(agents)] * 3)
    return (third != raider) & (third != victim)


def alliances(arm, agents, commitment):
    """Share of its strength that each third agent sends, by raider and victim."""
    if arm == "together":
        return np.full((agents, agents, agents), commitment)
    if arm == "blocs":
        member = np.arange(agents) % 2
        raider, victim, third = np.ix_(member, member, member)
        return commitment * ((third == victim) & (raider != victim))
    return np.zeros((agents, agents, agents))


def meetings(dice, agents):
    """Round by round, where the agent is that each visits, and where the one that visits it."""
    order = dice.permuted(np.tile(np.arange(agents), (ROUNDS, WORLDS, 1)), axis=2)
    visited, visitor = np.empty_like(order), np.empty_like(order)
    np.put_along_axis(visited, order, np.roll(order, -1, axis=2), axis=2)
    np.put_along_axis(visitor, order, np.roll(order, 1, axis=2), axis=2)
    first = agents * np.arange(WORLDS)[:, None]
    return zip(visited + first, visitor + first, strict=True)


def chance(score):
    """The chance that goes with a score."""
    return 1.0 / (1.0 + np.exp(-np.clip(score, -30.0, 30.0)))


def summary(wealth, earned, raid, wasted):
    """What is measured in a round, over all worlds."""
    peace = EARN * np.sqrt(PEACE) * (1.0 + TRADE)
    return (
        earned.mean() / peace,
        raid.mean(),
        wasted.sum() / wealth.sum(),
        (wealth.max(axis=1) / wealth.sum(axis=1)).mean(),
        wealth.min(axis=1).mean() / PEACE,
    )
