"""The real sandbox of this machine, and a short way to run code in it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scientist.lab import experiments, sandbox, tiers
from scientist.lab.executors import Placement
from scientist.lab.experiments import Outcome, Run
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier

LIMITS = Limits(
    wall_seconds=20, cpu_seconds=20, memory_mb=512, processes=32, disk_mb=64, output_kb=64
)
PAIRS = (("a", 1), ("b", 1))


@pytest.fixture(scope="session")
def tier() -> Tier:
    return tiers.choose()


@pytest.fixture(scope="session", params=[sandbox.NAMESPACES, sandbox.REDUCED])
def each_tier(request: pytest.FixtureRequest) -> Tier:
    """Every kind of sandbox that this machine can have, one after the other."""
    binary = sandbox.bubblewrap() if request.param == sandbox.NAMESPACES else None
    found = tiers.attacked(sandbox.Box(request.param, binary))
    if not found.safe:
        pytest.skip(f"no tier {request.param} here: {found.problem}")
    return found


@pytest.fixture
def prepared(tmp_path: Path, tier: Tier) -> Callable[..., Run]:
    """Makes a run folder for some code."""

    def make(code: str, trials: Any = PAIRS, name: str = "run", **changes: Any) -> Run:
        parameters = changes.pop("parameters", {})
        used = changes.pop("tier", tier)
        placement = Placement(changes.pop("jobs", 1))
        limits = replace(LIMITS, **changes)
        runs = tmp_path / "runs"
        code = textwrap.dedent(code)
        return experiments.prepare(runs, name, code, parameters, trials, limits, used, placement)

    return make


# prints {attack: what it got}; an attack that is refused gives the name of its error
TRY = """
import ctypes, json, os, platform, socket, sys
HERE = os.path.dirname(__file__)
RUNNER = sys.modules["__main__"].__file__
SCRATCH = os.environ["TMPDIR"]
def attempt(attacks):
    got = {}
    for name, attack in attacks.items():
        try:
            got[name] = attack()
        except BaseException as fault:
            got[name] = type(fault).__name__
    print(json.dumps(got), flush=True)
"""


@pytest.fixture
def attempts(ran: Callable[..., Outcome]) -> Callable[..., dict[str, Any]]:
    """Runs the attacks that `body` returns as a dict of functions; gives what each of them got."""

    def attack(body: str, **given: Any) -> dict[str, Any]:
        code = f"{TRY}\ndef attacks(given):\n{body}\n"
        code += "def trial(arm, seed, **given):\n"
        code += "    attempt(attacks(given))\n    return {'m': float(seed)}"
        outcome = ran(code, (("a", 1),), parameters=given)
        assert outcome.status == "done", outcome
        found: dict[str, Any] = json.loads(outcome.stdout)
        return found

    return attack


@pytest.fixture
def ran(prepared: Callable[..., Run]) -> Callable[..., Outcome]:
    """Runs some code to its end."""

    def run(code: str, *arguments: Any, **changes: Any) -> Outcome:
        run = prepared(code, *arguments, **changes)
        experiments.launch(run)
        return experiments.wait(run)

    return run


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Servers of every kind, as a model server or a desktop has them."""
    folder = Path(f"/tmp/lab-test-{os.getpid()}")
    folder.mkdir(mode=0o777)
    nameless = f"lab-test-{os.getpid()}"
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        closing(socket.socket(socket.AF_UNIX)) as local,
        closing(socket.socket(socket.AF_UNIX)) as hidden,
        closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as datagrams,
    ):
        try:
            local.bind(f"{folder}/stream")
            datagrams.bind(f"{folder}/datagrams")
            hidden.bind("\0" + nameless)
            local.listen()
            hidden.listen()
            for path in folder.iterdir():
                path.chmod(0o777)
            yield {
                "port": server.getsockname()[1],
                "path": f"{folder}/stream",
                "datagrams": f"{folder}/datagrams",
                "nameless": nameless,
            }
        finally:
            shutil.rmtree(folder)


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A secret in a file and in an environment, and where the rest of the machine is."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret-key")
    secret = tmp_path / "secret"
    secret.write_text("a-secret-key")
    home = Path.home()
    shown = [Path(sys.base_prefix).resolve(), Path(sysconfig.get_paths()["purelib"])]
    python = [p.relative_to(home).parts[0] for p in shown if p.is_relative_to(home)]
    places = {"checkout": experiments.__file__, "home": str(home), "python": python}
    return {"secret": str(secret), "pid": os.getpid(), **places}
