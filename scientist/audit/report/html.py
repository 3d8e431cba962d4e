"""Blocks as one HTML file that needs nothing else: style and plots stand in it, no script does.

Jinja escapes whatever is put in; only plots, which escape their own labels, go in as they are.
The page's policy allows this one style and nothing else, wherever the file is opened.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from scientist.audit import templates
from scientist.audit.report.blocks import Block, Heading

TEMPLATE = Path(__file__).with_name("page.html")
STYLE = templates.LOOKS.read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"


def render(title: str, blocks: Sequence[Block]) -> str:
    """The whole page."""
    from markupsafe import Markup

    page = templates.environment(TEMPLATE.parent).get_template(TEMPLATE.name)
    return page.render(
        title=title,
        style=Markup(STYLE),
        policy=Markup(POLICY),
        blocks=[(type(block).__name__, block) for block in blocks],
        anchors={block.anchor for block in blocks if isinstance(block, Heading) and block.anchor},
    )
