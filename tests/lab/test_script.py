"""A script in place of trial(): any command may append the same lines, believed as little."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from lab.processes import measured, supervisor
from scientist.errors import UsageError
from scientist.lab import experiments, gpus
from scientist.lab.executors import Placement, Script
from scientist.lab.experiments import Outcome, Run
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier

LIMITS = Limits(20, 20, 512, 32, 64, 64)
MANY = [(arm, seed) for seed in range(4) for arm in ("a", "b")]
TRAIN = b"""
import json, os, sys, subprocess
from helper import value
plan = json.load(open(os.environ["SCIENTIST_PLAN"]))
print(sys.argv[1], plan["resources"]["gpus"], plan["resources"]["memory_mb"])
for arm, seed in plan["trials"]:
    line = {"arm": arm, "seed": seed, "metrics": {"m": value(seed) * plan["parameters"]["scale"]}}
    with open(os.environ["SCIENTIST_RESULTS"], "a") as results:
        results.write(json.dumps(line) + "\\n")
"""
SHELL = r"""
for seed in 0 1 2 3; do for arm in a b; do
  echo "{\"arm\": \"$arm\", \"seed\": $seed, \"metrics\": {\"m\": $seed.5}}" >> "$SCIENTIST_RESULTS"
  %s
done; done
"""
Scripted = Callable[..., Run]


@pytest.fixture
def scripted(tmp_path: Path, each_tier: Tier) -> Scripted:
    """Makes a run folder for a script, in every kind of sandbox."""

    def make(*command: str, placement: Placement | None = None, **files: bytes) -> Run:
        script = Script(command, {name.replace("__", "."): files[name] for name in files})
        return experiments.prepare(
            tmp_path / "runs", "run", "", {"scale": 2}, MANY, LIMITS, each_tier, placement, script
        )

    return make


def finish(run: Run) -> Outcome:
    return experiments.conduct(run)


def test_a_python_script_with_a_file_of_its_own_gives_trials(scripted: Scripted) -> None:
    files = {"train__py": TRAIN, "helper__py": b"def value(seed): return float(seed)"}
    outcome = finish(scripted("python3", "train.py", "hello", **files))
    assert outcome.status == "done", (outcome.reason, outcome.stderr)
    assert [(t.arm, t.seed, t.metrics["m"]) for t in outcome.trials] == [
        (arm, seed, 2.0 * seed) for arm, seed in MANY
    ]
    assert outcome.stdout == "hello 0 512\n"
    assert len(outcome.ran.code_hash) == 64
    assert outcome.environment["python"]


def test_a_shell_script_that_appends_lines_gives_trials(scripted: Scripted) -> None:
    outcome = finish(scripted("bash", "-c", SHELL % ":"))
    assert outcome.status == "done", (outcome.reason, outcome.stderr)
    assert [t.metrics["m"] for t in outcome.trials] == [seed + 0.5 for _, seed in MANY]


def test_a_program_the_script_starts_may_append_too(scripted: Scripted) -> None:
    inner = SHELL % ":"
    code = f"import subprocess; subprocess.run(['bash', '-c', {inner!r}], check=True)"
    outcome = finish(scripted("python3", "-c", code))
    assert outcome.status == "done", (outcome.reason, outcome.stderr)


def test_a_script_that_gives_nothing_has_failed(scripted: Scripted) -> None:
    outcome = finish(scripted("true"))
    assert outcome.status == "failed"
    assert outcome.reason == "the script ended with exit code 0; 8 of 8 trials have no result"


def test_a_command_that_is_not_there_is_named(scripted: Scripted) -> None:
    outcome = finish(scripted("no-such-command"))
    assert outcome.status == "failed"
    assert "FileNotFoundError" in outcome.stderr


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("rubbish", "it is not JSON"),
        ('{"arm": "c", "seed": 1, "metrics": {"m": 1.0}}', "nobody asked for"),
        ('{"arm": "a", "seed": 0, "metrics": {"m": 9.0}}', "two results"),
        ('{"environment": {"python": "99"}}', "is not a result"),
    ],
)
def test_lines_of_a_script_are_checked_like_any_others(
    scripted: Scripted, line: str, reason: str
) -> None:
    outcome = finish(scripted("bash", "-c", SHELL % f"echo '{line}' >> $SCIENTIST_RESULTS"))
    assert outcome.status == "failed"
    assert reason in outcome.reason
    assert not outcome.trials


def test_a_killed_script_keeps_what_it_measured_and_goes_on_with_the_rest(
    scripted: Scripted,
) -> None:
    code = TRAIN.replace(b"from helper import value", b"import time; value = float").replace(
        b"    with open", b"    time.sleep(0.2)\n    with open"
    )
    run = scripted("python3", "train.py", "x", train__py=code)
    experiments.launch(run)
    until(lambda: measured(run) >= 4)
    os.kill(supervisor(run), signal.SIGKILL)
    lost = experiments.wait(run)
    assert lost.status == "lost"
    assert 3 <= len(lost.trials) < len(MANY)
    outcome = finish(run)
    assert outcome.status == "done", outcome.reason
    assert [(t.arm, t.seed) for t in outcome.trials] == MANY
    assert measured(run) == len(MANY) + 1


def test_a_script_that_is_killed_inside_keeps_what_it_measured(scripted: Scripted) -> None:
    outcome = finish(scripted("bash", "-c", SHELL % "[ $seed = 2 ] && kill -9 $$"))
    assert outcome.status == "failed"
    assert "3 of 8 trials have no result" in outcome.reason
    assert len(outcome.trials) == 5


def test_a_script_sees_its_files_read_only_and_nothing_else(scripted: Scripted) -> None:
    attack = "echo x >> train.py; echo y > new; ls /root /home; cat /etc/passwd; true"
    run = scripted("bash", "-c", attack + SHELL % ":", train__py=b"1")
    outcome = finish(run)
    assert outcome.status == "done"
    assert "root:x:" not in outcome.stdout
    assert (run.folder / "input" / "train.py").read_bytes() == b"1"
    assert sorted(p.name for p in (run.folder / "input").iterdir()) == ["params.json", "train.py"]


def test_a_script_is_prepared_with_sensible_files_and_without_other_code(
    tmp_path: Path, tier: Tier
) -> None:
    def prepare(script: Script, code: str = "") -> Any:
        return experiments.prepare(
            tmp_path / "runs", "run", code, {}, MANY, LIMITS, tier, None, script
        )

    for name in ("/etc/x", "../x", "a/../../x", "params.json", "", "."):
        with pytest.raises(UsageError):
            prepare(Script(("true",), {name: b""}))
    with pytest.raises(UsageError):
        prepare(Script(()))
    with pytest.raises(UsageError):
        prepare(Script(("true",)), "def trial(arm, seed): pass")
    with pytest.raises(UsageError, match="graphics processors"):
        prepare(Script(("true",), gpus=1))
    run = prepare(Script(("cat", "deep/er/file"), {"deep/er/file": b"inside"}))
    assert finish(run).stdout == "inside"


def test_graphics_processors_are_shown_to_a_script_that_may_have_them_and_to_no_other(
    tmp_path: Path, tier: Tier
) -> None:
    def outcome(name: str, wanted: int, allowed: bool) -> Outcome:
        script = Script(("bash", "-c", "ls /dev; " + SHELL % ":"), gpus=wanted)
        placement = Placement(gpus=allowed)
        runs = tmp_path / "runs"
        return finish(
            experiments.prepare(runs, name, "", {}, MANY, LIMITS, tier, placement, script)
        )

    nodes = [Path(node).name for node in gpus.nodes()]
    unasked = outcome("unasked", 0, True)
    assert unasked.status == "done"
    assert not set(unasked.stdout.split()) & {"nvidia0", "nvidiactl", "dri", "kfd", *nodes}
    asked = outcome("asked", 1, True)
    if nodes:
        assert asked.status == "done", asked.reason
        assert {Path(node).relative_to("/dev").parts[0] for node in gpus.nodes()} <= set(
            asked.stdout.split()
        )
    else:
        assert asked.status == "failed"
        assert asked.reason == "there is no graphics processor on this machine"
