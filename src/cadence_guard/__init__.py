"""cadence_guard: judges planned outreach, so that no follow-up sequence ever stalks a person.

    from cadence_guard import Guard, Policy, Touch

    guard = Guard(Policy(packs=["humane"]))
    call = Touch(contact="c-1", channel="call", to="+15125550143", purpose="sales")
    print(guard.evaluate(call).explain())

Names load when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cadence_guard.contact import (
        Consent,
        Contact,
        ContactPoint,
        Forget,
        Handoff,
        Signal,
        Suppress,
    )
    from cadence_guard.decision import Decision, Finding, Stretch, Verdict
    from cadence_guard.errors import (
        CadenceGuardError,
        EventError,
        LedgerUnavailable,
        PolicyError,
        Refused,
    )
    from cadence_guard.events import parse_events
    from cadence_guard.guard import Guard
    from cadence_guard.ledgers import open_ledger
    from cadence_guard.policy import Policy
    from cadence_guard.reservation import Reservation
    from cadence_guard.touch import Touch

    __version__: str

__all__ = [
    "CadenceGuardError",
    "Consent",
    "Contact",
    "ContactPoint",
    "Decision",
    "EventError",
    "Finding",
    "Forget",
    "Guard",
    "Handoff",
    "LedgerUnavailable",
    "Policy",
    "PolicyError",
    "Refused",
    "Reservation",
    "Signal",
    "Stretch",
    "Suppress",
    "Touch",
    "Verdict",
    "open_ledger",
    "parse_events",
]

_HOMES = {
    "contact": ("Consent", "Contact", "ContactPoint", "Forget", "Handoff", "Signal", "Suppress"),
    "decision": ("Decision", "Finding", "Stretch", "Verdict"),
    "errors": ("CadenceGuardError", "EventError", "LedgerUnavailable", "PolicyError", "Refused"),
    "events": ("parse_events",),
    "guard": ("Guard",),
    "ledgers": ("open_ledger",),
    "policy": ("Policy",),
    "reservation": ("Reservation",),
    "touch": ("Touch",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        globals()[name] = found = version("cadence-guard")
        return found
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
