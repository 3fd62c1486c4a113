"""Mautic campaigns."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Label,
    Pause,
    Step,
    Unknown,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
    Wait,
    follow,
)
from cadence_guard.check.layout import apply
from cadence_guard.errors import CadenceError
from cadence_guard.importers import mautic
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, MINUTE, NEVER, SECOND, to_us, zone

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "real"
DAYS = "trigger_restricted_days_of_week"
START, STOP = "trigger_restricted_start_hour", "trigger_restricted_stop_hour"


def source(data: Any) -> Source:
    return Source("drip.json", json.dumps(data).encode())


def event(id_: Any, parent: Any = None, **more: Any) -> dict[str, Any]:
    """An event that sends mail at once."""
    return {
        "id": id_,
        "campaign_id": 1,
        "parent_id": parent,
        "name": f"e{id_}",
        "type": "email.send",
        "event_type": "action",
        "trigger_mode": "immediate",
        **more,
    }


def after(number: Any, unit: Any = "d", **more: Any) -> dict[str, Any]:
    return {
        "trigger_mode": "interval",
        "trigger_interval": number,
        "trigger_interval_unit": unit,
        **more,
    }


def decision(id_: Any, parent: Any = None, kind: Any = "email.open") -> dict[str, Any]:
    return event(id_, parent, type=kind, event_type="decision", trigger_mode=None)


def export(*events: Any, **campaign: Any) -> Any:
    rows = {"campaign": [{"id": 1, "name": "Drip", **campaign}], "campaign_event": list(events)}
    return [{**rows, "email": [{"id": 4, "name": "Welcome"}, 5], "dependencies": []}]


def read(*events: Any, **campaign: Any) -> Cadence:
    given_ = source(export(*events, **campaign))
    assert mautic.recognises(given_)
    (cadence,) = mautic.read(given_).cadences
    assert all(then in cadence.nodes for n in cadence.nodes.values() for then in follow(n) if then)
    return cadence


def whys(cadence: Cadence) -> list[str]:
    return [each.why for each in cadence.unknown]


def waits(cadence: Cadence, id_: str | None = None) -> list[Wait]:
    """The waits from a node to the next thing that happens."""
    found = []
    id_ = id_ or cadence.start
    while isinstance(node := cadence.nodes.get(id_ or ""), Pause):
        found.append(node.wait)
        id_ = node.then
    return found


# -- the tree --------------------------------------------------------------------------------------


def test_a_chain_of_mails():
    cadence = read(
        event(1, properties={"email_type": "marketing"}, channel_id=4),
        event(2, 1, **after(2)),
    )
    place = (0, "campaign_event", 1)
    assert (cadence.name, cadence.purpose, cadence.anchor) == ("Drip", "marketing", "previous")
    assert cadence.where == (0, "campaign", 0)
    assert cadence.start == "e1 #1"
    assert cadence.nodes == {
        "e1 #1": Step(
            "e1 #1",
            (0, "campaign_event", 0),
            "email",
            "e2 #2: wait",
            purpose="marketing",
            template="Welcome",
        ),
        "e2 #2: wait": Pause("e2 #2: wait", place, Elapsed(2 * DAY, 2 * DAY), "e2 #2"),
        "e2 #2": Step("e2 #2", place, "email", None, purpose="marketing"),
    }
    assert cadence.labels == (Label("e2 #2", place, 172_800.0, None),)
    assert not cadence.unknown


def test_all_children_are_taken():
    cadence = read(event(1), event(2), event(3, 1, **after(1)), event(4, 1))
    assert cadence.nodes["start"] == Fan("start", (0, "campaign", 0), ("e1 #1", "e2 #2"))
    assert follow(cadence.nodes["e1 #1"]) == ("e1 #1: then",)
    assert follow(cadence.nodes["e1 #1: then"]) == ("e3 #3: wait", "e4 #4")
    assert read().start is None


def test_transactional_mail_and_the_other_channels():
    cadence = read(
        event(1, properties={"properties": {"email_type": "transactional", "email": "4"}}),
        event(2, 1, type="sms.send_text_sms", properties={"sms": 7}),
        event(3, 2, type="twitter.tweet"),
    )
    assert [(s.channel, s.purpose, s.template) for s in cadence.steps] == [
        ("email", "transactional", "Welcome"),
        ("sms", "marketing", "sms 7"),
        ("social", "marketing", None),
    ]


def test_the_do_not_contact_list_ends_what_is_all_marketing_on_one_channel():
    mail, sms = event(1), event(2, 1, type="sms.send")
    held = read(mail, event(2, 1))
    assert held.exits == {"opt_out"}
    assert held.assumes == ("Mautic sends 'Drip' to nobody who is on its do-not-contact list",)
    assert read(mail, sms).exits == frozenset()
    assert read(event(1, properties={"email_type": "transactional"})).exits == frozenset()
    assert read(event(1, type="lead.changetags")).exits == frozenset()


NO_MORE: dict[str, Any] = {"type": "lead.adddnc", "properties": {"channels": ["email"]}}


def after_the_list(*events: dict[str, Any], **no_more: Any) -> Cadence:
    return read(event(1), event(2, 1, **NO_MORE | no_more), event(3, 2), *events)


def test_the_do_not_contact_list_ends_the_path_of_an_action_that_puts_on_it():
    for cadence in (after_the_list(), after_the_list(properties={})):
        assert cadence.nodes["e2 #2"] == Fan("e2 #2", (0, "campaign_event", 1), ())
    for cadence in (
        after_the_list(properties={"channels": ["sms"]}),
        after_the_list(event(4, 3, type="lead.removednc")),
        after_the_list(event(4, 3, type="sms.send")),
    ):
        assert cadence.nodes["e2 #2"] == Fan("e2 #2", (0, "campaign_event", 1), ("e3 #3",))


def test_a_date_without_an_offset_is_taken_as_utc_and_that_is_said():
    dated = {"trigger_mode": "date"}
    said = read(event(1, **dated, trigger_date="2026-03-02 16:00:00"))
    assert "the date of 'e1 #1' of 'Drip' is in UTC, as Mautic keeps dates" in said.assumes
    for offset in ("Z", "+01:00"):
        said = read(event(1, **dated, trigger_date=f"2026-03-02T16:00:00{offset}"))
        assert "in UTC" not in "".join(said.assumes)


def test_what_tells_the_contact_nothing_is_passed_through():
    cadence = read(
        event(1, type="lead.changetags"),
        event(2, 1, type="campaign.sendwebhook"),
        event(3, 2, type="lead.adddnc"),
        event(4, 3, type="plugin.leadpush"),
        event(5, 4, type="notification.send_notification"),
        event(6, 5),
    )
    assert [step.id for step in cadence.steps] == ["e6 #6"]
    assert cadence.nodes["e5 #5"] == Fan("e5 #5", (0, "campaign_event", 4), ("e6 #6",))
    assert not cadence.unknown
    assert "'e5 #5' of 'Drip' is a push, so not judged" in cadence.assumes


def test_what_may_be_a_send_is_not_passed_over_in_silence():
    cadence = read(
        event(1, type="message.send"),
        event(2, 1, type="whatsapp.send"),
        event(3, 2, type=["email.send"]),
        event(4, 3, event_type="acton"),
    )
    assert [step.id for step in cadence.steps] == ["e4 #4"]
    preferred, whatsapp, listed, kind = whys(cadence)
    assert preferred == "it goes out on the channel that the contact prefers, which no file tells"
    assert whatsapp.startswith("unknown action 'whatsapp.send'; expected one of: email.send,")
    assert listed.startswith("""unknown action "['email.send']";""")
    assert kind.startswith("unknown kind of event 'acton'; did you mean 'action'?")
    assert cadence.unknown[1].where == (0, "campaign_event", 1, "type")


def test_a_parent_that_is_not_there_leads_nowhere():
    cadence = read(event(1), event(2, 99), event(3, parent=[1]), event(4, 5), event(5, 4))
    assert cadence.start == "e1 #1"
    assert whys(cadence) == [
        "its parent 99 is not in the file, so nothing leads to it",
        "its parent [1] is not in the file, so nothing leads to it",
    ]
    assert set(cadence.nodes) == {f"e{i} #{i}" for i in range(1, 6)}


def test_deleted_events_are_left_out():
    cadence = read(event(1), event(2, 1, deleted="2026-01-01"), event(3, 1, deleted=None))
    assert [step.id for step in cadence.steps] == ["e1 #1", "e3 #3"]


def test_names_are_unique():
    cadence = read(
        event("1", name="a #1"),
        event("1 #1", name="a"),
        event("2", "1", name="", type="lead.x"),
        event("3", "1", name=5, type=5),
    )
    assert list(cadence.nodes)[:2] == ["a #1 #1: then", "a #1 #1"]
    assert {"a #1 #1 (2)", "lead.x #2", "event #3"} <= set(cadence.nodes)


# -- decisions, conditions, jumps ------------------------------------------------------------------


def test_a_decision_waits_for_what_may_not_happen():
    cadence = read(
        event(1),
        decision(2, 1),
        event(3, 2, decision_path="yes", **after(1)),
        event(4, 2, decision_path="no", **after(3)),
    )
    assert cadence.nodes["e2 #2"] == Await(
        "e2 #2",
        (0, "campaign_event", 1),
        (Arm("e3 #3: wait", "opened", text="e2 #2"),),
        Elapsed(3 * DAY, 3 * DAY),
        "e4 #4",
    )
    assert waits(cadence, "e3 #3: wait") == [Elapsed(DAY, DAY)]


@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        ("email.reply", "replied"),
        ("page.pagehit", "visited"),
        ("form.submit", "x-form-submit"),
        (None, "x-event"),
    ],
)
def test_what_a_decision_waits_for(kind, signal):
    node = read(decision(1, kind=kind)).nodes["e1 #1"]
    assert isinstance(node, Await)
    assert node.arms == (Arm(None, signal, text="e1 #1"),)
    assert (node.timeout, node.then) == (None, None)


def test_several_no_children_start_with_the_shortest():
    cadence = read(
        decision(1),
        event(2, 1, decision_path="no", **after(2)),
        event(3, 1, decision_path="no", **after(4)),
        event(4, 1, decision_path="no", trigger_mode="date", trigger_date="2026-03-02 16:00:00"),
        event(5, 1, decision_path="no", **after("often")),
    )
    node = cadence.nodes["e1 #1"]
    assert isinstance(node, Await)
    assert (node.timeout, node.then) == (Elapsed(2 * DAY, 2 * DAY), "e1 #1: no")
    *_, unknown = (thens := follow(cadence.nodes["e1 #1: no"]))
    assert thens[:3] == ("e2 #2", "e3 #3: wait", "e4 #4: wait")
    assert waits(cadence, "e3 #3: wait") == [Elapsed(2 * DAY, 2 * DAY)]
    (date,) = waits(cadence, "e4 #4: wait")
    assert isinstance(date, UntilDate)
    assert isinstance(waits(cadence, unknown)[0], Unknown)
    assert (
        "the 'no' path of 'e1 #1' of 'Drip' is taken after the shortest of its intervals"
        in cadence.assumes
    )


def test_no_children_of_dates_and_months():
    dates = [
        event(i, 1, decision_path="no", trigger_mode="date", trigger_date=f"2026-03-0{i} 16:00")
        for i in (3, 2)
    ]
    cadence = read(decision(1), *dates)
    node = cadence.nodes["e1 #1"]
    assert isinstance(node, Await)
    first = UntilDate(to_us(datetime(2026, 3, 2, 16, tzinfo=UTC)))
    assert node.timeout == first
    assert follow(cadence.nodes["e1 #1: no"]) == ("e3 #3: wait", "e2 #2")
    months = [event(i, 1, decision_path="no", **after(i - 1, "m")) for i in (2, 3)]
    months.append(event(4, 1, decision_path="no", **after(30)))
    cadence = read(decision(1), *months)
    node = cadence.nodes["e1 #1"]
    assert isinstance(node, Await)
    assert node.timeout == Elapsed(28 * DAY, 30 * DAY)
    assert [waits(cadence, id_) for id_ in follow(cadence.nodes["e1 #1: no"])] == [
        [Elapsed(0, DAY)],
        [Elapsed(31 * DAY, 32 * DAY)],
        [Elapsed(0, 2 * DAY)],
    ]
    node = read(decision(1), event(2, 1, decision_path="no", **after(1, "x"))).nodes["e1 #1"]
    assert isinstance(node, Await)
    assert isinstance(node.timeout, Unknown)
    assert node.then == "e2 #2"


def test_a_condition_branches():
    condition = event(1, type="lead.field_value", event_type="condition")
    cadence = read(
        condition,
        event(2, 1, decision_path="yes"),
        event(3, 1, decision_path="no", **after(1)),
        event(4, 1, decision_path="no"),
        event(5, 1, decision_path=None),
    )
    assert cadence.nodes["e1 #1"] == Branch(
        "e1 #1",
        (0, "campaign_event", 0),
        (Arm("e2 #2", text="e1 #1: yes"), Arm("e1 #1: no", text="e1 #1: no")),
    )
    assert follow(cadence.nodes["e1 #1: no"]) == ("e3 #3: wait", "e4 #4")
    assert whys(cadence) == ["it is on neither the 'yes' nor the 'no' path of 'e1 #1'"]


def test_who_asks_for_the_do_not_contact_list_asks_for_an_opt_out():
    node = read(event(1, type="lead.dnc", event_type="condition")).nodes["e1 #1"]
    assert isinstance(node, Branch)
    assert [(arm.signal, arm.unless) for arm in node.arms] == [
        ("opt_out", False),
        ("opt_out", True),
    ]


def test_a_jump_waits_as_its_target_does():
    cadence = read(
        event(1, **after(1)),
        event(2, 1, type="campaign.jump_to_event", properties={"jumpToEvent": "1"}, **after(5)),
    )
    (back,) = follow(cadence.nodes["e2 #2"])
    assert waits(cadence, "e2 #2: wait") == [Elapsed(5 * DAY, 5 * DAY)]
    assert waits(cadence, back) == [Elapsed(DAY, DAY)]
    assert follow(cadence.nodes[back or ""]) == ("e1 #1",)
    lost = read(event(1, type="campaign.jump_to_event", properties=[]))
    assert whys(lost) == ["it jumps to None, which is not in the file; taken as the end"]
    assert lost.nodes["e1 #1"] == Fan("e1 #1", (0, "campaign_event", 0), ())


def test_membership():
    change = {"type": "campaign.addremovelead"}
    data = export(
        event(1, properties={"addTo": [2, "3", None], "removeFrom": [9]}, **change),
        event(2, 1, properties={"addTo": ["this"]}, **change),
        event(3, 2, properties={"removeFrom": {"0": "this"}}, **change),
        event(4, 3),
        event(5, 2, type="campaign.removelead"),
        event(6, 2, type="lead.deletecontact"),
        event(7, 6),
    )
    data[0]["campaign"].append({"id": 2, "name": "Win back"})
    cadence, other = mautic.read(source(data)).cadences
    place = (0, "campaign_event", 0)
    assert cadence.nodes["e1 #1"] == Enter("e1 #1", place, "Win back", "e1 #1: enter")
    assert cadence.nodes["e1 #1: enter"] == Enter("e1 #1: enter", place, "campaign 3", "e2 #2")
    assert follow(cadence.nodes["e2 #2"]) == ("e2 #2: then",)
    for end in ("e3 #3", "e5 #5", "e6 #6"):
        assert follow(cadence.nodes[end]) == ()
    assert other.start is None


# -- when an event happens -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "unit", "wait"),
    [
        (30, "i", Elapsed(30 * MINUTE, 30 * MINUTE)),
        (30, "s", Elapsed(30 * SECOND, 30 * SECOND)),
        ("6", "H", Elapsed(6 * HOUR, 6 * HOUR)),
        (1, "m", Elapsed(28 * DAY, 31 * DAY)),
        (2, "m", Elapsed(59 * DAY, 62 * DAY)),
        (12, "m", Elapsed(365 * DAY, 366 * DAY)),
        (1, "y", Elapsed(365 * DAY, 366 * DAY)),
        (100, "y", Elapsed(36_524 * DAY, 36_525 * DAY)),
    ],
)
def test_units(number, unit, wait):
    assert waits(read(event(1, **after(number, unit)))) == [wait]


@pytest.mark.parametrize(
    ("number", "unit", "why"),
    [
        (-1, "d", "the interval is -1; expected a whole number, at most 100 years"),
        (1.5, "d", "the interval is 1.5"),
        (True, "d", "the interval is True"),
        (None, "d", "the interval is None"),
        (10**9, "d", "at most 100 years"),
        (101, "y", "at most 100 years"),
        (1, "w", "unknown unit of an interval 'w'"),
        (1, None, "unknown unit of an interval 'None'"),
    ],
)
def test_intervals_that_are_none(number, unit, why):
    cadence = read(event(1, **after(number, unit)))
    (reason,) = whys(cadence)
    assert why in reason
    assert waits(cadence) == [Unknown(reason)]
    assert cadence.labels[0].seconds is None


def test_an_immediate_event_ignores_its_interval():
    for mode in ("immediate", None, ""):
        cadence = read(event(1, **{**after(7), "trigger_mode": mode}))
        assert cadence.start == "e1 #1"
        assert not cadence.labels
    assert waits(read(event(1, **after(0)))) == []


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-03-02 16:00:00", datetime(2026, 3, 2, 16, tzinfo=UTC)),
        ("2026-03-02T16:00:00+01:00", datetime(2026, 3, 2, 15, tzinfo=UTC)),
    ],
)
def test_dates(said, at):
    cadence = read(event(1, trigger_mode="date", trigger_date=said))
    assert waits(cadence) == [UntilDate(to_us(at))]


def test_dates_that_are_none():
    assert read(event(1, trigger_mode="date", trigger_date=None)).start == "e1 #1"
    for said in ("soon", "2026-02-30 16:00", "1969-01-01 00:00", 5, ["2026-03-02 16:00:00"]):
        cadence = read(event(1, trigger_mode="date", trigger_date=said))
        (why,) = whys(cadence)
        assert "expected one such as 2026-03-02 16:00:00" in why
        assert waits(cadence) == [Unknown(why)]


def test_the_best_time_may_be_any():
    assert waits(read(event(1, trigger_mode="optimized"))) == [Elapsed(0, DAY)]
    cadence = read(event(1, trigger_mode="optimized", triggerWindow="1"))
    assert waits(cadence) == [Elapsed(0, 7 * DAY)]
    assert (
        cadence.assumes[-1] == "the best time for 'e1 #1' of 'Drip' may be any in the day or week"
    )


def test_other_modes_are_not_understood():
    cadence = read(event(1, trigger_mode="intervall"))
    assert whys(cadence)[0].startswith("unknown trigger mode 'intervall'; did you mean 'interval'?")
    assert isinstance(waits(cadence)[0], Unknown)


def held(**more: Any) -> Any:
    """What holds a mail back after a day."""
    first, *rest = waits(read(event(1, **after(1, **more))))
    assert first == Elapsed(DAY, DAY)
    return rest


def test_hours_and_days_are_those_of_the_contact():
    window, day = held(**{START: "09:00:00", STOP: "17:30", DAYS: [1, "2", 0]})
    assert isinstance(window, UntilOpen)
    assert window.text == "09:00 to 17:30"
    assert day == UntilDay(frozenset((0, 1, 6)))
    new_york = zone("America/New_York")
    saturday = datetime(2026, 3, 7, 12, tzinfo=ZoneInfo("America/New_York"))
    assert apply(window, to_us(saturday), new_york) == to_us(saturday)
    assert apply(day, to_us(saturday), new_york) == to_us(saturday.replace(day=8))
    assert apply(day, to_us(saturday.replace(day=9)), new_york) == to_us(saturday.replace(day=9))
    assert apply(UntilDay(frozenset()), to_us(saturday), new_york) == NEVER
    (window,) = held(trigger_hour="1970-01-01 09:15:00")
    assert window.text == "09:15 to 24:00"
    assert held(**{DAYS: {"0": 6}}) == [UntilDay(frozenset((5,)))]
    assert held(**{DAYS: [-1]}) == [UntilDay(frozenset(range(5)))]
    assert held(**{START: "09:00", STOP: "09:00", DAYS: [1]}) == [
        UntilClock(9 * HOUR),
        UntilDay(frozenset((0,))),
    ]


@pytest.mark.parametrize("name", ["trigger_restricted_dow", "triggerRestrictedDaysOfWeek"])
def test_days_by_each_of_their_names(name: str) -> None:
    assert held(**{name: [0, 6]}) == [UntilDay(frozenset((5, 6)))]
    strange = read(event(1, **after(1, **{name: [7, 9, 1]})))
    assert [each.where[-1] for each in strange.unknown] == [
        name if "_" in name else "trigger_restricted_days_of_week"
    ] * 2


def test_days_as_the_database_keeps_them():
    assert held(trigger_restricted_dow='a:2:{i:0;i:0;i:1;s:1:"6";}') == [
        UntilDay(frozenset((5, 6)))
    ]
    assert held(trigger_restricted_dow="a:0:{}") == []
    for strange in ("a:1:{i:0;i:7;}", "a:1:{i:0;b:1;}"):
        assert read(event(1, **after(1, trigger_restricted_dow=strange))).unknown


def test_hours_that_hold_nothing_back():
    for more in ({START: "09:00"}, {STOP: "09:00"}, {DAYS: []}, {DAYS: "a:0:{}"}, {START: ""}):
        assert held(**more) == []
    assert held(trigger_hour="00:00") == []
    cadence = read(event(1, trigger_hour="09:00"))
    assert cadence.start == "e1 #1"


def test_hours_that_are_none():
    cadence = read(event(1, **after(1, trigger_hour="9 am", **{START: 9, DAYS: [7, "x", 8.5, 1]})))
    assert [each.where[-1] for each in cadence.unknown] == ["trigger_hour", START, DAYS, DAYS, DAYS]
    assert "expected a time of day such as 09:00" in whys(cadence)[0]
    assert "a day is 7; expected a number from 0 (Sunday) to 6" in whys(cadence)
    assert read(event(1, **after(1, **{DAYS: "monday"}))).unknown


def test_what_mautic_makes_of_hours_is_said():
    cadence = read(event(1, **after(1, **{START: "22:00", STOP: "06:00"})))
    assert waits(cadence)[1].text == "06:00 to 22:00"  # type: ignore[union-attr]
    assert "the hours of 'e1 #1' of 'Drip' span midnight: Mautic swaps them" in cadence.assumes
    cadence = read(event(1, **after(1, trigger_hour="09:00")))
    assert cadence.assumes[1] == (
        "if the hour of 'e1 #1' of 'Drip' has passed when the interval is over, Mautic does not"
        " wait for the next day"
    )
    on_no = after(1, decision_path="no", trigger_hour="09:00")
    cadence = read(decision(1), event(2, 1, **on_no), event(3, 1, event_type="condition", **on_no))
    assert follow(cadence.nodes["e1 #1: no"])[0] == "e2 #2"
    assert len([n for n in cadence.nodes.values() if isinstance(n, Pause)]) == 1
    assert (
        "Mautic does not look at the hours of 'e2 #2' of 'Drip', which is an action on a 'no' path"
        in cadence.assumes
    )


def test_who_may_enter_twice():
    for said in (1, "1", True):
        (told,) = read(event(1), allow_restart=said).unknown
        assert (told.what, told.where[-1]) == ("allow_restart", "allow_restart")
        assert "people may enter it again" in told.why
    for said in (0, "0", False, None):
        assert not read(event(1), allow_restart=said).unknown


# -- shapes of the file ----------------------------------------------------------------------------


def test_rows_of_the_database():
    data = {
        "campaigns": [{"id": 1, "name": "Same"}, {"id": 2, "name": "Same"}],
        "campaign_events": {
            "a": event(1),
            "b": event(2, campaign_id=2),
            "c": event(3, campaign_id=7),
        },
        "emails": 5,
    }
    file = mautic.read(source(data))
    assert file.format == "mautic"
    assert [(cadence.name, len(cadence.nodes)) for cadence in file.cadences] == [
        ("Same #1", 1),
        ("Same #2", 1),
        ("campaign 7", 1),
    ]
    assert file.cadences[2].where == ("campaign_events", "c")


def test_answers_of_the_api():
    events = [
        {"id": 1, "type": "email.send", "eventType": "action", "triggerMode": "immediate"},
        {
            "id": 2,
            "parent": {"id": 1},
            "type": "email.send",
            "eventType": "action",
            "triggerMode": "interval",
            "triggerInterval": 2,
            "triggerIntervalUnit": "d",
        },
    ]
    for data in (
        {"campaign": {"id": 1, "name": "Drip", "events": events}},
        {"total": 1, "campaigns": {"1": {"id": 1, "name": "Drip", "events": events}}},
        {"campaigns": [{"id": 1, "name": "Drip", "events": {"1": events[0], "2": events[1]}}]},
    ):
        assert mautic.recognises(source(data))
        (cadence,) = mautic.read(source(data)).cadences
        assert cadence.name == "Drip"
        assert len(list(cadence.steps)) == 2
        assert waits(cadence, follow(cadence.nodes["email.send #1"])[0]) == [
            Elapsed(2 * DAY, 2 * DAY)
        ]


def test_an_event_of_the_only_campaign_need_not_say_so():
    row = event(1)
    del row["campaign_id"]
    assert read(row).start == "e1 #1"
    assert source(export(row)).data[0]["campaign"][0]["id"] == 1


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        5,
        None,
        [5, "x"],
        {"campaign": []},
        {"campaigns": [5, {"events": [5, {"type": "x"}]}]},
        {"campaign": {"id": 1, "events": [{"name": "x"}]}},
        {"nodes": [], "connections": {}},
    ],
)
def test_what_is_no_campaign(data):
    assert not mautic.recognises(source(data))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"campaign": [], "campaign_event": 5}, ":1:36: expected a list of events"),
        ({"campaign": [5], "campaign_event": []}, ":1:15: expected a campaign, a mapping with"),
        ({"campaign": [{"id": 1}, {"id": "1"}], "campaign_event": []}, "another campaign has"),
        ({"campaign": 7, "campaign_event": [5]}, "expected an event, a mapping with `campaign_id`"),
    ],
)
def test_what_no_campaign_can_be(data, problem):
    given_ = source(data)
    assert mautic.recognises(given_)
    with pytest.raises(CadenceError, match=r"drip\.json:1:") as raised:
        mautic.read(given_)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("wrong", "where", "problem"),
    [
        (5, (), "expected an event, a mapping with `id` and `type`"),
        (event(None), ("id",), "expected an event's id, a number or a text"),
        (event("1"), ("id",), "another event has the id '1', too"),
    ],
)
def test_what_is_no_event_is_told_and_the_others_are_read(wrong, where, problem):
    cadence = read(event(1), wrong, event(3))
    (unknown,) = cadence.unknown
    assert (unknown.where[-1 - len(where) :], unknown.why) == ((1, *where), problem)
    assert len(list(cadence.steps)) == 2


def test_an_event_of_no_campaign_is_told_at_the_first():
    rows = [event(n) | {"campaign_id": home} for n, home in ((1, 1), (2, None), (3, 2))]
    data = {"campaign": [{"id": 1}, {"id": 2}], "campaign_event": rows}
    first, second = mautic.read(source(data)).cadences
    assert [each.where for each in first.unknown] == [("campaign_event", 1)]
    assert [len(list(each.steps)) for each in (first, second)] == [1, 1]
    assert not second.unknown


@pytest.mark.parametrize(
    ("said", "where", "problem"),
    [
        ({"trigger_mode": "optimized", "trigger_window": "year"}, "trigger_window", "'year'"),
        ({"properties": {"email_type": "markting"}}, "email_type", "did you mean 'marketing'?"),
        (
            {"type": "campaign.addremovelead", "properties": {"addTo": [[5]]}},
            "addTo",
            "expected the ids of campaigns",
        ),
    ],
)
def test_a_word_of_an_event_that_is_not_known_is_told(said, where, problem):
    (unknown,) = read(event(1, **said)).unknown
    assert unknown.where[-1] == where
    assert problem in unknown.why


def test_a_signal_of_their_own_is_told():
    cadence = read(event(1, type="form.submit", event_type="decision"), event(2, 1))
    assert any("is a signal of their own" in said for said in cadence.assumes)


def test_thousands_of_jumps_to_one_event():
    jump = {"type": "campaign.jump_to_event", "properties": {"jumpToEvent": 1}}
    events = [event(1, **after(1)), *(event(i, i - 1, **jump) for i in range(2, 20_000))]
    cadence = read(*events)
    assert len(cadence.nodes) == 1 + 19_998 + 19_999


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.sampled_from(["no", "1", "", "x", "d"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "email_type", "jumpToEvent", "addTo"]), inner)
    ),
    max_leaves=6,
)
EVENT = st.builds(
    lambda kind, type_, path, parent, mode: {
        "event_type": kind,
        "type": type_,
        "decision_path": path,
        "parent_id": parent,
        "trigger_mode": mode,
        "trigger_interval": 1,
        "trigger_interval_unit": "d",
        "properties": {},
        DAYS: [],
    },
    st.sampled_from(["action", "condition", "decision"]),
    st.sampled_from(
        ["email.send", "campaign.jump_to_event", "campaign.addremovelead", "email.open"]
    ),
    st.sampled_from(["yes", "no", None]),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from(["immediate", "interval", "date", "optimized"]),
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_stands_there_is_read_or_refused(data):
    rows = [
        event(i, **row) if (row := {**each, "id": i}).pop("id") else row
        for i, each in enumerate(data.draw(st.lists(EVENT, max_size=4)), 1)
    ]
    for row in rows:
        row[data.draw(st.sampled_from([*row, "x"]))] = data.draw(ANYTHING)
    try:
        cadences = mautic.read(source(export(*rows))).cadences
    except CadenceError:
        return
    for cadence in cadences:
        for node in cadence.nodes.values():
            assert all(then in cadence.nodes for then in follow(node) if then is not None)


# -- the originals ---------------------------------------------------------------------------------

needs_real = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real files under {REAL}")


@needs_real
def test_the_campaign_of_mautics_own_tests():
    (cadence,) = mautic.read(
        Source.open(REAL / "configs" / "mautic" / "campaign_schema_sql.json")
    ).cadences
    assert cadence.name == "Campaign Test"
    assert [(s.id, s.channel, s.purpose, s.template) for s in cadence.steps] == [
        ("Send email 1 #2", "email", "transactional", "Campaign Test Email 1"),
        ("Send email 2 #10", "email", "transactional", "Campaign Test Email 2"),
    ]
    opens = cadence.nodes["Opens email #3"]
    assert isinstance(opens, Await)
    assert opens.arms == (Arm("Send email 2 #10", "opened", text="Opens email #3"),)
    assert opens.timeout == Elapsed(2 * MINUTE, 2 * MINUTE)
    assert [each.seconds for each in cadence.labels] == [120.0, 360.0]
    # The dates are placeholders that the test fills in.
    assert [each.where[1:] for each in cadence.unknown] == [
        (index, "trigger_date") for index in (1, 3, 4)
    ]


DIFFERENT = {
    "mautic_interval_contact-031": "an unknown zone falls back to one of the installation's own"
}


@needs_real
def test_mautics_own_cases_of_hours_and_days():
    path = REAL / "peer_cases" / "mautic_interval_contact.jsonl"
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(cases) > 10
    for case in cases:
        if case["id"] in DIFFERENT:
            continue
        said = case["input"]
        where = zone(said["contact_timezone"])

        def clock(value: str | None) -> str | None:
            return value and value.split(" ")[1].rjust(5, "0")

        row = event(
            1,
            **after(
                0,
                trigger_hour=clock(said["specified_hour"]),
                **{
                    START: clock(said["restricted_start"]),
                    STOP: clock(said["restricted_stop"]),
                    DAYS: said["allowed_days_of_week"],
                },
            ),
        )
        at = instant(said["scheduled_for_utc"])
        for wait in waits(read(row)):
            at = apply(wait, at, where)
        assert at == instant(case["expected"]["execute_at"]), case["id"]


def instant(text: str) -> int:
    day, clock = text.split(" ")
    return to_us(datetime.fromisoformat(f"{day}T{clock.rjust(5, '0')}+00:00"))
