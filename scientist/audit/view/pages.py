"""What each page is filled with: a template's name, and what stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scientist.audit.view import graph as graphs
from scientist.audit.view import listing, searching, things, traced
from scientist.audit.view import timeline as timelines
from scientist.audit.view.record import Opened
from scientist.errors import UsageError
from scientist.records import clean

if TYPE_CHECKING:
    from scientist.science.belief import Belief, Step

Asked = Mapping[str, str]
Shown = tuple[str, dict[str, Any]]
MOST_STEPS = 20  # of a credence; `scientist belief show` tells all
_ID = re.compile(r"([A-Z])([1-9]\d{0,8})")


def campaigns(opened: Opened, asked: Asked) -> Shown:
    """All campaigns and conversations."""
    found = listing.campaigns(opened, _number(asked, "before"))
    return "campaigns.html", {"page": found, "here": "campaigns"}


def timeline(opened: Opened, asked: Asked) -> Shown:
    """What happened in a campaign, a window of it."""
    head, wanted = listing.named(opened, asked["campaign"]), timelines.filters(asked)
    after, before = asked.get("after"), asked.get("before")
    if after is None and before is None:
        after = None if head.state == "running" else "0"
    found = timelines.window(
        opened,
        head.id,
        wanted,
        after=_number({"after": after}, "after") if after is not None else None,
        before=_number({"before": before}, "before") if before else None,
    )
    filled: dict[str, Any] = {"campaign": head, "window": found, "wanted": wanted}
    if asked.get("part"):
        return "rows.html", filled
    words = timelines.words(opened)
    rounds = timelines.rounds(opened, head.id)
    return "timeline.html", {**filled, "words": words, "rounds": rounds, "here": "timeline"}


def graph(opened: Opened, asked: Asked) -> Shown:
    """Hypotheses, experiments, findings and conflicts of a campaign, joined."""
    head = listing.named(opened, asked["campaign"])
    found = graphs.of(opened, head.id, _number(asked, "after"))
    drawings = [graphs.draw(found, wide) for wide in (True, False)]
    return "graph.html", {"campaign": head, "graph": found, "drawings": drawings, "here": "graph"}


def results(opened: Opened, asked: Asked) -> Shown:
    """What came of a campaign: its findings, hypotheses, experiments, claims and conflicts."""
    head = listing.named(opened, asked["campaign"])
    found = {what: listing.listed(opened, what, head.id) for what in listing.LISTS}
    return "results.html", {"campaign": head, "lists": found, "here": "results"}


def costs(opened: Opened, asked: Asked) -> Shown:
    """What every phase of a campaign took."""
    from scientist.audit.spending import by_phase
    from scientist.audit.tracing.trail import sound
    from scientist.journal.costs import cost_of
    from scientist.journal.index import Query

    head = listing.named(opened, asked["campaign"])
    entries = [sound(one) for one in opened.index.entries(Query(campaign=head.id))]
    whole = cost_of(entries) if head.is_campaign else None
    filled = {"campaign": head, "phases": by_phase(entries), "whole": whole, "here": "costs"}
    return "costs.html", filled


def listed(opened: Opened, asked: Asked) -> Shown:
    """All findings, or hypotheses, experiments, claims, conflicts; of one campaign or of all."""
    what = asked["what"]
    if what not in listing.LISTS:
        raise UsageError(f"there is no list of {clean(what)}", "scientist audit list")
    campaign = asked.get("campaign") or None
    found = listing.listed(opened, what, campaign, _number(asked, "before"))
    return "listed.html", {"what": what, "page": found, "of": campaign, "here": what}


def beliefs(opened: Opened, asked: Asked) -> Shown:
    """The credence in every hypothesis, and what moved it last; the latest first."""
    from scientist.audit import credences

    views, _found, beliefs = credences.believed(opened.journal)
    end = min(_number(asked, "before") or len(views), len(views))
    first = max(0, end - listing.PAGE)
    rows = [
        (view, belief, credences.chance(belief.credence), _moved(belief))
        for view, belief in zip(views[first:end], beliefs[first:end], strict=True)
    ]
    page = listing.Page(tuple(rows[::-1]), len(views), first)
    return "beliefs.html", {"page": page, "here": "beliefs"}


def _moved(belief: Belief) -> tuple[int, list[tuple[Step, str]]]:
    """How many runs moved a credence before the last few, and these with their reasons."""
    counted = [step for step in belief.steps if step.counted]
    left = max(0, len(counted) - MOST_STEPS)
    return left, [(step, belief.reason(step)) for step in counted[left:]]


def essays(opened: Opened, _: Asked) -> Shown:
    """All essays."""
    return "essays.html", {"essays": listing.essays(opened), "here": "essays"}


def search(opened: Opened, asked: Asked) -> Shown:
    """What has the words of a search."""
    said = clean(asked.get("q", ""))
    found = searching.search(opened, said, _number(asked, "before")) if said else None
    return "search.html", {"q": said, "found": found, "here": "search"}


def trace(opened: Opened, asked: Asked) -> Shown:
    """Everything behind a number, an id, a digest or a sentence."""
    said = asked.get("what", "").strip()
    found = traced.of(opened, said) if said else None
    return _traced(clean(said), found, clean(said))


def trace_number(opened: Opened, asked: Asked) -> Shown:
    """Everything behind one number of a finding's sentence."""
    found = traced.of_number(opened, asked["finding"].upper(), asked["number"])
    what = f"{asked['number'].replace('_', ' ')} of {asked['finding'].upper()}"
    return _traced(clean(what), found, "")


def event(opened: Opened, asked: Asked) -> Shown:
    """One event in full."""
    return "event.html", {"found": things.event(opened, int(asked["number"]))}


def thing(opened: Opened, asked: Asked) -> Shown:
    """The page of an id."""
    name = asked["name"].upper()
    match = _ID.fullmatch(name)
    if match is None:
        raise UsageError("there is no such page", "scientist audit view")
    letter = match[1]
    if letter in ("C", "T"):
        return timeline(opened, {**asked, "campaign": name})
    if letter in ("A", "K"):  # a claim or a conflict is what its trace shows
        return _traced(name, traced.of(opened, name), name)
    match letter:
        case "F":
            return "finding.html", {"found": things.finding(opened, name)}
        case "H":
            return "hypothesis.html", {"found": things.hypothesis(opened, name)}
        case "X":
            return "experiment.html", {"found": things.experiment(opened, name)}
        case "E":
            at = _number(asked, "at")
            return "essay.html", {"found": things.essay(opened, name, at), "here": "essays"}
    raise UsageError(f"there is no {name} on record", "scientist audit list")


def _traced(what: str, found: traced.Shown | None, asked: str) -> Shown:
    return "trace.html", {"what": what, "found": found, "asked": asked, "here": "trace"}


def _number(asked: Mapping[str, str | None], name: str) -> int:
    """A place in the record; what is none is the beginning."""
    said = asked.get(name) or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0
