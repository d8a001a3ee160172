"""Group commit: who comes during a commit shares the next one; errors and interruptions pass the turn on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from ledger.entry import Draft, NewEvent
from ledger.errors import LedgerError, StoreFault
from ledger.sequencer import Decided
from ledger.writer import BATCH_EVENTS, Writer
from ledger.writing import Prepared, Receipt, Submission

PREPARED = Prepared(NewEvent("x.happened.v1", "s", "c", "p", {}), "i", Draft(b"", b"", b""), frozenset(), ())


class Gate:
    """A commit that waits until it is let through, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.entered = threading.Event()
        self.free = threading.Event()

    def commit(self, batch: Sequence[Submission]) -> Sequence[Decided]:
        self.batches.append(len(batch))
        self.entered.set()
        assert self.free.wait(30)
        return [[Receipt("i", 1, b"", "appended") for _ in submission.prepared] for submission in batch]


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def submitted(pool: ThreadPoolExecutor, writer: Writer, count: int, events: int = 1) -> list[Future[Decided]]:
    before = len(writer._waiting)
    futures = [pool.submit(writer.submit, Submission([PREPARED] * events)) for _ in range(count)]
    wait_until(lambda: len(writer._waiting) == before + count)
    return futures


def test_those_who_wait_share_the_next_commit() -> None:
    """The first goes at once and alone; ten that come meanwhile are one batch."""
    gate = Gate()
    writer = Writer(gate.commit)
    with ThreadPoolExecutor(11) as pool:
        first = pool.submit(writer.submit, Submission([PREPARED]))
        assert gate.entered.wait(30)
        others = submitted(pool, writer, 10)
        gate.free.set()
        assert all(len(list(future.result(30) or ())) == 1 for future in [first, *others])  # type: ignore[arg-type]
    assert gate.batches == [1, 10]


def test_a_batch_has_an_end_and_whoever_is_left_leads_the_next() -> None:
    """Long submissions are not split; the batch after takes the rest."""
    gate = Gate()
    writer = Writer(gate.commit)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(writer.submit, Submission([PREPARED]))
        assert gate.entered.wait(30)
        others = submitted(pool, writer, 3, BATCH_EVENTS - 1)
        gate.free.set()
        for future in [first, *others]:
            future.result(30)
    assert gate.batches == [1, 2, 1]


def test_a_failed_commit_is_told_to_all_of_its_batch_and_to_no_other() -> None:
    """Everybody gets the fault; the next submission starts afresh."""
    gate = Gate()

    def commit(batch: Sequence[Submission]) -> Sequence[Decided]:
        gate.commit(batch)
        if len(batch) == 3:
            raise StoreFault("the disk is full")
        return [[] for _ in batch]

    writer = Writer(commit)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(writer.submit, Submission([PREPARED]))
        assert gate.entered.wait(30)
        others = submitted(pool, writer, 3)
        gate.free.set()
        assert first.result(30) == []
        assert [str(future.result(30)) for future in others] == ["the disk is full"] * 3
    assert writer.submit(Submission([PREPARED])) == []


def test_an_interrupted_leader_leaves_nobody_waiting() -> None:
    """The interruption reaches the leader; its batch is told to retry; the turn passes on."""
    gate = Gate()

    def commit(batch: Sequence[Submission]) -> Sequence[Decided]:
        gate.commit(batch)
        if gate.batches[-1] == 2:
            raise KeyboardInterrupt
        return [[] for _ in batch]

    writer = Writer(commit)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(writer.submit, Submission([PREPARED]))
        assert gate.entered.wait(30)
        others = submitted(pool, writer, 2)
        gate.free.set()
        assert first.result(30) == []
        ends = [future.exception(30) or future.result() for future in others]
    assert sorted(type(end).__name__ for end in ends) == ["KeyboardInterrupt", "StoreFault"]
    assert any("interrupted" in end.message and end.hint for end in ends if isinstance(end, LedgerError))
    assert writer.submit(Submission([PREPARED])) == []


class Interrupted(Writer):
    """Whoever leads is interrupted after it took the turn and before it commits."""

    def _lead(self) -> None:
        type(self)._lead = Writer._lead  # type: ignore[method-assign]
        raise KeyboardInterrupt


def test_a_leader_interrupted_before_its_commit_passes_the_turn_on() -> None:
    """Nothing was committed, and the next caller does not wait for ever."""
    batches: list[int] = []

    def commit(batch: Sequence[Submission]) -> Sequence[Decided]:
        batches.append(len(batch))
        return [[] for _ in batch]

    writer, first = Interrupted(commit), Submission([PREPARED])
    with pytest.raises(KeyboardInterrupt):
        writer.submit(first)
    assert isinstance(first.outcomes, StoreFault)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(writer.submit, Submission([PREPARED])).result(5) == []
    assert batches == [1]


def test_an_interrupted_caller_takes_its_submission_back() -> None:
    """Who stops waiting before a batch took the submission up has written nothing."""
    gate = Gate()
    writer = Writer(gate.commit)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.submit, Submission([PREPARED]))
        assert gate.entered.wait(30)

        def interrupt() -> None:
            wait_until(lambda: len(writer._waiting) == 1)
            os.kill(os.getpid(), signal.SIGINT)

        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            writer.submit(Submission([PREPARED]))
        assert not writer._waiting
        gate.free.set()
        first.result(30)
    assert gate.batches == [1]
