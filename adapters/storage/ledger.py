"""The kernel's view of the log: readers get verified entries only, writers all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from governance.ports import LedgerState, Precondition
from ledger.checkpoint import Verifier
from ledger.entry import Clock, Entry, NewEvent
from ledger.log import Log, Receipt
from ledger.log import Precondition as LogPrecondition
from ledger.verify import verify_stored


class HomeLedger:
    """Implements `governance.ports.Ledger` over a log. Verifies in full whenever the log has grown.

    `sign` is called after each append: what a command wrote is covered by a checkpoint even if it then runs for hours.
    """

    def __init__(self, log: Log, vkey: str, clock: Clock, sign: Callable[[], object]) -> None:
        self._log = log
        self._sign = sign
        self._verifier = Verifier.parse(vkey)
        self._clock = clock
        self._entries: tuple[Entry, ...] = ()
        self._state: LedgerState | None = None

    def append(self, events: Sequence[NewEvent], precondition: Precondition | None = None) -> Sequence[Receipt]:
        """Append all of `events` in order, or none (see the port)."""
        condition = None if precondition is None else LogPrecondition(precondition.as_of, precondition.keys)
        receipts = self._log.append_all(events, precondition=condition)
        self._sign()
        return receipts

    def entries(self) -> Sequence[Entry]:
        """All entries, each proven into `state()`."""
        self.state()
        return self._entries

    def state(self) -> LedgerState:
        """What a full verification found; done afresh when the log's size is another than last time."""
        if self._state is None or self._state.size != self._log.size():
            self._verify()
        assert self._state is not None  # noqa: S101 - set by _verify
        return self._state

    def _verify(self) -> None:
        entries: list[Entry] = []
        found = verify_stored(self._log, (self._verifier,), watch=entries.append)
        self._entries = tuple(entries)
        self._state = LedgerState(
            size=found.size,
            root=found.root,
            checkpoint_size=found.size - found.tail,
            verified_at=self._clock.now(),
            origin=self._log.origin,
            log_id=self._log.log_id,
        )
