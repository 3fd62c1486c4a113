"""`evaluate`, `replay` and `demo`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cadence_guard import Policy, parse_events
from cadence_guard.cli import _input
from cadence_guard.cli._demo import had_it_been_asked
from cadence_guard.cli._judging import new_book
from cadence_guard.history import Case
from cadence_guard.instants import NEVER
from cadence_guard.rules import Objection, OpenStretch, Rule
from cadence_guard.ruleset import Ruleset

TOUCH = {
    "event": "touch",
    "id": "t-1",
    "contact": "c-1",
    "at": "2026-03-02T16:00:00Z",
    "channel": "email",
    "to": "al@b.example",
    "purpose": "transactional",
}
LINE = json.dumps(TOUCH).encode()


def line(**more: Any) -> bytes:
    return json.dumps({**TOUCH, **more}).encode()


# -- the story --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "name", "code"),
    [("replay", "as-it-happened", 1), ("evaluate", "as-it-should-be", 0)],
)
def test_json_agrees_with_every_line_of_the_expected_files(
    run: Any, story: Path, command: str, name: str, code: int
) -> None:
    result = run(command, story / f"{name}.jsonl", "--format", "json")
    assert (result.code, result.err) == (code, "policy: pack humane\n")
    expected = (story / f"{name}.expected.jsonl").read_text("utf-8").splitlines()
    for wanted, got in zip(map(json.loads, expected), result.decisions, strict=True):
        assert (got["touch"], got["verdict"]) == (wanted["touch"], wanted["verdict"])
        assert set(wanted["must_include"]) <= {finding["code"] for finding in got["findings"]}
        assert got["until"] == wanted.get("until", got["until"])


def test_json_carries_the_pinned_keys(run: Any, story: Path) -> None:
    decision = run("replay", story / "as-it-happened.jsonl", "--format", "json").decisions[1]
    assert {"touch", "contact", "at", "verdict", "until", "open_until", "findings", "needs"} <= set(
        decision
    )
    assert set(decision["findings"][0]) == {
        "code", "name", "effect", "message", "when", "until", "pack", "citation", "source", "facts",
    }  # fmt: skip


class Lone(Rule):
    """A user's own rule that speaks in half a character."""

    code = "CG998"
    name = "lone"

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return NEVER, NEVER

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("half \ud83d", facts={"half": "\ud83d"})


def test_what_utf8_cannot_say_costs_no_verdict(run: Any, tmp_path: Path) -> None:
    policy = tmp_path / "own.yaml"
    policy.write_text(f"version: 1\nrules: {{'{__name__}:Lone': {{}}}}\n")
    result = run("evaluate", "--policy", policy, "-", "--format", "json", input=LINE)
    (decision,) = result.decisions
    assert (result.code, decision["verdict"]) == (1, "deny")
    assert decision["findings"][-1]["facts"] == {"half": "\ud83d"}
    assert "CG998 lone: half" in run("evaluate", "--policy", policy, "-", input=LINE).out


def test_text_is_for_people(run: Any, story: Path) -> None:
    result = run("replay", story / "as-it-happened.jsonl")
    assert result.code == 1
    lines = result.out.splitlines()
    assert lines[0] == (
        "t-01  c-1  Mon 2026-03-02 10:01 CST  allow  email  a***@studio.example"
        "  trial-drip/your-download"
    )
    assert "+1512*****43" in result.out
    assert "+15125550143" not in result.out
    assert "anna-lena@" not in result.out
    assert lines[-1].startswith("1 of 12 touches allowed, 5 deferred, 6 refused; by rule: CG301")
    assert "×  ×  ×  ×" in result.out


def test_points_are_shown_when_asked_for(run: Any, story: Path) -> None:
    assert "+15125550143" in run("replay", story / "as-it-happened.jsonl", "--show-points").out


def test_the_summary_alone(run: Any, story: Path) -> None:
    result = run("replay", story / "as-it-happened.jsonl", "--summary")
    assert result.out.startswith("1 of 12 touches allowed")
    assert result.out.count("\n") == 1


def test_demo(run: Any) -> None:
    result = run("demo")
    assert (result.code, result.err) == (0, "")
    numbers = result.out.partition("would have reached her")[2].splitlines()[2:5]
    assert [row.strip().split("  ")[0] for row in numbers] == ["12 of 12", "2 of 12", "1 of 12"]
    assert "3 of 3 touches allowed" in result.out
    assert result.out.count("CG805 named") == 4
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    lines = [line for line in readme.splitlines() if line.startswith(("  ╭", "  │", "  ╰"))]
    assert len(lines) == 5
    assert "\n".join(lines) in result.out


def test_what_comes_back_from_a_touch_never_made_does_not_count() -> None:
    call = {**TOUCH, "channel": "call", "to": "+15125550143", "purpose": "sales"}
    events = parse_events(
        [
            {**call, "outcome": "hung_up"},
            {
                "event": "signal",
                "contact": "c-1",
                "at": call["at"],
                "kind": "hung_up",
                "touch": "t-1",
            },
            {**TOUCH, "id": "t-2", "purpose": "sales", "outcome": "sent"},
        ]
    )
    rules = {
        "over-cap": {"max": 0, "per": "1d", "channels": ["call"]},
        "after-refusal": {"hung_up": "9d"},
    }
    asked = had_it_been_asked(Ruleset(Policy(rules=rules)), list(events))
    assert [(touch.id, bool(decision)) for touch, decision in asked] == [
        ("t-1", False),
        ("t-2", True),
    ]


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + LINE + b"\r\n\r\n",
        b"\n" + LINE,
        LINE,
    ],
    ids=["BOM, CRLF, blank lines", "a blank line first", "no newline at the end"],
)
def test_what_is_no_error_in_a_file(run: Any, data: bytes) -> None:
    result = run("evaluate", "-", "--format", "json", input=data)
    assert (result.code, [d["verdict"] for d in result.decisions]) == (0, ["allow"])


BAD = {
    "naive instant": (
        line(at="2026-03-02T16:00:00"),
        "at: '2026-03-02T16:00:00' is not an instant",
    ),
    "date": (line(at="2026-03-02"), "at: '2026-03-02' is not an instant"),
    "number": (line(at=1772467200), "at: 1772467200 is not an instant"),
    "before 1970": (line(at="1969-12-31T23:59:59Z"), "lies outside 1970 to 2199"),
    "after 2199": (line(at="2200-01-01T00:00:00Z"), "lies outside 1970 to 2199"),
    "no instant": (LINE.replace(b'"at"', b'"not_after"'), "'at' is missing"),
    "unknown key": (line(chanel="email"), "unknown key 'chanel'; did you mean 'channel'?"),
    "duplicate key": (LINE[:-1] + b', "id": "t-2"}', "duplicate key 'id'"),
    "null": (line(team=None), "null is not a value"),
    "unknown word": (line(channel="e-mail"), "did you mean 'email'?"),
    "broken JSON": (LINE[:-1], "broken JSON"),
    "no object": (b"[1]", "expected an object"),
    "latin-1": (line(step="Zoe").replace(b"Zoe", b"Zo\xeb"), "not UTF-8 (byte 0xeb)"),
    "NUL": (LINE[:20] + b"\x00" + LINE[20:], "broken JSON"),
    "10 MB": (line(step="x" * 10_000_000), "longer than 1048576 bytes"),
    "other content": (line(id="t-0", team="sales"), "touch 't-0' was told before with other"),
}


@pytest.mark.parametrize("command", ["evaluate", "replay"])
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_line_is_named_and_nothing_above_it_is_lost(
    run: Any, tmp_path: Path, command: str, kind: str
) -> None:
    bad, problem = BAD[kind]
    file = tmp_path / "events.jsonl"
    file.write_bytes(line(id="t-0") + b"\n\n" + bad + b"\n" + line(id="t-9") + b"\n")
    result = run(command, file, "--format", "json")
    assert result.code == 2
    assert [decision["touch"] for decision in result.decisions] == ["t-0"]
    error = result.err.splitlines()[-1]
    assert error.startswith(f"cadence-guard: {file}:3:")
    assert problem in error


def test_a_fault_within_a_line_has_a_column(run: Any) -> None:
    bad = line(chanel="email")
    result = run("evaluate", "-", input=bad)
    column = bad.index(b'"chanel"') + 1
    assert f"<stdin>:1:{column}: touch: unknown key" in result.err
    assert result.out == ""


def test_text_above_a_bad_line_is_printed(run: Any) -> None:
    result = run("evaluate", "-", input=LINE + b"\n{")
    assert result.code == 2
    assert result.out.startswith("t-1  c-1")
    assert "1 of 1 touch allowed" in result.out


def test_a_history_out_of_order_names_the_line_and_the_way_out(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(LINE + b"\n" + line(id="t-0", at="2026-03-02T15:00:00Z"))
    result = run("replay", file, "--format", "json")
    assert result.code == 2
    assert f"{file}:2: 2026-03-02T15:00:00Z is earlier than" in result.err
    assert "--sort" in result.err
    result = run("replay", file, "--format", "json", "--sort")
    assert (result.code, [d["touch"] for d in result.decisions]) == (0, ["t-0", "t-1"])


def test_sorting_is_stable_and_keeps_the_lines_numbers(run: Any) -> None:
    same = [line(id=name) for name in "cab"]
    clash = line(id="a", team="sales")
    data = b"\n".join([*same, line(id="z", at="2026-03-02T15:00:00Z"), clash])
    result = run("replay", "-", "--format", "json", "--sort", input=data)
    assert [d["touch"] for d in result.decisions] == ["z", "c", "a", "b"]
    assert "<stdin>:5: touch 'a' was told before" in result.err


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read(run: Any, name: str) -> None:
    result = run("replay", name)
    assert (result.code, result.out) == (2, "")
    assert f"cadence-guard: {name}: cannot be read: " in result.err


@pytest.mark.parametrize("options", [[], ["--summary"], ["--format", "json"]])
def test_a_file_without_touches_says_so(run: Any, options: list[str]) -> None:
    result = run("evaluate", "-", *options, input=b"")
    assert (result.code, result.out) == (0, "")
    assert "nothing to judge" in result.err


def test_the_same_point_however_it_is_written(run: Any) -> None:
    data = b"\n".join(
        json.dumps(event).encode()
        for event in (
            {"event": "suppress", "at": TOUCH["at"], "point": "AL@B\u00dcCHER.example"},
            {"event": "suppress", "at": TOUCH["at"], "point": "tel:+1 (512) 555-0143"},
            {**TOUCH, "to": " al@xn--bcher-kva.EXAMPLE"},
            {**TOUCH, "id": "t-2", "channel": "sms", "to": "+15125550143"},
        )
    )
    result = run("evaluate", "-", "--format", "json", input=data)
    assert [d["findings"][0]["code"] for d in result.decisions] == ["CG104", "CG104"]


class Terminal:
    """Stands in for standard error on a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text


@pytest.mark.parametrize("path", ["events.jsonl", "-"])
def test_progress_is_counted_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("events.jsonl").write_bytes(b"\n".join(line(id=f"t-{n}") for n in range(4)))
    monkeypatch.setattr(_input, "_OFTEN", 2)
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    if path == "-":
        reader, writer = os.pipe()  # has no size to take a share of
        os.write(writer, Path("events.jsonl").read_bytes())
        os.close(writer)
        with open(reader, "rb") as pipe:
            monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=pipe))
            assert len(list(_input.EventFile(path, progress=True))) == 4
    else:
        assert len(list(_input.EventFile(path, progress=True))) == 4
    share = "" if path == "-" else ", 50%"
    assert terminal.text == f"\r2 lines{share} \r4 lines{share and ', 100%'} \r\x1b[K"


def test_the_noes_of_the_forgotten_are_kept_under_hashes(run: Any) -> None:
    data = b"\n".join(
        json.dumps(event).encode()
        for event in (
            {"event": "signal", "contact": "c-1", "at": TOUCH["at"], "kind": "opt_out"},
            {"event": "forget", "contact": "c-1", "at": TOUCH["at"]},
            TOUCH,
        )
    )
    result = run("replay", "-", "--format", "json", input=data)
    assert [d["verdict"] for d in result.decisions] == ["deny"]
    hashes = new_book()._hashed("c-1"), new_book()._hashed("c-1")
    assert hashes[0] != hashes[1]


# -- the policy -------------------------------------------------------------------------------


def test_the_policy_of_the_folder_is_found(run: Any) -> None:
    Path("cadence-guard.yaml").write_text("version: 1\nrules: {over-cap: {max: 0, per: 1d}}\n")
    sales = line(purpose="sales")
    result = run("evaluate", "-", "--format", "json", input=sales)
    assert (result.code, result.err) == (1, "policy: cadence-guard.yaml\n")
    Path("other.yaml").write_text("version: 1\n")
    result = run("evaluate", "-", "--policy", "other.yaml", "--format", "json", input=sales)
    assert (result.code, result.err) == (0, "policy: other.yaml\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version: 1\nrules: {over-cpa: {max: 1, per: 7d}}", "other.yaml:2:9: unknown rule"),
        ("version: 1\nrules: {over-cap: {max: -1, per: 7d}}", "other.yaml:2:25: "),
        ("version: 1\nrules: {over-cap: {max: 1, per: 0d}}", "other.yaml:2:33: "),
        ("version: 1\nrules: {opted-out: off}", "always on"),
        ("version: 1\nhorizon: null", "null is not a value"),
        (
            "version: 1\nrules: {too-soon: {effect: warn}}",
            "other.yaml:2:19: too-soon: no pack states",
        ),
        ("rules: {}", "'version' is missing"),
        (None, "other.yaml: cannot be read"),
    ],
)
def test_a_wrong_policy_is_exit_2(run: Any, text: str | None, problem: str) -> None:
    if text is not None:
        Path("other.yaml").write_text(text)
    result = run("evaluate", "-", "--policy", "other.yaml", input=LINE)
    assert (result.code, result.out) == (2, "")
    assert problem in result.err


# -- colours ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "flag", "coloured"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
        ({"FORCE_COLOR": "1"}, ["--color", "auto"], True),
    ],
)
def test_colours(run: Any, env: dict[str, str], flag: list[str], coloured: bool) -> None:
    assert ("\x1b[" in run("evaluate", "-", *flag, input=LINE, **env).out) is coloured


def test_json_is_never_coloured(run: Any) -> None:
    result = run("evaluate", "-", "--format", "json", "--color", "always", input=LINE)
    assert "\x1b" not in result.out
