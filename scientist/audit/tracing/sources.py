"""Where a hypothesis came from: the sentence in its essay, and the model calls that wrote it."""

from __future__ import annotations

from typing import Any

from scientist.audit.tracing.node import Node
from scientist.audit.tracing.trail import Trail, value
from scientist.journal import Entry
from scientist.journal.index import Query
from scientist.records import Quote, clean

EFFECT = ("effect_intended", "model_called")


def quote(trail: Trail, one: Quote) -> Node:
    """A sentence of an essay, and whether it stands there word for word."""
    entry = trail.first(one.essay, "essay_added")
    said = f'"{clean(one.text)}" [{one.address}]'
    if entry is None:
        return trail.step("quote", f"{said}: there is no essay {clean(one.essay)} on record")
    text = trail.text(str(value(entry.data, entry, "text_blob")))
    place = f"characters {one.start} to {one.end}, line {_line(text, one.start)}"
    title, file = clean(str(entry.data.get("title"))), clean(str(entry.data.get("source")))
    stands = text[one.start : one.end] == one.text
    node = trail.step(
        "quote",
        said,
        entry,
        trail.blob("text", entry.data["text_blob"]),
        (
            f"{place} of {title} ({file})",
            "stands there word for word" if stands else "DOES NOT stand there",
        ),
    )
    node.address = one.address
    return node


def essay(trail: Trail, name: str, number: str) -> list[Node]:
    """An essay, or one of its sentences, with the hypotheses that quote it."""
    from scientist.corpus import store

    entry = trail.first(name, "essay_added")
    if entry is None:
        return []
    data = entry.data
    title = f"{name} {clean(str(data.get('title')))} ({clean(str(data.get('source')))})"
    blobs = (*trail.blob("text", data.get("text_blob")), *trail.blob("file", data["source_blob"]))
    if not number:
        return [trail.step("essay", f"{title}, {data.get('sentences')} sentences", entry, blobs)]
    _, (said,) = store.around(trail.journal, f"{name}:{number}", 0)
    text = Quote(essay=name, sentence=said.number, start=said.start, end=said.end, text=said.text)
    node = quote(trail, text)
    node.what = "sentence"
    for one in trail.naming(f"{name}:{number}", "hypothesis_proposed"):
        told = clean(str(value(one.data, one, "hypothesis", "statement")))
        node.children.append(
            trail.step("quoted by", f"{one.data['hypothesis'].get('id')}: {told}", one)
        )
    return [node]


def calls(trail: Trail, entry: Entry) -> list[Node]:
    """The model calls, repairs and all, of the effect that led to an event."""
    found: list[Entry] = []
    behind = Query(kinds=EFFECT, campaign=entry.campaign, before=entry.seq, backwards=True)
    for one in trail.entries(behind):
        if one.kind == "effect_intended":
            break
        found.append(one)
    return [call(trail, one) for one in reversed(found)]


def call(trail: Trail, entry: Entry) -> Node:
    """One model call: template, model, sampling, tokens, and its exact bytes."""
    data: dict[str, Any] = entry.data
    usage = data.get("usage", {})
    problem = f": {clean(str(data.get('problem')))}" if data.get("problem") else ""
    digest = data.get("model_digest")
    return trail.step(
        "model call",
        f"{data.get('prompt')}@{data.get('prompt_version')} by {clean(str(data.get('model')))}, "
        f"{data.get('outcome')}{problem}",
        entry,
        (
            *trail.blob("request", data.get("request_blob")),
            *trail.blob("response", data.get("response_blob")),
        ),
        (
            f"template {data.get('prompt_hash')}",
            f"weights {digest}" if digest else "the server does not say which weights it has",
            f"temperature {data.get('temperature')}, seed {data.get('seed')}, "
            f"attempt {data.get('attempt')}",
            f"{usage.get('prompt')} tokens read ({usage.get('cached')} cached), "
            f"{usage.get('completion')} written in {data.get('seconds')} s",
        ),
    )


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
