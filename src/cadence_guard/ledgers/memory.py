"""The memory ledger: for tests, replays, and stacks that keep their history elsewhere."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from cadence_guard.errors import Conflict
from cadence_guard.events import Event
from cadence_guard.instants import to_us
from cadence_guard.ledgers._base import Filed, Page
from cadence_guard.ledgers._forks import hold_over_forks
from cadence_guard.touch import Release, Touch


class MemoryLedger:
    """Events in a dict. Gone with the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._events: dict[int, Filed] = {}
        self._streams: dict[str, list[int]] = {}
        self._known: set[str] = set()
        self._spoken_of: Counter[str | None] = Counter()
        self._last = 0
        self._epoch = 0
        self._secret = os.urandom(32)
        hold_over_forks(self)

    def history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Page:
        with self._lock:
            streams = self._streams
            found: set[int] = set()
            revisions: dict[str, int] = {}
            for key in keys:
                numbers = streams.get(key)
                if not numbers:
                    revisions[key] = 0
                    continue
                revisions[key] = last = numbers[-1]
                if last > after:
                    found.update(numbers[bisect_right(numbers, after) :])
            events = [self._events[number] for number in sorted(found)] if found else []
            if since is not None and events:
                events = [filed for filed in events if not self._fades(filed, since)]
            return Page(events, revisions, self._epoch)

    def append(self, events: Iterable[Filed], expect: Mapping[str, int] | None = None) -> None:
        events = list(events)
        with self._lock:
            self._check(expect)
            for filed in events:
                self._add(filed)

    def forget(
        self,
        key: str,
        keep: Iterable[Filed] = (),
        expect: Mapping[str, int] | None = None,
        also: Iterable[Filed] = (),
    ) -> None:
        keep, also = list(keep), list(also)
        with self._lock:
            self._check(expect)
            gone = set(self._streams.get(key, ()))
            for filed in also:
                for number in self._streams.get(filed.keys[0], ()):
                    if self._events[number].event == filed.event:
                        gone.add(number)
            self._remove(gone)
            for filed in keep:
                self._add(filed)

    def prune(self, before: int) -> int:
        with self._lock:
            later = {
                filed.touch
                for filed in self._events.values()
                if filed.touch and isinstance(filed.event, Touch) and not older(filed.event, before)
            }
            old = {
                number
                for number, filed in self._events.items()
                if filed.touch not in later and self._fades(filed, before)
            }
            ids = {self._events[number].touch for number in old} - {None}
            releases = {
                number
                for number, filed in self._events.items()
                if isinstance(filed.event, Release) and filed.touch in ids
            }
            self._remove(old | releases)
            return len(old)

    def secret(self) -> bytes:
        return self._secret

    def held(self) -> Lock:
        """Keeps everybody else from it."""
        return self._lock

    def _fades(self, filed: Filed, than: int) -> bool:
        """Whether it is a touch before an instant of which nothing was said."""
        return (
            older(filed.event, than)
            and not filed.telling
            and not (filed.touch and self._spoken_of[filed.touch])
        )

    def _check(self, expect: Mapping[str, int] | None) -> None:
        for key, revision in (expect or {}).items():
            numbers = self._streams.get(key)
            if (numbers[-1] if numbers else 0) != revision:
                raise Conflict(f"stream {key.partition(':')[0]} has moved on")

    def _add(self, filed: Filed) -> None:
        if filed.once:
            content = filed.event.model_dump_json()
            if content in self._known:
                return
            self._known.add(content)
        self._last += 1
        self._events[self._last] = filed
        self._spoken_of[filed.speaks_of] += 1
        for key in filed.keys:
            self._streams.setdefault(key, []).append(self._last)

    def _remove(self, numbers: set[int]) -> None:
        for number in numbers:
            filed = self._events.pop(number)
            self._spoken_of[filed.speaks_of] -= 1
            if filed.once:
                self._known.discard(filed.event.model_dump_json())
            for key in filed.keys:
                self._streams[key].remove(number)
                if not self._streams[key]:
                    del self._streams[key]
        self._epoch += 1


def older(event: Event, than: int) -> bool:
    """Whether an event is a touch before an instant."""
    return isinstance(event, Touch) and event.at is not None and to_us(event.at) < than
