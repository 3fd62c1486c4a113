"""The JSON Schema of the policy file, for editors."""

from __future__ import annotations

from typing import Any

from cadence_guard.policy import Policy, pack_names
from cadence_guard.rules import RULES


def policy_schema() -> dict[str, Any]:
    """The schema of a policy file, rules and their parameters included."""
    schema = Policy.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    schema["properties"]["packs"]["items"] = {"enum": list(pack_names())}
    schema["properties"]["rules"] = {"$ref": "#/$defs/Rules"}
    settings: dict[str, Any] = {}
    for name, rule in RULES.items():
        if rule.always_on:
            settings[name] = {"const": {}, "description": f"{rule.code}: always on"}
            continue
        params = rule.Params.model_json_schema(by_alias=True)
        definitions.update(params.pop("$defs", {}))
        definitions[rule.__name__] = params
        entry = {"$ref": f"#/$defs/{rule.__name__}"}
        effect = {
            "type": "object",
            "properties": {"effect": {"enum": ["block", "warn"]}},
            "required": ["effect"],
            "additionalProperties": False,
        }
        settings[name] = {
            "description": rule.code,
            "anyOf": [
                entry,
                {"type": "array", "items": entry, "minItems": 1},
                effect,
                {"const": "off"},
            ],
        }
    always = "|".join(name for name, rule in RULES.items() if rule.always_on)
    definitions["ExemptEntry"]["properties"]["from"]["items"]["pattern"] = f"^(?!({always})$)"
    definitions["Rules"] = {
        "type": "object",
        "properties": settings,
        "patternProperties": {":": {}},
        "additionalProperties": False,
    }
    schema["required"] = ["version"]
    schema["title"] = "cadence-guard policy"
    written = as_written(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **written}


def as_written(part: Any) -> Any:
    """What a file may say: no null, durations as text, and no default in the shape Python has."""
    if isinstance(part, list):
        return [as_written(inner) for inner in part if inner != {"type": "null"}]
    if not isinstance(part, dict):
        return part
    part = {key: as_written(inner) for key, inner in part.items()}
    if "default" in part and "properties" not in part:
        default = part.pop("default")
        if isinstance(default, dict):
            default = default.get("text")
        if isinstance(default, (str, int)) or (
            isinstance(default, list) and all(isinstance(item, str) for item in default)
        ):
            part["default"] = default
    if len(part.get("anyOf", ())) == 1:
        part |= part.pop("anyOf")[0]
    return part
