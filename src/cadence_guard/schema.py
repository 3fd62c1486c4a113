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
    definitions["Rules"] = {
        "type": "object",
        "properties": settings,
        "patternProperties": {":": {}},
        "additionalProperties": False,
    }
    schema["required"] = ["version"]
    schema["title"] = "cadence-guard policy"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
