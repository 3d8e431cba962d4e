from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from scientist.records import Assertion, Conflict, Resolution, Scope, Way
from scientist.science.consistency import rules
from scientist.science.consistency.mend import Context, mend
from scientist.science.consistency.scope import overlap
from scientist.science.consistency.solve import regret, select

from .claims import claim, shift


def mended(
    *said: Assertion,
    weights: Mapping[str, float],
    chance: float = 1.0,
    rule: str = rules.SIGN_FLIP,
    **known: Any,
) -> Resolution | None:
    """What is done about a conflict among all that was said."""
    names = tuple(one.id for one in said)
    hard = [names] if chance == 1 else []
    soft = [] if chance == 1 else [(names, chance)]
    pinned = known.get("pinned", ())
    return mend(
        Conflict(id="K1", rule=rule, members=names, proof=(), chance=chance),
        {one.id: one for one in said},
        select(weights, hard, soft, pinned),
        Context(
            weights=weights,
            regret=lambda name: regret(name, weights, hard, soft, pinned),
            **known,
        ),
    )


def test_a_conflict_without_all_of_its_members_is_moot() -> None:
    conflict = Conflict(id="K1", rule=rules.SIGN_FLIP, members=("A1", "A2"), proof=())
    one = claim("A1", Way.INCREASE)
    found = mend(conflict, {"A1": one}, select({"A1": 0.3}, []), Context({"A1": 0.3}))
    assert found is not None
    assert (found.how, found.changes) == ("moot", ())
    assert "A2" in found.reason


def test_claims_that_hold_nowhere_together_are_moot() -> None:
    one = claim("A1", Way.INCREASE, scope=shift(0, 0.5, open_high=True))
    other = claim("A2", Way.DECREASE, scope=shift(0.5, 1))
    found = mended(one, other, weights={"A1": 0.3, "A2": 0.3})
    assert found is not None
    assert found.how == "moot"


def test_a_general_claim_keeps_the_part_of_its_range_that_a_finding_leaves() -> None:
    general = claim("A1", Way.DECREASE, "reflection", scope=shift(0, 1))
    point = claim("F1", Way.INCREASE, "finding", scope=shift(0.25, 0.25))
    found = mended(general, point, weights={"A1": 0.85, "F1": 0.6})
    assert found is not None
    assert found.how == "rescope"
    (change,) = found.changes
    assert change.assertion == "A1"
    assert change.scope == shift(0.25, 1, open_low=True)
    assert overlap(change.scope, point.scope) is None
    for words in ("0 to 1", "F1 (finding, weight 0.60)", "above 0.25"):
        assert words in found.reason


def test_a_strong_general_claim_is_not_narrowed_for_a_weak_opinion_about_a_point() -> None:
    general = claim("A1", Way.DECREASE, "reflection", scope=shift(0, 1))
    point = claim("A2", Way.INCREASE, scope=shift(0.25, 0.25))
    found = mended(general, point, weights={"A1": 0.85, "A2": 0.3})
    assert found is not None
    assert found.how == "demote"
    assert found.changes[0].assertion == "A2"


def test_of_two_ranges_that_overlap_the_weaker_one_gives_way() -> None:
    one = claim("A1", Way.DECREASE, "quote", scope=shift(0, 0.6))
    other = claim("A2", Way.INCREASE, "user", scope=shift(0.4, 1))
    found = mended(one, other, weights={"A1": 0.35, "A2": 0.7})
    assert found is not None
    assert found.how == "rescope"
    assert found.changes[0].assertion == "A1"
    assert found.changes[0].scope == shift(0, 0.4, open_high=True)


def test_of_two_ranges_that_overlap_neither_gives_way_to_one_of_the_same_weight() -> None:
    one = claim("A1", Way.DECREASE, scope=shift(0, 0.6))
    other = claim("A2", Way.INCREASE, scope=shift(0.4, 1))
    assert mended(one, other, weights={"A1": 0.3, "A2": 0.3}) is None
    special = claim("A3", Way.INCREASE, scope=shift(0.5, 0.6))
    found = mended(one, special, weights={"A1": 0.3, "A3": 0.3})
    assert found is not None
    assert found.changes[0].scope == shift(0, 0.5, open_high=True)


def test_a_reflection_keeps_the_part_in_which_its_findings_lie() -> None:
    general = claim("A1", Way.DECREASE, "reflection", scope=shift(0, 1))
    point = claim("F1", Way.INCREASE, "finding", scope=shift(0.25, 0.25))
    below = claim("F2", Way.DECREASE, "finding", scope=shift(0.1, 0.1))
    found = mended(
        general, point, weights={"A1": 0.85, "F1": 0.6}, measured=lambda _: [below, point]
    )
    assert found is not None
    assert found.changes[0].scope == shift(0, 0.25, open_high=True)


def test_conditions_are_not_made_up_for_a_claim_that_names_none() -> None:
    general = claim("A1", Way.DECREASE)
    point = claim("F1", Way.INCREASE, "finding", scope=shift(0.25, 0.25))
    weights = {"A1": 0.3, "F1": 0.9}
    found = mended(general, point, weights=weights)
    assert found is not None
    assert found.how == "demote"
    backing = claim("F2", Way.DECREASE, "finding", scope=shift(0.75, 0.75))
    backed = mended(general, point, weights=weights, measured=lambda _: [backing])
    assert backed is not None
    assert backed.how == "rescope"
    assert backed.changes[0].scope == Scope(ranges=shift(0.25, None, open_low=True).ranges)


def test_the_weaker_of_two_claims_about_the_same_is_demoted_with_the_numbers() -> None:
    one, other = claim("F1", Way.DECREASE, "finding"), claim("A1", Way.INCREASE)
    found = mended(one, other, weights={"F1": 0.9, "A1": 0.3})
    assert found is not None
    assert found.how == "demote"
    assert (found.changes[0].assertion, found.changes[0].scope) == ("A1", None)
    assert "0.90" in found.reason
    assert "0.30" in found.reason
    assert "7 times" in found.reason  # 0.7 / 0.1


def test_measuring_again_is_asked_for_where_findings_weigh_about_the_same() -> None:
    one = claim("F1", Way.DECREASE, "finding", address="F1", scope=shift(0.25, 0.25))
    other = claim("F2", Way.INCREASE, "finding", address="F2", scope=shift(0.25, 0.25))
    tested = {"F1": "H1", "F2": "H2"}
    found = mended(one, other, weights={"F1": 0.95, "F2": 0.93}, hypotheses=tested)
    assert found is not None
    assert (found.how, found.replicate, found.changes) == ("discriminate", "H2", ())
    assert "shift 0.25" in found.reason
    apart = mended(one, other, weights={"F1": 0.99, "F2": 0.9}, hypotheses=tested)
    assert apart is not None
    assert apart.how == "demote"


def test_opinions_of_like_weight_stay_open() -> None:
    one, other = claim("A1", Way.DECREASE), claim("A2", Way.INCREASE, "quote")
    assert mended(one, other, weights={"A1": 0.3, "A2": 0.35}) is None


def test_a_pinned_claim_is_never_changed() -> None:
    general = claim("A1", Way.DECREASE, scope=shift(0, 1))
    point = claim("F1", Way.INCREASE, "finding", scope=shift(0.25, 0.25))
    weights = {"A1": 0.3, "F1": 0.9}
    found = mended(general, point, weights=weights, pinned={"A1"})
    assert found is not None
    assert [change.assertion for change in found.changes] == ["F1"]
    assert "pinned" in found.reason
    assert mended(general, point, weights=weights, pinned={"A1", "F1"}) is None


def test_a_judged_contradiction_demotes_only_when_it_is_sure_and_one_side_is_weak() -> None:
    one, other = claim("A1", None, "user"), claim("A2", None)
    weights = {"A1": 0.7, "A2": 0.3}
    sure = mended(one, other, weights=weights, chance=0.9, rule="judged contradiction")
    assert sure is not None
    assert sure.changes[0].assertion == "A2"
    assert "0.90" in sure.reason
    assert mended(one, other, weights=weights, chance=0.79, rule="judged contradiction") is None
    alike = {"A1": 0.35, "A2": 0.3}
    assert mended(one, other, weights=alike, chance=0.9, rule="judged contradiction") is None


def test_a_claim_that_contradicts_itself_falls_by_itself() -> None:
    found = mended(claim("A1", Way.INCREASE), weights={"A1": 0.9}, rule=rules.OWN_DATA)
    assert found is not None
    assert found.changes[0].assertion == "A1"
    assert math.isinf(regret("A1", {"A1": 0.9}, [("A1",)]))


def test_in_an_order_cycle_the_weakest_link_goes() -> None:
    links = [
        claim("A1", Way.INCREASE),
        claim("A2", Way.INCREASE, "user"),
        claim("A3", Way.INCREASE, "quote"),
    ]
    weights = {"A1": 0.1, "A2": 0.7, "A3": 0.35}
    assert mended(*links, weights=weights, rule=rules.CYCLE) is None  # 0.9 / 0.65: not clearly
    found = mended(*links, weights={**weights, "A3": 0.6}, rule=rules.CYCLE)
    assert found is not None
    assert found.changes[0].assertion == "A1"
