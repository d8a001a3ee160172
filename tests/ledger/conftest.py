"""Both databases, one contract: whatever asks for `url` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.log import Log
from ledger.store import Store
from tests.ledger.logs import SetClock, create_log, make_vault


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    database: str = request.getfixturevalue("postgres_database")
    return database


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store without a log."""
    made = Store.create(url)
    yield made
    made.close()


@pytest.fixture
def clock() -> SetClock:
    """The clock of `log`."""
    return SetClock()


@pytest.fixture
def log(store: Store, clock: SetClock, tmp_path: Path) -> Log:
    """A new log with a vault, on either database."""
    return create_log(store, clock=clock, vault=make_vault(store, tmp_path / "kek", clock))


@pytest.fixture
def sqlite_log(tmp_path: Path, clock: SetClock) -> Iterator[Log]:
    """A new log with a vault, on SQLite alone, for what no database changes."""
    made = Store.create(f"sqlite:///{tmp_path}/ledger.db")
    yield create_log(made, clock=clock, vault=make_vault(made, tmp_path / "kek", clock))
    made.close()
