"""The answer: a verdict, until when, and every reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol, TypeAlias

from cadence_guard.instants import to_datetime, to_text

SCHEMA_VERSION: Final = 1
"""Of the JSON that `Decision.to_json` writes; keys may be added within a version."""


_UNITS: Final = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
_UNLOCKED: Final[AbstractContextManager[Any]] = nullcontext()


class Verdict(StrEnum):
    """`allow` now, `defer` until a later time, `deny`."""

    ALLOW = "allow"
    DEFER = "defer"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Finding:
    """One objection of one policy entry.

    `when` is the first instant at which it was met on the way to a common free time, None for the
    touch's own. `until` is when this entry alone would let go, None if never. `facts` is what it
    counted or compared; what JSON cannot say is told as text there. `pack`, `citation` and `source`
    say where the entry comes from.
    """

    code: str
    name: str
    effect: str
    message: str
    when: datetime | None = None
    until: datetime | None = None
    pack: str | None = None
    citation: str | None = None
    source: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON data; instants as text."""
        return {
            "code": self.code,
            "name": self.name,
            "effect": self.effect,
            "message": self.message,
            "when": _text(self.when),
            "until": _text(self.until),
            "pack": self.pack,
            "citation": self.citation,
            "source": self.source,
            "facts": {str(_said(key)): _plain(value) for key, value in self.facts.items()},
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part [start, end) of a permission calendar; `codes` are those that object in it."""

    start: datetime
    end: datetime
    free: bool
    codes: tuple[str, ...] = ()


Codes: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""The codes that block, and those that only warn; each once, sorted."""
_NO_CODES: Final[Codes] = ((), ())


class Told(Protocol):
    """Where a decision's reasons come from."""

    def codes(self) -> Codes:
        """The codes of the findings."""
        ...

    def reasons(self) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        """The findings, and the facts that could change the answer."""
        ...


class Decision:
    """What the guard says of one touch. True if the touch is allowed now.

    `until`, `open_until`, `findings` and `needs` are made when they are first read.
    """

    __slots__ = (
        "__weakref__",
        "_findings",
        "_lock",
        "_needs",
        "_open_until",
        "_told",
        "_until",
        "at",
        "contact",
        "failures",
        "horizon",
        "touch",
        "verdict",
    )

    def __init__(
        self,
        *,
        verdict: Verdict,
        at: datetime,
        touch: str | None,
        contact: str,
        until: datetime | int | None = None,
        open_until: datetime | int | None = None,
        findings: tuple[Finding, ...] = (),
        needs: tuple[str, ...] = (),
        told: Told | None = None,
        failures: tuple[str, ...] = (),
        horizon: str = "90d",
    ) -> None:
        self.verdict = verdict
        self.at = at
        self.touch = touch
        self.contact = contact
        self._until = until  # as an int in microseconds since the epoch, until somebody asks
        self._open_until = open_until
        self.horizon = horizon
        self._findings = findings
        self._needs = needs
        self._told = told
        self._lock: AbstractContextManager[Any] = _UNLOCKED
        self.failures = failures
        """What the rules that failed raised, for a log."""

    def guarded_by(self, lock: AbstractContextManager[Any]) -> bool:
        """Makes reading findings wait for `lock`; whether they are still to be made."""
        self._lock = lock
        return self._told is not None

    def settle(self) -> Decision:
        """Makes findings and needs now, before the history they speak of moves on."""
        if self._told is not None:
            with self._lock:
                if (told := self._told) is not None:
                    self._findings, self._needs = told.reasons()
                    self._told = None
        return self

    @property
    def until(self) -> datetime | None:
        """The earliest common free time of a defer, else None."""
        if isinstance(self._until, int):
            self._until = to_datetime(self._until)
        return self._until

    @property
    def open_until(self) -> datetime | None:
        """When the allow (or the time found) runs out, None if it does not."""
        if isinstance(self._open_until, int):
            self._open_until = to_datetime(self._open_until)
        return self._open_until

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that block, each once, sorted; without the trouble of their texts."""
        return self.all_codes()[0]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The codes that only warn, likewise."""
        return self.all_codes()[1]

    def all_codes(self) -> Codes:
        """`codes` and `warnings` in one go."""
        if self._told is not None and self._lock is _UNLOCKED:
            return self._told.codes()
        with self._lock:
            if self._told is not None:
                return self._told.codes()
        if not self._findings:
            return _NO_CODES  # mostly
        block, warn = (
            tuple(sorted({one.code for one in self._findings if one.effect == effect}))
            for effect in ("block", "warn")
        )
        return block, warn

    def __reduce__(self) -> tuple[Callable[[str], Decision], tuple[str]]:
        return Decision.from_json, (self.to_json(),)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every reason, by code, then `when`, then place in the policy."""
        return self.settle()._findings

    @property
    def needs(self) -> tuple[str, ...]:
        """The facts that could change the answer."""
        return self.settle()._needs

    @property
    def allowed(self) -> bool:
        """Whether the touch may be made now."""
        return self.verdict is Verdict.ALLOW

    def __bool__(self) -> bool:
        return self.verdict is Verdict.ALLOW

    def as_dict(self) -> dict[str, Any]:
        """The decision as JSON data; instants as text, None where there is none."""
        return {
            "version": SCHEMA_VERSION,
            "touch": self.touch,
            "contact": self.contact,
            "at": to_text(self.at),
            "verdict": self.verdict.value,
            "until": _text(self.until),
            "open_until": _text(self.open_until),
            "findings": [finding.as_dict() for finding in self.findings],
            "needs": list(self.needs),
            "horizon": self.horizon,
        }

    def to_json(self) -> str:
        """One line of JSON; `from_json` reads it back to an equal decision."""
        return json.dumps(self.as_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Decision:
        """The decision that `to_json` wrote. ValueError for all else."""
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError(f"expected a decision as a JSON object, not {type(data).__name__}")
        if data.get("version") != SCHEMA_VERSION:
            raise ValueError(
                f"decision of schema version {data.get('version')!r}; expected {SCHEMA_VERSION}"
            )
        try:
            return cls(
                verdict=Verdict(data["verdict"]),
                at=datetime.fromisoformat(data["at"]),
                touch=data["touch"],
                contact=data["contact"],
                until=_moment(data["until"]),
                open_until=_moment(data["open_until"]),
                findings=tuple(
                    Finding(
                        **{
                            **finding,
                            "when": _moment(finding["when"]),
                            "until": _moment(finding["until"]),
                        }
                    )
                    for finding in data["findings"]
                ),
                needs=tuple(data["needs"]),
                horizon=data["horizon"],
            )
        except KeyError as error:
            raise ValueError(f"no decision that to_json wrote: {error} is missing") from None
        except TypeError as error:
            raise ValueError(f"no decision that to_json wrote: {error}") from None

    def explain(self) -> str:
        """The decision for a person: the verdict, then a line a reason. Names no contact point."""
        lines = [self._headline()]
        for finding in self.findings:
            line = f"  {finding.code} {finding.name}{_mark(finding)}: {finding.message}"
            if self.verdict is Verdict.DENY and finding.until is not None:
                line += f" (until {to_text(finding.until)})"
            lines.append(line)
        if self.needs:
            lines.append(f"  could change the answer: {', '.join(self.needs)}")
        return "\n".join(lines)

    def _headline(self) -> str:
        if self.verdict is Verdict.ALLOW:
            end = f", until {to_text(self.open_until)}" if self.open_until else ""
            return f"allow{end}: no loaded rule blocks this"
        if self.verdict is Verdict.DEFER:
            assert self.until is not None
            return f"defer until {to_text(self.until)}"
        if all(f.until for f in self.findings if f.effect == "block"):
            return f"deny: no common free time within {_spoken(self.horizon)}"
        return "deny"

    def __repr__(self) -> str:
        codes = ",".join(sorted({finding.code for finding in self.findings}))
        return f"<Decision {self.verdict.value} {codes or 'no findings'}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.verdict, self.at, self.touch, self.contact, self.until))


def _spoken(duration: str) -> str:
    """A duration in words: `36h` is 36 hours."""
    number, unit = duration[:-1], _UNITS.get(duration[-1:])
    if unit is None:
        return duration
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def _mark(finding: Finding) -> str:
    warn = " (warning)" if finding.effect == "warn" else ""
    when = f" (met at {to_text(finding.when)})" if finding.when else ""
    return f"{warn}{when}"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


def _plain(value: Any) -> Any:
    """A fact as JSON data. What somebody's own rule counted is to cost nobody the verdict."""
    try:
        return json.loads(json.dumps(value, default=_said, allow_nan=False))
    except Exception:  # noqa: BLE001 (a key that is no text, a loop, not a number)
        return _said(value)


def _said(value: Any) -> Any:
    """As text what JSON cannot say; in order, if it has none of its own."""
    try:
        return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)
    except Exception:  # noqa: BLE001 (whatever its `__str__` raises)
        return f"<{type(value).__name__}>"


def _moment(text: str | None) -> datetime | None:
    # Times that rules found may lie beyond 2199; only events are held to it.
    return None if text is None else datetime.fromisoformat(text)
