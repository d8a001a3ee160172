"""A configuration: how and where a model is to serve at a target, as a canonical document that people approve by
digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from governance.document import Document
from governance.errors import InputError
from ledger.canonical import DOCUMENT_BYTES, decode, digest, encode
from ledger.errors import Refused
from ledger.patterns import TOKEN, matches

PLACE: Final = ("provider", "realm", "region")
MAX_BYTES: Final = 256 * 1024
_HINT: Final = 'write {"provider": "...", "realm": "...", "region": "...", "fallback": "..."} and what else it needs'


@dataclass(frozen=True, slots=True)
class Configuration:
    """The canonical bytes of the document, and the members the kernel reads.

    `location` is (provider, realm, region); `fallback` is what serves when the model may not (a model label, or a
    name such as `human-queue`), None if nothing is registered. All other members are the serving system's own, but
    bound as well.
    """

    raw: bytes
    location: tuple[str, str, str]
    fallback: str | None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Configuration:
        """Read a caller's document; keys `[a-z0-9_]+`, no fractions (write decimals as strings). Raises InputError."""
        for name in PLACE:
            if not matches(TOKEN, document.get(name)):
                raise InputError(f"the configuration names no {name}", _HINT)
        fallback = document.get("fallback")
        if fallback is not None and not matches(TOKEN, fallback):
            raise InputError("the configuration's fallback is not the name of anything", _HINT)
        try:
            raw = encode(dict(document), max_bytes=MAX_BYTES)
        except Refused as error:
            raise InputError(f"the configuration cannot be bound: {error.message}", error.hint or _HINT) from error
        provider, realm, region = (document[name] for name in PLACE)
        return cls(raw, (provider, realm, region), fallback)

    @classmethod
    def decode(cls, raw: bytes) -> Configuration:
        """Read the stored bytes; raises InputError."""
        try:
            value = decode(raw, max_bytes=MAX_BYTES)
        except Refused as error:
            raise InputError(f"not a configuration document: {error.message}", _HINT) from error
        if not isinstance(value, dict):
            raise InputError("not a configuration document: it is no object", _HINT)
        return cls.of(value)

    @property
    def digest(self) -> str:
        """The digest that the binding and the intent name."""
        return digest(self.raw)

    def document(self) -> Document:
        """The document itself."""
        value: Document = decode(self.raw, max_bytes=DOCUMENT_BYTES)
        return value
