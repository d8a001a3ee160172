"""The desk at which judging is done: the outside it needs, and one verified reading of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from governance.catalog import Catalog, fold
from governance.ports import Blobs, Clock, Ledger, LedgerState, PolicyEngine
from ledger.entry import Entry
from ledger.errors import Conflict

ATTEMPTS: Final = 8
PATIENCE: Final = timedelta(minutes=5)
"""How long after a decision its consequence must be in the ledger, lest somebody acts on what was true long ago."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Desk:
    """What judging needs of the outside. `source` names who writes the events."""

    ledger: Ledger
    blobs: Blobs
    engine: PolicyEngine
    clock: Clock
    source: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The verified ledger as it was read at `now`."""

    entries: tuple[Entry, ...]
    state: LedgerState
    catalog: Catalog
    now: str

    def before(self, index: int) -> Catalog:
        """The catalog of the entries before `index`."""
        return fold(entry for entry in self.entries if entry.index < index)


def read(desk: Desk) -> Reading:
    """Read the verified ledger. Raises IntegrityError."""
    entries = tuple(desk.ledger.entries())
    return Reading(entries, desk.ledger.state(), fold(entries), desk.clock.now())


def retry(step: Callable[[], _Answer]) -> _Answer:
    """Run `step`, again when others wrote about the same things at the same time; Conflict after `ATTEMPTS`."""
    for _ in range(ATTEMPTS - 1):
        try:
            return step()
        except Conflict:
            continue
    return step()


def late(decided_at: str, recorded_at: str) -> bool:
    """Whether more than `PATIENCE` passed between a decision and what rests on it."""
    return datetime.fromisoformat(recorded_at) - datetime.fromisoformat(decided_at) > PATIENCE
