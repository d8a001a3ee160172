"""`qayd decision`: what a gate answered, and whether it would answer so again."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.doors import exits
from adapters.doors.frame import Call, command
from adapters.settings import ENGINES
from governance.errors import InputError

HELP = "Show and replay decisions."

Reference = Annotated[str, typer.Argument(help="Decision id, or a subject for its latest decision")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "show")(decision_show)
    command(app, "replay")(decision_replay)


def decision_show(call: Call, reference: Reference) -> int:
    """Show a recorded decision with its findings."""
    from adapters.doors import explain
    from adapters.operations import gates

    decision = gates.find_decision(call.home, reference)
    call.emit(decision.document(), *explain.decision_lines(decision))
    return exits.ALLOW


def decision_replay(
    call: Call,
    reference: Reference,
    engine: Annotated[
        str | None, typer.Option("--engine", help="regorus or opa [default: the one that decided]")
    ] = None,
) -> int:
    """Evaluate a decision again from its stored input and bundle alone; exit 5 if the answer differs."""
    from adapters.operations import gates

    if engine is not None and engine not in ENGINES:
        raise InputError(f"unknown policy engine {engine!r}", f"use one of {', '.join(ENGINES)}")
    replayed = gates.replay(call.home, reference, engine)
    call.emit(replayed.document(), *replayed.lines())
    return exits.ALLOW if replayed.same else exits.INTEGRITY
