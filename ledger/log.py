"""The one door to writing a log: append, durably, in order, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from sqlalchemy import Connection

from ledger import queries
from ledger.blobs import Blobs
from ledger.canonical import JSON
from ledger.checkpoint import Checkpoint, Verifier
from ledger.entry import NO_HASH, NONCE_BYTES, UUID_NOISE_BYTES, Clock, Draft, NewEvent, Random, uuid7
from ledger.errors import IntegrityError, Kind, LedgerError, Refused, SignerRefused, StoreFault
from ledger.keys import Signer
from ledger.merkle import RightEdge, extension_proof, leaf_hash
from ledger.reader import Reader
from ledger.schema import OPENED, EventTypes, validate
from ledger.sequencer import Decided, recorded_time, sequence, tell
from ledger.store import Store
from ledger.vault import Vault
from ledger.writer import Writer
from ledger.writing import MAX_EVENTS, NoVault, Precondition, Prepared, Receipt, Refusal, Sealer, Submission, prepare

__all__ = ["FORMAT", "Log", "Precondition", "Receipt", "Refusal"]

FORMAT: Final = "qayd-ledger/1"
SOURCE: Final = "ledger"
"""Source and actor of what the ledger writes itself."""


class Log(Reader):
    """One log of a store. Threads may share it; any number of processes may have it open and write."""

    def __init__(
        self, store: Store, head: queries.Head, *, types: EventTypes, clock: Clock, random: Random, vault: Vault | None
    ) -> None:
        super().__init__(store, head)
        self.types = types
        self._clock, self._random = clock, random
        self.vault = vault
        self._sealer: Sealer = vault or NoVault()
        self._writer = Writer(self._commit)

    @classmethod
    def create(
        cls,
        store: Store,
        *,
        types: EventTypes,
        origin: str,
        log_id: str,
        vkey: str,
        tenant: JSON,
        officers: Sequence[JSON],
        mode: Literal["play", "real"],
        clock: Clock,
        random: Random,
        vault: Vault | None = None,
        blobs: Blobs | None = None,
    ) -> Log:
        """Begin a log with its entry 0, `ledger.opened.v1`; with `blobs`, the event types' document is kept there.

        `origin` is the name in `vkey`; `log_id` is 32 random bytes in hexadecimal. Raises Refused if one of them is not
        of its form or the store already holds a log.
        """
        if Verifier.parse(vkey).name != origin:
            raise Refused("the verifier key does not bear the log's origin as its name")
        data = {
            "format": FORMAT,
            "origin": origin,
            "log_id": log_id,
            "vkey": vkey,
            "retention": "standard",
            "witness_required": False,
            "event_schema": types.digest(),
            "officers": list(officers),
            "tenant": tenant,
            "mode": mode,
            "previous": None,
        }
        opening = NewEvent(OPENED.name, f"ledger/{log_id}", SOURCE, SOURCE, data)
        if blobs is not None:
            blobs.put(types.document())
        with store.writing() as connection:
            head = _begin(connection, opening, clock=clock, random=random)
        return cls(store, head, types=types, clock=clock, random=random, vault=vault)

    @classmethod
    def open(cls, store: Store, *, types: EventTypes, clock: Clock, random: Random, vault: Vault | None = None) -> Log:
        """The log of this store; raises StoreFault if there is none."""
        with store.reading() as connection:
            heads = queries.heads(connection)
        if len(heads) > 1:
            message = "the store holds a second log, which nobody here began"
            raise IntegrityError(Kind.ALTERED, message, None, "restore the database from a backup")
        if not heads:
            raise StoreFault("the store holds no log yet", "run `qayd init` first, or check the URL")
        return cls(store, heads[0], types=types, clock=clock, random=random, vault=vault)

    def append(self, event: NewEvent, *, precondition: Precondition | None = None, open_only: bool = False) -> Receipt:
        """Write one event; once this returns it is durable.

        Raises Refused (the event breaks a rule, or its id is taken by another), Conflict (precondition or claim),
        ClockFault, StoreFault (nothing was acknowledged; a retry with the same id is harmless). `open_only` refuses
        all but open types.
        """
        outcome = self._append([event], precondition, open_only)[0]
        if isinstance(outcome, LedgerError):
            raise outcome.with_traceback(None)
        return outcome

    def append_many(
        self, events: Sequence[NewEvent], *, precondition: Precondition | None = None, open_only: bool = False
    ) -> list[Receipt | Refusal]:
        """Write these events in order, in one transaction; one that is refused does not stop the others.

        At most 4,096. Raises Conflict if the precondition does not hold, ClockFault or StoreFault as `append` does;
        then none is written.
        """
        _check_count(events)
        outcomes = self._append(events, precondition, open_only)
        return [
            Refusal(event.id, outcome.message, outcome.hint) if isinstance(outcome, LedgerError) else outcome
            for event, outcome in zip(events, outcomes, strict=True)
        ]

    def append_all(self, events: Sequence[NewEvent], *, precondition: Precondition | None = None) -> list[Receipt]:
        """Write all of these events in order, in one transaction, or none of them. Raises as `append` does."""
        _check_count(events)
        self._store.check_process()
        now = tell(self._clock)
        ready = [prepare(event, self.types, self._sealer, now, self._random, open_only=False) for event in events]
        decided = self._writer.submit(Submission(ready, precondition, whole=True)) if ready else []
        if isinstance(decided, LedgerError):
            raise decided.with_traceback(None)
        return [outcome for outcome in decided if isinstance(outcome, Receipt)]

    def sign(self, signer: Signer) -> bytes:
        """The signed note of the present head, made and kept; safe for several threads and processes.

        Raises SignerRefused if the head does not continue what the signer signed before, or if the log keeps a larger
        checkpoint than the signer remembers: then the signer's memory was put back to an older state.
        """
        signed = RightEdge()

        def propose(last: int) -> tuple[Checkpoint, list[bytes]]:
            nonlocal signed
            kept = max(self.note_sizes(1), default=0)
            if kept > last:
                raise SignerRefused(
                    f"the log keeps a checkpoint of {kept} entries, the signer remembers {last}",
                    "the signer's state is from an older backup; restore the newest, or begin a new epoch",
                )
            signed = self._head().edge
            proof = self._proof(last, signed.size)
            return Checkpoint(self.origin, signed.size, signed.root()), proof

        note = signer.sign_next(propose)
        with self._store.writing() as connection:
            queries.save_note(connection, self._log, signed, note)
        return note

    def save_note(self, size: int, note: bytes) -> None:
        """Keep the note of a checkpoint of this size (one with further cosignatures, say), byte for byte."""
        edge = RightEdge().extend(self.leaf_hashes(0, size))
        with self._store.writing() as connection:
            queries.save_note(connection, self._log, edge, note)

    def close(self) -> None:
        """Give back the store's connections."""
        self._store.close()

    def _append(
        self, events: Sequence[NewEvent], precondition: Precondition | None, open_only: bool
    ) -> list[Receipt | LedgerError]:
        """An outcome for each event, in order; raises what concerns all of them."""
        self._store.check_process()
        now = tell(self._clock)
        ready: list[Prepared | Refused] = []
        for event in events:
            try:
                ready.append(prepare(event, self.types, self._sealer, now, self._random, open_only=open_only))
            except Refused as refusal:
                ready.append(refusal)
        accepted = [item for item in ready if isinstance(item, Prepared)]
        decided = self._writer.submit(Submission(accepted, precondition)) if accepted else []
        if isinstance(decided, LedgerError):
            raise decided.with_traceback(None)
        answers = iter(decided)
        return [next(answers) if isinstance(item, Prepared) else item for item in ready]

    def _commit(self, batch: Sequence[Submission]) -> Sequence[Decided]:
        """Sequence a batch in one transaction; durable once this returns."""
        with self._store.writing() as connection:
            return sequence(connection, self._log, self._clock, self._sealer, batch)

    def _proof(self, old: int, new: int) -> list[bytes]:
        """The consistency proof between two sizes of this log, from the edge kept with the last note if that is it."""
        if old > new:
            return []
        with self._store.reading() as connection:
            kept = queries.last_note(connection, self._log)
        known = kept is not None and kept[0].size == old
        edge = kept[0] if kept and known else RightEdge().extend(self.leaf_hashes(0, old))
        return extension_proof(edge, list(self.leaf_hashes(old, new)))


def _check_count(events: Sequence[NewEvent]) -> None:
    if len(events) > MAX_EVENTS:
        raise Refused(f"{len(events)} events in one call, at most {MAX_EVENTS} allowed", "send them in parts")


def _begin(connection: Connection, opening: NewEvent, *, clock: Clock, random: Random) -> queries.Head:
    """Write entry 0 of a new log, in the caller's transaction."""
    validate(OPENED, opening.data)
    if queries.heads(connection, lock=True):
        raise Refused("the store already holds a log", "open it, or begin another one in a store of its own")
    now = recorded_time(clock, "")
    noise = random(NONCE_BYTES + UUID_NOISE_BYTES)
    event_id = uuid7(now, noise[NONCE_BYTES:])
    draft = Draft.of(opening, event_id=event_id, time=now, data=opening.data, nonce=noise[:NONCE_BYTES])
    raw = draft.place(0, NO_HASH, NO_HASH, now)
    leaf = leaf_hash(raw)
    log = queries.add_head(connection, log_id=str(opening.data["log_id"]), origin=str(opening.data["origin"]))
    entry = {"log": log, "sequence": 0, "id": event_id, "source": SOURCE, "subject": opening.subject, "claim": None}
    queries.add(connection, queries.ENTRIES, [{**entry, "leaf_hash": leaf, "raw": raw}])
    queries.move_head(connection, log, RightEdge().append(leaf), leaf, now)
    return queries.head(connection, log)
