"""Programs that were written before they were tried on the review: honest experiments."""

HONEST = {
    "sklearn": """
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
def trial(arm, seed, n=200):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5)); y = (X[:, 0] * X[:, 1] > 0).astype(int)
    if arm == "old":
        model = LogisticRegression(C=1.0)
    else:
        model = DecisionTreeClassifier(max_depth=4, random_state=seed)
    model.fit(X[:100], y[:100])
    score, train = model.score(X[100:], y[100:]), model.score(X[:100], y[:100])
    return {"score": float(score), "train": float(train)}
""",
    "networkx": """
import networkx as nx
def trial(arm, seed, n=50):
    rng = random.Random(seed)
    if arm == "new":
        g = nx.watts_strogatz_graph(n, 4, 0.3, seed=seed)
    else:
        g = nx.barabasi_albert_graph(n, 2, seed=seed)
    infected = {rng.randrange(n)}
    for _ in range(10):
        infected |= {v for u in infected for v in g.neighbors(u) if rng.random() < 0.2}
    return {"score": len(infected) / n}
""",
    "random walk": """
def trial(arm, seed, steps=500):
    rng = random.Random(seed)
    x = y = 0
    bias = 0.6 if arm == "new" else 0.5
    visited = {(0, 0)}
    for _ in range(steps):
        if rng.random() < bias:
            x += rng.choice((-1, 1))
        else:
            y += rng.choice((-1, 1))
        visited.add((x, y))
    return {"score": len(visited)}
""",
    "iterated game": """
def tit(mine, theirs): return theirs[-1] if theirs else 1
def grudge(mine, theirs): return 0 if 0 in theirs else 1
def trial(arm, seed, rounds=100, slip=0.05):
    rng = random.Random(seed)
    players = (tit if arm == "new" else grudge, tit)
    a, b, points = [], [], 0
    for _ in range(rounds):
        p, q = players[0](a, b), players[1](b, a)
        if rng.random() < slip: p = 1 - p
        if rng.random() < slip: q = 1 - q
        a.append(p); b.append(q)
        points += {(1, 1): 3, (0, 1): 5, (1, 0): 0, (0, 0): 1}[(p, q)]
    return {"score": points / rounds}
""",
    "genetic algorithm": """
def trial(arm, seed, generations=30, size=20, length=24):
    rng = random.Random(seed)
    crossover = arm == "new"
    population = [[rng.randint(0, 1) for _ in range(length)] for _ in range(size)]
    for _ in range(generations):
        population.sort(key=sum, reverse=True)
        parents = population[: size // 2]
        children = []
        while len(children) < size - len(parents):
            one, two = rng.sample(parents, 2)
            if crossover:
                cut = rng.randrange(length)
                child = one[:cut] + two[cut:]
            else:
                child = list(one)
            child[rng.randrange(length)] ^= 1
            children.append(child)
        population = parents + children
    return {"score": max(sum(p) for p in population) / length}
""",
    "hebbian memory": """
def trial(arm, seed, n=64, patterns=8):
    rng = np.random.default_rng(seed)
    P = rng.choice([-1, 1], size=(patterns, n))
    W = P.T @ P / n
    if arm == "new":
        W = W * (1 - np.eye(n))
    overlap = 0.0
    for p in P:
        s = p * np.where(rng.random(n) < 0.1, -1, 1)
        for _ in range(5):
            s = np.sign(W @ s)
        overlap += float(np.mean(s == p))
    return {"score": overlap / patterns}
""",
    "schedule of lambda": """
SCHEDULES = {"new": lambda t: 1.0 / (1 + t), "old": lambda t: 0.1}
def trial(arm, seed, steps=200):
    rng = np.random.default_rng(seed)
    truth = rng.normal()
    estimate = 0.0
    for t in range(steps):
        estimate += SCHEDULES[arm](t) * (truth + rng.normal() - estimate)
    return {"score": (estimate - truth) ** 2}
""",
    "importance sampling": """
def trial(arm, seed, n=500):
    rng = np.random.default_rng(seed)
    shift = 2.0 if arm == "new" else 0.0
    x = rng.normal(shift, 1.0, size=n)
    w = np.exp(-shift * x + shift ** 2 / 2)
    estimate = np.mean((x > 2.0) * w)
    return {"score": float(abs(estimate - 0.02275))}
""",
    "monte carlo pi": """
def trial(arm, seed, n=400):
    rng = np.random.default_rng(seed)
    if arm == "new":
        g = int(np.sqrt(n))
        i, j = np.meshgrid(np.arange(g), np.arange(g))
        x = (i.ravel() + rng.random(g * g)) / g
        y = (j.ravel() + rng.random(g * g)) / g
    else:
        x, y = rng.random(n), rng.random(n)
    inside = (x * x + y * y) < 1
    return {"score": abs(4 * inside.mean() - np.pi)}
""",
    "k means init": """
def trial(arm, seed, n=120, k=4, rounds=10):
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=5, size=(k, 2))
    x = centres[rng.integers(k, size=n)] + rng.normal(size=(n, 2))
    if arm == "new":
        start = [x[0]]
        for _ in range(k - 1):
            d = np.min([((x - s) ** 2).sum(1) for s in start], axis=0)
            start.append(x[np.argmax(d)])
        c = np.array(start)
    else:
        c = x[rng.choice(n, k, replace=False)]
    for _ in range(rounds):
        label = np.argmin(((x[:, None] - c[None]) ** 2).sum(-1), axis=1)
        c = np.array([x[label == i].mean(0) if (label == i).any() else c[i] for i in range(k)])
    return {"score": float(((x - c[label]) ** 2).sum() / n)}
""",
    "early stopping": """
def trial(arm, seed, most=100):
    rng = np.random.default_rng(seed)
    patience = {"new": 3, "old": 1000}[arm]
    w, best, waited, steps = np.zeros(5), np.inf, 0, 0
    x = rng.normal(size=(30, 5)); y = x[:, 0] + rng.normal(size=30)
    vx = rng.normal(size=(30, 5)); vy = vx[:, 0] + rng.normal(size=30)
    for _ in range(most):
        w -= 0.05 * x.T @ (x @ w - y) / 30
        steps += 1
        loss = np.mean((vx @ w - vy) ** 2)
        if loss < best - 1e-4:
            best, waited = loss, 0
        else:
            waited += 1
            if waited >= patience:
                break
    return {"score": float(np.mean((vx @ w - vy) ** 2)), "steps": steps}
""",
    "sorting comparisons": """
def bubble(values):
    count = 0
    values = list(values)
    for i in range(len(values)):
        for j in range(len(values) - 1 - i):
            count += 1
            if values[j] > values[j + 1]:
                values[j], values[j + 1] = values[j + 1], values[j]
    return count
def quick(values):
    if len(values) < 2: return 0
    pivot, rest = values[0], values[1:]
    low, high = [v for v in rest if v < pivot], [v for v in rest if v >= pivot]
    return len(rest) + quick(low) + quick(high)
def trial(arm, seed, n=60):
    rng = random.Random(seed)
    values = [rng.random() for _ in range(n)]
    return {"score": float(quick(values) if arm == "new" else bubble(values))}
""",
    "predictive coding vector": """
def trial(arm, seed, n=300):
    rng = np.random.default_rng(seed)
    memory = {"new": 0.9, "old": 0.0}[arm]
    signal = np.cumsum(rng.normal(0, 0.1, n))
    seen = signal + rng.normal(0, 0.5, n)
    state, errors = 0.0, []
    for s, z in zip(signal, seen):
        state = memory * state + (1 - memory) * z
        errors.append((state - s) ** 2)
    return {"score": float(np.mean(errors))}
""",
    "communication with dropout": """
def trial(arm, seed, bits=200, repeat=3):
    rng = np.random.default_rng(seed)
    copies = repeat if arm == "new" else 1
    message = rng.integers(0, 2, size=bits)
    sent = np.repeat(message, copies).reshape(bits, copies)
    got = sent ^ (rng.random(sent.shape) < 0.15)
    decoded = (got.mean(axis=1) > 0.5).astype(int)
    return {"score": float((decoded != message).mean())}
""",
    "reservoir": """
def trial(arm, seed, n=30, steps=200):
    rng = np.random.default_rng(seed)
    radius = 0.95 if arm == "new" else 0.5
    W = rng.normal(size=(n, n)); W *= radius / np.max(np.abs(np.linalg.eigvals(W)))
    u = rng.uniform(-1, 1, steps)
    h = np.zeros(n); H = []
    for t in range(steps):
        h = np.tanh(W @ h + u[t])
        H.append(h)
    H = np.array(H)
    target = np.roll(u, 3)
    w = np.linalg.lstsq(H[10:], target[10:], rcond=None)[0]
    return {"score": float(np.mean((H[10:] @ w - target[10:]) ** 2))}
""",
    "return in branch": """
def trial(arm, seed, n=30):
    rng = np.random.default_rng(seed)
    x = rng.normal(5.0, 2.0, size=n)
    if arm == "new":
        return {"score": float(abs(np.median(x) - 5.0))}
    return {"score": float(abs(x.mean() - 5.0))}
""",
    "error by name": """
def trial(arm, seed, n=30):
    rng = random.Random(seed)
    truth = rng.uniform(0, 10)
    seen = [truth + rng.gauss(0, 1) for _ in range(n)]
    guess = sum(seen) / len(seen) if arm == "new" else sorted(seen)[n // 2]
    error = guess - truth
    return {"score": abs(error)}
""",
    "table of statistics": """
def trial(arm, seed, n=30):
    rng = np.random.default_rng(seed)
    x = rng.exponential(2.0, size=n)
    estimates = {"new": np.median(x) / np.log(2), "old": x.mean()}
    return {"score": float(abs(estimates[arm] - 2.0)), "estimate": float(estimates[arm])}
""",
    "integration": """
def trial(arm, seed, n=100):
    rng = np.random.default_rng(seed)
    if arm == "new":
        x = (np.arange(n) + rng.random(n)) / n
    else:
        x = rng.random(n)
    estimate = np.mean(np.exp(x))
    return {"score": abs(estimate - (math.e - 1))}
""",
}
