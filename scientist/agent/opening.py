"""Open a campaign, or find the one to resume."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from scientist import __version__
from scientist.errors import UsageError
from scientist.events import CampaignOpened, Event, HypothesisProposed
from scientist.journal import Journal
from scientist.records import Budget, Hypothesis
from scientist.science.protocol import check_plan
from scientist.settings import Resolved

LIBRARIES = ("langgraph", "openai", "chromadb", "numpy", "scipy", "xllamacpp", "pydantic")


def open_campaign(
    journal: Journal,
    resolved: Resolved,
    question: str | None,
    essays: Sequence[str],
    given: Hypothesis | None = None,
) -> str:
    """Write the opening event; the campaign's number is its place in the journal.

    One that is given its hypothesis asks no model and has one round.
    """
    settings = resolved.values
    check_plan(
        settings.pairs or settings.most_pairs, settings.alpha
    )  # later it would cost model calls first
    with journal.locked():
        _check_alpha(journal, settings.alpha)
        name = f"C{journal.count('campaign_opened') + 1}"
        number = f"H{journal.count('hypothesis_proposed') + 1}"
        opening = CampaignOpened(
            question=question,
            essays=tuple(essays),
            budget=Budget(
                rounds=1 if given else settings.rounds,
                minutes=settings.minutes,
                tokens=settings.tokens,
            ),
            seed=settings.seed,
            settings=resolved.public(),
            versions=_versions(),
            hypothesis=number if given else None,
        )
        events: list[Event] = [opening]
        if given:
            named = given.model_copy(update={"id": number})
            events.append(HypothesisProposed(hypothesis=named))
        journal.append_all(events, name, sync=True)
    return name


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


def unfinished(journal: Journal, name: str | None) -> str:
    """The campaign to resume: the named one, or the last that has not ended."""
    opened = [entry.campaign for entry in journal.entries("campaign_opened")]
    closed = {entry.campaign for entry in journal.entries("campaign_closed")}
    name = name and name.upper()
    if name is None:
        open_ones = [c for c in opened if c not in closed]
        if not open_ones:
            raise UsageError("there is no unfinished campaign to resume", "scientist run")
        return str(open_ones[-1])
    if name not in opened:
        raise UsageError(f"there is no campaign {name}", "scientist audit list")
    if name in closed:
        raise UsageError(f"campaign {name} has ended", "scientist run")
    opening = next(journal.entries("campaign_opened", campaign=name))
    began = str(opening.data["versions"].get("scientist", ""))
    if began.split(".")[:2] != __version__.split(".")[:2]:
        raise UsageError(
            f"campaign {name} was begun by version {began}, whose rule this one cannot apply",
            "scientist run (a new campaign)",
        )
    return name


def _versions() -> dict[str, str]:
    found = {"scientist": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "absent"
    return found
