from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.cadence import (
    BusinessDays,
    Elapsed,
    LocalDays,
    Unknown,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
    Wait,
)
from cadence_guard.check.layout import (
    Beside,
    Border,
    Lasts,
    Leg,
    SinceStart,
    Stop,
    Upto,
    apply,
    as_waits,
    is_range,
    lasts,
    lay,
    least,
    most,
    piece,
    pieces,
    settled,
)
from cadence_guard.instants import DAY, HOUR, MINUTE, NEVER, PERIOD, Hours, Zone, zone
from check.flows import APIA, CHICAGO, KOLKATA, us

UTC = zone("UTC")
ZONES = [CHICAGO, APIA, KOLKATA, zone("Australia/Lord_Howe"), zone("America/St_Johns")]
WORK = Hours([(range(5), 9 * HOUR, 17 * HOUR)])
NIGHT = Hours([(range(7), 2 * HOUR, 3 * HOUR)])
NOTHING = Hours([])
SIX = Hours([(range(6), 9 * HOUR, 17 * HOUR)])


@pytest.mark.parametrize(
    ("wait", "begins", "ends"),
    [
        (Elapsed(HOUR, HOUR), "2026-03-08T07:30:00Z", "2026-03-08T08:30:00Z"),
        # 02:30 is skipped on 8 March: as long after the gap begins.
        (LocalDays(1), "2026-03-07T08:30:00Z", "2026-03-08T08:30:00Z"),
        # 01:30 is shown twice on 1 November: the first.
        (LocalDays(1), "2026-10-31T06:30:00Z", "2026-11-01T06:30:00Z"),
        (LocalDays(0), "2026-11-01T07:30:00Z", "2026-11-01T07:30:00Z"),
        (BusinessDays(0), "2026-11-01T07:30:00Z", "2026-11-01T07:30:00Z"),
        (BusinessDays(1), "2026-03-06T18:00:00Z", "2026-03-09T17:00:00Z"),
        (BusinessDays(1), "2026-03-07T18:00:00Z", "2026-03-09T17:00:00Z"),
        (BusinessDays(5), "2026-03-08T18:00:00Z", "2026-03-13T18:00:00Z"),
        (BusinessDays(11), "2026-03-03T18:00:00Z", "2026-03-18T17:00:00Z"),
        (UntilOpen(WORK, "work"), "2026-03-06T15:00:00Z", "2026-03-06T15:00:00Z"),
        (UntilOpen(WORK, "work"), "2026-03-06T23:00:00Z", "2026-03-09T14:00:00Z"),
        (UntilOpen(WORK, "work", "Europe/Berlin"), "2026-03-06T23:00:00Z", "2026-03-09T08:00:00Z"),
        (UntilClock(9 * HOUR), "2026-03-06T15:00:00Z", "2026-03-06T15:00:00Z"),
        (UntilClock(9 * HOUR), "2026-03-07T15:00:01Z", "2026-03-08T14:00:00Z"),
        # 02:30 is not shown on 8 March, and 01:30 twice on 1 November.
        (UntilClock(150 * MINUTE), "2026-03-07T09:00:00Z", "2026-03-09T07:30:00Z"),
        (UntilClock(90 * MINUTE), "2026-11-01T06:30:01Z", "2026-11-01T07:30:00Z"),
        (UntilClock(0, frozenset((0,))), "2026-03-03T12:00:00Z", "2026-03-09T05:00:00Z"),
        (UntilDay(frozenset((0, 2))), "2026-03-03T12:00:00Z", "2026-03-04T12:00:00Z"),
        (UntilDay(frozenset((0, 1))), "2026-03-03T12:00:00Z", "2026-03-03T12:00:00Z"),
        (UntilDay(frozenset((0,))), "2026-03-07T12:00:00Z", "2026-03-09T11:00:00Z"),
        (UntilDate(us("2026-03-07T00:00:00Z")), "2026-03-03T12:00:00Z", "2026-03-07T00:00:00Z"),
        (UntilDate(us("2026-03-07T00:00:00Z")), "2026-03-08T12:00:00Z", "2026-03-08T12:00:00Z"),
        (
            UntilDate(us("2026-03-07T00:00:00Z"), local=True),
            "2026-03-03T12:00:00Z",
            "2026-03-07T06:00:00Z",
        ),
    ],
)
def test_waits_in_chicago(wait: Wait, begins: str, ends: str) -> None:
    assert apply(wait, us(begins), CHICAGO) == us(ends)


def test_a_day_that_is_skipped() -> None:
    assert apply(LocalDays(1), us("2011-12-29T20:00:00Z"), APIA) == us("2011-12-30T20:00:00Z")


def test_a_range_is_as_short_or_as_long_as_it_can_be() -> None:
    assert apply(Elapsed(1, 5), 10, CHICAGO) == 11
    assert apply(Elapsed(1, 5), 10, CHICAGO, far=True) == 15
    assert apply(Elapsed(1, None), 10, CHICAGO, far=True) == 11 + PERIOD


def test_a_signal_comes_before_the_time_out() -> None:
    t = us("2026-03-03T12:00:00Z")
    assert apply(Upto(Elapsed(HOUR, HOUR)), t, CHICAGO) == t
    assert apply(Upto(Elapsed(HOUR, HOUR)), t, CHICAGO, far=True) == t + HOUR - 1
    assert apply(Upto(Elapsed(0, 0)), t, CHICAGO) == NEVER
    assert apply(Upto(UntilOpen(NOTHING, "never")), t, CHICAGO, far=True) == NEVER


@pytest.mark.parametrize(
    "wait",
    [
        Elapsed(10**30, 10**30),
        LocalDays(10**12),
        BusinessDays(10**12),
        UntilOpen(NOTHING, "never"),
        UntilClock(0, frozenset()),
        UntilDay(frozenset()),
        UntilDate(10**30, local=True),
    ],
)
def test_what_never_ends(wait: Wait) -> None:
    assert apply(wait, us("2026-03-03T12:00:00Z"), CHICAGO) == NEVER


@pytest.mark.parametrize("leg", [Unknown("why"), SinceStart(Elapsed(1, 1))])
def test_what_is_no_function(leg: Leg) -> None:
    with pytest.raises(TypeError, match="not a function of time"):
        apply(leg, 0, CHICAGO)


# -- pieces --------------------------------------------------------------------------------------

INSTANTS = st.one_of(
    st.integers(us("2026-02-20T00:00:00Z"), us("2026-04-10T00:00:00Z")),
    st.integers(us("2026-10-28T00:00:00Z"), us("2026-11-03T00:00:00Z")),
    st.integers(us("2011-12-26T00:00:00Z"), us("2012-01-03T00:00:00Z")),
)
WAITS: st.SearchStrategy[Wait] = st.one_of(
    st.builds(Elapsed, st.integers(0, DAY), st.integers(DAY, 2 * DAY)),
    st.builds(LocalDays, st.integers(0, 4)),
    st.builds(BusinessDays, st.integers(0, 8)),
    st.sampled_from([UntilOpen(WORK, ""), UntilOpen(NIGHT, ""), UntilOpen(WORK, "", "Asia/Tokyo")]),
    st.builds(UntilClock, st.integers(0, DAY - 1), st.frozensets(st.integers(0, 6), min_size=1)),
    st.builds(UntilDay, st.frozensets(st.integers(0, 6), min_size=1)),
    st.builds(UntilDate, INSTANTS, st.booleans()),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(WAITS, st.builds(Upto, WAITS)), INSTANTS, st.sampled_from(ZONES), st.data())
def test_a_wait_is_what_its_piece_says(leg: Leg, t: int, where: Zone, data: st.DataObject) -> None:
    far = data.draw(st.booleans())
    at, moves, border = piece(leg, t, where, far=far)
    assert t <= at
    assert t < border
    for other in {
        min(border, t + 3 * DAY) - 1,
        data.draw(st.integers(t, min(border, t + DAY) - 1)),
    }:
        expected = at + other - t if moves else at
        assert apply(leg, other, where, far=far) == expected


def test_pieces_cover_what_is_asked_for() -> None:
    lo, hi = us("2026-03-06T00:00:00Z"), us("2026-03-10T00:00:00Z")
    found = pieces(UntilOpen(WORK, ""), lo, hi, CHICAGO)
    assert [start for start, _ in found] == [
        lo,
        us("2026-03-06T15:00:00Z") + 1,
        us("2026-03-06T23:00:00Z"),
        us("2026-03-09T14:00:00Z") + 1,
        us("2026-03-09T22:00:00Z"),
    ]


# -- ways ----------------------------------------------------------------------------------------


def test_stops_count_from_one_another_or_from_the_entry() -> None:
    t = us("2026-03-03T12:00:00Z")
    way = [
        Stop(-1, (Elapsed(HOUR, HOUR),)),
        Stop(0, (Elapsed(HOUR, HOUR), LocalDays(1))),
        Stop(0, (SinceStart(LocalDays(3)),)),
        Stop(1, (SinceStart(Elapsed(1, 1)),)),
        Stop(3, (SinceStart(Elapsed(HOUR, HOUR), base=3),)),
        Stop(4, (UntilOpen(NOTHING, ""), LocalDays(1))),
        Stop(5, (SinceStart(Elapsed(1, 1), base=5), LocalDays(1))),
    ]
    laid = lay(way, t, CHICAGO)
    assert laid.at == [
        t + HOUR,
        t + 2 * HOUR + DAY,
        t + 3 * DAY,
        t + 2 * HOUR + DAY,
        t + 3 * HOUR + DAY,
        NEVER,
        NEVER,
    ]
    assert laid.moves[:5] == [True] * 5


CLOCKS = st.sampled_from(
    [UntilClock(9 * HOUR), UntilOpen(WORK, ""), UntilDate(us("2026-03-09T12:00:00Z"))]
)
LEGS: st.SearchStrategy[Leg] = st.one_of(
    WAITS, CLOCKS, st.builds(SinceStart, st.one_of(WAITS, CLOCKS)), st.builds(SinceStart, CLOCKS)
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(LEGS, max_size=3), min_size=1, max_size=3),
    INSTANTS,
    st.sampled_from(ZONES),
    st.booleans(),
    st.data(),
)
def test_between_two_borders_all_is_known(
    legs: list[list[Leg]], t: int, where: Zone, far: bool, data: st.DataObject
) -> None:
    way = [Stop(n - 1, tuple(each)) for n, each in enumerate(legs)]
    way.append(Stop(0, (SinceStart(LocalDays(1), base=0),)))
    laid = lay(way, t, where, far=far)
    assert t < laid.border
    later = data.draw(st.integers(t, min(laid.border, t + 2 * DAY) - 1))
    for start in {later, min(laid.border, t + 3 * DAY) - 1}:
        expected = [
            at + start - t if moves and at < NEVER else at
            for at, moves in zip(laid.at, laid.moves, strict=True)
        ]
        assert lay(way, start, where, far=far).at == expected


@pytest.mark.parametrize("far", [frozenset(), frozenset((0,)), frozenset((1,)), frozenset((0, 1))])
def test_each_range_may_be_short_or_long(far: frozenset[int]) -> None:
    way = [Stop(-1, (Elapsed(1, 10),)), Stop(0, (Elapsed(100, 200), Elapsed(1000, 3000)))]
    first = 10 if 0 in far else 1
    assert lay(way, 0, CHICAGO, far=far).at == [first, first + (3200 if 1 in far else 1100)]


# -- how long waits last -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leg", "expected"),
    [
        (Elapsed(5, 9), 9),
        (Elapsed(5, None), None),
        (LocalDays(3), 4 * DAY),
        (BusinessDays(5), 8 * DAY),
        (UntilOpen(WORK, ""), 2 * (64 * HOUR + DAY)),
        (UntilOpen(Hours([(range(7), 0, 24 * HOUR)]), ""), DAY),
        (UntilOpen(NOTHING, ""), None),
        (UntilClock(0), 3 * DAY),
        (UntilClock(0, frozenset(range(6))), 16 * DAY),
        (UntilClock(0, frozenset()), None),
        (UntilDay(frozenset((0,))), 7 * DAY),
        (UntilDate(0), None),
        (Upto(LocalDays(1)), 2 * DAY),
    ],
)
def test_what_a_wait_takes_at_most(leg: Leg, expected: int | None) -> None:
    assert most(leg) == expected


@settings(max_examples=200, deadline=None)
@given(st.one_of(WAITS, st.builds(Upto, WAITS)), INSTANTS, st.sampled_from(ZONES), st.booleans())
def test_a_wait_lasts_no_less_and_no_more(leg: Leg, t: int, where: Zone, far: bool) -> None:
    low, high, ranged = lasts(leg)
    took = apply(leg, t, where, far=far) - t
    if isinstance(leg, Upto) and apply(leg.wait, t, where, far=True) == t:
        assert took == NEVER - t  # nobody waits for a signal
        return
    assert low <= took
    assert high is None or took <= high
    assert ranged == is_range(leg)


def test_hours_of_another_zone_are_changed_with_its_clocks() -> None:
    assert most(UntilOpen(WORK, ""), HOUR) == 65 * HOUR
    assert most(UntilOpen(WORK, "", "Europe/Berlin"), 0) == 2 * (64 * HOUR + DAY)


@settings(max_examples=300, deadline=None)
@given(WAITS, INSTANTS, st.sampled_from([(CHICAGO, 2 * HOUR), (KOLKATA, 0), (ZONES[3], HOUR)]))
def test_the_less_clocks_are_changed_the_better_is_it_known(
    leg: Leg, t: int, within: tuple[Zone, int]
) -> None:
    where, shift = within
    took = apply(leg, t, where) - t
    assert least(leg, shift) <= took
    assert (longest := most(leg, shift)) is None or took <= longest
    assert least(leg) <= least(leg, shift)


RANGE, ONE, TWO, NINE = Elapsed(1, 5), Elapsed(1, 1), Elapsed(2, 2), Elapsed(9, 9)


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        # It always ends later: all before it falls away, for this stop.
        ((RANGE, ONE, SinceStart(NINE), TWO), Stop(-1, (NINE, TWO))),
        ((RANGE, SinceStart(Elapsed(6, 7))), Stop(-1, (Elapsed(6, 7),))),
        # It always ends earlier: then it is none.
        ((RANGE, NINE, SinceStart(TWO)), Stop(0, (RANGE, NINE))),
        # It depends.
        ((RANGE, SinceStart(Elapsed(3, 3))), None),
        ((RANGE, SinceStart(Elapsed(5, 7))), None),
        ((RANGE, SinceStart(Elapsed(4, 9))), None),
        ((RANGE, UntilDate(7), SinceStart(NINE)), None),
        ((RANGE, SinceStart(UntilDate(7))), None),
        # What depended and then falls away does not any more.
        ((RANGE, SinceStart(Elapsed(3, 3)), SinceStart(NINE)), Stop(-1, (NINE,))),
        # No range is in it: then it may depend.
        ((TWO, SinceStart(TWO), ONE), Stop(0, (TWO, SinceStart(TWO), ONE))),
        ((TWO, SinceStart(UntilDate(7)), ONE), Stop(0, (TWO, SinceStart(UntilDate(7)), ONE))),
        ((RANGE, SinceStart(NINE, base=0)), Stop(0, (NINE,))),
        ((RANGE, SinceStart(TWO, base=1)), None),
        ((RANGE, SinceStart(ONE, base=0)), Stop(0, (RANGE,))),
    ],
)
def test_waits_from_the_entry_settled(legs: tuple[Leg, ...], expected: Stop | None) -> None:
    found = settled([Stop(-1, (ONE,)), Stop(0, legs)])
    if expected is None:
        place = next(n for n, leg in enumerate(legs) if isinstance(leg, SinceStart))
        assert found.stops[1] == Stop(0, legs)
        assert found.open == [(1, place)]
        assert found.own[1].ranged
    else:
        assert found.stops[1] == expected
        assert found.open == []


def test_how_long_stops_are_after_one_another() -> None:
    way = [
        Stop(-1, (RANGE, TWO)),
        Stop(0, (SinceStart(NINE),)),
        Stop(1, (TWO, SinceStart(UntilDate(7), base=1))),
        Stop(2, (RANGE, SinceStart(ONE, base=1), SinceStart(NINE, base=2))),
    ]
    stops, own, left = settled(way)
    assert left == []
    assert [stop.after for stop in stops] == [-1, -1, 1, 2]
    assert own == [Lasts(3, 7, True), Lasts(9, 9), Lasts(2, None), Lasts(9, 9)]


# -- ranges that fall beside something -----------------------------------------------------------


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ((Upto(Elapsed(3, 3)),), (Elapsed(0, 2),)),
        ((Upto(Elapsed(0, 0)),), (Elapsed(0, 0),)),
        ((Upto(Elapsed(0, None)), ONE), (Elapsed(1, None),)),
        ((ONE, Upto(Elapsed(3, 3)), RANGE), (Elapsed(2, 8),)),
        ((Upto(UntilDate(7)), ONE, TWO), (Upto(UntilDate(7)), Elapsed(3, 3))),
    ],
)
def test_a_signal_in_elapsed_time_is_a_range(
    legs: tuple[Leg, ...], expected: tuple[Leg, ...]
) -> None:
    assert as_waits(Stop(4, legs)) == Stop(4, expected)


@pytest.mark.parametrize(("other", "expected"), [(0, 3), (1, 4), (5, 8), (9, 10)])
def test_a_range_falls_beside_another_stop(other: int, expected: int) -> None:
    """Three later than the stop before it, if that lies within the range."""
    way = [Stop(-1, (Elapsed(other, other),)), Stop(-1, (Beside(Elapsed(2, 10), 0, 3),))]
    laid = lay(way, 1000, UTC)
    assert laid.at == [1000 + other, 1000 + expected]
    assert laid.moves == [True, True]


MONDAY = us("2026-03-02T00:00:00Z")


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 40),
    st.sampled_from(
        [
            Elapsed(3, 3),
            UntilDate(MONDAY + 20),
            UntilClock(25),
            SinceStart(UntilDate(MONDAY + 12)),
        ]
    ),
    st.sampled_from([Elapsed(0, 9), Elapsed(4, None), Upto(UntilDate(MONDAY + 30))]),
    st.integers(-12, 12),
    st.sampled_from([None, Elapsed(2, 2), UntilDate(MONDAY + 18)]),
    st.booleans(),
)
def test_between_borders_nothing_changes(
    start: int, other: Leg, ranged: Elapsed | Upto, by: int, wait: Wait | None, first: bool
) -> None:
    """Laid out start by start it is what one piece says; whatever stands in whatever order."""
    beside = Beside(ranged, 1 if first else 0, by, wait)
    one, two = Stop(-1, (beside,)), Stop(-1, (other,))
    way, order = ([one, two], (1, 0)) if first else ([two, one], ())
    start += MONDAY
    laid = lay(way, start, UTC, order=order)
    for later in range(min(laid.border - start, 60)):
        again = lay(way, start + later, UTC, order=order)
        expected = [at + later * moves for at, moves in zip(laid.at, laid.moves, strict=True)]
        assert again.at == expected
        mine = again.at[0 if first else 1]
        near, far = (apply(ranged, start + later, UTC, far=long) for long in (False, True))
        wanted = again.at[1 if first else 0]
        wanted = (wanted if wait is None else apply(wait, wanted, UTC)) + by
        assert mine == min(max(wanted, near), far)


def test_a_range_beside_what_never_comes_is_as_long_as_may_be() -> None:
    never = UntilDay(frozenset())
    for wait in (None, ONE):
        way = [Stop(-1, (never,)), Stop(-1, (Beside(RANGE, 0, 1, wait),))]
        assert lay(way, 10, UTC).at == [NEVER, 15]
    since = [Stop(-1, (never,)), Stop(-1, (SinceStart(ONE, base=0),))]
    assert lay(since, 10, UTC).at == [NEVER, NEVER]


@pytest.mark.parametrize(
    ("legs", "number", "expected"),
    [
        # The midnights of a weekend, for business days; for local days when clocks are changed.
        ((BusinessDays(1),), 0, "2026-03-07T06:00:00Z"),
        ((BusinessDays(1),), 1, "2026-03-08T06:00:00Z"),
        ((Elapsed(DAY, DAY), BusinessDays(1)), 0, "2026-03-06T06:00:00Z"),
        ((LocalDays(1),), 0, "2026-03-07T09:00:00Z"),
        ((LocalDays(1),), 1, None),
        # Behind hours that are open on a Saturday, when they close on Friday; else never.
        ((UntilOpen(SIX, "six"), BusinessDays(1)), 0, "2026-03-06T23:00:00Z"),
        ((UntilOpen(WORK, "work"), BusinessDays(1)), 0, None),
        ((UntilDay(frozenset()), LocalDays(1)), 0, None),
        ((Elapsed(1, 1),), 3, None),
    ],
)
def test_a_range_that_ends_where_a_piece_does(
    legs: tuple[Leg, ...], number: int, expected: str | None
) -> None:
    start = us("2026-03-06T15:00:00Z")
    begins = start - DAY if isinstance(legs[0], Elapsed) and number == 0 else start
    beside = Beside(Elapsed(0, 60 * DAY), -1, 0, Border(legs, number))
    laid = lay([Stop(-1, (beside,))], begins, CHICAGO)
    assert laid.at == [begins + 60 * DAY if expected is None else us(expected)]
    assert laid.moves == [expected is None]
    for later in (0, HOUR, laid.border - begins - 1):
        if later < DAY:
            again = lay([Stop(-1, (beside,))], begins + later, CHICAGO)
            assert again.at == [laid.at[0] + (later if laid.moves[0] else 0)]
