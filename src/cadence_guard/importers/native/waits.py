"""The waits of a native file: a time, a range, or a mapping told by the key that only it has."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import ConfigDict, Field, PlainValidator, model_validator

from cadence_guard._model import Faults
from cadence_guard.cadence import (
    BusinessDays,
    Elapsed,
    LocalDays,
    UntilClock,
    UntilDate,
    UntilOpen,
    Wait,
)
from cadence_guard.importers._values import short
from cadence_guard.importers.native.values import (
    Fault,
    MaybeUs,
    Said,
    as_elapsed,
    as_instant,
    as_time_of_day,
    filled_in,
    told_by_key,
    validated,
)
from cadence_guard.instants import DAYS, HOUR, MINUTE, Hours, parse_instant, to_us
from cadence_guard.rules.outside_hours import Days, Window

_WAITS: Final = (
    "expected a time such as 3d, a range such as 2d..4d, or one of {min, max}, {local_days},"
    " {business_days}, {until_open}, {until_time, days}, {until_date}"
)
_DATES: Final = (
    "expected one on the contact's wall, such as 2026-05-01T09:00, or an instant with its offset,"
    " such as 2026-05-01T09:00:00Z, from 1970 to 2199"
)
_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?", re.ASCII)


def as_wait(value: Any) -> Wait:
    """A wait, however it is said."""
    if isinstance(value, str) and ".." in value:
        low, _, high = value.partition("..")
        value = {"min": low, "max": high}
    if not isinstance(value, Mapping):
        us = as_elapsed(value, _WAITS)
        return Elapsed(us, us)
    if (counted := value.get("from")) in ("start", "previous"):
        beside = f"it stands beside 'wait': {{wait: ..., from: {counted}}}"
        raise Faults([(("from",), f"unknown key 'from' in a wait; {beside}")])
    model = told_by_key(value, WAIT_KINDS, "a wait", _WAITS)
    return validated(model, value).wait()


def as_date(value: Any) -> UntilDate:
    """An instant with its offset; without one, what the contact's wall shows."""
    if not isinstance(value, str) or not _LOCAL.fullmatch(value):
        try:
            return UntilDate(as_instant(value))
        except ValueError:
            raise ValueError(f"{short(value)} is not a date; {_DATES}") from None
    try:
        shown = parse_instant(datetime.fromisoformat(value).replace(tzinfo=UTC))
    except ValueError as error:
        raise ValueError(f"{value!r} is not a date: {error}") from None
    return UntilDate(to_us(shown), local=True)


def as_windows(value: Any) -> tuple[Window, ...]:
    """One window, or a list of them."""
    if isinstance(value, Mapping):
        return (validated(Window, value),)
    if not isinstance(value, list) or not value:
        raise ValueError(
            'expected a window such as {days: [mon], from: "09:00", to: "17:00"}, or a list of them'
        )
    windows: list[Window] = []
    faults: list[Fault] = []
    for place, one in enumerate(value):
        try:
            windows.append(validated(Window, one))
        except Faults as error:
            faults += [((place, *path), text) for path, text in error.faults]
    if faults:
        raise Faults(faults)
    return tuple(windows)


def hours_of(windows: tuple[Window, ...]) -> Hours:
    """The hours of windows."""
    return Hours(
        ([DAYS.index(day) for day in window.days], window.from_, window.to) for window in windows
    )


def in_words(window: Window) -> str:
    """A window as text: `mon tue 09:00-17:00`."""
    days = "" if len(set(window.days)) == len(DAYS) else f"{' '.join(window.days)} "
    start, end = (f"{us // HOUR:02d}:{us % HOUR // MINUTE:02d}" for us in (window.from_, window.to))
    return f"{days}{start}-{end}"


if TYPE_CHECKING:
    AWait: TypeAlias = Wait
    MaybeWait: TypeAlias = Wait | None
    Windows: TypeAlias = tuple[Window, ...]
    MaybeWindows: TypeAlias = tuple[Window, ...] | None
else:
    AWait = MaybeWait = Annotated[Any, PlainValidator(as_wait), filled_in("wait")]
    Windows = MaybeWindows = Annotated[Any, PlainValidator(as_windows), filled_in("windows")]


class WaitSaid(Said, ABC):
    """A wait that is said in a mapping."""

    @abstractmethod
    def wait(self) -> Wait:
        """The wait itself."""


class RangeSaid(WaitSaid):
    """Somewhere between two times; without `max` there is no end."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    min: MaybeUs = None
    max: MaybeUs = None

    @model_validator(mode="after")
    def _low_first(self) -> RangeSaid:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("'min' is longer than 'max'")
        return self

    def wait(self) -> Wait:
        """Elapsed time."""
        return Elapsed(self.min or 0, self.max)


class LocalDaysSaid(WaitSaid):
    """Days on the contact's wall clock."""

    local_days: Annotated[int, Field(ge=1, le=36_500)]

    def wait(self) -> Wait:
        """Local days."""
        return LocalDays(self.local_days)


class BusinessDaysSaid(WaitSaid):
    """Days from Monday to Friday."""

    business_days: Annotated[int, Field(ge=1, le=10_000)]

    def wait(self) -> Wait:
        """Business days."""
        return BusinessDays(self.business_days)


class UntilOpenSaid(WaitSaid):
    """To the first instant in one of the windows."""

    until_open: Windows

    def wait(self) -> Wait:
        """Until a window."""
        return UntilOpen(hours_of(self.until_open), ", ".join(map(in_words, self.until_open)))


class UntilTimeSaid(WaitSaid):
    """To the next such time of day, on one of the days."""

    until_time: Annotated[int, PlainValidator(as_time_of_day), filled_in("time")]
    days: Days = DAYS

    def wait(self) -> Wait:
        """Until a local time."""
        return UntilClock(self.until_time, frozenset(map(DAYS.index, self.days)))


class UntilDateSaid(WaitSaid):
    """To an instant, or to a date and time on the contact's wall."""

    until_date: Annotated[UntilDate, PlainValidator(as_date), filled_in("date")]

    def wait(self) -> Wait:
        """Until a date."""
        return self.until_date


WAIT_KINDS: Final[Mapping[str, type[WaitSaid]]] = {
    "min": RangeSaid,
    "max": RangeSaid,
    "local_days": LocalDaysSaid,
    "business_days": BusinessDaysSaid,
    "until_open": UntilOpenSaid,
    "until_time": UntilTimeSaid,
    "until_date": UntilDateSaid,
}
