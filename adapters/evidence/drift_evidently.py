"""Drift by Evidently: a baseline with limits calibrated on the reference, and windows judged by it.

Evidently is told every column, its kind, its method and its limit; what it answers must be there for every column and
equal our own computation (drift_kernel), or nothing is measured. It is imported only when it runs: that takes seconds.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from adapters.datasets.table import Table
from adapters.evidence.drift_columns import CATEGORICAL, NUMERIC, Column, Mismatch, reference_columns, window_columns
from adapters.evidence.drift_kernel import ALPHA, calibrate, score
from adapters.evidence.naming import tokens, tool
from governance.errors import InputError, ToolFault
from governance.evidence import Measurement, NoMeasurement, quantise

BASELINE: Final = "drift"
WINDOW: Final = "drift-window"
BASELINE_METHOD: Final = "resampled-limits/v1"
WINDOW_METHOD: Final = "window-against-reference/v1"
WINDOW_ROWS: Final = 200
RESAMPLES: Final = 500
MAX_ROWS: Final = 20_000
MIN_ROWS: Final = 20
TOLERANCE: Final = 1e-9


def measure_baseline(
    reference: Table, columns: Sequence[str], seed: int, *, window: int = WINDOW_ROWS, resamples: int = RESAMPLES
) -> Measurement | NoMeasurement:
    """Limits of drift for windows of `window` rows or more, one for each column that can be watched.

    The reference is the data the model learned from, read from a file (its digest is the evidence's). Of more than
    20,000 rows a seeded sample stands for all. Raises InputError for an unknown column, ToolFault when Evidently fails
    or disagrees.
    """
    if not MIN_ROWS <= window <= reference.height:
        reason = f"a window of {window} rows cannot be calibrated on {reference.height}; {MIN_ROWS} are the least"
        return NoMeasurement(BASELINE, reason)
    sampled = sample(reference, seed)
    watched, left_out = reference_columns(sampled, columns, tokens(columns, "column"))
    if not watched:
        return NoMeasurement(BASELINE, "none of the columns can be watched: too many categories, or nothing in them")
    limits = [quantise(limit) for limit in calibrate(watched, window=window, resamples=resamples, seed=seed)]
    half = [_first(column, window) for column in watched]
    _evidently(watched, half, limits)  # it must agree on the scores before limits for them are recorded
    return Measurement(
        kind=BASELINE,
        method=BASELINE_METHOD,
        tool=tool("evidently"),
        parameters=(("alpha", str(ALPHA)), ("resamples", resamples), ("window", window)),
        seed=seed,
        data_digest=reference.digest,
        n=reference.height,
        values={
            "columns": [
                {"column": column.token, "method": column.method, "limit": limit}
                for column, limit in zip(watched, limits, strict=True)
            ],
            "left_out": left_out,
            "window": window,
            "resamples": resamples,
            "reference_n": sampled.height,
        },
    )


def measure_window(
    reference: Table, columns: Sequence[str], baseline: Measurement, window: Table
) -> Measurement | NoMeasurement:
    """One window against the reference, by the limits of `baseline`; it breaches when any column drifts.

    `reference` and `columns` are those the baseline was measured on. Raises InputError when they are not, ToolFault
    when Evidently fails or disagrees.
    """
    if baseline.kind != BASELINE or baseline.data_digest != reference.digest:
        raise InputError("the drift baseline was measured on other data", "measure the baseline on this reference")
    if window.height < baseline.values["window"]:
        least = baseline.values["window"]
        return NoMeasurement(WINDOW, f"the window has {window.height} rows; the limits hold from {least} on")
    names = dict(zip(tokens(columns, "column"), columns, strict=True))
    limits = {item["column"]: item["limit"] for item in baseline.values["columns"]}
    watched, _ = reference_columns(sample(reference, baseline.seed or 0), columns, list(names))
    if {column.token: column.method for column in watched} != _methods(baseline):
        raise InputError("the drift baseline was measured on other columns", "measure the baseline again")
    seen = window_columns(window, watched, [names[column.token] for column in watched])
    if isinstance(seen, Mismatch):
        return NoMeasurement(WINDOW, seen.reason)
    found = _evidently(watched, seen, [limits[column.token] for column in watched])
    return _window(baseline, window, [column.token for column in watched], limits, found)


def _methods(baseline: Measurement) -> dict[str, str]:
    return {item["column"]: item["method"] for item in baseline.values["columns"]}


def _window(
    baseline: Measurement, window: Table, names: list[str], limits: dict[str, str], found: list[tuple[float, bool]]
) -> Measurement:
    drifted = sum(drift for _, drift in found)
    columns = [
        {"column": name, "score": quantise(value), "limit": limits[name], "drifted": drift}
        for name, (value, drift) in zip(names, found, strict=True)
    ]
    return Measurement(
        kind=WINDOW,
        method=WINDOW_METHOD,
        tool=tool("evidently"),
        parameters=(("baseline", baseline.digest), ("reference", baseline.data_digest)),
        seed=baseline.seed,
        data_digest=window.digest,
        n=window.height,
        values={
            "columns": columns,
            "drifted_share": quantise(Decimal(drifted) / len(columns)),
            "breach": drifted > 0,
            "window_n": window.height,
        },
    )


def sample(table: Table, seed: int) -> Table:
    """The table, or 20,000 of its rows chosen by SHA-256 of seed and row number, in their order."""
    if table.height <= MAX_ROWS:
        return table
    order = sorted(range(table.height), key=lambda row: hashlib.sha256(f"sample:{seed}:{row}".encode()).digest())
    chosen = sorted(order[:MAX_ROWS])
    cells = tuple([column[row] for row in chosen] for column in table.columns)
    return Table(table.names, cells, table.delimiter, table.digest)


def _first(column: Column, rows: int) -> Column:
    return Column(column.token, column.method, column.numbers[:rows], column.words[:rows])


def _evidently(
    reference: Sequence[Column], window: Sequence[Column], limits: Sequence[str]
) -> list[tuple[float, bool]]:
    """Score and verdict of each column by Evidently; raises ToolFault unless all are there and equal our own scores."""
    answers = _run(reference, window, limits)
    found = []
    for known, seen in zip(reference, window, strict=True):
        answer = answers.get(known.token)
        if answer is None:
            raise ToolFault(f"Evidently gave no answer for column {known.token}", "report this with its version")
        if abs(answer[0] - score(known, seen)) > TOLERANCE:
            raise ToolFault(f"Evidently's score of {known.token} is not ours", "report this with its version")
        found.append(answer)
    return found


def _run(reference: Sequence[Column], window: Sequence[Column], limits: Sequence[str]) -> dict[str, tuple[float, bool]]:
    """Evidently's score and verdict by column; raises ToolFault for whatever goes wrong inside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies warn of their own old age
        try:
            from evidently import DataDefinition, Dataset, Report
            from evidently.metrics import ValueDrift

            definition = DataDefinition(
                numerical_columns=[column.token for column in reference if column.method == NUMERIC],
                categorical_columns=[column.token for column in reference if column.method == CATEGORICAL],
            )
            metrics = [
                ValueDrift(column=column.token, method=column.method, threshold=float(limit))
                for column, limit in zip(reference, limits, strict=True)
            ]
            current = Dataset.from_pandas(_frame(window), data_definition=definition)
            before = Dataset.from_pandas(_frame(reference), data_definition=definition)
            return _answers(Report(metrics, include_tests=True).run(current, before).dict())
        except Exception as error:
            raise ToolFault("Evidently failed on these data", "see its version and the columns' kinds") from error


def _frame(columns: Sequence[Column]) -> Any:
    import pandas as pd

    cells = {column.token: column.numbers if column.method == NUMERIC else column.words for column in columns}
    return pd.DataFrame({name: pd.Series(list(values)) for name, values in cells.items()})


def _answers(document: dict[str, Any]) -> dict[str, tuple[float, bool]]:
    """Join metrics and tests; a test that neither passed nor failed is no answer."""
    verdicts = {"FAIL": True, "SUCCESS": False}
    scores = {metric["config"]["column"]: float(metric["value"]) for metric in document["metrics"]}
    found = {}
    for test in document["tests"]:
        column, status = (
            test["metric_config"]["params"]["column"],
            str(getattr(test["status"], "value", test["status"])),
        )
        if status in verdicts and column in scores:
            found[column] = (scores[column], verdicts[status])
    return found
