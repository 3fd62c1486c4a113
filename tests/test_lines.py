"""Touches on a line, and what is picked from it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cadence_guard import Touch
from cadence_guard.lines import SCANNED, Form, Line, Past, form_of


def past(number: int, tag: str) -> Past:
    touch = Touch(
        contact="c1",
        at=datetime(2026, 3, 9, tzinfo=UTC),
        channel="email",
        to="a@b.example",
        purpose="sales",
        tags=[tag],
    )
    return Past(number, form_of(touch), None, "c1", None, None, None, None, 0)


def even(form: Form) -> bool:
    return int(form.tags[0]) % 2 == 0


@pytest.mark.parametrize("kinds", [1, 2, 16, 17, 40])
def test_a_pick_grows_with_the_line_however_many_forms_are_on_it(kinds: int) -> None:
    line = Line({})
    for number in range(60):
        line.add(past(number, str(number % kinds)))
        assert line.pick("all", lambda form: True) == list(range(number + 1))
        wanted = [n for n in range(number + 1) if n % kinds % 2 == 0]
        assert line.pick("even", even) == wanted
    line.remove(line.touches[0])
    line.prune(10)
    assert line.pick("all", lambda form: True) == list(range(10, 60))


@pytest.mark.parametrize("number", [3, SCANNED, SCANNED + 1, 3 * SCANNED])
def test_groups_are_the_same_however_many_touches_are_near(number: int) -> None:
    line = Line({})
    for at in range(number):
        line.add(past(at, str(at % 3)))
        groups = line.grouped("even", even, lambda touch: touch.at % 2, -1)
        counted = [n for n in range(at + 1) if n % 3 % 2 == 0]
        wanted = {odd: [n for n in counted if n % 2 == odd] for odd in (0, 1)}
        assert groups == {odd: found for odd, found in wanted.items() if found}
        assert groups == line.grouped("even", even, lambda touch: touch.at % 2, -1)
    near = line.grouped("even", even, lambda touch: touch.at % 2, number - 3)
    assert max(max(found) for found in near.values()) >= number - 3
