"""A user's own format, told by a mapping file: where its cadences, steps and delays are.

`load` makes an importer of a mapping file. Everything but `steps` and, where steps have delays,
`delay.anchor` may be left out:

    format: our campaigns        # a name for it
    cadences: campaigns[]        # from the top of the file; without it, the file is one cadence
    name: title                  # in a cadence, as are `team`, `steps` and `exits`
    team: owner
    steps: flow[]
    exits: stop_when[]           # `/stop_when[]`: from the top of the file
    step: {id: key, channel: medium, template: text, manual: by_hand}
    channel: email               # of steps that name none
    delay: {at: wait, unit: days, unit_at: wait_unit, anchor: previous, first: 1}
    words:
      channels: {anruf: call, notiz: none}
      signals: {antwort: [replied, declined], abmeldung: opt_out}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from cadence_guard._struct import struct
from cadence_guard.cadence import Cadence, CadenceFile, Unknown, Wait, Where
from cadence_guard.errors import CadenceError
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._handwritten_keys import Says, says_of
from cadence_guard.importers._linear import Item, Notes, snake, text_of
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import named, shown, unknown_word
from cadence_guard.words import CHANNELS, SIGNALS, expected

if TYPE_CHECKING:
    from cadence_guard.importers import Importer

_KEYS: Final = ("format", "cadences", "name", "team", "steps", "exits", "step", "channel")
_TOP: Final = (*_KEYS, "delay", "words")
_PARTS: Final = {
    "step": ("id", "channel", "template", "manual"),
    "delay": ("at", "unit", "unit_at", "anchor", "first"),
    "words": ("channels", "signals"),
}
_ANCHORS: Final = ("start", "previous", "next")
_NO_TOUCH: Final = "none"
_PART: Final = re.compile(r"([^.\[\]/]+)(\[\])?")


def load(source: Source) -> Importer:
    """The importer that a mapping file describes. Raises CadenceError, with the place, if it is
    none."""
    return Mapped(source)


@struct
class _Path:
    """A way to values: names, each perhaps followed by `[]` for all that is in there."""

    text: str
    parts: tuple[tuple[str, bool], ...]
    from_top: bool = False

    @classmethod
    def parse(cls, source: Source, where: Where, text: object) -> _Path:
        """Reads `a.b[].c`, `/a` or `.`."""
        if text == ".":
            return cls(".", ())
        if isinstance(text, str):
            parts = [_PART.fullmatch(part) for part in text.removeprefix("/").split(".")]
            if all(parts):
                named = tuple((part[1], part[2] is not None) for part in parts if part)
                return cls(text, named, text.startswith("/"))
        problem = f"{text!r} is not a path; expected names such as campaigns[] or wait.days"
        raise source.error(where, problem)

    def find(self, top: Any, where: Where, data: Any) -> list[tuple[Where, Any]]:
        """The values it leads to from a place, or from the top of the file."""
        found: list[tuple[Where, Any]] = [((), top) if self.from_top else (where, data)]
        for name, each in self.parts:
            held = [((*w, name), d[name]) for w, d in found if isinstance(d, dict) and name in d]
            found = [pair for pair in held for pair in _each(*pair)] if each else held
        return found

    @property
    def names(self) -> Where:
        """The names alone, as a place below another."""
        return tuple(name for name, _ in self.parts)

    def one(self, data: Any) -> Any:
        """The first value it leads to, None if it leads nowhere."""
        return next((value for _, value in self.find(data, (), data)), None)


def _each(where: Where, value: Any) -> list[tuple[Where, Any]]:
    """All that is in a list or a mapping; a value that is neither stands for itself."""
    if isinstance(value, dict):
        return [((*where, key), below) for key, below in value.items()]
    if isinstance(value, list):
        return [((*where, index), below) for index, below in enumerate(value)]
    return [(where, value)]


class Mapped:
    """The importer of a user's own format. `FORMAT` is the name that its mapping file gives it."""

    def __init__(self, source: Source) -> None:
        top = _mapping(source, (), _TOP)
        step, delay, words = (
            _mapping(source, (key,), known) if key in top else {} for key, known in _PARTS.items()
        )
        if "steps" not in top:
            raise source.error((), "'steps' is missing: where in a cadence its steps are")
        self.FORMAT = _text(source, ("format",), top.get("format", "mapped"))
        self._mapping = source.path
        self._cadences = _Path.parse(source, ("cadences",), top.get("cadences", "."))
        self._around = {
            key: _Path.parse(source, (key,), top[key])
            for key in ("name", "team", "steps", "exits")
            if key in top
        }
        self._in_step = {key: _Path.parse(source, ("step", key), step[key]) for key in step}
        self._channel: str | None = top.get("channel")
        if "channel" in top:
            _known(source, ("channel",), CHANNELS, "channel")
        self._delays = {
            key: _Path.parse(source, ("delay", key), delay[key])
            for key in ("at", "unit_at")
            if key in delay
        }
        self._unit = linear.unit_of(delay.get("unit"))
        if "unit" in delay and self._unit is None:
            _known(source, ("delay", "unit"), linear.UNITS, "unit")
        self._anchor = "previous"
        if "delay" in top:
            if "at" not in delay:
                raise source.error(("delay",), "'at' is missing: where in a step its delay is")
            if "anchor" not in delay:
                problem = f"'anchor' is missing; expected one of: {', '.join(_ANCHORS)}"
                raise source.error(("delay",), problem)
            self._anchor = _known(source, ("delay", "anchor"), _ANCHORS, "anchor")
        self._first = delay.get("first", 0)
        if isinstance(self._first, bool) or self._first not in (0, 1):
            raise source.error(("delay", "first"), f"{self._first!r}: expected 0 or 1")
        paths = (self._cadences, *self._around.values(), *self._in_step.values())
        self._names = {name for path in (*paths, *self._delays.values()) for name in path.names}
        self._channels = _channels(source, words)
        self._signals = _signals(source, words)

    def recognises(self, source: Source) -> bool:
        """Whether anything is where the mapping says that steps are."""
        steps = self._around["steps"]
        found = self._cadences.find(source.data, (), source.data)
        return any(steps.find(source.data, where, data) for where, data in found)

    def read(self, source: Source) -> CadenceFile:
        """The cadences of a file. Raises CadenceError if there are none where they should be."""
        found = self._cadences.find(source.data, (), source.data)
        if not self.recognises(source):
            missing = self._around["steps"] if found else self._cadences
            raise CadenceError(f"{source.path}: nothing at {missing.text!r} ({self._mapping})")
        return CadenceFile(self.FORMAT, named(self._cadence(source, *place) for place in found))

    def _cadence(self, source: Source, where: Where, data: Any) -> Cadence:
        notes = Notes(source)
        key = where[-1] if where and isinstance(where[-1], str) else PurePath(source.path).stem
        name = text_of(self._around["name"].one(data)) if "name" in self._around else None
        team = text_of(self._around["team"].one(data)) if "team" in self._around else None
        steps = self._around["steps"].find(source.data, where, data)
        items, timed = self._items(notes, steps)
        if not steps:
            notes.missed(self._around["steps"].text, where, "no steps are there")
        self._pass(notes, where, data)
        nodes, start = linear.chain(items)
        return Cadence(
            name or key,
            where,
            nodes,
            start,
            team=team,
            exits=self._exits(notes, source, where, data),
            anchor=("start" if self._anchor == "start" else "previous") if timed else None,
            unknown=notes.unknown,
            schedule=timed,
            assumes=notes.assumes,
        )

    def _items(self, notes: Notes, steps: list[tuple[Where, Any]]) -> tuple[list[Item], bool]:
        """The steps, and whether any of them says when it comes."""
        items: list[Item] = []
        timed = False
        due: tuple[Wait | None, Where] | None = None
        for number, (where, step) in enumerate(steps, 1):
            if not isinstance(step, dict):
                notes.missed(repr(step)[:60], where, "not a step")
                continue
            told = self._wait(notes, where, step)
            timed = timed or told is not None
            if self._anchor == "next":
                told, due = due, told
                told = told or ((None, where) if not items else None)
            if told is None:
                told = (Unknown("the file does not say when") if items else None), where
            wait, waits_at = told
            key = where[-1] if isinstance(where[-1], str) else str(number)
            more = {"template": text_of(self._said("template", step))}
            manual = self._said("manual", step)
            if manual is not None and not isinstance(manual, bool):
                at = (*where, *self._in_step["manual"].names)
                notes.missed("manual", at, f"it is {shown(manual)}; expected true or false")
            item = Item(
                text_of(self._said("id", step)) or key,
                where,
                self._reaches(notes, where, step),
                wait,
                waits_at,
                self._anchor == "start",
                more={**more, "automated": manual is not True},
            )
            items.append(item)
            self._pass(notes, where, step, item)
        return items, timed

    def _pass(self, notes: Notes, where: Where, data: Any, step: Item | None = None) -> None:
        """Tells of the keys of a step, or around steps, that may plan something and that the
        mapping does not name."""
        own = step.channel if step else None
        for key, value in data.items() if isinstance(data, dict) else ():
            if key not in self._names:
                says = says_of(key, value, in_step=step is not None, own=own)
                if says is Says.PLANS:
                    notes.missed(key, (*where, key), f"{says.value}; the mapping does not name it")

    def _said(self, key: str, step: Any) -> Any:
        return self._in_step[key].one(step) if key in self._in_step else None

    def _wait(self, notes: Notes, where: Where, step: Any) -> tuple[Wait | None, Where] | None:
        """The wait that a step says, and where; None if it says none."""
        found = self._delays["at"].find(step, where, step) if "at" in self._delays else []
        if not found or found[0][1] is None:
            return None
        place, value = found[0]
        unit = self._unit
        if "unit_at" in self._delays:
            path = self._delays["unit_at"]
            word = path.one(step)
            if word is not None and (unit := linear.unit_of(word)) is None:
                why = unknown_word(word, linear.UNITS, "unit")
                notes.missed("unit", (*where, *path.names), why)
                return Unknown(why), place
        if isinstance(value, int | float) and not isinstance(value, bool):
            value -= self._first
        return linear.wait_of(notes, place, value, unit), place

    def _reaches(self, notes: Notes, where: Where, step: Any) -> str | None:
        word = self._said("channel", step)
        if word is None and self._channel is not None:
            return self._channel
        if word is None:
            notes.missed("channel", where, "the step names no channel, and the mapping none for it")
            return None
        if isinstance(word, str) and snake(word) in self._channels:
            mapped = self._channels[snake(word)]
            return None if mapped == _NO_TOUCH else mapped
        return linear.channel(notes, where, word)

    def _exits(self, notes: Notes, source: Source, where: Where, data: Any) -> frozenset[str]:
        path = self._around.get("exits")
        found = path.find(source.data, where, data) if path else []
        told: list[str] = []
        for place, word in found:
            if isinstance(word, bool):  # `stop_when: {reply: true}`
                word = str(place[-1]) if word else None
            if isinstance(word, str) and word:
                told += linear.signals(notes, word, self._signals)
            elif word is not None:
                notes.missed(repr(word)[:60], place, "not the name of a signal")
        return frozenset(told)


# -- the mapping file ------------------------------------------------------------------------------


def _mapping(source: Source, where: Where, known: Iterable[str]) -> Mapping[str, Any]:
    """The mapping at a place, whose keys must be known."""
    value = linear.at(source.data, where)
    if not isinstance(value, dict):
        raise source.error(where, f"expected a mapping with keys such as {', '.join(known)}")
    for key in value:
        if key not in known:
            raise source.error((*where, key), expected(key, known, "key"), key=True)
    return value


def _text(source: Source, where: Where, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise source.error(where, f"{value!r}: expected a text")
    return value


def _known(source: Source, where: Where, known: Iterable[str], what: str) -> str:
    """The word at a place, which must be one of a list."""
    value = linear.at(source.data, where)
    if not isinstance(value, str) or value not in known:
        raise source.error(where, expected(value, known, what))
    return value


def _channels(source: Source, words: Mapping[str, Any]) -> dict[str, str]:
    where: Where = ("words", "channels")
    told = _table(source, where) if "channels" in words else {}
    return {
        snake(word): _known(source, (*where, word), (*CHANNELS, _NO_TOUCH), "channel")
        for word in told
    }


def _signals(source: Source, words: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    where: Where = ("words", "signals")
    told: dict[str, tuple[str, ...]] = {}
    for word, ours in (_table(source, where) if "signals" in words else {}).items():
        place = (*where, word)
        for each, signal in _each(place, ours):
            if not (isinstance(signal, str) and signal.startswith("x-") and len(signal) > 2):
                _known(source, each, SIGNALS, "signal")
        told[snake(word)] = tuple(signal for _, signal in _each(place, ours))
    return told


def _table(source: Source, where: Where) -> Mapping[str, Any]:
    value = linear.at(source.data, where)
    if not isinstance(value, dict):
        raise source.error(where, "expected a mapping from your words to ours")
    return value
