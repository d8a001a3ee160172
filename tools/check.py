"""Runs the checks one after the other, goes on after a failure, and sums up.

    python tools/check.py all     everything a change must pass
    python tools/check.py lint    the static checks and the policies
    python tools/check.py fast    the tests without the slow ones
    python tools/check.py bench   the benchmarks

The exit code is 0 only when every check passed. The last line printed is pytest's own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
OPA = os.environ.get("QAYD_TEST_OPA") or str(ROOT / ".tools" / "bin" / "opa")
COVERAGE_DATA = ".coverage.json"


@dataclass(frozen=True)
class Check:
    """One command of the whole; `name` stands in the summary."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """How a check went: seconds it took, whether it passed, and the last line it printed."""

    check: Check
    passed: bool
    seconds: float
    last_line: str


def _tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(BIN / name), *arguments)


def _pytest(*arguments: str) -> Check:
    colour = "yes" if sys.stdout.isatty() else "no"
    return Check("tests", _tool("python", "-m", "pytest", f"--color={colour}", *arguments))


LINT = (
    Check("format", _tool("ruff", "format", "--check", "--output-format", "concise", ".")),
    Check("lint", _tool("ruff", "check", "--output-format", "concise", ".")),
    Check("types", _tool("mypy", "--no-error-summary")),
    Check("import contracts", _tool("lint-imports", "--no-logo")),
    Check("policy format", (OPA, "fmt", "--list", "--fail", "policies")),
    Check("policy check", (OPA, "check", "--strict", "--bundle", "policies")),
    Check("policy tests", (OPA, "test", "--bundle", "policies")),
)
TESTS = _pytest(
    "-n", "2", "--dist", "worksteal", "--durations=10", "--cov", "--cov-report=", f"--cov-report=json:{COVERAGE_DATA}"
)
FLOORS = Check("coverage floors", _tool("python", "tools/coverage_floor.py", COVERAGE_DATA))
# The short loop leaves out what is slow, the benchmarks and the second database, and tries fewer examples.
FAST = (
    *("-n", "2", "--dist", "worksteal", "--hypothesis-profile", "fast"),
    *("-m", "not slow", "-k", "not postgresql", "--ignore", "tests/bench"),
)
PLANS = {
    "lint": LINT,
    "all": (*LINT, TESTS, FLOORS),
    "fast": (_pytest(*FAST),),
    "bench": (_pytest("tests/bench", "--benchmark-enable", "--benchmark-only", "-p", "no:randomly"),),
}


def main() -> int:
    """Runs the plan named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Run the checks.")
    parser.add_argument("plan", choices=sorted(PLANS))
    plan = PLANS[parser.parse_args().plan]
    results = [run(check) for check in plan]
    sum_up(results)
    return 0 if all(result.passed for result in results) else 1


def run(check: Check) -> Result:
    """Runs one check with its output passed through as it comes."""
    print(f"-- {check.name}", flush=True)
    started = time.monotonic()
    last_line = ""
    try:
        process = subprocess.Popen(
            check.command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        print(f"cannot run {check.command[0]}: {error.strerror}; `make test` installs it")
        return Result(check, passed=False, seconds=0.0, last_line="")
    with process:
        for raw in process.stdout or ():
            sys.stdout.buffer.write(raw)
            sys.stdout.buffer.flush()
            last_line = raw.decode(errors="replace").strip() or last_line
    return Result(check, process.returncode == 0, time.monotonic() - started, last_line)


def sum_up(results: list[Result]) -> None:
    """Prints a line for each check, then pytest's closing line."""
    print("\nchecks")
    for result in results:
        word = "ok" if result.passed else "FAILED"
        print(f"  {result.check.name:<18} {word:<7} {result.seconds:6.1f} s")
    failed = [result.check.name for result in results if not result.passed]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    for result in results:
        if result.check.name == "tests":
            print(result.last_line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
