"""`qayd init` and `qayd demo`: the two commands that start from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "init")(init)
    command(app, "demo")(demo)


def init(
    call: Call,
    officer: Annotated[
        list[Path] | None, typer.Option("--officer", help="Public key of an officer; give two or more")
    ] = None,
    tenant: Annotated[Path | None, typer.Option("--tenant", help="Establishment facts, JSON")] = None,
    database: Annotated[
        str | None, typer.Option("--database", help="SQLAlchemy URL [default: SQLite in the home]")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="First part of the log's origin")] = "qayd.local",
) -> int:
    """Make a new ledger. Without officers: a play tenant with one fresh officer key, marked as play for ever."""
    from adapters.operations import start

    done = start.init(call.settings, officers=officer or (), tenant=tenant, database=database, host=host)
    if done.mode == "play":
        output.note("PLAY TENANT: one officer and no second pair of eyes. Real use wants")
        output.note("  qayd init --officer A.pub --officer B.pub --tenant tenant.json")
    call.emit(
        {
            "home": str(done.home),
            "origin": done.origin,
            "vkey": done.vkey,
            "mode": done.mode,
            "officers": list(done.officers),
        },
        f"home    {done.home}",
        f"origin  {done.origin}",
        f"key     {done.vkey}",
        *(f"officer {person}" for person in done.officers),
        "keep the key outside: it is what every later verification is held against",
    )
    return exits.ALLOW


def demo(
    call: Call,
    directory: Annotated[
        Path | None, typer.Option("--directory", help="Where to work; must not exist [default: qayd-demo, or -2, ...]")
    ] = None,
) -> int:
    """Show one promotion, end to end, on 1,000 real credit records: every line it runs is a public command."""
    from adapters.doors.demo.story import fresh, tell

    return tell((directory or fresh()).absolute(), as_json=call.as_json)
