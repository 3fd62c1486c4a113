"""Cadences that one person may be in at once, over all offsets and for any number of them.

The starts of several cadences are free of one another, and to lay out all of them would be to lay
out every combination. So the clock is fixed instead: at an instant t, who has touched the contact
how often in the window that ends there? Each cadence has a most of its own, M(t), over all its
starts and ways, and none of them hinders the others. A cap of N refuses a touch made at t iff its
own cadence's earlier touches and the M(t) of the others come to N. M(t) >= m is a union of
intervals: for each piece of the starts, on which every touch moves along with the start or stands,
m touches in a row lie in the window from when the last of them is made until the first leaves it.

A streak counts all touches and asks besides for one that is near: then one of the cadences brings
that, and the others as many as they can. Gaps, overlap and the baton ask for one other touch only;
at runtime the guard spaces them, so they are told as notes.

An answer joins the cadences, since it ends the streak of all of them: there, what the engine does
not confirm is said to be unproved.

To be read in this order: who is with whom (`listing`), what is asked (`questions`), the ways and
the pieces of their starts (`cells`), all of them laid out (`layouts`), what is seen of one cadence
alone (`sights`) and of all at each instant (`most`), what cannot be at all (`bounds`), the two
kinds of answers (`counts`, `spacing`) and what is told (`timeline`, `offset`, `findings`). A
`group` is what they share.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

from cadence_guard.cadence import CadenceFile
from cadence_guard.check.report import Finding
from cadence_guard.check.together.findings import Findings
from cadence_guard.check.together.group import Group
from cadence_guard.check.together.listing import Listing
from cadence_guard.check.together.questions import Broken
from cadence_guard.importers._source import Source
from cadence_guard.policy import Policy
from cadence_guard.ruleset import Ruleset


def prove_together(
    policy: Policy,
    ruleset: Ruleset,
    files: Sequence[tuple[Source, CadenceFile]],
    start: int,
    end: int,
    alone: Collection[Broken] | None = None,
) -> list[Finding]:
    """What the policy objects to when cadences run for one person at once: those that a file's
    `together` lists, and those that the policy lets share; all starts in [start, end)
    (microseconds UTC) of each.

    `alone` is what each of them already breaks by itself, which is not told again; without it, each
    is proved here. `ruleset` is that of the policy. Raises AssertionError if the guard does not
    refuse what was found.
    """
    listing = Listing(policy, ruleset, files, start, end, alone)
    found: dict[Hashable, Finding] = {}
    groups = listing.groups()
    for group in groups:
        findings = Findings(Group(listing, listing.members(group))).all()
        for finding in (*findings, *listing.joined(group)):
            key = (finding.path, finding.cadence, finding.step, finding.code, finding.message)
            found.setdefault(key, finding)
    return [*found.values(), *listing.not_there(), *listing.not_proved(groups)]
