"""CG702: urgent, promotional, and a deadline that moved (29, 36)."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard import Guard, Policy, PolicyError
from support import judge, mail, until

RULE = {
    "caps": [
        {"tags": ["urgent"], "max": 1, "per": "7d"},
        {"tags": ["promotional", "deal"], "max": 2, "per": "30d"},
    ]
}
MOVED = {"moved_deadline": True}


def sent(at: str, *tags: str, **more: Any) -> dict[str, Any]:
    return mail(at, outcome="sent", **({"tags": list(tags)} if tags else {}), **more)


@pytest.mark.parametrize(
    ("events", "tags", "verdict"),
    [
        ([sent("2026-03-02T10:00:00Z", "urgent")], ["urgent"], "allow"),
        ([sent("2026-03-02T10:00:01Z", "urgent")], ["urgent"], "2026-03-09T10:00:01Z"),
        ([sent("2026-03-16T09:59:59Z", "urgent")], ["urgent"], "2026-03-23T09:59:59Z"),
        ([sent("2026-03-16T10:00:00Z", "urgent")], ["urgent"], "allow"),
        ([sent("2026-03-08T10:00:00Z", "urgent")], ["promotional"], "allow"),
        (
            [sent("2026-03-08T10:00:00Z", "promotional"), sent("2026-03-08T11:00:00Z", "deal")],
            ["deal"],
            "2026-04-07T10:00:00Z",
        ),
        # Both caps: the later one, and only the one that is met.
        (
            [sent("2026-03-08T10:00:00Z", "urgent", "deal"), sent("2026-03-01T10:00:00Z", "deal")],
            ["urgent", "deal"],
            "2026-03-31T10:00:00Z",
        ),
        ([sent("2026-03-08T10:00:00Z", "urgent")], ["helpful"], "allow"),
        ([sent("2026-03-08T10:00:00Z", "urgent")], [], "allow"),
    ],
)
def test_tags_are_counted_both_ways(events: list[Any], tags: list[str], verdict: str) -> None:
    assert until("pressure", RULE, events, mail(**({"tags": tags} if tags else {}))) == verdict


def test_max_0_is_never_whatever_else() -> None:
    never = {"caps": [{"tags": ["urgent"], "max": 0, "per": "7d"}, *RULE["caps"]]}
    assert until("pressure", never, [], mail(tags=["urgent"])) == "deny"
    assert until("pressure", never, [], mail(tags=["deal"])) == "allow"


def offer(at: str, deadline: str, name: str = "spring", **more: Any) -> dict[str, Any]:
    return mail(at, offer=name, deadline=deadline, **more)


EARLY, FIRST, SECOND = "2026-03-01T10:00:00Z", "2026-03-10T00:00:00Z", "2026-03-20T00:00:00Z"


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([offer(EARLY, FIRST, outcome="sent")], "2027-04-05T10:00:00Z"),  # forgotten after 400 days
        ([offer(EARLY, SECOND, outcome="sent")], "allow"),
        ([offer(EARLY, FIRST, "autumn", outcome="sent")], "allow"),
        ([offer(EARLY, FIRST, outcome="failed")], "allow"),
        ([offer("2026-03-09T10:00:01Z", FIRST)], "allow"),  # looks back only
        ([offer("2026-03-09T10:00:00Z", FIRST)], "2027-04-13T10:00:00Z"),
        ([mail(EARLY, offer="spring", outcome="sent")], "allow"),
        # Later than the earliest that was told, though not than the last.
        (
            [offer(EARLY, FIRST, outcome="sent"), offer("2026-03-02T10:00:00Z", SECOND)],
            "2027-04-05T10:00:00Z",
        ),
    ],
)
def test_a_deadline_does_not_move(events: list[Any], verdict: str) -> None:
    assert until("pressure", MOVED, events, offer("2026-03-09T10:00:00Z", SECOND)) == verdict


def test_only_what_is_judged_has_announced() -> None:
    rule = {**MOVED, "teams": ["a"]}
    touch = offer("2026-03-09T10:00:00Z", SECOND, team="a")
    assert until("pressure", rule, [offer(EARLY, FIRST, outcome="sent")], touch) == "allow"
    assert (
        until("pressure", rule, [offer(EARLY, FIRST, outcome="sent", team="a")], touch) != "allow"
    )
    assert until("pressure", RULE, [offer(EARLY, FIRST, outcome="sent")], touch) == "allow"


def test_both_at_once() -> None:
    both = {**RULE, **MOVED}
    events = [offer(EARLY, FIRST, outcome="sent"), sent("2026-03-08T10:00:00Z", "urgent")]
    touch = offer("2026-03-09T10:00:00Z", SECOND, tags=["urgent"])
    assert until("pressure", both, events, touch) == "2027-04-05T10:00:00Z"
    decision = judge({"rules": {"pressure": both}}, events, touch)
    assert decision.findings[0].message == "more than 1 urgent touches per 7d"
    decision = judge({"rules": {"pressure": both}}, events[:1], touch)
    assert (
        decision.findings[0].message == "the deadline of 'spring' was 2026-03-10T00:00:00Z before"
    )
    decision = judge({"rules": {"pressure": RULE}}, events[1:], mail(tags=["deal", "urgent"]))
    assert decision.findings[0].facts["max"] == 1


def test_it_says_something() -> None:
    for empty in ({}, {"caps": []}, {"moved_deadline": False}):
        with pytest.raises(PolicyError, match="expected 'caps'"):
            Policy(rules={"pressure": empty})


def test_the_second_cap_is_named() -> None:
    events = [sent("2026-03-08T10:00:00Z", "deal"), sent("2026-03-08T11:00:00Z", "deal")]
    decision = judge({"rules": {"pressure": RULE}}, events, mail(tags=["urgent", "deal"]))
    assert decision.findings[0].message == "more than 2 promotional or deal touches per 30d"
    decision = judge({"rules": {"pressure": RULE}}, events, mail(tags=["deal"]))
    assert len(decision.findings[0].facts["touches"]) == 2


@pytest.mark.parametrize("moved", [False, True])
def test_a_long_cap_is_counted_over_all_of_its_time(moved: bool) -> None:
    """Also where less would do for deadlines."""
    caps = [
        {"tags": ["deal"], "max": 1, "per": "1d"},
        {"tags": ["urgent"], "max": 1, "per": "600d"},
    ]
    guard = Guard(Policy(rules={"pressure": {"caps": caps, "moved_deadline": moved}}))
    guard.record(sent("2024-10-01T10:00:00Z", "urgent"))
    touch = {key: said for key, said in mail(tags=["urgent"]).items() if key != "event"}
    assert guard.evaluate(touch).codes == ("CG702",)
    assert guard.evaluate({**touch, "at": "2026-05-24T10:00:00Z"}).codes == ()


def test_only_the_caps_that_the_touch_is_about_are_named_with_what_they_count() -> None:
    rule = {**RULE, "teams": ["sales"]}
    events = [
        sent("2026-02-07T10:00:00Z", "deal", team="sales", id="a window ago"),
        sent("2026-03-07T10:00:00Z", "urgent", team="sales", id="urgent"),
        sent("2026-03-08T09:00:00Z", "deal", team="marketing", id="theirs"),
        sent("2026-03-08T10:00:00Z", "deal", team="sales", id="first"),
        sent("2026-03-08T11:00:00Z", "promotional", team="sales", id="second"),
    ]
    policy = {"rules": {"pressure": rule}}
    finding = judge(policy, events, mail(tags=["deal"], team="sales")).findings[0]
    assert finding.message == "more than 2 promotional or deal touches per 30d"
    assert finding.facts["touches"] == ["first", "second"]
    assert judge(policy, events[:-1], mail(tags=["deal"], team="sales"))


def test_the_deadline_that_is_named_is_the_earliest_that_counts() -> None:
    policy = {"rules": {"pressure": MOVED}}
    failed = offer("2026-03-01T10:00:00Z", "2026-03-09T12:00:00Z", outcome="failed", id="t-1")
    assert judge(policy, [failed], offer("2026-03-09T10:00:00Z", SECOND))
    long_ago = offer("2024-03-01T10:00:00Z", "2024-03-09T12:00:00Z", outcome="sent")
    other = {**offer(EARLY, "2026-03-09T13:00:00Z", outcome="sent"), "offer": "autumn"}
    told = [offer(EARLY, day, outcome="sent", step=day) for day in (FIRST, "2026-03-11T00:00:00Z")]
    late = offer("2026-03-09T10:00:00Z", "2026-04-20T00:00:00Z")
    finding = judge(policy, [failed, long_ago, other, *reversed(told)], late).findings[0]
    assert finding.facts == {"deadline": FIRST}
