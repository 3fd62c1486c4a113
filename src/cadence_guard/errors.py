"""Every error this library raises on purpose.

CadenceGuardError
|-- EventError          an event (or a line of a file of events) is wrong   also a ValueError
|-- PolicyError         a policy, a pack or a rule entry is wrong           also a ValueError
|-- CadenceError        a cadence file is wrong, or of no known format      also a ValueError
|-- LedgerUnavailable   the ledger cannot be read or written
|   `-- Conflict        somebody else appended first
`-- Refused             the guard refused a reservation; carries the decision
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cadence_guard.decision import Decision


class CadenceGuardError(Exception):
    """Any error that the library raises on purpose."""


class EventError(CadenceGuardError, ValueError):
    """An event is not what the event format asks for; the text says where and what was expected."""


class PolicyError(CadenceGuardError, ValueError):
    """A policy, a pack or a rule entry is wrong; the text says where and what was expected.

    `faults` are (path, sentence) pairs, as far as paths are known.
    """

    def __init__(self, text: str, faults: Sequence[tuple[tuple[str | int, ...], str]] = ()) -> None:
        super().__init__(text)
        self.faults = faults


class CadenceError(CadenceGuardError, ValueError):
    """A cadence file cannot be read; the text says where, what is wrong and what was expected."""


class LedgerUnavailable(CadenceGuardError):
    """The ledger cannot be read or written, so nothing may be sent."""


class Conflict(LedgerUnavailable):
    """A stream has moved on since it was read: read it again and decide again."""


class Refused(CadenceGuardError):
    """`Guard.reserve` did not book the touch; `decision` says why and until when."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.explain())
        self.decision = decision

    def __reduce__(self) -> tuple[type[Refused], tuple[Decision]]:
        return type(self), (self.decision,)  # of its text nobody could make it again
