"""The same attacks once more as an ordinary user, when the tests themselves run as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SUITE = (
    *("attacks", "bare", "forgery", "left_behind", "reduced", "gpus", "exhaustion"),
    "script",
)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user already runs all these tests")
@pytest.mark.parametrize("name", SUITE)
def test_an_ordinary_user_is_held_as_well(name: str, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    user = [unshare, "--user", "--map-user=1000", "--map-group=1000"]
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*user, *line, f"--basetemp={tmp_path / 'base'}", str(HERE / f"test_{name}.py")],
        capture_output=True,
        text=True,
        timeout=900,
        cwd=HERE.parents[1],
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout
