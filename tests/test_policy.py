"""Policies: rules of one's own, what a policy writes, what file and pack say, and which is used."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cadence_guard import Guard, Policy, PolicyError, Verdict
from cadence_guard._yaml12 import load
from cadence_guard.instants import to_datetime, to_us
from cadence_guard.policy import (
    DEFAULT_FILE,
    AnswerTerms,
    Setting,
    find_policy,
    load_pack,
    pack_names,
    rule_class,
)
from cadence_guard.rules import RULES
from cadence_guard.ruleset import Ruleset
from cadence_guard.testing import a_touch
from support import mail

# -- rules of one's own -----------------------------------------------------------------------

MODULE = "house_rules_of_the_tests"
SOURCE = '''
"""Rules of somebody's own."""

from cadence_guard.instants import DAY, HOUR, NEVER
from cadence_guard.rules import Objection, Rule, Selecting, Spans

NUMBER = 7
FUNCTION = len


class EvenHours(Rule):
    """Free in every even hour of UTC."""

    code = "ACME1"
    name = "even-hours"
    spans = Spans(clock=frozenset(range(0, DAY, HOUR)))

    class Params(Selecting):
        """Which hours."""

        odd: bool = False

    def next_open(self, t, case):
        hour = t // HOUR
        if hour % 2 == self.params.odd:
            return t, (hour + 1) * HOUR
        return (hour + 1) * HOUR, (hour + 2) * HOUR

    def objection(self, t, case):
        return Objection(f"hour {t % DAY // HOUR} is not ours", needs=("call_me",))


class NoSpans(EvenHours):
    """The same, and it cannot say where its answer changes."""

    code = "ACME2"
    name = "no-spans"
    spans = None


class Never(Rule):
    """Never free."""

    code = "ACME3"
    name = "never"

    def next_open(self, t, case):
        return NEVER, NEVER

    def objection(self, t, case):
        return Objection("not with us")


class Raises(Rule):
    """Fails."""

    code = "ACME4"
    name = "raises"

    def next_open(self, t, case):
        raise KeyError("no such thing")


class Before(Rule):
    """Answers with an instant before the one it was asked about."""

    code = "ACME5"
    name = "before"

    def next_open(self, t, case):
        return t - 1, NEVER


class Empty(Rule):
    """Answers with a stretch that ends where it begins."""

    code = "ACME6"
    name = "empty"

    def next_open(self, t, case):
        return t, t


class Mute(Never):
    """Objects and cannot say why."""

    code = "ACME7"
    name = "mute"

    def objection(self, t, case):
        raise RuntimeError("lost for words")
'''

ENTRY_POINTS = f"""[cadence_guard.rules]
even-hours = {MODULE}:EvenHours
no-rule = {MODULE}:NUMBER
broken-rule = no_such_module_at_all:Rule
"""


@pytest.fixture(autouse=True)
def _house_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module of rules on the path, and a package that offers one of them by an entry point."""
    (tmp_path / f"{MODULE}.py").write_text(SOURCE, "utf-8")
    (tmp_path / "broken_rules_of_the_tests.py").write_text("1 / 0\n", "utf-8")
    info = tmp_path / "house_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop(MODULE, None)
    importlib.invalidate_caches()


def house(name: str) -> str:
    """The import path of a rule of that module."""
    return f"{MODULE}:{name}"


def test_a_rule_is_named_by_its_import_path_or_entry_point() -> None:
    """Both lead to the same class; a built-in name to the built-in rule."""
    assert rule_class("over-cap") is RULES["over-cap"]
    assert rule_class(house("EvenHours")) is rule_class("even-hours")
    assert rule_class("even-hours").code == "ACME1"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (house("NUMBER"), "is no subclass of cadence_guard.rules.Rule"),
        (house("FUNCTION"), "is no subclass of cadence_guard.rules.Rule"),
        ("builtins:int", "is no subclass of cadence_guard.rules.Rule"),
        ("no-rule", "rule 'no-rule' is no subclass of cadence_guard.rules.Rule"),
        (house("Nowhere"), "cannot be imported: module 'house_rules_of_the_tests' has no"),
        ("no_such_module_at_all:Rule", "cannot be imported: No module named"),
        ("broken-rule", "rule 'broken-rule' cannot be imported: No module named"),
        ("broken_rules_of_the_tests:Rule", "cannot be imported: division by zero"),
        (":Rule", "cannot be imported: Empty module name"),
        ("even-hour", "unknown rule 'even-hour'; expected one of: opted-out"),
        ("ovr-cap", "unknown rule 'ovr-cap'; did you mean 'over-cap'? expected one of"),
        ("my.rules.Own", "unknown rule 'my.rules.Own'; did you mean 'my.rules:Own'? expected"),
    ],
)
def test_what_is_no_rule_is_told(name: str, said: str) -> None:
    """No module, no such name in it, an error in it, no class of rules: the policy says which."""
    with pytest.raises(ValueError) as caught:
        rule_class(name)
    assert said in str(caught.value)
    for where in ({"rules": {name: {}}}, {"exempt": [exemption(name)]}):
        with pytest.raises(PolicyError) as wrong:
            Policy(**where)
        assert said in str(wrong.value)


def exemption(rule: str) -> dict[str, Any]:
    """Surveys are left alone by a rule."""
    return {"purposes": ["survey"], "from": [rule], "because": "agreed"}


EVEN, ODD = "2026-03-09T10:20:00Z", "2026-03-09T11:20:00Z"


@pytest.mark.parametrize("name", ["even-hours", house("EvenHours"), house("NoSpans")])
def test_a_rule_of_ones_own_is_judged(name: str) -> None:
    """From a file to a decision: allowed until it closes, deferred to when it opens, with words.

    A rule without spans is judged like any other.
    """
    guard = Guard(Policy.parse(json.dumps({"version": 1, "rules": {name: {}}})))
    free = guard.evaluate(mail(EVEN))
    assert (free.verdict, free.until) == (Verdict.ALLOW, None)
    assert free.open_until == to_datetime(to_us(free.at) + 40 * 60_000_000)
    closed = guard.evaluate(mail(ODD))
    assert closed.verdict is Verdict.DEFER
    assert closed.until == to_datetime(to_us(closed.at) + 40 * 60_000_000)
    finding = closed.findings[0]
    assert finding.code == rule_class(name).code
    assert finding.message == "hour 11 is not ours"
    assert closed.needs == ("call_me", "contact")  # and nothing is known of c1
    with guard.reserve(mail(EVEN, id="m1")) as booked:
        booked.confirm("sent")
    assert guard.evaluate(mail(ODD)).to_json() == closed.to_json()


def test_the_parameters_of_a_rule_of_ones_own() -> None:
    """They are read as strictly as those of the built-in rules, and select as those do."""
    entry = {"odd": True, "channels": ["email"], "effect": "block"}
    guard = Guard(Policy(rules={house("EvenHours"): [entry, {"purposes": ["survey"]}]}))
    assert guard.evaluate(mail(ODD)).allowed
    assert not guard.evaluate(mail(EVEN)).allowed
    assert not guard.evaluate(mail(ODD, purpose="survey")).allowed
    with pytest.raises(PolicyError, match=r"unknown key 'od'; did you mean 'odd'\?"):
        Policy(rules={house("EvenHours"): {"od": True}})
    with pytest.raises(PolicyError, match="odd: input should be a valid boolean"):
        Policy(rules={house("EvenHours"): {"odd": 1}})


def test_an_exemption_may_name_channels_alone() -> None:
    """It then holds for every purpose."""
    exempt = {"channels": ["post"], "from": ["over-cap"], "because": "a letter harms nobody"}
    ruleset = Ruleset(Policy(rules={"over-cap": {"max": 0}}, exempt=[exempt]))
    spared = ruleset.plan(a_touch(channel="post", to="Elm Street 5", purpose="x-own"))
    assert "over-cap" not in {entry.name for entry in spared.blocking}
    judged = ruleset.plan(a_touch(purpose="x-own"))
    assert "over-cap" in {entry.name for entry in judged.blocking}


def test_exemptions_off_and_warnings_of_a_rule_of_ones_own() -> None:
    """A rule of one's own can be exempted from, set to warn, and switched off."""
    rule = house("Never")
    spared = Guard(Policy(rules={rule: {}}, exempt=[exemption(rule)]))
    assert spared.evaluate(mail(purpose="survey")).allowed
    assert spared.evaluate(mail()).verdict is Verdict.DENY
    assert Guard(Policy(rules={rule: "off"})).evaluate(mail()).allowed
    warned = Guard(Policy(rules={rule: {"effect": "warn"}})).evaluate(mail())
    assert warned.allowed
    assert [(f.code, f.effect) for f in warned.findings if f.code != "CG904"] == [("ACME3", "warn")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Raises", "KeyError: 'no such thing'"),
        ("Before", "an instant before the one it was asked about"),
        ("Empty", "a stretch that ends where it begins"),
    ],
)
def test_a_rule_of_ones_own_that_fails_is_a_no(name: str, said: str) -> None:
    """CG901, a deny, every time it is asked, with what went wrong."""
    guard = Guard(Policy(rules={house(name): {}, "too-late": {}}))
    for _ in range(2):
        decision = guard.evaluate(mail())
        assert decision.verdict is Verdict.DENY
        assert decision.until is decision.open_until is None
        finding = next(f for f in decision.findings if f.effect == "block")
        assert finding.code == "CG901"
        assert said in finding.message


def test_a_rule_that_cannot_say_why_still_objects() -> None:
    """Its answer counts, and the finding says that the rule failed."""
    decision = Guard(Policy(rules={house("Mute"): {}})).evaluate(mail())
    assert decision.verdict is Verdict.DENY
    found = [(f.code, f.message) for f in decision.findings if f.effect == "block"]
    why = "rule mute failed, so nothing may be sent: RuntimeError: lost for words"
    assert found == [("CG901", why)]


# -- settings ---------------------------------------------------------------------------------


def entries(policy: Policy, rule: str) -> list[tuple[str, str | None]]:
    """(effect, pack) of each entry that a ruleset has of a rule."""
    found = Ruleset(policy).entries
    return [(entry.effect, entry.pack) for entry in found if type(entry) is RULES[rule]]


def test_an_effect_alone_keeps_the_numbers_of_the_pack() -> None:
    """Every entry of the pack stays, with the other effect, and stays the pack's."""
    packed = entries(Policy(packs=["humane"]), "over-cap")
    assert {effect for effect, _ in packed} == {"block"}
    warned = entries(Policy(packs=["humane"], rules={"over-cap": {"effect": "warn"}}), "over-cap")
    assert warned == [("warn", "humane")] * len(packed)
    mixed = Policy(packs=["humane"], rules={"unknown-source": {"effect": "block"}})
    assert {effect for effect, _ in entries(mixed, "unknown-source")} == {"block"}


def test_an_effect_alone_without_a_pack() -> None:
    """It stands alone for a rule that can do without numbers; another one needs them."""
    assert entries(Policy(rules={"paused": {"effect": "warn"}}), "paused") == [("warn", None)]
    for packs in ([], ["minimal"]):
        with pytest.raises(PolicyError, match="over-cap: no pack states it, so it needs its para"):
            Policy(packs=packs, rules={"over-cap": {"effect": "warn"}})
    with pytest.raises(PolicyError, match=r"^policy:3:13: over-cap: no pack states it"):
        Policy.parse("version: 1\nrules:\n  over-cap: {effect: warn}")


def test_off_and_a_list_replace_what_the_packs_say() -> None:
    """The whole list, whatever pack stated it; an empty policy has the rules that are always on."""
    assert entries(Policy(packs=["humane"], rules={"over-cap": "off"}), "over-cap") == []
    one = Policy(packs=["humane"], rules={"over-cap": {"max": 9, "per": "7d"}})
    assert entries(one, "over-cap") == [("block", None)]
    always = {entry.code for entry in Ruleset(Policy()).entries}
    assert always == {"CG101", "CG104", "CG204"}
    for said in ({}, [], [{}]):
        assert entries(Policy(rules={"opted-out": said}), "opted-out") == [("block", None)]


def test_a_setting_may_be_given_as_it_is() -> None:
    """What one policy holds, another takes over."""
    rules = Policy(rules={"over-cap": {"max": 9, "per": "7d"}, "paused": "off"}).rules
    assert Policy(rules=rules).rules == rules
    assert Policy(rules={"paused": Setting(off=True)}) == Policy(rules={"paused": "off"})


def test_packs_are_known_and_named_once() -> None:
    """An unknown one gets the nearest name."""
    assert {"humane", "minimal"} <= {*pack_names()}
    assert {entry[1] for entry in entries(Policy(packs=["minimal", "humane"]), "paused")} == {
        "humane",
        "minimal",
    }
    for packs, said in (
        (["humane", "humane"], "pack 'humane' is named twice"),
        (["humne"], "unknown pack 'humne'; did you mean 'humane'?"),
        ([["humane"]], "unknown pack"),
        ("humane", r"expected a list of packs, such as \[humane\]"),
    ):
        with pytest.raises(PolicyError) as caught:
            Policy(packs=packs)
        assert said.replace("\\", "") in str(caught.value)
    with pytest.raises(PolicyError, match=r"unknown pack 'humne'; did you mean 'humane'\?"):
        load_pack("humne")
    assert load_pack("humane").title == "Humane"


# -- in and out -------------------------------------------------------------------------------


def raw(pack: str) -> dict[str, Any]:
    """What a pack states, as it stands in its file."""
    path = Path(sys.modules[Policy.__module__].__file__ or "").with_name("packs") / f"{pack}.yaml"
    data: Any = load(path.read_bytes()).data
    return {key: data[key] for key in ("rules", "exempt", "answers") if key in data}


POLICIES: list[dict[str, Any]] = [
    {},
    {"packs": ["humane"]},
    {"packs": ["humane", "minimal"], "horizon": "30d", "answers": "off"},
    {"answers": {"within": "3d"}},
    {
        "packs": ["humane"],
        "rules": {"over-cap": {"effect": "warn"}, "paused": "off", "opted-out": {}},
    },
    {"rules": {"over-cap": [{"max": 0, "calendar": "month", "tags": ["a"], "effect": "warn"}]}},
    {"rules": {"after-refusal": {"declined": "P6M"}, "blackout": {"dates": ["2026-12-24"]}}},
    {"rules": {"unanswered-streak": {"steps": [{"after": 3, "gap": "never"}]}}},
    {"exempt": [exemption("over-cap"), {**exemption("paused"), "channels": ["email"]}]},
    raw("humane"),
    raw("minimal"),
]


@pytest.mark.parametrize("said", POLICIES, ids=json.dumps)
def test_what_a_policy_writes_a_policy_reads(said: dict[str, Any]) -> None:
    """As Python, as plain data and as a file, twice over; a null is never written."""
    policy = Policy(**said)
    text = policy.model_dump_json()
    assert "null" not in text
    for read in (
        Policy.parse(text),
        Policy.model_validate(policy.model_dump(mode="json")),
        Policy.model_validate(policy.model_dump()),
        Policy.model_validate(policy.model_dump(exclude_defaults=True)),
    ):
        assert read == policy
        assert read.model_dump_json() == text


def test_a_policy_is_a_policy() -> None:
    """One that exists is taken as it is; what is no mapping is no policy."""
    policy = Policy(packs=["minimal"])
    assert Policy.model_validate(policy) is policy
    for value in (7, "humane", ["humane"]):
        with pytest.raises(PolicyError, match=f"a policy is a mapping, not {type(value).__name__}"):
            Policy.model_validate(value)
    terms = Policy(answers={"signals": ["replied"]}).answers
    assert isinstance(terms, AnswerTerms)
    assert Policy(answers=terms).answers is terms


# -- which one --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["self", "data"])
def test_no_key_is_mistaken_for_an_argument(key: str) -> None:
    for make in (Policy.model_validate, lambda said: Policy(**said)):
        with pytest.raises(PolicyError, match=f"unknown key '{key}'"):
            make({key: 1})


def test_the_policy_of_a_file_that_is_named(tmp_path: Path) -> None:
    """The file counts, wherever it lies, as a text or a path."""
    path = tmp_path / "other.yaml"
    path.write_text("version: 1\npacks: [minimal]\n", "utf-8")
    assert find_policy(path) == find_policy(str(path)) == (Policy(packs=["minimal"]), str(path))


def test_the_policy_of_the_folder_else_humane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a name it is ./cadence-guard.yaml, else the pack humane; a folder is no file."""
    monkeypatch.chdir(tmp_path)
    humane = (Policy(packs=["humane"]), "pack humane")
    assert find_policy() == humane
    folder = tmp_path / DEFAULT_FILE
    folder.mkdir()
    assert find_policy() == humane
    folder.rmdir()
    (tmp_path / DEFAULT_FILE).write_text("version: 1\nhorizon: 5d\n", "utf-8")
    assert find_policy() == (Policy(horizon="5d"), DEFAULT_FILE)
    (tmp_path / DEFAULT_FILE).write_text("version: 1\nhorizn: 5d\n", "utf-8")
    with pytest.raises(PolicyError, match=r"^cadence-guard.yaml:2:1: unknown key 'horizn'"):
        find_policy()


@pytest.mark.parametrize("name", ["nowhere.yaml", "", "a\0b"])
def test_a_file_that_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    """Absent, a folder, or no name at all: a PolicyError that begins with the path."""
    path = tmp_path / name
    with pytest.raises(PolicyError) as caught:
        find_policy(path)
    assert str(caught.value).startswith(f"{path}: cannot be read: ")


@pytest.mark.parametrize("version", [True, 1.0, "1", 2])
def test_a_version_is_the_number_one(version: object) -> None:
    with pytest.raises(ValueError, match="version"):
        Policy.model_validate({"version": version})


def test_a_policy_without_version_is_refused_in_a_file_only(tmp_path: Path) -> None:
    """In Python it is 1 unless said."""
    path = tmp_path / "p.yaml"
    path.write_text("packs: [minimal]\n", "utf-8")
    with pytest.raises(PolicyError, match=r"p\.yaml:1:1: 'version' is missing; write"):
        Policy.load(path)
    assert Policy(packs=["minimal"]).version == 1
