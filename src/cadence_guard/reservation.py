"""A booked touch, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from cadence_guard import words
from cadence_guard.decision import Decision
from cadence_guard.errors import EventError, LedgerUnavailable
from cadence_guard.touch import Touch

if TYPE_CHECKING:
    from cadence_guard.guard import Guard

_Result = TypeVar("_Result")


class Reservation:
    """A booked touch. Leaving `with` without `confirm` or `release` means: outcome unknown, and it
    counts. No time-out frees the slot; only `release()` and `confirm("failed")` do."""

    def __init__(self, guard: Guard, touch: Touch, decision: Decision, turn: int) -> None:
        self.touch = touch
        self.decision = decision
        self._guard = guard
        self._turn = turn
        """How often the id was released before: somebody else may book it anew."""
        self._closed = False

    def confirm(self, outcome: str = "sent") -> None:
        """Says what became of the touch. Raises EventError for an outcome that cannot follow, and
        for `failed` if somebody else has booked the id since; LedgerUnavailable."""
        if outcome not in words.OUTCOMES:
            raise EventError(words.expected(outcome, words.OUTCOMES, "outcome"))
        self._guard._confirm(self.touch.model_copy(update={"outcome": outcome}), self._turn)
        self._closed = True

    def release(self) -> None:
        """Takes the booking back: nothing was sent, and the id may be booked anew.

        Raises EventError if the touch was made already, or somebody else has booked the id since;
        LedgerUnavailable.
        """
        self._guard._release(self.touch, self._turn)
        self._closed = True

    async def aconfirm(self, outcome: str = "sent") -> None:
        """`confirm` in a thread."""
        await in_thread(self.confirm, outcome)

    async def arelease(self) -> None:
        """`release` in a thread."""
        await in_thread(self.release)

    def __repr__(self) -> str:
        touch = self.touch
        state = "closed" if self._closed else "open"
        return f"<Reservation {touch.id!r}: {touch.channel} to {touch.contact!r}, {state}>"

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._closed:
            return
        try:
            self._guard._leave(self.touch, self._turn)
        except LedgerUnavailable as down:
            # The booking counts as it stands; what went wrong in the body matters more.
            if error is None:
                raise
            error.add_note(f"cadence_guard: the outcome could not be recorded: {down}")

    async def __aenter__(self) -> Reservation:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await in_thread(self.__exit__, kind, error, traceback)


async def in_thread(call: Callable[..., _Result], *args: Any, **named: Any) -> _Result:
    """Calls something that waits for a ledger in a thread."""
    import asyncio  # half of what importing the guard would cost, for those who await

    return await asyncio.to_thread(call, *args, **named)
