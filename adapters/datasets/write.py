"""Writing a table as CSV (RFC 4180 quoting, line feeds): always the same bytes, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from adapters.datasets.digest import FileDigest
from adapters.datasets.table import Table
from governance.errors import InputError, ToolFault


def write_table(path: Path, table: Table, *, overwrite: bool = False) -> FileDigest:
    """Write through a temporary file, durably, and return the digest of the bytes.

    Raises InputError when the file exists and `overwrite` is not set, ToolFault when the disk does not do its
    part; in both cases nothing is left behind.
    """
    if path.is_dir() or (path.exists() and not overwrite):
        raise InputError(f"{path} exists already", hint="choose another name, or ask to overwrite it")
    state = hashlib.sha256()
    size = 0
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            for line in render(table):
                state.update(line)
                size += file.write(line)
            file.flush()
            os.fsync(file.fileno())
        _publish(temporary, path, overwrite)
    except FileExistsError as error:
        raise InputError(f"{path} exists already", hint="choose another name, or ask to overwrite it") from error
    except OSError as error:
        raise ToolFault(
            f"{path} cannot be written: {error.strerror}", hint="check the folder and free space"
        ) from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
    return FileDigest(f"sha256:{state.hexdigest()}", size)


def _publish(temporary: str, path: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, path)
    else:
        os.link(temporary, path)  # unlike a rename, refuses to replace what another process wrote meanwhile
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def digest_table(table: Table) -> str:
    """Digest of the file the table came from; for one made in memory, of what `write_table` would write."""
    if table.digest:
        return table.digest
    state = hashlib.sha256()
    for line in render(table):
        state.update(line)
    return f"sha256:{state.hexdigest()}"


def render(table: Table) -> Iterator[bytes]:
    """The lines of the file, header first; InputError for text that no UTF-8 file can hold."""
    alone = len(table.names) == 1
    quoted = re.compile(f'[{table.delimiter}"\n\r\0]').search

    def cell(text: str) -> str:
        return _quote(text) if quoted(text) or (alone and not text) else text

    for row in chain([table.names], table.rows()):
        try:
            yield (table.delimiter.join(map(cell, row)) + "\n").encode("utf-8")
        except UnicodeEncodeError:
            raise InputError("a cell holds half of a surrogate pair, which is not text") from None


def _quote(text: str) -> str:
    if "\0" in text:
        raise InputError("a cell holds a NUL character, which no CSV can carry")
    return '"' + text.replace('"', '""') + '"'
