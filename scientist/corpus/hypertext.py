"""Render HTML to simple Markdown: what a reader sees, one paragraph per block.

Headings, list items, tables and code keep their marks, so that sentences.py can tell
them from prose. Standard library only; a broken page is read as far as it goes.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

HIDDEN = {
    *("script", "style", "nav", "head", "template", "noscript", "svg", "math", "iframe"),
    *("button", "select", "textarea", "object", "canvas", "audio", "video", "title"),
}
VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
    *("source", "track", "wbr"),
}
BLOCKS = {
    *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details"),
    *("dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "header", "hr"),
    *("html", "li", "main", "menu", "ol", "p", "pre", "section", "summary", "table", "tbody"),
    *("tfoot", "thead", "tr", "ul", "h1", "h2", "h3", "h4", "h5", "h6"),
}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}


def render(markup: str) -> tuple[str, tuple[str, ...], str]:
    """Title, themes (the page's keywords) and visible text of a page."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    reader.flush()
    title = reader.title or reader.first_heading
    themes = tuple(word.strip() for word in reader.keywords.split(",") if word.strip())
    return title, themes, "\n\n".join(reader.blocks) + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.title = ""
        self.keywords = ""
        self.first_heading = ""
        self._words: list[str] = []
        self._hidden: list[str] = []
        self._mark = ""
        self._code = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "meta" and (facts.get("name") or "").lower() == "keywords":
            self.keywords = facts.get("content") or ""
        if tag == "title":
            self._in_title = not self.title
        if tag == "br":
            self._words.append("\n" if self._code else " ")
        if tag in VOID:
            if tag == "hr":
                self.flush()
            return
        if tag == "body":
            self._hidden.clear()  # a head that was never closed
        hidden = "hidden" in facts or facts.get("aria-hidden") == "true"
        if (
            tag in HIDDEN
            or (hidden and tag not in ("html", "body"))
            or (self._hidden and tag == self._hidden[-1])
        ):
            self._hidden.append(tag)
        if self._hidden:
            return
        if tag in BLOCKS:
            self.flush()
        if tag in HEADINGS:
            self._mark = "#" * int(tag[1]) + " "
        elif tag == "li":
            self._mark = "- "
        elif tag == "tr":
            self._mark = "| "
        elif tag == "pre":
            self._code += 1
        elif tag in ("td", "th") and self._words:
            self._words.append(" | ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag in BLOCKS:
            self.flush()
        if tag == "pre":
            self._code = max(0, self._code - 1)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title = " ".join(f"{self.title} {data}".split())
        elif not self._hidden:
            self._words.append(data)

    def flush(self) -> None:
        """End the block that is being read."""
        raw, mark = "".join(self._words), self._mark
        self._words.clear()
        self._mark = ""
        if not raw.strip():
            self._mark = mark if mark == "- " else ""  # <li><p> is still one item
            return
        if self._code:
            self.blocks.append(f"```\n{raw.strip()}\n```")
            return
        text = re.sub(r"\s+", " ", raw).strip()
        if mark.startswith("#") and not self.first_heading:
            self.first_heading = text
        self.blocks.append(mark + text)
