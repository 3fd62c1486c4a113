"""CG402: a pause, until its own end or the next resumption (6, 26)."""

from __future__ import annotations

from typing import Any

import pytest

from support import call, mail, signal, until

AT, LATER = "2026-03-01T00:00:00Z", "2026-03-20T00:00:00Z"


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([signal("paused", AT)], "deny"),
        ([signal("paused", AT, until=LATER)], LATER),
        ([signal("paused", AT, until="2026-03-09T10:00:00Z")], "allow"),
        ([signal("paused", AT), signal("resumed", "2026-03-02T00:00:00Z")], "allow"),
        ([signal("paused", AT), signal("invited", LATER)], LATER),
        ([signal("declined", AT)], "allow"),
        ([signal("paused", AT), signal("replied", "2026-03-02T00:00:00Z")], "deny"),
        ([signal("resumed", "2026-02-28T00:00:00Z"), signal("paused", AT)], "deny"),
        # Its own end stands, whatever is said in between; every pause counts by itself.
        ([signal("paused", AT, until=LATER), signal("resumed", "2026-03-02T00:00:00Z")], LATER),
        (
            [signal("paused", AT, until=LATER), signal("paused", AT, until="2026-03-02T00:00:00Z")],
            LATER,
        ),
        # At once, whatever its instant.
        ([signal("paused", "2026-03-15T00:00:00Z", until=LATER)], LATER),
        # At one instant the order of the lines decides.
        ([signal("paused", AT), signal("resumed", AT)], "allow"),
        ([signal("resumed", AT), signal("paused", AT)], "deny"),
    ],
)
def test_a_pause_ends(events: list[Any], verdict: str) -> None:
    assert until("paused", {}, events, mail()) == verdict
    assert until("paused", {}, events, call()) == verdict


def test_the_channel_it_names_does_not_matter() -> None:
    assert until("paused", {}, [signal("paused", AT, channel="email")], call()) == "deny"
