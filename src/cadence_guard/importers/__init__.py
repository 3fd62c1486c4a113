"""Cadence files, native and foreign. Each format is one module, told by content, never by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from itertools import islice
from typing import Final, Protocol, cast

from cadence_guard import words
from cadence_guard.cadence import CadenceFile
from cadence_guard.errors import CadenceError
from cadence_guard.importers import _n8n_files
from cadence_guard.importers._source import Source


class Importer(Protocol):
    """What a module of this package offers."""

    @property
    def FORMAT(self) -> str:  # noqa: N802 (a constant of a module)
        """The name of the format, as `read` prints it."""
        ...

    def recognises(self, source: Source) -> bool:
        """Whether the file is of this format, judged by its content."""
        ...

    def read(self, source: Source) -> CadenceFile:
        """What the file says. Raises CadenceError, with the place, if it contradicts its format."""
        ...


class Module:
    """A module of this package, loaded when it is asked: most files are of the first formats.

    `told` recognises files of its format without it.
    """

    def __init__(self, name: str, told: Callable[[Source], bool] | None = None) -> None:
        self._name = f"{__name__}.{name}"
        self._told = told

    @property
    def _module(self) -> Importer:
        return cast("Importer", import_module(self._name))

    @property
    def FORMAT(self) -> str:  # noqa: N802 (a constant of the module)
        """The name of the format."""
        return self._module.FORMAT

    def recognises(self, source: Source) -> bool:
        """Whether the file is of this format."""
        return (self._told or self._module.recognises)(source)

    def read(self, source: Source) -> CadenceFile:
        """What the file says."""
        return self._module.read(source)


IMPORTERS: Final[tuple[Importer, ...]] = (
    Module("n8n", _n8n_files.recognises),
    Module("native"),
    Module("mautic"),
    Module("dittofeed"),
    Module("smartlead"),
    Module("instantly"),
    Module("apollo"),
    Module("salesloft"),
    Module("unread"),
    Module("handwritten"),
)
"""In the order they are asked; the first that recognises a file reads it. What is known and not
read yet says so before a hand-written file is thought of."""
NATIVE: Final = {
    "cadence": "a mapping with name, purpose and steps",
    "cadences": "a list of cadences",
}
"""What makes a file a native one, and what it holds."""
LOOKED_AT: Final = 100
"""Keys of a file, and letters of a key, that are looked at for a misspelt one."""


def read(source: Source) -> CadenceFile:
    """Reads a cadence file of any known format. Raises CadenceError if there is none."""
    for importer in IMPORTERS:
        if importer.recognises(source):
            return importer.read(source)
    raise _unknown(source)


def _unknown(source: Source) -> CadenceError:
    """The error for a file of no known format; with its place if it is nearly a native one."""
    problem = "no known cadence format"
    if source.data is None:
        return CadenceError(f"{source.path}: {problem}: the file says nothing")
    keys = islice(source.data, LOOKED_AT) if isinstance(source.data, dict) else ()
    names = [key for key in keys if len(key) <= LOOKED_AT]
    for key, expected in NATIVE.items():
        if key in names:
            return source.error((key,), f"{problem}: {key!r} is not {expected}")
    for name in names:
        if name == "audience":  # a right word, and near enough to look wrong
            continue
        if near := words.nearest(name, NATIVE):
            hint = f"unknown key {name!r}; did you mean {near!r}?"
            return source.error((name,), f"{problem}: {hint}", key=True)
    return CadenceError(f"{source.path}: {problem}")
