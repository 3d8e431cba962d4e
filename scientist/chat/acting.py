"""The model's next step: a tool, an answer, or that the record does not tell.

What it may write is a schema made for the step: the tools on offer, and of ids those that were
shown. Native tool calling is not used: constrained JSON works with every server alike, and keeps
the prompt the same from call to call.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import operator
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import SkipJsonSchema

from scientist.errors import ScientistError
from scientist.records import JsonObject

if TYPE_CHECKING:
    from scientist.agent.toolkit import Tool

MOST_CALLS = 5  # tools for one question
MOST_SENTENCES = 6
MOST_REPEATED = 2  # by those who write no words of their own
MOST_CITES = 3
MOST_IDS = 60  # that may be cited: the last that were shown
LONGEST_SENTENCE = 400
SAMPLES = ("F1", "H1", "X1", "C1", "E1:1", "A1", "K1", "T1")  # an id of each kind
SEARCH = "search_"  # how the tools that look for something are called
BROADEST = "search_record"
STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Offer:
    """What a model may do now.

    `shown` ids may be cited, those of `words` repeated in the record's own words, and a tool may
    be asked for those that were `named` by the user, too. Without `own` words there are no others.
    """

    tools: Mapping[str, Tool] = dataclasses.field(default_factory=dict)
    shown: Sequence[str] = ()
    words: Sequence[str] = ()
    named: Sequence[str] = ()
    unknown: bool = True
    own: bool = True


def schema(offer: Offer) -> type[BaseModel]:
    """What the model may write now: no tools at all when their number is used up.

    Small models give up or answer before they have looked, whatever they are told: so where it
    makes no sense to say that the record does not tell, or there is nothing to cite, they cannot.
    A tool that is told an id is offered when there is one to tell.
    """
    # what is not offered is still understood: not every server keeps to a schema
    hidden: Any = SkipJsonSchema
    known = list(dict.fromkeys([*offer.shown, *offer.named]))
    variants = [_use(tool, known) for tool in offer.tools.values()]
    ready = offer.shown if offer.own else offer.words
    last = not variants and (offer.own or not offer.unknown)  # there must be something to write
    answer = _answer(offer)
    variants.append(answer if ready or last else hidden[answer])
    variants.append(_unknown() if offer.unknown else hidden[_unknown()])
    any_of: Any = functools.reduce(operator.or_, variants)
    step: type[BaseModel] = RootModel[any_of]
    return create_model("Step", __base__=step)


def read(value: BaseModel) -> JsonObject:
    """A step as plain data."""
    root: BaseModel = value.root  # type: ignore[attr-defined]  # every step is a RootModel
    return root.model_dump(mode="json", exclude_unset=True)


def arguments(step: JsonObject) -> JsonObject:
    """What a tool is called with."""
    return {name: value for name, value in step.items() if name != "tool" and value is not None}


def left(tools: Mapping[str, Tool], called: Sequence[str], own: bool) -> dict[str, Tool]:
    """The tools that may still tell something: not those asked again for what they gave.

    Small models ask for the same until their calls are used up, whatever they are told. They have
    one search, over everything, and once.
    """
    twice = {json.loads(call)[0] for call, times in Counter(called).items() if times > 1}
    kept = {name: tool for name, tool in tools.items() if name not in twice}
    if own or BROADEST not in tools:
        return kept
    searches = {BROADEST} - {json.loads(call)[0] for call in called}
    return {n: tool for n, tool in kept.items() if n in searches or not n.startswith(SEARCH)}


def searched(called: Sequence[str]) -> bool:
    """Whether anything was looked for."""
    return any(json.loads(call)[0].startswith(SEARCH) for call in called)


def _use(tool: Tool, known: Sequence[str]) -> Any:
    """A call of a tool; one that takes an id is offered if an id is known."""
    if "tool" in tool.arguments.model_fields:
        raise ScientistError(f"tool {tool.name} may not have an argument called tool")
    fields: dict[str, Any] = {"tool": (Literal[tool.name], ...)}  # first: by it the rest is known
    hidden: Any = SkipJsonSchema
    offered = True
    for name, one in tool.arguments.model_fields.items():
        kind: Any = one.annotation
        fitting = _fitting(one, known) if one.is_required() else None
        if fitting == []:
            offered = False
        elif fitting:
            kind = Annotated[kind, WithJsonSchema({"type": "string", "enum": fitting})]
        fields[name] = (kind, _short(one))
    use: Any = create_model(f"Use_{tool.name}", __config__=STRICT, **fields)
    return use if offered else hidden[use]


def _fitting(field: FieldInfo, known: Sequence[str]) -> list[str] | None:
    """The known ids that an argument may be; None for an argument that is no id."""
    for rule in field.metadata:
        form = re.compile(getattr(rule, "pattern", None) or "-")
        if any(form.fullmatch(name) for name in SAMPLES):
            return [name for name in known[-MOST_IDS:] if form.fullmatch(name)]
    return None


def _short(field: FieldInfo) -> FieldInfo:
    """A field without a length so great that servers would not make a grammar of it."""
    found = copy(field)
    found.metadata = [
        rule for rule in field.metadata if getattr(rule, "max_length", 0) <= LONGEST_SENTENCE
    ]
    return found


def _answer(offer: Offer) -> type[BaseModel]:
    of: Any = Literal
    some: Any = list
    hidden: Any = SkipJsonSchema
    fields: dict[str, Any] = {"says": (str, Field(min_length=2, max_length=LONGEST_SENTENCE))}
    # without anything to cite, a citation is not offered; one that is written all the same is
    # refused where answers are checked
    fields["cites"] = (hidden[some[str]], Field(default_factory=list, max_length=MOST_CITES))
    if offer.shown:
        known = some[of[tuple(dict.fromkeys(offer.shown[-MOST_IDS:]))]]
        fields["cites"] = (known, Field(max_length=MOST_CITES))
    sentence: Any = create_model("Sentence", __config__=STRICT, **fields)
    written = sentence if offer.own or not offer.words else hidden[sentence]
    if offer.words:
        repeated: dict[str, Any] = {"words_of": (of[tuple(offer.words)], ...)}
        sentence = create_model("Repeated", __config__=STRICT, **repeated) | written
    most = MOST_SENTENCES if offer.own else MOST_REPEATED
    listed = (some[sentence], Field(min_length=1, max_length=most))
    given: dict[str, Any] = {"answer": listed}
    return create_model("Answer", __config__=STRICT, **given)


def _unknown() -> type[BaseModel]:
    said: dict[str, Any] = {"unknown": (str, Field(min_length=2, max_length=LONGEST_SENTENCE))}
    return create_model("Unknown", __config__=STRICT, **said)
