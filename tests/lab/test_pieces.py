"""Pieces of an experiment, as another machine measures them: no shared folder, nothing left."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import until

from lab.processes import measured
from scientist.lab import experiments, lines, pieces, process, tiers
from scientist.lab.executors import Job, Placement
from scientist.lab.experiments import Run
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier

MANY = tuple((arm, seed) for seed in range(6) for arm in ("a", "b"))
CODE = """
    import random, time
    def trial(arm, seed, pause=0.0):
        time.sleep(pause)
        return {"m": random.random()}
"""


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of its own for temporary folders, with a name as short as usual."""
    with tempfile.TemporaryDirectory(prefix="lab-") as place:
        monkeypatch.setattr(tempfile, "tempdir", place)
        yield Path(place)
        monkeypatch.undo()


@pytest.fixture
def cut(prepared: Callable[..., Run], tier: Tier) -> Callable[..., pieces.Piece]:
    """A piece with some trials of an experiment."""

    def make(
        only: list[int], code: str = CODE, pause: float = 0.0, spent: float = 0.0
    ) -> pieces.Piece:
        run = prepared(code, MANY, parameters={"pause": pause})
        never: Callable[..., None] = lambda *_: None  # noqa: E731
        job = Job(
            folder=run.folder,
            trials=run.expected,
            limits=Limits(20, 20, 512, 32, 64, 64),
            box=tier.box,
            placement=Placement(2),
            attempt=1,
            spent=spent,
            report=never,
            note=never,
            output=lambda *_: "",
            over=lambda: None,
        )
        piece: pieces.Piece = pickle.loads(pickle.dumps(pieces.cut(job, only, jobs=2)))  # noqa: S301
        return piece

    return make


def test_a_piece_gives_the_same_numbers_as_the_whole(
    cut: Callable[..., pieces.Piece],
    ran: Callable[..., experiments.Outcome],
    tier: Tier,
    temporary: Path,
) -> None:
    whole = ran(CODE, MANY, parameters={"pause": 0.0}, name="whole")
    heard: list[bytes] = []
    notes: list[object] = []
    finished = pieces.run(cut([2, 3, 7]), heard.append, on_note=notes.append)
    assert (finished.status, finished.reason) == ("done", "")
    assert b"".join(heard) == finished.lines
    found = lines.numbers(finished.lines, MANY)
    assert sorted(found) == [2, 3, 7]
    for number, line in found.items():
        assert lines.read(line).metrics == whole.trials[number].metrics
    assert finished.ran == tuple(notes)
    assert finished.ran[0]["tier"] == tier.name
    assert finished.ran[0]["code_hash"] == whole.ran.code_hash
    assert not list(temporary.iterdir())


def test_a_piece_can_be_stopped_and_gives_what_it_has(cut: Callable[..., pieces.Piece]) -> None:
    heard: list[bytes] = []
    finished = pieces.run(
        cut(list(range(12)), pause=0.2), heard.append, lambda: len(b"".join(heard)) > 500
    )
    assert finished.status == "stopped"
    assert 1 <= len(lines.numbers(finished.lines, MANY)) < 12


def test_the_time_that_was_spent_elsewhere_counts(cut: Callable[..., pieces.Piece]) -> None:
    finished = pieces.run(cut(list(range(12)), pause=0.5, spent=19.0))
    assert (finished.status, finished.reason) == ("timeout", "longer than 20 s")


def test_a_listener_that_fails_ends_the_piece(
    cut: Callable[..., pieces.Piece], temporary: Path
) -> None:
    def fail(_: bytes) -> None:
        raise ConnectionError("nobody listens")

    with pytest.raises(ConnectionError):
        pieces.run(cut(list(range(12)), pause=0.2), fail)
    assert not list(temporary.iterdir())


def test_a_machine_without_a_sandbox_refuses_a_piece(
    cut: Callable[..., pieces.Piece], monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = cut([0])
    none = tiers.Tier("A", None, problem="bubblewrap is not installed")
    monkeypatch.setattr(tiers, "attacked", lambda _: none)
    finished = pieces.run(piece)
    assert finished.status == "failed"
    assert "no safe sandbox on this machine" in finished.reason
    assert not finished.lines


def test_a_piece_ends_with_the_process_it_worked_for_even_if_that_is_killed(
    cut: Callable[..., pieces.Piece], tmp_path: Path, temporary: Path
) -> None:
    (tmp_path / "piece").write_bytes(pickle.dumps(cut(list(range(12)), pause=60.0)))
    script = textwrap.dedent(
        """
        import pickle, sys, threading
        from scientist.lab import pieces
        piece = pickle.load(open(sys.argv[1], "rb"))
        thread = threading.Thread(target=lambda: pieces.run(piece))  # as in a worker of a cluster
        thread.start()
        thread.join()
        """
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "piece")],
        env=os.environ | {"TMPDIR": str(temporary)},
    )

    def under_way() -> bool:
        return any(measured(Run(folder, MANY)) for folder in temporary.glob("scientist-piece-*"))

    try:
        until(under_way)
        family = [member.pid for member in process.tree(worker.pid)]
    finally:
        worker.kill()
        worker.wait()
    assert len(family) > 3
    until(lambda: not any(process.start_time(pid) for pid in family))
    assert not list(temporary.glob("scientist-piece-*"))


def test_what_a_killed_piece_left_is_removed_by_the_next_one(
    cut: Callable[..., pieces.Piece], temporary: Path
) -> None:
    left = temporary / f"scientist-piece-{os.getpid()}-1-{process.boot()[:8]}-x"
    (left / "input").mkdir(parents=True)
    other = temporary / "scientist-piece-of-somebody"
    other.mkdir()
    assert pieces.run(cut([0])).status == "done"
    assert list(temporary.iterdir()) == [other]


def test_code_that_writes_wherever_it_can_spoils_only_itself(
    cut: Callable[..., pieces.Piece],
) -> None:
    code = """
        import os
        for descriptor in range(3, 20):
            try:
                os.write(descriptor, b"nonsense\\n")
            except OSError:
                pass
        def trial(arm, seed, pause): return {"m": 1.0}
    """
    finished = pieces.run(cut([0, 1], code))
    assert finished.status == "failed"
    assert finished.reason == "the experiment could not be loaded"
    assert lines.numbers(finished.lines, [("a", 0), ("b", 0)]) == {}
