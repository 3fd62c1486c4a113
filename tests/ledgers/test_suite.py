"""The ledgers of this package keep the contract that users' own ledgers are checked with."""

from __future__ import annotations

from pathlib import Path

from cadence_guard.ledgers import Ledger
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.ledgers.sqlite import SqliteLedger
from cadence_guard.testing import LedgerSuite


class TestMemory(LedgerSuite):
    def make_ledger(self, tmp_path: Path) -> Ledger:
        return MemoryLedger()


class TestSqlite(LedgerSuite):
    def make_ledger(self, tmp_path: Path) -> Ledger:
        return SqliteLedger(tmp_path / "ledger.db")


class TestSqliteReopened(TestSqlite):
    """As another connection finds it, while the first is still open."""

    def reopen(self, ledger: Ledger) -> Ledger:
        assert isinstance(ledger, SqliteLedger)
        return SqliteLedger(ledger.path)

    def stored(self, ledger: Ledger) -> bytes:
        assert isinstance(ledger, SqliteLedger)
        return b"".join(path.read_bytes() for path in ledger.path.parent.glob("ledger.db*"))


class TestSqliteClosed(TestSqliteReopened):
    """As it is found after the last connection was closed."""

    def reopen(self, ledger: Ledger) -> Ledger:
        assert isinstance(ledger, SqliteLedger)
        ledger.close()
        return SqliteLedger(ledger.path)
