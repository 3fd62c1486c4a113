"""A cadence that the same contact may enter a second time, followed by itself.

What two entries do together is not judged. It need not be where they cannot meet: the last touch of
one lies farther before the first of the next than any entry of the policy looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Final

from cadence_guard.cadence import Cadence
from cadence_guard.check.layout import Lasts, as_waits, settled
from cadence_guard.check.paths import Path, ways
from cadence_guard.check.ranges import chain_of
from cadence_guard.instants import DAY, PERIOD
from cadence_guard.rules import Rule
from cadence_guard.rules.missing_consent import MissingConsent
from cadence_guard.rules.uninvited_channel import UninvitedChannel
from cadence_guard.ruleset import Ruleset

_MONTH: Final = 31 * DAY
_OPENERS: Final = (MissingConsent, UninvitedChannel)
"""What they look at opens only, and is given anew with each entry."""


def meets_itself(
    ruleset: Ruleset, cadence: Cadence, others: Mapping[str, Cadence] | None = None
) -> bool:
    """Whether touches of one entry into a cadence may still count at the next, for all that is
    known. `others` are the cadences known by name, for those that this one enters besides."""
    if cadence.again is None or cadence.again >= PERIOD:
        return False
    found = ways(cadence, longest=PERIOD, touches=0, others=others)
    if found.reasons or any(path.fresh for path in found.paths):
        return True
    lengths = [_length(path) for path in found.paths]
    looks = max((_looks_back(entry) for entry in ruleset.entries), default=0)
    return any(length is None or cadence.again < length + looks for length in lengths)


def _length(path: Path) -> int | None:
    """How long after the entry the last stop of a way may lie; None if nobody can say."""
    stops, own, _ = settled([as_waits(item.stop) for item in path.items])
    ends = [
        reduce(Lasts.then, (own[n] for n in chain_of(stops, place)), Lasts()).high
        for place in range(len(stops))
    ]
    return None if None in ends else max(end or 0 for end in ends)


def _looks_back(entry: Rule) -> int:
    """How far back something may lie that an entry objects for; what does not say looks at all."""
    if isinstance(entry, _OPENERS):
        return 0
    if entry.spans is None:
        return PERIOD
    months = (count * _MONTH for count in entry.spans.months)
    return max(entry.looks_back, *entry.spans.elapsed, *months, 0)
