"""Checkpoints: one spelling, signed only by the log's own key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint, open_checkpoint, read_checkpoint, sign_checkpoint
from ledger.errors import IntegrityError, Refused
from ledger.merkle import MAX_SIZE
from ledger.note import SigningKey, sign_note
from tests.ledger.chain import KEY, KEYS, ORIGIN, OTHER_KEY

LINES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1)
CHECKPOINTS = st.builds(
    Checkpoint,
    LINES,
    st.integers(0, MAX_SIZE),
    st.binary(min_size=32, max_size=32),
    st.lists(LINES, max_size=3).map(tuple),
)
PLAIN = Checkpoint(ORIGIN, 20852163, bytes(32))


@given(CHECKPOINTS)
def test_checkpoints_are_read_as_they_are_written(checkpoint: Checkpoint) -> None:
    """Parse and text are twins, extension lines of other logs included."""
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


def test_the_text_is_that_of_the_specification() -> None:
    """Origin, decimal size, base64 root, each line ended."""
    assert PLAIN.text() == f"{ORIGIN}\n20852163\n{'A' * 43}=\n".encode()


ROOT = b"A" * 43 + b"=\n"
MALFORMED = {
    "nothing": b"",
    "two lines": b"origin\n1\n",
    "no final newline": b"origin\n1\n" + ROOT[:-1],
    "a leading zero": b"origin\n01\n" + ROOT,
    "a plus sign": b"origin\n+1\n" + ROOT,
    "a negative size": b"origin\n-1\n" + ROOT,
    "a size in other digits": "origin\n٣\n".encode() + ROOT,
    "no size": b"origin\n\n" + ROOT,
    "a size too large": b"origin\n9223372036854775808\n" + ROOT,
    "a size far too large": b"origin\n" + b"9" * 5000 + b"\n" + ROOT,
    "no origin": b"\n1\n" + ROOT,
    "a short root": b"origin\n1\nAAAA\n",
    "a root with stray bits": b"origin\n1\n" + b"A" * 42 + b"B=\n",
    "a carriage return": b"origin\r\n1\n" + ROOT,
    "an empty extension line": b"origin\n1\n" + ROOT + b"\nx\n",
    "not UTF-8": b"\xff\n1\n" + ROOT,
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_checkpoints_are_refused(text: bytes) -> None:
    """Anything else is refused, and a good signature over it does not make it better."""
    with pytest.raises(Refused):
        Checkpoint.parse(text)
    if text.startswith(b"origin") and text.endswith(b"\n") and b"\r" not in text:
        with pytest.raises(IntegrityError, match="no checkpoint"):
            open_checkpoint(sign_note(text, KEY), KEYS)


def test_a_signed_checkpoint_opens() -> None:
    """What the log's key signed, the log's key opens; reading it without a key gives the same."""
    note = sign_checkpoint(PLAIN, KEY)
    assert open_checkpoint(note, KEYS) == PLAIN == read_checkpoint(note)


def test_extension_lines_of_others_are_read() -> None:
    """Foreign checkpoints may carry further lines; they are kept."""
    foreign = Checkpoint(ORIGIN, 1, bytes(32), ("more", "lines"))
    assert open_checkpoint(sign_note(foreign.text(), KEY), KEYS) == foreign
    with pytest.raises(Refused, match="extension"):
        sign_checkpoint(foreign, KEY)


def test_a_key_signs_for_its_own_log_only() -> None:
    """Neither does it sign for another origin, nor is such a signature, made elsewhere, believed."""
    foreign = Checkpoint("other.example/log/1", 1, bytes(32))
    with pytest.raises(Refused, match="may not sign"):
        sign_checkpoint(foreign, KEY)
    witness = SigningKey("witness.example", bytes(32))
    for note in (sign_note(foreign.text(), KEY), sign_note(PLAIN.text(), witness)):
        with pytest.raises(IntegrityError, match="own key"):
            open_checkpoint(note, [*KEYS, witness.verifier])


def test_another_key_of_the_same_name_is_not_trusted() -> None:
    """A note by a key that only shares the name is by an unknown key."""
    with pytest.raises(IntegrityError, match="UNTRUSTED KEY"):
        open_checkpoint(sign_checkpoint(PLAIN, OTHER_KEY), KEYS)
