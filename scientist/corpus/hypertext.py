"""Render HTML to simple Markdown: what a reader sees, one paragraph per block.

Headings, list items, tables and code keep their marks, so that sentences.py can tell
them from prose; cells.py says which cells of a table are prose. Tags that may be left
out are closed as browsers do. Standard library only; a broken page is read as far as
it goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from scientist.corpus.cells import blocks_of

HIDDEN = {
    *("script", "style", "nav", "head", "template", "noscript", "svg", "math", "iframe"),
    *("button", "select", "textarea", "object", "canvas", "audio", "video", "title"),
}
VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
    *("source", "track", "wbr"),
}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
BLOCKS = HEADINGS | {
    *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details"),
    *("dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form"),
    *("header", "hgroup", "hr", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "search"),
    *("section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
}
OF_A_HEAD = {
    *("base", "basefont", "bgsound", "link", "meta", "noscript", "script", "style", "template"),
    "title",
}
CELL_EDGES = {"caption", "table", "td", "th"}
_SECTIONS = {"table", "tbody", "thead", "tfoot"}
PLACE_OF = {  # a part of a table ends all that is open inside the innermost of these
    **{tag: {"table"} for tag in ("caption", "tbody", "thead", "tfoot")},
    **{"tr": _SECTIONS, "td": _SECTIONS | {"tr"}, "th": _SECTIONS | {"tr"}},
}
EDGES = CELL_EDGES | HIDDEN
ENDS = {  # what a start tag ends, and what protects it
    "li": ({"li"}, EDGES | {"ul", "ol", "menu", "dir"}),
    "dd": ({"dd", "dt"}, EDGES | {"dl"}),
    "dt": ({"dd", "dt"}, EDGES | {"dl"}),
}
DEEPEST = 256  # elements inside one another; browsers have such a limit too


def render(markup: str) -> tuple[str, tuple[str, ...], str]:
    """Title, themes (the page's keywords) and visible text of a page."""
    reader = _Reader()
    reader.feed(_closed(markup))
    reader.close()
    blocks = reader.finish()
    title = " ".join("".join(reader.title).split()) or reader.first_heading
    themes = tuple(word.strip() for word in reader.keywords.split(",") if word.strip())
    return title, themes, "\n\n".join(blocks) + "\n"


def _closed(markup: str) -> str:
    """A page without comments and tags that never end; the parser would search for each end."""
    last = markup.rfind("-->") + 1
    markup = markup[:last] + markup[last:].replace("<!--", "<!")
    last = markup.rfind(">") + 1
    return markup[:last] + markup[last:].replace("<", "&lt;")


@dataclass
class _Element:
    """An open element, and what holds inside it."""

    tag: str
    hidden: bool
    code: bool
    blocks: list[str]
    row: list[list[str]] | None  # the cells of the innermost table's row
    hidden_spans: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.keywords = ""
        self.first_heading = ""
        self._open = [_Element("", hidden=False, code=False, blocks=[], row=None)]
        self._words: list[str] = []
        self._mark = ""
        self._line_ended = False
        self._in_title = False

    @property
    def _hidden(self) -> bool:
        return self._open[-1].hidden or bool(self._open[-1].hidden_spans)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "meta" and (facts.get("name") or "").lower() == "keywords":
            self.keywords = facts.get("content") or ""
        if tag == "html" or (tag == "head" and len(self._open) > 1):
            return
        if self._open[-1].tag == "head" and tag not in OF_A_HEAD:
            self._leave(len(self._open) - 1)
        if tag == "body":
            if any(element.tag == "body" for element in self._open):
                return
            self._leave(1)
        if tag == "br":
            self._break()
        if tag in BLOCKS:
            self._end_others(tag)
        stray = tag in PLACE_OF and self._open[-1].row is None  # no table is open
        if (tag == "hr" or stray) and not self._hidden:
            self._flush()
        if tag in VOID or stray:
            return
        hidden = "hidden" in facts or facts.get("aria-hidden") == "true"
        if tag in BLOCKS or tag in HIDDEN:
            self._enter(tag, tag in HIDDEN or (hidden and tag != "body"))
            return
        spans = self._open[-1].hidden_spans
        if hidden or (spans and tag == spans[-1]):
            spans.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS or tag in HIDDEN:
            edges = {"table"} if tag in PLACE_OF else CELL_EDGES
            tags = HEADINGS if tag in HEADINGS else {tag}
            if tag != "body" and self._end(tags, edges - tags):
                return
            if tag in BLOCKS and not self._hidden:
                self._flush()
        elif tag in self._open[-1].hidden_spans:
            while self._open[-1].hidden_spans.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
            return
        if not data.isspace():
            if self._open[-1].tag == "head":
                self._leave(len(self._open) - 1)
            self._line_ended = False
        if not self._hidden:
            self._words.append(data)

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![` begins a comment in HTML; the parser would refuse what is not SGML."""
        return self.parse_bogus_comment(i, report)

    def finish(self) -> list[str]:
        """Every block of the page, once all of it was read."""
        self._leave(1)
        self._flush()
        return self._open[0].blocks

    def _enter(self, tag: str, hidden: bool) -> None:
        if tag == "title":
            self._in_title = not self.title and (not self._hidden or self._open[-1].tag == "head")
        if len(self._open) > DEEPEST:
            self._leave(len(self._open) - 1)
        outer = self._open[-1]
        element = _Element(tag, hidden or self._hidden, outer.code, outer.blocks, outer.row)
        if not element.hidden and tag in BLOCKS:
            self._flush()
        if tag in HEADINGS:
            self._mark = "#" * int(tag[1]) + " "
        elif tag == "li":
            self._mark = "- "
        elif tag == "pre":
            element.code = True
        elif tag == "table":
            element.row = []
        elif tag == "tr":
            self._end_row()
        elif tag in ("td", "th") and element.row is not None:
            self._mark = ""
            element.blocks = []
            element.row.append(element.blocks)
        self._open.append(element)

    def _leave(self, place: int) -> None:
        """End the elements from this one inwards."""
        if any(element.tag in BLOCKS and not element.hidden for element in self._open[place:]):
            self._flush()
        while len(self._open) > place:
            element = self._open[-1]
            if element.tag in ("table", "tr"):
                self._end_row()
            elif element.tag == "li" or element.tag in HEADINGS:
                self._mark = ""
            elif element.tag == "title":
                self._in_title = False
            self._open.pop()

    def _end(self, tags: set[str], edges: set[str]) -> bool:
        """End the innermost element with one of these tags, unless an edge lies between."""
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag in tags:
                self._leave(place)
                return True
            if self._open[place].tag in edges:
                break
        return False

    def _end_others(self, tag: str) -> None:
        """End the elements that this start tag ends without an end tag of their own."""
        if tag in PLACE_OF:
            for place in range(len(self._open) - 1, 0, -1):
                if self._open[place].tag in PLACE_OF[tag]:
                    self._leave(place + 1)
                    return
        if tag in ENDS:
            self._end(*ENDS[tag])
        self._end({"p"}, EDGES)

    def _end_row(self) -> None:
        """Show the row of the innermost table where the table stands."""
        for place in range(len(self._open) - 1, 0, -1):
            row = self._open[place].row
            if self._open[place].tag == "table" and row is not None:
                self._open[place].blocks += blocks_of(row)
                row.clear()
                return

    def _break(self) -> None:
        """One line break is a space; a second one ends the paragraph."""
        if self._hidden:
            return
        if self._open[-1].code:
            self._words.append("\n")
        elif self._line_ended:
            mark = self._mark
            self._flush()
            self._mark = mark if mark.startswith("#") else self._mark
        else:
            self._words.append(" ")
            self._line_ended = True

    def _flush(self) -> None:
        """End the block that is being read."""
        raw = "".join(self._words)
        self._words.clear()
        if not raw.strip():
            return  # the mark still waits for its text: <li><p> is one item
        mark, self._mark = self._mark, ""
        if self._open[-1].code:
            self._open[-1].blocks.append(f"```\n{raw.strip()}\n```")
            return
        text = " ".join(raw.split())
        if mark.startswith("#") and not self.first_heading:
            self.first_heading = text
        if not mark:
            text = re.sub(r"^(#{1,6}) ", "\\1\u00a0", text)  # "# of items" is no heading
        self._open[-1].blocks.append(mark + text)
