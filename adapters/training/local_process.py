"""Training as a process on this machine: `prepare` looks and starts nothing, `run` starts it and reports.

Between the two the caller appends `training.started.v1`, so that no run is without a record.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapters.datasets.digest import digest_file
from adapters.datasets.read import read_table
from adapters.datasets.table import Table
from adapters.datasets.write import write_table
from adapters.training.artifacts import Limits, Manifest, collect, digest_plain
from adapters.training.command import check_command, fill, find_program, find_script, placeholders
from adapters.training.environment import read_environment
from adapters.training.process import Children, Ended, Sink
from adapters.training.provenance import NONE, Provenance, read_code, read_machine
from adapters.training.report import Metric, RunReport, read_metrics
from governance.errors import InputError, ToolFault
from ledger.canonical import digest_of
from ledger.entry import Clock


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """One run to be: `command` with placeholders, run from `directory` under `environment` (the child sees no other).

    `data` is a CSV whose bytes must have `data_digest`; `label` is the column left out of `{score}`; `out` is created
    and must not hold anything. `lock_file`, where given, stands for the environment.
    """

    command: tuple[str, ...]
    data: Path
    data_digest: str
    out: Path
    seed: int
    directory: Path
    environment: Mapping[str, str]
    label: str | None = None
    lock_file: Path | None = None
    grace_seconds: float = 10.0
    timeout_seconds: float | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that can start: its program exists, its data are the registered ones, its provenance is known."""

    plan: TrainingPlan
    program: Path
    provenance: Provenance

    def document(self) -> dict[str, object]:
        """What is recorded before the run starts, as a canonical object."""
        return {
            "v": "qayd/training-plan/v1",
            "command": list(self.plan.command),
            "data_digest": self.plan.data_digest,
            "seed": self.plan.seed,
            "code": self.provenance.code.document(),
            "environment": self.provenance.environment.document(),
            "machine": self.provenance.machine.document(),
        }

    @property
    def digest(self) -> str:
        """The digest of `document`."""
        return digest_of(self.document())


def prepare(plan: TrainingPlan) -> Prepared:
    """Look at everything a run needs, and start nothing.

    Raises InputError (a command that cannot be, data that are not the registered ones, an output directory in use),
    ToolFault (program not found, environment unreadable).
    """
    command = check_command(plan.command)
    if "score" in placeholders(command) and plan.label is None:
        raise InputError("the command uses {score}, but the data set has no label column", "name it when registering")
    program = find_program(command[0], plan.directory, plan.environment)
    if plan.out.exists() and (not plan.out.is_dir() or any(plan.out.iterdir())):
        raise InputError("the output directory of the run is in use", "every run gets a fresh one")
    check_data(plan.data, plan.data_digest)
    provenance = Provenance(
        read_code(find_script(command, plan.directory), plan.directory, plan.environment),
        read_environment(command, plan.directory, plan.environment, plan.lock_file),
        read_machine(),
    )
    return Prepared(plan, program, provenance)


def check_data(data: Path, digest: str) -> None:
    """Raise InputError unless the file's bytes have the digest."""
    if digest_file(data).digest != digest:
        raise InputError(
            "the data file is not the one that was registered: its digest differs",
            "restore the file, or register it as a new version",
        )


def run(prepared: Prepared, *, clock: Clock, sink: Sink | None = None) -> RunReport:
    """Run to the end and report; a run that fails is a report too, with the child's exit code.

    Raises InputError when the data changed since `prepare`, ToolFault when the program cannot be started.
    """
    plan = prepared.plan
    check_data(plan.data, plan.data_digest)
    with _work(plan) as name:
        work = Path(name)
        argv = fill(plan.command, _values(plan, work))
        started_at, start = clock.now(), time.monotonic()
        with Children(plan.grace_seconds) as children:
            ended = children.run(
                argv,
                program=prepared.program,
                directory=plan.directory,
                environment=plan.environment,
                sink=sink,
                timeout_seconds=plan.timeout_seconds,
            )
        duration = round((time.monotonic() - start) * 1000)
        return _report(prepared, ended, work, started_at, clock.now(), duration)


def _work(plan: TrainingPlan) -> tempfile.TemporaryDirectory[str]:
    try:
        plan.out.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=".run-", dir=plan.out.parent)
    except OSError as error:
        raise ToolFault(
            f"the run's directories cannot be made: {error.strerror}", "check the disk and its permissions"
        ) from error


def _values(plan: TrainingPlan, work: Path) -> dict[str, str]:
    """What the placeholders stand for; writes the `{score}` file if the command wants it."""
    values = {
        "data": str(plan.data.absolute()),
        "out": str(plan.out.absolute()),
        "seed": str(plan.seed),
        "score": str((work / "score.csv").absolute()),
        "predictions": str((work / "predictions.csv").absolute()),
    }
    if "score" in placeholders(plan.command) and plan.label is not None:
        write_table(work / "score.csv", without(read_table(plan.data), plan.label))
    return values


def without(table: Table, label: str) -> Table:
    """The table less one column; raises InputError when it has no such column, or no other."""
    table.column(label)
    kept = [(name, cells) for name, cells in table.items() if name != label]
    if not kept:
        raise InputError("the data set has no column besides its label", "register the features too")
    return Table(tuple(name for name, _ in kept), tuple(cells for _, cells in kept), table.delimiter)


def _report(
    prepared: Prepared, ended: Ended, work: Path, started_at: str, ended_at: str, duration_ms: int
) -> RunReport:
    plan = prepared.plan
    manifest, metrics, note, predictions, fault = _results(plan, work) if ended.exit_code == 0 else _NOTHING
    return RunReport(
        command=plan.command,
        placeholders=placeholders(plan.command),
        data_digest=plan.data_digest,
        seed=plan.seed,
        provenance=prepared.provenance,
        metrics=metrics,
        metrics_note=note,
        artifacts=manifest,
        predictions=predictions,
        exit_code=ended.exit_code,
        signal=ended.signal,
        timed_out=ended.timed_out,
        started_at=started_at,
        ended_at=ended_at,
        duration_ms=duration_ms,
        fault=fault,
    )


_NOTHING: tuple[Manifest | None, tuple[Metric, ...], str, str, str] = (None, (), "", NONE, "")


def _results(plan: TrainingPlan, work: Path) -> tuple[Manifest | None, tuple[Metric, ...], str, str, str]:
    """Manifest, metrics with their note, digest of the predictions, and the fault if any of it cannot be relied on."""
    try:
        check_data(plan.data, plan.data_digest)
        manifest = collect(plan.out, plan.limits)
        predicted = work / "predictions.csv"
        predictions = digest_plain(predicted)[0] if os_exists(predicted) else NONE
    except (ToolFault, InputError) as error:
        return (None, (), "", NONE, error.message)
    metrics, note = read_metrics(plan.out)
    return (manifest if manifest.files else None, metrics, note, predictions, "")


def os_exists(path: Path) -> bool:
    """True when there is anything at `path`, a dangling link included."""
    return path.exists() or path.is_symlink()
