"""The rules that count touches, a predicate each: `objects(entry, world, touch, t)`."""

from naive_world import DAY, LAST, OPT_OUTS, REFUSALS, clock_of, instant, judged, plus, same

SPOKE = {"replied", "invited", "meeting_booked", "purchased"}  # ends a streak (30)
MISSED = {"no_answer", "busy", "unknown"}


def line(rule, entry, world, touch, t, whose=same):
    """The line of touches that this entry counts, the judged one at t among them; and that one."""
    new = dict(touch, at=t, pos=(t, LAST, 0))
    everyone = sorted([*world.touches, new], key=lambda x: x["pos"])
    counted = [x for x in everyone if whose(x, touch) and judged(rule, entry, world, x)]
    if rule in ("over-cap", "too-soon", "unanswered-streak"):
        counted = [x for x in counted if not is_answer(x, everyone, world)]
    return counted, new


def is_answer(x, everyone, world):
    """28: by a person, while the contact spoke last."""
    answers = world.policy.get("answers")
    if not answers or x.get("automated", True):
        return False
    spoken = [s for s in world.signals if same(s, x)]
    ours = [
        y for y in everyone if same(y, x) and y["pos"] < x["pos"] and not y.get("automated", True)
    ]
    noes = [s for s in spoken if s["kind"] in REFUSALS | OPT_OUTS | {"paused"}] + [
        w for w in world.withdrawals if same(w, x)
    ]
    return any(
        s["kind"] in answers["signals"]
        and s["pos"] < x["pos"]
        and x["at"] <= plus(s["at"], answers["within"], world.zones)
        and all(y["pos"] < s["pos"] for y in ours)
        and not any(no["pos"] > s["pos"] for no in noes)  # DOUBT: also a no after the answer
        for s in spoken
    )


def closer(earlier, later, duration, world):
    return later["at"] < plus(earlier["at"], duration, world.zones)  # exactly W apart is free (16)


def near(x, new, duration, world):
    """Two-sided: x may stand before or after the new touch."""
    first, second = (x, new) if x["pos"] < new["pos"] else (new, x)
    return closer(first, second, duration, world)


def before(items, new):
    return [x for x in items if x["pos"] < new["pos"]]


def is_in(new, items):
    return any(x is new for x in items)


def window_breaks(counted, new, most, per, world):
    """A window of length `per` that contains the new touch holds more than `most`."""
    for first in counted:
        window = [x for x in counted if first["at"] <= x["at"] and closer(first, x, per, world)]
        if is_in(new, window) and len(window) > most:
            return True
    return False


# --- counting ---


def over_cap(entry, world, touch, t):
    scope, account = entry.get("scope", "contact"), world.contact.get("account")

    def whose(x, new):
        if scope == "point":
            return x["point"] is not None and x["point"] == new["point"]
        if scope == "account" and account:
            return x["pos"][1] == LAST or x["account"] == account  # the judged one, or filed there
        return same(x, new)

    counted, new = line("over-cap", entry, world, touch, t, whose)
    if not is_in(new, counted):
        return False
    if "calendar" not in entry:
        return window_breaks(counted, new, entry["max"], entry["per"], world)

    def period(at, zone):
        local = at.astimezone(clock_of(zone)).date()
        return {"day": local, "week": local.isocalendar()[:2], "month": (local.year, local.month)}[
            entry["calendar"]
        ]

    return not world.zones or any(  # DOUBT: no zone known: it objects for good
        sum(period(x["at"], zone) == period(t, zone) for x in counted) > entry["max"]
        for zone in world.zones
    )


def too_soon(entry, world, touch, t):
    counted, new = line("too-soon", entry, world, touch, t)
    return is_in(new, counted) and any(
        near(x, new, entry["gap"], world) for x in counted if x is not new
    )


def unanswered_streak(entry, world, touch, t):
    counted, new = line("unanswered-streak", entry, world, touch, t)
    if not is_in(new, counted):
        return False
    counted = [x for x in counted if x["at"] >= t - 400 * DAY]
    spoken = [s["pos"] for s in world.signals if s["kind"] in SPOKE and same(s, touch)]

    def between(a, b):
        return any(a["pos"] < pos < b["pos"] for pos in spoken)

    for y in counted:
        if y["pos"] < new["pos"] or between(new, y):
            continue  # not a streak that contains the new touch up to here
        run = [x for x in before(counted, y) if not between(x, y)]
        reached = [step for step in entry["steps"] if step["after"] <= len(run)]
        if reached and run:
            gap = max(reached, key=lambda step: step["after"])["gap"]
            if gap == "never" or closer(run[-1], y, gap, world):
                return True
    return False


def is_missed(x):
    return x["channel"] == "call" and x.get("outcome") in MISSED


def missed_calls(entry, world, touch, t):
    counted, new = line("missed-calls", entry, world, touch, t)
    missed = [x for x in before(counted, new) if is_missed(x)]
    return touch["channel"] == "call" and (
        sum(closer(x, new, entry["per"], world) for x in missed) >= entry["max"]
        or bool("gap" in entry and missed and closer(missed[-1], new, entry["gap"], world))
    )


def repeated_message(entry, world, touch, t):
    if any(x["id"] == touch.get("id") for x in world.touches):
        return True  # an id is booked once
    if not touch.get("step") or not touch.get("cadence"):
        return False
    counted, new = line("repeated-message", entry, world, touch, t)
    return any(
        (x.get("cadence"), x.get("step")) == (touch["cadence"], touch["step"])
        and not is_missed(x)
        and near(x, new, entry["per"], world)
        for x in counted
        if x is not new
    )


def not_the_holder(entry, world, touch, t):
    counted, new = line("not-the-holder", entry, world, touch, t)
    given = sorted(
        (h for h in before(world.handoffs, new) if same(h, touch)), key=lambda h: h["pos"]
    )
    if given and t < (
        given[-1].get("until") or plus(given[-1]["at"], entry["lapses"], world.zones)
    ):
        return touch.get("team") != given[-1]["to"]
    return any(
        x.get("team") != touch.get("team") and closer(x, new, entry["for"], world)
        for x in before(counted, new)
    )


def overlapping_cadence(entry, world, touch, t):
    if not touch.get("automated", True) or not touch.get("cadence"):
        return False
    counted, new = line("overlapping-cadence", entry, world, touch, t)

    def shares(other):
        return any({touch["cadence"], other} <= set(group) for group in entry.get("share") or [])

    return any(
        x.get("cadence") not in (None, touch["cadence"])
        and not shares(x["cadence"])
        and closer(x, new, entry["for"], world)
        for x in before(counted, new)
    )


def pressure(entry, world, touch, t):
    counted, new = line("pressure", entry, world, touch, t)
    for cap in entry.get("caps") or []:
        tagged = [x for x in counted if set(x.get("tags") or []) & set(cap["tags"])]
        if is_in(new, tagged) and window_breaks(tagged, new, cap["max"], cap["per"], world):
            return True
    told = [
        instant(x["deadline"])
        for x in before(counted, new)
        if x.get("offer")
        and x.get("offer") == touch.get("offer")
        and x.get("deadline")
        and x["at"] >= t - 400 * DAY
    ]
    return bool(
        entry.get("moved_deadline")
        and touch.get("deadline")
        and told
        and instant(touch["deadline"]) > min(told)
    )
