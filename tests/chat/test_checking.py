"""What may be said of a sentence: cited, an opinion, not borne out, contradicted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from campaigns import scientist
from prepared import opened, prepare

from scientist.chat import bearing, checking
from scientist.chat.answering import complaint
from scientist.journal import project
from scientist.records import Mark, Said

ESSAY, WORDS = "E6:19", "In towns already seen, the separate models will predict better"
MEASURED = "E3:6"
OTHER = "F2"  # reweighted against pooled, where F1 is stable against pooled


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[checking.Ground]:
    folder = prepare(tmp_path_factory.mktemp("prepared") / "workspace")
    again = ("kit", "run", "causal_features", "--treatment", "reweighted", "--pairs", 8)
    done = scientist(*again, "-w", folder)
    assert done.returncode == 0, done.stderr
    with opened(folder) as desk:
        shown = frozenset(("F1", "F2", "H1", "X1", "X2", "C1", ESSAY, MEASURED))
        yield checking.Ground(desk.journal, shown, desk.store.embed)


def say(ground: checking.Ground, text: str, *cites: str) -> Said:
    (said,) = checking.check([(text, cites)], ground)
    return said


def effect(ground: checking.Ground, name: str = "F1") -> float:
    """The measured difference of a finding."""
    measured = project.finding(ground.journal, name).record.judgement.effect
    assert measured is not None
    return abs(measured)


def test_a_number_as_it_was_measured_is_cited(ground: checking.Ground) -> None:
    for digits in (2, 3, 4):
        value = f"{effect(ground):.{digits}f}"
        said = say(ground, f"stable lowered shifted_error by {value} compared with pooled.", "F1")
        assert (said.mark, said.cites) == (Mark.CITED, ("F1",)), said


def test_what_is_borne_out_and_was_shown_gets_its_citation(ground: checking.Ground) -> None:
    said = say(
        ground, f"stable lowered shifted_error by {effect(ground):.3f} compared with pooled."
    )
    assert said.mark is Mark.CITED
    assert "F1" in said.cites


@pytest.mark.parametrize(
    "text",
    [
        "stable lowered shifted_error by {wrong} compared with pooled.",
        "stable lowered shifted_error by {other} compared with pooled.",
        "stable lowered shifted_error by {percent}% compared with pooled.",
        "stable lowered shifted_error by {rounded} compared with pooled.",
        "stable lowered shifted_error by {comma} compared with pooled.",
        "stable lowered shifted_error (by {wrong}) compared with pooled",
        "stable lowered shifted_error by {wrong}[F1] compared with pooled.",
        "The error fell by F1:{wrong} in all.",
        "The error fell by F1.{wrong} in all.",
        "The error fell by “{right}” [F1].",
        'The familiar error fell by "{right}".',
        'pooled "lowered shifted_error by {right}" compared with stable.',
        "stable halved shifted_error compared with pooled.",
        "stable had twice the shifted_error of pooled.",
        "The error was twice as large.",
        "The error doubled.",
        "It was a threefold gain.",
        "The error fell by about a third.",
        "The error fell by half.",
        "The effect lies between 0.2 and 0.9.",
        "The effect is 0.2 to 0.9, by the interval of the finding.",
        "F1 rests on eighty pairs.",
        "F1 rests on 80 pairs.",
        "It rests on eight hundred pairs.",
        "Two findings speak of it.",
        "There are a dozen findings.",
        "Twenty-one percent of learners fail.",
        "It holds for per cent after per cent: five.",
        "It fell by １２ points.",
        "It fell by ½.",
        "It fell by ٣ points.",
        "It fell by ② points.",
        "It fell to zero point three.",
        "The share was tw\u200benty percent.",
        "The share was t\u0301wenty percent.",
        "The share was twеnty percent.",  # one letter is Cyrillic
        "The share was 𝐭𝐰𝐞𝐧𝐭𝐲 percent.",
        "The share was ᴛᴡᴇɴᴛʏ.",
        "The p value of F1 is 0.5.",
        "The overall p of F1 is 0.049.",
        "stable lowered shifted_error by {right} compared with pooled, but the p value is 0.5.",
        "The credence of H1 is 0.5.",
        "The familiar_error of stable is {right}.",
        "GPT-4 has it at 86.",
        "x0.35 is what it came to.",
        "It came to 1e-3.",
        "It was no more than 7.",
        "Of ten learners nine fail.",
    ],
)
def test_no_false_number_goes_unmarked(ground: checking.Ground, text: str) -> None:
    right = effect(ground)
    filled = text.format(
        right=f"{right:.3f}",
        wrong=f"{right + 0.1:.3f}",
        other=f"{effect(ground, OTHER):.3f}",
        percent=f"{100 * right:.1f}",
        rounded=f"{right + 0.006:.2f}",
        comma=f"{right:.3f}".replace(".", ","),
    )
    for cites in ((), ("F1",), ("F1", "H1", ESSAY)):
        said = say(ground, filled, *cites)
        assert said.mark is Mark.UNBOUND, said
        assert said.notes, "it does not say what is wrong"


def test_a_number_of_another_finding_is_not_borne_out(ground: checking.Ground) -> None:
    true = f"stable lowered shifted_error by {effect(ground):.3f} compared with pooled."
    assert say(ground, true, "F1").mark is Mark.CITED
    assert say(ground, true, OTHER).mark is Mark.UNBOUND


def test_an_essay_is_quoted_with_its_numbers_and_not_retold(ground: checking.Ground) -> None:
    (whole,) = ground.texts(MEASURED)
    assert say(ground, whole, MEASURED).mark is Mark.CITED
    assert say(ground, f"According to the essay, {whole}", MEASURED).mark is Mark.CITED
    assert say(ground, f'The essay says: "{whole}"', MEASURED).mark is Mark.CITED
    for changed in (
        whole.replace("ten", "twenty"),
        whole.replace("one tenth", "nine tenths"),
        whole.partition(" of what")[0],  # a tenth of what, it would not say
        "Doubling the paraphrases lowers error by under one tenth.",
    ):
        assert say(ground, changed, MEASURED).mark is Mark.UNBOUND, changed


def test_words_of_an_essay_turned_round_are_not_borne_out(ground: checking.Ground) -> None:
    assert say(ground, f"{WORDS}.", ESSAY).mark is Mark.CITED
    for text in (
        f"{WORDS.replace('separate', 'shared')}.",
        f"{WORDS.replace('will', 'will not')}.",
        f"{WORDS.replace('better', 'worse')}.",
    ):
        assert say(ground, text, ESSAY).mark is Mark.UNBOUND, text


def test_a_made_up_quotation_is_no_citation(ground: checking.Ground) -> None:
    said = say(ground, 'The essay says "the models of towns know all customs".', ESSAY)
    assert said.mark is not Mark.CITED
    assert any("do not stand there" in note for note in said.notes)


def test_what_a_sentence_cites_must_bear_on_it(ground: checking.Ground) -> None:
    near = [
        ("Keeping stable features helps under shift.", "F1"),
        ("F1 is supported.", "F1"),
        ("F1 rests on eight pairs.", "F1"),
        ("The credence of H1 is 0.99.", "H1"),
        ("Separate models predict well in towns that were seen.", ESSAY),
        ("Paraphrases of facts stand in a collection.", MEASURED),
    ]
    for text, cite in near:
        assert say(ground, text, cite).mark is Mark.CITED, text
    far = [
        ("Cats sleep by day.", "F1"),
        ("Negotiation between agents is fair.", "F1"),
        ("A teacher picks examples.", "F1"),
        ("Reward is given by people.", ESSAY),
        ("Keeping stable features helps under shift.", MEASURED),
    ]
    for text, cite in far:
        said = say(ground, text, cite)
        assert (said.mark, said.cites) == (Mark.OPINION, ()), text
        assert said.notes == (f"{cite} is about something else",)


def test_an_id_that_was_not_shown_or_is_not_there_does_not_count(ground: checking.Ground) -> None:
    unseen = say(ground, "Teachers pick examples for pupils.", "E2:6")
    assert (unseen.mark, unseen.cites) == (Mark.OPINION, ())
    assert unseen.notes == ("E2:6 was not looked at",)
    assert say(ground, "F99 says that stable features help.", "F1").mark is Mark.UNBOUND
    missing = checking.Ground(ground.journal, {"F99"}, ground.embed)
    assert say(missing, "Stable features help.", "F99").notes == ("there is no F99 on record",)


def test_what_cannot_hold_with_the_record_shows_the_card(ground: checking.Ground) -> None:
    for text, cite in (
        ("stable raises shifted_error compared with pooled.", "F1"),
        ("stable raises shifted_error compared with pooled [F1].", "F1"),
        ("H1 is refuted.", "H1"),
    ):
        said = say(ground, text, cite)
        assert said.mark is Mark.CONTRADICTED, said
        assert said.notes[0].startswith("conflict: ")
    first, second = checking.check(
        [("Let us see.", ()), ("stable raises shifted_error compared with pooled.", ())], ground
    )
    assert (first.mark, second.mark) == (Mark.OPINION, Mark.CONTRADICTED)


def test_words_that_no_rule_decides_are_the_models_opinion(ground: checking.Ground) -> None:
    said = say(ground, "Stable features are robust.", "F1")
    assert (said.mark, said.cites) == (Mark.OPINION, ("F1",))
    assert any("robust" in note for note in said.notes)
    assert say(ground, "I would look at the essays next.").mark is Mark.OPINION


def test_what_is_shown_is_what_was_checked(ground: checking.Ground) -> None:
    said = say(ground, "Stable \x1b[31mfeatures\x1b[0m\u202e help\nunder\u200b shift.", "F1")
    assert said.text.isprintable()
    assert "\u200b" not in said.text
    assert say(ground, "稳定特征更好", "F1").mark is not Mark.CITED


def test_the_model_is_told_what_to_mend(ground: checking.Ground) -> None:
    wrong = say(ground, "stable lowered shifted_error by 0.9 compared with pooled.", "F1")
    right = say(ground, "F1 is supported.", "F1")
    assert complaint([right]) == ""
    assert "sentence 2" in complaint([right, wrong])
    assert "0.9" in complaint([right, wrong])


def test_a_clause_may_not_be_cut_short_or_begun_in_its_middle() -> None:
    text = "In all, pooled fell by 5 percent of the gap, stable fell by 9 percent"
    assert bearing.repeats("stable fell by 9 percent", [text])
    assert not bearing.repeats("pooled fell by 5 percent", [text])
    assert not bearing.repeats("fell by 9 percent or so", [text])
    assert not bearing.repeats("gap stable fell by 9 percent", [text])
