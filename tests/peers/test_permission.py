"""Consent and suppression: an SMS registry, Dittofeed, leadgen-agent, dripdrop, listmonk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cadence_guard import EventError, Guard, Policy, PolicyError, Verdict
from cadence_guard.ledgers import Filed, Page
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.points import normalise
from peers.cases import (
    MAIL,
    NOT_APPLICABLE,
    NOW,
    PHONE,
    Case,
    ago,
    check,
    codes,
    contact,
    finding,
    guard_of,
    hour,
    mail,
    parametrized,
    signal,
    text,
)

_CONTENT = NOT_APPLICABLE + "what a message must contain by law"
_TEXT = NOT_APPLICABLE + "reading an opt-out out of a text"
_ROUTE = NOT_APPLICABLE + "which worker a lead is handed to"
_TENANT = NOT_APPLICABLE + "a tenant is a ledger of its own, opened by the caller"
_REPUTATION = NOT_APPLICABLE + "the reputation of a sender, not what one person is sent"
_DELAY = NOT_APPLICABLE + "how long a step of a cadence waits"
_ADDRESS = (
    "a handle is compared without its @ and in any case, but the address of a profile page is no"
    " handle: write the handle"
)
DIFFERENCES = {
    "consent_semantics-005": (
        "every no is kept as it came, two opt-outs are two events; the leadgen registry keeps the"
        " last, this one the first"
    ),
    "consent_semantics-011": "a consent's source is free text; that of a point is a closed list",
    "consent_semantics-021": (
        "an unknown zone is an error; CALLE-AI fails closed as well, this peer takes UTC"
    ),
    "consent_semantics-029": "hours hold for a touch by hand as well",
    "consent_semantics-039": "a withdrawal needs no source: a no must not be harder than a yes",
    "leadgen_suppression-005": _TENANT,
    "leadgen_suppression-007": _TENANT,
    "leadgen_suppression-011": _ADDRESS,
    "leadgen_suppression-013": _ADDRESS,
    "leadgen_suppression-015": "a suppression names a point or a contact, never a whole domain",
    **{f"leadgen_suppression-{n:03}": _CONTENT for n in range(19, 26, 2)},
    "leadgen_suppression-027": _TEXT,
    "leadgen_suppression-029": _TEXT,
    **{f"leadgen_suppression-{n:03}": _ROUTE for n in range(31, 36, 2)},
    "leadgen_suppression-037": (
        "every no is kept as it came; this peer keeps the last, the SMS registry the first"
    ),
    "dripdrop_policy-011": "nothing known of the zone means closed, where the peer ends with UTC",
    "dripdrop_policy-017": NOT_APPLICABLE + "the throughput of a provider",
    "dripdrop_policy-021": _REPUTATION,
    "dripdrop_policy-023": _REPUTATION,
    "dripdrop_policy-027": _DELAY,
    "dripdrop_policy-029": _DELAY,
    "listmonk_bounces-003": (
        "a complaint closes the point for good, and the contact stays: who is deleted is imported"
        " again, and the no is forgotten"
    ),
}


class Deaf(MemoryLedger):
    """A ledger that cannot be read."""

    def history(self, *args: Any, **options: Any) -> Page:
        raise OSError("disk I/O error")


def stored(guard: Guard) -> list[Filed]:
    return guard.ledger.history(["contact:c-1", f"point:{MAIL}"], None, 0).events


def registry(case: Case) -> dict[str, Any]:
    return REGISTRY[case["area"]](case["input"], case["expected"])


def tenancy(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    """One ledger for each merchant."""
    guards = {name: guard_of({}) for name in "AB"}
    for no in asked["opt_outs"]:
        guards[no["merchant"]].record(signal("opt_out", ago(days=1), contact=no["customer"]))
    touch = text(contact=asked["check"]["customer"])
    return {"blocked": not guards[asked["check"]["merchant"]].evaluate(touch)}


def idempotency(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    told = [signal("opt_out", ago(days=n), channel="sms") for n in range(len(asked["record"]))]
    return {"stored_rows": len(stored(guard_of({}, *told)))}


def fail_closed(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    assert asked["opt_out_store"] == "read_error"
    decision = Guard(Policy(), ledger=Deaf()).evaluate(text())
    assert codes(decision) == {"CG902"}
    return {"blocked": not decision}


def validation(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    guard = guard_of({})
    try:
        if "record" in asked and "phone" in asked["record"]:
            guard.record(signal("opt_out", NOW, point=asked["record"]["phone"]))
        else:
            source = asked.get("record", asked)["source"]
            given = {"source": source} if source else {}
            guard.record(
                {"event": "consent", "contact": "c-1", "at": NOW, "status": "withdrawn", **given}
            )
    except EventError:
        return {"error": True}
    return {"error": False}


def quiet(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    """Quiet from one hour to another is open from the other to the one."""
    closes, opens = asked["window_hours"]
    rules = {"outside-hours": {"windows": [{"from": hour(opens), "to": hour(closes)}]}}
    guard = guard_of(rules, contact(asked.get("timezone", "UTC")))
    if "send_kind" not in asked:
        return {"quiet": not guard.evaluate(text(NOW.replace(hour=asked["hour"])))}
    at = datetime.fromisoformat(asked["at"])
    return {"allowed": bool(guard.evaluate(text(at, automated=asked["send_kind"] == "automated")))}


def local_hour(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    """The hour on the contact's wall, as a rule that is closed tells it."""
    rules = {"outside-hours": {"windows": [{"from": "00:00", "to": "00:01"}]}}
    try:
        guard = guard_of(rules, contact(asked["timezone"]))
    except EventError as error:
        return {"error": str(error)}
    facts = finding(guard.evaluate(text(datetime.fromisoformat(asked["at"]))), "CG401")
    return {"hour": int(facts["local"][11:13])}


def after_words(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    """STOP is an opt-out of the number, START a consent with evidence for what it opens."""
    at = datetime.fromisoformat(asked["at"])
    purpose = "transactional" if asked["send_kind"] == "transactional" else "service"
    guard = guard_of({}, contact())
    for number, word in enumerate(asked["events"]):
        when = at - timedelta(days=9 - number)
        if word == "STOP":
            guard.record(signal("opt_out", when, channel="sms", point=PHONE))
        else:
            guard.record(granted(when, purpose=purpose, channel="sms", point=PHONE, evidence=word))
    return {"allowed": bool(guard.evaluate(text(at, purpose=purpose)))}


def granted(at: datetime, **fields: Any) -> dict[str, Any]:
    return {"event": "consent", "contact": "c-1", "at": at, "status": "granted", **fields}


def daily_cap(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    assert asked["automated_sends_today"] == "= cap"
    sent = text(ago(hours=2), id="t-1", outcome="sent")
    guard = guard_of({"over-cap": {"max": 1, "calendar": "day"}}, contact(), sent)
    return {"allowed": bool(guard.evaluate(text()))}


def stop_confirmation(_: Any, __: Any) -> dict[str, Any]:
    guard = guard_of({}, signal("opt_out", ago(minutes=1), channel="sms", point=PHONE))
    return {"ack_reply_sent": bool(guard.evaluate(text(purpose="transactional")))}


def consent_classes(asked: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    assert asked["consent_type"] == "all"
    guard = guard_of({}, signal("opt_out", ago(days=1)))
    answer = {}
    for purpose in ("transactional", "marketing"):
        refused = "CG101" in codes(guard.evaluate(text(purpose=purpose)))
        answer[purpose] = "opted_out" if refused else "open"
    return answer


def same_number(asked: Mapping[str, Any], _: Any) -> dict[str, Any]:
    guard = guard_of({}, signal("opt_out", ago(days=1), channel="sms", point=asked["stored"]))
    other = guard.evaluate(text(contact="c-2", to=asked["received"]))
    return {"same": "CG101" in codes(other)}


REGISTRY = {
    "tenancy": tenancy,
    "opt_out_gate": tenancy,
    "idempotency": idempotency,
    "fail_closed": fail_closed,
    "validation": validation,
    "quiet_hours": quiet,
    "quiet_hours_by_kind": quiet,
    "local_hour": local_hour,
    "opt_out_by_kind": after_words,
    "re_subscribe": after_words,
    "daily_cap_by_kind": daily_cap,
    "stop_confirmation": stop_confirmation,
    "consent_classes": consent_classes,
    "phone_normalisation": same_number,
}


def subscription(case: Case) -> dict[str, Any]:
    """An opt-out group is a policy that asks for no consent."""
    assert case["input"]["group_type"] == "OptOut"
    guard = guard_of({}, contact())
    if case["input"].get("action") == "Unsubscribe":
        guard.record(signal("opt_out", ago(days=1), purpose="marketing"))
    return {"isSubscribed": bool(guard.evaluate(mail(purpose="marketing")))}


def suppress(point: str, at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    return {"event": "suppress", "at": at, "point": point, **fields}


def leadgen(case: Case) -> dict[str, Any]:
    asked, area = case["input"], case["area"]
    if area == "tenancy":
        guards = {tenant: guard_of({}) for tenant in ("tenant_a", "tenant_b")}
        for tenant, points in asked["suppressed"].items():
            for point in points:
                guards[tenant].record(suppress(point))
        told = asked["check"]
        return {"blocked": not guards[told["tenant"]].evaluate(mail(to=told["email"]))}
    if area == "no_cache":
        guard = guard_of({}, mail(ago(days=1), id="t-0", step="0", outcome="sent"))
        assert guard.evaluate(mail(id="t-1", step="1"))
        guard.record(suppress(MAIL))
        return {"blocked": not guard.evaluate(mail(id="t-1", step="1"))}
    if area == "idempotency":
        told = [
            suppress(point, ago(days=9 - number), note=note)
            for number, (point, note) in enumerate(asked["add"])
        ]
        ledger = guard_of({}, *told).ledger
        return {"entries": len(ledger.history([f"point:{asked['add'][0][0]}"], None, 0).events)}
    (no,) = asked.get("blocked_domains", [asked.get("suppressed")])
    channel = "social" if area == "linkedin_url_match" else "email"
    return {
        "blocked": not guard_of({}, suppress(no)).evaluate(mail(to=asked["check"], channel=channel))
    }


def dripdrop(case: Case) -> dict[str, Any]:
    return DRIPDROP[case["area"]](case["input"])


def e164(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the number of a contact in that country is compared as."""
    where = contact(
        country=asked["default_region"], points=[{"kind": "phone", "value": asked["phone"]}]
    )
    number = normalise(asked["phone"], "phone", asked["default_region"])
    refused = guard_of({}, where, signal("opt_out", ago(days=1))).evaluate(
        text(contact="c-2", to=number)
    )
    return {"e164": number if "CG101" in codes(refused) else None}


def suppressed(asked: Mapping[str, Any]) -> dict[str, Any]:
    if "suppressed_for" in asked:
        guards = {asked["suppressed_for"]: guard_of({}), asked["check_for"]: guard_of({})}
        guards[asked["suppressed_for"]].record(suppress(MAIL))
        return {"blocked": not guards[asked["check_for"]].evaluate(mail())}
    return {
        "blocked": not guard_of({}, suppress(asked["suppressed"])).evaluate(mail(to=asked["check"]))
    }


def allowed_hours(asked: Mapping[str, Any]) -> dict[str, Any]:
    opens, closes = asked["allowed_hours"]
    rules = {"outside-hours": {"windows": [{"from": hour(opens), "to": hour(closes)}]}}
    try:
        guard = guard_of(rules, contact("America/Denver"))
    except PolicyError:
        return {"error": "permanent"}
    at = datetime.fromisoformat(f"2026-03-04T{asked['local']}-07:00")
    return {"allowed": bool(guard.evaluate(text(at)))}


def last_resort(_: Any) -> dict[str, Any]:
    rules = {"outside-hours": {"windows": [{"from": "08:00", "to": "21:00"}]}}
    decision = guard_of(rules, contact(None)).evaluate(text())
    assert decision.needs == ("time_zone",)
    return {"last_resort": "Etc/UTC" if decision else None}


def caps(asked: Mapping[str, Any]) -> dict[str, Any]:
    entries = [{"max": asked[key], "per": "1d"} for key in ("step_daily_cap", "adapter_daily_cap")]
    past = [
        text(ago(hours=n), id=f"t-{n}", outcome="sent") for n in range(1, asked["sent_today"] + 1)
    ]
    return {
        "deferred": guard_of({"over-cap": entries}, *past).evaluate(text()).verdict is Verdict.DEFER
    }


def recipients(asked: Mapping[str, Any]) -> dict[str, Any]:
    assert asked["limit"] == "1/1h"
    guard = guard_of({"over-cap": {"max": 1, "per": "1h", "scope": "point"}})
    answers = []
    for number, to in enumerate(asked["recipients"]):
        touch = mail(contact=f"c-{number}", to=to, id=f"t-{number}")
        answers.append(bool(guard.evaluate(touch)))
        guard.record({**touch, "outcome": "sent"})
    return {"allowed": answers}


def pause(asked: Mapping[str, Any]) -> dict[str, Any]:
    assert asked["paused_until"] == "past"
    paused = signal("paused", ago(days=9), until=ago(days=1))
    decision = guard_of({"paused": {}}, paused).evaluate(mail())
    return {"deferred": decision.verdict is Verdict.DEFER}


DRIPDROP = {
    "phone_normalise": e164,
    "suppression": suppressed,
    "quiet_hours": allowed_hours,
    "timezone_order": last_resort,
    "caps": caps,
    "rate_limit": recipients,
    "pause": pause,
}


def bounces(case: Case) -> dict[str, Any]:
    """A soft bounce is an unknown outcome."""
    guard = guard_of({}, contact())
    for number, kind in enumerate(case["input"]["events"]):
        at = ago(days=9 - number)
        if kind == "soft":
            guard.record(mail(at, id=f"t-{number}", outcome="unknown"))
        else:
            guard.record(signal("complained", at, channel="email", point=MAIL))
    return {"status": "enabled" if guard.evaluate(mail()) else "blocked"}


@parametrized("consent_semantics", but=DIFFERENCES)
def test_registry(case: Case) -> None:
    check(case, registry, DIFFERENCES)


@parametrized("dittofeed_subscription", but=DIFFERENCES)
def test_subscription(case: Case) -> None:
    check(case, subscription, DIFFERENCES)


@parametrized("leadgen_suppression", but=DIFFERENCES)
def test_leadgen(case: Case) -> None:
    check(case, leadgen, DIFFERENCES)


@parametrized("dripdrop_policy", but=DIFFERENCES)
def test_dripdrop(case: Case) -> None:
    check(case, dripdrop, DIFFERENCES)


@parametrized("listmonk_bounces", but=DIFFERENCES)
def test_bounces(case: Case) -> None:
    check(case, bounces, DIFFERENCES)
