"""A test is repeated for the sake of a conflict only where it would be the same test."""

from __future__ import annotations

from pathlib import Path

import pytest

from scientist.agent.nodes.survey import _out_of_reach
from scientist.events import ProtocolSealed
from scientist.journal import Journal
from scientist.lab.kits import load
from scientist.science import protocol as protocols
from scientist.science.consistency.knowledge import gather
from tests.science.consistency.claims import asked, check, measured, say


@pytest.mark.parametrize(
    ("kit", "code", "problem"),
    [
        ("causal_features", "", ""),
        ("causal_features", "f" * 64, "kit causal_features has changed since it was tested"),
        ("forgotten_kit", "f" * 64, "there is no kit 'forgotten_kit'"),
    ],
)
def test_a_kit_that_changed_or_went_is_not_tested_again(
    tmp_path: Path, kit: str, code: str, problem: str
) -> None:
    question = asked("H1", kit=kit)
    protocol = protocols.plan(
        question,
        pairs=10,
        alpha=0.05,
        level=0.05,
        code_hash=code or load(kit).code_hash,
        runner_hash="",
    )
    digest = protocols.digest(protocol)
    with Journal(tmp_path / "journal", write=True) as journal:
        say(journal, question)
        journal.append(ProtocolSealed(protocol=protocol, digest=digest, code_blob=""))
        for name, effect in (("F1", -0.3), ("F2", 0.3)):
            say(journal, measured(name, question, effect, protocol_digest=digest))
        check(journal)
        knowledge = gather(journal)
    assert knowledge.replications == ("H1",)
    assert _out_of_reach(knowledge, "H1") == problem
