"""`policy test`: the bundle's own tests, on either engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.policy.bundle import load_tests
from adapters.policy.rego_tests import TestResult, run_tests
from governance.bundle import Bundle
from governance.errors import PolicyFault
from tests.policies.inputs import small

CHECK = """package qayd.controls.fairness_test

import data.qayd.controls.fairness

test_holds if count(fairness.findings) == 0

test_does_not_hold if count(fairness.findings) == 1

test_by_another_input if input.gate == "train" with input as {"gate": "train"}
"""


@pytest.fixture(params=["regorus", "opa"])
def program(request: pytest.FixtureRequest, opa_binary: Path) -> Path | None:
    """The OPA program, or None for the embedded engine."""
    return opa_binary if request.param == "opa" else None


@pytest.mark.slow
def test_every_test_of_the_policies_passes(program: Path | None) -> None:
    """All of them, on both engines, and none is overlooked."""
    results = run_tests(opa=program)
    written = sum(text.count("\ntest_") for text in load_tests().values())
    assert [result for result in results if not result.passed] == []
    assert len(results) == written > 100


def lay_out(directory: Path, bundle: Bundle, check: str) -> Path:
    """A small bundle with one file of tests."""
    for name, text in (*small(bundle, {}).files, ("controls/fairness/fairness_test.rego", check)):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    return directory


def test_a_test_that_does_not_hold_is_told(program: Path | None, tmp_path: Path, bundle: Bundle) -> None:
    """Each test by package and name, with its result."""
    package = "qayd.controls.fairness_test"
    assert run_tests(lay_out(tmp_path, bundle, CHECK), program) == [
        TestResult(package, "test_by_another_input", passed=True),
        TestResult(package, "test_does_not_hold", passed=False),
        TestResult(package, "test_holds", passed=True),
    ]


@pytest.mark.parametrize(
    "check", ["package qayd.x_test\n\ntest_a if nowhere(1)\n", "package qayd.x_test\n\ntest_a if {\n"]
)
def test_tests_that_do_not_compile_are_a_fault(
    program: Path | None, tmp_path: Path, bundle: Bundle, check: str
) -> None:
    """Named by file and line, on both engines."""
    with pytest.raises(PolicyFault, match=r"fairness_test\.rego:\d"):
        run_tests(lay_out(tmp_path, bundle, check), program)


def test_a_program_that_cannot_run_is_a_fault(tmp_path: Path, bundle: Bundle) -> None:
    """No result is not a good result."""
    directory = lay_out(tmp_path, bundle, CHECK)
    for program in ("/bin/false", "/nowhere/opa"):
        with pytest.raises(PolicyFault):
            run_tests(directory, Path(program))
