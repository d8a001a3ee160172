"""`qayd report`: what people read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits
from adapters.doors.frame import Call, command

HELP = "Write reports, computed afresh from the ledger."


def register(app: typer.Typer) -> None:
    """Add the verbs. The group stays a group although it has one verb."""
    app.callback()(lambda: None)
    command(app, "dossier")(report_dossier)


def report_dossier(
    call: Call,
    model: Annotated[str, typer.Argument(help="NAME@VERSION")],
    out: Annotated[Path, typer.Option("--out", help="HTML file to write")],
) -> int:
    """Write the dossier of a model: data, training, evidence, decisions, approvals, deployments and proof."""
    from adapters.operations import reporting

    done = reporting.dossier(call.home, model, out)
    call.emit(done, f"{done['file']}  {done['digest']}")
    return exits.ALLOW
