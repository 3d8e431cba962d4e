"""Essays against one another: which of their sentences cannot both be right?

Code picks the pairs that are worth a question: they share a subject of the corpus, and near it
one of them denies or doubts where the other does not. The model then judges at most so many,
each once (relations.py), and the likeliest contradictions come first.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scientist.agent.relations import judge
from scientist.corpus.store import passages
from scientist.journal import Journal
from scientist.records import Passage, Quote, Relation

if TYPE_CHECKING:
    from scientist.llm.client import Client
    from scientist.memory.store import Store

MOST = 40
SHORTEST, LEAD, LONGEST = 5, 12, 45  # words: a heading says too little, a long one too much
EACH = 2  # most pairs of one sentence, and on one subject
SUBJECT = 0.1  # what each shared subject is worth
STEM = 7  # shorter words are no subject; so many letters tell them apart: converging, convergence
LEAST, COMMON = 3, 0.06  # a subject is in so many sentences, and in no more than this share
REACH = 7  # words between a denial and what it denies
CONTRAST, ACROSS = 0.05, 0.2  # what a cue, and another essay, are worth in nearness
DOUBTED = 0.25  # and what an outspoken doubt is worth above that

_DENIAL = frozenset(
    """no not never none nor neither nothing nobody cannot without hardly barely scarcely unable
    fail fails failed lack lacks lacking unclear limits despite
    """.split()  # noqa: SIM905
)
_DOUBT = frozenset(
    """unlikely impossible insufficient inadequate doubt doubts doubtful sceptical skeptical
    disagree dispute deny denies challenge dismiss dismissal myth illusion overstated overrated
    wrong mistaken misleading fallacy contrary reject rejects ignore ignores overlook overlooks
    underestimate underestimates overestimate overestimates instead still wall diminishing dead
    """.split()  # noqa: SIM905
)
_TALK = frozenset({"convers", "podcast", "discuss", "episode", "intervi", "article"})
_OPPOSITES = tuple(
    tuple(frozenset(side.split()) for side in line.split(":"))
    for line in """
converge converges convergence same alike uniform: diverge diverges diverse diversity pluralistic
exhausted finite scarce limited depleted wall: abundant unlimited infinite endless untapped
increase increases grow grows growth: decrease decreases shrink shrinks decline declines
better superior improves: worse inferior degrades harms
fast faster rapid rapidly sudden soon: slow slower slowly gradual gradually decades plateau
enough sufficient suffices: insufficient inadequate missing
centralized concentrated monopoly dominant monopolizing: distributed decentralized competitors
possible feasible inevitable: impossible infeasible avoidable
safe safer robust: dangerous risky brittle unsafe
necessary essential crucial: unnecessary optional irrelevant
optimistic confident compelling: pessimistic sceptical skeptical worried
""".strip().splitlines()
)
_BOTH = re.compile(r"\bnot (?:just|only|merely|simply)\b|n['’]t (?:just|only|merely|simply)\b")
_INSIDE = re.compile(r"(?<=[a-z,;] )[A-Za-z]+")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*(?:['’]t)?")


@dataclass(frozen=True)
class Pair:
    """Two sentences worth a question, and why."""

    first: Passage
    second: Passage
    nearness: float
    cues: tuple[str, ...]
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Opposing:
    """Two sentences, the chance that they contradict each other, and how it was come by."""

    first: Quote
    second: Quote
    relation: Relation
    nearness: float
    cues: tuple[str, ...]
    calibration: str
    asked: bool

    @property
    def chance(self) -> float:
        return self.relation.contradicts


def opposing(
    journal: Journal,
    store: Store,
    client: Client,
    most: int = MOST,
    *,
    campaign: str | None = None,
    allow: Callable[[], None] | None = None,
    on_pair: Callable[[int, int], None] | None = None,
) -> list[Opposing]:
    """The judged pairs of the corpus, the likeliest contradiction first.

    Every judgement is on record before the next: what breaks off goes on where it was.
    """
    pairs = candidates(passages(journal), store, most)
    texts = [(pair.first.text, pair.second.text) for pair in pairs]
    found = []
    said = judge(journal, client, texts, campaign=campaign, allow=allow)
    for number, (pair, judged) in enumerate(zip(pairs, said, strict=True), 1):
        found.append(
            Opposing(
                first=_quote(pair.first),
                second=_quote(pair.second),
                relation=judged.relation,
                nearness=pair.nearness,
                cues=pair.cues,
                calibration=judged.calibration,
                asked=judged.asked,
            )
        )
        if on_pair:
            on_pair(number, len(pairs))
    return sorted(found, key=lambda each: (-each.chance, each.first.address, each.second.address))


def candidates(sentences: Sequence[Passage], store: Store, most: int = MOST) -> list[Pair]:
    """The pairs worth a question, best first: near in meaning, with a cue of contrast."""
    import numpy

    given = [sentence for sentence in sentences if _asserts(sentence.text)]
    if len(given) < 2 or most < 1:
        return []
    vectors = numpy.array(store.embed([sentence.text for sentence in given]))
    subjects, stems = _subjects([sentence.text for sentence in given])
    overlap = subjects @ subjects.T
    near = (vectors @ vectors.T + overlap) / 2
    scored = []
    for a, b in numpy.argwhere(numpy.triu(overlap > 0, 1)).tolist():
        first, second = given[a], given[b]
        found = cues(first.text, second.text, stems[a] & stems[b])
        if found and _plain(first.text) != _plain(second.text):
            score = float(near[a, b]) + CONTRAST * min(2, len(found))
            score += ACROSS * (first.essay != second.essay)
            score += DOUBTED * any(cue.startswith("doubt") for cue in found)
            shared = tuple(sorted(stems[a] & stems[b]))
            score += SUBJECT * min(3, len(shared))
            pair = Pair(first, second, round(float(near[a, b]), 6), found, shared)
            scored.append((score, pair))
    scored.sort(key=lambda each: (-each[0], each[1].first.address, each[1].second.address))
    return _spread([pair for _, pair in scored], most)


def _subjects(texts: Sequence[str]) -> tuple[Any, list[set[str]]]:
    """Unit rows that say which subjects of the corpus a sentence has, and these by name."""
    import numpy

    names = _names(texts)
    stems = [
        {_stem(w) for w in _words(text) if len(w) >= STEM and w not in names}
        - _DENIAL
        - _DOUBT
        - _TALK
        for text in texts
    ]
    held = Counter(stem for found in stems for stem in found)
    most = max(LEAST, COMMON * len(texts))
    least = LEAST if len(texts) > LEAST / COMMON else 2
    telling = {s: n for n, s in enumerate(sorted(s for s, c in held.items() if least <= c <= most))}
    rows = numpy.zeros((len(texts), len(telling)))
    for row, found in zip(rows, stems, strict=True):
        found &= telling.keys()
        for stem in found:
            row[telling[stem]] = math.log(len(texts) / held[stem])
    sizes = numpy.linalg.norm(rows, axis=1, keepdims=True)
    return rows / numpy.where(sizes > 0, sizes, 1.0), stems


def _names(texts: Sequence[str]) -> set[str]:
    """The words that are written large wherever they stand inside a sentence: people, products."""
    large: set[str] = set()
    small: set[str] = set()
    for text in texts:
        inside = _INSIDE.findall(text)
        large.update(word.casefold() for word in inside if word[0].isupper())
        small.update(word for word in inside if word[0].islower())
    return large - small


def cues(first: str, second: str, shared: AbstractSet[str]) -> tuple[str, ...]:
    """What makes one think that two sentences oppose each other on a subject they share."""
    one, other = _words(first), _words(second)
    found = []
    denials = [_denials(side, shared) for side in (one, other)]
    doubts = [side & _DOUBT for side in denials]
    if bool(doubts[0]) != bool(doubts[1]):  # the other side may deny something on the way
        found.append(f"doubt: {', '.join(sorted(doubts[0] | doubts[1]))}")
    elif bool(denials[0]) != bool(denials[1]):
        found.append(f"denial: {', '.join(sorted(denials[0] | denials[1]))}")
    for here, there in _OPPOSITES:
        for left, right in ((set(one), set(other)), (set(other), set(one))):
            a, b = left & here, right & there
            if a and b and not a & right and not b & left:
                found.append(f"{min(a)} : {min(b)}")
    return tuple(dict.fromkeys(found))


def _denials(said: Sequence[str], shared: AbstractSet[str]) -> set[str]:
    """The words that deny or doubt, within reach of a subject."""
    places = [n for n, word in enumerate(said) if _stem(word) in shared]
    return {
        word
        for n, word in enumerate(said)
        if _denies(word) and any(abs(n - place) <= REACH for place in places)
    }


def _stem(word: str) -> str:
    return word[:STEM]


def _denies(word: str) -> bool:
    return word in _DENIAL or word in _DOUBT or word.endswith(("n't", "n’t"))


def _spread(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """The best pairs, of which no sentence and no subject has more than its share."""
    used: Counter[str] = Counter()
    kept: list[Pair] = []
    for pair in pairs:
        taken = (pair.first.address, pair.second.address, *pair.subjects)
        if len(kept) < most and all(used[name] < EACH for name in taken):
            kept.append(pair)
            used.update(taken)
    return kept


def _asserts(text: str) -> bool:
    """Whether a sentence says something: no question, no heading, no lead to a list."""
    size = len(text.split())
    end = text.rstrip("*_\"' ”)")
    lead = end.endswith(":") and size < LEAD
    return SHORTEST <= size <= LONGEST and not lead and not end.endswith("?")


def _words(text: str) -> list[str]:
    """The words in order; "not only" denies nothing, and a hyphen divides no word."""
    plain = _BOTH.sub(" ", text.casefold())
    return [word.replace("-", "") for word in _WORD.findall(plain)]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _quote(passage: Passage) -> Quote:
    return Quote(
        essay=passage.essay,
        sentence=passage.number,
        start=passage.start,
        end=passage.end,
        text=passage.text,
    )
