"""A rule of our own: no sales touch while the contact has an open support ticket.

A rule is a class with one question, `next_open`, and its spans. The policy names it by its import
path. It reads the case and nothing else: that a ticket is open or closed is told as a signal of our
own (`x-...`), so the answer can be replayed.

Prints:

    before the ticket: allow
    while it is open: deny ACME1 open-ticket: a support ticket is open since 2026-03-09T10:00:00Z
    after it is closed: allow
"""

from __future__ import annotations

from cadence_guard import Guard, Policy
from cadence_guard.history import Case
from cadence_guard.instants import NEVER, to_datetime, to_text
from cadence_guard.rules import Objection, OpenStretch, Rule, Selecting, Spans


class OpenTicket(Rule):
    """Objects from `x-ticket-opened` until the next `x-ticket-closed`."""

    code = "ACME1"
    name = "open-ticket"
    spans = Spans()  # its answer changes at the instants of signals only

    class Params(Selecting):
        """channels, purposes, teams, tags and effect, as in any entry."""

    def next_open(self, t: int, case: Case) -> OpenStretch:
        for start, end in self._tickets(case):
            if t < start:
                return t, start
            t = max(t, end)
        return t, NEVER

    @staticmethod
    def _tickets(case: Case) -> list[tuple[int, int]]:
        """[opened, closed) of each ticket, in order of time, without overlaps."""
        found: list[tuple[int, int]] = []
        opened: int | None = None
        for said in case.me.said:  # by instant
            if said.kind == "x-ticket-opened" and opened is None:
                opened = said.at
            elif said.kind == "x-ticket-closed" and opened is not None:
                if opened < said.at:
                    found.append((opened, said.at))
                opened = None
        return found if opened is None else [*found, (opened, NEVER)]

    def objection(self, t: int, case: Case) -> Objection:
        since = next(start for start, end in self._tickets(case) if start <= t < end)
        return Objection(f"a support ticket is open since {to_text(to_datetime(since))}")


def main() -> None:
    guard = Guard(Policy(rules={"custom_rule:OpenTicket": {"purposes": ["sales", "marketing"]}}))
    contact = {"event": "contact", "contact": "c-1", "at": "2026-03-01T00:00:00Z"}
    guard.record(contact)

    def ask(at: str) -> str:
        decision = guard.evaluate(
            {
                "contact": "c-1",
                "at": at,
                "channel": "email",
                "to": "a@b.example",
                "purpose": "sales",
            }
        )
        reasons = [f" {f.code} {f.name}: {f.message}" for f in decision.findings]
        return decision.verdict + "".join(reasons)

    def tell(kind: str, at: str) -> None:
        guard.record({"event": "signal", "contact": "c-1", "at": at, "kind": kind})

    print("before the ticket:", ask("2026-03-09T09:00:00Z"))
    tell("x-ticket-opened", "2026-03-09T10:00:00Z")
    print("while it is open:", ask("2026-03-09T11:00:00Z"))
    tell("x-ticket-closed", "2026-03-10T10:00:00Z")
    print("after it is closed:", ask("2026-03-10T11:00:00Z"))


if __name__ == "__main__":
    main()
