"""The PostgreSQL of the tests is a real one, durable by default, with a database for each test."""

from __future__ import annotations

import psycopg


def ask(url: str, question: str) -> str:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return str(row[0])


def test_the_server_is_durable(postgres_url: str) -> None:
    """It waits for the disk, as a production server does."""
    assert [ask(postgres_url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == [
        "on"
    ] * 3


def test_each_test_has_a_database_of_its_own(postgres_url: str, postgres_database: str) -> None:
    """A fresh database is another one than the server's own, and empty."""
    assert ask(postgres_url, "SELECT current_database()") == "postgres"
    assert ask(postgres_database, "SELECT current_database()").startswith("test_")
    assert ask(postgres_database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
