"""Trails: each scope proves what it promises and no more, and nothing in the file can be changed unnoticed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

from ledger.archive import Archive, write_archive
from ledger.canonical import decode, encode
from ledger.checkpoint import Checkpoint
from ledger.errors import IntegrityError, Kind, Refused
from ledger.receipt import prove
from ledger.tiles import encode_bundle
from ledger.trail import (
    OfSubject,
    Range,
    Scope,
    Selection,
    VerifiedTrail,
    Whole,
    subject_scope,
    verify_trail,
    write_trail,
)
from tests.ledger.chain import KEYS, OTHER_KEY, Chain, chain_of, flip, rewritten

SIZE = 20
DOCUMENT = b'{"kind":"fairness"}'
DIGEST = f"sha256:{hashlib.sha256(DOCUMENT).hexdigest()}"
SUBJECT = "source/1"
ABOUT = OfSubject(SUBJECT, 1, 19)
PICKED = Selection((0, 4, 11))
SCOPES: dict[str, tuple[Scope, list[int]]] = {
    "whole": (Whole(), list(range(SIZE))),
    "range": (Range(3, 9), list(range(3, 9))),
    "subject": (ABOUT, [1, 4, 7, 10, 13, 16, 19]),
    "selection": (PICKED, [0, 4, 11]),
}


@cache
def log() -> Chain:
    return chain_of(SIZE + 3)


def write(path: Path, scope: Scope, source: Chain | None = None, since: Iterable[int] = (7,)) -> str:
    used = source or log()
    return write_trail(path, scope=scope, source=used, note=used.note(SIZE), blobs=[(DIGEST, DOCUMENT)], since=since)


def fails(path: Path, older: bytes | None = None) -> tuple[Kind, int | None]:
    with pytest.raises(IntegrityError) as caught:
        verify_trail(path, KEYS, older)
    return caught.value.kind, caught.value.index


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.trail"


@pytest.fixture(params=SCOPES.values(), ids=SCOPES.keys())
def case(request: pytest.FixtureRequest) -> tuple[Scope, list[int]]:
    found: tuple[Scope, list[int]] = request.param
    return found


def test_a_trail_gives_back_proven_entries_and_documents(path: Path, case: tuple[Scope, list[int]]) -> None:
    """The entries of the scope, byte for byte, the blobs by digest, and the older checkpoint it continues."""
    scope, indices = case
    digest = write(path, scope)
    assert digest == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    with verify_trail(path, KEYS, log().note(7)) as trail:
        assert (trail.scope, trail.checkpoint) == (scope, log().checkpoint(SIZE))
        assert [(entry.index, entry.raw) for entry in trail.entries()] == [(i, log().raws[i]) for i in indices]
        assert trail.blobs() == (DIGEST,) and trail.blob(DIGEST) == DOCUMENT
        assert trail.older == log().checkpoint(7)
        assert "continues the checkpoint of size 7 given from outside" in trail.claim()
        with pytest.raises(IntegrityError, match="LOST"):
            trail.blob(DIGEST[:-1])


def test_a_trail_is_the_same_every_time(path: Path, case: tuple[Scope, list[int]]) -> None:
    """Two exports of one scope at one checkpoint are equal to the byte."""
    assert write(path, case[0]) == write(path.with_name("again"), case[0])


def test_a_claim_says_how_complete_it_is(path: Path) -> None:
    """MISSING is only claimed where the scope promises that nothing is missing."""
    expected = {
        "whole": "every entry of the log up to the checkpoint; nothing between is missing",
        "range": "every entry from index 3 to 8; nothing between is missing",
        "subject": f"every entry about {SUBJECT} from index 1 to 19; nothing between is missing, later ones may exist",
        "selection": "3 chosen entries; nothing is claimed about entries that are not shown",
    }
    for name, (scope, _) in SCOPES.items():
        write(path, scope)
        with verify_trail(path, KEYS) as trail:
            assert trail.claim() == (
                f"{expected[name]}. The checkpoint has size 20; "
                "no older checkpoint was given, so nothing is claimed beyond it"
            )


def test_a_subject_has_its_scope_looked_up() -> None:
    """From the first to the last entry the checkpoint covers; a subject nobody wrote about is refused."""
    assert subject_scope(log(), log().note(SIZE), SUBJECT) == ABOUT
    with pytest.raises(Refused, match="no entry about"):
        subject_scope(log(), log().note(SIZE), "source/9")


IMPOSSIBLE: dict[str, Scope] = {
    "a range past the checkpoint": Range(3, SIZE + 1),
    "an empty range": Range(3, 3),
    "a negative range": Range(-1, 3),
    "a subject past the checkpoint": OfSubject(SUBJECT, 1, SIZE),
    "a subject backwards": OfSubject(SUBJECT, 4, 1),
    "nothing selected": Selection(()),
    "a selection past the checkpoint": Selection((SIZE,)),
    "a selection out of order": Selection((4, 3)),
    "a selection with one twice": Selection((4, 4)),
    "a negative selection": Selection((-1, 4)),
}


@pytest.mark.parametrize("scope", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_a_scope_the_checkpoint_does_not_cover_is_not_written(path: Path, scope: Scope) -> None:
    """Bad scopes are refused before a file is made."""
    with pytest.raises(Refused, match="does not cover"):
        write(path, scope)
    assert not path.exists()


def test_what_does_not_verify_is_not_written(path: Path, case: tuple[Scope, list[int]]) -> None:
    """A log that was changed gives no trail, and neither does a blob with other bytes."""
    damaged = chain_of(SIZE)
    damaged.raws[4] = damaged.raws[4].replace(b'"counter":4', b'"counter":5')
    with pytest.raises(IntegrityError, match="ALTERED"):
        write_trail(path, scope=case[0], source=damaged, note=log().note(SIZE))
    with pytest.raises(IntegrityError, match="has other bytes"):
        write_trail(path, scope=case[0], source=log(), note=log().note(SIZE), blobs=[(DIGEST, b"")])
    assert not path.exists()


def test_keys_come_from_the_caller_only(path: Path, case: tuple[Scope, list[int]]) -> None:
    """Without the right key nothing in the trail counts; without any, nothing is tried."""
    write(path, case[0])
    with pytest.raises(IntegrityError, match="UNTRUSTED KEY"):
        verify_trail(path, [OTHER_KEY.verifier])
    with pytest.raises(Refused, match="trusted key"):
        verify_trail(path, [])


def test_an_older_checkpoint_is_held_against_every_scope(path: Path, case: tuple[Scope, list[int]]) -> None:
    """Of the same size, of none, of a larger size, and of another history."""
    scope, _ = case
    write(path, scope)
    for size in (0, 7, SIZE):
        with verify_trail(path, KEYS, log().note(size)) as trail:
            assert trail.older is not None and trail.older.size == size
    assert fails(path, log().note(SIZE + 1)) == (Kind.TRUNCATED, SIZE)
    assert fails(path, log().note(7, OTHER_KEY)) == (Kind.UNTRUSTED_KEY, None)
    other = rewritten(log(), 3)
    for size in (7, SIZE):
        assert fails(path, other.note(size)) == (Kind.FORKED, 0)


@pytest.mark.parametrize("scope", [Range(3, 9), ABOUT, PICKED], ids=["range", "subject", "selection"])
def test_without_a_proof_of_growth_an_older_checkpoint_is_not_passed_over(path: Path, scope: Scope) -> None:
    """If the trail cannot be compared with what the caller holds, that is said, not ignored."""
    write(path, scope, since=(0, 7, SIZE, SIZE + 1))
    with Archive.open(path) as archive:
        assert [name for name in archive.names() if name.startswith("consistency")] == ["consistency/7"]
    with pytest.raises(Refused, match="no proof that size 5 grew to size 20"):
        verify_trail(path, KEYS, log().note(5))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCOPES)
def test_every_changed_byte_of_a_trail_is_refused(tmp_path: Path, name: str) -> None:
    """One bit of every byte of a small trail of one scope, of every seventh of the others; and cuts everywhere."""
    path, small = tmp_path / "small.trail", chain_of(3)
    scopes: dict[str, Scope] = {"whole": Whole(), "range": Range(1, 2), "subject": OfSubject(SUBJECT, 1, 1)}
    scope = scopes.get(name, Selection((1,)))
    write_trail(path, scope=scope, source=small, note=small.note(), blobs=[(DIGEST, DOCUMENT)], since=[2])
    honest = path.read_bytes()
    for place in range(0, len(honest), 1 if name == "range" else 7):
        path.write_bytes(flip(honest, place, place % 8))
        fails(path)
    for place in range(0, len(honest), 7):
        path.write_bytes(honest[:place])
        fails(path)
    path.write_bytes(honest)
    verify_trail(path, KEYS, small.note(2)).archive.close()


def test_a_changed_entry_is_named_by_its_index(path: Path, case: tuple[Scope, list[int]]) -> None:
    """A byte flipped in the file, inside the bytes of entry 4: ALTERED at index 4, wherever it stands."""
    write(path, case[0])
    honest = path.read_bytes()
    path.write_bytes(flip(honest, honest.index(log().raws[4]) + 50))
    assert fails(path) == (Kind.ALTERED, 4)


@pytest.mark.parametrize("member", ["MANIFEST", "consistency/7", "trail.json", "checkpoint"])
def test_a_changed_member_is_named(path: Path, member: str) -> None:
    """A byte flipped in a member that is not an entry: the MANIFEST tells, and is itself covered."""
    write(path, PICKED)
    with Archive.open(path) as archive:
        content = archive.read(member) or b"  blobs/"
    honest = path.read_bytes()
    path.write_bytes(flip(honest, honest.index(content)))
    with pytest.raises(IntegrityError, match=f"the trail's member {member} is not as it was written") as caught:
        verify_trail(path, KEYS)
    assert (caught.value.kind, caught.value.index) == (Kind.ALTERED, None)


def changed(path: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    """The trail with other members, its MANIFEST and headers made anew: what a forger would hand over."""
    with Archive.open(path) as archive:
        members = {name: archive.read(name) or b"" for name in archive.names()}
    change(members)
    write_archive(path, members.items())


def restated(**members: object) -> Callable[[dict[str, bytes]], object]:
    """A change of the scope that trail.json states."""

    def change(files: dict[str, bytes]) -> None:
        value = decode(files["trail.json"])
        value["scope"].update(members)
        files["trail.json"] = encode(value)

    return change


def replaced(name: str, content: bytes) -> Callable[[dict[str, bytes]], object]:
    return lambda files: files.update({name: content})


def removed(*names: str) -> Callable[[dict[str, bytes]], object]:
    return lambda files: [files.pop(name) for name in names]


def proof(index: int, size: int = SIZE, source: Chain | None = None) -> bytes:
    used = source or log()
    return prove(used, [index], used.note(size))[index].format()


def receipt(index: int) -> Callable[[dict[str, bytes]], object]:
    """A true receipt of one entry more."""
    return lambda files: files.update(
        {f"entries/{index}.json": log().raws[index], f"entries/{index}.tlog-proof": proof(index)}
    )


WITHOUT_5, WITHOUT_4 = (removed(f"entries/{n}.json", f"entries/{n}.tlog-proof") for n in (5, 4))
BUNDLE = "tile/entries/000.p/20"
FORGED: dict[str, tuple[Scope, Callable[[dict[str, bytes]], object], Kind, int | None]] = {
    "range: an entry taken out": (Range(3, 9), WITHOUT_5, Kind.MISSING, 5),
    "range: its proof taken out": (Range(3, 9), removed("entries/5.tlog-proof"), Kind.ALTERED, None),
    "range: its bytes taken out": (Range(3, 9), removed("entries/5.json"), Kind.ALTERED, None),
    "range: an entry more": (Range(3, 9), receipt(11), Kind.ALTERED, 11),
    "range: stated longer": (Range(3, 9), restated(end=10), Kind.MISSING, 9),
    "range: stated without end": (Range(3, 9), restated(end=SIZE), Kind.MISSING, 9),
    "range: stated past the checkpoint": (Range(3, 9), restated(end=SIZE + 1), Kind.ALTERED, None),
    "range: stated shorter": (Range(3, 9), restated(end=8), Kind.ALTERED, 8),
    "range: another entry's bytes": (Range(3, 9), replaced("entries/5.json", log().raws[6]), Kind.ALTERED, 5),
    "range: another entry's proof": (Range(3, 9), replaced("entries/5.tlog-proof", proof(6)), Kind.ALTERED, 5),
    "range: a proof from another checkpoint": (
        Range(3, 9),
        replaced("entries/5.tlog-proof", proof(5, 19)),
        Kind.ALTERED,
        5,
    ),
    "range: a proof that is none": (Range(3, 9), replaced("entries/5.tlog-proof", b"x"), Kind.ALTERED, 5),
    "range: a forged entry": (Range(3, 9), replaced("entries/5.json", b"{}"), Kind.ALTERED, 5),
    "subject: an entry taken out": (ABOUT, WITHOUT_4, Kind.MISSING, 7),
    "subject: the first taken out": (ABOUT, removed("entries/1.json", "entries/1.tlog-proof"), Kind.MISSING, 1),
    "subject: the last taken out": (ABOUT, removed("entries/19.json", "entries/19.tlog-proof"), Kind.MISSING, 19),
    "subject: stated with another name": (ABOUT, restated(subject="source/2"), Kind.ALTERED, 1),
    "subject: an entry of another": (ABOUT, receipt(5), Kind.ALTERED, 5),
    "subject: stated shorter": (ABOUT, restated(last=16), Kind.ALTERED, 19),
    "selection: an entry taken out": (PICKED, WITHOUT_4, Kind.ALTERED, 4),
    "selection: an entry more": (PICKED, receipt(5), Kind.ALTERED, 5),
    "selection: a wrong kind": (PICKED, restated(indices=["0"]), Kind.ALTERED, None),
    "whole: an entry taken out": (
        Whole(),
        replaced(BUNDLE, encode_bundle([*log().raws[:5], *log().raws[6:20]])),
        Kind.MISSING,
        5,
    ),
    "whole: the tail cut": (Whole(), replaced(BUNDLE, encode_bundle(log().raws[:9])), Kind.TRUNCATED, 9),
    "whole: a tile taken out": (Whole(), removed("tile/0/000.p/20"), Kind.MISSING, 0),
    "whole: a tile more": (Whole(), replaced("tile/0/000.p/3", b"x"), Kind.ALTERED, None),
    "whole: stated as a range": (Whole(), restated(kind="range", start=0, end=1), Kind.MISSING, 0),
    "whole: stated as something else": (Whole(), restated(kind="all"), Kind.ALTERED, None),
    "whole: stated with more members": (Whole(), restated(more=1), Kind.ALTERED, None),
    "whole: no statement": (Whole(), removed("trail.json"), Kind.ALTERED, None),
    "whole: a statement that is none": (Whole(), replaced("trail.json", b"[]"), Kind.ALTERED, None),
    "whole: a statement of another format": (Whole(), replaced("trail.json", b'{"format":"x"}'), Kind.ALTERED, None),
    "whole: half a statement": (Whole(), replaced("trail.json", b'{"format":"qayd-trail/1"}'), Kind.ALTERED, None),
    "whole: a statement that is not JSON": (Whole(), replaced("trail.json", b"{"), Kind.ALTERED, None),
    "whole: no checkpoint": (Whole(), removed("checkpoint"), Kind.ALTERED, None),
    "whole: an older checkpoint": (Whole(), replaced("checkpoint", log().note(19)), Kind.ALTERED, None),
    "whole: another key's checkpoint": (
        Whole(),
        replaced("checkpoint", log().note(SIZE, OTHER_KEY)),
        Kind.UNTRUSTED_KEY,
        None,
    ),
    "a blob under another's digest": (PICKED, replaced(f"blobs/{DIGEST[7:]}", b"x"), Kind.ALTERED, None),
    "a member that does not belong": (PICKED, replaced("readme.txt", b"trust me"), Kind.ALTERED, None),
    "a receipt in a whole log": (Whole(), receipt(5), Kind.ALTERED, None),
}


@pytest.mark.parametrize(("scope", "change", "kind", "index"), FORGED.values(), ids=FORGED.keys())
def test_forged_trails_are_refused(
    path: Path, scope: Scope, change: Callable[[dict[str, bytes]], object], kind: Kind, index: int | None
) -> None:
    """Members changed and the archive made anew round them: class, and index where there is one."""
    write(path, scope)
    changed(path, change)
    assert fails(path) == (kind, index)


@pytest.mark.parametrize(
    "content", [b"!\n", b"\xff\n", b"", b"A" * 43 + b"=\n"], ids=["text", "bytes", "none", "false"]
)
def test_a_false_proof_of_growth_is_refused(path: Path, content: bytes) -> None:
    """A proof that does not lead from the caller's checkpoint to the trail's is no proof."""
    write(path, PICKED)
    changed(path, replaced("consistency/7", content))
    kind, _ = fails(path, log().note(7))
    assert kind in (Kind.FORKED, Kind.ALTERED)


def test_a_rewritten_history_is_forked(path: Path, case: tuple[Scope, list[int]]) -> None:
    """Signed by the log's own key, every proof fitting: only the older checkpoint shows it."""
    write(path, case[0], source=rewritten(log(), 9))
    verify_trail(path, KEYS).archive.close()
    assert fails(path, log().note(SIZE)) == (Kind.FORKED, 0)


def test_a_missing_file_is_bad_input(path: Path) -> None:
    """No such trail is not an integrity failure."""
    with pytest.raises(Refused, match="cannot be read"):
        verify_trail(path, KEYS)


def test_a_verified_trail_is_closed_after_use(path: Path) -> None:
    """Outside its `with` nothing is read any more."""
    write(path, PICKED)
    with verify_trail(path, KEYS) as trail:
        assert isinstance(trail, VerifiedTrail) and isinstance(trail.checkpoint, Checkpoint)
    with pytest.raises(ValueError, match="closed"):
        list(trail.entries())
