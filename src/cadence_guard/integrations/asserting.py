"""An assertion that a cadence cannot stalk, for anybody's tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cadence_guard.errors import CadenceError

if TYPE_CHECKING:
    from cadence_guard.check.report import Report
    from cadence_guard.check.run import Opened
    from cadence_guard.policy import Policy

FAIL_ON: Final = ("always", "sometimes")


def assert_cadence_ok(
    *files: str | PathLike[str],
    policy: Policy | Mapping[str, Any] | str | Path | None = None,
    first: date | str | None = None,
    fail_on: str = "sometimes",
) -> None:
    """Checks cadence files, as `cadence-guard check` does.

    `policy` is one, its data or the path of its file; without it ./cadence-guard.yaml, what
    ./pyproject.toml names, or the pack humane. Starts are judged for 13 months from the day
    `first` on (a date, or text such as 2026-03-01), today unless told. Raises AssertionError, whose
    text is the report with a time line for each finding, if something blocks always or, with
    `fail_on="sometimes"`, at some start; CadenceError and PolicyError for what cannot be read, and
    if no file is given; ValueError for another `fail_on`, or a day that is none.
    """
    __tracebackhide__ = True
    # The checker loads when it is asked: `cadence_guard.testing` has this function, too.
    from cadence_guard.check.run import check_files, files_of, open_all
    from cadence_guard.words import expected

    if fail_on not in FAIL_ON:
        raise ValueError(expected(fail_on, FAIL_ON, "fail_on"))
    if not files:  # such as a glob that fits nothing
        raise CadenceError("no cadence file is given, so nothing was checked")
    day = date.fromisoformat(first) if isinstance(first, str) else first
    read, errors = open_all(files_of(fspath(file) for file in files))
    if errors:
        raise errors[0]
    report = check_files(read, policy_of(policy), day or datetime.now(UTC).date())
    assert_passes(report, read, fail_on)


def assert_passes(report: Report, read: Iterable[Opened], fail_on: str = "sometimes") -> None:
    """Raises AssertionError, whose text is the report, if a finding of it fails. `read` are the
    files that it shows."""
    __tracebackhide__ = True
    from cadence_guard.check.run import fails, lines_of
    from cadence_guard.reporters.check_text import check_text
    from cadence_guard.reporters.text import Style

    if fails(report.findings, fail_on):
        sources = {file.source.path: lines_of(file.source) for file in read}
        raise AssertionError("\n".join(check_text(report, sources, Style())))


def policy_of(policy: Policy | Mapping[str, Any] | str | Path | None) -> Policy:
    """The policy that is meant, as `assert_cadence_ok` takes it. Raises PolicyError."""
    from cadence_guard.check.config import configured
    from cadence_guard.policy import Policy, find_policy

    if isinstance(policy, Policy):
        return policy
    if isinstance(policy, Mapping):
        return Policy.model_validate(policy)
    found, _ = find_policy(policy if policy is not None else configured())
    return found
