"""Performance: the numbers are those of the counts, and what is not defined is not there."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from adapters.evidence.performance_sklearn import measure_performance
from governance.evidence import Measurement, NoMeasurement
from tests.evidence.samples import DIGEST, cell, predicted

ROWS = cell("a", tp=40, fp=10, tn=30, fn=20)
SCORES = [0.9] * 40 + [0.6] * 10 + [0.1] * 30 + [0.4] * 20


def test_metrics_are_those_of_the_counts() -> None:
    """Counted on paper; decimals as strings."""
    found = measure_performance(predicted(ROWS, SCORES), "good")
    assert isinstance(found, Measurement)
    assert found.values == {
        "metrics": {
            "accuracy": "0.7",
            "balanced_accuracy": "0.708333",
            "precision": "0.8",
            "recall": "0.666667",
            "roc_auc": "0.916667",
        },
        "folds": 10,
        "positive": "good",
    }
    assert (found.n, found.seed, found.data_digest, found.method) == (100, 1, DIGEST, "out-of-fold/v1")
    assert found.tool.startswith("scikit-learn@")
    assert Measurement.parse(found.document()) == found


def test_the_order_of_rows_changes_no_number() -> None:
    """Labels, predictions and scores move together."""
    order = list(range(100))
    random.Random(1).shuffle(order)
    straight = measure_performance(predicted(ROWS, SCORES), "good")
    shuffled = measure_performance(predicted([ROWS[i] for i in order], [SCORES[i] for i in order]), "good")
    assert isinstance(straight, Measurement)
    assert isinstance(shuffled, Measurement)
    assert straight.values == shuffled.values


def test_without_scores_there_is_no_auc() -> None:
    """Nothing stands in for it."""
    found = measure_performance(predicted(ROWS), "good")
    assert isinstance(found, Measurement)
    assert "roc_auc" not in found.values["metrics"]


def test_precision_of_nothing_is_not_zero() -> None:
    """A model that selects nobody has no precision; a threshold on it then finds no value."""
    found = measure_performance(predicted(cell("a", tp=0, fp=0, tn=5, fn=5)), "good")
    assert isinstance(found, Measurement)
    assert "precision" not in found.values["metrics"]
    assert found.values["metrics"]["recall"] == "0"


def test_several_classes_are_one_against_the_others() -> None:
    """Accuracy over all classes, precision and recall of the positive one."""
    rows = [("a", label, guess) for label, guess in [("x", "x"), ("y", "z"), ("z", "z"), ("x", "y")]]
    found = measure_performance(predicted(rows), "x")
    assert isinstance(found, Measurement)
    assert found.values["metrics"] == {
        "accuracy": "0.5",
        "balanced_accuracy": "0.5",
        "precision": "1",
        "recall": "0.5",
    }


@pytest.mark.parametrize("positive", ["Good", "", "better"])
def test_a_positive_class_that_is_not_there(positive: str) -> None:
    """Letter by letter: a wrong card measures nothing."""
    assert isinstance(measure_performance(predicted(ROWS), positive), NoMeasurement)


def test_one_class_only_cannot_be_measured() -> None:
    """Everything right is no achievement there."""
    assert isinstance(measure_performance(predicted(cell("a", 10, 0, 0, 0)), "good"), NoMeasurement)


def test_other_predictions_are_other_evidence() -> None:
    """The same accuracy by other predictions is told apart; the same again is the same."""
    first, again = (measure_performance(predicted(ROWS), "good") for _ in range(2))
    other = measure_performance(predicted(list(reversed(ROWS))), "good")
    seeded = measure_performance(replace(predicted(ROWS), seed=2), "good")
    digests = [found.digest for found in (first, again, other, seeded) if isinstance(found, Measurement)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
