"""Testing the policy bundle; needs no home."""

from __future__ import annotations

from typing import Any

from adapters.settings import Settings
from governance.errors import PolicyFault


def run_tests(settings: Settings, engine: str | None) -> list[dict[str, Any]]:
    """Run the bundle's own Rego tests; one document a test. Raises PolicyFault when the bundle does not compile."""
    from adapters.policy.local_opa import find_opa
    from adapters.policy.rego_tests import run_tests as run_rego
    from adapters.policy.server_opa import NAME as OPA

    opa = None
    if (engine or settings.engine) == OPA:
        opa = find_opa(settings.opa_binary)
        if opa is None:
            raise PolicyFault(
                "there is no OPA program to run the tests", "set QAYD_OPA to its path, or leave --engine out"
            )
    return [
        {"package": result.package, "name": result.name, "passed": result.passed}
        for result in run_rego(settings.policies, opa)
    ]
