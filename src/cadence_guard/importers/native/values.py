"""What a native file says in a text or a small list, and the types of its models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)

from cadence_guard import words
from cadence_guard._model import VISIBLE, Faults, complaints, listed
from cadence_guard.cadence import Where
from cadence_guard.importers._values import short
from cadence_guard.instants import DAY, Duration, parse_clock, parse_instant, to_us, zone, zones_of

Fault: TypeAlias = tuple[Where, str]
MOST_FAULTS: Final = 20
"""Reading ends when there are more faults."""
_LENGTH: Final = "expected 30m, 20h, 3d or 2w"
_TOO_LONG: Final = re.compile(r"[1-9][0-9]*[mhdw]")
"""A time in the right form, if it is none all the same."""
_BROKEN: Final = re.compile(r"[0-9]*[.,][0-9]+ ?[a-z]?")
_NOTHING: Final = re.compile(r"-[0-9].*|0+ ?[a-z]*")
_OTHER_CODES: Final = {"UK": "GB", "EL": "GR", "USA": "US"}
"""What is often written for a country, and its code."""
MOST_PEOPLE: Final = 10_000
"""How many people of one account there can be."""
_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%", re.ASCII)


def as_elapsed(value: Any, expected: str = _LENGTH) -> int:
    """`3d` as microseconds."""
    try:
        duration = Duration.parse(value)
    except ValueError:
        if isinstance(value, int) and value > 0 and value is not True:
            raise ValueError(f"{value} has no unit; write {value}d or {value}h") from None
        if isinstance(value, float) or (isinstance(value, str) and _BROKEN.match(value)):
            raise ValueError(f"{short(value)} is not a whole number; {expected}") from None
        if isinstance(value, str) and _TOO_LONG.fullmatch(value):
            raise ValueError(f"{short(value)} is longer than 100 years") from None
        what = "a time above zero" if _NOTHING.fullmatch(str(value)) else "a length of time"
        raise ValueError(f"{short(value)} is not {what}; {expected}") from None
    if duration.months:
        days = ", or {local_days: 30}" if "{local_days}" in expected else ""
        raise ValueError(f"{value!r}: months and years are not supported; write 30d{days}")
    return duration.us


def as_again(value: Any) -> int | None:
    """How long after an entry the next one may come, in microseconds; None for `never`."""
    return None if value == "never" else as_elapsed(value, f"{_LENGTH}, or never")


def as_people(value: Any) -> int:
    """How many people of one account there are; True for several, if nobody says how many."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and 2 <= value <= MOST_PEOPLE:
        return value
    raise ValueError(
        f"expected true, or how many people there are, 2 to {MOST_PEOPLE}, not {short(value)}"
    )


def as_instant(value: Any) -> int:
    """An instant with its offset, in microseconds."""
    return to_us(parse_instant(value))


def as_share(value: Any) -> float:
    """`50%` as 0.5."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < float(match[1]) <= 100:
        raise ValueError(f"{short(value)} is not a share; expected a percentage such as 50%")
    return float(match[1]) / 100


def as_time_of_day(value: Any) -> int:
    """`09:00` as microseconds after midnight."""
    clock = parse_clock(value)
    if clock == DAY:
        raise ValueError("24:00 is no time to wait for; write 00:00")
    return clock


def known_zones(names: list[str]) -> list[str]:
    """Names of the tz database."""
    for place, name in enumerate(names):
        try:
            zone(name)
        except ValueError as error:  # to find the nearest of all zones takes long, so one is enough
            raise Faults([((place,), str(error))]) from None
    return names


def known_country(value: str) -> str:
    """A country that has zones."""
    if not re.fullmatch("[A-Z]{2}", value) or not zones_of(value):
        meant = _OTHER_CODES.get(value.upper(), value.upper())
        near = re.fullmatch("[A-Z]{2}", meant) and zones_of(meant)
        hint = f"did you mean {meant!r}? " if near else ""
        expected = "expected an ISO 3166 code such as US or DE"
        raise ValueError(f"unknown country {short(value)}; {hint}{expected}")
    return value


def as_step_id(value: str) -> str:
    """An id of a step: what turns of loops are marked with is not in it."""
    if "@" in value:
        raise ValueError(f"{value!r}: an id holds no @")
    return value


def told_by_key(
    value: Any, kinds: Mapping[str, type[SaidT]], what: str, expected: str
) -> type[SaidT]:
    """The model of a mapping that is told by the keys only it has."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{short(value)} is not {what}; {expected}")
    told = {kinds[key]: key for key in reversed(list(value)) if key in kinds}
    if not told:
        near = next((near for key in value if (near := words.nearest(key, kinds))), None)
        hint = f"did you mean {near!r}? " if near else ""
        raise ValueError(f"{short(value)} is not {what}; {hint}{expected}")
    if len(told) > 1:
        second, first, *_ = told.values()
        raise ValueError(
            f"{first!r} and {second!r} are two things; write two items, in the order in which"
            " they happen"
        )
    return next(iter(told))


def validated(model: type[SaidT], value: Any) -> SaidT:
    """The model of a value; Faults with their paths below it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        if error.error_count() > MOST_FAULTS:  # to find the nearest word for each would take long
            first, count = error.errors(include_url=False)[0], error.error_count()
            raise Faults([(first["loc"], f"the first of {count} faults: {first['msg']}")]) from None
        raise Faults(complaints(error, model)) from None


def as_grounds(value: Any) -> Any:
    """`consent` as `{kind: consent}`."""
    if not isinstance(value, list):
        raise ValueError("expected a list, such as [consent], or [] if there is nothing")
    return [{"kind": one} if isinstance(one, str) else one for one in value]


def as_signals(value: Any) -> Any:
    """`clicked` as `[{if: clicked}]`."""
    several = value if isinstance(value, list) else [value]
    return [{"if": one} if isinstance(one, str) else one for one in several]


def as_groups(value: Any) -> tuple[tuple[str, ...], ...]:
    """Groups of cadences; one group may stand without the outer list."""
    groups = [value] if isinstance(value, list) and value and isinstance(value[0], str) else value
    if not isinstance(groups, list) or not groups:
        raise ValueError("expected a list of groups of names, such as [[trial, webinar]]")
    for group in groups:
        if not isinstance(group, list) or not all(isinstance(name, str) for name in group):
            raise ValueError(f"{short(group)} is not a group of names, such as [trial, webinar]")
        if len(group) < 2 or len(set(group)) < len(group):
            raise ValueError(f"{short(group)}: a group names two or more different cadences")
    return tuple(tuple(group) for group in groups)


def filled_in(name: str) -> WithJsonSchema:
    """A reference that `json_schema` fills in."""
    return WithJsonSchema({"x-def": name})


# -- types ---------------------------------------------------------------------------------------

if TYPE_CHECKING:
    from typing import TypeVar

    SaidT = TypeVar("SaidT", bound=BaseModel)
    Id: TypeAlias = str
    Text: TypeAlias = str | None
    Us: TypeAlias = int
    MaybeUs: TypeAlias = int | None
    Items: TypeAlias = list[Any]
    MaybeItems: TypeAlias = list[Any] | None
    StepId: TypeAlias = str
    Channel: TypeAlias = str
    MaybeChannel: TypeAlias = str | None
    Purpose: TypeAlias = str
    MaybePurpose: TypeAlias = str | None
    Signal: TypeAlias = str
    MaybeSignal: TypeAlias = str | None
    GroundKind: TypeAlias = str
    Use: TypeAlias = str | None
    PointSource: TypeAlias = str | None
    AudienceKind: TypeAlias = str | None
    MaybeShare: TypeAlias = float | None
else:
    Text = Id = Annotated[str, Field(min_length=1, pattern=VISIBLE)]
    Us = MaybeUs = Annotated[int, PlainValidator(as_elapsed), filled_in("elapsed")]
    Items = MaybeItems = Annotated[list[Any], Field(min_length=1), filled_in("steps")]
    StepId = Annotated[Id, AfterValidator(as_step_id)]
    Channel = MaybeChannel = listed("channel", words.CHANNELS)
    Purpose = MaybePurpose = listed("purpose", words.PURPOSES, own=True)
    Signal = MaybeSignal = listed("signal", words.SIGNALS, own=True)
    GroundKind = listed("ground", ("consent", *words.SIGNALS), own=True)
    Use = listed("use", words.USES)
    PointSource = listed("source", words.SOURCES, own=True)
    AudienceKind = listed("audience", words.AUDIENCES)
    MaybeShare = Annotated[float, PlainValidator(as_share), filled_in("share")]


class Said(BaseModel):
    """The base of what may stand in a cadence file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, defer_build=True, arbitrary_types_allowed=True
    )
