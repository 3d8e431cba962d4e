"""Read one file into a source: its title, its themes and its text.

Markdown and plain text are kept as they stand; HTML and PDF are rendered to simple
Markdown, and that rendition is what addresses and quotes refer to. Every file that
cannot be used is refused by name, with the way to mend it. sentences.py comes next.
"""

from __future__ import annotations

import io
import re
import shlex
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scientist.corpus.hypertext import render
from scientist.corpus.sentences import split
from scientist.errors import UsageError
from scientist.records import Passage
from scientist.workspace import explain

FORMATS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
}
ADD = "scientist corpus add"
MOST_BYTES = 64 * 1024 * 1024
MOST_CONTROL_SHARE = 0.01
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)(?:^|\r?\n)---[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_FIRST_HEADING = re.compile(r"^#{1,2}[ \t]++(?![ \t#]*+\r?$)(.+)$", re.M)
_CHARSET = re.compile(rb"charset\s*=\s*+[\"']?\s*+([A-Za-z0-9_.:-]+)", re.I)
_NOTHING = {"", "~", "null", "Null", "NULL"}  # what YAML calls nothing


@dataclass(frozen=True)
class Source:
    """One readable file."""

    title: str
    text: str
    themes: tuple[str, ...]
    format: str
    bytes: bytes
    sentences: tuple[Passage, ...]  # of an essay that has no number yet


def files(path: Path) -> list[Path]:
    """The essays a path means: the file itself, or every essay below a folder."""
    if not path.exists():
        raise UsageError(f"there is no file or folder {path}", f"{ADD} FILE_OR_FOLDER")
    if not path.is_dir():
        return [path]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in FORMATS
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    if not found:
        raise UsageError(
            f"there are no essays in {path}: no file ends in {', '.join(FORMATS)}",
            f"put essays there, or: {ADD} FILE_OR_FOLDER",
        )
    return found


def read(path: Path) -> Source:
    """Read a file, or say why it cannot be an essay."""
    raw = _bytes(path)
    kind = FORMATS[path.suffix.lower()]
    if kind == "pdf":
        title, themes, text = _pdf(path, raw)
    else:
        decoded = _decode(path, raw, kind)
        if kind == "markdown":
            title, themes, text = _markdown(path, decoded)
        elif kind == "html":
            title, themes, text = render(decoded)
        else:
            title, themes, text = "", (), decoded
    title = " ".join(title.split()) or path.stem.replace("-", " ").replace("_", " ")
    text = scrub(text)
    sentences = tuple(split("", text, kind))
    if not sentences:
        raise UsageError(
            f"{path} has no sentences to work from",
            f"write at least one whole sentence into it, then: {ADD} {_quoted(path)}",
        )
    return Source(
        title=scrub(title),
        text=text,
        themes=tuple(map(scrub, themes)),
        format=kind,
        bytes=raw,
        sentences=sentences,
    )


def scrub(text: str) -> str:
    """A text that can be written in UTF-8: half a character becomes a replacement character.

    Names of files that are no UTF-8, escapes in YAML and bent PDFs bring such halves.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _bytes(path: Path) -> bytes:
    if not path.exists():
        raise UsageError(f"there is no file {path}", f"{ADD} FILE_OR_FOLDER")
    if not path.is_file():
        raise UsageError(f"{path} is not a file", f"{ADD} FILE_OR_FOLDER")
    if path.suffix.lower() not in FORMATS:
        raise UsageError(
            f"{path} cannot be read: only {', '.join(FORMATS)} can",
            f"save it as text, then: {ADD} {_quoted(path.with_suffix('.txt'))}",
        )
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MOST_BYTES else b""
    except PermissionError as fault:
        raise UsageError(
            f"{path} may not be read: {fault.strerror}", f"chmod u+r {_quoted(path)}"
        ) from fault
    except OSError as fault:
        raise explain(fault, path) from fault
    if size > MOST_BYTES:
        raise UsageError(
            f"{path} has {size // 2**20} MB, more than the {MOST_BYTES // 2**20} MB an essay may",
            f"cut it into parts, then: {ADD} FOLDER",
        )
    if not raw.strip():
        raise UsageError(f"{path} is empty", f"write an essay into it, or: rm {_quoted(path)}")
    return raw


def _decode(path: Path, raw: bytes, kind: str) -> str:
    encodings = ["utf-8-sig"]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif kind == "html" and (named := _CHARSET.search(raw[:4096])):
        encodings.append(named[1].decode("ascii"))
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except (UnicodeError, LookupError):  # some codecs fail whatever the bytes are
            continue
        if "\0" in text or _control_share(text) > MOST_CONTROL_SHARE:
            break
        return text
    else:
        if b"\0" not in raw:
            name = _quoted(path)
            raise UsageError(
                f"{path} is not text in UTF-8",
                f"iconv -f WINDOWS-1252 -t UTF-8 {name} -o {name}.txt && {ADD} {name}.txt",
            )
    raise UsageError(
        f"{path} is binary, not text, although its name ends in {path.suffix}",
        f"give it its true ending, or save it as text, then: {ADD} FILE",
    )


def _control_share(text: str) -> float:
    sample = text[:100_000]
    control = sum(unicodedata.category(c) == "Cc" and c not in "\t\n\r\f\v\x85" for c in sample)
    return control / max(1, len(sample))


def _markdown(path: Path, text: str) -> tuple[str, tuple[str, ...], str]:
    matter = _FRONT_MATTER.match(text)
    facts: Any = {}
    if matter:
        import yaml

        try:
            facts = yaml.load(matter[1], yaml.BaseLoader) or {}  # all is text, dates too
        except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as fault:
            first = str(fault).partition("\n")[0]
            raise UsageError(
                f"the front matter of {path} is not YAML: {first}",
                f"mend the lines between its two --- lines, then: {ADD} {_quoted(path)}",
            ) from fault
        if isinstance(facts, dict):
            text = text[matter.end() :]
        else:
            facts = {}  # two rules with prose between them are not front matter
    heading = _FIRST_HEADING.search(text)
    title = facts.get("title")
    if not isinstance(title, str) or title in _NOTHING:
        title = heading[1].rstrip("# \t\r") if heading else ""
    themes = facts.get("themes")
    if isinstance(themes, str):
        themes = themes.split(",")
    elif not isinstance(themes, list):
        themes = []
    named = [theme.strip() for theme in themes if isinstance(theme, str)]
    return title.strip("*_ "), tuple(theme for theme in named if theme not in _NOTHING), text


def _pdf(path: Path, raw: bytes) -> tuple[str, tuple[str, ...], str]:
    import logging

    import pypdf
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every bent file
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UsageError(
                f"{path} is encrypted",
                f"qpdf --decrypt --password=PASSWORD {_quoted(path)} open.pdf && {ADD} open.pdf",
            )
        pages = [page.extract_text() or "" for page in reader.pages]
        title = str((reader.metadata and reader.metadata.title) or "")
    except UsageError:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise UsageError(
            f"{path} is not a readable PDF: {fault}",
            f"pdftotext {_quoted(path)} essay.txt && {ADD} essay.txt",
        ) from fault
    except (DependencyError, NotImplementedError) as fault:  # a cipher that needs another library
        raise UsageError(
            f"{path} is encrypted in a way that cannot be opened here: {fault}",
            f"qpdf --decrypt {_quoted(path)} open.pdf && {ADD} open.pdf",
        ) from fault
    text = "\n\n".join(_page(page) for page in pages if page.strip())
    text = re.sub(r"(?<=[\w,;])\n\n(?=[a-z])", "\n", text)  # a sentence that crosses a page
    if not any(c.isalpha() for c in text):
        raise UsageError(
            f"{path} holds no text, only pictures of pages",
            f"ocrmypdf {_quoted(path)} read.pdf && {ADD} read.pdf",
        )
    return title, (), text


def _page(text: str) -> str:
    """A page without its number, words joined over line ends, headings set apart."""
    lines = [line.rstrip() for line in text.splitlines()]
    lines = [line for line in lines if not line.strip().isdigit()]
    usual = sorted(map(len, lines))[len(lines) * 3 // 4] if lines else 0
    shown: list[str] = []
    for place, line in enumerate(lines):
        after = lines[place + 1].lstrip() if place + 1 < len(lines) else ""
        short = len(line) < usual * 0.6
        apart = line.strip() and line.strip()[-1] not in ".!?,;:-" and after[:1].isupper()
        shown += ["", line, ""] if short and apart else [line]
    joined = "\n".join(shown).replace("\0", "")
    return re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", joined).strip()
