"""Checkpoints: a log's origin, size and root, signed, after C2SP tlog-checkpoint.

Source: https://c2sp.org/tlog-checkpoint
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import IntegrityError, Kind, Refused
from ledger.merkle import HASH_SIZE, MAX_SIZE
from ledger.note import Note, SigningKey, Verifier, decode_base64, encode_base64, open_note, sign_note

__all__ = ["Checkpoint", "SigningKey", "Verifier", "open_checkpoint", "read_checkpoint", "sign_checkpoint"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log vouches for: origin, number of leaves, root hash (32 bytes).

    `extensions` holds the further lines of other people's checkpoints; ours have none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or any(char < " " for char in line):
                raise Refused("a line of a checkpoint is empty or holds a control character")
        if not 0 <= self.size <= MAX_SIZE:
            raise Refused(f"{self.size} is not a tree size")
        if len(self.root) != HASH_SIZE:
            raise Refused(f"a root has {len(self.root)} bytes instead of {HASH_SIZE}")

    def text(self) -> bytes:
        """The text that is signed, with its final newline. Twin of `parse`."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """The checkpoint whose `text()` is `text`; raises Refused for anything else."""
        try:
            lines = text.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise Refused("the checkpoint is not UTF-8") from error
        if len(lines) < 4 or lines[-1]:
            raise Refused("a checkpoint has the lines origin, size and root, each ended by a newline")
        origin, size, root, *extensions = lines[:-1]
        if not (size.isascii() and size.isdigit()) or len(size) > 19 or str(int(size)) != size:
            raise Refused("the size of the checkpoint is not a plain decimal number")
        return cls(origin, int(size), decode_base64(root), tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The signed note; the key's name must be the origin, and extension lines are not written (else Refused).

    Nothing here remembers what was signed before: a log signs only through `ledger.keys.Signer`.
    """
    if key.name != checkpoint.origin:
        raise Refused(f"the key {key.name} may not sign for the log {checkpoint.origin}")
    if checkpoint.extensions:
        raise Refused("a checkpoint with extension lines is not signed")
    return sign_note(checkpoint.text(), key)


def read_checkpoint(note: bytes) -> Checkpoint:
    """What a note claims to hold, **without verifying anything**; raises Refused if it is no checkpoint."""
    return Checkpoint.parse(Note.parse(note).text)


def open_checkpoint(note: bytes, verifiers: Sequence[Verifier]) -> Checkpoint:
    """The checkpoint in `note`, once the trusted key that bears its origin's name has signed it.

    Raises IntegrityError (UNTRUSTED KEY) for a malformed note, for a failing signature by any trusted key,
    and when the origin's own key is not among those that signed.
    """
    text, signed = open_note(note, verifiers)
    try:
        checkpoint = Checkpoint.parse(text)
    except Refused as error:
        raise _untrusted(f"the signed note is no checkpoint: {error.message}") from error
    if checkpoint.origin not in {verifier.name for verifier in signed}:
        raise _untrusted(f"the checkpoint of {checkpoint.origin} is not signed by that log's own key")
    return checkpoint


def _untrusted(message: str) -> IntegrityError:
    hint = "compare the key you passed with the one the log's owner published"
    return IntegrityError(Kind.UNTRUSTED_KEY, message, hint=hint)
