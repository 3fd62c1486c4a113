"""`record`: a file of events into a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from cadence_guard.cli._input import EventFile, opened
from cadence_guard.cli._judging import new_book
from cadence_guard.contact import Forget
from cadence_guard.errors import CadenceGuardError, EventError
from cadence_guard.events import LONGEST_LINE, Event
from cadence_guard.touch import Release, Touch


def run_record(file: str, ledger: str, key: str | None) -> int:
    """Records every event of a file, and says how many of each kind; always 0.

    Nothing is written if the file is wrong by itself or contradicts what the ledger holds. If the
    ledger fails on the way, the error says how far it came; recording the same file again is safe.
    """
    from cadence_guard.guard import AT_ONCE, Guard
    from cadence_guard.ledgers import open_ledger

    if key == "":  # told before a ledger is made
        raise click.BadParameter("an empty key protects nothing", param_hint="'--key'")
    with _at_hand(file) as path:
        _check(EventFile(path, name=file, progress=True))
        try:
            guard = Guard(ledger=open_ledger(ledger), key=key)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="'--ledger'") from None
        source = EventFile(path, name=file, progress=True)
        forgotten: set[str | None] = set()
        released: set[str | None] = set()
        for event in source:
            try:
                # What stands in the ledger now is not what will stand there then.
                if event.contact not in forgotten and not (
                    isinstance(event, Touch) and event.id in released
                ):
                    guard.verify(event)
            except CadenceGuardError as error:
                raise type(error)(f"{source.where()}: {error}") from error
            if isinstance(event, Forget):
                forgotten.add(event.contact)
            elif isinstance(event, Release):
                released.add(event.touch)
        recorded: Counter[str] = Counter()
        for events, where in _batches(EventFile(path, name=file, progress=True), AT_ONCE):
            try:
                guard.record_all(events)
            except CadenceGuardError as error:
                raise type(error)(
                    f"{where}: {error} ({recorded.total()} events above were recorded, and perhaps"
                    " some of these; recording the file again is safe)"
                ) from error
            recorded.update(event.event for event in events)
    kinds = ", ".join(f"{kind} {number}" for kind, number in recorded.items())
    click.echo(f"recorded {recorded.total()} events{kinds and ': '}{kinds}")
    return 0


def _batches(source: EventFile, size: int) -> Iterator[tuple[list[Event], str]]:
    """So many events at a time, and where they stand: `file:1 to 1000`."""
    numbered = ((event, source.where()) for event in source)
    while some := list(islice(numbered, size)):
        first, last = some[0][1], some[-1][1]
        yield [event for event, _ in some], f"{first} to {last.rpartition(':')[2]}"


def _check(source: EventFile) -> None:
    """Raises EventError if a line is wrong by itself or contradicts one above it."""
    book = new_book()
    for event in source:
        try:
            if isinstance(event, Touch) and event.outcome is None:
                raise EventError(
                    "touch: 'outcome' is missing; a planned touch is booked with reserve, and"
                    " record takes what happened"
                )
            book.fold(event)
        except EventError as error:
            raise EventError(f"{source.where()}: {error}") from None


@contextmanager
def _at_hand(file: str) -> Iterator[str]:
    """A path that can be read twice: the file's own, or that of a copy of what is no plain file."""
    if file != "-" and Path(file).is_file():
        yield file
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "events.jsonl"
        with opened(file) as source, copy.open("wb") as target:
            while line := source.readline(LONGEST_LINE + 2):
                target.write(line)
                if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                    break  # as much as is needed to refuse it; there may be no end to it
        yield str(copy)
