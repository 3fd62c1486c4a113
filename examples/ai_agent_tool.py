"""A tool for an AI agent that cannot send more than it may, also when it is called in parallel.

No SDK: a tool is a function, and agents call tools in parallel and retry them. So the tool reserves
(check and book in one step) under the id of the call. Evaluating first and sending then would let
all three of these through.

Prints:

    sent: 1
    refused: 2
    the same call again: already done
    Not sent: over-cap. Ask again after 2026-03-16T15:00Z. Do not try another channel or address.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from cadence_guard import Guard, Policy, Refused, Touch

NOW = datetime(2026, 3, 9, 15, tzinfo=UTC)
guard = Guard(Policy(rules={"over-cap": {"max": 1, "per": "7d"}}), clock=lambda: NOW)
outbox: list[str] = []


def send_email(call_id: str, contact: str, to: str, text: str) -> str:
    """The tool. `call_id` is the host's id of this tool call: a retry has the same one."""
    touch = Touch(id=call_id, contact=contact, channel="email", to=to, purpose="sales")
    try:
        with guard.reserve(touch) as reservation:
            outbox.append(text)  # provider.send(...), with call_id as its idempotency key too
            reservation.confirm("sent")
    except Refused as refused:
        return refusal_for_a_model(refused)
    return "Sent."


def refusal_for_a_model(refused: Refused) -> str:
    """Words that end the attempt instead of inviting a way round it."""
    decision = refused.decision
    if decision.findings[0].code == "CG305":
        return "This call was handled before; nothing was sent again."
    names = ", ".join(f.name for f in decision.findings if f.effect == "block")
    when = f"Ask again after {decision.until:%Y-%m-%dT%H:%MZ}" if decision.until else "Give it up"
    return f"Not sent: {names}. {when}. Do not try another channel or address."


def main() -> None:
    together = Barrier(3)

    def call(number: int) -> str:
        together.wait()
        return send_email(f"call-{number}", "c-1", "anna@example.org", "Hello")

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(call, range(3)))
    print(f"sent: {len(outbox)}")
    print(f"refused: {sum(answer.startswith('Not sent') for answer in answers)}")
    again = send_email(f"call-{answers.index('Sent.')}", "c-1", "anna@example.org", "Hello")
    assert len(outbox) == 1
    print("the same call again:", "already done" if "before" in again else again)
    print(next(answer for answer in answers if answer.startswith("Not sent")))


if __name__ == "__main__":
    main()
