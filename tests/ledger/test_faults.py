"""When the world around does not do its part: one clear error with a hint, nothing half-written."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import update

from ledger.errors import Conflict, IntegrityError, Refused, StoreFault
from ledger.log import Log
from ledger.store import Store
from ledger.tables import FormatRow, table_of
from tests.ledger.logs import TYPES, SetClock, check_whole, create_log, heartbeat, note, secret

ROOT = Path(__file__).resolve().parents[2]


def opened(url: str, busy_seconds: float = 30) -> Log:
    store = Store.open(url, busy_seconds=busy_seconds)
    return Log.open(store, types=TYPES, clock=SetClock(), random=random.Random(3).randbytes)


@contextmanager
def head_held(url: str) -> Iterator[None]:
    """Somebody else's transaction holds the head of the log."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as other_server:
            other_server.execute("SELECT * FROM ledger_head FOR UPDATE")
            yield


def test_a_locked_database_is_named_after_the_wait(url: str) -> None:
    """The writer waits as long as it was told, then says so; once the lock is gone it writes. Reading never waits."""
    create_log(Store.create(url)).close()
    log = opened(url, busy_seconds=0.3)
    with head_held(url):
        started = time.monotonic()
        with pytest.raises(StoreFault, match="the database is locked") as fault:
            log.append(heartbeat(id="a"))
        assert 0.2 < time.monotonic() - started < 10
        assert fault.value.hint
        assert log.size() == 1 and log.entry(0).index == 0
    assert log.append(heartbeat(id="a")).status == "appended"
    log.close()


def test_a_full_disk_loses_nothing_that_was_there(sqlite_log: Log) -> None:
    """The batch that does not fit is refused as a whole; with space again, a retry of the same ids succeeds."""
    sqlite_log.append(heartbeat(id="before"))
    with sqlite_log._store.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
    batch = [heartbeat(number, id=f"e{number}") for number in range(200)]
    with pytest.raises(StoreFault, match="the disk is full") as fault:
        sqlite_log.append_many(batch)
    assert "retry is harmless" in fault.value.hint
    assert [entry.id for entry in check_whole(sqlite_log)[1:]] == ["before"]
    with sqlite_log._store.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    sqlite_log.append_many(batch)
    assert len(check_whole(sqlite_log)) == 202


def test_a_read_only_database_is_named(sqlite_log: Log) -> None:
    """Writing is refused with a hint; reading works."""
    with sqlite_log._store.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(StoreFault, match="read-only"):
        sqlite_log.append(heartbeat())
    assert sqlite_log.size() == 1


def test_a_missing_database_is_not_made_by_opening_it(tmp_path: Path) -> None:
    """The hint says what to run; no file appears."""
    with pytest.raises(StoreFault, match="there is no ledger") as fault:
        Store.open(f"sqlite:///{tmp_path}/none.db")
    assert "qayd init" in fault.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"id,name\n1,x\n" * 500])
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, content: bytes) -> None:
    """Neither an empty file nor a CSV is opened, and it stays as it was."""
    path = tmp_path / "file.db"
    path.write_bytes(content)
    with pytest.raises(StoreFault, match=r"holds no ledger|not a ledger database"):
        Store.open(f"sqlite:///{path}")
    if content:
        assert path.read_bytes() == content
        with pytest.raises(StoreFault, match="not a ledger database"):
            Store.create(f"sqlite:///{path}")


def test_a_database_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The message names the path and the reason."""
    with pytest.raises(StoreFault, match=r"none/ledger\.db cannot be created: No such file or directory"):
        Store.create(f"sqlite:///{tmp_path}/none/ledger.db")


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://x@localhost/x", "postgresql+asyncpg://x@localhost/x"],
)
def test_other_urls_are_refused(url: str) -> None:
    """A hint shows the two forms; a database in memory is none."""
    for make in (Store.create, Store.open):
        with pytest.raises(Refused, match="database URL") as refused:
            make(url)
        assert "sqlite:///" in refused.value.hint


def test_a_url_with_a_password_is_not_repeated() -> None:
    """Messages never quote the URL."""
    with pytest.raises(StoreFault) as fault:
        Store.open("postgresql+psycopg://someone:hunter2@127.0.0.1:1/qayd")
    assert "hunter2" not in str(fault.value) + fault.value.hint


@pytest.mark.parametrize("host", ["127.0.0.1:1/x", "/x?host=/nonexistent"])
def test_an_unreachable_postgresql_is_named(host: str) -> None:
    """No server behind the port or the socket."""
    for make in (Store.create, Store.open):
        with pytest.raises(StoreFault, match="cannot be reached") as fault:
            make(f"postgresql+psycopg://qayd@{host}")
        assert "running" in fault.value.hint


def test_a_database_without_our_tables_is_refused(postgres_database: str) -> None:
    """An empty PostgreSQL database holds no ledger."""
    with pytest.raises(StoreFault, match="holds no ledger"):
        Store.open(postgres_database)


def test_tables_of_another_version_are_refused(store: Store, url: str) -> None:
    """They are left to the Qayd that wrote them."""
    with store.writing() as connection:
        connection.execute(update(table_of(FormatRow)).values(version=2))
    with pytest.raises(StoreFault, match="version 2"):
        Store.open(url)


def test_a_store_is_made_twice_without_harm(url: str) -> None:
    """Making what is there keeps it: an interrupted set-up can be repeated."""
    log = create_log(Store.create(url))
    again = Store.create(url)
    assert Log.open(again, types=TYPES, clock=SetClock(), random=random.randbytes).size() == 1
    again.close()
    log.close()


def test_sqlite_is_durable(sqlite_log: Log, tmp_path: Path) -> None:
    """Write-ahead log, every commit synced, and a file only its owner reads."""
    with sqlite_log._store.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert (tmp_path / "ledger.db").stat().st_mode & 0o777 == 0o600


def test_a_forgetful_postgresql_is_refused(postgres_url: str, postgres_database: str) -> None:
    """With synchronous_commit off or fsync off the ledger does not start, and says which."""
    Store.create(postgres_database).close()
    name = postgres_database.partition("@/")[2].partition("?")[0]
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        with pytest.raises(StoreFault, match="synchronous_commit off"):
            Store.open(postgres_database)
        server.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
        server.execute("ALTER SYSTEM SET fsync = off")
        try:
            server.execute("SELECT pg_reload_conf()")
            wait_for(server, "off")
            with pytest.raises(StoreFault, match="fsync off"):
                Store.open(postgres_database)
        finally:
            server.execute("ALTER SYSTEM RESET fsync")
            server.execute("SELECT pg_reload_conf()")
        wait_for(server, "on")
    Store.open(postgres_database).close()


def wait_for(server: psycopg.Connection[tuple[str]], setting: str) -> None:
    deadline = time.monotonic() + 20
    while server.execute("SHOW fsync").fetchone() != (setting,):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_lost_connection_is_a_fault_once(postgres_url: str, postgres_database: str) -> None:
    """A server that ends our session in mid-transaction is named; the next append connects again."""
    log = create_log(Store.create(postgres_database))

    def cut() -> None:
        other = psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True)
        with other as server, log._store.writing() as connection:
            own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            server.execute("SELECT pg_terminate_backend(%s, 5000)", (own,))
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(StoreFault, match="ended the connection"):
        cut()
    assert log.append(heartbeat()).index == 1
    log.close()


def test_requests_the_database_refuses_are_faults(store: Store) -> None:
    """What no rule foresees is still our own error, with a hint."""
    with pytest.raises(StoreFault) as fault, store.writing() as connection:
        connection.exec_driver_sql("INSERT INTO ledger_format (version) VALUES (1)")
    assert fault.value.hint
    with pytest.raises(StoreFault) as fault, store.writing() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")
    assert fault.value.hint


def test_misuse_of_a_connection_is_a_fault_too(store: Store) -> None:
    """Whatever the layer between complains about becomes our own error."""

    def misuse() -> None:
        with store.reading() as connection:
            answer = connection.exec_driver_sql("SELECT 1")
            answer.close()
            answer.first()

    with pytest.raises(StoreFault, match="does not know"):
        misuse()


def test_used_up_connections_are_a_fault(postgres_database: str) -> None:
    """More readers at once than PostgreSQL's pool has connections wait, then are told."""
    log = create_log(Store.create(postgres_database))
    log._store._engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    held = [log._store._engine.connect() for _ in range(15)]
    with pytest.raises(StoreFault, match="in use"):
        log.size()
    for connection in held:
        connection.close()
    assert log.size() == 1
    log.close()


def test_threads_that_wait_do_not_starve_the_writer(sqlite_log: Log) -> None:
    """Comparing a sealed retry needs a second connection under the write lock; however many wait, there is one."""
    sealed = note(id="n1", data={"words": secret()})
    sqlite_log.append(sealed)
    sqlite_log._store._engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    with ExitStack() as held:
        for _ in range(40):
            held.enter_context(sqlite_log._store._engine.connect())
        assert sqlite_log.append(sealed).status == "present"


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_postgresql_isolation_by_default_is_not_ours(postgres_url: str, postgres_database: str, isolation: str) -> None:
    """Writers wait for the head and then go on, also where the database would rather have them fail."""
    name = postgres_database.partition("@/")[2].partition("?")[0]
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'")
    create_log(Store.create(postgres_database)).close()
    logs = [Log.open(Store.open(postgres_database), types=TYPES, clock=SetClock(), random=os.urandom) for _ in range(3)]

    def fill(log: Log) -> list[str]:
        return [log.append(heartbeat()).status for _ in range(10)]

    with ThreadPoolExecutor(3) as pool:
        assert [status for done in pool.map(fill, logs) for status in done] == ["appended"] * 30
    assert len(check_whole(logs[0])) == 31
    for log in logs:
        log.close()


def test_a_postgresql_without_an_encoding_holds_a_ledger(postgres_url: str) -> None:
    """Ids and claims are read as text there, too."""
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute("CREATE DATABASE bare_bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    log = create_log(Store.create(postgres_url.replace("@/postgres?", "@/bare_bytes?")))
    log.append(heartbeat(id="h1", claim="c1"))
    assert log.append(heartbeat(id="h1", claim="c1")).status == "present"
    with pytest.raises(Conflict, match="c1"):
        log.append(heartbeat(id="h2", claim="c1"))
    assert len(check_whole(log)) == 2
    log.close()


FORKED = """
import os, sys
from ledger.errors import StoreFault
from tests.ledger.logs import create_log, heartbeat
from ledger.store import Store
log = create_log(Store.create(sys.argv[1]))
child = os.fork()
if child == 0:
    log._writer._leader = object()  # as it is when a thread of the parent commits at this moment
    for task in (log.size, lambda: log.append(heartbeat()), lambda: log.append_all([heartbeat()])):
        try:
            task()
        except StoreFault as fault:
            print(fault, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(log.append(heartbeat()).index)
log.close()
"""


def test_a_child_process_may_not_use_its_parents_store(url: str) -> None:
    """It would share a connection with its parent, or wait for a thread that is not there; it is told at once."""
    done = subprocess.run(
        [sys.executable, "-c", FORKED, url], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert done.stdout.split("\n") == ["this store was opened by a parent process"] * 3 + ["1", ""]


def test_a_damaged_file_is_an_integrity_failure(tmp_path: Path) -> None:
    """Broken inside, not another kind of file: ALTERED, with the first index that cannot be read."""
    path = tmp_path / "ledger.db"
    log = create_log(Store.create(f"sqlite:///{path}"))
    log.append_many([heartbeat(number) for number in range(2000)])
    log.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8 * 4096] = b"\xff" * (8 * 4096)
    path.write_bytes(content)
    log = opened(f"sqlite:///{path}")
    with pytest.raises(IntegrityError, match=r"^ALTERED at index") as altered:
        list(log.entries())
    assert altered.value.hint
    log.close()
