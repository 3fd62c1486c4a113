"""CG303: silence makes the gap grow (28, 29, 30)."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard import Policy, PolicyError
from support import judge, mail, signal, until

STEPS = {"steps": [{"after": 1, "gap": "2d"}, {"after": 3, "gap": "7d"}]}


def sent(day: int, month: int = 3, **more: Any) -> dict[str, Any]:
    return mail(f"2026-{month:02d}-{day:02d}T10:00:00Z", outcome="sent", **more)


@pytest.mark.parametrize(
    ("days", "verdict"),
    [
        ([7], "allow"),
        ([8], "2026-03-10T10:00:00Z"),
        ([5, 7], "allow"),
        ([3, 5, 7], "2026-03-14T10:00:00Z"),
        ([1, 3, 5], "2026-03-12T10:00:00Z"),
    ],
)
def test_the_largest_step_reached_applies_from_the_last_touch(
    days: list[int], verdict: str
) -> None:
    assert until("unanswered-streak", STEPS, [sent(day) for day in days], mail()) == verdict


def test_it_looks_at_booked_touches_too() -> None:
    # With a new one in front the third becomes the fourth, which must wait for 7 days.
    booked = [sent(11), sent(13), sent(15)]
    assert until("unanswered-streak", STEPS, booked, mail()) == "2026-03-22T10:00:00Z"
    assert until("unanswered-streak", STEPS, [sent(10)], mail()) == "2026-03-12T10:00:00Z"
    assert until("unanswered-streak", STEPS, [sent(11)], mail()) == "allow"
    # Free before the booking, as long as the gap to it holds.
    decision = judge({"rules": {"unanswered-streak": STEPS}}, [sent(7), sent(20)], mail())
    assert str(decision.open_until) == "2026-03-18 10:00:00.000001+00:00"


@pytest.mark.parametrize("kind", ["replied", "invited", "meeting_booked", "purchased"])
def test_an_answer_begins_a_new_streak(kind: str) -> None:
    events = [sent(8), signal(kind, "2026-03-08T11:00:00Z")]
    assert until("unanswered-streak", STEPS, events, mail()) == "allow"
    late = [sent(8), signal(kind, "2026-03-09T12:00:00Z")]
    assert until("unanswered-streak", STEPS, late, mail()) == "2026-03-09T12:00:00Z"


@pytest.mark.parametrize("kind", ["declined", "opened", "auto_replied", "resumed"])
def test_a_refusal_or_a_footprint_is_no_answer(kind: str) -> None:
    events = [sent(8), signal(kind, "2026-03-08T11:00:00Z")]
    assert until("unanswered-streak", STEPS, events, mail()) == "2026-03-10T10:00:00Z"


def test_at_one_instant_the_order_of_the_lines_decides() -> None:
    replied = signal("replied", "2026-03-08T10:00:00Z")
    assert until("unanswered-streak", STEPS, [sent(8), replied], mail()) == "allow"
    assert until("unanswered-streak", STEPS, [replied, sent(8)], mail()) == "2026-03-10T10:00:00Z"
    answered = mail("2026-03-08T10:00:00Z", outcome="answered")
    assert until("unanswered-streak", STEPS, [answered], mail()) == "allow"


def test_after_a_booked_touch_comes_a_signal() -> None:
    # The streak that contains the new touch ends with the reply: what is booked after it is free.
    events = [sent(7), signal("replied", "2026-03-10T00:00:00Z"), sent(10), sent(11)]
    assert until("unanswered-streak", STEPS, events, mail()) == "allow"


def test_never_may_be_written_and_touches_fall_out_after_400_days() -> None:
    rule = {"steps": [{"after": 2, "gap": "never"}]}
    assert until("unanswered-streak", rule, [sent(5), sent(7)], mail()) == "2027-04-09T10:00:00Z"
    assert until("unanswered-streak", rule, [sent(7)], mail()) == "allow"
    assert until("unanswered-streak", rule, [sent(7), sent(11)], mail()) != "allow"
    decision = judge({"rules": {"unanswered-streak": rule}}, [sent(5), sent(7)], mail())
    assert decision.findings[0].message == ("2 touches in a row without an answer: no more of them")


def test_it_says_what_it_waits_for() -> None:
    def message(*events: dict[str, Any]) -> str:
        return judge({"rules": {"unanswered-streak": STEPS}}, events, mail()).findings[0].message

    assert message(sent(8)).endswith("1 touches in a row without an answer: the next one waits 2d")
    assert message(sent(10)) == "a touch booked for later would follow too soon in the streak"
    assert message(signal("replied", "2026-03-08T10:00:00Z"), sent(8)).endswith(
        "the next one waits 2d"
    )


def test_answers_by_a_person_are_left_alone() -> None:
    policy = {"rules": {"unanswered-streak": STEPS}, "answers": {"signals": ["x-waved"]}}
    events = [sent(8), signal("x-waved", "2026-03-08T12:00:00Z")]
    assert judge(policy, events, mail(automated=False))
    assert not judge(policy, events, mail())


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"after": 0, "gap": "7d"}],
        [{"after": 3, "gap": "7d"}, {"after": 2, "gap": "9d"}],
        [{"after": 2, "gap": "7d"}, {"after": 2, "gap": "9d"}],
        [{"after": 2, "gap": "7d"}, {"after": 3, "gap": "6d"}],
        [{"after": 2, "gap": "never"}, {"after": 3, "gap": "6d"}],
        [{"after": 2, "gap": "P1M"}],
    ],
)
def test_steps_grow(steps: list[Any]) -> None:
    with pytest.raises(PolicyError):
        Policy(rules={"unanswered-streak": {"steps": steps}})
