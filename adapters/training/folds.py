"""Out-of-fold prediction: the recorded command is run once per fold, so that every row is predicted by a model that
never saw it, and the labels stay with the measurer.

Fold `k` trains on all rows whose fold is not `k` and predicts the others without their label. Rows are dealt to folds
class by class in an order fixed by SHA-256 of seed and row number, the same on every machine.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from adapters.datasets.read import read_table
from adapters.datasets.table import Table
from adapters.datasets.write import write_table
from adapters.training.artifacts import digest_plain
from adapters.training.command import check_command, fill, find_program, find_script, placeholders
from adapters.training.local_process import without
from adapters.training.predictions import Predictions, read_predictions
from adapters.training.process import Children, Sink
from governance.errors import InputError, ToolFault

METHOD: Final = "out-of-fold/v1"
MAX_CLASSES: Final = 100

Progress: TypeAlias = Callable[[int, int], object]
"""Called with the folds done and the folds in all, from the caller's thread."""


@dataclass(frozen=True, slots=True)
class FoldPlan:
    """A measurement to be: the run's recorded `command`, the registered data, and how to split them.

    `script` is the digest the run recorded for its script ("none" or "" when it had none): another script is not the
    one that made the model, and is not run. `work` is a directory for temporary files, removed afterwards.
    """

    command: tuple[str, ...]
    data: Path
    data_digest: str
    label: str
    work: Path
    directory: Path
    environment: Mapping[str, str]
    folds: int = 10
    script: str = ""
    parallel: int = 2
    timeout_seconds: float = 3600.0
    grace_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Each row's label and the prediction of a model that never saw it, in the order of the data."""

    data_digest: str
    table: Table
    labels: tuple[str, ...]
    predictions: tuple[str, ...]
    scores: tuple[float, ...] | None
    folds: int
    seed: int

    @property
    def digest(self) -> str:
        """SHA-256 over data digest, folds, seed and every prediction: equal only for equal results."""
        state = hashlib.sha256(f"{METHOD}\n{self.data_digest}\n{self.folds}\n{self.seed}\n".encode())
        scores = self.scores if self.scores is not None else (None,) * len(self.predictions)
        for name, score in zip(self.predictions, scores, strict=True):
            state.update(f"{len(name)}:{name},{'' if score is None else score.hex()}\n".encode())
        return f"sha256:{state.hexdigest()}"


@dataclass(frozen=True, slots=True)
class Unpredicted:
    """Why there are no predictions to measure on; holds no cell values."""

    reason: str


def assign_folds(labels: Sequence[str], folds: int, seed: int) -> list[int]:
    """The fold (0 to folds - 1) of each row: sizes differ by one at most, each class is spread evenly."""
    order = sorted(range(len(labels)), key=lambda row: (labels[row], _draw(seed, row)))
    fold_of = [0] * len(labels)
    for position, row in enumerate(order):
        fold_of[row] = position % folds
    return fold_of


def _draw(seed: int, row: int) -> bytes:
    return hashlib.sha256(f"{METHOD}:{seed}:{row}".encode()).digest()


def out_of_fold(
    plan: FoldPlan, seed: int, *, progress: Progress | None = None, sink: Sink | None = None
) -> OutOfFold | Unpredicted:
    """Predict every row of the data by the recorded command, fold by fold; `seed` splits the rows and fills `{seed}`.

    The result depends on the plan and the seed only, as far as the command itself does. Raises InputError when the data
    are not the registered ones or lack the label, ToolFault when the program is gone or we are told to stop.
    """
    command = check_command(plan.command)
    missing = {"data", "score", "predictions"} - set(placeholders(command))
    if missing:
        return Unpredicted(
            f"the recorded command has no {{{min(missing)}}}: it cannot be asked to predict rows it has not seen"
        )
    script = find_script(command, plan.directory)
    if plan.script not in ("", "none") and (script is None or digest_plain(script.resolve())[0] != plan.script):
        return Unpredicted("the training script is gone or is not the one that the run recorded")
    table = read_table(plan.data)
    if table.digest != plan.data_digest:
        raise InputError(
            "the data file is not the one that was registered: its digest differs",
            "restore the file, or register it as a new version",
        )
    labels = table.column(plan.label)
    reason = _unsplittable(labels, plan.folds)
    if reason:
        return Unpredicted(reason)
    found = _Folds(plan, table, labels, seed, sink).run(progress)
    return found if isinstance(found, Unpredicted) else _join(plan, table, labels, seed, found)


def _unsplittable(labels: Sequence[str], folds: int) -> str:
    counts = Counter(labels)
    if "" in counts:
        return f"{counts['']} rows have no label"
    if len(counts) < 2 or len(counts) > MAX_CLASSES:
        return f"the label has {len(counts)} classes; between 2 and {MAX_CLASSES} can be measured"
    if folds < 2 or min(counts.values()) < folds:
        return f"the rarest class has {min(counts.values())} rows, too few for {folds} folds"
    return ""


class _Folds:
    """All folds of one measurement, run in a few processes at once."""

    def __init__(self, plan: FoldPlan, table: Table, labels: Sequence[str], seed: int, sink: Sink | None) -> None:
        self.plan, self.table, self.seed, self.sink = plan, table, seed, sink
        self.fold_of = assign_folds(labels, plan.folds, seed)
        self.classes = sorted(set(labels))
        self.program = find_program(plan.command[0], plan.directory, plan.environment)
        self.children = Children(plan.grace_seconds)

    def run(self, progress: Progress | None) -> list[Predictions] | Unpredicted:
        """The predictions of each fold, or the first reason (by fold) why there are none."""
        with (
            _temporary(self.plan.work) as work,
            self.children,
            ThreadPoolExecutor(self.plan.parallel) as pool,
        ):
            tasks = [pool.submit(self._fold, number, Path(work)) for number in range(self.plan.folds)]
            self._watch(tasks, progress)
        if self.children.stopped is not None:
            raise ToolFault(f"stopped by {self.children.stopped.name} while measuring", "measure again")
        answers = [task.result() for task in tasks if not task.cancelled()]
        failed = [answer for answer in answers if isinstance(answer, Unpredicted)]
        return failed[0] if failed else [answer for answer in answers if isinstance(answer, Predictions)]

    def _watch(self, tasks: Sequence[Future[Predictions | Unpredicted]], progress: Progress | None) -> None:
        """Report progress; once one fold cannot be predicted, start no other."""
        left = set(tasks)
        while left:
            done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
            if progress is not None and done:
                progress(len(tasks) - len(left), len(tasks))
            if self.children.stopped is not None or any(_failed(task) for task in done):
                for task in left:
                    task.cancel()

    def _fold(self, number: int, work: Path) -> Predictions | Unpredicted:
        place = work / f"fold-{number}"
        _make(place / "out")
        training = [row for row, fold in zip(self.table.rows(), self.fold_of, strict=True) if fold != number]
        held_out = [row for row, fold in zip(self.table.rows(), self.fold_of, strict=True) if fold == number]
        write_table(place / "data.csv", self._table(training))
        write_table(place / "score.csv", without(self._table(held_out), self.plan.label))
        values = {
            "data": str((place / "data.csv").absolute()),
            "score": str((place / "score.csv").absolute()),
            "predictions": str((place / "predictions.csv").absolute()),
            "out": str((place / "out").absolute()),
            "seed": str(self.seed),
        }
        ended = self.children.run(
            fill(self.plan.command, values),
            program=self.program,
            directory=self.plan.directory,
            environment=self.plan.environment,
            sink=self.sink,
            timeout_seconds=self.plan.timeout_seconds,
        )
        if ended.exit_code != 0:
            why = "took too long and was ended" if ended.timed_out else f"ended with code {ended.exit_code}"
            return Unpredicted(f"in fold {number + 1} of {self.plan.folds} the training command {why}")
        try:
            return read_predictions(place / "predictions.csv", len(held_out), self.classes)
        except InputError as error:
            return Unpredicted(f"in fold {number + 1} of {self.plan.folds}: {error.message}")

    def _table(self, rows: Sequence[Sequence[str]]) -> Table:
        columns = tuple(list(cells) for cells in zip(*rows, strict=True))
        return Table(self.table.names, columns, self.table.delimiter)


def _temporary(directory: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix=".folds-", dir=directory)
    except OSError as error:
        raise ToolFault(f"no temporary directory: {error.strerror}", "check the disk and its permissions") from error


def _make(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise ToolFault(f"no directory for a fold: {error.strerror}", "check the disk") from error


def _failed(task: Future[Predictions | Unpredicted]) -> bool:
    return not task.cancelled() and (task.exception() is not None or isinstance(task.result(), Unpredicted))


def _join(plan: FoldPlan, table: Table, labels: Sequence[str], seed: int, found: Sequence[Predictions]) -> OutOfFold:
    """Put the folds' predictions back into the order of the data; scores count only if every fold gave them."""
    fold_of = assign_folds(labels, plan.folds, seed)
    scored = all(fold.scores is not None for fold in found)
    places = [iter(range(len(fold.classes))) for fold in found]
    predictions, scores = [], []
    for fold in fold_of:
        position = next(places[fold])
        predictions.append(found[fold].classes[position])
        given = found[fold].scores
        scores.append(given[position] if given is not None else 0.0)
    return OutOfFold(
        data_digest=table.digest,
        table=table,
        labels=tuple(labels),
        predictions=tuple(predictions),
        scores=tuple(scores) if scored else None,
        folds=plan.folds,
        seed=seed,
    )
