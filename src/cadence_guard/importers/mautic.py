"""Mautic campaigns: a tree of events, as the JSON export, the database or the API tells it.

The waits are those of Mautic's own scheduler. An `immediate` event ignores its interval. Intervals
count from the parent event, and a month is 28 to 31 days. Hours and days of the week are those of
the contact; they hold an event back after an interval only, and no action on a "no" path. All
children of an event are taken, of a decision or a condition either the "yes" or the "no" ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Final, NamedTuple

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Fan,
    Label,
    NotUnderstood,
    Pause,
    Step,
    Unknown,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
    Wait,
    Where,
)
from cadence_guard.importers._linear import named
from cadence_guard.importers._marketing import Gathered
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import (
    Ids,
    identifier,
    is_whole,
    mapping,
    shown,
    some,
    text,
    unknown_word,
)
from cadence_guard.instants import DAY, HOUR, MINUTE, SECOND, Hours, parse_instant, to_us

FORMAT: Final = "mautic"

_SENDS: Final = {
    "email.send": "email",
    "sms.send": "sms",
    "sms.send_text_sms": "sms",
    "twitter.tweet": "social",
}
_PUSHES: Final = ("notification.send_mobile_notification", "notification.send_notification")
_OTHERS: Final = (
    "dwc.push_content",
    "email.send.to.user",
    "focus.show",
    "plugin.leadpush",
    "stage.change",
)
_OURS: Final = ("campaign.", "lead.")
"""What actions begin with that tell the contact nothing."""
_SIGNALS: Final = {
    "asset.download": "downloaded",
    "email.click": "clicked",
    "email.open": "opened",
    "email.reply": "replied",
    "page.devicehit": "visited",
    "page.pagehit": "visited",
    "sms.reply": "replied",
}
_KINDS: Final = ("action", "condition", "decision")
_MODES: Final = ("immediate", "interval", "date", "optimized")
_EMAIL_TYPES: Final = ("marketing", "transactional")
_UNITS: Final = {"s": SECOND, "i": MINUTE, "h": HOUR, "d": DAY}
_MONTHS: Final = {"m": 1, "y": 12}
_LONGEST: Final = 100 * 366 * DAY
_MOST_MONTHS: Final = 1200
_AT_ONCE: Final = Elapsed(0, 0)
_EVERY_DAY: Final = frozenset(range(7))
_CLOCK: Final = re.compile(r"(?:\d{4}-\d\d-\d\d[T ])?([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d.*)?")
_DATE: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?"
)


def recognises(source: Source) -> bool:
    """Whether it holds campaigns and their events, in any of the three shapes."""
    return any(True for _ in _tables(source.data))


def read(source: Source) -> CadenceFile:
    """The campaigns of the file. Raises CadenceError where a campaign is none, or has no id or one
    that another has."""
    found = [each for table in _tables(source.data) for each in _campaigns(source, table)]
    often = Counter(campaign.name for campaign in found)
    for campaign in found:
        if often[campaign.name] > 1:
            campaign.name += f" #{campaign.id}"
    names = {campaign.id: campaign.name for campaign in found}
    return CadenceFile(FORMAT, named(_Reader(each, names).cadence() for each in found))


# -- the three shapes ----------------------------------------------------------------------------


class _Table(NamedTuple):
    """Campaigns and events of one export: their places and what is there. Without `events` each
    campaign holds its own."""

    campaigns: tuple[Where, Any]
    events: tuple[Where, Any] | None
    emails: Any


@dataclass
class _Campaign:
    """One campaign and its events, by id, with their places."""

    id: str
    name: str
    where: Where
    restarts: bool
    events: dict[str, tuple[Where, Mapping[str, Any]]]
    emails: Mapping[str, str]
    strays: list[NotUnderstood] = field(default_factory=list)


def _tables(data: Any) -> Iterator[_Table]:
    things: list[tuple[Where, Any]] = [((), data)]
    if isinstance(data, list):
        things = [((index,), thing) for index, thing in enumerate(data)]
    for at, thing in things:
        if not isinstance(thing, dict):
            continue
        for one, many in (("campaign", "campaign_event"), ("campaigns", "campaign_events")):
            if one in thing and many in thing:
                emails = thing.get("email", thing.get("emails"))
                yield _Table(((*at, one), thing[one]), ((*at, many), thing[many]), emails)
                break
            rows = [thing.get(one)] if one == "campaign" else _rows(thing.get(one))
            events = (event for row in rows for event in _rows(mapping(row).get("events")))
            if any(text(_field(mapping(event), "event_type")) for event in events):
                yield _Table(((*at, one), thing[one]), None, None)
                break


def _rows(value: Any) -> list[Any]:
    """The rows of a list; PHP writes some lists as mappings."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _placed(at: Where, value: Any) -> Iterator[tuple[Where, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(_rows(value))
    for key, row in pairs:
        yield (*at, key), row


def _campaigns(source: Source, table: _Table) -> list[_Campaign]:
    """The campaigns of a table, and those that only its events tell of."""
    at, value = table.campaigns
    emails = {
        id_: name
        for row in map(mapping, _rows(table.emails))
        if (id_ := identifier(row.get("id"))) and (name := text(row.get("name")))
    }
    found: dict[str, _Campaign] = {}
    single = isinstance(value, dict) and "id" in value
    for place, row in [(at, value)] if single else _placed(at, value):
        id_ = identifier(mapping(row).get("id"))
        if id_ is None:
            raise source.error(place, "expected a campaign, a mapping with `id` and `name`")
        if id_ in found:
            raise source.error((*place, "id"), f"another campaign has the id {id_!r}, too")
        name = text(row.get("name")) or f"campaign {id_}"
        restarts = _field(row, "allow_restart") in (1, "1")
        found[id_] = _Campaign(id_, name, place, restarts, {}, emails)
        if table.events is None:
            _add(found[id_], _placed((*place, "events"), row.get("events")))
    if table.events is not None:
        at, value = table.events
        if not isinstance(value, (dict, list)):
            raise source.error(at, "expected a list of events")
        for place, row in _placed(at, value):
            id_ = identifier(mapping(row).get("campaign_id"))
            if id_ is None and not found:
                raise source.error(place, "expected an event, a mapping with `campaign_id`")
            if id_ is None:
                id_ = next(iter(found))
                if len(found) > 1:
                    why = "expected an event, a mapping with `campaign_id`"
                    found[id_].strays.append(NotUnderstood("an event", place, why))
                    continue
            if id_ not in found:
                found[id_] = _Campaign(id_, f"campaign {id_}", place, False, {}, emails)
            _add(found[id_], [(place, row)])
    return list(found.values())


def _add(campaign: _Campaign, rows: Iterable[tuple[Where, Any]]) -> None:
    """Adds events to their campaign; what is none is one of its strays."""
    for place, row in rows:
        id_ = identifier(mapping(row).get("id"))
        at, why = (*place, "id"), None
        if not isinstance(row, dict):
            at, why = place, "expected an event, a mapping with `id` and `type`"
        elif id_ is None:
            why = "expected an event's id, a number or a text"
        elif id_ in campaign.events:
            why = f"another event has the id {id_!r}, too"
        elif not row.get("deleted"):
            campaign.events[id_] = place, row
        if why is not None:
            campaign.strays.append(NotUnderstood("an event", at, why))


@cache
def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _field(row: Mapping[str, Any], name: str) -> Any:
    """A field by its name in the database, or as the export and the API write it."""
    value = row.get(name)
    return row.get(_camel(name)) if value is None else value


def _parent(event: Mapping[str, Any]) -> Any:
    parent = _field(event, "parent_id")
    if parent is None:
        parent = event.get("parent")
    return parent.get("id") if isinstance(parent, dict) else parent


def _property(event: Mapping[str, Any], name: str) -> Any:
    """What an event's form says; it is written twice, and once of the two may be missing."""
    properties = mapping(event.get("properties"))
    value = properties.get(name)
    return mapping(properties.get("properties")).get(name) if value is None else value


# -- one campaign ----------------------------------------------------------------------------------


class _Trigger(NamedTuple):
    """When an event happens, seen from its parent: a wait, and then hours that hold it back."""

    wait: Wait
    then: tuple[Wait, ...] = ()


class _Reader(Gathered):
    """One campaign while it is read."""

    def __init__(self, campaign: _Campaign, names: Mapping[str, str]) -> None:
        super().__init__()
        self.unknown += campaign.strays
        self.campaign = campaign
        self.names = names
        self.events = campaign.events
        self.ids = Ids()
        self.labels = {
            id_: self.ids.fresh(_label(id_, event)) for id_, (_, event) in self.events.items()
        }
        self.sent: set[tuple[str, str]] = set()
        self.pushed: list[str] = []
        self.hourly: list[str] = []
        self.turned: list[str] = []
        self.unheld: list[str] = []
        self.several: list[str] = []
        self.own: list[str] = []
        self.best: list[str] = []
        self.roots: list[str] = []
        self.children: dict[str, list[str]] = {}
        for id_, (place, event) in self.events.items():
            self._place(id_, place, event)
        self.triggers = {
            id_: self._trigger(self.labels[id_], place, event)
            for id_, (place, event) in self.events.items()
        }

    def cadence(self) -> Cadence:
        """All of it."""
        for id_, (place, event) in self.events.items():
            self._event(self.labels[id_], place, event, self.children.get(id_, []))
        start = self._all("start", self.campaign.where, self.roots)
        name, where = self.campaign.name, self.campaign.where
        return self.whole(name, where, start, kept_back=self._kept_back, assumes=self._assumed())

    @property
    def _kept_back(self) -> bool:
        """Whether an unsubscription ends it: what it sends is all marketing, on one channel."""
        return len(self.sent) == 1 and {purpose for _, purpose in self.sent} == {"marketing"}

    def _assumed(self) -> Iterator[str]:
        """What is taken for granted, in words."""
        name = self.campaign.name
        if self._kept_back:
            yield f"Mautic sends {name!r} to nobody who is on its do-not-contact list"
        if self.hourly:
            yield (
                f"if the hour of {some(self.hourly)} of {name!r} has passed when the interval is"
                " over, Mautic does not wait for the next day"
            )
        if self.turned:
            yield f"the hours of {some(self.turned)} of {name!r} span midnight: Mautic swaps them"
        if self.unheld:
            yield (
                f"Mautic does not look at the hours of {some(self.unheld)} of {name!r}, which is an"
                " action on a 'no' path"
            )
        if self.several:
            yield (
                f"the 'no' path of {some(self.several)} of {name!r} is taken after the shortest of"
                " its intervals"
            )
        if self.own:
            yield f"what {some(self.own)} of {name!r} waits for is a signal of their own"
        if self.best:
            yield f"the best time for {some(self.best)} of {name!r} may be any in the day or week"
        if self.pushed:
            yield f"{some(self.pushed)} of {name!r} is a push, so not judged"
        if self.campaign.restarts:
            yield f"nobody is in {name!r} twice (it may be restarted)"

    # -- the tree --------------------------------------------------------------------------------

    def _place(self, id_: str, place: Where, event: Mapping[str, Any]) -> None:
        """Puts an event under its parent."""
        value = _parent(event)
        parent = identifier(value)
        if value in (None, "", 0):
            self.roots.append(id_)
        elif parent not in self.events or parent is None:
            why = f"its parent {shown(value)} is not in the file, so nothing leads to it"
            self._not_understood(self.labels[id_], (*place, "parent_id"), why)
        else:
            self.children.setdefault(parent, []).append(id_)

    def _paths(self, label: str, children: Sequence[str]) -> tuple[list[str], list[str]]:
        """The children on the "yes" and on the "no" path."""
        paths: dict[Any, list[str]] = {"yes": [], "no": []}
        for id_ in children:
            place, event = self.events[id_]
            path = text(_field(event, "decision_path"))
            if path in paths:
                paths[path].append(id_)
            else:
                why = f"it is on neither the 'yes' nor the 'no' path of {label!r}"
                self._not_understood(self.labels[id_], place, why)
        return paths["yes"], paths["no"]

    def _enter(self, id_: str, waits: Sequence[Wait] | None = None) -> str:
        """The node with which an event begins: the first of its waits, or the event itself."""
        if waits is None:
            waits = (self.triggers[id_].wait, *self.triggers[id_].then)
        label = self.labels[id_]
        place, _ = self.events[id_]
        first = label
        for wait in reversed(waits):
            if wait != _AT_ONCE:
                inner = self.ids.fresh(f"{label}: wait")
                self.nodes[inner] = Pause(inner, place, wait, first)
                first = inner
        return first

    def _all(
        self, label: str, place: Where, ids: Sequence[str], entered: Sequence[str] = ()
    ) -> str | None:
        """The node that leads to all of some events at once."""
        thens = tuple(entered) or tuple(self._enter(id_) for id_ in ids)
        if len(thens) < 2:
            return thens[0] if thens else None
        id_ = self.ids.fresh(label)
        self.nodes[id_] = Fan(id_, place, thens)
        return id_

    # -- events ----------------------------------------------------------------------------------

    def _event(
        self, label: str, place: Where, event: Mapping[str, Any], children: Sequence[str]
    ) -> None:
        kind = _field(event, "event_type")
        if kind == "decision":
            self._decision(label, place, event, children)
        elif kind == "condition":
            self._condition(label, place, event, children)
        else:
            if kind != "action":
                why = unknown_word(kind, _KINDS, "kind of event")
                self._not_understood(label, (*place, "event_type"), why)
            self._action(label, place, event, children)

    def _decision(
        self, label: str, place: Where, event: Mapping[str, Any], children: Sequence[str]
    ) -> None:
        yes, no = self._paths(label, children)
        kind = text(event.get("type")) or ""
        signal = _SIGNALS.get(kind)
        if signal is None:
            self.own.append(label)
            signal = "x-" + (re.sub(r"[^a-z0-9]+", "-", kind.casefold()) or "event")
        arm = Arm(self._all(f"{label}: yes", place, yes), signal, text=label)
        timeout, entered = self._silence(label, no)
        then = self._all(f"{label}: no", place, (), entered)
        self.nodes[label] = Await(label, place, (arm,), timeout, then)

    def _silence(self, label: str, no: Sequence[str]) -> tuple[Wait | None, list[str]]:
        """How long a decision waits for what does not happen, and what is entered then."""
        firsts = [self.triggers[id_].wait for id_ in no]
        if not firsts:
            return None, []
        relative = [wait for wait in firsts if isinstance(wait, Elapsed)]
        dates = [wait for wait in firsts if isinstance(wait, UntilDate)]
        timeout: Wait = firsts[0]
        low = high = 0
        if relative:
            low = min(wait.low for wait in relative)
            high = min(wait.high or wait.low for wait in relative)
            timeout = Elapsed(low, high)
        elif dates:
            timeout = min(dates, key=lambda wait: wait.at)
        if len(set(firsts)) > 1:
            self.several.append(label)
        entered = []
        for id_ in no:
            first, then = self.triggers[id_]
            if isinstance(first, Elapsed):
                left = sorted((first.low - low, (first.high or first.low) - high))
                then = (Elapsed(left[0], left[1]), *then)
            elif first != timeout:
                then = (first, *then)
            entered.append(self._enter(id_, then))
        return timeout, entered

    def _condition(
        self, label: str, place: Where, event: Mapping[str, Any], children: Sequence[str]
    ) -> None:
        signal = "opt_out" if event.get("type") == "lead.dnc" else None
        arms = tuple(
            Arm(
                self._all(f"{label}: {path}", place, ids),
                signal,
                unless=signal is not None and path == "no",
                text=f"{label}: {path}",
            )
            for path, ids in zip(("yes", "no"), self._paths(label, children), strict=True)
        )
        self.nodes[label] = Branch(label, place, arms)

    def _action(
        self, label: str, place: Where, event: Mapping[str, Any], children: Sequence[str]
    ) -> None:
        kind = text(event.get("type")) or ""
        if (channel := _SENDS.get(kind)) is not None:
            self._send(label, place, event, children, channel)
        elif kind == "campaign.jump_to_event":
            self._jump(label, place, event, children)
        elif kind in ("campaign.addremovelead", "campaign.removelead"):
            self._membership(label, place, event, children)
        else:
            if kind in _PUSHES:
                self.pushed.append(label)
            elif kind == "message.send":
                why = "it goes out on the channel that the contact prefers, which no file tells"
                self._not_understood(label, (*place, "type"), why)
            elif kind not in _OTHERS and not kind.startswith(_OURS):
                known = (*_SENDS, *_PUSHES, *_OTHERS)
                why = unknown_word(event.get("type"), known, "action")
                self._not_understood(label, (*place, "type"), why)
            ends = kind == "lead.deletecontact"
            thens = () if ends else tuple(self._enter(id_) for id_ in children)
            self.nodes[label] = Fan(label, place, thens)

    def _send(
        self,
        label: str,
        place: Where,
        event: Mapping[str, Any],
        children: Sequence[str],
        channel: str,
    ) -> None:
        kind = _property(event, "email_type")
        if kind not in (None, "", *_EMAIL_TYPES):
            why = unknown_word(kind, _EMAIL_TYPES, "type of an e-mail")
            self._not_understood(label, (*place, "properties", "email_type"), why)
        transactional = kind == "transactional" and channel == "email"
        purpose = "transactional" if transactional else "marketing"
        self.sent.add((channel, purpose))
        number = identifier(_field(event, "channel_id")) or identifier(_property(event, channel))
        template = self.campaign.emails.get(number or "") if channel == "email" else None
        self.nodes[label] = Step(
            label,
            place,
            channel,
            self._all(f"{label}: then", place, children),
            purpose=purpose,
            template=template or (f"{channel} {number}" if number else None),
        )

    def _jump(
        self, label: str, place: Where, event: Mapping[str, Any], children: Sequence[str]
    ) -> None:
        value = _property(event, "jumpToEvent")
        target = identifier(value)
        thens = [self._enter(id_) for id_ in children]
        if target in self.events and target is not None:
            thens.append(self._enter(target))
        else:
            why = f"it jumps to {shown(value)}, which is not in the file; taken as the end"
            self._not_understood(label, (*place, "properties", "jumpToEvent"), why)
        self.nodes[label] = Fan(label, place, tuple(thens))

    def _membership(
        self, label: str, place: Where, event: Mapping[str, Any], children: Sequence[str]
    ) -> None:
        """Puts the contact into other campaigns, takes it out of this one, or neither."""
        own = ("this", self.campaign.id)
        leaves = event.get("type") == "campaign.removelead" or any(
            identifier(value) in own for value in _rows(_property(event, "removeFrom"))
        )
        then = None if leaves else self._all(f"{label}: then", place, children)
        added = [identifier(value) for value in _rows(_property(event, "addTo"))]
        if None in added:
            why = "expected the ids of campaigns"
            self._not_understood(label, (*place, "properties", "addTo"), why)
        others = [id_ for id_ in added if id_ is not None and id_ not in own]
        for id_ in reversed(others[1:]):
            inner = self.ids.fresh(f"{label}: enter")
            self.nodes[inner] = Enter(inner, place, self._name(id_), then)
            then = inner
        if others:
            self.nodes[label] = Enter(label, place, self._name(others[0]), then)
        else:
            self.nodes[label] = Fan(label, place, () if then is None else (then,))

    def _name(self, campaign: str) -> str:
        return self.names.get(campaign, f"campaign {campaign}")

    # -- when an event happens -------------------------------------------------------------------

    def _trigger(self, label: str, place: Where, event: Mapping[str, Any]) -> _Trigger:
        mode = _field(event, "trigger_mode")
        if _field(event, "event_type") == "decision" or mode in (None, "", "immediate"):
            return _Trigger(_AT_ONCE)
        at = (*place, "trigger_mode")
        if mode == "interval":
            wait = self._interval(label, place, event)
            seconds = (
                wait.low / SECOND if isinstance(wait, Elapsed) and wait.low == wait.high else None
            )
            self.waits.append(Label(label, place, seconds, None))
            return _Trigger(wait, self._hours(label, place, event))
        if mode == "date":
            return _Trigger(self._date(label, place, event))
        if mode == "optimized":
            self.best.append(label)
            window = _field(event, "trigger_window")
            if window not in (None, "", 0, "0", 1, "1"):
                why = f"the window is {shown(window)}; expected 0, a day, or 1, a week"
                self._not_understood(label, (*place, "trigger_window"), why)
            return _Trigger(Elapsed(0, DAY if window in (0, "0", None, "") else 7 * DAY))
        wait = Unknown(unknown_word(mode, _MODES, "trigger mode"))
        self._not_understood(label, at, wait.why)
        return _Trigger(wait)

    def _interval(self, label: str, place: Where, event: Mapping[str, Any]) -> Elapsed | Unknown:
        number, unit = _field(event, "trigger_interval"), _field(event, "trigger_interval_unit")
        if isinstance(number, str) and re.fullmatch(r"[0-9]{1,9}", number):
            number = int(number)
        short = unit.casefold() if isinstance(unit, str) else ""
        if short in _UNITS and is_whole(number, 0, _LONGEST // _UNITS[short]):
            return Elapsed(number * _UNITS[short], number * _UNITS[short])
        if short in _MONTHS and is_whole(number, 0, _MOST_MONTHS // _MONTHS[short]):
            fewest, most = _days_in(number * _MONTHS[short])
            return Elapsed(fewest * DAY, most * DAY)
        if short in _UNITS or short in _MONTHS:
            at = (*place, "trigger_interval")
            why = f"the interval is {shown(number)}; expected a whole number, at most 100 years"
        else:
            at = (*place, "trigger_interval_unit")
            why = unknown_word(unit, (*_UNITS, *_MONTHS), "unit of an interval")
        self._not_understood(label, at, why)
        return Unknown(why)

    def _date(self, label: str, place: Where, event: Mapping[str, Any]) -> Wait:
        value = _field(event, "trigger_date")
        if value in (None, ""):
            return _AT_ONCE
        if (at := _instant(value)) is not None:
            return UntilDate(at)
        why = f"the date is {shown(value)}; expected one such as 2026-03-02 16:00:00"
        self._not_understood(label, (*place, "trigger_date"), why)
        return Unknown(why)

    def _hours(self, label: str, place: Where, event: Mapping[str, Any]) -> tuple[Wait, ...]:
        """What holds an event back after its interval, on the contact's clock."""
        hour = self._clock(label, place, event, "trigger_hour")
        start = self._clock(label, place, event, "trigger_restricted_start_hour")
        stop = self._clock(label, place, event, "trigger_restricted_stop_hour")
        days = self._days(label, place, event)
        if hour is not None:
            opens, closes = hour, DAY
        elif start is not None and stop is not None:
            opens, closes = min(start, stop), max(start, stop)
        else:
            opens, closes = 0, DAY
        if (opens, closes, days) == (0, DAY, _EVERY_DAY):
            return ()
        if self._unheld(event):
            self.unheld.append(label)
            return ()
        if hour is not None:
            self.hourly.append(label)
        elif opens != start and start is not None and stop is not None:
            self.turned.append(label)
        return _held(opens, closes, days)

    def _unheld(self, event: Mapping[str, Any]) -> bool:
        """Whether it is an action on the "no" path of a decision."""
        _, parent = self.events.get(identifier(_parent(event)) or "", ((), {}))
        kinds = _field(parent, "event_type"), _field(event, "event_type")
        return kinds == ("decision", "action") and _field(event, "decision_path") == "no"

    def _clock(self, label: str, place: Where, event: Mapping[str, Any], name: str) -> int | None:
        value = _field(event, name)
        if value in (None, ""):
            return None
        if isinstance(value, str) and (match := _CLOCK.fullmatch(value)):
            return int(match[1]) * HOUR + int(match[2]) * MINUTE
        why = f"it is {shown(value)}; expected a time of day such as 09:00"
        self._not_understood(label, (*place, name), why)
        return None

    def _days(self, label: str, place: Where, event: Mapping[str, Any]) -> frozenset[int]:
        """The days on which it may happen, 0 = Monday; Mautic has 0 for Sunday, -1 for workdays."""
        value = _field(event, "trigger_restricted_days_of_week")
        if value in (None, "", "[]", "a:0:{}"):
            return _EVERY_DAY
        found: set[int] = set()
        for day in _rows(value) if isinstance(value, (dict, list)) else [value]:
            number = int(day) if isinstance(day, str) and re.fullmatch("-?[0-9]", day) else day
            if not is_whole(number, -1, 6):
                why = f"a day is {shown(day)}; expected a number from 0 (Sunday) to 6"
                self._not_understood(label, (*place, "trigger_restricted_days_of_week"), why)
            elif number < 0:
                found.update(range(5))
            else:
                found.add((number - 1) % 7)
        return frozenset(found) or _EVERY_DAY

    def _not_understood(self, label: str, where: Where, why: str) -> None:
        self.unknown.append(NotUnderstood(label, where, why))


def _label(id_: str, event: Mapping[str, Any]) -> str:
    """What an event is called here: names may be the same, ids are not."""
    return f"{text(event.get('name')) or text(event.get('type')) or 'event'} #{id_}"


def _instant(value: Any) -> int | None:
    """A date of the database or of an export; without an offset it is UTC."""
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, clock, offset = match.groups()
    try:
        return to_us(parse_instant(f"{day}T{clock}{offset or 'Z'}"))
    except ValueError:
        return None


@cache
def _held(opens: int, closes: int, days: frozenset[int]) -> tuple[Wait, ...]:
    """The waits for hours, and then for a day: Mautic keeps the time of day it has come to."""
    hours: tuple[Wait, ...] = ()
    if opens == closes:  # a window without length opens at an instant
        hours = (UntilClock(opens),)
    elif (opens, closes) != (0, DAY):
        words = " to ".join(f"{at // HOUR:02}:{at // MINUTE % 60:02}" for at in (opens, closes))
        hours = (UntilOpen(Hours([(_EVERY_DAY, opens, closes)]), words),)
    return hours if days == _EVERY_DAY else (*hours, UntilDay(days))


@cache
def _days_in(months: int) -> tuple[int, int]:
    """The fewest and the most days that so many months in a row can have."""
    starts = range(1970 * 12, 2200 * 12 - months)
    lengths = [_ordinal(start + months) - _ordinal(start) for start in starts]
    return min(lengths), max(lengths)


def _ordinal(month: int) -> int:
    return date(month // 12, month % 12 + 1, 1).toordinal()
