"""Running a bundle's own tests (`*_test.rego`), on either engine."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.policy.answer import HINT, modules
from adapters.policy.bundle import default_directory, load_bundle, load_tests
from adapters.policy.embedded_regorus import fault, parse
from governance.bundle import DATA, Bundle
from governance.errors import PolicyFault

SECONDS = 120
_PACKAGE = re.compile(r"^package\s+([\w.]+)", re.MULTILINE)
_TEST = re.compile(r"^(test_\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test rule, and whether it held."""

    __test__ = False  # not a test of pytest's

    package: str
    name: str
    passed: bool


def run_tests(directory: Path | None = None, opa: Path | None = None) -> list[TestResult]:
    """Every test of the bundle in `directory` (or of Qayd's own), by package and name.

    With `opa`, that program runs them, else the embedded engine. Raises PolicyFault when the bundle or its tests do
    not compile.
    """
    results = _by_opa(directory or default_directory(), opa) if opa else _embedded(directory)
    return sorted(results, key=lambda result: (result.package, result.name))


def _by_opa(directory: Path, opa: Path) -> list[TestResult]:
    load_bundle(directory)  # the same limits and the same refusals, whichever engine runs the tests
    command = [str(opa), "test", "--bundle", ".", "--format", "json"]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, timeout=SECONDS, check=False, env={})
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PolicyFault(f"{opa} did not run the tests: {type(error).__name__}", HINT) from error
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        said = done.stderr.decode(errors="replace").strip() or "no answer"
        raise PolicyFault(f"the policies do not compile: {said[:400]}", HINT) from error
    return [_result(item) for item in found or ()]


def _result(item: dict[str, Any]) -> TestResult:
    passed = not item.get("fail") and not item.get("error")
    return TestResult(str(item["package"]).removeprefix("data."), str(item["name"]), passed)


def _embedded(directory: Path | None) -> list[TestResult]:
    bundle, tests = load_bundle(directory), load_tests(directory)
    engine = _compiled(bundle, tests)
    return [_holds(engine, package, name) for package, name in _named(tests)]


def _compiled(bundle: Bundle, tests: dict[str, str]) -> Any:
    try:
        return parse((*modules(bundle), *tests.items()), dict(bundle.files)[DATA])
    except Exception as error:
        raise fault(error) from error


def _named(tests: dict[str, str]) -> list[tuple[str, str]]:
    """(package, rule) of each test rule."""
    named = []
    for text in tests.values():
        package = _PACKAGE.search(text)
        if package:
            named += [(package.group(1), name) for name in dict.fromkeys(_TEST.findall(text))]
    return named


def _holds(engine: Any, package: str, name: str) -> TestResult:
    """A rule that is true has passed; undefined has not. What cannot be evaluated is a fault of the policy."""
    try:
        value = json.loads(engine.eval_rule_as_json(f"data.{package}.{name}"))
    except RuntimeError as error:
        raise fault(error) from error
    return TestResult(package, name, value is True)
