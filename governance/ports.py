"""The outside as the kernel sees it: one Protocol per thing it needs, and the values that cross the line.

A docstring here is a contract. `tests/simulator.py` keeps it in memory, the adapters keep it for real, and one
contract suite per port runs on both. Adapters raise only errors named here; whatever else goes wrong outside is
their own fault to map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from governance.bundle import Bundle
from governance.evidence import Measurement, NoMeasurement
from ledger.entry import Clock, Entry, NewEvent

__all__ = [
    "Blobs",
    "Bundle",
    "Clock",
    "EngineFactory",
    "Ledger",
    "LedgerState",
    "Measurer",
    "Placement",
    "PolicyEngine",
    "Precondition",
    "RawFinding",
    "Receipt",
    "Serving",
]

RawFinding: TypeAlias = dict[str, Any]
"""A finding as Rego wrote it, before the catalogue's severity and citations are joined to it."""


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What a full verification of the ledger found.

    `size` entries were verified, with the RFC 6962 `root` (32 bytes); the last signed checkpoint covers
    `checkpoint_size` of them (0 if there is none), the rest is the unsigned tail. `verified_at` is when that full
    verification was done.
    """

    size: int
    root: bytes
    checkpoint_size: int
    verified_at: str
    origin: str
    log_id: str


@dataclass(frozen=True, slots=True)
class Precondition:
    """Append only if no entry with an index of `as_of` or later touches one of `keys`.

    An entry touches its subject and the values of the fields its type declares in `touches`.
    """

    as_of: int
    keys: frozenset[str]


class Receipt(Protocol):
    """Proof to the caller that an event is durably in the ledger."""

    @property
    def id(self) -> str:
        """The entry's id."""
        ...

    @property
    def index(self) -> int:
        """The entry's index."""
        ...

    @property
    def leaf_hash(self) -> bytes:
        """The entry's RFC 6962 leaf hash (32 bytes)."""
        ...

    @property
    def status(self) -> Literal["appended", "present"]:
        """`present` where an equal event with this id was there before: a retry."""
        ...


class Ledger(Protocol):
    """The record. Readers get only what was verified; writers are answered only when it is durable."""

    def append(self, events: Sequence[NewEvent], precondition: Precondition | None = None) -> Sequence[Receipt]:
        """Append all of `events` in order, in one transaction, or none of them.

        Durable before it returns. Events that are there already, with equal content, answer `present` and are not
        written again, whatever the precondition. With nothing written it raises `Refused` (an event breaks its type,
        or an id was used for something else) or `Conflict` (the precondition fails, or a claim is taken). After
        `StoreFault` or `ClockFault` the caller does not know whether they were written, and may retry with the same
        ids.
        """
        ...

    def entries(self) -> Sequence[Entry]:
        """All entries from index 0, each proven to be in the state that `state` reports.

        Raises `IntegrityError` at the first that is not what was written; never returns unproven entries.
        """
        ...

    def state(self) -> LedgerState:
        """The state that `entries` was proven into. Raises `IntegrityError` as `entries` does."""
        ...


class Blobs(Protocol):
    """Content-addressed documents that are too large for an entry."""

    def put(self, raw: bytes, *, retention: str = "standard") -> str:
        """Keep `raw` durably; its digest `sha256:<hex>`. Idempotent. Raises `StoreFault`; `Refused` if too large."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes whose digest this is, re-hashed. Raises `IntegrityError` (LOST or ALTERED), `StoreFault`."""
        ...


class PolicyEngine(Protocol):
    """Something that evaluates one policy bundle; pure: the same input gives the same findings, in any order."""

    @property
    def name(self) -> str:
        """`regorus` (embedded) or `opa`, as recorded with each decision."""
        ...

    @property
    def version(self) -> str:
        """The engine's own version."""
        ...

    @property
    def bundle(self) -> Bundle:
        """What it evaluates."""
        ...

    def evaluate(self, gate: str, document: Mapping[str, Any]) -> list[RawFinding]:
        """The raw findings of all controls of `gate` on a valid gate input; an empty list when none complains.

        Raises `PolicyFault` for anything but a well-formed answer: undefined, unreachable, too slow, malformed.
        """
        ...


class EngineFactory(Protocol):
    """Makes engines by name, so that a past decision can be replayed on any of them with its own bundle."""

    def __call__(self, name: str, bundle: Bundle) -> PolicyEngine:
        """The engine called `name` with `bundle` loaded. Raises `InputError` (no such engine), `PolicyFault`."""
        ...


@dataclass(frozen=True, slots=True)
class Placement:
    """What serves at a target: a model by label and digest, under a configuration (a digest), put there by
    `promotion`.

    Where no model serves, `model` is the fallback's name (`rules`, `human-queue`, `refusal`) and `digest` is None.
    """

    model: str
    digest: str | None
    configuration: str | None
    promotion: str


class Serving(Protocol):
    """Where models answer for real. The ledger holds intent and outcome; this is the act between."""

    @property
    def name(self) -> str:
        """What it is, for people and receipts: `local-store`."""
        ...

    def current(self, target: str) -> Placement | None:
        """What serves at `target` right now, read from the serving system itself; None if nothing does.

        Raises `ToolFault` if it cannot be told.
        """
        ...

    def shift(self, target: str, placement: Placement) -> Mapping[str, Any]:
        """Let `placement` serve at `target`, in one step; a receipt (a canonical object) for the record.

        Idempotent per `placement.promotion`. Moving back is a shift too. Raises `InputError` if what should serve
        is not in the store or its bytes do not have the digest, with nothing changed. Raises `ToolFault` when it
        failed: the caller must read `current` to learn whether it was done, and treats it as unknown where that
        fails too.
        """
        ...


class Measurer(Protocol):
    """A tool that measures one kind of evidence on data it digested itself; all it measures on is given when it is
    made.
    """

    @property
    def kind(self) -> str:
        """One of `governance.evidence.KINDS`."""
        ...

    def measure(self, seed: int) -> Measurement | NoMeasurement:
        """Measure. Deterministic in `seed` and what it was made with. Raises `ToolFault`, `InputError`."""
        ...
