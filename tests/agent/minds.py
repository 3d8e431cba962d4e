"""Models for the scripted server that answer by what they are asked, not by a list of answers.

Each is a function of the request alone, so that a question asked again, after a crash or in
another workspace, is answered in the same words.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from campaigns import family, unread
from scripted import Likely

Mind = Callable[[dict[str, Any]], Any]
WORDS = ("the", "cue", "holds", "where", "stable", "features", "keep", "weight", "and", "noise")
MOST_WORDS = 12


def steady(delay: float) -> Mind:
    """Sensible proposals and code, and anything that fits where something else is asked."""

    def answer(request: dict[str, Any]) -> Any:
        time.sleep(delay)
        if schema_of(request) in ("Proposals", "Reading"):
            return sensible(request)
        if schema_of(request) == "Code":
            return {"code": halved(request)}
        return at_random(request)

    return answer


def sensible(request: dict[str, Any]) -> dict[str, Any]:
    """Proposals that pass, drawn from all that may be asked; a new arm that `halved` can write.

    The campaign's question is read in words that mean no arm.
    """
    if schema_of(request) == "Reading":
        return unread(request)
    answer: dict[str, Any] = at_random(request)
    for item in (*answer["hypotheses"], answer.get("new_arm", {})):
        item["reason"] = "The sentence says what should come out here."
        item["conditions"] = item.get("conditions", [])[:1]
    if arm := answer.get("new_arm"):
        arm["like"] = family(request).default.control
        arm["name"] = "halved"
        arm["change"] = "the weights of the features at the end are halved, as their cue may turn"
    return answer


def halved(request: dict[str, Any]) -> str:
    """An arm that halves the end of what the arm it is like gives."""
    said = request["messages"][1]["content"]
    wanted = re.search(r"Write the function (\w+)\(([^)]*)\)", said)
    usual = re.search(r"\n    base = (\w+\(.*\))\n", said)
    assert wanted
    assert usual
    name, given = wanted.groups()
    return (
        f"def {name}({given}):\n    found = np.array({usual[1]}, dtype=float)\n"
        "    found[3:5] = 0.5 * found[3:5]\n    return found\n"
    )


def at_random(request: dict[str, Any]) -> Any:
    """Any answer that the question allows."""
    chance = chance_of(request)
    if letters := letters_of(request):
        weights = [chance.random() + 0.01 for _ in letters]
        return Likely({a: w / sum(weights) for a, w in zip(letters, weights, strict=True)})
    schema = request["response_format"]["json_schema"]["schema"]
    return fitting(schema, chance, schema.get("$defs", {}))


def schema_of(request: dict[str, Any]) -> str:
    """The name of the schema that is asked for; empty where one letter is."""
    named = request.get("response_format")
    return str(named["json_schema"]["name"]) if named else ""


def letters_of(request: dict[str, Any]) -> list[str]:
    """The letters to choose among; none if the question is another."""
    return list(request.get("structured_outputs", {}).get("choice", ()))


def chance_of(request: dict[str, Any]) -> random.Random:
    """Draws that are the same for the same words."""
    said = json.dumps(request["messages"], sort_keys=True)
    return random.Random(hashlib.sha256(said.encode()).digest())


def fitting(schema: Mapping[str, Any], chance: random.Random, named: Mapping[str, Any]) -> Any:
    """A value drawn from all that a JSON schema allows."""
    if "$ref" in schema:
        return fitting(named[schema["$ref"].rpartition("/")[2]], chance, named)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return fitting(chance.choice(options), chance, named)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    match schema["type"]:
        case "object":
            return {
                name: fitting(part, chance, named)
                for name, part in schema.get("properties", {}).items()
            }
        case "array":
            least = schema.get("minItems", 0)
            count = chance.randint(least, schema.get("maxItems", least + 3))
            return [fitting(schema["items"], chance, named) for _ in range(count)]
        case "string":
            return text(chance, schema.get("minLength", 0), schema.get("maxLength", 80))
        case "integer":
            return chance.randint(schema.get("minimum", 0), schema.get("maximum", 100))
        case "number":
            return chance.uniform(schema.get("minimum", 0.0), schema.get("maximum", 1.0))
        case "boolean":
            return chance.random() < 0.5
        case _:
            return None


def text(chance: random.Random, least: int, most: int) -> str:
    """Words without sense, as long as is asked for."""
    said = " ".join(chance.choices(WORDS, k=chance.randint(1, MOST_WORDS)))
    while len(said) < least:
        said += " " + chance.choice(WORDS)
    return said[:most]
