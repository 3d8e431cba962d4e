"""Prompt files: checked when read, strict when filled, stable at the front."""

from __future__ import annotations

from pathlib import Path

import pytest

from scientist.errors import ScientistError
from scientist.llm import prompting
from scientist.resources import bundled

GOOD = """---
name: greet
version: 2
schema: Greeting
stable: [who]
temperature: 0.1
---
## system
You greet {{ who }}.
## user
Now: {{ now }}
"""


def write(folder: Path, text: str, name: str = "greet") -> Path:
    (folder / f"{name}.md").write_text(text)
    return folder


def test_both_sections_are_filled_and_the_file_is_known_by_its_hash(tmp_path: Path) -> None:
    import hashlib

    filled = prompting.load("greet", write(tmp_path, GOOD)).render(who="Ada", now="noon")
    assert [message["content"] for message in filled.messages] == ["You greet Ada.", "Now: noon"]
    assert (filled.name, filled.version, filled.schema) == ("greet", 2, "Greeting")
    assert filled.hash == hashlib.sha256(GOOD.encode()).hexdigest()
    assert filled.temperature == 0.1


def test_a_missing_variable_is_an_error_not_an_empty_string(tmp_path: Path) -> None:
    with pytest.raises(ScientistError, match="now"):
        prompting.load("greet", write(tmp_path, GOOD)).render(who="Ada")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("stable: [who]\n", ""), "system section uses who"),
        (("schema: Greeting\n", ""), "has no schema"),
        (("name: greet", "name: other"), "calls it 'other'"),
        (("temperature", "temprature"), "unknown temprature"),
        (("## user\n", ""), "needs the sections"),
        (("{{ now }}", "{{ now"), "line"),
        (("---\nname", "name"), "no front matter"),
        (("version: 2", "version: ["), "no YAML"),
    ],
)
def test_a_faulty_file_is_named_with_its_fault(
    tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    folder = write(tmp_path, GOOD.replace(*change))
    with pytest.raises(ScientistError, match=reason):
        prompting.load("greet", folder)


def test_a_prompt_that_is_not_there_is_named() -> None:
    with pytest.raises(ScientistError, match="no prompt 'nonsense'"):
        prompting.load("nonsense")


def test_every_bundled_prompt_can_be_read() -> None:
    names = [path.stem for path in bundled("prompts").glob("*.md")]
    assert "hypothesize" in names
    for name in names:
        assert prompting.load(name).version >= 1


@pytest.mark.parametrize(("most", "allowed"), [(300, 500), (900, 500), (1800, 1000)])
def test_what_a_prompt_allows_an_answer_grows_with_the_setting(
    tmp_path: Path, most: int, allowed: int
) -> None:
    own = GOOD.replace("temperature: 0.1", "max_tokens: 500")
    filled = prompting.load("greet", write(tmp_path, own)).render(who="Ada", now="noon")
    assert prompting.longest(filled, most) == allowed


def test_an_answer_to_a_prompt_that_says_nothing_is_as_long_as_the_setting(tmp_path: Path) -> None:
    filled = prompting.load("greet", write(tmp_path, GOOD)).render(who="Ada", now="noon")
    assert prompting.longest(filled, 300) == 300
