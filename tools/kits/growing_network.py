"""Does a network that grows during deployment forget less than a fixed one of the same size?

The world: jobs arrive one after another, each for a stretch of examples. A job maps the same
kind of input to a number through hidden features; `likeness` sets how alike these features
are in all jobs. The stretch of jobs may come round more than once.

The arms are networks with one hidden layer and one output for each job; all are told which
job it is, during training and at the test, and all end with the same number of hidden units.
  fixed      all units from the start, all of them trained on every job;
  replay     fixed, and each batch is joined by as many of at most `memory` old examples, kept
             evenly over all stretches (as room runs out, some of each go): twice the computing;
  tied       fixed, but weights that mattered to earlier jobs are held near their values
             (an elastic penalty);
  growing    starts with a share of the units and adds as many for each new job; older units
             are protected: later jobs may use them but not change them;
  unprotected  grows in the same way, but later jobs may change older units.

It can show: what is forgotten, what growth without protection is worth, and when replay, an
elastic penalty, returning jobs or likeness make growth needless. It cannot show how a learner
finds out that the job has changed, which would be hard: it is told. Protected units cannot be
forgotten by design (when jobs return, only their outputs learn on): the fair comparison is the
error over all jobs at the end, where fewer units for each job are the price. One small network
on made-up jobs shows nothing about size or language.
"""

import numpy as np

TITLE = "Growing against fixed networks on a stream of jobs"
SUMMARY = (
    "Networks meet one job after another. One has a fixed size; others add units for each new "
    "job, with or without protecting the older units. All end equally large. Which has the "
    "lowest error over all jobs at the end, and does growth still pay when old examples may be "
    "replayed, jobs return, or jobs are alike?"
)
DIRECTIONS = ("growing-architecture",)
FACTOR = "whether the network grows and what it protects"
ARMS = {
    "fixed": "has all units from the start and trains them on every job",
    "replay": "is fixed, and rehearses stored examples of old jobs",
    "tied": "is fixed, and holds weights that mattered to old jobs near their values",
    "growing": "adds units for every job and protects the older ones",
    "unprotected": "adds units for every job and goes on changing the older ones",
}
METRICS = {
    "final_error": {
        "description": "unexplained share of variance at the end, mean over all jobs",
        "better": "lower",
        "smallest_effect": 0.04,
    },
    "forgetting": {
        "description": "rise of a job's error between its first stretch and the end, mean",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "learning_error": {
        "description": "error on each job right after its first stretch, mean",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "first_job_error": {
        "description": "error on the very first job at the end",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "last_job_error": {
        "description": "error on the last job at the end",
        "better": "lower",
        "smallest_effect": 0.03,
    },
}
PARAMETERS = {
    "jobs": {
        "type": "int",
        "default": 6,
        "low": 2,
        "high": 8,
        "description": "different jobs",
    },
    "examples": {
        "type": "int",
        "default": 1000,
        "low": 100,
        "high": 2000,
        "description": "examples in each stretch of one job",
    },
    "likeness": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "how alike the hidden features of all jobs are",
    },
    "returns": {
        "type": "int",
        "default": 0,
        "low": 0,
        "high": 3,
        "description": "how often the whole stretch of jobs comes round again",
    },
    "memory": {
        "type": "int",
        "default": 200,
        "low": 10,
        "high": 1000,
        "description": "old examples that replay may store, at least one of each stretch",
    },
    "units": {
        "type": "int",
        "default": 30,
        "low": 12,
        "high": 120,
        "description": "hidden units at the end",
    },
}
DEFAULT = {
    "treatment": "growing",
    "control": "fixed",
    "metric": "final_error",
    "direction": "decrease",
}
TURNING = {"likeness": 1.0}
PLOT = {"over": "likeness", "metric": "final_error"}
COST_SECONDS = 8
LIMITS = "One hidden layer on made-up jobs, with the job always known; nothing on large networks."
OPEN = {
    "pull": (
        "slope, weights, mattered, before: arrays of 9 inputs by units: the slope of the loss, "
        "the present weights, how much each mattered to old jobs (0: not at all), and weights "
        "after the last job. newest: for each unit, True if it was added for this job. Return 9 "
        "by units: the slope that the weights go down."
    )
}

INPUTS, FEATURES, BATCH, TEST, NOISE = 8, 6, 20, 300, 0.1
RATE, STIFFNESS, GAIN = 0.02, 100.0, 2.5


def trial(arm, seed, jobs=6, examples=1000, likeness=0.0, returns=0, memory=200, units=30):
    """Meet the jobs one after another and be tested on all of them."""
    rng = np.random.default_rng([seed, 60])
    teachers = make_jobs(rng, jobs, likeness)
    tests = [draw(rng, teacher, TEST, 0.0) for teacher in teachers]
    own = np.random.default_rng([seed, 61])
    inward = own.normal(size=(INPUTS + 1, units)) / np.sqrt(INPUTS)
    outward, anchor = np.zeros((jobs, units)), (np.zeros_like(inward), inward)
    grows = arm in ("growing", "unprotected")
    born = np.arange(units) * jobs // units if grows else np.zeros(units)
    store, early = [], []
    for stretch in range(jobs * (returns + 1)):
        job = stretch % jobs
        lesson = draw(rng, teachers[job], examples, NOISE)
        usable = born <= stretch
        newest = born == stretch
        old = stored(store, memory) if arm == "replay" and store else None
        inward, outward, slopes = study(
            arm, own, inward, outward, job, lesson, usable, newest, old, anchor
        )
        anchor = anchor[0] + slopes, inward
        store.append((job, *lesson))
        if stretch < jobs:
            early.append(error(inward, outward[job], *tests[job]))
    late = [error(inward, outward[job], *test) for job, test in enumerate(tests)]
    return {
        "final_error": float(np.mean(late)),
        "forgetting": float(np.mean(np.subtract(late, early)[:-1])),
        "learning_error": float(np.mean(early)),
        "first_job_error": late[0],
        "last_job_error": late[-1],
    }


def make_jobs(rng, jobs, likeness):
    """For each job the directions of its hidden features and what they add up to."""
    common, own = rng.normal(size=(INPUTS, FEATURES)), rng.normal(size=(jobs, INPUTS, FEATURES))
    mixed = np.sqrt(likeness) * common + np.sqrt(1.0 - likeness) * own
    return list(zip(GAIN * mixed / np.sqrt(INPUTS), rng.normal(size=(jobs, FEATURES)), strict=True))


def draw(rng, teacher, count, noise):
    """Inputs and answers of one job, the answers of about unit size."""
    inputs = rng.normal(size=(count, INPUTS))
    answers = np.tanh(inputs @ teacher[0]) @ teacher[1] / np.linalg.norm(teacher[1]) / 0.75
    return np.column_stack([inputs, np.ones(count)]), answers + noise * rng.normal(size=count)


def stored(store, memory):
    """What is still kept of the past: the first few examples of every stretch, alike many.

    Examples come in no order, and what was once given up is never seen again.
    """
    share = max(1, memory // len(store))
    kept = [(job, inputs[:share], answers[:share]) for job, inputs, answers in store]
    return (
        np.concatenate([np.full(len(answers), job) for job, _, answers in kept]),
        np.vstack([inputs for _, inputs, _ in kept]),
        np.concatenate([answers for _, _, answers in kept]),
    )


def pull(arm, slope, weights, mattered, before, newest):
    """The slope that the inward weights go down, given that of the loss."""
    if arm == "growing":
        return slope * newest
    if arm == "tied":
        return slope + STIFFNESS * mattered * (weights - before)
    return slope


def study(arm, own, inward, outward, job, lesson, usable, newest, old, anchor):
    """Train on one stretch, each example once; also how much each inward weight mattered."""
    inward, outward, importance = inward.copy(), outward.copy(), np.zeros_like(inward)
    weights = (inward, outward)
    slow = [np.zeros_like(each) for each in weights]
    fast = [np.zeros_like(each) for each in weights]
    steps = len(lesson[1]) // BATCH
    for turn in range(1, steps + 1):
        part = slice((turn - 1) * BATCH, turn * BATCH)
        inputs, answers = lesson[0][part], lesson[1][part]
        whose = np.full(BATCH, job)
        if old is not None:
            some = own.integers(len(old[0]), size=BATCH)
            whose = np.concatenate([whose, old[0][some]])
            inputs, answers = np.vstack([inputs, old[1][some]]), np.append(answers, old[2][some])
        hidden = np.tanh(inputs @ inward) * usable
        heads = outward[whose]
        missed = ((hidden * heads).sum(axis=1) - answers)[:, None] / BATCH
        outslope = (whose == np.arange(len(outward))[:, None]) @ (missed * hidden)
        inslope = inputs.T @ (missed * heads * (1.0 - hidden**2)) * usable
        importance += inslope**2 * BATCH / steps
        inslope = pull(arm, inslope, inward, *anchor, newest)
        pace = RATE * (1.0 - 0.9 * (turn - 1) / steps)
        for place, slope in enumerate((inslope, outslope)):
            slow[place] += 0.1 * (slope - slow[place])
            fast[place] += 0.01 * (slope**2 - fast[place])
            size = np.sqrt(fast[place] / (1.0 - 0.99**turn)) + 1e-8
            weights[place][...] -= pace * slow[place] / (1.0 - 0.9**turn) / size
    return inward, outward, importance


def error(inward, head, inputs, answers):
    """Unexplained share of the answers' variance."""
    return float(np.mean((answers - np.tanh(inputs @ inward) @ head) ** 2) / np.var(answers))
