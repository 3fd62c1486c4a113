"""Random small cadences and policies, dense in borders.

A world is made of a seed. In a *minute world* every duration, clock and date is a whole number of
minutes, and its starts fill a week that holds a night on which clocks are changed. A *tick world*
is the same drama on a scaled clock: waits, ranges and durations of a few microseconds, which are
the finest time there is, around an instant at which a window opens or a clock is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis.strategies as st

from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Ground,
    Handover,
    LocalDays,
    Node,
    Pause,
    Step,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
    Wait,
    fixed,
)
from cadence_guard.check.reactions import ANSWERS, REFUSALS
from cadence_guard.instants import Duration, Hours, parse_clock, to_us
from cadence_guard.lines import Answers
from cadence_guard.policy import AnswerTerms, Policy, Setting, rule_class
from cadence_guard.ruleset import Ruleset
from check.brute import EPOCH, LEAVE_ANSWERS_ALONE, SPOKEN, WEEK, Entry, Walker

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)

MONDAYS = {
    "America/Chicago": date(2026, 3, 2),  # an hour is skipped at 02:00 on Sunday
    "Europe/Berlin": date(2026, 10, 19),  # an hour is repeated at 03:00 on Sunday
    "Australia/Lord_Howe": date(2026, 3, 30),  # half an hour is repeated at 02:00 on Sunday
    "Pacific/Apia": date(2011, 12, 26),  # Friday is skipped
    "America/St_Johns": date(2006, 10, 23),  # an hour is repeated at 00:01 on Sunday, over midnight
    "Asia/Kolkata": date(2026, 3, 2),  # nothing, at an odd offset
}
"""The Monday of a week that holds a night on which clocks are changed."""
ZONES = tuple(MONDAYS)


@dataclass(frozen=True)
class World:
    """A cadence, a policy, and all starts that matter.

    `tick` is how fine ranges have to be tried beside `starts`, so that no border lies between.
    """

    cadence: Cadence
    entries: tuple[Entry, ...]
    zones: tuple[str, ...]
    starts: tuple[datetime, ...]
    start: int
    end: int
    tick: timedelta
    entered: str | None = None
    """The hours in which somebody can enter."""
    within: timedelta | None = None
    """How old what a person answers may be, if the policy leaves answers alone."""
    others: Mapping[str, Cadence] = field(default_factory=dict)
    """Cadences that are entered besides."""
    sampled: bool = False
    """Whether there are more starts that matter."""
    turns: int = 10
    """How often the brute force goes round a loop: for a week at least."""
    endless: bool = False
    """Whether there is no way out of its loop."""
    tried: tuple[datetime, ...] = ()
    """When signals come in long waits for one."""

    @property
    def names(self) -> list[tuple[str, int]]:
        """Each entry's rule, and its place among the entries of that rule."""
        found: list[tuple[str, int]] = []
        for entry in self.entries:
            rule = entry["rule"]
            found.append((rule, sum(rule == other for other, _ in found)))
        return found

    @property
    def ruleset(self) -> Ruleset:
        """The policy, compiled."""
        ruleset = ruleset_of(self.entries)
        if self.within is not None:
            terms = Answers(frozenset(SPOKEN), self.within // TICK)
            ruleset.answers = terms
            for entry in ruleset.entries:
                if entry.name in LEAVE_ANSWERS_ALONE:
                    entry.answers = terms
        return ruleset


# -- policies ------------------------------------------------------------------------------------


def policy_of(entries: Sequence[Entry]) -> Policy:
    """The policy of entries whose durations are timedeltas."""
    settings: dict[str, list[Any]] = {}
    for entry in entries:
        settings.setdefault(entry["rule"], []).append(params_of(entry))
    return Policy(rules={rule: Setting(tuple(params)) for rule, params in settings.items()})


def exact_policy(world: World, without: Collection[tuple[str, int]] = ()) -> Policy:
    """The policy of a world, with durations that no policy file could write, without some entries:
    each a rule, and its place among the entries of that rule."""
    rules: dict[str, list[Any]] = {}
    for entry, name in zip(world.entries, world.names, strict=True):
        if name not in without:
            rules.setdefault(entry["rule"], []).append(params_of(entry))
    said = {rule: Setting(tuple(params)) for rule, params in rules.items()}
    if world.within is None:
        return Policy(rules=said)
    terms = AnswerTerms.model_construct(signals=SPOKEN, within=duration_of(world.within))
    return Policy(rules=said, answers=terms)


def ruleset_of(entries: Sequence[Entry]) -> Ruleset:
    """Those entries, compiled."""
    return Ruleset(policy_of(entries))


def written(entry: Entry) -> dict[str, Any]:
    """An entry as a policy writes it; a duration of no whole minutes becomes a minute."""
    plain = {key: _plain(value) for key, value in entry.items() if key not in ("rule", "hours")}
    if "hours" in entry:
        plain["windows"] = [
            {"days": list(days), "from": opens, "to": closes}
            for days, opens, closes in windows(entry["hours"])
        ]
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return f"{max(value // MINUTE, 1)}m"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def params_of(entry: Entry) -> Any:
    """The parameters, with durations that no policy file could write."""
    params = rule_class(entry["rule"]).Params.model_validate(
        written(entry), by_alias=True, by_name=False
    )
    return params.model_copy(update=_exact(params, entry))


def duration_of(length: timedelta) -> Duration:
    """A duration, however short."""
    us = length // TICK
    return Duration(f"{us}us" if us % 60_000_000 else f"{us // 60_000_000}m", us)


def _exact(model: Any, said: Entry) -> dict[str, Any]:
    """The durations of a model, and of the models in it, to the microsecond."""
    update: dict[str, Any] = {}
    for key, value in said.items():
        if isinstance(value, timedelta):
            update["for_" if key == "for" else key] = duration_of(value)
        elif key == "accept":
            lasting = [lasts for ground in value for lasts in ground.values()]
            update[key] = tuple(
                ground._replace(lasts=duration_of(lasts))
                for ground, lasts in zip(model.accept, lasting, strict=True)
            )
        elif key in ("steps", "caps"):
            update[key] = tuple(
                inner.model_copy(update=_exact(inner, one))
                for inner, one in zip(getattr(model, key), value, strict=True)
            )
    return update


def windows(text: str) -> list[tuple[tuple[str, ...], str, str]]:
    """Hours as (days, from, to)."""
    found = []
    for window in text.split("; "):
        days, _, clocks = window.rpartition(" ")
        opens, closes = clocks.split("-")
        found.append((tuple(days.split(",")), opens, closes))
    return found


def hours_of(text: str) -> Hours:
    """Hours for a cadence."""
    return Hours(
        ([WEEK.index(day) for day in days], parse_clock(opens), parse_clock(closes))
        for days, opens, closes in windows(text)
    )


@cache
def change_of(zone: str) -> datetime:
    """The minute of a zone's week at which clocks are changed; a midnight if they are not."""
    info, monday = ZoneInfo(zone), datetime.combine(MONDAYS[zone], time(), UTC)
    for n in range(8 * 24 * 60):
        at = monday + n * MINUTE
        if at.astimezone(info).utcoffset() != (at - MINUTE).astimezone(info).utcoffset():
            return at
    offset = monday.astimezone(info).utcoffset()
    assert offset is not None
    return monday + 6 * DAY - offset


@cache
def weekend(zone: str, days: int) -> datetime:
    """The midnight so many days after the Monday of a zone's week."""
    day = MONDAYS[zone] + days * DAY
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


# -- worlds --------------------------------------------------------------------------------------


class Maker:
    """The choices of one world. What both kinds share; the kinds say what lengths there are."""

    shapes: tuple[str, ...] = (
        *("line",) * 4, *("branch", "fan", "await", "enter") * 2,
        "loop",
        "handover",
    )  # fmt: skip
    unit = MINUTE
    round_trip = 20 * HOUR
    """How long a loop takes at least."""
    wide = 1
    """How many ranges and signals a way may hold."""

    def __init__(self, rnd: Random, zone: str) -> None:
        self.rnd = rnd
        self.zone = zone
        self.info = ZoneInfo(zone)
        self.zones = (zone,)
        self.entered: str | None = None
        self.monday = datetime.combine(MONDAYS[zone], time(), UTC)
        self.change = change_of(zone)
        self.nodes: dict[str, Node] = {}
        self.left = rnd.choice((2, 3, 3, 4))
        self.free = 0
        self.shape = "line"
        self.others: dict[str, Cadence] = {}
        self.used: list[timedelta] = []
        """How long its waits take, about."""

    def chance(self, share: float) -> bool:
        return self.rnd.random() < share

    # -- what a kind of world says --

    def length(self) -> timedelta:
        """How long something takes."""
        raise NotImplementedError

    def border(self) -> datetime:
        """An instant at which something may happen."""
        raise NotImplementedError

    def clock(self) -> timedelta:
        """A time of day."""
        raise NotImplementedError

    def hours(self) -> str:
        """Windows of the week."""
        raise NotImplementedError

    def width(self) -> timedelta:
        """How wide a range is."""
        raise NotImplementedError

    def wait(self, ranges: bool = True) -> Wait:
        rnd = self.rnd
        kind = rnd.choice(
            ("elapsed",) * 5
            + ("local",) * 3
            + ("business", "open", "open", "clock", "clock", "date")
        )
        if kind == "local":
            days = rnd.choice((1, 1, 2, 3))
            self.used.append(days * DAY)
            return LocalDays(days)
        if kind == "business":
            return BusinessDays(rnd.choice((1, 2, 3)))
        if kind == "open":
            text = self.hours()
            return UntilOpen(hours_of(text), text)
        if kind == "clock":
            chosen = frozenset(rnd.sample(range(7), rnd.choice((3, 5))))
            return UntilClock(self.clock() // TICK, *((chosen,) if self.chance(0.3) else ()))
        if kind == "date":
            at = self.border()
            if local := self.chance(0.5):
                at = at.astimezone(self.info).replace(tzinfo=UTC)
            return UntilDate((at - EPOCH) // TICK, local)
        self.used.append(self.length())
        low = self.used[-1] // TICK
        if ranges and self.free < self.wide and self.chance(0.5):
            self.free += 1
            return Elapsed(low, low + self.width() // TICK)
        return Elapsed(low, low)

    # -- the flow --

    def add(self, kind: type[Node], **fields: Any) -> str:
        name = f"{kind.__name__.lower()}-{len(self.nodes)}"
        self.nodes[name] = kind(id=name, where=(), **fields)
        return name

    def step(self, then: str | None, possible: bool = True) -> str:
        rnd = self.rnd
        channel = rnd.choice(("email", "email", "email", "sms", "call", "call", "meeting"))
        calls = channel == "call" and self.chance(0.4)
        return self.add(
            Step,
            channel=channel,
            then=then,
            team=rnd.choice((None, None, "sales", "marketing")),
            purpose=rnd.choice((None, None, None, "marketing")),
            tags=tuple(rnd.sample(("urgent", "promotional"), rnd.choice((0, 1, 1, 2)))),
            not_after=(self.border() - EPOCH) // TICK if self.chance(0.2) else None,
            automated=self.chance(0.8),
            attempts=2 if calls else 1,
            every=self.wait(ranges=False) if calls else None,
            possible=possible and self.chance(0.1),
            step="letter" if self.chance(0.15) else None,
        )

    def pause(self, then: str | None) -> str:
        return self.add(Pause, wait=self.wait(), then=then, since_start=self.chance(0.15))

    def chain(self, then: str | None, steps: int) -> str:
        """Waits and steps, and now and then something else, before `then`."""
        for _ in range(steps):
            then = self.step(then)
            if self.chance(0.3):
                then = self.pause(then)
            then = self.pause(then)
        assert then is not None
        return then

    def flow(self) -> str:
        rnd = self.rnd
        shape = self.shape = rnd.choice(self.shapes)
        few = 1 if self.chance(0.6) else 2
        rest = self.chain(None, 1) if self.chance(0.5) else None
        if shape == "branch":
            arms = [
                Arm(self.chain(rest, 1), share=0.5),
                Arm(self.chain(rest, few) if self.chance(0.7) else rest, share=0.5),
            ]
            return self.step(self.add(Branch, arms=tuple(arms)))
        if shape == "fan":
            return self.step(self.add(Fan, thens=(self.chain(None, few), self.chain(None, 1))))
        if shape == "await":
            self.free += 1
            kind = rnd.choice(("replied", "clicked", "purchased"))
            arm = Arm(self.chain(None, 1) if self.chance(0.8) else None, signal=kind)
            low = self.width() // TICK
            wait = self.add(Await, arms=(arm,), timeout=Elapsed(low, low), then=self.chain(rest, 1))
            return self.step(wait)
        if shape == "loop":
            name = f"branch-{len(self.nodes)}"
            self.nodes[name] = Branch(name, (), ())
            again = self.step(name, possible=False)
            low = max(self.length(), self.round_trip) // TICK
            back = self.add(Pause, wait=Elapsed(low, low), then=again)
            self.nodes[name] = Branch(name, (), (Arm(back, share=0.5), Arm(rest, share=0.5)))
            return again
        if shape == "enter":
            kept, self.nodes = self.nodes, {}
            start = self.chain(None, 1)
            self.others["besides"] = Cadence(
                name="besides",
                where=(),
                nodes=self.nodes,
                start=start,
                team="marketing",
                purpose=rnd.choice(("sales", "marketing")),
            )
            self.nodes = kept
            return self.step(self.add(Enter, cadence="besides", then=self.chain(rest, 1)))
        if shape == "handover":
            given = self.add(
                Handover, to=rnd.choice(("sales", "marketing")), then=self.chain(rest, 1)
            )
            return self.step(given)
        chain = self.chain(rest, rnd.choice((1, 2, 2, 3)))
        return self.step(chain) if self.chance(0.5) else chain

    # -- the policy --

    def narrowed(self) -> dict[str, Any]:
        rnd = self.rnd
        chosen: dict[str, Any] = {}
        if self.chance(0.2):
            chosen["channels"] = rnd.sample(("email", "sms", "call", "meeting"), rnd.choice((1, 2)))
        if self.chance(0.1):
            chosen["tags"] = [rnd.choice(("urgent", "promotional"))]
        if self.chance(0.1):
            chosen["purposes"] = [rnd.choice(("sales", "marketing"))]
        if self.chance(0.05):
            chosen["teams"] = [rnd.choice(("sales", "marketing"))]
        return chosen

    def entry(self, rule: str) -> Entry:
        rnd = self.rnd
        said: dict[str, Any] = {"rule": rule}
        if rule == "over-cap":
            said["max"] = rnd.choice((0, 1, 1, 1, 2, 2, 3))
            if self.chance(0.35):
                # A loop is not gone round for weeks here.
                units = ("day",) if self.shape == "loop" else ("day", "day", "week", "month")
                said["calendar"] = rnd.choice(units)
            else:
                said["per"] = self.span()
        elif rule == "too-soon":
            said["gap"] = self.span()
        elif rule == "unanswered-streak":
            gaps: list[Any] = sorted(self.span() for _ in range(rnd.choice((1, 2))))
            if self.chance(0.2):
                gaps[-1] = "never"
            said["steps"] = [{"after": n, "gap": gap} for n, gap in enumerate(gaps, 1)]
        elif rule == "missed-calls":
            said |= {"max": rnd.choice((1, 1, 2)), "per": self.span()}
            if self.chance(0.5):
                said["gap"] = self.span()
        elif rule == "repeated-message":
            said["per"] = self.span()
        elif rule == "outside-hours":
            said["hours"] = self.hours()
        elif rule == "blackout":
            day = self.border().astimezone(self.info).date()
            said["dates"] = [day]
        elif rule == "not-the-holder":
            said |= {"for": self.span(), "lapses": self.span()}
        elif rule in ("already-answered", "overlapping-cadence"):
            said["for"] = self.span()
        elif rule == "missing-consent":
            said["accept"] = [{kind: self.span()} for kind in rnd.sample(GROUNDS, 1)]
        elif rule == "pressure":
            said["caps"] = [
                {"tags": [tag], "max": rnd.choice((0, 1, 1, 2)), "per": self.span()}
                for tag in rnd.sample(("urgent", "promotional"), rnd.choice((1, 2)))
            ]
        return said if rule == "too-late" else self.narrowed() | said

    def span(self) -> timedelta:
        """A duration of a policy: often as long as one or two of the waits, or nearly."""
        rnd = self.rnd
        length = self.length()
        if self.used and self.chance(0.7):
            length = rnd.choice(self.used) + rnd.choice((timedelta(), *self.used))
            length += rnd.choice((-1, -1, 0, 0, 1, 1, 2, 3)) * rnd.choice((self.unit, self.width()))
        return max(length, self.unit)

    def policy(self) -> tuple[Entry, ...]:
        rnd = self.rnd
        rules = rnd.sample(RULES, rnd.choice((2, 3, 3)))
        if self.chance(0.2):
            rules.append("over-cap")
        if self.chance(0.7):
            rules += {"await": ["already-answered"], "loop": ["repeated-message"]}.get(
                self.shape, []
            )
        # In the order of the policy's file: entries of one rule stand together.
        return tuple(self.entry(rule) for rule in sorted(rules))

    def cadence(self) -> Cadence:
        start = self.flow()
        grounds = tuple(
            Ground(kind, age=self.length() // TICK) for kind in GROUNDS if self.chance(0.7)
        )
        self.entered = self.hours() if self.chance(0.1) else None
        return Cadence(
            name="trial",
            where=(),
            nodes=self.nodes,
            start=start,
            team=self.rnd.choice((None, "sales")),
            purpose=self.rnd.choice(("sales", "marketing")),
            audience=Audience(zones=self.zones, grounds=grounds),
            entry_hours=hours_of(self.entered) if self.entered else None,
            exits=frozenset(("replied", "opt_out")),
        )


GROUNDS = ("trial_started", "invited")
RULES = (
    "over-cap", "over-cap", "over-cap", "too-soon", "too-soon", "unanswered-streak", "missed-calls",
    "repeated-message", "outside-hours", "outside-hours", "blackout", "too-late",
    "not-the-holder", "already-answered", "pressure", "missing-consent", "overlapping-cadence",
)  # fmt: skip


class Minutes(Maker):
    """Whole minutes, in a week with a night on which clocks are changed."""

    def length(self) -> timedelta:
        rnd = self.rnd
        days = rnd.choice((0, 0, 1, 1, 2, 3)) * DAY
        hours = rnd.choice((0, 0, 1, 2, 12, 20, 23)) * HOUR
        return days + hours + rnd.choice((0, 0, 0, 1, 29, 30, 59)) * MINUTE

    def border(self) -> datetime:
        rnd = self.rnd
        at = self.change + rnd.choice((-2, -1, 0, 0, 1, 2)) * DAY
        return at + rnd.choice((-90, -30, -1, 0, 1, 30, 60, 330)) * MINUTE

    def clock(self) -> timedelta:
        hour, minute = self.rnd.choice(
            ((0, 0), (0, 1), (1, 30), (1, 45), (2, 0), (2, 30), (3, 0), (9, 0), (17, 30), (23, 59))
        )
        return hour * HOUR + minute * MINUTE

    def hours(self) -> str:
        rnd = self.rnd
        clocks = ("00:00", "00:01", "01:30", "02:00", "02:30", "03:00", "08:00", "17:00", "23:30")
        opens, closes = rnd.sample((*clocks, "24:00"), 2)
        if opens == "24:00":
            opens, closes = closes, opens
        days = WEEK if self.chance(0.6) else tuple(sorted(rnd.sample(WEEK, 4), key=WEEK.index))
        return f"{','.join(days)} {opens}-{closes}"

    def width(self) -> timedelta:
        return self.rnd.choice((1, 2, 3)) * MINUTE


class Ticks(Maker):
    """Microseconds, around the night on which clocks are changed."""

    unit = TICK
    wide = 2

    def __init__(self, rnd: Random, zone: str, change: datetime | None = None) -> None:
        super().__init__(rnd, zone)
        self.change = change or self.change
        before = (self.change - TICK).astimezone(self.info).utcoffset()
        after = self.change.astimezone(self.info).utcoffset()
        assert before is not None
        assert after is not None
        self.shift = after - before
        self.walls = [
            self.change.astimezone(self.info),
            (self.change + before).replace(tzinfo=None),
        ]
        self.days = (timedelta(), timedelta(), DAY, DAY - self.shift, DAY + self.shift)
        if abs(self.shift) >= DAY:
            self.days = (timedelta(), timedelta(), DAY, DAY, 2 * DAY)

    def few(self) -> timedelta:
        return self.rnd.choice((0, 0, 1, 2, 3, 5, 8)) * TICK

    def length(self) -> timedelta:
        return self.rnd.choice(self.days) + self.few()

    def border(self) -> datetime:
        return (
            self.change + self.rnd.choice((-1, 0, 0, 0, 1)) * DAY + self.rnd.randint(-6, 6) * TICK
        )

    def clock(self) -> timedelta:
        wall = self.rnd.choice(self.walls)
        of_day = wall.hour * HOUR + wall.minute * MINUTE + self.rnd.randint(-6, 6) * TICK
        return of_day % DAY

    def hours(self) -> str:
        rnd = self.rnd
        edge = f"{rnd.choice(self.walls):%H:%M}"
        other = rnd.choice([clock for clock in ("04:00", "12:00", "18:00") if clock != edge])
        days = WEEK if self.chance(0.6) else tuple(sorted(rnd.sample(WEEK, 5), key=WEEK.index))
        opens, closes = (edge, other) if self.chance(0.5) else (other, edge)
        return f"{','.join(days)} {opens}-{closes}"

    def width(self) -> timedelta:
        return self.rnd.choice((1, 2, 3, 5)) * TICK


class Repeats(Ticks):
    """Steps that are made several times on one way: calls that are tried again, ways that are gone
    at once and join, loops without an end, and two places that send one letter."""

    shapes = ("calls", "calls", "calls", "join", "endless", "letters")
    turns = ("outside-hours", "over-cap", "too-soon", "blackout", "missed-calls", "missing-consent")

    def again(self, then: str | None) -> str:
        """A step that is tried two or three times, and waits before it."""
        made = self.step(then, possible=False)
        step = self.nodes[made]
        assert isinstance(step, Step)
        every = self.wait(ranges=self.chance(0.3))
        attempts = self.rnd.choice((2, 3, 3))
        self.nodes[made] = replace(step, channel="call", attempts=attempts, every=every)
        return self.pause(made) if self.chance(0.6) else made

    def flow(self) -> str:
        shape = self.shape = self.rnd.choice(self.shapes)
        if shape == "calls":
            return self.again(self.chain(None, 1) if self.chance(0.3) else None)
        if shape == "join":
            both = self.step(None)
            return self.add(Fan, thens=(self.pause(both), self.pause(both)))
        if shape == "endless":
            name = f"pause-{len(self.nodes)}"
            low = max(self.length(), self.round_trip) // TICK
            again = self.step(name, possible=False)
            self.nodes[name] = Pause(name, (), Elapsed(low, low), again)
            return again
        first = self.chain(self.chain(None, 1), self.rnd.choice((1, 2)))
        for name, node in self.nodes.items():
            if isinstance(node, Step):
                self.nodes[name] = replace(node, step="letter")
        return first

    def policy(self) -> tuple[Entry, ...]:
        rules = self.rnd.sample(self.turns, 3)
        return tuple(self.entry(rule) for rule in sorted(rules))


class Turns(Repeats):
    """Steps that are made several times, with ranges before, between and behind: turns of a loop,
    and calls that are tried again."""

    shapes = ("turns", "turns", "calls", "both", "letters")
    wide = 3
    round_trip = timedelta()

    def width(self) -> timedelta:
        return self.rnd.choice((1, 2, 3)) * TICK

    def wait(self, ranges: bool = True) -> Wait:
        if not ranges or self.free >= self.wide or self.chance(0.4):
            return super().wait(ranges)
        self.free += 1
        self.used.append(self.length())
        low = self.used[-1] // TICK
        return Elapsed(low, low + self.width() // TICK)

    def again(self, then: str | None) -> str:
        made = super().again(then)
        for name, node in self.nodes.items():
            if isinstance(node, Step) and node.attempts > 1:
                self.nodes[name] = replace(
                    node, every=self.wait(), attempts=self.rnd.choice((2, 3))
                )
        return made

    def flow(self) -> str:
        shape = self.shape = self.rnd.choice(self.shapes)
        if shape == "both":
            return self.again(self.again(None))
        if shape == "turns":
            once = self.nodes.pop(self.step(None, possible=False))
            assert isinstance(once, Step)
            then = self.chain(None, 1) if self.chance(0.3) else None
            wait = self.wait()
            for turn in range(self.rnd.choice((2, 2, 3))):
                if turn:
                    then = self.add(Pause, wait=wait, then=then)
                name = f"turn-{turn}"
                self.nodes[name] = replace(once, id=name, step="turn", then=then)
                then = name
            assert then is not None
            return self.pause(then) if self.chance(0.5) else then
        kept, self.shapes = self.shapes, (shape,)
        start = super().flow()
        self.shapes = kept
        return start


class Clocks(Ticks):
    """Ranges, and waits that ask the clock behind them, before each step."""

    shapes = ("line", "line", "fan", "letters")

    def width(self) -> timedelta:
        return self.rnd.choice((2, 4, 6, 8)) * TICK

    def range(self) -> Wait:
        self.free += 1
        low = self.rnd.choice((0, 0, 1, 2)) if self.chance(0.6) else self.length() // TICK
        self.used.append(low * TICK)
        return Elapsed(low, low + self.width() // TICK)

    def clock_wait(self) -> Wait:
        if self.chance(0.5):
            text = self.hours()
            return UntilOpen(hours_of(text), text)
        at = (self.border() - EPOCH) // TICK
        waits = (UntilClock(self.clock() // TICK), LocalDays(1), UntilDate(at))
        return self.rnd.choice(waits)

    def parts(self, then: str | None, steps: int) -> str:
        for _ in range(steps):
            then = self.step(then, possible=False)
            for kind in self.rnd.choice(("r", "rc", "cr", "c", "rcr")):
                if kind == "c":
                    then = self.add(Pause, wait=self.clock_wait(), then=then)
                elif self.free < 3:
                    then = self.add(Pause, wait=self.range(), then=then)
        assert then is not None
        return then

    def flow(self) -> str:
        shape, self.shape = self.rnd.choice(self.shapes), "line"
        if shape == "fan":
            both = (self.parts(None, 1), self.parts(None, 1))
            return self.parts(self.add(Fan, thens=both), 1)
        start = self.parts(None, self.rnd.choice((2, 3, 3)))
        for name, node in self.nodes.items() if shape == "letters" else ():
            if isinstance(node, Step):
                self.nodes[name] = replace(node, step="letter")
        return start


class Ranges(Ticks):
    """Ways that are gone at once, signals and handoffs, with ranges wherever they may be."""

    shapes = ("fans", "fans", "fans", "enter", "await", "handover", "line")
    wide = 3

    def width(self) -> timedelta:
        return self.rnd.choice((1, 2, 3)) * TICK

    def wait(self, ranges: bool = True) -> Wait:
        if self.chance(0.1):
            return BusinessDays(self.rnd.choice((1, 2)))
        if not ranges or self.free >= self.wide or self.chance(0.35):
            return super().wait(ranges)
        self.free += 1
        self.used.append(self.length())
        low = self.used[-1] // TICK
        return Elapsed(low, low + self.width() // TICK)

    def pause(self, then: str | None) -> str:
        return self.add(Pause, wait=self.wait(), then=then, since_start=self.chance(0.2))

    def flow(self) -> str:
        shape = self.shape = self.rnd.choice(self.shapes)
        if shape == "fans":
            arms = [self.chain(None, 1) for _ in range(self.rnd.choice((2, 3, 3)))]
            start = self.add(Fan, thens=tuple(arms))
            start = self.pause(start) if self.chance(0.5) else start
            return self.step(start) if self.chance(0.5) else start
        kept, self.shapes = self.shapes, (shape,)
        start = super().flow()
        self.shapes = kept
        return start


class Asks(Ticks):
    """Branches that ask for signals: for one that makes somebody enter, for one that was waited
    for, and once more."""

    def ask(self, then: str | None) -> str:
        kind = self.rnd.choice((*self.kinds, *GROUNDS[:1]))
        yes, no = (self.chain(then, 1) if self.chance(0.6) else then for _ in range(2))
        arms = [Arm(yes, kind), Arm(no, kind, unless=True)]
        self.rnd.shuffle(arms)
        if self.chance(0.3):
            arms[1] = Arm(arms[1].then)
        return self.add(Branch, arms=tuple(arms))

    def wait_for(self, then: str | None) -> str:
        self.free += 1
        chosen = self.rnd.sample(self.kinds, self.rnd.choice((1, 1, 2)))
        arms = (Arm(self.chain(then, 1) if self.chance(0.3) else then, kind) for kind in chosen)
        low = self.rnd.choice((1, 2, 3))
        return self.add(Await, arms=tuple(arms), timeout=Elapsed(low, low), then=then)

    def besides(self, then: str | None) -> str:
        kept, self.nodes = self.nodes, {}
        start = self.ask(self.step(None))
        self.others["besides"] = Cadence("besides", (), self.nodes, start, team="marketing")
        self.nodes = kept
        return self.add(Enter, cadence="besides", then=then)

    def again(self, then: str | None) -> str:
        """A loop that one signal ends."""
        self.shape = "loop"
        name = f"branch-{len(self.nodes)}"
        self.nodes[name] = Branch(name, (), ())
        once = self.step(name, possible=False)
        low = max(self.length(), self.round_trip) // TICK
        back = self.add(Pause, wait=Elapsed(low, low), then=once)
        kind = self.rnd.choice(self.kinds)
        self.nodes[name] = Branch(name, (), (Arm(then, kind), Arm(back, kind, unless=True)))
        return once

    def flow(self) -> str:
        self.shape = "line"
        self.kinds = self.rnd.sample(("clicked", "opened", "replied", "purchased"), 2)
        then = self.ask(self.step(None))
        for _ in range(self.rnd.choice((1, 2, 2))):
            parts = [self.ask, self.ask, self.pause, self.step]
            parts += [self.wait_for] * (2 * (self.free < self.wide))
            parts += [self.besides] * (not self.others) + [self.again] * (self.shape == "line")
            then = self.rnd.choice(parts)(then)
        return then

    def cadence(self) -> Cadence:
        made = super().cadence()
        entered = self.rnd.choice((None, *self.kinds)) if self.chance(0.6) else None
        return replace(made, entry_signal=entered)


class Links(Asks):
    """Cadences that enter others, each with its exits; parallel ways, waits for signals, questions
    and handoffs, all at one instant or a tick apart."""

    looped: str | None = None
    """The shape that may become a loop."""

    def length(self) -> timedelta:
        return (
            self.rnd.choice((0, 0, 0, 0, 1)) * DAY + self.rnd.choice((0, 0, 0, 1, 1, 2, 3)) * TICK
        )

    def width(self) -> timedelta:
        return self.rnd.choice((1, 1, 2)) * TICK

    def wait(self, ranges: bool = True) -> Wait:
        if self.chance(0.1):
            return super().wait(ranges)
        self.used.append(self.length())
        low, high = self.used[-1] // TICK, (self.used[-1] + self.width()) // TICK
        free = ranges and self.free < self.wide and self.chance(0.25)
        self.free += free
        return Elapsed(low, high if free else low)

    def exits(self) -> frozenset[str]:
        return frozenset(kind for kind in self.kinds if self.chance(0.5))

    def besides(self, then: str | None) -> str:
        name = f"besides-{len(self.others)}"
        self.others[name] = Cadence(name, (), {}, None)  # its name is taken
        kept, self.nodes = self.nodes, {}
        start = self.parts(self.step(None) if self.chance(0.5) else None, self.rnd.choice((1, 2)))
        team = self.rnd.choice(("marketing", None))
        self.others[name] = Cadence(name, (), self.nodes, start, team=team, exits=self.exits())
        self.nodes = kept
        return self.add(Enter, cadence=name, then=then)

    def fan(self, then: str | None) -> str:
        self.fans += 1
        return self.add(Fan, thens=(self.parts(None, 2), then or self.step(None)))

    def parts(self, then: str | None, count: int) -> str:
        for _ in range(count):
            parts = [self.ask, self.pause, self.pause, self.step, self.step]
            parts += [lambda then: self.add(Handover, to="sales", then=then)]
            parts += [self.wait_for] * (2 * (self.free < self.wide))
            parts += [self.besides] * (2 * (len(self.others) < 2)) + [self.fan] * (not self.fans)
            parts += [self.again] * (self.shape == self.looped and self.chance(0.15))
            then = self.rnd.choice(parts)(then)
        assert then is not None
        return then

    def flow(self) -> str:
        self.shape, self.fans = "line", 0
        self.kinds = self.rnd.sample(("clicked", "opened", "replied", "purchased", "invited"), 2)
        return self.parts(self.step(None), self.rnd.choice((2, 3, 3)))

    def cadence(self) -> Cadence:
        return replace(super().cadence(), exits=self.exits())


class Waits(Asks):
    """Waits for signals up to a window, a time, a day or a date, which may be over at once; windows
    of a sender's zone, and days of the week."""

    def clock_wait(self) -> Wait:
        text = self.hours()
        at = (self.border() - EPOCH) // TICK
        waits = (
            UntilOpen(hours_of(text), text),
            UntilOpen(hours_of(text), text, self.rnd.choice(ZONES)),
            UntilClock(self.clock() // TICK),
            UntilDay(frozenset(self.rnd.sample(range(7), self.rnd.choice((1, 3, 5))))),
            UntilDate(at),
            LocalDays(1),
        )
        return self.rnd.choice(waits)

    def wait(self, ranges: bool = True) -> Wait:
        return self.clock_wait() if self.chance(0.1) else super().wait(ranges)

    def wait_for(self, then: str | None) -> str:
        self.free += 1
        arm = Arm(self.chain(then, 1), self.rnd.choice(self.kinds))
        late = self.chain(then, 1) if self.chance(0.6) else then
        return self.add(Await, arms=(arm,), timeout=self.clock_wait(), then=late)

    def flow(self) -> str:
        self.shape = "line"
        self.kinds = self.rnd.sample(("clicked", "opened", "replied", "purchased"), 2)
        start = self.wait_for(self.step(None) if self.chance(0.5) else None)
        if self.chance(0.3):
            return self.add(Fan, thens=(start, self.chain(None, 1)))
        return self.step(start) if self.chance(0.5) else self.pause(start)


class Mixed(Links, Waits):
    """All of it: what enters, waits, asks and goes round, with waits of every kind between."""

    looped = "line"

    def wait(self, ranges: bool = True) -> Wait:
        return self.clock_wait() if self.chance(0.25) else super().wait(ranges)

    def wait_for(self, then: str | None) -> str:
        kind = Waits if self.chance(0.4) else Asks
        return kind.wait_for(self, then)

    def flow(self) -> str:
        return Links.flow(self)


def with_exits(world: World, rnd: Random) -> World:
    """The same world with other exits, also in what is entered besides."""

    def left(cadence: Cadence) -> Cadence:
        kinds = frozenset(kind for kind in (*ANSWERS, *REFUSALS) if rnd.random() < 0.6)
        return replace(cadence, exits=kinds)

    others = {name: left(other) for name, other in world.others.items()}
    return replace(world, cadence=left(world.cadence), others=others)


def minute_world(rnd: Random, zone: str | None = None) -> World:
    """Whole minutes: every minute of a week, and the time between each two of them.

    With one thing that is free, the start, what is found can change at whole minutes only, so two
    starts a minute tell all; with n free things the order of their n fractions matters too, and
    there are ranges of a few minutes and starts in the night of the change only.
    """
    maker = Minutes(rnd, zone or rnd.choice(ZONES))
    cadence = maker.cadence()
    start, end = maker.monday, maker.monday + 7 * DAY
    parts = 2
    if maker.free or maker.shape == "loop":
        start, end = maker.change - 90 * MINUTE, maker.change + 90 * MINUTE
        parts = 2 + maker.free
    return _world(maker, cadence, start, end, MINUTE / parts)


def tick_world(rnd: Random, zone: str | None = None) -> World:
    """A scaled clock: every microsecond around the night of the change."""
    maker = Ticks(rnd, zone or rnd.choice(ZONES))
    if rnd.random() < 0.2:
        maker.zones = (maker.zone, rnd.choice([name for name in ZONES if name != maker.zone]))
    cadence = maker.cadence()
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * DAY
    if rnd.random() < 0.3:
        start -= maker.shift if abs(maker.shift) < DAY else timedelta()
    return _world(maker, cadence, start - 20 * TICK, start + 20 * TICK, TICK)


def repeat_world(rnd: Random, zone: str | None = None) -> World:
    """A tick world whose steps are made several times."""
    maker = Repeats(rnd, zone or rnd.choice(ZONES))
    cadence = maker.cadence()
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * DAY
    world = _world(maker, cadence, start - 12 * TICK, start + 12 * TICK, TICK)
    return replace(world, endless=maker.shape == "endless")


def turn_world(rnd: Random, zone: str | None = None) -> World:
    """A tick world whose steps are made several times, with ranges between."""
    maker = Turns(rnd, zone or rnd.choice(ZONES))
    cadence = maker.cadence()
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * DAY
    return _world(maker, cadence, start - 8 * TICK, start + 8 * TICK, TICK)


def clock_world(rnd: Random, zone: str | None = None) -> World:
    """A tick world of few starts, with clocks behind ranges."""
    maker = Clocks(rnd, zone or rnd.choice(ZONES))
    cadence = maker.cadence()
    start = maker.change + rnd.choice((0, 0, 0, -1)) * DAY
    ticks = rnd.choice((1, 1, 2))
    return _world(maker, cadence, start - ticks * TICK, start + ticks * TICK, TICK)


def range_world(rnd: Random, zone: str | None = None) -> World:
    """A tick world of ranges, some of them about the midnight before or after a weekend."""
    zone = zone or rnd.choice(ZONES)
    change = weekend(zone, rnd.choice((5, 7))) if rnd.random() < 0.3 else None
    maker = Ranges(rnd, zone, change)
    cadence = maker.cadence()
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * DAY
    return _world(maker, cadence, start - 10 * TICK, start + 10 * TICK, TICK)


def asking_world(rnd: Random, zone: str | None = None) -> World:
    """A tick world whose branches ask for signals."""
    maker = Asks(rnd, zone or rnd.choice(ZONES))
    cadence = maker.cadence()
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * DAY
    return _world(maker, cadence, start - 10 * TICK, start + 10 * TICK, TICK)


def waiting_world(rnd: Random, zone: str | None = None) -> World:
    """A tick world with a wait for a signal until something that the clock shows."""
    maker = Waits(rnd, zone or rnd.choice(ZONES))
    cadence = maker.cadence()
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * DAY
    world = _world(maker, cadence, start - 8 * TICK, start + 8 * TICK, TICK)
    return _tried_near(maker, world, range(-8, 9, 2))


def _tried_near(maker: Maker, world: World, ticks: Sequence[int]) -> World:
    """The same world, with signals that also come so near to the instants that mean something."""
    near = [maker.change + days * DAY for days in (-1, 0, 1)]
    return replace(world, tried=tuple(at + n * TICK for at in near for n in ticks), sampled=True)


def linked_world(rnd: Random, kind: type[Links] = Links) -> World:
    """A tick world of cadences that enter others, with not too many ways through them."""
    while True:
        maker = kind(rnd, rnd.choice(ZONES))
        cadence = maker.cadence()
        start = maker.change + rnd.choice((0, 0, -1, -2)) * DAY
        world = _world(maker, cadence, start - 2 * TICK, start + 2 * TICK, TICK)
        walker = Walker(cadence, ZoneInfo(maker.zone), TICK, others=maker.others, loose=True)
        if len(walker.walks(start)) < 300:
            return world if kind is Links else _tried_near(maker, world, (-4, 0, 4))


def mixed_world(rnd: Random) -> World:
    """The same with waits for signals until something that the clock shows, and loops."""
    return linked_world(rnd, Mixed)


def year_world(rnd: Random) -> World:
    """Whole minutes, 13 months and several zones, of which a sample of the starts is tried: some
    anywhere, some about the nights on which clocks are changed, some a microsecond beside."""
    maker = Minutes(rnd, rnd.choice(ZONES))
    maker.zones = tuple(rnd.sample(ZONES, rnd.choice((2, 3, 6))))
    maker.shapes, maker.wide = ("line", "branch", "fan", "handover", "enter"), 0
    cadence = maker.cadence()
    start = maker.monday - rnd.randrange(300) * DAY
    end = start + 400 * DAY
    world = _world(maker, cadence, start, start, MINUTE)
    anywhere = [start + rnd.randrange(400 * 24 * 60) * MINUTE for _ in range(30)]
    near = [maker.change + rnd.randrange(-3000, 3000) * MINUTE for _ in range(30)]
    starts = [at + rnd.choice((-1, 0, 0, 1)) * TICK for at in (*anywhere, *near)]
    starts = sorted(at for at in starts if start <= at < end)
    return replace(world, starts=tuple(starts), end=to_us(end), sampled=True)


def _world(
    maker: Maker, cadence: Cadence, start: datetime, end: datetime, tick: timedelta
) -> World:
    starts = [start + n * tick for n in range((end - start) // tick)]
    entries = maker.policy()
    within = maker.span() if maker.chance(0.3) else None
    return World(
        cadence, entries, maker.zones, tuple(starts), to_us(start), to_us(end), tick,
        maker.entered, within, maker.others,
    )  # fmt: skip


def gentle_world(rnd: Random, zone: str | None = None) -> World:
    """A cadence that is in no hurry, for the pack `humane`; many of them have nothing to find."""
    maker = Minutes(rnd, zone or rnd.choice(ZONES))
    hours = "mon,tue,wed,thu,fri 09:00-17:00"
    decent: dict[str, Wait] = {
        "sms": UntilOpen(hours_of(hours), hours),
        "call": UntilOpen(hours_of(hours), hours),
        "email": UntilClock(rnd.choice((7, 10, 20)) * HOUR // TICK),
    }
    then: str | None = None
    for number in range(rnd.choice((1, 2, 3, 4)), 0, -1):
        channel = rnd.choice(("email", "email", "sms", "call"))
        then = maker.add(
            Step,
            channel=channel,
            then=then,
            tags=rnd.choice(((), ("helpful",), ("promotional",))),
            greeting=rnd.choice((None, "Hi {{first_name}},")),
        )
        if number == 1 and rnd.random() < 0.2:
            continue
        then = maker.add(Pause, wait=decent[channel], then=then)
        days, hour = rnd.choice((7, 8, 9, 14)), DAY // HOUR * rnd.choice((7, 8, 10))
        wait = rnd.choice(
            (LocalDays(days), BusinessDays(days), fixed(hour * 3600), fixed((hour + 2) * 3600))
        )
        if rnd.random() < 0.3 and isinstance(wait, Elapsed):
            wait = Elapsed(wait.low, wait.low + rnd.choice((1, 30)) * HOUR // TICK)
        then = maker.add(Pause, wait=wait, then=then)
    cadence = Cadence(
        name="trial",
        where=(),
        nodes=maker.nodes,
        start=then,
        team="sales",
        purpose="sales",
        audience=Audience(zones=(maker.zone,)),
        exits=frozenset(("replied", "opt_out", "declined", "meeting_booked", "purchased")),
    )
    start, end = to_us(maker.monday), to_us(maker.monday + 7 * DAY)
    return World(cadence, (), (maker.zone,), (), start, end, 30 * MINUTE)


@dataclass(frozen=True)
class Pair:
    """Two cadences that one person may be in at once, and a policy that counts."""

    cadences: tuple[Cadence, Cadence]
    entries: tuple[Entry, ...]
    zone: str
    starts: tuple[datetime, ...]
    """Of the first."""
    offsets: tuple[timedelta, ...]
    """How much later the second is entered."""
    start: int
    end: int


def pair_world(rnd: Random) -> Pair:
    """Two cadences of whole minutes about the night of the change, and offsets in steps of half an
    hour, as far as the two can meet."""
    maker = Minutes(rnd, rnd.choice(ZONES))
    maker.wide = 0
    made = []
    for name in ("one", "two"):
        maker.nodes = {}
        maker.shapes = ("line", "line", "branch", "fan")
        cadence = replace(maker.cadence(), name=name, entry_hours=None)
        made.append(replace(cadence, audience=Audience(zones=(maker.zone,))))
    rules = sorted(rnd.sample(sorted(SHARED), 2))
    entries = tuple(maker.entry(rule) for rule in rules)
    starts = tuple(maker.change + rnd.randrange(-3000, 2000) * MINUTE for _ in range(2))
    half, most = 30 * MINUTE, 14 * DAY
    offsets = tuple(n * half for n in range(-(most // half), most // half + 1))
    start, end = maker.change - 40 * DAY, maker.change + 40 * DAY
    first, second = made
    return Pair((first, second), entries, maker.zone, starts, offsets, to_us(start), to_us(end))


SHARED = {"over-cap", "pressure", "unanswered-streak", "too-soon", "overlapping-cadence"}
"""Rules about what several cadences do together."""

SEEDS = st.integers(0, 2**64 - 1)
"""A world is drawn as a seed: `tick_world(Random(seed))` makes it again."""
