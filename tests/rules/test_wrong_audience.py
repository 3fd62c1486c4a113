"""CG604: a customer is no prospect, and a footprint is no intent (34)."""

from __future__ import annotations

from typing import Any

import pytest

from support import call, judge, mail, signal, until

BOUGHT = signal("purchased", "2024-05-10T15:00:00Z")


def test_a_customer_among_prospects() -> None:
    prospects = mail(audience="prospects")
    assert until("wrong-audience", {}, [BOUGHT], prospects) == "deny"
    assert until("wrong-audience", {}, [], prospects) == "allow"
    assert until("wrong-audience", {}, [BOUGHT], mail(audience="customers")) == "allow"
    assert until("wrong-audience", {}, [BOUGHT], mail()) == "allow"


def test_it_holds_from_the_purchase() -> None:
    later = signal("purchased", "2026-03-12T10:00:00Z")
    decision = judge({"rules": {"wrong-audience": {}}}, [later], mail(audience="prospects"))
    assert decision
    assert str(decision.open_until) == "2026-03-12 10:00:00+00:00"
    at_once = signal("purchased", "2026-03-09T10:00:00Z")
    assert until("wrong-audience", {}, [at_once], mail(audience="prospects")) == "deny"


@pytest.mark.parametrize(
    ("touch", "verdict"),
    [
        (call(because="visited"), "deny"),
        (call(because="trial_started"), "deny"),
        (call(because="replied"), "allow"),
        (call(because="x-fair"), "allow"),
        (call(because="visited", purpose="service"), "allow"),
        (mail(because="visited"), "allow"),
        ({**call(because="opened"), "channel": "social", "to": "@al"}, "deny"),
        ({**call(because="clicked"), "channel": "whatsapp"}, "deny"),
    ],
)
def test_a_footprint_is_no_reason_to_come_close(touch: dict[str, Any], verdict: str) -> None:
    assert until("wrong-audience", {}, [], touch) == verdict


def test_it_says_which_of_the_two() -> None:
    rules = {"rules": {"wrong-audience": {}}}
    finding = judge(rules, [BOUGHT], mail(audience="prospects")).findings[0]
    assert finding.message == "the contact is a customer, and this is for prospects"
    finding = judge(rules, [], call(because="visited")).findings[0]
    assert finding.message == "'visited' is a footprint, no invitation to a sales call"
