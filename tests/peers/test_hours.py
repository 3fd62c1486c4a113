"""Hours, days and zones: Mautic, CALLE-AI, Spoke, Dittofeed and whats-agents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cadence_guard import EventError, Guard, PolicyError
from peers.cases import (
    NOT_APPLICABLE,
    Case,
    call,
    check,
    codes,
    contact,
    finding,
    guard_of,
    hour,
    instant,
    mail,
    parametrized,
    text,
)

_HALF = "half a window is an error, where Mautic drops it in silence"
_BATCH = "hours hold for every touch, where Mautic's batch path does not look at them"
_WRONG_TYPE = "a value of the wrong type is an error, where the peer puts its default in its place"
_NARROW = "nothing known of the zone means closed, where Spoke takes 12:00 to 21:00 Eastern"
_WAIT = NOT_APPLICABLE + "how long a step of a cadence waits"
DIFFERENCES = {
    **{f"mautic_interval_contact-{n:03}": _HALF for n in range(5, 18, 2)},
    "mautic_interval_contact-031": "an unknown zone is an error, where Mautic takes its default",
    **{f"mautic_interval_batch-{n:03}": _HALF for n in range(5, 18, 2)},
    "mautic_interval_batch-023": _BATCH,
    "mautic_interval_batch-029": _BATCH,
    "mautic_interval_grouping-001": (
        "an empty or unknown zone is an error, where Mautic takes its default"
    ),
    "calling_window-011": "nothing known of the zone means closed, where the peer lets it go",
    "calling_window-025": _WRONG_TYPE,
    "calling_window-027": _WRONG_TYPE,
    "business_hours_brazil-007": (
        "windows are half-open, so 20:00 is outside 08:00 to 20:00; CALLE-AI, Spoke and dripdrop"
        " agree, this peer does not"
    ),
    "dittofeed_local_time-003": (
        "days are those of the contact's wall: 05:00 of Thursday in Tokyo is 21 hours away; the"
        " peer waits until it is Thursday in UTC"
    ),
    "dittofeed_local_time-011": (
        "from 15:00:12 to 20:30 are five whole hours; the peer's test looks at the minute only"
    ),
    **{f"dittofeed_local_time-{n:03}": _WAIT for n in range(15, 22, 2)},
    "spoke_texting_hours-037": _NARROW,
    "spoke_texting_hours-041": _NARROW,
}


def hours(*windows: dict[str, Any]) -> dict[str, Any]:
    return {"outside-hours": {"windows": list(windows)}}


def restricted(asked: Case) -> dict[str, Any]:
    """Mautic's start, stop and days as a rule."""
    window: dict[str, Any] = {}
    if asked["restricted_start"]:
        window["from"] = f"{instant(asked['restricted_start']):%H:%M}"
    if asked["restricted_stop"]:
        window["to"] = f"{instant(asked['restricted_stop']):%H:%M}"
    if asked["allowed_days_of_week"]:  # 0 is Sunday; none means all
        days = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
        window["days"] = [days[day] for day in asked["allowed_days_of_week"]]
        if len(window) == 1:
            window |= {"from": "00:00", "to": "24:00"}
    return hours(window) if window else {}


def mautic(case: Case) -> dict[str, Any]:
    asked = case["input"]
    at = instant(asked["scheduled_for_utc"])
    try:
        guard = guard_of(restricted(asked), contact(asked.get("contact_timezone", "UTC")))
    except (PolicyError, EventError) as error:
        return {"error": str(error)}
    return {"execute_at": f"{guard.evaluate(mail(at)).until or at:%Y-%m-%d %H:%M}"}


def grouping(case: Case) -> dict[str, Any]:
    asked = case["input"]
    start, home = asked["scheduled"].rsplit(" ", 1)
    at = instant(start, home)
    opens = asked["trigger_hour"]
    groups: dict[str, Any] = {}
    for number, zone in asked["contacts"].items():
        try:
            guard = guard_of(hours({"from": opens, "to": minute_after(opens)}), contact(zone))
        except EventError:
            continue  # an empty zone, or one that is none
        local = (guard.evaluate(mail(at)).until or at).astimezone(ZoneInfo(zone))
        group = groups.setdefault(zone, {"contacts": [], "at_local": f"{local:%Y-%m-%d %H:%M}"})
        group["contacts"].append(int(number))
    return {"groups": groups}


def minute_after(opens: str) -> str:
    return f"{opens[:3]}{int(opens[3:]) + 1:02}"


def known_in(guard: Guard, zone: str | None) -> None:
    """Tells the contact's zone; one that is none stays unknown, and the caller has an error."""
    try:
        guard.record(contact(zone))
    except EventError:
        guard.record(contact(None))


def calling_window(case: Case) -> dict[str, Any]:
    asked = case["input"]
    days = ["mon", "tue", "wed", "thu", "fri", "sat"]
    at = datetime.fromisoformat(asked.get("at", "2026-01-14T15:00:00Z"))
    opens, closes = asked["window_hours"]
    window = {"from": hour(opens), "to": hour(closes)}
    if asked.get("block_sunday"):
        window["days"] = days
    try:
        guard = guard_of(hours(window))
    except PolicyError:
        return {"allowed": False}  # without a policy there is no guard, and nothing is sent
    known_in(guard, asked["timezone"])
    decision = guard.evaluate(call(at))
    answer: dict[str, Any] = {"allowed": decision.allowed}
    if "CG401" in codes(decision) and "local_hour" in case["expected"]:
        answer["local_hour"] = int(finding(decision, "CG401")["local"][11:13])
    return answer


def calling_window_input(case: Case) -> dict[str, Any]:
    asked = case["input"]
    window = {"from": asked["earliest_hour"], "to": asked["latest_hour"]}
    with pytest.raises(PolicyError) as caught:
        guard_of(hours(window))
    return {"error": str(caught.value)}


def business_hours(case: Case) -> dict[str, Any]:
    asked = case["input"]
    assert asked["days"] == "Mon-Fri"
    opens, closes = asked["window"]
    days = ["mon", "tue", "wed", "thu", "fri"]
    guard = guard_of(hours({"days": days, "from": opens, "to": closes}), contact(asked["timezone"]))
    decision = guard.evaluate(text(instant(asked["at_local"], asked["timezone"])))
    if "next_local" in case["expected"]:
        assert decision.until is not None
        local = decision.until.astimezone(ZoneInfo(asked["timezone"]))
        return {"next_local": f"{local:%Y-%m-%dT%H:%M}"}
    return {"allowed": decision.allowed}


def next_local_time(case: Case) -> dict[str, Any]:
    """The peer looks for an instant to come, so it is the next opening of a window of a minute."""
    asked = case["input"]
    zone = asked.get("userTimezone") or asked.get("timezone_of_latLon")
    now = datetime.fromisoformat(asked["now"])
    opens = f"{asked['hour']:02}:{asked.get('minute', 0):02}"
    window: dict[str, Any] = {"from": opens, "to": minute_after(opens)}
    if "allowedDaysOfWeek" in asked:
        days = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
        window["days"] = [days[day] for day in asked["allowedDaysOfWeek"]]
    guard = guard_of(hours(window), contact(zone))
    stretches = guard.calendar(mail(now), now, now + timedelta(days=8))
    opening = next(stretch.start for stretch in stretches if stretch.free and stretch.start > now)
    return {"whole_hours_until": (opening - now) // timedelta(hours=1)}


SPOKE_ZONES = {-5: "US/Eastern", -7: "US/Arizona", -8: "US/Pacific"}


def texting_hours(case: Case) -> dict[str, Any]:
    asked = case["input"]
    if "open" in case["expected"]:
        return texting_offsets(case)
    config, person = asked["config"], asked["contact"] or {}
    zone = config.get("timezone") or SPOKE_ZONES.get(person.get("offset"))
    zone = zone or config.get("default_timezone")
    opens, closes = hour(config["start"] or 9), hour(config["end"] or 21)
    rules = hours({"from": opens, "to": closes}) if config["enforced"] else {}
    guard = guard_of(rules, contact(zone))
    return {"allowed": guard.evaluate(text(datetime.fromisoformat(asked["now"]))).allowed}


def texting_offsets(case: Case) -> dict[str, Any]:
    asked = case["input"]
    at = datetime.fromisoformat(asked["now"])
    window = hours({"from": hour(asked["start"]), "to": hour(asked["end"])})
    answer: dict[str, Any] = {"open": [], "closed": []}
    for key in [*case["expected"]["open"], *case["expected"]["closed"]]:
        offset = int(
            key.partition("_")[0]
        )  # in winter, so that the half about DST is without effect
        guard = guard_of(window, contact(f"Etc/GMT{-offset:+}"))
        answer["open" if guard.evaluate(text(at)) else "closed"].append(key)
    return answer


def send_before(case: Case) -> dict[str, Any]:
    """The instant before which a text has to leave: the end of the hours of that day."""
    asked = case["input"]
    org = asked.get("org", {"start": 0, "end": asked.get("hour"), "enforced": "hour" in asked})
    zone = asked.get("zone") or asked.get("dst_zone") or asked.get("default_timezone") or "UTC"
    window = {"from": hour(org["start"]), "to": hour(org["end"])}
    guard = guard_of(hours(window) if org["enforced"] else {}, contact(zone))
    now = datetime.fromisoformat(asked["now"])
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=org["start"], minute=0)
    closes = guard.evaluate(text(midnight.astimezone(UTC))).open_until
    return {"utc": closes and f"{closes:%Y-%m-%dT%H:%M:%S}.000Z"}


@parametrized("mautic_interval_contact", "mautic_interval_batch", but=DIFFERENCES)
def test_mautic(case: Case) -> None:
    check(case, mautic, DIFFERENCES)


@parametrized("mautic_interval_grouping", but=DIFFERENCES)
def test_grouping(case: Case) -> None:
    check(case, grouping, DIFFERENCES)
    ours, theirs = grouping(case)["groups"], case["expected"]["groups"]
    assert len(ours) == 2
    assert ours == {zone: theirs[zone] for zone in ours}  # and the zones that are some agree


@parametrized("calling_window", but=DIFFERENCES)
def test_calling_window(case: Case) -> None:
    is_input = case["area"] == "calling_window_input"
    check(case, calling_window_input if is_input else calling_window, DIFFERENCES)


@parametrized("business_hours_brazil", but=DIFFERENCES)
def test_business_hours(case: Case) -> None:
    check(case, business_hours, DIFFERENCES)


@parametrized("dittofeed_local_time", but=DIFFERENCES)
def test_next_local_time(case: Case) -> None:
    check(case, next_local_time, DIFFERENCES)


@parametrized("spoke_texting_hours", but=DIFFERENCES)
def test_texting_hours(case: Case) -> None:
    check(case, texting_hours, DIFFERENCES)


@parametrized("spoke_send_before", but=DIFFERENCES)
def test_send_before(case: Case) -> None:
    check(case, send_before, DIFFERENCES)
