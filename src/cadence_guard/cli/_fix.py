"""`fix`: the waits that would do, shown or written."""

from __future__ import annotations

import codecs
import difflib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from cadence_guard.cadence import CadenceFile
from cadence_guard.check.fix import Fixed, fix
from cadence_guard.check.run import check_files, open_all, period
from cadence_guard.cli._check import first_day, reading, standard_input, write_utf8
from cadence_guard.cli._judging import load_policy, style
from cadence_guard.errors import CadenceError
from cadence_guard.importers._source import Source
from cadence_guard.instants import to_us
from cadence_guard.reporters.text import Style, plain


def run_fix(
    file: str,
    *,
    policy: str | None,
    diff: bool,
    write: bool,
    mapping: str | None,
    first: datetime | None,
    colour: str | None,
) -> int:
    """The command `fix`: 1 if something is left that waiting cannot repair, else 0."""
    if diff and write:
        raise click.UsageError("--diff shows and --write writes: choose one")
    if write and file == "-":
        raise click.UsageError("standard input cannot be written; use --diff")
    day = first_day(first)
    chosen, _ = load_policy(policy)
    read, errors = open_all([standard_input() if file == "-" else file], reading(mapping))
    if errors:
        raise errors[0]
    source, content = read[0].source, read[0].content
    if not isinstance(content, CadenceFile):
        raise CadenceError(f"{source.path}: a policy; fix changes waits, and a policy has none")
    start, end = period(day)
    fixed = fix(content, source, chosen, to_us(start), to_us(end))
    fixed = fixed.checked(check_files([fixed.after], chosen, day).findings)
    if fixed.text is None and (diff or write):
        raise CadenceError(
            f"{source.path}: {content.format}: only native files are changed; without --diff and"
            " --write, fix prints the waits to set"
        )
    if diff:
        write_utf8(_diff(source, fixed), end="")
    elif write:
        _write(source, fixed)
    for line in _told(source, fixed, style(colour, False)):
        click.echo(line, err=diff)
    return int(bool(fixed.unrepaired))


def _diff(source: Source, fixed: Fixed) -> str:
    """A diff that `patch` applies. For that a line ends at a line feed and nowhere else, and what
    stands before it (a carriage return) is of the line."""
    texts = (source.content.decode(), _mark(source) + (fixed.text or ""))
    before, after = (list(io.StringIO(text, newline="\n")) for text in texts)
    path = plain(source.path)
    if " " in path:
        path += "\t"  # else `patch` takes the first word for the name
    lines = difflib.unified_diff(before, after, path, path)
    return "".join(x if x[-1] == "\n" else f"{x}\n\\ No newline at end of file\n" for x in lines)


def _mark(source: Source) -> str:
    """The byte-order mark of a file, if it has one."""
    return "\ufeff" if source.content.startswith(codecs.BOM_UTF8) else ""


def _write(source: Source, fixed: Fixed) -> None:
    if fixed.changes and fixed.text is not None:
        try:
            _put(Path(os.path.realpath(source.path)), (_mark(source) + fixed.text).encode())
        except OSError as error:
            raise CadenceError(f"{source.path}: cannot be written: {error.strerror}") from error


def _put(path: Path, content: bytes) -> None:
    """Puts a content in the place of a file's, all of it or nothing, whatever cuts it short. Its
    permissions stay."""
    with path.open("r+b"):  # one that is not to be written could be replaced all the same
        handle, beside = tempfile.mkstemp(prefix=".cadence-guard-", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, beside)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _told(source: Source, fixed: Fixed, look: Style) -> Iterator[str]:
    """What was changed or is to be, and what no wait repairs."""
    for change in fixed.changes:
        place = look.paint(f"{plain(source.path)}:{change.line}:", "strong")
        yield f"{place} {plain(change.cadence)}, {plain(change.step)}: {plain(change.text)}"
    if not fixed.changes:
        yield f"{plain(source.path)}: no wait has to change"
    yield from (f"note: {plain(note)}" for note in fixed.notes)
    if fixed.unrepaired:
        yield "What waiting cannot repair:"
        yield from (f"  {plain(line)}" for line in fixed.unrepaired)
