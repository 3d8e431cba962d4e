"""What a server's refusal means: a fault that may pass, or an error with the way out of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scientist.errors import ContextError, EndpointError, ModelOutputError, ScientistError
from scientist.llm.endpoint import Endpoint, key_refused

if TYPE_CHECKING:
    import openai

PASSING = (408, 409, 425, 429)
BUSY = (429, 503)
LENGTH = r"(?:context|model)[ _](?:length|size|window)"


class Fault(Exception):
    """A transport fault that may pass; `busy` if it says that the server has too much to do."""

    def __init__(self, message: str, wait: float | None = None, busy: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.busy = busy


def explain(fault: openai.APIStatusError, endpoint: Endpoint) -> Exception:
    """What a refused request means."""
    status, message = fault.status_code, str(fault.message)[:300]
    if status in PASSING or status >= 500:
        wait = _seconds(fault.response.headers.get("retry-after", ""))
        return Fault(f"status {status}", wait, busy=status in BUSY)
    if status in (401, 403):
        return key_refused(endpoint.url)
    if status == 404:
        return EndpointError(
            f"{endpoint.url} does not know the model {endpoint.model!r} or has no chat",
            "scientist model probe",
        )
    words = ("response_format", "json_schema", "grammar", "guided", "structured")
    if any(word in message.lower() for word in words):
        return ModelOutputError(
            f"the server at {endpoint.url} does not support JSON-schema output: {message}",
            "use vLLM, llama.cpp or --endpoint embedded; scientist model probe shows the support",
        )
    if longer := too_long(message, fault.body):
        return longer
    return ScientistError(
        f"the model server refused the request ({status}): {message}", "scientist model probe"
    )


def too_long(message: str, body: object) -> ContextError | None:
    """The refusal of a prompt that is longer than the context, with the server's own figures."""
    if not re.search(f"{LENGTH}|too long", message, re.IGNORECASE):
        return None
    about = body if isinstance(body, dict) else {}
    context = re.search(LENGTH + r"\D{0,20}(\d+)", message)
    needed = re.search(r"(?:request|resulted in|messages have|prompt)\D{0,12}(\d+)", message)
    return ContextError(
        f"the prompt is longer than the model's context: {message}",
        "start the server with a longer context; SCIENTIST_CONTEXT for the embedded one",
        context=_figure(about.get("n_ctx"), context),
        needed=_figure(about.get("n_prompt_tokens"), needed),
    )


def _figure(told: object, found: re.Match[str] | None) -> int | None:
    """A number as the server gives it apart, else as its message has it."""
    if isinstance(told, int) and told > 0:
        return told
    return int(found[1]) if found else None


def _seconds(text: str) -> float | None:
    """What a server asks one to wait; it may also name a date, which is not followed."""
    try:
        return max(0.0, float(text))
    except ValueError:
        return None


def garbage(endpoint: Endpoint, body: bytes) -> EndpointError:
    """What something that speaks another language is told to be."""
    start = " ".join(body[:80].decode("utf-8", "replace").split())
    return EndpointError(
        f"{endpoint.url} answers, but not as an OpenAI-compatible server: {start!r}",
        "give the URL that ends in /v1: scientist run --endpoint http://HOST:PORT/v1",
    )
