"""From data to items: lists in lists of what is said, with the place of every fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cadence_guard._model import Faults
from cadence_guard.cadence import Where
from cadence_guard.errors import CadenceError
from cadence_guard.importers._comments import inside
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import DEEPEST
from cadence_guard.importers.native.models import (
    EXPECTED_ITEM,
    ITEMS,
    ArmSaid,
    AwaitSaid,
    BranchSaid,
    RepeatSaid,
    SignalArmSaid,
)
from cadence_guard.importers.native.values import (
    MOST_FAULTS,
    Fault,
    MaybeItems,
    Said,
    told_by_key,
    validated,
)

MOST: Final = 10_000
"""The most items a file may hold, every turn of a `repeat` counted."""
VALUES: Final = 100_000
"""The most values in a file."""


def refuse(source: Source, faults: list[Fault]) -> None:
    """Raises CadenceError if there are faults."""
    if faults:
        raise fault_error(source, faults)


def fault_error(source: Source, faults: list[Fault]) -> CadenceError:
    """One error that tells the faults, each on a line with its place, in the order of the file."""

    in_order = sorted(faults, key=lambda fault: source.mark(fault[0]).line)
    return CadenceError(
        "\n".join(
            str(source.error(where, text, key=text.startswith("unknown key")))
            for where, text in in_order
        )
    )


def never_right(source: Source) -> Iterator[Fault]:
    """What is wrong wherever it stands: a null, and nesting that nobody can read."""
    for count, (path, value) in enumerate(inside(source.data)):
        if value is None and path:
            yield path, f"{path[-1]}: null is not a value; leave it out"
        if len(path) > DEEPEST:
            yield path, f"nested deeper than {DEEPEST} levels"
            return
        if count > VALUES:
            raise CadenceError(f"{source.path}: more than {VALUES:,} values")


@dataclass(slots=True)
class Item:
    """An item of a list of steps: where it stands, what it says (None: `end`), the lists in it."""

    where: Where
    said: Said | None
    inner: list[list[Item]] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """What is gathered while the items of a file are read."""

    source: Source
    slots: bool = False
    faults: list[Fault] = field(default_factory=list)
    places: list[Where] = field(default_factory=list)
    """Where cadences and items stand, the outer ones first."""
    count: int = 0

    def one_more(self, where: Where) -> None:
        """Counts an item, or a turn of one. Raises CadenceError if there are too many."""
        self.count += 1
        if self.count > MOST:
            raise self.source.error(where, f"more than {MOST:,} steps, with every turn of a repeat")

    def twice(self, named: list[tuple[str, Where]], what: str) -> None:
        """A fault for each name that was given before."""
        first: dict[str, Where] = {}
        for name, where in named:
            if first.setdefault(name, where) is not where:
                line = self.source.mark(first[name]).line
                self.faults.append((where, f"duplicate {what} {name!r} (first on line {line})"))

    def items(self, raw: list[Any], where: Where) -> list[Item]:
        """The items of a list of steps."""
        found = (self.item(one, (*where, i)) for i, one in enumerate(raw))
        return [item for item in found if item]

    def item(self, raw: Any, where: Where) -> Item | None:
        """One item; None, and a fault, if it is not understood."""
        self.one_more(where)
        if len(self.faults) > MOST_FAULTS:
            raise fault_error(self.source, self.faults)
        self.places.append(where)
        if raw == "end":
            return Item(where, None)
        try:
            said = validated(told_by_key(raw, ITEMS, "understood", EXPECTED_ITEM), raw)
        except Faults as error:
            self.faults += [((*where, *path), text) for path, text in error.faults]
            return None
        except ValueError as error:
            self.faults.append((where, str(error)))
            return None
        return Item(where, said, [self.items(*inner) for inner in lists_of(said, where)])


def lists_of(said: Said, where: Where) -> Iterator[tuple[list[Any], Where]]:
    """The lists of steps in an item, as written, in the order of the arms; `else` is the last."""
    match said:
        case RepeatSaid():
            yield said.repeat.steps, (*where, "repeat", "steps")
        case BranchSaid():
            yield from _parts_of("branch", said.branch, said.else_, where)
        case AwaitSaid():
            yield from _parts_of("wait_for", said.wait_for, said.else_, where)


def _parts_of(
    key: str, arms: Sequence[ArmSaid | SignalArmSaid], otherwise: MaybeItems, where: Where
) -> Iterator[tuple[list[Any], Where]]:
    for place, arm in enumerate(arms):
        yield arm.steps or [], (*where, key, place, "steps")
    yield otherwise or [], (*where, "else")
