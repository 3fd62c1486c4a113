"""Ways in which a no could get lost, each tried once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from cadence_guard import EventError, Guard, Policy, PolicyError, Refused, Touch, parse_events
from cadence_guard.book import Book
from cadence_guard.engine import decide
from cadence_guard.instants import to_us
from cadence_guard.ledgers import Filed
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.testing import a_touch

PHONE, MAIL = "+15125550143", "b@x.example"
CALLED = {
    "event": "touch",
    "id": "t3",
    "contact": "c-1",
    "at": "2026-03-01T10:00:00Z",
    "channel": "call",
    "to": PHONE,
    "purpose": "sales",
    "outcome": "sent",
}


def said(kind: str, **more: Any) -> dict[str, Any]:
    """A signal of c-1."""
    return {"event": "signal", "contact": "c-1", "at": "2026-03-02T10:00:00Z", "kind": kind, **more}


def codes(events: Iterable[Mapping[str, Any]], contact: str, channel: str, to: str) -> set[str]:
    """What blocks a later touch, asked of the guard and of a book alike."""
    touch = Touch(
        contact=contact,
        channel=channel,
        to=to,
        purpose="sales",
        at="2026-03-20T10:00:00Z",  # type: ignore[arg-type]
    )
    guard = Guard(Policy())
    for event in events:
        guard.record(event)
    book = Book(lambda text: f"hmac-sha256:{text}")
    for event in parse_events(list(events)):
        book.fold(event)
    assert touch.at is not None
    alone = decide(guard.ruleset, book.case(touch, to_us(touch.at)))
    assert guard.evaluate(touch).codes == alone.codes
    return set(alone.codes)


@pytest.mark.parametrize("kind", ["opt_out", "complained"])
def test_a_no_about_a_named_point_holds_there_whatever_touch_it_answers(kind: str) -> None:
    """ "Do not mail me", said on the phone, closes the address and not a call to an address."""
    events = [CALLED, said(kind, point=MAIL, touch="t3")]
    assert codes(events, "c-1", "email", MAIL) == {"CG101"}
    assert codes(events, "c-2", "email", MAIL) == {"CG101"}
    assert codes(events, "c-1", "call", PHONE) == set()


def test_a_no_to_a_touch_of_somebody_else_is_the_speakers_own() -> None:
    """A touch id of another contact lends a no neither its channel nor its point."""
    events = [{**CALLED, "contact": "c-9"}, said("opt_out", touch="t3")]
    assert codes(events, "c-1", "email", MAIL) == {"CG101"}
    assert codes(events, "c-9", "call", PHONE) == set()


@pytest.mark.parametrize("named", [{}, {"point": MAIL}])
def test_an_erasure_does_not_let_somebody_elses_grant_outweigh_a_no(named: dict[str, str]) -> None:
    """Only the person's own later consent does, before and after they are forgotten."""
    point = {"kind": "email", "value": MAIL}
    events: list[dict[str, Any]] = [
        {"event": "contact", "contact": "c-1", "at": "2026-03-01T10:00:00Z", "points": [point]},
        said("opt_out", **named),
        {
            "event": "consent",
            "contact": "c-2",
            "at": "2026-03-05T10:00:00Z",
            "status": "granted",
            "purpose": "sales",
            "point": MAIL,
            "evidence": "form 1",
        },
    ]
    forgotten = [*events, {"event": "forget", "contact": "c-1", "at": "2026-03-06T10:00:00Z"}]
    assert codes(events, "c-2", "email", MAIL) == {"CG101"}
    assert codes(forgotten, "c-2", "email", MAIL) == {"CG104"}
    own = {**events[2], "contact": "c-1", "at": "2026-03-10T10:00:00Z"}
    assert codes([*forgotten, own], "c-1", "email", MAIL) == set()
    assert codes([*forgotten, own], "c-2", "email", MAIL) == set()


class _SlowLedger(MemoryLedger):
    """Its append waits until somebody lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def append(self, events: Iterable[Filed], expect: Mapping[str, int] | None = None) -> None:
        self.asked.set()
        self.go.wait(10)
        super().append(events, expect)


@pytest.mark.parametrize("refused", [False, True])
def test_a_reservation_that_nobody_waits_for_any_more_is_taken_back(refused: bool) -> None:
    """Cancelled while it is booked in its thread: the slot is free again."""
    ledger = _SlowLedger()
    guard = Guard(Policy(), ledger=ledger)
    ledger.go.set()
    if refused:
        guard.reserve(a_touch(id="t-1"))
    ledger.go.clear()
    ledger.asked.clear()

    async def send() -> None:
        async with guard.areserve(a_touch(id="t-1"), resume=refused):
            raise AssertionError("never reached")

    async def cancelled() -> None:
        task = asyncio.ensure_future(send())
        await asyncio.to_thread(ledger.asked.wait, 10)
        if refused:  # what comes between makes the booking a refusal
            ledger.go.set()
            guard.record(said("opt_out"))
        task.cancel()
        ledger.go.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    if refused:
        with pytest.raises(Refused):
            guard.reserve(a_touch(id="t-1"))
    else:
        guard.reserve(a_touch(id="t-1"))


def test_a_policy_may_be_given_as_data_and_a_calendar_runs_forwards() -> None:
    """As everywhere else dicts do; what is no policy is refused in words."""
    guard = Guard({"rules": {"over-cap": {"max": 0}}})
    assert guard.evaluate(a_touch()).codes == ("CG301",)
    with pytest.raises(PolicyError, match="a policy is a mapping, not str"):
        Guard("humane")  # type: ignore[arg-type]
    late, early = a_touch(at="2026-03-02T00:00:00Z").at, a_touch(at="2026-03-01T00:00:00Z").at
    assert late is not None
    assert early is not None
    with pytest.raises(ValueError, match="before its start"):
        guard.calendar(a_touch(), late, early)


def test_half_a_character_and_an_escaped_nul_are_refused_without_an_echo() -> None:
    """What stands in the line is nobody's business in a log."""
    for text in (r"c\ud800", r"c\u0000"):
        line = '{"event":"forget","contact":"' + text + '","at":"2026-03-01T00:00:00Z"}'
        with pytest.raises(EventError, match=r"^line 1") as caught:
            list(parse_events(line))
        assert "2026" not in str(caught.value)


# -- a number, written as people do in its country ------------------------------------------------

LOCAL = "(512) 555-0143"
LISTED = {
    "event": "contact",
    "contact": "c-1",
    "at": "2026-03-01T09:00:00Z",
    "country": "US",
    "points": [{"kind": "phone", "value": LOCAL}],
}
"""A person whose number is listed as it is written in their country."""


@pytest.mark.parametrize(
    ("events", "contact", "to", "expected"),
    [
        ([LISTED, said("opt_out", point=LOCAL)], "c-1", PHONE, "CG101"),
        ([LISTED, said("opt_out", point=PHONE)], "c-1", LOCAL, "CG101"),
        ([said("opt_out", point=LOCAL), LISTED], "c-1", PHONE, "CG101"),
        ([said("opt_out", point=LOCAL), LISTED], "c-2", LOCAL, "CG101"),
        ([LISTED, said("opt_out")], "c-2", PHONE, "CG101"),
        ([LISTED, LISTED | {"contact": "c-2"}, said("opt_out")], "c-2", LOCAL, "CG101"),
        ([LISTED, said("wrong_person", point=LOCAL)], "c-1", PHONE, "CG204"),
        ([LISTED, CALLED | {"to": LOCAL}, said("wrong_person", touch="t3")], "c-1", PHONE, "CG204"),
        ([LISTED, CALLED, said("wrong_person", touch="t3")], "c-1", LOCAL, "CG204"),
        (
            [LISTED, {"event": "suppress", "at": "2026-03-02T09:00:00Z", "point": LOCAL}],
            "c-1",
            PHONE,
            "CG104",
        ),
        (
            [LISTED, {"event": "suppress", "at": "2026-03-02T09:00:00Z", "point": PHONE}],
            "c-1",
            LOCAL,
            "CG104",
        ),
        (
            [
                LISTED | {"points": []},
                {
                    "event": "suppress",
                    "at": "2026-03-02T09:00:00Z",
                    "contact": "c-1",
                    "point": LOCAL,
                },
            ],
            "c-2",
            PHONE,
            "CG104",
        ),
        (
            [LISTED, {**said("withdrawn"), "event": "consent", "status": "withdrawn",
                      "purpose": "sales", "point": LOCAL}],
            "c-2",
            PHONE,
            "CG101",
        ),
    ],
)  # fmt: skip
def test_a_no_holds_however_the_number_is_written(
    events: list[dict[str, Any]], contact: str, to: str, expected: str
) -> None:
    for event in events:
        if event["event"] == "consent":
            del event["kind"]
    assert expected in codes(events, contact, "call", to)


def test_a_no_to_another_point_closes_no_number() -> None:
    assert codes([LISTED, said("opt_out", point=MAIL)], "c-1", "call", LOCAL) == set()


def test_facts_with_the_call_tell_the_country_of_a_number() -> None:
    guard = Guard(Policy())
    guard.record({"event": "suppress", "at": "2026-03-02T09:00:00Z", "point": PHONE})
    guard.record({"event": "suppress", "at": "2026-03-02T09:00:00Z", "point": "512 555 0199"})
    local = a_touch(channel="call", to=LOCAL)
    assert guard.evaluate(local)  # nobody knows whose number that is
    facts = {"contact": local.contact, "country": "US"}
    assert guard.evaluate(local, contact=facts).codes == ("CG104",)
    listed = facts | {"points": [{"kind": "phone", "value": "512 555 0199"}]}
    other = a_touch(channel="call", to="+15125550199")
    assert guard.evaluate(other, contact=listed).codes == ("CG104",)
    with pytest.raises(Refused):
        guard.reserve(other.model_copy(update={"id": "t-1"}), contact=listed)


def test_a_booking_is_the_same_when_the_country_has_become_known() -> None:
    guard = Guard(Policy())
    call = a_touch(id="t-1", channel="call", to=LOCAL)
    with guard.reserve(call) as booked:
        guard.record({**LISTED, "contact": call.contact})
        booked.confirm("no_answer")
    assert guard.reserve(a_touch(id="t-2", channel="call", to=PHONE))


@pytest.mark.parametrize("again", [PHONE, LOCAL])
@pytest.mark.parametrize(
    "no",
    [
        said("opt_out", point=LOCAL),
        {"event": "suppress", "at": "2026-02-02T09:00:00Z", "point": LOCAL},
    ],
    ids=["opt_out", "suppress"],
)
def test_a_no_to_a_number_outlives_an_erasure_however_it_was_written(
    no: dict[str, Any], again: str
) -> None:
    ledger = MemoryLedger()
    guard = Guard(Policy(), ledger=ledger)
    guard.record(no)  # before anybody knows the country
    guard.record(LISTED)
    guard.forget("c-1")
    assert all(LOCAL not in str(filed.event) for filed in ledger.history([f"point:{LOCAL}"]).events)
    guard.record({**LISTED, "points": [{"kind": "phone", "value": again}]})
    assert not guard.evaluate(a_touch(contact="c-1", channel="call", to=again))
