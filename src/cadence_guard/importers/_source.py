"""A cadence file as text and data, with the place of every value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cadence_guard._yaml12 import Document, Mark, YamlError, load
from cadence_guard.cadence import Where
from cadence_guard.errors import CadenceError
from cadence_guard.importers._json_places import JsonPlaces
from cadence_guard.importers._values import DEEPEST, walk
from cadence_guard.importers.unread import refuse_text

LARGEST: Final = 4_000_000
"""Bytes of the largest file that is read."""
MOST_KEYS: Final = 5_000_000
"""The most keys in the places of all lists and mappings of a file."""


class Source:
    """A file: its path as given, its text, its data.

    Raises CadenceError if it is neither JSON nor YAML, and says what it is if that is known; if it
    is too large or too deep, or says a key twice.
    """

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self.content = content
        self.hints = 20
        """For how many more unknown zones the nearest one is looked for."""
        if len(content) > LARGEST:
            raise CadenceError(f"{path}: larger than {LARGEST:,} bytes")
        try:
            self.text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise CadenceError(
                f"{path}: byte 0x{content[error.start]:02x} at offset {error.start} is not UTF-8"
            ) from None
        refuse_text(path, self.text)
        self.is_json = self.text.lstrip()[:1] in ("{", "[")
        self._yaml: Document | None = None
        self.data: Any = self._json() if self.is_json else self._load()

    @classmethod
    def open(cls, path: str | Path) -> Source:
        """The source at a path. Raises CadenceError if it cannot be read."""
        try:
            with Path(path).open("rb") as file:  # which may have no end
                return cls(str(path), file.read(LARGEST + 1))
        except OSError as error:
            raise CadenceError(f"{path}: cannot be read: {error.strerror}") from error

    def _json(self) -> Any:
        try:
            return json.loads(self.text, object_pairs_hook=_no_key_twice, parse_constant=_refuse)
        except RecursionError:
            raise CadenceError(f"{self.path}: nested too deep") from None
        except json.JSONDecodeError as error:
            try:  # flow style YAML begins with a brace, too
                data = self._load()
            except CadenceError:
                place = f"{self.path}:{error.lineno}:{error.colno}"
                raise CadenceError(f"{place}: not JSON: {error.msg}") from None
            self.is_json = False
            return data
        except ValueError as error:
            raise CadenceError(f"{self.path}: {error}") from None

    def _load(self) -> Any:
        try:
            self._yaml = load(self.text, max_depth=DEEPEST)
        except YamlError as error:
            place = f"{self.path}:{error.line}:{error.column}"
            raise CadenceError(f"{place}: {error.problem}") from None
        return self._yaml.data

    @cached_property
    def collections(self) -> tuple[tuple[Where, Any], ...]:
        """All mappings and lists of the file with their places, outer ones first. Raises
        CadenceError if they are too many, and too deep, to write all of the places down."""
        found = []
        keys = 0
        for where, value in walk(self.data):
            keys += len(where)
            if keys > MOST_KEYS:
                raise CadenceError(f"{self.path}: too many lists and mappings, nested too deep")
            found.append((where, value))
        return tuple(found)

    def mark(self, where: Sequence[str | int], *, key: bool = False) -> Mark:
        """The place of a value, or of its key; of the nearest thing around it if it is missing."""
        if self._yaml is not None:
            return self._yaml.locate(where, key=key)
        return self._places.locate(where, key=key)

    @cached_property
    def _places(self) -> JsonPlaces:
        """The places of a JSON file, found when somebody asks."""
        return JsonPlaces(self.text)

    def error(self, where: Where, problem: str, *, key: bool = False) -> CadenceError:
        """The error that says what is wrong at a place."""
        mark = self.mark(where, key=key)
        return CadenceError(f"{self.path}:{mark.line}:{mark.column}: {problem}")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"duplicate key {twice!r}")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
