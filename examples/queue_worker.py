"""A queue worker: every job is judged when it is due, and a defer goes back into our own queue.

The queue is a heap and the clock stands still between jobs, so this runs in an instant. What
matters is `work`: reserve, send, confirm; on a defer put the job back for the earliest common free
time; on a deny drop it and keep the reason.

Prints:

    2026-03-09T15:00:00Z m-1 sent
    2026-03-09T15:00:00Z m-2 back in the queue until 2026-03-10T15:00:00Z
    2026-03-09T15:00:00Z m-3 back in the queue until 2026-03-10T15:00:00Z
    2026-03-10T15:00:00Z m-2 sent
    2026-03-10T15:00:00Z m-3 back in the queue until 2026-03-16T15:00:00Z
    2026-03-12T15:00:00Z the contact opts out
    2026-03-16T15:00:00Z m-3 dropped: opted-out
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime

from cadence_guard import Guard, Policy, Refused, Signal, Touch, Verdict

OPT_OUT = datetime(2026, 3, 12, 15, tzinfo=UTC)


class Worker:
    """Takes the job that is due first, and never sends what the guard has not booked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 9, 15, tzinfo=UTC)
        policy = Policy(rules={"over-cap": {"max": 2, "per": "7d"}, "too-soon": {"gap": "24h"}})
        self.guard = Guard(policy, clock=lambda: self.now)
        self.queue: list[tuple[datetime, str]] = []

    def say(self, text: str) -> None:
        print(f"{self.now:%Y-%m-%dT%H:%M:%SZ} {text}")

    def work(self, job: str) -> None:
        touch = Touch(
            id=job, contact="c-1", channel="email", to="anna@example.org", purpose="marketing"
        )
        try:
            with self.guard.reserve(touch) as reservation:
                # provider.send(...) goes here; an exception leaves the outcome `unknown`
                reservation.confirm("sent")
        except Refused as refused:
            decision = refused.decision
            if decision.verdict is Verdict.DEFER:
                assert decision.until is not None
                heapq.heappush(self.queue, (decision.until, job))
                self.say(f"{job} back in the queue until {decision.until:%Y-%m-%dT%H:%M:%SZ}")
            else:
                self.say(f"{job} dropped: {decision.findings[0].name}")
        else:
            self.say(f"{job} sent")

    def run(self, jobs: list[str]) -> None:
        self.queue = [(self.now, job) for job in jobs]
        heapq.heapify(self.queue)
        told = False
        while self.queue:
            due, job = heapq.heappop(self.queue)
            if due >= OPT_OUT and not told:
                self.now, told = OPT_OUT, True
                self.guard.record(Signal(contact="c-1", kind="opt_out", channel="email"))
                self.say("the contact opts out")
            self.now = max(self.now, due)
            self.work(job)


if __name__ == "__main__":
    Worker().run(["m-1", "m-2", "m-3"])
