"""CG401: the wall clock of the contact, in every zone they could be in (18, 19)."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard import Policy, PolicyError
from support import PHONE, call, contact, judge, until

OFFICE = {
    "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]
}


def at(zone: str, rule: dict[str, Any], instant: str) -> str | None:
    return until("outside-hours", rule, [contact(time_zone=zone)], call(instant))


def daily(opens: str, closes: str) -> dict[str, Any]:
    return {"windows": [{"from": opens, "to": closes}]}


@pytest.mark.parametrize(
    ("instant", "verdict"),
    [
        ("2026-03-09T13:59:59.999999Z", "2026-03-09T14:00:00Z"),
        ("2026-03-09T14:00:00Z", "allow"),  # from is in
        ("2026-03-09T22:59:59Z", "allow"),
        ("2026-03-09T23:00:00Z", "2026-03-10T14:00:00Z"),  # to is out
        ("2026-03-13T23:00:00Z", "2026-03-16T14:00:00Z"),  # over the weekend
        ("2026-03-06T15:00:00Z", "allow"),  # an hour later before the clocks changed
        ("2026-03-06T14:59:59Z", "2026-03-06T15:00:00Z"),
    ],
)
def test_windows_are_half_open(instant: str, verdict: str) -> None:
    assert at("America/Chicago", OFFICE, instant) == verdict


def test_a_window_over_midnight_belongs_to_the_day_it_opens() -> None:
    rule = {"windows": [{"days": ["sun"], "from": "22:00", "to": "02:00"}]}
    assert at("UTC", rule, "2026-03-08T22:00:00Z") == "allow"  # Sunday
    assert at("UTC", rule, "2026-03-09T01:59:59Z") == "allow"
    assert at("UTC", rule, "2026-03-09T02:00:00Z") == "2026-03-15T22:00:00Z"
    assert at("UTC", rule, "2026-03-08T01:00:00Z") == "2026-03-08T22:00:00Z"


def test_the_spring_gap_never_opens_and_the_autumn_hour_opens_twice() -> None:
    gap = daily("02:00", "03:00")
    assert at("America/Chicago", gap, "2026-03-08T07:30:00Z") == "2026-03-09T07:00:00Z"
    twice = daily("01:00", "01:30")
    assert at("America/Chicago", twice, "2026-11-01T06:00:00Z") == "allow"
    assert at("America/Chicago", twice, "2026-11-01T06:30:00Z") == "2026-11-01T07:00:00Z"
    assert at("America/Chicago", twice, "2026-11-01T07:30:00Z") == "2026-11-02T07:00:00Z"


def test_st_johns_went_back_a_minute_after_midnight() -> None:
    # 2006-10-29 00:01 (-02:30) became 2006-10-28 23:01 (-03:30): a minute of Sunday, then Saturday.
    rule = {"windows": [{"days": ["sun"], "from": "00:00", "to": "24:00"}]}
    assert at("America/St_Johns", rule, "2006-10-29T02:29:59Z") == "2006-10-29T02:30:00Z"
    assert at("America/St_Johns", rule, "2006-10-29T02:30:59Z") == "allow"
    assert at("America/St_Johns", rule, "2006-10-29T02:31:00Z") == "2006-10-29T03:30:00Z"


def test_lord_howe_changes_by_half_an_hour() -> None:
    rule = daily("01:30", "02:00")  # 2026-04-05 02:00 became 01:30: the half hour comes twice
    assert at("Australia/Lord_Howe", rule, "2026-04-04T14:30:00Z") == "allow"
    assert at("Australia/Lord_Howe", rule, "2026-04-04T15:29:59Z") == "allow"
    assert at("Australia/Lord_Howe", rule, "2026-04-04T15:30:00Z") == "2026-04-05T15:00:00Z"


def test_apia_had_no_friday() -> None:
    rule = {"windows": [{"days": ["fri"], "from": "00:00", "to": "24:00"}]}
    assert at("Pacific/Apia", rule, "2011-12-30T09:00:00Z") == "2012-01-05T10:00:00Z"


def test_kathmandu_is_a_quarter_off() -> None:
    assert at("Asia/Kathmandu", daily("09:00", "10:00"), "2026-03-09T03:14:59Z") == (
        "2026-03-09T03:15:00Z"
    )


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"country": "DE"}, "2026-03-09T08:00:00Z"),
        ({"region": "US-FL"}, "2026-03-09T14:00:00Z"),  # nine in New York, and in Chicago
        ({"region": "US-TX", "country": "DE"}, "2026-03-09T15:00:00Z"),  # Chicago and Denver
        ({"country": "DE", "time_zone": "UTC"}, "2026-03-09T09:00:00Z"),
        (
            {"country": "DE", "points": [{"kind": "phone", "value": PHONE, "region": "US-NY"}]},
            "2026-03-09T13:00:00Z",
        ),
        (
            {
                "time_zone": "UTC",
                "points": [{"kind": "phone", "value": PHONE, "time_zone": "Asia/Tokyo"}],
            },
            "2026-03-10T00:00:00Z",
        ),
    ],
)
def test_every_zone_they_could_be_in_must_be_open(facts: dict[str, Any], verdict: str) -> None:
    early = call("2026-03-09T07:59:00Z")
    if verdict.startswith("2026-03-10"):
        early = call("2026-03-09T09:00:00Z")
    assert until("outside-hours", OFFICE, [contact(**facts)], early) == verdict


def test_nothing_known_is_closed_unless_said() -> None:
    nobody = call(to="+883510001234")  # a satellite number, of nowhere
    assert until("outside-hours", OFFICE, [], nobody) == "deny"
    assert until("outside-hours", {**OFFICE, "unknown": "open"}, [], nobody) == "allow"
    assert judge({"rules": {"outside-hours": OFFICE}}, [], nobody).needs == ("contact", "time_zone")
    no_country = call(to="+99912345678")  # a prefix that no country has
    assert until("outside-hours", OFFICE, [], no_country) == "deny"


def test_windows_that_never_meet_never_open() -> None:
    rule = {"windows": [{"days": ["mon"], "from": "00:00", "to": "02:00"}]}
    far = contact(country="FR")  # one zone in Europe
    assert until("outside-hours", rule, [far], call("2026-03-10T00:00:00Z")) != "deny"
    rule = {"windows": [{"days": ["mon"], "from": "09:00", "to": "09:30"}]}
    assert until("outside-hours", rule, [contact(country="US")], call()) == "deny"


def test_always_open() -> None:
    decision = judge(
        {"rules": {"outside-hours": daily("00:00", "24:00")}},
        [contact(time_zone="America/Chicago")],
        call(),
    )
    assert decision
    assert decision.open_until is None


def test_it_says_what_the_clock_shows() -> None:
    def message(**facts: Any) -> tuple[str, tuple[str, ...]]:
        decision = judge({"rules": {"outside-hours": OFFICE}}, [contact(**facts)], call())
        return decision.findings[0].message, decision.needs

    assert message(time_zone="America/Chicago") == (
        "it is Mon 05:00 in America/Chicago, outside the hours for call",
        (),
    )
    text, needs = message(region="US-FL")
    assert text.endswith("(1 more zones are possible)")
    assert needs == ("time_zone",)


@pytest.mark.parametrize(
    "window",
    [
        {"from": "09:00", "to": "09:00"},
        {"from": "24:00", "to": "09:00"},
        {"from": "9:00", "to": "10:00"},
        {"from": "09:00", "to": "25:00"},
        {"from": "09:00", "to": "10:00", "days": ["monday"]},
        {"from": "09:00", "to": "10:00", "days": []},
        {"from": 540, "to": "10:00"},
    ],
)
def test_what_is_no_window_is_refused(window: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        Policy(rules={"outside-hours": {"windows": [window]}})
