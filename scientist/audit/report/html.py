"""Blocks as one HTML file that needs nothing else: style and plots stand in it, no script does.

Jinja escapes whatever is put in; only plots, which escape their own labels, go in as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scientist.audit.report.blocks import Block, Figure, Heading
from scientist.records import clean

TEMPLATE = Path(__file__).with_name("page.html")


def render(title: str, blocks: Sequence[Block]) -> str:
    """The whole page."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["line"] = clean
    page = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return page.render(
        title=title,
        blocks=[(type(block).__name__, block) for block in blocks],
        anchors={block.anchor for block in blocks if isinstance(block, Heading) and block.anchor},
        plots={id(block): Markup(block.svg) for block in blocks if isinstance(block, Figure)},
        identity=id,
    )
