"""Values: what a frozen dataclass does, but for what is compiled."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, replace

import pytest

from cadence_guard._struct import struct


@struct
class Point:
    x: int
    y: int = 0


@struct
class Named(Point):
    name: str = ""

    @property
    def text(self) -> str:
        return f"{self.name} at {self.x}"


@struct
class Other:
    x: int
    y: int = 0


@struct
class Single:
    x: int


class Heir(Point):
    pass


@dataclass(frozen=True, slots=True)
class Reference:
    x: int
    y: int = 0


def test_equal_if_class_and_fields_are() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(2)
    assert Point(1) != Other(1)
    assert Point(1) != Named(1)
    assert Named(1, 2, "a") != Named(1, 2, "b")
    assert Point(1) != Heir(1)
    assert Heir(1) == Heir(1)
    assert Point(1) != (1, 0)
    assert Single(1) != 1


def test_equal_ones_hash_alike() -> None:
    assert len({Point(1), Point(1), Point(2), Other(1), Named(1)}) == 4
    assert len({Single(1), Single(1), 1}) == 2


def test_it_has_slots_and_takes_what_a_dataclass_takes() -> None:
    assert not hasattr(Named(1), "__dict__")
    assert replace(Named(1, name="a"), x=3) == Named(3, 0, "a")
    match Named(1, 2, "c"):
        case Named(1, y=y, name=name):
            assert (y, name) == (2, "c")
        case _:
            pytest.fail("no match")
    assert Named(4, name="d").text == "d at 4"
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_it_shows_itself_as_a_dataclass_does() -> None:
    assert repr(Point(1, 2)) == repr(Reference(1, 2)).replace("Reference", "Point")
    assert repr(Named(1, name="it's")) == """Named(x=1, y=0, name="it's")"""


@pytest.mark.parametrize("made", [Point(1, 2), Named(3, name="e")])
def test_copies_are_equal(made: Point) -> None:
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == copy.deepcopy(made) == made
