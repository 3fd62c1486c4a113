"""What a policy says in vain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cadence_guard import Policy, ruleset
from cadence_guard import policy as policies
from cadence_guard.check import policy_check
from cadence_guard.check.policy_check import NAMES, check_policy, pages
from cadence_guard.check.report import Finding
from cadence_guard.check.run import is_policy
from cadence_guard.importers._source import Source
from cadence_guard.instants import NEVER
from cadence_guard.policy import Setting
from cadence_guard.rules import Objection, OpenStretch, Params, Rule, Selecting
from cadence_guard.rules.over_cap import OverCap


def found(text: str) -> list[Finding]:
    """The findings about a policy in YAML."""
    text = f"version: 1\n{text}"
    return check_policy(Policy.parse(text), Source("p.yaml", text.encode()))


def told(text: str) -> list[tuple[int, int, str, str]]:
    """Line, column, code and message of each finding."""
    return [(one.line, one.column, one.code, one.message) for one in found(text)]


@pytest.mark.parametrize("packs", ["[humane]", "[minimal]", "[humane, minimal]"])
def test_the_packs_say_nothing_in_vain(packs: str) -> None:
    assert told(f"packs: {packs}\n") == []


def test_a_plain_policy_says_nothing_in_vain() -> None:
    text = """\
packs: [humane]
rules:
  over-cap:
    - {channels: [email], max: 3, per: 7d}
    - {channels: [email], max: 8, per: 30d}
    - {max: 5, per: 7d, scope: account}
    - {max: 1, calendar: day}
  wrong-name: off
  outside-hours: {effect: warn}
  missing-consent: {accept: [{purchased: 30d}]}
exempt:
  - {purposes: [survey], channels: [email], from: [over-cap], because: asked for}
answers: {signals: [replied], within: 2d}
"""
    assert told(text) == []


def test_a_finding_is_a_warning_with_its_place() -> None:
    (finding,) = found("packs: [minimal]\nrules:\n  opted-out: {}\n")
    assert (finding.code, finding.name) == ("CG813", "entry-without-effect")
    assert (finding.effect, finding.certainty) == ("warn", None)
    assert (finding.path, finding.line, finding.column, finding.end_column) == ("p.yaml", 4, 3, 12)
    assert finding.help


# -- which files are policies --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1\npacks: [humane]\n", True),
        ("version: 1\npacks: [humane]\nruels: {}\n", True),
        ("rules: {}\nexempt: []\n", True),
        ('{"version": 1, "rules": {}}', True),
        ("version: 1\n", False),
        ("version: 1\ncadence: {name: x}\n", False),
        ("rules: {}\nnodes: []\n", False),
        ("- packs\n", False),
        ("{}", False),
    ],
)
def test_a_policy_is_told_by_its_content(text: str, expected: bool) -> None:
    assert is_policy(Source("p.yaml", text.encode())) is expected


# -- channel-never-allowed -----------------------------------------------------------------------


def test_hours_with_no_minute_in_common() -> None:
    text = """\
rules:
  outside-hours:
    - {windows: [{from: "09:00", to: "18:00"}]}
    - {channels: [call], windows: [{from: "18:00", to: "20:00"}]}
"""
    message = "no touch by call is ever allowed: outside-hours"
    assert told(text) == [(4, 7, "CG811", message)]


def test_a_channel_with_a_cap_of_none() -> None:
    text = """\
packs: [humane]
rules:
  over-cap: {channels: [sms], max: 0}
"""
    message = "no touch by sms is ever allowed, but for transactional ones: over-cap"
    assert told(text) == [(4, 3, "CG811", message)]


def test_the_entry_that_is_never_free_is_named() -> None:
    text = """\
rules:
  outside-hours: {windows: [{from: "20:00", to: "21:00"}]}
  over-cap:
    - {max: 5, per: 7d}
    - {channels: [ad], max: 0}
"""
    assert told(text) == [(6, 7, "CG811", "no touch by ad is ever allowed: over-cap")]


def test_grounds_that_nobody_can_give_together() -> None:
    accepts = """\
rules:
  missing-consent: {channels: [post], accept: [purchased]}
  uninvited-channel: {channels: [post], accept: [invited]}
"""
    assert told(accepts) == []
    shut = accepts + "  blackout: {dates: [{from: 2025-01-01, to: 2030-01-01}], channels: [post]}\n"
    assert told(shut) == [(5, 3, "CG811", "no touch by post is ever allowed: blackout")]


def test_a_purpose_of_ones_own_may_be_the_way() -> None:
    text = """\
rules:
  over-cap: {channels: [social], max: 0}
exempt:
  - {purposes: [x-friends], from: [over-cap], because: they asked}
"""
    assert told(text) == []


class Shut(Rule):
    """Never free, or worse."""

    code = "CG999"
    name = "shut"

    class Params(Params):
        fails: bool = False

    def next_open(self, t: int, case: Any) -> OpenStretch:
        if self.params.fails:
            raise RuntimeError("no")
        return NEVER, NEVER

    def objection(self, t: int, case: Any) -> Objection:
        return Objection("shut")


@pytest.mark.parametrize("params", ["{}", "{fails: true}"])
def test_a_rule_of_ones_own_may_shut_every_channel(params: str) -> None:
    findings = found(f"rules:\n  {__name__}:Shut: {params}\n")
    assert {one.code for one in findings} == {"CG811"}
    assert len(findings) == 9
    assert findings[0].message.endswith("is ever allowed: shut")


def test_a_pack_that_shuts_a_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = policies.load_pack("minimal")
    cap = Setting((OverCap.Params.model_validate({"channels": ["post"], "max": 0}),))
    shut = pack.model_copy(update={"rules": {**pack.rules, "over-cap": cap}})
    for module in (ruleset, policy_check):
        monkeypatch.setattr(module, "load_pack", lambda name: shut)
    message = "no touch by post is ever allowed: over-cap"
    assert told("packs: [minimal]\n") == [(2, 1, "CG811", message)]


# -- exemption-never-matches ---------------------------------------------------------------------

EXEMPT = """\
packs: [minimal]
rules:
  outside-hours: {channels: [call], windows: [{from: "09:00", to: "18:00"}]}
  missed-calls: {max: 2, per: 14d}
exempt:
"""


@pytest.mark.parametrize(
    ("entry", "column", "why"),
    [
        ("purposes: [sales], from: [over-cap]", 5, "neither the policy nor a pack states over-cap"),
        (
            "purposes: [sales], channels: [email], from: [outside-hours]",
            5,
            "no entry of outside-hours is about such touches",
        ),
        (
            "purposes: [transactional], from: [paused, paused]",
            5,
            "such touches are exempt from paused already",
        ),
        (
            "purposes: [sales], from: [paused, over-cap]",
            40,
            "neither the policy nor a pack states over-cap",
        ),
        (
            "purposes: [sales], from: [over-cap, too-soon]",
            5,
            (
                "neither the policy nor a pack states over-cap;"
                " neither the policy nor a pack states too-soon"
            ),
        ),
    ],
)
def test_an_exemption_that_never_matches(entry: str, column: int, why: str) -> None:
    (finding,) = found(f"{EXEMPT}  - {{{entry}, because: it}}\n")
    assert (finding.line, finding.column, finding.code) == (7, column, "CG812")
    assert finding.message == f"an exemption that never matches: {why}"


def test_an_exemption_that_stands_above() -> None:
    narrow = "  - {purposes: [sales], channels: [call], from: [outside-hours], because: it}\n"
    assert told(EXEMPT + narrow) == []
    assert [one[:3] for one in told(EXEMPT + narrow + narrow)] == [(8, 5, "CG812")]
    other = narrow.replace("sales", "survey")
    assert told(EXEMPT + narrow + other) == []
    wide = narrow.replace("outside-hours", "paused").replace("call", "sms")
    assert told(EXEMPT + wide + wide.replace("channels: [sms], ", "")) == []


# -- entry-without-effect ------------------------------------------------------------------------


LAST = (policy_check.START - timedelta(days=1)).date()
GONE = LAST - timedelta(days=1)
"""West of the date line it is still the one at the start, and no more the other."""


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("packs: []\n", 1, 1, "a policy that says nothing: only the three rules that are always"),
        ("packs: [minimal]\nrules:\n  too-soon: 'off'\n", 4, 3, "there is nothing to switch off"),
        ("packs: [minimal]\nrules:\n  paused: {effect: block}\n", 4, 3, "effect is block anyway"),
        ("packs: [minimal]\nrules:\n  suppressed: {}\n", 4, 3, "suppressed: is always on anyway"),
        ("packs: [minimal]\nanswers: {within: 2d}\n", 3, 1, "no entry of over-cap, too-soon or"),
        (
            "rules:\n  over-cap: {channels: [meeting], max: 1, per: 7d}\n",
            3, 3, "over-cap: the rule is not about its channels",
        ),
        (
            ("packs: [humane]\nrules:\n  wrong-name: {}\n"
            "  not-the-holder: {purposes: [service, transactional]}\n"),
            5, 3, "not-the-holder: all it is about is exempt",
        ),
        (
            'rules:\n  outside-hours: {unknown: open, windows: [{from: "00:00", to: "24:00"}]}\n',
            3, 3, "outside-hours: its windows cover the whole week",
        ),
        (
            ("rules:\n  unanswered-streak: {steps: [{after: 3, gap: 7d}, {after: 6, gap: 7d},"
            " {after: 9, gap: 90d}]}\n"),
            3, 52, "unanswered-streak: after 6: its gap is that after 3 already",
        ),
        (
            (f"rules:\n  blackout: {{dates: [2025-12-24, {{from: 2025-12-25, to: {GONE}}}]}}\n"),
            3, 3, "blackout: its dates have passed, everywhere on earth",
        ),
        (
            "rules:\n  too-soon:\n    - {gap: 20h}\n    - {gap: 20h}\n",
            5, 7, "too-soon: the entry on line 4 says the same",
        ),
        (
            ("rules:\n  repeated-message:\n    - {per: 20d, teams: [a], effect: warn}\n"
            "    - {per: 20d, teams: [a, b]}\n"),
            4, 7, "repeated-message: the entry on line 5 says the same",
        ),
        (
            ("rules:\n  over-cap:\n    - {channels: [email], max: 4, per: 28d}\n"
            "    - {max: 1, per: 7d}\n"),
            4, 7, "over-cap: max 4 per 28d is implied by max 1 per 7d on line 5",
        ),
        (
            "rules:\n  over-cap: {max: 1, per: 12h}\n  too-soon: {gap: 12h}\n",
            4, 3, "too-soon: gap 12h is implied by max 1 per 12h on line 3",
        ),
        (
            "packs: [humane]\nrules:\n  over-cap: {max: 2, per: 30h}\n",
            4, 3, "over-cap: max 2 per 30h is implied by gap 20h of the pack humane",
        ),
        (
            "rules:\n  over-cap:\n    - {max: 3, calendar: day}\n    - {max: 2, calendar: day}\n",
            4, 7, "over-cap: max 3 a day is implied by max 2 a day on line 5",
        ),
        (
            ("rules:\n  over-cap:\n    - {max: 3, calendar: day}\n    - {channels: [ad], max: 2,"
            " per: 8d}\n    - {channels: [ad], max: 4, calendar: week}\n"),
            6, 7, "over-cap: max 4 a week is implied by max 2 per 8d on line 5",
        ),
        (
            ("rules:\n  pressure:\n    caps:\n      - {tags: [urgent], max: 3, per: 7d}\n"
            "      - {tags: [urgent, deal], max: 2, per: 14d}\n"),
            5, 9, "pressure: max 3 per 7d (urgent) is implied by max 2 per 14d (urgent, deal) on",
        ),
    ],
)  # fmt: skip
def test_what_has_no_effect(text: str, line: int, column: int, why: str) -> None:
    (finding,) = found(text)
    assert (finding.line, finding.column, finding.code) == (line, column, "CG813")
    assert why in finding.message


@pytest.mark.parametrize(
    "rules",
    [
        'outside-hours: {unknown: open, windows: [{days: [mon, tue], from: "00:00", to: "24:00"}]}',
        'outside-hours: {windows: [{from: "00:00", to: "24:00"}]}',
        "too-soon: [{gap: 20h, effect: warn}, {gap: 10h}]",
        "too-soon: [{gap: 20h, teams: [a]}, {gap: 10h}]",
        "too-soon: [{gap: 20h, tags: [a]}, {gap: 20h, tags: [b]}]",
        "over-cap: [{max: 3, per: 28d}, {max: 1, per: 7d}]",
        "over-cap: [{max: 3, per: 7d}, {max: 2, per: 7d, scope: account}]",
        "over-cap: [{max: 3, per: 7d, purposes: [sales]}, {max: 2, per: 7d, purposes: [survey]}]",
        "over-cap: [{max: 3, calendar: week}, {max: 2, calendar: day}]",
        "over-cap: [{max: 1, per: 1h}, {max: 1, calendar: day}]",
        "pressure: {caps: [{tags: [a], max: 3, per: 7d}, {tags: [b], max: 2, per: 7d}]}",
        "pressure: {caps: [{tags: [a, b], max: 3, per: 7d}, {tags: [b], max: 2, per: 7d}]}",
        f"blackout: {{dates: [2025-12-24, {LAST}]}}",
        "pressure: [{moved_deadline: true}, {caps: [{tags: [a], max: 3, per: 7d}]}]",
    ],
)
def test_what_has_an_effect(rules: str) -> None:
    assert told(f"rules:\n  {rules}\n") == []


class Twin(Rule):
    """A rule of somebody's own, about which nobody knows what implies what."""

    code = "CG998"
    name = "twin"

    class Params(Selecting):
        pass

    def next_open(self, t: int, case: Any) -> OpenStretch:
        return t, NEVER


def test_entries_of_ones_own_rule_are_left_alone() -> None:
    assert told(f"rules:\n  {__name__}:Twin: [{{}}, {{}}]\n") == []
    assert Twin(Twin.Params()).objection(0, None).message == "twin objects"  # type: ignore[arg-type]
    assert Shut(Shut.Params()).objection(0, None).message == "shut"


def test_each_check_has_a_page() -> None:
    assert list(pages()) == list(NAMES)
    for code, (name, text) in pages().items():
        assert name == NAMES[code]
        assert text.startswith("Objects ")
        assert "\n## Why\n" in text
