"""The engine: rounds, findings, horizon, a rule that fails, the calendar (3, 4, 8, 9)."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from cadence_guard import Decision, Policy, PolicyError, Stretch, Verdict, engine
from cadence_guard.book import Book
from cadence_guard.engine import calendar, decide
from cadence_guard.history import Case
from cadence_guard.instants import DAY, HOUR, NEVER, to_us
from cadence_guard.rules import RULES, Objection, OpenStretch, Rule
from cadence_guard.ruleset import Ruleset
from support import blocking, book_of, case_of, contact, hashed, judge, mail, signal


class Odd(Rule):
    """A user's own rule, whose answer a test chooses."""

    code = "CG999"
    name = "odd"
    answer: Any = None
    words: Any = Objection("odd", ("country",))

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return type(self).answer(t)

    def objection(self, t: int, case: Case) -> Objection:
        if isinstance(type(self).words, Exception):
            raise type(self).words
        return type(self).words


class Standing(Odd):
    name = "standing-odd"
    standing = True


HERE = f"{__name__}:"


def odd(
    monkeypatch: pytest.MonkeyPatch, answer: Any, cls: type[Odd] = Odd, **more: Any
) -> Decision:
    monkeypatch.setattr(cls, "answer", staticmethod(answer))
    return judge({"rules": {f"{HERE}{cls.__name__}": {}}, **more}, [], mail())


def fails(t: int) -> OpenStretch:
    raise ZeroDivisionError("oh")


class Broken(Odd):
    def set_up(self, params: Any) -> None:
        raise ZeroDivisionError("oh")


class Nameless(Odd):
    code = ""


class Posing(Odd):
    code = "CG101"


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (Broken, "ZeroDivisionError: oh"),
        (Nameless, "give it one of its own"),
        (Posing, "has the code 'CG101'; give it one of its own"),
    ],
)
def test_a_rule_that_cannot_be_one_is_an_error_of_the_policy(cls: type[Odd], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        judge({"rules": {f"{HERE}{cls.__name__}": {}}}, [], mail())


def test_an_objection_that_is_none_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Odd, "words", None)
    (finding,) = odd(monkeypatch, lambda t: (NEVER, NEVER)).findings[:1]
    assert finding.code == "CG901"
    assert "its objection is a NoneType" in finding.message


@pytest.mark.parametrize(
    "words",
    [
        Objection(None),  # type: ignore[arg-type]
        Objection("odd", ("country", 7)),  # type: ignore[arg-type]
        Objection("odd", None),  # type: ignore[arg-type]
        Objection("odd", facts=[7]),  # type: ignore[arg-type]
        Objection("odd", code=7),  # type: ignore[arg-type]
        Objection("odd", name=7),  # type: ignore[arg-type]
    ],
)
def test_an_objection_that_cannot_be_told_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, words: Objection
) -> None:
    monkeypatch.setattr(Odd, "words", words)
    decision = odd(monkeypatch, lambda t: (NEVER, NEVER))
    assert blocking(decision) == {"CG901"}
    assert Decision.from_json(decision.to_json()) == decision


class Mute:
    """Nobody can say what it is."""

    def __str__(self) -> str:
        raise ZeroDivisionError


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"at": datetime(2026, 3, 9, tzinfo=UTC)}, {"at": "2026-03-09 00:00:00+00:00"}),
        (
            {"in": {"who": {"b", "a", "c"}, "n": (1, 2)}},
            {"in": {"who": ["a", "b", "c"], "n": [1, 2]}},
        ),
        ({"share": float("nan")}, {"share": "nan"}),
        ({"of": {(1, 2): 3}}, {"of": "{(1, 2): 3}"}),
        ({7: 8, None: True}, {"7": 8, "None": True}),
        ({"loop": LOOP}, {"loop": "[[...]]"}),
        ({"mute": Mute()}, {"mute": "<Mute>"}),
        ({"huge": 10**5000}, {"huge": "<int>"}),
    ],
)
def test_facts_that_json_cannot_say_cost_nobody_the_verdict(
    monkeypatch: pytest.MonkeyPatch, facts: Any, told: Any
) -> None:
    monkeypatch.setattr(Odd, "words", Objection("odd", facts=facts))
    decision = odd(monkeypatch, lambda t: (NEVER, NEVER))
    findings = {found["code"]: found for found in json.loads(decision.to_json())["findings"]}
    assert findings["CG999"]["facts"] == told
    assert Decision.from_json(decision.to_json()) == decision
    assert pickle.loads(pickle.dumps(decision)) == decision


@pytest.mark.parametrize("cls", [Odd, Standing])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (fails, "ZeroDivisionError: oh"),
        (lambda t: (t - 1, NEVER), "an instant before the one it was asked about"),
        (lambda t: (t, t), "a stretch that ends where it begins"),
        (lambda t: (t + 5, t + 5), "a stretch that ends where it begins"),
        (lambda t: None, "TypeError"),
        (lambda t: (float(t), NEVER), "not with microseconds"),
        (lambda t: (t, float(NEVER)), "not with microseconds"),
        (lambda t: ("soon", "late"), "TypeError"),
    ],
)
def test_a_rule_that_fails_is_a_no(
    monkeypatch: pytest.MonkeyPatch, cls: type[Odd], answer: Any, reason: str
) -> None:
    decision = odd(monkeypatch, answer, cls)
    assert decision.verdict is Verdict.DENY
    (finding,) = (f for f in decision.findings if f.effect == "block")
    assert (finding.code, finding.name) == ("CG901", "rule-failed")
    assert reason in finding.message
    assert finding.facts == {"rule": cls.name}


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


@pytest.mark.parametrize(
    ("touch", "error", "told"),
    [
        (mail(), KeyError("al@example.org"), "KeyError: 'a***@example.org'"),
        (mail(to=" AL@Example.org"), ValueError("no AL@Example.org"), "no a***@example.org"),
        (mail(), ValueError("<Bo@b.example>: 550"), "ValueError: <b***@b.example>: 550"),
        (mail(), ValueError("not +1 (512) 555-0143!"), "ValueError: not +1512*****43!"),
        (mail(), ValueError("to='5125550143'"), "ValueError: to='5***'"),
        (mail(channel="social", to="@Ada"), ValueError("ada, @ada"), "ValueError: a***, a***"),
        (mail(channel="post", to="Elm Street 1"), ValueError("Elm Street 1?"), "Error: e***?"),
        (mail(), ValueError("at 12:00, 7d"), "ValueError: at 12:00, 7d"),
        (
            {key: value for key, value in mail(channel="ad").items() if key != "to"},
            KeyError("tier"),
            "KeyError: 'tier'",
        ),
        (mail(), Unspeakable(), "Unspeakable: it cannot say why"),
    ],
)
def test_what_a_rule_raises_names_no_point(
    monkeypatch: pytest.MonkeyPatch, touch: dict[str, Any], error: Exception, told: str
) -> None:
    """Neither where it is asked nor where it is to say why; and the log says the same."""

    def answer(t: int) -> OpenStretch:
        raise error

    for words, asked in ((Odd.words, answer), (error, lambda t: (t + HOUR, NEVER))):
        monkeypatch.setattr(Odd, "words", words)
        monkeypatch.setattr(Odd, "answer", staticmethod(asked))
        decision = judge({"rules": {f"{HERE}Odd": {}}}, [], touch)
        (finding,) = (f for f in decision.findings if f.effect == "block")
        assert finding.message.endswith(told)
        assert told in decision.explain()
        assert all(failure.endswith(told) for failure in decision.failures)


def test_a_rule_that_fails_in_a_later_round_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    start = case_of([], mail()).at
    monkeypatch.setattr(Standing, "answer", staticmethod(lambda t: (max(t, start + HOUR), NEVER)))
    monkeypatch.setattr(
        Odd, "answer", staticmethod(lambda t: (t, t + 1) if t == start else (t - 1, NEVER))
    )
    decision = judge({"rules": {f"{HERE}Odd": {}, f"{HERE}Standing": {}}}, [], mail())
    assert decision.verdict is Verdict.DENY
    assert decision.codes == ("CG901", "CG999")
    assert "an instant before the one" in next(iter(decision.failures))


def test_a_search_without_an_end_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Standing, "answer", staticmethod(lambda t: (t + t % 2, t + t % 2 + 1)))
    monkeypatch.setattr(Odd, "answer", staticmethod(lambda t: (t + 1 - t % 2, t + 2 - t % 2)))
    rules = {f"{HERE}Odd": {}, f"{HERE}Standing": {}}
    decision = judge({"rules": rules}, [], mail())
    assert decision.verdict is Verdict.DENY
    (finding,) = (f for f in decision.findings if f.code == "CG901")
    assert "no end in the search" in finding.message


def test_a_rule_that_cannot_say_why_still_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Odd, "words", KeyError("speechless"))
    decision = odd(monkeypatch, lambda t: (t + HOUR, NEVER))
    assert decision.verdict is Verdict.DEFER
    assert "speechless" in decision.findings[0].message


def test_a_warning_that_fails_changes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Odd, "answer", staticmethod(fails))
    decision = judge({"rules": {f"{HERE}Odd": {"effect": "warn"}}}, [], mail())
    assert decision
    assert [(f.code, f.effect) for f in decision.findings] == [("CG901", "warn"), ("CG904", "warn")]


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(90 * DAY, "defer"), (90 * DAY + 1, "deny"), (NEVER, "deny")],
)
def test_the_horizon(monkeypatch: pytest.MonkeyPatch, after: int, verdict: str) -> None:
    start = case_of([], mail()).at
    opens = after if after == NEVER else start + after
    decision = odd(monkeypatch, lambda t: (max(t, opens), NEVER))
    assert decision.verdict == verdict
    assert (decision.until is None) is (verdict == "deny")
    (finding,) = (f for f in decision.findings if f.code == "CG999")
    assert (finding.until is None) is (after == NEVER)
    assert odd(monkeypatch, lambda t: (max(t, opens), NEVER), horizon="1d").verdict == "deny"


def test_what_lies_beyond_every_date_is_never(monkeypatch: pytest.MonkeyPatch) -> None:
    far = to_us(judge({}, [], mail()).at) + 9000 * 365 * DAY
    assert odd(monkeypatch, lambda t: (t, far)).open_until is None
    decision = odd(monkeypatch, lambda t: (far, NEVER))
    assert [f.until for f in decision.findings] == [None, None]


def test_rounds_find_all_reasons() -> None:
    """Two caps are two findings; a no that is met on the way says when."""
    policy = {
        "rules": {
            "over-cap": [{"max": 1, "per": "7d"}, {"max": 1, "per": "3d"}],
            "too-late": {},
            "paused": {},
        }
    }
    events = [mail("2026-03-08T10:00:00Z", outcome="sent")]
    decision = judge(policy, events, mail(not_after="2026-03-12T00:00:00Z"))
    assert [(f.code, str(f.when), str(f.until)) for f in decision.findings] == [
        ("CG301", "None", "2026-03-15 10:00:00+00:00"),
        ("CG301", "None", "2026-03-11 10:00:00+00:00"),
        ("CG404", "2026-03-15 10:00:00+00:00", "None"),
        ("CG904", "None", "None"),
    ]


def test_open_until_of_a_defer_is_when_the_time_found_runs_out() -> None:
    policy = {"rules": {"too-late": {}, "too-soon": {"gap": "20h"}}}
    events = [mail("2026-03-09T00:00:00Z", outcome="sent")]
    decision = judge(policy, events, mail(not_after="2026-03-10T00:00:00Z"))
    assert str(decision.until) == "2026-03-09 20:00:00+00:00"
    assert str(decision.open_until) == "2026-03-10 00:00:00.000001+00:00"


def test_unknown_is_told_and_no_reason_to_refuse() -> None:
    decision = judge({}, [], mail())
    assert decision
    assert [finding.code for finding in decision.findings] == ["CG904"]
    assert decision.needs == ("contact",)
    assert judge({}, [signal("visited", "2026-03-01T00:00:00Z")], mail()).findings == ()


def test_an_entry_may_warn() -> None:
    policy = {"rules": {"too-soon": {"gap": "20h", "effect": "warn"}}}
    decision = judge(policy, [mail("2026-03-09T09:00:00Z", outcome="sent")], mail())
    assert decision
    assert [(f.code, f.effect) for f in decision.findings][:1] == [("CG302", "warn")]


def test_always_on_rules_cannot_be_loosened() -> None:
    for rule in ("opted-out", "suppressed", "wrong-person"):
        for said in ("off", {"effect": "warn"}, {"channels": ["email"]}):
            with pytest.raises(PolicyError):
                Policy(rules={rule: said})
        exempt = {"purposes": ["sales"], "from": [rule], "because": "-"}
        with pytest.raises(PolicyError):
            Policy(exempt=[exempt])
        assert Policy(rules={rule: {}})


def test_file_and_pack() -> None:
    """What the file says replaces the pack's; an effect alone keeps its numbers (9)."""

    def caps(**rules: Any) -> list[tuple[str | None, str]]:
        ruleset = Ruleset(
            Policy(packs=["humane"], rules={k.replace("_", "-"): v for k, v in rules.items()})
        )
        return [(e.pack, e.effect) for e in ruleset.entries if e.name == "over-cap"]

    assert caps() == [("humane", "block")] * 5
    assert caps(over_cap={"effect": "warn"}) == [("humane", "warn")] * 5
    assert caps(over_cap={"max": 1, "per": "7d"}) == [(None, "block")]
    assert caps(over_cap="off") == []
    with pytest.raises(PolicyError, match="needs its parameters"):
        Policy(rules={"over-cap": {"effect": "warn"}})
    ruleset = Ruleset(Policy(rules={"paused": {"effect": "warn"}}))
    assert [e.effect for e in ruleset.entries if e.name == "paused"] == ["warn"]
    assert Ruleset(Policy(packs=["humane"])).answers is not None
    assert Ruleset(Policy(packs=["humane"], answers="off")).answers is None


def test_an_exemption_of_the_pack_stays_when_a_rule_is_replaced() -> None:
    policy = {"packs": ["humane"], "rules": {"over-cap": {"max": 0, "per": "7d"}}}
    codes = {f.code for f in judge(policy, [], mail(purpose="transactional")).findings}
    assert "CG301" not in codes
    assert "CG301" in {f.code for f in judge(policy, [], mail(purpose="x-club")).findings}


def test_many_purposes_of_ones_own_fill_no_memory() -> None:
    ruleset = Ruleset(Policy(rules={"paused": {}}))
    for number in range(5000):
        assert decide(ruleset, case_of([], mail(purpose=f"x-{number}")))
    assert len(ruleset._plans) <= 4097
    assert len(ruleset._kinds) <= 4096


@pytest.mark.parametrize("remember", [True, False])
@pytest.mark.parametrize("kinds", [1, 40])
@pytest.mark.parametrize(
    ("rule", "own", "other"),
    [
        ("not-the-holder", {"team": "sales"}, {"team": "marketing"}),
        ("overlapping-cadence", {"cadence": "spring"}, {"cadence": "summer"}),
        ("pressure", {"tags": ["urgent"]}, {"tags": ["helpful"]}),
    ],
)
def test_a_touch_of_another_kind_is_heard_of(
    rule: str, own: dict[str, Any], other: dict[str, Any], kinds: int, remember: bool
) -> None:
    """What touches of one kind could not bring about, one of another may, on a line of any mix."""
    params = {"caps": [{"tags": ["urgent"], "max": 1, "per": "14d"}]} if rule == "pressure" else {}
    ruleset = Ruleset(Policy(rules={rule: params}))
    book = Book(hashed, remember=remember)
    asked = case_of([], mail(at="2026-03-09T10:00:00Z", **own)).touch

    def verdict() -> str:
        return decide(ruleset, book.case(asked, to_us(asked.at))).verdict.value

    assert verdict() == "allow"
    for number in range(kinds):
        before = {"tags": [f"kind-{number}"]} | (other if rule == "pressure" else own)
        past = mail(at=f"2026-03-08T10:{number:02d}:00Z", outcome="sent", **before)
        book.fold(case_of([], past).touch)
        assert verdict() == "allow"
    last = own if rule == "pressure" else other
    book.fold(case_of([], mail(at="2026-03-09T09:00:00Z", outcome="sent", **last)).touch)
    assert verdict() == "defer"


def test_the_memory_of_a_book_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "KEPT", 3)
    ruleset = Ruleset(Policy(rules={"paused": {}}))
    book = book_of([])
    for step in range(9):
        touch = case_of([], mail(step=f"s-{step}")).touch
        assert decide(ruleset, book.case(touch, to_us(touch.at)))
    assert len(book.remembered) <= 3


def test_what_is_kept_of_a_contacts_standing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Greetings may be others with every touch; a book that remembers nothing says the same."""
    monkeypatch.setattr(engine, "KEPT", 3)
    ruleset = Ruleset(Policy(rules={"wrong-name": {}}))
    book, forgetful = book_of([]), Book(hashed, remember=False)
    for number in range(9):
        touch = case_of([], mail(greeting=f"Dear {number}")).touch
        case = book.case(touch, to_us(touch.at))
        again = forgetful.case(touch, to_us(touch.at))
        assert decide(ruleset, case) == decide(ruleset, again)
        assert {entry.name for entry, *_ in engine.raised(ruleset, case)} == {"wrong-name"}
        assert len(case.view.standings) <= 3


class _Sundays(Rule):
    """A rule of one's own with the one question and no words."""

    name = "sundays"
    code = "CG905"

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return t, t + DAY


def test_a_rule_of_ones_own_has_to_answer_and_may_leave_out_words() -> None:
    """Without `next_open` there is no rule; without `objection` there is a plain sentence."""
    with pytest.raises(TypeError, match="next_open"):
        Rule(Rule.Params())  # type: ignore[abstract]
    case = case_of([], mail())
    assert _Sundays(Rule.Params()).objection(case.at, case).message == "sundays objects"


def test_the_calendar_covers_what_was_asked() -> None:
    policy = {"rules": {"too-soon": {"gap": "1d"}, "over-cap": [{"max": 1, "per": "2d"}]}}
    ruleset = Ruleset(Policy(**policy))
    case = case_of([mail("2026-03-10T10:00:00Z", outcome="sent")], mail())
    told = [
        (str(s.start)[5:16], str(s.end)[5:16], s.free, s.codes)
        for s in calendar(ruleset, case, case.at - 2 * DAY, case.at + 5 * DAY)
    ]
    assert told == [
        ("03-07 10:00", "03-08 10:00", True, ()),
        ("03-08 10:00", "03-09 10:00", False, ("CG301",)),
        ("03-09 10:00", "03-11 10:00", False, ("CG301", "CG302")),
        ("03-11 10:00", "03-12 10:00", False, ("CG301",)),
        ("03-12 10:00", "03-14 10:00", True, ()),
    ]
    # Stretches of which the same is said are one, whichever entry says it.
    caps = [{"max": 1, "per": "2d"}, {"max": 1, "per": "3d"}]
    twice = Ruleset(Policy(rules={"over-cap": caps}))
    shut = calendar(twice, case, case.at - 4 * DAY, case.at + 9 * DAY)
    assert [s.codes for s in shut] == [(), ("CG301",), ()]
    assert [str(s.start)[5:16] for s in shut] == ["03-05 10:00", "03-07 10:00", "03-13 10:00"]
    assert calendar(ruleset, case, case.at, case.at) == ()
    assert all(isinstance(s, Stretch) for s in calendar(ruleset, case, case.at, case.at + DAY))


def test_the_calendar_of_a_rule_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Odd, "answer", staticmethod(fails))
    ruleset = Ruleset(Policy(rules={f"{HERE}Odd": {}}))
    case = case_of([], mail())
    (stretch,) = calendar(ruleset, case, case.at, case.at + DAY)
    assert (stretch.free, stretch.codes) == (False, ("CG901",))


def test_a_decision_in_words_and_back() -> None:
    policy = {"rules": {"too-soon": {"gap": "20h"}, "too-late": {}, "wrong-name": {}}}
    events = [mail("2026-03-09T00:00:00Z", outcome="sent")]
    decision = judge(policy, events, mail(id="t-1", greeting="Hi"))
    assert decision.explain().splitlines()[0] == "deny"
    assert decision.explain().endswith("could change the answer: call_me, contact")
    deferred = judge({"rules": {"too-soon": {"gap": "20h"}}}, events, mail())
    assert deferred.explain().startswith("defer until 2026-03-09T20:00:00Z")
    assert judge({}, [], mail()).explain().startswith("allow: no loaded rule blocks this")
    late = judge({"rules": {"too-late": {}}}, [], mail(not_after="2026-03-10T00:00:00Z"))
    assert late.explain().startswith("allow, until 2026-03-10T00:00:00.000001Z")
    paused = [signal("paused", "2026-03-01T00:00:00Z", until="2027-03-01T00:00:00Z")]
    denied = judge({"rules": {"paused": {}}}, paused, mail())
    assert denied.explain().startswith("deny: no common free time within 90 days")
    assert denied.explain().endswith("the contact asked for a pause (until 2027-03-01T00:00:00Z)")
    assert "(until" not in deferred.explain()
    for horizon, text in (
        ("36h", "36 hours"),
        ("1d", "1 day"),
        ("2w", "2 weeks"),
        ("90m", "90 minutes"),
    ):
        denied = judge({"rules": {"paused": {}}, "horizon": horizon}, paused, mail())
        assert denied.explain().startswith(f"deny: no common free time within {text}\n")
    by_hand = Decision.from_json(denied.to_json().replace('"90m"', '"a while"'))
    assert by_hand.explain().startswith("deny: no common free time within a while\n")
    met = judge(policy, events, mail(not_after="2026-03-09T12:00:00Z"))
    assert "(met at 2026-03-09T20:00:00Z)" in met.explain()
    warned = judge({"rules": {"too-soon": {"gap": "20h", "effect": "warn"}}}, events, mail())
    assert "too-soon (warning):" in warned.explain()
    assert repr(decision) == "<Decision deny CG302,CG701,CG904>"
    assert repr(judge({}, paused, mail())) == "<Decision allow no findings>"
    again = Decision.from_json(decision.to_json())
    assert again == decision
    assert hash(again) == hash(decision)
    assert pickle.loads(pickle.dumps(decision)) == decision
    assert decision != deferred
    assert decision != "deny"
    with pytest.raises(ValueError, match="schema version 99"):
        Decision.from_json('{"version": 99}')
    with pytest.raises(ValueError, match="expected a decision as a JSON object, not list"):
        Decision.from_json("[]")
    for key in ("at", "needs", "findings"):
        written = decision.as_dict()
        with pytest.raises(ValueError, match="no decision that to_json wrote"):
            Decision.from_json(json.dumps({**written, key: None}, default=str))
        del written[key]
        with pytest.raises(ValueError, match=f"'{key}' is missing"):
            Decision.from_json(json.dumps(written, default=str))


class ById(Odd):
    """A user's own rule that reads what no built-in one does."""

    name = "by-id"

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return (NEVER, NEVER) if case.touch.id == "t-1" else (t, NEVER)


def test_what_an_own_rule_says_of_one_touch_is_not_said_of_another() -> None:
    ruleset = Ruleset(Policy(rules={f"{HERE}ById": {}}))
    book = book_of([])
    for id_, verdict in (("t-1", "deny"), ("t-2", "allow"), ("t-1", "deny")):
        touch = case_of([], mail(id=id_)).touch
        assert decide(ruleset, book.case(touch, to_us(touch.at))).verdict == verdict


def test_a_rule_that_failed_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [MemoryError("for now")]

    def next_open(self: Rule, t: int, case: Case) -> OpenStretch:
        if answers:
            raise answers.pop()
        return t, NEVER

    monkeypatch.setattr(RULES["opted-out"], "next_open", next_open)
    ruleset = Ruleset(Policy())
    case = case_of([signal("opt_out", "2026-03-01T00:00:00Z")], mail())
    assert decide(ruleset, case).codes == ("CG901",)
    assert decide(ruleset, case)


@pytest.mark.parametrize(
    ("rule", "params", "more"),
    [
        ("over-cap", {"max": 1, "per": "7d"}, {}),
        ("over-cap", {"max": 1, "calendar": "week"}, {}),
        ("too-soon", {"gap": "2d"}, {}),
        ("repeated-message", {"per": "30d"}, {"cadence": "drip", "step": "one"}),
        ("unanswered-streak", {"steps": [{"after": 1, "gap": "7d"}]}, {}),
        ("pressure", {"caps": [{"tags": ["deal"], "max": 1, "per": "7d"}]}, {"tags": ["deal"]}),
    ],
)
@pytest.mark.parametrize(
    ("selected", "others"),
    [
        ({"teams": ["sales"]}, {"team": "marketing"}),
        ({"purposes": ["sales"]}, {"purpose": "service"}),
        ({"channels": ["email"]}, {"channel": "social", "to": "anna"}),
    ],
)
def test_what_an_entry_does_not_judge_it_does_not_count(
    rule: str, params: Any, more: Any, selected: Any, others: Any
) -> None:
    policy = {"rules": {rule: {**params, **selected}}}
    own = mail("2026-03-09T00:00:00Z", outcome="sent", team="sales", **more)
    touch = mail(team="sales", **more)
    zone = contact(time_zone="UTC")
    assert judge(policy, [zone, {**own, **others}], touch)
    assert judge(policy, [zone, own], {**touch, **others})
    refused = judge(policy, [zone, {**own, "id": "t-1"}, {**own, "id": "t-2", **others}], touch)
    assert refused.findings[0].facts["touches"] == ["t-1"]
