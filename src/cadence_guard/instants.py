"""Time as the engine sees it: integers, zones, weekly hours.

An instant is an `int` of microseconds since 1970-01-01T00:00Z. `NEVER` is later than every
instant. Aware datetimes exist at the edges only, and nothing here reads a clock.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import Final, NamedTuple

from cadence_guard._regions import REGION_ZONES, TERRITORIES
from cadence_guard._struct import struct
from cadence_guard.words import nearest, short

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
NEVER: Final = 1 << 62
FIRST: Final = -(1 << 62)
"""Earlier than every instant."""

PERIOD: Final = 400 * DAY
"""A whole period of the calendar: who finds no opening within it finds none."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)

# -- instants ---------------------------------------------------------------------------------


def parse_instant(value: object) -> datetime:
    """Text (RFC 3339 with an offset) or an aware datetime, as a plain UTC datetime.

    Raises ValueError for anything naive, dates, numbers, and instants outside 1970 to 2199.
    """
    if isinstance(value, str):
        if not _RFC3339.fullmatch(value):
            raise ValueError(
                f"{short(value)} is not an instant; expected one with an offset,"
                " such as 2026-03-02T16:00:00Z"
            )
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime):
        raise ValueError(
            f"{short(value)} is not an instant; expected a datetime with a zone,"
            " or text such as 2026-03-02T16:00:00Z"
        )
    if value.utcoffset() is None:
        raise ValueError(f"{value.isoformat()} is naive; give it a zone")
    if type(value) is not datetime:  # pendulum's would come back from its own arithmetic
        value = datetime(
            *value.timetuple()[:6], value.microsecond, tzinfo=value.tzinfo, fold=value.fold
        )
    try:
        value = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value.isoformat()} lies outside 1970 to 2199") from error
    if not EPOCH <= value < _LAST:
        raise ValueError(f"{value.isoformat()} lies outside 1970 to 2199")
    return value


def to_us(moment: datetime) -> int:
    """An aware datetime as microseconds since the epoch."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def to_datetime(us: int) -> datetime:
    """Microseconds since the epoch as a UTC datetime."""
    return EPOCH + timedelta(0, 0, us)  # by place: a third quicker


def to_text(moment: datetime) -> str:
    """A UTC datetime as `2026-03-03T12:01:00Z`, with six digits of fraction when it is not zero."""
    return moment.replace(tzinfo=None).isoformat() + "Z"


# -- durations --------------------------------------------------------------------------------

_ELAPSED: Final = re.compile(r"([1-9][0-9]{0,6})([mhdw])")
_CALENDAR: Final = re.compile(r"P([1-9][0-9]{0,3})([MY])")
_UNIT: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_LONGEST: Final = 100 * 366 * DAY
_ELAPSED_SAID: Final = "30m, 20h, 7d or 2w (elapsed, above zero)"


@struct
class Duration:
    """`20h` and the like, elapsed; or `P18M`, calendar months in somebody's zone."""

    text: str
    us: int = 0
    months: int = 0

    @classmethod
    def parse(cls, text: object) -> Duration:
        """Reads `30m 20h 7d 2w` (elapsed) and `P18M P2Y` (calendar); ValueError for all else."""
        return cls._read(text, f"{_ELAPSED_SAID} or P18M, P2Y (calendar)")

    @classmethod
    def parse_elapsed(cls, text: object) -> Duration:
        """Like `parse`, for places where months make no sense."""
        duration = cls._read(text, _ELAPSED_SAID)
        if duration.months:
            raise ValueError(f"{text!r} is a calendar duration; expected 30m, 20h, 7d or 2w here")
        return duration

    @classmethod
    def _read(cls, text: object, expected: str) -> Duration:
        """A duration of either kind; ValueError that says what was `expected`."""
        if isinstance(text, str):
            if match := _ELAPSED.fullmatch(text):
                us = int(match[1]) * _UNIT[match[2]]
                if us <= _LONGEST:
                    return cls(text, us=us)
            elif match := _CALENDAR.fullmatch(text):
                months = int(match[1]) * (12 if match[2] == "Y" else 1)
                if months <= 1200:
                    return cls(text, months=months)
        raise ValueError(f"{short(text)} is not a duration; expected {expected}, at most 100 years")

    def after(self, t: int, zones: Sequence[Zone], *, latest: bool) -> int:
        """`t` plus this duration; months by the clocks of `zones`, the latest or earliest of them.

        A month's day that does not exist becomes the month's last. Without zones, the outermost
        clocks of the world are asked.
        """
        if not self.months:
            return t + self.us
        pick = max if latest else min
        return pick(zone.add_months(t, self.months, latest=latest) for zone in zones or OUTERMOST)

    @property
    def longest(self) -> int:
        """An elapsed duration that this one never exceeds, in microseconds."""
        return self.us or self.months * 31 * DAY + DAY


# -- zones ------------------------------------------------------------------------------------


class Offset(NamedTuple):
    """A stretch [start, end) in which a zone's clocks are `offset` microseconds ahead of UTC."""

    start: int
    end: int
    offset: int


class Zone:
    """A zone of the tz database, as a table of offsets that is built year by year when asked."""

    __slots__ = ("_info", "_table", "_years", "name")

    def __init__(self, name: str, info: tzinfo) -> None:
        self.name = name
        self._info = info
        self._years: dict[int, list[Offset]] = {}
        self._table: list[Offset] = [Offset(0, 0, 0)]

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"

    def at(self, t: int) -> Offset:
        """The stretch of constant offset around `t` (cut at the ends of its UTC year)."""
        table = self._table
        if not table[0].start <= t < table[-1].end:
            self._table = table = self._year(t)
        if len(table) == 1:
            return table[0]
        return table[bisect_right(table, t, key=_start) - 1]

    def _year(self, t: int) -> list[Offset]:
        year = to_datetime(t).year
        if (known := self._years.get(year)) is not None:
            return known
        borders = [to_us(datetime(y, 1, 1, tzinfo=UTC)) // SECOND for y in (year, year + 1)]
        # No zone changes its offset twice within a day, so a look at each day finds them all.
        changes = [borders[0]]
        days = range(borders[0], borders[1] + 1, 86_400)
        for (day, offset), (following, then) in pairwise((day, self._seconds(day)) for day in days):
            if offset != then:
                changes.append(self._change(day, following))
        changes = [second for second in changes if second < borders[1]]
        table = [
            Offset(start * SECOND, end * SECOND, self._seconds(start) * SECOND)
            for start, end in zip(changes, [*changes[1:], borders[1]], strict=True)
        ]
        self._years[year] = table
        return table

    def _change(self, before: int, after: int) -> int:
        """The first second in (before, after] that has another offset than `before`."""
        old = self._seconds(before)
        while after - before > 1:
            middle = (before + after) // 2
            if self._seconds(middle) == old:
                before = middle
            else:
                after = middle
        return after

    def _seconds(self, second: int) -> int:
        offset = datetime.fromtimestamp(second, self._info).utcoffset()
        assert offset is not None
        return offset.days * 86_400 + offset.seconds

    def local_date(self, t: int) -> date:
        """The date on the wall in this zone at `t`."""
        return date.fromordinal((t + self.at(t).offset) // DAY + _EPOCH_DAY)

    def instant(self, local: int, *, latest: bool) -> int:
        """The instant at which the wall shows `local` (microseconds as if it were UTC).

        A repeated wall time has two, and a skipped one none: then the two readings of it count.
        """
        readings = {local - self.at(local - DAY).offset, local - self.at(local + DAY).offset}
        shown = {t for t in readings if t + self.at(t).offset == local}
        return (max if latest else min)(shown or readings)

    def add_months(self, t: int, months: int, *, latest: bool) -> int:
        """`months` calendar months after `t` by this zone's wall, clamped to the month's end."""
        local = t + self.at(t).offset
        day = date.fromordinal(local // DAY + _EPOCH_DAY)
        year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
        first = date(year, month + 1, 1).toordinal() - _EPOCH_DAY
        following = date(year + month // 11, (month + 1) % 12 + 1, 1).toordinal() - _EPOCH_DAY
        landed = min(first + day.day, following) - 1
        return self.instant(landed * DAY + local % DAY, latest=latest)


_start: Final = itemgetter(0)
_end: Final = itemgetter(1)


_NO_PLACE: Final = frozenset(("localtime", "posixrules", "Factory"))
"""Files of the tz database that mean this machine's zone, or none."""


@lru_cache(maxsize=1024)
def zone(name: str) -> Zone:
    """The zone of that name; ValueError with the nearest name if the tz database has none."""
    import zoneinfo

    try:
        # Some machines have every zone twice more, as posix/ and, 27 s off, as right/.
        if name in _NO_PLACE or name.startswith(("posix/", "right/")):
            raise KeyError(name)
        return Zone(name, zoneinfo.ZoneInfo(name))
    except (ValueError, OSError, KeyError):
        near = nearest(name, zoneinfo.available_timezones() - _NO_PLACE)
        hint = f"; did you mean {near!r}?" if near else "; expected a name such as America/Chicago"
        raise ValueError(f"unknown zone {short(name)}{hint}") from None


def _tzdata(name: str) -> str:
    from importlib import resources

    return resources.files("tzdata").joinpath("zoneinfo", name).read_text("utf-8")


@cache
def _links() -> dict[str, str]:
    table = _tzdata("tzdata.zi")
    links = (line.split() for line in table.splitlines() if line.startswith("L "))
    return {alias: name for _, name, alias in links}


def canonical(name: str) -> str:
    """The name by which the tz database knows a zone that it lists under several (`US/Central` is
    America/Chicago)."""
    return _links().get(name, name)


ANYWHERE: Final = tuple(
    Zone(f"UTC{minutes:+d}min", timezone(timedelta(minutes=minutes)))
    for minutes in range(-12 * 60, 14 * 60 + 1, 15)
)
"""The clocks somebody could live by of whom nothing is known."""
OUTERMOST: Final = (ANYWHERE[0], ANYWHERE[-1])
"""The last and the first clocks of the world."""


@cache
def _country_zones() -> dict[str, tuple[str, ...]]:
    table = _tzdata("zone.tab")
    zones: dict[str, list[str]] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            zones.setdefault(country, []).append(name)
    return {country: tuple(names) for country, names in zones.items()}


@lru_cache(maxsize=4096)
def zones_of(place: str) -> tuple[Zone, ...]:
    """The zones of a country (`US`) or a region (`US-TX`); () if the tables do not have it.

    Source: zone.tab of the tz database; for regions the table shipped here. An unlisted region
    has the zones of its country.
    """
    place = place.upper()
    country = TERRITORIES.get(place) or place.partition("-")[0]
    names = REGION_ZONES.get(place) or _country_zones().get(country, ())
    return tuple(zone(name) for name in names)


def in_each(
    zones: Sequence[Zone],
    t: int,
    next_open: Callable[[int, Zone], tuple[int, int]],
    last: int = FIRST,
) -> tuple[int, int]:
    """The first stretch after `t` that is open in each of `zones`; (NEVER, NEVER) if there is none
    within a whole period, counted from `last` if something is in the way until then."""
    if len(zones) == 1:
        return next_open(t, zones[0])
    limit = max(t, last) + PERIOD
    while t <= limit:
        opens, closes = t, NEVER
        for each in zones:
            first, shuts = next_open(t, each)
            opens = max(opens, first)
            closes = min(closes, shuts)
        if opens == t:
            return t, closes
        t = opens
    return NEVER, NEVER


# -- calendar ---------------------------------------------------------------------------------


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def local_period(t: int, unit: str, where: Zone) -> tuple[int, int]:
    """(number, border): the local day, ISO week or month at `t`, and the next instant at which it
    may be another. A clock set back over midnight makes one day two pieces of the same number."""
    _, end, offset = where.at(t)
    day = (t + offset) // DAY
    if unit == "day":
        number, following = day, day + 1
    elif unit == "week":
        number = (day + 3) // 7
        following = number * 7 + 4
    else:
        today = date.fromordinal(day + _EPOCH_DAY)
        number = today.year * 12 + today.month - 1
        year, month = divmod(number + 1, 12)
        following = date(year, month + 1, 1).toordinal() - _EPOCH_DAY
    return number, min(following * DAY - offset, end)


# -- weekly hours -----------------------------------------------------------------------------

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


def parse_clock(text: object) -> int:
    """`09:00` as microseconds after midnight; `24:00` may be written. ValueError for all else."""
    if isinstance(text, str) and (match := _CLOCK.fullmatch(text)):
        return int(match[1]) * HOUR + int(match[2]) * MINUTE if match[1] else DAY
    raise ValueError(f"{text!r} is not a time of day; expected HH:MM, 00:00 to 24:00")


class Hours:
    """Windows of the week on the wall clock: open iff the local clock lies in one of them.

    A window over midnight belongs to the day it opens. A skipped hour never opens and a repeated
    one opens twice, because only the wall is asked.
    """

    __slots__ = ("_closes", "_opens", "_week")

    def __init__(self, windows: Iterable[tuple[Iterable[int], int, int]]) -> None:
        """`windows`: (days as 0 = Monday, from, to), times in microseconds after midnight."""
        pieces: list[tuple[int, int]] = []
        for days, opens, closes in windows:
            length = (closes - opens) % DAY or DAY
            for day in days:
                start = day * DAY + opens
                pieces.append((start, min(start + length, WEEK)))
                if start + length > WEEK:
                    pieces.append((0, start + length - WEEK))
        self._week = lru_cache(maxsize=1024)(self._stretches)
        self._opens: list[int] = []
        self._closes: list[int] = []
        for start, end in sorted(pieces):
            if self._closes and start <= self._closes[-1]:
                self._closes[-1] = max(self._closes[-1], end)
            else:
                self._opens.append(start)
                self._closes.append(end)

    def next_open(self, t: int, zones: tuple[Zone, ...]) -> tuple[int, int]:
        """The first stretch after `t` that is open in each of `zones`; (NEVER, NEVER) if none."""
        all_opens, all_closes = self._week(t // WEEK, zones)
        index = bisect_right(all_closes, t)
        opens = all_opens[index]
        return (opens if opens > t else t), all_closes[index]

    def _stretches(self, week: int, zones: tuple[Zone, ...]) -> tuple[list[int], list[int]]:
        """Where the stretches open in each of `zones` that end in the week, and the next one, open
        and close."""
        opens: list[int] = []
        closes: list[int] = []
        t = week * WEEK
        while t < (week + 1) * WEEK:
            first, t = in_each(zones, t, self._next_open)
            opens.append(first)
            closes.append(t)
        return opens, closes

    def _next_open(self, t: int, where: Zone) -> tuple[int, int]:
        limit = t + PERIOD
        opens, closes = self._piece(t, where, limit)
        while closes < limit and opens < NEVER:
            # A piece may end because the table or the week does, and the wall not care.
            first, last = self._piece(closes, where, closes + 1)
            if first > closes:
                return opens, closes
            closes = last
        return opens, NEVER

    def _piece(self, t: int, where: Zone, limit: int) -> tuple[int, int]:
        """The first open piece at or after `t` within one stretch of offset and one week."""
        while t < limit:
            _, end, offset = where.at(t)
            local = t + offset
            into = (local + 3 * DAY) % WEEK  # 1970-01-01 was a Thursday
            monday = local - into - offset
            index = bisect_right(self._closes, into)
            if index == len(self._closes):
                t = min(monday + WEEK, end)
                continue
            opens = max(t, monday + self._opens[index])
            if opens < end:
                return opens, min(monday + self._closes[index], end)
            t = end
        return NEVER, NEVER

    def edges(self) -> set[int]:
        """The times of day, in microseconds after midnight, at which a window opens or closes."""
        return {edge % DAY for edge in (*self._opens, *self._closes)}
