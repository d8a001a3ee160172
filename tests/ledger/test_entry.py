"""Entries: spliced bytes are canonical, parsing is strict, commitments and ids are of their published form."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import encode
from ledger.entry import (
    NO_HASH,
    Draft,
    Entry,
    NewEvent,
    check_event,
    commitment,
    parse_sealed,
    sealed_member,
    unbase64,
    uuid7,
)
from ledger.errors import IntegrityError, Refused
from ledger.merkle import leaf_hash
from tests.ledger.test_canonical import KEYS, VALUES

NOW = "2026-11-23T12:00:00.000000Z"
TOKENS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,60}", fullmatch=True)
DATA = st.dictionaries(KEYS, VALUES, max_size=4).filter(lambda data: "sealed" not in str(data))
HASHES = st.binary(min_size=32, max_size=32)


@st.composite
def events(draw: st.DrawFn) -> NewEvent:
    claim = draw(st.none() | TOKENS)
    subject = draw(st.from_regex("[!-~]{1,60}", fullmatch=True))
    return NewEvent("x.happened.v1", subject, draw(TOKENS), draw(TOKENS), draw(DATA), claim=claim)


def placed(event: NewEvent, index: int = 0, prevhash: bytes = NO_HASH, subjectprev: bytes = NO_HASH) -> bytes:
    draft = Draft.of(event, event_id="id-1", time=NOW, data=event.data, nonce=bytes(16))
    return draft.place(index, prevhash, subjectprev, NOW)


@given(events(), st.integers(0, 2**62), HASHES, HASHES)
def test_what_is_placed_is_parsed_back(event: NewEvent, index: int, prevhash: bytes, subjectprev: bytes) -> None:
    """Every member comes back as it went in, and the leaf hash is that of the bytes."""
    raw = placed(event, index, prevhash, subjectprev)
    entry = Entry.parse(raw, index)
    assert (entry.index, entry.raw, entry.leaf_hash) == (index, raw, hashlib.sha256(b"\0" + raw).digest())
    assert (entry.prevhash, entry.subjectprev) == (prevhash, subjectprev)
    assert (entry.type, entry.subject, entry.source) == (event.type, event.subject, event.source)
    assert (entry.id, entry.actor, entry.claim, entry.data) == ("id-1", event.actor, event.claim, event.data)
    assert (entry.time, entry.recorded_at) == (NOW, NOW)


@given(events(), st.integers(0, 2**62), HASHES)
def test_spliced_bytes_are_canonical(event: NewEvent, index: int, prevhash: bytes) -> None:
    """Splicing gives what encoding the whole object would give, by another implementation too."""
    raw = placed(event, index, prevhash)
    members = json.loads(raw)
    assert encode(members) == raw
    assert json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == raw
    assert set(members) - {"claim"} == {
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data",
        "sequence", "prevhash", "subjectprev", "recordedtime", "actor", "nonce",
    }  # fmt: skip
    assert None not in members.values()
    assert members["sequence"] == f"{index:019d}"
    assert members["prevhash"] == base64.b64encode(prevhash).decode()


@given(events(), st.data())
def test_a_changed_bit_changes_the_leaf_or_is_refused(event: NewEvent, data: st.DataObject) -> None:
    """No one-bit change gives an entry that passes for the one written."""
    raw = placed(event)
    changed = bytearray(raw)
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    changed[bit // 8] ^= 1 << bit % 8
    with contextlib.suppress(IntegrityError):
        assert Entry.parse(bytes(changed), 0).leaf_hash != leaf_hash(raw)


def members() -> dict[str, Any]:
    event = NewEvent("x.happened.v1", "s/1", "cli", "p-1", {"a": 1}, claim="c")
    known: dict[str, Any] = json.loads(placed(event, 3))
    return known


def test_the_usual_entry_passes() -> None:
    """What the table below breaks is whole before."""
    assert Entry.parse(encode(members()), 3).claim == "c"


@pytest.mark.parametrize("name", sorted(members().keys() - {"claim"}))
@pytest.mark.parametrize("change", ["missing", "null", "number", "empty"])
def test_every_member_is_there_and_of_its_form(name: str, change: str) -> None:
    """None may be missing, null, a number or empty."""
    broken = members()
    if change == "missing":
        del broken[name]
    else:
        broken[name] = {"null": None, "number": 7, "empty": ""}[change]
    with pytest.raises(IntegrityError, match=r"^ALTERED at index 3"):
        Entry.parse(encode(broken), 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("extra", "x"),
        ("claim", None),
        ("claim", "a b"),
        ("claim", "x" * 256),
        ("specversion", "1.1"),
        ("datacontenttype", "text/plain"),
        ("id", "é"),
        ("source", "a b"),
        ("actor", "x" * 256),
        ("subject", "a b"),
        ("type", "happened"),
        ("sequence", "3"),
        ("sequence", "0000000000000000004"),
        ("sequence", "00000000000000000003"),
        ("time", "2026-11-23T12:00:00Z"),
        ("time", "2026-13-23T12:00:00.000000Z"),
        ("recordedtime", "2026-11-23 12:00:00.000000"),
        ("nonce", base64.b64encode(bytes(15)).decode()),
        ("nonce", base64.b64encode(bytes(16)).decode().rstrip("=")),
        ("prevhash", base64.b64encode(bytes(31)).decode()),
        ("subjectprev", base64.b64encode(bytes(33)).decode()),
        ("subjectprev", base64.b64encode(b"\xff" * 32).decode().replace("/", "_")),
        ("data", []),
        ("data", {"a": {"sealed": 1}}),
        ("data", {"a": {"sealed": {"c": "x", "k": "y"}}}),
        ("data", {"a": [{"sealed": {"c": base64.b64encode(bytes(32)).decode()}}]}),
        ("data", {"sealed": "x"}),
    ],
)
def test_members_of_another_form_are_refused(name: str, value: Any) -> None:
    """Unknown members, other versions, wrong lengths, other alphabets, half a seal."""
    with pytest.raises(IntegrityError, match=r"^ALTERED at index 3"):
        Entry.parse(encode(members() | {name: value}), 3)


@pytest.mark.parametrize("raw", [b"[]", b"1", b"{}", b"", b" " + encode(members())])
def test_bytes_that_are_no_entry_are_refused(raw: bytes) -> None:
    """Other JSON, none, or white space before it."""
    with pytest.raises(IntegrityError, match=r"^ALTERED at index 3"):
        Entry.parse(raw, 3)


def test_an_entry_has_at_most_65535_bytes() -> None:
    """The largest passes and is exactly that long; one byte more is refused before it reaches the log."""
    event = NewEvent("x.happened.v1", "s/1", "cli", "p-1", {"a": ""})
    free = 65_535 - len(placed(event))
    largest = NewEvent("x.happened.v1", "s/1", "cli", "p-1", {"a": "x" * free})
    assert len(placed(largest)) == 65_535
    assert Entry.parse(placed(largest), 0).data == largest.data
    with pytest.raises(Refused, match="65536 bytes"):
        placed(NewEvent("x.happened.v1", "s/1", "cli", "p-1", {"a": "x" * (free + 1)}))


def test_an_entry_is_at_most_32_deep() -> None:
    """The limit counts from the entry itself: its data may be 31 deep."""
    deep: dict[str, Any] = {"a": 1}
    for _ in range(30):
        deep = {"a": deep}
    assert Entry.parse(placed(NewEvent("x.happened.v1", "s", "cli", "p", deep)), 0).data == deep
    with pytest.raises(Refused, match="too deeply"):
        placed(NewEvent("x.happened.v1", "s", "cli", "p", {"a": deep}))


@pytest.mark.parametrize(
    ("member", "value", "good"),
    [
        ("source", "cli", True),
        ("source", "", False),
        ("source", None, False),
        ("actor", "p 1", False),
        ("id", None, True),
        ("id", "order/7", True),
        ("id", "", False),
        ("id", 7, False),
        ("claim", None, True),
        ("claim", "é", False),
        ("time", NOW, True),
        ("time", "2026-11-23", False),
        ("time", "2026-02-30T12:00:00.000000Z", False),
    ],
)
def test_the_strings_of_an_event_are_of_their_patterns(member: str, value: Any, good: bool) -> None:
    """Source, actor, id, claim and time as they are handed in."""
    usual = {"type": "x.happened.v1", "subject": "s", "source": "cli", "actor": "p", "data": {}}
    event = NewEvent(**(usual | {member: value}))
    if good:
        check_event(event)
    else:
        with pytest.raises(Refused, match=member):
            check_event(event)


def test_a_commitment_is_the_hash_of_the_published_array() -> None:
    """SHA-256 over the canonical array of LEDGER 2, computed here by hand."""
    array = [
        "qayd/sealed/v1",
        "o",
        "src",
        "id-1",
        "/data/name",
        base64.b64encode(bytes(32)).decode(),
        {"b": "زيد", "a": 1},
    ]
    spelled = json.dumps(array, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    made = commitment("o", "src", "id-1", "/data/name", bytes(32), {"b": "زيد", "a": 1})
    assert made == hashlib.sha256(spelled).digest()


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16))
def test_seals_are_read_as_written(seal: bytes, handle: bytes) -> None:
    """parse_sealed is the twin of sealed_member."""
    assert parse_sealed(sealed_member(seal, handle)) == (seal, handle)


@pytest.mark.parametrize(
    "member",
    [None, "x", {}, {"sealed": None}, {"sealed": {"c": "", "k": ""}}, {**sealed_member(bytes(32), bytes(16)), "x": 1}],
)
def test_other_members_are_no_seals(member: Any) -> None:
    """Exactly one member, exactly two parts, of exactly their lengths."""
    with pytest.raises(Refused):
        parse_sealed(member)


@pytest.mark.parametrize(
    "text", ["AAAA", "AAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAB==", "!AAA", "é", 5, None, "AA\nAA"]
)
def test_base64_has_one_spelling(text: Any) -> None:
    """Missing padding, stray bits, other characters and lengths are refused."""
    with pytest.raises(Refused):
        unbase64(text, 16)


def test_generated_ids_are_uuids_of_version_7() -> None:
    """The example of RFC 9562, appendix A.6: same time, same random bits, same text."""
    noise = (0xCC3 << 62 | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert uuid7("2022-02-22T19:22:22.000000Z", noise) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    assert uuid7("2026-01-01T00:00:00.000000Z", b"\xff" * 10) < uuid7("2026-01-01T00:00:00.001000Z", bytes(10))
