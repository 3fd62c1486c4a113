"""Instants of which it is known how much later one comes than another."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from cadence_guard.check.together.differences import Differences, When, upto


def test_what_is_said_holds_together() -> None:
    so = Differences().more(2)
    one, other = When(1, 0), When(2, 5)
    assert so.count == 3
    assert so.say(upto(one, When(0, 10)), upto(When(0, 3), one))
    assert so.both(1) == (3, 10)
    assert so.say(upto(other, one, 2), upto(one, other))  # from 5 earlier to 3 earlier
    assert so.both(2) == (-2, 7)
    more = so.more(1)
    assert not more.say(upto(When(2, 0), When(1, -6)))
    assert so.say(upto(When(1, -5), When(2, 0)))
    so.fix(2, 0)
    assert so.both(1) == (3, 5)


@pytest.mark.parametrize("seed", range(40))
def test_says_what_can_be(seed: int) -> None:
    """As trying all there is does."""
    rnd = Random(seed)
    atoms = [(n, 0, 4) for n in (1, 2, 3)] + [(0, n, 0) for n in (1, 2, 3)]
    for _ in range(rnd.choice((2, 4, 6))):
        one, other = rnd.sample(range(4), 2)
        atoms.append((one, other, rnd.randint(-3, 3)))
    found = [
        (0, *instants)
        for instants in product(range(5), repeat=3)
        if all((0, *instants)[a] - (0, *instants)[b] <= by for a, b, by in atoms)
    ]
    so = Differences().more(3)
    assert so.say(*atoms) is bool(found)
    for place in (1, 2, 3) if found else ():
        low, high = so.both(place)
        assert (low, high) == (min(f[place] for f in found), max(f[place] for f in found))
        so.fix(place, low)
        found = [each for each in found if each[place] == low]
