"""What a run left is checked line by line; nothing in it can surprise the host."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scientist.lab import results

EXPECTED = (("a", 1), ("b", 1))
ENVIRONMENT = {"environment": {"python": "3"}}
GOOD = {"arm": "a", "seed": 1, "metrics": {"m": 1.0}, "seconds": 0.1}


def read(folder: Path, *lines: object) -> results.Results:
    text = "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
    (folder / "trials.jsonl").write_text(text)
    return results.read(folder / "trials.jsonl", EXPECTED)


def test_good_lines_become_trials_in_the_order_asked_for(tmp_path: Path) -> None:
    found = read(tmp_path, ENVIRONMENT, GOOD | {"arm": "b"}, GOOD)
    assert [trial.arm for trial in found.trials] == ["a", "b"]
    assert found.environments == ({"python": "3"},)
    assert not found.forged


@pytest.mark.parametrize(
    "line",
    [
        GOOD | {"arm": "c"},
        GOOD | {"seed": 2},
        GOOD | {"seed": True},
        GOOD | {"seed": [1]},
        GOOD | {"seed": 1.0},
        GOOD | {"arm": {}},
        GOOD | {"metrics": 5},
        GOOD | {"metrics": {}},
        GOOD | {"metrics": {"m": "1"}},
        GOOD | {"metrics": {"m": None}},
        GOOD | {"metrics": {str(n): 1.0 for n in range(300)}},
        GOOD | {"seconds": -1.0},
        GOOD | {"extra": 1},
        {"arm": "a", "seed": 1, "seconds": 0.1},
        GOOD | {"error": "both"},
        {"metrics": {"m": 1.0}},
        {"arm": "a", "error": "half a name"},
        GOOD | {"metrics": {"\ud800": 1.0}},
        {"arm": "\ud800", "seed": 1, "error": "no", "seconds": 0.1},
        ENVIRONMENT | {"more": 1},
        {"environment": {"python": 3}},
        '{"arm": "a", "seed": 1, "metrics": {"m": NaN}, "seconds": 0.1}',
        '{"arm": "a", "seed": 1, "metrics": {"m": 1e999}, "seconds": 0.1}',
        '{"arm": "a", "seed": 1, "metrics": {"m": ' + "9" * 5000 + '}, "seconds": 0.1}',
        "[" * 100_000,
        "{}",
        "null",
        "not json",
        "\x00",
    ],
)
def test_a_line_that_is_no_result_spoils_the_run(tmp_path: Path, line: object) -> None:
    found = read(tmp_path, ENVIRONMENT, line)
    assert found.forged
    assert not found.trials


def test_a_second_result_for_a_trial_spoils_the_run(tmp_path: Path) -> None:
    better = GOOD | {"metrics": {"m": 99.0}}
    assert "two results" in read(tmp_path, ENVIRONMENT, GOOD, better).forged
    failed = {"arm": "a", "seed": 1, "error": "no", "seconds": 0.1}
    assert "two results" in read(tmp_path, ENVIRONMENT, failed, GOOD).forged


def test_the_first_line_is_the_environment_and_other_workers_may_add_theirs(
    tmp_path: Path,
) -> None:
    assert read(tmp_path, GOOD).forged
    other = {"environment": {"python": "4"}}
    found = read(tmp_path, ENVIRONMENT, GOOD, other)
    assert found.environments == ({"python": "3"}, {"python": "4"})
    assert len(found.trials) == 1


def test_an_error_that_names_no_trial_is_about_all_of_them(tmp_path: Path) -> None:
    found = read(tmp_path, ENVIRONMENT, {"error": "it does not load"})
    assert found.errors == ("it does not load",)
    assert not found.forged


def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "trials.jsonl").write_text(f"{json.dumps(ENVIRONMENT)}\n{json.dumps(GOOD)}\n{{")
    found = results.read(tmp_path / "trials.jsonl", EXPECTED)
    assert len(found.trials) == 1
    assert not found.forged


def test_a_link_a_second_name_a_pipe_or_a_huge_file_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (tmp_path / "symbolic").symlink_to(secret)
    os.link(secret, tmp_path / "hard")
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    (tmp_path / "folder").mkdir()
    for name in ("symbolic", "hard", "pipe", "sparse", "folder"):
        with pytest.raises(OSError, match=r"."):
            results.content(tmp_path / name, 2**20)
        assert results.read(tmp_path / name, EXPECTED).forged
