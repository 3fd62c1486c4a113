"""What is assumed of the people in a cadence: in its favour, unless the file says otherwise.

An objection is then the cadence's own fault. What is assumed is also told, in words, in every
report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from cadence_guard import words
from cadence_guard._model import given
from cadence_guard.cadence import Cadence, Step
from cadence_guard.contact import Consent, Contact, ContactPoint, Signal
from cadence_guard.events import Event
from cadence_guard.importers._greeting import with_name
from cadence_guard.instants import DAY, EPOCH, Zone, to_datetime, zone, zones_of
from cadence_guard.touch import Touch
from cadence_guard.words import CHANNEL_KIND

CONTACT: Final = "contact"
NAME: Final = "Robin"
POINTS: Final = {
    "email": "robin@audience.example",
    "phone": "+12025550123",
    "social": "robin-audience",
    "post": "1 Audience Street",
}
"""The person who enters a cadence, and where they are reached."""
ZONES: Final = (
    "America/Los_Angeles",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
)
"""The zones of an audience of which nobody says where it is."""
_OLDEST: Final = 50 * 366 * DAY
"""No ground is older: whatever holds for so long holds for ever."""


def zones_for(cadence: Cadence) -> tuple[Zone, ...]:
    """The zones a cadence's audience lives in: those declared, those of its countries, else ten
    that stand for the world."""
    declared = tuple(zone(name) for name in cadence.audience.zones)
    if not declared:
        found = (one for country in cadence.audience.countries for one in zones_of(country))
        declared = tuple(dict.fromkeys(found))
    return declared or tuple(zone(name) for name in ZONES)


def facts(cadences: Sequence[Cadence], where: Zone, *, at: datetime = EPOCH) -> Iterator[Event]:
    """What is known of the contact before they enter: the person, their points, and consent for
    each channel and purpose, as far as no cadence says what it relies on."""
    audience = cadences[0].audience
    kinds = {CHANNEL_KIND.get(step.channel) for one in cadences for step in one.steps}
    yield Contact(
        contact=CONTACT,
        at=at,
        name=NAME,
        call_me=NAME,
        time_zone=where.name,
        points=tuple(
            ContactPoint(
                kind=kind,
                value=value,
                use=audience.use or "work",
                source=audience.source or "given_by_contact",
            )
            for kind, value in POINTS.items()
            if kind in kinds
        ),
    )
    granted = dict.fromkeys(
        (purpose, channel)
        for one in cadences
        for channel, purpose in _uses(one)
        if _relies_on_consent(one, channel, purpose)
    )
    for purpose, channel in granted:
        yield Consent(
            contact=CONTACT,
            at=at,
            purpose=purpose,
            channel=channel,
            status="granted",
            evidence="assumed",
        )


def _uses(cadence: Cadence) -> Iterator[tuple[str, str]]:
    """Each channel and purpose of its steps, as far as a touch can have them."""
    for step in cadence.steps:
        purpose = step.purpose or cadence.purpose
        if step.channel in CHANNEL_KIND and _is_word(purpose, words.PURPOSES):
            yield step.channel, purpose


def _relies_on_consent(cadence: Cadence, channel: str, purpose: str) -> bool:
    grounds = cadence.audience.grounds
    return grounds is None or any(
        ground.kind == "consent"
        and ground.channel in (None, channel)
        and ground.purpose in (None, purpose)
        for ground in grounds
    )


def signals(cadence: Cadence, *, fresh: bool = False) -> Iterator[tuple[int, Signal]]:
    """Signals that came before the entry, each with how long before: the grounds that the audience
    declares, and the signal that makes it enter, at that instant.

    `fresh`: the entry was long ago, so nothing that makes automation stop is recent any more.
    """
    for ground in cadence.audience.grounds or ():
        if ground.kind != "consent":
            yield (
                min(ground.age, _OLDEST),
                Signal(
                    contact=CONTACT,
                    kind=ground.kind,
                    **given(channel=ground.channel, purpose=ground.purpose),
                ),
            )
    kind = cadence.entry_signal
    if any((ground.kind, ground.age) == (kind, 0) for ground in cadence.audience.grounds or ()):
        return  # it has been given
    passing = kind in words.FOOTPRINTS or kind == "invited"
    if kind is not None and (passing or (not fresh and _is_word(kind, words.SIGNALS))):
        yield 0, Signal(contact=CONTACT, kind=kind)


def _is_word(word: str, known: Sequence[str]) -> bool:
    """Whether it is in a closed list, or somebody's own."""
    return word in known or (word.startswith("x-") and len(word) > 2)


def touch_of(cadence: Cadence, step: Step) -> Touch:
    """The touch that a step makes, without an instant; what its file does not say answers no
    signal. Raises ValueError for a step that no touch can be."""
    kind = CHANNEL_KIND.get(step.channel)
    because = step.because
    audience = cadence.audience.kind
    try:
        return Touch(
            contact=CONTACT,
            channel=step.channel,
            purpose=step.purpose or cadence.purpose,
            cadence=cadence.name,
            step=step.name,
            tags=step.tags,
            automated=step.automated,
            unsubscribe=step.unsubscribe,
            discloses_source=step.discloses_source,
            **given(
                to=POINTS[kind] if kind else None,
                team=step.team or cadence.team,
                sender=step.sender,
                greeting=with_name(step.greeting, NAME),
                audience=audience if audience in words.AUDIENCES else None,
                offer=step.offer,
                deadline=_instant(step.deadline),
                not_after=_instant(step.not_after),
                because=because if because and _is_word(because, words.SIGNALS) else None,
            ),
        )
    except ValidationError as error:
        said = error.errors(include_url=False)[0]
        raise ValueError(f"step {step.name!r} makes no touch: {said['msg']}") from None


def touch_if_any(cadence: Cadence, step: Step) -> Touch | None:
    """The touch that a step makes; None for one that makes none, which the proof tells of."""
    try:
        return touch_of(cadence, step)
    except ValueError:
        return None


def _instant(us: int | None) -> datetime | None:
    return None if us is None else to_datetime(us)


def in_words(cadence: Cadence) -> Iterator[str]:
    """What is assumed of those who enter a cadence, in words."""
    audience = cadence.audience
    yield from cadence.assumes
    if not audience.zones and not audience.countries:
        yield f"the audience lives in any of {', '.join(ZONES)}"
    yield "the time zone of each contact is known"
    if audience.grounds is None:
        uses = sorted({f"{purpose} by {channel}" for channel, purpose in _uses(cadence)})
        if uses:
            yield f"consent is given for {', '.join(uses)}"
    if audience.use is None:
        yield "each contact point is one for work"
    if audience.use == "shared":
        yield "whoever else has a shared contact point is not touched there"
    if audience.source is None:
        yield "each contact point was given by the contact"
    if cadence.entry_signal in words.FOOTPRINTS and any(
        step.because is None and (step.purpose or cadence.purpose) == "sales"
        for step in cadence.steps
    ):
        yield f"a step that does not say because does not answer {cadence.entry_signal!r}"
    if any(step.greeting is not None for step in cadence.steps):
        yield "a greeting says the right name"
    if any(step.channel == "call" for step in cadence.steps):
        yield "a call reaches nobody and leaves no message"
    if audience.people is not None:
        yield f"no more than {audience.people} people of one account are in it at once"
    elif audience.account:
        yield "nobody else of the account is touched than those who are in it"
    else:
        yield "nobody else of the account is touched"
    if cadence.again is None:
        yield "nobody enters a second time"
    yield "there is no other touch than those of the cadences checked"
