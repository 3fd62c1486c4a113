"""Hand-written YAML and JSON of small teams: lists of touches with `delay_days` and the like.

What a delay counts from is told by its name (`day`, `wait_days_after_prev`), by a comment beside
it, or by its values: days that go down again cannot be counted from the start. If nothing tells,
the cadence is ambiguous and has both readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from pathlib import PurePath
from typing import Any, Final

from cadence_guard._struct import struct
from cadence_guard.cadence import Cadence, CadenceFile, Unknown, Wait, Where
from cadence_guard.importers import _handwritten_words as theirs
from cadence_guard.importers import _linear as linear
from cadence_guard.importers import apollo, instantly, native, salesloft, smartlead
from cadence_guard.importers._addresses import Sends, posted
from cadence_guard.importers._handwritten_keys import (
    Says,
    counts,
    is_read,
    looks_timed,
    plans,
    says_of,
    way_of,
)
from cadence_guard.importers._handwritten_lists import (
    Found,
    find,
    is_a_wait,
    is_time,
    last_name,
    lists_of,
    vocabulary,
)
from cadence_guard.importers._handwritten_words import Data
from cadence_guard.importers._linear import Item, Notes, first_text, snake, text_of
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import is_number, is_whole, named, shown, some, unknown_word
from cadence_guard.words import PURPOSES, SIGNALS

FORMAT: Final = "handwritten"
WAITED_FOR: Final = "a step is held back until what it requires has come"
NO_SENDER: Final = "a webhook whose address is not known to send reaches nobody"
_NAMED: Final = 12
"""Keys that one assumption names."""
_LONG: Final = 500
"""Characters of a comment that are read."""
_READ: Final = frozenset(
    theirs.CHANNEL_KEYS + theirs.KIND_KEYS + theirs.UNIT_KEYS + theirs.IDS
    + theirs.BY_HAND + theirs.BY_ITSELF + theirs.SWITCHES
)  # fmt: skip
"""Keys of a step that are always read."""
_ABOVE: Final = 50
"""Lines of comments above a list that are read."""


def recognises(source: Source) -> bool:
    """Lists of touches, or two words of outreach, in a file of no other format."""
    if not isinstance(source.data, dict | list) or any(
        format_.recognises(source) for format_ in (native, smartlead, instantly, apollo, salesloft)
    ):
        return False
    if isinstance(source.data, dict) and "nodes" in source.data and "connections" in source.data:
        return False  # a graph of n8n
    return next(find(source.data), None) is not None or len(vocabulary(source)) > 1


def read(source: Source) -> CadenceFile:
    """The cadences of the file."""
    lists = lists_of(source)
    file = _File(source, lists)
    plans = [_Plan(file, found) for found in lists]
    settled: dict[str, str] = {}
    for plan in plans:  # one program reads the whole file: what settles one list settles the others
        if plan.delay and (anchor := plan.told()) is not None:
            settled.setdefault(plan.delay, anchor)
    cadences = named(plan.cadence(settled) for plan in plans)
    return CadenceFile(FORMAT, cadences or (_nothing(source),))


def _nothing(source: Source) -> Cadence:
    """What a file about cadences is that has none."""
    return Cadence(PurePath(source.path).stem, (), {}, None, anchor=None, schedule=False)


@struct
class _Draft:
    """An entry before it is known what it counts from: `anchor` is "" where its name is silent."""

    item: Item
    anchor: str = "previous"
    mark: object = None
    unreplied: bool = False
    """Whether it is made only while nobody has replied."""

    def read(self, anchor: str) -> Item:
        """The entry, counted from `anchor` if nothing says what it counts from."""
        from_start = (self.anchor or anchor) == "start"
        return replace(self.item, since_start=True) if from_start else self.item


class _File:
    """A file while its lists are read: what is asked of it for more than one of them."""

    def __init__(self, source: Source, lists: list[Found]) -> None:
        self.source = source
        self.lines = [] if source.is_json else source.text.splitlines()
        self.read = {one.where[:depth] for one in lists for depth in range(len(one.where) + 1)}
        """The lists, all that they are in, and the keys of the counted ones."""
        for one in lists:
            if one.kind == "counted":
                self.read |= {one.entries[0][0], *((*one.where, key) for key in theirs.COUNTS)}
        self._stops: dict[Where, list[str]] = {}
        self._passed: set[Where] = set()

    @cached_property
    def after(self) -> dict[str, int]:
        """The words of the comments that say of a delay that it comes after its step, with the
        first line of each."""
        found: dict[str, int] = {}
        for number, line in enumerate(self.lines, 1):
            said = line.partition("#")[2][:_LONG]
            if theirs.AFTER_ITS_STEP.search(said):
                for word in said.split():
                    found.setdefault(snake(word), number)
        return found

    def stops(self, where: Where, data: Data) -> list[str]:
        """The keys of a mapping that may say what ends a cadence."""
        if where not in self._stops:
            known = theirs.STOPS | theirs.ON_REPLY | theirs.FLAGS.keys()
            self._stops[where] = [key for key in data if snake(key) in known]
        return self._stops[where]

    def unread(self, where: Where, data: Any) -> Iterator[tuple[str | int, Says]]:
        """The keys of a mapping or list around a list of touches that nothing reads, with what
        they say, once."""
        if where in self._passed:
            return
        self._passed.add(where)
        pairs = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in pairs:
            if (*where, key) in self.read:
                continue
            if isinstance(key, str):
                yield key, says_of(key, value, in_step=False)
            elif plans(value):
                yield key, Says.PLANS


class _Plan:
    """One list of touches while it is read."""

    def __init__(self, file: _File, found: Found) -> None:
        self.file = file
        self.source = file.source
        self.found = found
        self.lines = file.lines
        self.notes = Notes(file.source)
        self.around: list[tuple[Where, Data]] = []
        """The mappings that the list is in, from the inside out."""
        self.beside: list[tuple[Where, Any]] = []
        """The mappings and lists that it is in."""
        value = self.source.data
        for depth, key in enumerate(found.where):
            self._surround(found.where[:depth], value)
            value = value[key]
        if found.kind == "counted":
            self._surround(found.where, value)
        self.delay = ""
        self.gates: set[str] = set()
        self.granted: dict[str, dict[str, None]] = {}
        """What is assumed of keys, and of which ones."""
        self.timed = False
        self.has_waits = any(isinstance(e, dict) and is_a_wait(e) for _, e in found.entries)
        self.said = "\n".join(self._comments())
        self.anchor = self._explicit()
        self.exits = self._exits()
        self.drafts = self._steps() if found.kind == "steps" else self._numbers()
        self._heed()
        self._pass_over()
        self._doubt()
        for says, names in self.granted.items():
            self.notes.assume(f"{says}: {some([*names], most=_NAMED)}")

    def _heed(self) -> None:
        """A reply ends it, if each touch but the first is made only while nobody has replied."""
        touches = [draft for draft in self.drafts if draft.item.channel is not None]
        if len(touches) > 1 and all(draft.unreplied for draft in touches[1:]):
            self.exits |= frozenset(linear.REPLIES)
            self.notes.assume("a reply ends it: its steps are made while nobody has replied")
        elif any(draft.unreplied for draft in touches):
            self._assume(Says.CONDITION, "no reply")

    def _surround(self, where: Where, value: Any) -> None:
        self.beside.insert(0, (where, value))
        if isinstance(value, dict):
            self.around.insert(0, (where, value))

    def _explicit(self) -> str | None:
        """What the file itself says that delays count from: `anchor`, nearest to the list."""
        for where, holder in self.around:
            if "anchor" in holder:
                if holder["anchor"] in theirs.ANCHORS:
                    return str(holder["anchor"])
                why = unknown_word(holder["anchor"], theirs.ANCHORS, "anchor")
                self.notes.missed("anchor", (*where, "anchor"), why)
        return None

    def _comments(self) -> Iterator[str]:
        """The comments beside the list and its delays, and right above them."""
        places = [self.found.where]
        for where, entry in self.found.entries:
            keys = entry if isinstance(entry, dict) else ()
            places += ((*where, key) for key in keys if theirs.anchor_of(snake(key)) is not None)
        if self.found.kind == "counted":
            places.append(self.found.entries[0][0])
        if self.lines:
            marks = (self.source.mark(place, key=True) for place in places)
            for line in sorted({mark.line - 1 for mark in marks}):
                yield self.lines[line].partition(" #")[2][:_LONG]
                above = max(0, line - _ABOVE)
                while line > above and self.lines[line - 1].lstrip().startswith("#"):
                    line -= 1
                    yield self.lines[line][:_LONG]

    # -- entries

    def _steps(self) -> list[_Draft]:
        drafts = []
        for number, (where, entry) in enumerate(self.found.entries, 1):
            if not isinstance(entry, dict):
                self.notes.missed(repr(entry)[:60], where, "not a step")
            elif False in linear.flags(self.notes, entry, where, theirs.SWITCHES):
                self.notes.assume("steps that are switched off stay so")
            else:
                make = self._pause if is_a_wait(entry) else self._step
                drafts.append(make(where, entry, number))
        if any(draft.item.wait is not None and draft.anchor != "start" for draft in drafts):
            self._in_order()
        return drafts

    def _in_order(self) -> None:
        """Tells where the numbers of the steps go down: they are taken in the order of the file."""
        before = None
        for where, entry in self.found.entries:
            said = entry if isinstance(entry, dict) else {}
            key = next((key for key in theirs.NUMBERS if is_number(said.get(key))), None)
            if key is None:
                continue
            if before is not None and said[key] < before:
                why = "a number below that before it; the order of the file is taken"
                self.notes.missed(key, (*where, key), why)
            before = said[key]

    def _numbers(self) -> list[_Draft]:
        """The touches of a list of days, or of so many follow-ups."""
        counted = self.found.kind == "counted"
        self.delay, self.timed = (
            last_name(self.found.entries[0][0] if counted else self.found.where),
            True,
        )
        anchor = "previous" if counted else theirs.anchor_of(self.delay) or ""
        unit = self._business(theirs.unit_in(self.delay))
        channel = self._implied()
        drafts = []
        if self.found.kind != "touches":
            self.notes.assume("a first message goes before the follow-ups")
            drafts.append(_Draft(Item("first", self.found.where, channel), anchor))
        for number, (where, value) in enumerate(self.found.entries, 1):
            wait = linear.wait_of(self.notes, where, value, unit)
            title = f"follow-up {number}" if drafts else str(number)
            drafts.append(_Draft(Item(title, where, channel, wait, where), anchor))
        return drafts

    def _business(self, unit: str | None) -> str | None:
        """A unit; a day is a business day if a comment says so."""
        business = unit == "day" and theirs.says(theirs.BUSINESS, self.said)
        return linear.BUSINESS if business else unit

    def _pause(self, where: Where, step: Data, number: int) -> _Draft:
        """A wait of its own."""
        keys = [key for key in step if is_time(key)]
        _, wait, waits_at = self._delay(where, step, keys)
        self._pass(where, step, {*_READ, *theirs.AMOUNT_KEYS, *keys}, None)
        return _Draft(Item(f"wait {number}", where, None, wait, waits_at), "previous")

    def _step(self, where: Where, step: Data, number: int) -> _Draft:
        """A touch, or what else is done in its place."""
        keys = [key for key in step if theirs.anchor_of(snake(key)) is not None]
        anchor, wait, waits_at = self._delay(where, step, keys)
        if not keys and number > 1:
            anchor = "previous"
            wait = None if self.has_waits else Unknown("the file does not say when")
        used = {*_READ, *theirs.GATES, *keys}
        channel, manual = self._channel(where, step)
        more: dict[str, Any] = {"template": first_text(step, "template", "template_id")}
        if manual:
            more["automated"] = False
        if isinstance(step.get("purpose"), str):
            used.add("purpose")
        if (purpose := self._purpose(step)) is not None:
            more["purpose"] = purpose
        more |= self._attempts(where, step, used)
        unreplied = theirs.unless_replied(step)
        if unreplied is not None:
            used.add(unreplied)
        gate = self._gate(where, step, used)
        self._pass(where, step, used, channel)
        title = first_text(step, *theirs.IDS) or str(number)
        item = Item(title, where, channel, wait, waits_at, gate=gate, more=more)
        numbers = (first_text(step, *theirs.NUMBERS), anchor if keys else "", wait)
        mark = numbers if "variant" in step else None
        return _Draft(item, anchor, mark, unreplied=unreplied is not None)

    def _delay(self, where: Where, step: Data, keys: list[str]) -> tuple[str, Wait | None, Where]:
        """What some keys of a step say of its time: what they count from, the wait, the place."""
        anchor, wait, waits_at = "", None, where
        for key in keys:
            name, place = snake(key), (*where, key)
            told = theirs.anchor_of(name) or ""
            if wait is not None and told != anchor:
                self.notes.missed(key, place, "a second delay that counts from something else")
                continue
            self.delay = self.delay or name
            anchor, waits_at, self.timed = told, place, True
            wait = linear.plus(wait, self._wait(place, step[key], name, step))
        return anchor, wait, waits_at

    def _pass(self, where: Where, step: Data, used: set[str], channel: str | None) -> None:
        """Says of each key of a step that nothing reads what is made of it."""
        for key, value in step.items():
            if key in (*theirs.CHANNEL_KEYS, *theirs.KIND_KEYS) and linear.names_several(value):
                self.notes.missed(key, (*where, key), "it names more than one channel")
            elif key in theirs.CHANNEL_KEYS and (other := linear.means(value)) is not None:
                if other.channel != channel:
                    self.notes.missed(key, (*where, key), Says.PLANS.value)
            elif key in theirs.KIND_KEYS and way_of(value) not in (None, channel):
                self.notes.missed(key, (*where, key), "it says another channel, too")
            elif not is_read(key, value, used):
                says = says_of(key, value, in_step=True, own=channel)
                self._tell(says, key, (*where, key))

    def _tell(self, says: Says, key: str, where: Where) -> None:
        if says is Says.PLANS:
            self.notes.missed(key, where, says.value)
        elif says is not Says.NOTHING:
            self._assume(says, key)

    def _assume(self, says: str, word: str) -> None:
        """Takes something for granted of a key or of a word, which is named."""
        self.granted.setdefault(says, {})[word[:60]] = None

    def _wait(self, where: Where, value: Any, name: str, step: Data) -> Wait | None:
        """The wait that one key of a step says; its value may be a mapping of its own."""
        unit = theirs.unit_in(name)
        for key in theirs.UNIT_KEYS:
            if isinstance(word := step.get(key), str):
                said = linear.unit_of(word)
                if said is None or unit not in (None, said):
                    why = "it is not the unit that the delay says" if said else "no unit of time"
                    self.notes.missed(word[:60], (*where[:-1], key), why)
                unit = unit or said
        unit = self._business(unit)
        if not isinstance(value, dict):
            return linear.wait_of(self.notes, where, value, unit)
        total: Wait | None = None
        told = [(key, linear.unit_of(value[key])) for key in theirs.UNIT_KEYS if key in value]
        said = next((each for _, each in told if each), unit)
        for key, each in told:
            if each is None:
                self.notes.missed(shown(value[key]), (*where, key), "no unit of time")
            elif unit not in (None, each):
                why = "it is not the unit that the delay says"
                self.notes.missed(shown(value[key]), (*where, key), why)
        if "min" in value and (said or "max" in value):
            why = "minutes, or the least of a range"
            self.notes.missed("min", (*where, "min"), why)
            return Unknown(why)
        parts = [(key, linear.unit_of(key) or said) for key in value if key not in theirs.UNIT_KEYS]
        if not parts:
            return linear.wait_of(self.notes, where, value, unit)  # it says no time
        for key, each in parts:
            if linear.unit_of(key) or key in theirs.AMOUNT_KEYS:
                part = linear.wait_of(self.notes, (*where, key), value[key], each)
                total = linear.plus(total, part)
            else:
                self.notes.missed(key, (*where, key), "a key of a wait that is not understood")
        return total

    def _channel(self, where: Where, step: Data) -> tuple[str | None, bool]:
        """The channel of a step, None if it reaches nobody, and whether a person does it."""
        kind = snake(first_text(step, *theirs.KIND_KEYS) or "")
        by_hand = linear.flags(self.notes, step, where, theirs.BY_HAND)
        by_itself = linear.flags(self.notes, step, where, theirs.BY_ITSELF)
        manual = True in by_hand or False in by_itself
        found = theirs.means_of(step)
        if found is not None:
            return found.channel, manual or found.manual
        if word := first_text(step, *theirs.CHANNEL_KEYS):
            key = next(key for key in theirs.CHANNEL_KEYS if key in step)
            self.notes.missed(word[:60], (*where, key), "no channel that is known")
            return None, manual
        for key in (*theirs.CHANNEL_KEYS, *theirs.KIND_KEYS):
            value = step.get(key)
            if (value is True and key in theirs.CHANNEL_KEYS) or isinstance(value, dict | list):
                why = f"it is {shown(value)}; expected the name of a channel"
                self.notes.missed(key, (*where, key), why)
        if theirs.is_hook(step) and (channel := self._hook(where, step)) is not None:
            return channel, manual
        if kind in linear.NO_TOUCH:
            if theirs.holds(step, theirs.WRITTEN + theirs.MESSAGE):
                self.notes.missed(kind, where, "it has a text to send; taken for no touch")
            else:
                self._named_otherwise(where, step, None)
            return None, manual
        if kind in ("message", "dm"):
            return self._implied(self._sibling), manual
        if not kind or theirs.holds(step, theirs.WRITTEN + theirs.MESSAGE):
            channel = self._implied()
            if kind:
                self._assume(f"a step of a kind that is no channel goes by {channel}", kind)
            self._named_otherwise(where, step, channel)
            return channel, manual
        self.notes.missed(kind, where, "no kind of step that is known")
        return None, manual

    def _hook(self, where: Where, step: Data) -> str | None:
        """The channel that a webhook sends by, if its address is one that is known to send."""
        for key in theirs.ADDRESSES:
            if isinstance(url := step.get(key), str):
                done = posted(url)
                if isinstance(done, Sends):
                    return done.channel
                if done is not None:
                    self.notes.missed(key, (*where, key), done.why)
                    return None
        self._assume(NO_SENDER, first_text(step, *theirs.IDS) or "webhook")
        return None

    def _named_otherwise(self, where: Where, step: Data, channel: str | None) -> None:
        """Tells if the name of a step that says no channel is that of another one."""
        for key in (*theirs.IDS, "template"):
            words = snake(name).split("_") if isinstance(name := step.get(key), str) else [""]
            ways = {way_of(words[0]), way_of(words[-1])} - {None}
            if ways and channel not in ways and words[:2] != ["call", "to"]:
                why = f"its name says another channel; it is taken as {channel or 'no touch'}"
                self.notes.missed(key, (*where, key), why)
                return

    def _purpose(self, data: Data) -> str | None:
        """The purpose that a step or its cadence names; many write there what it is about."""
        word = text_of(data.get("purpose"))
        if word is None or word in PURPOSES:
            return word
        self.notes.assume(f"{word[:60]!r} is no purpose that is known; it is taken as sales")
        return None

    @cached_property
    def _sibling(self) -> str | None:
        """The one channel that the other steps of the list have, if it is one."""
        steps = [entry for _, entry in self.found.entries if isinstance(entry, dict)]
        channels = {known.channel for step in steps if (known := theirs.means_of(step))}
        return channels.pop() if len(channels) == 1 else None

    def _implied(self, channel: str | None = None) -> str:
        """The channel of a step that names none: what is around it says it, or it is a mail."""
        for where, data in self.around if channel is None else ():
            key = where[-1] if where else None
            found = linear.means(data.get("channel")) or linear.means(key)
            if found is not None:
                return found.channel
        channel = channel or "email"
        self.notes.assume(f"a step without a channel goes by {channel}")
        return channel

    def _attempts(self, where: Where, step: Data, used: set[str]) -> dict[str, Any]:
        """The retries of a call, as fields of its Step."""
        key = next((key for key in ("attempts", "max_attempts") if key in step), None)
        if key is None:
            return {}
        every = next((each for each in step if theirs.RETRY.fullmatch(snake(each))), None)
        used.update((key, every or key))
        attempts = step[key]
        if not is_whole(attempts, 1, 100):
            self.notes.missed(key, (*where, key), "expected a number of attempts, 1 to 100")
        elif attempts > 1 and every is None:
            self.notes.missed(key, (*where, key), "it does not say how long after one another")
        elif every is not None and attempts > 1:
            unit = theirs.unit_in(snake(every))
            wait = linear.wait_of(self.notes, (*where, every), step[every], unit)
            return {"attempts": attempts, "every": wait}
        return {}

    def _gate(self, where: Where, step: Data, used: set[str]) -> tuple[str, Wait | None] | None:
        """The signal that must have come before a step, if no step before it asked for it."""
        asking = [key for key in theirs.GATES if step.get(key)]
        until = next((each for each in step if theirs.ABANDON.fullmatch(snake(each))), None)
        if not asking:
            return None
        for other in asking[1:]:
            self.notes.missed(other, (*where, other), "a second thing to wait for")
        key = asking[0]
        word = step[key]
        if not isinstance(word, str) or looks_timed(word):
            self.notes.missed(key, (*where, key), "expected the name of a signal")
            return None
        timeout: Wait | None = None
        if until is not None:
            used.add(until)
            unit = theirs.unit_in(snake(until))
            timeout = linear.wait_of(self.notes, (*where, until), step[until], unit)
        if key == theirs.unless_replied(step):
            return None
        asked = () if theirs.IS_NOT.match(snake(word)) else linear.signals(self.notes, word)
        if not asked:
            self._assume(Says.CONDITION, word)
            return None
        self._assume(WAITED_FOR, word)
        if asked[0] in self.gates:
            return None
        self.gates.add(asked[0])
        return asked[0], timeout

    # -- what is around

    @property
    def title(self) -> str:
        """The name of the cadence: the nearest key or id that tells it from others."""
        around = dict(self.around)
        for depth in range(len(self.found.where), -1, -1):
            key = self.found.where[depth - 1] if depth else 0
            if isinstance(key, str) and snake(key) not in theirs.GENERIC and not key.isdecimal():
                return key
            holder = around.get(self.found.where[: depth - 1]) if depth else None
            keys = ("id", "sequence_id", "cadence_id", "campaign_id", "key", "slug", "name")
            if holder and (told := first_text(holder, *keys, "cadence_name", "title")):
                return told
        return PurePath(self.source.path).stem

    def _exits(self) -> frozenset[str]:
        told: list[str] = []
        for where, data in self.around:
            for key in self.file.stops(where, data):
                name, place, value = snake(key), (*where, key), data[key]
                if name in theirs.STOPS:
                    told += self._stops(place, value)
                elif name in theirs.ON_REPLY:
                    told += self._replies(place, value)
                elif name in theirs.FLAGS and linear.flag(self.notes, data, where, key):
                    told += linear.signals(self.notes, theirs.FLAGS[name])
        return frozenset(told)

    def _stops(self, where: Where, value: Any) -> Iterator[str]:
        """The signals of a list of stop conditions, a text, or a mapping of words to true."""
        if isinstance(value, dict):
            value = [key for key, chosen in value.items() if chosen]
        for word in value if isinstance(value, list) else [value]:
            if isinstance(word, str) and word.strip():
                yield from linear.signals(self.notes, word)
            elif word not in (None, ""):
                self.notes.missed(repr(word)[:60], where, "not a signal that ends a cadence")

    def _replies(self, where: Where, value: Any) -> Iterator[str]:
        """The signals of a table of replies: any reply, if every reply of a person ends it."""
        if theirs.ends_it(value):  # `stop`, or `{stop: true}`
            yield from linear.REPLIES
            return
        if not isinstance(value, dict):
            if value:
                self.notes.missed(repr(value)[:60], where, "not what to do on a reply")
            return
        ends, stays = False, False
        for key, row in value.items():
            name = snake(key)
            if theirs.ends_it(row):
                ends = ends or name not in theirs.MACHINES
                if name not in theirs.SAID_BY_PEOPLE:
                    yield from linear.signals(self.notes, key)
            else:
                stays = stays or name not in theirs.MACHINES
                if theirs.enters_again(row):
                    self.notes.missed(key, (*where, key), "it may be entered again; not understood")
                elif isinstance(row, dict) and any(
                    theirs.tells(each, theirs.PUT_OFF) for each in row
                ):
                    self.notes.assume(f"nobody's {key!r} puts off a step")
        if ends and not stays:
            yield from linear.REPLIES

    def _pass_over(self) -> None:
        """Notes the keys around that may plan something, and caps below the number of touches."""
        ways = [draft.item.channel for draft in self.drafts if draft.item.channel is not None]
        for where, data in self.around:
            for key in theirs.CAPS:
                value = data.get(key)
                if isinstance(value, int) and value < len(ways):
                    why = f"it has {len(ways)} touches; those above the cap are checked, too"
                    self.notes.missed(key, (*where, key), why)
        for where, data in self.beside:
            for index, says in self.file.unread(where, data):
                what = index if isinstance(index, str) else shown(data[index])
                if self.timed and counts(what, data[index], ways):
                    says = Says.UNREAD
                self._tell(says, what, (*where, index))

    # -- what delays count from

    def _doubt(self) -> None:
        """Names what makes of a delay the time before the next step: a comment, which is not
        followed there, since it may be wrong, and many are; or a last one of nothing."""
        if self.anchor is not None:
            return
        line = self.file.after.get(self.delay)
        times = linear.lengths(draft.item.wait for draft in self.drafts if draft.anchor == "")
        if line or theirs.AFTER_ITS_STEP.search(self.said):
            sign = f"the comment {f'in line {line}' if line else 'at its list'} says after it"
        elif times and times[0] and not times[-1]:
            sign = "that none is left for the last step looks like after it"
        else:
            return
        self.notes.assume(
            f"{self.delay!r} is the time before its step; {sign}: if that is so,"
            " write each one step later"
        )

    def told(self) -> str | None:
        """What the unsettled delays count from, by a comment or by their values."""
        if self.anchor is not None:
            return self.anchor
        silent = [draft for draft in self.drafts if draft.anchor == ""]
        from_start = theirs.says(theirs.FROM_START, self.said)
        if from_start != theirs.says(theirs.FROM_PREVIOUS, self.said):
            return "start" if from_start else "previous"
        if any(draft.item.channel is None and draft.item.wait for draft in self.drafts):
            return "previous"  # a wait of its own counts from what came before it
        times = linear.lengths(draft.item.wait for draft in silent)
        if times is None:
            return None
        pairs = list(pairwise(times))
        rest = times[1:] if times[:1] == [0] else times
        channels = {draft.item.channel for draft in silent}
        same = len(rest) > 1 and len(set(rest)) == 1 and len(channels) == 1
        return "previous" if same or any(later < first for first, later in pairs) else None

    def likelier(self) -> str:
        """The likelier reading of unsettled delays."""
        silent = [draft.item for draft in self.drafts if draft.anchor == ""]
        times = linear.lengths(item.wait for item in silent)
        if self.delay.startswith(("wait", "interval")) or times is None:
            return "previous"
        marks = [(time, item.channel) for time, item in zip(times, silent, strict=True)]
        twice = any(a == b and a[0] for a, b in pairwise(marks))
        return "previous" if twice else "start"

    def cadence(self, settled: Mapping[str, str]) -> Cadence:
        """The cadence, with the other reading if nothing settles what its delays count from."""
        if all(draft.anchor or draft.item.wait is None for draft in self.drafts):
            return self._made(next((d.anchor for d in self.drafts if d.anchor), "previous"))
        times = linear.lengths(draft.item.wait for draft in self.drafts)
        anchor = self.anchor or settled.get(self.delay) or self.likelier()
        made = self._made(anchor)
        if self.anchor or self.delay in settled:
            return made
        if times is not None and not any(times[:-1]):
            return self._made("previous")  # both readings are alike
        other = self._made("previous" if anchor == "start" else "start")
        return replace(made, ambiguous=True, other=other)

    def _made(self, anchor: str) -> Cadence:
        anchors = {d.anchor or anchor for d in self.drafts if d.item.wait is not None}
        items = linear.one_of_each((d.read(anchor), d.mark) for d in self.drafts)
        nodes, start = linear.chain(items)
        holder = self.around[0][1] if self.around else {}
        trigger = first_text(holder, "entry_signal", "trigger", "trigger_type")
        return Cadence(
            self.title,
            self.found.where,
            nodes,
            start,
            team=text_of(holder.get("team")),
            purpose=self._purpose(holder) or "sales",
            entry_signal=trigger if trigger in SIGNALS else None,
            exits=self.exits,
            anchor=(anchors or {anchor}).pop() if len(anchors) < 2 else "mixed",
            unknown=self.notes.unknown,
            schedule=self.timed,
            assumes=self.notes.assumes,
        )
