"""`read`, and how long after the entry a step comes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import TOY

from cadence_guard import importers
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
    Pause,
    Step,
    Unknown,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
    Wait,
)
from cadence_guard.check.layout import apply
from cadence_guard.cli._read import Span, _text, _touch, read_data, spans, takes
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, SECOND, Hours, zone
from cadence_guard.words import SIGNALS

SAID = {
    "toy": {"drip": [["a", "email", 1], ["b", "call", 24.0001]]},
    "labels": 1,
    "jump": 1,
}


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    monkeypatch.setattr(importers, "IMPORTERS", (TOY,))
    Path("a.json").write_text(json.dumps(SAID), "utf-8")


def test_json_has_the_pinned_keys(run: Any) -> None:
    result = run("read", "a.json", "--format", "json")
    assert (result.code, result.err) == (0, "")
    data = json.loads(result.out)
    assert (data["path"], data["format"]) == ("a.json", "toy")
    (cadence,) = data["cadences"]
    assert cadence == {
        "name": "drip",
        "anchor": "previous",
        "ambiguous": False,
        "steps": [
            {
                "id": "a",
                "channel": "email",
                "after_min": 3600,
                "after_max": 3600,
                "touch": {"purpose": "sales"},
            },
            {
                "id": "b",
                "channel": "call",
                "after_min": 90000.36,
                "after_max": 90000.36,
                "touch": {"purpose": "sales"},
            },
        ],
        "waits": [
            {"name": "Wait 1 day", "seconds": 3600.0, "label_seconds": 86_400.0},
            {"name": "w", "seconds": 60.0, "label_seconds": None},
        ],
        "exits": sorted(SIGNALS),
        "unknown": [{"what": "a jump", "why": "it leads nowhere", "line": 1, "column": 18}],
        "other": None,
    }


def test_both_readings_of_what_the_file_does_not_settle(run: Any) -> None:
    Path("a.json").write_text(json.dumps({**SAID, "ambiguous": 1}), "utf-8")
    (cadence,) = json.loads(run("read", "a.json", "--format", "json").out)["cadences"]
    assert cadence["ambiguous"]
    assert cadence["steps"][1]["after_min"] == 3600
    assert cadence["other"]["anchor"] == "start"
    assert cadence["other"]["steps"][1]["after_min"] == 90000.36


def test_text(run: Any) -> None:
    Path("a.json").write_text(json.dumps({**SAID, "ambiguous": 1}), "utf-8")
    assert run("read", "a.json").out.splitlines() == [
        "a.json: toy",
        "",
        "drip, delays count from the previous (the file does not settle that)",
        "  1h               email      a",
        "  1h               call       b",
        "  wait 'Wait 1 day': 1h, its name says 1d",
        "  wait 'w': 1m",
        f"  ends on: {', '.join(sorted(SIGNALS))}",
        "  not understood, line 1: a jump: it leads nowhere",
    ]


def test_standard_input_and_files_that_cannot_be_read(run: Any) -> None:
    assert run("read", "-", input=json.dumps(SAID).encode()).out.startswith("<stdin>: toy\n")
    result = run("read", "nope.json")
    assert (result.code, result.out) == (2, "")
    assert "nope.json: cannot be read" in result.err
    Path("p.yaml").write_text("version: 1\nrules: {}\n", "utf-8")
    assert "p.yaml: a policy, not a cadence file" in run("read", "p.yaml").err


def test_text_of_what_is_not_known_or_has_no_end() -> None:
    cadence = flow(
        pause("p", Elapsed(DAY, 2 * DAY), "a"),
        step("a", "q"),
        pause("q", Elapsed(DAY, None), "b"),
        step("b", "r"),
        pause("r", Unknown("an expression"), "c"),
        step("c"),
    )
    source = Source("x", b"{}")
    data = read_data(
        CadenceFile("made", (replace(cadence, exits=frozenset(), anchor=None),)), source
    )
    assert list(_text(data)) == [
        "x: made",
        "",
        "c",
        "  1d to 2d         email      a",
        "  2d or more       email      b",
        "  ?                email      c",
        "  not understood, line 1: the wait 'r': an expression",
    ]
    same = replace(cadence, labels=(Label("one day", (), 86_400.0, 86_400.0),))
    assert not any(
        "one day" in line for line in _text(read_data(CadenceFile("made", (same,)), source))
    )


# -- how long after the entry --------------------------------------------------------------------


def flow(*nodes: Node, start: str | None = None) -> Cadence:
    return Cadence("c", (), {node.id: node for node in nodes}, start or nodes[0].id)


def pause(name: str, wait: Wait, then: str | None, *, since_start: bool = False) -> Pause:
    return Pause(name, (), wait, then, since_start)


def step(name: str, then: str | None = None, **more: Any) -> Step:
    return Step(name, (), "email", then, **more)


def days(number: float) -> Elapsed:
    return Elapsed(int(number * DAY), int(number * DAY))


def found(cadence: Cadence) -> Mapping[str, tuple[float | None, float | None]]:
    """In days, for the steps."""
    return {
        name: tuple(None if us is None else us / DAY for us in span)  # type: ignore[misc]
        for name, span in spans(cadence).items()
        if isinstance(cadence.nodes[name], Step)
    }


def test_the_ways_of_a_branch_meet_again() -> None:
    assert found(
        flow(
            Branch("fork", (), (Arm("p"), Arm("q"), Arm(None), Arm("gone"))),
            pause("p", days(1), "x"),
            pause("q", Elapsed(2 * DAY, 3 * DAY), "x"),
            step("x", "w"),
            pause("w", Elapsed(DAY, None), "y"),
            step("y"),
            step("unreached"),
        )
    ) == {"x": (1, 3), "y": (2, None)}


def test_all_ways_of_a_fan_and_what_takes_no_time() -> None:
    cadence = flow(
        Fan("fan", (), ("a", "hand")),
        step("a"),
        Handover("hand", (), "sales", "enter"),
        Enter("enter", (), "other", "b"),
        step("b"),
    )
    assert found(cadence) == {"a": (0, 0), "b": (0, 0)}


def test_a_wait_for_a_signal() -> None:
    arms = (Arm("a", "replied"), Arm("b", "replied", unless=True))
    cadence = flow(
        Await("w", (), arms, days(3), "c"), step("a"), step("b"), step("c", "d"), step("d")
    )
    assert found(cadence) == {"a": (0, 3), "b": (3, 3), "c": (3, 3), "d": (3, 3)}
    endless = flow(Await("w", (), (Arm("a", "replied"),), None, "b"), step("a"), step("b"))
    assert found(endless) == {"a": (0, None)}


def test_behind_what_nobody_knows_nothing_is_known() -> None:
    cadence = flow(
        step("a", "w"),
        pause("w", Unknown("an expression"), "b"),
        step("b", "v"),
        pause("v", days(1), "c"),
        step("c", "b"),
    )
    assert found(cadence) == {"a": (0, 0), "b": (None, None), "c": (None, None)}


def test_a_loop_has_no_latest_time_nor_what_comes_after_it() -> None:
    cadence = flow(
        step("a", "b"),
        step("b", "w"),
        pause("w", days(1), "fork"),
        Branch("fork", (), (Arm("b"), Arm("c"))),
        step("c"),
    )
    assert found(cadence) == {"a": (0, 0), "b": (0, None), "c": (1, None)}
    assert found(flow(step("a", "w"), pause("w", days(1), "a"))) == {"a": (0, None)}


def test_delays_from_the_start_never_go_back() -> None:
    cadence = flow(
        pause("p", days(5), "a"),
        step("a", "q"),
        pause("q", days(3), "b", since_start=True),
        step("b", "r"),
        pause("r", days(9), "c", since_start=True),
        step("c"),
    )
    assert found(cadence) == {"a": (5, 5), "b": (5, 5), "c": (9, 9)}


def test_a_call_is_tried_again_before_the_next_step() -> None:
    cadence = flow(step("a", "b", attempts=3, every=days(1)), step("b"))
    assert found(cadence) == {"a": (0, 0), "b": (2, 2)}
    endless = flow(step("a", "b", attempts=3, every=Elapsed(DAY, None)), step("b"))
    assert found(endless) == {"a": (0, 0), "b": (2, None)}


def test_no_start_no_times() -> None:
    assert spans(Cadence("c", (), {"a": step("a")}, None)) == {}
    assert spans(flow(step("a"), start="gone")) == {}


def test_what_is_no_node_is_refused() -> None:
    with pytest.raises(TypeError, match="not a node"):
        spans(flow(Node("a", ())))


def test_a_long_chain_and_a_great_loop_take_no_time_to_read() -> None:
    many = [pause(f"p{n}", days(1), f"p{n + 1}") for n in range(50_000)]
    assert spans(flow(*many, step("p50000")))["p50000"] == Span(50_000 * DAY, 50_000 * DAY)


def test_dates_and_tags_of_a_touch() -> None:
    said = step(
        "a",
        team="sales",
        tags=("urgent",),
        deadline=SECOND,
        attempts=2,
        greeting="Hi",
        purpose="x-a",
    )
    assert _touch(said, flow(said)) == {
        "team": "sales",
        "purpose": "x-a",
        "tags": ["urgent"],
        "greeting": "Hi",
        "deadline": "1970-01-01T00:00:01Z",
        "attempts": 2,
    }


WEEKDAYS = Hours([(range(5), 9 * HOUR, 17 * HOUR)])


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (Elapsed(1, 2), (1, 2)),
        (LocalDays(3), (3 * DAY, 3 * DAY)),
        (BusinessDays(0), (0, 0)),
        (UntilOpen(WEEKDAYS, ""), (0, 64 * HOUR)),
        (UntilClock(0), (0, DAY)),
        (UntilClock(0, frozenset((0,))), (0, 7 * DAY)),
        (UntilClock(0, frozenset((0, 4))), (0, 4 * DAY)),
        (UntilDay(frozenset(range(7))), (0, 0)),
        (UntilDay(frozenset((0, 1))), (0, 5 * DAY)),
        (UntilDate(5), (None, None)),
        (Unknown("why"), (None, None)),
    ],
)
def test_how_long_a_wait_takes(wait: Wait, expected: tuple[int | None, int | None]) -> None:
    assert takes(wait) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.integers(0, 30).map(LocalDays),
        st.integers(1, 30).map(BusinessDays),
        st.just(UntilOpen(WEEKDAYS, "")),
        st.builds(
            UntilClock, st.integers(0, DAY - 1), st.frozensets(st.integers(0, 6), min_size=1)
        ),
    )
)
def test_no_start_of_two_weeks_waits_less_or_longer(wait: Wait) -> None:
    where = zone("UTC")
    low, high = takes(wait)
    assert low is not None
    assert high is not None
    waited = [apply(wait, t, where) - t for t in range(0, 14 * DAY, 5 * HOUR)]
    assert low <= min(waited)
    assert max(waited) <= high
