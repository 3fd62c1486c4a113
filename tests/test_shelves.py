"""Whatever was read before, and of whom: a guard knows what a book of everything knows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cadence_guard import Contact, Decision, Guard, Policy, Touch
from cadence_guard.book import Book
from cadence_guard.engine import decide
from cadence_guard.events import Event, parse_event
from cadence_guard.instants import to_us
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.testing import FixedClock

START = datetime(2026, 3, 2, tzinfo=UTC)
PEOPLE = ("c-1", "c-2", "c-3")
KINDS = ("replied", "opened", "invited", "not_now", "paused")


def a_policy(rnd: random.Random) -> Policy:
    """Caps of the account, some of the point or the contact, and answers that are left alone."""
    caps: list[dict[str, Any]] = [
        {
            "max": rnd.choice((1, 2, 3)),
            "per": rnd.choice(("12h", "3d", "7d", "40d")),
            "scope": "account",
        }
    ]
    if rnd.random() < 0.4:
        unit = rnd.choice(("day", "week"))
        caps.append({"max": 2, "calendar": unit, "scope": "account", "channels": ["email"]})
    if rnd.random() < 0.4:
        caps.append({"max": 2, "per": "3d", "scope": "point"})
    if rnd.random() < 0.4:
        caps.append({"max": 4, "per": "30d"})
    answers = {
        "signals": rnd.sample(("replied", "opened", "invited"), 2),
        "within": rnd.choice(("1d", "5d")),
    }
    return Policy(packs=[], rules={"over-cap": caps, "too-soon": {"gap": "2h"}}, answers=answers)


def a_touch_of(rnd: random.Random, at: datetime) -> dict[str, Any]:
    """A touch to one of three people, at an address of their own or one they share."""
    who = rnd.choice(PEOPLE)
    return {
        "event": "touch", "contact": who, "at": at, "channel": "email", "purpose": "sales",
        "to": rnd.choice((f"{who}@example.org", "info@example.org")),
        "automated": rnd.random() < 0.5,
    }  # fmt: skip


def a_history(rnd: random.Random) -> Iterator[dict[str, Any]]:
    """What is told of three people who change between two accounts, in order of time."""
    at = START
    for number in range(40):
        at += timedelta(hours=rnd.choice((0, 0, 1, 3, 10, 30, 300)))
        chance = rnd.random()
        about = {"contact": rnd.choice(PEOPLE), "at": at}
        if chance < 0.15:
            yield {"event": "contact", **about, "account": rnd.choice(("acme", "berg"))}
        elif chance < 0.4:
            yield {"event": "signal", **about, "kind": rnd.choice(KINDS)}
        else:
            outcome = rnd.choice(("sent", "delivered", "unknown"))
            yield {**a_touch_of(rnd, at), "id": f"t-{number}", "outcome": outcome}


def play(seed: int) -> None:
    """Tells a random history, and asks now and then; some answers are looked at only at its end."""
    rnd = random.Random(seed)
    policy, ledger = a_policy(rnd), MemoryLedger()
    told: list[Event] = []
    answers: list[tuple[Decision, str]] = []

    def guard() -> Guard:
        return Guard(policy, ledger=ledger, clock=FixedClock(START), key="secret")

    kept, others, anew = guard(), guard(), guard()
    for told_now in a_history(rnd):
        event = parse_event(told_now)
        others.record(event)
        if event not in told:
            told.append(event)
        book = Book(str)
        for event in told:
            book.fold(event)
        for hours in rnd.sample((-800, -20, 0, 1, 30), rnd.choice((0, 1, 2))):
            at = told_now["at"] + timedelta(hours=hours)
            touch = Touch.model_validate(a_touch_of(rnd, at))
            facts = None
            if rnd.random() < 0.3:
                facts = Contact(contact=touch.contact, account=rnd.choice(("acme", "berg")))
            known = decide(kept.ruleset, book.case(touch, to_us(at), facts)).to_json()
            answers.append((kept.evaluate(touch, contact=facts), known))
            if rnd.random() < 0.5:
                assert answers[-1][0].to_json() == known
            anew._shelves.clear()
            assert anew.evaluate(touch, contact=facts).to_json() == known
    for decision, known in answers:
        assert decision.to_json() == known


@pytest.mark.parametrize("seed", range(80, 140))
def test_whatever_was_read_before_the_answer_is_that_of_everything(seed: int) -> None:
    play(seed)


@pytest.mark.deep
@pytest.mark.parametrize("first", range(1000, 4000, 100))
def test_many_more(first: int) -> None:
    for seed in range(first, first + 100):
        play(seed)
