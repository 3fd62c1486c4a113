"""Judging the touches of a way: which entries object to one at its own instant.

Pictures alike are judged once. A touch's picture is its step, what was before it and how long ago,
and as much of the wall clock and the calendar as an entry that concerns it asks. By the meaning of
`spans` a rule's answer at its own instant is a function of that: events enter by their distance,
the clock by the time of the week, a calendar cap by how many periods ago the others were; and where
an entry knows dates, the date is in the picture. Of touches a built-in rule asks only which of its
spans they are nearer than, so that is all of their distance that is in the picture. Hours, dates
and deadlines look at nothing that was before, so they have a picture of their own. A custom rule
that declares spans is covered in the same way; one that does not, or that fails, is left out, and
said to be (CG903).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from cadence_guard import words
from cadence_guard.book import Book
from cadence_guard.cadence import Cadence, Handover, Step
from cadence_guard.check import assumptions
from cadence_guard.check.paths import Heard, Made, What
from cadence_guard.contact import Handoff, Signal
from cadence_guard.engine import raised
from cadence_guard.events import Event
from cadence_guard.history import Case
from cadence_guard.instants import (
    DAY,
    WEEK,
    Zone,
    day_number,
    local_period,
    parse_instant,
    to_datetime,
    to_us,
)
from cadence_guard.rules import RULES, Rule
from cadence_guard.rules.blackout import Blackout
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.outside_hours import OutsideHours
from cadence_guard.rules.over_cap import OverCap
from cadence_guard.rules.too_late import TooLate
from cadence_guard.ruleset import Ruleset
from cadence_guard.touch import Touch

_MONDAY: Final = 3 * DAY  # 1970-01-01 was a Thursday
_SHORTEST_MONTH: Final = 27 * DAY  # a February, and a day that a zone skips


_TIMING: Final = (OutsideHours, Blackout, TooLate)

Prior = tuple[int, int]
"""Something that was before a touch: when, and its kind (`Judge.kind`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Concern:
    """A touch with the entries that judge it, and where their answers can change."""

    touch: Touch
    cadence: Cadence
    step: Step
    counting: tuple[tuple[int, Rule], ...]
    """Entries with their bits: those that look at what was before."""
    timing: tuple[tuple[int, Rule], ...]
    """Those built in that look at the instant alone."""
    elapsed: tuple[int, ...]
    edges: tuple[int, ...]
    """Times of day; midnight among them if anything counts days, weeks or months."""
    clock: bool
    """Whether an entry that counts reads the clock as well."""
    units: tuple[str, ...]
    """The calendar units of which an entry counts the touches."""
    dates: tuple[tuple[int, int], ...]
    """The local days, from and to, that mean something by themselves."""
    dated: bool
    """Whether any local day may mean something by itself."""
    instants: tuple[int, ...]
    """The instants that mean something by themselves."""
    months: tuple[int, ...]
    """How many months after a signal an entry asks for."""
    momentary: int
    """The entries whose answer is a matter of the instant more than of distances, as bits."""
    calendar: int
    """Those that count days, weeks or months, as bits."""
    own: bool
    """Whether an entry is a custom rule."""
    timed: int
    counted: int
    """The bits of `timing`, and of `counting`."""

    @property
    def plain(self) -> bool:
        """Whether the entries that look at what was before look at distances alone, as long as
        there are no signals."""
        own = self.own and bool(self.instants)
        return not (self.clock or self.units or self.dated or own)

    @property
    def entries(self) -> tuple[tuple[int, Rule], ...]:
        """All of them, each with its bit."""
        return (*self.counting, *self.timing)


def months_passed(concern: Concern, elapsed: int) -> bool:
    """Whether the least number of months that an entry asks for may have passed in so long a
    time."""
    return any(elapsed >= months * _SHORTEST_MONTH for months in concern.months)


class Judge:
    """Judges touches under one ruleset. `say` is told what could not be judged, and why."""

    def __init__(self, ruleset: Ruleset, say: Callable[[str], None]) -> None:
        self.ruleset = ruleset
        self._bits = {id(entry): 1 << place for place, entry in enumerate(ruleset.entries)}
        self.entry_of = {1 << place: entry for place, entry in enumerate(ruleset.entries)}
        """The entry that a bit stands for; several bits for one that objects with several codes."""
        self._codes: dict[tuple[int, str], int] = {}
        self.cadences: tuple[Cadence, ...] = ()
        """Those whose people are judged."""
        self._say = say
        self._concerns: dict[tuple[int, str], Concern | None] = {}
        self._facts: dict[str, list[Event]] = {}
        self._kinds: dict[What | Signal, int] = {}
        self._whats: list[What | Signal] = []
        self._said: set[int] = set()
        self._outcomes: dict[Hashable, Touch | None] = {}
        self._pictures: dict[Hashable, int] = {}
        self._books: dict[str, Book] = {}
        self._last: tuple[Zone | None, list[Prior], Book] = (None, [], Book(str))
        """The book made last, of what and in which zone: often the next one begins like it."""
        answers = ruleset.answers.signals if ruleset.answers else frozenset()
        read = {kind for entry in ruleset.entries for kind in entry.hears or ()}
        own = any(type(entry) is not RULES.get(entry.name) for entry in ruleset.entries)
        self.unread = frozenset() if own else frozenset(words.FOOTPRINTS) - read - answers
        """The signals that no entry reads; a rule of somebody's own may read any."""
        for entry in ruleset.entries:
            if entry.spans is None:
                say(f"rule {entry.name!r} does not say where its answer can change")

    def bit(self, entry: Rule) -> int:
        """The bit that stands for an entry of the ruleset."""
        return self._bits[id(entry)]

    def _with_code(self, entry: Rule, code: str) -> int:
        """Another bit for an entry, which stands for one of the codes that it objects with."""
        key = (self.bit(entry), code)
        if key not in self._codes:
            self._codes[key] = 1 << len(self.entry_of)
            self.entry_of[self._codes[key]] = entry
        return self._codes[key]

    def kind(self, what: What | Signal) -> int:
        """A number for what can be before a touch; equal ones have the same."""
        kind = self._kinds.get(what)
        if kind is None:
            kind = self._kinds[what] = len(self._whats)
            self._whats.append(what)
            if isinstance(what, (Signal, Heard)) and what.kind not in self.unread:
                self._said.add(kind)
        return kind

    # -- what is judged -------------------------------------------------------------------------

    def concern(self, made: Made) -> Concern | None:
        """The touch of a step with all that judges it; None for a step that makes no touch."""
        key = (id(made.cadence), made.step.id)
        if key not in self._concerns:
            try:
                touch = assumptions.touch_of(made.cadence, made.step)
            except ValueError as error:
                self._say(str(error))
                self._concerns[key] = None
            else:
                self._concerns[key] = self._concern(touch, made)
        return self._concerns[key]

    def _concern(self, touch: Touch, made: Made) -> Concern:
        plan = self.ruleset.plan(touch)
        entries = [entry for entry in (*plan.blocking, *plan.warning) if entry.spans is not None]
        spans = [entry.spans for entry in entries if entry.spans is not None]
        caps = [entry for entry in entries if isinstance(entry, OverCap)]
        units = {entry.calendar for entry in caps if entry.calendar}
        dated = [
            entry
            for entry in entries
            if entry.spans and entry.spans.calendar and not isinstance(entry, OverCap)
        ]
        blackouts = [entry for entry in dated if isinstance(entry, Blackout)]
        dates = {
            (day_number(first), day_number(last))
            for entry in blackouts
            for first, last in entry.params.dates
        }
        midnight = {0} if units or dated else set()
        instants = {to_us(parse_instant(text)) for each in spans for text in each.dates}
        if touch.not_after is not None:
            instants.add(to_us(touch.not_after))
        counting = tuple((self.bit(e), e) for e in entries if not isinstance(e, _TIMING))
        timing = tuple((self.bit(e), e) for e in entries if isinstance(e, _TIMING))
        return Concern(
            touch=touch,
            cadence=made.cadence,
            step=made.step,
            counting=counting,
            timing=timing,
            elapsed=tuple(sorted({span for each in spans for span in each.elapsed})),
            edges=tuple(sorted({e for each in spans for e in each.clock} | midnight)),
            clock=any(e.spans and e.spans.clock for _, e in counting),
            units=tuple(sorted(units)),
            dates=tuple(dates),
            dated=len(blackouts) < len(dated),
            instants=tuple(sorted(instants)),
            months=tuple({months for each in spans for months in each.months}),
            momentary=sum(
                self.bit(entry)
                for entry in entries
                if isinstance(entry, _TIMING) or (entry.spans and entry.spans.clock)
            ),
            calendar=sum(self.bit(entry) for entry in caps if entry.calendar),
            own=not plan.built_in,
            timed=sum(bit for bit, _ in timing),
            counted=sum(bit for bit, _ in counting),
        )

    # -- judging ------------------------------------------------------------------------------

    def objecting(self, concern: Concern, at: int, where: Zone, priors: Sequence[Prior]) -> int:
        """The entries, as bits, that object to a touch at an instant, after all that was before it
        (in order)."""
        return self.timing(concern, at, where) | self.counting(concern, at, where, priors)

    def timing(self, concern: Concern, at: int, where: Zone) -> int:
        """Those of them that look at the instant alone."""
        if not concern.timing:
            return 0
        picture = self._instant(concern, at, where)
        bits = self._pictures.get(picture)
        if bits is None:
            case = self._known(where).case(concern.touch, at)
            bits = self._pictures[picture] = self._ask(concern.timing, case)
        return bits

    def counting(self, concern: Concern, at: int, where: Zone, priors: Sequence[Prior]) -> int:
        """Those of them that look at what was before."""
        picture = self._picture(concern, at, where, priors)
        bits = self._pictures.get(picture)
        if bits is None:
            case = self.case(concern, at, where, priors)
            bits = self._pictures[picture] = self._ask(concern.counting, case)
        return bits

    def _instant(self, concern: Concern, at: int, where: Zone) -> Hashable:
        """What of the picture is the instant itself."""
        local = at + where.at(at).offset
        parts: list[Hashable] = [id(concern), (local + _MONDAY) % WEEK]
        if concern.dates:
            day = local // DAY
            parts.append(tuple(first <= day <= last for first, last in concern.dates))
        for instant in concern.instants:
            parts.append((at > instant) - (at < instant))
        return tuple(parts)

    def _picture(self, concern: Concern, at: int, where: Zone, priors: Sequence[Prior]) -> Hashable:
        """What of the picture an entry can see that looks at what was before."""
        parts: list[Hashable] = [concern]
        spans = concern.elapsed
        if concern.own or (self._said and any(kind in self._said for _, kind in priors)):
            for before, kind in priors:
                parts += (kind, at - before)
        else:
            for before, kind in priors:
                ago = at - before
                # nearer than so many spans; odd if it is exactly one of them
                parts += (kind, bisect_left(spans, ago) + bisect_right(spans, ago))
        if concern.clock:
            parts.append((at + where.at(at).offset + _MONDAY) % WEEK)
        for unit in concern.units:
            now = local_period(at, unit, where)[0]
            parts.append(tuple(now - local_period(before, unit, where)[0] for before, _ in priors))
        if concern.dated:
            parts.append(local_period(at, "day", where)[0])
        if concern.own:
            for instant in concern.instants:
                parts.append((at > instant) - (at < instant))
        if any(
            kind in self._said and months_passed(concern, at - before) for before, kind in priors
        ):
            parts.append((where.name, at))
        return tuple(parts)

    def case(self, concern: Concern, at: int, where: Zone, priors: Sequence[Prior]) -> Case:
        """The case of a touch at an instant, after all that was before it."""
        known, told, book = self._last
        if known is not where or told != priors[: len(told)]:
            told, book = [], self._book(where)
        for place in range(len(told), len(priors)):
            self._tell(book, priors[place])
        self._last = where, list(priors), book
        return book.case(concern.touch, at)

    def _known(self, where: Zone) -> Book:
        """A book that knows what is assumed, and nothing that happens."""
        book = self._books.get(where.name)
        if book is None:
            book = self._books[where.name] = self._book(where)
        return book

    def _book(self, where: Zone) -> Book:
        book = Book(str, by_point=self.ruleset.by_point)
        for event in self._assumed(where):
            book.fold(event)
        return book

    def _assumed(self, where: Zone) -> list[Event]:
        """What is assumed of the contact in a zone."""
        facts = self._facts.get(where.name)
        if facts is None:
            facts = self._facts[where.name] = list(assumptions.facts(self.cadences, where))
        return facts

    def _tell(self, book: Book, prior: Prior) -> None:
        """Tells a book what was before a touch."""
        at, what = prior[0], self._whats[prior[1]]
        if isinstance(what, Made):
            if (made := self._made(what)) is not None:
                book.lay(made, at)
        elif isinstance(what, Signal):
            book.fold(what.model_copy(update={"at": to_datetime(at)}))
        elif isinstance(what, Heard):
            book.fold(Signal(contact=assumptions.CONTACT, kind=what.kind, at=to_datetime(at)))
        elif isinstance(what, Handover):
            book.fold(Handoff(contact=assumptions.CONTACT, to=what.to, at=to_datetime(at)))

    def _made(self, made: Made) -> Touch | None:
        """A touch that was made, with its outcome; None for a step that makes none."""
        key = (id(made.cadence), made.step.id, made.outcome)
        if key not in self._outcomes:
            touch = concern.touch if (concern := self.concern(made)) else None
            if touch is not None and made.outcome is not None:
                touch = touch.model_copy(update={"outcome": made.outcome})
            self._outcomes[key] = touch
        return self._outcomes[key]

    def _ask(self, entries: Sequence[tuple[int, Rule]], case: Case) -> int:
        """Which of the entries object at the case's own instant, and with which code if there are
        several."""
        asked = sum(bit for bit, _ in entries)
        bits = 0
        for one in raised(self.ruleset, case):
            if one.failed is not None:
                self._say(f"rule {one.entry.name!r} failed: {one.failed}")
            elif asked & (bit := self.bit(one.entry)):
                bits |= bit
                if isinstance(one.entry, MissingConsent):
                    bits |= self._with_code(one.entry, one.entry.code_at(case.at, case))
        return bits
