"""A cadence as the checker sees it: steps, waits and branches, whatever file they came from.

Importers make these, the checker lays them out in time. Nothing here reads a file or judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from cadence_guard._struct import struct
from cadence_guard.instants import SECOND, Hours

Where: TypeAlias = tuple[str | int, ...]
"""A place in a file: the keys and indexes that lead to it."""

# -- waits: functions from one instant to a later one --------------------------------------------


@struct
class Elapsed:
    """Between `low` and `high` microseconds, equal for a fixed wait; `high` None has no end."""

    low: int
    high: int | None


@struct
class LocalDays:
    """As many days later, at the same time on the contact's wall clock."""

    days: int


@struct
class BusinessDays:
    """As many days of Monday to Friday later, at the same time on the contact's wall clock."""

    days: int


@struct
class UntilOpen:
    """To the first instant, this one included, that lies in the hours of the contact's week.

    `text` says the hours as the file does, for people. With `zone`, the name of one, they are hours
    of that zone's clock, whatever the contact's shows: the window of a sequencer.
    """

    hours: Hours
    text: str
    zone: str | None = None


@struct
class UntilClock:
    """To the next time of day on the contact's wall clock, this instant included.

    `clock` in microseconds after midnight; `days` those allowed, 0 = Monday.
    """

    clock: int
    days: frozenset[int] = frozenset(range(7))


@struct
class UntilDay:
    """To the first of some days, today included, at the same time on the contact's wall clock.

    `days` are those allowed, 0 = Monday.
    """

    days: frozenset[int]


@struct
class UntilDate:
    """To an instant, or not at all if that has passed.

    `local` says that `at` is what the contact's wall shows, in microseconds as if it were UTC.
    """

    at: int
    local: bool = False


@struct
class Unknown:
    """For a time that the file does not say; `not_understood` tells it."""

    why: str


Wait: TypeAlias = (
    Elapsed | LocalDays | BusinessDays | UntilOpen | UntilClock | UntilDay | UntilDate | Unknown
)

# -- nodes: what happens, and what comes then ----------------------------------------------------


@struct
class Node:
    """One place in a flow. `where` is where the file says it."""

    id: str
    where: Where


@struct
class Step(Node):
    """A touch. What it leaves None the cadence says, or nobody does.

    `attempts` and `every` are the retries of a call nobody answered. `possible` says that it may
    be left out: a tool in the hands of an AI agent. `step` is what its touches are called if not
    like the node: the turns of a loop are nodes of their own, and one step.
    """

    channel: str
    then: str | None
    team: str | None = None
    purpose: str | None = None
    sender: str | None = None
    tags: tuple[str, ...] = ()
    greeting: str | None = None
    unsubscribe: tuple[str, ...] = ()
    offer: str | None = None
    deadline: int | None = None
    not_after: int | None = None
    because: str | None = None
    template: str | None = None
    discloses_source: bool = False
    automated: bool = True
    attempts: int = 1
    every: Wait | None = None
    possible: bool = False
    step: str | None = None

    @property
    def name(self) -> str:
        """What its touches name as their step."""
        return self.step or self.id

    @property
    def turn(self) -> str | None:
        """Which turn of its loop it belongs to, from the second on: `2`, of nested loops `2.1`."""
        return None if self.step is None else self.id.removeprefix(f"{self.step}@")


@struct
class Pause(Node):
    """A wait. With `since_start` it is counted from the entry into the cadence."""

    wait: Wait
    then: str | None
    since_start: bool = False


@struct
class Arm:
    """One way out of a branch: what comes then, and when it is taken.

    `signal` is the signal that must have come (`unless` turns it round), `share` the part of the
    contacts between 0 and 1, `text` what the file says, for people. All None: nobody knows.
    """

    then: str | None
    signal: str | None = None
    unless: bool = False
    share: float | None = None
    text: str = ""

    @property
    def asks(self) -> frozenset[str]:
        """The signal, if whether that has come is all that is asked: a text may say more."""
        return frozenset(() if self.signal is None or self.text else (self.signal,))


@struct
class Branch(Node):
    """One of several ways is taken."""

    arms: tuple[Arm, ...]


@struct
class Fan(Node):
    """All of several ways are taken at once."""

    thens: tuple[str, ...]


@struct
class Await(Node):
    """Waits for a signal. The arm of the signal that comes first is taken, at that instant; after
    `timeout` (None: never) `then`."""

    arms: tuple[Arm, ...]
    timeout: Wait | None
    then: str | None


@struct
class Handover(Node):
    """Gives the contact to another team (an event `handoff`)."""

    to: str
    then: str | None


@struct
class Enter(Node):
    """Puts the contact into another cadence, besides this one."""

    cadence: str
    then: str | None


# -- cadences ------------------------------------------------------------------------------------


@struct
class Ground:
    """What an audience gave: a consent, or a signal such as `invited`, so long before the entry."""

    kind: str
    purpose: str | None = None
    channel: str | None = None
    age: int = 0


@struct
class Audience:
    """Who enters a cadence. What is None or empty is not said, and assumed in its favour.

    `kind` is `prospects` or `customers`. `grounds` is what the audience relies on; `use` and
    `source` are those of its contact points.
    """

    kind: str | None = None
    countries: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] | None = None
    use: str | None = None
    source: str | None = None
    account: bool = False
    """Whether several people of one account are in it."""
    people: int | None = None
    """How many of them at once, if the file says."""


ANYBODY: Final = Audience()
"""An audience of which nothing is said."""


@struct
class Label:
    """A wait by its name: what it really waits, and what its name says, in seconds.

    `default_of` is whose default the time is, if the file does not say all of it.
    """

    name: str
    where: Where
    seconds: float | None
    label_seconds: float | None
    default_of: str | None = None

    @property
    def contradicts(self) -> bool:
        """Whether the name says one time and the file another."""
        return None not in (self.seconds, self.label_seconds) and self.seconds != self.label_seconds


@struct
class NotUnderstood:
    """Something of a file that its importer could not read."""

    what: str
    where: Where
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Cadence:
    """A flow that one contact goes through.

    `nodes` are in the order of the file; `start` is the first (None: nothing happens). `exits` are
    the signals that end it for the contact. `anchor` says what its delays count from; `ambiguous`
    that the file does not settle that, and `other` then is the other reading. `again` is how long
    after an entry the next one may come (None: never). `schedule` is False if it has steps and no
    times.
    """

    name: str
    where: Where
    nodes: Mapping[str, Node]
    start: str | None
    team: str | None = None
    purpose: str = "sales"
    audience: Audience = ANYBODY
    entry_signal: str | None = None
    entry_hours: Hours | None = None
    again: int | None = None
    exits: frozenset[str] = frozenset()
    anchor: str | None = "previous"
    ambiguous: bool = False
    other: Cadence | None = None
    labels: tuple[Label, ...] = ()
    unknown: tuple[NotUnderstood, ...] = ()
    schedule: bool = True
    assumes: tuple[str, ...] = ()
    """What its importer took for granted, in words."""

    @property
    def steps(self) -> Iterator[Step]:
        """Its steps, in the order of the file."""
        return (node for node in self.nodes.values() if isinstance(node, Step))


@struct
class Ignore:
    """A finding that a comment asks to leave out: the codes, the line it is about, the reason.

    `lines` are all of the step, or cadence, that it is about, without those of the steps in it.
    `misspelt` is a comment that only looks like one, as it is written: it has no codes."""

    codes: tuple[str, ...]
    line: int
    reason: str
    comment_line: int
    comment_column: int = 1
    misspelt: str | None = None
    lines: frozenset[int] = frozenset()


@struct
class CadenceFile:
    """What was read of one file: its cadences, and which of them one person may be in at once."""

    format: str
    cadences: tuple[Cadence, ...]
    together: tuple[tuple[str, ...], ...] = ()
    ignores: tuple[Ignore, ...] = ()


def follow(node: Node) -> tuple[str | None, ...]:
    """The nodes that may come right after a node."""
    match node:
        case Branch(arms=arms):
            return tuple(arm.then for arm in arms)
        case Fan(thens=thens):
            return thens
        case Await(arms=arms, then=then):
            return (*(arm.then for arm in arms), then)
        case Step(then=then) | Pause(then=then) | Handover(then=then) | Enter(then=then):
            return (then,)
        case _:
            raise TypeError(f"not a node: {node!r}")


def entered_by(cadence: Cadence, others: Mapping[str, Cadence]) -> dict[str, Cadence]:
    """The cadences that one enters besides, and those that these enter, by name."""
    found: dict[str, Cadence] = {}
    todo = [cadence]
    while todo:
        for node in todo.pop().nodes.values():
            if isinstance(node, Enter) and node.cadence in others and node.cadence not in found:
                found[node.cadence] = others[node.cadence]
                todo.append(found[node.cadence])
    return found


def fixed(seconds: float) -> Elapsed:
    """A wait of exactly so many seconds."""
    us = round(seconds * SECOND)
    return Elapsed(us, us)


def not_understood(cadence: Cadence) -> Iterator[NotUnderstood]:
    """What could not be read of a cadence: what its importer says, and each wait before a touch of
    which nobody knows how long it is. (What follows it is judged as if it were long enough.)"""
    yield from cadence.unknown
    waits = [(node, why) for node in cadence.nodes.values() if (why := _unknown_wait(node))]
    if not waits:
        return
    told = {one.where[:size] for one in cadence.unknown for size in range(len(one.where) + 1)}
    ahead = _before_touches(cadence)
    for node, why in waits:
        owner = node.where[:-1] if node.where[-1:] == ("name",) else node.where
        if node.id in ahead and owner not in told:
            yield NotUnderstood(f"the wait {node.id!r}", node.where, why)


def _unknown_wait(node: Node) -> str | None:
    """Why nobody knows how long is waited at a node."""
    match node:
        case Pause(wait=Unknown(why=why)) | Await(timeout=Unknown(why=why)):
            return why
        case Step(every=Unknown(why=why)):
            return why
        case _:
            return None


def _before_touches(cadence: Cadence) -> frozenset[str]:
    """The nodes after which a touch may come, and those that are tried again."""
    before: dict[str, list[str]] = {}
    for node in cadence.nodes.values():
        for then in follow(node):
            if then is not None:
                before.setdefault(then, []).append(node.id)
    found = {step.id for step in cadence.steps if step.every is not None}
    todo = [name for step in cadence.steps for name in before.get(step.id, ())]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += before.get(name, ())
    return frozenset(found)
