"""Touches in the order of time, and the counting of them.

A line knows nothing of policies: a rule says which forms it counts, and the line keeps the instants
of those touches sorted, growing with it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
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


class Past:
    """A touch on the line: made, or booked."""

    __slots__ = ("account", "at", "cadence", "contact", "form", "id", "rest", "step", "to")

    def __init__(
        self,
        at: int,
        form: Form,
        to: str | None,
        contact: str,
        account: str | None,
        cadence: str | None,
        step: str | None,
        id_: str | None,
        rest: int,
    ) -> None:
        self.at = at
        self.form = form
        self.to = to
        self.contact = contact
        self.account = account
        self.cadence = cadence
        self.step = step
        self.id = id_
        self.rest = rest
        """A hash of what no rule reads, to know the same touch again."""


Groups: TypeAlias = dict[Hashable, list[int]]
"""Instants in order, by what a rule tells touches apart by."""
SCANNED: Final = 64
"""So many touches are looked at each time; for more a line keeps lists, and asking stays flat."""


class Answers(NamedTuple):
    """When a person's touch is an answer: the signals, and how old one may be (microseconds)."""

    signals: frozenset[str]
    within: int


class Mix:
    """The forms of the touches on a line, or more; one object for all lines alike."""

    __slots__ = ("all_wanted", "forms", "teams")

    def __init__(self, forms: frozenset[Form]) -> None:
        self.forms = forms
        self.teams = frozenset(form.team for form in forms)
        self.all_wanted: dict[Hashable, bool] = {}
        """Which selections of touches want all of these forms, as far as they have asked."""


_FORMS: Final = 65_536
_MIXED: Final = 16
_MANY: Final = Mix(frozenset())
"""More forms than are worth looking at together."""
_NO_FORMS: Final = Mix(frozenset())
_mix: Final = lru_cache(maxsize=_FORMS)(Mix)


@lru_cache(maxsize=_FORMS)
def _plus(mix: Mix, form: Form) -> Mix:
    """A mix and one more form."""
    if mix is _MANY or len(mix.forms) == _MIXED:
        return _MANY
    return _mix(mix.forms | {form})


class Pick:
    """The instants of those touches of a line that one rule counts, in order; or by group."""

    __slots__ = ("at", "groups", "seen")

    def __init__(self) -> None:
        self.at: list[int] = []
        self.groups: Groups = {}
        self.seen = 0


class Answering(Protocol):
    """Somebody who knows which touches to them were answers."""

    def is_answer(self, touch: Past, answers: Answers) -> bool:
        """Whether a past touch by a person answered."""
        ...


class Line:
    """Touches in the order of time; at equal instants as they arrived."""

    __slots__ = ("_mix", "_picks", "at", "people", "touches")

    def __init__(self, people: Mapping[str, Answering]) -> None:
        self.at: list[int] = []
        self.touches: list[Past] = []
        self.people = people
        self._mix = _NO_FORMS
        self._picks: dict[Hashable, Pick] = {}

    def add(self, touch: Past) -> None:
        """Files a touch. In the order of time this is cheap; else what was picked is dropped."""
        at = touch.at
        if touch.form not in self._mix.forms:
            self._mix = _plus(self._mix, touch.form)
        if not self.at or at > self.at[-1]:
            self.at.append(at)
            self.touches.append(touch)
            return
        place = bisect_right(self.at, at)
        self.at.insert(place, at)
        self.touches.insert(place, touch)
        self.changed()

    def remove(self, touch: Past) -> None:
        """Takes a touch off the line."""
        place = self.touches.index(touch, bisect_left(self.at, touch.at))
        del self.at[place], self.touches[place]
        self.changed()

    def changed(self) -> None:
        """Drops what was picked, since a touch or an answer has become another."""
        self._picks.clear()

    def prune(self, before: int) -> None:
        """Drops the touches before an instant."""
        place = bisect_left(self.at, before)
        if place:
            del self.at[:place], self.touches[:place]
            self.changed()

    def pick(
        self,
        key: Hashable,
        wanted: Callable[[Form], bool],
        answers: Answers | None = None,
    ) -> list[int]:
        """The instants of touches whose form is wanted, without answers if `answers` says what
        one is.

        `key` names the selection. It grows with the line, so that asking again costs nothing.
        """
        mix = self._mix
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
        if pick.seen != len(self.touches):
            self._extend(pick, key, wanted, answers)
        return pick.at

    def _extend(
        self,
        pick: Pick,
        key: Hashable,
        wanted: Callable[[Form], bool],
        answers: Answers | None,
    ) -> None:
        people = self.people
        for touch in self.touches[pick.seen :] if pick.seen else self.touches:
            form = touch.form
            chosen = form.wanted.get(key)
            if chosen is None:
                chosen = form.wanted[key] = wanted(form)
            if chosen and (
                answers is None
                or form.automated
                or not people[touch.contact].is_answer(touch, answers)
            ):
                pick.at.append(touch.at)
        pick.seen = len(self.touches)

    def only(self, team: str | None) -> bool:
        """Whether all touches are known to be of one team."""
        teams = self._mix.teams
        return len(teams) == 1 and team in teams

    def near(self, since: int) -> list[Past] | None:
        """The touches later than `since`; None if they are too many to be looked at each time."""
        first = bisect_right(self.at, since)
        return self.touches[first:] if len(self.at) - first <= SCANNED else None

    def grouped(
        self,
        key: Hashable,
        wanted: Callable[[Form], bool],
        group: Callable[[Past], Hashable],
        since: int,
    ) -> Groups:
        """The instants of the touches whose form is wanted, by group: all that are later than
        `since`, if not more. `key` names the selection and the grouping."""
        near = self.near(since)
        if near is not None:
            return _by_group(near, key, wanted, group, {})
        pick = self._picks.get(key)
        if pick is None:
            pick = self._picks[key] = Pick()
        if pick.seen != len(self.touches):
            _by_group(self.touches[pick.seen :], key, wanted, group, pick.groups)
            pick.seen = len(self.touches)
        return pick.groups

    def between(self, start: int, end: int) -> list[Past]:
        """The touches in [start, end]."""
        return self.touches[bisect_left(self.at, start) : bisect_right(self.at, end)]


def _by_group(
    touches: Iterable[Past],
    key: Hashable,
    wanted: Callable[[Form], bool],
    group: Callable[[Past], Hashable],
    groups: Groups,
) -> Groups:
    for touch in touches:
        form = touch.form
        chosen = form.wanted.get(key)
        if chosen is None:
            chosen = form.wanted[key] = wanted(form)
        if chosen:
            name = group(touch)
            if name in groups:
                groups[name].append(touch.at)
            else:
                groups[name] = [touch.at]
    return groups


_forms: dict[Hashable, Form] = {}


def form_of(touch: Touch) -> Form:
    """The form of a touch; one object for equal traits, while there are not too many of them."""
    traits = (
        touch.channel,
        touch.purpose,
        touch.team,
        touch.tags,
        touch.automated,
        touch.outcome,
    )
    form = _forms.get(traits)
    if form is None:
        if len(_forms) >= _FORMS:  # teams and tags may be anybody's own
            _forms.clear()
        form = _forms[traits] = Form(*traits)
    return form
