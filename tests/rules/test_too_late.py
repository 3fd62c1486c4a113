"""CG404: the touch's own `not_after`."""

from __future__ import annotations

from support import judge, mail, signal, until

LIMIT = "2026-03-09T10:00:00Z"


def test_at_the_limit_it_may_still_be_made() -> None:
    assert until("too-late", {}, [], mail(not_after=LIMIT)) == "allow"
    assert until("too-late", {}, [], mail("2026-03-09T10:00:00.000001Z", not_after=LIMIT)) == "deny"
    assert until("too-late", {}, [], mail()) == "allow"


def test_a_wait_that_ends_too_late_is_a_deny_that_says_where_it_was_met() -> None:
    events = [signal("paused", "2026-03-01T00:00:00Z", until="2026-03-20T00:00:00Z")]
    policy = {"rules": {"too-late": {}, "paused": {}}}
    decision = judge(policy, events, mail(not_after="2026-03-15T00:00:00Z"))
    assert decision.verdict == "deny"
    assert [(f.code, str(f.when)) for f in decision.findings] == [
        ("CG402", "None"),
        ("CG404", "2026-03-20 00:00:00+00:00"),
    ]
    assert decision.findings[1].message == "it was not to be made after 2026-03-15T00:00:00Z"
