"""How should an agent practise before it is let into a world where mistakes do harm?

The world: a grid with a start, a goal, hazards of five kinds, some common, some rare, and at
least one way without any. An agent sees where it stands and which kind of ground each
neighbouring cell is. It learns what a step is worth as a sum: what the step is worth from that
place, and what a kind of hazard adds wherever it lies. A kind it never met adds nothing: it is
taken for plain ground. In reality, a hazard is harm: it is counted, it hurts, and it ends the
episode.

The arms practise for the same number of steps, then all live and learn in the same real world
with the same learning rate and the same rate of chance moves:
  none       do not practise;
  removed    practise in a copy of the real world without its hazards;
  continued  in a copy with hazards, which hurt but let the episode go on;
  ended      in a copy with hazards, which hurt and end the episode, as they will in reality;
  varied     as ended, in `layouts` crude worlds that share with the real one only the kinds of
             ground, start and goal.
A copy has `mismatch` of its cells drawn anew, so that its safe way may be blocked. Practice
includes `fidelity` of the five kinds of hazard; the others are plain ground there.

It can show: what practice must include to prevent early harm, and when variety beats a close
copy. An agent that dithers does no harm; therefore harm is also counted among the episodes that
led anywhere. It cannot show what practice is worth where perception must be learned as well:
kinds of ground are given and worlds are tiny. That a hazard never met is taken for plain ground
is a choice: agents that fear the unknown a little do half as much harm after removed hazards.
"""

import numpy as np

TITLE = "Practice in a sandbox before exposure"
SUMMARY = (
    "Agents practise in a simulation before they enter a world with hazards. Do they do less "
    "harm in their first real episodes if practice keeps the hazards and ends the episode than "
    "if it removes them? How faithful must practice be, and does variety beat a close copy?"
)
DIRECTIONS = ("learning-sandbox",)
FACTOR = "how the agent practises before it meets reality"
ARMS = {
    "none": "does not practise",
    "removed": "practises in a close copy without hazards",
    "continued": "practises in a close copy where hazards hurt and the episode goes on",
    "ended": "practises in a close copy where hazards hurt and end the episode",
    "varied": "practises in many crude worlds where hazards hurt and end the episode",
}
METRICS = {
    "harm_share": {
        "description": "share of harm among the first real episodes that end in harm or success",
        "better": "lower",
        "smallest_effect": 0.02,
    },
    "harm": {
        "description": "harmful events in a hundred of the first real episodes",
        "better": "lower",
        "smallest_effect": 2.0,
        "unit": "events",
    },
    "early_harm": {
        "description": "harmful events in a hundred of the very first five real episodes",
        "better": "lower",
        "smallest_effect": 5.0,
        "unit": "events",
    },
    "success": {
        "description": "share of the first real episodes that reach the goal",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "duration": {
        "description": "steps in a real episode that reaches the goal",
        "better": "lower",
        "smallest_effect": 1.0,
        "unit": "steps",
    },
}
PARAMETERS = {
    "practice": {
        "type": "int",
        "default": 400,
        "low": 20,
        "high": 3000,
        "description": "steps of practice",
    },
    "fidelity": {
        "type": "int",
        "default": 5,
        "low": 1,
        "high": 5,
        "description": "kinds of hazard, of five, that practice includes, common ones first",
    },
    "mismatch": {
        "type": "float",
        "default": 0.3,
        "low": 0.0,
        "high": 1.0,
        "description": "share of the real cells that are another way in the copy",
    },
    "hazards": {
        "type": "float",
        "default": 0.2,
        "low": 0.05,
        "high": 0.5,
        "description": "share of hazardous cells, off the way that is kept safe",
    },
    "layouts": {
        "type": "int",
        "default": 10,
        "low": 1,
        "high": 40,
        "description": "crude worlds that varied practises in, one after another",
    },
    "pain": {
        "type": "float",
        "default": 1.0,
        "low": 0.1,
        "high": 5.0,
        "description": "what a hazard costs the agent; the goal is worth 1",
    },
}
DEFAULT = {
    "treatment": "ended",
    "control": "removed",
    "metric": "harm_share",
    "direction": "decrease",
}
TURNING = {"mismatch": 1.0}
PLOT = {"over": "fidelity", "metric": "harm_share"}
COST_SECONDS = 6
LIMITS = "Tiny grids with given kinds of ground; nothing on perception or learned simulators."
OPEN = {
    "programme": (
        "copy: 30 agents by 16 cells, a copy of the real world: kinds of ground, 0 plain, 1 to 5 "
        "hazards. crude: a list of other worlds of the same shape. fidelity: the highest kind "
        "that practice may include. practice: steps in all. Return a list of (world, ends, "
        "steps): where to practise, whether a hazard ends the episode (True or False), and for "
        "how many steps."
    )
}

SIDE, AGENTS, EPISODES, LONGEST = 4, 30, 15, 20
KIND_SHARES = (0.4, 0.25, 0.15, 0.12, 0.08)
RATE, CHANCE, PATIENCE, EFFORT = 0.1, 0.05, 0.95, 0.02
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def trial(arm, seed, practice=400, fidelity=5, mismatch=0.3, hazards=0.2, layouts=10, pain=1.0):
    """Let agents practise, each for a real world of its own, and then live in it."""
    rng = np.random.default_rng([seed, 8])
    real = draw_worlds(rng, hazards)
    changed = rng.random(real.shape) < mismatch
    copy = np.where(changed, draw_worlds(rng, hazards), real)
    crude = [draw_worlds(rng, hazards) for _ in range(layouts)]
    mind = {
        "ground": np.zeros((AGENTS, len(KIND_SHARES) + 1)),
        "place": np.zeros((AGENTS, SIDE**2, len(MOVES))),
    }
    own = np.random.default_rng([seed, 9])
    left = practice
    for world, ends, steps in programme(arm, copy, crude, fidelity, practice):
        live(own, mind, world, pain, ends, min(steps, left))
        left -= min(steps, left)
    reality = np.random.default_rng([seed, 10])
    return measures(live(reality, mind, real, pain, True, EPISODES * LONGEST, EPISODES))


def programme(arm, copy, crude, fidelity, practice):
    """Worlds to practise in, each with whether hazards end an episode, and for how many steps."""
    if arm == "none":
        return []
    if arm == "varied":
        shares = np.diff(np.linspace(0, practice, len(crude) + 1).astype(int))
        known = [np.where(world > fidelity, 0, world) for world in crude]
        return [(world, True, steps) for world, steps in zip(known, shares, strict=True)]
    kept = 0 if arm == "removed" else fidelity
    return [(np.where(copy > kept, 0, copy), arm != "continued", practice)]


def draw_worlds(rng, hazards):
    """The kind of ground in every cell of one world for each agent: 0 is plain.

    The cells of one shortest way from start to goal, chosen by chance, are always plain.
    """
    kinds = 1 + rng.choice(len(KIND_SHARES), size=(AGENTS, SIDE**2), p=KIND_SHARES)
    worlds = np.where(rng.random(kinds.shape) < hazards, kinds, 0)
    way = rng.permuted(np.tile([1, SIDE], (AGENTS, SIDE - 1)), axis=1).cumsum(axis=1)
    worlds[:, 0] = 0
    worlds[np.arange(AGENTS)[:, None], way] = 0
    return worlds


def neighbours():
    """The cell that each move leads to from each cell; at the edge one stays."""
    row, column = np.divmod(np.arange(SIDE**2), SIDE)
    moved = [
        np.clip(row + down, 0, SIDE - 1) * SIDE + np.clip(column + right, 0, SIDE - 1)
        for down, right in MOVES
    ]
    return np.stack(moved, axis=1)


def live(rng, mind, worlds, pain, ends, steps, episodes=np.inf):
    """Act and learn for some steps, or until every agent has had its episodes.

    For every step and agent: harm, arrival, the episode's end, its number, and its length so far.
    """
    around, who, log = neighbours(), np.arange(AGENTS), []
    at, age, number = (np.zeros(AGENTS, dtype=int) for _ in range(3))
    ground, place, ahead = mind["ground"], mind["place"], worlds[:, around]

    def worth(cells):
        """What each move is thought to be worth."""
        return ground[who[:, None], ahead[who, cells]] + place[who, cells]

    chances = rng.random((steps, AGENTS)) < CHANCE
    moves, ties = rng.integers(len(MOVES), size=(steps, AGENTS)), rng.random((steps, AGENTS, 4))
    for step in range(steps):
        values = worth(at)
        move = np.where(chances[step], moves[step], (values + 1e-6 * ties[step]).argmax(axis=1))
        target = around[at, move]
        kind = worlds[who, target]
        hit, home = kind > 0, target == SIDE**2 - 1
        over = home | (hit & ends)
        future = np.where(over, 0.0, PATIENCE * worth(target).max(axis=1))
        wrong = RATE * (home - pain * hit - EFFORT + future - values[who, move])
        ground[who, kind] += wrong * hit  # plain ground is the measure of the others
        place[who, at, move] += wrong
        age, over = age + 1, over | (age + 1 >= LONGEST)
        log.append((hit, home, over, number, age))
        number = number + over
        at, age = np.where(over, 0, target), np.where(over, 0, age)
        if number.min() >= episodes:
            break
    return log


def measures(log):
    """What became of the first episodes."""
    hit, home, over, number, age = np.array(log).swapaxes(0, 1)
    counted = (over > 0) & (number < EPISODES)
    harmed, arrived = (hit > 0) & counted, (home > 0) & counted
    early = number < 5
    ended = harmed.sum() + arrived.sum()
    return {
        "harm_share": float(harmed.sum() / ended) if ended else 1.0,
        "harm": 100.0 * float(harmed.sum() / counted.sum()),
        "early_harm": 100.0 * float(harmed[early].sum() / counted[early].sum()),
        "success": float(arrived.sum() / counted.sum()),
        "duration": float(age[arrived].mean()) if arrived.any() else float(LONGEST),
    }
