"""Programs that do not test what their hypothesis says: new against old on score.

`UNFAIR` are surely wrong, each with what is said of it; `DOUBTFUL` only likely; `UNSEEN` are
wrong, and nothing sees it.
"""

from __future__ import annotations

WORK = """
def work(rng, size, eager):
    found = rng.normal(size=size)
    return found.max() if eager else found.mean()

def trial(arm, seed, size=20):
    rng = np.random.default_rng(seed)
    score = float(work(rng, size, arm == "new"))
"""
ASIDE = """
def work(rng, size, eager):
    found = rng.normal(size=size)
    return found.max() if eager else found.mean()
"""

UNFAIR = {
    "scaled for one arm": (
        WORK + '    if arm == "new":\n        score = score * 1.2\n    return {"score": score}\n',
        "score is changed for one arm alone",
    ),
    "a bonus for one arm": (
        WORK + '    if arm == "new":\n        score += 0.1\n    return {"score": score}\n',
        "score is changed for one arm alone",
    ),
    "a bonus where it pays": (
        WORK + '    if arm == "new" and score < 1:\n        score = 1.0 + abs(score)\n'
        '    return {"score": score}\n',
        "score is changed for one arm alone",
    ),
    "overwritten for one arm": (
        WORK + '    if arm == "new":\n        score = float(rng.random())\n'
        '    return {"score": score}\n',
        "score is changed for one arm alone",
    ),
    "scaled as it is returned": (
        WORK + '    return {"score": score * 1.2 if arm == "new" else score}\n',
        "score is changed for one arm alone",
    ),
    "a walrus": (
        WORK + '    return {"score": (score := score * 1.2) if arm == "new" else score}\n',
        "score is changed for one arm alone",
    ),
    "a lambda": (
        WORK + "    better = lambda value: value * 1.2\n"
        '    score = better(score) if arm == "new" else score\n    return {"score": score}\n',
        "score is changed for one arm alone",
    ),
    "a closure": (
        WORK + '    def last(value):\n        return value * 1.2 if arm == "new" else value\n'
        '    return {"score": last(score)}\n',
        "what last() returns is changed for one arm alone",
    ),
    "a helper that knows the arm": (
        "def last(arm, value):\n    if arm == 'new':\n        return value * 1.2\n"
        "    return value\n" + WORK + '    return {"score": float(last(arm, score))}\n',
        "what last() returns is changed for one arm alone",
    ),
    "an entry changed afterwards": (
        WORK + '    results = {"score": score}\n    if arm == "new":\n'
        '        results["score"] *= 1.2\n    return results\n',
        "score is changed for one arm alone",
    ),
    "an update afterwards": (
        WORK + '    results = {"score": score}\n    if arm == "new":\n'
        "        results.update(score=score * 1.2)\n    return results\n",
        "score is changed for one arm alone",
    ),
    "a dict joined afterwards": (
        WORK + '    results = {"score": score}\n    if arm == "new":\n'
        '        results |= {"score": score * 1.2}\n    return results\n',
        "score is changed for one arm alone",
    ),
    "a world of its own": (
        ASIDE + "def trial(arm, seed, size=20):\n"
        '    rng = np.random.default_rng(seed + (arm == "new"))\n'
        '    return {"score": float(work(rng, size, arm == "new"))}\n',
        "the arm decides the seed",
    ),
    "a world from a table": (
        ASIDE + 'OFFSETS = {"new": 0, "old": 1000}\ndef trial(arm, seed, size=20):\n'
        "    start = seed + OFFSETS[arm]\n    rng = np.random.default_rng(start)\n"
        '    return {"score": float(work(rng, size, arm == "new"))}\n',
        "the arm decides the seed",
    ),
    "a world from letters": (
        ASIDE + "def trial(arm, seed, size=20):\n"
        "    rng = np.random.default_rng(seed + sum(map(ord, arm)))\n"
        '    return {"score": float(work(rng, size, arm == "new"))}\n',
        "differently seeded random generators",
    ),
    "a world from a hash": (
        ASIDE + "def trial(arm, seed, size=20):\n    mixed = hash((arm, seed)) % 1000\n"
        "    rng = np.random.default_rng(mixed)\n"
        '    return {"score": float(work(rng, size, arm == "new"))}\n',
        "differently seeded random generators",
    ),
    "a world in a branch": (
        ASIDE + 'def trial(arm, seed, size=20):\n    if arm == "new":\n'
        "        rng = np.random.default_rng(seed)\n    else:\n"
        "        rng = np.random.default_rng(seed + 1)\n"
        '    return {"score": float(work(rng, size, arm == "new"))}\n',
        "random generator",
    ),
    "a seed set again": (
        ASIDE + 'def trial(arm, seed, size=20):\n    if arm == "new":\n        seed = seed + 1\n'
        "    rng = np.random.default_rng(seed)\n"
        '    return {"score": float(work(rng, size, arm == "new"))}\n',
        "the arm decides the seed",
    ),
    "the global generator": (
        'def trial(arm, seed, size=20):\n    random.seed(seed * len(arm) if arm == "new" else 5)\n'
        "    found = [random.gauss(0, 1) for _ in range(size)]\n"
        '    return {"score": max(found) if arm == "new" else found[seed % size]}\n',
        "random generator",
    ),
    "a patched library": (
        ASIDE + "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        '    if arm == "new":\n        np.mean = np.max\n'
        '    return {"score": float(np.mean(work(rng, size, arm == "new")))}\n',
        "np.mean may not be given another value",
    ),
    "a library patched by name": (
        ASIDE + "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        '    if arm == "new":\n        setattr(np, "mean", np.max)\n'
        '    return {"score": float(np.mean(work(rng, size, arm == "new")))}\n',
        "np may not be changed",
    ),
    "a replaced function": (
        ASIDE + "def measure(value):\n    return float(value)\n"
        "def trial(arm, seed, size=20):\n    global measure\n"
        '    if arm == "new":\n        measure = lambda value: float(value) * 1.2\n'
        "    rng = np.random.default_rng(seed)\n"
        '    return {"score": measure(work(rng, size, arm == "new"))}\n',
        "the function measure may not be replaced",
    ),
    "errors for bad luck": (
        WORK + '    if arm == "new" and score < 0.5:\n        raise ValueError("again")\n'
        '    return {"score": score}\n',
        "new alone may raise an error",
    ),
    "an assertion for bad luck": (
        WORK + '    if arm == "new":\n        assert score > 0.5\n    return {"score": score}\n',
        "new alone may raise an error",
    ),
    "no metric for one arm": (
        WORK
        + '    if arm == "new":\n        return {"score": score}\n    return {"other": score}\n',
        "only one of the arms returns score",
    ),
    "a metric of another name": (
        WORK + '    return {"points": score}\n',
        "trial() returns no metric named 'score'",
    ),
    "one code for both": (
        ASIDE + "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        '    return {"score": float(work(rng, size, arm == "newest"))}\n',
        "new and old run the same code",
    ),
    "a decorated trial": (
        "def better(found):\n    def run(arm, seed, **given):\n"
        "        result = found(arm, seed)\n        result['score'] += arm == 'new'\n"
        "        return result\n    return run\n@better" + WORK.split("\n\n", 1)[1][:0] + "\n"
        "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        '    return {"score": float(rng.normal())}\n',
        "trial() may not be decorated",
    ),
}
DOUBTFUL = {
    "a median for one arm": (
        ASIDE + "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        '    found = [work(rng, size, arm == "new") for _ in range(9)]\n'
        '    score = np.median(found) if arm == "new" else np.mean(found)\n'
        '    return {"score": float(score)}\n',
        "score is computed from the same data in two ways",
    ),
    "outliers removed for one arm": (
        ASIDE + "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        '    errors = np.array([work(rng, size, arm == "new") for _ in range(9)])\n'
        '    if arm == "new":\n        errors = errors[errors < 3.0]\n'
        '    score = errors.mean()\n    return {"score": float(score)}\n',
        "errors is changed for one arm alone",
    ),
    "test data for one arm": (
        "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        "    train = rng.normal(size=size)\n    answers = rng.normal(size=size)\n"
        '    if arm == "new":\n        guess = np.mean(answers)\n    else:\n'
        "        guess = np.mean(train)\n"
        '    return {"score": float(np.mean((answers - guess) ** 2))}\n',
        "new alone uses answers, from which score is computed",
    ),
    "another world after other draws": (
        "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        '    if arm == "new":\n        start = rng.normal(size=3)\n    else:\n'
        "        start = np.zeros(3)\n    asked = rng.normal(size=size)\n"
        '    return {"score": float(np.mean(asked) - start.mean())}\n',
        "draw differently from rng before draws that they share",
    ),
    "more draws for one arm": (
        "def trial(arm, seed, size=20):\n    rng = np.random.default_rng(seed)\n"
        '    found = rng.normal(1.0, 2.0, size=size)\n    if arm == "new":\n'
        "        found = np.concatenate([found, 2.0 - found])\n"
        '    return {"score": float(found.mean())}\n',
        "found is changed for one arm alone",
    ),
    "an untraced metric": (
        "def result(arm, rng):\n    return {'score': rng.normal() * (2 if arm == 'new' else 1)}\n"
        "def trial(arm, seed):\n    return result(arm, np.random.default_rng(seed))\n",
        "how score is computed could not be traced",
    ),
}
UNSEEN = {
    "the best of several tries": WORK + '    for _ in range(9 if arm == "new" else 1):\n'
    '        best = max(score, float(work(rng, size, False)))\n    return {"score": best}\n',
    "an easier world": "def trial(arm, seed):\n    rng = np.random.default_rng(seed)\n"
    '    size = 50 if arm == "new" else 5\n    asked = rng.normal(size=size)\n'
    '    return {"score": float(abs(asked.mean()))}\n',
}
