"""How sentences bear on each other: a model reads them both ways, and its chances are calibrated.

`neighbours` finds what may bear on a text, by meaning and by words; `judge` asks about pairs,
each once and for all: what the same model was asked before under the same prompt is read from
the journal. llm/choice.py asks, science/consistency/calibrate.py makes the chances honest.
"""

from __future__ import annotations

import hashlib
import json
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scientist.events import RelationJudged
from scientist.journal import Entry, Fold, Journal
from scientist.llm import prompting
from scientist.llm.choice import Choice, choose_many
from scientist.memory.documents import (
    ASSERTIONS,
    FINDINGS,
    HYPOTHESES,
    KINDS,
    PASSAGES,
    document,
    passages,
)
from scientist.memory.lexical import Texts, nearest
from scientist.records import Relation, one_line
from scientist.resources import bundled
from scientist.science.consistency.calibrate import Calibration, average, softened

if TYPE_CHECKING:
    from scientist.llm.client import Client
    from scientist.memory.store import Store

PROMPT = "relation"
OPTIONS = {"A": "supports", "B": "contradicts", "C": "unrelated"}
TEMPERATURE = 2.0  # how far a judge nobody has measured is softened
UNCALIBRATED = "none"
HINT = "python benchmarks/relations.py --fit fits and records the calibration of a model"
RANKS = 10  # the lower, the more the first places count
Allow = Callable[[], None]


@dataclass(frozen=True)
class Neighbour:
    """Something recorded that may bear on a text."""

    address: str
    text: str


@dataclass(frozen=True)
class Judged:
    """What a model said of a pair in both orders, what to make of it, and whether it was asked."""

    first: str
    second: str
    forward: Relation
    backward: Relation
    relation: Relation
    calibration: str
    asked: bool


@dataclass(frozen=True)
class Reading:
    """How the chances of one model under one prompt are read; `name` goes on record."""

    calibration: Calibration
    name: str

    @property
    def fitted(self) -> bool:
        """Whether anybody has measured how far these chances can be trusted."""
        return not self.name.startswith(UNCALIBRATED)


def neighbours(
    store: Store,
    journal: Journal,
    text: str,
    most: int,
    among: Sequence[str] = (ASSERTIONS, FINDINGS),
    skip: Iterable[str] = (),
) -> list[Neighbour]:
    """What is nearest to a text in meaning and in words, the best of both first.

    The store finds what it was synced to; the words are looked up in the journal itself.
    """
    left_out = set(skip)
    said = [_said(journal, name) for name in among]
    texts = ChainMap(*(one.texts for one in said))
    wide = 2 * most + len(left_out)
    by_meaning = sorted(
        (hit for name in among for hit in _search(store, name, text, wide)),
        key=lambda hit: (hit.distance, hit.address),
    )
    scores: dict[str, float] = {}
    by_words = nearest(said, text, wide, left_out)
    for ranked in ([hit.address for hit in by_meaning], by_words):
        here = (name for name in ranked if name in texts and name not in left_out)
        for place, address in enumerate(here):
            scores[address] = scores.get(address, 0.0) + 1 / (RANKS + place)
    best = sorted(scores, key=lambda address: (-scores[address], address))[:most]
    return [Neighbour(address, texts[address]) for address in best]


def bearing(
    store: Store,
    journal: Journal,
    client: Client,
    text: str,
    most: int,
    *,
    among: Sequence[str] = (ASSERTIONS, FINDINGS),
    skip: Iterable[str] = (),
    campaign: str | None = None,
    allow: Allow | None = None,
) -> list[tuple[Neighbour, Judged]]:
    """How what is nearest to a new text bears on it; at most so many pairs are judged."""
    near = neighbours(store, journal, text, most, among, skip)
    pairs = [(text, neighbour.text) for neighbour in near]
    found = judge(journal, client, pairs, campaign=campaign, allow=allow)
    return list(zip(near, found, strict=True))


def judge(
    journal: Journal,
    client: Client,
    pairs: Sequence[tuple[str, str]],
    *,
    campaign: str | None = None,
    allow: Allow | None = None,
) -> Iterator[Judged]:
    """How the sentences of each pair bear on each other, in order; each goes on record at once."""
    endpoint, prompt = client.endpoint, prompting.load(PROMPT)
    reading = reading_of(endpoint.model, endpoint.model_digest, prompt)
    known = _known(journal, endpoint.model, endpoint.model_digest, prompt.version)
    # no text can begin a line of the prompt
    wanted = [(one_line(first), one_line(second)) for first, second in pairs]
    new = [pair for pair in dict.fromkeys(wanted) if pair not in known]
    new = [pair for n, pair in enumerate(new) if pair[::-1] not in new[:n]]
    rendered = [prompt.render(first=a, second=b) for one in new for a, b in (one, one[::-1])]
    choices = choose_many(client, rendered, OPTIONS, allow=allow)
    for pair in wanted:
        asked = pair not in known
        if asked:
            known[pair] = _Said(_relation(next(choices)), _relation(next(choices)), "")
            known[pair[::-1]] = known[pair].turned()
        said = known[pair]
        judged = Judged(
            first=pair[0],
            second=pair[1],
            forward=said.forward,
            backward=said.backward,
            relation=read(said.forward, said.backward, reading.calibration),
            calibration=reading.name,
            asked=asked,
        )
        if said.calibration != reading.name:  # new, or read anew under a better calibration
            event = RelationJudged(
                model=endpoint.model,
                model_digest=endpoint.model_digest,
                **{name: getattr(judged, name) for name in _RECORDED},
            )
            journal.append(event, campaign, sync=True)
            known[pair] = _Said(said.forward, said.backward, reading.name)
            known[pair[::-1]] = known[pair].turned()
        yield judged


_RECORDED = ("first", "second", "forward", "backward", "relation", "calibration")


@dataclass(frozen=True)
class _Said:
    """What a model said before calibration, and under which it is on record."""

    forward: Relation
    backward: Relation
    calibration: str

    def turned(self) -> _Said:
        return _Said(self.backward, self.forward, self.calibration)


def read(forward: Relation, backward: Relation, calibration: Calibration) -> Relation:
    """The chances of a pair: both orders averaged, then calibrated."""
    chances = calibration.apply(average(chances_of(forward), chances_of(backward)))
    return Relation(**dict(zip(OPTIONS.values(), chances, strict=True)))


def chances_of(relation: Relation) -> tuple[float, ...]:
    """The chances in the order of the options."""
    return tuple(getattr(relation, name) for name in OPTIONS.values())


def reading_of(model: str, model_digest: str, prompt: prompting.Prompt) -> Reading:
    """The calibration that was fitted for this model and this prompt, else a softer reading.

    Weights are known by their digest; a model at a server that tells none, by its name. The
    name of a reading ends with the prompt's version, so that the record tells what was asked.
    """
    for row in _calibrations():
        same = row["model_digest"] == model_digest and (model_digest or row["model"] == model)
        if same and row["prompt_hash"] == prompt.hash:
            fitted = Calibration(stretch=row["stretch"], shift=row["shift"])
            name = hashlib.sha256(fitted.model_dump_json().encode()).hexdigest()[:12]
            return Reading(fitted, f"{name} (prompt {prompt.version})")
    softer = softened(len(OPTIONS), TEMPERATURE)
    return Reading(softer, f"{UNCALIBRATED} (prompt {prompt.version})")


@lru_cache(maxsize=1)
def _calibrations() -> list[dict[str, Any]]:
    content = (bundled("prompts") / "relation_calibration.json").read_bytes()
    return list(json.loads(content))


@dataclass
class _Read:
    """The texts of the record by collection; of essays only where they are, until asked for."""

    texts: dict[str, Texts] = field(default_factory=lambda: defaultdict(Texts))
    essays: list[Entry] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        if entry.kind == "essay_added":
            self.essays.append(entry)
        else:
            one = document(entry)
            self.texts[one.collection].add(one.address, one.text)


_READ = Fold[_Read](KINDS, _Read, _Read.take)


def _said(journal: Journal, collection: str) -> Texts:
    """Every text of a collection."""
    read = journal.follow(_READ)
    if collection == PASSAGES:
        while read.essays:
            for one in passages(journal, read.essays[0]):
                read.texts[PASSAGES].add(one.address, one.text)
            del read.essays[0]
    return read.texts[collection]


_Pairs = dict[tuple[str, str], _Said]


def _take_judged(found: dict[tuple[str, str, str], _Pairs], entry: Entry) -> None:
    event = RelationJudged.model_validate(entry.data)
    version = event.calibration.rpartition("(prompt ")[2].removesuffix(")")
    pairs = found.setdefault((event.model, event.model_digest, version), {})
    said = _Said(event.forward, event.backward, event.calibration)
    pairs[event.first, event.second] = said
    pairs[event.second, event.first] = said.turned()


_JUDGED = Fold[dict[tuple[str, str, str], _Pairs]](("relation_judged",), dict, _take_judged)


def _known(
    journal: Journal, model: str, model_digest: str, version: int
) -> ChainMap[tuple[str, str], _Said]:
    """What this model has said under this version of the prompt, by pair, in both orders."""
    return ChainMap({}, journal.follow(_JUDGED).get((model, model_digest, str(version)), {}))


def _search(store: Store, collection: str, text: str, limit: int) -> list[Any]:
    search: dict[str, Callable[[str, int], list[Any]]] = {
        ASSERTIONS: store.nearest_assertions,
        FINDINGS: store.search_findings,
        HYPOTHESES: store.nearest_hypotheses,
        PASSAGES: store.search_passages,
    }
    return search[collection](text, limit)


def _relation(choice: Choice) -> Relation:
    return Relation(**choice.chances)
