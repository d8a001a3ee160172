"""Train a classifier on a CSV with scikit-learn: an ordinary training script.

    python train.py --data credit.csv --out model --label class --positive good --exclude sex,age_group --model forest

reads the table, fits a pipeline, and writes `model.json` (plain numbers: loading it runs no code) and `metrics.json`
into `--out`. With `--score rows.csv --predictions answers.csv` it also predicts the rows of another file, one line
`row,prediction,score` each, where `row` counts from 0 and `score` is the probability of the positive class.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def main(arguments: list[str] | None = None) -> int:
    """Train, write the model and its metrics, and predict when asked to; returns the exit code."""
    options = parse(arguments)
    table = pd.read_csv(options.data, dtype={options.label: str})
    features = choose(list(table.columns), options)
    classes = [*(c for c in sorted(table[options.label].unique()) if c != options.positive), options.positive]
    target = table[options.label].map(classes.index).to_numpy()
    pipeline = build(options.model, table[features], options.seed).fit(table[features], target)
    options.out.mkdir(parents=True, exist_ok=True)
    write_json(options.out / "model.json", describe(pipeline, features, classes))
    accuracy = float(pipeline.score(table[features], target))
    write_json(options.out / "metrics.json", {"training_accuracy": round(accuracy, 6), "training_rows": len(table)})
    if options.score:
        write_predictions(options.predictions, pipeline, pd.read_csv(options.score)[features], classes)
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line; leaves through argparse with code 2 when it makes no sense."""
    parser = argparse.ArgumentParser(description="Train a classifier on a CSV.")
    parser.add_argument("--data", type=Path, required=True, help="CSV with a header, features and the label")
    parser.add_argument("--out", type=Path, required=True, help="directory for model.json and metrics.json")
    parser.add_argument("--label", required=True, help="column to predict")
    parser.add_argument("--positive", required=True, help="class whose probability is the score")
    parser.add_argument("--features", default="all", help="'all' or column names separated by commas")
    parser.add_argument("--exclude", default="", help="column names to leave out, separated by commas")
    parser.add_argument("--model", choices=("logistic", "forest"), default="logistic")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--score", type=Path, help="CSV of rows to predict (no label needed)")
    parser.add_argument("--predictions", type=Path, help="where to write row,prediction,score")
    options = parser.parse_args(arguments)
    if (options.score is None) != (options.predictions is None):
        parser.error("--score and --predictions go together")
    return options


def choose(columns: list[str], options: argparse.Namespace) -> list[str]:
    """The feature columns, in the file's order."""
    named = columns if options.features == "all" else options.features.split(",")
    left_out = {options.label, *filter(None, options.exclude.split(","))}
    unknown = (set(named) | left_out) - set(columns)
    if unknown:
        sys.exit(f"no such column: {', '.join(sorted(unknown))}")
    return [name for name in columns if name in named and name not in left_out]


def build(model: str, rows: pd.DataFrame, seed: int) -> Pipeline:
    """An unfitted pipeline: one-hot encoding of text, scaling for the linear model, then the classifier."""
    numbers = list(rows.select_dtypes("number").columns)
    words = [name for name in rows.columns if name not in numbers]
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    if model == "logistic":
        return Pipeline(
            [
                ("columns", make_column_transformer((encode, words), (StandardScaler(), numbers))),
                ("classifier", LogisticRegression(max_iter=1000)),
            ]
        )
    forest = RandomForestClassifier(n_estimators=100, min_samples_leaf=2, random_state=seed)
    return Pipeline(
        [
            ("columns", make_column_transformer((encode, words), ("passthrough", numbers))),
            ("classifier", forest),
        ]
    )


def describe(pipeline: Pipeline, features: list[str], classes: list[str]) -> dict[str, Any]:
    """Everything a scorer needs: columns and their encoding, then coefficients or trees."""
    columns = pipeline.named_steps["columns"]
    (_, encoder, words), (_, scaler, numbers) = columns.transformers_[:2]
    classifier = pipeline.named_steps["classifier"]
    document: dict[str, Any] = {
        "features": features,
        "classes": classes,
        "words": [
            {"column": name, "values": [str(value) for value in values]}
            for name, values in zip(words, encoder.categories_ if words else [], strict=True)
        ],
        "numbers": list(numbers),
    }
    if isinstance(classifier, LogisticRegression):
        document["mean"] = scaler.mean_.tolist() if numbers else []
        document["scale"] = scaler.scale_.tolist() if numbers else []
        document["coefficients"] = classifier.coef_[0].tolist()
        document["intercept"] = float(classifier.intercept_[0])
    else:
        document["trees"] = [describe_tree(tree.tree_) for tree in classifier.estimators_]
    return document


def describe_tree(tree: Any) -> dict[str, Any]:
    """A decision tree as parallel lists: `left` is -1 at a leaf, `positive` the leaf's share of positives."""
    return {
        "left": tree.children_left.tolist(),
        "right": tree.children_right.tolist(),
        "column": tree.feature.tolist(),
        "threshold": tree.threshold.tolist(),
        "positive": (tree.value[:, 0, 1] / tree.value[:, 0].sum(axis=1)).tolist(),
    }


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write JSON with sorted keys, so that the same model is the same bytes."""
    path.write_text(json.dumps(document, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def write_predictions(path: Path, pipeline: Pipeline, rows: pd.DataFrame, classes: list[str]) -> None:
    """Predict each row with the likelier class."""
    scores = pipeline.predict_proba(rows)[:, 1]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row", "prediction", "score"])
        for row, score in enumerate(np.round(scores, 6)):
            writer.writerow([row, classes[int(score > 0.5)], format(score, ".6f")])


if __name__ == "__main__":
    sys.exit(main())
