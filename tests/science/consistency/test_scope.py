"""Scope algebra against membership tried out on a grid."""

from __future__ import annotations

import itertools
import random

import pytest

from scientist.records import Range, Scope
from scientist.science.consistency.scope import describe, differing, overlap, point, within, without
from tests.science.consistency.saying import at

POINTS = [
    {"world": world, "x": x, "y": y, "law": law}
    for world, x, y, law in itertools.product(
        ("a", "b", "c"), [n / 2 for n in range(-2, 9)], (-1.0, 0.0, 0.5, 1.0, 2.0), ("p", "q", "r")
    )
]


def holds(scope: Scope, setting: dict[str, object]) -> bool:
    if scope.world not in ("", setting["world"]):
        return False
    for name, ends in scope.ranges.items():
        value = setting[name]
        assert isinstance(value, float)
        if ends.low is not None and not (value > ends.low if ends.open_low else value >= ends.low):
            return False
        if ends.high is not None and not (
            value < ends.high if ends.open_high else value <= ends.high
        ):
            return False
    for name, texts in scope.values.items():
        value = setting[name]
        if not any(text == value or (name in "xy" and float(text) == value) for text in texts):
            return False
    return True


def members(scope: Scope | None) -> set[int]:
    return set() if scope is None else {n for n, one in enumerate(POINTS) if holds(scope, one)}


def drawn(chance: random.Random) -> Scope:
    ranges, values = dict[str, Range](), dict[str, tuple[str, ...]]()
    for name, top in (("x", 3), ("y", 1)):
        if chance.random() < 0.3:
            continue
        if chance.random() < 0.2:
            values[name] = tuple(chance.sample(("0", "1.0", "1", "2"), chance.randint(0, 2)))
            continue
        low, high = chance.randint(0, top), chance.randint(0, top)
        ranges[name] = Range(
            low=None if chance.random() < 0.2 else low,
            high=None if chance.random() < 0.2 else high,
            open_low=chance.random() < 0.4,
            open_high=chance.random() < 0.4,
        )
    if chance.random() < 0.4:
        values["law"] = tuple(chance.sample("pq", chance.randint(1, 2)))
    return Scope(world=chance.choice(("", "a", "a", "b")), ranges=ranges, values=values)


@pytest.mark.parametrize("seed", range(8))
def test_overlap_within_and_without_agree_with_membership_on_a_grid(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        one, other = drawn(chance), drawn(chance)
        mine, theirs = members(one), members(other)
        both = overlap(one, other)
        assert members(both) == mine & theirs
        assert (both is None) == (not mine & theirs), (one, other)
        assert overlap(other, one) == both
        if within(one, other):
            assert mine <= theirs
        elif "x" in other.values or "y" in other.values:
            pass  # the grid has few of the numbers that a range holds
        else:
            assert not mine <= theirs, (one, other)
        left = without(one, other)
        assert members(left) <= mine - theirs
        if left is not None:
            assert within(left, one)
            assert overlap(left, other) is None
            assert members(left) or not mine
        if not mine & theirs:
            assert members(left) == mine


def test_touching_ends_meet_only_if_both_are_closed() -> None:
    closed, above = at(x=(0, 1)), at(x=(1, 2))
    below = at(x=Range(low=0, high=1, open_high=True))
    assert overlap(closed, above) == at(x=1)
    assert overlap(below, above) is None
    assert overlap(below, at(x=1)) is None


def test_a_text_that_reads_as_a_number_is_that_number() -> None:
    assert overlap(at(x="0.50"), at(x=(0, 1))) == at(x=0.5)
    assert overlap(at(x="nan"), at(x=(0, 1))) is None
    assert overlap(at(x="1e5"), at(x="100000")) == at(x=100000)


def test_a_hole_in_the_middle_leaves_the_longer_side() -> None:
    left = without(at(x=(0, 1)), at(x=0.25, law="p"))
    assert left == at(x=Range(low=0.25, high=1, open_low=True))
    assert without(at(x=(0, 1)), at(x=(0, 1))) is None
    assert without(at(x=(0, 1)), at(x=Range(low=0, high=1, open_low=True))) == at(x=0)


def test_a_hole_that_only_a_text_describes_cannot_be_cut_out_of_everything() -> None:
    assert without(Scope(), Scope(values={"law": ("p",)})) is None
    assert without(Scope(), Scope(world="a")) is None
    two = Scope(values={"law": ("p", "q")})
    assert without(two, Scope(values={"law": ("p",)})) == Scope(values={"law": ("q",)})


def test_scopes_are_told_in_words_and_by_what_differs() -> None:
    one = at(x=Range(low=0.4, high=1, open_low=True), law="p")
    assert describe(one) == "in kit, law p, x above 0.4 and at most 1"
    assert describe(Scope()) == "everywhere"
    assert describe(at(x=(2, 1))) == "nowhere"
    assert describe(Scope(ranges={"x": Range(high=3, open_high=True)})) == "x below 3"
    assert differing(one, at(world="b", x=1, law="p")) == ("world", "x")


def test_a_setting_keeps_numbers_exact_and_flags_as_words() -> None:
    scope = point("kit", {"n": 3, "big": 2**60 + 1, "on": True, "code": "x"}, {"code": "abc"})
    assert scope.ranges == {"n": Range(low=3, high=3)}
    assert scope.values == {
        "big": (str(2**60 + 1),),
        "on": ("true",),
        "code": ("abc",),
        "parameter code": ("x",),
    }
