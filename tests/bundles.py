"""A small policy bundle for tests of the kernel: one control of each severity, and nothing that Rego would do."""

from __future__ import annotations

import json
from typing import Any

from governance.bundle import Bundle

PARAMS: dict[str, Any] = {
    "freshness_days": {"performance": 365, "fairness": 365, "drift": 180},
    "parity_difference_limit": "0.10",
    "drift": {"k": 2, "n": 3},
}
APPROVALS = {
    "production": {
        "low": [{"role": "risk-officer", "count": 1}],
        "medium": [{"role": "risk-officer", "count": 1}],
        "high": [{"role": "risk-officer", "count": 1}, {"role": "validator", "count": 1}],
    }
}
GATES = {
    "ingest": ["C-1"],
    "train": ["C-1", "H-1"],
    "register": ["C-1"],
    "production": ["C-1", "H-1", "L-1", "M-1"],
    "in_production": ["C-1", "H-1"],
}
PACKAGES = {"C-1": "critical", "H-1": "high", "M-1": "people", "L-1": "advice"}


def catalogue_rows() -> list[dict[str, Any]]:
    """One catalogue row per control of the test bundle, as in policies/catalogue/."""
    return [
        {
            "id": f"test/{control}",
            "control": control,
            "severity": control[0],
            "gates": sorted(gate for gate, controls in GATES.items() if control in controls),
            "title": {"en": f"Control {control}", "ar": "ضابط"},
            "requirement": "Something is required.",
            "citations": [],
            "parameters": ["approvals"] if control == "M-1" else ["params"],
            "waivable_by": ["risk-officer"] if control == "H-1" else [],
        }
        for control in PACKAGES
    ]


def bundle_files(**changes: str) -> dict[str, str]:
    """The files of the test bundle: one control of each severity. `changes` replaces parts of data.json's `qayd`."""
    data = {"gates": GATES, "packages": PACKAGES, "approvals": APPROVALS, "params": PARAMS}
    data |= {name: json.loads(text) for name, text in changes.items()}
    files = {
        ".manifest": '{"revision": "test-1", "roots": ["qayd"]}',
        "data.json": json.dumps({"qayd": data}),
        "lib/finding.rego": "package qayd.lib.finding",
        "main/main.rego": "package qayd.main",
        "catalogue/test.yaml": json.dumps({"controls": catalogue_rows()}),
    }
    return files | {f"controls/{name}/{name}.rego": f"package qayd.controls.{name}" for name in PACKAGES.values()}


def a_bundle() -> Bundle:
    """The test bundle."""
    return Bundle.of(bundle_files())
