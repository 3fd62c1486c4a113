"""The humane rules as a good engineer would write them inline, with datetimes.

`first_reason` stops at the first objection. `same_answer` gives what the engine gives: all reasons,
and the earliest time at which there is none, found by trying the instants at which something ends.
It covers what the workload contains (no forgotten people, no shared points, no baton or offers).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from cadence_guard.touch import Touch

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HORIZON = 90 * DAY
HOURS = {
    "call": (range(5), time(9), time(18)),
    "sms": (range(7), time(9), time(20)),
    "whatsapp": (range(7), time(9), time(20)),
    "voicemail": (range(7), time(9), time(20)),
    "email": (range(7), time(6), time(22)),
}
PERSONAL = ("call", "sms", "whatsapp", "voicemail")
COOL_DOWN = {"not_now": 2 * DAY, "declined": 180 * DAY, "hung_up": 180 * DAY}
ANSWERS = ("replied", "invited", "meeting_booked")
CLOSING = ("not_now", "declined", "hung_up", "paused", "opt_out")
MISSED = ("no_answer", "busy", "unknown")


@dataclass(slots=True)
class Sent:
    at: datetime
    channel: str
    purpose: str
    team: str | None
    cadence: str | None
    step: str | None
    tags: tuple[str, ...]
    automated: bool
    outcome: str | None


@dataclass(slots=True)
class Heard:
    at: datetime
    kind: str
    channel: str | None
    until: datetime | None


@dataclass(slots=True)
class Consent:
    at: datetime
    channel: str
    purpose: str


@dataclass(slots=True)
class Person:
    name: str
    zones: tuple[ZoneInfo, ...]
    use: str
    source: str
    sent: list[Sent] = field(default_factory=list)
    """Made and booked, in order of time."""
    account: list[Sent] = field(default_factory=list)
    """Everything sent to anybody of the account, in order of time."""
    heard: list[Heard] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)


def _at(sent: Any) -> datetime:
    when: datetime = sent.at
    return when


def since(sent: list[Sent], start: datetime) -> list[Sent]:
    """The touches after an instant."""
    return sent[bisect_left(sent, start, key=_at) :]


def full(times: list[datetime], at: datetime, limit: int, per: timedelta) -> bool:
    """Whether some window that contains `at` holds `limit` of the touches already."""
    near = [when for when in times if at - per < when < at + per]
    return any(
        max(at, near[i + limit - 1]) - min(at, near[i]) < per for i in range(len(near) - limit + 1)
    )


def is_answer(person: Person, at: datetime) -> bool:
    """Whether a person's touch would answer a contact who spoke last."""
    for heard in reversed(person.heard):
        if heard.kind in CLOSING:
            return False
        if heard.kind in ANSWERS and heard.at <= at:
            return at - heard.at <= 7 * DAY and not any(
                heard.at < sent.at <= at for sent in person.sent if not sent.automated
            )
    return False


def invited_since(person: Person, refusal: Heard, channel: str) -> bool:
    """Whether the contact found a way back from a refusal."""
    return any(
        heard.at > refusal.at and heard.kind == "invited" and heard.channel in (None, channel)
        for heard in person.heard
    ) or any(c.at > refusal.at and c.channel == channel for c in person.consents)


def open_at(at: datetime, channel: str, zones: tuple[ZoneInfo, ...]) -> bool:
    """Whether it is a decent time in every zone the contact could be in."""
    days, opens, closes = HOURS[channel]
    for zone in zones:
        local = at.astimezone(zone)
        if local.weekday() not in days or not opens <= local.time() < closes:
            return False
    return True


def next_open(at: datetime, channel: str, zones: tuple[ZoneInfo, ...]) -> datetime:
    """The first decent time at or after `at`."""
    if channel not in HOURS:
        return at
    days, opens, closes = HOURS[channel]
    end = at + HORIZON
    while at <= end:
        latest = at
        for zone in zones:
            local = at.astimezone(zone)
            day = local.date()
            if local.time() >= closes:
                day += DAY
            while day.weekday() not in days:
                day += DAY
            if day != local.date() or local.time() < opens:
                latest = max(latest, datetime.combine(day, opens, zone).astimezone(UTC))
        if latest == at:
            return at
        at = latest
    return at


def objections(person: Person, touch: Touch, at: datetime) -> Iterator[str]:
    """Why a touch may not be made at `at`, the cheap reasons first."""
    channel, purpose = touch.channel, touch.purpose
    for heard in person.heard:
        if heard.kind == "opt_out" and heard.channel in (None, channel):
            yield "CG101"
    if touch.not_after is not None and at > touch.not_after:
        yield "CG404"
    tags = touch.tags
    if purpose in ("transactional", "service") and ("promotional" in tags or "urgent" in tags):
        yield "CG706"
    if purpose == "transactional":
        return
    if channel in PERSONAL and person.use in ("private", "unknown"):
        given = person.source in ("given_by_contact", "trial_form", "web_form")
        if not given or not consented(person, channel, purpose, at):
            yield "CG201"
    if channel in (*PERSONAL, "post") and person.source == "unknown":
        yield "CG202"
    if touch.greeting is not None and person.name not in touch.greeting.split():
        yield "CG701"
    for heard in person.heard:
        if purpose != "service" and heard.kind == "paused" and heard.until and at < heard.until:
            yield "CG402"
    if channel in HOURS and not open_at(at, channel, person.zones):
        yield "CG401"
    if purpose != "service":
        yield from pushing(person, touch, at)
    if channel == "call":
        missed = [
            sent.at
            for sent in since(person.sent, at - 14 * DAY)
            if sent.channel == "call" and sent.outcome in MISSED and at - 14 * DAY < sent.at <= at
        ]
        if len(missed) >= 2 or (missed and at - missed[-1] < 3 * DAY):
            yield "CG304"
    if touch.step is not None:
        for sent in since(person.sent, at - 90 * DAY):
            if (
                (sent.cadence, sent.step) == (touch.cadence, touch.step)
                and abs(sent.at - at) < 90 * DAY
                and not (sent.channel == "call" and sent.outcome in MISSED)
            ):
                yield "CG305"
                break
    if touch.automated or not is_answer(person, at):
        yield from crowding(person, touch, at)


def consented(person: Person, channel: str, purpose: str, at: datetime) -> bool:
    return any(
        c.channel == channel and c.purpose == purpose and c.at <= at for c in person.consents
    )


def pushing(person: Person, touch: Touch, at: datetime) -> Iterator[str]:
    """What is asked of touches that want something: consent, refusals, one baton, no pressure."""
    channel = touch.channel
    if channel in (*PERSONAL, "ad", "email") and not (
        consented(person, channel, touch.purpose, at)
        or any(
            heard.kind == "invited"
            and heard.channel in (None, channel)
            and heard.at <= at < heard.at + 90 * DAY
            for heard in person.heard
        )
    ):
        yield "CG102"
    if (
        channel in PERSONAL
        and not any(c.channel == channel and c.at <= at for c in person.consents)
        and not any(
            heard.kind == "invited" and heard.channel in (None, channel) and heard.at <= at
            for heard in person.heard
        )
    ):
        yield "CG203"
    for heard in person.heard:
        if (
            heard.kind in COOL_DOWN
            and at < heard.at + COOL_DOWN[heard.kind]
            and not invited_since(person, heard, channel)
        ):
            yield "CG501"
            break
    for heard in person.heard:
        if (
            heard.kind in ("declined", "hung_up", "opt_out")
            and heard.channel != channel
            and at < heard.at + 180 * DAY
            and not invited_since(person, heard, channel)
        ):
            yield "CG502"
            break
    if touch.automated:
        for heard in person.heard:
            if (
                heard.kind in ("replied", "meeting_booked", "purchased")
                and heard.at <= at < heard.at + 30 * DAY
            ):
                yield "CG603"
                break
    if touch.audience == "prospects" and any(h.kind == "purchased" for h in person.heard):
        yield "CG604"
    recent = [
        sent
        for sent in since(person.sent, at - 60 * DAY)
        if sent.purpose not in ("service", "transactional")
    ]
    if any(sent.team != touch.team and at - 30 * DAY < sent.at <= at for sent in recent):
        yield "CG601"
    if touch.automated and touch.cadence:
        for sent in recent:
            if sent.cadence not in (None, touch.cadence) and at - 14 * DAY < sent.at <= at:
                yield "CG602"
                break
    for tag, limit, per in (("urgent", 1, 14 * DAY), ("promotional", 4, 60 * DAY)):
        if tag in touch.tags and full(
            [sent.at for sent in recent if tag in sent.tags], at, limit, per
        ):
            yield "CG702"
    if (touch.automated or not is_answer(person, at)) and streak_broken(person, at):
        yield "CG303"


def streak_broken(person: Person, at: datetime) -> bool:
    """Whether, with a touch at `at`, it or one booked after it comes too soon in a streak."""
    answers = [heard.at for heard in person.heard if heard.kind in (*ANSWERS, "purchased")]
    start = max((when for when in answers if when <= at), default=at - 400 * DAY)
    end = min((when for when in answers if when > at), default=None)
    streak = [
        sent.at
        for sent in since(person.sent, max(start, at - 400 * DAY))
        if sent.purpose not in ("service", "transactional")
        and sent.at > start
        and (end is None or sent.at < end)
    ]
    ahead = sum(when > at for when in streak)
    streak.insert(len(streak) - ahead, at)
    for number, (one, other) in enumerate(pairwise(streak), 1):
        gap = 90 * DAY if number >= 6 else 7 * DAY if number >= 3 else timedelta()
        if other >= at and other - one < gap:
            return True
    return False


def crowding(person: Person, touch: Touch, at: datetime) -> Iterator[str]:
    """Caps and the gap, over touches made and booked; answers are not counted."""
    recent = [
        sent
        for sent in since(person.sent, at - 30 * DAY)
        if sent.purpose != "transactional" and (sent.automated or not is_answer(person, sent.at))
    ]
    times = [sent.at for sent in recent]
    if any(abs(when - at) < 20 * HOUR for when in times):
        yield "CG302"
    if touch.channel in ("email", "call"):
        same = [sent.at for sent in recent if sent.channel == touch.channel]
        if full(same, at, 2, 7 * DAY):
            yield "CG301"
    if full(times, at, 3, 7 * DAY):
        yield "CG301"
    if full(times, at, 8, 30 * DAY):
        yield "CG301"
    account = [
        sent.at for sent in since(person.account, at - 7 * DAY) if sent.purpose != "transactional"
    ]
    if full(account, at, 6, 7 * DAY):
        yield "CG301"


def first_reason(person: Person, touch: Touch, at: datetime) -> str | None:
    """The first objection, None if the touch may be made."""
    return next(objections(person, touch, at), None)


ENDS = [hours * HOUR for hours in (20, 48)] + [days * DAY for days in (3, 7, 14, 30, 60, 90, 180)]


def candidates(person: Person, touch: Touch, at: datetime) -> Iterable[datetime]:
    """The instants up to the horizon at which an objection can end."""
    end = at + HORIZON
    found = {
        when
        for event in (*person.account, *person.heard, *person.consents)
        for when in (event.at, *(event.at + long for long in ENDS))
        if at < when <= end
    }
    found.update(h.until for h in person.heard if h.until is not None and at < h.until <= end)
    return [at, *sorted(found)]


def same_answer(
    person: Person, touch: Touch, at: datetime
) -> tuple[str, list[str], datetime | None]:
    """(verdict, all reasons at `at`, the earliest time without one)."""
    reasons = list(objections(person, touch, at))
    if not reasons:
        return "allow", reasons, None
    if not {"CG101", "CG706"}.isdisjoint(reasons):
        return "deny", reasons, None  # these never end
    for candidate in candidates(person, touch, at):
        candidate = next_open(candidate, touch.channel, person.zones)
        if candidate - at <= HORIZON and first_reason(person, touch, candidate) is None:
            return "defer", reasons, candidate
    return "deny", reasons, None


def people(events: dict[str, list[Any]], zones: dict[str, tuple[str, ...]]) -> dict[str, Person]:
    """The people of a workload, out of its event models."""
    accounts: dict[str, list[Sent]] = {}
    found: dict[str, Person] = {}
    for name, told in events.items():
        contact = told[0]
        first = contact.points[0]
        person = found[name] = Person(
            contact.name.split()[0],
            tuple(map(ZoneInfo, zones[name])),
            first.use,
            first.source,
            account=accounts.setdefault(contact.account, []),
        )
        for event in told[1:]:
            if event.event == "touch":
                sent = Sent(
                    event.at, event.channel, event.purpose, event.team, event.cadence, event.step,
                    event.tags, event.automated, event.outcome,
                )  # fmt: skip
                person.sent.append(sent)
                person.account.append(sent)
                if event.outcome == "answered":
                    person.heard.append(Heard(event.at, "replied", event.channel, None))
            elif event.event == "signal":
                person.heard.append(Heard(event.at, event.kind, event.channel, event.until))
            elif event.event == "consent":
                person.consents.append(Consent(event.at, event.channel, event.purpose))
        person.sent.sort(key=_at)
        person.heard.sort(key=_at)
    for sent in accounts.values():
        sent.sort(key=_at)
    return found
