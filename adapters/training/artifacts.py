"""What a training run leaves behind: a manifest of every file under the output directory, by SHA-256.

The digest of the manifest's canonical bytes is the model's identity. Only plain files count: a symbolic link could
name other bytes tomorrow, so it is refused rather than followed.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from governance.errors import ToolFault
from ledger.canonical import digest_of, encode

VERSION: Final = "qayd/artifacts/v1"
CHUNK: Final = 1 << 20

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PART = re.compile(r"[^\x00-\x1f\x7f/\\]{1,255}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds on what a run may leave: number of files, bytes in all, nesting of directories."""

    max_files: int = 10_000
    max_bytes: int = 64 << 30
    max_depth: int = 16


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file: its path below the output directory (with `/`), its digest `sha256:<hex>`, its size in bytes."""

    path: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files of one output directory, sorted by path."""

    files: tuple[Artifact, ...]

    def document(self) -> dict[str, Any]:
        """The canonical object; `parse` is its twin."""
        files = [{"path": file.path, "digest": file.digest, "size": file.size} for file in self.files]
        return {"v": VERSION, "files": files}

    def encode(self) -> bytes:
        """The canonical bytes, kept as a blob."""
        return encode(self.document())

    @property
    def digest(self) -> str:
        """What identifies the whole: the digest of the canonical bytes."""
        return digest_of(self.document())

    @classmethod
    def parse(cls, document: object) -> Manifest:
        """Read what `document` wrote; raises ToolFault for anything else, paths that lead outside included."""
        if not isinstance(document, dict) or document.get("v") != VERSION or set(document) != {"v", "files"}:
            raise ToolFault("not a manifest of artifacts", f"expected version {VERSION}")
        if not isinstance(document["files"], list):
            raise ToolFault("a manifest's files are not a list")
        files = tuple(_parse_file(item) for item in document["files"])
        paths = [file.path for file in files]
        if paths != sorted(set(paths)):
            raise ToolFault("a manifest's files are not sorted by path, or one is named twice")
        return cls(files)


def collect(directory: Path, limits: Limits | None = None) -> Manifest:
    """Digest every file under `directory`, streamed.

    Raises ToolFault for links, devices, names that are not plain text, more than the limits, or what cannot be read.
    """
    bounds = limits or Limits()
    files: list[Artifact] = []
    total = 0
    for path in _walk(directory, bounds.max_depth):
        name = path.relative_to(directory).as_posix()
        check_path(name)
        file = Artifact(name, *digest_plain(path))
        files.append(file)
        total += file.size
        if len(files) > bounds.max_files or total > bounds.max_bytes:
            raise ToolFault(
                f"the run left more than {bounds.max_files} files or {bounds.max_bytes} bytes",
                "write only the model under {out}",
            )
    return Manifest(tuple(sorted(files, key=lambda file: file.path)))


def digest_plain(path: Path) -> tuple[str, int]:
    """SHA-256 (`sha256:<hex>`) and size of a plain file, never following a link; raises ToolFault."""
    state, size = hashlib.sha256(), 0
    for chunk in read_plain(path):
        state.update(chunk)
        size += len(chunk)
    return f"sha256:{state.hexdigest()}", size


def read_plain(path: Path) -> Iterator[bytes]:
    """The bytes of a plain file in chunks, never following a link; raises ToolFault."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ToolFault(f"the artifact {path.name} is not a plain file", "write plain files under {out}")
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise ToolFault(f"the artifact {path.name} cannot be read: {error.strerror}", "check permissions") from error


def check_path(path: str) -> str:
    """Return a manifest's path; raises ToolFault unless it is relative, plain text and stays inside."""
    parts = path.split("/")
    if len(path) > 1024 or any(part in (".", "..") or not _PART.fullmatch(part) for part in parts):
        raise ToolFault("an artifact's path is absolute, leads outside or holds control characters", "rename it")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ToolFault("an artifact's name is not UTF-8", "rename it") from error
    return path


def _walk(directory: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        raise ToolFault(f"the output directory cannot be read: {error.strerror}", "check permissions") from error
    for entry in entries:
        if entry.is_symlink():
            raise ToolFault(f"the artifact {entry.name} is a symbolic link", "copy the file itself under {out}")
        if not entry.is_dir(follow_symlinks=False):
            yield Path(entry.path)
        elif depth == 0:
            raise ToolFault("artifacts are nested too deeply", "write them closer to {out}")
        else:
            yield from _walk(Path(entry.path), depth - 1)


def _parse_file(item: object) -> Artifact:
    if not isinstance(item, dict) or set(item) != {"path", "digest", "size"}:
        raise ToolFault("a manifest's file has not exactly path, digest and size")
    path, digest, size = item["path"], item["digest"], item["size"]
    if not isinstance(path, str) or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise ToolFault("a manifest's file has no path or no digest")
    if type(size) is not int or size < 0:
        raise ToolFault("a manifest's file has no size")
    return Artifact(check_path(path), digest, size)
