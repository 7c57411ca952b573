"""Serials: what a token of one process means at another, whatever their clocks say."""

from datetime import UTC, datetime, timedelta

import pytest

from palabre.core.clock import Clock
from palabre.messaging.sync.serial import OVERLAP_MS, Serial

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


def test_serials_of_changes_and_tokens_only_go_up() -> None:
    serial = Serial(clock())
    given = [serial.next() if number % 3 else serial.give() for number in range(1000)]
    after_token = [number for token, number in zip(given, given[1:], strict=False) if number <= token]
    assert after_token == [] or all(number in given for number in after_token)
    changes = [serial.next() for _ in range(1000)]
    assert sorted(set(changes)) == changes
    assert serial.next() > serial.give() - 1
    token = serial.give()
    assert serial.next() > token >= changes[-1]


def test_a_clock_that_is_set_back_gives_no_serial_twice() -> None:
    moved = clock()
    serial = Serial(moved)
    token = serial.give()
    moved.set(BEGINNING - timedelta(days=1))
    assert serial.next() > token


def test_a_serial_tells_whose_it_is(pair: tuple[Serial, Serial]) -> None:
    one, two = pair
    two.follow(one.next())
    assert one.is_own(one.next()) and one.is_own(one.give())
    assert two.is_own(two.next()) and two.is_own(two.give()) and two.is_own(two.floor)
    assert not two.is_own(one.now) and not one.is_own(two.now) and not one.is_own(0)


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
    one, two = Serial(clock()), Serial(clock())
    for _ in range(10_000):
        two.follow(one.next())
        one.follow(two.next())
    assert one._ahead_ms <= 2 and two._ahead_ms <= 2


def test_an_old_token_is_answered_at_once_and_a_new_one_when_its_second_is_over(pair: tuple[Serial, Serial]) -> None:
    fast, slow = pair
    slow.follow(fast.give())
    token = fast.give()
    taken, wait_ms = slow.taken_over(token)
    assert OVERLAP_MS - 500 < wait_ms <= OVERLAP_MS
    slow._clock.set(BEGINNING + timedelta(seconds=5))
    assert slow.taken_over(token) == (taken, 0)
    assert slow.taken_over(0) == (0, 0)
