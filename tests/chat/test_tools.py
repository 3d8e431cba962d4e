"""The tools of conversations: what they tell of a real record, and which ids they let be cited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prepared import TOOLS, Desk, opened, prepare

from scientist.agent import telling
from scientist.audit.evidence import gather
from scientist.errors import ScientistError, UsageError
from scientist.journal import project
from scientist.lab.kits import all_kits
from scientist.records import Assertion, Source

ID = re.compile(r"(?<![\w:])(?:[FHXC]\d+|E\d+:\d+)(?!\w|:\d)")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with opened(prepare(tmp_path_factory.mktemp("tools") / "w")) as found:
        yield found


def test_what_is_offered_in_a_conversation_leaves_out_what_campaigns_do_inside() -> None:
    offered = TOOLS.offered()
    assert not {"launch_experiment", "record_finding"} & set(offered)
    changing = {name for name, tool in offered.items() if tool.changes}
    assert changing == {"propose_hypothesis", "launch_test"}
    assert set(TOOLS.offered(changes=False)) == set(offered) - changing


def test_every_argument_is_described_and_none_is_a_path() -> None:
    for tool in TOOLS.offered().values():
        for name, field in tool.arguments.model_fields.items():
            assert field.description, (tool.name, name)
            assert not {"path", "file", "folder"} & set(name.split("_")), (tool.name, name)


def test_every_tool_cites_exactly_the_ids_on_record_that_its_text_shows(desk: Desk) -> None:
    told = {
        "search_findings": desk.tell("search_findings", query="stable features"),
        "search_record": desk.tell("search_record", query="stable features"),
        "show_hypothesis": desk.tell("show_hypothesis", hypothesis="H1"),
        "show_experiment": desk.tell("show_experiment", experiment="X2"),
        "show_finding": desk.tell("show_finding", finding="F1"),
        "explain_belief": desk.tell("explain_belief", about="H1"),
        "list_beliefs": desk.tell("list_beliefs"),
        "follow_test": desk.tell("follow_test", campaign="C1"),
        "show_passage": desk.tell("show_passage", address="E2:5"),
        "search_essays": desk.tell("search_essays", query="what travels between farms"),
    }
    for name, one in told.items():
        assert set(one.cites) == set(ID.findall(one.text)), (name, one)
        assert len(one.text) <= telling.MOST + 40


def test_ids_may_be_written_small(desk: Desk) -> None:
    assert desk.tell("show_finding", finding="f1") == desk.tell("show_finding", finding="F1")
    assert desk.tell("show_passage", address="e2:5") == desk.tell("show_passage", address="E2:5")
    assert desk.tell("explain_belief", about="f1") == desk.tell("explain_belief", about="H1")
    few = desk.tell("search_essays", query="farms", essays=["e1"], limit=3)
    assert all(cite.startswith("E1:") for cite in few.cites)
    assert len(few.cites) == 3


@pytest.mark.parametrize(
    ("tool", "arguments", "hint"),
    [
        ("show_finding", {"finding": "F9"}, "scientist finding list"),
        ("show_hypothesis", {"hypothesis": "H9"}, "scientist hypothesis list"),
        ("show_experiment", {"experiment": "X9"}, "scientist experiment list"),
        ("show_passage", {"address": "E9:1"}, "scientist corpus list"),
        ("show_passage", {"address": "E1:0"}, "scientist corpus list"),
        ("search_essays", {"query": "a", "essays": ["E9"]}, "scientist corpus list"),
        ("explain_belief", {"about": "F9"}, "scientist finding list"),
        ("read_report", {"campaign": "C9"}, "scientist audit list"),
        ("read_report", {"campaign": "C1", "section": 99}, "scientist audit report C1"),
        ("plot_finding", {"finding": "F9"}, "scientist finding list"),
        ("follow_test", {"campaign": "C9"}, "scientist audit list"),
        ("launch_test", {"hypothesis": "H9"}, "scientist hypothesis list"),
        ("launch_test", {}, "scientist hypothesis list"),
        ("launch_test", {"hypothesis": "H1", "treatment": "pooled"}, "scientist kit run"),
        ("launch_test", {"kit": "causal_features", "settings": "shift"}, "scientist kit run"),
        ("launch_test", {"kit": "causal_features", "settings": "shift=nan"}, "scientist kit show"),
        ("propose_hypothesis", {"kit": "causal_features", "treatment": "x"}, "scientist kit show"),
    ],
)
def test_what_is_not_there_is_refused_with_the_command_that_lists_it(
    desk: Desk, tool: str, arguments: dict[str, object], hint: str
) -> None:
    before = desk.journal.count("campaign_opened", "hypothesis_proposed")
    with pytest.raises(UsageError) as refused:
        desk.tell(tool, **arguments)
    assert refused.value.hint.startswith(hint)
    assert desk.journal.count("campaign_opened", "hypothesis_proposed") == before


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("show_finding", {"finding": "../F1"}),
        ("show_finding", {"finding": "F1\n"}),
        ("show_passage", {"address": "/etc/passwd"}),
        ("read_report", {"campaign": "C1/../../x"}),
        ("follow_test", {"campaign": "../locks/C1"}),
        ("show_kit", {"kit": "../../../etc/passwd"}),
        ("launch_test", {"kit": "no_such_kit"}),
    ],
)
def test_only_ids_and_names_of_kits_are_taken(
    desk: Desk, tool: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(ScientistError, match="refuses its arguments"):
        desk.tell(tool, **arguments)


def test_a_finding_is_told_with_all_that_a_reader_should_know_first(desk: Desk) -> None:
    told = desk.tell("show_finding", finding="F1").text
    record = project.finding(desk.journal, "F1").record
    interval = record.judgement.interval
    assert interval
    for wanted in (
        *("SUPPORTED", record.statement, record.judgement.reason, "over 8 pairs"),
        *(f"{interval.low:+.6g} to {interval.high:+.6g}", "experiment X2", "first run X1"),
    ):
        assert wanted in told, wanted


def test_an_experiment_is_told_with_the_means_of_its_arms(desk: Desk) -> None:
    view = project.experiment(desk.journal, "X2")
    values = [
        trial.metrics["shifted_error"]
        for trial in project.trials(desk.journal, view)
        if trial.arm == "stable"
    ]
    assert len(values) == 8
    told = desk.tell("show_experiment", experiment="X2").text
    assert f"mean shifted_error of stable: {sum(values) / 8:.6g}" in told
    assert "finding F1:" in told


def test_sentences_are_told_verbatim_with_those_around_them(desk: Desk) -> None:
    told = desk.tell("show_passage", address="E1:3", around=1)
    assert told.cites == ("E1:2", "E1:3", "E1:4")
    quotes = gather(desk.journal).quotes
    for address in told.cites:
        assert f'[{address}] "{quotes[address]}"' in told.text
    assert desk.tell("show_passage", address="E1:1", around=1).cites == ("E1:1", "E1:2")


def test_a_text_is_checked_number_by_number_and_against_what_is_held(desk: Desk) -> None:
    told = desk.tell("check_text", text="F1 is supported. In F1 stable lowered shifted_error by 7.")
    assert "ok “supported”" in told.text
    assert "refused “7”" in told.text
    assert told.text.index("refused") < told.text.index("ok ")
    against = desk.tell("check_text", text="stable raises shifted_error compared with pooled.")
    assert "conflict: sign flip" in against.text
    assert "F1" in against.cites
    assert "no number" in desk.tell("check_text", text="Nothing to see.").text


def test_a_report_is_read_to_its_end_section_by_section(desk: Desk) -> None:
    from scientist.audit import report

    contents = desk.tell("read_report", campaign="c1").text
    sections = re.findall(r"^section (\d+): (.+)$", contents, re.MULTILINE)
    whole = [line for line in report.make(desk.journal, "C1").markdown.splitlines() if line.strip()]
    seen: list[str] = []
    for number, title in sections:
        line = 0
        while True:
            told = desk.tell("read_report", campaign="C1", section=int(number), line=line)
            more = re.search(r"\n\.\.\. (\d+) more, from line (\d+)$", told.text)
            seen += told.text[: more.start() if more else None].splitlines()
            if not more:
                break
            line = int(more[2])
        assert f"## {title}" in seen
    assert [telling.clean(line) for line in whole[-len(seen) :]] == seen


def test_a_plot_is_written_below_the_workspace_and_named(desk: Desk) -> None:
    told = desk.tell("plot_finding", finding="f1")
    file = desk.workspace.reports / "F1.svg"
    assert str(file) in told.text
    assert file.read_text().startswith("<svg")


def test_kits_are_found_by_meaning_and_shown_in_parts(desk: Desk) -> None:
    every = desk.tell("list_kits").text
    assert all(kit.name in every for kit in all_kits())
    near = desk.tell("list_kits", about="features that stay stable when the cue is reversed").text
    assert near.startswith("causal_features: ")
    for kit in all_kits():
        arms = desk.tell("show_kit", kit=kit.name).text
        metrics = desk.tell("show_kit", kit=kit.name, part="metrics").text
        settings = desk.tell("show_kit", kit=kit.name, part="settings").text
        assert not any(text.endswith("more") for text in (arms, metrics, settings)), kit.name
        assert all(f"arm {arm}: " in arms for arm in kit.arms)
        assert all(f"metric {metric} " in metrics for metric in kit.metrics)
        assert all(f"parameter {parameter} " in settings for parameter in kit.parameters)
        assert "limits" in desk.tell("show_kit", kit=kit.name, part="about").text


def test_open_conflicts_come_before_those_that_were_mended(desk: Desk) -> None:
    from scientist.events import AssertionMade

    assert "no conflict" in desk.tell("list_conflicts").text
    text = "stable raises shifted_error compared with pooled."
    from scientist.agent import stating

    source = Source(kind="user", address="user")
    said: Assertion = stating.read("A1", text, source, all_kits(), 0.5)
    desk.note(AssertionMade(assertion=said))
    told = desk.tell("list_conflicts")
    assert "(not on record yet)" in told.text
    assert "F1" in told.cites
    assert "A1" not in told.cites


def test_a_proposal_is_put_on_record_once(desk: Desk) -> None:
    wanted = {"kit": "causal_features", "treatment": "reweighted", "settings": "shift=0.5"}
    before = desk.journal.count("hypothesis_proposed")
    first = desk.tell("propose_hypothesis", **wanted)
    again = desk.tell("propose_hypothesis", **wanted)
    assert first.cites == again.cites
    assert "on record already" in again.text
    assert desk.journal.count("hypothesis_proposed") == before + 1
    view = project.hypothesis(desk.journal, first.cites[0])
    assert (view.campaign, view.status) == ("T1", "proposed")
    assert view.record.parameters["shift"] == 0.5
    tested = desk.tell("propose_hypothesis", kit="causal_features")
    assert tested.cites == ("H1",)
    assert "(supported)" in tested.text
    other = desk.tell("propose_hypothesis", **wanted, direction="increase")
    assert other.cites != first.cites


def test_what_an_essay_says_is_told_on_one_line_and_gives_no_citation(tmp_path: Path) -> None:
    from scientist.corpus.store import add

    essay = (
        "It is said that F1 proves all of it, as \x1b[2Jthis and [F2](http://x) show beyond doubt."
    )
    (tmp_path / "essay.md").write_text(
        f"# Title\n\n{essay} And this sentence ends the paragraph.\n"
    )
    with opened(tmp_path / "w") as empty:
        add(empty.journal, tmp_path / "essay.md")
        empty.store.sync(empty.journal)
        told = empty.tell("show_passage", address="E1:1")
        assert "F1 proves" in told.text
        assert "\x1b" not in told.text
        assert set(told.cites) <= {"E1:1", "E1:2"}
        assert empty.tell("list_beliefs").cites == ()
        assert "nothing was found" in empty.tell("search_findings", query="a").text


def test_what_has_no_room_is_counted() -> None:
    lines = [f"line {number} of F{number}" for number in range(1000)]
    page = telling.page(lines, *(f"F{number}" for number in range(1000)))
    told = telling.told(page)
    kept = told.text.splitlines()[:-1]
    assert kept == lines[: len(kept)]
    assert told.text.endswith(f"\n... {1000 - len(kept)} more")
    assert told.cites == tuple(f"F{number}" for number in range(len(kept)))
    long = telling.told(telling.page(["x" * 5000, "F1"], "F1", "F2"))
    assert len(long.text) <= telling.MOST + len("\n... 1 more")
    assert long.cites == ()
    near = telling.told(telling.page(["E1:45 and F12: yes"], "E1:4", "E1:45", "F1", "F12", "K1"))
    assert near.cites == ("E1:45", "F12")
