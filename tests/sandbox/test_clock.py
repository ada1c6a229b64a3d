from datetime import UTC, datetime, timedelta

from sync.sandbox.clock import Clock

NOON = datetime(2024, 1, 15, 12, tzinfo=UTC)


def test_no_moment_comes_twice() -> None:
    clock = Clock(lambda: NOON)

    assert [clock.now() - NOON for _ in range(3)] == [timedelta(microseconds=n) for n in range(3)]


def test_time_can_be_advanced() -> None:
    clock = Clock(lambda: NOON)
    clock.advance(300)

    assert clock.now() == NOON + timedelta(minutes=5)


def test_what_is_later_sorts_later() -> None:
    clock = Clock(lambda: NOON)

    assert [clock.stamp(), clock.stamp()] == [
        "2024-01-15T12:00:00.000000+00:00",
        "2024-01-15T12:00:00.000001+00:00",
    ]
