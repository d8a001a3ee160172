"""`qayd retraining`: ask for a model to be trained again."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.doors import exits
from adapters.doors.frame import Call, command

HELP = "Ask for a model to be trained again."


def register(app: typer.Typer) -> None:
    """Add the verbs. The group stays a group although it has one verb."""
    app.callback()(lambda: None)
    command(app, "request")(retraining_request)


def retraining_request(
    call: Call,
    model: Annotated[str, typer.Argument(help="NAME or NAME@VERSION")],
    cause: Annotated[str | None, typer.Option("--cause", help="Index of the entry that asks for it")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept sealed")] = "",
) -> int:
    """Record that a model should be trained again; asking twice for one cause writes once."""
    from adapters.operations import monitoring

    done = monitoring.request_retraining(call.home, model, cause=cause, reason=reason)
    call.emit(done, f"{done['status']}, entry {done['index']}")
    return exits.ALLOW
