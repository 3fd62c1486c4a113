"""Salesloft: the imports of its documentation by their answer, and each setting by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from answers import answers, differs, missed, one, real, source, touches

from cadence_guard.importers.salesloft import read, recognises

FILE = "salesloft_cadence_import.json"
MAIL = {"type": "Email", "name": "Intro"}


def cadence_import(*groups: Any, **settings: Any) -> str:
    content = {"step_groups": list(groups)}
    more = {"settings": settings} if settings else {}
    return json.dumps({"cadence_content": content, **more})


def test_the_real_one_is_read_as_its_answer_says() -> None:
    (row,) = answers("sequencers").get(FILE, [None])
    groups, plain, variants = read(real(f"sequencers/{FILE}")).cadences
    assert row is not None
    assert differs(plain, row) == set()
    assert plain.name == "RSAC 2026 - Planning Session"
    assert touches(variants) == [("email", 0), ("email", 4)]
    assert touches(groups) == [("email", 0), ("email", 0)]  # two groups, three variants
    assert [step.automated for step in groups.steps] == [False, True]
    assert groups.name == "Cadence Name"
    assert groups.exits == plain.exits >= {"replied", "meeting_booked", "opt_out"}


def test_what_is_recognised() -> None:
    assert recognises(source(cadence_import({"day": 1, "steps": []})))
    assert not recognises(source(cadence_import({"day": 1})))
    assert not recognises(source('{"cadence_name": "a", "steps": [{"day": 1}]}'))


def test_days_count_from_the_first_and_come_in_their_order() -> None:
    cadence = one(
        read,
        cadence_import(
            {"day": 5, "steps": [{"type": "Phone"}], "reference_id": "ring"},
            {"day": 1, "steps": [MAIL]},
            {"day": 2, "steps": [{"type": "Phone"}]},
        ),
        "cold.json",
    )
    assert touches(cadence) == [("email", 0), ("call", 1), ("call", 4)]
    assert [step.id for step in cadence.steps] == ["ring", "Intro", "day 2"]
    assert [step.automated for step in cadence.steps] == [False, True, False]
    assert (cadence.name, cadence.anchor) == ("cold", "start")
    assert "a reply ends the cadence: the file has no settings" in cadence.assumes
    assert "replied" in cadence.exits


def test_what_is_off_or_not_understood() -> None:
    cadence = one(
        read,
        cadence_import(
            {"day": 1, "steps": [MAIL | {"enabled": False}]},
            {"day": 1, "steps": [MAIL, {"type": "Phone"}]},
            {"day": 2, "steps": [{"type": "Other"}]},
            {"day": 3},
            7,
        ),
    )
    assert touches(cadence) == [("email", 0)]
    assert missed(cadence) == ["Email, Phone", "'Other'", "{'day': 3}", "7"]
    assert "steps that are switched off stay so" in cadence.assumes


def test_a_plain_list_beside_an_import() -> None:
    steps = [{"day": 3}, 7, {"day": 1, "step": 1, "type": "Phone"}]
    plain = {"cadence_name": "plain", "steps": steps}
    told = json.dumps({"import": {"step_groups": [{"steps": []}]}, "plain": plain, "settings": {}})
    imported, listed = read(source(told)).cadences
    assert imported.start is None
    assert touches(listed) == [("call", 0), ("email", 2)]
    assert missed(listed) == ["7"]
    assert listed.exits == {"opt_out"}


@pytest.mark.parametrize(
    ("settings", "exits"),
    [
        ({"remove_replied": False}, {"opt_out"}),
        (
            {"remove_replied": True},
            {"opt_out", "replied", "invited", "not_now", "declined", "wrong_person"},
        ),
        ({"remove_people_when_meeting_booked": True}, {"opt_out", "meeting_booked"}),
    ],
)
def test_what_removes_people(settings: dict[str, Any], exits: set[str]) -> None:
    assert one(read, cadence_import({"day": 1, "steps": [MAIL]}, **settings)).exits == exits


@pytest.mark.parametrize("day", [0, -3, None, "1", True, 10**9])
def test_a_day_that_is_none_is_told(day: object) -> None:
    good = {"day": 1, "steps": [MAIL]}
    cadence = one(read, cadence_import(good, {"day": day, "steps": [MAIL]}))
    (unknown,) = cadence.unknown
    assert "expected" in unknown.why
    assert unknown.where[-2:] == (1, "day")
    assert touches(cadence) == [("email", 0), ("email", None)]


def test_what_is_neither_on_nor_off_is_told_and_on() -> None:
    group = {"day": 1, "steps": [MAIL | {"enabled": "no"}, 7], "automated": "no"}
    cadence = one(read, cadence_import(group, remove_replied="yes"))
    assert touches(cadence) == [("email", 0)]
    assert missed(cadence) == ["7", "enabled", "automated", "remove_replied"]
    assert cadence.exits == {"opt_out"}


ANY_HOUR = "touches go out at any hour of their day: the file says no sending window"


@pytest.mark.parametrize(
    "said",
    [
        {"automated_settings": {"send_type": "at_time", "time_of_day": "03:00"}},
        {"automated_settings": {"send_type": "after_time_delay", "delay_time": 120}},
        {"due_immediately": True},
    ],
)
def test_when_in_its_day_a_touch_goes_out_is_told(said: dict[str, Any]) -> None:
    (key,) = said
    groups = {"day": 1, "steps": [MAIL]}, {"day": 20, "steps": [MAIL], **said}
    steps = [{"day": 1, "step": 1}, {"day": 20, "step": 2, **said}]
    told = {"cadence_name": "plain", "steps": steps, "import": {"step_groups": groups}}
    for cadence in read(source(json.dumps(told))).cadences:
        assert touches(cadence) == [("email", 0), ("email", 19)]
        (unknown,) = cadence.unknown
        assert (unknown.what, unknown.where[-2:]) == (key, (1, key))
        assert ANY_HOUR not in cadence.assumes


def test_what_says_nothing_of_when_is_let_be() -> None:
    quiet = {"automated_settings": {}, "due_immediately": False}
    at_once = {"day": 1, "due_immediately": True, "steps": [MAIL]}
    cadence = one(read, cadence_import(at_once, {"day": 2, "steps": [MAIL], **quiet}))
    assert not cadence.unknown
    assert ANY_HOUR in cadence.assumes
