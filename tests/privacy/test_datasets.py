"""A CSV is read exactly or refused with file, line and advice; writing is whole or absent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.datasets.digest import digest_file
from adapters.datasets.read import Limits, read_table
from adapters.datasets.table import Table, from_rows
from adapters.datasets.write import digest_table, render, write_table
from governance.errors import InputError, ToolFault

SECRET = "zanzibar"


def put(folder: Path, raw: bytes) -> Path:
    """A file with these bytes."""
    path = folder / "data.csv"
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("raw", "names", "row", "delimiter"),
    [
        (b"a,b\n1,2\n", ("a", "b"), ("1", "2"), ","),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", ("a", "b"), ("1", "2"), ","),
        (b"a;b\n1,5;2\n", ("a", "b"), ("1,5", "2"), ";"),
        (b"a\tb\n x \t\n", ("a", "b"), (" x ", ""), "\t"),
        (b'a,b\n"x, ""y""\nz",2', ("a", "b"), ('x, "y"\nz', "2"), ","),
        ("هتف,b\nفطمة,2\n\n\n".encode(), ("هتف", "b"), ("فطمة", "2"), ","),
        (b"only\nx\n", ("only",), ("x",), ","),
    ],
)
def test_a_sound_file_is_read_as_written(
    tmp_path: Path, raw: bytes, names: tuple[str, ...], row: tuple[str, ...], delimiter: str
) -> None:
    """Delimiters, quotes, byte order marks, line ends and Arabic come through; so does the digest."""
    table = read_table(put(tmp_path, raw))
    assert (table.names, next(table.rows()), table.delimiter) == (names, row, delimiter)
    assert table.digest == "sha256:" + hashlib.sha256(raw).hexdigest() == digest_table(table)
    assert table.column(names[0])[0] == row[0]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "line 1: there is no header"),
        (b"a,b\n", "no rows"),
        (b"a,\n1,2\n", "line 1: the name of column 2 is empty"),
        (b"a,a\n1,2\n", "line 1: columns 1 and 2 have the same name"),
        (b"a,a \n1,2\n", "same name"),
        (b"a," + b"n" * 200 + b"\n1,2\n", "longer than 128"),
        (b'a,"b\nc"\n1,2\n', "control character"),
        (b"1,2.5\n1,2\n", "only numbers"),
        (b"A11 6 A34 A43 1169\nA12 1 A32 A43 1\n", "no comma, semicolon or tab"),
        (b"a,b\n1,2\n" + SECRET.encode() + b"\n", "line 3: 1 cells where the header names 2 columns"),
        (b"a,b\n1,2,3\n", "line 2: 3 cells"),
        (b"a,b\n1,2\n\n3,4\n", "line 3: an empty line"),
        (b'a,b\n1,"' + SECRET.encode() + b"\n", "line 2: a quotation is not closed"),
        (b'a,b\n1,"x"y\n', "line 2: a quotation"),
        (b"a,b\n1,2\r3,4\n", "line 2"),
        (b"a,b\n1," + b"x" * 200_000 + b"\n", "longer than 131072"),
        (b"a,b\n1," + b"x" * 110_000 + b"\n", "line 2: a cell is longer than 100000"),
        (b"a,b\n1,\x00\n", "line 2: a NUL byte"),
        ("a,b\n1,2\n".encode("utf-16"), "line 1"),
        (b"a,b\n1,caf\xe9\n", "line 2: byte 6 is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "line 1: byte 1 is not UTF-8"),
        (b'{"a": 1, "b": 2}\n', "looks like JSON"),
        (b"<!doctype html>\n", "looks like HTML"),
        (b"PK\x03\x04rest", "spreadsheet"),
    ],
)
def test_what_is_not_a_table_is_refused_with_its_place(tmp_path: Path, raw: bytes, says: str) -> None:
    """The message names file and line and gives advice, and never repeats what stands in a cell."""
    path = put(tmp_path, raw)
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert says in caught.value.message and str(path) in caught.value.message
    assert caught.value.hint
    assert SECRET not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(max_bytes=11), "larger than 11 bytes"),
        (Limits(max_rows=1), "more than 1 rows"),
        (Limits(max_columns=1), "more than 1 columns"),
        (Limits(max_cell=2), "line 3: a cell is longer than 2 characters"),
    ],
)
def test_every_size_is_bounded(tmp_path: Path, limits: Limits, says: str) -> None:
    """Bytes, rows, columns and cells each have a limit, and a file inside all of them passes."""
    path = put(tmp_path, b"a,b\n1,2\n333,4\n")
    with pytest.raises(InputError, match=says):
        read_table(path, limits)
    assert read_table(path, Limits(14, 2, 2, 3)).height == 2


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    """A directory, a missing file and a pipe are named as such; a pipe is never opened (it would hang)."""
    os.mkfifo(tmp_path / "pipe")
    for path, says in [
        (tmp_path, "is a directory"),
        (tmp_path / "x", "no file"),
        (tmp_path / "pipe", "ordinary"),
    ]:
        with pytest.raises(InputError, match=says):
            read_table(path)
        with pytest.raises(InputError, match=says):
            digest_file(path)


def test_the_digest_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    """The streamed digest and size equal those computed over the whole."""
    raw = os.urandom(3_000_001)
    measured = digest_file(put(tmp_path, raw))
    assert (measured.digest, measured.size) == ("sha256:" + hashlib.sha256(raw).hexdigest(), 3_000_001)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=5)
    ),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_reading_is_the_inverse_of_writing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str
) -> None:
    """Any text comes back unchanged through the file, whatever quotes, delimiters and line ends it holds."""
    path = tmp_path_factory.mktemp("law") / "t.csv"
    names = [f"c{position}" for position in range(len(rows[0]))]
    table = from_rows(names, rows, delimiter if len(names) > 1 else ",")
    written = write_table(path, table)
    again = read_table(path)
    assert (again.names, again.columns, again.delimiter) == (table.names, table.columns, table.delimiter)
    assert written.digest == again.digest == digest_table(table) == digest_file(path).digest
    assert path.read_bytes() == b"".join(render(table))


def test_writing_never_replaces_unless_told(tmp_path: Path) -> None:
    """An existing file stays as it was; with overwrite it is replaced; no temporary file is left behind."""
    path = put(tmp_path, b"precious")
    table = from_rows(["a"], [["1"]])
    with pytest.raises(InputError, match="exists already"):
        write_table(path, table)
    assert path.read_bytes() == b"precious"
    write_table(path, table, overwrite=True)
    assert path.read_bytes() == b"a\n1\n"
    with pytest.raises(InputError, match="exists already"):
        write_table(tmp_path, table, overwrite=True)
    assert os.listdir(tmp_path) == ["data.csv"]


class Interrupted(Table):
    """A table during whose writing another process writes the same file."""

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The rows, after the other process is done."""
        Path(self.names[0]).write_text("theirs", encoding="utf-8")
        return Table.rows(self)


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    """Who comes second does not overwrite who came first, even when both began before there was a file."""
    path = tmp_path / "t"
    with pytest.raises(InputError, match="exists already"):
        write_table(path, Interrupted((str(path),), (["1"],)))
    assert (path.read_text(encoding="utf-8"), os.listdir(tmp_path)) == ("theirs", ["t"])


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """A missing folder is a fault of the world around; text no CSV can hold is refused; no file appears."""
    with pytest.raises(ToolFault, match="cannot be written"):
        write_table(tmp_path / "absent" / "t.csv", from_rows(["a"], [["1"]]))
    for cell in ("\0", "\ud800"):
        with pytest.raises(InputError):
            write_table(tmp_path / "t.csv", from_rows(["a"], [["1"], [cell]]))
    assert os.listdir(tmp_path) == []


def test_a_table_holds_its_own_rules() -> None:
    """Ragged rows, unknown columns and unequal names are refused in memory as in files."""
    table = from_rows(["a", "b"], [["1", "2"]])
    assert [table.height, from_rows(["a"], []).height] == [1, 0]
    for act in (
        lambda: from_rows(["a", "b"], [["1"]]),
        lambda: from_rows([], []),
        lambda: from_rows(["a", "a"], []),
        lambda: from_rows(["a"], [["1"]], "|"),
        lambda: table.column("c"),
    ):
        with pytest.raises(InputError):
            act()
