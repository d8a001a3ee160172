"""Holds each package to its floor of branch coverage, from the JSON report of coverage.py.

    python tools/coverage_floor.py .coverage.json

A package's coverage is (lines + branches run) / (lines + branches there are), in percent.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FLOORS: Mapping[str, float] = {"ledger": 98.0, "governance": 98.0, "reports": 90.0, "adapters": 90.0}
WORST = 5  # files named for a package that is below its floor


@dataclass(frozen=True)
class Covered:
    """How much of a file or package ran: steps are lines and branches counted together."""

    steps: int
    run: int

    @property
    def percent(self) -> float:
        """Share of the steps that ran; nothing to run counts as all."""
        return 100.0 * self.run / self.steps if self.steps else 100.0

    def __add__(self, other: Covered) -> Covered:
        return Covered(self.steps + other.steps, self.run + other.run)


def of_file(summary: Mapping[str, int]) -> Covered:
    """The figures of one file's summary in the report."""
    steps = summary["num_statements"] + summary["num_branches"]
    return Covered(steps, summary["covered_lines"] + summary["covered_branches"])


def main() -> int:
    """Prints each package against its floor; returns 1 when one is below."""
    parser = argparse.ArgumentParser(description="Check coverage floors.")
    parser.add_argument("report", type=Path)
    path = parser.parse_args().report
    if not path.exists():
        print(f"there is no coverage report at {path}; did the tests run?")
        return 1
    report = json.loads(path.read_text())
    if not report["meta"]["branch_coverage"]:
        print("the report does not count branches; set branch = true in [tool.coverage.run]")
        return 1
    files = {name: of_file(content["summary"]) for name, content in report["files"].items()}
    below = [package for package, floor in FLOORS.items() if not meets(package, floor, files)]
    return 1 if below else 0


def meets(package: str, floor: float, files: Mapping[str, Covered]) -> bool:
    """Prints one package's coverage, and its worst files when it is below the floor."""
    own = {name: covered for name, covered in files.items() if name.startswith(f"{package}/")}
    total = sum(own.values(), Covered(0, 0))
    enough = bool(own) and total.percent >= floor
    print(f"  {package:<12} {total.percent:6.2f} %   floor {floor:.0f} %   {'ok' if enough else 'BELOW'}")
    if not enough:
        missing = sorted(own.items(), key=lambda item: item[1].run - item[1].steps)
        for name, covered in missing[:WORST]:
            print(f"      {covered.steps - covered.run:4d} of {covered.steps} not run   {name}")
    return enough


if __name__ == "__main__":
    sys.exit(main())
