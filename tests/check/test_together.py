"""Cadences together: the proof against the brute force, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest

from cadence_guard.cadence import Audience, Cadence, CadenceFile, Step
from cadence_guard.check.report import Finding
from cadence_guard.check.together import prove_together
from cadence_guard.importers._source import Source
from cadence_guard.instants import to_us
from cadence_guard.policy import Policy, Setting
from cadence_guard.ruleset import Ruleset
from check.brute import Entry
from check.brute_together import Together, search_together
from check.worlds import DAY, TICK, ZONES, Maker, Ticks, params_of

RULES = (
    "over-cap", "over-cap", "over-cap", "pressure", "unanswered-streak", "unanswered-streak",
    "missed-calls", "too-soon", "not-the-holder", "overlapping-cadence",
)  # fmt: skip


@dataclass(frozen=True)
class Worlds:
    """Cadences, a policy, and the starts that matter."""

    cadences: tuple[Cadence, ...]
    entries: tuple[Entry, ...]
    zone: str
    start: datetime
    end: datetime
    tick: timedelta

    @property
    def policy(self) -> Policy:
        settings: dict[str, list[Any]] = {}
        for entry in self.entries:
            settings.setdefault(entry["rule"], []).append(params_of(entry))
        return Policy(rules={rule: Setting(tuple(said)) for rule, said in settings.items()})

    @property
    def starts(self) -> list[datetime]:
        return [self.start + n * self.tick for n in range((self.end - self.start) // self.tick)]


def worlds(
    rnd: Random, maker: Maker, number: int, *, linear: bool
) -> tuple[tuple[Cadence, ...], tuple[Entry, ...]]:
    """Some cadences for one person, and a policy."""
    cadences = []
    maker.shapes, maker.wide = ("line", "line", "branch", "fan", "await", "handover"), 1
    for n in range(number):
        maker.nodes, maker.free = {}, maker.wide if linear else 0
        if linear:
            maker.shape = "line"
            start = maker.chain(None, rnd.choice((1, 2, 3)))
            maker.nodes = {
                name: replace(node, possible=False) if isinstance(node, Step) else node
                for name, node in maker.nodes.items()
            }
            cadence = Cadence(name="trial", where=(), nodes=maker.nodes, start=start)
        else:
            cadence = maker.cadence()
        audience = Audience(zones=(maker.zone,))
        team = rnd.choice(("sales", "marketing", None))
        cadences.append(
            replace(
                cadence, name=f"cadence-{n}", audience=audience, entry_hours=None, team=team,
                purpose=rnd.choice(("sales", "sales", "marketing")),
            )
        )  # fmt: skip
    maker.shape = "line"
    rules = sorted(rnd.sample(RULES, 3))
    return tuple(cadences), tuple(maker.entry(rule) for rule in rules)


def tick_worlds(seed: int, *, linear: bool, number: int | None = None) -> Worlds:
    """On a scaled clock."""
    rnd = Random(seed)
    maker = Ticks(rnd, rnd.choice(ZONES))
    number = number or rnd.choice((2, 2, 3))
    cadences, entries = worlds(rnd, maker, number, linear=linear)
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * DAY
    ticks = {2: 12, 3: 5}[number] if linear else {2: 6, 3: 2}[number]
    return Worlds(cadences, entries, maker.zone, start - ticks * TICK, start + ticks * TICK, TICK)


def proved(world: Worlds) -> tuple[list[Finding], set[Any], set[Any], list[str]]:
    """The proof's findings: refused, spaced, and reasons why it is not complete."""
    names = tuple(cadence.name for cadence in world.cadences)
    file = CadenceFile("made", world.cadences, (names,))
    policy = world.policy
    ruleset = Ruleset(policy)
    found = prove_together(
        policy, ruleset, [(Source("a.json", b"{}"), file)], to_us(world.start), to_us(world.end)
    )
    rules = [entry["rule"] for entry in world.entries]
    codes = {e.code: e.name for e in ruleset.entries}
    steps = {(c.name, step.id): step.name for c in world.cadences for step in c.steps}
    refused = {
        (f.cadence, steps[f.cadence, f.step], codes[f.code])
        for f in found
        if f.effect != "note" and f.cadence and f.step
    }
    spaced = {
        (frozenset({t.cadence for t in f.witness.touches} | {f.cadence}), codes[f.code])
        for f in found
        if f.effect == "note" and f.witness is not None
    }
    assert all(rule in rules for *_, rule in refused)
    return found, refused, spaced, [f.message for f in found if f.code == "CG903"]


def brute(world: Worlds) -> Together:
    starts = product(world.starts, repeat=len(world.cadences))
    return search_together(
        world.cadences, world.entries, starts, world.starts, [world.zone], world.tick
    )


def differences(world: Worlds) -> list[str]:
    _, refused, spaced, reasons = proved(world)
    found = brute(world)
    rules = [entry["rule"] for entry in world.entries]
    told = {(cadence, step, rules[place]) for cadence, step, place in found.refused}
    near = {(pair, rules[place]) for pair, place in found.spaced}
    said = [f"missed: {key}" for key in told - refused if not reasons]
    said += [f"ghost: {key}" for key in refused - told]
    said += [f"missed near: {key}" for key in near - spaced if not reasons]
    said += [f"ghost near: {key}" for key in spaced - near]
    return said


@pytest.mark.parametrize("seed", range(30))
def test_finds_what_linear_cadences_do_together(seed: int) -> None:
    assert differences(tick_worlds(seed, linear=True)) == []
