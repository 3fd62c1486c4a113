"""CG203: the channel, and only the channel: was it ever invited? (21, 32)"""

from __future__ import annotations

from typing import Any

import pytest

from support import MAIL, PHONE, call, consent, signal, until

AT = "2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (signal("invited", AT, channel="call"), "allow"),
        (signal("invited", AT), "allow"),
        (signal("invited", AT, channel="sms"), "deny"),
        (signal("invited", AT, point=PHONE), "allow"),
        (signal("invited", AT, point="+15125550199"), "allow"),  # a point names its kind's channels
        (signal("invited", AT, point=MAIL), "deny"),
        (signal("invited", "2026-03-10T00:00:00Z"), "2026-03-10T00:00:00Z"),
        (signal("trial_started", AT, channel="call"), "deny"),
        (consent(AT, channel="call"), "allow"),
        (consent(AT, channel="call", purpose="marketing"), "allow"),
        (consent(AT, channel="call", until="2026-03-02T00:00:00Z"), "allow"),  # ever
        (consent(AT, channel=None, point=PHONE), "allow"),
        (consent(AT), "deny"),
        ({**signal("invited", AT), "contact": "c2"}, "deny"),
    ],
)
def test_a_consent_or_an_invitation_for_the_channel(said: dict[str, Any], verdict: str) -> None:
    assert until("uninvited-channel", {}, [said], call()) == verdict


def test_what_counts_as_an_invitation_may_be_said() -> None:
    rule = {"accept": [{"meeting_booked": "5d"}]}
    booked = signal("meeting_booked", "2026-03-04T10:00:00Z")
    assert until("uninvited-channel", rule, [booked], call("2026-03-09T09:59:59Z")) == "allow"
    assert until("uninvited-channel", rule, [booked], call()) == "deny"
    assert until("uninvited-channel", rule, [consent(AT, channel="call")], call()) == "deny"


@pytest.mark.parametrize(("point", "verdict"), [("@al", "allow"), (MAIL, "deny")])
def test_a_handle_names_social(point: str, verdict: str) -> None:
    touch = {**call(), "channel": "social", "to": "@al"}
    said = [signal("invited", AT, point=point)]
    assert until("uninvited-channel", {}, said, touch) == verdict
