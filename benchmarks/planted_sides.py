"""Both sides of planted.py: a campaign of this project, and a plain code agent, on one question.

Ours answers by the verdict on exactly what was asked: same arms, metric and setting. Theirs is
planted_agent.py, in a Python of its own and, where bubblewrap is to be had, in a box where it can
write to nothing but its own folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

from planted_truth import Question, decide, differences, measure, parameters_of

from scientist.journal import Journal, project
from scientist.lab import kits, sandbox
from scientist.lab.kits import Kit, setting
from scientist.llm.endpoint import connect
from scientist.records import Direction, Finding, Hypothesis, Protocol, Verdict
from scientist.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
ESSAYS = ROOT / "workspace" / "essays"
AGENT = ("smolagents[openai]==1.26.0", "numpy", "scipy")
CONTEXT = 16384  # of both sides: the prompt of a code agent and a kit's source are long
MOST_WORDS = 1500  # tokens of one answer of theirs
GRACE = 600  # seconds a command may take beyond its minutes: a confirmation that has begun
NO_FINDING = 4


def ours(question: Question, chosen: argparse.Namespace) -> dict[str, Any]:
    """One campaign on the question, and the verdict on what was asked, if it came to one."""
    workspace = chosen.cache / "ours" / f"{question.id}-{chosen.seed}"
    begun = workspace.exists() and _is_open(workspace)
    if not begun:
        shutil.rmtree(workspace, ignore_errors=True)
    place = ["-w", str(workspace), "--json", *_server(chosen)]
    asked = [
        *(question.text, "--essays", str(ESSAYS), "--rounds", str(chosen.rounds)),
        *("--minutes", str(chosen.minutes), "--seed", str(chosen.seed)),
        *("--rung", "kit"),  # the questions are about arms that are there
    ]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "scientist", "run", *(["--resume"] if begun else asked), *place],
        capture_output=True,
        text=True,
        timeout=chosen.minutes * 60 + GRACE,
        env={**os.environ, "SCIENTIST_CONTEXT": str(CONTEXT)},
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode not in (0, NO_FINDING):
        raise SystemExit(
            f"{question.id}: exit {done.returncode}: {done.stdout}{done.stderr[-2000:]}"
        )
    with Journal(workspace / "journal") as journal:
        tested = [
            (project.hypothesis(journal, view.record.hypothesis).record, view.record)
            for view in project.findings(journal)
        ]
        verdicts = [_held(journal, finding, chosen.cache) for _, finding in tested]
        tokens = sum(view.tokens for view in project.campaigns(journal))
    answers = [said for pair in tested if (said := reading(question, *pair))]
    return {
        "answer": answers[-1] if answers else "none",
        "supported": bool(answers),
        "findings": [finding.statement for _, finding in tested],
        "verdicts": verdicts,
        "tokens": tokens,
        "seconds": round(seconds, 1),
    }


def reading(question: Question, hypothesis: Hypothesis, finding: Finding) -> str:
    """What a finding answers: yes, no, or nothing where it is about something else."""
    arms = (finding.treatment, finding.control)
    turned = arms == (question.control, question.treatment)
    same = (
        hypothesis.kit == question.kit
        and (turned or arms == (question.treatment, question.control))
        and finding.metric == question.metric
        and hypothesis.parameters == parameters_of(question)
    )
    if not same:
        return ""
    as_asked = (finding.direction == question.direction) != turned
    if finding.judgement.verdict is Verdict.SUPPORTED:
        return "yes" if as_asked else "no"
    if finding.judgement.verdict is Verdict.REFUTED and as_asked:
        return "no"
    return ""  # that the opposite is refuted does not say that there is an effect


def _held(journal: Journal, finding: Finding, cache: Path) -> dict[str, str]:
    """A verdict beside what a large measurement of the very same code says."""
    verdict = finding.judgement.verdict
    row = {"finding": finding.id, "verdict": verdict.value, "truth": "-"}
    if verdict not in (Verdict.SUPPORTED, Verdict.REFUTED):
        return row
    protocol = project.protocol(journal, finding.protocol_digest)
    if protocol.data_hash:
        return row  # a script: nothing here can run it with other seeds
    code = project.sealed_code(journal, finding.protocol_digest)
    arms = (protocol.treatment, protocol.control)
    trials = measure(code, arms, protocol.parameters, cache)
    return {**row, "truth": holds(verdict, protocol, differences(trials, *arms, protocol.metric))}


def holds(verdict: Verdict, protocol: Protocol, gaps: list[float]) -> str:
    """Whether a verdict is true, false, or too near its border for the measurement to tell.

    Supported says that there is an effect in the direction predicted, refuted that there is none
    as large as the smallest effect of interest.
    """
    sign = 1 if protocol.direction is Direction.INCREASE else -1
    border = 0.0 if verdict is Verdict.SUPPORTED else protocol.smallest_effect
    answer = decide([sign * gap for gap in gaps], border).answer
    right = "yes" if verdict is Verdict.SUPPORTED else "no"
    return "open" if answer == "open" else "true" if answer == right else "false"


def _is_open(workspace: Path) -> bool:
    with Journal(workspace / "journal") as journal:
        found = project.campaigns(journal)
    return bool(found) and found[-1].outcome == "unfinished"


def theirs(question: Question, chosen: argparse.Namespace) -> dict[str, Any]:
    """One run of the code agent on the question, and what it had measured when it answered."""
    python = chosen.agent_python or _agent_python(chosen.cache)
    folder = chosen.cache / "theirs" / f"{question.id}-{chosen.seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kit = kits.load(question.kit)
    (folder / "source.py").write_text(kit.code)
    settings = Settings(endpoint=chosen.endpoint, model=chosen.model, context=CONTEXT)
    with connect(settings) as handle:
        task = {
            "text": task_text(question, kit),
            "parameters": kit.validate_parameters({}),
            "essays": _paragraphs(),
            "url": handle.endpoint.url,
            "key": handle.endpoint.api_key,
            "model": handle.endpoint.model,
            "temperature": settings.temperature,
            "max_tokens": MOST_WORDS,
            "seed": chosen.seed,
        }
        (folder / "task.json").write_text(json.dumps(task))
        began = time.monotonic()
        ending = _in_box(folder, python, chosen.minutes * 60)
        seconds = time.monotonic() - began
    (folder / "task.json").unlink()  # it holds the key
    if ending.startswith("exit") and not lines(folder / "steps.jsonl"):
        raise SystemExit(f"the agent did not start: {(folder / 'log').read_text()[-2000:]}")
    file = folder / "answer.json"
    said = json.loads(file.read_text())["said"] if file.exists() else ""
    return {
        "answer": parse(said),
        "supported": measured(question, folder),
        "said": said[:500],
        "steps": len(lines(folder / "steps.jsonl")),
        "trials": len(lines(folder / "calls.jsonl")),
        "ending": ending,
        "seconds": round(seconds, 1),
    }


def task_text(question: Question, kit: Kit) -> str:
    """The question with all that is known about the kit; nothing of the answer."""
    arms = "\n".join(f"- {name}: {text}" for name, text in kit.arms.items())
    metrics = "\n".join(f"- {name}: {one.description}" for name, one in kit.metrics.items())
    parameters = "\n".join(
        f"- {name} (default {one.default:g}): {one.description}"
        for name, one in kit.parameters.items()
    )
    where = ", ".join(setting(*item) for item in question.setting.items())
    return f"""Answer this question by measuring: {question.text}

There is a Python module `kit`: {kit.title}. {kit.summary}
`import kit; kit.trial(arm, seed, **parameters)` runs one trial and returns a dict of metrics.
Seeds are whole numbers; the same seed gives every arm the same world.
Arms:
{arms}
Metrics:
{metrics}
Parameters:
{parameters}

What is asked is whether arm {question.treatment!r} will {question.direction} {question.metric!r}
compared with arm {question.control!r} at {where}, everything else as by default. A difference
smaller than {kit.smallest_effect(question.metric):g} on average does not matter: then the answer
is no. The tool read_source shows how the module works, search_essays what essays say.

Finish with final_answer("yes"), final_answer("no"), or final_answer("unknown")."""


def parse(said: str) -> str:
    """yes or no if that is the first word of an answer, else none."""
    words = said.strip().strip("\"'*.").split()
    first = words[0].strip("\"'*.,:;!").lower() if words else ""
    return first if first in ("yes", "no") else "none"


def measured(question: Question, folder: Path) -> bool:
    """Whether trials of both arms had run at the setting that is asked about."""
    wanted = parameters_of(question)
    arms = {
        call["arm"]
        for call in lines(folder / "calls.jsonl")
        if {**parameters_of_default(question.kit), **call["parameters"]} == wanted
    }
    return arms >= {question.treatment, question.control}


def parameters_of_default(kit: str) -> dict[str, float | int]:
    """Every parameter of a kit at its default."""
    return kits.load(kit).validate_parameters({})


def _in_box(folder: Path, python: Path, seconds: float) -> str:
    """Run the agent where it can write to its own folder alone; how it ended."""
    binary = sandbox.bubblewrap()
    box = [
        *(str(binary), "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid"),
        *("--die-with-parent", "--bind", str(folder), str(folder), "--chdir", str(folder)),
    ]
    program = [str(python), str(ROOT / "benchmarks" / "planted_agent.py"), str(folder)]
    known = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*(box if binary else []), *program],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**known, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return "out of time"
    return "answered" if status == 0 else f"exit {status}"


def _agent_python(cache: Path) -> Path:
    """A Python with smolagents, in an environment of its own, made at the first call."""
    folder = cache / "agent"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"installing {', '.join(AGENT)} into {folder}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-qq", *AGENT], check=True)
        (folder / "ready").touch()
    return python


def _paragraphs() -> list[str]:
    texts = [file.read_text(encoding="utf-8") for file in sorted(ESSAYS.glob("*.md"))]
    return [part.strip() for text in texts for part in text.split("\n\n") if part.strip()]


def _server(chosen: argparse.Namespace) -> list[str]:
    named = (("--endpoint", chosen.endpoint), ("--model", chosen.model))
    return [word for flag, value in named if value for word in (flag, value)]


def lines(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file; none if there is no file."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
