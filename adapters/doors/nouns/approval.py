"""`qayd approval`: what a person is asked, and their signed answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits
from adapters.doors.frame import Call, command

HELP = "Show what is to be signed, and take in signed answers."

Reference = Annotated[str, typer.Argument(help="request/ID, or the subject of the open request")]
Signature = Annotated[
    Path, typer.Option("--signature", help="SSH signature over the statement (namespace approval.v1@qayd)")
]
Statement = Annotated[
    Path, typer.Option("--statement", help="The statement that was signed, as `approval show` wrote it")
]
Reason = Annotated[
    Path | None, typer.Option("--reason-file", help="The reason.json that `approval show` wrote; kept sealed")
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "show")(approval_show)
    command(app, "grant")(approval_grant)
    command(app, "reject")(approval_reject)


def approval_show(
    call: Call,
    reference: Reference,
    role: Annotated[
        str | None, typer.Option("--role", help="Role to answer in [default: one you hold that is needed]")
    ] = None,
    answer: Annotated[str, typer.Option("--answer", help="approve or reject")] = "approve",
    reason: Annotated[
        str, typer.Option("--reason", help="Why; only its commitment is signed, the text is sealed")
    ] = "",
    out: Annotated[
        Path, typer.Option("--out", help="Directory for packet.json, statement.json and reason.json")
    ] = Path(),
) -> int:
    """Write the packet and the exact statement to sign, for the person whose key --identity names.

    Read the packet, then sign on your own machine: ssh-keygen -Y sign -f KEY -n approval.v1@qayd statement.json
    """
    from adapters.operations import approvals

    shown = approvals.show(call.home, reference, role=role, answer=answer, reason=reason, out=out)
    call.emit(shown.document(), *shown.lines())
    return exits.ALLOW


def approval_grant(
    call: Call, reference: Reference, signature: Signature, statement: Statement, reason: Reason = None
) -> int:
    """Record a signed yes. The signature, not the sender, says who approved."""
    return _answer(call, reference, "approve", signature, statement, reason)


def approval_reject(
    call: Call, reference: Reference, signature: Signature, statement: Statement, reason: Reason = None
) -> int:
    """Record a signed no; it sticks to what was asked."""
    return _answer(call, reference, "reject", signature, statement, reason)


def _answer(call: Call, reference: str, answer: str, signature: Path, statement: Path, reason: Path | None) -> int:
    from adapters.operations import approvals

    done = approvals.take(call.home, reference, answer, signature, statement, reason)
    call.emit(done.document(), *done.lines())
    return exits.ALLOW
