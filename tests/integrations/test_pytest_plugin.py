"""The assertion, and the plugin that makes a test of every cadence file."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cadence_guard
from cadence_guard import Policy, PolicyError, importers
from cadence_guard.cadence import Cadence, CadenceFile, Elapsed, Pause, Step
from cadence_guard.errors import CadenceError
from cadence_guard.importers._source import Source
from cadence_guard.instants import HOUR
from cadence_guard.integrations.asserting import assert_cadence_ok
from cadence_guard.words import SIGNALS

pytest_plugins = ["pytester"]
PLUGIN = "cadence_guard.integrations.pytest_plugin"
STRICT = {"rules": {"over-cap": {"max": 1, "per": "7d"}}}
LOOSE = Policy(packs=["minimal"])
FIRST = date(2026, 3, 1)


def read(source: Source) -> CadenceFile:
    """Two mails, as many hours apart as the file says."""
    us = source.data["hours"] * HOUR
    nodes = {
        "a": Step("a", ("hours",), "email", "w"),
        "w": Pause("w", ("hours",), Elapsed(us, us), "b"),
        "b": Step("b", ("hours",), "email", None),
    }
    exits = frozenset(SIGNALS)
    name = Path(source.path).stem
    return CadenceFile("mails", (Cadence(name, (), nodes, "a", purpose="sales", exits=exits),))


@pytest.fixture(autouse=True)
def _mails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def recognises(source: Source) -> bool:
        return isinstance(source.data, dict) and "hours" in source.data

    mails = SimpleNamespace(FORMAT="mails", recognises=recognises, read=read)
    monkeypatch.setattr(importers, "IMPORTERS", (mails,))
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BUILD_NUMBER"):  # in CI pytest prints each failure in its summary again
        monkeypatch.delenv(name, raising=False)
    Path("bad.cadence.yaml").write_text("hours: 24\n", "utf-8")
    Path("good.cadence.yaml").write_text("hours: 168\n", "utf-8")


def test_a_good_cadence_passes() -> None:
    assert_cadence_ok("good.cadence.yaml", policy=STRICT, first=FIRST)
    assert_cadence_ok(Path("bad.cadence.yaml"), policy=LOOSE)


def test_the_first_day_may_be_a_text_as_on_the_command_line() -> None:
    Path("p.yaml").write_text('version: 1\nrules:\n  blackout: {dates: ["2026-03-01"]}\n', "utf-8")
    with pytest.raises(AssertionError, match="2026-03-01"):
        assert_cadence_ok("good.cadence.yaml", policy="p.yaml", first="2026-03-01")
    assert_cadence_ok("good.cadence.yaml", policy="p.yaml", first="2026-03-20")
    with pytest.raises(ValueError, match="tomorrow"):
        assert_cadence_ok("good.cadence.yaml", policy=LOOSE, first="tomorrow")
    for day in ("0001-01-01", "1969-12-31", "9999-06-01"):
        with pytest.raises(ValueError, match=f"13 months from {day} on do not lie in 1970 to 2198"):
            assert_cadence_ok("good.cadence.yaml", policy=LOOSE, first=day)


def test_the_message_of_a_bad_one_is_the_report() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_cadence_ok("good.cadence.yaml", "bad.cadence.yaml", policy=STRICT, first=FIRST)
    text = str(caught.value)
    assert "bad.cadence.yaml:1:8: CG301 over-cap: " in text
    assert "  1 | hours: 24" in text
    assert "good.cadence.yaml:" not in text


def test_a_folder_is_all_its_cadences() -> None:
    with pytest.raises(AssertionError, match="in 2 files"):
        assert_cadence_ok(".", policy=STRICT, first=FIRST)


def test_what_happens_at_some_start_only_can_be_let_pass() -> None:
    hours = {"rules": {"outside-hours": {"windows": [{"from": "09:00", "to": "17:00"}]}}}
    with pytest.raises(AssertionError, match=r"CG401 .* \[sometimes\]"):
        assert_cadence_ok("good.cadence.yaml", policy=hours, first=FIRST)
    assert_cadence_ok("good.cadence.yaml", policy=hours, first=FIRST, fail_on="always")


def test_the_policy_is_found_as_on_the_command_line() -> None:
    Path("p.yaml").write_text("version: 1\nrules:\n  over-cap: {max: 1, per: 7d}\n", "utf-8")
    with pytest.raises(AssertionError):
        assert_cadence_ok("bad.cadence.yaml", policy="p.yaml", first=FIRST)
    Path("pyproject.toml").write_text('[tool.cadence-guard]\npolicy = "nope.yaml"\n', "utf-8")
    with pytest.raises(PolicyError, match=r"nope\.yaml: cannot be read"):
        assert_cadence_ok("bad.cadence.yaml", first=FIRST)


def test_what_cannot_be_read_is_no_failed_assertion() -> None:
    with pytest.raises(CadenceError, match="cannot be read"):
        assert_cadence_ok("nope.yaml")
    with pytest.raises(ValueError, match=r"'alway'; did you mean 'always'\?"):
        assert_cadence_ok("good.cadence.yaml", policy=LOOSE, fail_on="alway")
    with pytest.raises(CadenceError, match="no cadence file is given"):
        assert_cadence_ok(*Path().glob("*.nothing"), policy=LOOSE)
    with pytest.raises(PolicyError, match="unknown rule"):
        assert_cadence_ok("good.cadence.yaml", policy={"rules": {"over-cpa": {}}})


# -- the plugin ----------------------------------------------------------------------------------


@pytest.fixture(autouse=True, scope="module")
def _all_loaded() -> None:
    """What a run in this process is the first to import is forgotten after it; then there would be
    two of it."""
    for module in pkgutil.walk_packages(cadence_guard.__path__, "cadence_guard."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("yaml")


def run(pytester: Any, *arguments: str) -> Any:
    pytester.makefile(".ini", pytest="[pytest]\ncadence_policy = p.yaml\n")
    Path("p.yaml").write_text("version: 1\nrules:\n  over-cap: {max: 1, per: 7d}\n", "utf-8")
    for name, hours in (("bad", 24), ("good", 168)):
        Path(f"{name}.cadence.yaml").write_text(f"hours: {hours}\n", "utf-8")
    Path("other.yaml").write_text("hours: 1\n", "utf-8")
    # By its module, since the entry point is that of an installed distribution.
    plugins = ("-p", "no:cadence_guard", "-p", PLUGIN, "-p", "no:cacheprovider")
    return pytester.runpytest_inprocess(*plugins, *arguments)


def test_a_file_whose_name_ends_in_yml_is_one_too(pytester: Any) -> None:
    Path("short.cadence.yml").write_text("hours: 24\n", "utf-8")
    Path("short.yml").write_text("hours: 24\n", "utf-8")
    result = run(pytester, "--cadences", "-v")
    result.assert_outcomes(passed=1, failed=2)
    assert "cadence: short.cadence.yml" in result.stdout.str()


def test_each_cadence_file_is_a_test_whose_failure_is_the_time_line(pytester: Any) -> None:
    result = run(pytester, "--cadences", "-v")
    result.assert_outcomes(passed=1, failed=1)
    text = result.stdout.str()
    assert "cadence: bad.cadence.yaml" in text
    assert "CG301 over-cap" in text
    assert "Traceback" not in text
    assert "other.yaml" not in text


def test_files_are_tests_only_if_asked_for(pytester: Any) -> None:
    run(pytester).assert_outcomes()


def test_what_is_wrong_with_a_file_is_told_and_a_bug_has_its_traceback(
    pytester: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makefile(".cadence.yaml", wrong="a: [")
    result = run(pytester, "--cadences", "wrong.cadence.yaml")
    result.assert_outcomes(failed=1)
    assert "wrong.cadence.yaml:2:1: " in result.stdout.str()

    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("cadence_guard.check.run.open_all", fail)
    result = run(pytester, "--cadences", "good.cadence.yaml")
    assert "RuntimeError: a bug" in result.stdout.str()
    assert "pytest_plugin.py" in result.stdout.str()


@pytest.mark.parametrize("setting", ["settings", "option"])
def test_the_policy_is_seen_from_the_folder_of_the_settings(
    pytester: Any, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    Path("conf").mkdir()
    Path("conf/p.yaml").write_text("version: 1\nrules:\n  over-cap: {max: 1, per: 7d}\n", "utf-8")
    Path("drips").mkdir()
    Path("drips/bad.cadence.yaml").write_text("hours: 24\n", "utf-8")
    plugins = ("-p", "no:cadence_guard", "-p", PLUGIN, "-p", "no:cacheprovider", "--cadences")
    if setting == "settings":
        Path("conf/pytest.ini").write_text("[pytest]\ncadence_policy = p.yaml\n", "utf-8")
        said = ("-c", Path.cwd() / "conf/pytest.ini")
    else:  # no settings: the root folder
        said = ("--rootdir", Path.cwd() / "conf", "-o", "cadence_policy=p.yaml")
    monkeypatch.chdir("drips")
    result = pytester.runpytest_inprocess(*plugins, *said, "bad.cadence.yaml")
    result.assert_outcomes(failed=1)
    assert "CG301 over-cap" in result.stdout.str()


NATIVE = """\
version: 1
cadence:
  name: {}
  purpose: sales
  exits: [replied, opt_out, complained, wrong_person]
  steps: [{{id: only, channel: email}}]
"""


def test_the_files_of_a_run_are_judged_together_and_each_fails_for_itself(
    pytester: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "IMPORTERS", (*importers.IMPORTERS, importers.Module("native")))
    for name in ("one", "two"):
        Path(f"{name}.cadence.yaml").write_text(NATIVE.format(name), "utf-8")
    result = run(pytester, "--cadences", "one.cadence.yaml", "two.cadence.yaml")
    result.assert_outcomes(passed=2)
    with Path("two.cadence.yaml").open("a", encoding="utf-8") as file:
        file.write("together: [one, two]\n")
    result = run(pytester, "--cadences", "one.cadence.yaml", "two.cadence.yaml")
    text = result.stdout.str()
    result.assert_outcomes(failed=2)
    assert text.count("CG301 over-cap") == text.count("1 finding in 1 file") == 2
    assert "one.cadence.yaml:6:11: CG301 over-cap" in text
    assert "two.cadence.yaml:6:11: CG301 over-cap" in text
    result = run(pytester, "--cadences", "two.cadence.yaml")  # what it names is not there
    result.assert_outcomes(failed=1)
    assert "'one' is not among the cadences checked" in result.stdout.str()


def test_a_wrong_file_fails_by_itself_and_a_wrong_policy_fails_all(pytester: Any) -> None:
    pytester.makefile(".cadence.yaml", wrong="a: [")
    result = run(pytester, "--cadences", "wrong.cadence.yaml", "good.cadence.yaml")
    result.assert_outcomes(passed=1, failed=1)
    result = run(pytester, "--cadences", "good.cadence.yaml", "-o", "cadence_policy=nope.yaml")
    result.assert_outcomes(failed=1)
    assert "nope.yaml: cannot be read" in result.stdout.str()
