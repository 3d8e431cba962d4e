"""What the model may answer: everything that exists and is new, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from scientist.agent.proposing import schema as proposals
from scientist.lab.kits import all_kits, load

KIT = load("causal_features")
PAIR = frozenset(("stable", "pooled"))


def accepts(schema: type[BaseModel], **changes: Any) -> bool:
    proposal = {
        "comparison": "stable against pooled",
        "sentences": [1],
        "reason": "the sentence says so",
        "metric": "shifted_error",
        "direction": "decrease",
        "confidence": "likely",
        "conditions": ["samples = 50"],
        **changes,
    }
    try:
        schema.model_validate({"thoughts": "long enough", "hypotheses": [proposal]})
    except ValidationError:
        return False
    return True


def test_only_what_the_family_has_can_be_named() -> None:
    schema = proposals(KIT, 3, set())
    assert accepts(schema)
    assert accepts(schema, sentences=[1, 3], conditions=["samples = 50", "noise = 0"])
    for wrong in (
        {"comparison": "pooled against pooled"},
        {"sentences": [4]},
        {"sentences": []},
        {"metric": "novel_error"},
        {"direction": "sideways"},
        {"confidence": "certain"},
        {"confidence": 0.7},
        {"conditions": ["samples = 51"]},
        {"conditions": ["samples = 500"]},
        {"conditions": []},
        {"extra": 1},
    ):
        assert not accepts(schema, **wrong), wrong


def test_a_setting_is_tried_once_for_a_pair_of_arms_whichever_is_the_treatment() -> None:
    schema = proposals(KIT, 3, {(PAIR, "samples = 50")})
    assert not accepts(schema)
    assert not accepts(schema, comparison="pooled against stable")
    assert not accepts(schema, conditions=["noise = 0", "samples = 50"])
    assert accepts(schema, conditions=["samples = 20"])
    assert accepts(schema, comparison="reweighted against pooled")


def test_comparisons_that_may_have_the_same_settings_share_one_part_of_the_schema() -> None:
    def parts(schema: type[BaseModel]) -> list[str]:
        return [name for name in schema.model_json_schema()["$defs"] if "Proposal" in name]

    assert parts(proposals(KIT, 3, set())) == ["Proposal1"]
    assert len(parts(proposals(KIT, 3, {(PAIR, "samples = 50")}))) == 2


def test_a_pair_of_arms_that_was_tried_everywhere_is_not_offered() -> None:
    everywhere = {(PAIR, setting) for setting in KIT.settings()}
    schema = proposals(KIT, 3, everywhere)
    assert not any(accepts(schema, conditions=[setting]) for setting in KIT.settings())
    assert accepts(schema, comparison="reweighted against pooled")


@pytest.mark.parametrize("kit", all_kits(), ids=lambda kit: kit.name)
def test_a_family_that_was_tried_everywhere_is_offered_as_a_whole(kit: Any) -> None:
    everything = {
        (frozenset(arms), setting)
        for arms in kit.comparisons().values()
        for setting in kit.settings()
    }
    assert (
        proposals(kit, 3, everything).model_json_schema()
        == proposals(kit, 3, set()).model_json_schema()
    )
