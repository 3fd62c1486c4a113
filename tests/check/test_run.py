"""A check from files to report."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cadence_guard import Guard, Policy
from cadence_guard.cadence import (
    Arm,
    Audience,
    Branch,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Ignore,
    Node,
    Pause,
    Step,
    Unknown,
    UntilClock,
)
from cadence_guard.check.baseline import entries
from cadence_guard.check.report import Finding, Report
from cadence_guard.check.run import (
    Opened,
    check_files,
    fails,
    files_of,
    open_all,
    open_file,
    open_hours,
    period,
)
from cadence_guard.errors import CadenceError, PolicyError
from cadence_guard.history import Case
from cadence_guard.importers import native
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, NEVER
from cadence_guard.rules import Objection, OpenStretch, Rule
from cadence_guard.ruleset import Ruleset
from cadence_guard.words import SIGNALS

FIRST = date(2026, 3, 1)
CAP = Policy(rules={"over-cap": {"max": 1, "per": "7d"}})
HOURS = Policy(rules={"outside-hours": {"windows": [{"from": "09:00", "to": "17:00"}]}})


class Blank(Rule):
    """A rule of somebody's own that never says where its answer changes."""

    code = "X001"
    name = "blank"

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return t, NEVER

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("never")


LINES = "[\n" + ",\n".join(f'  "{name}"' for name in "abcdef") + "\n]"
ENDS = frozenset(SIGNALS)


def drip(*hours: float, name: str = "drip", first: int = 0, **more: Any) -> Cadence:
    """A mail after each of so many hours; the places are the items of `LINES`, from `first` on."""
    nodes: dict[str, Node] = {}
    for n, wait in enumerate(hours):
        us = int(wait * HOUR)
        then = f"w{n + 1}" if n + 1 < len(hours) else None
        nodes[f"w{n}"] = Pause(f"w{n}", (first + n,), Elapsed(us, us), f"s{n}")
        nodes[f"s{n}"] = Step(f"s{n}", (first + n,), "email", then)
    said: dict[str, Any] = {"purpose": "sales", "exits": ENDS, **more}
    return Cadence(name, (first,), nodes, next(iter(nodes), None), **said)


def opened(
    *cadences: Cadence,
    path: str = "a.json",
    together: tuple[tuple[str, ...], ...] = (),
    ignores: tuple[Ignore, ...] = (),
) -> Opened:
    file = CadenceFile("made", cadences, together, ignores=ignores)
    return Opened(Source(path, LINES.encode()), file)


def blocked(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.effect == "block"]


# -- the report ----------------------------------------------------------------------------------


def test_an_objection_is_a_finding_with_place_certainty_and_witness() -> None:
    report = check_files([opened(drip(1, 24), path="x.json")], CAP, FIRST)
    (finding,) = blocked(report)
    assert (finding.path, finding.line, finding.column) == ("x.json", 3, 3)
    assert (finding.code, finding.name, finding.certainty) == ("CG301", "over-cap", "always")
    assert (finding.cadence, finding.step) == ("drip", "s1")
    witness = finding.witness
    assert witness is not None
    assert [touch.step for touch in witness.touches] == ["s0", "s1"]
    assert witness.touches[-1].codes == ("CG301",)
    assert witness.since == witness.touches[0].at
    start, end = period(FIRST)
    assert start <= witness.starts["drip"] < end
    (file,) = report.files
    assert (file.path, file.format, file.cadences, file.steps) == ("x.json", "made", 1, 2)


def test_the_witness_is_refused_by_a_guard_that_is_told_what_happened() -> None:
    report = check_files([opened(drip(1, 24))], CAP, FIRST)
    witness = blocked(report)[0].witness
    assert witness is not None
    guard = Guard(CAP)
    *before, last = [
        {
            "id": t.step,
            "contact": "c",
            "channel": t.channel,
            "to": "a@b.example",
            "at": t.at,
            "purpose": "sales",
        }
        for t in witness.touches
    ]
    for touch in before:
        assert guard.evaluate(touch)
        guard.record({**touch, "event": "touch", "outcome": "sent"})
    assert "CG301" in guard.evaluate(last).codes


def test_what_is_right_finds_nothing_and_says_what_was_assumed() -> None:
    report = check_files([opened(drip(1, 168))], CAP, FIRST)
    assert report.findings == ()
    assert "the time zone of each contact is known" in report.assumes


def test_assumptions_not_of_all_cadences_name_theirs() -> None:
    ads = replace(drip(1, name="ads"), assumes=("ads are seen",))
    assumes = check_files([opened(drip(1), ads)], CAP, FIRST).assumes
    assert "ads: ads are seen" in assumes
    assert "nobody enters a second time" in assumes


def test_cadences_of_one_name_in_two_files_keep_their_places() -> None:
    files = [opened(drip(1, 24), path="b.json"), opened(drip(1, 168), path="a.json")]
    assert {finding.path for finding in blocked(check_files(files, CAP, FIRST))} == {"b.json"}


def test_findings_are_ordered_whatever_the_order_of_the_files() -> None:
    files = [opened(drip(1, 24, 24), path=path) for path in ("b.json", "a.json")]
    findings = check_files(files, CAP, FIRST).findings
    keys = [(f.path, f.line, f.column, f.code) for f in findings]
    assert keys == sorted(keys)
    assert findings == check_files(files[::-1], CAP, FIRST).findings


def test_a_cadence_without_a_schedule_is_not_proved() -> None:
    report = check_files([opened(drip(1, 24, schedule=False))], CAP, FIRST)
    assert {finding.code for finding in report.findings} == {"CG808"}
    assert report.assumes == ()


def test_a_rule_without_spans_makes_the_check_incomplete_and_says_so() -> None:
    policy = Policy(rules={f"{__name__}:Blank": {}})
    report = check_files([opened(drip(1))], policy, FIRST)
    (finding,) = [found for found in report.findings if found.code == "CG903"]
    assert (finding.effect, finding.witness, finding.cadence) == ("block", None, "drip")
    assert fails(report.findings)
    assert fails(report.findings, "always")  # what was not looked at is no pass


def test_a_cadence_that_goes_on_after_a_reply_is_found_with_the_reply() -> None:
    policy = Policy(rules={"already-answered": {}})
    report = check_files([opened(drip(1, 24, exits=frozenset(("opt_out",))))], policy, FIRST)
    finding = next(found for found in report.findings if found.code == "CG801")
    assert finding.witness is not None
    assert finding.witness.signals


# -- a file that does not settle what its delays count from --------------------------------------


def readings(here: tuple[float, ...], there: tuple[float, ...]) -> list[Finding]:
    other = drip(*there, anchor="start")
    cadence = drip(*here, ambiguous=True, other=other)
    report = check_files([opened(cadence)], CAP, FIRST)
    return [finding for finding in report.findings if finding.code == "CG301"]


def test_what_both_readings_meet_is_one_finding() -> None:
    (finding,) = readings((1, 24), (1, 48))
    assert finding.certainty == "always"
    assert "if its delays" not in finding.message


@pytest.mark.parametrize(
    ("here", "there", "anchor"),
    [((1, 24), (1, 168), "previous"), ((1, 168), (1, 24), "start")],
)
def test_what_one_reading_meets_says_which(
    here: tuple[float, ...], there: tuple[float, ...], anchor: str
) -> None:
    (finding,) = readings(here, there)
    assert finding.certainty == "sometimes"
    assert finding.message.endswith(f", if its delays count from the {anchor}")


def test_of_always_and_sometimes_sometimes_is_left() -> None:
    one = {**drip(1).nodes, "w0": Pause("w0", (0,), Elapsed(HOUR, HOUR), "s0")}
    late = Pause("w0", (0,), Elapsed(24 * HOUR, 24 * HOUR), "s0")
    closed = Policy(
        rules={"outside-hours": {"windows": [{"days": ["mon"], "from": "09:00", "to": "17:00"}]}}
    )
    other = replace(drip(1), nodes={**one, "w0": late}, anchor="start")
    cadence = replace(drip(1), ambiguous=True, other=other)
    report = check_files([opened(cadence)], closed, FIRST)
    (finding,) = [found for found in report.findings if found.code == "CG401"]
    assert finding.certainty == "sometimes"


def caps(*caps: dict[str, Any]) -> Policy:
    """A policy of caps of one mail."""
    return Policy(rules={"over-cap": [{"max": 1, **cap} for cap in caps]})


def test_a_warning_hides_no_refusal_in_the_same_words() -> None:
    policy = caps({"per": "48h", "effect": "warn"}, {"per": "48h"})
    found = check_files([opened(drip(1, 1))], policy, FIRST).findings
    assert {f.effect for f in found if f.code == "CG301"} == {"block", "warn"}


@pytest.mark.parametrize("turned", [False, True])
def test_of_refusals_in_the_same_words_the_most_certain_is_told(turned: bool) -> None:
    """At eight in the evening the one entry objects every day, the other at the weekend."""
    office = {"from": "09:00", "to": "17:00"}
    late = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "21:00"}
    entries = [{"windows": [late]}, {"windows": [office]}]
    policy = Policy(rules={"outside-hours": entries[::-1] if turned else entries})
    nodes: dict[str, Node] = {
        "w0": Pause("w0", (0,), UntilClock(20 * HOUR, frozenset(range(7))), "s0"),
        "s0": Step("s0", (0,), "email", None),
    }
    audience = Audience(zones=("UTC",))
    cadence = replace(drip(1, audience=audience), nodes=nodes)
    (finding,) = blocked(check_files([opened(cadence)], policy, FIRST))
    assert (finding.certainty, finding.message[:15]) == ("always", "it is Sun 20:00")


# -- cadences that others enter ------------------------------------------------------------------


def entering(name: str = "first", other: str = "drip") -> Cadence:
    """A mail, and at once another cadence besides."""
    nodes: dict[str, Node] = {
        "s": Step("s", (0,), "email", "enter"),
        "enter": Enter("enter", (0,), other, None),
    }
    return Cadence(name, (0,), nodes, "s", purpose="sales", exits=ENDS)


def test_a_step_of_an_entered_cadence_is_found_where_it_stands() -> None:
    files = [opened(entering(), path="a.json"), opened(drip(1, first=4), path="b.json")]
    (finding,) = blocked(check_files(files, CAP, FIRST))
    assert (finding.path, finding.line) == ("b.json", 6)
    assert (finding.cadence, finding.step) == ("drip", "s0")


@pytest.mark.parametrize("turned", [False, True])
def test_what_is_always_so_in_one_of_them_is_told_so(turned: bool) -> None:
    """Alone the second mail is free eight days later; entered, another one is near it."""
    mails = drip(0, 1, first=4)
    nodes: dict[str, Node] = {
        **mails.nodes,
        "s0": Step("s0", (4,), "email", "branch"),
        "branch": Branch("branch", (4,), (Arm("w1"), Arm("w2"))),
        "w2": Pause("w2", (5,), Elapsed(8 * DAY, 8 * DAY), "s1"),
    }
    mail = {
        "enter": Enter("enter", (0,), "drip", "w"),
        "w": Pause("w", (0,), Elapsed(2 * DAY, 2 * DAY), "s"),
        "s": Step("s", (0,), "email", None),
    }
    first = replace(entering(), nodes=mail, start="enter")
    both = (replace(mails, nodes=nodes), first)
    found = blocked(check_files([opened(*(both[::-1] if turned else both))], CAP, FIRST))
    assert [(f.step, f.certainty) for f in found] == [("s", "always"), ("s1", "always")]


def test_the_cadence_of_the_own_file_is_entered_rather_than_one_of_that_name_elsewhere() -> None:
    own = opened(entering(), drip(168, first=4), path="a.json")
    files = [own, opened(drip(1, first=4), path="b.json")]
    assert blocked(check_files(files, CAP, FIRST)) == []


def test_a_turn_of_a_loop_is_no_step() -> None:
    text = """\
version: 1
cadence:
  name: tips
  purpose: sales
  audience: {zones: [UTC]}
  exits: [replied, meeting_booked, purchased, opt_out, complained, wrong_person, declined]
  steps:
    - repeat: {times: 3, steps: [{id: tip, channel: email}, {wait: 1d}]}
"""
    source = Source("a.cadence.yaml", text.encode())
    report = check_files([Opened(source, native.read(source))], CAP, FIRST)
    found = [finding for finding in report.findings if finding.code == "CG301"]
    assert [(finding.step, finding.turn) for finding in found][:1] == [("tip", "2")]
    witness = found[0].witness
    assert witness is not None
    assert [(one.step, one.turn) for one in witness.touches] == [("tip", None), ("tip", "2")]
    fewer = Source("a.cadence.yaml", text.replace("times: 3", "times: 2").encode())
    less = check_files([Opened(fewer, native.read(fewer))], CAP, FIRST)
    assert {entry.fingerprint for entry in entries(less.findings, str)} <= {
        entry.fingerprint for entry in entries(report.findings, str)
    }


def test_what_is_met_on_several_ways_is_found_once() -> None:
    cadences = entering(), entering("second"), drip(1, 24, first=4)
    found = [
        (f.cadence, f.step, f.message)
        for f in blocked(check_files([opened(*cadences)], CAP, FIRST))
    ]
    assert len(found) == len(set(found))


def test_a_comment_is_asked_about_the_findings_of_its_own_file() -> None:
    ignore = Ignore(("CG301",), 6, "agreed", 6)
    files = [
        opened(entering(), path="a.json"),
        opened(drip(1, first=4), path="b.json", ignores=(ignore,)),
    ]
    assert blocked(check_files(files, CAP, FIRST)) == []
    files = [
        opened(entering(), path="a.json", ignores=(ignore,)),
        opened(drip(1, first=4), path="b.json"),
    ]
    assert [f.code for f in blocked(check_files(files, CAP, FIRST))] == ["CG810", "CG301"]


# -- files ---------------------------------------------------------------------------------------


HAND_WRITTEN = """\
steps:
  - {channel: email, delay_days: 0}
  - channel: email
    delay_days: 1  # cadence-guard: ignore[CG301] agreed
  - {channel: email, delay_days: 2}  # Cadence-Guard: Ignore[CG301] agreed
"""


SILENT = """\
version: 1
cadence:
  name: c
  purpose: sales
  exits: [purchased]
  steps:
    - id: a
      channel: email
      greeting: "Dear {{last_name}}"
    - wait: 10d
    - {id: b, channel: email}
"""


@pytest.mark.parametrize("line", [2, 3, 4, 5, 6])
def test_a_missing_exit_can_be_ignored_at_any_key_of_the_cadence(line: int) -> None:
    comment = "cadence-guard: ignore[CG801, CG802] nobody can reply"
    assert ignoring(comment, line) == [(9, "CG807")]


@pytest.mark.parametrize("line", [7, 8, 9])
def test_what_is_said_of_a_key_can_be_ignored_at_any_key_of_its_step(line: int) -> None:
    comment = "cadence-guard: ignore[CG807] they are called so"
    assert ignoring(comment, line) == [(5, "CG801"), (5, "CG802")]


def test_a_comment_is_about_no_other_step() -> None:
    found = [(5, "CG801"), (5, "CG802"), (9, "CG807")]
    assert ignoring("", 1) == found
    assert ignoring("cadence-guard: ignore[CG807] why not", 5) == sorted([*found, (5, "CG810")])
    assert ignoring("cadence-guard: ignore[CG801] why not", 8) == sorted([*found, (8, "CG810")])


def ignoring(comment: str, line: int) -> list[tuple[int, str]]:
    """What is found where, with a comment at the end of a line."""
    lines = SILENT.splitlines()
    lines[line - 1] += f"  # {comment}"
    file = open_file(Source("c.yaml", "\n".join(lines).encode()))
    found = check_files([file], Policy(rules={"already-answered": {}}), FIRST).findings
    return sorted((each.line, each.code) for each in found)


def test_comments_of_yaml_are_read_whatever_its_format() -> None:
    file = open_file(Source("hand.yaml", HAND_WRITTEN.encode()))
    found = check_files([file], CAP, FIRST).findings
    told = [(each.line, each.code) for each in found if each.code in ("CG301", "CG810")]
    assert told == [(5, "CG301"), (5, "CG810")]
    said = '{"steps": [{"channel": "sms", "delay_days": 1, "x": "# cadence-guard: ignore[a] b"}]}'
    json = open_file(Source("hand.json", said.encode())).content
    assert isinstance(json, CadenceFile)
    assert json.ignores == ()


def test_every_source_is_tried() -> None:
    def reading(source: Source) -> CadenceFile:
        if source.data == ["bad"]:
            raise CadenceError("bad: no")
        return CadenceFile("made", ())

    sources = [Source("a", b"[]"), Source("b", b'["bad"]'), "no-such-file", Source("c", b"[1]")]
    files, errors = open_all(sources, reading)
    assert [file.source.path for file in files] == ["a", "c"]
    assert [str(error).split(":")[0] for error in errors] == ["bad", "no-such-file"]


def test_a_policy_is_told_by_its_content() -> None:
    source = Source("x", b"version: 1\nrules:\n  over-cap: {max: 0, channels: [sms]}\n")
    file = open_file(source)
    assert isinstance(file.content, Policy)
    report = check_files([file], CAP, FIRST)
    assert [finding.code for finding in report.findings] == ["CG811"]
    assert report.files[0].format == "policy"
    with pytest.raises(PolicyError, match=r"^x:2:8: "):
        open_file(Source("x", b"version: 1\nrules: 1\n"))


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.cadence.yml", "sub/a.cadence.yaml", ".x/c.cadence.yaml", "d.yaml"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    assert list(files_of([".", "d.yaml", "sub", "d.yaml"])) == [
        "b.cadence.yml",
        "sub/a.cadence.yaml",
        "d.yaml",
    ]
    Path("sub/link.cadence.yaml").symlink_to("nowhere")
    assert list(files_of(["sub"])) == ["sub/a.cadence.yaml", "sub/link.cadence.yaml"]
    Path(".x/y").mkdir()
    with pytest.raises(CadenceError, match=r"\.x/y: no file \*\.cadence\.yaml or \*\.cadence\.yml"):
        list(files_of([".x/y"]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.cadence.yaml")
    (tmp_path / "a.cadence.yaml").touch()
    assert list(files_of([str(tmp_path)])) == [str(tmp_path / "a.cadence.yaml")]


def test_a_folder_that_cannot_be_looked_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("drips/closed").mkdir(parents=True)
    Path("drips/a.cadence.yaml").touch()
    scandir = os.scandir

    def scan(path: str) -> Any:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(CadenceError, match=r"^drips.closed: cannot be read: Permission denied$"):
        list(files_of(["drips"]))


# -- the period, the hours, what fails -----------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 3, 1), date(2027, 4, 1)),
        (date(2026, 12, 31), date(2028, 1, 31)),
        (date(2027, 1, 31), date(2028, 2, 29)),
        (date(2026, 11, 30), date(2027, 12, 30)),
    ],
)
def test_the_period_is_13_months(first: date, last: date) -> None:
    start, end = period(first)
    assert (start.date(), end.date()) == (first, last)
    assert start.tzinfo == end.tzinfo == UTC


def test_hours_that_never_open_and_hours_without_an_entry() -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    windows = open_hours(Ruleset(HOURS))
    assert list(windows("email", "UTC", start, start + timedelta(days=1))) == [
        (start + timedelta(hours=9), start + timedelta(hours=17))
    ]
    assert list(open_hours(Ruleset(CAP))("email", "UTC", start, start)) == []


def test_what_fails() -> None:
    finding = Finding("CG301", "over-cap", "block", "m", "a", certainty="sometimes")
    assert fails([finding])
    assert not fails([finding], "always")
    assert fails([replace(finding, certainty="always")], "always")
    assert fails([replace(finding, certainty=None)], "always")
    assert not fails([replace(finding, effect="warn"), replace(finding, effect="note")])


@pytest.mark.parametrize(
    ("channels", "scope", "said"),
    [(("email",), "account", 1), (("sms",), "account", 0), (("email",), "contact", 0)],
)
def test_several_of_one_account_are_judged_together(
    channels: tuple[str, ...], scope: str, said: int
) -> None:
    cap = {"max": 3, "per": "7d", "scope": scope, "channels": channels}
    shared = replace(drip(1), audience=replace(drip(1).audience, account=True))
    report = check_files([opened(shared)], Policy(rules={"over-cap": cap}), FIRST)
    assert [finding.code for finding in report.findings] == ["CG903"] * said
    known = replace(shared, audience=replace(shared.audience, people=4))
    report = check_files([opened(known)], Policy(rules={"over-cap": cap}), FIRST)
    assert [finding.code for finding in report.findings] == ["CG301"] * said


@pytest.mark.parametrize(("again", "said"), [(None, 0), (DAY, 1), (7 * DAY, 0)])
def test_a_second_entry_is_judged_beside_the_first(again: int | None, said: int) -> None:
    report = check_files([opened(replace(drip(1), again=again))], CAP, FIRST)
    assert [finding.code for finding in report.findings] == ["CG301"] * said
    assert fails(report.findings) == bool(said)


def test_each_cadence_of_a_run_is_entered_again() -> None:
    both = [replace(drip(1, name=name), again=DAY) for name in ("one", "two")]
    report = check_files([opened(*both)], CAP, FIRST)
    assert [f.cadence for f in report.findings if f.code == "CG301"] == ["one", "two"]


def test_what_a_second_entry_breaks_is_not_told_again_of_cadences_together() -> None:
    one, two = (replace(drip(1, name=name), again=DAY) for name in ("one", "two"))
    report = check_files(
        [opened(one, replace(two, again=None), together=(("one", "two"),))], CAP, FIRST
    )
    assert [(f.code, f.cadence) for f in report.findings] == [("CG301", "one"), ("CG301", "two")]
    assert "enters again" in report.findings[0].message
    assert "together with 'one'" in report.findings[1].message


def test_what_is_not_known_of_a_second_entry_is_not_called_clean() -> None:
    cadence = replace(drip(1), again=300 * DAY)
    nodes = {**cadence.nodes, "w0": Pause("w0", (0,), Unknown("?"), "s0")}
    report = check_files([opened(replace(cadence, nodes=nodes))], CAP, FIRST)
    assert [finding.code for finding in report.findings] == ["CG807", "CG903"]
    assert fails(report.findings, "always")


def test_both_readings_of_a_file_are_entered_again() -> None:
    far = replace(drip(1, 9 * 24, first=0), again=10 * DAY)
    near = replace(drip(1, 24, first=0), anchor="start", again=10 * DAY)
    report = check_files([opened(replace(far, other=near))], CAP, FIRST)
    said = {finding.message for finding in report.findings if finding.code == "CG301"}
    assert any(
        m.endswith("enters again after 10d, if its delays count from the previous") for m in said
    )
