"""Turns what a database driver raises into the ledger's own errors: what happened, and what to do next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.errors import IntegrityError, Kind, LedgerError, StoreFault

_RETRY: Final = "nothing was acknowledged; send the same ids again, a retry is harmless"

_SQLITE: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_BUSY: ("the database is locked", "another process holds it; end that one or try again"),
    sqlite3.SQLITE_LOCKED: ("the database is locked", "another process holds it; end that one or try again"),
    sqlite3.SQLITE_FULL: ("the disk is full", f"free some space; {_RETRY}"),
    sqlite3.SQLITE_IOERR: ("the disk could not be read or written", f"check the disk; {_RETRY}"),
    sqlite3.SQLITE_NOTADB: ("the file is not a ledger database", "check the path, or restore the file from a backup"),
    sqlite3.SQLITE_CANTOPEN: ("the database file cannot be opened", "check the path and its permissions"),
    sqlite3.SQLITE_READONLY: ("the database is read-only", "check the permissions of the file and its folder"),
    sqlite3.SQLITE_PERM: ("the database file may not be opened", "check the path and its permissions"),
}

_POSTGRESQL: Final[dict[str, tuple[str, str]]] = {
    "53": ("PostgreSQL is out of disk, memory or connections", f"free some; {_RETRY}"),
    "55": ("the database is locked", "another process holds the head of the log; try again"),
    "57": ("PostgreSQL ended the connection", f"see that it is running; {_RETRY}"),
    "42": ("PostgreSQL does not hold a ledger here, or forbids its use", "run `qayd init`, or grant access"),
}

_SQLITE_OTHER: Final = ("the database refused the request", "check that the file is a ledger database of this version")
_UNREACHABLE: Final = (
    "PostgreSQL cannot be reached, or refuses this user or database",
    f"see that it is running and check the URL; {_RETRY}",
)
_POSTGRESQL_OTHER: Final = ("PostgreSQL refused the request", f"look into its log; {_RETRY}")


@contextmanager
def faults() -> Iterator[None]:
    """Re-raise what the driver raises inside as StoreFault with a hint; our own errors pass.

    A file whose inner structure is broken is not a fault of the world around but IntegrityError (ALTERED).
    """
    try:
        yield
    except LedgerError:
        raise
    except (DBAPIError, sqlite3.Error) as error:
        raise _fault(error) from error
    except PoolTimeout as error:
        raise StoreFault("all database connections are in use", f"try again; {_RETRY}") from error
    except SQLAlchemyError as error:
        raise StoreFault("the database answered in a way the ledger does not know", _RETRY) from error


def _fault(error: DBAPIError | sqlite3.Error) -> LedgerError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        code = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
        undecoded = str(cause).startswith("Could not decode to UTF-8")  # the driver's own finding, without a code
        if code == sqlite3.SQLITE_CORRUPT or undecoded:
            hint = "restore it from a backup, then verify that against a checkpoint you kept"
            return IntegrityError(Kind.ALTERED, "the database file is damaged", None, hint)
        return StoreFault(*_SQLITE.get(code, _SQLITE_OTHER))
    state = getattr(cause, "sqlstate", None)
    return StoreFault(*(_POSTGRESQL.get(state[:2], _POSTGRESQL_OTHER) if state else _UNREACHABLE))
