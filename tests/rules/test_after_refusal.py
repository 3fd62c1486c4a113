"""CG501: a cool-down after a refusal, everywhere, and the way back (6, 12, 15, 32)."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard import Policy, PolicyError
from support import MAIL, PHONE, call, consent, contact, judge, mail, signal, until

RULE = {"not_now": "2d", "declined": "10d", "hung_up": "P1M"}
AT = "2026-03-08T10:00:00Z"


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([signal("not_now", "2026-03-07T10:00:00Z")], "allow"),
        ([signal("not_now", "2026-03-07T10:00:00.000001Z")], "2026-03-09T10:00:00.000001Z"),
        ([signal("declined", AT, channel="call")], "2026-03-18T10:00:00Z"),
        # Every refusal counts by itself, the latest end wins; and it holds at once.
        (
            [signal("declined", AT), signal("not_now", "2026-03-09T09:00:00Z")],
            "2026-03-18T10:00:00Z",
        ),
        ([signal("not_now", "2026-03-15T00:00:00Z")], "2026-03-17T00:00:00Z"),
        ([call(AT, outcome="hung_up")], "2026-04-08T09:00:00Z"),
        ([signal("opt_out", AT, channel="sms")], "allow"),
        # "Not before Friday": what they asked for, if it is later than what the policy says.
        ([signal("not_now", AT, until="2026-03-13T00:00:00Z")], "2026-03-13T00:00:00Z"),
        ([signal("not_now", AT, until="2026-03-09T00:00:00Z")], "2026-03-10T10:00:00Z"),
        ([signal("not_now", AT, until="2026-03-01T00:00:00Z")], "2026-03-10T10:00:00Z"),
        ([signal("not_now", AT, until=None)], "2026-03-10T10:00:00Z"),
        (
            [
                signal("not_now", AT, until="2026-04-13T00:00:00Z"),
                signal("invited", "2026-03-09T09:00:00Z"),
            ],
            "allow",
        ),
        ([signal("paused", AT)], "allow"),
    ],
)
def test_it_waits(events: list[Any], verdict: str) -> None:
    berlin = contact(time_zone="Europe/Berlin")
    assert until("after-refusal", RULE, [berlin, *events], mail()) == verdict


def test_a_month_ends_at_the_latest_of_the_zones() -> None:
    # In Chicago the clocks change on 8 March: the month from 7 March 10:00 ends an hour earlier.
    refusal = signal("hung_up", "2026-03-07T10:00:00Z")
    chicago, texas = contact(time_zone="America/Phoenix"), contact(time_zone="America/Chicago")
    assert until("after-refusal", RULE, [chicago, refusal], mail()) == "2026-04-07T10:00:00Z"
    assert until("after-refusal", RULE, [texas, refusal], mail()) == "2026-04-07T09:00:00Z"
    clamped = signal("hung_up", "2026-01-31T12:00:00Z")
    utc = contact(time_zone="UTC")
    assert until("after-refusal", RULE, [utc, clamped], mail("2026-02-28T11:59:59Z")) == (
        "2026-02-28T12:00:00Z"
    )
    nowhere = until("after-refusal", RULE, [clamped], mail("2026-02-28T11:59:59Z"))
    assert nowhere == "2026-02-28T12:00:00Z"


@pytest.mark.parametrize(
    ("back", "verdict"),
    [
        (signal("invited", "2026-03-09T09:00:00Z"), "allow"),
        (signal("invited", "2026-03-09T09:00:00Z", channel="email"), "allow"),
        (signal("invited", "2026-03-09T09:00:00Z", channel="call"), "2026-03-18T10:00:00Z"),
        (signal("invited", "2026-03-09T09:00:00Z", point=MAIL), "allow"),
        (signal("invited", "2026-03-09T09:00:00Z", point=PHONE), "2026-03-18T10:00:00Z"),
        (signal("invited", "2026-03-07T09:00:00Z"), "2026-03-18T10:00:00Z"),
        (signal("invited", "2026-03-10T09:00:00Z"), "2026-03-10T09:00:00Z"),
        (signal("replied", "2026-03-09T09:00:00Z"), "2026-03-18T10:00:00Z"),
        (consent("2026-03-09T09:00:00Z", evidence=None), "allow"),
        (consent("2026-03-09T09:00:00Z", channel=None, point="other@b.example"), "allow"),
        (consent("2026-03-09T09:00:00Z", channel="sms"), "2026-03-18T10:00:00Z"),
        (
            consent("2026-03-09T09:00:00Z", **{"from": "2026-03-12T00:00:00Z"}),
            "2026-03-12T00:00:00Z",
        ),
        (signal("invited", AT), "allow"),  # below it at the same instant
    ],
)
def test_a_way_back(back: dict[str, Any], verdict: str) -> None:
    events = [signal("declined", AT, channel="call"), back]
    assert until("after-refusal", RULE, events, mail()) == verdict


def test_above_it_at_the_same_instant_is_no_way_back() -> None:
    events = [signal("invited", AT), signal("declined", AT)]
    assert until("after-refusal", RULE, events, mail()) == "2026-03-18T10:00:00Z"


def test_the_first_of_many_ways_back_counts() -> None:
    """Whether they came by signal or by consent."""
    events = [
        signal("declined", AT),
        signal("invited", "2026-03-12T00:00:00Z"),
        consent("2026-03-10T00:00:00Z"),
        consent("2026-03-09T00:00:00Z", **{"from": "2026-03-15T00:00:00Z"}),
    ]
    assert until("after-refusal", RULE, events, mail()) == "2026-03-10T00:00:00Z"


def test_a_way_back_from_an_earlier_refusal_is_none_from_a_later_one() -> None:
    events = [
        signal("declined", "2026-03-05T00:00:00Z"),
        signal("invited", "2026-03-06T00:00:00Z"),
        signal("declined", AT),
        signal("invited", "2026-03-09T09:00:00Z"),
    ]
    touch = mail("2026-03-08T12:00:00Z")
    assert until("after-refusal", RULE, events, touch) == "2026-03-09T09:00:00Z"


def test_only_the_kinds_that_are_listed() -> None:
    assert until("after-refusal", {"not_now": "2d"}, [signal("declined", AT)], mail()) == "allow"
    with pytest.raises(PolicyError, match="at least one"):
        Policy(rules={"after-refusal": {}})


def test_it_says_what_was_said() -> None:
    finding = judge({"rules": {"after-refusal": RULE}}, [signal("declined", AT)], mail()).findings[
        0
    ]
    assert finding.message == (
        "the contact said 'declined' at 2026-03-08T10:00:00Z; 10d of silence, on every channel"
    )


@pytest.mark.parametrize("later", ["2026-03-08T11:00:00Z", "2026-03-08T09:00:00Z"])
def test_of_many_refusals_it_says_the_one_that_lapses_last(later: str) -> None:
    said = [signal("declined", AT), signal("not_now", later)]
    finding = judge({"rules": {"after-refusal": RULE}}, said, mail()).findings[0]
    assert finding.facts == {"kind": "declined", "at": AT}


def test_it_says_until_when_they_asked_for_silence() -> None:
    said = [signal("not_now", AT, until="2026-03-13T00:00:00Z")]
    finding = judge({"rules": {"after-refusal": RULE}}, said, mail()).findings[0]
    assert finding.message.endswith(
        "silence until 2026-03-13T00:00:00Z, as they asked, on every channel"
    )
    sooner = [signal("not_now", AT, until="2026-03-09T12:00:00Z")]
    finding = judge({"rules": {"after-refusal": RULE}}, sooner, mail()).findings[0]
    assert finding.message.endswith("2d of silence, on every channel")


@pytest.mark.parametrize("kind", RULE)
def test_one_kind_is_enough(kind: str) -> None:
    assert (
        until("after-refusal", {kind: "2d"}, [signal(kind, AT)], mail()) == "2026-03-10T10:00:00Z"
    )


def test_two_refusals_at_one_instant_are_one_reason() -> None:
    said = [signal("declined", AT), signal("declined", AT, channel="email")]
    findings = judge({"rules": {"after-refusal": RULE}}, said, mail()).findings
    assert [found.code for found in findings if found.effect == "block"] == ["CG501"]
