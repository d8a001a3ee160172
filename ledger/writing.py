"""What goes into the writer and what comes out: prepared events, preconditions, receipts and refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from ledger.canonical import JSON, encode
from ledger.entry import (
    HANDLE_BYTES,
    NONCE_BYTES,
    UUID_NOISE_BYTES,
    Draft,
    Entry,
    NewEvent,
    Random,
    check_event,
    uuid7,
)
from ledger.errors import LedgerError, Refused, Withheld
from ledger.patterns import SUBJECT, matches
from ledger.schema import CLOSED, OPENED, EventType, EventTypes, Sealed, validate

MAX_EVENTS: Final = 4096
"""Most events one call may append; a longer list is the caller's to cut."""

MAX_KEYS: Final = 1024


@dataclass(frozen=True, slots=True)
class Receipt:
    """An event that is in the ledger, durably: now (`appended`) or since an earlier call (`present`)."""

    id: str
    index: int
    leaf_hash: bytes
    status: Literal["appended", "present"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event of a list that was not written, and why; the others of the list are not concerned."""

    id: str | None
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Precondition:
    """Holds while no entry with index `as_of` or later has one of `keys` as its subject or touches it."""

    as_of: int
    keys: frozenset[str]

    def __post_init__(self) -> None:
        if self.as_of < 0 or len(self.keys) > MAX_KEYS:
            raise Refused(f"a precondition has a size from 0 on and at most {MAX_KEYS} keys")
        if not all(matches(SUBJECT, key) for key in self.keys):
            raise Refused("a key of the precondition can be neither a subject nor touched", "name subjects and tokens")


@dataclass(frozen=True, slots=True)
class SealedValue:
    """A row of the vault, written in the same transaction as its entry."""

    handle: bytes
    pointer: str
    person: str
    sealed: bytes = field(repr=False)

    def row(self) -> dict[str, str | bytes]:
        """The columns of the vault's table."""
        return {"handle": self.handle, "pointer": self.pointer, "person": self.person, "sealed": self.sealed}


class Sealer(Protocol):
    """Seals a value: gives its public member and the row the vault keeps. `handle` is the event's for this person."""

    def seal(self, event_id: str, source: str, pointer: str, value: Sealed, handle: bytes) -> tuple[JSON, SealedValue]:
        """Raises StoreFault if the person's key cannot be made or read."""
        ...

    def recall(self, entry: Entry, pointer: str) -> Sealed:
        """The value sealed at `pointer` and whose it is; raises Withheld or IntegrityError (LOST, ALTERED)."""
        ...


class NoVault:
    """In place of a vault, where there is none: refuses every sealed field."""

    def seal(self, event_id: str, source: str, pointer: str, value: Sealed, handle: bytes) -> tuple[JSON, SealedValue]:
        """Raises Refused."""
        raise Refused(f"{pointer} is sealed, and this log was opened without its vault", "open it with its vault")

    def recall(self, entry: Entry, pointer: str) -> Sealed:
        """Raises Withheld."""
        raise Withheld(f"{pointer} is sealed, and this log was opened without its vault", "open it with its vault")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event checked and encoded: all that needs no lock is done."""

    event: NewEvent
    id: str
    draft: Draft
    touches: frozenset[str]
    sealed: tuple[SealedValue, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What makes it one event: its source and its id there."""
        return self.event.source, self.id


Outcome = Receipt | LedgerError


@dataclass(slots=True, eq=False)
class Submission:
    """One call's events on their way through the writer; `outcomes` is set once the batch is decided.

    With `whole`, all events are written or none: the first error is the answer to the whole submission.
    """

    prepared: Sequence[Prepared]
    precondition: Precondition | None = None
    whole: bool = False
    outcomes: Sequence[Outcome] | LedgerError | None = None


def prepare(
    event: NewEvent, types: EventTypes, sealer: Sealer, now: str, random: Random, *, open_only: bool
) -> Prepared:
    """Check an event against its type, seal what is to be sealed, and encode it; raises Refused."""
    declared = types.get(event.type)
    if declared.name in (OPENED.name, CLOSED.name):
        raise Refused(f"{declared.name} is written by the ledger itself")
    if open_only and not declared.open:
        raise Refused(f"{declared.name} is not an open type", "it is written by its own command only")
    check_event(event)
    if not (matches(SUBJECT, event.subject) and matches(declared.subject, event.subject)):
        raise Refused(f"{declared.name}: the subject is not of its form", f"it must match {declared.subject}")
    validate(declared, event.data)
    noise = random(NONCE_BYTES + UUID_NOISE_BYTES)
    event_id = event.id if event.id is not None else uuid7(now, noise[NONCE_BYTES:])
    data, sealed = _seal(event, event_id, sealer, random)
    draft = Draft.of(event, event_id=event_id, time=event.time or now, data=data, nonce=noise[:NONCE_BYTES])
    return Prepared(event, event_id, draft, touches_of(declared, event.subject, event.data), sealed)


def difference(retry: Prepared, entry: Entry, recall: Callable[[str], object]) -> str:
    """The first member in which `retry` is not what `entry` holds, or the empty string.

    `recall` gives the sealed value of a field of the entry. A `time` that was not given is not compared.
    """
    event = retry.event
    pairs: dict[str, tuple[str | None, str | None]] = {
        "type": (event.type, entry.type),
        "subject": (event.subject, entry.subject),
    }
    pairs |= {"actor": (event.actor, entry.actor), "claim": (event.claim, entry.claim)}
    if event.time is not None:
        pairs["time"] = (event.time, entry.time)
    for name, (given, written) in pairs.items():
        if given != written:
            return name
    for name in sorted(event.data.keys() | entry.data.keys()):
        if (
            name not in event.data
            or name not in entry.data
            or not _same(event.data[name], entry.data[name], recall, name)
        ):
            return f"data.{name}"
    return ""


def pointer_to(name: str) -> str:
    """JSON pointer (RFC 6901) of a field of an entry's data."""
    return f"/data/{name}"


def _same(given: object, written: JSON, recall: Callable[[str], object], name: str) -> bool:
    if not isinstance(given, Sealed):
        return encode(given) == encode(written)
    known = recall(name)
    return isinstance(known, Sealed) and known.person == given.person and encode(known.value) == encode(given.value)


def _seal(
    event: NewEvent, event_id: str, sealer: Sealer, random: Random
) -> tuple[Mapping[str, JSON], tuple[SealedValue, ...]]:
    """The public data of an event and the vault rows behind it; one fresh handle for each person in it."""
    data: dict[str, Any] = dict(event.data)
    rows: list[SealedValue] = []
    handles: dict[str, bytes] = {}
    for name, value in event.data.items():
        if isinstance(value, Sealed):
            handle = handles.setdefault(value.person, random(HANDLE_BYTES))
            data[name], row = sealer.seal(event_id, event.source, pointer_to(name), value, handle)
            rows.append(row)
    return data, tuple(rows)


def touches_of(declared: EventType, subject: str, data: Mapping[str, Any]) -> frozenset[str]:
    """The keys besides its subject that an event of this type touches."""
    keys: set[str] = set()
    for name in declared.touches:
        value = data.get(name, [])
        keys.update([value] if isinstance(value, str) else value)
    return frozenset(keys - {subject})
