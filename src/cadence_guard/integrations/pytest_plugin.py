"""A pytest plugin: `pytest --cadences` checks each *.cadence.yaml (or .yml) it comes across, a test
a file.

All that are collected are judged together, as in one run of `cadence-guard check`, since cadences
of several files may run for one person at once. What is found fails the test of the file at which
it is told; the failure message is the time line. In a test of your own, use
`cadence_guard.testing.assert_cadence_ok`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from cadence_guard.errors import CadenceGuardError

if TYPE_CHECKING:
    from cadence_guard.check.report import Report
    from cadence_guard.check.run import Opened


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and the settings."""
    group = parser.getgroup("cadence-guard")
    group.addoption(
        "--cadences", action="store_true", help="Check *.cadence.yaml (or .yml) files as tests."
    )
    parser.addini(
        "cadence_policy",
        "The policy file for --cadences, seen from the folder of the settings; else as on the"
        " command line.",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A cadence file is a test, if that was asked for."""
    ours = file_path.name.endswith((".cadence.yaml", ".cadence.yml"))
    if not (ours and parent.config.getoption("cadences")):
        return None
    collector: pytest.Collector = CadencePath.from_parent(parent, path=file_path)
    return collector


class CadencePath(pytest.File):
    """A cadence file."""

    def collect(self) -> Iterator[pytest.Item]:
        """One test: the check of the file."""
        item: pytest.Item = CadenceItem.from_parent(self, name="check")
        yield item


class CadenceItem(pytest.Item):
    """The check of a cadence file."""

    def runtest(self) -> None:
        """Fails with what the report of all files says of this one."""
        from cadence_guard.integrations.asserting import assert_passes

        if (judged := self.session.stash.get(_JUDGED, None)) is None:
            judged = self.session.stash[_JUDGED] = _judge(self.session)
        if (error := judged.errors.get(self.path)) is not None:
            raise error
        own = [file for file in judged.read if file.source.path == str(self.path)]
        assert_passes(_about(judged.report, str(self.path)), own)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report, or what is wrong with the file; a bug with its traceback."""
        if isinstance(excinfo.value, (AssertionError, CadenceGuardError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file, which is what the test is called."""
        return self.path, 0, f"cadence: {self.path.name}"


# -- the check of all files --------------------------------------------------------------------


@dataclass
class _Judged:
    """The files of a session, what was wrong with those that cannot be read, and the report."""

    report: Report
    read: list[Opened]
    errors: dict[Path, CadenceGuardError]


_JUDGED: Final = pytest.StashKey[_Judged]()


def _judge(session: pytest.Session) -> _Judged:
    """Checks all files that are tests of the session, together."""
    # The checker loads when it is asked: every run of pytest loads the plugin.
    from cadence_guard.check.run import check_files, open_all
    from cadence_guard.integrations.asserting import policy_of

    policy = policy_of(_policy_file(session.config))
    read: list[Opened] = []
    errors: dict[Path, CadenceGuardError] = {}
    tests = (item for item in session.items if isinstance(item, CadenceItem))
    for path in dict.fromkeys(test.path for test in tests):
        files, wrong = open_all([str(path)])
        read += files
        errors.update((path, error) for error in wrong)
    return _Judged(check_files(read, policy, datetime.now(UTC).date()), read, errors)


def _policy_file(config: pytest.Config) -> Path | None:
    """The policy file that the settings name, as pytest finds files of its own settings."""
    named = config.getini("cadence_policy")
    beside = config.rootpath if config.inipath is None else config.inipath.parent
    return beside / named if named else None


def _about(report: Report, path: str) -> Report:
    """What a report says of one file."""
    return replace(
        report,
        files=tuple(file for file in report.files if file.path == path),
        findings=tuple(finding for finding in report.findings if finding.path == path),
    )
