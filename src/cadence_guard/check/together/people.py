"""Several people of one account in a cadence, under a cap that counts the whole account.

They enter each when they like, so they are so many cadences together that have nothing in common
but the account. Where the file does not say how many they are, two are judged, and it is said for
how many the caps are kept.
"""

from __future__ import annotations

from cadence_guard.cadence import Cadence
from cadence_guard.check.report import Finding
from cadence_guard.check.together.findings import Findings
from cadence_guard.check.together.group import Group
from cadence_guard.check.together.listing import Listing
from cadence_guard.check.together.questions import of_account


class People:
    """The people of one account in a cadence: what is refused beside the others (`findings`), and
    why not all is proved (`incomplete`)."""

    def __init__(self, listing: Listing, cadence: Cadence) -> None:
        self._listing = listing
        self._cadence = cadence
        self.findings: list[Finding] = []
        self.incomplete: list[str] = []
        alone = Group(listing, [(cadence,)])
        caps = [each.limit for each in alone.asked()[0] if of_account(each.entry)]
        if not caps:
            return
        most = max(caps) + 1  # more need not be looked at: each of them makes one touch
        people = cadence.audience.people
        self.findings, reasons = self._judged(min(people or 2, most))
        self.incomplete += reasons
        if people is None and not (self.findings or reasons):
            kept = self._kept(most)
            if kept is not None:
                self.incomplete.append(
                    "several people of one account may be in it at once, and nothing says how many:"
                    f" the caps of an account are kept for {kept}, and not for {kept + 1}; if there"
                    f" are never more, say so: same_account: {kept}"
                )

    def _judged(self, people: int) -> tuple[list[Finding], list[str]]:
        """What is refused, and what is not proved, for so many people."""
        group = Group(self._listing, [(self._cadence,)], people=people)
        findings = [each for each in Findings(group).all() if each.effect != "note"]
        return [f for f in findings if f.step is not None], list(group.reasons)

    def _kept(self, most: int) -> int | None:
        """For how many people, of two and `most`, the caps are kept at most; None if for all."""
        if not any(self._judged(most)):
            return None
        low, high = 2, most  # they are kept for `low`, and not for `high`
        while high - low > 1:
            half = (low + high) // 2
            low, high = (low, half) if any(self._judged(half)) else (half, high)
        return low
