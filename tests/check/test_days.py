from __future__ import annotations

from cadence_guard.check.days import Calendar, calendar_from
from cadence_guard.instants import DAY, HOUR, zone
from check.flows import BERLIN, CHICAGO, KOLKATA, us

START, END = us("2026-02-23T06:00:00Z"), us("2026-03-16T05:00:00Z")  # three weeks in Chicago


def test_days_of_one_weekday_are_alike_without_a_clock_change_near() -> None:
    days, alike = Calendar(START).whole((KOLKATA,), START, START + 28 * DAY, 10 * DAY)
    assert len(days) == 29
    assert len(alike) == 9  # seven, and the parts of a day at both ends


def test_a_clock_change_within_reach_makes_a_day_another() -> None:
    days, alike = Calendar(START).whole((CHICAGO,), START, END, 3 * DAY)
    assert [day.start for day in days[:2]] == [START, START + DAY]
    assert days[-1].end == END
    # Seven; and those from which a touch can come upon the change of 8 March, or shortly after it.
    unlike = {(day.start - START) // DAY for day in alike}
    assert unlike == {0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14}
    # A local day is cut where its clocks are changed.
    assert [day.end - day.start for day in days[13:15]] == [2 * HOUR, 21 * HOUR]


def test_zones_share_their_days() -> None:
    calendar = Calendar(START)
    end = START + 7 * DAY
    lone = calendar.whole((BERLIN,), START, end, DAY)[1]
    assert len(lone) == 8
    # The same clocks by another name, and other clocks that show the same a few hours later.
    assert len(calendar.whole((BERLIN, zone("Europe/Paris")), START, end, DAY)[0]) == 8
    both = calendar.whole((BERLIN, CHICAGO), START, end, DAY)
    assert len(both[0]) == 15
    assert len(both[1]) == 9


def test_no_starts_no_days() -> None:
    assert Calendar(START).days([(CHICAGO, [])], DAY) == []


def test_clock_changes_are_looked_up_as_far_as_asked() -> None:
    calendar = Calendar(START)
    assert calendar.changes(CHICAGO, END) == ([us("2026-03-08T08:00:00Z")], [HOUR])
    at, shifts = calendar.changes(CHICAGO, us("2026-12-01T00:00:00Z"))
    assert at == [us("2026-03-08T08:00:00Z"), us("2026-11-01T07:00:00Z")]
    assert shifts == [HOUR, -HOUR]


def test_periods_are_kept_but_not_for_ever() -> None:
    calendar = calendar_from(START)
    assert calendar_from(START) is calendar
    first = calendar.whole((KOLKATA,), START, END, DAY)
    assert calendar.whole((KOLKATA,), START, END, DAY) is first
    for n in range(2, 20):
        calendar.whole((KOLKATA,), START, END, n * DAY)
    assert calendar.whole((KOLKATA,), START, END, DAY) is not first
