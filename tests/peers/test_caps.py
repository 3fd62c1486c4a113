"""Caps: Mautic's frequency rules, and the moving window and limit strings of `limits`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from cadence_guard import Policy, PolicyError, Refused
from cadence_guard.instants import SECOND
from peers.cases import (
    NOT_APPLICABLE,
    NOW,
    Case,
    check,
    codes,
    finding,
    guard_of,
    mail,
    parametrized,
)

_SECONDS = "no unit below a minute: a person is not rate-limited by the second"
DIFFERENCES = {
    "mautic_frequency-003": "half a rule is an error, where Mautic goes on without any",
    "limits_moving_window-003": NOT_APPLICABLE + "a touch has no cost, it counts as one",
    "limits_moving_window-009": (
        "two touches exactly one period apart are in no common window, so the second is free at"
        " 60 s and the third is not"
    ),
    "limits_parse-001": _SECONDS,
    "limits_parse-003": _SECONDS,
    "limits_parse-017": "one entry holds one cap; two are a list of two entries",
}
UNITS = {"MINUTE": "m", "HOUR": "h", "DAY": "d", "WEEK": "w"}


def frequency(case: Case) -> dict[str, Any]:
    asked = case["input"]
    if "rule" in asked:
        rule = asked["rule"]
        cap = {"channels": ["email"], "max": rule["number"], "per": f"1{UNITS[rule['per']]}"}
        sent = [
            mail(NOW - timedelta(hours=n), id=f"t-{n}") for n in range(1, asked["sent_today"] + 1)
        ]
        guard = guard_of({"over-cap": cap}, *({**touch, "outcome": "sent"} for touch in sent))
        facts = finding(guard.evaluate(mail()), "CG301")
        unit = {f"1{short}": long for long, short in UNITS.items()}[facts["per"]]
        return {"violations": [{"frequency_number": str(facts["max"]), "frequency_time": unit}]}
    cap = {"max": 0} if asked["default_number_set"] else {}
    if asked["default_period_set"]:
        cap["per"] = "1d"
    try:
        return {
            "default_rule_active": "CG301" in codes(guard_of({"over-cap": cap}).evaluate(mail()))
        }
    except PolicyError as error:
        return {"error": str(error)}


def moving_window(case: Case) -> dict[str, Any]:
    """The peer's seconds are minutes here, since no cap is shorter than one."""
    asked = case["input"]
    minutes = asked["limit"]["per_seconds"]
    guard = guard_of({"over-cap": {"max": asked["limit"]["n"], "per": f"{minutes}m"}})
    if "ops" in asked:
        results = []
        for number, op in enumerate(asked["ops"]):
            touch = mail(NOW, id=f"t-{number}")
            results.append(bool(guard.evaluate(touch)) if op == "test" else booked(guard, touch))
        return {"results": results}
    instants = [NOW + timedelta(minutes=second) for second in asked["hits_at_s"]]
    answer: dict[str, Any] = {
        "allowed": [booked(guard, mail(at, id=f"t-{n}")) for n, at in enumerate(instants)]
    }
    if "remaining" in case["expected"]:
        decision = guard.evaluate(mail(instants[-1]))
        counted = finding(decision, "CG301")
        answer["remaining"] = counted["max"] - len(counted["touches"])
        if "seconds_to_reset_at_2s" in case["expected"]:
            assert decision.until is not None
            wait = decision.until - instants[-1]
            answer["seconds_to_reset_at_2s"] = wait / timedelta(minutes=1)
    return answer


def booked(guard: Any, touch: dict[str, Any]) -> bool:
    try:
        guard.reserve(touch)
    except Refused:
        return False
    return True


def limit_string(case: Case) -> dict[str, Any]:
    match = re.fullmatch(r"(\d+) ?(?:per|/) ?(\d*) ?(\w+)", case["input"])
    if match is None:
        cap = {"max": 1, "per": case["input"]}
    else:
        unit = UNITS.get(match[3].upper(), match[3])
        cap = {"max": int(match[1]), "per": f"{match[2] or 1}{unit}"}
    try:
        (entry,) = Policy(rules={"over-cap": cap}).rules["over-cap"].entries
    except PolicyError:
        return {"error": "ValueError"}  # a PolicyError is one
    return {"n": entry.max, "per_seconds": entry.per.us // SECOND}


@parametrized("mautic_frequency", but=DIFFERENCES)
def test_frequency(case: Case) -> None:
    check(case, frequency, DIFFERENCES)


@parametrized("limits_moving_window", but=DIFFERENCES)
def test_moving_window(case: Case) -> None:
    check(case, moving_window, DIFFERENCES)


@parametrized("limits_parse", but=DIFFERENCES)
def test_limit_string(case: Case) -> None:
    check(case, limit_string, DIFFERENCES)


@pytest.mark.parametrize("text", ["1 per second", "7 days", "1/DAY", "1 per hour", "second"])
def test_a_limit_string_is_no_duration(text: str) -> None:
    with pytest.raises(PolicyError, match="is not a duration; expected 30m, 20h, 7d or 2w"):
        Policy(rules={"over-cap": {"max": 1, "per": text}})
