"""Group commit: threads that append at the same time share one transaction, and each is answered once it is durable.

There is no background thread. Whoever finds no commit in flight commits all that waits, at once; those who come
meanwhile wait for the next batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Condition
from typing import Final

from ledger.errors import LedgerError, StoreFault
from ledger.sequencer import Decided
from ledger.writing import Submission

BATCH_EVENTS: Final = 1024
"""A batch takes no further submission once it holds this many events; a submission is never split."""

Commit = Callable[[Sequence[Submission]], Sequence[Decided]]


class Writer:
    """Collects submissions of many threads into batches for `commit`, one at a time, in order of arrival."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._waiting: deque[Submission] = deque()
        self._turn = Condition()
        self._busy = False

    def submit(self, submission: Submission) -> Decided:
        """Hand in a submission and wait until it is durable or refused.

        An error that concerns the whole submission is returned, not raised: several callers may share it.
        """
        with self._turn:
            self._waiting.append(submission)
        try:
            while (batch := self._next(submission)) is not None:
                self._lead(batch)
        finally:
            if submission.outcomes is None:
                self._withdraw(submission)
        return _interrupted() if submission.outcomes is None else submission.outcomes

    def _next(self, submission: Submission) -> list[Submission] | None:
        """The batch this caller has to commit, once it is its turn; None once its own submission is decided."""
        with self._turn:
            while self._busy and submission.outcomes is None:
                self._turn.wait()
            if submission.outcomes is not None:
                return None
            self._busy = True
            batch: list[Submission] = []
            events = 0
            while self._waiting and events < BATCH_EVENTS:
                batch.append(self._waiting.popleft())
                events += len(batch[-1].prepared)
            return batch

    def _lead(self, batch: Sequence[Submission]) -> None:
        """Commit a batch and tell its callers; whatever happens, they are told and the turn passes on."""
        decided: Sequence[Decided] = [_interrupted()] * len(batch)
        try:
            decided = self._commit(batch)
        except LedgerError as error:
            decided = [error] * len(batch)
        finally:
            with self._turn:
                self._busy = False
                for submission, outcomes in zip(batch, decided, strict=True):
                    submission.outcomes = outcomes
                self._turn.notify_all()

    def _withdraw(self, submission: Submission) -> None:
        """Take back what no batch has taken up; its caller was interrupted while it waited."""
        with self._turn, suppress(ValueError):
            self._waiting.remove(submission)


def _interrupted() -> StoreFault:
    return StoreFault("the write was interrupted", "send the same ids again, a retry is harmless")
