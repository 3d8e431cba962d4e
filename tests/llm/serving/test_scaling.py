"""The command lines of docs/scaling.md against vLLM's own parser."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from .environment import python

pytestmark = pytest.mark.vllm
PAGE = Path(__file__).parents[3] / "docs" / "scaling.md"
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
        said.append({"unknown": unknown, "nodes": found.nnodes, "headless": found.headless})
    except (Exception, SystemExit) as fault:
        said.append({"unknown": [str(fault)]})
json.dump(said, sys.stdout)
"""


def test_vllm_understands_the_command_lines_for_several_nodes() -> None:
    inside = python()
    if inside is None:
        pytest.skip("needs the vLLM environment: python tests/llm/serving/environment.py")
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("vllm serve ")]
    asked = [shlex.split(line)[2:] for line in lines] + [["NAME", "--no-such-flag", "1"]]
    done = subprocess.run(
        [inside, "-c", PROGRAM], input=json.dumps(asked), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *said, wrong = json.loads(done.stdout.splitlines()[-1])
    assert wrong["unknown"]
    assert len(said) == 5
    for line, one in zip(lines, said, strict=True):
        assert one["unknown"] == [], line
    assert [one["nodes"] for one in said] == [2, 2, 1, 1, 1]
    assert [one["headless"] for one in said] == [False, True, False, False, True]
