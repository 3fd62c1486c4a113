"""The workload: people with 50 past touches each, and 64 planned touches to judge.

Drawn at random from a fixed seed: the same events and touches in every run. A planned touch is kept
until each verdict has its third, so that neither the quick yes nor the quick no sets the pace.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cadence_guard.book import Book
from cadence_guard.engine import decide
from cadence_guard.events import Event, parse_event
from cadence_guard.history import Case
from cadence_guard.instants import to_us
from cadence_guard.policy import Policy
from cadence_guard.ruleset import Ruleset
from cadence_guard.touch import Touch

NOW = datetime(2026, 3, 10, 15, 20, tzinfo=UTC)
PAST = 50
SCENARIOS = 64
PURPOSES = ("sales", "marketing", "service", "survey", "transactional")
CHANNELS = ("email", "call", "sms", "whatsapp", "voicemail", "social", "post")
PLACES: tuple[dict[str, str], ...] = (
    {"time_zone": "America/Chicago"},
    {"time_zone": "Europe/Berlin"},
    {"time_zone": "Australia/Lord_Howe"},
    {"country": "US", "region": "US-TX"},
    {"country": "US"},
    {"country": "FR"},
)
PHONE_CHANNELS = ("call", "sms", "whatsapp", "voicemail")
POINTS = {
    "email": "ada{n}@studio.example",
    "phone": "+1512555{n:04d}",
    "social": "ada{n}",
    "post": "{n} Elm Street, Austin",
}
KIND = {"email": "email", "social": "social", "post": "post"} | dict.fromkeys(
    PHONE_CHANNELS, "phone"
)


class World(NamedTuple):
    """What the decide section runs on."""

    ruleset: Ruleset
    events: dict[str, list[dict[str, Any]]]
    """The events of each person, as they would arrive."""
    book: Book
    touches: list[Touch]

    def case(self, touch: Touch) -> Case:
        """A fresh case of a touch."""
        assert touch.at is not None
        return self.book.case(touch, to_us(touch.at))


def hashed(text: str) -> str:
    """No keyed hash is needed where nobody is forgotten."""
    return f"hmac-sha256:{hash(text):x}"


def text(moment: datetime) -> str:
    """An instant as an event writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def to_point(n: int, channel: str) -> str:
    """The contact point of person `n` that a channel reaches."""
    return POINTS[KIND[channel]].format(n=n)


def person(n: int, rng: random.Random, past: int = PAST) -> list[dict[str, Any]]:
    """The events of person `n`, in order of time: facts, consents, touches, what came back.

    The touches lie about a week apart; people answer now and then, one in three refuses something.
    """
    name = f"c-{n}"
    start = NOW - timedelta(days=7 * past + 30)
    contact = {
        "event": "contact",
        "contact": name,
        "at": text(start),
        "name": "Ada Berg",
        "account": f"a-{n // 2}",
        "points": [
            {
                "kind": kind,
                "value": value.format(n=n),
                "use": "work" if n % 4 else "unknown",
                "source": "given_by_contact",
            }
            for kind, value in POINTS.items()
        ],
        **PLACES[n % len(PLACES)],
    }
    events: list[tuple[datetime, dict[str, Any]]] = [(start, contact)]
    for purpose in ("sales", "marketing", "survey", "service"):
        for channel in ("email", "call", "sms", "whatsapp", "voicemail"):
            if rng.random() < 0.85:
                at = start + timedelta(hours=rng.randrange(1, 200))
                events.append((at, {"event": "consent", "status": "granted", "purpose": purpose,
                                    "channel": channel, "source": "trial_form",
                                    "evidence": "form 12"}))  # fmt: skip
    at = start
    rest = 9 if n % 3 else 1.5  # days since the last one
    step = (NOW - timedelta(days=rest) - start) / past
    for i in range(past):
        at = start + step * (i + 1) - timedelta(minutes=rng.randrange(0, 3000))
        channel = rng.choice(("email", "email", "email", "call", "sms"))
        outcome = {"call": rng.choice(("answered", "no_answer", "voicemail"))}.get(
            channel, "delivered"
        )
        events.append((at, {"event": "touch", "id": f"{name}-t-{i}", "channel": channel,
                            "to": to_point(n, channel), "team": "sales",
                            "purpose": rng.choice(("sales", "marketing", "sales", "service")),
                            "cadence": "spring", "step": f"s-{i}",
                            "tags": rng.choice(([], ["helpful"], ["promotional"])),
                            "outcome": outcome}))  # fmt: skip
        if i % 4 == 3:
            back = at + timedelta(minutes=rng.randrange(20, 2000))
            kind = "replied" if i < past - 4 or n % 3 else "opened"
            events.append((back, {"event": "signal", "kind": kind, "channel": channel}))
    for days, said in (
        (20, {"kind": "declined", "channel": "call"} if n % 6 == 2 else None),
        (1, {"kind": "not_now", "channel": "email"} if n % 6 == 5 else None),
        (40, {"kind": "opt_out", "channel": "email"} if n % 6 == 3 else None),
        (2, {"kind": "paused", "until": text(NOW + timedelta(days=5))} if n % 8 == 4 else None),
        (3, {"kind": "invited"} if n % 4 == 1 else None),
    ):
        if said:
            events.append((NOW - timedelta(days=days), {"event": "signal", **said}))
    events.sort(key=lambda pair: pair[0])
    return [{**event, "contact": name, "at": text(at)} for at, event in events]


def planned(n: int, number: int, rng: random.Random) -> dict[str, Any]:
    """A touch somebody plans for person `n` within the coming week."""
    channel = rng.choice(CHANNELS)
    at = NOW + timedelta(minutes=rng.randrange(0, 7 * 24 * 60))
    touch: dict[str, Any] = {
        "event": "touch",
        "id": f"p-{number}",
        "contact": f"c-{n}",
        "at": text(at),
        "channel": channel,
        "to": to_point(n, channel),
        "team": rng.choice(("sales", "sales", "sales", "marketing")),
        "purpose": rng.choice(PURPOSES),
        "cadence": rng.choice(("spring", "spring", "summer")),
        "step": f"n-{number}",
        "tags": rng.choice(([], ["helpful"], ["promotional"], ["urgent"])),
        "automated": rng.random() < 0.7,
    }
    if rng.random() < 0.5:
        touch["greeting"] = "Dear Ada"
    if rng.random() < 0.2:
        touch["not_after"] = text(at + timedelta(days=rng.randrange(1, 9)))
    return touch


def booked(n: int, rng: random.Random) -> dict[str, Any]:
    """A touch booked for later."""
    return {
        "event": "touch",
        "id": f"b-{n}",
        "contact": f"c-{n}",
        "at": text(NOW + timedelta(days=4, minutes=rng.randrange(0, 2000))),
        "channel": "email",
        "to": to_point(n, "email"),
        "team": "sales",
        "purpose": "sales",
        "cadence": "spring",
        "step": f"b-{n}",
    }


def long_ago(n: int, older: int) -> list[dict[str, Any]]:
    """Touches of person `n`, an hour apart, that end 500 days before now."""
    end = NOW - timedelta(days=500)
    return [
        {
            "event": "touch",
            "id": f"c-{n}-old-{i}",
            "contact": f"c-{n}",
            "at": text(end - timedelta(hours=older - i)),
            "channel": "email",
            "to": to_point(n, "email"),
            "team": "sales",
            "purpose": "sales",
            "cadence": "autumn",
            "step": f"o-{i % 50}",
            "outcome": "delivered",
        }
        for i in range(older)
    ]


def fold(events: list[Event]) -> Book:
    """A book that has been told these events."""
    book = Book(hashed)
    for event in events:
        book.fold(event)
    return book


def build(past: int = PAST, people: int = 16, older: int = 0) -> World:
    """The people, and 64 planned touches: a third allowed, a third deferred, a third denied.

    `older` adds that many touches to each person's past, too old to change an answer."""
    rng = random.Random(2026)
    ruleset = Ruleset(Policy(packs=["humane"]))
    events = {f"c-{n}": person(n, rng, past) for n in range(people)}
    for n in range(people if older else 0):
        events[f"c-{n}"][:0] = long_ago(n, older)
    for n in range(0, people, 4):
        events[f"c-{n}"].append(booked(n, rng))
    book = fold([parse_event(event) for told in events.values() for event in told])
    world = World(ruleset, events, book, [])
    room = Counter(allow=22, defer=21, deny=21)
    receipts = 8  # most are judged by a handful of rules only, and allowed
    for number in range(100_000):
        if not +room:
            break
        touch = parse_event(planned(rng.randrange(people), number, rng))
        assert isinstance(touch, Touch)
        receipt = touch.purpose == "transactional"
        verdict = decide(ruleset, world.case(touch)).verdict.value
        if room[verdict] and (receipts or not receipt):
            receipts -= receipt
            room[verdict] -= 1
            world.touches.append(touch)
    assert len(world.touches) == SCENARIOS
    rng.shuffle(world.touches)
    return world
