"""Ask the model for a typed answer, and keep everything that was said.

One client for every server. Each attempt is journaled with the exact bytes both ways;
transport faults are retried, invalid answers get a repair turn, and what cannot be
mended is a clear error.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from scientist.errors import ContextError, EndpointError, ModelOutputError
from scientist.events import ModelCalled
from scientist.journal import Journal
from scientist.llm import fit
from scientist.llm.capacity import Capacity
from scientist.llm.endpoint import NO_KEY, Endpoint, Handle
from scientist.llm.fit import Fitted, Shrink
from scientist.llm.prompting import Prompt, Rendered, longest
from scientist.llm.refusals import Fault, explain, garbage, too_long
from scientist.llm.streaming import Heard, OnText, Wire, listen, recording_client
from scientist.llm.turns import Stopped
from scientist.records import Usage
from scientist.settings import Settings

if TYPE_CHECKING:
    import openai

T = TypeVar("T", bound=BaseModel)
BACKOFF_SECONDS = 0.5
MOST_BACKOFF_SECONDS = 20.0
MOST_WAIT_SECONDS = 120.0  # what a server itself may ask for
SHOWN_PROBLEM = 600
REPAIR_SHARE = 12  # of the context, one part in so many is kept for a repair turn
CALIBRATING = 5  # earlier calls that say how many tokens a letter has


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A valid answer and what it took."""

    value: T
    reasoning: str
    usage: Usage
    calls: int
    seconds: float
    text: str = ""  # as the model wrote it


class Client:
    """Typed questions to one endpoint."""

    def __init__(
        self,
        handle: Handle,
        settings: Settings,
        journal: Journal | None = None,
        campaign: str | None = None,
    ) -> None:
        import httpx2

        self.handle = handle
        self.capacity = Capacity(handle.endpoint, settings)
        self._stopped: Event | None = None  # of the batch that this is a twin for
        self._settings = settings
        self._journal = journal
        self._campaign = campaign
        if journal is not None and self.endpoint.api_key != NO_KEY:
            journal.hide(self.endpoint.api_key)
        self._wire = Wire()
        self._counted: list[tuple[list[dict[str, str]], int]] | None = None
        timeout = httpx2.Timeout(settings.request_timeout, connect=settings.connect_timeout)
        self._http = recording_client(self._wire, timeout, self.endpoint.url)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def endpoint(self) -> Endpoint:
        return self.handle.endpoint

    def open(self) -> openai.OpenAI:
        """The openai client for the endpoint as it is now."""
        import openai

        return openai.OpenAI(
            base_url=self.endpoint.url,
            api_key=self.endpoint.api_key,
            max_retries=0,
            http_client=self._http,
        )

    def ask_within(
        self,
        prompt: Prompt,
        variables: Mapping[str, Any],
        shrink: Sequence[Shrink],
        schema: Callable[[Fitted], type[T]],
        **options: Any,
    ) -> Answer[T]:
        """As `ask`, with what the model's context has no room for left out of the prompt.

        `schema` is told what was left in. A server that knows better than the estimate is
        believed, once.
        """
        output = longest(prompt, self._settings.max_output)
        room = self._room(output, REPAIR_SHARE)
        for corrected in (False, True):
            fitted = fit.fit(prompt, variables, shrink, room, self.rate())
            try:
                return self.ask(fitted.prompt, schema(fitted), **options)
            except ContextError as fault:
                if corrected or not shrink:
                    raise
                room = _less(fitted, fault, output)
        raise AssertionError  # the second try returns or raises

    def _room(self, output: int, share: int | None = None) -> int | None:
        """Tokens that are left for a prompt; None if nobody knows."""
        context = self.endpoint.context
        if context is None:
            return None
        return context - output - (context // share if share else 0)

    def rate(self) -> float:
        """Tokens a letter, by what this server counted in this campaign."""
        if self._counted is None:
            self._counted = self._counted_before()
        return fit.rate_of(self._counted)

    def _counted_before(self) -> list[tuple[list[dict[str, str]], int]]:
        """What the model was asked before a resume, and how many tokens that was."""
        if self._journal is None or self._campaign is None:
            return []
        calls = [
            entry.data
            for entry in self._journal.entries("model_called", campaign=self._campaign)
            if entry.data["model"] == self.endpoint.model and entry.data["usage"]["prompt"]
        ]
        return [
            (
                json.loads(self._journal.get(call["request_blob"]))["messages"],
                call["usage"]["prompt"],
            )
            for call in calls[-CALIBRATING:]
        ]

    def ask(
        self,
        prompt: Rendered,
        schema: type[T],
        *,
        seed: int | None = None,
        temperature: float | None = None,
        check: Callable[[T], str | None] | None = None,
        repairs: int | None = None,
        allow: Callable[[], None] | None = None,
        on_text: OnText | None = None,
    ) -> Answer[T]:
        """A valid answer of type `schema`, or an error that says why there is none.

        What `check` objects to is repaired while repairs last; the last answer that fits
        the schema is then returned as it is, for the caller to judge. `allow` may refuse, by
        raising, what a repair would cost.
        """
        began = time.monotonic()
        request: dict[str, Any] = {
            "model": self.endpoint.model,
            "messages": [dict(message) for message in prompt.messages],
            "temperature": next(
                value
                for value in (temperature, prompt.temperature, self._settings.temperature)
                if value is not None
            ),
            "max_tokens": longest(prompt, self._settings.max_output),
            "seed": seed,
            "stream": True,
            "stream_options": {"include_usage": True},
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": prompt.schema,
                    "strict": True,
                    "schema": schema.model_json_schema(),
                },
            },
        }
        total, calls, problem, reasoning = Usage(), 0, "", ""
        most = self._settings.repairs if repairs is None else repairs
        for repair in range(most + 1):
            if repair:
                if allow:
                    allow()
                room = self._room(request["max_tokens"])
                fit.trim(request["messages"], len(prompt.messages), room, self.rate())
            heard = self._attempt(request, prompt, repair, on_text)
            calls += 1
            total = _add(total, heard.usage)
            reasoning += heard.reasoning
            value, problem = _read(heard, schema, check)
            self._note(prompt, request, repair, heard, problem)
            if value is not None and (not problem or repair == most):
                seconds = time.monotonic() - began
                return Answer(value, reasoning.strip(), total, calls, seconds, heard.text)
            request["messages"] += [
                {"role": "assistant", "content": heard.text[-4000:] or "(empty)"},
                {"role": "user", "content": f"{problem[:SHOWN_PROBLEM]} Answer again, JSON only."},
            ]
            if seed is not None:  # the same draw would often give the same answer
                request["seed"] = seed + repair + 1
        hint = "scientist model probe (shows what this model and server can do)"
        if heard.finish == "length":
            hint = f"SCIENTIST_MAX_OUTPUT={2 * self._settings.max_output} scientist run"
        raise ModelOutputError(
            f"the model gave no usable {prompt.schema} in {calls} tries: {problem[:300]}", hint
        )

    def hear(
        self, prompt: Rendered, request: dict[str, Any], check: Callable[[Heard], str]
    ) -> Heard:
        """What comes back for a request as it is, journaled with what `check` finds wrong."""
        heard = self._attempt(request, prompt, 0, None)
        self._note(prompt, request, 0, heard, check(heard))
        return heard

    def twin(self, stopped: Event) -> Client:
        """Another client of the same endpoint, for one thread of a batch, until that is stopped."""
        twin = Client(self.handle, self._settings, self._journal, self._campaign)
        twin.capacity, twin._stopped, twin._counted = self.capacity, stopped, self._counted
        return twin

    def _attempt(
        self, request: dict[str, Any], prompt: Rendered, repair: int, on_text: OnText | None
    ) -> Heard:
        """One answer, over however many transport faults the settings allow."""
        message, asked = "", None
        for retry in range(self._settings.retries + 1):
            if retry:
                wait = min(BACKOFF_SECONDS * 2 ** (retry - 1), MOST_BACKOFF_SECONDS)
                wait *= random.uniform(0.75, 1.25)
                time.sleep(min(asked or wait, MOST_WAIT_SECONDS))
                self.handle.revive()
            with self.capacity.turn(self._stopped is not None, self._stopped) as sending:
                heard = Heard()
                try:
                    self._stream(request, heard, self._hearing(on_text))
                    return heard
                except Fault as fault:
                    message, asked = str(fault), fault.wait
                    sending.failed, sending.refused = True, fault.busy
                    self._note(prompt, request, repair, heard, message, "fault")
                except BaseException as fault:
                    name = "interrupted" if isinstance(fault, KeyboardInterrupt) else str(fault)
                    self._note(prompt, request, repair, heard, name, "fault")
                    raise
        raise EndpointError(
            f"the model server at {self.endpoint.url} failed "
            f"{self._settings.retries + 1} times: {message}",
            "scientist doctor"
            + (f" --endpoint {self.endpoint.url}" if self.endpoint.kind == "external" else ""),
        )

    def _hearing(self, on_text: OnText | None) -> OnText | None:
        """What hears an answer as it comes: in a batch, until that is stopped."""
        stopped = self._stopped
        if stopped is None:
            return on_text

        def hear(kind: str, piece: str) -> None:
            if stopped.is_set():
                raise Stopped
            if on_text:
                on_text(kind, piece)

        return hear

    def _stream(self, request: dict[str, Any], heard: Heard, on_text: OnText | None) -> None:
        import httpx2
        import openai

        self._wire.request, self._wire.response = b"", bytearray()
        try:
            with self.open().chat.completions.create(**request) as stream:
                listen(stream, heard, on_text)
        except openai.APIStatusError as fault:
            raise explain(fault, self.endpoint) from fault
        except (openai.APIConnectionError, httpx2.TransportError) as fault:
            cause = fault.__cause__ or fault
            late = isinstance(cause, httpx2.TimeoutException)
            raise Fault(f"{type(cause).__name__}: {cause}"[:300], busy=late) from fault
        except openai.APIError as fault:
            if longer := too_long(fault.message, fault.body):
                raise longer from fault
            raise Fault(f"the server reports: {fault.message}"[:300]) from fault
        except (ValueError, TypeError, AttributeError, KeyError) as fault:
            raise garbage(self.endpoint, bytes(self._wire.response)) from fault
        finally:
            heard.seconds = time.monotonic() - heard.began
        if not heard.finish:
            body = bytes(self._wire.response).lstrip()
            heard_something = heard.text or heard.reasoning
            if body and not heard_something and not body.startswith((b"data:", b":", b"event:")):
                raise garbage(self.endpoint, body)
            raise Fault("the answer broke off before its end")

    def _note(
        self,
        prompt: Rendered,
        request: dict[str, Any],
        attempt: int,
        heard: Heard,
        problem: str,
        outcome: Any = None,
    ) -> None:
        if heard.usage.prompt:
            counted = (list(request["messages"]), heard.usage.prompt)
            self._counted = [*(self._counted or [])[1 - CALIBRATING :], counted]
        if self._journal is None:
            return
        if outcome is None:
            outcome = "valid" if not problem else "invalid" if heard.text.strip() else "empty"
        event = ModelCalled(
            prompt=prompt.name,
            prompt_version=prompt.version,
            prompt_hash=prompt.hash,
            model=self.endpoint.model,
            model_digest=self.endpoint.model_digest,
            endpoint=self.endpoint.url,
            attempt=attempt,
            outcome=outcome,
            problem=problem[:SHOWN_PROBLEM],
            seed=request["seed"],
            temperature=request["temperature"],
            usage=heard.usage,
            seconds=round(heard.seconds, 4),
            first_token_seconds=heard.first_token_seconds,
            request_blob=self._journal.put(self._wire.request),
            response_blob=self._journal.put(bytes(self._wire.response)),
            reasoning=heard.reasoning,
        )
        self._journal.append(event, self._campaign, sync=True)


def _read(
    heard: Heard, schema: type[T], check: Callable[[T], str | None] | None
) -> tuple[T | None, str]:
    """The typed answer, or what is wrong with it in words a model can use."""
    if heard.finish == "length" and not heard.text.strip():
        return None, "All of the answer was reasoning, and it was cut off. Reason less."
    if heard.refusal:
        return None, f"The answer was refused: {heard.refusal[:200]}"
    if not heard.text.strip():
        return None, "The answer was empty."
    try:
        value = schema.model_validate_json(unfenced(heard.text))
    except ValidationError as invalid:
        if heard.finish == "length":
            return None, "The answer was cut off because it was too long. Be shorter."
        first = invalid.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        return None, f"The answer does not fit the schema: {place}: {first['msg']}."
    problem = check(value) if check else None
    return value, problem or ""


def unfenced(text: str) -> str:
    """JSON out of the code fence that some models put around it."""
    text = text.strip()
    if text.startswith("```"):
        text = text.split("\n", 1)[-1].rsplit("```", 1)[0]
    return text


def _less(fitted: Fitted, fault: ContextError, output: int) -> int:
    """What room there is by a server's figures, in tokens as they are estimated here."""
    if not fault.context or not fault.needed:
        return fitted.tokens // 2
    room = fault.context - output - fault.context // REPAIR_SHARE
    return int(fitted.tokens * min(0.9, room / fault.needed))


def _add(a: Usage, b: Usage) -> Usage:
    return Usage(
        prompt=a.prompt + b.prompt,
        cached=a.cached + b.cached,
        completion=a.completion + b.completion,
    )
