from __future__ import annotations

from random import Random

import pytest

from cadence_guard.cadence import Elapsed, LocalDays, UntilClock, UntilDate
from cadence_guard.check.layout import Leg, SinceStart, Stop, Upto
from cadence_guard.check.ranges import Common, Reach, free_of, reached, since_start, unbound
from cadence_guard.instants import DAY, HOUR, zone

RANGE, ONE, TWO = Elapsed(1, 5), Elapsed(1, 1), Elapsed(2, 2)


@pytest.mark.parametrize(
    ("behind", "expected"),
    [((ONE,), False), ((SinceStart(ONE),), True), ((SinceStart(RANGE),), True)],
)
def test_a_wait_from_the_entry_behind_the_first_range(
    behind: tuple[Leg, ...], expected: bool
) -> None:
    stops = [Stop(-1, (SinceStart(TWO), RANGE)), Stop(0, behind)]
    assert since_start(stops, 0) is expected


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ((ONE,), []),
        ((RANGE, ONE), [1]),
        ((UntilClock(0), RANGE), [1]),
        # The clock comes behind it, or another wait from the entry, or another range.
        ((RANGE, UntilClock(0)), None),
        ((RANGE, SinceStart(TWO)), None),
        ((RANGE, UntilClock(0), RANGE), None),
        ((SinceStart(RANGE),), None),
    ],
)
def test_the_ranges_a_stop_hangs_on_and_another_does_not(
    legs: tuple[Leg, ...], expected: list[int] | None
) -> None:
    stops = [Stop(-1, (RANGE,)), Stop(0, legs), Stop(0, (ONE,))]
    assert free_of(stops, 1, len(legs), 2) == expected


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ((SinceStart(UntilClock(0), base=0), RANGE), True),
        ((RANGE, SinceStart(UntilClock(0))), True),
        ((RANGE, ONE, SinceStart(TWO, base=0)), True),
        ((RANGE, UntilClock(0), SinceStart(TWO)), False),
        ((RANGE, SinceStart(RANGE)), False),
    ],
)
def test_whether_the_instants_are_known(legs: tuple[Leg, ...], expected: bool) -> None:
    assert reached([Stop(-1, (ONE,)), Stop(0, legs)], (0, 1)) is expected


def test_the_clock_from_a_stop_that_itself_hangs_on_a_range() -> None:
    stops = [Stop(-1, (RANGE,)), Stop(0, (ONE, SinceStart(UntilClock(0), base=0)))]
    assert not reached(stops, (0, 1))


def test_what_hangs_on_a_range_falls_freely() -> None:
    stops = [
        Stop(-1, (UntilClock(0),)),
        Stop(0, (Elapsed(HOUR, 2 * HOUR), LocalDays(1))),
        Stop(1, (UntilDate(20 * DAY),)),
        Stop(1, (Elapsed(3, 3), SinceStart(Elapsed(4 * DAY, 4 * DAY), base=0))),
        Stop(0, (SinceStart(Elapsed(5, 9), base=0),)),
    ]
    assert unbound(stops, DAY, HOUR) == [
        Stop(-1, (UntilClock(0),)),
        Stop(0, (Elapsed(24 * HOUR, 27 * HOUR),)),
        Stop(1, (Elapsed(0, 20 * DAY),)),
        Stop(1, (Elapsed(4 * DAY - 27 * HOUR, 3 * DAY),)),
        Stop(0, (Elapsed(5, 9),)),
    ]


@pytest.mark.parametrize(
    "leg",
    [
        LocalDays(70),
        UntilClock(0, frozenset()),
        Upto(UntilClock(0, frozenset())),
        # What it counts from is not before it.
        SinceStart(ONE, base=0),
    ],
)
def test_what_may_take_for_ever_tells_nothing(leg: Leg) -> None:
    assert unbound([Stop(-1, (ONE,)), Stop(-1, (RANGE, leg))], 0, DAY) is None


def test_a_range_without_an_end_is_one() -> None:
    stops = [Stop(-1, (Elapsed(1, None),))]
    assert unbound(stops, 0, DAY) == stops


@pytest.mark.parametrize("seed", range(30))
def test_what_reaches_have_in_common_is_the_same(seed: int) -> None:
    """And it is looked at once."""
    rnd = Random(seed)
    waits: list[Leg] = [RANGE, LocalDays(1), UntilClock(HOUR), Elapsed(HOUR, 9 * HOUR)]
    stops = [Stop(-1, (ONE, RANGE))]
    stops += [Stop(n, tuple(rnd.choices(waits, k=rnd.randrange(3)))) for n in range(4)]
    starts, where = [(0, 40 * DAY)], zone("America/Chicago")
    pieces: list[int] = []
    common = Common(pieces.append)
    for length in (2, 4, 3, 5):
        alone = Reach(stops[:length], starts, where)
        shared = Reach(stops[:length], starts, where, common)
        assert shared.instants == alone.instants
        at = rnd.choice(alone.instants)[0]
        assert shared.back(at) == alone.back(at)
    looked = len(pieces)
    assert Reach(stops, starts, where, common).instants
    assert len(pieces) == looked > 0
