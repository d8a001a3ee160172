"""The log's contract, on both databases: entry 0, order, chains, times, refusals, reading back, signing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from ledger.blobs import Blobs
from ledger.checkpoint import open_checkpoint
from ledger.entry import NO_HASH, NewEvent
from ledger.errors import ClockFault, Refused, SignerRefused, StoreFault
from ledger.keys import Signer, create_signer
from ledger.log import Log, Receipt, Refusal
from ledger.merkle import root
from ledger.schema import EventType, EventTypes
from ledger.store import Store
from tests.ledger.logs import (
    HEARTBEAT,
    LINKED,
    LOG_ID,
    ORIGIN,
    START,
    TYPES,
    VKEY,
    SetClock,
    create_log,
    heartbeat,
    note,
    secret,
    stamp,
)


def reopened(url: str, clock: SetClock) -> Log:
    return Log.open(Store.open(url), types=TYPES, clock=clock, random=random.Random(8).randbytes)


def test_entry_0_says_what_the_log_is(log: Log) -> None:
    """Format, origin, id, key, schema digest, officers, tenant; nothing before it."""
    opened = log.entry(0)
    assert (opened.type, opened.subject, opened.index) == ("ledger.opened.v1", f"ledger/{LOG_ID}", 0)
    assert (opened.prevhash, opened.subjectprev, opened.recorded_at) == (NO_HASH, NO_HASH, stamp(START))
    assert opened.data == {
        "format": "qayd-ledger/1",
        "origin": ORIGIN,
        "log_id": LOG_ID,
        "vkey": VKEY,
        "retention": "standard",
        "witness_required": False,
        "event_schema": TYPES.digest(),
        "officers": [],
        "tenant": {"sector": "bank"},
        "mode": "play",
        "previous": None,
    }
    assert (log.size(), log.origin, log.log_id) == (1, ORIGIN, LOG_ID)


def test_the_event_types_are_kept_as_the_blob_entry_0_names(store: Store, tmp_path: Path) -> None:
    """With blobs at hand, the schema digest leads to the document."""
    blobs = Blobs(tmp_path / "blobs", bytes(32))
    log = create_log(store, blobs=blobs)
    assert blobs.get(log.entry(0).data["event_schema"]) == TYPES.document()


def test_a_store_holds_one_log(store: Store, log: Log) -> None:
    """A second beginning is refused and changes nothing."""
    before = log.head()
    with pytest.raises(Refused, match="already holds a log"):
        create_log(store)
    assert log.head() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"vkey": VKEY.replace("localhost", "elsewhere")},
        {"vkey": "localhost"},
        {"origin": "elsewhere/1"},
        {"log_id": "ab"},
        {"mode": "test"},
        {"tenant": {"name": "free text"}},
        {"officers": [{"name": "naïve"}]},
    ],
)
def test_a_log_with_a_malformed_charter_is_not_begun(store: Store, wrong: dict[str, Any]) -> None:
    """Key and origin belong together, ids and modes are of their form, no free text; nothing is half-written."""
    with pytest.raises(Refused):
        create_log(store, **wrong)
    assert create_log(store).size() == 1


def test_a_store_without_a_log_is_not_opened(store: Store) -> None:
    """The hint says what to run first."""
    with pytest.raises(StoreFault, match="no log") as fault:
        Log.open(store, types=TYPES, clock=SetClock(), random=random.randbytes)
    assert "qayd init" in fault.value.hint


def test_what_is_appended_is_read_back(log: Log, url: str, clock: SetClock) -> None:
    """In order, by this process and by another that opens the store later."""
    receipts = [log.append(heartbeat(counter, id=f"h{counter}")) for counter in range(3)]
    assert [(r.id, r.index, r.status) for r in receipts] == [(f"h{n}", n + 1, "appended") for n in range(3)]
    again = reopened(url, clock)
    entries = list(again.entries())
    assert [entry.data for entry in entries[1:]] == [{"source": "app", "counter": n} for n in range(3)]
    assert [entry.leaf_hash for entry in entries[1:]] == [receipt.leaf_hash for receipt in receipts]
    assert [entry.raw for entry in entries] == list(log.raw(0, 4))
    assert again.append(heartbeat(4)).index == 4
    again.close()


def test_entries_are_chained_in_the_log_and_in_their_subject(log: Log) -> None:
    """prevhash is the entry before; subjectprev the last of the same subject, also within one batch."""
    log.append_many([heartbeat(n, name=name) for n, name in enumerate(["a", "b", "a", "a"])])
    log.append(heartbeat(9, name="b"))
    zero, a1, b1, a2, a3, b2 = log.entries()
    assert [e.prevhash for e in (a1, b1, a2, a3, b2)] == [e.leaf_hash for e in (zero, a1, b1, a2, a3)]
    assert [e.subjectprev for e in (a1, b1, a2, a3, b2)] == [
        NO_HASH, NO_HASH, a1.leaf_hash, a2.leaf_hash, b1.leaf_hash,
    ]  # fmt: skip


def test_touching_a_thing_is_not_being_about_it(log: Log) -> None:
    """subjectprev follows subjects only, not touched keys."""
    linked = NewEvent(LINKED, "thing/a", "cli", "p-1", {"to": "thing/b"})
    log.append(linked)
    log.append(note("b"))
    assert log.entry(2).subjectprev == NO_HASH


def test_the_head_is_the_root_over_all_leaves(log: Log) -> None:
    """The right edge in the head row gives the RFC 6962 root at every size."""
    for count in (1, 2, 5, 1):
        log.append_many([heartbeat(n) for n in range(count)])
        size = log.size()
        assert log.head() == (size, root(log.leaf_hashes(0, size)))


def test_events_get_ids_times_and_nonces_of_their_own(log: Log) -> None:
    """Ids are UUIDv7, times the moment of writing, no two nonces alike."""
    first, second = log.append(heartbeat()), log.append(heartbeat())
    assert first.id != second.id and first.id[14] == "7"
    entry = log.entry(first.index)
    assert (entry.id, entry.time, entry.recorded_at) == (first.id, stamp(START), stamp(START))
    assert b'"nonce":"' in entry.raw and entry.leaf_hash != log.entry(second.index).leaf_hash


def test_a_time_that_is_given_is_kept(log: Log) -> None:
    """`time` is the source's claim; what the ledger vouches for is recordedtime."""
    log.append(heartbeat(time="1999-01-01T00:00:00.000000Z"))
    assert (log.entry(1).time, log.entry(1).recorded_at) == ("1999-01-01T00:00:00.000000Z", stamp(START))


def test_recorded_times_never_decrease(log: Log, clock: SetClock) -> None:
    """A clock a little behind repeats the last time; more than five seconds behind stops writing."""
    clock.move(10)
    log.append(heartbeat(1))
    last = log.entry(1).recorded_at
    clock.move(-5)
    log.append(heartbeat(2))
    assert log.entry(2).recorded_at == last
    clock.move(-0.000001)
    with pytest.raises(ClockFault, match="more than 5 s before"):
        log.append(heartbeat(3))
    with pytest.raises(ClockFault):
        log.append_many([heartbeat(3)])
    assert log.size() == 3
    clock.move(6)
    log.append(heartbeat(3))
    assert log.entry(3).recorded_at > last


def test_a_clock_that_tells_no_time_stops_writing(store: Store) -> None:
    """A malformed time is a fault of the clock, before anything is written."""

    class Broken:
        def now(self) -> str:
            return "noon"

    with pytest.raises(ClockFault):
        create_log(store, clock=Broken())
    create_log(store)
    log = Log.open(store, types=TYPES, clock=Broken(), random=random.randbytes)
    with pytest.raises(ClockFault):
        log.append(heartbeat())


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (heartbeat(type="source.silent.v1"), "unknown event type"),
        (heartbeat(type="ledger.opened.v1"), "written by the ledger itself"),
        (heartbeat(type="ledger.closed.v1"), "written by the ledger itself"),
        (heartbeat(subject="app"), "subject is not of its form"),
        (heartbeat(subject="source/" + "x" * 300), "subject is not of its form"),
        (heartbeat(data={"source": "app"}), "field counter is missing"),
        (heartbeat(data={"source": "app", "counter": 1, "x": 1}), "undeclared field x"),
        (heartbeat(source="two words"), "source is not a token"),
        (heartbeat(id=""), "id is not a token"),
        (heartbeat(time="today"), "time is not of the form"),
        (note(data={"report": "x"}), "field report"),
        (note(data={"words": "bare"}), "field words"),
    ],
)
def test_an_event_that_breaks_a_rule_is_refused(log: Log, event: NewEvent, reason: str) -> None:
    """The reason names the rule; nothing is written."""
    with pytest.raises(Refused, match=reason):
        log.append(event)
    assert log.size() == 1


def test_no_type_lets_a_subject_have_spaces(store: Store) -> None:
    """Whatever the type's own pattern says, a subject is printable ASCII without a space."""
    types = EventTypes([EventType("x.happened.v1", {}, ".*")])
    log = create_log(store, types=types)
    for subject in ("two words", "naïve", "", "a\nb"):
        with pytest.raises(Refused, match="subject is not of its form"):
            log.append(NewEvent("x.happened.v1", subject, "cli", "p-1", {}))
    log.append(NewEvent("x.happened.v1", 'a"b\\c', "cli", "p-1", {}))
    assert log.entry(1).subject == 'a"b\\c'


def test_a_bad_event_does_not_stop_the_others(log: Log) -> None:
    """Outcomes come in the order of the events; the accepted ones are one transaction."""
    outcomes = log.append_many([heartbeat(1, id="a"), heartbeat(2, id="b", subject="x"), heartbeat(3, id="c")])
    assert [type(outcome) for outcome in outcomes] == [Receipt, Refusal, Receipt]
    refusal = outcomes[1]
    assert isinstance(refusal, Refusal) and refusal.id == "b" and "subject" in refusal.reason and refusal.hint
    assert [entry.id for entry in log.entries(1)] == ["a", "c"]
    assert log.append_many([]) == []
    assert [type(outcome) for outcome in log.append_many([heartbeat(subject="x")])] == [Refusal]


def test_a_call_takes_at_most_4096_events(sqlite_log: Log) -> None:
    """More are refused as a whole; 4,096 are one batch."""
    with pytest.raises(Refused, match="at most 4096"):
        sqlite_log.append_many([heartbeat()] * 4097)
    assert sqlite_log.size() == 1
    assert len(sqlite_log.append_many([heartbeat()] * 4096)) == 4096
    assert sqlite_log.size() == 4097
    assert len(list(sqlite_log.entries(100, 3000))) == 2900


def test_a_door_for_strangers_takes_open_types_only(log: Log) -> None:
    """With open_only, governed types are refused and say so."""
    with pytest.raises(Refused, match="not an open type"):
        log.append(note(), open_only=True)
    outcomes = log.append_many([note(), heartbeat()], open_only=True)
    assert [type(outcome) for outcome in outcomes] == [Refusal, Receipt]
    assert log.append(note()).index == 2


def test_sealed_fields_need_the_vault(store: Store) -> None:
    """A log opened without its vault writes no sealed field."""
    log = create_log(store)
    with pytest.raises(Refused, match="without its vault"):
        log.append(note(data={"words": secret()}))
    assert log.append(note()).index == 1


def test_an_index_beyond_the_end_is_refused(log: Log) -> None:
    """Indices count from 0 to the size less one."""
    for index in (-1, 1, 10**18):
        with pytest.raises(Refused, match="no index"):
            log.entry(index)
    assert list(log.entries(5)) == [] and list(log.rows(1)) == [] and list(log.raw(0, 0)) == []


def test_the_rows_carry_the_columns_that_repeat_the_bytes(log: Log) -> None:
    """What fsck re-derives: id, source, subject, claim beside bytes and leaf hash."""
    log.append(heartbeat(claim="once", id="a"))
    row = list(log.rows())[1]
    entry = log.entry(1)
    assert (row.index, row.raw, row.leaf_hash) == (1, entry.raw, entry.leaf_hash)
    assert row.columns == {"id": "a", "source": "cli", "subject": "source/app", "claim": "once"}
    assert all(getattr(entry, name) == value for name, value in row.columns.items())


def signed_log(store: Store, directory: Path) -> tuple[Log, Signer]:
    verifier = create_signer(directory / "key", directory / "state", ORIGIN)
    return create_log(store, vkey=verifier.vkey()), Signer.open(directory / "key", directory / "state")


def test_a_head_is_signed_and_kept(store: Store, tmp_path: Path) -> None:
    """The note covers size and root; it is the latest one afterwards; the same head gives the same note."""
    log, signer = signed_log(store, tmp_path)
    assert log.notes() is None
    for more in (0, 1, 6, 0):
        log.append_many([heartbeat(n) for n in range(more)])
        note = log.sign(signer)
        checkpoint = open_checkpoint(note, [signer.verifier])
        assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, *log.head())
        assert log.notes() == note == log.sign(signer)


def test_signing_goes_on_after_a_note_was_not_kept(store: Store, tmp_path: Path) -> None:
    """A signer that signed a head whose note never reached the database proves from the leaves instead."""
    log, signer = signed_log(store, tmp_path)
    log.append_many([heartbeat(n) for n in range(4)])
    signer.sign_next(lambda last: (open_checkpoint_of(log), log._proof(last, log.size())))
    log.append_many([heartbeat(n) for n in range(3)])
    assert open_checkpoint(log.sign(signer), [signer.verifier]).size == 8


def test_a_signer_put_back_to_an_older_state_does_not_sign(store: Store, tmp_path: Path) -> None:
    """The log's own kept checkpoint shows that the signer once knew more."""
    log, signer = signed_log(store, tmp_path)
    log.sign(signer)
    older = (tmp_path / "state").read_bytes()
    log.append(heartbeat(1))
    note = log.sign(signer)
    (tmp_path / "state").write_bytes(older)
    with pytest.raises(SignerRefused, match="keeps a checkpoint of 2 entries, the signer remembers 1"):
        log.sign(Signer.open(tmp_path / "key", tmp_path / "state"))
    assert log.notes() == note


def open_checkpoint_of(log: Log) -> Any:
    from ledger.checkpoint import Checkpoint

    return Checkpoint(log.origin, *log.head())


def test_a_rolled_back_log_is_not_signed(tmp_path: Path) -> None:
    """The signer remembers a larger head than a restored database has."""
    store = Store.create(f"sqlite:///{tmp_path}/a.db")
    log, signer = signed_log(store, tmp_path)
    log.append(heartbeat())
    log.sign(signer)
    older = Store.create(f"sqlite:///{tmp_path}/b.db")
    with pytest.raises(SignerRefused):
        create_log(older, vkey=signer.verifier.vkey()).sign(signer)


def test_a_note_with_more_signatures_takes_the_place_of_the_first(log: Log) -> None:
    """save_note keeps bytes as they are, one for each size, and the largest size is the latest."""
    log.append(heartbeat())
    for size, content in ((2, b"two"), (1, b"one"), (2, b"two, cosigned")):
        log.save_note(size, content)
    assert log.notes() == b"two, cosigned"


def test_every_type_of_test_event_can_be_written(log: Log) -> None:
    """All shapes pass the whole way: public, digest, sealed, touched."""
    data = {"words": secret(), "more": secret({"k": [1, "x"]}, "p-8"), "report": "sha256:" + "0" * 64, "level": 3}
    log.append(note(data=data))
    log.append(NewEvent(LINKED, "thing/a", "cli", "p-1", {"to": "thing/b", "many": ["x", "y"]}))
    assert log.entry(1).data["level"] == 3 and set(log.entry(1).data["words"]) == {"sealed"}
    assert b"a word" not in log.entry(1).raw
    assert log.append(heartbeat(type=HEARTBEAT)).index == 3
