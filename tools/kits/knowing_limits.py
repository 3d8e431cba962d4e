"""Which sign of doubt tells a system when to decline, ask, or hold back far from home?

The world: cases are points with a right answer of two, drawn by a curved border. Training
cases lie around home, a few of their answers wrong; later cases move away step by step, each
its own way, up to `shift`, where the border goes on but nobody has trained. Few cases have a
large stake.

All arms train the same networks (`models` of them, alike but for their random start) on the
same examples, and all give the answers of the first. They differ only in what they doubt:
  random        any case: what refusing brings without knowing;
  stated        cases where the first network's own stated chance is near one half;
  averaged      cases where the mean chance of all networks is near one half;
  disagreement  cases where the networks' chances differ most;
  novelty       cases unlike the training cases (distance in units of their spread);
  stakes        cases with a high stake;
  combined      cases where disagreement times stake is high.
Two errors are measured with equally many cases refused by every arm, and harm with equally
many questions asked. Silent errors, worth and the drop are measured with a limit of doubt
set beforehand on cases at home, as one would deploy it: there, whoever refuses more on the
way out makes fewer silent errors even without knowing better, and only worth counts both.

It can show: which doubt finds errors at home and away, whether it makes failing gradual,
and what a few questions save. The more is refused, the more it matters by which doubt: with
`refusal` 0.2, disagreement gains less than a hundredth; and novelty, poor at home, gains more.
It cannot show how doubt behaves in large networks on text or images, nor a shift that keeps
cases where training was and changes the answers: there no doubt drawn from the inputs can
help. Training several networks costs several times more.
"""

import numpy as np

TITLE = "Doubt: when to decline, ask, or hold back"
SUMMARY = (
    "Networks answer cases that move away from training. Does refusing or asking where several "
    "of them disagree remove more errors than one network's stated confidence, novelty, or "
    "chance, at home and away, and is failure then gradual or sudden?"
)
DIRECTIONS = ("metacognitive-uncertainty",)
FACTOR = "what the system takes for a sign that it does not know"
ARMS = {
    "random": "declines and asks anywhere",
    "stated": "doubts where its own stated chance is near one half",
    "averaged": "doubts where the mean chance of several networks is near one half",
    "disagreement": "doubts where several networks disagree",
    "novelty": "doubts what is far from the training cases",
    "stakes": "declines and asks where the stake is high",
    "combined": "doubts where disagreement times stake is high",
}
METRICS = {
    "error": {
        "description": "share wrong of the answered cases on the way out, at equal refusal",
        "better": "lower",
        "smallest_effect": 0.01,
    },
    "familiar_error": {
        "description": "share wrong of the answered cases at home, at equal refusal",
        "better": "lower",
        "smallest_effect": 0.01,
    },
    "harm": {
        "description": "share of all stakes lost by mistakes on the way out, after asking",
        "better": "lower",
        "smallest_effect": 0.01,
    },
    "silent_errors": {
        "description": "share of cases on the way out answered wrongly, with the limit of home",
        "better": "lower",
        "smallest_effect": 0.015,
    },
    "worth": {
        "description": "mean worth of a case on the way out, with the limit of home",
        "better": "higher",
        "smallest_effect": 0.02,
    },
    "steepest_drop": {
        "description": "largest fall in worth from a sixth of the way out to the next",
        "better": "lower",
        "smallest_effect": 0.03,
    },
}
PARAMETERS = {
    "shift": {
        "type": "float",
        "default": 5.0,
        "low": 0.0,
        "high": 8.0,
        "description": "how far cases move away, in units of the training cases' spread",
    },
    "refusal": {
        "type": "float",
        "default": 0.4,
        "low": 0.05,
        "high": 0.5,
        "description": "share of cases refused (at home, where a limit is set there)",
    },
    "questions": {
        "type": "float",
        "default": 0.05,
        "low": 0.01,
        "high": 0.5,
        "description": "share of cases on which help is asked",
    },
    "examples": {
        "type": "int",
        "default": 150,
        "low": 20,
        "high": 400,
        "description": "training cases",
    },
    "models": {
        "type": "int",
        "default": 5,
        "low": 2,
        "high": 9,
        "description": "networks trained",
    },
    "price": {
        "type": "float",
        "default": 2.0,
        "low": 0.0,
        "high": 10.0,
        "description": "what a wrong answer costs, when a right one is worth 1 and none 0",
    },
}
DEFAULT = {
    "treatment": "disagreement",
    "control": "stated",
    "metric": "error",
    "direction": "decrease",
}
TURNING = {"shift": 0.0}
PLOT = {"over": "shift", "metric": "error"}
COST_SECONDS = 15
LIMITS = "Small networks on points; shifts that move cases, none that change their answers."
OPEN = {
    "doubt": (
        "rng: a generator. chances: networks by cases, the chance of answer 1 that each network "
        "states. cases: cases by 4 numbers. seen: the training cases, by 4. stakes: one for each "
        "case. Return one number for each case: the cases with the highest doubt are refused."
    )
}

INPUTS, HIDDEN, CURVES, CASES, PARTS = 4, 20, 8, 1000, 6
STEPS, RATE, DECAY, NOISE, BEND = 200, 0.03, 0.002, 0.05, 0.5


def trial(arm, seed, shift=5.0, refusal=0.4, questions=0.05, examples=150, models=5, price=2.0):
    """Train the networks once and let one kind of doubt decide what they answer."""
    rng, own = np.random.default_rng([seed, 11]), np.random.default_rng([seed, 12])
    border = (
        BEND * rng.normal(size=(INPUTS, CURVES)),
        3 * rng.normal(size=CURVES),
        rng.normal(size=CURVES),
    )
    seen = rng.normal(size=(examples, INPUTS))
    told = np.where(rng.random(examples) < NOISE, 1.0 - right(border, seen), right(border, seen))
    networks = train(own, seen, told, models)

    def meet(distances):
        """Cases at these distances: doubt, whether the answer is wrong, and stakes."""
        cases, away = rng.normal(size=(2, len(distances), INPUTS))
        away *= shift / np.linalg.norm(away, axis=1, keepdims=True)
        cases = cases + distances[:, None] * away
        stakes = rng.pareto(2.0, size=len(cases)) + 0.1
        chances = answer(networks, cases)
        wrong = (chances[0] > 0.5) != (right(border, cases) > 0.5)
        return doubt(arm, own, chances, cases, seen, stakes), wrong, stakes

    home_doubts, home_wrong, _ = meet(np.zeros(CASES))
    doubts, wrong, stakes = meet(np.linspace(0.0, 1.0, PARTS * CASES))
    limit = np.quantile(home_doubts, 1.0 - refusal)
    gains = (doubts < limit) * np.where(wrong, -price, 1.0)
    unasked = first(doubts, 1.0 - questions)
    return {
        "error": float(np.mean(wrong[first(doubts, 1.0 - refusal)])),
        "familiar_error": float(np.mean(home_wrong[first(home_doubts, 1.0 - refusal)])),
        "harm": float(np.sum((wrong * stakes)[unasked]) / np.sum(stakes)),
        "silent_errors": float(np.mean(wrong & (doubts < limit))),
        "worth": float(np.mean(gains)),
        "steepest_drop": float(max(-np.diff(gains.reshape(PARTS, CASES).mean(axis=1)))),
    }


def right(border, cases):
    """The right answers, 0 or 1: on which side of the border cases lie."""
    directions, offsets, weights = border
    return (np.sin(cases @ directions + offsets) @ weights > 0.0).astype(float)


def first(doubts, share):
    """The cases doubted least, so many of them."""
    return np.argsort(doubts)[: max(1, round(share * len(doubts)))]


def doubt(arm, rng, chances, cases, seen, stakes):
    """How much each case is doubted; only the order counts."""
    if arm == "random":
        return rng.random(len(cases))
    if arm == "stated":
        return -np.abs(chances[0] - 0.5)
    if arm == "averaged":
        return -np.abs(chances.mean(axis=0) - 0.5)
    if arm == "novelty":
        apart = cases - seen.mean(axis=0)
        return np.sum(apart @ np.linalg.inv(np.cov(seen.T)) * apart, axis=1)
    spread = chances.std(axis=0)
    return {"disagreement": spread, "stakes": stakes, "combined": spread * stakes}[arm]


def train(rng, seen, told, models):
    """Weights of all networks (one hidden layer), by gradient descent (Adam) at once."""
    given = np.column_stack([seen, np.ones(len(seen))])
    split = models * (INPUTS + 1) * HIDDEN
    point = rng.normal(size=split + models * HIDDEN)
    point[split:] /= np.sqrt(HIDDEN)
    slow = size = np.zeros(len(point))
    for _ in range(STEPS):
        body, heads = parts(point, models)
        units = np.tanh(given @ body)
        left = (1.0 / (1.0 + np.exp(-units @ heads)) - told[:, None]) / len(told)
        pull = left * heads.transpose(0, 2, 1) * (1.0 - units**2)
        slopes = given.T @ pull, units.transpose(0, 2, 1) @ left
        slope = np.concatenate([part.ravel() for part in slopes]) + DECAY * point
        slow, size = 0.9 * slow + 0.1 * slope, 0.99 * size + 0.01 * slope**2
        point = point - RATE * slow / (np.sqrt(size) + 1e-8)
    return parts(point, models)


def parts(point, models):
    """Hidden and last weights of every network, from one row of numbers."""
    split = models * (INPUTS + 1) * HIDDEN
    body = point[:split].reshape(models, INPUTS + 1, HIDDEN)
    return body, point[split:].reshape(models, HIDDEN, 1)


def answer(networks, cases):
    """The chance of answer 1 that each network states for each case."""
    body, heads = networks
    given = np.column_stack([cases, np.ones(len(cases))])
    return 1.0 / (1.0 + np.exp(-np.clip(np.tanh(given @ body) @ heads, -30, 30)))[:, :, 0]
