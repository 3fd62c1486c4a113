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
from cadence_guard.importers._mautic_exports import (
    Campaign,
    Event,
    campaigns_of,
    rows_of,
    tables_of,
)
from cadence_guard.importers._mautic_times import AT_ONCE, Timed
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import identifier, named, shown, text, unknown_word

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
_SEVERAL: Final = "the 'no' path of {those} of {name} is taken after the shortest of its intervals"
_OWN: Final = "what {those} of {name} waits for is a signal of their own"
_PUSHED: Final = "{those} of {name} is a push, so not judged"


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
        super().__init__(campaign.name, campaign.events)
        self.unknown += campaign.strays
        self.campaign = campaign
        self.names = names
        self.ids = campaign.ids
        self.sent: set[tuple[str, str]] = set()
        self.roots: list[Event] = []
        for event in self.events.values():
            self._place(event)
        self.triggers = {event.label: self.trigger(event) for event in self.events.values()}

    def cadence(self) -> Cadence:
        """All of it."""
        for event in self.events.values():
            self._event(event)
        start = self._all("start", self.campaign.where, map(self._enter, self.roots))
        for event in self._last():
            self.nodes[event.label] = Fan(event.label, event.where, ())
        if self.campaign.restarts is not None:
            why = "people may enter it again, and the file does not say how soon"
            self.missed("allow_restart", self.campaign.restarts, why)
        kept = f"Mautic sends {self.name!r} to nobody who is on its do-not-contact list"
        return self.whole(
            self.campaign.where,
            start,
            kept_back=self._kept_back,
            assumes=[kept] if self._kept_back else (),
        )

    @property
    def _kept_back(self) -> bool:
        """Whether an unsubscription ends it: what it sends is all marketing, on one channel."""
        return len(self.sent) == 1 and {purpose for _, purpose in self.sent} == {"marketing"}

    def _last(self) -> Iterator[Event]:
        """The events after which nothing is sent: they put the contact on the list that keeps it
        from all that the campaign sends, and none takes it off again."""
        kinds = [event.data.get("type") for event in self.events.values()]
        if not self._kept_back or "lead.removednc" in kinds:
            return
        (channel,) = {channel for channel, _ in self.sent}
        for event, kind in zip(self.events.values(), kinds, strict=True):
            chosen = event.said("channels")
            if kind == "lead.adddnc" and channel in rows_of(
                ["email"] if chosen is None else chosen
            ):
                yield event

    # -- the tree --------------------------------------------------------------------------------

    def _place(self, event: Event) -> None:
        """Puts an event under its parent."""
        parent = self.events.get(identifier(event.parent) or "")
        if event.parent in (None, "", 0):
            self.roots.append(event)
        elif parent is None:
            why = f"its parent {shown(event.parent)} is not in the file, so nothing leads to it"
            self.missed(event.label, (*event.where, "parent_id"), why)
        else:
            parent.children.append(event)

    def _paths(self, event: Event) -> tuple[list[Event], list[Event]]:
        """The children on the "yes" and on the "no" path."""
        paths: dict[Any, list[Event]] = {"yes": [], "no": []}
        for child in event.children:
            path = text(child.get("decision_path"))
            if path in paths:
                paths[path].append(child)
            else:
                why = f"it is on neither the 'yes' nor the 'no' path of {event.label!r}"
                self.missed(child.label, child.where, why)
        return paths["yes"], paths["no"]

    def _enter(self, event: Event, waits: Sequence[Wait] | None = None) -> str:
        """The node with which an event begins: the first of its waits, or the event itself."""
        if waits is None:
            waits = (self.triggers[event.label].wait, *self.triggers[event.label].then)
        first = event.label
        for wait in reversed(waits):
            if wait != AT_ONCE:
                inner = self.ids.fresh(f"{event.label}: wait")
                self.nodes[inner] = Pause(inner, event.where, wait, first)
                first = inner
        return first

    def _all(self, label: str, place: Where, entered: Iterable[str]) -> str | None:
        """The node that leads to all of some nodes at once."""
        thens = tuple(entered)
        if len(thens) < 2:
            return thens[0] if thens else None
        id_ = self.ids.fresh(label)
        self.nodes[id_] = Fan(id_, place, thens)
        return id_

    def _then(self, event: Event) -> str | None:
        """The node that leads to all children of an event."""
        return self._all(f"{event.label}: then", event.where, map(self._enter, event.children))

    # -- events ----------------------------------------------------------------------------------

    def _event(self, event: Event) -> None:
        kind = event.get("event_type")
        if kind == "decision":
            self._decision(event)
        elif kind == "condition":
            self._condition(event)
        else:
            if kind != "action":
                why = unknown_word(kind, _KINDS, "kind of event")
                self.missed(event.label, (*event.where, "event_type"), why)
            self._action(event)

    def _decision(self, event: Event) -> None:
        label = event.label
        yes, no = self._paths(event)
        kind = text(event.data.get("type")) or ""
        signal = _SIGNALS.get(kind)
        if signal is None:
            self.assume(_OWN, label)
            signal = "x-" + (re.sub(r"[^a-z0-9]+", "-", kind.casefold()) or "event")
        then = self._all(f"{label}: yes", event.where, map(self._enter, yes))
        arm = Arm(then, signal, text=label)
        timeout, entered = self._silence(label, no)
        late = self._all(f"{label}: no", event.where, entered)
        self.nodes[label] = Await(label, event.where, (arm,), timeout, late)

    def _silence(self, label: str, no: Sequence[Event]) -> tuple[Wait | None, list[str]]:
        """How long a decision waits for what does not happen, and what is entered then."""
        firsts = [self.triggers[event.label].wait for event in no]
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
            self.assume(_SEVERAL, label)
        entered = []
        for event in no:
            first, then = self.triggers[event.label]
            if isinstance(first, Elapsed):
                left = sorted((first.low - low, (first.high or first.low) - high))
                then = (Elapsed(left[0], left[1]), *then)
            elif first != timeout:
                then = (first, *then)
            entered.append(self._enter(event, then))
        return timeout, entered

    def _condition(self, event: Event) -> None:
        signal = "opt_out" if event.data.get("type") == "lead.dnc" else None
        arms = []
        for path, children in zip(("yes", "no"), self._paths(event), strict=True):
            label = f"{event.label}: {path}"
            then = self._all(label, event.where, map(self._enter, children))
            arms.append(Arm(then, signal, signal is not None and path == "no", text=label))
        self.nodes[event.label] = Branch(event.label, event.where, tuple(arms))

    def _action(self, event: Event) -> None:
        kind = text(event.data.get("type")) or ""
        if (channel := _SENDS.get(kind)) is not None:
            self._send(event, channel)
        elif kind == "campaign.jump_to_event":
            self._jump(event)
        elif kind in ("campaign.addremovelead", "campaign.removelead"):
            self._membership(event)
        else:
            if kind in _PUSHES:
                self.assume(_PUSHED, event.label)
            elif kind == "message.send":
                why = "it goes out on the channel that the contact prefers, which no file tells"
                self.missed(event.label, (*event.where, "type"), why)
            elif kind not in _OTHERS and not kind.startswith(_OURS):
                known = (*_SENDS, *_PUSHES, *_OTHERS)
                why = unknown_word(event.data.get("type"), known, "action")
                self.missed(event.label, (*event.where, "type"), why)
            ends = kind == "lead.deletecontact"
            self._fan(event, () if ends else map(self._enter, event.children))

    def _fan(self, event: Event, thens: Iterable[str]) -> None:
        self.nodes[event.label] = Fan(event.label, event.where, tuple(thens))

    def _send(self, event: Event, channel: str) -> None:
        kind = event.said("email_type")
        if kind not in (None, "", *_EMAIL_TYPES):
            why = unknown_word(kind, _EMAIL_TYPES, "type of an e-mail")
            self.missed(event.label, (*event.where, "properties", "email_type"), why)
        transactional = kind == "transactional" and channel == "email"
        purpose = "transactional" if transactional else "marketing"
        self.sent.add((channel, purpose))
        number = identifier(event.get("channel_id")) or identifier(event.said(channel))
        template = self.campaign.emails.get(number or "") if channel == "email" else None
        self.nodes[event.label] = Step(
            event.label,
            event.where,
            channel,
            self._then(event),
            purpose=purpose,
            template=template or (f"{channel} {number}" if number else None),
        )

    def _jump(self, event: Event) -> None:
        value = event.said("jumpToEvent")
        target = self.events.get(identifier(value) or "")
        if target is None:
            why = f"it jumps to {shown(value)}, which is not in the file; taken as the end"
            self.missed(event.label, (*event.where, "properties", "jumpToEvent"), why)
        self._fan(event, map(self._enter, [*event.children, *([target] if target else [])]))

    def _membership(self, event: Event) -> None:
        """Puts the contact into other campaigns, takes it out of this one, or neither."""
        own = ("this", self.campaign.id)
        leaves = event.data.get("type") == "campaign.removelead" or any(
            identifier(value) in own for value in rows_of(event.said("removeFrom"))
        )
        then = None if leaves else self._then(event)
        added = [identifier(value) for value in rows_of(event.said("addTo"))]
        if None in added:
            why = "expected the ids of campaigns"
            self.missed(event.label, (*event.where, "properties", "addTo"), why)
        others = [id_ for id_ in added if id_ is not None and id_ not in own]
        for index, id_ in reversed([*enumerate(others)]):
            inner = self.ids.fresh(f"{event.label}: enter") if index else event.label
            campaign = self.names.get(id_, f"campaign {id_}")
            self.nodes[inner] = Enter(inner, event.where, campaign, then)
            then = inner
        if not others:
            self._fan(event, () if then is None else (then,))
