"""Canonical JSON has one form for each value, and decoding takes nothing but that form."""

from __future__ import annotations

import enum
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import MAX_INTEGER, decode, digest, digest_of, encode
from ledger.errors import Refused

KEYS = st.from_regex(r"[a-z0-9_]+", fullmatch=True)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5))


def plain(value: Any) -> bytes:
    """RFC 8785 for values without floats and with ASCII keys, by the standard library."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@given(VALUES)
def test_decoding_gives_back_what_was_encoded(value: Any) -> None:
    """decode(encode(x)) is x, types and all."""
    assert repr(decode(encode(value))) == repr(sorted_keys(value))


def sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


@given(VALUES)
def test_the_bytes_are_those_of_another_implementation(value: Any) -> None:
    """The standard library, told to sort and not to space, writes the same bytes."""
    assert encode(value) == plain(value)


@given(TEXT | st.text(st.characters(max_codepoint=0x2100, codec="utf-8")))
def test_strings_are_escaped_as_rfc_8785_says(text: str) -> None:
    """Control characters by the short escapes or as \\u00xx, everything else as itself."""
    assert encode(text) == plain(text)


@given(VALUES, st.data())
def test_a_changed_bit_is_refused_or_another_value(value: Any, data: st.DataObject) -> None:
    """No two byte sequences stand for one value."""
    raw = bytearray(encode(value))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    try:
        other = decode(bytes(raw))
    except Refused:
        return
    assert encode(other) == bytes(raw)
    assert repr(other) != repr(sorted_keys(value))


@given(st.binary(max_size=60))
def test_whatever_is_decoded_encodes_to_itself(raw: bytes) -> None:
    """Arbitrary bytes are refused or canonical."""
    try:
        value = decode(raw)
    except Refused:
        return
    assert encode(value) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" 1",
        b"1\n",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"A":1}',
        b'{"a-b":1}',
        b'{"":1}',
        b'{"\xc3\xa9":1}',
        b"1.0",
        b"1e2",
        b"-0",
        b"01",
        b"+1",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"18446744073709551616",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\\u000a"',
        b'"\\u001F"',
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"\xc0\x80"',
        b'"\x00"',
        b"\xef\xbb\xbf1",
        b"[1,]",
        b"[1] ",
        b"[1][2]",
        b"'a'",
        b"// a\n1",
        b"nul",
        b"[" * 5000,
        b"[" * 33 + b"]" * 33,
    ],
)
def test_other_spellings_are_refused(raw: bytes) -> None:
    """White space, order, duplicates, floats, big integers, needless escapes, broken Unicode."""
    with pytest.raises(Refused):
        decode(raw)


class Colour(enum.StrEnum):
    RED = "red"


class Count(enum.IntEnum):
    ONE = 1


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        10**30,
        b"raw",
        (1, 2),
        {1, 2},
        {1: 2},
        {"Key": 1},
        {"é": 1},
        {"": 1},
        {Colour.RED: 1},
        Colour.RED,
        Count.ONE,
        "\ud800",
        ["\udfff"],
        object(),
        CYCLE,
        nested(33),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_outside_the_form_are_refused(value: Any) -> None:
    """What canonical JSON cannot say is refused, not converted."""
    with pytest.raises(Refused):
        encode(value)


def test_depth_and_size_end_where_they_say() -> None:
    """32 levels and 65,535 bytes pass; one more is refused, by both directions."""
    assert decode(encode(nested(32))) == nested(32)
    assert encode(nested(2), max_depth=2) == b"[[1]]"
    with pytest.raises(Refused):
        encode(nested(3), max_depth=2)
    longest = "x" * 65_533
    assert decode(encode(longest)) == longest
    with pytest.raises(Refused):
        decode(encode(longest + "x"))
    with pytest.raises(Refused):
        encode(longest + "x", max_bytes=65_535)
    assert decode(encode(longest + "x"), max_bytes=65_536) == longest + "x"


def test_the_integers_end_where_they_say() -> None:
    """Both ends of the range pass."""
    assert decode(encode([MAX_INTEGER, -MAX_INTEGER, 0])) == [MAX_INTEGER, -MAX_INTEGER, 0]


def test_a_digest_names_its_bytes() -> None:
    """Known answer: SHA-256 of the two bytes `{}`."""
    known = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest(b"{}") == digest_of({}) == known
