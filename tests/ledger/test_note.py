"""Signed notes and keys: strict twins, and the rules on whose signature counts."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import IntegrityError, Kind, Refused
from ledger.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    Signature,
    SigningKey,
    Verifier,
    decode_base64,
    encode_base64,
    open_note,
    sign_note,
)
from tests.ledger.chain import flip

ONE = SigningKey("one.example/log", bytes(32))
TWO = SigningKey("two.example/witness", bytes([7] * 32))
TEXT = b"a line\n\nanother line\n"
# The public example key and note of the documentation of golang.org/x/mod/sumdb/note.
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), blacklist_characters="+"), min_size=1
)
SEEDS = st.binary(min_size=32, max_size=32)


def test_the_published_note_opens() -> None:
    """A note made by another implementation verifies with its published key."""
    verifier = Verifier.parse(PUBLISHED_KEY)
    text, signed = open_note(PUBLISHED_NOTE, [verifier])
    assert text.startswith(b"If you think") and signed == (verifier,)


@given(NAMES, SEEDS)
def test_keys_are_read_as_they_are_written(name: str, seed: bytes) -> None:
    """Private and public key lines are twins of their values."""
    key = SigningKey(name, seed)
    assert SigningKey.parse(key.format()) == key
    assert Verifier.parse(key.verifier.vkey()) == key.verifier


def test_a_private_key_does_not_show_itself() -> None:
    """Printing a key, as a traceback might, does not print its seed."""
    assert repr(ONE) == "SigningKey(name='one.example/log')"


BAD_KEYS = {
    "nothing": "",
    "two fields": "name+00000000",
    "another algorithm": "name+00000000+" + base64.b64encode(b"\x04" + bytes(32)).decode(),
    "a short key": "name+00000000+" + base64.b64encode(b"\x01" + bytes(31)).decode(),
    "a false key id": ONE.verifier.vkey().replace(ONE.verifier.key_id.hex(), "00000000"),
    "upper-case hex": PUBLISHED_KEY.replace("c74f20a3", "C74F20A3"),
    "another name": PUBLISHED_KEY.replace("Peter", "Petra"),
    "a space in the name": PUBLISHED_KEY.replace("PeterN", "Peter N"),
    "a trailing newline": PUBLISHED_KEY + "\n",
    "a letter that is not ASCII": PUBLISHED_KEY[:-1] + "é",
    "a key id that is not hex": PUBLISHED_KEY.replace("c74f20a3", "c74f20a3 "),
}


@pytest.mark.parametrize("line", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_other_verifier_keys_are_refused(line: str) -> None:
    """What is not the one spelling of an Ed25519 vkey is refused."""
    with pytest.raises(Refused):
        Verifier.parse(line)


@pytest.mark.parametrize(
    "line", ["", PUBLISHED_KEY, ONE.format() + "\n", ONE.format().replace("example", "sample")], ids=range(4)
)
def test_other_private_keys_are_refused(line: str) -> None:
    """What is not the one spelling of a private key line is refused."""
    with pytest.raises(Refused):
        SigningKey.parse(line)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Verifier("", bytes(32)),
        lambda: Verifier("a", bytes(31)),
        lambda: SigningKey("a", b""),
        lambda: SigningKey("a+b", bytes(32)),
    ],
    ids=["no name", "short public key", "no seed", "plus in the name"],
)
def test_impossible_keys_cannot_be_made(make: Callable[[], object]) -> None:
    """A key always has a proper name and 32 bytes."""
    with pytest.raises(Refused):
        make()


@given(st.binary(max_size=80))
def test_base64_has_one_spelling(raw: bytes) -> None:
    """Decoding undoes encoding, and the alphabet of URLs, missing padding and stray bits are refused."""
    text = encode_base64(raw)
    assert decode_base64(text) == raw
    for other in (text + "=", text + "\n", " " + text, text.rstrip("=") if text.endswith("=") else text[:-1]):
        if other != text:
            with pytest.raises(Refused):
                decode_base64(other)


def test_stray_bits_in_base64_are_refused() -> None:
    """`AB==` and `AA==` stand for the same byte in lax decoders; only one is canonical."""
    with pytest.raises(Refused):
        decode_base64("AB==")


def test_notes_are_read_as_they_are_written() -> None:
    """A note is a twin of its bytes, empty lines in the text included."""
    raw = sign_note(TEXT, ONE, TWO)
    note = Note.parse(raw)
    assert note.text == TEXT and note.format() == raw
    assert [signature.name for signature in note.signatures] == [ONE.name, TWO.name]


@given(st.data())
def test_every_changed_byte_of_a_note_is_refused(data: st.DataObject) -> None:
    """One bit flipped anywhere in a note signed by one key: it no longer opens."""
    raw = sign_note(TEXT, ONE)
    place, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    with pytest.raises(IntegrityError) as caught:
        open_note(flip(raw, place, bit), [ONE.verifier])
    assert caught.value.kind is Kind.UNTRUSTED_KEY


LINE = ONE.sign(TEXT).format().encode()
MALFORMED = {
    "no empty line": TEXT.replace(b"\n\n", b"\n") + LINE,
    "no signature": TEXT + b"\n",
    "no final newline": TEXT + b"\n" + LINE[:-1],
    "two final newlines": TEXT + b"\n" + LINE + b"\n",
    "carriage returns": (TEXT + b"\n" + LINE).replace(b"\n", b"\r\n"),
    "a tab": b"a\tb\n\n" + LINE,
    "not UTF-8": b"\xff\n\n" + LINE,
    "a hyphen for the dash": TEXT + b"\n" + LINE.replace("—".encode(), b"-"),
    "two spaces": TEXT + b"\n" + LINE.replace(b" ", b"  ", 1),
    "something after the signature": TEXT + b"\n" + LINE[:-1] + b" x\n",
    "no base64": TEXT + b"\n" + "— name\n".encode(),
    "no name": TEXT + b"\n" + "—  AAAAAAA=\n".encode(),
    "a plus in the name": TEXT + b"\n" + "— a+b AAAAAAA=\n".encode(),
    "a signature of four bytes": TEXT + b"\n" + "— name AAAAAA==\n".encode(),
    "base64 with stray bits": TEXT + b"\n" + "— name AAAAAAB=\n".encode(),
    "too many signatures": TEXT + b"\n" + LINE * (MAX_SIGNATURES + 1),
    "too long": b"x" * MAX_NOTE_BYTES + b"\n\n" + LINE,
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_notes_are_refused(raw: bytes) -> None:
    """What no signer writes is not read: Refused from the parser, UNTRUSTED KEY from the verifier."""
    with pytest.raises(Refused):
        Note.parse(raw)
    with pytest.raises(IntegrityError) as caught:
        open_note(raw, [ONE.verifier])
    assert caught.value.kind is Kind.UNTRUSTED_KEY


def test_a_text_without_final_newline_is_not_signed() -> None:
    """Only what can be read back is written."""
    with pytest.raises(Refused):
        sign_note(b"no newline", ONE)


def decoy(number: int) -> bytes:
    """A signature line by an unknown key."""
    return Signature(f"decoy-{number}", b"abcd", b"x").format().encode()


def test_unknown_signatures_are_ignored() -> None:
    """Up to the limit, signatures by keys that are not trusted do no harm, also if only the name or the id is known."""
    same_name = Signature(ONE.name, b"\0\0\0\0", b"x").format().encode()
    same_id = Signature("stranger", ONE.verifier.key_id, b"x").format().encode()
    raw = TEXT + b"\n" + same_name + same_id + b"".join(map(decoy, range(MAX_SIGNATURES - 3))) + LINE
    assert open_note(raw, [ONE.verifier]) == (TEXT, (ONE.verifier,))


def test_without_a_trusted_signature_nothing_opens() -> None:
    """A perfectly signed note by somebody else is worth nothing."""
    with pytest.raises(IntegrityError, match="UNTRUSTED KEY"):
        open_note(sign_note(TEXT, TWO), [ONE.verifier])
    with pytest.raises(IntegrityError, match="UNTRUSTED KEY"):
        open_note(sign_note(TEXT, TWO), [])


@pytest.mark.parametrize("first", [True, False])
def test_a_failing_signature_by_a_trusted_key_spoils_the_note(first: bool) -> None:
    """Even beside a good one, of the same key or another, a false signature by a trusted key is refused."""
    false = Signature(ONE.name, ONE.verifier.key_id, bytes(64)).format().encode()
    for good in (LINE, TWO.sign(TEXT).format().encode()):
        lines = false + good if first else good + false
        with pytest.raises(IntegrityError, match="does not fit"):
            open_note(TEXT + b"\n" + lines, [ONE.verifier, TWO.verifier])


def test_a_repeated_key_counts_once() -> None:
    """Two signatures by one key are one signer, in the order of the trusted keys."""
    raw = sign_note(TEXT, TWO, ONE, ONE)
    assert open_note(raw, [ONE.verifier, TWO.verifier])[1] == (ONE.verifier, TWO.verifier)


def test_keys_that_cannot_be_told_apart_are_refused() -> None:
    """Two trusted keys with one name and key id (a forged collision) would make a signature ambiguous."""

    class Twin(Verifier):
        @property
        def key_id(self) -> bytes:
            return ONE.verifier.key_id

    with pytest.raises(Refused, match="share"):
        open_note(sign_note(TEXT, ONE), [ONE.verifier, Twin(ONE.name, bytes(32))])
