"""The contract of the ledger port: the simulated ledger is held against the real log."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.event import EVENT_TYPES
from governance.ports import (
    Clock,
    LedgerState,
    Precondition,
    Receipt,
)
from ledger import log as real_log
from ledger.entry import Entry, NewEvent
from ledger.errors import Conflict, IntegrityError, Kind, LedgerError, Refused, StoreFault
from ledger.log import Log
from ledger.note import SigningKey
from ledger.store import Store
from tests.simulator import LOG_ID, ORIGIN, Fault, MemoryLedger
from tests.world import World, digest_for


class Writable(Protocol):
    """The part of the ledger port in which the fake is held against the real log."""

    def append(self, events: Sequence[NewEvent], precondition: Precondition | None = None) -> Sequence[Receipt]: ...

    def entries(self) -> Sequence[Entry]: ...


@dataclass
class RealLedger:
    """The real log, as the port has it."""

    log: Log

    def append(self, events: Sequence[NewEvent], precondition: Precondition | None = None) -> Sequence[Receipt]:
        condition = None if precondition is None else real_log.Precondition(precondition.as_of, precondition.keys)
        return self.log.append_all(events, precondition=condition)

    def entries(self) -> Sequence[Entry]:
        return list(self.log.entries())


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Writable]:
    """A ledger with nothing but its beginning."""
    world = World()
    if request.param == "memory":
        yield world.ledger
        return
    with closing(_create(tmp_path, world.clock)) as log:
        yield RealLedger(log)


def _create(directory: Path, clock: Clock) -> Log:
    """A real log in a directory."""
    return Log.create(
        Store.create(f"sqlite:///{directory / 'ledger.db'}"),
        types=EVENT_TYPES,
        origin=ORIGIN,
        log_id=LOG_ID,
        vkey=SigningKey(ORIGIN, bytes(32)).verifier.vkey(),
        tenant={},
        officers=[],
        mode="play",
        clock=clock,
        random=random.Random(7).randbytes,
    )


def beat(counter: int = 1, **changes: Any) -> NewEvent:
    """A heartbeat."""
    usual: dict[str, Any] = {"subject": "app", "source": "sim", "actor": "app"}
    usual |= {"data": {"source": "app", "counter": counter}}
    return NewEvent(**({"type": "source.heartbeat.v1"} | usual | changes))


def test_appending_answers_with_the_entrys_place(ledger: Writable) -> None:
    """Receipts say id, index and leaf hash of what is then read back."""
    receipts = [ledger.append([beat(counter, id=f"e-{counter}")])[0] for counter in (1, 2)]
    entries = ledger.entries()
    assert [(r.id, r.index, r.leaf_hash, r.status) for r in receipts] == [
        (entry.id, entry.index, entry.leaf_hash, "appended") for entry in entries[1:]
    ]
    assert entries[2].prevhash == entries[1].leaf_hash == entries[2].subjectprev


def test_a_retry_is_present_and_another_content_is_refused(ledger: Writable) -> None:
    """The same id with the same content writes nothing, whatever the precondition; with another it is refused."""
    first = ledger.append([beat(id="e-1")])[0]
    again = ledger.append([beat(id="e-1")], Precondition(0, frozenset({"app"})))[0]
    assert (again.index, again.leaf_hash, again.status) == (first.index, first.leaf_hash, "present")
    with pytest.raises(Refused):
        ledger.append([beat(2, id="e-1")])
    assert len(ledger.entries()) == 2


def test_a_claim_is_held_once(ledger: Writable) -> None:
    """The second entry with a claim is a conflict."""
    ledger.append([beat(claim="used:request/1")])
    with pytest.raises(Conflict):
        ledger.append([beat(2, claim="used:request/1")])
    assert len(ledger.entries()) == 2


@pytest.mark.parametrize(
    ("as_of", "keys", "holds"),
    [
        (1, {"app"}, False),
        (2, {"app"}, True),
        (1, {"other"}, True),
        (0, {f"ledger/{LOG_ID}"}, False),
        (1, {"dataset/a@1"}, False),
        (1, set(), True),
    ],
)
def test_a_precondition_looks_at_later_entries_only(ledger: Writable, as_of: int, keys: set[str], holds: bool) -> None:
    """Conflict if an entry at or after `as_of` has one of the keys as its subject or touches it."""
    ledger.append([beat()])
    ghost = digest_for("x")
    scanned = {"source": "dataset/a@1", "source_digest": ghost, "digest": ghost, "report": ghost}
    scanned |= {"key_id": "k", "columns": 1}
    ledger.append([NewEvent("pii.transformed.v1", "dataset/b@1", "sim", "p-1", scanned)])
    precondition = Precondition(as_of, frozenset(keys))
    if holds:
        assert ledger.append([beat(2)], precondition)[0].index == 3
    else:
        with pytest.raises(Conflict):
            ledger.append([beat(2)], precondition)
        assert len(ledger.entries()) == 3


@pytest.mark.parametrize(
    "event",
    [
        beat(type="moon.rose.v1"),
        beat(subject="Not A Subject"),
        beat(data={"counter": 1}),
        beat(data={"source": "app", "counter": 1, "more": 1}),
        beat(id="two words"),
        beat(type="ledger.opened.v1"),
    ],
)
def test_what_breaks_its_type_is_refused(ledger: Writable, event: NewEvent) -> None:
    """Nothing is written then."""
    with pytest.raises(Refused):
        ledger.append([event])
    with pytest.raises(Refused):
        ledger.append([beat()], Precondition(99, frozenset({"app"})))
    assert len(ledger.entries()) == 1


ACTS = st.tuples(
    st.sampled_from(["e-1", "e-2", None]),
    st.integers(1, 2),
    st.sampled_from([None, "claim-1"]),
    st.sampled_from([None, 0, 1, 2]),
)


@settings(max_examples=15)
@given(st.lists(ACTS, max_size=8))
def test_the_fake_answers_as_the_real_log_does(acts: list[tuple[str | None, int, str | None, int | None]]) -> None:
    """After any appends, retries, claims and preconditions both say the same: statuses, indices, kinds of refusal."""
    world = World()
    with tempfile.TemporaryDirectory() as directory, closing(_create(Path(directory), world.clock)) as log:
        for number, counter, claim, as_of in acts:
            condition = None if as_of is None else Precondition(as_of, frozenset({"app"}))
            event = beat(counter, id=number, claim=claim)
            assert _answer(world.ledger, event, condition) == _answer(RealLedger(log), event, condition)
        assert world.ledger.state().size == log.size()


def _answer(ledger: Writable, event: NewEvent, condition: Precondition | None) -> tuple[str, int]:
    try:
        receipt = ledger.append([event], condition)[0]
    except LedgerError as error:
        return type(error).__name__, -1
    return receipt.status, receipt.index


@pytest.mark.parametrize("bad", [beat(id="e-2", data={}), beat(9, id="e-0"), beat(id="e-2", claim="claim-1")])
def test_of_a_list_all_is_written_or_nothing(ledger: Writable, bad: NewEvent) -> None:
    """One event that is refused, or whose claim is taken, keeps the others out; without it they go in, in order."""
    ledger.append([beat(id="e-0", claim="claim-1")])
    with pytest.raises((Refused, Conflict)):
        ledger.append([beat(id="e-1"), bad, beat(id="e-3")])
    assert [entry.id for entry in ledger.entries()[1:]] == ["e-0"]
    receipts = ledger.append([beat(id="e-0", claim="claim-1"), beat(id="e-1"), beat(id="e-3")])
    assert [(receipt.index, receipt.status) for receipt in receipts] == [
        (1, "present"),
        (2, "appended"),
        (3, "appended"),
    ]


def test_a_list_may_not_claim_the_same_thing_twice(ledger: Writable) -> None:
    """Two events of one list cannot both hold a claim."""
    with pytest.raises(Conflict):
        ledger.append([beat(id="e-1", claim="claim-1"), beat(id="e-2", claim="claim-1")])
    assert len(ledger.entries()) == 1


@pytest.mark.parametrize(("fault", "size"), [(Fault.BEFORE, 1), (Fault.AFTER, 2)])
def test_a_fault_leaves_it_open_and_a_retry_settles_it(fault: Fault, size: int) -> None:
    """Failed and not written, or failed but written: the caller sees the same, and the same ids make it right."""
    ledger = World().ledger
    ledger.faults.add(fault)
    with pytest.raises(StoreFault):
        ledger.append([beat(id="e-1")])
    assert len(ledger.entries()) == size
    assert ledger.append([beat(id="e-1")])[0].index == 1
    assert len(ledger.entries()) == 2


def _flip(ledger: MemoryLedger) -> None:
    ledger.rows[1] = ledger.rows[1].replace(b'"counter":1', b'"counter":9')


def _flip_last(ledger: MemoryLedger) -> None:
    ledger.rows[2] = ledger.rows[2].replace(b'"counter":2', b'"counter":9')


def _forge(ledger: MemoryLedger) -> None:
    _flip(ledger)
    del ledger.rows[2:]


def _cut(ledger: MemoryLedger) -> None:
    del ledger.rows[2:]


def _swap(ledger: MemoryLedger) -> None:
    ledger.rows[1], ledger.rows[2] = ledger.rows[2], ledger.rows[1]


@pytest.mark.parametrize(
    ("tamper", "kind", "index"),
    [
        (_flip, Kind.REORDERED, 2),
        (_forge, Kind.TRUNCATED, 2),
        (_cut, Kind.TRUNCATED, 2),
        (_swap, Kind.ALTERED, 1),
        (
            lambda ledger: ledger.rows.__setitem__(2, ledger.rows[2].replace(b'"counter":2', b'"counter":9')),
            Kind.ALTERED,
            0,
        ),
    ],
)
def test_readers_get_nothing_from_a_tampered_ledger(tamper: Any, kind: Kind, index: int) -> None:
    """Neither entries nor state: a changed byte, a cut tail and swapped entries are noticed."""
    ledger = World().ledger
    for counter in (1, 2):
        ledger.append([beat(counter)])
    tamper(ledger)
    for read in (ledger.entries, ledger.state):
        with pytest.raises(IntegrityError) as caught:
            read()
        assert (caught.value.kind, caught.value.index) == (kind, index)


def test_the_state_says_what_was_verified_and_signed() -> None:
    """Size, root, when, and how much a checkpoint covers."""
    world = World()
    world.ledger.append([beat()])
    world.ledger.sign()
    world.ledger.append([beat(2)])
    world.clock.advance(seconds=5)
    state = world.ledger.state()
    assert state == LedgerState(3, world.ledger.edge.root(), 2, world.clock.now(), ORIGIN, LOG_ID)


def test_time_never_runs_backwards_in_the_record() -> None:
    """A clock that falls behind does not take the record with it."""
    world = World()
    world.clock.advance(seconds=4)
    world.ledger.append([beat()])
    world.clock.advance(seconds=-2)
    world.ledger.append([beat(2)])
    first, second = world.ledger.entries()[1:]
    assert first.recorded_at == second.recorded_at
