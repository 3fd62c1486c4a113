"""CG603: they replied, booked or bought, so automation stops (12, 34)."""

from __future__ import annotations

from typing import Any

import pytest

from support import call, judge, mail, signal, until

RULE = {"for": "5d"}


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([signal("replied", "2026-03-04T10:00:00Z")], "allow"),
        ([signal("replied", "2026-03-04T10:00:00.000001Z")], "2026-03-09T10:00:00.000001Z"),
        ([signal("replied", "2026-03-09T10:00:00Z")], "2026-03-14T10:00:00Z"),
        ([signal("replied", "2026-03-09T10:00:01Z")], "allow"),  # from its instant
        ([signal("meeting_booked", "2026-03-08T10:00:00Z")], "2026-03-13T10:00:00Z"),
        ([signal("purchased", "2026-03-08T10:00:00Z")], "2026-03-13T10:00:00Z"),
        ([signal("invited", "2026-03-08T10:00:00Z")], "allow"),
        ([signal("auto_replied", "2026-03-08T10:00:00Z")], "allow"),
        ([call("2026-03-08T10:00:00Z", outcome="answered")], "2026-03-13T10:00:00Z"),
        (
            [signal("replied", "2026-03-08T10:00:00Z"), signal("replied", "2026-03-12T10:00:00Z")],
            "2026-03-17T10:00:00Z",
        ),
    ],
)
def test_automation_stops(events: list[Any], verdict: str) -> None:
    assert until("already-answered", RULE, events, mail()) == verdict
    assert until("already-answered", RULE, events, mail(automated=False)) == "allow"


def test_the_policy_may_list_others() -> None:
    rule = {**RULE, "signals": ["x-waved"]}
    assert until("already-answered", rule, [signal("replied", "2026-03-08T10:00:00Z")], mail()) == (
        "allow"
    )
    assert until("already-answered", rule, [signal("x-waved", "2026-03-08T10:00:00Z")], mail()) == (
        "2026-03-13T10:00:00Z"
    )


def test_it_closes_with_the_next_answer_and_says_which() -> None:
    decision = judge(
        {"rules": {"already-answered": {}}}, [signal("replied", "2026-03-12T10:00:00Z")], mail()
    )
    assert str(decision.open_until) == "2026-03-12 10:00:00+00:00"
    late = mail("2026-03-13T10:00:00Z")
    events = [
        signal("replied", "2026-03-12T10:00:00Z"),
        signal("purchased", "2026-03-20T10:00:00Z"),
    ]
    finding = judge({"rules": {"already-answered": {}}}, events, late).findings[0]
    assert finding.message == "'replied' at 2026-03-12T10:00:00Z: automation stops for 30d"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-03-04T10:00:00Z", "'purchased' at 2026-03-04T10:00:00Z"),
        ("2026-03-08T00:00:00Z", "'meeting_booked' at 2026-03-07T10:00:00Z"),
        ("2026-03-12T09:59:59.999999Z", "'meeting_booked' at 2026-03-07T10:00:00Z"),
    ],
)
def test_of_many_answers_it_says_the_last_before_the_touch(at: str, said: str) -> None:
    events = [
        signal("replied", "2026-03-03T10:00:00Z"),
        signal("purchased", "2026-03-04T10:00:00Z"),
        signal("meeting_booked", "2026-03-07T10:00:00Z"),
        signal("visited", "2026-03-07T12:00:00Z"),
        signal("replied", "2026-03-20T10:00:00Z"),
    ]
    finding = judge({"rules": {"already-answered": RULE}}, events, mail(at)).findings[0]
    assert finding.message == f"{said}: automation stops for 5d"
