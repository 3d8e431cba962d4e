"""Is computation better spent on training a policy, or on trying many of its answers?

The world: a problem is a point; its right answer is a row of symbols, each the largest of a
few sums over the problem. A policy (one softmax for each place in the row) learns from
problems with their answers. Part of what decides a symbol (`out_of_reach`) bends in a way
that no such policy can express, so that training levels off.

All arms have trained equally long before, write their likeliest answer, and may spend the
same `compute` besides. To learn from one problem costs 3, to write one more answer 1; the
policy will be asked so many `questions`, among which answering is divided.
  train   all on training;
  search  all on more answers, drawn from the policy's chances; a verifier picks one;
  vote    the same, but gives the answer written most often: no verifier;
  mixed   half on training, half on more answers for the verifier.
The verifier gives each answer to a problem a score that never changes: `acuity` more if it
is right, plus an error of its own; a share of wrong answers (`flaws`) please it however
wrong they are. What cannot be spent (more than 256 answers to a question) is left.

It can show: for which verifier, traffic and policy search is the better buy, that it peaks
when the verifier can be fooled, and that search finds only what the policy may say. It
cannot show how large a verifier's errors are in practice, nor search that looks at unfinished
answers; and its verifier costs nothing, which favours search. By default training has nearly
levelled off; where it has not (`out_of_reach` 0), search gains little and mixed is best.
"""

import numpy as np

TITLE = "Search at answering against more training"
SUMMARY = (
    "A policy may spend the same computation on more training or on many answers to each "
    "question, from which an imperfect verifier picks. Which gives more right answers, and when "
    "does more search make matters worse?"
)
DIRECTIONS = ("test-time-compute",)
FACTOR = "what the same computation is spent on"
ARMS = {
    "train": "more training, then the policy's likeliest answer",
    "search": "many answers for each question, of which the verifier picks one",
    "vote": "many answers for each question, of which the commonest is given",
    "mixed": "half on training, half on answers for the verifier to pick from",
}
METRICS = {
    "accuracy": {
        "description": "share of questions answered right",
        "better": "higher",
        "smallest_effect": 0.03,
    },
    "unfamiliar_accuracy": {
        "description": "the same for problems that vary where those of training hardly did",
        "better": "higher",
        "smallest_effect": 0.03,
    },
    "coverage": {
        "description": "share of questions to which a right answer was among those written",
        "better": "higher",
        "smallest_effect": 0.03,
    },
    "passed_over": {
        "description": "share with a right answer written, a wrong one given (0 for train)",
        "better": "lower",
        "smallest_effect": 0.03,
    },
}
PARAMETERS = {
    "compute": {
        "type": "int",
        "default": 3200,
        "low": 200,
        "high": 60000,
        "description": "computation to spend besides the first training",
    },
    "questions": {
        "type": "int",
        "default": 200,
        "low": 20,
        "high": 20000,
        "description": "questions that will be asked, among which answering is divided",
    },
    "acuity": {
        "type": "float",
        "default": 3.0,
        "low": 0.0,
        "high": 6.0,
        "description": "how far a right answer stands out, in units of the verifier's error",
    },
    "flaws": {
        "type": "float",
        "default": 0.01,
        "low": 0.0,
        "high": 0.2,
        "description": "share of wrong answers that please the verifier more than any right one",
    },
    "trained": {
        "type": "int",
        "default": 300,
        "low": 0,
        "high": 3000,
        "description": "problems that the policy has learned from before",
    },
    "out_of_reach": {
        "type": "float",
        "default": 0.1,
        "low": 0.0,
        "high": 1.0,
        "description": "share of what decides a symbol that the policy cannot express",
    },
}
DEFAULT = {"treatment": "search", "control": "train", "metric": "accuracy", "direction": "increase"}
TURNING = {"flaws": 0.2}
PLOT = {"over": "compute", "metric": "accuracy"}
COST_SECONDS = 10
LIMITS = "Short answers, a linear policy, and a verifier given by three numbers that costs nothing."
OPEN = {
    "pick": (
        "rng: a generator. written: questions by answers, whole numbers from 0 to 255: the "
        "answers that were written, the likeliest one first. judged: questions by 256, the "
        "verifier's score of every possible answer. Return for each question the number of the "
        "answer given."
    )
}

INPUTS, PLACES, SYMBOLS, BENDS = 12, 4, 4, 24
ASKED, MOST, LESSON, DECAY = 300, 256, 3, 1e-4
BATCH, RATE = 20, 3.0
USUAL = np.where(np.arange(INPUTS) < 8, 1.0, 0.3)  # how far problems of training vary


def trial(
    arm,
    seed,
    compute=3200,
    questions=200,
    acuity=3.0,
    flaws=0.01,
    trained=300,
    out_of_reach=0.1,
):
    """Spend the computation in one way, then answer questions."""
    rng, own = np.random.default_rng([seed, 18]), np.random.default_rng([seed, 19])
    world = make(rng, out_of_reach)
    most = trained + compute // LESSON
    lessons = USUAL * rng.normal(size=(most, INPUTS))
    share = {"train": 1.0, "mixed": 0.5}.get(arm, 0.0)
    policy = learn(lessons[: trained + int(share * compute) // LESSON], world)
    answers = min(MOST, 1 + int((1.0 - share) * compute / questions))
    results = []
    for reach in (USUAL, np.ones(INPUTS)):
        asked = reach * rng.normal(size=(ASKED, INPUTS))
        judged = verifier(rng, right(world, asked), acuity, flaws)
        results.append(respond(arm, own, policy, asked, answers, judged, right(world, asked)))
    correct, covered = results[0]
    return {
        "accuracy": float(np.mean(correct)),
        "unfamiliar_accuracy": float(np.mean(results[1][0])),
        "coverage": float(np.mean(covered)),
        "passed_over": float(np.mean(covered & ~correct)),
    }


def make(rng, out_of_reach):
    """What decides the symbols: a straight part and a bent part, for every place and symbol."""
    straight = rng.normal(size=(INPUTS, PLACES * SYMBOLS)) / np.sqrt(INPUTS)
    turns, bent = rng.normal(size=(INPUTS, BENDS)), rng.normal(size=(BENDS, PLACES * SYMBOLS))
    return straight, turns, bent * np.sqrt(2.0 / BENDS), out_of_reach


def right(world, problems):
    """The right answer to each problem, as symbols in their places."""
    straight, turns, bent, share = world
    curved = np.cos(2.0 * problems @ turns / np.sqrt(INPUTS)) @ bent
    sums = np.sqrt(1.0 - share) * (problems @ straight) + np.sqrt(share) * curved
    return sums.reshape(-1, PLACES, SYMBOLS).argmax(axis=2)


def learn(lessons, world):
    """Weights of the policy after one pass over the lessons (averaged gradient descent)."""
    weights = np.zeros((INPUTS + 1, PLACES * SYMBOLS))
    total, count = np.zeros_like(weights), 0.0
    told = np.eye(SYMBOLS)[right(world, lessons)].reshape(-1, PLACES * SYMBOLS)
    given = np.column_stack([lessons, np.ones(len(lessons))])
    for start in range(0, len(lessons), BATCH):
        some = given[start : start + BATCH]
        wrong = chances(some @ weights).reshape(len(some), -1) - told[start : start + BATCH]
        weights = weights - RATE * (some.T @ wrong / len(some) + DECAY * weights)
        total, count = total + (start + BATCH) * weights, count + start + BATCH
    return total / max(count, 1.0)


def chances(scores):
    """The chance of every symbol in every place."""
    scores = scores.reshape(len(scores), PLACES, SYMBOLS)
    parts = np.exp(scores - scores.max(axis=2, keepdims=True))
    return parts / parts.sum(axis=2, keepdims=True)


def number(symbols):
    """Each row of symbols as one number."""
    return symbols @ SYMBOLS ** np.arange(PLACES)


def verifier(rng, solutions, acuity, flaws):
    """The score of every possible answer to every problem."""
    scores = rng.normal(size=(len(solutions), SYMBOLS**PLACES))
    scores += 100.0 * (rng.random(scores.shape) < flaws)
    rows = np.arange(len(solutions))
    scores[rows, number(solutions)] = acuity + rng.normal(size=len(solutions))
    return scores


def respond(arm, rng, policy, asked, answers, judged, solutions):
    """Whether the answer given is right, and whether a right one was written."""
    likely = chances(np.column_stack([asked, np.ones(len(asked))]) @ policy)
    edges, drawn = likely.cumsum(axis=2), rng.random((len(asked), answers, PLACES))
    symbols = (drawn[..., None] > edges[:, None, :, :-1]).sum(axis=3)
    symbols[:, 0] = likely.argmax(axis=2)
    written, target = number(symbols), number(solutions)
    given = pick(arm, rng, written, judged)
    # what was not written cannot be given
    given = np.where((written == given[:, None]).any(axis=1), given, written[:, 0])
    return given == target, np.any(written == target[:, None], axis=1)


def pick(arm, rng, written, judged):
    """The answer given to each question, of those that were written."""
    rows = np.arange(len(written))
    if arm == "vote":
        tally = np.zeros((len(written), SYMBOLS**PLACES))
        np.add.at(tally, (rows[:, None], written), 1.0)
        return (tally + 0.5 * rng.random(tally.shape)).argmax(axis=1)
    return written[rows, np.take_along_axis(judged, written, axis=1).argmax(axis=1)]
