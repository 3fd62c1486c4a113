"""What is known, what is planned, and what the guard says of it.

Prints:

    deny
      CG102 missing-consent: no consent or invited for sales by call
      CG201 private-point: a private point, and no consent names it
      CG202 unknown-source: nobody can say how we got this point
      CG203 uninvited-channel: the contact never invited anybody to use call
      CG401 outside-hours: it is Sat 12:00 in America/Chicago, outside the hours for call (until 2026-03-16T14:00:00Z)
      CG501 after-refusal: the contact said 'hung_up' at 2026-03-10T19:01:00Z; 180d of silence, on every channel (until 2026-09-06T19:01:00Z)
      CG701 wrong-name: the greeting does not say 'Anna-Lena'
      could change the answer: consent, source
"""  # noqa: E501

from datetime import UTC, datetime

from cadence_guard import Contact, ContactPoint, Guard, Policy, Signal, Touch

guard = Guard(Policy(packs=["humane"]))  # in memory; ledger="sqlite:///outreach.db" keeps it
number = ContactPoint(kind="phone", value="+1 512 555 0143", use="private")
guard.record(
    Contact(contact="c-1", name="Anna-Lena Berg", time_zone="America/Chicago", points=(number,))
)
hung_up = datetime(2026, 3, 10, 19, 1, tzinfo=UTC)
guard.record(Signal(contact="c-1", at=hung_up, kind="hung_up", channel="call"))
call = Touch(
    contact="c-1",
    at=datetime(2026, 3, 14, 17, tzinfo=UTC),
    channel="call",
    to="+15125550143",
    team="sales",
    purpose="sales",
    greeting="Hi. Anna?",
)
print(guard.evaluate(call).explain())
