"""One table from error to exit code, shared by every door."""

from __future__ import annotations

from governance.errors import GovernanceError, InputError, NotPermitted, PolicyFault, ToolFault
from ledger.errors import (
    ClockFault,
    Conflict,
    IntegrityError,
    LedgerError,
    ProofInvalid,
    Refused,
    SignerFault,
    SignerRefused,
    StoreFault,
    Withheld,
)

ALLOW, DENY, USAGE, PENDING, INSUFFICIENT, INTEGRITY, FAULT = range(7)
"""Exit codes of every command (DESIGN 6)."""

TRAINING_FAULT = 125
"""`training run` passes the child's code through, so Qayd's own failures need another (as `env` and `timeout` do)."""

INTERRUPTED = 130
"""After Ctrl-C, as shells have it (128 + SIGINT)."""

_TABLE: tuple[tuple[type[Exception], int], ...] = (
    (IntegrityError, INTEGRITY),
    (ProofInvalid, INTEGRITY),
    (SignerRefused, INTEGRITY),
    (Refused, USAGE),
    (Conflict, USAGE),
    (Withheld, USAGE),
    (StoreFault, FAULT),
    (ClockFault, FAULT),
    (SignerFault, FAULT),
    (InputError, USAGE),
    (NotPermitted, USAGE),
    (PolicyFault, FAULT),
    (ToolFault, FAULT),
)


def exit_code(error: LedgerError | GovernanceError) -> int:
    """The exit code of an expected error; a subclass not in the table is a fault."""
    return next((code for kind, code in _TABLE if isinstance(error, kind)), FAULT)
