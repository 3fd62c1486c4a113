"""A baseline: the findings that are known and accepted, so that only new ones fail.

A fingerprint is made of path, cadence, step, code and effect, not of a line: a file may be edited
above a known finding, and who accepted a warning has accepted no refusal. Findings alike in all of
these are told apart by their order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

from cadence_guard._struct import struct
from cadence_guard.check.report import Finding
from cadence_guard.errors import CadenceError

VERSION: Final = 1
_KEYS: Final = ("path", "cadence", "step", "code")

Place = Callable[[str], str]
"""From the path of a finding to the one that is written down: relative to the repository."""


@struct
class Entry:
    """A known finding."""

    path: str
    cadence: str | None
    step: str | None
    code: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.path}: {self.code}" + "".join(
            f" {part}" for part in (self.cadence, self.step) if part is not None
        )


def entries(findings: Iterable[Finding], place: Place) -> tuple[Entry, ...]:
    """The entry of each finding, in their order."""
    import hashlib

    seen: Counter[tuple[str | None, ...]] = Counter()
    found = []
    for finding in findings:
        key = (place(finding.path), finding.cadence, finding.step, finding.code)
        alike = (*key, finding.effect)
        text = json.dumps([*alike, seen[alike]])
        seen[alike] += 1
        found.append(Entry(*key, hashlib.sha256(text.encode()).hexdigest()[:32]))
    return tuple(found)


@struct
class Sifted:
    """Findings held against a baseline: new ones, known ones, and entries that nobody found."""

    fresh: tuple[Finding, ...]
    known: tuple[Finding, ...]
    stale: tuple[Entry, ...]


def sift(
    findings: Sequence[Finding], baseline: Collection[Entry], checked: Iterable[str], place: Place
) -> Sifted:
    """Holds findings against a baseline. Notes are never in one.

    `checked` are the paths that were read, or are gone; of other files nobody can say that an entry
    is stale.
    """
    prints = {entry.fingerprint for entry in baseline}
    fresh: list[Finding] = []
    known: list[Finding] = []
    met: set[str] = set()
    for finding, entry in zip(findings, entries(findings, place), strict=True):
        met.add(entry.fingerprint)
        accepted = entry.fingerprint in prints and finding.effect != "note"
        (known if accepted else fresh).append(finding)
    paths = {place(path) for path in checked}
    stale = [e for e in baseline if e.fingerprint not in met and e.path in paths]
    return Sifted(tuple(fresh), tuple(known), tuple(stale))


def updated(
    findings: Sequence[Finding], baseline: Iterable[Entry], checked: Iterable[str], place: Place
) -> tuple[Entry, ...]:
    """The baseline that knows these findings, and what the old one says of files not checked."""
    paths = {place(path) for path in checked}
    kept = [entry for entry in baseline if entry.path not in paths]
    found = [
        entry
        for finding, entry in zip(findings, entries(findings, place), strict=True)
        if finding.effect != "note"
    ]
    return tuple(sorted((*kept, *found), key=_order))


def dump(baseline: Iterable[Entry]) -> str:
    """The text of a baseline file: sorted, an entry a line, so that it merges well."""
    lines = [
        "    "
        + json.dumps(
            {key: getattr(entry, key) for key in (*_KEYS, "fingerprint")}, ensure_ascii=False
        )
        for entry in sorted(baseline, key=_order)
    ]
    inner = ",\n".join(lines)
    body = f"[\n{inner}\n  ]" if lines else "[]"
    return f'{{\n  "version": {VERSION},\n  "findings": {body}\n}}\n'


def parse(text: str | bytes, where: str) -> tuple[Entry, ...]:
    """The entries of a baseline file. Raises CadenceError if it is none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CadenceError(f"{where}: no baseline: not JSON: {error}") from None
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise CadenceError(
            f"{where}: no baseline of version {VERSION}; without it, --update-baseline writes one"
        )
    said = data.get("findings")
    if not isinstance(said, list):
        raise CadenceError(f"{where}: 'findings' of a baseline is a list")
    return tuple(_entry(item, f"{where}: findings[{place}]") for place, item in enumerate(said))


def _entry(item: Any, where: str) -> Entry:
    if not isinstance(item, dict):
        raise CadenceError(f"{where}: expected a mapping")
    for key in (*_KEYS, "fingerprint"):
        optional = key in ("cadence", "step")
        if not (isinstance(item.get(key), str) or (optional and item.get(key) is None)):
            raise CadenceError(f"{where}: '{key}' is missing or no text")
    said: dict[str, Any] = {key: item.get(key) for key in (*_KEYS, "fingerprint")}
    return Entry(**said)


def _order(entry: Entry) -> tuple[str, ...]:
    return (entry.path, entry.cadence or "", entry.step or "", entry.code, entry.fingerprint)
