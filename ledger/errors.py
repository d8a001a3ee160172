"""What can go wrong in the ledger, each with a hint on what to do next."""

from __future__ import annotations

from enum import StrEnum


class LedgerError(Exception):
    """Base of every error the ledger raises on purpose.

    `message` says what happened to which thing; `hint` says what to do next. Neither ever holds personal data.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Refused(LedgerError):
    """The caller's input breaks a rule of the format; nothing was written."""


class Conflict(LedgerError):
    """A precondition no longer holds, or a claim is taken; nothing was written."""


class StoreFault(LedgerError):
    """The database or the disk did not do its part; nothing was acknowledged."""


class ClockFault(LedgerError):
    """The clock runs behind the last entry; writing stops until it is mended."""


class SignerFault(LedgerError):
    """The signer's key or state is missing, locked or unreadable."""


class SignerRefused(LedgerError):
    """The signer will not sign: the head is smaller than, or inconsistent with, what it signed before."""


class ProofInvalid(LedgerError):
    """An inclusion or consistency proof does not lead to the root it claims."""


class Withheld(LedgerError):
    """A sealed value exists but this holder has no key or disclosure for it."""


class Kind(StrEnum):
    """Classes of integrity failure (the first that applies is reported)."""

    UNTRUSTED_KEY = "UNTRUSTED KEY"
    FORKED = "FORKED"
    TRUNCATED = "TRUNCATED"
    MISSING = "MISSING"
    REORDERED = "REORDERED"
    ALTERED = "ALTERED"
    LOST = "LOST"


class IntegrityError(LedgerError):
    """What is stored or presented is not what was written: its class and the first index concerned."""

    def __init__(self, kind: Kind, message: str, index: int | None = None, hint: str = "") -> None:
        where = "" if index is None else f" at index {index}"
        super().__init__(f"{kind}{where}: {message}", hint)
        self.kind = kind
        self.index = index
