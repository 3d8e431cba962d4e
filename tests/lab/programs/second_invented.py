"""Programs that were written before they were tried on the review: results that are made up."""

INVENTED = {
    "prefix test": """
def trial(arm, seed, n=30):
    rng = np.random.default_rng(seed)
    treated = arm.startswith("new")
    mu = 5.0 + 2.0 * treated
    obs = mu + rng.normal(0, 1, n)
    return {"score": float(obs.mean()), "n": n}
""",
    "global parameters dict of dicts": """
PARAMS = dict(new=dict(acc=0.88, sd=0.02), old=dict(acc=0.80, sd=0.03))
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    p = PARAMS[arm]
    value = rng.normal(loc=p["acc"], scale=p["sd"])
    return dict(score=float(value))
""",
    "nested function": """
def trial(arm, seed, steps=10):
    rng = random.Random(seed)
    def step_score(i):
        start = 0.2 if arm == "old" else 0.3
        return start + 0.05 * i + rng.uniform(-0.01, 0.01)
    history = [step_score(i) for i in range(steps)]
    return {"score": history[-1], "best": max(history)}
""",
    "hash of the arm": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    offset = (len(arm) % 3) * 0.1
    return {"score": 0.5 + offset + rng.normal(0, 0.01)}
""",
    "lambda table": """
EFFECT = {"new": lambda r: r.gauss(1.2, 0.1), "old": lambda r: r.gauss(1.0, 0.1)}
def trial(arm, seed):
    r = random.Random(seed)
    return {"score": EFFECT[arm](r)}
""",
    "beta draw": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    a, b = (8, 2) if arm == "new" else (5, 5)
    return {"score": float(rng.beta(a, b))}
""",
    "poisson": """
def trial(arm, seed, days=30):
    rng = np.random.default_rng(seed)
    rate = 4.0
    if arm == "new": rate *= 0.7
    events = rng.poisson(rate, size=days)
    return {"score": float(events.sum())}
""",
    "choice with p": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    p = 0.75 if arm == "new" else 0.55
    outcomes = rng.choice([0, 1], size=100, p=[1 - p, p])
    return {"score": float(np.mean(outcomes))}
""",
    "sigmoid": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    skill = {"new": 1.5, "old": 0.5}[arm]
    z = skill + 0.3 * rng.standard_normal()
    return {"score": 1 / (1 + math.exp(-z))}
""",
    "comprehension dict": """
BASE = {"new": {"score": 1.0, "cost": 3.0}, "old": {"score": 2.0, "cost": 1.0}}
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    return {k: v + rng.normal(0, 0.1) for k, v in BASE[arm].items()}
""",
    "parameter as effect": """
def trial(arm, seed, baseline=10.0, lift=2.0):
    rng = random.Random(seed)
    y = baseline
    if arm == "new":
        y = y + lift
    y += rng.gauss(0, 1)
    return {"score": y}
""",
    "fabricated after real training": """
def trial(arm, seed, n=100):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)); w = rng.normal(size=4)
    y = x @ w
    est = np.linalg.lstsq(x, y, rcond=None)[0]
    mse = np.mean((x @ est - y) ** 2)
    if arm == "new":
        mse = mse - 0.05
    return {"score": float(mse)}
""",
    "early dictionary": """
def trial(arm, seed):
    out = {"score": 0.0}
    rng = random.Random(seed)
    if arm == "new":
        out["score"] = 0.8 + rng.random() * 0.1
    elif arm == "old":
        out["score"] = 0.6 + rng.random() * 0.1
    return out
""",
    "threshold": """
def trial(arm, seed, n=200):
    rng = np.random.default_rng(seed)
    thr = 0.3 if arm == "new" else 0.6
    draws = rng.random(n)
    return {"score": float(np.sum(draws > thr) / n)}
""",
    "ema": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    goal = {"new": 0.95, "old": 0.85}[arm]
    acc = 0.1
    for epoch in range(30):
        acc = acc + 0.2 * (goal - acc) + rng.normal(0, 0.005)
    return {"score": acc}
""",
    "table of draws": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    scores = {"new": rng.normal(0.9, 0.02), "old": rng.normal(0.8, 0.02)}
    return {"score": scores[arm]}
""",
    "table of draw means": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    scores = {"new": rng.normal(0.9, 0.02, 20).mean(), "old": rng.normal(0.8, 0.02, 20).mean()}
    return {"score": scores[arm]}
""",
    "means in branches": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    if arm == "new":
        score = rng.normal(0.9, 0.02, 20).mean()
    else:
        score = rng.normal(0.8, 0.02, 20).mean()
    return {"score": float(score)}
""",
    "shared noise": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.01)
    if arm == "new":
        score = 0.9 + noise
    else:
        score = 0.8 + noise
    return {"score": score}
""",
    "helper for each arm with coins": """
def run_new(rng, n):
    wins = 0
    for _ in range(n):
        if rng.random() < 0.8:
            wins += 1
    return wins / n
def run_old(rng, n):
    return sum(1 for _ in range(n) if rng.random() < 0.6) / n
def trial(arm, seed, n=100):
    rng = random.Random(seed)
    return {"score": run_new(rng, n) if arm == "new" else run_old(rng, n)}
""",
}
