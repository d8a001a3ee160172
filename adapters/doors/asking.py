"""Putting something to people: the request that was opened, or the decision that says why none may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.doors import exits, explain, output
from adapters.doors.frame import Call
from governance.request import CannotOpen

if TYPE_CHECKING:
    from adapters.operations.promotions import Asked


def ask(call: Call, opening: Callable[[], Asked]) -> int:
    """Open a request and print it. Where none may be opened, print the decision; its outcome is the exit code."""
    try:
        opened = opening()
    except CannotOpen as error:
        decision = error.decision
        document = {"request": None, "status": "refused", "decision": decision.document()}
        call.emit(document, *explain.decision_lines(decision))
        output.note(f"qayd: {error.message}")
        return decision.outcome.exit_code
    call.emit(
        opened.document(),
        f"{opened.request}  {opened.status}  binding {opened.binding}",
        f"needs {opened.needs}; expires {opened.deadline}",
        f"next: qayd approval show {opened.request}",
    )
    return exits.ALLOW
