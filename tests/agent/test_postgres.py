"""Checkpoints of campaigns in a real Postgres database."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from campaigns import ScriptedServer, command, environment, essays, propose, scientist
from ports import free_port

from scientist.agent.checkpoints import of_campaigns
from scientist.agent.postgres import Database
from scientist.errors import WorkspaceError
from scientist.journal import Journal
from scientist.settings import Settings, load
from scientist.workspace import Workspace

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
pytestmark = pytest.mark.skipif(
    not PROGRAMS, reason="needs Postgres: apt-get install --no-install-recommends postgresql"
)
PASSWORD = "open-sesame-4711"
NOBODY: dict[str, Any] = (
    {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
    if os.geteuid() == 0
    else {}
)
LIMIT = 120


class Postgres:
    """A real server on a loopback port; it refuses to run as root."""

    def __init__(self, folder: Path) -> None:
        self._bin = PROGRAMS[-1].parent
        self._data = folder / "data"
        self._log = folder / "log"
        self._port = free_port()
        self.url = f"postgresql://scientist:{PASSWORD}@127.0.0.1:{self._port}/postgres"
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        made = ("-D", self._data, "-U", "scientist", "-A", "scram-sha-256", "--pwfile", secret)
        self._run("initdb", *made, "--no-sync")

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [str(self._bin / program), *map(str, arguments)],
            cwd="/",
            capture_output=True,
            text=True,
            **NOBODY,
        )
        assert done.returncode == 0, done.stderr + done.stdout

    def start(self) -> None:
        said = f"-p {self._port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self._data}"
        self._run(
            "pg_ctl", "-D", self._data, "-l", self._log, "-w", "-t", LIMIT, "-o", said, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def threads(self) -> set[str]:
        with psycopg.connect(self.url) as connection:
            rows = connection.execute("SELECT DISTINCT thread_id FROM checkpoints").fetchall()
        return {row[0] for row in rows}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if NOBODY:
            shutil.chown(folder, "nobody")
        server = Postgres(folder)
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


def test_a_campaign_that_is_killed_goes_on_from_postgres(
    tmp_path: Path, postgres: Postgres
) -> None:
    workspace = tmp_path / "w"
    asked, go = threading.Event(), threading.Event()

    def hang(request: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        go.wait(LIMIT)
        return propose(request)

    with ScriptedServer([propose, hang, propose]) as server:
        process = subprocess.Popen(
            command(
                *("run", "--essays", essays(tmp_path / "e"), "--rounds", 2, "--pairs", 8),
                *("-w", workspace, "--endpoint", server.url),
            ),
            env=environment(SCIENTIST_CHECKPOINTS=postgres.url),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        assert asked.wait(LIMIT)
        process.send_signal(signal.SIGKILL)
        process.wait()
        go.set()
        (thread,) = postgres.threads()
        kept = of_campaigns(Workspace(workspace), Settings(checkpoints=postgres.url))
        with kept.opened() as saver:
            config: Any = {"configurable": {"thread_id": thread}}
            standing = saver.get_tuple(config)
            assert standing is not None
            assert standing.checkpoint["channel_values"]["round"] == 2
        done = scientist(*("run", "--resume", "-w", workspace), SCIENTIST_CHECKPOINTS=postgres.url)
        assert done.returncode == 0, done.stderr
    assert postgres.threads() == {thread}
    assert not (workspace / "checkpoints.sqlite").exists()
    with Journal(workspace / "journal") as journal:
        assert len([*journal.entries("finding_recorded")]) == 2
        surveys = [e for e in journal.entries("phase_started") if e.data["phase"] == "survey"]
        assert [entry.data["round"] for entry in surveys] == [1, 2]
    for file in workspace.rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes(), file


def test_threads_of_two_workspaces_do_not_meet(tmp_path: Path, postgres: Postgres) -> None:
    one, two = (
        Database(postgres.url, tmp_path / name, "nothing is lost", 20) for name in ("a", "b")
    )
    assert one.thread("C1-0") != two.thread("C1-0")
    assert one.thread("C1-0") == Database(postgres.url, tmp_path / "a", "", 20).thread("C1-0")


def test_many_may_make_the_tables_at_once(tmp_path: Path, postgres: Postgres) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    faults: list[BaseException] = []

    def begin() -> None:
        try:
            with Database(postgres.url, tmp_path, "nothing is lost", 20).opened():
                time.sleep(0.05)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert not faults
    assert postgres.threads() == set()


def test_a_server_that_is_gone_or_wants_another_password_is_named_without_it(
    tmp_path: Path, postgres: Postgres
) -> None:
    wrong = postgres.url.replace(PASSWORD, "wr%6Fng-secret")
    gone = f"postgresql://scientist:{PASSWORD}@127.0.0.1:1/postgres"
    for url, said in ((wrong, "password authentication failed"), (gone, "refused")):
        with (
            pytest.raises(WorkspaceError, match=f"cannot be reached: .*{said}") as refused,
            Database(url, tmp_path, "nothing is lost", 20).opened(),
        ):
            pass
        assert "postgresql://scientist@127.0.0.1" in refused.value.message
        assert "unset SCIENTIST_CHECKPOINTS" in refused.value.hint
        for secret in (PASSWORD, "wr%6Fng-secret", "wrong-secret"):
            assert secret not in refused.value.message + refused.value.hint


def test_a_connection_that_breaks_is_no_fault_of_ours(tmp_path: Path, postgres: Postgres) -> None:
    kept = Database(postgres.url, tmp_path, "nothing is lost", 20)
    with kept.opened() as saver, psycopg.connect(postgres.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'scientist'"
        )
        with pytest.raises(WorkspaceError, match="cannot be reached"), kept.explained():
            saver.get_tuple({"configurable": {"thread_id": "C1"}})


def test_the_address_is_shown_nowhere_whole(tmp_path: Path, postgres: Postgres) -> None:
    resolved = load(None, {}, {"SCIENTIST_CHECKPOINTS": postgres.url}, tmp_path / "none")
    assert PASSWORD not in str(resolved.shown()) + str(resolved.public())
    told = scientist("doctor", "-w", tmp_path, "--json", SCIENTIST_CHECKPOINTS=postgres.url)
    line = next(one for one in json.loads(told.stdout) if one["what"] == "resume")
    assert line["state"] == "ok"
    assert PASSWORD not in told.stdout + told.stderr
