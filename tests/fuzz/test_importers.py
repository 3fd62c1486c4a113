"""Every importer on broken input: it may refuse a file with a CadenceError, and nothing else.

No other exception, no hang over two seconds of the processor's time, no memory blow-up; and what
is read is sound: every node leads to a node that is there. Real files are taken apart when the
shared data is at hand; small ones of every format always are.
"""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from cadence_guard.cadence import Cadence, CadenceFile, follow
from cadence_guard.errors import CadenceError
from cadence_guard.importers import IMPORTERS, Importer, Source, unread

pytestmark = pytest.mark.fuzz

SECONDS = 2.0
MEGABYTES = 600
SHARED = Path(__file__).parents[3] / "shared" / "data" / "real" / "configs"
FUZZ = settings(
    deadline=None, max_examples=300, suppress_health_check=list(HealthCheck), derandomize=False
)


class HangError(BaseException):
    """Too long. No `except Exception` catches it."""


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Breaks off what takes more of the processor's time, or too much memory."""

    def ring(number: int, frame: FrameType | None) -> None:
        if frame and frame.f_code.co_name == "gc_callback":  # where nothing can be raised
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.01)
            return
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "nowhere"
        raise HangError(f"more than {seconds} s, in {where}")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    hangs = None
    old = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except HangError as error:
        hangs = str(error)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, old)
    assert hangs is None, hangs
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MEGABYTES * 1024, f"{grown // 1024} MB more"


def sound(cadence: Cadence) -> None:
    """What the checker may take for granted of a cadence."""
    assert cadence.start is None or cadence.start in cadence.nodes
    for name, node in cadence.nodes.items():
        assert node.id == name
        for then in follow(node):
            assert then is None or then in cadence.nodes
    if cadence.other is not None:
        assert cadence.other.other is None
        sound(cadence.other)


def told(importer: Importer, source: Source) -> CadenceFile | None:
    """What one importer makes of a file."""
    try:
        return importer.read(source) if importer.recognises(source) else None
    except CadenceError:
        return None


def fed(content: bytes) -> None:
    """Every importer on a file."""
    with bounded():
        try:
            source = Source("some.file", content)
        except CadenceError:
            return
    for importer in IMPORTERS:
        with bounded():
            read = told(importer, source)
        for cadence in read.cadences if read else ():
            sound(cadence)


# -- small files of every format -----------------------------------------------------------------


def n8n_nodes(number: int) -> dict[str, Any]:
    """A chain of mails and waits that ends where it began."""
    kinds = (
        ("n8n-nodes-base.gmail", {"sendTo": "={{ $json.email }}", "message": "hi"}),
        ("n8n-nodes-base.wait", {"amount": 2, "unit": "days"}),
    )
    nodes = [{"id": "t", "name": "n0", "type": "n8n-nodes-base.manualTrigger", "parameters": {}}]
    for n in range(1, number):
        kind, parameters = kinds[n % 2]
        nodes.append(
            {
                "id": str(n),
                "name": f"n{n}",
                "type": kind,
                "typeVersion": 1,
                "parameters": parameters,
            }
        )
    links = {
        f"n{n}": {"main": [[{"node": f"n{(n + 1) % number}", "type": "main", "index": 0}]]}
        for n in range(number)
    }
    return {"name": "flow", "nodes": nodes, "connections": links}


def n8n_flows(number: int) -> dict[str, Any]:
    """Triggers, each before a request, a fork and mails; the last ones are reached by none."""
    parameters = {
        "trigger": {},
        "httpRequest": {
            "method": "POST",
            "url": "https://api.twilio.com/1/Messages.json",
            "bodyParameters": {"parameters": [{"name": "To", "value": "whatsapp:+1512"}]},
        },
        "if": {"conditions": {"boolean": [{"value1": True, "value2": True}]}},
        "gmail": {"resource": "message", "operation": "send"},
        "wait": {"resume": "timeInterval", "amount": 2, "unit": "days"},
    }
    kinds = ("formTrigger", "httpRequest", "if", "gmail", "wait", "gmail")
    nodes, links = [], {}
    for n in range(number):
        kind = kinds[n % 6]
        name, base = f"n{n}", {"formTrigger": "trigger"}.get(kind, kind)
        nodes.append(
            {"name": name, "type": f"n8n-nodes-base.{kind}", "parameters": parameters[base]}
        )
        outputs = [[{"node": f"n{n + 1}", "type": "main", "index": 0}]]
        if kind == "if":
            outputs.append([{"node": f"n{n + 3}", "type": "main", "index": 0}])
        if kind != "gmail" or n % 6 == 3:
            links[name] = {"main": outputs}
    return {"name": "flows", "nodes": nodes, "connections": links}


def written(number: int) -> dict[str, Any]:
    """A hand-written list whose steps say many things more."""
    steps = [
        {
            "name": f"step {n}",
            "channel": ("email", "call")[n % 2],
            "delay": {"days": n, "unit": "days"},
            "body": ["a", "b"],
            "voicemail_script": "hi",
            "condition": "no_reply",
            "requires": "connection_accepted",
            "attempts": 2,
            "every": "1d",
            "limits": {"daily": 50},
            "extra": {"note": {"a": [1]}},
        }
        for n in range(number)
    ]
    return {"owner": "anna", "steps": steps, "on_reply": {"interested": {"exit": True}}}


def mautic_events(number: int) -> list[Any]:
    """A tree that is one long branch, with a jump to its beginning."""
    events: list[Any] = [
        {
            "id": n,
            "name": f"event {n}",
            "type": "email.send",
            "event_type": "action",
            "eventType": "action",
            "parent_id": n - 1 or None,
            "parent": n - 1 or None,
            "decision_path": None,
            "trigger_mode": "interval",
            "trigger_interval": 1,
            "trigger_interval_unit": "d",
            "properties": {},
            "channel": "email",
        }
        for n in range(1, number)
    ]
    if events:
        jump = {
            "id": number,
            "type": "campaign.jump_to_event",
            "parent_id": number - 1,
            "properties": {"jumpToEvent": 1},
        }
        events.append(events[-1] | jump)
    return [{"campaign": [{"id": 1, "name": "c"}], "campaign_event": events}]


def dittofeed_nodes(number: int) -> dict[str, Any]:
    """A chain of delays and mails that ends where it began."""
    nodes: list[Any] = []
    for n in range(number):
        kind: dict[str, Any] = {"type": "DelayNode", "variant": {"type": "Second", "seconds": 60}}
        if n % 2:
            kind = {"type": "MessageNode", "variant": {"type": "Email", "templateId": "t"}}
        nodes.append({"id": f"n{n}", "child": f"n{(n + 1) % number}", **kind})
    return {
        "definition": {
            "entryNode": {"type": "EntryNode", "segment": "s", "child": "n0"},
            "exitNode": {"type": "ExitNode"},
            "nodes": nodes,
        }
    }


def native_steps(number: int) -> dict[str, Any]:
    """Steps and waits, with a branch at the end."""
    steps: list[Any] = []
    for n in range(number):
        steps += [{"id": f"s{n}", "channel": "email"}, {"wait": "2d"}]
    steps.append({"branch": [{"if": "clicked", "steps": [{"go_to": "s0"}]}]})
    return {"version": 1, "cadence": {"name": "c", "purpose": "sales", "steps": steps}}


def linear(key: str) -> Callable[[int], dict[str, Any]]:
    """Makes a list of steps with a delay under this key."""

    def made(number: int) -> dict[str, Any]:
        steps = [{"channel": "email", "template": f"t{n}", key: n % 9} for n in range(number)]
        return {"name": "c", "steps": steps, "stop_on": ["any_reply"]}

    return made


def smartlead(number: int) -> dict[str, Any]:
    steps = [
        {"seq_number": n + 1, "seq_delay_details": {"delay_in_days": 1}, "subject": "s",
         "email_body": "b"}
        for n in range(number)
    ]  # fmt: skip
    return {"name": "c", "sequences": steps, "stop_lead_settings": "REPLY_TO_AN_EMAIL"}


def instantly(number: int) -> dict[str, Any]:
    steps = [{"type": "email", "delay": 2, "variants": [{"subject": "s"}]} for _ in range(number)]
    return {
        "name": "c",
        "campaign_schedule": {
            "schedules": [
                {"name": "w", "timing": {"from": "09:00", "to": "17:00"}, "days": {"1": True},
                 "timezone": "America/Chicago"}
            ]
        },
        "sequences": [{"steps": steps}],
        "stop_on_reply": True,
    }  # fmt: skip


def apollo(number: int) -> dict[str, Any]:
    steps = [
        {"id": f"a{n}", "position": n + 1, "wait_time": 3, "wait_mode": "day", "type": "auto_email"}
        for n in range(number)
    ]
    return {"emailer_campaign": {"id": "c", "emailer_steps": steps}}


def salesloft(number: int) -> dict[str, Any]:
    groups = [
        {"day": n + 1, "steps": [{"type": "Email", "name": "s", "enabled": True}]}
        for n in range(number)
    ]
    return {
        "settings": {"name": "c", "remove_replied": True, "cadence_function": "outbound"},
        "cadence_content": {"step_groups": groups},
    }


MAKERS: dict[str, Callable[[int], Any]] = {
    "n8n": n8n_nodes,
    "n8n flows": n8n_flows,
    "written": written,
    "mautic": mautic_events,
    "dittofeed": dittofeed_nodes,
    "native": native_steps,
    "delay_days": linear("delay_days"),
    "day": linear("day"),
    "wait_days_after_prev": linear("wait_days_after_prev"),
    "followup_days": lambda number: {"followup_days": list(range(number)), "max_touches": number},
    "smartlead": smartlead,
    "instantly": instantly,
    "apollo": apollo,
    "salesloft": salesloft,
}
"""Makers of a file of so many nodes."""


def _loaded(path: Path) -> Any:
    """The data of a real file; None if it is neither JSON nor YAML."""
    try:
        text = path.read_text("utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        return None


REAL: list[Any] = [
    data
    for path in sorted(SHARED.rglob("*"))
    if path.suffix in (".json", ".yaml", ".yml") and path.stat().st_size < 200_000
    for data in [_loaded(path)]
    if isinstance(data, (dict, list)) and not path.name.endswith("manifest.json")
]
SEEDS: list[Any] = [make(5) for make in MAKERS.values()] + REAL

# -- mutations -----------------------------------------------------------------------------------

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, -5, 10**9, 10**30, -(10**30), 1.5, 1e308, -1e308, "", " ", "0", "-3",
    "3d", "P1D", "99999999999d", "NaN", "null", "é\u0301\u202e\x00", "x" * 5000, "{{ $json.x }}",
    "2026-13-45", "25:61", "ExitNode", "America/Nowhere", [], {}, [[]], [None], {"": None},
    {"type": {}}, [1, 2, 3], {"a": {"a": {"a": {}}}}, ["x"] * 50, -0.0,
)  # fmt: skip


def places(value: Any, limit: int = 4000) -> list[tuple[Any, Any]]:
    """Containers and the keys in them."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo and len(found) < limit:
        inner = todo.pop()
        keys = inner if isinstance(inner, dict) else range(len(inner))
        for key in keys:
            found.append((inner, key))
            if isinstance(inner[key], (dict, list)):
                todo.append(inner[key])
    return found


def mutated(data: Any, rnd: Random) -> Any:
    """A copy in which some things are other things, gone, twice, or elsewhere."""
    data = deepcopy(data)
    for _ in range(rnd.choice((1, 1, 2, 3, 6))):
        known = places(data)
        if not known:
            return data
        inside, key = rnd.choice(known)
        other, from_ = rnd.choice(known)
        match rnd.randrange(7):
            case 0 | 1 | 2:
                inside[key] = deepcopy(rnd.choice(NASTY))
            case 3:
                del inside[key]
            case 4:
                inside[key] = deepcopy(other[from_])
            case 5 if isinstance(inside, list):
                inside.insert(rnd.randrange(len(inside) + 1), deepcopy(inside[key]))
            case 5:
                inside[rnd.choice((f"{key}x", "steps", "delay_days", "type", ""))] = inside[key]
            case _:
                inside[key] = [inside[key]] if rnd.random() < 0.5 else {"steps": inside[key]}
    return data


def scratched(content: bytes, rnd: Random) -> bytes:
    """A text in which some bytes are others, gone, or twice."""
    text = bytearray(content)
    for _ in range(rnd.choice((1, 2, 5, 20))):
        at = rnd.randrange(len(text) + 1)
        match rnd.randrange(4):
            case 0:
                text[at:at] = bytes([rnd.randrange(256)])
            case 1:
                text[at : at + rnd.choice((1, 1, 8, 200))] = b""
            case 2:
                text[at:at] = rnd.choice(
                    (b"{", b"[", b"}", b"]", b'"', b",", b":", b"\n- ", b"&a *a")
                )
            case _:
                text[at:at] = text[max(at - rnd.choice((3, 40)), 0) : at]
    return bytes(text)


SEED = st.integers(0, 2**64 - 1)


@FUZZ
@given(SEED)
def test_mutated(seed: int) -> None:
    rnd = Random(seed)
    data = mutated(rnd.choice(SEEDS), rnd)
    if rnd.random() < 0.7:
        fed(json.dumps(data).encode())
    else:
        fed(yaml.safe_dump(data).encode())


@FUZZ
@given(SEED)
def test_scratched(seed: int) -> None:
    rnd = Random(seed)
    text = json.dumps(rnd.choice(SEEDS), indent=rnd.choice((None, 1)))[:20_000]
    fed(scratched(text.encode(), rnd))


@FUZZ
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_bytes(content: bytes) -> None:
    fed(content)


WORDS = sorted(
    {key for data in SEEDS for _, key in places(data, 400) if isinstance(key, str)}
    | {"cadence", "cadences", "steps", "nodes", "connections", "delay_days", "touches", "wait"}
)
VALUES = st.recursive(
    st.sampled_from(NASTY[:28]) | st.sampled_from(WORDS) | st.integers() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6)
    ),
    max_leaves=30,
)


@FUZZ
@given(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=8) | st.lists(VALUES, max_size=5))
def test_synthetic(data: Any) -> None:
    fed(json.dumps(data).encode("utf-8", "surrogatepass"))


# -- sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 1_000, 100_000])
@pytest.mark.parametrize("form", MAKERS)
def test_many_nodes(form: str, number: int) -> None:
    fed(json.dumps(MAKERS[form](number), separators=(",", ":")).encode())


@pytest.mark.parametrize("form", ["n8n", "dittofeed"])
def test_every_node_leads_to_every_other(form: str) -> None:
    data, size = MAKERS[form](300), 300
    if form == "n8n":
        for n in range(size):
            data["connections"][f"n{n}"]["main"] = [
                [{"node": f"n{m}", "type": "main", "index": 0} for m in range(size)]
            ]
    else:
        for node in data["definition"]["nodes"]:
            node.update(
                type="RandomCohortNode",
                children=[{"id": f"n{m}", "percent": 1} for m in range(size)],
            )
    fed(json.dumps(data).encode())


def _n8n(nodes: list[tuple[str, str, dict[str, Any]]], wires: dict[str, list[str]]) -> Any:
    return {
        "name": "flow",
        "nodes": [
            {"name": name, "type": f"n8n-nodes-base.{kind}", "parameters": parameters}
            for name, kind, parameters in nodes
        ],
        "connections": {
            name: {"main": [[{"node": to, "type": "main", "index": 0} for to in targets]]}
            for name, targets in wires.items()
        },
    }


DATED = {"resume": "specificTime", "dateTime": "2026-03-03T09:00:00"}
MAIL: dict[str, Any] = {"channel": "email", "delay_days": 1}
LISTED: dict[str, Callable[[int], Any]] = {
    "a flow for each of many triggers": lambda n: _n8n(
        [
            *((f"t{i}", "webhook", {}) for i in range(n)),
            *((f"m{i}", "gmail", {}) for i in range(n)),
        ],
        {f"t{i}": [f"m{i}"] for i in range(n)},
    ),
    "many dates in no zone": lambda n: _n8n(
        [("t", "webhook", {}), *((f"w{i}", "wait", DATED) for i in range(n)), ("m", "gmail", {})],
        {
            "t": ["w0"],
            **{f"w{i}": [f"w{i + 1}"] for i in range(n - 1)},
            f"w{n - 1}": ["m"],
        },
    ),
    "many lists, and keys about stops around them": lambda n: {
        **{f"p{i}": {"steps": [MAIL]} for i in range(n)},
        **{f"stop_on{'_' * i}": "reply" for i in range(300)},
    },
    "many steps without a channel": lambda n: {"steps": [MAIL | {"channel": "", "type": "dm"}] * n},
    "many sequences in one list": lambda n: [
        [{"seq_number": 1, "seq_delay_details": {"delay_in_days": 1}}] for _ in range(n)
    ],
    "many unknown zones": lambda n: [
        {
            "email_gap": 1,
            "campaign_schedule": {
                "schedules": [
                    {"timing": {"from": "09:00", "to": "10:00"}, "days": {"1": True},
                     "timezone": f"X/{i}"}
                ]
            },
            "sequences": [{"steps": [{"type": "email"}]}],
        }
        for i in range(n)
    ],
    "many counted follow-ups": lambda n: {
        f"p{i}": {"followup": {"max_attempts": 1000, "delay_days": 7}} for i in range(n)
    },
}  # fmt: skip
"""Makers of files in which many things ask the same of the whole."""


@pytest.mark.parametrize("what", LISTED)
def test_many_that_ask_the_same(what: str) -> None:
    fed(json.dumps(LISTED[what](10_000), separators=(",", ":")).encode())


@pytest.mark.parametrize("comment", ["# cadence-guard: ignore[CG301] why", "# after the previous"])
@pytest.mark.parametrize("steps", ["", "version: 1\ncadence: {name: c, purpose: sales, "])
def test_many_comments_above_a_line(comment: str, steps: str) -> None:
    line = "steps: [{id: a, channel: email}]}" if steps else "steps: [{delay: 1d, channel: email}]"
    fed(f"{f'{comment}{chr(10)}' * 90_000}{steps}{line}\n".encode())


DEEP = 100_000


@pytest.mark.parametrize(
    "content",
    [
        b"[" * DEEP,
        b"[" * DEEP + b"]" * DEEP,
        b"[" * 99 + b",".join([b"[]"] * 1_000_000) + b"]" * 99,
        b'{"steps":' * DEEP + b"1" + b"}" * DEEP,
        b"- " * DEEP + b"x",
        b"".join(b" " * n + b"a:\n" for n in range(2000)),
        b'{"nodes": ' + b"[" * 90 + b"]" * 90 + b', "connections": {}}',
        b'{"version": 1, "cadence": {"name": "c", "purpose": "sales", "steps": '
        + b'[{"branch": [{"share": "50%", "steps": ' * 30
        + b'[{"id": "a", "channel": "email"}]'
        + b"}]}]" * 30
        + b"}}",
    ],
    ids=["open", "lists", "wide", "maps", "yaml-lists", "yaml-maps", "n8n", "native"],
)
def test_deep_nesting(content: bytes) -> None:
    fed(content)


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    + ["steps: *a11"]
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "cadence: &a\n  name: c\n  steps: [*a, *a]\n",
        "steps: &s\n  - channel: email\n    delay_days: 1\n    next: *s\n",
        "steps: &s\n"
        + "".join(f"  - &x{n} {{channel: email, delay_days: 1}}\n" for n in range(5000)),
        "<<: {steps: [{channel: email, delay_days: -1}]}\n",
        "steps: [" + ", ".join(["&a {channel: email, delay_days: 1}"] * 3) + ", *a]\n",
    ],
)
def test_aliases(text: str) -> None:
    fed(text.encode())


@pytest.mark.parametrize("number", ["-1", "-3", "1e400", "-1e400", "9" * 400, "1e18", "NaN", "0.1"])
@pytest.mark.parametrize("form", MAKERS)
def test_numbers(form: str, number: str) -> None:
    text = json.dumps(MAKERS[form](6))
    for key in ("delay_days", "day", "wait_days_after_prev", "delay_in_days", "delay", "wait_time",
                "amount", "seconds", "trigger_interval", "typeVersion", "position"):  # fmt: skip
        for old in range(7):
            changed = text.replace(f'"{key}": {old}', f'"{key}": {number}')
            if changed != text:
                fed(changed.encode())


def test_every_importer_is_given_something_to_read() -> None:
    reads = {
        importer.FORMAT
        for importer in IMPORTERS
        for make in MAKERS.values()
        if told(importer, Source("some.file", json.dumps(make(5)).encode())) is not None
    }
    assert reads == {importer.FORMAT for importer in IMPORTERS} - {unread.FORMAT}
