"""Trials in the hands of other machines: each has one line in the end, whoever dies."""

from __future__ import annotations

import json

from scientist.lab.executors.hands import Hands, verdict

TRIALS = [(arm, seed) for seed in range(6) for arm in ("a", "b")]


def line(place: int) -> bytes:
    """The result of a trial."""
    arm, seed = TRIALS[place]
    return json.dumps({"arm": arm, "seed": seed, "metrics": {"m": 1.0}}).encode() + b"\n"


def test_the_arms_of_a_seed_stay_together_and_the_last_pieces_are_small() -> None:
    hands = Hands(TRIALS, range(12))
    sizes = []
    while piece := hands.next(2):
        assert all(place ^ 1 in piece[1] for place in piece[1])
        sizes.append(len(piece[1]))
    assert sum(sizes) == 12
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 2


def test_only_news_of_trials_in_hand_is_passed_on() -> None:
    hands = Hands(TRIALS, range(4))
    number, places = hands.next(1) or (0, [])
    environment = b'{"environment": {"python": "3"}}\n'
    assert hands.take(number, environment + line(0)) == environment + line(0)
    assert hands.take(number, environment + line(0) + line(1)) == line(1)
    assert hands.take(number, line(9)) == b""  # in no hand of this run
    assert hands.take(99, line(0)) == b""
    assert hands.close(number) == places[2:]


def test_what_is_no_result_is_left_to_the_checks_of_the_supervisor() -> None:
    hands = Hands(TRIALS, range(4))
    number, _ = hands.next(1) or (0, [])
    stranger = line(0).replace(b'"a"', b'"zzz"')
    assert hands.take(number, b"rubbish\n" + stranger) == b"rubbish\n" + stranger


def test_a_piece_that_died_gives_back_what_has_no_line_and_the_trial_that_ran_goes_alone() -> None:
    hands = Hands(TRIALS, range(12), shares=1)
    number, _ = hands.next(1) or (0, [])
    hands.take(number, line(0) + line(1) + line(2))
    assert hands.gone(number, "the node died") == b""
    assert hands.restarts == 1
    pieces: list[list[int]] = []
    while given := hands.next(1):
        pieces.append(given[1])
    assert pieces[0] == [3]
    assert sorted(place for piece in pieces for place in piece) == list(range(3, 12))
    assert hands.take(number, line(4)) == b""  # a late word from the dead


def test_a_trial_in_hand_at_two_deaths_has_that_as_its_result_and_takes_no_other_with_it() -> None:
    hands = Hands(TRIALS, range(4), shares=1)
    first, _ = hands.next(1) or (0, [])
    hands.gone(first, "the node died")
    second, alone = hands.next(1) or (0, [])
    assert alone == [0]
    said = json.loads(hands.gone(second, "out of memory"))
    assert (said["arm"], said["seed"]) == TRIALS[0]
    assert "2 times: out of memory" in said["error"]
    rest, places = hands.next(1) or (0, [])
    assert places == [1, 2, 3]
    assert hands.take(rest, line(1) + line(2) + line(3)).count(b"\n") == 3
    hands.close(rest)
    assert not hands.left


def test_a_script_is_one_piece_and_is_never_parted() -> None:
    hands = Hands(TRIALS, range(12), whole=True)
    number, places = hands.next(8) or (0, [])
    assert places == list(range(12))
    assert hands.next(8) is None
    hands.take(number, line(0))
    assert hands.gone(number, "the node died") == b""
    number, places = hands.next(8) or (0, [])
    assert places == list(range(1, 12))
    assert hands.gone(number, "the node died").count(b"\n") == 11
    assert not hands.left


def test_a_piece_that_runs_already_is_in_the_books_and_its_number_is_never_given_again() -> None:
    hands = Hands(TRIALS, range(4))
    hands.adopt(7, [0, 1])
    number, places = hands.next(1) or (0, [])
    assert number == 8
    assert not {0, 1}.intersection(places)
    hands.back(7)
    assert (hands.next(1) or (0, []))[1] == [0, 1]


def test_a_piece_ends_the_experiment_only_if_a_trial_has_no_line_or_one_was_made_up() -> None:
    assert verdict("done", "", [], "here") is None
    assert verdict("failed", "the experiment ended with exit code 1", [], "here") is None
    assert verdict("done", "", [3], "here") == ("failed", "1 trials gave no result (on here)", 0)
    assert verdict("killed", "too much", [3], "here") == ("killed", "too much (on here)", 0)
    assert verdict("forged", "a line", [], "here") == ("forged", "a line (on here)", 0)
