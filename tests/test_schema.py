"""The JSON Schema of the policy file, read by a reader of the few words that it uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from cadence_guard._yaml12 import load
from cadence_guard.policy import Policy, pack_names
from cadence_guard.rules import RULES
from cadence_guard.schema import policy_schema

SCHEMA = policy_schema()
NOTES = {"$schema", "$defs", "title", "description", "default", "format"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "null": type(None),
}


def schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and every one inside."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key, value in schema.items():
        if key in ("properties", "patternProperties", "$defs"):
            for inner in value.values():
                yield from schemas(inner)
        elif key == "anyOf":
            for inner in value:
                yield from schemas(inner)
        elif key in ("items", "additionalProperties"):
            yield from schemas(value)


def target(ref: str) -> dict[str, Any]:
    """What a reference within the schema refers to."""
    assert ref.startswith("#/$defs/")
    found: dict[str, Any] = SCHEMA["$defs"][ref.removeprefix("#/$defs/")]
    return found


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is valid: the words of draft 2020-12 that occur, and no other."""
    for word, said in schema.items():
        match word:
            case "$ref":
                good = fits(value, target(said))
            case "type":
                good = isinstance(value, TYPES[said]) and (
                    said == "boolean" or not isinstance(value, bool)
                )
            case "const":
                good = value == said
            case "enum":
                good = value in said
            case "anyOf" | "oneOf":
                good = any(fits(value, choice) for choice in said)
            case "pattern":
                good = not isinstance(value, str) or re.search(said, value) is not None
            case "minLength":
                good = not isinstance(value, str) or len(value) >= said
            case "minimum":
                good = not isinstance(value, int) or value >= said
            case "exclusiveMinimum":
                good = not isinstance(value, int) or value > said
            case "maximum":
                good = not isinstance(value, int) or value <= said
            case "minItems":
                good = not isinstance(value, list) or len(value) >= said
            case "items":
                good = not isinstance(value, list) or all(fits(item, said) for item in value)
            case "minProperties":
                good = not isinstance(value, dict) or len(value) >= said
            case "maxProperties":
                good = not isinstance(value, dict) or len(value) <= said
            case "required":
                good = not isinstance(value, dict) or set(said) <= set(value)
            case "properties":
                good = not isinstance(value, dict) or all(
                    fits(value[key], inner) for key, inner in said.items() if key in value
                )
            case "patternProperties":
                good = not isinstance(value, dict) or all(
                    fits(inner, part)
                    for pattern, part in said.items()
                    for key, inner in value.items()
                    if re.search(pattern, key)
                )
            case "additionalProperties":
                named = schema.get("properties", {})
                patterns = schema.get("patternProperties", {})
                good = not isinstance(value, dict) or all(
                    key in named
                    or any(re.search(pattern, key) for pattern in patterns)
                    or (said is not False and (said is True or fits(value[key], said)))
                    for key in value
                )
            case _:
                assert word in NOTES, f"the schema uses {word!r}, which is not read here"
                good = True
        if not good:
            return False
    return True


def test_the_schema_is_a_schema() -> None:
    """Draft 2020-12: known words of the right shape, and every reference leads somewhere."""
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    count = 0
    for schema in schemas(SCHEMA):
        count += 1
        assert schema.get("type", "object") in TYPES
        assert "$ref" not in schema or target(schema["$ref"])
        assert set(schema.get("required", ())) <= set(schema.get("properties", schema))
        assert isinstance(schema.get("enum", []), list)
        assert schema.get("anyOf") != []
        re.compile(schema.get("pattern", ""))
    assert count > 150
    used = {schema["$ref"] for schema in schemas(SCHEMA) if "$ref" in schema}
    assert used == {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


def test_every_default_fits() -> None:
    """A default is what a file could say instead: no null, and a duration as text."""
    for schema in schemas(SCHEMA):
        if "default" in schema:
            assert fits(schema["default"], schema), schema


def test_every_rule_is_listed_with_its_parameters() -> None:
    """By its name, with its code; those that are always on take nothing."""
    listed = SCHEMA["$defs"]["Rules"]["properties"]
    assert list(listed) == list(RULES)
    for name, rule in RULES.items():
        assert listed[name]["description"].startswith(rule.code)
        if rule.always_on:
            assert listed[name]["const"] == {}
            continue
        keys = {field.alias or key for key, field in rule.Params.model_fields.items()}
        params = target(f"#/$defs/{rule.__name__}")
        assert set(params["properties"]) == keys
        assert params["additionalProperties"] is False


def test_every_key_of_a_policy_is_listed() -> None:
    """The keys of a file are those of the model; only `version` is asked for."""
    assert set(SCHEMA["properties"]) == set(Policy.model_fields)
    assert SCHEMA["required"] == ["version"]
    assert SCHEMA["additionalProperties"] is False
    assert SCHEMA["properties"]["packs"]["items"] == {"enum": list(pack_names())}


def test_the_shipped_schema_is_the_generated_one() -> None:
    """`make generate` was run."""
    shipped = resources.files("cadence_guard").joinpath("policy.schema.json").read_text("utf-8")
    assert shipped == json.dumps(SCHEMA, indent=2) + "\n"


@pytest.mark.parametrize("name", pack_names())
def test_what_a_pack_states_fits(name: str) -> None:
    """A pack's rules, answers and exemptions could stand in a policy file."""
    text = resources.files("cadence_guard.packs").joinpath(f"{name}.yaml").read_bytes()
    pack: Any = load(text).data
    file = {key: pack[key] for key in ("rules", "answers", "exempt") if key in pack}
    assert fits({"version": 1, **file}, SCHEMA)
    for rule, said in pack["rules"].items():
        assert fits({rule: said}, target("#/$defs/Rules")), rule


GOOD: list[dict[str, Any]] = [
    {},
    {"packs": ["humane", "minimal"], "jurisdictions": "auto", "horizon": "30d"},
    {"answers": "off"},
    {"answers": {"signals": ["replied", "x-waved"], "within": "3d"}},
    {"rules": {}},
    {"rules": {"over-cap": {"max": 0, "per": "7d"}}},
    {"rules": {"over-cap": [{"max": 3, "calendar": "week", "scope": "account"}]}},
    {"packs": ["humane"], "rules": {"over-cap": {"effect": "warn"}, "too-soon": "off"}},
    {"rules": {"after-refusal": {"declined": "P6M", "effect": "warn"}}},
    {"rules": {"unanswered-streak": {"steps": [{"after": 3, "gap": "never"}]}}},
    {"rules": {"missing-consent": {"accept": ["consent", {"invited": "P1Y"}]}}},
    {"rules": {"outside-hours": {"windows": [{"days": ["mon"], "from": "09:00", "to": "24:00"}]}}},
    {"rules": {"blackout": {"dates": ["2026-12-24", {"from": "2026-12-24", "to": "2027-01-01"}]}}},
    {"rules": {"opted-out": {}, "paused": {}}},
    {"exempt": [{"purposes": ["survey"], "channels": ["ad"], "from": ["paused"], "because": "x"}]},
]

WRONG: list[dict[str, Any]] = [
    {"version": 2},
    {"version": "1"},
    {"horizon": None},
    {"answers": None},
    {"rules": {"over-cap": {"max": 1, "per": "7d", "calendar": None}}},
    {"pack": []},
    {"packs": ["humne"]},
    {"packs": "humane"},
    {"horizon": "0d"},
    {"horizon": "P1M"},
    {"answers": "on"},
    {"answers": {"within": 7}},
    {"rules": []},
    {"rules": {"ovr-cap": {}}},
    {"rules": {"over-cap": []}},
    {"rules": {"over-cap": {"max": -1, "per": "7d"}}},
    {"rules": {"over-cap": {"max": 1.5, "per": "7d"}}},
    {"rules": {"over-cap": {"max": 1, "par": "7d"}}},
    {"rules": {"over-cap": {"effect": "warning"}}},
    {"rules": {"too-soon": {"gap": "20"}}},
    {"rules": {"opted-out": "off"}},
    {"rules": {"opted-out": {"effect": "warn"}}},
    {"exempt": [{"purposes": [], "from": ["paused"], "because": "x"}]},
    {"exempt": [{"purposes": ["survey"], "from": ["paused"]}]},
    {"exempt": [{"purposes": ["sail"], "from": ["paused"], "because": "x"}]},
    {"exempt": [{"channels": ["x-fax"], "from": ["paused"], "because": "x"}]},
    {"exempt": [{"purposes": ["survey"], "from": ["opted-out"], "because": "x"}]},
    {"answers": {"signals": ["repplied"], "within": "3d"}},
    {"rules": {"over-cap": {"max": 1, "per": "7d", "channels": ["emial"]}}},
    {"rules": {"missing-consent": {"accept": ["consnt"]}}},
    {"rules": {"missing-consent": {"accept": [{"consent": "90d"}]}}},
    {"rules": {"already-answered": {"signals": ["answerd"]}}},
    {"rules": {"outside-hours": {"windows": [{"days": ["mo"], "from": "09:00", "to": "24:00"}]}}},
]


@pytest.mark.parametrize("policy", GOOD, ids=json.dumps)
def test_a_good_policy_fits(policy: dict[str, Any]) -> None:
    """What the parser reads, the schema lets pass."""
    assert Policy.model_validate({"version": 1, **policy})
    assert fits({"version": 1, **policy}, SCHEMA)


@pytest.mark.parametrize("policy", WRONG, ids=json.dumps)
def test_a_wrong_policy_does_not_fit(policy: dict[str, Any]) -> None:
    """An editor marks it, and the parser refuses it."""
    with pytest.raises(ValueError):
        Policy.model_validate({"version": 1, **policy})
    assert not fits({"version": 1, **policy}, SCHEMA)


def test_a_file_without_version_does_not_fit() -> None:
    """It is required in a file only; a rule of one's own is not looked into."""
    assert not fits({}, SCHEMA)
    assert fits({"version": 1, "rules": {"ourrules:Ours": {"whatever": 1}}}, SCHEMA)
