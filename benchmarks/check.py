"""Measures the targets of the checker's speed in one run, as ratios.

    python benchmarks/check.py [--quick] [SECTION ...]

Sections: proof command together n8n start. The proof is put beside two simulations that do what it
does without its ideas: every start of a year, minute by minute, in every zone, once in plain
integers and once in datetimes. They would take many minutes, so each runs a slice of the starts,
spread evenly over the year, and its time is scaled to all of them; the table says the share.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bench import Row, Task, UnavailableError, against, main, ratio, rounds, spoken, took_row

ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
    "America/Phoenix", "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Asia/Kolkata",
    "Australia/Lord_Howe",
)  # fmt: skip
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 365 * 24 * 60

DAY = 24 * 60
"""Minutes: the integers of the plain simulation are minutes since 1970."""
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Said(NamedTuple):
    """A step, and how long after the one before: days on the wall, minutes, then until a window."""

    id: str
    channel: str
    local_days: int = 0
    minutes: int = 0
    until: str | None = None


STEPS = (
    Said("welcome", "email", minutes=5),
    Said("tips", "email", local_days=2),
    Said("call-1", "call", local_days=1, until="call"),
    Said("case", "email", minutes=3 * DAY + 90),
    Said("text", "sms", local_days=1, until="sms"),
    Said("guide", "email", local_days=4),
    Said("call-2", "call", minutes=2 * DAY, until="call"),
    Said("offer", "email", local_days=3),
    Said("webinar", "email", minutes=6 * DAY, until="email"),
    Said("text-2", "sms", minutes=26 * 60),
    Said("last-call", "call", local_days=5, until="call"),
    Said("goodbye", "email", minutes=20 * 60 - 1),
)
HOURS = {
    "call": (range(5), 9 * 60, 18 * 60),
    "sms": (range(7), 9 * 60, 20 * 60),
    "email": (range(7), 6 * 60, 22 * 60),
}
"""Quiet hours the other way round: days, from, to, in minutes after midnight."""
CAPS = ((("email",), 2, 7 * DAY), (("call",), 2, 7 * DAY), (None, 3, 7 * DAY), (None, 8, 30 * DAY))
"""Channels (None: all), how many touches, in how many minutes."""
GAP = 20 * 60

# -- the same, in the words of the files ---------------------------------------------------------


def clock(minutes: int) -> str:
    """`540` as `09:00`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def window(channel: str) -> str:
    """The hours of a channel in YAML."""
    days, opens, closes = HOURS[channel]
    named = ", ".join(NAMES[day] for day in days)
    return f'{{days: [{named}], from: "{clock(opens)}", to: "{clock(closes)}"}}'


def policy_text() -> str:
    """The policy, in YAML."""
    caps = [
        f"    - {{{f'channels: [{chosen[0]}], ' if chosen else ''}max: {most}, per: {per // DAY}d}}"
        for chosen, most, per in CAPS
    ]
    hours = [f"    - {{channels: [{name}], windows: [{window(name)}]}}" for name in HOURS]
    rules = ["  over-cap:", *caps, f"  too-soon: {{gap: {GAP}m}}", "  outside-hours:", *hours]
    return "\n".join(["version: 1", "rules:", *rules, ""])


def cadence_text(name: str, steps: Sequence[Said]) -> list[str]:
    """A cadence as an item of a list, in YAML."""
    lines = [
        f"  - name: {name}",
        "    purpose: marketing",
        f"    audience: {{zones: [{', '.join(ZONES)}]}}",
        "    exits: [replied, opt_out, complained]",
        "    steps:",
    ]
    for said in steps:
        if said.local_days:
            lines.append(f"      - wait: {{local_days: {said.local_days}}}")
        if said.minutes:
            lines.append(f"      - wait: {said.minutes}m")
        if said.until:
            lines.append(f"      - wait: {{until_open: {window(said.until)}}}")
        lines.append(f"      - {{id: {said.id}, channel: {said.channel}}}")
    return lines


def file_text(cadences: dict[str, Sequence[Said]], together: bool = False) -> str:
    """A cadence file."""
    listed = [line for name, steps in cadences.items() for line in cadence_text(name, steps)]
    shared = [f"together: [[{', '.join(cadences)}]]"] if together else []
    return "\n".join(["version: 1", "cadences:", *listed, *shared, ""])


# -- what is found -------------------------------------------------------------------------------

Found = dict[tuple[str, str, int], list[bool]]
"""By step, rule and place of the entry: whether it objected to a start, and whether it did not."""


def tell(found: Found, step: str, rule: str, place: int, objected: bool) -> None:
    """Remembers an answer."""
    found.setdefault((step, rule, place), [False, False])[not objected] = True


# -- in plain integers ---------------------------------------------------------------------------


@cache
def offsets(zone: str) -> tuple[list[int], list[int]]:
    """When a zone's offset changes within two years, and to what, in minutes."""
    info, first = ZoneInfo(zone), int(START.timestamp()) // 60 - 2 * DAY
    borders, values = [], []
    for minute in range(first, first + 2 * MINUTES, 30):
        delta = datetime.fromtimestamp(minute * 60, info).utcoffset()
        assert delta is not None
        offset = delta // timedelta(minutes=1)
        if not values or values[-1] != offset:
            borders.append(minute)
            values.append(offset)
    return borders, values


def simulate(starts: Sequence[int], zones: Sequence[str]) -> Found:
    """Every start, step by step, in integers: what a careful engineer writes when it must be
    fast."""
    found: Found = {}
    for zone in zones:
        borders, values = offsets(zone)
        for start in starts:
            t = start
            times: list[int] = []
            channels: list[str] = []
            for said in STEPS:
                offset = values[bisect_right(borders, t) - 1]
                if said.local_days:
                    wall = t + offset + said.local_days * DAY
                    # The reading by the earlier offset: the first of two, and past a gap.
                    t = wall - values[bisect_right(borders, wall - offset - DAY) - 1]
                    other = wall - values[bisect_right(borders, t) - 1]
                    if other != t and values[bisect_right(borders, other) - 1] == wall - other:
                        t = other
                t += said.minutes
                if said.until:
                    days, opens, closes = HOURS[said.until]
                    while True:
                        wall = t + values[bisect_right(borders, t) - 1]
                        if (wall // DAY + 3) % 7 in days and opens <= wall % DAY < closes:
                            break
                        into = wall % DAY
                        t += opens - into if into < opens else DAY - into + opens
                wall = t + values[bisect_right(borders, t) - 1]
                for place, (name, (days, opens, closes)) in enumerate(HOURS.items()):
                    if name == said.channel:
                        inside = (wall // DAY + 3) % 7 in days and opens <= wall % DAY < closes
                        tell(found, said.id, "outside-hours", place, not inside)
                tell(found, said.id, "too-soon", 0, bool(times) and t - times[-1] < GAP)
                for place, (chosen, most, per) in enumerate(CAPS):
                    if chosen is None or said.channel in chosen:
                        count = 1
                        for at, channel in zip(times, channels, strict=True):
                            if t - at < per and (chosen is None or channel in chosen):
                                count += 1
                        tell(found, said.id, "over-cap", place, count > most)
                times.append(t)
                channels.append(said.channel)
    return found


# -- in datetimes --------------------------------------------------------------------------------


def is_open(channel: str, local: datetime) -> bool:
    """Whether it is a decent time."""
    days, opens, closes = HOURS[channel]
    return local.weekday() in days and opens <= local.hour * 60 + local.minute < closes


def after(said: Said, at: datetime, zone: ZoneInfo) -> datetime:
    """When the step comes that follows a touch at `at`."""
    if said.local_days:
        local = at.astimezone(zone)
        at = (local + timedelta(days=said.local_days)).replace(fold=0).astimezone(UTC)
    at += timedelta(minutes=said.minutes)
    if said.until:
        opens = HOURS[said.until][1]
        while not is_open(said.until, local := at.astimezone(zone)):
            day = local.date()
            if local.hour * 60 + local.minute >= opens:
                day += timedelta(days=1)
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            at = (midnight + timedelta(minutes=opens)).astimezone(UTC)
    return at


def simulate_datetimes(starts: Sequence[datetime], zones: Sequence[str]) -> Found:
    """Every start, step by step, in datetimes: what a good engineer writes first."""
    found: Found = {}
    gap = timedelta(minutes=GAP)
    for name in zones:
        zone = ZoneInfo(name)
        for start in starts:
            at, sent = start, []
            for said in STEPS:
                at = after(said, at, zone)
                place = list(HOURS).index(said.channel)
                decent = is_open(said.channel, at.astimezone(zone))
                tell(found, said.id, "outside-hours", place, not decent)
                tell(found, said.id, "too-soon", 0, bool(sent) and at - sent[-1][0] < gap)
                for place, (chosen, most, per) in enumerate(CAPS):
                    if chosen is None or said.channel in chosen:
                        same = [
                            when
                            for when, channel in sent
                            if at - when < timedelta(minutes=per)
                            and (chosen is None or channel in chosen)
                        ]
                        tell(found, said.id, "over-cap", place, len(same) >= most)
                sent.append((at, said.channel))
    return found


# -- sections ------------------------------------------------------------------------------------


def needs(module: str) -> Any:
    """A module of the checker. UnavailableError if it is not there."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise UnavailableError(f"{error}") from error


def agree(objections: Any, found: Found, who: str) -> None:
    """What a simulation of a slice met, the proof says too. AssertionError if not."""
    said = {
        (one.step.id, type(one.entry).name, one.entry.place): one.certainty for one in objections
    }
    for (step, rule, place), (objected, free) in found.items():
        certainty = said.get((step, rule, place))
        assert not objected or certainty, f"{who} met {rule} {place} at {step}, the proof did not"
        assert not free or certainty != "always", f"{who}: {rule} {place} at {step} is not always"


def bench_proof(quick: bool) -> Iterator[Row]:
    """12 steps, 10 zones, every start of a year: the proof and the two simulations."""
    proof = needs("cadence_guard.check.proof")
    native = needs("cadence_guard.importers.native")
    from cadence_guard.importers._source import Source
    from cadence_guard.instants import to_us
    from cadence_guard.policy import Policy
    from cadence_guard.ruleset import Ruleset

    source = Source("trial.cadence.yaml", file_text({"trial": STEPS}).encode())
    cadence = native.read(source).cadences[0]
    policy = Policy.parse(policy_text())
    first = to_us(START)
    last = to_us(START + timedelta(minutes=MINUTES))

    def prove() -> Any:
        return proof.prove(Ruleset(policy), cadence, first, last)

    by_integers, by_datetimes = (10_007, 40_009) if quick else (1_009, 8_009)
    minute = first // 60_000_000
    whole = list(range(minute, minute + MINUTES, by_integers))
    dated = [START + timedelta(minutes=n) for n in range(0, MINUTES, by_datetimes)]
    proved = prove()
    assert not proved.incomplete
    agree(proved.objections, simulate(whole, ZONES), "the simulation in integers")
    agree(proved.objections, simulate_datetimes(dated, ZONES), "the simulation in datetimes")
    tasks: dict[str, Task] = {
        "proof": (prove, 1),
        "integers": (lambda: simulate(whole, ZONES), 1),
        "datetimes": (lambda: simulate_datetimes(dated, ZONES), 1),
    }
    took = rounds(tasks, 3 if quick else 7)
    scale = {"integers": MINUTES / len(whole), "datetimes": MINUTES / len(dated)}
    for name, factor in scale.items():
        took[name] = [seconds * factor for seconds in took[name]]
    yield took_row("proof", "proof", took)
    for name, least in (("integers", 40), ("datetimes", 400)):
        found = ratio(took, name, "proof")
        what = f"minute by minute in {name} (1 start of {round(scale[name]):,}) / proof"
        median = spoken(statistics.median(took[name]))
        yield Row("proof", what, median, found, f">= {least}", found >= least)


def check(*arguments: str) -> Callable[[], float]:
    """A run of the command in a fresh interpreter, and its seconds. UnavailableError if it cannot
    do that."""

    def run() -> float:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "cadence_guard", "check", *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        took = time.perf_counter() - start
        if done.returncode not in (0, 1):
            told = (done.stderr.strip() or "no word").splitlines()[-1]
            raise UnavailableError(f"check: exit {done.returncode}: {told}")
        return took

    return run


def at_most(section: str, what: str, run: Callable[[], float], limit: float, number: int) -> Row:
    """The median of some runs, and whether it is within the limit."""
    run()
    seconds = sorted(run() for _ in range(number))[number // 2]
    return Row(section, what, spoken(seconds), None, f"<= {limit:g} s", seconds <= limit)


def written(folder: str, **texts: str) -> list[str]:
    """Files in a folder: their paths, in the order given."""
    paths = []
    for name, text in texts.items():
        path = Path(folder) / f"{name}.yaml"
        path.write_text(text)
        paths.append(str(path))
    return paths


def bench_command(quick: bool) -> Iterator[Row]:
    """The whole command, start-up included, on the cadence of the proof."""
    with tempfile.TemporaryDirectory() as folder:
        file, policy = written(folder, trial=file_text({"trial": STEPS}), policy=policy_text())
        run = check(file, "--policy", policy)
        yield at_most("command", "check: 12 steps, 10 zones", run, 0.8, 3 if quick else 9)


def bench_together(quick: bool) -> Iterator[Row]:
    """Five cadences of ten steps that one person may be in at once."""
    cadences = {
        f"shared-{n}": [
            said._replace(local_days=said.local_days + (said.local_days > 0) * n)
            for said in STEPS[:10]
        ]
        for n in range(5)
    }
    with tempfile.TemporaryDirectory() as folder:
        text = file_text(cadences, together=True)
        file, policy = written(folder, shared=text, policy=policy_text())
        run = check(file, "--policy", policy)
        yield at_most("together", "check: 5 shared cadences of 10 steps", run, 3, 1 if quick else 5)


def bench_n8n(quick: bool) -> Iterator[Row]:
    """Every real n8n workflow that is at hand."""
    configs = Path(__file__).parents[2] / "shared" / "data" / "real" / "configs"
    files = sorted(
        str(path) for folder in ("n8n", "n8n_mit") for path in (configs / folder).glob("*")
    )
    if not files:
        raise UnavailableError("the shared data is not here")
    with tempfile.TemporaryDirectory() as folder:
        (policy,) = written(folder, policy=policy_text())
        run = check(*files, "--policy", policy)
        yield at_most("n8n", f"check: {len(files)} n8n files", run, 4, 1 if quick else 5)


def bench_start(quick: bool) -> Iterator[Row]:
    """Start-up on a small file, against importing what it stands on."""

    def libraries() -> None:
        subprocess.run([sys.executable, "-c", "import pydantic, yaml, click"], check=True)

    with tempfile.TemporaryDirectory() as folder:
        small = file_text({"small": STEPS[:1]})
        small = small.replace(", ".join(ZONES), ZONES[0])
        file, policy = written(folder, small=small, policy=policy_text())
        name = "check of a small file"
        took = rounds(
            {
                name: (check(file, "--policy", policy), 1),
                "import pydantic, yaml, click": (libraries, 1),
            },
            5 if quick else 15,
        )
    yield took_row("start", name, took)
    yield against("start", took, name, "import pydantic, yaml, click", 2)


SECTIONS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "proof": bench_proof,
    "command": bench_command,
    "together": bench_together,
    "n8n": bench_n8n,
    "start": bench_start,
}


if __name__ == "__main__":
    main(SECTIONS, __doc__ or "")
