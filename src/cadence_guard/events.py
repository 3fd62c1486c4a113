"""The one event format: JSON objects, one a line, in and out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from cadence_guard import words
from cadence_guard._model import complaints
from cadence_guard.contact import Consent, Contact, Forget, Handoff, Signal, Suppress
from cadence_guard.errors import EventError
from cadence_guard.instants import to_text
from cadence_guard.touch import Release, Touch

Event: TypeAlias = Contact | Consent | Touch | Signal | Handoff | Suppress | Forget | Release

MODELS: Final[dict[str, type[Event]]] = {
    "contact": Contact,
    "consent": Consent,
    "touch": Touch,
    "signal": Signal,
    "handoff": Handoff,
    "suppress": Suppress,
    "forget": Forget,
    "release": Release,
}
_KINDS: Final = tuple(MODELS.values())
LONGEST_LINE: Final = 1 << 20
"""A line of more bytes than this is refused: no event is that long."""

_BLANK_COLON: Final = re.compile(rb"[ \t\r\n]:")


@cache
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(Annotated[Event, Field(discriminator="event")])


def parse_event(source: object, *, where: str = "") -> Event:
    """One event out of a model, a dict, or a line of JSON (text or bytes).

    Raises EventError with what was wrong, what was expected and the nearest name; `where` (a file
    and a line) begins its text.
    """
    if isinstance(source, _KINDS):
        return source
    if isinstance(source, Mapping):
        return _from_mapping(source, where)
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogatepass")
    if isinstance(source, (bytes, bytearray)):
        return _from_line(bytes(source), where)
    raise EventError(
        f"{_prefix(where)}expected an event, a dict or a line of JSON, not {type(source).__name__}"
    )


def parse_events(source: object) -> Iterator[Event]:
    """The events of `source`, lazily: a path, JSON lines as text or bytes, or an iterable.

    An iterable (also an open file) gives dicts, lines or event models. A file's events must carry
    `at`; blank lines, a byte-order mark and CRLF are no errors. Raises EventError that names the
    line, after all events before it have been given.
    """
    name: str | None = None
    lines: Iterable[Any]
    if isinstance(source, str) and source.lstrip("\ufeff \t\r\n")[:1] not in ("", "{"):
        source = Path(source)
    if isinstance(source, Path):
        name = str(source)
        lines = _read(source)
    elif isinstance(source, (bytes, bytearray)):
        lines = bytes(source).split(b"\n")
    elif isinstance(source, str):
        lines = source.split("\n")
    elif isinstance(source, (Mapping, *_KINDS)):
        lines = (source,)
    elif isinstance(source, Iterable):
        lines = source
    else:
        raise EventError(f"expected a path, JSON lines or events, not {type(source).__name__}")
    for _, event in numbered(lines, name):
        yield event


def numbered(lines: Iterable[Any], name: str | None = None) -> Iterator[tuple[int, Event]]:
    """The events of lines, dicts or models, each with its number from 1 on; `name` is that of their
    file. Errors as from `parse_events`."""
    for number, line in enumerate(lines, 1):
        if isinstance(line, str):
            line = line.encode("utf-8", "surrogatepass")
        if isinstance(line, (bytes, bytearray)):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            line = line.strip(b" \t\r\n")
            if not line:
                continue
        where = f"line {number}" if name is None else f"{name}:{number}"
        event = parse_event(line, where=where)
        if event.at is None:
            raise EventError(f"{where}: 'at' is missing; expected an instant")
        yield number, event


def to_line(event: Event) -> str:
    """An event as one line of JSON, without empty fields; `parse_event` reads it back."""
    return _object(event)


def _object(model: BaseModel) -> str:
    """What `model_dump_json` writes of a model, in half the time: every reservation waits for it,
    and pydantic would call back for each instant and for leaving out what is empty."""
    values = model.__dict__
    said = [
        key + (_quoted(value) if type(value) is str else _text(value))
        for name, key in _names(type(model))
        if (value := values[name]) is not None and value != ()
    ]
    return "{" + ",".join(said) + "}"


@cache
def _names(model: type[BaseModel]) -> list[tuple[str, str]]:
    """The fields of a model, and how a line begins to speak of them."""
    return [(name, f'"{field.alias or name}":') for name, field in model.model_fields.items()]


def _text(value: Any) -> str:
    """A value of an event as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f'"{to_text(value)}"'
    if isinstance(value, tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    return _object(value) if isinstance(value, BaseModel) else _quoted(value)


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 2):
                yield line
    except (OSError, ValueError) as error:  # ValueError: no file can have that name
        problem = getattr(error, "strerror", None) or error
        raise EventError(f"{path}: cannot be read: {problem}") from error


def _from_mapping(source: Mapping[Any, Any], where: str) -> Event:
    kind = source.get("event")
    try:
        model = MODELS.get(kind) if isinstance(kind, str) else None
        if model is None:
            raise EventError(_prefix(where) + _unknown_event(kind))
        data = source if isinstance(source, dict) else dict(source)
        try:
            return model.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            raise EventError(_prefix(where) + _sentences(error, model)) from None
    except RecursionError:
        raise EventError(f"{_prefix(where)}nested too deeply for an event") from None


def _from_line(line: bytes, where: str) -> Event:
    if len(line) > LONGEST_LINE:
        raise EventError(
            f"{_prefix(where)}longer than {LONGEST_LINE} bytes; one event a line is expected"
        )
    try:
        event = _adapter().validate_json(line, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _line_error(line, error, where) from None
    keys = len(event.model_fields_set)
    if type(event) is Contact:
        keys += sum(len(point.model_fields_set) for point in event.points)
    # A key given twice would win in silence; a line with as many `":` as keys has none, unless
    # there is a blank before a colon.
    if line.count(b'":') != keys or _BLANK_COLON.search(line):
        _refuse_duplicates(line, where)
    return event


def _line_error(line: bytes, error: ValidationError, where: str) -> EventError:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as fault:
        return EventError(
            f"{_prefix(where, fault.start + 1)}not UTF-8 (byte 0x{line[fault.start]:02x});"
            " save the file as UTF-8"
        )
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as fault:
        column = getattr(fault, "colno", 1)
        problem = getattr(fault, "msg", str(fault))
        return EventError(
            f"{_prefix(where, column)}broken JSON: {problem}; expected one event a line"
        )
    except RecursionError:
        return EventError(f"{_prefix(where)}nested too deeply for an event")
    if not isinstance(data, dict):
        return EventError(f"{_prefix(where)}expected an object, not {type(data).__name__}")
    kind = data.get("event")
    model = MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return EventError(_prefix(where) + _unknown_event(kind))
    if error.errors(include_url=False)[0]["type"] == "json_invalid":
        text = error.errors(include_url=False)[0]["msg"].removeprefix("Invalid JSON: ")
        return EventError(f"{_prefix(where)}broken JSON: {text}; expected one event a line")
    path, sentence = complaints(error, model, tagged=True)[0]
    return EventError(f"{_prefix(where, _column(text, path, sentence))}{kind}: {sentence}")


def _column(text: str, path: tuple[str | int, ...], sentence: str) -> int:
    """Where an unknown key, or the value at fault, stands in a line of JSON; 0 if nobody knows."""
    from cadence_guard._yaml12 import YamlError, load  # for those who tell something wrong

    try:
        return load(text).locate(path, key=sentence.startswith("unknown key")).column
    except YamlError:  # JSON that YAML cannot read, such as a key of a thousand characters
        return 0


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _refuse_duplicates(line: bytes, where: str) -> None:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in items:
            if key in seen:
                column = line.decode().rfind(json.dumps(key)) + 1
                raise EventError(f"{_prefix(where, column)}duplicate key {key!r}")
            seen[key] = value
        return seen

    json.loads(line, object_pairs_hook=pairs)


def _sentences(error: ValidationError, model: type[Event]) -> str:
    kind = model.model_fields["event"].default
    return f"{kind}: " + "; ".join(sentence for _, sentence in complaints(error, model))


def _unknown_event(kind: object) -> str:
    if kind is None:
        return f"'event' is missing; expected one of: {', '.join(words.EVENTS)}"
    return words.expected(kind, words.EVENTS, "event")


def _prefix(where: str, column: int = 0) -> str:
    if not where:
        return ""
    if column <= 0:
        return f"{where}: "
    return f"{where}, column {column}: " if where.startswith("line ") else f"{where}:{column}: "
