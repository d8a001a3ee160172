"""Measuring models, attaching what was measured elsewhere, and listing what is on record."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.datasets.read import read_table
from adapters.doors.output import note
from adapters.operations import datasets, models
from adapters.operations.documents import get_document
from adapters.settings import base_environment
from adapters.storage.files import read_bytes
from governance.errors import InputError
from governance.evidence import KINDS, Measurement, NoMeasurement

if TYPE_CHECKING:
    from adapters.training.folds import FoldPlan
    from adapters.wiring import Home
    from governance.views import Dataset, Model

FOLDS = 10
MEASURED = ("performance", "fairness", "drift")


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement, recorded; or the reason why there is none."""

    subject: str
    kind: str
    found: Measurement | NoMeasurement
    index: int | None

    @property
    def measured(self) -> bool:
        """Whether there is a measurement."""
        return isinstance(self.found, Measurement)

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        if isinstance(self.found, NoMeasurement):
            return {"subject": self.subject, "kind": self.kind, "state": "missing", "reason": self.found.reason}
        return {
            "subject": self.subject,
            "kind": self.kind,
            "state": "measured",
            "index": self.index,
            "content": self.found.digest,
            "measurement": self.found.document(),
        }

    def lines(self) -> Iterator[str]:
        """The result in words."""
        if isinstance(self.found, NoMeasurement):
            yield f"{self.kind}: not measured: {self.found.reason}"
            return
        yield f"{self.kind}: n = {self.found.n}, {self.found.method}, {self.found.tool}, entry {self.index}"
        yield from _LINES[self.kind](self.found.values)


def measure(home: Home, kind: str, name: str, *, file: Path | None = None, window: int = 200) -> list[Result]:
    """Measure a model version and record each result. Raises InputError, ToolFault, NotPermitted."""
    if kind != "all" and kind not in MEASURED:
        raise InputError(f"unknown kind of evidence {kind!r}", f"use one of {', '.join(MEASURED)}, all")
    home.actor()
    model, kinds = models.find(home, name), MEASURED if kind == "all" else (kind,)
    found = list(_measure(home, model, kinds, file, window))
    return [_record(home, model, wanted, result) for wanted, result in zip(kinds, found, strict=True)]


def _measure(
    home: Home, model: Model, kinds: tuple[str, ...], file: Path | None, window: int
) -> Iterator[Measurement | NoMeasurement]:
    run = home.catalog().runs[model.run]
    dataset = datasets.find(home, run.dataset)
    path, card = datasets.verified_file(home, dataset, file), datasets.read_card(home, dataset)
    predictions = None
    if {"performance", "fairness"} & set(kinds):
        predictions = _predictions(home, model, dataset, path, card)
    for kind in kinds:
        note(f"measuring {kind} of {model.subject} ...")
        if kind == "drift":
            yield _drift(home, dataset, path, card, window, run.seed)
        else:
            yield _on_predictions(kind, predictions, card)


def _predictions(home: Home, model: Model, dataset: Dataset, path: Path, card: dict[str, Any]) -> Any:
    from adapters.training.folds import out_of_fold

    if not card["label"]:
        return f"{dataset.subject} has no label column: register it with --label"
    run = home.catalog().runs[model.run]
    fixed = home.catalog().thresholds_before(model.name, run.index)
    if fixed is not None and fixed.data_digest != dataset.digest:
        note(f"the thresholds of {model.name} were registered for other data than {dataset.subject}")
    other = _other_code(get_document(home, run.manifest))
    if other:
        return f"{other}: measure where {run.subject} ran, at revision {run.revision}, or train again"
    seed = run.seed if fixed is None else fixed.seed
    plan = _plan(home, model, path, card["label"], FOLDS if fixed is None else fixed.folds)
    note(f"predicting all {dataset.rows} rows of {dataset.subject} in {plan.folds} folds, labels held back ...")
    return out_of_fold(plan, seed, progress=_progress, sink=sys.stderr.buffer.write)


def _plan(home: Home, model: Model, path: Path, label: str, folds: int) -> FoldPlan:
    from adapters.training.folds import FoldPlan

    run = home.catalog().runs[model.run]
    manifest = get_document(home, run.manifest)
    return FoldPlan(
        command=tuple(manifest["command"]),
        data=path,
        data_digest=run.dataset_digest,
        label=label,
        work=home.layout.work,
        directory=Path.cwd(),
        environment=base_environment(),
        folds=folds,
        script=manifest["code"]["script"],
    )


def _other_code(manifest: dict[str, Any]) -> str:
    """What of the code and software at hand is not what a run recorded; empty if all of it is."""
    from adapters.training.command import find_script
    from adapters.training.environment import read_environment
    from adapters.training.provenance import read_code

    command, here, environment = tuple(manifest["command"]), Path.cwd(), base_environment()
    code, recorded = read_code(find_script(command, here), here, environment).document(), manifest["code"]
    differing = [name for name in ("script", "revision", "diff") if code[name] != recorded[name]]
    if differing:
        return f"the training code here is not what the run recorded ({', '.join(differing)})"
    software = read_environment(command, here, environment).document()
    if any(software[name] != manifest["environment"][name] for name in ("python", "packages")):
        return "the software installed here is not what the run recorded"
    return ""


def _progress(done: int, of: int) -> None:
    note(f"  fold {done} of {of}")


def _on_predictions(kind: str, predictions: Any, card: dict[str, Any]) -> Measurement | NoMeasurement:
    from adapters.evidence.fairness_fairlearn import measure_fairness
    from adapters.evidence.performance_sklearn import measure_performance
    from adapters.training.folds import Unpredicted

    if isinstance(predictions, str):
        return NoMeasurement(kind, predictions)
    if isinstance(predictions, Unpredicted):
        return NoMeasurement(kind, predictions.reason)
    if kind == "performance":
        return measure_performance(predictions, card["positive"])
    return measure_fairness(predictions, card["positive"], card["protected"])


def _drift(
    home: Home, dataset: Dataset, path: Path, card: dict[str, Any], window: int, seed: int
) -> Measurement | NoMeasurement:
    from adapters.evidence.drift_evidently import measure_baseline

    if dataset.scan is None:
        return NoMeasurement("drift", f"{dataset.subject} was not scanned, so its columns have no classes")
    table = read_table(path)
    return measure_baseline(table, watched_columns(home, dataset, card), seed, window=window)


def watched_columns(home: Home, dataset: Dataset, card: dict[str, Any]) -> list[str]:
    """The columns whose drift is watched: all but the label and those that are about who somebody is."""
    assert dataset.scan is not None  # noqa: S101 - the caller looked
    report = get_document(home, dataset.scan.report)
    shown = {item["name"] for item in report["columns"] if item["class"] in ("attribute", "quasi")}
    return [name for name in card["columns"] if name in shown and name != card["label"]]


def _record(home: Home, model: Model, kind: str, found: Measurement | NoMeasurement) -> Result:
    if isinstance(found, NoMeasurement):
        return Result(model.subject, kind, found, None)
    return Result(model.subject, kind, found, record(home, model.subject, model.digest, found))


def record(home: Home, subject: str, digest: str, found: Measurement) -> int:
    """Append a measurement Qayd made as evidence about `digest`; the entry's index."""
    data = {
        "kind": found.kind,
        "digest": digest,
        "content": home.blobs.put(found.encode()),
        "method": found.method,
        "tool": found.tool,
        "data_digest": found.data_digest,
        "n": found.n,
        "measured_at": home.clock.now(),
    }
    return home.append(home.event("evidence.measured.v1", subject, data))[0].index


def attach(home: Home, kind: str, name: str, file: Path) -> int:
    """Record a measurement made elsewhere as declared. Raises InputError when the document is not one of that kind."""
    home.actor()
    model = models.find(home, name)
    found = Measurement.decode(read_bytes(file).strip())
    if found.kind != kind or kind not in KINDS:
        raise InputError(f"{file} holds a measurement of {found.kind}, not of {kind}", "name its kind")
    data = {
        "kind": kind,
        "digest": model.digest,
        "content": home.blobs.put(found.encode()),
        "method": found.method,
        "data_digest": found.data_digest,
        "n": found.n,
        "measured_at": home.clock.now(),
    }
    return home.append(home.event("evidence.declared.v1", model.subject, data))[0].index


def listing(home: Home, subject: str) -> list[dict[str, Any]]:
    """The evidence about a model version or a deployment, oldest first."""
    catalog = home.catalog()
    names = {subject, f"model/{subject}", f"deployment/{subject}"}
    found = [item for (about, _), items in catalog.evidence.items() if about in names for item in items]
    if not found and not names & {*catalog.models, *catalog.deployments}:
        raise InputError(f"there is no model or deployment {subject}", "see `qayd model show`")
    return [
        {
            "subject": item.subject,
            "kind": item.kind,
            "state": "measured" if item.measured else "declared",
            "n": item.n,
            "method": item.method,
            "tool": item.tool,
            "content": item.content,
            "digest": item.digest,
            "measured_at": item.measured_at,
            "recorded_at": item.recorded_at,
            "index": item.index,
        }
        for item in sorted(found, key=lambda item: item.index)
    ]


def _performance_lines(values: Any) -> Iterator[str]:
    yield "  " + ", ".join(f"{name} {value}" for name, value in sorted(values["metrics"].items()))


def _fairness_lines(values: Any) -> Iterator[str]:
    for item in values["attributes"]:
        counts = " / ".join(f"{group['group']} {group['n']}" for group in item["groups"])
        low, high = item["interval"]
        doubt = "" if item["decidable"] else "  too few rows to decide"
        around = f"(95% {low} to {high}; n = {counts})"
        yield f"  {item['attribute']}: parity difference {item['parity_difference']} {around}{doubt}"


def _drift_lines(values: Any) -> Iterator[str]:
    yield f"  {len(values['columns'])} columns, limits for windows of {values['window']} rows"


def _window_lines(values: Any) -> Iterator[str]:
    drifted = [item["column"] for item in values["columns"] if item["drifted"]]
    yield f"  {len(drifted)} of {len(values['columns'])} columns drifted: {', '.join(drifted) or 'none'}"


_LINES = {
    "performance": _performance_lines,
    "fairness": _fairness_lines,
    "drift": _drift_lines,
    "drift-window": _window_lines,
}
