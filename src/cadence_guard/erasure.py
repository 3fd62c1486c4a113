"""What an erasure leaves of somebody: events about keyed hashes, which keep every no in force.

What is known of one contact goes in; events come out, with the streams to file them under. The book
asks for them, and nothing else does; this knows no book, ledger or key. Whoever asks drops the
contact and has the events told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from cadence_guard import words
from cadence_guard.contact import Consent, Signal, Suppress
from cadence_guard.events import Event
from cadence_guard.history import History, No, Said, Streams
from cadence_guard.instants import to_datetime
from cadence_guard.lines import Past
from cadence_guard.touch import Touch

FORGOTTEN: Final = "(forgotten)"
"""The contact of the touches that are kept of somebody erased."""
_Left: TypeAlias = tuple[Event, Streams]


def residue(
    me: History,
    bounces: Iterable[tuple[str, Past]],
    hashed: Callable[[str], str],
    mark: str,
) -> list[_Left]:
    """What is kept of somebody forgotten: each no under keyed hashes, and for the account the
    instants and channels of touches, without the person.

    `bounces` are the points that touches of theirs said no of, with these touches: they may be gone
    from the line. `hashed` makes the keyed hash of a contact id, a point or a touch; `mark` is
    another one each time.
    """
    name = hashed(me.contact)
    left = [*_noes(me.noes, name, hashed)]
    for point, touch in bounces:
        left.append(_filed(_anonymous(touch, hashed(point), "bounced"), hashed(point)))
    left += _signals(me.said, name)
    left += _touches(me.line.touches, hashed, mark)
    return left


def _noes(noes: Iterable[No], name: str, hashed: Callable[[str], str]) -> Iterator[_Left]:
    for no in noes:
        points: list[str | None] = [hashed(point) for point in sorted(no.points)]
        if not no.named:
            points.append(None)
        for point in points:
            yield _filed(_about(no, name, point), point)


def _about(no: No, name: str, point: str | None) -> Signal | Consent | Suppress:
    """The same no about hashes."""
    at, channel, purpose = to_datetime(no.at), no.channel, no.purpose
    if no.kind == "suppressed":
        contact = None if point else name
        note = "kept after an erasure"
        return Suppress(
            at=at, point=point, contact=contact, channel=channel, purpose=purpose, note=note
        )
    if no.kind == "withdrawn":
        return Consent(
            contact=name, at=at, status="withdrawn", channel=channel, point=point, purpose=purpose
        )
    return Signal(contact=name, at=at, kind=no.kind, channel=channel, point=point, purpose=purpose)


def _signals(heard: Iterable[Said], name: str) -> Iterator[_Left]:
    """The refusals and pauses, and what ended a pause."""
    paused = False
    for said in heard:
        kind = said.kind
        if kind in ("resumed", "invited"):
            if not paused:
                continue
            kind = "resumed"  # the invitation itself is not kept
        elif kind != "paused" and kind not in words.REFUSALS:
            continue
        until = None if said.until is None else to_datetime(said.until)
        if kind in ("paused", "resumed"):
            paused = kind == "paused"
        yield _filed(
            Signal(
                contact=name, at=to_datetime(said.at), kind=kind, channel=said.channel, until=until
            )
        )


def _touches(touches: Iterable[Past], hashed: Callable[[str], str], mark: str) -> Iterator[_Left]:
    for number, touch in enumerate(touches):
        if (account := touch.recipient.account) is not None:
            made = "unknown" if touch.form.outcome is None else "sent"
            id_ = hashed(f"touch {mark} {number}")  # two that look the same are still two
            yield _filed(_anonymous(touch, FORGOTTEN, made, id_), account=account)


def _anonymous(touch: Past, to: str, outcome: str, id_: str | None = None) -> Touch:
    return Touch(
        id=id_,
        contact=FORGOTTEN,
        at=to_datetime(touch.at),
        channel=touch.form.channel,
        to=to,
        purpose=touch.form.purpose,
        outcome=outcome,
    )


def _filed(
    event: Signal | Consent | Suppress | Touch,
    point: str | None = None,
    *,
    account: str | None = None,
) -> _Left:
    return event, Streams(event.contact, account, frozenset((point,) if point else ()))
