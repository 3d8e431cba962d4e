"""A campaign whose vector store is on a Chroma server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from campaigns import ScriptedServer, essays, propose, scientist
from chromas import Chroma

PATIENT = {"SCIENTIST_CONNECT_TIMEOUT": "20"}


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[Chroma]:
    server = Chroma(tmp_path / "server")
    server.start()
    yield server
    server.kill()


def test_a_campaign_that_loses_the_server_goes_on_where_it_stood(
    tmp_path: Path, chroma: Chroma
) -> None:
    place = ("-w", tmp_path / "w")

    def lose(request: dict[str, Any]) -> dict[str, Any]:
        chroma.kill()
        return propose(request)

    with ScriptedServer([lose, propose, propose]) as server:
        run = ("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8)
        shared = ("--chroma", chroma.url)
        stopped = scientist(*run, *place, *shared, "--endpoint", server.url, **PATIENT)
        assert stopped.returncode == 1, stopped.stderr
        assert f"the Chroma server at {chroma.url} cannot be reached" in stopped.stderr
        assert "--resume C1" in stopped.stderr
        gone = scientist("doctor", *place, *shared, "--json", **PATIENT)
        line = next(one for one in json.loads(gone.stdout) if one["what"] == "store")
        assert (line["state"], "chroma run" in line["fix"]) == ("fail", True)
        chroma.start()
        done = scientist("run", "--resume", *place, **PATIENT, SCIENTIST_CHROMA=chroma.url)
        assert done.returncode == 0, done.stderr
    found = scientist("finding", "search", "a cue that turns", *place, *shared, "--json", **PATIENT)
    assert [hit["address"] for hit in json.loads(found.stdout)] == ["F1"]
    deep = scientist(
        "audit", "verify", "--deep", *place, "--json", **PATIENT, SCIENTIST_CHROMA=chroma.url
    )
    assert deep.returncode == 0, deep.stderr
    assert json.loads(deep.stdout)["checked"]["documents in the vector store"] > 6
    offline = scientist("audit", "verify", "--deep", *place, "--json")
    assert "on a server was not compared" in str(json.loads(offline.stdout)["notes"])
    assert not list((tmp_path / "w").rglob("chroma.sqlite3"))
