"""A witness as a picture."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import FINDING, WITNESS, at, with_witness

from cadence_guard import Policy
from cadence_guard.check.report import WitnessSignal, WitnessTouch
from cadence_guard.check.run import open_hours
from cadence_guard.reporters.svg import DRAWN, WIDTH, svg
from cadence_guard.ruleset import Ruleset
from cadence_guard.words import CHANNELS

NS = "{http://www.w3.org/2000/svg}"
START = at("2026-03-02T15:00:00Z")


def texts(picture: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(picture).iter(f"{NS}text")]


def dots(picture: str) -> list[tuple[float, float, str]]:
    """Centre and colour of each dot, in their order."""
    return [
        (float(node.attrib["cx"]), float(node.attrib["cy"]), node.attrib["fill"])
        for node in ElementTree.fromstring(picture).iter(f"{NS}circle")
        if "fill" in node.attrib
    ]


def test_it_says_what_who_and_when() -> None:
    said = texts(svg(FINDING))
    assert said[0] == "CG301 over-cap: a 2nd email within 7d (max 1)"
    assert said[1:3] == [
        "trial.cadence.yaml:6",
        "a contact in America/Chicago who starts trial-drip Mon 2026-03-02 09:00 CST",
    ]
    assert any(line.startswith("the window that overflows: 2d 1h") for line in said)
    assert said[-4:] == [
        "1. Mon 2026-03-02 09:00 CST email welcome - allowed",
        "2. Fri 2026-03-06 09:00 CST opened - from the contact",
        "3. Fri 2026-03-06 09:00 CST email offer - refused (CG703)",
        "4. Sun 2026-03-08 11:00:00.000001 CDT email nudge - refused (CG301)",
    ]


def test_channels_are_rows_time_goes_right_and_the_refused_touch_is_ringed() -> None:
    picture = svg(FINDING)
    said = texts(picture)
    assert said.index("email") < said.index("contact")
    first, third, last, signal = dots(picture)
    assert first[0] < third[0] < last[0]
    assert first[1] == third[1] == last[1] < signal[1]
    assert [colour for *_, colour in (first, third, last)] == ["#2e7d32", "#c62828", "#c62828"]
    assert picture.count('<circle class="bracket"') == 1
    assert f'<circle class="bracket" cx="{last[0]:g}"' in picture


def test_what_was_said_long_before_does_not_press_the_touches_together() -> None:
    long_ago = WitnessSignal("purchased", at("2024-03-02T15:00:00Z"))
    picture = svg(with_witness(signals=(long_ago,)))
    *touches, signal = dots(picture)
    assert touches[-1][0] - touches[0][0] > WIDTH / 2
    assert signal[0] < touches[0][0]
    assert "1. Sat 2024-03-02 09:00 CST purchased - from the contact" in texts(picture)


def test_the_label_of_a_short_window_stays_in_the_picture() -> None:
    touches = (WITNESS.touches[0], *(replace(WITNESS.touches[0], at=WITNESS.since),) * 2)
    picture = svg(with_witness(touches=touches, signals=()))
    (label,) = [
        node
        for node in ElementTree.fromstring(picture).iter(f"{NS}text")
        if (node.text or "").startswith("the window")
    ]
    assert float(label.attrib["x"]) + 4 * len(label.text or "") <= WIDTH


def test_a_story_of_signals_alone_has_a_scale() -> None:
    assert len(dots(svg(with_witness(touches=(), since=None)))) == 1


def test_a_window_of_one_touch_is_not_bracketed() -> None:
    assert "overflows" not in svg(with_witness(since=None))
    assert "overflows" not in svg(with_witness(since=WITNESS.touches[-1].at))


def test_the_hours_of_the_policy_are_shaded() -> None:
    hours = {"windows": [{"days": ["mon", "tue"], "from": "09:00", "to": "17:00"}]}
    ruleset = Ruleset(Policy(rules={"outside-hours": {"channels": ["email"], **hours}}))
    picture = svg(FINDING, open_hours(ruleset))
    assert picture.count('<rect class="open"') == 2
    assert "Green: the hours in which a channel is open." in texts(picture)
    assert "Green" not in svg(FINDING, open_hours(Ruleset(Policy())))


def test_hours_of_several_entries_are_those_that_all_allow() -> None:
    def entry(opens: str, shuts: str, channel: str = "email") -> dict[str, object]:
        return {"channels": [channel], "windows": [{"from": opens, "to": shuts}]}

    rules = {"outside-hours": [entry("09:00", "17:00"), entry("12:00", "20:00")]}
    windows = open_hours(Ruleset(Policy(rules=rules)))
    assert list(windows("email", "UTC", START, START + timedelta(days=1))) == [
        (START, at("2026-03-02T17:00:00Z")),
        (at("2026-03-03T12:00:00Z"), START + timedelta(days=1)),
    ]
    assert list(windows("call", "UTC", START, START + timedelta(days=1))) == []


def test_text_is_escaped_and_nothing_is_loaded() -> None:
    evil = '</text><script href="https://x.example">\x1b'
    finding = replace(
        FINDING,
        message=evil,
        path=evil,
        witness=replace(
            WITNESS,
            starts={evil: START},
            touches=tuple(replace(one, step=evil, cadence=evil) for one in WITNESS.touches),
        ),
    )
    picture = svg(finding)
    tree = ElementTree.fromstring(picture)
    tags = {node.tag.removeprefix(NS) for node in tree.iter()}
    assert tags == {"svg", "title", "style", "rect", "text", "path", "circle"}
    assert not re.search(r"<[^>]*(href|src|url\()", picture.replace("&lt;", "").split("<title>")[0])
    assert "<script" not in picture


def test_long_text_is_cut_to_the_picture() -> None:
    finding = replace(FINDING, message="word " * 60, path="p" * 500)
    said = texts(svg(finding))
    assert max(map(len, said)) == 130
    assert sum(line.startswith(("CG301", "word")) for line in said) >= 3


def test_of_many_touches_the_last_are_drawn() -> None:
    touches = tuple(
        WitnessTouch("a", f"s{n}", START + timedelta(hours=n), "email", "allow", ())
        for n in range(DRAWN + 5)
    )
    said = texts(svg(with_witness(touches=touches, signals=(), since=None)))
    assert "; 5 earlier ones are not drawn" in said[2]
    assert f"1. {'Mon 2026-03-02 14:00 CST'} email s5 - allowed" in said


@pytest.mark.parametrize(
    ("span", "label"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(hours=3, minutes=20), "3h 20m"),
        (timedelta(days=40, hours=1), "40d 1h"),
        (timedelta(days=700), "700d"),
    ],
)
def test_any_span_has_a_scale(span: timedelta, label: str) -> None:
    touches = tuple(replace(one, at=when) for one, when in zip(
        WITNESS.touches[1:], (START, START + span), strict=True
    ))  # fmt: skip
    said = texts(svg(with_witness(touches=touches, signals=(), since=START)))
    assert f"the window that overflows: {label}" in said


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**14), st.sampled_from(CHANNELS)), min_size=1, max_size=50),
    st.sampled_from(["UTC", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"]),
)
def test_every_touch_is_a_dot_inside_the_picture_and_no_two_lie_on_each_other(
    made: list[tuple[int, str]], zone: str
) -> None:
    touches = tuple(
        WitnessTouch("a", "s", START + timedelta(microseconds=us), channel, "allow", ())
        for us, channel in sorted(made)
    )
    signal = WitnessSignal("replied", touches[0].at, "email")
    picture = svg(with_witness(touches=touches, signals=(signal,), zone=zone, since=touches[0].at))
    assert picture == svg(
        with_witness(touches=touches, signals=(signal,), zone=zone, since=touches[0].at)
    )
    height = float(ElementTree.fromstring(picture).attrib["height"])
    found = dots(picture)
    assert len(found) == min(len(touches) + 1, DRAWN)
    assert all(0 < x < WIDTH and 0 < y < height for x, y, _ in found)
    for n, (x, y, _) in enumerate(found):
        assert all(abs(x - a) > 19 or abs(y - b) > 19 for a, b, _ in found[:n])
