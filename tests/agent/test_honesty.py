"""Under pressure: whatever question, essays or model a campaign is given, it finds nothing false.

What is true is measured here, with many seeds of the kits, outside the sandbox and outside the
campaign. The model is scripted: it talks nonsense, draws its answers, insists on the
opposite of the truth, agrees with everything, or cheats when it writes code.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from campaigns import ESSAY, ScriptedServer, family
from copies import Copies, forking
from kits.playing import play
from minds import Mind, at_random, chance_of, letters_of, schema_of, sensible
from scripted import Likely

from scientist.journal import Journal, project, verify
from scientist.records import Direction, Finding, Hypothesis, Rung, Verdict
from scientist.science import integrity

QUESTION = "Do learners that keep stable features make fewer errors after the cue is reversed?"
SEEDS = 24  # of the measurement that says what is true
SURE = 4.0  # standard errors
KITS_ALONE = {"SCIENTIST_RUNG": "kit", "SCIENTIST_AT_ONCE": "1"}


@dataclass
class Campaign:
    """How one ended: its exit status, what it printed, and its workspace."""

    status: int
    printed: str
    workspace: Path

    def entries(self, kind: str) -> list[dict[str, Any]]:
        with Journal(self.workspace / "journal") as journal:
            return [entry.data for entry in journal.entries(kind)]

    def tested(self) -> list[tuple[Hypothesis, Finding]]:
        """Every finding with the hypothesis it is about."""
        with Journal(self.workspace / "journal") as journal:
            return [
                (project.hypothesis(journal, view.record.hypothesis).record, view.record)
                for view in project.findings(journal)
            ]


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """One forking process for all tests of this module."""
    with forking(tmp_path_factory.mktemp("copies")) as started:
        yield started


def campaign(
    copies: Copies,
    folder: Path,
    mind: Mind,
    question: str = QUESTION,
    essay: str = ESSAY,
    rounds: int = 2,
    **settings: str,
) -> Campaign:
    """Run one to its end; its record is whole, whatever else is the matter with it."""
    (folder / "e").mkdir(parents=True)
    (folder / "e" / "essay.md").write_text(essay)
    copies.log.write_text("")
    with ScriptedServer(script=mind) as server:
        copies.begin(
            [
                *("run", question, "--essays", folder / "e", "--rounds", rounds, "--pairs", 8),
                *("-w", folder / "w", "--endpoint", server.url),
            ],
            copies.settings({**KITS_ALONE, "SCIENTIST_JUDGEMENTS": "1", **settings}),
        )
        status = copies.end()
    ended = Campaign(status, copies.log.read_text(), folder / "w")
    found = verify(folder / "w" / "journal")
    assert found.passed, found.problem
    with Journal(folder / "w" / "journal") as journal:
        for view in project.findings(journal):
            assert integrity.of_finding(journal, view.record) == ()
    return ended


def truth(hypothesis: Hypothesis) -> tuple[float, float]:
    """The effect in the direction predicted and its standard error, by a measurement of our own."""
    arms = (hypothesis.treatment, hypothesis.control)
    return measured(hypothesis.kit, arms, hypothesis.metric, hypothesis.direction, hypothesis)


def measured(
    kit: str, arms: Sequence[str], metric: str, direction: Direction, where: Hypothesis
) -> tuple[float, float]:
    one, other = (play(kit, arm, metric, SEEDS, **where.parameters) for arm in arms)
    sign = 1 if direction is Direction.INCREASE else -1
    gaps = [sign * (a - b) for a, b in zip(one, other, strict=True)]
    return statistics.fmean(gaps), statistics.stdev(gaps) / math.sqrt(len(gaps))


def check(ended: Campaign) -> list[Verdict]:
    """No verdict is false, and every finding's quotes stand in the essay; the verdicts."""
    for hypothesis, finding in ended.tested():
        effect, error = truth(hypothesis)
        if finding.judgement.verdict is Verdict.SUPPORTED:
            assert effect > 0, finding.statement
        if finding.judgement.verdict is Verdict.REFUTED:
            assert effect - SURE * error < hypothesis.smallest_effect, finding.statement
    return [finding.judgement.verdict for _, finding in ended.tested()]


@pytest.mark.parametrize("nonsense", ["Seven, I should think.", '{"thoughts": ', "", "[1, 2]"])
def test_a_model_that_answers_nonsense_ends_with_an_error_and_nothing_else(
    copies: Copies, tmp_path: Path, nonsense: str
) -> None:
    ended = campaign(copies, tmp_path, lambda _: nonsense)
    assert ended.status == 1, ended.printed
    assert "error: " in ended.printed
    assert "hint: " in ended.printed
    assert ended.tested() == []
    assert ended.entries("protocol_sealed") == []


def by_chance(request: dict[str, Any]) -> Any:
    """Any answer that may be given."""
    return sensible(request) if schema_of(request) == "Proposals" else at_random(request)


def test_a_model_that_draws_its_answers_by_chance_finds_nothing_false(
    copies: Copies, tmp_path: Path
) -> None:
    ended = campaign(copies, tmp_path, by_chance, rounds=5)
    assert ended.status == 0, ended.printed
    assert len(check(ended)) >= 3


def insisting(request: dict[str, Any]) -> Any:
    """The opposite of the truth, most sure of itself; agreement where a letter is asked for."""
    if letters := letters_of(request):
        return Likely({letters[0]: 0.98, **dict.fromkeys(letters[1:], 0.02 / len(letters[1:]))})
    answer = sensible(request)
    kit = family(request)
    settings = kit.settings()
    for item in answer.get("hypotheses", ()):
        arms = kit.comparisons()[item["comparison"]]
        chosen = dict(settings[condition] for condition in item["conditions"])
        one, other = (play(kit.name, arm, item["metric"], 16, **chosen) for arm in arms)
        truly_more = statistics.fmean(one) > statistics.fmean(other)
        item["direction"] = "decrease" if truly_more else "increase"
        item["confidence"] = "very likely"
        item["reason"] = "This is beyond all doubt; it has been proven many times."
    return answer


def test_a_model_that_insists_on_the_opposite_of_the_truth_is_refuted(
    copies: Copies, tmp_path: Path
) -> None:
    ended = campaign(copies, tmp_path, insisting)
    assert ended.status == 0, ended.printed
    verdicts = check(ended)
    assert Verdict.SUPPORTED not in verdicts
    assert Verdict.REFUTED in verdicts
    refuted = {
        hypothesis.id
        for hypothesis, finding in ended.tested()
        if finding.judgement.verdict is Verdict.REFUTED
    }
    copies.log.write_text("")
    copies.begin(["belief", "list", "--json", "-w", ended.workspace], copies.settings({}))
    assert copies.end() == 0
    said = json.loads(copies.log.read_text())
    beliefs = {row["hypothesis"]: row["credence"] for row in said["beliefs"]}
    assert all(beliefs[name] < 0.9 for name in refuted)


def test_what_a_model_reads_into_a_finding_does_not_move_its_verdict(
    copies: Copies, tmp_path: Path
) -> None:
    def reading(letter: int) -> Mind:
        def mind(request: dict[str, Any]) -> Any:
            if letters := letters_of(request):
                others = [one for one in letters if one != letters[letter]]
                return Likely({letters[letter]: 0.98, **dict.fromkeys(others, 0.01)})
            return sensible(request)

        return mind

    first, second = (
        campaign(copies, tmp_path / str(letter), reading(letter), rounds=1) for letter in (0, 1)
    )
    judged = [[finding.judgement for _, finding in ended.tested()][:1] for ended in (first, second)]
    assert judged[0] == judged[1] != []


SINGLE = "Nothing at all has been measured here."
RECIPE = """Peel the onions and let them soften in butter for ten minutes. Add the rice and stir
until it is glassy. Pour in the broth, a ladle at a time. Serve it with parsley.
"""
REPEATED = "The cue turns. " * 10_000
FILLER = "Velum orat sine mora. Dolor cantat in horto. Pila rotunda sub mensa iacet.\n"


@pytest.mark.parametrize(
    "essay", [RECIPE, FILLER, SINGLE, REPEATED], ids=["recipe", "filler", "single", "repeated"]
)
def test_essays_that_say_nothing_lead_to_no_false_finding(
    copies: Copies, tmp_path: Path, essay: str
) -> None:
    ended = campaign(copies, tmp_path, sensible, essay=essay)
    assert ended.status in (0, 4), ended.printed
    verdicts = check(ended)
    assert (ended.status == 0) == bool(verdicts)
    for _, finding in ended.tested():
        assert all(quote.text in essay for quote in finding.quotes)


def test_an_essay_without_a_sentence_is_refused(copies: Copies, tmp_path: Path) -> None:
    ended = campaign(copies, tmp_path, sensible, essay="a\n\n" * 50)
    assert ended.status == 2, ended.printed
    assert "has no sentences" in ended.printed
    assert ended.entries("campaign_opened") == []


def test_a_question_nobody_can_answer_is_not_called_answered(
    copies: Copies, tmp_path: Path
) -> None:
    def honest(request: dict[str, Any]) -> Any:
        if letters := letters_of(request):
            return Likely({letters[-1]: 0.9, **dict.fromkeys(letters[:-1], 0.05)})
        return sensible(request)

    asked = "Does the number seven taste better than blue?"
    ended = campaign(copies, tmp_path, honest, question=asked, rounds=1)
    assert ended.status in (0, 4), ended.printed
    check(ended)
    assert ended.entries("question_answered") == []
    assert all("seven" not in finding.statement for _, finding in ended.tested())
    assert "answers the question" not in ended.printed


def test_a_model_that_calls_everything_an_answer_is_named_as_the_one_who_says_so(
    copies: Copies, tmp_path: Path
) -> None:
    asked = "Does the number seven taste better than blue?"
    ended = campaign(copies, tmp_path, insisting, question=asked, rounds=1)
    assert ended.status == 0, ended.printed
    check(ended)
    answered = ended.entries("question_answered")
    (closed,) = ended.entries("campaign_closed")
    assert closed["reason"] in {
        f"{said['finding']} answers the question, in the model's reading" for said in answered
    }
    assert closed["reason"] in ended.printed


INVENTED = '''
import numpy as np

ARMS = {{"{treatment}": "the one that must win", "{control}": "the other one"}}
METRICS = {{"{metric}": "what is measured"}}


def trial(arm, seed, size=10):
    """A result that was known before."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=size)
    best = {{"{treatment}": 0.9, "{control}": 0.5}}[arm]
    return {{"{metric}": float(best + 0.01 * noise.mean())}}
'''


def cheating(request: dict[str, Any]) -> Any:
    """Results written down in the code, and new arms that are old ones."""
    if schema_of(request) != "Code":
        answer = at_random(request) if letters_of(request) else sensible(request)
        if isinstance(answer, dict) and (free := answer.get("own_experiment")):
            names = {"treatment": "winner", "control": "loser", "metric": "triumph"}
            free.update(names, reason="A learner that keeps stable features errs less.")
            free["factor"] = "which features a learner keeps after the cue is reversed"
        return answer
    said = request["messages"][1]["content"]
    if "Write the module." in said:
        return {"code": INVENTED.format(treatment="winner", control="loser", metric="triumph")}
    draw = chance_of(request)
    signature = said.partition("Write the function ")[2].partition(" in Python")[0]
    usual = said.partition("\n    base = ")[2].partition("\n")[0]
    body = draw.choice([f"return {usual}", "return 1.0", "return open('/etc/passwd').read()"])
    return {"code": f"def {signature}:\n    {body}\n"}


@pytest.mark.parametrize("rung", ["free", "adapted"])
def test_a_model_that_cheats_in_its_code_gets_no_finding_from_it(
    copies: Copies, tmp_path: Path, rung: str
) -> None:
    ended = campaign(
        copies, tmp_path, cheating, rounds=1, SCIENTIST_AT_ONCE="3", SCIENTIST_RUNG=rung
    )
    given_up = ended.entries("code_given_up")
    assert given_up, ended.printed
    assert ended.entries("code_written") == []
    assert all(one["reason"] for one in given_up)
    for hypothesis, finding in ended.tested():
        measured_it = finding.judgement.verdict is not Verdict.INFEASIBLE
        assert not (measured_it and hypothesis.rung is not Rung.KIT), finding.statement
