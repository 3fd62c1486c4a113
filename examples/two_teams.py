"""Two teams and one baton: who may touch the contact, and how the baton is handed over.

Prints:

    sales, unasked: defer until 2026-04-02T15:00:00Z
      CG601 not-the-holder: team 'marketing' touched the contact within 30d and handed nothing over
    marketing hands the contact to sales
    sales: allow
    marketing: defer until 2026-06-08T15:00:00Z
      CG601 not-the-holder: the contact was handed to 'sales' at 2026-03-10T15:00:00Z
"""

from __future__ import annotations

from cadence_guard import Decision, Guard, Policy

guard = Guard(Policy(rules={"not-the-holder": {"for": "30d", "lapses": "90d"}}))


def ask(team: str, at: str) -> Decision:
    return guard.evaluate(
        {
            "contact": "c-1",
            "at": at,
            "channel": "email",
            "to": "anna@example.org",
            "team": team,
            "purpose": "sales",
        }
    )


def say(title: str, decision: Decision) -> None:
    until = f" until {decision.until:%Y-%m-%dT%H:%M:%SZ}" if decision.until else ""
    print(f"{title}: {decision.verdict}{until}")
    for finding in decision.findings:
        print(f"  {finding.code} {finding.name}: {finding.message}")


def main() -> None:
    guard.record({"event": "contact", "contact": "c-1", "at": "2026-03-01T00:00:00Z"})
    guard.record(
        {
            "event": "touch",
            "id": "m-1",
            "contact": "c-1",
            "at": "2026-03-03T15:00:00Z",
            "channel": "email",
            "to": "anna@example.org",
            "team": "marketing",
            "purpose": "marketing",
            "outcome": "delivered",
        }
    )
    say("sales, unasked", ask("sales", "2026-03-10T14:00:00Z"))
    guard.record(
        {
            "event": "handoff",
            "contact": "c-1",
            "at": "2026-03-10T15:00:00Z",
            "from": "marketing",
            "to": "sales",
            "because": "asked for a demo",
        }
    )
    print("marketing hands the contact to sales")
    say("sales", ask("sales", "2026-03-10T16:00:00Z"))
    say("marketing", ask("marketing", "2026-03-10T16:00:00Z"))


if __name__ == "__main__":
    main()
