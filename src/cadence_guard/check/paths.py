"""From the graph of a cadence to the ways through it.

A way is a sequence of stops: touches, handoffs and signals, each so many waits after another one or
after the entry. What happens at once (a fan, a cadence entered besides) needs nothing special then.

- A branch is one way for each arm; variants, shares and what a tool may leave out likewise. That a
  signal a branch asks for has come is not told: it would have come at an instant nobody knows.
- What has come, has come: at the entry, in a wait for it, or by an earlier branch. What has not may
  come while something is waited for, unless it is that signal. So there is no way on which a branch
  is answered otherwise; of what is gone at once as far as it is known which branch comes first.
- A wait for a signal is one way for each arm, on which the signal comes at some instant before the
  time-out, and one on which it never comes. Of signals that nothing reads and that end no cadence,
  one way for all that lead on to one place. An exit leads nowhere: it ends the cadence.
- A wait that nobody knows is long enough: what follows it is a way of its own, entered at any
  instant.
- Nobody answers a call, and it is tried as often as the file says: somebody who answers has spoken,
  and then other rules speak.
- A loop is gone round until it has lasted as long as a rule looks back.

Whatever has more ways, stops or turns than the bounds is cut off there, and `reasons` says so.
Nothing here recurses, and the work is bounded for any graph.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from cadence_guard._struct import struct
from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Handover,
    Node,
    Pause,
    Step,
    Unknown,
    Wait,
)
from cadence_guard.check import assumptions
from cadence_guard.check.layout import Leg, SinceStart, Stop, Upto, joined, least, most

WAYS: Final = 512
STOPS: Final = 200
TURNS: Final = 100
VISITS: Final = 100_000
"""Bounds: ways through a cadence, stops on one, turns of a loop, nodes come to in all."""


@struct
class Heard:
    """A signal of a way."""

    kind: str
    channel: str | None = None
    purpose: str | None = None


@struct
class Made:
    """A touch of a way: a step of a cadence."""

    step: Step
    cadence: Cadence

    @property
    def outcome(self) -> str | None:
        """What becomes of it: nobody answers a call; of others nothing need be known."""
        return "no_answer" if self.step.channel == "call" else None


What: TypeAlias = Made | Handover | Heard | Enter | Fan


class Item(NamedTuple):
    """A stop of a way, and what happens there. At an `Enter` or a `Fan` nothing does but that it is
    a stop."""

    what: What
    stop: Stop


@dataclass(eq=False, frozen=True)
class Path:
    """A way through a cadence. `fresh` says that it does not begin with the entry, but behind a
    wait that nobody knows, and `before` are the last touches on a way to there. `cadences` are the
    cadence and those that it enters."""

    cadences: tuple[Cadence, ...]
    items: tuple[Item, ...]
    fresh: bool = False
    before: tuple[Made, ...] = ()

    @cached_property
    def in_line(self) -> bool:
        """Whether each of its stops hangs on the one before it."""
        return all(item.stop.after == place - 1 for place, item in enumerate(self.items))


@dataclass(slots=True)
class Ways:
    """The ways through a cadence, why they are not all, and what had to be assumed."""

    paths: list[Path] = field(default_factory=list)
    reasons: dict[str, None] = field(default_factory=dict)
    assumes: dict[str, None] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class _Chain:
    """The items of a way so far, the last one first: ways share what they have in common."""

    item: Item
    place: int
    before: _Chain | None


class _Thread(NamedTuple):
    """What is still to be gone: a node, and from where its waits count.

    `base` is the stop at which its cadence was entered, `least` and `most` how long the way to here
    takes (None: nobody can say), and `line` which of those that are gone at once it is: where
    another one has been is not where it has. Of the signals that branches ask for, some `came`, and
    some are `absent` so far; of the others nobody knows.
    """

    cadence: Cadence
    node: str | None
    after: int
    legs: tuple[Leg, ...]
    base: int
    least: int
    most: int | None = 0
    line: int = 0
    came: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()


class _Told(NamedTuple):
    """What a branch was told on one of the ways that are gone at once, and when, after the entry:
    that a signal had `come`, or not yet."""

    kind: str
    come: bool
    least: int
    most: int | None


class _Entry(NamedTuple):
    """Where ways begin: at a node of a cadence, when some signals `came`; `fresh` behind a wait
    that nobody knows, to which one has gone by the touches `before` and a `chain`."""

    cadence: Cadence
    node: str | None
    came: frozenset[str]
    fresh: bool = False
    before: tuple[Made, ...] = ()
    chain: _Chain | None = None


class _Visit(NamedTuple):
    """When a node was first come to on a way, how often, and with what the last time."""

    least: int
    stops: int
    times: int = 0
    full: bool = False
    """Whether the last time was so late, and after so many stops, that all has been seen."""
    last: tuple[int, tuple[Leg, ...]] | None = None


@dataclass(slots=True)
class _State:
    """A way so far, and the threads still to be gone, the next one last."""

    threads: list[_Thread]
    chain: _Chain | None
    visits: dict[int, dict[tuple[str, str], _Visit]]
    """Where each line has been."""
    lines: int = 1
    """How many there have been."""
    told: tuple[_Told, ...] = ()

    @property
    def stops(self) -> int:
        """How many stops the way has so far."""
        return self.chain.place + 1 if self.chain else 0

    def stop(self, what: What, thread: _Thread) -> int:
        """Adds a stop, and says its place."""
        place = self.stops
        self.chain = _Chain(Item(what, Stop(thread.after, thread.legs)), place, self.chain)
        return place

    def forked(self, thread: _Thread) -> _State:
        """Another state that goes on with this thread first."""
        going = [*self.threads, thread]
        visits = {thread.line: dict(self.visits[thread.line]) for thread in going}
        forked = _State(going, self.chain, visits, self.lines, self.told)
        forked.tell(thread)
        return forked

    def tell(self, thread: _Thread) -> None:
        """Keeps what a line knows of signals, for those that are gone at once with it."""
        if self.lines > 1:
            known = self.knowing(thread._replace(came=frozenset(), absent=frozenset()))
            new = [(kind, True) for kind in sorted(thread.came - known.came)]
            new += [(kind, False) for kind in sorted(thread.absent - known.absent)]
            self.told += tuple(_Told(*each, thread.least, thread.most) for each in new)

    def knowing(self, thread: _Thread) -> _Thread:
        """A thread with what others were told that holds for it as well: what has come by then has
        come by now, and what has not come then has not now."""
        came = {
            one.kind
            for one in self.told
            if one.come and one.most is not None and one.most <= thread.least
        }
        absent = {
            one.kind
            for one in self.told
            if not one.come and thread.most is not None and thread.most <= one.least
        }
        return thread._replace(came=thread.came | came, absent=thread.absent | absent - came)

    def beside(self, thread: _Thread) -> int:
        """A line that begins at a thread, and has been where that has."""
        line = self.lines
        self.lines += 1
        self.visits[line] = dict(self.visits[thread.line])
        return line


def ways(
    cadence: Cadence,
    *,
    longest: int,
    touches: int,
    others: Mapping[str, Cadence] | None = None,
    unread: frozenset[str] = frozenset(),
) -> Ways:
    """The ways through a cadence.

    `longest` is how long a loop is gone round, in microseconds, and `touches` how many stops it has
    at least. `others` are the cadences known by name, for those that are entered besides.
    `unread` are signals that nothing reads: which of them comes is all the same where one way leads
    on from both.
    """
    return _Walk(cadence, longest, touches, others or {}, unread).go()


class _Walk:
    def __init__(
        self,
        cadence: Cadence,
        longest: int,
        touches: int,
        others: Mapping[str, Cadence],
        unread: frozenset[str],
    ) -> None:
        self._longest = longest
        self._touches = touches
        self._others = others
        self._cadences = {cadence: None}
        self._found = Ways()
        self._budget = VISITS
        self._asked = frozenset(
            kind
            for one in (cadence, *self._others.values())
            for node in one.nodes.values()
            if isinstance(node, Branch)
            for arm in node.arms
            for kind in arm.asks
        )
        exits = (one.exits for one in (cadence, *self._others.values()))
        self._unread = unread.difference(self._asked, *exits)
        said = {signal.kind for _, signal in assumptions.signals(cadence)}
        self._entries = [_Entry(cadence, cadence.start, self._asked & said)]
        self._before: tuple[Made, ...] = ()
        """The touches before the entry that is gone from."""
        self._entered: set[tuple[str, str | None, frozenset[str]]] = set()
        self._stack: list[_State] = []

    def go(self) -> Ways:
        while self._entries:
            cadence, node, came, fresh, before, chain = self._entries.pop(0)
            if (cadence.name, node, came) in self._entered:
                continue
            made = (item.what for item in _items(chain) if isinstance(item.what, Made))
            self._before = (*before, *made)[-STOPS:]
            self._entered.add((cadence.name, node, came))
            thread = _Thread(cadence, node, -1, (), -1, 0, came=came)
            self._stack.append(_State([thread], None, {0: {}}))
            self._all(fresh)
        cadences = tuple(self._cadences)
        self._found.paths = [replace(path, cadences=cadences) for path in self._found.paths]
        return self._found

    def _all(self, fresh: bool) -> None:
        """Every way from one entry."""
        emitted: set[_Chain] = set()
        seen: set[Hashable] = set()
        while self._stack:
            state = self._stack.pop()
            self._follow(state, seen)
            if state.threads or state.chain is None or state.chain in emitted:
                continue
            if len(self._found.paths) >= WAYS:
                self._say_ways()
                self._stack.clear()
                return
            emitted.add(state.chain)
            items = tuple(_items(state.chain))
            self._found.paths.append(Path((), items, fresh, self._before))

    def _say(self, reason: str) -> None:
        self._found.reasons[reason] = None

    def _say_ways(self) -> None:
        self._say(f"it has more than {WAYS} ways; the others were not looked at")

    def _follow(self, state: _State, seen: set[Hashable]) -> None:
        """Goes on until nothing is left, or the way forks; threads that are left say that it did,
        and that the forks are on the stack."""
        while state.threads:
            thread = state.threads.pop()
            node = thread.cadence.nodes.get(thread.node or "")
            if node is None or not self._may_go(state, thread, node):
                continue
            if isinstance(node, (Step, Branch, Await)):
                here = (state.chain, (*state.threads, thread), state.told)
                if here in seen:  # another way has come here already, and goes on
                    state.threads.clear()
                    state.chain = None
                    return
                seen.add(here)
            match node:
                case Step():
                    if node.possible:
                        without = thread._replace(node=node.then)
                        self._stack.append(state.forked(without))
                    state.threads.append(self._step(state, thread, node))
                case Pause(wait=Unknown()):
                    self._entries.append(self._behind(state, thread, node.then))
                case Pause(wait=wait, then=then, since_start=since_start):
                    leg = SinceStart(wait, thread.base) if since_start else wait
                    state.threads.append(_on(thread, then, leg))
                case Handover(then=then):
                    place = state.stop(node, thread)
                    state.threads.append(thread._replace(node=then, after=place, legs=()))
                case Fan(thens=thens):
                    if len(thens) > STOPS:
                        self._say(f"more than {STOPS} of its ways are gone at once")
                    if thread.legs:  # which they have in common; a range falls once for all
                        thread = thread._replace(after=state.stop(node, thread), legs=())
                    besides = [
                        thread._replace(node=then, line=state.beside(thread))
                        for then in thens[1:STOPS]
                    ]
                    state.threads += [
                        *reversed(besides),
                        *(thread._replace(node=then) for then in thens[:1]),
                    ]
                case Enter(then=then):
                    place = state.stop(node, thread)
                    thread = thread._replace(node=then, after=place, legs=())
                    state.threads.append(thread)
                    if (other := self._others.get(node.cadence)) is not None:
                        self._cadences[other] = None
                        line = state.beside(thread)
                        state.threads.append(
                            thread._replace(cadence=other, node=other.start, base=place, line=line)
                        )
                    else:
                        self._found.assumes[
                            f"cadence {node.cadence!r}, which is entered besides, makes no touch"
                        ] = None
                case _:
                    assert isinstance(node, (Branch, Await))
                    self._fork(state, thread, node)
                    return

    def _fork(self, state: _State, thread: _Thread, node: Branch | Await) -> None:
        """Puts one state for each arm on the stack, the first on top."""
        forks: list[_State] = []
        arms = node.arms[:WAYS]
        if len(node.arms) > WAYS:
            self._say_ways()
        if isinstance(node, Branch):
            forks = [state.forked(each) for each in _taken(state.knowing(thread), arms)]
        else:
            timeout = node.timeout if node.timeout is not None else Elapsed(0, None)
            known = not isinstance(timeout, Unknown)
            early = Upto(timeout if known else Elapsed(0, None))
            heard = thread.absent & {arm.signal for arm in node.arms}
            alike: set[str | None] = set()
            for arm in arms:
                if arm.unless:
                    forks += self._timed_out(state, thread, arm.then, node.timeout, heard)
                    continue
                if timeout == Elapsed(0, 0):
                    continue  # it is over at once
                then = arm.then
                if arm.signal in thread.cadence.exits:
                    then = None  # the cadence ends, but not what is gone at once with it
                    if state.lines == 1:
                        continue
                if arm.signal in self._unread:
                    if then in alike:
                        continue
                    alike.add(then)
                now = self._asked & {arm.signal}
                come = _on(thread, then, early)
                come = come._replace(came=come.came | now, absent=heard - now)
                forked = state.forked(come)
                if arm.signal is not None:
                    place = forked.stop(Heard(arm.signal), come)
                    forked.threads[-1] = come._replace(after=place, legs=())
                forks.append(forked)
            forks += self._timed_out(state, thread, node.then, node.timeout, heard)
        self._stack += reversed(forks or [state.forked(thread._replace(node=None))])
        state.threads.append(thread)  # a sign that it goes on in its forks

    def _timed_out(
        self,
        state: _State,
        thread: _Thread,
        then: str | None,
        timeout: Wait | None,
        absent: frozenset[str],
    ) -> list[_State]:
        if timeout is None:
            return []
        if isinstance(timeout, Unknown):
            self._entries.append(self._behind(state, thread, then))
            return []
        return [state.forked(_on(thread, then, timeout)._replace(absent=absent))]

    def _behind(self, state: _State, thread: _Thread, then: str | None) -> _Entry:
        """What is behind a wait that nobody knows."""
        return _Entry(thread.cadence, then, thread.came, True, self._before, state.chain)

    def _step(self, state: _State, thread: _Thread, step: Step) -> _Thread:
        """Adds the touches of a step, and says how it goes on."""
        attempts = step.attempts if step.every is not None else 1
        if isinstance(step.every, Unknown):
            attempts = 1
        elif attempts > TURNS:
            self._say(f"step {step.id!r} has more than {TURNS} attempts")
            attempts = TURNS
        made = Made(step, thread.cadence)
        for attempt in range(attempts):
            if attempt:
                assert step.every is not None
                thread = _on(thread, None, step.every)
            thread = thread._replace(after=state.stop(made, thread), legs=())
        return thread._replace(node=step.then)

    def _may_go(self, state: _State, thread: _Thread, node: Node) -> bool:
        """Whether a way is to go on at a node: within the bounds, and not round a loop for ever."""
        self._budget -= 1 + _copied(state, thread, node) // 64
        if self._budget < 0:
            self._say(f"it has more than {VISITS} places on its ways")
            self._stack.clear()
            return False
        if state.stops >= STOPS or len(thread.legs) >= STOPS:
            self._say(f"it has more than {STOPS} stops or waits on one way")
            return False
        visits = state.visits[thread.line]
        key = (thread.cadence.name, node.id)
        visit = visits.get(key) or _Visit(thread.least, state.stops)
        now = (thread.after, thread.legs)
        if visit.last == now or visit.full:
            return False  # round and round without a wait, or long enough
        if visit.times >= TURNS:
            self._say(f"its loops were gone round {TURNS} times only")
            return False
        lasts, stops = thread.least - visit.least, state.stops - visit.stops
        full = lasts >= self._longest and stops > self._touches
        visits[key] = visit._replace(times=visit.times + 1, full=full, last=now)
        return True


def _copied(state: _State, thread: _Thread, node: Node) -> int:
    """How much is copied where a way forks: where those lines have been that go on."""
    forks, besides = 0, 0
    match node:
        case Branch(arms=arms) | Await(arms=arms):
            forks = min(len(arms), WAYS) + 1
        case Step(possible=True):
            forks = 1
        case Fan(thens=thens):
            besides = min(len(thens), STOPS)
        case Enter():
            besides = 1
    lines = (each.line for each in (*state.threads, thread)) if forks else ()
    here = forks * (1 + sum(len(state.visits[line]) for line in lines))
    return here + besides * (1 + len(state.visits[thread.line]))


def _taken(thread: _Thread, arms: Iterable[Arm]) -> Iterator[_Thread]:
    """A thread in each arm of a branch that it may go: the first that fits is taken."""
    for arm in arms:
        yes = None if arm.asks & thread.absent else thread._replace(came=thread.came | arm.asks)
        no = None if arm.asks & thread.came else thread._replace(absent=thread.absent | arm.asks)
        fits, other = (no, yes) if arm.unless else (yes, no)
        if fits is not None:
            yield fits._replace(node=arm.then)
        if other is None:
            return
        thread = other


def _on(thread: _Thread, node: str | None, leg: Leg) -> _Thread:
    """A thread after one more wait, in which any signal may come."""
    if leg == Elapsed(0, 0):
        return thread._replace(node=node)
    legs = (*thread.legs, leg)
    if len(legs) > 1 and (both := joined(*legs[-2:])):
        legs = (*legs[:-2], both)
    if isinstance(leg, SinceStart):  # it may be over, as in every turn of a loop but the first
        low, high = 0, most(leg.wait)
    else:
        low, high = least(leg), most(leg)
    high = None if high is None or thread.most is None else thread.most + high
    return thread._replace(
        node=node, legs=legs, least=thread.least + low, most=high, absent=frozenset()
    )


def _items(chain: _Chain | None) -> list[Item]:
    items: list[Item] = []
    while chain is not None:
        items.append(chain.item)
        chain = chain.before
    return items[::-1]
