"""The index: finds what the rules would find pair by pair, whatever came and went before."""

from __future__ import annotations

import itertools
import random

from scientist.records import Assertion, Range, Says, Scope, Source, Way
from scientist.science.consistency import cycles, rules
from scientist.science.consistency.index import Index
from scientist.science.consistency.rules import Clash
from tests.science.consistency.saying import at, compares, has, interval, quantity


def everything(chance: random.Random, name: str) -> Assertion:
    """Any kind of assertion, from few arms and settings so that many clash."""
    where = [Scope(), at(x=chance.randint(0, 4)), at("", x=(chance.randint(0, 2), 3), law="p")]
    where += [at(x=Range(low=chance.randint(0, 4), open_low=True)), at(law=chance.choice("pq"))]
    scope = chance.choice(where)
    kind = chance.randrange(4)
    if kind == 0:
        subject = chance.choice(("H1", "F3"))
        return has(name, Says.STATUS, subject, chance.choice(("supported", "refuted")), scope=scope)
    if kind == 1:
        return quantity(name, chance.randint(1, 9) / 10, scope=scope)
    arms = "".join(chance.sample("ABC", 2))
    way, margin = chance.choice(list(Way)), chance.choice((0.0, 0.1))
    one = compares(name, way, arms, scope, margin=margin, subject=chance.choice(("", "F3")))
    if kind == 2:
        low = chance.randint(-5, 5) / 10
        ends = {"interval": interval(low, low + 0.2), "pairs": chance.choice((0, 9))}
        source = Source(kind="finding", address=chance.choice(("F3", "F4")))
        one = one.model_copy(update={**ends, "source": source})
    return one


def by_hand(standing: list[Assertion]) -> set[tuple[str, ...]]:
    """All clashes of one or two, by comparing all with all."""
    alone = {one.id for one in standing if rules.alone(one)}
    found = {(name,) for name in alone}
    for one, other in itertools.combinations([a for a in standing if a.id not in alone], 2):
        clash = rules.pair(one, other) or rules.quoted(one, other) or rules.quoted(other, one)
        if clash:
            found.add(clash.members)
    return found


def test_it_finds_what_comparing_all_with_all_finds_also_after_some_have_gone() -> None:
    for seed in range(6):
        chance = random.Random(seed)
        index, standing = Index(), dict[str, Assertion]()
        found: set[tuple[str, ...]] = set()
        for number in range(160):
            one = everything(chance, f"A{chance.randrange(90)}")
            found = {members for members in found if one.id not in members}
            checked = index.check(one)
            clashes = index.add(one)
            assert clashes == checked
            new = [clash.members for clash in clashes if len(clash.members) < 3]
            assert len(new) == len(set(new))
            assert not found & set(new)
            found |= set(new)
            standing[one.id] = one
            if number % 3 == 0:
                gone = chance.choice(sorted(standing))
                index.discard(gone)
                del standing[gone]
                found = {members for members in found if gone not in members}
        assert found == by_hand(list(standing.values()))
        assert [one.id for one in index] == [one.id for one in index if one.id in standing]
        assert len(index) == len(standing)


def test_a_cycle_of_orders_is_found_once_whichever_assertion_closes_it() -> None:
    orders = [compares(f"F{n}", Way.INCREASE, arms) for n, arms in enumerate(("AB", "BC", "CA"), 1)]
    for order in itertools.permutations(orders):
        index = Index()
        found = [clash for one in order for clash in index.add(one)]
        assert [(clash.rule, clash.members) for clash in found] == [
            (rules.CYCLE, ("F1", "F2", "F3"))
        ]
        assert "From A to B to C to A these differences add up to above 0" in found[0].proof[-2]


def test_a_cycle_needs_a_setting_that_all_its_members_share() -> None:
    def around(*points: object) -> list[Clash]:
        index = Index()
        found = list[Clash]()
        for n, (arms, x) in enumerate(zip(("AB", "BC", "CA"), points, strict=True)):
            scope = Scope() if x is None else at(x=x)
            found += index.add(compares(f"F{n}", Way.INCREASE, arms, scope))
        return found

    assert len(around((0, 1), (1, 2), None)) == 1
    assert around((0, 1), (2, 3), None) == []
    assert len(around((0, 1), (0.5, 2), (0.7, 3))) == 1
    assert around((0, 1), (0.5, 2), (1.5, 3)) == []


def test_margins_and_stated_values_count_around_a_cycle_in_exact_decimals() -> None:
    index = Index()
    index.add(compares("F1", Way.INCREASE, "AB", margin=0.1))
    index.add(compares("F2", Way.INCREASE, "BC", margin=0.2))
    assert index.check(compares("F3", Way.SAME, "AC", margin=0.3)) == []
    assert len(index.check(compares("F3", Way.SAME, "AC", margin=0.29))) == 1
    values = Index()
    values.add(quantity("A1", 0.9))
    values.add(quantity("A2", 0.5, treatment="B"))
    assert values.check(compares("A3", Way.INCREASE, "AB")) == []
    (found,) = values.check(compares("A3", Way.DECREASE, "AB"))
    assert found.members == ("A1", "A2", "A3")


def test_longer_cycles_are_found_up_to_the_stated_length() -> None:
    names = "ABCDEFG"
    for length in (4, cycles.MOST_ARMS, cycles.MOST_ARMS + 1):
        index = Index()
        ring = [*names[:length], names[0]]
        found = [
            clash
            for n, (one, other) in enumerate(itertools.pairwise(ring))
            for clash in index.add(compares(f"F{n}", Way.INCREASE, one + other))
        ]
        assert len(found) == (length <= cycles.MOST_ARMS)


def test_candidates_stay_few_in_a_store_of_many_that_differ_or_agree() -> None:
    index, chance = Index(), random.Random(3)
    for number in range(1500):
        x = round(chance.uniform(0, 100), 3)
        index.add(compares(f"A{number}", Way.INCREASE, scope=at(x=x)))
        index.add(compares(f"B{number}", Way.INCREASE, "CD", at(x=1), interval=interval(0.1, 0.3)))
    assert len(index.candidates(compares("N1", Way.DECREASE, scope=at(x=(50, 51))))) < 40
    agreeing = compares("N2", Way.INCREASE, "CD", at(x=1), interval=interval(0.12, 0.31))
    assert index.candidates(agreeing) == []
    assert len(index.candidates(compares("N3", Way.DECREASE, "CD", at("", law="p")))) == 1500


def test_unrestricted_scopes_and_worlds_are_found_among_restricted_ones() -> None:
    index = Index()
    index.add(compares("F1", Way.INCREASE, scope=at("one", x=1)))
    index.add(compares("F2", Way.INCREASE, scope=at("two", y=1)))
    found = index.add(compares("A1", Way.DECREASE))
    assert [clash.members for clash in found] == [("A1", "F1"), ("A1", "F2")]
    assert index.add(compares("A2", Way.DECREASE, scope=at("three"))) == []


def test_one_at_odds_with_itself_is_held_against_no_other() -> None:
    index = Index()
    index.add(compares("F1", Way.INCREASE))
    (found,) = index.add(compares("A1", Way.DECREASE, value=0.2))
    assert found.rule == rules.OWN_DATA
    assert index.get("A1") is not None
    index.discard("A1")
    assert "A1" not in index
    assert index.add(compares("A2", Way.INCREASE)) == []
