"""What the tests of the repair share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cadence_guard import Policy
from cadence_guard.cadence import (
    Audience,
    Cadence,
    CadenceFile,
    Node,
    Step,
)
from cadence_guard.check.fix import Fixed, fix
from cadence_guard.check.proof import prove
from cadence_guard.importers import native
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, to_us
from cadence_guard.ruleset import Ruleset

START = to_us(datetime(2026, 3, 2, tzinfo=UTC))
END = START + 7 * DAY
HEAD = """\
version: 1
cadence:
  name: x
  purpose: sales
  audience: {zones: [America/Chicago]}
  exits: [opt_out, complained, wrong_person]
  steps:
"""
GAP = {"too-soon": {"gap": "20h"}}
CALLING = {"channels": ["call"], "windows": [{"from": "09:00", "to": "18:00"}]}
HOURS = {"outside-hours": CALLING}


def source_of(text: str, name: str = "x.cadence.yaml") -> Source:
    return Source(name, text.encode())


def repaired(text: str, rules: Any, end: int = END) -> Fixed:
    """The repair of a native file. What comes out needs none any more, and is proved."""
    policy = Policy(rules=rules)
    source = source_of(text)
    done = fix(native.read(source), source, policy, START, end)
    assert done.text is not None
    again = fix(native.read(source_of(done.text)), source_of(done.text), policy, START, end)
    assert (again.text, again.changes) == (done.text, ())
    assert len(again.unrepaired) == len(done.unrepaired)
    if not done.unrepaired:
        assert not objections(done.text, rules, end)
    return done


def objections(text: str, rules: Any, end: int = END) -> set[tuple[str, str]]:
    """Step and code of what blocks."""
    ruleset = Ruleset(Policy(rules=rules))
    return {
        (one.step.id, one.code)
        for cadence in native.read(source_of(text)).cadences
        for one in prove(ruleset, cadence, START, end).objections
        if one.effect == "block"
    }


def steps_after(text: str, rules: Any) -> str:
    """The steps of a repaired file, which is repaired wholly."""
    done = repaired(HEAD + text, rules)
    assert not done.unrepaired
    assert done.text is not None
    assert done.text.startswith(HEAD)
    return done.text.removeprefix(HEAD)


def foreign(*nodes: Node, **more: Any) -> CadenceFile:
    by_id = {node.id: node for node in nodes}
    exits = frozenset(("opt_out", "complained", "wrong_person"))
    given = {"name": "x", "audience": Audience(zones=("America/Chicago",)), "exits": exits}
    made: Any = given | more
    return CadenceFile("other", (Cadence(where=(), nodes=by_id, start=nodes[0].id, **made),))


def step(id_: str, then: str | None, place: int = 0) -> Step:
    return Step(id_, ("steps", place), "email", then)


OTHER = source_of("steps:\n  - a\n  - b\n  - c\n")
