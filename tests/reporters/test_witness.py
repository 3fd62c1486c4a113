"""A witness as rows and lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from made import WITNESS, at, touch

from cadence_guard.check.report import Witness, WitnessSignal, WitnessStep, WitnessTouch
from cadence_guard.reporters.text import wall
from cadence_guard.reporters.timeline import ASCII_MARKS
from cadence_guard.reporters.witness import ROWS, in_lines, length, rows


def test_the_lines_in_the_time_of_the_contact_with_the_refused_touch_and_its_window() -> None:
    assert list(in_lines(WITNESS)) == [
        "a contact in America/Chicago who starts Mon 2026-03-02 09:00 CST:",
        "  Mon 2026-03-02 09:00 CST            email  ● welcome",
        "  Fri 2026-03-06 09:00 CST                   « the contact: opened",
        "╭ Fri 2026-03-06 09:00 CST            email  × offer  (CG703)",
        "╰ Sun 2026-03-08 11:00:00.000001 CDT  email  × nudge  <- refused: CG301",
    ]


def test_on_a_poor_terminal_everything_is_ascii() -> None:
    longer = replace(WITNESS, since=at("2026-03-02T15:00:00Z"))
    lines = list(in_lines(longer, ASCII_MARKS))
    assert "\n".join(lines).isascii()
    assert [line[0] for line in lines[1:]] == ["/", "|", "|", "\\"]
    assert "< the contact: opened" in lines[2]


def test_a_window_of_one_touch_has_no_bracket() -> None:
    alone = replace(WITNESS, since=WITNESS.touches[-1].at)
    assert all(line[0] == " " for line in list(in_lines(alone))[1:])
    assert all(line[0] == " " for line in list(in_lines(replace(WITNESS, since=None)))[1:])


def test_several_cadences_are_named_and_how_far_apart_they_may_start() -> None:
    other = WitnessTouch("sales", "call-1", at("2026-03-06T15:00:00Z"), "call", "allow", ())
    both = replace(
        WITNESS,
        starts={**WITNESS.starts, "sales": at("2026-03-03T15:00:30Z")},
        touches=(WITNESS.touches[0], other, WITNESS.touches[2]),
        offset=(86_430.0, 172_800.0),
    )
    first, *lines = in_lines(both)
    assert first == (
        "a contact in America/Chicago who starts trial-drip Mon 2026-03-02 09:00 CST,"
        " sales Tue 2026-03-03 09:00:30 CST (and whenever the starts lie 1d 30s to 2d apart):"
    )
    assert "sales/call-1" in lines[2]
    assert "lie 1d 12h apart" in next(in_lines(replace(both, offset=(129_600.0, 129_600.0))))


def test_what_was_before_a_wait_of_unknown_length() -> None:
    steps = tuple(WitnessStep("trial-drip", f"s{n}", "email") for n in range(7))
    who = "a contact in America/Chicago who goes on Mon 2026-03-02 09:00 CST, after"
    for before, expected in (
        ((), "a wait of unknown length:"),
        (steps[:2], "s0, s1 and a wait of unknown length:"),
        (steps, "2 more touches, s2, s3, s4, s5, s6 and a wait of unknown length:"),
        ((replace(steps[0], cadence="x", turn="2"),), "x/s0, turn 2 and a wait of unknown length:"),
    ):
        assert next(in_lines(replace(WITNESS, before=before))) == f"{who} {expected}"


def test_a_turn_of_a_loop_is_told() -> None:
    *before, last = WITNESS.touches
    turned = replace(WITNESS, touches=(*before, replace(last, turn="2.1")))
    assert rows(turned)[-1].what == "nudge, turn 2.1"


def test_who_of_an_account_a_touch_is_for_is_told() -> None:
    *before, last = WITNESS.touches
    other = replace(WITNESS, touches=(*before, replace(last, person=3)))
    assert rows(other)[-1].what == "nudge, person 3"


def test_of_a_long_story_the_refused_touch_its_window_and_the_last_ones_are_shown() -> None:
    start = at("2026-03-02T15:00:00Z")
    many = [
        replace(touch("2026-03-02T15:00:00Z", f"s{n}"), at=start + timedelta(days=n))
        for n in range(30)
    ]
    many[-1] = replace(many[-1], verdict="deny")
    lines = list(in_lines(Witness({"a": start}, "UTC", tuple(many), since=many[27].at)))
    assert lines[1] == f"  ({30 - ROWS} more are not shown)"
    assert [line.split("● ")[1] for line in lines[2:-1]] == [f"s{n}" for n in range(16, 29)]
    assert "<- refused" in lines[-1]
    early = list(in_lines(Witness({"a": start}, "UTC", tuple(many), since=many[2].at)))
    assert len(early) == ROWS + 2
    assert early[2].startswith("╭")


def test_at_one_instant_all_stand_as_they_came() -> None:
    moment = at("2026-03-06T15:00:00Z")
    same = replace(
        WITNESS, touches=tuple(replace(one, at=moment) for one in WITNESS.touches), since=None
    )
    assert [row.what for row in rows(same)] == ["opened", "welcome", "offer", "nudge"]
    answered = tuple(replace(one, after=1) for one in same.signals)
    told = [row.what for row in rows(replace(same, signals=answered))]
    assert told == ["welcome", "opened", "offer", "nudge"]


def test_a_row_names_a_few_codes() -> None:
    codes = ("CG101", "CG102", "CG103", "CG201", "CG202")
    many = replace(WITNESS, touches=tuple(replace(one, codes=codes) for one in WITNESS.touches[:2]))
    lines = list(in_lines(many))
    assert lines[1].endswith("welcome  (CG101, CG102, CG103 and 2 more)")
    assert lines[-1].endswith("<- refused: CG101, CG102, CG103 and 2 more")


def test_free_text_cannot_steer_the_terminal() -> None:
    evil = replace(WITNESS, touches=(replace(WITNESS.touches[0], step="a\x1b[2J\nb"),))
    assert all(line.isprintable() for line in in_lines(evil))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.000001, "0.000001s"),
        (1.5, "1.5s"),
        (90, "1m 30s"),
        (5400, "1h 30m"),
        (172800, "2d"),
        (172800.25, "2d 0.25s"),
    ],
)
def test_lengths(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_no_part_of_an_instant_is_cut_off() -> None:
    assert wall(at("2026-07-01T00:00:00Z"), "Asia/Kolkata") == "Wed 2026-07-01 05:30 IST"
    assert wall(at("2026-07-01T00:00:01Z"), "UTC") == "Wed 2026-07-01 00:00:01 UTC"


def test_a_warning_is_not_called_a_refusal_and_a_handoff_no_signal() -> None:
    last = WITNESS.touches[-1]
    handed = WitnessSignal("handoff", last.at, to="sales")
    warned = replace(
        WITNESS,
        touches=(*WITNESS.touches[:-1], replace(last, verdict="allow")),
        signals=(handed,),
    )
    lines = list(in_lines(warned))
    assert lines[-1].endswith("<- warned: CG301")
    assert "×" not in lines[-1]
    assert any(line.endswith("« handoff to sales") for line in lines)
