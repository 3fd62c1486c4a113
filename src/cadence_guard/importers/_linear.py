"""What all lists of touches have in common, whoever wrote them: words, waits, windows, order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Final, TypeVar

from cadence_guard._struct import struct
from cadence_guard.cadence import (
    Arm,
    Await,
    BusinessDays,
    Cadence,
    Elapsed,
    Fan,
    LocalDays,
    Node,
    NotUnderstood,
    Pause,
    Step,
    Unknown,
    UntilOpen,
    Wait,
    Where,
)
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import (
    LONGEST,
    Ids,
    is_number,
    short,
    shown,
    zone_named,
    zone_names,
)
from cadence_guard.instants import DAY, HOUR, MINUTE, NEVER, SECOND, WEEK, Hours
from cadence_guard.words import CHANNELS, SIGNALS, nearest

BUSINESS: Final = "business_day"
LOCAL: Final = "local_day"

# -- what an importer could not read, and what it took for granted ---------------------------------


class Notes:
    """What is noted while a file is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._unknown: dict[tuple[str, Where], NotUnderstood] = {}
        self._assumes: dict[str, None] = {}

    def missed(self, what: str, where: Where, why: str) -> None:
        """Something was not understood."""
        self._unknown.setdefault((what, where), NotUnderstood(what, where, why))

    def assume(self, text: str) -> None:
        """Something was taken for granted."""
        self._assumes[text] = None

    @property
    def unknown(self) -> tuple[NotUnderstood, ...]:
        """What was not understood, in the order it was met."""
        return tuple(self._unknown.values())

    @property
    def assumes(self) -> tuple[str, ...]:
        """What was taken for granted, in the order it was met."""
        return tuple(self._assumes)


def at(data: Any, where: Where) -> Any:
    """The value at a place that is known to be there."""
    for key in where:
        data = data[key]
    return data


def text_of(value: object) -> str | None:
    """A text or a number as text; None for all else, and for nothing but spaces."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def first_text(data: Mapping[str, Any], *keys: str) -> str | None:
    """The first of the keys that holds a text or a number."""
    for key in keys:
        if key in data and (text := text_of(data[key])) is not None:
            return text
    return None


def flag(notes: Notes, data: Mapping[str, Any], where: Where, key: str) -> bool | None:
    """A setting that is true or false; None if it is missing, and noted if it is something else."""
    value = data.get(key)
    if value is None or isinstance(value, bool):
        return value
    notes.missed(key, (*where, key), f"it is {shown(value)}; expected true or false")
    return None


def flags(
    notes: Notes, data: Mapping[str, Any], where: Where, keys: Iterable[str]
) -> list[bool | None]:
    """What those of some settings say that are there."""
    return [flag(notes, data, where, key) for key in keys if key in data]


def mappings(
    notes: Notes, where: Where, entries: Iterable[Any], what: str
) -> Iterator[tuple[int, Where, dict[str, Any]]]:
    """The mappings of a list with their numbers, from 1, and places; what is none is noted as not
    `what`."""
    for index, entry in enumerate(entries):
        if isinstance(entry, dict):
            yield index + 1, (*where, index), entry
        else:
            notes.missed(repr(entry)[:60], (*where, index), f"not {what}")


def number(
    notes: Notes, data: Mapping[str, Any], where: Where, key: str, otherwise: float
) -> float:
    """A number that says where in its list an entry stands; `otherwise` if it is missing, and noted
    if it is something else."""
    value = data.get(key)
    if is_number(value):
        return value
    if value is not None:
        why = f"it is {shown(value)}; expected a number; the order of the file is taken"
        notes.missed(key, (*where, key), why)
    return otherwise


# -- words: theirs and ours ------------------------------------------------------------------------


_Ours = TypeVar("_Ours")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN: Final = re.compile(r"[^0-9a-z]+")


@lru_cache(maxsize=4096)
def snake(word: str) -> str:
    """`waitDays`, `Wait-days` and `wait days` as `wait_days`."""
    word = word[:200]
    if word.isascii() and word.islower() and word.isidentifier() and "__" not in word:
        return word.strip("_")  # as most are
    return _BETWEEN.sub("_", _HUMP.sub("_", word).casefold()).strip("_")


def listed(words: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(words.split())


def _table(ours: Mapping[_Ours, str]) -> dict[str, _Ours]:
    """What each of their words is to us, out of their words for each of ours."""
    return {word: our for our, words in ours.items() for word in listed(words)}


_CHANNEL_WORDS: Final = {channel: channel for channel in CHANNELS} | _table(
    {
        "email": "mail e_mail newsletter gmail outlook smtp",
        "call": "phone phone_call voice voice_call dial telephone",
        "voicemail": "voicemail_drop ringless_voicemail vm rvm",
        "sms": "text text_message mms",
        "whatsapp": "wa",
        "social": "linkedin li inmail connect connection_request twitter xing facebook instagram",
        "post": "letter postcard direct_mail",
        "ad": "ads retargeting",
    }
)
_MANNERS: Final = listed("auto automatic automated manual send cold ai")
_TOO_VAGUE: Final = listed("text connect direct meeting post ad")
"""Words for a channel that say nothing when more follows, as in `post_meeting_notes`."""
NO_TOUCH: Final = listed(
    "task action_item todo note tag add_tag webhook research review update crm_update notify_team"
    " end exit stop none"
)
"""Kinds of step that never reach the contact."""


@struct
class Means:
    """How a touch is made: its channel, and whether a person makes it."""

    channel: str
    manual: bool = False


def means(word: object) -> Means | None:
    """The channel that a word of theirs means; None if it is not known."""
    if not isinstance(word, str):
        return None
    said = snake(word).replace("linked_in", "linkedin").replace("whats_app", "whatsapp")
    parts = said.split("_")
    manual = "manual" in parts
    while len(parts) > 1 and parts[0] in _MANNERS:
        parts.pop(0)
    channel = _CHANNEL_WORDS.get("_".join(parts)) or (
        # `linkedin_message`, `email_2`: what goes before the first underscore says it
        None if parts[0] in _TOO_VAGUE else _CHANNEL_WORDS.get(parts[0])
    )
    return Means(channel, manual) if channel else None


def names_several(word: object) -> bool:
    """Whether a word names a channel beside the one it means: `email + call`, `email_or_sms`."""
    if not isinstance(word, str) or (known := means(word)) is None:
        return False
    parts = snake(word).split("_")
    if "_".join(parts) in _CHANNEL_WORDS:
        return False
    clear = (_CHANNEL_WORDS.get(part, known.channel) for part in parts if part not in _TOO_VAGUE)
    return any(channel != known.channel for channel in clear)


def is_channel(word: str, *, clear: bool = False) -> bool:
    """Whether a word is the name of a channel and says nothing more; if `clear`, and is hardly ever
    used of anything else."""
    name = snake(word)
    return name in _CHANNEL_WORDS and not (clear and name in _TOO_VAGUE)


def channel(notes: Notes, where: Where, word: object) -> str | None:
    """The channel that a word means; None, and noted, if it is not known or reaches nobody."""
    known = means(word)
    if known is None and not (isinstance(word, str) and snake(word) in NO_TOUCH):
        notes.missed(repr(word)[:60], where, "no channel that is known")
    return known.channel if known else None


REPLIES: Final = ("replied", "invited", "not_now", "declined", "wrong_person")
"""What comes as a reply: who stops at any reply stops at each of these."""

_THEIRS: Final[Mapping[tuple[str, ...], str]] = {
    REPLIES: "replied reply any_reply on_reply reply_received response responded answer"
    " answered replies reply_to_an_email email_reply inbound_reply",
    ("invited",): "positive_reply interested invite",
    ("declined",): "negative_reply not_interested decline rejected",
    ("opt_out",): "optout opted_out unsubscribe unsubscribed unsubscribes stop dnc"
    " do_not_contact stop_keyword remove_me",
    ("meeting_booked",): "meeting booked meeting_scheduled meeting_set demo_booked call_booked"
    " appointment",
    ("purchased",): "purchase converted conversion deal_won won order_placed paid",
    ("complained",): "complaint spam spam_complaint",
    ("not_now",): "snooze later bad_timing",
    ("auto_replied",): "ooo out_of_office auto_reply autoreply",
    ("paused",): "manual_stop manual pause",
    ("opened",): "open open_an_email email_opened",
    ("clicked",): "click click_on_a_link link_clicked",
    ("visited",): "visit page_visit",
    ("trial_started",): "trial trial_signup signup",
    # these end a cadence, and nobody said anything
    (): "bounce bounced hard_bounce invalid_email max_touches completed finished end exhausted"
    " no_reply",
}
"""The words of theirs that mean some signals."""
_SIGNAL_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    **{signal: (signal,) for signal in SIGNALS},
    **_table(_THEIRS),
}


def signals(notes: Notes, word: str, known: Mapping[str, tuple[str, ...]] = {}) -> tuple[str, ...]:
    """The signals that a word of theirs means; their own `x-...` if it is none of ours."""
    asked = snake(word)
    for table in (known, _SIGNAL_WORDS):
        if asked in table:
            return table[asked]
    own = word if word.startswith("x-") else f"x-{asked or word}"
    notes.assume(f"{word!r} is a signal of their own, {own}")
    return (own,)


# -- waits -----------------------------------------------------------------------------------------

_UNIT_WORDS: Final = _table(
    {
        "second": "s sec secs second seconds",
        "minute": "m min mins minute minutes",
        "hour": "h hr hrs hour hours",
        "day": "d day days calendar_day calendar_days",
        "week": "w wk wks week weeks",
        BUSINESS: "bd business_day business_days working_day working_days workday workdays"
        " weekday weekdays",
        LOCAL: "local_day local_days",
    }
)
UNITS: Final = ("seconds", "minutes", "hours", "days", "weeks", "business_days", "local_days")
_LENGTH: Final = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
_AMOUNT: Final = re.compile(
    r"\s*([0-9]{1,12}(?:\.[0-9]{1,9})?)\s*([A-Za-z]+(?:[ _-][A-Za-z]+)*)?\s*,?\s*"
)
_ISO: Final = re.compile(
    r"P(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)
_AT_ONCE: Final = ("immediate", "immediately", "now", "instant", "none", "same_day")


def unit_of(word: object) -> str | None:
    """The unit that a word means (`days`, `h`); None if it is not known."""
    return _UNIT_WORDS.get(snake(word)) if isinstance(word, str) else None


def wait_of(notes: Notes, where: Where, value: object, unit: str | None) -> Wait | None:
    """The wait that a value says: a number of `unit`, or a text with its own (`3d`, `1 day 12h`).

    None is no wait. What says nothing, a time below zero and one above 100 years are noted and give
    Unknown.
    """
    if isinstance(value, str):
        return _spoken(notes, where, value, unit)
    if value is None or isinstance(value, bool | dict | list):
        return _unknown(notes, where, value, "not a time")
    assert isinstance(value, int | float)
    if unit is None and value:
        return _unknown(notes, where, value, "a number without a unit; say days or hours")
    return _measured(notes, where, value, unit or "day")


def _spoken(notes: Notes, where: Where, text: str, unit: str | None) -> Wait | None:
    if snake(text) in _AT_ONCE:
        return None
    if (iso := _ISO.fullmatch(text.strip())) and any(iso.groups()):
        pairs = zip(iso.groups(), "wdhms", strict=True)
        text = " ".join(f"{number}{letter}" for number, letter in pairs if number)
    total: Wait | None = None
    position = 0
    while match := _AMOUNT.match(text, position):
        said = unit_of(match[2]) if match[2] else unit
        if said is None:
            break
        number = float(match[1]) if "." in match[1] else int(match[1])
        total = plus(total, _measured(notes, where, number, said))
        position = match.end()
    if position == 0 or position < len(text):
        return _unknown(notes, where, text, "not a time such as '3d' or '12 hours'")
    return total


def _measured(notes: Notes, where: Where, number: int | float, unit: str) -> Wait | None:
    length = _LENGTH.get(unit, DAY)
    if not 0 <= number <= LONGEST // length:  # so not for infinity, either
        said = "below zero" if number < 0 else "longer than 100 years"
        why = f"a wait {said}; expected 0 to {LONGEST // length} {unit}s"
        return _unknown(notes, where, number, why)
    if unit in (BUSINESS, LOCAL):
        if number != int(number):
            return _unknown(notes, where, number, f"no whole number of {unit}s")
        days = BusinessDays if unit == BUSINESS else LocalDays
        return days(int(number)) if number else None
    if number and unit in ("day", "week"):
        notes.assume("a day of a wait is 24 hours")
    us = round(number * length)
    return Elapsed(us, us) if us else None


def _unknown(notes: Notes, where: Where, value: object, why: str) -> Unknown:
    notes.missed(short(value), where, why)
    return Unknown(why)


def plus(first: Wait | None, then: Wait | None) -> Wait | None:
    """One wait after the other, as one; Unknown if that cannot be said."""
    match first, then:
        case None, _:
            return then
        case _, None:
            return first
        case Elapsed(low=low), Elapsed(low=more):
            return Elapsed(low + more, low + more)
        case BusinessDays(days=days), BusinessDays(days=more):
            return BusinessDays(days + more)
        case LocalDays(days=days), LocalDays(days=more):
            return LocalDays(days + more)
        case _:
            return Unknown("days of two kinds in one wait")


def lengths(waits: Iterable[Wait | None]) -> list[int] | None:
    """Waits as numbers that can be compared; None if nobody knows one, or they are of different
    kinds."""
    kinds: set[type] = set()
    told: list[int] = []
    for wait in waits:
        match wait:
            case None:
                told.append(0)
                continue
            case Elapsed(low=low):
                told.append(low)
            case BusinessDays(days=days) | LocalDays(days=days):
                told.append(days)
            case _:
                return None
        kinds.add(type(wait))
    return told if len(kinds) < 2 else None


# -- a list of touches -----------------------------------------------------------------------------


@struct
class Item:
    """One entry of a list: the wait before it, a signal it needs first, a touch (or none).

    `wait` is counted from the entry before, or `since_start`. `gate` is a signal that must have
    come, and how long it is waited for. `more` are further fields of its Step.
    """

    id: str
    where: Where
    channel: str | None
    wait: Wait | None = None
    waits_at: Where | None = None
    since_start: bool = False
    gate: tuple[str, Wait | None] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def chain(
    items: Sequence[Item], opens: UntilOpen | None = None, opens_at: Where = ()
) -> tuple[dict[str, Node], str | None]:
    """The nodes of a list, in its order, and the first that happens.

    Entries that all count from the start happen in the order of their times, those that nobody
    knows at the end; each for itself if their days are of several kinds, so that no order holds for
    every start. `opens` is waited for before each touch.
    """
    order = list(range(len(items)))
    apart = False
    if all(item.since_start for item in items):
        known = [index for index in order if not isinstance(items[index].wait, Unknown)]
        times = lengths(items[index].wait for index in known)
        apart = times is None
        at = dict(zip(known, times or known, strict=True))
        order.sort(key=lambda index: at.get(index, NEVER))
    ids = Ids()
    names = [ids.fresh(item.id) for item in items]
    made: list[list[Node]] = [[] for _ in items]
    then: str | None = None
    thens: list[str] = []
    for index in reversed(order):
        item, name, nodes = items[index], names[index], made[index]
        if item.channel is not None:
            nodes.append(Step(name, item.where, item.channel, then, **item.more))
            then = name
            if opens is not None:
                nodes.append(Pause(ids.fresh(f"window before {name}"), opens_at, opens, then))
                then = nodes[-1].id
        if item.gate is not None:
            signal, timeout = item.gate
            arm = Arm(then, signal, text=signal)
            nodes.append(
                Await(ids.fresh(f"{signal} before {name}"), item.where, (arm,), timeout, None)
            )
            then = nodes[-1].id
        if item.wait is not None:
            place = item.where if item.waits_at is None else item.waits_at
            pause = Pause(
                ids.fresh(f"wait before {name}"), place, item.wait, then, item.since_start
            )
            nodes.append(pause)
            then = pause.id
        nodes.reverse()
        if apart and then is not None:
            thens.insert(0, then)
            then = None
    if apart:
        then = ids.fresh("start")
        made.append([Fan(then, items[0].where, tuple(thens))])
    return {node.id: node for nodes in made for node in nodes}, then


def one_of_each(items: Iterable[tuple[Item, object]]) -> list[Item]:
    """Entries without the further variants of one touch: those next to one another, same mark.

    The mark says which touch an entry is a variant of; None: it is no variant.
    """
    kept: list[Item] = []
    last: object = None
    for item, mark in items:
        if mark is None or mark != last:
            kept.append(item)
        last = mark
    return kept


# -- windows of sequencers -------------------------------------------------------------------------

ANY_HOUR: Final = "touches are laid out at any hour"

_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-5][0-9])(?::00)?")


def clock_of(notes: Notes, where: Where, value: object) -> int | None:
    """A time of day such as `9:00`, in microseconds after midnight; None, and noted, if it is
    none."""
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    us = int(match[1]) * HOUR + int(match[2]) * MINUTE if match else -1
    if 0 <= us <= DAY:
        return us
    notes.missed(shown(value), where, f"no time of day; expected 00:00 to 24:00; {ANY_HOUR}")
    return None


def in_zone(
    notes: Notes, where: Where, windows: Sequence[tuple[Sequence[int], int, int]], name: object
) -> UntilOpen | None:
    """The wait for windows on the clock of a zone; None, and noted, if there is no zone or day,
    or if one opens and closes at once: that may mean never or always."""
    if not isinstance(name, str):
        notes.missed("window", where, f"it has no time zone; {ANY_HOUR}")
        return None
    if (fault := _zone_fault(notes.source, name)) is not None:
        notes.missed("window", where, f"{fault}; {ANY_HOUR}")
        return None
    if not any(days for days, _, _ in windows):
        why = f"no day is chosen, so nothing would ever be sent; {ANY_HOUR}"
        notes.missed("days", where, why)
        return None
    if short := next((_wall(opens) for _, opens, closes in windows if opens == closes), None):
        notes.missed("window", where, f"it opens and closes at {short}; {ANY_HOUR}")
        return None
    return UntilOpen(Hours(windows), _said(windows, name), name)


def _zone_fault(source: Source, name: str) -> str | None:
    """What is wrong with the name of a zone. The nearest one takes long to find, so that is done
    for the first few of a file."""
    if zone_named(name) is not None:
        return None
    if source.hints == 0:
        return f"unknown zone {name!r}"
    source.hints -= 1
    near = nearest(name, zone_names())
    hint = f"did you mean {near!r}?" if near else "expected a name such as America/Chicago"
    return f"unknown zone {name!r}; {hint}"


def _said(windows: Sequence[tuple[Sequence[int], int, int]], name: str) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    told = [
        f"{' '.join(days[day] for day in sorted(chosen))} {_wall(opens)}-{_wall(closes)}"
        for chosen, opens, closes in windows
    ]
    return f"{', '.join(told)} {name}"


def _wall(us: int) -> str:
    return f"{us // HOUR:02d}:{us % HOUR // MINUTE:02d}"


# -- cadences --------------------------------------------------------------------------------------


def cadence(
    notes: Notes,
    name: str | None,
    where: Where,
    items: Sequence[Item],
    exits: Iterable[str],
    *,
    opens: UntilOpen | None = None,
    opens_at: Where = (),
    anchor: str = "previous",
) -> Cadence:
    """A list of touches of a sequencer as a cadence; without a name it is called like its file."""
    nodes, start = chain(items, opens, opens_at)
    return Cadence(
        name or PurePath(notes.source.path).stem,
        where,
        nodes,
        start,
        anchor=anchor,
        exits=frozenset(exits),
        unknown=notes.unknown,
        assumes=notes.assumes,
    )
