"""A report tells all of a campaign, no number of it differs from the record, and nothing that
somebody else wrote becomes part of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from markdown_it import MarkdownIt

from scientist.audit import report
from scientist.audit.report import Report
from scientist.errors import JournalError, UsageError
from scientist.journal import Journal, project
from scientist.records import Direction, Finding
from scientist.science.claims import markdown, standing

from . import reported
from .pages import Markup

STEP = 61  # of the digits of a report, one in so many is changed


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journal, Report]]:
    """A hostile record in which everything happened, and its report."""
    folder = tmp_path_factory.mktemp("reported")
    with Journal(folder / "journal", write=True) as journal:
        reported.hostile(journal, folder / "essays")
        yield journal, report.make(journal, "c1")


def rows(text: str, *head: str) -> list[dict[str, str]]:
    """The rows of the tables whose head begins so."""
    found: list[dict[str, str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        names = [markdown.unescape(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if names[: len(head)] != list(head):
            continue
        for row in lines[number + 2 :]:
            if not row.startswith("|"):
                break
            cells = [markdown.unescape(c.strip()) for c in re.split(r"(?<!\\)\|", row)[1:-1]]
            found.append(dict(zip(names, cells, strict=True)))
    return found


def test_the_numbers_of_a_report_are_those_of_the_raw_trials(
    everything: tuple[Journal, Report],
) -> None:
    journal, made = everything
    found = {row["finding"]: row for row in rows(made.markdown, "finding", "hypothesis")}
    assert list(found) == ["F1", "F2", "F3", "F4"]
    for view in project.findings(journal)[:3]:
        record = view.record
        known = {
            (t.arm, t.seed): t.metrics[record.metric]
            for t in project.raw_trials(journal, record.trials_blob)
        }
        seeds = sorted({seed for _, seed in known})
        differences = [known[record.treatment, s] - known[record.control, s] for s in seeds]
        row = found[record.id]
        assert float(row["effect"]) == pytest.approx(mean(differences), rel=1e-3)
        assert int(row["pairs"]) == len(differences)
        arms = {r["arm"]: r for r in rows(made.markdown, "experiment", "arm")
                if r["experiment"] == record.experiment}  # fmt: skip
        for arm in (record.treatment, record.control):
            measured = [value for (name, _), value in known.items() if name == arm]
            assert float(arms[arm]["mean"]) == pytest.approx(mean(measured), rel=1e-3)
            assert float(arms[arm]["minimum"]) == pytest.approx(min(measured), rel=1e-3)
            assert float(arms[arm]["maximum"]) == pytest.approx(max(measured), rel=1e-3)
    assert [found[name]["verdict"] for name in ("F1", "F4")] == ["supported", "infeasible"]
    assert found["F4"]["effect"] == found["F4"]["adjusted p"] == "-"
    assert [row["code"] for row in found.values()] == ["kit", "kit", "own", "free"]


def test_no_number_of_a_report_can_be_changed_unnoticed(
    everything: tuple[Journal, Report],
) -> None:
    _, made = everything
    text, evidence = made.markdown, made.dossier.evidence
    assert markdown.check(text, evidence).bound
    titles = [match.span() for match in re.finditer(r"^#.*$|^```[^`]*```$", text, re.MULTILINE)]
    places = [
        match.start()
        for match in re.finditer(r"\d", text)
        if not any(start <= match.start() < end for start, end in titles)
    ]
    for place in places[::STEP]:
        other = str((int(text[place]) + 5) % 10)
        changed = text[:place] + other + text[place + 1 :]
        near = text[max(0, place - 60) : place + 20]
        assert not markdown.check(changed, evidence).bound, (near, other)


def test_a_changed_word_of_a_verdict_or_a_quotation_is_noticed(
    everything: tuple[Journal, Report],
) -> None:
    _, made = everything
    for before, after in (
        ("| supported |", "| refuted |"),
        ("lowered shifted_error", "raised shifted_error"),
        ("in every world", "in no world"),
        ("| decrease |", "| increase |"),
        ("| kit |", "| free |"),
        ("no number is in both", "a number is in both"),
    ):
        assert before in made.markdown
        changed = made.markdown.replace(before, after, 1)
        assert not markdown.check(changed, made.dossier.evidence).bound, before


def test_everything_that_happened_is_told(everything: tuple[Journal, Report]) -> None:
    _, made = everything
    said = markdown.unescape(made.markdown)
    for text in (
        "does X beat Y by 20%?",
        "Errors fell by 97% in 12 of 13 worlds",
        "The essay says 3 times that it pays off.",
        "it learns 3 times",
        "the smoke run failed: 5 errors",
        "5 reasons against it",
        "line 3:",
        "too near, 0.11",
        "F1 waived: 2 others go first",
        "words alone, 30% weaker",
        "All of 7 learners fail.",
        "F1 says -0.3 at most",
        reported.KIT.limits,
        reported.KIT.arms["stable"],
        standing.CONFIRMED,
        standing.OPEN_CONFLICT,
        standing.NOT_TESTED,
        "scientist audit verify --deep",
    ):
        assert text in said, text
        assert text in Markup(made.html).text, text
    assert "I waive everything" not in said
    (cost,) = [row for row in rows(said, "campaign", "C1") if row["campaign"] == "cached share"]
    assert cost["C1"] == "70%"
    spent = {row["campaign"]: row["C1"] for row in rows(said, "campaign", "C1")}
    assert (spent["prompt tokens"], spent["completion tokens"]) == ("1000", "100")
    assert (spent["model digest"], spent["budget of trials"]) == ("d" * 64, "5000")
    moved = {row["hypothesis"]: row for row in rows(said, "hypothesis", "status")}
    assert float(moved["H1"]["credence before C1"]) == 0.7
    assert float(moved["H1"]["credence after C1"]) > 0.7


def test_an_open_conflict_is_stated_before_anything_that_was_found(
    everything: tuple[Journal, Report],
) -> None:
    _, made = everything
    for text in (made.markdown, made.html):
        assert 0 < text.index(standing.OPEN_CONFLICT) < text.index("Summary")
    assert [one.id for one in made.dossier.open_conflicts] == ["K1"]


def test_nothing_that_somebody_wrote_becomes_markup_of_the_page(
    everything: tuple[Journal, Report],
) -> None:
    _, made = everything
    page = Markup(made.html)
    assert not {"script", "img", "b", "iframe", "link", "object"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    addresses = [value for _, name, value in page.attributes if name in ("href", "src")]
    assert addresses
    assert all(value.startswith("#") for value in addresses)
    assert "url(" not in made.html
    assert "@import" not in made.html
    assert reported.SCRIPT in page.text
    assert made.html.count("<figure") == 4


def test_nothing_that_somebody_wrote_becomes_markup_of_the_markdown(
    everything: tuple[Journal, Report],
) -> None:
    _, made = everything
    drawn = MarkdownIt("commonmark", {"html": True}).enable("table").render(made.markdown)
    page = Markup(drawn)
    assert not {"script", "img", "a", "b", "em"} & set(page.tags)
    assert reported.SCRIPT in page.text
    tables = re.findall(r"<table>.*?</table>", drawn, re.DOTALL)
    assert len(tables) > 3
    for table in tables:
        widths = {len(re.findall("<t[hd]", row)) for row in re.findall("<tr>.*?</tr>", table, re.S)}
        assert len(widths) == 1


def test_a_sentence_that_the_trials_do_not_give_is_not_reported(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", write=True) as journal:
        reported.open_campaign(journal)
        reported.lie(journal)
        with pytest.raises(JournalError, match="F2"):
            report.make(journal, "C1")


def test_a_campaign_that_goes_on_is_reported_as_such(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", write=True) as journal:
        reported.open_campaign(journal, question=None)
        made = report.make(journal, "C1")
        for text in (standing.UNFINISHED, standing.NOTHING_FOUND, standing.NOTHING_PROPOSED):
            assert text in made.markdown
        assert standing.NO_QUESTION in made.markdown
        reported.measure(journal, reported.propose(journal, reported.asked(1)), -0.3)
        again = report.make(journal, "C1").markdown
        assert standing.UNFINISHED in again
        assert standing.NOTHING_FOUND not in again
        reported.close_campaign(journal, ("F1",))
        assert standing.UNFINISHED not in report.make(journal, "C1").markdown


def test_a_run_without_an_end_is_drawn_without_an_interval(tmp_path: Path) -> None:
    from science import sealed

    with Journal(tmp_path / "journal", write=True) as journal:
        reported.open_campaign(journal)
        plan = sealed.plan(journal, reported.propose(journal, reported.asked(1)))
        run = sealed.measured(plan, -0.3)[:7]
        happened, _ = sealed.events_of(
            journal, plan, run, "X1", status="killed", reason="9 of 10 lost"
        )
        journal.append_all(happened[:-1], "C1")
        made = report.make(journal, "C1")
    assert "9 of 10 lost" in made.markdown
    assert made.html.count("<figure") == 1
    assert "95%" not in made.html.partition("<svg")[2]


@pytest.mark.parametrize("direction", list(Direction))
def test_an_arm_named_like_a_word_of_claims_is_still_reported(
    tmp_path: Path, direction: Direction
) -> None:
    names: dict[str, Any] = {"treatment": "p", "control": "more", "metric": "0.5"}
    with Journal(tmp_path / "journal", write=True) as journal:
        reported.open_campaign(journal)
        hypothesis = reported.asked(1, kit="", code_hash="c", direction=direction, **names)
        reported.measure(journal, reported.propose(journal, hypothesis), -0.3, "x = 1\n", runs=1)
        made = report.make(journal, "C1")
    assert 'F1: "p lowered 0.5' in made.markdown
    assert "| more |" in made.markdown


def test_two_hundred_findings_fit_into_one_report(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", write=True) as journal:
        reported.many(journal, 200)
        made = report.make(journal, "C1")
    assert len(rows(made.markdown, "finding", "hypothesis")) == 200
    assert made.html.count("<figure") == 200


def test_a_report_is_written_whole_and_over_the_old_one(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", write=True) as journal:
        reported.open_campaign(journal)
        said, page = report.write(journal, "C1", tmp_path / "reports")
        before = said.read_text()
        said.chmod(0o600)
        reported.close_campaign(journal, ())
        assert report.write(journal, "C1", tmp_path / "reports") == (said, page)
        with pytest.raises(UsageError, match="no campaign C9"):
            report.write(journal, "C9", tmp_path / "reports")
    assert standing.UNFINISHED in before
    assert standing.UNFINISHED not in said.read_text()
    assert said.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in page.parent.iterdir()) == ["C1.html", "C1.md"]


def test_a_report_tells_only_of_its_own_campaign(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", write=True) as journal:
        reported.open_campaign(journal)
        first: Finding = reported.measure(
            journal, reported.propose(journal, reported.asked(1)), -0.3
        )
        reported.close_campaign(journal, (first.id,))
        reported.open_campaign(journal, "C2")
        made = report.make(journal, report.last_campaign(journal))
        assert made.dossier.campaign == "C2"
        assert made.dossier.findings == ()
        assert "F1" not in made.markdown
