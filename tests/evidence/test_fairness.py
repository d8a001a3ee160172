"""Fairness: counts and differences by group, undecidable said plainly, Fairlearn held to the counts."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.evidence.fairness_fairlearn import interval, measure_fairness
from adapters.evidence.groups import group, tables
from adapters.evidence.naming import tokens
from governance.evidence import Measurement, NoMeasurement
from tests.evidence.samples import Row, cell, predicted

ROWS = [*cell("m", tp=50, fp=20, tn=20, fn=10), *cell("f", tp=20, fp=10, tn=15, fn=5)]


def attribute(rows: list[Row], **options: int) -> dict[str, Any]:
    """What is measured of the one protected column."""
    found = measure_fairness(predicted(rows), "good", ["group"], **options)
    assert isinstance(found, Measurement)
    (value,) = found.values["attributes"]
    assert isinstance(value, dict)
    return value


def test_differences_are_those_of_the_counts() -> None:
    """0.7 against 0.6 selected; 20/40 against 10/25 false alarms, 50/60 against 20/25 hits."""
    value = attribute(ROWS)
    assert value["parity_difference"] == "0.1"
    assert value["equalized_odds_difference"] == "0.1"
    assert value["decidable"] is True
    assert value["groups"] == [
        {"group": "f", "n": 50, "positives": 25, "tp": 20, "fp": 10, "tn": 15, "fn": 5, "selection_rate": "0.6"},
        {"group": "m", "n": 100, "positives": 60, "tp": 50, "fp": 20, "tn": 20, "fn": 10, "selection_rate": "0.7"},
    ]
    low, high = map(float, value["interval"])
    assert 0 <= low < 0.1 < high < 0.35


def test_the_measurement_says_how_it_was_made() -> None:
    """Tool with version, parameters, and a document that reads back."""
    found = measure_fairness(predicted(ROWS), "good", ["group"])
    assert isinstance(found, Measurement)
    assert found.tool.startswith("fairlearn@")
    assert dict(found.parameters)["floor"] == 10
    assert Measurement.decode(found.encode()) == found
    again = measure_fairness(predicted(ROWS), "good", ["group"])
    assert isinstance(again, Measurement)
    assert again.digest == found.digest


def test_the_order_of_rows_changes_nothing() -> None:
    """Alignment is by row, whatever the order."""
    shuffled = list(ROWS)
    random.Random(3).shuffle(shuffled)
    assert attribute(shuffled) == attribute(ROWS)


def test_swapping_group_names_swaps_the_table() -> None:
    """And nothing else: no name is special."""
    swapped = [({"m": "f", "f": "m"}[name], label, guess) for name, label, guess in ROWS]
    before, after = attribute(ROWS), attribute(swapped)
    assert after["parity_difference"] == before["parity_difference"]
    assert [{**g, "group": ""} for g in after["groups"]] == [{**g, "group": ""} for g in reversed(before["groups"])]


def test_one_group_is_undecidable_not_fair() -> None:
    """Fairlearn would say 0.0 and mean nothing by it."""
    value = attribute(cell("m", 50, 20, 20, 10))
    assert (value["parity_difference"], value["decidable"]) == ("0", False)


def test_a_group_too_small_to_decide_is_undecidable() -> None:
    """Thirty rows are the least; twenty-nine are not enough."""
    assert attribute([*ROWS, *cell("x", 10, 5, 10, 5)])["decidable"] is True
    assert attribute([*ROWS, *cell("x", 10, 5, 9, 5)])["decidable"] is False


def test_odds_without_denominators_are_not_zero() -> None:
    """A group without positives has no true positive rate."""
    assert attribute([*ROWS, *cell("x", 0, 15, 20, 0)])["equalized_odds_difference"] is None


def test_small_groups_are_merged_before_anything_is_kept() -> None:
    """No number about four people; the merged group is large enough itself."""
    rows = [*ROWS, *cell("x", 1, 1, 1, 1), *cell("y", 2, 2, 2, 2)]
    found = measure_fairness(predicted(rows), "good", ["group"])
    assert isinstance(found, Measurement)
    names = [entry["group"] for entry in found.values["attributes"][0]["groups"]]
    assert names == ["f", "m", "merged"]
    assert found.values["merged_groups"] == 2
    assert min(entry["n"] for entry in found.values["attributes"][0]["groups"]) >= 10


def test_a_lone_small_group_takes_the_next_smallest_along() -> None:
    """Else subtraction would tell the numbers of the few."""
    assert group(["a"] * 100 + ["b"] * 20 + ["c"] * 3, 10).names == ["a", "merged"]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=30, max_size=300))
def test_no_group_is_below_the_floor(cells: list[str]) -> None:
    """Whatever the sizes, every group that is kept has at least ten rows."""
    grouping = group(cells, 10)
    assert min(grouping.of_row.count(name) for name in grouping.names) >= 10
    assert len(grouping.of_row) == len(cells)


@pytest.mark.slow
@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.booleans()), min_size=60, max_size=200))
def test_fairlearn_agrees_with_the_counts(rows: list[tuple[str, bool, bool]]) -> None:
    """On any table it is asked about; disagreement would be a fault."""
    words = {True: "good", False: "bad"}
    sample = [(name, words[label], words[guess]) for name, label, guess in rows] + cell("a", 10, 1, 1, 1)
    attribute(sample, draws=100)


def test_names_that_are_no_tokens_are_numbered() -> None:
    """A group's name is the data's; only plain tokens go into evidence as they are."""
    rows = [
        (name, label, guess) for source, name in (("m", "أنثى"), ("f", "")) for s, label, guess in ROWS if s == source
    ]
    names = [entry["group"] for entry in attribute(rows)["groups"]]
    assert names == ["group-2", "not-stated"]
    assert tokens(["a", "b c", "x-2", "d e"], "x") == ["a", "x-3", "x-2", "x-4"]


def test_the_interval_holds_the_truth_most_times() -> None:
    """Of 200 samples of two groups that truly differ by 0.1, nine in ten intervals hold it."""
    draw = random.Random(5)
    held = 0
    for number in range(200):
        rows = [("m", "good", "good" if draw.random() < 0.7 else "bad") for _ in range(400)]
        rows += [("f", "good", "good" if draw.random() < 0.6 else "bad") for _ in range(300)]
        labels = [label == "good" for _, label, _ in rows]
        guesses = [guess == "good" for _, _, guess in rows]
        low, high = interval(tables(group([name for name, _, _ in rows], 10), labels, guesses), (number, 0), 500)
        held += low <= 0.1 <= high
    assert held >= 180


@pytest.mark.parametrize(
    ("positive", "protected", "reason"),
    [
        ("good", [], "no protected attribute"),
        ("good", ["age"], "no column age"),
        ("Good", ["group"], "positive class"),
    ],
)
def test_what_cannot_be_measured_has_a_reason(positive: str, protected: list[str], reason: str) -> None:
    """No attribute, no column, no positive class: nothing is measured, and it says so."""
    found = measure_fairness(predicted(ROWS), positive, protected)
    assert isinstance(found, NoMeasurement)
    assert reason in found.reason


def test_a_column_of_numbers_is_no_attribute() -> None:
    """Sixty ages are no groups: bands are asked for."""
    rows = [(str(number % 60), "good", "bad") for number in range(1200)]
    found = measure_fairness(predicted(rows), "good", ["group"])
    assert isinstance(found, NoMeasurement)
    assert "bands" in found.reason
