"""Checking what a live model sees, window by window, and acting when it drifts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.datasets.read import read_table
from adapters.doors.output import note
from adapters.monitoring.windows import Advice, Rule, Window, advise
from adapters.operations import datasets, deployments, evidence, models
from governance import safety
from governance.errors import InputError
from governance.evidence import Measurement, NoMeasurement
from ledger.errors import Conflict, LedgerError
from ledger.schema import Sealed

if TYPE_CHECKING:
    from adapters.wiring import Home
    from governance.deployment import Deployment, Live
    from governance.safety import Moved
    from governance.views import Evidence

WINDOW = "drift-window"


@dataclass(frozen=True, slots=True)
class Watched:
    """What one check found, and what was done about it."""

    target: str
    found: Measurement | NoMeasurement
    index: int | None
    advice: Advice | None
    rule: Rule
    moved: Moved | None = None
    drift: int | None = None
    retraining: dict[str, Any] | None = None

    @property
    def measured(self) -> bool:
        """Whether the window could be measured."""
        return isinstance(self.found, Measurement)

    @property
    def acted(self) -> bool:
        """Whether the deployment was moved to its fallback."""
        return self.moved is not None

    def document(self) -> dict[str, Any]:
        """The result as a document."""
        document: dict[str, Any] = {"target": self.target, "acted": self.acted, "index": self.index}
        if isinstance(self.found, NoMeasurement):
            return {**document, "state": "missing", "reason": self.found.reason}
        assert self.advice is not None  # noqa: S101 - set with every measurement
        return {
            **document,
            "state": "measured",
            "measurement": self.found.document(),
            "breaches": self.advice.breaches,
            "windows": self.advice.counted,
            "k": self.rule.k,
            "n": self.rule.n,
            "serving": self.moved.placement.model if self.moved else None,
            "drift": self.drift,
            "retraining": self.retraining,
        }

    def lines(self) -> list[str]:
        """The result in words."""
        if isinstance(self.found, NoMeasurement):
            return [f"{self.target}: the window was not measured: {self.found.reason}"]
        assert self.advice is not None  # noqa: S101 - set with every measurement
        values, rule = self.found.values, self.rule
        drifted = [item["column"] for item in values["columns"] if item["drifted"]]
        word = "BREACH" if values["breach"] else "calm"
        lines = [
            f"{self.target}: {word}, {len(drifted)} of {len(values['columns'])} columns drifted"
            + (f": {', '.join(drifted)}" if drifted else ""),
            f"  {self.advice.breaches} of the last {self.advice.counted} windows breach; acts at {rule.k} of {rule.n}",
        ]
        if self.moved is not None:
            lines.append(
                f"  DRIFT, entry {self.drift}: now served by {self.moved.placement.model}, entry {self.moved.index}"
            )
        if self.retraining is not None:
            lines.append(
                f"  retraining of {self.retraining['model']} {self.retraining['status']},"
                f" entry {self.retraining['index']}"
            )
        return lines


def check(home: Home, target: str, window: Path) -> Watched:
    """Measure one window, record it, and act when k of the last n breach. The same file counts once.

    Raises InputError, ToolFault, NotPermitted.
    """
    home.actor()
    deployment = deployments.find(home, target)
    live = deployment.live
    if live is None:
        raise InputError(f"nothing was ever live at {deployment.target}", "promote a model there first")
    rule = _rule(home)
    table = read_table(window)
    known = next((item for item in _windows(home, deployment, live) if item.data_digest == table.digest), None)
    if known is not None:
        note(f"{window} was measured before, entry {known.index}; it counts once")
        found: Measurement | NoMeasurement = Measurement.decode(home.blobs.get(known.content))
        index: int | None = known.index
    else:
        note(f"measuring {window} against the baseline of {live.subject} ...")
        found = _measure(home, live, table)
        index = _record(home, deployment, live, found)
    if index is None:
        return Watched(deployment.target, found, None, None, rule)
    return _act(home, deployments.find(home, target), live, found, index, rule)


def _rule(home: Home) -> Rule:
    drift = home.bundle.params.get("drift", {})
    return Rule(k=int(drift["k"]), n=int(drift["n"]))


def _windows(home: Home, deployment: Deployment, live: Live) -> list[Evidence]:
    """The measured windows of what is live, oldest first."""
    known = home.catalog().evidence.get((deployment.subject, WINDOW), ())
    return [
        item for item in known if item.measured and item.index > live.index and item.digest == live.deployment_digest
    ]


def _measure(home: Home, live: Live, table: Any) -> Measurement | NoMeasurement:
    from adapters.evidence.drift_evidently import measure_window

    catalog = home.catalog()
    baselines = [item for item in catalog.evidence_of(live.subject, "drift", live.digest) if item.measured]
    if not baselines:
        return NoMeasurement(WINDOW, f"{live.subject} has no drift baseline")
    dataset = datasets.find(home, catalog.runs[catalog.models[live.subject].run].dataset)
    reference = read_table(datasets.verified_file(home, dataset))
    columns = evidence.watched_columns(home, dataset, datasets.read_card(home, dataset))
    return measure_window(reference, columns, Measurement.decode(home.blobs.get(baselines[-1].content)), table)


def _record(home: Home, deployment: Deployment, live: Live, found: Measurement | NoMeasurement) -> int | None:
    if isinstance(found, NoMeasurement):
        return None
    return evidence.record(home, deployment.subject, live.deployment_digest, found)


def _act(
    home: Home, deployment: Deployment, live: Live, found: Measurement | NoMeasurement, index: int, rule: Rule
) -> Watched:
    """Ask the rule, and on its word: detect, move to the fallback, ask for retraining."""
    items = _windows(home, deployment, live)
    windows = [Window(_breach(home, item), item.recorded_at) for item in items]
    acted = max((drift.recorded_at for drift in deployment.drifts if drift.index > live.index), default=None)
    advice = advise(windows, rule, now=home.clock.now(), acted_at=acted)
    if not advice.act or deployment.suspension is not None:
        return Watched(deployment.target, found, index, advice, rule)
    data = {
        "k": advice.breaches,
        "n": advice.counted,
        "windows": [item.content for item in items[-advice.counted :]],
        "digest": live.deployment_digest,
    }
    try:
        drift = home.append(home.event("drift.detected.v1", deployment.subject, data))[0].index
    except LedgerError:
        # Safety first: what drifted stops serving even when the ledger cannot be told why.
        safety.suspend(home.desk(), home.serving, deployment.target, actor=home.actor())
        raise
    moved = safety.suspend(home.desk(), home.serving, deployment.target, actor=home.actor(), cause=str(drift))
    retraining = request_retraining(home, live.subject, cause=str(drift), deployment=deployment.subject)
    return Watched(deployment.target, found, index, advice, rule, moved, drift, retraining)


def _breach(home: Home, item: Evidence) -> bool:
    return Measurement.decode(home.blobs.get(item.content)).values["breach"] is not False


def request_retraining(
    home: Home, model: str, *, cause: str | None = None, reason: str = "", deployment: str | None = None
) -> dict[str, Any]:
    """Record that a model should be trained again; for one cause this is written once."""
    actor = home.actor()
    subject = models.find(home, model).subject
    if cause is not None and not (
        cause.isascii() and cause.isdigit() and len(cause) < 20 and int(cause) < home.log.size()
    ):
        raise InputError(f"there is no entry {cause}", "give the index of the entry that asks for it")
    for known in home.catalog().retraining:
        if cause is not None and (known.subject, known.cause) == (subject, cause):
            return {"model": subject, "index": known.index, "status": "requested before"}
    data: dict[str, Any] = {}
    if cause is not None:
        data["cause"] = cause
    if deployment is not None:
        data["deployment"] = deployment
    if reason:
        data["reason"] = Sealed(reason, actor)
    claim = None if cause is None else f"retraining:{subject}:{cause}"
    try:
        receipt = home.append(home.event("retraining.requested.v1", subject, data, claim=claim))[0]
    except Conflict:
        return {"model": subject, "index": None, "status": "requested before"}
    return {"model": subject, "index": receipt.index, "status": "requested"}
