"""What each phase of a campaign took: tokens, seconds, trials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scientist.journal import Entry, costs


@dataclass
class Spent:
    """What a phase took over all rounds; what came before any phase has no name."""

    phase: str
    times: int = 0
    seconds: float = 0.0
    calls: int = 0
    model_seconds: float = 0.0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    trials: int = 0


def by_phase(entries: Iterable[Entry]) -> list[Spent]:
    """What the entries of a campaign tell of each phase, in the order of their first time."""
    found: dict[str, Spent] = {}
    phase = ""
    whole = costs.Spent()
    for entry in entries:
        data = entry.data
        before = whole.trials
        whole.add(entry)
        if entry.kind == "phase_started":
            phase = data["phase"]
            found.setdefault(phase, Spent(phase)).times += 1
        elif entry.kind == "phase_finished":
            found.setdefault(data["phase"], Spent(data["phase"])).seconds += data["seconds"]
        elif entry.kind == "model_called":
            spent = found.setdefault(phase, Spent(phase))
            spent.calls += 1
            spent.model_seconds += data["seconds"]
            spent.prompt += data["usage"]["prompt"]
            spent.cached += data["usage"]["cached"]
            spent.completion += data["usage"]["completion"]
        elif whole.trials > before:
            found.setdefault(phase, Spent(phase)).trials += whole.trials - before
    return list(found.values())
