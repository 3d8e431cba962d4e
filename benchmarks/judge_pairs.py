"""Judge pairs a second with 1, 4 and 16 requests at once, and as many as the project itself sends.

    python benchmarks/judge_pairs.py                              # the embedded model
    scientist model serve smollm2-135m --backend vllm --python PYTHON
    python benchmarks/judge_pairs.py                              # a real vLLM

A pair is two requests, one in each order. All share the prompt's long beginning; no pair is asked
twice, so that nothing else comes from a cache. The levels take turns, so that a slow moment of the
machine hits all of them; besides the clock there is the server's own processor time, which other
work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from scientist import settings as configuration
from scientist.agent.relations import OPTIONS, PROMPT
from scientist.llm import embedded, prompting
from scientist.llm.choice import choose_many
from scientist.llm.client import Client
from scientist.llm.endpoint import Handle, connect
from scientist.llm.serving import launch, records
from scientist.llm.serving.found import settle
from scientist.settings import Settings

PAIRS = Path(__file__).parents[1] / "prompts" / "relation_pairs.json"
LEVELS = (1, 4, 16, 0)  # 0: by the server's capacity
TICKS = os.sysconf("SC_CLK_TCK")


def pairs() -> Iterator[tuple[str, str]]:
    """Pairs of statements without end, each a new one."""
    known = json.loads(PAIRS.read_text())
    number = 0
    while True:
        for one in known:
            for relation in ("supports", "contradicts", "unrelated"):
                number += 1
                yield f"In case {number}: {one['first']}", f"In case {number}: {one[relation]}"


def processor_seconds(handle: Handle) -> float:
    """What the processes of the server have calculated so far."""
    url = handle.endpoint.url
    if ours := records.at(url):
        found = launch.members(ours[1])
    else:
        found = [state["pid"] for state in embedded.servers() if state["url"] == url]
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in found]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS


def measure(
    handle: Handle, values: Settings, level: int, count: int, fresh: Iterator[tuple[str, str]]
) -> tuple[float, float, int]:
    """Pairs a second, the server's processor seconds a pair, and the level at the end."""
    prompt = prompting.load(PROMPT)
    asked = [next(fresh) for _ in range(count)]
    rendered = [prompt.render(first=a, second=b) for one in asked for a, b in (one, one[::-1])]
    with Client(handle, values.model_copy(update={"concurrency": level})) as client:
        before, began = processor_seconds(handle), time.monotonic()
        said = list(choose_many(client, rendered, OPTIONS))
        seconds = time.monotonic() - began
        assert len(said) == 2 * count
        used = processor_seconds(handle) - before
        return count / seconds, used / count, client.capacity.pace.level


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=32, help="pairs of each level in each round")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    values = settle(configuration.load(None)).values
    fresh = pairs()
    found: dict[int, list[tuple[float, float, int]]] = {level: [] for level in LEVELS}
    with connect(values) as handle:
        print(f"{handle.endpoint.model} at {handle.endpoint.url}, load {os.getloadavg()[0]:.1f}")
        measure(handle, values, 4, 8, fresh)  # every slot has read the beginning
        for _ in range(given.rounds):
            for level in LEVELS:
                found[level].append(measure(handle, values, level, given.pairs, fresh))

    def median(level: int, what: Callable[[tuple[float, float, int]], float]) -> float:
        return statistics.median(map(what, found[level]))

    print(f"load {os.getloadavg()[0]:.1f}")
    for level in LEVELS:
        ratios = [one[0] / first[0] for one, first in zip(found[level], found[1], strict=True)]
        name = f"{level} at once" if level else f"as it sees fit ({found[0][-1][2]} at the end)"
        print(
            f"{name:<32} {median(level, lambda one: one[0]):7.2f} pairs/s "
            f"{statistics.median(ratios):6.2f}x ({min(ratios):.2f} to {max(ratios):.2f})   "
            f"{median(level, lambda one: one[1]):6.2f} processor seconds a pair"
        )


if __name__ == "__main__":
    main()
