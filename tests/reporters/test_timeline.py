"""The picture of a contact's touches."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.reporters.timeline import ASCII_MARKS, WIDTH, Mark, legend, timeline
from cadence_guard.words import CHANNELS

DAY = date(2026, 3, 2)


def test_channels_are_rows_and_touches_stand_in_their_order() -> None:
    marks = [
        Mark(DAY, "email", "allow"),
        Mark(DAY, "call", "deny"),
        Mark(DAY + timedelta(1), "email", "defer"),
        Mark(date(2026, 4, 1), "email", "past"),
        Mark(date(2027, 4, 1), "call", "allow"),
    ]
    assert list(timeline(marks)) == [
        "           2 Mar 2026 3  1 Apr 1 Apr 2027",
        "email      ●          ○  ·",
        "call         ×                 ●",
    ]


def test_marks_can_be_ascii_and_in_colour() -> None:
    painted = timeline(
        [Mark(DAY, "sms", "deny")], ASCII_MARKS, lambda mark, kind: f"<{kind}:{mark}>"
    )
    assert list(painted)[1] == "sms        <deny:x>"


def test_the_legend_names_the_marks_that_were_used() -> None:
    assert legend(["deny", "allow", "deny"]) == "● allowed  × refused"


def test_a_full_day_goes_on_in_another_column() -> None:
    lines = list(timeline([Mark(DAY, "email", "deny")] * 20))
    assert lines[1].count("×") == 20
    assert lines[0].count("Mar") == 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 900), st.sampled_from(CHANNELS), st.sampled_from(["allow", "deny"])
        ),
        min_size=1,
        max_size=120,
    )
)
def test_it_fits_and_loses_no_touch(touches: list[tuple[int, str, str]]) -> None:
    marks = [
        Mark(DAY + timedelta(days), channel, verdict) for days, channel, verdict in sorted(touches)
    ]
    lines = list(timeline(marks))
    assert max(map(len, lines)) <= WIDTH
    assert sum(line.count("●") + line.count("×") for line in lines) == len(touches)
