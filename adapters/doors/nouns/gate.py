"""`qayd gate`: ask whether a subject may pass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors.frame import Call, command
from governance.errors import InputError

HELP = "Ask a gate about a subject."


def register(app: typer.Typer) -> None:
    """Add the verbs. The group stays a group although it has one verb."""
    app.callback()(lambda: None)
    command(app, "check")(gate_check)


def gate_check(
    call: Call,
    gate: Annotated[str, typer.Argument(help="ingest, train, register, production or in_production")],
    subject: Annotated[str, typer.Argument(help="dataset/NAME@V, model/NAME@V or deployment/NAME")],
    target: Annotated[str, typer.Option("--target", help="Deployment the gate production is about")] = "",
    config: Annotated[Path | None, typer.Option("--config", help="The deployment's configuration, JSON")] = None,
    format: Annotated[str, typer.Option("--format", help="text or json")] = "text",
) -> int:
    """Evaluate the merits of a subject; records the decision and exits with its outcome's code.

    0 allow, 1 deny, 3 pending (needs people), 4 insufficient (evidence missing or stale), 5 integrity failure, 6 fault.
    """
    from adapters.doors import explain
    from adapters.operations import gates

    if format not in ("text", "json"):
        raise InputError(f"unknown format {format!r}", "use text or json")
    call.as_json = call.as_json or format == "json"
    decision = gates.check(call.home, gate, subject, target=target, config=config)
    call.emit(decision.document(), *explain.decision_lines(decision))
    return decision.outcome.exit_code
