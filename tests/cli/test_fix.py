"""`fix`."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from toy import TOY

from cadence_guard import importers
from cadence_guard.check.fix import Change, Fixed
from cadence_guard.check.run import open_file
from cadence_guard.cli import _fix, main
from cadence_guard.importers import native
from cadence_guard.importers._source import Source

BAD = '{"toy":\n {"drip": [["a", "email", 1],\n  ["b", "email", 167]]}}'
NEW = BAD.replace("167", "168")
CHANGE = Change("drip", "b", 3, "wait 168h, not 167h")


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    monkeypatch.setattr(importers, "IMPORTERS", (TOY,))
    Path("cadence-guard.yaml").write_text(
        "version: 1\nrules:\n  over-cap: {max: 1, per: 7d}\n", "utf-8"
    )
    Path("bad.json").write_text(BAD, "utf-8")


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the repair comes to, instead of a real one."""
    after = open_file(Source("bad.json", NEW.encode()))
    told: dict[str, Any] = {"text": NEW, "changes": (CHANGE,), "unrepaired": (), "after": after}
    monkeypatch.setattr(_fix, "fix", lambda *_: Fixed(**told))
    return told


def test_for_a_foreign_file_the_waits_to_set_are_printed(run: Any) -> None:
    result = run("fix", "bad.json", "--from", "2026-03-01")
    assert result.err == "policy: cadence-guard.yaml\n"
    assert result.out.startswith("bad.json:")
    assert ": drip, b: " in result.out
    assert Path("bad.json").read_text("utf-8") == BAD


@pytest.mark.parametrize("option", ["--diff", "--write"])
def test_a_foreign_file_is_not_written(run: Any, option: str) -> None:
    result = run("fix", "bad.json", option)
    assert result.code == 2
    assert "bad.json: toy: only native files are changed" in result.err


def test_a_diff_is_shown_and_nothing_written(run: Any, fixed: dict[str, Any]) -> None:
    result = run("fix", "bad.json", "--diff")
    assert result.code == 0
    assert result.out == (
        '--- bad.json\n+++ bad.json\n@@ -1,3 +1,3 @@\n {"toy":\n  {"drip": [["a", "email", 1],\n'
        '-  ["b", "email", 167]]}}\n\\ No newline at end of file\n'
        '+  ["b", "email", 168]]}}\n\\ No newline at end of file\n'
    )
    assert "bad.json:3: drip, b: wait 168h, not 167h" in result.err
    assert Path("bad.json").read_text("utf-8") == BAD


@pytest.mark.skipif(not shutil.which("patch"), reason="patch is not installed")
@pytest.mark.parametrize("name", ["bad.json", "two words.json"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("\n", "\r\n"),
        ("]]}}", "]]}}\r\n"),
        ('"a"', '"Zoë\u2028"'),
        ('{"toy"', '\ufeff{"toy"'),
    ],
)
def test_patch_makes_of_a_diff_what_is_written(
    run: Any, fixed: dict[str, Any], name: str, old: str, new: str
) -> None:
    before = BAD.replace(old, new) if old else BAD
    fixed["text"] = before.replace("167", "168").removeprefix("\ufeff")
    Path(name).write_bytes(before.encode())
    Path("change.diff").write_bytes(run("fix", name, "--diff").out.encode())
    subprocess.run(["patch", "-p0", "-i", "change.diff"], check=True, capture_output=True)
    assert Path(name).read_bytes() == before.replace("167", "168").encode()


def test_a_diff_is_utf_8_whatever_the_terminal(
    run: Any, fixed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bad.json").write_text(BAD.replace('"a"', '"Zoë"'), "utf-8")
    fixed["text"] = NEW.replace('"a"', '"Zoë"')
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written := io.BytesIO(), "ascii"))
    assert main(["fix", "bad.json", "--diff"]) == 0
    assert "Zoë" in written.getvalue().decode()


def test_what_is_written_keeps_the_byte_order_mark(run: Any, fixed: dict[str, Any]) -> None:
    result = run("fix", "bad.json", "--write")
    assert (result.code, result.out) == (0, "bad.json:3: drip, b: wait 168h, not 167h\n")
    assert Path("bad.json").read_bytes() == NEW.encode()
    Path("bad.json").write_text(BAD, "utf-8-sig")
    run("fix", "bad.json", "--write")
    assert Path("bad.json").read_bytes() == NEW.encode("utf-8-sig")


def test_nothing_to_change_writes_nothing(run: Any, fixed: dict[str, Any]) -> None:
    fixed.update(text=BAD + " ", changes=())
    result = run("fix", "bad.json", "--write")
    assert (result.code, result.out) == (0, "bad.json: no wait has to change\n")
    assert Path("bad.json").read_text("utf-8") == BAD


def test_what_waiting_cannot_repair_is_told_and_1(run: Any, fixed: dict[str, Any]) -> None:
    fixed.update(unrepaired=("drip: CG102 no consent",))
    result = run("fix", "bad.json")
    assert result.code == 1
    assert result.out.endswith("What waiting cannot repair:\n  drip: CG102 no consent\n")


def test_what_the_check_of_the_result_finds_is_told_and_1(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cadences that one person may be in at once; each by itself needs no repair."""
    monkeypatch.setattr(importers, "IMPORTERS", (native,))
    one = """\
  - name: {0}
    purpose: sales
    audience: {{zones: [UTC]}}
    exits: [opt_out, complained, wrong_person]
    steps: [{{id: {0}, channel: email}}]
"""
    text = "version: 1\ncadences:\n" + one.format("x") + one.format("y") + "together: [x, y]\n"
    Path("two.yaml").write_text(text, "utf-8")
    assert run("check", "two.yaml").code == 1
    result = run("fix", "two.yaml", "--write")
    assert result.code == 1
    assert result.out.startswith("two.yaml: no wait has to change\nWhat waiting cannot repair:\n")
    assert "CG301" in result.out
    assert Path("two.yaml").read_text("utf-8") == text


def test_the_waits_of_a_foreign_file_pass_the_check(run: Any) -> None:
    result = run("fix", "bad.json")
    assert (result.code, "cannot repair" in result.out) == (0, False)


def test_a_name_is_escaped_in_a_diff(run: Any, fixed: dict[str, Any]) -> None:
    Path("n\n::error::x").write_text(BAD, "utf-8")
    assert run("fix", "n\n::error::x", "--diff").out.startswith("--- n\\x0a::error::x\n")


def test_the_diff_of_standard_input(run: Any, fixed: dict[str, Any]) -> None:
    result = run("fix", "-", "--diff", input=BAD.encode())
    assert (result.code, result.out.splitlines()[0]) == (0, "--- <stdin>")


def test_what_is_written_keeps_permissions_and_links(run: Any, fixed: dict[str, Any]) -> None:
    Path("bad.json").chmod(0o640)
    Path("link.json").symlink_to("bad.json")
    assert run("fix", "link.json", "--write").code == 0
    assert Path("link.json").is_symlink()
    assert Path("bad.json").read_bytes() == NEW.encode()
    assert stat.S_IMODE(Path("bad.json").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PermissionError(13, "Permission denied"), 2, "bad.json: cannot be written: Permission"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
@pytest.mark.parametrize("name", ["replace", "fsync"])
def test_a_file_that_cannot_be_written_stays_as_it_is(
    run: Any,
    fixed: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    error: BaseException,
    code: int,
    said: str,
) -> None:
    def refuse(*_: object) -> None:
        raise error

    before = sorted(os.listdir())
    monkeypatch.setattr(os, name, refuse)
    result = run("fix", "bad.json", "--write")
    assert result.code == code
    assert said in result.err
    assert sorted(os.listdir()) == before
    assert Path("bad.json").read_text("utf-8") == BAD


def test_a_file_that_is_not_to_be_written_is_not_replaced(
    run: Any, fixed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def refuse(path: Path, mode: str = "r", **more: Any) -> Any:
        if "+" in mode:
            raise PermissionError(13, "Permission denied")
        return opened(path, mode, **more)

    monkeypatch.setattr(Path, "open", refuse)
    assert run("fix", "bad.json", "--write").code == 2
    assert Path("bad.json").read_text("utf-8") == BAD


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("bad.json", "--diff", "--write"), "choose one"),
        (("-", "--write"), "standard input cannot be written"),
        (("nope.json",), "nope.json: cannot be read"),
        (("cadence-guard.yaml",), "cadence-guard.yaml: a policy"),
        (("bad.json", "--from", "9999-12-31"), "expected 1970-01-01 to 2197-12-01"),
    ],
)
def test_wrong_commands_are_2(run: Any, arguments: tuple[str, ...], problem: str) -> None:
    result = run("fix", *arguments)
    assert result.code == 2
    assert problem in result.err


def test_what_may_wait_longer_than_needed_is_noted(run: Any, fixed: dict[str, Any]) -> None:
    fixed.update(notes=("drip: its waits pass",))
    result = run("fix", "bad.json", "--write")
    assert (result.code, result.out.splitlines()[1:]) == (0, ["note: drip: its waits pass"])
