"""`qayd monitor`: look at what a live model sees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits
from adapters.doors.frame import Call, command

HELP = "Check live deployments, window by window."


def register(app: typer.Typer) -> None:
    """Add the verbs. The group stays a group although it has one verb."""
    app.callback()(lambda: None)
    command(app, "check")(monitor_check)


def monitor_check(
    call: Call,
    target: Annotated[str, typer.Argument(help="Deployment name, such as retail-credit")],
    window: Annotated[Path, typer.Option("--window", help="CSV of what the model saw since the last check")],
) -> int:
    """Measure one window against the drift baseline; k of the last n breaching windows move it to its fallback.

    Exit code 0 when all is well, 1 when the deployment was moved to its fallback, 4 when nothing could be measured.
    """
    from adapters.operations import monitoring

    done = monitoring.check(call.home, target, window)
    call.emit(done.document(), *done.lines())
    if not done.measured:
        return exits.INSUFFICIENT
    return exits.DENY if done.acted else exits.ALLOW
