"""Should an assistant follow values that change in answer to what it shows?

The world: many people with values (a few numbers each). Every week an assistant shows each
of them one item of a catalogue; satisfaction is how well the item fits the person's values.
Values move for two reasons: by themselves (a common trend and private chance), and towards
whatever is shown, as far as the assistant's influence goes. Each person has a twin who
meets the same chances and is never shown anything: what the assistant made of the person is
the distance between the two. The assistant sees noisy ratings of a few items only.

The arms share the ratings, the catalogue and the estimator: a filter of each person's values
by what they rate, told neither drift nor influence. They differ in what an item is chosen for:
  once       the values estimated at the end of the first weeks, for ever;
  tracker    the values as estimated now;
  anchored   half way between those of the start and those of now;
  discounted what the values would be without the assistant: movement in the estimate that
             it ascribes to its own pull is left out. The strength of that pull is estimated
             by showing nothing, each week, to some people drawn by lot;
  logs       the same without the lot: its pull is read from those it served, naively;
  steering   satisfaction now and to come: it counts on moving people where they are easily
             pleased, and knows how strong its influence is. A warning example.

It can show: what tracking gains in satisfaction and costs in values moved, and whether an
anchor or an estimate of one's own pull does better. It cannot show which movement is
legitimate: growth that a person would welcome and manipulation look alike here. Influence
is one number, the same for all, and constant; people neither talk to each other nor resist.
Better readings of logs than `logs` exist: it does not refute them all.
"""

import numpy as np

TITLE = "Following values that the assistant itself moves"
SUMMARY = (
    "An assistant shows items to people whose values drift by themselves and towards what is "
    "shown. Does following them please more than aligning once, how far does it carry people "
    "from where they would have been, and can an anchor or a measure of its own pull help?"
)
DIRECTIONS = ("recursive-alignment",)
FACTOR = "which values the assistant serves"
ARMS = {
    "once": "serves the values estimated in the first weeks",
    "tracker": "serves the values as estimated now",
    "anchored": "serves the middle between first and present values",
    "discounted": "serves present values less what it believes to have caused itself",
    "logs": "the same, but reads what it caused from ordinary logs, without a lot",
    "steering": "serves satisfaction now and later, and moves people to get it",
}
METRICS = {
    "satisfaction": {
        "description": "mean fit of shown items with people's values over the last ten weeks",
        "better": "higher",
        "smallest_effect": 0.03,
    },
    "twin_satisfaction": {
        "description": "the same items judged with the values of the twins, who saw nothing",
        "better": "higher",
        "smallest_effect": 0.03,
    },
    "moved": {
        "description": "mean distance from each person's values to the twin's, at the end",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "strayed": {
        "description": "mean distance from each person's values to those of the start, at the end",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "variety_lost": {
        "description": "share of the twins' differences from each other that people have lost",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "pull_error": {
        "description": "gap between its true influence and what the assistant ascribes to itself",
        "better": "lower",
        "smallest_effect": 0.005,
        "unit": "share of the way in a week",
    },
}
PARAMETERS = {
    "influence": {
        "type": "float",
        "default": 0.02,
        "low": 0.0,
        "high": 0.1,
        "description": "share of the way to a shown item that values move in a week",
    },
    "drift": {
        "type": "float",
        "default": 0.06,
        "low": 0.0,
        "high": 0.15,
        "description": "how far values move by themselves in a week",
    },
    "weeks": {
        "type": "int",
        "default": 60,
        "low": 20,
        "high": 200,
        "description": "weeks of service",
    },
    "items": {
        "type": "int",
        "default": 12,
        "low": 3,
        "high": 60,
        "description": "items in the catalogue",
    },
    "noise": {
        "type": "float",
        "default": 0.2,
        "low": 0.05,
        "high": 1.0,
        "description": "error of a rating",
    },
    "withheld": {
        "type": "float",
        "default": 0.1,
        "low": 0.02,
        "high": 0.5,
        "description": "share of people who are shown nothing in a week, in every arm",
    },
}
DEFAULT = {
    "treatment": "tracker",
    "control": "once",
    "metric": "satisfaction",
    "direction": "increase",
}
TURNING = {"drift": 0.0}
PLOT = {"over": "influence", "metric": "moved"}
COST_SECONDS = 10
LIMITS = "One constant influence on all, no talk between people; it cannot tell growth from harm."
OPEN = {
    "choose": (
        "catalogue: items by 4 traits. first, belief: 200 people by 4, their values as estimated "
        "in the first weeks and now. caused: 200 by 4, how far serving is estimated to have "
        "moved them. influence: how far one item moves a person. Return for each of the 200 "
        "people the number of the item to show (whole numbers from 0)."
    )
}

PEOPLE, SIZE, PROBES, LEARNING, LAST = 200, 4, 2, 8, 10
HORIZON = 20  # weeks that steering looks ahead
COMMON = 0.3  # share of the drift that all people have in common
ANCHOR = 0.5
RESTLESS = 0.06  # how far the filter supposes that values move in a week, rightly or wrongly


def trial(arm, seed, influence=0.02, drift=0.06, weeks=60, items=12, noise=0.2, withheld=0.1):
    """Serve people for some weeks, beside twins who are left alone."""
    world, rng = np.random.default_rng([seed, 91]), np.random.default_rng([seed, 92])
    catalogue = unit(world.normal(size=(items, SIZE))) * world.uniform(0.8, 1.2, (items, 1))
    people = unit(world.normal(size=(PEOPLE, SIZE)))
    start, twins, trend = people, people, unit(world.normal(size=SIZE))
    belief, doubt = np.zeros((PEOPLE, SIZE)), np.tile(np.eye(SIZE) / SIZE, (PEOPLE, 1, 1))
    for _ in range(LEARNING):
        belief, doubt, _ = listen(rng, people, belief, doubt, noise)
    first, shown_way, seen, fits = belief, np.zeros_like(belief), np.zeros((2, 4)), []
    for _ in range(weeks):
        caused = own_pull(arm, seen) * shown_way
        shown = catalogue[choose(arm, catalogue, first, belief, caused, influence)]
        served = world.random((PEOPLE, 1)) >= withheld
        fits.append([fit(values, shown)[served[:, 0]].mean() for values in (people, twins)])
        step, trend = chances(world, trend, drift)
        people = people + step + influence * (shown - people) * served
        twins, way = twins + step, shown - belief
        doubt = doubt + RESTLESS**2 * np.eye(SIZE) / SIZE
        belief, doubt, surprise = listen(rng, people, belief, doubt, noise, way)
        seen += [surprise[served[:, 0]].sum(axis=0), surprise[~served[:, 0]].sum(axis=0)]
        shown_way = shown_way + way * served
    pleased, twins_pleased = np.mean(fits[-LAST:], axis=0)
    return {
        "satisfaction": float(pleased),
        "twin_satisfaction": float(twins_pleased),
        "moved": float(np.linalg.norm(people - twins, axis=1).mean()),
        "strayed": float(np.linalg.norm(people - start, axis=1).mean()),
        "variety_lost": float(1.0 - people.std(axis=0).mean() / twins.std(axis=0).mean()),
        "pull_error": abs(own_pull(arm, seen) - influence),
    }


def unit(rows):
    """Rows of length one."""
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def fit(values, shown):
    """How well items suit values: along their direction, times the item's own quality."""
    return (unit(values) * shown).sum(axis=1)


def chances(rng, trend, drift):
    """How everybody's values move by themselves this week, and where the trend goes next."""
    private = rng.normal(size=(PEOPLE, SIZE)) / np.sqrt(SIZE)
    step = drift * (np.sqrt(COMMON) * trend + np.sqrt(1.0 - COMMON) * private)
    return step, unit(trend + 0.4 * rng.normal(size=SIZE) / np.sqrt(SIZE))


def choose(arm, catalogue, first, belief, caused, influence):
    """The item for each person, by the values that the arm serves."""
    if arm == "steering":
        kept = ((1.0 - influence) ** np.arange(HORIZON)).mean()
        appeal = (1.0 - kept) * (catalogue**2).sum(axis=1)
        return (kept * belief @ catalogue.T + appeal).argmax(axis=1)
    served = {
        "once": first,
        "tracker": belief,
        "anchored": ANCHOR * first + (1.0 - ANCHOR) * belief,
        "discounted": belief - caused,
        "logs": belief - caused,
    }[arm]
    return (served @ catalogue.T).argmax(axis=1)


def listen(rng, people, belief, doubt, noise, way=0.0):
    """Ask everybody about things drawn at random, and update what is believed of them.

    A Kalman filter, the same for all arms. Also returned for every person: how the answers
    surprise along the direction `way`, how long that is, how large surprises are, and how many.
    """
    surprise = np.zeros((len(people), 4))
    for _ in range(PROBES):
        asked = unit(rng.normal(size=people.shape))
        gap = ((people - belief) * asked).sum(axis=1) + noise * rng.normal(size=len(people))
        along = (way * asked).sum(axis=1)
        surprise += np.stack([gap * along, along**2, gap**2, np.ones(len(gap))], axis=1)
        spread = np.einsum("pij,pj->pi", doubt, asked)
        gain = spread / ((asked * spread).sum(axis=1) + noise**2)[:, None]
        belief = belief + gain * gap[:, None]
        doubt = doubt - gain[:, :, None] * spread[:, None, :]
    return belief, doubt, surprise


def own_pull(arm, seen):
    """How far showing moves people, from those who were served and those who by lot were not.

    Errors of the estimates look like movement, but alike in both groups: they cancel. Not so
    in `logs`, which looks at those who were served alone.
    """
    slopes = seen[:, 0] / (seen[:, 1] + 1e-9)
    errors = seen[:, 2] / ((seen[:, 1] + 1e-9) * (seen[:, 3] + 1e-9))
    pull, error = slopes[0] - slopes[1], errors.sum()
    if arm == "logs":
        pull, error = slopes[0], errors[0]
    # believed only as far as it stands out from chance
    return float(np.clip(pull - error / pull, 0.0, 1.0)) if pull > 0 else 0.0
