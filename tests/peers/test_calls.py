"""Calls: CALLE-AI's retry and consent gates, phone numbers and their zones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cadence_guard import EventError, PolicyError, Verdict
from cadence_guard.guard import Guard
from peers.cases import (
    NOT_APPLICABLE,
    NOW,
    Case,
    ago,
    call,
    check,
    codes,
    contact,
    finding,
    guard_of,
    hour,
    parametrized,
    signal,
)

_FLAG = NOT_APPLICABLE + "a result with flags; a no is an event of its own here"
_TEST_TABLES = "the peer's test tables are not the real ones"
DIFFERENCES = {
    "call_governance-009": (
        "a touch ahead is a booking, counted on both sides; this one is five hours away and leaves"
        " room"
    ),
    "call_governance-017": "no flag of the sender outweighs a rule",
    "call_governance-029": NOT_APPLICABLE + "consent to recording a call",
    "call_governance-031": "no ceiling on the numbers a policy may choose",
    "phone_and_outcomes-005": "blanks and punctuation are stripped: it is the same number",
    "phone_and_outcomes-017": "failed means that nothing left the building, so it does not count",
    "phone_and_outcomes-021": NOT_APPLICABLE + "reading a refusal out of a summary",
    **{f"phone_and_outcomes-{n:03}": _FLAG for n in range(23, 30, 2)},
    "phone_timezones-003": _TEST_TABLES,
    "phone_timezones-013": "a number that cannot exist has no zone, not that of its country",
}


def retry(asked: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    now = datetime.fromisoformat(asked["now"])
    rules = {
        "over-cap": {"channels": ["call"], "max": asked["max_per_24h"], "per": "1d"},
        "too-soon": {"channels": ["call"], "gap": f"{asked['min_hours_between']}h"},
    }
    try:
        guard = guard_of(rules)
        for number, hours in enumerate(asked["previous_attempts_hours_ago"] or ()):
            at = now - timedelta(hours=hours) if isinstance(hours, int) else hours
            guard.record(call(at, id=f"t-{number}", outcome="voicemail"))
    except (PolicyError, EventError):
        return {"allowed": False}  # an error is no permission
    decision = guard.evaluate(call(now))
    answer: dict[str, Any] = {"allowed": decision.allowed}
    if "CG301" in codes(decision):
        answer["attempts_last_day"] = len(finding(decision, "CG301")["touches"])
    return answer


def governance(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    events = [contact()]
    at = datetime.fromisoformat(asked["at"])
    if asked.get("do_not_call"):
        events.append(signal("opt_out", at, channel="call"))
    if "hours" in asked:
        opens, closes = asked["hours"]
        rules["outside-hours"] = {"windows": [{"from": opens, "to": closes}]}
    if "cooldown_h" in asked:
        rules["too-soon"] = {"gap": f"{asked['cooldown_h']}h"}
        events.append(called(datetime.fromisoformat(asked["last_call"])))
    if "max_calls" in asked:
        rules["over-cap"] = {"max": asked["max_calls"], "per": f"{asked['per_days']}d"}
        events += [called(at - timedelta(days=days)) for days in asked["calls_days_ago"]]
    tags = ["urgent"] if asked.get("emergency_override") else []
    decision = guard_of(rules, *events).evaluate(call(at, tags=tags))
    answer: dict[str, Any] = {"allowed": decision.allowed}
    if "CG101" in codes(decision):
        answer["reason"] = "do_not_call"
    return answer


def called(at: datetime, outcome: str = "answered") -> dict[str, Any]:
    return call(at, id=f"{at}", outcome=outcome)


def consent_gate(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    if "max_attempts" in asked:
        try:
            guard_of(
                {"over-cap": {"channels": ["call"], "max": asked["max_attempts"], "per": "1d"}}
            )
        except PolicyError:
            return {"error": True}
        return {"error": False}
    if "hours" in asked:
        opens, closes = asked["hours"]
        rules = {"outside-hours": {"windows": [{"from": hour(opens), "to": hour(closes)}]}}
        guard = guard_of(rules, contact(asked["timezone"]))
        return {"allowed": bool(guard.evaluate(call(datetime.fromisoformat(asked["at"]))))}
    kinds = {"rejected": "declined", "do_not_call": "opt_out"}
    told = [
        signal(kinds[past["outcome"]], ago(minutes=past["minutes_ago"]), channel="call")
        for past in asked["history"]
    ]
    decision = guard_of({"after-refusal": {"declined": "1d"}}, contact(), *told).evaluate(call())
    reasons = {"CG101": "explicit do-not-call", "CG501": "within the last 24 hours"}
    (code,) = codes(decision)
    return {"allowed": decision.allowed, "reason": reasons[code]}


AREAS = {"call_retry": retry, "call_governance": governance, "call_consent_gate": consent_gate}


def call_gate(case: Case) -> dict[str, Any]:
    return AREAS[case["area"]](case["input"], case["expected"])


def phones(case: Case) -> dict[str, Any]:
    asked = case["input"]
    if case["area"] == "call_outcome":
        return after_outcome(asked)
    country = {"country": "US"} if asked.get("country_code") == "1" else {}
    try:
        guard = guard_of(
            {}, contact(points=[{"kind": "phone", "value": asked["phone"]}], **country)
        )
    except EventError:
        number = None
    else:
        guard.record(signal("opt_out", ago(days=1)))
        number = known_as(guard, case["expected"].get("e164", asked["phone"]))
    return {"valid": number is not None} if case["area"] == "e164" else {"e164": number}


def known_as(guard: Guard, number: str) -> str | None:
    """The number, if the opt-out of its owner holds for whoever else is called on it."""
    decision = guard.evaluate(call(contact="c-2", to=number))
    return number if "CG101" in codes(decision) else None


def after_outcome(asked: Mapping[str, Any]) -> dict[str, Any]:
    rules = {"missed-calls": {"max": 2, "per": "14d", "gap": "3d"}}
    guard = guard_of(rules, contact(), called(ago(hours=1), asked["status"]))
    if asked["result"].get("do_not_call") is True:
        guard.record(signal("opt_out", ago(hours=1), channel="call"))
    actions = {Verdict.ALLOW: "call", Verdict.DEFER: "retry", Verdict.DENY: "not retry"}
    return {"action": actions[guard.evaluate(call()).verdict]}


def zones(case: Case) -> dict[str, Any]:
    """Where a number could be: the zones in which the guard finds it to be outside the hours."""
    rules = {"outside-hours": {"windows": [{"from": "00:00", "to": "00:01"}]}}
    number = case["input"]["phone"]
    decision = guard_of(rules, contact(None)).evaluate(call(NOW.replace(minute=30), to=number))
    facts = finding(decision, "CG401")
    return {"time_zones": [facts["zone"] if facts else "Etc/Unknown"]}


@parametrized("call_governance", but=DIFFERENCES)
def test_call_gate(case: Case) -> None:
    check(case, call_gate, DIFFERENCES)


@parametrized("phone_and_outcomes", but=DIFFERENCES)
def test_phones(case: Case) -> None:
    check(case, phones, DIFFERENCES)


@parametrized("phone_timezones", but=DIFFERENCES)
def test_zones(case: Case) -> None:
    check(case, zones, DIFFERENCES)
