"""The outside in memory: every port of `governance/ports.py`, with settable time, seeded chance and faults in pairs.

Each thing that can fail can fail in both ways that matter: `Fault.BEFORE` (it failed and was not done) and
`Fault.AFTER` (it failed, but was done: the answer got lost). The ledger here makes real entries with the ledger's
own code, in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

from governance.bundle import Bundle
from governance.catalog import Catalog, fold
from governance.errors import InputError, PolicyFault, ToolFault
from governance.event import EVENT_TYPES
from governance.evidence import Measurement, NoMeasurement
from governance.ports import LedgerState, Placement, PolicyEngine, Precondition, RawFinding
from ledger.canonical import JSON, digest
from ledger.entry import NO_HASH, Draft, Entry, NewEvent, commitment, sealed_member
from ledger.errors import Conflict, IntegrityError, Kind, Refused, StoreFault
from ledger.merkle import RightEdge
from ledger.patterns import TOKEN, matches
from ledger.schema import OPENED, Sealed, validate
from ledger.writing import Prepared, Receipt, SealedValue, difference, prepare

START = "2026-11-23T08:00:00.000000Z"
ORIGIN = "ledger.example/0000/1"
LOG_ID = "ab" * 32


class Fault(Enum):
    """How the next call fails."""

    BEFORE = "failed and was not done"
    AFTER = "failed but was done"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: str = START

    def now(self) -> str:
        return self.time

    def advance(self, **amount: float) -> str:
        """Move on by `days=`, `hours=`, `seconds=`...; the new time."""
        moment = datetime.fromisoformat(self.time) + timedelta(**amount)
        self.time = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return self.time


@dataclass
class Chance:
    """Bytes that look random and are the same for the same seed."""

    seed: str = "seed"
    drawn: int = 0

    def __call__(self, count: int) -> bytes:
        self.drawn += 1
        return hashlib.shake_256(f"{self.seed}/{self.drawn}".encode()).digest(count)


@dataclass
class Faults:
    """The faults that lie ahead, first in first out; each call takes one."""

    ahead: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.ahead.append(fault)

    def around(self, act: Callable[[], Any], error: Exception) -> Any:
        """Do `act`, or fail as was arranged."""
        fault = self.ahead.pop(0) if self.ahead else None
        if fault is Fault.BEFORE:
            raise error
        result = act()
        if fault is Fault.AFTER:
            raise error
        return result


@dataclass
class MemorySealer:
    """Seals values with real commitments and remembers them."""

    chance: Chance
    values: dict[tuple[str, str], Sealed] = field(default_factory=dict)

    def seal(self, event_id: str, source: str, pointer: str, value: Sealed, handle: bytes) -> tuple[JSON, SealedValue]:
        self.values[event_id, pointer] = value
        seal = commitment(ORIGIN, source, event_id, pointer, self.chance(32), value.value)
        return sealed_member(seal, handle), SealedValue(handle, pointer, value.person, b"")

    def recall(self, entry: Entry, pointer: str) -> Sealed:
        return self.values[entry.id, pointer]


class MemoryLedger:
    """A ledger of real entries in a list. `rows` may be tampered with; reading verifies them all."""

    def __init__(self, clock: Clock, chance: Chance, opening: Mapping[str, JSON]) -> None:
        self.clock, self.chance, self.sealer = clock, chance, MemorySealer(chance)
        self.rows: list[bytes] = []
        self.faults = Faults()
        self.checkpoint_size = 0
        self.edge = RightEdge()
        self._ids: dict[tuple[str, str], int] = {}
        self._claims: set[str] = set()
        self._touched: list[frozenset[str]] = []
        self._last: dict[str, bytes] = {}
        self._head, self._time = NO_HASH, ""
        validate(OPENED, opening)
        event = NewEvent(OPENED.name, f"ledger/{LOG_ID}", "ledger", "ledger", opening, "opening")
        now = clock.now()
        self._place(
            Prepared(
                event,
                "opening",
                Draft.of(event, event_id="opening", time=now, data=opening, nonce=chance(16)),
                frozenset(),
                (),
            )
        )

    def append(self, events: Sequence[NewEvent], precondition: Precondition | None = None) -> list[Receipt]:
        now = self.clock.now()
        ready = [prepare(event, EVENT_TYPES, self.sealer, now, self.chance, open_only=False) for event in events]
        store = StoreFault("the disk did not answer", "try again with the same ids")
        receipts: list[Receipt] = self.faults.around(lambda: self._write(ready, precondition), store)
        return receipts

    def entries(self) -> Sequence[Entry]:
        """Every entry, each checked against its bytes, its place, the chain and the tree."""
        found: list[Entry] = []
        last, time, edge = NO_HASH, "", RightEdge()
        subjects: dict[str, bytes] = {}
        for index, raw in enumerate(self.rows):
            entry = Entry.parse(raw, index)
            if (entry.prevhash, entry.subjectprev) != (last, subjects.get(entry.subject, NO_HASH)):
                raise IntegrityError(Kind.REORDERED, "it is not chained to the entry before", index)
            if entry.recorded_at < time:
                raise IntegrityError(Kind.ALTERED, "it was recorded before the entry before it", index)
            last = subjects[entry.subject] = entry.leaf_hash
            time, edge = entry.recorded_at, edge.append(entry.leaf_hash)
            found.append(entry)
        if edge.size < self.edge.size:
            raise IntegrityError(Kind.TRUNCATED, "entries are gone from the end", edge.size)
        if edge.root() != self.edge.root():
            raise IntegrityError(Kind.ALTERED, "the tree has another root", 0)
        return found

    def state(self) -> LedgerState:
        size = len(self.entries())
        return LedgerState(size, self.edge.root(), self.checkpoint_size, self.clock.now(), ORIGIN, LOG_ID)

    def sign(self) -> None:
        """Let a checkpoint cover everything."""
        self.checkpoint_size = len(self.rows)

    def _write(self, prepared: Sequence[Prepared], precondition: Precondition | None) -> list[Receipt]:
        """Place all or none: everything is looked at before anything is placed."""
        present = [self._present(item) for item in prepared]
        fresh = [item for item, receipt in zip(prepared, present, strict=True) if receipt is None]
        if fresh and precondition is not None:
            self._check(precondition)
        claims = [item.event.claim for item in fresh if item.event.claim is not None]
        if len(set(claims)) < len(claims) or self._claims.intersection(claims):
            raise Conflict("a claim is taken", "another entry holds it; it can be held only once")
        return [receipt or self._place(item) for item, receipt in zip(prepared, present, strict=True)]

    def _present(self, item: Prepared) -> Receipt | None:
        """The receipt of the entry this event already is, if it is; raises Refused if the id is another's."""
        index = self._ids.get((item.event.source, item.id))
        if index is None:
            return None
        entry = Entry.parse(self.rows[index], index)
        member = difference(item, entry, partial(self._recall, entry))
        if member:
            raise Refused(f"the id {item.id} was used for another {member}")
        return Receipt(item.id, index, entry.leaf_hash, "present")

    def _recall(self, entry: Entry, name: str) -> Sealed:
        return self.sealer.recall(entry, f"/data/{name}")

    def _check(self, precondition: Precondition) -> None:
        if precondition.as_of > len(self.rows):
            raise Refused("the precondition is as of a size the ledger has not reached")
        for touched in self._touched[precondition.as_of :]:
            if touched & precondition.keys:
                raise Conflict("something was written meanwhile", "look again, then decide again")

    def _place(self, item: Prepared) -> Receipt:
        index, event = len(self.rows), item.event
        self._time = max(self.clock.now(), self._time)
        before = self._last.get(event.subject, NO_HASH)
        raw = item.draft.place(index, self._head, before, self._time)
        entry = Entry.parse(raw, index)
        self.rows.append(raw)
        self.edge = self.edge.append(entry.leaf_hash)
        self._head = self._last[event.subject] = entry.leaf_hash
        self._ids[event.source, item.id] = index
        self._touched.append(item.touches | {event.subject})
        if event.claim is not None:
            self._claims.add(event.claim)
        return Receipt(item.id, index, entry.leaf_hash, "appended")


@dataclass
class MemoryBlobs:
    """Blobs in a dictionary; `kept` may be tampered with, which reading notices."""

    kept: dict[str, bytes] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    def put(self, raw: bytes, *, retention: str = "standard") -> str:
        name = digest(raw)
        self.faults.around(lambda: self.kept.update({name: raw}), StoreFault("the disk is full", "make room"))
        return name

    def get(self, name: str) -> bytes:
        raw = self.kept.get(name)
        if raw is None:
            raise IntegrityError(Kind.LOST, f"no blob {name}")
        if digest(raw) != name:
            raise IntegrityError(Kind.ALTERED, f"the blob {name} has other bytes")
        return raw


@dataclass
class TableEngine:
    """A policy engine that looks its findings up: `table[gate]` is a list of them, or a function of the gate input."""

    bundle: Bundle
    table: dict[str, list[RawFinding] | Callable[[Mapping[str, Any]], list[RawFinding]]] = field(default_factory=dict)
    name: str = "table"
    version: str = "1"
    fault: bool = False
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def evaluate(self, gate: str, document: Mapping[str, Any]) -> list[RawFinding]:
        if self.fault:
            raise PolicyFault("the engine does not answer", "start it")
        self.asked.append((gate, document))
        rows = self.table.get(gate, [])
        return [dict(row) for row in (rows(document) if callable(rows) else rows)]


@dataclass
class Engines:
    """Makes engines by name, all with the same table."""

    made: dict[str, TableEngine]

    def __call__(self, name: str, bundle: Bundle) -> PolicyEngine:
        if name not in self.made:
            raise InputError(f"there is no engine {name}", f"engines: {', '.join(sorted(self.made))}")
        known = self.made[name]
        return TableEngine(bundle, known.table, known.name, known.version, known.fault, known.asked)


@dataclass
class MemoryServing:
    """What serves at each target. `store` maps what can serve to its digest; with `blind` nobody can look."""

    store: dict[str, str | None] = field(default_factory=dict)
    at: dict[str, Placement] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    blind: bool = False
    name: str = "memory"

    def current(self, target: str) -> Placement | None:
        if self.blind:
            raise ToolFault("the serving system does not answer", "look again later")
        return self.at.get(target)

    def shift(self, target: str, placement: Placement) -> Mapping[str, Any]:
        if placement.digest is not None and self.store.get(placement.model) != placement.digest:
            raise InputError(f"{placement.model} is not in the store with this digest", "register it again")
        self.faults.around(lambda: self.at.update({target: placement}), ToolFault("the connection broke", "look"))
        return {"serving": self.name, "target": target, "model": placement.model, "promotion": placement.promotion}


@dataclass
class TableMeasurer:
    """A measurer with a given answer."""

    kind: str
    answer: Measurement | NoMeasurement

    def measure(self, seed: int) -> Measurement | NoMeasurement:
        return self.answer


class Simulator:
    """All of the outside together, and a ledger that has just been opened with these officers."""

    def __init__(
        self, *, officers: Sequence[Mapping[str, JSON]], bundle: Bundle, mode: str = "real", seed: str = "seed"
    ) -> None:
        self.clock, self.chance = Clock(), Chance(seed)
        tenant = {"establishment": "onshore", "licences": ["cbuae"], "sectors": ["banking"]}
        opening: dict[str, JSON] = {
            "format": "qayd-ledger/1",
            "origin": ORIGIN,
            "log_id": LOG_ID,
            "vkey": f"{ORIGIN}+00000000+AAAA",
            "retention": "standard",
            "witness_required": False,
            "event_schema": EVENT_TYPES.digest(),
            "officers": [dict(officer) for officer in officers],
            "tenant": tenant,
            "mode": mode,
            "previous": None,
        }
        self.ledger = MemoryLedger(self.clock, self.chance, opening)
        self.blobs = MemoryBlobs()
        self.serving = MemoryServing()
        self.bundle = bundle
        self.engine = TableEngine(bundle)
        self.engines = Engines({"table": self.engine, "other": TableEngine(bundle, self.engine.table, "other", "2")})

    def append(
        self,
        type: str,
        subject: str,
        data: Mapping[str, object],
        *,
        actor: str,
        source: str = "sim",
        id: str | None = None,
        claim: str | None = None,
        precondition: Precondition | None = None,
    ) -> Receipt:
        """Append one event."""
        assert matches(TOKEN, actor)
        event = NewEvent(type, subject, source, actor, data, id, None, claim)
        return self.ledger.append([event], precondition)[0]

    def catalog(self) -> Catalog:
        """What the verified entries come to."""
        return fold(self.ledger.entries())

    def check(self) -> Catalog:
        """Verify the whole ledger again, and that it is a history commands could have written."""
        self.ledger.state()
        return self.catalog()
