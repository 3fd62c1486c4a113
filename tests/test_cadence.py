"""The nodes of a cadence, and what may come after each."""

from __future__ import annotations

import pytest

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Fan,
    Label,
    Node,
    NotUnderstood,
    Pause,
    Step,
    Unknown,
    fixed,
    follow,
    not_understood,
)

ARMS = (Arm("a"), Arm(None, signal="replied"))


@pytest.mark.parametrize(
    ("node", "after"),
    [
        (Branch("n", (), ARMS), ("a", None)),
        (Fan("n", (), ("a", "b")), ("a", "b")),
        (Await("n", (), ARMS, None, "c"), ("a", None, "c")),
        (Pause("n", (), fixed(1), "b"), ("b",)),
    ],
)
def test_what_may_come_after_a_node(node: Node, after: tuple[str | None, ...]) -> None:
    assert follow(node) == after


def test_what_is_no_node_is_an_error() -> None:
    with pytest.raises(TypeError, match="not a node"):
        follow(Node("n", ()))


def test_a_fixed_wait_is_whole_microseconds() -> None:
    assert fixed(0.1) == Elapsed(100_000, 100_000)


@pytest.mark.parametrize(
    ("seconds", "said", "contradicts"), [(60, 60, False), (60, 3600, True), (None, 60, False)]
)
def test_a_label_contradicts_only_what_is_known(
    seconds: float | None, said: float, contradicts: bool
) -> None:
    assert Label("Wait", (), seconds, said).contradicts is contradicts


def test_a_wait_that_nobody_knows_is_told_if_a_touch_may_come_after_it() -> None:
    nodes: tuple[Node, ...] = (
        Await("w", ("steps", 0), (Arm("p", "replied"), Arm(None)), Unknown("a date"), "x"),
        Pause("x", ("steps", 1), Unknown("an expression"), "s"),
        Step("s", ("steps", 2), "call", "y", attempts=2, every=Unknown("soon")),
        Pause("y", ("steps", 3), Unknown("a form"), "z"),
        Pause("z", ("steps", 4), fixed(1), None),
        Pause("p", ("steps", 5, "name"), Unknown("a word"), "s"),
    )
    said = NotUnderstood("unit", ("steps", 5, "unit"), "no unit")
    cadence = Cadence("c", (), {node.id: node for node in nodes}, "w", unknown=(said,))
    first, *others = not_understood(cadence)
    assert first is said
    assert [(one.what, one.why) for one in others] == [
        ("the wait 'w'", "a date"),
        ("the wait 'x'", "an expression"),
        ("the wait 's'", "soon"),
    ]
