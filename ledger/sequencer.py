"""One batch under the head lock: duplicates, preconditions and claims are decided, entries chained and inserted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from ledger import queries
from ledger.entry import NO_HASH, Clock, Entry
from ledger.errors import ClockFault, Conflict, IntegrityError, LedgerError, Refused, Withheld
from ledger.merkle import leaf_hash
from ledger.patterns import is_time
from ledger.writing import Outcome, Precondition, Prepared, Receipt, Sealer, Submission, difference, pointer_to

MAX_LAG: Final = timedelta(seconds=5)
"""How far behind the last entry a clock may be."""

Decided = Sequence[Outcome] | LedgerError


def sequence(
    connection: Connection, log: int, clock: Clock, sealer: Sealer, submissions: Sequence[Submission]
) -> list[Decided]:
    """Decide every submission, in order, inside the caller's write transaction; what to answer once it is durable.

    Raises ClockFault if the clock is more than five seconds behind the last entry.
    """
    head = queries.head(connection, log, lock=True)
    batch = _Batch(connection, head, recorded_time(clock, head.last_time), sealer)
    batch.look_up([prepared for submission in submissions for prepared in submission.prepared])
    decided = [batch.decide(submission) for submission in submissions]
    batch.write()
    return decided


def tell(clock: Clock) -> str:
    """What the clock says; raises ClockFault if that is not a time of the ledger's form."""
    now = clock.now()
    if not is_time(now):
        raise ClockFault("the clock gave something that is not a time", "it must tell YYYY-MM-DDTHH:MM:SS.ffffffZ")
    return now


def recorded_time(clock: Clock, last: str) -> str:
    """The time to record: the clock's, or `last` (the time of the last entry) while the clock is a little behind it.

    Raises ClockFault for a clock more than five seconds behind, or one that does not tell the time.
    """
    now = tell(clock)
    if now >= last:
        return now
    if datetime.fromisoformat(last) - datetime.fromisoformat(now) > MAX_LAG:
        raise ClockFault(
            f"the clock says {now}, more than {MAX_LAG.seconds} s before the last entry, recorded at {last}",
            "set the clock right; nothing was written",
        )
    return last


@dataclass(frozen=True, slots=True)
class _Mark:
    """A state of a batch: how many rows, touches and values it had, and what followed from them."""

    counts: tuple[int, int, int]
    last: bytes
    placed: dict[tuple[str, str], tuple[Prepared, int]]
    touched: set[str]
    claims: set[str]
    subjects: dict[str, bytes]


class _Batch:
    """What one transaction adds to a log."""

    def __init__(self, connection: Connection, head: queries.Head, now: str, sealer: Sealer) -> None:
        self._connection, self._head, self._now, self._sealer = connection, head, now, sealer
        self._last = head.last_hash
        self._rows: list[dict[str, Any]] = []
        self._touches: list[dict[str, Any]] = []
        self._values: list[dict[str, Any]] = []
        self._placed: dict[tuple[str, str], tuple[Prepared, int]] = {}
        self._touched: set[str] = set()
        self._stored: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._claims: set[str] = set()
        self._subjects: dict[str, bytes] = {}

    def look_up(self, prepared: Sequence[Prepared]) -> None:
        """Fetch what the log already holds about these events: their ids, claims and subjects."""
        connection, log = self._connection, self._head.log
        named = [event.event for event in prepared if event.event.id is not None]
        for source in {event.source for event in named}:
            ids = {event.id for event in named if event.source == source and event.id is not None}
            found = queries.by_id(connection, log, source, ids)
            self._stored |= {(source, known): place for known, place in found.items()}
        claims = {event.event.claim for event in prepared if event.event.claim is not None}
        self._claims = queries.claimed(connection, log, claims) if claims else set()
        self._subjects = queries.last_of(connection, log, {event.event.subject for event in prepared})

    def decide(self, submission: Submission) -> Decided:
        """An outcome for each event of the submission, or one error for all of them."""
        mark = self._mark() if submission.whole else None
        outcomes = self._decide(submission)
        if mark is None or isinstance(outcomes, LedgerError):
            return outcomes
        failed = next((outcome for outcome in outcomes if isinstance(outcome, LedgerError)), None)
        if failed is not None:
            self._rewind(mark)
            return failed
        return outcomes

    def _decide(self, submission: Submission) -> Decided:
        outcomes: list[Outcome] = []
        pending = submission.precondition
        for prepared in submission.prepared:
            try:
                receipt = self._retried(prepared)
                if receipt is None and pending is not None:
                    broken = self._broken(pending)
                    if broken is not None:
                        return broken
                    pending = None
                outcomes.append(receipt or self._place(prepared))
            except (Refused, Conflict, Withheld, IntegrityError) as error:
                outcomes.append(error)
        return outcomes

    def _mark(self) -> _Mark:
        """Where the batch stands, to come back to."""
        counts = (len(self._rows), len(self._touches), len(self._values))
        return _Mark(
            counts, self._last, dict(self._placed), set(self._touched), set(self._claims), dict(self._subjects)
        )

    def _rewind(self, mark: _Mark) -> None:
        """Forget everything placed since `mark`."""
        rows, touches, values = mark.counts
        del self._rows[rows:], self._touches[touches:], self._values[values:]
        self._last, self._placed, self._touched = mark.last, mark.placed, mark.touched
        self._claims, self._subjects = mark.claims, mark.subjects

    def write(self) -> None:
        """Insert what was placed and move the head."""
        if not self._rows:
            return
        queries.add(self._connection, queries.ENTRIES, self._rows)
        queries.add(self._connection, queries.TOUCHES, self._touches)
        queries.add(self._connection, queries.SEALED, self._values)
        edge = self._head.edge.extend(row["leaf_hash"] for row in self._rows)
        queries.move_head(self._connection, self._head.log, edge, self._last, self._now)

    def _retried(self, prepared: Prepared) -> Receipt | None:
        """The receipt of the entry this event already is; raises Refused if it now says something else."""
        if prepared.event.id is None:
            return None
        stored = self._stored.get(prepared.key)
        if stored is not None:
            index, raw = stored
            entry = Entry.parse(raw, index)
            return _present(prepared, entry, lambda name: self._sealer.recall(entry, pointer_to(name)))
        placed = self._placed.get(prepared.key)
        if placed is not None:
            earlier, at = placed
            entry = Entry.parse(self._rows[at]["raw"], self._head.size + at)
            return _present(prepared, entry, earlier.event.data.__getitem__)
        return None

    def _broken(self, precondition: Precondition) -> LedgerError | None:
        """Why the precondition does not hold, or None."""
        if precondition.as_of > self._head.size + len(self._rows):
            return Refused(f"the precondition is as of size {precondition.as_of}, which the log has not reached")
        key = next(iter(sorted(precondition.keys & self._touched)), None) or queries.touched(
            self._connection, self._head.log, precondition.as_of, precondition.keys
        )
        if key is None:
            return None
        return Conflict(
            f"{key} was written about after size {precondition.as_of}", "look at what is new there, then decide again"
        )

    def _place(self, prepared: Prepared) -> Receipt:
        event = prepared.event
        if event.claim is not None:
            if event.claim in self._claims:
                raise Conflict(f"the claim {event.claim} is taken", "another entry holds it; it can be held only once")
            self._claims.add(event.claim)
        log, at = self._head.log, len(self._rows)
        index = self._head.size + at
        raw = prepared.draft.place(index, self._last, self._subjects.get(event.subject, NO_HASH), self._now)
        self._last = self._subjects[event.subject] = leaf_hash(raw)
        self._rows.append(
            {
                "log": log,
                "sequence": index,
                "id": prepared.id,
                "source": event.source,
                "subject": event.subject,
                "claim": event.claim,
                "leaf_hash": self._last,
                "raw": raw,
            }
        )
        for key in prepared.touches:
            self._touches.append({"log": log, "key": key, "sequence": index})
        for value in prepared.sealed:
            self._values.append({"log": log, **value.row()})
        self._placed[prepared.key] = (prepared, at)
        self._touched.add(event.subject)
        self._touched |= prepared.touches
        return Receipt(prepared.id, index, self._last, "appended")


def _present(prepared: Prepared, entry: Entry, recall: Callable[[str], object]) -> Receipt:
    member = difference(prepared, entry, recall)
    if member:
        raise Refused(
            f"the id {entry.id} is already at index {entry.index}, with another {member}",
            "send a retry unchanged, or a new event under an id of its own",
        )
    return Receipt(entry.id, entry.index, entry.leaf_hash, "present")
