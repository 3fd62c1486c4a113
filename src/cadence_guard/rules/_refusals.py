"""Refusals that lapse: what the rules that keep silent after one have in common."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from itertools import accumulate

from cadence_guard.history import Case, Said, channel_named
from cadence_guard.instants import FIRST, NEVER
from cadence_guard.rules._rule import Fact, OpenStretch


class CoolDown(Fact):
    """A rule that objects until the last of some refusals has lapsed."""

    @abstractmethod
    def ends(self, case: Case) -> list[tuple[int, Said]]:
        """When each refusal lapses, and the refusal."""

    def next_open(self, t: int, case: Case) -> OpenStretch:
        """Free from the last end on."""
        memo = case.view.memo
        key = (self, case.channel, case.point)
        if (until := memo.get(key)) is None:
            until = memo[key] = max((end for end, _ in self.ends(case)), default=FIRST)
        return max(t, until), NEVER

    def last(self, case: Case) -> Said:
        """The refusal that lapses last."""
        return max(self.ends(case), key=lambda end: end[0])[1]


def ways_back(refusals: list[Said], case: Case) -> list[int]:
    """When a later invitation or consent ends each refusal for the touch's channel."""
    if not refusals:
        return []  # mostly
    invited = (
        (said.at, said.order, said.at)
        for said in case.me.said
        if said.kind == "invited" and channel_named(said.channel, said.point, case.channel)
    )
    granted = (
        (grant.at, grant.order, grant.start)
        for grant in case.me.grants
        if channel_named(grant.channel, grant.point, case.channel)
    )
    ways = sorted((*invited, *granted))
    first = [*accumulate((way[-1] for way in reversed(ways)), min, initial=NEVER)][::-1]
    return [first[bisect_right(ways, (said.at, said.order, NEVER))] for said in refusals]
