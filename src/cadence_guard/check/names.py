"""Cadences by their names: those that a file lists under `together`, and those that it enters.

Who lists two cadences asks for a proof, and who enters one says that its touches will come. If such
a cadence is not among those checked, what was asked is not proved, and that is a finding (CG903),
not an assumption. That cadences of several files have one name, as exports do that nobody named, is
a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from cadence_guard.cadence import Cadence, CadenceFile, Enter, Where
from cadence_guard.check.report import Finding
from cadence_guard.check.shape import finding_at, listed
from cadence_guard.importers._source import Source
from cadence_guard.words import nearest

SHOWN: Final = 10
"""How many of the names that are there are told."""
OFFERED: Final = 100
"""For how many names the nearest one is looked for: more than that is no slip of the keyboard."""


class _Named(NamedTuple):
    """A name, where it stands, what was not proved without its cadence, and who enters it."""

    name: str
    where: Where
    lost: str
    cadence: str | None


def unknown_names(files: Sequence[tuple[Source, CadenceFile]]) -> Iterator[Finding]:
    """A finding for each name that stands for no cadence of the files, or for several of them: the
    own file goes before the others."""
    homes: dict[str, list[str]] = {}
    for source, file in files:
        for name in dict.fromkeys(cadence.name for cadence in file.cadences):
            homes.setdefault(name, []).append(source.path)
    offers = 0
    for source, file in files:
        own = {cadence.name for cadence in file.cadences}
        for named in _named(source, file):
            paths = homes.get(named.name, [])
            if named.name in own or len(paths) == 1:
                continue
            if paths:
                said = f"{named.name!r} is a cadence of {listed(paths, 'and')}: which one is meant"
                message = f"{said} is not settled, so {named.lost}"
                way = "give each cadence a name of its own"
            else:
                offers += 1
                near = nearest(named.name, homes) if offers <= OFFERED else None
                hint = f"; did you mean {near!r}?" if near else ""
                message = (
                    f"{named.name!r} is not among the cadences checked ({_shown(homes)}), so"
                    f" {named.lost}{hint}"
                )
                way = "give check the file that holds it as well"
            yield finding_at(
                source,
                "CG903",
                "check-incomplete",
                "block",
                named.where,
                message,
                cadence=named.cadence,
                help=way,
                certainty="always",
            )


def same_names(files: Sequence[tuple[Source, CadenceFile]]) -> Iterator[Finding]:
    """A note for each name that cadences of several files have, at the second of them."""
    homes: dict[str, list[tuple[Source, Cadence]]] = {}
    for source, file in files:
        for cadence in file.cadences:
            homes.setdefault(cadence.name, []).append((source, cadence))
    for name, found in homes.items():
        if len(found) > 1:
            source, cadence = found[1]
            paths = [home.path for home, _ in found]
            more = [f"{len(paths) - SHOWN} more files"] if len(paths) > SHOWN else []
            yield finding_at(
                source,
                "CG903",
                "check-incomplete",
                "note",
                cadence.where,
                f"{name!r} is a cadence of {listed([*paths[:SHOWN], *more], 'and')}: each is judged"
                " by itself, but events, policies and other cadences know them by that one name",
                cadence=name,
                help="give each cadence a name of its own",
            )


def _shown(names: Mapping[str, object]) -> str:
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*list(names)[:SHOWN], *more])


def _named(source: Source, file: CadenceFile) -> Iterator[_Named]:
    """Each name once: of all groups that list it, and of each cadence that enters it."""
    places: dict[str, Where] = {}
    others: dict[str, dict[str, None]] = {}
    for number, group in enumerate(file.together):
        for place, name in enumerate(group):
            places.setdefault(name, _place(source, number, place))
            others.setdefault(name, {}).update((repr(one), None) for one in group if one != name)
    for name, where in places.items():
        lost = f"what it does together with {listed(list(others[name]), 'and')} was not proved"
        yield _Named(name, where, lost, None)
    for cadence in file.cadences:
        for name, where in _entered(cadence).items():
            lost = f"what a contact of {cadence.name!r} gets from it was not judged"
            yield _Named(name, where, lost, cadence.name)


def _entered(cadence: Cadence) -> dict[str, Where]:
    """The cadences that one enters, and where it says so first."""
    found: dict[str, Where] = {}
    for node in cadence.nodes.values():
        if isinstance(node, Enter):
            found.setdefault(node.cadence, (*node.where, "enter"))
    return found


def _place(source: Source, group: int, place: int) -> Where:
    """Where a name under `together` stands; one group may stand alone, without the outer list."""
    inner = ("together", group, place)
    nested = source.mark(inner) != source.mark(inner[:2])
    return inner if nested else ("together", place)
