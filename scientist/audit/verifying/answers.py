"""What the model answered, byte for byte, against what was recorded of it.

Of each call: the request's model, seed and temperature, and the tokens that the answer counts. Of
each hypothesis that a model proposed: an item of the answer before it that says the same. Of one
that is what a question asks: what the model read in the question. Of code
that a model wrote: an answer that holds it. Where an answer cannot decide, nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from scientist.audit.tracing.exchange import WRITING, answered, exchange
from scientist.audit.verifying import asked
from scientist.audit.verifying.outcome import Audit, Broken
from scientist.errors import ScientistError
from scientist.journal import Entry
from scientist.journal.redact import masked
from scientist.llm import prompting
from scientist.llm.client import unfenced
from scientist.records import Rung, one_line
from scientist.science.belief import CONFIDENCE

PROPOSING, READING = "hypothesize", "question"
_NESTED = ("new_arm", "own_experiment")


def check(audit: Audit) -> None:
    """Call by call, in the order of the record."""
    calls: dict[str, list[Entry]] = {}
    rungs: dict[str, Any] = {}
    opened: dict[str, dict[str, Any]] = {}
    told: dict[str, str] = {}
    kinds = ("effect_intended", "model_called", "hypothesis_proposed", "code_written", "reasoned")
    for entry in audit.journal.entries("campaign_opened", *kinds):
        campaign, data = str(entry.campaign), entry.data
        place = f"event {entry.seq}"
        match entry.kind:
            case "campaign_opened":
                opened[campaign] = data
            case "effect_intended":
                calls[campaign] = []
            case "model_called":
                calls.setdefault(campaign, []).append(entry)
                _call(audit, entry, place)
            case "reasoned" if data.get("about") in rungs:  # it was tested before
                one = {**rungs[data["about"]], "conditions": []}
                one["rationale"] = opened[campaign]["question"] or ""
                made = _made(calls, campaign, READING)
                _read(audit, one, made, place, opened[campaign])
            case "reasoned" if data.get("about"):
                told[place] = data["about"]
            case "hypothesis_proposed":
                one = data["hypothesis"]
                rungs[one["id"]] = one
                if made := _made(calls, campaign, PROPOSING):
                    _proposed(audit, one, _last(made), place)
                if made := _made(calls, campaign, READING):
                    _read(audit, one, made, place, opened[campaign])
                    told = {where: name for where, name in told.items() if name != one["id"]}
            case "code_written":
                made = _made(calls, campaign, *WRITING)
                _written(audit, data, rungs.get(data["hypothesis"], {}), made, place)
    for where, name in told.items():
        raise Broken(f"a question is said to be {name}, which no model read in it", where)


def _made(calls: Mapping[str, list[Entry]], campaign: str, *prompts: str) -> list[Entry]:
    """What the model was asked with some prompts, since the last effect was begun."""
    return [entry for entry in calls.get(campaign, ()) if entry.data["prompt"] in prompts]


def _call(audit: Audit, entry: Entry, place: str) -> None:
    data = entry.data
    request = _json(audit.journal.get(data["request_blob"])) if data["request_blob"] else None
    if isinstance(request, dict) and data["outcome"] != "fault":
        for name in ("model", "seed", "temperature"):
            if name in request and request[name] != data[name]:
                raise Broken(
                    f"the model was asked with {name} {request[name]}, on record is {data[name]}",
                    place,
                )
    if isinstance(request, dict):
        _instructed(audit, entry, place)
    raw = audit.journal.get(data["response_blob"]) if data["response_blob"] else b""
    used = _usage(raw)
    said = (data["usage"]["prompt"], data["usage"]["completion"])
    if used is not None and data["outcome"] != "fault" and used != said:
        raise Broken(f"the answer counts {used} tokens, on record are {said}", place)
    audit.count("model calls")


def _last(made: list[Entry]) -> list[Entry]:
    """The last call of each answer that was drawn: repairs of one take the seeds that follow."""
    return list({(e.data["seed"] or 0) - e.data["attempt"]: e for e in made}.values())


def _proposed(audit: Audit, hypothesis: dict[str, Any], calls: list[Entry], place: str) -> None:
    """The item of an answer that a hypothesis was made from."""
    for call in calls:
        if any(_says(item, hypothesis) for item in _items(_answer(audit, call))):
            break
    else:
        _shown(audit, hypothesis, calls[-1], place)
        raise Broken(
            f"hypothesis {hypothesis['id']} is not what the model answered",
            f"{place}, answer in event {', '.join(str(call.seq) for call in calls)}",
            {hypothesis["id"]},
        )
    _shown(audit, hypothesis, call, place)
    audit.count("answers that lead to their hypothesis")


def _read(
    audit: Audit, hypothesis: dict[str, Any], made: list[Entry], place: str, opened: dict[str, Any]
) -> None:
    """What the model made of the question that a hypothesis answers."""
    if not made:
        said = f"a question is said to be {hypothesis['id']}, and no model was asked what it means"
        raise Broken(said, place)
    call, embedded = made[-1], str(opened["settings"].get("embedding", ""))
    if one_line(hypothesis["rationale"]) not in _said(audit, call):
        raise Broken(
            f"hypothesis {hypothesis['id']} answers a question that the model was not asked",
            f"{place}, request in event {call.seq}",
            {hypothesis["id"]},
        )
    if not asked.same(audit, hypothesis, _answer(audit, call), embedded):
        raise Broken(
            f"hypothesis {hypothesis['id']} is not what the model read in the question",
            f"{place}, answer in event {call.seq}",
            {hypothesis["id"]},
        )
    audit.count("answers that lead to their hypothesis")


def _shown(audit: Audit, hypothesis: dict[str, Any], call: Entry, place: str) -> None:
    """Whatever a hypothesis quotes stands in what the model was asked."""
    said = _said(audit, call)
    for quote in hypothesis["quotes"]:
        if one_line(quote["text"]) not in said:
            raise Broken(
                f"hypothesis {hypothesis['id']} quotes {quote['essay']}:{quote['sentence']} in "
                "words that the model was not shown",
                f"{place}, request in event {call.seq}",
                {hypothesis["id"]},
            )


def _said(audit: Audit, call: Entry) -> str:
    """All that the model was told in a call, on one line."""
    return one_line(" ".join(_messages(audit.journal.get(call.data["request_blob"]))))


def _messages(raw: bytes) -> list[str]:
    """What the messages of a request say."""
    request = _json(raw)
    listed = request.get("messages") if isinstance(request, dict) else None
    return [str(one.get("content", "")) for one in listed or () if isinstance(one, dict)]


def _instructed(audit: Audit, entry: Entry, place: str) -> None:
    """The instructions of a prompt that is still the same are those that were sent."""
    try:
        prompt = prompting.load(entry.data["prompt"])
        if prompt.hash != entry.data["prompt_hash"]:
            return
        due = prompt.instructions()
    except ScientistError:  # not a prompt of this version, or one that begins with what varies
        return
    if _messages(audit.journal.get(entry.data["request_blob"]))[:1] != [due]:
        raise Broken(
            f"the model was not sent the instructions of the prompt {entry.data['prompt']}", place
        )


def _says(item: dict[str, Any], hypothesis: dict[str, Any]) -> bool:
    """Whether an item names the arms, the metric, the direction and the reason on record."""
    if item.get("reason") != hypothesis["rationale"]:
        return False
    if CONFIDENCE.get(str(item.get("confidence")), hypothesis["prior"]) != hypothesis["prior"]:
        return False
    if (item.get("metric"), item.get("direction")) != (
        hypothesis["metric"],
        hypothesis["direction"],
    ):
        return False
    treatment, control = hypothesis["treatment"], hypothesis["control"]
    if "comparison" in item:
        return bool(item["comparison"] == f"{treatment} against {control}")
    if "like" in item:
        return bool(item["like"] == control and one_line(item["change"]) == hypothesis["idea"])
    return (item.get("treatment"), item.get("control")) == (treatment, control)


def _written(
    audit: Audit, data: dict[str, Any], hypothesis: dict[str, Any], calls: list[Entry], place: str
) -> None:
    """The code of a free experiment is an answer; that of an arm has an answer's functions."""
    code = masked(audit.journal.get(data["code_hash"]).decode())  # code is kept as it is
    if not calls or not hypothesis:
        return
    answers = [masked(exchange(audit.journal, call).code) for call in calls]
    if data["rung"] == Rung.FREE:
        found = code in answers
    else:
        arm = hypothesis["treatment"]
        bodies = [body for one in answers if (body := _body(one, arm))]
        if not bodies:
            return
        found = _body(code, arm) in bodies
    if not found:
        raise Broken(
            f"the code for {data['hypothesis']} is in no answer of the model",
            place,
            {data["hypothesis"]},
        )
    audit.count("answers that hold the code")


def _body(code: str, name: str) -> str:
    """What a function of that name does, however it is laid out; empty if there is none."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return "\n".join(map(ast.unparse, node.body))
    return ""


def _answer(audit: Audit, call: Entry) -> dict[str, Any]:
    """The JSON object that the model answered, read as the client reads it; empty if it is none."""
    text = answered(audit.journal.get(call.data["response_blob"]))[0]
    found = _json(unfenced(text).encode())
    return found if isinstance(found, dict) else {}


def _items(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    listed = found.get("hypotheses")
    items = [*(listed if isinstance(listed, list) else ()), *(found.get(n) for n in _NESTED)]
    yield from (one for one in items if isinstance(one, dict))


def _usage(raw: bytes) -> tuple[int, int] | None:
    """The last count of tokens in a response; None if it has none."""
    found = None
    stripped = raw.lstrip()
    pieces = [stripped] if stripped.startswith(b"{") else []
    pieces += [line[5:] for line in raw.splitlines() if line.startswith(b"data:")]
    for piece in pieces:
        body = _json(piece)
        used = body.get("usage") if isinstance(body, dict) else None
        if isinstance(used, dict) and isinstance(used.get("prompt_tokens"), int):
            found = (used["prompt_tokens"], int(used.get("completion_tokens") or 0))
    return found


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw.strip())
    except ValueError:
        return None
