"""A vector store on a Chroma server against the same one in the workspace, in turn.

    python benchmarks/shared_store.py [--passages N] [--searches N]

Starts a server on this machine, so the network is left out. Prints milliseconds for each document
that is added and for each search, and the ratio of the two stores.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from chromas import Chroma, free_port

from scientist.journal import Journal
from scientist.memory import Store
from scientist.settings import Settings
from scientist.workspace import Workspace
from tests.memory.conftest import add_essay
from tests.memory.words import Words

DIMENSION = 384  # that of the default embedding, which itself is left out
SENTENCES = 100


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--passages", type=int, default=2000)
    asked.add_argument("--searches", type=int, default=200)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        server = Chroma(Path(name) / "data", free_port())
        server.start()
        try:
            measure(Path(name), server.url, options.passages, options.searches)
        finally:
            server.kill()


def measure(folder: Path, url: str, passages: int, searches: int) -> None:
    """Fill both stores, then search them in turn."""
    adding, stores = {}, {}
    for kind, settings in (("workspace", Settings()), ("server", Settings(chroma=url))):
        workspace = Workspace(folder / kind)
        workspace.root.mkdir()
        with Journal(workspace.journal, write=True) as journal:
            for essay in range(passages // SENTENCES):
                said = tuple(f"Word{essay} and thing{n}." for n in range(SENTENCES))
                add_essay(journal, f"E{essay + 1}", said)
            store = Store(workspace, settings, embedding=Words("words", DIMENSION))
            began = time.perf_counter()
            added = store.sync(journal)
            adding[kind] = (time.perf_counter() - began) / added * 1000
            stores[kind] = store
    taken: dict[str, list[float]] = {kind: [] for kind in stores}
    for number in range(searches):
        for kind, store in stores.items():
            began = time.perf_counter()
            assert store.search_passages(f"Word{number % 7} and thing{number}.", 8)
            taken[kind].append((time.perf_counter() - began) * 1000)
    print("| | workspace | server | ratio |\n|---|---|---|---|")
    medians = {kind: statistics.median(found) for kind, found in taken.items()}
    for what, found in ((f"one of {passages} documents added", adding), ("one search", medians)):
        ratio = found["server"] / found["workspace"]
        print(f"| {what} | {found['workspace']:.2f} ms | {found['server']:.2f} ms | {ratio:.2f} |")
    for store in stores.values():
        store.close()


if __name__ == "__main__":
    main()
