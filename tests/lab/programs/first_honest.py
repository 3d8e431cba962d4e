"""Programs that were there while the review was written: honest experiments."""

HONEST = {
    "regression with a picked penalty": """
        def trial(arm, seed, n=60, width=20):
            rng = np.random.default_rng(seed)
            penalty = {"new": 10.0, "old": 0.0}[arm]
            truth = rng.normal(size=width)
            x = rng.normal(size=(n, width))
            y = x @ truth + rng.normal(size=n)
            weights = np.linalg.solve(x.T @ x + penalty * np.eye(width), x.T @ y)
            return {"score": float(np.mean((weights - truth) ** 2))}
        """,
    "descent with a picked rate": """
        def trial(arm, seed, steps=50):
            rng = random.Random(seed)
            rate = 0.3 if arm == "new" else 0.05
            target = rng.uniform(-3, 3)
            w = 0.0
            for _ in range(steps):
                gradient = 2 * (w - target) + rng.gauss(0, 0.5)
                w = w - rate * gradient
            return {"score": abs(w - target)}
        """,
    "a bandit with a picked exploration": """
        def trial(arm, seed, rounds=300, k=5):
            rng = np.random.default_rng(seed)
            epsilon = {"new": 0.1, "old": 0.0}[arm]
            means = rng.normal(size=k)
            values, counts, total = np.zeros(k), np.zeros(k), 0.0
            for _ in range(rounds):
                if rng.random() < epsilon:
                    action = int(rng.integers(k))
                else:
                    action = int(np.argmax(values))
                reward = rng.normal(means[action], 1.0)
                counts[action] += 1
                values[action] += (reward - values[action]) / counts[action]
                total += reward
            return {"score": total / rounds}
        """,
    "a policy for each arm": """
        def greedy(rng, values, t):
            return max(range(len(values)), key=lambda i: values[i])

        def cycling(rng, values, t):
            return t % len(values)

        def trial(arm, seed, rounds=200):
            rng = random.Random(seed)
            policy = {"new": greedy, "old": cycling}[arm]
            means = [0.2, 0.5, 0.8]
            values, pulls, wins = [0.5] * 3, [1] * 3, 0
            for t in range(rounds):
                choice = policy(rng, values, t)
                won = rng.random() < means[choice]
                wins += won
                pulls[choice] += 1
                values[choice] += (won - values[choice]) / pulls[choice]
            return {"score": wins / rounds}
        """,
    "mean against median": """
        def trial(arm, seed, n=40):
            rng = np.random.default_rng(seed)
            sample = rng.standard_t(2, size=n)
            estimate = np.median(sample) if arm == "new" else np.mean(sample)
            return {"score": float(abs(estimate))}
        """,
    "more or less data": """
        def trial(arm, seed, mu=1.0):
            rng = random.Random(seed)
            n = 100 if arm == "new" else 10
            total = 0.0
            for _ in range(n):
                total += rng.gauss(mu, 1.0)
            return {"score": abs(total / n - mu)}
        """,
    "more or less data at once": """
        SIZES = {"new": 200, "old": 20}

        def trial(arm, seed, mu=2.0):
            rng = np.random.default_rng(seed)
            sample = rng.normal(mu, 1.0, size=SIZES[arm])
            return {"score": float(abs(sample.mean() - mu))}
        """,
    "an epidemic with a picked contact rate": """
        def trial(arm, seed, people=1000, days=100):
            rng = np.random.default_rng(seed)
            contact = 0.15 if arm == "new" else 0.3
            healthy, ill, recovered = people - 10, 10, 0
            peak = ill
            for _ in range(days):
                infected = rng.binomial(healthy, 1 - math.exp(-contact * ill / people))
                better = rng.binomial(ill, 0.1)
                healthy -= infected
                ill += infected - better
                recovered += better
                peak = max(peak, ill)
            return {"score": peak / people}
        """,
    "a queue with a picked order of service": """
        def trial(arm, seed, jobs=200):
            rng = random.Random(seed)
            sizes = [rng.expovariate(1.0) for _ in range(jobs)]
            if arm == "new":
                sizes.sort()
            clock, waits = 0.0, []
            for size in sizes:
                waits.append(clock)
                clock += size
            return {"score": sum(waits) / len(waits)}
        """,
    "a queue with a picked speed": """
        def trial(arm, seed, customers=300):
            rng = random.Random(seed)
            speed = {"new": 1.5, "old": 1.1}[arm]
            wait, total = 0.0, 0.0
            for _ in range(customers):
                service = rng.expovariate(speed)
                gap = rng.expovariate(1.0)
                wait = max(0.0, wait + service - gap)
                total += wait
            return {"score": total / customers}
        """,
    "label noise and a classifier": """
        def trial(arm, seed, n=200, flips=0.2):
            rng = np.random.default_rng(seed)
            x = rng.normal(size=(n, 2))
            clean = (x[:, 0] + x[:, 1] > 0).astype(int)
            noisy = np.where(rng.random(n) < flips, 1 - clean, clean)
            k = 15 if arm == "new" else 1
            test = rng.normal(size=(100, 2))
            truth = (test.sum(axis=1) > 0).astype(int)
            correct = 0
            for point, label in zip(test, truth):
                nearest = np.argsort(((x - point) ** 2).sum(axis=1))[:k]
                guess = int(noisy[nearest].mean() > 0.5)
                if guess == label:
                    correct += 1
            return {"score": correct / len(test)}
        """,
    "a learner as a class": """
        class Perceptron:
            def __init__(self, width, rate):
                self.w = [0.0] * width
                self.bias = 0.0
                self.rate = rate

            def predict(self, x):
                s = self.bias + sum(a * b for a, b in zip(self.w, x))
                return 1 if s > 0 else -1

            def learn(self, x, y):
                if self.predict(x) != y:
                    self.w = [w + self.rate * y * v for w, v in zip(self.w, x)]
                    self.bias += self.rate * y

        def trial(arm, seed, n=100):
            rng = random.Random(seed)
            model = Perceptron(3, 1.0 if arm == "new" else 0.01)
            mistakes = 0
            for _ in range(n):
                x = [rng.gauss(0, 1) for _ in range(3)]
                y = 1 if x[0] + 0.5 * x[1] > 0 else -1
                mistakes += model.predict(x) != y
                model.learn(x, y)
            return {"score": mistakes / n}
        """,
    "a filter with a picked gain as an object": """
        class Tracker:
            def __init__(self, gain):
                self.gain = gain
                self.level = 0.0

            def see(self, value):
                surprise = value - self.level
                self.level += self.gain * surprise
                return surprise

        def trial(arm, seed, steps=100):
            rng = np.random.default_rng(seed)
            tracker = Tracker(0.5 if arm == "new" else 0.1)
            truth, error = 0.0, 0.0
            for _ in range(steps):
                truth += rng.normal(0, 0.3)
                tracker.see(truth + rng.normal())
                error += abs(truth - tracker.level)
            return {"score": error / steps}
        """,
    "shrinkage": """
        def trial(arm, seed, width=10):
            rng = np.random.default_rng(seed)
            shrink = 0.8 if arm == "new" else 1.0
            truth = rng.normal(size=width)
            seen = truth + rng.normal(size=width)
            return {"score": float(((shrink * seen - truth) ** 2).mean())}
        """,
    "a baseline that predicts nothing": """
        def trial(arm, seed, n=80):
            rng = np.random.default_rng(seed)
            x = rng.normal(size=n)
            y = 0.8 * x + rng.normal(size=n)
            half = n // 2
            slope = np.polyfit(x[:half], y[:half], 1)[0] if arm == "new" else 0.0
            return {"score": float(np.mean((y[half:] - slope * x[half:]) ** 2))}
        """,
    "noise that the arm scales": """
        def trial(arm, seed, n=100):
            rng = np.random.default_rng(seed)
            spread = {"new": 0.1, "old": 1.0}[arm]
            x = rng.normal(size=n)
            y = 2.0 * x + spread * rng.normal(size=n)
            slope = (x * y).sum() / (x * x).sum()
            return {"score": float(abs(slope - 2.0))}
        """,
    "a search that stops by itself": """
        def trial(arm, seed, size=1000):
            rng = random.Random(seed)
            target = rng.randrange(size)
            low, high, steps = 0, size, 0
            while True:
                steps += 1
                guess = (low + high) // 2 if arm == "new" else low
                if guess == target:
                    break
                if guess < target:
                    low = guess + 1
                else:
                    high = guess
            return {"score": steps}
        """,
    "an annealer with a picked schedule": """
        def cooling(t, steps):
            return 1.0 - t / steps

        def constant(t, steps):
            return 0.5

        def trial(arm, seed, steps=300, n=12):
            rng = random.Random(seed)
            schedule = cooling if arm == "new" else constant
            weights = [[rng.gauss(0, 1) for _ in range(n)] for _ in range(n)]
            state = [rng.choice((-1, 1)) for _ in range(n)]
            for t in range(steps):
                i = rng.randrange(n)
                change = 2 * state[i] * sum(weights[i][j] * state[j] for j in range(n) if j != i)
                heat = schedule(t, steps)
                if change < 0 or rng.random() < math.exp(-change / max(heat, 1e-6)):
                    state[i] = -state[i]
            energy = -sum(weights[i][j] * state[i] * state[j] for i in range(n) for j in range(i))
            return {"score": energy}
        """,
    "a cache with a picked rule": """
        def trial(arm, seed, requests=500, room=10):
            rng = random.Random(seed)
            cache, hits = deque(), 0
            for _ in range(requests):
                page = min(rng.randrange(40), rng.randrange(40))
                if page in cache:
                    hits += 1
                    if arm == "new":
                        cache.remove(page)
                        cache.append(page)
                else:
                    if len(cache) >= room:
                        cache.popleft()
                    cache.append(page)
            return {"score": hits / requests}
        """,
    "a settings table for a network": """
        CONFIG = {
            "new": {"hidden": 16, "activation": "tanh", "rate": 0.1},
            "old": {"hidden": 2, "activation": "relu", "rate": 0.1},
        }

        def trial(arm, seed, n=64, steps=100):
            config = CONFIG[arm]
            rng = np.random.default_rng(seed)
            x = rng.uniform(-2, 2, size=(n, 1))
            y = np.sin(2 * x)
            first = rng.normal(size=(1, config["hidden"]))
            second = rng.normal(size=(config["hidden"], 1)) * 0.1
            for _ in range(steps):
                inner = x @ first
                act = np.tanh(inner) if config["activation"] == "tanh" else np.maximum(inner, 0)
                off = act @ second - y
                second -= config["rate"] * act.T @ off / n
            return {"score": float(np.mean((act @ second - y) ** 2))}
        """,
}
