"""What other guards let through, and what users of other products complain about.

The first half are fourteen probes under which the nearest peer was observed; the second half are
complaints from the issue trackers and forums of products that send. Each docstring is the probe or
the complaint; each test says what happens here.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cadence_guard import (
    Contact,
    Decision,
    EventError,
    Guard,
    Policy,
    PolicyError,
    Refused,
    Verdict,
    parse_events,
)

NOW = datetime(2026, 3, 4, 16, tzinfo=UTC)  # Wednesday, 11:00 in New York
MAIL = "ada@example.com"
WORK = "+883510001234"  # a satellite number: no table of numbers gives it a zone
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def guard_of(rules: Mapping[str, Any] | None = None, **options: Any) -> Guard:
    """A guard of these rules, or of the pack `humane`."""
    policy = Policy(packs=["humane"]) if rules is None else Policy(rules=dict(rules), **options)
    return Guard(policy, clock=lambda: NOW)


def told(guard: Guard, *events: Mapping[str, Any]) -> Guard:
    """The guard, once it has been told the events."""
    for event in events:
        guard.record(event)
    return guard


def contact(contact: str = "c-1", **fields: Any) -> dict[str, Any]:
    """A customer in New York who gave a work address and a work number."""
    points = [
        {"kind": "email", "value": MAIL, "use": "work", "source": "given_by_contact"},
        {"kind": "phone", "value": WORK, "use": "work", "source": "given_by_contact"},
    ]
    described = {"event": "contact", "contact": contact, "at": NOW - 900 * DAY, "name": "Ada Byron"}
    return {**described, "time_zone": "America/New_York", "points": points, **fields}


def consent(channel: str, **fields: Any) -> dict[str, Any]:
    """A consent to sales on a channel."""
    given = {"event": "consent", "contact": "c-1", "at": NOW - 60 * DAY, "status": "granted"}
    return {**given, "purpose": "sales", "channel": channel, "evidence": "form 7", **fields}


def signal(kind: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """A signal of the contact."""
    return {"event": "signal", "contact": "c-1", "at": at, "kind": kind, **fields}


def mail(at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """A sales mail to the contact."""
    return touch("email", MAIL, at, **fields)


def call(at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """A sales call to the contact."""
    return touch("call", WORK, at, **fields)


def text(at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """A sales text message to the contact."""
    return touch("sms", WORK, at, **fields)


def touch(channel: str, point: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """A planned touch of the contact, for sales."""
    planned = {"event": "touch", "contact": "c-1", "channel": channel, "to": point, "at": at}
    return {**planned, "purpose": "sales", **fields}


def sent(planned: Mapping[str, Any], outcome: str = "sent") -> dict[str, Any]:
    """A touch that was made."""
    return {"id": f"{planned['channel']} {planned['at']}", **planned, "outcome": outcome}


def codes(decision: Decision) -> set[str]:
    """The codes that block."""
    return {finding.code for finding in decision.findings if finding.effect == "block"}


def new_york(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo("America/New_York"))


def welcome() -> Guard:
    """A guard of `humane` that knows somebody who agreed to calls, texts and mail."""
    channels = ("email", "call", "sms")
    return told(guard_of(), contact(), *(consent(channel) for channel in channels))


# -- fourteen probes --------------------------------------------------------------------------


def test_v1_a_day_is_no_calendar_day() -> None:
    """Two sends twenty minutes apart over local midnight, one a day: both were sent."""
    guard = told(guard_of({"over-cap": {"max": 1, "per": "1d"}}), contact())
    first = new_york("2026-03-04", "23:50")
    guard.record(sent(mail(first)))
    decision = guard.evaluate(mail(first + 20 * MINUTE))
    assert codes(decision) == {"CG301"}
    assert decision.until == first + DAY


@pytest.mark.parametrize("zone", ["Mars/Olympus_Mons", None])
def test_v2_an_unknown_zone_switches_nothing_off(zone: str | None) -> None:
    """An unknown zone at 03:00: quiet hours, legal hours and budget were all skipped."""
    guard = guard_of()
    described = {key: value for key, value in contact().items() if key != "time_zone"}
    if zone is not None:
        with pytest.raises(EventError, match="unknown zone 'Mars/Olympus_Mons'"):
            guard.record({**described, "time_zone": zone})
    told(guard, described, consent("call"), sent(mail(NOW - HOUR)))
    decision = guard.evaluate(call(new_york("2026-03-04", "03:00")))
    assert codes(decision) >= {"CG401", "CG302"}
    assert decision.verdict is Verdict.DENY
    assert "time_zone" in decision.needs


def test_v3_a_refused_reservation_takes_no_unit_of_another_cap() -> None:
    """Two evaluations, then two commits, five a week and one a day: two of five units were gone."""
    guard = guard_of({"over-cap": [{"max": 5, "per": "7d"}, {"max": 1, "per": "1d"}]})
    assert guard.evaluate(mail())
    assert guard.evaluate(mail())
    with guard.reserve(mail(id="one")) as booked:
        booked.confirm()
    for number in range(9):
        with pytest.raises(Refused):
            guard.reserve(mail(NOW + number * MINUTE, id=f"two-{number}"))
    for day in range(1, 5):
        guard.reserve(mail(NOW + day * DAY, id=f"day-{day}")).confirm()
    refused = guard.evaluate(mail(NOW + 5 * DAY))
    (weekly,) = refused.findings[:1]
    assert weekly.facts["touches"] == ["one", "day-1", "day-2", "day-3", "day-4"]


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        ({"maxx": 1, "per": "1d"}, "unknown key 'maxx'; did you mean 'max'?"),
        ({"max": -3, "per": "1d"}, "max: input should be greater than or equal to 0, not -3"),
    ],
)
def test_v4_options_are_checked(cap: dict[str, Any], said: str) -> None:
    """`limt: 1` compiled and the default 5 applied; `limit: -3` compiled."""
    with pytest.raises(PolicyError) as caught:
        Policy(rules={"over-cap": cap})
    assert said in str(caught.value)


def test_v5_every_reason_is_told() -> None:
    """Three rules were violated, and the trace showed only the first."""
    guard = told(guard_of(), contact(), sent(mail(NOW - HOUR)))
    decision = guard.evaluate(call(new_york("2026-03-04", "20:00"), greeting="Hi Mary"))
    assert codes(decision) == {"CG102", "CG203", "CG302", "CG401", "CG701"}


def test_v6_a_refused_call_is_no_reason_to_write() -> None:
    """After a refused call the second call was refused, and an e-mail allowed."""
    guard = told(welcome(), sent(call(NOW - 3 * DAY, automated=False), "answered"))
    guard.record(signal("declined", NOW - 3 * DAY + MINUTE, channel="call"))
    assert codes(guard.evaluate(call(automated=False))) == {"CG501"}
    assert codes(guard.evaluate(mail(automated=False))) == {"CG501", "CG502"}


def test_v7_three_calls_in_three_minutes() -> None:
    """Three phone calls in three minutes were allowed under a budget of three a day."""
    guard = welcome()
    made = []
    for number in range(3):
        planned = call(NOW + number * MINUTE, id=f"call-{number}")
        if guard.evaluate(planned):
            guard.record(sent(planned, "no_answer"))
            made.append(number)
    assert made == [0]


def test_v8_hours_are_what_the_policy_says() -> None:
    """At 20:30 in Miami a call passed: federal hours only, and Florida stops at 20:00."""
    guard = told(welcome(), contact(at=NOW - DAY, region="US-FL", country="US"))
    late = new_york("2026-03-04", "20:30")
    decision = guard.evaluate(call(late))
    assert codes(decision) == {"CG401"}
    assert decision.until == new_york("2026-03-05", "09:00")
    assert codes(guard.evaluate(text(late))) == {"CG401"}


def test_v9_a_sender_does_not_grade_itself() -> None:
    """A promotion that called itself critical passed at 03:00 with no budget left."""
    guard = told(welcome(), sent(mail(NOW - 20 * HOUR)), sent(mail(NOW - 40 * HOUR)))
    night = new_york("2026-03-05", "03:00")
    for purpose in ("transactional", "service"):
        promo = mail(night, purpose=purpose, tags=["promotional", "critical"])
        assert "CG706" in codes(guard.evaluate(promo))
    unlisted = mail(night, purpose="x-critical", tags=["critical"])
    assert codes(guard.evaluate(unlisted)) == {"CG102", "CG301", "CG401"}


def test_v10_a_booking_is_judged_again_when_it_is_used() -> None:
    """A decision was committed two days later, consent withdrawn meanwhile: sent."""
    guard = welcome()
    guard.reserve(mail(NOW + 2 * DAY, id="ahead"))
    guard.record({**consent("email"), "at": NOW + DAY, "status": "withdrawn"})
    with pytest.raises(Refused) as refused:
        guard.reserve(mail(NOW + 2 * DAY, id="ahead"), resume=True)
    assert {"CG101", "CG103"} <= codes(refused.value.decision)
    assert guard.evaluate(call(NOW + 2 * DAY))  # and its slot is free again


def test_v11_a_failed_send_gives_its_slot_back() -> None:
    """There was no way to release a unit after a failed send."""
    guard = guard_of({"over-cap": {"max": 1, "per": "7d"}})
    guard.reserve(mail(id="one")).release()
    guard.reserve(mail(id="two")).confirm("failed")
    with pytest.raises(ConnectionError), guard.reserve(mail(id="three")):
        raise ConnectionError  # nobody knows whether it was sent, so it counts
    assert codes(guard.evaluate(mail())) == {"CG301"}


def test_v12_a_cap_is_no_spacing() -> None:
    """Four sends in one minute passed a cap of four a week."""
    guard = guard_of({"over-cap": {"max": 4, "per": "7d"}, "too-soon": {"gap": "20h"}})
    made = []
    for second in range(0, 60, 15):
        planned = mail(NOW + timedelta(seconds=second), id=f"t-{second}")
        decision = guard.evaluate(planned)
        assert decision.until == (None if second == 0 else NOW + 20 * HOUR)
        if decision:
            guard.reserve(planned).confirm()
            made.append(second)
    assert made == [0]


def test_v13_forty_threads_take_exactly_three() -> None:
    """Forty threads commit under a limit of three: exactly three. So it is here."""
    guard = guard_of({"over-cap": {"max": 3, "per": "1d"}})

    def book(number: int) -> bool:
        try:
            guard.reserve(mail(id=f"t-{number}"))
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(40) as pool:
        assert sum(pool.map(book, range(40))) == 3


def test_v14_the_day_the_clocks_go_back() -> None:
    """07:30 in New York on the fall-back day was refused with the right reason. So it is here."""
    guard = told(welcome())
    decision = guard.evaluate(text(new_york("2026-11-01", "07:30")))
    assert codes(decision) >= {"CG401"}
    (hours,) = [finding for finding in decision.findings if finding.code == "CG401"]
    assert hours.facts == {"zone": "America/New_York", "local": "2026-11-01T07:30:00"}
    assert hours.until == datetime(
        2026, 11, 1, 14, tzinfo=UTC
    )  # 09:00, an hour later than in summer


# -- complaints -------------------------------------------------------------------------------


def test_01_a_pause_blocks() -> None:
    """Pause dates in the preference centre do nothing: they are stored and never enforced."""
    guard = told(welcome(), signal("paused", NOW - DAY, until=NOW + 9 * DAY))
    for planned in (mail(), text(), call()):
        decision = guard.evaluate(planned)
        assert "CG402" in codes(decision)
        assert decision.until is not None
        assert decision.until >= NOW + 9 * DAY


def test_01_every_stored_preference_blocks() -> None:
    """Pause dates in the preference centre do nothing: every no that is stored has to hold."""
    noes: list[dict[str, Any]] = [
        *(signal(kind, NOW - HOUR) for kind in ("not_now", "declined", "hung_up", "paused")),
        *(signal(kind, NOW - HOUR) for kind in ("opt_out", "complained")),
        signal("wrong_person", NOW - HOUR, point=MAIL),
        {**consent("email"), "at": NOW - HOUR, "status": "withdrawn"},
        {"event": "suppress", "at": NOW - HOUR, "point": MAIL},
        {"event": "suppress", "at": NOW - HOUR, "contact": "c-1"},
    ]
    for no in noes:
        assert not told(welcome(), no).evaluate(mail()), no
    assert welcome().evaluate(mail())


def test_02_what_is_capped_is_what_counts() -> None:
    """The frequency rule was ignored for campaign mail; the fix then capped the wrong kind."""
    guard = guard_of({"over-cap": {"max": 1, "per": "7d", "purposes": ["marketing"]}})
    guard.record(sent(mail(NOW - DAY, purpose="transactional", cadence="orders")))
    newsletter = mail(purpose="marketing", cadence="newsletter")
    assert guard.evaluate(newsletter)
    guard.record(sent(newsletter))
    assert not guard.evaluate(mail(NOW + DAY, purpose="marketing", cadence="trial"))
    assert guard.evaluate(mail(NOW + DAY, purpose="transactional"))


def test_03_nought_null_and_nothing_are_three_things() -> None:
    """A fresh install queued everything because 0 was read as a cap."""
    assert guard_of({}).evaluate(mail())
    assert guard_of({"over-cap": {"max": 0, "per": "1d"}}).evaluate(mail()).verdict is Verdict.DENY
    for cap in ({"max": None, "per": "1d"}, {"per": "1d"}, {"max": "", "per": "1d"}, None):
        with pytest.raises(PolicyError):
            Policy(rules={"over-cap": cap})


def test_04_one_over_the_cap_waits_until_the_cap_frees() -> None:
    """Over the cap by one, mail was moved three weeks away; text messages used the mail limits."""
    caps = [
        {"channels": ["email"], "max": 2, "per": "7d"},
        {"channels": ["sms"], "max": 3, "per": "7d"},
    ]
    guard = told(guard_of({"over-cap": caps}), sent(mail(NOW - 6 * DAY)), sent(mail(NOW - DAY)))
    assert guard.evaluate(mail()).until == NOW + DAY
    assert guard.evaluate(text())


def test_05_what_is_held_back_is_not_lost() -> None:
    """Capped mail was simply lost."""
    guard = told(welcome(), sent(mail(NOW - HOUR)))
    decision = guard.evaluate(mail())
    assert decision.verdict is Verdict.DEFER
    assert decision.until == NOW + 19 * HOUR
    assert guard.evaluate(mail(decision.until))
    never = told(welcome(), signal("opt_out", NOW - HOUR)).evaluate(mail())
    assert (never.verdict, never.until) == (Verdict.DENY, None)


def test_06_the_same_message_is_not_sent_twice() -> None:
    """The same message was sent again and again; two crons ran in the same second."""
    guard = told(guard_of({"repeated-message": {"per": "90d"}}))
    issue = {"cadence": "newsletter", "step": "march"}

    def cron(number: int) -> set[str]:
        try:
            guard.reserve(mail(id="march c-1" if number % 2 else f"march {number}", **issue))
        except Refused as refused:
            return codes(refused.decision)
        return set()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(cron, range(8)))
    assert sorted(answers, key=len) == [set(), *([{"CG305"}] * 7)]


def test_07_a_message_that_waited_too_long_is_not_sent() -> None:
    """Cancel a mail that the frequency rule has queued if it is no longer relevant."""
    guard = told(welcome(), sent(mail(NOW - HOUR)))
    decision = guard.evaluate(mail(not_after=NOW + HOUR))
    assert decision.verdict is Verdict.DENY  # the cap frees after it has gone stale
    assert codes(decision) == {"CG302", "CG404"}
    assert codes(guard.evaluate(mail(NOW + 2 * DAY, not_after=NOW + HOUR))) == {"CG404"}


def test_08_a_no_says_why_and_until_when() -> None:
    """Message queued, waiting for something, but I have no idea for what."""
    guard = told(welcome(), sent(mail(NOW - HOUR)))
    decision = guard.evaluate(mail())
    assert decision.explain().startswith("defer until 2026-03-05T11:00:00Z\n  CG302 too-soon: ")
    assert all(finding.message and finding.until for finding in decision.findings)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", "2026-03-08"),
        ("Europe/Berlin", "2026-10-25"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Asia/Tokyo", "2026-03-08"),
    ],
)
def test_09_after_every_move_it_is_nine_o_clock_there(zone: str, day: str) -> None:
    """Hours were wrong on the day of the clock change; a retry came at 18:13 and not at 09:00."""
    window = {"windows": [{"from": "09:00", "to": "18:00"}]}
    guard = guard_of({"outside-hours": window, "too-soon": {"gap": "12h"}})
    night = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo(zone))
    told(guard, contact(time_zone=zone), sent(mail(night - HOUR)))
    moved = guard.evaluate(mail(night - MINUTE))
    assert moved.until is not None
    local = moved.until.astimezone(ZoneInfo(zone))
    assert local.date() == night.date()
    assert 9 <= local.hour < 18
    assert guard.evaluate(mail(moved.until))
    assert not guard.evaluate(mail(moved.until - timedelta(microseconds=1)))


def test_10_an_erased_person_who_is_imported_again_keeps_the_no() -> None:
    """After erasure the next shop sync imports the person again, and mails her."""
    guard = told(welcome(), signal("opt_out", NOW - DAY, channel="email", point=MAIL))
    guard.forget("c-1")
    told(guard, contact("shop-77"), {**consent("email"), "contact": "shop-77"})
    again = mail(contact="shop-77", to=f" {MAIL.upper()}")
    assert "CG104" in codes(guard.evaluate(again))
    guard.record({"event": "suppress", "at": NOW, "point": "list@example.com", "note": "import"})
    assert codes(guard.evaluate(mail(contact="c-9", to="List@example.com"))) >= {"CG104"}


def test_11_an_exemption_is_named_by_its_effect_and_needs_a_reason() -> None:
    """Transactional was misread; it is now named: send to unsubscribed contacts."""
    rules = {"over-cap": {"max": 0, "per": "1d"}}
    exempt = {"purposes": ["transactional"], "from": ["over-cap"], "because": "a receipt is owed"}
    guard = told(guard_of(rules, exempt=[exempt]), signal("opt_out", NOW - DAY, contact="c-2"))
    assert guard.evaluate(mail(purpose="transactional"))
    assert not guard.evaluate(mail(contact="c-2", purpose="transactional"))
    with pytest.raises(PolicyError, match="'because' is missing"):
        Policy(rules=rules, exempt=[{"purposes": ["transactional"], "from": ["over-cap"]}])
    with pytest.raises(PolicyError, match="nothing exempts from 'opted-out'"):
        Policy(rules=rules, exempt=[{**exempt, "from": ["opted-out"]}])


def test_12_all_senders_are_counted_together_and_spaced() -> None:
    """Eleven mails in five days under a cap of four a week, four of them in one morning."""
    guard = welcome()
    made = []
    for number in range(60):  # six senders take turns, one mail every two hours
        planned = mail(NOW + number * 2 * HOUR, id=f"t-{number}", sender=f"sender {number % 6}")
        if guard.evaluate(planned):
            made.append(planned["at"])
            guard.record(sent(planned))
    assert len(made) == 2
    assert made[1] - made[0] >= 20 * HOUR


def test_14_mail_by_hand_counts_as_well() -> None:
    """The cap does not cover mail of sales reps; users throttle by hand."""
    guard = told(welcome(), sent(mail(NOW - HOUR, automated=False, sender="dan")))
    assert codes(guard.evaluate(mail())) == {"CG302"}
    assert codes(guard.evaluate(mail(automated=False, sender="dan"))) == {"CG302"}


def test_16_a_touch_counts_as_what_it_was() -> None:
    """Tag caps change when a tag is edited, and leak above a hundred messages."""
    guard = guard_of({"over-cap": {"max": 100, "per": "7d", "tags": ["promotional"]}})
    made = [mail(NOW - n * MINUTE, id=f"t-{n}", tags=["promotional"]) for n in range(1, 102)]
    told(guard, *(sent(touch) for touch in made[:100]))
    assert codes(guard.evaluate(mail(tags=["promotional"]))) == {"CG301"}
    with pytest.raises(EventError, match="told before with other content"):
        guard.record(sent({**made[0], "tags": ["helpful"]}))
    assert codes(guard.evaluate(mail(tags=["promotional"]))) == {"CG301"}
    assert guard.evaluate(mail(tags=["helpful"]))


def test_18_a_newsletter_does_not_silently_kill_what_is_wanted() -> None:
    """The newsletter of the morning silently kills the mail about the cart, so the guard is off."""
    guard = told(welcome(), sent(mail(NOW - HOUR, purpose="marketing", cadence="newsletter")))
    cart = guard.evaluate(mail(purpose="service", cadence="cart"))
    assert cart.verdict is Verdict.DEFER
    assert cart.until == NOW + 19 * HOUR  # held, not dropped
    assert guard.evaluate(mail(purpose="transactional", cadence="order"))
    reserved = guard_of({"too-soon": {"gap": "20h"}})
    reserved.reserve(mail(NOW + 10 * HOUR, id="cart"))  # who comes first may book ahead
    assert codes(reserved.evaluate(mail(cadence="newsletter"))) == {"CG302"}


def test_19_a_no_is_as_wide_as_it_was_said() -> None:
    """Why are blocked leads still receiving emails: the block list was scoped by client."""
    guard = told(guard_of({}), {"event": "suppress", "at": NOW, "point": MAIL})
    for other in (
        {"team": "b"},
        {"sender": "eve"},
        {"contact": "c-2"},
        {"purpose": "transactional"},
    ):
        assert codes(guard.evaluate(mail(**other))) == {"CG104"}
    told(guard, signal("opt_out", NOW, contact="c-3"))
    for planned in (mail(), call(), text(), touch("social", "@ada", NOW)):
        assert codes(guard.evaluate({**planned, "contact": "c-3"})) >= {"CG101"}


@pytest.mark.parametrize("most", [1, 2, 3])
def test_20_a_limit_of_two_is_two(most: int) -> None:
    """The window sends three with a limit of two, and two with a limit of one."""
    guard = guard_of({"over-cap": {"max": most, "per": "1h"}})
    made = 0
    for minute in range(60):
        try:
            guard.reserve(mail(NOW + minute * MINUTE, id=f"t-{minute}")).confirm()
        except Refused:
            continue
        made += 1
    assert made == most
    assert guard.evaluate(mail(NOW + HOUR))


def test_20_confirmations_are_capped_as_well() -> None:
    """The sign-up form was used to flood one person with confirmations."""
    flood = {"purposes": ["transactional"], "max": 2, "per": "1d", "scope": "point"}
    guard = guard_of({"over-cap": flood})
    for number in range(2):
        guard.record(
            sent(mail(NOW - HOUR, contact=f"c-{number}", id=f"{number}", purpose="transactional"))
        )
    assert not guard.evaluate(mail(contact="c-9", purpose="transactional"))


def test_21_a_person_may_ask_for_quiet() -> None:
    """A do-not-disturb is wanted by the people who are written to, since years."""
    guard = told(welcome(), signal("paused", NOW - HOUR))
    assert codes(guard.evaluate(mail(purpose="marketing"))) >= {"CG402"}
    assert guard.evaluate(mail(purpose="transactional"))
    guard.record(signal("resumed", NOW - MINUTE))
    assert guard.evaluate(mail())


def test_22_a_rule_that_does_not_exist_does_not_load() -> None:
    """Limit the frequency with which users are contacted: in the schema, not in the engine."""
    for rule in ("rate-limit", "over_cap", "RateLimitNode"):
        with pytest.raises(PolicyError, match=f"unknown rule '{rule}'"):
            Policy(rules={rule: {"max": 1, "per": "1d"}})
    with pytest.raises(PolicyError, match="unknown pack 'florida'"):
        Policy(packs=["florida"])


def test_24_no_result_is_not_no_answer() -> None:
    """Only observed evidence may allow a redial: absence of a result is not: no answer."""
    guard = welcome()
    with guard.reserve(call(id="one")):
        pass  # the dialler crashed
    again = guard.evaluate(call(NOW + DAY))
    assert "CG304" in codes(again)
    assert again.until is not None
    assert again.until >= NOW + 3 * DAY


def test_26_no_send_path_is_without_the_opt_out() -> None:
    """Unsubscribes were recorded for months, and no path that sends read them."""
    guard = told(Guard(Policy(packs=[])), signal("opt_out", NOW))
    for planned in (
        mail(),
        call(),
        text(),
        touch("social", "@ada", NOW),
        touch("post", "1 St", NOW),
    ):
        assert codes(guard.evaluate(planned)) == {"CG101"}
        with pytest.raises(Refused):
            guard.reserve({**planned, "id": f"{planned['channel']}"})


def test_27_an_answer_on_any_channel_stops_the_cadence() -> None:
    """A reply on LinkedIn did not stop the e-mail cadence; unsubscribe intent did not suppress."""
    guard = told(welcome(), signal("replied", NOW - DAY, channel="social"))
    assert codes(guard.evaluate(mail(cadence="drip", step="2"))) == {"CG603"}
    guard.record(signal("opt_out", NOW - DAY, channel="social"))
    assert "CG502" in codes(guard.evaluate(mail(cadence="drip", step="2")))


def test_28_an_import_does_not_reset_an_opt_out() -> None:
    """An opted-out person could be added again to a later segment by an import."""
    guard = told(welcome(), signal("opt_out", NOW - DAY))
    listed = {key: value for key, value in consent("email").items() if key != "evidence"}
    told(guard, contact(at=NOW, account="new"), {**listed, "at": NOW - HOUR})
    assert codes(guard.evaluate(mail())) >= {"CG101"}
    given = guard.evaluate(mail(), contact=Contact(contact="c-1", name="Ada", time_zone="UTC"))
    assert codes(given) >= {"CG101"}
    guard.record(consent("email", at=NOW - MINUTE, evidence="form 8"))  # her own, and for mail only
    assert guard.evaluate(mail())
    assert codes(guard.evaluate(text())) >= {"CG101"}


def test_31_a_person_at_work_stops_the_machine() -> None:
    """When a salesperson updates a contact, the automated sequence must stop."""
    baton = {"event": "handoff", "contact": "c-1", "at": NOW - DAY, "to": "sales"}
    guard = told(welcome(), baton)
    assert codes(guard.evaluate(mail(team="marketing", cadence="drip"))) == {"CG601"}
    assert guard.evaluate(mail(team="sales", automated=False))


def test_32_a_cool_down_has_no_side_door() -> None:
    """Declined within 180 days: the cool-down must hold when the endpoint is called directly."""
    agreed = consent("email", at=NOW - 200 * DAY)
    guard = told(guard_of(), contact(), agreed, signal("declined", NOW - 179 * DAY))
    decision = guard.evaluate(mail(team="new", sender="new", automated=False))
    assert codes(decision) >= {"CG501"}
    with pytest.raises(Refused):
        guard.reserve(mail(id="direct", team="new", automated=False))
    assert guard.evaluate(mail(NOW + DAY))


def test_33_silence_stops_a_sequence_too() -> None:
    """The only way to stop email sequences is by responding."""
    streak = {"steps": [{"after": 3, "gap": "7d"}, {"after": 6, "gap": "never"}]}
    guard = guard_of({"unanswered-streak": streak})
    told(guard, *(sent(mail(NOW - days * DAY)) for days in (4, 3, 2)))
    assert guard.evaluate(mail()).until == NOW + 5 * DAY
    told(guard, *(sent(mail(NOW - days * DAY)) for days in (30, 20, 10)))
    assert guard.evaluate(mail()).verdict is Verdict.DENY


def test_34_a_no_by_any_means_holds_at_once_everywhere() -> None:
    """Revocation by e-mail or voice is not read by the SMS tool: fourteen more texts, a lawyer."""
    for channel in ("email", "call", "voicemail"):
        guard = welcome()
        assert guard.evaluate(text())
        guard.record(signal("opt_out", NOW + 9 * DAY, touch=f"{channel} reply"))  # a fast clock
        assert codes(guard.evaluate(text())) >= {"CG101"}
    withdrawn = {"event": "consent", "contact": "c-1", "at": NOW, "status": "withdrawn"}
    assert codes(told(welcome(), withdrawn).evaluate(text())) >= {"CG101"}


def test_35_a_private_number_is_no_fair_game() -> None:
    """Calls on a private mobile: sales advice still calls it fair game."""
    private = {"kind": "phone", "value": "+15125550143", "use": "private", "source": "enriched"}
    guard = told(guard_of(), contact(points=[private]), consent("call"))
    decision = guard.evaluate(call(to="+1 (512) 555-0143"))
    assert codes(decision) == {"CG201"}
    assert decision.verdict is Verdict.DENY
    assert codes(guard.evaluate(call(to="+15125550177"))) >= {
        "CG201",
        "CG202",
    }  # nobody knows whose
    guard.record(consent("call", point="+15125550143"))
    assert guard.evaluate(call(to="+1 (512) 555-0143"))


def test_36_an_account_is_not_written_to_person_by_person() -> None:
    """The same pitch to the CEO, purchasing, finance and support of one firm."""
    guard = guard_of({"over-cap": {"max": 2, "per": "7d", "scope": "account"}})
    people = ("ceo", "purchasing", "finance", "support")
    told(guard, *(contact(person, account="firm") for person in people))
    made = []
    for hour, person in enumerate(people):
        pitch = mail(NOW + hour * HOUR, id=person, contact=person, to=f"{person}@firm.example")
        if guard.evaluate(pitch):
            guard.record(sent(pitch))
            made.append(person)
    assert made == ["ceo", "purchasing"]


def test_events_before_a_broken_line_are_not_lost() -> None:
    """A broken line in the middle of an import: all of it, or nobody knows how much, was lost."""
    lines = ['{"event":"suppress","at":"2026-03-02T16:00:00Z","point":"a@b.example"}', "{"]
    guard = guard_of({})
    events = parse_events("\n".join(lines))
    guard.record(next(events))
    with pytest.raises(EventError, match="line 2, column 2: broken JSON"):
        next(events)
    assert not guard.evaluate(mail(to="a@b.example"))
