"""What runs as a job of the queue: one piece of an experiment, in its folder on the shared disk.

`claim.json` is made once, by whoever comes first: the job, or a supervisor that does not know
whether the job was ever submitted. `lines` grows line by line; `finished.json` comes last and
says how long it is, since on a shared disk the one may be seen before the other.
"""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scientist.lab import attempts, pieces, process

if TYPE_CHECKING:
    from scientist.lab.pieces import Piece

PLAN = "piece.json"
NUMBER = "job.json"
CLAIM = "claim.json"
RAN = "ran.json"
LINES = "lines"
FINISHED = "finished.json"
STOP = "stop"
SETTLED = "settled"


def work(folder: str, piece: Piece) -> None:
    """Run a piece and write down what it gives, unless it was taken back or stopped."""
    place = Path(folder)
    if not claim(place, job=True):
        return
    with (place / LINES).open("xb", buffering=0) as file:

        def on_lines(raw: bytes) -> None:
            while raw:
                raw = raw[file.write(raw) :]

        def on_note(ran: dict[str, Any]) -> None:
            attempts.write(place / RAN, ran)

        finished = pieces.run(piece, on_lines, (place / STOP).exists, on_note)
        os.fsync(file.fileno())
        size = file.tell()
    for name, content in (("stdout", finished.stdout), ("stderr", finished.stderr)):
        (place / name).write_bytes(content)
    said = {"status": finished.status, "reason": finished.reason}
    attempts.write(place / FINISHED, said | {"bytes": size, "host": platform.node()})


def claim(place: Path, job: bool) -> bool:
    """Become the one who runs a piece, or who sees to it that nobody does."""
    own = os.getpid()
    who = {"pid": own, "start_time": process.start_time(own), "boot": process.boot()}
    part = place / f".claim.{platform.node()}.{own}"
    where = {"host": platform.node(), "id": os.environ.get("SLURM_JOB_ID"), "job": job}
    part.write_text(json.dumps(who | where))
    try:
        os.link(part, place / CLAIM)
    except FileExistsError:
        return False
    finally:
        part.unlink()
    return True
