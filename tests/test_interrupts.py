"""Ctrl-C waits while a call is held, and strikes in what is let through, or where it ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from scientist import interrupts


def press() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def default() -> Iterator[None]:
    """Python's own handler, and nothing left of it that waits."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
    assert interrupts._waiting == interrupts._struck == []


def test_a_press_waits_for_the_end_of_what_is_held() -> None:
    done = []

    def work() -> None:
        press()
        done.append("after the press")

    with pytest.raises(KeyboardInterrupt):
        interrupts.held(work)
    assert done == ["after the press"]


def test_a_press_strikes_at_once_in_what_is_let_through() -> None:
    done = []

    def inner() -> None:
        press()
        done.append("never")

    def work() -> None:
        try:
            interrupts.through(inner)
        finally:
            press()  # a second one cannot break what the first one set going
            done.append("cleared away")

    with pytest.raises(KeyboardInterrupt):
        interrupts.held(work)
    assert done == ["cleared away"]


@pytest.mark.parametrize("made_of_it", ["an error", "nothing"])
def test_a_press_that_a_library_makes_something_else_of_ends_the_work(made_of_it: str) -> None:
    def inner() -> None:
        try:
            press()
        except KeyboardInterrupt:
            if made_of_it == "an error":
                raise ValueError("building the schema failed") from None

    with pytest.raises(KeyboardInterrupt):
        interrupts.held(lambda: interrupts.through(inner))
    assert interrupts.held(lambda: interrupts.through(lambda: 7)) == 7


def test_what_waited_strikes_where_the_next_work_is_let_through() -> None:
    done = []

    def work() -> None:
        press()
        done.append("before")
        interrupts.through(lambda: done.append("never"))

    with pytest.raises(KeyboardInterrupt):
        interrupts.held(work)
    assert done == ["before"]


def test_a_held_call_within_one_let_through_ends_first() -> None:
    done = []

    def inner() -> None:
        press()
        done.append("inner")

    def node() -> None:
        interrupts.held(inner)
        done.append("never")

    with pytest.raises(KeyboardInterrupt):
        interrupts.held(lambda: interrupts.through(node))
    assert done == ["inner"]


def test_a_handler_that_only_takes_note_hears_every_press() -> None:
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))

    def work() -> str:
        press()
        interrupts.through(press)
        press()
        return "done"

    assert interrupts.held(work) == "done"
    assert heard == [signal.SIGINT] * 3
    signal.signal(signal.SIGINT, before)


def test_a_fault_does_not_swallow_a_press() -> None:
    def work() -> None:
        press()
        raise ValueError("something else")

    with pytest.raises(KeyboardInterrupt):
        interrupts.held(work)


def test_steps_are_taken_whole_and_ended_in_peace() -> None:
    done = []

    def steps() -> Iterator[int]:
        try:
            yield 1
            press()
            done.append("the second step")
            yield 2
        finally:
            done.append("the end")

    with pytest.raises(KeyboardInterrupt):
        for _ in interrupts.each(steps()):
            pass
    assert done == ["the second step", "the end"]
    assert list(interrupts.each(iter([1, 2]))) == [1, 2]


def test_other_threads_and_ignored_presses_are_left_alone() -> None:
    given: list[str] = []
    other = threading.Thread(target=lambda: given.append(interrupts.held(lambda: "there")))
    other.start()
    other.join()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    given.append(interrupts.held(lambda: press() or "ignored"))
    signal.signal(signal.SIGINT, before)
    assert given == ["there", "ignored"]


def test_waiting_for_a_future_can_be_broken_off() -> None:
    never: Future[int] = Future()
    timer = threading.Timer(0.05, lambda: signal.pthread_kill(main, signal.SIGINT))
    main = threading.main_thread().ident or 0

    def waited() -> None:
        timer.start()  # in here: a press that came early must not strike the tests
        interrupts.result(never)

    with pytest.raises(KeyboardInterrupt):
        waited()
    timer.join()
    with ThreadPoolExecutor(1) as pool:
        assert interrupts.result(pool.submit(lambda: 7)) == 7
