"""`qayd threshold`: what a model must reach, registered before anybody knows whether it does."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.doors import exits
from adapters.doors.frame import Call, command
from governance.errors import InputError

HELP = "Register what a model must reach, before training it."


def register(app: typer.Typer) -> None:
    """Add the verbs. The group stays a group although it has one verb."""
    app.callback()(lambda: None)
    command(app, "register")(threshold_register)


def threshold_register(
    call: Call,
    model: Annotated[str, typer.Argument(help="The model's name, such as credit")],
    dataset: Annotated[str, typer.Option("--dataset", help="Data set it will be measured on")],
    minimum: Annotated[
        list[str] | None, typer.Option("--min", help="METRIC=VALUE it must reach, such as accuracy=0.70")
    ] = None,
    maximum: Annotated[list[str] | None, typer.Option("--max", help="METRIC=VALUE it must stay under")] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, max=50, help="Folds of the out-of-fold measurement")] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the folds")] = 0,
) -> int:
    """Fix metric, limit, method, seed and data for a model's later versions."""
    from adapters.operations import training

    items = [_item(text, "min") for text in minimum or ()] + [_item(text, "max") for text in maximum or ()]
    index = training.register_thresholds(call.home, model, dataset, items, folds=folds, seed=seed)
    call.emit(
        {"model": f"model/{model.removeprefix('model/')}", "items": items, "index": index}, f"registered, entry {index}"
    )
    return exits.ALLOW


def _item(text: str, bound: str) -> dict[str, str]:
    metric, sign, value = text.partition("=")
    if not (metric and sign and value):
        raise InputError(f"{text!r} is not METRIC=VALUE", "write, for instance, --min accuracy=0.70")
    return {"metric": metric, "bound": bound, "value": value}
