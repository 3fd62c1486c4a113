"""An error as what a report says of it."""

from __future__ import annotations

import pytest

from cadence_guard.check.report import Fault
from cadence_guard.cli._faults import faults
from cadence_guard.errors import CadenceError


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("a.yaml:3:1: no: x", ("a.yaml",), [Fault("no: x", "a.yaml", 3, 1)]),
        ("a.yaml: larger", ("a.yaml",), [Fault("larger", "a.yaml")]),
        ("a: b.yaml:3:1: no", ("a", "a: b.yaml"), [Fault("no", "a: b.yaml", 3, 1)]),
        ("a(1:2: no", ("a(1", "a("), [Fault("2: no", "a(1")]),
        ("p.yaml:3:1: no\nmore", ("a.yaml",), [Fault("no\nmore", "p.yaml", 3, 1)]),
        ("p: no", ("a.yaml",), [Fault("p: no")]),
        ("nl\nx:1:1: cannot", ("nl\nx",), [Fault("cannot", "nl\nx", 1, 1)]),
        (
            "a:1:2: no\na:3:4: nor this\nb:5:6: part of it",
            ("a",),
            [Fault("no", "a", 1, 2), Fault("nor this\nb:5:6: part of it", "a", 3, 4)],
        ),
        ("a:1:2: no\na:3:4: nor", (), [Fault("no", "a", 1, 2), Fault("nor", "a", 3, 4)]),
    ],
)
def test_the_places_of_an_error(text: str, names: tuple[str, ...], found: list[Fault]) -> None:
    assert faults(CadenceError(text), names) == found
