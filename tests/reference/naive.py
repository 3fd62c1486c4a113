"""The naive reference: semantics 1-38 as plain sentences, slow, literal, blind to the engine.

A rule is a predicate `objects(entry, world, touch, t)`. The first free instant is found by trying,
in order, every instant at which any answer could change. Where the page left a doubt, the comment
says DOUBT and the reading taken. Facts: naive_world; rules: here, naive_permission, naive_counting.
"""

import re
import sys
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import naive_counting as counting
import naive_permission as permission
from naive_world import (
    DAY,
    NEVER,
    PRIVATE_CHANNELS,
    TICK,
    clock_of,
    instant,
    judged,
    known,
    plus,
    same,
    wall_clock,
)

FOOTPRINTS = {"opened", "clicked", "downloaded", "visited", "trial_started"}
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass(frozen=True)
class Judgement:
    verdict: str
    until: datetime | None
    codes: frozenset[str]
    warnings: frozenset[str]


# --- hours and dates ---


def clock(text):
    hours, minutes = str(text).split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def window_open(window, local):
    start, end, days = clock(window["from"]), clock(window["to"]), window.get("days", WEEK)
    today, yesterday = WEEK[local.weekday()] in days, WEEK[local.weekday() - 1] in days
    now = local.replace(tzinfo=None) - datetime.combine(local.date(), datetime.min.time())
    if start < end:
        return today and start <= now < end
    return (today and now >= start) or (yesterday and now < end)


def outside_hours(entry, world, touch, t):
    if not world.zones:
        return entry.get("unknown", "closed") != "open"
    return not all(
        any(window_open(window, t.astimezone(clock_of(zone))) for window in entry["windows"])
        for zone in world.zones
    )


def blackout(entry, world, touch, t):
    spans = [(d["from"], d["to"]) if isinstance(d, dict) else (d, d) for d in entry["dates"]]
    return not world.zones or any(
        date.fromisoformat(str(a))
        <= t.astimezone(clock_of(zone)).date()
        <= date.fromisoformat(str(b))
        for zone in world.zones
        for a, b in spans
    )


def paused(entry, world, touch, t):
    mine = [s for s in world.signals if same(s, touch)]
    for pause in (s for s in mine if s["kind"] == "paused"):
        ends = [
            s["at"] for s in mine if s["kind"] in ("resumed", "invited") and s["pos"] > pause["pos"]
        ]
        if t < (pause.get("until") or min(ends, default=NEVER)):
            return True
    return False


def too_late(entry, world, touch, t):
    return bool(touch.get("not_after")) and t > instant(touch["not_after"])


def already_answered(entry, world, touch, t):
    kinds = entry.get("signals", ["replied", "meeting_booked", "purchased"])
    return touch.get("automated", True) and any(
        same(s, touch)
        and s["kind"] in kinds
        and s["at"] <= t < plus(s["at"], entry["for"], world.zones)
        for s in world.signals
    )


def wrong_audience(entry, world, touch, t):
    customer = any(
        same(s, touch) and s["kind"] == "purchased" and s["at"] <= t for s in world.signals
    )
    return (touch.get("audience") == "prospects" and customer) or (
        touch["purpose"] == "sales"
        and touch.get("because") in FOOTPRINTS
        and touch["channel"] in [*PRIVATE_CHANNELS, "social"]
    )


def wrong_name(entry, world, touch, t):
    if touch.get("greeting") is None:
        return False
    words = (world.contact.get("name") or "").split()
    name = world.contact.get("call_me") or (words[0] if words else None)
    if not name:
        return True
    whole_word = r"(?<![\w-])" + re.escape(plain(name)) + r"(?![\w-])"
    return not re.search(whole_word, plain(touch["greeting"]))


def plain(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def mislabelled(entry, world, touch, t):
    return touch["purpose"] in entry["purposes"] and bool(
        set(touch.get("tags") or []) & set(entry["tags"])
    )


TABLE = {
    "opted-out": ("CG101", permission.opted_out),
    "missing-consent": ("CG102", permission.missing_consent),
    "suppressed": ("CG104", permission.suppressed),
    "private-point": ("CG201", permission.private_point),
    "unknown-source": ("CG202", permission.unknown_source),
    "uninvited-channel": ("CG203", permission.uninvited_channel),
    "wrong-person": ("CG204", permission.wrong_person),
    "over-cap": ("CG301", counting.over_cap),
    "too-soon": ("CG302", counting.too_soon),
    "unanswered-streak": ("CG303", counting.unanswered_streak),
    "missed-calls": ("CG304", counting.missed_calls),
    "repeated-message": ("CG305", counting.repeated_message),
    "outside-hours": ("CG401", outside_hours),
    "paused": ("CG402", paused),
    "blackout": ("CG403", blackout),
    "too-late": ("CG404", too_late),
    "after-refusal": ("CG501", permission.after_refusal),
    "channel-hop": ("CG502", permission.channel_hop),
    "not-the-holder": ("CG601", counting.not_the_holder),
    "overlapping-cadence": ("CG602", counting.overlapping_cadence),
    "already-answered": ("CG603", already_answered),
    "wrong-audience": ("CG604", wrong_audience),
    "wrong-name": ("CG701", wrong_name),
    "pressure": ("CG702", counting.pressure),
    "mislabelled": ("CG706", mislabelled),
}
CODES = {rule: code for rule, (code, _) in TABLE.items()}
OBJECTS = {rule: predicate for rule, (_, predicate) in TABLE.items()}
ALWAYS = ["opted-out", "suppressed", "wrong-person"]


def code_of(rule, entry, world, touch, t):
    if rule == "missing-consent" and permission.one_did_hold(entry, world, touch, t):
        return "CG103"  # 21: one did hold and ended
    return CODES[rule]


# --- the search ---


def strings(data):
    if isinstance(data, dict):
        return [s for key, value in data.items() for s in strings(value)]
    if isinstance(data, list | tuple):
        return [s for value in data for s in strings(value)]
    return [str(data)]


def candidates(world, limit):
    """Every instant from the touch to the limit at which any answer could change, in order."""
    touch, texts = world.touch, strings(world.policy)
    durations = {s for s in texts if re.fullmatch(r"[1-9]\d*[mhdw]|P\d+[MY]", s)} | {"400d"}
    dates = world.dates | {touch["at"]}
    if touch.get("not_after"):
        dates = dates | {instant(touch["not_after"])}
    moments = set(dates)
    for at in dates:
        for duration in durations:
            moments |= {plus(at, duration, [zone]) for zone in world.zones or ["UTC"]}
            if duration[0] != "P":
                moments.add(at - (plus(at, duration, []) - at))
    moments |= {at + TICK for at in moments}
    clocks = tuple(
        sorted({timedelta(0)} | {clock(s) for s in texts if re.fullmatch(r"\d\d:\d\d", s)})
    )
    for zone in world.zones:
        for day in range((limit - touch["at"]).days + 5):
            moments |= wall_clock(zone, touch["at"].date() + (day - 2) * DAY, clocks)
    return sorted(at for at in moments if touch["at"] <= at <= limit)


def judge(policy, events, touch):
    world = known(policy, events, touch)
    touch, start = world.touch, world.touch["at"]
    limit = plus(start, policy.get("horizon", "90d"), world.zones)
    listed = [
        (rule, entry)
        for rule, value in policy.get("rules", {}).items()
        for entry in (value if isinstance(value, list) else [value])
    ]
    entries = [(rule, {}) for rule in ALWAYS] + [(rule, entry or {}) for rule, entry in listed]
    entries = [(rule, entry) for rule, entry in entries if judged(rule, entry, world, touch)]
    warnings = {
        code_of(rule, entry, world, touch, start)
        for rule, entry in entries
        if entry.get("effect") == "warn" and OBJECTS[rule](entry, world, touch, start)
    }
    blocking = [(rule, entry) for rule, entry in entries if entry.get("effect") != "warn"]

    found, now, moments = {}, start, None
    while True:  # the rounds of semantics 3; an entry is one finding, with the first such instant
        objecting = [
            i for i, (rule, entry) in enumerate(blocking) if OBJECTS[rule](entry, world, touch, now)
        ]
        for i in objecting:
            found.setdefault(i, code_of(*blocking[i], world, touch, now))
        codes = frozenset(found.values())
        if not objecting:
            return Judgement(
                "defer" if found else "allow", now if found else None, codes, frozenset(warnings)
            )
        moments = moments or candidates(world, limit)
        ahead, latest = [at for at in moments if at > now], now
        for rule, entry in (blocking[i] for i in objecting):
            free = next((at for at in ahead if not OBJECTS[rule](entry, world, touch, at)), NEVER)
            if free == NEVER:  # or beyond the horizon. DOUBT: no round is held out there
                return Judgement("deny", None, codes, frozenset(warnings))
            latest = max(latest, free)
        now = latest
