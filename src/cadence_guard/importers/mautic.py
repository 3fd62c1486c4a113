"""Mautic campaigns: a tree of events, as the JSON export, the database or the API tells it.

The waits are those of Mautic's own scheduler. An `immediate` event ignores its interval. Intervals
count from the parent event, and a month is 28 to 31 days. Hours and days of the week are those of
the contact; they hold an event back after an interval only, and no action on a "no" path. All
children of an event are taken, of a decision or a condition either the "yes" or the "no" ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Fan,
    Pause,
    Step,
    UntilDate,
    Wait,
    Where,
)
from cadence_guard.importers._linear import named
from cadence_guard.importers._mautic_exports import (
    Campaign,
    campaigns_of,
    field_of,
    parent_of,
    property_of,
    rows_of,
    tables_of,
)
from cadence_guard.importers._mautic_times import AT_ONCE, Timed
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import Ids, identifier, shown, some, text, unknown_word

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
_EMAIL_TYPES: Final = ("marketing", "transactional")


def recognises(source: Source) -> bool:
    """Whether it holds campaigns and their events, in any of the three shapes."""
    return any(True for _ in tables_of(source.data))


def read(source: Source) -> CadenceFile:
    """The campaigns of the file. Raises CadenceError where a campaign is none, or has no id or one
    that another has."""
    found = [each for table in tables_of(source.data) for each in campaigns_of(source, table)]
    often = Counter(campaign.name for campaign in found)
    for campaign in found:
        if often[campaign.name] > 1:
            campaign.name += f" #{campaign.id}"
    names = {campaign.id: campaign.name for campaign in found}
    return CadenceFile(FORMAT, named(_Reader(each, names).cadence() for each in found))


# -- one campaign ----------------------------------------------------------------------------------


class _Reader(Timed):
    """One campaign while it is read."""

    def __init__(self, campaign: Campaign, names: Mapping[str, str]) -> None:
        super().__init__(campaign.events)
        self.unknown += campaign.strays
        self.campaign = campaign
        self.names = names
        self.ids = Ids()
        self.labels = {
            id_: self.ids.fresh(_label(id_, event)) for id_, (_, event) in self.events.items()
        }
        self.sent: set[tuple[str, str]] = set()
        self.pushed: list[str] = []
        self.several: list[str] = []
        self.own: list[str] = []
        self.roots: list[str] = []
        self.children: dict[str, list[str]] = {}
        for id_, (place, event) in self.events.items():
            self._place(id_, place, event)
        self.triggers = {
            id_: self.trigger(self.labels[id_], place, event)
            for id_, (place, event) in self.events.items()
        }

    def cadence(self) -> Cadence:
        """All of it."""
        for id_, (place, event) in self.events.items():
            self._event(self.labels[id_], place, event, self.children.get(id_, []))
        start = self._all("start", self.campaign.where, self.roots)
        for label, place in self._last():
            self.nodes[label] = Fan(label, place, ())
        if self.campaign.restarts is not None:
            why = "people may enter it again, and the file does not say how soon"
            self.not_understood("allow_restart", self.campaign.restarts, why)
        name, where = self.campaign.name, self.campaign.where
        return self.whole(name, where, start, kept_back=self._kept_back, assumes=self._assumed())

    @property
    def _kept_back(self) -> bool:
        """Whether an unsubscription ends it: what it sends is all marketing, on one channel."""
        return len(self.sent) == 1 and {purpose for _, purpose in self.sent} == {"marketing"}

    def _last(self) -> Iterator[tuple[str, Where]]:
        """The events after which nothing is sent: they put the contact on the list that keeps it
        from all that the campaign sends, and none takes it off again."""
        rows = [(id_, place, event) for id_, (place, event) in self.events.items()]
        if not self._kept_back or any(e.get("type") == "lead.removednc" for _, _, e in rows):
            return
        (channel,) = {channel for channel, _ in self.sent}
        for id_, place, event in rows:
            chosen = property_of(event, "channels")
            blocks = rows_of(["email"] if chosen is None else chosen)
            if event.get("type") == "lead.adddnc" and channel in blocks:
                yield self.labels[id_], place

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
        if self.zoneless:
            yield f"the date of {some(self.zoneless)} of {name!r} is in UTC, as Mautic keeps dates"
        if self.pushed:
            yield f"{some(self.pushed)} of {name!r} is a push, so not judged"

    # -- the tree --------------------------------------------------------------------------------

    def _place(self, id_: str, place: Where, event: Mapping[str, Any]) -> None:
        """Puts an event under its parent."""
        value = parent_of(event)
        parent = identifier(value)
        if value in (None, "", 0):
            self.roots.append(id_)
        elif parent not in self.events or parent is None:
            why = f"its parent {shown(value)} is not in the file, so nothing leads to it"
            self.not_understood(self.labels[id_], (*place, "parent_id"), why)
        else:
            self.children.setdefault(parent, []).append(id_)

    def _paths(self, label: str, children: Sequence[str]) -> tuple[list[str], list[str]]:
        """The children on the "yes" and on the "no" path."""
        paths: dict[Any, list[str]] = {"yes": [], "no": []}
        for id_ in children:
            place, event = self.events[id_]
            path = text(field_of(event, "decision_path"))
            if path in paths:
                paths[path].append(id_)
            else:
                why = f"it is on neither the 'yes' nor the 'no' path of {label!r}"
                self.not_understood(self.labels[id_], place, why)
        return paths["yes"], paths["no"]

    def _enter(self, id_: str, waits: Sequence[Wait] | None = None) -> str:
        """The node with which an event begins: the first of its waits, or the event itself."""
        if waits is None:
            waits = (self.triggers[id_].wait, *self.triggers[id_].then)
        label = self.labels[id_]
        place, _ = self.events[id_]
        first = label
        for wait in reversed(waits):
            if wait != AT_ONCE:
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
        kind = field_of(event, "event_type")
        if kind == "decision":
            self._decision(label, place, event, children)
        elif kind == "condition":
            self._condition(label, place, event, children)
        else:
            if kind != "action":
                why = unknown_word(kind, _KINDS, "kind of event")
                self.not_understood(label, (*place, "event_type"), why)
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
                self.not_understood(label, (*place, "type"), why)
            elif kind not in _OTHERS and not kind.startswith(_OURS):
                known = (*_SENDS, *_PUSHES, *_OTHERS)
                why = unknown_word(event.get("type"), known, "action")
                self.not_understood(label, (*place, "type"), why)
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
        kind = property_of(event, "email_type")
        if kind not in (None, "", *_EMAIL_TYPES):
            why = unknown_word(kind, _EMAIL_TYPES, "type of an e-mail")
            self.not_understood(label, (*place, "properties", "email_type"), why)
        transactional = kind == "transactional" and channel == "email"
        purpose = "transactional" if transactional else "marketing"
        self.sent.add((channel, purpose))
        number = identifier(field_of(event, "channel_id")) or identifier(
            property_of(event, channel)
        )
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
        value = property_of(event, "jumpToEvent")
        target = identifier(value)
        thens = [self._enter(id_) for id_ in children]
        if target in self.events and target is not None:
            thens.append(self._enter(target))
        else:
            why = f"it jumps to {shown(value)}, which is not in the file; taken as the end"
            self.not_understood(label, (*place, "properties", "jumpToEvent"), why)
        self.nodes[label] = Fan(label, place, tuple(thens))

    def _membership(
        self, label: str, place: Where, event: Mapping[str, Any], children: Sequence[str]
    ) -> None:
        """Puts the contact into other campaigns, takes it out of this one, or neither."""
        own = ("this", self.campaign.id)
        leaves = event.get("type") == "campaign.removelead" or any(
            identifier(value) in own for value in rows_of(property_of(event, "removeFrom"))
        )
        then = None if leaves else self._all(f"{label}: then", place, children)
        added = [identifier(value) for value in rows_of(property_of(event, "addTo"))]
        if None in added:
            why = "expected the ids of campaigns"
            self.not_understood(label, (*place, "properties", "addTo"), why)
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


def _label(id_: str, event: Mapping[str, Any]) -> str:
    """What an event is called here: names may be the same, ids are not."""
    return f"{text(event.get('name')) or text(event.get('type')) or 'event'} #{id_}"
