"""The lock files are what set-up promises: hashed, without an index, and consistent with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-go.lock", "requirements-uv.lock")


def pins(lock: str) -> dict[tuple[str, str], tuple[str, int]]:
    """(package, marker) -> (version, number of hashes) of a lock file."""
    found: dict[tuple[str, str], tuple[str, int]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text()):
        first = re.match(r"([a-z0-9._-]+)==([^ ;]+)(?: ; (.*?))? \\", block)
        assert first, block[:80]
        found[first[1], first[3] or ""] = (first[2], block.count("--hash=sha256:"))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    """No package is open to another version or to other bytes."""
    assert pins(lock)
    assert [name for name, (_, hashes) in pins(lock).items() if hashes == 0] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(lock: str) -> None:
    """Packages come from wherever the user's pip looks, so a lock holds no address."""
    assert re.search(r"://|--index|--extra-index|--find-links|--trusted-host", (ROOT / lock).read_text()) is None


def test_tests_run_on_the_versions_that_users_get() -> None:
    """All that the run-time lock pins stands in the lock of the tests, at the same version for the same marker."""
    tested = pins("requirements-test.lock")
    assert {name: version for name, (version, _) in pins("requirements.lock").items()}.items() <= {
        name: version for name, (version, _) in tested.items()
    }.items()


def test_every_direct_dependency_is_locked_and_explained() -> None:
    """What pyproject.toml asks for is in a lock, and has its line in docs/dependencies.md."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = [*project["project"]["dependencies"], *groups["test"], *groups["lint"], *groups["go"]]
    names = [re.split(r"[\[<>=; ]", item)[0] for item in asked]
    locked = {name for lock in LOCKS for name, _ in pins(lock)}
    explained = (ROOT / "docs" / "dependencies.md").read_text().lower()
    assert [name for name in names if name.lower() not in locked] == []
    assert [name for name in names if name.lower() not in explained] == []
