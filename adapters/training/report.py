"""The report of one training run: what was seen (measured) and what the run says of itself (declared)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adapters.training.artifacts import Manifest, read_plain
from adapters.training.provenance import Provenance
from governance.errors import ToolFault
from governance.evidence import quantise

VERSION: Final = "qayd/run-report/v1"
METRICS: Final = "metrics.json"
MAX_METRICS: Final = 256
MAX_METRICS_BYTES: Final = 1 << 20
MAX_VALUE: Final = 1e99

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,127}")


@dataclass(frozen=True, slots=True)
class Metric:
    """A number the run declares about itself; `value` is a decimal string of six significant digits."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """What is known of one run once it has ended.

    `command` holds its placeholders, so that it can be run again. `artifacts` is None when the run failed or left
    nothing; `fault` says why a run that ended well still gave nothing to rely on, and is empty otherwise.
    Times are UTC, `duration_ms` is measured on a clock that never jumps.
    """

    command: tuple[str, ...]
    placeholders: tuple[str, ...]
    data_digest: str
    seed: int
    provenance: Provenance
    metrics: tuple[Metric, ...]
    metrics_note: str
    artifacts: Manifest | None
    predictions: str
    exit_code: int
    signal: str
    timed_out: bool
    started_at: str
    ended_at: str
    duration_ms: int
    fault: str

    def document(self) -> dict[str, Any]:
        """The canonical object kept as a blob."""
        return {
            "v": VERSION,
            "command": list(self.command),
            "placeholders": list(self.placeholders),
            "data_digest": self.data_digest,
            "seed": self.seed,
            "code": self.provenance.code.document(),
            "environment": self.provenance.environment.document(),
            "machine": self.provenance.machine.document(),
            "metrics": [{"name": metric.name, "value": metric.value} for metric in self.metrics],
            "metrics_note": self.metrics_note,
            "metrics_state": "declared",
            "artifacts": self.artifacts.document() if self.artifacts else None,
            "artifacts_digest": self.artifacts.digest if self.artifacts else None,
            "predictions": self.predictions,
            "exit_code": self.exit_code,
            "signal": self.signal,
            "timed_out": self.timed_out,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "duration_ms": self.duration_ms,
            "fault": self.fault,
        }

    def check(self) -> RunReport:
        """Return the report; raises ToolFault when the run ended well but its results cannot be relied on."""
        if self.fault:
            raise ToolFault(self.fault, "the run is recorded with this; run it again")
        return self


def read_metrics(out: Path) -> tuple[tuple[Metric, ...], str]:
    """The numbers of `metrics.json` under `out` (a flat object), sorted by name, and a note on what was left aside."""
    path = out / METRICS
    if not path.exists() and not path.is_symlink():
        return (), ""
    try:
        found = json.loads(_read(path))
    except (ToolFault, ValueError, RecursionError):
        return (), f"{METRICS} is not a readable JSON file"
    if not isinstance(found, dict):
        return (), f"{METRICS} is not an object"
    metrics = [metric for name, value in found.items() if (metric := _metric(name, value))]
    kept = sorted(metrics, key=lambda metric: metric.name)[:MAX_METRICS]
    left = len(found) - len(kept)
    return tuple(kept), f"{left} of {len(found)} members are not plain numbers and were left aside" if left else ""


def _read(path: Path) -> bytes:
    raw = b""
    for chunk in read_plain(path):
        raw += chunk
        if len(raw) > MAX_METRICS_BYTES:
            raise ToolFault(f"{METRICS} is larger than {MAX_METRICS_BYTES} bytes")
    return raw


def _metric(name: str, value: object) -> Metric | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not _NAME.fullmatch(name):
        return None
    if not abs(value) < MAX_VALUE:  # a NaN is not less either
        return None
    return Metric(name, quantise(value))
