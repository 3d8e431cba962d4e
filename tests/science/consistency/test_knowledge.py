from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from scientist.errors import UsageError
from scientist.journal import Journal
from scientist.records import (
    Change,
    Conflict,
    Judgement,
    Resolution,
    Says,
    Scope,
    Verdict,
    Way,
)
from scientist.science.consistency import standing
from scientist.science.consistency.examine import examine
from scientist.science.consistency.index import Index
from scientist.science.consistency.knowledge import MOST_REPLICATIONS, gather

from .claims import asked, check, claim, judged, measured, pin, say, shift


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", write=True) as journal:
        yield journal


def test_a_chat_claim_that_a_finding_denies_is_found_and_demoted(journal: Journal) -> None:
    say(journal, asked("H1"), measured("F1", asked("H1"), -0.3), claim("A1", Way.INCREASE))
    found, known = check(journal)
    (conflict,) = found.conflicts
    assert conflict.id == "K1"
    assert set(conflict.members) == {"F1", "A1"}
    (resolution,) = found.resolutions
    assert resolution.how == "demote"
    assert "weight 0.30" in resolution.reason
    assert not known.standing("A1").stands
    assert known.standing("A1").demoted_by == ("K1",)
    assert known.standing("F1").stands
    assert known.open_conflicts == ()
    assert known.mended == ((conflict, resolution),)
    again, _ = check(journal)
    assert again.events == ()
    assert again.settled


def test_nothing_that_is_demoted_is_lost(journal: Journal) -> None:
    say(journal, asked("H1"), claim("A1", Way.INCREASE), measured("F1", asked("H1"), -0.3))
    check(journal)
    pin(journal, "A1")
    known = gather(journal)
    assert [moment.what for moment in known.history("A1")] == [
        "said",
        "conflict",
        "demoted",
        "pinned",
    ]
    assert [moment.what for moment in known.history("F1")] == [
        "measured",
        "conflict",
        "kept as it is",
    ]
    seqs = [moment.seq for moment in known.history("A1")]
    assert seqs == sorted(seqs)
    assert all(moment.time for moment in known.history("A1"))
    assert known.standing("A1").said == claim("A1", Way.INCREASE)
    with pytest.raises(UsageError, match="A7"):
        known.history("A7")


def test_a_reflection_is_narrowed_to_what_a_finding_leaves(journal: Journal) -> None:
    ends = [asked("H1", 0.0), asked("H2", 1.0), asked("H3", 0.25)]
    say(journal, *ends, measured("F1", ends[0], -0.3), measured("F2", ends[1], -0.3))
    say(journal, claim("A1", Way.DECREASE, "reflection", address="F1,F2", scope=shift(0, 1)))
    assert check(journal)[0].events == ()
    say(journal, measured("F3", ends[2], 0.3))
    found, known = check(journal)
    assert [one.how for one in found.resolutions] == ["rescope"]
    now = known.standing("A1")
    assert now.stands
    assert now.narrowed_by == "K1"
    assert now.assertion.scope == shift(0.25, 1, open_low=True)
    assert now.said.scope == shift(0, 1)
    assert check(journal)[0].events == ()
    assert "narrowed" in [moment.what for moment in known.history("A1")]


def test_findings_of_like_weight_wait_for_a_replication_and_the_third_decides(
    journal: Journal,
) -> None:
    question = asked("H1")
    say(journal, question, measured("F1", question, -0.3), measured("F2", question, 0.3))
    found, known = check(journal)
    assert {one.how for one in found.resolutions} == {"discriminate"}
    assert known.replications == ("H1",)
    assert {one.id for one in known.open_conflicts} == {one.id for one in found.conflicts}
    waiting, known = check(journal)
    assert waiting.events == ()
    assert waiting.open
    other = asked("H2", statement="pooled has the larger error.")
    extra = measured("F3", question, -0.28)
    say(journal, other, extra)
    assert gather(journal).replications == ()
    found, known = check(journal)
    assert {one.how for one in found.resolutions} <= {"demote", "moot"}
    assert not known.standing("F2").stands
    assert not known.standing("F2.status").stands
    assert known.standing("F1").stands
    assert known.standing("F3").stands
    assert known.open_conflicts == ()
    assert check(journal)[0].events == ()


def test_a_replication_that_never_tells_is_not_asked_for_again_and_again(
    journal: Journal,
) -> None:
    question = asked("H1")
    say(journal, question, measured("F1", question, -0.3), measured("F2", question, 0.3))
    asked_for = 0
    for number in range(3, 3 + 2 * MOST_REPLICATIONS):
        _, known = check(journal)
        if known.replications:
            assert known.replications == ("H1",)
            asked_for += 1
            reason = Judgement(verdict=Verdict.INFEASIBLE, reason="it ran out of time")
            say(journal, measured(f"F{number}", question, 0.0, judgement=reason))
    assert asked_for == MOST_REPLICATIONS
    assert {"F1", "F2"} in [set(one.members) for one in known.open_conflicts]
    assert check(journal)[0].events == ()


def test_a_conflict_that_was_moot_is_open_again_when_pins_bring_both_sides_back(
    journal: Journal,
) -> None:
    one, other = asked("H1"), asked("H2", statement="The same in other words.")
    say(journal, one, other, measured("F1", one, -0.3), measured("F2", other, -0.28))
    say(journal, claim("A1", Way.INCREASE, "user"))
    found, known = check(journal)
    assert [one.how for one in found.resolutions] == ["demote", "moot"]
    (moot,) = [conflict for conflict, how in known.mended if how.how == "moot"]
    for name in moot.members:
        pin(journal, name)
    found, known = check(journal)
    assert [set(one) for one in found.impossible] == [set(moot.members)]
    assert [one.id for one in known.open_conflicts] == [moot.id]
    assert check(journal)[0].events == ()
    pin(journal, "A1", pinned=False)
    _, known = check(journal)
    assert known.open_conflicts == ()
    assert not known.standing("A1").stands
    assert check(journal)[0].events == ()


def test_a_reflection_is_silent_while_a_later_one_says_all_of_it(journal: Journal) -> None:
    ends = [asked(f"H{n}", value) for n, value in enumerate((0.0, 0.5, 1.0), 1)]
    say(journal, *ends, *(measured(f"F{n}", one, -0.3) for n, one in enumerate(ends, 1)))
    say(journal, claim("A1", Way.DECREASE, "reflection", address="F1,F2", scope=shift(0, 0.5)))
    say(journal, claim("A2", Way.DECREASE, "reflection", address="F1,F3", scope=shift(0, 1)))
    assert gather(journal).standing("A1").stands  # A2 does not rest on all that A1 rests on
    say(journal, claim("A3", Way.DECREASE, "reflection", address="F1,F2,F3", scope=shift(0, 1)))
    known = gather(journal)
    assert [known.standing(name).part_of for name in ("A1", "A2", "A3")] == ["A3", "A3", ""]
    assert check(journal)[0].events == ()
    say(journal, claim("A4", Way.INCREASE, "user"))
    pin(journal, "A4")
    _, known = check(journal)
    assert not any(known.standing(name).stands for name in ("A1", "A2", "A3"))
    pin(journal, "A4", pinned=False)
    _, known = check(journal)
    assert known.standing("A3").stands
    assert known.standing("A1").part_of == "A3"


def test_a_demoted_claim_is_back_when_what_it_fell_to_is_demoted(journal: Journal) -> None:
    say(journal, claim("A1", Way.DECREASE), claim("A2", Way.INCREASE, "user"))
    _, known = check(journal)
    assert not known.standing("A1").stands
    say(journal, asked("H1"), measured("F1", asked("H1"), -0.3))
    _, known = check(journal)
    assert not known.standing("A2").stands
    assert known.standing("A1").stands
    assert known.open_conflicts == ()


def test_a_reflection_weighs_little_once_what_it_rests_on_is_demoted(journal: Journal) -> None:
    say(journal, asked("H1"), measured("F1", asked("H1"), -0.3))
    say(journal, claim("A1", None, "reflection", address="F1"))
    before = gather(journal).standing("A1").assertion.weight
    assert 0.8 < before < gather(journal).standing("F1").assertion.weight
    say(journal, claim("A2", Way.INCREASE, "user"))
    pin(journal, "A2")
    _, known = check(journal)
    assert not known.standing("F1").stands
    assert known.standing("A1").assertion.weight < 0.2


def test_a_pin_holds_a_claim_as_it_was_said_until_it_is_taken_back(journal: Journal) -> None:
    say(journal, asked("H1"), measured("F1", asked("H1"), -0.3), claim("A1", Way.INCREASE))
    _, known = check(journal)
    assert not known.standing("A1").stands
    pin(journal, "A1")
    known = gather(journal)
    assert known.standing("A1").stands
    assert [one.id for one in known.open_conflicts] == ["K1"]
    found, known = check(journal)
    assert found.conflicts == ()
    assert [one.changes[0].assertion for one in found.resolutions] == ["F1"]
    assert "pinned" in found.resolutions[0].reason
    pin(journal, "A1", pinned=False)
    found, known = check(journal)
    assert found.events == ()
    assert not known.standing("A1").stands
    assert known.standing("F1").stands


def test_pins_that_contradict_each_other_are_named_and_nothing_is_changed(
    journal: Journal,
) -> None:
    say(journal, claim("A1", Way.DECREASE), claim("A2", Way.INCREASE))
    pin(journal, "A1")
    pin(journal, "A2")
    found, known = check(journal)
    assert [set(one) for one in found.impossible] == [{"A1", "A2"}]
    assert found.resolutions == ()
    assert known.standing("A1").stands
    assert known.standing("A2").stands
    assert [one.id for one in known.open_conflicts] == ["K1"]


def test_a_likely_contradiction_of_sentences_costs_the_weaker_one_its_standing(
    journal: Journal,
) -> None:
    strong, weak = claim("A1", None, "user"), claim("A2", None)
    say(journal, strong, weak)
    journal.append(judged(weak.text, strong.text, 0.75))
    found, known = check(journal)
    assert [one.chance for one in found.conflicts] == [0.75]
    assert found.resolutions == ()
    assert known.standing("A2").stands
    journal.append(judged("A1", "A2", 0.9))
    found, known = check(journal)
    assert found.conflicts == ()
    assert not known.standing("A2").stands
    assert known.standing("A1").stands
    assert "0.90" in found.resolutions[0].reason


def test_an_unlikely_contradiction_is_no_conflict(journal: Journal) -> None:
    say(journal, claim("A1", None, "user"), claim("A2", None))
    journal.append(judged("A1", "A2", 0.5))
    assert check(journal)[0].events == ()


def test_what_is_not_yet_on_record_can_be_examined_first(journal: Journal) -> None:
    say(journal, asked("H1"), measured("F1", asked("H1"), -0.3))
    known = gather(journal)
    draft = claim(known.next_assertion_id(), Way.INCREASE)
    found = examine(known, [draft])
    assert [set(one.members) for one in found.of("A1")] == [{"F1", "A1"}]
    assert not found.after.standing("A1").stands
    assert "A1" not in gather(journal).said
    assert known.next_conflict_id() == "K1"
    assert found.after.next_conflict_id() == "K2"


def test_who_misquotes_a_finding_is_demoted_however_sure(journal: Journal) -> None:
    say(journal, asked("H1"), measured("F1", asked("H1"), -0.3))
    wrong = claim("A1", Way.INCREASE, "user", subject="F1", value=0.3)
    say(journal, wrong)
    found, known = check(journal)
    assert not known.standing("A1").stands
    assert known.standing("F1").stands
    assert found.settled


def test_findings_under_disjoint_conditions_stand_beside_each_other(journal: Journal) -> None:
    one, other = asked("H1", 0.0), asked("H2", 1.0)
    say(journal, one, other, measured("F1", one, -0.3), measured("F2", other, 0.3))
    assert check(journal)[0].events == ()


def test_of_demotions_in_a_circle_the_last_one_holds() -> None:
    said = {name: claim(name, Way.INCREASE) for name in ("A1", "A2", "A3")}
    conflicts, resolutions = {}, []
    for number, (out, by) in enumerate((("A1", "A2"), ("A2", "A3"), ("A3", "A1")), 1):
        name = f"K{number}"
        conflicts[name] = Conflict(id=name, rule="sign flip", members=(out, by), proof=())
        change = Change(assertion=out, reason="")
        resolutions.append(Resolution(conflict=name, how="demote", reason="", changes=(change,)))
    found = standing.fold(said, conflicts, resolutions)
    assert [name for name, one in found.items() if one.stands] == ["A2"]
    assert found["A3"].demoted_by == ("K3",)


def test_what_is_examined_ends_with_nothing_hard_left_that_could_be_mended(
    tmp_path: Path,
) -> None:
    for seed in range(25):
        chance = random.Random(seed)
        with Journal(tmp_path / str(seed), write=True) as journal:
            for number in range(1, chance.randint(4, 16)):
                kind = chance.choice(("chat", "user", "quote", "quote", "reflection"))
                low = chance.choice((None, 0.0, 0.2, 0.4))
                where = shift(low, chance.choice((0.4, 0.6, 1.0))) if low is not None else Scope()
                way = chance.choice((Way.INCREASE, Way.DECREASE, Way.SAME, Way.DIFFERENT))
                say(journal, claim(f"A{number}", way, kind, scope=where))
            for number, value in enumerate((0.0, 0.4, 0.5), 1):
                question = asked(f"H{number}", value)
                effect = chance.choice((-0.3, 0.3))
                say(journal, question, measured(f"F{number}", question, effect))
            found, known = check(journal)
            assert found.settled, seed
            index = Index()
            left = [c for one in known.assertions.values() for c in index.add(one)]
            still = {frozenset(one.members) for one in found.open}
            assert {frozenset(one.members) for one in left} == still, seed
            assert not any(name.startswith("F") for pair in still for name in pair), seed
            assert check(journal)[0].events == (), seed


def test_the_status_of_a_finding_falls_and_stands_with_it(journal: Journal) -> None:
    question = asked("H1")
    found = [measured(f"F{n}", question, effect) for n, effect in enumerate((-0.3, -0.28, 0.3), 1)]
    status = {"says": Says.STATUS, "subject": "H1"}
    say(journal, question, *found, claim("A1", None, **status, attribute="refuted"))
    _, known = check(journal)
    assert not {"F3", "F3.status", "A1"} & known.assertions.keys()
    pin(journal, "F3")
    _, known = check(journal)
    assert {"F3", "F3.status", "A1"} <= known.assertions.keys()
    assert not {"F1", "F1.status", "F2", "F2.status"} & known.assertions.keys()
    assert check(journal)[0].events == ()
    pin(journal, "F3.status", pinned=False)
    _, known = check(journal)
    assert {"F1", "F1.status", "F2", "F2.status"} <= known.assertions.keys()
    assert not {"F3", "F3.status", "A1"} & known.assertions.keys()


def test_statuses_of_one_hypothesis_are_held_against_each_other(journal: Journal) -> None:
    say(journal, asked("H1"), measured("F1", asked("H1"), -0.3))
    status = {"says": Says.STATUS, "subject": "H1", "attribute": "refuted"}
    say(journal, claim("A1", None, **status))
    found, known = check(journal)
    assert {frozenset(one.members) for one in found.conflicts} == {frozenset({"F1.status", "A1"})}
    assert not known.standing("A1").stands
