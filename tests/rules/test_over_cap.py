"""CG301: no window that contains the touch holds more than its cap (7, 16, 17, 28, 29)."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard import Policy, PolicyError
from support import MAIL, call, contact, judge, mail, signal, until

WEEKLY = {"max": 1, "per": "7d"}


def sent(at: str, **more: Any) -> dict[str, Any]:
    return mail(at, outcome="sent", **more)


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        ("2026-03-02T10:00:00Z", "allow"),  # exactly a week apart
        ("2026-03-02T10:00:00.000001Z", "2026-03-09T10:00:00.000001Z"),
        ("2026-03-09T10:00:00Z", "2026-03-16T10:00:00Z"),  # the same instant
        ("2026-03-09T10:00:01Z", "2026-03-16T10:00:01Z"),  # booked ahead
        ("2026-03-16T09:59:59Z", "2026-03-23T09:59:59Z"),
        ("2026-03-16T10:00:00Z", "allow"),
    ],
)
def test_a_rolling_cap_looks_both_ways(at: str, verdict: str) -> None:
    assert until("over-cap", WEEKLY, [sent(at)], mail()) == verdict


@pytest.mark.parametrize(
    ("selected", "says"),
    [
        ({}, "all channels"),
        ({"channels": ["email", "sms"]}, "email, sms"),
        ({"tags": ["urgent", "promotional"]}, "tagged urgent or promotional"),
        (
            {"channels": ["email"], "teams": ["sales"], "purposes": ["sales", "marketing"]},
            "email; by sales; for sales or marketing",
        ),
    ],
)
def test_the_message_says_what_is_counted(selected: dict[str, Any], says: str) -> None:
    own = {"tags": ["urgent"], "team": "sales"}
    policy = {"rules": {"over-cap": WEEKLY | selected}}
    decision = judge(policy, [sent("2026-03-09T09:00:00Z", **own)], mail(**own))
    (finding,) = (one for one in decision.findings if one.code == "CG301")
    assert finding.message == f"the contact has its 1 per 7d ({says}) already"


def test_a_window_may_lie_around_the_touch() -> None:
    events = [sent("2026-03-06T10:00:00Z"), sent("2026-03-12T10:00:00Z")]
    assert until("over-cap", {"max": 2, "per": "7d"}, events, mail()) == "2026-03-13T10:00:00Z"
    events = [sent("2026-03-05T10:00:00Z"), sent("2026-03-12T10:00:00Z")]
    assert until("over-cap", {"max": 2, "per": "7d"}, events, mail()) == "allow"


def test_it_opens_between_two_bookings() -> None:
    events = [sent("2026-03-08T10:00:00Z"), sent("2026-03-24T10:00:00Z")]
    decision = judge({"rules": {"over-cap": WEEKLY}}, events, mail())
    assert str(decision.until) == "2026-03-15 10:00:00+00:00"
    assert str(decision.open_until) == "2026-03-17 10:00:00.000001+00:00"


def test_max_0_is_never() -> None:
    assert until("over-cap", {"max": 0, "per": "7d"}, [], mail()) == "deny"
    assert until("over-cap", {"max": 0, "calendar": "day"}, [], mail()) == "deny"
    assert until("over-cap", {"max": 0}, [mail("2026-03-01T10:00:00Z")], mail()) == "deny"
    decision = judge({"rules": {"over-cap": {"max": 0, "per": "7d"}}}, [], mail())
    assert decision.findings[0].facts == {"touches": [], "max": 0, "per": "7d"}
    decision = judge({"rules": {"over-cap": {"max": 0}}}, [], mail())
    assert decision.findings[0].facts == {"touches": [], "max": 0}


def test_what_is_not_judged_is_not_counted() -> None:
    rule = {**WEEKLY, "channels": ["email"], "purposes": ["sales"], "teams": ["a"], "tags": ["x"]}
    like = {"team": "a", "tags": ["x", "y"]}
    assert until("over-cap", rule, [sent("2026-03-08T10:00:00Z", **like)], mail(**like)) != "allow"
    for other in ({"team": "b"}, {"tags": ["y"]}, {"purpose": "service"}):
        events = [sent("2026-03-08T10:00:00Z", **{**like, **other})]
        assert until("over-cap", rule, events, mail(**like)) == "allow"
        events = [sent("2026-03-08T10:00:00Z", **like)]
        assert until("over-cap", rule, events, mail(**{**like, **other})) == "allow"
    events = [call("2026-03-08T10:00:00Z", outcome="busy", **like)]
    assert until("over-cap", rule, events, mail(**like)) == "allow"


def test_an_exemption_decides_both() -> None:
    exempt = {"purposes": ["service"], "channels": ["email"], "from": ["over-cap"], "because": "-"}
    policy = {"rules": {"over-cap": WEEKLY}, "exempt": [exempt]}
    assert judge(policy, [sent("2026-03-08T10:00:00Z", purpose="service")], mail())
    assert judge(policy, [sent("2026-03-08T10:00:00Z")], mail(purpose="service"))
    assert not judge(policy, [sent("2026-03-08T10:00:00Z")], mail())
    by_call = call("2026-03-08T10:00:00Z", purpose="service", outcome="busy")
    assert not judge(policy, [by_call], mail())


def test_failed_and_meetings_do_not_count_unknown_does() -> None:
    assert until("over-cap", WEEKLY, [mail("2026-03-08T10:00:00Z", outcome="failed")], mail()) == (
        "allow"
    )
    meeting = {"event": "touch", "contact": "c1", "channel": "meeting", "purpose": "sales"}
    held = {**meeting, "at": "2026-03-08T10:00:00Z"}
    assert until("over-cap", WEEKLY, [held], mail()) == "allow"
    assert until(
        "over-cap", {"max": 0, "per": "7d"}, [], {**meeting, "at": "2026-03-09T10:00:00Z"}
    ) == ("allow")
    assert until("over-cap", WEEKLY, [mail("2026-03-08T10:00:00Z", outcome="unknown")], mail()) != (
        "allow"
    )


def test_scope_account_is_the_one_they_have_now_and_touches_filed_under_it() -> None:
    rule = {**WEEKLY, "scope": "account"}
    colleague = {"event": "contact", "contact": "c2", "at": "2026-01-01T00:00:00Z", "account": "a"}
    theirs = sent("2026-03-08T10:00:00Z", contact="c2")
    mine = contact(account="a")
    assert until("over-cap", rule, [colleague, theirs, mine], mail()) == "2026-03-15T10:00:00Z"
    # Filed before c2 came to the account; and c1 without one stands alone.
    assert until("over-cap", rule, [theirs, colleague, mine], mail()) == "allow"
    assert until("over-cap", rule, [colleague, theirs], mail()) == "allow"
    assert until("over-cap", rule, [sent("2026-03-08T10:00:00Z")], mail()) != "allow"


def test_scope_point_is_every_touch_to_it() -> None:
    rule = {**WEEKLY, "scope": "point"}
    theirs = sent("2026-03-08T10:00:00Z", contact="c2", to="A@B.example")
    assert until("over-cap", rule, [theirs], mail()) == "2026-03-15T10:00:00Z"
    assert until("over-cap", rule, [theirs], mail(to="other@b.example")) == "allow"
    assert MAIL == "a@b.example"


CHICAGO = contact(time_zone="America/Chicago")


@pytest.mark.parametrize(
    ("unit", "at", "verdict"),
    [
        ("day", "2026-03-09T04:59:59Z", "allow"),  # 23:59 the evening before
        ("day", "2026-03-09T05:00:00Z", "2026-03-10T05:00:00Z"),
        ("day", "2026-03-10T04:59:59Z", "2026-03-10T05:00:00Z"),
        ("week", "2026-03-09T04:59:59Z", "allow"),  # Sunday
        ("week", "2026-03-09T05:00:00Z", "2026-03-16T05:00:00Z"),
        ("month", "2026-03-01T05:59:59Z", "allow"),  # February, before the clocks change
        ("month", "2026-03-01T06:00:00Z", "2026-04-01T05:00:00Z"),
    ],
)
def test_a_calendar_cap_counts_the_contacts_days(unit: str, at: str, verdict: str) -> None:
    rule = {"max": 1, "calendar": unit}
    assert until("over-cap", rule, [CHICAGO, sent(at)], mail()) == verdict


def test_a_calendar_cap_is_free_only_if_free_in_each_zone() -> None:
    both = contact(region="US-FL")  # New York and Chicago
    events = [both, sent("2026-03-09T04:30:00Z")]
    assert (
        until("over-cap", {"max": 1, "calendar": "day"}, events, mail()) == "2026-03-10T04:00:00Z"
    )


def test_a_calendar_cap_of_an_unknown_zone_asks_every_clock() -> None:
    events = [sent("2026-03-09T10:00:00Z")]
    rule = {"max": 1, "calendar": "day"}
    decision = judge({"rules": {"over-cap": rule}}, events, mail())
    assert str(decision.until) == "2026-03-10 10:00:00+00:00"  # midnight at UTC-10
    assert decision.needs == ("contact", "time_zone")
    assert until("over-cap", rule, [], mail()) == "allow"
    # It closes again where the day of a booking begins first, at UTC+10:45.
    events = [sent("2026-03-09T10:00:00Z"), sent("2026-03-14T13:00:00Z")]
    decision = judge({"rules": {"over-cap": rule}}, events, mail())
    assert str(decision.open_until) == "2026-03-13 13:15:00+00:00"


@pytest.mark.parametrize(
    ("facts", "opens"),
    [
        ({"time_zone": "America/New_York"}, "2027-05-01T04:00:00Z"),
        ({"country": "US"}, "2027-05-01T10:00:00Z"),  # Honolulu
        ({}, "2027-05-01T12:00:00Z"),  # UTC-12
    ],
)
def test_full_months_one_after_the_other_do_not_end_the_search(
    facts: dict[str, Any], opens: str
) -> None:
    months = [f"{2026 + month // 12}-{month % 12 + 1:02}-15T12:00:00Z" for month in range(16)]
    events = [contact(**facts), *map(sent, months)]
    rule = {"max": 1, "calendar": "month"}
    assert until("over-cap", rule, events, mail("2026-01-20T00:00:00Z")) == opens


def test_apias_lost_day_is_a_day_of_nobody() -> None:
    apia = contact(time_zone="Pacific/Apia")
    events = [apia, sent("2011-12-30T09:00:00Z")]  # Thursday 29 December, 23:00
    rule = {"max": 1, "calendar": "day"}
    planned = mail("2011-12-30T09:30:00Z")
    assert until("over-cap", rule, events, planned) == "2011-12-30T10:00:00Z"  # Saturday


def test_an_answer_by_a_person_is_neither_judged_nor_counted() -> None:
    policy = {
        "rules": {"over-cap": WEEKLY},
        "answers": {"signals": ["replied"], "within": "7d"},
        "horizon": "1000d",
    }
    first, replied = sent("2026-03-08T10:00:00Z"), signal("replied", "2026-03-08T12:00:00Z")
    by_hand = mail(automated=False)
    assert judge(policy, [first, replied], by_hand)
    assert not judge(policy, [first, replied], mail())
    assert not judge({**policy, "answers": "off"}, [first, replied], by_hand)
    # The contact no longer spoke last, or too long ago, or has refused since.
    mine = sent("2026-03-08T13:00:00Z", automated=False)
    assert not judge(policy, [first, replied, mine], by_hand)
    receipt = sent("2026-03-08T13:00:00Z")
    assert judge(policy, [first, replied, receipt], by_hand)
    late = mail("2026-03-15T12:00:00.000001Z", automated=False)
    assert judge(
        policy,
        [sent("2026-03-12T10:00:00Z"), replied],
        mail("2026-03-15T12:00:00Z", automated=False),
    )
    assert not judge(policy, [sent("2026-03-12T10:00:00Z"), replied], late)
    assert not judge(policy, [first, replied, signal("not_now", "2026-03-08T13:00:00Z")], by_hand)
    # What was an answer when it was made does not count either.
    assert judge(policy, [replied, mine], mail())
    assert judge({**policy, "rules": {"over-cap": {"max": 0, "per": "7d"}}}, [replied], by_hand)


def test_a_new_touch_may_make_a_booked_answer_none() -> None:
    policy = {
        "rules": {"over-cap": {"max": 1, "per": "1d"}},
        "answers": {"signals": ["replied"], "within": "7d"},
    }
    replied = signal("replied", "2026-03-09T09:00:00Z")
    booked = mail("2026-03-09T20:00:00Z", automated=False)
    # A touch by a person at 10:00 is the answer; then the booked one at 20:00 is none and counts,
    # but the new one is not judged. After the time of the answer it is judged.
    assert judge(policy, [replied, booked], mail(automated=False))
    earlier = mail("2026-03-09T09:30:00Z", automated=False, outcome="sent")
    decision = judge(policy, [replied, earlier, booked], mail(automated=False))
    assert str(decision.until) == "2026-03-10 20:00:00+00:00"
    # At the very instant of the booked one the new touch stands after it.
    assert judge(policy, [replied, booked], mail("2026-03-09T20:00:00Z", automated=False))


def test_booked_answers_stay_uncounted_around_the_stretch_of_a_new_one() -> None:
    policy = {
        "rules": {"over-cap": {"max": 1, "per": "1d"}},
        "answers": {"signals": ["replied", "invited"], "within": "2d"},
    }
    events = [
        signal("replied", "2026-03-07T09:00:00Z"),
        mail("2026-03-07T10:00:00Z", automated=False, outcome="sent"),
        signal("invited", "2026-03-10T09:00:00Z"),
        mail("2026-03-11T10:00:00Z", automated=False),
        mail("2026-03-13T10:00:00Z", outcome="sent"),
    ]
    decision = judge(policy, events, mail("2026-03-09T10:00:00Z", automated=False))
    assert decision
    assert str(decision.open_until) == "2026-03-12 10:00:00.000001+00:00"


@pytest.mark.parametrize(
    "params",
    [
        {"max": 1},
        {"max": 1, "per": "7d", "calendar": "day"},
        {"max": -1, "per": "7d"},
        {"max": 1, "per": "P1M"},
        {"max": 1, "calendar": "year"},
        {"max": 1, "per": "7d", "scope": "person"},
    ],
)
def test_a_cap_is_one_number_and_one_window(params: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        Policy(rules={"over-cap": params})


def test_facts_are_the_touches_of_the_window() -> None:
    events = [sent("2026-03-01T10:00:00Z", id="a"), sent("2026-03-08T10:00:00Z", id="b")]
    finding = judge({"rules": {"over-cap": WEEKLY}}, events, mail()).findings[0]
    assert finding.facts == {"touches": ["b"], "max": 1, "per": "7d"}
    two = {"rules": {"over-cap": {"max": 2, "per": "7d"}}}
    ahead = [
        sent("2026-03-03T10:00:00Z", id="a"),
        sent("2026-03-10T10:00:00Z", id="b"),
        sent("2026-03-11T10:00:00Z", id="c"),
    ]
    assert judge(two, ahead, mail()).findings[0].facts["touches"] == ["b", "c"]
    around = [sent("2026-03-03T10:00:00.000001Z", id="a"), *ahead[1:]]
    assert judge(two, around, mail()).findings[0].facts["touches"] == ["a", "b"]
    rule = {"max": 1, "calendar": "week"}
    booked = [CHICAGO, sent("2026-03-10T10:00:00Z", id="a")]
    finding = judge({"rules": {"over-cap": rule}}, booked, mail()).findings[0]
    assert finding.facts == {"touches": ["a"], "max": 1, "calendar": "week"}


def test_facts_are_the_touches_of_the_day_there_and_an_unknown_zone_is_needed() -> None:
    policy = {"rules": {"over-cap": {"max": 2, "calendar": "day"}}}
    events = [
        sent("2026-03-09T04:59:59Z", id="the day before in Chicago"),
        sent("2026-03-09T05:00:00Z", id="first"),
        sent("2026-03-10T04:59:59Z", id="last"),
        sent("2026-03-10T05:00:00Z", id="the day after"),
    ]
    finding = judge(policy, [CHICAGO, *events], mail()).findings[0]
    assert finding.facts["touches"] == ["first", "last"]
    assert judge(policy, [CHICAGO, *events], mail()).needs == ()
    # In the east of Florida every day begins sooner than in the west of it.
    either = judge(policy, [contact(region="US-FL"), *events], mail())
    assert len(either.findings[0].facts["touches"]) == 3
    unknown = judge(policy, events, mail())
    assert len(unknown.findings[0].facts["touches"]) == 4
    assert unknown.needs == ("contact", "time_zone")
    assert judge({"rules": {"over-cap": WEEKLY}}, events, mail()).needs == ("contact",)


def test_a_period_with_touches_that_do_not_count_is_empty() -> None:
    rule = {"max": 1, "calendar": "week", "channels": ["call"]}
    touch = {**mail(), "channel": "call", "to": "+15125550143"}
    assert until("over-cap", rule, [CHICAGO, sent("2026-03-09T09:00:00Z")], touch) == "allow"
