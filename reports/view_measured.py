"""What was measured of a model and of its deployments, read from the evidence the ledger names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from governance.deployment import Deployment
from governance.evidence import Measurement
from governance.measured import read_measurement
from governance.ports import Blobs
from governance.views import Evidence, Thresholds
from reports.dossier import EvidenceView, FairnessView, GroupView, MetricView, WindowView

PARITY = "selection rate"


def evidence(
    recorded: Iterable[Evidence], blobs: Blobs, thresholds: Thresholds | None, parity_limit: str
) -> tuple[EvidenceView, ...]:
    """Evidence about a model, oldest first. Raises IntegrityError when a content is lost or altered."""
    ordered = sorted(recorded, key=lambda item: item.index)
    return tuple(_evidence(item, read_measurement(blobs, item), thresholds, parity_limit) for item in ordered)


def _evidence(
    recorded: Evidence, measured: Measurement, thresholds: Thresholds | None, parity_limit: str
) -> EvidenceView:
    return EvidenceView(
        kind=recorded.kind,
        state="measured" if recorded.measured else "declared",
        method=recorded.method,
        tool=recorded.tool or "",
        n=recorded.n,
        data_digest=recorded.data_digest,
        content=recorded.content,
        measured_at=recorded.measured_at,
        index=recorded.index,
        seed="" if measured.seed is None else str(measured.seed),
        metrics=tuple(_metrics(measured, thresholds)),
        groups=tuple(_fairness(measured, parity_limit)),
    )


def _metrics(measured: Measurement, thresholds: Thresholds | None) -> Iterator[MetricView]:
    asked = {str(item["metric"]): item for item in (() if thresholds is None else thresholds.items)}
    for name, value in sorted(_object(measured.values.get("metrics")).items()):
        item = asked.get(name, {})
        yield MetricView(name, str(value), str(item.get("bound", "")), str(item.get("value", "")))
    for column in _objects(measured.values.get("columns")):
        name, score = _first(column, "column", "name"), _first(column, "score", "value", "statistic")
        yield MetricView(name, score, "max" if "limit" in column else "", _first(column, "limit"))


def _fairness(measured: Measurement, parity_limit: str) -> Iterator[FairnessView]:
    for attribute in _objects(measured.values.get("attributes")):
        groups = tuple(
            GroupView(_first(group, "group", "name"), _first(group, "selection_rate", "rate"), int(group.get("n", 0)))
            for group in _objects(attribute.get("groups"))
        )
        difference = _first(attribute, "parity_difference")
        decidable = attribute.get("decidable") is not False
        shown = difference if decidable else f"{difference} (too few people to decide)"
        yield FairnessView(
            _first(attribute, "attribute"), PARITY, shown, parity_limit, groups, _interval(attribute.get("interval"))
        )


def _interval(bounds: Any) -> str:
    return " to ".join(str(bound) for bound in bounds) if isinstance(bounds, list) else ""


def windows(deployment: Deployment, recorded: Iterable[Evidence], blobs: Blobs, model: str) -> tuple[WindowView, ...]:
    """The monitoring windows of a deployment while `model` was live there, in order."""
    lives = {
        digest for live in deployment.lives if live.subject == model for digest in (live.deployment_digest, live.digest)
    }
    ordered = sorted((item for item in recorded if item.digest in lives), key=lambda item: item.index)
    return tuple(_window(deployment.subject, item, read_measurement(blobs, item)) for item in ordered)


def _window(deployment: str, recorded: Evidence, measured: Measurement) -> WindowView:
    columns = _objects(measured.values.get("columns"))
    broken = sum(column.get("drifted") is True for column in columns)
    return WindowView(
        deployment=deployment,
        recorded_at=recorded.recorded_at,
        n=recorded.n,
        score=str(broken),
        limit="",
        drifted=measured.values.get("breach") is not False,
        index=recorded.index,
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _first(held: Mapping[str, Any], *names: str) -> str:
    return next((str(held[name]) for name in names if held.get(name) is not None), "")
