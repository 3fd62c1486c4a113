"""Which contact point a touch or an event names, as it is compared.

What somebody wrote goes in, with the country of whose point it is, if that is known: a national
number is another point in each. This knows what events look like, and nothing of what was told.
"""

from __future__ import annotations

from cadence_guard.contact import Consent, Signal, Suppress
from cadence_guard.points import normalise, written
from cadence_guard.touch import Touch
from cadence_guard.words import CHANNEL_KIND


def point_of(touch: Touch, country: str | None = None) -> str | None:
    """The contact point of a touch, normalised; None if it has none."""
    if touch.to is None:
        return None
    kind = CHANNEL_KIND[touch.channel]
    return normalise(touch.to, kind, country if kind == "phone" else None)


def names_of(touch: Touch, country: str | None) -> tuple[str, ...]:
    """The contact point of a touch, then what else may have been written for it: a number without
    its country. () if it has none."""
    point = point_of(touch, country)
    if point is None:
        return ()
    return written(point) if CHANNEL_KIND[touch.channel] == "phone" else (point,)


def is_at(point: str | None, names: tuple[str, ...]) -> bool:
    """Whether a point is the one of these names."""
    return not names if point is None else not {*names}.isdisjoint(written(point))


def named_point(event: Signal | Consent, country: str | None) -> str | None:
    """The contact point that an event names, normalised."""
    if event.point is None:
        return None
    kind = CHANNEL_KIND[event.channel] if event.channel else None
    return normalise(event.point, kind, country)


def as_named(event: Signal | Consent | Suppress, country: str | None) -> frozenset[str]:
    """The point that an event names, as it is compared and as it is written: a national number may
    be somebody's whose country nobody knows, digits may be a handle or an address, and people say
    by mail what is wrong with a number."""
    if event.point is None:
        return frozenset()
    kind = CHANNEL_KIND[event.channel] if event.channel else None
    kinds = {kind, None}
    if kind is None and normalise(event.point).isdecimal():
        kinds.add("post")
    found = {normalise(event.point, one, where) for one in kinds for where in (country, None)}
    return frozenset(point for point in found if point)
