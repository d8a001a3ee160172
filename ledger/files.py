"""Small durable files: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import StoreFault


@contextmanager
def disk(task: str) -> Iterator[None]:
    """Re-raise what the disk refuses inside as StoreFault; `task` completes "could not ..."."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise StoreFault(f"could not {task}: {reason}", "check the rights and the free space there") from error


def make_directory(path: Path) -> None:
    """A durable directory for its owner only, with all its parents; nothing happens if it is there."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def write_new(path: Path, content: bytes, scratch: str) -> bool:
    """Make `path` with `content`, durable before this returns; False, untouched, if it is already there.

    `scratch` is the name of the temporary file beside it. Raises OSError with nothing left behind.
    """
    temporary = path.with_name(scratch)
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            # The name may come from another process that has not yet synced it: whoever is told of it, syncs it.
            sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
