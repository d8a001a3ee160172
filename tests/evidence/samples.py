"""Predictions made by hand, so that every expected number can be counted on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapters.datasets.table import from_rows
from adapters.training.folds import OutOfFold

DIGEST = "sha256:" + "d" * 64
Row = tuple[str, str, str]
"""Group, label, prediction."""


def predicted(rows: Sequence[Row], scores: Sequence[float] | None = None) -> OutOfFold:
    """Out-of-fold predictions of rows given as (group, label, prediction)."""
    return OutOfFold(
        data_digest=DIGEST,
        table=replace(from_rows(["group", "label"], [(group, label) for group, label, _ in rows]), digest=DIGEST),
        labels=tuple(label for _, label, _ in rows),
        predictions=tuple(guess for _, _, guess in rows),
        scores=None if scores is None else tuple(scores),
        folds=10,
        seed=1,
    )


def cell(group: str, tp: int, fp: int, tn: int, fn: int) -> list[Row]:
    """The rows of one group with this confusion table."""
    return [
        *[(group, "good", "good")] * tp,
        *[(group, "bad", "good")] * fp,
        *[(group, "bad", "bad")] * tn,
        *[(group, "good", "bad")] * fn,
    ]
