"""Let the model choose one of a few letters or names, and read how sure it is of each.

One token is asked for, and what counts is not the token but the log-probabilities of the
options at its place; a token that begins several names counts for each in part. Servers give
them as they are before the constraint (llama.cpp and vLLM do), so they are made to sum to one
here. The layout is the prompt's: what stays the same comes first, so that the server's prefix
cache serves all but the end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from scientist.errors import ModelOutputError, ScientistError
from scientist.llm.client import Client
from scientist.llm.prompting import Rendered
from scientist.llm.streaming import Heard
from scientist.llm.together import together
from scientist.records import Usage

ALTERNATIVES = 20  # the most that servers give
LEAST_MASS = 0.01
FLOOR, TINY = -40.0, 1e-300


@dataclass(frozen=True)
class Choice:
    """The chance of each option by its meaning; they sum to one.

    `mass` is what the model gave to all of them together, the rest being other tokens.
    """

    chances: dict[str, float]
    mass: float
    usage: Usage
    seconds: float


def choose(
    client: Client,
    prompt: Rendered,
    options: Mapping[str, str],
    *,
    allow: Callable[[], None] | None = None,
) -> Choice:
    """The chances of the options: what is answered are the keys, what it means the values.

    `allow` may refuse, by raising, what the question would cost.
    """
    if len(options) < 2 or not all(options):
        raise ValueError("a choice is between two or more letters or names")
    if allow:
        allow()
    began = time.monotonic()
    heard = _hear(client, prompt, options)
    problem = _problem(heard, options)
    if problem:
        raise ModelOutputError(
            f"the server at {client.endpoint.url} gives no chances for "
            f"{', '.join(options)}: {problem}",
            "scientist model probe shows whether it gives log-probabilities; llama.cpp and "
            "vLLM do, and so does the embedded model: --endpoint embedded",
        )
    logs = _logs(heard, options)
    mass = sum(math.exp(value) for value in logs.values())
    return Choice(
        chances={options[letter]: math.exp(value) / mass for letter, value in logs.items()},
        mass=min(1.0, mass),
        usage=heard.usage,
        seconds=time.monotonic() - began,
    )


def choose_many(
    client: Client,
    prompts: Sequence[Rendered],
    options: Mapping[str, str],
    *,
    allow: Callable[[], None] | None = None,
) -> Iterator[Choice]:
    """The choices for several prompts, in their order, asked as many at a time as pays off.

    Each comes as soon as it and those before it are there. Who stops early, or an error,
    ends what has not begun yet.
    """
    return together(
        client, [partial(choose, prompt=prompt, options=options, allow=allow) for prompt in prompts]
    )


def _hear(client: Client, prompt: Rendered, options: Mapping[str, str]) -> Heard:
    request: dict[str, Any] = {
        "model": client.endpoint.model,
        "messages": [dict(message) for message in prompt.messages],
        "temperature": 1.0,  # some servers scale what they report by it
        "top_p": 1.0,
        "max_tokens": 1,
        "seed": 0,
        "logprobs": True,
        "top_logprobs": ALTERNATIVES,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    # each server reads the field it knows: llama.cpp, vLLM, and both
    constraint = {
        "grammar": "root ::= " + " | ".join(f'"{letter}"' for letter in options),
        "structured_outputs": {"choice": list(options)},
        "chat_template_kwargs": {"enable_thinking": False},
    }

    def check(heard: Heard) -> str:
        return _problem(heard, options)

    try:
        return client.hear(prompt, {**request, "extra_body": constraint}, check)
    except ScientistError as fault:
        # what counts are the log-probabilities: a server that knows no constraint can give them
        if type(fault) not in (ScientistError, ModelOutputError):
            raise
        return client.hear(prompt, request, check)


def _problem(heard: Heard, options: Mapping[str, str]) -> str:
    """Why no chances can be read from an answer; empty if they can."""
    if not heard.alternatives:
        return "it sends no log-probabilities"
    if len(heard.alternatives) < 2:
        return "it sends the log-probability of the chosen token alone"
    if any(math.isnan(value) or value > 1e-3 for _, value in heard.alternatives):
        return "what it sends are no log-probabilities"
    found = [value for token, value in heard.alternatives if _begun(token, options)]
    if sum(math.exp(value) for value in found) < LEAST_MASS:
        likeliest = max(heard.alternatives, key=lambda each: each[1])[0]
        return f"its model wants to write {likeliest[:20]!r} instead"
    return ""


def _logs(heard: Heard, options: Mapping[str, str]) -> dict[str, float]:
    """The log-chance of each letter; one that is not among the alternatives has the least.

    The least is what it can have at most, so that no option is ever called impossible.
    """
    least = max(FLOOR, min(value for _, value in heard.alternatives))
    logs = {}
    for option in options:
        found = [
            math.exp(value) / len(begun)
            for token, value in heard.alternatives
            if option in (begun := _begun(token, options))
        ]
        logs[option] = max(FLOOR, math.log(sum(found) + TINY)) if found else least
    return logs


def _begun(token: str, options: Mapping[str, str]) -> list[str]:
    """The options that an answer may be which begins with a token."""
    text = token.strip()
    return [option for option in options if text and option.startswith(text)]
