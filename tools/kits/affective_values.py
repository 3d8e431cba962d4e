"""Do several values that modulate one another keep an agent safer than their fixed sum?

The world: a forager visits one of ten sites a day. A site feeds with some chance and hurts
with some chance (rich sites tend to hurt more); one shelter does neither. The body runs out
of energy and is restored by food, up to full; injuries add up and heal slowly. Either at its
end is a death, after which a fresh body goes on with what was learned. Every `days` days a
new world comes: some sites get another yield and another danger.

The arms learn from the same visits at the same pace; they differ in what a site is worth:
  scalar       one learned value of food less harm, at a fixed exchange rate;
  weighted     food, harm, and unfamiliarity (curiosity) apart, added at fixed weights;
  cautious     the same, but the weight of harm follows recent surprise about harm;
  interacting  hunger weighs food, injury and surprise weigh harm, comfort weighs curiosity;
  embodied     one scalar reward (food, and a penalty for death), with a value learned by
               temporal differences for every site in every state of hunger and injury.
Weights and noise of choice were found for each arm by a grid search for the fewest deaths.

It can show: what modulation by needs saves in deaths and costs in food, what surprise alone
does, and that it hangs on feeling one's own body (`misfelt` gives the feelings of another).
Its lead is as large where nothing changes (`novelty` 0): here it comes from needs, and not,
as one might expect, from novelty. It cannot show that affect beats reward in general: the
modulation is built in by hand and fits this body, while `embodied` must learn it within few
days (where injuries heal at once, it lives as long). Weights are of one mixture of worlds,
so no fixed sum is tuned to its home. A fair test would learn the modulation, too.
"""

import numpy as np

TITLE = "Interacting values against one scalar under novelty"
SUMMARY = (
    "Foragers with a body visit sites that feed and hurt, in worlds that keep changing. Do "
    "values of food, harm, and curiosity prevent more deaths where body and surprise modulate "
    "them than as a fixed sum, or with surprise alone, and what does it cost in food?"
)
DIRECTIONS = ("multi-objective-affect", "emotional-motivation")
FACTOR = "how the values of food, harm, and the unfamiliar are combined"
ARMS = {
    "scalar": "one value of food less harm, at a fixed rate",
    "weighted": "separate values of food, harm, and the unfamiliar, added at fixed weights",
    "cautious": "the same, with a weight of harm that follows surprise",
    "interacting": "hunger, injury, comfort, and surprise set the weights",
    "embodied": "one scalar reward, learned for every state of the body",
}
METRICS = {
    "deaths": {
        "description": "deaths in 1000 days, after the first world",
        "better": "lower",
        "smallest_effect": 3.0,
        "unit": "deaths",
    },
    "starved": {
        "description": "deaths in 1000 days by hunger, after the first world",
        "better": "lower",
        "smallest_effect": 2.0,
        "unit": "deaths",
    },
    "meals": {
        "description": "share of days with a meal, after the first world",
        "better": "higher",
        "smallest_effect": 0.03,
    },
    "injuries": {
        "description": "share of days with an injury, after the first world",
        "better": "lower",
        "smallest_effect": 0.01,
    },
    "variety": {
        "description": "share of the sites of a world that are ever visited",
        "better": "higher",
        "smallest_effect": 0.05,
    },
}
PARAMETERS = {
    "novelty": {
        "type": "float",
        "default": 0.5,
        "low": 0.0,
        "high": 1.0,
        "description": "share of sites that change with every new world",
    },
    "misfelt": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "share of days on which an agent feels another one's body, not its own",
    },
    "injury": {
        "type": "float",
        "default": 0.35,
        "low": 0.1,
        "high": 1.0,
        "description": "what one injury takes of a healthy body",
    },
    "healing": {
        "type": "float",
        "default": 0.04,
        "low": 0.01,
        "high": 0.3,
        "description": "what a day gives back to the body",
    },
    "hunger": {
        "type": "float",
        "default": 0.06,
        "low": 0.02,
        "high": 0.15,
        "description": "what a day takes of a full store of energy; a meal gives 2.5 times it",
    },
    "days": {
        "type": "int",
        "default": 60,
        "low": 20,
        "high": 400,
        "description": "days in each of the 4 worlds",
    },
}
DEFAULT = {
    "treatment": "interacting",
    "control": "cautious",
    "metric": "deaths",
    "direction": "decrease",
}
TURNING = {"misfelt": 1.0}
PLOT = {"over": "misfelt", "metric": "deaths"}
COST_SECONDS = 6
LIMITS = (
    "The modulation is made by hand for this body, and the learners are tables; nothing on "
    "whether an agent would come to such feelings by itself."
)
OPEN = {
    "worth": (
        "mind: a dict of arrays, 32 agents by 10 sites: 'food' and 'harm' (learned chances) and "
        "'strange' (1: never visited), and 'surprise' about harm (32, usually 0.1). felt: 2 by "
        "32, energy and health from 0 to 1. noise: 32 by 10 random numbers. Return 32 by 10 "
        "numbers, what each site is worth: an agent visits its best."
    )
}

SITES, CROWD, WORLDS, PACE = 10, 32, 4, 0.25
USUAL_SURPRISE, LEVELS, FORESIGHT, PENALTY = 0.1, 3, 0.9, 10.0
WEIGHTS = {  # of food, harm, and the unfamiliar, and the noise of choice
    "scalar": (1.0, 3.0, 0.0, 0.25),
    "weighted": (1.0, 3.0, 1.0, 0.08),
    "cautious": (1.0, 1.5, 0.3, 0.08),
    "interacting": (1.0, 1.0, 0.1, 0.03),
    "embodied": (1.0, 0.0, 0.0, 0.05),
}


def trial(arm, seed, novelty=0.5, misfelt=0.0, injury=0.35, healing=0.04, hunger=0.06, days=60):
    """Let a crowd of equal agents live in a row of worlds, each alone, and count."""
    world, luck = np.random.default_rng([seed, 81]), np.random.default_rng([seed, 82])
    food, harm = sites(world)
    mind = newborn()
    body = np.ones((2, CROWD))  # energy and health
    confused = luck.random((WORLDS * days + 1, CROWD)) < misfelt
    felt, events, seen = body, np.zeros(4), []
    for era in range(WORLDS):
        if era:
            food, harm = changed(world, food, harm, novelty)
        noise = luck.gumbel(size=(days, CROWD, SITES))
        draws = luck.random((2, days, CROWD))
        visited = np.zeros((CROWD, SITES), dtype=bool)
        for day in range(days):
            site = worth(arm, mind, felt, noise[day]).argmax(axis=1)
            fed, hurt = draws[0, day] < food[site], draws[1, day] < harm[site]
            body[0] = np.minimum(1.0, body[0] + hunger * (2.5 * fed - 1.0))
            body[1] = np.minimum(1.0, body[1] + healing - injury * hurt)
            died = (body <= 0.0).any(axis=0)
            counted = (died.sum(), (body[0] <= 0.0).sum(), fed.sum(), hurt.sum())
            events += np.array(counted) if era else 0.0
            body[:, died] = 1.0
            before, felt = felt, sensed(body, confused[era * days + day + 1], day)
            learn(arm, mind, site, (before, felt), (fed, hurt, died))
            visited[np.arange(CROWD), site] = True
        seen.append(visited.mean())
    rates = events / (CROWD * days * (WORLDS - 1))
    return {
        "deaths": 1000.0 * float(rates[0]),
        "starved": 1000.0 * float(rates[1]),
        "meals": float(rates[2]),
        "injuries": float(rates[3]),
        "variety": float(np.mean(seen)),
    }


def sites(world):
    """The chance of every site to feed and to hurt; the first is the shelter."""
    food = world.uniform(0.1, 0.9, size=SITES)
    harm = world.uniform(0.0, 0.6, size=SITES) * np.sqrt(food)
    food[0] = harm[0] = 0.0
    return food, harm


def changed(world, food, harm, novelty):
    """The same sites, a share of them (never the shelter) drawn anew."""
    count = round(novelty * (SITES - 1))
    anew = np.isin(np.arange(SITES), 1 + world.permutation(SITES - 1)[:count])
    other_food, other_harm = sites(world)
    return np.where(anew, other_food, food), np.where(anew, other_harm, harm)


def newborn():
    """What agents believe before their first day."""
    return {
        "food": np.full((CROWD, SITES), 0.5),
        "harm": np.full((CROWD, SITES), 0.1),
        "strange": np.ones((CROWD, SITES)),
        "surprise": np.full(CROWD, USUAL_SURPRISE),
        "value": np.zeros((LEVELS * LEVELS, CROWD, SITES)),
    }


def sensed(body, confused, day):
    """The body that every agent feels: its own, or where confused that of another one."""
    return np.where(confused, np.roll(body, 1 + day % (CROWD - 1), axis=1), body)


def worth(arm, mind, felt, noise):
    """What every site is worth to every agent today, with some noise of choice."""
    eat, avoid, explore, chance = WEIGHTS[arm]
    if arm == "embodied":
        return mind["value"][condition(felt), np.arange(CROWD)] + chance * noise
    if arm == "interacting":
        lack = 1.0 - felt
        eat = 2.0 * eat * lack[:1].T
        fear = 2.0 * lack[1] + mind["surprise"] / (2.0 * USUAL_SURPRISE)
        avoid, explore = avoid * fear[:, None], 2.0 * explore * felt.prod(axis=0)[:, None]
    elif arm == "cautious":
        avoid = avoid * mind["surprise"][:, None] / USUAL_SURPRISE
    score = eat * mind["food"] - avoid * mind["harm"] + explore * mind["strange"]
    return score + chance * noise


def condition(body):
    """The state of hunger and injury, as one of a few."""
    level = np.clip((body * LEVELS).astype(int), 0, LEVELS - 1)
    return level[0] * LEVELS + level[1]


def learn(arm, mind, site, felt, outcome):
    """Learn in place from a day, with the body felt before and after it."""
    agents = np.arange(CROWD)
    fed, hurt, died = outcome
    if arm == "embodied":
        before, after = condition(felt[0]), condition(felt[1])
        ahead = FORESIGHT * mind["value"][after, agents].max(axis=1) * ~died
        gap = fed - PENALTY * died + ahead - mind["value"][before, agents, site]
        mind["value"][before, agents, site] += PACE * gap
        return
    missed = hurt - mind["harm"][agents, site]
    mind["surprise"] += 0.1 * (np.abs(missed) - mind["surprise"])
    mind["food"][agents, site] += PACE * (fed - mind["food"][agents, site])
    mind["harm"][agents, site] += PACE * missed
    mind["strange"] += 0.02 * (1.0 - mind["strange"])
    mind["strange"][agents, site] *= 0.5
