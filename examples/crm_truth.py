"""The CRM is the truth: facts go with the call, and the ledger keeps touches and noes only.

The same mail to the same address, before and after somebody fills in where the contact lives.

Prints:

    without a zone: deny CG401, needs time_zone
    in Chicago at 08:30: defer until 14:00 UTC
    in Chicago at 09:00: allow until 23:00 UTC
    after an opt-out that the CRM does not know: deny CG101
"""

from __future__ import annotations

from datetime import UTC, datetime

from cadence_guard import Contact, ContactPoint, Decision, Guard, Policy, Signal, Touch

ADDRESS = "anna@example.org"
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
HOURS = {
    "outside-hours": {
        "channels": ["email"],
        "windows": [{"days": WEEKDAYS, "from": "09:00", "to": "18:00"}],
    }
}
CRM: dict[str, str | None] = {"zone": None}


def contact_from_crm() -> Contact:
    """What a CRM's row says of a contact, as facts for one call."""
    point = ContactPoint(kind="email", value=ADDRESS, use="work", source="given_by_contact")
    return Contact(contact="c-1", name="Anna-Lena Berg", time_zone=CRM["zone"], points=(point,))


def main() -> None:
    guard = Guard(Policy(rules=HOURS))

    def ask(hour: int, minute: int) -> Decision:
        at = datetime(2026, 3, 10, hour, minute, tzinfo=UTC)
        touch = Touch(contact="c-1", at=at, channel="email", to=ADDRESS, purpose="service")
        return guard.evaluate(touch, contact=contact_from_crm())

    decision = ask(13, 30)
    codes = " ".join(finding.code for finding in decision.findings)
    print(f"without a zone: {decision.verdict} {codes}, needs {' '.join(decision.needs)}")

    CRM["zone"] = "America/Chicago"
    decision = ask(13, 30)
    print(f"in Chicago at 08:30: {decision.verdict} until {decision.until:%H:%M} UTC")
    decision = ask(14, 0)
    print(f"in Chicago at 09:00: {decision.verdict} until {decision.open_until:%H:%M} UTC")

    guard.record(Signal(contact="c-1", at=datetime(2026, 3, 10, 14, 5, tzinfo=UTC), kind="opt_out"))
    decision = ask(14, 10)
    codes = " ".join(finding.code for finding in decision.findings)
    print(f"after an opt-out that the CRM does not know: {decision.verdict} {codes}")


if __name__ == "__main__":
    main()
