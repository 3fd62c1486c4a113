"""Touches in the order of time, and the counting of them.

A line knows nothing of policies: a rule says which forms it counts, and the line keeps the instants
of those touches sorted, growing with it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple, Protocol, TypeAlias

from cadence_guard import words
from cadence_guard.touch import Touch


class Form:
    """What kind of touch it is, apart from whom, when and which message; one object for all touches
    alike."""

    __slots__ = (
        "automated",
        "channel",
        "missed",
        "outcome",
        "purpose",
        "tags",
        "team",
        "traits",
        "wanted",
    )

    def __init__(
        self,
        channel: str,
        purpose: str,
        team: str | None,
        tags: tuple[str, ...],
        automated: bool,
        outcome: str | None,
    ) -> None:
        self.channel = channel
        self.purpose = purpose
        self.team = team
        self.tags = tags
        self.automated = automated
        self.outcome = outcome
        self.traits = (channel, purpose, team, tags, automated, outcome)
        self.missed = channel == "call" and outcome in words.MISSED
        self.wanted: dict[Hashable, bool] = {}
        """Which selections of touches want this form, as far as they have asked."""


class Message(NamedTuple):
    """What was sent, apart from to whom and when; mostly one object for all touches alike."""

    form: Form
    cadence: str | None
    step: str | None
    rest: int
    """A hash of what no rule reads, to know the same touch again."""


class Recipient(NamedTuple):
    """To whom it went; one object for all touches of a contact at one point and account."""

    contact: str
    account: str | None
    to: str | None


class Past(NamedTuple):
    """A touch on the line: made, or booked. A line keeps its parts in columns, and makes it when
    somebody looks at it; it is the same touch if all of it is equal."""

    at: int
    message: Message
    recipient: Recipient
    id: str | None

    @property
    def form(self) -> Form:
        """What kind of touch it is."""
        return self.message.form

    @property
    def contact(self) -> str:
        """Whom it touched."""
        return self.recipient.contact

    @property
    def to(self) -> str | None:
        """The contact point, normalised."""
        return self.recipient.to


Instants: TypeAlias = Sequence[int]
"""Instants in order."""
Groups: TypeAlias = "dict[Hashable, array[int]]"
"""Instants in order, by what a rule tells touches apart by."""
SCANNED: Final = 64
"""So many touches are looked at each time; for more a line keeps lists, and asking stays flat."""


class Answers(NamedTuple):
    """When a person's touch is an answer: the signals, and how old one may be (microseconds)."""

    signals: frozenset[str]
    within: int


class Mix:
    """The forms and cadences of the touches on a line, or more; one object for all lines alike."""

    __slots__ = ("all_wanted", "cadences", "forms", "teams")

    def __init__(self, forms: frozenset[Form], cadences: frozenset[str | None]) -> None:
        self.forms = forms
        self.cadences = cadences
        self.teams = frozenset(form.team for form in forms)
        self.all_wanted: dict[Hashable, bool] = {}
        """Which selections of touches want all of these forms, as far as they have asked."""

    def has_no_team_but(self, team: str | None) -> bool:
        """Whether all touches are known to be of one team."""
        return self is not _MANY and self.teams <= {team}

    def has_no_cadence_but(self, cadence: str | None) -> bool:
        """Whether all touches are known to be of one cadence or none."""
        return self is not _MANY and self.cadences <= {cadence, None}


_FORMS: Final = 65_536
_MIXED: Final = 16
_MANY: Final = Mix(frozenset(), frozenset())
"""More forms or cadences than are worth looking at together."""
_NO_FORMS: Final = Mix(frozenset(), frozenset())
_mix: Final = lru_cache(maxsize=_FORMS)(Mix)


@lru_cache(maxsize=_FORMS)
def _plus(mix: Mix, form: Form, cadence: str | None) -> Mix:
    """A mix, and a touch of one more form or cadence."""
    forms, cadences = mix.forms | {form}, mix.cadences | {cadence}
    return _mix(forms, cadences) if max(len(forms), len(cadences)) <= _MIXED else _MANY


class Pick:
    """The instants of those touches of a line that one rule counts, in order; or by group."""

    __slots__ = ("at", "groups", "seen")

    def __init__(self) -> None:
        self.at = array("q")
        self.groups: Groups = {}
        self.seen = 0


class Answering(Protocol):
    """Somebody who knows which touches to them were answers."""

    def is_answer(self, touch: Past, answers: Answers) -> bool:
        """Whether a past touch by a person answered."""
        ...


class Line:
    """Touches in the order of time; at equal instants as they arrived.

    A history is as big as its touches, so a line keeps no object for each: their instants stand in
    one column, what was sent, to whom, and the ids in others.
    """

    __slots__ = ("_ids", "_messages", "_picks", "_recipients", "at", "mix", "people")

    def __init__(self, people: Mapping[str, Answering]) -> None:
        self.at = array("q")
        self._messages: list[Message] = []
        self._recipients: list[Recipient] = []
        self._ids: list[str | None] = []
        self.people = people
        self.mix = _NO_FORMS
        self._picks: dict[Hashable, Pick] = {}

    @property
    def touches(self) -> list[Past]:
        """All of them."""
        return self._rows(0, len(self.at))

    def _rows(self, first: int, last: int) -> list[Past]:
        columns = self.at, self._messages, self._recipients, self._ids
        return [Past(*row) for row in zip(*(column[first:last] for column in columns), strict=True)]

    def add(self, touch: Past) -> None:
        """Files a touch. In the order of time this is cheap; else what was picked is dropped."""
        at, message, recipient, id_ = touch
        mix, form, cadence = self.mix, message[0], message[1]
        if mix is not _MANY and (form not in mix.forms or cadence not in mix.cadences):
            self.mix = _plus(mix, form, cadence)
        if not self.at or at > self.at[-1]:
            self.at.append(at)
            self._messages.append(message)
            self._recipients.append(recipient)
            self._ids.append(id_)
            return
        place = bisect_right(self.at, at)
        self.at.insert(place, at)
        self._messages.insert(place, message)
        self._recipients.insert(place, recipient)
        self._ids.insert(place, id_)
        self.changed()

    def remove(self, touch: Past) -> None:
        """Takes a touch off the line."""
        first = bisect_left(self.at, touch.at)
        place = first + self.between(touch.at, touch.at).index(touch)
        for column in (self.at, self._messages, self._recipients, self._ids):
            del column[place]
        self.changed()

    def replace(self, touch: Past, now: Past) -> None:
        """Puts what a touch has become in its place."""
        place = bisect_left(self.at, touch.at)
        place += self.between(touch.at, touch.at).index(touch)
        self._messages[place] = now.message
        if self.mix is not _MANY:
            self.mix = _plus(self.mix, now.form, now.message.cadence)
        was, wanted = touch.form.wanted, now.form.wanted
        for key, pick in [*self._picks.items()]:  # mostly an outcome matters to none of them
            if pick.groups or key not in was or was[key] != wanted.get(key):
                del self._picks[key]

    def changed(self) -> None:
        """Drops what was picked, since a touch or an answer has become another."""
        self._picks.clear()

    def find(self, id_: str) -> Past:
        """The touch of an id that is on the line; the later it is, the sooner it is found."""
        place = len(self.at) - 1 - self._ids[::-1].index(id_)
        return self._rows(place, place + 1)[0]

    def touched_by_hand(self) -> set[str]:
        """To whom touches by a person went."""
        if all(form.automated for form in self.mix.forms) and self.mix is not _MANY:
            return set()  # mostly
        rows = zip(self._messages, self._recipients, strict=True)
        return {whom.contact for message, whom in rows if not message.form.automated}

    def recipients(self) -> set[Recipient]:
        """To whom the touches went."""
        return set(self._recipients)

    def pick(
        self,
        key: Hashable,
        wanted: Callable[[Form], bool],
        answers: Answers | None = None,
    ) -> Instants:
        """The instants of touches whose form is wanted, without answers if `answers` says what
        one is.

        `key` names the selection. It grows with the line, so that asking again costs nothing.
        """
        mix = self.mix
        whole = mix.all_wanted.get(key)
        if whole is None:
            whole = mix.all_wanted[key] = mix is not _MANY and all(
                wanted(form) and (answers is None or form.automated) for form in mix.forms
            )
        if whole:  # mostly; and then there is nothing to pick
            return self.at
        pick = self._picks.get(key)
        if pick is None:
            pick = self._picks[key] = Pick()
        if pick.seen != len(self.at):
            self._extend(pick, key, wanted, answers)
        return pick.at

    def _extend(
        self,
        pick: Pick,
        key: Hashable,
        wanted: Callable[[Form], bool],
        answers: Answers | None,
    ) -> None:
        for place, message in enumerate(self._messages[pick.seen :], pick.seen):
            form = message.form
            chosen = form.wanted.get(key)
            if chosen is None:
                chosen = form.wanted[key] = wanted(form)
            if chosen and (
                answers is None or form.automated or not self._is_answer(place, answers)
            ):
                pick.at.append(self.at[place])
        pick.seen = len(self.at)

    def _is_answer(self, place: int, answers: Answers) -> bool:
        (touch,) = self._rows(place, place + 1)
        return self.people[touch.contact].is_answer(touch, answers)

    def near(self, since: int) -> list[Message] | None:
        """What was sent later than `since`; None if that is too much to be looked at each time."""
        first = bisect_right(self.at, since)
        return self._messages[first:] if len(self.at) - first <= SCANNED else None

    def grouped(
        self,
        key: Hashable,
        wanted: Callable[[Form], bool],
        group: Callable[[Message], Hashable],
        since: int,
    ) -> Groups:
        """The instants of the touches whose form is wanted, by group: all that are later than
        `since`, if not more. `key` names the selection and the grouping."""
        near = self.near(since)
        if near is not None:
            at = self.at[len(self.at) - len(near) :]
            return _by_group(zip(at, near, strict=True), key, wanted, group, {})
        pick = self._picks.get(key)
        if pick is None:
            pick = self._picks[key] = Pick()
        if pick.seen != len(self.at):
            new = zip(self.at[pick.seen :], self._messages[pick.seen :], strict=True)
            _by_group(new, key, wanted, group, pick.groups)
            pick.seen = len(self.at)
        return pick.groups

    def between(self, start: int, end: int) -> list[Past]:
        """The touches in [start, end]."""
        at = self.at
        if not at or at[-1] < start:
            return []  # mostly
        return self._rows(bisect_left(at, start), bisect_right(at, end))


def _by_group(
    sent: Iterable[tuple[int, Message]],
    key: Hashable,
    wanted: Callable[[Form], bool],
    group: Callable[[Message], Hashable],
    groups: Groups,
) -> Groups:
    for at, message in sent:
        form = message.form
        chosen = form.wanted.get(key)
        if chosen is None:
            chosen = form.wanted[key] = wanted(form)
        if chosen:
            name = group(message)
            if name in groups:
                groups[name].append(at)
            else:
                groups[name] = array("q", (at,))
    return groups


_forms: dict[Hashable, Form] = {}
_messages: dict[Hashable, Message] = {}
TRAITS: Final = ("channel", "purpose", "team", "tags", "automated", "outcome")
"""What a form is made of, in order."""
_traits_of: Final = attrgetter(*TRAITS)
_sent_of: Final = itemgetter(*TRAITS, "cadence", "step")


def form_of(touch: Touch) -> Form:
    """The form of a touch; one object for equal traits, while there are not too many of them."""
    traits = _traits_of(touch)
    form = _forms.get(traits)
    if form is None:
        if len(_forms) >= _FORMS:  # teams and tags may be anybody's own
            _forms.clear()
        form = _forms[traits] = Form(*traits)
    return form


NOT_READ: Final = (
    "sender",
    "greeting",
    "audience",
    "offer",
    "deadline",
    "unsubscribe",
    "discloses_source",
    "because",
    "not_after",
)
"""What no rule reads of a touch that was made."""
_UNREAD: Final = frozenset(NOT_READ)
_rest_of: Final = attrgetter(*NOT_READ)
_SAYS_NO_MORE: Final = hash(tuple(Touch.model_fields[name].default for name in NOT_READ))


def rest_of(touch: Touch) -> int:
    """A hash of what no rule reads of a past touch."""
    if _UNREAD.isdisjoint(touch.model_fields_set):
        return _SAYS_NO_MORE
    return hash(_rest_of(touch))


def message_of(touch: Touch) -> Message:
    """What a touch sends; one object for equal ones, while there are not too many of them."""
    key = _sent_of(touch.__dict__), rest_of(touch)
    message = _messages.get(key)
    if message is None:
        if len(_messages) >= _FORMS:
            _messages.clear()
        message = Message(form_of(touch), touch.cadence, touch.step, key[1])
        _messages[key] = message
    return message
