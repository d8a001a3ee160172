"""What was measured of a model or a deployment, re-read from the blobs that the ledger's entries name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from governance.bundle import Bundle
from governance.catalog import Catalog
from governance.deployment import Deployment
from governance.document import Document
from governance.errors import InputError
from governance.evidence import Measurement, decimal
from governance.ports import Blobs
from governance.views import Evidence, Model, Thresholds
from ledger.canonical import digest
from ledger.errors import IntegrityError, Kind

MODEL_KINDS: Final = ("performance", "fairness", "drift")
_MISSING: Final[Mapping[str, Any]] = {"state": "missing"}


@dataclass(frozen=True, slots=True)
class Selected:
    """The evidence that counts: the newest of each kind, and what the gate input says of each kind."""

    evidence: tuple[Evidence, ...]
    facts: Document


def read_measurement(blobs: Blobs, evidence: Evidence) -> Measurement:
    """The content of evidence, checked against its digest and its entry.

    Raises IntegrityError: LOST or ALTERED by the blobs, ALTERED if it is not what the entry says it is.
    """
    raw = blobs.get(evidence.content)
    try:
        if digest(raw) != evidence.content:
            raise InputError("its bytes do not have the digest")
        measurement = Measurement.decode(raw)
    except InputError as error:
        raise IntegrityError(Kind.ALTERED, f"the content of evidence: {error.message}", evidence.index) from error
    said = (evidence.kind, evidence.method, evidence.data_digest, evidence.n)
    tools = (measurement.tool, None) if not evidence.measured else (measurement.tool,)
    held = (measurement.kind, measurement.method, measurement.data_digest, measurement.n)
    if said != held or evidence.tool not in tools:
        raise IntegrityError(Kind.ALTERED, "the content of evidence is not what its entry says", evidence.index)
    return measurement


def select_evidence(
    catalog: Catalog, blobs: Blobs, model: Model, thresholds: Thresholds | None, bundle: Bundle, now: str
) -> Selected:
    """The newest measured evidence of each kind, bound to exactly the model's digest; else the newest declared.

    Evidence of another digest counts as missing. Raises IntegrityError as `read_measurement`, PolicyFault.
    """
    chosen: list[Evidence] = []
    facts: Document = {}
    for kind in MODEL_KINDS:
        known = catalog.evidence_of(model.subject, kind, model.digest)
        measured = [item for item in known if item.measured]
        if not known:
            facts[kind] = dict(_MISSING)
            continue
        newest = (measured or known)[-1]
        chosen.append(newest)
        facts[kind] = _fact(blobs, newest, measured, thresholds, bundle, now)
    return Selected(tuple(chosen), facts)


def select_windows(catalog: Catalog, blobs: Blobs, deployment: Deployment, bundle: Bundle) -> Document | None:
    """How many of the last n windows (`params.drift.n`) since it went live there are, and how many of them breach.

    None where nothing was ever live. Raises IntegrityError as `read_measurement`, PolicyFault.
    """
    live = deployment.live
    if live is None:
        return None
    drift = bundle.params.get("drift")
    last = drift.get("n") if isinstance(drift, dict) else None
    windows = [
        item
        for item in catalog.evidence.get((deployment.subject, "drift-window"), ())
        if item.measured and item.index > live.index and item.digest in (live.deployment_digest, live.digest)
    ]
    recent = windows[-last:] if type(last) is int and last > 0 else windows
    breaches = sum(read_measurement(blobs, item).values.get("breach") is not False for item in recent)
    return {"state": deployment.state, "windows": len(recent), "breaches": breaches}


def failed(measurement: Measurement, thresholds: Thresholds | None, parity_limit: object) -> bool:
    """Whether a measurement misses what was asked: a registered threshold, or the limit of the parity difference.

    A value that is asked for and cannot be read counts as missed. A drift baseline has nothing to miss.
    """
    if measurement.kind == "performance":
        metrics = measurement.values.get("metrics")
        known = metrics if isinstance(metrics, dict) else {}
        return any(_missed(known, item) for item in (thresholds.items if thresholds is not None else ()))
    if measurement.kind == "fairness":
        attributes = measurement.values.get("attributes")
        return any(_apart(item, decimal(parity_limit)) for item in (attributes if isinstance(attributes, list) else ()))
    return False


def _fact(
    blobs: Blobs,
    newest: Evidence,
    measured: Sequence[Evidence],
    thresholds: Thresholds | None,
    bundle: Bundle,
    now: str,
) -> Document:
    measurement = read_measurement(blobs, newest)
    attempts = [item for item in measured if (item.method, item.data_digest) == (newest.method, newest.data_digest)]
    since = _fresh_since(bundle, newest.kind, now)
    others = {item.content: item for item in attempts if item.content != newest.content and item.recorded_at >= since}
    limit = bundle.params.get("parity_difference_limit")
    fact: Document = {
        "state": "measured" if newest.measured else "declared",
        "digest": newest.digest,
        "content": newest.content,
        "data_digest": newest.data_digest,
        "method": newest.method,
        "seed": measurement.seed,
        "recorded_at": newest.recorded_at,
        "n": newest.n,
        "attempts": len(attempts),
        "differing": sum(failed(read_measurement(blobs, item), thresholds, limit) for item in others.values()),
        "values": dict(measurement.values),
    }
    if measurement.folds is not None:
        fact["folds"] = measurement.folds
    return fact


def _fresh_since(bundle: Bundle, kind: str, now: str) -> str:
    """From when on a recording is fresh at `now`; the beginning of time if the bundle names no freshness."""
    freshness = bundle.params.get("freshness_days")
    days = freshness.get(kind) if isinstance(freshness, dict) else None
    if type(days) is not int or not 0 <= days <= 36_500:
        return ""
    moment = datetime.fromisoformat(now) - timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _missed(metrics: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    reached, asked = decimal(metrics.get(str(item.get("metric")))), decimal(item.get("value"))
    if reached is None or asked is None:
        return True
    return reached < asked if item.get("bound") == "min" else reached > asked


def _apart(attribute: Any, limit: Any) -> bool:
    if not isinstance(attribute, dict) or limit is None:
        return True
    difference = decimal(attribute.get("parity_difference"))
    return difference is None or (attribute.get("decidable") is not False and difference > limit)
