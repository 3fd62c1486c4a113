"""Smartlead: the payload of its documentation by its answer, and each setting by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from answers import answers, differs, missed, one, real, source, touches

from cadence_guard.cadence import Cadence, Pause, UntilOpen
from cadence_guard.importers.smartlead import read, recognises
from cadence_guard.instants import DAY, HOUR, WEEK, zone

FILE = "smartlead_campaign.json"
STEPS = [
    {"seq_number": 2, "seq_delay_details": {"delay_in_days": 3}, "seq_variants": []},
    {"seq_number": 1, "seq_delay_details": {"delay_in_days": 0}},
]
SCHEDULE = {
    "timezone": "Europe/Berlin",
    "days_of_the_week": [1, 7],
    "start_hour": "9:00",
    "end_hour": "17:30",
}


def campaign(**more: Any) -> str:
    return json.dumps({"sequences": STEPS, **more})


def window(cadence: Cadence) -> list[tuple[int, int]] | None:
    """The hours of the week, counted from Monday, in which mails go out."""
    waits = [node.wait for node in cadence.nodes.values() if isinstance(node, Pause)]
    opens = next((wait for wait in waits if isinstance(wait, UntilOpen)), None)
    if opens is None:
        return None
    monday, berlin = 4 * DAY, zone("UTC")  # 1970-01-05
    found = []
    t = monday
    while t < monday + WEEK:
        start, end = opens.hours.next_open(t, (berlin,))
        if start < monday + WEEK:
            found.append(((start - monday) // HOUR, (end - monday) // HOUR))
        t = end
    return found


def zones(cadence: Cadence) -> set[str | None]:
    """The zones whose clocks the windows are on."""
    waits = [node.wait for node in cadence.nodes.values() if isinstance(node, Pause)]
    return {wait.zone for wait in waits if isinstance(wait, UntilOpen)}


def test_the_real_one_is_read_as_its_answer_says() -> None:
    (row,) = answers("sequencers").get(FILE, [None])
    cadences = read(real(f"sequencers/{FILE}")).cadences
    (cadence,) = cadences
    assert row is not None
    assert differs(cadence, row) == set()
    assert cadence.name == "Q2-2026 TiltIt Agencies Tier-1"
    assert cadence.exits >= {"replied", "declined", "opt_out"}
    assert window(cadence) == [(day * 24 + 9, day * 24 + 17) for day in range(5)]
    assert zones(cadence) == {"America/New_York"}
    assert len([n for n in cadence.nodes.values() if isinstance(n, Pause)]) == 3
    assert missed(cadence) == []


def test_what_is_recognised() -> None:
    assert recognises(source(campaign()))
    assert recognises(source(json.dumps(STEPS)))
    assert not recognises(source('{"sequences": [{"seq_number": 1}]}'))
    assert not recognises(source('{"sequences": ["seq_delay_details"]}'))


def test_steps_come_by_their_numbers() -> None:
    cadence = one(read, json.dumps(STEPS), "spring.json")
    assert (cadence.name, cadence.anchor) == ("spring", "previous")
    assert [step.id for step in cadence.steps] == ["1", "2"]
    assert touches(cadence) == [("email", 0), ("email", 3)]
    camel = [{"seq_delay_details": {"delayInDays": 2}}, {"seq_delay_details": {}}, "x"]
    cadence = one(read, json.dumps(camel))
    assert touches(cadence) == [("email", 2), ("email", None)]
    assert missed(cadence) == ["None", "'x'"]


def test_a_step_by_another_channel() -> None:
    steps = [{**STEPS[0], "seq_type": "LINKEDIN"}, {**STEPS[1], "seq_type": "PIGEON"}]
    cadence = one(read, json.dumps(steps))
    assert touches(cadence) == [("social", 3)]
    assert missed(cadence) == ["'PIGEON'"]
    broken = [{**STEPS[0], "seq_delay_details": None}, STEPS[1]]
    assert touches(one(read, json.dumps(broken))) == [("email", 0), ("email", None)]


def test_a_sunday_and_a_monday_in_berlin() -> None:
    cadence = one(read, campaign(schedule=SCHEDULE))
    assert window(cadence) == [(9, 17), (6 * 24 + 9, 6 * 24 + 17)]
    assert zones(cadence) == {"Europe/Berlin"}
    place = next(n.where for n in cadence.nodes.values() if isinstance(n, Pause))
    assert place == ("schedule",)


@pytest.mark.parametrize(
    "cron",
    [
        {"tz": "Europe/Berlin", "days": [1, 7], "startHour": "09:00", "endHour": "17:00"},
        "{ tz: 'Europe/Berlin', days: [ 1, 7 ], endHour: '17:00', startHour: '09:00' }",
    ],
)
def test_the_schedule_as_its_api_gives_it_back(cron: object) -> None:
    cadence = one(read, campaign(scheduler_cron_value=cron))
    assert window(cadence) == [(9, 17), (6 * 24 + 9, 6 * 24 + 17)]


def test_without_a_schedule_mails_go_out_at_any_hour() -> None:
    for more in ({}, {"scheduler_cron_value": None}, {"scheduler_cron_value": "null"}):
        cadence = one(read, campaign(**more))
        assert window(cadence) is None
        assert any("any hour" in said for said in cadence.assumes)
    empty = one(read, campaign(schedule=SCHEDULE | {"days_of_the_week": []}))
    assert (window(empty), missed(empty)) == (None, ["days"])
    nowhere = one(read, campaign(schedule=SCHEDULE | {"timezone": None}))
    assert (window(nowhere), missed(nowhere)) == (None, ["window"])
    text = one(read, campaign(schedule=SCHEDULE | {"days_of_the_week": "all"}))
    assert missed(text) == ["days"]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"timezone": "Europe/Berlim"}, "did you mean 'Europe/Berlin'"),
        ({"start_hour": "nine"}, "no time of day; expected 00:00 to 24:00"),
        ({"end_hour": "25:00"}, "no time of day"),
        ({"days_of_the_week": [8]}, "a day is 8; expected 1 = Monday to 7"),
        ({"days_of_the_week": ["mon"]}, "a day is 'mon'; expected"),
        ({"days_of_the_week": [True]}, "a day is True; expected"),
    ],
)
def test_a_schedule_that_is_none_is_told(wrong: dict[str, Any], problem: str) -> None:
    cadence = one(read, campaign(schedule=SCHEDULE | wrong))
    (unknown,) = cadence.unknown
    assert problem in unknown.why
    assert unknown.why.endswith("touches are laid out at any hour")
    assert unknown.where[:1] == ("schedule",)
    assert (window(cadence), len(touches(cadence))) == (None, 2)


def test_a_window_without_length_is_told_and_not_a_whole_day() -> None:
    cadence = one(read, campaign(schedule=SCHEDULE | {"start_hour": "9:00", "end_hour": "09:00"}))
    (unknown,) = cadence.unknown
    assert unknown.why == "it opens and closes at 09:00; touches are laid out at any hour"
    assert (window(cadence), unknown.what) == (None, "window")
    whole = one(read, campaign(schedule=SCHEDULE | {"start_hour": "0:00", "end_hour": "24:00"}))
    assert not whole.unknown


@pytest.mark.parametrize("cron", ["{ tz: ", "9 to 5", 5, ["9-17"]])
def test_a_schedule_of_its_api_that_is_none_is_told(cron: object) -> None:
    cadence = one(read, campaign(scheduler_cron_value=cron))
    assert [each.where for each in cadence.unknown] == [("scheduler_cron_value",)]
    assert window(cadence) is None


def test_many_unknown_zones_are_no_long_search(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def nearest(name: str, known: object) -> None:
        asked.append(name)

    monkeypatch.setattr("cadence_guard.importers._linear.nearest", nearest)
    both = {"schedule": SCHEDULE, "sequences": STEPS}
    told = [both | {"schedule": SCHEDULE | {"timezone": f"Nowhere/{n}"}} for n in range(30)]
    cadences = read(source(json.dumps(told))).cadences
    whys = [each.why for cadence in cadences for each in cadence.unknown]
    assert len(whys) == 30
    assert asked == [f"Nowhere/{n}" for n in range(20)]
    assert whys[0].startswith("unknown zone 'Nowhere/0'; expected a name such as America/Chicago")
    assert whys[29].startswith("unknown zone 'Nowhere/29'; touches are laid out at any hour")


def test_what_stops_it_may_not_be_understood() -> None:
    cadence = one(read, campaign(stop_lead_settings=["REPLY"]))
    assert missed(cadence) == ["stop_lead_settings"]


def test_a_number_of_a_step_that_is_none_is_told() -> None:
    steps = [{**STEPS[0], "seq_number": "first"}, *STEPS[1:]]
    assert missed(one(read, json.dumps(steps))) == ["seq_number"]


@pytest.mark.parametrize(
    ("told", "signal"),
    [
        ({"stop_lead_settings": "CLICK_ON_A_LINK"}, "clicked"),
        ({"stop_lead_settings": "OPEN_AN_EMAIL"}, "opened"),
        ({"stop_lead_settings": "REPLY_TO_AN_EMAIL"}, "replied"),
        ({}, "replied"),
    ],
)
def test_what_stops_it(told: dict[str, Any], signal: str) -> None:
    cadence = one(read, campaign(**told))
    assert {signal, "opt_out"} <= cadence.exits
    assert ("replied" in cadence.exits) == (signal == "replied")


def test_two_campaigns_have_their_own_settings() -> None:
    both = [
        {"name": "a", "stop_lead_settings": "CLICK_ON_A_LINK", "sequences": STEPS},
        {"name": "a", "sequences": STEPS, "schedule": SCHEDULE},
    ]
    first, second = read(source(json.dumps(both))).cadences
    assert (first.name, second.name) == ("a", "a (2)")
    assert "clicked" in first.exits
    assert window(first) is None
    assert window(second) is not None
    place = next(n.where for n in second.nodes.values() if isinstance(n, Pause))
    assert place == (1, "schedule")
