"""`record`, the pages, and what holds for every command."""

from __future__ import annotations

import errno
import gc
import io
import json
import logging
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

from cadence_guard import Guard, LedgerUnavailable
from cadence_guard import __main__ as entry
from cadence_guard.check import ignores, policy_check, shape
from cadence_guard.cli import _logging, main
from cadence_guard.cli._commands import app
from cadence_guard.events import LONGEST_LINE
from cadence_guard.ledgers.sqlite import SqliteLedger
from cadence_guard.rules import RULES

# -- record -----------------------------------------------------------------------------------


def test_record_says_what_it_recorded_and_may_be_repeated(run: Any, story: Path) -> None:
    for _ in range(2):
        result = run("record", story / "as-it-happened.jsonl", "--ledger", "sqlite:///a.db")
        assert (result.code, result.err) == (0, "")
        assert result.out == "recorded 16 events: contact 1, signal 3, touch 12\n"


def test_what_was_recorded_is_there(run: Any, story: Path) -> None:
    from cadence_guard import Guard

    run("record", story / "as-it-happened.jsonl", "--ledger", "sqlite:///a.db")
    decision = Guard(ledger="sqlite:///a.db").evaluate(
        {
            "contact": "c-1",
            "at": "2026-03-16T15:00:00Z",
            "channel": "email",
            "to": "anna-lena@studio.example",
            "purpose": "sales",
        }
    )
    assert "CG501" in {finding.code for finding in decision.findings}


def test_an_empty_key_is_told_by_its_name_and_makes_no_ledger(run: Any, story: Path) -> None:
    args = ("record", story / "as-it-happened.jsonl", "--ledger", "sqlite:///a.db")
    result = run(*args, "--key", "")
    assert result.code == 2
    assert "Invalid value for '--key': an empty key protects nothing" in result.err
    assert not Path("a.db").exists()


def test_record_reads_standard_input(run: Any, story: Path) -> None:
    data = (story / "as-it-happened.jsonl").read_bytes()
    result = run("record", "-", "--ledger", "memory://", input=data)
    assert (result.code, result.out[:18]) == (0, "recorded 16 events")
    assert run("record", "-", "--ledger", "memory://").out == "recorded 0 events\n"


def test_record_copies_of_a_line_without_an_end_what_refuses_it(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = 0

    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            nonlocal copied
            copied += len(buffer)
            assert copied < 10 * LONGEST_LINE
            buffer[:] = bytes(len(buffer))
            return len(buffer)

    @contextmanager
    def endless(path: str) -> Iterator[Any]:
        yield io.BufferedReader(Endless())

    monkeypatch.setattr("cadence_guard.cli._record.opened", endless)
    result = run("record", "-", "--ledger", "memory://")
    assert result.code == 2
    assert result.err.startswith("cadence-guard: <stdin>:1: longer than 1048576 bytes")


def test_record_names_a_broken_line_and_writes_nothing(run: Any, story: Path) -> None:
    data = (story / "as-it-happened.jsonl").read_bytes() + b"{\n"
    result = run("record", "-", "--ledger", "sqlite:///a.db", input=data)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("cadence-guard: <stdin>:17:2: broken JSON")
    assert not Path("a.db").exists()


def test_record_sends_planned_touches_to_reserve(run: Any, story: Path) -> None:
    file = story / "as-it-should-be.jsonl"
    result = run("record", file, "--ledger", "sqlite:///a.db")
    assert result.code == 2
    assert result.err.startswith(f"cadence-guard: {file}:4: touch: 'outcome' is missing")
    assert "reserve" in result.err
    assert not Path("a.db").exists()


def test_record_names_the_line_that_contradicts_the_ledger(run: Any, story: Path) -> None:
    text = (story / "as-it-happened.jsonl").read_text("utf-8")
    run("record", "-", "--ledger", "sqlite:///a.db", input=text.encode())
    changed = text.replace('"step": "more-features"', '"step": "other"').encode()
    result = run("record", "-", "--ledger", "sqlite:///a.db", input=changed)
    assert result.code == 2
    assert result.err.startswith("cadence-guard: <stdin>:5: touch 't-02' was told before")


def test_record_writes_nothing_of_a_file_that_contradicts_the_ledger(run: Any, story: Path) -> None:
    told = (story / "as-it-happened.jsonl").read_text("utf-8")
    run("record", "-", "--ledger", "sqlite:///a.db", input=told.encode())
    no = '{"event":"signal","contact":"c-9","at":"2026-03-01T10:00:00Z","kind":"opt_out"}\n'
    clash = told.replace('"step": "more-features"', '"step": "other"')
    assert run("record", "-", "--ledger", "sqlite:///a.db", input=(no + clash).encode()).code == 2
    with closing(SqliteLedger("a.db")) as ledger:
        assert ledger.history(["contact:c-9"]).events == []


NO = '{"event":"signal","contact":"c-9","at":"2026-03-01T10:00:00Z","kind":"opt_out"}\n'
MADE = (
    '{"event":"touch","id":"t-1","contact":"c-1","at":"2026-03-01T10:00:00Z","channel":"email",'
    '"to":"al@b.example","purpose":"sales","outcome":"%s","step":"%s"}\n'
)
TAKEN = '{"event":"release","touch":"t-1","contact":"c-1","at":"2026-03-02T10:00:00Z"}\n'
FORGOTTEN = '{"event":"forget","contact":"c-1","at":"2026-03-02T10:00:00Z"}\n'


@pytest.mark.parametrize(
    ("before", "text"),
    [(MADE % ("sent", "a"), NO + TAKEN), (NO, NO.replace("9", "8") + MADE % ("sent", "a") + TAKEN)],
    ids=["in the ledger", "in the file"],
)
def test_record_writes_nothing_of_a_file_that_takes_back_what_was_made(
    run: Any, before: str, text: str
) -> None:
    run("record", "-", "--ledger", "sqlite:///a.db", input=before.encode())
    result = run("record", "-", "--ledger", "sqlite:///a.db", input=text.encode())
    assert result.code == 2
    assert result.err.endswith("touch 't-1' was made already: sent\n")
    with closing(SqliteLedger("a.db")) as ledger:
        assert len(ledger.history(["contact:c-9", "contact:c-8", "contact:c-1"]).events) == 1


@pytest.mark.parametrize(
    ("outcome", "gone"), [("sent", FORGOTTEN), ("unknown", TAKEN)], ids=["forgotten", "released"]
)
def test_record_takes_an_id_anew_of_what_the_same_file_lets_go(
    run: Any, outcome: str, gone: str
) -> None:
    before = MADE % (outcome, "a")
    run("record", "-", "--ledger", "sqlite:///a.db", input=before.encode())
    text = gone + MADE % ("sent", "b")
    result = run("record", "-", "--ledger", "sqlite:///a.db", input=text.encode())
    assert (result.code, result.err) == (0, "")
    with closing(SqliteLedger("a.db")) as ledger:
        assert ledger.history(["touch:t-1"]).events[-1].event.step == "b"


def test_record_refuses_what_is_no_ledger(run: Any) -> None:
    result = run("record", "-", "--ledger", "sqlight:///a.db")
    assert (result.code, result.out) == (2, "")
    assert "did you mean 'sqlite'?" in result.err
    Path("notes.txt").write_text("dear diary, " * 99)
    result = run("record", "-", "--ledger", "sqlite:///notes.txt")
    assert result.code == 2
    assert "notes.txt" in result.err
    assert Path("notes.txt").read_text() == "dear diary, " * 99


def test_record_cannot_read_what_is_not_there(run: Any) -> None:
    result = run("record", "missing.jsonl", "--ledger", "memory://")
    assert result.code == 2
    assert "missing.jsonl: cannot be read" in result.err


def test_a_ledger_that_fails_half_way_says_how_far_it_got(
    run: Any, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_all = Guard.record_all

    def fails_at_last(self: Guard, events: list[Any]) -> None:
        if len(events) < 5:
            raise LedgerUnavailable("disk full")
        record_all(self, events)

    with monkeypatch.context() as patch:
        patch.setattr("cadence_guard.guard.AT_ONCE", 5)
        patch.setattr("cadence_guard.guard.Guard.record_all", fails_at_last)
        result = run("record", story / "as-it-happened.jsonl", "--ledger", "sqlite:///a.db")
    assert result.code == 2
    assert (
        "as-it-happened.jsonl:16 to 16: disk full (15 events above were recorded, and perhaps some"
        " of these; recording the file again is safe)"
    ) in result.err
    assert run("record", story / "as-it-happened.jsonl", "--ledger", "sqlite:///a.db").code == 0
    assert len(SqliteLedger("a.db").history(["contact:c-1"]).events) == 16


# -- pages ------------------------------------------------------------------------------------


def test_rules_lists_every_rule_on_a_line(run: Any) -> None:
    lines = run("rules").out.splitlines()
    rules = [(rule.code, rule.name) for rule in RULES.values()]
    checks = [*shape.NAMES.items(), (ignores.CODE, ignores.NAME), *policy_check.NAMES.items()]
    own = [("CG103", "expired-consent"), ("CG901", "rule-failed"), ("CG902", "ledger-down")]
    own += [("CG903", "check-incomplete"), ("CG904", "unknown-fact")]
    listed = [tuple(line.split()[:2]) for line in lines]
    assert listed == sorted([*rules, *checks, *own])
    assert all(line.endswith(".") and len(line.split()) > 4 for line in lines)
    assert not [line for line in lines if ". " in line], "the first sentence, and no more"


def test_packs_lists_every_pack(run: Any) -> None:
    out = run("packs").out
    assert "humane: Humane (as of " in out
    assert "minimal: Minimal (as of " in out
    assert "not law" in " ".join(out.split())


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        *((rule.code, f"# {rule.code} {rule.name}") for rule in RULES.values()),
        ("over-cap", "# CG301 over-cap"),
        ("cg301", "# CG301 over-cap"),
        ("CG103", "# CG102 missing-consent"),
        ("expired-consent", "# CG102 missing-consent"),
        ("CG901", "# CG901 rule-failed"),
        ("ledger-down", "# CG902 ledger-down"),
        ("CG904", "# CG904 unknown-fact"),
    ],
)
def test_explain_prints_the_page(run: Any, asked: str, title: str) -> None:
    result = run("explain", asked)
    assert result.code == 0
    assert result.out.splitlines()[0] == title
    assert len(result.out) > 200


@pytest.mark.parametrize(
    ("asked", "hint"), [("over-cpa", "did you mean 'over-cap'?"), ("zzz", "no rule 'zzz'; `cade")]
)
def test_explain_offers_the_nearest_name(run: Any, asked: str, hint: str) -> None:
    result = run("explain", asked)
    assert (result.code, result.out) == (2, "")
    assert hint in result.err


@pytest.mark.parametrize(
    ("arguments", "title"),
    [((), "policy"), (("policy",), "policy"), (("cadence",), "cadence")],
)
def test_schema_is_the_one_that_is_shipped(
    run: Any, arguments: tuple[str, ...], title: str
) -> None:
    printed = run("schema", *arguments).out
    assert json.loads(printed)["title"] == f"cadence-guard {title}"
    shipped = resources.files("cadence_guard").joinpath(f"{title}.schema.json")
    assert printed == shipped.read_text("utf-8")


def test_a_schema_of_another_file_is_told(run: Any) -> None:
    result = run("schema", "event")
    assert (result.code, result.out) == (2, "")
    assert "'event' is not one of 'policy', 'cadence'" in result.err


# -- every command ----------------------------------------------------------------------------


def test_version(run: Any) -> None:
    assert run("--version").out == f"cadence-guard {version('cadence-guard')}\n"


@pytest.mark.parametrize("command", sorted(app.commands))
def test_every_command_has_help(run: Any, command: str) -> None:
    result = run(command, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: cadence-guard {command}")


@pytest.mark.parametrize("args", [[], ["--debug"]])
def test_no_command_is_exit_2_with_the_commands(run: Any, args: list[str]) -> None:
    result = run(*args)
    assert (result.code, result.out) == (2, "")
    assert "\n  check " in result.err


@pytest.mark.parametrize("args", [["evaluate"], ["no-such"], ["replay", "x", "--format", "xml"]])
def test_wrong_usage_is_exit_2(run: Any, args: list[str]) -> None:
    result = run(*args)
    assert (result.code, result.out) == (2, "")
    assert "Usage:" in result.err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: str) -> None:
        raise RuntimeError("a bug\nof ours")

    monkeypatch.setattr("cadence_guard.cli._pages.print_schema", fail)


@pytest.mark.usefixtures("broken")
def test_an_internal_error_is_one_line_and_exit_3(run: Any) -> None:
    result = run("schema")
    assert result.code == 3
    assert result.err.startswith(
        "cadence-guard: internal error: RuntimeError: a bug; please report"
    )
    assert result.err.count("\n") == 1


@pytest.mark.usefixtures("broken")
def test_debug_shows_where(run: Any) -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        run("--debug", "schema")


def test_an_interrupt_is_130(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(file: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cadence_guard.cli._pages.print_schema", interrupt)
    assert run("schema").code == 130


def test_the_librarys_log_goes_to_standard_error(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(file: str) -> None:
        for word in ("late", "later"):
            logging.getLogger("cadence_guard.ledgers").warning("the ledger is %s", word)

    monkeypatch.setattr("cadence_guard.cli._pages.print_schema", warn)
    result = run("schema")
    assert result.out == ""
    assert result.err.splitlines() == [
        "level='warning' event='the ledger is late'",
        "level='warning' event='the ledger is later'",
    ]
    _logging.log_to_stderr()
    ours = [h for h in logging.getLogger("cadence_guard").handlers if isinstance(h, _logging._Lazy)]
    assert len(ours) == 1


# -- as a program -----------------------------------------------------------------------------


BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
"""The environment, with output that is written when a buffer is full, as people have it."""


def program(*args: str, env: dict[str, str] | None = None, **more: Any) -> Any:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "cadence_guard", *args],
        check=False,
        capture_output=True,
        env={**BUFFERED, **(env or {})},
        timeout=60,
        **more,
    )


def test_it_runs_as_a_module(story: Path, tmp_path: Path) -> None:
    done = program("evaluate", str(story / "as-it-should-be.jsonl"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"policy: pack humane" + os.linesep.encode())
    assert b"3 of 3 touches allowed" in done.stdout


def test_a_poor_terminal_gets_ascii_marks_and_no_error(story: Path, tmp_path: Path) -> None:
    event = {
        "event": "touch",
        "id": "Zoë",
        "contact": "c-1",
        "at": "2026-03-02T16:00:00Z",
        "channel": "meeting",
        "purpose": "service",
    }
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    data = json.dumps(event).encode()
    done = program("evaluate", "-", env=env, input=data, cwd=tmp_path)
    assert done.returncode == 0
    assert b"Zo\\xeb" in done.stdout
    assert b"meeting    o" in done.stdout
    done = program("evaluate", "-", "--format", "json", env=env, input=data, cwd=tmp_path)
    assert json.loads(done.stdout)["touch"] == "Zoë"


def test_a_reader_that_goes_away_is_no_error(story: Path, tmp_path: Path) -> None:
    line = (story / "as-it-should-be.jsonl").read_bytes().splitlines()[3]
    many = b"\n".join(line.replace(b"g-01", b"g-%d" % n) for n in range(2_000))
    (tmp_path / "many.jsonl").write_bytes(many)
    with subprocess.Popen(
        [sys.executable, "-m", "cadence_guard", "evaluate", "many.jsonl", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=BUFFERED,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b"policy: pack humane" + os.linesep.encode()
    assert process.returncode == 141


def test_a_closed_pipe_is_141(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(sys, "stderr", sys.stderr)  # click puts one around each
    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(["rules"]) == 141


@pytest.mark.parametrize(("command", "code"), [("rules", 0), ("nothing", 2)])
def test_closed_streams_are_no_error(
    monkeypatch: pytest.MonkeyPatch, command: str, code: int
) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert main([command]) == code
    assert sys.stdout is None


def test_closed_input_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["check", "-"]) == 2
    assert "<stdin>: cannot be read: it is closed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "says"),
    [(OSError(errno.ENOSPC, "No space left"), "No space left"), (OSError("odd"), "odd")],
)
def test_a_full_disk_is_no_bug(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: OSError,
    says: str,
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise error

    monkeypatch.setattr(sys, "stdout", Full())
    assert main(["rules"]) == 2
    assert capsys.readouterr().err == f"cadence-guard: the system says: {says}\n"


class Kept(io.StringIO):
    """A stream that finds out only when it is flushed that nothing can be written."""

    error: OSError = OSError(errno.ENOSPC, "No space left")

    def flush(self) -> None:
        if self.getvalue():
            raise self.error


@pytest.mark.parametrize(
    ("error", "code"),
    [(Kept.error, 2), (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141)],
)
def test_what_is_still_in_a_buffer_is_found_out(
    monkeypatch: pytest.MonkeyPatch, error: OSError, code: int
) -> None:
    stream = Kept()
    stream.error = error
    monkeypatch.setattr(app, "main", lambda *args, **more: stream.write("x") - 1)
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["rules"]) == code


def test_an_error_that_nobody_can_be_told_is_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Kept())
    assert main(["explain", "nothing"]) == 2
    with pytest.raises(OSError, match="No space left"):
        main(["--debug", "explain", "nothing"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", [["rules"], ["--help"], ["explain", "CG301"]])
def test_the_program_ends_with_2_where_nothing_can_be_written(command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cadence_guard", *command],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            env=BUFFERED,
            timeout=60,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == "cadence-guard: the system says: No space left on device\n"


def test_start_up_loads_nothing_heavy() -> None:
    code = (
        "import sys; from cadence_guard.cli import main; main(['--version']);"
        "print(sorted({'pydantic', 'pendulum', 'structlog', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, timeout=60, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_json_needs_no_pendulum_and_no_structlog(story: Path) -> None:
    code = (
        "import sys; from cadence_guard.cli import main;"
        f"main(['evaluate', {str(story / 'as-it-should-be.jsonl')!r}, '--format', 'json']);"
        "print(sorted({'pendulum', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, timeout=60, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leaves the collector of garbage, the environment and the modules as they were."""
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "some")
    monkeypatch.delitem(sys.modules, "cadence_guard.__main__", raising=False)
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.enable()


@pytest.mark.usefixtures("own_process")
def test_the_program_looks_for_no_plugins_and_seldom_for_garbage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[object] = []

    def main() -> int:
        seen.extend((gc.get_threshold()[0], os.environ["PYDANTIC_DISABLE_PLUGINS"]))
        return 7

    monkeypatch.delenv("PYDANTIC_DISABLE_PLUGINS")
    monkeypatch.setattr(entry, "main", main)
    assert entry.run() == 7
    assert seen == [entry.SELDOM, "__all__"]
    assert not gc.isenabled()


@pytest.mark.usefixtures("own_process")
def test_the_program_leaves_nothing_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", None)
        monkeypatch.setattr(entry, "main", lambda: stream.write("left") + 3)
        assert entry.run() == 7
        stream.flush()  # as Python does when the process ends


@pytest.mark.usefixtures("own_process")
def test_plugins_may_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "main", lambda: 0)
    entry.run()
    assert os.environ["PYDANTIC_DISABLE_PLUGINS"] == "some"


@pytest.mark.usefixtures("own_process")
def test_the_module_is_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cadence_guard", "explain", "CG301"])
    # pytest rewrites what a plugin is made of, with a loader that runpy cannot use.
    loaders = [each for each in sys.meta_path if not isinstance(each, AssertionRewritingHook)]
    monkeypatch.setattr(sys, "meta_path", loaders)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("cadence_guard", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("# CG301 over-cap")


def test_standard_output_may_be_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", written := io.StringIO())
    assert main(["rules"]) == 0
    assert "CG301" in written.getvalue()


def test_main_takes_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cadence-guard", "schema"])
    assert main() == 0
    assert '"$schema"' in capsys.readouterr().out
    assert isinstance(app, click.Group)
