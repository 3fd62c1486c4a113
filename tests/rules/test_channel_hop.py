"""CG502: another channel after a no on one (32)."""

from __future__ import annotations

from typing import Any

import pytest

from support import call, consent, judge, mail, signal, until

RULE = {"for": "10d"}
AT = "2026-03-08T10:00:00Z"
WAIT = "2026-03-18T10:00:00Z"


@pytest.mark.parametrize(
    ("said", "mails", "calls"),
    [
        (signal("declined", AT, channel="email"), "allow", WAIT),
        (signal("hung_up", AT, channel="call"), WAIT, "allow"),
        (signal("declined", AT), WAIT, WAIT),  # of an unknown channel every one is another
        (signal("not_now", AT, channel="email"), "allow", "allow"),
        (signal("complained", AT, channel="sms"), WAIT, WAIT),
        (signal("opt_out", AT, channel="sms"), WAIT, WAIT),
        (signal("opt_out", AT, channel="sms", purpose="marketing"), WAIT, WAIT),
        (signal("opt_out", AT, purpose="marketing"), "allow", "allow"),
        (signal("declined", AT, purpose="marketing"), WAIT, WAIT),
        (signal("declined", AT, touch="t-1"), WAIT, "allow"),
        (signal("declined", AT, touch="t-1", channel="email"), "allow", WAIT),
        (signal("declined", AT, touch="nobody"), WAIT, WAIT),
        ({**consent(AT, channel="sms", evidence=None), "status": "withdrawn"}, "allow", "allow"),
    ],
)
def test_what_sets_it_off(said: dict[str, Any], mails: str, calls: str) -> None:
    events = [call("2026-03-07T10:00:00Z", id="t-1", outcome="answered"), said]
    assert until("channel-hop", RULE, events, mail()) == mails
    assert until("channel-hop", RULE, events, call()) == calls


def test_it_holds_at_once_and_ends_exactly() -> None:
    assert until("channel-hop", RULE, [signal("declined", "2026-03-11T00:00:00Z")], mail()) == (
        "2026-03-21T00:00:00Z"
    )
    assert until("channel-hop", RULE, [signal("declined", "2026-02-27T10:00:00Z")], mail()) == (
        "allow"
    )


@pytest.mark.parametrize(
    ("back", "verdict"),
    [
        (signal("invited", "2026-03-09T09:00:00Z", channel="call"), "allow"),
        (signal("invited", "2026-03-09T09:00:00Z", channel="sms"), WAIT),
        (consent("2026-03-09T09:00:00Z", channel="call"), "allow"),
    ],
)
def test_a_way_back(back: dict[str, Any], verdict: str) -> None:
    events = [signal("declined", AT, channel="email"), back]
    assert until("channel-hop", RULE, events, call()) == verdict


def test_it_says_where() -> None:
    def message(**more: Any) -> str:
        events = [signal("declined", AT, **more)]
        return judge({"rules": {"channel-hop": RULE}}, events, call()).findings[0].message

    assert message(channel="email").startswith("'declined' on email at 2026-03-08")
    assert message().startswith("'declined' on a channel we do not know at")
