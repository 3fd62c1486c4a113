"""The rules of permission and of noes, a predicate each: `objects(entry, world, touch, t)`."""

from naive_world import KIND, NEVER, OPT_OUTS, REFUSALS, plus, same

GIVEN = {"given_by_contact", "trial_form", "web_form"}


# --- permission ---


def reaches(no, channel, point, touch):
    """22: the touch lies in what this opt-out or withdrawal names."""
    if no.get("purpose") not in (None, touch["purpose"]):
        return False
    if channel not in (None, touch["channel"]):
        return False
    if point:
        return touch["point"] == point  # whoever the contact
    return same(no, touch) or touch["point"] in {
        value for kind, value in no["had"] if not channel or kind == KIND.get(channel)
    }


def names_scope(ground, point, touch):
    """20: a ground that leaves out purpose, channel or point covers all of it."""
    return (
        ground.get("purpose") in (None, touch["purpose"])
        and ground.get("channel") in (None, touch["channel"])
        and point in (None, touch["point"])
    )


def withdrawn(ground, world, touch):
    """20, 6. DOUBT: a withdrawal ends the grounds before it at once, not from its own instant."""
    return min(
        (
            w["at"]
            for w in world.withdrawals
            if reaches(w, w.get("channel"), w["point"], touch) and w["at"] >= ground["at"]
        ),
        default=None,
    )


def grants_in_force(world, touch, t):
    return [
        g
        for g in world.grants
        if same(g, touch)
        and names_scope(g, g["point"], touch)
        and g["start"] <= t < (g.get("until") or NEVER)
        and not withdrawn(g, world, touch)
    ]


def grounds(entry, world, touch):
    """The accepted grounds as (start, end, withdrawn at)."""
    for accepted in entry["accept"]:
        if accepted == "consent":
            for g in world.grants:
                if same(g, touch) and names_scope(g, g["point"], touch):
                    yield g["start"], g.get("until") or NEVER, withdrawn(g, world, touch)
        else:
            [(kind, within)] = (
                accepted.items() if isinstance(accepted, dict) else [(accepted, None)]
            )
            for s in world.signals:
                if s["kind"] == kind and same(s, touch) and names_scope(s, s["own_point"], touch):
                    yield (
                        s["at"],
                        plus(s["at"], within, world.zones, min) if within else NEVER,
                        withdrawn(s, world, touch),
                    )


def missing_consent(entry, world, touch, t):
    return not any(
        start <= t < end and not gone for start, end, gone in grounds(entry, world, touch)
    )


def one_did_hold(entry, world, touch, t):
    """21: an accepted ground held before t (and, as the entry objects, has ended)."""
    return any(
        start <= t and start < min(end, gone or NEVER)
        for start, end, gone in grounds(entry, world, touch)
    )


def opted_out(entry, world, touch, t):
    noes = [
        (s, s["said_channel"], s["said_point"], s["kind"])
        for s in world.signals
        if s["kind"] in OPT_OUTS
    ]
    noes += [(w, w.get("channel"), w["point"], "withdrawn") for w in world.withdrawals]
    for no, channel, point, kind in noes:
        if reaches(no, channel, point, touch) and (
            kind == "complained"
            or not any(
                g.get("evidence")
                and same(g, no)
                and names_scope(g, g["point"], touch)
                and (same(no, touch) or g["point"])
                and (g["at"] > no["at"] if kind == "withdrawn" else g["pos"] > no["pos"])
                and g["start"] <= t < (g.get("until") or NEVER)
                for g in world.grants
            )
        ):
            return True
    return False


def named_since(no, world, touch, t):
    """A later grant with evidence, by whomever, named the touch's point, and has begun."""
    return any(
        g.get("evidence")
        and g["point"] == touch["point"]
        and g["pos"] > no["pos"]
        and g["start"] <= t
        for g in world.grants
    )


def suppressed(entry, world, touch, t):
    return any(
        (s.get("contact") == touch["contact"] or (s.get("point") and s["point"] == touch["point"]))
        and s.get("channel") in (None, touch["channel"])
        and not (s.get("bounced") and named_since(s, world, touch, t))
        for s in world.suppressions
    )


def wrong_person(entry, world, touch, t):
    for s in (s for s in world.signals if s["kind"] == "wrong_person"):
        point, kind = s["own_point"] or s["to_of_touch"], KIND.get(s.get("channel"))
        if point:
            meant = touch["point"] == point
        else:
            by_contact = same(s, touch) and kind in (None, KIND.get(touch["channel"]))
            meant = by_contact or touch["point"] in {v for k, v in s["had"] if kind in (None, k)}
        if meant and not named_since(s, world, touch, t):
            return True
    return False


def private_point(entry, world, touch, t):
    use = world.point.get("use", "unknown")
    if use != "private" and (use != "unknown" or entry.get("unknown", "closed") == "open"):
        return False
    return not any(
        g["point"] or (g.get("channel") and world.point.get("source") in GIVEN)
        for g in grants_in_force(world, touch, t)
    )


def unknown_source(entry, world, touch, t):
    return world.point.get("source", "unknown") == "unknown"


def names_channel(ground, point, touch):
    """32: the channel named; a point names the channels of its kind; nothing named: all."""
    if ground.get("channel"):
        return ground["channel"] == touch["channel"]
    if not point:
        return True
    kind = "email" if "@" in point else "phone" if point.startswith("+") else "social"
    return KIND.get(touch["channel"]) == kind


def uninvited_channel(entry, world, touch, t):
    asked = [(g, g["point"], g["start"]) for g in world.grants if "consent" in entry["accept"]]
    asked += [(s, s["own_point"], s["at"]) for s in world.signals if s["kind"] in entry["accept"]]
    return not any(
        same(g, touch) and start <= t and names_channel(g, point, touch)
        for g, point, start in asked
    )


def way_back(no, world, touch, t):
    """32: a later `invited` or consent by the contact that names this channel has begun."""
    doors = [(g, g["point"], g["start"]) for g in world.grants] + [
        (s, s["own_point"], s["at"]) for s in world.signals if s["kind"] == "invited"
    ]
    return any(
        same(d, touch) and d["pos"] > no["pos"] and start <= t and names_channel(d, point, touch)
        for d, point, start in doors
    )


def after_refusal(entry, world, touch, t):
    return any(
        same(s, touch)
        and s["kind"] in REFUSALS
        and s["kind"] in entry
        and t < plus(s["at"], entry[s["kind"]], world.zones, max)
        and not way_back(s, world, touch, t)
        for s in world.signals
    )


def channel_hop(entry, world, touch, t):
    return any(
        same(s, touch)
        and s["kind"] in OPT_OUTS | {"declined", "hung_up"}
        and s["said_channel"] != touch["channel"]
        and not (s["kind"] == "opt_out" and s.get("purpose") and not s["said_channel"])
        and t < plus(s["at"], entry["for"], world.zones, max)
        and not way_back(s, world, touch, t)
        for s in world.signals
    )
