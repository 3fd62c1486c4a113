"""What is known of a contact, and what came back: facts, consent, signals, handoffs, noes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cadence_guard import words
from cadence_guard._model import (
    COUNTRY,
    REGION,
    Id,
    MaybeChannel,
    MaybeId,
    MaybeInstant,
    MaybePurpose,
    Model,
    Text,
    ZoneName,
    word,
)
from cadence_guard.points import HASHED, is_email, is_phone, normalise

_Region = Annotated[Text, Field(pattern=REGION)]


def _shows(text: str) -> bool:
    """Whether there is anything to be seen in a text."""
    return normalise(text, "post") != ""


def _names_one_point(value: str | None) -> None:
    """A no to what can be nobody's point would hold for nobody, in silence."""
    if value is None:
        return
    point = normalise(value)
    if not point:
        raise ValueError(f"point: {value!r} names no contact point")
    if "@" in point[1:] and not is_email(point):
        raise ValueError(f"point: {value!r} is not one e-mail address")


class ContactPoint(Model):
    """An e-mail address, phone number, handle or postal address of a contact.

    `use` and `source` left out are unknown. `region` is an ISO 3166-2 code, `time_zone` a name of
    the tz database.
    """

    kind: Annotated[str, word("kind", words.KINDS)]
    value: Id
    use: Annotated[Text, word("use", words.USES)] = None
    source: Annotated[Text, word("source", words.SOURCES, own=True)] = None
    region: _Region = None
    time_zone: ZoneName = None


class Contact(Model):
    """A person under the id of the caller's CRM. A later event is merged into the earlier ones."""

    event: Literal["contact"] = "contact"
    contact: Id
    at: MaybeInstant = None
    name: Text = None
    call_me: Text = None
    time_zone: ZoneName = None
    country: Annotated[Text, Field(pattern=COUNTRY)] = None
    region: _Region = None
    account: Text = None
    points: Annotated[tuple[ContactPoint, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _points_are_points(self) -> Contact:
        for point in self.points:
            value = normalise(point.value, point.kind, self.country)
            if point.kind == "email" and not is_email(value):
                raise ValueError(f"points: {words.short(point.value)} is not an e-mail address")
            if point.kind == "phone" and not is_phone(value):
                raise ValueError(
                    f"points: {words.short(point.value)} is not an international phone number;"
                    " write +<country><number>, or install cadence-guard[phone] and give 'country'"
                )
        return self


class Consent(Model):
    """A permission granted or withdrawn. A grant names a purpose, and a channel or a point.

    In force on [from or at, until). A withdrawal is also an opt-out of what it names.
    """

    event: Literal["consent"] = "consent"
    contact: Id
    at: MaybeInstant = None
    purpose: MaybePurpose = None
    channel: MaybeChannel = None
    point: Text = None
    status: Annotated[str, word("status", words.STATUSES)]
    from_: Annotated[MaybeInstant, Field(alias="from")] = None
    until: MaybeInstant | None = None
    source: Text = None
    evidence: Text = None

    @model_validator(mode="after")
    def _says_enough(self) -> Consent:
        _names_one_point(self.point)
        if self.evidence is not None and not _shows(self.evidence):
            raise ValueError("evidence: nothing is written there; leave it out if there is none")
        if self.status == "granted" and not (self.purpose and (self.channel or self.point)):
            raise ValueError("a grant names a 'purpose', and a 'channel' or a 'point'")
        return self


class Signal(Model):
    """What came back from a contact: a reply, a refusal, an opt-out, a footprint, ..."""

    event: Literal["signal"] = "signal"
    contact: Id
    at: MaybeInstant = None
    kind: Annotated[str, word("signal", words.SIGNALS, own=True)]
    channel: MaybeChannel = None
    point: Text = None
    purpose: MaybePurpose = None
    touch: MaybeId = None
    until: MaybeInstant | None = None

    @model_validator(mode="after")
    def _is_about_something(self) -> Signal:
        _names_one_point(self.point)
        return self


class Handoff(Model):
    """The baton: from this instant the team `to` holds the contact."""

    event: Literal["handoff"] = "handoff"
    contact: Id
    at: MaybeInstant = None
    from_: Annotated[Text, Field(alias="from")] = None
    to: Id
    because: Text = None
    until: MaybeInstant | None = None


class Suppress(Model):
    """A point or a contact that is not to be touched; an import, or what survived an erasure.

    `point` and `contact` may be keyed hashes (`hmac-sha256:...`).
    """

    event: Literal["suppress"] = "suppress"
    at: MaybeInstant = None
    point: Text = None
    contact: MaybeId = None
    channel: MaybeChannel = None
    purpose: MaybePurpose = None
    note: Text = None

    @model_validator(mode="after")
    def _names_something(self) -> Suppress:
        _names_one_point(self.point)
        if not (self.point or self.contact):
            raise ValueError("a suppression names a 'point' or a 'contact'")
        return self


class Forget(Model):
    """Erasure: everything about the contact but keyed hashes that keep every no in force."""

    event: Literal["forget"] = "forget"
    contact: Id
    at: MaybeInstant = None

    @model_validator(mode="after")
    def _is_somebody(self) -> Forget:
        if self.contact.startswith(HASHED):
            raise ValueError("contact: a hash is all that is left of somebody; it keeps their noes")
        return self
