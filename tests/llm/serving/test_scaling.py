"""Command lines against vLLM's own parser: those of the docs, and what a wish to embed becomes."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scientist.llm.serving import flags
from scientist.llm.serving.cards import Card
from scientist.llm.serving.wishes import Wish

from .environment import python

pytestmark = pytest.mark.vllm
PAGE = Path(__file__).parents[3] / "docs" / "scaling.md"
T4 = Card("Tesla T4", 15360, 15000, (7, 5), "535.104.05")
PROGRAM = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser(exit_on_error=False))
said = []
for words in json.load(sys.stdin):
    try:
        found, unknown = parser.parse_known_args(words)
        validate_parsed_serve_args(found)
        said.append({"unknown": unknown, "nodes": found.nnodes, "headless": found.headless,
                     "runner": found.runner, "model": found.model})
    except (Exception, SystemExit) as fault:
        said.append({"unknown": [str(fault)]})
json.dump(said, sys.stdout)
"""


def parsed(asked: list[list[str]]) -> list[dict[str, Any]]:
    """What the parser of the real vLLM makes of command lines."""
    inside = python()
    if inside is None:
        pytest.skip("needs the vLLM environment: python tests/llm/serving/environment.py")
    done = subprocess.run(
        [inside, "-c", PROGRAM], input=json.dumps(asked), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_vllm_understands_what_a_wish_to_embed_becomes() -> None:
    name, wish = "BAAI/bge-base-en-v1.5", Wish(embedding=True, context=512)
    asked = [flags.command("python", name, name, wish, cards)[3:] for cards in ([], [T4, T4])]
    said = parsed(asked)
    assert [one["unknown"] for one in said] == [[], []]
    assert [(one["runner"], one["model"]) for one in said] == [("pooling", name)] * 2


def test_vllm_understands_the_command_lines_for_several_nodes() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("vllm serve ")]
    asked = [shlex.split(line)[2:] for line in lines] + [["NAME", "--no-such-flag", "1"]]
    *said, wrong = parsed(asked)
    assert wrong["unknown"]
    assert len(said) == 5
    for line, one in zip(lines, said, strict=True):
        assert one["unknown"] == [], line
    assert [one["nodes"] for one in said] == [2, 2, 1, 1, 1]
    assert [one["headless"] for one in said] == [False, True, False, False, True]
