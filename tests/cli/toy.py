"""A cadence format for tests: JSON `{"toy": {name: [[id, channel, hours after the last]]}}`."""

from __future__ import annotations

from types import SimpleNamespace

from cadence_guard.cadence import (
    Cadence,
    CadenceFile,
    Elapsed,
    Ignore,
    Label,
    Node,
    NotUnderstood,
    Pause,
    Step,
)
from cadence_guard.importers._source import Source
from cadence_guard.instants import HOUR
from cadence_guard.words import SIGNALS

LABELS = (Label("Wait 1 day", ("toy",), 3600.0, 86_400.0), Label("w", ("toy",), 60.0, None))


def recognises(source: Source) -> bool:
    return isinstance(source.data, dict) and "toy" in source.data


def read(source: Source) -> CadenceFile:
    said = source.data
    cadences = tuple(
        cadence(name, steps, ("toy", name), said) for name, steps in said["toy"].items()
    )
    ignores = tuple(
        Ignore(tuple(codes), line, reason, line) for codes, line, reason in said.get("ignore", ())
    )
    if "broken" in said:
        raise source.error(("broken",), "is broken")
    return CadenceFile("toy", cadences, ignores=ignores)


def cadence(name: str, steps: list[list[object]], where: tuple[str, ...], said: object) -> Cadence:
    assert isinstance(said, dict)
    nodes: dict[str, Node] = {}
    for place, (id_, channel, hours) in enumerate(steps):
        wait, after = f"wait-{id_}", f"wait-{steps[place + 1][0]}" if steps[place + 1 :] else None
        assert isinstance(hours, (int, float))
        us = int(hours * HOUR)
        nodes[wait] = Pause(wait, (*where, place), Elapsed(us, us), str(id_))
        nodes[str(id_)] = Step(str(id_), (*where, place), str(channel), after)
    other = None
    if said.get("ambiguous"):
        one, step = next(iter(nodes)), steps[-1]
        other = Cadence(name, where, nodes, one, anchor="start")
        nodes = {**nodes, f"wait-{step[0]}": Pause("w", where, Elapsed(0, 0), str(step[0]))}
    return Cadence(
        name,
        where,
        nodes,
        next(iter(nodes), None),
        purpose="sales",
        exits=frozenset(SIGNALS) if "goes on" not in said else frozenset(),
        ambiguous=bool(other),
        other=other,
        labels=LABELS if "labels" in said else (),
        unknown=(NotUnderstood("a jump", where, "it leads nowhere"),) if "jump" in said else (),
        schedule="no schedule" not in said,
    )


TOY = SimpleNamespace(FORMAT="toy", recognises=recognises, read=read)
