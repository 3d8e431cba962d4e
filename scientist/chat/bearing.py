"""Whether what a sentence cites bears on it, and whether it only repeats what stands there.

Bearing is nearness in meaning or words in common: it keeps out citations of something else, and
proves nothing. Repeating is strict: only what an essay says word for word may carry its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from scientist.memory.embedding import Embed, similarity
from scientist.memory.lexical import words

NEAR = 0.42  # alone enough
RELATED = 0.28  # enough with SHARED
SHARED = 0.2  # of the words that say something, those that both have
LEAST_WORDS = 5
LEAST_QUOTED = 4  # fewer can be put together to say anything
LONGEST = 1200  # letters of a text that is compared
_PLAIN = """
    a an the this that these those it its they them their there here we our us i you your he she
    his her who whose which what where when while how why is are was were be been being am do does
    did done has have had having will would can could may might shall should must of in on at to
    for from by with about as into over under between through than then so if or and but nor also
    only just even very more most some any each such own same other one out up down off again all
    finding findings essay essays say said tell told show shown result according record state
    sentence claim find found that's
    """
PLAIN = frozenset(_PLAIN.split())
# a quotation that ends before one of these would say something else
_GOING_ON = frozenset(
    ("of", "percent", "per", "times", "hundred", "thousand", "million", "billion", "to", "or")
).union(("fold", "%", "point"))
_NEGATIONS = (
    "not",
    "no",
    "never",
    "nor",
    "none",
    "without",
    "hardly",
    "neither",
    "cannot",
    "nothing",
)
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)?|[%]")
_VERB = r"(?:say|state|write|note|argue|report|claim|find|suggest|observe)(?:s|d|ed)?"
_ATTRIBUTED = re.compile(
    rf"(?:according to [^,:]{{1,60}}[,:]\s*|(?:(?:the|this|one|an?)\s+)?"
    rf"(?:essay|author|sentence|passage|text|record|[EFH]\d+(?::\d+)?)s?\s+(?:\w+\s+)?{_VERB}"
    r"(?:\s*[:,]\s*|\s+that\s+|\s+))",
    re.IGNORECASE,
)
_CITATION = re.compile(
    r"\s*[\[(]\s*[A-Z]{1,3}\d+(?::\d+)?(?:[\s,;]+[A-Z]{1,3}\d+(?::\d+)?)*\s*[\])]"
)


def bears(sentence: str, texts: Sequence[str], embed: Embed) -> bool:
    """Whether one of the texts is about what the sentence says."""
    bare = uncited(sentence)
    said = _content(bare)
    texts = [text[:LONGEST] for text in texts if text.strip()]
    if not texts or not said:
        return False
    wanted, *vectors = embed([bare, *texts])
    for text, vector in zip(texts, vectors, strict=True):
        near = similarity(wanted, vector)
        shared = len(said & _content(text)) / len(said)
        if near >= NEAR or (near >= RELATED and shared >= SHARED):
            return True
    return False


def nearest(question: str, texts: Mapping[str, Sequence[str]], embed: Embed) -> list[str]:
    """Which of some texts are near enough to a question to answer it, the nearest first."""
    wanted, *vectors = embed([question, *(" ".join(said)[:LONGEST] for said in texts.values())])
    near = {name: similarity(wanted, one) for name, one in zip(texts, vectors, strict=True)}
    return sorted((name for name in near if near[name] >= NEAR), key=lambda name: -near[name])


def repeats(sentence: str, texts: Iterable[str]) -> bool:
    """Whether a sentence stands word for word in a text, but for who is said to have said it."""
    said = _tokens(_ATTRIBUTED.sub("", uncited(sentence), count=1))
    return len(said) >= LEAST_WORDS and any(_stands(said, text) for text in texts)


def quotes(quoted: str, texts: Iterable[str]) -> bool:
    """Whether words are a text's own from the beginning of a clause on, and enough of them."""
    said = _tokens(quoted)
    return len(said) >= LEAST_QUOTED and any(_stands(said, text) for text in texts)


def restates(sentence: str, weighty: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether a sentence says what a text says, in its words and its order; without numbers.

    `weighty` are the words that matter: each must be among those that both have.
    """
    said = _ordered(_ATTRIBUTED.sub("", uncited(sentence), count=1))
    needed = {word for each in weighty for word in _tokens(each)}
    for text in texts:
        given = _ordered(text)
        common = _common(said, given)
        denied = [sorted(set(side).intersection(_NEGATIONS)) for side in (said, given)]
        if (
            len(common) == len(said) >= LEAST_WORDS - 1
            and needed <= {*common, *PLAIN}
            and denied[0] == denied[1]
        ):
            return True
    return False


def uncited(sentence: str) -> str:
    """A sentence without the ids that a model put behind it in brackets."""
    return _CITATION.sub("", sentence).strip()


def _tokens(text: str) -> list[str]:
    return [token.lower().replace("’", "'") for token in _TOKEN.findall(text)]


def _stands(said: Sequence[str], text: str) -> bool:
    """Whether words stand side by side in a text, from the beginning of a clause on."""
    for clause in re.finditer(r"^|[,;:.!?—–]\s+(?:(?:and|but|while|so)\s+)?", text):
        given = _tokens(text[clause.end() :])
        after = given[len(said) : len(said) + 1]
        if given[: len(said)] == list(said) and _GOING_ON.isdisjoint(after):
            return True
    return False


def _content(text: str) -> set[str]:
    return {word for word in words(text) if word not in PLAIN and len(word) > 1}


def _ordered(text: str) -> list[str]:
    return [token for token in _tokens(text) if token not in PLAIN or token in _NEGATIONS]


def _common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """The longest sequence of words that both have in the same order."""
    best: list[list[list[str]]] = [[[] for _ in range(len(other) + 1)] for _ in range(2)]
    for place, word in enumerate(one):
        row, before = best[place % 2], best[(place + 1) % 2]
        row[0] = []
        for at, also in enumerate(other, 1):
            if word == also:
                row[at] = [*before[at - 1], word]
            else:
                row[at] = max(before[at], row[at - 1], key=len)
    return best[(len(one) + 1) % 2][len(other)]
