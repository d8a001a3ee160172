"""`qayd ledger`: the ledger's own commands, for machines that append and people who verify."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command

HELP = "Append events, sign and export checkpoints, prove and verify."


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "append")(ledger_append)
    command(app, "verify")(ledger_verify)
    command(app, "checkpoint")(ledger_checkpoint)
    command(app, "key")(ledger_key)
    command(app, "export")(ledger_export)
    command(app, "prove")(ledger_prove)


def ledger_append(
    call: Call,
    file: Annotated[str, typer.Argument(help="JSON lines with type, subject, data, optional id and time; - for stdin")],
) -> int:
    """Append open events, one a line; prints one JSON answer a line once it is durable.

    A bad line is answered `refused` and does not stop the others; the exit code is then 2.
    """
    from adapters.operations import intake

    refused = False
    with intake.event_lines(file) as arriving:
        for answers in intake.append_lines(call.home, arriving):
            refused = refused or any(answer["status"] == "refused" for answer in answers)
            sys.stdout.buffer.write(b"".join(map(intake.answer_line, answers)))
            sys.stdout.buffer.flush()
    return exits.USAGE if refused else exits.ALLOW


def ledger_verify(
    call: Call,
    key: Annotated[str | None, typer.Option("--key", help="Verifier key (vkey) you trust, from outside")] = None,
    checkpoint: Annotated[Path | None, typer.Option("--checkpoint", help="Older checkpoint kept outside")] = None,
    static: Annotated[Path | None, typer.Option("--static", help="Verify an exported directory instead")] = None,
) -> int:
    """Verify every byte, the chain, the tree and the checkpoint; exit 5 names the class and the first index."""
    from adapters.operations import ledger

    result = ledger.verify(call, key, checkpoint, static)
    call.emit(result.document(), *result.lines())
    return exits.ALLOW


def ledger_checkpoint(
    call: Call, sign: Annotated[bool, typer.Option("--sign", help="Sign the present head first")] = False
) -> int:
    """Print the latest signed note."""
    from adapters.operations import ledger

    note = ledger.checkpoint(call.home, sign=sign)
    if call.as_json:
        call.emit({"checkpoint": note.decode("utf-8")})
    else:
        sys.stdout.write(note.decode("utf-8"))
    return exits.ALLOW


def ledger_key(call: Call) -> int:
    """Print the log's verifier key in vkey form; keep it outside, it is what you verify against."""
    vkey = call.home.config.vkey
    call.emit({"vkey": vkey}, vkey)
    return exits.ALLOW


def ledger_export(call: Call, directory: Annotated[Path, typer.Argument(help="Empty or earlier export")]) -> int:
    """Write the static tile form (C2SP tlog-tiles) for exactly the latest checkpoint's size."""
    from adapters.operations import ledger

    size = ledger.export(call.home, directory)
    call.emit({"directory": str(directory), "size": size}, f"exported {size} entries to {directory}")
    return exits.ALLOW


def ledger_prove(
    call: Call,
    index: Annotated[int, typer.Argument(min=0, help="Zero-based index of the entry")],
    out: Annotated[Path, typer.Option("--out", help="Directory for N.tlog-proof and N.json")] = Path(),
) -> int:
    """Write the receipt of one entry: its exact bytes and its proof into the latest checkpoint."""
    from adapters.operations import ledger

    files = ledger.prove(call.home, index, out)
    output.note("verify it with `qayd trail verify` on a trail, or any C2SP tlog-proof verifier")
    call.emit({"files": [str(f) for f in files]}, *(str(f) for f in files))
    return exits.ALLOW
