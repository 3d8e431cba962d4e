"""A disk that fills up in the middle of a campaign: it says so, and goes on once there is room."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest
from campaigns import ScriptedServer, command, environment, essays, propose, scientist

from scientist.journal import Journal, project, verify

MEGABYTES = 80
SECONDS = 120


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, so that nothing else fills up."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
    )
    if mounting.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounting.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing more can be written."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                pour(file, size)
    return ballast


def pour(file: FileIO, size: int) -> None:
    while True:
        file.write(b"x" * size)


def settled(workspace: Path) -> list[tuple[str, str, float | None]]:
    with Journal(workspace / "journal") as journal:
        found = [view.record for view in project.findings(journal)]
    return [(f.statement, f.judgement.verdict, f.judgement.effect) for f in found]


@pytest.mark.parametrize("moment", ["hypothesis H1", "experiment X1 starts"])
def test_a_disk_that_fills_up_costs_nothing_that_was_recorded(
    tmp_path: Path, small_disk: Path, moment: str
) -> None:
    arguments = ("--rounds", 1, "--pairs", 8)
    with ScriptedServer(script=propose) as server:
        given = ("--essays", essays(tmp_path / "e"), *arguments, "--endpoint", server.url)
        undisturbed = scientist("run", *given, "-w", tmp_path / "w")
        assert undisturbed.returncode == 0, undisturbed.stderr
        workspace = small_disk / "w"
        process = subprocess.Popen(
            command("run", *given, "-w", workspace),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith(moment):
                break
        else:
            pytest.fail("".join(said))
        ballast = fill(small_disk)
        _, stderr = process.communicate(timeout=SECONDS)
        assert process.returncode == 1, stderr
        assert "Traceback" not in stderr
        assert "error: " in stderr
        assert "--resume" in stderr.rpartition("hint: ")[2]
        full = scientist("run", "--resume", "-w", workspace, "--endpoint", server.url)
        assert full.returncode == 1
        assert "MB are free" in full.stderr or "is full" in full.stderr
        os.unlink(ballast)  # noqa: PTH108  a full disk may refuse more than that
        done = scientist("run", "--resume", "-w", workspace, "--endpoint", server.url)
    assert done.returncode == 0, done.stderr
    assert verify(workspace / "journal").passed
    assert settled(workspace) == settled(tmp_path / "w")
