"""Several campaigns in one workspace, each a process of its own, at the same time."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

from campaigns import ScriptedServer, command, environment, essays, propose, scientist
from scripted import Fault

from scientist.journal import Journal, project

LIMIT = 400


def test_a_campaign_is_resumed_while_another_runs_and_both_are_on_one_record(
    tmp_path: Path,
) -> None:
    workspace = tmp_path / "w"
    place = ("-w", workspace)
    run = ("run", "--essays", essays(tmp_path / "e"), "--rounds", 2, "--pairs", 8)
    here, there = threading.Event(), threading.Event()

    def meet(request: dict[str, Any]) -> dict[str, Any]:
        here.set()  # neither goes on before the other has come as far
        assert there.wait(LIMIT)
        return propose(request)

    def others(request: dict[str, Any]) -> dict[str, Any]:
        there.set()
        assert here.wait(LIMIT)
        answer = propose(request)
        for hypothesis in answer["hypotheses"]:
            hypothesis["direction"] = "increase"
        return answer

    with (
        ScriptedServer([propose, Fault(503), Fault(503), meet]) as first,
        ScriptedServer(script=others) as second,
    ):
        broken = scientist(*run, *place, "--endpoint", first.url)
        assert broken.returncode == 3, broken.stderr
        both = [
            subprocess.Popen(
                command(*arguments, *place),
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for arguments in (
                ("run", "--resume", "C1"),
                (*run, "--rounds", 1, "--endpoint", second.url),
            )
        ]
        said = [process.communicate(timeout=LIMIT) for process in both]
        first.assert_done()
    assert [process.returncode for process in both] == [0, 0], said
    with Journal(workspace / "journal") as journal:
        ended = {view.id: (view.outcome, len(view.findings)) for view in project.campaigns(journal)}
        written = [entry.campaign for entry in journal.entries("phase_started")]
    assert ended == {"C1": ("completed", 2), "C2": ("completed", 1)}
    begun = written.index("C2")
    assert "C1" in written[begun:]
    assert "C2" in written[: len(written) - written[::-1].index("C1")]
    deep = scientist("audit", "verify", "--deep", *place)
    assert deep.returncode == 0, deep.stderr
