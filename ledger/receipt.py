"""The receipt of an entry: `N.json`, its exact bytes, and `N.tlog-proof`, that a signed checkpoint includes them.

The proof is of the form C2SP tlog-proof (https://c2sp.org/tlog-proof), without extra data. Everything needed to check a
receipt is in its two files and in a key that the reader trusts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, Verifier, open_checkpoint, read_checkpoint
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind, ProofInvalid, Refused
from ledger.merkle import HASH_SIZE, MAX_SIZE, inclusion_proofs, verify_inclusion
from ledger.note import MAX_NOTE_BYTES, Note, decode_base64, encode_base64
from ledger.source import EntrySource

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF_BYTES = MAX_NOTE_BYTES + 4096
MAX_PATH = 63


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """The index of an entry, the hashes from its sibling up to the root's child, and the signed note of the root."""

    index: int
    path: tuple[bytes, ...]
    note: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.index < MAX_SIZE or len(self.path) > MAX_PATH:
            raise Refused("an inclusion proof has an index and at most 63 hashes")
        if any(len(node) != HASH_SIZE for node in self.path):
            raise Refused(f"an inclusion proof holds a hash that has not {HASH_SIZE} bytes")
        Note.parse(self.note)

    def format(self) -> bytes:
        """The content of `N.tlog-proof`. Twin of `parse`."""
        lines = (HEADER, f"index {self.index}", *map(encode_base64, self.path), "")
        return "".join(f"{line}\n" for line in lines).encode() + self.note

    @classmethod
    def parse(cls, raw: bytes) -> InclusionProof:
        """The proof `format` wrote; raises Refused for anything else, also for one with extra data."""
        head, separator, note = raw.partition(b"\n\n")
        if len(raw) > MAX_PROOF_BYTES or not separator:
            raise Refused("this is no inclusion proof, or too long a one")
        try:
            header, index, *path = head.decode("ascii").split("\n")
        except (UnicodeDecodeError, ValueError) as error:
            raise Refused("this is no inclusion proof") from error
        if header != HEADER or len(path) > MAX_PATH:
            raise Refused(f"an inclusion proof begins with {HEADER} and has at most {MAX_PATH} hashes")
        proof = cls(_index(index), tuple(map(decode_base64, path)), note)
        if proof.format() != raw:
            raise Refused("the inclusion proof is not in its one canonical spelling")
        return proof


def _index(line: str) -> int:
    digits = line.removeprefix("index ")
    if len(digits) > 19 or not digits.isdigit():
        raise Refused("the inclusion proof does not name an index")
    return int(digits)


def prove(source: EntrySource, indices: Iterable[int], note: bytes) -> dict[int, InclusionProof]:
    """Proofs that the checkpoint in `note` includes these entries, in one pass over the leaf hashes.

    Raises Refused for an index the checkpoint does not cover, or a source that is smaller than it.
    """
    checkpoint = read_checkpoint(note)
    leaves = source.leaf_hashes(0, checkpoint.size)
    paths = inclusion_proofs(leaves, indices, checkpoint.size)
    return {index: InclusionProof(index, tuple(path), note) for index, path in paths.items()}


def verify_receipt(proof: bytes, raw: bytes, verifiers: Sequence[Verifier]) -> tuple[Entry, Checkpoint]:
    """The entry whose bytes `raw` are, and the trusted checkpoint `proof` shows to include it at its index.

    Raises IntegrityError: UNTRUSTED KEY, or ALTERED with the index if either file is not as it was written.
    """
    try:
        parsed = InclusionProof.parse(proof)
    except Refused as error:
        raise IntegrityError(Kind.ALTERED, error.message, hint="ask for the receipt again") from error
    checkpoint = open_checkpoint(parsed.note, verifiers)
    return check_inclusion(parsed, raw, checkpoint), checkpoint


def check_inclusion(proof: InclusionProof, raw: bytes, checkpoint: Checkpoint) -> Entry:
    """The entry, once `proof` leads from `raw` to the root of an opened checkpoint; raises IntegrityError (ALTERED)."""
    entry = Entry.parse(raw, proof.index)
    try:
        verify_inclusion(entry.leaf_hash, proof.index, checkpoint.size, proof.path, checkpoint.root)
    except ProofInvalid as error:
        hint = "entry and proof do not belong together: ask for the receipt again"
        raise IntegrityError(Kind.ALTERED, error.message, proof.index, hint) from error
    return entry
