"""The record's price: appends and verification against writing the same lines plainly."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from scientist.events import Reasoned
from scientist.journal import Journal, verify

COUNT, BATCH = 20_000, 256


def rate(began: float) -> float:
    """Events a second since then."""
    return COUNT / (time.perf_counter() - began)


if __name__ == "__main__":
    events = [Reasoned(phase="x", source="code", text=f"line {n}") for n in range(COUNT)]
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        began = time.perf_counter()
        with (root / "plain.jsonl").open("w") as file:
            for event in events:
                file.write(json.dumps(event.model_dump(mode="json")) + "\n")
                file.flush()
        plain = rate(began)
        found = {"plain lines, no chain": plain}
        with Journal(root / "one", write=True) as journal:
            began = time.perf_counter()
            for event in events:
                journal.append(event)
            found["append, one by one"] = rate(began)
        with Journal(root / "many", write=True) as journal:
            began = time.perf_counter()
            for start in range(0, COUNT, BATCH):
                journal.append_all(events[start : start + BATCH], sync=True)
            found[f"append, synced every {BATCH}"] = rate(began)
        began = time.perf_counter()
        assert verify(root / "many").events == COUNT
        found["verify"] = rate(began)
        for what, value in found.items():
            print(f"{what:<28} {value:10.0f} events/s   {value / plain:5.2f}x")
