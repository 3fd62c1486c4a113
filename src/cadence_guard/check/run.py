"""A check from files to report: each file is read once, told apart by its content, and judged."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from cadence_guard._struct import struct
from cadence_guard.cadence import Cadence, CadenceFile
from cadence_guard.check.ignores import without_ignored
from cadence_guard.check.names import same_names, unknown_names
from cadence_guard.check.proof import ALWAYS, SOMETIMES, Objected, Proof, prove
from cadence_guard.check.reactions import reactions
from cadence_guard.check.report import FileRead, Finding, Report
from cadence_guard.check.shape import finding_at, shape
from cadence_guard.errors import CadenceError, CadenceGuardError
from cadence_guard.importers import read
from cadence_guard.importers._comments import ignores
from cadence_guard.importers._source import Source
from cadence_guard.instants import to_datetime, to_us, zone
from cadence_guard.policy import Policy
from cadence_guard.rules import Rule
from cadence_guard.rules.outside_hours import OutsideHours
from cadence_guard.ruleset import Ruleset

if TYPE_CHECKING:
    from cadence_guard.check.reentry import Reentered
    from cadence_guard.check.together.listing import Listing
    from cadence_guard.check.together.people import People
    from cadence_guard.check.witness import Witnesses

Reading: TypeAlias = Callable[[Source], CadenceFile]
"""How a file is read; raises CadenceError."""

SUFFIXES: Final = (".cadence.yaml", ".cadence.yml")
"""How the name of a native file in a folder ends."""
POLICY: Final = "policy"
"""The format of a file that is a policy."""
Windows: TypeAlias = Callable[[str, str, datetime, datetime], Iterable[tuple[datetime, datetime]]]
"""From channel, zone, start and end to the stretches in which the channel is open."""
INCOMPLETE: Final = "CG903"
MONTHS: Final = 13
"""How many months of starts are judged."""
EARLIEST: Final = date(1970, 1, 1)
LATEST: Final = date(2197, 12, 1)
"""The first days whose 13 months lie in the years for which instants are known, with a year for the
waits to end in."""


@struct
class Opened:
    """A file that was read: cadences, or the policy it is."""

    source: Source
    content: CadenceFile | Policy


def files_of(paths: Iterable[str], *, allow_empty: bool = False) -> Iterator[str]:
    """The files that paths name, each once: a folder means the cadence files in it, sorted, but for
    folders that begin with a dot. Raises CadenceError for a folder without any, unless that is
    allowed, or in which one cannot be looked into."""
    seen: set[str] = set()
    for path in paths:
        found = [path]
        if os.path.isdir(path):
            found = sorted(_in_folder(path))
            if not found and not allow_empty:
                raise CadenceError(f"{path}: no file *{' or *'.join(SUFFIXES)} in this folder")
        yield from (file for file in found if file not in seen and not seen.add(file))  # type: ignore[func-returns-value]


def _in_folder(folder: str) -> Iterator[str]:
    def closed(error: OSError) -> None:
        raise CadenceError(f"{error.filename}: cannot be read: {error.strerror}") from error

    for here, folders, files in os.walk(folder, onerror=closed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = os.path.normpath(os.path.join(here, name))
            # A link to nowhere is told when it is read; a pipe would be waited for.
            if name.endswith(SUFFIXES) and (os.path.isfile(path) or not os.path.exists(path)):
                yield path


def is_policy(source: Source) -> bool:
    """Whether a file is a policy, told by its content: it has `version` and a key of policies, or
    no key that policies do not have."""
    if not isinstance(source.data, dict):
        return False
    keys = set(source.data)
    own = set(Policy.model_fields) - {"version"}
    return bool(keys & own) and ("version" in keys or keys <= own)


def open_file(source: Source, reading: Reading = read) -> Opened:
    """What a file holds. Raises CadenceError or PolicyError, with the place.

    What the comments of a YAML file ask to ignore is read whatever its format.
    """
    if is_policy(source):
        return Opened(source, Policy.parse(source.content, source.path))
    content = reading(source)
    if not content.ignores and not source.is_json:
        content = replace(content, ignores=ignores(source, ()))
    return Opened(source, content)


def open_all(
    sources: Iterable[Source | str], reading: Reading = read
) -> tuple[list[Opened], list[CadenceGuardError]]:
    """Reads every file, and what was wrong with those that cannot be read."""
    files: list[Opened] = []
    errors: list[CadenceGuardError] = []
    for source in sources:
        try:
            file = Source.open(source) if isinstance(source, str) else source
            files.append(open_file(file, reading))
        except CadenceGuardError as error:
            errors.append(error)
    return files, errors


def lines_of(source: Source) -> list[str]:
    """The lines of a file, as its places count them."""
    return re.split("\r?\n" if source.is_json else "\r\n|\r|\n", source.text)


def fails(findings: Iterable[Finding], fail_on: str = "sometimes") -> bool:
    """Whether one of the findings blocks, and is as certain as that: `sometimes` or `always`."""
    return any(
        finding.effect == "block" and (fail_on == "sometimes" or finding.certainty != "sometimes")
        for finding in findings
    )


def period(first: date) -> tuple[datetime, datetime]:
    """The instants between which the starts lie that are judged: 13 months from that day on. Raises
    ValueError if not all of them are in the years of which instants are known."""
    if not EARLIEST <= date(first.year, first.month, first.day) <= LATEST:
        raise ValueError(
            f"the 13 months from {first} on do not lie in 1970 to 2198; expected {EARLIEST} to"
            f" {LATEST}"
        )
    years, month = divmod(first.month - 1 + MONTHS, 12)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    # the day of the month need not exist there
    day = min(first.day, _days_in(first.year + years, month + 1))
    return start, datetime(first.year + years, month + 1, day, tzinfo=UTC)


def _days_in(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - date(year, month, 1)).days


def check_files(files: Sequence[Opened], policy: Policy, first: date) -> Report:
    """Judges what was read: for every start from that day on, 13 months long.

    Findings are ordered by path, line, column and code; what a comment asks to ignore is left out.
    Raises PolicyError for a policy that cannot be compiled, ValueError for a day from which no
    period can be judged.
    """
    start, end = period(first)
    judged = _Judged(policy, (to_us(start), to_us(end)), files)
    found: dict[object, Finding] = {}
    for file in files:
        source, content = file.source, file.content
        if isinstance(content, Policy):
            from cadence_guard.check.policy_check import check_policy

            about = check_policy(content, source, start=start)
        else:
            about = [*shape(content, source), *judged.findings(content, source)]
        for finding in about:
            _keep(finding, found)
    for finding in judged.together(files):
        _keep(finding, found)
    return Report(
        files=tuple(_read(file) for file in files),
        findings=tuple(sorted(_by_turn(_heeded(found.values(), files), files), key=_order)),
        assumes=tuple(judged.assumes),
    )


def _keep(finding: Finding, found: dict[object, Finding]) -> None:
    """Adds a finding. Of those that say the same of a step the most certain is kept: of entries in
    the same words, and with each of the cadences that enter the step's own."""
    key = (_order(finding), finding.cadence, finding.step, finding.effect)
    if key not in found or finding.certainty == ALWAYS != found[key].certainty:
        found[key] = finding


def _heeded(findings: Iterable[Finding], files: Iterable[Opened]) -> Iterator[Finding]:
    """The findings that no comment of their file leaves out, and those about comments."""
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    for file in files:
        asked = file.content.ignores if isinstance(file.content, CadenceFile) else ()
        path = file.source.path
        yield from without_ignored(by_path.pop(path, []), asked, path)


def _by_turn(findings: Iterable[Finding], files: Iterable[Opened]) -> Iterator[Finding]:
    """The findings with their steps called as the file does: a turn of a loop is no step."""
    turns = {
        (cadence.name, step.id): step
        for file in files
        if isinstance(file.content, CadenceFile)
        for cadence in file.content.cadences
        for step in cadence.steps
        if step.turn is not None
    }
    for finding in findings:
        step = turns.get((finding.cadence or "", finding.step or ""))
        yield finding if step is None else replace(finding, step=step.name, turn=step.turn)


class _Judged:
    """The proofs of a run, as findings; what they assumed is gathered."""

    def __init__(
        self,
        policy: Policy,
        period: tuple[int, int],
        files: Iterable[Opened],
    ) -> None:
        self.policy = policy
        self.ruleset = Ruleset(policy)
        self.period = period
        self._homes: dict[Cadence, Source] = {}
        self._others: dict[str, Cadence] = {}
        for file in files:
            if isinstance(file.content, CadenceFile):
                self._homes.update(dict.fromkeys(file.content.cadences, file.source))
                self._others.update({one.name: one for one in file.content.cadences})
        self._assumed: dict[str, dict[str, None]] = {}
        self._names: dict[str, None] = {}
        self._broken: set[tuple[str, str, Rule]] = set()
        """What each cadence breaks by itself: the cadence, the step, the entry."""
        self._pairs = _pairs(files)

    @property
    def assumes(self) -> Iterator[str]:
        """What was assumed, in words; by the names of the cadences if not of all."""
        for line, names in self._assumed.items():
            yield line if len(names) == len(self._names) else f"{', '.join(names)}: {line}"

    def findings(self, file: CadenceFile, source: Source) -> Iterator[Finding]:
        """What the policy objects to in the cadences of a file. One whose file does not settle what
        its delays count from is judged in both readings."""
        others = {**self._others, **{cadence.name: cadence for cadence in file.cadences}}
        for cadence in file.cadences:
            if not cadence.schedule:
                continue
            readings = [cadence] if cadence.other is None else [cadence, cadence.other]
            proofs = [self._proved(reading, others) for reading in readings]
            reacted = reactions(
                self.policy, self.ruleset, cadence, source, *self.period, others=others
            )
            reasons = dict.fromkeys(why for proof in proofs for why in proof.incomplete)
            reasons |= dict.fromkeys(reacted.incomplete)
            again = None if cadence.again is None else self._reentered(cadence, others)
            reasons |= dict.fromkeys(again.incomplete if again else ())
            people = self._people(cadence) if cadence.audience.account else None
            reasons |= dict.fromkeys(people.incomplete if people else ())
            for reason in reasons:
                # What was not looked at is not clean: it blocks, like a rule that fails.
                yield finding_at(
                    source,
                    INCOMPLETE,
                    "check-incomplete",
                    "block",
                    cadence.where,
                    reason,
                    cadence=cadence.name,
                    certainty="always",
                )
            yield from self._objections(readings, proofs, source)
            yield from reacted.findings
            yield from again.findings if again else ()
            yield from people.findings if people else ()

    def _reentered(self, cadence: Cadence, others: Mapping[str, Cadence]) -> Reentered:
        """What the entries of one person into a cadence bring about beside each other."""
        from cadence_guard.check.reentry import reentered

        again = reentered(self._listing, cadence, others)
        self._broken.update(again.broken)
        return again

    def _people(self, cadence: Cadence) -> People:
        """What several people of one account in a cadence bring about."""
        from cadence_guard.check.together.people import People

        return People(self._listing, cadence)

    @cached_property
    def _witnesses(self) -> Witnesses:
        from cadence_guard.check.witness import Witnesses

        return Witnesses(self.policy)

    @cached_property
    def _listing(self) -> Listing:
        from cadence_guard.check.together.listing import Listing

        return Listing(self.policy, self.ruleset, self._pairs, *self.period, self._broken)

    def together(self, files: Iterable[Opened]) -> Iterator[Finding]:
        """What the policy objects to if one person is in several of the cadences at once, and the
        names of cadences that are not there, or are those of several."""
        pairs = _pairs(files)
        yield from unknown_names(pairs)
        yield from same_names(pairs)
        several = sum(len(file.cadences) for _, file in pairs) > 1
        if several or any(file.together for _, file in pairs):
            from cadence_guard.check.together import prove_together

            yield from prove_together(self.policy, self.ruleset, pairs, *self.period, self._broken)

    def _proved(self, cadence: Cadence, others: Mapping[str, Cadence]) -> Proof:
        proof = prove(self.ruleset, cadence, *self.period, others=others)
        self._names[cadence.name] = None
        self._broken.update(
            (one.cadence.name, one.step.name, one.entry) for one in proof.objections
        )
        for line in proof.assumes:
            self._assumed.setdefault(line, {})[cadence.name] = None
        return proof

    def _objections(
        self, readings: Sequence[Cadence], proofs: Sequence[Proof], source: Source
    ) -> Iterator[Finding]:
        """The objections of all readings; one that only one reading meets says which."""
        met: dict[tuple[str, str, Rule], list[tuple[Cadence, Objected]]] = {}
        for reading, proof in zip(readings, proofs, strict=True):
            for objected in proof.objections:
                key = (objected.cadence.name, objected.step.id, objected.entry)
                met.setdefault(key, []).append((reading, objected))
        for found in met.values():
            reading, objected = found[0]
            message = objected.message
            certainty = objected.certainty
            if any(other.certainty != ALWAYS for _, other in found):
                certainty = SOMETIMES
            if len(found) < len(readings):
                certainty = SOMETIMES
                message += f", if its delays count from the {reading.anchor}"
            yield self._finding(objected, message, certainty, source)

    def _finding(self, objected: Objected, message: str, certainty: str, source: Source) -> Finding:
        """The finding of an objection, where the file says the step; a cadence that another one
        enters may stand in another file."""
        return finding_at(
            self._homes.get(objected.cadence, source),
            objected.code,
            objected.name,
            objected.effect,
            objected.step.where,
            message,
            cadence=objected.cadence.name,
            step=objected.step.id,
            certainty=certainty,
            witness=self._witnesses.of(objected),
        )


def _pairs(files: Iterable[Opened]) -> list[tuple[Source, CadenceFile]]:
    """The files that hold cadences, by their paths."""
    pairs = [(f.source, f.content) for f in files if isinstance(f.content, CadenceFile)]
    return sorted(pairs, key=lambda pair: pair[0].path)


def open_hours(ruleset: Ruleset) -> Windows:
    """The hours in which a policy lets sales touch a contact by a channel, in their zone, as
    stretches that cover a time asked for; none if it has no hours for the channel."""

    def windows(
        channel: str, zone_name: str, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        hours = [
            entry.hours
            for entry in ruleset.entries
            if isinstance(entry, OutsideHours) and entry.concerns(channel, "sales")
        ]
        where, last = (zone(zone_name),), to_us(end)
        t = to_us(start)
        while hours and t < last:
            stretches = [each.next_open(t, where) for each in hours]
            opens, closes = max(s[0] for s in stretches), min(s[1] for s in stretches)
            if opens > t:
                t = opens
                continue
            yield to_datetime(t), to_datetime(min(closes, last))
            t = closes

    return windows


def _read(file: Opened) -> FileRead:
    content = file.content
    if isinstance(content, Policy):
        return FileRead(file.source.path, POLICY, 0, 0)
    steps = sum(sum(1 for _ in cadence.steps) for cadence in content.cadences)
    return FileRead(file.source.path, content.format, len(content.cadences), steps)


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    return finding.path, finding.line, finding.column, finding.code, finding.message
