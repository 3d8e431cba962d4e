"""Experiments on a Ray cluster of several nodes: nothing is lost and nothing counts twice."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from ports import free_port
from waiting import until

from scientist.errors import UsageError
from scientist.lab import attempts, experiments, process
from scientist.lab.executors import Placement, ray_cluster
from scientist.lab.executors.ray_keeper import Needs
from scientist.lab.experiments import Run
from tests.lab.spread import (
    CODE,
    COMES,
    LOCAL,
    MANY,
    ONCE,
    begin,
    measured,
    measurements,
    values,
    whole,
)

pytestmark = pytest.mark.ray
NODES = 2
Begin = Callable[..., Run]


@dataclass
class Cluster:
    """The process that holds the cluster, and how to speak to it."""

    process: subprocess.Popen[str]
    address: str = ""

    def tell(self, command: str) -> str:
        """Give a command and wait until it is done."""
        asked: IO[str] | None = self.process.stdin
        answers = self.process.stdout
        assert asked is not None
        assert answers is not None
        if command:
            print(command, file=asked, flush=True)
        return answers.readline().strip()

    def pids(self, word: str) -> list[int]:
        """Processes of the cluster whose title has a word."""
        members = process.tree(self.process.pid)
        return [one.pid for one in members if word in title(one.pid)]


def title(pid: int) -> str:
    """How a process calls itself."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head and two nodes that answer only who knows their token."""
    with (
        tempfile.TemporaryDirectory(prefix="ray-test-", ignore_cleanup_errors=True) as place,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        line = [sys.executable, "-m", "tests.lab.nodes", str(NODES)]
        said = Path(place, "stderr")
        with (
            said.open("w") as stderr,
            subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=Path(__file__).parents[2],
                env=os.environ | {"RAY_TMPDIR": place},
            ) as held,
        ):
            found = Cluster(held)
            found.address = found.tell("")
            assert found.address, said.read_text()
            yield found
            family = [one.pid for one in process.tree(held.pid)]
            assert held.stdin is not None
            held.stdin.close()
            held.wait(60)
        until(lambda: not any(process.start_time(pid) for pid in family), COMES)


@pytest.fixture
def begun(tmp_path: Path, cluster: Cluster) -> Iterator[Begin]:
    """Begins experiments on the cluster; ends what is left of them."""
    runs: list[Run] = []
    there = Placement(jobs=0, executor="ray", options={"ray_address": cluster.address})

    def make(code: str = CODE, placement: Placement = there, **changes: Any) -> Run:
        runs.append(begin(tmp_path / "runs", code, placement, **changes))
        return runs[-1]

    yield make
    for run in runs:
        experiments.stop(run, 20)


def test_the_cluster_gives_the_same_trials_as_this_machine_alone_or_with_two_workers(
    begun: Begin,
) -> None:
    run = begun()
    one, two = begun(placement=Placement(jobs=1), name="one"), begun(placement=LOCAL, name="two")
    outcome = whole(run)
    assert values(outcome) == values(whole(one)) == values(whole(two))
    assert outcome.restarts == 0
    assert outcome.ran == experiments.collect(one).ran
    assert outcome.environment["python"]
    assert measurements(outcome) == ONCE


def test_a_killed_supervisor_leaves_the_actor_at_work_and_the_next_one_takes_all_it_has(
    begun: Begin, cluster: Cluster
) -> None:
    run = begun()
    until(lambda: measured(run) > 2, COMES)
    actor = cluster.pids("ray::Keeper")
    holder = attempts.holder(run.folder, 1)
    os.kill(holder["pid"], signal.SIGKILL)
    time.sleep(1)  # for it to die of this, if it can
    until(lambda: experiments.state(run) == "lost", COMES)
    assert actor
    assert cluster.pids("ray::Keeper") == actor
    outcome = whole(run)
    assert attempts.last(run.folder) == 2
    assert outcome.restarts == 0
    assert measurements(outcome) == ONCE
    until(lambda: not cluster.pids("ray::Keeper"), COMES)


def test_a_lost_actor_is_replaced_by_one_for_the_missing_trials(
    begun: Begin, cluster: Cluster
) -> None:
    run = begun()
    until(lambda: measured(run) > 2, COMES)
    for pid in cluster.pids("ray::Keeper"):
        os.kill(pid, signal.SIGKILL)
    outcome = whole(run)
    assert outcome.restarts >= 1


def test_a_stop_ends_what_runs_on_the_cluster(begun: Begin, cluster: Cluster) -> None:
    run = begun()
    until(lambda: measured(run) > 2 and bool(cluster.pids("scientist.lab.supervisor")), COMES)
    experiments.stop(run, 20)
    assert experiments.state(run) == "stopped"
    until(lambda: not cluster.pids("scientist.lab.supervisor"), COMES)
    assert not cluster.pids("ray::Keeper")
    assert 2 <= len(experiments.collect(run).trials) < len(MANY)


def test_a_broken_experiment_fails_with_the_machine_that_said_so(begun: Begin) -> None:
    outcome = experiments.conduct(begun("import nothing_of_the_kind\n"))
    assert outcome.status == "failed"
    assert "nothing_of_the_kind" in outcome.reason


def test_a_node_that_is_removed_loses_nothing_and_nothing_counts_twice(
    begun: Begin, cluster: Cluster
) -> None:
    run = begun()
    until(lambda: measured(run) > 3, COMES)
    before = (run.folder / "trials.jsonl").read_bytes()
    cluster.tell("remove 0")
    whole(run)  # whether the node had a trial in hand at that moment is for chance to say
    assert (run.folder / "trials.jsonl").read_bytes().startswith(before)


def test_an_address_where_nobody_listens_is_explained_at_once(begun: Begin) -> None:
    port = free_port()
    nowhere = Placement(executor="ray", options={"ray_address": f"127.0.0.1:{port}"})
    outcome = experiments.conduct(begun(placement=nowhere))
    assert outcome.status == "failed"
    assert f"nothing answers at ray_address 127.0.0.1:{port}" in outcome.reason
    assert "scientist run --executor local" in outcome.reason


def test_something_else_that_listens_there_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray_cluster, "CONNECT_SECONDS", 3)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(UsageError, match="no Ray cluster answers"),
    ):
        ray_cluster.reach(f"127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize("address", ["here", "host:", ":6379", "host:ray", "host:99999"])
def test_what_is_no_address_is_said_to_be_none(address: str) -> None:
    with pytest.raises(UsageError, match="is no address of a Ray cluster"):
        ray_cluster.reach(address)


def test_a_machine_without_ray_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError) as caught:
        ray_cluster.require()
    assert caught.value.hint == "pip install 'scientist[ray]'"


def test_a_piece_goes_only_where_all_it_needs_is_free() -> None:
    def node(cpus: float, memory: int, alive: bool = True, **more: float) -> dict[str, Any]:
        return {"Alive": alive, "Resources": {"CPU": cpus, "memory": memory * 2**20, **more}}

    needs = Needs(2, 1024 * 2**20, 0)
    nodes = [node(8, 3000), node(1, 9000), node(4, 9000), node(8, 9000, alive=False)]
    assert needs.places(nodes) == 2 + 0 + 2
    assert Needs(1, 2**20, 1).places([node(4, 100), node(4, 100, GPU=2.0)]) == 2


def test_a_cluster_of_our_own_lives_no_longer_than_its_supervisor(begun: Begin) -> None:
    run = begun(placement=Placement(jobs=2, executor="ray"))
    until(lambda: measured(run) > 0, COMES)
    family = process.tree(attempts.holder(run.folder, 1)["pid"])
    assert any("raylet" in title(member.pid) for member in family)
    assert json.loads((run.folder / "actor.json").read_text())
    whole(run)
    until(lambda: not any(process.start_time(member.pid) for member in family), COMES)
