"""Small training scripts that need nothing installed, and a table they learn from."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from adapters.datasets.digest import digest_file

MAJORITY = '''
"""Predict the majority class of the training data among rows with the same value of x."""
import argparse, collections, csv, json, pathlib, sys
p = argparse.ArgumentParser()
for name in ("data", "out", "score", "predictions"):
    p.add_argument("--" + name, type=pathlib.Path)
p.add_argument("--seed", type=int, default=0)
o = p.parse_args()
seen = collections.defaultdict(collections.Counter)
rows = list(csv.DictReader(o.data.open(encoding="utf-8")))
for row in rows:
    seen[row["x"]][row["y"]] += 1
print("rows", len(rows))
(o.out / "model.json").write_text(json.dumps({x: c.most_common(1)[0][0] for x, c in sorted(seen.items())}))
(o.out / "metrics.json").write_text(json.dumps({"rows": len(rows), "loss": 0.12345678, "note": "fine"}))
if o.predictions:
    scored = list(csv.DictReader(o.score.open(encoding="utf-8")))
    assert "y" not in scored[0], "the label leaked"
    with o.predictions.open("w", encoding="utf-8") as f:
        print("row,prediction,score", file=f)
        for i, row in enumerate(scored):
            c = seen[row["x"]]
            print(i, c.most_common(1)[0][0], c["yes"] / c.total(), sep=",", file=f)
'''

LEARN = ("--data", "{data}", "--out", "{out}", "--seed", "{seed}")
PREDICT = ("--score", "{score}", "--predictions", "{predictions}")


def environment() -> dict[str, str]:
    """What a child needs to find programs; nothing of this process's own settings."""
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"}


def write_script(directory: Path, text: str, name: str = "train.py") -> Path:
    """A script file in `directory`."""
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def write_data(directory: Path, rows: int = 60) -> tuple[Path, str]:
    """A table where x tells y except in every seventh row; its path and digest."""
    path = directory / "data.csv"
    lines = ["x,group,y"]
    for row in range(rows):
        answer = ("yes", "no")[(row % 2 + (row % 7 == 0)) % 2]
        lines.append(f"{('a', 'b')[row % 2]},{('f', 'm')[row % 3 == 0]},{answer}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, digest_file(path).digest
