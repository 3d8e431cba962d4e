"""Can preferences grow from what caregivers look at, do and praise, without any reward?

The world: in every scene a few options, each described by some traits, of which few matter.
Caregivers nearly share their values; adult habit too shapes what they do. A scene gives a signal:
  gaze       a caregiver looks at what stirs it: which traits matter, and not which way;
  imitation  the caregiver picks an option, and the learner sees which;
  praise     the learner picks one, and the caregiver approves of it or not.
Later others of their community replace them, or (to measure what that does) they stay.

The arms have as many scenes and the same learner: a weight for every trait moved by its
errors, faster for traits that gaze has singled out. They differ in their signals:
  staged     first gaze, then imitation, then praise;
  reversed   first praise, then imitation, then gaze;
  at_once    the three in turn, from the first scene to the last;
  unwatched  first imitation, then praise, half of the scenes each: is gaze worth its third?
  imitation  only what caregivers do, in every scene;
  scored     an exact score by a rule that is wrong in part. The next caregivers write anew.

It can show: whether preferences that company formed outlast it better than those of a score,
and whether order matters (what comes last corrects). It cannot show how children learn: traits
and meanings are given, nobody teaches, gaze and praise are free of habit. Who learns no more
is settled too. Chance spoils every score, but only praise in company. Gaze adds next to nothing.
"""

import numpy as np

TITLE = "Preferences formed by company alone"
SUMMARY = (
    "A learner forms preferences from what caregivers look at, do and praise. Do they outlast the "
    "caregivers better than those of a score that the same caregivers write, and do stages help?"
)
DIRECTIONS = ("developmental-preferences",)
FACTOR = "which signals form preferences, and in what order"
ARMS = {
    "staged": "gaze first, then imitation, then praise",
    "reversed": "praise first, then imitation, then gaze",
    "at_once": "gaze, imitation and praise in turn from the first day",
    "unwatched": "imitation first, then praise, and no gaze",
    "imitation": "only what caregivers do",
    "scored": "a score of every choice, by a rule that the caregivers wrote",
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
        "description": "how far preferences turn because caregivers are replaced (1: square)",
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
        "description": "how much of the written score is beside the point",
    },
    "inherited": {
        "type": "float",
        "default": 0.5,
        "low": 0.0,
        "high": 1.0,
        "description": "how much of what is wrong with the score the next caregivers take over",
    },
}
DEFAULT = {
    "treatment": "at_once",
    "control": "scored",
    "metric": "unsettled",
    "direction": "decrease",
}
TURNING = {"flaw": 0.6, "inherited": 0.0}
PLOT = {"over": "individuality", "metric": "unsettled"}
COST_SECONDS = 8
LIMITS = "Given traits, signals of innate meaning, and caregivers who neither teach nor adapt."
OPEN = {
    "signals": (
        "scenes: how many days (a whole number). in_turn: True if the kinds of signal shall come "
        "in turn from the first day on. Return a list of `scenes` words, the signal of each day: "
        "'gaze', 'imitation', 'praise' or 'scored'."
    )
}

TRAITS, MATTER, CAREGIVERS, OPTIONS, JUDGED = 12, 4, 4, 4, 500
CLEAR = 2.0  # how clearly choices, looks and praise follow values
PACE, SETTLING = 0.2, 100  # how fast weights move, and scenes after which half as fast
NOTICE, DOUBT = 1.0, 5.0  # how much gaze tells the learner to attend, and after how much of it
ORDER = {
    "staged": ("gaze", "imitation", "praise"),
    "reversed": ("praise", "imitation", "gaze"),
    "at_once": ("gaze", "imitation", "praise"),
    "unwatched": ("imitation", "praise"),
    "imitation": ("imitation",),
    "scored": ("scored",),
}


def trial(
    arm, seed, scenes=240, individuality=0.3, habit=0.8, flattery=0.0, flaw=0.3, inherited=0.5
):
    """Bring up one learner, judge its choices, then replace its caregivers."""
    world, (common, custom) = np.random.default_rng([seed, 101]), np.zeros((2, TRAITS))
    matter = world.permutation(TRAITS)
    common[matter[:MATTER]] = world.choice((-1.0, 1.0), MATTER)
    custom[matter[MATTER : 2 * MATTER]] = world.choice((-1.0, 1.0), MATTER)
    old, new = common + individuality * world.normal(size=(2, CAREGIVERS, TRAITS))
    wrong, other = world.normal(size=(2, TRAITS))
    changed = np.sqrt(inherited) * wrong + np.sqrt(1.0 - inherited) * other
    usual = np.where(world.permutation(TRAITS) < TRAITS // 2, 1.3, 0.5)
    exam = world.normal(size=(JUDGED, OPTIONS, TRAITS))
    shared = {"usual": usual, "habit": habit * custom, "flattery": flattery}
    stay = shared | {"people": old, "written": rule(old, wrong, flaw)}
    come = shared | {"people": new, "written": rule(new, changed, flaw)}
    mind = dict.fromkeys(("weights", "stirred", "there"), np.zeros(TRAITS))
    mind = live([seed, 102], mind, stay, signals(arm, scenes, arm == "at_once")[:scenes], 0)
    later = signals(arm, scenes // 2, in_turn=True)[: scenes // 2]
    lives = [live([seed, 103], mind, company, later, scenes) for company in (stay, come)]
    formed, (one, two) = mind["weights"], (life["weights"] for life in lives)
    return {
        "misfit": misfit(formed, exam * usual, old),
        "new_task_misfit": misfit(formed, exam * (1.8 - usual), old),
        "new_company_misfit": misfit(formed, exam * usual, new),
        "unsettled": float(1.0 - unit(one) @ unit(two)),
    }


def rule(people, wrong, flaw):
    """The score that people write: by their mean values, and by what is beside the point."""
    return np.sqrt(1.0 - flaw) * people.mean(axis=0) + np.sqrt(flaw * MATTER) * unit(wrong)


def unit(rows):
    """The same directions, of length one."""
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def live(chance, mind, company, lessons, age):
    """Go through scenes with a company, one signal in each; the mind that comes out of it."""
    rng, days = np.random.default_rng(chance), len(lessons)
    mind = {part: row.copy() for part, row in mind.items()}
    scenes = company["usual"] * rng.normal(size=(days, OPTIONS, TRAITS))
    met, luck = company["people"][rng.integers(CAREGIVERS, size=days)], rng.random((days, 2))
    strange = np.linalg.norm(company["written"]) * unit(rng.normal(size=(days, TRAITS)))
    for day, signal in enumerate(lessons):
        pace = PACE / (1.0 + (age + day) / SETTLING)
        now = company | {"values": met[day], "strange": strange[day], "pace": pace}
        SIGNALS[signal](mind, scenes[day], now, *luck[day])
    return mind


def signals(arm, scenes, in_turn):
    """The signal of every scene: its kinds in turn, or one stage after the other."""
    kinds, days = ORDER[arm], range(scenes)
    return [kinds[day % len(kinds) if in_turn else len(kinds) * day // scenes] for day in days]


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


def pick(values, luck):
    """The option that somebody picks; luck lies between 0 and 1."""
    return chances(values)[:-1].cumsum().searchsorted(luck)


def look(mind, scene, now, luck, _):
    """See what a caregiver looks at: whatever stirs it, good or bad."""
    seen, usual = pick(CLEAR * np.abs(scene @ now["values"]), luck), (scene**2).mean(axis=0)
    mind["there"] += usual
    mind["stirred"] += scene[seen] ** 2 - usual


def imitate(mind, scene, now, luck, _):
    """See what a caregiver picks, and make the same pick likelier."""
    picked = pick(CLEAR * scene @ (now["values"] + now["habit"]), luck)
    expected = chances(scene @ mind["weights"]) @ scene
    mind["weights"] += now["pace"] * attention(mind) * (scene[picked] - expected)


def hear_praise(mind, scene, now, luck, mood):
    """Pick something and hear whether it was good, compared with what else there was."""
    odd = scene[pick(scene @ mind["weights"], luck)] - scene.sum(axis=0) / OPTIONS
    praised = mood < now["flattery"] + (1.0 - now["flattery"]) * yes(CLEAR * odd @ now["values"])
    mind["weights"] += now["pace"] * attention(mind) * (praised - yes(odd @ mind["weights"])) * odd


def read_score(mind, scene, now, luck, mood):
    """Pick something and read its score, now and then that of a rule drawn by chance."""
    odd = scene[pick(scene @ mind["weights"], luck)] - scene.sum(axis=0) / OPTIONS
    applied = now["strange"] if mood < now["flattery"] else now["written"]
    wrong = odd @ (CLEAR * applied - mind["weights"])
    mind["weights"] += now["pace"] * wrong * odd / (1.0 + odd @ odd)


SIGNALS = {"gaze": look, "imitation": imitate, "praise": hear_praise, "scored": read_score}


def misfit(weights, scenes, people):
    """Value lost by choosing by these weights: 0 as the people would choose, 1 as by chance."""
    worth = scenes @ people.mean(axis=0)
    best, mean = worth.max(axis=1).mean(), worth.mean()
    got = worth[np.arange(len(scenes)), (scenes @ weights).argmax(axis=1)].mean()
    return float((best - got) / (best - mean))
