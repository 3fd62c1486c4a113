"""Cadence files, native and foreign. Each format is one module, told by content, never by name."""

from __future__ import annotations

from typing import Final, Protocol

from cadence_guard.cadence import CadenceFile
from cadence_guard.errors import CadenceError
from cadence_guard.importers import (
    apollo,
    dittofeed,
    handwritten,
    instantly,
    mautic,
    n8n,
    native,
    salesloft,
    smartlead,
    unread,
)
from cadence_guard.importers._source import Source


class Importer(Protocol):
    """What a module of this package offers."""

    FORMAT: str
    """The name of the format, as `read` prints it."""

    def recognises(self, source: Source) -> bool:
        """Whether the file is of this format, judged by its content."""
        ...

    def read(self, source: Source) -> CadenceFile:
        """What the file says. Raises CadenceError, with the place, if it contradicts its format."""
        ...


IMPORTERS: Final[tuple[Importer, ...]] = (
    native,
    n8n,
    mautic,
    dittofeed,
    smartlead,
    instantly,
    apollo,
    salesloft,
    unread,
    handwritten,
)
"""In the order they are asked; the first that recognises a file reads it. What is known and not
read yet says so before a hand-written file is thought of."""


def read(source: Source) -> CadenceFile:
    """Reads a cadence file of any known format. Raises CadenceError if there is none."""
    for importer in IMPORTERS:
        if importer.recognises(source):
            return importer.read(source)
    raise CadenceError(f"{source.path}: no known cadence format")
