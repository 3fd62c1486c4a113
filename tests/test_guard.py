"""The guard: asking, booking, being told, erasing; and what it says when it cannot know."""

from __future__ import annotations

import asyncio
import threading
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cadence_guard import (
    Consent,
    Contact,
    ContactPoint,
    Decision,
    EventError,
    Forget,
    Guard,
    Handoff,
    LedgerUnavailable,
    Policy,
    Refused,
    Signal,
    Suppress,
    Touch,
)
from cadence_guard.book import Book
from cadence_guard.errors import Conflict
from cadence_guard.events import Event, parse_event, to_line
from cadence_guard.guard import TRIES
from cadence_guard.history import Streams
from cadence_guard.ledgers import Filed, Ledger, Page
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.ledgers.sqlite import SqliteLedger
from cadence_guard.points import HASHED
from cadence_guard.replay import replay
from cadence_guard.testing import EMAIL, PHONE, FixedClock, a_contact, a_touch
from cadence_guard.touch import Release

NOW = datetime(2026, 3, 2, 16, tzinfo=UTC)
DAY = timedelta(days=1)
NOES_ONLY = Policy(packs=[])
ONE_A_WEEK = Policy(packs=[], rules={"over-cap": {"max": 1, "per": "7d"}})
TWO_A_WEEK = Policy(packs=[], rules={"over-cap": {"max": 2, "per": "7d"}})

Make = Callable[..., Guard]


@pytest.fixture(params=["memory", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes guards over one ledger."""
    ledger: Ledger = (
        MemoryLedger() if request.param == "memory" else SqliteLedger(tmp_path / "ledger.db")
    )

    def guard(policy: Policy = NOES_ONLY, **more: Any) -> Guard:
        return Guard(policy, **{"ledger": ledger, "clock": FixedClock(NOW), **more})

    return guard


def codes(decision: Decision) -> list[str]:
    return [finding.code for finding in decision.findings if finding.effect == "block"]


def refused(guard: Guard, touch: Any, **more: Any) -> list[str]:
    with pytest.raises(Refused) as caught:
        guard.reserve(touch, **more)
    assert not caught.value.decision
    return codes(caught.value.decision)


def told(guard: Guard, *keys: str) -> list[Event]:
    return [filed.event for filed in guard.ledger.history(keys).events]


def signal(kind: str, contact: str = "c-1", **more: Any) -> Signal:
    return Signal(contact=contact, at=NOW, kind=kind, **more)


def phone(**more: Any) -> Touch:
    return a_touch(channel="call", **more)


# -- asking -----------------------------------------------------------------------------------


class TestEvaluate:
    def test_a_guard_needs_nothing(self) -> None:
        guard = Guard()
        assert list(guard.policy.packs) == ["humane"]
        assert "CG102" in codes(guard.evaluate(a_touch()))

    def test_codes_are_the_same_before_and_after_the_texts_are_made(self) -> None:
        decision = Guard().evaluate(a_touch())
        early = decision.codes, decision.warnings
        assert decision.findings
        assert (decision.codes, decision.warnings) == early != ((), ())
        allowed = Guard(Policy()).evaluate(a_touch())
        assert allowed.findings[0].code == "CG904"
        assert (allowed.codes, allowed.warnings) == ((), ("CG904",))

    def test_models_and_their_dicts_are_judged_alike(self, make: Make) -> None:
        guard = make(Policy(packs=["humane"]))
        guard.record(a_contact(at=NOW))
        touch = a_touch(at=NOW, greeting="Hi Berta")
        plain = touch.model_dump(mode="json")
        assert guard.evaluate(plain) == guard.evaluate(touch)
        del plain["event"]
        assert guard.evaluate(plain).to_json() == guard.evaluate(touch).to_json()
        for mapping in (MappingProxyType(plain), ChainMap({"to": EMAIL}, plain)):
            assert guard.evaluate(mapping) == guard.evaluate(touch)

    def test_without_an_instant_it_is_now(self, make: Make) -> None:
        guard = make(TWO_A_WEEK)
        assert guard.evaluate(a_touch()).at == NOW

    @pytest.mark.parametrize(
        ("touch", "message"),
        [
            ({"contact": "c-1"}, "'channel' is missing"),
            ({"event": "signal", "contact": "c-1", "kind": "replied"}, "expected a touch"),
            (a_touch(outcome="sent"), "told with record"),
            (["c-1"], "expected a touch or a dict, not list"),
            (a_touch().model_dump() | {"chanel": "sms"}, "did you mean 'channel'"),
        ],
    )
    def test_a_touch_that_is_wrong(self, make: Make, touch: Any, message: str) -> None:
        with pytest.raises(EventError, match=message):
            make().evaluate(touch)
        with pytest.raises(EventError, match=message):
            make().reserve(touch)
        with pytest.raises(EventError, match=message):
            make().calendar(touch, NOW, NOW + DAY)

    def test_it_changes_nothing(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.record(a_contact(at=NOW, account="acme"))
        keys = ["contact:c-1", "account:acme", f"point:{EMAIL}", "touch:t-1"]
        before = guard.ledger.history(keys)
        first = guard.evaluate(a_touch(id="t-1"), contact=a_contact(account="acme", name="Zoe"))
        assert first
        for _ in range(3):
            assert guard.evaluate(a_touch(id="t-1")) == guard.evaluate(a_touch(id="t-1"))
        assert guard.ledger.history(keys) == before
        guard.reserve(a_touch(id="t-1"))

    def test_an_id_that_is_booked_or_made_is_not_judged_again(self, make: Make) -> None:
        guard = make()
        guard.reserve(a_touch(id="t-1"))
        guard.record(a_touch(id="t-2", at=NOW, outcome="sent"))
        assert codes(guard.evaluate(a_touch(id="t-1"))) == ["CG305"]
        assert codes(guard.evaluate(a_touch(id="t-2"))) == ["CG305"]

    def test_an_id_that_was_released_is_judged_as_reserve_would(self, make: Make) -> None:
        guard = make()
        guard.reserve(a_touch(id="t-1")).release()
        assert guard.evaluate(a_touch(id="t-1"))
        guard.reserve(a_touch(id="t-1"))

    def test_a_clock_that_is_naive_is_an_error(self) -> None:
        guard = Guard(NOES_ONLY, clock=lambda: NOW.replace(tzinfo=None))
        with pytest.raises(ValueError, match="naive"):
            guard.evaluate(a_touch())


class TestDecisionsThatAreKept:
    """Reasons are made when they are read, and still speak of the moment of the decision."""

    @pytest.mark.parametrize("many", [False, True])
    def test_what_happens_later_does_not_change_them(
        self, make: Make, many: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cadence_guard.guard._UNSETTLED", 2 if many else 1000)
        guard = make(ONE_A_WEEK)
        guard.record(a_touch(id="t-1", at=NOW, outcome="sent"))
        kept = [guard.evaluate(a_touch(at=NOW + hours * DAY / 24)) for hours in range(9)]
        guard.record(a_touch(id="t-2", at=NOW + DAY, outcome="sent"))
        guard.record(signal("opt_out"))
        assert "CG101" in codes(guard.evaluate(a_touch()))
        for decision in kept:
            assert codes(decision) == ["CG301"]
            assert decision.findings[0].facts["touches"] == ["t-1"]

    def test_a_resumption_does_not_change_them(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        kept = guard.evaluate(a_touch(at=NOW + DAY))
        guard.reserve(a_touch(id="t-1", at=NOW + 2 * DAY), resume=True)
        assert kept.findings[0].facts["touches"] == ["t-1"]

    def test_a_rule_that_fails_denies_and_is_logged(
        self, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        guard = make(Policy(packs=[], rules={"paused": {}}))

        def fails(*args: object) -> None:
            raise ZeroDivisionError("in a rule")

        monkeypatch.setattr("cadence_guard.rules.paused.Paused.next_open", fails)
        guard.ruleset._plans.clear()
        assert refused(guard, a_touch(id="t-1")) == ["CG901"]
        assert "rule_failed" in caplog.text
        assert EMAIL not in caplog.text


@pytest.mark.parametrize(
    ("number", "country"), [("8 (912) 345-67-89", "RU"), ("06 20 123 4567", "HU")]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_number_with_a_trunk_prefix_of_its_own_is_confirmed_and_told_of(
    make: Make, number: str, country: str, first: bool
) -> None:
    """Whether its country is known when it is booked, or when it is confirmed."""
    guard = make(Policy(packs=[], rules={"over-cap": {"max": 1, "per": "7d", "scope": "account"}}))
    described = Contact(contact="c-1", country=country, account="berg", at=NOW)
    colleague = Contact(contact="c-2", account="berg", at=NOW)
    call = Touch(id="t-1", contact="c-1", channel="call", to=number, purpose="sales", at=NOW)
    for contact in (described, colleague) if first else (colleague,):
        guard.record(contact)
    booked = guard.reserve(call)
    if not first:
        guard.record(described)
    booked.confirm("sent")
    mail = Touch(contact="c-2", channel="email", to=EMAIL, purpose="sales", at=NOW + DAY)
    assert codes(guard.evaluate(mail)) == (["CG301"] if first else [])
    guard.record(signal("opt_out"))
    again = Touch(contact="c-3", channel="sms", to=number, purpose="sales", at=NOW + DAY)
    assert codes(guard.evaluate(again, contact=Contact(contact="c-3", country=country)))[:1] == [
        "CG101"
    ]
    guard.forget("c-1")
    assert codes(guard.evaluate(call.model_copy(update={"id": None}))) == ["CG104"]


@pytest.mark.parametrize("again", [False, True])
def test_a_booking_taken_back_and_made_again_stands_below_what_was_said_between(
    make: Make, again: bool
) -> None:
    """All of it at one instant: a reply before the touch is no answer to it."""
    streak = {"steps": [{"after": 1, "gap": "2d"}]}
    guard = make(Policy(packs=[], rules={"unanswered-streak": streak}))
    if again:
        guard.reserve(a_touch(id="t-1", at=NOW))
    guard.record(signal("replied"))
    guard.reserve(a_touch(id="t-1", at=NOW), resume=again)
    assert codes(guard.evaluate(a_touch(id=None, at=NOW + DAY))) == ["CG303"]


def test_a_number_that_a_consent_names_is_read_as_where_it_was_filed(make: Make) -> None:
    """For others at that number the country of who consented is not read."""
    guard = make(NOES_ONLY)
    guard.record(Contact(contact="c-1", country="US", at=NOW))
    number = "+12125550143"
    guard.record(Signal(contact="c-1", kind="opt_out", point=number, at=NOW))
    asked = Touch(contact="c-2", channel="sms", to=number, purpose="sales", at=NOW + 2 * DAY)
    assert codes(guard.evaluate(asked)) == ["CG101"]
    given = Consent(
        contact="c-1", purpose="sales", point="(212) 555-0143", status="granted",
        evidence="form 1", at=NOW + DAY,
    )  # fmt: skip
    guard.record(given)
    assert guard.evaluate(asked)


class TestFactsWithTheCall:
    """Semantics 8: descriptions replace the ledger's, noes are only ever added to."""

    def test_they_replace_what_the_ledger_describes(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"wrong-name": {}}))
        guard.record(a_contact(at=NOW))
        hello = a_touch(greeting="Hi Berta")
        assert codes(guard.evaluate(hello)) == ["CG701"]
        assert guard.evaluate(hello, contact={"contact": "c-1", "call_me": "Berta"})
        assert codes(guard.evaluate(hello)) == ["CG701"], "only for this call"

    def test_what_they_leave_out_stays(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"wrong-name": {}}))
        guard.record(a_contact(at=NOW))
        facts = Contact(contact="c-1", country="AT")
        assert codes(guard.evaluate(a_touch(greeting="Hi Berta"), contact=facts)) == ["CG701"]

    def test_a_point_becomes_what_they_say(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"private-point": {}}))
        guard.record(a_contact(at=NOW))
        private = ContactPoint(kind="phone", value=PHONE, use="private")
        assert guard.evaluate(phone())
        assert codes(guard.evaluate(phone(), contact=a_contact(points=(private,)))) == ["CG201"]

    @pytest.mark.parametrize("kind", ["opt_out", "complained", "wrong_person"])
    def test_they_never_take_a_no_away(self, make: Make, kind: str) -> None:
        guard = make(Policy(packs=["humane"]))
        guard.record(a_contact(at=NOW))
        guard.record(signal(kind, point=EMAIL))
        code = "CG204" if kind == "wrong_person" else "CG101"
        assert code in codes(guard.evaluate(a_touch()))
        assert code in codes(guard.evaluate(a_touch(), contact=a_contact()))

    def test_the_same_ones_may_be_given_again_and_again(self, make: Make) -> None:
        """They are heeded anew when something was told in between, or they say something else."""
        guard = make(
            {
                "packs": [],
                "rules": {
                    "private-point": {},
                    "after-refusal": {"declined": "9d", "hung_up": "9d"},
                },
            }
        )
        private = [{"kind": "phone", "value": PHONE, "use": "private"}]
        call = a_touch(channel="call", to=PHONE)

        def judged(**facts: Any) -> list[str]:
            given = {"contact": "c-1", "points": private, **facts}
            first = guard.evaluate(call, contact=given)
            assert guard.evaluate(call, contact=given).to_json() == first.to_json()
            return codes(first)

        assert judged() == ["CG201"]
        assert judged(points=[{**private[0], "use": "work"}]) == []
        guard.record(signal("declined"))
        assert judged() == ["CG201", "CG501"]
        guard.record(Consent(contact="c-1", at=NOW, status="granted", purpose="sales", point=PHONE))
        assert judged() == []
        guard.record(signal("hung_up"))
        assert judged(name="Ada") == ["CG501"]

    def test_their_account_is_the_one_that_is_capped(self, make: Make) -> None:
        guard = make(
            Policy(packs=[], rules={"over-cap": {"max": 1, "per": "7d", "scope": "account"}})
        )
        guard.reserve(a_touch(id="t-1"), contact=Contact(contact="c-1", account="acme"))
        other = a_touch(id="t-2", contact="c-2", to="b@example.org")
        acme = {"contact": "c-2", "account": "acme"}
        assert refused(guard, other, contact=acme) == ["CG301"]
        assert guard.evaluate(other, contact={"contact": "c-2", "account": "else"})

    def test_facts_that_are_wrong(self, make: Make) -> None:
        with pytest.raises(EventError, match="did you mean 'country'"):
            make().evaluate(a_touch(), contact={"contact": "c-1", "contry": "DE"})
        with pytest.raises(EventError, match="expected a contact or a dict, not str"):
            make().evaluate(a_touch(), contact="c-1")  # type: ignore[arg-type]
        with pytest.raises(EventError, match="expected a contact or a dict, not Touch"):
            make().evaluate(a_touch(), contact={**a_touch().model_dump(), "event": "touch"})
        with pytest.raises(EventError, match="facts of 'c-2' for a touch to 'c-1'"):
            make().evaluate(a_touch(), contact={"contact": "c-2", "country": "DE"})


class TestCalendar:
    def test_the_stretches_cover_the_span(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.record(a_touch(id="t-1", at=NOW, outcome="sent"))
        stretches = guard.calendar(a_touch(), NOW - 10 * DAY, NOW + 10 * DAY)
        assert [(s.start, s.end, s.free, s.codes) for s in stretches] == [
            (NOW - 10 * DAY, NOW - 7 * DAY + timedelta(microseconds=1), True, ()),
            (NOW - 7 * DAY + timedelta(microseconds=1), NOW + 7 * DAY, False, ("CG301",)),
            (NOW + 7 * DAY, NOW + 10 * DAY, True, ()),
        ]

    def test_naive_instants_are_an_error(self, make: Make) -> None:
        with pytest.raises(ValueError, match="naive"):
            make().calendar(a_touch(), NOW.replace(tzinfo=None), NOW)

    def test_of_no_time_there_is_no_stretch(self, make: Make) -> None:
        assert make().calendar(a_touch(), NOW, NOW) == ()

    def test_it_takes_facts_and_follows_the_ledger(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"wrong-name": {}}))
        hello = a_touch(greeting="Hi Berta")
        facts = Contact(contact="c-1", call_me="Berta")
        assert guard.calendar(hello, NOW, NOW + DAY, contact=facts)[0].free
        guard.record(signal("opt_out"))
        assert guard.calendar(hello, NOW, NOW + DAY, contact=facts)[0].codes == ("CG101",)


# -- booking ----------------------------------------------------------------------------------


class TestReserve:
    def test_it_books(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        with guard.reserve(a_touch(id="t-1")) as reservation:
            assert reservation.decision.allowed
            reservation.confirm("delivered")
        assert codes(guard.evaluate(a_touch())) == ["CG301"]
        assert [e.outcome for e in told(guard, "touch:t-1")] == [None, "delivered"]

    def test_it_needs_an_id(self, make: Make) -> None:
        with pytest.raises(EventError, match="'id' is missing"):
            make().reserve(a_touch())

    def test_a_defer_is_refused_as_a_deny_is(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        with pytest.raises(Refused, match="over-cap") as caught:
            guard.reserve(a_touch(id="t-2"))
        assert caught.value.decision.until == NOW + 7 * DAY
        guard.record(signal("opt_out"))
        assert "CG101" in refused(guard, a_touch(id="t-2"))
        assert told(guard, "touch:t-2") == []

    def test_an_id_is_booked_once(self, make: Make) -> None:
        guard = make()
        guard.reserve(a_touch(id="t-1"))
        assert refused(guard, a_touch(id="t-1")) == ["CG305"]
        assert refused(make(), a_touch(id="t-1", contact="c-2")) == ["CG305"]
        guard.record(a_touch(id="t-2", at=NOW, outcome="failed"))
        assert refused(guard, a_touch(id="t-2")) == ["CG305"]

    def test_a_release_frees_slot_and_id(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        reservation = guard.reserve(a_touch(id="t-1"))
        reservation.release()
        reservation.release()
        assert [e.event for e in told(guard, "touch:t-1")] == ["touch", "release"]
        guard.reserve(a_touch(id="t-2")).release()
        guard.reserve(a_touch(id="t-1"))

    def test_a_reservation_in_words_names_no_point(self, make: Make) -> None:
        reservation = make().reserve(a_touch(id="t-1", to=EMAIL))
        assert repr(reservation) == "<Reservation 't-1': email to 'c-1', open>"
        reservation.release()
        assert repr(reservation) == "<Reservation 't-1': email to 'c-1', closed>"

    def test_a_touch_that_was_made_is_not_released(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        reservation = guard.reserve(a_touch(id="t-1"))
        reservation.confirm("sent")
        with pytest.raises(EventError, match="made already: sent"):
            reservation.release()
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    @pytest.mark.parametrize("outcome", ["unknown", "failed"])
    def test_one_that_perhaps_was_not_is(self, make: Make, outcome: str) -> None:
        guard = make(ONE_A_WEEK)
        reservation = guard.reserve(a_touch(id="t-1"))
        reservation.confirm(outcome)
        reservation.release()
        assert guard.evaluate(a_touch(id="t-1"))

    def test_failed_frees_the_slot_and_not_the_id(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1")).confirm("failed")
        assert guard.evaluate(a_touch())
        assert refused(guard, a_touch(id="t-1")) == ["CG305"]
        guard.reserve(a_touch(id="t-1"), resume=True)
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    def test_failed_follows_a_booking_and_unknown_only(self, make: Make) -> None:
        guard = make()
        guard.reserve(a_touch(id="t-1")).confirm("failed")
        with guard.reserve(a_touch(id="t-2")) as two:
            pass
        two.confirm("failed")
        three = guard.reserve(a_touch(id="t-3"))
        three.confirm("delivered")
        with pytest.raises(EventError, match="'failed' may follow only 'unknown'"):
            three.confirm("failed")

    def test_an_outcome_nobody_knows_is_an_error(self, make: Make) -> None:
        with (
            pytest.raises(EventError, match="did you mean 'delivered'"),
            make().reserve(a_touch(id="t-1")) as reservation,
        ):
            reservation.confirm("deliverd")

    def test_a_confirmation_after_a_release_counts(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        reservation = guard.reserve(a_touch(id="t-1"))
        reservation.release()
        reservation.confirm("sent")
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    def test_out_of_order(self, make: Make) -> None:
        guard = make(TWO_A_WEEK)
        for number, days in enumerate((6, 3)):
            guard.reserve(a_touch(id=f"t-{number}", at=NOW + days * DAY))
        assert refused(guard, a_touch(id="t-9", at=NOW)) == ["CG301"]
        guard.reserve(a_touch(id="t-9", at=NOW - DAY))

    def test_a_touch_of_long_ago_in_between_is_no_conflict(self, make: Make) -> None:
        guard = make(TWO_A_WEEK)
        assert guard.evaluate(a_touch())
        guard.record(a_touch(id="old", at=NOW - 900 * DAY, outcome="sent"))
        guard.reserve(a_touch(id="t-1"))


class TestLeft:
    """A booking that was entered and left without a word is unknown, and it counts."""

    def test_silently(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        with guard.reserve(a_touch(id="t-1")):
            pass
        assert told(guard, "touch:t-1")[-1].outcome == "unknown"
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    def test_by_an_error(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        with pytest.raises(KeyError), guard.reserve(a_touch(id="t-1")):
            raise KeyError("provider")
        assert told(guard, "touch:t-1")[-1].outcome == "unknown"
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    def test_released_inside(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        with guard.reserve(a_touch(id="t-1")) as reservation:
            reservation.release()
        assert guard.evaluate(a_touch(id="t-1"))

    def test_never_entered_it_stands_as_booked(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        assert told(guard, "touch:t-1")[-1].outcome is None
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    @pytest.mark.parametrize(("outcome", "code"), [("hung_up", "CG501"), ("bounced", "CG104")])
    def test_an_outcome_told_by_somebody_else_is_not_lost(
        self, make: Make, outcome: str, code: str
    ) -> None:
        guard = make(Policy(packs=[], rules={"after-refusal": {"hung_up": "180d"}}))
        with guard.reserve(phone(id="t-1", at=NOW)):
            make().record(phone(id="t-1", at=NOW, outcome=outcome))
        assert codes(guard.evaluate(phone())) == [code]

    def test_a_booking_taken_over_by_somebody_else_is_left_alone(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        with guard.reserve(a_touch(id="t-1")) as reservation:
            make(ONE_A_WEEK).reserve(a_touch(id="t-1", at=NOW + DAY), resume=True)
            with pytest.raises(EventError, match="booked anew by somebody else"):
                reservation.release()
        last = told(guard, "touch:t-1")[-1]
        assert (last.at, last.outcome) == (NOW + DAY, None)

    @pytest.mark.parametrize("how", ["resumed", "released and booked"])
    def test_nor_is_it_given_back_if_both_are_of_one_instant(self, make: Make, how: str) -> None:
        guard, other = make(ONE_A_WEEK), make(ONE_A_WEEK)
        ours = guard.reserve(a_touch(id="t-1", at=NOW))
        if how == "resumed":
            other.reserve(a_touch(id="t-1", at=NOW), resume=True)
        else:
            ours.release()
            other.reserve(a_touch(id="t-1", at=NOW))
        with pytest.raises(EventError, match="booked anew by somebody else"):
            ours.release()
        with pytest.raises(EventError, match="booked anew by somebody else"):
            ours.confirm("failed")
        ours._closed = False
        with ours:
            pass
        assert told(guard, "touch:t-1")[-1].outcome is None
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    def test_what_was_sent_under_a_booking_taken_over_counts(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        ours = guard.reserve(a_touch(id="t-1", at=NOW))
        make(ONE_A_WEEK).reserve(a_touch(id="t-1", at=NOW), resume=True)
        ours.confirm("sent")
        assert told(guard, "touch:t-1")[-1].outcome == "sent"

    def test_a_booking_forgotten_inside(self, make: Make) -> None:
        guard = make()
        with guard.reserve(a_touch(id="t-1")) as reservation:
            guard.forget("c-1")
        reservation.release()
        assert told(guard, "touch:t-1", "contact:c-1") == []


class TestResume:
    def test_it_does_not_count_itself(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        guard.reserve(a_touch(id="t-1", at=NOW + DAY), resume=True).confirm("sent")
        assert [e.event for e in told(guard, "touch:t-1")] == ["touch", "release", "touch", "touch"]
        assert guard.evaluate(a_touch(at=NOW + 8 * DAY))
        assert codes(guard.evaluate(a_touch(at=NOW + 7 * DAY))) == ["CG301"]

    def test_a_no_in_between_refuses_it_and_frees_the_slot(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        guard.record(signal("opt_out", channel="email"))
        assert refused(guard, a_touch(id="t-1"), resume=True) == ["CG101"]
        assert told(guard, "touch:t-1")[-1].event == "release"
        guard.reserve(phone(id="t-2"))

    @pytest.mark.parametrize("outcome", ["unknown", "failed"])
    def test_after_an_outcome_that_says_not_sent(self, make: Make, outcome: str) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1")).confirm(outcome)
        guard.reserve(a_touch(id="t-1"), resume=True)
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    @pytest.mark.parametrize("outcome", ["sent", "bounced", "no_answer"])
    def test_not_after_one_that_was_made(self, make: Make, outcome: str) -> None:
        guard = make()
        guard.reserve(a_touch(id="t-1")).confirm(outcome)
        with pytest.raises(Refused, match=f"made already: {outcome}"):
            guard.reserve(a_touch(id="t-1"), resume=True)

    def test_of_an_id_never_booked_or_released_is_a_booking(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"), resume=True).release()
        guard.reserve(a_touch(id="t-1"), resume=True)
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    def test_with_other_content_is_an_error(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        with pytest.raises(EventError, match="booked with other content: team, step; resumed"):
            guard.reserve(a_touch(id="t-1", team="sales", step="two"), resume=True)
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    @pytest.mark.parametrize(
        ("channel", "one", "other", "third"),
        [
            ("email", "Al@Example.org", "al@example.ORG", "bo@example.org"),
            ("call", "+1 (512) 555-0143", "+15125550143", "+15125550144"),
        ],
    )
    def test_the_same_point_written_otherwise_is_no_other_content(
        self, make: Make, channel: str, one: str, other: str, third: str
    ) -> None:
        guard = make(ONE_A_WEEK)
        touch = a_touch(id="t-1", channel=channel, to=one)
        guard.reserve(touch)
        again = touch.model_copy(update={"to": other})
        booked = guard.reserve(again, resume=True)
        guard.record(touch.model_copy(update={"outcome": "unknown"}))
        booked.release()
        guard.reserve(touch)
        with pytest.raises(EventError, match="booked with other content: to; resumed"):
            guard.reserve(touch.model_copy(update={"to": third}), resume=True)

    def test_a_clock_that_fails_frees_no_slot(self, make: Make) -> None:
        fails = False

        def clock() -> datetime:
            if fails:
                raise OSError("no clock")
            return NOW

        guard = make(ONE_A_WEEK, clock=clock)
        guard.reserve(a_touch(id="t-1", at=NOW))
        fails = True
        with pytest.raises(OSError, match="no clock"):
            guard.reserve(a_touch(id="t-1", at=NOW), resume=True)
        assert codes(guard.evaluate(a_touch(at=NOW))) == ["CG301"]

    def test_of_two_at_once_one_gets_it(self, make: Make) -> None:
        guard = make()
        guard.reserve(a_touch(id="t-1"))
        rival = make()
        meddle(guard, lambda: rival.reserve(a_touch(id="t-1"), resume=True))
        with pytest.raises(Refused, match="somebody else has resumed"):
            guard.reserve(a_touch(id="t-1"), resume=True)


class TestSharedPoint:
    """A no about a point holds for others who have it, though nothing else is read of who said
    it."""

    @pytest.mark.parametrize(
        "no",
        [
            signal("opt_out"),
            Consent(contact="c-1", at=NOW, status="withdrawn"),
            Suppress(contact="c-1", at=NOW, point="(512) 555-0143", channel="call"),
        ],
        ids=lambda no: no.event,
    )
    def test_it_holds_for_others(self, make: Make, no: Event) -> None:
        number = "+15125550143"
        guard = make()
        point = ContactPoint(kind="phone", value=number)
        guard.record(a_contact(at=NOW, country="US", points=(point,)))
        theirs = phone(contact="c-2", to=number)
        assert guard.evaluate(theirs)
        guard.record(no)
        for one in (guard, make()):
            assert codes(one.evaluate(theirs)) == ["CG104" if isinstance(no, Suppress) else "CG101"]


class TestBookedAnew:
    """An id released and booked at another point is one there, whoever asks at that point."""

    ELSEWHERE = {"to": "b@x.example"}
    ANEW = a_touch(id="t-1", at=NOW, **ELSEWHERE)

    @pytest.fixture
    def guard(self, make: Make) -> Guard:
        cap = {"max": 1, "per": "7d", "scope": "point"}
        guard = make(Policy(packs=[], rules={"over-cap": cap, "paused": {}}))
        guard.reserve(a_touch(id="t-1", at=NOW)).release()
        guard.reserve(self.ANEW)
        return guard

    def test_it_is_resumed_there(self, guard: Guard) -> None:
        assert guard.reserve(self.ANEW, resume=True).decision
        with pytest.raises(EventError, match="other content: to"):
            guard.reserve(a_touch(id="t-1", at=NOW), resume=True)

    @pytest.mark.parametrize(
        "free",
        [
            lambda guard, touch: guard.reserve(touch, resume=True).release(),
            lambda guard, touch: guard.reserve(touch, resume=True).confirm("failed"),
            lambda guard, touch: guard.record(Release(touch="t-1", contact="c-1", at=NOW)),
            lambda guard, touch: (
                guard.record(signal("paused")),
                refused(guard, touch, resume=True),
            ),
        ],
        ids=["released", "failed", "recorded", "refused"],
    )
    def test_its_slot_is_free_there(
        self, guard: Guard, make: Make, free: Callable[[Guard, Touch], Any]
    ) -> None:
        theirs = a_touch(contact="c-2", at=NOW, **self.ELSEWHERE)
        assert codes(guard.evaluate(theirs)) == ["CG301"]
        free(guard, self.ANEW)
        for one in (guard, make(guard.policy)):
            assert codes(one.evaluate(theirs)) == []


class TestAsync:
    def test_async_with(self, make: Make) -> None:
        guard = make(TWO_A_WEEK)

        async def send() -> None:
            async with guard.areserve(a_touch(id="t-1")) as reservation:
                await reservation.aconfirm("sent")
            async with guard.reserve(a_touch(id="t-2")) as reservation:
                assert reservation.decision
            with pytest.raises(Refused):
                async with guard.areserve(a_touch(id="t-3")):
                    raise AssertionError("was entered")
            async with guard.areserve(a_touch(id="t-1-again", at=NOW + 8 * DAY)) as reservation:
                await reservation.arelease()

        asyncio.run(send())
        outcomes = [e.outcome for e in told(guard, "contact:c-1") if isinstance(e, Touch)]
        assert outcomes == [None, "sent", None, "unknown", None]

    def test_it_takes_facts(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"wrong-name": {}}))
        hello = a_touch(id="t-1", greeting="Hi Berta")

        async def send(name: str) -> None:
            async with guard.areserve(hello, contact={"contact": "c-1", "call_me": name}):
                pass

        with pytest.raises(Refused):
            asyncio.run(send("Anna"))
        asyncio.run(send("Berta"))
        assert told(guard, "touch:t-1")[-1].outcome == "unknown"

    def test_an_error_inside(self, make: Make) -> None:
        guard = make()

        async def send() -> None:
            async with guard.areserve(a_touch(id="t-1")):
                raise TimeoutError

        with pytest.raises(TimeoutError):
            asyncio.run(send())
        assert told(guard, "touch:t-1")[-1].outcome == "unknown"

    def test_who_is_cancelled_is_cancelled_also_if_the_booking_cannot_be_undone(
        self, make: Make
    ) -> None:
        ledger, down = make().ledger, threading.Event()

        class Slow(Wrapped):
            def append(self, events: Any, expect: Any = None) -> None:
                asyncio.run_coroutine_threadsafe(cancel(), loop).result()
                ledger.append(events, expect)
                down.set()

            def history(self, keys: Any, since: int | None = None, after: int = 0) -> Page:
                if down.is_set():
                    raise LedgerUnavailable("gone")
                return ledger.history(keys, since, after)

        guard = make(ledger=Slow(ledger))
        sending: list[asyncio.Task[None]] = []

        async def cancel() -> None:
            sending[0].cancel()

        async def send() -> None:
            async with guard.areserve(a_touch(id="t-1")):
                raise AssertionError("was entered")

        async def main() -> None:
            nonlocal loop
            loop = asyncio.get_running_loop()
            sending.append(asyncio.create_task(send()))
            await asyncio.wait(sending)

        loop: asyncio.AbstractEventLoop
        asyncio.run(main())
        assert sending[0].cancelled()
        (filed,) = ledger.history(["touch:t-1"]).events
        assert isinstance(filed.event, Touch), "it stays booked, and counts"

    def test_the_loop_goes_on_meanwhile(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)

        async def send() -> list[str]:
            async def one(number: int) -> str:
                try:
                    async with guard.areserve(a_touch(id=f"t-{number}")) as reservation:
                        await reservation.aconfirm("sent")
                except Refused:
                    return "refused"
                return "sent"

            return await asyncio.gather(*(one(number) for number in range(8)))

        assert sorted(asyncio.run(send())) == ["refused"] * 7 + ["sent"]


# -- being told -------------------------------------------------------------------------------

EACH: Sequence[Event] = (
    a_contact(at=NOW),
    Consent(contact="c-1", at=NOW, purpose="sales", channel="email", status="granted"),
    a_touch(id="t-1", at=NOW, outcome="sent"),
    a_touch(at=NOW, outcome="sent"),
    signal("declined", channel="call"),
    Handoff(contact="c-1", at=NOW, to="sales"),
    Suppress(contact="c-1", at=NOW),
    Suppress(point=EMAIL, at=NOW),
)


class TestRecord:
    @pytest.mark.parametrize("event", EACH, ids=lambda event: event.event)
    def test_the_same_event_told_twice_is_one(self, make: Make, event: Event) -> None:
        guard = make()
        for form in (event, event.model_dump(by_alias=True), parse_event(to_line(event)), event):
            guard.record(form)
        make().record(event)
        assert told(guard, "contact:c-1", f"point:{EMAIL}") == [event]

    def test_without_an_instant_it_is_now(self, make: Make) -> None:
        guard = make()
        guard.record({"event": "signal", "contact": "c-1", "kind": "replied"})
        assert [event.at for event in told(guard, "contact:c-1")] == [NOW]

    def test_a_line_of_another_program(self, make: Make) -> None:
        with pytest.raises(EventError, match="did you mean 'opt_out'"):
            make().record({"event": "signal", "contact": "c-1", "kind": "optout"})

    def test_a_planned_touch_is_no_fact(self, make: Make) -> None:
        guard = make()
        with pytest.raises(EventError, match="booked with reserve"):
            guard.record(a_touch(id="t-1"))
        assert told(guard, "touch:t-1") == []

    def test_an_outcome_may_be_told_later(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"after-refusal": {"hung_up": "180d"}}))
        guard.record(phone(id="t-1", at=NOW, outcome="unknown"))
        assert guard.evaluate(phone())
        guard.record(phone(id="t-1", at=NOW, outcome="hung_up"))
        assert codes(guard.evaluate(phone())) == ["CG501"]
        guard.record(phone(id="t-1", at=NOW, outcome="answered"))
        assert guard.evaluate(phone())

    def test_nothing_else_of_a_touch_may_change(self, make: Make) -> None:
        guard = make()
        guard.record(a_touch(id="t-1", at=NOW, outcome="sent"))
        for other in (
            a_touch(id="t-1", at=NOW + DAY, outcome="sent"),
            a_touch(id="t-1", at=NOW, outcome="sent", contact="c-2"),
            a_touch(id="t-1", at=NOW, outcome="sent", team="sales"),
            a_touch(id="t-1", at=NOW, outcome="sent", greeting="Hi"),
        ):
            with pytest.raises(EventError, match="other content"):
                guard.record(other)
        assert len(told(guard, "touch:t-1")) == 1

    def test_failed_follows_unknown_only(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.record(a_touch(id="t-1", at=NOW, outcome="sent"))
        with pytest.raises(EventError, match="may follow only 'unknown'"):
            guard.record(a_touch(id="t-1", at=NOW, outcome="failed"))
        guard.record(a_touch(id="t-1", at=NOW, outcome="unknown"))  # somebody else knows better
        with pytest.raises(EventError, match="may follow only 'unknown'"):
            guard.record(a_touch(id="t-1", at=NOW, outcome="failed"))
        assert not guard.evaluate(a_touch())

    @pytest.mark.parametrize(
        "late", [*permutations(("sent", "delivered", "bounced")), ("bounced", "unknown", "sent")]
    )
    def test_what_is_told_again_or_late_takes_nothing_back(
        self, make: Make, late: tuple[str, ...]
    ) -> None:
        """A webhook may be delivered twice, and out of order."""
        guard = make(Policy(packs=[]))
        for outcome in (*late, *late):
            guard.record(a_touch(id="t-1", at=NOW, outcome=outcome))
        assert codes(guard.evaluate(a_touch())) == ["CG104"]
        assert told(guard, "touch:t-1")[-1].outcome == "bounced"

    def test_a_correction_stands_against_what_it_corrects(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"after-refusal": {"hung_up": "180d"}}))
        for outcome in ("hung_up", "answered", "hung_up", "no_answer", "answered"):
            guard.record(phone(id="t-1", at=NOW, outcome=outcome))
        assert [event.outcome for event in told(guard, "touch:t-1")] == [
            "hung_up",
            "answered",
            "no_answer",
        ]
        assert guard.evaluate(phone())

    def test_who_finds_a_booking_of_a_dead_process_tells_its_outcome(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        make().record(a_touch(id="t-1", at=NOW, outcome="failed"))
        assert guard.evaluate(a_touch())

    def test_a_release_that_is_told_is_checked(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        back = Release(touch="t-1", contact="c-1", at=NOW)
        guard.record(back)
        guard.record(back)
        assert told(guard, "touch:t-1", f"point:{EMAIL}")[1:] == [back]
        guard.record(a_touch(id="t-1", at=NOW, outcome="sent"))
        with pytest.raises(EventError, match="made already"):
            guard.record(back)
        assert codes(guard.evaluate(a_touch())) == ["CG301"]
        guard.record(Release(touch="never booked", contact="c-1", at=NOW))

    def test_forget_may_be_told(self, make: Make) -> None:
        guard = make()
        guard.record(a_contact(at=NOW))
        guard.record(Forget(contact="c-1"))
        assert told(guard, "contact:c-1") == []

    def test_a_suppression_list_of_hashes(self, make: Make) -> None:
        guard = make(key="secret")
        name = guard._shelves.hash(EMAIL)
        assert name.startswith(HASHED)
        guard.record({"event": "suppress", "point": name})
        assert codes(guard.evaluate(a_touch())) == ["CG104"]
        assert guard.evaluate(a_touch(to="else@example.org"))
        guard.record({"event": "suppress", "contact": guard._shelves.hash("c-2")})
        assert codes(guard.evaluate(a_touch(contact="c-2", to="e@example.org"))) == ["CG104"]


class TestANoOfLongAgo:
    """What is read of a ledger is cut for touches, never for what they or others said."""

    @pytest.mark.parametrize(("outcome", "code"), [("bounced", "CG104"), ("hung_up", "CG501")])
    def test_by_an_outcome(self, make: Make, outcome: str, code: str) -> None:
        guard = make(Policy(packs=[], rules={"after-refusal": {"hung_up": "P2Y"}}))
        guard.record(phone(id="old", at=NOW - 500 * DAY, outcome=outcome))
        assert codes(guard.evaluate(phone())) == [code]

    def test_by_an_outcome_told_late(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.record(a_touch(id="old", at=NOW - 900 * DAY, outcome="sent"))
        assert guard.evaluate(a_touch())
        guard.record(a_touch(id="old", at=NOW - 900 * DAY, outcome="bounced"))
        assert codes(guard.evaluate(a_touch())) == ["CG104"]
        guard.record(a_touch(id="old", at=NOW - 900 * DAY, outcome="delivered"))
        assert codes(guard.evaluate(a_touch())) == ["CG104"]

    def test_an_answer_of_long_ago_stays_an_invitation(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"uninvited-channel": {"accept": ["replied"]}}))
        guard.record(phone(id="old", at=NOW - 900 * DAY, outcome="answered"))
        assert guard.evaluate(phone())

    @pytest.mark.parametrize("asked_before", [False, True])
    def test_by_a_signal_about_an_old_touch(self, make: Make, asked_before: bool) -> None:
        """It names the channel of that touch and no other."""
        guard = make(ONE_A_WEEK)
        guard.record(a_touch(id="old", at=NOW - 900 * DAY, outcome="sent"))
        if asked_before:
            assert guard.evaluate(a_touch())
            assert guard.evaluate(phone())
        make().record(signal("opt_out", touch="old"))
        assert codes(guard.evaluate(a_touch())) == ["CG101"]
        assert guard.evaluate(phone())

    def test_an_answer_at_the_border_of_what_is_read(self, make: Make) -> None:
        """A person's touch that was no answer counts, though what makes it none is older."""
        guard = make(
            Policy(
                packs=[],
                rules={"over-cap": {"max": 1, "per": "1d"}},
                answers={"signals": ["replied"], "within": "60d"},
            )
        )
        start = NOW - 50 * DAY
        guard.record(Signal(contact="c-1", at=start, kind="replied"))
        guard.record(a_touch(id="t-1", at=start + DAY, automated=False, outcome="sent"))
        guard.record(a_touch(id="t-2", at=NOW, automated=False, outcome="sent"))
        assert codes(guard.evaluate(a_touch(at=NOW + timedelta(hours=1)))) == ["CG301"]


# -- erasing ----------------------------------------------------------------------------------


class TestForget:
    @pytest.fixture(params=[None, "a secret", b"bytes"], ids=["own key", "key", "bytes"])
    def guard(self, make: Make, request: pytest.FixtureRequest) -> Guard:
        guard = make(key=request.param)
        guard.record(a_contact(at=NOW))
        return guard

    def back_again(self, guard: Guard, contact: str = "c-1") -> None:
        guard.record(a_contact(contact=contact, at=NOW + DAY))

    @pytest.mark.parametrize("contact", ["c-1", "c-2"])
    @pytest.mark.parametrize(
        "no",
        [
            signal("opt_out"),
            signal("complained", channel="email"),
            signal("wrong_person", point=EMAIL),
            Consent(contact="c-1", at=NOW, status="withdrawn"),
            Suppress(contact="c-1", point=EMAIL, at=NOW),
            Suppress(point=EMAIL, at=NOW, note="import"),
            a_touch(id="b", at=NOW, outcome="bounced"),
        ],
        ids=lambda no: getattr(no, "kind", no.event),
    )
    def test_a_no_is_met_after_a_re_import(self, guard: Guard, no: Event, contact: str) -> None:
        guard.record(no)
        closed = codes(guard.evaluate(a_touch()))
        assert closed[0] in ("CG101", "CG104", "CG204")
        for _ in range(3):  # however often
            guard.forget("c-1")
            assert told(guard, "contact:c-1", f"point:{EMAIL}") == []
            after = codes(guard.evaluate(a_touch(contact=contact)))
            assert set(after) & {"CG104", "CG204"}
            self.back_again(guard, contact)
            assert set(codes(guard.evaluate(a_touch(contact=contact)))) & {"CG104", "CG204"}

    def test_noes_of_one_point_stand_by_each_other(self, guard: Guard) -> None:
        """A hash is not hashed again when the same person is forgotten again."""
        guard.record(Suppress(point=EMAIL, at=NOW))
        guard.record(signal("opt_out", point=EMAIL, purpose="marketing"))
        for _ in range(3):
            guard.forget("c-1")
            assert codes(guard.evaluate(a_touch(contact="c-2"))) == ["CG104"]

    def test_a_no_closes_what_it_closed_and_no_more(self, guard: Guard) -> None:
        guard.record(signal("opt_out", channel="sms", purpose="sales"))
        guard.forget("c-1")
        self.back_again(guard)
        sms = a_touch(channel="sms")
        assert codes(guard.evaluate(sms)) == ["CG104"]
        assert guard.evaluate(a_touch(channel="sms", purpose="service"))
        assert guard.evaluate(phone())
        assert guard.evaluate(a_touch())

    @pytest.mark.parametrize(
        "said",
        [
            signal("declined"),
            signal("paused", until=NOW + 9 * DAY),
            signal("not_now", until=NOW + 9 * DAY),
        ],
    )
    def test_a_refusal_is_met_after_a_re_import(self, make: Make, said: Signal) -> None:
        cool = {"declined": "180d", "not_now": "2d"}
        guard = make(Policy(packs=[], rules={"after-refusal": cool, "paused": {}}))
        guard.record(said)
        before = guard.evaluate(a_touch())
        assert not before
        guard.forget("c-1")
        for _ in range(2):
            after = guard.evaluate(a_touch())
            assert (codes(after), after.until) == (codes(before), before.until)
            self.back_again(guard)

    def test_nothing_of_the_person_stays(self, guard: Guard) -> None:
        guard.record(a_touch(id="t-1", at=NOW, outcome="sent", greeting="Hi Anna", sender="Max"))
        guard.record(signal("opt_out"))
        guard.record(signal("paused", until=NOW + DAY))
        guard.record(Suppress(point="Anna.Berg@example.org", at=NOW, note="Anna Berg"))
        guard.record(a_contact(contact="c-2", at=NOW, name="Bea", points=()))
        guard.forget("c-1")
        keys = ["contact:c-1", f"point:{EMAIL}", f"point:{PHONE}", "contact:c-2", "touch:t-1"]
        keys += [f"contact:{guard._shelves.hash('c-1')}", "contact:forgotten"]
        keys += [f"point:{guard._shelves.hash(point)}" for point in (EMAIL, PHONE)]
        text = "\n".join(to_line(event) for event in told(guard, *keys)).casefold()
        assert "bea" in text
        for word in ("c-1", "anna", "berg", "hi ", "max", EMAIL, PHONE):
            assert word not in text

    def test_what_others_said_at_the_same_point_stays_theirs(self, guard: Guard) -> None:
        noes = [
            Suppress(contact="c-2", point=EMAIL, at=NOW, note="theirs"),
            signal("opt_out", "c-2", point=EMAIL),
        ]
        for no in noes:
            guard.record(no)
        guard.forget("c-1")
        assert told(guard, "contact:c-2") == noes
        assert codes(guard.evaluate(phone(contact="c-2"))) == ["CG104"]

    def test_somebody_unknown(self, guard: Guard) -> None:
        guard.forget("nobody")
        assert guard.evaluate(a_touch(contact="nobody"))

    def test_no_grant_survives(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"missing-consent": {"accept": ["consent"]}}))
        guard.record(
            Consent(
                contact="c-1",
                at=NOW,
                purpose="sales",
                channel="email",
                status="granted",
                evidence="form",
            )
        )
        assert guard.evaluate(a_touch())
        guard.forget("c-1")
        assert codes(guard.evaluate(a_touch())) == ["CG102"]

    def test_the_account_goes_on_counting(self, make: Make) -> None:
        guard = make(
            Policy(packs=[], rules={"over-cap": {"max": 2, "per": "7d", "scope": "account"}})
        )
        for who in ("c-1", "c-2", "c-3", "d-1"):
            guard.record(Contact(contact=who, at=NOW, account="acme" if who < "d" else "other"))
        for who in ("c-1", "c-2", "d-1"):  # one mailing, to the microsecond
            guard.record(a_touch(contact=who, to=f"{who}@x.org", id=who, at=NOW, outcome="sent"))
        probe = a_touch(contact="c-3", to="c-3@x.org")
        assert codes(guard.evaluate(probe)) == ["CG301"]
        for who in ("d-1", "c-1", "c-2"):
            guard.forget(who)
        assert codes(guard.evaluate(probe)) == ["CG301"]
        assert not [
            key
            for event in told(guard, "account:acme")
            for key in ("c-1", "c-2")
            if key in to_line(event)
        ]

    def test_what_was_read_before_is_void(self, make: Make) -> None:
        guard, other = make(ONE_A_WEEK), make()
        guard.record(a_touch(id="t-1", at=NOW, outcome="sent"))
        assert codes(guard.evaluate(a_touch())) == ["CG301"]
        other.forget("c-1")
        assert guard.evaluate(a_touch())

    def test_a_key_of_your_own_is_the_same_everywhere(self) -> None:
        ours, theirs = Guard(NOES_ONLY, key="k"), Guard(NOES_ONLY, key=b"k")
        ours.record(signal("opt_out"))
        ours.forget("c-1")
        for event in told(ours, f"contact:{ours._shelves.hash('c-1')}"):
            theirs.record(event)
        assert codes(theirs.evaluate(a_touch())) == ["CG104"]
        assert Guard(NOES_ONLY)._shelves.hash("c-1") != Guard(NOES_ONLY)._shelves.hash("c-1")


class TestKey:
    """Under another key every no of somebody forgotten would be lost."""

    def test_a_ledger_keeps_to_one(self, make: Make) -> None:
        guard = make(key="ours")
        guard.record(signal("opt_out"))
        guard.forget("c-1")
        assert codes(make(key=b"ours").evaluate(a_touch())) == ["CG104"]
        other = make(key="theirs")
        assert codes(other.evaluate(a_touch())) == ["CG902"]
        with pytest.raises(LedgerUnavailable, match="hashed with another key"):
            other.record(a_contact())

    def test_who_asked_before_anybody_was_forgotten_asks_again(self, make: Make) -> None:
        """Nothing told then that the key was another one."""
        ours, theirs = make(key="ours"), make(key="theirs")
        assert theirs.evaluate(a_touch())
        assert theirs.evaluate(a_touch(contact="c-2"))
        ours.record(signal("opt_out"))
        ours.forget("c-1")
        for _ in range(2):
            assert codes(theirs.evaluate(a_touch())) == ["CG902"]
            assert codes(theirs.evaluate(a_touch(contact="c-2"))) == ["CG902"]
        assert codes(ours.evaluate(a_touch())) == ["CG104"]

    def test_the_first_to_forget_settles_which(self, make: Make) -> None:
        ours, theirs = make(key="ours"), make(key="theirs")
        ours.record(signal("opt_out"))
        theirs.record(signal("opt_out", "c-2"))
        meddle(ours, lambda: theirs.forget("c-2"))
        with pytest.raises(LedgerUnavailable, match="hashed with another key"):
            ours.forget("c-1")
        assert [event.event for event in told(theirs, "contact:c-1")] == ["signal"]


class TestPrune:
    def test_at_least_400_days_are_kept(self, make: Make) -> None:
        guard = make()
        with pytest.raises(ValueError, match="kept for 400 days"):
            guard.prune(NOW - 400 * DAY + timedelta(microseconds=1))
        with pytest.raises(ValueError, match="naive"):
            guard.prune(datetime(2020, 1, 1))
        assert guard.prune(NOW - 400 * DAY) == 0

    def test_a_policy_that_looks_back_further_keeps_more(self, make: Make) -> None:
        guard = make(Policy(packs=[], rules={"over-cap": {"max": 1, "per": "500d"}}))
        with pytest.raises(ValueError, match="prune before 2024-10-18"):
            guard.prune(NOW - 401 * DAY)
        assert guard.prune(NOW - 500 * DAY) == 0

    def test_what_tells_whether_a_later_touch_was_an_answer_stays(self, make: Make) -> None:
        streak = {"unanswered-streak": {"steps": [{"after": 1, "gap": "never"}]}}
        guard = make(Policy(packs=[], rules=streak, answers={"within": "7d"}))
        limit = NOW - 400 * DAY
        guard.record(Signal(contact="c-1", at=limit - DAY, kind="invited"))
        for hours in (-24 * 7 - 1, -12, 12):
            at = limit + timedelta(hours=hours)
            guard.record(a_touch(at=at, outcome="sent", automated=False))
        before = guard.evaluate(a_touch())
        assert codes(before) == ["CG303"]
        assert guard.prune(limit) == 1
        assert guard.evaluate(a_touch()) == before

    def test_touches_go_and_noes_stay(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        old = NOW - 500 * DAY
        guard.record(a_touch(id="t-1", at=old, outcome="sent"))
        guard.record(a_touch(at=old, outcome="sent"))
        guard.record(a_touch(id="t-2", at=old, to="b@example.org", outcome="bounced"))
        guard.record(a_touch(id="t-3", at=old, outcome="sent"))
        guard.record(Signal(contact="c-1", at=old, kind="opt_out", touch="t-3"))
        assert codes(guard.evaluate(a_touch())) == ["CG101"]
        assert guard.prune(NOW - 450 * DAY) == 2
        for asked in (guard, make()):
            assert codes(asked.evaluate(a_touch())) == ["CG101"]
            assert codes(asked.evaluate(a_touch(to="b@example.org"))) == ["CG104"]
            assert asked.evaluate(phone())
        assert [e.id for e in told(guard, "contact:c-1") if isinstance(e, Touch)] == ["t-2", "t-3"]


# -- others at the same ledger ----------------------------------------------------------------


def meddle(guard: Guard, *acts: Callable[[], object]) -> None:
    """Lets something happen right before the guard's next writes."""
    ledger, pending = guard.ledger, list(acts)

    class Meddled(Wrapped):
        def append(self, events: Any, expect: Any = None) -> None:
            if pending:
                pending.pop(0)()
            ledger.append(events, expect)

        def forget(self, key: str, keep: Any = (), expect: Any = None, also: Any = ()) -> None:
            if pending:
                pending.pop(0)()
            ledger.forget(key, keep, expect, also)

    guard._shelves.ledger = Meddled(ledger)


class Wrapped:
    """A ledger that hands everything on."""

    def __init__(self, ledger: Ledger) -> None:
        self.inner = ledger

    def history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Page:
        return self.inner.history(keys, since, after)

    def append(self, events: Any, expect: Mapping[str, int] | None = None) -> None:
        self.inner.append(events, expect)

    def forget(self, key: str, keep: Any = (), expect: Any = None, also: Any = ()) -> None:
        self.inner.forget(key, keep, expect, also)

    def prune(self, before: int) -> int:
        return self.inner.prune(before)

    def secret(self) -> bytes:
        return self.inner.secret()


class TestOthers:
    def test_a_no_between_reading_and_booking_is_heeded(self, make: Make) -> None:
        guard, other = make(), make()
        meddle(guard, lambda: other.record(signal("opt_out")))
        assert refused(guard, a_touch(id="t-1")) == ["CG101"]
        assert told(guard, "touch:t-1") == []

    @pytest.mark.parametrize(
        "no",
        [
            signal("opt_out", "c-2", point=EMAIL),
            Suppress(point=EMAIL, at=NOW),
            signal("wrong_person", "c-2", point=EMAIL),
        ],
        ids=["opt_out", "suppress", "wrong_person"],
    )
    def test_so_is_one_of_somebody_who_has_the_same_point(self, make: Make, no: Event) -> None:
        guard, other = make(), make()
        assert guard.evaluate(a_touch())
        meddle(guard, lambda: other.record(no))
        assert refused(guard, a_touch(id="t-1"))
        assert not guard.evaluate(a_touch())

    def test_the_last_slot_is_taken_once(self, make: Make) -> None:
        guard, other = make(ONE_A_WEEK), make(ONE_A_WEEK)
        meddle(guard, lambda: other.reserve(a_touch(id="t-2")))
        assert refused(guard, a_touch(id="t-1")) == ["CG301"]

    def test_an_id_is_booked_once_whoever_the_contact(self, make: Make) -> None:
        guard, other = make(), make()
        meddle(guard, lambda: other.reserve(a_touch(contact="c-2", to="b@x.org", id="t-1")))
        assert refused(guard, a_touch(id="t-1")) == ["CG305"]
        assert [booked.contact for booked in told(guard, "touch:t-1")] == ["c-2"]

    def test_an_account_that_changes_is_the_one_that_counts(self, make: Make) -> None:
        policy = Policy(packs=[], rules={"over-cap": {"max": 1, "per": "7d", "scope": "account"}})
        guard, other = make(policy), make()
        other.record(Contact(contact="c-1", at=NOW, account="old"))
        other.record(Contact(contact="c-2", at=NOW, account="new"))
        other.record(a_touch(contact="c-2", to="b@x.org", id="b", at=NOW, outcome="sent"))
        assert guard.evaluate(a_touch())
        meddle(guard, lambda: other.record(Contact(contact="c-1", at=NOW + DAY, account="new")))
        assert refused(guard, a_touch(id="t-1")) == ["CG301"]
        other.record(Contact(contact="c-1", at=NOW + 2 * DAY, account="third"))
        assert guard.evaluate(a_touch())

    def test_the_reasons_of_a_decision_are_those_of_its_moment(self, make: Make) -> None:
        """Also if they are asked for after the guard has read what others told in between."""
        policy = Policy(
            packs=[], rules={"unanswered-streak": {"steps": [{"after": 1, "gap": "7d"}]}}
        )
        guard, other = make(policy), make()
        other.record(a_touch(id="t-1", at=NOW - DAY, outcome="sent"))
        decision = guard.evaluate(a_touch())
        other.record(a_touch(id="t-2", at=NOW, outcome="sent"))
        assert guard.evaluate(a_touch()).findings[0].facts["unanswered"] == 2
        assert decision.findings[0].facts["unanswered"] == 1

    def test_a_resumption_waits_for_what_happened_elsewhere(self, make: Make) -> None:
        guard, other = make(TWO_A_WEEK), make(TWO_A_WEEK)
        guard.reserve(a_touch(id="t-1"))
        meddle(guard, lambda: other.reserve(a_touch(id="t-2")))
        guard.reserve(a_touch(id="t-1"), resume=True)
        assert codes(other.evaluate(a_touch())) == ["CG301"]

    @pytest.mark.parametrize("other_content", [{"step": "two"}, {"to": "new@x.org"}])
    def test_a_booking_that_somebody_else_made_anew_is_theirs(
        self, make: Make, other_content: dict[str, str]
    ) -> None:
        guard, other = make(), make()
        ours = guard.reserve(a_touch(id="t-1", at=NOW))
        other.reserve(a_touch(id="t-1", at=NOW), resume=True).release()
        other.reserve(a_touch(id="t-1", at=NOW, **other_content))
        with pytest.raises(EventError, match="touch 't-1' was booked anew by somebody else"):
            ours.release()
        assert told(guard, "touch:t-1")[-1].event == "touch"

    def test_record_release_and_leaving_go_again_after_a_conflict(self, make: Make) -> None:
        guard, other = make(), make()
        booked = a_touch(id="t-1", at=NOW)
        meddle(guard, lambda: other.record(a_contact(at=NOW)))
        guard.record(signal("opt_out"))
        assert [e.event for e in told(guard, "contact:c-1")] == ["contact", "signal"]
        other.forget("c-1")
        reservation = make().reserve(a_touch(contact="c-3", id="t-1", to="c@x.org"))
        reservation._guard = guard
        booked = reservation.touch
        meddle(guard, lambda: other.record(booked.model_copy(update={"outcome": "unknown"})))
        reservation.release()
        assert told(guard, "touch:t-1")[-1].event == "release"

    def test_forget_goes_again_after_a_conflict(self, make: Make) -> None:
        guard, other = make(), make()
        guard.record(a_contact(at=NOW))
        meddle(guard, lambda: other.record(signal("opt_out")))
        guard.forget("c-1")
        assert told(guard, "contact:c-1") == []
        assert codes(guard.evaluate(a_touch())) == ["CG104"]

    def test_who_is_always_later_is_refused(self, make: Make) -> None:
        guard = make()

        class Busy(Wrapped):
            tries = 0

            def append(self, events: Any, expect: Any = None) -> None:
                self.tries += 1
                raise Conflict("somebody was faster")

            def forget(self, *args: Any, **more: Any) -> None:
                self.append([])

        reservation = guard.reserve(a_touch(id="t-0"))
        busy = guard._shelves.ledger = Busy(guard.ledger)
        assert refused(guard, a_touch(id="t-1")) == ["CG902"]
        assert busy.tries == TRIES
        for call in (
            lambda: guard.record(signal("opt_out")),
            lambda: guard.forget("c-1"),
            reservation.release,
            lambda: reservation.confirm("sent"),
        ):
            with pytest.raises(LedgerUnavailable, match=f"faster {TRIES} times"):
                call()

    def test_threads_of_one_guard(self, make: Make) -> None:
        guard = make(TWO_A_WEEK)
        booked: list[str] = []

        def book(number: int) -> None:
            try:
                guard.reserve(a_touch(id=f"t-{number}"))
            except Refused:
                return
            booked.append(f"t-{number}")

        threads = [threading.Thread(target=book, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(booked) == 2


# -- a ledger that is down --------------------------------------------------------------------


class Down(Wrapped):
    """A ledger that answers until it is told to fail in some methods."""

    def __init__(self, ledger: Ledger, error: Exception) -> None:
        super().__init__(ledger)
        self.error = error
        self.failing: set[str] = set()

    def __getattribute__(self, name: str) -> Any:
        if name in ("history", "append", "forget", "prune", "secret") and name in self.failing:
            raise self.error
        return super().__getattribute__(name)


class TestAnswersToOthers:
    """Semantics 28 and 7: what was sent to somebody else at a shared point is no answer or one."""

    POINT = Policy(
        packs=[],
        rules={"over-cap": {"max": 1, "per": "7d", "scope": "point"}},
        answers={"within": "5d"},
    )

    @pytest.mark.parametrize("phoned", [False, True])
    @pytest.mark.parametrize("point", [None, EMAIL])
    def test_the_guard_knows_as_replay_does(
        self, make: Make, phoned: bool, point: str | None
    ) -> None:
        ours = a_touch(id="t-9", at=NOW + 3 * DAY)
        other: dict[str, Any] = {"contact": "c-2", "automated": False, "outcome": "sent"}
        call = {"channel": "call", "to": PHONE}
        guard = make(self.POINT)
        kept = make(self.POINT)  # has read the streams before there was anybody else
        assert kept.evaluate(ours).allowed
        named = {"point": point} if point else {}
        events: list[Any] = [Signal(contact="c-2", at=NOW, kind="replied", **named)]
        if phoned:  # so what was asked had been answered
            events.append(a_touch(id="t-1", at=NOW + DAY, **other, **call))
        events.append(a_touch(id="t-2", at=NOW + 2 * DAY, **other))
        for event in events:
            guard.record(event)
        (decision,) = (
            decision
            for touch, decision in replay(guard.ruleset, Book(str), [*events, ours])
            if touch.id == "t-9"
        )
        assert codes(decision) == (["CG301"] if phoned else [])
        for one in (guard, kept, make(self.POINT)):
            assert codes(one.evaluate(ours)) == codes(decision)


class Reading(Wrapped):
    """Counts what it is asked for, and what it hands over."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.asked: list[str] = []
        self.handed = 0

    def history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Page:
        page = super().history(keys, since, after)
        self.asked += keys
        self.handed += len(page.events)
        return page


class TestAnAccount:
    """Semantics 7 and 28: the touches filed under an account, whoever of it was touched."""

    CAPPED = Policy(
        packs=[],
        rules={
            "over-cap": {"max": 2, "per": "7d", "scope": "account"},
            "unanswered-streak": {"steps": [{"after": 99, "gap": "400d"}]},
        },
        answers={"within": "5d"},
    )
    PEOPLE = [f"c-{number}" for number in range(12)]

    @staticmethod
    def sent(contact: str, id_: str, at: datetime, **more: Any) -> Touch:
        to = f"{contact}@x.org"
        return a_touch(**{"id": id_, "contact": contact, "to": to, "at": at, **more})

    def filled(self, guard: Guard) -> None:
        """Everybody of an account has had ten touches."""
        for who in self.PEOPLE:
            guard.record(Contact(contact=who, at=NOW - 99 * DAY, account="acme"))
            for number in range(10):
                at = NOW - (10 + 9 * number) * DAY
                guard.record(self.sent(who, f"{who}-{number}", at, outcome="sent"))

    def test_it_is_read_once_for_all_of_its_people(self, make: Make) -> None:
        """And no further back than a cap of it reaches; each contact is read as far as ever."""
        self.filled(make())
        ledger = Reading(make().ledger)
        guard = make(self.CAPPED, ledger=ledger)
        for who in self.PEOPLE:
            assert guard.evaluate(self.sent(who, "new", NOW))
        assert len(self.PEOPLE) * 11 < ledger.handed < len(self.PEOPLE) * 11 * 1.6
        guard.record(self.sent("c-0", "t-1", NOW, outcome="sent"))
        ledger.handed = 0
        for who in self.PEOPLE:
            guard.evaluate(self.sent(who, "new", NOW))
            guard.evaluate(self.sent(who, "new", NOW + DAY))
        assert ledger.handed == 2  # by contact, and by account

    def test_nobody_reads_it_where_no_entry_asks_for_it(self, make: Make) -> None:
        self.filled(make())
        ledger = Reading(make().ledger)
        guard = make(TWO_A_WEEK, ledger=ledger)
        guard.reserve(self.sent("c-1", "new", NOW))
        assert [key for key in ledger.asked if key.startswith("account:")] == []
        assert "account:acme" in make(TWO_A_WEEK).ledger.history(["contact:c-1"]).events[-1].keys

    def test_what_others_book_there_is_heeded(self, make: Make) -> None:
        guard, other = make(self.CAPPED), make(self.CAPPED)
        for who in ("c-1", "c-2", "c-3"):
            guard.record(Contact(contact=who, at=NOW, account="acme"))
            assert guard.evaluate(self.sent(who, "new", NOW))
        other.reserve(self.sent("c-1", "t-1", NOW))
        assert guard.evaluate(self.sent("c-2", "t-2", NOW))
        meddle(guard, lambda: other.reserve(self.sent("c-3", "t-3", NOW)))
        assert refused(guard, self.sent("c-2", "t-2", NOW)) == ["CG301"]
        late = guard.evaluate(self.sent("c-2", "t-2", NOW))
        assert late.to_json() == make(self.CAPPED).evaluate(self.sent("c-2", "t-2", NOW)).to_json()

    def test_a_booking_that_is_resumed_does_not_count_there(self, make: Make) -> None:
        guard = make(self.CAPPED)
        for who in ("c-1", "c-2"):
            guard.record(Contact(contact=who, at=NOW, account="acme"))
            guard.reserve(self.sent(who, f"{who}-t", NOW))
        assert refused(guard, self.sent("c-1", "c-1-u", NOW)) == ["CG301"]
        assert guard.reserve(self.sent("c-1", "c-1-t", NOW), resume=True)
        assert refused(guard, self.sent("c-1", "c-1-u", NOW)) == ["CG301"]

    def test_one_that_is_resumed_elsewhere_counts_there_once(self, make: Make) -> None:
        """In whatever order the guard reads of it."""
        guard, other = make(self.CAPPED), make(self.CAPPED)
        for who in ("c-1", "c-2"):
            other.record(Contact(contact=who, at=NOW, account="acme"))
        other.reserve(self.sent("c-1", "t-1", NOW))
        for who in ("c-1", "c-2"):
            assert guard.evaluate(self.sent(who, "new", NOW))
        other.reserve(self.sent("c-1", "t-1", NOW + DAY), resume=True)
        other.reserve(self.sent("c-2", "t-2", NOW))
        for who in ("c-2", "c-1", "c-2"):
            assert codes(guard.evaluate(self.sent(who, "new", NOW))) == ["CG301"]

    def test_the_reasons_of_a_decision_are_those_of_its_moment(self, make: Make) -> None:
        guard, other = make(self.CAPPED), make()
        for who in ("c-1", "c-2"):
            other.record(Contact(contact=who, at=NOW, account="acme"))
        for number in range(2):
            other.record(self.sent("c-2", f"t-{number}", NOW + number * DAY, outcome="sent"))
        decisions = [guard.evaluate(self.sent("c-1", "new", NOW))]
        other.record(self.sent("c-2", "t-2", NOW - DAY, outcome="sent"))
        decisions.append(guard.evaluate(self.sent("c-2", "new", NOW)))
        assert guard.evaluate(self.sent("c-1", "new", NOW - 90 * DAY))  # read anew
        other.record(self.sent("c-2", "t-3", NOW, outcome="sent"))
        decisions.append(guard.evaluate(self.sent("c-1", "new", NOW)))
        assert [list(decision.findings[0].facts["touches"]) for decision in decisions] == [
            ["t-0", "t-1"],
            ["t-2", "t-0"],
            ["t-2", "t-0"],
        ]

    @pytest.mark.parametrize("by", ["ledger", "call"])
    def test_the_account_may_be_another_each_time(self, make: Make, by: str) -> None:
        guard, other = make(self.CAPPED), make(self.CAPPED)
        for number in range(2):
            acme = Contact(contact="c-2", account="acme")
            other.reserve(self.sent("c-2", f"t-{number}", NOW + number * DAY), contact=acme)
        ours = self.sent("c-1", "new", NOW)
        for number, account in enumerate(("acme", "berg", "acme", "acme", "berg")):
            facts = Contact(contact="c-1", account=account)
            if by == "ledger":
                at = NOW - 9 * DAY + number * DAY
                other.record(facts.model_copy(update={"at": at}))
            decision = guard.evaluate(ours, contact=facts if by == "call" else None)
            assert codes(decision) == (["CG301"] if account == "acme" else [])

    @pytest.mark.parametrize("answered", [False, True])
    @pytest.mark.parametrize("known", [False, True])
    @pytest.mark.parametrize("who", ["c-1", "c-2"])
    def test_answers_are_known_as_in_a_replay(
        self, make: Make, answered: bool, known: bool, who: str
    ) -> None:
        """Also where the ledger has not filed under the account what was answered."""
        guard, kept = make(self.CAPPED), make(self.CAPPED)
        people = [Contact(contact=one, at=NOW, account="acme") for one in ("c-1", "c-2")]
        said = [Signal(contact="c-2", at=NOW, kind="replied")] if answered else []
        sent = [
            self.sent("c-2", "t-1", NOW + DAY, automated=False, outcome="sent"),
            self.sent("c-1", "t-2", NOW + DAY, outcome="sent"),
        ]
        events: list[Any] = [*people, *said, *sent] if known else [*said, *people, *sent]
        ours = self.sent(who, "t-9", NOW + 2 * DAY)
        assert kept.evaluate(ours)
        for event in events:
            guard.record(event)
            assert kept.evaluate(ours).to_json() == make(self.CAPPED).evaluate(ours).to_json()
        (decision,) = (
            decision
            for touch, decision in replay(guard.ruleset, Book(str), [*events, ours])
            if touch.id == "t-9"
        )
        assert codes(decision) == ([] if answered else ["CG301"])
        for one in (guard, kept, make(self.CAPPED)):
            assert codes(one.evaluate(ours)) == codes(decision)

    def test_numbers_of_its_people(self, make: Make) -> None:
        """A number has several names, and one more where the call says the country."""
        guard = make(self.CAPPED)
        guard.record(Contact(contact="c-1", at=NOW, account="acme"))
        call = a_touch(id="t-1", channel="call", to="030 5550143")
        for facts in (None, Contact(contact="c-1", country="DE"), None):
            for _ in range(2):
                assert guard.evaluate(call, contact=facts)


@pytest.mark.parametrize(
    "error",
    [OSError("disk"), KeyError("x"), LedgerUnavailable("away"), EventError("odd"), MemoryError()],
    ids=lambda error: type(error).__name__,
)
class TestDown:
    @pytest.fixture
    def guard(self, error: Exception) -> Guard:
        return Guard(ONE_A_WEEK, ledger=Down(MemoryLedger(), error), clock=FixedClock(NOW))

    @pytest.mark.parametrize("failing", ["history", "secret"])
    def test_evaluate_denies_and_reserve_refuses(self, guard: Guard, failing: str) -> None:
        guard.ledger.failing = {failing}
        for touch in (a_touch(id="t-1"), a_touch()):
            decision = guard.evaluate(touch)
            assert decision.verdict == "deny"
            assert (codes(decision), decision.until) == (["CG902"], None)
            assert decision.contact == "c-1"
            assert Decision.from_json(decision.to_json()) == decision
        with pytest.raises(Refused) as caught:
            guard.reserve(a_touch(id="t-1"))
        assert caught.value.decision.findings == guard.evaluate(a_touch(id="t-1")).findings
        guard.ledger.failing = set()
        assert guard.evaluate(a_touch(id="t-1")), "and it comes back"

    def test_a_booking_that_cannot_be_written_is_refused(self, guard: Guard) -> None:
        guard.ledger.failing = {"append"}
        assert guard.evaluate(a_touch(id="t-1"))
        assert refused(guard, a_touch(id="t-1")) == ["CG902"]
        guard.ledger.failing = set()
        guard.reserve(a_touch(id="t-1"))

    def test_everything_else_raises(self, guard: Guard) -> None:
        reservation = guard.reserve(a_touch(id="t-1"))
        guard.ledger.failing = {"history", "append", "forget", "prune", "secret"}
        for call in (
            lambda: guard.record(signal("opt_out")),
            lambda: guard.record(Suppress(point=EMAIL)),
            lambda: guard.forget("c-1"),
            lambda: guard.prune(NOW - 500 * DAY),
            lambda: guard.calendar(a_touch(), NOW, NOW + DAY),
            lambda: reservation.confirm("sent"),
            reservation.release,
        ):
            with pytest.raises(LedgerUnavailable):
                call()
        guard.ledger.failing = set()
        reservation.confirm("sent")

    def test_leaving(self, guard: Guard, error: Exception) -> None:
        with pytest.raises(LedgerUnavailable), guard.reserve(a_touch(id="t-1")):
            guard.ledger.failing = {"append"}
        guard.ledger.failing = set()
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    def test_leaving_by_an_error_says_both(self, guard: Guard, error: Exception) -> None:
        def send() -> None:
            with guard.reserve(a_touch(id="t-1")):
                guard.ledger.failing = {"append"}
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) as caught:
            send()
        assert "the outcome could not be recorded" in caught.value.__notes__[0]
        guard.ledger.failing = set()
        assert codes(guard.evaluate(a_touch())) == ["CG301"]


class Rubbish(Wrapped):
    """A ledger that answers with what a test makes of the right answers."""

    page: Callable[[Page], Any] = staticmethod(lambda page: page)
    key: Callable[[bytes], Any] = staticmethod(lambda key: key)

    def history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Any:
        return self.page(super().history(keys, since, after))

    def secret(self) -> Any:
        return self.key(super().secret())


class TestRubbish:
    """A ledger that answers, but not as the contract says, is as good as down."""

    @pytest.mark.parametrize(
        "rubbish",
        [
            lambda page: None,
            tuple,
            lambda page: page._replace(events=None),
            lambda page: page._replace(events=[None]),
            lambda page: page._replace(events=[Filed(None, Streams("c-1", None, frozenset()))]),
            lambda page: page._replace(events=[Filed(signal("paused"), None)]),
            lambda page: page._replace(revisions=None),
            lambda page: page._replace(revisions={}),
            lambda page: page._replace(revisions=dict.fromkeys(page.revisions)),
        ],
    )
    def test_as_history(self, make: Make, rubbish: Callable[[Page], Any]) -> None:
        ledger: Any = Rubbish(make().ledger)
        guard = make(ledger=ledger)
        for _ in range(2):  # the second time something was read before
            ledger.page = rubbish
            assert codes(guard.evaluate(a_touch())) == ["CG902"]
            assert refused(guard, a_touch(id="t-1")) == ["CG902"]
            for call in (
                lambda: guard.calendar(a_touch(), NOW, NOW + DAY),
                lambda: guard.record(signal("opt_out")),
                lambda: guard.verify(a_touch(id="t-1", outcome="sent")),
                lambda: guard.forget("c-1"),
            ):
                with pytest.raises(LedgerUnavailable):
                    call()
            ledger.page = Rubbish.page
            assert guard.evaluate(a_touch(id="t-1")), "and it comes back"

    def test_no_point_is_in_what_is_said_of_it(self, make: Make) -> None:
        """Ledgers of others say what they like, and people read it."""

        def forgets_points(page: Page) -> Page:
            kept = {key: n for key, n in page.revisions.items() if not key.startswith("point:")}
            return page._replace(revisions=kept)

        def complains(page: Page) -> Page:
            raise KeyError(f"point:{EMAIL}")

        ledger: Any = Rubbish(make().ledger)
        for ledger.page in (forgets_points, complains):
            (finding,) = make(ledger=ledger).evaluate(a_touch()).findings
            assert (finding.code, EMAIL in finding.message) == ("CG902", False)

    @pytest.mark.parametrize("rubbish", [None, "text", b""])
    def test_as_secret(self, make: Make, rubbish: Any) -> None:
        ledger: Any = Rubbish(make().ledger)
        ledger.key = lambda key: rubbish
        guard = make(ledger=ledger)
        assert codes(guard.evaluate(a_touch())) == ["CG902"]
        with pytest.raises(LedgerUnavailable):
            guard.forget("c-1")


@pytest.mark.parametrize("thing", [Path("outreach.db"), 3, b"memory://"])
def test_what_is_no_ledger_is_told_at_once(thing: Any) -> None:
    with pytest.raises(TypeError, match=r"is no ledger; expected 'sqlite:///outreach.db'"):
        Guard(ledger=thing)


class TestABookThatIsWrong:
    def test_a_ledger_that_contradicts_itself_denies(self, make: Make) -> None:
        guard = make()
        assert guard.evaluate(a_touch())
        streams = guard._shelves.book().streams(a_touch(id="t-1", at=NOW))
        for team in ("sales", "marketing"):
            touch = a_touch(id="t-1", at=NOW, team=team, outcome="sent")
            guard.ledger.append([Filed(touch, streams)])
        for _ in range(2):
            assert codes(guard.evaluate(a_touch())) == ["CG902"]

    def test_a_book_told_only_half_is_not_kept(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever stops the telling, the next answer is that of a book told everything."""
        from cadence_guard.book import Book

        guard = make(TWO_A_WEEK)
        assert guard.evaluate(a_touch())
        for hours in (1, 2):
            make().record(a_touch(at=NOW - timedelta(hours=hours), outcome="sent"))
        whole, calls = Book.fold, iter((True, False))

        def stops(self: Book, event: Event, streams: Any = None) -> None:
            whole(self, event, streams)
            if not next(calls):
                raise KeyboardInterrupt

        monkeypatch.setattr(Book, "fold", stops)
        with pytest.raises(KeyboardInterrupt):
            guard.evaluate(a_touch())
        monkeypatch.undo()
        assert guard.evaluate(a_touch()).to_json() == make(TWO_A_WEEK).evaluate(a_touch()).to_json()
        assert codes(guard.evaluate(a_touch())) == ["CG301"]

    def test_many_people_do_not_fill_the_memory(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cadence_guard.shelves._KEPT", 3)
        guard = make(ONE_A_WEEK)
        for number in range(9):
            guard.reserve(a_touch(id=f"t-{number}", contact=f"c-{number}", to=f"{number}@x.org"))
            assert len(guard._shelves._shelves) <= 3
        assert codes(guard.evaluate(a_touch(contact="c-0", to="0@x.org"))) == ["CG301"]

    def test_what_was_read_is_not_kept(self, make: Make) -> None:
        guard = make()
        for number in range(9):
            guard.record(signal("replied", touch=f"t-{number}"))
            guard.evaluate(a_touch())
        assert [shelf.page.events for shelf in guard._shelves._shelves.values()] == [[], []]

    def test_an_earlier_question_reads_further_back(self, make: Make) -> None:
        guard = make(ONE_A_WEEK)
        guard.record(a_touch(id="old", at=NOW - 900 * DAY, outcome="sent"))
        assert guard.evaluate(a_touch())
        assert codes(guard.evaluate(a_touch(at=NOW - 901 * DAY))) == ["CG301"]
        assert guard.evaluate(a_touch())
