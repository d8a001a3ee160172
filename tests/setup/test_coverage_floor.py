"""The tool that holds packages to their floors: exact at the floor, and strict about reports it cannot trust."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "coverage_floor.py"
PACKAGES = ("ledger", "governance", "reports", "adapters")


def report(run: int, *, branches: bool = True, packages: tuple[str, ...] = PACKAGES) -> dict[str, Any]:
    """A report in which each package has 60 lines and 40 branches, of which `run` ran in `ledger`, all elsewhere."""
    files = {}
    for package in packages:
        ran = run if package == "ledger" else 100
        summary = {"num_statements": 60, "num_branches": 40, "covered_lines": min(ran, 60), "covered_branches": 0}
        summary["covered_branches"] = ran - summary["covered_lines"]
        files[f"{package}/module.py"] = {"summary": summary}
    return {"meta": {"branch_coverage": branches}, "files": files}


def check(path: Path, content: object) -> subprocess.CompletedProcess[str]:
    if content is not None:
        path.write_text(json.dumps(content))
    return subprocess.run([sys.executable, str(TOOL), str(path)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (report(98), 0, "98.00 %"),
        (report(97), 1, "3 of 100 not run   ledger/module.py"),
        (report(100, packages=PACKAGES[:3]), 1, "adapters"),
        (report(100, branches=False), 1, "does not count branches"),
        (None, 1, "no coverage report"),
    ],
    ids=["at the floor", "a step below", "package not measured", "no branches", "no report"],
)
def test_floors(tmp_path: Path, content: object, code: int, words: str) -> None:
    """At the floor passes; a step below, a package never measured, lines only, or no report at all do not."""
    done = check(tmp_path / "coverage.json", content)
    assert (done.returncode, done.stderr) == (code, "")
    assert words in done.stdout
