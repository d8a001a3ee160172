"""The ledger's own operations: verify, checkpoint, export, prove. Appending is in `intake`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.doors.output import note
from adapters.storage.files import read_bytes, write_atomically
from governance.errors import InputError
from ledger.checkpoint import Verifier, read_checkpoint
from ledger.entry import base64
from ledger.errors import Refused
from ledger.receipt import prove as make_proofs
from ledger.tiles import export_static
from ledger.verify import verify_static, verify_stored

if TYPE_CHECKING:
    from adapters.doors.frame import Call
    from adapters.wiring import Home

MAX_NOTE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification covered and found."""

    size: int
    root: str
    checkpoint_size: int
    older_size: int | None
    origin: str

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        return {
            "result": "verified",
            "origin": self.origin,
            "size": self.size,
            "root": self.root,
            "checkpoint_size": self.checkpoint_size,
            "unsigned_tail": self.size - self.checkpoint_size,
            "older_checkpoint_size": self.older_size,
        }

    def lines(self) -> list[str]:
        """The result in words."""
        held = (
            "no older checkpoint was given: nothing is claimed beyond the size presented"
            if self.older_size is None
            else f"consistent with the older checkpoint of {self.older_size} entries"
        )
        return [
            f"VERIFIED  {self.size} entries, root {self.root}",
            f"  {self.origin}",
            f"  checkpoint covers {self.checkpoint_size}, unsigned tail {self.size - self.checkpoint_size}",
            f"  {held}",
        ]


def verifier_of(key: str) -> Verifier:
    """The verifier a vkey names; `key` is the vkey itself, or a file that holds it. Raises InputError."""
    text = key
    if "+" not in key:
        text = read_bytes(Path(key), 4096).decode("utf-8", "replace").strip()
    try:
        return Verifier.parse(text)
    except Refused as error:
        raise InputError(
            "this is not a verifier key", "give the line that `qayd ledger key` printed, or a file holding it"
        ) from error


def checkpoint(home: Home, *, sign: bool) -> bytes:
    """The latest signed note; with `sign`, one for the present head. Raises InputError when there is none."""
    if sign:
        return home.sign()
    signed = home.log.notes()
    if signed is None:
        raise InputError("no checkpoint has been signed yet", "run `qayd ledger checkpoint --sign`")
    return signed


def verify(call: Call, key: str | None, older: Path | None, static: Path | None) -> Verification:
    """Verify a home's log, or an exported directory, against a key and an older checkpoint from outside.

    Without a key the home's own is used, which proves nothing against whoever holds the home; the caller is told.
    """
    if key is None:
        note("no --key was given: verifying against the home's own key, which its holder could have replaced")
        verifier = Verifier.parse(call.home.config.vkey)
    else:
        verifier = verifier_of(key)
    kept = None if older is None else read_bytes(older, MAX_NOTE)
    if static is not None:
        found = verify_static(static, (verifier,), kept)
    else:
        found = verify_stored(call.home.log, (verifier,), kept)
    covered = found.checkpoint.size if found.checkpoint else 0
    older_size = None if found.older is None else found.older.size
    return Verification(found.size, base64(found.root), covered, older_size, verifier.name)


def export(home: Home, directory: Path) -> int:
    """Write the static tile form for exactly the latest checkpoint's size, signing one if there is none. The size."""
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory} is a file", "name a directory, new or of an earlier export")
    signed = home.log.notes() or home.sign()
    return export_static(directory, home.log, signed).size


def prove(home: Home, index: int, out: Path) -> tuple[Path, Path]:
    """Write the receipt of an entry into the latest checkpoint: `N.tlog-proof` and `N.json`."""
    signed = home.log.notes()
    if signed is None or read_checkpoint(signed).size <= index:
        if index >= home.log.size():
            raise InputError(f"there is no entry {index}", f"the log has {home.log.size()} entries, counted from 0")
        signed = home.sign()
    proof = make_proofs(home.log, (index,), signed)[index]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {out}: {error.strerror}", "name another directory with --out") from error
    files = (out / f"{index}.tlog-proof", out / f"{index}.json")
    write_atomically(files[0], proof.format(), 0o644)
    write_atomically(files[1], home.log.entry(index).raw, 0o644)
    return files
