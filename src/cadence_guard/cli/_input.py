"""Files of events, read a line at a time: from a path, or from standard input as `-`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO, Final

from cadence_guard.errors import EventError
from cadence_guard.events import LONGEST_LINE, Event, numbered

_OFTEN: Final = 10_000
"""Lines between two updates of the progress counter."""


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """The file at a path, or standard input for `-`. Raises EventError if it cannot be read."""
    try:
        if path == "-" and sys.stdin is None:
            raise EventError(f"{shown(path)}: cannot be read: it is closed")
        if path == "-":
            yield sys.stdin.buffer
        else:
            with open(path, "rb") as file:
                yield file
    except OSError as error:
        raise EventError(f"{shown(path)}: cannot be read: {error.strerror}") from error


def shown(path: str) -> str:
    """How a path is named in messages."""
    return "<stdin>" if path == "-" else path


class EventFile:
    """The events of a file, lazily; `where` is the place (`file:line`) of the last one given.

    `name` is how messages call the file, if not by its path. `sort` orders the events by `at`
    first, equal ones as they stand, and holds them all in memory. `progress` counts lines on
    standard error if that is a terminal. Iterating raises EventError with file, line and column;
    everything above that line has been given before.
    """

    def __init__(
        self, path: str, *, name: str | None = None, sort: bool = False, progress: bool = False
    ) -> None:
        self.name = shown(name or path)
        self._path = path
        self._sort = sort
        self._progress = progress and sys.stderr.isatty()
        self._number = 0

    def where(self) -> str:
        """The place of the event that was given last."""
        return f"{self.name}:{self._number}"

    def __iter__(self) -> Iterator[Event]:
        events: Iterable[tuple[int, Event]] = numbered(self._lines(), self.name)
        if self._sort:
            events = sorted(events, key=_instant)
        for self._number, event in events:
            yield event

    def _lines(self) -> Iterator[bytes]:
        with opened(self._path) as file:
            # Of a line that is too long a part is given: enough for the parser to refuse it.
            lines = iter(lambda: file.readline(LONGEST_LINE + 2), b"")
            yield from self._counted(lines, file) if self._progress else lines

    @staticmethod
    def _counted(lines: Iterator[bytes], file: BinaryIO) -> Iterator[bytes]:
        size = os.fstat(file.fileno()).st_size
        done = 0
        for number, line in enumerate(lines, 1):
            done += len(line)
            if number % _OFTEN == 0:
                share = f", {100 * done // size}%" if size else ""
                sys.stderr.write(f"\r{number:,} lines{share} ")
            yield line
        sys.stderr.write("\r\x1b[K")


def _instant(numbered: tuple[int, Event]) -> datetime:
    at = numbered[1].at
    assert at is not None  # `numbered` has seen to it
    return at
