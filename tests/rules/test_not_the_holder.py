"""CG601: the baton (33)."""

from __future__ import annotations

from typing import Any

import pytest

from support import judge, mail, until

RULE = {"for": "5d", "lapses": "20d"}


def by(team: str | None, at: str, **more: Any) -> dict[str, Any]:
    return mail(at, outcome="sent", **({"team": team} if team else {}), **more)


def handoff(to: str, at: str, **more: Any) -> dict[str, Any]:
    return {"event": "handoff", "contact": "c1", "at": at, "to": to, **more}


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([], "allow"),
        ([by("b", "2026-03-04T10:00:00Z")], "allow"),
        ([by("b", "2026-03-04T10:00:00.000001Z")], "2026-03-09T10:00:00.000001Z"),
        ([by("b", "2026-03-09T10:00:00Z")], "2026-03-14T10:00:00Z"),
        ([by("b", "2026-03-09T10:00:01Z")], "allow"),  # looks back only
        ([by("a", "2026-03-09T09:00:00Z")], "allow"),
        ([by(None, "2026-03-09T09:00:00Z")], "2026-03-14T09:00:00Z"),
        (
            [by("b", "2026-03-08T09:00:00Z"), by("b", "2026-03-12T09:00:00Z")],
            "2026-03-17T09:00:00Z",
        ),
        # A baton for this team: what others did before does not count, nor what they do meanwhile.
        ([by("b", "2026-03-08T09:00:00Z"), handoff("a", "2026-03-09T00:00:00Z")], "allow"),
        (
            [by("b", "2026-03-08T09:00:00Z"), handoff("a", "2026-03-10T00:00:00Z")],
            "2026-03-10T00:00:00Z",
        ),
        # A baton for another: until it lapses, ends, or is handed on.
        ([handoff("b", "2026-03-01T00:00:00Z")], "2026-03-21T00:00:00Z"),
        ([handoff("b", "2026-02-17T10:00:00Z")], "allow"),
        (
            [handoff("b", "2026-03-01T00:00:00Z", until="2026-03-12T00:00:00Z")],
            "2026-03-12T00:00:00Z",
        ),
        (
            [handoff("b", "2026-03-01T00:00:00Z", until="2027-01-01T00:00:00Z")],
            "2027-01-01T00:00:00Z",
        ),
        (
            [handoff("b", "2026-03-01T00:00:00Z"), handoff("a", "2026-03-11T00:00:00Z")],
            "2026-03-11T00:00:00Z",
        ),
        (
            [handoff("a", "2026-03-01T00:00:00Z"), handoff("b", "2026-03-01T00:00:00Z")],
            "2026-03-21T00:00:00Z",
        ),
        # When it has ended, the other team's touches count again.
        (
            [
                by("b", "2026-03-08T09:00:00Z"),
                handoff("a", "2026-03-07T00:00:00Z", until="2026-03-09T00:00:00Z"),
            ],
            "2026-03-13T09:00:00Z",
        ),
        # A handoff holds from its instant.
        ([handoff("b", "2026-03-09T10:00:01Z")], "allow"),
    ],
)
def test_who_holds_the_contact(events: list[Any], verdict: str) -> None:
    assert until("not-the-holder", RULE, events, mail(team="a")) == verdict


def test_no_team_is_a_team_of_its_own() -> None:
    events = [by(None, "2026-03-09T09:00:00Z")]
    assert until("not-the-holder", RULE, events, mail()) == "allow"
    assert until("not-the-holder", RULE, [by("a", "2026-03-09T09:00:00Z")], mail()) != "allow"


def test_how_long_a_yes_holds() -> None:
    def open_until(*events: dict[str, Any]) -> str:
        decision = judge({"rules": {"not-the-holder": RULE}}, events, mail(team="a"))
        assert decision
        return str(decision.open_until)

    assert open_until(by("b", "2026-03-12T10:00:00Z")) == "2026-03-12 10:00:00+00:00"
    assert open_until(handoff("b", "2026-03-12T10:00:00Z")) == "2026-03-12 10:00:00+00:00"
    assert (
        open_until(handoff("a", "2026-03-08T00:00:00Z"), by("b", "2026-03-12T10:00:00Z")) == "None"
    )
    # The baton runs out while the other team's touch still counts.
    held = handoff("a", "2026-03-08T00:00:00Z", until="2026-03-13T00:00:00Z")
    assert open_until(held, by("b", "2026-03-12T10:00:00Z")) == "2026-03-13 00:00:00+00:00"


def test_it_says_who() -> None:
    def finding(*events: dict[str, Any]) -> tuple[str, object]:
        found = judge({"rules": {"not-the-holder": RULE}}, events, mail(team="a")).findings[0]
        return found.message, found.facts["holder"]

    assert finding(by("b", "2026-03-09T09:00:00Z")) == (
        "team 'b' touched the contact within 5d and handed nothing over",
        "b",
    )
    assert finding(by(None, "2026-03-09T09:00:00Z"))[0].startswith("somebody without a team")
    assert finding(handoff("c", "2026-03-01T00:00:00Z"), handoff("b", "2026-03-02T00:00:00Z")) == (
        "the contact was handed to 'b' at 2026-03-02T00:00:00Z",
        "b",
    )
