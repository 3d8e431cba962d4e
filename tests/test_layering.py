"""The house rules, checked: imports go one way, modules stay small, heavy things load late."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "scientist"
LAYERS = (
    {"errors", "records", "events", "resources", "catalog", "addresses"},
    {"settings", "workspace", "locks", "sharing", "interrupts", "artifacts", "journal"},
    {"llm", "corpus", "memory", "science", "lab"},
    {"agent", "audit"},
    {"chat"},
    {"cli"},
)
WITHIN_A_LAYER = {0, 1}  # the two lowest layers may use each other; rooms above may not
OWNERS = {
    "openai": {"llm"},
    "xllamacpp": {"llm"},
    "chromadb": {"memory"},
    "cryptography": {"journal"},
    "onnxruntime": {"memory"},
    "langgraph": {"agent", "chat"},
    "psycopg": {"agent"},
    "mcp": {"chat"},
    "prompt_toolkit": {"cli"},
    "ray": {"lab"},
    "submitit": {"lab"},
    "opentelemetry": {"audit"},
    "prov": {"audit"},
    "rocrate": {"audit"},
    "scipy": {"science"},
    "starlette": {"audit"},
    "uvicorn": {"audit"},
    "pypdf": {"corpus"},
    "typer": {"cli"},
    "rich": {"cli"},
}
HEAVY = (
    *("langgraph", "openai", "chromadb", "ray", "numpy", "scipy", "onnxruntime", "xllamacpp"),
    *("mcp", "prompt_toolkit", "psycopg", "cryptography", "starlette", "uvicorn"),
)
MOST_LINES = 400


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "_bundled" not in p.parts)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            if node.module == "scientist":
                yield from (f"scientist.{alias.name}" for alias in node.names)


def layer(name: str) -> int | None:
    return next((number for number, rooms in enumerate(LAYERS) if name in rooms), None)


def test_every_module_has_a_layer() -> None:
    for path in modules():
        assert room(path) in ("__init__", "__main__") or layer(room(path)) is not None, path


def test_imports_go_one_way() -> None:
    for path in modules():
        here = layer(room(path))
        if here is None:
            continue
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "scientist" or len(parts) < 2 or parts[1] == "__version__":
                continue
            there = layer(parts[1])
            assert there is not None, f"{path} imports {name}, which has no layer"
            same = parts[1] == room(path) or (here == there and here in WITHIN_A_LAYER)
            assert there < here or same, f"{path.relative_to(ROOT)} may not import {name}"


def test_a_library_has_one_owner() -> None:
    for path in modules():
        for name in imported(path):
            owners = OWNERS.get(name.split(".")[0])
            assert owners is None or room(path) in owners, f"{path} may not import {name}"


def test_modules_are_small() -> None:
    for folder in ("scientist", "tools", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            lines = path.read_text().count("\n")
            assert lines <= MOST_LINES, f"{path.relative_to(ROOT)} has {lines} lines"


def test_only_the_command_line_prints() -> None:
    for path in modules():
        if room(path) in ("cli", "lab"):  # lab's runner and attacks print inside the sandbox
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            is_print = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
            assert not is_print, f"{path}:{getattr(node, 'lineno', 0)} prints"


def test_every_module_says_what_it_is() -> None:
    for path in modules():
        assert ast.get_docstring(ast.parse(path.read_text())), f"{path} has no docstring"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", "F1 lowered x by 0.1"],
        ["audit", "verify"],
        ["audit", "trace", "F1"],
        ["audit", "show", "C1"],
        ["audit", "view", "--help"],
        ["experiment", "list"],
        ["finding", "list"],
        ["belief", "list"],
        ["kit", "list"],
        ["mcp", "--help"],
        ["chat", "--help"],
    ],
    ids=" ".join,
)
def test_no_heavy_module_is_loaded_by(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    place = [] if arguments[-1] == "--help" or arguments[0] == "kit" else ["-w", str(tmp_path)]
    code = (
        "import sys\nfrom scientist.cli import main\n"
        f"try:\n    main({[*arguments, *place]!r})\n"
        f"finally:\n    print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == "[]", done.stderr
