"""CG302: the gap to the touch before and after (16, 28, 29)."""

from __future__ import annotations

import pytest

from support import call, judge, mail, signal, until

GAP = {"gap": "20h"}


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        ("2026-03-08T14:00:00Z", "allow"),
        ("2026-03-08T14:00:00.000001Z", "2026-03-09T10:00:00.000001Z"),
        ("2026-03-09T10:00:00Z", "2026-03-10T06:00:00Z"),
        ("2026-03-10T05:59:59.999999Z", "2026-03-11T01:59:59.999999Z"),
        ("2026-03-10T06:00:00Z", "allow"),
    ],
)
def test_exactly_the_gap_is_free_on_both_sides(at: str, verdict: str) -> None:
    assert until("too-soon", GAP, [call(at, outcome="answered")], mail()) == verdict


def test_it_needs_room_between_two() -> None:
    events = [mail("2026-03-09T00:00:00Z"), mail("2026-03-10T15:59:59Z")]
    assert until("too-soon", GAP, events, mail()) == "2026-03-11T11:59:59Z"
    events = [mail("2026-03-09T00:00:00Z"), mail("2026-03-10T16:00:00Z")]
    assert until("too-soon", GAP, events, mail()) == "2026-03-09T20:00:00Z"


def test_meetings_and_answers_are_left_alone() -> None:
    meeting = {**mail("2026-03-09T09:00:00Z"), "channel": "meeting"}
    assert until("too-soon", GAP, [meeting], mail()) == "allow"
    assert until("too-soon", GAP, [mail("2026-03-09T09:00:00Z")], {**meeting, "id": "m"}) == "allow"
    policy = {"rules": {"too-soon": GAP}, "answers": {}}
    events = [mail("2026-03-09T09:00:00Z"), signal("replied", "2026-03-09T09:30:00Z")]
    assert judge(policy, events, mail(automated=False))
    assert not judge(policy, events, mail())


def test_it_says_which_and_whether_it_is_booked() -> None:
    def finding(at: str) -> tuple[str, object]:
        found = judge({"rules": {"too-soon": GAP}}, [mail(at, id="t-1")], mail()).findings[0]
        return found.message, found.facts

    facts = {"touches": ["t-1"], "gap": "20h"}
    assert finding("2026-03-09T09:00:00Z") == ("less than 20h from another touch made", facts)
    assert finding("2026-03-09T11:00:00Z") == (
        "less than 20h from another touch booked for then",
        facts,
    )


def test_it_names_every_touch_that_is_nearer_than_the_gap_and_no_other() -> None:
    events = [
        mail("2026-03-08T14:00:00Z", id="before"),
        mail("2026-03-08T14:00:00.000001Z", id="first"),
        mail(id="now"),
        mail("2026-03-10T05:59:59.999999Z", id="last"),
        mail("2026-03-10T06:00:00Z", id="after"),
    ]
    finding = judge({"rules": {"too-soon": GAP}}, events, mail()).findings[0]
    assert finding.facts["touches"] == ["first", "now", "last"]
    assert finding.message == "less than 20h from another touch made"
    finding = judge({"rules": {"too-soon": GAP}}, events[2:3], mail()).findings[0]
    assert finding.message == "less than 20h from another touch made"


def test_it_names_no_answer_and_nothing_that_it_does_not_judge() -> None:
    events = [
        mail("2026-03-09T08:00:00Z", id="machine"),
        signal("replied", "2026-03-09T08:30:00Z"),
        mail("2026-03-09T09:00:00Z", id="answer", automated=False),
        mail("2026-03-09T09:20:00Z", id="person", automated=False),
        call("2026-03-09T09:30:00Z", id="call"),
    ]
    rules = {"too-soon": {**GAP, "channels": ["email"]}}
    finding = judge({"rules": rules, "answers": {}}, events, mail()).findings[0]
    assert finding.facts["touches"] == ["machine", "person"]
    finding = judge({"rules": rules}, events, mail()).findings[0]
    assert finding.facts["touches"] == ["machine", "answer", "person"]
