"""Thresholds before training, and training commands wrapped so that what they did is on record."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.clock import identifier
from adapters.doors.output import note
from adapters.operations import datasets, gates, people
from adapters.operations.documents import put_document
from adapters.settings import base_environment
from governance.decision import Outcome
from governance.errors import InputError, NotPermitted
from governance.subject import Subject

if TYPE_CHECKING:
    from adapters.training.report import RunReport
    from adapters.wiring import Home

METRICS = ("accuracy", "balanced_accuracy", "precision", "recall", "roc_auc")
METHOD = "out-of-fold/v1"


def register_thresholds(
    home: Home, model: str, dataset: str, items: Sequence[Mapping[str, str]], *, folds: int, seed: int
) -> int:
    """Register what later versions of a model must reach on a data set. Returns the entry's index."""
    if not items:
        raise InputError("no threshold given", "give at least one --min METRIC=VALUE or --max METRIC=VALUE")
    for item in items:
        _check_item(item)
    found = datasets.find(home, dataset)
    data = {
        "method": METHOD,
        "folds": folds,
        "seed": seed,
        "data_digest": found.digest,
        "dataset": found.subject,
        "items": [dict(item) for item in items],
    }
    home.actor()
    return home.append(home.event("threshold.registered.v1", model_name(model), data))[0].index


def _check_item(item: Mapping[str, str]) -> None:
    from governance.evidence import decimal

    if item["metric"] not in METRICS:
        raise InputError(f"unknown metric {item['metric']!r}", f"use one of {', '.join(METRICS)}")
    value = decimal(item["value"])
    if value is None or not 0 <= value <= 1:
        raise InputError(
            f"{item['metric']}: {item['value']!r} is no limit", "write a decimal between 0 and 1, such as 0.70"
        )


def model_name(model: str) -> str:
    """`model/NAME` from NAME or model/NAME. Raises InputError for anything else."""
    label = model.removeprefix("model/")
    Subject.parse(f"model/{label}@1")
    return f"model/{label}"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run: seed, where the data is now, where artifacts go, the lock file, authors, gated or not."""

    seed: int = 0
    file: Path | None = None
    out: Path | None = None
    lock: Path | None = None
    authors: Sequence[str] = ()
    ungated: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run as recorded. `artifacts` is the digest of the artifact manifest, or None; `fault` says why what
    a command left that ended well cannot be relied on, and is empty otherwise.
    """

    run: str
    exit_code: int
    artifacts: str | None
    duration_ms: int
    out: Path
    fault: str = ""


def run(home: Home, model: str, dataset: str, command: Sequence[str], options: RunOptions) -> Run:
    """Run a training command on a registered data set: intent, act, outcome, all on record.

    Raises NotPermitted when the gate `train` does not allow the data and the run is not marked ungated.
    """
    from adapters.training.local_process import TrainingPlan, prepare
    from adapters.training.local_process import run as run_process

    name, found, actor = model_name(model), datasets.find(home, dataset), home.actor()
    authors = [people.resolve(home, author) for author in options.authors] or [actor]
    subject = f"run/{identifier('', 8)}"
    prepared = prepare(
        TrainingPlan(
            command=tuple(command),
            data=datasets.verified_file(home, found, options.file),
            data_digest=found.digest,
            out=(options.out or home.layout.work / subject.replace("/", "-")).absolute(),
            seed=options.seed,
            directory=Path.cwd(),
            environment=base_environment(),
            label=datasets.read_card(home, found)["label"] or None,
            lock_file=options.lock,
        )
    )
    started = {
        "model": name,
        "dataset": found.subject,
        "dataset_digest": found.digest,
        "revision": prepared.provenance.code.revision,
        "dirty": prepared.provenance.code.dirty,
        "environment": prepared.provenance.environment.digest,
        "authors": sorted(set(authors)),
        "seed": options.seed,
        **_permit(home, found, ungated=options.ungated),
        "manifest": put_document(home, prepared.document()),
    }
    home.append(home.event("training.started.v1", subject, started))
    report = run_process(prepared, clock=home.clock, sink=sys.stderr.buffer.write)
    sys.stderr.flush()
    return _completed(home, subject, prepared.plan.out, report)


def _permit(home: Home, dataset: Any, *, ungated: bool) -> dict[str, Any]:
    """What `training.started` says of the gate: the allowing decision, or that there was none."""
    decision = gates.check(home, "train", dataset.subject)
    if decision.outcome is Outcome.ALLOW:
        return {"gated": True, "decision": decision.id}
    if ungated:
        return {"gated": False}
    reasons = ", ".join(sorted({finding.control for finding in decision.findings}))
    raise NotPermitted(
        f"the gate train does not allow {dataset.subject}: {decision.outcome} ({reasons}), decision {decision.id}",
        f"see `qayd gate check train {dataset.subject}`; --ungated runs all the same, marked so",
    )


def _completed(home: Home, subject: str, out: Path, report: RunReport) -> Run:
    data: dict[str, Any] = {
        "exit_code": report.exit_code,
        "duration_ms": report.duration_ms,
        "report": put_document(home, report.document()),
    }
    artifacts = None
    if report.artifacts is not None:
        home.serving.admit(report.artifacts, out)
        artifacts = put_document(home, report.artifacts.document())
        data["artifacts"] = artifacts
    home.append(home.event("training.completed.v1", subject, data))
    if report.fault:
        note(f"{subject}: {report.fault}")
    return Run(subject, report.exit_code, artifacts, report.duration_ms, out, report.fault)
