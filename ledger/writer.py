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
        self._leader: Submission | None = None
        self._batch: list[Submission] = []

    def submit(self, submission: Submission) -> Decided:
        """Hand in a submission and wait until it is durable or refused.

        An error that concerns the whole submission is returned, not raised: several callers may share it.
        """
        with self._turn:
            self._waiting.append(submission)
        try:
            while self._leads(submission):
                self._lead()
        finally:
            if submission.outcomes is None or self._leader is submission:
                self._leave(submission)
        return _interrupted() if submission.outcomes is None else submission.outcomes

    def _leads(self, submission: Submission) -> bool:
        """Wait; True once it is this caller's turn to commit a batch, False once its own submission is decided."""
        with self._turn:
            while self._leader is not None and submission.outcomes is None:
                self._turn.wait()
            if submission.outcomes is not None:
                return False
            self._leader = submission
            events = 0
            while self._waiting and events < BATCH_EVENTS:
                self._batch.append(self._waiting.popleft())
                events += len(self._batch[-1].prepared)
            return True

    def _lead(self) -> None:
        """Commit the batch and tell its callers."""
        decided: Sequence[Decided]
        try:
            decided = self._commit(self._batch)
        except LedgerError as error:
            decided = [error] * len(self._batch)
        with self._turn:
            for submission, outcomes in zip(self._batch, decided, strict=True):
                submission.outcomes = outcomes
            self._pass_on()

    def _leave(self, submission: Submission) -> None:
        """What an interrupted caller leaves behind: its place in the queue, or a batch and the turn to commit."""
        with self._turn:
            if self._leader is submission:
                for member in self._batch:
                    if member.outcomes is None:
                        member.outcomes = _interrupted()
                self._pass_on()
            else:
                with suppress(ValueError):
                    self._waiting.remove(submission)

    def _pass_on(self) -> None:
        self._batch, self._leader = [], None
        self._turn.notify_all()


def _interrupted() -> StoreFault:
    return StoreFault("the write was interrupted", "send the same ids again, a retry is harmless")
