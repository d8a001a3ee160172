"""Both engines with Qayd's own bundle, made once: the OPA server is real, and a missing one fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.policy.bundle import load_bundle
from adapters.policy.embedded_regorus import RegorusEngine
from adapters.policy.local_opa import LocalOpa
from adapters.policy.server_opa import OpaEngine
from governance.bundle import Bundle
from governance.ports import PolicyEngine
from tests.policies.inputs import good_inputs


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """The bundle that comes with Qayd."""
    return load_bundle()


@pytest.fixture(scope="session")
def opa_server(opa_binary: Path, bundle: Bundle) -> Iterator[LocalOpa]:
    """A running OPA server of this test process's own."""
    with LocalOpa(opa_binary, bundle) as server:
        yield server


@pytest.fixture(scope="session")
def regorus(bundle: Bundle) -> RegorusEngine:
    """The embedded engine with the bundle."""
    return RegorusEngine(bundle)


@pytest.fixture(scope="session")
def opa(opa_server: LocalOpa, bundle: Bundle) -> Iterator[OpaEngine]:
    """The real OPA with the bundle."""
    engine = OpaEngine(opa_server.endpoint, bundle)
    yield engine
    engine.close()


@pytest.fixture(params=["regorus", "opa"])
def engine(request: pytest.FixtureRequest) -> PolicyEngine:
    """Each engine in turn."""
    chosen: PolicyEngine = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(scope="session")
def good() -> dict[str, dict[str, Any]]:
    """An input for each gate that no control complains about, but for the people production asks for."""
    return good_inputs()
