"""CG204: this point belongs to somebody else (6, 23)."""

from __future__ import annotations

from typing import Any

import pytest

from support import MAIL, PHONE, call, consent, contact, judge, mail, signal

AT = "2026-03-01T00:00:00Z"
POINTS = [{"kind": "email", "value": MAIL}, {"kind": "phone", "value": PHONE}]


def refused(events: list[Any], touch: dict[str, Any]) -> bool:
    return "CG204" in {finding.code for finding in judge({}, events, touch).findings}


@pytest.mark.parametrize(
    ("scope", "mails", "calls"),
    [
        ({"point": PHONE}, False, True),
        ({"touch": "t-1"}, False, True),
        ({"touch": "t-1", "channel": "email"}, False, True),  # said by mail, of the call
        ({"touch": "t-1", "point": MAIL}, True, False),
        ({"channel": "sms"}, False, True),
        ({"channel": "email"}, True, False),
        ({}, True, True),
    ],
)
def test_the_point_its_touchs_or_every_one(scope: dict[str, str], mails: bool, calls: bool) -> None:
    events = [
        contact(points=POINTS),
        call("2026-02-01T10:00:00Z", id="t-1", outcome="answered"),
        signal("wrong_person", AT, **scope),
    ]
    assert refused(events, mail()) is mails
    assert refused(events, call()) is calls
    assert refused(events, mail(contact="c2")) is mails
    assert refused(events, call(contact="c2")) is calls


def test_it_holds_at_once() -> None:
    assert refused([signal("wrong_person", "2026-12-01T00:00:00Z", point=PHONE)], call())


def test_a_later_grant_with_evidence_that_names_the_point_ends_it() -> None:
    report = signal("wrong_person", AT, point=PHONE)
    assert refused([report, consent("2026-03-02T00:00:00Z", channel="call")], call())
    assert refused([report, consent("2026-03-02T00:00:00Z", point=PHONE, evidence=None)], call())
    assert refused([report, consent("2026-02-28T00:00:00Z", point=PHONE)], call())
    assert not refused([report, consent("2026-03-02T00:00:00Z", point=PHONE)], call())
    again = signal("wrong_person", "2026-03-03T00:00:00Z", point=PHONE)
    assert refused([report, consent("2026-03-02T00:00:00Z", point=PHONE), again], call())


def test_it_opens_when_the_grant_begins() -> None:
    events = [
        signal("wrong_person", AT, point=PHONE),
        consent("2026-03-02T00:00:00Z", point=PHONE, **{"from": "2026-03-20T00:00:00Z"}),
    ]
    decision = judge({}, events, call())
    assert decision.until is not None
    assert decision.until.isoformat() == "2026-03-20T00:00:00+00:00"


def test_without_anything_named_every_touch_is_meant() -> None:
    meeting = {**call(), "channel": "meeting"}
    del meeting["to"]
    assert refused([signal("wrong_person", AT)], meeting)
    assert not refused([signal("wrong_person", AT, channel="sms")], meeting)
