"""Every value has one origin, and the nearest one wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from scientist.errors import UsageError
from scientist.settings import load


@pytest.fixture
def user(tmp_path: Path) -> Path:
    file = tmp_path / "user.toml"
    file.write_text('rounds = 2\nminutes = 2.0\ntokens = 2000\nendpoint = "http://user"\n')
    return file


def test_flag_beats_environment_beats_workspace_beats_user_beats_default(
    tmp_path: Path, user: Path
) -> None:
    (tmp_path / "scientist.toml").write_text("minutes = 3.0\ntokens = 3000\n")
    environment = {"SCIENTIST_TOKENS": "4000", "SCIENTIST_PAIRS": "9"}
    resolved = load(tmp_path, {"pairs": 10, "seed": None}, environment, user)
    values = resolved.values
    assert (values.rounds, values.minutes, values.tokens, values.pairs) == (2, 3.0, 4000, 10)
    assert resolved.origins["rounds"] == str(user)
    assert resolved.origins["minutes"] == str(tmp_path / "scientist.toml")
    assert resolved.origins["tokens"] == "environment SCIENTIST_TOKENS"
    assert resolved.origins["pairs"] == "flag"
    assert resolved.origins["seed"] == "default"


def test_the_openai_variables_are_understood_and_ours_win(tmp_path: Path) -> None:
    nothing = tmp_path / "none.toml"
    foreign = {"OPENAI_BASE_URL": "http://a", "OPENAI_API_KEY": "k"}
    resolved = load(None, {}, foreign, nothing)
    assert resolved.values.endpoint == "http://a"
    assert resolved.origins["endpoint"] == "environment OPENAI_BASE_URL"
    both = load(None, {}, {**foreign, "SCIENTIST_ENDPOINT": "http://b"}, nothing)
    assert both.values.endpoint == "http://b"
    assert both.origins["endpoint"] == "environment SCIENTIST_ENDPOINT"


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    resolved = load(None, {}, {"SCIENTIST_API_KEY": "hunter2"}, tmp_path / "none.toml")
    assert "hunter2" not in str(resolved.shown())
    assert "hunter2" not in str(resolved.public())
    assert resolved.values.api_key == "hunter2"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("colour = 3\n", "unknown setting 'colour'"),
        ("rounds = 0\n", "setting rounds"),
        ('rounds = "many"\n', "setting rounds"),
        ("rounds = \n", "cannot read settings file"),
        ("unsafe_no_sandbox = true\n", "must be typed each time"),
    ],
)
def test_a_wrong_settings_file_is_named(tmp_path: Path, content: str, word: str) -> None:
    (tmp_path / "scientist.toml").write_text(content)
    with pytest.raises(UsageError, match=word) as caught:
        load(tmp_path, {}, {}, tmp_path / "none.toml")
    assert "scientist.toml" in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ROUNDS", "0", "SCIENTIST_ROUNDS must be at least 1, not 0"),
        ("ALPHA", "1", "SCIENTIST_ALPHA must be less than 1, not 1"),
        ("APPROVE", "perhaps", "SCIENTIST_APPROVE must be true or false, not perhaps"),
        ("LIBRARIES", "os", "SCIENTIST_LIBRARIES cannot be os: os leads out of an experiment"),
    ],
)
def test_a_wrong_value_is_said_in_plain_words(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    given = {f"SCIENTIST_{name}": value}
    with pytest.raises(UsageError, match=said) as caught:
        load(None, {}, given, tmp_path / "none.toml")
    assert f"unset SCIENTIST_{name}" in caught.value.hint


def test_a_wrong_flag_leads_to_the_help_of_its_command(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--pairs must be at least 6, not 3") as caught:
        load(None, {"pairs": 3}, {}, tmp_path / "none.toml", "scientist kit run")
    assert caught.value.hint == "scientist kit run --help"


def test_no_sandbox_cannot_be_set_in_the_environment(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be typed"):
        load(None, {}, {"SCIENTIST_UNSAFE_NO_SANDBOX": "1"}, tmp_path / "none.toml")
    resolved = load(None, {"unsafe_no_sandbox": True}, {}, tmp_path / "none.toml")
    assert resolved.values.unsafe_no_sandbox
