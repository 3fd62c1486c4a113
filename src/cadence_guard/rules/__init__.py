"""Every rule, by name. Written by `make generate`: do not edit by hand."""

from __future__ import annotations

from typing import Final

from cadence_guard.rules._rule import (
    Channels,
    Elapsed,
    Objection,
    OpenStretch,
    Params,
    Purposes,
    Rule,
    Selecting,
    Span,
    Spans,
    Words,
)
from cadence_guard.rules.after_refusal import AfterRefusal
from cadence_guard.rules.already_answered import AlreadyAnswered
from cadence_guard.rules.blackout import Blackout
from cadence_guard.rules.channel_hop import ChannelHop
from cadence_guard.rules.mislabelled import Mislabelled
from cadence_guard.rules.missed_calls import MissedCalls
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.not_the_holder import NotTheHolder
from cadence_guard.rules.opted_out import OptedOut
from cadence_guard.rules.outside_hours import OutsideHours
from cadence_guard.rules.over_cap import OverCap
from cadence_guard.rules.overlapping_cadence import OverlappingCadence
from cadence_guard.rules.paused import Paused
from cadence_guard.rules.pressure import Pressure
from cadence_guard.rules.private_point import PrivatePoint
from cadence_guard.rules.repeated_message import RepeatedMessage
from cadence_guard.rules.suppressed import Suppressed
from cadence_guard.rules.too_late import TooLate
from cadence_guard.rules.too_soon import TooSoon
from cadence_guard.rules.unanswered_streak import UnansweredStreak
from cadence_guard.rules.uninvited_channel import UninvitedChannel
from cadence_guard.rules.unknown_source import UnknownSource
from cadence_guard.rules.wrong_audience import WrongAudience
from cadence_guard.rules.wrong_name import WrongName
from cadence_guard.rules.wrong_person import WrongPerson

RULES: Final[dict[str, type[Rule]]] = {
    OptedOut.name: OptedOut,
    MissingConsent.name: MissingConsent,
    Suppressed.name: Suppressed,
    PrivatePoint.name: PrivatePoint,
    UnknownSource.name: UnknownSource,
    UninvitedChannel.name: UninvitedChannel,
    WrongPerson.name: WrongPerson,
    OverCap.name: OverCap,
    TooSoon.name: TooSoon,
    UnansweredStreak.name: UnansweredStreak,
    MissedCalls.name: MissedCalls,
    RepeatedMessage.name: RepeatedMessage,
    OutsideHours.name: OutsideHours,
    Paused.name: Paused,
    Blackout.name: Blackout,
    TooLate.name: TooLate,
    AfterRefusal.name: AfterRefusal,
    ChannelHop.name: ChannelHop,
    NotTheHolder.name: NotTheHolder,
    OverlappingCadence.name: OverlappingCadence,
    AlreadyAnswered.name: AlreadyAnswered,
    WrongAudience.name: WrongAudience,
    WrongName.name: WrongName,
    Pressure.name: Pressure,
    Mislabelled.name: Mislabelled,
}

__all__ = [
    "RULES",
    "Channels",
    "Elapsed",
    "Objection",
    "OpenStretch",
    "Params",
    "Purposes",
    "Rule",
    "Selecting",
    "Span",
    "Spans",
    "Words",
]
