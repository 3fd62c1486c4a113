"""Touches of a cadence: whats-agents, leadgen-agent, Munin and OCA."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cadence_guard import Decision
from peers.cases import (
    MAIL,
    NOT_APPLICABLE,
    NOW,
    Case,
    ago,
    call,
    check,
    codes,
    contact,
    guard_of,
    mail,
    parametrized,
    signal,
    text,
)

_CLASS = NOT_APPLICABLE + "reading what a reply says"
_ROUTE = NOT_APPLICABLE + "which worker a reply is handed to"
_QUOTE = NOT_APPLICABLE + "parsing the text of a mail"
_STEPS = NOT_APPLICABLE + "which step of a cadence comes next, and how long it waits"
_LINKEDIN = NOT_APPLICABLE + "whether a connection on LinkedIn was accepted"
_CHANNEL = NOT_APPLICABLE + "which kinds of cadences the product can build"
_APPROVAL = NOT_APPLICABLE + "a person approving a draft"
_TRIGGER = NOT_APPLICABLE + "which event starts a step"
DIFFERENCES = {
    "campaign_cooldown_and_gate-019": "an answer is no reason to write at night: hours hold",
    "campaign_cooldown_and_gate-023": (
        "nothing outweighs an opt-out but the person's own consent; the SMS registry agrees, this"
        " peer does not"
    ),
    **{f"leadgen_replies_and_sequence-{n:03}": _CLASS for n in (3, 5, 7, *range(13, 24, 2))},
    "leadgen_replies_and_sequence-025": _QUOTE,
    **{f"leadgen_replies_and_sequence-{n:03}": _CLASS for n in range(27, 38, 2)},
    "leadgen_replies_and_sequence-039": _ROUTE,
    "leadgen_replies_and_sequence-041": _ROUTE,
    "leadgen_replies_and_sequence-043": (
        "a reply stops automation for as long as the policy says, and gives the end of it; that the"
        " cadence is over is the cadence's to say"
    ),
    "leadgen_replies_and_sequence-047": (
        "an automatic receipt is neither an answer nor a pause: it changes nothing"
    ),
    "leadgen_replies_and_sequence-049": _STEPS,
    "leadgen_replies_and_sequence-051": _STEPS,
    "leadgen_replies_and_sequence-053": _LINKEDIN,
    "leadgen_replies_and_sequence-055": _LINKEDIN,
    "munin_sequences-009": _APPROVAL,
    **{f"munin_sequences-{n:03}": _CHANNEL for n in (19, 21)},
    "munin_sequences-023": NOT_APPLICABLE + "what a message must contain by law",
    "munin_sequences-031": _APPROVAL,
    **{f"oca_automation_triggers-{n:03}": _TRIGGER for n in (1, 3, 7, 9)},
}


def cooldown(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Another campaign within the cool-down is another cadence within `for`."""
    rules = {
        "overlapping-cadence": {"for": f"{asked.get('cooldown_days', 3)}d"},
        "already-answered": {"for": "7d"},
    }
    if "touch" in asked:
        campaign, past = asked["touch"]["campaign"], [asked["last_touch"]]
    else:
        campaign, past = asked["campaign"], asked["history"]
    guard = guard_of(rules, contact())
    for number, touch in enumerate(past):
        if touch:
            at = ago(days=touch["days_ago"])
            guard.record(text(at, id=f"t-{number}", cadence=str(touch["campaign"]), outcome="sent"))
    if asked.get("contact_replied_within_7_days"):
        guard.record(signal("replied", ago(days=6), channel="sms"))
    decision = guard.evaluate(text(**({"cadence": str(campaign)} if campaign else {})))
    reasons = {"CG602": "campaign_cooldown" if "touch" in asked else "different_campaign_recent"}
    reasons["CG603"] = "responded_recently"
    return {"allowed": decision.allowed, **because(decision, reasons)}


def because(decision: Decision, reasons: Mapping[str, str]) -> dict[str, str]:
    """The peer's word for the one reason of a refusal."""
    if decision:
        return {}
    (code,) = codes(decision)
    return {"reason": reasons[code]}


def outbound_gate(asked: Mapping[str, Any]) -> dict[str, Any]:
    rules = {"outside-hours": {"windows": [{"from": "08:00", "to": "20:00"}]}}
    guard = guard_of(rules, contact(), answers={})
    if asked["permission"] == "opted_out":
        guard.record(signal("opt_out", ago(days=2), channel="sms"))
    if asked["method"] == "reply":
        guard.record(signal("replied", ago(days=1), channel="sms"))
    at = NOW if asked.get("business_hours", True) else NOW.replace(hour=22)
    decision = guard.evaluate(text(at, automated=asked["method"] == "campaign"))
    reasons = {"CG401": "quiet_hours", "CG101": "opted_out"}
    return {"allowed": decision.allowed, **because(decision, reasons)}


def campaign(case: Case) -> dict[str, Any]:
    adapter = outbound_gate if case["area"] == "outbound_gate" else cooldown
    return adapter(case["input"])


def reply(case: Case) -> dict[str, Any]:
    """The next mail of the cadence, after a reply of that class."""
    asked = case["input"]
    kinds = {"interested": "replied", "not_interested": "declined", "out_of_office": "auto_replied"}
    label = asked.get("label") or asked["reply"]
    rules = {"already-answered": {"for": "30d"}, "after-refusal": {"declined": "180d"}}
    guard = guard_of(rules, contact(), mail(ago(days=4), id="t-1", step="1", outcome="sent"))
    if label in kinds:
        guard.record(signal(kinds[label], ago(hours=1), channel="email", touch="t-1"))
    decision = guard.evaluate(mail(id="t-2", step="2"))
    if case["area"] == "auto_suppress":
        return {"suppress": not decision}
    due = NOW if decision else decision.until
    told = "in the future" if due and due > NOW else due
    return {"next_touch_due": told, "archived": due is None}


def sequence(case: Case) -> dict[str, Any]:
    """The wait before a step is a gap; what is due is what the guard allows now."""
    asked = case["input"]
    if case["area"] == "channel_rules":
        return channel_rules(asked)
    past = [mail(ago(days=asked["initial_sent_days_ago"]), id="t-0", step="0", outcome="sent")]
    step = 1
    if "step1_sent_days_ago" in asked:
        step = 2
        past.append(
            mail(ago(days=asked["step1_sent_days_ago"]), id="t-1", step="1", outcome="sent")
        )
    rules: dict[str, Any] = {
        "too-soon": {"gap": f"{asked['sequenceSteps'][step - 1]['waitDays']}d"},
        "already-answered": {"for": "30d"},
    }
    chosen = asked.get("cadenceRules", {})
    if "maxPerWeekPerContact" in chosen:
        rules["over-cap"] = {"max": chosen["maxPerWeekPerContact"], "per": "7d"}
    if "blackoutDates" in chosen:
        rules["blackout"] = {"dates": chosen["blackoutDates"]}
    guard = guard_of(rules, contact(), *past)
    if asked.get("inbound_reply"):
        guard.record(signal("replied", ago(hours=1), channel="email", touch="t-0"))
    if asked.get("contact_suppressed"):
        guard.record({"event": "suppress", "at": NOW, "point": MAIL})
    decision = guard.evaluate(mail(id="next", step=str(step)))
    if "propose_step" in asked:
        return {"error": "not due until" if codes(decision) == {"CG302"} else None}
    return {"due": [step] if decision else []}


def channel_rules(asked: Mapping[str, Any]) -> dict[str, Any]:
    if "contact_consent" in asked:
        guard = guard_of({"missing-consent": {"accept": ["consent"]}}, contact())
        return {"error": not guard.evaluate(mail())}
    assert asked["at"] == "inside quiet hours"
    window = {"from": "08:00", "to": "20:00"}
    guard = guard_of({"outside-hours": {"channels": ["call"], "windows": [window]}}, contact())
    at = NOW.replace(hour=22)
    if asked["channel"] == "email":
        return {"allowed": bool(guard.evaluate(mail(at)))}
    found = codes(guard.evaluate(call(at)))
    return {"error": "does not call between" if "CG401" in found else None}


def child_step(case: Case) -> dict[str, Any]:
    """A step that follows unless the mail was answered."""
    last = case["input"]["event_after_send"][-1]
    kinds = {"open": "opened", "click": "clicked", "reply": "replied"}
    answers = {"signals": ["clicked" if last == "click" else "replied"], "for": "30d"}
    guard = guard_of({"already-answered": answers}, contact())
    guard.record(mail(ago(days=3), id="t-1", step="1", outcome="sent"))
    told: list[tuple[datetime, bool]] = []
    for number, event in enumerate(case["input"]["event_after_send"]):
        at = ago(days=2) + timedelta(hours=number)
        guard.record(signal(kinds[event], at, channel="email", touch="t-1"))
        told.append((at, bool(guard.evaluate(mail(at, id="t-2", step="2")))))
    (_, first), (_, second) = told
    if case["input"]["child_trigger_type"] == "mail_not_clicked":
        return {"child_after_event": "scheduled" if second else "rejected"}
    opened = "scheduled" if first else "rejected"
    return {
        "child_after_event": f"{opened} on open, {'scheduled' if second else 'rejected'} on reply"
    }


@parametrized("campaign_cooldown_and_gate", but=DIFFERENCES)
def test_campaign(case: Case) -> None:
    check(case, campaign, DIFFERENCES)


@parametrized("leadgen_replies_and_sequence", but=DIFFERENCES)
def test_reply(case: Case) -> None:
    check(case, reply, DIFFERENCES)


@parametrized("munin_sequences", but=DIFFERENCES)
def test_sequence(case: Case) -> None:
    check(case, sequence, DIFFERENCES)


@parametrized("oca_automation_triggers", but=DIFFERENCES)
def test_child_step(case: Case) -> None:
    check(case, child_step, DIFFERENCES)
