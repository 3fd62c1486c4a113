"""A policy: the rules and numbers somebody chose, read from YAML, JSON or Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SerializerFunctionWrapHandler,
    ValidationError,
    WithJsonSchema,
    WrapValidator,
    model_serializer,
)

from cadence_guard import words
from cadence_guard._model import Faults, Version, complaints
from cadence_guard._model import Path as Keys
from cadence_guard.errors import PolicyError
from cadence_guard.instants import Duration
from cadence_guard.rules import RULES
from cadence_guard.rules._rule import Channels, Elapsed, Exemption, Params, Purposes, Rule
from cadence_guard.rules.already_answered import SignalKinds

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from cadence_guard._yaml12 import Document

DEFAULT_FILE: Final = "cadence-guard.yaml"
LARGEST: Final = 4_000_000
"""Bytes of the largest policy file that is read."""


class Setting(NamedTuple):
    """What a policy says about one rule: its entries, `off`, or another effect for the packs'."""

    entries: tuple[Params, ...] = ()
    off: bool = False
    effect: str | None = None


def rule_class(name: str) -> type[Rule]:
    """The rule of that name: a built-in one, an entry point, or `package.module:Class`.

    Raises ValueError with the nearest name.
    """
    if name in RULES:
        return RULES[name]
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            found = getattr(import_module(module), attribute)
        except Exception as error:  # a module of somebody else's may raise anything
            raise ValueError(f"rule {name!r} cannot be imported: {error}") from error
    else:
        from importlib.metadata import entry_points

        points = entry_points(group="cadence_guard.rules", name=name)
        if not points:
            meant = next((rule.name for rule in RULES.values() if rule.code == name), None)
            if "." in name:
                meant = ":".join(name.rsplit(".", 1))
            raise ValueError(words.expected(name, RULES, "rule", meant))
        try:
            found = next(iter(points)).load()
        except Exception as error:
            raise ValueError(f"rule {name!r} cannot be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Rule) and not isabstract(found)):
        raise ValueError(
            f"rule {name!r} is no subclass of cadence_guard.rules.Rule with next_open and objection"
        )
    code = getattr(found, "code", "")
    if not code or code in {rule.code for rule in RULES.values()}:
        raise ValueError(f"rule {name!r} has the code {code!r}; give it one of its own")
    return found


def _parse_rules(value: Any) -> dict[str, Setting]:
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a mapping of rule names, not {type(value).__name__}")
    settings: dict[str, Setting] = {}
    faults: list[tuple[Keys, str]] = []
    for name, said in value.items():
        try:
            settings[str(name)] = _parse_setting(rule_class(str(name)), said)
        except Faults as error:
            faults += [((name, *path), f"{name}: {text}") for path, text in error.faults]
        except ValueError as error:
            faults.append(((name,), str(error)))
    if faults:
        raise Faults(faults)
    return settings


def _parse_setting(rule: type[Rule], said: Any) -> Setting:
    if isinstance(said, Setting):
        return said
    if rule.always_on:
        if said in ({}, [], [{}]):
            return Setting()
        raise ValueError(
            f"{rule.name}: is always on and takes no parameters; it cannot be loosened"
        )
    if said == "off":
        return Setting(off=True)
    if (
        isinstance(said, Mapping)
        and set(said) == {"effect"}
        and said["effect"] in ("block", "warn")
    ):
        return Setting(effect=said["effect"])
    if not isinstance(said, Mapping) and not (isinstance(said, (list, tuple)) and said):
        raise ValueError(f"{rule.name}: expected a mapping, a list of mappings, or off")
    faults: list[tuple[Keys, str]] = []
    entries: list[Params] = []
    for place, entry in enumerate([said] if isinstance(said, Mapping) else said):
        where: Keys = () if isinstance(said, Mapping) else (place,)
        try:
            entries.append(rule.Params.model_validate(entry, by_alias=True, by_name=False))
        except ValidationError as error:
            faults += [((*where, *path), text) for path, text in complaints(error, rule.Params)]
    if faults:
        raise Faults(faults)
    return Setting(tuple(entries))


def _dump_rules(settings: dict[str, Setting]) -> dict[str, Any]:
    return {name: _dump_setting(setting) for name, setting in settings.items()}


def _dump_setting(setting: Setting) -> Any:
    if setting.off:
        return "off"
    if setting.effect:
        return {"effect": setting.effect}
    return [
        entry.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
        for entry in setting.entries
    ]


class _Written(BaseModel):
    """What is not said is not written: a null would be refused when it is read back."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid", strict=True)

    @model_serializer(mode="wrap")
    def _without_nulls(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in dump(self).items() if value is not None}


def _exemptible(name: str) -> str:
    """The name of a rule that something may be exempt from."""
    if rule_class(name).always_on:
        raise ValueError(f"nothing exempts from {name!r}")
    return name


class ExemptEntry(_Written):
    """Touches that named rules leave alone, by purposes, channels or both, and why."""

    model_config = ConfigDict(serialize_by_alias=True)

    purposes: Purposes = None
    channels: Channels = None
    from_: Annotated[
        tuple[Annotated[str, AfterValidator(_exemptible)], ...],
        Field(alias="from", strict=False, min_length=1),
    ]
    because: Annotated[str, Field(min_length=1)]

    def model_post_init(self, context: Any, /) -> None:
        """Refuses an exemption of every touch."""
        if self.purposes is None and self.channels is None:
            raise ValueError("expected 'purposes', 'channels' or both")

    @property
    def touches(self) -> Exemption:
        """The touches that are exempt."""
        purposes = None if self.purposes is None else frozenset(self.purposes)
        channels = None if self.channels is None else frozenset(self.channels)
        return Exemption(purposes, channels)


class AnswerTerms(BaseModel):
    """When a person's touch is an answer: the signals, and how old one may be."""

    model_config = ConfigDict(
        frozen=True, defer_build=True, extra="forbid", strict=True, arbitrary_types_allowed=True
    )

    signals: SignalKinds = ("replied", "invited", "meeting_booked")
    within: Elapsed = Duration.parse("7d")


def _parse_answers(value: Any, parse: Callable[[Any], Any]) -> Any:
    if value == "off" or isinstance(value, AnswerTerms):
        return parse(value)
    if not isinstance(value, Mapping):
        raise ValueError("expected signals and within, such as {within: 7d}, or off")
    try:
        return AnswerTerms.model_validate(value)
    except ValidationError as error:
        raise Faults(complaints(error, AnswerTerms)) from None


def _listed(packs: tuple[str, ...]) -> list[str]:
    return list(packs)  # pydantic asks for the signature, which is slow to read off a built-in


def _parse_packs(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("expected a list of packs, such as [humane]")
    for place, name in enumerate(value):
        if name not in pack_names():
            raise Faults([((place,), words.expected(name, pack_names(), "pack"))])
        if name in value[:place]:
            raise Faults([((place,), f"pack {name!r} is named twice")])
    return tuple(value)


class _Stated(_Written):
    """What a policy and a pack have in common."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    rules: Annotated[
        dict[str, Setting],
        PlainValidator(_parse_rules),
        PlainSerializer(_dump_rules),
        WithJsonSchema({"type": "object"}),
    ] = Field(default_factory=dict)
    exempt: Annotated[tuple[ExemptEntry, ...], Field(strict=False)] = ()
    answers: Annotated[AnswerTerms | Literal["off"] | None, WrapValidator(_parse_answers)] = None
    horizon: Elapsed | None = None


class Pack(_Stated):
    """A published policy."""

    title: str
    about: str
    as_of: str


class Policy(_Stated):
    """The rules and numbers somebody chose.

    `packs` are the stances it stands on; what `rules` says about a rule replaces what they say
    about it. Raises PolicyError for everything that is not understood, `null` included.
    """

    version: Version = 1
    packs: Annotated[
        tuple[str, ...],
        PlainValidator(_parse_packs),
        PlainSerializer(_listed, when_used="json"),
        WithJsonSchema({"type": "array", "items": {"type": "string"}}),
    ] = ()
    jurisdictions: Literal["auto"] = "auto"

    def __init__(self, /, **data: Any) -> None:
        try:
            faults = _nulls(data, ())
            if not faults:
                super().__init__(**data)
                faults = [*self._without_numbers()]
        except ValidationError as error:
            faults = complaints(error, Policy)
        except RecursionError:
            raise PolicyError("nested too deeply for a policy") from None
        if faults:
            raise _wrong(faults)

    def _without_numbers(self) -> Iterator[tuple[Keys, str]]:
        """The rules of which only the effect is said, and nobody says the numbers they need."""
        for name, setting in self.rules.items():
            if setting.effect is None or any(
                load_pack(pack).rules.get(name, Setting()).entries for pack in self.packs
            ):
                continue
            try:
                rule_class(name).Params.model_validate({"effect": setting.effect})
            except ValidationError:
                yield ("rules", name), f"{name}: no pack states it, so it needs its parameters"

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Policy:
        """A policy out of plain data. Raises PolicyError."""
        if isinstance(obj, Policy):
            return obj
        if obj is None:
            raise PolicyError("it says nothing; expected a policy, such as 'packs: [humane]'")
        if not isinstance(obj, Mapping):
            way = "; Policy.load(path) reads a file" if isinstance(obj, (str, Path)) else ""
            raise PolicyError(f"a policy is a mapping, not {type(obj).__name__}{way}")
        return cls(**{str(key): value for key, value in obj.items()})

    @classmethod
    def load(cls, path: str | Path) -> Policy:
        """The policy in a YAML 1.2 or JSON file, which must carry `version`.

        Raises PolicyError with file, line, column, what was expected and the nearest name.
        """
        return cls.parse(_read(Path(path)), str(path))

    @classmethod
    def parse(cls, text: str | bytes, where: str = "policy") -> Policy:
        """The policy in a text of YAML 1.2 or JSON; `where` begins the text of an error."""
        document = _document(text, where)
        if isinstance(document.data, dict) and "version" not in document.data:
            raise PolicyError(f"{where}:1:1: 'version' is missing; write version: 1")
        return _located(lambda: cls.model_validate(document.data), document, where)


def _wrong(faults: list[tuple[Keys, str]]) -> PolicyError:
    """A policy error that still knows its paths."""
    return PolicyError("; ".join(sentence for _, sentence in faults), faults)


_INSTEAD: Final = {
    "version": "write version: 1",
    "packs": "write a list, such as [humane], or leave it out",
    "rules": "write rules, such as {too-soon: {gap: 20h}}, or leave it out",
    "exempt": "write a list of exemptions, or leave it out",
    "answers": "write such as {within: 7d}, or off",
    "horizon": "write a duration, such as 90d, or leave it out",
}
"""What to write for a null under a key of a policy."""


def _instead(path: Keys) -> str:
    if len(path) == 1:
        return _INSTEAD.get(str(path[0]), "leave it out")
    if len(path) == 2 and path[0] == "rules":
        return "write its parameters ({} for none), or off"
    return "write one, or leave it out"


def _nulls(value: Any, path: Keys) -> list[tuple[Keys, str]]:
    """Where a policy says null, which could mean never, no rule, or a forgotten number."""
    if value is None:
        key = next(part for part in reversed(path) if isinstance(part, str))
        return [(path, f"{key}: null is not a value; {_instead(path)}")]
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [fault for key, inner in items for fault in _nulls(inner, (*path, key))]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:  # which may have no end
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: no file can have that name
        problem = getattr(error, "strerror", None) or error
        if str(path) in pack_names():
            problem = f"{problem}; a pack is named in a policy file: packs: [{path}]"
        raise PolicyError(f"{path}: cannot be read: {problem}") from error
    if len(content) > LARGEST:
        raise PolicyError(f"{path}: larger than {LARGEST:,} bytes")
    return content


def _document(text: str | bytes, where: str) -> Document:
    from cadence_guard._yaml12 import YamlError, load  # for those whose policy is in a file

    try:
        return load(text)
    except YamlError as error:
        raise PolicyError(f"{where}:{error.line}:{error.column}: {error.problem}") from error


def _located(make: Callable[[], Policy], document: Document, where: str) -> Policy:
    try:
        return make()
    except PolicyError as error:
        faults = error.faults or [((), str(error))]
    lines = []
    for path, sentence in faults:
        mark = document.locate(path, key="unknown" in sentence)
        lines.append(f"{where}:{mark.line}:{mark.column}: {sentence}")
    raise PolicyError("\n".join(lines))


def _packs() -> Traversable:
    from importlib import resources

    return resources.files("cadence_guard.packs")


@cache
def pack_names() -> tuple[str, ...]:
    """The packs that are shipped."""
    names = (file.name for file in _packs().iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".yaml")))


@cache
def load_pack(name: str) -> Pack:
    """A shipped pack. PolicyError with the nearest name if there is none."""
    if name not in pack_names():
        raise PolicyError(words.expected(name, pack_names(), "pack"))
    text = _packs().joinpath(f"{name}.yaml").read_bytes()
    return Pack.model_validate(_document(text, f"pack {name}").data)


def has_default() -> bool:
    """Whether ./cadence-guard.yaml is there: also as a link that leads nowhere, which is an error
    when it is read, and no reason to judge by another policy."""
    return Path(DEFAULT_FILE).is_file() or Path(DEFAULT_FILE).is_symlink()


def find_policy(path: str | Path | None = None) -> tuple[Policy, str]:
    """The policy to use and where it came from: `path`, ./cadence-guard.yaml, else `humane`."""
    if path is not None:
        return Policy.load(path), str(path)
    if has_default():
        return Policy.load(DEFAULT_FILE), DEFAULT_FILE
    return Policy(packs=["humane"]), "pack humane"
