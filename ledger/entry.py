"""An entry: one CloudEvents 1.0 object in canonical bytes, chained to the entry before it and to its subject's last.

All but the sequencer's four members (`prevhash`, `recordedtime`, `sequence`, `subjectprev`) is encoded by `Draft`
before the head is locked; `Draft.place` splices those in. Reading is strict: `Entry.parse` refuses what `place` would
not write.
"""

from __future__ import annotations

import hashlib
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeAlias

from ledger.canonical import ENTRY_BYTES, JSON, MAX_DEPTH, decode, encode
from ledger.errors import IntegrityError, Kind, Refused
from ledger.merkle import leaf_hash
from ledger.patterns import SUBJECT, TOKEN, TYPE_NAME, is_time, matches

HASH_BYTES: Final = 32
NONCE_BYTES: Final = 16
NO_HASH: Final = bytes(HASH_BYTES)
COMMITMENT: Final = "qayd/sealed/v1"
SALT_BYTES: Final = 32
HANDLE_BYTES: Final = 16
UUID_NOISE_BYTES: Final = 10

Random: TypeAlias = Callable[[int], bytes]
"""Gives this many unpredictable bytes; `os.urandom` outside tests."""

_STRINGS: Final = (
    "actor",
    "datacontenttype",
    "id",
    "nonce",
    "prevhash",
    "recordedtime",
    "sequence",
    "source",
    "specversion",
    "subject",
    "subjectprev",
    "time",
    "type",
)
_MEMBERS: Final = frozenset((*_STRINGS, "data"))
_SPLICED: Final = len(
    f'"prevhash":"{"=" * 44}","recordedtime":"{"-" * 27}","sequence":"{0:019d}","subjectprev":"{"=" * 44}",'
)


class Clock(Protocol):
    """Tells the time as `YYYY-MM-DDTHH:MM:SS.ffffffZ`, in UTC."""

    def now(self) -> str:
        """The present moment."""
        ...


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What an actor says happened, before it is sequenced.

    Without an `id` one is made (UUIDv7); without a `time` it is the moment of writing. `claim` is a name only one entry
    of a log may ever hold.
    """

    type: str
    subject: str
    source: str
    actor: str
    data: Mapping[str, object]
    id: str | None = None
    time: str | None = None
    claim: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A sequenced event: its place, its exact bytes, its leaf hash (32 bytes), and its members parsed once."""

    index: int
    raw: bytes
    leaf_hash: bytes
    id: str
    type: str
    subject: str
    source: str
    actor: str
    time: str
    recorded_at: str
    claim: str | None
    data: dict[str, Any]
    prevhash: bytes
    subjectprev: bytes

    @classmethod
    def parse(cls, raw: bytes, index: int) -> Entry:
        """The entry stored as `raw` at `index`; raises IntegrityError (ALTERED) unless every byte is as written."""
        try:
            members = decode(raw)
            _check_members(members)
            if members["sequence"] != f"{index:019d}":
                raise Refused(f"its sequence says {members['sequence']}")
            prevhash, subjectprev = (unbase64(members[name], HASH_BYTES) for name in ("prevhash", "subjectprev"))
        except Refused as error:
            hint = "compare it with a backup; a checkpoint kept elsewhere tells which one is right"
            raise IntegrityError(Kind.ALTERED, error.message, index, hint) from error
        return cls(
            index,
            raw,
            leaf_hash(raw),
            members["id"],
            members["type"],
            members["subject"],
            members["source"],
            members["actor"],
            members["time"],
            members["recordedtime"],
            members.get("claim"),
            members["data"],
            prevhash,
            subjectprev,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """The canonical bytes of an entry but for what only the sequencer knows."""

    before: bytes
    between: bytes
    after: bytes

    @classmethod
    def of(cls, event: NewEvent, *, event_id: str, time: str, data: Mapping[str, JSON], nonce: bytes) -> Draft:
        """Encode a checked event (see `check_event`) whose `data` is already public.

        Its own strings are tokens, which need no escapes in JSON; only the subject may. Raises Refused for data that
        is not canonical, or an entry that would be too large or too deep.
        """
        body = encode(data, max_depth=MAX_DEPTH - 1).decode("utf-8")
        claim = "" if event.claim is None else f'"claim":"{event.claim}",'
        opening = (
            f'{{"actor":"{event.actor}",{claim}"data":{body},"datacontenttype":"application/json",'
            f'"id":"{event_id}","nonce":"{base64(nonce)}",'
        )
        middle = f'"source":"{event.source}","specversion":"1.0","subject":{encode(event.subject).decode("utf-8")},'
        closing = f'"time":"{time}","type":"{event.type}"}}'
        draft = cls(opening.encode("utf-8"), middle.encode("utf-8"), closing.encode("utf-8"))
        size = len(draft.before) + len(draft.between) + len(draft.after) + _SPLICED
        if size > ENTRY_BYTES:
            message = f"the entry would take {size} bytes, at most {ENTRY_BYTES} allowed"
            raise Refused(message, "put large content into a blob")
        return draft

    def place(self, index: int, prevhash: bytes, subjectprev: bytes, recorded_at: str) -> bytes:
        """The entry's bytes at `index`, after the leaves `prevhash` (of the log) and `subjectprev` (of the subject)."""
        return b"".join(
            (
                self.before,
                b'"prevhash":"',
                b2a_base64(prevhash, newline=False),
                f'","recordedtime":"{recorded_at}","sequence":"{index:019d}",'.encode("ascii"),
                self.between,
                b'"subjectprev":"',
                b2a_base64(subjectprev, newline=False),
                b'",',
                self.after,
            )
        )


def commitment(origin: str, source: str, event_id: str, pointer: str, salt: bytes, value: JSON) -> bytes:
    """What a sealed field shows in place of its value: SHA-256 over the canonical array of all seven (32 bytes)."""
    return hashlib.sha256(encode([COMMITMENT, origin, source, event_id, pointer, base64(salt), value])).digest()


def sealed_member(seal: bytes, handle: bytes) -> JSON:
    """The public form of a sealed field: the commitment, and the handle by which the vault knows the person."""
    return {"sealed": {"c": base64(seal), "k": base64(handle)}}


def parse_sealed(member: JSON) -> tuple[bytes, bytes]:
    """Commitment (32 bytes) and handle (16 bytes) of a sealed field; raises Refused for any other value."""
    seal = member.get("sealed") if isinstance(member, dict) and len(member) == 1 else None
    if not isinstance(seal, dict) or seal.keys() != {"c", "k"}:
        raise Refused("a member named sealed is not of the sealed form")
    return unbase64(seal["c"], HASH_BYTES), unbase64(seal["k"], HANDLE_BYTES)


def check_event(event: NewEvent) -> None:
    """Refuse an event whose own strings (all but subject and data, which the type rules) are not of their pattern."""
    strings = {"source": event.source, "actor": event.actor, "id": event.id, "claim": event.claim}
    for name, value in strings.items():
        if value is None and name in ("id", "claim"):
            continue
        if not matches(TOKEN, value):
            raise Refused(f"{name} is not a token", "letters, digits and . _ : / @ + = - only, at most 255 characters")
    if event.time is not None and not is_time(event.time):
        raise Refused("time is not of the form YYYY-MM-DDTHH:MM:SS.ffffffZ")


def uuid7(now: str, noise: bytes) -> str:
    """A UUIDv7 (RFC 9562, 5.7) of the millisecond of `now` and `UUID_NOISE_BYTES` random bytes."""
    moment = datetime.fromisoformat(now).astimezone(UTC)
    milliseconds = int(moment.timestamp() * 1000)
    low = int.from_bytes(noise[:10], "big")
    bits = milliseconds << 80 | 0x7 << 76 | (low >> 62 & 0xFFF) << 64 | 0b10 << 62 | low & (1 << 62) - 1
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def base64(raw: bytes) -> str:
    """Standard base64 with padding (RFC 4648, 4)."""
    return b2a_base64(raw, newline=False).decode("ascii")


def unbase64(text: JSON, size: int) -> bytes:
    """The `size` bytes `text` encodes; raises Refused unless it is exactly what `base64` writes."""
    try:
        raw = a2b_base64(text) if isinstance(text, str) else b""
    except (Base64Error, ValueError):
        raw = b""
    if len(raw) != size or base64(raw) != text:
        raise Refused(f"a value is not the base64 of {size} bytes")
    return raw


def _check_members(members: JSON) -> None:
    """Refuse anything but the members of an entry, each of its form."""
    if not isinstance(members, dict) or members.keys() - {"claim"} != _MEMBERS:
        raise Refused("its members are not those of an entry")
    for name in ("id", "source", "actor", "subject", "claim"):
        if name in members and not matches(SUBJECT if name == "subject" else TOKEN, members[name]):
            raise Refused(f"its {name} is not of its form")
    if members["specversion"] != "1.0" or members["datacontenttype"] != "application/json":
        raise Refused("it is not a CloudEvents 1.0 entry with JSON data")
    if not matches(TYPE_NAME, members["type"]):
        raise Refused("its type is no event type name")
    if not matches("[0-9]{19}", members["sequence"]):
        raise Refused("its sequence is not 19 digits")
    if not (is_time(members["time"]) and is_time(members["recordedtime"])):
        raise Refused("one of its times is not of its form")
    unbase64(members["nonce"], NONCE_BYTES)
    if not isinstance(members["data"], dict):
        raise Refused("its data is not an object")
    _check_seals(members["data"])


def _check_seals(value: JSON) -> None:
    """Refuse an object with a member `sealed` that is not a whole, well-formed seal."""
    if isinstance(value, dict):
        if "sealed" in value:
            parse_sealed(value)
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check_seals(item)
