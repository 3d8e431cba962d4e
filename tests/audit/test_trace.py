"""Whatever was printed leads back to where it comes from, and what nobody printed leads nowhere."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from scientist.audit.evidence import gather
from scientist.audit.tracing import Node, cut, figures, trace
from scientist.audit.tracing.node import walk
from scientist.audit.tracing.trail import Trail
from scientist.errors import JournalError, ScientistError
from scientist.journal import Journal, project
from scientist.journal.index import Index, Query
from scientist.records import Address
from scientist.science.claims import numbers
from scientist.science.claims.operations import NotBound, compute

from . import traced
from .traced import command

OF_ONE = ("mean", "median", "minimum", "maximum", "standard deviation")
OF_TWO = ("effect", "relative effect", "ratio", "standardized effect", "lower in", "higher in")
JUDGED = ("interval low", "interval high", "p", "overall p", "e", "pairs", "alpha", "level")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traced")
    traced.build(folder)
    return folder


@pytest.fixture
def trail(workspace: Path) -> Iterator[Trail]:
    with Journal(workspace / "journal") as journal, Index(workspace / "journal") as index:
        yield Trail(journal, index)


def found(trail: Trail, asked: str, most: int = 20) -> list[Node]:
    return trace(trail.journal, trail.index, asked, most).nodes


def of(nodes: list[Node], what: str) -> list[Node]:
    return [node for node in walk(nodes) if node.what == what]


def test_every_number_of_a_finding_s_sentence_leads_back_to_it(trail: Trail) -> None:
    tried = 0
    for view in project.findings(trail.journal)[:2]:  # the third is full of other numbers
        said = view.record.statement
        for number in numbers.find(said):
            if number.label or number.relation != "=":
                continue
            nodes = found(trail, number.text, most=500)
            names = [node.text.partition(" ")[0].strip(":") for node in of(nodes, "finding")]
            assert view.record.id in names, (said, number.text)
            tried += 1
    assert tried > 6


def test_every_number_that_an_operation_gives_is_found(trail: Trail) -> None:
    evidence, tried = gather(trail.journal), 0
    for run in (run for run in evidence.runs if run.experiment):
        arms, metrics = run.protocol.arms, sorted(run.metrics)
        ones = [((arm,), m, name) for arm in arms for m in metrics for name in OF_ONE]
        twos = [
            (two, m, name)
            for two in itertools.permutations(arms, 2) for m in metrics for name in OF_TWO
        ]  # fmt: skip
        sealed = (run.protocol.treatment, run.protocol.control)
        rest = [(sealed, run.protocol.metric, name) for name in JUDGED]
        for pair, metric, name in (*ones, *twos, *rest):
            at = Address(experiment=run.experiment, operation=name, arms=pair, metric=metric)
            try:
                value = compute(evidence, at)
            except NotBound:
                continue
            assert isinstance(value, float | int)
            number = figures.read(f"{value:.9g}")
            assert number is not None
            assert any(
                given.address is not None
                and given.address.experiment == run.experiment
                and given.address.metric == metric
                for given in figures.give(trail, number)
            ), at
            tried += 1
    assert tried > 60


def test_a_number_that_nothing_on_record_gives_is_refused(trail: Trail, workspace: Path) -> None:
    with pytest.raises(ScientistError, match="nothing on record gives 0.123456789"):
        found(trail, "0.123456789")
    done = command("trace", "-0.123456789", "-w", workspace)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing on record gives -0.123456789" in done.stderr


def test_a_number_of_which_a_digit_was_changed_is_not_given_by_its_finding(trail: Trail) -> None:
    record = project.findings(trail.journal)[0].record
    effect = next(n for n in numbers.find(record.statement) if n.step and n.value < 1)
    changed = effect.text[:-1] + str((int(effect.text[-1]) + 5) % 10)
    with pytest.raises(ScientistError, match="nothing on record gives this sentence"):
        found(trail, f"stable lowered shifted_error by {changed} compared with pooled")
    asked = trace(trail.journal, trail.index, f"stable lowered shifted_error by {changed} [F1]")
    assert asked.refused
    assert of(asked.nodes, "refused")


def test_of_several_that_give_a_number_the_most_recent_is_first(trail: Trail) -> None:
    nodes = found(trail, "0.05", most=400)  # the smallest effect of interest of every finding
    named = [n.text.partition(" ")[0].strip(":") for n in of(nodes, "finding")]
    ids = [name for name in dict.fromkeys(named) if name in ("F1", "F2", "F3")]
    assert ids == ["F3", "F2", "F1"]
    few = trace(trail.journal, trail.index, "0.05", 1)
    assert len(few.nodes) == 1
    assert "only the 1 most recent" in few.left


def test_every_step_names_its_event_with_its_hash_and_the_file_of_its_bytes(trail: Trail) -> None:
    known = {entry.seq: entry.hash for entry in trail.journal.entries()}
    nodes = [node for name in ("F1", "H7", "K1", "A1", "T1", "E1:2") for node in found(trail, name)]
    steps = list(walk(nodes))
    assert len(steps) > 60
    for node in steps:
        assert node.entry is not None, node
        assert known[node.entry.seq] == node.entry.hash
        for blob in node.blobs:
            assert hashlib.sha256(blob.path.read_bytes()).hexdigest() == blob.digest


def test_a_finding_leads_to_its_trials_code_plan_quote_and_calls(trail: Trail) -> None:
    nodes = found(trail, "f1")
    whats = {node.what for node in walk(nodes)}
    assert whats >= {
        *("operation", "experiment", "trials", "arm", "code", "arm's code", "protocol", "judged"),
        *("hypothesis", "quote", "model call", "conflict", "resolution"),
    }
    record = project.findings(trail.journal)[0].record
    plan = project.protocol(trail.journal, record.protocol_digest)
    trials = project.raw_trials(trail.journal, record.trials_blob)
    measured = {(t.arm, t.seed): t.metrics[record.metric] for t in trials}
    arm = next(n for n in of(nodes, "arm") if n.text.startswith("stable"))
    told = dict(line.removeprefix("seed ").split(": ") for line in arm.lines)
    assert {("stable", int(seed)): float(value) for seed, value in told.items()} == {
        key: pytest.approx(value) for key, value in measured.items() if key[0] == "stable"
    }
    assert f"level {plan.level:.4g}" in " ".join(of(nodes, "protocol")[0].lines)
    for node in of(nodes, "arm's code"):
        source = node.blobs[0].path.read_text().splitlines()
        place = re.search(r"lines (\d+) to (\d+)", node.text)
        assert place
        assert node.lines[0].split(maxsplit=1)[1] == source[int(place[1]) - 1].strip()
    quotes = of(nodes, "quote")
    assert quotes
    for node in quotes:
        assert "stands there word for word" in node.lines
        assert node.blobs[0].path.is_file()


def test_of_many_trials_the_extremes_are_told(trail: Trail) -> None:
    record = project.findings(trail.journal)[1].record
    trials = project.raw_trials(trail.journal, record.trials_blob)
    mine = sorted((t.metrics[record.metric], t.seed) for t in trials if t.arm == "stable")
    assert len(mine) > 12
    arm = next(n for n in of(found(trail, "F2"), "arm") if n.text.startswith("stable"))
    (low, first), (high, last) = mine[0], mine[-1]
    assert arm.lines == (f"lowest {low:.12g} (seed {first}), highest {high:.12g} (seed {last})",)


def test_code_leads_to_the_tries_that_made_it(trail: Trail) -> None:
    (written,) = of(found(trail, "H7"), "code written")
    calls = of(written.children, "model call")
    assert [node.text.partition(",")[2].split(":")[0].strip() for node in calls] == [
        "invalid",
        "valid",
    ]
    assert "temperature 0.7, seed 7, attempt 1" in calls[1].lines
    assert "300 tokens read (100 cached), 20 written in 2.0 s" in calls[1].lines


def test_a_sentence_that_stands_on_record_is_traced_as_what_it_is(trail: Trail) -> None:
    record = project.findings(trail.journal)[0].record
    assert found(trail, record.statement)[0].what == "finding"
    nodes = found(trail, "Stable cues pay.")
    assert {"question", "answer", "finding", "sentence"} <= {node.what for node in nodes}
    with pytest.raises(ScientistError, match="stands nowhere on record"):
        found(trail, "Nobody ever said this.")


def test_a_claim_leads_to_its_conflict_and_to_the_user_s_word(trail: Trail) -> None:
    nodes = found(trail, "A1")
    assert of(nodes, "pinned")[0].text == "by the user: it stands"
    assert "demote: F1 was measured" in of(nodes, "resolution")[0].text
    assert {n.what for n in found(trail, "K1")[0].children} >= {"finding", "claim", "resolution"}


def test_a_digest_leads_to_what_has_it(trail: Trail) -> None:
    record = project.findings(trail.journal)[0].record
    (node,) = of(found(trail, record.protocol_digest[:12]), "protocol")[:1]
    assert node.text.startswith(record.protocol_digest)
    assert of(found(trail, record.protocol_digest[:12]), "experiment")


def test_a_depth_leaves_out_what_is_deeper_and_says_so(trail: Trail) -> None:
    nodes = found(trail, "F1")
    (top,) = cut(nodes, 1)
    assert [child.what for child in top.children] == ["more"]
    assert top.children[0].text.startswith(str(len(list(walk(nodes))) - 1))


def test_nothing_on_a_terminal_obeys_what_somebody_wrote(workspace: Path) -> None:
    for name in ("H7", "K1", "C1"):
        done = command("trace", name, "-w", workspace)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout
    document = json.loads(command("trace", "F1", "--json", "-w", workspace).stdout)
    assert document["found"][0]["what"] == "finding"
    assert len(document["found"][0]["hash"]) == 64


def test_a_line_that_was_altered_ends_a_trace_as_a_failed_check(
    workspace: Path, tmp_path: Path
) -> None:
    shutil.copytree(workspace / "journal", tmp_path / "journal")
    segment = tmp_path / "journal" / "000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if b'"kind":"finding_recorded"' in line)
    lines[place] = lines[place].replace(b"lowered", b"Lowered", 1)
    segment.write_bytes(b"".join(lines))
    done = command("trace", "F1", "-w", tmp_path)
    assert done.returncode == 5
    assert f"event {place + 1} was altered" in done.stderr


def test_an_event_that_is_none_of_its_kind_is_named(workspace: Path, tmp_path: Path) -> None:
    from scientist.journal.chain import encode

    shutil.copytree(workspace / "journal", tmp_path / "journal")
    with Journal(tmp_path / "journal", write=True) as journal:
        seq, head = journal.head
        data = {"finding": {"id": "F99", "statement": 7, "judgement": []}}
        line, _ = encode(
            seq + 1, "2026-01-01T00:00:00+00:00", "C1", "finding_recorded", data, 1, head
        )
    with (tmp_path / "journal" / "000001.jsonl").open("ab") as file:
        file.write(line)
    with Journal(tmp_path / "journal") as journal, Index(tmp_path / "journal") as index:
        with pytest.raises(JournalError, match=f"event {seq + 1} .* does not fit its schema"):
            trace(journal, index, "F99")
        assert trace(journal, index, "F1").nodes
        assert index.count(Query(kinds=("finding_recorded",))) == 5
