"""What a file alone tells: its steps, loops, names and readings."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Fan,
    Handover,
    Label,
    LocalDays,
    Node,
    NotUnderstood,
    Pause,
    Step,
    Unknown,
    UntilClock,
    UntilDate,
    fixed,
)
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import NAMES, in_words, pages, shape
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, NEVER

SOURCE = Source("x.cadence.yaml", b"name: x\nsteps:\n  - a\n  - b\n  - c\n")


def step(id_: str, then: str | None, at: int = 0, **more: Any) -> Step:
    return Step(id_, ("steps", at), "email", then, **more)


def pause(id_: str, then: str | None, wait: Any = None, **more: Any) -> Pause:
    return Pause(id_, ("steps",), wait or fixed(86_400), then, **more)


def branch(id_: str, *arms: Arm) -> Branch:
    return Branch(id_, ("steps",), arms)


def cadence(*nodes: Node, **more: Any) -> Cadence:
    """A cadence that begins with the first node, unless said otherwise."""
    by_id = {node.id: node for node in nodes}
    return Cadence("x", (), by_id, more.pop("start", nodes[0].id if nodes else None), **more)


def found(*cadences: Cadence) -> list[Finding]:
    return shape(CadenceFile("native", cadences), SOURCE)


def said(*nodes: Node, **more: Any) -> list[tuple[str, str]]:
    """Code and effect of each finding about one cadence."""
    return [(finding.code, finding.effect) for finding in found(cadence(*nodes, **more))]


def test_nothing_to_say_about_a_plain_cadence() -> None:
    assert found(cadence(step("a", "w"), pause("w", "b"), step("b", None))) == []


# -- unreachable-step ----------------------------------------------------------------------------


def test_a_step_no_way_leads_to() -> None:
    (finding,) = found(cadence(step("a", None), step("b", "c", 1), step("c", None, 2)))[:1]
    assert (finding.code, finding.name, finding.effect) == ("CG803", "unreachable-step", "warn")
    assert (finding.path, finding.line, finding.column) == ("x.cadence.yaml", 4, 5)
    assert (finding.end_line, finding.end_column) == (4, 6)
    assert (finding.cadence, finding.step, finding.certainty) == ("x", "b", None)
    assert "no way from the start leads to 'b'" in finding.message


def test_the_turns_of_a_loop_are_one_step() -> None:
    turns = (step("b", "b@2", 1), step("b@2", None, 1))
    assert said(step("a", None), *turns) == [("CG803", "warn")]
    assert said(step("a", "b@2"), *turns) == []


def test_every_kind_of_way_reaches() -> None:
    assert not said(
        Fan("f", (), ("a", "w")),
        step("a", "gone"),
        Await("w", (), (Arm("b", "replied"),), fixed(60), "h"),
        step("b", None),
        Handover("h", (), "sales", "e"),
        Enter("e", (), "other", "q"),
        branch("q", Arm("c", share=0.5), Arm("d", text="else")),
        step("c", None),
        step("d", None),
    )


def test_what_comes_after_an_endless_wait_is_not_reached() -> None:
    waits = Await("w", (), (Arm("b", "replied"),), None, "c")
    assert said(waits, step("b", None), step("c", None, 1)) == [("CG803", "warn")]


def test_a_step_behind_a_branch_that_is_settled() -> None:
    nodes = (
        branch("q", Arm("a", "clicked"), Arm("b")),
        step("a", None),
        step("b", "b@2", 1),
        step("b@2", None, 1),
    )
    asked = cadence(*nodes)
    assert not [one for one in found(asked) if one.code == "CG803"]
    (finding,) = [
        one for one in found(replace(asked, entry_signal="clicked")) if one.code == "CG803"
    ]
    assert (finding.step, finding.line) == ("b", 4)
    assert "nobody comes to 'b'" in finding.message


def test_a_step_behind_a_wait_for_an_exit() -> None:
    waits = Await("w", (), (Arm("b", "replied"),), fixed(86_400), "c")
    both = cadence(waits, step("b", None, 1), step("c", None))
    assert "CG803" not in [one.code for one in found(both)]
    both = replace(both, exits=frozenset(("replied",)))
    (finding,) = [one for one in found(both) if one.code == "CG803"]
    assert (finding.step, finding.line) == ("b", 4)
    assert finding.message.endswith("or is an exit and ends the cadence")


def test_what_is_settled_on_one_turn_may_come_before_the_next() -> None:
    nodes = (
        branch("q", Arm(None, "clicked"), Arm("a")),
        step("a", "again"),
        branch("again", Arm("y", "clicked"), Arm("w")),  # not yet, the first time
        step("y", None),
        pause("w", "a"),
    )
    assert "CG803" not in [code for code, _ in said(*nodes)]


def test_nobody_says_what_is_settled_where_the_ways_are_too_many() -> None:
    nodes: list[Node] = []
    for n in range(10):
        following = f"q{n + 1}" if n < 9 else "asks"
        nodes += [branch(f"q{n}", Arm(f"a{n}", share=0.5), Arm(f"b{n}"))]
        nodes += [step(f"a{n}", following), step(f"b{n}", following)]
    nodes += [branch("asks", Arm("a", "clicked"), Arm("b")), step("a", None), step("b", None)]
    assert not [one for one in said(*nodes, entry_signal="clicked") if one[0] == "CG803"]


# -- endless-loop --------------------------------------------------------------------------------


def turn(*arms: Arm) -> tuple[Node, ...]:
    """A touch, a day, and a branch."""
    return (step("a", "w"), pause("w", "q"), branch("q", *arms))


AGAIN = Arm("a", text="else")


@pytest.mark.parametrize(
    ("nodes", "exits", "effect", "says"),
    [
        ((step("a", "a"),), (), "block", "a loop over 'a': nothing ends it"),
        ((step("a", "w"), pause("w", "a")), ("opt_out",), "warn", "only opt_out ends it"),
        (turn(AGAIN, Arm(None, share=0.5)), (), "block", "only chance ends it"),
        (turn(AGAIN, Arm(None, share=0.5)), ("replied",), "warn", "only replied ends it"),
        (turn(AGAIN, Arm(None, share=0.0)), (), "block", "nothing ends it"),
        (turn(AGAIN, Arm(None, "replied")), ("opt_out",), "warn", "only opt_out or replied ends"),
        (turn(AGAIN, Arm(None, text="n < 3")), (), "warn", "could not be read (n < 3)"),
        (turn(AGAIN, Arm(None)), (), "warn", "could not be read (a condition)"),
        (
            (*turn(AGAIN, Arm("b", text="b")), Fan("z", (), ("a",)), step("b", None)),
            (),
            "warn",
            "a loop over 'a': what ends it",
        ),
        (
            (step("a", "f"), Fan("f", (), ("a", "b")), step("b", None)),
            (),
            "block",
            "a loop over 'a': nothing ends it",
        ),
        (
            (
                step("a", "w"),
                Await("w", (), (Arm(None, "replied"), Arm("a", "opened", True)), fixed(60), "s0"),
                *(step(f"s{n}", f"s{n + 1}") for n in range(3)),
                step("s3", "a"),
            ),
            (),
            "warn",
            "over 'a', 's0', 's1' and 2 more: only replied ends it",
        ),
    ],
)
def test_loops_that_touch_on_and_on(
    nodes: tuple[Node, ...], exits: tuple[str, ...], effect: str, says: str
) -> None:
    finding = found(cadence(*nodes, exits=frozenset(exits)))[0]
    assert (finding.code, finding.effect, finding.step) == ("CG804", effect, "a")
    assert says in finding.message


@pytest.mark.parametrize(
    "nodes",
    [
        turn(AGAIN, Arm(None, "replied", unless=True)),
        turn(AGAIN, Arm(None, share=1.0)),
        (step("a", "w"), Await("w", (), (Arm("a", "replied"),), fixed(60), None)),
        (
            step("a", "w"),
            Await("w", (), (Arm("a", "opened", True),), fixed(60), None),
        ),
        (pause("a", "q"), branch("q", AGAIN, Arm("b", "replied")), step("b", None)),
        (pause("a", "q"), branch("q", AGAIN, Arm("b", share=0.1)), step("b", None)),
        (pause("a", "q"), branch("q", AGAIN, Arm("b", text="ready")), step("b", None)),
    ],
)
def test_loops_that_end(nodes: tuple[Node, ...]) -> None:
    assert not said(*nodes)


def test_a_conversation_is_no_endless_loop_but_has_no_end() -> None:
    waits = Await("w", (), (Arm("a", "replied"),), None, None)
    assert said(step("a", "w"), waits) == [("CG809", "block")]


def test_a_trap_that_touches_nobody() -> None:
    finding, end = found(cadence(step("a", "p"), pause("p", "q"), pause("q", "p")))
    assert (finding.code, finding.effect, finding.step) == ("CG804", "warn", None)
    assert "'p', 'q': nothing ends it, though it touches nobody" in finding.message
    assert (end.code, end.effect) == ("CG809", "block")


def test_loops_stand_in_the_order_of_the_file() -> None:
    nodes = (
        Fan("f", (), ("z", "a")),
        step("a", "b"),
        step("b", "a"),
        step("y", "z"),
        step("z", "y"),
        step("out", None),
    )
    assert [one.step for one in found(cadence(*nodes)) if one.code == "CG804"] == ["a", "y"]


def reaches(nodes: dict[str, Node], start: str) -> set[str]:
    """What a node leads to in one turn or more, found the plain way."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        node = nodes[todo.pop()]
        assert isinstance(node, Fan)
        for to in node.thens:
            if to not in seen:
                seen.add(to)
                todo.append(to)
    return seen


@pytest.mark.parametrize("seed", range(40))
def test_loops_are_the_cycles_of_the_graph(seed: int) -> None:
    chance = random.Random(seed)
    ids = [str(n) for n in range(chance.randint(1, 9))]
    nodes: dict[str, Node] = {
        id_: Fan(id_, (), tuple(chance.choices(ids, k=chance.randint(0, 2)))) for id_ in ids
    }
    inside = {id_ for id_ in ids if id_ in reaches(nodes, id_)} & (reaches(nodes, "0") | {"0"})
    loops = {
        frozenset(
            other
            for other in inside
            if other in reaches(nodes, id_) and id_ in reaches(nodes, other)
        )
        for id_ in inside
    }
    findings = found(cadence(*nodes.values(), step("s", None)))
    told = [finding for finding in findings if finding.code == "CG804"]
    assert len(told) == len(loops)
    firsts = {min(loop, key=ids.index) for loop in loops}
    assert {one.message.split("'")[1] for one in told} == firsts


# -- wait-contradicts-its-name -------------------------------------------------------------------


def test_a_wait_that_contradicts_its_name() -> None:
    labels = (
        Label("Wait 4 Weeks", ("steps", 1), 3600, 2_419_200),
        Label("Wait 1 hour", ("steps", 1), 3600, 3600),
        Label("Wait", ("steps", 1), 3600, None),
        Label("Wait 2 days", ("steps", 1), None, 172_800),
    )
    (finding,) = found(cadence(step("a", None), labels=labels))
    assert (finding.code, finding.effect, finding.line) == ("CG805", "block", 4)
    assert finding.message == 'named "Wait 4 Weeks" but waits 1 hour'
    assert finding.help == "set it to 4 weeks, or give it another name"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "no time"),
        (1, "1 second"),
        (5, "5 seconds"),
        (0.5, "0.5 seconds"),
        (90, "90 seconds"),
        (5400, "90 minutes"),
        (3600, "1 hour"),
        (86_400, "1 day"),
        (864_000, "10 days"),
        (604_800, "1 week"),
        (604_800e6, "1,000,000 weeks"),
        (601_260, "6 days 23 hours 1 minute"),
        (86_400_000 + 1, "1,000 days 1 second"),
    ],
)
def test_a_time_in_words(seconds: float, text: str) -> None:
    assert in_words(seconds) == text


def test_a_time_that_is_a_default() -> None:
    label = Label("Wait 4 Weeks", ("steps", 1), 3600, 2_419_200, "n8n's Wait, version 1")
    (finding,) = found(cadence(step("a", None), labels=(label,)))
    assert finding.message == (
        'named "Wait 4 Weeks" but waits 1 hour, the default of n8n\'s Wait, version 1'
    )


# -- ambiguous-delay -----------------------------------------------------------------------------


def linear(*days: float, since_start: bool = False, **more: Any) -> Cadence:
    nodes: list[Node] = []
    for n, day in enumerate(days):
        nodes.append(
            pause(f"w{n}", f"s{n}", Elapsed(int(day * DAY), None), since_start=since_start)
        )
        nodes.append(step(f"s{n}", f"w{n + 1}" if n + 1 < len(days) else None))
    return cadence(*nodes, **more)


def test_both_readings_of_an_ambiguous_delay() -> None:
    other = linear(0, 3, 7, since_start=True, anchor="start")
    (finding,) = found(linear(0, 3, 7, ambiguous=True, other=other))
    assert (finding.code, finding.effect) == ("CG806", "block")
    assert finding.message == (
        "days 0, 3, 10 or 0, 3, 7: the file does not say what its delays count from,"
        " from the step before or from the start"
    )


def test_an_ambiguous_delay_with_one_reading() -> None:
    (finding,) = found(linear(0, 3, ambiguous=True))
    assert finding.message == "the file does not say what its delays count from"


@pytest.mark.parametrize(
    ("nodes", "days"),
    [
        ((pause("w", "a", fixed(43_200)), step("a", None)), "0.5"),
        ((pause("w", "a", LocalDays(2)), step("a", None)), "2"),
        ((pause("w", "x", fixed(9)), pause("x", "a", BusinessDays(3), since_start=True)), ""),
        ((pause("w", "a", UntilClock(0)), step("a", None)), "0"),
        ((pause("w", "a", UntilDate(0)), step("a", "b"), pause("b", "c"), step("c", None)), "?, ?"),
        ((pause("w", "a", Unknown("?")), step("a", "b"), pause("b", "c", LocalDays(1)),
          step("c", None)), "?, ?"),
        ((Handover("h", (), "sales", "e"), Enter("e", (), "y", "a"), step("a", "h")), "0"),
        ((step("a", "q"), branch("q", Arm("a"), Arm(None))), "0, ..."),
        ((pause("w", "a", Elapsed(NEVER, None)), step("a", "b"), pause("b", "c",
          LocalDays(10**400)), step("c", None)), f"{NEVER / DAY:g}, {NEVER / DAY:g}"),
    ],
)  # fmt: skip
def test_the_days_of_a_reading(nodes: tuple[Node, ...], days: str) -> None:
    one = cadence(*nodes, ambiguous=True, anchor="mixed")
    finding = next(f for f in found(replace(one, other=one)) if f.code == "CG806")
    assert finding.message.startswith(f"days {days} or {days}: ")
    assert finding.message.endswith("from both or from both")


# -- unknown-step, no-schedule, no-end -----------------------------------------------------------


def test_what_was_not_understood_is_no_pass() -> None:
    unknown = (NotUnderstood("step kind 'fax'", ("steps", 2), "no such channel"),)
    (finding,) = found(cadence(step("a", None), unknown=unknown))
    assert (finding.code, finding.effect, finding.line) == ("CG807", "block", 5)
    assert finding.message == "step kind 'fax' is not understood: no such channel"


def test_nothing_to_judge() -> None:
    (nothing,) = found()
    (no_steps,) = found(cadence(pause("p", None)))
    (no_times,) = found(cadence(step("a", "b"), step("b", None), schedule=False))
    (no_start,) = found(cadence(step("a", None), start=None))
    (lost_start,) = found(cadence(step("a", None), start="b"))
    for finding in (nothing, no_steps, no_times, no_start, lost_start):
        assert (finding.code, finding.effect) == ("CG808", "block")
    assert nothing.message == "the file holds no cadence"
    assert no_steps.message == "it has no step that touches anybody"
    assert no_times.message == "it has steps and no times"
    assert no_start.message == lost_start.message
    assert no_start.message == "nothing says where it starts, so no step was judged"


def test_exits_make_no_end_a_warning() -> None:
    loop = (step("a", "w"), pause("w", "a"))
    assert said(*loop) == [("CG804", "block"), ("CG809", "block")]
    assert said(*loop, exits=frozenset(("opt_out",))) == [("CG804", "warn"), ("CG809", "warn")]
    end = found(cadence(*loop, exits=frozenset(("opt_out", "replied"))))[-1]
    assert end.message.endswith("leads to an end; only opt_out or replied ends it")


def test_nothing_to_choose_from_is_an_end() -> None:
    assert not said(step("a", "q"), branch("q"))
    assert not said(step("a", "f"), Fan("f", (), ()))


# -- the whole -----------------------------------------------------------------------------------


def test_each_rule_has_a_page() -> None:
    assert list(pages()) == list(NAMES) == [f"CG80{n}" for n in range(1, 10)]
    for code, (name, text) in pages().items():
        assert name == NAMES[code]
        assert text.startswith("Objects ")
        assert text.endswith("\n")
        assert [line for line in text.splitlines() if line.startswith("## ")] == [
            "## Why",
            "## Effect",
            "## Repair",
        ]


@pytest.mark.parametrize("shape_", ["ring", "pairs"])
def test_a_hundred_thousand_nodes(shape_: str) -> None:
    many = 100_000
    then = {"ring": lambda n: (n + 1) % many, "pairs": lambda n: n ^ 1}[shape_]
    nodes: list[Node] = [step(str(n), str(then(n))) for n in range(many)]
    nodes.append(Fan("all", (), tuple(str(n) for n in range(many))))
    findings = found(cadence(*nodes, start="all"))
    loops = sum(finding.code == "CG804" for finding in findings)
    assert loops == {"ring": 1, "pairs": many // 2}[shape_]


def test_what_cadences_have_in_common_is_told_once() -> None:
    labels = (Label("Wait 4 Weeks", ("steps", 1), 3600, 2_419_200),)
    one = cadence(step("a", None), labels=labels)
    other = replace(one, name="y")
    assert [finding.cadence for finding in found(one, other)] == ["x"]
    empty = cadence(pause("p", None))
    assert [one.cadence for one in found(empty, replace(empty, name="y"))] == ["x", "y"]
