"""The JSON Schema of a native file, for editors."""

from __future__ import annotations

from typing import Any, Final

from pydantic.json_schema import models_json_schema

from cadence_guard.importers.native.models import ITEMS, FileSaid, GroundSaid, SignalArmSaid
from cadence_guard.importers.native.values import MOST_PEOPLE, Said
from cadence_guard.importers.native.waits import WAIT_KINDS
from cadence_guard.rules.outside_hours import Window
from cadence_guard.schema import as_written

_TIME: Final = "([1-9][0-9]{0,6}[mhdw])"


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a native cadence file, for editors."""
    waits = dict.fromkeys(WAIT_KINDS.values())
    items = dict.fromkeys(ITEMS.values())
    models: list[type[Said]] = [FileSaid, SignalArmSaid, GroundSaid, *waits, *items]
    _, schema = models_json_schema([(model, "validation") for model in models])
    definitions = schema["$defs"]
    signal = definitions["SignalArmSaid"]["properties"]["if"]
    ground = definitions["GroundSaid"]["properties"]["kind"]
    window = _ref("Window")
    definitions |= {
        "elapsed": {"type": "string", "pattern": f"^{_TIME}$"},
        "people": {
            "anyOf": [
                {"type": "boolean"},
                {"type": "integer", "minimum": 2, "maximum": MOST_PEOPLE},
            ]
        },
        "again": {"anyOf": [_ref("elapsed"), {"const": "never"}]},
        "wait": {
            "anyOf": [
                {"type": "string", "pattern": rf"^{_TIME}(\.\.{_TIME})?$"},
                *(_ref(model.__name__) for model in waits),
            ]
        },
        "Window": Window.model_json_schema(),
        "windows": {"anyOf": [window, {"type": "array", "items": window, "minItems": 1}]},
        "steps": {"type": "array", "items": _ref("item"), "minItems": 1},
        "item": {"anyOf": [*(_ref(model.__name__) for model in items), {"const": "end"}]},
        "signals": {
            "anyOf": [
                signal,
                _ref("SignalArmSaid"),
                {
                    "type": "array",
                    "items": {"anyOf": [signal, _ref("SignalArmSaid")]},
                    "minItems": 1,
                },
            ]
        },
        "grounds": {
            "type": "array",
            "items": {"anyOf": [ground, _ref("GroundSaid")]},
        },
        "share": {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})?%$"},
        "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
        "instant": {"type": "string", "format": "date-time"},
        "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"},
        "together": {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}, "minItems": 2},
                {
                    "type": "array",
                    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                    "minItems": 1,
                },
            ]
        },
    }
    file = definitions.pop("FileSaid")
    file["title"] = "cadence-guard cadence"
    file["anyOf"] = [{"required": ["cadence"]}, {"required": ["cadences"]}]
    written: dict[str, Any] = as_written({**file, "$defs": definitions})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_named(written)}


def _named(part: Any) -> Any:
    """The schema with the names that people see, and each place that waits for one filled in."""
    if isinstance(part, list):
        return [_named(inner) for inner in part]
    if isinstance(part, str):
        return part.removesuffix("Said")
    if not isinstance(part, dict):
        return part
    named = {_named(key): _named(inner) for key, inner in part.items()}
    return named | _ref(named.pop("x-def")) if "x-def" in named else named
