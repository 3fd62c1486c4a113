"""The closed lists of the event format, and the nearest word to a misspelt one.

A word that begins with `x-` is a user's own: it is accepted in a signal, a source or a purpose, and
no built-in rule reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

EVENTS: Final = (
    "contact",
    "consent",
    "touch",
    "signal",
    "handoff",
    "suppress",
    "forget",
    "release",
)

CHANNEL_KIND: Final[dict[str, str | None]] = {
    "email": "email",
    "call": "phone",
    "voicemail": "phone",
    "sms": "phone",
    "whatsapp": "phone",
    "social": "social",
    "ad": None,
    "post": "post",
    "meeting": None,
}
"""Each channel and the kind of contact point it reaches; None where it reaches no point."""

CHANNELS: Final = tuple(CHANNEL_KIND)
KINDS: Final = ("email", "phone", "social", "post")
USES: Final = ("work", "private", "shared", "unknown")
SOURCES: Final = (
    "given_by_contact",
    "trial_form",
    "web_form",
    "event",
    "purchased_list",
    "enriched",
    "public",
    "referral",
    "imported",
    "unknown",
)
PURPOSES: Final = (
    "marketing",
    "sales",
    "service",
    "transactional",
    "debt_collection",
    "survey",
)
FOOTPRINTS: Final = ("opened", "clicked", "downloaded", "visited", "trial_started")
"""Signals that say somebody passed by. A footprint is not an invitation."""

REFUSALS: Final = ("not_now", "declined", "hung_up")
SIGNALS: Final = (
    *FOOTPRINTS,
    "replied",
    "auto_replied",
    "invited",
    "meeting_booked",
    "purchased",
    *REFUSALS,
    "opt_out",
    "complained",
    "wrong_person",
    "paused",
    "resumed",
)
MISSED: Final = ("no_answer", "busy", "unknown")
"""Outcomes of a call that reached nobody and left nothing."""

OUTCOMES: Final = (
    "sent",
    "delivered",
    "answered",
    "no_answer",
    "voicemail",
    "busy",
    "hung_up",
    "bounced",
    "failed",
    "unknown",
)
OUTCOMES_SAY: Final = dict.fromkeys(OUTCOMES, 3) | {
    "unknown": 0,
    "failed": 0,
    "sent": 1,
    "delivered": 2,
}
"""How much an outcome says: what says less than another is no correction of it, it came late."""
STATUSES: Final = ("granted", "withdrawn")
AUDIENCES: Final = ("prospects", "customers")
NEEDS: Final = (
    "contact",
    "time_zone",
    "country",
    "region",
    "use",
    "source",
    "consent",
    "name",
    "call_me",
    "screening",
)
"""The facts that `Decision.needs` speaks of."""


_ELSEWHERE: Final = {
    "phone": "call",
    "phone_call": "call",
    "linkedin": "social",
    "letter": "post",
    "unsubscribe": "opt_out",
    "unsubscribed": "opt_out",
    "spam": "complained",
    "not_interested": "declined",
    "bought": "purchased",
}
"""What other tools call a word of ours, where no letters tell."""
_ANOTHER: Final = {
    "signal": (OUTCOMES, "the outcome of a touch"),
    "outcome": (SIGNALS, "a signal"),
}
"""Lists that are taken for one another."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to `word`, or None if nothing is close."""
    import difflib

    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def short(value: object) -> str:
    """The beginning of a value, as it is written: it may be as long as a file."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def expected(word: object, known: Iterable[str], what: str, meant: str | None = None) -> str:
    """The sentence for a word that is not in a closed list: the one that is `meant`, else what
    other tools mean by it, else the nearest one; and the whole list."""
    known = tuple(known)
    if meant is None and isinstance(word, str):
        meant = _ELSEWHERE.get(word.casefold())
        if meant not in known:
            meant = nearest(word, known)
    hint = f"did you mean {meant!r}? " if meant else ""
    another, is_one = _ANOTHER.get(what, ((), ""))
    if word in another:
        hint = f"it is {is_one}; "
    return f"unknown {what} {short(word)}; {hint}expected one of: {', '.join(known)}"
