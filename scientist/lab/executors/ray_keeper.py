"""The actor that holds one experiment on a Ray cluster, and the tasks it gives to the nodes.

A named detached actor outlives the supervisor that made it: it hands pieces to tasks, keeps every
line they give until it is told to end, and the next supervisor asks it for all of them. It runs
nothing itself. Its word for what happened is a list of entries that only grows, so that asking
twice gives the same. Runs on other machines: only `scientist` and `ray` must be installed there.
"""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from scientist.lab import pieces
from scientist.lab.executors import Ended
from scientist.lab.executors.hands import Hands, verdict

if TYPE_CHECKING:
    from scientist.lab.pieces import Finished, Piece

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 30
KEEP_SECONDS = 24 * 3600
GRACE_SECONDS = 5
Entry = tuple[str, Any]


class Needs(NamedTuple):
    """What one piece takes of a node, by Ray's names."""

    cpus: float
    memory: int
    gpus: int

    def options(self) -> dict[str, Any]:
        """For a task: a node without that much free is not used; we repeat, Ray does not."""
        return {
            "num_cpus": self.cpus,
            "memory": self.memory,
            "num_gpus": self.gpus,
            "max_retries": 0,
            "scheduling_strategy": "SPREAD",
        }

    def places(self, nodes: Sequence[dict[str, Any]]) -> int:
        """How many pieces the living nodes have room for at once."""
        wanted = {"CPU": self.cpus, "memory": self.memory, "GPU": self.gpus}
        return sum(
            min(
                int(node["Resources"].get(kind, 0) // most) for kind, most in wanted.items() if most
            )
            for node in nodes
            if node["Alive"]
        )

    def words(self) -> str:
        """For a sentence."""
        gpus = f" and {self.gpus} GPUs" if self.gpus else ""
        return f"{self.cpus:g} processors, {self.memory // 2**20} MB of memory{gpus}"


class Work(NamedTuple):
    """What an actor is made for; `most` pieces at once, 0 for as many as there is room for."""

    piece: Piece
    trials: Sequence[tuple[str, int]]
    missing: Sequence[int]
    needs: Needs
    seconds: float
    most: int = 0
    whole: bool = False


class Keeper:
    """Hands out the trials of one experiment and keeps what comes back."""

    def __init__(self, work: Work) -> None:
        import ray

        self.measure = ray.remote(measure).options(**work.needs.options())
        self.work, self.piece = work, work.piece
        self.hands = Hands(work.trials, work.missing, whole=work.whole)
        self.entries: list[Entry] = []
        self.taken = 0
        self.ended: Ended | None = None
        self.began = time.monotonic()
        self.working: asyncio.Task[None] | None = None
        self.running: dict[asyncio.Task[Any], tuple[int, Any]] = {}

    async def start(self) -> None:
        """Begin, unless it has begun: a second supervisor asks the same."""
        if self.working is None:
            self.working = asyncio.ensure_future(self._work())

    async def take(self, since: int) -> tuple[list[Entry], Ended | None]:
        """What there is beyond the first `since` entries, and how it ended if it has.

        Who asks beyond an entry has dealt with it. Lines are kept all the same, since its disk may
        lose them; what was printed is not, since it would stand there twice.
        """
        for place in range(self.taken, since):
            if self.entries[place][0] in ("stdout", "stderr"):
                self.entries[place] = ("stdout", b"")
        self.taken = max(self.taken, since)
        return self.entries[since:], self.ended

    async def report(self, number: int, raw: bytes) -> bool:
        """Lines of a piece, as they come; whether the piece is still wanted."""
        if self.ended is not None:
            return False
        if news := self.hands.take(number, raw):
            self.entries.append(("lines", news))
        return any(number == other for other, _ in self.running.values())

    async def note(self, ran: dict[str, Any]) -> None:
        """What a piece runs under."""
        self.entries.append(("note", ran))

    async def _work(self) -> None:
        try:
            ended = await self._hand_out()
        except Exception as fault:
            ended = Ended("failed", f"the experiment's actor failed: {fault!r}")
        self.ended = ended._replace(restarts=self.hands.restarts)
        self._cancel()
        await asyncio.sleep(KEEP_SECONDS)  # nobody came for it: it is measured again if need be
        _leave()

    async def _hand_out(self) -> Ended:
        """Keep every place of the cluster busy until each trial has its line."""
        deadline = self.began + self.work.seconds + GRACE_SECONDS
        patience = time.monotonic() + PATIENCE_SECONDS
        while self.hands.left:
            places = await asyncio.to_thread(self._places)
            if places or self.running:
                patience = time.monotonic() + PATIENCE_SECONDS
            elif time.monotonic() > patience:
                return Ended(
                    "failed", f"no node of the cluster has {self.work.needs.words()} for a trial"
                )
            if time.monotonic() > deadline:
                return Ended("timeout", "the time of the experiment is over")
            while len(self.running) < places and (piece := self.hands.next(places)):
                self._give(*piece)
            if not self.running:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            done, _ = await asyncio.wait(
                self.running, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                number, _ = self.running.pop(task)
                if ended := self._settle(number, task):
                    return ended
        return Ended("done")

    def _places(self) -> int:
        import ray

        places = self.work.needs.places(ray.nodes())  # type: ignore[no-untyped-call]
        return min(places, self.work.most) if self.work.most else places

    def _give(self, number: int, indexes: list[int]) -> None:
        import ray

        spent = self.piece.spent + time.monotonic() - self.began
        piece = replace(self.piece, only=tuple(indexes), spent=spent)
        me = ray.get_runtime_context().current_actor
        reference = (
            ray.remote(measure).options(**self.work.needs.options()).remote(me, number, piece)
        )
        self.running[asyncio.ensure_future(_result(reference))] = (number, reference)

    def _settle(self, number: int, task: asyncio.Task[Any]) -> Ended | None:
        """Book what became of a piece; a reason to end everything if there is one."""
        import ray.exceptions as faults

        try:
            host, finished = task.result()
        except faults.RayTaskError as fault:  # our own code failed there, and would again
            return Ended("failed", f"a node of the cluster cannot run trials: {short(fault)}")
        except faults.RayError as fault:
            self._keep("lines", self.hands.gone(number, short(fault)))
            return None
        return self._finished(number, host, finished)

    def _finished(self, number: int, host: str, finished: Finished) -> Ended | None:
        for ran in finished.ran:
            self._keep("note", ran)
        self._keep("stdout", finished.stdout)
        self._keep("stderr", finished.stderr)
        self._keep("lines", self.hands.take(number, finished.lines))
        if finished.status == "lost":
            self._keep("lines", self.hands.gone(number, f"{finished.reason} (on {host})"))
            return None
        rest = self.hands.close(number)
        return verdict(finished.status, finished.reason, rest, host)

    def _keep(self, kind: str, content: Any) -> None:
        if content:
            self.entries.append((kind, content))

    def _cancel(self) -> None:
        import ray

        for _, reference in self.running.values():
            ray.cancel(reference, force=True)
        self.running.clear()


def measure(keeper: Any, number: int, piece: Piece) -> tuple[str, Finished]:
    """One piece, in a task on some node: the supervisor that runs it is a process of its own."""
    import ray

    wanted = True

    def on_lines(raw: bytes) -> None:
        nonlocal wanted
        wanted = wanted and ray.get(keeper.report.remote(number, raw))

    def on_note(ran: dict[str, Any]) -> None:
        ray.get(keeper.note.remote(ran))

    return platform.node(), pieces.run(piece, on_lines, lambda: not wanted, on_note)


async def _result(reference: Any) -> Any:
    return await reference


def _leave() -> None:
    import ray

    ray.kill(ray.get_runtime_context().current_actor)


def short(fault: BaseException) -> str:
    """What a fault of Ray says, in a line: its first words, or the last of a traceback."""
    said = [line.strip() for line in str(fault).strip().splitlines() if line.strip()]
    chosen = said[-1] if said and "Traceback" in str(fault) else (said or [repr(fault)])[0]
    return chosen[:300]
