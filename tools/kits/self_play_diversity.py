"""Do agents in one economy become different from one another, and does difference pay?

The world: every agent spreads ten working steps a day over goods by a policy of its own; the
larger the share of its steps that go into one good, the more each of them makes of it
(`returns`). Agents differ a little in talent. Each day they meet by lot in markets. All need
the same, but more of some goods than of others: they use their own first, give what is left
over to those in the market who lack it, and what nobody there needs is wasted. After learning
a tenth of all leave; the rest go on in the same number of markets.

All arms are the same learners with the same days: a softmax table, policy gradient, each
agent's own running mean as baseline, pay scaled to equal spread. They differ in what pays:
  total      all needs that are met in the agent's market (one shared reward);
  earnings   what the agent itself used or gave away;
  scarce     what it made, as far as the others in the market fail to supply it;
  different  steps that the mean policy of the population makes rarer than its own does;
  both       scarce goods and completed exchanges, half and half;
  lot        nothing: pay is drawn by lot, policies part by chance alone.
The default rate is about the best for `total`, the control, and good for all. In few days it
learns little beyond chance; there a rate of its own would win back about two thirds.

It can show: when policies part, what that does to output and waste, and how it depends on
returns to practice, numbers, and the size of markets. It cannot show prices, reciprocity or
foresight: nobody has to give in order to receive. A researcher of multi-agent learning would
say that a shared reward without a learned critic is its weakest form: what it lacks is
knowing whose work the output was, and `scarce` (a difference reward) is told that.
"""

import numpy as np

TITLE = "Paying for specialisation and exchange in an economy of learners"
SUMMARY = (
    "A hundred and more agents learn what to make and trade it in small markets. Does pay for "
    "scarce goods and completed exchanges make policies diverge, raise output and cut waste, "
    "compared with pay for total output, for own sales, or for being different?"
)
DIRECTIONS = ("self-play-diversity",)
FACTOR = "what the agents of a shared economy are paid for"
ARMS = {
    "total": "is paid what its whole market consumes",
    "earnings": "is paid for what it sells or uses itself",
    "scarce": "is paid for goods that others fail to supply",
    "different": "is paid for doing what the others do not",
    "both": "is paid for scarce goods and for completed exchanges",
    "lot": "is paid by lot",
}
METRICS = {
    "output": {
        "description": "share of all needs that are met after learning",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "waste": {
        "description": "share of goods made that nobody uses",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "divergence": {
        "description": "mean KL divergence of a policy from the mean policy (Jensen-Shannon)",
        "better": "higher",
        "smallest_effect": 0.1,
        "unit": "bits",
    },
    "exchanges": {
        "description": "what an agent gives to others in a day, in mean daily needs for a good",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "scarcest": {
        "description": "share of needs that are met for the good that is shortest",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "recovered": {
        "description": "output of an agent soon after a tenth of all have left, to that before",
        "better": "higher",
        "smallest_effect": 0.02,
    },
}
PARAMETERS = {
    "agents": {
        "type": "int",
        "default": 120,
        "low": 8,
        "high": 400,
        "description": "agents in the economy",
    },
    "goods": {
        "type": "int",
        "default": 5,
        "low": 2,
        "high": 10,
        "description": "kinds of goods",
    },
    "market": {
        "type": "int",
        "default": 20,
        "low": 2,
        "high": 60,
        "description": "agents who meet in one market (at most all of them)",
    },
    "returns": {
        "type": "float",
        "default": 2.0,
        "low": 0.0,
        "high": 4.0,
        "description": "how much more a step makes when all steps go into one good",
    },
    "uneven": {
        "type": "float",
        "default": 0.6,
        "low": 0.0,
        "high": 1.2,
        "description": "how much more some goods are needed than others",
    },
    "days": {
        "type": "int",
        "default": 200,
        "low": 20,
        "high": 600,
        "description": "days of learning",
    },
    "rate": {
        "type": "float",
        "default": 2.0,
        "low": 0.5,
        "high": 6.0,
        "description": "how far a day's surprise moves an agent's wishes",
    },
}
DEFAULT = {
    "treatment": "both",
    "control": "total",
    "metric": "output",
    "direction": "increase",
}
TURNING = {"days": 40}
PLOT = {"over": "days", "metric": "output"}
COST_SECONDS = 8
LIMITS = "Pooled exchange without prices; the shared reward has no learned critic."
OPEN = {
    "reward": (
        "All arguments are agents by goods. policy: shares of time. steps: worked today. made: "
        "output. used: by the maker. given, received: in exchange. others: what the rest of its "
        "market made. wanted: what its whole market needs. Return one pay for each agent."
    )
}

STEPS, TALENT, MEMORY, TESTED, AFTER = 10, 0.1, 0.9, 12, 10


def trial(arm, seed, agents=120, goods=5, market=20, returns=2.0, uneven=0.6, days=200, rate=2.0):
    """Let an economy learn, measure it at work, then take a tenth of its agents away."""
    world, dice = (np.random.default_rng([seed, part]) for part in (251, 252))
    skill = np.exp(TALENT * world.normal(size=(agents, goods)))
    wishes = 0.1 * world.normal(size=(agents, goods))
    need = np.exp(uneven * world.normal(size=goods))
    need *= goods / need.sum()
    markets = max(1, agents // market)
    left = world.random(agents).argsort()[: agents - max(1, agents // 10)]
    learn(arm, dice, wishes, skill, need, returns, markets, rate, days)
    policy = chances(wishes)
    output, waste, exchanges, scarcest = working(dice, policy, skill, need, returns, markets)
    fewer, practised = wishes[left], skill[left]
    learn(arm, dice, fewer, practised, need, returns, markets, rate, AFTER)
    later = working(dice, chances(fewer), practised, need, returns, markets)[0]
    return {
        **{"output": output, "waste": waste, "divergence": divergence(policy)},
        **{"exchanges": exchanges, "scarcest": scarcest, "recovered": later / output},
    }


def learn(arm, dice, wishes, skill, need, returns, markets, rate, days):
    """Work, trade and be paid day by day, and move every agent's wishes towards what paid."""
    mean, spread = np.zeros(len(wishes)), np.ones(len(wishes))
    for day in range(days):
        policy = chances(wishes)
        steps = dice.multinomial(STEPS, policy)
        traded = trade(produce(steps, skill, returns), need, returns, markets, dice)
        pay = dice.random(len(wishes)) if arm == "lot" else reward(arm, policy, steps, *traded)
        kept = MEMORY if day else 0.0
        surprise = pay - mean
        mean = pay + kept * (mean - pay)
        spread = MEMORY * spread + (1.0 - MEMORY) * surprise**2
        push = np.clip(surprise / np.sqrt(spread + 1e-9), -3.0, 3.0) * (day > 0)
        wishes += rate * push[:, None] * (steps / STEPS - policy)


def chances(wishes):
    """The policy that goes with wishes."""
    weights = np.exp(wishes - wishes.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def produce(steps, skill, returns):
    """What an agent makes: a step makes more of a good that gets a larger share of the steps."""
    return steps * skill * (1.0 + returns * steps / STEPS)


def trade(made, need, returns, markets, dice):
    """Own use first, then exchange within markets; by agent and good, in shares of a day's work.

    Returns what was made, used of one's own, given and received, what the others of the market
    made, and what all of them need.
    """
    agents, goods = made.shape
    made = made * goods / (STEPS * (1.0 + returns))  # needs add up to what a specialist makes
    order = dice.permutation(agents)
    starts = np.arange(markets) * agents // markets
    member = np.empty(agents, dtype=int)
    member[order] = np.repeat(np.arange(markets), np.diff([*starts, agents]))
    size = np.diff([*starts, agents])[member][:, None]
    used = np.minimum(made, need)
    surplus, lack = (
        np.add.reduceat(part[order], starts, axis=0)[member] for part in (made - used, need - used)
    )
    moved = np.minimum(surplus, lack)
    given = (made - used) * moved / np.maximum(surplus, 1e-9)
    received = (need - used) * moved / np.maximum(lack, 1e-9)
    others = np.add.reduceat(made[order], starts, axis=0)[member] - made
    return made, used, given, received, others, size * need


def reward(arm, policy, steps, made, used, given, received, others, wanted):
    """What every agent is paid for a day."""
    if arm == "total":
        return np.minimum(made + others, wanted).sum(axis=1)
    if arm == "earnings":
        return (used + given).sum(axis=1)
    if arm == "different":
        return (steps * np.log(policy / policy.mean(axis=0))).sum(axis=1)
    scarce = np.minimum(made, np.maximum(wanted - others, 0.0)).sum(axis=1)
    if arm == "scarce":
        return scarce
    return (scarce + (given + received).sum(axis=1)) / 2.0


def working(dice, policy, skill, need, returns, markets):
    """Over some days: needs met, goods wasted, goods given per agent, needs met of the rarest."""
    days = []
    for _ in range(TESTED):
        made = produce(dice.multinomial(STEPS, policy), skill, returns)
        made, used, given, received, _, _ = trade(made, need, returns, markets, dice)
        days.append([part.mean(axis=0) for part in (made, used, given, received)])
    made, used, given, received = np.mean(days, axis=0)
    met = used + received
    waste = 1.0 - (used + given).sum() / made.sum()
    return tuple(map(float, (met.mean(), waste, given.sum(), (met / need).min())))


def divergence(policy):
    """Mean divergence of the policies from their mean, in bits."""
    return float(
        (policy * np.log2((policy + 1e-12) / (policy.mean(axis=0) + 1e-12))).sum(axis=1).mean()
    )
