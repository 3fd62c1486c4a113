"""CG201: a private point wants a consent of its own (24)."""

from __future__ import annotations

from typing import Any

import pytest

from support import PHONE, call, consent, contact, judge, mail, until


def point(use: str | None, source: str | None = None) -> dict[str, Any]:
    about = {"use": use, "source": source}
    given = {key: value for key, value in about.items() if value}
    return contact(points=[{"kind": "phone", "value": PHONE, **given}])


AT = "2026-03-01T00:00:00Z"
FOR_CHANNEL, FOR_POINT = consent(AT, channel="call"), consent(AT, channel=None, point=PHONE)


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([point("work")], "allow"),
        ([point("shared")], "allow"),
        ([point("private")], "deny"),
        ([point("unknown")], "deny"),
        ([point(None)], "deny"),
        ([], "deny"),
        ([point("private"), FOR_POINT], "allow"),
        ([point("private"), FOR_CHANNEL], "deny"),
        ([point("private", "purchased_list"), FOR_CHANNEL], "deny"),
        ([point("private", "given_by_contact"), FOR_CHANNEL], "allow"),
        ([point("private", "trial_form"), FOR_CHANNEL], "allow"),
        ([point("private", "web_form"), FOR_CHANNEL], "allow"),
        ([point("private"), {**FOR_POINT, "purpose": "marketing"}], "deny"),
        ([point("private"), {**FOR_POINT, "until": "2026-03-09T10:00:00Z"}], "deny"),
        ([point("private"), {**FOR_POINT, "from": "2026-03-10T00:00:00Z"}], "2026-03-10T00:00:00Z"),
    ],
)
def test_it_wants_a_grant_that_names_the_point(events: list[Any], verdict: str) -> None:
    assert until("private-point", {}, events, call()) == verdict


def test_a_point_that_one_event_names_twice_is_one() -> None:
    """What is said of it is put together, as that of two events is."""
    twice = [
        {"kind": "phone", "value": PHONE, "use": "private"},
        {"kind": "phone", "value": f"{PHONE[:2]} {PHONE[2:]}", "source": "enriched"},
    ]
    for points in (twice, twice[::-1]):
        known = [contact(points=points)]
        assert until("private-point", {"unknown": "open"}, known, call()) == "deny"


def test_unknown_may_be_open_and_mail_is_left_alone() -> None:
    assert until("private-point", {"unknown": "open"}, [point("unknown")], call()) == "allow"
    assert until("private-point", {"unknown": "open"}, [point("private")], call()) == "deny"
    assert until("private-point", {}, [], mail()) == "allow"
    assert until("private-point", {"channels": ["email"]}, [], mail()) == "deny"


def test_a_touch_without_a_point_reaches_no_private_one() -> None:
    ad = {key: value for key, value in call().items() if key != "to"} | {"channel": "ad"}
    assert until("private-point", {"channels": ["ad"]}, [], ad) == "allow"


def test_it_says_which_facts_are_missing() -> None:
    rules = {"rules": {"private-point": {}}}
    assert judge(rules, [point(None)], call()).needs == ("consent", "source", "use")
    decision = judge(rules, [point("private", "public")], call())
    assert decision.needs == ("consent",)
    assert decision.findings[0].message.startswith("a private point")
