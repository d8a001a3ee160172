"""Receipts: two files and a key are enough, and every change of either is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import IntegrityError, Kind, Refused
from ledger.receipt import MAX_PROOF_BYTES, InclusionProof, prove, verify_receipt
from tests.ledger.chain import KEYS, OTHER_KEY, chain_of, flip

LOG = chain_of(20)
NOTE = LOG.note(17)
PROOFS = prove(LOG, range(17), NOTE)
PROOF = PROOFS[5].format()
RAW = LOG.raws[5]


@given(st.integers(0, 16))
def test_every_receipt_verifies(index: int) -> None:
    """For each entry the checkpoint covers, the receipt gives back entry and checkpoint."""
    entry, checkpoint = verify_receipt(PROOFS[index].format(), LOG.raws[index], KEYS)
    assert (entry.index, entry.raw, checkpoint) == (index, LOG.raws[index], LOG.checkpoint(17))
    assert InclusionProof.parse(PROOFS[index].format()) == PROOFS[index]


def test_the_form_is_that_of_the_specification() -> None:
    """Header, index, hashes, an empty line, and the note as it is."""
    lines = PROOF.decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert lines[7] == "" and "\n".join(lines[8:]).encode() == NOTE


def test_entries_past_the_checkpoint_have_no_receipt() -> None:
    """Only what is signed is proven."""
    with pytest.raises(Refused, match="no index 17"):
        prove(LOG, [17], NOTE)
    with pytest.raises(Refused, match="end before"):
        prove(chain_of(9), [5], NOTE)


@given(st.data())
def test_every_changed_bit_is_refused(data: st.DataObject) -> None:
    """One bit of either file; nothing but the classes of integrity is raised."""
    place = data.draw(st.integers(0, len(PROOF) + len(RAW) - 1))
    both = flip(PROOF + RAW, place, data.draw(st.integers(0, 7)))
    with pytest.raises(IntegrityError) as caught:
        verify_receipt(both[: len(PROOF)], both[len(PROOF) :], KEYS)
    assert caught.value.kind in (Kind.ALTERED, Kind.UNTRUSTED_KEY)


def test_a_receipt_of_another_entry_or_log_is_refused() -> None:
    """Proof and entry belong together, and the key decides whose checkpoint counts."""
    with pytest.raises(IntegrityError, match="ALTERED at index 5"):
        verify_receipt(PROOF, LOG.raws[6], KEYS)
    with pytest.raises(IntegrityError, match="ALTERED at index 6"):
        verify_receipt(PROOFS[6].format(), RAW, KEYS)
    with pytest.raises(IntegrityError, match="does not lead to the root"):
        verify_receipt(InclusionProof(5, PROOFS[6].path, NOTE).format(), RAW, KEYS)
    with pytest.raises(IntegrityError, match="UNTRUSTED KEY"):
        verify_receipt(PROOF, RAW, [OTHER_KEY.verifier])


HEAD, _, _ = PROOF.partition(b"\n\n")
MALFORMED = {
    "nothing": b"",
    "no empty line": HEAD,
    "one line": b"c2sp.org/tlog-proof@v1\n\n" + NOTE,
    "another version": PROOF.replace(b"@v1", b"@v2"),
    "extra data": PROOF.replace(b"\nindex", b"\nextra AAAA\nindex"),
    "an index with a leading zero": PROOF.replace(b"index 5", b"index 05"),
    "an index in words": PROOF.replace(b"index 5", b"index five"),
    "an index without its word": PROOF.replace(b"index 5", b"5"),
    "an index far too large": PROOF.replace(b"index 5", b"index " + b"9" * 20),
    "an index too large": PROOF.replace(b"index 5", b"index 9999999999999999999"),
    "a short hash": PROOF.replace(b"index 5\n", b"index 5\nAAAA\n"),
    "no base64": PROOF.replace(b"index 5\n", b"index 5\n!\n"),
    "too many hashes": PROOF.replace(b"index 5\n", b"index 5\n" + (b"A" * 43 + b"=\n") * 64),
    "carriage returns": PROOF.replace(b"\n", b"\r\n"),
    "not ASCII": PROOF.replace(b"index 5", "index ٥".encode()),
    "no note": HEAD + b"\n\n",
    "too long": PROOF + b"x" * MAX_PROOF_BYTES,
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_proofs_are_refused(raw: bytes) -> None:
    """What `format` would not write is not read."""
    with pytest.raises(Refused):
        InclusionProof.parse(raw)
    with pytest.raises(IntegrityError, match="ALTERED"):
        verify_receipt(raw, RAW, KEYS)


@pytest.mark.parametrize(
    "make",
    [
        lambda: InclusionProof(-1, (), NOTE),
        lambda: InclusionProof(0, (b"x",), NOTE),
        lambda: InclusionProof(0, (bytes(32),) * 64, NOTE),
        lambda: InclusionProof(0, (), b"no note"),
    ],
    ids=["negative index", "short hash", "long path", "no note"],
)
def test_impossible_proofs_cannot_be_made(make: Callable[[], object]) -> None:
    """A value of the class can always be written and read back."""
    with pytest.raises(Refused):
        make()
