"""`scientist audit trace`: from anything that was printed back to where it comes from."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scientist.cli import options, output
from scientist.records import printable

if TYPE_CHECKING:
    from scientist.audit.tracing import Node, Trace

SHORT = 16  # digits of a hash that are shown; --json has all
DEEPEST = 99


def trace(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="a number as it was printed, an id (F1, H2, X3, A4, K5, E1:3, C1, T1:2), "
            'a digest, or a "sentence"',
        ),
    ],
    depth: Annotated[
        int, typer.Option(min=1, max=DEEPEST, help="how many steps down, at most")
    ] = DEEPEST,
    most: Annotated[
        int, typer.Option(min=1, help="of several things that give a number: how many to list")
    ] = 20,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Everything behind a number, a finding, a claim or a sentence, down to the raw trials.

    Every step names its event with its hash, and the file of its bytes. Exit 1 if nothing on
    record gives it.
    """
    from scientist.audit.tracing import cut
    from scientist.audit.tracing import trace as follow

    with options.indexed(workspace) as (journal, index):
        found = follow(journal, index, asked, most)
    found.nodes = cut(found.nodes, depth)
    if as_json:
        output.document(_plain(found))
    elif sys.stdout.isatty():
        _tree(found)
    else:
        for line in _lines(found.nodes, ""):
            output.result(line)
    if found.left:
        output.note(found.left)
    for reason in found.refused:
        output.note(f"not borne out: {reason}")
    if found.refused:
        raise typer.Exit(1)


def _plain(found: Trace) -> dict[str, Any]:
    return {
        "asked": found.asked,
        "found": [node.plain() for node in found.nodes],
        "refused": found.refused,
        "left_out": found.left,
    }


def _lines(nodes: Sequence[Node], indent: str) -> list[str]:
    """Plain indented text: a step a line, what belongs to it below."""
    lines: list[str] = []
    for node in nodes:
        lines.append(f"{indent}{node.what}  {node.text}{_where(node)}")
        lines += [f"{indent}    {one}" for one in _below(node)]
        lines += _lines(node.children, f"{indent}  ")
    return lines


def _where(node: Node) -> str:
    if node.entry is None:
        return ""
    return f"  [event {node.entry.seq} {node.entry.hash[:SHORT]}]"


def _below(node: Node) -> list[str]:
    return [*node.lines, *(f"{one.what}: {one.path}" for one in node.blobs)]


def _tree(found: Trace) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    top = Tree(Text(printable(found.asked), style="bold"), guide_style="dim")
    _grow(top, found.nodes)
    Console(highlight=False).print(top)


def _grow(tree: Any, nodes: Sequence[Node]) -> None:
    from rich.text import Text

    for node in nodes:
        label = Text.assemble((f"{node.what}  ", "cyan"), printable(node.text))
        label.append(_where(node), style="dim")
        for one in node.lines:
            label.append(f"\n{printable(one)}")
        for blob in node.blobs:
            label.append(f"\n{blob.what}: {printable(str(blob.path))}", style="dim")
        _grow(tree.add(label), node.children)
