"""`qayd model`: versions of models, by the digest of their artifacts."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command

HELP = "Register, classify and show model versions."


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "register")(model_register)
    command(app, "confirm")(model_confirm)
    command(app, "show")(model_show)


def model_register(
    call: Call,
    name: Annotated[str, typer.Argument(help="The model's name, such as credit")],
    run: Annotated[str | None, typer.Option("--run", help="The training run [default: the model's latest]")] = None,
    tier: Annotated[str, typer.Option("--tier", help="low, medium or high; counts once confirmed")] = "high",
    decides_on_people: Annotated[bool, typer.Option(help="Whether it decides about people")] = True,
    intended_use: Annotated[str, typer.Option("--intended-use", help="What it is for; kept sealed")] = "",
) -> int:
    """Register the artifacts of a training run as the model's next version."""
    from adapters.operations import models

    done = models.register(
        call.home, name, run, tier=tier, decides_on_people=decides_on_people, intended_use=intended_use
    )
    call.emit(
        {"subject": done.subject, "digest": done.digest, "index": done.index, "status": done.status},
        f"{done.subject}  {done.digest}  {done.status}",
    )
    return exits.ALLOW


def model_confirm(
    call: Call,
    name: Annotated[str, typer.Argument(help="NAME@VERSION")],
    tier: Annotated[str, typer.Option("--tier", help="low, medium or high")] = "high",
    decides_on_people: Annotated[bool, typer.Option(help="Whether it decides about people")] = True,
) -> int:
    """Confirm a model's classification; only somebody who did not make it can."""
    from adapters.operations import models

    index = models.confirm(call.home, name, tier=tier, decides_on_people=decides_on_people)
    call.emit({"index": index}, f"confirmed, entry {index}")
    return exits.ALLOW


def model_show(
    call: Call, name: Annotated[str | None, typer.Argument(help="NAME or NAME@VERSION; all if absent")] = None
) -> int:
    """Show one model version with its lineage, or list all."""
    from adapters.operations import models

    if name:
        document = models.describe(call.home, models.find(call.home, name))
        call.emit(document, *(f"{key}: {value}" for key, value in document.items()))
        return exits.ALLOW
    rows = [models.describe(call.home, model) for model in call.home.catalog().models.values()]
    cells = [(r["subject"], r["digest"][:19], r["tier"], r["run"], ",".join(r["live_at"]) or "-") for r in rows]
    call.emit({"models": rows}, *output.table(cells, ("model", "digest", "tier", "run", "live at")))
    return exits.ALLOW
