"""A touch: one planned or past outreach."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import model_validator

from cadence_guard import words
from cadence_guard._model import (
    Channel,
    Id,
    MaybeId,
    MaybeInstant,
    Model,
    Purpose,
    Tags,
    Text,
    word,
)


class Touch(Model):
    """One outreach to one contact. Without `outcome` it is planned; with one it is past.

    `at` is an aware datetime; left out it means now, by the guard's clock. `to` is the contact
    point as written; it may be left out for `ad` and `meeting` only. `automated` is false when a
    person writes or dials. `because` is the kind of the signal that started the touch.
    """

    event: Literal["touch"] = "touch"
    id: MaybeId = None
    contact: Id
    at: MaybeInstant = None
    channel: Channel
    to: Text = None
    team: Text = None
    sender: Text = None
    purpose: Purpose
    cadence: Text = None
    step: Text = None
    tags: Tags = ()
    outcome: Annotated[Text, word("outcome", words.OUTCOMES)] = None
    automated: bool = True
    greeting: Text = None
    audience: Annotated[Text, word("audience", words.AUDIENCES)] = None
    offer: Text = None
    deadline: MaybeInstant = None
    unsubscribe: Tags = ()
    discloses_source: bool = False
    because: Annotated[Text, word("signal", words.SIGNALS, own=True)] = None
    not_after: MaybeInstant = None

    @model_validator(mode="after")
    def _reaches_a_point(self) -> Touch:
        if self.to is None and words.CHANNEL_KIND[self.channel]:
            raise ValueError(f"'to' is missing: a touch by {self.channel} reaches a contact point")
        return self


def differing(one: Touch, other: Touch) -> list[str]:
    """The keys that say something else in two touches."""
    return [key for key in Touch.model_fields if getattr(one, key) != getattr(other, key)]


NOT_MADE: Final = (None, "unknown", "failed")
"""Outcomes of a touch that may still be taken back, or booked anew: nobody said it was made."""


class Release(Model):
    """A booked touch taken back before it was made: its slot is free, its id may be booked anew.

    Written by `Reservation.release`; part of the format so that a ledger's events can be read.
    """

    event: Literal["release"] = "release"
    touch: Id
    contact: Id
    at: MaybeInstant = None
