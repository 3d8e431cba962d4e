"""`scientist belief`: credences, what moved them, their score, and a plot anyone can open."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from campaigns import ScriptedServer, essays, propose, scientist

from scientist.audit.drawing.svg import Panel, Series, render
from scientist.events import FindingRecorded, HypothesisProposed, ProtocolSealed
from scientist.journal import Journal
from scientist.records import (
    Direction,
    Finding,
    Hypothesis,
    Interval,
    Judgement,
    Protocol,
    Quote,
    Verdict,
)

QUOTE = Quote(essay="E1", sentence=1, start=0, end=4, text="What")
SVG = "{http://www.w3.org/2000/svg}"


def hypothesis(name: str, prior: float | None, samples: int, direction: Direction) -> Hypothesis:
    return Hypothesis(
        id=name,
        statement=f"With samples = {samples}, stable moves <error> & more ({direction}).",
        quotes=(QUOTE,),
        kit="causal_features",
        factor="features",
        treatment="stable",
        control="pooled",
        metric="shifted_error",
        direction=direction,
        smallest_effect=0.02,
        parameters={"samples": samples},
        prior=prior,
    )


def protocol(about: Hypothesis, seeds: tuple[int, ...]) -> Protocol:
    return Protocol(
        hypothesis=about.id,
        kit=about.kit,
        treatment=about.treatment,
        control=about.control,
        arms=(about.treatment, about.control),
        metric=about.metric,
        direction=about.direction,
        smallest_effect=about.smallest_effect,
        parameters=about.parameters,
        seeds=seeds,
        smoke_seeds=(2**30,),
        test="paired",
        alpha=0.05,
        confidence=0.95,
        resamples=99,
        stopping_rule="fixed",
        code_hash="c",
        runner_hash="r",
    )


def finding(about: Hypothesis, number: int, effect: float, verdict: Verdict) -> Finding:
    return Finding(
        id=f"F{number}",
        hypothesis=about.id,
        experiment=f"X{number}",
        protocol_digest=f"d{number}",
        trials_blob=None,
        statement=f"stable moved shifted_error by {effect}.",
        metric=about.metric,
        treatment=about.treatment,
        control=about.control,
        direction=about.direction,
        smallest_effect=about.smallest_effect,
        judgement=Judgement(
            verdict=verdict,
            reason="so it is",
            effect=effect,
            interval=Interval(low=effect - 0.01, high=effect + 0.01, confidence=0.95, method="BCa"),
            pairs=24,
        ),
        quotes=(QUOTE,),
    )


def record(
    workspace: Path,
    hypotheses: Sequence[Hypothesis],
    findings: Sequence[tuple[Hypothesis, float, Verdict]],
) -> Path:
    """A journal as a campaign leaves it, as far as beliefs read it."""
    with Journal(workspace / "journal", write=True) as journal:
        journal.append_all([HypothesisProposed(hypothesis=one) for one in hypotheses], "C1")
        for number, (about, effect, verdict) in enumerate(findings, 1):
            plan = protocol(about, tuple(range(number * 24, number * 24 + 24)))
            sealed = ProtocolSealed(protocol=plan, digest=f"d{number}", code_blob="c")
            said = FindingRecorded(finding=finding(about, number, effect, verdict))
            journal.append_all([sealed, said], "C1")
    return workspace


LOWERS = hypothesis("H1", 0.7, 50, Direction.DECREASE)
RAISES = hypothesis("H2", None, 50, Direction.INCREASE)
UNTESTED = hypothesis("H3", 0.3, 500, Direction.DECREASE)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(
        tmp_path_factory.mktemp("w"),
        (LOWERS, RAISES, UNTESTED),
        ((LOWERS, -0.2, Verdict.SUPPORTED), (LOWERS, 0.001, Verdict.REFUTED)),
    )


def test_the_list_shows_prior_credence_findings_and_the_score(workspace: Path) -> None:
    shown = scientist("belief", "list", "-w", workspace)
    assert shown.returncode == 0, shown.stderr
    rows = [line.split() for line in shown.stdout.splitlines()]
    assert rows[1][:5] == ["H1", "0.7", "0.70", "2", "refuted"]
    assert rows[2][:5] == ["H2", "0.5", "assumed", "<0.01", "2"]
    assert rows[3][:5] == ["H3", "0.3", "0.30", "0", "proposed"]
    before = 0.7 / 0.3 * 10 / (1 + 0.7 / 0.3 * 10)
    expected = (0.3**2 + before**2) / 2
    assert f"Brier score {expected:.3f} = reliability" in shown.stdout
    assert "the model's priors alone: 0.290 over 2 verdicts" in shown.stdout
    assert "2 verdicts are too few" in shown.stdout


def test_as_json_it_is_the_whole_derivation(workspace: Path) -> None:
    shown = json.loads(scientist("belief", "list", "-w", workspace, "--json").stdout)
    one, other, untested = shown["beliefs"]
    assert one["stated"] == one["prior"] == 0.7
    assert other["stated"] is None
    assert [step["factor"] for step in one["steps"]] == [10.0, 0.1]
    assert other["credence"] == other["steps"][-1]["credence"] < 0.1
    assert untested["steps"] == []
    calibration = shown["calibration"]
    assert calibration["forecasts"] == 2
    assert sum(group["count"] for group in calibration["bins"]) == 2


def test_one_hypothesis_is_shown_with_each_step_and_why(workspace: Path) -> None:
    shown = scientist("belief", "show", "h2", "-w", workspace)
    assert shown.returncode == 0, shown.stderr
    for word in (
        "H2  credence <0.01",
        "prior       0.5 (assumed)",
        "X1        times 0.1: credence 0.09",
        "-10 times the smallest effect of interest",
        "measured for H1, which asks the same question the other way round",
        "stable moved shifted_error by -0.2.",
    ):
        assert word in shown.stdout
    plain = json.loads(scientist("belief", "show", "H2", "-w", workspace, "--json").stdout)
    assert [step["finding"] for step in plain["steps"]] == ["F1", "F2"]
    untested = scientist("belief", "show", "H3", "-w", workspace)
    assert "no finding bears on H3 yet" in untested.stderr


def test_an_unknown_hypothesis_and_a_missing_workspace_are_explained(
    workspace: Path, tmp_path: Path
) -> None:
    unknown = scientist("belief", "show", "H9", "-w", workspace)
    assert unknown.returncode == 2
    assert "scientist hypothesis list" in unknown.stderr
    missing = scientist("belief", "list", "-w", tmp_path / "none")
    assert missing.returncode == 2
    assert "no workspace" in missing.stderr


def test_nothing_to_believe_is_a_note_and_no_failure(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", write=True):
        pass
    drawing = tmp_path / "plot.svg"
    shown = scientist("belief", "list", "-w", tmp_path, "--plot", drawing)
    assert (shown.returncode, shown.stdout) == (0, "")
    assert "hint: scientist run" in shown.stderr
    assert not drawing.exists()
    plain = json.loads(scientist("belief", "list", "-w", tmp_path, "--json").stdout)
    assert plain == {"beliefs": [], "calibration": None}


def test_without_a_verdict_there_is_no_score(tmp_path: Path) -> None:
    shown = scientist("belief", "list", "-w", record(tmp_path, (UNTESTED,), ()))
    assert "nothing can be scored" in shown.stdout


def test_the_plot_is_one_svg_with_both_panels(workspace: Path, tmp_path: Path) -> None:
    drawing = tmp_path / "beliefs.svg"
    ran = scientist("belief", "list", "-w", workspace, "--plot", drawing)
    assert ran.returncode == 0, ran.stderr
    assert str(drawing) in ran.stderr
    root = ElementTree.parse(drawing).getroot()
    texts = {"".join(node.itertext()) for node in root.iter(f"{SVG}text")}
    assert {"History", "Calibration", "credence", "share supported"} <= texts
    assert {"H1: 0.70 to 0.70", "H2: 0.50 to <0.01", "2 verdicts, 95% ranges"} <= texts
    assert {"n = 1"} <= texts
    assert not any("H3" in text for text in texts)


@pytest.mark.parametrize("name", ["plot.png", "none/plot.svg"])
def test_a_plot_that_cannot_be_written_is_explained(
    workspace: Path, tmp_path: Path, name: str
) -> None:
    ran = scientist("belief", "list", "-w", workspace, "--plot", tmp_path / name)
    assert ran.returncode == 2
    assert "error: " in ran.stderr
    assert "hint: scientist belief list" in ran.stderr
    assert not list(tmp_path.iterdir())


def test_many_hypotheses_keep_the_legend_short(tmp_path: Path) -> None:
    many = [hypothesis(f"H{n}", 0.5, n, Direction.DECREASE) for n in range(1, 13)]
    record(tmp_path / "w", many, [(one, -0.2, Verdict.SUPPORTED) for one in many])
    drawing = tmp_path / "plot.svg"
    ran = scientist("belief", "list", "-w", tmp_path / "w", "--plot", drawing)
    assert ran.returncode == 0, ran.stderr
    texts = ["".join(n.itertext()) for n in ElementTree.parse(drawing).iter(f"{SVG}text")]
    assert sum(text.startswith("H") and ":" in text for text in texts) == 8
    assert "4 others" in texts


def test_no_label_can_add_elements_to_a_plot_or_break_it() -> None:
    hostile = '</text><script>alert(1)</script> & "quoted" \x00\x1b[2J \ud800'
    series = Series(hostile, [(0, 0), (1, 1)], notes=[hostile], bars=[(0, 0), (0, 1)])
    panel = Panel(hostile, hostile, hostile, (0, 1), (0, 1), (0, 1), (0, 1), [series])
    drawn = render(hostile, [panel]).encode()
    kinds = {node.tag.removeprefix(SVG) for node in ElementTree.fromstring(drawn).iter()}
    assert kinds == {"svg", "title", "style", "rect", "text", "g", "path"}


def test_beliefs_are_derived_without_any_heavy_library(workspace: Path) -> None:
    code = (
        "import sys\nfrom scientist.cli import main\n"
        f"try:\n    main(['belief', 'list', '-w', {str(workspace)!r}])\n"
        "finally:\n    print('numpy' in sys.modules, 'scipy' in sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == "False False", done.stderr


def test_what_the_model_says_at_the_proposal_is_the_prior_of_a_campaigns_hypotheses(
    tmp_path: Path,
) -> None:
    with ScriptedServer(script=propose) as server:
        ran = scientist(
            *("run", "--essays", essays(tmp_path / "e"), "--rounds", 1, "--pairs", 8),
            *("-w", tmp_path / "w", "--endpoint", server.url),
        )
    assert ran.returncode == 0, ran.stderr
    believed = json.loads(scientist("belief", "list", "-w", tmp_path / "w", "--json").stdout)
    assert {one["stated"] for one in believed["beliefs"]} == {0.7}
    tested = [one for one in believed["beliefs"] if one["steps"]]
    assert tested
    assert all(step["counted"] for one in tested for step in one["steps"])
    assert all(one["credence"] != 0.7 for one in tested)
