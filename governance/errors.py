"""What can go wrong in governance, each with a hint on what to do next."""

from __future__ import annotations


class GovernanceError(Exception):
    """Base of every error the kernel raises on purpose.

    `message` says what happened to which thing; `hint` says what to do next. Neither ever holds personal data.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(GovernanceError):
    """The caller asked for something that cannot be: unknown subject, wrong digest, malformed document."""


class NotPermitted(GovernanceError):
    """The authenticated actor, or the state of the request, does not allow this."""


class PolicyFault(GovernanceError):
    """The policy engine gave no well-formed answer: unreachable, undefined, or it does not compile."""


class ToolFault(GovernanceError):
    """A tool or back end outside (training, measuring, serving) failed to do its part."""
