from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    Elapsed,
    Enter,
    Ground,
    Handover,
    LocalDays,
    Node,
    Unknown,
    UntilClock,
)
from cadence_guard.check.layout import SinceStart, Stop, Upto
from cadence_guard.check.paths import (
    STOPS,
    TURNS,
    VISITS,
    WAYS,
    Heard,
    Made,
    Path,
    Ways,
    least,
    ways,
)
from cadence_guard.instants import DAY, HOUR
from check.flows import (
    ask,
    branch,
    days,
    enter,
    fan,
    flow,
    handover,
    hours,
    line,
    pause,
    step,
    waiting,
)


def all_ways(
    cadence: Cadence,
    longest: int = 0,
    touches: int = 0,
    others: Mapping[str, Cadence] | None = None,
) -> Ways:
    return ways(cadence, longest=longest, touches=touches, others=others)


def names(path: Path) -> list[str]:
    """What happens on a way."""
    found = []
    for item in path.items:
        match item.what:
            case Made(step=one):
                found.append(one.id)
            case Heard(kind=kind):
                found.append(f"({kind})")
            case Handover(to=to):
                found.append(f"-> {to}")
            case Enter(cadence=name):
                found.append(f"+ {name}")
    return found


def told(found: Ways) -> list[list[str]]:
    return [names(path) for path in found.paths]


def stops(path: Path) -> list[Stop]:
    return [item.stop for item in path.items]


def test_waits_add_up_until_the_next_stop() -> None:
    found = all_ways(
        line(hours(1), step("a"), hours(1), LocalDays(1), hours(2), hours(3), step("b"))
    )
    assert told(found) == [["a", "b"]]
    assert stops(found.paths[0]) == [
        Stop(-1, (hours(1),)),
        Stop(0, (hours(1), LocalDays(1), hours(5))),
    ]


def test_ranges_add_up_too() -> None:
    cadence = line(Elapsed(1, 2), Elapsed(3, 5), step("a"), Elapsed(1, None), hours(1), step("b"))
    assert stops(all_ways(cadence).paths[0]) == [
        Stop(-1, (Elapsed(4, 7),)),
        Stop(0, (Elapsed(HOUR + 1, None),)),
    ]


def test_a_wait_from_the_start() -> None:
    cadence = flow(step("a", "p"), pause("p", days(3), "b", since_start=True), step("b"))
    assert stops(all_ways(cadence).paths[0]) == [Stop(-1, ()), Stop(0, (SinceStart(days(3)),))]


def test_a_branch_is_a_way_for_each_arm() -> None:
    found = all_ways(
        flow(step("a", "?"), branch("?", "b", "c", None), step("b", "d"), step("c", "d"), step("d"))
    )
    assert told(found) == [["a", "b", "d"], ["a", "c", "d"], ["a"]]


def test_ways_that_touch_alike_are_one() -> None:
    nodes: list[Node] = []
    for n in range(40):
        nodes += [branch(f"b{n}", f"w{n}", f"b{n + 1}"), pause(f"w{n}", hours(0), f"b{n + 1}")]
    found = all_ways(flow(*nodes, step("b40")))
    assert told(found) == [["b40"]]
    assert not found.reasons


def test_a_fan_is_all_ways_at_once() -> None:
    cadence = flow(
        step("a", "*"),
        fan("*", "p", "c"),
        pause("p", hours(1), "b"),
        step("b"),
        step("c", "d"),
        step("d"),
    )
    (path,) = all_ways(cadence).paths
    assert names(path) == ["a", "b", "c", "d"]
    assert stops(path) == [Stop(-1, ()), Stop(0, (hours(1),)), Stop(0, ()), Stop(2, ())]


def test_what_is_gone_at_once_goes_round_by_itself() -> None:
    """Where one of them has been is not where another has."""
    found = all_ways(flow(fan("*", "p", "p"), pause("p", days(1), "a"), step("a")))
    assert told(found) == [["a", "a"]]
    assert stops(found.paths[0]) == [Stop(-1, (days(1),)), Stop(-1, (days(1),))]
    other = flow(step("x", "p"), pause("p", days(1), "x"), name="other")
    twice = flow(enter("e", "other", "p"), pause("p", days(9), "f"), enter("f", "other", None))
    found = all_ways(twice, longest=2 * DAY, others={"other": other})
    assert told(found) == [["+ other", "x", "x", "x", "+ other", "x", "x", "x"]]
    assert not found.reasons
    again = flow(
        step("a", "*"),
        fan("*", "p", "q"),
        pause("p", days(1), "a"),
        pause("q", days(2), "b"),
        step("b"),
    )
    found = all_ways(again, longest=DAY)
    assert told(found) == [["a", "a", "b", "b"]]
    assert not all_ways(flow(fan("*", "*", "*")), longest=DAY).reasons


def test_what_may_be_left_out_is_there_and_not() -> None:
    found = all_ways(line(step("a"), step("b", possible=True), step("c")))
    assert told(found) == [["a", "b", "c"], ["a", "c"]]


def test_a_call_is_tried_as_often_as_the_file_says() -> None:
    found = all_ways(
        line(step("a", channel="call", attempts=3, every=hours(2)), hours(1), step("b"))
    )
    assert told(found) == [["a", "a", "a", "b"]]
    assert stops(found.paths[0]) == [
        Stop(-1, ()),
        Stop(0, (hours(2),)),
        Stop(1, (hours(2),)),
        Stop(2, (hours(1),)),
    ]
    whats = [item.what for item in found.paths[0].items]
    assert [what.outcome for what in whats if isinstance(what, Made)] == ["no_answer"] * 3 + [None]


@pytest.mark.parametrize("every", [None, Unknown("?")])
def test_nobody_knows_when_it_is_tried_again(every: Unknown | None) -> None:
    found = all_ways(line(step("a", channel="call", attempts=3, every=every)))
    assert told(found) == [["a"]]


def test_a_signal_comes_before_the_time_out_or_not_at_all() -> None:
    found = all_ways(
        flow(step("a", "?"), waiting("?", "replied", "b", days(2), "c"), step("b"), step("c"))
    )
    assert told(found) == [["a", "(replied)", "b"], ["a", "c"]]
    assert stops(found.paths[0]) == [Stop(-1, ()), Stop(0, (Upto(days(2)),)), Stop(1, ())]
    assert stops(found.paths[1]) == [Stop(-1, ()), Stop(0, (days(2),))]


def test_a_signal_nobody_names_only_takes_its_time() -> None:
    found = all_ways(flow(waiting("?", None, "b", days(2), None), step("b")))
    assert told(found) == [["b"]]
    assert stops(found.paths[0]) == [Stop(-1, (Upto(days(2)),))]


def test_without_a_time_out_nothing_happens_but_the_signal() -> None:
    found = all_ways(flow(waiting("?", "clicked", "b", None, "c"), step("b"), step("c")))
    assert told(found) == [["(clicked)", "b"]]
    assert stops(found.paths[0])[0] == Stop(-1, (Upto(Elapsed(0, None)),))


def test_an_arm_for_no_signal_is_a_time_out() -> None:
    arms = (Arm("b", signal="replied", unless=True), Arm("c", signal="replied"))
    cadence = flow(Await("?", (), arms, days(1), None), step("b"), step("c"))
    found = all_ways(cadence)
    assert told(found) == [["b"], ["(replied)", "c"]]
    assert stops(found.paths[0]) == [Stop(-1, (days(1),))]


def test_behind_a_wait_that_nobody_knows_it_begins_anew() -> None:
    cadence = flow(
        step("a", "p"),
        pause("p", Unknown("an expression"), "q"),
        pause("q", hours(1), "b"),
        step("b", "?"),
        waiting("?", "replied", "c", Unknown("?"), "d"),
        step("c"),
        step("d", "r"),
        pause("r", Unknown("?"), "q"),
    )
    found = all_ways(cadence)
    assert [(path.fresh, names(path)) for path in found.paths] == [
        (False, ["a"]),
        (True, ["b", "(replied)", "c"]),
        (True, ["d"]),
    ]
    assert stops(found.paths[1])[1] == Stop(0, (Upto(Elapsed(0, None)),))


def test_a_handoff_is_a_stop() -> None:
    found = all_ways(
        flow(step("a", "h"), handover("h", "sales", "p"), pause("p", hours(1), "b"), step("b"))
    )
    assert told(found) == [["a", "-> sales", "b"]]
    assert stops(found.paths[0])[2] == Stop(1, (hours(1),))


def test_another_cadence_is_entered_besides() -> None:
    other = flow(pause("p", days(1), "x", since_start=True), step("x"), name="other")
    cadence = flow(
        step("a", "p"), pause("p", hours(1), "e"), enter("e", "other", "b"), step("b"), name="one"
    )
    found = all_ways(cadence, others={"other": other})
    assert told(found) == [["a", "+ other", "x", "b"]]
    assert stops(found.paths[0])[2:] == [Stop(1, (SinceStart(days(1), 1),)), Stop(1, ())]
    assert found.paths[0].cadences == (cadence, other)
    assert not found.assumes
    alone = all_ways(cadence)
    assert told(alone) == [["a", "+ other", "b"]]
    assert list(alone.assumes) == ["cadence 'other', which is entered besides, makes no touch"]


def test_nothing_to_go() -> None:
    assert all_ways(flow()).paths == []
    assert all_ways(line(hours(1))).paths == []
    assert all_ways(flow(step("a", "nowhere"))).paths[0].items[0].stop == Stop(-1, ())


@pytest.mark.parametrize("nowhere", [branch("?"), Await("?", (), (), None, "b")])
def test_a_way_that_leads_nowhere_is_one(nowhere: Node) -> None:
    assert told(all_ways(flow(step("a", "?"), nowhere, step("b")))) == [["a"]]


# -- what a branch asks --------------------------------------------------------------------------


def answers(*between: Node, **fields: Any) -> list[str]:
    """What two branches are told of one signal on each way, `y` or `n`, with something between
    them: the nodes, of which the last leads to `last`."""
    following = between[0].id if between else "last"
    found = all_ways(
        flow(
            ask("?", "clicked", "y1", "n1"),
            step("y1", following),
            step("n1", following),
            *between,
            ask("last", "clicked", "y2", "n2"),
            step("y2"),
            step("n2"),
            **fields,
        )
    )
    assert not found.reasons
    return ["".join(name[0] for name in way if name[1:] in ("1", "2")) for way in told(found)]


@pytest.mark.parametrize(
    "between",
    [
        [],
        [step("x", "last")],
        [pause("p", hours(0), "last")],
        [handover("h", "sales", "last")],
        [waiting("w", "clicked", None, days(1), "last")],
    ],
)
def test_a_no_holds_until_something_is_waited_for(between: list[Node]) -> None:
    assert set(answers(*between)) - {"y", "n"} == {"yy", "nn"}


@pytest.mark.parametrize(
    "between",
    [
        [pause("p", UntilClock(0), "last")],
        [pause("p", hours(0), "last", since_start=True)],
        [step("x", "last", channel="call", attempts=2, every=hours(1))],
        [waiting("w", "replied", "last", days(1), None)],
        [waiting("w", "replied", None, days(1), "last")],
        [waiting("w", "clicked", None, days(1), "p"), pause("p", days(1), "last")],
    ],
)
def test_a_signal_may_come_while_something_is_waited_for(between: list[Node]) -> None:
    assert set(answers(*between)) - {"y", "n"} == {"yy", "ny", "nn"}


def test_a_signal_that_was_waited_for_has_come() -> None:
    assert answers(waiting("w", "clicked", "last", days(1), None)) == ["yy", "y", "ny", "n"]
    two = Await("w", (), (Arm("last", "clicked"), Arm("last", "replied")), days(1), "last")
    assert answers(two) == ["yy", "yy", "yy", "ny", "nn", "nn"]
    never = Await("w", (), (Arm("last", "clicked", unless=True),), days(1), None)
    assert answers(never) == ["yy", "y", "nn", "n"]


def test_what_made_somebody_enter_has_come() -> None:
    assert answers(entry_signal="clicked") == ["yy"]
    given = Audience(grounds=(Ground("consent"), Ground("clicked", age=DAY)))
    assert answers(audience=given) == ["yy"]
    assert answers(entry_signal="replied") == ["yy", "nn"]


def test_a_wait_for_an_exit_leads_nowhere() -> None:
    """The signal ends the cadence, and not one that was entered besides."""
    wait = waiting("w", "replied", "b", days(2), "c")
    nodes = (step("a", "w"), wait, step("b"), step("c"))
    assert told(all_ways(flow(*nodes))) == [["a", "(replied)", "b"], ["a", "c"]]
    one = flow(*nodes, exits=frozenset(("replied",)))
    assert told(all_ways(one)) == [["a", "c"]]
    other = flow(enter("e", "trial", "p"), pause("p", days(3), "d"), step("d"), name="other")
    assert told(all_ways(other, others={"trial": one})) == [
        ["+ trial", "a", "(replied)", "d"],
        ["+ trial", "a", "c", "d"],
    ]
    endless = waiting("w", "replied", "b", None, None)
    assert told(all_ways(flow(step("a", "w"), endless, step("b"), exits=one.exits))) == [["a"]]


def test_signals_that_nothing_reads_are_one_if_they_lead_one_way() -> None:
    arms = tuple(
        Arm(then, kind)
        for then, kind in [("a", "clicked"), ("a", "opened"), ("b", "visited"), ("a", "replied")]
    )
    nodes = [Await("?", (), arms, days(1), "c"), *(step(name) for name in "abc")]
    every = [["(clicked)", "a"], ["(opened)", "a"], ["(visited)", "b"], ["(replied)", "a"], ["c"]]
    unread = frozenset(("clicked", "opened", "visited"))
    assert told(all_ways(flow(*nodes))) == every
    alike = ways(flow(*nodes), longest=0, touches=0, unread=unread)
    assert told(alike) == [way for way in every if way[0] != "(opened)"]
    later = [ask("!", "opened", None, None), *nodes]  # a branch asks for it
    asked = Cadence("trial", (), {node.id: node for node in later}, "?")
    assert told(ways(asked, longest=0, touches=0, unread=unread)) == every


def test_the_first_arm_that_fits_is_taken() -> None:
    arms = (Arm("a", "clicked"), Arm("b", "clicked"), Arm("c", "replied", unless=True), Arm("d"))
    nodes = [step(name) for name in "abcd"]
    row = Branch("?", (), arms)
    assert told(all_ways(flow(row, *nodes))) == [["a"], ["c"], ["d"]]
    assert told(all_ways(flow(row, *nodes, entry_signal="clicked"))) == [["a"]]
    assert told(all_ways(flow(row, *nodes, entry_signal="replied"))) == [["a"], ["d"]]


def test_what_a_foreign_file_asks_may_be_more_than_a_signal() -> None:
    arms = (Arm("a", "replied", text="says stop"), Arm("b", "replied", text="says end"), Arm("c"))
    cadence = flow(Branch("?", (), arms), *(step(name) for name in "abc"), entry_signal="replied")
    assert told(all_ways(cadence)) == [["a"], ["b"], ["c"]]


def test_a_cadence_entered_besides_is_told_the_same() -> None:
    other = flow(ask("?", "clicked", "x", "y"), step("x"), step("y"), name="other")
    cadence = flow(
        ask("?", "clicked", "a", "b"), step("a", "e"), step("b", "e"), enter("e", "other", None)
    )
    found = all_ways(cadence, others={"other": other})
    assert told(found) == [["a", "+ other", "x"], ["b", "+ other", "y"]]


@pytest.mark.parametrize(
    ("besides", "wait", "expected"),
    [
        (hours(0), hours(1), ["xa", "ya", "yb"]),  # what had come has come
        (hours(2), hours(1), ["xa", "xb", "yb"]),  # what has not come had not come
        (hours(1), hours(1), ["xa", "yb"]),
        (Elapsed(0, 2 * HOUR), hours(1), ["xa", "xb", "ya", "yb"]),  # nobody knows what is first
        (Elapsed(0, None), hours(1), ["xa", "xb", "ya", "yb"]),
        (Elapsed(HOUR, 2 * HOUR), Elapsed(2 * HOUR, None), ["xa", "ya", "yb"]),
    ],
)
def test_ways_gone_at_once_are_told_of_one_signal(
    besides: Elapsed, wait: Elapsed, expected: list[str]
) -> None:
    other = flow(
        pause("p", besides, "?"), ask("?", "clicked", "x", "y"), step("x"), step("y"), name="other"
    )
    cadence = flow(
        enter("e", "other", "p"), pause("p", wait, "?"), ask("?", "clicked", "a", "b"), step("a"),
        step("b"),
    )  # fmt: skip
    found = all_ways(cadence, others={"other": other})
    assert ["".join(way[1:]) for way in told(found)] == expected


def test_a_signal_waited_for_has_come_on_all_ways_gone_at_once() -> None:
    other = flow(waiting("w", "clicked", "x", hours(2), "y"), step("x"), step("y"), name="other")
    cadence = flow(
        enter("e", "other", "p"), pause("p", days(1), "q"),
        pause("q", days(1), "?", since_start=True), ask("?", "clicked", "a", "b"), step("a"),
        step("b"),
    )  # fmt: skip
    found = all_ways(cadence, others={"other": other})
    ways = ["".join(name for name in way if name in "xyab") for way in told(found)]
    assert ways == ["xa", "ya", "yb"]


def test_what_has_come_has_come_behind_a_wait_that_nobody_knows() -> None:
    assert answers(pause("p", Unknown("?"), "last")) == ["y", "n", "y", "y", "n"]
    timed = waiting("w", "clicked", None, Unknown("?"), "last")
    assert answers(timed) == ["y", "n", "y", "y", "n"]


def test_a_loop_is_told_once_that_a_signal_has_come() -> None:
    nodes = [
        step("a", "?"), ask("?", "clicked", "y", "n"), step("y", "p"), step("n", "p"),
        pause("p", days(1), "a"),
    ]  # fmt: skip
    found = all_ways(flow(*nodes), longest=3 * DAY)
    said = {"".join(name for name in way if name != "a") for way in told(found)}
    assert said == {"yyyy", "nyyy", "nnyy", "nnny", "nnnn"}


# -- loops ---------------------------------------------------------------------------------------


def loop(wait: Elapsed) -> Cadence:
    return flow(step("a", "?"), branch("?", "p", "z"), pause("p", wait, "a"), step("z"))


def test_a_loop_is_gone_round_until_nobody_looks_back_so_far() -> None:
    found = all_ways(loop(days(1)), longest=3 * DAY)
    assert max(names(path).count("a") for path in found.paths) == 4
    assert {names(path)[-1] for path in found.paths} == {"z", "a"}
    assert not found.reasons


def test_a_loop_is_gone_round_as_often_as_a_streak_counts() -> None:
    found = all_ways(loop(days(1)), longest=0, touches=5)
    assert max(names(path).count("a") for path in found.paths) == 7


def test_a_loop_without_a_wait() -> None:
    assert all_ways(flow(pause("p", hours(0), "q"), pause("q", hours(0), "p"))).reasons == {}
    found = all_ways(flow(step("a", "a")), longest=DAY)
    assert list(found.reasons) == [f"its loops were gone round {TURNS} times only"]


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (Elapsed(5, 9), 5),
        (LocalDays(3), 2 * DAY),
        (BusinessDays(1), 0),
        (UntilClock(0), 0),
    ],
)
def test_what_a_wait_takes_at_least(wait: Elapsed, expected: int) -> None:
    assert least(wait) == expected


# -- bounds --------------------------------------------------------------------------------------


def test_more_ways_than_the_bound() -> None:
    nodes: list[Node] = []
    for n in range(10):
        nodes += [branch(f"b{n}", f"x{n}", f"y{n}")]
        nodes += [step(f"{each}{n}", f"b{n + 1}") for each in "xy"]
    found = all_ways(flow(*nodes))
    assert len(found.paths) == WAYS
    assert list(found.reasons) == [f"it has more than {WAYS} ways; the others were not looked at"]


def test_more_stops_than_the_bound() -> None:
    found = all_ways(line(*(step(f"s{n}") for n in range(STOPS + 1))))
    assert [len(path.items) for path in found.paths] == [STOPS]
    assert list(found.reasons) == [f"it has more than {STOPS} stops or waits on one way"]


def test_more_at_once_than_the_bound() -> None:
    found = all_ways(flow(fan("*", *("a" for _ in range(100_000))), step("a")))
    assert [len(path.items) for path in found.paths] == [STOPS]
    assert list(found.reasons) == [f"more than {STOPS} of its ways are gone at once"]


def test_more_nodes_than_the_bound() -> None:
    nodes = {f"{n}": pause(f"{n}", hours(1), f"{n + 1}") for n in range(VISITS + 1)}
    cadence = Cadence("long", (), nodes, "0")
    assert list(all_ways(cadence).reasons) == [f"it has more than {VISITS} places on its ways"]


def test_more_attempts_than_the_bound() -> None:
    found = all_ways(line(step("a", channel="call", attempts=10**9, every=hours(1))))
    assert len(found.paths[0].items) == TURNS
    assert list(found.reasons) == [f"step 'a' has more than {TURNS} attempts"]


def test_arms_without_end() -> None:
    steps = {f"{n}": step(f"{n}") for n in range(100_000)}
    cadence = Cadence("wide", (), {"?": Branch("?", (), tuple(map(Arm, steps))), **steps}, "?")
    assert len(all_ways(cadence).paths) == WAYS
