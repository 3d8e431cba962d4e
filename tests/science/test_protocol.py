"""A protocol is planned from the hypothesis, sealed by its digest, and held against the run."""

import hashlib
import json
import math

import orjson
import pytest

from scientist.errors import ScientistError, UsageError
from scientist.events import ProtocolSealed
from scientist.journal import Journal
from scientist.records import Direction, Hypothesis, Protocol, Rung, Stage, Verdict
from scientist.science import protocol as protocols
from scientist.science.judge import judge

from .conftest import trials

CHANGES = {
    "hypothesis": "H2",
    "kit": "other",
    "rung": Rung.FREE,
    "stage": Stage.CONFIRMATION,
    "confirms": "e" * 64,
    "treatment": "informed",
    "control": "reweighted",
    "arms": ("pooled", "stable"),
    "contrasts": (("stable", "informed"),),
    "metric": "familiar_error",
    "direction": Direction.INCREASE,
    "smallest_effect": math.nextafter(0.05, 1),
    "parameters": {"samples": 100, "noise": 0.1, "flip": 1, "law": "linear"},
    "seeds": (1, 2, 3),
    "smoke_seeds": (4,),
    "looks": (24,),
    "test": "t-test",
    "alpha": 0.051,
    "level": 0.049,
    "confidence": 0.9,
    "resamples": 10_000,
    "stopping_rule": "when it looks good",
    "code_hash": "d" * 64,
    "runner_hash": "s" * 64,
    "data_hash": "a" * 64,
}


@pytest.mark.parametrize("field", sorted(Protocol.model_fields))
def test_tampering_with_any_field_changes_the_digest(protocol: Protocol, field: str) -> None:
    changed = protocol.model_copy(update={field: CHANGES[field]})
    assert protocols.digest(changed) != protocols.digest(protocol)


def test_one_seed_or_parameter_less_or_in_another_order_changes_the_digest(
    protocol: Protocol,
) -> None:
    known = {protocols.digest(protocol)}
    for update in (
        {"seeds": protocol.seeds[:-1]},
        {"seeds": protocol.seeds[::-1]},
        {"parameters": {**protocol.parameters, "noise": math.nextafter(0.1, 1)}},
        {"parameters": {**protocol.parameters, "samples": 100.0}},
        {"parameters": {k: v for k, v in protocol.parameters.items() if k != "law"}},
    ):
        known.add(protocols.digest(protocol.model_copy(update=update)))
    assert len(known) == 6


def test_the_digest_survives_the_journal_and_needs_only_json_and_sha256(
    protocol: Protocol, tmp_path: object
) -> None:
    digest = protocols.digest(protocol)
    with Journal(tmp_path / "journal", write=True) as journal:  # type: ignore[operator]
        blob = journal.put("code")
        journal.append(ProtocolSealed(protocol=protocol, digest=digest, code_blob=blob))
        data = next(journal.entries("protocol_sealed")).data
    assert protocols.digest(Protocol.model_validate(data["protocol"])) == digest
    plain = json.dumps(data["protocol"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(plain.encode()).hexdigest() == digest


def test_canonical_text_is_one_for_one_value() -> None:
    assert (
        protocols.canonical({"b": 0.1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":0.1}'
    )
    assert protocols.canonical({"a": 1}) == protocols.canonical(orjson.loads(b'{ "a" : 1 }'))
    for bad in (math.nan, math.inf, {1, 2}):
        with pytest.raises(ScientistError, match="cannot be sealed"):
            protocols.canonical({"a": bad})


def test_a_protocol_with_nan_cannot_be_sealed(protocol: Protocol) -> None:
    broken = protocol.model_copy(update={"parameters": {"noise": math.nan}})
    with pytest.raises(ScientistError, match="cannot be sealed"):
        protocols.digest(broken)


def test_seeds_are_drawn_from_the_question_and_smoke_seeds_never_meet_them() -> None:
    for count in (6, 24, 5000):
        measured, smoke = protocols.seeds(count, "a basis")
        assert len(set(measured)) == count
        assert set(measured).isdisjoint(smoke)
        assert max(measured) < min(smoke)
        assert 0 <= min(measured) <= max(smoke) < 2**31
    assert protocols.seeds(24, "a")[0] == protocols.seeds(24, "a")[0]
    assert set(protocols.seeds(24, "a")[0]).isdisjoint(protocols.seeds(24, "b")[0])


def drawn(hypothesis: Hypothesis, pairs: int = 24, **change: object) -> tuple[int, ...]:
    """The seeds that a hypothesis would be tested on."""
    changed = hypothesis.model_copy(update=change)
    hashes = {"code_hash": str(change.get("statement")), "runner_hash": "r"}
    return protocols.plan(changed, pairs=pairs, alpha=0.05, level=0.05, **hashes).seeds


def test_asking_the_same_again_in_other_words_does_not_throw_the_dice_again(
    hypothesis: Hypothesis,
) -> None:
    first = drawn(hypothesis)
    quote = hypothesis.quotes[0].model_copy(update={"sentence": 7})
    for change in (
        {"id": "H2"},
        {"rationale": "Another reason."},
        {"statement": "The same in other words."},
        {"quotes": (quote,)},
        {"factor": "another word"},
        {"conditions": ("samples",)},
        {"parent_finding": "F1"},
        {"smallest_effect": 0.01},
        {"direction": Direction.INCREASE},
        {"treatment": "pooled", "control": "stable"},
        {"parameters": dict(reversed(hypothesis.parameters.items()))},
    ):
        assert drawn(hypothesis, **change) == first
    assert drawn(hypothesis, pairs=30)[:24] == first


def test_another_question_is_asked_of_other_seeds(hypothesis: Hypothesis) -> None:
    known = set(drawn(hypothesis))
    for change in (
        {"kit": "other"},
        {"treatment": "informed"},
        {"metric": "familiar_error"},
        {"parameters": {**hypothesis.parameters, "noise": 0.2}},
    ):
        seeds = set(drawn(hypothesis, **change))
        assert known.isdisjoint(seeds)
        known |= seeds


def test_a_plan_takes_everything_from_the_hypothesis(
    protocol: Protocol, hypothesis: Hypothesis
) -> None:
    assert protocol.arms == ("stable", "pooled")
    assert protocol.direction is hypothesis.direction
    assert protocol.parameters == hypothesis.parameters
    assert protocol.confidence == 0.95
    assert len(protocol.seeds) == 24


@pytest.mark.parametrize(
    ("pairs", "alpha", "says", "hint"),
    [
        (5, 0.05, "too few", "scientist run --pairs 6"),
        (5, 0.01, "too few", "scientist run --pairs 7"),
        (24, 5e-5, "the finest that 9999 resamples", "SCIENTIST_ALPHA=0.0002 scientist run"),
        (24, 1e-13, "the finest that 9999 resamples", "SCIENTIST_ALPHA=0.0002 scientist run"),
        (8, 1e-300, "the finest", "SCIENTIST_ALPHA=0.0002 scientist run --pairs 13"),
        (24, 0.0, "not at 0.0", "SCIENTIST_ALPHA=0.0002 scientist run"),
        (24, 1 - 1e-16, "and 0.5, not at", "SCIENTIST_ALPHA=0.05 scientist run"),
        (24, math.nan, "not at nan", "SCIENTIST_ALPHA=0.05 scientist run"),
    ],
)
def test_a_plan_that_can_decide_nothing_is_refused_with_the_command_that_mends_it(
    hypothesis: Hypothesis, pairs: int, alpha: float, says: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        protocols.check_plan(pairs, alpha)
    assert refused.value.hint == hint
    with pytest.raises(UsageError, match=says):
        protocols.plan(
            hypothesis, pairs=pairs, alpha=alpha, level=alpha, code_hash="c", runner_hash="r"
        )


@pytest.mark.parametrize(
    ("pairs", "alpha"), [(13, 0.0002), (24, 0.0002), (11, 0.001), (7, 0.01), (6, 0.05), (6, 0.5)]
)
def test_a_plan_that_is_not_refused_can_support_a_clear_effect(
    hypothesis: Hypothesis, pairs: int, alpha: float
) -> None:
    plan = protocols.plan(
        hypothesis, pairs=pairs, alpha=alpha, level=alpha, code_hash="c", runner_hash="r"
    )
    assert judge(plan, trials(plan, -25.0)).verdict is Verdict.SUPPORTED


def test_comparing_an_arm_with_itself_is_refused(hypothesis: Hypothesis) -> None:
    same = hypothesis.model_copy(update={"control": "stable"})
    with pytest.raises(UsageError, match="with itself"):
        protocols.plan(same, pairs=24, alpha=0.05, level=0.05, code_hash="c", runner_hash="r")


def test_fewer_pairs_than_the_level_needs_are_refused(hypothesis: Hypothesis) -> None:
    with pytest.raises(UsageError, match="10 pairs can never give a p of 0.001") as refused:
        protocols.plan(
            hypothesis, pairs=10, alpha=0.05, level=0.001, code_hash="c", runner_hash="r"
        )
    assert refused.value.hint == "scientist run --pairs 11"
    assert protocols.least_pairs(0.001) == 11


def test_a_confirmation_and_every_later_test_of_a_question_has_seeds_of_its_own(
    hypothesis: Hypothesis,
) -> None:
    hashes = {"code_hash": "c", "runner_hash": "r"}
    known: set[int] = set()
    for earlier in range(4):
        plan = protocols.plan(
            hypothesis, pairs=48, alpha=0.05, level=0.05, earlier=earlier, **hashes
        )
        assert known.isdisjoint(plan.seeds)
        assert set(plan.smoke_seeds).isdisjoint(plan.seeds)
        known |= set(plan.seeds)
    assert len(known) == 4 * 48


def test_further_arms_are_measured_and_compared_but_never_primary(hypothesis: Hypothesis) -> None:
    plan = protocols.plan(
        hypothesis,
        pairs=24,
        alpha=0.05,
        level=0.05,
        code_hash="c",
        runner_hash="r",
        arms=("pooled", "informed", "stable"),
        confirms="d" * 64,
    )
    assert plan.arms == ("stable", "pooled", "informed")
    assert plan.contrasts == (("stable", "informed"), ("informed", "pooled"))
    assert plan.stage is Stage.CONFIRMATION


def test_the_rule_looks_halfway_only_where_that_is_enough_to_judge_by() -> None:
    assert protocols.looks(24) == (12, 24)
    assert protocols.looks(19) == (10, 19)
    assert protocols.looks(18) == (18,)


def test_the_digest_of_a_record_is_that_of_its_plain_json(protocol: Protocol) -> None:
    assert protocols.digest(protocol.model_dump(mode="json")) == protocols.digest(protocol)


def test_a_protocol_sealed_before_there_were_rungs_keeps_its_digest(protocol: Protocol) -> None:
    old = protocol.model_dump(mode="json")
    assert "rung" not in old
    assert protocols.digest(old) == protocols.digest(protocol)
