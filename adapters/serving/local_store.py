"""A model store in a directory: artifacts by digest, and for each target a pointer to what serves there.

    models/<hex>/manifest      canonical bytes whose SHA-256 is <hex>
    models/<hex>/files/...     exactly the files the manifest lists
    targets/<target>.json      what serves, replaced in one step

A pointer is moved only after every byte of the model was read and digested again.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from adapters.storage.files import write_atomically
from adapters.training.artifacts import Manifest, collect, read_plain
from governance.errors import InputError, ToolFault
from governance.ports import Placement
from ledger.canonical import DOCUMENT_BYTES, decode, digest, encode
from ledger.errors import Refused

VERSION: Final = "qayd/target/v1"
FALLBACKS: Final = ("human-queue", "refusal", "rules")
MAX_EARLIER: Final = 1_000

_TARGET = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,254}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MEMBERS = {"v", "target", "model", "digest", "configuration", "promotion", "state", "earlier"}


class LocalStore:
    """Implements `governance.ports.Serving` on one directory; safe for several processes on one machine."""

    def __init__(self, root: Path) -> None:
        self._models = root / "models"
        self._targets = root / "targets"

    @property
    def name(self) -> str:
        """What receipts call it."""
        return "local-store"

    def admit(self, manifest: Manifest, source: Path) -> str:
        """Copy the files of `manifest` from `source` into the store, durably; the manifest's digest. Idempotent.

        Raises InputError when a file is gone or is not what the manifest says, ToolFault when the disk fails.
        """
        home = self.model_directory(manifest.digest)
        if home.exists():
            self.verify(manifest.digest)
            return manifest.digest
        with _disk("the model cannot be stored"):
            self._models.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=".admitting-", dir=self._models))
            try:
                self._fill(temporary, manifest, source)
                _rename(temporary, home)
                _sync(self._models)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        self.verify(manifest.digest)
        return manifest.digest

    def verify(self, model: str) -> Manifest:
        """The manifest of a stored model, every byte digested again; raises InputError when anything differs."""
        home = self.model_directory(model)
        if not home.is_dir():
            raise InputError("the model is not in the store", "store its artifacts again: train, or restore a backup")
        try:
            raw = b"".join(read_plain(home / "manifest"))
            found = collect(home / "files")
        except ToolFault as error:
            raise InputError(f"the stored model cannot be verified: {error.message}", _RESTORE) from error
        if digest(raw) != model or found.encode() != raw:
            raise InputError("the stored model's bytes do not have its digest", _RESTORE)
        return found

    def model_directory(self, model: str) -> Path:
        """Where a stored model is kept; raises InputError unless `model` is a digest."""
        if not _DIGEST.fullmatch(model):
            raise InputError("a model in the store is named by its digest, sha256:<64 hex>")
        return self._models / model.removeprefix("sha256:")

    def current(self, target: str) -> Placement | None:
        """What the target's pointer says; None without one. Raises ToolFault when it cannot be read."""
        pointer = self._read(_check_target(target))
        return None if pointer is None else _placement(pointer)

    def shift(self, target: str, placement: Placement) -> Mapping[str, Any]:
        """Point the target at `placement` in one step; the receipt, the same for each retry of one promotion.

        Raises InputError, nothing changed: unknown model or fallback, bytes that differ, a promotion that was used for
        something else or was followed by another. Raises ToolFault when the disk fails.
        """
        _check_target(target)
        if placement.digest is not None:
            self.verify(placement.digest)
        _check(placement)
        with self._locked():
            pointer = self._read(target)
            if pointer is None or not _is_retry(pointer, placement):
                self._point(target, placement, pointer)
        return _receipt(self.name, target, placement)

    def _fill(self, directory: Path, manifest: Manifest, source: Path) -> None:
        files = directory / "files"
        files.mkdir(mode=0o700)
        for file in manifest.files:
            place = files / file.path
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                chunks = read_plain(source / file.path)
                _write(place, chunks)
            except ToolFault as error:
                raise InputError(
                    error.message, "the artifacts changed after they were digested: train again"
                ) from error
        if collect(files) != manifest:
            raise InputError("the artifacts are not what their manifest says", "they changed: train again")
        _write(directory / "manifest", iter((manifest.encode(),)))
        for folder in (*(path for path in files.rglob("*") if path.is_dir()), files, directory):
            _sync(folder)

    def _read(self, target: str) -> dict[str, Any] | None:
        path = self._targets / f"{target}.json"
        if not path.exists() and not path.is_symlink():
            return None
        try:
            document = decode(b"".join(read_plain(path)), max_bytes=DOCUMENT_BYTES)
        except Refused as error:
            raise ToolFault(f"the pointer of {target} is damaged: {error.message}", _POINTER) from error
        if not isinstance(document, dict) or set(document) != _MEMBERS or document["v"] != VERSION:
            raise ToolFault(f"the pointer of {target} is not of version {VERSION}", _POINTER)
        if document["target"] != target:
            raise ToolFault(f"the pointer of {target} is another target's", _POINTER)
        return document

    def _point(self, target: str, placement: Placement, before: dict[str, Any] | None) -> None:
        earlier = [*before["earlier"], before["promotion"]] if before else []
        document = {
            "v": VERSION,
            "target": target,
            "model": placement.model,
            "digest": placement.digest,
            "configuration": placement.configuration,
            "promotion": placement.promotion,
            "state": "live" if placement.digest else "fallback",
            "earlier": earlier[-MAX_EARLIER:],
        }
        write_atomically(self._targets / f"{target}.json", encode(document))
        with _disk(f"the pointer of {target} may not be durable"):
            _sync(self._targets)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _disk("the store's pointers cannot be changed"):
            self._targets.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._targets / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


_RESTORE = "restore the store from a backup, or train the model again"
_POINTER = "restore the target's pointer from a backup, or remove it and promote again"


def _check_target(target: str) -> str:
    if not _TARGET.fullmatch(target):
        raise InputError("a target's name is small letters, digits, `.`, `_` and `-`, at most 64", "rename the target")
    return target


def _check(placement: Placement) -> None:
    if not _TOKEN.fullmatch(placement.promotion) or not _TOKEN.fullmatch(placement.model):
        raise InputError("a placement's model or promotion is not a token")
    if placement.configuration is not None and not _DIGEST.fullmatch(placement.configuration):
        raise InputError("a placement's configuration is not a digest, sha256:<64 hex>")
    if placement.digest is None and placement.model not in FALLBACKS:
        raise InputError(f"{placement.model} is no fallback", f"use one of {', '.join(FALLBACKS)}, or a stored model")


def _is_retry(pointer: Mapping[str, Any], placement: Placement) -> bool:
    """True when the pointer already is this promotion's; raises InputError when its id stands for something else."""
    if pointer["promotion"] == placement.promotion:
        if _placement(pointer) != placement:
            raise InputError("this promotion placed something else", "a promotion's id is used once")
        return True
    if placement.promotion in pointer["earlier"]:
        raise InputError("this promotion was carried out before, and another followed it", "open a new request")
    return False


def _placement(pointer: Mapping[str, Any]) -> Placement:
    return Placement(pointer["model"], pointer["digest"], pointer["configuration"], pointer["promotion"])


def _receipt(name: str, target: str, placement: Placement) -> dict[str, Any]:
    return {
        "serving": name,
        "target": target,
        "model": placement.model,
        "digest": placement.digest,
        "configuration": placement.configuration,
        "promotion": placement.promotion,
    }


def _write(path: Path, chunks: Iterator[bytes]) -> None:
    with path.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o400)


def _rename(temporary: Path, home: Path) -> None:
    """Publish the directory, unless another process just published the same."""
    try:
        temporary.rename(home)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _disk(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ToolFault(f"{what}: {error.strerror}", "check the disk's space and permissions") from error
