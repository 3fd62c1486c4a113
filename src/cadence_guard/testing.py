"""Helpers for your own tests: a clock that stands still, builders, and a suite for ledgers.

    from cadence_guard.testing import FixedClock, LedgerSuite, a_touch

    clock = FixedClock()
    guard = Guard(policy, clock=clock)
    guard.evaluate(a_touch(channel="sms"))
    clock.advance("3d")

    class TestMyLedger(LedgerSuite):
        def make_ledger(self, tmp_path):
            return MyLedger(tmp_path / "ledger")

    def test_the_trial_stalks_nobody():
        assert_cadence_ok("trial.cadence.yaml", policy="cadence-guard.yaml")

Nothing here needs pytest but a `tmp_path` that pytest gives to the suite's tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from cadence_guard.contact import Consent, Contact, ContactPoint, Handoff, Signal, Suppress
from cadence_guard.errors import Conflict
from cadence_guard.events import Event
from cadence_guard.history import Streams
from cadence_guard.instants import Duration, parse_instant, to_us
from cadence_guard.integrations.asserting import assert_cadence_ok
from cadence_guard.ledgers import Filed, Ledger
from cadence_guard.touch import Release, Touch
from cadence_guard.words import CHANNEL_KIND

__all__ = ["FixedClock", "LedgerSuite", "a_contact", "a_touch", "assert_cadence_ok"]

START: Final = "2026-03-02T16:00:00Z"
"""The instant at which a `FixedClock` stands unless told: a Monday, 17:00 in Berlin."""
EMAIL: Final = "anna.berg@example.org"
PHONE: Final = "+493055501234"
_TO: Final = {"email": EMAIL, "phone": PHONE, "social": "annaberg", "post": "1 Some Street"}


class FixedClock:
    """A clock that moves only when told: `Guard(policy, clock=FixedClock())`.

    `at` is an aware datetime or text such as 2026-03-02T16:00:00Z. Raises ValueError for others.
    """

    def __init__(self, at: datetime | str = START) -> None:
        self._at = parse_instant(at)

    def __call__(self) -> datetime:
        return self._at

    def advance(self, by: str) -> datetime:
        """Moves on by `30m`, `20h`, `3d` or `2w`; returns the new now."""
        self._at += timedelta(microseconds=Duration.parse_elapsed(by).us)
        return self._at

    def set(self, at: datetime | str) -> datetime:
        """Moves to an instant, earlier or later; returns it."""
        self._at = parse_instant(at)
        return self._at


def a_touch(**fields: Any) -> Touch:
    """A planned sales e-mail to contact `c-1`, but for the fields you give.

    `to` follows the channel. It has no `id` and no `at` unless you give them. Raises
    pydantic.ValidationError for fields that are wrong.
    """
    given = {"contact": "c-1", "channel": "email", "purpose": "sales", **fields}
    kind = CHANNEL_KIND.get(given["channel"])
    if kind is not None:
        given.setdefault("to", _TO[kind])
    return Touch(**given)


def a_contact(**fields: Any) -> Contact:
    """Contact `c-1`, Anna Berg in Berlin, who gave a work e-mail address and a work number.

    Raises pydantic.ValidationError for fields that are wrong.
    """
    given = {
        "contact": "c-1",
        "name": "Anna Berg",
        "time_zone": "Europe/Berlin",
        "country": "DE",
        "points": (
            ContactPoint(kind="email", value=EMAIL, use="work", source="given_by_contact"),
            ContactPoint(kind="phone", value=PHONE, use="work", source="given_by_contact"),
        ),
        **fields,
    }
    return Contact(**given)


class LedgerSuite:
    """What every ledger has to do; derive a test class from it and say how yours is made.

    `make_ledger(tmp_path)` gives a new, empty ledger in a directory of its own. `reopen(ledger)`
    gives the same one as another process would find it. `stored(ledger)` gives all bytes that it
    keeps, so that erasure can be seen.
    """

    def make_ledger(self, tmp_path: Path) -> Ledger:
        """A new, empty ledger; called with a directory that is new for each."""
        raise NotImplementedError

    def reopen(self, ledger: Ledger) -> Ledger:
        """The ledger as it is found later; the same object if it does not outlive the process."""
        return ledger

    def stored(self, ledger: Ledger) -> bytes:
        """Every byte the ledger keeps in files; b"" if there are none."""
        return b""

    # -- streams and revisions --------------------------------------------------------------------

    def test_an_empty_stream_is_at_revision_0(self, tmp_path: Path) -> None:
        page = self.make_ledger(tmp_path).history(["contact:c-1", "touch:t-1"])
        assert page.events == []
        assert page.revisions == {"contact:c-1": 0, "touch:t-1": 0}

    def test_no_streams_hold_nothing(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([_signal(0)])
        page = ledger.history([])
        assert (page.events, page.revisions) == ([], {})

    def test_an_event_is_filed_under_each_of_its_streams(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        filed = _touch(0, id="t-1", account="acme")
        ledger.append([filed])
        keys = ["contact:c-1", "account:acme", f"point:{EMAIL}", "touch:t-1"]
        for key in keys:
            assert ledger.history([key]).events == [filed], key
        page = ledger.history([*keys, "contact:c-2"])
        assert page.events == [filed], "stored once"
        assert len({page.revisions[key] for key in keys}) == 1
        assert page.revisions["contact:c-2"] == 0

    def test_other_streams_are_left_out(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([_signal(0), _signal(1, contact="c-2"), _signal(2, contact="c-11")])
        assert _contacts(ledger, "contact:c-1") == ["c-1"]

    def test_events_come_back_in_the_order_of_arrival(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [_signal(days, contact=f"c-{days % 2}") for days in (5, 1, 4, 2, 3)]
        for filed in told:
            ledger.append([filed])
        assert ledger.history(["contact:c-1", "contact:c-0"]).events == told

    def test_a_revision_grows_over_the_whole_ledger(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        seen = [0]
        for days in range(6):
            ledger.append([_signal(days, contact=f"c-{days % 3}")])
            seen.append(_revision(ledger, f"contact:c-{days % 3}"))
        assert seen == sorted(set(seen)), "each is later than all before"

    def test_after_leaves_out_what_was_read(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        first, second, third = _signal(0), _signal(1), _signal(2, contact="c-2")
        ledger.append([first])
        read = _revision(ledger, "contact:c-1")
        ledger.append([second, third])
        page = ledger.history(["contact:c-1"], after=read)
        assert page.events == [second]
        assert page.revisions["contact:c-1"] > read
        again = ledger.history(["contact:c-1"], after=page.revisions["contact:c-1"])
        assert (again.events, again.revisions) == ([], page.revisions)

    def test_every_event_reads_back_as_it_was(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = _one_of_each()
        ledger.append(told)
        again = self.reopen(ledger).history(["contact:c-1"]).events
        assert again == told
        assert [filed.streams for filed in again] == [filed.streams for filed in told]

    def test_any_text_may_be_a_name(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        names = ["O'Neil; --", 'a"b', "Ünï 😀", "line\nbreak", "a%_b", "contact:c-1", " x", "\\"]
        told = [_signal(0, contact=name, point=name) for name in names]
        ledger.append(told)
        for name, filed in zip(names, told, strict=True):
            assert ledger.history([f"contact:{name}"]).events == [filed], name
            assert ledger.history([f"point:{name}"]).events == [filed], name

    def test_many_streams_at_once(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [_signal(days % 28, contact=f"c-{days}") for days in range(300)]
        ledger.append(told)
        assert ledger.history([f"contact:c-{number}" for number in range(300)]).events == told

    # -- since ------------------------------------------------------------------------------------

    def test_since_cuts_older_touches(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        old, border, new = (_touch(days, id=f"t-{days}") for days in (1, 5, 9))
        nameless = _touch(2)
        ledger.append([new, old, nameless, border])
        page = ledger.history(["contact:c-1"], since=_us(5))
        assert page.events == [new, border]
        assert page.revisions["contact:c-1"] == _revision(ledger, "contact:c-1")
        assert len(ledger.history(["contact:c-1"]).events) == 4

    def test_since_cuts_touches_only(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [filed for filed in _one_of_each() if not isinstance(filed.event, Touch)]
        ledger.append(told)
        assert ledger.history(["contact:c-1"], since=_us(25)).events == told

    def test_since_and_prune_spare_a_touch_that_says_something(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [
            *(_touch(1, id=word, outcome=word) for word in ("hung_up", "bounced", "answered")),
            _touch(2, outcome="bounced"),
            _touch(3, id="t-1"),  # its outcome comes below
            _touch(3, id="t-1", outcome="hung_up"),
            _touch(4, id="t-2", outcome="sent"),
            _signal(5, touch="t-2"),
        ]
        ledger.append(told)
        assert ledger.history(["contact:c-1"], since=_us(25)).events == told
        assert ledger.prune(_us(25)) == 0
        assert ledger.history(["contact:c-1"]).events == told

    # -- appending --------------------------------------------------------------------------------

    def test_append_expects_revisions(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([_signal(0)], {"contact:c-1": 0, "point:x": 0})
        read = _revision(ledger, "contact:c-1")
        ledger.append([_signal(1)], {"contact:c-1": read, "point:x": 0})
        for stale in ({"contact:c-1": read}, {"contact:c-1": 0}, {"contact:c-1": read + 99}):
            _conflicts(partial(ledger.append, [_signal(2)], stale))
        now = _revision(ledger, "contact:c-1")
        _conflicts(lambda: ledger.append([_signal(2)], {"contact:c-1": now, "point:x": 7}))
        assert len(ledger.history(["contact:c-1"]).events) == 2

    def test_append_expects_many_revisions_at_once(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [_signal(0, contact=f"c-{number}") for number in range(150)]
        expect = {f"contact:c-{number}": 0 for number in range(150)}
        ledger.append(told[:1])
        _conflicts(lambda: ledger.append(told, expect))
        assert ledger.history([*expect]).events == told[:1]
        ledger.append(told[1:], {**expect, "contact:c-0": _revision(ledger, "contact:c-0")})
        assert ledger.history([*expect]).events == told

    def test_a_stream_moves_on_with_every_event_filed_under_it(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        for filed, key in (
            (_touch(0, id="t-1", account="acme"), "account:acme"),
            (_touch(1, id="t-2", contact="c-2"), f"point:{EMAIL}"),
            (_release(2, "t-2", contact="c-2"), "touch:t-2"),
        ):
            read = _revision(ledger, key)
            ledger.append([filed])
            _conflicts(partial(ledger.append, [_signal(9)], {key: read}))

    def test_append_is_all_or_nothing(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)

        def breaks() -> Iterator[Filed]:
            yield _signal(0)
            yield _touch(0, id="t-1")
            raise _BrokenOffError

        _breaks_off(lambda: ledger.append(breaks()))
        page = self.reopen(ledger).history(["contact:c-1", "touch:t-1"])
        assert (page.events, set(page.revisions.values())) == ([], {0})
        ledger.append([_signal(0)])
        assert len(ledger.history(["contact:c-1"]).events) == 1, "it can be told again"

    def test_the_same_event_is_appended_once(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([_signal(0), _signal(0), _touch(1)])
        read = ledger.history(["contact:c-1"])
        ledger = self.reopen(ledger)
        ledger.append([_touch(1), _signal(0)])
        assert ledger.history(["contact:c-1"]) == read
        ledger.append([_signal(0), _signal(2)])
        assert ledger.history(["contact:c-1"]).events == [*read.events, _signal(2)]

    def test_a_touch_with_an_id_may_come_again(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [_touch(0, id="t-1"), _release(1, "t-1"), _touch(0, id="t-1"), _release(1, "t-1")]
        for filed in told:
            ledger.append([filed])
        assert ledger.history(["touch:t-1"]).events == told

    def test_threads_never_take_the_same_revision(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)

        def book(number: int) -> None:
            for turn in range(5):
                while True:
                    read = _revision(ledger, "contact:c-1")
                    try:
                        ledger.append(
                            [_touch(0, id=f"t-{number}-{turn}-{read}")], {"contact:c-1": read}
                        )
                    except Conflict:
                        continue
                    break

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(book, range(8)))
        events = ledger.history(["contact:c-1"]).events
        assert len(events) == 40
        told = [int(str(filed.touch).rpartition("-")[2]) for filed in events]
        assert len(set(told)) == 40, "two threads appended to one revision"
        assert told == sorted(told)

    # -- forgetting and pruning -------------------------------------------------------------------

    def test_forget_takes_everything_of_a_stream(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        stays = _touch(1, id="t-2", contact="c-2", account="acme")
        ledger.append([*_one_of_each(), stays])
        ledger.forget("contact:c-1")
        ledger = self.reopen(ledger)
        keys = ["contact:c-1", "account:acme", f"point:{EMAIL}", "touch:t-1", "contact:c-2"]
        page = ledger.history(keys)
        assert page.events == [stays]
        assert (page.revisions["contact:c-1"], page.revisions["touch:t-1"]) == (0, 0)

    def test_forget_keeps_what_it_is_given(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([_signal(0), _touch(1, id="t-1")])
        before = _revision(ledger, "contact:c-1")
        kept = [_signal(0, contact="hash"), _touch(1, contact="nobody", account="acme")]
        ledger.forget("contact:c-1", kept)
        page = ledger.history(["contact:c-1", "contact:hash", "account:acme"])
        assert page.events == kept
        assert page.revisions["contact:hash"] > before, "numbers are not used again"

    def test_forget_also_takes_equal_events(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        listed, other = _suppress(0, EMAIL), _suppress(1, EMAIL)
        ledger.append([listed, other, _signal(0)])
        ledger.forget("contact:c-1", [_suppress(0, "hash")], also=[listed, _suppress(9, "absent")])
        assert ledger.history([f"point:{EMAIL}", "contact:c-1"]).events == [other]
        assert ledger.history(["point:hash"]).events == [_suppress(0, "hash")]

    def test_forget_expects_revisions(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([_signal(0)])
        read = ledger.history(["contact:c-1"])
        ledger.append([_signal(1)])
        _conflicts(lambda: ledger.forget("contact:c-1", [_signal(0, contact="h")], read.revisions))
        page = ledger.history(["contact:c-1", "contact:h"])
        assert len(page.events) == 2
        ledger.forget("contact:c-1", [], {"contact:c-1": page.revisions["contact:c-1"]})
        assert ledger.history(["contact:c-1"]).events == []

    def test_forget_is_all_or_nothing(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([_signal(0)])

        def breaks() -> Iterator[Filed]:
            yield _signal(0, contact="hash")
            raise _BrokenOffError

        _breaks_off(lambda: ledger.forget("contact:c-1", breaks()))
        assert self.reopen(ledger).history(["contact:c-1", "contact:hash"]).events == [_signal(0)]

    def test_what_was_forgotten_may_be_told_again(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([_signal(0)])
        ledger.forget("contact:c-1")
        ledger.append([_signal(0)], {"contact:c-1": 0})
        assert ledger.history(["contact:c-1"]).events == [_signal(0)]

    def test_what_was_forgotten_does_not_stay_in_a_file(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        for days in range(20):
            for name in ("Heidenreich", "Somebody"):
                point = f"{name}@example.org"
                touch = _touch(days, id=f"{name}-{days}", contact=name, point=point)
                ledger.append([touch, _signal(days, contact=name, point=point)])
        ledger.forget("contact:Heidenreich")
        kept = self.stored(self.reopen(ledger))
        assert b"heidenreich" not in kept.lower()
        assert b"somebody" in kept.lower() or not kept

    def test_prune_takes_old_touches_with_their_releases(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [
            _touch(1, id="t-1"),
            _release(8, "t-1"),
            _touch(2),
            _signal(1),
            _touch(5, id="t-2"),
            _release(8, "t-3"),
        ]
        ledger.append(told)
        assert ledger.prune(_us(5)) == 2
        ledger = self.reopen(ledger)
        assert ledger.history(["contact:c-1"]).events == told[3:]
        assert ledger.history(["touch:t-1"]).revisions == {"touch:t-1": 0}
        assert ledger.prune(_us(5)) == 0

    def test_prune_leaves_an_id_whole(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [_touch(9, id="t-1"), _release(8, "t-1"), _touch(1, id="t-1")]
        ledger.append(told)
        assert ledger.prune(_us(5)) == 0
        assert ledger.history(["touch:t-1"]).events == told

    def test_prune_never_takes_a_no(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        told = [filed for filed in _one_of_each() if not isinstance(filed.event, Touch)]
        ledger.append(told)
        assert ledger.prune(_us(25)) == 0
        assert ledger.history(["contact:c-1"]).events == told

    def test_the_epoch_tells_that_events_were_taken_away(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)

        def epoch() -> int:
            return self.reopen(ledger).history(["contact:c-1"]).epoch

        seen = epoch()
        ledger.append([_signal(0), _touch(1), _signal(2, contact="c-2")])
        assert epoch() == seen
        ledger.forget("contact:c-2")
        forgotten = epoch()
        assert forgotten != seen
        assert ledger.prune(_us(5)) == 1
        assert epoch() not in (seen, forgotten)

    # -- what is kept beside ----------------------------------------------------------------------

    def test_the_secret_is_made_once(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        secret = ledger.secret()
        assert len(secret) >= 16
        ledger.append([_signal(0)])
        ledger.forget("contact:c-1")
        assert ledger.secret() == secret
        assert self.reopen(ledger).secret() == secret
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        assert self.make_ledger(elsewhere).secret() != secret

    def test_everything_is_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        ledger = self.make_ledger(tmp_path)
        ledger.append([*_one_of_each(), _signal(0, contact="c-2")])
        ledger.forget("contact:c-2")
        read = ledger.history(["contact:c-1", "contact:c-2", "touch:t-1"])
        assert self.reopen(ledger).history(["contact:c-1", "contact:c-2", "touch:t-1"]) == read


class _BrokenOffError(Exception):
    """What a source of events raises in the middle."""


def _breaks_off(call: Callable[[], None]) -> None:
    try:
        call()
    except _BrokenOffError:
        return
    raise AssertionError("the error of the source was swallowed")


def _conflicts(call: Callable[[], None]) -> None:
    try:
        call()
    except Conflict:
        return
    raise AssertionError("expected Conflict: a stream is not at the revision that was given")


def _revision(ledger: Ledger, key: str) -> int:
    return ledger.history([key]).revisions[key]


def _contacts(ledger: Ledger, key: str) -> list[str | None]:
    return [filed.event.contact for filed in ledger.history([key]).events]


def _at(days: int) -> datetime:
    return parse_instant(START) + timedelta(days=days)


def _us(days: int) -> int:
    return to_us(_at(days))


def _file(event: Event, point: str | None = None, account: str | None = None) -> Filed:
    return Filed(event, Streams(event.contact, account, frozenset((point,) if point else ())))


def _touch(
    days: int, *, contact: str = "c-1", point: str = EMAIL, account: str | None = None, **more: Any
) -> Filed:
    return _file(a_touch(contact=contact, at=_at(days), to=point, **more), point, account)


def _signal(days: int, *, contact: str = "c-1", point: str | None = None, **more: Any) -> Filed:
    given = {"point": point, **more} if point else more
    return _file(Signal(contact=contact, at=_at(days), kind="opt_out", **given), point)


def _suppress(days: int, point: str) -> Filed:
    return _file(Suppress(point=point, at=_at(days)), point)


def _release(days: int, touch: str, contact: str = "c-1") -> Filed:
    return _file(Release(touch=touch, contact=contact, at=_at(days)), EMAIL)


def _one_of_each() -> list[Filed]:
    """One event of each kind, all of contact c-1."""
    at = _at(0) + timedelta(microseconds=1)
    return [
        _file(a_contact(at=at, account="acme")),
        _file(
            Consent(
                contact="c-1",
                at=at,
                purpose="sales",
                channel="email",
                status="granted",
                from_=_at(1),
                until=_at(20),
                evidence="form 12",
            ),
            account="acme",
        ),
        _touch(1, id="t-1", account="acme", tags=("helpful", "urgent"), automated=False),
        _signal(2, point=PHONE, channel="sms"),
        _file(Handoff(contact="c-1", at=at, from_="marketing", to="sales", because="a demo")),
        _file(Suppress(contact="c-1", at=at, note="import")),
        _release(3, "t-1"),
    ]
