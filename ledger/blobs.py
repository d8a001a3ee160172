"""Blobs: what is larger than an entry, kept under the digest an entry names, encrypted at rest.

A file is named after digest and retention class; it holds a header line, a 12-byte nonce and AES-256-GCM over the
bytes, bound to both. A blob is durable before `put` returns, so before the entry that names it can be written.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.canonical import digest
from ledger.entry import Random
from ledger.errors import IntegrityError, Kind, Refused
from ledger.files import disk, make_directory, write_new
from ledger.patterns import DIGEST, matches

MAX_BLOB_BYTES: Final = 64 * 1024 * 1024
_HEADER: Final = b"qayd-blob/1\n"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_RETENTION: Final = r"[a-z][a-z0-9-]{0,31}"


class Blobs:
    """Content-addressed bytes in `directory`, under a 32-byte `key`. Threads and processes may share it."""

    def __init__(self, directory: Path, key: bytes, *, random: Random = os.urandom) -> None:
        if len(key) != 32:
            raise Refused(f"the key of the blobs has {len(key)} bytes instead of 32")
        self._directory = directory
        self._cipher = AESGCM(key)
        self._random = random

    def put(self, raw: bytes, *, retention: str = "standard") -> str:
        """Keep these bytes under this retention class, durably; returns their digest.

        Bytes already there, and whole, are not written again. Raises Refused above 64 MiB, StoreFault if the disk does
        not do its part.
        """
        if len(raw) > MAX_BLOB_BYTES:
            raise Refused(f"a blob of {len(raw)} bytes, at most {MAX_BLOB_BYTES} allowed")
        if not matches(_RETENTION, retention):
            raise Refused("a retention class is a lower-case word")
        name = digest(raw)
        path = self._path(name, retention)
        nonce = self._random(_NONCE_BYTES)
        content = _HEADER + nonce + self._cipher.encrypt(nonce, raw, _bound(name, retention))
        with disk("keep a blob"):
            make_directory(path.parent)
            if not write_new(path, content, f".{self._random(16).hex()}"):
                self._mend(path, name, retention, content)
        return name

    def get(self, name: str) -> bytes:
        """The bytes with this digest; raises IntegrityError: LOST if they are gone, ALTERED if they are not they."""
        last: IntegrityError | None = None
        for path in self._paths(name):
            try:
                return self._read(path, name, path.name.partition(".")[2])
            except IntegrityError as error:
                last = error
        raise last or IntegrityError(Kind.LOST, f"the blob {name} is not here", None, "restore it from a backup")

    def has(self, name: str) -> bool:
        """Whether a file for this digest is here (`get` says whether it is whole)."""
        return bool(self._paths(name))

    def _mend(self, path: Path, name: str, retention: str, content: bytes) -> None:
        """Put a whole file in place of a damaged one."""
        try:
            self._read(path, name, retention)
        except IntegrityError:
            path.unlink(missing_ok=True)
            write_new(path, content, f".{self._random(16).hex()}")

    def _read(self, path: Path, name: str, retention: str) -> bytes:
        with disk("read a blob"), path.open("rb") as file:
            content = file.read(len(_HEADER) + _NONCE_BYTES + MAX_BLOB_BYTES + _TAG_BYTES + 1)
        if not content.startswith(_HEADER):
            raise _altered(name)
        body = content[len(_HEADER) :]
        try:
            raw = self._cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _bound(name, retention))
        except (InvalidTag, ValueError) as error:
            raise _altered(name) from error
        if digest(raw) != name:
            raise _altered(name)
        return raw

    def _path(self, name: str, retention: str) -> Path:
        if not matches(DIGEST, name):
            raise Refused("a blob is named by its digest, sha256:<64 hexadecimal digits>")
        hexadecimal = name.removeprefix("sha256:")
        return self._directory / hexadecimal[:2] / f"{hexadecimal}.{retention}"

    def _paths(self, name: str) -> list[Path]:
        """The files of this digest, one for each retention class it is kept under."""
        pattern = self._path(name, "*")
        with disk("look for a blob"):
            return sorted(pattern.parent.glob(pattern.name))


def _bound(name: str, retention: str) -> bytes:
    return f"qayd-blob/1\n{name}\n{retention}".encode("ascii")


def _altered(name: str) -> IntegrityError:
    return IntegrityError(Kind.ALTERED, f"the blob {name} is not what was kept", None, "restore it from a backup")
