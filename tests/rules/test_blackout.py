"""CG403: days of the contact's wall calendar (17, 19)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from cadence_guard import Policy, PolicyError
from cadence_guard.instants import local_period
from cadence_guard.rules import blackout
from support import case_of, contact, entry_of, judge, mail, until

CHICAGO = contact(time_zone="America/Chicago")


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        ("2026-12-24T05:59:59Z", "allow"),
        ("2026-12-24T06:00:00Z", "2026-12-25T06:00:00Z"),
        ("2026-12-25T05:59:59Z", "2026-12-25T06:00:00Z"),
        ("2026-12-25T06:00:00Z", "allow"),
        ("2026-12-31T12:00:00Z", "2027-01-02T06:00:00Z"),
    ],
)
def test_a_day_of_the_wall(at: str, verdict: str) -> None:
    rule = {"dates": ["2026-12-24", {"from": "2026-12-31", "to": "2027-01-01"}]}
    assert until("blackout", rule, [CHICAGO], mail(at)) == verdict


def test_a_stretch_may_be_one_day_and_the_last_that_can_be() -> None:
    rule = {
        "dates": [
            {"from": "2199-12-31", "to": "2199-12-31"},
            {"from": "2026-03-09", "to": "2026-03-09"},
        ]
    }
    assert until("blackout", rule, [CHICAGO], mail()) == "2026-03-10T05:00:00Z"


def test_the_day_told_is_that_of_their_wall() -> None:
    """Elsewhere it is still the day before, on which nobody is to be contacted either."""
    rule = {"dates": [{"from": "2026-12-24", "to": "2026-12-25"}]}
    decision = judge({"rules": {"blackout": rule}}, [CHICAGO], mail("2026-12-25T07:00:00Z"))
    assert [finding.facts for finding in decision.findings] == [{"date": "2026-12-25"}]


def test_in_every_zone_they_could_be_in() -> None:
    rule = {"dates": ["2026-03-09"]}
    florida = contact(region="US-FL")
    assert until("blackout", rule, [florida], mail("2026-03-09T03:59:59Z")) == "allow"
    assert (
        until("blackout", rule, [florida], mail("2026-03-09T04:00:00Z")) == "2026-03-10T05:00:00Z"
    )
    decision = judge({"rules": {"blackout": rule}}, [florida], mail())
    assert decision.needs == ("time_zone",)


def test_nothing_known_is_anywhere_on_earth() -> None:
    rule = {"dates": ["2026-03-09"]}
    assert until("blackout", rule, [], mail("2026-03-08T09:59:59Z")) == "allow"
    assert until("blackout", rule, [], mail("2026-03-08T10:00:00Z")) == "2026-03-10T12:00:00Z"


def test_apias_lost_friday_is_no_day_and_st_johns_has_one_twice() -> None:
    apia = contact(time_zone="Pacific/Apia")
    rule = {"dates": ["2011-12-30"]}
    assert until("blackout", rule, [apia], mail("2011-12-30T09:59:59Z")) == "allow"
    assert until("blackout", rule, [apia], mail("2011-12-30T10:00:00Z")) == "allow"
    st_johns = contact(time_zone="America/St_Johns")
    rule = {"dates": ["2006-10-29"]}
    assert (
        until("blackout", rule, [st_johns], mail("2006-10-29T02:30:00Z")) == "2006-10-29T02:31:00Z"
    )
    assert (
        until("blackout", rule, [st_johns], mail("2006-10-29T03:30:00Z")) == "2006-10-30T03:30:00Z"
    )


def test_the_first_day_there_is() -> None:
    assert until("blackout", {"dates": ["1970-01-01"]}, [], mail("1970-01-01T00:00:00Z")) == (
        "1970-01-02T12:00:00Z"
    )


@pytest.mark.parametrize(
    "dates",
    [
        [],
        ["24 December"],
        ["2026-02-30"],
        ["1969-12-31"],
        ["2200-01-01"],
        [date(1969, 12, 31)],
        [{"from": "2026-12-24", "to": date(9999, 12, 31)}],
        [datetime(2026, 12, 24)],
        ["20261224"],
        ["2026-W52-4"],
        [{"from": "2026-12-24"}],
        [{"from": "2026-12-24", "to": "2026-12-23"}],
        [20261224],
    ],
)
def test_what_is_no_date_is_refused(dates: list[Any]) -> None:
    with pytest.raises(PolicyError):
        Policy(rules={"blackout": {"dates": dates}})


def test_a_date_may_be_one_of_python() -> None:
    rule = {"dates": [date(2026, 3, 9)]}
    assert until("blackout", rule, [CHICAGO], mail()) == "2026-03-10T05:00:00Z"


def test_dates_are_written_as_they_were_given() -> None:
    said = ["2026-12-24", {"from": "2026-12-31", "to": "2027-01-01"}]
    text = "{dates: [2026-12-24, {from: 2026-12-31, to: 2027-01-01}]}"
    policy = Policy.parse(f"{{version: 1, rules: {{blackout: {text}}}}}")
    (entry,) = policy.rules["blackout"].entries
    assert entry.model_dump(mode="json", exclude_defaults=True) == {"dates": said}


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Pacific/Apia", ("2011-12-20", "2012-01-05")),
        ("Pacific/Apia", ("2011-12-29", "2011-12-31")),
        ("America/St_Johns", ("2006-10-27", "2006-10-31")),
        ("America/St_Johns", ("2006-10-20", "2006-11-10")),
        ("Pacific/Kiritimati", ("1994-12-25", "1995-01-07")),
        ("Etc/GMT+12", ("1970-01-01", "1970-01-09")),
        ("Etc/GMT-14", ("2026-01-01", "2026-01-04")),
    ],
)
def test_a_stretch_is_all_its_days(zone: str, days: tuple[str, str]) -> None:
    first, last = map(date.fromisoformat, days)
    each = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    where = case_of([contact(time_zone=zone)], mail()).zones[0]

    def closed(dates: list[Any]) -> Any:
        entry: Any = entry_of("blackout", {"dates": dates})
        return entry._in(where)

    assert closed([{"from": days[0], "to": days[1]}]) == closed(each)


def test_a_stretch_of_all_time_costs_no_more_than_one_of_some_days(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def counted(*given: Any) -> tuple[int, int]:
        asked.append(given)
        return local_period(*given)

    monkeypatch.setattr(blackout, "local_period", counted)
    rule = {"dates": [{"from": "1970-01-01", "to": "2199-12-31"}]}
    assert until("blackout", rule, [CHICAGO], mail()) == "deny"
    assert len(asked) < 20
