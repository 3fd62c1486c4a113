"""Random policies, contacts, histories, zones and orders, dense in conflicts.

A case is made of a seed, which is all that Hypothesis has to draw. Instants lie on a coarse grid,
so that ties and exact distances are frequent; points are shared between contacts; touches are
booked around the judged one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import hypothesis.strategies as st
from hypothesis import Phase, settings

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)

# Each start lies some days before a night on which clocks are changed, or before nothing at all.
STARTS = {
    "America/Chicago": datetime(2026, 3, 5, tzinfo=UTC),
    "America/St_Johns": datetime(2006, 10, 26, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 1, tzinfo=UTC),
    "Pacific/Apia": datetime(2011, 12, 26, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2026, 1, 12, tzinfo=UTC),
    "Europe/Berlin": datetime(2026, 10, 22, tzinfo=UTC),
}
ZONES = tuple(STARTS)
MAIL, SHARED_MAIL = "al@x.example", "Office@X.example"
# Satellite numbers: no table of numbers gives them a zone.
PHONE, SHARED_PHONE = "+883510001234", "+883510005678"
HANDLE = "@al"
SPELLINGS = {
    MAIL: (MAIL, "AL@X.example "),
    SHARED_MAIL: (SHARED_MAIL, "office@x.example"),
    PHONE: (PHONE, "+883 510-001 234", "00883510001234"),
    SHARED_PHONE: (SHARED_PHONE, "tel:+883510005678"),
    HANDLE: (HANDLE, "AL"),
}
KIND = {MAIL: "email", SHARED_MAIL: "email", PHONE: "phone", SHARED_PHONE: "phone"}
BY_CHANNEL = {
    "email": (MAIL, SHARED_MAIL),
    "call": (PHONE, SHARED_PHONE),
    "voicemail": (PHONE, SHARED_PHONE),
    "sms": (PHONE, SHARED_PHONE),
    "whatsapp": (PHONE, SHARED_PHONE),
    "social": (HANDLE,),
    "ad": (None, MAIL),
    "meeting": (None,),
}
CHANNELS = tuple(BY_CHANNEL)
PURPOSES = ("sales", "marketing", "service", "transactional", "survey", "x-club")
TEAMS = (None, "marketing", "sales")
CADENCES = (None, "drip", "rep", "webinar")
STEPS = (None, "one", "two")
TAGS = ("urgent", "promotional", "helpful")
OFFERS = ("spring", "autumn")
FRIENDLY = ("replied", "replied", "invited", "invited", "meeting_booked", "purchased", "resumed")
FRIENDLY += ("trial_started", "trial_started", "visited", "auto_replied", "x-waved")
UNFRIENDLY = ("not_now", "declined", "hung_up", "paused", "paused")
LASTING = {"paused": 0.6, "not_now": 0.3, "declined": 0.2, "hung_up": 0.1}
FINAL = ("opt_out", "opt_out", "opt_out", "complained", "wrong_person", "wrong_person")
SHORT = ("12h", "20h", "1d", "36h", "2d", "3d")
LONG = ("1d", "2d", "3d", "1w", "10d", "30d")
MONTHS = ("P1M", "P2M")


@dataclass
class RandomCase:
    """A policy, the lines above a planned touch, and that touch, all as plain data."""

    policy: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    touch: dict[str, Any] = field(default_factory=dict)


def text(moment: datetime) -> str:
    """An instant as events write it."""
    return moment.isoformat().replace("+00:00", "Z")


def given(**fields: Any) -> dict[str, Any]:
    """The fields that have a value."""
    return {key: value for key, value in fields.items() if value not in (None, [], ())}


class World:
    """The choices of one case: a zone, a grid of instants, and what happens on it."""

    def __init__(self, rnd: Random) -> None:
        self.rnd = rnd
        self.zone = rnd.choice(ZONES)
        self.grid = rnd.choice((HOUR * 12, HOUR * 12, HOUR * 24, HOUR * 4))
        self.start = STARTS[self.zone] + HOUR * rnd.choice((0, 0, 9, 15, 17))
        self.known_zone = rnd.random() < 0.85
        self.count = 0
        # Few channels and purposes, so that what is said and done is about the same thing; and
        # in one world of two nobody says a final no, so that the rest comes to matter.
        self.channels = ("email", *rnd.sample(CHANNELS, rnd.choice((1, 2, 3))))
        if rnd.random() < 0.5:
            self.channels = ("call", *self.channels[1:])
        self.purposes = rnd.sample(PURPOSES, rnd.choice((1, 1, 2, 3)))
        self.gentle = rnd.random() < 0.5

    def chance(self, share: float) -> bool:
        return self.rnd.random() < share

    def some(self, words: tuple[str, ...], share: float = 0.5) -> list[str]:
        chosen = [word for word in words if self.chance(share)]
        return chosen or [self.rnd.choice(words)]

    def moment(self, first: int = -16, last: int = 16) -> datetime:
        """An instant of the grid, now and then a tick beside it."""
        at = self.start + self.grid * self.rnd.randint(first, last)
        return at + TICK * self.rnd.choice((-1, 1)) if self.chance(0.08) else at

    def spelt(self, point: str | None) -> str | None:
        return self.rnd.choice(SPELLINGS[point]) if point else None

    def duration(self, months: bool = False) -> str:
        if months and self.known_zone and self.chance(0.25):
            return self.rnd.choice(MONTHS)
        return self.rnd.choice(LONG)

    # -- events -------------------------------------------------------------------------------

    def contact(self, contact: str) -> dict[str, Any]:
        rnd = self.rnd
        where: dict[str, Any] = {}
        if self.known_zone:
            where = rnd.choice(
                (
                    {"time_zone": self.zone},
                    {"time_zone": self.zone},
                    {"time_zone": self.zone},
                    {"region": rnd.choice(("US-TX", "US-NY", "US-FL"))},
                    {"country": rnd.choice(("DE", "NP", "NZ"))},
                )
            )
        points = []
        for point in (MAIL, PHONE, SHARED_MAIL, SHARED_PHONE, HANDLE):
            if self.chance(0.75 if contact == "c1" else 0.4):
                uses = ("work", "work", "work", "shared", "private", "unknown", None)
                sources = ("given_by_contact", "trial_form", "purchased_list", "unknown", None)
                if self.gentle:
                    uses, sources = (*uses[:3], "private"), sources[:3]
                zone = rnd.choice(ZONES) if self.known_zone and self.chance(0.05) else None
                points.append(
                    given(
                        kind=KIND.get(point, "social"),
                        value=self.spelt(point),
                        use=rnd.choice(uses),
                        source=rnd.choice(sources),
                        time_zone=zone,
                    )
                )
        return given(
            event="contact",
            contact=contact,
            at=text(self.moment(-30, -10) if self.chance(0.9) else self.moment()),
            name=rnd.choice((None, "Anna-Lena Berg", "Zoë")),
            call_me=rnd.choice((None, None, "Al")),
            account=rnd.choice((None, "berg", "berg", "other")),
            points=points,
            **where,
        )

    def touch(self, contact: str, at: datetime) -> dict[str, Any]:
        rnd = self.rnd
        self.count += 1
        channel = rnd.choice(self.channels)
        offer = rnd.choice(OFFERS) if self.chance(0.3) else None
        return given(
            event="touch",
            id=f"t{self.count}",
            contact=contact,
            at=text(at),
            channel=channel,
            to=self.spelt(rnd.choice(BY_CHANNEL[channel])),
            team=rnd.choice(TEAMS),
            purpose=rnd.choice(self.purposes),
            cadence=rnd.choice(CADENCES),
            step=rnd.choice(STEPS),
            tags=self.some(TAGS, 0.3) if self.chance(0.5) else None,
            automated=False if self.chance(0.35) else None,
            offer=offer,
            deadline=text(self.moment(0, 40)) if offer else None,
        )

    def past(self, contact: str) -> dict[str, Any]:
        touch = self.touch(contact, self.moment())
        outcomes = ("sent", "delivered", "answered", "failed", "unknown", "hung_up", "bounced")
        if touch["channel"] == "call":
            outcomes = ("no_answer", "no_answer", "busy", "voicemail", "answered", "hung_up")
        if self.chance(0.6):
            outcome = self.rnd.choice(outcomes)
            if outcome == "bounced" and (self.gentle or self.chance(0.5)):
                outcome = "sent"
            touch["outcome"] = outcome
        return touch

    def planned(self) -> dict[str, Any]:
        rnd = self.rnd
        touch = self.touch("c1", self.moment(-4, 4))
        greetings = ("Hi Anna-Lena,", "Hello al!", "Dear Anna", "Hi ZOE\u0308")
        return touch | given(
            greeting=rnd.choice(greetings) if self.chance(0.3) else None,
            audience=rnd.choice((None, "prospects", "customers")),
            because=rnd.choice((None, None, "visited", "trial_started", "replied")),
            not_after=text(self.moment(-8, 12)) if self.chance(0.3) else None,
        )

    def signal(self, contact: str, touches: list[dict[str, Any]]) -> dict[str, Any]:
        rnd = self.rnd
        kinds = [*FRIENDLY, *UNFRIENDLY] if self.gentle else [*FRIENDLY, *UNFRIENDLY, *FINAL]
        kind = rnd.choice(kinds)
        of = rnd.choice(touches) if touches and self.chance(0.3) else None
        if of and of["contact"] != contact:
            of = None
        channel = rnd.choice(self.channels) if self.chance(0.4) else None
        points = BY_CHANNEL[channel or rnd.choice(self.channels)]
        return given(
            event="signal",
            contact=contact,
            at=text(self.moment()),
            kind=kind,
            channel=channel,
            point=self.spelt(rnd.choice(points)) if self.chance(0.2) else None,
            purpose=rnd.choice(PURPOSES) if self.chance(0.1) else None,
            touch=of and of["id"],
            until=text(self.moment()) if self.chance(LASTING.get(kind, 0)) else None,
        )

    def consent(self, contact: str) -> dict[str, Any]:
        rnd = self.rnd
        granted = self.chance(0.85 if self.gentle else 0.7)
        channel = rnd.choice(self.channels) if self.chance(0.7) else None
        points = BY_CHANNEL[channel or rnd.choice(self.channels)]
        point = rnd.choice(points) if self.chance(0.4) else None
        if granted and not (channel or point):
            channel = self.channels[0]
        return given(
            event="consent",
            contact=contact,
            at=text(self.moment(-16, 6)),
            status="granted" if granted else "withdrawn",
            purpose=rnd.choice(self.purposes) if granted or self.chance(0.5) else None,
            channel=channel,
            point=self.spelt(point),
            evidence="form 1" if granted and self.chance(0.7) else None,
            until=text(self.moment(-14, 12)) if granted and self.chance(0.5) else None,
            **{"from": text(self.moment()) if granted and self.chance(0.2) else None},
        )

    def handoff(self, contact: str) -> dict[str, Any]:
        return given(
            event="handoff",
            contact=contact,
            at=text(self.moment()),
            to=self.rnd.choice(("marketing", "sales")),
            until=text(self.moment()) if self.chance(0.3) else None,
        )

    def suppress(self) -> dict[str, Any]:
        named = (
            {"point": self.rnd.choice((SHARED_MAIL, SHARED_PHONE, PHONE))}
            if self.chance(0.7)
            else {"contact": self.rnd.choice(("c1", "c2"))}
        )
        channel = self.rnd.choice(self.channels) if self.chance(0.3) else None
        return given(event="suppress", at=text(self.moment()), channel=channel, **named)

    def whom(self) -> str:
        return self.rnd.choice(("c1", "c1", "c1", "c1", "c2", "c3"))

    def events(self) -> list[dict[str, Any]]:
        rnd = self.rnd
        lines = [self.contact(who) for who in ("c1", "c2", "c3") if self.chance(0.9)]
        if self.chance(0.2):
            lines.append(self.contact("c1"))
        touches: list[dict[str, Any]] = []
        told: list[dict[str, Any]] = []
        for _ in range(rnd.choice((0, 1, 2, 3, 4, 5, 6, 8, 10))):
            touches.append(self.past(self.whom()))
        for _ in range(rnd.choice((0, 0, 1, 1, 2, 3, 4))):
            told.append(self.signal(self.whom(), touches))
        for _ in range(rnd.choice((0, 0, 1, 2, 3))):
            told.append(self.consent(self.whom()))
        for _ in range(rnd.choice((0, 0, 0, 1, 2))):
            told.append(self.handoff(self.whom()))
        if not self.gentle and self.chance(0.15):
            told.append(self.suppress())
        rest = [*touches, *told]
        rnd.shuffle(rest)
        if self.chance(0.6):
            rest.sort(key=lambda event: event["at"])
        place = {event["id"]: i for i, event in enumerate(rest) if event["event"] == "touch"}
        for i, event in enumerate(rest):  # a signal knows the touches above it
            if place.get(event.get("touch", ""), -1) > i:
                del event["touch"]
        for touch in touches:  # the outcome of a booking is told later
            if "outcome" not in touch and self.chance(0.15):
                rest.append(touch | {"outcome": rnd.choice(("sent", "no_answer", "failed"))})
        return [*lines, *rest]

    # -- policies -------------------------------------------------------------------------------

    def narrowed(self) -> dict[str, Any]:
        """What an entry may say beside its own parameters."""
        chosen: dict[str, Any] = {}
        if self.chance(0.25):
            chosen["channels"] = self.some(self.channels)
        if self.chance(0.12):
            chosen["purposes"] = self.some(PURPOSES)
        if self.chance(0.08):
            chosen["teams"] = self.some(("marketing", "sales"))
        if self.chance(0.06):
            chosen["tags"] = self.some(TAGS)
        if self.chance(0.1):
            chosen["effect"] = "warn"
        return chosen

    def entry(self, rule: str) -> dict[str, Any]:
        """A random entry of a rule."""
        own = ENTRIES[rule](self)
        return own if rule in LONELY else self.narrowed() | own

    def policy(self) -> dict[str, Any]:
        rnd = self.rnd
        packed = self.chance(0.15)
        few = packed or self.chance(0.5)
        rules: dict[str, Any] = {}
        for rule in ENTRIES:
            share = 0.07 if few else 0.2
            weight = 2.0 if rule in RARE else 0.4 if rule in TIMELESS and self.gentle else 1.0
            if self.chance(share * weight):
                rules[rule] = [self.entry(rule) for _ in range(rnd.choice((1, 1, 1, 2)))]
        if not rules and not packed:
            rule = rnd.choice(tuple(ENTRIES))
            rules[rule] = [self.entry(rule)]
        if packed and self.chance(0.3):
            rules[rnd.choice(tuple(ENTRIES))] = rnd.choice(("off", {"effect": "warn"}))
        shuffled = list(rules)
        rnd.shuffle(shuffled)
        policy: dict[str, Any] = {"rules": {rule: rules[rule] for rule in shuffled}}
        if packed:
            policy["packs"] = ["humane"]
            policy["rules"] = {
                rule: said
                for rule, said in policy["rules"].items()
                if said != {"effect": "warn"} or rule != "blackout"  # humane states no dates
            }
        if self.chance(0.3):
            policy["exempt"] = [
                given(
                    purposes=self.some(PURPOSES, 0.3),
                    channels=self.some(self.channels) if self.chance(0.4) else None,
                    because="because",
                    **{"from": self.some(tuple(ENTRIES))},
                )
            ]
        if self.chance(0.5):
            policy["answers"] = {
                "signals": self.some(("replied", "invited", "meeting_booked", "x-waved")),
                "within": rnd.choice(("1d", "2d", "3d", "7d")),
            }
        policy["horizon"] = rnd.choice(("3d", "8d", "8d", "20d", "45d"))
        return policy


def _windows(w: World) -> dict[str, Any]:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    clocks = ("00:00", "01:30", "02:15", "08:00", "09:00", "17:45", "20:00", "23:30", "24:00")
    windows = []
    for _ in range(w.rnd.choice((1, 1, 2))):
        opens, closes = w.rnd.sample(clocks, 2)
        if opens == "24:00":
            opens, closes = closes, opens
        window: dict[str, Any] = {"from": opens, "to": closes}
        if w.chance(0.5):
            window["days"] = w.some(days, 0.6)
        windows.append(window)
    return {"windows": windows} | given(unknown="open" if w.chance(0.4) else None)


def _cap(w: World) -> dict[str, Any]:
    chosen: dict[str, Any] = {"max": w.rnd.choice((0, 1, 1, 1, 2, 2, 3))}
    if w.chance(0.25):
        chosen["calendar"] = w.rnd.choice(("day", "week", "month"))
    else:
        chosen["per"] = w.duration()
    return chosen | given(scope=w.rnd.choice((None, "contact", "point", "account")))


def _streak(w: World) -> dict[str, Any]:
    steps, after = [], 0
    gaps = ["12h", "1d", "2d", "4d", "1w", "never"]
    first = w.rnd.randrange(4)
    for gap in gaps[first : first + w.rnd.choice((1, 2, 3))]:
        after += w.rnd.choice((1, 1, 2))
        steps.append({"after": after, "gap": gap})
    return {"steps": steps}


def _accept(w: World) -> list[Any]:
    grounds: list[Any] = ["consent"] if w.chance(0.7) else []
    for kind in ("invited", "purchased", "trial_started", "replied"):
        if w.chance(0.35):
            lasts = w.rnd.choice(SHORT) if w.chance(0.5) else w.duration(months=True)
            grounds.append({kind: lasts} if w.chance(0.9) else kind)
    return grounds or ["consent"]


def _refusals(w: World) -> dict[str, Any]:
    kinds = ("not_now", "declined", "hung_up")
    return {kind: w.duration(months=True) for kind in w.some(kinds, 0.7)}


def _pressure(w: World) -> dict[str, Any]:
    caps = [
        {"tags": w.some(TAGS, 0.4), "max": w.rnd.choice((0, 1, 1, 2)), "per": w.duration()}
        for _ in range(w.rnd.choice((1, 1, 2)))
    ]
    moved = w.chance(0.6)
    return (
        {"caps": caps} | given(moved_deadline=moved or None)
        if w.chance(0.8)
        else {"moved_deadline": True}
    )


def _dates(w: World) -> dict[str, Any]:
    first = (w.start + timedelta(days=w.rnd.randint(-3, 5))).date()
    last = first + timedelta(days=w.rnd.choice((0, 1, 2)))
    one = (w.start + timedelta(days=w.rnd.randint(-3, 5))).date().isoformat()
    return {"dates": [one, {"from": first.isoformat(), "to": last.isoformat()}]}


def _lonely(w: World) -> dict[str, Any]:
    return {"effect": "warn" if w.chance(0.1) else "block"}


RARE = ("missing-consent", "missed-calls", "paused", "too-late", "already-answered")
"""Rules that seldom have something to object to."""
TIMELESS = ("missing-consent", "private-point", "unknown-source", "uninvited-channel")
TIMELESS += ("wrong-name", "wrong-audience", "mislabelled", "too-late")
"""Rules whose objection seldom passes."""
LONELY = ("paused", "too-late", "wrong-audience", "wrong-name")
"""Rules that can be told nothing but their effect."""

ENTRIES: dict[str, Any] = {
    "missing-consent": lambda w: {"accept": _accept(w)},
    "private-point": lambda w: given(unknown="open" if w.chance(0.4) else None),
    "unknown-source": lambda w: {},
    "uninvited-channel": lambda w: given(
        accept=w.some(("consent", "invited", "replied", "meeting_booked"))
        if w.chance(0.5)
        else None
    ),
    "over-cap": _cap,
    "too-soon": lambda w: {"gap": w.rnd.choice(SHORT)},
    "unanswered-streak": _streak,
    "missed-calls": lambda w: (
        {"max": w.rnd.choice((0, 1, 1, 2, 2)), "per": w.duration()}
        | given(gap=w.rnd.choice((None, *SHORT)))
    ),
    "repeated-message": lambda w: {"per": w.duration()},
    "outside-hours": _windows,
    "paused": _lonely,
    "blackout": _dates,
    "too-late": _lonely,
    "after-refusal": _refusals,
    "channel-hop": lambda w: {"for": w.duration(months=True)},
    "not-the-holder": lambda w: {"for": w.duration(), "lapses": w.duration()},
    "overlapping-cadence": lambda w: (
        {"for": w.duration()} | given(share=[["drip", "webinar"]] if w.chance(0.4) else None)
    ),
    "already-answered": lambda w: (
        {"for": w.duration()}
        | given(signals=w.some(("replied", "purchased", "x-waved")) if w.chance(0.4) else None)
    ),
    "wrong-audience": _lonely,
    "wrong-name": _lonely,
    "pressure": _pressure,
    "mislabelled": lambda w: given(purposes=w.some(PURPOSES) if w.chance(0.3) else None),
}
"""For each rule a maker of random parameters. A rule that is not listed here is tried with those of
its page."""


def random_case(rnd: Random) -> RandomCase:
    """A policy, a history and a planned touch."""
    world = World(rnd)
    return RandomCase(world.policy(), world.events(), world.planned())


SEEDS = st.integers(0, 2**64 - 1)
"""A case is drawn as a seed: `random_case(Random(seed))` makes it again."""
PROFILE = settings(deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Seeds are not worth shrinking."""
