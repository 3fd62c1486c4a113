"""CG304: calls that reached nobody and left nothing; looks back only (31)."""

from __future__ import annotations

import pytest

from support import call, judge, mail, until

RULE = {"max": 2, "per": "14d", "gap": "3d"}


@pytest.mark.parametrize("outcome", ["no_answer", "busy", "unknown"])
def test_missed(outcome: str) -> None:
    events = [call("2026-03-06T10:00:00.000001Z", outcome=outcome)]
    assert until("missed-calls", RULE, events, call()) == "2026-03-09T10:00:00.000001Z"
    assert until("missed-calls", RULE, [call("2026-03-06T10:00:00Z", outcome=outcome)], call()) == (
        "allow"
    )


@pytest.mark.parametrize("outcome", ["voicemail", "answered", "hung_up", "failed", "sent"])
def test_not_missed(outcome: str) -> None:
    events = [call("2026-03-09T09:00:00Z", outcome=outcome)]
    assert until("missed-calls", RULE, events, call()) == "allow"


def test_max_within_per() -> None:
    events = [call(f"2026-03-0{day}T10:00:00Z", outcome="busy") for day in (1, 5)]
    assert until("missed-calls", RULE, events, call()) == "2026-03-15T10:00:00Z"
    assert until("missed-calls", {"max": 2, "per": "8d"}, events, call()) == "allow"
    assert until("missed-calls", {"max": 1, "per": "2d"}, events, call()) == "allow"


def test_max_0_is_never_for_calls() -> None:
    assert until("missed-calls", {"max": 0, "per": "14d"}, [], call()) == "deny"
    assert until("missed-calls", {"max": 0, "per": "14d"}, [], mail()) == "allow"


def test_only_calls_are_judged_and_counted() -> None:
    missed = call("2026-03-09T09:00:00Z", outcome="busy")
    assert until("missed-calls", RULE, [missed], mail()) == "allow"
    assert until(
        "missed-calls", RULE, [mail("2026-03-09T09:00:00Z", outcome="unknown")], call()
    ) == ("allow")


def test_a_booked_call_closes_later_not_now() -> None:
    later = call("2026-03-11T10:00:00Z", outcome="unknown")
    decision = judge({"rules": {"missed-calls": RULE}}, [later], call())
    assert decision
    assert str(decision.open_until) == "2026-03-11 10:00:00+00:00"
    # A missed one in the future that keeps nothing closed ends no stretch.
    one = judge({"rules": {"missed-calls": {"max": 2, "per": "14d"}}}, [later], call())
    assert one.open_until is None


def test_it_says_what_was_missed() -> None:
    def finding(*days: int) -> tuple[str, object]:
        events = [call(f"2026-03-0{day}T10:00:00Z", id=f"t-{day}", outcome="busy") for day in days]
        found = judge({"rules": {"missed-calls": RULE}}, events, call()).findings[0]
        return found.message, found.facts

    assert finding(1, 5) == (
        "2 calls within 14d left no message",
        {"touches": ["t-1", "t-5"], "max": 2, "per": "14d"},
    )
    assert finding(8)[0] == "the last call left no message; wait 3d"


def test_what_it_does_not_judge_it_does_not_count() -> None:
    rule = {**RULE, "teams": ["sales"]}
    theirs = call("2026-03-09T09:00:00Z", outcome="busy", team="marketing")
    own = call("2026-03-09T09:00:00Z", outcome="busy", team="sales")
    assert until("missed-calls", rule, [theirs], call(team="sales")) == "allow"
    assert until("missed-calls", rule, [own], call(team="sales")) != "allow"


def test_a_call_just_as_long_ago_as_the_window_is_not_in_it() -> None:
    at = ("2026-02-23T10:00:00Z", "2026-03-05T10:00:00Z", "2026-03-08T10:00:00Z")
    events = [call(when, id=f"t-{n}", outcome="busy") for n, when in enumerate(at)]
    finding = judge({"rules": {"missed-calls": RULE}}, events, call()).findings[0]
    assert finding.message == "2 calls within 14d left no message"
    assert finding.facts["touches"] == ["t-1", "t-2"]
    wide = {"max": 2, "per": "1d", "gap": "30d"}
    finding = judge({"rules": {"missed-calls": wide}}, events, call()).findings[0]
    assert finding.message == "the last call left no message; wait 30d"
    assert finding.facts["touches"] == ["t-0", "t-1", "t-2"]
