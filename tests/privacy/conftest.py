"""What the tests of this folder share: one engine, and the demonstration's data set."""

from __future__ import annotations

from pathlib import Path

import pytest

import adapters.doors.demo
from adapters.datasets.read import read_table
from adapters.datasets.table import Table
from adapters.doors.demo.identities import build_credit_csv
from adapters.privacy.engine import Engine, open_engine


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The real analyser; building it takes seconds."""
    return open_engine()


@pytest.fixture(scope="session")
def source() -> Path:
    """The Statlog records as delivered."""
    return Path(adapters.doors.demo.__file__).parent / "german.data"


@pytest.fixture(scope="session")
def credit(tmp_path_factory: pytest.TempPathFactory, source: Path) -> Table:
    """The demonstration's data set, read back from its file."""
    path = tmp_path_factory.mktemp("credit") / "credit.csv"
    build_credit_csv(source, path, 7)
    return read_table(path)
