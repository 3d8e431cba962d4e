"""The model's next step: a tool, an answer, or that the record does not tell.

What it may write is a schema made for the step: the tools on offer, and of ids those that were
shown. Native tool calling is not used: constrained JSON works with every server alike, and keeps
the prompt the same from call to call.
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model
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
WORDED = re.compile(r"[FH]\d+|E\d+:\d+")  # ids of what can be repeated in its own words
SEARCH = "search_"  # how the tools that look for something are called
STRICT = ConfigDict(extra="forbid")


def schema(
    tools: Mapping[str, Tool], shown: Sequence[str], unknown: bool = True, own: bool = True
) -> type[BaseModel]:
    """What the model may write now: no tools at all when their number is used up.

    Small models give up or answer before they have looked, whatever they are told: so where it
    makes no sense to say that the record does not tell, or there is nothing to cite, they cannot.
    Without `own` words, what stands on record is repeated: they choose what.
    """
    # what is not offered is still understood: not every server keeps to a schema
    hidden: Any = SkipJsonSchema
    answer = _answer(shown, own)
    variants = [*map(_use, tools.values()), answer if shown or not tools else hidden[answer]]
    variants.append(_unknown() if unknown else hidden[_unknown()])
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


def left(tools: Mapping[str, Tool], called: Sequence[str]) -> dict[str, Tool]:
    """The tools that may still tell something: not those asked again for what they gave.

    Small models ask for the same until their calls are used up, whatever they are told.
    """
    twice = {json.loads(call)[0] for call, times in Counter(called).items() if times > 1}
    return {name: tool for name, tool in tools.items() if name not in twice}


def searched(called: Sequence[str]) -> bool:
    """Whether anything was looked for."""
    return any(json.loads(call)[0].startswith(SEARCH) for call in called)


def _use(tool: Tool) -> type[BaseModel]:
    if "tool" in tool.arguments.model_fields:
        raise ScientistError(f"tool {tool.name} may not have an argument called tool")
    of: Any = Literal
    fields: dict[str, Any] = {
        name: (field.annotation, _short(field))
        for name, field in tool.arguments.model_fields.items()
    }
    # the name first, so that the rest is known by it
    fields = {"tool": (of[tool.name], ...), **fields}
    return create_model(f"Use_{tool.name}", __config__=STRICT, **fields)


def _short(field: FieldInfo) -> FieldInfo:
    """A field without a length so great that servers would not make a grammar of it."""
    found = copy(field)
    found.metadata = [
        rule for rule in field.metadata if getattr(rule, "max_length", 0) <= LONGEST_SENTENCE
    ]
    return found


def _answer(shown: Sequence[str], own: bool) -> type[BaseModel]:
    of: Any = Literal
    some: Any = list
    fields: dict[str, Any] = {"says": (str, Field(min_length=2, max_length=LONGEST_SENTENCE))}
    # without anything to cite, a citation is not offered; one that is written all the same is
    # refused where answers are checked
    hidden: Any = SkipJsonSchema
    fields["cites"] = (hidden[some[str]], Field(default_factory=list, max_length=MOST_CITES))
    if shown:
        known = some[of[tuple(dict.fromkeys(shown[-MOST_IDS:]))]]
        fields["cites"] = (known, Field(max_length=MOST_CITES))
    sentence: Any = create_model("Sentence", __config__=STRICT, **fields)
    ids = [name for name in dict.fromkeys(shown[-MOST_IDS:]) if WORDED.fullmatch(name)]
    repeated = [_repeated("words_of", ids)] if ids else []
    if found := [name for name in ids if name.startswith("F")]:
        repeated.append(_repeated("means_of", found))
    written = sentence if own or not repeated else hidden[sentence]
    sentence = functools.reduce(operator.or_, [*repeated, written])
    most = MOST_SENTENCES if own else MOST_REPEATED
    listed = (some[sentence], Field(min_length=1, max_length=most))
    given: dict[str, Any] = {"answer": listed}
    return create_model("Answer", __config__=STRICT, **given)


def _repeated(key: str, ids: Sequence[str]) -> type[BaseModel]:
    of: Any = Literal
    field: dict[str, Any] = {key: (of[tuple(ids)], ...)}
    return create_model(f"Repeated_{key}", __config__=STRICT, **field)


def _unknown() -> type[BaseModel]:
    said: dict[str, Any] = {"unknown": (str, Field(min_length=2, max_length=LONGEST_SENTENCE))}
    return create_model("Unknown", __config__=STRICT, **said)
