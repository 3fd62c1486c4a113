"""The SQLite ledger as a file: whose it is, who shares it, and what stays in its bytes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from cadence_guard import Guard, LedgerUnavailable, Policy, Signal, open_ledger
from cadence_guard.ledgers import Filed, sqlite
from cadence_guard.ledgers._forks import after_fork, before_fork
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.ledgers.sqlite import SqliteLedger
from cadence_guard.testing import FixedClock, a_contact, a_touch

NO_RULES = Policy(packs=[])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


def in_child(code: str, *args: object) -> str:
    """What another process prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def codes(guard: Guard) -> list[str]:
    return [finding.code for finding in guard.evaluate(a_touch()).findings]


def signal_of(kind: str) -> Signal:
    return Signal(contact="c-1", at="2026-03-02T17:00:00Z", kind=kind)  # type: ignore[arg-type]


class TestWhoseFile:
    def test_a_file_of_another_program_is_refused_and_left_alone(self, path: Path) -> None:
        with raw(path) as db:
            db.execute("CREATE TABLE mine (x)")
        before = path.read_bytes()
        with pytest.raises(LedgerUnavailable, match="SQLite file of another program"):
            SqliteLedger(path)
        assert path.read_bytes() == before

    def test_a_text_file_is_refused_and_left_alone(self, path: Path) -> None:
        path.write_text("name,email\n" * 1000)
        before = path.read_bytes()
        with pytest.raises(LedgerUnavailable, match="not a database"):
            SqliteLedger(path)
        assert path.read_bytes() == before

    def test_a_later_schema_is_refused(self, path: Path) -> None:
        SqliteLedger(path).close()
        with raw(path) as db:
            db.execute("PRAGMA user_version = 2")
        with pytest.raises(LedgerUnavailable, match="schema version 2; this program knows 1"):
            SqliteLedger(path)

    def test_an_empty_file_becomes_a_ledger(self, path: Path) -> None:
        path.touch()
        assert SqliteLedger(path).history(["contact:c-1"]).events == []

    def test_a_directory_that_is_missing_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerUnavailable, match="unable to open database file"):
            SqliteLedger(tmp_path / "missing" / "ledger.db")

    def test_a_directory_is_no_ledger(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerUnavailable, match="unable to open database file"):
            SqliteLedger(tmp_path)

    def test_a_directory_that_may_not_be_written_is_an_error(self, tmp_path: Path) -> None:
        folder = tmp_path / "sealed"
        folder.mkdir()
        folder.chmod(0o555)
        if os.access(folder, os.W_OK):  # to root every directory is open
            folder.rmdir()
            folder = Path("/proc/self")
            if not folder.is_dir():
                pytest.skip("no directory here is closed to this user")
        with pytest.raises(LedgerUnavailable, match="unable to open"):
            SqliteLedger(folder / "ledger.db")

    def test_a_ledger_torn_up_beneath_us_denies(self, path: Path) -> None:
        guard = Guard(NO_RULES, ledger=f"sqlite:///{path}", clock=FixedClock())
        with raw(path) as db:
            db.execute("DROP TABLE filed")
        decision = guard.evaluate(a_touch())
        assert [finding.code for finding in decision.findings] == ["CG902"]
        with pytest.raises(LedgerUnavailable, match="no such table"):
            guard.record(a_contact())

    @pytest.mark.parametrize("closed", [False, True])
    @pytest.mark.parametrize("instead", [False, True])
    def test_a_file_taken_away_beneath_us_denies(
        self, path: Path, instead: bool, closed: bool
    ) -> None:
        """Else it would go on with the file that nobody else has, or with an empty one."""
        ledger = SqliteLedger(path)
        guard = Guard(NO_RULES, ledger=ledger)
        guard.record(a_contact(at="2026-03-02T16:00:00Z"))
        if closed:
            ledger.close()
        path.rename(path.with_name("old.db"))
        if instead:
            SqliteLedger(path).close()
        assert codes(guard) == ["CG902"]
        with pytest.raises(LedgerUnavailable, match="is not there any more; restart"):
            guard.record(signal_of("opt_out"))
        assert path.exists() is instead
        if not instead:
            path.with_name("old.db").rename(path)
            assert codes(guard) == []

    def test_an_event_that_cannot_be_read_denies(self, path: Path) -> None:
        guard = Guard(NO_RULES, ledger=f"sqlite:///{path}", clock=FixedClock())
        guard.record(a_contact())
        with raw(path) as db:
            db.execute("UPDATE event SET body = '{}'")
        assert not guard.evaluate(a_touch())

    def test_somebody_who_writes_for_long_is_waited_for_and_then_denied(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "_WAIT_SECONDS", 0.05)
        ledger = SqliteLedger(path)
        with raw(path) as db:
            db.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerUnavailable, match="database is locked"):
                ledger.append([])
            with pytest.raises(LedgerUnavailable, match="database is locked"):
                SqliteLedger(path)
            assert ledger.history(["contact:c-1"]).events == [], "who only reads need not wait"
        ledger.append([])


def test_a_commit_is_on_the_disk_before_it_is_answered(path: Path) -> None:
    """A killed process loses nothing in any case; only this holds when the power goes."""
    ledger = SqliteLedger(path)
    assert ledger._do(lambda db: db.execute("PRAGMA synchronous").fetchone()) == (2,)
    assert ledger._do(lambda db: db.execute("PRAGMA journal_mode").fetchone()) == ("wal",)


def test_what_a_signal_leaves_open_is_undone(path: Path) -> None:
    """A process that waits for the file hears of a signal only once its BEGIN is done."""

    def interrupted(db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        raise KeyboardInterrupt

    ledger = SqliteLedger(path)
    with pytest.raises(KeyboardInterrupt):
        ledger._do(interrupted)
    with raw(path) as other:
        other.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
    ledger.append([])


@pytest.mark.skipif(sys.platform == "win32", reason="it limits no file")
def test_the_cause_is_told_where_no_ledger_can_be_made(path: Path) -> None:
    code = """
import resource, sys
from cadence_guard import LedgerUnavailable, open_ledger
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    open_ledger(f"sqlite:///{sys.argv[1]}")
except LedgerUnavailable as error:
    print(error)
"""
    assert in_child(code, path) == f"{path}: disk I/O error"


class TestUrl:
    def test_three_slashes_are_relative(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        ledger = open_ledger("sqlite:///outreach.db")
        assert isinstance(ledger, SqliteLedger)
        assert ledger.path == tmp_path / "outreach.db"
        assert ledger.path.exists()

    def test_four_slashes_are_absolute(self, path: Path) -> None:
        ledger = open_ledger(f"sqlite:///{path}")
        assert isinstance(ledger, SqliteLedger)
        assert ledger.path == path

    def test_memory(self) -> None:
        assert isinstance(open_ledger("memory://"), MemoryLedger)

    @pytest.mark.parametrize(
        "url",
        [
            "sqlite://",
            "sqlite:///",
            "sqlite://outreach.db",
            "sqlite:///:memory:",  # would be gone with the connection
            "memory://x",
            "memory",
        ],
    )
    def test_half_a_url_is_an_error(self, url: str) -> None:
        with pytest.raises(ValueError, match="expected memory:// or sqlite:///path"):
            open_ledger(url)

    def test_options_are_an_error(self, tmp_path: Path) -> None:
        """They would be part of the name, and two spellings two ledgers."""
        with pytest.raises(ValueError, match="has options, of which none is known"):
            open_ledger(f"sqlite:///{tmp_path}/x.db?mode=ro")
        assert list(tmp_path.iterdir()) == []

    def test_another_scheme_is_an_error_with_the_nearest(self) -> None:
        with pytest.raises(ValueError, match="unknown ledger 'sqlit'; did you mean 'sqlite'"):
            open_ledger("sqlit:///x.db")

    def test_no_url_at_all_is_not_memory(self) -> None:
        with pytest.raises(ValueError, match=r"'sqlite:///out\.db'"):
            open_ledger("out.db")
        with pytest.raises(ValueError, match="unknown ledger ''"):
            Guard(NO_RULES, ledger="")


class TestWhoShares:
    def test_an_opt_out_of_another_process_holds_at_once(self, path: Path) -> None:
        guard = Guard(NO_RULES, ledger=f"sqlite:///{path}", clock=FixedClock())
        assert guard.evaluate(a_touch())
        code = """if True:
            import sys
            from cadence_guard import Guard, Policy
            guard = Guard(Policy(packs=[]), ledger=f"sqlite:///{sys.argv[1]}")
            guard.record({"event": "signal", "contact": "c-1", "kind": "opt_out"})
            print(guard.ledger.secret().hex())"""
        secret = in_child(code, path)
        assert [f.code for f in guard.evaluate(a_touch()).findings if f.effect == "block"] == [
            "CG101"
        ]
        assert guard.ledger.secret().hex() == secret

    def test_many_may_make_the_same_file_at_once(self, path: Path) -> None:
        code = """if True:
            import sys, threading
            from cadence_guard.ledgers.sqlite import SqliteLedger
            start, secrets = threading.Barrier(8), set()
            def make():
                start.wait()
                secrets.add(SqliteLedger(sys.argv[1]).secret())
            threads = [threading.Thread(target=make) for _ in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(len(secrets))"""
        for turn in range(3):
            assert in_child(code, path.with_name(f"{turn}.db")) == "1"

    def test_who_opens_waits_for_who_is_making_it(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "_WAIT_SECONDS", 0.01)
        monkeypatch.setattr(sqlite, "monotonic", lambda: 0.0)
        with raw(path) as db:
            db.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr(sqlite, "sleep", lambda _: db.execute("ROLLBACK"))
            SqliteLedger(path).append([])

    def test_an_error_that_has_rolled_back_by_itself_is_told(self, path: Path) -> None:
        ledger = SqliteLedger(path)

        def full() -> Iterator[Filed]:
            assert ledger._connection is not None
            ledger._connection.execute("ROLLBACK")
            raise OSError("disk full")
            yield

        with pytest.raises(LedgerUnavailable, match="disk full"):
            ledger.append(full())
        ledger.append([])

    def test_in_a_fork_nothing_is_open_and_nobody_else_is_in(self, path: Path) -> None:
        ledger = SqliteLedger(path)
        entered: list[bytes] = []
        other = threading.Thread(target=lambda: entered.append(ledger.secret()))
        before_fork()
        assert ledger._connection is None
        other.start()
        other.join(0.05)
        assert entered == []
        after_fork()
        other.join()
        assert entered == [ledger.secret()]

    def test_it_is_opened_again_after_close(self, path: Path) -> None:
        ledger = SqliteLedger(path)
        secret = ledger.secret()
        ledger.close()
        ledger.close()
        assert ledger.secret() == secret

    def test_it_is_found_again_from_another_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        ledger = SqliteLedger("ledger.db")
        secret = ledger.secret()
        ledger.close()
        (tmp_path / "other").mkdir()
        monkeypatch.chdir(tmp_path / "other")
        assert ledger.secret() == secret

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    def test_a_fork_carries_no_connection_over(self, path: Path) -> None:
        code = """if True:
            import os, sys
            from cadence_guard import Guard, Policy
            guard = Guard(Policy(packs=[]), ledger=f"sqlite:///{sys.argv[1]}")
            say = lambda who: guard.record({"event": "signal", "contact": who, "kind": "opt_out"})
            say("before")
            child = os.fork()
            if child == 0:
                assert guard.ledger._connection is None
                say("child")
                os._exit(0)
            say("parent")
            assert os.waitpid(child, 0)[1] == 0
            page = guard.ledger.history([f"contact:{who}" for who in ("before", "child", "parent")])
            print(sorted(filed.event.contact for filed in page.events))"""
        assert in_child(code, path) == "['before', 'child', 'parent']"
        with raw(path) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    def test_a_fork_waits_for_who_is_writing(self, path: Path) -> None:
        """A lock that another thread holds in the moment of a fork would be held for ever."""
        code = """if True:
            import os, sys, threading, warnings
            warnings.simplefilter("ignore", DeprecationWarning)
            from cadence_guard.ledgers.sqlite import SqliteLedger
            ledger, going = SqliteLedger(sys.argv[1]), True
            def read():
                while going:
                    ledger.history(["contact:c-1"])
            reader = threading.Thread(target=read)
            reader.start()
            for _ in range(20):
                child = os.fork()
                if child == 0:
                    ledger.history(["contact:c-1"])
                    ledger.append([])
                    os._exit(0)
                assert os.waitpid(child, 0)[1] == 0
            going = False
            reader.join()
            print("done")"""
        assert in_child(code, path) == "done"


class TestErasure:
    def bytes_of(self, path: Path) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir())).lower()

    def test_forgotten_text_is_in_no_file(self, path: Path) -> None:
        clock = FixedClock()
        guard = Guard(NO_RULES, ledger=f"sqlite:///{path}", clock=clock)
        names = [f"zacharias{number}" for number in range(12)]
        for turn in range(10):  # rows come and go, grow and move between pages
            clock.advance("1h")
            for name in names:
                long = "x" * (1 + 700 * (turn % 3) * (len(name) % 2))
                point = {"kind": "email", "value": f"{name}@example.org"}
                guard.record(
                    {**a_contact(contact=name, name=name + long).model_dump(), "points": [point]}
                )
                touch = a_touch(id=f"{name}-{turn}", contact=name, to=f"{name}@example.org")
                with guard.reserve(touch.model_copy(update={"greeting": f"Hi {name}"})) as r:
                    r.confirm()
                guard.record(
                    {
                        "event": "signal",
                        "contact": name,
                        "kind": "opt_out",
                        "purpose": "marketing",
                        "point": f"{name}@example.org",
                    }
                )
        guard.record({"event": "suppress", "point": "Zacharias3@example.org", "note": "zacharias3"})
        assert b"zacharias3" in self.bytes_of(path)
        for name in names[:-1]:
            guard.forget(name)
            kept = self.bytes_of(path)
            assert name.encode() + b"@" not in kept
            assert name.encode() + b"-" not in kept
            assert b"hi " + name.encode() + b'"' not in kept
        assert kept.count(b"zacharias") == kept.count(b"zacharias11") > 0
        codes = guard.evaluate(a_touch(contact="new", to="zacharias3@example.org")).findings
        assert "CG104" in [finding.code for finding in codes]

    @pytest.mark.parametrize("seed", [3, 5, 373])
    def test_nor_in_what_pages_keep_of_rows_that_moved(self, path: Path, seed: int) -> None:
        """Rows of all sizes come and go: pages are split and joined, and keep stale copies."""
        rnd, clock = Random(seed), FixedClock()
        guard = Guard(NO_RULES, ledger=f"sqlite:///{path}", clock=clock)
        names = [f"person{number:03d}zq" for number in range(40)]
        for turn in range(300):
            clock.advance("1m")
            name, size = rnd.choice(names), rnd.choice((1, 50, 80, 600, 900, 5000))
            done = rnd.random()
            if done < 0.4:
                guard.record({"event": "contact", "contact": name, "name": f"{name} {'x' * size}"})
            elif done < 0.85:
                touch = a_touch(id=f"t-{turn}-{name}", contact=name, to=f"{name}@example.org")
                more = {"outcome": "sent", "greeting": "g" * size, "at": clock()}
                guard.record(touch.model_copy(update=more))
            else:
                guard.forget(name)
                assert name.encode() not in self.bytes_of(path)

    def test_a_reader_in_the_way_is_told_of(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "_WAIT_SECONDS", 0.05)
        guard = Guard(NO_RULES, ledger=f"sqlite:///{path}", clock=FixedClock())
        guard.record(a_contact(contact="zacharias"))
        with raw(path) as db:
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM event").fetchone()
            with pytest.raises(LedgerUnavailable, match="do it again"):
                guard.forget("zacharias")
        guard.forget("zacharias")
        assert b"zacharias" not in self.bytes_of(path)


def test_threads_share_one_connection(path: Path) -> None:
    ledger = SqliteLedger(path)
    seen: list[bytes] = []
    threads = [threading.Thread(target=lambda: seen.append(ledger.secret())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1
