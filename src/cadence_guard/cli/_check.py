"""`check`: cadence files in, what a person could be made to suffer out."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, TypeAlias

import click

from cadence_guard import importers
from cadence_guard.cadence import CadenceFile
from cadence_guard.check.baseline import Entry, Sifted, dump, entries, parse, sift, updated
from cadence_guard.check.config import PROJECT
from cadence_guard.check.report import Finding, Report
from cadence_guard.check.run import (
    Opened,
    Reading,
    check_files,
    fails,
    files_of,
    lines_of,
    open_all,
    open_hours,
    period,
)
from cadence_guard.cli import printable
from cadence_guard.cli._faults import faults
from cadence_guard.cli._input import opened, shown
from cadence_guard.cli._judging import load_policy, style
from cadence_guard.errors import CadenceError, CadenceGuardError
from cadence_guard.importers._source import LARGEST, Source
from cadence_guard.policy import DEFAULT_FILE
from cadence_guard.reporters.text import plain, plain_json
from cadence_guard.ruleset import Ruleset

LARGEST_BASELINE: Final = 50_000_000
"""Bytes of the largest baseline that is read."""
Wrong: TypeAlias = tuple[tuple[str, ...], CadenceGuardError]
"""An error, and the paths it may be about."""


def run_check(
    files: Sequence[str],
    *,
    policy: str | None,
    format_: str,
    fail_on: str,
    exit_zero: bool,
    baseline: str | None,
    update_baseline: bool,
    picture: str | None,
    mapping: str | None,
    first: datetime | None,
    colour: str | None,
    allow_empty: bool,
) -> int:
    """The command `check`: 2 if a file cannot be read, else 1 if a blocking finding is at or above
    `fail_on`, else 0. What can be judged is reported also if something else cannot be read, and
    every format says what that is: a report without findings would be taken for a clean one."""
    if update_baseline and baseline is None:
        raise click.UsageError("--update-baseline needs --baseline FILE, the file to write")
    day = first_day(first)
    place = repository(Path.cwd())
    read: list[Opened] = []
    wrong: list[Wrong] = []
    left, sifted = Report(), Sifted((), (), ())
    try:
        read, wrong = open_files(files, mapping, allow_empty=allow_empty)
        chosen, ruleset = load_policy(policy)
        left = check_files(read, chosen, day)
        sifted = Sifted(left.findings, (), ())
        if baseline is not None:
            sifted = _against(baseline, left, place, update=update_baseline, whole=not wrong)
            left = replace(left, findings=sifted.fresh)
        if picture is not None:
            draw(left, picture, ruleset, place)
    except CadenceGuardError as error:
        named = (policy, mapping, baseline, picture, DEFAULT_FILE, PROJECT)
        names = [name for name in named if name is not None]
        wrong.append(((*names, *(str(Path(name)) for name in names)), error))
    found = (fault for names, error in wrong for fault in faults(error, names))
    left = replace(left, errors=tuple(dict.fromkeys(found)))
    if left.files or format_ != "text":
        _write(left, sifted, read, format_, colour, place)
    for text in dict.fromkeys(printable(error) for _, error in wrong):
        click.echo(f"cadence-guard: {text}", err=True)
    if wrong:
        return 2
    return int(fails(left.findings, fail_on) and not exit_zero)


def first_day(asked: datetime | None) -> date:
    """The day from which starts are judged: today unless told. Raises BadParameter for one that is
    too early or too late."""
    day = asked.date() if asked else datetime.now(UTC).date()
    try:
        period(day)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--from'") from None
    return day


def open_files(
    files: Iterable[str], mapping: str | None, *, allow_empty: bool = False
) -> tuple[list[Opened], list[Wrong]]:
    """Reads the files, folders and `-` that were named, every one of them; and what was wrong: also
    a folder without cadence files, unless that is allowed."""
    known = reading(mapping)
    named: list[Source | str] = []
    wrong: list[Wrong] = []
    for path in dict.fromkeys(files):
        try:
            named += (
                [standard_input()] if path == "-" else files_of([path], allow_empty=allow_empty)
            )
        except CadenceGuardError as error:
            wrong.append(((shown(path),), error))
    once: dict[Source | str, Source | str] = {}
    for one in named:
        once.setdefault(os.path.realpath(one) if isinstance(one, str) else one, one)
    read: list[Opened] = []
    for one in once.values():
        files_read, errors = open_all([one], known)
        read += files_read
        wrong += [((one if isinstance(one, str) else one.path,), error) for error in errors]
    return read, wrong


def reading(mapping: str | None) -> Reading:
    """How files are read: as a mapping file says, if it fits, else as a known format that is told
    by more than lists of touches, which may be of the mapping's own. Raises CadenceError if the
    mapping is wrong."""
    if mapping is None:
        return importers.read
    from cadence_guard.importers.mapping import load

    own = load(Source.open(mapping))

    def read(source: Source) -> CadenceFile:
        known = next((one for one in importers.IMPORTERS if one.recognises(source)), None)
        if known and known.FORMAT != "handwritten" and not own.recognises(source):
            return known.read(source)
        return own.read(source)  # which says what is not where the mapping says

    return read


def standard_input() -> Source:
    """What standard input holds, as a file."""
    with opened("-") as file:
        return Source(shown("-"), file.read(LARGEST + 1))


def repository(here: Path) -> Callable[[str], str]:
    """From a path as given to that in the repository around a folder, with slashes; a path that
    leads out of it becomes absolute. Without a repository, the folder stands for it.

    Links are followed, as the repository knows a file by one path; but one in the repository that
    leads out of it stands for itself."""
    here, root = here.resolve(), _root(here)

    def place(path: str) -> str:
        if path == shown("-"):
            return path
        given = here / path
        real = Path(os.path.realpath(given))
        for whole in (real, Path(os.path.realpath(given.parent), given.name)):
            if whole.is_relative_to(root):
                return whole.relative_to(root).as_posix()
        whole = Path(os.path.normpath(given))
        return (whole.relative_to(root) if whole.is_relative_to(root) else real).as_posix()

    return place


def _root(here: Path) -> Path:
    here = here.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


# -- baseline ----------------------------------------------------------------------------------


def _against(
    path: str, report: Report, place: Callable[[str], str], *, update: bool, whole: bool
) -> Sifted:
    """The findings held against a baseline file, which is written first if that is asked for and
    all could be read."""
    file = Path(path)
    old = _load(file) if file.exists() or not update else ()
    checked = [read.path for read in report.files] + _gone(old)
    if update and not whole:
        click.echo(f"baseline: {plain(path)}: not written: not all could be read", err=True)
    elif update:
        new = updated(report.findings, old, checked, place)
        try:
            file.write_bytes(dump(new).encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise CadenceError(f"{path}: cannot be written: {error.strerror}") from error
        click.echo(f"baseline: {plain(path)}: {len(new)} known", err=True)
        old = new
    return sift(report.findings, old, checked, place)


def _gone(baseline: Iterable[Entry]) -> list[str]:
    """The files of the repository that a baseline names and that are not there any more. Of what
    lies outside nobody can say: it may be there for others."""
    root = _root(Path.cwd())
    paths = (entry.path for entry in baseline if entry.path != shown("-"))
    return [
        str(root / path)
        for path in dict.fromkeys(paths)
        if not (os.path.isabs(path) or os.path.exists(root / path))
    ]


def _load(file: Path) -> tuple[Entry, ...]:
    try:
        with file.open("rb") as stream:  # which may have no end
            content = stream.read(LARGEST_BASELINE + 1)
    except OSError as error:
        raise CadenceError(
            f"{file}: cannot be read: {error.strerror}; --update-baseline writes a baseline"
        ) from error
    if len(content) > LARGEST_BASELINE:
        raise CadenceError(f"{file}: larger than {LARGEST_BASELINE:,} bytes")
    return parse(content, str(file))


# -- output ------------------------------------------------------------------------------------


def draw(report: Report, folder: str, ruleset: Ruleset, place: Callable[[str], str]) -> None:
    """Writes a picture of each finding that has a time line. Raises CadenceError if it cannot."""
    from cadence_guard.reporters.svg import svg

    hours = open_hours(ruleset)
    prints = [entry.fingerprint for entry in entries(report.findings, place)]
    try:
        os.makedirs(folder, exist_ok=True)
        for finding, fingerprint in zip(report.findings, prints, strict=True):
            if finding.witness is not None:
                name = Path(folder, _name(finding, fingerprint))
                name.write_text(svg(finding, hours), "utf-8")
    except OSError as error:
        raise CadenceError(f"{folder}: cannot be written: {error.strerror}") from error


def _name(finding: Finding, fingerprint: str) -> str:
    """A name that says what it shows, and that no other finding has."""
    said = "-".join(part for part in (finding.code, finding.cadence, finding.step) if part)
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', said)[:60].strip('-')}-{fingerprint[:8]}.svg"


def _write(
    report: Report,
    sifted: Sifted,
    read: Sequence[Opened],
    format_: str,
    colour: str | None,
    place: Callable[[str], str],
) -> None:
    known = len(sifted.known)
    if format_ == "text":
        from cadence_guard.reporters.check_text import check_text

        sources = {file.source.path: lines_of(file.source) for file in read}
        stale = [str(entry) for entry in sifted.stale]
        write_lines(check_text(report, sources, style(colour, False), known=known, stale=stale))
    elif format_ == "github":
        from cadence_guard.reporters.github import github

        write_utf8("\n".join(github(report, place, known=known)))
    elif format_ == "markdown":
        from cadence_guard.reporters.markdown import markdown

        write_utf8("\n".join(markdown(report, place, known=known)))
    elif format_ == "sarif":
        from cadence_guard.cli._pages import page_of
        from cadence_guard.reporters.sarif import sarif_data

        write_json(sarif_data(report, place, page_of))
    else:
        from cadence_guard.reporters.check_json import check_data

        write_json(check_data(report, known=known))
    if format_ != "text":
        for entry in sifted.stale:
            click.echo(f"baseline: no longer found: {plain(str(entry))}", err=True)


def write_lines(lines: Iterable[str]) -> None:
    """Lines on standard output."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def write_json(data: object) -> None:
    """JSON on standard output, as `write_utf8` does."""
    write_utf8(plain_json(json.dumps(data, ensure_ascii=False, indent=2)))


def write_utf8(text: str, end: str = "\n") -> None:
    """Text for a program, and a line break, on standard output: in UTF-8 whatever the terminal;
    half a surrogate pair, which UTF-8 cannot hold, as an escape."""
    sys.stdout.flush()
    content = (text + end).encode("utf-8", "backslashreplace")
    if (stream := getattr(sys.stdout, "buffer", None)) is None:  # it is no file
        sys.stdout.write(content.decode())
    else:
        stream.write(content)
        stream.flush()
