"""Reading a duration out of the name of a wait."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.importers._labels import label_seconds

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

SAYS = {
    "Wait 1 Week": 7 * DAY,
    "Wait 4 Weeks": 28 * DAY,
    "24 hr": DAY,
    "Wait 24 hr 1": DAY,
    "Wait 30s": 30,
    "Wait — 3 days": 3 * DAY,
    "5 Days": 5 * DAY,
    "wait 7 days": 7 * DAY,
    "Wait Before Thread Check (24 hr)": DAY,
    "Wait 5 minutes before making call": 300,
    "Wait for 24 Hours Before Next Action": DAY,
    "Delay 24 Hours": DAY,
    "wait_24_hours": DAY,
    "wait-3-days": 3 * DAY,
    "Wait24h": DAY,
    "WAIT 24H": DAY,
    "3-day wait": 3 * DAY,
    "Wait 1.5 hours": 5_400,
    "Warte 1,5 Stunden": 5_400,
    "Attendre 2 semaines": 14 * DAY,
    "Esperar 3 días": 3 * DAY,
    "Wait 1,500 ms": 1.5,
    "Wait one day": DAY,
    "Wait an hour": HOUR,
    "Wait half an hour": 1_800,
    "1 day 12 hours": 36 * HOUR,
    "1h30m": 5_400,
    "1 hour and 30 minutes": 5_400,
    "Wait 3 Days (72 hours)": 3 * DAY,
    "Wait 1 month (30 days)": 30 * DAY,
    "Wait 1 Month": 30 * DAY,
    "Wait 2-3 Days": 2 * DAY,
    "Wait 2 to 3 days": 2 * DAY,
    "Wait at least 2 days": 2 * DAY,
    "Wait max. 2 days": 2 * DAY,
    "Wait ~5 min": 300,
    "Wait 3 business days": 3 * DAY,
    "Step 3 - 2 days": 2 * DAY,
    "Follow-up 2: wait 3 days": 3 * DAY,
    "⏳ Wait 10 min": 600,
    "Wait 3D then 2 days": 2 * DAY,
}

SAYS_NOTHING = (
    "",
    "Wait",
    "Wait1",
    "Wait 2",
    "Wait some days",
    "Wait some hours",
    "Wait Period",
    "Wait Until Week Before",
    "Wait Until 2h Before",
    "Wait for Invoice",
    "Wait until 9 am",
    "Wait a minute",
    "Wait a sec",
    "Day 3",
    "Wait Day 3",
    "Wait Week 2",
    "Wait for 3D render",
    "Wait 5M",
    "Wait for 24h reminder",
    "6. Nurturing Sequence - Wait 1",
    "24/7 hours",
    "10:30 hours",
    "Wait 3 daysies",
    "Wait 5 min, then 3 days",
    "Email2 days",
    "1234567 days",
    "⏳ Wait for Profile Processing",
)


@pytest.mark.parametrize(("name", "seconds"), SAYS.items())
def test_a_duration_is_read_out_of_a_name(name: str, seconds: float) -> None:
    assert label_seconds(name, None) == seconds


@pytest.mark.parametrize("name", SAYS_NOTHING)
def test_a_name_without_a_plain_duration_says_none(name: str) -> None:
    assert label_seconds(name, 3_600) is None


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("Wait 1 Month", 28 * DAY, 31 * DAY),
        ("Wait 1 year", 365 * DAY, 366 * DAY),
        ("Wait 2-3 Days", 2 * DAY, 3 * DAY),
        ("Wait at least 2 days", 2 * DAY, 1_000 * DAY),
        ("Wait >24h", DAY, 1_000 * DAY),
        ("Wait up to 2 hours", 0, 2 * HOUR),
        ("Wait about 10 min", 300, 900),
        ("Wait 2 working days", 2 * DAY, 6 * DAY),
        ("Wait 4 Weeks", 28 * DAY, 28 * DAY),
    ],
)
def test_what_a_name_leaves_open_the_wait_itself_settles(
    name: str, low: float, high: float
) -> None:
    for seconds in (low, (low + high) / 2, high):
        assert label_seconds(name, seconds) == seconds
    assert label_seconds(name, high + 1) != high + 1 or high == 1_000 * DAY
    if low:
        assert label_seconds(name, low - 1) != low - 1


def test_the_plainest_reading_of_an_open_name_is_given_where_the_wait_does_not_fit() -> None:
    assert label_seconds("Wait 1 Month", 5) == 30 * DAY
    assert label_seconds("Wait up to 2 hours", DAY) == 2 * HOUR
    assert label_seconds("Wait more than 2 hours", 5) == 2 * HOUR


def test_binary_fractions_contradict_nothing() -> None:
    assert label_seconds("Wait 0.3 s", 0.1 + 0.2) == 0.1 + 0.2


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 9_999),
    st.sampled_from([("s", 1.0), ("minutes", MINUTE), ("hr", HOUR), ("Days", DAY)]),
    st.sampled_from(["Wait {}", "{}", "Delay ({})", "Pause for {} please", "⏳ {} 2"]),
)
def test_every_count_of_every_unit_is_read(count: int, unit: tuple[str, float], form: str) -> None:
    assert label_seconds(form.format(f"{count} {unit[0]}"), None) == count * unit[1]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.none() | st.floats(allow_nan=False))
def test_any_name_is_read_without_an_error(name: str, seconds: float | None) -> None:
    said = label_seconds(name, seconds)
    assert said is None or 0 <= said < inf or said == seconds


def test_a_long_name_is_read_at_once() -> None:
    assert label_seconds("1" * 1_000_000, None) is None
    assert label_seconds("Wait 3 days" + " and" * 1_000_000, None) == 3 * DAY
