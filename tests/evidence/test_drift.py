"""Drift: limits hold their false alarms, real shifts are found, and nothing passes in silence."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import spatial, stats

from adapters.datasets.table import Table, from_rows
from adapters.datasets.write import digest_table
from adapters.evidence.drift_columns import Column, reference_columns, window_columns
from adapters.evidence.drift_evidently import MAX_ROWS, measure_baseline, measure_window, sample
from adapters.evidence.drift_kernel import calibrate, jensen_shannon, score, wasserstein
from governance.errors import InputError
from governance.evidence import Measurement, NoMeasurement

pytestmark = pytest.mark.slow  # Evidently takes seconds to import

COLUMNS = ("amount", "months", "purpose", "own")


def draw(seed: int, rows: int, shift: float = 0.0) -> Table:
    """Rows from one population; `shift` moves one number (in standard deviations) and one category."""
    random_ = random.Random(seed)
    made = []
    for _ in range(rows):
        amount = random_.lognormvariate(7 + shift, 1)
        purpose = random_.choices("abcd", [4 - 3 * min(shift, 1), 3, 2, 1 + 3 * min(shift, 1)])[0]
        made.append([f"{amount:.2f}", str(random_.randint(6, 48)), purpose, random_.choice(["yes", "no"])])
    table = from_rows(COLUMNS, made)
    return replace(table, digest=digest_table(table))


REFERENCE = draw(1, 1000)


@pytest.fixture(scope="module")
def baseline() -> Measurement:
    """Limits for windows of 200 rows."""
    found = measure_baseline(REFERENCE, COLUMNS, 7)
    assert isinstance(found, Measurement)
    return found


def check(baseline: Measurement, window: Table) -> Measurement:
    """Measure a window that can be measured."""
    found = measure_window(REFERENCE, COLUMNS, baseline, window)
    assert isinstance(found, Measurement)
    return found


def changed(table: Table, name: str, cells: Sequence[str]) -> Table:
    """The table with other cells in one column."""
    columns = tuple(list(cells) if known == name else old for known, old in table.items())
    return Table(table.names, columns, table.delimiter, table.digest)


def test_the_baseline_names_method_and_limit_of_every_column(baseline: Measurement) -> None:
    """Numbers by Wasserstein, words by Jensen-Shannon; window and resamples beside them."""
    methods = {item["column"]: item["method"] for item in baseline.values["columns"]}
    assert methods == {
        "amount": "wasserstein",
        "months": "wasserstein",
        "purpose": "jensenshannon",
        "own": "jensenshannon",
    }
    assert all(0 < float(item["limit"]) < 1 for item in baseline.values["columns"])
    assert (baseline.values["window"], baseline.values["reference_n"], baseline.n) == (200, 1000, 1000)
    assert baseline.tool.startswith("evidently@0.7")
    assert Measurement.decode(baseline.encode()) == baseline


def test_the_same_seed_gives_the_same_limits(baseline: Measurement) -> None:
    """Renewing evidence with the same result is the same evidence; another seed is not."""
    again, other = (measure_baseline(REFERENCE, COLUMNS, seed) for seed in (7, 8))
    assert isinstance(again, Measurement)
    assert isinstance(other, Measurement)
    assert again.digest == baseline.digest != other.digest


def test_windows_without_drift_raise_few_alarms() -> None:
    """Of 200 windows from the same population, at most one in twenty breaks any limit."""
    reference, _ = reference_columns(REFERENCE, COLUMNS, COLUMNS)
    limits = calibrate(reference, window=200, resamples=500, seed=7)
    alarms = 0
    for seed in range(200):
        window = window_columns(draw(1000 + seed, 200), reference, COLUMNS)
        assert isinstance(window, list)
        scores = [score(known, seen) for known, seen in zip(reference, window, strict=True)]
        alarms += any(value >= limit for value, limit in zip(scores, limits, strict=True))
    assert alarms <= 10


def test_a_window_without_drift_does_not_breach(baseline: Measurement) -> None:
    """Evidently scores every column; nothing drifts."""
    found = check(baseline, draw(77, 200))
    assert found.values["breach"] is False
    assert found.values["drifted_share"] == "0"
    assert [item["column"] for item in found.values["columns"]] == list(COLUMNS)
    assert (found.n, found.data_digest) == (200, draw(77, 200).digest)
    assert dict(found.parameters)["baseline"] == baseline.digest


def test_a_shifted_window_breaches(baseline: Measurement) -> None:
    """What moved is named, what did not is not."""
    found = check(baseline, draw(78, 200, shift=0.6))
    drifted = {item["column"] for item in found.values["columns"] if item["drifted"]}
    assert drifted == {"amount", "purpose"}
    assert found.values["breach"] is True
    assert found.values["drifted_share"] == "0.5"


def test_the_reference_itself_does_not_drift(baseline: Measurement) -> None:
    """All scores are zero."""
    found = check(baseline, REFERENCE)
    assert {item["score"] for item in found.values["columns"]} == {"0"}


def test_the_order_of_rows_changes_nothing(baseline: Measurement) -> None:
    """A distribution has no order."""
    window = draw(79, 200)
    rows = list(window.rows())
    random.Random(1).shuffle(rows)
    turned = replace(from_rows(COLUMNS, rows), digest=window.digest)
    assert check(baseline, turned) == check(baseline, window)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_missing_column_is_not_measured(baseline: Measurement, name: str) -> None:
    """Left alone, Evidently would pass in silence."""
    window = draw(80, 200)
    kept = [column for column in COLUMNS if column != name]
    table = Table(tuple(kept), tuple(window.column(column) for column in kept), ",", window.digest)
    found = measure_window(REFERENCE, COLUMNS, baseline, table)
    assert isinstance(found, NoMeasurement)
    assert name in found.reason


def test_a_column_of_another_kind_is_not_measured(baseline: Measurement) -> None:
    """Numbers became words, or infinities; the reason names the column and no cell."""
    window = draw(81, 200)
    for cells in (["many"] * 200, ["1"] * 199 + ["1e999"], ["nan"] * 200):
        found = measure_window(REFERENCE, COLUMNS, baseline, changed(window, "months", cells))
        assert isinstance(found, NoMeasurement)
        assert found.reason == "column months of the window is not numeric, as it is in the reference"


def test_emptied_columns_are_not_measured(baseline: Measurement) -> None:
    """What is left of a mostly empty column may look just like before."""
    window = draw(82, 200)
    half = [cell if row % 2 else "" for row, cell in enumerate(window.column("months"))]
    found = measure_window(REFERENCE, COLUMNS, baseline, changed(window, "months", half))
    assert isinstance(found, NoMeasurement)
    assert "empty" in found.reason


def test_a_new_category_counts_as_drift(baseline: Measurement) -> None:
    """Half of all purposes are ones never seen."""
    window = draw(83, 200)
    cells = [cell if row % 2 else "new" for row, cell in enumerate(window.column("purpose"))]
    found = check(baseline, changed(window, "purpose", cells))
    assert [item["column"] for item in found.values["columns"] if item["drifted"]] == ["purpose"]


def test_more_columns_than_known_do_no_harm(baseline: Measurement) -> None:
    """A window from production has ids and times too."""
    window = draw(84, 200)
    table = Table((*COLUMNS, "id"), (*window.columns, [str(row) for row in range(200)]), ",", window.digest)
    assert check(baseline, table) == check(baseline, window)


def test_a_window_smaller_than_calibrated_is_not_measured(baseline: Measurement) -> None:
    """Limits for 200 rows say nothing about 199."""
    found = measure_window(REFERENCE, COLUMNS, baseline, draw(85, 199))
    assert isinstance(found, NoMeasurement)
    assert "199 rows" in found.reason


def test_a_baseline_of_other_data_is_refused(baseline: Measurement) -> None:
    """Or of other columns, or no baseline at all."""
    with pytest.raises(InputError, match="other data"):
        measure_window(draw(2, 1000), COLUMNS, baseline, draw(86, 200))
    with pytest.raises(InputError, match="other columns"):
        measure_window(REFERENCE, COLUMNS[:3], baseline, draw(86, 200))
    with pytest.raises(InputError, match="other data"):
        measure_window(REFERENCE, COLUMNS, check(baseline, draw(86, 200)), draw(86, 200))


def test_columns_that_cannot_be_watched_are_named() -> None:
    """Ids have as many categories as rows; their limits would mean nothing."""
    table = Table((*COLUMNS, "id"), (*REFERENCE.columns, [f"u{row}" for row in range(1000)]), ",", REFERENCE.digest)
    found = measure_baseline(table, (*COLUMNS, "id"), 7, resamples=50)
    assert isinstance(found, Measurement)
    assert found.values["left_out"] == ["id"]
    assert isinstance(measure_baseline(table, ("id",), 7), NoMeasurement)


@pytest.mark.parametrize("window", [19, 1001])
def test_windows_that_cannot_be_calibrated(window: int) -> None:
    """Too few rows to say anything, or more than there are."""
    assert isinstance(measure_baseline(REFERENCE, COLUMNS, 7, window=window), NoMeasurement)


def test_constant_columns_are_watched() -> None:
    """They have no spread, but a change in them is a change."""
    rows = [["1", "x", str(number % 17)] for number in range(100)]
    table = replace(from_rows(("one", "word", "n"), rows), digest="sha256:" + "1" * 64)
    found = measure_baseline(table, table.names, 7, window=50, resamples=50)
    assert isinstance(found, Measurement)
    same = measure_window(table, table.names, found, table)
    other = measure_window(table, table.names, found, changed(changed(table, "one", ["2"] * 100), "word", ["y"] * 100))
    assert isinstance(same, Measurement)
    assert isinstance(other, Measurement)
    assert same.values["breach"] is False
    assert [item["drifted"] for item in other.values["columns"]] == [True, True, False]


def test_names_that_are_no_tokens_are_numbered() -> None:
    """A column called in Arabic is watched like any other."""
    table = Table(("المبلغ", *COLUMNS[1:]), REFERENCE.columns, ",", REFERENCE.digest)
    found = measure_baseline(table, table.names, 7, resamples=50)
    assert isinstance(found, Measurement)
    assert found.values["columns"][0]["column"] == "column-1"
    window = Table(table.names, draw(87, 200).columns, ",", draw(87, 200).digest)
    assert isinstance(measure_window(table, table.names, found, window), Measurement)


def test_scores_are_those_of_scipy() -> None:
    """Two implementations of the same distances."""
    random_ = np.random.default_rng(1)
    before, now = random_.normal(size=300), random_.normal(0.3, 2, 100)
    assert wasserstein(before, now) == pytest.approx(
        stats.wasserstein_distance(before, now) / np.std(before), abs=1e-12
    )
    p, q = random_.integers(0, 5, 300), random_.integers(1, 6, 100)
    shares = [np.bincount(codes, minlength=6) / codes.size for codes in (p, q)]
    assert jensen_shannon(p, q, 6) == pytest.approx(spatial.distance.jensenshannon(*shares), abs=1e-12)


def test_empty_cells_of_numbers_are_left_aside() -> None:
    """A column with some gaps is still a column of numbers."""
    gaps, full = (Column("a", "wasserstein", numbers=numbers) for numbers in ((1.0, float("nan"), 3.0), (1.0, 3.0)))
    assert score(gaps, full) == 0
    assert gaps.empty_share == pytest.approx(1 / 3)


def test_large_references_are_sampled_the_same_way_each_time() -> None:
    """By seed and row number, in the order of the file."""
    table = from_rows(("n",), [[str(row)] for row in range(MAX_ROWS + 5)])
    chosen = [int(cell) for cell in sample(table, 3).column("n")]
    assert len(chosen) == MAX_ROWS
    assert chosen == sorted(chosen) == [int(cell) for cell in sample(table, 3).column("n")]
    assert chosen != [int(cell) for cell in sample(table, 4).column("n")]
