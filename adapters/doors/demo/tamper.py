"""What somebody with write access might do to a copy of the record. The demonstration uses it to be caught.

python tamper.py flip-database DB INDEX     change one byte inside an entry
python tamper.py flip-trail ZIP             change one byte of an entry in a trail
python tamper.py cut DB SIZE                drop the tail, rewind the head, delete the later checkpoints
"""

from __future__ import annotations

import json
import sqlite3
import struct
import sys
import zipfile
from contextlib import closing
from pathlib import Path

from ledger.merkle import RightEdge


def flip_database(path: Path, index: int) -> None:
    """Change one letter in the stored bytes of entry `index`, leaving every length as it is."""
    with closing(sqlite3.connect(path)) as connection, connection:
        (raw,) = connection.execute("SELECT raw FROM ledger_entry WHERE sequence = ?", (index,)).fetchone()
        at = raw.index(b'"type":"') + len(b'"type":"')
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        connection.execute("UPDATE ledger_entry SET raw = ? WHERE sequence = ?", (changed, index))


def flip_trail(path: Path) -> None:
    """Flip one bit in the middle of the trail's first entry bundle, as it lies in the file."""
    with zipfile.ZipFile(path) as archive:
        bundle = next(item for item in archive.infolist() if item.filename.startswith("tile/entries/"))
    raw = bytearray(path.read_bytes())
    name, extra = struct.unpack_from("<HH", raw, bundle.header_offset + 26)
    raw[bundle.header_offset + 30 + name + extra + bundle.file_size // 2] ^= 1
    path.write_bytes(bytes(raw))


def cut(path: Path, size: int) -> None:
    """Make the log look as if it had only ever held its first `size` entries, head and checkpoints included."""
    with closing(sqlite3.connect(path)) as connection, connection:
        kept = connection.execute(
            "SELECT leaf_hash, raw FROM ledger_entry WHERE sequence < ? ORDER BY sequence", (size,)
        ).fetchall()
        edge = RightEdge().extend(leaf for leaf, _ in kept)
        last_hash, last_raw = kept[-1]
        connection.execute("DELETE FROM ledger_entry WHERE sequence >= ?", (size,))
        connection.execute("DELETE FROM ledger_touch WHERE sequence >= ?", (size,))
        connection.execute("DELETE FROM ledger_note WHERE size > ?", (size,))
        connection.execute(
            "UPDATE ledger_head SET size = ?, edge = ?, last_hash = ?, last_time = ?",
            (size, edge.encode(), last_hash, json.loads(last_raw)["recordedtime"]),
        )


def main(arguments: list[str]) -> int:
    """Run one attack; returns the exit code."""
    match arguments:
        case ["flip-database", path, index]:
            flip_database(Path(path), int(index))
        case ["flip-trail", path]:
            flip_trail(Path(path))
        case ["cut", path, size]:
            cut(Path(path), int(size))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
