"""Canonical JSON: the one form in which the ledger writes a value (RFC 8785, narrowed; see docs/ledger-format.md).

UTF-8 without white space; keys `[a-z0-9_]+`, unique and sorted; integers within 2^53-1; no floats; no lone
surrogates; strings are not normalised. `encode` and `decode` are twins: `decode` refuses all that `encode` would not
write.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, TypeAlias

import orjson

from ledger.errors import Refused

JSON: TypeAlias = Any
"""None, bool, int, str, or a list or str-keyed dict of these (checked at run time by `encode`)."""

ENTRY_BYTES = 65_535
DOCUMENT_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1

_KEY = re.compile(r"[a-z0-9_]+")
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


def encode(value: JSON, *, max_bytes: int = DOCUMENT_BYTES, max_depth: int = MAX_DEPTH) -> bytes:
    """The canonical bytes of `value`; its depth counts nested arrays and objects (a scalar has depth 0).

    Raises Refused for anything outside the form: floats, big integers, foreign types and keys, lone surrogates,
    more than `max_bytes` bytes or `max_depth` levels.
    """
    _check(value, max_depth)
    try:
        raw = orjson.dumps(value, option=_OPTIONS)
    except (orjson.JSONEncodeError, UnicodeEncodeError) as error:
        raise Refused("a string is not valid Unicode", "remove lone surrogates from the text") from error
    if len(raw) > max_bytes:
        raise Refused(f"{len(raw)} bytes, at most {max_bytes} allowed", "put large content into a blob")
    return raw


def decode(raw: bytes, *, max_bytes: int = ENTRY_BYTES, max_depth: int = MAX_DEPTH) -> JSON:
    """The value whose canonical bytes are exactly `raw`; raises Refused for any other bytes."""
    if len(raw) > max_bytes:
        raise Refused(f"{len(raw)} bytes, at most {max_bytes} allowed")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused("not valid JSON") from error
    if encode(value, max_bytes=max_bytes, max_depth=max_depth) != raw:
        raise Refused("not in canonical form", "sorted unique keys, no white space, shortest escapes")
    return value


def digest(raw: bytes) -> str:
    """`sha256:` and the lower-case hexadecimal SHA-256 of `raw`."""
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def digest_of(value: JSON) -> str:
    """The digest of a value's canonical bytes."""
    return digest(encode(value))


def _check(value: JSON, levels: int) -> None:
    """Refuse what canonical JSON cannot hold; `levels` is how many more containers may nest."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise Refused("an integer is beyond 2^53-1", "write large numbers as decimal strings")
    elif kind is dict or kind is list:
        if levels == 0:
            raise Refused("nested too deeply")
        for key in value if kind is dict else ():
            if type(key) is not str or not _KEY.fullmatch(key):
                raise Refused("an object key is not of the form [a-z0-9_]+")
        for member in value.values() if kind is dict else value:
            _check(member, levels - 1)
    elif kind is float:
        raise Refused("floating-point numbers are not allowed", "write decimals as strings")
    else:
        raise Refused(f"a value of type {kind.__name__} is not JSON")
