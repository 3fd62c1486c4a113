"""The shape rules: what a cadence file alone tells, before anybody asks when something happens.

Each rule is one function here, and its docstring its page. CG801 and CG802 need time lines, too:
`reactions` has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from cadence_guard.cadence import (
    Await,
    Branch,
    BusinessDays,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Handover,
    LocalDays,
    Node,
    Pause,
    Step,
    UntilClock,
    UntilOpen,
    Where,
    follow,
    not_understood,
)
from cadence_guard.check.paths import Made, ways
from cadence_guard.check.report import Finding, Witness
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, NEVER

NAMES: Final[Mapping[str, str]] = {
    "CG801": "no-exit-on-reply",
    "CG802": "no-exit-on-refusal",
    "CG803": "unreachable-step",
    "CG804": "endless-loop",
    "CG805": "wait-contradicts-its-name",
    "CG806": "ambiguous-delay",
    "CG807": "unknown-step",
    "CG808": "no-schedule",
    "CG809": "no-end",
}


def shape(file: CadenceFile, source: Source) -> list[Finding]:
    """What a file alone tells: CG803 to CG809, cadence by cadence, in the order of the codes."""
    if not file.cadences:
        what = "the file holds no cadence"
        return [finding_at(source, "CG808", NAMES["CG808"], "block", (), what)]
    found: dict[object, Finding] = {}
    for cadence in file.cadences:
        flow = _Flow(cadence, source)
        for rule in _RULES.values():
            for finding in rule(flow):
                # Cadences may have steps and waits in common: what triggers of one workflow reach.
                shared = finding.code in _SHARED
                place = (finding.line, finding.column, finding.message)
                found.setdefault((finding.code, *place, None if shared else cadence.name), finding)
    return list(found.values())


def pages() -> dict[str, tuple[str, str]]:
    """The pages of the shape rules: (name, text) by code."""
    from inspect import getdoc

    texts = {"CG801": _NO_EXIT_ON_REPLY, "CG802": _NO_EXIT_ON_REFUSAL}
    texts |= {code: f"{getdoc(rule)}\n" for code, rule in _RULES.items()}
    return {code: (name, texts[code]) for code, name in NAMES.items()}


# -- the flow as a graph -------------------------------------------------------------------------


@dataclass(slots=True)
class _Loop:
    """A cycle, in the order of the file, and all that can end it: `sure` if it ends by itself, the
    signals that do, whether chance does, and the conditions that could not be read."""

    nodes: dict[str, Node]
    sure: bool = False
    signals: set[str] = field(default_factory=set)
    chance: bool = False
    conditions: list[str] = field(default_factory=list)


class _Flow:
    """A cadence and its file, with what several rules ask of the graph."""

    def __init__(self, cadence: Cadence, source: Source) -> None:
        self.cadence = cadence
        self.source = source
        self.nodes = cadence.nodes

    def finding(
        self,
        code: str,
        effect: str,
        where: Where,
        message: str,
        *,
        step: str | None = None,
        help: str | None = None,  # noqa: A002 (the report's own word)
    ) -> Finding:
        """A finding about this cadence."""
        return finding_at(
            self.source,
            code,
            NAMES[code],
            effect,
            where,
            message,
            cadence=self.cadence.name,
            step=step,
            help=help,
        )

    @cached_property
    def has_steps(self) -> bool:
        """Whether there is any touch."""
        return any(True for _ in self.cadence.steps)

    @cached_property
    def taken(self) -> set[Where] | None:
        """The places of the steps that somebody comes to, by what branches and waits are told of
        signals; None if no branch asks for one and no wait for an exit, or not all ways are
        followed."""
        exits = self.cadence.exits
        if not any(
            any(arm.asks if isinstance(node, Branch) else arm.signal in exits for arm in node.arms)
            for node in self.nodes.values()
            if isinstance(node, (Branch, Await))
        ):
            return None
        found = ways(self.cadence, longest=0, touches=0)
        if found.reasons:
            return None
        made = (item.what for path in found.paths for item in path.items)
        return {what.step.where for what in made if isinstance(what, Made)}

    @cached_property
    def reached(self) -> set[str]:
        """The nodes that some way from the start leads to."""
        todo = [self.cadence.start] if self.cadence.start in self.nodes else []
        seen: set[str] = set()
        while todo:
            id_ = todo.pop()
            if id_ is not None and id_ in self.nodes and id_ not in seen:
                seen.add(id_)
                todo += _ways(self.nodes[id_])
        return seen

    def loops(self) -> Iterator[_Loop]:
        """The cycles that can be reached and turn without anything new from the contact."""
        edges = {
            id_: [to for to in _unasked(node) if to is not None and to in self.nodes]
            for id_, node in self.nodes.items()
            if id_ in self.reached
        }
        place = {id_: index for index, id_ in enumerate(edges)}
        parts = [sorted(part, key=place.__getitem__) for part in _components(edges)]
        for part in sorted(parts, key=lambda part: place[part[0]]):
            loop = _Loop({id_: self.nodes[id_] for id_ in part})
            for node in loop.nodes.values():
                _ways_out(node, loop)
            yield loop


def _ways(node: Node) -> tuple[str | None, ...]:
    """The nodes that may come next; without a time-out, waiting for a signal leads nowhere else."""
    if isinstance(node, Await) and node.timeout is None:
        return tuple(arm.then for arm in node.arms)
    return follow(node)


def _unasked(node: Node) -> tuple[str | None, ...]:
    """The nodes that may come next without a new signal from the contact."""
    if not isinstance(node, Await):
        return follow(node)
    silent = tuple(arm.then for arm in node.arms if arm.signal is None or arm.unless)
    return silent if node.timeout is None else (*silent, node.then)


def _ways_out(node: Node, loop: _Loop) -> None:
    """Notes what leads out of a loop at one of its nodes. Where all ways are taken at once, none
    of them ends the others."""
    if not isinstance(node, (Branch, Await)):
        return
    if isinstance(node, Await) and node.timeout is not None and node.then not in loop.nodes:
        loop.sure = True
    for arm in node.arms:
        if arm.then in loop.nodes:
            continue
        if arm.signal is not None and not arm.unless:
            loop.signals.add(arm.signal)
        elif arm.signal is not None or (arm.share is not None and arm.share >= 1):
            loop.sure = True
        elif arm.share is None:
            loop.conditions.append(arm.text or "a condition")
        elif arm.share > 0:
            loop.chance = True


def _components(edges: Mapping[str, list[str]]) -> Iterator[set[str]]:
    """The strongly connected parts of a graph that hold a cycle (Tarjan's, with its own stack)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: dict[str, None] = {}
    for root in edges:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        open_[root] = None
        path = [(root, iter(edges[root]))]
        while path:
            id_, rest = path[-1]
            following = next(rest, None)
            if following is not None:
                if following not in number:
                    number[following] = low[following] = len(number)
                    open_[following] = None
                    path.append((following, iter(edges[following])))
                elif following in open_:
                    low[id_] = min(low[id_], number[following])
                continue
            path.pop()
            if path:
                before = path[-1][0]
                low[before] = min(low[before], low[id_])
            if low[id_] == number[id_]:
                part: set[str] = set()
                while id_ not in part:
                    part.add(open_.popitem()[0])
                if len(part) > 1 or id_ in edges[id_]:
                    yield part


# -- the rules -----------------------------------------------------------------------------------


def unreachable_step(flow: _Flow) -> Iterator[Finding]:
    """Objects to a step that no way from the start leads to.

    A branch counts as possible, whatever its conditions and shares, unless what it asks for is
    settled: nobody whom a click made enter takes the way of those who have not clicked. What stands
    behind a wait for a signal that is also an exit is reached by nobody: the exit ends the cadence.

    ## Why

    It does nobody harm, since it never happens. But somebody wrote it because it should: a
    connection is missing, or a branch leads elsewhere. The proof says nothing about such a step.

    ## Effect

    Warns.

    ## Repair

    Lead a way to the step, or delete it.
    """
    if flow.reached:
        made = {step.where for step in flow.cadence.steps if step.id in flow.reached}
        for step in flow.cadence.steps:
            if step.where not in made:
                made.add(step.where)  # the turns of a loop stand in one place
                yield flow.finding(
                    "CG803",
                    "warn",
                    step.where,
                    f"no way from the start leads to {step.name!r}, so it is never made",
                    step=step.name,
                    help="connect it, or delete it",
                )
            elif flow.taken is not None and step.where not in flow.taken:
                flow.taken.add(step.where)
                yield flow.finding(
                    "CG803",
                    "warn",
                    step.where,
                    f"nobody comes to {step.name!r}: the signal asked for before it has come by"
                    " then, cannot have, or is an exit and ends the cadence",
                    step=step.name,
                    help="ask for another signal, or behind a wait; or take it out of the exits",
                )


def endless_loop(flow: _Flow) -> Iterator[Finding]:
    """Objects to a loop that touches somebody on and on.

    It looks at every cycle that can be reached and that turns without anything new from the
    contact. (A loop that waits for a signal at each turn goes on only as long as the contact does:
    that is a conversation.) What leads out of it decides:

    - a time-out, or a branch that everybody takes who did *not* do something: it ends, no finding;
    - nothing, or chance alone: it blocks;
    - only what the contact has to do, in a branch or as an exit of the cadence: it warns, since who
      says nothing is touched without end;
    - a condition that could not be read: it warns.

    A loop without a touch warns if nothing leads out. A loop over the items of a list is none here:
    each turn is another contact.

    ## Why

    Silence has to stop a cadence, too. How often a loop may touch is for the policy to say: the
    proof unrolls every loop and judges each turn by the caps, gaps and streaks. This rule is about
    the end that nobody wrote.

    ## Effect

    Blocks or warns, as above.

    ## Repair

    Count the turns, or leave the loop after a time.
    """
    cadence = flow.cadence
    for loop in flow.loops():
        ends = loop.signals | cadence.exits
        step = next((node for node in loop.nodes.values() if isinstance(node, Step)), None)
        if loop.sure or (step is None and (ends or loop.chance or loop.conditions)):
            continue
        effect = "warn"
        if step is None:
            why = "nothing ends it, though it touches nobody"
        elif loop.conditions:
            why = f"what ends it could not be read ({_some(list(dict.fromkeys(loop.conditions)))})"
        elif ends:
            why = f"only {listed(sorted(ends), 'or')} ends it, so silence never does"
        else:
            effect, why = "block", f"{'only chance' if loop.chance else 'nothing'} ends it"
        nodes = list(loop.nodes.values())
        over = [repr(node.id) for node in nodes if step is None or isinstance(node, Step)]
        yield flow.finding(
            "CG804",
            effect,
            (step or nodes[0]).where,
            f"a loop over {_some(over)}: {why}",
            step=step.name if step else None,
            help="count its turns, or leave it after a time",
        )


def wait_contradicts_its_name(flow: _Flow) -> Iterator[Finding]:
    """Objects when a wait is named after one time and waits another.

    `Wait 4 Weeks` that waits an hour. Only names that hold one number and a unit are read, and only
    where the file says how long the wait really is.

    ## Why

    Whoever approves a flow reads the names. In one tool an empty wait is an hour, in the next
    version of the same tool five seconds; half of the named waits in published flows wait something
    else than they say. Four weeks become an afternoon.

    ## Effect

    Blocks: what was approved is not what runs. The proof judges what runs.

    ## Repair

    Set the time, or the name.
    """
    for label in flow.cadence.labels:
        if label.contradicts and label.seconds is not None and label.label_seconds is not None:
            yield flow.finding(
                "CG805",
                "block",
                label.where,
                f'named "{label.name}" but waits {in_words(label.seconds)}'
                + (f", the default of {label.default_of}" if label.default_of else ""),
                help=f"set it to {in_words(label.label_seconds)}, or give it another name",
            )


def ambiguous_delay(flow: _Flow) -> Iterator[Finding]:
    """Objects when a file does not say what its delays count from.

    Delays of 0, 3 and 7 days are days 0, 3, 10 if each counts from the step before, and days 0, 3,
    7 if all count from the start. The finding tells both.

    ## Why

    Two tools that read the same file differ by weeks, and nobody notices until the mails are sent.

    ## Effect

    Blocks: a guess is not a pass.

    ## Repair

    Say it in the file (`anchor: start` or `anchor: previous`), or in the mapping file.
    """
    cadence = flow.cadence
    if not cadence.ambiguous:
        return
    message = "the file does not say what its delays count from"
    if cadence.other is not None:
        readings = [cadence, cadence.other]
        days = " or ".join(_days(reading) for reading in readings)
        message = f"days {days}: {message}, {listed([_anchor(one) for one in readings], 'or')}"
    yield flow.finding(
        "CG806", "block", cadence.where, message, help="say it: anchor: start, or anchor: previous"
    )


def unknown_step(flow: _Flow) -> Iterator[Finding]:
    """Objects to whatever could not be read.

    A step of an unknown kind, a channel or a unit that nobody knows, a wait that is worked out when
    the flow runs.

    ## Why

    What was not read was not judged. A check that passes over it would call a file clean of which
    it knows a part.

    ## Effect

    Blocks.

    ## Repair

    Write it in a way that can be read, describe the format in a mapping file, or say why it is
    harmless: `# cadence-guard: ignore[CG807] reason`.
    """
    for unknown in not_understood(flow.cadence):
        yield flow.finding(
            "CG807", "block", unknown.where, f"{unknown.what} is not understood: {unknown.why}"
        )


def no_schedule(flow: _Flow) -> Iterator[Finding]:
    """Objects when there is nothing to judge: no cadence, no step, no start, or no times.

    ## Why

    A list of templates looks like a cadence. Whether it stalks depends on the times that somebody
    else keeps; a check that finds nothing in it has found out nothing.

    ## Effect

    Blocks.

    ## Repair

    Check the file that holds the times, or leave this one out.
    """
    cadence = flow.cadence
    if not flow.has_steps:
        what, way = "it has no step that touches anybody", "leave it out, or add its steps"
    elif not cadence.schedule:
        what, way = "it has steps and no times", "check the file that says when they are made"
    elif not flow.reached:
        what, way = "nothing says where it starts, so no step was judged", "give it a start"
    else:
        return
    yield flow.finding("CG808", "block", cadence.where, what, help=way)


def no_end(flow: _Flow) -> Iterator[Finding]:
    """Objects when no way from the start leads to an end.

    ## Why

    Whoever is in such a cadence stays in it: for ever due for the next touch, and in the way of
    every other cadence that may not overlap with it.

    ## Effect

    Blocks; it warns if the cadence has exits, since then some leave it.

    ## Repair

    Lead a way out, by a last step or a time-out.
    """
    ways = (_ways(flow.nodes[id_]) for id_ in flow.reached)
    if flow.reached and not any(not way or None in way for way in ways):
        effect, unless = "block", ""
        if flow.cadence.exits:
            effect = "warn"
            unless = f"; only {listed(sorted(flow.cadence.exits), 'or')} ends it"
        yield flow.finding(
            "CG809",
            effect,
            flow.cadence.where,
            f"no way from the start leads to an end{unless}",
            help="lead a way out: a last step, or a time-out",
        )


_NO_EXIT_ON_REPLY: Final = """\
Objects when somebody answers, books or buys, and the cadence goes on.

For each of `replied`, `meeting_booked` and `purchased` that is no exit of the cadence, the
signal is put one second before a touch, and the touch is judged as at runtime. If the policy
refuses it then, for some start, zone and range, and would not without the signal, this is a
finding: one for a cadence, with the time line of the first. A branch on the signal that leads
away from the touch is an exit as well. A cadence of one touch that is made at once needs none.

## Why

The guard will refuse these touches when they come due. A cadence that counts on that is not
the one somebody approved; and where no guard stands, the person who said yes gets the pitch
again.

## Effect

Blocks.

## Repair

    exits: [replied, meeting_booked, purchased]
"""
_NO_EXIT_ON_REFUSAL: Final = """\
Objects when somebody says no, and the cadence goes on.

For each of `not_now`, `declined`, `opt_out`, `complained`, `wrong_person` and `paused`, and
`hung_up` if the cadence calls, that is no exit of the cadence, the signal is put one second
before a touch, and the touch is judged as at runtime. If the policy refuses it then, for some
start, zone and range, and would not without the signal, this is a finding: one for a cadence,
with the time line of the first. A branch on the signal that leads away from the touch is an
exit as well. A cadence of one touch that is made at once needs none.

## Why

She says she is busy and hangs up. He e-mails to pick the conversation up again. A no holds for
every channel and every team, so it has to end the cadence.

## Effect

Blocks.

## Repair

    exits: [not_now, declined, hung_up, opt_out, complained, wrong_person, paused]
"""

_RULES: Final[Mapping[str, Callable[[_Flow], Iterator[Finding]]]] = {
    "CG803": unreachable_step,
    "CG804": endless_loop,
    "CG805": wait_contradicts_its_name,
    "CG806": ambiguous_delay,
    "CG807": unknown_step,
    "CG808": no_schedule,
    "CG809": no_end,
}
_SHARED: Final = ("CG804", "CG805", "CG807")


# -- words ---------------------------------------------------------------------------------------

_UNITS: Final = (
    (604_800, "week"),
    (86_400, "day"),
    (3_600, "hour"),
    (60, "minute"),
    (1, "second"),
)
_MANY: Final = 1000
_ANCHORS: Final = {"start": "from the start", "previous": "from the step before"}


def in_words(seconds: float) -> str:
    """A time in the largest unit that gives a whole number: `4 weeks`, `90 minutes`, `no time`; in
    several if the number is large: `6 days 23 hours 1 minute`."""
    if not seconds:
        return "no time"
    size, unit = next((pair for pair in _UNITS if seconds % pair[0] == 0), _UNITS[-1])
    if seconds % size:
        return f"{seconds:,g} seconds"
    if seconds // size < _MANY or size == _UNITS[0][0]:
        return _counted(seconds // size, unit)
    words: list[str] = []
    for size, unit in _UNITS[1:]:
        if seconds >= size:
            words.append(_counted(seconds // size, unit))
            seconds %= size
    return " ".join(words)


def _counted(number: float, unit: str) -> str:
    return f"{number:,.0f} {unit}{'' if number == 1 else 's'}"


def _anchor(cadence: Cadence) -> str:
    return _ANCHORS.get(cadence.anchor or "", "from both")


def _days(cadence: Cadence) -> str:
    """The days after the entry on which the touches are made at the earliest, up to a branch."""
    found: list[str] = []
    at: int | None = 0
    id_, seen = cadence.start, set[str]()
    while id_ is not None and id_ in cadence.nodes and id_ not in seen:
        seen.add(id_)
        match cadence.nodes[id_]:
            case Step(then=id_):
                found.append("?" if at is None else f"{at / DAY:g}")
            case Pause(wait=Elapsed(low=us), then=id_, since_start=anew):
                at = _later(0 if anew else at, us)
            case Pause(
                wait=LocalDays(days=days) | BusinessDays(days=days), then=id_, since_start=anew
            ):
                at = _later(0 if anew else at, days * DAY)
            case Pause(wait=UntilOpen() | UntilClock(), then=id_):
                pass  # the same day, as far as anybody can say
            case Pause(then=id_):
                at = None
            case Handover(then=id_) | Enter(then=id_):
                pass
            case _:
                found.append("...")
                break
    return ", ".join(found)


def _later(at: int | None, us: int) -> int | None:
    return None if at is None else min(at + us, NEVER)


def _some(words: list[str]) -> str:
    """The first few of many words."""
    some = ", ".join(words[:3])
    return f"{some} and {len(words) - 3} more" if len(words) > 3 else some


def listed(words: list[str], joint: str) -> str:
    """`a, b or c`; `joint` is the last word between."""
    return f" {joint} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def finding_at(
    source: Source,
    code: str,
    name: str,
    effect: str,
    where: Where,
    message: str,
    *,
    key: bool = False,
    cadence: str | None = None,
    step: str | None = None,
    help: str | None = None,  # noqa: A002 (the report's own word)
    certainty: str | None = None,
    witness: Witness | None = None,
) -> Finding:
    """A finding at a place of a file, at the key of that place if `key`."""
    mark = source.mark(where, key=key)
    return Finding(
        code=code,
        name=name,
        effect=effect,
        message=message,
        path=source.path,
        line=mark.line,
        column=mark.column,
        end_line=mark.end_line,
        end_column=mark.end_column,
        cadence=cadence,
        step=step,
        help=help,
        certainty=certainty,
        witness=witness,
    )
