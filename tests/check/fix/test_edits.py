"""What is changed, in words."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard import Policy
from cadence_guard.cadence import (
    BusinessDays,
    Elapsed,
    Label,
    LocalDays,
    Pause,
    fixed,
)
from cadence_guard.check.fix import fix
from cadence_guard.instants import HOUR
from check.fix.support import (
    END,
    GAP,
    HEAD,
    HOURS,
    OTHER,
    START,
    foreign,
    repaired,
    step,
)


def test_changes_are_told_in_words() -> None:
    text = HEAD + "    - {id: a, channel: email}\n    - {id: b, channel: call}\n"
    done = repaired(text, GAP | HOURS)
    assert [change[:3] for change in done.changes] == [("x", "b", 9), ("x", "b", 9)]
    assert [change.text for change in done.changes] == [
        "wait 20 hours before 'b'",
        "wait until 09:00-18:00 before 'b'",
    ]


@pytest.mark.parametrize(
    ("pause", "says"),
    [
        (Elapsed(HOUR, None), "wait 20 hours or longer instead of 1 hour or longer"),
        (Elapsed(HOUR, 30 * HOUR), "wait 20 hours to 30 hours instead of 1 hour to 30 hours"),
        (LocalDays(0), "wait 1 local day instead of 0 local days"),
        (BusinessDays(1), "wait 2 business days instead of 1 business day"),
    ],
)
def test_waits_in_words(pause: Any, says: str) -> None:
    file = foreign(step("a", "w"), Pause("w", ("steps", 1), pause, "b"), step("b", None, 2))
    gap = "47h" if isinstance(pause, BusinessDays) else "20h"
    rules = {"too-soon": {"gap": gap}}
    done = fix(file, OTHER, Policy(rules=rules), START, END)
    assert [change.text.partition(" before")[0] for change in done.changes] == [says]


def test_a_wait_is_called_as_in_the_tool() -> None:
    wait = Pause("Wait 1 Week", ("steps", 1), fixed(3600), "b")
    label = Label("Wait 1 Week", ("steps", 1), 3600, 604800)
    file = foreign(step("a", wait.id), wait, step("b", None, 2), labels=(label,))
    done = fix(file, OTHER, Policy(rules=GAP), START, END)
    assert [change.text for change in done.changes] == [
        "wait 20 hours instead of 1 hour in 'Wait 1 Week' before 'b'"
    ]


def test_a_wait_between_attempts() -> None:
    text = HEAD + "    - {id: a, channel: call, retry: {attempts: 2, every: 3h}}\n"
    (change,) = repaired(text, {"missed-calls": {"max": 5, "per": "7d", "gap": "2d"}}).changes
    assert change.text == "wait 2 days instead of 3 hours between the attempts of 'a'"
