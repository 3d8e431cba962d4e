"""A page becomes what a reader sees, whatever its author left out or laid out in tables."""

import pytest

from scientist.corpus import split
from scientist.corpus.hypertext import render

from .watchdog import watched

ESSAY = "The first paragraph has a sentence. It has another one."
MORE = "The second paragraph follows it. It ends here too."


def sentences(markup: str) -> list[str]:
    return [passage.text for passage in split("E1", render(markup)[2], "html")]


def paragraphs(markup: str) -> list[str]:
    return render(markup)[2].rstrip("\n").split("\n\n")


def test_an_essay_laid_out_in_a_table_is_prose() -> None:
    page = f"""<html><head><title>An Essay</title></head><body>
        <table><tr><td><img src="menu.gif"></td><td>&nbsp;</td><td>
        <font size="2">{ESSAY}<br><br>{MORE}</font></td></tr></table></body></html>"""
    assert paragraphs(page) == [ESSAY, MORE]
    assert len(sentences(page)) == 4


@pytest.mark.parametrize(
    "page",
    [
        f"<table><tr><td>{ESSAY}</table>",
        f"<table><tr><td>{ESSAY}<tr><td></table>",
        f"<table><tr><td><table><tr><td>{ESSAY}</td></tr></table></td></tr></table>",
        f"<table><td><p>{ESSAY}</p></td></table>",
        f"<table><tr><td><div>{ESSAY}</td></tr></table>",
        f"<table><tr><th>{ESSAY}",
    ],
)
def test_a_cell_alone_in_its_row_is_a_frame_around_its_sentences(page: str) -> None:
    assert paragraphs(page) == [ESSAY]


def test_prose_beside_a_menu_stands_apart_from_it() -> None:
    page = f"""<table><tr><td>Home<br>About us</td><td>News</td>
        <td><h1>A Heading</h1><p>{ESSAY}<ul><li>An item without a stop</ul><p>{MORE}</td>
        <td>Contact</td></tr></table><p>{ESSAY}"""
    assert paragraphs(page) == [
        "| Home About us | News",
        "# A Heading",
        ESSAY,
        "- An item without a stop",
        MORE,
        "| Contact",
        ESSAY,
    ]
    assert render(page)[0] == "A Heading"


def test_tables_of_data_stay_rows() -> None:
    page = """<table><caption>The results of the trial</caption>
        <thead><tr><th>Name of the arm<th>Mean of all seeds</thead>
        <tr><td>The plain one</td><td>3.5 points. Good.</td></tr>
        <tr><td><b>The</b> other<br>one</td><td><ul><li>It rose.</li><li>Then it fell</li></ul>
        <tbody><tr><td colspan=2>Mean of the two arms</td></tr></table>"""
    assert paragraphs(page) == [
        "The results of the trial",
        "| Name of the arm | Mean of all seeds",
        "| The plain one | 3.5 points. Good.",
        "| The other one | - It rose. - Then it fell",
        "| Mean of the two arms",
    ]


def test_a_table_of_data_inside_a_layout_stays_rows() -> None:
    data = "<table><tr><td>One</td><td>2</td></tr><tr><td>Three</td><td>4</td></tr></table>"
    page = f"<table><tr><td>{ESSAY}{data}{MORE}</td></tr></table>"
    assert paragraphs(page) == [ESSAY, "| One | 2", "| Three | 4", MORE]


def test_two_line_breaks_end_a_paragraph_and_one_does_not() -> None:
    page = f"<body>{ESSAY}<br>\n&nbsp;<br/>{MORE}<br>It goes on.<br><br><br># of items counts here."
    assert paragraphs(page) == [ESSAY, f"{MORE} It goes on.", "#\u00a0of items counts here."]
    assert sentences(page)[-1] == "#\u00a0of items counts here."
    assert paragraphs("<h2>One<br><br>Two</h2><p>Text") == ["## One", "## Two", "Text"]
    assert render("<pre>one<br><br>two</pre>")[2] == "```\none\n\ntwo\n```\n"


@pytest.mark.parametrize(
    "page",
    [
        f"<!doctype html><html><head><title>T</title><p>{ESSAY}</html>",
        f"<!doctype html><title>T</title><p>{ESSAY}",
        f"<head><title>T</title>{ESSAY}",
        f"<head><title>T</title><meta charset=utf-8><style>p {{}}</style><b>{ESSAY}</b>",
        f"<head><title>T</title><noscript><img src=x></noscript><body>{ESSAY}",
        f"<head><title>T</title><body hidden>{ESSAY}",
    ],
)
def test_a_head_ends_where_the_page_begins(page: str) -> None:
    assert paragraphs(page) == [ESSAY]
    assert render(page)[0] == "T"


@pytest.mark.parametrize(
    "page",
    [
        f"<p hidden>Nobody sees this.<p>{ESSAY}",
        f"<p hidden>Nobody sees this.<div>{ESSAY}</div>",
        f"<p hidden>Nobody sees this.<table><tr><td>{ESSAY}</table>",
        f"<div><p hidden>Nobody sees this.</div>{ESSAY}",
        f"<p><span hidden>Nobody sees this.<p>{ESSAY}",
        f"<ul><li hidden>Nobody sees this.<li>{ESSAY}</ul>",
        f"<dl><dt hidden>Nobody sees this.<dd>{ESSAY}</dl>",
        f"<table><tr><td hidden>Nobody sees this.<td>{ESSAY}</table>",
        f"<table><tr hidden><td>Nobody sees this.<tr><td>{ESSAY}</table>",
        f"<div hidden><div>Nobody</div> sees this.</div>{ESSAY}",
        f"<p><span hidden>Nobody <span>sees</span> this.</span>{ESSAY}",
        f"<div hidden>Nobody sees this.<p>Nor this.</div>{ESSAY}",
        f"<p><button><div>Nobody sees this.</div></button>{ESSAY}</p>",
    ],
)
def test_what_is_hidden_ends_where_its_element_does(page: str) -> None:
    assert [block.removeprefix("- ") for block in paragraphs(page)] == [ESSAY]


def test_a_picture_or_a_button_does_not_cut_a_paragraph() -> None:
    page = "<p>One <svg><title>icon</title></svg> sentence <button><div>x</div></button> here.</p>"
    assert paragraphs(page) == ["One sentence here."]
    assert render(page)[0] == ""


def test_marked_sections_and_comments_that_never_end_hide_no_text() -> None:
    assert paragraphs(f"<![if !IE]><p>{ESSAY}<![endif]><![ ]><p>{MORE}") == [ESSAY, MORE]
    assert paragraphs(f"<p>{ESSAY}<!-- a --><p>{MORE}<!-- b ><p>{ESSAY}") == [ESSAY, MORE, ESSAY]


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<!", "</", "<a ", "<!--", "<!--<p>", "<![", "<a a='", "&", "-->", "<b>", "</b>"),
        *("<p>", "<div>", "</div>", "<section></div>", "<table>", "<tr>", "<td>", "<table><td>"),
        *("<li>", "<br>", "<title>a<b>", "<p hidden>", "<span hidden>", "<pre>", "<script>"),
    ],
)
def test_torn_pages_are_read_to_their_end(piece: str) -> None:
    page = f"<body>{ESSAY}" + piece * (100_000 // len(piece))
    with watched():
        assert "The first paragraph" in render(page)[2]
