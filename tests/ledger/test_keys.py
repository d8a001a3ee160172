"""The signer: it never vouches for two histories, whoever asks, in whatever order, after whatever fault."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import resource
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.errors import Refused, SignerFault, SignerRefused
from ledger.keys import Signer, create_signer
from ledger.merkle import EMPTY_ROOT, consistency_proof, leaf_hash, root
from tests.ledger.chain import KEY, ORIGIN

LEAVES = [leaf_hash(bytes([index])) for index in range(40)]
OTHERS = [leaf_hash(b"other" + bytes([index])) for index in range(40)]


def head(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root(leaves[:size]))


def grow(old: int, new: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    return consistency_proof(leaves, old, new)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    create_signer(tmp_path / "key", tmp_path / "state", ORIGIN, random=lambda count: bytes(range(count)))
    return Signer.open(tmp_path / "key", tmp_path / "state")


def test_a_new_signer_has_signed_nothing_but_the_empty_tree(signer: Signer, tmp_path: Path) -> None:
    """Key and state are files for the owner alone, and the state is of size 0."""
    assert signer.verifier == KEY.verifier and signer.last() == (0, EMPTY_ROOT)
    for name in ("key", "state"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert open_checkpoint((tmp_path / "state").read_bytes(), [signer.verifier]).size == 0


def test_keys_are_random(tmp_path: Path) -> None:
    """Two signers made without a given source of randomness differ."""
    made = [create_signer(tmp_path / f"key{n}", tmp_path / f"state{n}", ORIGIN) for n in range(2)]
    assert made[0] != made[1]


def test_a_signer_is_never_made_twice(signer: Signer, tmp_path: Path) -> None:
    """Neither file is overwritten, and nothing new is left where one of them was."""
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for key, state in (("key", "new"), ("new", "state"), ("key", "state")):
        with pytest.raises(Refused, match="already there"):
            create_signer(tmp_path / key, tmp_path / state, ORIGIN)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_signer_that_cannot_be_made_whole_is_not_made(tmp_path: Path) -> None:
    """If the state cannot be written, the key does not stay behind."""
    with pytest.raises(SignerFault, match="make the signer"):
        create_signer(tmp_path / "key", tmp_path / "absent" / "state", ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_an_origin_that_is_no_key_name_is_refused(tmp_path: Path) -> None:
    """The origin is the key's name, so it has no space and no plus sign."""
    with pytest.raises(Refused, match="key name"):
        create_signer(tmp_path / "key", tmp_path / "state", "a b")


def test_consistent_heads_are_signed(signer: Signer, tmp_path: Path) -> None:
    """Each head that continues the last is signed, and remembered across restarts."""
    last = 0
    for size in (1, 2, 7, 8, 40):
        note = signer.sign(head(size), grow(last, size))
        assert open_checkpoint(note, [signer.verifier]) == head(size)
        signer = Signer.open(tmp_path / "key", tmp_path / "state")
        assert signer.last() == (size, root(LEAVES[:size]))
        last = size


def test_the_same_head_gives_the_same_note(signer: Signer) -> None:
    """Asked again, the signer answers the same bytes, and the state does not change."""
    note = signer.sign(head(5), grow(0, 5))
    before = signer.state_path.stat().st_mtime_ns
    assert signer.sign(head(5), []) == note
    assert signer.state_path.stat().st_mtime_ns == before


REFUSED: dict[str, tuple[Checkpoint, list[bytes]]] = {
    "a smaller head": (head(9), []),
    "an empty head": (head(0), []),
    "the same size with another root": (head(10, OTHERS), []),
    "another history": (head(20, OTHERS), grow(10, 20, OTHERS)),
    "a proof of another history": (head(20), grow(10, 20, OTHERS)),
    "no proof": (head(20), []),
    "a proof from another size": (head(20), grow(9, 20)),
    "another origin": (replace(head(20), origin="other.example/log/1"), grow(10, 20)),
    "extension lines": (replace(head(20), extensions=("x",)), grow(10, 20)),
}


@pytest.mark.parametrize(("checkpoint", "proof"), REFUSED.values(), ids=REFUSED.keys())
def test_other_heads_are_refused(signer: Signer, checkpoint: Checkpoint, proof: list[bytes]) -> None:
    """After size 10 was signed, nothing but its honest continuation is; the memory stays as it was."""
    note = signer.sign(head(10), grow(0, 10))
    with pytest.raises(SignerRefused):
        signer.sign(checkpoint, proof)
    assert signer.state_path.read_bytes() == note


def test_a_smaller_head_is_told_from_another_history(signer: Signer) -> None:
    """What to look for differs: a rolled back database, or a rewritten one."""
    signer.sign(head(10), grow(0, 10))
    with pytest.raises(SignerRefused, match="smaller than size 10") as smaller:
        signer.sign(head(9), [])
    with pytest.raises(SignerRefused, match="does not continue size 10") as other:
        signer.sign(head(11, OTHERS), grow(10, 11, OTHERS))
    assert "rolled back" in smaller.value.hint and "rewritten" in other.value.hint


def test_the_head_is_asked_for_under_the_lock(signer: Signer) -> None:
    """`sign_next` tells the last signed size, and a proposal that fails leaves everything as it was."""
    signer.sign(head(3), grow(0, 3))
    asked: list[int] = []

    def propose(last: int) -> tuple[Checkpoint, list[bytes]]:
        asked.append(last)
        return head(6), grow(last, 6)

    def fail(last: int) -> tuple[Checkpoint, list[bytes]]:
        raise SignerRefused("no head")

    with pytest.raises(SignerRefused, match="no head"):
        signer.sign_next(fail)
    assert open_checkpoint(signer.sign_next(propose), [signer.verifier]).size == 6
    assert asked == [3]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-2]),
    "one bit changed": lambda path: path.write_bytes(path.read_bytes().replace(b"0\n", b"1\n", 1)),
    "another log's": lambda path: path.write_bytes(
        sign_checkpoint(replace(head(0), origin="o"), replace(KEY, name="o"))
    ),
    "a directory": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_without_its_memory_nothing_is_signed(signer: Signer, damage: Callable[[Path], object]) -> None:
    """A state that is gone or damaged stops the signer, also one that is already open."""
    damage(signer.state_path)
    with pytest.raises(SignerFault):
        signer.sign(head(1), [])
    with pytest.raises(SignerFault):
        Signer.open(signer.state_path.with_name("key"), signer.state_path)


BAD_KEYS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "no key": lambda path: path.write_bytes(b"hello\n"),
    "not ASCII": lambda path: path.write_bytes(b"\xff\n"),
    "two lines": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
    "read by others": lambda path: path.chmod(0o644),
    "written by the group": lambda path: path.chmod(0o620),
    "another key": lambda path: path.write_text(replace(KEY, seed=bytes(32)).format() + "\n"),
}


@pytest.mark.parametrize("damage", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_bad_key_file_is_not_opened(signer: Signer, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    """A key that is gone, unreadable, open to others or not the state's own is a fault with a hint."""
    damage(tmp_path / "key")
    with pytest.raises(SignerFault) as caught:
        Signer.open(tmp_path / "key", tmp_path / "state")
    assert caught.value.hint


def test_a_key_the_group_may_read_is_opened(signer: Signer, tmp_path: Path) -> None:
    """Mounted secrets are often readable by one group."""
    (tmp_path / "key").chmod(0o640)
    assert Signer.open(tmp_path / "key", tmp_path / "state").verifier == signer.verifier


def test_a_full_disk_leaves_the_memory_as_it_was(signer: Signer) -> None:
    """When the new state cannot be written, no note is given out and the old state stands."""
    note = signer.sign(head(2), grow(0, 2))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(SignerFault, match=os.strerror(errno.EFBIG)):
            signer.sign(head(3), grow(2, 3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert signer.state_path.read_bytes() == note
    assert sorted(path.name for path in signer.state_path.parent.iterdir()) == ["key", "state", "state.lock"]
    assert signer.sign(head(3), grow(2, 3))


def test_a_crash_while_saving_is_harmless(signer: Signer) -> None:
    """A half-written new state beside the old one is thrown away by the next signature."""
    signer.sign(head(2), grow(0, 2))
    signer.state_path.with_name("state.new").write_bytes(b"half")
    signer.sign(head(3), grow(2, 3))
    assert signer.last()[0] == 3


def test_a_locked_signer_says_so(signer: Signer) -> None:
    """If another holds the lock for too long, that is a fault, not a wait for ever."""
    with signer.state_path.with_name("state.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SignerFault, match="locked by another process"):
            replace(signer, lock_seconds=0.05).sign(head(1), [])
    assert signer.sign(head(1), [])


def _sign_all(key: Path, state: Path, leaves: list[bytes], start: int) -> list[bytes]:
    """In a process of its own: try to have every second size signed."""
    signer, notes = Signer.open(key, state), []
    for size in range(start, len(leaves), 2):
        try:
            notes.append(
                signer.sign_next(lambda last, size=size: (head(size, leaves), grow(min(last, size), size, leaves)))
            )
        except SignerRefused:
            continue
    return notes


def test_processes_racing_never_get_two_histories_signed(signer: Signer, tmp_path: Path) -> None:
    """Four processes on two histories: every pair of notes given out is of one history and one root per size."""
    files = (tmp_path / "key", tmp_path / "state")
    jobs = [(*files, leaves, start) for leaves in (LEAVES, OTHERS) for start in (1, 2)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        notes = [note for batch in pool.starmap(_sign_all, jobs) for note in batch]
    signed = [open_checkpoint(note, [signer.verifier]) for note in notes]
    assert signed
    histories = {
        name: [c == head(c.size, leaves) for c in signed] for name, leaves in (("one", LEAVES), ("other", OTHERS))
    }
    assert any(all(matches) for matches in histories.values())
