"""The native cadence file: `*.cadence.yaml`, the shape this project asks people to write.

`steps` is one list, and what stands in it happens in that order: touches, waits, branches, loops.
A wait stands where it happens, never inside a touch, so that nobody has to know what it counts
from.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import models_json_schema

from cadence_guard import words
from cadence_guard._model import (
    Faults,
    Id,
    Tags,
    Text,
    complaints,
    word,
)
from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Ground,
    Handover,
    LocalDays,
    Node,
    NotUnderstood,
    Pause,
    Step,
    UntilClock,
    UntilDate,
    UntilOpen,
    Wait,
    Where,
)
from cadence_guard.errors import CadenceError
from cadence_guard.importers._comments import ignores, inside
from cadence_guard.importers._greeting import not_understood
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import DEEPEST
from cadence_guard.instants import (
    DAY,
    DAYS,
    HOUR,
    MINUTE,
    Duration,
    Hours,
    parse_clock,
    parse_instant,
    to_us,
    zone,
    zones_of,
)
from cadence_guard.rules.outside_hours import Days, Window
from cadence_guard.schema import _as_written as as_written

FORMAT: Final = "cadence"
MOST: Final = 10_000
"""The most items a file may hold, every turn of a `repeat` counted."""
VALUES: Final = 100_000
"""The most values in a file."""
MOST_FAULTS: Final = 20
"""Reading ends when there are more faults."""
SLOT: Final = "a wait"
"""What the place of a wait of no time ends with that stands for one yet to be written."""

Fault: TypeAlias = tuple[Where, str]

# -- values: what is said in a text or a small mapping -------------------------------------------

_LENGTH: Final = "expected 30m, 20h, 3d or 2w"
_WAITS: Final = (
    "expected a time such as 3d, a range such as 2d..4d, or one of {min, max}, {local_days},"
    " {business_days}, {until_open}, {until_time, days}, {until_date}"
)
_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?", re.ASCII)
_NOTHING: Final = 1e-9
"""Less than the least share that can be written."""
_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%", re.ASCII)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _elapsed(value: Any, expected: str = _LENGTH) -> int:
    """`3d` as microseconds."""
    try:
        duration = Duration.parse(value)
    except ValueError:
        if isinstance(value, int) and value > 0 and value is not True:
            raise ValueError(f"{value} has no unit; write {value}d or {value}h") from None
        raise ValueError(f"{_short(value)} is not a time above zero; {expected}") from None
    if duration.months:
        raise ValueError(
            f"{value!r}: months and years are not supported; write 30d, or {{local_days: 30}}"
        )
    return duration.us


def _again(value: Any) -> int | None:
    return None if value == "never" else _elapsed(value, f"{_LENGTH}, or never")


def _instant(value: Any) -> int:
    return to_us(parse_instant(value))


def _date(value: Any) -> UntilDate:
    """An instant with its offset; without one, what the contact's wall shows."""
    if not isinstance(value, str) or not _LOCAL.fullmatch(value):
        return UntilDate(_instant(value))
    try:
        shown = parse_instant(datetime.fromisoformat(value).replace(tzinfo=UTC))
    except ValueError as error:
        raise ValueError(f"{value!r} is not a date: {error}") from None
    return UntilDate(to_us(shown), local=True)


def _share(value: Any) -> float:
    """`50%` as 0.5."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < float(match[1]) <= 100:
        raise ValueError(f"{_short(value)} is not a share; expected a percentage such as 50%")
    return float(match[1]) / 100


def _time_of_day(value: Any) -> int:
    clock = parse_clock(value)
    if clock == DAY:
        raise ValueError("24:00 is no time to wait for; write 00:00")
    return clock


def _zones(names: list[str]) -> list[str]:
    for place, name in enumerate(names):
        try:
            zone(name)
        except ValueError as error:  # to find the nearest of all zones takes long, so one is enough
            raise Faults([((place,), str(error))]) from None
    return names


def _country(value: str) -> str:
    if not re.fullmatch("[A-Z]{2}", value) or not zones_of(value):
        raise ValueError(f"unknown country {value!r}; expected an ISO 3166 code such as US or DE")
    return value


def _step_id(value: str) -> str:
    if "@" in value:
        raise ValueError(f"{value!r}: an id holds no @")
    return value


def _told_by_key(value: Any, kinds: Mapping[str, type[_S]], what: str, expected: str) -> type[_S]:
    """The model of a mapping that is told by the keys only it has."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{_short(value)} is not {what}; {expected}")
    told = {kinds[key]: key for key in reversed(list(value)) if key in kinds}
    if not told:
        near = next((near for key in value if (near := words.nearest(key, kinds))), None)
        hint = f"did you mean {near!r}? " if near else ""
        raise ValueError(f"{_short(value)} is not {what}; {hint}{expected}")
    if len(told) > 1:
        second, first, *_ = told.values()
        raise ValueError(
            f"{first!r} and {second!r} are two things; write two items, in the order in which"
            " they happen"
        )
    return next(iter(told))


def _wait(value: Any) -> Wait:
    """A wait, however it is said."""
    if isinstance(value, str) and ".." in value:
        low, _, high = value.partition("..")
        value = {"min": low, "max": high}
    if not isinstance(value, Mapping):
        us = _elapsed(value, _WAITS)
        return Elapsed(us, us)
    if (counted := value.get("from")) in ("start", "previous"):
        beside = f"it stands beside 'wait': {{wait: ..., from: {counted}}}"
        raise Faults([(("from",), f"unknown key 'from' in a wait; {beside}")])
    model = _told_by_key(value, _WAIT_KINDS, "a wait", _WAITS)
    return _validated(model, value).wait()


def _validated(model: type[_S], value: Any) -> _S:
    """The model of a value; Faults with their paths below it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        if error.error_count() > MOST_FAULTS:  # to find the nearest word for each would take long
            first, count = error.errors(include_url=False)[0], error.error_count()
            raise Faults([(first["loc"], f"the first of {count} faults: {first['msg']}")]) from None
        raise Faults(complaints(error, model)) from None


def _windows(value: Any) -> tuple[Window, ...]:
    """One window, or a list of them."""
    if isinstance(value, Mapping):
        return (_validated(Window, value),)
    if not isinstance(value, list) or not value:
        raise ValueError(
            'expected a window such as {days: [mon], from: "09:00", to: "17:00"}, or a list of them'
        )
    windows: list[Window] = []
    faults: list[Fault] = []
    for place, one in enumerate(value):
        try:
            windows.append(_validated(Window, one))
        except Faults as error:
            faults += [((place, *path), text) for path, text in error.faults]
    if faults:
        raise Faults(faults)
    return tuple(windows)


def _hours(windows: tuple[Window, ...]) -> Hours:
    return Hours(
        ([DAYS.index(day) for day in window.days], window.from_, window.to) for window in windows
    )


def _in_words(window: Window) -> str:
    days = "" if len(set(window.days)) == len(DAYS) else f"{' '.join(window.days)} "
    start, end = (f"{us // HOUR:02d}:{us % HOUR // MINUTE:02d}" for us in (window.from_, window.to))
    return f"{days}{start}-{end}"


def _grounds(value: Any) -> Any:
    """`consent` as `{kind: consent}`."""
    if not isinstance(value, list):
        raise ValueError("expected a list, such as [consent], or [] if there is nothing")
    return [{"kind": one} if isinstance(one, str) else one for one in value]


def _signals(value: Any) -> Any:
    """`clicked` as `[{if: clicked}]`."""
    listed = value if isinstance(value, list) else [value]
    return [{"if": one} if isinstance(one, str) else one for one in listed]


def _together(value: Any) -> tuple[tuple[str, ...], ...]:
    """Groups of cadences; one group may stand without the outer list."""
    groups = [value] if isinstance(value, list) and value and isinstance(value[0], str) else value
    if not isinstance(groups, list) or not groups:
        raise ValueError("expected a list of groups of names, such as [[trial, webinar]]")
    for group in groups:
        if not isinstance(group, list) or not all(isinstance(name, str) for name in group):
            raise ValueError(f"{_short(group)} is not a group of names, such as [trial, webinar]")
        if len(group) < 2 or len(set(group)) < len(group):
            raise ValueError(f"{_short(group)}: a group names two or more different cadences")
    return tuple(tuple(group) for group in groups)


def _listed(what: str, known: tuple[str, ...], *, own: bool = False) -> Any:
    """A word of a closed list; `own` lets `x-...` through."""
    schema: dict[str, Any] = {"enum": list(known)}
    if own:
        schema = {"anyOf": [schema, {"type": "string", "pattern": "^x-."}]}
    return Annotated[str, word(what, known, own=own), WithJsonSchema(schema)]


def _schema(name: str) -> WithJsonSchema:
    """A reference that `json_schema` fills in."""
    return WithJsonSchema({"x-def": name})


# -- models: what stands in the file -------------------------------------------------------------

if TYPE_CHECKING:
    from typing import TypeVar

    _S = TypeVar("_S", bound=BaseModel)
    Us: TypeAlias = int
    MaybeUs: TypeAlias = int | None
    AWait: TypeAlias = Wait
    MaybeWait: TypeAlias = Wait | None
    Windows: TypeAlias = tuple[Window, ...]
    MaybeWindows: TypeAlias = tuple[Window, ...] | None
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
    Us = MaybeUs = Annotated[int, PlainValidator(_elapsed), _schema("elapsed")]
    AWait = MaybeWait = Annotated[Any, PlainValidator(_wait), _schema("wait")]
    Windows = MaybeWindows = Annotated[Any, PlainValidator(_windows), _schema("windows")]
    Items = MaybeItems = Annotated[list[Any], Field(min_length=1), _schema("steps")]
    StepId = Annotated[Id, AfterValidator(_step_id)]
    Channel = MaybeChannel = _listed("channel", words.CHANNELS)
    Purpose = MaybePurpose = _listed("purpose", words.PURPOSES, own=True)
    Signal = MaybeSignal = _listed("signal", words.SIGNALS, own=True)
    GroundKind = _listed("ground", ("consent", *words.SIGNALS), own=True)
    Use = _listed("use", words.USES)
    PointSource = _listed("source", words.SOURCES, own=True)
    AudienceKind = _listed("audience", words.AUDIENCES)
    MaybeShare = Annotated[float, PlainValidator(_share), _schema("share")]


class Said(BaseModel):
    """The base of what may stand in a cadence file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, defer_build=True, arbitrary_types_allowed=True
    )


class WaitSaid(Said, ABC):
    """A wait that is said in a mapping."""

    @abstractmethod
    def wait(self) -> Wait:
        """The wait itself."""


class RangeSaid(WaitSaid):
    """Somewhere between two times; without `max` there is no end."""

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
        return UntilOpen(_hours(self.until_open), ", ".join(map(_in_words, self.until_open)))


class UntilTimeSaid(WaitSaid):
    """To the next such time of day, on one of the days."""

    until_time: Annotated[int, PlainValidator(_time_of_day), _schema("time")]
    days: Days = DAYS

    def wait(self) -> Wait:
        """Until a local time."""
        return UntilClock(self.until_time, frozenset(map(DAYS.index, self.days)))


class UntilDateSaid(WaitSaid):
    """To an instant, or to a date and time on the contact's wall."""

    until_date: Annotated[UntilDate, PlainValidator(_date), _schema("date")]

    def wait(self) -> Wait:
        """Until a date."""
        return self.until_date


_WAIT_KINDS: Final[Mapping[str, type[WaitSaid]]] = {
    "min": RangeSaid,
    "max": RangeSaid,
    "local_days": LocalDaysSaid,
    "business_days": BusinessDaysSaid,
    "until_open": UntilOpenSaid,
    "until_time": UntilTimeSaid,
    "until_date": UntilDateSaid,
}


class RetrySaid(Said):
    """What happens when nobody answers a call."""

    attempts: Annotated[int, Field(ge=2, le=100)]
    every: AWait


class StepSaid(Said):
    """A touch. What it leaves out its cadence says."""

    id: StepId
    channel: Channel
    template: Text = None
    variants: Annotated[Tags, Field(min_length=2)] = ()
    greeting: Text = None
    tags: Tags = ()
    unsubscribe: Tags = ()
    offer: Text = None
    deadline: Annotated[int | None, PlainValidator(_instant), _schema("instant")] = None
    not_after: Annotated[int | None, PlainValidator(_instant), _schema("instant")] = None
    because: MaybeSignal = None
    discloses_source: bool = False
    team: Text = None
    sender: Text = None
    purpose: MaybePurpose = None
    automated: bool = True
    possible: bool = False
    retry: RetrySaid | None = None

    @model_validator(mode="after")
    def _fits(self) -> StepSaid:
        if self.retry and self.channel != "call":
            raise ValueError(f"'retry' is for a call nobody answers, not for {self.channel}")
        if self.template and self.variants:
            raise ValueError("'template' and 'variants' are two ways to say the same; keep one")
        return self


class PauseSaid(Said):
    """A wait; with `from: start` it is counted from the entry."""

    wait: AWait
    from_: Annotated[Literal["previous", "start"], Field(alias="from")] = "previous"


class ArmSaid(Said):
    """One way out of a branch. Without `steps` it goes on behind the branch."""

    if_: Annotated[MaybeSignal, Field(alias="if")] = None
    unless: MaybeSignal = None
    share: MaybeShare = None
    when: Text = None
    steps: MaybeItems = None

    @property
    def kind(self) -> str:
        """What decides about it: `signal`, `share` or `when`."""
        return "when" if self.when else "share" if self.share else "signal"

    @model_validator(mode="after")
    def _one_test(self) -> ArmSaid:
        if sum(test is not None for test in (self.if_, self.unless, self.share, self.when)) != 1:
            raise ValueError("an arm says one of 'if', 'unless', 'share', 'when'")
        return self


class BranchSaid(Said):
    """The first arm that fits is taken, else `else`, else what stands behind the branch."""

    branch: Annotated[list[ArmSaid], Field(min_length=1)]
    else_: Annotated[MaybeItems, Field(alias="else")] = None

    @model_validator(mode="after")
    def _one_kind(self) -> BranchSaid:
        if len({arm.kind for arm in self.branch}) > 1:
            raise ValueError(
                "the arms of a branch all ask for signals (if, unless), or all say a 'share',"
                " or all say 'when'"
            )
        if sum(arm.share or 0 for arm in self.branch) > 1 + _NOTHING:
            raise ValueError("the shares are more than 100% together")
        return self


class SignalArmSaid(Said):
    """What comes after one of the signals waited for."""

    if_: Annotated[Signal, Field(alias="if")]
    steps: MaybeItems = None


class AwaitSaid(Said):
    """Waits for the first of some signals, at most so long."""

    wait_for: Annotated[
        list[SignalArmSaid], BeforeValidator(_signals), Field(min_length=1), _schema("signals")
    ]
    at_most: MaybeWait = None
    else_: Annotated[MaybeItems, Field(alias="else")] = None

    @model_validator(mode="after")
    def _else_has_a_time(self) -> AwaitSaid:
        if self.else_ and not self.at_most:
            raise ValueError("'else' is never reached without 'at_most'")
        return self


class RepeatedSaid(Said):
    """Steps, and how often."""

    times: Annotated[int, Field(ge=2, le=1000)]
    steps: Items


class RepeatSaid(Said):
    """A loop that is counted."""

    repeat: RepeatedSaid


class GoToSaid(Said):
    """A jump to a step."""

    go_to: Id


class HandoffSaid(Said):
    """The contact is given to another team."""

    handoff: Id


class EnterSaid(Said):
    """The contact enters another cadence, besides this one."""

    enter: Id


_ITEMS: Final[Mapping[str, type[Said]]] = {
    "id": StepSaid,
    "channel": StepSaid,
    "wait": PauseSaid,
    "wait_for": AwaitSaid,
    "branch": BranchSaid,
    "repeat": RepeatSaid,
    "go_to": GoToSaid,
    "handoff": HandoffSaid,
    "enter": EnterSaid,
}
_EXPECTED_ITEM: Final = (
    "expected a step {id, channel}, or one of {wait}, {wait_for}, {branch}, {repeat}, {go_to},"
    " {handoff}, {enter}, or end"
)


class GroundSaid(Said):
    """A consent, or a signal, that the audience gave so long before the entry."""

    kind: GroundKind
    purpose: MaybePurpose = None
    channel: MaybeChannel = None
    age: MaybeUs = None


class PointsSaid(Said):
    """What is known of the audience's contact points."""

    use: Use = None
    source: PointSource = None


class AudienceSaid(Said):
    """Who enters."""

    kind: AudienceKind = None
    countries: list[Annotated[str, AfterValidator(_country)]] = []
    zones: Annotated[list[str], AfterValidator(_zones)] = []
    relies_on: Annotated[list[GroundSaid] | None, BeforeValidator(_grounds), _schema("grounds")] = (
        None
    )
    points: PointsSaid = Field(default_factory=PointsSaid)
    same_account: bool = False


class EntrySaid(Said):
    """How a contact comes into a cadence."""

    signal: MaybeSignal = None
    hours: MaybeWindows = None
    again: Annotated[int | None, PlainValidator(_again), _schema("again")] = None


class CadenceSaid(Said):
    """One cadence."""

    name: Id
    team: Text = None
    purpose: Purpose
    audience: AudienceSaid = Field(default_factory=AudienceSaid)
    entry: EntrySaid = Field(default_factory=EntrySaid)
    exits: list[Signal] = []
    steps: Items


class FileSaid(Said):
    """The whole file."""

    version: Literal[1] = 1
    cadence: CadenceSaid | None = None
    cadences: Annotated[list[CadenceSaid] | None, Field(min_length=1)] = None
    together: Annotated[
        tuple[tuple[str, ...], ...], PlainValidator(_together), _schema("together")
    ] = ()

    @model_validator(mode="after")
    def _one_or_several(self) -> FileSaid:
        if (self.cadence is None) == (self.cadences is None):
            raise ValueError("write one 'cadence', or 'cadences' with a list of them, not both")
        return self


# -- reading -------------------------------------------------------------------------------------

_HAND_WRITTEN: Final = re.compile(r"(?:.*_)?(?:days?|hours?|minutes?|delay|offset)(?:_.*)?")


def recognises(source: Source) -> bool:
    """A mapping with `cadence: {...}` or `cadences: [...]`.

    Without `version` it is somebody's own format if a step has a key such as `delay_days`.
    """
    data = source.data
    if not isinstance(data, dict):
        return False
    one, several = data.get("cadence"), data.get("cadences")
    if not isinstance(one, dict) and not isinstance(several, list):
        return False
    return "version" in data or not any(
        isinstance(key, str) and _HAND_WRITTEN.fullmatch(key)
        for cadence in (one, *(several if isinstance(several, list) else ()))
        if isinstance(cadence, dict) and isinstance(cadence.get("steps"), list)
        for item in cadence["steps"]
        if isinstance(item, dict)
        for key in item
    )


def read(source: Source, *, slots: bool = False) -> CadenceFile:
    """What a native file says. Raises CadenceError with the place of every fault.

    With `slots` there is a wait of no time wherever one could be written: before each item, and in
    the body of a loop after each, so that it is between the turns and not before the first.
    """
    _refuse(source, list(islice(_never_right(source), MOST_FAULTS)))
    try:
        said = _validated(FileSaid, source.data)
    except Faults as error:
        raise _error(source, error.faults) from None
    if said.cadence:
        placed: list[tuple[Where, CadenceSaid]] = [(("cadence",), said.cadence)]
    else:
        placed = [(("cadences", i), each) for i, each in enumerate(said.cadences or ())]
    reading = _Reading(source, slots)
    read_flows = [_Flow(reading, where, each) for where, each in placed]
    reading.twice([(each.name, (*where, "name")) for where, each in placed], "cadence")
    _refuse(source, reading.faults)
    reading.count = 0  # now with every turn of a loop
    return CadenceFile(
        FORMAT,
        tuple(flow.cadence() for flow in read_flows),
        said.together,
        ignores(source, reading.places),
    )


def _refuse(source: Source, faults: list[Fault]) -> None:
    if faults:
        raise _error(source, faults)


def _error(source: Source, faults: list[Fault]) -> CadenceError:
    """One error that tells the faults, each on a line with its place, in the order of the file."""

    in_order = sorted(faults, key=lambda fault: source.mark(fault[0]).line)
    return CadenceError(
        "\n".join(
            str(source.error(where, text, key=text.startswith("unknown key")))
            for where, text in in_order
        )
    )


def _never_right(source: Source) -> Iterator[Fault]:
    """What is wrong wherever it stands: a null, and nesting that nobody can read."""
    for count, (path, value) in enumerate(inside(source.data)):
        if value is None and path:
            yield path, f"{path[-1]}: null is not a value; leave it out"
        if len(path) > DEEPEST:
            yield path, f"nested deeper than {DEEPEST} levels"
            return
        if count > VALUES:
            raise CadenceError(f"{source.path}: more than {VALUES:,} values")


@dataclass(slots=True)
class _Item:
    """An item of a list of steps: where it stands, what it says (None: `end`), the lists in it."""

    where: Where
    said: Said | None
    inner: list[list[_Item]] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """What is gathered while the items of a file are read."""

    source: Source
    slots: bool = False
    faults: list[Fault] = field(default_factory=list)
    places: list[Where] = field(default_factory=list)
    """Where cadences and items stand, the outer ones first."""
    count: int = 0

    def one_more(self, where: Where) -> None:
        """Counts an item, or a turn of one. Raises CadenceError if there are too many."""
        self.count += 1
        if self.count > MOST:
            raise self.source.error(where, f"more than {MOST:,} steps, with every turn of a repeat")

    def twice(self, named: list[tuple[str, Where]], what: str) -> None:
        """A fault for each name that was given before."""
        first: dict[str, Where] = {}
        for name, where in named:
            if first.setdefault(name, where) is not where:
                line = self.source.mark(first[name]).line
                self.faults.append((where, f"duplicate {what} {name!r} (first on line {line})"))

    def items(self, raw: list[Any], where: Where) -> list[_Item]:
        """The items of a list of steps."""
        found = (self.item(one, (*where, i)) for i, one in enumerate(raw))
        return [item for item in found if item]

    def item(self, raw: Any, where: Where) -> _Item | None:
        """One item; None, and a fault, if it is not understood."""
        self.one_more(where)
        if len(self.faults) > MOST_FAULTS:
            raise _error(self.source, self.faults)
        self.places.append(where)
        if raw == "end":
            return _Item(where, None)
        try:
            said = _validated(_told_by_key(raw, _ITEMS, "understood", _EXPECTED_ITEM), raw)
        except Faults as error:
            self.faults += [((*where, *path), text) for path, text in error.faults]
            return None
        except ValueError as error:
            self.faults.append((where, str(error)))
            return None
        return _Item(where, said, [self.items(*inner) for inner in _lists_of(said, where)])


def _lists_of(said: Said, where: Where) -> Iterator[tuple[list[Any], Where]]:
    """The lists of steps in an item, as written, in the order of the arms; `else` is the last."""
    match said:
        case RepeatSaid():
            yield said.repeat.steps, (*where, "repeat", "steps")
        case BranchSaid():
            yield from _parts_of("branch", said.branch, said.else_, where)
        case AwaitSaid():
            yield from _parts_of("wait_for", said.wait_for, said.else_, where)


def _parts_of(
    key: str, arms: Sequence[ArmSaid | SignalArmSaid], otherwise: MaybeItems, where: Where
) -> Iterator[tuple[list[Any], Where]]:
    for place, arm in enumerate(arms):
        yield arm.steps or [], (*where, key, place, "steps")
    yield otherwise or [], (*where, "else")


# -- from lists to a graph -----------------------------------------------------------------------

_ANCHOR: Final = {
    frozenset({True}): "start",
    frozenset({True, False}): "mixed",
    frozenset({False}): "previous",
    frozenset(): "previous",
}
Turns: TypeAlias = dict[Where, int]
"""The loops around a node, the outer ones first, and which turn of each it belongs to."""


def _mark(turns: Turns) -> str:
    """What the ids of a turn end with: nothing in the first."""
    return "" if set(turns.values()) <= {1} else "@" + ".".join(map(str, turns.values()))


class _Flow:
    """One cadence, from what is said to nodes.

    A list is laid out from its end, so that every node knows what follows it; the nodes come out in
    the order of the file by being turned round once.
    """

    def __init__(self, reading: _Reading, where: Where, said: CadenceSaid) -> None:
        self.reading = reading
        self.where = where
        self.said = said
        self.nodes: list[Node] = []
        self.loops: dict[str, tuple[Where, ...]] = {}
        """The loops around each step, by its id."""
        reading.places.append(where)
        self.items = reading.items(said.steps, (*where, "steps"))
        self._check_ids()

    def _check_ids(self) -> None:
        named: list[tuple[str, Where]] = []
        jumps: list[tuple[Where, str]] = []
        todo: list[tuple[_Item, tuple[Where, ...]]] = [(item, ()) for item in reversed(self.items)]
        while todo:
            item, loops = todo.pop()
            if isinstance(item.said, StepSaid):
                named.append((item.said.id, (*item.where, "id")))
                self.loops.setdefault(item.said.id, loops)
            elif isinstance(item.said, GoToSaid):
                jumps.append(((*item.where, "go_to"), item.said.go_to))
            elif isinstance(item.said, RepeatSaid):
                loops = (*loops, item.where)
            todo += [(one, loops) for part in reversed(item.inner) for one in reversed(part)]
        self.reading.twice(named, "step")
        for where, target in jumps:
            # A step that is at fault itself is no step yet, so nothing can be said of jumps to it.
            if target not in self.loops and not self.reading.faults:
                near = words.nearest(target, self.loops)
                hint = (
                    f"did you mean {near!r}?"
                    if near
                    else "expected the id of a step above or below"
                )
                self.reading.faults.append((where, f"unknown step {target!r}; {hint}"))

    def cadence(self) -> Cadence:
        """The cadence. Raises CadenceError if its loops make too many steps."""
        start = self._chain(self.items, None, {})
        said, audience = self.said, self.said.audience
        from_start = {node.since_start for node in self.nodes if isinstance(node, Pause)}
        return Cadence(
            name=said.name,
            where=self.where,
            nodes={node.id: node for node in reversed(self.nodes)},
            start=start,
            team=said.team,
            purpose=said.purpose,
            audience=Audience(
                kind=audience.kind,
                countries=tuple(audience.countries),
                zones=tuple(audience.zones),
                grounds=self._grounds(audience.relies_on),
                use=audience.points.use,
                source=audience.points.source,
                account=audience.same_account,
            ),
            entry_signal=said.entry.signal,
            entry_hours=_hours(said.entry.hours) if said.entry.hours else None,
            again=said.entry.again,
            exits=frozenset(said.exits),
            anchor=_ANCHOR[frozenset(from_start)],
            unknown=tuple(self._unknown()),
        )

    def _unknown(self) -> Iterator[NotUnderstood]:
        """The greetings whose placeholder is not known; of a loop, those of its first turn."""
        for node in reversed(self.nodes):
            if isinstance(node, Step) and node.step is None:
                found = not_understood(node.greeting)
                if found is not None:
                    placeholder, why = found
                    what = f"the placeholder {_short(placeholder)} of a greeting"
                    yield NotUnderstood(what, (*node.where, "greeting"), why)

    def _grounds(self, said: list[GroundSaid] | None) -> tuple[Ground, ...] | None:
        """The grounds; a consent that names no purpose is for that of the cadence."""
        if said is None:
            return None
        own = {"consent": self.said.purpose}
        return tuple(
            Ground(each.kind, each.purpose or own.get(each.kind), each.channel, each.age or 0)
            for each in said
        )

    def _chain(self, items: list[_Item], then: str | None, turns: Turns) -> str | None:
        """Lays out a list of steps that is followed by `then`; the id of what comes first."""
        for item in reversed(items):
            in_turns = item.where[-3:-1] == ("repeat", "steps")
            if self.reading.slots and in_turns:
                after = (*item.where[:-1], int(item.where[-1]) + 1)
                then = self._slot(after, then, turns)
            then = self._entry(item, then, turns)
            if self.reading.slots and not in_turns:
                then = self._slot(item.where, then, turns)
        return then

    def _slot(self, where: Where, then: str | None, turns: Turns) -> str:
        """A wait of no time, where one may be written."""
        where = (*where, SLOT)
        return self._add(Pause(self._id(where, turns), where, Elapsed(0, 0), then))

    def _entry(self, item: _Item, then: str | None, turns: Turns) -> str | None:
        """Lays out one item; the id of what comes first in it."""
        self.reading.one_more(item.where)
        where, inner = item.where, item.inner
        node_id = self._id(where, turns)
        match item.said:
            case StepSaid() as said:
                return self._add(self._step(said, where, then, turns))
            case PauseSaid(wait=wait, from_=counted_from):
                return self._add(Pause(node_id, where, wait, then, counted_from == "start"))
            case HandoffSaid(handoff=to):
                return self._add(Handover(node_id, where, to, then))
            case EnterSaid(enter=name):
                return self._add(Enter(node_id, where, name, then))
            case GoToSaid(go_to=target):
                return target + _mark({loop: turns.get(loop, 1) for loop in self.loops[target]})
            case RepeatSaid(repeat=repeated):
                for turn in range(repeated.times, 0, -1):
                    then = self._chain(inner[0], then, {**turns, where: turn})
                return then
            case AwaitSaid(at_most=timeout) as said:
                late = self._chain(inner[-1], then, turns) if timeout else None
                arms = tuple(
                    Arm(self._chain(part, then, turns), arm.if_)
                    for arm, part in zip(said.wait_for[::-1], inner[-2::-1], strict=True)
                )
                return self._add(Await(node_id, where, arms[::-1], timeout, late))
            case BranchSaid() as said:
                return self._branch(item, said, then, turns)
            case _:
                return None

    def _add(self, node: Node) -> str:
        self.nodes.append(node)
        return node.id

    def _id(self, where: Where, turns: Turns) -> str:
        """The id of a node that the file gives none: where it stands in its cadence."""
        return "@" + ".".join(map(str, where[len(self.where) :])) + _mark(turns)

    def _step(self, said: StepSaid, where: Where, then: str | None, turns: Turns) -> Step:
        turn = _mark(turns)
        return Step(
            id=said.id + turn,
            where=where,
            channel=said.channel,
            then=then,
            team=said.team,
            purpose=said.purpose,
            sender=said.sender,
            tags=said.tags,
            greeting=said.greeting,
            unsubscribe=said.unsubscribe,
            offer=said.offer,
            deadline=said.deadline,
            not_after=said.not_after,
            because=said.because,
            template=said.template or " | ".join(said.variants) or None,
            discloses_source=said.discloses_source,
            automated=said.automated,
            attempts=said.retry.attempts if said.retry else 1,
            every=said.retry.every if said.retry else None,
            possible=said.possible,
            step=said.id if turn else None,
        )

    def _branch(self, item: _Item, said: BranchSaid, then: str | None, turns: Turns) -> str | None:
        """A branch. One that asks for signals becomes a row of yes-or-no branches: the first that
        fits is taken."""
        otherwise = self._chain(item.inner[-1], then, turns)
        arms: list[Arm] = []
        for place, arm in reversed(list(enumerate(said.branch))):
            to = self._chain(item.inner[place], then, turns)
            if arm.kind != "signal":
                arms.insert(0, Arm(to, share=arm.share, text=arm.when or ""))
                continue
            where = (*item.where, "branch", place) if place else item.where
            signal, unless = arm.if_ or arm.unless, arm.if_ is None
            yes, no = Arm(to, signal, unless), Arm(otherwise, signal, not unless)
            otherwise = self._add(Branch(self._id(where, turns), where, (yes, no)))
        if not arms:
            return otherwise
        rest = 1 - sum(arm.share or 0 for arm in arms)
        if said.branch[0].kind == "when":
            arms.append(Arm(otherwise, text="otherwise"))
        elif rest > _NOTHING:
            arms.append(Arm(otherwise, share=rest))
        return self._add(Branch(self._id(item.where, turns), item.where, tuple(arms)))


# -- the schema ----------------------------------------------------------------------------------

_TIME: Final = "([1-9][0-9]{0,6}[mhdw])"


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a native cadence file, for editors."""
    waits = dict.fromkeys(_WAIT_KINDS.values())
    items = dict.fromkeys(_ITEMS.values())
    models: list[type[Said]] = [FileSaid, SignalArmSaid, GroundSaid, *waits, *items]
    _, schema = models_json_schema([(model, "validation") for model in models])
    definitions = schema["$defs"]
    signal = definitions["SignalArmSaid"]["properties"]["if"]
    ground = definitions["GroundSaid"]["properties"]["kind"]
    window = _ref("Window")
    definitions |= {
        "elapsed": {"type": "string", "pattern": f"^{_TIME}$"},
        "again": {"anyOf": [_ref("elapsed"), {"const": "never"}]},
        "wait": {
            "anyOf": [
                {"type": "string", "pattern": rf"^{_TIME}(\.\.{_TIME})?$"},
                *(_ref(model.__name__) for model in waits),
            ]
        },
        "Window": Window.model_json_schema(),
        "windows": {"anyOf": [window, {"type": "array", "items": window, "minItems": 1}]},
        "steps": {"type": "array", "items": _ref("item"), "minItems": 1},
        "item": {"anyOf": [*(_ref(model.__name__) for model in items), {"const": "end"}]},
        "signals": {
            "anyOf": [
                signal,
                {
                    "type": "array",
                    "items": {"anyOf": [signal, _ref("SignalArmSaid")]},
                    "minItems": 1,
                },
            ]
        },
        "grounds": {
            "type": "array",
            "items": {"anyOf": [ground, _ref("GroundSaid")]},
        },
        "share": {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})?%$"},
        "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
        "instant": {"type": "string", "format": "date-time"},
        "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"},
        "together": {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}, "minItems": 2},
                {
                    "type": "array",
                    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                    "minItems": 1,
                },
            ]
        },
    }
    file = definitions.pop("FileSaid")
    file["title"] = "cadence-guard cadence"
    file["anyOf"] = [{"required": ["cadence"]}, {"required": ["cadences"]}]
    written: dict[str, Any] = as_written({**file, "$defs": definitions})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_named(written)}


def _named(part: Any) -> Any:
    """The schema with the names that people see, and each place that waits for one filled in."""
    if isinstance(part, list):
        return [_named(inner) for inner in part]
    if isinstance(part, str):
        return part.removesuffix("Said")
    if not isinstance(part, dict):
        return part
    named = {_named(key): _named(inner) for key, inner in part.items()}
    return named | _ref(named.pop("x-def")) if "x-def" in named else named
