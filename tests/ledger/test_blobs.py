"""Blobs: bytes come back whole under their digest, or the loss or the change is named."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from ledger.blobs import MAX_BLOB_BYTES, Blobs
from ledger.canonical import digest
from ledger.errors import IntegrityError, Kind, Refused, StoreFault

KEY = bytes(range(32))


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs", KEY)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return Blobs(tmp_path_factory.mktemp("blobs"), KEY)


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


@given(raw=st.binary(max_size=300))
def test_what_is_put_is_got(shared: Blobs, raw: bytes) -> None:
    """Under the SHA-256 of the plain bytes; putting it again changes nothing."""
    name = shared.put(raw)
    assert name == digest(raw) == shared.put(raw)
    assert shared.has(name) and shared.get(name) == raw


def test_blobs_are_there_for_the_next_holder(blobs: Blobs, tmp_path: Path) -> None:
    """Another object, the same directory and key."""
    name = blobs.put(b"content")
    assert Blobs(tmp_path / "blobs", KEY).get(name) == b"content"


def test_nothing_readable_lies_on_the_disk(blobs: Blobs, tmp_path: Path) -> None:
    """Encrypted, each time under a nonce of its own, for the owner only, and no scratch file stays."""
    blobs.put(b"find me if you can", retention="standard")
    blobs.put(b"find me if you can", retention="short")
    first, second = files(tmp_path)
    assert b"find me" not in first.read_bytes() + second.read_bytes()
    assert first.read_bytes()[:12] == b"qayd-blob/1\n" and first.read_bytes()[12:24] != second.read_bytes()[12:24]
    assert {path.stat().st_mode & 0o777 for path in (first, second)} == {0o600}
    assert first.parent.stat().st_mode & 0o777 == 0o700


def test_a_blob_that_is_not_here_is_lost(blobs: Blobs) -> None:
    """`has` says so; `get` raises."""
    assert not blobs.has(digest(b"x"))
    with pytest.raises(IntegrityError, match=r"^LOST: the blob sha256:") as lost:
        blobs.get(digest(b"x"))
    assert lost.value.kind == Kind.LOST and lost.value.hint


def changed(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("place", [0, 11, 12, 24, 30, -17, -16, -1])
def test_a_changed_bit_is_noticed_and_mended_by_putting_again(blobs: Blobs, tmp_path: Path, place: int) -> None:
    """In the header, the nonce, the content or the tag."""
    name = blobs.put(b"some content")
    changed(files(tmp_path)[0], place)
    with pytest.raises(IntegrityError, match=r"^ALTERED: the blob sha256:"):
        blobs.get(name)
    assert blobs.put(b"some content") == name and blobs.get(name) == b"some content"
    assert len(files(tmp_path)) == 1


def forged(name: str, raw: bytes) -> bytes:
    """What a holder of the key could put under another content's name."""
    bound = f"qayd-blob/1\n{name}\nstandard".encode()
    return b"qayd-blob/1\n" + bytes(12) + AESGCM(KEY).encrypt(bytes(12), raw, bound)


def test_the_bytes_are_hashed_again(blobs: Blobs, tmp_path: Path) -> None:
    """Well encrypted under the right name, other bytes are altered all the same; so is another header."""
    name = blobs.put(b"some content")
    path = files(tmp_path)[0]
    path.write_bytes(forged(name, b"some content"))
    assert blobs.get(name) == b"some content"
    for content in (forged(name, b"other content"), forged(name, b"some content").replace(b"/1", b"/2", 1)):
        path.write_bytes(content)
        with pytest.raises(IntegrityError, match=r"^ALTERED"):
            blobs.get(name)


@pytest.mark.parametrize("content", [b"", b"qayd-blob/1\n", b"x" * 100])
def test_a_cut_or_foreign_file_is_altered(blobs: Blobs, tmp_path: Path, content: bytes) -> None:
    """Whatever stands in its place is not taken for it."""
    name = blobs.put(b"some content")
    files(tmp_path)[0].write_bytes(content)
    with pytest.raises(IntegrityError, match=r"^ALTERED"):
        blobs.get(name)


def test_a_blob_under_anothers_name_is_altered(blobs: Blobs, tmp_path: Path) -> None:
    """The digest is bound to the bytes, also for a holder of the key."""
    one, two = blobs.put(b"one"), blobs.put(b"two")
    for path in files(tmp_path):
        if path.name.startswith(one.removeprefix("sha256:")):
            content = path.read_bytes()
    for path in files(tmp_path):
        path.write_bytes(content)
    assert blobs.get(one) == b"one"
    with pytest.raises(IntegrityError, match=r"^ALTERED"):
        blobs.get(two)


def test_another_key_opens_nothing(blobs: Blobs, tmp_path: Path) -> None:
    """To a holder of a wrong key every blob is altered; a key of another length is refused."""
    name = blobs.put(b"content")
    with pytest.raises(IntegrityError, match=r"^ALTERED"):
        Blobs(tmp_path / "blobs", bytes(32)).get(name)
    with pytest.raises(Refused, match="31 bytes"):
        Blobs(tmp_path, bytes(31))


def test_one_whole_copy_is_enough(blobs: Blobs, tmp_path: Path) -> None:
    """Kept under two retention classes, it outlives the loss and the damage of either file."""
    name = blobs.put(b"content", retention="long")
    blobs.put(b"content", retention="short")
    assert [path.name.partition(".")[2] for path in files(tmp_path)] == ["long", "short"]
    changed(files(tmp_path)[0], -1)
    assert blobs.get(name) == b"content"
    files(tmp_path)[1].unlink()
    with pytest.raises(IntegrityError, match=r"^ALTERED"):
        blobs.get(name)


@pytest.mark.parametrize("name", ["", "x", "sha256:", "sha256:../../../etc/passwd", "0f" * 32, "sha256:" + "0F" * 32])
def test_other_names_are_refused(blobs: Blobs, name: str) -> None:
    """A digest is a digest; nothing else reaches the file system."""
    for act in (blobs.get, blobs.has):
        with pytest.raises(Refused):
            act(name)


@pytest.mark.parametrize("retention", ["", "*", "Long", "a b", "../x", "x" * 33])
def test_other_retention_classes_are_refused(blobs: Blobs, retention: str) -> None:
    """A lower-case word, and nothing that means something to a file system."""
    with pytest.raises(Refused):
        blobs.put(b"x", retention=retention)


def test_a_blob_has_at_most_64_mib(blobs: Blobs, tmp_path: Path) -> None:
    """One byte more is refused before it touches the disk."""
    with pytest.raises(Refused, match="at most 67108864"):
        blobs.put(bytes(MAX_BLOB_BYTES + 1))
    assert files(tmp_path) == []


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_behind(blobs: Blobs, tmp_path: Path) -> None:
    """The fault is named with a hint; with space again the same blob is kept."""
    with files_of_at_most(1000), pytest.raises(StoreFault, match="could not keep a blob") as fault:
        blobs.put(bytes(5000))
    assert "free space" in fault.value.hint
    assert files(tmp_path) == []
    assert blobs.get(blobs.put(bytes(5000))) == bytes(5000)


def test_a_directory_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    """A file stands where the directory should be."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreFault, match="could not keep a blob"):
        Blobs(tmp_path / "file" / "blobs", KEY).put(b"x")


def test_threads_may_put_the_same_blob(blobs: Blobs, tmp_path: Path) -> None:
    """Many at once, one file, whole."""
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: blobs.put(b"content" * 1000), range(40)))
    assert len(names) == 1 and len(files(tmp_path)) == 1
    assert blobs.get(names.pop()) == b"content" * 1000


ENDLESS = """
import sys; from pathlib import Path; from ledger.blobs import Blobs
blobs, number = Blobs(Path(sys.argv[1]), bytes(range(32))), 0
while True:
    sys.stdout.write(blobs.put(b"%d" % number * 5000) + "\\n"); sys.stdout.flush(); number += 1
"""


def test_a_killed_process_loses_no_blob_it_named(tmp_path: Path) -> None:
    """Killed in the middle of putting; every digest it had printed is whole."""
    command = [sys.executable, "-c", ENDLESS, str(tmp_path / "blobs")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2])
    assert process.stdout is not None
    names = [process.stdout.readline().strip() for _ in range(random.Random(5).randint(5, 30))]
    process.kill()
    names += [line for line in process.communicate(timeout=60)[0].split() if len(line) == 71]
    blobs = Blobs(tmp_path / "blobs", KEY)
    assert [blobs.get(name)[:1] for name in names] == [str(number)[:1].encode() for number in range(len(names))]
    assert os.listdir(tmp_path) == ["blobs"]
