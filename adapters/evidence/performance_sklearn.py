"""Performance on out-of-fold predictions, computed by scikit-learn and checked against plain counts.

A metric that is not defined on these predictions (precision when nothing is predicted positive) is left out; it is
never 0 or 1 by convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from adapters.evidence.naming import tool
from adapters.training.folds import METHOD, OutOfFold
from governance.errors import ToolFault
from governance.evidence import Measurement, NoMeasurement, quantise

KIND: Final = "performance"
TOLERANCE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Counts:
    """The confusion table of one class against all others."""

    tp: int
    fp: int
    tn: int
    fn: int

    @property
    def n(self) -> int:
        """Rows in all."""
        return self.tp + self.fp + self.tn + self.fn

    @property
    def positives(self) -> int:
        """Rows whose label is the positive class."""
        return self.tp + self.fn

    @property
    def selected(self) -> int:
        """Rows whose prediction is the positive class."""
        return self.tp + self.fp


def count(labels: list[bool], predictions: list[bool]) -> Counts:
    """The confusion table of labels and predictions, each True for the positive class."""
    pairs = list(zip(labels, predictions, strict=True))
    return Counts(
        tp=pairs.count((True, True)),
        fp=pairs.count((False, True)),
        tn=pairs.count((False, False)),
        fn=pairs.count((True, False)),
    )


def measure_performance(found: OutOfFold, positive: str) -> Measurement | NoMeasurement:
    """Accuracy, balanced accuracy, and for the positive class precision, recall and ROC AUC (if there are scores).

    Raises ToolFault when scikit-learn and the counts disagree.
    """
    if positive not in found.labels:
        return NoMeasurement(KIND, "no row has the positive class of the data set's card as its label")
    truth = [label == positive for label in found.labels]
    if all(truth):
        return NoMeasurement(KIND, "every row has the same label")
    metrics = _metrics(found, truth, [guess == positive for guess in found.predictions])
    return Measurement(
        kind=KIND,
        method=METHOD,
        tool=tool("scikit-learn"),
        parameters=(("folds", found.folds), ("predictions", found.digest)),
        seed=found.seed,
        data_digest=found.data_digest,
        n=len(found.labels),
        values={
            "metrics": {name: quantise(value) for name, value in metrics.items()},
            "folds": found.folds,
            "positive": positive,
        },
    )


def _metrics(found: OutOfFold, truth: list[bool], guess: list[bool]) -> dict[str, float]:
    from sklearn import metrics as sk

    table = count(truth, guess)
    labels, predictions = list(found.labels), list(found.predictions)
    values: dict[str, Any] = {
        "accuracy": sk.accuracy_score(labels, predictions),
        "balanced_accuracy": sk.balanced_accuracy_score(labels, predictions),
        "recall": sk.recall_score(truth, guess),
    }
    hits = sum(label == prediction for label, prediction in zip(labels, predictions, strict=True))
    expected = {"accuracy": hits / table.n, "recall": table.tp / table.positives}
    if table.selected:
        values["precision"] = sk.precision_score(truth, guess)
        expected["precision"] = table.tp / table.selected
    if found.scores is not None:
        values["roc_auc"] = sk.roc_auc_score(truth, list(found.scores))
    for name, value in expected.items():
        if abs(value - float(values[name])) > TOLERANCE:
            raise ToolFault(f"scikit-learn's {name} is not what the counts give", "report this with its version")
    return {name: float(value) for name, value in values.items()}
