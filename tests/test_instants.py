"""Time: instants as text, durations, zones against the standard library, hours against the wall."""

from __future__ import annotations

import calendar
import random
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from importlib import resources
from itertools import pairwise
from pathlib import Path
from struct import unpack_from
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.instants import (
    ANYWHERE,
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    OUTERMOST,
    SECOND,
    WEEK,
    Duration,
    Hours,
    Zone,
    canonical,
    day_number,
    local_period,
    parse_clock,
    parse_instant,
    to_datetime,
    to_text,
    to_us,
    zone,
    zones_of,
)

LAST = to_us(datetime(2200, 1, 1, tzinfo=UTC))
NAMES = sorted(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"})
ODD = [  # half hours, lost days, double summer time, Ramadan, no DST, seconds in an offset
    *("Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Monrovia"),
    *("America/Adak", "America/Caracas", "America/Chicago", "America/New_York", "America/Nuuk"),
    *("America/Sao_Paulo", "America/St_Johns", "America/Scoresbysund", "Antarctica/Troll"),
    *("Asia/Gaza", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang", "Asia/Tehran"),
    *("Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Dublin"),
    *("Europe/Lisbon", "Europe/Moscow", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati"),
]

at = st.integers(0, LAST - 1)
names = st.sampled_from(NAMES)
odd = st.sampled_from(ODD)


def utc(*parts: int) -> int:
    """An instant by its parts in UTC."""
    return to_us(datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type, misc]


def wall(t: int, name: str) -> datetime:
    """What the standard library says the wall shows."""
    return to_datetime(t).astimezone(ZoneInfo(name))


def offset(t: int, name: str) -> int:
    """How far the standard library says the wall is ahead of UTC."""
    ahead = wall(t, name).utcoffset()
    assert ahead is not None
    return ahead // timedelta(microseconds=1)


# -- instants ---------------------------------------------------------------------------------


class Nowhere(tzinfo):
    """A zone that does not say how far it is ahead: a datetime with it is as naive as without."""

    def utcoffset(self, _: datetime | None) -> None:
        return None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-03-02", "expected one with an offset, such as 2026-03-02T16:00:00Z"),
        ("2026-03-02T16:00:00", "expected one with an offset"),
        ("2026-03-02T16Z", "expected one with an offset"),
        ("2026-W10-1T16:00:00Z", "expected one with an offset"),
        ("2026-03-02T16:00:00.1234567Z", "expected one with an offset"),
        (" 2026-03-02T16:00:00Z", "expected one with an offset"),
        ("2026-03-02T16:00:00Z\n", "expected one with an offset"),
        ("２026-03-02T16:00:00Z", "expected one with an offset"),
        ("", "'' is not an instant"),
        ("2026-02-30T16:00:00Z", "day"),
        ("2026-13-01T16:00:00Z", "month must be in 1..12"),
        ("2026-03-02T16:60:00Z", "minute must be in 0..59"),
        ("2026-03-02T16:00:00+24:00", "offset"),
        (1772467200, "1772467200 is not an instant; expected a datetime with a zone"),
        (None, "None is not an instant; expected a datetime with a zone"),
        (date(2026, 3, 2), "expected a datetime with a zone, or text such as"),
        (datetime(2026, 3, 2, 16), "2026-03-02T16:00:00 is naive; give it a zone"),
        (pendulum.naive(2026, 3, 2, 16), "2026-03-02T16:00:00 is naive; give it a zone"),
        (datetime(2026, 3, 2, 16, tzinfo=Nowhere()), "16:00:00 is naive; give it a zone"),
        ("1969-12-31T23:59:59.999999Z", "lies outside 1970 to 2199"),
        ("1970-01-01T00:00:00+00:01", "lies outside 1970 to 2199"),
        ("2200-01-01T00:00:00Z", "2200-01-01T00:00:00+00:00 lies outside 1970 to 2199"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00 lies outside 1970 to 2199"),
        (datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))), "lies outside 1970 to 2199"),
    ],
    ids=str,
)
def test_what_is_no_instant_is_told(value: Any, said: str) -> None:
    """Naive, a date, a number, a text without offset, beyond 1970 to 2199: ValueError says what."""
    with pytest.raises(ValueError) as caught:
        parse_instant(value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T16:00:00Z",
        "2026-03-02t16:00:00z",
        "2026-03-02 16:00Z",
        "2026-03-02T16:00:00.000Z",
        "2026-03-02T17:30:00+01:30",
        "2026-03-02T10:00:00-0600",
    ],
)
def test_one_instant_has_many_spellings(text: str) -> None:
    """RFC 3339 with any offset, a blank for the T, lower case and no seconds are all read."""
    assert parse_instant(text) == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert parse_instant(text).tzinfo is UTC


@given(at)
@settings(max_examples=200, deadline=None)
def test_text_and_microseconds_lose_nothing(t: int) -> None:
    """An instant survives as a datetime, as text, and as text in capitals or not."""
    moment = to_datetime(t)
    assert to_us(moment) == t
    assert parse_instant(moment) == moment
    assert parse_instant(to_text(moment)) == moment
    assert to_text(moment).endswith("Z")


@given(at, odd)
@settings(max_examples=300, deadline=None)
def test_a_pendulum_datetime_is_the_same_instant(t: int, name: str) -> None:
    """Whatever pendulum does in its own arithmetic, the instant is kept, as a plain datetime."""
    for moment in (
        wall(t, name),
        pendulum.instance(wall(t, name)),
        pendulum.instance(to_datetime(t)).in_timezone(name),
    ):
        parsed = parse_instant(moment)
        assert to_us(parsed) == to_us(moment.astimezone(UTC)) == t
        assert type(parsed) is datetime
        assert parsed.tzinfo is UTC


@pytest.mark.parametrize(("fold", "hour"), [(0, 6), (1, 7)])
def test_the_repeated_hour_of_autumn_keeps_its_fold(fold: int, hour: int) -> None:
    """01:30 is shown twice in Chicago on 2026-11-01: the fold tells which, also pendulum's."""
    plain = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/Chicago"), fold=fold)
    other = pendulum.datetime(2026, 11, 1, 1, 30, tz="America/Chicago", fold=fold)
    for moment in (plain, other):
        assert to_text(parse_instant(moment)) == f"2026-11-01T0{hour}:30:00Z"


# -- durations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "us", "months", "longest"),
    [
        ("30m", 30 * MINUTE, 0, 30 * MINUTE),
        ("20h", 20 * HOUR, 0, 20 * HOUR),
        ("7d", 7 * DAY, 0, 7 * DAY),
        ("2w", 14 * DAY, 0, 14 * DAY),
        ("36600d", 36_600 * DAY, 0, 36_600 * DAY),
        ("P18M", 0, 18, 559 * DAY),
        ("P2Y", 0, 24, 745 * DAY),
        ("P100Y", 0, 1200, 37_201 * DAY),
        ("P1200M", 0, 1200, 37_201 * DAY),
    ],
)
def test_a_duration_is_elapsed_or_calendar(text: str, us: int, months: int, longest: int) -> None:
    """`m h d w` are elapsed time, `P<n>M` and `P<n>Y` months of 31 days and a day at most."""
    duration = Duration.parse(text)
    assert (duration.text, duration.us, duration.months) == (text, us, months)
    assert duration.longest == longest


@pytest.mark.parametrize(
    "text",
    [
        *("0d", "-7d", "7", "7s", "d", "07d", "1.5h", "7 d", "7D", "", "7d\n", "1h30m"),
        *("P0M", "P1W", "P1D", "PT1H", "P1Y6M", "p1m", "36601d", "99999999m"),
        *("P101Y", "P1201M", 7, None, timedelta(days=7)),
    ],
)
def test_what_is_no_duration_is_told(text: Any) -> None:
    """Zero, signs, other units, more than 100 years: ValueError says what was expected."""
    with pytest.raises(ValueError, match=r"is not a duration; expected 30m, 20h, 7d or 2w"):
        Duration.parse(text)


def test_months_are_refused_where_they_make_no_sense() -> None:
    """A place for elapsed time takes no calendar duration."""
    assert Duration.parse_elapsed("7d") == Duration.parse("7d")
    with pytest.raises(ValueError, match=r"'P1M' is a calendar duration; expected 30m, 20h"):
        Duration.parse_elapsed("P1M")
    with pytest.raises(ValueError, match=r"'7' is not a duration; .* \(elapsed, above zero\), at"):
        Duration.parse_elapsed("7")


def test_the_end_of_a_duration() -> None:
    """Elapsed time asks no zone; months ask each candidate, and the outermost if none is known."""
    t = utc(2026, 3, 1, 2)
    assert Duration.parse("7d").after(t, (), latest=True) == t + 7 * DAY
    month = Duration.parse("P1M")
    chicago, berlin = zone("America/Chicago"), zone("Europe/Berlin")
    # 20:00 of 28 February in Chicago, 03:00 of 1 March in Berlin, and summer time comes in both.
    assert month.after(t, (chicago,), latest=True) == utc(2026, 3, 29, 1)
    assert month.after(t, (berlin,), latest=True) == utc(2026, 4, 1, 1)
    assert month.after(t, (chicago, berlin), latest=False) == utc(2026, 3, 29, 1)
    assert month.after(t, (chicago, berlin), latest=True) == utc(2026, 4, 1, 1)
    assert month.after(t, (), latest=False) == utc(2026, 3, 29, 2)
    assert month.after(t, (), latest=True) == utc(2026, 4, 1, 2)


@given(at, st.integers(1, 1200), odd)
@settings(max_examples=200, deadline=None)
def test_a_duration_never_exceeds_its_longest(t: int, months: int, name: str) -> None:
    """However a zone's clocks go, no number of months lasts longer than `longest` says."""
    duration = Duration.parse(f"P{months}M")
    assert duration.after(t, (zone(name),), latest=True) - t <= duration.longest


# -- zones ------------------------------------------------------------------------------------


def tzif(name: str) -> bytes:
    """The file of a zone that the standard library reads."""
    for root in zoneinfo.TZPATH:
        if (path := Path(root, name)).is_file():
            return path.read_bytes()
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def changes(data: bytes) -> list[tuple[int, int]]:
    """(second, offset from there on) for each change of offset in a file (RFC 9636, 64 bits)."""
    isutc, isstd, leap, times, types, chars = unpack_from(">6l", data, 20)
    start = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isutc  # the 32-bit part
    times, types = unpack_from(">2l", data, start + 32)
    seconds = unpack_from(f">{times}q", data, start + 44)
    kinds = unpack_from(f">{times}B", data, start + 44 + 8 * times)
    offsets = [
        unpack_from(">l", data, start + 44 + 9 * times + 6 * kind)[0] for kind in range(types)
    ]
    found: list[tuple[int, int]] = []
    old = offsets[0]
    for second, kind in zip(seconds, kinds, strict=True):
        if offsets[kind] != old:
            found.append((second, old := offsets[kind]))
    return found


FILES = {tzif(name): name for name in reversed(NAMES)}  # one name for those that are links
KNOWN = {name: changes(data) for data, name in FILES.items()}


def agree(name: str, t: int) -> None:
    """Zone and the standard library say the same of `t`."""
    start, end, ahead = zone(name).at(t)
    assert start <= t < end
    assert ahead == offset(t, name), (name, to_datetime(t))
    assert zone(name).local_date(t) == wall(t, name).date()


def borders(name: str, first: int, last: int) -> Iterator[int]:
    """The instants in [first, last) at which a stretch of the zone begins."""
    t = first
    while (t := zone(name).at(t).end) < last:
        yield t


def test_the_files_of_the_tz_database_were_read() -> None:
    """The changes this file compares with are there: among them Monrovia 1972 and Apia 2011."""
    assert len(KNOWN) > 300
    assert (63_593_070, 0) in changes(tzif("Africa/Monrovia"))
    assert (1_325_239_200, 14 * 3600) in changes(tzif("Pacific/Apia"))


@pytest.mark.parametrize("hours", [24, 48])
def test_no_zone_changes_its_offset_twice_within_a_day(hours: int) -> None:
    """A look at each day finds every change (24 h); a wall time has at most two readings (48 h)."""
    close = [
        (name, earlier)
        for name, found in KNOWN.items()
        for (earlier, _), (later, _) in pairwise(found)
        if earlier >= -86_400 and later - earlier < hours * 3600
    ]
    assert close == []


def test_every_zone_in_some_years() -> None:
    """Every zone of the tz database: random instants, and each change in two random years."""
    rnd = random.Random(1970)
    for name in NAMES:
        for _ in range(2):
            t = rnd.randrange(LAST)
            agree(name, t)
            first = utc(to_datetime(t).year, 1, 1)
            for border in borders(name, first, first + 366 * DAY):
                for near in (border - SECOND, border - 1, border, border + SECOND):
                    agree(name, near)
    for name, found in KNOWN.items():
        for second, _ in rnd.sample(found, min(3, len(found))):
            for near in (second - 1, second, second + 1):
                if 0 <= near * SECOND < LAST:
                    agree(name, near * SECOND)


@given(names, st.lists(at, min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_any_zone_at_any_instant(name: str, instants: list[int]) -> None:
    """Offset and local date are those of the standard library, in whatever order they are asked."""
    for t in (*instants, *instants):
        agree(name, t)


def around_every_change(name: str, first: int, last: int) -> None:
    """Compares a zone with the standard library at and next to each change that either knows."""
    found = {second * SECOND for second, _ in changes(tzif(name))}
    for border in found | set(borders(name, first, last)):
        for near in (border - SECOND, border - 1, border, border + SECOND):
            if first <= near < last:
                agree(name, near)


@pytest.mark.parametrize("name", ODD)
def test_every_change_of_odd_zones(name: str) -> None:
    """From 1970 to 2039, at, one microsecond and one second before, and one second after."""
    around_every_change(name, 0, utc(2040, 1, 1))


@pytest.mark.deep
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_change_of_every_zone(name: str) -> None:
    """The same for every zone, up to 2199."""
    around_every_change(name, 0, LAST)


def test_a_zone_has_one_object_and_a_name() -> None:
    """A zone is looked up once, and tells its name."""
    assert zone("Europe/Berlin") is zone("Europe/Berlin")
    assert repr(zone("Europe/Berlin")) == "Zone('Europe/Berlin')"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("America/Chicgo", "did you mean 'America/Chicago'?"),
        ("america/chicago", "did you mean 'America/Chicago'?"),
        ("Europe/Berlin\n", "did you mean 'Europe/Berlin'?"),
        ("zzzzzzzz", "expected a name such as America/Chicago"),
        ("", "expected a name such as America/Chicago"),
        ("America", "unknown zone 'America'"),
        ("../UTC", "unknown zone '../UTC'"),
        ("/etc/localtime", "unknown zone '/etc/localtime'"),
        ("zone.tab", "unknown zone 'zone.tab'"),
        ("a\0b", "unknown zone 'a\\x00b'"),
        ("localtime", "expected a name such as America/Chicago"),
        ("posixrules", "expected a name such as America/Chicago"),
        ("Factory", "expected a name such as America/Chicago"),
        ("right/America/Chicago", "did you mean 'America/Chicago'?"),
        ("posix/America/Chicago", "did you mean 'America/Chicago'?"),
    ],
)
def test_an_unknown_zone_gets_the_nearest_name(name: str, hint: str) -> None:
    """What the tz database lacks, and what means this machine's zone or none, is a ValueError."""
    with pytest.raises(ValueError) as caught:
        zone(name)
    assert str(caught.value).startswith(f"unknown zone {name!r}; ")
    assert hint in str(caught.value)


def test_the_clocks_of_the_world() -> None:
    """Of somebody unknown every quarter of an hour from UTC-12 to UTC+14 is thought of."""
    ahead = [each.at(0).offset for each in ANYWHERE]
    assert ahead == list(range(-12 * HOUR, 14 * HOUR + 1, 15 * MINUTE))
    assert [each.at(0).offset for each in OUTERMOST] == [-12 * HOUR, 14 * HOUR]


def named(place: str) -> list[str]:
    """The names of the zones of a place."""
    return [each.name for each in zones_of(place)]


def test_the_zones_of_a_place() -> None:
    """A country has those of zone.tab, a listed region its own, an unlisted one its country's."""
    assert named("FR") == ["Europe/Paris"]
    assert named("DE") == ["Europe/Berlin", "Europe/Busingen"]
    assert len(named("US")) > 20
    assert set(named("US-TX")) == {"America/Chicago", "America/Denver"}
    assert named("us-tx") == named("US-TX")
    assert named("DE-BE") == named("DE")
    assert named("US-ZZ") == named("US")
    assert named("ZZ") == named("ZZ-ZZ") == named("") == []
    assert "America/Puerto_Rico" not in named("US")


# -- wall times -------------------------------------------------------------------------------


def readings(shown: datetime, name: str) -> set[int]:
    """The instants that the standard library gives for a wall time (PEP 495)."""
    return {
        to_us(shown.replace(tzinfo=ZoneInfo(name), fold=fold).astimezone(UTC)) for fold in (0, 1)
    }


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[str, int]:
    """(zone, instant), mostly within two days of a change of its offset."""
    name = draw(odd)
    t = draw(st.integers(400 * DAY, LAST - 400 * DAY))
    found = [second * SECOND for second, _ in changes(tzif(name)) if second > 400 * 86_400]
    if found and draw(st.integers(0, 3)):
        t = draw(st.sampled_from(found)) + draw(st.integers(-48 * 60, 48 * 60)) * MINUTE
    return name, t


@given(near_a_change())
@settings(max_examples=400, deadline=None)
def test_a_wall_time_is_read_as_the_standard_library_does(where: tuple[str, int]) -> None:
    """Once, twice or never shown: the earliest and latest reading are those of both folds."""
    name, local = where
    expected = readings(to_datetime(local).replace(tzinfo=None), name)
    assert zone(name).instant(local, latest=False) == min(expected)
    assert zone(name).instant(local, latest=True) == max(expected)


@given(near_a_change(), st.integers(1, 30))
@settings(max_examples=400, deadline=None)
def test_months_are_those_of_the_wall(where: tuple[str, int], months: int) -> None:
    """The same day and time that many months later, or the month's last day."""
    name, t = where
    shown = wall(t, name).replace(tzinfo=None, fold=0)
    year, month = divmod(shown.year * 12 + shown.month - 1 + months, 12)
    day = min(shown.day, calendar.monthrange(year, month + 1)[1])
    expected = readings(shown.replace(year=year, month=month + 1, day=day), name)
    assert zone(name).add_months(t, months, latest=False) == min(expected)
    assert zone(name).add_months(t, months, latest=True) == max(expected)


@pytest.mark.parametrize(
    ("name", "t", "months", "earliest", "apart"),
    [
        ("UTC", utc(2026, 1, 31, 9), 1, utc(2026, 2, 28, 9), 0),
        ("UTC", utc(2028, 1, 31, 9), 1, utc(2028, 2, 29, 9), 0),
        ("UTC", utc(2028, 2, 29, 9), 12, utc(2029, 2, 28, 9), 0),
        ("UTC", utc(2026, 11, 30, 9), 1, utc(2026, 12, 30, 9), 0),
        ("UTC", utc(2026, 10, 31, 9), 4, utc(2027, 2, 28, 9), 0),
        # 02:30 of 2026-03-29 is skipped in Berlin: 01:30 or 03:30, as the clocks are read.
        ("Europe/Berlin", utc(2026, 2, 28, 1, 30), 1, utc(2026, 3, 28, 1, 30), 0),
        ("Europe/Berlin", utc(2026, 1, 29, 1, 30), 2, utc(2026, 3, 29, 0, 30), HOUR),
        # 02:30 of 2026-10-25 is shown twice there.
        ("Europe/Berlin", utc(2026, 9, 25, 0, 30), 1, utc(2026, 10, 25, 0, 30), HOUR),
        # Apia had no 2011-12-30 at all.
        ("Pacific/Apia", utc(2011, 11, 30, 22), 1, utc(2011, 12, 29, 22), DAY),
    ],
)  # fmt: skip
def test_months_over_the_odd_days(
    name: str, t: int, months: int, earliest: int, apart: int
) -> None:
    """The month's end clamps; a skipped wall time has two readings, and so has a repeated one."""
    where = zone(name)
    assert where.add_months(t, months, latest=False) == earliest
    assert where.add_months(t, months, latest=True) == earliest + apart


def test_a_month_from_a_day_before_the_lost_one() -> None:
    """The lost Friday of Apia is skipped, not doubled: 29 December stays one day."""
    where = zone("Pacific/Apia")
    assert where.local_date(utc(2011, 12, 30, 9, 59)) == date(2011, 12, 29)
    assert where.local_date(utc(2011, 12, 30, 10)) == date(2011, 12, 31)


@given(near_a_change(), st.sampled_from(("day", "week", "month")))
@settings(max_examples=400, deadline=None)
def test_a_local_period_is_that_of_the_wall(where: tuple[str, int], unit: str) -> None:
    """Day, ISO week and month are numbered by the wall and the same up to the border."""
    name, t = where
    number, border = local_period(t, unit, zone(name))

    def period(moment: int) -> object:
        today = wall(moment, name).date()
        week = today.isocalendar()[:2]
        return {"day": today, "week": week, "month": (today.year, today.month)}[unit]

    assert t < border
    inside = {t, border - 1, (t + border) // 2}
    assert {period(moment) for moment in inside} == {period(t)}
    for moment in (*inside, border, border - WEEK, border + DAY, border + 31 * DAY):
        same = local_period(moment, unit, zone(name))[0] == number
        assert same == (period(moment) == period(t))
    ends = period(border) != period(t)
    assert ends or border == zone(name).at(t).end


def test_the_numbers_of_days() -> None:
    """Days are counted from 1970-01-01, a Thursday; so are local days at UTC."""
    assert day_number(date(1970, 1, 1)) == 0
    assert local_period(utc(2026, 3, 9, 12), "day", zone("UTC")) == (
        day_number(date(2026, 3, 9)),
        utc(2026, 3, 10),
    )
    assert local_period(utc(2026, 3, 9), "week", zone("UTC"))[1] == utc(2026, 3, 16)
    assert local_period(utc(2026, 12, 9), "month", zone("UTC"))[1] == utc(2027, 1, 1)


# -- hours ------------------------------------------------------------------------------------

Windows = list[tuple[tuple[int, ...], str, str]]

EVERY = tuple(range(7))
WINDOWS: dict[str, Windows] = {
    "office": [((0, 1, 2, 3, 4), "09:00", "18:00")],
    "night": [(EVERY, "22:00", "06:00")],
    "friday night": [((4,), "22:00", "06:00")],
    "sunday night": [((6,), "23:59", "02:15")],
    "whole week": [(EVERY, "00:00", "24:00")],
    "sunday": [((6,), "00:00", "24:00")],
    "friday": [((4,), "00:00", "24:00")],
    "odd hours": [
        (EVERY, "00:00", "00:01"),
        (EVERY, "01:45", "02:10"),
        (EVERY, "02:10", "02:31"),
        ((0, 6), "02:40", "03:00"),
        ((5,), "23:50", "24:00"),
        ((5, 6), "12:00", "13:00"),
        ((6,), "12:30", "14:00"),
    ],
}

WEEKS = {
    "Lord Howe's half hour, spring": ("Australia/Lord_Howe", utc(2026, 10, 1)),
    "Lord Howe's half hour, autumn": ("Australia/Lord_Howe", utc(2026, 4, 2)),
    "Apia's lost Friday": ("Pacific/Apia", utc(2011, 12, 27)),
    "St. John's 2006, one minute past midnight, spring": ("America/St_Johns", utc(2006, 3, 30)),
    "St. John's 2006, one minute past midnight, autumn": ("America/St_Johns", utc(2006, 10, 26)),
    "Berlin, spring": ("Europe/Berlin", utc(2026, 3, 26)),
    "Chicago, autumn": ("America/Chicago", utc(2026, 10, 29)),
    "Casablanca, before Ramadan": ("Africa/Casablanca", utc(2026, 2, 12)),
    "Chatham, over new year": ("Pacific/Chatham", utc(2026, 12, 29)),
}


def hours(windows: Windows) -> Hours:
    """The windows as the engine takes them."""
    return Hours((days, parse_clock(opens), parse_clock(closes)) for days, opens, closes in windows)


def shows_open(windows: Windows, shown: datetime) -> bool:
    """Whether a wall shows a time in a window of its day, or in one over the midnight before."""
    clock, today = shown.strftime("%H:%M"), shown.weekday()
    for days, opens, closes in windows:
        if opens < closes:
            if today in days and opens <= clock < closes:
                return True
        elif (today in days and clock >= opens) or ((today - 1) % 7 in days and clock < closes):
            return True
    return False


def check_hours(
    windows: Windows, zones: tuple[str, ...], start: int, days: int, step: int = MINUTE
) -> None:
    """Compares each step, and where the stretch ends, with what the walls show."""
    told, where = hours(windows), tuple(zone(name) for name in zones)
    count = days * DAY // step
    shown = [
        all(shows_open(windows, wall(start + n * step, name)) for name in zones)
        for n in range(count)
    ]
    opens = closes = end = start + count * step
    for n in reversed(range(count)):
        t = start + n * step
        if shown[n]:
            opens = t
        else:
            closes = t
        first, last = told.next_open(t, where)
        # An opening inside is exact; one outside is only known to lie there.
        assert first == opens or (opens == end <= first), (windows, zones, to_datetime(t))
        if shown[n]:
            assert last == closes or (closes == end <= last), (windows, zones, to_datetime(t))
            middle = t + step // 2
            assert told.next_open(middle, where) == (middle, last)


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("week", WEEKS)
def test_hours_are_what_the_wall_shows_at_every_minute(week: str, windows: str) -> None:
    """A skipped hour never opens, a repeated one opens twice; a night belongs to its evening."""
    name, start = WEEKS[week]
    check_hours(WINDOWS[windows], (name,), start, 6)


@pytest.mark.parametrize("windows", WINDOWS)
def test_hours_in_several_zones_are_those_open_in_each(windows: str) -> None:
    """Over the days on which the clocks of one or another change, an instant is open in all."""
    zones = ("America/Chicago", "Europe/Berlin")
    check_hours(WINDOWS[windows], zones, utc(2026, 10, 24), 4)
    check_hours(WINDOWS[windows], (*zones, "Australia/Lord_Howe"), utc(2026, 10, 3), 3)


@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from(EVERY), min_size=1).map(lambda days: tuple(sorted(days))),
            st.integers(0, 1439).map(lambda n: f"{n // 60:02}:{n % 60:02}"),
            st.integers(1, 1440).map(lambda n: f"{n // 60:02}:{n % 60:02}"),
        ).filter(lambda window: window[1] != window[2]),
        min_size=1,
        max_size=4,
    ),
    near_a_change(),
)
@settings(max_examples=40, deadline=None)
def test_any_hours_are_what_the_wall_shows(windows: Windows, where: tuple[str, int]) -> None:
    """The same for windows, zones and days that nobody thought of."""
    name, t = where
    # Monrovia's clocks were half a minute off until 1972.
    step = MINUTE // 2 if name == "Africa/Monrovia" else MINUTE
    check_hours(windows, (name,), t - t % step, 2, step)


@pytest.mark.parametrize("windows", WINDOWS)
def test_hours_over_a_change_by_an_odd_half_minute(windows: str) -> None:
    """Monrovia went from 44 minutes and 30 seconds behind UTC to none, within a minute."""
    check_hours(WINDOWS[windows], ("Africa/Monrovia",), utc(1972, 1, 6), 3, MINUTE // 2)


def test_hours_may_never_close_and_never_open() -> None:
    """The whole week in one stretch is open for good; without a window nothing ever opens."""
    berlin = (zone("Europe/Berlin"),)
    t = utc(2026, 3, 26)
    assert hours(WINDOWS["whole week"]).next_open(t, berlin) == (t, NEVER)
    assert Hours([]).next_open(t, berlin) == (NEVER, NEVER)
    # Days on which one zone opens and the other is shut for good have nothing in common.
    apart = hours([((0,), "00:00", "00:15")])
    assert apart.next_open(t, (*berlin, zone("America/Chicago"))) == (NEVER, NEVER)


def test_the_edges_of_hours_are_times_of_day() -> None:
    """Windows that touch have no edge between them; one over midnight has one on either side."""
    assert hours(WINDOWS["office"]).edges() == {9 * HOUR, 18 * HOUR}
    assert hours(WINDOWS["night"]).edges() >= {22 * HOUR, 6 * HOUR}
    joined = hours([((0,), "09:00", "12:00"), ((0,), "12:00", "15:00")])
    assert joined.edges() == {9 * HOUR, 15 * HOUR}
    assert hours(WINDOWS["sunday"]).edges() == {0}


@pytest.mark.parametrize(
    ("text", "us"),
    [("00:00", 0), ("09:05", 9 * HOUR + 5 * MINUTE), ("23:59", DAY - MINUTE), ("24:00", DAY)],
)
def test_a_time_of_day(text: str, us: int) -> None:
    """HH:MM, and 24:00 for the day's end."""
    assert parse_clock(text) == us


@pytest.mark.parametrize("text", ["9:00", "09:60", "24:01", "25:00", "09:00:00", "", 540, None])
def test_what_is_no_time_of_day_is_told(text: Any) -> None:
    """Anything else is a ValueError."""
    with pytest.raises(ValueError, match=r"is not a time of day; expected HH:MM, 00:00 to 24:00"):
        parse_clock(text)


def test_a_fixed_offset_is_a_zone_too() -> None:
    """A zone needs no name of the tz database: its clocks are asked."""
    half = Zone("half", timezone(timedelta(hours=5, minutes=30)))
    assert half.at(0).offset == 5 * HOUR + 30 * MINUTE
    assert half.local_date(utc(2026, 3, 9, 18, 30)) == date(2026, 3, 10)


def test_a_zone_with_several_names_has_one() -> None:
    assert canonical("US/Central") == canonical("America/Chicago") == "America/Chicago"
    assert canonical("Nowhere/Atall") == "Nowhere/Atall"
