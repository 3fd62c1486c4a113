"""Of any cadence: what was written passes, and no wait is too long. Random files and worlds."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cadence_guard import Policy
from cadence_guard.cadence import (
    Cadence,
    CadenceFile,
)
from cadence_guard.check.fix import fix, repair
from cadence_guard.check.fix.edits import Edit
from cadence_guard.check.fix.graph import with_wait, without_slots
from cadence_guard.check.fix.repair import Repair
from cadence_guard.check.proof import prove
from cadence_guard.importers import native
from cadence_guard.instants import DAY
from cadence_guard.ruleset import Ruleset
from check.fix.support import (
    CALLING,
    END,
    GAP,
    HEAD,
    HOURS,
    OTHER,
    START,
    objections,
    repaired,
    source_of,
)
from check.worlds import (
    World,
    exact_policy,
    minute_world,
    range_world,
    repeat_world,
    tick_world,
)

RULES = {
    "too-soon": {"gap": "20h"},
    "over-cap": [{"max": 2, "per": "3d"}, {"max": 2, "calendar": "week"}],
    "unanswered-streak": {"steps": [{"after": 2, "gap": "50h"}]},
    "outside-hours": CALLING,
}
SEEDS = (5, 8, 9, 26, 27, 28, 31, 34, 36, 40, 45, 46, 56, 87)
"""Those of the first 130 that hold something, and whose proofs are quick."""
LIGHT = GAP | HOURS | {"over-cap": {"max": 2, "per": "3d"}}


class Writer:
    """Writes a cadence by chance: loops, branches, signals, jumps, tries of a call, ranges."""

    WAITS = ("1h", "30h", "1h..2d", "{max: 1d}", "{local_days: 1}", "{business_days: 1}")

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.steps = 0

    def items(self, depth: int, indent: str) -> str:
        """A list of steps, with a comment at each."""
        found = ""
        for _ in range(self.chance.randint(1, 3)):
            found += f"{indent}# {self.chance.random()}\n"
            kinds = [self.step, self.step, self.wait]
            if depth:
                kinds += [self.repeat, self.branch, self.signal]
            found += self.chance.choice(kinds)(depth, indent)
        return found + self.step(depth, indent)

    def step(self, depth: int, indent: str) -> str:
        self.steps += 1
        if self.steps > 5:
            return f"{indent}- handoff: sales\n"
        channel = self.chance.choice(["email", "call"])
        more = ""
        if channel == "call" and self.chance.random() < 0.3:
            more = f", retry: {{attempts: 2, every: {self.chance.choice(['2h', '30h'])}}}"
        return f"{indent}- {{id: s{self.steps}, channel: {channel}{more}}}  # {self.steps}\n"

    def wait(self, depth: int, indent: str) -> str:
        since = ", from: start" if self.chance.random() < 0.2 else ""
        return f"{indent}- {{wait: {self.chance.choice(self.WAITS)}{since}}}  # a wait\n"

    def repeat(self, depth: int, indent: str) -> str:
        inner = self.items(depth - 1, indent + "      ")
        times = self.chance.randint(2, 3)
        return f"{indent}- repeat:\n{indent}    times: {times}\n{indent}    steps:\n{inner}"

    def branch(self, depth: int, indent: str) -> str:
        inner = self.items(depth - 1, indent + "        ")
        jump = f"{indent}  else: [{{go_to: s1}}]\n"
        text = f"{indent}- branch:\n{indent}    - share: 50%\n{indent}      steps:\n{inner}"
        return text + (jump if self.steps and self.chance.random() < 0.3 else "")

    def signal(self, depth: int, indent: str) -> str:
        inner = self.items(depth - 1, indent + "    ")
        return (
            f"{indent}- wait_for: clicked\n{indent}  at_most: {self.chance.choice(['1h', '2d'])}\n"
            f"{indent}  else:\n{inner}"
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_written_passes_and_comments_stay(seed: int) -> None:
    text = HEAD + Writer(seed).items(2, "    ")
    source, policy = source_of(text), Policy(rules=LIGHT)
    done = fix(native.read(source), source, policy, START, END)
    assert done.text is not None
    for id_, code in objections(done.text, LIGHT, END):
        told = f"x: {id_.partition('@')[0]}: {code}"
        assert any(line.startswith(told) for line in done.unrepaired)
        assert "(it is tried again outside the hours)" in "".join(done.unrepaired)
    assert re.findall("#.*", done.text) == re.findall("#.*", text)
    assert without_waits(done.text) == without_waits(text)
    again = fix(native.read(source_of(done.text)), source_of(done.text), policy, START, END)
    assert (again.text, again.changes) == (done.text, ())


def without_waits(text: str) -> str:
    """A file of `Writer` without its waits: what `fix` must leave as it is."""
    lines = r" *- (wait:|\{wait:).*\n|(?<=\[)(\{wait: .*\}, )+(?=\{go_to)|(?<=every: )[0-9a-z]+"
    return re.sub(lines, "", text)


@pytest.mark.parametrize("seed", range(8))
def test_no_wait_could_be_shorter(seed: int) -> None:
    chance = random.Random(seed)
    lines = []
    for place in range(4):
        wait = chance.choice(["", "wait: 1h", "wait: 30h", "wait: {local_days: 1}"])
        if place and wait:
            lines.append(f"    - {wait}\n")
        lines.append(f"    - {{id: s{place}, channel: {chance.choice(['email', 'call'])}}}\n")
    end = START + 14 * DAY
    done = repaired(HEAD + "".join(lines), RULES, end)
    assert not done.unrepaired
    assert done.changes
    assert too_long(HEAD + "".join(lines), RULES, end) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_no_wait_of_a_flow_could_be_shorter(seed: int) -> None:
    assert too_long(HEAD + Writer(seed).items(2, "    "), LIGHT, END) == []


def too_long(text: str, rules: Any, end: int) -> list[Edit]:
    """The waits of a repaired file that would do a minute, or a day, shorter: nothing objects that
    does not anyway."""
    ruleset, source = Ruleset(Policy(rules=rules)), source_of(text)

    def blocked(cadence: Cadence) -> set[tuple[Any, ...]]:
        found = prove(ruleset, without_slots(cadence), START, end).objections
        return {(one.step.where, one.entry) for one in found if one.effect == "block"}

    (cadence,) = native.read(source, slots=True).cadences
    made = Repair(source, ruleset, cadence, (START, end), {}, ())
    made.go()
    anyway = blocked(made.cadence)
    return [
        edit
        for edit in made.edits.values()
        if edit.amount and not made.notes
        if blocked(with_wait(made.cadence, edit.where, edit.of(edit.amount - 1).new)) <= anyway
    ]


def left_by(make: Callable[[random.Random], World], seed: int) -> set[str]:
    """What a proof of all still blocks after the repair of a random world, and the repair has not
    told, by step and code. The world's nodes are given places, as an importer would."""
    world = make(random.Random(seed))
    policy = exact_policy(world)

    def placed(cadence: Cadence, n: int) -> Cadence:
        nodes = {
            id_: replace(node, where=("cadences", n, place))
            for place, (id_, node) in enumerate(cadence.nodes.items())
        }
        return replace(cadence, nodes=nodes)

    cadences = (world.cadence, *world.others.values())
    file = CadenceFile("other", tuple(placed(one, n) for n, one in enumerate(cadences)))
    done = fix(file, OTHER, policy, world.start, world.end)
    assert isinstance(done.after.content, CadenceFile)
    others = {one.name: one for one in done.after.content.cadences}
    left: set[str] = set()
    for cadence in others.values():
        proof = prove(Ruleset(policy), cadence, world.start, world.end, others=others)
        for one in proof.objections:
            line = f"{cadence.name}: {one.step.name}: {one.code} "
            told = (line, f"{cadence.name}: CG903 more work")
            if one.effect == "block" and not any(t.startswith(told) for t in done.unrepaired):
                left.add(line)
    return left


@pytest.mark.parametrize("make", [tick_world, range_world, repeat_world, minute_world])
def test_what_is_left_of_a_world_is_told(make: Callable[[random.Random], World]) -> None:
    for seed in range(12):
        assert left_by(make, seed) == set(), seed


@pytest.mark.deep
@pytest.mark.parametrize("make", [tick_world, range_world, repeat_world, minute_world])
@pytest.mark.parametrize("block", range(1, 26))
def test_what_is_left_of_a_world_is_told_at_length(
    make: Callable[[random.Random], World], block: int
) -> None:
    for seed in range(block * 12, (block + 1) * 12):
        assert left_by(make, seed) == set(), seed


@pytest.mark.deep
@pytest.mark.parametrize("rules", [LIGHT, RULES], ids=["light", "heavy"])
@pytest.mark.parametrize("seed", range(130))
def test_what_was_written_passes_at_length(
    seed: int, rules: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With loops in loops, ranges and tries of a call, which take long to prove; so the work is
    bounded, and what is not done in it is told."""
    monkeypatch.setattr(repair, "WORK", 4_000_000)
    text = HEAD + Writer(seed).items(2, "    ")
    source = source_of(text)
    done = fix(native.read(source), source, Policy(rules=rules), START, END)
    assert done.text is not None
    assert without_waits(done.text) == without_waits(text)
    assert re.findall("#.*", done.text) == re.findall("#.*", text)
    if not any("CG903 more work" in told for told in done.unrepaired):
        told = {line.split(" ")[1] + line.split(" ")[2] for line in done.unrepaired}
        found = objections(done.text, rules, END)
        assert {f"{id_.partition('@')[0]}:{code}" for id_, code in found} <= told
        assert too_long(text, rules, END) == []
