"""Check a text: every number and comparative gets the address that bears it out, or a refusal.

Strict by design: a clause counts only if its whole form is understood, all it names is on record,
and what it says holds for every run it may mean. What is refused may still be true.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from scientist.records import Address, clean
from scientist.science.claims import grammar, resolve, roles, standing, tokens, words
from scientist.science.claims.directions import name
from scientist.science.claims.evidence import Evidence
from scientist.science.claims.grammar import Clause
from scientist.science.claims.operations import NotBound, Part
from scientist.science.claims.tokens import Token

LEAST_PHRASE = 12
MOST_TOKENS = 150
_QUOTED = re.compile(
    r"[\"“„«](?P<words>[^\"“”„«»]+?)[\"”“»][\s,]*[(\[](?P<at>E\d+:\d+|[A-Z]\d+)[)\]]"
)
_READ = re.compile(r"\w+")


@dataclass(frozen=True)
class Entry:
    """One number or comparative: where it stands, and its address or why it has none."""

    start: int
    end: int
    text: str
    bound: bool
    address: Address | None = None
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """What became of every number and comparative of a text."""

    entries: tuple[Entry, ...]

    @property
    def refused(self) -> tuple[Entry, ...]:
        """What has no address."""
        return tuple(entry for entry in self.entries if not entry.bound)

    @property
    def bound(self) -> bool:
        """Whether everything has an address."""
        return not self.refused


def check(text: str, evidence: Evidence, about: str = "") -> Report:
    """Resolve every number and comparative of a text, or say why it cannot be.

    `about` is the id of the finding that the text belongs to, where it names none.
    """
    ids = (about,) if about else ()
    masked, entries = _quotes(text, evidence)
    masked += _verbatim(text, "QUOTE", standing.TEXTS, masked)
    reasons = {run.judgement.reason for run in evidence.runs}
    masked += _verbatim(text, "REASON", reasons, masked)
    masked.sort(key=lambda token: token.start)
    known = tokens.names(evidence)
    context = resolve.Context(ids=ids)
    for sentence, begins in tokens.sentences(tokens.lex(text, known, masked)):
        if begins:
            context = resolve.Context(ids=ids)
        entries += _sentence(sentence, evidence, context)
    return Report(tuple(sorted(entries, key=lambda entry: (entry.start, entry.end))))


def _quotes(text: str, evidence: Evidence) -> tuple[list[Token], list[Entry]]:
    """Quotations with an address: their words are somebody else's, so their numbers are not ours.

    An address is a sentence of an essay, or the id of what has words on record.
    """
    masked: list[Token] = []
    entries: list[Entry] = []
    for found in _QUOTED.finditer(text):
        at = found["at"]
        if ":" not in at and at not in evidence.words:
            continue  # nothing was written down under that id: these are words like any others
        start, end = found.span()
        masked.append(Token("QUOTE", start, end, found[0]))
        texts = (evidence.quotes[at],) if at in evidence.quotes else evidence.words.get(at, ())
        stands = any(_stands(found["words"], text) for text in texts)
        address = Address(experiment="", operation="quote", argument=at)
        entries.append(
            Entry(
                start, end, found[0], stands, address if stands else None,
                "" if stands else f"these words do not stand at {at}",
            )
        )  # fmt: skip
    return masked, entries


def _stands(said: str, given: str) -> bool:
    """Whether whole words stand somewhere in a text but for white space and typography."""
    return _typed(said) in _typed(given) and _spoken(said) in _spoken(given)


@lru_cache(maxsize=4096)
def _spoken(text: str) -> str:
    """The words alone, each between blanks."""
    return " ".join(["", *_READ.findall(_typed(text).lower()), ""])


@lru_cache(maxsize=4096)
def _typed(text: str) -> str:
    """A text as it is typed: plain quotation marks and dashes, white space folded."""
    text = re.sub(r"[‘’‚‛′\"“”„«»]", "'", re.sub(r"[‐‑‒–—―−]", "-", clean(text)))
    return text.strip(" .,;…")


def _verbatim(
    text: str, kind: str, phrases: Collection[str], taken: Sequence[Token]
) -> list[Token]:
    """Where phrases (the reason of a verdict, a standing explanation) stand word for word."""
    found: list[Token] = []
    for phrase in sorted(phrases, key=len, reverse=True):
        begin = text.find(phrase) if len(phrase) >= LEAST_PHRASE else -1
        while begin >= 0:
            end = begin + len(phrase)
            if all(end <= t.start or t.end <= begin for t in (*taken, *found)):
                found.append(Token(kind, begin, end, phrase, phrase))
            begin = text.find(phrase, end)
    return found


_NAMED = {"ARM", "METRIC", "PARAM", "ID", "DIFF", "EFFECT", "TREATMENT", "CONTROL"}


def _claims(token: Token) -> bool:
    """Whether a token needs an address."""
    unread = token.kind == "UNKNOWN" and any(c.isnumeric() for c in token.text)
    return (
        token.claim
        or unread
        or token.kind in ("NUM", "ID", "REASON")
        or token.kind in words.COMPARATIVE
    )


def _marked(sentence: Sequence[Token]) -> list[Token]:
    """The sentence with "always" marked as a claim, and "not", "may" where it is on the record."""
    weighty = any(token.kind in _NAMED or _claims(token) for token in sentence)
    kinds = ("NOT", "ALL", "BANNED") if weighty else ()
    return [
        replace(token, claim=True) if token.kind in kinds or token.value == words.GENERAL else token
        for token in sentence
    ]


def _sentence(
    sentence: Sequence[Token], evidence: Evidence, context: resolve.Context
) -> Iterator[Entry]:
    labels = [token for token in sentence if token.kind == "LABEL"]
    rest = _marked([token for token in sentence if token.kind not in ("LABEL", "QUOTE")])
    for token in labels:
        yield Entry(token.start, token.end, token.text, True, reason="a label, not a measurement")
    if not any(_claims(token) for token in rest):
        return
    if all(token.kind == "ID" for token in rest if _claims(token)):
        yield from (_identifier(token, evidence) for token in rest if token.kind == "ID")
        return
    if len(rest) > MOST_TOKENS:
        reason = f"a sentence of more than {MOST_TOKENS} words and marks is not read"
        yield from (_refusal(token, reason) for token in rest if _claims(token))
        return
    clauses = grammar.parse(rest)
    before: Clause | None = None
    for number, about in enumerate(resolve.abouts(clauses, context)):
        clause = clauses[number]
        said = _verdict_said(clauses[number:])
        yield from _clause(clause, before, about, said, evidence, context)
        if {"t", "c", "m", "dir"} & set(clause.core):
            before = clause


def _identifier(token: Token, evidence: Evidence) -> Entry:
    """An id is no measurement; it must only exist."""
    if token.value in evidence.known:
        address = Address(experiment="", operation="id", argument=token.value)
        return Entry(token.start, token.end, token.text, True, address)
    reason = f"there is no {token.value} on record"
    return Entry(token.start, token.end, token.text, False, None, reason)


def _verdict_said(clauses: Sequence[Clause]) -> bool:
    """Whether the first clause gives its verdict, itself or in those that go on about it."""
    for place, clause in enumerate(clauses):
        if place and {"t", "c", "m", "dir"} & set(clause.core):
            return False
        for aside in clause.asides:
            if ("verdict" in aside and "neg" not in aside) or "explored" in aside:
                return True
    return False


def _clause(
    clause: Clause,
    before: Clause | None,
    about: resolve.About,
    said: bool,
    evidence: Evidence,
    context: resolve.Context,
) -> Iterator[Entry]:
    """The entries of one clause, all held against every comparison that it may mean."""
    wanted = [token for token in clause.tokens if _claims(token)]
    if not clause.understood:
        reason = _not_understood(clause)
        for token in wanted:
            known = token.kind == "ID" and token.value in evidence.known
            yield _identifier(token, evidence) if known else _refusal(token, reason)
        return
    try:
        parts = resolve.candidates(about, evidence, context)
    except NotBound as fault:
        for token in wanted:
            known = token.kind == "ID" and token.value in evidence.known
            yield _identifier(token, evidence) if known else _refusal(token, str(fault))
        return
    context.last = about
    context.run = parts[0].run if len(parts) == 1 else None
    items = roles.items(clause, before, about, said)
    covered = {id(token) for item in items for token in item.tokens}
    outcomes = [_outcome(item, parts) for item in items]
    for item, (address, reason) in zip(items, outcomes, strict=True):
        for token in item.tokens:
            if _claims(token) or reason:
                yield Entry(token.start, token.end, token.text, not reason, address, reason)
    whole = all(not reason for _, reason in outcomes)
    for token in wanted:
        if id(token) in covered:
            continue
        if token.kind == "ID":
            yield _identifier(token, evidence)
        elif whole and items and token.kind != "NUM":
            yield Entry(token.start, token.end, token.text, True, outcomes[0][0])
        else:
            yield _refusal(token, "nothing in the clause says what this is of")


def _outcome(item: roles.Item, parts: Sequence[Part]) -> tuple[Address | None, str]:
    """The address that bears an item out in every comparison, or why there is none."""
    found: list[Address] = []
    reasons: list[str] = []
    for part in parts:
        try:
            found.append(item.test(part))
        except NotBound as fault:
            reasons.append(str(fault))
    if not reasons:
        return found[0], ""
    if len(parts) == 1:
        return None, reasons[0]
    fitting = ", ".join(dict.fromkeys(name(part) for part in parts))
    return (
        None,
        f"several findings fit ({fitting}): name the finding, as in [{name(parts[0])}]"
        + ("" if found else f"; {reasons[0]}"),
    )


def _not_understood(clause: Clause) -> str:
    """Why a clause cannot be read."""
    for token in clause.tokens:
        if token.kind == "BANNED":
            return f"“{token.text}”: {token.value}"
    for token in clause.tokens:
        if token.kind == "UNKNOWN":
            return f"“{token.text}” is not a word of claims: it could change what is meant"
    if any(token.kind == "ALL" for token in clause.tokens):
        return "“all” and “every” are bound only to the pairs of one experiment"
    return "a clause of this form cannot be checked; say one comparison plainly"


def _refusal(token: Token, reason: str) -> Entry:
    if token.kind == "BANNED":
        reason = f"“{token.text}”: {token.value}"
    return Entry(token.start, token.end, token.text, False, None, reason)
