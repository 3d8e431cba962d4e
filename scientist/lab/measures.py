"""What a question asks to become larger or smaller: which metric it means, and which way.

A small model copies the words that say so well, and is worse at telling which metric they mean:
it likes the first ones. It nearly always says that something becomes better, too, also where
becoming worse is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scientist.lab import other_words, wordwise
from scientist.lab.kits import Kit, Metric
from scientist.lab.wordwise import Embed
from scientist.records import Direction

NEAR = 21.0  # what counts nearness, word by word, of what is asked to what a metric is called
WHOLE = 10.0  # what counts that of the whole question
SAID = 2.5  # what counts that the model calls it so
USUAL = 1.75  # what counts that it is what the family measures if nobody says otherwise
_WAYS = {
    "more": re.compile(
        r"\b(?:more|(?:high|larg|great|bigg|long|strong|wid|deep|lat|slow)er|f[ua]rther"
        r"|(?:increas|rais|ris)(?:es?|ing)|gains?|grows?)\b"
    ),
    "less": re.compile(
        r"\b(?:fewer|less|(?:low|small|short|weak|narrow|clos|near|earli|fast|soon)er|lowers"
        r"|shortens?|lessens?|(?:reduc|decreas)(?:es?|ing)|cuts?)\b"
    ),
    "better": re.compile(r"\b(?:better|beats?|improv(?:es?|ing))\b"),
    "worse": re.compile(r"\bworse\b"),
}
_GOOD = re.compile(r"\b(?:right(?:ly)?|correct(?:ly)?|accura\w+|succe\w+|reliabl[ey]|robust\w*)\b")
_BAD = re.compile(r"\b(?:wrong(?:ly)?|mistakes?|errors?|fail\w*|miss(?:es|ed)?|misjudge\w*)\b")


def possible(kit: Kit, question: str) -> tuple[str, ...]:
    """The metrics that a question may mean: those that it names in full, else all.

    A name of one word is also a word that people use for other things, and proves nothing.
    """
    named = [name for name in kit.metrics if "_" in name and wordwise.spoken(name, question)]
    return tuple(named or kit.metrics)


def asked(question: str, said: Mapping[str, Any]) -> str:
    """The question's words for what becomes larger or smaller; empty where a model has none.

    It may make them up, or copy those for what is tried once more.
    """
    words: str = said["asked"]
    again = words in (said["tried"], said["compared_with"])
    return "" if again or not wordwise.stand(words, question) else words


def meant(kit: Kit, question: str, said: Mapping[str, Any], embed: Embed) -> str:
    """The metric that a question means, by how near it is, and what it asks, to each of them."""
    names = possible(kit, question)
    value = {name: SAID * (name == said["metric"]) for name in kit.metrics}
    value[kit.default.metric] += USUAL
    if len(names) > 1:
        texts = {name: one.description for name, one in kit.metrics.items()}
        called = wordwise.described(texts, other_words.of(kit.name).metrics)
        words = {question: WHOLE} | ({text: NEAR} if (text := asked(question, said)) else {})
        found = wordwise.nearness(list(words), called, embed)
        for weight, near in zip(words.values(), found, strict=True):
            for name, each in zip(kit.metrics, near, strict=True):
                value[name] += weight * each
    return max(names, key=value.__getitem__)


def direction(metric: Metric, question: str, said: Mapping[str, Any]) -> Direction:
    """Which way the metric is asked to go: by the words that say so, else as the model said.

    "More" and "fewer" are about what is asked, which may be the opposite of what is measured:
    who gives more right answers makes fewer errors.
    """
    text = asked(question, said).lower()
    found = [(match.start(), way) for way, words in _WAYS.items() for match in words.finditer(text)]
    if not found:
        return Direction(said["direction"])
    way = min(found)[1]
    if way in ("better", "worse"):
        up = (way == "better") == (metric.better == "higher")
    else:
        up = (way == "more") != _opposite(metric, text)
    return Direction.INCREASE if up else Direction.DECREASE


def _opposite(metric: Metric, text: str) -> bool:
    """Whether a text speaks of what goes well where the metric counts what goes wrong, or so."""
    good, bad = bool(_GOOD.search(text)), bool(_BAD.search(text))
    if good == bad:
        return False
    return good != (metric.better == "higher")
