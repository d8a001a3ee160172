"""Logs for tests: event types of every shape, a clock one can set, randomness one can repeat."""

from __future__ import annotations

import hashlib
import json
import random
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.entry import Entry, NewEvent
from ledger.kek import KekRing
from ledger.log import Log
from ledger.note import SigningKey
from ledger.schema import EventType, EventTypes, Field, Sealed
from ledger.store import Store
from ledger.vault import Vault

HEARTBEAT = "source.heartbeat.v1"
LINKED = "thing.linked.v1"
NOTED = "thing.noted.v1"

TYPES = EventTypes(
    [
        EventType(
            HEARTBEAT,
            {"source": Field("public"), "counter": Field("public", "integer")},
            r"source/[a-z0-9/-]{1,200}",
            open=True,
        ),
        EventType(
            LINKED,
            {"to": Field("public", required=False), "many": Field("public", "tokens", required=False)},
            r"thing/[a-z0-9]{1,40}",
            touches=("to", "many"),
        ),
        EventType(
            NOTED,
            {
                "words": Field("sealed", "text", required=False),
                "more": Field("sealed", "json", required=False),
                "report": Field("digest", "digest", required=False),
                "level": Field("public", "integer", required=False),
            },
            r"thing/[a-z0-9]{1,40}",
        ),
    ]
)

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LOG_ID = "ab" * 32
ORIGIN = f"localhost/{LOG_ID}/1"
VKEY = SigningKey(ORIGIN, bytes(range(32))).verifier.vkey()


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class SetClock:
    """Stands still until it is set or moved."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def now(self) -> str:
        return stamp(self.moment)

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class WallClock:
    def now(self) -> str:
        return stamp(datetime.now(UTC))


def make_vault(store: Store, directory: Path, clock: SetClock | WallClock, seed: int = 1) -> Vault:
    noise = random.Random(seed).randbytes
    return Vault(store, KekRing(directory, random=noise), random=noise, clock=clock)


def create_log(store: Store, **changes: Any) -> Log:
    """A new log with everything usual; keyword arguments take the place of what `Log.create` is usually given."""
    usual: dict[str, Any] = {
        "types": TYPES,
        "origin": ORIGIN,
        "log_id": LOG_ID,
        "vkey": VKEY,
        "tenant": {"sector": "bank"},
        "officers": [],
        "mode": "play",
        "clock": SetClock(),
        "random": random.Random(7).randbytes,
    }
    return Log.create(store, **(usual | changes))


def heartbeat(counter: int = 1, name: str = "app", **changes: Any) -> NewEvent:
    usual: dict[str, Any] = {
        "type": HEARTBEAT,
        "subject": f"source/{name}",
        "source": "cli",
        "actor": "p-1",
        "data": {"source": name, "counter": counter},
    }
    return NewEvent(**(usual | changes))


def note(name: str = "a", **changes: Any) -> NewEvent:
    usual: dict[str, Any] = {"type": NOTED, "subject": f"thing/{name}", "source": "cli", "actor": "p-1", "data": {}}
    return NewEvent(**(usual | changes))


def secret(value: object = "a word", person: str = "p-9") -> Sealed:
    return Sealed(value, person)


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, written down as it stands there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def check_whole(log: Log) -> list[Entry]:
    """All entries of a log, once sequence, chains, times, uniqueness and root hold, each recomputed from the bytes."""
    entries = list(log.entries())
    leaves: list[bytes] = []
    last_of: dict[str, bytes] = {}
    for index, entry in enumerate(entries):
        members = json.loads(entry.raw)
        leaf = hashlib.sha256(b"\x00" + entry.raw).digest()
        assert members["sequence"] == f"{index:019d}"
        assert b64decode(members["prevhash"]) == (leaves[-1] if leaves else bytes(32))
        assert b64decode(members["subjectprev"]) == last_of.get(members["subject"], bytes(32))
        assert index == 0 or entries[index - 1].recorded_at <= members["recordedtime"]
        leaves.append(leaf)
        last_of[members["subject"]] = leaf
    claims = [entry.claim for entry in entries if entry.claim is not None]
    assert len(set(claims)) == len(claims)
    assert len({(entry.source, entry.id) for entry in entries}) == len(entries)
    assert log.head() == (len(entries), naive_root(leaves))
    assert list(log.leaf_hashes(0, len(entries))) == leaves
    return entries
