"""Decisions as text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cadence_guard import Policy, parse_events
from cadence_guard.book import Book
from cadence_guard.decision import Decision, Verdict
from cadence_guard.replay import judge_scenario, replay
from cadence_guard.reporters.tally import Tally
from cadence_guard.reporters.text import PICTURED, Style, TextReport, marks_for, plain, plain_json
from cadence_guard.reporters.timeline import ASCII_MARKS, MARKS
from cadence_guard.ruleset import Ruleset

TOO_SOON = "less than 20h from another touch made"
CONTACT = {
    "event": "contact",
    "contact": "c-1",
    "at": "2026-03-01T10:00:00Z",
    "time_zone": "America/Chicago",
}


def touch(id_: str, at: str, **more: Any) -> dict[str, Any]:
    return {
        "event": "touch",
        "id": id_,
        "contact": "c-1",
        "at": at,
        "channel": "email",
        "to": "al@b.example",
        "purpose": "sales",
        **more,
    }


def told(
    rules: dict[str, Any],
    events: list[Any],
    style: Style | None = None,
    judge: Any = judge_scenario,
) -> list[str]:
    book = Book(lambda text: f"hmac-sha256:{text[::-1]}")
    written: list[str] = []
    report = TextReport(written.append, book, style or Style())
    for judged, decision in judge(Ruleset(Policy(rules=rules)), book, parse_events(events)):
        report.judged(judged, decision)
    report.close()
    return "".join(written).splitlines()


def test_a_touch_its_reasons_the_picture_and_the_numbers() -> None:
    events = [
        CONTACT,
        touch("t-0", "2026-03-02T15:00:00Z", outcome="sent"),
        touch("t-1", "2026-03-02T16:00:30Z", cadence="drip", step="one"),
        touch("t-2", "2026-03-03T16:00:00.000001Z", channel="ad"),
    ]
    assert told({"too-soon": {"gap": "20h", "channels": ["email"]}}, events) == [
        "t-1  c-1  Mon 2026-03-02 10:00:30 CST  defer  email  a***@b.example  drip/one",
        "      free from Tue 2026-03-03 05:00 CST, in 18 hours",
        f"      CG302 too-soon: {TOO_SOON} (until Tue 2026-03-03 05:00 CST)",
        "t-2  c-1  Tue 2026-03-03 10:00:00.000001 CST  allow  ad  a***@b.example",
        "",
        "c-1, days in America/Chicago",
        "           2 Mar 2026 3",
        "email      · ○",
        "ad                    ●",
        "● allowed  ○ deferred  · not judged",
        "",
        "1 of 2 touches allowed, 1 deferred; by rule: CG302 1",
    ]


def test_what_a_deny_says() -> None:
    rules = {"over-cap": [{"max": 0, "per": "7d", "channels": ["call"]}, {"max": 1, "per": "200d"}]}
    events = [
        CONTACT,
        touch("t-1", "2026-03-02T16:00:00Z"),
        touch("t-2", "2026-03-03T16:00:00Z"),
        touch("t-3", "2026-03-04T16:00:00Z", channel="call", to="+15125550143"),
    ]
    lines = told(rules, events)
    assert lines[1] == "t-2  c-1  Tue 2026-03-03 10:00 CST  deny   email  a***@b.example"
    assert lines[2] == "      no common free time within 90d"
    assert lines[4] == "t-3  c-1  Wed 2026-03-04 10:00 CST  deny   call  +1512*****43"
    assert lines[5] == "      CG301 over-cap: such a touch is never allowed (max 0)"


def test_reasons_met_on_the_way_warnings_and_needs() -> None:
    rules = {
        "too-soon": {"gap": "1h"},
        "outside-hours": {"windows": [{"from": "09:00", "to": "16:30"}]},
        "unknown-source": {"channels": ["email"], "effect": "warn"},
        "wrong-name": {},
    }
    events = [
        CONTACT,
        touch("t-0", "2026-03-02T22:00:00Z", outcome="sent"),
        touch("t-1", "2026-03-02T22:10:00Z"),
        touch("t-2", "2026-03-05T18:00:00Z", greeting="Hi Bo"),
    ]
    lines = told(rules, events, Style(colour=True))
    met = next(line for line in lines if "CG401" in line)
    assert "(met at Mon 2026-03-02 17:00 CST)" in met
    assert any(line.startswith("      \x1b[2mCG202") and "(warning)" in line for line in lines)
    assert "      could change the answer: call_me" in lines
    assert lines[0].startswith("\x1b[1mt-1\x1b[0m")
    assert "\x1b[33mdefer\x1b[0m" in lines[0]


def test_points_are_masked_unless_asked_for_also_in_ids() -> None:
    event = touch("t-1", "2026-03-02T16:00:00Z", contact="al@b.example")
    hidden = told({}, [event])
    assert not any("al@" in line for line in hidden)
    assert hidden[0].split() == [
        "t-1", "a***@b.example", "Mon", "2026-03-02", "16:00", "UTC", "allow", "email",
        "a***@b.example",
    ]  # fmt: skip
    assert "al@b.example" in told({}, [event], Style(show_points=True))[0]


def test_a_point_in_the_id_of_a_touch_is_masked_too() -> None:
    event = touch("drip:al@b.example", "2026-03-02T16:00:00Z")
    assert told({}, [event])[0].startswith("drip:a***@b.example ")
    shown = told({}, [event], Style(show_points=True))[0]
    assert shown.startswith("drip:al@b.example ")


def test_a_touch_may_have_neither_id_nor_point() -> None:
    event = {key: value for key, value in touch("", "2026-03-02T16:00:00Z").items() if key != "id"}
    del event["to"]
    event["channel"] = "meeting"
    assert told({}, [event])[0] == "-  c-1  Mon 2026-03-02 16:00 UTC  allow  meeting"


def test_somebody_forgotten_has_still_their_touches_judged() -> None:
    events = [
        CONTACT,
        touch("t-1", "2026-03-02T16:00:00Z", outcome="sent"),
        {"event": "forget", "contact": "c-1", "at": "2026-03-03T16:00:00Z"},
    ]
    lines = told({}, events, judge=replay)
    assert "c-1, days in UTC" in lines
    assert lines[-1] == "1 of 1 touch allowed"


def test_only_the_first_contacts_are_pictured() -> None:
    events = [
        touch(f"t-{n}", "2026-03-02T16:00:00Z", contact=f"c-{n}", to=f"{n}@b.example")
        for n in range(PICTURED + 1)
    ]
    lines = told({}, events)
    assert sum("days in" in line for line in lines) == PICTURED
    assert f"(the time lines of the first {PICTURED} contacts)" in lines


@pytest.mark.parametrize(
    ("encoding", "marks"),
    [("utf-8", MARKS), ("ascii", ASCII_MARKS), (None, ASCII_MARKS), ("no-such", ASCII_MARKS)],
)
def test_marks_that_the_stream_can_carry(encoding: str | None, marks: dict[str, str]) -> None:
    assert marks_for(encoding) == marks


def test_text_cannot_steer_the_terminal() -> None:
    assert plain("a\x1b[2J\nb") == "a\\x1b[2J\\x0ab"
    assert plain("Zoë") == "Zoë"
    assert plain("a\u202e66") == "a\\u202e66"  # \x202e would be read as a blank and 2e
    assert plain("a\U000e0061") == "a\\U000e0061"
    assert plain("山田\u3000太郎\n") == "山田\u3000太郎\\x0a"


@pytest.mark.parametrize("command", ["##[add-path]x", "##vso[task.setvariable]x", "##teamcity[x]"])
def test_text_is_no_command_to_a_build_server(command: str) -> None:
    assert plain(f"a {command}") == f"a #\\x23{command[2:]}"
    written = plain_json(json.dumps([f"\\{command}\n"]))
    assert command not in written
    assert json.loads(written) == [f"\\{command}\n"]
    assert plain("## [a] #[b]") == "## [a] #[b]"


@pytest.mark.parametrize("blank", ["", " ", "\u3000"])
def test_no_line_begins_as_a_command_to_github(blank: str) -> None:
    assert plain(f"{blank}::add-mask::x") == f"{blank}\\x3a:add-mask::x"
    assert plain("a ::b::") == "a ::b::"


@pytest.mark.parametrize("indent", [None, 2])
def test_json_cannot_steer_the_terminal_either(indent: int | None) -> None:
    data = {"a\x9b31m": ["\u202eb\U000e0061", "\x7f", "\ud800", "\\", "山田\u3000太郎"]}
    text = plain_json(json.dumps(data, ensure_ascii=False, indent=indent))
    assert text.replace("\n", "").replace("\u3000", "").isprintable()
    assert "山田\u3000太郎" in text
    assert json.loads(text) == data
    assert plain_json('{"a":"Zoë"}') == '{"a":"Zoë"}'


def test_numbers() -> None:
    tally = Tally()
    assert str(tally) == "0 of 0 touches allowed"
    for verdict in (Verdict.ALLOW, Verdict.DENY):
        at = next(iter(parse_events([touch("t", "2026-03-02T16:00:00Z")]))).at
        tally.add(Decision(verdict=verdict, at=at, touch="t", contact="c-1"))
    assert (tally.touches, tally.allowed) == (2, 1)
    assert str(tally) == "1 of 2 touches allowed, 1 refused"


def test_warnings_are_counted_apart() -> None:
    lines = told({}, [touch("t-1", "2026-03-02T16:00:00Z")])
    assert lines[-1] == "1 of 1 touch allowed; warnings: CG904 1"
