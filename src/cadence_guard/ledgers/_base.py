"""What a ledger is: append-only events in streams, each stream with a revision.

A stream is a contact, an account, a point or a touch id. An event is stored once and filed under
all of its streams. The revision of a stream is the number of its last event, 0 when it is empty;
numbers grow over the whole ledger. Whoever appends says which revisions were read: so two workers
can never both take the last slot, and a new rule needs nothing of a ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from cadence_guard.contact import Signal
from cadence_guard.events import Event
from cadence_guard.history import DERIVED, Streams
from cadence_guard.touch import Release, Touch

TELLING: Final = frozenset((*DERIVED, "bounced"))
"""Outcomes that are also something the contact said, or a no."""


class Filed(NamedTuple):
    """An event and where it is filed."""

    event: Event
    streams: Streams

    @property
    def keys(self) -> list[str]:
        """The keys of the streams it is filed under."""
        contact, account, points = self.streams
        keys = [f"point:{point}" for point in sorted(points)]
        if contact is not None:
            keys.append(f"contact:{contact}")
        if account is not None:
            keys.append(f"account:{account}")
        if (touch := self.touch) is not None:
            keys.append(f"touch:{touch}")
        return keys

    @property
    def touch(self) -> str | None:
        """The id of the touch that the event is, or releases."""
        if isinstance(self.event, Touch):
            return self.event.id
        return self.event.touch if isinstance(self.event, Release) else None

    @property
    def telling(self) -> bool:
        """Whether it is a touch whose outcome says something, perhaps a no."""
        return isinstance(self.event, Touch) and self.event.outcome in TELLING

    @property
    def speaks_of(self) -> str | None:
        """The id of the touch that its outcome, or a signal, says something about."""
        if isinstance(self.event, Signal):
            return self.event.touch
        return self.touch if self.telling else None

    @property
    def once(self) -> bool:
        """Whether the event is the same event when its content is the same. A touch with an id is
        not: it may be booked, released and booked again."""
        return self.touch is None


class Page(NamedTuple):
    """What a ledger holds of some streams.

    `events` in the order of arrival; `revisions` of each stream asked for; `epoch` changes when
    events were taken away, so that what was read before is void.
    """

    events: list[Filed]
    revisions: dict[str, int]
    epoch: int


class Ledger(Protocol):
    """The contract. Every method may be called from any thread, and raises LedgerUnavailable when
    the ledger cannot answer. `cadence_guard.testing.LedgerSuite` checks an implementation."""

    def history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Page:
        """The events filed under any of `keys` with a number above `after`.

        `since` (microseconds since the epoch) leaves out older touches, never anything else; not
        those that `prune` would spare because they say something.
        """
        ...

    def append(self, events: Iterable[Filed], expect: Mapping[str, int] | None = None) -> None:
        """Appends all events or none, durably. Conflict if a stream is not at the revision that
        `expect` gives. An event that is `once` and already there is left out."""
        ...

    def forget(
        self,
        key: str,
        keep: Iterable[Filed] = (),
        expect: Mapping[str, int] | None = None,
        also: Iterable[Filed] = (),
    ) -> None:
        """Takes away all events filed under `key` and those equal to `also`, and appends `keep`,
        in one step. Conflict as with `append`. Nothing of it stays readable in a file."""
        ...

    def prune(self, before: int) -> int:
        """Takes away touches before an instant with their releases, and says how many touches.

        Never one that was answered, hung up on or bounced, or that a signal speaks of: these may
        carry a no. An id that is also on a later touch stays whole."""
        ...

    def secret(self) -> bytes:
        """A random key that is made once and kept in the ledger, for keyed hashes."""
        ...
