"""A pytest plugin: `pytest --cadences` checks every *.cadence.yaml it comes across, a test a file.

The failure message is the time line. In a test of your own, use
`cadence_guard.testing.assert_cadence_ok`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cadence_guard.errors import CadenceGuardError


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option and the settings."""
    group = parser.getgroup("cadence-guard")
    group.addoption("--cadences", action="store_true", help="Check *.cadence.yaml files as tests.")
    parser.addini("cadence_policy", "The policy file for --cadences, else as on the command line.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A cadence file is a test, if that was asked for."""
    if not (parent.config.getoption("cadences") and file_path.name.endswith(".cadence.yaml")):
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
        """Fails with the report."""
        from cadence_guard.integrations.asserting import assert_cadence_ok

        assert_cadence_ok(self.path, policy=self.config.getini("cadence_policy") or None)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report, or what is wrong with the file; a bug with its traceback."""
        if isinstance(excinfo.value, (AssertionError, CadenceGuardError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file, which is what the test is called."""
        return self.path, 0, f"cadence: {self.path.name}"
