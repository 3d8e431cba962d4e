"""Can partners who learn set each other better tasks than a curriculum written beforehand?

The world: a task asks for the first steps of a subject, up to some level, all done rightly. A
learner does each step rightly with some chance and learns by its own successes alone (policy
gradient: a success makes every step of the task surer); unused steps fade. So tasks far above
a learner teach nothing, and mastered ones neither. Talents for subjects differ.

The arms have the same learners and as many attempts each:
  fixed        subjects in turn, at levels that rise on a schedule; of eight schedules the one
               is taken that served a former class, as varied as this one, best;
  random       subjects and levels by lot;
  adaptive     subjects in turn; a level rises after two successes in a row and falls after
               three failures in a row (adaptation without company);
  cooperative  partners set each other tasks; the setter is paid for the other's successes, the
               more so the less they were to be expected: both want progress;
  mixed        the setter is paid where the other fails at a task that it can do itself, and has
               to show a failed task: that is its own next attempt;
  rival        the setter is paid for every failure of the other.
A setter knows its own skills, forms a picture of its partner's from successes and failures, and
sets the task with the highest expected pay, or now and then any task. How fast a picture changes
was chosen for the best exams in `cooperative` and `mixed`, as the schedule is for `fixed`.

It can show: which pay keeps tasks at the edge of a partner's ability, and how that compares with
a schedule and with adaptation to failures. It cannot show the invention of tasks, language, or
strategy: tasks are listed beforehand and setters do not learn to set. A researcher of open-ended
learning would call `cooperative` a teacher with a student model and miss policies on both sides.
Pay for unexpected success is one choice of common interest: pay for progress itself might do more.
"""

import numpy as np

TITLE = "Tasks set by a learning partner against a fixed curriculum"
SUMMARY = (
    "Learners climb subjects whose higher levels need all lower steps. Do two learners who set "
    "each other tasks, with common or partly clashing interests, learn more in as many attempts "
    "than from a fixed, a random or a failure-driven curriculum?"
)
DIRECTIONS = ("emergent-curriculum",)
FACTOR = "who chooses the next task, and what it is paid for"
ARMS = {
    "fixed": "follows the schedule that served a former class best",
    "random": "gets tasks by lot",
    "adaptive": "gets a harder task after successes and an easier one after failures",
    "cooperative": "gets tasks from a partner paid for its unexpected successes",
    "mixed": "gets tasks from a partner paid for failures at what it can do itself",
    "rival": "gets tasks from a partner paid for every failure",
}
METRICS = {
    "exam": {
        "description": "chance of success over all tasks at the end",
        "better": "higher",
        "smallest_effect": 0.04,
    },
    "new_mixtures": {
        "description": "chance of success in unseen tasks of two steps or more that mix subjects",
        "better": "higher",
        "smallest_effect": 0.04,
    },
    "weakest_subject": {
        "description": "level reached in a learner's weakest subject, as a share of all levels",
        "better": "higher",
        "smallest_effect": 0.05,
    },
    "idle": {
        "description": "share of attempts at tasks that are hopeless or mastered",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "forgotten": {
        "description": "what the exam would gain if no step had faded since its best",
        "better": "lower",
        "smallest_effect": 0.02,
    },
}
PARAMETERS = {
    "subjects": {
        "type": "int",
        "default": 4,
        "low": 1,
        "high": 8,
        "description": "subjects to learn",
    },
    "levels": {
        "type": "int",
        "default": 6,
        "low": 2,
        "high": 10,
        "description": "levels of each subject",
    },
    "attempts": {
        "type": "int",
        "default": 300,
        "low": 50,
        "high": 1000,
        "description": "attempts of each learner",
    },
    "variation": {
        "type": "float",
        "default": 0.6,
        "low": 0.0,
        "high": 1.2,
        "description": "how much learners differ in talent from subject to subject",
    },
    "fading": {
        "type": "float",
        "default": 0.001,
        "low": 0.0,
        "high": 0.01,
        "description": "how fast unused steps fade",
    },
}
DEFAULT = {
    "treatment": "mixed",
    "control": "fixed",
    "metric": "exam",
    "direction": "increase",
}
TURNING = {"variation": 1.2}
PLOT = {"over": "variation", "metric": "exam"}
COST_SECONDS = 4
LIMITS = "Listed tasks in chains of steps; a pair can order them but not invent any."
OPEN = {
    "appeal": (
        "skill, picture: learners by subjects by levels, a setter's own skills and what it takes "
        "its partner's for. chance(x).cumprod(axis=2) is the chance to succeed at each task. "
        "Return a learners by subjects * levels array: what setting each task would pay the "
        "setter (reshape(len(skill), -1)); it sets the task with the highest pay."
    )
}

LEARNERS, START, PACE, NOTICE, CURIOSITY = 24, -1.0, 0.5, 2.0, 0.05
# schedules: early or late to the upper levels
SLOPES = np.array([0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0])


def trial(arm, seed, subjects=4, levels=6, attempts=300, variation=0.6, fading=0.001):
    """Let a class of learners practise, each for itself or in pairs, and examine them."""
    world, dice, former = (np.random.default_rng([seed, part]) for part in (261, 262, 263))
    talent, start = pupils(world, subjects, levels, variation)
    kind = (subjects, levels, attempts, variation, fading)
    slope = schedule(former, *kind) if arm == "fixed" else 1.0
    skill, best, idle = practise(arm, dice, start, talent, attempts, fading, slope)
    known = chance(skill)
    mixed = known[:, world.integers(subjects, size=(200, levels)), np.arange(levels)]
    reached = (known.cumprod(axis=2) > 0.5).sum(axis=2).min(axis=1)
    return {
        "exam": float(exam(skill).mean()),
        "new_mixtures": float(mixed.cumprod(axis=2)[..., 1:].mean()),
        "weakest_subject": float(reached.mean() / levels),
        "idle": idle,
        "forgotten": float((exam(best) - exam(skill)).mean()),
    }


def schedule(dice, subjects, levels, attempts, variation, fading):
    """The schedule that served a former class of the same kind best."""
    talent, start = pupils(dice, subjects, levels, variation)
    talent, start = (np.concatenate([part] * len(SLOPES)) for part in (talent, start))
    slopes = np.repeat(SLOPES, LEARNERS)
    skill = practise("fixed", dice, start, talent, attempts, fading, slopes)[0]
    return SLOPES[exam(skill).reshape(len(SLOPES), -1).mean(axis=1).argmax()]


def pupils(rng, subjects, levels, variation):
    """Talents and first skills of a class."""
    spread = variation * rng.normal(size=(LEARNERS, subjects)) - variation**2 / 2
    return PACE * np.exp(spread), START + 0.3 * rng.normal(size=(LEARNERS, subjects, levels))


def exam(skill):
    """Every learner's chance of success, over all subjects and levels."""
    return chance(skill).cumprod(axis=2).mean(axis=(1, 2))


def chance(skill):
    """The chance that goes with a skill."""
    return 1.0 / (1.0 + np.exp(-skill))


def practise(arm, dice, start, talent, attempts, fading, slope):
    """Skills after practice, the best they ever were, and the share of idle attempts."""
    learners, subjects, levels = start.shape
    skill, best, idle = start.copy(), start.copy(), []
    everyone, ladder = np.arange(learners), np.arange(levels)
    partner = everyone ^ 1
    ability, run = np.zeros((2, learners, subjects), dtype=int)
    picture = np.full(start.shape, START)  # what each takes its partner's skills to be
    task, showing = np.zeros(learners, dtype=int), np.zeros(learners, dtype=bool)
    for moment in range(attempts):
        luck, whim, any_task = dice.random((3, learners))
        any_task = (any_task * subjects * levels).astype(int)
        turn = moment % subjects
        if arm == "fixed":
            level = (levels * (moment / attempts) ** slope).astype(int)
            task = turn * levels + level * np.ones(learners, dtype=int)
        elif arm == "random":
            task = any_task
        elif arm == "adaptive":
            task = turn * levels + ability[:, turn]
        else:
            liked = appeal(arm, skill, picture) + 0.01 * dice.random((learners, subjects * levels))
            set_ = np.where(whim < CURIOSITY, any_task, liked.argmax(axis=1))[partner]
            # whoever has to show a task that the other failed does so before anything else
            task = np.where(showing, task[partner], set_)
        subject, level = task // levels, task % levels
        known = chance(skill[everyone, subject])
        asked = ladder <= level[:, None]
        odds = np.where(asked, known, 1.0).prod(axis=1)
        success = luck < odds
        idle.append(((odds < 0.02) | (odds > 0.95)).mean())
        skill += fading * (start - skill)
        gain = talent[everyone, subject] * success
        skill[everyone, subject] += gain[:, None] * asked * (1.0 - known)
        np.maximum(best, skill, out=best)
        if arm == "adaptive":
            run[:, turn] = np.where(
                success, np.maximum(run[:, turn], 0) + 1, np.minimum(run[:, turn], 0) - 1
            )
            step = (run[:, turn] >= 2).astype(int) - (run[:, turn] <= -3)
            ability[:, turn] = np.clip(ability[:, turn] + step, 0, levels - 1)
            run[step != 0, turn] = 0
        elif arm in ("cooperative", "mixed", "rival"):
            seen = chance(picture[partner, subject])
            surprise = success - np.where(asked, seen, 1.0).prod(axis=1)
            picture[partner, subject] += NOTICE * surprise[:, None] * asked * (1.0 - seen)
            showing = (~success & ~showing)[partner] & (arm == "mixed")
    return skill, best, float(np.mean(idle))


def appeal(arm, skill, picture):
    """What a setter expects to be paid for each task, knowing itself and picturing the other."""
    theirs = chance(picture).cumprod(axis=2).reshape(len(skill), -1)
    own = chance(skill).cumprod(axis=2).reshape(len(skill), -1)
    share = {"cooperative": theirs, "mixed": own, "rival": 1.0}[arm]
    return share * (1.0 - theirs)
