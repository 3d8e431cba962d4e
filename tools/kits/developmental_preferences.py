"""Can preferences grow from what caregivers look at, do and praise, without any reward?

The world: in every scene a few options, each described by some traits, of which few matter.
Several caregivers share values and differ a little. What they do follows their values and
also a habit of adults that they would not praise in a child. A scene gives one signal:
  gaze       a caregiver looks at an option that stirs it, for better or worse: it tells
             which traits matter and not which way;
  imitation  the caregiver picks an option, and the learner sees which;
  praise     the learner picks one, and the caregiver approves of it or not.
Later all caregivers are replaced by others of the same community, and life goes on.

The arms have the same number of scenes and the same learner: a weight for every trait moved
by its errors, faster for traits that gaze has singled out. They differ in their signals:
  staged     first gaze, then imitation, then praise;
  reversed   first praise, then imitation, then gaze: stages, in the wrong order;
  at_once    the three in turn, from the first scene to the last;
  imitation  only what caregivers do, in every scene;
  scored     no company: a hand-written score of what the learner picks, exact in its
             amount, and wrong in part, because whoever wrote it missed something.

It can show: whether an order of signals matters (what comes last corrects what came before), how
well what emerges holds for other scenes and people, and how wrong a written score must be
to be worse than company. It cannot show how children learn: traits are given, the meaning of
a signal is innate, nobody teaches or adapts. Nor is the settledness of `scored` comparable
with the others': its score stays the same when caregivers go.
"""

import numpy as np

TITLE = "Preferences formed by company alone"
SUMMARY = (
    "A learner forms preferences from what caregivers look at, do and praise. Does a staged "
    "upbringing fit the community better than all signals at once, than imitation, or than a "
    "hand-written score, and do its preferences last when people or scenes change?"
)
DIRECTIONS = ("developmental-preferences",)
FACTOR = "which signals form preferences, and in what order"
ARMS = {
    "staged": "gaze first, then imitation, then praise",
    "reversed": "praise first, then imitation, then gaze",
    "at_once": "gaze, imitation and praise in turn from the first day",
    "imitation": "only what caregivers do",
    "scored": "a hand-written score of every choice, and no company",
}
METRICS = {
    "misfit": {
        "description": "value lost by the learner's choices, as caregivers see it (1: by chance)",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "new_task_misfit": {
        "description": "the same in scenes where traits that were rare are prominent",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "new_company_misfit": {
        "description": "the same as the next caregivers see it, before they have any say",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "unsettled": {
        "description": "how far preferences turn in a life with new caregivers (1: square)",
        "better": "lower",
        "smallest_effect": 0.03,
    },
}
PARAMETERS = {
    "scenes": {
        "type": "int",
        "default": 240,
        "low": 30,
        "high": 1200,
        "description": "scenes of upbringing; half as many follow with new caregivers",
    },
    "caregivers": {
        "type": "int",
        "default": 4,
        "low": 1,
        "high": 12,
        "description": "caregivers at a time",
    },
    "individuality": {
        "type": "float",
        "default": 0.3,
        "low": 0.0,
        "high": 1.5,
        "description": "how much each caregiver's values are its own",
    },
    "habit": {
        "type": "float",
        "default": 0.8,
        "low": 0.0,
        "high": 2.0,
        "description": "how much of what caregivers do they would not praise",
    },
    "flattery": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 0.6,
        "description": "share of praise given to anything, and of scores drawn by chance",
    },
    "flaw": {
        "type": "float",
        "default": 0.3,
        "low": 0.0,
        "high": 1.0,
        "description": "how much of the hand-written score is beside the point",
    },
}
DEFAULT = {
    "treatment": "staged",
    "control": "at_once",
    "metric": "misfit",
    "direction": "decrease",
}
TURNING = {"habit": 0.0}
PLOT = {"over": "habit", "metric": "misfit"}
COST_SECONDS = 8
LIMITS = "Given traits, signals of innate meaning, and caregivers who neither teach nor adapt."

TRAITS, MATTER, OPTIONS, JUDGED = 12, 4, 4, 500
CLEAR = 2.0  # how clearly choices, looks and praise follow values
PACE, SETTLING = 0.2, 100  # how fast weights move, and scenes after which half as fast
NOTICE, DOUBT = 1.0, 5.0  # how much gaze tells the learner to attend, and after how much of it


def trial(
    arm, seed, scenes=240, caregivers=4, individuality=0.3, habit=0.8, flattery=0.0, flaw=0.3
):
    """Bring up one learner, judge its choices, then replace its caregivers."""
    world, rng = np.random.default_rng([seed, 101]), np.random.default_rng([seed, 102])
    common, custom = np.zeros((2, TRAITS))
    matter = world.permutation(TRAITS)
    common[matter[:MATTER]] = world.choice((-1.0, 1.0), MATTER)
    custom[matter[MATTER : 2 * MATTER]] = world.choice((-1.0, 1.0), MATTER)
    old, new = common + individuality * world.normal(size=(2, caregivers, TRAITS))
    aside = world.normal(size=TRAITS)
    aside *= np.linalg.norm(common) / np.linalg.norm(aside)
    written = np.sqrt(1.0 - flaw) * common + np.sqrt(flaw) * aside
    usual = np.where(world.permutation(TRAITS) < TRAITS // 2, 1.3, 0.5)
    exam = world.normal(size=(JUDGED, OPTIONS, TRAITS))
    mind = {"weights": np.zeros(TRAITS), "stirred": np.zeros(TRAITS), "there": np.zeros(TRAITS)}

    def live(people, signals, age):
        for day, signal in enumerate(signals):
            scene = usual * rng.normal(size=(OPTIONS, TRAITS))
            met = {"values": people[rng.integers(len(people))], "habit": habit * custom}
            met |= {"flattery": flattery, "written": written}
            SIGNALS[signal](rng, mind, scene, met | {"pace": PACE / (1.0 + (age + day) / SETTLING)})

    live(old, upbringing(arm, scenes), 0)
    before = mind["weights"].copy()
    live(new, later(arm, scenes // 2), scenes)
    after = mind["weights"]
    return {
        "misfit": misfit(before, exam * usual, old),
        "new_task_misfit": misfit(before, exam * (1.8 - usual), old),
        "new_company_misfit": misfit(before, exam * usual, new),
        "unsettled": float(1.0 - before @ after / np.sqrt(before @ before * (after @ after))),
    }


def upbringing(arm, scenes):
    """The signal of every scene."""
    order = ["gaze", "imitation", "praise"]
    if arm in ("imitation", "scored"):
        return [arm] * scenes
    if arm == "at_once":
        return [order[day % 3] for day in range(scenes)]
    stages = order if arm == "staged" else order[::-1]
    return [stages[3 * day // scenes] for day in range(scenes)]


def later(arm, scenes):
    """The signals of later life: the same kinds as before, mixed."""
    return upbringing(arm if arm in ("imitation", "scored") else "at_once", scenes)


def chances(values):
    """How likely each option is picked by somebody to whom they are worth so much."""
    raised = np.exp(values - values.max())
    return raised / raised.sum()


def yes(value):
    """How likely something of that value is approved of."""
    return 1.0 / (1.0 + np.exp(-value))


def attention(mind):
    """How fast the weight of each trait moves, 1 on average: traits that gaze singled out first."""
    return TRAITS * chances(NOTICE * mind["stirred"] / (mind["there"] + DOUBT))


def look(rng, mind, scene, met):
    """See what a caregiver looks at: whatever stirs it, good or bad."""
    seen = rng.choice(OPTIONS, p=chances(CLEAR * np.abs(scene @ met["values"])))
    mind["stirred"] += scene[seen] ** 2 - (scene**2).mean(axis=0)
    mind["there"] += (scene**2).mean(axis=0)


def imitate(rng, mind, scene, met):
    """See what a caregiver picks, and make the same pick likelier."""
    picked = rng.choice(OPTIONS, p=chances(CLEAR * scene @ (met["values"] + met["habit"])))
    expected = chances(scene @ mind["weights"]) @ scene
    mind["weights"] += met["pace"] * attention(mind) * (scene[picked] - expected)


def hear_praise(rng, mind, scene, met):
    """Pick something and hear whether it was good, compared with what else there was."""
    odd = scene[rng.choice(OPTIONS, p=chances(scene @ mind["weights"]))] - scene.mean(axis=0)
    honest = rng.random() >= met["flattery"]
    praised = rng.random() < yes(CLEAR * odd @ met["values"]) or not honest
    expected = yes(odd @ mind["weights"])
    mind["weights"] += met["pace"] * attention(mind) * (praised - expected) * odd


def read_score(rng, mind, scene, met):
    """Pick something and read its score."""
    odd = scene[rng.choice(OPTIONS, p=chances(scene @ mind["weights"]))] - scene.mean(axis=0)
    chance = rng.random() < met["flattery"]
    score = CLEAR * odd @ (rng.normal(size=TRAITS) if chance else met["written"])
    mind["weights"] += met["pace"] * (score - odd @ mind["weights"]) * odd / (1.0 + odd @ odd)


SIGNALS = {"gaze": look, "imitation": imitate, "praise": hear_praise, "scored": read_score}


def misfit(weights, scenes, people):
    """Value lost by choosing by these weights: 0 as the people would choose, 1 as by chance."""
    worth = scenes @ people.mean(axis=0)
    best, mean = worth.max(axis=1).mean(), worth.mean()
    got = worth[np.arange(len(scenes)), (scenes @ weights).argmax(axis=1)].mean()
    return float((best - got) / (best - mean))
