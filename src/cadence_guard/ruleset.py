"""A ruleset: policy and packs, compiled and frozen. What the engine runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from cadence_guard.errors import PolicyError
from cadence_guard.history import Case
from cadence_guard.instants import Duration
from cadence_guard.lines import Answers
from cadence_guard.policy import (
    AnswerTerms,
    ExemptEntry,
    Pack,
    Policy,
    Setting,
    load_pack,
    rule_class,
)
from cadence_guard.rules import RULES
from cadence_guard.rules._rule import OpenStretch, Params, Rule
from cadence_guard.touch import Touch

Ask = Callable[[int, Case], OpenStretch]
Asked = tuple[Ask, Rule]
"""What to ask, and the entry that is asked."""

HORIZON: Final = Duration.parse("90d")
LEAVES_ANSWERS_ALONE: Final = frozenset(("over-cap", "too-soon", "unanswered-streak"))


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The entries that judge touches of one kind."""

    blocking: tuple[Rule, ...]
    warning: tuple[Rule, ...]
    by_noes: tuple[Asked, ...]
    """The blocking entries that object only where there is a no."""
    asked: tuple[Asked, ...]
    """The other blocking entries."""
    particular: bool
    """Whether an entry also looks at the team or the tags of a touch."""
    standing: tuple[Rule, ...]
    """The entries of `asked`, then those of `warning`."""
    built_in: bool
    """Whether none is anybody's own rule, which may look at anything."""
    standings: dict[Hashable, Any] = field(default_factory=dict)
    """The engine's: what may stand of the entries, once for all contacts alike."""


class Kind:
    """What is judged alike but for the instant, the point, the step and the deadline; one object
    for all touches alike, so that it is quick as a key."""

    __slots__ = ("plan",)

    def __init__(self, plan: Plan) -> None:
        self.plan = plan


_traits: Final = itemgetter(
    "channel",
    "purpose",
    "team",
    "tags",
    "cadence",
    "automated",
    "greeting",
    "audience",
    "offer",
    "because",
    "not_after",
)
_KEPT: Final = 4096


class Ruleset:
    """Every entry of a policy and its packs; `plan` gives those that matter for a touch."""

    def __init__(self, policy: Policy) -> None:
        packs = [(name, load_pack(name)) for name in sorted(policy.packs)]
        exempt = [*policy.exempt, *(entry for _, pack in packs for entry in pack.exempt)]
        stated = [policy.answers, *(pack.answers for _, pack in packs)]
        terms = next((answers for answers in stated if answers is not None), None)
        self.answers = (
            Answers(frozenset(terms.signals), terms.within.us)
            if isinstance(terms, AnswerTerms)
            else None
        )
        horizons = [policy.horizon, *(pack.horizon for _, pack in packs)]
        self.horizon_text = next((h for h in horizons if h is not None), HORIZON)
        self.horizon = self.horizon_text.us
        entries: list[Rule] = []
        names = dict.fromkeys(
            (*RULES, *policy.rules, *(n for _, pack in packs for n in pack.rules))
        )
        for name in names:
            cls = rule_class(name)
            said = policy.rules.get(name)
            if cls.always_on:
                entries.append(self._entry(name, cls.Params(), exempt, None, 0))
            elif said is not None and said.effect is None:
                for place, params in enumerate(said.entries):
                    entries.append(self._entry(name, params, exempt, None, place))
            else:
                entries += self._from_packs(name, said, packs, exempt)
        self.entries: Final = tuple(entries)
        self.by_point: Final = bool(self._asking("point"))
        """Whether an entry may ask for the line of a point: a cap, or anybody's own rule."""
        by_account = [entry.looks_back for entry in self._asking("account")]
        self.looks_back_by_account: Final = max(by_account, default=None)
        """How far an entry may read the line of an account, in microseconds; None if none does."""
        self.looks_back: Final = max((entry.looks_back for entry in entries), default=0)
        self._plans: dict[Hashable, Plan] = {}
        self._kinds: dict[Hashable, Kind] = {}

    def _asking(self, scope: str) -> list[Rule]:
        """The entries that may ask for the line of a point or an account: caps of that scope, and
        anybody's own rules."""
        return [
            entry
            for entry in self.entries
            if type(entry) is not RULES.get(entry.name) or getattr(entry, "scope", None) == scope
        ]

    def _from_packs(
        self,
        name: str,
        said: Setting | None,
        packs: list[tuple[str, Pack]],
        exempt: list[ExemptEntry],
    ) -> Iterator[Rule]:
        """The packs' entries for a rule, with the policy's effect if it names one."""
        found = False
        for pack_name, pack in packs:
            setting = pack.rules.get(name, Setting())
            for place, params in enumerate(setting.entries):
                found = True
                if said is not None:
                    params = params.model_copy(update={"effect": said.effect})
                yield self._entry(name, params, exempt, pack_name, place)
        if said is not None and not found:
            # There are no numbers to keep: the rule can do without, or it were no policy.
            params = rule_class(name).Params.model_validate({"effect": said.effect})
            yield self._entry(name, params, exempt, None, 0)

    def _entry(
        self,
        name: str,
        params: Params,
        exempt: list[ExemptEntry],
        pack: str | None,
        place: int,
    ) -> Rule:
        exemptions = [entry.touches for entry in exempt if name in entry.from_]
        try:
            rule = rule_class(name)(params, exemptions)
        except Exception as error:  # a rule of somebody else's may raise anything
            raise PolicyError(f"{name}: {type(error).__name__}: {error}") from error
        rule.pack = pack
        rule.place = place
        if name in LEAVES_ANSWERS_ALONE:
            rule.answers = self.answers
        return rule

    def kind(self, touch: Touch) -> Kind:
        """The kind of a touch."""
        traits = _traits(touch.__dict__)  # quicker than its attributes
        kind = self._kinds.get(traits)
        if kind is None:
            if len(self._kinds) >= _KEPT:  # greetings may be others with every touch
                self._kinds.clear()
            kind = self._kinds[traits] = Kind(self.plan(touch))
        return kind

    def plan(self, touch: Touch) -> Plan:
        """The entries that judge a touch."""
        plan = self._plans.get((touch.channel, touch.purpose))
        if plan is None:
            plan = self._keep((touch.channel, touch.purpose), self.entries, touch)
        if plan.particular:
            key = (touch.channel, touch.purpose, touch.team, touch.tags)
            particular = self._plans.get(key)
            if particular is None:
                entries = [entry for entry in self.entries if entry.judges(touch)]
                particular = self._keep(key, entries, touch)
            return particular
        return plan

    def _keep(self, key: Hashable, entries: Iterable[Rule], touch: Touch) -> Plan:
        if len(self._plans) >= _KEPT:  # purposes, teams and tags may be anybody's own
            self._plans.clear()
        chosen = [entry for entry in entries if entry.concerns(touch.channel, touch.purpose)]
        blocking = tuple(entry for entry in chosen if entry.effect == "block")
        warning = tuple(entry for entry in chosen if entry.effect == "warn")
        asked = tuple((_ask(entry), entry) for entry in blocking if not entry.by_noes)
        plan = self._plans[key] = Plan(
            blocking,
            warning,
            tuple((_ask(entry), entry) for entry in blocking if entry.by_noes),
            asked,
            any(entry.particular for entry in chosen),
            (*(entry for _, entry in asked), *warning),
            all(type(entry) is RULES.get(entry.name) for entry in chosen),
        )
        return plan


def _ask(entry: Rule) -> Ask:
    """What asks an entry. What somebody's own rule answers is looked at: a float would pass."""
    if type(entry) is RULES.get(entry.name):
        return entry.next_open

    def ask(t: int, case: Case) -> OpenStretch:
        opens, shuts = entry.next_open(t, case)
        if type(opens) is not int or type(shuts) is not int:
            kinds = f"{type(opens).__name__} and {type(shuts).__name__}"
            raise TypeError(f"it answered with {kinds}, not with microseconds (int)")
        return opens, shuts

    return ask
