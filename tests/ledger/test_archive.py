"""The deterministic zip: equal members, equal bytes; other tools can read it; nothing can hide in it."""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.archive import LIMITS, Archive, Limits, Member, write_archive
from ledger.errors import IntegrityError, Kind, Refused, StoreFault
from tests.ledger.chain import flip

FILES = [("b/two.json", b"{}"), ("a", b"first"), ("tile/0/x001/000.p/3", b"\0" * 40), ("empty", b"")]
SMALL = [("a", b"first"), ("b", b"")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.zip"


def opened(path: Path) -> dict[str, bytes | None]:
    with Archive.open(path) as archive:
        assert archive.damaged == ()
        return {name: archive.read(name) for name in archive.names()}


def refused(path: Path, raw: bytes) -> None:
    """It does not open without a word: the structure is refused (ALTERED), or a member is called damaged."""
    path.write_bytes(raw)
    complaints: tuple[str, ...] = ()
    try:
        with Archive.open(path) as archive:
            complaints = archive.damaged
    except IntegrityError as error:
        complaints = (error.kind,)
    assert complaints and not set(complaints) & (set(Kind) - {Kind.ALTERED})


def test_what_is_written_is_read(path: Path) -> None:
    """Members come back under their names, and the digest returned is that of the file."""
    digest = write_archive(path, FILES)
    assert opened(path) == dict(FILES)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert list(path.parent.iterdir()) == [path]
    with Archive.open(path) as archive:
        assert archive.read("absent") is None


def test_equal_members_give_equal_bytes(path: Path) -> None:
    """Neither the order of writing nor the time of day leaves a trace."""
    assert write_archive(path, FILES) == write_archive(path.with_name("other"), reversed(FILES))


def test_other_tools_read_it(path: Path) -> None:
    """Python's zip module finds the same members, each stored and dated alike, and a MANIFEST of their digests."""
    write_archive(path, FILES)
    with zipfile.ZipFile(path) as other:
        assert other.testzip() is None
        infos = other.infolist()
        content = {info.filename: other.read(info) for info in infos}
    assert [info.filename for info in infos] == ["MANIFEST", *sorted(dict(FILES))]
    assert {(info.compress_type, info.date_time) for info in infos} == {(zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0))}
    manifest = content.pop("MANIFEST").decode()
    assert content == dict(FILES)
    assert manifest == "".join(f"{hashlib.sha256(content[n]).hexdigest()}  {n}\n" for n in sorted(content))


def test_every_changed_bit_is_noticed(path: Path) -> None:
    """Any bit of the whole file: headers, names, contents, directory, end."""
    write_archive(path, SMALL)
    honest = path.read_bytes()
    for place in range(len(honest)):
        refused(path, flip(honest, place, place % 8))


def test_every_cut_is_noticed(path: Path) -> None:
    """However much is cut off at the end, or added, or cut off at the beginning."""
    write_archive(path, SMALL)
    honest = path.read_bytes()
    for place in range(len(honest)):
        refused(path, honest[:place])
        refused(path, honest[place + 1 :])
    for extra in (b"\0", b"PK", honest):
        refused(path, honest + extra)
        refused(path, extra + honest)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Noise never crashes the reader."""
    path = tmp_path_factory.getbasetemp() / "noise"
    refused(path, raw)
    refused(path, b"PK\x03\x04" + raw)


def foreign_archive(members: list[tuple[str, bytes]], crc: int = 0) -> bytes:
    """An archive of these members in this order, every header as it should be but for the `crc` added to each."""
    raw, placed = b"", []
    for name, content in members:
        start = len(raw) + 30 + len(name)
        member = Member(name, start, len(content), zlib.crc32(content) ^ crc, hashlib.sha256(content).digest())
        raw += member.local() + content
        placed.append(member)
    listing = b"".join(member.central() for member in placed)
    counts = (len(placed), len(placed), len(listing), len(raw), 0)
    return raw + listing + struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, *counts)


def listing(members: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    return "MANIFEST", "".join(f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in members).encode()


FOREIGN: dict[str, list[tuple[str, bytes]]] = {
    "no manifest": SMALL,
    "not sorted": [listing(SMALL), *reversed(SMALL)],
    "a name twice": [listing(SMALL), ("a", b"first"), ("a", b"first")],
    "a path outside": [listing([("../x", b"")]), ("../x", b"")],
    "an absolute path": [listing([("/x", b"")]), ("/x", b"")],
    "a backslash": [listing([("a\\x", b"")]), ("a\\x", b"")],
    "a hidden file": [listing([("a/.x", b"")]), ("a/.x", b"")],
    "a long name": [listing([("a" * 121, b"")]), ("a" * 121, b"")],
    "a directory": [listing([("a/", b"")]), ("a/", b"")],
    "other members than listed": [listing(SMALL), ("a", b"first"), ("c", b"")],
    "more than listed": [listing(SMALL[:1]), *SMALL],
    "fewer than listed": [listing(SMALL), *SMALL[:1]],
    "a manifest of a manifest": [("MANIFEST", b""), ("MANIFEST", b"")],
}


@pytest.mark.parametrize("members", FOREIGN.values(), ids=FOREIGN.keys())
def test_archives_of_other_shapes_are_refused(path: Path, members: list[tuple[str, bytes]]) -> None:
    """What `write_archive` would not write is not read."""
    refused(path, foreign_archive(members))
    assert foreign_archive([listing(SMALL), *SMALL]) == written(path, SMALL)


def test_a_false_crc_is_refused(path: Path) -> None:
    """Other tools would call the member damaged, so we do too."""
    refused(path, foreign_archive([listing(SMALL), *SMALL], crc=1))


def written(path: Path, files: list[tuple[str, bytes]]) -> bytes:
    write_archive(path, files)
    return path.read_bytes()


def test_a_bomb_is_not_unpacked(path: Path) -> None:
    """A header that promises more than a member may hold is refused before a byte of it is read."""
    write_archive(path, SMALL)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<LL", raw, 18, LIMITS.member_bytes + 1, LIMITS.member_bytes + 1)
    path.write_bytes(raw)
    with pytest.raises(IntegrityError, match="size that no trail has"):
        Archive.open(path)


def test_too_much_is_not_written(path: Path) -> None:
    """Beyond the limits nothing is written, and the hint says what to do instead."""
    for files in ([("a", b"")] * 3, [("a", b"x" * 9)], [("a", b"x" * 8), ("b", b"x" * 5)]):
        with pytest.raises(Refused, match="too much") as caught:
            write_archive(path, files, Limits(members=3, member_bytes=8, bytes=12))
        assert "smaller range" in caught.value.hint
    assert not path.exists()


@pytest.mark.parametrize("limits", [Limits(members=3), Limits(member_bytes=10), Limits(bytes=-(2**24))])
def test_too_much_is_not_read(path: Path, limits: Limits) -> None:
    """The same limits hold for what comes from outside."""
    write_archive(path, FILES)
    with pytest.raises(IntegrityError, match="trail"):
        Archive.open(path, limits)


@pytest.mark.parametrize("name", ["", "..", "a/../b", "/a", "a b", "é", "a" * 121, "a/", ".a"])
def test_names_that_no_archive_has_are_not_written(path: Path, name: str) -> None:
    """Names are plain relative paths."""
    with pytest.raises(Refused, match="name"):
        write_archive(path, [(name, b"")])


def test_a_name_twice_is_not_written(path: Path) -> None:
    """Two members of one name could be read as either."""
    with pytest.raises(Refused, match="same name"):
        write_archive(path, [("a", b"1"), ("a", b"1")])


def test_files_that_cannot_be_had_are_named(path: Path) -> None:
    """A missing file is bad input; a folder that is not there is a fault of the world around."""
    with pytest.raises(Refused, match="cannot be read"):
        Archive.open(path)
    with pytest.raises(StoreFault, match="could not write"):
        write_archive(path / "absent" / "x.zip", SMALL)
    path.mkdir()
    with pytest.raises(StoreFault, match="could not write"):
        write_archive(path, SMALL)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_file_that_changes_while_it_is_read_is_refused(path: Path) -> None:
    """What was proven at opening is proven again at every read."""
    write_archive(path, [("a", b"first" * 100_000)])
    with Archive.open(path) as archive:
        path.write_bytes(path.read_bytes().replace(b"first", b"wrong"))
        with pytest.raises(IntegrityError, match="changed while"):
            archive.read("a")
