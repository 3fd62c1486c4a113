"""Where touches, permissions and noes are kept."""

from __future__ import annotations

from typing import Final

from cadence_guard import words
from cadence_guard.ledgers._base import Filed, Ledger, Page

__all__ = ["Filed", "Ledger", "Page", "open_ledger"]

SCHEMES: Final = ("memory", "sqlite")


def open_ledger(url: str) -> Ledger:
    """The ledger at a URL: `memory://`, or `sqlite:///outreach.db`.

    A path with one more slash is absolute: `sqlite:////var/lib/outreach.db`. Raises ValueError for
    another scheme or for options, LedgerUnavailable if the file cannot be used.
    """
    scheme, separator, rest = url.partition("://")
    if scheme == "memory" and separator and not rest:
        from cadence_guard.ledgers.memory import MemoryLedger

        return MemoryLedger()
    if scheme == "sqlite" and "?" in rest:
        raise ValueError(f"{url!r} has options, of which none is known; end it before the '?'")
    if scheme == "sqlite" and rest.startswith("/") and rest[1:] not in ("", ":memory:"):
        from cadence_guard.ledgers.sqlite import SqliteLedger

        return SqliteLedger(rest[1:])
    if scheme in SCHEMES:
        raise ValueError(
            f"{url!r} names no ledger; expected memory:// or sqlite:///path/to/file.db"
        )
    if not separator and url:
        raise ValueError(f"{url!r} is no URL of a ledger; did you mean 'sqlite:///{url}'?")
    raise ValueError(words.expected(scheme, SCHEMES, "ledger"))
