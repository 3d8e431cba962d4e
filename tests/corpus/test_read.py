"""Every kind of file becomes text, or is refused by name with the way to mend it."""

import io
import os
import re
from pathlib import Path

import pytest

from scientist.corpus.read import files, read
from scientist.corpus.sentences import split
from scientist.errors import UsageError

from .watchdog import watched


def pdf(*pages: list[str], title: str = "") -> bytes:
    """A PDF written by hand, one list of lines for each page."""
    bodies = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    bodies.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    bodies.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, page in enumerate(pages):
        shown = " ".join(f"({line}) Tj T*" for line in page)
        stream = f"BT /F1 12 Tf 14 TL 40 700 Td {shown} ET".encode()
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources "
            b"<< /Font << /F1 3 0 R >> >> /Contents " + f"{5 + 2 * number} 0 R >>".encode()
        )
        bodies.append(f"<< /Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream")
    bodies.append(f"<< /Title ({title}) >>".encode())
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, 2)
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode())
    for offset in offsets:
        out.write(f"{offset:010d} 00000 n \n".encode())
    size = len(bodies) + 1
    out.write(f"trailer << /Size {size} /Root 1 0 R /Info {size - 1} 0 R >>\n".encode())
    out.write(f"startxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def test_markdown_keeps_its_body_verbatim_below_the_front_matter(tmp_path: Path) -> None:
    body = "\n# Not the title\n\nOne *whole* sentence is here.\r\n"
    file = tmp_path / "essay.md"
    file.write_bytes(f"---\ntitle: The Title\nthemes: [causes, memory]\n---\n{body}".encode())
    source = read(file)
    assert source.text == body
    assert (source.title, source.themes, source.format) == (
        "The Title",
        ("causes", "memory"),
        "markdown",
    )
    assert source.bytes == file.read_bytes()


@pytest.mark.parametrize(
    ("content", "title", "themes"),
    [
        ("# *Own* Heading #\n\nOne whole sentence here.", "Own* Heading", ()),
        ("One whole sentence here.", "my essay", ()),
        ("---\nthemes: one, two\n---\nOne whole sentence here.", "my essay", ("one", "two")),
        ("---\n---\nOne whole sentence here.", "my essay", ()),
        ("---\nOne whole sentence here.\n---\nAnother one is here.", "my essay", ()),
        ("\ufeff---\ntitle: 7\n---\nOne whole sentence here.", "7", ()),
        ("---\ntitle: 2023-02-30\ndate: 2023-02-30\n---\nOne sentence here.", "2023-02-30", ()),
        (
            "---\ntitle: ~\nthemes: [a, 2020-01-01, ~]\n---\nA cat is.",
            "my essay",
            ("a", "2020-01-01"),
        ),
        ("---\ntitle: [one]\nthemes: {a: b}\nn: 0x_\n---\nA cat is here.", "my essay", ()),
        ("# ##\n## Own # \r\n\nOne whole sentence here.", "Own", ()),
    ],
)
def test_title_and_themes_have_fallbacks(
    tmp_path: Path, content: str, title: str, themes: tuple[str, ...]
) -> None:
    file = tmp_path / "my-essay.md"
    file.write_text(content, encoding="utf-8")
    source = read(file)
    assert (source.title, source.themes) == (title, themes)


def test_html_becomes_what_a_reader_sees(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        """<!doctype html><html><head><title>The &amp; Page</title>
        <meta name="keywords" content="causes, shift"><style>p { color: red }</style></head>
        <body><nav><ul><li>Home is where the menu is.</li></ul></nav>
        <h1>A heading of the page.</h1>
        <p>The first <b>bold</b>
           sentence&nbsp;is &lt;here&gt;. The second<br>follows it.</p>
        <script>var x = "Not a sentence. At all.";</script>
        <ul><li><p>The third is an item of a list.</p></li></ul>
        <pre>x = 1
        Some code. Not prose.</pre>
        <table><tr><td>A cell is here.</td><td>Another cell.</td></tr></table>
        <p hidden>Nobody sees this sentence.</p>
        <div>The fourth is <span>in a</span> division<div>The fifth is inside.</div></div>
        """,
        encoding="utf-8",
    )
    source = read(file)
    assert (source.title, source.themes) == ("The & Page", ("causes", "shift"))
    assert [p.text for p in split("E1", source.text, source.format)] == [
        "The first bold sentence is <here>.",
        "The second follows it.",
        "The third is an item of a list.",
        "The fourth is in a division",
        "The fifth is inside.",
    ]
    assert "color" not in source.text
    assert "menu" not in source.text


def test_html_in_an_old_encoding_is_read_by_what_it_declares(tmp_path: Path) -> None:
    file = tmp_path / "old.htm"
    file.write_bytes(
        '<meta charset="iso-8859-1"><p>Ein Satz mit Umlauten: äöü.</p>'.encode("latin-1")
    )
    assert "äöü" in read(file).text


def test_half_characters_become_replacement_characters(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text('---\ntitle: "a\\ud800b"\nthemes: ["\\udc00"]\n---\nOne sentence is here.')
    assert (read(file).title, read(file).themes) == ("a\ufffdb", ("\ufffd",))
    page = tmp_path / "page.html"
    page.write_bytes(b"<meta charset=unicode_escape><p>One caf\xe9 is \\ud800 here.</p>")
    assert read(page).text == "One café is \ufffd here.\n"
    named = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9-one.md"))
    named.write_text("One sentence is here.")
    assert read(named).title == "caf\ufffd one"


def test_text_in_utf_16_with_its_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "wide.txt"
    file.write_bytes("One whole sentence is here.".encode("utf-16"))
    assert read(file).text == "One whole sentence is here."


def test_pdf_text_is_joined_over_lines_and_pages(tmp_path: Path) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(
        pdf(
            [
                "Introduction",
                "The first sentence of this paper is long enough to fill a line and to gener-",
                "alise over the next. The second sentence of this paper is just as long, and it",
                "goes on to the next page of the paper because the page has no more room for",
                "1",
            ],
            ["its end. The third sentence is on the second page of the paper.", "2"],
            title="A Paper",
        )
    )
    source = read(file)
    assert source.title == "A Paper"
    assert [re.sub(r"\s+", " ", p.text) for p in split("E1", source.text, "pdf")] == [
        "The first sentence of this paper is long enough to fill a line and to generalise over "
        "the next.",
        "The second sentence of this paper is just as long, and it goes on to the next page of "
        "the paper because the page has no more room for its end.",
        "The third sentence is on the second page of the paper.",
    ]


def encrypted(tmp_path: Path) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["One sentence is here."]))))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.md", b"", "is empty"),
        ("a.txt", b" \n\t ", "is empty"),
        ("a.md", bytes(range(256)) * 20, "is binary"),
        ("a.txt", b"One sentence is here.\0And more.", "is binary"),
        ("a.txt", b"\x01\x02\x03\x04 some\x05\x06\x07 words\x0e\x0f are here.", "is binary"),
        ("a.txt", "Müßige Sätze gibt es hier.".encode("latin-1"), "is not text in UTF-8"),
        ("a.docx", b"PK", "cannot be read"),
        ("a", b"One sentence is here.", "cannot be read"),
        ("a.md", b"# A heading\n\n```\ncode\n```\n", "has no sentences"),
        ("a.html", b"<script>One sentence is here.</script>", "has no sentences"),
        ("a.md", b"---\ntitle: [unclosed\n---\nOne sentence is here.", "front matter"),
        ("a.md", b"---\ntitle: " + b"[" * 600 + b"\n---\nOne sentence is here.", "front matter"),
        ("a.md", b'---\ntitle: "\\UFFFFFFFF"\n---\nOne sentence is here.', "front matter"),
        ("a.html", b"<meta charset=undefined><p>One caf\xe9 is here.</p>", "is not text in UTF-8"),
        ("a.html", b"<meta charset=idna><p>One caf\xe9 is here.</p>", "is not text in UTF-8"),
        ("a.html", b"<meta charset=nonsense><p>One caf\xe9 is here.", "is not text in UTF-8"),
        ("a.pdf", b"%PDF-1.4 and then garbage", "is not a readable PDF"),
        ("a.pdf", b"not a pdf at all, by far", "is not a readable PDF"),
        ("a.pdf", pdf([]), "holds no text"),
        ("a.pdf", "encrypted", "is encrypted"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name_with_a_fix(
    tmp_path: Path, name: str, content: bytes | str, says: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else encrypted(tmp_path))
    with pytest.raises(UsageError, match=says) as refused:
        read(file)
    assert str(file) in refused.value.message
    assert refused.value.hint


def test_what_is_not_there_or_holds_no_essays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        files(tmp_path / "nothing.md")
    with pytest.raises(UsageError, match="there is no file"):
        read(tmp_path / "nothing.md")
    with pytest.raises(UsageError, match="there are no essays"):
        files(tmp_path)
    (tmp_path / "data.csv").write_text("1,2")
    (tmp_path / ".hidden.md").write_text("One sentence is here.")
    with pytest.raises(UsageError, match="there are no essays"):
        files(tmp_path)


def test_a_folder_means_every_essay_below_it_in_order(tmp_path: Path) -> None:
    for name in ("b.md", "a.txt", "deep/c.HTML", ".git/d.md", "e.csv"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("One sentence is here.")
    assert [str(f.relative_to(tmp_path)) for f in files(tmp_path)] == [
        "a.txt",
        "b.md",
        "deep/c.HTML",
    ]


@pytest.mark.parametrize("character", [*'-|*#>".!?([ \n:&`~\t'])
def test_a_character_repeated_without_end_is_read_to_its_end(
    tmp_path: Path, character: str
) -> None:
    run = character * 100_000
    with watched():
        for name in ("a.md", "a.txt", "a.html"):
            for start in ("", "# ", "One sentence is here "):
                file = tmp_path / name
                file.write_text(f"One whole sentence is here.\n\n{start}{run}x\n")
                assert read(file).sentences
