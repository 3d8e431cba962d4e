"""Open a campaign, or find the one to take up again.

A campaign that its budget ended can go on under a larger one; any other end is final.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from scientist import __version__
from scientist.agent import resuming
from scientist.agent.budget import MB, folder_bytes, more, raised
from scientist.errors import UsageError
from scientist.events import CampaignOpened, Event, HypothesisProposed
from scientist.journal import Journal, checkpoints, project
from scientist.journal.costs import Spent, spent
from scientist.records import Budget, Hypothesis, JsonObject
from scientist.science.protocol import check_plan
from scientist.settings import Resolved

GIVEN_MINUTES = 7 * 24 * 60.0
LIBRARIES = ("langgraph", "openai", "chromadb", "numpy", "scipy", "xllamacpp", "pydantic")


def open_campaign(
    journal: Journal,
    resolved: Resolved,
    question: str | None,
    essays: Sequence[str],
    given: Hypothesis | None = None,
) -> str:
    """Write the opening event; the campaign's number is its place in the journal.

    One that is given its hypothesis asks no model and has one round; a hypothesis that is on
    record keeps its number.
    """
    settings = resolved.values
    check_plan(
        settings.pairs or settings.most_pairs, settings.alpha
    )  # later it would cost model calls first
    with journal.locked():
        _check_alpha(journal, settings.alpha)
        name = f"C{journal.count('campaign_opened') + 1}"
        known = {view.record.id for view in project.hypotheses(journal)} if given else set()
        proposed = given is not None and given.id in known
        number = f"H{journal.count('hypothesis_proposed') + 1}"
        number = given.id if given and proposed else number
        opening = CampaignOpened(
            question=question,
            essays=tuple(essays),
            budget=Budget(
                rounds=1 if given else settings.rounds,
                minutes=_minutes(resolved, given),
                tokens=settings.tokens,
                trials=settings.trials,
                disk_mb=settings.disk_mb,
            ),
            seed=settings.seed,
            settings=resolved.public(),
            versions=_versions(),
            hypothesis=number if given else None,
            disk_bytes=folder_bytes(journal.folder.parent),
            typed=resuming.typed(resolved),
        )
        events: list[Event] = [opening]
        if given and not proposed:
            named = given.model_copy(update={"id": number})
            events.append(HypothesisProposed(hypothesis=named))
        journal.append_all(events, name, sync=True)
        checkpoints.sign(journal, f"{name} opened")
    return name


def _minutes(resolved: Resolved, given: Hypothesis | None) -> float:
    """A test that was given waits for its machines, unless somebody set a time for it."""
    if given and resolved.origins["minutes"] == "default":
        return max(GIVEN_MINUTES, resolved.values.minutes)
    return resolved.values.minutes


def _check_alpha(journal: Journal, alpha: float) -> None:
    """All tests of a workspace share one budget: discoveries at one rate buy nothing at another."""
    for entry in journal.entries("protocol_sealed"):
        sealed = entry.data["protocol"]["alpha"]
        if sealed != alpha:
            raise UsageError(
                f"the tests of this workspace share one error budget at alpha {sealed:g}, "
                f"not {alpha:g}",
                "scientist run --workspace DIR (another one)",
            )


def to_resume(journal: Journal, name: str | None, resolved: Resolved) -> str:
    """The campaign to go on with: the named one, or the last that has not ended."""
    opened: dict[str, JsonObject] = {}
    ends: dict[str, JsonObject] = {}
    for entry in journal.entries("campaign_opened", "campaign_resumed", "campaign_closed"):
        campaign = str(entry.campaign)
        if entry.kind == "campaign_opened":
            opened[campaign] = entry.data
        elif entry.kind == "campaign_closed":
            ends[campaign] = entry.data
        else:
            ends.pop(campaign, None)
    if name is None:
        open_ones = [c for c in opened if c not in ends]
        if not open_ones:
            raise UsageError("there is no unfinished campaign to resume", "scientist run")
        name = open_ones[-1]
    name = name.upper()
    if name not in opened:
        raise UsageError(f"there is no campaign {name}", "scientist audit list")
    _check_budget(journal, name, resolved, bool(opened[name].get("hypothesis")), ends.get(name))
    began = str(opened[name]["versions"].get("scientist", ""))
    if began.split(".")[:2] != __version__.split(".")[:2]:
        raise UsageError(
            f"campaign {name} was begun by version {began}, whose rule this one cannot apply",
            "scientist run (a new campaign)",
        )
    return name


def _check_budget(
    journal: Journal, name: str, resolved: Resolved, given: bool, end: JsonObject | None
) -> None:
    """Refuse a lower budget, and a campaign that has ended and no larger one lets go on."""
    before = spent(journal.entries(campaign=name))
    budget = raised(before.budget, resolved, given)
    if end is None:
        return
    why = f"campaign {name} has ended: {end['reason']}"
    if end["outcome"] == "completed":
        answered = any(journal.entries("question_answered", campaign=name))
        if given or answered or end["rounds"] < before.budget.rounds:
            raise UsageError(why, "scientist run")
    elif end["outcome"] != "budget":
        raise UsageError(why, "scientist run")
    now = budget or before.budget
    if budget is None or _short(before, now, end):
        raise UsageError(why, _larger(name, before, now, end))


def going_on(journal: Journal, name: str) -> str:
    """The command that goes on with a campaign that its budget has ended; empty for others."""
    *_, end = journal.entries("campaign_closed", campaign=name)
    if end.data["outcome"] != "budget":
        return ""
    before = spent(journal.entries(campaign=name))
    return _larger(name, before, before.budget, end.data)


def _larger(name: str, before: Spent, budget: Budget, end: JsonObject) -> str:
    # what was not spent and ended it all the same was too little for one more test
    unaffordable = "minutes" if budget.trials is None else "trials"
    return more(name, budget, _short(before, budget, end) or unaffordable)


def _short(before: Spent, budget: Budget, end: JsonObject) -> str:
    """Which budget would be spent at once; empty if there is something left of each."""
    used = {
        "rounds": end["rounds"] if end["outcome"] == "completed" else 0,
        "tokens": before.tokens,
        "minutes": before.seconds / 60,
        "trials": before.trials,
        "disk_mb": (end.get("grown_bytes") or 0) / MB,
    }
    limits = budget.model_dump()
    return next((n for n, u in used.items() if limits[n] is not None and u >= limits[n]), "")


def _versions() -> dict[str, str]:
    found = {"scientist": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "absent"
    return found
