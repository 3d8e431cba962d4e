"""Whoever rewrites a record and chains it anew is found out by what its raw trials give."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaigns import scientist

from scientist.audit.recompute import recompute
from scientist.errors import JournalError
from scientist.events import EVENT, Event
from scientist.journal import Journal

Data = dict[str, Any]
Change = Callable[[list[Data]], list[Data]]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one supported and confirmed finding."""
    workspace = tmp_path_factory.mktemp("honest") / "w"
    done = scientist("kit", "run", "causal_features", "--pairs", "20", "-w", workspace)
    assert done.returncode == 0, done.stderr
    return workspace


def rewritten(workspace: Path, folder: Path, change: Change) -> tuple[int, list[str]]:
    """What is found in a copy whose events were changed."""
    with Journal(workspace / "journal") as source, Journal(folder, write=True) as copy:
        for blob in (source.folder / "blobs").rglob("*"):
            if blob.is_file():
                copy.put(blob.read_bytes())
        told = [{"kind": e.kind, "campaign": e.campaign, **e.data} for e in source.entries()]
        for data in json.loads(json.dumps(change(json.loads(json.dumps(told))))):
            campaign = data.pop("campaign")
            event: Event = EVENT.validate_python(data)
            copy.append(event, campaign)
        return recompute(copy)


def finding(told: list[Data]) -> Data:
    found: Data = next(data["finding"] for data in told if data["kind"] == "finding_recorded")
    return found


def altered(edit: Callable[[list[Data]], object]) -> Change:
    def change(told: list[Data]) -> list[Data]:
        edit(told)
        return told

    return change


def of_kind(told: list[Data], kind: str) -> list[Data]:
    return [data for data in told if data["kind"] == kind]


def test_an_honest_record_holds(honest: Path, tmp_path: Path) -> None:
    assert rewritten(honest, tmp_path / "copy", lambda told: told) == (1, [])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            altered(
                lambda told: finding(told).update(
                    experiment="", protocol_digest="", trials_blob=None, first=None
                )
            ),
            "names no experiment",
        ),
        (
            altered(
                lambda told: finding(told).update(
                    statement=finding(told)["statement"].replace("lowered", "raised")
                )
            ),
            "F1 does not hold",
        ),
        (
            altered(
                lambda told: finding(told).update(
                    quotes=[{"essay": "E1", "sentence": 1, "start": 0, "end": 3, "text": "Yes"}]
                )
            ),
            "its quotes are not those of its hypothesis",
        ),
        (
            lambda told: [*told, *of_kind(told, "finding_recorded")],
            "finding number 2",
        ),
        (
            lambda told: [data for data in told if data["kind"] != "finding_recorded"],
            "which is not on record",
        ),
        (
            altered(lambda told: of_kind(told, "judged")[0]["judgement"].update(overall_p=1e-12)),
            "as it was judged, its overall_p is",
        ),
        (
            lambda told: [data for data in told if data["kind"] != "looked"],
            "it was looked at after",
        ),
        (
            altered(lambda told: of_kind(told, "looked")[0].update(stop="")),
            "is not what the rule says",
        ),
        (
            lambda told: [*told, of_kind(told, "experiment_finished")[0]],
            "its end was recorded 2 times",
        ),
    ],
    ids=[
        *("no experiment", "other words", "other quotes", "told twice", "finding left out"),
        *("judged otherwise", "look left out", "look altered", "ended twice"),
    ],
)
def test_a_record_that_was_rewritten_does_not_hold(
    honest: Path, tmp_path: Path, change: Change, says: str
) -> None:
    with pytest.raises(JournalError, match=says):
        rewritten(honest, tmp_path / "copy", change)


def test_another_alpha_is_refused_where_tests_share_a_budget(honest: Path) -> None:
    done = scientist("kit", "run", "causal_features", "-w", honest, SCIENTIST_ALPHA="0.1")
    assert done.returncode == 2
    assert "share one error budget at alpha 0.05, not 0.1" in done.stderr
