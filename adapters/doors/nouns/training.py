"""`qayd training`: any training command, wrapped so that what it did is on record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command

HELP = "Run training commands and record what they did."


def register(app: typer.Typer) -> None:
    """Add the verbs. The group stays a group although it has one verb."""
    app.callback()(lambda: None)
    command(app, "run")(training_run)


def training_run(
    call: Call,
    model: Annotated[str, typer.Argument(help="The model's name, such as credit")],
    dataset: Annotated[str, typer.Option("--dataset", help="Registered data set to train on")],
    arguments: Annotated[list[str], typer.Argument(metavar="-- COMMAND ...", help="The training command")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed handed to the command as {seed}")] = 0,
    file: Annotated[
        Path | None, typer.Option("--file", help="Where the data set's file is now, if it has moved")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Directory for the artifacts, fresh [default: in the home]")
    ] = None,
    lock: Annotated[
        Path | None, typer.Option("--lock", help="Lock file of the environment [default: what is installed]")
    ] = None,
    author: Annotated[
        list[str] | None, typer.Option("--author", help="Person who wrote the code [default: you]")
    ] = None,
    ungated: Annotated[
        bool, typer.Option("--ungated", help="Run even if the gate `train` does not allow; marked so")
    ] = False,
) -> int:
    """Run any training command on a registered data set and record code, environment, seeds, hardware and artifacts.

    In the command, {data} stands for the CSV to train on, {out} for the directory to write artifacts to, {seed} for
    the seed, {score} for a CSV of rows without label, and {predictions} for the CSV the command writes for them
    (header row,prediction or row,prediction,score). With the last two, evidence can be measured rather than declared.

    Exits with the command's own code, or 125 when Qayd itself could not run it, or cannot rely on what it left.
    """
    from adapters.operations import training

    done = training.run(
        call.home,
        model,
        dataset,
        arguments,
        training.RunOptions(seed=seed, file=file, out=out, lock=lock, authors=tuple(author or ()), ungated=ungated),
    )
    document = {
        "run": done.run,
        "exit_code": done.exit_code,
        "artifacts": done.artifacts,
        "out": str(done.out),
        "fault": done.fault,
    }
    lines = [f"{done.run}  exit code {done.exit_code}  {done.duration_ms} ms  {done.artifacts or 'no artifacts'}"]
    call.emit(document, *lines)
    if done.artifacts is not None:
        output.note(f"next: qayd model register {model.removeprefix('model/')} --run {done.run}")
    return exits.TRAINING_FAULT if done.fault else done.exit_code
