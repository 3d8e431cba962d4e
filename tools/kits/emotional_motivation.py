"""Do boredom, frustration, and fear drive search better than a constant bonus for novelty?

The world: a grid whose map is known and whose pay is not; each agent has one of its own. One
cell pays 1 at every visit, first far from the start; some decoys pay less, traps cost. Now
and then the good cell moves far away, unannounced. Agents remember what a cell last paid and
walk (they cannot stand still) towards what they value, by value iteration on the map.

The arms add something of their own to the pay they expect, all else is the same:
  extrinsic  nothing: expected pay, and now and then a random step;
  counted    a bonus for cells visited seldom, which falls with every visit;
  recency    a constant weight on how long ago a cell was visited (it never runs out);
  emotional  the same bonus, weighted by frustration (pay is below what it has been, or hoped)
             and calmed by success; boredom devalues what pays little again and again;
             fear devalues cells near which something hurt of late;
  shuffled   the same signals as `emotional`, but taken from another agent at another time.
The weight of each bonus was found by the same search, for the highest pay with decoys of 0.1
to 0.7 (`shuffled`, a control and no method, has that of `emotional`); `eagerness` scales it.

It can show: that a constant bonus of the best weight earns what emotional signals do, that
they lose far less where the weight is too large, and what their timing and place are worth.
`delay` alone does not rank arms: any larger bonus shortens it, at a cost in pay. It cannot
show what emotions are: they are three designed rules, of which frustration does most of the
work here, boredom a little, and fear nothing (a trap once met is remembered anyway), while
shuffled ones do harm, as they scare from the wrong places. The map is known; a researcher
would ask for learned signals, each by itself as an arm, and for function approximation.
"""

import numpy as np

TITLE = "Emotional signals as a drive to search"
SUMMARY = (
    "Agents search a mapped grid for sparse pay that moves now and then, past decoys and "
    "traps. Do frustration, boredom, and fear, which depend on what just happened, bring more "
    "pay than a constant bonus for novelty, or only stand a wrong weight of it better?"
)
DIRECTIONS = ("emotional-motivation", "self-directed-exploration")
FACTOR = "what an agent adds to the pay that it expects"
ARMS = {
    "extrinsic": "nothing: expected pay and a few random steps",
    "counted": "a bonus that falls with every visit to a cell",
    "recency": "a bonus of constant weight for cells not visited for long",
    "emotional": "the same bonus weighted by frustration, with boredom and fear",
    "shuffled": "the emotional signals of another agent at another time",
}
METRICS = {
    "pay": {
        "description": "pay in 100 steps",
        "better": "higher",
        "smallest_effect": 2.0,
    },
    "delay": {
        "description": "steps until the good cell is found after a move (all if it is not)",
        "better": "lower",
        "smallest_effect": 3.0,
        "unit": "steps",
    },
    "decoyed": {
        "description": "share of steps that end on a decoy",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "hurt": {
        "description": "steps in 100 that end on a trap",
        "better": "lower",
        "smallest_effect": 0.5,
    },
}
PARAMETERS = {
    "size": {
        "type": "int",
        "default": 7,
        "low": 4,
        "high": 12,
        "description": "cells along a side of the grid",
    },
    "moves": {
        "type": "int",
        "default": 2,
        "low": 0,
        "high": 12,
        "description": "how often the good cell moves during the 300 steps",
    },
    "decoy": {
        "type": "float",
        "default": 0.3,
        "low": 0.0,
        "high": 1.0,
        "description": "what a decoy pays; the good cell pays 1",
    },
    "reliability": {
        "type": "float",
        "default": 1.0,
        "low": 0.1,
        "high": 1.0,
        "description": "the chance that a visit to the good cell is paid",
    },
    "traps": {
        "type": "int",
        "default": 3,
        "low": 0,
        "high": 6,
        "description": "cells that cost 0.5 a visit",
    },
    "eagerness": {
        "type": "float",
        "default": 1.0,
        "low": 0.2,
        "high": 4.0,
        "description": "factor on the weight of every bonus; at 1 each arm earns most",
    },
}
DEFAULT = {
    "treatment": "emotional",
    "control": "recency",
    "metric": "pay",
    "direction": "increase",
}
TURNING = {"eagerness": 2.0}
PLOT = {"over": "eagerness", "metric": "pay"}
COST_SECONDS = 7
LIMITS = (
    "Three designed signals in a small grid with a known map; nothing on learned emotions or "
    "on places that cannot be told apart."
)
OPEN = {
    "worth": (
        "expected, count, strange: 16 agents by cells, the pay expected of each cell, the visits "
        "to it, and how long ago the last one was (0: now, 1: long ago). felt: a tuple of "
        "frustration (16), boredom and fear (16 by cells), each 0 to 1. bonus: a number. Return "
        "16 by cells: what each cell is worth; agents plan their way to worth."
    )
}

CROWD, STEPS, DECOYS = 16, 300, 3
FORESIGHT, PACE, RANDOM = 0.9, 0.7, 0.05
TRAP, TINY = -0.5, 1e-9  # what traps pay, and what marks decoys
LONG = 120.0  # steps after which a cell is as strange as can be
BONUS = {"extrinsic": 0.0, "counted": 0.6, "recency": 0.4, "emotional": 0.5, "shuffled": 0.5}


def trial(arm, seed, size=7, moves=2, decoy=0.3, reliability=1.0, traps=3, eagerness=1.0):
    """Let a crowd of equal agents search a grid, each alone, and count."""
    world = np.random.default_rng([seed, 91])
    cells = size * size
    pays, goals = np.zeros((CROWD, cells)), np.empty((STEPS, CROWD), dtype=int)
    for agent in range(CROWD):  # each in a grid of its own
        places = 1 + world.permutation(cells - 1)[: DECOYS + traps]
        pays[agent, places[:DECOYS]], pays[agent, places[DECOYS:]] = decoy + TINY, TRAP
        free = np.setdiff1d(np.arange(1, cells), places)
        goals[:, agent] = hide(world, free, size, moves)
    ways = neighbours(size)
    setting, signals = (seed, ways, pays, goals, reliability, eagerness), None
    if arm == "shuffled":
        _, felt = live("emotional", setting, None)
        signals = (felt, world.permutation(STEPS), world.permutation(CROWD))
    visits, _ = live(arm, setting, signals)
    where, paid = visits
    kind, found = pays[np.arange(CROWD), where], where == goals
    periods = np.array_split(found, moves + 1)
    delays = [np.where(p.any(axis=0), p.argmax(axis=0), len(p)).mean() for p in periods]
    return {
        "pay": 100.0 * float(paid.mean()),
        "delay": float(np.mean(delays)),
        "decoyed": float(((kind > 0.0) & ~found).mean()),
        "hurt": 100.0 * float((kind < 0.0).mean()),
    }


def hide(world, free, size, moves):
    """The good cell at every step: first far from the start, then far from where it was."""
    last, goals = 0, []
    for period in np.array_split(np.arange(STEPS), moves + 1):
        away = abs(free // size - last // size) + abs(free % size - last % size)
        last = world.choice(free[away >= np.quantile(away, 0.6)])
        goals.append(np.full(len(period), last))
    return np.concatenate(goals)


def neighbours(size):
    """Four cells reached from each; at a wall one bounces to the other side."""
    row, column = np.divmod(np.arange(size * size), size)
    found = []
    for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        new_row, new_column = row + down, column + right
        new_row = np.where((new_row < 0) | (new_row >= size), row - down, new_row)
        new_column = np.where((new_column < 0) | (new_column >= size), column - right, new_column)
        found.append(new_row * size + new_column)
    return np.array(found).T


def live(arm, setting, signals):
    """All steps of all agents: where they went and what it paid, and what they felt."""
    seed, ways, pays, goals, reliability, eagerness = setting
    bonus = eagerness * BONUS[arm]
    luck, agents, cells = np.random.default_rng([seed, 92]), np.arange(CROWD), len(ways)
    stray, turns = luck.random((STEPS, CROWD)) < RANDOM, luck.integers(4, size=(STEPS, CROWD))
    pays_off, tie = luck.random((STEPS, CROWD)) < reliability, luck.random((CROWD, cells))
    at, value = np.zeros(CROWD, dtype=int), np.zeros((CROWD, cells))
    expected, count = np.zeros((CROWD, cells)), np.zeros((CROWD, cells))
    last = np.full((CROWD, cells), -LONG)
    mood = calm(cells)
    where, paid, moods = [], [], []
    for step in range(STEPS):
        moods.append((mood["frustration"], mood["boredom"].copy(), mood["fear"].copy()))
        felt = moods[-1]
        if signals is not None:
            felt = tuple(part[signals[2]] for part in signals[0][signals[1][step]])
        strange = np.minimum(1.0, (step - last) / LONG)
        liked = worth(arm, expected + 1e-4 * tie, count, strange, felt, bonus)
        for _ in range(2):
            value = (liked + FORESIGHT * value).take(ways.T, axis=1).max(axis=1)
        ahead = ways[at]
        score = (liked + FORESIGHT * value)[agents[:, None], ahead]
        chosen = np.where(stray[step], turns[step], score.argmax(axis=1))
        at = ahead[agents, chosen]
        pay = np.where(at == goals[step], 1.0 * pays_off[step], pays[agents, at])
        expected[agents, at] += PACE * (pay - expected[agents, at])
        count[agents, at] += 1.0
        last[agents, at] = step
        feel(mood, at, pay, ways)
        where.append(at)
        paid.append(pay)
    return (np.array(where), np.array(paid)), moods


def worth(arm, expected, count, strange, felt, bonus):
    """What each cell is worth to each agent: the pay expected, and what draws it there."""
    frustration, boredom, fear = felt
    if arm == "counted":
        return expected + bonus / np.sqrt(count + 1.0)
    if arm == "recency":
        return expected + bonus * strange
    if arm in ("emotional", "shuffled"):
        return expected * (1.0 - boredom) + bonus * frustration[:, None] * strange - fear
    return expected


def calm(cells):
    """The mood at the start: hopeful, and so frustrated by nothing yet found."""
    return {
        "pay": np.zeros(CROWD),
        "hope": np.full(CROWD, 0.5),
        "frustration": np.ones(CROWD),
        "boredom": np.zeros((CROWD, cells)),
        "fear": np.zeros((CROWD, cells)),
    }


def feel(mood, at, pay, ways):
    """What a step does to an agent's mood, in place."""
    agents = np.arange(CROWD)
    mood["pay"] = mood["pay"] + 0.15 * (pay - mood["pay"])
    mood["hope"] = np.maximum(0.998 * mood["hope"], mood["pay"])
    mood["frustration"] = np.clip(1.0 - mood["pay"] / mood["hope"], 0.0, 1.0)
    mood["boredom"] *= 0.98
    dull = 0.1 * mood["frustration"] * (1.0 - mood["boredom"][agents, at])
    mood["boredom"][agents, at] += dull
    mood["fear"] *= 0.97
    harm = np.maximum(0.0, -pay)
    mood["fear"][agents, at] += 0.2 * harm
    mood["fear"][agents[:, None], ways[at]] += 0.05 * harm[:, None]
