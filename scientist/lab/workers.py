"""The local executor: contained runners that are handed one trial after the other.

A line a worker gives must be the result of the trial it has in hand. A worker that dies is
replaced and its trials are given away again, but a trial that was in hand at two deaths has
failed; a worker ended for breaking a limit ends the experiment.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import selectors
import time
from collections.abc import Sequence

from scientist.lab import gpus, lines, process, ran, sandbox, watch, worker
from scientist.lab.executors import Ended, Forged, Job
from scientist.lab.worker import READY, REPLACE_ME, Kind, Worker

LOOK_SECONDS = 0.05
THOROUGH_EVERY = 20
QUICK_SECONDS = 0.05
FINISH_SECONDS = 5
DEATHS = 2
BARREN = 5
PRINTED_BYTES = 8192
PROCESSES_EACH = 4
MEMORY_MB_EACH = 128


def execute(job: Job, missing: Sequence[int]) -> Ended:
    """Give a result for every missing trial, on this machine."""
    if job.script and job.script["gpus"] and not gpus.nodes():
        return Ended("failed", "there is no graphics processor on this machine")
    if not job.box.contained:
        process.adopt_orphans()  # nothing else ends what experiment code leaves behind
    pool = Pool(job, missing)
    try:
        return pool.run()._replace(restarts=pool.restarts)
    finally:
        pool.close()


def most_workers(job: Job, missing: int) -> int:
    """How many may work at once, so that they alone do not use up what all may use together."""
    limits = job.limits
    room = min(limits.processes // PROCESSES_EACH, limits.memory_mb // MEMORY_MB_EACH)
    return 1 if job.script else max(1, min(job.placement.jobs, missing, room))


class Pool:
    """The workers of one attempt, and the trials that wait for one."""

    def __init__(self, job: Job, missing: Sequence[int]) -> None:
        self.job = job
        self.waiting = sorted(missing)  # all arms of a seed come before the next seed
        self.left = set(missing)
        self.size = most_workers(job, len(missing))
        self.places = {trial: number for number, trial in enumerate(job.trials)}
        self.workers: list[Worker] = []
        self.deaths: dict[int, int] = {}
        self.used: dict[int, float] = {}
        self.own: dict[tuple[int, int], float] = {}
        self.barren = self.restarts = self.looks = 0
        self.next_look = 0.0
        self.start: float | None = None  # seconds that a worker takes to be ready
        self.ready_at = self.seconds = 0.0
        self.given = 0
        self.streams = selectors.DefaultSelector()
        self.found = ran.found(job)
        job.note(self.found)

    def run(self) -> Ended:
        """Hand out, collect and watch, until every trial has its line or something ends it."""
        while self.left:
            if ended := self._staff() or self._collect() or self._reap() or self._look():
                return self._break_off(ended)
        return self._finish()

    def close(self) -> None:
        """End whatever still runs."""
        for one in self.workers:
            sandbox.end(one.child, self.job.box)
            one.close()
        self.workers.clear()
        self._end_strays()
        self.streams.close()

    def _staff(self) -> Ended | None:
        """As many workers as there is work for, each with a trial in hand."""
        while len(self.workers) < self._wanted() and self.waiting:
            given = len(self.waiting) if self.job.script else 1
            fresh = worker.start(self.job, self.waiting)
            self.workers.append(fresh)
            for kind, descriptor in fresh.streams.items():
                self.streams.register(descriptor, selectors.EVENT_READ, (fresh, kind))
            for _ in range(given):
                fresh.give(heapq.heappop(self.waiting))
        for ahead in (0, 1):
            for one in self.workers:
                # a second trial in hand saves short ones the way here and back
                wants = len(one.hand) == ahead and one.leaving is None
                enough = one.quick and len(self.waiting) > self.size if ahead else self.waiting
                if wants and enough:
                    one.give(heapq.heappop(self.waiting))
        return None

    def _wanted(self) -> int:
        """How many workers are worth their start: what waits must take longer than that does."""
        if self.start is None:
            return 1
        pace = self.seconds / self.given if self.given else time.monotonic() - self.ready_at
        return min(self.size, 1 + int(pace * len(self.waiting) / self.start))

    def _collect(self) -> Ended | None:
        """Take what the workers give."""
        ended = None
        leaving = any(one.leaving is not None for one in self.workers)
        seconds = 0.002 if leaving else LOOK_SECONDS
        for key, _ in self.streams.select(seconds):
            one, kind = key.data
            ended = self._read(one, kind) or ended
        return ended

    def _read(self, one: Worker, kind: Kind) -> Ended | None:
        try:
            piece = os.read(one.streams[kind], 65536)
        except BlockingIOError:
            return None
        *whole, begun = (one.begun[kind] + piece).split(b"\n")
        if not piece:
            self.streams.unregister(one.streams[kind])
            if kind == "results":
                one.leaving = time.monotonic()
        if kind != "results":
            full = not piece or len(begun) > PRINTED_BYTES
            text = b"\n".join([*whole, begun if full else b""])
            one.begun[kind] = b"" if full else begun
            excess = self.job.output(kind, text)
            return Ended("killed", excess) if excess else None
        one.begun[kind] = begun
        if len(begun) > lines.LONGEST:
            raise Forged(f"a line is not a result: it is longer than {lines.LONGEST // 1024} kB")
        ended = None
        for line in whole:
            ended = self._hear(one, line) or ended
        return ended

    def _hear(self, one: Worker, line: bytes) -> Ended | None:
        """A line of a worker, which must be the one that is due."""
        if not one.greeted:
            if lines.environment(line) is None:
                raise Forged("the first line is not the environment")
            one.greeted = True
            self.job.report(line + b"\n")
            return None
        if line == READY and not one.ready:
            one.ready, self.barren = True, 0
            if self.start is None:
                self.ready_at = time.monotonic()
                self.start = self.ready_at - one.began
            return self._changed()  # what was just loaded is what was noted
        try:
            said = lines.read(line)
        except ValueError as invalid:
            raise Forged(f"a line is not a result: {invalid}") from invalid
        if said.arm is None or said.seed is None:
            self.job.report(line + b"\n")
            return Ended("failed", "the experiment could not be loaded")
        number = self._due(one, (said.arm, said.seed))
        self.job.report(line + b"\n")
        one.hand.remove(number)
        one.gave = True
        one.quick = said.seconds < QUICK_SECONDS
        self.seconds, self.given = self.seconds + said.seconds, self.given + 1
        self.left.discard(number)
        return None

    def _changed(self) -> Ended | None:
        same = ran.found(self.job) == self.found
        return None if same else Ended("failed", "the input was changed while the experiment ran")

    def _due(self, one: Worker, trial: tuple[str, int]) -> int:
        """The number of a trial, if this worker is to give its result now."""
        number = self.places.get(trial)
        if number is None:
            raise Forged(f"a result nobody asked for: {trial}"[:300])
        due = one.hand if self.job.script else list(one.hand)[:1]
        if number not in due:
            waits = number in self.left and number not in one.hand
            problem = (
                "a result of a trial it was not given" if waits else "two results for one trial"
            )
            raise Forged(f"{problem}: {trial}"[:300])
        return number

    def _look(self) -> Ended | None:
        """Whether a limit is broken, from time to time."""
        if (now := time.monotonic()) < self.next_look:
            return None
        self.next_look, self.looks = now + LOOK_SECONDS, self.looks + 1
        thorough = self.looks % THOROUGH_EVERY == 0
        children = [one.child for one in self.workers]
        return watch.exceeded(self.job, children, self.used, self.own, thorough)

    def _reap(self) -> Ended | None:
        """Part with workers that are over."""
        for one in list(self.workers):
            late = one.leaving is not None and time.monotonic() > one.leaving + FINISH_SECONDS
            if one.child.poll() is None and not late:
                continue
            sandbox.end(one.child, self.job.box)
            self.workers.remove(one)
            self._end_strays()
            ended = self._drain(one) or self._account(one)
            one.close()
            if ended:
                return ended
        return None

    def _account(self, one: Worker) -> Ended | None:
        """What the end of a worker means for the trials it had in hand."""
        code = one.child.returncode
        if not one.hand:
            return None
        if self.job.script:
            without = f"{len(one.hand)} of {len(self.job.trials)} trials have no result"
            return Ended("failed", f"the script ended with exit code {code}; {without}")
        for number in one.hand:
            heapq.heappush(self.waiting, number)
        if code == REPLACE_ME and one.gave:
            return None
        self.restarts += 1
        if not one.ready:
            self.barren += 1
            if self.barren >= BARREN:
                return Ended("failed", f"the experiment ended with exit code {code} while loading")
            return None
        blamed = one.hand[0]
        self.deaths[blamed] = self.deaths.get(blamed, 0) + 1
        if self.deaths[blamed] >= DEATHS:
            self.waiting.remove(blamed)
            heapq.heapify(self.waiting)
            self.left.discard(blamed)
            why = f"the worker died {DEATHS} times in this trial (last with exit code {code})"
            self.job.report(lines.failure(*self.job.trials[blamed], why))
        return None

    def _break_off(self, ended: Ended) -> Ended:
        """End all workers, and keep what they had already given."""
        for one in self.workers:
            sandbox.end(one.child, self.job.box)
        self._end_strays()
        for one in self.workers:
            self._drain(one)
        return ended

    def _finish(self) -> Ended:
        """Everything is measured: let the workers end, and believe nothing more they say."""
        for one in self.workers:
            one.dismiss()
        end = time.monotonic() + FINISH_SECONDS
        while self.workers and (self.job.script or time.monotonic() < end):
            if ended := self._collect() or self._reap():
                return self._break_off(ended)
            if self.job.script and (ended := self._look()):
                return self._break_off(ended)
        return self._break_off(self._changed() or Ended("done"))

    def _drain(self, one: Worker) -> Ended | None:
        """What is left in the pipes of a worker that has ended."""
        ended = None
        end = time.monotonic() + FINISH_SECONDS
        registered = self.streams.get_map()
        for kind, descriptor in one.streams.items():
            while descriptor in registered and time.monotonic() < end:
                ended = self._read(one, kind) or ended
            if descriptor in registered:  # somebody holds it who should long be dead
                self.streams.unregister(descriptor)
        return ended

    def _end_strays(self) -> None:
        """With no box around them, what workers left behind has come to this process."""
        if self.job.box.contained:
            return
        known = {one.child.pid for one in self.workers}
        for member in process.children(os.getpid()):
            if member not in known:
                process.end(member)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(member, os.WNOHANG)
