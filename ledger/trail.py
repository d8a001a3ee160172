"""The trail: entries of one scope in one file, with everything needed to verify them offline.

`trail.json` states the scope, `checkpoint` is the signed note everything is proven against, `blobs/<sha256>` are the
documents the entries name. The whole log is there in its static form; entries of any other scope as receipts, two
files each. Nothing inside is trusted: keys and older checkpoints come from the caller.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from ledger.archive import Archive, write_archive
from ledger.checkpoint import Checkpoint, Verifier, read_checkpoint
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind, ProofInvalid, Refused
from ledger.merkle import consistency_proof, verify_consistency
from ledger.note import decode_base64, encode_base64
from ledger.receipt import InclusionProof, check_inclusion, prove
from ledger.scope import OfSubject, Range, Scope, Selection, Statement, Whole
from ledger.source import EntrySource
from ledger.tiles import CHECKPOINT, StaticLog, static_files, static_paths
from ledger.verify import open_trusted, verify_tiles

__all__ = [
    "OfSubject",
    "Range",
    "Scope",
    "Selection",
    "VerifiedTrail",
    "Whole",
    "subject_scope",
    "verify_trail",
    "write_trail",
]

STATEMENT = "trail.json"
_ENTRY = re.compile(r"entries/(0|[1-9][0-9]{0,18})\.(json|tlog-proof)")
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")
_CONSISTENCY = re.compile(r"consistency/[1-9][0-9]{0,18}")
_HINT = "ask for the trail again, and compare its digest"

Files = Iterator[tuple[str, bytes]]


def subject_scope(source: EntrySource, note: bytes, subject: str) -> OfSubject:
    """The scope of all entries about `subject` that the checkpoint in `note` covers; Refused if there is none."""
    indices = [entry.index for entry in _about(source, read_checkpoint(note).size, subject)]
    if not indices:
        raise Refused("the checkpoint covers no entry about this subject", "check the spelling, or sign a newer one")
    return OfSubject(subject, indices[0], indices[-1])


def _about(source: EntrySource, size: int, subject: str) -> Iterator[Entry]:
    entries = (Entry.parse(raw, index) for index, raw in enumerate(source.raw(0, size)))
    return (entry for entry in entries if entry.subject == subject)


def write_trail(
    path: Path,
    *,
    scope: Scope,
    source: EntrySource,
    note: bytes,
    blobs: Iterable[tuple[str, bytes]] = (),
    since: Iterable[int] = (),
) -> str:
    """Write the trail of `scope` as the checkpoint in `note` proves it, and return the file's digest, `sha256:<hex>`.

    `blobs` are digests with their bytes; `since` are sizes of older checkpoints that a reader may hold, to which a
    proof of consistency is added. Raises Refused if the checkpoint does not cover the scope or it is too large,
    IntegrityError if the source does not verify, StoreFault if the disk refuses.
    """
    checkpoint = read_checkpoint(note)
    statement = Statement(checkpoint.origin, checkpoint.size, scope)
    shown = static_files(source, checkpoint) if isinstance(scope, Whole) else _receipts(source, note, scope)
    fixed = iter([(STATEMENT, statement.format()), (CHECKPOINT, note)])
    growth = _growth(source, checkpoint.size, since)
    return "sha256:" + write_archive(path, chain(fixed, shown, growth, _blob_files(blobs)))


def _receipts(source: EntrySource, note: bytes, scope: Range | OfSubject | Selection) -> Files:
    checkpoint = read_checkpoint(note)
    if isinstance(scope, OfSubject):
        about = _about(source, checkpoint.size, scope.subject)
        indices = [entry.index for entry in about if scope.first <= entry.index <= scope.last]
    else:
        indices = list(range(scope.start, scope.end)) if isinstance(scope, Range) else list(scope.indices)
    for index, proof in prove(source, indices, note).items():
        raw = b"".join(source.raw(index, index + 1))
        check_inclusion(proof, raw, checkpoint)
        yield f"entries/{index}.json", raw
        yield f"entries/{index}.tlog-proof", proof.format()


def _growth(source: EntrySource, size: int, since: Iterable[int]) -> Files:
    for old in sorted(set(since)):
        if 0 < old < size:
            proof = consistency_proof(source.leaf_hashes(0, size), old, size)
            yield f"consistency/{old}", "".join(f"{encode_base64(node)}\n" for node in proof).encode("ascii")


def _blob_files(blobs: Iterable[tuple[str, bytes]]) -> Files:
    for digest, content in dict(blobs).items():
        if digest != f"sha256:{hashlib.sha256(content).hexdigest()}":
            raise IntegrityError(Kind.ALTERED, f"the blob {digest} has other bytes", hint="restore it from a backup")
        yield f"blobs/{digest.removeprefix('sha256:')}", content


@dataclass(frozen=True, slots=True)
class VerifiedTrail:
    """A trail found whole. Use it as a context manager: the file stays open, and every read is checked again."""

    scope: Scope
    checkpoint: Checkpoint
    older: Checkpoint | None
    archive: Archive

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.archive.close()

    def entries(self) -> Iterator[Entry]:
        """The proven entries by rising index."""
        if isinstance(self.scope, Whole):
            static = StaticLog.open(self.archive.read)
            return (Entry.parse(row.raw, row.index) for row in static.rows())
        indices = sorted(_shown(self.archive))
        return (Entry.parse(_read(self.archive, f"entries/{index}.json"), index) for index in indices)

    def blobs(self) -> tuple[str, ...]:
        """Digests of the documents in the trail."""
        found = (_BLOB.fullmatch(name) for name in self.archive.names())
        return tuple(f"sha256:{match[1]}" for match in found if match)

    def blob(self, digest: str) -> bytes:
        """The bytes with this digest; raises IntegrityError (LOST) if the trail does not hold them."""
        content = self.archive.read(f"blobs/{digest.removeprefix('sha256:')}")
        if content is None:
            raise IntegrityError(Kind.LOST, f"the blob {digest} is not in the trail", hint="ask for it by its digest")
        return content

    def claim(self) -> str:
        """What was shown, in one sentence, and no more than that."""
        against = "no older checkpoint was given, so nothing is claimed beyond it"
        if self.older is not None:
            against = f"it continues the checkpoint of size {self.older.size} given from outside"
        return f"{self.scope.claim()}. The checkpoint has size {self.checkpoint.size}; {against}"


def verify_trail(path: Path, verifiers: Sequence[Verifier], older: bytes | None = None) -> VerifiedTrail:
    """Verify a trail against trusted keys, and an older checkpoint kept from before if there is one.

    Raises IntegrityError with class and, where it is known, index; Refused if there is no such file, no key, or no way
    to compare with `older` (the trail holds no proof of consistency from its size).
    """
    archive = Archive.open(path)
    try:
        return _verify(archive, verifiers, older)
    except BaseException:
        archive.close()
        raise


def _verify(archive: Archive, verifiers: Sequence[Verifier], older: bytes | None) -> VerifiedTrail:
    _raise_damaged(name for name in archive.damaged if name in (STATEMENT, CHECKPOINT))
    note = _read(archive, CHECKPOINT)
    checkpoint, *trusted = open_trusted((note,), older, verifiers)
    statement = _statement(archive, checkpoint)
    if isinstance(statement.scope, Whole):
        verify_tiles(StaticLog(archive.read, note, checkpoint.size), verifiers, older)
    else:
        _check_growth(archive, checkpoint, trusted)
        _check_entries(archive, statement.scope, note, checkpoint)
    _check_blobs(archive)
    _raise_damaged(archive.damaged)
    _check_names(archive, statement)
    return VerifiedTrail(statement.scope, checkpoint, trusted[0] if trusted else None, archive)


def _raise_damaged(names: Iterable[str]) -> None:
    for name in names:
        match = _ENTRY.fullmatch(name)
        message = f"the trail's member {name} is not as it was written"
        raise IntegrityError(Kind.ALTERED, message, int(match[1]) if match else None, _HINT)


def _read(archive: Archive, name: str) -> bytes:
    content = archive.read(name)
    if content is None:
        raise IntegrityError(Kind.ALTERED, f"the trail has no member {name}", hint=_HINT)
    return content


def _statement(archive: Archive, checkpoint: Checkpoint) -> Statement:
    try:
        statement = Statement.parse(_read(archive, STATEMENT))
    except Refused as error:
        raise IntegrityError(Kind.ALTERED, error.message, hint=_HINT) from error
    if (statement.origin, statement.size) != (checkpoint.origin, checkpoint.size):
        raise IntegrityError(Kind.ALTERED, "trail.json does not speak of the trail's checkpoint", hint=_HINT)
    return statement


def _shown(archive: Archive) -> set[int]:
    """The indices of which the trail shows anything."""
    return {int(match[1]) for name in archive.names() if (match := _ENTRY.fullmatch(name))}


def _check_entries(archive: Archive, scope: Range | OfSubject | Selection, note: bytes, checkpoint: Checkpoint) -> None:
    """Every receipt, then that nothing the scope promises is absent and nothing else is there."""
    shown = _shown(archive)
    stated = _stated(scope, shown)
    absent = next((index for index in stated if index not in shown), None)
    if absent is not None:
        kind = Kind.ALTERED if isinstance(scope, Selection) else Kind.MISSING
        raise IntegrityError(kind, "the trail states this entry but does not show it", absent, _HINT)
    before: Entry | None = None
    for index in stated:
        entry = _check_receipt(archive, index, note, checkpoint)
        if isinstance(scope, OfSubject):
            _check_subject(before, entry, scope)
        before = entry
    foreign = min(shown.difference(stated), default=None)
    if foreign is not None:
        raise IntegrityError(Kind.ALTERED, "the trail shows an entry outside its scope", foreign, _HINT)


def _stated(scope: Range | OfSubject | Selection, shown: set[int]) -> Sequence[int]:
    """The indices that must be there, rising."""
    if isinstance(scope, Range):
        return range(scope.start, scope.end)
    if isinstance(scope, Selection):
        return scope.indices
    within = {index for index in shown if scope.first <= index <= scope.last}
    return sorted(within | {scope.first, scope.last})


def _check_subject(before: Entry | None, entry: Entry, scope: OfSubject) -> None:
    if entry.subject != scope.subject:
        raise IntegrityError(Kind.ALTERED, "the trail shows an entry about another subject", entry.index, _HINT)
    if before is not None and entry.subjectprev != before.leaf_hash:
        message = f"an entry about the subject after index {before.index} and before this one is not shown"
        raise IntegrityError(Kind.MISSING, message, entry.index, _HINT)


def _check_receipt(archive: Archive, index: int, note: bytes, checkpoint: Checkpoint) -> Entry:
    raw = _read(archive, f"entries/{index}.json")
    try:
        proof = InclusionProof.parse(_read(archive, f"entries/{index}.tlog-proof"))
    except Refused as error:
        raise IntegrityError(Kind.ALTERED, error.message, index, _HINT) from error
    if (proof.index, proof.note) != (index, note):
        raise IntegrityError(Kind.ALTERED, "the proof is of another index or checkpoint", index, _HINT)
    return check_inclusion(proof, raw, checkpoint)


def _check_growth(archive: Archive, checkpoint: Checkpoint, trusted: Sequence[Checkpoint]) -> None:
    """Hold the trail's checkpoint against the older one."""
    for older in trusted:
        if older.size > checkpoint.size:
            message = f"the trail ends at size {checkpoint.size}, the older checkpoint covers {older.size}"
            raise IntegrityError(Kind.TRUNCATED, message, checkpoint.size, "ask for a newer trail")
        proof = _consistency(archive, older.size, checkpoint.size)
        try:
            verify_consistency(older.size, older.root, checkpoint.size, checkpoint.root, proof)
        except ProofInvalid as error:
            message = f"this history is not the one signed at size {older.size}"
            raise IntegrityError(Kind.FORKED, message, 0, "keep both, and ask the log's owner") from error


def _consistency(archive: Archive, old: int, new: int) -> list[bytes]:
    if old in (0, new):
        return []
    content = archive.read(f"consistency/{old}")
    if content is None:
        message = f"the trail holds no proof that size {old} grew to size {new}"
        raise Refused(message, f"ask for a trail that has one (since size {old}), or for the whole log")
    try:
        return [decode_base64(line) for line in content.decode("ascii").split("\n")[:-1]]
    except (Refused, UnicodeDecodeError) as error:
        raise IntegrityError(Kind.ALTERED, f"the proof of consistency from {old} is malformed", hint=_HINT) from error


def _check_blobs(archive: Archive) -> None:
    for name in archive.names():
        match = _BLOB.fullmatch(name)
        if match and hashlib.sha256(_read(archive, name)).hexdigest() != match[1]:
            raise IntegrityError(Kind.ALTERED, f"the blob sha256:{match[1]} has other bytes", hint=_HINT)


def _check_names(archive: Archive, statement: Statement) -> None:
    """Nothing but what a trail of this scope is made of."""
    known = {STATEMENT, CHECKPOINT}
    patterns = [_BLOB, _CONSISTENCY]
    if isinstance(statement.scope, Whole):
        known.update(static_paths(statement.size))
    else:
        patterns.append(_ENTRY)
    for name in archive.names():
        if name not in known and not any(pattern.fullmatch(name) for pattern in patterns):
            raise IntegrityError(Kind.ALTERED, f"the member {name} does not belong into this trail", hint=_HINT)
