"""Instantly: the payload of its documentation by its answer, and each setting by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from answers import answers, differs, missed, one, real, source, touches

from cadence_guard.cadence import Pause, UntilOpen
from cadence_guard.importers.instantly import read, recognises
from cadence_guard.instants import DAY, HOUR, zone

FILE = "instantly_v2_docs_example.json"
STEPS = [
    {"type": "email", "delay": 2, "variants": [{"subject": "a"}, {"subject": "b"}]},
    {"type": "email", "delay": 6, "delay_unit": "hours", "variants": [{"subject": "c"}]},
    {"type": "email", "delay": 9, "variants": [{"subject": "d"}]},
]
MORNING = {
    "timing": {"from": "09:00", "to": "12:00"},
    "days": {"0": True, "1": True, "2": False},
    "timezone": "Europe/Berlin",
}


def campaign(*schedules: Any, steps: Any = STEPS, **more: Any) -> str:
    sequences = [{"steps": steps}]
    schedule = {"schedules": list(schedules)}
    return json.dumps({"sequences": sequences, "campaign_schedule": schedule, **more})


def test_the_real_one_is_read_as_its_answer_says() -> None:
    (row,) = answers("sequencers").get(FILE, [None])
    (cadence,) = read(real(f"sequencers/{FILE}")).cadences
    assert row is not None
    assert differs(cadence, row) == set()
    assert cadence.name == row["sequence"]
    assert cadence.exits >= {"replied", "declined", "opt_out"}
    assert missed(cadence) == ["days"]  # `days: {}` is no day at all
    assert cadence.unknown[0].why.startswith("no day is chosen")


def test_what_is_recognised() -> None:
    assert recognises(source(campaign()))
    assert recognises(source('{"email_gap": 3, "sequences": [{"steps": []}]}'))
    assert not recognises(source('{"sequences": [{"steps": []}]}'))
    assert not recognises(source('{"email_gap": 3, "sequences": [3]}'))
    assert not recognises(source('{"email_gap": 3, "sequences": {}}'))


def test_a_delay_is_the_time_before_the_next_mail() -> None:
    cadence = one(read, campaign(), "spring.json")
    assert touches(cadence) == [("email", 0), ("email", 2), ("email", 2.25)]
    assert (cadence.name, cadence.anchor) == ("spring", "previous")
    assert any("before the next one" in said for said in cadence.assumes)
    place = next(node.where for node in cadence.nodes.values() if isinstance(node, Pause))
    assert place == ("sequences", 0, "steps", 0, "delay")


def test_days_of_a_delay_before_the_mail_itself() -> None:
    steps = [{"delay_days": 0, "subject": "a"}, {"delay_days": 3, "subject": "b"}]
    assert touches(one(read, campaign(steps=steps))) == [("email", 0), ("email", 3)]


def test_steps_that_are_none_are_told_or_left_out() -> None:
    off = {"delay": 1, "variants": [{"v_disabled": True}, {"v_disabled": True}]}
    half = {"delay": 1, "variants": [{"v_disabled": True}, {"v_disabled": False}]}
    cadence = one(read, campaign(steps=[off, half, 7, {"type": "pigeon"}, {"variants": 3}]))
    assert touches(cadence) == [("email", 1), ("email", 2)]
    assert missed(cadence) == ["7", "'pigeon'"]


def test_a_delay_that_is_not_said_is_named() -> None:
    told = "where no delay is said, the next mail comes at once"
    both = [{"delay": 2, "variants": []}, {"variants": []}]
    assert told not in one(read, campaign(steps=both)).assumes
    assert told in one(read, campaign(steps=[*both, {"variants": []}])).assumes
    assert told not in one(read, campaign(steps=[both[1], {"delay_days": 2}])).assumes


def test_only_the_first_sequence_is_sent() -> None:
    told = json.dumps({"email_gap": 1, "sequences": [{"steps": STEPS}, 3, {"steps": STEPS}]})
    cadence = one(read, told)
    assert len(list(cadence.steps)) == 3
    assert missed(cadence) == ["sequences"]


def test_several_windows_in_one_zone() -> None:
    evening = MORNING | {"timing": {"from": "18:00", "to": "20:00"}, "days": {"1": True}}
    cadence = one(read, campaign(MORNING, evening))
    pauses = [node for node in cadence.nodes.values() if isinstance(node, Pause)]
    opens = [node.wait for node in pauses if isinstance(node.wait, UntilOpen)]
    assert len(opens) == 3  # one before each mail
    assert {wait.zone for wait in opens} == {"Europe/Berlin"}
    t, utc, found = 3 * DAY, zone("UTC"), []  # Sunday 1970-01-04
    while len(found) < 4:
        start, t = opens[0].hours.next_open(t, (utc,))
        found.append((start // HOUR - 72, t // HOUR - 72))
    assert found == [(9, 12), (33, 36), (42, 44), (177, 180)]


def test_windows_that_cannot_be_said() -> None:
    other = MORNING | {"timezone": "Asia/Tokyo"}
    cadence = one(read, campaign(MORNING, other))
    assert missed(cadence) == ["schedules"]
    cadence = one(read, campaign("always"))
    assert missed(cadence) == ["'always'", "window"]
    cadence = one(read, campaign(MORNING | {"days": None}))
    assert missed(cadence) == ["days"]


@pytest.mark.parametrize("schedule", [None, {}, {"schedules": []}])
def test_without_a_window_mails_go_out_at_any_hour(schedule: object) -> None:
    cadence = one(read, campaign(campaign_schedule=schedule))
    assert any("any hour" in said for said in cadence.assumes)
    assert missed(cadence) == []


def test_dates_of_a_campaign_are_taken_for_granted() -> None:
    schedule = {"schedules": [MORNING], "start_date": "2026-01-01"}
    cadence = one(read, campaign(campaign_schedule=schedule))
    assert any("whatever its dates" in said for said in cadence.assumes)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"timing": None}, "no time of day"),
        ({"timing": {"from": "09:00", "to": 12}}, "no time of day"),
        ({"days": {"7": True}}, "a day is '7'; expected 0 to 6"),
        ({"days": {"1": "yes"}}, "it is 'yes'; expected true or false"),
        ({"timezone": "Berlin"}, "unknown zone 'Berlin'"),
    ],
)
def test_a_schedule_that_is_none_is_told(wrong: dict[str, Any], problem: str) -> None:
    cadence = one(read, campaign(MORNING | wrong))
    assert problem in cadence.unknown[0].why
    assert cadence.unknown[0].where[:1] == ("campaign_schedule",)
    assert not any(isinstance(getattr(n, "wait", None), UntilOpen) for n in cadence.nodes.values())
    assert len(touches(cadence)) == 3


@pytest.mark.parametrize("schedule", ["always", {"schedules": 3}, [MORNING]])
def test_schedules_that_are_none_are_told(schedule: object) -> None:
    cadence = one(read, campaign(campaign_schedule=schedule))
    assert missed(cadence) == ["schedules"]


def test_a_setting_that_is_neither_true_nor_false_is_told() -> None:
    cadence = one(read, campaign(stop_on_reply="yes"))
    assert (cadence.exits, missed(cadence)) == ({"opt_out"}, ["stop_on_reply"])


def test_what_stops_it() -> None:
    assert one(read, campaign()).exits == {"opt_out"}
    both = one(read, campaign(stop_on_reply=True, stop_on_auto_reply=True))
    assert both.exits >= {"replied", "declined", "auto_replied", "opt_out"}
