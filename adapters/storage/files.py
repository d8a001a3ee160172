"""Small files written whole or not at all, and documents read with limits."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from governance.errors import InputError, ToolFault

MAX_DOCUMENT = 1024 * 1024


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write `content` to `path` by temporary file, fsync and rename. Raises ToolFault when the disk refuses."""
    temporary = path.with_name(f".writing-{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)  # never through somebody's link
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ToolFault(f"cannot write {path}: {error.strerror}", "check the disk's space and permissions") from error


def read_bytes(path: Path, limit: int = MAX_DOCUMENT) -> bytes:
    """The bytes of a file of at most `limit` bytes. Raises InputError."""
    try:
        with path.open("rb") as handle:
            raw = handle.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", "check the path") from error
    if len(raw) > limit:
        raise InputError(f"{path} is larger than {limit} bytes", "give a smaller file")
    return raw


def read_json_object(path: Path, limit: int = MAX_DOCUMENT) -> dict[str, Any]:
    """A JSON object from a file. Raises InputError naming the line of what is wrong; duplicate members are refused."""
    raw = read_bytes(path, limit)
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=unique)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text", "give a JSON file") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is not JSON: line {error.lineno}, {error.msg}", "mend the file") from error
    except RecursionError as error:
        raise InputError(f"{path} is nested too deeply", "give a flat JSON object") from error
    if not isinstance(value, dict):
        raise InputError(f"{path} holds no JSON object", "write one object in braces")
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these members, for a JSON reader; raises InputError where one stands twice."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise InputError("a JSON object has the same member twice", "keep one of each")
    return dict(pairs)
