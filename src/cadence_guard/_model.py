"""What every event model shares: strict, frozen, no unknown keys, no nulls, no empty fields out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SerializerFunctionWrapHandler,
    ValidationError,
    WithJsonSchema,
    model_serializer,
)

from cadence_guard import words
from cadence_guard.instants import parse_instant, to_text, zone

COUNTRY: Final = "^[A-Z]{2}$"
REGION: Final = "^[A-Z]{2}-[A-Z0-9]{1,3}$"
NO_NUL: Final = "^[^\\x00]+$"
VISIBLE: Final = "^[^\\x00]*[^\\x00\\s][^\\x00]*$"
_EXPECTED: Final = {
    COUNTRY: "a two-letter ISO 3166 code, such as DE",
    REGION: "an ISO 3166-2 code, such as US-TX",
    NO_NUL: "text without NUL characters",
    VISIBLE: "text that is not blank, without NUL characters",
}
"""What a pattern asks for, in words."""
_SHAPES: Final = {"tuple_type": "a list", "list_type": "a list", "model_type": "a mapping"}
"""What a fault of a value's shape asks for: no class of ours is named."""

if TYPE_CHECKING:
    # In data these refuse an explicit null; a checker sees what a missing key gives.
    from typing import TypeAlias

    Id: TypeAlias = str
    MaybeId: TypeAlias = str | None
    Text: TypeAlias = str | None
    Tags: TypeAlias = tuple[str, ...]
    Instant: TypeAlias = datetime
    MaybeInstant: TypeAlias = datetime | None
else:
    Id = MaybeId = Annotated[str, Field(pattern=VISIBLE)]
    Text = Annotated[str, Field(min_length=1, pattern=NO_NUL)]
    Tags = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)]
    Instant = Annotated[
        datetime,
        PlainValidator(parse_instant),
        PlainSerializer(to_text, when_used="json-unless-none"),
        WithJsonSchema({"type": "string", "format": "date-time"}),
    ]
    MaybeInstant = Instant


def word(what: str, known: Iterable[str], *, own: bool = False) -> Any:
    """A validator for a word of a closed list; `own` lets `x-...` through."""
    allowed = frozenset(known)
    listed = tuple(known)

    def check(value: str) -> str:
        if value in allowed or (own and value.startswith("x-") and len(value) > 2):
            return value
        raise ValueError(words.expected(value, listed, what))

    return AfterValidator(check)


def listed(what: str, known: Iterable[str], *, own: bool = False) -> Any:
    """A word of a closed list that stands in the JSON Schema; `own` lets `x-...` through."""
    schema: dict[str, Any] = {"enum": list(known)}
    if own:
        schema = {"anyOf": [schema, {"type": "string", "pattern": "^x-."}]}
    return Annotated[str, word(what, known, own=own), WithJsonSchema(schema)]


def _whole(value: object) -> object:
    """`true` and `1.0` equal 1, and are no version."""
    if type(value) is not int:
        raise ValueError(f"expected 1, not {value!r}")
    return value


Version = Annotated[Literal[1], BeforeValidator(_whole)]
"""Of a file that people write."""


def _check_zone(value: str) -> str:
    zone(value)
    return value


if TYPE_CHECKING:
    Channel: TypeAlias = str
    MaybeChannel: TypeAlias = str | None
    Purpose: TypeAlias = str
    MaybePurpose: TypeAlias = str | None
    ZoneName: TypeAlias = str | None
else:
    Channel = Annotated[str, word("channel", words.CHANNELS)]
    MaybeChannel = Channel
    Purpose = Annotated[str, word("purpose", words.PURPOSES, own=True)]
    MaybePurpose = Purpose
    ZoneName = Annotated[str, AfterValidator(_check_zone)]


class Model(BaseModel):
    """The base of all event models."""

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,
        extra="forbid",
        strict=True,
        populate_by_name=True,
        serialize_by_alias=True,
    )

    if not TYPE_CHECKING:  # pragma: no branch (a checker makes it of the fields)

        def __init__(self, /, **fields: Any) -> None:
            """None is what a field that is not given has: written out in Python, it says no more.
            In data a null is an error, and data do not pass by here."""
            super().__init__(**given(**fields))

        __init__.__pydantic_base_init__ = True  # validates as pydantic's own does

    @model_serializer(mode="wrap")
    def _without_empty(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in dump(self).items() if value not in (None, (), [])}


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}


Path = tuple[str | int, ...]


class Faults(ValueError):
    """Several faults below one value, each as (path, sentence)."""

    def __init__(self, faults: list[tuple[Path, str]]) -> None:
        super().__init__("; ".join(sentence for _, sentence in faults))
        self.faults = faults


def complaints(
    error: ValidationError, model: type[BaseModel], *, tagged: bool = False
) -> list[tuple[Path, str]]:
    """Each fault of a validation error as (path, sentence); unknown keys with the nearest one.

    `tagged` says that the error is one of the union of all events, whose paths begin with its tag.
    """
    found: list[tuple[Path, str]] = []
    # A misspelt key is the cause of a missing one, so it is told first.
    faults = sorted(
        error.errors(include_url=False), key=lambda fault: fault["type"] != "extra_forbidden"
    )
    for fault in faults:
        path = fault["loc"][1:] if tagged else fault["loc"]
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        at = f"{key}: " if key else ""
        kind = fault["type"]
        value = fault["input"]
        context = fault.get("ctx", {})
        if kind == "extra_forbidden":
            known = _keys(model, path[:-1])
            near = words.nearest(key, known)
            hint = f"did you mean {near!r}?" if near else f"expected one of: {', '.join(known)}"
            found.append((path, f"unknown key {words.short(key)}; {hint}"))
        elif kind == "missing":
            found.append((path, f"{key!r} is missing"))
        elif value is None:
            found.append((path, f"{at}null is not a value; leave the key out"))
        elif kind == "value_error" and isinstance(inner := context["error"], Faults):
            found += [((*path, *more), sentence) for more, sentence in inner.faults]
        elif kind == "value_error":
            found.append((path, f"{at}{context['error']}"))
        elif kind == "too_short":
            # Of a list whose parts are at fault nothing is left: that is no fault of its own.
            loc = fault["loc"]
            if not any(other["loc"][: len(loc)] == loc != other["loc"] for other in faults):
                found.append((path, f"{at}expected a list of at least {context['min_length']}"))
        elif kind == "string_pattern_mismatch" and context["pattern"] in _EXPECTED:
            expected = _EXPECTED[context["pattern"]]
            found.append((path, f"{at}expected {expected}, not {words.short(value)}"))
        elif kind in _SHAPES:
            found.append((path, f"{at}expected {_SHAPES[kind]}, not {words.short(value)}"))
        else:
            text = fault["msg"]
            found.append((path, f"{at}{text[:1].lower()}{text[1:]}, not {words.short(value)}"))
    return found


def _keys(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys that may stand at `path` in `model`."""
    for part in path:
        if isinstance(part, int):
            continue
        by_key = {field.alias or name: field for name, field in model.model_fields.items()}
        inner = [arg for arg in _arguments(by_key[part].annotation) if _is_model(arg)]
        model = inner[0]
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _arguments(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _arguments(argument)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
