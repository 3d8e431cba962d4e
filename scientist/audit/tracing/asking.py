"""What a trace begins with: a number as printed, an id, a digest, or a whole sentence.

A sentence that stands on record word for word is traced as what it is. Any other has to be borne
out: by the finding that it names, else by the findings that give all its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scientist.audit.tracing import claims, conflicts, figures, findings, sources
from scientist.audit.tracing.node import Node
from scientist.audit.tracing.trail import Trail, record, value
from scientist.corpus import store
from scientist.errors import ScientistError, UsageError
from scientist.journal import Entry, Journal
from scientist.journal.index import Index, Query
from scientist.records import Finding, clean
from scientist.science.claims import bind, numbers
from scientist.science.claims.numbers import Number
from scientist.science.claims.render import spell

TREES = 3  # of things that give a number, those that are traced to the ground
_ID = re.compile(r"([A-Z])(\d{1,9})(?::(\d{1,9}))?(?:\.status)?")
_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_NAMED = re.compile(r"\b([FXH]\d{1,9})\b")


@dataclass
class Trace:
    """What was asked for with all it rests on; and what of it nothing bears out."""

    asked: str
    nodes: list[Node] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left: str = ""  # what was found and is not told


def trace(journal: Journal, index: Index, asked: str, most: int = 20) -> Trace:
    """Everything behind a number, an id, a digest or a sentence."""
    trail, said = Trail(journal, index), asked.strip()
    if not said:
        raise UsageError("there is nothing to trace", "scientist audit trace F1")
    if one := _ID.fullmatch(said.upper()):
        return Trace(said, _named(trail, one))
    if _DIGEST.fullmatch(said.lower()) and (nodes := _digests(trail, said.lower())):
        return Trace(said, nodes)
    if number := figures.read(said):
        return _number(trail, said, number, most)
    return _sentence(trail, said, most)


def trace_of(journal: Journal, index: Index, finding: str, name: str) -> Trace:
    """Everything behind one number of a finding's sentence, by the name it has in the claim."""
    trail = Trail(journal, index)
    for entry in trail.about(finding, "finding_recorded"):
        claim = record(Finding, value(entry.data, entry, "finding"), entry).claim
        if claim is not None and name in claim.addresses:
            gives = findings.evidence(trail, entry)
            node = findings.number(trail, claim.addresses[name], gives, name)
            node.children.append(findings.finding(trail, entry, numbers=False))
            return Trace(f"{finding}: {name}", [node])
    raise ScientistError(
        f"no sentence of {clean(finding)} has a number {clean(name)}", "scientist finding list"
    )


def _named(trail: Trail, found: re.Match[str]) -> list[Node]:
    letter, number, sentence = found.groups()
    name = f"{letter}{int(number)}"
    nodes: list[Node] = []
    match letter:
        case "F":
            made = trail.about(name, "finding_recorded")
            nodes = [findings.finding(trail, one) for one in made]
        case "H" if trail.about(name, "hypothesis_proposed"):
            nodes = [findings.hypothesis(trail, name), *_of(trail, name)]
        case "X" if trail.about(name, "experiment_started"):
            nodes = [findings.experiment(trail, name), *_of(trail, name)]
        case "E":
            nodes = sources.essay(trail, name, sentence or "")
        case "A":
            nodes = [claims.assertion(trail, one) for one in trail.about(name, "assertion_made")]
        case "K":
            nodes = [claims.conflict(trail, one) for one in trail.about(name, "conflict_found")]
        case "T":
            nodes = claims.turn(trail, f"{name}:{sentence}" if sentence else name)
        case "C":
            nodes = _campaign(trail, name)
    if not nodes:
        raise ScientistError(f"there is no {found[0]} on record", "scientist finding list")
    return nodes


def _of(trail: Trail, name: str) -> list[Node]:
    """The findings that tell of a hypothesis or an experiment; what is behind them was told."""
    return [findings.finding(trail, one) for one in _findings(trail, name)]


def _findings(trail: Trail, name: str) -> list[Entry]:
    told = []
    for entry in trail.naming(name, "finding_recorded"):
        record = value(entry.data, entry, "finding")
        first = (record.get("first") or {}).get("experiment")
        if name in (record.get("id"), record.get("hypothesis"), record.get("experiment"), first):
            told.append(entry)
    return told


def _campaign(trail: Trail, name: str) -> list[Node]:
    """A campaign in brief: what it was asked, what it found, how it ended."""
    nodes: list[Node] = []
    words = {
        "campaign_opened": "question",
        "campaign_paused": "reason",
        "campaign_closed": "reason",
        "question_answered": "finding",
    }
    for one in trail.entries(Query(kinds=(*words, "finding_recorded"), campaign=name)):
        if one.kind == "finding_recorded":
            record = value(one.data, one, "finding")
            said = f"{record.get('id')}: {clean(str(record.get('statement')))}"
            node = trail.step("finding", said, one, trail.blob("trials", record.get("trials_blob")))
        else:
            said = clean(str(one.data.get(words[one.kind]) or "without a question"))
            outcome = f"{one.data['outcome']}: " if "outcome" in one.data else ""
            node = trail.step(one.kind.replace("_", " "), f"{outcome}{said}", one)
        nodes.append(node)
    return nodes


def _digests(trail: Trail, start: str) -> list[Node]:
    """What has a digest or a hash that begins so."""
    nodes: list[Node] = []
    for digest in trail.index.like(start):
        for entry in trail.naming(digest):
            if entry.kind == "protocol_sealed" and entry.data.get("digest") == digest:
                node = findings.protocol(trail, entry)
                for one in trail.naming(digest, "experiment_started"):
                    name = str(one.data.get("experiment"))
                    node.children.append(findings.experiment(trail, name))
                nodes.append(node)
            elif entry.kind not in ("experiment_started", "looked", "judged"):
                named = trail.blob("blob", digest)
                blobs = [one for one in named if one.path.is_file()]
                said = f"{digest} is named by {entry.kind}"
                nodes.append(trail.step("digest", said, entry, blobs))
    return nodes


def _number(trail: Trail, said: str, number: Number, most: int) -> Trace:
    """Everything that gives a number."""
    if number.relation != "=":
        raise UsageError(f"{said} is a bound, no number", "give the number as it was printed")
    found = Trace(said)
    gave = 0
    for given in figures.give(trail, number):
        gave += 1
        if gave > most:
            found.left = f"more give {said}: only the {most} most recent are listed (--most)"
            break
        found.nodes.append(_given(trail, given, gave <= TREES))
    for address, text in _in_essays(trail, number):
        node = trail.step("essay", f'an essay says it, nothing here measured it: "{clean(text)}"')
        node.children = sources.essay(trail, *address.split(":"))
        found.nodes.append(node)
    if not gave:
        given_so = figures.by_adjusted(trail, number)
        found.nodes += [_given(trail, one, n < TREES) for n, one in enumerate(given_so[:most])]
    if not found.nodes:
        many = trail.index.count(Query(kinds=("protocol_sealed",))) > figures.MOST_TESTS
        rest = " (adjusted p-values of so many tests were not looked through)" * many
        raise ScientistError(
            f"nothing on record gives {said}: no trial, no statistic, no judgement, no setting, "
            f"no prior, no essay{rest}",
            "give it as it was printed, with all its digits; what campaigns spent: "
            "scientist audit show C1 --costs",
        )
    return found


def _given(trail: Trail, given: figures.Given, whole: bool) -> Node:
    """The operation that gives a number, with the finding that it belongs to."""
    entry = given.entry
    if given.address is None:
        node = trail.step("prior", f"the credence that {figures.name(given)} began with", entry)
        node.children = [findings.hypothesis(trail, figures.name(given))] * whole
        return node
    if given.address.operation == "adjusted p":
        node = trail.step("operation", f"adjusted p of {figures.name(given)}", entry)
    else:
        node = findings.number(trail, given.address, findings.evidence(trail, entry))
    if whole:
        node.children.append(findings.finding(trail, entry, numbers=False))
    else:
        statement = clean(str(value(entry.data, entry, "finding", "statement")))
        said = f"{figures.name(given)}: {statement}"
        node.children.append(trail.step("finding", said, entry))
    return node


def _in_essays(trail: Trail, number: Number) -> Iterator[tuple[str, str]]:
    """The sentences of essays in which a number stands as it was given."""
    for entry in trail.entries(Query(kinds=("essay_added",))):
        name, digest = str(entry.data.get("essay")), str(entry.data.get("passages_blob"))
        for passage in store.passages_of(trail.journal, digest):
            if number.text not in passage.text:
                continue
            if any(one.text == number.text for one in numbers.find(passage.text)):
                yield f"{name}:{passage.number}", passage.text


def _sentence(trail: Trail, said: str, most: int) -> Trace:
    """A sentence that stands on record, or that findings bear out."""
    found = Trace(said)
    for entry in trail.index.saying(said):
        found.nodes += _stands(trail, entry, said)
    if found.nodes:
        return found
    names = list(dict.fromkeys(_NAMED.findall(said)))
    if names:
        behind = {e.seq: e for name in names for e in _findings(trail, name)}
        tried: Sequence[Entry] = list(behind.values())
        if not tried:
            raise ScientistError(
                f"no finding tells of {' or '.join(names)}", "scientist finding list"
            )
        return _bound(trail, found, tried, most, strict=False)
    figured = [one for one in numbers.find(said) if not one.label and one.relation == "="]
    if not figured:
        raise ScientistError(
            "the sentence stands nowhere on record, and has no number to look for",
            'name the finding it is about: scientist audit trace "… [F1]"; or scientist check TEXT',
        )
    tried = [e for e in figures.candidates(trail, figured) if e.kind == "finding_recorded"]
    return _bound(trail, found, tried, most, strict=True)


def _stands(trail: Trail, entry: Entry, said: str) -> list[Node]:
    """What an event says in exactly these words."""
    match entry.kind:
        case "finding_recorded":
            return [findings.finding(trail, entry)]
        case "hypothesis_proposed" if clean(entry.data["hypothesis"]["statement"]) == clean(said):
            return [findings.hypothesis(trail, str(entry.data["hypothesis"]["id"]))]
        case "assertion_made":
            return [claims.assertion(trail, entry)]
        case "conflict_found":
            return [conflicts.node(trail, entry)]
        case "turn_answered" | "turn_asked":
            name = f"{entry.data.get('thread')}:{entry.data.get('turn')}"
            nodes = claims.turn(trail, name)
            for one in entry.data.get("sentences", ()):
                if clean(str(one.get("text"))) != clean(said):
                    continue
                for cited in one.get("cites", ()):
                    if at := _ID.fullmatch(str(cited)):
                        nodes += _named(trail, at)
            return nodes
    return []


def _bound(trail: Trail, found: Trace, tried: Sequence[Entry], most: int, strict: bool) -> Trace:
    """The findings whose raw trials bear a sentence out, number by number."""
    reasons: list[str] = []
    for entry in tried:
        gives = findings.evidence(trail, entry)
        name = str(entry.data["finding"]["id"])
        report = bind.check(found.asked, gives, name)
        reasons += [f"“{one.text}”: {one.reason} ({name})" for one in report.refused]
        if not report.entries or (strict and not report.bound):
            continue
        if len(found.nodes) >= most:
            found.left = f"more findings give it: only the {most} most recent are listed (--most)"
            break
        node = trail.step("sentence", clean(found.asked), entry)
        for one in report.entries:
            if one.address is not None and one.address.experiment:
                node.children.append(findings.number(trail, one.address, gives, clean(one.text)))
            elif one.bound and one.address is not None:
                node.children.append(trail.step("named", spell(one.address), entry))
            elif not one.bound:
                node.children.append(
                    trail.step("refused", f"“{clean(one.text)}”: {one.reason}", entry)
                )
        node.children.append(findings.finding(trail, entry, numbers=False))
        found.nodes.append(node)
    if not found.nodes:
        why = "; ".join(dict.fromkeys(reasons[:3])) or "no finding gives all its numbers"
        raise ScientistError(
            f"nothing on record gives this sentence: {clean(why)}",
            'name the finding it is about, "… [F1]"; or: scientist check TEXT',
        )
    if not strict:
        found.refused = [clean(reason) for reason in dict.fromkeys(reasons)]
    return found
