"""Erasure that keeps every no: a person is forgotten, imported again, and still left alone.

Prints:

    before: deny CG101
    in the ledger after forget: nothing that names the person
    imported again, same address: deny CG104
    imported again, another id: deny CG104
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from cadence_guard import Contact, ContactPoint, Guard, Policy, Signal, Touch
from cadence_guard.instants import parse_instant
from cadence_guard.ledgers.sqlite import SqliteLedger

ADDRESS = "anna@example.org"


def contact(name: str) -> Contact:
    point = ContactPoint(kind="email", value=ADDRESS, use="work", source="trial_form")
    return Contact(contact=name, at=parse_instant("2026-03-02T16:00:00Z"), points=(point,))


def verdict(guard: Guard, name: str) -> str:
    decision = guard.evaluate(
        Touch(
            contact=name,
            at=parse_instant("2026-03-20T16:00:00Z"),
            channel="email",
            to=ADDRESS,
            purpose="marketing",
        )
    )
    return f"{decision.verdict} {' '.join(finding.code for finding in decision.findings)}"


def main() -> None:
    with TemporaryDirectory() as folder, closing(SqliteLedger(Path(folder, "o.db"))) as ledger:
        guard = Guard(Policy(), ledger=ledger, key="from our secret store")
        guard.record(contact("c-1"))
        guard.record(
            Signal(contact="c-1", at=parse_instant("2026-03-09T10:00:00Z"), kind="opt_out")
        )
        print("before:", verdict(guard, "c-1"))

        guard.forget("c-1")
        kept = b"".join(file.read_bytes() for file in sorted(Path(folder).iterdir()))
        named = ADDRESS.encode() in kept or b'"c-1"' in kept
        print("in the ledger after forget:", "a name" if named else "nothing that names the person")

        guard.record(contact("c-1"))
        print("imported again, same address:", verdict(guard, "c-1"))
        guard.record(contact("c-2"))
        print("imported again, another id:", verdict(guard, "c-2"))


if __name__ == "__main__":
    main()
