"""Documents of the record: canonical JSON kept as blobs and named by digest in entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.canonical import decode, encode

if TYPE_CHECKING:
    from adapters.wiring import Home

MAX_BYTES = 16 * 1024 * 1024


def put_document(home: Home, document: Mapping[str, Any]) -> str:
    """Store a document durably; its digest."""
    return home.blobs.put(encode(dict(document), max_bytes=MAX_BYTES))


def get_document(home: Home, digest: str) -> dict[str, Any]:
    """A stored document, its bytes checked against the digest. Raises IntegrityError when lost or altered."""
    value = decode(home.blobs.get(digest), max_bytes=MAX_BYTES)
    assert isinstance(value, dict)  # noqa: S101 - only objects are ever put
    return value
