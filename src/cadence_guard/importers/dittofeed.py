"""Dittofeed journeys: a graph of nodes, as JSON or YAML, alone or as the API wraps them.

A journey says who enters and what happens, and every delay counts from the node before. A contact
who unsubscribes is kept back by the subscription group of a message, when it is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    CadenceFile,
    Elapsed,
    Fan,
    Label,
    NotUnderstood,
    Pause,
    Step,
    Unknown,
    UntilClock,
    Wait,
    Where,
    fixed,
)
from cadence_guard.importers._labels import label_seconds
from cadence_guard.importers._marketing import Gathered
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import (
    LONGEST,
    Ids,
    identifier,
    is_number,
    is_whole,
    mapping,
    named,
    seconds_of,
    shown,
    text,
    unknown_word,
)
from cadence_guard.instants import HOUR, MINUTE, SECOND

FORMAT: Final = "dittofeed"

_ENTRIES: Final = ("EntryNode", "EventEntryNode")
_NODES: Final = (
    "DelayNode",
    "MessageNode",
    "RandomCohortNode",
    "RateLimitNode",
    "SegmentSplitNode",
    "WaitForNode",
)
_CHANNELS: Final = {"Email": "email", "Sms": "sms"}
_NO_TOUCH: Final = ("MobilePush", "Webhook")
_UNCHECKED: Final = (
    "consent is checked before {those} of {name}: without a subscription group Dittofeed does not"
)
_DATED: Final = "the dates that {those} of {name} waits for are far enough"
_SOME_DAYS: Final = (
    "the days of the week of {those} of {name} are those of the contact (Dittofeed asks which day"
    " it is in UTC)"
)
_PUSHED: Final = "{those} of {name} is a push or a webhook, so not judged"
_JUST_AFTER: Final = Elapsed(1, 1)


def recognises(source: Source) -> bool:
    """Whether it holds a journey: an entry node of a journey, among others or in a wrapper."""
    return any(_is_journey(definition) for _, _, definition in _things(source.data))


def read(source: Source) -> CadenceFile:
    """The journeys of the file. Raises CadenceError where one is none."""
    return CadenceFile(
        FORMAT,
        named(
            _unfinished(place, thing)
            if thing.get("status") == "NotStarted" and definition in (None, thing)
            else _Journey(source, place, thing, definition).cadence()
            for place, thing, definition in _things(source.data)
        ),
    )


def _unfinished(place: Where, thing: Mapping[str, Any]) -> Cadence:
    """A journey that was never started need not have a definition."""
    why = "it has no definition, only a draft that was never started"
    name = text(thing.get("name")) or "a draft"
    return Cadence(name, place, {}, None, unknown=(NotUnderstood(name, place, why),))


def _things(data: Any) -> Iterator[tuple[Where, Mapping[str, Any], Any]]:
    """What may be a journey: its place, the thing around its definition, the definition."""
    at: Where = ()
    if isinstance(data, dict) and isinstance(data.get("journeys"), list):
        data, at = data["journeys"], ("journeys",)
    things = enumerate(data) if isinstance(data, list) else [(None, data)]
    for index, thing in things:
        where = at if index is None else (*at, index)
        if isinstance(thing, dict) and "definition" in thing:
            yield (*where, "definition"), thing, thing["definition"]
        else:
            yield where, thing if isinstance(thing, dict) else {}, thing


def _is_journey(definition: Any) -> bool:
    if not isinstance(definition, dict) or not isinstance(definition.get("entryNode"), dict):
        return False
    entry = definition["entryNode"]
    return entry.get("type", "EntryNode" if "child" in entry else None) in _ENTRIES


class _Journey(Gathered):
    """One journey while it is read."""

    def __init__(
        self, source: Source, where: Where, thing: Mapping[str, Any], definition: Any
    ) -> None:
        if not _is_journey(definition):
            raise source.error(where, "not a Dittofeed journey; expected `entryNode` and `nodes`")
        raw = definition.get("nodes")
        if not isinstance(raw, list):
            raise source.error((*where, "nodes"), "expected a list of nodes")
        name = text(thing.get("name")) or text(definition.get("name"))
        super().__init__(name or PurePath(source.path).stem)
        self.where = where
        self.entry: Mapping[str, Any] = definition["entryNode"]
        self.drafted = bool(mapping(thing.get("draft")).get("nodes"))
        if thing.get("canRunMultiple") is True:
            why = "people may enter it again, and the file does not say how soon"
            around = where if thing is definition else where[:-1]
            self.missed("canRunMultiple", (*around, "canRunMultiple"), why)
        self.groups: set[str] = set()
        self.raw = self._by_id(raw)
        self.ids = Ids()
        self.labels = self._labelled()
        self.exits = {"ExitNode", identifier(mapping(definition.get("exitNode")).get("id"))}

    def _by_id(self, raw: list[Any]) -> dict[str, tuple[Where, Mapping[str, Any]]]:
        found: dict[str, tuple[Where, Mapping[str, Any]]] = {}
        for index, node in enumerate(raw):
            place = (*self.where, "nodes", index)
            what, id_ = f"node {index + 1}", identifier(mapping(node).get("id"))
            if not isinstance(node, dict):
                why = "expected a node, a mapping with `id` and `type`"
                self.missed(what, place, why)
            elif id_ is None:
                why = "expected a node's id, a text or a number"
                self.missed(what, (*place, "id"), why)
            elif id_ in found:
                why = f"another node has the id {id_!r}, too"
                self.missed(what, (*place, "id"), why)
            else:
                found[id_] = place, node
        return found

    def _labelled(self) -> dict[str, str]:
        """What each node is called here: its name if no other is called so, else its id."""
        names = {id_: text(node.get("name")) for id_, (_, node) in self.raw.items()}
        often = Counter(names.values())
        return {
            id_: self.ids.fresh(name if name and often[name] == 1 and name not in names else id_)
            for id_, name in names.items()
        }

    def cadence(self) -> Cadence:
        """All of it."""
        for id_, (place, node) in self.raw.items():
            self._node(self.labels[id_], place, node)
        start = self._target(self.entry.get("child"), (*self.where, "entryNode", "child"))
        # each of its messages is of one subscription group
        kept_back = len(self.groups) == 1 and _UNCHECKED not in self.granted
        return self.whole(
            self.where, start, kept_back=kept_back, assumes=self._assumed(kept_back=kept_back)
        )

    def _assumed(self, *, kept_back: bool) -> Iterator[str]:
        """What is taken for granted of it all, in words."""
        if self.drafted:
            yield f"{self.name!r} stays as it is: its draft is not judged"
        if kept_back:
            yield (
                f"Dittofeed keeps the messages of {self.name!r} from whoever left their"
                " subscription group"
            )
        if self.entry.get("type") == "EventEntryNode":
            key = text(self.entry.get("key"))
            each = f"each event with a new {key[:60]}" if key else "each event"
            yield f"nobody is in {self.name!r} twice ({each} starts another run)"

    # -- nodes -----------------------------------------------------------------------------------

    def _node(self, label: str, place: Where, node: Mapping[str, Any]) -> None:
        match node.get("type"):
            case "MessageNode":
                self._message(label, place, node)
            case "DelayNode":
                self._delay(label, place, node)
            case "WaitForNode":
                self._wait_for(label, place, node)
            case "SegmentSplitNode":
                self._split(label, place, node)
            case "RandomCohortNode":
                self._cohort(label, place, node)
            case other:
                if other not in ("ExitNode", "RateLimitNode"):
                    why = unknown_word(other, _NODES, "type of node")
                    self.missed(label, (*place, "type"), why)
                self._pass(label, place, node)

    def _pass(self, label: str, place: Where, node: Mapping[str, Any]) -> None:
        """A node at which nothing happens that concerns the contact."""
        then = self._target(node["child"], (*place, "child")) if "child" in node else None
        self.nodes[label] = Fan(label, place, () if then is None else (then,))

    def _message(self, label: str, place: Where, node: Mapping[str, Any]) -> None:
        variant = mapping(node.get("variant"))
        kind = text(variant.get("type"))
        channel = _CHANNELS.get(kind or "")
        if channel is None:
            if kind in _NO_TOUCH:
                self.assume(_PUSHED, label)
            else:
                why = unknown_word(variant.get("type"), (*_CHANNELS, *_NO_TOUCH), "message")
                self.missed(label, (*place, "variant", "type"), why)
            self._pass(label, place, node)
            return
        group = identifier(node.get("subscriptionGroupId"))
        if group is None:
            self.assume(_UNCHECKED, label)
        else:
            self.groups.add(group)
        self.nodes[label] = Step(
            label,
            place,
            channel,
            self._target(node.get("child"), (*place, "child")),
            template=text(variant.get("templateId")) or text(variant.get("template")),
        )

    def _delay(self, label: str, place: Where, node: Mapping[str, Any]) -> None:
        then = self._target(node.get("child"), (*place, "child"))
        variant = mapping(node.get("variant"))
        at = (*place, "variant")
        wait: Wait
        match variant.get("type"):
            case "Second":
                wait = self._seconds(label, (*at, "seconds"), variant.get("seconds"))
            case "LocalTime":
                clock = self._local_time(label, at, variant)
                if isinstance(clock, UntilClock):
                    # The next one is a later one: at 09:00 sharp it is tomorrow's.
                    inner = self.ids.fresh(f"{label}: clock")
                    self.nodes[inner] = Pause(inner, place, clock, then)
                    then = inner
                    wait = _JUST_AFTER
                else:
                    wait = clock
            case "UserProperty":
                self.assume(_DATED, label)
                wait = Unknown("a date that each contact has")
            case other:
                kinds = ("Second", "LocalTime", "UserProperty")
                why = unknown_word(other, kinds, "kind of delay")
                wait = self.unknown_wait(label, (*at, "type"), why)
        self._named(label, place, wait)
        self.nodes[label] = Pause(label, place, wait, then)

    def _named(self, label: str, place: Where, wait: Wait) -> None:
        """Keeps what a wait is called, and how long it is if it is of one length."""
        seconds = None if wait is _JUST_AFTER else seconds_of(wait)
        self.waits.append(Label(label, place, seconds, label_seconds(label, seconds)))

    def _local_time(
        self, label: str, at: Where, variant: Mapping[str, Any]
    ) -> UntilClock | Unknown:
        """The time of day that a delay waits for, and its days."""
        hour, minute = variant.get("hour"), variant.get("minute", 0)
        days = variant.get("allowedDaysOfWeek")
        if days is None:
            days = list(range(7))
        if not is_whole(hour, 0, 23):
            key, value, right = "hour", hour, "a whole number from 0 to 23"
        elif not is_whole(minute, 0, 59):
            key, value, right = "minute", minute, "a whole number from 0 to 59"
        elif not (isinstance(days, list) and days and all(is_whole(day, 0, 6) for day in days)):
            key, value = "allowedDaysOfWeek", days
            right = "a list of whole numbers from 0 (Sunday) to 6"
        else:
            week = frozenset((day - 1) % 7 for day in days)  # 0 is Monday here
            if len(week) < 7:
                self.assume(_SOME_DAYS, label)
            return UntilClock(hour * HOUR + minute * MINUTE, week)
        why = f"{key} is {shown(value)}; expected {right}"
        return self.unknown_wait(label, (*at, key), why)

    def _wait_for(self, label: str, place: Where, node: Mapping[str, Any]) -> None:
        arms = []
        for at, child in self._children(label, place, node, "segmentChildren"):
            then = self._target(child.get("id"), (*at, "id"))
            arms.append(Arm(then, text=f"enters {self._segment(child.get('segmentId'))}"))
        timeout = self._seconds(label, (*place, "timeoutSeconds"), node.get("timeoutSeconds"))
        then = self._target(node.get("timeoutChild"), (*place, "timeoutChild"))
        self._named(label, place, timeout)
        self.nodes[label] = Await(label, place, tuple(arms), timeout, then)

    def _split(self, label: str, place: Where, node: Mapping[str, Any]) -> None:
        variant = mapping(node.get("variant"))
        segment = self._segment(variant.get("segment"))
        arms = (
            Arm(self._target(variant.get(key), (*place, "variant", key)), text=f"{word} {segment}")
            for key, word in (("trueChild", "in"), ("falseChild", "not in"))
        )
        self.nodes[label] = Branch(label, place, tuple(arms))

    def _cohort(self, label: str, place: Where, node: Mapping[str, Any]) -> None:
        arms = []
        for at, child in self._children(label, place, node, "children"):
            percent = child.get("percent")
            share = None
            if is_number(percent) and 0 <= percent <= 100:
                share = percent / 100
            else:
                why = f"percent is {shown(percent)}; expected a number from 0 to 100"
                self.missed(label, (*at, "percent"), why)
            then = self._target(child.get("id"), (*at, "id"))
            arms.append(Arm(then, share=share, text=text(child.get("name")) or ""))
        self.nodes[label] = Branch(label, place, tuple(arms))

    # -- parts of nodes --------------------------------------------------------------------------

    def _children(
        self, label: str, place: Where, node: Mapping[str, Any], key: str
    ) -> Iterator[tuple[Where, Mapping[str, Any]]]:
        children = node.get(key)
        if not isinstance(children, list):
            self.missed(label, (*place, key), "expected a list of nodes to go on with")
            return
        for index, child in enumerate(children):
            yield (*place, key, index), mapping(child)

    def _segment(self, value: Any) -> str:
        return f"the segment {identifier(value) or '?'}"

    def _seconds(self, label: str, where: Where, seconds: Any) -> Wait:
        if is_number(seconds) and 0 <= seconds <= LONGEST // SECOND:
            return fixed(seconds)
        why = f"{where[-1]} is {shown(seconds)}; expected a number of seconds, at most 100 years"
        return self.unknown_wait(label, where, why)

    def _target(self, child: Any, where: Where) -> str | None:
        """The node that a child names; None for the end."""
        id_ = identifier(child)
        if id_ in self.labels:
            return self.labels[id_]
        if id_ is None or id_ not in self.exits:
            why = f"there is no node {shown(child)} in the file; taken as the end"
            self.missed(shown(child), where, why)
        return None
