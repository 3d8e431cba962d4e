"""Does a second sense, matched to the first before any labels, save labels?

The world: every event has a few hidden causes. Sound and image are two recordings of it, each
a linear mixture of the causes, of strong nuisances (what else is going on there), and of a
little noise of its own. With `shared_noise` above 0, part of the nuisances disturb both
recordings at the same moments, at 1 all of them. The answer asked for depends on the hidden
causes, and for `private_share` of it on something that only the sound carries.

The arms learn to describe sounds in a few numbers, then a linear rule from a few labelled
sounds (weight decay chosen by leaving each label out). They are asked about sounds alone.
  raw        no description: the rule sees the sounds themselves;
  single     the directions of twice as many unlabelled sounds that rise above the noise
             (principal components);
  matched    the directions that match the image's better than chance (canonical correlation,
             each direction as long as it matches well, which spares it in the weight decay);
  unmatched  the same, but matched to images of other events;
  borrowed   raw, with 200 labelled sounds of a neighbouring domain, which mixes the hidden
             causes partly in another way.

It can show: whether matching senses saves labels, that the gain hangs on the pairing and on
independent noise, and what is lost when one sense alone knows. It cannot show that deep
networks on real sound and image would find as much: all is linear, at least the number of
hidden causes is known, and nuisances are as much in the way of a label as causes, by design.
With few pairs (50) plain canonical correlation finds chance matches and is the worse choice.
"""

import numpy as np

TITLE = "Matching two senses before labels"
SUMMARY = (
    "Sound and image share hidden causes but not their noise. Does learning to match them "
    "before labels are given lower the error with few labels, compared with twice the data "
    "of one sense, and does the benefit vanish when one fault disturbs both senses?"
)
DIRECTIONS = ("cross-modal-learning", "sample-efficiency")
FACTOR = "what is learned about sounds before, or besides, the few labels"
ARMS = {
    "raw": "learns from the few labelled sounds as they are",
    "single": "describes sounds by their leading directions, from twice the unlabelled sounds",
    "matched": "describes sounds by the directions that best match the image of the event",
    "unmatched": "the same matching, with images that belong to other events",
    "borrowed": "raw, with many labelled sounds from a neighbouring domain",
}
METRICS = {
    "error": {
        "description": "share of wrong answers to new sounds",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "labels_needed": {
        "description": "labels until the error falls to 0.2, counted on a grid up to 300",
        "better": "lower",
        "smallest_effect": 10.0,
        "unit": "labels",
    },
    "final_error": {
        "description": "share of wrong answers to new sounds after 300 labels",
        "better": "lower",
        "smallest_effect": 0.02,
    },
    "clutter": {
        "description": "share of the description's variance that hidden causes do not explain",
        "better": "lower",
        "smallest_effect": 0.05,
    },
}
PARAMETERS = {
    "labels": {
        "type": "int",
        "default": 15,
        "low": 5,
        "high": 200,
        "description": "labelled sounds",
    },
    "unlabelled": {
        "type": "int",
        "default": 600,
        "low": 50,
        "high": 2000,
        "description": "unlabelled events recorded in both senses (single: twice as many sounds)",
    },
    "shared_noise": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "share of the nuisances' variance that disturbs both senses at once",
    },
    "nuisance": {
        "type": "float",
        "default": 1.5,
        "low": 0.0,
        "high": 4.0,
        "description": "size of a nuisance compared with a hidden cause",
    },
    "private_share": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.0,
        "description": "share of the answer that depends on what the sound alone carries",
    },
    "kinship": {
        "type": "float",
        "default": 0.8,
        "low": 0.0,
        "high": 1.0,
        "description": "how alike the neighbouring domain's mixture of the causes is",
    },
}
DEFAULT = {"treatment": "matched", "control": "single", "metric": "error", "direction": "decrease"}
TURNING = {"shared_noise": 1.0}
PLOT = {"over": "shared_noise", "metric": "error"}
COST_SECONDS = 4
LIMITS = "Linear senses and a known number of hidden causes; nothing on deep or real perception."
OPEN = {
    "description": (
        "rng: a generator. sounds, images: events by 30 channels, the same events row by row. "
        "more: further sounds of other events. Return a 30 by k array of directions, k as you "
        "like: a learner with few labels sees sounds @ directions."
    )
}

CAUSES, NUISANCES, CHANNELS, NOISE = 4, 8, 30, 0.25
TEST, ABUNDANT, NEIGHBOURS, GOAL = 1000, 300, 200, 0.2
GRID = (5, 10, 15, 20, 30, 40, 60, 80, 120, 200, ABUNDANT)
DECAYS = 10.0 ** np.arange(-2, 5)


def trial(
    arm,
    seed,
    labels=15,
    unlabelled=600,
    shared_noise=0.0,
    nuisance=1.5,
    private_share=0.0,
    kinship=0.8,
):
    """Describe sounds, learn from labels, and be asked about new sounds."""
    rng = np.random.default_rng([seed, 12])
    world = {
        "sound": mixture(rng),
        "image": mixture(rng),
        "rule": rng.normal(size=CAUSES),
        "private": private_share,
        "nuisances": (shared_noise, nuisance),
    }
    sounds, images, _, _ = events(rng, world, unlabelled)
    more = events(rng, world, unlabelled)[0]
    taught, _, answers, _ = events(rng, world, ABUNDANT)
    asked, _, right, causes = events(rng, world, TEST)
    nearby, other = world["sound"].copy(), mixture(rng)[:CAUSES]
    nearby[:CAUSES] = np.sqrt(kinship) * nearby[:CAUSES] + np.sqrt(1.0 - kinship) * other
    lent = events(rng, dict(world, sound=nearby), NEIGHBOURS)
    describe = description(arm, rng, sounds, images, more)
    used = NEIGHBOURS if arm == "borrowed" else 0
    extra = (lent[0][:used] @ describe, lent[2][:used])

    def missed(count):
        """The error after so many labels."""
        weights = fit(taught[:count] @ describe, answers[:count], *extra)
        return float(np.mean(np.sign(seen @ weights[:-1] + weights[-1]) != right))

    seen = asked @ describe
    errors = [missed(count) for count in GRID]
    unexplained = seen - causes @ np.linalg.lstsq(causes, seen, rcond=None)[0]
    return {
        "error": missed(labels),
        "labels_needed": needed(errors),
        "final_error": errors[-1],
        "clutter": float(np.mean(unexplained**2) / np.mean(seen**2)),
    }


def mixture(rng):
    """How causes, nuisances and the private part (rows) reach a sense's channels."""
    return rng.normal(size=(CAUSES + NUISANCES + 1, CHANNELS)) / np.sqrt(CHANNELS)


def events(rng, world, count):
    """Sounds, images, right answers and hidden causes of new events."""
    shared, size = world["nuisances"]
    causes, private = rng.normal(size=(count, CAUSES)), rng.normal(size=(count, 1))
    common, *own = rng.normal(size=(3, count, NUISANCES))
    senses = []
    for sense, alone, extra in zip(("sound", "image"), own, (private, 0 * private), strict=True):
        faults = size * (np.sqrt(shared) * common + np.sqrt(1.0 - shared) * alone)
        clean = np.hstack([causes, faults, extra]) @ world[sense]
        senses.append(clean + NOISE * rng.normal(size=clean.shape))
    both = causes @ world["rule"] / np.linalg.norm(world["rule"])
    mixed = np.sqrt(1.0 - world["private"]) * both + np.sqrt(world["private"]) * private[:, 0]
    return senses[0], senses[1], np.sign(mixed), causes


def description(arm, rng, sounds, images, more):
    """The directions in which a sound is described."""
    if arm == "single":
        return components(np.vstack([sounds, more]))
    if arm == "matched":
        return match(rng, sounds, images)
    if arm == "unmatched":
        return match(rng, sounds, rng.permutation(images))
    return np.eye(CHANNELS) / np.std(sounds)


def components(data):
    """The principal directions that rise above the floor of noise, scaled to vary alike."""
    values, vectors = np.linalg.eigh(covariance(data))
    floor = np.median(values) * (1.0 + np.sqrt(CHANNELS / len(data))) ** 2
    kept = max(CAUSES, int(np.sum(values > floor)))
    return (vectors / np.sqrt(values))[:, -kept:]


def match(rng, sounds, images):
    """The canonical directions of sounds that match better than any does with shuffled images."""
    whiten, other = whitener(sounds), whitener(images)
    between = whiten.T @ (sounds.T @ images / len(sounds)) @ other
    chance = whiten.T @ (sounds.T @ rng.permutation(images) / len(sounds)) @ other
    vectors, values, _ = np.linalg.svd(between)
    kept = max(CAUSES, int(np.sum(values > np.linalg.svd(chance)[1][0])))
    return whiten @ (vectors[:, :kept] * values[:kept])


def whitener(data):
    """A map after which all directions vary alike."""
    values, vectors = np.linalg.eigh(covariance(data))
    return vectors / np.sqrt(values)


def covariance(data):
    """How channels vary together; nothing has a mean."""
    return data.T @ data / len(data)


def fit(inputs, answers, lent, lent_answers):
    """Least squares with the weight decay that does best when each label is left out."""
    design = np.column_stack([np.vstack([inputs, lent]), np.ones(len(inputs) + len(lent))])
    target, best = np.concatenate([answers, lent_answers]), (np.inf, None)
    left, values, right = np.linalg.svd(design, full_matrices=False)
    pulled = left.T @ target
    for decay in DECAYS:
        share = values**2 / (values**2 + decay)
        misses = (target - left @ (share * pulled)) / (1.0 - left**2 @ share)
        score = np.mean(misses[: len(inputs)] ** 2)  # judged in the domain that counts
        if score < best[0]:
            best = score, right.T @ (values / (values**2 + decay) * pulled)
    return best[1]


def needed(errors):
    """Labels until the error first falls to the goal, between grid points as on a line."""
    place = next((place for place, error in enumerate(errors) if error <= GOAL), len(GRID))
    if place in (0, len(GRID)):
        return float(ABUNDANT if place else GRID[0])
    share = (errors[place - 1] - GOAL) / (errors[place - 1] - errors[place])
    return float(GRID[place - 1] + share * (GRID[place] - GRID[place - 1]))
