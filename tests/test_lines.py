"""Touches on a line, and what is picked from it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cadence_guard import Touch
from cadence_guard.lines import SCANNED, Form, Line, Message, Past, Recipient, message_of


def touch(tag: str, outcome: str | None = None) -> Touch:
    return Touch(
        contact="c1",
        at=datetime(2026, 3, 9, tzinfo=UTC),
        channel="email",
        to="a@b.example",
        purpose="sales",
        tags=[tag],
        outcome=outcome,
    )


def past(number: int, tag: str) -> Past:
    return Past(number, message_of(touch(tag)), Recipient("c1", None, None), None)


def even(form: Form) -> bool:
    return int(form.tags[0]) % 2 == 0


@pytest.mark.parametrize("kinds", [1, 2, 16, 17, 40])
def test_a_pick_grows_with_the_line_however_many_forms_are_on_it(kinds: int) -> None:
    line = Line({})
    for number in range(60):
        line.add(past(number, str(number % kinds)))
        assert list(line.pick("all", lambda form: True)) == list(range(number + 1))
        wanted = [n for n in range(number + 1) if n % kinds % 2 == 0]
        assert list(line.pick("even", even)) == wanted
    for touch in line.touches[:10]:
        line.remove(touch)
    assert list(line.pick("all", lambda form: True)) == list(range(10, 60))


def test_a_touch_that_has_become_another_changes_what_is_picked_where_it_matters() -> None:
    def ended(form: Form) -> bool:
        return form.outcome is not None

    line = Line({})
    planned, sent = (
        past(0, "1")._replace(message=message_of(touch("1", outcome))) for outcome in (None, "sent")
    )
    line.add(past(1, "2"))
    line.add(planned._replace(at=2))
    line.add(sent._replace(at=3))
    assert (list(line.pick("even", even)), list(line.pick("ended", ended))) == ([1], [3])
    before = line.pick("even", even)
    line.replace(planned._replace(at=2), sent._replace(at=2))
    assert line.pick("even", even) is before
    assert list(line.pick("ended", ended)) == [2, 3]


@pytest.mark.parametrize("number", [3, SCANNED, SCANNED + 1, 3 * SCANNED])
def test_groups_are_the_same_however_many_touches_are_near(number: int) -> None:
    def tag(message: Message) -> str:
        return message.form.tags[0]

    line = Line({})
    for at in range(number):
        line.add(past(at, str(at % 5)))
        groups = line.grouped("even", even, tag, -1)
        wanted = {name: list(range(int(name), at + 1, 5)) for name in ("0", "2", "4")}
        found = {name: list(instants) for name, instants in groups.items()}
        assert found == {name: instants for name, instants in wanted.items() if instants}
        assert groups == line.grouped("even", even, tag, -1)
    near = line.grouped("even", even, tag, number - 6)
    assert max(max(found) for found in near.values()) >= number - 6


def test_a_touch_is_found_by_its_id_wherever_it_stands() -> None:
    line = Line({})
    touches = [past(at, "x")._replace(id=f"t-{number}") for number, at in enumerate([3, 1, 1, 2])]
    for touch in touches:
        line.add(touch)
    assert [touch.id for touch in line.touches] == ["t-1", "t-2", "t-3", "t-0"]
    assert all(line.find(touch.id or "") == touch for touch in touches)
    line.remove(touches[2])
    assert [touch.id for touch in line.between(0, 3)] == ["t-1", "t-3", "t-0"]
    assert line.between(4, 9) == []


def test_whom_a_person_touched_is_known_among_touches_by_machines() -> None:
    line = Line({})
    sent = {"at": datetime(2026, 3, 9, tzinfo=UTC), "channel": "email", "to": "a@b.example"}
    for number, automated in enumerate((True, False)):
        touch = Touch(contact=f"c{number}", purpose="sales", automated=automated, **sent)
        line.add(Past(number, message_of(touch), Recipient(touch.contact, None, None), None))
    assert line.touched_by_hand() == {"c1"}
