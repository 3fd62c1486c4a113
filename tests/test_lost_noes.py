"""Ways in which a no could get lost, each tried once."""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from cadence_guard import EventError, Guard, Policy, PolicyError, Refused, Touch, parse_events
from cadence_guard.book import Book
from cadence_guard.engine import decide
from cadence_guard.guard import _after_fork
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
    with pytest.raises(PolicyError, match=r"a policy is a mapping, not str; Policy.load\(path\)"):
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


def known(**more: Any) -> dict[str, Any]:
    """What is told of a contact, without a country."""
    return {"event": "contact", "contact": "c-1", "at": "2026-03-01T09:00:00Z", **more}


def suppressed(point: str, **more: Any) -> dict[str, Any]:
    """A point on a list."""
    return {"event": "suppress", "at": "2026-03-02T10:00:00Z", "point": point, **more}


LISTED_ABROAD = known(points=[{"kind": "phone", "value": PHONE}])


@pytest.mark.parametrize(
    "no",
    [
        suppressed(LOCAL),
        suppressed("512-555-0143"),
        suppressed("1 512 555 0143"),
        suppressed(f"whatsapp:{PHONE}"),
        suppressed("+١٥١٢٥٥٥٠١٤٣", channel="call"),
        suppressed("+1 512 555,0143"),
        said("opt_out", point=LOCAL),
        said("wrong_person", point="0512 555 0143"),
    ],
)
@pytest.mark.parametrize("contact", ["c-1", "c-2"])
def test_a_number_without_its_country_is_every_number_that_ends_so(
    no: dict[str, Any], contact: str
) -> None:
    assert codes([LISTED_ABROAD, no], contact, "call", PHONE)
    assert codes([no, LISTED_ABROAD | {"country": "US"}], contact, "call", PHONE)
    assert not codes([LISTED_ABROAD, no], contact, "call", "+15125550144")


def test_digits_may_be_an_address_or_a_handle() -> None:
    events = [suppressed("0815 4711"), suppressed("@00815")]
    assert codes(events, "c-1", "post", "0815 4711") == {"CG104"}
    assert codes(events, "c-1", "social", "@00815") == {"CG104"}


@pytest.mark.parametrize(
    ("listed", "to"),
    [
        ("mailto:b@x.example?subject=unsubscribe", MAIL),
        ("mailto:b%40x.example", MAIL),
        ("b@x.example;", MAIL),
        ("b@xn--fa-hia.example", "b@faß.example"),
        ("b@faß.example", "b@xn--fa-hia.example"),
        ("b@xn--\udcff.example".encode("ascii", "replace").decode(), "b@xn--?.example"),
    ],
)
def test_an_address_is_the_same_however_it_is_written(listed: str, to: str) -> None:
    assert codes([suppressed(listed)], "c-1", "email", to) == {"CG104"}


@pytest.mark.parametrize("point", [" ", "\u200b", "a@x.example, b@x.example"])
@pytest.mark.parametrize("event", [suppressed, lambda point: said("opt_out", point=point)])
def test_a_no_to_nobodys_point_is_an_error(event: Any, point: str) -> None:
    with pytest.raises(EventError, match="point: "):
        Guard(Policy()).record(event(point))


@pytest.mark.parametrize("kind", ["opt_out", "complained"])
def test_a_no_of_somebody_never_described_closes_what_was_touched(kind: str) -> None:
    """Where the CRM is the truth the ledger is told of no points; an erasure keeps the no."""
    guard = Guard(Policy())
    facts = {"contact": "c-1", "points": [{"kind": "email", "value": MAIL}]}
    at = "2026-03-01T10:00:00Z"
    mail = {"contact": "c-1", "channel": "email", "to": MAIL, "purpose": "sales", "at": at}
    guard.reserve({**mail, "id": "t-1"}, contact=facts).confirm("sent")
    old = {**mail, "id": "t-0", "at": "2025-01-01T10:00:00Z", "to": "old@x.example"}
    guard.record({"event": "touch", **old, "outcome": "sent"})
    guard.record(said(kind))
    asked = a_touch(contact="c-2", channel="email", to=MAIL)
    assert guard.evaluate(asked).codes == ("CG101",)
    guard.forget("c-1")
    assert guard.evaluate(asked).codes == ("CG104",)
    assert guard.evaluate(a_touch(contact="c-2", channel="email", to="old@x.example"))


@pytest.mark.parametrize(
    ("at", "closed"),
    [("2025-01-26T10:00:00Z", False), ("2025-01-26T10:00:00.000001Z", True)],
)
def test_exactly_400_days_before_a_no_is_too_old_to_tell_a_point(at: str, closed: bool) -> None:
    events = [{**CALLED, "at": at}, said("opt_out")]
    assert codes(events, "c-2", "call", PHONE) == ({"CG101"} if closed else set())


@pytest.mark.parametrize(
    ("by", "point", "channel", "to"),
    [
        ("email", "+1 (512) 555-0143", "call", PHONE),
        ("social", "+1 512 555 0143", "sms", PHONE),
        ("call", "B@X.example", "email", MAIL),
        ("call", "b@BÜCHER.example", "email", "b@xn--bcher-kva.example"),
        ("email", "(512) 555-0143", "call", PHONE),
        ("whatsapp", "@Bo", "social", "bo"),
    ],
)
def test_a_wrong_person_said_by_another_channel_means_the_point(
    by: str, point: str, channel: str, to: str
) -> None:
    """ "That is not my number", written by mail."""
    events = [said("wrong_person", channel=by, point=point)]
    assert codes(events, "c-1", channel, to) == {"CG204"}
    assert codes(events, "c-2", channel, to) == {"CG204"}
    forgotten = {"event": "forget", "contact": "c-1", "at": "2026-03-06T10:00:00Z"}
    assert codes([*events, forgotten], "c-2", channel, to) == {"CG204"}
    assert codes([said("wrong_person", channel=by, point="@ann")], "c-2", channel, to) == set()


def test_an_opt_out_of_a_channel_closes_what_it_touched() -> None:
    mail = {**CALLED, "id": "t-4", "channel": "email", "to": MAIL}
    events = [CALLED, mail, said("opt_out", channel="sms")]
    assert codes(events, "c-2", "sms", PHONE) == {"CG101"}
    assert codes(events, "c-2", "email", MAIL) == set()


CONSENTED = {
    "event": "consent",
    "contact": "c-1",
    "at": "2026-03-01T10:00:00Z",
    "status": "granted",
    "purpose": "sales",
    "point": MAIL,
    "evidence": "form 1",
}
OTHERWISE = {
    "event": "contact",
    "contact": "c-1",
    "at": "2026-02-01T10:00:00Z",
    "points": [{"kind": "email", "value": "other@x.example"}],
}


@pytest.mark.parametrize("described", [[], [OTHERWISE]])
@pytest.mark.parametrize("named", [{}, {"channel": "email"}, {"purpose": "sales"}])
def test_a_no_closes_the_points_that_a_consent_of_the_same_person_named(
    described: list[Any], named: dict[str, str]
) -> None:
    """Whoever consents to be reached at a point has it, also if nobody described it."""
    events = [*described, CONSENTED, said("opt_out", **named)]
    assert codes(events, "c-2", "email", MAIL) == {"CG101"}
    assert codes(events, "c-2", "email", "third@x.example") == set()
    calls = [*described, CONSENTED, said("opt_out", channel="call")]
    assert codes(calls, "c-2", "email", MAIL) == set()
    advertising = [*described, CONSENTED, said("opt_out", channel="ad")]
    assert codes(advertising, "c-2", "email", MAIL) == set()
    assert codes(advertising, "c-2", "ad", MAIL) == {"CG101"}
    # What a report without a point means are the points described.
    assert codes([*described, CONSENTED, said("wrong_person")], "c-2", "email", MAIL) == set()
    forgotten = {"event": "forget", "contact": "c-1", "at": "2026-03-06T10:00:00Z"}
    assert codes([*events, forgotten], "c-2", "email", MAIL) == {"CG104"}


def test_a_withdrawal_ends_what_had_reopened_a_point_for_everybody() -> None:
    """A no at a point is reopened while the grant is in force, and no longer."""
    no = {**said("opt_out", point=MAIL), "at": "2026-02-20T10:00:00Z"}
    assert codes([OTHERWISE, no, CONSENTED], "c-2", "email", MAIL) == set()
    end = {
        "event": "consent",
        "contact": "c-1",
        "at": "2026-03-05T10:00:00Z",
        "status": "withdrawn",
        "channel": "email",
    }
    assert codes([OTHERWISE, no, CONSENTED, end], "c-2", "email", MAIL) == {"CG101"}


def test_a_touch_is_known_at_the_point_it_was_filed_under() -> None:
    """Who is asked about another contact does not read where that one lives."""
    bounced = {**CALLED, "to": LOCAL, "outcome": "bounced"}
    here = known(country="US")
    assert codes([here, bounced], "c-2", "call", PHONE) == {"CG104"}
    answered = {**CALLED, "to": LOCAL}
    assert codes([here, answered, said("opt_out", touch="t3")], "c-2", "call", PHONE) == {"CG101"}
    guard = Guard(Policy())
    facts = {"contact": "c-1", "country": "US"}
    booked = {key: value for key, value in CALLED.items() if key not in ("event", "outcome")}
    guard.reserve({**booked, "to": LOCAL}, contact=facts).confirm("bounced")
    assert guard.evaluate(a_touch(channel="call", to=PHONE)).codes == ("CG104",)


def test_a_release_of_another_contact_frees_nothing() -> None:
    guard = Guard(Policy(rules={"over-cap": {"max": 1, "per": "7d"}}))
    guard.reserve(a_touch(id="t-1"))
    foreign = {"event": "release", "touch": "t-1", "contact": "c-9", "at": "2026-03-02T10:00:00Z"}
    with pytest.raises(EventError, match="another contact"):
        guard.record(foreign)
    assert not guard.evaluate(a_touch())
    book = Book(str)
    called, release = parse_events([CALLED, {**foreign, "touch": "t3"}])
    book.fold(called)
    with pytest.raises(EventError, match="another contact"):
        book.fold(release)


@pytest.mark.parametrize("contact", ["", None, "hmac-sha256:00"])
def test_what_is_left_of_somebody_is_not_forgotten(contact: Any) -> None:
    with pytest.raises(EventError, match="contact"):
        Guard(Policy()).forget(contact)


@pytest.mark.parametrize("evidence", [" ", "\u200b"])
def test_evidence_that_shows_nothing_is_none(evidence: str) -> None:
    granted = {"event": "consent", "status": "granted", "purpose": "sales", "channel": "email"}
    with pytest.raises(EventError, match="evidence"):
        Guard(Policy()).record(
            {**granted, "contact": "c-1", "at": "2026-03-02T10:00:00Z", "evidence": evidence}
        )


def test_a_refusal_can_be_pickled() -> None:
    guard = Guard(Policy())
    guard.record(said("opt_out"))
    with pytest.raises(Refused) as refused:
        guard.reserve(a_touch(contact="c-1", id="t-1"))
    again = pickle.loads(pickle.dumps(refused.value))
    assert (str(again), again.decision) == (str(refused.value), refused.value.decision)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_made_while_a_thread_asks_is_not_stuck() -> None:
    guard = Guard(Policy())
    guard.record(said("opt_out"))
    held = guard.evaluate(a_touch(contact="c-1"))
    inside, done = threading.Event(), threading.Event()

    def ask() -> None:
        with guard._lock:
            inside.set()
            done.wait()

    thread = threading.Thread(target=ask)
    thread.start()
    inside.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and forks: that is the point
        child = os.fork()
    if child == 0:  # pragma: no cover (another process)
        refused = guard.evaluate(a_touch(contact="c-1")).codes == ("CG101",)
        os._exit(0 if refused and held.findings else 1)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_a_child_does_first_lets_go_of_every_lock() -> None:
    """As above, seen from within: the parent cannot see what is run in the child."""
    guard = Guard(Policy())
    guard.record(said("opt_out"))
    held = guard.evaluate(a_touch(contact="c-1"))
    gone = guard.evaluate(a_touch(contact="c-1"))
    stuck = guard._lock
    stuck.acquire()
    del gone
    _after_fork()
    assert guard._lock is not stuck
    thread = threading.Thread(target=lambda: held.findings)
    thread.start()
    thread.join()
    assert held.codes == guard.evaluate(a_touch(contact="c-1")).codes == ("CG101",)


def test_an_id_that_was_forgotten_has_no_outcomes_of_before() -> None:
    forget = {"event": "forget", "contact": "c-1", "at": "2026-03-02T10:00:00Z"}
    before = [CALLED, {**CALLED, "outcome": "bounced"}, forget]
    other = {**CALLED, "contact": "c-2", "to": "+15125550144"}
    again = [*before, other, {**other, "outcome": "bounced"}]
    assert codes(again, "c-3", "call", "+15125550144") == {"CG104"}
