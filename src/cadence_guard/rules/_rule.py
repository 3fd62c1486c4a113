"""What a rule is: a set of free instants, given a touch, what is known, and the history.

A rule file holds one class. It answers `next_open`, declares its `spans`, and puts an objection
into words. It reads the case and nothing else: no clock, file, socket or logger.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from cadence_guard import words
from cadence_guard._model import listed
from cadence_guard._struct import struct
from cadence_guard.history import Case
from cadence_guard.instants import NEVER, Duration
from cadence_guard.lines import Answers, Form
from cadence_guard.touch import Touch

OpenStretch = tuple[int, int]
"""(opens, closes) in microseconds: free in all of [opens, closes) and not at `closes`."""

NOT_EVER: OpenStretch = (NEVER, NEVER)

if TYPE_CHECKING:
    from typing import TypeAlias

    Elapsed: TypeAlias = Duration
    Span: TypeAlias = Duration
    Words: TypeAlias = tuple[str, ...] | None
    Channels: TypeAlias = tuple[str, ...] | None
    Purposes: TypeAlias = tuple[str, ...] | None
else:
    _text = PlainSerializer(lambda duration: duration.text)
    Elapsed = Annotated[
        Duration,
        PlainValidator(Duration.parse_elapsed),
        _text,
        WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*[mhdw]$"}),
    ]
    Span = Annotated[
        Duration,
        PlainValidator(Duration.parse),
        _text,
        WithJsonSchema({"type": "string", "pattern": "^([1-9][0-9]*[mhdw]|P[1-9][0-9]*[MY])$"}),
    ]
    _some = Field(strict=False, min_length=1)
    Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], _some]
    Channels = Annotated[tuple[listed("channel", words.CHANNELS), ...], _some]
    Purposes = Annotated[tuple[listed("purpose", words.PURPOSES, own=True), ...], _some]


class Params(BaseModel):
    """What every policy entry may say."""

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,
        extra="forbid",
        strict=True,
        populate_by_name=True,
        serialize_by_alias=True,
        arbitrary_types_allowed=True,
    )

    effect: Literal["block", "warn"] = "block"


class Selecting(Params):
    """An entry that may be narrowed: what it does not judge it does not count."""

    channels: Channels = None
    purposes: Purposes = None
    teams: Words = None
    tags: Words = None


@struct
class Spans:
    """Where an answer can change: at an event plus one of the `elapsed` durations (microseconds;
    `months` are calendar durations), at a wall-clock edge (`clock`, microseconds after midnight),
    at a border of a local `calendar` unit, or at one of the `instants` themselves."""

    elapsed: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    clock: frozenset[int] = frozenset()
    calendar: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *durations: Duration | None) -> Spans:
        """The spans of an entry that counts these durations."""
        given = [duration for duration in durations if duration is not None]
        return cls(
            elapsed=frozenset(duration.us for duration in given if duration.us),
            months=frozenset(duration.months for duration in given if duration.months),
        )


class Exemption(NamedTuple):
    """Touches an entry leaves alone: of these purposes and channels; None for all."""

    purposes: frozenset[str] | None
    channels: frozenset[str] | None

    def covers(self, channel: str, purpose: str) -> bool:
        """Whether touches of this channel and purpose are left alone."""
        return (self.purposes is None or purpose in self.purposes) and (
            self.channels is None or channel in self.channels
        )


class Objection(NamedTuple):
    """An objection in words; `needs` are facts that could turn it, `facts` what was counted."""

    message: str
    needs: tuple[str, ...] = ()
    facts: Mapping[str, Any] = {}
    code: str | None = None
    name: str | None = None


class Crowd(NamedTuple):
    """What it takes for an objection at t: `limit` touches of the contact later than t - `within`
    (microseconds), those booked for later included."""

    limit: int
    within: int


FREE: Final = Crowd(1 << 62, 0)
"""No touches ever make it object."""
NEW_MIX: Final = "touch"
"""Stands among the signals that an entry hears for a touch that is another mix on the line."""


class Rule(ABC):
    """The base of all rules. One instance is one entry of one policy."""

    code: ClassVar[str]
    name: ClassVar[str]
    Params: ClassVar[type[Params]] = Params
    always_on: ClassVar[bool] = False
    channels: ClassVar[frozenset[str] | None] = None
    """Channels the rule is about, whatever the policy says; None for all."""
    by_noes: ClassVar[bool] = False
    """Whether it objects only where there is a no (`case.noes`)."""

    spans: Spans | None = None
    """Where its answer can change, but for the instants of signals and facts, which it need not
    say; None for a rule that cannot say it, or does not."""
    hears: frozenset[str] | None = None
    """The kinds of signals that can change what `quiet` says, but for a withdrawal, which always
    may, and NEW_MIX if it reads the line's `mix`; None if anything can."""
    looks_back: int = 0
    """How far it reads touches, in microseconds."""
    answers: Answers | None = None
    """What makes a person's touch an answer, if the rule leaves answers alone."""
    pack: str | None = None
    """The pack that states the entry; None for the policy itself."""
    place: int = 0
    """Its place among the entries of one rule."""
    citation: str | None = None
    source: str | None = None

    def __init__(self, params: Any, exempt: Iterable[Exemption] = ()) -> None:
        self.params = params
        self.effect: str = params.effect
        self.exempt = frozenset(exempt)
        self._concerned: dict[tuple[str, str], bool] = {}
        self._channels = _set(params, "channels")
        self._purposes = _set(params, "purposes")
        self._teams = _set(params, "teams")
        self._tags = _set(params, "tags")
        self.particular = bool(self._teams or self._tags)
        self.set_up(params)

    def set_up(self, params: Any) -> None:
        """Takes from the parameters what the rule works with."""

    # -- the one question -----------------------------------------------------------------------

    @abstractmethod
    def next_open(self, t: int, case: Case) -> OpenStretch:
        """The first stretch of free time that ends after `t`, cut off at `t`.

        (NEVER, NEVER) if there is none.
        """

    def quiet(self, t: int, case: Case) -> Crowd | None:
        """What it takes from `t` on to make the entry object, as long as nothing but touches is
        added to what is known; None if that cannot be said, so that it has to be asked each time.

        Of the touch it may read its point, and what makes its kind (`Ruleset.kind`).
        """
        return None

    def objection(self, t: int, case: Case) -> Objection:
        """Why it is not free at `t`, in words."""
        return Objection(f"{self.name} objects")

    def code_at(self, t: int, case: Case) -> str:
        """The code of the objection at `t`."""
        return self.code

    # -- what it is about ---------------------------------------------------------------------

    def concerns(self, channel: str, purpose: str) -> bool:
        """Whether touches of this channel and purpose can be judged or counted."""
        known = self._concerned.get((channel, purpose))
        if known is None:
            known = self._concerned[channel, purpose] = self._concerns(channel, purpose)
        return known

    def _concerns(self, channel: str, purpose: str) -> bool:
        return (
            (self.channels is None or channel in self.channels)
            and (self._channels is None or channel in self._channels)
            and (self._purposes is None or purpose in self._purposes)
            and not any(exemption.covers(channel, purpose) for exemption in self.exempt)
        )

    def judges(self, touch: Touch) -> bool:
        """Whether a touch whose channel and purpose it concerns is judged."""
        return (self._teams is None or touch.team in self._teams) and (
            self._tags is None or not self._tags.isdisjoint(touch.tags)
        )

    def counts(self, form: Form) -> bool:
        """Whether a past touch counts: what is not judged is not counted."""
        return (
            self.concerns(form.channel, form.purpose)
            and (self._teams is None or form.team in self._teams)
            and (self._tags is None or not self._tags.isdisjoint(form.tags))
        )

    @cached_property
    def selection(self) -> Hashable:
        """A key for what the entry counts; entries that count the same share their counting."""
        return one(
            self.channels,
            self._channels,
            self._purposes,
            self._teams,
            self._tags,
            self.exempt,
            self.answers,
        )


class Fact(Rule):
    """A rule that reads the touch's point and traits, the contact's facts, signals and consents:
    no touches, and no noes. Once free for good, it stays so until these change."""

    def quiet(self, t: int, case: Case) -> Crowd | None:
        return FREE if self.next_open(t, case) == (t, NEVER) else None


@cache
def one(*parts: Hashable) -> object:
    """One object for equal parts, as a key; it hashes by identity, which is quick."""
    return object()


def _set(params: Any, key: str) -> frozenset[str] | None:
    chosen = getattr(params, key, None)
    return None if chosen is None else frozenset(chosen)
