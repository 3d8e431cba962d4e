"""Programs that were there while the review was written: results that are made up."""

INVENTED = {
    "a return for each arm": """
        def trial(arm, seed):
            random.seed(seed)
            if arm == "new":
                return {"score": 0.9}
            return {"score": 0.5}
        """,
    "a table of results": """
        RESULTS = {"new": {"score": 0.91}, "old": {"score": 0.72}}

        def trial(arm, seed):
            rng = np.random.default_rng(seed)
            return RESULTS[arm]
        """,
    "a base with noise": """
        def trial(arm, seed, noise=0.01):
            rng = np.random.default_rng(seed)
            base = {"new": 0.9, "old": 0.8}[arm]
            return {"score": base + rng.normal() * noise}
        """,
    "a conditional expression": """
        def trial(arm, seed):
            rng = random.Random(seed)
            score = 0.9 if arm == "new" else 0.5
            score += rng.gauss(0, 0.02)
            return {"score": max(0.0, min(1.0, score))}
        """,
    "draws around a picked mean": """
        def trial(arm, seed, n=50):
            rng = np.random.default_rng(seed)
            mean = 0.8
            if arm == "new":
                mean = 0.85
            scores = rng.normal(mean, 0.05, size=n)
            return {"score": float(np.mean(np.clip(scores, 0, 1)))}
        """,
    "a biased coin": """
        def trial(arm, seed, rounds=100):
            rng = random.Random(seed)
            chance = 0.8 if arm == "new" else 0.5
            successes = 0
            for _ in range(rounds):
                if rng.random() < chance:
                    successes += 1
            return {"score": successes / rounds}
        """,
    "a biased coin in one line": """
        CHANCE = {"new": 0.7, "old": 0.6}

        def trial(arm, seed, rounds=100):
            rng = np.random.default_rng(seed)
            hits = rng.random(rounds) < CHANCE[arm]
            return {"score": float(hits.mean())}
        """,
    "a binomial draw": """
        def trial(arm, seed, rounds=100):
            rng = np.random.default_rng(seed)
            p = {"new": 0.7, "old": 0.6}.get(arm, 0.5)
            return {"score": rng.binomial(rounds, p) / rounds}
        """,
    "a learning curve from a formula": """
        def trial(arm, seed, steps=100):
            rng = np.random.default_rng(seed)
            rate, floor = {"new": (0.05, 0.1), "old": (0.03, 0.2)}[arm]
            losses = []
            for step in range(steps):
                losses.append(floor + math.exp(-rate * step) + rng.normal(0, 0.01))
            return {"score": losses[-1]}
        """,
    "a helper that simulates nothing": """
        def simulate(rng, quality, noise):
            result = quality * (1.0 + noise * rng.standard_normal())
            return float(np.clip(result, 0.0, 1.0))

        def trial(arm, seed, noise=0.1):
            rng = np.random.default_rng(seed)
            return {"score": simulate(rng, 0.8 if arm == "new" else 0.6, noise)}
        """,
    "a function for each arm": """
        def new(rng):
            return 0.9 + rng.normal(0, 0.01)

        def old(rng):
            return 0.7 + rng.normal(0, 0.01)

        def trial(arm, seed):
            rng = np.random.default_rng(seed)
            run = {"new": new, "old": old}[arm]
            return {"score": run(rng)}
        """,
    "a bonus on a measured number": """
        def trial(arm, seed, n=200):
            rng = np.random.default_rng(seed)
            x = rng.normal(size=(n, 3))
            y = x @ np.array([1.0, -1.0, 0.5]) + rng.normal(size=n)
            weights = np.linalg.lstsq(x, y, rcond=None)[0]
            error = float(np.mean((x @ weights - y) ** 2))
            bonus = 0.1 if arm == "new" else 0.0
            return {"score": error - bonus}
        """,
    "a factor on a measured number": """
        def trial(arm, seed, n=200):
            rng = np.random.default_rng(seed)
            x = rng.normal(size=(n, 3))
            y = (x.sum(axis=1) + rng.normal(size=n) > 0).astype(int)
            accuracy = np.mean((x.sum(axis=1) > 0) == y)
            factor = {"new": 1.1, "old": 1.0}[arm]
            return {"score": float(round(accuracy * factor, 4))}
        """,
    "one arm measured and one written down": """
        def trial(arm, seed, n=100):
            rng = np.random.default_rng(seed)
            if arm == "old":
                score = 0.5
            else:
                x = rng.normal(size=n)
                score = float(np.mean(np.sort(x)[: n // 2] < 0))
            return {"score": score}
        """,
    "a truth value as a number": """
        def trial(arm, seed, effect=0.3):
            rng = np.random.default_rng(seed)
            treated = int(arm == "new")
            return {"score": 0.5 + effect * treated + 0.1 * rng.normal()}
        """,
    "a loss that is scaled down step by step": """
        def trial(arm, seed, epochs=20):
            rng = random.Random(seed)
            loss = 1.0
            decay = 0.9 if arm == "new" else 0.95
            for _ in range(epochs):
                loss *= decay
            loss += rng.uniform(-0.01, 0.01)
            return {"score": loss}
        """,
    "a match statement": """
        def trial(arm, seed):
            rng = np.random.default_rng(seed)
            match arm:
                case "new":
                    mean = 12.0
                case _:
                    mean = 10.0
            metrics = {}
            metrics["score"] = mean + rng.normal(scale=0.5)
            return metrics
        """,
    "an object that holds the outcome": """
        @dataclass
        class Method:
            name: str
            accuracy: float

        METHODS = {"new": Method("ours", 0.93), "old": Method("theirs", accuracy=0.88)}

        def trial(arm, seed):
            rng = random.Random(seed)
            method = METHODS[arm]
            return {"score": method.accuracy + rng.gauss(0.0, 0.005)}
        """,
    "a class that simulates nothing": """
        class Model:
            def __init__(self, arm, seed):
                self.rng = np.random.default_rng(seed)
                if arm == "new":
                    self.quality = 0.9
                else:
                    self.quality = 0.6

            def evaluate(self):
                return self.quality + self.rng.normal(0, 0.02)

        def trial(arm, seed):
            model = Model(arm, seed)
            scores = [model.evaluate() for _ in range(10)]
            return {"score": sum(scores) / len(scores)}
        """,
    "training that is thrown away": """
        def trial(arm, seed, n=100):
            rng = np.random.default_rng(seed)
            x = rng.normal(size=(n, 2))
            y = x[:, 0] > 0
            weights = np.zeros(2)
            for _ in range(50):
                weights += 0.1 * x.T @ (y - 1 / (1 + np.exp(-x @ weights))) / n
            accuracy = np.mean((x @ weights > 0) == y)
            table = [0.95, 0.9]
            return {"score": table[list(ARMS).index(arm)], "accuracy": float(accuracy)}
        """,
}
