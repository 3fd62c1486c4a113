"""Apollo: a real answer of its API by its key, and each setting by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from answers import answers, differs, missed, one, real, source, touches

from cadence_guard.importers.apollo import read, recognises

FILE = "apollo_emailer_campaign.json"


def sequence(*steps: Any, **more: Any) -> str:
    return json.dumps({"emailer_steps": list(steps), **more})


def test_the_real_one_is_read_as_its_answer_says() -> None:
    (row,) = answers("sequencers").get(FILE, [None])
    (cadence,) = read(real(f"sequencers/{FILE}")).cadences
    assert row is not None
    assert differs(cadence, row) == set()
    assert cadence.name == row["sequence"]
    assert missed(cadence) == []
    assert "Apollo stops at any reply, as it does unless told otherwise" in cadence.assumes


def test_what_is_recognised() -> None:
    assert recognises(source(sequence()))
    assert not recognises(source('{"emailer_steps": {}}'))


def test_steps_by_position_with_units_and_kinds() -> None:
    cadence = one(
        read,
        sequence(
            {"position": 3, "wait_time": 12, "wait_mode": "hour", "type": "call"},
            {"position": 1, "wait_time": 30, "wait_mode": "minute", "type": "auto_email"},
            {"position": 2, "wait_time": 1, "type": "linkedin_step_message", "id": "li"},
            {"position": 4, "wait_time": 1, "wait_mode": "day", "type": "action_item"},
            {"position": 5, "wait_time": 1, "wait_mode": "day", "type": "manual_email"},
            {"type": "pigeon"},
            3,
            {"type": 4},
            name="Outbound",
        ),
    )
    assert [channel for channel, _ in touches(cadence)] == ["email", "social", "call", "email"]
    days = [day for _, day in touches(cadence)]
    assert days == pytest.approx([1 / 48, 1 / 48 + 1, 1 / 48 + 1.5, 1 / 48 + 3.5])
    assert [step.automated for step in cadence.steps] == [True, False, False, False]
    assert (cadence.name, cadence.steps.__next__().id) == ("Outbound", "2")
    assert missed(cadence) == ["'pigeon'", "3", "4"]


def test_what_a_step_leaves_out_is_named() -> None:
    whole = {"wait_time": 1, "type": "call"}
    assert not [a for a in one(read, sequence({**whole}, {**whole})).assumes if "a step" in a]
    told = one(read, sequence({"type": "call"}, {**whole})).assumes
    assert not [each for each in told if "a step" in each]  # the first comes at once
    told = one(read, sequence({**whole}, {})).assumes
    assert "a step without wait_time comes at once" in told
    assert "a step without a type is an automatic e-mail" in told


def test_lists_of_touches_beside_those_of_the_tool_are_told() -> None:
    mine = [{"channel": "sms", "delay_days": 3}]
    cadence = one(read, sequence({}, reminders=mine, more={"followup_days": [1, 2]}))
    assert [each.where for each in cadence.unknown] == [("reminders",), ("more", "followup_days")]
    assert cadence.unknown[0].what == "reminders"
    (untold,) = one(read, json.dumps([{"emailer_steps": [{}]}, mine])).unknown
    assert (untold.what, untold.where) == ("a list", (1,))


def test_a_campaign_beside_its_steps() -> None:
    told = sequence({}, emailer_campaign={"name": "Beside", "emailer_schedule_id": "s"})
    cadence = one(read, told)
    assert (cadence.name, missed(cadence)) == ("Beside", ["emailer_schedule_id"])
    assert cadence.unknown[0].where == ("emailer_campaign", "emailer_schedule_id")
    alone = one(read, sequence({"exact_datetime": "2026-01-01"}, emailer_schedule_id="s"))
    assert missed(alone) == ["exact_datetime", "emailer_schedule_id"]
    assert alone.name == "plan"


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ({"wait_time": -1}, "a wait below zero; expected 0 to"),
        ({"wait_mode": "moon"}, "unknown wait_mode 'moon'; expected one of: second, minute"),
        ({"wait_mode": "dayy"}, "unknown wait_mode 'dayy'; did you mean 'day'?"),
        ({"wait_mode": 3}, "unknown wait_mode"),
        ({"position": "last"}, "it is 'last'; expected a number"),
    ],
)
def test_what_is_not_understood_of_a_step_is_told_and_the_others_are_read(
    step: dict[str, Any], problem: str
) -> None:
    cadence = one(read, sequence({"wait_time": 1}, {"wait_time": 1, **step}, {"wait_time": 1}))
    (unknown,) = cadence.unknown
    assert unknown.where == ("emailer_steps", 1, *list(step))
    assert problem in unknown.why
    assert touches(cadence)[0] == ("email", 1)
    assert len(touches(cadence)) == 3
