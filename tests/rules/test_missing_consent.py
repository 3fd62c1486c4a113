"""CG102 and CG103: a ground in force for this purpose, channel and point (15, 20, 21)."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard import Policy, PolicyError
from cadence_guard.rules.missing_consent import MissingConsent
from support import MAIL, blocking, call, consent, contact, judge, mail, signal, until

AT = "2026-03-01T00:00:00Z"
RULE = {"accept": ["consent", {"invited": "30d"}, {"purchased": "P1M"}, "meeting_booked"]}


def codes(events: list[Any], touch: dict[str, Any]) -> set[str]:
    decision = judge({"rules": {"missing-consent": RULE}}, events, touch)
    told = set(decision.codes)  # before its texts are made
    assert told == blocking(decision)
    return told


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        ({}, None),
        ({"evidence": None}, None),
        ({"channel": None, "point": MAIL}, None),
        ({"point": "other@b.example"}, "CG102"),
        ({"channel": "sms"}, "CG102"),
        ({"purpose": "marketing"}, "CG102"),
        ({"until": "2026-03-09T10:00:00Z"}, "CG103"),
        ({"until": "2026-03-09T10:00:00.000001Z"}, None),
        ({"from": "2026-03-09T10:00:00Z"}, None),
        ({"from": "2026-03-09T10:00:00.000001Z"}, "CG102"),
        ({"until": AT}, "CG102"),  # an empty one never held
    ],
)
def test_a_consent_is_in_force_from_its_from_until_its_until(
    grant: dict[str, Any], code: str | None
) -> None:
    assert codes([consent(AT, **grant)], mail()) == ({code} if code else set())


def test_a_later_opening_is_a_defer() -> None:
    events = [consent("2026-04-01T00:00:00Z")]
    assert until("missing-consent", RULE, events, mail()) == "2026-04-01T00:00:00Z"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (signal("invited", "2026-02-07T10:00:00.000001Z"), None),
        (signal("invited", "2026-02-07T10:00:00Z"), "CG103"),
        (signal("invited", "2026-03-09T10:00:00.000001Z"), "CG102"),
        (signal("invited", AT, channel="call"), "CG102"),
        (signal("invited", AT, purpose="marketing"), "CG102"),
        (signal("invited", AT, point="other@b.example"), "CG102"),
        (signal("meeting_booked", "1999-01-01T00:00:00Z"), None),
        (signal("visited", AT), "CG102"),
    ],
)
def test_a_signal_holds_for_its_time(said: dict[str, Any], code: str | None) -> None:
    assert codes([said], mail()) == ({code} if code else set())


def test_a_month_ends_at_the_earliest_of_the_zones() -> None:
    # Bought on 31 January at 23:30 in New York, 22:30 in Chicago: the month ends on 28 February.
    bought = signal("purchased", "2026-02-01T04:30:00Z")
    chicago = contact(time_zone="America/Chicago")
    assert codes([chicago, bought], mail("2026-03-01T04:29:59Z")) == set()
    assert codes([chicago, bought], mail("2026-03-01T04:30:00Z")) == {"CG103"}
    either = contact(region="US-FL")
    assert codes([either, signal("purchased", AT)], mail("2026-04-01T03:59:59Z")) == {"CG103"}


def test_a_withdrawal_ends_every_ground_before_it() -> None:
    withdrawal = {"event": "consent", "contact": "c1", "at": AT, "status": "withdrawn"}
    for ground in (signal("invited", "2026-02-20T00:00:00Z"), consent("2026-02-20T00:00:00Z")):
        assert codes([ground, withdrawal], mail()) == {"CG101", "CG103"}
    assert codes([withdrawal, consent("2026-03-02T00:00:00Z")], mail()) == set()
    assert codes([consent(AT), withdrawal], mail()) == {"CG101", "CG102"}  # the same instant
    later = {**withdrawal, "at": "2026-03-02T00:00:00Z"}
    assert codes([consent(AT), later, withdrawal], mail()) == {"CG101", "CG102"}


@pytest.mark.parametrize(
    ("scope", "ends"),
    [
        ({"channel": "sms"}, False),
        ({"purpose": "marketing"}, False),
        ({"point": "other@b.example"}, False),
        ({"channel": "email"}, True),
        ({"purpose": "sales"}, True),
        ({"point": MAIL}, True),
    ],
)
def test_a_withdrawal_ends_what_it_names(scope: dict[str, str], ends: bool) -> None:
    withdrawal = {"event": "consent", "contact": "c1", "at": AT, "status": "withdrawn", **scope}
    expected = {"CG101", "CG103"} if ends else set()
    assert codes([consent("2026-02-20T00:00:00Z"), withdrawal], mail()) == expected


def test_an_opt_out_that_was_reopened_ended_no_purchase_and_a_withdrawal_did() -> None:
    bought, again = signal("purchased", "2026-02-20T00:00:00Z"), consent("2026-03-02T00:00:00Z")
    withdrawal = {"event": "consent", "contact": "c1", "at": AT, "status": "withdrawn"}
    rules = {"missing-consent": {"accept": ["purchased"]}}
    assert (
        blocking(judge({"rules": rules}, [bought, signal("opt_out", AT), again], mail())) == set()
    )
    assert blocking(judge({"rules": rules}, [bought, withdrawal, again], mail())) == {"CG103"}


def test_what_is_not_selected_needs_none() -> None:
    rules = {"missing-consent": {**RULE, "channels": ["call"], "purposes": ["sales"]}}
    assert judge({"rules": rules}, [], mail())
    assert not judge({"rules": rules}, [], call())
    assert judge({"rules": rules}, [], call(purpose="service"))


@pytest.mark.parametrize(
    "accept",
    [
        [],
        ["invite"],
        [{"consent": "30d"}],
        [{"invited": "0d"}],
        [{"invited": None}],
        [{}],
        [{"invited": "30d", "purchased": "30d"}],
        [{"invited": "30 days"}],
        [7],
    ],
)
def test_what_is_no_ground_is_refused(accept: list[Any]) -> None:
    with pytest.raises(PolicyError):
        Policy(rules={"missing-consent": {"accept": accept}})


def test_own_signals_are_grounds() -> None:
    rules = {"missing-consent": {"accept": [{"x-fair": "30d"}]}}
    assert judge({"rules": rules}, [signal("x-fair", AT)], mail())
    (entry,) = Policy(rules=rules).rules["missing-consent"].entries
    assert entry.model_dump(mode="json", exclude_defaults=True) == {"accept": [{"x-fair": "30d"}]}
    assert MissingConsent.Params(accept=entry.accept) == entry


def test_grounds_are_written_as_they_were_read() -> None:
    (entry,) = Policy(rules={"missing-consent": RULE}).rules["missing-consent"].entries
    assert entry.model_dump(mode="json", exclude_defaults=True) == RULE


def test_it_says_when_the_last_permission_ended() -> None:
    events = [
        consent(AT, until="2026-03-07T00:00:00Z"),
        consent(AT, until="2026-03-08T00:00:00Z"),
        consent(AT, until="2026-03-06T00:00:00Z"),
    ]
    finding = judge({"rules": {"missing-consent": RULE}}, events, mail()).findings[0]
    assert finding.message == "what permitted sales by email ended at 2026-03-08T00:00:00Z"
