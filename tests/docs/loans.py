"""A stranger's data and script: what the README's walk-through is tried on."""

from __future__ import annotations

import random
from pathlib import Path

SCRIPT = '''"""Somebody's training script: four paths as arguments, a decision tree, predictions as asked."""

import csv
import json
import sys

from sklearn.tree import DecisionTreeClassifier, export_text


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def features(row):
    return [float(row["income"]), float(row["loan"]), float(row["years_employed"])]


data, out, score, predictions = sys.argv[1:]
train = rows(data)
model = DecisionTreeClassifier(max_depth=4, random_state=0)
model.fit([features(row) for row in train], [row["repaid"] for row in train])
with open(f"{out}/model.txt", "w", encoding="utf-8") as file:
    file.write(export_text(model))
with open(f"{out}/metrics.json", "w", encoding="utf-8") as file:
    json.dump({"leaves": int(model.get_n_leaves())}, file)
asked = [features(row) for row in rows(score)]
with open(predictions, "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["row", "prediction"])
    writer.writerows(enumerate(model.predict(asked)))
'''

NAMES = ("Hessa", "Rashid", "Priya", "Imran", "Grace", "Omar", "Liam", "Fatma", "Noor", "Carlos")
FAMILIES = ("Al Mansoori", "Khan", "Nair", "Santos", "Haddad", "Evans", "Al Ketbi", "Reyes", "Shah", "Owen")


def write_loans(path: Path, rows: int = 400, seed: int = 5) -> None:
    """A book of loans with customers' names and e-mail addresses in it; repayment depends on means, not on gender."""
    draw = random.Random(seed)
    lines = ["customer,email,gender,income,loan,years_employed,repaid"]
    for number in range(rows):
        name, family = draw.choice(NAMES), draw.choice(FAMILIES)
        gender = draw.choice(("female", "male"))
        income, loan, years = draw.randint(4, 40), draw.randint(5, 200), draw.randint(0, 20)
        odds = income * (5 + years) / loan
        repaid = "yes" if odds + draw.gauss(0, 0.6) > 1.6 else "no"
        email = f"{name}.{family}{number}@example.ae".replace(" ", "").lower()
        lines.append(f"{name} {family},{email},{gender},{income},{loan},{years},{repaid}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
