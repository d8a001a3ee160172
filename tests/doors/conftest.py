"""Homes for the tests of the doors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doors.cli import expect


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh play tenant, which commands find by QAYD_HOME; the working directory is beside it."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "home"
    monkeypatch.setenv("QAYD_HOME", str(path))
    expect(0, "init")
    return path
