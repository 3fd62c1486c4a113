from __future__ import annotations

from collections.abc import Mapping

import pytest

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    Elapsed,
    Enter,
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
from check.flows import branch, days, enter, fan, flow, handover, hours, line, pause, step, waiting


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
