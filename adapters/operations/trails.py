"""Exporting trails, and verifying them offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.operations.ledger import MAX_NOTE, verifier_of
from adapters.storage.files import read_bytes
from governance import audit
from governance.audit import Audited
from governance.errors import InputError
from ledger.checkpoint import read_checkpoint
from ledger.trail import Selection, VerifiedTrail, Whole, verify_trail, write_trail

if TYPE_CHECKING:
    from adapters.wiring import Home
    from ledger.entry import Entry

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
DOCUMENTS = (
    *("card", "report", "manifest", "content", "document", "input", "bundle"),
    *("packet", "statement", "signature", "configuration", "receipt", "artifacts", "windows"),
)
"""The fields of entries that name documents Qayd keeps; what other fields digest is kept by others."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A trail that was written."""

    file: Path
    digest: str
    scope: str
    entries: int
    blobs: int
    checkpoint_size: int

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {
            "file": str(self.file),
            "digest": self.digest,
            "scope": self.scope,
            "entries": self.entries,
            "blobs": self.blobs,
            "checkpoint_size": self.checkpoint_size,
        }

    def lines(self) -> list[str]:
        """The result in words."""
        return [
            f"{self.file}  {self.digest}",
            f"  {self.scope}: {self.entries} entries, {self.blobs} documents, checkpoint size {self.checkpoint_size}",
            f"verify it anywhere: qayd trail verify {self.file} --key VKEY [--checkpoint OLDER]",
        ]


def export(home: Home, file: Path, subject: str | None) -> Exported:
    """Write a trail of everything, or of what concerns one subject (its lineage closure), and record that it was.

    Raises InputError when the file exists or the subject is unknown.
    """
    if file.exists():
        raise InputError(f"{file} exists already", "name another file; a trail is never overwritten")
    if not file.absolute().parent.is_dir():
        raise InputError(f"there is no directory {file.absolute().parent}", "make it first, or name another")
    if subject is not None:
        audit.scope(home.catalog(), subject)  # refuse an unknown subject before anything is written
    data = {"scope": "whole" if subject is None else "selection", "as_of": home.log.size()}
    home.append(home.event("trail.exported.v1", subject or "ledger", data))
    note = home.sign()
    size = read_checkpoint(note).size
    entries = [entry for entry in home.ledger.entries() if entry.index < size]
    chosen = range(size) if subject is None else frozenset(audit.scope(home.catalog(), subject))
    shown = [entry for entry in entries if entry.index in chosen]
    blobs = list(_blobs(home, shown))
    scope = Whole() if subject is None else Selection(tuple(entry.index for entry in shown))
    since = () if subject is None else home.log.note_sizes()
    digest = write_trail(file, scope=scope, source=home.log, note=note, blobs=blobs, since=since)
    return Exported(file, digest, str(data["scope"]), len(shown), len(blobs), size)


def _blobs(home: Home, entries: Sequence[Entry]) -> Iterator[tuple[str, bytes]]:
    """The documents these entries name that are kept as blobs, each once. Data sets and artifacts are not.

    Raises IntegrityError (LOST) where one is gone: a trail without it could not be verified.
    """
    seen: set[str] = set()
    for entry in entries:
        kept = {digest for name in DOCUMENTS for digest in _digests(entry.data.get(name))}
        for digest in _digests(entry.data):
            if digest not in seen and (digest in kept or home.blobs.has(digest)):
                seen.add(digest)
                yield digest, home.blobs.get(digest)


def _digests(value: Any) -> Iterator[str]:
    if isinstance(value, str) and DIGEST.fullmatch(value):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _digests(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _digests(item)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a verified trail shows, and every promotion in it judged again."""

    claim: str
    scope: str
    origin: str
    entries: int
    blobs: int
    checkpoint_size: int
    older_size: int | None
    promotions: tuple[Audited, ...]

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {
            "result": "verified",
            "claim": self.claim,
            "scope": self.scope,
            "origin": self.origin,
            "entries": self.entries,
            "blobs": self.blobs,
            "checkpoint_size": self.checkpoint_size,
            "older_checkpoint_size": self.older_size,
            "promotions": [
                {
                    "index": item.index,
                    "promotion": item.promotion,
                    "subject": item.subject,
                    "target": item.target,
                    "request": item.request,
                    "decision": item.decision,
                    "quorum": [{"role": role, "person": person} for role, person in item.quorum],
                    "outcome": item.outcome,
                }
                for item in self.promotions
            ],
        }

    def lines(self) -> list[str]:
        """The result in words."""
        lines = [f"VERIFIED  {self.entries} entries, {self.blobs} documents", f"  {self.origin}", f"  {self.claim}"]
        for item in self.promotions:
            people = ", ".join(f"{person} as {role}" for role, person in item.quorum)
            lines.append(f"  entry {item.index}: {item.subject} to {item.target}, {item.outcome}; approved by {people}")
        lines.append(f"  {len(self.promotions)} promotions: approvals, bindings, quorum, duties and claims hold")
        return lines


class _TrailBlobs:
    """The documents of a trail, as the kernel reads blobs."""

    def __init__(self, trail: VerifiedTrail) -> None:
        self._trail = trail

    def get(self, digest: str) -> bytes:
        """The bytes with this digest; raises IntegrityError (LOST)."""
        return self._trail.blob(digest)

    def put(self, raw: bytes, *, retention: str = "standard") -> str:
        """A trail is read only."""
        raise InputError("nothing is written into a trail")


def verify(file: Path, key: str, older: Path | None) -> Checked:
    """Verify a trail against a key and an older checkpoint from outside, then audit every promotion in it."""
    kept = None if older is None else read_bytes(older, MAX_NOTE)
    with verify_trail(file, (verifier_of(key),), kept) as trail:
        entries = tuple(trail.entries())
        promotions = audit.audit(entries, _TrailBlobs(trail))
        return Checked(
            claim=trail.claim(),
            scope=type(trail.scope).__name__.lower(),
            origin=trail.checkpoint.origin,
            entries=len(entries),
            blobs=len(trail.blobs()),
            checkpoint_size=trail.checkpoint.size,
            older_size=None if trail.older is None else trail.older.size,
            promotions=promotions,
        )
