"""Each exact rule where it holds and just beside, and proofs that carry the numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from scientist.records import Assertion, Says, Source, Way
from scientist.science.consistency import rules
from scientist.science.consistency.stance import critical
from tests.science.consistency.saying import at, compares, has, interval, quantity

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
BETWEEN: dict[str, Any] = {"treatment": "A", "control": "B"}


def rule(one: Assertion, other: Assertion) -> str:
    """The rule by which two clash, whichever comes first; empty if none."""
    found, again = rules.pair(one, other), rules.pair(other, one)
    assert found == again
    return found.rule if found else ""


def test_opposite_ways_clash_where_scopes_overlap_and_only_there() -> None:
    up = compares("F1", Way.INCREASE, scope=at(x=(0, 1)))
    assert rule(up, compares("F2", Way.DECREASE, scope=at(x=1))) == rules.SIGN_FLIP
    assert rule(up, compares("F2", Way.INCREASE, "BA", at(x=1))) == rules.SIGN_FLIP
    assert rule(up, compares("F2", Way.DECREASE, scope=at(x=2))) == ""
    assert rule(up, compares("F2", Way.DECREASE, "BA", at(x=1))) == ""
    assert rule(up, compares("F2", Way.DECREASE, metric="loss")) == ""


def test_a_denied_effect_clashes_from_its_margin_on() -> None:
    denied = compares("F1", Way.NOT_INCREASE, margin=0.1)
    assert rule(denied, compares("F2", Way.INCREASE)) == ""
    assert rule(denied, compares("F2", Way.INCREASE, margin=0.05)) == ""
    assert rule(denied, compares("F2", Way.INCREASE, margin=0.1)) == rules.DENIED
    never = compares("F1", Way.NOT_INCREASE)
    assert rule(never, compares("F2", Way.INCREASE)) == rules.DENIED


def test_the_same_within_a_margin_clashes_only_with_what_must_exceed_it() -> None:
    same = compares("F1", Way.SAME, margin=0.1)
    assert rule(same, compares("F2", Way.INCREASE, value=0.3)) == ""
    assert rule(same, compares("F2", Way.INCREASE, margin=0.1)) == ""
    assert rule(same, compares("F2", Way.INCREASE, margin=0.2)) == rules.EQUIVALENCE
    assert rule(same, compares("F2", Way.DIFFERENT, margin=0.1)) == rules.EQUIVALENCE
    far = compares("F2", Way.INCREASE, value=0.3, interval=interval(0.25, 0.35))
    assert rule(same, far) == rules.EQUIVALENCE
    near = compares("F2", Way.INCREASE, value=0.16, interval=interval(0.11, 0.21))
    assert rule(same, near) == ""


def test_intervals_that_are_merely_disjoint_may_be_chance_and_do_not_clash() -> None:
    one = quantity("F1", 0.3, interval=interval(0.25, 0.35), **BETWEEN)
    assert rule(one, quantity("F2", 0.42, interval=interval(0.37, 0.47), **BETWEEN)) == ""
    assert rule(one, quantity("F2", 0.5, interval=interval(0.45, 0.55), **BETWEEN)) == (
        rules.DISJOINT
    )


def test_few_pairs_let_chance_go_further() -> None:
    numbers: dict[str, Any] = {"interval": interval(0.25, 0.35), **BETWEEN}
    other = quantity("F2", 0.48, **{**numbers, "interval": interval(0.43, 0.53)}, pairs=5)
    assert rule(quantity("F1", 0.3, **numbers), other) == ""
    assert rule(quantity("F1", 0.3, **numbers), other.model_copy(update={"pairs": 500})) == (
        rules.DISJOINT
    )
    assert critical(5) > critical(50) > critical(0) == pytest.approx(3.8906, abs=1e-3)


def test_stated_values_clash_beyond_their_rounding() -> None:
    assert rule(quantity("A1", 0.91), quantity("A2", 0.913)) == ""
    assert rule(quantity("A1", 0.91), quantity("A2", 0.95)) == rules.DISJOINT
    assert rule(quantity("A1", 0.91), quantity("A2", 0.95, treatment="B")) == ""
    named: dict[str, Any] = {"treatment": "", "subject": "the survey"}
    assert rule(quantity("A1", 0.91, **named), quantity("A2", 0.95, **named)) == rules.DISJOINT


def test_a_way_clashes_with_data_that_point_the_other_way() -> None:
    data = quantity("F1", -0.4, interval=interval(-0.5, -0.3), **BETWEEN)
    assert rule(compares("A1", Way.INCREASE), data) == rules.AGAINST_DATA
    assert rule(compares("A1", Way.INCREASE, "BA"), data) == ""
    wide = quantity("F1", -0.1, interval=interval(-0.15, -0.05), **BETWEEN)
    assert rule(compares("A1", Way.INCREASE), wide) == rules.AGAINST_DATA
    weak = quantity("F1", -0.1, interval=interval(-0.2, 0.0), **BETWEEN)
    assert rule(compares("A1", Way.INCREASE), weak) == ""


def test_verdicts_and_attributes_that_exclude_each_other_clash() -> None:
    yes = has("A1", Says.STATUS, "H1", "supported")
    assert rule(yes, has("A2", Says.STATUS, "H1", "Refuted")) == rules.STATUS
    assert rule(yes, has("A2", Says.STATUS, "H2", "refuted")) == ""
    assert rule(yes, has("A2", Says.STATUS, "H1", "inconclusive")) == ""
    flat = has("A1", Says.ATTRIBUTE, "loss", "convex", metric="shape")
    assert rule(flat, has("A2", Says.ATTRIBUTE, "loss", "concave", metric="shape")) == (
        rules.ATTRIBUTE
    )
    assert rule(flat, has("A2", Says.ATTRIBUTE, "loss", " Convex", metric="shape")) == ""
    assert rule(flat, has("A2", Says.ATTRIBUTE, "loss", "cheap", metric="price")) == ""


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"value": 0.5, "interval": interval(0.1, 0.4)}, "outside its interval 0.1 to 0.4"),
        ({"interval": interval(-0.4, -0.1)}, "no number of its interval"),
        ({"value": -0.1}, "its value -0.1 is none"),
        ({"interval": interval(0.4, 0.1)}, "no interval"),
        ({"interval": interval(0.1, 0.4, 95)}, "no interval"),
        ({"control": "A"}, "compared with itself"),
    ],
)
def test_an_assertion_must_fit_its_own_numbers(fields: dict[str, Any], words: str) -> None:
    one = compares("A1", Way.INCREASE).model_copy(update=fields)
    found = rules.alone(one)
    assert found is not None
    assert found.rule == rules.OWN_DATA
    assert words in " ".join(found.proof)
    assert rules.alone(compares("A1", Way.INCREASE, value=0.2)) is None


def test_what_is_said_of_a_finding_must_be_what_it_shows() -> None:
    source = Source(kind="finding", address="F3")
    shown = quantity("F3", 0.1234, interval=interval(-0.1, 0.3), source=source, **BETWEEN)
    claim = compares("A1", Way.INCREASE, subject="F3")
    found = rules.quoted(claim, shown)
    assert found is not None
    assert found.rule == rules.MISQUOTED
    assert "F3 does not show that the difference is above 0" in " ".join(found.proof)
    right = {"way": Way.NOT_INCREASE, "margin": 0.4, "value": 0.12}
    assert rules.quoted(claim.model_copy(update=right), shown) is None
    assert rules.quoted(claim.model_copy(update={**right, "value": 0.13}), shown) is not None
    assert rules.quoted(claim.model_copy(update={"subject": "F4"}), shown) is None


def test_a_proof_names_the_numbers_the_scope_and_the_rule() -> None:
    one = compares("F9", Way.DECREASE, scope=at(x=(0, 1)), interval=interval(-0.3, -0.1), pairs=12)
    found = rules.pair(compares("F10", Way.INCREASE, "AB", at(x=(0.5, 2))), one)
    assert found is not None
    assert found.members == ("F9", "F10")
    assert found.proof == (
        "F9 says (chat T1): error of A minus B is below 0 (measured interval -0.3 to -0.1 at "
        "95 %, 12 pairs).",
        "F10 says (chat T1): error of A minus B is above 0.",
        "Where all of this is to hold: in kit, x 0.5 to 1.",
        "No number is in both.",
        "Rule: what raises a metric somewhere does not lower it there.",
    )


@pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="the benchmarks are not part of this copy")
def test_rules_find_exactly_what_an_oracle_finds_that_tries_every_world(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    suite = sys.modules.get("consistency_pairs") or __import__("consistency_pairs")
    sets = sys.modules["consistency_sets"]
    scores = {**suite.measure(sets.pairs(600, seed=5)), **suite.measure(sets.cycles(40, seed=6))}
    assert [line for score in scores.values() for line in score.wrong] == []
    assert sum(score.sets for score in scores.values()) > 600
    assert sum(score.there for score in scores.values()) > 150
