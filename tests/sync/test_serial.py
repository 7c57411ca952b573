"""Serials: what a token of one process means at another, whatever their clocks say."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from palabre.core.clock import Clock
from palabre.messaging.sync.serial import OVERLAP_MS, PROCESSES, STEPS, Serial

BEGINNING = datetime(2030, 1, 1, tzinfo=UTC)


def clock(ahead_ms: int = 0) -> Clock:
    """Runs on from `BEGINNING`, `ahead_ms` later."""
    clock = Clock()
    clock.set(BEGINNING + timedelta(milliseconds=ahead_ms))
    return clock


@pytest.fixture
def pair() -> tuple[Serial, Serial]:
    """Two processes; the clock of the first is ten seconds ahead."""
    one, two = Serial(clock(10_000)), Serial(clock())
    while two.is_own(one.now):  # once in ten thousand runs
        two = Serial(clock())
    return one, two


def test_a_change_is_after_every_change_and_every_token_before_it() -> None:
    serial = Serial(clock())
    for _ in range(1000):
        change, token = serial.next(), serial.give()
        assert change <= token < serial.next()


def test_a_clock_that_is_set_back_gives_no_serial_twice() -> None:
    moved = clock()
    serial = Serial(moved)
    token = serial.give()
    moved.set(BEGINNING - timedelta(days=1))
    assert serial.next() > token


def test_a_serial_tells_whose_it_is(pair: tuple[Serial, Serial]) -> None:
    one, two = pair
    two.follow(one.next())
    ours = [one.next(), one.give(), one.floor]
    theirs = [two.next(), two.give(), two.floor, 0]
    assert [one.is_own(serial) for serial in ours + theirs] == [True] * 3 + [False] * 4
    assert [two.is_own(serial) for serial in theirs + ours] == [True] * 3 + [False] * 4


def test_a_change_after_the_token_of_a_fast_clock_is_new_elsewhere(pair: tuple[Serial, Serial]) -> None:
    """Whether the slow process has heard of the fast one's clock or not."""
    fast, slow = pair
    for _ in range(2):
        token, _ = slow.taken_over(fast.give())
        assert slow.next() > token
        slow.follow(fast.give())


def test_what_crossed_with_the_token_is_new_elsewhere(pair: tuple[Serial, Serial]) -> None:
    fast, slow = pair
    slow.follow(fast.give())
    changed = slow.next()
    token = fast.give()  # and the device has not heard of it
    assert slow.taken_over(token)[0] < changed


def test_clocks_that_agree_do_not_push_each_other_ahead() -> None:
    one, two = Serial(Clock()), Serial(Clock())
    for _ in range(300):
        two.follow(one.next())
        one.follow(two.next())
        time.sleep(0.0005)
    assert one.give() // (STEPS * PROCESSES) - Clock().ms() < 20


def test_an_old_token_is_answered_at_once_and_a_new_one_when_its_second_is_over(pair: tuple[Serial, Serial]) -> None:
    fast, slow = pair
    slow.follow(fast.give())
    token = fast.give()
    taken, wait_ms = slow.taken_over(token)
    assert taken < token
    assert OVERLAP_MS - 500 < wait_ms <= OVERLAP_MS
    slow._clock.set(BEGINNING + timedelta(seconds=5))
    taken, wait_ms = slow.taken_over(token)
    assert (token - taken, wait_ms) == (OVERLAP_MS * STEPS * PROCESSES, 0)
    assert slow.taken_over(0) == (0, 0)
