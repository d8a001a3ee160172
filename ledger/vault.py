"""The vault: the values behind sealed fields, each under the key of the person it is about.

A value's row holds a 12-byte nonce and AES-256-GCM over its 32-byte salt and canonical bytes, bound to origin, event
id, pointer and handle. A person's key is wrapped by the key-encryption key of an epoch. The entry shows a commitment
only.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from ledger import queries
from ledger.canonical import JSON, decode, encode
from ledger.entry import (
    SALT_BYTES,
    Clock,
    Entry,
    Random,
    base64,
    commitment,
    parse_sealed,
    sealed_member,
)
from ledger.errors import IntegrityError, Kind, Refused, StoreFault, Withheld
from ledger.kek import KEY_BYTES, KekRing
from ledger.schema import MAX_SEALED_BYTES, Sealed
from ledger.store import Store
from ledger.writing import SealedValue

NONCE_BYTES: Final = 12


class Vault:
    """The vault of the log in `store`; `keks` wrap the persons' keys. Threads may share it."""

    def __init__(self, store: Store, keks: KekRing, *, random: Random, clock: Clock) -> None:
        self._store, self._keks, self._random, self._clock = store, keks, random, clock
        self._known: queries.Head | None = None

    def seal(self, event_id: str, source: str, pointer: str, value: Sealed, handle: bytes) -> tuple[JSON, SealedValue]:
        """The public member of a sealed field, and the row that goes into the vault with its entry.

        Raises StoreFault if the person's key can be neither read nor made.
        """
        head = self._head()
        salt = self._random(SALT_BYTES)
        key = self._person_key(head, value.person)
        plain = salt + encode(value.value, max_bytes=MAX_SEALED_BYTES)
        sealed = _encrypt(key, self._random(NONCE_BYTES), plain, _bound(head.origin, event_id, pointer, handle))
        seal = commitment(head.origin, source, event_id, pointer, salt, value.value)
        return sealed_member(seal, handle), SealedValue(handle, pointer, value.person, sealed)

    def open(self, entry: Entry, pointer: str) -> JSON:
        """The value sealed in `entry` at `pointer` (such as `/data/name`), checked against its commitment.

        Raises Refused if nothing is sealed there, Withheld without the key-encryption key, and IntegrityError: LOST if
        the vault has no such value, ALTERED if it is not the one committed to.
        """
        return self.recall(entry, pointer).value

    def recall(self, entry: Entry, pointer: str) -> Sealed:
        """As `open`, with the person the value is about."""
        head = self._head()
        member = entry.data.get(pointer.removeprefix("/data/")) if pointer.startswith("/data/") else None
        seal, handle = parse_sealed(member)
        with self._store.reading() as connection:
            found = queries.sealed_value(connection, head.log, handle, pointer)
            if found is None:
                raise _broken(Kind.LOST, "the vault has lost a sealed value", entry)
            person, sealed = found
            key = self._unwrapped(connection, head, person, entry)
        bound = _bound(head.origin, entry.id, pointer, handle)
        try:
            plain = _decrypt(key, sealed, bound)
            salt, value = plain[:SALT_BYTES], decode(plain[SALT_BYTES:], max_bytes=MAX_SEALED_BYTES)
        except (InvalidTag, ValueError, Refused) as error:
            raise _broken(Kind.ALTERED, "a sealed value does not open under its person's key", entry) from error
        if commitment(head.origin, entry.source, entry.id, pointer, salt, value) != seal:
            raise _broken(Kind.ALTERED, "a sealed value is not the one its entry committed to", entry)
        return Sealed(value, person)

    def _head(self) -> queries.Head:
        """Names of the log this vault belongs to."""
        if self._known is None:
            with self._store.reading() as connection:
                heads = queries.heads(connection)
            if len(heads) != 1:
                raise StoreFault("the store holds no log for this vault", "run `qayd init` first, or check the URL")
            self._known = heads[0]
        return self._known

    def _person_key(self, head: queries.Head, person: str) -> bytes:
        """The person's key; made, and durable, before the first value is sealed under it."""
        with self._store.reading() as connection:
            found = queries.person_key(connection, head.log, person)
        if found is None:
            epoch, kek = self._keks.current(self._clock.now())
            bound = _wrapping(head.log_id, person, epoch)
            wrapped = _encrypt(kek, self._random(NONCE_BYTES), self._random(KEY_BYTES), bound)
            with self._store.writing() as connection:
                queries.add_person_key(connection, head.log, person, epoch, wrapped)
                # Another process may have been first: its key stands.
                found = queries.person_key(connection, head.log, person) or (epoch, wrapped)
        try:
            return self._unwrap(head, person, found)
        except Withheld as error:
            raise StoreFault(f"nothing can be sealed: {error.message}", "restore the vault's keys") from error

    def _unwrapped(self, connection: Connection, head: queries.Head, person: str, entry: Entry) -> bytes:
        found = queries.person_key(connection, head.log, person)
        if found is None:
            raise _broken(Kind.LOST, "the vault has lost the key of a sealed value", entry)
        return self._unwrap(head, person, found)

    def _unwrap(self, head: queries.Head, person: str, found: tuple[int, bytes]) -> bytes:
        epoch, wrapped = found
        try:
            return _decrypt(self._keks.get(epoch), wrapped, _wrapping(head.log_id, person, epoch))
        except (InvalidTag, ValueError) as error:
            message = f"a person's key does not unwrap under the key-encryption key of epoch {epoch}"
            raise IntegrityError(Kind.ALTERED, message, None, "restore vault and keys from the same backup") from error


def _encrypt(key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)


def _bound(origin: str, event_id: str, pointer: str, handle: bytes) -> bytes:
    """What a value is bound to, as canonical bytes (the AAD of LEDGER 2)."""
    return encode([origin, event_id, pointer, base64(handle)])


def _wrapping(log_id: str, person: str, epoch: int) -> bytes:
    return encode(["qayd/person-key/v1", log_id, person, epoch])


def _broken(kind: Kind, message: str, entry: Entry) -> IntegrityError:
    return IntegrityError(kind, message, entry.index, "restore the vault from a backup")
