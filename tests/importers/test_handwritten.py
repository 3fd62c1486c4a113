"""Hand-written files: the real ones by their answers, and each way to say a time or an end."""

from __future__ import annotations

import json

import pytest
from answers import FOLDER, answers, differs, missed, one, real, source, touches
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.cadence import Await, BusinessDays, Cadence, Elapsed, Fan, Pause, Step, Unknown
from cadence_guard.errors import CadenceError
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._source import Source
from cadence_guard.importers.handwritten import NO_SENDER, read, recognises
from cadence_guard.instants import DAY, HOUR, MINUTE

NOT_SAID = (
    "the file does not say what `wait_days` counts from; the answer knows the code that reads it"
)
ALIKE = "only the last delay is above zero, so both readings give the same days"
DIFFERENCES = {
    ("arsalanzubair_leadgen-agent__cadences.yaml", "email"): {"ambiguous": NOT_SAID},
    ("arsalanzubair_leadgen-agent__cadences.yaml", "linkedin"): {"ambiguous": NOT_SAID},
    ("arsalanzubair_leadgen-agent__cadences.yaml", "both"): {"ambiguous": NOT_SAID},
    ("deepakkr7975_outbound-dashboard__sequences.json", "seq_winter"): {"ambiguous": NOT_SAID},
    ("deepakkr7975_outbound-dashboard__sequences.json", "seq_eu"): {"ambiguous": NOT_SAID},
    ("drip_sequences_python_literals.json", "54782804201"): {"ambiguous": ALIKE},
}
"""Where a reading differs from its answer, in what, and why."""
KEY = answers("handwritten") | {
    file: rows for file, rows in answers("sequencers").items() if file.startswith("drip_")
}
NO_DATA = pytest.mark.skipif(not KEY, reason=f"no answers under {FOLDER}")


# -- the real files -----------------------------------------------------------------------------


@NO_DATA
@pytest.mark.parametrize("file", KEY)
def test_a_real_file_is_read_as_its_answer_says(file: str) -> None:
    folder = "sequencers" if file.startswith("drip_") else "handwritten"
    told = real(f"{folder}/{file}")
    assert recognises(told)
    cadences = read(told).cadences
    rows = KEY[file]
    found = {
        (file, row["sequence"]): differs(cadence, row)
        for cadence, row in zip(cadences, rows, strict=True)
    }
    known = {key: set(what) for key, what in DIFFERENCES.items() if key[0] == file}
    assert {key: what for key, what in found.items() if what} == known


@NO_DATA
def test_every_real_file_of_that_folder_is_recognised_and_no_other() -> None:
    for path in sorted(FOLDER.glob("*/*.[jy]*")):
        try:
            told = Source.open(path)
        except CadenceError:
            continue
        ours = path.parent.name == "handwritten" or path.name.startswith("drip_")
        assert recognises(told) == ours, path


@pytest.mark.parametrize(
    "file",
    [
        "thoughtpilot99_gtm-brain-pr__sequences.yaml",
        "WingedGuardian_GENesis-AGI__outreach.trimmed.yaml",
        "arsalanzubair_leadgen-agent__compliance_profiles.yaml",
    ],
)
def test_a_real_file_without_a_schedule_says_so(file: str) -> None:
    (cadence,) = read(real(f"handwritten/{file}")).cadences
    assert not cadence.schedule
    assert not cadence.nodes
    assert cadence.start is None


def test_a_real_file_with_gates_exits_and_manual_steps() -> None:
    mail, linkedin, both = read(
        real("handwritten/arsalanzubair_leadgen-agent__cadences.yaml")
    ).cadences
    assert mail.exits == {"replied", "invited", "not_now", "declined", "wrong_person"}
    assert missed(mail) == ["sending_windows"]
    assert missed(linkedin) == missed(both) == []  # said once
    (gate,) = [node for node in linkedin.nodes.values() if isinstance(node, Await)]
    assert gate.arms[0].signal == "x-connection_accepted"
    assert gate.timeout == Elapsed(21 * DAY, 21 * DAY)
    assert gate.then is None


def test_a_real_file_that_stops_on_words_of_its_own() -> None:
    quotes = read(real("sequencers/drip_sequences_python_literals.json")).cadences[-1]
    assert quotes.exits == {"x-quote_accepted", "x-quote_declined"}
    assert any("quote_accepted" in said for said in quotes.assumes)


# -- what a file is -------------------------------------------------------------------------------

OTHERS = [
    "just a text",
    "[1, 2]",
    "name: service\nsteps: [{run: make}, {run: test}]",
    "steps: [{wait: 5}, {command: test}]",
    "sequence: [{delay: 5}, {service: light.turn_on}]",
    "forecast: [{day: 1, rain: 2}, {day: 2, rain: 0}]",
    "retries: {followup: {max_attempts: 2}}",
    "quiet_hours: {start: '22:00'}",
    "nodes: [{channel: email, delay_days: 1}]\nconnections: {}",
    "version: 1\ncadence: {name: a, steps: [{id: s, channel: email}, {wait: 3d}]}",
    "cadences: [{name: a, steps: [{id: s, channel: email}]}]",
    "days: [1, 2, 3]",
    "emailer_steps: [{channel: email, delay_days: 1}]",
    "channels: [{channel: email}, {channel: sms}]",
    "[{name: Bob, phone: 555-1234}, {name: Al, phone: Ask him}]",
    "[{email: a@b.example}, {email: c@d.example}]",
    "[{phone: 555-1234}, {phone: 555 12 35}]",
    "messages: [{text: Hello}, {text: Who is it?}]",
    "messages: [{text: Hello, wait: 3}, {text: Who is it?, wait: 4}]",
    "people: [{email: work}, {phone: home}]",
]


@pytest.mark.parametrize("text", OTHERS)
def test_a_file_about_something_else_is_not_recognised(text: str) -> None:
    assert not recognises(source(text))


def test_a_list_of_touches_without_times_has_no_schedule() -> None:
    told = "cadence:\n  - {channel: email}\n  - {channel: phone}\n"
    assert recognises(source(told))
    cadence = one(read, told)
    assert not cadence.schedule
    assert touches(cadence) == [("email", 0), ("call", None)]


@pytest.mark.parametrize(
    "told",
    [
        "- email: intro\n- wait: 3 days\n- text: hello",
        "sequence:\n- email: intro\n- wait: 3 days\n- text: hello",
        "steps:\n- {email: intro, day: 0}\n- {sms: hello, day: 3}",
        "- {day: 0, email: intro}\n- {day: 3, sms: hello}",
        "steps:\n- {channel: email, template: intro, day: 0}\n- {day: 3, sms: hello}",
        "touches:\n- email: {day: 0, template: intro}\n- sms: {day: 3, template: hello}",
        "touches: {'1': {email: {day: 0, template: intro}}, '2': {day: 3, sms: hello}}",
    ],
)
def test_a_channel_may_be_a_key(told: str) -> None:
    assert recognises(source(told))
    cadence = one(read, told)
    assert (touches(cadence), missed(cadence)) == ([("email", 0), ("sms", 3)], [])
    assert [step.template for step in cadence.steps] == ["intro", "hello"]


def test_a_list_of_channels_and_templates_without_times_has_no_schedule() -> None:
    for told in (
        "- email: intro\n- call:\n- {step: 3, email: bye}",
        "steps:\n- {email: }\n- {call: }",
    ):
        cadence = one(read, told)
        assert not cadence.schedule
        assert touches(cadence)[:2] == [("email", 0), ("call", None)]


@pytest.mark.parametrize("entry", ["{call: 3, day: 3}", "{email: a, call: b, day: 3}"])
def test_a_key_that_may_be_more_than_the_channel_is_told(entry: str) -> None:
    cadence = one(read, f"steps: [{{email: intro, day: 0}}, {entry}]")
    assert "call" in missed(cadence)


def test_names() -> None:
    told = read(
        source(
            "sequences:\n"
            "- {steps: [{day: 0, subject: x}]}\n"
            "- {name: win back, steps: [{day: 0, subject: x}]}\n"
            "- {name: win back, steps: [{day: 0, subject: x}]}\n",
            "deals/cold.yaml",
        )
    )
    assert [cadence.name for cadence in told.cadences] == ["cold", "win back", "win back (2)"]
    assert told.format == "handwritten"


def test_ids_are_never_the_same() -> None:
    ids = ("a (2)", "a", "a", "wait before a", "a (2)")
    steps = [{"channel": "email", "day": n, "id": id_} for n, id_ in enumerate(ids, 1)]
    cadence = one(read, json.dumps({"steps": steps}))
    assert len(cadence.nodes) == 10
    assert [step.id for step in cadence.steps] == [
        "a (2)",
        "a",
        "a (3)",
        "wait before a",
        "a (2) (2)",
    ]
    assert touches(cadence) == [("email", day) for day in range(1, 6)]


def test_facts_of_the_cadence_and_of_its_steps() -> None:
    cadence = one(
        read,
        """
        cadences:
          trial:
            team: sales
            purpose: marketing
            trigger: trial_started
            steps:
              - {id: hello, day: 0, channel: email, template: t-1, purpose: service}
              - {id: hello, day: 1, channel: Phone Call, manual: true}
              - {day: 1, type: manual_email, body: hi}
              - {day: 2, channel: sms, automated: false}
        """,
    )
    assert (cadence.name, cadence.team, cadence.purpose) == ("trial", "sales", "marketing")
    assert cadence.entry_signal == "trial_started"
    first, second, third, fourth = cadence.steps
    assert (first.id, first.template, first.purpose) == ("hello", "t-1", "service")
    assert (second.id, second.channel, second.automated) == ("hello (2)", "call", False)
    assert (third.id, third.channel, third.automated) == ("3", "email", False)
    assert not fourth.automated


# -- channels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "channel"),
    [
        ("linkedin_message", "social"),
        ("LinkedIn DM", "social"),
        ("voicemail_drop", "voicemail"),
        ("sendSms", "sms"),
        ("WhatsApp", "whatsapp"),
        ("email_2", "email"),
        ("direct_mail", "post"),
        ("retargeting", "ad"),
    ],
)
def test_words_for_channels(word: str, channel: str) -> None:
    cadence = one(read, f"steps: [{{channel: email, day: 0}}, {{channel: {word}, day: 1}}]")
    assert [step.channel for step in cadence.steps] == ["email", channel]


def test_a_channel_that_nobody_knows_is_told_and_its_time_passes() -> None:
    cadence = one(
        read,
        """
        steps:
          - {channel: email, delay_days: 0}
          - {channel: telegram, delay_days: 3}
          - {type: crystal_ball, delay_days: 3}
          - {type: task, delay_days: 3}
          - {channel: email, delay_days: 1}
        """,
    )
    assert missed(cadence) == ["telegram", "crystal_ball"]
    assert touches(cadence) == [("email", 0), ("email", 10)]


def test_a_step_without_a_channel_takes_that_of_what_is_around() -> None:
    told = "{steps: [{day: 0, subject: hi}, {day: 1, type: intro, body: yo}]}"
    assert [s.channel for s in one(read, f"sms: {told}").steps] == ["sms", "sms"]
    around = one(read, f"a: {{channel: whatsapp, {told[1:]}")
    assert [step.channel for step in around.steps] == ["whatsapp", "whatsapp"]
    assert not any("without a channel" in said for said in around.assumes)
    implied = one(read, "drip: [{day_offset: 0, body: a}, {day_offset: 1, body: b}]")
    assert {step.channel for step in implied.steps} == {"email"}
    assert "a step without a channel goes by email" in implied.assumes


def test_a_kind_of_step_that_is_no_channel_is_named() -> None:
    told = one(read, "drip: [{day: 0, subject: a}, {day: 1, type: Telegram, body: b}]")
    assert [step.channel for step in told.steps] == ["email", "email"]
    assert "a step of a kind that is no channel goes by email: 'telegram'" in told.assumes


def test_a_message_among_calls_to_connect_is_social() -> None:
    told = "sequence: [{type: connect, delay_days: 0}, {type: message, delay_days: 3}]"
    assert [step.channel for step in one(read, told).steps] == ["social", "social"]


# -- times ----------------------------------------------------------------------------------------


def wait(said: str) -> object:
    """The wait before the second of two mails."""
    cadence = one(
        read,
        f"drip: [{{subject: a, delay_days: 0}}, {{subject: b, {said}}}, {{subject: c, day: 1}}]",
    )
    waits = [n for n in cadence.nodes.values() if isinstance(n, Pause) and n.then == "2"]
    return waits[0].wait if waits else None


@pytest.mark.parametrize(
    ("said", "us"),
    [
        ("delay_days: 3", 3 * DAY),
        ("delay_hours: 36", 36 * HOUR),
        ("wait_minutes: 90", 90 * MINUTE),
        ("delay_days: 1, delay_hours: 12", 36 * HOUR),
        ("delay_days: 1, delay_hours: 0", DAY),
        ("delay: 3d", 3 * DAY),
        ("wait: 1 day 12h", 36 * HOUR),
        ("after: '1 week, 2 days'", 9 * DAY),
        ("delay: P1DT6H", 30 * HOUR),
        ("delay_days: '2'", 2 * DAY),
        ("delay_days: 1.5", 36 * HOUR),
        ("delay: '1.5h'", 90 * MINUTE),
        ("delay: 2, delay_unit: hours", 2 * HOUR),
        ("delay: {days: 1, hours: 2}", 26 * HOUR),
        ("delay: {amount: 4, unit: hours}", 4 * HOUR),
        ("followUpDays: 4", 4 * DAY),
        ("wait_days_after_prev: 4", 4 * DAY),
        ("days_after_start: 4", 4 * DAY),
        ("gap_days: 4", 4 * DAY),
    ],
)
def test_ways_to_say_a_time(said: str, us: int) -> None:
    assert wait(said) == Elapsed(us, us)


@pytest.mark.parametrize("said", ["delay_days: 0", "delay: immediately", "delay: 0"])
def test_ways_to_say_at_once(said: str) -> None:
    assert wait(said) is None


def test_business_days_by_unit_and_by_comment() -> None:
    assert wait("delay_business_days: 3") == BusinessDays(3)
    assert wait("delay: 3 business days") == BusinessDays(3)
    cadence = one(
        read,
        "steps:\n- {channel: email, day: 0}\n- channel: email\n  day: 4  # working days\n",
    )
    assert [n.wait for n in cadence.nodes.values() if isinstance(n, Pause)] == [BusinessDays(4)]
    mixed = wait("delay_days: 1, delay_business_days: 1")
    assert isinstance(mixed, Unknown)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("delay: 3", "3"),
        ("delay: soon", "'soon'"),
        ("delay_days: true", "True"),
        ("delay_days: null", "None"),
        ("delay_days: '{{ days }}'", "'{{ days }}'"),
        ("delay_days: [1]", "[1]"),
        ("delay: 3 moons", "'3 moons'"),
        ("delay: {days: 1, moon: full}", "moon"),
        ("delay: {}", "{}"),
        ("delay: {unit: days}", "{'unit': 'days'}"),
        ("day: 1, channel: true", "channel"),
        ("delay_business_days: 1.5", "1.5"),
        ("delay_days: 1, wait_hours_after_prev: 1", "wait_hours_after_prev"),
        ("day: 1, skip_if: no reply after 2d", "skip_if"),
        ("day: 1, wait_for: 2 days", "wait_for"),
        ("day: 1, wait_for: replied, requires: opened", "wait_for"),
        ("day: 1, send_time: '09:00'", "send_time"),
        (f"delay: {'x' * 100}", repr("x" * 100)[:57] + "..."),
    ],
)
def test_what_is_not_understood_is_told(said: str, what: str) -> None:
    told = f"drip: [{{subject: a, day: 0}}, {{subject: b, {said}}}]"
    assert missed(one(read, told)) == [what]


@pytest.mark.parametrize("said", ["-1", "'-3d'", "1e300", "99999999999", "'99999999999d'"])
def test_a_delay_beyond_all_sense_is_told_and_the_rest_is_read(said: str) -> None:
    told = f"drip:\n- subject: a\n  delay_days: {said}\n"
    cadence = one(read, told + "- subject: b\n  delay_days: 2\n")
    assert [each.where for each in cadence.unknown] == [("drip", 0, "delay_days")]
    assert [step.channel for step in cadence.steps] == ["email", "email"]


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("delay_days: 3, unit: fortnights", "unit"),
        ("delay_days: 3, delay_unit: hours", "delay_unit"),
        ("delay: 3, unit: fortnights", "unit"),
        ("delay: {amount: 3, unit: fortnights}", "unit"),
        ("delay: {days: 3, unit: [days]}", "unit"),
        ("delay_days: 3, enabled: 'no'", "enabled"),
        ("delay_days: 3, manual: 'yes'", "manual"),
        ("delay_days: 3, auto_send: 'no'", "auto_send"),
    ],
)
def test_a_word_of_a_step_that_is_not_known_is_told(said: str, key: str) -> None:
    told = f"drip:\n- {{subject: a, day_offset: 0}}\n- {{subject: b, {said}}}\n"
    cadence = one(read, told)
    assert [step.automated for step in cadence.steps] == [True, True]
    assert key in [each.where[-1] for each in cadence.unknown]


def test_a_stop_that_is_neither_true_nor_false_is_told() -> None:
    cadence = one(read, "stop_on_reply: 'yes'\ndrip: [{subject: a, day: 1}, {subject: b, day: 9}]")
    assert (cadence.exits, missed(cadence)) == (frozenset(), ["stop_on_reply"])


def test_what_is_no_purpose_is_taken_as_sales_and_told() -> None:
    told = "purpose: win them back\ndrip:\n- {subject: a, day: 1, purpose: service}\n"
    cadence = one(read, told + "- {subject: b, day: 9, purpose: say hello}\n")
    assert (cadence.purpose, [s.purpose for s in cadence.steps]) == ("sales", ["service", None])
    for word in ("win them back", "say hello"):
        assert f"{word!r} is no purpose that is known; it is taken as sales" in cadence.assumes


def test_a_wait_of_its_own_between_steps() -> None:
    cadence = one(
        read,
        """
        sequence:
          - {type: email, template: a}
          - {type: wait, days: 3}
          - {type: sms, template: b}
          - {type: delay, duration: 2h}
          - {type: email, template: c}
        """,
    )
    assert touches(cadence) == [("email", 0), ("sms", 3), ("email", 3 + 1 / 12)]
    assert (cadence.anchor, cadence.ambiguous, missed(cadence)) == ("previous", False, [])


def test_a_wait_of_its_own_may_be_no_more_than_that() -> None:
    cadence = one(read, "steps: [{channel: email}, {wait: 3 days}, {channel: call}, {pause: 2h}]")
    assert touches(cadence) == [("email", 0), ("call", 3)]
    assert (cadence.anchor, cadence.ambiguous, missed(cadence)) == ("previous", False, [])
    assert not recognises(source("steps: [{delay: 3 days}, {wait: 4 days}]"))  # nothing is sent


def test_what_two_steps_require_is_waited_for_once() -> None:
    cadence = one(
        read,
        """
        steps:
          - {channel: email, day: 0}
          - {channel: call, day: 1, requires: opened}
          - {channel: sms, day: 2, requires: opened}
        """,
    )
    assert [type(node) for node in cadence.nodes.values()].count(Await) == 1


def test_a_step_that_says_no_time_has_none() -> None:
    cadence = one(read, "drip: [{subject: a, day: 0}, {subject: b}, {subject: c, day: 4}]")
    assert touches(cadence) == [("email", 0), ("email", None), ("email", 4)]
    assert cadence.anchor == "mixed"


def test_days_from_the_start_come_in_the_order_of_time() -> None:
    cadence = one(read, "steps: [{channel: email, day: 5}, {channel: sms, day: 2}]")
    assert touches(cadence) == [("sms", 2), ("email", 5)]
    assert [step.channel for step in cadence.steps] == ["email", "sms"]  # as in the file


def test_days_of_two_kinds_from_the_start_are_each_for_themselves() -> None:
    """Which of them comes first hangs on the day of the week that somebody starts on."""
    told = "steps: [{channel: email, day: 3}, {channel: sms, business_days_after_start: 2}]"
    nodes = (cadence := one(read, told)).nodes
    start = nodes[cadence.start or ""]
    assert isinstance(start, Fan)
    waits = [nodes[then] for then in start.thens]
    assert [(wait.wait, wait.since_start) for wait in waits if isinstance(wait, Pause)] == [
        (Elapsed(3 * DAY, 3 * DAY), True),
        (BusinessDays(2), True),
    ]
    steps = [nodes[wait.then or ""] for wait in waits if isinstance(wait, Pause)]
    assert [(step.channel, step.then) for step in steps if isinstance(step, Step)] == [
        ("email", None),
        ("sms", None),
    ]


def test_days_from_the_start_that_nobody_knows_move_no_others() -> None:
    told = "steps: [{channel: email, day: 5}, {channel: sms, day: soon}, {channel: call, day: 2}]"
    cadence = one(read, told)
    assert touches(cadence) == [("call", 2), ("email", 5), ("sms", None)]
    assert [unknown.what for unknown in cadence.unknown] == ["'soon'"]


def test_numbered_steps_come_by_their_numbers() -> None:
    told = "EMAILS: {'10': {delay_days: 2, subject: b}, '9': {delay_days: 0, subject: a}}"
    cadence = one(read, told)
    assert touches(cadence) == [("email", 0), ("email", 2)]
    assert [step.where for step in cadence.steps] == [("EMAILS", "9"), ("EMAILS", "10")]


def test_numbers_that_go_down_are_told() -> None:
    """The file is in another order than its steps, so who counts from the step before is wrong."""
    steps = ("step: 3, delay_days: 4", "step: 1, delay_days: 0", "step: 2, delay_days: 2")
    said = "\n".join(f"- {{channel: email, {step}}}" for step in steps)
    cadence = one(read, f"steps:\n{said}\n- hello\n- {{channel: call, delay_days: 1}}\n")
    assert [each.where for each in cadence.unknown] == [("steps", 3), ("steps", 1, "step")]
    assert one(read, f"steps:\n{said}".replace("delay_days", "day")).unknown == ()


def test_variants_of_one_step_are_one_touch() -> None:
    cadence = one(
        read,
        """
        steps:
          - {step: 1, day: 0, subject: x, variant: A}
          - {step: 1, day: 0, subject: y, variant: B}
          - {step: 2, day: 4, subject: z}
        """,
    )
    assert touches(cadence) == [("email", 0), ("email", 4)]


def test_what_is_no_step_or_switched_off_is_left_out() -> None:
    told = "steps: [{channel: email, day: 0}, hello, {channel: sms, day: 1, enabled: false}]"
    cadence = one(read, told)
    assert touches(cadence) == [("email", 0)]
    assert missed(cadence) == ["'hello'"]
    assert "steps that are switched off stay so" in cadence.assumes
    off = one(read, "steps: [{channel: sms, day: 1, enabled: false}]")
    assert not off.schedule
    assert not off.nodes


@pytest.mark.parametrize(
    ("said", "attempts", "every", "what"),
    [
        ("attempts: 3, retry_after_hours: 4", 3, Elapsed(4 * HOUR, 4 * HOUR), []),
        ("attempts: 3, every: 2h", 3, Elapsed(2 * HOUR, 2 * HOUR), []),
        ("attempts: 1", 1, None, []),
        ("attempts: 3", 1, None, ["attempts"]),
        ("attempts: many", 1, None, ["attempts"]),
        ("attempts: true, every: 2h", 1, None, ["attempts"]),
    ],
)
def test_retries_of_a_call(said: str, attempts: int, every: object, what: list[str]) -> None:
    cadence = one(read, f"steps: [{{channel: call, day: 0, {said}}}]")
    (step,) = cadence.steps
    assert (step.attempts, step.every) == (attempts, every)
    assert missed(cadence) == what


def test_gates() -> None:
    cadence = one(
        read,
        """
        steps:
          - {channel: linkedin, day: 0}
          - {channel: linkedin, day: 1, requires: replied}
          - {channel: linkedin, day: 2, requires: null}
          - {channel: linkedin, day: 3, requires: [a, b]}
          - {channel: linkedin, day: 4, wait_for: bounced}
        """,
    )
    (gate,) = [node for node in cadence.nodes.values() if isinstance(node, Await)]
    assert (gate.arms[0].signal, gate.timeout) == ("replied", None)
    assert missed(cadence) == ["requires"]
    assert "a step is held back until what it requires has come: 'replied'" in cadence.assumes
    assert "a step is made whatever its condition says: 'bounced'" in cadence.assumes


def test_a_gate_that_is_given_up() -> None:
    cadence = one(
        read, "steps: [{channel: li, day: 0}, {channel: li, day: 2, wait_for: a, abandon_days: 9}]"
    )
    (gate,) = [node for node in cadence.nodes.values() if isinstance(node, Await)]
    assert (gate.timeout, gate.then) == (Elapsed(9 * DAY, 9 * DAY), None)
    assert touches(cadence) == [("social", 0), ("social", 2)]


# -- lists of days --------------------------------------------------------------------------------


def test_follow_up_days() -> None:
    cadence = one(read, "channel: sms\nfollowup_days: [3, 7, 14]\nmax_touches: 3\n")
    assert touches(cadence) == [("sms", 0), ("sms", 3), ("sms", 7), ("sms", 14)]
    assert (cadence.anchor, cadence.ambiguous) == ("start", True)
    assert cadence.other is not None
    assert touches(cadence.other) == [("sms", 0), ("sms", 3), ("sms", 10), ("sms", 24)]
    assert missed(cadence) == ["max_touches"]
    assert "a first message goes before the follow-ups" in cadence.assumes


DAYS = """steps:
- {channel: email, delay_days: 0}
- {channel: sms, delay_days: 3}
- {channel: email, delay_days: 7}
"""


@pytest.mark.parametrize("anchor", ["start", "previous"])
def test_a_file_may_say_what_its_delays_count_from(anchor: str) -> None:
    cadence = one(read, f"anchor: {anchor}\n{DAYS}")
    assert (cadence.anchor, cadence.ambiguous, cadence.unknown) == (anchor, False, ())
    above = one(read, f"# anchor: {anchor}\n{DAYS}")
    assert (above.anchor, above.ambiguous) == (anchor, False)
    (told,) = one(read, f"anchor: begin\n{DAYS}").unknown
    assert told.what == "anchor"
    assert "start" in told.why


def test_each_cadence_of_a_file_may_have_its_own_anchor() -> None:
    steps = "steps: [{channel: email, delay_days: 0}, {channel: sms, delay_days: 3}]"
    kinds = (("a", "start"), ("b", "previous"))
    told = "".join(f"- {{name: {name}, anchor: {anchor}, {steps}}}\n" for name, anchor in kinds)
    cadences = read(source(f"cadences:\n{told}")).cadences
    assert [cadence.anchor for cadence in cadences] == ["start", "previous"]


@pytest.mark.parametrize(
    ("comment", "anchor"),
    [("days after the first message", "start"), ("days since the previous touch", "previous")],
)
def test_a_comment_settles_what_days_count_from(comment: str, anchor: str) -> None:
    above = one(read, f"a: 1\n# {comment}\n# or so\nfollowup_days: [3, 7]\n")
    assert (above.anchor, above.ambiguous, above.other) == (anchor, False, None)
    beside = one(read, f"followup_days: [3, 7]  # {comment}\n")
    assert (beside.anchor, beside.ambiguous) == (anchor, False)
    both = "# after the first, or after the previous?\nfollowup_days: [3, 7]\n"
    assert one(read, both).ambiguous


AFTER = "# `wait_days` is the gap AFTER that step.\n"
WAITS = "steps:\n- {channel: email, wait_days: 0}\n- {channel: sms, wait_days: 3}\n"
"""Without the comment there is no doubt."""


def test_a_comment_that_a_delay_comes_after_its_step_is_named_and_not_followed() -> None:
    cadence = one(read, f"# of ours\n{AFTER}\n\n{WAITS}")
    assert touches(cadence) == [("email", 0), ("sms", 3)]
    (told,) = [each for each in cadence.assumes if "before its step" in each]
    assert told.startswith("'wait_days' is the time before its step; the comment in line 2 says")


@pytest.mark.parametrize(
    "text",
    [
        WAITS,
        AFTER + f"anchor: previous\n{WAITS}",  # the file says it
        "# wait_days: the gap after the previous step\n" + WAITS,
        "# other_days is the gap after that step\nx: 1\n" + WAITS,  # of another key
    ],
)
def test_where_no_comment_makes_a_doubt_none_is_named(text: str) -> None:
    assert not [each for each in one(read, text).assumes if "before its step" in each]


def test_a_comment_right_above_the_list_is_of_its_delays() -> None:
    cadence = one(read, "# the delay after each step\n" + WAITS)
    assert [each for each in cadence.assumes if "at its list says" in each]


@pytest.mark.parametrize(
    ("days", "is_named"), [((3, 2, 0), True), ((3, 2, 1), False), ((0, 2, 0), False)]
)
def test_a_delay_at_the_first_step_and_none_at_the_last_is_named(
    days: tuple[int, int, int], is_named: bool
) -> None:
    steps = "".join(f"- {{channel: email, wait_days: {each}}}\n" for each in days)
    cadence = one(read, f"steps:\n{steps}")
    assert (cadence.anchor, cadence.ambiguous) == ("previous", False)
    assert any("one step later" in each for each in cadence.assumes) is is_named
    settled = one(read, f"anchor: previous\nsteps:\n{steps}")
    assert not any("one step later" in each for each in settled.assumes)


def test_touch_days_imply_no_first_message() -> None:
    assert touches(one(read, "touch_days: [1, 4]")) == [("email", 1), ("email", 4)]
    assert touches(one(read, "cadence: {call: {days: [1, 4]}}")) == [("call", 1), ("call", 4)]


def test_so_many_follow_ups() -> None:
    cadence = one(read, "followup: {max_attempts: 3, delay_days: 2}")
    assert touches(cadence) == [("email", 0), ("email", 2), ("email", 4), ("email", 6)]
    assert (cadence.name, cadence.anchor, cadence.ambiguous) == ("followup", "previous", False)
    commented = "followup:\n  max_attempts: 1\n  delay_days: 2  # business days\n"
    assert BusinessDays(2) in [
        node.wait for node in one(read, commented).nodes.values() if isinstance(node, Pause)
    ]


@pytest.mark.parametrize(
    ("comment", "anchor"),
    [
        ("counted from the previous touch", "previous"),
        ("days after the first mail", "start"),
        ("days after previous", "previous"),
        ("delays are NOT counted from the previous touch", None),
        ("not after the last step, but since entry", "start"),
        ("copied from last year", None),
        ("unchanged since last summer", None),
        ("goes out since the start of the year", None),
        ("goes out after the first week with sales", None),
    ],
)
def test_what_a_comment_says_of_delays(comment: str, anchor: str | None) -> None:
    told = f"steps:  # {comment}\n- {{channel: email, delay_days: 0}}\n"
    more = "- {channel: sms, delay_days: 9}\n- {channel: email, delay_days: 10}\n"
    cadence = one(read, told + more)
    assert (cadence.anchor if not cadence.ambiguous else None) == anchor


@pytest.mark.parametrize(
    ("comment", "day"),
    [
        ("business days", BusinessDays(2)),
        ("calendar days, not business days", Elapsed(2 * DAY, 2 * DAY)),
        ("these aren't working days", Elapsed(2 * DAY, 2 * DAY)),
        ("never on Sundays; business days", BusinessDays(2)),
    ],
)
def test_a_comment_that_says_that_it_is_not_so(comment: str, day: object) -> None:
    said = f"followup:\n  max_attempts: 1\n  delay_days: 2  # {comment}\n"
    nodes = one(read, said).nodes.values()
    assert [node.wait for node in nodes if isinstance(node, Pause)] == [day]


def test_a_step_of_a_kind_that_is_no_touch_is_told_if_it_has_a_text_or_names_a_channel() -> None:
    told = (
        "steps: [{channel: email, delay_days: 0}, {type: review, subject: Hi, delay_days: 1},"
        " {type: task, name: call_prospect, delay_days: 1},"
        " {type: task, name: look, delay_days: 1}, {type: note, body: Hi, delay_days: 1}]"
    )
    assert missed(one(read, f"anchor: previous\n{told}")) == ["review", "name", "note"]


@pytest.mark.parametrize(
    ("delay", "what"),
    [
        ("delay_days: {min: 9}", "min"),
        ("delay: {min: 3, max: 5, unit: days}", "min"),
        ("delay_days: {value: 3, unit: hours}", "'hours'"),
    ],
)
def test_a_wait_of_several_readings_is_told(delay: str, what: str) -> None:
    steps = f"[{{channel: email, delay_days: 0}}, {{channel: email, {delay}}}]"
    assert missed(one(read, f"anchor: previous\nsteps: {steps}")) == [what]


def test_minutes_may_be_called_min() -> None:
    steps = "[{channel: email, delay: 0}, {channel: email, delay: {min: 90}}]"
    assert touches(one(read, f"anchor: previous\nsteps: {steps}"))[1] == ("email", 1.5 / 24)


@pytest.mark.parametrize(
    "action", ["stop", "{stop: true}", "{stop: true, notify: sales}", "{action: exit_sequence}"]
)
def test_what_a_reply_does_is_no_kind_of_reply(action: str) -> None:
    steps = "steps: [{channel: email, delay_days: 0}, {channel: email, delay_days: 9}]"
    cadence = one(read, f"anchor: previous\non_reply: {action}\n{steps}")
    assert cadence.exits == set(linear.REPLIES)


# -- two readings ---------------------------------------------------------------------------------


def delays(*values: int, name: str = "delay_days", channels: str = "") -> str:
    words = {"e": "email", "s": "sms"}
    steps = [
        {"channel": words[(channels or "e" * len(values))[n]], name: value}
        for n, value in enumerate(values)
    ]
    return json.dumps({"steps": steps})


@pytest.mark.parametrize(
    ("told", "anchor", "ambiguous"),
    [
        (delays(0, 3, 7), "start", True),
        (delays(0, 3, 7, name="wait_days"), "previous", True),
        (delays(0, 2, 2, 3), "previous", True),
        (delays(0, 3, 4, 3), "previous", False),
        (delays(0, 3, 3), "previous", False),
        (delays(0, 3, 3, channels="ees"), "start", True),
        (delays(0, 0, 3, 3, channels="eses"), "start", True),
        (delays(0, 3), "previous", False),
        (delays(3), "previous", False),
        (delays(3, 7), "start", True),
    ],
)
def test_what_the_values_settle(told: str, anchor: str, ambiguous: bool) -> None:
    cadence = one(read, told)
    assert (cadence.anchor, cadence.ambiguous) == (anchor, ambiguous)
    assert (cadence.other is not None) == ambiguous
    if cadence.other is not None:
        assert {cadence.anchor, cadence.other.anchor} == {"start", "previous"}
        assert touches(cadence) != touches(cadence.other)
        assert not cadence.other.ambiguous


def test_one_list_settles_the_others_of_its_file() -> None:
    both = read(source(f"a: {delays(0, 5, 2)}\nb: {delays(0, 3, 7)}\n")).cadences
    assert [(each.anchor, each.ambiguous) for each in both] == [("previous", False)] * 2


def test_an_unknown_delay_leaves_both_readings() -> None:
    cadence = one(read, "steps: [{channel: email, delay: x}, {channel: sms, delay: 3d}]")
    assert (cadence.anchor, cadence.ambiguous) == ("previous", True)


def test_waits_of_their_own_settle_the_rest() -> None:
    cadence = one(
        read,
        "steps: [{channel: sms, delay_days: 1}, {type: wait, days: 2},"
        " {channel: sms, delay_days: 4}]",
    )
    assert (cadence.anchor, cadence.ambiguous) == ("previous", False)
    assert touches(cadence) == [("sms", 1), ("sms", 7)]


# -- what ends it ---------------------------------------------------------------------------------

REPLIES = {"replied", "invited", "not_now", "declined", "wrong_person"}


@pytest.mark.parametrize(
    ("said", "exits", "what"),
    [
        ("stop_on: [reply, unsubscribed, bounce]", REPLIES | {"opt_out"}, []),
        ("stop_on: meeting_booked", {"meeting_booked"}, []),
        ("stop_on: {reply: true, click: false, complaint: true}", REPLIES | {"complained"}, []),
        ("stop_on: [3, null, '']", set(), ["3"]),
        ("cancel_on: [x-refund]", {"x-refund"}, []),
        ("stop_on_reply: true\nstop_on_unsubscribe: true", REPLIES | {"opt_out"}, []),
        ("stop_on_reply: false", set(), []),
        ("remove_replied: true\nremove_bounced: true", REPLIES, []),
        ("on_reply: stop", REPLIES, []),
        ("on_reply: true", REPLIES, []),
        ("on_reply: wave", set(), ["'wave'"]),
        ("on_reply: false", set(), []),
        (
            "on_reply: {interested: {exit: true}, objection: stop, ooo: {action: stop}}",
            REPLIES | {"auto_replied"},
            [],
        ),
        ("on_reply: {not_interested: {exit: true}, question: {exit: false}}", {"declined"}, []),
        ("on_reply: {ooo: {exit: true}, question: continue}", {"auto_replied"}, []),
        ("reply_routing: {NOT_NOW: {snooze_days: 45}, no: stop}", {"x-no"}, []),
    ],
)
def test_what_ends_a_cadence(said: str, exits: set[str], what: list[str]) -> None:
    cadence = one(read, f"steps: [{{channel: email, day: 0}}]\n{said}\n")
    assert cadence.exits == exits
    assert missed(cadence) == what


def test_keys_around_that_are_about_times_are_told() -> None:
    told = """
    quiet_hours: {start: '22:00'}
    send_window: null
    cadences:
      a: {steps: [{channel: email, day: 0}], repeat_every_days: 30, label: x}
      b: {steps: [{channel: email, day: 0}]}
    """
    first, second = read(source(told)).cadences
    assert missed(first) == ["repeat_every_days", "quiet_hours"]
    assert missed(second) == []


@pytest.mark.parametrize(
    "said",
    [
        *("follow_ups: [{channel: sms, delay_hours: 1}]", "followups: [1, 2]", "children: [1]"),
        *("steps: [{channel: sms}]", "then: {channel: sms}", "else: {channel: sms}"),
        *("on_no_reply: {channel: sms}", "on_open: sms", "also: sms", "channels: [email, sms]"),
        *("channels: [email, fax]", "fallback_channel: sms", "whatsapp: {body: hi}"),
        *("sms_body: hi", "voicemail_drop: true", "via: sms", "touch: {channel: sms}"),
        *("variants: [{body: hi, send_at: '03:00'}]", "extra: {type: sms}", "extra: {day: 0}"),
        *("extra: {linkedin_note: hi}", "extra: [sms]", "extra: ['03:00']", "extra: {x: 2 hours}"),
        *("retries: 5", "times: 4", "count: 4", "resend_unopened: true", "repeat_every: 7"),
        *("send_at: '03:00'", "at: 3", "hour: 0", "weekday: sun", "only_weekdays: true"),
        *("slot: 3am", "slot: '15:30'", "hold: 2d", "hold: PT3H", "firing: 2026-03-01"),
        *("pause: 3", "extra: {day: 1}", "webhook: {type: email}", "sendAt: '03:00'"),
        *("telegram: {body: hi}", "parts: [{text: a}, {text: b}]", "cadence: weekly", "dow: [6]"),
        *("enrol: x", "sequence: other", "timing: night", "noon: true", "tz: Asia/Tokyo"),
        *("messages: [{body: hi}]", "extra: {voice: 3d}", "extra: [[{sms: hi}]]"),
        # the text of another touch, and what holds a time, a way or a touch whatever its name says
        *(
            "followup_message: hi",
            "follow_up_template: t2",
            "reminder_text: hi",
            "resend_subject: x",
        ),
        *(
            "second_message: hi",
            "second_email: hi",
            "next_step_id: 4",
            "parent_id: 1",
            "reminder: true",
        ),
        *(
            "sms_template_id: 7",
            "whatsapp_template_name: t",
            "voicemail_script: hi",
            "depends_on: a",
        ),
        *("wait_note: 3d", "body_wait: 3d", "delay_reason: {days: 3}", "text: {sms: hi}"),
        *("subject: [{day: 3}]", "script: [sms, call]", "template: [{delay_days: 1, body: x}]"),
        *(
            "extra_email: {body: hi}",
            "emails: [a, b]",
            "timezone_name: Asia/Tokyo",
            "slot_name: 3am",
        ),
        *("canal: sms", "network: linkedin", "type: sms", "action: call the lead"),
        *("extra: {day_1: email, day_3: email}",),
        *("text_message: hi", "email_2: {subject: hi}", "linkedin_2: hi", "chase_email: hi"),
        *("number_of_calls: 3", "max_calls: 3", "direct_mail_text: Dear Anna"),
        # limits of what is done again, and of waits
        *("retry_limit: 3", "max_retries: 3", "max_followups: 3", "limit: {resend: 3}"),
        *("wait_limit: 5", "calls_per_day: 2", "limits: {daily: {x: 1}}"),
        # conditions that are about times or do something
        *("condition: no reply after 3 days", "if: {opened: 2d}", "unless: send again"),
        *(
            "extra: {reminder_text: hi}",
            "extra: {bump: hi}",
            "extra: {bumps: {x: y}}",
            "extra: {notices: {retry_limit: 3}}",
        ),
    ],
)
def test_a_key_of_a_step_that_may_plan_something_is_told(said: str) -> None:
    cadence = one(
        read, f"steps:\n- {{channel: email, day: 0}}\n- {{channel: email, day: 9, {said}}}"
    )
    assert touches(cadence) == [("email", 0), ("email", 9)]
    assert missed(cadence) == [said.partition(":")[0]]
    assert cadence.unknown[0].where[:2] == ("steps", 1)


@pytest.mark.parametrize(
    "said",
    [
        *("subject: at 03:00", "body: call me in 3 days", "notes: [call, sms]", "cc: boss"),
        *("metadata: {channel: sms, day: 3}", "tags: [sms, urgent]", "intent: one question"),
        *("max_words: 120", "priority: 3", "split: 50", "urgency: high", "ab_test: true"),
        *("from_email: a@b.example", "linkedin_url: x", "sms: '+4915112345678'"),
        *("channels: [email]", "via: email", "email_headline: hi", "email: {body: hi}"),
        *("repeat: false", "retries: 0", "followups: []", "created_at: '2026-01-05T09:00:00Z'"),
        *("sequence: 3", "step_no: 3", "stage: 2", "preview_text: hi", "track_opens: true"),
        *("content: {subject: hi, body: x}", "email_parts: {body: x}", "extra: {title: x}"),
        *("variants: {a: {title: hi, body: at 3}}", "webhook: {url: x, method: POST}"),
        *("extra: {metadata: {channel: sms}, x: null, y: false}", "extra: [a, 3]"),
        *("extra: {rate_limits: {daily: 50}}", "extra: {delay_reason: x, word_count: 90}"),
        *(
            "extra: {objections: {timing: not now}}",
            "extra: {timing: 'no'}",
            "emails: [a@b.c, d@e.f]",
        ),
        *("lead_source: facebook", "kind: text", "step_type: intro", "extra: {network: email}"),
    ],
)
def test_a_key_of_a_step_that_plans_nothing_is_let_be(said: str) -> None:
    cadence = one(
        read, f"steps:\n- {{channel: email, day: 0}}\n- {{channel: email, day: 9, {said}}}"
    )
    assert (touches(cadence), missed(cadence)) == ([("email", 0), ("email", 9)], [])


UNREAD = "keys that are not read plan no touch and move none"


def granted(said: str, channel: str = "email") -> list[str]:
    """What is assumed of a key of a step that nothing reads."""
    steps = f"- {{channel: {channel}, day: 0}}\n- {{channel: {channel}, day: 9, {said}}}"
    cadence = one(read, f"steps:\n{steps}")
    assert touches(cadence) == [(channel, 0), (channel, 9)]
    assert missed(cadence) == []
    return [each for each in cadence.assumes if each != "a day of a wait is 24 hours"]


@pytest.mark.parametrize(
    "said",
    [
        *("subject_line: tomorrow", "preview_text: 3 days", "cta_text: book a call", "ps: see you"),
        *("delay_reason: let them read", "wait_note: longer in May", "day_label: Day 3"),
        *("internal_notes: sms only if asked", "deadline_text: until Friday", "template: 7"),
        *(
            "objections: {price: we can wait, timing: in spring}",
            "goal: a reply",
            "hints: [be short]",
        ),
        *("sequence_name: spring", "campaign_id: 7", "calendar_link: 'https://x.example/a'"),
        *("word_count: 90", "cost_per_send: 0.01", "step_name: nudge", "sms_reminder: 'no'"),
        *("condition: always", "if: true", "skip_if: false", "sms_fallback: none"),
    ],
)
def test_texts_labels_measures_and_noes_go_unsaid(said: str) -> None:
    assert granted(said) == []


@pytest.mark.parametrize(
    "said",
    [
        *("daily_limit: 50", "send_limit: '40'", "max_per_day: 50", "rate_limits: {daily: 50}"),
        *("owner: anna", "reply_in_thread: true", "angle: roi", "checklist: [look, write]"),
        *("is_reminder: true", "copy_to_sms: true", "letter_text: Dear Anna", "segment: buyers"),
    ],
)
def test_whatever_else_is_not_read_is_named_among_the_assumptions(said: str) -> None:
    assert granted(said) == [f"{UNREAD}: {said.partition(':')[0]!r}"]


def test_a_text_for_a_voicemail_of_a_call_is_named() -> None:
    told = "a call leaves no message, though there is a text for one: 'voicemail_script'"
    assert granted("voicemail_script: 'Hi, this is Ben'", "call") == [told]


@pytest.mark.parametrize(
    "said", ["body: [a, b]", "subjects: [a, b]", "body2: hi", "body: [{x: a}, 3]"]
)
def test_several_texts_of_one_step_are_named(said: str) -> None:
    told = (
        f"several texts of one step are one message, or variants of it: {said.partition(':')[0]!r}"
    )
    assert granted(said) == [told]


def test_texts_in_several_languages_are_named_and_those_of_one_message_are_not() -> None:
    told = "several texts of one step are one message, or variants of it: 'body'"
    assert granted("body: {en: a, de: b}") == [told]
    assert granted("content: {subject: a, body: b}") == []


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("name: Call the lead", "name"),
        ("title: Intro call", "title"),
        ("template: sms_reminder", "template"),
        ("id: linkedin-2", "id"),
    ],
)
def test_a_name_that_says_a_channel_which_the_step_does_not_say_is_told(
    said: str, key: str
) -> None:
    cadence = one(read, f"steps: [{{day: 0, subject: hi}}, {{day: 4, body: hi, {said}}}]")
    assert [step.channel for step in cadence.steps] == ["email", "email"]
    (untold,) = cadence.unknown
    assert (untold.where, untold.why) == (
        ("steps", 1, key),
        "its name says another channel; it is taken as email",
    )


@pytest.mark.parametrize(
    "said",
    [
        *("name: Email after the call", "name: Post-call email", "name: Call to action", "id: 7"),
        *("name: Call the lead, channel: phone", "name: text", "name: Intro, title: Nudge"),
    ],
)
def test_a_name_that_says_no_other_channel_is_let_be(said: str) -> None:
    told = f"steps: [{{day: 0, subject: hi}}, {{day: 4, body: hi, {said}}}]"
    assert missed(one(read, told)) == []


@pytest.mark.parametrize("said", ["condition: is_new", "skip_if: clicked", "if: score > high"])
def test_a_condition_that_takes_touches_away_is_named(said: str) -> None:
    told = f"a step is made whatever its condition says: {said.partition(':')[0]!r}"
    assert granted(said) == [told]


def held(*said: str) -> Cadence:
    """A list of mails, each of which says something more."""
    steps = "".join(f"- {{channel: email, day: {n}, {each}}}\n" for n, each in enumerate(said))
    return one(read, f"steps:\n{steps}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("id: a", "condition: no_reply"),
        ("condition: always", "only_if: not replied"),
        ("skip_if: replied", "unless: reply"),
        ("requires: ''", "requires: no_response"),
    ],
)
def test_a_reply_ends_what_is_made_only_while_nobody_has_replied(first: str, second: str) -> None:
    cadence = held(first, second, "if: no_reply")
    assert cadence.exits == REPLIES
    assert "a reply ends it: its steps are made while nobody has replied" in cadence.assumes
    assert not any("condition" in each for each in cadence.assumes)
    assert not [node for node in cadence.nodes.values() if isinstance(node, Await)]
    assert missed(cadence) == []


def test_a_reply_does_not_end_what_goes_on_after_it() -> None:
    some = held("id: a", "condition: no_reply", "id: c")
    assert some.exits == frozenset()
    assert "a step is made whatever its condition says: 'no reply'" in some.assumes
    lone = held("condition: no_reply")
    assert (lone.exits, touches(lone)) == (frozenset(), [("email", 0)])


def test_what_has_not_come_is_no_signal_to_wait_for() -> None:
    cadence = held("id: a", "requires: not_opened")
    assert not [node for node in cadence.nodes.values() if isinstance(node, Await)]
    assert "a step is made whatever its condition says: 'not_opened'" in cadence.assumes


def test_keys_that_are_not_read_are_named_once_and_not_without_end() -> None:
    keys = ", ".join(f"own{'abcdefghijklmn'[n]}: x" for n in range(14))
    cadence = one(
        read, f"steps: [{{channel: email, day: 0, {keys}}}, {{channel: sms, day: 9, owna: y}}]"
    )
    (told,) = [each for each in cadence.assumes if each.startswith(UNREAD)]
    assert told.count("'owna'") == 1
    assert told.endswith("'ownl' and 2 more")


def test_more_that_a_wait_of_its_own_says_is_told() -> None:
    wait = "{type: wait, days: 3, until: noon, requires: x, why: y}"
    cadence = one(read, f"steps: [{{channel: email}}, {wait}, {{channel: sms}}]")
    assert missed(cadence) == ["until", "requires"]
    assert f"{UNREAD}: 'why'" in cadence.assumes


@pytest.mark.parametrize(
    "said",
    [
        *("channel: email + call", "channel: email/linkedin", "via: sms_or_whatsapp"),
        *("channel: call-voicemail", "type: email then call", "action: send_email_and_sms"),
    ],
)
def test_a_word_that_names_two_channels_is_told(said: str) -> None:
    cadence = one(read, f"steps: [{{{said}, day: 0, subject: hi}}]")
    assert missed(cadence) == [said.partition(":")[0]]
    assert len([*cadence.steps]) == 1


@pytest.mark.parametrize("said", ["linkedin inmail", "text_message", "email_post_demo", "Email 2"])
def test_more_words_for_one_channel_are_let_be(said: str) -> None:
    assert missed(one(read, f"steps: [{{channel: {said}, day: 0, subject: hi}}]")) == []


@pytest.mark.parametrize(
    "said", ["channel: [email, sms]", "type: [connect]", "method: {by: voice}", "via: true"]
)
def test_a_channel_that_is_no_word_is_told(said: str) -> None:
    cadence = one(read, f"steps: [{{{said}, day: 0, subject: hi}}]")
    assert missed(cadence) == [said.partition(":")[0]]


@pytest.mark.parametrize(
    "said",
    [
        *("sms_steps: [{day: 0, body: a}, {day: 0, body: b}]", "sms: [{body: a}]", "calls: [1]"),
        *("call_steps: [{day: 1}]", "linkedin: {steps: [{day: 0, note: hi}]}", "reminders: 2"),
        *("reminders: [{channel: sms}]", "final_email: {day: 10}", "breakup: {channel: email}"),
        *("send_hour: 3", "send_time: '03:00'", "business_days_only: true", "skip_weekends: true"),
        *("re_enroll_after_days: 5", "on_complete: restart", "next_sequence: other", "jitter: 2h"),
        *("retry: {attempts: 3}", "channels: [email, sms]", "pace: 2 days", "stale_after: 5"),
        *("sms: true", "emails: 3", "medium: sms", "via: email", "cadence: weekly"),
        *("sms: {body: hi}", "channel: [email, sms]", "touches: 4", "send_hour: 0"),
    ],
)
def test_a_key_around_that_may_plan_something_is_told(said: str) -> None:
    cadence = one(read, f"{said}\nsteps: [{{channel: email, day: 0}}, {{channel: email, day: 9}}]")
    assert touches(cadence) == [("email", 0), ("email", 9)]
    assert missed(cadence) == [said.partition(":")[0]]


@pytest.mark.parametrize(
    "said",
    [
        *("name: sms", "audience: customers", "priority: 3", "version: 2", "sms: false", "id: 3d"),
        "sender: {name: Anna, email: a@b.example, phone: '+49 30 1234'}",
        *("opt_in: true", "sms_limit: 3", "call_center: true", "medium: paper", "news: true"),
        *("archive_after_final_step: true", "email: {tone: friendly}", "founded: '2026-01-05'"),
        *(
            "total_steps: 3",
            "updated_at: '2026-03-28T14:00:00Z'",
            "spam_score: 3",
            "note: {a: sms}",
        ),
    ],
)
def test_a_key_around_that_plans_nothing_is_let_be(said: str) -> None:
    cadence = one(read, f"{said}\nsteps: [{{channel: email, day: 0}}, {{channel: email, day: 9}}]")
    assert (touches(cadence), missed(cadence)) == ([("email", 0), ("email", 9)], [])


@pytest.mark.parametrize(
    "said",
    [
        *(
            "sms: hi",
            "frequency: 3",
            "speed: fast",
            "daily_limit: 50",
            "reminder_text: hi",
            "x: [1]",
        ),
        # Numbers that count how many had each touch.
        "sequence_steps: {email 1: 248, email 2: 86}",
        "emails: {Email 1: 0, Email 2: 0}",
    ],
)
def test_a_key_around_that_says_too_little_is_named(said: str) -> None:
    cadence = one(read, f"{said}\nsteps: [{{channel: email, day: 0}}, {{channel: email, day: 9}}]")
    assert (touches(cadence), missed(cadence)) == ([("email", 0), ("email", 9)], [])
    assert f"{UNREAD}: {said.partition(':')[0]!r}" in cadence.assumes


@pytest.mark.parametrize(
    "said",
    [
        "sequence_steps: {email 1: 0, email 2: 3}",  # days, perhaps
        "sequence_days: {email 1: 9, email 2: 3}",
        "sequence_steps: {email 1: 248, email 2: 86, email 3: 4}",
        "sequence_steps: {email 1: 248, sms: 86}",
        "sequence_steps: {email 1: 248, email 2: soon}",
        "sequence_steps: [248, 86]",
    ],
)
def test_numbers_that_may_be_more_than_counts_are_told(said: str) -> None:
    cadence = one(read, f"{said}\nsteps: [{{channel: email, day: 0}}, {{channel: email, day: 9}}]")
    assert missed(cadence) == [said.partition(":")[0]]


def test_numbers_beside_steps_without_times_are_told() -> None:
    said = "sequence_steps: {email 1: 8, email 2: 6}\ncadence: [{channel: email}, {channel: email}]"
    assert "sequence_steps" in missed(one(read, said))


def test_what_stands_beside_a_list_of_touches_in_a_list_is_told() -> None:
    told = """
    flows:
    - {name: a, steps: [{channel: email, day: 0}, {channel: email, day: 9}]}
    - {name: b, plan: [{channel: sms, when: soon}]}
    - {name: c}
    - 3
    """
    cadence = one(read, told)
    (untold,) = cadence.unknown
    assert (untold.where, untold.what[:1]) == (("flows", 1), "{")


def test_more_keys_of_counted_follow_ups_are_told() -> None:
    told = "followup: {max_attempts: 1, delay_days: 2, send_at: '03:00', channel: sms}"
    cadence = one(read, told)
    assert touches(cadence) == [("sms", 0), ("sms", 2)]
    assert missed(cadence) == ["send_at"]


@pytest.mark.parametrize(
    "row", ["{snooze_days: 45, then: re_enroll}", "{defer_days: 45, reenroll: true}", "restart"]
)
def test_a_reply_that_lets_somebody_enter_again_is_told(row: str) -> None:
    said = f"on_reply: {{not_now: {row}, question: {{exit: true, next: call the person again}}}}"
    cadence = one(read, f"steps: [{{channel: email, day: 0}}]\n{said}\n")
    assert missed(cadence) == ["not_now"]
    assert cadence.unknown[0].where == ("on_reply", "not_now")


# -- bad input ------------------------------------------------------------------------------------

KEYS = (
    *("steps", "channel", "day", "delay_days", "delay", "type", "stop_on", "on_reply", "name"),
    *("requires", "attempts", "every", "followup", "max_attempts", "followup_days", "1", "exit"),
    *("variant", "max_touches", "wait_unit", "subject", "quiet_hours"),
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["email", "3d", "reply", "{{x}}", "", "wait", "replied", "A"]),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            below,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_whatever_a_file_holds_gives_cadences_or_a_documented_error(value: object) -> None:
    told = Source("plan.json", json.dumps({"cadences": value, "touches": value}).encode())
    recognises(told)
    try:
        cadences = read(told).cadences
    except CadenceError as error:
        assert "expected" in str(error)  # noqa: PT017
    else:
        assert cadences
        for cadence in cadences:
            touches(cadence)


def test_more_touches_or_lists_than_anybody_plans_are_refused() -> None:
    with pytest.raises(CadenceError, match=r"plan\.yaml:1:19: more than 20,000 touches"):
        read(source(json.dumps({"followup_days": [1] * 20_001})))
    lists = {f"p{n}": {"touches": [{"channel": "email", "day": 1}]} for n in range(2_001)}
    with pytest.raises(CadenceError, match=r"more than 2,000 lists of touches"):
        read(source(json.dumps(lists)))


def test_of_a_long_comment_the_lines_right_above_a_list_are_read() -> None:
    told = "drip:\n- {subject: a, delay_days: 1}\n- {subject: b, delay_days: 9}\n"
    note = "# after the previous\n"
    assert not one(read, note + told).ambiguous
    assert not one(read, note + "#\n" * 49 + told).ambiguous
    assert one(read, note + "#\n" * 50 + told).ambiguous


def test_a_huge_file_and_a_deep_one_are_read() -> None:
    steps = ", ".join(['{"channel": "email", "delay_days": 1, "id": "x"}'] * 20_000)
    (cadence,) = read(Source("plan.json", f'{{"steps": [{steps}]}}'.encode())).cadences
    assert len(cadence.nodes) == 40_000
    deep = '{"steps": ' * 400 + "[]" + "}" * 400
    assert not recognises(Source("deep.json", deep.encode()))


# -- webhooks ------------------------------------------------------------------------------------

HOOKED = """
sequence:
  - {{id: hello, channel: email, wait_days_after_prev: 0}}
  - {{id: hook, {}: webhook, {}, wait_days_after_prev: 2}}
"""


def hooked(rest: str, kind: str = "type") -> Cadence:
    return one(read, HOOKED.format(kind, rest))


@pytest.mark.parametrize(
    ("url", "channel"),
    [
        ("https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json", "sms"),
        ("https://api.bland.ai/v1/calls", "call"),
        ("https://API.SendGrid.com/v3/mail/send", "email"),
    ],
)
@pytest.mark.parametrize("key", ["url", "webhook_url", "endpoint", "uri"])
def test_a_webhook_to_an_address_that_sends_is_a_touch(key: str, url: str, channel: str) -> None:
    steps = hooked(f"{key}: '{url}'").steps
    assert [step.channel for step in steps] == ["email", channel]


@pytest.mark.parametrize("url", ["https://api.lemlist.com/api/leads", "https://x.example/send-sms"])
def test_a_webhook_that_may_send_is_told(url: str) -> None:
    cadence = hooked(f"url: '{url}'")
    assert [step.channel for step in cadence.steps] == ["email"]
    assert [item.what for item in cadence.unknown] == ["url"]


@pytest.mark.parametrize("rest", ["url: 'https://crm.example/contacts'", "method: POST"])
@pytest.mark.parametrize("kind", ["type", "step_type", "action", "kind"])
def test_that_a_webhook_reaches_nobody_is_an_assumption(kind: str, rest: str) -> None:
    cadence = hooked(rest, kind)
    assert not cadence.unknown
    assert f"{NO_SENDER}: 'hook'" in cadence.assumes
    assert [step.channel for step in cadence.steps] == ["email"]
