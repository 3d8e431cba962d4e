"""Text is bound to the record number by number; what the record does not bear out is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scientist.science import statement
from scientist.science.claims.bind import check
from scientist.science.claims.evidence import Evidence

from .evidence import hypothesis, measured, plan, record
from .evidence import run as made
from .test_claims import ASKED, RECORD, finals

TRUE = [
    "In F1, stable lowered shifted_error by 0.094 compared with pooled.",
    "Stable lowered shifted error by 0.0938 [F1].",
    "Pooled raised shifted error by 0.094 compared with stable (F1).",
    "F1: stable lowered shifted_error by 25% and p = 0.00024, n = 12.",
    "With F1, shifted error fell from 0.372 under pooled to 0.278 under stable.",
    "Stable lowered shifted error by 9.4 percentage points [F1].",
    "F1 shows that the effect of stable on shifted error was −0.094, 95% CI [-0.109, -0.075].",
    "Stable (0.278) had lower shifted error than pooled (0.372) in F1.",
    "Shifted error was lower under stable than under pooled in all 12 pairs [F1].",
    "Stable significantly lowered shifted error [F1].",
    "Stable was better than pooled on shifted error (F1).",
    "F1 is supported and confirmed. F2 is inconclusive; F3 is refuted.",
    "F2 is not supported.",
    "At samples = 20, stable had a mean shifted error of 0.360 and pooled of 0.371.",
    "Stable lowered shifted error by 0.011 compared with pooled (F2, p = 0.33): inconclusive.",
    "Stable did not significantly lower shifted error [F2].",
    "Stable had lower shifted error than pooled in 8 of 12 pairs [F2].",
    "Reweighted lowered novel surprise by 0.31 bits compared with pooled.",
    "Reweighted did not raise novel surprise [F3].",
    "In F3, informed had the lowest novel_surprise of all three arms.",
    "In F3, informed lowered novel surprise by 0.92 compared with pooled (exploratory).",
    "X1 shows that stable lowered shifted error by 0.133.",
    "The smallest effect of interest in F1 was 0.05, at alpha = 0.05.",
    "In F1, stable lowered shifted error. The effect was -0.094, and n was 12.",
    'The essay says that "A pooled learner erred in 37 of 100 cases" [E1:1].',
    "On 21 November 2026 F1 was recorded, see Table 2.",
    "The treatment lowered shifted error by 0.094 compared with the control [F1].",
    "Stable's shifted error was 0.75 times that of pooled in F1.",
    "The interval of F1 excludes zero; the interval of F2 includes zero.",
]
FALSE = [
    ("Pooled lowered shifted_error by 0.094 compared with stable [F1].", "raised"),
    ("Stable raised shifted_error by 0.094 [F1].", "lowered"),
    ("Stable lowered shifted_error by 0.095 [F1].", "not rounded"),
    ("Stable lowered shifted_error by 0.133 [F1].", "it is not"),
    ("Stable lowered novel_surprise by 0.094 [F1].", "it is not"),
    ("Stable lowered shifted error by 9.4% [F1].", "relative effect"),
    ("Stable lowered shifted error by 25 percentage points [F1].", "it is not"),
    ("Stable lowered novel surprise by 28 percentage points [F1] (exploratory).", "share"),
    ("Stable had a mean shifted error of 0.278.", "name the finding"),
    ("Stable lowered shifted error.", "name the finding"),
    ("Stable had lower shifted error than pooled [F2].", "inconclusive"),
    ("Stable significantly lowered shifted error [F2].", "inconclusive"),
    ("F2 is supported.", "F2 is inconclusive"),
    ("F3 is confirmed.", "F3 is refuted"),
    ("F1 is not supported.", "F1 is supported"),
    ("F7 is supported.", "no F7"),
    ("Stable lowered shifted error by 0.094 [F1] [H77].", "no H77"),
    ("Hybrid lowered shifted error by 0.094 [F1].", "not a word"),
    ("Stable always lowers shifted error [F1].", "no finite set"),
    ("Stable robustly lowered shifted error [F1].", "no rule decides"),
    ("F1 proves that stable lowers shifted error.", "no proof"),
    ("Stable will lower shifted error [F1].", "only what was measured"),
    ("Stable lowered validation shifted error by 0.094 [F1].", "validation"),
    ("Stable lowered shifted error by 0.094 on ImageNet [F1].", "ImageNet"),
    ("F1 has n = 120.", "it is not"),
    ("F1 has 24 pairs.", "it is not"),
    ("F1 compares four arms.", "it is not"),
    ("The 95% interval of F1 is -0.075 to -0.109.", "swapped"),
    ("The 90% interval of F1 is -0.109 to -0.075.", "confidence"),
    ("F1 has p = 0.05.", "it is not"),
    ("F2 has p < 0.3.", "it is not"),
    ("Stable lowered shifted error in all 12 pairs [F2].", "not so"),
    ("Stable had lower shifted error than pooled in 9 of 12 pairs [F2].", "it is not"),
    ("Stable's shifted error was half that of pooled in F1.", "ratio"),
    ("Stable doubled shifted error in F1.", "ratio"),
    ("Stable was better than pooled on shifted error by 0.2 (F1).", "it is not"),
    ("Stable was worse than pooled on shifted error (F1).", "lowered"),
    ("Stable had the lowest shifted error [F1].", "2 arms"),
    ("In F3, reweighted had the lowest novel_surprise of all three arms.", "informed"),
    ("In F3, informed lowered novel surprise by 0.92 compared with pooled.", "exploratory"),
    ("At samples = 500, stable lowered shifted error by 0.094.", "samples = 500"),
    ("At samples = 20, stable lowered shifted error by 0.094: inconclusive.", "it is not"),
    ("Stable lowered shifted error by 0.094 bits [F1].", "unit"),
    ("Stable lowered shifted error by -0.094 [F1].", "above zero"),
    ("Stable lowered shifted error by at least 0.09 [F1].", "interval"),
    ("Stable lowered shifted error by 0.094 ± 0.02 [F1].", "form"),
    ("There was no difference in shifted error between stable and pooled [F2].", "differ"),
    ("Stable does not lower shifted error [F2].", "not shown"),
    ("Stable lowered shifted error by 0.094 [F1]; pooled did not.", "form"),
    ("F1 and F3 are supported.", "at once"),
    ('The essay says that "A pooled learner erred in 73 of 100 cases" [E1:1].', "do not stand"),
    ('The essay says that "erred in 37 of 100" [E4:1].', "do not stand"),
    ("Stable lowered shifted error by ½ [F1].", "½"),
    ("| stable | 0.278 |", "|"),
    ("0.094", "form"),
    ("On seed 5, stable had a shifted error of 0.278 [F1].", "no trial"),
    ("Shifted error was 0.278 for pooled; 0.372 for stable [F1].", "it is not"),
    ("Stable with 0.372 and pooled with 0.278 on shifted error [F1].", "it is not"),
    ("Stable lowered shifted error to 0.372 from 0.278 [F1].", "form"),
    ("From stable to pooled, shifted error fell by 0.094 [F1].", "raised"),
    ("Stable replaced by pooled lowered shifted error by 0.094 [F1].", "raised"),
    ("The difference between pooled and stable in shifted error is -0.094 [F1].", "it is not"),
    ("Stable's median shifted error and pooled's mean were 0.278 [F1].", "form"),
    ("Not stable but pooled lowered shifted error by 0.094 [F1].", "form"),
    ("Stable did not have a shifted error of 0.5 [F1].", "form"),
    ("If stable is used, shifted error falls by 0.094 [F1].", "If"),
    ("It is false that stable raised shifted error [F1].", "false"),
    ("Stable lowered shifted error by 0.094 per sample [F1].", "per"),
    ("Stable lowered shifted error by 0.094 in F1 and in F2.", "at once"),
    ("Stable lowered shifted error by 0.094 (F1, X1).", "it is not"),
    ("Stable lowered shifted error by 0.094/2 [F1].", "form"),
    ("Stable lowered shifted error by 0.094k [F1].", "0"),
    ("Stable lowered shifted error by $0.094 [F1].", "$"),
    ("Stable lowered log shifted error by 0.094 [F1].", "log"),
    ("Un-stable lowered shifted error by 0.094 [F1].", "not a word"),
    ("Stable outperformed pooled by 9.4% on shifted error [F1].", "it is not"),
    ("Pooled won in 12 of 12 pairs on shifted error [F1].", "it is not"),
    ("Over 12 seeds, the maximum shifted error of stable was 0.278 [F1].", "it is not"),
    ("Stable lowered shifted error in 3 of 4 experiments.", "form"),
]


@pytest.mark.parametrize("text", TRUE)
def test_what_the_record_bears_out_gets_an_address(text: str) -> None:
    report = check(text, RECORD)
    assert report.entries
    assert report.bound, [(entry.text, entry.reason) for entry in report.refused]


def named(parameter: str) -> Evidence:
    """The record, with one more parameter in every protocol."""
    runs = []
    for run in RECORD.runs:
        parameters = {**run.protocol.parameters, parameter: 8}
        protocol = run.protocol.model_copy(update={"parameters": parameters})
        runs.append(replace(run, protocol=protocol))
    return replace(RECORD, runs=tuple(runs))


@pytest.mark.parametrize("parameter", ["interval", "effect", "mean", "pairs"])
def test_a_parameter_called_like_a_word_of_claims_changes_no_reading(parameter: str) -> None:
    evidence = named(parameter)
    for text in TRUE:
        report = check(text, evidence)
        assert [entry.reason for entry in report.entries if not entry.bound] == [], text
    assert any(not entry.bound for entry in check(f"With {parameter} = 9, F1.", evidence).entries)


@pytest.mark.parametrize(("text", "reason"), FALSE)
def test_what_the_record_does_not_bear_out_is_refused_with_the_reason(
    text: str, reason: str
) -> None:
    report = check(text, RECORD)
    assert not report.bound
    assert reason in "; ".join(entry.reason for entry in report.refused)


@pytest.mark.parametrize("run", finals(), ids=lambda run: run.finding)
def test_the_statement_of_every_finding_is_bound(run: object) -> None:
    asked = ASKED[run.finding]  # type: ignore[attr-defined]
    text = statement.render(asked, run.judgement, run.protocol.level)  # type: ignore[attr-defined]
    report = check(text, RECORD, run.finding)  # type: ignore[attr-defined]
    assert report.bound, [(entry.text, entry.reason) for entry in report.refused]
    assert sum(character.isdigit() for entry in report.entries for character in entry.text) > 10


def test_every_number_of_a_text_has_an_entry_at_its_place() -> None:
    text = "F1 has n = 12.\n\n- Stable (0.278) beat pooled (0.4) on shifted error, 7 times [F1]."
    report = check(text, RECORD)
    assert {entry.text for entry in report.entries} >= {"F1", "12", "0.278", "0.4", "7 times"}
    for entry in report.entries:
        assert text[entry.start : entry.end] == entry.text


def test_a_text_without_numbers_and_comparisons_asks_for_nothing() -> None:
    assert check("We read the essays and thought about causes.", RECORD).entries == ()
    assert check("", RECORD).bound


def test_an_endless_sentence_is_refused_and_not_searched() -> None:
    text = "stable lowered shifted error, " * 400 + "by 0.094 [F1]."
    report = check(text, RECORD)
    assert not report.bound
    assert "more than" in report.refused[0].reason


def test_a_record_of_nothing_bears_out_nothing() -> None:
    empty = record().__class__(runs=())
    report = check("Stable lowered shifted error by 0.1 (F1).", empty)
    assert len(report.refused) == len(report.entries) == 3


def test_a_name_is_what_the_names_around_it_go_with() -> None:
    asked = hypothesis(
        4, kit="gains", treatment="novel_surprise", control="plain", metric="gain",
        parameters={"shifted_error": 0.3}, conditions=("shifted_error",),
    )  # fmt: skip
    protocol = plan(asked)
    trials = [
        one.model_copy(update={"metrics": {"gain": one.metrics["shifted_error"]}})
        for one in measured(protocol, {"novel_surprise": -0.2}, 0.02, 5)
    ]
    gains = replace(made(4, 5, asked, protocol, trials), measures={})
    both = replace(RECORD, runs=(gains, *RECORD.runs))
    for one in [*finals(), gains]:
        told = statement.render(
            {**ASKED, "F4": asked}[one.finding], one.judgement, one.protocol.level
        )
        said = check(told, both, one.finding)
        assert not [entry for entry in said.entries if not entry.bound], told
    assert "shifted_error = 0.3" in told
