"""The identity of a data set: the SHA-256 of its file's bytes."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from governance.errors import InputError, ToolFault

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What identifies a file: `digest` is "sha256:<64 hex>", `size` in bytes."""

    digest: str
    size: int


def open_regular(path: Path) -> BinaryIO:
    """Open an ordinary file for reading bytes.

    Raises InputError when it is absent, a directory, a pipe or a device, ToolFault when it may not be read.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path} is a directory, not a file", hint="name the file itself")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path} is not an ordinary file", hint="save the data to a file first")
        return open(path, "rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"there is no file {path}", hint="check the path") from error
    except (OSError, ValueError) as error:
        raise ToolFault(f"{path} cannot be read", hint="check its permissions and the disk") from error


def digest_file(path: Path) -> FileDigest:
    """SHA-256 and size of a file, streamed; raises InputError or ToolFault as `open_regular` does."""
    state = hashlib.sha256()
    size = 0
    with open_regular(path) as file:
        try:
            while chunk := file.read(CHUNK):
                state.update(chunk)
                size += len(chunk)
        except OSError as error:
            raise ToolFault(f"{path} cannot be read to its end", hint="check the disk") from error
    return FileDigest(f"sha256:{state.hexdigest()}", size)
