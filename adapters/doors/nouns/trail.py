"""`qayd trail`: the exported proof."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits
from adapters.doors.frame import Call, command

HELP = "Export a trail, and verify one offline."


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "export")(trail_export)
    command(app, "verify")(trail_verify)


def trail_export(
    call: Call,
    file: Annotated[Path, typer.Argument(help="Zip file to write; never overwritten")],
    subject: Annotated[
        str | None, typer.Option("--subject", help="Only what concerns this subject [default: everything]")
    ] = None,
) -> int:
    """Write entries, proofs, checkpoint and artifacts into one file that verifies offline."""
    from adapters.operations import trails

    done = trails.export(call.home, file, subject)
    call.emit(done.document(), *done.lines())
    return exits.ALLOW


def trail_verify(
    call: Call,
    file: Annotated[Path, typer.Argument(help="The trail")],
    key: Annotated[str, typer.Option("--key", help="Verifier key (vkey) you trust, from outside the trail")],
    checkpoint: Annotated[Path | None, typer.Option("--checkpoint", help="Older checkpoint kept outside")] = None,
) -> int:
    """Verify a trail offline: bytes and proofs first, then approvals, bindings, quorum, duties and claims.

    Needs no home, no database and no network. Exit code 5 names what is wrong and where.
    """
    from adapters.operations import trails

    done = trails.verify(file, key, checkpoint)
    call.emit(done.document(), *done.lines())
    return exits.ALLOW
