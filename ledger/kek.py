"""Key-encryption keys: one file for each epoch of 30 days, outside the database.

They wrap the keys of persons. Destroying every epoch that ever wrapped a person's key makes what was sealed for that
person unreadable, in every copy and backup of the database.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Final

from ledger.canonical import decode, encode
from ledger.entry import Random, base64, unbase64
from ledger.errors import Refused, StoreFault, Withheld
from ledger.files import disk, make_directory, write_new

EPOCH_DAYS: Final = 30
KEY_BYTES: Final = 32
_DAY_SECONDS: Final = 86_400


def epoch_of(now: str) -> int:
    """Number of the 30-day epoch of a moment, counted from 1970-01-01."""
    return int(datetime.fromisoformat(now).timestamp()) // (_DAY_SECONDS * EPOCH_DAYS)


class KekRing:
    """The key-encryption keys in `directory`; the key of the present epoch is made when it is first needed."""

    def __init__(self, directory: Path, *, random: Random = os.urandom) -> None:
        self._directory, self._random = directory, random
        self._known: dict[int, bytes] = {}

    def current(self, now: str) -> tuple[int, bytes]:
        """Epoch and key (32 bytes) to wrap with at this time; raises StoreFault if it cannot be made or read."""
        epoch = epoch_of(now)
        if epoch not in self._known:
            content = encode({"epoch": epoch, "key": base64(self._random(KEY_BYTES))})
            with disk("make a key-encryption key"):
                make_directory(self._directory)
                write_new(self._path(epoch), content, f".{self._random(16).hex()}")
            self._known[epoch] = self._read(epoch)
        return epoch, self._known[epoch]

    def get(self, epoch: int) -> bytes:
        """The key of an epoch; raises Withheld if this holder does not have it."""
        if epoch not in self._known:
            if not self._path(epoch).exists():
                raise Withheld(
                    f"the key-encryption key of epoch {epoch} is not here", "ask a holder of the vault's keys"
                )
            self._known[epoch] = self._read(epoch)
        return self._known[epoch]

    def _read(self, epoch: int) -> bytes:
        path = self._path(epoch)
        with disk("read a key-encryption key"):
            raw = path.read_bytes()
        try:
            held = decode(raw)
            if not isinstance(held, dict) or held.keys() != {"epoch", "key"} or held["epoch"] != epoch:
                raise Refused("it is of another epoch")
            return unbase64(held["key"], KEY_BYTES)
        except Refused as error:
            raise StoreFault(f"{path} holds no key-encryption key", "restore it from its backup") from error

    def _path(self, epoch: int) -> Path:
        return self._directory / f"{epoch:06d}.kek"
