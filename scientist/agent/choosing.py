"""Which experiment family to work in: kits by nearness in meaning to a question or to essays.

What was tried less comes first. Without a question the choice among the nearest is drawn by
the campaign's seed, so that no family is favoured for its place in a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scientist.agent import proposing
from scientist.lab.kits import Kit, all_kits
from scientist.memory.embedding import Embed, similarity

if TYPE_CHECKING:
    from scientist.agent.bench import Bench

NEAREST = 6
PASSAGES = 5
TRIED_COSTS = 0.05
_relevance: dict[tuple[str, str], float] = {}


def nearness(text: str, kits: Sequence[Kit], embed: Embed) -> dict[str, float]:
    """How near each kit is to a text, from -1 to 1."""
    wanted, *vectors = embed([text, *map(describe, kits)])
    named = zip(kits, vectors, strict=True)
    return {kit.name: similarity(wanted, vector) for kit, vector in named}


def describe(kit: Kit) -> str:
    """What a kit is about, in the words that are compared."""
    return f"{kit.title}. {kit.summary} {', '.join(kit.directions).replace('-', ' ')}."


def choose(bench: Bench, round_: int) -> Kit:
    """The family of a round."""
    kits = list(all_kits())
    bench.chance("kit", round_).shuffle(kits)
    chosen = [one.kit for one in proposing.tested(bench)]
    tried = {kit.name: chosen.count(kit.name) for kit in kits}
    if bench.question:
        near = nearness(bench.question, kits, bench.store.embed)
        return max(kits, key=lambda kit: near[kit.name] - TRIED_COSTS * tried[kit.name])
    least = min(tried.values())
    fresh = [kit for kit in kits if tried[kit.name] == least]
    ranked = sorted(fresh, key=lambda kit: -_about(bench, kit))
    return bench.chance("family", round_).choice(ranked[:NEAREST])


def _about(bench: Bench, kit: Kit) -> float:
    """How near the campaign's essays come to a kit: the mean of its nearest passages."""
    key = f"{bench.journal.folder}:{bench.campaign}", kit.code_hash
    if key not in _relevance:
        hits = bench.store.search_passages(describe(kit), PASSAGES, bench.essays)
        near = [1 - hit.distance for hit in hits]
        _relevance[key] = sum(near) / len(near) if near else 0.0
    return _relevance[key]
