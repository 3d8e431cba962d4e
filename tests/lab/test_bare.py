"""The attacks of test_attacks.py where nothing holds them: there they work."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from lab import hostile
from scientist.lab import tiers
from scientist.lab.tiers import Tier

Attempts = Callable[..., dict[str, Any]]


@pytest.fixture
def tier() -> Tier:
    return tiers.choose(unsafe=True)


def test_servers_are_reached(attempts: Attempts, listening: dict[str, Any]) -> None:
    got = attempts(hostile.CONNECT, **listening)
    for name in ("loopback", "unix", "nameless", "by a pair", "all interfaces"):
        assert got[name] == "reached", (name, got[name])


def test_files_environments_and_processes_are_seen(
    attempts: Attempts, around: dict[str, Any]
) -> None:
    with subprocess.Popen(["sleep", "61.8034"]) as other:
        given = around | {"pid": other.pid}
        got = attempts(hostile.LOOK, **given)
        other.kill()
    assert got["secret"] == got["by a link"] == "a-secret-key"
    assert "secret" in got["its folder"]
    assert got["environments"]
    assert got["commands"]
    assert got["memory"]
    assert got["processes"] > 4


def test_signals_reach_others(attempts: Attempts) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        got = attempts(hostile.SIGNAL, pid=other.pid)
        assert got["other"] == "sent"
        assert len(got["reached"]) > 1
        assert other.wait(5) == -9
