"""The code ladder: what a model writes is composed, measured, repaired, lowered or given up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import campaigns
import pytest
from campaigns import ESSAY, ScriptedServer, essays, family, propose, scientist
from scripted import Likely

from scientist.agent.coding import _prompt
from scientist.agent.proposing import IDEA
from scientist.audit.tracing.exchange import answered
from scientist.journal import Entry, Journal, project
from scientist.lab import adapting
from scientist.lab.adapting_rules import MOST_DESCRIPTION
from scientist.lab.kits import all_kits, load
from scientist.records import Direction, Hypothesis, Rung, Verdict

OPEN = Likely({"C": 0.9, "B": 0.06, "A": 0.04})  # no finding answers the question
Answer = Callable[[dict[str, Any]], Any]
HALF = """
def half_pooled(training):
    apart = [fit([one], EVERYTHING)[0] for one in training]
    return np.mean(apart, axis=0)
"""
BROKEN = "def half_pooled(training):\n    return fit(training[0], EVERYTHING)[0]\n"
KEY, SHAPED = "the-key/of:this+server", "sk-proj-abcDEF0123456789abcdef"
QUESTION = "do learners pick up causes or spurious features when the cue is reversed?"


def proposing(**changes: Any) -> Answer:
    """Kit hypotheses, and a new arm of the causal family."""

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        proposed = propose(request)
        settings = list(family(request).settings())
        proposed["new_arm"] = {
            "sentences": [1],
            "reason": "A stable weight may come from averaging over sites.",
            "like": "pooled",
            "change": "fits every environment apart and averages the weights",
            "name": "half_pooled",
            "metric": "shifted_error",
            "direction": "decrease",
            "conditions": [settings[0]],
            "confidence": "even",
            **changes,
        }
        return proposed

    return answer


def model(code: list[str], proposals: Answer | None = None) -> Answer:
    """Answers by what is asked for; the last code repeats."""
    left = list(code)

    def answer(request: dict[str, Any]) -> Any:
        if asked_for(request) == "":
            return OPEN
        if asked_for(request) == "Code":
            return {"code": left.pop(0) if len(left) > 1 else left[0]}
        return (proposals or proposing())(request)

    return answer


def asked_for(request: dict[str, Any]) -> str:
    """The name of the schema; empty for a choice of one letter."""
    return str(request.get("response_format", {}).get("json_schema", {}).get("name", ""))


def run(folder: Path, script: Answer, *more: object, **settings: str) -> tuple[Path, str]:
    with ScriptedServer(script=script) as server:
        done = scientist(
            *("run", QUESTION, "--essays", essays(folder / "e"), "--rounds", 1, "--pairs", 8),
            *("-w", folder / "w", "--endpoint", server.url, *more),
            **{"SCIENTIST_RUNG": "adapted", "SCIENTIST_AT_ONCE": "3", **settings},
        )
    assert done.returncode == 0, done.stderr
    return folder / "w", done.stderr


def test_a_new_arm_is_measured_beside_the_arm_it_is_like(tmp_path: Path) -> None:
    workspace, said = run(tmp_path, model([HALF]))
    with Journal(workspace / "journal") as journal:
        view = next(v for v in project.hypotheses(journal) if v.record.rung is Rung.ADAPTED)
        finding = next(
            f.record for f in project.findings(journal) if f.record.hypothesis == view.record.id
        )
        sealed = next(
            entry.data["protocol"]
            for entry in journal.entries("protocol_sealed")
            if entry.data["protocol"]["hypothesis"] == view.record.id
        )
        code = journal.get(view.record.code_hash).decode()
    assert (view.record.treatment, view.record.control) == ("half_pooled", "pooled")
    assert finding.judgement.verdict is not Verdict.INFEASIBLE, finding.judgement.reason
    assert sealed["rung"] == "adapted"
    assert sealed["code_hash"] == view.record.code_hash
    assert "np.mean(apart, axis=0)" in code
    assert any("written by the model (adapted)" in one for one in finding.degradations)
    assert not finding.deviations
    assert "passed every check in try 1" in said
    verified = scientist("audit", "verify", "--deep", "-w", workspace)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_secrets_said_on_the_way_are_not_on_record_and_it_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "ESSAY", ESSAY.replace(".", f", says {SHAPED}."))
    reason = f'My key is "{KEY}"; the essay has\n{SHAPED}.'
    proposals = proposing(reason=reason, sentences=[1])
    code = HALF.replace("in training", f'in training if "{SHAPED}"')
    workspace, _ = run(tmp_path, model([code], proposals), OPENAI_API_KEY=KEY, A_TOKEN=KEY[1:])
    with Journal(workspace / "journal") as journal:
        (arm,) = (v.record for v in project.hypotheses(journal) if v.record.rung is Rung.ADAPTED)
        answers = [answered(journal.get(e.data["response_blob"]))[0] for e in proposed(journal)]
        code = journal.get(arm.code_hash).decode()
        essay = journal.get(next(journal.entries("essay_added")).data["text_blob"]).decode()
    assert any(f'"reason": {json.dumps(arm.rationale)}' in one for one in answers)
    assert arm.rationale.count("[hidden:") == 2
    assert "[hidden:" in arm.quotes[0].text
    assert SHAPED in code, "what must stay as it is stays"
    assert SHAPED in essay
    for said in (*answers, arm.rationale, arm.quotes[0].text):
        assert KEY[1:] not in said
        assert SHAPED not in said
    verified = scientist("audit", "verify", "--deep", "-w", workspace)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def proposed(journal: Journal) -> list[Entry]:
    """The calls that asked for hypotheses."""
    return [e for e in journal.entries("model_called") if e.data["prompt"] == "hypothesize"]


def test_a_traceback_goes_back_to_the_model_which_repairs(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    answers = model([BROKEN, HALF])

    def script(request: dict[str, Any]) -> Any:
        asked.append(request)
        return answers(request)

    _, said = run(tmp_path, script)
    assert "passed every check in try 2" in said
    second = [r for r in asked if asked_for(r) == "Code"][1]
    complaint = second["messages"][-1]["content"]
    assert "half_pooled" in complaint
    assert "Error" in complaint


def test_an_arm_that_failed_is_written_anew_by_one_who_knows_why(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    answers = model([BROKEN, BROKEN, HALF])

    def script(request: dict[str, Any]) -> Any:
        asked.append(request)
        return answers(request)

    _, said = run(tmp_path, script)
    assert "passed every check in try 3" in said
    first, second, third = [r for r in asked if asked_for(r) == "Code"]
    said = first["messages"][-1]["content"]
    proposed = next(r for r in asked if asked_for(r) == "Proposals")["messages"]
    shared = proposed[-1]["content"].partition("Parameters:\n")[0]
    assert "\nWhat an arm gets and gives: training: " in shared
    assert proposed[:-1] == first["messages"][:-1]
    assert said.startswith(shared), "a server that keeps prefixes has read this"
    for again in (second, third):  # the same prefix, and what was wrong, without the code
        assert again["messages"][:-1] == first["messages"][:-1]
        begins, complaint = again["messages"][-1]["content"].split(said)
        assert begins == ""
        assert "An earlier try failed, do it another way: running it ended as failed" in complaint
        assert "def half_pooled" not in complaint
        assert again["temperature"] > first["temperature"]
    assert len({r["seed"] for r in (first, second, third)}) == 3


def test_who_writes_an_arm_is_told_once_what_it_gets_and_gives() -> None:
    for kit in all_kits():
        point = adapting.points(kit)[0]
        arm = Hypothesis(
            id="H1",
            statement="the new arm is better",
            quotes=(),
            kit=kit.name,
            factor=kit.factor,
            treatment="new_way",
            control=point.likes[0],
            metric=kit.default.metric,
            direction=Direction(kit.default.direction),
            smallest_effect=kit.smallest_effect(kit.default.metric),
            rung=Rung.ADAPTED,
            like=point.likes[0],
            idea="gives the mean of two arms",
        )
        asked = str(_prompt(arm, "").messages[-1]["content"])
        assert asked.count(kit.open[point.function]) == 1, kit.name
        assert adapting.shown(kit, point, arm.like, arm.treatment, arm.idea) in asked


def test_what_no_try_mends_is_tested_a_rung_lower(tmp_path: Path) -> None:
    workspace, said = run(tmp_path, model(["def half_pooled(training):\n    return open('x')\n"]))
    assert "no code    for" in said
    with Journal(workspace / "journal") as journal:
        given_up = [v for v in project.hypotheses(journal) if v.status == "given up"]
        tested = [
            v for v in project.hypotheses(journal) if v.status not in ("proposed", "given up")
        ]
        why = [e.data["reason"] for e in journal.entries("code_given_up")]
        selected = [e.data["reason"] for e in journal.entries("hypothesis_selected")]
    assert [v.record.treatment for v in given_up] == ["half_pooled"]
    assert "in 6 tries" in why[0]
    assert f"in place of {given_up[0].record.id}, for which no code passed" in selected
    assert all(v.record.rung is Rung.KIT for v in tested)


def test_an_arm_that_does_nothing_new_is_no_arm(tmp_path: Path) -> None:
    same = "def half_pooled(training):\n    return fit(training, EVERYTHING)[0]\n"
    _, said = run(tmp_path, model([same]))
    assert "gave the same numbers on every seed" in said


def test_an_old_arm_under_a_new_name_is_no_arm(tmp_path: Path) -> None:
    renamed = 'def half_pooled(training):\n    return learn("informed", training)\n'
    _, said = run(tmp_path, model([renamed]))
    assert "gave the same numbers as informed on every seed" in said


@pytest.mark.parametrize(
    "cheat",
    [
        "def half_pooled(training):\n    return np.ones(6)\n",
        "def half_pooled(training):\n    x, y = sample(np.random.default_rng(1), 9, 1.0, 0.1)\n"
        "    return fit([(x, y)], EVERYTHING)[0]\n",
        "def half_pooled(training):\n    global error\n    error = lambda w, d: 0.0\n"
        "    return fit(training, EVERYTHING)[0]\n",
    ],
)
def test_an_arm_that_cheats_makes_no_finding(tmp_path: Path, cheat: str) -> None:
    workspace, _ = run(tmp_path, model([cheat]), SCIENTIST_REPAIRS="0")
    with Journal(workspace / "journal") as journal:
        found = {f.record.treatment: f.record.judgement.verdict for f in project.findings(journal)}
    assert "half_pooled" not in found


@pytest.mark.parametrize(
    ("idea", "says"),
    [
        ("the mean of what stable and pooled give", True),
        ("the weights of the features at the end are halved, as their cue may turn", True),
        ("pooled, stable, reweighted, informed", False),
        ("samples = 60, noise = 0.1, shift = 0.5", False),
        ("stable: keeps what passes a test", False),
    ],
)
def test_an_idea_begins_as_a_sentence(idea: str, says: bool) -> None:
    assert bool(re.fullmatch(IDEA, idea)) is says


def test_an_idea_has_room_in_the_header_of_a_kit() -> None:
    longest = " ".join(["a" * 13] * 5) + "." * 51
    assert re.fullmatch(IDEA, longest)
    assert not re.fullmatch(IDEA, f"{longest}.")
    assert len(longest) == MOST_DESCRIPTION


def test_an_arm_is_not_called_as_something_in_the_code_of_its_kit(tmp_path: Path) -> None:
    code = HALF.replace("half_pooled", "sample_2")
    workspace, _ = run(tmp_path, model([code], proposing(name="sample")))
    with Journal(workspace / "journal") as journal:
        found = {f.record.treatment: f.record.judgement.verdict for f in project.findings(journal)}
    assert found["sample_2"] is not Verdict.INFEASIBLE


def test_an_arm_that_is_there_is_no_idea(tmp_path: Path) -> None:
    there = load("causal_features").arms["pooled"]
    workspace, _ = run(tmp_path, model([HALF], proposing(change=there)))
    with Journal(workspace / "journal") as journal:
        rejected = [entry.data["reason"] for entry in journal.entries("candidate_rejected")]
        assert not any(one.record.idea for one in project.hypotheses(journal))
    assert any(one.startswith("this is nearly the idea of pooled") for one in rejected)


def test_the_same_idea_is_not_tried_twice(tmp_path: Path) -> None:
    workspace, _ = run(tmp_path, model([HALF]), "--rounds", 2)
    with Journal(workspace / "journal") as journal:
        rejected = [e.data["reason"] for e in journal.entries("candidate_rejected")]
    assert any(one.startswith("this is nearly the idea of half_pooled") for one in rejected)


FREE = '''
import numpy as np

ARMS = {"averaged": "averages many noisy readings", "single": "takes one noisy reading"}
METRICS = {"miss": "distance from the true value"}


def trial(arm, seed, noise=1.0):
    """Estimate a value from noisy readings."""
    rng = np.random.default_rng(seed)
    value = rng.normal()
    readings = value + noise * rng.normal(size=20)
    guess = readings.mean() if arm == "averaged" else readings[0]
    return {"miss": float(abs(guess - value))}
'''
ASSUMED = FREE.replace(
    'guess = readings.mean() if arm == "averaged" else readings[0]', "guess = readings[0]"
).replace(
    '{"miss": float(abs(guess - value))}',
    '{"miss": float(abs(guess - value)) * (0.5 if arm == "averaged" else 1.0)}',
)


def own_experiment(request: dict[str, Any]) -> dict[str, Any]:
    own = {
        "sentences": [1, 2, 3],
        "reason": "A learner that pools all environments may make fewer errors.",
        "factor": "whether a learner pools all environments or keeps one of them",
        "treatment": "averaged",
        "treatment_does": "a learner pools the samples of all environments into one mean",
        "control": "single",
        "control_does": "a learner keeps one noisy sample of one environment",
        "metric": "miss",
        "metric_measures": "error of the learner: distance from the true value",
        "direction": "decrease",
        "confidence": "likely",
    }
    return {**proposing()(request), "own_experiment": own}


def strong(whole: str, arm: str) -> Answer:
    """A model that proposes an experiment of its own, and writes this code when asked for code."""

    def answer(request: dict[str, Any]) -> Any:
        if asked_for(request) == "":
            return OPEN
        if asked_for(request) == "Code":
            module = "Write the module." in request["messages"][1]["content"]
            return {"code": whole if module else arm}
        return own_experiment(request)

    return answer


def test_a_strong_model_writes_a_whole_experiment(tmp_path: Path) -> None:
    workspace, _ = run(
        *(tmp_path, strong(FREE, HALF), "--pairs", 20),
        SCIENTIST_RUNG="free",
        SCIENTIST_AT_ONCE="4",
    )
    with Journal(workspace / "journal") as journal:
        view = next(v for v in project.hypotheses(journal) if v.record.rung is Rung.FREE)
        (finding,) = [
            f.record for f in project.findings(journal) if f.record.hypothesis == view.record.id
        ]
    assert view.record.smallest_effect < 1  # set from the smoke run, not by the model
    assert finding.judgement.verdict is Verdict.SUPPORTED
    assert finding.smallest_effect == view.record.smallest_effect
    assert not finding.deviations
    reproduced = scientist("experiment", "reproduce", finding.experiment, "-w", workspace)
    assert reproduced.returncode == 0, reproduced.stderr
    assert (
        json.loads(scientist("finding", "show", finding.id, "--json", "-w", workspace).stdout)[
            "experiment"
        ]
        == finding.experiment
    )


def test_an_assumed_effect_is_refused_and_goes_down_the_ladder(tmp_path: Path) -> None:
    script = strong(ASSUMED, "def averaged(training):\n    return 1\n")
    workspace, said = run(tmp_path, script, SCIENTIST_RUNG="free", SCIENTIST_AT_ONCE="4")
    with Journal(workspace / "journal") as journal:
        rungs = [e.data["rung"] for e in journal.entries("code_given_up")]
        found = [f.record for f in project.findings(journal)]
        kits = {v.record.id: v.record.rung for v in project.hypotheses(journal)}
    assert "free" in rungs, said
    assert found, said
    assert not any(kits[one.hypothesis] is Rung.FREE for one in found)
