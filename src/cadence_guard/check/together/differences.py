"""Instants of which it is known how much later one comes than another at most.

Whether there are such instants, and which, is exact: in whole microseconds, and by no search.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

_UNKNOWN: Final = 1 << 62
"""More than any two instants are apart."""


class When(NamedTuple):
    """So much later than an instant that is not known yet; 0 is the zero of time."""

    instant: int
    by: int


Atom: TypeAlias = tuple[int, int, int]
"""An instant, another one, and how much later the first comes at most."""


def upto(one: When, other: When, by: int = 0) -> Atom:
    """That one comes no more than `by` later than another."""
    return one.instant, other.instant, by + other.by - one.by


class Differences:
    """So many instants; the first is the zero of time. What is said of them holds together, or it
    could not have been said."""

    def __init__(self, most: list[list[int]] | None = None) -> None:
        self._most = most or [[0]]
        """How much later each comes than each other at most."""

    @property
    def count(self) -> int:
        """How many instants there are."""
        return len(self._most)

    def more(self, count: int) -> Differences:
        """The same, and so many instants of which nothing is known."""
        old = len(self._most)
        most = [[*row, *[_UNKNOWN] * count] for row in self._most]
        for place in range(old, old + count):
            row = [_UNKNOWN] * (old + count)
            row[place] = 0
            most.append(row)
        return Differences(most)

    def say(self, *atoms: Atom) -> bool:
        """Says something of the instants; False if that cannot be, and then they are of no use."""
        most = self._most
        for one, other, by in atoms:
            if by >= most[one][other]:
                continue
            if most[other][one] < _UNKNOWN and most[other][one] + by < 0:
                return False
            later = [(n, ahead) for n, ahead in enumerate(most[other]) if ahead < _UNKNOWN]
            for row in most:
                if (since := row[one]) < _UNKNOWN:
                    for n, ahead in later:
                        if since + by + ahead < row[n]:
                            row[n] = since + by + ahead
        return True

    def both(self, instant: int) -> tuple[int, int]:
        """The earliest and the latest that an instant can be. (It has to be bound.)"""
        return -self._most[0][instant], self._most[instant][0]

    def fix(self, instant: int, at: int) -> None:
        """Says when an instant is, which can be then."""
        self.say((instant, 0, at), (0, instant, -at))
