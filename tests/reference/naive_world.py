"""What the naive reference knows: instants, zones, points, and the facts behind one touch."""

import calendar
import importlib.resources
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NEVER = datetime.max.replace(tzinfo=UTC)
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
UNIT = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": DAY, "w": 7 * DAY}
LAST = float("inf")  # the judged touch stands below every known line
KIND = {
    "email": "email",
    "call": "phone",
    "voicemail": "phone",
    "sms": "phone",
    "whatsapp": "phone",
    "social": "social",
    "post": "post",
}
REFUSALS = {"not_now", "declined", "hung_up"}
OPT_OUTS = {"opt_out", "complained"}
PRIVATE_CHANNELS = ["call", "sms", "whatsapp", "voicemail"]
# The regions looked up. CA-ON is left out on purpose (unsure which zones count): Canada it is.
REGIONS = {
    "US-TX": ["America/Chicago", "America/Denver"],
    "US-NY": ["America/New_York"],
    "US-CA": ["America/Los_Angeles"],
    "US-FL": ["America/New_York", "America/Chicago"],
}


# --- instants, durations, zones ---


@lru_cache(None)
def clock_of(zone):
    return ZoneInfo(zone)


def instant(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def plus(at, duration, zones, pick=max):
    """`at` plus a duration; months are counted in each candidate zone, `pick` says which end."""
    if duration[0] != "P":
        return at + int(duration[:-1]) * UNIT[duration[-1]]
    months = int(duration[1:-1]) * (12 if duration[-1] == "Y" else 1)
    zones = zones or ["UTC"]  # DOUBT: no zone known
    return pick(months_later(at, months, zone) for zone in zones)


def months_later(at, months, zone):
    local = at.astimezone(clock_of(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last)).astimezone(UTC)


@lru_cache(None)
def zones_of_country(country):
    table = importlib.resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text()
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return [row[2] for row in rows if row[0] == country]


def zones_of_region(region):
    if not region:
        return []
    return REGIONS.get(region) or zones_of_country(region.split("-")[0])


def candidate_zones(point, contact):
    """19. DOUBT: a zone declared at the point comes before the contact's."""
    declared = point.get("time_zone") or contact.get("time_zone")
    if declared:
        return [declared]
    by_region = zones_of_region(point.get("region")) or zones_of_region(contact.get("region"))
    return by_region or zones_of_country(contact.get("country"))


@lru_cache(None)
def wall_clock(zone, day, clocks):
    """The instants of a day that show one of the clock times, or at which the clock is changed."""
    found, here = set(), clock_of(zone)

    def offset(moment):
        return moment.astimezone(here).utcoffset()

    for clock in clocks:
        local = datetime.combine(day, datetime.min.time()) + clock
        found |= {local.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1)}
    at, step = datetime.combine(day, datetime.min.time(), UTC), DAY
    if offset(at) != offset(at + DAY):
        for step in (timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)):
            while offset(at + step) == offset(at):
                at += step
        found.add(at + step)
    return found


# --- the world: what is known, for one touch ---


def normal(point):
    """14. DOUBT: what is neither e-mail nor phone is casefolded without its `@`, any address."""
    text = (point or "").strip()
    if "@" in text[1:]:
        name, _, domain = text.casefold().rpartition("@")
        try:
            return name + "@" + domain.encode("idna").decode()
        except UnicodeError:
            return name + "@" + domain
    if re.fullmatch(r"(tel:)?\s*(\+|00)[\d\s().\-/]+", text, re.I):
        return "+" + re.sub(r"\D", "", re.sub(r"^(tel:)?\s*(\+|00)", "", text, flags=re.I))
    return text.casefold().removeprefix("@") or None


@dataclass
class World:
    policy: dict
    touch: dict
    contact: dict = field(default_factory=dict)  # the facts of the touch's contact, merged
    point: dict = field(default_factory=dict)  # the facts of the touch's point at that contact
    zones: list = field(default_factory=list)
    touches: list = field(default_factory=list)  # of anybody, without the failed ones
    signals: list = field(default_factory=list)  # also those that are outcomes
    grants: list = field(default_factory=list)
    withdrawals: list = field(default_factory=list)
    suppressions: list = field(default_factory=list)
    handoffs: list = field(default_factory=list)
    dates: set = field(default_factory=set)  # every instant that stands anywhere


def known(policy, events, touch):
    touch = dict(touch, at=instant(touch["at"]), point=normal(touch.get("to")))
    world, touches, cards, seen = World(policy, touch), {}, [], []
    for line, raw in enumerate(events):
        if raw in seen:
            continue  # the same event again (12)
        seen.append(raw)
        event = dict(raw)
        for key in ("at", "from", "until"):
            if event.get(key) and not (event["event"] == "handoff" and key == "from"):
                event[key] = instant(event[key])
                world.dates.add(event[key])
        event["pos"] = (event["at"], line, 0)
        mine = [card for card in cards if card["contact"] == event.get("contact")]
        event["had"] = {
            (p["kind"], normal(p["value"])) for card in mine for p in card.get("points") or []
        }
        if event["event"] == "contact":
            cards.append(event)
        elif event["event"] == "touch" and event["id"] in touches:
            if event.get("outcome"):
                touches[event["id"]]["outcome"] = event["outcome"]
        elif event["event"] == "touch":
            event["point"] = normal(event.get("to"))
            event["account"] = merged(mine).get("account")  # filed under it when it was made
            touches[event["id"]] = event
        elif event["event"] == "consent":
            event["point"] = normal(event.get("point"))
            event["start"] = event.get("from") or event["at"]
            (world.grants if event["status"] == "granted" else world.withdrawals).append(event)
        elif event["event"] == "suppress":
            world.suppressions.append(dict(event, point=normal(event.get("point"))))
        elif event["event"] == "handoff":
            world.handoffs.append(event)
        elif event["event"] == "signal":
            world.signals.append(dict(event, own_point=normal(event.get("point"))))
    for signal in world.signals:  # its touch names that touch's channel and `to` (22, 23, 32)
        of = touches.get(signal.get("touch"), {})
        said = signal.get("channel") or of.get("channel")
        signal["said_channel"], signal["to_of_touch"] = said, of.get("point")
        fits = KIND.get(said) == KIND.get(of.get("channel"))  # DOUBT: else its `to` is not meant
        signal["said_point"] = signal["own_point"] or (of.get("point") if fits else None)
    for t in touches.values():  # an outcome that is a signal comes right after its touch (12)
        after = {
            "contact": t["contact"],
            "at": t["at"],
            "pos": (*t["pos"][:2], 1),
            "had": set(),
            "channel": t["channel"],
            "said_channel": t["channel"],
            "own_point": t["point"],
            "said_point": t["point"],
            "to_of_touch": t["point"],
        }
        if t.get("outcome") in ("hung_up", "answered"):
            world.signals.append(
                dict(after, kind={"hung_up": "hung_up", "answered": "replied"}[t["outcome"]])
            )
        if t.get("outcome") == "bounced":
            world.suppressions.append({"point": t["point"], "pos": after["pos"], "bounced": True})
    world.touches = sorted(
        (t for t in touches.values() if t.get("outcome") != "failed"), key=lambda t: t["pos"]
    )
    world.contact = merged([card for card in cards if card["contact"] == touch["contact"]])
    world.point = world.contact.get("points", {}).get(touch["point"], {})
    world.zones = candidate_zones(world.point, world.contact)
    return world


def merged(cards):
    """14: by `at`; a later one replaces the keys it gives; points match by their normal form."""
    facts = {"points": {}}
    for card in sorted(cards, key=lambda card: card["pos"]):
        facts.update(
            {key: value for key, value in card.items() if key != "points" and value is not None}
        )
        for point in card.get("points") or []:
            facts["points"].setdefault(normal(point["value"]), {}).update(point)
    return facts


# --- who is judged, who is counted ---


def judged(rule, entry, world, touch):
    """7: what an entry does not judge it does not count."""
    channels = entry.get("channels", PRIVATE_CHANNELS if rule == "private-point" else None)
    exempt = any(
        rule in e["from"]
        and touch["purpose"] in e.get("purposes", [touch["purpose"]])
        and touch["channel"] in e.get("channels", [touch["channel"]])
        for e in world.policy.get("exempt") or []
    )
    return (
        not exempt
        and (channels is None or touch["channel"] in channels)
        and ("purposes" not in entry or touch["purpose"] in entry["purposes"])
        and ("teams" not in entry or touch.get("team") in entry["teams"])
        and ("tags" not in entry or bool(set(touch.get("tags") or []) & set(entry["tags"])))
        and not (rule in ("over-cap", "too-soon") and touch["channel"] == "meeting")
    )


def same(a, b):
    return a["contact"] == b["contact"]
