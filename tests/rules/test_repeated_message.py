"""CG305: the same cadence and step, before or after (29, 31)."""

from __future__ import annotations

from typing import Any

import pytest

from support import call, judge, mail, until

RULE = {"per": "30d"}
ONE = {"cadence": "drip", "step": "one"}


@pytest.mark.parametrize(
    ("past", "verdict"),
    [
        (mail("2026-02-07T10:00:00Z", **ONE), "allow"),
        (mail("2026-02-07T10:00:00.000001Z", **ONE), "2026-03-09T10:00:00.000001Z"),
        (mail("2026-04-08T09:59:59Z", **ONE), "2026-05-08T09:59:59Z"),
        (mail("2026-04-08T10:00:00Z", **ONE), "allow"),
        (call("2026-03-09T09:00:00Z", outcome="answered", **ONE), "2026-04-08T09:00:00Z"),
        (call("2026-03-09T09:00:00Z", outcome="busy", **ONE), "allow"),
        (mail("2026-03-09T09:00:00Z", cadence="drip", step="two"), "allow"),
        (mail("2026-03-09T09:00:00Z", cadence="rep", step="one"), "allow"),
        (mail("2026-03-09T09:00:00Z", step="one"), "allow"),
        (mail("2026-03-09T09:00:00Z", cadence="drip"), "allow"),
    ],
)
def test_the_same_step_looks_both_ways(past: dict[str, Any], verdict: str) -> None:
    assert until("repeated-message", RULE, [past], mail(**ONE)) == verdict


def test_without_a_step_it_is_not_judged_without_a_cadence_it_is() -> None:
    past = mail("2026-03-09T09:00:00Z", step="one")
    assert until("repeated-message", RULE, [past], mail(step="one")) == "2026-04-08T09:00:00Z"
    past = mail("2026-03-09T09:00:00Z", cadence="drip")
    assert until("repeated-message", RULE, [past], mail(cadence="drip")) == "allow"


def test_it_says_which() -> None:
    events = [mail("2026-03-08T10:00:00Z", id="t-1", **ONE), mail("2026-03-08T11:00:00Z", step="x")]
    finding = judge({"rules": {"repeated-message": RULE}}, events, mail(**ONE)).findings[0]
    assert finding.facts == {"touches": ["t-1"], "per": "30d"}
