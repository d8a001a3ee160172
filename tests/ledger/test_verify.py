"""Verification of a whole log: what is whole passes, and what is not is named by class and first index."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import sign_checkpoint
from ledger.entry import NO_HASH, Draft, NewEvent
from ledger.errors import IntegrityError, Kind, Refused
from ledger.merkle import leaf_hash
from ledger.note import SigningKey
from ledger.scan import Scan
from ledger.source import Row, rows_of
from ledger.verify import verify_log
from tests.ledger.chain import (
    KEYS,
    OPENED,
    ORIGIN,
    OTHER_KEY,
    Chain,
    chain_of,
    event,
    flip,
    reader,
    rewritten,
)

SIZE = 12
LOG = chain_of(SIZE)
ROWS = LOG.rows()
NOTE = LOG.note(10)
LATER = "2026-11-23T10:00:59.000000Z"


def row(index: int, raw: bytes) -> Row:
    """A row whose leaf hash was computed again after its bytes were changed."""
    return Row(index, raw, leaf_hash(raw))


def put(*changed: Row) -> list[Row]:
    """The honest rows with these in the place of theirs."""
    rows = {honest.index: honest for honest in ROWS}
    return list((rows | {new.index: new for new in changed}).values())


def swapped(first: int, second: int) -> list[Row]:
    return put(row(first, ROWS[second].raw), row(second, ROWS[first].raw))


def without(*indices: int, close: bool = False) -> list[Row]:
    """The rows without some of them; `close` moves the later ones up, so that no gap shows."""
    rest = [honest for honest in ROWS if honest.index not in indices]
    return [row(place, honest.raw) for place, honest in enumerate(rest)] if close else rest


def fails(rows: list[Row], **known: object) -> tuple[Kind, int | None]:
    with pytest.raises(IntegrityError) as caught:
        verify_log(reader(rows), **{"verifiers": KEYS, **known})  # type: ignore[arg-type]
    return caught.value.kind, caught.value.index


@given(st.integers(1, 40), st.data())
def test_an_honest_log_passes(size: int, data: st.DataObject) -> None:
    """Any log, held against any of its checkpoints, is found whole, and the answer says what was shown."""
    log = chain_of(size)
    old, new = sorted((data.draw(st.integers(0, size)), data.draw(st.integers(0, size))))
    found = verify_log(reader(log.rows()), verifiers=KEYS, notes=[log.note(new)], older=log.note(old), head=log.head())
    assert (found.size, found.root) == log.head()
    assert found.checkpoint == log.checkpoint(new) and found.older == log.checkpoint(old)
    assert found.tail == size - new
    assert f"they continue the checkpoint of size {old}" in found.claim()


def test_without_an_older_checkpoint_the_answer_says_so() -> None:
    """Nothing is claimed beyond the size presented, and unsigned entries are counted."""
    found = verify_log(rows_of(LOG), verifiers=KEYS)
    assert (found.checkpoint, found.older, found.tail) == (None, None, SIZE)
    assert found.claim().startswith("0 of 12 entries are covered")
    assert "nothing is claimed beyond the size presented" in found.claim()


def test_a_key_is_demanded() -> None:
    """Verification has no defaults."""
    with pytest.raises(Refused, match="trusted key"):
        verify_log(reader(ROWS), verifiers=())


FORKED = rewritten(LOG, 5)
REORDERED_TWICE = put(row(3, ROWS[8].raw), row(8, ROWS[3].raw), row(5, flip(ROWS[5].raw, 40)))
COPY_OF_FIVE = put(row(6, ROWS[5].raw))
MOVED_FAR = [*without(5), row(10**12, ROWS[5].raw)]

TAMPERED: dict[str, tuple[list[Row], Kind, int]] = {
    "a byte changed": (put(replace(ROWS[5], raw=flip(ROWS[5].raw, 40))), Kind.ALTERED, 5),
    "the first entry changed": (put(replace(ROWS[0], raw=flip(ROWS[0].raw, 40))), Kind.ALTERED, 0),
    "a leaf hash changed": (put(replace(ROWS[5], leaf_hash=bytes(32))), Kind.ALTERED, 5),
    "a column changed": (put(replace(ROWS[5], columns={"subject": "source/9"})), Kind.ALTERED, 5),
    "bytes that are no entry, hashed again": (put(row(5, b"{}")), Kind.ALTERED, 5),
    "no bytes": (put(row(5, b"")), Kind.ALTERED, 5),
    "a list": (put(row(5, b"[]")), Kind.ALTERED, 5),
    "a member that is not a string": (put(row(5, b'{"sequence":5}')), Kind.ALTERED, 5),
    "two bytes changed, apart": (put(row(9, b"{}"), replace(ROWS[4], raw=b"{}")), Kind.ALTERED, 4),
    "neighbours swapped": (swapped(5, 6), Kind.REORDERED, 5),
    "first and last swapped": (swapped(0, 11), Kind.REORDERED, 0),
    "last two swapped": (swapped(10, 11), Kind.REORDERED, 10),
    "bytes swapped, hashes left": (
        put(replace(ROWS[5], raw=ROWS[6].raw), replace(ROWS[6], raw=ROWS[5].raw)),
        Kind.REORDERED,
        5,
    ),
    "rotated": (put(row(3, ROWS[4].raw), row(4, ROWS[5].raw), row(5, ROWS[3].raw)), Kind.REORDERED, 3),
    "reversed": ([row(SIZE - 1 - honest.index, honest.raw) for honest in reversed(ROWS)], Kind.REORDERED, 0),
    "swapped, and one between changed": (REORDERED_TWICE, Kind.REORDERED, 3),
    "moved far behind the end": (MOVED_FAR, Kind.REORDERED, 10**12),
    "a middle one deleted": (without(5), Kind.MISSING, 5),
    "the first deleted": (without(0), Kind.MISSING, 0),
    "two deleted": (without(3, 8), Kind.MISSING, 3),
    "one deleted, the others moved up": (without(5, close=True), Kind.MISSING, 5),
    "the first deleted, the others moved up": (without(0, close=True), Kind.MISSING, 0),
    "one deleted, another changed before it": (
        [replace(r, raw=b"{}") if r.index == 2 else r for r in without(5)],
        Kind.MISSING,
        5,
    ),
    "one overwritten by its neighbour": (COPY_OF_FIVE, Kind.MISSING, 6),
    "a row twice": ([*ROWS[:6], ROWS[5], *ROWS[6:]], Kind.ALTERED, 5),
    "the tail cut": (ROWS[:7], Kind.TRUNCATED, 7),
    "the tail cut, and one changed": ([*put(row(5, b"{}"))[:7]], Kind.TRUNCATED, 7),
    "all cut": ([], Kind.TRUNCATED, 0),
    "history rewritten and hashed again": (FORKED.rows(), Kind.FORKED, 0),
    "history rewritten and cut": (FORKED.rows()[:7], Kind.TRUNCATED, 7),
}


@pytest.mark.parametrize(("rows", "kind", "index"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_named(rows: list[Row], kind: Kind, index: int) -> None:
    """Class and first index, with the log's own checkpoint or with the same one kept outside."""
    assert fails(rows, notes=[NOTE]) == (kind, index)
    assert fails(rows, older=NOTE) == (kind, index)


@given(st.integers(0, SIZE - 1), st.data())
def test_every_changed_bit_is_found_where_it_is(index: int, data: st.DataObject) -> None:
    """One bit anywhere in any entry, beside the leaf hash kept: ALTERED at that index."""
    raw = ROWS[index].raw
    changed = flip(raw, data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7)))
    assert fails(put(replace(ROWS[index], raw=changed)), notes=[NOTE]) == (Kind.ALTERED, index)


@given(st.integers(0, SIZE - 2), st.data())
def test_every_changed_bit_is_found_even_if_hashed_again(index: int, data: st.DataObject) -> None:
    """With the leaf hash computed again, the next entry and the tree still tell; with no leaf hash kept, too."""
    raw = ROWS[index].raw
    changed = flip(raw, data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7)))
    for rows in (put(row(index, changed)), put(Row(index, changed))):
        assert fails(rows, notes=[NOTE]) == (Kind.ALTERED, index)


@given(st.sets(st.integers(0, SIZE - 2), min_size=1, max_size=SIZE - 2), st.booleans())
def test_any_deletion_is_missing_at_its_first(gone: set[int], close: bool) -> None:
    """Whatever rows before the last are deleted, with a gap or moved up, the first of them is named."""
    assert fails(without(*gone, close=close), notes=[NOTE]) == (Kind.MISSING, min(gone))


@given(st.permutations(range(SIZE)))
def test_any_permutation_is_reordered_at_its_first(order: list[int]) -> None:
    """Rows in any other order: REORDERED at the first that is out of place."""
    rows = [row(place, ROWS[index].raw) for place, index in enumerate(order)]
    wrong = [place for place, index in enumerate(order) if place != index]
    if wrong:
        assert fails(rows, notes=[NOTE]) == (Kind.REORDERED, wrong[0])


@given(st.integers(0, 9))
def test_any_cut_tail_is_truncated_at_its_first(size: int) -> None:
    """A log cut below its checkpoint: TRUNCATED at the first index that is gone."""
    assert fails(ROWS[:size], notes=[NOTE]) == (Kind.TRUNCATED, size)


def test_a_rewound_head_with_later_checkpoints_deleted_is_caught_from_outside() -> None:
    """The store is consistent in itself; only the checkpoint kept outside shows that it was longer."""
    cut = chain_of(7)
    assert verify_log(reader(cut.rows()), verifiers=KEYS, notes=[cut.note(6)], head=cut.head()).size == 7
    assert fails(cut.rows(), notes=[cut.note(6)], head=cut.head(), older=NOTE) == (Kind.TRUNCATED, 7)


def test_a_history_signed_anew_is_forked() -> None:
    """Even the log's own key cannot make two histories of one: the older checkpoint tells, and what still agrees."""
    notes, head = [FORKED.note()], FORKED.head()
    assert verify_log(reader(FORKED.rows()), verifiers=KEYS, notes=notes, head=head).tail == 0
    assert fails(FORKED.rows(), notes=notes, head=head, older=NOTE) == (Kind.FORKED, 0)
    kept = [*notes, LOG.note(4)]
    assert fails(FORKED.rows(), notes=kept, head=head, older=NOTE) == (Kind.FORKED, 4)
    changed = [replace(r, raw=b"{}") if r.index == 11 else r for r in FORKED.rows()]
    assert fails(changed, notes=[FORKED.note(11)], older=NOTE) == (Kind.FORKED, 0)


def test_a_history_rewritten_past_what_was_signed_is_forked_against_what_covers_it() -> None:
    """An older checkpoint of the part before the change still agrees; a newer one does not."""
    late = rewritten(LOG, 8)
    assert verify_log(reader(late.rows()), verifiers=KEYS, older=LOG.note(8)).size == SIZE
    assert fails(late.rows(), notes=[LOG.note(8)], older=NOTE) == (Kind.FORKED, 8)


def test_two_roots_of_one_size_are_forked() -> None:
    """Two signed checkpoints of one size with different roots are a fork before any entry is read."""
    assert fails(ROWS, notes=[NOTE], older=FORKED.note(10)) == (Kind.FORKED, 0)


UNTRUSTED = {
    "another key of the same name": LOG.note(10, OTHER_KEY),
    "no note": b"hello\n",
    "a changed note": flip(NOTE, 60),
    "a note cut short": NOTE[:-2],
    "another log's note": sign_checkpoint(
        replace(LOG.checkpoint(), origin="b.example/1"), SigningKey("b.example/1", bytes(32))
    ),
}


@pytest.mark.parametrize("note", UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_untrusted_checkpoints_come_first(note: bytes) -> None:
    """A note no trusted key vouches for is reported before anything else that is wrong."""
    for rows in (ROWS, ROWS[:3], without(5)):
        assert fails(rows, notes=[note]) == (Kind.UNTRUSTED_KEY, None)
        assert fails(rows, notes=[NOTE], older=note) == (Kind.UNTRUSTED_KEY, None)


def test_checkpoints_of_two_logs_are_not_mixed() -> None:
    """Trusting two logs' keys does not let one log's checkpoint vouch for the other."""
    other = SigningKey("b.example/1", bytes(32))
    note = sign_checkpoint(replace(LOG.checkpoint(11), origin=other.name), other)
    keys = (*KEYS, other.verifier)
    assert fails(ROWS, notes=[NOTE], older=note, verifiers=keys) == (Kind.UNTRUSTED_KEY, None)
    assert fails(ROWS, older=note, verifiers=keys) == (Kind.ALTERED, 0)


HEADS = {
    "counts more": ((13, bytes(32)), Kind.MISSING, 12),
    "counts fewer": ((11, LOG.checkpoint(11).root), Kind.ALTERED, 11),
    "another root": ((12, bytes(32)), Kind.ALTERED, 10),
}


@pytest.mark.parametrize(("head", "kind", "index"), HEADS.values(), ids=HEADS.keys())
def test_the_stores_own_head_is_held_against_the_entries(head: tuple[int, bytes], kind: Kind, index: int) -> None:
    """A head row that does not follow from the entries is reported, from the first index no signature covers."""
    assert fails(ROWS, notes=[NOTE], head=head) == (kind, index)


def test_a_wrong_head_beside_a_gap_does_not_hide_the_gap() -> None:
    """What is missing is named first."""
    assert fails(without(5), head=(12, bytes(32))) == (Kind.MISSING, 5)


def forge(
    index: int,
    *,
    new: NewEvent | None = None,
    before: bytes | None = None,
    subject: bytes | None = None,
    recorded_at: str | None = None,
) -> Chain:
    """A log of 12 whose sequencer broke a rule at `index` and went on; every hash fits, every signature too."""
    log = Chain()
    for number in range(SIZE):
        honest = OPENED if number == 0 else event(number)
        if number != index:
            log.append(honest)
            continue
        made = new or honest
        draft = Draft.of(made, event_id=made.id or "event-0", time=LATER, data=made.data, nonce=bytes(16))
        last = log.leaves[-1] if log.leaves else NO_HASH
        quoted = log.subjects.get(made.subject, NO_HASH) if subject is None else subject
        at = recorded_at or f"2026-11-23T00:00:{number:02d}.000000Z"
        log.add(draft.place(number, last if before is None else before, quoted, at), made.subject)
    return log


BROKEN_RULES: dict[str, tuple[Chain, int]] = {
    "a false prevhash": (forge(5, before=bytes([1] * 32)), 5),
    "a prevhash of nothing": (forge(5, before=NO_HASH), 5),
    "a prevhash before the first": (forge(0, before=bytes([1] * 32)), 0),
    "a false subjectprev": (forge(5, subject=bytes([1] * 32)), 5),
    "a subjectprev of nothing": (forge(5, subject=NO_HASH), 5),
    "a subjectprev where there is none": (forge(2, subject=bytes([1] * 32)), 2),
    "an id used before": (forge(5, new=event(5, id="event-3")), 5),
    "a claim taken before": (forge(7, new=event(7, claim="event-claim")), 7),
    "recorded before its predecessor": (forge(5, recorded_at="2026-11-23T00:00:03.999999Z"), 5),
    "another log's opening": (forge(0, new=replace(OPENED, data={"origin": "b.example/1"})), 0),
    "no opening": (forge(0, new=event(0)), 0),
}


@pytest.mark.parametrize(("log", "index"), BROKEN_RULES.values(), ids=BROKEN_RULES.keys())
def test_a_broken_rule_is_altered_even_if_the_tree_verifies(log: Chain, index: int) -> None:
    """What an honest sequencer never writes is refused at its index, whatever was signed over it."""
    if index == 7:
        log = chain_of(SIZE, lambda n: event(n, claim="event-claim" if n in (4, 7) else f"claim-{n}"))
    rows = [Row(i, raw, leaf) for i, (raw, leaf) in enumerate(zip(log.raws, log.leaves, strict=True))]
    assert fails(rows, notes=[log.note()], head=log.head()) == (Kind.ALTERED, index)


def test_an_unsigned_broken_link_is_blamed_on_the_side_that_changed() -> None:
    """Without a signature over it, one broken link speaks against the earlier entry, two against the one between."""
    log = forge(5, before=bytes([1] * 32))
    rows = [Row(i, raw, leaf) for i, (raw, leaf) in enumerate(zip(log.raws, log.leaves, strict=True))]
    assert fails(rows) == (Kind.ALTERED, 4)
    assert fails([*rows[:6], *put(row(6, ROWS[6].raw))[6:]]) == (Kind.ALTERED, 5)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_log() -> None:
    """Ten times the entries do not take twice the memory, also where every subject is another."""
    peaks = []
    for size in (4_000, 40_000):
        log = chain_of(size, lambda number: event(number, f"source/{number}"))

        def read(log: Chain = log) -> Iterator[Row]:
            for index in range(len(log.raws)):
                yield Row(index, log.raws[index], log.leaves[index])

        signed = {size: log.checkpoint().root}
        tracemalloc.start()
        with Scan(signed, {ORIGIN}, run=2048) as scan:
            scan.read(read())
            assert scan.consistent and scan.proven == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]
