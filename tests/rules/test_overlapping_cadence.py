"""CG602: another cadence of late that does not share (34)."""

from __future__ import annotations

from typing import Any

import pytest

from support import judge, mail, until

RULE = {"for": "5d", "share": [["drip", "news"]]}


def of(cadence: str | None, at: str, **more: Any) -> dict[str, Any]:
    return mail(at, outcome="sent", **({"cadence": cadence} if cadence else {}), **more)


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([of("rep", "2026-03-04T10:00:00Z")], "allow"),
        ([of("rep", "2026-03-04T10:00:00.000001Z")], "2026-03-09T10:00:00.000001Z"),
        ([of("rep", "2026-03-09T10:00:00Z")], "2026-03-14T10:00:00Z"),
        ([of("rep", "2026-03-09T10:00:01Z")], "allow"),
        ([of("rep", "2026-03-08T10:00:00Z", automated=False)], "2026-03-13T10:00:00Z"),
        (
            [of("rep", "2026-03-08T10:00:00Z"), of("rep", "2026-03-12T10:00:00Z")],
            "2026-03-17T10:00:00Z",
        ),
        (
            [of("drip", "2026-03-07T10:00:00Z"), of("rep", "2026-03-08T10:00:00Z")],
            "2026-03-13T10:00:00Z",
        ),
        ([of("drip", "2026-03-08T10:00:00Z")], "allow"),
        ([of("news", "2026-03-08T10:00:00Z")], "allow"),
        ([of(None, "2026-03-08T10:00:00Z")], "allow"),
    ],
)
def test_another_cadence(events: list[Any], verdict: str) -> None:
    assert until("overlapping-cadence", RULE, events, mail(cadence="drip")) == verdict


@pytest.mark.parametrize(("first", "second"), [("rep", "webinar"), ("webinar", "rep")])
def test_of_many_others_the_last_touch_counts_and_the_next(first: str, second: str) -> None:
    events = [of(first, "2026-03-07T10:00:00Z"), of(second, "2026-03-06T10:00:00Z")]
    touch = mail(cadence="drip")
    assert until("overlapping-cadence", RULE, events, touch) == "2026-03-12T10:00:00Z"
    events += [of(first, "2026-03-15T10:00:00Z"), of(second, "2026-03-14T10:00:00Z")]
    decision = judge({"rules": {"overlapping-cadence": RULE}}, events, touch)
    assert str(decision.open_until) == "2026-03-14 10:00:00+00:00"


def test_who_is_of_no_group_shares_with_nobody_in_it() -> None:
    events = [of("news", "2026-03-08T10:00:00Z")]
    touch = mail(cadence="webinar")
    assert until("overlapping-cadence", RULE, events, touch) == "2026-03-13T10:00:00Z"


def test_who_is_judged() -> None:
    events = [of("rep", "2026-03-08T10:00:00Z")]
    assert until("overlapping-cadence", RULE, events, mail()) == "allow"
    by_hand = mail(cadence="drip", automated=False)
    assert until("overlapping-cadence", RULE, events, by_hand) == "allow"
    assert until("overlapping-cadence", {}, events, mail(cadence="drip")) == "2026-03-22T10:00:00Z"


def test_it_closes_with_the_next_touch_of_another() -> None:
    events = [of("rep", "2026-03-12T10:00:00Z")]
    decision = judge({"rules": {"overlapping-cadence": RULE}}, events, mail(cadence="drip"))
    assert str(decision.open_until) == "2026-03-12 10:00:00+00:00"


def test_it_says_which() -> None:
    events = [of("rep", "2026-03-08T10:00:00Z", id="t-1"), of("news", "2026-03-08T11:00:00Z")]
    finding = judge(
        {"rules": {"overlapping-cadence": RULE}}, events, mail(cadence="drip")
    ).findings[0]
    assert finding.facts == {"touches": ["t-1"], "cadence": "rep"}
