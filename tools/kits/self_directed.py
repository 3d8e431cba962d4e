"""Watch an expert, or try for yourself? And what should decide what is tried?

The world: rooms in layers. In every room four actions lead elsewhere, always to the same
place: one to a room of the next layer, the others to rooms no deeper than here, so chance
hardly ever gets to the last layer. A fifth action looks at the wall: at a picture, or (in a
share of rooms) at a flickering screen with something new each time. It leads nowhere.

Learners spend equally many steps, starting over when an episode ends. They remember what
followed what, and later plan in that model; when something unforeseen happens, they learn
it and plan anew. They differ in where the steps came from:
  demonstrations  an expert goes the shortest way to a goal in the last layer, now and then
                  with a slip; `lessons` goals are shown in turn;
  random          each action by chance;
  error_seeking   goes where, by what it saw there, its prediction is likely to be wrong;
  disagreement    goes where its five models, begun and weighted differently, predict differently;
  mixed           first half demonstrations, then disagreement.
All are tested on the goal shown first, and on goals in other rooms, near ones too, of a
related world in which a share of the rooms (`change`) has its actions swapped.

It can show: what exploring is worth when goals change, how deep chance gets, and which
curiosity a screen traps. It cannot show learners that generalise from room to room: what is
known of one says nothing of another, which favours whoever has been everywhere.
"""

import numpy as np

TITLE = "Demonstrations against self-directed exploration"
SUMMARY = (
    "Learners watch an expert or explore by themselves where chance gets nowhere, then look for "
    "new goals in a related world. Which curiosity carries further, and which does a screen trap?"
)
DIRECTIONS = ("self-directed-exploration",)
FACTOR = "where a learner's experience comes from"
ARMS = {
    "demonstrations": "watches an expert go to the shown goals",
    "random": "tries actions by chance",
    "error_seeking": "goes where its prediction is likely to be wrong",
    "disagreement": "goes where its own models disagree",
    "mixed": "half demonstrations, then disagreement",
}
METRICS = {
    "novel_success": {
        "description": "share of new goals in a related world reached in time",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "shown_success": {
        "description": "share of attempts that reach the shown goal in time, in the same world",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "known": {
        "description": "share of rooms and actions of which the learner predicts where they lead",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "screen_time": {
        "description": "share of learning spent before flickering screens",
        "better": "lower",
        "smallest_effect": 0.02,
    },
}
PARAMETERS = {
    "episodes": {
        "type": "int",
        "default": 40,
        "low": 5,
        "high": 100,
        "description": "episodes of learning, each of two steps for every layer",
    },
    "depth": {
        "type": "int",
        "default": 6,
        "low": 2,
        "high": 8,
        "description": "layers of rooms beyond the start",
    },
    "lessons": {
        "type": "int",
        "default": 1,
        "low": 1,
        "high": 20,
        "description": "different goals that the expert shows",
    },
    "screens": {
        "type": "float",
        "default": 0.3,
        "low": 0.0,
        "high": 1.0,
        "description": "share of rooms with a flickering screen",
    },
    "change": {
        "type": "float",
        "default": 0.1,
        "low": 0.0,
        "high": 1.0,
        "description": "share of rooms whose actions are swapped in the related world",
    },
}
DEFAULT = {
    "treatment": "disagreement",
    "control": "demonstrations",
    "metric": "novel_success",
    "direction": "increase",
}
TURNING = {"lessons": 20, "episodes": 15}
PLOT = {"over": "episodes", "metric": "novel_success"}
COST_SECONDS = 15
LIMITS = "Rooms are learned one by one; nothing on what carries over from one place to another."
OPEN = {
    "drive": (
        "memory: a dict of arrays: 'seen' (rooms by 5 actions by sights, how often what was "
        "seen), 'leads' (rooms by 5 by rooms, learned chances), 'wrong' and 'doubt' (rooms by 5, "
        "how likely a prediction is wrong, how far models disagree). Return rooms by 5: what "
        "trying each action in each room is worth."
    )
}

WIDTH, DOORS, IMAGES, MODELS, TESTS = 4, 4, 8, 5, 10
SLIP, FAR, HOPE, SWEEPS, GUESS = 0.1, 0.9, 0.01, 4, 0.1


def trial(arm, seed, episodes=40, depth=6, lessons=1, screens=0.3, change=0.1):
    """Learn in one world, then look for goals in it and in a related one."""
    rng, own = np.random.default_rng([seed, 21]), np.random.default_rng([seed, 22])
    doors = build(rng, depth)
    flickers = rng.random(len(doors)) < screens
    shown = len(doors) - WIDTH
    others = rng.permutation(np.delete(np.arange(1, len(doors)), shown - 1))
    related = doors.copy()
    for room in np.flatnonzero(rng.random(len(doors)) < change):
        related[room] = rng.permutation(doors[room])
    memory, length = empty(own, len(doors)), 2 * depth
    steps = episodes * length
    watched = {"demonstrations": steps, "mixed": steps // 2}.get(arm, 0)
    goals = [shown, *others[: lessons - 1]]
    stared = watch(own, memory, doors, flickers, goals, watched, length)
    stared += explore(arm, own, memory, doors, flickers, steps - watched, length)
    known = np.take_along_axis(memory["leads"][:, :DOORS], doors[:, :, None], axis=2)
    return {
        "novel_success": reach(own, memory, related, flickers, np.resize(others, TESTS), length),
        "shown_success": reach(own, memory, doors, flickers, [shown] * TESTS, length),
        "known": float(np.mean(known)),
        "screen_time": float(stared / steps),
    }


def build(rng, depth):
    """Where every door leads: the start to all of the first layer, one door of each room on."""
    doors = np.zeros((1 + WIDTH * depth, DOORS), dtype=int)
    doors[0] = 1 + rng.permutation(WIDTH)
    for layer in range(1, depth + 1):
        first, after = 1 + WIDTH * (layer - 1), 1 + WIDTH * layer
        rooms = np.arange(first, after)
        doors[rooms] = rng.integers(after, size=(WIDTH, DOORS))
        if layer < depth:
            doors[rooms, rng.integers(DOORS, size=WIDTH)] = after + rng.permutation(WIDTH)
    return doors


def act(rng, doors, flickers, room, action):
    """What is seen, and where that leaves one: a room, or an image beyond the last room."""
    if action < DOORS:
        return doors[room, action], doors[room, action]
    image = rng.integers(IMAGES) if flickers[room] else room % IMAGES
    return len(doors) + image, room


def empty(rng, rooms):
    """A memory of nothing, and models that each begin with a guess of their own."""
    shape = (rooms, DOORS + 1, rooms + IMAGES)
    guesses = rng.integers(shape[2], size=(MODELS, *shape[:2]))
    models = np.eye(shape[2])[guesses]
    memory = {"seen": np.zeros(shape), "leads": np.zeros((rooms, DOORS + 1, rooms))}
    memory |= {"wrong": np.ones(shape[:2]), "doubt": models.var(axis=0).sum(axis=2)}
    return memory | {"models": GUESS * models}


def learn(memory, rng, room, action, sight):
    """Remember what followed, how likely one is to foresee it wrongly, how far models disagree."""
    here, (seen, leads) = (room, action), (memory["seen"], memory["leads"])
    seen[here][sight] += 1.0
    total = seen[here].sum()
    memory["wrong"][here] = 1.0 - seen[here].max() / (total + GUESS)
    leads[here] = seen[here][: len(leads)] / total
    leads[here][room] += seen[here][len(leads) :].sum() / total
    models = memory["models"][:, room, action]
    models[:, sight] += rng.exponential(size=MODELS)
    memory["doubt"][here] = (models / models.sum(axis=1, keepdims=True)).var(axis=0).sum()


def plan(leads, gain, values, sweeps):
    """What every action is worth: its gain, and what it leads to."""
    for _ in range(sweeps):
        worth = gain + FAR * (leads @ values)
        values = worth.max(axis=1)
    return worth, values


def watch(rng, memory, doors, flickers, goals, steps, length):
    """See an expert go to each goal in turn; return the steps spent before screens."""
    room, turn, stared, since = 0, 0, 0, 0
    away = [distances(doors, goal) for goal in goals]
    for _ in range(steps):
        action = away[turn][doors[room]].argmin()
        action = rng.integers(DOORS + 1) if rng.random() < SLIP else action
        sight, after = act(rng, doors, flickers, room, action)
        stared += action == DOORS and flickers[room]
        learn(memory, rng, room, action, sight)
        room, since = after, since + 1
        if after == goals[turn] or since == length:
            room, turn, since = 0, (turn + 1) % len(goals), 0
    return stared


def distances(doors, goal):
    """How many doors each room is from a goal, itself 0."""
    away = np.where(np.arange(len(doors)) == goal, 0.0, np.inf)
    for _ in range(len(doors)):
        away = np.minimum(away, 1.0 + away[doors].min(axis=1))
    return away


def drive(arm, memory):
    """What trying each action in each room is worth for the sake of learning."""
    return memory["wrong" if arm == "error_seeking" else "doubt"]


def explore(arm, rng, memory, doors, flickers, steps, length):
    """Try actions for the sake of learning; return the steps spent before screens."""
    room, stared, values = 0, 0, np.zeros(len(doors))
    for step in range(steps):
        room = 0 if step % length == 0 else room
        worth, values = plan(memory["leads"], drive(arm, memory), values, SWEEPS)
        action = (worth[room] + 1e-6 * rng.random(DOORS + 1)).argmax()
        action = rng.integers(DOORS + 1) if arm == "random" else action
        stared += action == DOORS and flickers[room]
        sight, after = act(rng, doors, flickers, room, action)
        learn(memory, rng, room, action, sight)
        room = after
    return stared


def reach(rng, memory, doors, flickers, goals, length):
    """Share of goals reached in time; what the new place teaches is used at once."""
    reached = 0
    for goal in goals:
        leads, room, fresh = memory["leads"].copy(), 0, True
        for _ in range(length):
            if fresh:
                gain = np.where(leads.sum(axis=2) == 0.0, HOPE, leads[:, :, goal])
                onward = leads * (np.arange(len(doors)) != goal)[:, None, None]
                worth, _ = plan(onward, gain, np.zeros(len(doors)), length)
            action = (worth[room] + 1e-6 * rng.random(DOORS + 1)).argmax()
            _, after = act(rng, doors, flickers, room, action)
            fresh = leads[room, action, after] < 1.0
            leads[room, action] = np.eye(len(doors))[after]
            room = after
            if room == goal:
                reached += 1
                break
    return reached / len(goals)
