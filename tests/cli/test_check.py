"""`check`."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from toy import TOY

from cadence_guard import importers
from cadence_guard.cli import main
from cadence_guard.cli._check import repository

POLICY = """\
version: 1
rules:
  over-cap: {max: 1, per: 7d}
  outside-hours: {windows: [{from: "00:00", to: "24:00"}], effect: warn}
"""
FINE = '{"toy": {"drip": [["a", "email", 1], ["b", "email", 168]]}}'
BAD = '{"toy":\n {"drip": [["a", "email", 1],\n  ["b", "email", 167]]}}'


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    """The toy format, a policy, and three files in the folder of the run."""
    monkeypatch.setattr(importers, "IMPORTERS", (TOY,))
    Path("cadence-guard.yaml").write_text(POLICY, "utf-8")
    Path("fine.json").write_text(FINE, "utf-8")
    Path("bad.json").write_text(BAD, "utf-8")


def codes(result: Any) -> list[str]:
    return [finding["code"] for finding in json.loads(result.out)["findings"]]


# -- exit codes ----------------------------------------------------------------------------------


def test_nothing_found_is_0_and_says_what_was_assumed(run: Any) -> None:
    result = run("check", "fine.json", "--from", "2026-03-01")
    assert (result.code, result.err) == (0, "policy: cadence-guard.yaml\n")
    assert "Assumed, since the files do not say otherwise:" in result.out
    assert result.out.endswith("in 1 file (1 cadence, 2 steps)\n")


def test_a_folder_may_be_empty_if_that_is_allowed(run: Any) -> None:
    """As in a repository that has a policy, and no cadence yet."""
    Path("empty").mkdir()
    assert run("check", "empty").code == 2
    result = run("check", "empty", "--allow-empty")
    assert (result.code, result.out, result.err) == (0, "", "policy: cadence-guard.yaml\n")
    assert run("check", "empty", "nope.json", "--allow-empty").code == 2


def test_a_finding_that_blocks_is_1_with_its_place(run: Any) -> None:
    result = run("check", "bad.json", "--from", "2026-03-01")
    assert result.code == 1
    assert "bad.json:3:3: CG301 over-cap: " in result.out
    assert '  3 |   ["b", "email", 167]]}}' in result.out


@pytest.mark.parametrize(
    ("options", "code"),
    [((), 1), (("--fail-on", "always"), 1), (("--exit-zero",), 0), (("--fail-on", "sometimes"), 1)],
)
def test_what_always_happens_fails_in_any_case_but_exit_zero(
    run: Any, options: tuple[str, ...], code: int
) -> None:
    assert run("check", "bad.json", *options).code == code


def test_what_only_sometimes_happens_fails_unless_told(run: Any) -> None:
    Path("cadence-guard.yaml").write_text(
        'version: 1\nrules:\n  outside-hours: {windows: [{from: "09:00", to: "17:00"}]}\n', "utf-8"
    )
    Path("one.json").write_text('{"toy": {"drip": [["a", "email", 1]]}}', "utf-8")
    result = run("check", "one.json", "--format", "json")
    assert (result.code, codes(result)[-1]) == (1, "CG401")
    assert run("check", "one.json", "--fail-on", "always").code == 0


def test_warnings_never_fail(run: Any) -> None:
    policy = POLICY.replace("per: 7d", "per: 7d, effect: warn")
    Path("cadence-guard.yaml").write_text(policy, "utf-8")
    result = run("check", "bad.json")
    assert result.code == 0
    assert "CG301 over-cap (warning)" in result.out


def test_every_file_is_tried_and_what_is_wrong_with_any_is_told(run: Any) -> None:
    Path("worse.json").write_text('{"toy": {},\n "broken": 1}', "utf-8")
    result = run("check", "nope.json", "bad.json", "worse.json", "fine.json")
    assert result.code == 2
    assert "nope.json: cannot be read: No such file or directory" in result.err
    assert "worse.json:2:12: is broken" in result.err
    assert "bad.json:3:3: CG301" in result.out
    assert "in 2 files" in result.out


def test_nothing_is_written_when_nothing_could_be_read_but_json_is_whole(run: Any) -> None:
    result = run("check", "nope.json")
    assert (result.code, result.out) == (2, "")
    result = run("check", "nope.json", "--format", "json", "--exit-zero")
    assert (result.code, json.loads(result.out)["files"]) == (2, [])


FORMATS = ["text", "json", "sarif", "github", "markdown"]


def told(result: Any, format_: str) -> list[tuple[str, int | None, int | None]]:
    """Path, line and column of each error of a report, which must not look clean."""
    assert result.code == 2
    out = result.out
    if format_ == "json":
        return [(e["path"], e["line"], e["column"]) for e in json.loads(out)["errors"]]
    if format_ == "sarif":
        (invocation,) = json.loads(out)["runs"][0]["invocations"]
        assert not invocation["executionSuccessful"]
        physical = [
            said["locations"][0]["physicalLocation"]
            for said in invocation["toolExecutionNotifications"]
        ]
        regions = [place.get("region", {}) for place in physical]
        return [
            (place["artifactLocation"]["uri"], region.get("startLine"), region.get("startColumn"))
            for place, region in zip(physical, regions, strict=True)
        ]
    assert "Nothing found" not in out
    place = {
        "text": r"^cadence-guard: ([^:\n]+)(?::(\d+):(\d+))?: ",
        "github": r"^::error file=([^,]+),(?:line=(\d+),col=(\d+),)?title=cadence-guard cannot",
        "markdown": r"^- ([^:]+)(?::(\d+):(\d+))?: ",
    }[format_]
    found = re.findall(place, result.err if format_ == "text" else out, re.MULTILINE)
    return [
        (path, int(line or 0) or None, int(column or 0) or None) for path, line, column in found
    ]


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_calls_what_was_not_read_clean(run: Any, format_: str) -> None:
    Path("worse.json").write_text('{"toy": {},\n "broken": 1}', "utf-8")
    Path("empty").mkdir()
    result = run("check", "worse.json", "nope.json", "empty", "--format", format_, "--exit-zero")
    # folders and standard input are looked into before any file is read
    assert told(result, format_) == [
        ("empty", None, None),
        ("worse.json", 2, 12),
        ("nope.json", None, None),
    ]


@pytest.mark.parametrize("format_", FORMATS[1:])
def test_what_is_found_is_told_beside_what_was_not_read(run: Any, format_: str) -> None:
    result = run("check", "nope.json", "bad.json", "--format", format_, "--exit-zero")
    assert told(result, format_) == [("nope.json", None, None)]
    assert "CG301" in result.out


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_is_clean_by_a_policy_that_is_wrong(run: Any, format_: str) -> None:
    Path("p.yaml").write_text("version: 1\nrules: {over-cpa: 1, too-son: 2}\n", "utf-8")
    result = run("check", "bad.json", "--policy", "p.yaml", "--format", format_)
    places = [("p.yaml", 2, 9), ("p.yaml", 2, 22)]
    assert told(result, format_) == (places[:1] if format_ == "text" else places)
    result = run("check", "bad.json", "--policy", "no.yaml", "--format", format_)
    assert told(result, format_) == [("no.yaml", None, None)]
    Path("cadence-guard.yaml").unlink()
    Path("pyproject.toml").write_text('[tool.cadence-guard]\npolicy = "p.yaml"\n', "utf-8")
    result = run("check", "bad.json", "--format", format_)
    assert told(result, format_) == (places[:1] if format_ == "text" else places)
    Path("pyproject.toml").write_text("tool = 1\n", "utf-8")
    result = run("check", "bad.json", "--format", format_)
    assert told(result, format_) == [("pyproject.toml", None, None)]


@pytest.mark.parametrize("format_", FORMATS[1:])
@pytest.mark.parametrize("option", ["--mapping", "--baseline", "--picture"])
def test_no_format_is_clean_by_another_file_that_is_wrong(
    run: Any, format_: str, option: str
) -> None:
    Path("worse.json").write_text("{", "utf-8")
    result = run("check", "fine.json", option, "worse.json", "--format", format_)
    ((path, _, _),) = told(result, format_)
    assert path == "worse.json"


def test_a_policy_that_is_both_checked_and_followed_is_wrong_once(run: Any) -> None:
    Path("p.yaml").write_text("version: 1\nrules: {over-cpa: 1}\n", "utf-8")
    result = run("check", "p.yaml", "--policy", "p.yaml", "--format", "json")
    assert told(result, "json") == [("p.yaml", 2, 9)]
    assert result.err.count("unknown rule") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Missing argument 'FILES...'"),
        (("bad.json", "--format", "xml"), "'xml' is not one of"),
        (("bad.json", "--from", "March"), "does not match the format"),
        (("bad.json", "--from", "2026-1-1"), "'2026-1-1' does not match the format YYYY-MM-DD"),
        (("bad.json", "--from", "2026-02-30"), "does not match the format"),
        (("bad.json", "--from", "0001-01-01"), "expected 1970-01-01 to 2197-12-01"),
        (("bad.json", "--from", "1969-12-31"), "expected 1970-01-01 to 2197-12-01"),
        (("bad.json", "--from", "2197-12-02"), "expected 1970-01-01 to 2197-12-01"),
        (("bad.json", "--update-baseline"), "--update-baseline needs --baseline FILE"),
        (("bad.json", "--policy", "nope.yaml"), "nope.yaml: cannot be read"),
        (("bad.json", "--policy", "humane"), "is named in a policy file: packs: [humane]"),
        (("empty",), "empty: no file *.cadence.yaml or *.cadence.yml in this folder"),
        (("bad.json", "--baseline", "nope.json"), "--update-baseline writes a baseline"),
    ],
)
def test_wrong_commands_are_2(run: Any, arguments: tuple[str, ...], problem: str) -> None:
    Path("empty").mkdir()
    result = run("check", *arguments)
    assert result.code == 2
    assert problem in result.err


def test_an_unknown_format_is_told(run: Any) -> None:
    Path("x.yaml").write_text("a: 1\n", "utf-8")
    result = run("check", "x.yaml")
    assert result.code == 2
    assert "x.yaml: no known cadence format" in result.err


# -- files ---------------------------------------------------------------------------------------


def test_standard_input(run: Any) -> None:
    result = run("check", "-", "-", "--format", "json", input=BAD.encode())
    assert result.code == 1
    data = json.loads(result.out)
    assert [file["path"] for file in data["files"]] == ["<stdin>"]
    assert {finding["path"] for finding in data["findings"]} == {"<stdin>"}
    sarif = json.loads(run("check", "-", "--format", "sarif", input=BAD.encode()).out)
    artifact = sarif["runs"][0]["artifacts"][0]
    assert artifact["location"]["uri"] == "%3Cstdin%3E"


def test_a_file_of_many_names_is_checked_once(run: Any, tmp_path: Path) -> None:
    Path("link.json").symlink_to("bad.json")
    names = ("bad.json", "fine.json", "./bad.json", tmp_path / "bad.json", "link.json")
    files = json.loads(run("check", *names, "--format", "json").out)["files"]
    assert [file["path"] for file in files] == ["bad.json", "fine.json"]


def test_folders_are_searched_and_a_file_is_checked_once(run: Any) -> None:
    for path in ("b/x.cadence.yaml", "b/c/y.cadence.yaml", "b/.git/z.cadence.yaml", "b/no.yaml"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(FINE, "utf-8")
    result = run("check", "b", "./b", "b/x.cadence.yaml", ".", "--format", "json")
    paths = [file["path"] for file in json.loads(result.out)["files"]]
    assert paths == ["b/c/y.cadence.yaml", "b/x.cadence.yaml"]


def test_a_policy_is_checked_too(run: Any) -> None:
    Path("p.yaml").write_text(
        "version: 1\nrules:\n  over-cap: {max: 0, channels: [sms]}\n", "utf-8"
    )
    result = run("check", "p.yaml", "--format", "json")
    data = json.loads(result.out)
    assert result.code == 0
    assert data["files"] == [{"path": "p.yaml", "format": "policy", "cadences": 0, "steps": 0}]
    assert data["findings"][0]["code"] == "CG811"


def test_a_broken_policy_among_the_files_is_told(run: Any) -> None:
    Path("p.yaml").write_text("version: 1\nrules:\n  over-cpa: {}\n", "utf-8")
    result = run("check", "p.yaml")
    assert result.code == 2
    assert "p.yaml:3:3: unknown rule 'over-cpa'; did you mean 'over-cap'?" in result.err


MAPPING = "steps: flow[]\nstep: {channel: by}\ndelay: {at: after, unit: hours, anchor: previous}\n"


def test_a_mapping_says_how_to_read_and_other_files_are_read_as_ever(run: Any) -> None:
    Path("m.yaml").write_text(MAPPING, "utf-8")
    Path("own.yaml").write_text(
        "flow:\n  - {by: email, after: 1}\n  - {by: email, after: 24}\n", "utf-8"
    )
    options = ("--mapping", "m.yaml", "--format", "json")
    data = json.loads(run("check", "own.yaml", "fine.json", *options).out)
    assert [(file["steps"], file["format"] == "toy") for file in data["files"]] == [
        (2, False),
        (2, True),
    ]
    assert "CG301" in [finding["code"] for finding in data["findings"]]
    data = json.loads(run("read", "own.yaml", *options).out)
    assert [step["after_min"] for step in data["cadences"][0]["steps"]] == [3600, 25 * 3600]


def test_a_file_that_neither_the_mapping_nor_anybody_reads(run: Any) -> None:
    Path("m.yaml").write_text(MAPPING, "utf-8")
    Path("x.yaml").write_text("a: 1\n", "utf-8")
    result = run("check", "x.yaml", "--mapping", "m.yaml")
    assert result.code == 2
    assert "x.yaml: nothing at 'flow[]'" in result.err


@pytest.mark.parametrize("command", ["check", "read"])
def test_a_mapping_that_finds_nothing_is_not_dropped_for_hand_written_lists(
    run: Any, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "IMPORTERS", (importers.Module("handwritten"),))
    Path("m.yaml").write_text(MAPPING, "utf-8")
    steps = "[{channel: email, delay_days: 1}, {channel: sms, delay_days: 9}]"
    Path("x.yaml").write_text(f"drip: {steps}\n", "utf-8")
    result = run(command, "x.yaml", "--mapping", "m.yaml")
    assert result.code == 2
    assert "x.yaml: nothing at 'flow[]' (m.yaml)" in result.err
    assert run("read", "x.yaml").code == 0


def test_a_mapping_that_is_wrong_is_told(run: Any) -> None:
    Path("m.yaml").write_text("stpes: flow[]\n", "utf-8")
    result = run("check", "fine.json", "--mapping", "m.yaml")
    assert (result.code, result.out) == (2, "")
    assert "m.yaml:1:1: " in result.err


# -- which policy --------------------------------------------------------------------------------


@pytest.fixture
def project(run: Any) -> Path:
    """pyproject.toml, in a folder without a cadence-guard.yaml; the policy stands elsewhere."""
    Path("cadence-guard.yaml").rename("elsewhere.yaml")
    return Path("pyproject.toml")


def test_the_policy_that_pyproject_names(run: Any, project: Path) -> None:
    project.write_text('[tool.cadence-guard]\npolicy = "elsewhere.yaml"\n', "utf-8")
    assert run("check", "fine.json").err == "policy: elsewhere.yaml\n"
    assert run("evaluate", "-").err.startswith("policy: elsewhere.yaml\n")
    Path("cadence-guard.yaml").write_text(POLICY, "utf-8")
    assert run("check", "fine.json").err == "policy: cadence-guard.yaml\n"
    assert run("check", "fine.json", "--policy", "elsewhere.yaml").err == "policy: elsewhere.yaml\n"


def test_a_policy_in_its_place_that_cannot_be_read_is_not_passed_over(
    run: Any, project: Path
) -> None:
    project.write_text('[tool.cadence-guard]\npolicy = "elsewhere.yaml"\n', "utf-8")
    Path("cadence-guard.yaml").symlink_to("nowhere")
    for command in ("check", "evaluate"):
        result = run(command, "fine.json")
        assert result.code == 2
        assert "cadence-guard.yaml: cannot be read" in result.err


def test_an_empty_policy_is_not_passed_over(run: Any) -> None:
    """Such as that of a variable that is not set."""
    result = run("check", "fine.json", "--policy", "")
    assert result.code == 2
    assert "cannot be read" in result.err


@pytest.mark.parametrize("text", ["", "[tool.other]\n", "[tool.cadence-guard]\n"])
def test_a_pyproject_that_names_none(run: Any, project: Path, text: str) -> None:
    project.write_text(text, "utf-8")
    assert run("check", "fine.json").err == "policy: pack humane\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[tool", "pyproject.toml: cannot be read: "),
        ("a = " + "[" * 5_000, "pyproject.toml: cannot be read: "),
        ("a = " + "9" * 5_000, "pyproject.toml: cannot be read: "),
        ("tool = 1", "pyproject.toml: [tool.cadence-guard] is no table"),
        ("[tool]\ncadence-guard = 1", "pyproject.toml: [tool.cadence-guard] is no table"),
        ("[tool.cadence-guard]\npolicy = 1", "'policy' of [tool.cadence-guard] is the path of a"),
        ("[tool.cadence-guard]\npolicyy = 'a'", "unknown key 'policyy'; did you mean 'policy'?"),
        (
            '[tool.cadence-guard]\npolicy = "nope.yaml"',
            "pyproject.toml: 'policy' of [tool.cadence-guard]: nope.yaml: cannot be read",
        ),
        ('[tool.cadence-guard]\npolicy = "n\\u0000.yaml"', "n\\x00.yaml: cannot be read"),
    ],
)
def test_a_pyproject_that_is_wrong(run: Any, project: Path, text: str, problem: str) -> None:
    project.write_text(text, "utf-8")
    result = run("check", "fine.json")
    assert result.code == 2
    assert problem in result.err


# -- formats -------------------------------------------------------------------------------------


def test_json_has_the_pinned_keys(run: Any) -> None:
    data = json.loads(run("check", "bad.json", "--format", "json").out)
    assert {"version", "files", "assumes", "findings"} <= set(data)
    assert data["files"] == [{"path": "bad.json", "format": "toy", "cadences": 1, "steps": 2}]
    (finding,) = [found for found in data["findings"] if found["code"] == "CG301"]
    assert (finding["path"], finding["line"], finding["column"]) == ("bad.json", 3, 3)
    assert (finding["cadence"], finding["step"]) == ("drip", "b")
    assert (finding["effect"], finding["certainty"]) == ("block", "always")


def test_findings_are_in_the_order_of_place_and_code(run: Any) -> None:
    data = json.loads(run("check", "fine.json", "bad.json", "--format", "json").out)
    keys = [(f["path"], f["line"], f["column"], f["code"]) for f in data["findings"]]
    assert keys == sorted(keys)


def test_paths_of_sarif_and_commands_are_those_of_the_repository(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".git").mkdir()
    Path("drips").mkdir()
    Path("bad.json").rename("drips/bad.json")
    monkeypatch.chdir("drips")
    result = run("check", "bad.json", "--format", "sarif", "--policy", "../cadence-guard.yaml")
    (sarif,) = json.loads(result.out)["runs"]
    places = [found["locations"][0]["physicalLocation"] for found in sarif["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {"drips/bad.json"}
    rule = next(rule for rule in sarif["tool"]["driver"]["rules"] if rule["id"] == "CG301")
    assert rule["help"]["markdown"].startswith("Objects when a cap would be broken")
    result = run("check", "bad.json", "--format", "github", "--policy", "../cadence-guard.yaml")
    assert "::error file=drips/bad.json,line=3," in result.out


@pytest.mark.parametrize("day", ["1970-01-01", "2197-12-01"])
def test_the_first_and_the_last_day(run: Any, day: str) -> None:
    assert run("check", "bad.json", "--from", day).code == 1
    assert run("check", "fine.json", "--from", day).code == 0


NAME = "nl\n::error::x"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", NAME),
        ("read", NAME),
        ("fix", NAME),
        ("check", "bad.json", "--baseline", NAME),
        ("check", "bad.json", "--baseline", NAME, "--update-baseline"),
        ("read", "bad.json", NAME),
    ],
)
def test_no_name_of_a_file_is_a_command_to_a_build_server(
    run: Any, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments)
    assert "nl\\x0a::error::x" in result.err
    assert not any(line.lstrip().startswith("::") for line in result.err.splitlines())


def test_several_faults_of_a_policy_stand_on_lines_of_their_own(run: Any) -> None:
    for name in ("p.yaml", "::error::p.yaml"):
        Path(name).write_text("version: 1\nrules: {over-cpa: 1, too-son: 2}\n", "utf-8")
        lines = [line for line in run("check", name).err.splitlines() if "policy:" not in line]
        assert len(lines) == (2 if name == "p.yaml" else 1)


def test_markdown(run: Any) -> None:
    result = run("check", "bad.json", "--format", "markdown")
    assert result.code == 1
    assert result.out.startswith("## cadence-guard\n")
    assert "| finding | CG301 over-cap | bad.json:3 | drip, b |" in result.out


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "github", "markdown"])
def test_no_name_in_a_file_ends_a_format(run: Any, format_: str) -> None:
    name = "\\ud800 \\u2028 ::error:: | <b> \\u001b[2J"
    Path("bad.json").write_text(BAD.replace("drip", name), "utf-8")
    options = ("--format", format_, "--picture", "out", "--baseline", "k.json")
    assert run("check", "bad.json", *options, "--update-baseline").code == 0
    for extra in ((), options[:4]):
        result = run("check", "bad.json", "--format", format_, *extra)
        assert result.code == 1, result.err
        if format_ in ("json", "sarif"):
            assert "CG903" in json.dumps(json.loads(result.out))  # a name no touch can have
        else:
            assert "\x1b" not in result.out
    assert run("check", "bad.json", *options).code == 0


@pytest.mark.parametrize("format_", FORMATS[1:])
def test_what_a_program_reads_is_utf_8_whatever_the_terminal(
    run: Any, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    Path("bad.json").write_text(BAD.replace('"b"', '"Zoë"'), "utf-8")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))
    assert main(["check", "bad.json", "--format", format_]) == 1
    assert "Zoë" in written.getvalue().decode()
    monkeypatch.setattr(sys, "stdout", lines := io.StringIO())
    assert main(["check", "bad.json", "--format", format_]) == 1
    assert lines.getvalue() == written.getvalue().decode()


def test_frames_show_the_line_whatever_a_line_break_is(run: Any) -> None:
    Path("bad.json").write_bytes(BAD.replace("\n", "\r\n").replace("drip", "d\u2028").encode())
    result = run("check", "bad.json")
    assert '  3 |   ["b", "email", 167]]}}' in result.out.splitlines()


def test_colour(run: Any) -> None:
    assert "\x1b[31mCG301" in run("check", "bad.json", "--color", "always").out
    assert "\x1b[" not in run("check", "bad.json").out


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("a.yaml", "sub/a.yaml"),
        ("../a.yaml", "a.yaml"),
        ("./x/../a.yaml", "sub/a.yaml"),
        ("<stdin>", "<stdin>"),
    ],
)
def test_paths_in_a_repository(tmp_path: Path, path: str, place: str) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere", "utf-8")
    (tmp_path / "sub").mkdir()
    assert repository(tmp_path / "sub")(path) == place


def test_paths_out_of_a_repository_are_absolute(tmp_path: Path) -> None:
    out = (tmp_path.parent / "a.yaml").resolve()
    assert repository(tmp_path)("../a.yaml") == out.as_posix()


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A repository with a file, links in it, and a folder outside."""
    root = tmp_path.resolve() / "repo"
    for folder in (root / ".git", root / "drips", root.parent / "outside"):
        folder.mkdir(parents=True)
    (root / "drips/a.yaml").touch()
    (root.parent / "outside/b.yaml").touch()
    (root / "file.yaml").symlink_to("drips/a.yaml")
    (root / "folder").symlink_to("drips")
    (root / "away.yaml").symlink_to("../outside/b.yaml")
    (root / "abroad").symlink_to("../outside")
    (root.parent / "link").symlink_to("repo")
    return root


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("../link/drips/a.yaml", "drips/a.yaml"),
        ("../link/drips/not yet.yaml", "drips/not yet.yaml"),
        ("folder/a.yaml", "drips/a.yaml"),
        ("folder/../drips/a.yaml", "drips/a.yaml"),
        ("file.yaml", "drips/a.yaml"),
        ("away.yaml", "away.yaml"),
        ("abroad/b.yaml", "abroad/b.yaml"),
        ("../link/away.yaml", "away.yaml"),
    ],
)
def test_a_file_has_one_path_in_a_repository_whatever_link_leads_there(
    linked: Path, path: str, place: str
) -> None:
    for here in (linked, linked.parent / "link"):
        assert repository(here)(path) == place
    assert repository(linked)(os.path.join(linked, path)) == place


def test_a_link_out_of_a_repository_is_absolute(linked: Path) -> None:
    (linked.parent / "other.yaml").symlink_to("outside/b.yaml")
    place = repository(linked)("../other.yaml")
    assert place == (linked.parent / "outside/b.yaml").as_posix()


def test_a_baseline_and_sarif_know_a_file_by_any_link(run: Any, tmp_path: Path) -> None:
    Path(".git").mkdir()
    Path("link").symlink_to(tmp_path)
    options = ("--baseline", "known.json")
    assert run("check", "bad.json", *options, "--update-baseline").code == 0
    linked = tmp_path / "link" / "bad.json"
    assert run("check", linked, *options).code == 0
    (sarif,) = json.loads(run("check", linked, "--format", "sarif").out)["runs"]
    location = sarif["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "bad.json", "uriBaseId": "SRCROOT"}


# -- baseline ------------------------------------------------------------------------------------


def test_a_baseline_is_written_known_and_told_when_stale(run: Any) -> None:
    result = run("check", "bad.json", "--baseline", "known.json", "--update-baseline")
    assert (result.code, result.err.splitlines()[1]) == (0, "baseline: known.json: 1 known")
    assert "; 1 more in the baseline" in result.out
    result = run("check", "bad.json", "--baseline", "known.json", "--format", "json")
    assert (result.code, "CG301" in codes(result)) == (0, False)
    assert json.loads(result.out)["baselined"] == 1

    Path("bad.json").write_text(FINE, "utf-8")
    result = run("check", "bad.json", "--baseline", "known.json")
    assert result.code == 0
    assert "In the baseline, but no longer found" in result.out
    assert "  bad.json: CG301 drip b" in result.out
    result = run("check", "bad.json", "--baseline", "known.json", "--format", "json")
    assert "baseline: no longer found: bad.json: CG301 drip b" in result.err
    run("check", "bad.json", "--baseline", "known.json", "--update-baseline")
    assert json.loads(Path("known.json").read_text("utf-8"))["findings"] == []


def test_a_baseline_lets_go_of_files_that_are_gone(run: Any) -> None:
    """One that is there and was not checked, one outside, and standard input are kept."""
    Path(".git").mkdir()
    Path("drips").mkdir()
    options = ("--baseline", "known.json")
    for name in ("drips/old.json", "drips/other.json", "bad.json"):
        Path(name).write_text(BAD, "utf-8")
        assert run("check", name, *options, "--update-baseline").code == 0
    run("check", "-", *options, "--update-baseline", input=BAD.encode())
    said = json.loads(Path("known.json").read_text("utf-8"))
    said["findings"].append(said["findings"][0] | {"path": "/no/such/place.json"})
    Path("known.json").write_text(json.dumps(said), "utf-8")
    Path("drips/old.json").unlink()

    result = run("check", "bad.json", *options)
    assert result.code == 0
    assert [line for line in result.out.splitlines() if line.endswith(" CG301 drip b")] == [
        "  drips/old.json: CG301 drip b"
    ]
    assert run("check", "bad.json", *options, "--update-baseline").code == 0
    known = json.loads(Path("known.json").read_text("utf-8"))["findings"]
    assert [entry["path"] for entry in known] == [
        "/no/such/place.json", "<stdin>", "bad.json", "drips/other.json"
    ]  # fmt: skip


def test_a_file_of_a_baseline_is_gone_from_the_repository_wherever_one_stands(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".git").mkdir()
    Path("drips").mkdir()
    for name in ("drips/old.json", "bad.json"):
        Path(name).write_text(BAD, "utf-8")
    policy = ("--policy", Path("cadence-guard.yaml").absolute())
    options = (*policy, "--baseline", Path("known.json").absolute())
    run("check", "bad.json", "drips/old.json", *options, "--update-baseline")
    Path("drips/old.json").unlink()
    monkeypatch.chdir("drips")
    result = run("check", "../bad.json", *options)
    assert (result.code, "  drips/old.json: CG301 drip b" in result.out) == (0, True)
    assert " bad.json: CG301" not in result.out


def test_a_baseline_and_a_mapping_that_may_have_no_end_are_not_read_to_it(run: Any) -> None:
    with Path("endless").open("wb") as file:
        file.truncate(1 << 40)  # holds no block of the disk
    result = run("check", "bad.json", "--baseline", "endless")
    assert (result.code, result.err.splitlines()[-1]) == (
        2,
        "cadence-guard: endless: larger than 50,000,000 bytes",
    )
    result = run("check", "bad.json", "--mapping", "endless")
    assert (result.code, result.err.splitlines()[-1]) == (
        2,
        "cadence-guard: endless: larger than 4,000,000 bytes",
    )


def test_a_baseline_is_not_written_when_a_file_could_not_be_read(run: Any) -> None:
    Path("known.json").write_text('{"version": 1, "findings": []}', "utf-8")
    options = ("--baseline", "known.json", "--update-baseline")
    result = run("check", "bad.json", "nope.json", *options)
    assert result.code == 2
    assert "baseline: known.json: not written: not all could be read" in result.err
    assert Path("known.json").read_text("utf-8") == '{"version": 1, "findings": []}'
    Path("known.json").unlink()
    result = run("check", "bad.json", "nope.json", *options)
    assert (result.code, Path("known.json").exists()) == (2, False)
    assert "CG301" in result.out
    assert "writes a baseline" not in result.err


def test_a_baseline_that_cannot_be_written(run: Any) -> None:
    result = run("check", "bad.json", "--baseline", "no/such/b.json", "--update-baseline")
    assert result.code == 2
    assert "no/such/b.json: cannot be written: No such file or directory" in result.err


def test_a_comment_can_leave_out_a_finding(run: Any) -> None:
    said = json.loads(BAD) | {"ignore": [[["CG301"], 1, "agreed"]]}
    Path("bad.json").write_text(json.dumps(said), "utf-8")
    result = run("check", "bad.json", "--format", "json")
    assert (result.code, "CG301" in codes(result)) == (0, False)
    Path("bad.json").write_text(json.dumps(said).replace("agreed", ""), "utf-8")
    result = run("check", "bad.json", "--format", "json")
    assert (result.code, {"CG301", "CG810"} <= set(codes(result))) == (1, True)


def test_what_has_no_time_line_has_no_picture(run: Any) -> None:
    Path("p.yaml").write_text(
        "version: 1\nrules:\n  over-cap: {max: 0, channels: [sms]}\n", "utf-8"
    )
    assert run("check", "p.yaml", "--picture", "out").code == 0
    assert list(Path("out").iterdir()) == []


# -- pictures ------------------------------------------------------------------------------------


def test_a_picture_of_each_time_line(run: Any) -> None:
    Path("cadence-guard.yaml").write_text(POLICY.replace("24:00", "17:00"), "utf-8")
    for _ in range(2):
        run("check", "bad.json", "--picture", "out/pictures", "--from", "2026-03-01")
    pictures = sorted(Path("out/pictures").iterdir())
    names = [path.name.rpartition("-")[0] for path in pictures]
    assert names == ["CG301-drip-b", "CG401-drip-a", "CG401-drip-b"]
    text = pictures[0].read_text("utf-8")
    assert "<title>CG301 over-cap" in text
    assert '<rect class="open"' in text


def test_a_folder_of_pictures_that_cannot_be_written(run: Any) -> None:
    result = run("check", "bad.json", "--picture", "bad.json/x")
    assert result.code == 2
    assert "bad.json/x: cannot be written: Not a directory" in result.err
