"""Which experiment family to work in: kits by nearness in meaning to a question or to essays.

What was tried less comes first. Without a question the choice among the nearest is drawn by
the campaign's seed, so that no family is favoured for its place in a list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from scientist.journal import project
from scientist.lab.kits import Kit, all_kits
from scientist.memory.embedding import Vector, similarity

if TYPE_CHECKING:
    from scientist.agent.bench import Bench

Embed = Callable[[Sequence[str]], list[Vector]]
NEAREST = 6
PASSAGES = 5
TRIED_COSTS = 0.05
_vectors: dict[tuple[str, str], Vector] = {}
_relevance: dict[tuple[str, str], float] = {}


def nearness(text: str, kits: Sequence[Kit], embed: Embed, embedding: str) -> dict[str, float]:
    """How near each kit is to a text, from -1 to 1; a kit's vector is computed once."""
    missing = [kit for kit in kits if (embedding, kit.code_hash) not in _vectors]
    wanted, *new = embed([text, *map(describe, missing)])
    for kit, vector in zip(missing, new, strict=True):
        _vectors[embedding, kit.code_hash] = vector
    return {kit.name: similarity(wanted, _vectors[embedding, kit.code_hash]) for kit in kits}


def describe(kit: Kit) -> str:
    """What a kit is about, in the words that are compared."""
    return f"{kit.title}. {kit.summary} {', '.join(kit.directions).replace('-', ' ')}."


def choose(bench: Bench, round_: int) -> Kit:
    """The family of a round."""
    kits = list(all_kits())
    bench.chance("kit", round_).shuffle(kits)
    chosen = [h.record.kit for h in project.hypotheses(bench.journal) if h.status != "proposed"]
    tried = {kit.name: chosen.count(kit.name) for kit in kits}
    if bench.question:
        near = nearness(bench.question, kits, bench.store.embed, bench.settings.embedding)
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
