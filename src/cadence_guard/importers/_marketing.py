"""What the readers of marketing tools have in common: one flow while it is read."""

from __future__ import annotations

from collections.abc import Iterable

from cadence_guard.cadence import Cadence, Label, Node, NotUnderstood, Where


class Gathered:
    """What was read of a flow so far: its nodes, its waits by name, what is not understood."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.waits: list[Label] = []
        self.unknown: list[NotUnderstood] = []

    def not_understood(self, what: str, where: Where, why: str) -> None:
        """Keeps what could not be read."""
        self.unknown.append(NotUnderstood(what, where, why))

    def whole(
        self, name: str, where: Where, start: str | None, *, kept_back: bool, assumes: Iterable[str]
    ) -> Cadence:
        """The cadence of it all. `kept_back`: the tool sends nothing after an unsubscription."""
        return Cadence(
            name,
            where,
            self.nodes,
            start,
            purpose="marketing",
            exits=frozenset(("opt_out",)) if kept_back else frozenset(),
            labels=tuple(self.waits),
            unknown=tuple(self.unknown),
            assumes=tuple(assumes),
        )
