"""The system's clock and randomness, as the ports the inner layers are handed."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class SystemClock:
    """UTC wall-clock time in the ledger's form, `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""

    def now(self) -> str:
        """The time now."""
        return datetime.now(UTC).strftime(FORMAT)


def random_bytes(count: int) -> bytes:
    """`count` bytes from the operating system's generator."""
    return secrets.token_bytes(count)


def identifier(prefix: str, size: int = 6) -> str:
    """A fresh opaque identifier, `prefix` and `2 * size` hex digits."""
    return f"{prefix}{secrets.token_hex(size)}"
