"""The nodes of a cadence, and what may come after each."""

from __future__ import annotations

import pytest

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Elapsed,
    Fan,
    Label,
    Node,
    Pause,
    fixed,
    follow,
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
