"""Who rewrites a record, chains it and signs it anew is found out by what it says."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scientist.audit.tracing.exchange import answered
from scientist.journal import index
from scientist.journal.index import Index
from scientist.science import protocol as protocols

from .forging import Change, Fault, Line, altered, first, get, of, put, rewrite, verified


def trials_of(lines: list[Line], workspace: Path, edit: Callable[[bytes], bytes]) -> None:
    """Other trials in all that speaks of them."""
    ended = first(lines, "experiment_finished")
    other = put(workspace, edit(get(workspace, ended["trials_blob"])))
    ended["trials_blob"] = other
    for finding in of(lines, "finding_recorded"):
        if finding["finding"]["experiment"] == ended["experiment"]:
            finding["finding"]["trials_blob"] = other
        elif finding["finding"]["first"]:
            finding["finding"]["first"]["trials_blob"] = other


def trials(edit: Callable[[bytes], bytes], folders_too: bool = False) -> Fault:
    def fault(workspace: Path) -> None:
        if folders_too:
            shutil.rmtree(workspace / "runs")
        rewrite(workspace, lambda lines: trials_of(lines, workspace, edit))

    return fault


def better(raw: bytes) -> bytes:
    """The first trial with another number."""
    line, _, rest = raw.partition(b"\n")
    head, mark, tail = line.partition(b'_error":')
    return head + mark + b"0.0" + tail[tail.index(b",") :] + b"\n" + rest


def moved(kind: str, before: str) -> Change:
    def change(lines: list[Line]) -> list[Line]:
        at = next(n for n, line in enumerate(lines) if line["kind"] == kind)
        one = {**lines.pop(at), "more": False}
        to = next(n for n, line in enumerate(lines) if line["kind"] == before)
        while to and lines[to - 1].get("more"):
            to -= 1
        return [*lines[:to], one, *lines[to:]]

    return change


def essay(workspace: Path, lines: list[Line], original: bool) -> None:
    """Other words in an essay and in everything that quotes it."""
    event = first(lines, "essay_added")
    names = ("text_blob", "passages_blob", *(("source_blob",) if original else ()))
    for name in names:
        content = get(workspace, event[name]).replace(b"fewer errors", b"other errors")
        event[name] = put(workspace, content)
    for hypothesis in of(lines, "hypothesis_proposed"):
        for quote in hypothesis["hypothesis"]["quotes"]:
            quote["text"] = quote["text"].replace("fewer errors", "other errors")
    for finding in of(lines, "finding_recorded"):
        for quote in finding["finding"]["quotes"]:
            quote["text"] = quote["text"].replace("fewer errors", "other errors")


def answer(workspace: Path, lines: list[Line]) -> None:
    for call in of(lines, "model_called"):
        said, _ = answered(get(workspace, call["response_blob"]))
        assert "stability pays" in said
        content = said.replace("stability pays", "instability pays")
        whole = json.dumps({"choices": [{"message": {"content": content}}]})
        call["response_blob"] = put(workspace, whole.encode())


def without(lines: list[Line], data: Any) -> list[Line]:
    return [line for line in lines if line["data"] != data]


def without_opening(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["kind"] != "campaign_opened"]


def edited(name: str, old: str, new: str) -> Fault:
    def fault(workspace: Path) -> None:
        file = next(workspace.glob(name))
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new, 1))

    return fault


def in_chroma(statement: str) -> Fault:
    def fault(workspace: Path) -> None:
        (file,) = workspace.glob("chroma/generation-*/chroma.sqlite3")
        with sqlite3.connect(file) as db:
            assert db.execute(statement).rowcount

    return fault


def rerecorded(kind: str, path: tuple[str, ...], value: Any) -> Fault:
    def edit(data: Any) -> None:
        for step in path[:-1]:
            data = data[step]
        assert data[path[-1]] != value
        data[path[-1]] = value

    return altered(kind, edit)


MEANING: dict[str, tuple[Fault, str, str]] = {
    "fabricated trial": (trials(better), "was measured otherwise", "F1"),
    "fabricated trial without run folders": (
        trials(better, True),
        "is not what was measured",
        "F1",
    ),
    "dropped trial": (trials(lambda raw: raw.partition(b"\n")[2]), "its blob has", "F1"),
    "trials edited in the run folder": (
        edited("runs/*-1/trials.jsonl", '"seconds": 0', '"seconds": 9'),
        "was measured otherwise",
        "F1",
    ),
    "code edited after the seal": (
        rerecorded("protocol_sealed", ("protocol", "code_hash"), "0" * 64),
        "the protocol on record is not the one that was sealed",
        "F1",
    ),
    "run before the seal": (
        lambda w: rewrite(w, moved("experiment_started", "protocol_sealed")),
        "X1 began without a sealed protocol",
        "F1",
    ),
    "seal left out": (
        lambda w: rewrite(w, lambda x: [e for e in x if e["kind"] != "protocol_sealed"]),
        "without a sealed protocol",
        "F1",
    ),
    "hypothesis left out": (
        lambda w: rewrite(w, lambda x: without(x, first(x, "hypothesis_proposed"))),
        "H1 is not on record",
        "",
    ),
    "experiment left out": (
        lambda w: rewrite(w, lambda x: [e for e in x if e["data"].get("experiment") != "X1"]),
        "X1 is not on record: what stands in its place is X2",
        "F1",
    ),
    "campaign without its opening": (
        lambda w: rewrite(w, without_opening), "C1 was never opened", ""
    ),
    "campaign under another name": (
        lambda w: rewrite(w, lambda x: [{**e, "campaign": e["campaign"] and "C2"} for e in x]),
        "campaign C1 is not on record",
        "",
    ),
    "verdict": (
        rerecorded("finding_recorded", ("finding", "judgement", "verdict"), "inconclusive"),
        "F1",
        "F1",
    ),
    "effect": (
        rerecorded("finding_recorded", ("finding", "judgement", "effect"), -9.0),
        "F1",
        "F1",
    ),
    "sentence": (
        altered("finding_recorded", lambda data: data["finding"].update(statement="It won.")),
        "F1",
        "F1",
    ),
    "quote": (
        altered(
            "hypothesis_proposed",
            lambda data: data["hypothesis"]["quotes"][0].update(text="It always pays."),
        ),
        "does not stand in the essay",
        "",
    ),
    "essay and its quotes": (
        lambda w: rewrite(w, lambda x: essay(w, x, original=False)),
        "does not stand in the bytes that essay E1 was read from",
        "F1",
    ),
    "answer": (
        lambda w: rewrite(w, lambda x: answer(w, x)), "H1 is not what the model answered", ""
    ),
    "hypothesis": (
        rerecorded("hypothesis_proposed", ("hypothesis", "direction"), "increase"), "H1", ""
    ),
    "sampling": (rerecorded("model_called", ("seed",), 99), "asked with seed", ""),
    "tokens": (
        rerecorded("model_called", ("usage", "completion"), 1), "the answer counts", ""
    ),
    "report": (
        edited("reports/C1.md", "supported", "proven"), "it was edited", ""
    ),
    "page": (edited("reports/C1.html", "<h2", "<h2 class=x"), "C1.html", ""),
    "text in the vector store": (
        in_chroma(
            "UPDATE embedding_metadata SET string_value = 'else' "
            "WHERE key = 'chroma:document' AND string_value LIKE '%reversed%'"
        ),
        "is not what the record says",
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANING)
def test_a_fraud_that_was_chained_and_signed_anew_is_found_by_what_it_says(
    copy: Path, name: str
) -> None:
    fault, says, falls = MEANING[name]
    fault(copy)
    found = verified(copy)
    assert found.record.passed, "this is not for the bytes to tell"
    assert found.fault is not None
    assert says in found.fault.problem, found.fault
    assert falls in found.fault.reach.told()


def test_a_level_that_the_tests_before_it_do_not_leave_is_found(copy: Path) -> None:
    def change(lines: list[Line]) -> None:
        sealed = of(lines, "protocol_sealed")[-1]
        before, sealed["protocol"]["level"] = sealed["digest"], 0.04
        sealed["digest"] = protocols.digest(sealed["protocol"])
        for line in lines:
            _replace(line["data"], "protocol_digest", before, sealed["digest"])

    rewrite(copy, change)
    found = verified(copy)
    assert found.fault is not None
    assert "the level 0.04 of a test of" in found.fault.problem
    assert "that the tests before it leave" in found.fault.problem


def _replace(data: Any, name: str, old: str, new: str) -> None:
    if isinstance(data, dict):
        if data.get(name) == old:
            data[name] = new
        for value in data.values():
            _replace(value, name, old, new)
    elif isinstance(data, list):
        for value in data:
            _replace(value, name, old, new)


def test_an_index_that_says_otherwise_is_told_with_the_command_that_mends_it(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "LEAST_BYTES", 0)
    with Index(copy / "journal"):
        pass
    assert verified(copy).fault is None
    with sqlite3.connect(copy / "index.sqlite") as db:
        db.execute("UPDATE event SET kind = 1 WHERE n = 9")
    found = verified(copy)
    assert found.fault is not None
    assert "the index of events is not what the journal gives: about event 9" in found.fault.problem
    assert found.fault.hint.startswith("scientist rebuild")
    assert not found.fault.reach.told(), "the record itself stands"


@pytest.mark.parametrize("maker", ["", "0.1.0 0123456789abcdef"], ids=["this code", "other code"])
def test_a_report_of_other_code_is_known_by_its_bytes_alone(copy: Path, maker: str) -> None:
    """Who may sign can put an edited report on record; the code at hand does not bear it out."""
    edited("reports/C1.md", "supported", "proven")(copy)
    digest = hashlib.sha256((copy / "reports" / "C1.md").read_bytes()).hexdigest()

    def change(lines: list[Line]) -> None:
        written = first(lines, "report_written")
        written["files"]["C1.md"] = digest
        written["maker"] = maker or written["maker"]

    rewrite(copy, change)
    found = verified(copy)
    if maker:
        assert found.fault is None
    else:
        assert found.fault is not None
        assert "C1.md is not what the record renders" in found.fault.problem
