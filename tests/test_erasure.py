"""What an erasure leaves: every no stays in force, and nobody can be told from it (25)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cadence_guard.book import Book
from cadence_guard.erasure import FORGOTTEN, residue
from cadence_guard.events import to_line
from cadence_guard.history import Streams
from support import (
    ACCOUNT,
    AT,
    MAIL,
    PHONE,
    blocking,
    book_of,
    call,
    codes,
    consent,
    contact,
    hashed,
    judge,
    mail,
    signal,
)

FORGET = {"event": "forget", "contact": "c1", "at": "2026-03-02T00:00:00Z"}


def test_what_is_kept_of_somebody_forgotten() -> None:
    events = [
        ACCOUNT,
        {"event": "contact", "contact": "c2", "at": AT, "account": "berg"},
        mail(AT, id="t-1", outcome="sent"),
        mail("2026-03-01T11:00:00Z", id="t-2", outcome="bounced"),
        mail(AT, id="t-3", outcome="failed"),
        call(AT, id="t-4"),
        signal("declined", AT),
        signal("paused", AT),
        signal("opt_out", AT, point=PHONE),
        consent(AT, point=MAIL),
        FORGET,
    ]
    book = book_of(events)
    assert "c1" not in book.people
    assert book.booked("t-1") is None
    assert len(book.account_line("berg").touches) == 3
    assert {past.contact for past in book.account_line("berg").touches} == {FORGOTTEN}
    # For the account the touches still count; a refusal, a pause and a no meet a re-import.
    assert codes(events, mail(contact="c2")) == {"CG301", "CG104"}
    assert codes([*events, contact()], call()) == {"CG104", "CG501", "CG402"}
    assert codes([*events, contact()], mail(to="other@b.example")) == {"CG501", "CG402"}


@pytest.mark.parametrize("end", ["resumed", "invited"])
def test_a_pause_that_ended_stays_ended(end: str) -> None:
    events = [signal("paused", AT), signal(end, "2026-03-01T12:00:00Z"), FORGET, contact()]
    assert codes(events, mail()) == set()
    own = [signal("paused", AT, until="2026-03-20T00:00:00Z"), FORGET, contact()]
    assert codes(own, mail()) == {"CG402"}
    once_more = [signal("paused", AT), FORGET, contact(), signal(end, "2026-03-01T12:00:00Z")]
    assert codes([*once_more, FORGET, contact()], mail()) == set()


def test_what_is_left_holds_whether_it_is_told_before_the_person_or_after() -> None:
    said = [signal("paused", AT), signal("declined", AT), signal("opt_out", AT, channel="call")]
    kept = [event for event, _ in book_of(said).residue("c1", "1")]
    expected = codes([*kept, contact()], mail())
    assert expected == {"CG402", "CG501"}
    assert codes([contact(), *kept], mail()) == expected
    assert codes([kept[0], contact(), *kept[1:], contact(contact="c2")], mail()) == expected
    assert codes([contact(), *kept], mail(contact="c2")) == set()


def test_a_suppression_stays_one_of_its_channel_after_an_erasure() -> None:
    listed = {"event": "suppress", "at": AT, "contact": "c1", "channel": "email"}
    events = [listed, FORGET, contact()]
    assert codes(events, mail()) == {"CG104"}
    assert codes(events, call()) == set()


def test_every_no_of_somebody_forgotten_is_kept() -> None:
    withdrawal = {**consent(AT, evidence=None), "status": "withdrawn"}
    for no in (withdrawal, signal("opt_out", AT), signal("complained", AT, channel="email")):
        assert codes([ACCOUNT, no, FORGET, ACCOUNT], mail()) == {"CG104"}
        assert codes([ACCOUNT, no, FORGET], mail(contact="c9")) == {"CG104"}
    listed = {"event": "suppress", "at": AT, "contact": "c1"}
    assert codes([listed, FORGET, contact()], mail()) == {"CG104"}
    wrong = signal("wrong_person", AT, point=PHONE)
    assert codes([wrong, FORGET], call(contact="c9")) == {"CG204"}


def test_a_withdrawal_stays_one_after_an_erasure() -> None:
    """It wins over a grant of its very instant, and is no refusal that other channels have to
    answer for."""
    withdrawal = {**consent(AT, evidence=None), "status": "withdrawn"}
    assert codes([withdrawal, consent(AT), FORGET, consent(AT)], mail()) == {"CG104"}
    assert codes([withdrawal, FORGET, contact(), consent(AT)], mail()) == {"CG104"}
    later = consent("2026-03-03T00:00:00Z")
    assert codes([withdrawal, FORGET, contact(), later], mail()) == set()
    hop = {"rules": {"channel-hop": {"for": "180d"}}}
    assert blocking(judge(hop, [withdrawal, FORGET, contact()], call())) == set()
    opt_out = signal("opt_out", AT, channel="email")
    assert blocking(judge(hop, [opt_out, FORGET, contact()], call())) == {"CG502"}


def test_a_bounce_stays_one_after_an_erasure() -> None:
    """It is about the point, for whoever has it, until a later consent with evidence names it."""
    bounced = [mail(AT, outcome="bounced"), FORGET]
    named = consent("2026-03-03T00:00:00Z", point=MAIL)
    for who in ("c1", "c9"):
        later = [contact(contact=who), {**named, "contact": who}]
        assert codes([*bounced, later[0]], mail(contact=who)) == {"CG104"}
        assert codes([*bounced, *later], mail(contact=who)) == set()
        assert codes([*bounced, *later, {**FORGET, "contact": who}], mail()) == {"CG104"}
        earlier = {**named, "contact": who, "at": "2026-02-03T00:00:00Z"}
        assert codes([*bounced, later[0], earlier], mail(contact=who)) == {"CG104"}


def test_forgetting_nobody_and_those_without_an_account() -> None:
    assert codes([FORGET], mail()) == set()
    assert codes([mail(AT, outcome="sent"), FORGET], mail()) == set()
    book = book_of([])
    book.drop("nobody")
    assert book.people == {}


def test_a_grant_by_somebody_else_still_ends_a_report_after_an_erasure() -> None:
    report = signal("wrong_person", AT, point=PHONE)
    grant = {**consent("2026-03-01T12:00:00Z", point=PHONE), "contact": "c2"}
    assert codes([report, grant, FORGET], call(contact="c3")) == set()
    assert codes([report, {**grant, "contact": "c1"}, FORGET], call(contact="c3")) == {"CG204"}
    meeting = {key: said for key, said in mail().items() if key != "to"} | {"channel": "meeting"}
    assert codes([report, FORGET], meeting) == set()


TOLD = [
    {**ACCOUNT, "name": "Ada Berg"},
    mail(AT, id="t-1", outcome="bounced"),
    mail(AT, id="t-2", outcome="delivered"),
    call("2026-03-01T11:00:00Z", id="t-3", outcome="hung_up"),
    mail("2026-03-01T12:00:00Z", id="t-4"),
    signal("opt_out", AT, channel="email", purpose="marketing"),
    signal("wrong_person", AT, point=PHONE),
    signal("not_now", "2026-03-01T13:00:00Z", channel="call", until="2026-04-01T00:00:00Z"),
    signal("paused", "2026-03-01T14:00:00Z"),
    signal("replied", "2026-03-01T15:00:00Z"),
    {**consent(AT, evidence=None), "status": "withdrawn"},
    {"event": "suppress", "at": AT, "contact": "c1", "purpose": "sales", "note": "Ada asked"},
]


def left(events: list[Any], mark: str = "1") -> list[tuple[dict[str, Any], Streams]]:
    return [
        (event.model_dump(mode="json"), streams)
        for event, streams in book_of(events).residue("c1", mark)
    ]


def test_nothing_that_is_left_names_the_person() -> None:
    """Neither id, name, point or touch, in no event and under no stream."""
    kept = book_of(TOLD).residue("c1", "1")
    text = " ".join(to_line(event) + repr(streams) for event, streams in kept)
    for secret in ("'c1'", '"c1"', MAIL, PHONE, PHONE[1:], "Ada", "t-1", "t-2", "t-3", "t-4"):
        assert secret not in text


def test_each_is_filed_under_whom_and_what_it_names() -> None:
    for event, streams in left(TOLD):
        assert streams.contact == event.get("contact")
        if streams.account is None:
            assert streams.points == {event[key] for key in ("point", "to") if key in event}
        else:
            assert (streams.account, streams.points) == ("berg", frozenset())
            assert (event["contact"], event["to"]) == (FORGOTTEN, FORGOTTEN)


def test_a_no_keeps_its_kind_instant_and_scope() -> None:
    scope = ("kind", "at", "channel", "purpose", "until")
    found = {
        (event["event"], *(event.get(key) for key in scope), "point" in event)
        for event, _ in left(TOLD)
        if event["event"] != "touch"
    }
    optout = ("signal", "opt_out", AT, "email")
    assert found == {
        (*optout, "marketing", None, True),
        (*optout, "marketing", None, False),
        ("consent", None, AT, "email", "sales", None, True),
        ("consent", None, AT, "email", "sales", None, False),
        ("signal", "wrong_person", AT, None, None, None, True),
        ("suppress", None, AT, None, "sales", None, False),
        ("signal", "hung_up", "2026-03-01T11:00:00Z", "call", None, None, False),
        ("signal", "not_now", "2026-03-01T13:00:00Z", "call", None, "2026-04-01T00:00:00Z", False),
        ("signal", "paused", "2026-03-01T14:00:00Z", None, None, None, False),
    }


def test_touches_are_left_for_the_account_each_under_an_id_of_its_own() -> None:
    ids = []
    for mark in ("1", "2"):
        touches = [event for event, streams in left(TOLD, mark) if streams.account]
        assert [(touch["at"], touch["outcome"]) for touch in touches] == [
            (AT, "sent"),
            (AT, "sent"),
            ("2026-03-01T11:00:00Z", "sent"),
            ("2026-03-01T12:00:00Z", "unknown"),
        ]
        ids += [touch["id"] for touch in touches]
    assert len(set(ids)) == 8


def test_what_an_erasure_leaves_of_what_one_has_left_is_the_same() -> None:
    """So nothing is lost however often: what is known of the hash gives the same events again."""

    def whole(book: Book, contact: str, hashed: Callable[[str], str]) -> set[str]:
        kept = residue(book.people[contact], [], hashed, "1")
        return {to_line(event) for event, streams in kept if streams.account is None}

    once = whole(book_of(TOLD), "c1", hashed)
    assert whole(book_of([*TOLD, FORGET]), hashed("c1"), lambda text: text) == once
