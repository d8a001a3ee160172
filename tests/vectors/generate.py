"""Makes the test vectors of the ledger's format, the same bytes every time.

Run `python -m tests.vectors.generate` from the project's root to write them anew; a test holds the files against it.
Key, times, nonces and salt are fixed, so nothing here may ever guard anything real.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ledger.canonical import JSON, digest, encode
from ledger.checkpoint import Checkpoint, SigningKey, sign_checkpoint
from ledger.entry import NO_HASH, Draft, NewEvent, commitment, sealed_member
from ledger.merkle import leaf_hash, root
from ledger.note import encode_base64
from ledger.receipt import prove
from ledger.tiles import export_static
from ledger.trail import Range, Selection, Whole, subject_scope, write_trail

HERE = Path(__file__).parent
LOG_ID = "".join(f"{number:02x}" for number in range(32))
ORIGIN = f"vectors.qayd.example/{LOG_ID}/1"
KEY = SigningKey(ORIGIN, bytes(range(100, 132)))
DOCUMENT = encode({"kind": "fairness", "values": {"parity_difference": "0.0480000"}})
SALT = bytes(range(32))
HANDLE = bytes(range(16))
REASON = "an English sentence, وجملة عربية"
SEALED = ("registry/vectors", "event-4", "/data/reason")


def opening() -> dict[str, JSON]:
    """The data of entry 0."""
    return {
        "event_schema": digest(b""),
        "format": "qayd-ledger/1",
        "log_id": LOG_ID,
        "mode": "play",
        "officers": [],
        "origin": ORIGIN,
        "previous": None,
        "retention": "standard",
        "tenant": {},
        "vkey": KEY.verifier.vkey(),
        "witness_required": False,
    }


def events() -> Iterator[NewEvent]:
    """Six entries: an opening, heartbeats of two sources, a digest, a sealed field, a claim."""
    source, actor = SEALED[0], "actor-1"
    seal = commitment(ORIGIN, *SEALED, SALT, REASON)

    def event(number: int, type: str, subject: str, data: dict[str, JSON], claim: str | None = None) -> NewEvent:
        return NewEvent(type, subject, source, actor, data, id=f"event-{number}", claim=claim)

    yield NewEvent("ledger.opened.v1", f"ledger/{LOG_ID}", "ledger", "ledger", opening(), id="event-0")
    yield event(1, "source.heartbeat.v1", "source/one", {"counter": 0, "source": "one"})
    yield event(2, "source.heartbeat.v1", "source/two", {"counter": 2**53 - 1, "source": "two"})
    yield event(3, "evidence.measured.v1", "model/credit-risk@1", {"evidence": digest(DOCUMENT)})
    yield event(4, "decision.explained.v1", "model/credit-risk@1", {"reason": sealed_member(seal, HANDLE)})
    yield event(5, "source.heartbeat.v1", "source/one", {"counter": 1, "source": "one"}, "heartbeat/one/1")


class VectorLog:
    """The entries, sequenced one second apart; an `EntrySource`."""

    def __init__(self) -> None:
        self.raws: list[bytes] = []
        self.leaves: list[bytes] = []
        last: dict[str, bytes] = {}
        for index, event in enumerate(events()):
            now = f"2026-11-23T10:00:{index:02d}.000000Z"
            nonce = bytes([index] * 16)
            draft = Draft.of(event, event_id=f"event-{index}", time=now, data=event.data, nonce=nonce)
            before = self.leaves[-1] if self.leaves else NO_HASH
            self.raws.append(draft.place(index, before, last.get(event.subject, NO_HASH), now))
            self.leaves.append(leaf_hash(self.raws[-1]))
            last[event.subject] = self.leaves[-1]

    def size(self) -> int:
        return len(self.raws)

    def raw(self, start: int, end: int) -> Iterator[bytes]:
        return iter(self.raws[start:end])

    def leaf_hashes(self, start: int, end: int) -> Iterator[bytes]:
        return iter(self.leaves[start:end])

    def note(self, size: int) -> bytes:
        return sign_checkpoint(Checkpoint(ORIGIN, size, root(self.leaves[:size])), KEY)


def generate(directory: Path) -> None:
    """Write all vectors into an empty directory."""
    log = VectorLog()
    note = log.note(log.size())
    (directory / "vkey").write_text(KEY.verifier.vkey() + "\n", encoding="ascii")
    (directory / "older-checkpoint").write_bytes(log.note(3))
    export_static(directory / "log", log, note)
    for index, proof in prove(log, [3], note).items():
        (directory / f"{index}.json").write_bytes(log.raws[index])
        (directory / f"{index}.tlog-proof").write_bytes(proof.format())
    subject = subject_scope(log, note, "source/one")
    for scope in (Whole(), Range(1, 4), subject, Selection((0, 3, 4))):
        blobs = [(digest(DOCUMENT), DOCUMENT)]
        write_trail(directory / f"{scope.kind}.trail", scope=scope, source=log, note=note, blobs=blobs, since=[3])
    (directory / "sealed.json").write_bytes(sealed())


def sealed() -> bytes:
    """The parts of the sealed field in entry 4, and the commitment they give."""
    source, event_id, pointer = SEALED
    return encode(
        {
            "commitment": encode_base64(commitment(ORIGIN, source, event_id, pointer, SALT, REASON)),
            "id": event_id,
            "origin": ORIGIN,
            "pointer": pointer,
            "salt": encode_base64(SALT),
            "source": source,
            "value": REASON,
        }
    )


def main() -> None:
    """Replace the files beside this one."""
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        for path in Path(fresh).iterdir():
            old = HERE / path.name
            shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
            shutil.move(path, old)


if __name__ == "__main__":
    main()
