"""What may stand in a native file: the items of `steps`, and what is around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from cadence_guard._model import Tags, Version
from cadence_guard.importers.native.values import (
    AudienceKind,
    Channel,
    GroundKind,
    Id,
    Items,
    MaybeChannel,
    MaybeItems,
    MaybePurpose,
    MaybeShare,
    MaybeSignal,
    MaybeUs,
    PointSource,
    Purpose,
    Said,
    Signal,
    StepId,
    Text,
    Use,
    as_again,
    as_grounds,
    as_groups,
    as_instant,
    as_people,
    as_signals,
    filled_in,
    known_country,
    known_zones,
)
from cadence_guard.importers.native.waits import AWait, MaybeWait, MaybeWindows

MOST_WORDS: Final = 100
"""The most signals, or grounds, in a list: to find the nearest word for each takes its time."""
NOTHING: Final = 1e-9
"""Less than the least share that can be written."""


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
    deadline: Annotated[int | None, PlainValidator(as_instant), filled_in("instant")] = None
    not_after: Annotated[int | None, PlainValidator(as_instant), filled_in("instant")] = None
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
        if sum(arm.share or 0 for arm in self.branch) > 1 + NOTHING:
            raise ValueError("the shares are more than 100% together")
        return self


class SignalArmSaid(Said):
    """What comes after one of the signals waited for."""

    if_: Annotated[Signal, Field(alias="if")]
    steps: MaybeItems = None


class AwaitSaid(Said):
    """Waits for the first of some signals, at most so long."""

    wait_for: Annotated[
        list[SignalArmSaid], BeforeValidator(as_signals), Field(min_length=1), filled_in("signals")
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


ITEMS: Final[Mapping[str, type[Said]]] = {
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
EXPECTED_ITEM: Final = (
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
    countries: list[Annotated[str, AfterValidator(known_country)]] = []
    zones: Annotated[list[str], AfterValidator(known_zones)] = []
    relies_on: Annotated[
        list[GroundSaid] | None,
        BeforeValidator(as_grounds),
        Field(max_length=MOST_WORDS),
        filled_in("grounds"),
    ] = None
    points: PointsSaid = Field(default_factory=PointsSaid)
    same_account: Annotated[int, PlainValidator(as_people), filled_in("people")] = False


class EntrySaid(Said):
    """How a contact comes into a cadence."""

    signal: MaybeSignal = None
    hours: MaybeWindows = None
    again: Annotated[int | None, PlainValidator(as_again), filled_in("again")] = None


class CadenceSaid(Said):
    """One cadence."""

    name: Id
    team: Text = None
    purpose: Purpose
    audience: AudienceSaid = Field(default_factory=AudienceSaid)
    entry: EntrySaid = Field(default_factory=EntrySaid)
    exits: Annotated[list[Signal], Field(max_length=MOST_WORDS)] = []
    steps: Items


class FileSaid(Said):
    """The whole file."""

    version: Version = 1
    cadence: CadenceSaid | None = None
    cadences: Annotated[list[CadenceSaid] | None, Field(min_length=1)] = None
    together: Annotated[
        tuple[tuple[str, ...], ...], PlainValidator(as_groups), filled_in("together")
    ] = ()

    @model_validator(mode="after")
    def _one_or_several(self) -> FileSaid:
        if (self.cadence is None) == (self.cadences is None):
            raise ValueError("write one 'cadence', or 'cadences' with a list of them, not both")
        return self
