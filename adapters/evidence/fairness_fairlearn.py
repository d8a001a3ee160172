"""Fairness by protected attribute on out-of-fold predictions: Fairlearn's MetricFrame, checked against plain counts.

Fairlearn answers 0.0 for a single group and for what it cannot compute; so counts and denominators are checked here,
and what cannot be decided is said to be undecidable. Intervals are from draws of the counts (parametric bootstrap),
since all rates depend on the counts alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Final

from adapters.evidence.groups import MAX_GROUPS, Grouping, group, odds_difference, selection_rates, spread, tables
from adapters.evidence.naming import tokens, tool
from adapters.evidence.performance_sklearn import TOLERANCE, Counts
from adapters.training.folds import METHOD, OutOfFold
from governance.errors import ToolFault
from governance.evidence import Measurement, NoMeasurement, quantise

KIND: Final = "fairness"
FLOOR: Final = 10
DECIDABLE_N: Final = 30
DRAWS: Final = 10_000


def measure_fairness(
    found: OutOfFold, positive: str, protected: Sequence[str], *, floor: int = FLOOR, draws: int = DRAWS
) -> Measurement | NoMeasurement:
    """Selection rates and error rates of the groups of each protected column, with their counts.

    An attribute is undecidable with fewer than two groups, or with a group of fewer than 30 rows. Raises ToolFault when
    Fairlearn and the counts disagree.
    """
    reason = _unmeasurable(found, positive, protected)
    if reason:
        return NoMeasurement(KIND, reason)
    labels = [label == positive for label in found.labels]
    guesses = [guess == positive for guess in found.predictions]
    attributes, merged = [], 0
    for position, (name, token) in enumerate(zip(protected, tokens(protected, "attribute"), strict=True)):
        grouping = group(found.table.column(name), floor)
        if len(grouping.names) > MAX_GROUPS:
            return NoMeasurement(KIND, f"protected column {token} has more than {MAX_GROUPS} groups: put it into bands")
        attributes.append(_attribute(token, grouping, labels, guesses, (found.seed, position), draws))
        merged += grouping.merged
    return Measurement(
        kind=KIND,
        method=METHOD,
        tool=tool("fairlearn"),
        parameters=(
            ("decidable_n", DECIDABLE_N),
            ("draws", draws),
            ("floor", floor),
            ("folds", found.folds),
            ("predictions", found.digest),
        ),
        seed=found.seed,
        data_digest=found.data_digest,
        n=len(found.labels),
        values={"attributes": attributes, "floor": floor, "merged_groups": merged, "positive": positive},
    )


def _unmeasurable(found: OutOfFold, positive: str, protected: Sequence[str]) -> str:
    if not protected:
        return "the data set's card names no protected attribute"
    absent = [
        token
        for name, token in zip(protected, tokens(protected, "attribute"), strict=True)
        if name not in found.table.names
    ]
    if absent:
        return f"the data have no column {absent[0]}"
    if positive not in found.labels:
        return "no row has the positive class of the data set's card as its label"
    return ""


def _attribute(
    token: str, grouping: Grouping, labels: list[bool], guesses: list[bool], seed: tuple[int, int], draws: int
) -> dict[str, Any]:
    by_group = tables(grouping, labels, guesses)
    parity, odds = spread(selection_rates(by_group)), odds_difference(by_group)
    _cross_check(grouping, labels, guesses, by_group, parity, odds)
    low, high = interval(by_group, seed, draws)
    return {
        "attribute": token,
        "parity_difference": quantise(parity),
        "equalized_odds_difference": None if odds is None else quantise(odds),
        "interval": [quantise(low), quantise(high)],
        "decidable": len(by_group) > 1 and min(table.n for table in by_group.values()) >= DECIDABLE_N,
        "groups": [_group(name, table) for name, table in by_group.items()],
    }


def _group(name: str, table: Counts) -> dict[str, Any]:
    return {
        "group": name,
        "n": table.n,
        "positives": table.positives,
        "tp": table.tp,
        "fp": table.fp,
        "tn": table.tn,
        "fn": table.fn,
        "selection_rate": quantise(table.selected / table.n),
    }


def interval(by_group: dict[str, Counts], seed: tuple[int, int], draws: int) -> tuple[float, float]:
    """A 95% interval of the parity difference: percentiles over binomial draws of each group's selected count."""
    import numpy as np

    random = np.random.default_rng([abs(seed[0]), seed[1]])
    rates = [random.binomial(table.n, table.selected / table.n, draws) / table.n for table in by_group.values()]
    differences = np.max(rates, axis=0) - np.min(rates, axis=0)
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(low), float(high)


def _cross_check(
    grouping: Grouping,
    labels: list[bool],
    guesses: list[bool],
    by_group: dict[str, Counts],
    parity: float,
    odds: float | None,
) -> None:
    """Let Fairlearn compute the same; raises ToolFault unless groups, counts and differences agree."""
    counted, differences = _fairlearn(grouping, labels, guesses)
    agreed = counted == {name: table.n for name, table in by_group.items()}
    agreed = agreed and abs(differences["selection_rate"] - parity) <= TOLERANCE
    if odds is not None:
        theirs = max(differences["true_positive_rate"], differences["false_positive_rate"])
        agreed = agreed and abs(theirs - odds) <= TOLERANCE
    if not agreed:
        raise ToolFault("Fairlearn's result is not what the counts give", "report this with its version")


def _fairlearn(grouping: Grouping, labels: list[bool], guesses: list[bool]) -> tuple[dict[str, int], dict[str, float]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of (a group without positives) is checked on the counts
        from fairlearn import metrics as fl

        frame = fl.MetricFrame(
            metrics={
                "count": fl.count,
                "selection_rate": fl.selection_rate,
                "true_positive_rate": fl.true_positive_rate,
                "false_positive_rate": fl.false_positive_rate,
            },
            y_true=[int(label) for label in labels],
            y_pred=[int(guess) for guess in guesses],
            sensitive_features=list(grouping.of_row),
        )
        between = frame.difference(method="between_groups")
    counted = {str(name): int(size) for name, size in frame.by_group["count"].items()}
    return counted, {str(name): float(value) for name, value in between.items()}
