"""How much is judged and laid out, so that no check takes long, whatever it is given."""

from __future__ import annotations

from typing import Final

A_TOUCH: Final = 5
"""How much judging a touch is, in touches before it."""
A_PIECE: Final = 3
"""How much laying out a piece of the instants that a stop can reach is, or a day of them."""


class TooMuchError(Exception):
    """There is more to do than was allowed for."""


class Work:
    """Counts what is done: touches that are judged, each with what was before it, and what has to
    be laid out for that. A unit takes a microsecond or two."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.done = 0

    def spend(self, work: int) -> None:
        """Counts. Raises TooMuchError if it is more than `most`."""
        self.done += work
        if self.done > self.most:
            raise TooMuchError

    def again(self, most: int) -> None:
        """Counts from nothing, up to another bound."""
        self.most = most
        self.done = 0
