"""Sentences: cut where a reader would, with offsets that are exact."""

import random

import pytest

from scientist.corpus import find, split

from .watchdog import watched


def cut(text: str, kind: str = "markdown") -> list[str]:
    found = split("E1", text, kind)
    for number, passage in enumerate(found, 1):
        assert text[passage.start : passage.end] == passage.text
        assert passage.number == number
        assert passage.address == f"E1:{number}"
    return [passage.text for passage in found]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Smith and Prof. Jones disagree about it.",
        "Some learners, e.g. children, need few examples, i.e. three.",
        "The error fell to 3.5 percent in Fig. 3 of the paper.",
        "Smith et al. 2020 saw the same in Sec. 4.",
        "J. R. Smith studied U.S. policy at length.",
        "Models generalise (see the appendix. It is long.) less than people do.",
        "He asked “Does it hold? I doubt it.” and went away.",
        'He asked "Does it hold? I doubt it." and went away.',
        '"Is it so?" she asked at once.',
        "Wait… what is this thing doing here?",
        "Call `model.fit(x). Then y` before you go.",
        "A [link to v. 2](http://example.org/a.b?c=d) stays in one piece.",
        "Compare No. 5 with the others before you decide.",
        "It runs on version 2.0.1 of example.org without trouble!",
    ],
)
def test_one_sentence_stays_one(sentence: str) -> None:
    assert cut(sentence) == [sentence]
    assert cut(f"Before it comes this. {sentence} After it comes that.") == [
        "Before it comes this.",
        sentence,
        "After it comes that.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It ended there... Then it went on.", ["It ended there...", "Then it went on."]),
        ("Is it so? It surely is! We all agree.", ["Is it so?", "It surely is!", "We all agree."]),
        (
            "He said “It holds.” Then he left the room.",
            ["He said “It holds.”", "Then he left the room."],
        ),
        ("We met in the U.S. The talks were long.", ["We met in the U.S.", "The talks were long."]),
        ("It has cars, boats, etc. However, it is slow.", None),
        ("这是第一句话。这是第二句话！", ["这是第一句话。", "这是第二句话！"]),
        ("The rate was 3.5. It then rose again.", ["The rate was 3.5.", "It then rose again."]),
        (
            "It began some years ago. It was in 1990. Then it spread.",
            ["It began some years ago.", "It was in 1990.", "Then it spread."],
        ),
    ],
)
def test_two_sentences_are_told_apart(text: str, expected: list[str] | None) -> None:
    assert cut(text) == (expected or ["It has cars, boats, etc.", "However, it is slow."])


def test_headings_code_tables_and_rules_are_no_sentences() -> None:
    text = """# A heading that reads like a sentence.

Title underlined like this one
==============================

The first real sentence stands here.

```python
x = 1  # This is a comment. It is long.
```

    indented = code(here)  # and more of it

| a column of words | another one here |
|---|---|
| this is a cell. | that is a cell. |

---

<div class="x">
The second real sentence stands here.
</div>

<!-- A comment nobody sees. It
goes on for two lines. -->
[a definition]: http://example.org/page
![a picture of a thing](picture.png)

~~~
The fence is closed by its own kind only.
```
~~~

**A bold line used as a heading**

The third real sentence stands here.
"""
    assert cut(text) == [
        f"The {n} real sentence stands here." for n in ("first", "second", "third")
    ]


def test_markers_labels_and_wrapping_emphasis_stay_outside() -> None:
    text = """- The first item has no stop at its end
* **Question:** does the second one hold?
1. **The third is bold.** The fourth is plain.
2) [ ] The fifth is a task to do.
> The sixth is quoted, and
> runs over two lines.

**Direction**: what if the seventh were true?

_The eighth is all in italics._
"""
    assert cut(text) == [
        "The first item has no stop at its end",
        "does the second one hold?",
        "The third is bold.",
        "The fourth is plain.",
        "The fifth is a task to do.",
        "The sixth is quoted, and\n> runs over two lines.",
        "what if the seventh were true?",
        "The eighth is all in italics.",
    ]


def test_lines_of_one_paragraph_belong_together_and_paragraphs_are_counted() -> None:
    text = (
        "One sentence runs\nover two lines. Another\nfollows it.\r\n\r\nA new paragraph starts.\r\n"
    )
    assert cut(text) == [
        "One sentence runs\nover two lines.",
        "Another\nfollows it.",
        "A new paragraph starts.",
    ]
    assert [p.paragraph for p in split("E1", text)] == [1, 1, 2]


def test_a_number_at_the_start_of_a_wrapped_line_begins_no_item() -> None:
    assert cut("The sum of two and three is\n5. It was never in doubt.") == [
        "The sum of two and three is\n5.",
        "It was never in doubt.",
    ]


def test_plain_text_keeps_marks_that_mean_nothing_there() -> None:
    text = "A Title Alone\n\n# 1 is the first key of it.\n\nThe *star* is kept here.\n"
    assert cut(text, "text") == ["# 1 is the first key of it.", "The *star* is kept here."]


def test_text_without_any_stop_is_cut_into_pieces_of_bounded_length() -> None:
    found = cut("word " * 2000)
    assert len(found) > 5
    assert max(map(len, found)) <= 1000
    assert sum(text.count("word") for text in found) == 2000


def test_a_line_is_of_a_table_by_its_bars_and_dashes() -> None:
    rows = ["| one cell of a row", "name --|", "--|--", ":--: | :-:", "a name | --- | ---"]
    prose = ["The set a | b is small here.", "It rose -- then | fell -- again.", "It is a--b here."]
    assert cut("\n\n".join(rows)) == []
    assert cut("\n\n".join(prose)) == prose


@pytest.mark.parametrize("character", [*"-|*#>\".!?([ \n_`~=:'“…<&\t", "a", "e.g. ", "- ", "(]"])
def test_a_character_repeated_without_end_is_split_to_its_end(character: str) -> None:
    run = character * (100_000 // len(character))
    with watched():
        for text in (
            run,
            f"{run}x",
            f"# {run}x",
            f"A word here {run}x y. Then it ends.",
            f"b. {run}\nX",
        ):
            for kind in ("markdown", "text"):
                split("E1", text, kind)


def test_a_long_text_without_empty_lines_is_split_to_its_end() -> None:
    line = "This is a plain sentence number five of the text.\n"
    with watched():
        assert len(split("E1", line * 60_000, "text")) == 60_000


@pytest.mark.parametrize("text", ["", "\n\n", "# Only a heading", "***", "- ", "Why?", "**", "__"])
def test_what_has_no_sentence_gives_none(text: str) -> None:
    assert cut(text) == []


def test_torn_markup_never_breaks_the_offsets_nor_goes_on_without_end() -> None:
    chance = random.Random(3)
    pieces = [
        *("word ", "Word", "**", "_", "[", "](", ")", "(", '"', "“", "”", "`", "```\n", "~~~\n"),
        *("\n", "\n\n", "# ", "- ", "1. ", "> ", "| ", "---\n", "<!--", "-->", "<b>", ". ", "! "),
        *("? ", "… ", " e.g. ", "\t", "é", "这是。", "\r\n", "\u2028", "\x0c", "**A**: "),
    ]
    for kind in ("markdown", "text", "html", "pdf"):
        for _ in range(300):
            text = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 80)))
            end = 0
            for passage in split("E1", text, kind):
                assert text[passage.start : passage.end] == passage.text == passage.text.strip()
                assert passage.start >= end
                end = passage.end
                assert find(text, passage.text) is not None
    with watched():
        for torn in ("*" * 90_000, "“word (word " * 30_000, "[a](" * 40_000, "<a " * 50_000):
            split("E1", torn)
