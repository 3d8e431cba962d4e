"""More programs that were written before they were tried on the review."""

INVENTED = {
    "scores by epoch": """
def trial(arm, seed, epochs=5):
    rng = np.random.default_rng(seed)
    gain = {"new": 0.08, "old": 0.05}
    accuracy = 0.5
    for epoch in range(epochs):
        accuracy += gain[arm] * (1 + 0.1 * rng.standard_normal())
    return {"score": float(np.clip(accuracy, 0, 1))}
""",
    "tuple of constants and format": """
SETTINGS = [("new", 3.2), ("old", 2.9)]
def trial(arm, seed):
    rng = random.Random(seed)
    level = 0
    for name, value in SETTINGS:
        if name == arm:
            level = value
    return {"score": round(level + rng.gauss(0, 0.2), 3)}
""",
    "effect size by name": """
def effect_of(arm):
    if "new" in arm:
        return 0.35
    else:
        return 0.0
def trial(arm, seed, n=40):
    rng = np.random.default_rng(seed)
    sample = rng.normal(size=n) + effect_of(arm)
    return {"score": float(sample.mean())}
""",
    "accuracy minus difficulty": """
def trial(arm, seed, difficulty=0.3):
    rng = random.Random(seed)
    strength = 1.0 if arm == "new" else 0.8
    accuracy = strength * (1 - difficulty) + rng.gauss(0, 0.01)
    return {"score": accuracy, "error": 1 - accuracy}
""",
    "counts of wins": """
def trial(arm, seed, games=50):
    rng = np.random.default_rng(seed)
    p_win = 0.55
    if arm == "new":
        p_win += 0.1
    wins = sum(int(rng.random() < p_win) for _ in range(games))
    losses = games - wins
    return {"score": (wins - losses) / games}
""",
    "named tuple": """
Spec = namedtuple("Spec", "mean sd")
SPECS = {"new": Spec(1.0, 0.1), "old": Spec(0.7, 0.1)}
def trial(arm, seed):
    rng = random.Random(seed)
    spec = SPECS[arm]
    return {"score": rng.normalvariate(spec.mean, spec.sd)}
""",
    "gaussian via numpy module": """
def trial(arm, seed):
    np.random.seed(seed % 2**32)
    shift = np.where(arm == "new", 0.2, 0.0)
    values = np.random.randn(30) * 0.1 + 0.5 + shift
    return {"score": float(np.mean(values))}
""",
    "error with saturation": """
def trial(arm, seed, samples=100):
    rng = np.random.default_rng(seed)
    speed = 0.02 if arm == "new" else 0.01
    error = 0.5 * math.exp(-speed * samples) + 0.05
    noise = rng.uniform(-0.01, 0.01)
    return {"score": max(error + noise, 0.0)}
""",
    "time units": """
def trial(arm, seed, tasks=20):
    rng = random.Random(seed)
    per_task = {"old": 1.5, "new": 1.2}[arm]
    elapsed = 0.0
    for _ in range(tasks):
        elapsed += per_task + rng.uniform(-0.1, 0.1)
    return {"score": elapsed / tasks}
""",
    "score list by arm": """
def trial(arm, seed, n=25):
    rng = np.random.default_rng(seed)
    scores = []
    for i in range(n):
        if arm == "new":
            s = 0.7 + 0.2 * rng.random()
        else:
            s = 0.5 + 0.2 * rng.random()
        scores.append(s)
    return {"score": float(np.median(scores))}
""",
    "class attribute table": """
class Simulator:
    RATES = {"new": 0.9, "old": 0.75}
    def __init__(self, arm, rng):
        self.arm, self.rng = arm, rng
    def run(self, n):
        hits = 0
        for _ in range(n):
            hits += self.rng.random() < self.RATES[self.arm]
        return hits / n
def trial(arm, seed, n=100):
    return {"score": Simulator(arm, np.random.default_rng(seed)).run(n)}
""",
    "two factors": """
def trial(arm, seed):
    rng = np.random.default_rng(seed)
    a = 1 if arm == "new" else 0
    x = rng.normal()
    y = 0.3 * x + 0.5 * a + 0.1 * rng.normal()
    return {"score": float(y)}
""",
}

HONEST = {
    "q learning": """
def trial(arm, seed, episodes=50, size=6):
    rng = random.Random(seed)
    optimism = 1.0 if arm == "new" else 0.0
    q = {(s, a): optimism for s in range(size) for a in (-1, 1)}
    total = 0
    for _ in range(episodes):
        s = 0
        for step in range(30):
            a = max((-1, 1), key=lambda m: (q[(s, m)], rng.random()))
            t = min(max(s + a, 0), size - 1)
            r = 1.0 if t == size - 1 else 0.0
            q[(s, a)] += 0.3 * (r + 0.9 * max(q[(t, -1)], q[(t, 1)]) - q[(s, a)])
            s = t
            total += 1
            if r:
                break
    return {"score": total / episodes}
""",
    "cellular automaton": """
RULES = {"new": 110, "old": 90}
def trial(arm, seed, width=64, steps=40):
    rng = np.random.default_rng(seed)
    table = [(RULES[arm] >> i) & 1 for i in range(8)]
    row = rng.integers(0, 2, size=width)
    for _ in range(steps):
        code = 4 * np.roll(row, 1) + 2 * row + np.roll(row, -1)
        row = np.array(table)[code]
    return {"score": float(row.mean())}
""",
    "voting": """
def trial(arm, seed, voters=51, options=3):
    rng = np.random.default_rng(seed)
    utility = rng.normal(size=(voters, options))
    ranks = np.argsort(-utility, axis=1)
    if arm == "new":
        points = np.zeros(options)
        for r in ranks:
            for place, option in enumerate(r):
                points[option] += options - place
    else:
        points = np.bincount(ranks[:, 0], minlength=options)
    winner = int(np.argmax(points))
    return {"score": float(utility[:, winner].mean())}
""",
    "prior strength": """
def trial(arm, seed, n=10):
    rng = random.Random(seed)
    truth = rng.random()
    heads = sum(rng.random() < truth for _ in range(n))
    prior = 2.0 if arm == "new" else 0.0
    estimate = (heads + prior) / (n + 2 * prior)
    return {"score": (estimate - truth) ** 2}
""",
    "hamming code": """
def encode(bits, repeat):
    return [b for b in bits for _ in range(repeat)]
def decode(bits, repeat):
    return [int(sum(bits[i:i + repeat]) * 2 > repeat) for i in range(0, len(bits), repeat)]
def trial(arm, seed, n=100, flip=0.1):
    rng = random.Random(seed)
    repeat = {"new": 3, "old": 1}[arm]
    message = [rng.randint(0, 1) for _ in range(n)]
    noisy = [b ^ (rng.random() < flip) for b in encode(message, repeat)]
    wrong = sum(a != b for a, b in zip(message, decode(noisy, repeat)))
    return {"score": wrong / n}
""",
    "opinion dynamics": """
def trial(arm, seed, people=40, steps=400):
    rng = np.random.default_rng(seed)
    bound = 0.4 if arm == "new" else 0.15
    opinions = rng.random(people)
    for _ in range(steps):
        i, j = rng.choice(people, 2, replace=False)
        if abs(opinions[i] - opinions[j]) < bound:
            middle = (opinions[i] + opinions[j]) / 2
            opinions[i] += 0.5 * (middle - opinions[i])
            opinions[j] += 0.5 * (middle - opinions[j])
    return {"score": float(opinions.std())}
""",
    "schelling style moves": """
def unhappy(grid, i, want):
    n = len(grid)
    near = [grid[(i + d) % n] for d in (-2, -1, 1, 2)]
    same = sum(x == grid[i] for x in near if x)
    filled = sum(1 for x in near if x)
    return filled > 0 and same / filled < want
def trial(arm, seed, n=60, steps=200):
    rng = random.Random(seed)
    want = {"new": 0.6, "old": 0.3}[arm]
    grid = [rng.choice((0, 1, 1, 2, 2)) for _ in range(n)]
    moves = 0
    for _ in range(steps):
        i = rng.randrange(n)
        if grid[i] and unhappy(grid, i, want):
            j = rng.choice([k for k in range(n) if grid[k] == 0] or [i])
            grid[i], grid[j] = grid[j], grid[i]
            moves += 1
    return {"score": moves / steps}
""",
    "compression": """
def entropy(counts):
    total = sum(counts.values())
    return -sum(c / total * math.log2(c / total) for c in counts.values())
def trial(arm, seed, n=300):
    rng = random.Random(seed)
    text = "".join(rng.choice("aaabbc") for _ in range(n))
    order = 2 if arm == "new" else 1
    counts = {}
    for i in range(n - order + 1):
        gram = text[i:i + order]
        counts[gram] = counts.get(gram, 0) + 1
    return {"score": entropy(counts) / order}
""",
    "kalman": """
def trial(arm, seed, steps=80, q=0.05, r=0.5):
    rng = np.random.default_rng(seed)
    trust = 2.0 if arm == "new" else 0.5
    x, estimate, p, loss = 0.0, 0.0, 1.0, 0.0
    for _ in range(steps):
        x += rng.normal(0, q ** 0.5)
        z = x + rng.normal(0, r ** 0.5)
        p += q * trust
        k = p / (p + r)
        estimate += k * (z - estimate)
        p *= 1 - k
        loss += (estimate - x) ** 2
    return {"score": loss / steps}
""",
    "bootstrap width": """
def trial(arm, seed, n=40, draws=100):
    rng = np.random.default_rng(seed)
    data = rng.lognormal(0.0, 1.0, size=n)
    statistic = np.median if arm == "new" else np.mean
    values = [statistic(rng.choice(data, size=n)) for _ in range(draws)]
    low, high = np.percentile(values, [5, 95])
    return {"score": float(high - low)}
""",
    "antithetic": """
def trial(arm, seed, n=200):
    rng = np.random.default_rng(seed)
    half = rng.normal(size=n // 2)
    if arm == "new":
        x = np.concatenate([half, -half])
    else:
        x = np.concatenate([half, rng.normal(size=n // 2)])
    estimate = float(np.mean(np.exp(0.5 * x)))
    return {"score": abs(estimate - math.exp(0.125))}
""",
    "auction": """
def trial(arm, seed, bidders=4, rounds=100):
    rng = random.Random(seed)
    revenue = 0.0
    for _ in range(rounds):
        values = sorted(rng.random() for _ in range(bidders))
        if arm == "new":
            revenue += values[-2]
        else:
            revenue += values[-1] * (bidders - 1) / bidders
    return {"score": revenue / rounds}
""",
}
