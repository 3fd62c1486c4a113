"""The brute force beside the proof: a cadence walked start by start and way by way, in datetimes.

It is slow, literal and blind to the checker. `walks` lays a cadence out in every way that it can go
from one start, `objecting` judges one touch against all before it, and `search` does both for every
start and zone and remembers which steps an entry objects to, at every start or at some.

Entries are dicts: `rule`, and the parameters of the rule with durations as timedeltas. Only what
the worlds contain is judged: every touch is to one contact of one zone, and nobody answers a call.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import permutations, product
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Handover,
    LocalDays,
    Pause,
    Step,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
    Wait,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TICK = timedelta(microseconds=1)
LONG = 12
"""A wait for a signal of more ticks than these is not tried at each of them."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ENDS_STREAK = ("replied", "invited", "meeting_booked", "purchased")
ANSWERS = ("replied", "meeting_booked", "purchased")
SPOKEN = ("replied", "invited", "meeting_booked")
LEAVE_ANSWERS_ALONE = ("over-cap", "too-soon", "unanswered-streak")
TIMED = ("outside-hours", "blackout", "too-late")
PERIODS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}

Entry: TypeAlias = Mapping[str, Any]


class Entered(NamedTuple):
    """An entry into a cadence, by a `way` there."""

    at: datetime
    cadence: Cadence
    way: tuple[tuple[Cadence, str], ...] = ()


class Made(NamedTuple):
    """A touch that was laid out; `entered` are the entries, one from another, behind which it is,
    and it is `over` if an exit that was waited for on another way has ended one of these before."""

    at: datetime
    step: Step
    cadence: Cadence
    entered: tuple[Entered, ...] = ()
    over: bool = False

    @property
    def missed(self) -> bool:
        """Whether it is a call: nobody answers one."""
        return self.step.channel == "call"

    @property
    def team(self) -> str | None:
        return self.step.team or self.cadence.team

    @property
    def purpose(self) -> str:
        return self.step.purpose or self.cadence.purpose


class Heard(NamedTuple):
    """A signal that came."""

    at: datetime
    kind: str


class Given(NamedTuple):
    """A handoff."""

    at: datetime
    to: str


class Asked(NamedTuple):
    """What a branch was told of a signal: that it had `come`, or not yet."""

    at: datetime
    kind: str
    come: bool


Event: TypeAlias = Made | Heard | Given | Asked | Entered
Walk: TypeAlias = tuple[Event, ...]


# -- waits ---------------------------------------------------------------------------------------


def moment(us: int) -> datetime:
    """The instant of so many microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=us)


@cache
def _open_minutes(day: date, zone: ZoneInfo, text: str) -> list[datetime]:
    """The minutes of a UTC day in which the hours are open."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = (first + n * MINUTE for n in range(24 * 60))
    return [at for at in minutes if is_open(text, at.astimezone(zone))]


@cache
def _shown_minutes(day: date, zone: ZoneInfo, minute: int) -> list[datetime]:
    """The minutes of a UTC day at which the wall shows this minute of the day."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = (first + n * MINUTE for n in range(24 * 60))
    locals_ = ((at, at.astimezone(zone)) for at in minutes)
    return [at for at, local in locals_ if local.hour * 60 + local.minute == minute]


def is_open(text: str, local: datetime) -> bool:
    """Whether hours such as `mon,tue 09:00-17:00; sat 22:00-02:00` are open on this wall clock."""
    for window in text.split("; "):
        days, _, clocks = window.rpartition(" ")
        opens, closes = clocks.split("-")
        now, chosen = f"{local:%H:%M}", days.split(",")
        if opens < closes:
            opened = local
            inside = opens <= now < closes
        else:
            opened = local if now >= opens else local - DAY
            inside = now >= opens or now < closes
        if inside and WEEK[opened.weekday()] in chosen:
            return True
    return False


def first_open(text: str, at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant from `at` on at which the hours are open."""
    this = at.replace(second=0, microsecond=0)
    for n in range(20):
        minutes = _open_minutes((at + n * DAY).date(), zone, text)
        place = bisect_left(minutes, this)
        if place < len(minutes):
            return max(at, minutes[place])
    raise AssertionError(f"{text} never opens")


def on_wall(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the wall shows `local` (naive): the first if it is shown twice, and if
    it is skipped as long after the gap begins as it lies in it."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def ends(wait: Wait, at: datetime, zone: ZoneInfo, tick: timedelta) -> Iterable[datetime]:
    """The instants at which a wait that begins at `at` can end; those of a range by the tick."""
    wall = at.astimezone(zone).replace(tzinfo=None)
    match wait:
        case Elapsed(low=low, high=high):
            assert high is not None
            length = timedelta(microseconds=low)
            while length <= timedelta(microseconds=high):
                yield at + length
                length += tick
        case LocalDays(days=days):
            yield on_wall(wall + days * DAY, zone)
        case BusinessDays(days=days):
            while days > 0:
                wall += DAY
                days -= wall.weekday() < 5
            yield on_wall(wall, zone)
        case UntilOpen(text=text, zone=name):
            yield first_open(text, at, ZoneInfo(name) if name else zone)
        case UntilDay(days=days):
            ahead = next(n for n in range(7) if (wall + n * DAY).weekday() in days)
            yield on_wall(wall + ahead * DAY, zone) if ahead else at
        case UntilClock(clock=clock, days=days):
            yield next_shown(timedelta(microseconds=clock), days, at, zone)
        case UntilDate(at=us, local=local):
            then = on_wall(moment(us).replace(tzinfo=None), zone) if local else moment(us)
            yield max(at, then)
        case _:
            raise AssertionError(wait)


def next_shown(clock: timedelta, days: frozenset[int], at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant from `at` on at which the wall shows a time of day, on one of the days."""
    minute, rest = divmod(clock, MINUTE)
    for n in range(-1, 20):
        for shown in _shown_minutes((at + n * DAY).date(), zone, minute):
            if shown + rest >= at and shown.astimezone(zone).weekday() in days:
                return shown + rest
    raise AssertionError("never shown")


# -- ways through a cadence ----------------------------------------------------------------------


@dataclass(frozen=True)
class Walker:
    """Goes every way through a cadence in one zone. `tick` is how fine ranges are tried, `turns`
    how often one node is come to before the way is broken off."""

    cadence: Cadence
    zone: ZoneInfo
    tick: timedelta = TICK
    turns: int = 6
    others: Mapping[str, Cadence] = field(default_factory=dict)
    """Cadences that may be entered besides."""
    loose: bool = False
    """Whether branches on ways that are gone at once may be told what contradicts each other."""
    tried: tuple[datetime, ...] = ()
    """When signals come, beside the first and the last ticks, in a wait of more than `LONG`."""

    def walks(self, start: datetime) -> list[Walk]:
        """All that can happen after an entry at `start`, each in the order of time; before it come
        the signals that the audience gave, and the one that makes it enter."""
        before = [
            Heard(start - timedelta(microseconds=ground.age), ground.kind)
            for ground in self.cadence.audience.grounds or ()
        ]
        entered = self.cadence.entry_signal
        if entered is not None and Heard(start, entered) not in before:
            before.append(Heard(start, entered))
        known = {event.kind: True for event in before}
        entry = Entered(start, self.cadence)
        return [
            tuple(happened(sorted((*before, entry, *walk), key=lambda event: event.at)))
            for walk in self._from(self.cadence, self.cadence.start, start, (entry,), (), known)
        ]

    def _from(
        self,
        cadence: Cadence,
        name: str | None,
        now: datetime,
        entered: tuple[Entered, ...],
        been: tuple[tuple[Cadence, str], ...],
        known: Mapping[str, bool],
    ) -> Iterator[Walk]:
        """`entered` are the entries so far, the one into this cadence last. `known` is what a
        branch is told of a signal: that it has come, or not yet; of others it may be told
        either."""
        if name is None or been.count((cadence, name)) >= self.turns:
            yield ()
            return
        node = cadence.nodes[name]
        been = (*been, (cadence, name))

        def go(
            then: str | None,
            at: datetime,
            *events: Event,
            now_known: Mapping[str, bool] = known,
        ) -> Iterator[Walk]:
            for walk in self._from(cadence, then, at, entered, been, now_known):
                yield (*events, *walk)

        # whatever is waited for, a signal that had not come may come meanwhile
        later = {kind: True for kind, has_come in known.items() if has_come}

        match node:
            case Step():
                behind = known if node.attempts == 1 else later
                for last, made in self._attempts(node, cadence, now, 1):
                    made = [each._replace(entered=entered) for each in made]
                    yield from go(node.then, last, *made, now_known=behind)
                if node.possible:
                    yield from go(node.then, now)
            case Pause():
                since = entered[-1].at if node.since_start else now
                behind = known if node.wait == Elapsed(0, 0) and not node.since_start else later
                for end in ends(node.wait, since, self.zone, self.tick):
                    yield from go(node.then, max(now, end), now_known=behind)
            case Branch():
                for arm, answers in chosen(node.arms, known):
                    new = [Asked(now, *each) for each in answers.items() if each[0] not in known]
                    yield from go(arm.then, now, *new, now_known=answers)
            case Fan():
                ways = [list(go(then, now)) for then in node.thens]
                for walks in product(*ways):
                    if self.loose or can_be(walks):
                        yield tuple(event for walk in walks for event in walk)
            case Await():
                assert node.timeout is not None
                (end,) = ends(node.timeout, now, self.zone, self.tick)
                # it would have been heard
                kinds = {arm.signal for arm in node.arms}
                later |= {kind: False for kind in known.keys() - later.keys() if kind in kinds}
                alone = not any(isinstance(one.nodes[n], (Fan, Enter)) for one, n in been)
                for at in self._heard(now, end):
                    for arm in node.arms:
                        assert arm.signal is not None
                        if arm.signal in cadence.exits and alone:
                            continue  # nothing comes of it
                        then = None if arm.signal in cadence.exits else arm.then
                        told = Heard(at, arm.signal), Asked(at, arm.signal, come=True)
                        yield from go(then, at, *told, now_known={**later, arm.signal: True})
                yield from go(node.then, end, now_known=later)
            case Handover():
                yield from go(node.then, now, Given(now, node.to))
            case Enter():
                other = self.others[node.cadence]
                entry = Entered(now, other, been)
                inside = (*entered, entry)
                besides = list(self._from(other, other.start, now, inside, been, known))
                for walks in product(besides, list(go(node.then, now))):
                    if self.loose or can_be(walks):
                        yield (entry, *walks[0], *walks[1])
            case _:
                raise AssertionError(node)

    def _heard(self, now: datetime, end: datetime) -> Iterable[datetime]:
        """The instants at which a signal comes that is waited for until `end`."""
        if end - now <= LONG * self.tick:
            return [now + n * self.tick for n in range(-(-(end - now) // self.tick))]
        edges = (at + n * self.tick for n in range(3) for at in (now, end - 3 * self.tick))
        return sorted({*edges, *(at for at in self.tried if now <= at < end)})

    def _attempts(
        self, step: Step, cadence: Cadence, now: datetime, number: int
    ) -> Iterator[tuple[datetime, list[Made]]]:
        """A step's touches, one after another, and when the last is made."""
        made = Made(now, step, cadence)
        if number == step.attempts:
            yield now, [made]
            return
        assert step.every is not None
        for following in ends(step.every, now, self.zone, self.tick):
            for last, rest in self._attempts(step, cadence, following, number + 1):
                yield last, [made, *rest]


def happened(walk: Sequence[Event]) -> Iterator[Event]:
    """What happens on a walk, in the order of time, and of each touch whether it is over."""
    for index, event in enumerate(walk):
        if isinstance(event, Made):
            yield event._replace(entered=(), over=is_over(walk, index, event.entered))
        elif not isinstance(event, (Asked, Entered)):
            yield event


def is_over(walk: Sequence[Event], index: int, entered: Sequence[Entered]) -> bool:
    """Whether a signal has ended a cadence, or one by which it was entered, before a touch or that
    entry."""
    for entry in reversed(entered):
        since = walk.index(entry)
        if any(isinstance(e, Heard) and e.kind in entry.cadence.exits for e in walk[since:index]):
            return True
        index = since
    return False


def can_be(walks: Sequence[Walk]) -> bool:
    """Whether walks can be gone at once: where one is told that a signal has come, no other is told
    then or later that it has not."""
    asked = [[event for event in walk if isinstance(event, Asked)] for walk in walks]
    return not any(
        one.come and not two.come and one.kind == two.kind and one.at <= two.at
        for here, there in permutations(asked, 2)
        for one, two in product(here, there)
    )


def chosen(
    arms: Sequence[Arm], known: Mapping[str, bool]
) -> Iterator[tuple[Arm, Mapping[str, bool]]]:
    """The arms that may be the first that fits, each with what is known of the signals then."""
    # of an arm with a text only people can say whether it fits
    kinds = [None if arm.text else arm.signal for arm in arms]
    open_ = sorted({kind for kind in kinds if kind is not None} - known.keys())
    for answers in product((True, False), repeat=len(open_)):
        told = {**known, **dict(zip(open_, answers, strict=True))}
        for n, (arm, kind) in enumerate(zip(arms, kinds, strict=True)):
            if kind is None or told[kind] is not arm.unless:
                asked = {*known, *kinds[: n + 1]}
                yield arm, {each: told[each] for each in told.keys() & asked}
                if kind is not None:
                    break


# -- judging -------------------------------------------------------------------------------------


def selects(entry: Entry, made: Made) -> bool:
    """Whether an entry judges, and so counts, a touch."""
    step = made.step
    meeting = step.channel == "meeting" and entry["rule"] in ("over-cap", "too-soon")
    return (
        not meeting
        and step.channel in entry.get("channels", (step.channel,))
        and made.purpose in entry.get("purposes", (made.purpose,))
        and made.team in entry.get("teams", (made.team,))
        and ("tags" not in entry or not set(entry["tags"]).isdisjoint(step.tags))
    )


def counts(entry: Entry, made: Made) -> bool:
    """Whether a touch is made for an entry: of what is over only hours and dates are asked."""
    return not made.over or entry["rule"] in TIMED


def crowded(times: Sequence[datetime], most: int, per: timedelta) -> bool:
    """Whether a window that holds the last of these instants holds more than `most` of them."""
    now = times[-1]
    return sum(now - at < per for at in times) > most


def answers(
    walk: Sequence[Event], index: int, within: timedelta | None, upto: int | None = None
) -> bool:
    """Whether a touch is by a person, while the contact spoke last: later than every other touch by
    a person up to its instant, so of two at one instant neither answers. `upto` is the place of the
    touch judged, if it is another one."""
    new = walk[index]
    assert isinstance(new, Made)
    if within is None or new.step.automated:
        return False
    for event in walk[index + 1 : index + 1 if upto is None else upto]:
        if isinstance(event, Made) and not event.step.automated and event.at == new.at:
            return False
    for event in reversed(walk[:index]):
        if isinstance(event, Heard) and event.kind in SPOKEN:
            return new.at - event.at <= within
        if isinstance(event, Made) and not event.step.automated:
            return False
    return False


def objects(
    entry: Entry,
    walk: Sequence[Event],
    index: int,
    zone: ZoneInfo,
    within: timedelta | None = None,
) -> str | None:
    """The code under which an entry objects to a touch of a walk, if it does. `within`: how old
    what is answered may be, if the policy leaves answers alone."""
    new = walk[index]
    assert isinstance(new, Made)
    now, step = new.at, new.step
    if not selects(entry, new) or not counts(entry, new):
        return None
    free = within if entry["rule"] in LEAVE_ANSWERS_ALONE else None
    if answers(walk, index, free):
        return None
    line = [
        event
        for place, event in enumerate(walk[:index])
        if isinstance(event, Made)
        and selects(entry, event)
        and not answers(walk, place, free, index)
    ]
    times = [*(made.at for made in line), now]
    heard = [(place, event) for place, event in enumerate(walk[:index]) if isinstance(event, Heard)]
    match entry["rule"]:
        case "over-cap" if entry["max"] == 0:
            return "CG301"
        case "over-cap" if "per" in entry:
            return "CG301" if crowded(times, entry["max"], entry["per"]) else None
        case "over-cap":
            periods = [at.astimezone(zone).strftime(PERIODS[entry["calendar"]]) for at in times]
            return "CG301" if periods.count(periods[-1]) > entry["max"] else None
        case "too-soon":
            return "CG302" if crowded(times, 1, entry["gap"]) else None
        case "unanswered-streak":
            answered = max((n for n, said in heard if said.kind in ENDS_STREAK), default=-1)
            streak = [
                event.at
                for n, event in enumerate(walk[:index])
                if event in line and n > answered and now - event.at < 400 * DAY
            ]
            steps = [step for step in entry["steps"] if len(streak) >= step["after"]]
            if steps and (steps[-1]["gap"] == "never" or now - streak[-1] < steps[-1]["gap"]):
                return "CG303"
        case "missed-calls":
            missed = [made.at for made in line if made.missed and step.channel == "call"]
            many = sum(now - at < entry["per"] for at in missed) >= entry["max"]
            near = any(now - at < entry.get("gap", timedelta()) for at in missed)
            if step.channel == "call" and (many or near):
                return "CG304"
        case "repeated-message":
            message = (new.cadence.name, step.name)
            same = [m.at for m in line if (m.cadence.name, m.step.name) == message and not m.missed]
            return "CG305" if any(now - at < entry["per"] for at in same) else None
        case "outside-hours":
            return None if is_open(entry["hours"], now.astimezone(zone)) else "CG401"
        case "blackout":
            return "CG403" if now.astimezone(zone).date() in entry["dates"] else None
        case "too-late":
            late = step.not_after is not None and now > moment(step.not_after)
            return "CG404" if late else None
        case "not-the-holder":
            given = [event for event in walk[:index] if isinstance(event, Given)]
            if given and now - given[-1].at < entry["lapses"]:
                return "CG601" if new.team != given[-1].to else None
            other = [made.at for made in line if made.team != new.team]
            return "CG601" if any(now - at < entry["for"] for at in other) else None
        case "missing-consent":
            stretches = [
                (said.at, said.at + lasts)
                for ground in entry["accept"]
                for kind, lasts in ground.items()
                for _, said in heard
                if said.kind == kind
            ]
            if not any(begins <= now < end for begins, end in stretches):
                return "CG103" if stretches else "CG102"
        case "already-answered":
            recent = any(s.kind in ANSWERS and now - s.at < entry["for"] for _, s in heard)
            return "CG603" if step.automated and recent else None
        case "overlapping-cadence":
            other = [made.at for made in line if made.cadence is not new.cadence]
            near = any(now - at < entry["for"] for at in other)
            return "CG602" if step.automated and near else None
        case "pressure":
            for cap in entry["caps"]:
                tagged = [m.at for m in line if not set(cap["tags"]).isdisjoint(m.step.tags)]
                mine = not set(cap["tags"]).isdisjoint(step.tags)
                if mine and crowded([*tagged, now], cap["max"], cap["per"]):
                    return "CG702"
        case rule:
            raise AssertionError(rule)
    return None


# -- the search ----------------------------------------------------------------------------------


@dataclass
class Found:
    """What one entry says of a step that is made on some walks, once or several times on each."""

    codes: set[str] = field(default_factory=set)
    refused: tuple[datetime, str, Walk] | None = None
    """The first start, zone and walk on which one of the step's touches is refused."""
    free: tuple[datetime, str, Walk] | None = None
    """The first on which the step is made, and each of its touches let pass."""
    most: int = 0
    """How many touches it makes on one walk at most."""

    @property
    def certainty(self) -> str | None:
        """`always` if it objects to one touch or another on every walk on which the step is made,
        `sometimes` if on some, None if on none."""
        if self.refused is None:
            return None
        return "always" if self.free is None else "sometimes"


Key: TypeAlias = tuple[str, str, int]
"""A cadence, a step, and the place of an entry in the policy."""


def search(
    cadence: Cadence,
    entries: Sequence[Entry],
    starts: Iterable[datetime],
    zones: Iterable[str],
    tick: timedelta = TICK,
    turns: int = 6,
    entered: str | None = None,
    within: timedelta | None = None,
    others: Mapping[str, Cadence] | None = None,
    loose: bool = False,
    tried: tuple[datetime, ...] = (),
) -> dict[Key, Found]:
    """What every entry says of every step, over all starts, zones and ways. `entered`: the hours in
    which somebody can enter; `within` as in `objects`, `loose` and `tried` as in `Walker`."""
    found: dict[Key, Found] = {}
    starts = list(starts)
    for name in zones:
        zone = ZoneInfo(name)
        walker = Walker(cadence, zone, tick, turns, others or {}, loose, tried)
        for start in starts:
            if entered and not is_open(entered, start.astimezone(zone)):
                continue
            for walk in walker.walks(start):
                tell(found, entries, start, walk, zone, within)
    return found


def tell(
    found: dict[Key, Found],
    entries: Sequence[Entry],
    start: datetime,
    walk: Walk,
    zone: ZoneInfo,
    within: timedelta | None = None,
) -> None:
    """Judges every touch of a walk, and what that says of each step on it."""
    made: dict[tuple[str, str], list[int]] = {}
    for index, event in enumerate(walk):
        if isinstance(event, Made):
            made.setdefault((event.cadence.name, event.step.name), []).append(index)
    for step, indices in made.items():
        for place, entry in enumerate(entries):
            said = found.setdefault((*step, place), Found())
            said.most = max(said.most, len(indices))
            if said.refused and said.free:
                continue  # there is nothing more to learn
            codes = {objects(entry, walk, index, zone, within) for index in indices} - {None}
            said.codes.update(code for code in codes if code is not None)
            if codes:
                said.refused = said.refused or (start, zone.key, walk)
            elif any(isinstance(one := walk[n], Made) and counts(entry, one) for n in indices):
                said.free = said.free or (start, zone.key, walk)


def search_pair(
    first: Walker,
    second: Walker,
    entries: Sequence[Entry],
    starts: Iterable[datetime],
    offsets: Iterable[timedelta],
) -> dict[Key, Found]:
    """What every entry says of the steps of two cadences that one person is in at once, the second
    entered so much later than the first. Both walkers are of one zone."""
    found: dict[Key, Found] = {}
    offsets = list(offsets)
    for start in starts:
        for offset in offsets:
            for pair in product(first.walks(start), second.walks(start + offset)):
                walk = tuple(sorted(pair[0] + pair[1], key=lambda event: event.at))
                tell(found, entries, start, walk, first.zone)
    return found
