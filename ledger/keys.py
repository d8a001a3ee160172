"""The log's signer: one key that never vouches for two histories, because it remembers the last head it signed.

The memory is the last signed note itself, in a file outside the database that only `create_signer` makes. It is read
and replaced under a file lock, so any number of processes may ask; each head must grow consistently from the last.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.errors import IntegrityError, ProofInvalid, Refused, SignerFault, SignerRefused
from ledger.merkle import EMPTY_ROOT, verify_consistency
from ledger.note import MAX_NOTE_BYTES, SigningKey, Verifier

LOCK_SECONDS = 10.0
_POLL_SECONDS = 0.01
_MAX_KEY_BYTES = 4096

Propose = Callable[[int], tuple[Checkpoint, Sequence[bytes]]]


def create_signer(
    key_path: Path, state_path: Path, origin: str, *, random: Callable[[int], bytes] = os.urandom
) -> Verifier:
    """Make the key and the state of a new log, both readable by the owner only, and return the public half.

    The state starts as a signed checkpoint of the empty tree. Raises Refused if either file is already there, and
    SignerFault if they cannot be written.
    """
    key = SigningKey(origin, random(32))
    first = sign_checkpoint(Checkpoint(origin, 0, EMPTY_ROOT), key)
    for path in (key_path, state_path):
        if path.exists():
            raise Refused(f"{path} is already there", "a signer is made once; open it instead, or choose another place")
    with _faults("make the signer"):
        _create(key_path, f"{key.format()}\n".encode())
        try:
            _create(state_path, first)
        except OSError:
            key_path.unlink()
            raise
    return key.verifier


def _create(path: Path, content: bytes) -> None:
    """A new, durable file that only its owner may read; nothing is left behind if it cannot be written whole."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise
    _sync_directory(path.parent)


def _replace(path: Path, content: bytes) -> None:
    """Put `content` in place of the file, durably, or leave it as it was."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    _create(fresh, content)
    os.replace(fresh, path)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _faults(task: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"could not {task}: {error.strerror or 'the system refused'}: {error.filename or ''}".rstrip(": ")
        raise SignerFault(message, "check that the signer's files are there, and the rights and space there") from error


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the heads of one log. Open it with `Signer.open`; safe to use from several threads and processes."""

    key: SigningKey
    state_path: Path
    lock_seconds: float = LOCK_SECONDS

    @classmethod
    def open(cls, key_path: Path, state_path: Path) -> Signer:
        """The signer whose files these are.

        Raises SignerFault if either is missing, unreadable or damaged, or if others may read the key.
        """
        with _faults("open the signing key"):
            mode = key_path.stat().st_mode
            line = key_path.read_bytes()[:_MAX_KEY_BYTES]
        if stat.S_IMODE(mode) & 0o027:
            raise SignerFault(f"others may read or change the signing key {key_path}", f"chmod 600 {key_path}")
        try:
            key = SigningKey.parse(line.decode("ascii").removesuffix("\n"))
        except (Refused, UnicodeDecodeError) as error:
            raise SignerFault(f"{key_path} holds no signing key", "restore the key file from its backup") from error
        signer = cls(key, state_path)
        signer.last()
        return signer

    @property
    def verifier(self) -> Verifier:
        """The key others check this log's checkpoints with."""
        return self.key.verifier

    def last(self) -> tuple[int, bytes]:
        """Size and root of the last head signed; (0, SHA-256 of nothing) at first. Raises SignerFault."""
        checkpoint, _ = self._state()
        return checkpoint.size, checkpoint.root

    def sign(self, checkpoint: Checkpoint, proof: Sequence[bytes]) -> bytes:
        """The signed note of a head that grew consistently from the last one signed (see `sign_next`)."""
        return self.sign_next(lambda _: (checkpoint, proof))

    def sign_next(self, propose: Propose) -> bytes:
        """Sign the head that `propose` gives, called under the lock with the last signed size.

        It returns a checkpoint and the consistency proof from that size. The last head again gives the same note.
        Raises SignerRefused for another origin, a smaller size, the same size with another root, or a proof that
        fails; SignerFault if state or lock is not to be had. The new state is durable before the note is returned.
        """
        with self._locked():
            last, note = self._state()
            checkpoint, proof = propose(last.size)
            self._check(last, checkpoint, proof)
            if checkpoint.size == last.size:
                return note
            note = sign_checkpoint(checkpoint, self.key)
            with _faults("save the signer's state"):
                _replace(self.state_path, note)
            return note

    def _check(self, last: Checkpoint, checkpoint: Checkpoint, proof: Sequence[bytes]) -> None:
        if checkpoint.origin != self.key.name or checkpoint.extensions:
            raise SignerRefused(f"the signer of {self.key.name} signs plain checkpoints of that log only")
        if checkpoint.size < last.size:
            message = f"the head of size {checkpoint.size} is smaller than size {last.size}, signed before"
            raise SignerRefused(message, "the database was rolled back or cut: verify it against an older checkpoint")
        try:
            verify_consistency(last.size, last.root, checkpoint.size, checkpoint.root, proof)
        except ProofInvalid as error:
            message = f"the head of size {checkpoint.size} does not continue size {last.size}, signed before"
            raise SignerRefused(message, "history was rewritten: verify it against an older checkpoint") from error

    def _state(self) -> tuple[Checkpoint, bytes]:
        with _faults("read the signer's state"), self.state_path.open("rb") as file:
            note = file.read(MAX_NOTE_BYTES + 1)
        try:
            return open_checkpoint(note, (self.verifier,)), note
        except IntegrityError as error:
            hint = "restore the newest state from its backup; a signer without its memory could sign a fork"
            raise SignerFault(f"{self.state_path} is not the state of the signer {self.key.name}", hint) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.state_path.with_name(f"{self.state_path.name}.lock")
        with _faults("lock the signer"):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait_for(handle)
            yield
        finally:
            os.close(handle)

    def _wait_for(self, handle: int) -> None:
        deadline = time.monotonic() + self.lock_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise SignerFault(
                        f"the signer of {self.key.name} is locked by another process",
                        "end the process that holds it, or try again",
                    ) from error
                time.sleep(_POLL_SECONDS)
            else:
                return
