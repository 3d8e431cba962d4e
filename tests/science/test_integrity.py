"""Whatever departs from the seal is named: by the run, by the order of events, by its numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scientist.events import EVENT, Event, FindingRecorded
from scientist.journal import Journal, project
from scientist.records import Direction, Hypothesis, Protocol, Trial, Verdict
from scientist.science import integrity
from scientist.science import protocol as protocols

from . import sealed
from .conftest import trials
from .test_protocol import CHANGES

Change = Callable[[dict[str, Any]], object]


def rewritten(
    source: Journal, folder: Path, kind: str, change: Change, which: int = 0
) -> tuple[Journal, tuple[str, ...]]:
    """A copy of a journal in which one event was different, and what is found in it."""
    with Journal(folder, write=True) as copy:
        for blob in (source.folder / "blobs").rglob("*"):
            if blob.is_file():
                copy.put(blob.read_bytes())
        happened: list[Event] = []
        seen = 0
        for entry in source.entries():
            data = json.loads(json.dumps({"kind": entry.kind, **entry.data}))
            if entry.kind == kind:
                if seen == which:
                    change(data)
                seen += 1
            happened.append(EVENT.validate_python(data))
        assert seen > which
        copy.append_all(happened)
        found = project.findings(copy)[0].record
        return copy, integrity.of_finding(copy, found)


def test_a_finding_made_by_the_rules_has_no_deviation(
    journal: Journal, hypothesis: Hypothesis
) -> None:
    found = sealed.supported(journal, hypothesis)
    assert found.judgement.verdict is Verdict.SUPPORTED
    assert integrity.of_finding(journal, found) == ()


@pytest.mark.parametrize("which", [0, 1], ids=["first", "confirmation"])
@pytest.mark.parametrize("field", sorted(Protocol.model_fields))
def test_a_sealed_field_that_is_changed_afterwards_is_detected(
    journal: Journal, hypothesis: Hypothesis, tmp_path: Path, field: str, which: int
) -> None:
    sealed.supported(journal, hypothesis)
    value = CHANGES[field]

    def change(data: dict[str, Any]) -> None:
        before = data["protocol"].get(field)
        data["protocol"][field] = json.loads(json.dumps(value))
        if data["protocol"][field] == before:
            data["protocol"][field] = {"stage": "first", "parameters": {"noise": 0.2}}[field]

    _, found = rewritten(journal, tmp_path / "copy", "protocol_sealed", change, which)
    assert any("is not the one that was sealed" in deviation for deviation in found), found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hypothesis", "H2"),
        ("metric", "familiar_error"),
        ("treatment", "informed"),
        ("control", "informed"),
        ("direction", "increase"),
        ("smallest_effect", 0.01),
    ],
)
def test_a_finding_that_names_something_else_than_was_sealed_is_detected(
    journal: Journal, hypothesis: Hypothesis, tmp_path: Path, field: str, value: Any
) -> None:
    sealed.supported(journal, hypothesis)
    _, found = rewritten(
        journal,
        tmp_path / "copy",
        "finding_recorded",
        lambda data: data["finding"].update({field: value}),
    )
    assert any(deviation.startswith(f"the finding's {field} is") for deviation in found), found


@pytest.mark.parametrize(
    "field",
    ["effect", "p_value", "e_value", "overall_p", "pairs", "treatment_mean", "standardized_effect"],
)
@pytest.mark.parametrize("kind", ["finding_recorded", "judged"])
def test_a_number_that_the_trials_do_not_give_is_detected(
    journal: Journal, hypothesis: Hypothesis, tmp_path: Path, field: str, kind: str
) -> None:
    sealed.supported(journal, hypothesis)

    def change(data: dict[str, Any]) -> None:
        judgement = (data if kind == "judged" else data["finding"])["judgement"]
        judgement[field] = judgement[field] + 1 if field == "pairs" else judgement[field] * 1.01

    _, found = rewritten(journal, tmp_path / "copy", kind, change, int(kind == "judged"))
    assert any(deviation.startswith(f"its {field} is") for deviation in found), found


def changed(happened: list[Event], kind: str, **update: Any) -> list[Event]:
    return [e.model_copy(update=update) if e.kind == kind else e for e in happened]


def test_what_only_the_order_of_events_shows_is_detected(
    tmp_path: Path, hypothesis: Hypothesis
) -> None:
    def told(name: str, arrange: Callable[[list[Event]], list[Event]]) -> str:
        with Journal(tmp_path / name, write=True) as journal:
            protocol = sealed.plan(journal, hypothesis)
            run = sealed.measured(protocol, 0.0)
            happened, attempt = sealed.events_of(journal, protocol, run, "X1")
            journal.append_all(arrange(happened))
            return "; ".join(integrity.of_attempt(journal, attempt))

    started = "experiment_started"
    assert told("as it was", lambda e: e) == ""
    early = told("early", lambda e: [e[1], e[0], *e[2:]])
    assert "the experiment began before its protocol was sealed" in early
    twice = told("twice", lambda e: [*e, *changed([x for x in e if x.kind == started], started)])
    assert "the protocol was run 2 times" in twice
    assert "no protocol" in told("unsealed", lambda e: e[1:])
    assert "no record that the experiment began" in told("unbegun", lambda e: [e[0], *e[2:]])
    again = told("judged again", lambda e: [*e, e[-1]])
    assert "it was judged 2 times" in again
    code = told("code", lambda e: changed(e, "experiment_finished", code_hash="d" * 64))
    assert "the code that ran is not the code that was sealed" in code
    swapped = told("blob", lambda e: changed(e, "experiment_finished", trials_blob=None))
    assert "the trials are not those that the experiment recorded" in swapped
    killed = told("killed", lambda e: changed(e, "experiment_finished", status="killed"))
    assert "the experiment ended as killed" in killed
    on = told("went on", lambda e: changed(e, "looked", stop="the e-value is 1e9"))
    assert "is not what the rule says" in on


def test_seeds_that_were_seen_before_and_a_level_that_was_not_there_are_detected(
    journal: Journal, hypothesis: Hypothesis
) -> None:
    first = sealed.plan(journal, hypothesis)
    happened, _ = sealed.events_of(journal, first, sealed.measured(first, 0.0), "X1")
    journal.append_all(happened)
    again = first.model_copy(update={"hypothesis": "H2", "level": 0.05})
    happened, attempt = sealed.events_of(journal, again, sealed.measured(again, 0.0), "X2")
    journal.append_all(happened)
    found = "; ".join(integrity.of_attempt(journal, attempt))
    assert f"{len(first.seeds)} of its seeds were sealed before for the same question" in found
    assert "its level 0.05 is more than the" in found


def test_a_supported_finding_without_a_confirmation_says_so(
    journal: Journal, hypothesis: Hypothesis
) -> None:
    protocol = sealed.plan(journal, hypothesis)
    happened, attempt = sealed.events_of(journal, protocol, sealed.measured(protocol, -0.3), "X1")
    journal.append_all(happened)
    found = sealed.finding(hypothesis, attempt)
    journal.append(FindingRecorded(finding=found))
    (deviation,) = integrity.of_finding(journal, found)
    assert deviation == "it is supported by one run alone, without a confirmation on fresh seeds"


def test_a_run_as_planned_has_no_deviations(protocol: Protocol) -> None:
    run = trials(protocol, -0.1)
    assert integrity.of_run(protocol, run) == ()
    ran = (protocol.code_hash, protocol.runner_hash, protocol.parameters)
    assert integrity.of_run(protocol, run[::-1], *ran) == ()


def test_every_departure_of_a_run_from_the_plan_is_named(protocol: Protocol) -> None:
    run = trials(protocol, -0.1)
    smoke = trials(protocol, -0.1, seeds=protocol.smoke_seeds[:1])
    stranger = trials(protocol, -0.1, seeds=(7,))
    arm = Trial(arm="informed", seed=protocol.seeds[0], metrics={}, seconds=0.1)
    blind = Trial(arm=run[0].arm, seed=run[0].seed, metrics={"other": 1.0}, seconds=0.1)
    for wrong, says in (
        (run[:-2], "2 of 48 planned trials are missing"),
        ([], "48 of 48 planned trials are missing"),
        ([*run, *smoke], "1 smoke seeds were measured"),
        ([*run, *stranger], "2 trials ran on seeds that were not planned"),
        ([*run, arm], "arms that were not planned were run: informed"),
        ([*run, run[0]], "1 trials were run more than once"),
        ([blind, *run[1:]], "1 trials have no usable shifted_error"),
    ):
        found = integrity.of_run(protocol, wrong)
        assert len(found) == 1
        assert found[0].startswith(says)
    assert "code" in integrity.of_run(protocol, run, code_hash="d" * 64)[0]
    assert "runner" in integrity.of_run(protocol, run, runner_hash="d" * 64)[0]
    assert integrity.of_run(protocol, run, code_hash="", runner_hash="") == (
        "there is no record of the code that ran",
        "there is no record of the runner that ran",
    )
    used = {**protocol.parameters, "noise": 0.2}
    assert "parameters" in integrity.of_run(protocol, run, parameters=used)[0]


def test_stopping_outside_the_rule_is_named(hypothesis: Hypothesis) -> None:
    plan = protocols.plan(
        hypothesis, pairs=24, alpha=0.05, level=0.01, code_hash="c", runner_hash="r"
    )
    unclear, clear = trials(plan, -0.06, noise=0.1), trials(plan, -0.5)
    assert integrity.of_run(plan, unclear) == ()
    assert integrity.of_run(plan, unclear[:24]) == (
        "24 of 48 planned trials are missing",
        "it was stopped at a look where the sealed rule goes on",
    )
    assert integrity.of_run(plan, clear[:24]) == ()
    assert integrity.of_run(plan, clear) == (
        "24 trials were measured after the sealed rule had stopped it",
    )
    other = plan.model_copy(update={"direction": Direction.INCREASE})
    assert integrity.of_run(other, clear[:24]) == ()
