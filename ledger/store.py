"""One database, SQLite or PostgreSQL: opened so that what it acknowledges is durable, or not opened at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool
from sqlmodel import SQLModel

from ledger.errors import LedgerError, Refused, StoreFault
from ledger.faults import faults
from ledger.tables import FORMAT, ROWS, FormatRow, table_of

BUSY_SECONDS: Final = 30.0
"""How long a writer waits for another process's transaction before it gives up."""

_SQLITE: Final = "sqlite"
_POSTGRESQL: Final = "postgresql"


class Store:
    """A database that holds ledgers. Threads may share it; a child process opens its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(qayd_write=True)
        self._process = os.getpid()
        self.dialect: str = engine.dialect.name

    @classmethod
    def create(cls, url: str, *, busy_seconds: float = BUSY_SECONDS) -> Store:
        """Open the database at `url` and make the ledger's tables where they are missing.

        Raises Refused for a URL that is neither `sqlite:///path` nor `postgresql+psycopg://...`, StoreFault if the
        database cannot be reached, written, or trusted to keep what it acknowledges.
        """
        parsed = _parse(url)
        if parsed.drivername == _SQLITE:
            _touch(Path(str(parsed.database)))
        return _opened(cls(_engine(parsed, busy_seconds)), Store._make, Store._check)

    @classmethod
    def open(cls, url: str, *, busy_seconds: float = BUSY_SECONDS) -> Store:
        """Open a database made by `create`; raises as `create` does, and StoreFault if there is none."""
        parsed = _parse(url)
        if parsed.drivername == _SQLITE and not Path(str(parsed.database)).is_file():
            raise StoreFault(f"there is no ledger at {parsed.database}", "run `qayd init` first, or check the path")
        return _opened(cls(_engine(parsed, busy_seconds)), Store._check)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that reads one consistent state; raises StoreFault for all that goes wrong in it."""
        self.check_process()
        with faults(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds SQLite's write lock from its start, and is durable once the block ends."""
        self.check_process()
        with faults(), self._writer.begin() as connection:
            yield connection

    def check_process(self) -> None:
        """Raise StoreFault in a child process that inherited this store: its connections and locks are its parent's."""
        if os.getpid() != self._process:
            raise StoreFault("this store was opened by a parent process", "open the store again in the child")

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def _make(self) -> None:
        """Make the tables that are missing."""
        with self.writing() as connection:
            SQLModel.metadata.create_all(connection, tables=[table_of(row) for row in ROWS])
            if connection.scalar(select(table_of(FormatRow).c.version)) is None:
                connection.execute(insert(table_of(FormatRow)).values(version=FORMAT))

    def _check(self) -> None:
        """Refuse tables of another version, and a PostgreSQL that may forget what it acknowledged."""
        with self.reading() as connection:
            if not inspect(connection).has_table(str(FormatRow.__tablename__)):
                raise StoreFault("the database holds no ledger", "run `qayd init` first, or check the URL")
            version = connection.scalar(select(table_of(FormatRow).c.version))
            if version != FORMAT:
                raise StoreFault(
                    f"the ledger's tables are of version {version}, this Qayd knows version {FORMAT}",
                    "use the Qayd that wrote them",
                )
            if self.dialect == _POSTGRESQL:
                for setting in ("fsync", "synchronous_commit"):
                    if connection.exec_driver_sql(f"SHOW {setting}").scalar() == "off":
                        raise StoreFault(
                            f"PostgreSQL runs with {setting} off and could lose what it acknowledged",
                            f"set {setting} = on in its configuration",
                        )


def _opened(store: Store, *steps: Callable[[Store], None]) -> Store:
    """The store, once these steps succeeded; its connections are given back if one does not."""
    try:
        for step in steps:
            step(store)
    except LedgerError:
        store.close()
        raise
    return store


def _parse(url: str) -> URL:
    hint = "write sqlite:///path/to/file or postgresql://user@host/database"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise Refused("the database URL is malformed", hint) from error
    if parsed.drivername == _SQLITE and parsed.database not in (None, "", ":memory:"):
        return parsed
    if parsed.drivername in (_POSTGRESQL, "postgres", f"{_POSTGRESQL}+psycopg"):
        return parsed.set(drivername=f"{_POSTGRESQL}+psycopg")
    raise Refused("the database URL names neither an SQLite file nor a PostgreSQL database", hint)


def _touch(path: Path) -> None:
    """Make an empty database file that only its owner may read, unless there is one."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreFault(
            f"{path} cannot be created: {error.strerror}", "check the folder and its permissions"
        ) from error


def _engine(url: URL, busy_seconds: float) -> Engine:
    if url.drivername == _SQLITE:
        return _sqlite(Path(str(url.database)).absolute(), busy_seconds)
    options = f"-c lock_timeout={int(busy_seconds * 1000)}"
    # Whatever the database's own defaults are: a stricter isolation would refuse writers that only had to wait for the
    # head, and in another encoding the driver gives bytes for text.
    connect = {"connect_timeout": 10, "options": options, "client_encoding": "utf8"}
    return create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=connect)


def _sqlite(path: Path, busy_seconds: float) -> Engine:
    uri = f"file:{quote(str(path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        # Autocommit mode: transactions begin and end where this module says so.
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        if mode != ("wal",):
            connection.close()
            raise StoreFault("the file system cannot hold a write-ahead log", "keep the database on a local disk")
        return connection

    # No bound on connections: threads waiting for the write lock hold one each, and its holder may need a second.
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("qayd_write") else "BEGIN")
