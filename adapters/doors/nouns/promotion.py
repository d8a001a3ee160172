"""`qayd promotion`: ask people, then act."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors.asking import ask
from adapters.doors.frame import Call, command

HELP = "Open a request for people to judge, and carry it out once they have."


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "request")(promotion_request)
    command(app, "run")(promotion_run)


def promotion_request(
    call: Call,
    model: Annotated[str, typer.Argument(help="NAME@VERSION")],
    target: Annotated[str, typer.Option("--target", help="Deployment to promote to")],
    config: Annotated[Path, typer.Option("--config", help="The deployment's configuration, JSON")],
    hours: Annotated[int, typer.Option("--hours", min=1, max=720, help="Hours until the request expires")] = 72,
) -> int:
    """Freeze what is to be approved and open a request. Only a pending (or allowed) gate can be put to people.

    Otherwise the decision is printed, and its outcome is the exit code, as with `gate check`.
    """
    from adapters.operations import promotions

    return ask(call, lambda: promotions.request(call.home, model, target, config, hours=hours))


def promotion_run(
    call: Call,
    reference: Annotated[str, typer.Argument(help="request/ID, or the subject of the open request")],
    config: Annotated[
        Path | None, typer.Option("--config", help="The configuration, when it is not where it was")
    ] = None,
) -> int:
    """Evaluate again, and promote only on the same binding with a quorum of people who did not make the thing."""
    from adapters.doors import explain
    from adapters.operations import promotions

    done = promotions.run(call.home, reference, config)
    call.emit(done.document(), *explain.decision_lines(done.decision), *done.lines())
    return done.exit_code
