"""Small cadences and policies for the tests of the proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    Wait,
)
from cadence_guard.check.proof import Objected, Proof, prove
from cadence_guard.instants import DAY, HOUR, Zone, parse_instant, to_us, zone
from cadence_guard.policy import Policy
from cadence_guard.ruleset import Ruleset

CHICAGO = zone("America/Chicago")
BERLIN = zone("Europe/Berlin")
APIA = zone("Pacific/Apia")
KOLKATA = zone("Asia/Kolkata")


def us(text: str) -> int:
    """An instant as microseconds."""
    return to_us(parse_instant(text))


START, END = us("2026-03-02T00:00:00Z"), us("2026-03-09T00:00:00Z")


def hours(n: float) -> Elapsed:
    """A fixed wait of so many hours."""
    return Elapsed(round(n * HOUR), round(n * HOUR))


def days(n: float) -> Elapsed:
    """A fixed wait of so many days."""
    return Elapsed(round(n * DAY), round(n * DAY))


def step(name: str, then: str | None = None, channel: str = "email", **fields: Any) -> Step:
    """A touch."""
    return Step(name, (), channel=channel, then=then, **fields)


def pause(name: str, wait: Wait, then: str | None, **fields: Any) -> Pause:
    """A wait."""
    return Pause(name, (), wait=wait, then=then, **fields)


def branch(name: str, *thens: str | None) -> Branch:
    """One of several ways."""
    return Branch(name, (), tuple(Arm(then) for then in thens))


def ask(name: str, signal: str, yes: str | None, no: str | None) -> Branch:
    """A branch that asks whether a signal has come."""
    return Branch(name, (), (Arm(yes, signal), Arm(no, signal, unless=True)))


def fan(name: str, *thens: str) -> Fan:
    """Several ways at once."""
    return Fan(name, (), thens)


def waiting(
    name: str, signal: str | None, then: str | None, timeout: Wait | None, late: str | None
) -> Await:
    """A wait for a signal."""
    return Await(name, (), (Arm(then, signal=signal),), timeout, late)


def handover(name: str, to: str, then: str | None) -> Handover:
    """A handoff."""
    return Handover(name, (), to, then)


def enter(name: str, cadence: str, then: str | None) -> Enter:
    """Another cadence besides."""
    return Enter(name, (), cadence, then)


def flow(*nodes: Node, name: str = "trial", **fields: Any) -> Cadence:
    """A cadence that starts with the first of its nodes."""
    by_id = {node.id: node for node in nodes}
    start = nodes[0].id if nodes else None
    return Cadence(name, (), by_id, start, **fields)


def line(*parts: Step | Wait, **fields: Any) -> Cadence:
    """A cadence of steps and waits, one after another."""
    names = [part.id if isinstance(part, Step) else f"wait-{n}" for n, part in enumerate(parts)]
    nodes: list[Node] = []
    for name, part, then in zip(names, parts, [*names[1:], None], strict=True):
        if isinstance(part, Step):
            given = {key: getattr(part, key) for key in part.__dataclass_fields__}
            nodes.append(Step(**given | {"then": then}))
        else:
            nodes.append(pause(name, part, then))
    return flow(*nodes, **fields)


def rules(**rules: Any) -> Ruleset:
    """A ruleset of rules by their names, with `_` for `-`."""
    return Ruleset(policy(**rules))


def policy(**rules: Any) -> Policy:
    """A policy of rules by their names, with `_` for `-`."""
    return Policy(rules={name.replace("_", "-"): said for name, said in rules.items()})


def proved(
    ruleset: Ruleset,
    cadence: Cadence,
    zones: Sequence[Zone] | None = (CHICAGO,),
    start: int = START,
    end: int = END,
    others: Mapping[str, Cadence] | None = None,
) -> Proof:
    """The proof for the starts of a week in Chicago."""
    return prove(ruleset, cadence, start, end, zones, others=others)


def told(proof: Proof) -> dict[tuple[str, str], str]:
    """The certainty of each objection, by step and code."""
    return {(one.step.id, one.code): one.certainty for one in proof.objections}


def only(proof: Proof) -> Objected:
    """The one objection of a proof."""
    (one,) = proof.objections
    return one
