"""The naive reference: semantics 1-38 as plain sentences; slow, literal, blind to the engine.

Readings where the page is open: (a) CG305 judges every touch with a step (no cadence equals no
cadence). (b) No zone known: calendar caps and blackouts are judged in each offset from -12:00 to
+14:00. (c) No zone known, months: a permission ends at the first of +14:00 and -12:00, all else at
the last. (d) A withdrawal that covers the touch ends the same contact's earlier grounds at its own
instant; as an opt-out it holds at once. (e) CG303: a touch exactly 400 days ago does not count.
"""

import calendar
import importlib.resources
import re
from collections import namedtuple
from datetime import UTC, datetime, time, timedelta, timezone
from functools import lru_cache
from unicodedata import normalize
from zoneinfo import ZoneInfo

NEVER, LAST = datetime.max.replace(tzinfo=UTC), float("inf")  # the judged touch is the last line
TICK, MINUTE, DAY = timedelta(microseconds=1), timedelta(minutes=1), timedelta(days=1)
UNIT = {"m": MINUTE, "h": 60 * MINUTE, "d": DAY, "w": 7 * DAY}
EVERYWHERE = [timezone(n * 15 * MINUTE) for n in range(-12 * 4, 14 * 4 + 1)]
PERIOD = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PERSONAL = ["call", "sms", "whatsapp", "voicemail"]
KIND = {"email": "email", "social": "social", "post": "post"} | dict.fromkeys(PERSONAL, "phone")
REFUSALS, OPT_OUTS = {"not_now", "declined", "hung_up"}, {"opt_out", "complained"}
MISSED, ANSWERS = ["no_answer", "busy", "unknown"], ["replied", "meeting_booked", "purchased"]
FOOTPRINTS = {"opened", "clicked", "downloaded", "visited", "trial_started"}
SAID = {"hung_up": "hung_up", "answered": "replied"}  # 12. outcomes that are signals
SAYS = {None: -1, "unknown": 1, "failed": 1, "sent": 2, "delivered": 3}  # 12. else 4
STATES = {"TX": "Chicago Denver", "NY": "New_York", "CA": "Los_Angeles", "FL": "New_York Chicago"}
Judgement = namedtuple("Judgement", "verdict until codes warnings")


class Fact(dict):  # a line, a touch or an entry: `fact.key`, and a key that it lacks is None
    __getattr__ = dict.get

    def matches(self, x):
        """7. An entry, an exemption or a cap selects this touch."""
        has = {"channels": [x.channel], "purposes": [x.purpose], "teams": [x.team], "tags": x.tags}
        return all(set(has[key] or []) & set(self[key]) for key in has if key in self)

    def covers(self, x):
        """20. A ground or withdrawal that leaves out purpose, channel or point covers all of it."""
        return all(self.get(key) in (None, x.get(key)) for key in ("purpose", "channel", "point"))

    def reaches(self, x):
        """22. An opt-out meets its point at any contact; without one the contact and its points."""
        if self.purpose not in (None, x.purpose) or self.closes not in (None, x.channel):
            return False
        had = {p: x.kind for p, x in (self.had or self.sent).items() if p}  # else touched
        had = [p for p, k in {**self.own, **had}.items() if KIND.get(self.closes) in (None, k)]
        theirs = self.contact == x.contact or x.point in had
        return x.point == self.said_point if self.said_point else theirs


def read(raw, line):
    """A line with its instants, its point in normal form, and its place in time (5)."""
    fact = Fact({"automated": True} | raw)
    fact["kind"] = "consent" if fact.status == "granted" else fact.status or fact.kind
    fact["start"] = fact.get("from") if fact.event == "consent" else None
    for key in ("at", "start", "until", "not_after", "deadline"):
        fact[key] = fact.get(key) and datetime.fromisoformat(fact[key]).astimezone(UTC)
    fact.update(pos=(fact.at, line), told=[fact.outcome], says=SAYS.get(fact.outcome, 4))
    return Fact(fact, start=fact.start or fact.at, point=normal(fact.point or fact.to))


def normal(point):
    """14. Any address that is neither e-mail nor phone is casefolded, without its `@`."""
    text = (point or "").strip().casefold()
    phone = re.fullmatch(r"(?:tel:)?\s*(?:\+|00)([\d\s().\-/]+)", text)
    if "@" in text[1:]:
        name, _, domain = text.rpartition("@")
        return f"{name}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    return "+" + re.sub(r"\D", "", phone[1]) if phone else text.removeprefix("@") or None


def merged(cards):
    """14. Contact events by `at`: a later one replaces the keys it gives, of each point too."""
    known, points = Fact(), {}
    for card in sorted(cards, key=lambda x: x.pos):
        known.update({key: value for key, value in card.items() if value is not None})
        for point in card.points or []:
            points.setdefault(normal(point["value"]), Fact()).update(point)
    return Fact(known, points=points)


@lru_cache(None)
def zones_of(place):
    """19. Of a region in the small table, else of its country in zone.tab (so is CA-ON)."""
    country, _, region = str(place).partition("-")
    if country == "US" and region in STATES:
        return [ZoneInfo(f"America/{city}") for city in STATES[region].split()]
    table = importlib.resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text()
    return [ZoneInfo(x) for x in re.findall(rf"^{country}\t\S+\t(\S+)", table, re.MULTILINE)]


def is_open(window, local):
    """18. A window over midnight belongs to the day it opens."""
    start, end, now = window["from"], window["to"], str(local.time())
    inside = start <= now < end if start < end else now >= start or now < end
    opened = local if now >= start else local - DAY
    return inside and WEEK[opened.weekday()] in window.get("days", WEEK)


class Case:  # what is known when one touch is judged, and the rules
    def __init__(self, policy, events, touch):
        facts, booked = [], {}
        for line, raw in enumerate(events):
            fact = read(raw, line)
            known = merged(f for f in facts if f.event == "contact" and f.contact == fact.contact)
            to = [b for b in booked.values() if b.contact == fact.contact and b.outcome != "failed"]
            to = {b.point: Fact(kind=KIND.get(b.channel)) for b in to if b.at > fact.at - 400 * DAY}
            own = [f.point for f in facts if f.kind == "consent" and f.contact == fact.contact]
            own = {p: "email" if "@" in p else "phone" if "+" in p else "social" for p in own if p}
            fact.update(had=known.points, sent=to, own=own, filed=known.account)  # (7)
            was = booked.get(fact.id) if fact.event == "touch" else None
            if was and fact.outcome not in was.told and fact.says >= was.says:  # it is news (12)
                was.update(outcome=fact.outcome, says=fact.says, told=[*was.told, fact.outcome])
            elif not was and raw not in events[:line]:  # else the same event again (12)
                facts.append(fact)
                booked |= {fact.id: fact} if fact.event == "touch" else {}
        for x in (x for x in booked.values() if x.outcome in SAID):  # 12. right after its touch
            after = (x.at, x.pos[1] + 0.5)
            facts.append(Fact(x, event="signal", kind=SAID[x.outcome], purpose=None, pos=after))
        for fact in facts:  # 22. a signal's touch names that touch's channel and `to`
            mine = {b.id: b for b in booked.values() if b.contact == fact.contact}
            of = mine.get(fact.touch, Fact())
            channel, point = fact.channel or of.channel, fact.point or of.point
            fact.update(missed=fact.channel == "call" and fact.outcome in MISSED, via=channel)
            fact.update(lent=point, said_point=point if channel == of.channel else fact.point)
            fact["closes"] = channel if fact.point in (None, of.point) else fact.channel
        new = read(touch, LAST)
        contact = merged(f for f in facts if f.event == "contact" and f.contact == new.contact)
        point = contact.points.get(new.point, Fact())
        declared = point.time_zone or contact.time_zone
        zones = [ZoneInfo(declared)] if declared else zones_of(point.region)
        self.zones = zones or zones_of(contact.region) or zones_of(contact.country)
        self.policy, self.answers = {"exempt": []} | policy, policy.get("answers")
        self.facts, self.contact, self.point = facts, contact, point
        self.new = Fact(new, filed=contact.account, missed=False)
        self.touches = [f for f in facts if f.event == "touch" and f.outcome != "failed"]
        self.said = [f for f in facts if f.kind]  # signals and consents, of anybody

    def plus(self, at, duration, pick=max):
        """15. Elapsed time; months go by the calendar of each zone, and `pick` says which end."""
        if duration[0] != "P":
            return at + int(duration[:-1]) * UNIT[duration[-1]]
        months, ends = int(duration[1:-1]) * (12 if duration[-1] == "Y" else 1), []
        for zone in self.zones or [EVERYWHERE[0], EVERYWHERE[-1]]:
            local = at.astimezone(zone)
            year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
            day = min(local.day, calendar.monthrange(year, month + 1)[1])
            ends.append(local.replace(year=year, month=month + 1, day=day).astimezone(UTC))
        return pick(ends)

    def by(self, x, kinds):  # signals and consents by the contact of x
        return [f for f in self.said if f.contact == x.contact and f.kind in kinds]

    def grounds(self, accept, new):
        """20. Accepted grounds with start and end; a withdrawal ends those before it."""
        gone = [w.at for w in self.by(new, {"withdrawn"}) if w.covers(new)]
        for item in accept:
            [(kind, within)] = item.items() if isinstance(item, dict) else [(item, None)]
            for g in (g for g in self.by(new, {kind}) if g.covers(new)):
                end = self.plus(g.at, within, min) if within else (kind == "consent" and g.until)
                yield g, g.start, min([end or NEVER, *(at for at in gone if at >= g.at)])

    def is_reopened(self, no, new):
        """22. By a later grant with evidence, in force, of what it names; a complaint never."""
        grants = [g for g in self.by(no, {"consent"}) if g.evidence and g.covers(new)]
        grants = [g for g in grants if g.start <= new.at < (g.until or NEVER)]
        later = [g for g in grants if g.at > no.at or (g.pos > no.pos and no.kind != "withdrawn")]
        return no.kind != "complained" and any(g.point or no.contact == new.contact for g in later)

    def is_named_since(self, no, new):
        """12, 23. A later grant with evidence, by whomever, names the point and has begun."""
        grants = [g for g in self.said if g.kind == "consent" and g.evidence and g.pos > no.pos]
        return any(g.point and g.point == new.point and g.start <= new.at for g in grants)

    def doors(self, kinds, new):
        """32. Those begun that name the channel; a point names its kind's; nothing named: all."""
        signs = {"email": ".*@", "phone": r"\+", "social": r"(?!\+)[^@]+$"}
        sign = signs.get(KIND.get(new.channel), "$")
        begun = [d for d in self.by(new, kinds) if d.start <= new.at]
        begun = [d for d in begun if d.channel in (None, new.channel)]
        return [d for d in begun if d.channel or not d.point or re.match(sign, d.point)]

    def lasts(self, no, length, new, until=None):
        """32. A no lasts until its time, or a later invitation or consent for this channel."""
        back = any(d.pos > no.pos for d in self.doors({"consent", "invited"}, new))
        return new.at < max(self.plus(no.at, length), until or no.at) and not back

    def is_judged(self, e, x):
        """7, 31. What an entry does not judge it does not count; exemptions decide both."""
        exempt = any(e.rule in w["from"] and Fact(w).matches(x) for w in self.policy["exempt"])
        meeting = x.channel == "meeting" and e.rule in ("over-cap", "too-soon")
        return e.matches(x) and not exempt and not meeting

    def line(self, e, new):
        """7, 29. The touches that an entry counts, with the new one in its place, oldest first."""
        key = {"account": new.filed and "filed", "point": "point"}.get(e.scope) or "contact"
        line = [new, *(x for x in e.counted if x.get(key) and x.get(key) == new.get(key))]
        free = self.answers if e.rule in ("over-cap", "too-soon", "unanswered-streak") else None
        counts = (x for x in line if x.automated or not (free and self.is_answer(x, new, free)))
        return sorted(counts, key=lambda x: x.pos)

    def is_answer(self, x, new, rule):
        """28. By a person while the contact spoke last, and no refusal, pause or opt-out since."""
        ours = [y for y in [*self.touches, new] if y.contact == x.contact and not y.automated]
        later = self.by(x, REFUSALS | OPT_OUTS | {"paused", "withdrawn"})
        later = [y.pos for y in [*later, *(y for y in ours if y.pos < x.pos)]]
        spoke = [s for s in self.by(x, rule["signals"]) if max(later, default=()) < s.pos < x.pos]
        return any(x.at <= self.plus(s.at, rule["within"]) for s in spoke)

    def breaks(self, line, new, most, per):
        """16. A window of this length that contains the new touch holds more than `most`."""
        windows = [[x for x in line if a.at <= x.at < self.plus(a.at, per)] for a in line]
        return any(new in window and len(window) > most for window in windows)

    def objection(self, e, t):
        """The code under which an entry objects to the touch at its instant, else nothing."""
        new = Fact(self.new, at=t, pos=(t, LAST))
        line = self.line(e, new)
        before = [x for x in line if x.pos < new.pos]
        match e.rule:
            case "opted-out":  # 6, 20, 22. An opt-out, complaint or withdrawal reaches it.
                noes = [no for no in self.said if no.kind in OPT_OUTS | {"withdrawn"}]
                noes = [no for no in noes if no.reaches(new) and not self.is_reopened(no, new)]
                return noes and "CG101"
            case "missing-consent":  # 21. None of the accepted grounds is in force; one was.
                grounds = [(start, end) for _, start, end in self.grounds(e.accept, new)]
                held = any(start <= t and start < end for start, end in grounds)
                missing = not any(start <= t < end for start, end in grounds)
                return missing and ("CG103" if held else "CG102")
            case "suppressed":  # 12, 25. The contact or the point is; a bounce until a later grant.
                listed = [f for f in self.facts if f.event == "suppress"]
                listed = [s for s in listed if s.channel in (None, new.channel)]
                bounced = [x for x in self.touches if x.outcome == "bounced"]
                bounced = [Fact(point=x.point) for x in bounced if not self.is_named_since(x, new)]
                people, points = {s.contact for s in listed}, {s.point for s in listed + bounced}
                return (new.contact in people or new.point in points - {None}) and "CG104"
            case "wrong-person":  # 23. Its point, its touch's, else each of the channel's kind.
                for s in (s for s in self.said if s.kind == "wrong_person"):
                    kind = KIND.get(s.channel)
                    had = [value for value, point in s.had.items() if kind in (None, point.kind)]
                    mine = s.contact == new.contact and kind in (None, KIND.get(new.channel))
                    meant = s.lent == new.point if s.lent else mine or new.point in had
                    if meant and not self.is_named_since(s, new):
                        return "CG204"
            case "private-point":  # 24. It wants a grant that names it, or its channel if given.
                given = self.point.source in ("given_by_contact", "trial_form", "web_form")
                grants = [g for g, a, b in self.grounds(["consent"], new) if a <= t < b]
                named = any(g.point or (g.channel and given) for g in grants)
                closed = ["private"] if e.unknown == "open" else ["private", "unknown", None]
                return new.point and self.point.use in closed and not named and "CG201"
            case "unknown-source":  # 14. Nobody knows where the point came from.
                return new.point and self.point.source in (None, "unknown") and "CG202"
            case "uninvited-channel":  # 21. Neither a consent nor an invitation for it, ever.
                return not self.doors(e.accept, new) and "CG203"
            case "after-refusal":  # 32. Every refusal counts by itself.
                noes = [no for no in self.by(new, REFUSALS) if no.kind in e]
                return any(self.lasts(no, e[no.kind], new, no.until) for no in noes) and "CG501"
            case "channel-hop":  # 32. After a no on one channel (or all of them) another is tried.
                noes = self.by(new, OPT_OUTS | {"declined", "hung_up"})
                noes = [no for no in noes if no.via != new.channel]
                noes = [n for n in noes if n.via or not n.purpose or n.kind != "opt_out"]
                return any(self.lasts(no, e["for"], new) for no in noes) and "CG502"
            case "over-cap":  # 7, 16, 17. More than `max` in a window, or in a period of some zone.
                if e.per:
                    return self.breaks(line, new, e.max, e.per) and "CG301"
                for zone in self.zones or EVERYWHERE:
                    dates = [x.at.astimezone(zone).strftime(PERIOD[e.calendar]) for x in line]
                    if new in line and dates.count(dates[line.index(new)]) > e.max:
                        return "CG301"
            case "too-soon":  # 16. Two touches closer than the gap.
                return self.breaks(line, new, 1, e.gap) and "CG302"
            case "unanswered-streak":  # 30. The step reached by the unanswered ones of 400 days.
                line = [x for x in line if x.at > t - 400 * DAY]
                spoke = self.by(new, {*ANSWERS, "invited"})
                for y in (y for y in line if new in line and y.pos >= new.pos):
                    last = max((s.pos for s in spoke if s.pos < y.pos), default=())
                    run = [x for x in line if last < x.pos < y.pos]
                    gaps = {s["after"]: s["gap"] for s in e.steps if 0 < len(run) >= s["after"]}
                    gap = gaps[max(gaps)] if gaps and last < new.pos else None
                    if gap and (gap == "never" or y.at < self.plus(run[-1].at, gap)):
                        return "CG303"
            case "missed-calls":  # 31. `max` missed within `per` before, or the last within `gap`.
                missed = [x for x in before if x.missed]
                many = len([x for x in missed if t < self.plus(x.at, e.per)]) >= e.max
                near = e.gap and missed and t < self.plus(missed[-1].at, e.gap)
                return new.channel == "call" and (many or near) and "CG304"
            case "repeated-message":  # 31. The same step; a missed call may be tried again.
                message = (new.cadence, new.step, False)
                line = [x for x in line if (x.cadence, x.step, x.missed) == message]
                return new.step is not None and self.breaks(line, new, 1, e.per) and "CG305"
            case "not-the-holder":  # 33. A handoff's alone while it holds, else the last team's.
                given = [f for f in self.facts if f.event == "handoff" and f.pos < new.pos]
                given = [h for h in given if h.contact == new.contact]
                last = max(given, key=lambda h: h.pos, default=Fact(until=t))
                if t < (last.until or self.plus(last.at, e.lapses)):
                    return new.team != last.to and "CG601"
                others = [x for x in before if x.team != new.team]
                return any(t < self.plus(x.at, e["for"]) for x in others) and "CG601"
            case "overlapping-cadence":  # 34. Another cadence, not a sharing one, of late.
                friends = {f for group in e.share or [] if new.cadence in group for f in group}
                others = [x for x in before if x.cadence not in {None, new.cadence, *friends}]
                late = any(t < self.plus(x.at, e["for"]) for x in others)
                return new.automated and new.cadence and late and "CG602"
            case "pressure":  # 36. A tag too often; a deadline later than the earliest told before.
                for cap in e.caps or []:
                    tagged = [x for x in line if Fact(cap).matches(x)]
                    if self.breaks(tagged, new, cap["max"], cap["per"]):
                        return "CG702"
                told = [x for x in before if x.at >= t - 400 * DAY and x.deadline and x.offer]
                told = [x.deadline for x in told if x.offer == new.offer]
                moved = told and new.deadline and new.deadline > min(told)
                return e.moved_deadline and moved and "CG702"
            case "outside-hours":  # 18, 19. Closed in one zone; none known: closed unless said so.
                here = [t.astimezone(zone) for zone in self.zones]
                closed = [now for now in here if not any(is_open(w, now) for w in e.windows)]
                return (closed if here else e.unknown != "open") and "CG401"
            case "paused":  # 6, 26. Each until its own end, else the next resumption or invitation.
                for pause in self.by(new, {"paused"}):
                    ends = [s for s in self.by(new, {"resumed", "invited"}) if s.pos > pause.pos]
                    if t < (pause.until or min((s.at for s in ends), default=NEVER)):
                        return "CG402"
            case "blackout":  # 17. The date, in one of the zones, is one of these.
                spans = [(d["from"], d["to"]) if isinstance(d, dict) else (d, d) for d in e.dates]
                days = {str(t.astimezone(zone).date()) for zone in self.zones or EVERYWHERE}
                return any(str(a) <= day <= str(b) for a, b in spans for day in days) and "CG403"
            case "too-late":  # 27. After the touch's own `not_after`.
                return t > (new.not_after or NEVER) and "CG404"
            case "already-answered":  # 34. An automated touch soon after the contact answered.
                said = [s.at for s in self.by(new, e.signals or ANSWERS) if new.automated]
                return any(at <= t < self.plus(at, e["for"]) for at in said) and "CG603"
            case "wrong-audience":  # 34. Prospects only, to a customer; or a footprint, too close.
                bought = any(s.at <= t for s in self.by(new, {"purchased"}))
                close = new.purpose == "sales" and new.channel in [*PERSONAL, "social"]
                creepy = close and new.because in FOOTPRINTS
                return (creepy or (new.audience == "prospects" and bought)) and "CG604"
            case "wrong-name":  # 35. The greeting lacks the name as whole words, or none is known.
                name = self.contact.call_me or " ".join((self.contact.name or "").split()[:1])
                name = normalize("NFC", name.casefold())
                greeting = normalize("NFC", (new.greeting or "").casefold())
                named = name and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", greeting)
                return new.greeting is not None and not named and "CG701"
            case "mislabelled":  # 36. One of the tags under one of the purposes.
                return e.matches(new) and "CG706"
        return None

    def moments(self, limit):
        """Every instant up to the limit at which an answer could change, in order."""
        text, lines = repr(self.policy), [*self.facts, self.new]
        found = {f.get(key) for f in lines for key in ("at", "start", "until")} - {None}
        spans = {"400d", *re.findall(r"'([1-9]\d*[mhdw]|P\d+[MY])'", text)}
        found |= {self.plus(at, span, end) for at in found for span in spans for end in (min, max)}
        found |= {at + TICK for at in found}
        times = {"00:00", *re.findall(r"'([01]\d:\d\d|2[0-3]:\d\d)'", text)}
        for n in range(-2, (limit - self.new.at).days + 3):
            day = datetime.combine(self.new.at + n * DAY, time(), UTC)
            for zone in self.zones:
                local = [datetime.fromisoformat(f"{day.date()}T{clock}") for clock in times]
                local = [at.replace(tzinfo=zone, fold=fold) for at in local for fold in (0, 1)]
                found |= {at.astimezone(UTC) for at in local}
                if len({at.astimezone(zone).utcoffset() for at in (day, day + DAY)}) > 1:
                    found |= {day + n * MINUTE for n in range(24 * 60)}  # the clock is changed
            if not self.zones and re.search("'(blackout|calendar)'", text):  # midnight somewhere
                found |= {day + n * 15 * MINUTE for n in range(24 * 4)}
        return sorted(at for at in found if self.new.at <= at <= limit)


def judge(policy, events, touch):
    """3, 4. The rounds: all entries are asked at one instant, and it moves to the latest answer."""
    case = Case(policy, events, touch)
    entries = [Fact(rule=rule) for rule in ("opted-out", "suppressed", "wrong-person")]  # 8
    for rule, value in policy.get("rules", {}).items():
        default = {"channels": PERSONAL} if rule == "private-point" else {}
        value = value if isinstance(value, list) else [value]
        entries += [Fact(default | (entry or {}), rule=rule) for entry in value]
    entries = [e for e in entries if case.is_judged(e, case.new)]
    for e in entries:
        e["counted"] = [x for x in case.touches if case.is_judged(e, x)]
    blocking = [e for e in entries if e.effect != "warn"]
    now, found, moments, ask = case.new.at, {}, [], case.objection
    warnings = frozenset(c for e in entries if e.effect == "warn" and (c := ask(e, now)))
    limit = case.plus(now, policy.get("horizon", "90d"))
    while True:
        objecting = {i: code for i, e in enumerate(blocking) if (code := ask(e, now))}
        found = objecting | found  # an entry is one finding, with the first such instant
        codes = frozenset(found.values())
        if not objecting:
            return Judgement("defer" if found else "allow", now if found else None, codes, warnings)
        moments = [at for at in moments or case.moments(limit) if at > now]
        for e in (blocking[i] for i in objecting):
            now = max(now, next((at for at in moments if not ask(e, at)), NEVER))
        if now == NEVER:
            return Judgement("deny", None, codes, warnings)
