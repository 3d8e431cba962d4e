"""How should an agent practise before it is let into a world where mistakes do harm?

The world: a grid with a start, a goal and hazards of five kinds, some common, some rare. An
agent sees which kind of ground each neighbouring cell is, and where it stands. It learns what
a step is worth as a sum: what ground of that kind is worth, which holds in any world, and
what that step is worth from that place, which holds in this layout. In reality, a hazard is
harm: it is counted, it hurts, and it ends the episode.

The arms practise for the same number of steps, then all live and learn in the same real world
with the same learning rate and the same rate of chance moves:
  none       do not practise;
  removed    practise in a copy of the real world without its hazards;
  continued  in a copy with hazards, which hurt but let the episode go on;
  ended      in a copy with hazards, which hurt and end the episode, as they will in reality;
  varied     as ended, in `layouts` crude worlds that share with the real one only the kinds of
             ground.
A copy has `mismatch` of its cells drawn anew. `fidelity` is the share of the kinds of hazard,
the common ones first, that practice includes; the others are plain ground there.

It can show: what practice must include to prevent early harm, and when variety beats a close
copy. An agent that dithers does no harm: read harm beside success. It cannot show what practice
is worth where perception must be learned as well: kinds of ground are given, worlds are tiny,
some have no safe path, and what is learned is linear and need not settle.
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
    "harm": {
        "description": "harmful events in a hundred of the first real episodes",
        "better": "lower",
        "smallest_effect": 3.0,
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
        "type": "float",
        "default": 1.0,
        "low": 0.0,
        "high": 1.0,
        "description": "share of the kinds of hazard that practice includes, common ones first",
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
        "description": "share of hazardous cells",
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
DEFAULT = {"treatment": "ended", "control": "removed", "metric": "harm", "direction": "decrease"}
TURNING = {"fidelity": 0.2}
PLOT = {"over": "fidelity", "metric": "harm"}
COST_SECONDS = 6
LIMITS = "Tiny grids with given kinds of ground; nothing on perception or learned simulators."

SIDE, AGENTS, EPISODES, LONGEST = 5, 30, 15, 20
KIND_SHARES = (0.4, 0.25, 0.15, 0.12, 0.08)
RATE, CHANCE, PATIENCE, EFFORT = 0.15, 0.05, 0.95, 0.02
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def trial(arm, seed, practice=400, fidelity=1.0, mismatch=0.3, hazards=0.2, layouts=10, pain=1.0):
    """Let agents practise, each for a real world of its own, and then live in it."""
    rng = np.random.default_rng([seed, 8])
    real = draw_worlds(rng, AGENTS, hazards)
    changed = rng.random(real.shape) < mismatch
    copy = np.where(changed, draw_worlds(rng, AGENTS, hazards), real)
    crude = [draw_worlds(rng, AGENTS, hazards) for _ in range(layouts)]
    mind = {
        "ground": np.zeros((AGENTS, len(KIND_SHARES) + 1)),
        "place": np.zeros((AGENTS, SIDE**2, len(MOVES))),
    }
    own = np.random.default_rng([seed, 9])
    known = round(fidelity * len(KIND_SHARES))
    if arm == "varied":
        shares = np.diff(np.linspace(0, practice, layouts + 1).astype(int))
        for world, steps in zip(crude, shares, strict=True):
            live(own, mind, np.where(world > known, 0, world), pain, True, steps)
    elif arm != "none":
        kept = 0 if arm == "removed" else known
        live(own, mind, np.where(copy > kept, 0, copy), pain, arm != "continued", practice)
    events = live(np.random.default_rng([seed, 10]), mind, real, pain, True, EPISODES * LONGEST)
    harm, goal, length = (np.array(each) for each in events)
    return {
        "harm": 100.0 * float(harm.mean()),
        "early_harm": 100.0 * float(harm[:5].mean()),
        "success": float(goal.mean()),
        "duration": float(length[goal > 0].mean()) if goal.any() else float(LONGEST),
    }


def draw_worlds(rng, count, hazards):
    """The kind of ground in every cell: 0 is plain; start and goal are always plain."""
    kinds = 1 + rng.choice(len(KIND_SHARES), size=(count, SIDE**2), p=KIND_SHARES)
    worlds = np.where(rng.random(kinds.shape) < hazards, kinds, 0)
    worlds[:, [0, -1]] = 0
    return worlds


def neighbours():
    """The cell that each move leads to from each cell; at the edge one stays."""
    row, column = np.divmod(np.arange(SIDE**2), SIDE)
    moved = [
        np.clip(row + down, 0, SIDE - 1) * SIDE + np.clip(column + right, 0, SIDE - 1)
        for down, right in MOVES
    ]
    return np.stack(moved, axis=1)


def live(rng, mind, worlds, pain, ends, steps):
    """Act and learn for some steps; harm, arrival and length of the first episodes, by number."""
    around, who = neighbours(), np.arange(AGENTS)
    at, age, number = (np.zeros(AGENTS, dtype=int) for _ in range(3))
    harm, goal, length = np.zeros((3, EPISODES, AGENTS))
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
        wrong = home - pain * hit - EFFORT + future - values[who, move]
        ground[who, kind] += RATE * wrong
        place[who, at, move] += RATE * wrong
        age += 1
        counted = np.flatnonzero((over | (age >= LONGEST)) & (number < EPISODES))
        harm[number[counted], counted] = hit[counted]
        goal[number[counted], counted] = home[counted]
        length[number[counted], counted] = age[counted]
        finished = over | (age >= LONGEST)
        number += finished
        at, age = np.where(finished, 0, target), np.where(finished, 0, age)
        if number.min() >= EPISODES and steps == EPISODES * LONGEST:
            break
    return harm, goal, length
