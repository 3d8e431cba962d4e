"""What a terminal shows: nothing cut off, words whole, lines that go on below their own words."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from campaigns import command, environment, scientist
from rich.cells import cell_len

from scientist.cli import layout


def on_a_terminal(columns: int, *arguments: object) -> list[str]:
    """The lines that a command shows on a terminal so wide, without its colours."""
    mine, its = pty.openpty()
    ran = subprocess.Popen(
        command(*arguments), stdout=its, stderr=its, env=environment(COLUMNS=str(columns))
    )
    os.close(its)
    shown = b""
    while True:
        try:
            piece = os.read(mine, 65536)
        except OSError:  # the other end was closed
            break
        shown += piece
    os.close(mine)
    assert ran.wait(60) == 0, shown
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    return [line.rstrip() for line in plain.replace("\r", "").split("\n")]


@pytest.mark.parametrize("columns", [200, 80, 44])
def test_a_table_shows_every_column_at_every_width(columns: int) -> None:
    lines = on_a_terminal(columns, "kit", "list")
    assert max(map(cell_len, lines)) <= columns
    whole = " ".join(lines)
    assert "compositional_recombination" in whole  # a name is never broken
    for word in ("title", "directions", "compositional-generalization"):
        assert word in whole
    letters = re.sub(r"\W+", " ", whole)
    assert all(word in letters for word in ("Recombining", "parts", "pairs"))


def test_what_was_broken_by_hand_is_broken_anew_for_the_terminal() -> None:
    lines = on_a_terminal(60, "kit", "show", "causal_features")
    assert max(map(cell_len, lines)) <= 60
    start = next(n for n, line in enumerate(lines) if line.startswith("  The world:"))
    paragraph = lines[start : lines.index("", start)]
    assert all(len(line) > 40 for line in paragraph[:-1]), paragraph


@pytest.mark.parametrize("group", [(), ("audit",), ("kit",), ("experiment",)])
def test_a_list_of_commands_ends_no_sentence_in_the_middle(group: tuple[str, ...]) -> None:
    shown = scientist(*group, "-h", COLUMNS="80")
    assert shown.returncode == 0
    assert "..." not in shown.stdout.partition("Commands:")[2]
    assert shown.stdout.rstrip().endswith(".")
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_a_pipe_gets_the_lines_as_they_are() -> None:
    ran = subprocess.run(
        command("kit", "list"), capture_output=True, text=True, env=environment(COLUMNS="40")
    )
    rows = ran.stdout.splitlines()
    assert rows[0].split() == ["name", "arms", "directions", "title"]
    assert any(len(row) > 80 for row in rows)


@pytest.mark.parametrize(
    ("line", "depth"),
    [
        ("finding    F1 refuted: stable raised the error, and so on to the end", 11),
        ("hypothesis H1: with shift = 0, stable lowers the error, and so on", 11),
        ("    77 11:44:02 hypothesis H2: with shift = 0.9, stable lowers the error", 27),
        ("  exploratory stable against pooled on familiar_error, and so on", 14),
        ("  stable raised shifted_error compared with pooled, and so on and on", 2),
    ],
)
def test_a_long_line_goes_on_behind_its_label(line: str, depth: int) -> None:
    first, *rest = layout.hang(line, 56).split("\n")
    assert rest
    assert all(len(one) - len(one.lstrip()) == depth for one in rest)
    assert " ".join([first, *(one.strip() for one in rest)]) == line


def test_a_word_that_is_wider_than_the_terminal_stays_whole() -> None:
    digest = "0123456789abcdef" * 4
    assert digest in layout.hang(f"  protocol    {digest} and more", 40).split()


def test_wide_letters_are_counted_as_the_terminal_draws_them(tmp_path: Path) -> None:
    assert layout.widths(["id", "title"], [["E1", "日本語の題 " * 4]], 30) == [2, 26]


def test_text_that_ends_early_by_intent_is_not_joined() -> None:
    text = """\
  A first line that is as long as this one
  goes on here.
  The arms:
    one        a line that is as long as it
               goes on here, too
    another    does not."""
    assert layout.joined(text).split("\n") == [
        "  A first line that is as long as this one goes on here.",
        "  The arms:",
        "    one        a line that is as long as it goes on here, too",
        "    another    does not.",
    ]
