"""Both databases, one contract: whatever asks for `url` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledger.log import Log
from ledger.store import Store
from tests.ledger.logs import SetClock, create_log, make_vault


@pytest.fixture(scope="session")
def ledger_postgres(postgres_url: str) -> str:
    """URL of one PostgreSQL database for all tests of the ledger (making one for each takes long)."""
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE DATABASE ledger_tests")
    return postgres_url.replace("@/postgres?", "@/ledger_tests?")


@pytest.fixture
def emptied_postgres(ledger_postgres: str) -> str:
    """That database, empty, and without anybody else in it."""
    with psycopg.connect(ledger_postgres.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return ledger_postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    shared: str = request.getfixturevalue("emptied_postgres")
    return shared


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
