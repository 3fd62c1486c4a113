"""Ledgers over a fork: a child has no thread that would let go of a lock, so nobody holds one while
it is made."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, ExitStack
from threading import RLock
from typing import Any, Final, Protocol
from weakref import WeakSet


class Held(Protocol):
    """A ledger of this process."""

    def held(self) -> AbstractContextManager[Any]:
        """Keeps everybody else from the ledger, and what must not be carried over a fork closed."""
        ...


_ledgers: Final[WeakSet[Held]] = WeakSet()
_forking: Final = RLock()
_all: Final = ExitStack()
"""All ledgers, held."""


def hold_over_forks(ledger: Held) -> None:
    """Sees to it that a ledger is held whenever this process is forked."""
    with _forking:
        _ledgers.add(ledger)


def before_fork() -> None:
    """Waits for all that is being done, and holds every ledger."""
    _forking.acquire()
    for ledger in list(_ledgers):
        _all.enter_context(ledger.held())


def after_fork() -> None:
    """Lets go of them, in the parent and in the child."""
    _all.close()
    _forking.release()


if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(before=before_fork, after_in_parent=after_fork, after_in_child=after_fork)
