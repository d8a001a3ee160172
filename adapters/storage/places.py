"""Where files were last seen on this machine: a convenience of one home, outside the record and its exports.

A path may hold somebody's name, so it never goes into the ledger or its documents. Nothing rests on a place: whatever
is found there is checked by its digest, or bound by it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from adapters.storage.files import write_atomically
from adapters.storage.home import Layout

MAX_PATH = 4096


def remember(layout: Layout, key: str, path: Path) -> None:
    """Note where the file that belongs to `key` (a digest, a request) is. Raises ToolFault."""
    place = _place(layout, key)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(place, str(path.absolute()).encode("utf-8", "surrogateescape"))


def recall(layout: Layout, key: str) -> Path | None:
    """Where it was last seen, or None."""
    try:
        raw = _place(layout, key).read_bytes()
    except OSError:
        return None
    return Path(raw[:MAX_PATH].decode("utf-8", "surrogateescape"))


def _place(layout: Layout, key: str) -> Path:
    return layout.work / "places" / hashlib.sha256(key.encode("utf-8")).hexdigest()
