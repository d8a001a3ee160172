"""Logs for tests about proofs: real entries, chained by hand, kept in memory, and ways to tamper with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ledger.checkpoint import Checkpoint, SigningKey, Verifier, sign_checkpoint
from ledger.entry import NO_HASH, Draft, Entry, NewEvent
from ledger.merkle import leaf_hash, root
from ledger.source import Row

ORIGIN = "log.example/5d41402a/1"
KEY = SigningKey(ORIGIN, bytes(range(32)))
OTHER_KEY = SigningKey(ORIGIN, bytes(range(1, 33)))
KEYS: tuple[Verifier, ...] = (KEY.verifier,)
OPENED = NewEvent("ledger.opened.v1", "ledger/5d41402a", "ledger", "ledger", {"origin": ORIGIN})


def event(number: int, subject: str | None = None, *, claim: str | None = None, id: str | None = None) -> NewEvent:
    """A plain event about one of three subjects."""
    data = {"source": "ci/main", "counter": number}
    about = subject or f"source/{number % 3}"
    return NewEvent("source.heartbeat.v1", about, "ci", "actor-1", data, id=id or f"event-{number}", claim=claim)


@dataclass
class Chain:
    """A log in memory; it implements `EntrySource`. Lists may be changed to tamper with it."""

    raws: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    subjects: dict[str, bytes] = field(default_factory=dict)

    def append(self, new: NewEvent) -> None:
        """Add the entry an honest sequencer would make of it."""
        index = len(self.raws)
        nonce = index.to_bytes(16, "big")
        time = "2026-11-23T10:00:00.000000Z"
        draft = Draft.of(new, event_id=new.id or f"event-{index}", time=time, data=new.data, nonce=nonce)
        before = self.leaves[-1] if self.leaves else NO_HASH
        recorded_at = (
            f"2026-11-{23 + index // 86400}T{index // 3600 % 24:02d}:{index // 60 % 60:02d}:{index % 60:02d}.000000Z"
        )
        self.add(draft.place(index, before, self.subjects.get(new.subject, NO_HASH), recorded_at), new.subject)

    def add(self, raw: bytes, subject: str) -> None:
        """Add bytes as they are."""
        self.raws.append(raw)
        self.leaves.append(leaf_hash(raw))
        self.subjects[subject] = self.leaves[-1]

    def size(self) -> int:
        return len(self.raws)

    def raw(self, start: int, end: int) -> Iterator[bytes]:
        return iter(self.raws[start:end])

    def leaf_hashes(self, start: int, end: int) -> Iterator[bytes]:
        return iter(self.leaves[start:end])

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        end = len(self.leaves) if size is None else size
        return Checkpoint(ORIGIN, end, root(self.leaves[:end]))

    def note(self, size: int | None = None, key: SigningKey = KEY) -> bytes:
        """A signed checkpoint of the first `size` entries."""
        return sign_checkpoint(self.checkpoint(size), key)

    def head(self) -> tuple[int, bytes]:
        return len(self.leaves), root(self.leaves)

    def rows(self) -> list[Row]:
        """The rows as an honest store would keep them, with some of its columns."""
        rows = []
        for index, raw in enumerate(self.raws):
            entry = Entry.parse(raw, index)
            rows.append(Row(index, raw, entry.leaf_hash, {"id": entry.id, "subject": entry.subject}))
        return rows


def chain_of(count: int, events: Callable[[int], NewEvent] = event) -> Chain:
    """An honest log of `count` entries, the first of which opens it."""
    chain = Chain()
    for number in range(count):
        chain.append(OPENED if number == 0 else events(number))
    return chain


def rewritten(chain: Chain, index: int, size: int | None = None) -> Chain:
    """Another history, as whole in itself: from `index` on the events are others and everything is hashed again."""
    other = Chain()
    for number in range(len(chain.raws) if size is None else size):
        new = OPENED if number == 0 else event(number)
        other.append(replace(new, id=f"other-{number}") if number >= index > 0 else new)
    return other


def reader(rows: Sequence[Row]) -> Callable[[], Sequence[Row]]:
    """What `verify_log` reads these rows by."""
    return lambda: rows


def flip(raw: bytes, place: int, bit: int = 0) -> bytes:
    """The same bytes with one bit changed."""
    return raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :]
