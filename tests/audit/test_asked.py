"""A hypothesis that answers a question, against what follows from the model's answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from scientist.agent.reading import Read
from scientist.audit.verifying.asked import UNKNOWN, same
from scientist.audit.verifying.outcome import Audit

QUESTION = "With 50 samples, does stable leave less weight on spurious features than pooled?"
SAID = {
    "tried": "stable",
    "compared_with": "pooled",
    "asked": "leave less weight on spurious features",
    "metric": "shifted_error",  # its words are nearer to another
    "direction": "increase",
    "50 is": "samples",
}


def recorded(**other: Any) -> dict[str, Any]:
    read = Read(QUESTION, "causal_features", "stable", "pooled", "spurious_reliance", SAID)
    hypothesis: dict[str, Any] = read.hypothesis().model_dump(mode="json")
    return hypothesis | other


def follows(embedded: str = "minilm", **other: Any) -> tuple[bool, list[str]]:
    audit = cast(Audit, SimpleNamespace(notes=[]))
    return same(audit, recorded(**other), SAID, embedded), audit.notes


def test_metric_way_and_settings_follow_from_the_words() -> None:
    assert recorded()["direction"] == "decrease"
    assert recorded()["conditions"] == ["samples"]
    assert follows() == (True, [])


@pytest.mark.parametrize(
    "other",
    [
        {"metric": "shifted_error"},
        {"metric": "beauty"},
        {"direction": "increase"},
        {"conditions": ["samples", "shift"]},
        {"parameters": {**recorded()["parameters"], "samples": 60}},
    ],
)
def test_anything_else_does_not(other: dict[str, Any]) -> None:
    assert follows(**other) == (False, [])


def test_without_the_embedding_it_is_said_what_was_not_worked_out_again() -> None:
    assert follows("served") == (True, [UNKNOWN])
    assert follows("served", metric="familiar_error") == (True, [UNKNOWN])
    assert not follows("served", direction="increase")[0]


def test_a_family_that_is_gone_cannot_be_asked() -> None:
    assert follows(kit="gone") == (True, [])
