"""The demonstration's script and data: two honest models, one of them unfair, and nothing to be had from chance."""

from __future__ import annotations

import csv
import json
import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.datasets.read import read_table
from adapters.datasets.table import Table
from adapters.datasets.write import write_table
from adapters.doors.demo import train
from adapters.doors.demo.identities import ATTRIBUTES, build_credit_csv, build_window_csv
from adapters.evidence.fairness_fairlearn import measure_fairness
from adapters.evidence.performance_sklearn import measure_performance
from adapters.training.folds import FoldPlan, OutOfFold, out_of_fold
from governance.evidence import Measurement
from tests.training.scripts import environment

ROOT = Path(__file__).resolve().parents[2]
GERMAN = ROOT / "adapters" / "doors" / "demo" / "german.data"
SENSITIVE = ("personal_status", "age", "foreign_worker")
MODELS = {
    "logistic": ",".join(ATTRIBUTES),
    "forest": ",".join(name for name in ATTRIBUTES if name not in SENSITIVE),
}
FLOOR = 0.72
LIMIT = 0.10
SEED = 7


@pytest.fixture(scope="module")
def credit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All 1,000 records with sex and age group, without identities."""
    path = tmp_path_factory.mktemp("credit") / "credit.csv"
    build_window_csv(GERMAN, path, 1, shifted=False, rows=1000)
    return path


def words(model: str, data: Path, out: Path) -> list[str]:
    """The script's arguments to train on data and predict the same rows."""
    options = {"data": data, "out": out, "score": data, "predictions": out / "predictions.csv"}
    known = {"label": "class", "positive": "good", "model": model, "features": MODELS[model], "seed": SEED}
    return [word for name, value in {**options, **known}.items() for word in (f"--{name}", str(value))]


def predict(data: Path, model: str, folds: int) -> OutOfFold:
    """Out-of-fold predictions by the script as a stranger's command."""
    command = ("python", "train.py", "--data", "{data}", "--out", "{out}", "--seed", "{seed}", "--score", "{score}")
    found = out_of_fold(
        FoldPlan(
            command=(
                *(*command, "--predictions", "{predictions}", "--label", "class", "--positive", "good"),
                *("--model", model, "--features", MODELS[model]),
            ),
            data=data,
            data_digest=read_table(data).digest,
            label="class",
            work=data.parent,
            directory=GERMAN.parent,
            environment=environment(),
            folds=folds,
        ),
        SEED,
    )
    assert isinstance(found, OutOfFold)
    return found


def accuracy(found: OutOfFold) -> float:
    """As measured."""
    measured = measure_performance(found, "good")
    assert isinstance(measured, Measurement)
    return float(measured.values["metrics"]["accuracy"])


def parity(found: OutOfFold) -> dict[str, float]:
    """Parity difference by attribute, as measured."""
    measured = measure_fairness(found, "good", ["sex", "age_group"])
    assert isinstance(measured, Measurement)
    assert all(item["decidable"] for item in measured.values["attributes"])
    return {item["attribute"]: float(item["parity_difference"]) for item in measured.values["attributes"]}


@pytest.mark.slow
def test_the_linear_model_on_all_columns_is_good_but_unfair(credit: Path) -> None:
    """Accuracy about .75; differences above the limit for both attributes, not by a hair."""
    found = predict(credit, "logistic", 10)
    assert accuracy(found) > FLOOR + 0.02
    assert all(difference > LIMIT + 0.005 for difference in parity(found).values())


@pytest.mark.slow
def test_the_forest_without_three_columns_is_good_and_fair(credit: Path) -> None:
    """Accuracy about .76; differences well below the limit."""
    found = predict(credit, "forest", 10)
    assert accuracy(found) > FLOOR + 0.02
    assert all(difference < LIMIT - 0.02 for difference in parity(found).values())


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_learned_from_shuffled_labels(credit: Path, tmp_path: Path, model: str) -> None:
    """Both models fail the floor once the labels mean nothing."""
    table = read_table(credit)
    labels = list(table.column("class"))
    random.Random(SEED).shuffle(labels)
    columns = tuple(labels if name == "class" else cells for name, cells in table.items())
    write_table(tmp_path / "shuffled.csv", Table(table.names, columns))
    assert accuracy(predict(tmp_path / "shuffled.csv", model, 4)) < FLOOR - 0.01


def scored(model: Mapping[str, Any], row: Mapping[str, str]) -> float:
    """The probability of the positive class, from nothing but the numbers in model.json."""
    words = [float(row[word["column"]] == value) for word in model["words"] for value in word["values"]]
    numbers = [float(row[name]) for name in model["numbers"]]
    if "trees" in model:
        return sum(_leaf(tree, [*words, *numbers]) for tree in model["trees"]) / len(model["trees"])
    scaled = [(x - mean) / scale for x, mean, scale in zip(numbers, model["mean"], model["scale"], strict=True)]
    logit = sum(c * x for c, x in zip(model["coefficients"], [*words, *scaled], strict=True)) + model["intercept"]
    return 1 / (1 + math.exp(-logit))


def _leaf(tree: Mapping[str, Any], columns: list[float]) -> float:
    node = 0
    while tree["left"][node] != -1:
        below = columns[tree["column"][node]] <= tree["threshold"][node]
        node = tree["left" if below else "right"][node]
    return float(tree["positive"][node])


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_the_model_file_holds_the_whole_model(credit: Path, tmp_path: Path, model: str) -> None:
    """Its numbers give the script's own scores; it is plain JSON, and the same run writes the same bytes."""
    for name in ("one", "two"):
        assert train.main(words(model, credit, tmp_path / name)) == 0
    first, second = (tmp_path / name / "model.json" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    document = json.loads(first.read_text())
    with (tmp_path / "one" / "predictions.csv").open() as file:
        predictions = list(csv.DictReader(file))
    table = read_table(credit)
    rows = [dict(zip(table.names, row, strict=True)) for row in table.rows()]
    for row, prediction in list(zip(rows, predictions, strict=True))[:50]:
        assert scored(document, row) == pytest.approx(float(prediction["score"]), abs=1e-5)
        assert prediction["prediction"] == ("good" if float(prediction["score"]) > 0.5 else "bad")


@pytest.mark.parametrize("wrong", [["--features", "age,nonsense"], ["--exclude", "nonsense"], ["--label", "nonsense"]])
def test_columns_that_are_not_there_end_the_script(credit: Path, tmp_path: Path, wrong: list[str]) -> None:
    """Like any script's: a word on stderr and a code that is not zero; no model is left behind."""
    with pytest.raises((SystemExit, ValueError)):
        train.main([*words("logistic", credit, tmp_path / "out"), *wrong])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("model", ["logistic", "forest"])
@pytest.mark.parametrize("names", ["amount,age", "status,purpose"])
def test_columns_of_one_kind_are_enough(tmp_path: Path, model: str, names: str) -> None:
    """Numbers only, or words only, train and are described too."""
    build_credit_csv(GERMAN, tmp_path / "credit.csv", 7)
    words = ["--data", str(tmp_path / "credit.csv"), "--out", str(tmp_path / "out"), "--model", model]
    assert train.main([*words, "--features", names, "--label", "class", "--positive", "good"]) == 0
    assert json.loads((tmp_path / "out" / "model.json").read_text())["features"] == names.split(",")
