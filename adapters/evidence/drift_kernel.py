"""Drift scores and their limits, in numpy alone; the scores must equal Evidently's for the same method.

Limits come from the reference itself: pairs of a reference and a window of the size to be watched are drawn from it
again and again, so that there is no drift between them, and each column's scores are noted. A limit is the column's
mean plus z of its standard deviations, with one z for all columns, such that at most a share ALPHA of drawn windows
breaks any limit (the max-T method of Westfall and Young, 1993). So the false alarms of a whole window are held, not
those of one column, however many columns there are and however they hang together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from adapters.evidence.drift_columns import NUMERIC, Column

ALPHA: Final = 0.01
LEAST_LIMIT: Final = 1e-6
LEAST_NORM: Final = 0.001

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]


def wasserstein(reference: Floats, window: Floats) -> float:
    """Wasserstein-1 distance of two samples, in standard deviations of the reference (0.001 at least)."""
    reference, window = reference[~np.isnan(reference)], window[~np.isnan(window)]
    points = np.sort(np.concatenate([reference, window]))
    steps = np.diff(points)
    below_reference = np.searchsorted(np.sort(reference), points[:-1], side="right") / reference.size
    below_window = np.searchsorted(np.sort(window), points[:-1], side="right") / window.size
    distance = np.sum(np.abs(below_reference - below_window) * steps)
    return float(distance / max(float(np.std(reference)), LEAST_NORM))


def jensen_shannon(reference: Codes, window: Codes, size: int) -> float:
    """Jensen-Shannon distance (natural logarithm) of two samples of category codes below `size`."""
    p = np.bincount(reference, minlength=size) / reference.size
    q = np.bincount(window, minlength=size) / window.size
    return float(np.sqrt(max((_divergence(p, (p + q) / 2) + _divergence(q, (p + q) / 2)) / 2, 0.0)))


def _divergence(p: Floats, q: Floats) -> float:
    held = p > 0
    return float(np.sum(p[held] * np.log(p[held] / q[held])))


def score(reference: Column, window: Column) -> float:
    """The drift score of one column by its method; larger is further away."""
    if reference.method == NUMERIC:
        return wasserstein(np.array(reference.numbers), np.array(window.numbers))
    codes = {word: code for code, word in enumerate(sorted({*reference.words, *window.words}))}
    return jensen_shannon(_encode(reference.words, codes), _encode(window.words, codes), len(codes))


def calibrate(columns: Sequence[Column], *, window: int, resamples: int, seed: int) -> list[float]:
    """A limit for each column's score in windows of `window` rows; see above. Deterministic in `seed`."""
    random = np.random.default_rng(abs(seed))
    arrays = [_array(column) for column in columns]
    rows = len(columns[0].numbers or columns[0].words)
    scores = np.empty((resamples, len(columns)))
    for draw in range(resamples):
        drawn, seen = random.integers(0, rows, rows), random.integers(0, rows, window)
        scores[draw] = [_scored(column, array, drawn, seen) for column, array in zip(columns, arrays, strict=True)]
    return _limits(scores)


def _limits(scores: Floats) -> list[float]:
    mean, deviation = scores.mean(axis=0), scores.std(axis=0)
    moving = deviation > 0
    if not moving.any():
        return [LEAST_LIMIT] * scores.shape[1]
    furthest = ((scores[:, moving] - mean[moving]) / deviation[moving]).max(axis=1)
    z = float(np.quantile(furthest, 1 - ALPHA, method="higher"))
    return [max(float(limit), LEAST_LIMIT) for limit in mean + z * deviation]


def _scored(column: Column, array: Any, drawn: Codes, seen: Codes) -> float:
    if column.method == NUMERIC:
        reference, window = array[drawn], array[seen]
        if np.isnan(reference).all() or np.isnan(window).all():
            return 0.0
        return wasserstein(reference, window)
    return jensen_shannon(array[drawn], array[seen], int(array.max()) + 1)


def _array(column: Column) -> Any:
    if column.method == NUMERIC:
        return np.array(column.numbers)
    return _encode(column.words, {word: code for code, word in enumerate(sorted(set(column.words)))})


def _encode(words: Sequence[str], codes: dict[str, int]) -> Codes:
    return np.array([codes[word] for word in words], dtype=np.int64)
