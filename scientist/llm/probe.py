"""What can this model and server do? Measured by asking, not by reading a version."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from scientist.errors import ScientistError
from scientist.llm.client import Client
from scientist.llm.endpoint import Handle
from scientist.llm.streaming import Heard, listen
from scientist.settings import Settings

if TYPE_CHECKING:
    import openai

INVENTED = ("grue", "bleen", "florp")


class Item(BaseModel):
    """One ability, as measured."""

    what: str
    result: Literal["yes", "no", "unknown"] | str
    detail: str


class Probe(BaseModel):
    """All abilities of one model at one server."""

    model: str
    url: str
    kind: str
    items: list[Item]

    def supports(self, what: str) -> bool:
        """Whether an ability was found."""
        return any(item.what == what and item.result == "yes" for item in self.items)


def probe(handle: Handle, settings: Settings) -> Probe:
    """Ask for each ability in turn; one that fails does not stop the others."""
    endpoint = handle.endpoint
    with Client(handle, settings) as client:
        api = client.open()
        questions: tuple[tuple[str, Callable[[], tuple[str, str]]], ...] = (
            ("context", lambda: _context(handle)),
            ("json schema", lambda: _schema(api, endpoint.model)),
            ("native tools", lambda: _tools(api, endpoint.model)),
            ("log-probabilities", lambda: _log_probabilities(api, endpoint.model)),
            ("prefix caching", lambda: _prefix_cache(api, endpoint.model)),
            ("speed", lambda: _speed(api, endpoint.model)),
        )
        items = []
        for what, question in questions:
            try:
                result, detail = question()
            except ScientistError as fault:
                result, detail = "unknown", fault.message
            except Exception as fault:  # whatever a server does here is its answer
                result, detail = "no", f"{type(fault).__name__}: {fault}"[:160]
            items.append(Item(what=what, result=result, detail=detail))
    return Probe(model=endpoint.model, url=endpoint.url, kind=endpoint.kind, items=items)


def _context(handle: Handle) -> tuple[str, str]:
    tokens = handle.endpoint.context
    return (str(tokens), "tokens") if tokens else ("unknown", "the server does not say")


def _schema(api: openai.OpenAI, model: str) -> tuple[str, str]:
    """Words no model would choose by itself, so that obedience is enforcement."""
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": list(INVENTED)}, "count": {"type": "integer"}},
        "required": ["colour", "count"],
        "additionalProperties": False,
    }
    import json

    answer = _create(
        api,
        model,
        "What colour is the sky, and how many suns has it?",
        max_tokens=60,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "sky", "strict": True, "schema": schema},
        },
    )
    text = answer.choices[0].message.content or ""
    try:
        obeyed = json.loads(text).get("colour") in INVENTED
    except (ValueError, AttributeError):
        obeyed = False
    return ("yes", "enforced") if obeyed else ("no", f"answered {text[:60]!r}")


def _tools(api: openai.OpenAI, model: str) -> tuple[str, str]:
    import json

    tool = {
        "type": "function",
        "function": {
            "name": "weigh",
            "description": "Weigh an object and return its mass.",
            "parameters": {
                "type": "object",
                "properties": {"object": {"type": "string"}},
                "required": ["object"],
            },
        },
    }
    answer = _create(
        api,
        model,
        "Weigh the apple with the tool.",
        max_tokens=80,
        tools=[tool],
        tool_choice="required",
    )
    calls = answer.choices[0].message.tool_calls or []
    if not calls:
        return "no", "wrote text instead of a tool call"
    arguments = json.loads(calls[0].function.arguments)
    fits = calls[0].function.name == "weigh" and "object" in arguments
    return ("yes", "a proper call") if fits else ("no", "a call with wrong arguments")


def _log_probabilities(api: openai.OpenAI, model: str) -> tuple[str, str]:
    answer = _create(
        api, model, "Answer yes or no: is water wet?", max_tokens=2, logprobs=True, top_logprobs=5
    )
    given = answer.choices[0].logprobs
    count = len(given.content[0].top_logprobs) if given and given.content else 0
    return ("yes", f"{count} alternatives a token") if count else ("no", "not returned")


def _prefix_cache(api: openai.OpenAI, model: str) -> tuple[str, str]:
    """The same long beginning twice: the second first token must come sooner."""
    salt = str(time.time_ns())
    prefix = f"Note {salt}. " + " ".join(
        f"Sample {n} of the series was weighed at station {n % 7}." for n in range(60)
    )
    first, second = (_timed(api, model, f"{prefix} {end}") for end in ("Say A.", "Say B."))
    if first.first_token_seconds is None or second.first_token_seconds is None:
        return "unknown", "no token came"
    ratio = second.first_token_seconds / max(first.first_token_seconds, 1e-6)
    works = second.usage.cached > second.usage.prompt // 2 or ratio < 0.5
    detail = (
        f"{second.usage.cached} of {second.usage.prompt} tokens cached, first token in "
        f"{second.first_token_seconds:.2f} s instead of {first.first_token_seconds:.2f} s"
    )
    return ("yes" if works else "no"), detail


def _speed(api: openai.OpenAI, model: str) -> tuple[str, str]:
    began = time.monotonic()
    heard = _timed(api, model, f"Count from one to fifty in words. ({time.time_ns()})", 64)
    seconds = time.monotonic() - began - (heard.first_token_seconds or 0.0)
    written = max(heard.usage.completion - 1, 1)
    return f"{written / max(seconds, 1e-6):.0f}", "tokens written a second"


def _timed(api: openai.OpenAI, model: str, text: str, most: int = 4) -> Heard:
    heard = Heard()
    began = time.monotonic()
    stream = _create(
        api, model, text, max_tokens=most, stream=True, stream_options={"include_usage": True}
    )
    opened = time.monotonic() - began
    with stream:
        listen(stream, heard, None)
    if heard.first_token_seconds is not None:
        heard.first_token_seconds += opened
    return heard


def _create(api: openai.OpenAI, model: str, text: str, **options: Any) -> Any:
    return api.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": text}],
        temperature=0.0,
        seed=1,
        **options,
    )
