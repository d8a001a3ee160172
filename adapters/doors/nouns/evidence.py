"""`qayd evidence`: dated measurements of a model, bound to its digest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command

HELP = "Measure, attach and list evidence."

KINDS = ("performance", "fairness", "drift", "all")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "measure")(evidence_measure)
    command(app, "attach")(evidence_attach)
    command(app, "list")(evidence_list)


def evidence_measure(
    call: Call,
    kind: Annotated[str, typer.Argument(help="performance, fairness, drift (the baseline) or all")],
    model: Annotated[str, typer.Argument(help="NAME@VERSION")],
    file: Annotated[
        Path | None, typer.Option("--file", help="Where the data set's file is now, if it has moved")
    ] = None,
    window: Annotated[
        int, typer.Option("--window", min=20, help="Rows of a later window, for the drift baseline")
    ] = 200,
) -> int:
    """Measure a model: Qayd runs the recorded training command itself, on data whose labels it holds back.

    Exit code 4 when something could not be measured; the reason is printed.
    """
    from adapters.operations import evidence

    results = evidence.measure(call.home, kind, model, file=file, window=window)
    lines = [line for result in results for line in result.lines()]
    call.emit({"evidence": [result.document() for result in results]}, *lines)
    return exits.ALLOW if all(result.measured for result in results) else exits.INSUFFICIENT


def evidence_attach(
    call: Call,
    kind: Annotated[str, typer.Argument(help="performance, fairness or drift")],
    model: Annotated[str, typer.Argument(help="NAME@VERSION")],
    file: Annotated[Path, typer.Option("--file", help="A measurement document made elsewhere, as JSON")],
) -> int:
    """Attach a measurement made elsewhere. It counts as declared, never as measured."""
    from adapters.operations import evidence

    index = evidence.attach(call.home, kind, model, file)
    call.emit({"index": index, "state": "declared"}, f"declared, entry {index}")
    return exits.ALLOW


def evidence_list(
    call: Call, subject: Annotated[str, typer.Argument(help="model NAME@VERSION, or a deployment")]
) -> int:
    """List what is on record about a subject, newest last."""
    from adapters.operations import evidence

    rows = evidence.listing(call.home, subject)
    cells = [(r["kind"], r["state"], str(r["n"]), r["recorded_at"], r["content"][:19]) for r in rows]
    call.emit({"evidence": rows}, *output.table(cells, ("kind", "state", "n", "recorded at", "content")))
    return exits.ALLOW
