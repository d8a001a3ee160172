"""The static form: paths and contents as tlog-tiles has them, exports that repeat, and tampering that is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import sign_checkpoint
from ledger.errors import IntegrityError, Kind, Refused, StoreFault
from ledger.merkle import RightEdge, leaf_hash, root
from ledger.note import SigningKey
from ledger.tiles import (
    CHECKPOINT,
    bundle_path,
    decode_bundle,
    encode_bundle,
    export_static,
    hash_tiles,
    static_paths,
    tile_path,
)
from ledger.verify import verify_static
from tests.ledger.chain import KEYS, Chain, chain_of, flip, rewritten

SIZE = 300


@cache
def log() -> Chain:
    """A log over more than one tile; made once."""
    return chain_of(SIZE + 10)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    directory = tmp_path / "export"
    export_static(directory, log(), log().note(SIZE))
    return directory


def fails(directory: Path, older: bytes | None = None) -> tuple[Kind, int | None]:
    with pytest.raises(IntegrityError) as caught:
        verify_static(directory, KEYS, older)
    return caught.value.kind, caught.value.index


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "000"),
        (999, 256, "999"),
        (1000, 256, "x001/000"),
        (1234067, 256, "x001/x234/067"),
        (1234067, 8, "x001/x234/067.p/8"),
        (10**9, 255, "x001/x000/x000/000.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(index: int, width: int, path: str) -> None:
    """The index in groups of three digits, all but the last with an x; partial ones with their width."""
    assert tile_path(3, index, width) == f"tile/3/{path}"
    assert bundle_path(index, width) == f"tile/entries/{path}"


def test_the_tiles_of_70000_are_those_of_the_specification() -> None:
    """The example of tlog-tiles: 273 full and a partial of 112, a full and a partial of 17, a partial of 1."""
    leaves = [leaf_hash(index.to_bytes(4, "big")) for index in range(70_000)]
    tiles = list(hash_tiles(leaves))
    by_level = [[len(tile.content) // 32 for tile in tiles if tile.level == level] for level in range(4)]
    assert by_level == [[256] * 273 + [112], [256, 17], [1], []]
    paths = [path for path in static_paths(70_000) if "entries" not in path]
    assert sorted(paths) == sorted(tile.path for tile in tiles)
    tops = [tile.content[at : at + 32] for tile in tiles if tile.level == 1 for at in range(0, len(tile.content), 32)]
    assert tops == [root(leaves[first : first + 256]) for first in range(0, 273 * 256, 256)]
    assert tiles[-1].content == RightEdge().extend(tops[:256]).root()


def test_exactly_256_give_a_full_tile_and_one_above() -> None:
    """The other example of tlog-tiles."""
    assert list(static_paths(256)) == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(static_paths(0)) == []


@given(st.lists(st.binary(max_size=9)), st.binary(max_size=40))
def test_bundles_are_read_as_they_are_written(entries: list[bytes], noise: bytes) -> None:
    """Bundles are twins of their entries; of any bytes, what is read is written back the same."""
    assert decode_bundle(encode_bundle(entries)) == (entries, b"")
    found, rest = decode_bundle(noise)
    assert encode_bundle(found) + rest == noise


def test_an_entry_that_is_too_long_has_no_bundle() -> None:
    """The length has two bytes."""
    assert encode_bundle([b"x" * 65_535])
    with pytest.raises(Refused, match="65535"):
        encode_bundle([b"x" * 65_536])


def test_an_export_has_exactly_the_files_for_its_checkpoint(export: Path) -> None:
    """Tiles, bundles and checkpoint for the note's size, nothing for entries after it, no temporary file."""
    files = {str(path.relative_to(export)) for path in export.rglob("*") if path.is_file()}
    assert files == {CHECKPOINT, *static_paths(SIZE)}
    assert (export / CHECKPOINT).read_bytes() == log().note(SIZE)
    found = verify_static(export, KEYS, log().note(17))
    assert (found.size, found.tail, found.root) == (SIZE, 0, log().checkpoint(SIZE).root)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_exports_of_any_size_verify(tmp_path: Path, size: int) -> None:
    """Round the edges of a tile, and (a log before its first entry) of none at all, where TRUNCATED is due."""
    export_static(tmp_path / "export", log(), log().note(size))
    if size:
        assert verify_static(tmp_path / "export", KEYS).size == size
    else:
        assert fails(tmp_path / "export") == (Kind.TRUNCATED, 0)


def test_an_export_can_be_repeated_and_continued(export: Path) -> None:
    """Into the export of an earlier size only what is new is written; again, nothing changes."""
    before = {path: path.stat().st_mtime_ns for path in export.rglob("*") if path.is_file()}
    export_static(export, log(), log().note(SIZE))
    unchanged = {path for path, time in before.items() if path.stat().st_mtime_ns == time}
    assert set(before) - unchanged == {export / CHECKPOINT}
    export_static(export, log(), log().note(SIZE + 10))
    assert verify_static(export, KEYS, log().note(SIZE)).size == SIZE + 10


def test_an_export_never_goes_back(export: Path) -> None:
    """An older checkpoint does not replace a newer export."""
    with pytest.raises(Refused, match="a later one"):
        export_static(export, log(), log().note(SIZE - 1))
    assert verify_static(export, KEYS).size == SIZE


def test_foreign_directories_are_left_alone(tmp_path: Path, export: Path) -> None:
    """A directory with anything else, or with another log's export, is refused and not touched."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    other = SigningKey("b.example/1", bytes(32))
    (export / "tile/0/000").unlink()
    foreign = sign_checkpoint(replace(log().checkpoint(), origin=other.name), other)
    for directory, note, history in (
        (tmp_path / "home", log().note(), log()),
        (export, foreign, log()),
        (export, rewritten(log(), 290).note(), rewritten(log(), 290)),
    ):
        before = sorted(directory.rglob("*"))
        with pytest.raises(Refused):
            export_static(directory, history, note)
        assert sorted(directory.rglob("*")) == before


def test_a_damaged_earlier_export_is_not_built_upon(export: Path) -> None:
    """A tile that is not this log's is not silently kept."""
    tile = export / "tile/0/000"
    tile.write_bytes(flip(tile.read_bytes(), 7))
    with pytest.raises(Refused, match="something else"):
        export_static(export, log(), log().note(SIZE + 1))


def test_a_checkpoint_that_is_not_the_logs_is_not_exported(tmp_path: Path) -> None:
    """Entries without the signed root, or too few of them, give no export that looks finished."""
    with pytest.raises(IntegrityError, match="do not have the root"):
        export_static(tmp_path / "one", log(), rewritten(log(), 4).note(9))
    with pytest.raises(Refused, match="covers 310 entries"):
        export_static(tmp_path / "two", chain_of(9), log().note())
    assert not (tmp_path / "one" / CHECKPOINT).exists()


def test_a_disk_that_refuses_is_a_fault(tmp_path: Path) -> None:
    """Writing under a file, or reading a directory as a tile, says what is wrong."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFault, match="could not write"):
        export_static(tmp_path / "file" / "export", log(), log().note())
    (tmp_path / CHECKPOINT).mkdir()
    with pytest.raises(StoreFault, match="cannot be read"):
        verify_static(tmp_path, KEYS)


def test_a_directory_without_checkpoint_is_no_export(tmp_path: Path) -> None:
    """An export that was never finished is not verified."""
    with pytest.raises(Refused, match="no finished export"):
        verify_static(tmp_path, KEYS)


def change(path: str, edit: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """A way to tamper: rewrite one file."""
    return lambda export: (export / path).write_bytes(edit((export / path).read_bytes()))


def bundle(edit: Callable[[list[bytes]], Iterator[bytes] | list[bytes]], path: str) -> Callable[[Path], object]:
    """A way to tamper: rewrite the entries of one bundle, lengths fitting."""
    return change(path, lambda raw: encode_bundle(edit(decode_bundle(raw)[0])))


FIRST, LAST = "tile/entries/000", "tile/entries/001.p/44"
PREFIX = 2 + len(chain_of(1).raws[0])  # where the length of entry 1 stands in the first bundle
SHORT = len(encode_bundle(chain_of(2).raws))

TAMPERED: dict[str, tuple[Callable[[Path], object], Kind, int | None]] = {
    "a byte of an entry": (change(FIRST, lambda raw: flip(raw, 40)), Kind.ALTERED, 0),
    "a length, longer than the file": (change(LAST, lambda raw: flip(raw, 0, 7)), Kind.ALTERED, 256),
    "a length, longer by a little": (change(FIRST, lambda raw: flip(raw, PREFIX + 1, 0)), Kind.ALTERED, 1),
    "a length, shorter": (change(FIRST, lambda raw: flip(raw, PREFIX, 0)), Kind.ALTERED, 1),
    "two entries swapped": (bundle(lambda e: [e[0], e[2], e[1], *e[3:]], FIRST), Kind.REORDERED, 1),
    "an entry taken out": (bundle(lambda e: [*e[:5], *e[6:]], FIRST), Kind.MISSING, 5),
    "an entry taken out of the last bundle": (bundle(lambda e: [*e[:5], *e[6:]], LAST), Kind.MISSING, 261),
    "the tail cut": (bundle(lambda e: e[:9], LAST), Kind.TRUNCATED, 265),
    "the tail cut inside an entry": (change(LAST, lambda raw: raw[:-3]), Kind.TRUNCATED, 299),
    "the tail cut inside a length": (change(LAST, lambda raw: raw[:1]), Kind.TRUNCATED, 256),
    "the last bundle deleted": (lambda export: (export / LAST).unlink(), Kind.TRUNCATED, 256),
    "the first bundle deleted": (lambda export: (export / FIRST).unlink(), Kind.MISSING, 0),
    "an entry put behind the end": (bundle(lambda e: [*e, log().raws[SIZE]], LAST), Kind.ALTERED, 300),
    "an entry put behind a full bundle": (bundle(lambda e: [*e, log().raws[256]], FIRST), Kind.ALTERED, 256),
    "a leaf hash": (change("tile/0/000", lambda raw: flip(raw, 5 * 32)), Kind.ALTERED, 5),
    "a leaf tile deleted": (lambda export: (export / "tile/0/000").unlink(), Kind.MISSING, 0),
    "a leaf tile cut": (change("tile/0/001.p/44", lambda raw: raw[:-32]), Kind.ALTERED, 299),
    "a leaf tile lengthened": (change("tile/0/001.p/44", lambda raw: raw + bytes(32)), Kind.ALTERED, 299),
    "a hash of level 1": (change("tile/1/000.p/1", lambda raw: flip(raw, 9)), Kind.ALTERED, 0),
    "a tile of level 1 deleted": (lambda export: (export / "tile/1/000.p/1").unlink(), Kind.MISSING, 0),
    "a file where a folder of tiles was": (
        lambda export: ((export / "tile/1").rename(export / "gone"), (export / "tile/1").write_bytes(b"")),
        Kind.MISSING,
        0,
    ),
    "the checkpoint": (change(CHECKPOINT, lambda raw: flip(raw, 40)), Kind.UNTRUSTED_KEY, None),
    "the checkpoint, beyond reading": (change(CHECKPOINT, lambda raw: b"x"), Kind.UNTRUSTED_KEY, None),
}


@pytest.mark.parametrize(("tamper", "kind", "index"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_named(export: Path, tamper: Callable[[Path], object], kind: Kind, index: int | None) -> None:
    """Every file of the form is covered: class and first index."""
    tamper(export)
    assert fails(export) == (kind, index)


def test_a_rewritten_export_is_forked(tmp_path: Path) -> None:
    """Another history, signed by the log's own key, is whole in itself; the older checkpoint shows the fork."""
    other = rewritten(log(), 260)
    export_static(tmp_path / "export", other, other.note(SIZE))
    assert verify_static(tmp_path / "export", KEYS).size == SIZE
    assert fails(tmp_path / "export", log().note(280)) == (Kind.FORKED, 0)
    assert verify_static(tmp_path / "export", KEYS, log().note(260)).older == log().checkpoint(260)


def test_an_export_that_ends_before_an_older_checkpoint_is_truncated(export: Path) -> None:
    """A whole export of fewer entries than somebody has seen signed."""
    assert fails(export, log().note(SIZE + 5)) == (Kind.TRUNCATED, SIZE)


@pytest.mark.slow
def test_every_changed_byte_of_a_small_export_is_refused(tmp_path: Path) -> None:
    """One bit of each byte of each file of an export of two entries."""
    small = chain_of(2)
    export_static(tmp_path / "export", small, small.note())
    for path in sorted(path for path in (tmp_path / "export").rglob("*") if path.is_file()):
        honest = path.read_bytes()
        for place in range(len(honest)):
            path.write_bytes(flip(honest, place, place % 8))
            fails(tmp_path / "export")
        path.write_bytes(honest)
    assert verify_static(tmp_path / "export", KEYS)
    shutil.rmtree(tmp_path / "export")
