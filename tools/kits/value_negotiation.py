"""Should parties who disagree bargain over a package, or be served by one aggregate of them all?

The world: a few parties decide several issues at once, each with four options. What an option
is worth is partly common to all and partly a party's own (`division`); just over half of the
parties are a bloc that wants alike (`bloc`). Issues matter more to some than to others, so
that favours can be traded. A party's best package is worth 1 to it, its worst 0. A coalition
can leave and choose for itself, at a cost for everyone it leaves behind. One party at a time
may lie: it knows the rule and the other reports, tries many false ones, sends the best.

All arms choose one package from the same reports, by exact search over all packages:
  mean        the largest sum of reported worth (the utilitarian aggregate);
  majority    on every issue the option that wins the most pairwise votes;
  maximin     the package whose worst-served party reports the most;
  nash        the largest product of reported gains over the fallback (Nash's bargain);
  concession  all lower their demands at one pace, from their best towards the fallback, until
              a package meets them all (the bargain of Kalai and Smorodinsky).
The fallback is half of what a blind draw is worth; bargains end there if no package is better
for all. `mean` is by construction the best for the sum, `maximin` for the worst-off, and
`concession` comes near `maximin` by its own aim: so `nash`, which aims at neither, is compared.

It can show: what each rule costs, what it leaves the worst-off, which coalitions would leave,
and how far one liar moves it. It cannot show how people bargain, or whether worth may be
compared between parties. A researcher of social choice would object that a random search
bounds the gain of a lie only from below, and that only one party lies, knowing all.
"""

import numpy as np

TITLE = "Bargaining among value systems against one aggregate"
SUMMARY = (
    "Parties with conflicting values choose a package of options by a sum, a vote, a maximin "
    "rule or a bargain. Which rule protects the worst-off, keeps coalitions from leaving, and "
    "resists a party that misreports, and what does it cost in total satisfaction?"
)
DIRECTIONS = ("value-negotiation",)
FACTOR = "how conflicting values are combined into one decision"
ARMS = {
    "mean": "serves the largest sum of what the parties report",
    "majority": "settles every issue by pairwise votes",
    "maximin": "serves the party that reports the least",
    "nash": "maximises the product of gains over the fallback",
    "concession": "has all concede at the same pace until a package meets every demand",
}
METRICS = {
    "worst_off": {
        "description": "satisfaction of the least satisfied party (0: its worst, 1: its best)",
        "better": "higher",
        "smallest_effect": 0.02,
    },
    "total": {
        "description": "mean satisfaction of the parties",
        "better": "higher",
        "smallest_effect": 0.02,
    },
    "inequality": {
        "description": "Gini coefficient of satisfaction",
        "better": "lower",
        "smallest_effect": 0.03,
    },
    "blocking": {
        "description": "share of coalitions whose members would all gain by leaving",
        "better": "lower",
        "smallest_effect": 0.05,
    },
    "manipulation": {
        "description": "what a party gains in satisfaction by the best lie it finds",
        "better": "lower",
        "smallest_effect": 0.02,
    },
}
PARAMETERS = {
    "parties": {
        "type": "int",
        "default": 5,
        "low": 2,
        "high": 8,
        "description": "parties that share one decision",
    },
    "issues": {
        "type": "int",
        "default": 4,
        "low": 1,
        "high": 5,
        "description": "issues in the package (1: nothing to trade)",
    },
    "division": {
        "type": "float",
        "default": 0.8,
        "low": 0.0,
        "high": 1.0,
        "description": "how much of a party's values is its own (0: all agree)",
    },
    "bloc": {
        "type": "float",
        "default": 0.6,
        "low": 0.0,
        "high": 1.0,
        "description": "how much the bloc, just over half of the parties, wants alike",
    },
    "loudness": {
        "type": "float",
        "default": 2.0,
        "low": 1.0,
        "high": 5.0,
        "description": "how far a liar can over- or understate how much it cares",
    },
    "leaving_cost": {
        "type": "float",
        "default": 0.25,
        "low": 0.0,
        "high": 1.0,
        "description": "loss of a coalition that leaves nearly everybody else behind",
    },
}
DEFAULT = {
    "treatment": "nash",
    "control": "mean",
    "metric": "worst_off",
    "direction": "increase",
}
TURNING = {"division": 0.1}
PLOT = {"over": "division", "metric": "worst_off"}
COST_SECONDS = 3
LIMITS = (
    "Additive worth and one liar at a time who knows all; nothing on bargaining between people."
)
OPEN = {
    "choose": (
        "views: a list with an array for each party, reports by packages: what each package is "
        "worth to it (like mean, maximin), its gain over the fallback (concession), or the "
        "logarithm of the gain, -inf for none (nash). Return for each of the reports (rows) the "
        "number of the chosen package, or -1 for the fallback."
    )
}

OPTIONS, SOCIETIES, LIES = 4, 4, 24
FALLBACK, TINY = 0.5, 1e-9


def trial(arm, seed, parties=5, issues=4, division=0.8, bloc=0.6, loudness=2.0, leaving_cost=0.25):
    """Decide for several societies, and let every party in turn look for a lie that pays."""
    worlds, lies = (np.random.default_rng([seed, part]) for part in (211, 212))
    measured = []
    for _ in range(SOCIETIES):
        values = society(worlds, parties, issues, division, bloc)
        worth = packages(values)
        views = [view(arm, reports[None]) for reports in values]
        reached = outcome(arm, views, worth)[0]
        row = [reached.min(), reached.mean(), gini(reached)]
        tried = [false(lies, own, loudness) for own in values]
        gain = misreport(arm, views, tried, worth, reached)
        measured.append([*row, blocking(worth, reached, leaving_cost), gain])
    return dict(zip(METRICS, np.mean(measured, axis=0).tolist(), strict=True))


def society(rng, parties, issues, division, bloc):
    """What each option of each issue adds for each party; the best of all adds up to 1."""
    common, shared = rng.normal(size=(2, 1, issues, OPTIONS))
    own = rng.normal(size=(parties, issues, OPTIONS))
    members = parties // 2 + 1
    own[:members] = np.sqrt(1.0 - bloc) * own[:members] + np.sqrt(bloc) * shared
    liked = np.sqrt(1.0 - division) * common + np.sqrt(division) * own
    importance = 1.0 - division + division * rng.exponential(size=(parties, issues))
    return scaled(liked, importance)


def scaled(liked, importance):
    """Values whose worst option of an issue adds 0 and whose best adds the issue's importance."""
    low, high = liked.min(axis=-1, keepdims=True), liked.max(axis=-1, keepdims=True)
    share = importance / importance.sum(axis=-1, keepdims=True)
    return (liked - low) / (high - low) * share[..., None]


def packages(values):
    """What every package is worth, all combinations of options in order."""
    worth = np.zeros((*values.shape[:-2], 1))
    for issue in range(values.shape[-2]):
        added = worth[..., :, None] + values[..., issue, None, :]
        worth = added.reshape(*worth.shape[:-1], -1)
    return worth


def view(arm, reports):
    """What a rule takes from each of the possible reports of one party."""
    if arm == "majority":
        return np.sign(reports[..., :, None] - reports[..., None, :])
    said = packages(reports)
    if arm in ("mean", "maximin"):
        return said
    gain = said - FALLBACK * said.mean(axis=1, keepdims=True)
    if arm == "concession":
        return gain / np.maximum(gain.max(axis=1, keepdims=True), TINY)
    return np.where(gain > 0.0, np.log(np.maximum(gain, 1e-300)), -np.inf)


def outcome(arm, views, worth):
    """True satisfaction of every party under each of the reports that the views stand for."""
    chosen = choose(arm, views)
    return np.where(chosen[:, None] >= 0, worth[:, chosen].T, FALLBACK * worth.mean(axis=1))


def choose(arm, views):
    """The package chosen under each of the reports, or -1 for the fallback."""
    total = sum(views)
    if arm == "majority":
        return majority(total)
    least = np.minimum.reduce(np.broadcast_arrays(*views))
    # ties to the larger sum
    score = total if arm in ("mean", "nash") else least + TINY * total
    chosen = score.argmax(axis=1)
    if arm in ("mean", "maximin"):
        return chosen
    gained = least[np.arange(len(least)), chosen] > (-np.inf if arm == "nash" else 0.0)
    return np.where(gained, chosen, -1)


def majority(votes):
    """The package of the options that win the most pairwise votes; ties to the larger margin."""
    margins = votes.sum(axis=-1)
    chosen = (np.sign(votes).sum(axis=-1) + 1e-3 * margins).argmax(axis=-1)
    return chosen @ (OPTIONS ** np.arange(chosen.shape[1])[::-1])


def misreport(arm, views, tried, worth, honest):
    """Mean gain of a party by the best lie it finds."""
    gains = []
    for liar, reports in enumerate(tried):
        told = [*views[:liar], view(arm, reports), *views[liar + 1 :]]
        reached = outcome(arm, told, worth)[:, liar].max()
        gains.append(max(0.0, reached - honest[liar]))
    return np.mean(gains)


def false(rng, values, loudness):
    """Lies: other wishes, sharper or flatter; other importances; louder or softer as a whole."""
    issues, importance = len(values), values.max(axis=1)
    wish = values / importance[:, None]
    wish = wish + rng.normal(size=(LIES, issues, OPTIONS)) * rng.uniform(0.0, 0.8, (LIES, 1, 1))
    order = scaled(wish, np.ones(issues)) * issues
    power = np.exp(rng.normal(size=(LIES, issues, 1)))
    weight = importance ** rng.uniform(0.0, 2.0, (LIES, 1))
    weight = weight * np.exp(rng.normal(size=(LIES, issues)) * rng.uniform(0.0, 2.0, (LIES, 1)))
    volume = loudness ** rng.choice((-1.0, 0.0, 1.0), LIES)
    return scaled(order**power, weight) * volume[:, None, None]


def blocking(worth, reached, leaving_cost):
    """Share of coalitions, short of everybody, that do better with some package of their own."""
    parties = len(reached)
    members = (np.arange(1, 2**parties - 1)[:, None] >> np.arange(parties)) & 1 == 1
    kept = 1.0 - leaving_cost * (1.0 - members.mean(axis=1))
    leave = []
    for coalition, share in zip(members, kept, strict=True):
        better = share * worth[coalition] > reached[coalition, None] + TINY
        leave.append(better.all(axis=0).any())
    return np.mean(leave)


def gini(values):
    """Gini coefficient of what the parties get."""
    return np.abs(values[:, None] - values).mean() / (2.0 * values.mean() + TINY)
