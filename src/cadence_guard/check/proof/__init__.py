"""The proof: per step and policy entry, does the entry object, for every start or for some?

The cadence is laid out as written, as if nobody stopped it, and every touch is judged by the engine
against the touches before it, refused or not. So when a touch happens does not depend on the
policy, and is piecewise a translation of the start or a constant (`layout`). An entry says, in its
`spans`, where its answer can change. Between the starts at which a piece ends, a touch crosses a
wall-clock edge, a calendar border or a date, or the distance of a moving and a standing one crosses
a span, nothing changes: such a cell [c, d) is judged at c and at c + 1, and c - 1 lies in the cell
before. That is all starts of the period, to the microsecond.

`always` means that whenever the step is made, however often on that way, the entry objects to one
of its touches: from every start, in every zone, on every way, however the ranges fall. One way on
which each of them is let pass makes it `sometimes`. For a step that is made once on a way that is
what is said of its touch; for one that is made several times, its touches are taken together start
by start (`turns`). Where ranges lie between them, one fall of these tells all of some entries, and
of others the instants are followed at which they let pass (`following`). Where neither does, or it
is too much to judge, and no single touch settles it, `sometimes` is said: `always` is never said of
what is not.

Two things make it quick, and neither leaves anything out. Days alike are judged once (`days`); how
far a day reaches is measured on every one that is judged, and all is done again with a longer reach
if one went further than it was compared for. And pictures alike are judged once (`judging`).

A *range* is a choice. Whether a touch can lie within an entry's hours depends on the instants it
can reach, which are propagated as intervals; caps, gaps and streaks on how near and how far touches
can come. So a way is laid out with its ranges as short and as long as they can be and, where two
touches may come in either order, or a time counted from the entry may be over or not, also as they
must fall for the two to meet, whatever the start, or for a wait to jump back (`ranges`); and behind
each range the rest is laid out once more, from all instants that the stop there can reach. An entry
objects sometimes if it does anywhere there, and always if it does everywhere, however the ranges
fall. An objection seen behind a range is traced back to an entry and judged again with all that was
before it.

Two touches behind a range with a clock between may be farther apart for a fall between those than
for any of them: then a touch is said to be refused always only if the rest of the way says so from
all instants at once, or the bounds do that are taken below.

Where whether two touches meet hangs on a range and on the clock behind it at once, this is not
exact. Then the way is judged a second time as if each wait behind a range were itself a range, from
the least it can take to the most: to what nothing objects then, nothing does. Only what objects
then, and was not seen to in truth, is said not to be known (CG903).

To be read in this order: what is told (`objections`), how long a loop is gone round (`loops`), what
is laid out and judged (`runs`), how a way is laid out (`layouts`), from which starts (`starts`) and
where within a piece of them an answer can change (`cuts`); then the `search` that goes all ways,
the `prover` that looks for objections on it, and the `turns` of a step taken together, with what is
`following` for those with ranges between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadence_guard.cadence import Cadence
from cadence_guard.check.proof.objections import ALWAYS, SOMETIMES, Objected, Proof
from cadence_guard.check.proof.prover import Prover
from cadence_guard.instants import Zone
from cadence_guard.ruleset import Ruleset

__all__ = ["ALWAYS", "SOMETIMES", "Objected", "Proof", "prove"]


def prove(
    ruleset: Ruleset,
    cadence: Cadence,
    start: int,
    end: int,
    zones: Sequence[Zone] | None = None,
    *,
    others: Mapping[str, Cadence] | None = None,
) -> Proof:
    """Every objection of every entry to the steps of a cadence, for all starts in [start, end)
    (microseconds UTC) and all zones: those given, else those of the audience.

    `others` are the cadences known by name, for those that this one enters besides.
    """
    return Prover(ruleset, cadence, start, end, zones, others).prove()
