"""Does telling a learner off for contradicting itself help where it was never trained?

The world: questions are asked in contexts (a site, a speaker, a form of words). The right
answer is mostly the same in all contexts; `relevance` sets how far it depends on the context.
A question has a topic, which is never blurred but says little; a kind (trick question or not);
and a content, which each context renders with its own blur. In a share of the training
contexts the labels of trick questions are wrong.

The arms are learners, all one linear model on the question and its products with a context's
description, with the same labels and the same weight decay (tuned without the penalty, on
contexts held out in turn). They differ in the penalty on differences between the replies to
unlabelled questions that are put in several contexts:
  plain      no penalty;
  penalised  a penalty of the given strength, by default one that was found to serve well;
  chosen     the strength with fewest errors on a few labelled questions of one unfamiliar
             context, then trained on these as well, as all other arms are;
  counted    the strength that leaves the fewest contradictions;
  blind      no penalty, but cannot see the context: agreement built in.

It can show: what a penalty on contradictions does to errors in unseen contexts, where it is
too strong, whether counting contradictions tells, and what happens where the wrong reply is
common. It cannot show how deep networks find contexts or meanings by themselves: both are
given here, the model is linear, old and new contexts are drawn alike. By default blind does
better than any penalty; without blur the strongest only makes blind; and as agreement averages
out noise, a wrong majority harms only trick questions of contexts that had them right.
"""

import numpy as np

TITLE = "Penalising contradictions between contexts"
SUMMARY = (
    "A learner answers questions in several contexts, and a penalty makes its replies to the "
    "same unlabelled question agree across them. Does agreement lower the error in contexts "
    "that were absent from training, how strong should the penalty be, and what if the wrong "
    "reply is the commoner one?"
)
DIRECTIONS = ("consistency-regularisation",)
FACTOR = "how contradictions between contexts are penalised"
ARMS = {
    "plain": "is trained on the labels alone, with tuned weight decay",
    "penalised": "pays for differences between its replies, at the given strength",
    "chosen": "picks the strength by a few labelled questions in one unfamiliar context",
    "counted": "picks the strength that leaves the fewest contradictions",
    "blind": "cannot see the context, so that agreement is built in",
}
METRICS = {
    "unseen_error": {
        "description": "share of wrong replies in contexts absent from training",
        "better": "lower",
        "smallest_effect": 0.02,
    },
    "familiar_error": {
        "description": "share of wrong replies in the training contexts, to new questions",
        "better": "lower",
        "smallest_effect": 0.02,
    },
    "sound_trick_error": {
        "description": "share of wrong replies to trick questions in contexts labelled rightly",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "contradictions": {
        "description": "share of pairs of unseen contexts in which replies to a question differ",
        "better": "lower",
        "smallest_effect": 0.03,
    },
}
PARAMETERS = {
    "strength": {
        "type": "float",
        "default": 3.0,
        "low": 0.01,
        "high": 100.0,
        "description": "strength of the penalty",
    },
    "misled": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 0.9,
        "description": "share of training contexts where labels of trick questions are wrong",
    },
    "relevance": {
        "type": "float",
        "default": 0.0,
        "low": 0.0,
        "high": 1.5,
        "description": "how far the right answer truly depends on the context",
    },
    "blur": {
        "type": "float",
        "default": 0.2,
        "low": 0.0,
        "high": 2.0,
        "description": "how differently contexts render the same question",
    },
    "contexts": {
        "type": "int",
        "default": 6,
        "low": 3,
        "high": 20,
        "description": "training contexts",
    },
    "labels": {
        "type": "int",
        "default": 30,
        "low": 10,
        "high": 200,
        "description": "labelled questions in each training context",
    },
    "unlabelled": {
        "type": "int",
        "default": 100,
        "low": 10,
        "high": 300,
        "description": "unlabelled questions that are put in every training context",
    },
}
DEFAULT = {
    "treatment": "penalised",
    "control": "plain",
    "metric": "unseen_error",
    "direction": "decrease",
}
TURNING = {"strength": 100.0}
PLOT = {"over": "strength", "metric": "unseen_error"}
COST_SECONDS = 3
LIMITS = "A linear model with contexts given as vectors; nothing on networks that find contexts."
OPEN = {
    "learn": (
        "parts: a list of (inputs, answers), one for each known context, the last one with a few "
        "questions of another; inputs is questions by 75 features, answers are -1.0 or 1.0. "
        "groups: the context of each question but the last part's. shared: contexts by questions "
        "by 75, unlabelled. strength: a number. Return 75 weights: the sign of features @ "
        "weights answers."
    )
}

CONTENT, TRAITS, UNSEEN, TEST, HINTS = 6, 4, 20, 100, 30
TOPIC_PULL, TRICK_SHARE = 0.4, 0.4
DECAYS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
STRENGTHS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


def trial(
    arm,
    seed,
    strength=3.0,
    misled=0.0,
    relevance=0.0,
    blur=0.2,
    contexts=6,
    labels=30,
    unlabelled=100,
):
    """Train one learner in a fresh world and question it in old and new contexts."""
    rng = np.random.default_rng([seed, 22])
    rule = rng.normal(size=CONTENT) / np.sqrt(CONTENT)
    turns = rng.normal(size=(TRAITS, CONTENT)) * relevance / np.sqrt(CONTENT * TRAITS)
    places = rng.normal(size=(contexts + 1 + UNSEEN, TRAITS))
    known, extra, unseen = places[:contexts], places[contexts], places[contexts + 1 :]
    wrong = np.arange(contexts) < min(round(misled * contexts), contexts - 1)
    parts = []
    for place, liar in zip([*known, extra], [*wrong, False], strict=True):
        asked = questions(rng, HINTS if place is extra else labels)
        answer = truth(asked, place[None], rule, turns)[0]
        answer = np.where((asked[:, 1] > 0) & liar, -answer, answer)
        parts.append((features(rng, asked, place[None], blur)[0], answer))
    groups = np.repeat(np.arange(contexts), labels)
    shared = features(rng, questions(rng, unlabelled), known, blur)
    new, old = questions(rng, TEST), questions(rng, TEST)
    fresh, usual = features(rng, new, unseen, blur), features(rng, old, known, blur)
    right, usual_right = truth(new, unseen, rule, turns), truth(old, known, rule, turns)

    weights = learn(arm, parts, groups, shared, strength)
    replies = np.sign(fresh @ weights)
    missed = np.sign(usual @ weights) != usual_right
    return {
        "unseen_error": float((replies != right).mean()),
        "familiar_error": float(missed.mean()),
        "sound_trick_error": float(missed[~wrong][:, old[:, 1] > 0].mean()),
        "contradictions": (1.0 - agreement(replies)) * UNSEEN / (UNSEEN - 1),
    }


def questions(rng, count):
    """Topic (-1 or 1), kind (1 for a trick question) and content of each question."""
    topic = rng.choice((-1.0, 1.0), size=count)
    trick = (rng.random(count) < TRICK_SHARE).astype(float)
    return np.column_stack([topic, trick, rng.normal(size=(count, CONTENT))])


def truth(asked, places, rule, turns):
    """The right answers, one row for each context."""
    return np.sign(TOPIC_PULL * asked[:, 0] + (rule + places @ turns) @ asked[:, 2:].T)


def features(rng, asked, places, blur):
    """What the learner sees of every question in every context, products included."""
    shape = (len(places), len(asked), CONTENT)
    content = asked[:, 2:] + blur * rng.normal(size=shape)
    given = np.broadcast_to(asked[:, :2], (*shape[:2], 2))
    base = np.concatenate([np.ones((*shape[:2], 1)), given, content, given[..., 1:] * content], 2)
    context = np.column_stack([np.ones(len(places)), places])
    return (context[:, None, :, None] * base[:, :, None, :]).reshape(*shape[:2], -1)


def differences(seen):
    """How the features of one question vary between contexts: the penalty's matrix."""
    away = (seen - seen.mean(axis=0)).reshape(-1, seen.shape[2])
    return away.T @ away / len(away)


def agreement(replies):
    """Share of pairs of contexts, a context with itself included, that reply alike."""
    return float(0.5 + 0.5 * np.mean(np.sign(replies).mean(axis=0) ** 2))


def learn(arm, parts, groups, shared, strength):
    """The weights of one learner; `shared` are unlabelled questions as every context put them."""
    hints, spread = parts[-1], differences(shared)
    if arm == "blind":
        width = 3 + 2 * CONTENT  # the features that no context multiplies come first
        narrow = [(inputs[:, :width], answers) for inputs, answers in parts]
        weights = fit(narrow, decay(narrow[:-1], groups), 0.0, np.zeros((width, width)))
        return np.concatenate([weights, np.zeros(len(spread) - width)])
    ridge = decay(parts[:-1], groups)
    if arm == "chosen":
        tried = [hints[0] @ fit(parts[:-1], ridge, each, spread) for each in STRENGTHS]
        missed = (np.sign(tried) != hints[1]).sum(axis=1)
        best = np.flatnonzero(missed == missed.min())  # of equals, the one in the middle
        strength = STRENGTHS[best[len(best) // 2]]
    if arm == "counted":
        tried = [agreement(shared @ fit(parts, ridge, each, spread)) for each in STRENGTHS]
        strength = STRENGTHS[int(np.argmax(tried))]
    return fit(parts, ridge, 0.0 if arm == "plain" else strength, spread)


def fit(parts, ridge, strength, spread):
    """Least squares on the labels, with weight decay and the penalty on contradictions."""
    inputs, answers = (np.concatenate(each) for each in zip(*parts, strict=True))
    size = len(answers)
    bent = inputs.T @ inputs / size + strength * spread + ridge / size * np.eye(inputs.shape[1])
    return np.linalg.solve(bent, inputs.T @ answers / size)


def decay(parts, groups):
    """The weight decay with the lowest error on contexts held out in turn."""
    inputs, answers = (np.concatenate(each) for each in zip(*parts, strict=True))
    misses = np.zeros(len(DECAYS))
    for group in range(len(parts)):
        held = groups == group
        values, vectors = np.linalg.eigh(inputs[~held].T @ inputs[~held])
        pulled = vectors.T @ (inputs[~held].T @ answers[~held])
        for place, ridge in enumerate(DECAYS):
            weights = vectors @ (pulled / (values + ridge))
            misses[place] += np.sum(np.sign(inputs[held] @ weights) != answers[held])
    return DECAYS[int(np.argmin(misses))]
