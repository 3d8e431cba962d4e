"""Hold the sentences of an answer against the record: pure code, the model has no say in it.

A sentence is cited, the model's opinion, not borne out, or contradicted. Numbers and comparisons
go to the grammar of claims (science/claims/bind.py), with a net of our own beneath it
(figures.py); an essay's numbers may only be repeated word for word. What is no claim of the
record's own, such as "clear" or "may", makes a sentence an opinion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from scientist.agent.against import clashes
from scientist.audit.evidence import gather
from scientist.chat import bearing, facts, figures
from scientist.records import Mark, Said, one_line
from scientist.science.claims import bind, tokens
from scientist.science.claims.bind import Entry

if TYPE_CHECKING:
    from collections.abc import Collection

    from scientist.journal import Journal
    from scientist.memory.embedding import Embed
    from scientist.science.claims.evidence import Evidence

LIGHTER = {"NOT", "ALL", "BANNED", "LABEL"}
COMPARING = ("superior", "inferior", "comparable", "similar", "similarly", "far", "much", "equal")
MOST_NOTES = 4
_QUOTE = re.compile(
    r"[\"“”„«](?P<words>[^\"“”„«»]+)[\"”“»](?:[\s,]*[(\[](?P<at>[A-Z]{1,3}\d+(?::\d+)?)[)\]])?"
)


@dataclass(frozen=True)
class Ground:
    """What answers of a thread are held against."""

    journal: Journal
    shown: Collection[str]  # ids that the model was shown
    embed: Embed

    @cached_property
    def evidence(self) -> Evidence:
        return gather(self.journal)

    @cached_property
    def names(self) -> tokens.Names:
        """The names of arms, metrics and parameters."""
        return tokens.names(self.evidence)

    def texts(self, name: str) -> tuple[str, ...]:
        """What stands on record under an id."""
        quoted = self.evidence.quotes.get(name)
        if quoted is not None:
            return (quoted,)
        found = list(self.evidence.words.get(name, ()))
        for run in self.evidence.runs:
            if name in (run.finding, run.experiment):
                found += self.evidence.words.get(run.protocol.hypothesis, ())
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Refused:
    """What of a sentence is not borne out: why, and whether it is a number or comparison."""

    text: str
    reason: str
    hard: bool

    def note(self) -> str:
        """The line that says so."""
        named = f"“{self.text}”"
        return self.reason if self.reason.startswith(named) else f"{named}: {self.reason}"


def check(answer: Sequence[tuple[str, Sequence[str]]], ground: Ground) -> tuple[Said, ...]:
    """The sentences of an answer with what may be said of each."""
    given = [(figures.visible(text), tuple(dict.fromkeys(cites))) for text, cites in answer]
    given = [(text, cites) for text, cites in given if text]
    against = _against([text for text, _ in given], ground)
    return tuple(
        _said(text, cites, ground, against.get(place, ()))
        for place, (text, cites) in enumerate(given)
    )


def _said(text: str, cites: Sequence[str], ground: Ground, card: Sequence[str]) -> Said:
    known, notes = _known(cites, ground)
    refused, borne = _weighed(text, known, ground)
    if not cites and not refused:
        known = [name for name in borne if name in ground.shown]
    near = [name for name in known if name in borne or _bears(text, name, ground)]
    notes += [f"{name} is about something else" for name in known if name not in near]
    hard = [one.note() for one in refused if one.hard]
    soft = [one.note() for one in refused if not one.hard]
    if card:
        return _shown(text, near, Mark.CONTRADICTED, [*card, *hard])
    if hard:
        return _shown(text, near, Mark.UNBOUND, hard[:MOST_NOTES])
    if soft or notes or not near:
        return _shown(text, near, Mark.OPINION, [*notes, *soft][:MOST_NOTES])
    return _shown(text, near, Mark.CITED, [])


def _shown(text: str, cites: Sequence[str], mark: Mark, notes: Iterable[str]) -> Said:
    return Said(text=text, cites=tuple(cites), mark=mark, notes=tuple(dict.fromkeys(notes)))


def _known(cites: Sequence[str], ground: Ground) -> tuple[list[str], list[str]]:
    """The citations that can count, and what is wrong with the others."""
    good: list[str] = []
    notes: list[str] = []
    for name in cites:
        if name not in ground.shown:
            notes.append(f"{name} was not looked at")
        elif not ground.texts(name):
            notes.append(f"there is no {name} on record")
        else:
            good.append(name)
    return good, notes


def _bears(text: str, name: str, ground: Ground) -> bool:
    return bearing.bears(text, ground.texts(name), ground.embed)


def _against(texts: Sequence[str], ground: Ground) -> dict[int, list[str]]:
    """The lines of what each sentence cannot hold with: on record, or said before it."""
    found: dict[int, list[str]] = {}
    bare = [bearing.uncited(text).rstrip(" .!?") for text in texts]
    for clash in clashes(ground.journal, "\n".join(f"{text}." for text in bare)):
        said = one_line(clash.sentence).rstrip(" .!?")
        place = next((p for p, text in enumerate(bare) if said in text), None)
        if place is not None:
            found.setdefault(place, []).extend(clash.card())
    return found


def _weighed(
    text: str, cites: Sequence[str], ground: Ground
) -> tuple[list[Refused], tuple[str, ...]]:
    """What the record does not bear out, and the ids that bear out the rest.

    It is read in the light of the finding that is cited; of several, of the one that fits best.
    """
    if word := figures.disguised(text):
        return [Refused(word, "letters that look like others cannot be checked", True)], ()
    addressed, strange = _with_addresses(text, cites, ground)
    findings = [name for name in cites if name.startswith("F")] or [""]
    tries = [_unborne(addressed, about, cites, ground) for about in findings]
    refused, borne = min(tries, key=lambda one: (sum(each.hard for each in one[0]), len(one[0])))
    if figures.foreign(text):
        strange.append(Refused(text[:20], "another language cannot be checked", False))
    return [*refused, *strange], borne


def _unborne(
    text: str, about: str, cites: Sequence[str], ground: Ground
) -> tuple[list[Refused], tuple[str, ...]]:
    texts = [said for name in cites for said in ground.texts(name)]
    entries = bind.check(text, ground.evidence, about).entries
    bound = [entry for entry in entries if entry.bound and entry.address]
    names = {token for said in texts for token in said.replace(",", " ").split()}
    refused = [e for e in entries if not e.bound and not _of_a_name(e, text, names)]
    loose = [
        figure
        for figure in figures.figures(text, set(ground.shown), names)
        if not any(_within(figure, entry) for entry in bound)
    ]
    borne = _behind(bound, ground)
    if not refused and not loose:
        return [], borne
    if bearing.repeats(text, texts) or facts.stands(text, cites, ground.evidence):
        return [], tuple(cites)
    listed = _listed(refused, loose, ground)
    essays = [said for name in cites if ":" in name for said in ground.texts(name)]
    if not loose and bearing.restates(text, [one.text for one in listed], essays):
        return [], borne
    return listed, borne


def _behind(bound: Iterable[Entry], ground: Ground) -> tuple[str, ...]:
    """The findings and experiments whose trials gave what a sentence says."""
    found: dict[str, None] = {}
    for entry in bound:
        address = entry.address
        if address is None or not address.experiment:
            continue
        runs = [run for run in ground.evidence.runs if run.experiment == address.experiment]
        found |= dict.fromkeys([*(run.finding for run in runs), address.experiment])
    return tuple(found)


def _listed(
    refused: Iterable[Entry], loose: Iterable[figures.Figure], ground: Ground
) -> list[Refused]:
    """What is refused, in order; a number that the grammar did not see is refused as it stands."""
    found = {(entry.start, entry.end): _of(entry, ground) for entry in refused}
    for figure in loose:
        spans = [span for span in found if span[0] < figure.end and figure.start < span[1]]
        for start, end in spans:
            one = found[start, end]
            found[start, end] = Refused(one.text, one.reason, True)
        if not spans:
            where = "it stands nowhere on record as it is said here"
            found[figure.start, figure.end] = Refused(figure.text, where, True)
    return [found[span] for span in sorted(found)]


def _of(entry: Entry, ground: Ground) -> Refused:
    """A refusal; words that are neither number nor comparison weigh less."""
    kinds = {token.kind for token in tokens.lex(entry.text, ground.names)}
    lighter = kinds <= LIGHTER and entry.text.lower() not in COMPARING
    return Refused(entry.text, entry.reason, not lighter)


def _within(figure: figures.Figure, entry: Entry) -> bool:
    return entry.start <= figure.start and figure.end <= entry.end


def _of_a_name(entry: Entry, text: str, names: Collection[str]) -> bool:
    """Whether a refused number is a part of a name that a cited text has, such as GPT-4."""
    if not any(c.isnumeric() for c in entry.text):
        return False
    begin = text.rfind(" ", 0, entry.start) + 1
    end = text.find(" ", entry.end)
    word = text[begin : end if end >= 0 else len(text)].strip(".,;:()[]\"'")
    return bool(word) and not figures.figures(word, (), names)


def _with_addresses(text: str, cites: Sequence[str], ground: Ground) -> tuple[str, list[Refused]]:
    """The sentence with the address of each quotation behind it, and quotations of nothing.

    What is no quotation of a whole piece of something is read as the model's own words.
    """
    strange: list[Refused] = []

    def addressed(found: re.Match[str]) -> str:
        named = [found["at"]] if found["at"] else cites
        for name in named:
            if name in ground.shown and bearing.quotes(found["words"], ground.texts(name)):
                return f'"{found["words"]}" [{name}]'
        if len(found["words"].split()) >= bearing.LEAST_QUOTED:
            strange.append(Refused(found["words"], "these words do not stand there", False))
        return f"{found['words']} [{found['at']}]" if found["at"] else found["words"]

    return _QUOTE.sub(addressed, text), strange
