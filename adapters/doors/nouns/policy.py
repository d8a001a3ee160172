"""`qayd policy`: the rules themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command

HELP = "Test the policy bundle."


def register(app: typer.Typer) -> None:
    """Add the verbs. The group stays a group although it has one verb."""
    app.callback()(lambda: None)
    command(app, "test")(policy_test)


def policy_test(
    call: Call,
    engine: Annotated[
        str | None, typer.Option("--engine", help="regorus or opa [default: the home's, else regorus]")
    ] = None,
) -> int:
    """Run the bundle's own tests; needs no home."""
    from adapters.operations import policies

    results = policies.run_tests(call.settings, engine)
    failed = [r for r in results if not r["passed"]]
    lines = [f"FAIL  {r['package']}.{r['name']}" for r in failed]
    call.emit(
        {"tests": results, "failed": len(failed)}, *lines, f"{len(results) - len(failed)} passed, {len(failed)} failed"
    )
    if not results:
        output.note("the bundle has no tests")
    return exits.DENY if failed or not results else exits.ALLOW
