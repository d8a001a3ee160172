"""`qayd deployment`: what is live where, and the ways to stop it, resume it and go back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.asking import ask
from adapters.doors.frame import Call, command

HELP = "List, suspend, resume and roll back deployments."

Target = Annotated[str, typer.Argument(help="Deployment name, such as retail-credit")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept sealed")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "list")(deployment_list)
    command(app, "suspend")(deployment_suspend)
    command(app, "resume")(deployment_resume)
    command(app, "rollback")(deployment_rollback)


def deployment_list(call: Call) -> int:
    """List deployments: what the ledger says is live, and what the serving side has."""
    from adapters.operations import deployments

    rows = deployments.listing(call.home)
    cells = [(r["deployment"], r["state"], r["live"] or "-", r["serving"] or "-", r["fallback"] or "-") for r in rows]
    header = ("deployment", "state", "ledger says", "serving", "fallback")
    call.emit({"deployments": rows}, *output.table(cells, header))
    return exits.ALLOW


def deployment_suspend(call: Call, target: Target, reason: Reason = "") -> int:
    """Move a deployment to its registered fallback at once; no approval is needed to stop.

    A ledger that cannot be read does not delay a stop: requests are refused from then on, and the exit code (5 or 6)
    says what is wrong with the ledger.
    """
    from adapters.clock import SystemClock
    from adapters.operations import deployments
    from adapters.serving.local_store import LocalStore
    from adapters.storage.home import Layout

    serving = LocalStore(Layout(call.settings.home).models)
    done = deployments.stop(lambda: call.home, serving, target, reason=reason, now=SystemClock().now())
    call.emit(done.document(), *done.lines())
    if isinstance(done, deployments.Unrecorded):
        output.note(f"qayd: {done.error}")
        return exits.exit_code(done.error)
    return exits.ALLOW


def deployment_resume(
    call: Call,
    target: Target,
    cause: Annotated[str, typer.Option("--cause", help="Index of the entry that caused the stop, or `latest`")],
    config: Annotated[
        Path | None, typer.Option("--config", help="The configuration, when it is not where it was")
    ] = None,
    hours: Annotated[int, typer.Option("--hours", min=1, max=720, help="Hours until the request expires")] = 72,
) -> int:
    """Open a request to resume that cites the cause; people approve it like a promotion."""
    from adapters.operations import promotions

    return ask(call, lambda: promotions.request_resume(call.home, target, cause, config, hours=hours))


def deployment_rollback(
    call: Call,
    target: Target,
    to: Annotated[str | None, typer.Option("--to", help="NAME@VERSION [default: the version allowed before]")] = None,
    reason: Reason = "",
) -> int:
    """Go back to a version that was last allowed at this target; acts at once."""
    from adapters.operations import deployments

    done = deployments.rollback(call.home, target, to, reason=reason)
    call.emit(done.document(), *done.lines())
    return exits.ALLOW
