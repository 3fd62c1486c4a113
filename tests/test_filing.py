"""Many facts told at once: the same ledger as told one after the other, in far fewer steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from cadence_guard import Contact, EventError, Forget, Guard, LedgerUnavailable, Policy, Signal
from cadence_guard import guard as guard_module
from cadence_guard.errors import Conflict
from cadence_guard.events import Event, parse_event, parse_events, to_line
from cadence_guard.guard import TRIES
from cadence_guard.ledgers import Filed
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.ledgers.sqlite import SqliteLedger
from cadence_guard.testing import EMAIL, FixedClock, a_contact, a_touch
from cadence_guard.touch import Release
from strategies import World, text

NOW = datetime(2026, 3, 2, 16, tzinfo=UTC)
NOES_ONLY = Policy(packs=[])


def opt_out(contact: str = "c-1", **more: Any) -> Signal:
    return Signal(contact=contact, at=NOW, kind="opt_out", **more)


class Counting(MemoryLedger):
    """Counts the appends, and is down, or slower than somebody else, when it is told to be."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.before: Iterator[Exception | Event | None] = iter(())

    def append(self, events: Iterable[Filed], expect: Mapping[str, int] | None = None) -> None:
        events = list(events)
        first = next(self.before, None)
        if isinstance(first, Exception):
            raise first
        if first is not None:
            self.before, before = iter(()), self.before
            guard(self).record(first)
            self.before = before
        super().append(events, expect)
        self.sizes.append(len(events))


def guard(ledger: Any) -> Guard:
    return Guard(NOES_ONLY, ledger=ledger, clock=FixedClock(NOW), key="secret")


def held(ledger: MemoryLedger) -> list[Filed]:
    return list(ledger._events.values())


# -- the law ----------------------------------------------------------------------------------


def random_events(rnd: Random) -> list[dict[str, Any]]:
    """A history, with what is told twice, contradicted, released and erased in it."""
    world = World(rnd)
    events = [event for event in world.events() if "at" in event]
    for event in events:
        if event["event"] == "touch":
            event.setdefault("outcome", rnd.choice(("sent", "unknown", "failed")))
            if rnd.random() < 0.1:
                del event["id"]
    for _ in range(rnd.randrange(8)):
        touches = [event for event in events if event.get("id")]
        more = dict(rnd.choice(events))
        what = rnd.random()
        if what < 0.15:
            more = {"event": "forget", "contact": world.whom(), "at": text(world.moment())}
        elif what < 0.25:
            who = Guard(NOES_ONLY, key="secret")._shelves.hash(world.whom())
            more = {"event": "suppress", "contact": who, "at": text(world.moment())}
        elif what < 0.4 and touches:
            of = rnd.choice(touches)
            more = {"event": "release", "touch": of["id"], "contact": "c1", "at": of["at"]}
        elif what < 0.7 and touches:
            more = rnd.choice(touches) | {"outcome": rnd.choice(("sent", "hung_up", "failed"))}
        elif what < 0.75 and touches:
            more = rnd.choice(touches) | {"contact": world.whom(), "purpose": "survey"}
        elif what < 0.85:
            who = {"contact": world.whom(), "account": rnd.choice(("berg", "other"))}
            more = {"event": "contact", "at": text(world.moment(-1, 1)), **who}
        events.insert(rnd.randint(0, len(events)), more)
    return events


def one_by_one(guard: Guard, events: list[dict[str, Any]]) -> str | None:
    for number, event in enumerate(events, 1):
        try:
            guard.record(event)
        except EventError as error:
            return f"event {number}: {error}"
    return None


def all_at_once(guard: Guard, events: list[dict[str, Any]]) -> str | None:
    try:
        guard.record_all(iter(events))
    except EventError as error:
        return str(error)
    return None


@given(st.randoms(use_true_random=False), st.sampled_from([1, 2, 3, 5, 1000]))
@settings(max_examples=150, deadline=None)
def test_told_at_once_is_told_one_by_one(rnd: Random, at_once: int) -> None:
    events = random_events(rnd)
    ledgers: list[MemoryLedger] = []
    answers = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard_module, "AT_ONCE", at_once)
        for tell in (one_by_one, all_at_once):
            marks = count()
            patch.setattr(guard_module, "token_hex", lambda _, marks=marks: str(next(marks)))
            ledgers.append(MemoryLedger())
            ours = guard(ledgers[-1])
            split = len(events) // 2
            wrong = tell(ours, events[:split]) or tell(ours, events[split:])
            answers.append(wrong)
            for who in ("c1", "c2", "c3"):
                ours.record(opt_out(who, channel="call"))  # filed by what is known of them
    assert answers[0] == answers[1]
    assert held(ledgers[0]) == held(ledgers[1])
    ours, fresh = guard(ledgers[1]), guard(ledgers[0])
    for who in ("c1", "c2", "c3"):
        asked = {"contact": who, "at": text(NOW), "channel": "email", "to": "al@x.example"}
        asked["purpose"] = "sales"
        assert ours.evaluate(asked) == fresh.evaluate(asked)


@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_a_shelf_that_was_told_ahead_is_as_if_it_had_been_read(rnd: Random) -> None:
    """On SQLite what is read back are other objects than those that were told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard_module, "token_hex", lambda _: "mark")
        ledger = MemoryLedger()
        ours = guard(Parsing(ledger))
        for some in (random_events(rnd), random_events(rnd)):
            all_at_once(ours, some)
    for who in ("c1", "c2", "c3"):
        near, far = ours._shelves.full(who), guard(ledger)._shelves.full(who)
        assert (near.page, near.told, near.ahead) == (far.page, far.told, [])
        probe = opt_out(who)
        assert near.book.streams(probe) == far.book.streams(probe)


class Parsing:
    """A ledger that gives events as they are read from lines."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def history(self, *args: Any) -> Any:
        page = self._ledger.history(*args)
        events = [Filed(parse_event(to_line(f.event)), f.streams) for f in page.events]
        return page._replace(events=events)


@pytest.mark.parametrize("split", [0, 1, 2, 3])
def test_a_signal_about_a_touch_that_was_released_just_before(split: int) -> None:
    """The release says what stands under the id, though nobody has asked for the contact yet."""
    touch = a_touch(id="t-1", at=NOW, outcome="unknown")
    failed = touch.model_copy(update={"outcome": "failed"})
    events = [failed, Release(touch="t-1", contact="c-1", at=NOW), opt_out(touch="t-1")]
    ledger = MemoryLedger()
    guard(ledger).record(touch)
    ours = guard(ledger)
    ours.record_all(events[:split])
    ours.record_all(events[split:])
    assert [filed.event for filed in held(ledger)] == [touch, *events]
    assert held(ledger)[-1].streams.points == frozenset(), "nothing stands that it could mean"


def test_what_was_told_before_is_not_told_again() -> None:
    """Of two accounts at one instant the one that arrived last holds, also if the other one is
    repeated."""
    berg, tal = (a_contact(at=NOW, account=account) for account in ("berg", "tal"))
    ledger = MemoryLedger()
    guard(ledger).record_all([berg, tal, berg, a_touch(id="t-1", at=NOW, outcome="sent")])
    assert held(ledger)[-1].streams.account == "tal"


# -- how much at once -------------------------------------------------------------------------


def test_a_thousand_events_are_one_step() -> None:
    ledger = Counting()
    guard(ledger).record_all(opt_out(f"c-{number}") for number in range(2500))
    assert ledger.sizes == [1000, 1000, 500]


def test_an_erasure_stands_by_itself() -> None:
    ledger = Counting()
    ours = guard(ledger)
    ours.record_all([opt_out(), Forget(contact="c-1"), opt_out("c-2"), opt_out("c-3")])
    assert ledger.sizes == [1, 2]
    assert ledger.history(["contact:c-1"]).events == []
    assert not ours.evaluate(a_touch())


def test_nothing_and_what_is_known_changes_nothing() -> None:
    ledger = Counting()
    ours = guard(ledger)
    ours.record_all([])
    ours.record_all([opt_out(), opt_out(), a_touch(id="t-1", outcome="sent", at=NOW)])
    ours.record_all([a_touch(id="t-1", outcome="sent", at=NOW)])
    ours.record_all([opt_out(), a_touch(id="t-1", outcome="sent", at=NOW)])
    assert [filed.event.event for filed in held(ledger)] == ["signal", "touch"]
    assert ledger.sizes == [3, 1]


def test_it_reads_no_further_than_it_writes() -> None:
    ledger = Counting()
    seen: list[int] = []

    def events() -> Iterator[Event]:
        for number in range(2001):
            seen.append(len(ledger.sizes))
            yield opt_out(f"c-{number}")

    guard(ledger).record_all(events())
    assert (seen[999], seen[1000], seen[2000]) == (0, 1, 2)


# -- what is wrong ----------------------------------------------------------------------------


def test_what_stands_above_a_wrong_event_is_recorded() -> None:
    ledger = Counting()
    ours = guard(ledger)
    with pytest.raises(EventError, match=r"^event 3: touch: 'outcome' is missing"):
        ours.record_all([a_contact(at=NOW), opt_out(), a_touch(id="t-1"), opt_out("c-2")])
    assert [filed.event for filed in held(ledger)] == [a_contact(at=NOW), opt_out()]
    first = a_touch(id="t-1", at=NOW, outcome="sent")
    with pytest.raises(EventError, match=r"^event 3: touch 't-1' was told before with other"):
        ours.record_all(
            [
                opt_out("c-2"),
                first,
                a_touch(id="t-1", at=NOW, purpose="survey", outcome="sent"),
                opt_out("c-3"),
            ]
        )
    assert [filed.event for filed in held(ledger)][2:] == [opt_out("c-2"), first]
    with pytest.raises(EventError, match=r"^event 1: touch 't-1' was told before with other"):
        ours.record_all([first.model_copy(update={"purpose": "survey"})])


def test_what_the_events_raise_comes_through_and_what_stands_above_is_recorded() -> None:
    ledger = Counting()
    lines = to_line(opt_out()) + "\n" + to_line(opt_out("c-2")) + "\n{broken"
    with pytest.raises(EventError, match=r"^line 3, column 2: broken JSON"):
        guard(ledger).record_all(parse_events(lines))
    assert len(held(ledger)) == 2


@pytest.mark.parametrize(
    "one", [opt_out(), {"event": "forget"}, "events.jsonl", Path("events.jsonl"), b"{}"]
)
def test_one_event_or_a_path_is_no_iterable_of_events(one: Any) -> None:
    with pytest.raises(EventError, match="expected an iterable of events; parse_events makes one"):
        guard(MemoryLedger()).record_all(one)


def test_a_ledger_that_is_down_has_the_thousands_before() -> None:
    ledger = Counting()
    ours = guard(ledger)
    events = [opt_out(f"c-{number}") for number in range(1200)]
    ledger.before = iter([None, LedgerUnavailable("disk full")])
    with pytest.raises(LedgerUnavailable, match="disk full"):
        ours.record_all(events)
    assert ledger.sizes == [1000]
    assert len(held(ledger)) == 1000
    ours.record_all(events)
    assert [filed.event for filed in held(ledger)] == events


def test_what_was_not_appended_is_not_known() -> None:
    ledger = Counting()
    ours = guard(ledger)
    moved = Contact(contact="c-1", at=NOW + timedelta(days=1), account="berg")
    ledger.before = iter([LedgerUnavailable("disk full")])
    with pytest.raises(LedgerUnavailable):
        ours.record_all([moved, opt_out()])
    ours.record(opt_out(channel="email"))
    assert held(ledger)[-1].streams.account is None
    ours.record_all([moved, opt_out()])
    assert [filed.streams.account for filed in held(ledger)] == [None, None, "berg"]


# -- others are faster ------------------------------------------------------------------------


def test_others_in_between_are_heard() -> None:
    """Somebody moves c-2 to an account between reading and appending: told again, by halves."""
    ledger = Counting()
    ours = guard(ledger)
    moved = Contact(contact="c-2", at=NOW, account="berg")
    ledger.before = iter([moved])
    ours.record_all([opt_out("c-1"), opt_out("c-2"), opt_out("c-3"), opt_out("c-4")])
    accounts = {f.event.contact: f.streams.account for f in held(ledger) if f.event != moved}
    assert accounts == {"c-1": None, "c-2": "berg", "c-3": None, "c-4": None}
    assert ledger.sizes == [1, 2, 2]


def test_a_wrong_event_keeps_its_number_when_it_is_told_by_halves() -> None:
    ledger = Counting()
    ledger.before = iter([Conflict("faster"), Conflict("faster")])
    wrong = a_touch(id="t-1", at=NOW, outcome="sent", purpose="survey")
    first = a_touch(id="t-1", at=NOW, outcome="sent")
    with pytest.raises(EventError, match=r"^event 6: touch 't-1' was told before"):
        guard(ledger).record_all(
            [Forget(contact="c-9"), opt_out(), first, opt_out("c-2"), opt_out("c-3"), wrong]
        )
    assert len(held(ledger)) == 5  # the mark of the key is one


def test_an_id_that_somebody_gave_to_another_contact_in_between_is_taken() -> None:
    ledger = Counting()
    theirs = a_touch(id="t-1", contact="c-2", at=NOW, outcome="sent")
    ledger.before = iter([theirs])
    with pytest.raises(EventError, match="touch 't-1' was told before with other content: contact"):
        guard(ledger).record(a_touch(id="t-1", at=NOW, outcome="sent"))
    assert [filed.event for filed in held(ledger)] == [theirs]


def test_who_is_always_later_gives_up() -> None:
    ledger = Counting()
    ledger.before = iter([Conflict("faster")] * (TRIES + 2))
    with pytest.raises(LedgerUnavailable, match=f"faster {TRIES} times"):
        guard(ledger).record_all([opt_out("c-1"), opt_out("c-2"), opt_out("c-3")])
    assert held(ledger) == []


def test_on_sqlite(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ours = guard(ledger)
    events: list[Event] = [
        a_contact(at=NOW, account="berg"),
        a_touch(id="t-1", at=NOW, outcome="unknown"),
        opt_out(touch="t-1"),
        a_touch(id="t-1", at=NOW, outcome="sent"),
    ]
    ours.record_all(events)
    page = ledger.history(["contact:c-1"])
    assert [filed.event for filed in page.events] == events
    assert [filed.streams.points for filed in page.events[1:]] == [frozenset({EMAIL})] * 3
    ours.record_all(events[2:])
    assert ledger.history(["contact:c-1"]) == page
    ours.record_all([Forget(contact="c-1", at=NOW), *events])
    assert [filed.event for filed in ledger.history(["contact:c-1"]).events] == events


def test_many_at_once_tell_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads over two guards, half of each one's events also told by its neighbour."""
    monkeypatch.setattr(guard_module, "AT_ONCE", 10)
    path = tmp_path / "ledger.db"
    guards = [guard(SqliteLedger(path)), guard(SqliteLedger(path))]
    events = [
        opt_out(f"c-{number % 3}", channel="email", point=f"{number}@x.example")
        for number in range(100)
    ]

    def tell(number: int) -> None:
        some = (events[20 * number :] + events[: 20 * number])[:40]
        guards[number % 2].record_all(some)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(tell, range(5)))
    kept = [
        f.event for f in SqliteLedger(path).history([f"contact:c-{n}" for n in range(3)]).events
    ]
    assert len(kept) == len(set(kept)) == 100
    assert set(kept) == set(events)
