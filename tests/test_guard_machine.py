"""A state machine drives two guards over one ledger, against a plain list of what was told.

What it believes is small: every decision is that of a fresh book that is told the whole list; a
booking breaks no cap and no gap by a plain count; an id is booked once; a no stays.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cadence_guard import (
    Consent,
    Contact,
    ContactPoint,
    Decision,
    EventError,
    Forget,
    Guard,
    Policy,
    Refused,
    Signal,
    Suppress,
    Touch,
)
from cadence_guard.book import Book
from cadence_guard.engine import decide
from cadence_guard.events import Event
from cadence_guard.instants import DAY, HOUR, to_us
from cadence_guard.ledgers import Ledger
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.ledgers.sqlite import SqliteLedger
from cadence_guard.reservation import Reservation
from cadence_guard.testing import START, FixedClock, a_touch
from cadence_guard.touch import Release

POLICY = Policy(
    packs=[],
    rules={
        "over-cap": [
            {"max": 2, "per": "3d"},
            {"max": 3, "per": "3d", "scope": "account"},
            {"max": 3, "per": "3d", "scope": "point"},
        ],
        "too-soon": {"gap": "12h"},
        "after-refusal": {"not_now": "1d", "declined": "4d", "hung_up": "4d"},
        "channel-hop": {"for": "2d"},
        "missed-calls": {"max": 2, "per": "3d"},
        "paused": {},
    },
    answers={"signals": ["replied"], "within": "1d"},
)
WHO = st.sampled_from(["c-1", "c-2"])
CHANNEL = st.sampled_from(["email", "email", "call", "sms"])
TO = {
    "email": st.sampled_from(["a@example.org", "A@Example.org", "b@example.org"]),
    "call": st.just("+493055501234"),
    "sms": st.just("+493055501234"),
}
HOURS = st.integers(-100, 100)
ACCOUNT = st.sampled_from(["acme", "berg"])
OUTCOMES = ("sent", "answered", "no_answer", "hung_up", "bounced", "failed", "unknown")
CLOCK = FixedClock(START)
LONG_AGO = CLOCK() - timedelta(days=900)


def at(hours: int) -> Any:
    return CLOCK() + timedelta(hours=hours)


class GuardMachine(RuleBasedStateMachine):
    def make_ledger(self) -> Ledger:
        raise NotImplementedError

    def reopened(self, ledger: Ledger) -> Ledger:
        return ledger

    def __init__(self) -> None:
        super().__init__()
        self.ledger = self.make_ledger()
        self.guards = [self.guard(), self.guard()]
        self.told: list[Event] = []
        self.known: list[Event] = []  # what would be the same event, told again
        self.ids: dict[str, Touch | None] = {}  # the touch that stands under an id
        self.reservations: dict[str, Reservation] = {}
        self.given_back: set[str] = set()  # those of them that were released
        self.numbers = count()

    def guard(self) -> Guard:
        return Guard(POLICY, ledger=self.ledger, clock=CLOCK, key="secret")

    # -- the model --------------------------------------------------------------------------------

    def book(self, *more: Event) -> Book:
        book = Book(self.guards[0]._shelves.hash)
        for event in (*self.told, *more):
            book.fold(event)
        return book

    def expected(self, touch: Touch, *more: Event) -> Decision:
        return decide(
            self.guards[0].ruleset, self.book(*more).case(touch, to_us(touch.at or CLOCK()))
        )

    def agree(self, ours: Decision, theirs: Decision) -> None:
        def told(decision: Decision) -> Any:
            found = {(f.code, f.effect, f.when, f.until) for f in decision.findings}
            listed = "CG104" in {f.code for f in decision.findings}
            needs = (
                () if listed else decision.needs
            )  # those of the last entry, and erasure reorders
            return decision.verdict, decision.until, decision.open_until, found, needs

        assert told(ours) == told(theirs)

    def counted_by_hand(self, touch: Touch) -> None:
        """No window of the contact over its cap, no gap too short, around a new booking."""
        if touch.automated is False:
            return  # may be an answer
        line = self.book().people[touch.contact].line
        mine = to_us(touch.at or CLOCK())
        others = sorted(
            past.at for past in line.touches if past.id != touch.id and past.form.automated
        )
        assert all(abs(mine - other) >= 12 * HOUR for other in others)
        near = sorted([mine, *others])
        for first, last in zip(near, near[2:], strict=False):
            assert not first <= mine <= last or last - first >= 3 * DAY

    def booked(self, touch: Touch, reservation: Reservation) -> None:
        assert touch.id is not None
        self.told.append(touch)
        self.ids[touch.id] = touch
        self.reservations[touch.id] = reservation
        self.given_back.discard(touch.id)
        self.counted_by_hand(touch)

    def record(self, event: Event, which: int) -> None:
        self.guards[which].record(event)
        if isinstance(event, Touch) or event not in self.known:
            self.told.append(event)
            self.known.append(event)

    # -- booking ----------------------------------------------------------------------------------

    @initialize(account=ACCOUNT)
    def described(self, account: str) -> None:
        points = (ContactPoint(kind="email", value="a@example.org"),)
        self.record(Contact(contact="c-1", at=LONG_AGO, account=account, points=points), 0)
        self.record(Contact(contact="c-2", at=LONG_AGO, account=account), 0)

    @rule(
        data=st.data(),
        who=WHO,
        channel=CHANNEL,
        hours=HOURS,
        which=st.integers(0, 1),
        automated=st.sampled_from([True, True, False]),
    )
    def reserve(
        self, data: st.DataObject, who: str, channel: str, hours: int, which: int, automated: bool
    ) -> None:
        touch = a_touch(
            id=f"t-{next(self.numbers)}",
            contact=who,
            channel=channel,
            at=at(hours),
            to=data.draw(TO[channel]),
            automated=automated,
        )
        expected = self.expected(touch)
        self.agree(self.guards[1 - which].evaluate(touch), expected)
        try:
            reservation = self.guards[which].reserve(touch)
        except Refused as refused:
            assert not expected
            self.agree(refused.decision, expected)
        else:
            assert expected
            self.booked(touch, reservation)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), which=st.integers(0, 1))
    def reserve_again(self, data: st.DataObject, which: int) -> None:
        touch = self.ids[data.draw(st.sampled_from(sorted(self.ids)))]
        if touch is None:
            return
        with pytest.raises(Refused):
            self.guards[which].reserve(touch.model_copy(update={"outcome": None}))

    @precondition(lambda self: self.reservations)
    @rule(data=st.data(), hours=HOURS, which=st.integers(0, 1))
    def resume(self, data: st.DataObject, hours: int, which: int) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.reservations)))
        guard, standing = self.guards[which], self.ids[id_]
        touch = self.reservations[id_].touch.model_copy(update={"at": at(hours)})
        if standing is not None and standing.outcome not in (None, "unknown", "failed"):
            with pytest.raises(Refused):
                guard.reserve(touch, resume=True)
            return
        more: list[Event] = []
        if standing is not None:
            more = [Release(touch=id_, contact=touch.contact, at=CLOCK())]
        expected = self.expected(touch, *more)
        try:
            reservation = guard.reserve(touch, resume=True)
        except Refused as refused:
            assert not expected
            self.agree(refused.decision, expected)
            self.told += more
            self.ids[id_] = None
        else:
            assert expected
            self.told += more
            self.booked(touch, reservation)

    @precondition(lambda self: self.reservations)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def confirm(self, data: st.DataObject, outcome: str) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.reservations)))
        reservation, standing = self.reservations[id_], self.ids[id_]
        known = standing.outcome if standing is not None else None
        told = reservation.touch.model_copy(update={"outcome": outcome})
        stale = standing is not None and id_ in self.given_back
        if outcome == "failed" and (stale or known not in (None, "unknown", "failed")):
            with pytest.raises(EventError):
                reservation.confirm(outcome)
            return
        reservation.confirm(outcome)
        if self.is_news(id_, outcome):
            self.told.append(told)
            self.ids[id_] = told

    def is_news(self, id_: str, outcome: str) -> bool:
        """Whether nobody has told that outcome yet, nor one that says more."""
        told: list[str | None] = []
        for event in self.told:
            if isinstance(event, Release) and event.touch == id_:
                told = []
            elif isinstance(event, Touch) and event.id == id_:
                told.append(event.outcome)
        weak = {None: 0, "unknown": 1, "failed": 1, "sent": 2, "delivered": 3}
        return outcome not in told and (not told or weak.get(outcome, 4) >= weak.get(told[-1], 4))

    @precondition(lambda self: self.reservations)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.reservations)))
        reservation, standing = self.reservations[id_], self.ids[id_]
        made = standing is not None and standing.outcome not in (None, "unknown", "failed")
        if made or (standing is not None and id_ in self.given_back):
            with pytest.raises(EventError):
                reservation.release()
            return
        reservation.release()
        if standing is not None:
            self.given_back.add(id_)
            self.told.append(Release(touch=id_, contact=standing.contact, at=CLOCK()))
            self.ids[id_] = None

    @precondition(lambda self: self.reservations)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.reservations)))
        reservation, standing = self.reservations[id_], self.ids[id_]
        reservation._closed = False
        with reservation:
            pass
        if standing is not None and standing.outcome is None:
            self.ids[id_] = standing.model_copy(update={"outcome": "unknown"})
            self.told.append(self.ids[id_])

    # -- being told -------------------------------------------------------------------------------

    @rule(
        data=st.data(),
        who=WHO,
        channel=CHANNEL,
        hours=HOURS,
        which=st.integers(0, 1),
        outcome=st.sampled_from(OUTCOMES),
        named=st.booleans(),
        old=st.booleans(),
    )
    def happened(
        self,
        data: st.DataObject,
        who: str,
        channel: str,
        hours: int,
        which: int,
        outcome: str,
        named: bool,
        old: bool,
    ) -> None:
        touch = a_touch(
            contact=who,
            channel=channel,
            to=data.draw(TO[channel]),
            outcome=outcome,
            at=LONG_AGO + timedelta(hours=hours) if old else at(hours),
        )
        if named:
            touch = touch.model_copy(update={"id": f"t-{next(self.numbers)}"})
            self.ids[touch.id or ""] = touch
        elif touch in self.known:
            return
        self.record(touch, which)
        self.guards[1 - which].record(touch)  # told twice

    @rule(
        data=st.data(),
        who=WHO,
        hours=HOURS,
        which=st.integers(0, 1),
        kind=st.sampled_from(["not_now", "declined", "hung_up", "replied", "invited", "paused"]),
        channel=st.one_of(st.none(), CHANNEL),
        about=st.booleans(),
    )
    def said(
        self,
        data: st.DataObject,
        who: str,
        hours: int,
        which: int,
        kind: str,
        channel: str | None,
        about: bool,
    ) -> None:
        self.say(data, who, hours, which, kind, channel, about)

    @rule(
        data=st.data(),
        who=WHO,
        which=st.integers(0, 1),
        kind=st.sampled_from(["opt_out", "complained", "wrong_person"]),
        channel=st.one_of(st.none(), CHANNEL),
        about=st.booleans(),
    )
    def said_no(
        self,
        data: st.DataObject,
        who: str,
        which: int,
        kind: str,
        channel: str | None,
        about: bool,
    ) -> None:
        self.say(data, who, 0, which, kind, channel, about)

    def say(
        self,
        data: st.DataObject,
        who: str,
        hours: int,
        which: int,
        kind: str,
        channel: str | None,
        about: bool,
    ) -> None:
        given: dict[str, Any] = {"channel": channel} if channel else {}
        theirs = [id_ for id_, touch in self.ids.items() if touch and touch.contact == who]
        if about and theirs:
            given["touch"] = data.draw(st.sampled_from(theirs))
        if kind == "paused":
            given["until"] = at(hours + 24)
        self.record(Signal(contact=who, at=at(hours), kind=kind, **given), which)

    @rule(who=WHO, hours=HOURS, channel=CHANNEL, which=st.integers(0, 1))
    def grants(self, who: str, hours: int, channel: str, which: int) -> None:
        self.record(
            Consent(
                contact=who,
                at=at(hours),
                purpose="sales",
                channel=channel,
                status="granted",
                evidence="form",
            ),
            which,
        )

    @rule(who=WHO, hours=HOURS, account=ACCOUNT, which=st.integers(0, 1))
    def moves(self, who: str, hours: int, account: str, which: int) -> None:
        point = ContactPoint(kind="email", value="b@example.org")
        self.record(Contact(contact=who, at=at(hours), account=account, points=(point,)), which)

    @rule(which=st.integers(0, 1), whom=st.sampled_from(["point", "contact"]))
    def suppressed(self, which: int, whom: str) -> None:
        given: dict[str, Any] = (
            {"point": "b@example.org"} if whom == "point" else {"contact": "c-2"}
        )
        self.record(Suppress(at=at(0), channel="email", **given), which)

    # -- erasing, and being there later -----------------------------------------------------------

    @rule(who=WHO, which=st.integers(0, 1))
    def forget(self, who: str, which: int) -> None:
        self.guards[which].forget(who)
        self.told.append(Forget(contact=who, at=CLOCK()))
        self.known = [event for event in self.known if event.contact not in (who, None)]
        gone = [id_ for id_, touch in self.ids.items() if touch and touch.contact == who]
        for id_ in (*gone, *(i for i, r in self.reservations.items() if r.touch.contact == who)):
            self.ids.pop(id_, None)
            self.reservations.pop(id_, None)
            self.given_back.discard(id_)

    @rule(which=st.integers(0, 1))
    def prune(self, which: int) -> None:
        self.guards[which].prune(CLOCK() - timedelta(days=400))
        for id_ in [i for i, touch in self.ids.items() if touch and touch.at < at(-9000)]:
            del self.ids[id_]

    @rule(which=st.integers(0, 1))
    def killed(self, which: int) -> None:
        self.ledger = self.reopened(self.ledger)
        self.guards[which] = self.guard()
        for id_, reservation in self.reservations.items():
            self.reservations[id_] = Reservation(
                self.guards[which], reservation.touch, reservation.decision, reservation._turn
            )

    @rule(data=st.data(), who=WHO, channel=CHANNEL, hours=HOURS, which=st.integers(0, 1))
    def ask(self, data: st.DataObject, who: str, channel: str, hours: int, which: int) -> None:
        touch = a_touch(contact=who, channel=channel, to=data.draw(TO[channel]), at=at(hours))
        self.agree(self.guards[which].evaluate(touch), self.expected(touch))

    @invariant()
    def opt_outs_stay(self) -> None:
        """Who named nothing is never touched again, but by a later consent with evidence."""
        for place, event in enumerate(self.told):
            if not (isinstance(event, Signal) and event.kind == "complained"):
                continue
            if event.channel or event.touch:
                continue
            touch = a_touch(contact=event.contact, at=at(0), to="new@example.org")
            for guard in self.guards:
                assert not guard.evaluate(touch), place

    def teardown(self) -> None:
        for guard in self.guards:
            for who, to in (("c-1", "a@example.org"), ("c-2", "b@example.org")):
                for hours in (-90, 0, 24, 90):
                    touch = a_touch(contact=who, to=to, at=at(hours))
                    self.agree(guard.evaluate(touch), self.expected(touch))


class MemoryMachine(GuardMachine):
    def make_ledger(self) -> Ledger:
        return MemoryLedger()


class SqliteMachine(GuardMachine):
    def make_ledger(self) -> Ledger:
        self.folder = Path(tempfile.mkdtemp())
        return SqliteLedger(self.folder / "ledger.db")

    def reopened(self, ledger: Ledger) -> Ledger:
        return SqliteLedger(self.folder / "ledger.db")

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            shutil.rmtree(self.folder)


def few(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


TestMemory = MemoryMachine.TestCase
TestMemory.settings = few(200, 30)
TestSqlite = SqliteMachine.TestCase
TestSqlite.settings = few(60, 25)


@pytest.mark.deep
class TestMemoryForLong(MemoryMachine.TestCase):
    settings = few(1500, 50)


@pytest.mark.deep
class TestSqliteForLong(SqliteMachine.TestCase):
    settings = few(150, 40)
