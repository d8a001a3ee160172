"""The contract of the port Serving, on the one in memory and on the local store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.serving.local_store import LocalStore
from adapters.training.artifacts import collect
from governance.errors import InputError
from governance.ports import Placement, Serving
from ledger.canonical import encode
from tests.simulator import MemoryServing

CONFIGURATION = "sha256:" + "c" * 64
OTHER = "sha256:" + "0" * 64


class Case(NamedTuple):
    """A serving system and the digests of two models it can serve."""

    serving: Serving
    one: str
    two: str


@pytest.fixture(params=["memory", "local-store"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """Each implementation, with the models credit@1 and credit@2 in it."""
    digests, sources = [], []
    for version in ("1", "2"):
        source = tmp_path / f"out-{version}"
        source.mkdir()
        (source / "model.json").write_text(version)
        sources.append(source)
        digests.append(collect(source).digest)
    if request.param == "memory":
        names = {"model/credit@1": digests[0], "model/credit@2": digests[1], "human-queue": None}
        return Case(MemoryServing(store=dict(names)), *digests)
    store = LocalStore(tmp_path / "store")
    for source in sources:
        store.admit(collect(source), source)
    return Case(store, *digests)


def place(case: Case, version: int = 1, promotion: str = "p-1") -> Placement:
    """One of the two models, by one promotion."""
    return Placement(f"model/credit@{version}", (case.one, case.two)[version - 1], CONFIGURATION, promotion)


def test_nothing_serves_at_first(case: Case) -> None:
    """None is an answer, not an error."""
    assert case.serving.current("retail") is None


def test_what_was_shifted_is_current(case: Case) -> None:
    """At its own target, and nowhere else."""
    case.serving.shift("retail", place(case))
    assert case.serving.current("retail") == place(case)
    assert case.serving.current("cards") is None


def test_a_receipt_is_a_canonical_object(case: Case) -> None:
    """It goes into the record as it is, and names what was done."""
    receipt = case.serving.shift("retail", place(case))
    assert encode(dict(receipt))
    assert (receipt["serving"], receipt["target"]) == (case.serving.name, "retail")
    assert receipt["promotion"] == "p-1"


def test_a_retry_changes_nothing(case: Case) -> None:
    """The same promotion again: the same receipt, the same model."""
    first = case.serving.shift("retail", place(case))
    assert case.serving.shift("retail", place(case)) == first
    assert case.serving.current("retail") == place(case)


def test_moving_on_and_back_are_shifts(case: Case) -> None:
    """A rollback is a promotion of its own to what was there before."""
    case.serving.shift("retail", place(case, 1, "p-1"))
    case.serving.shift("retail", place(case, 2, "p-2"))
    case.serving.shift("retail", place(case, 1, "p-3"))
    assert case.serving.current("retail") == place(case, 1, "p-3")


def test_a_fallback_needs_no_model(case: Case) -> None:
    """People, rules or a refusal can take over from a model."""
    case.serving.shift("retail", place(case))
    fallback = Placement("human-queue", None, None, "p-2")
    case.serving.shift("retail", fallback)
    assert case.serving.current("retail") == fallback


def test_what_is_not_stored_is_refused_and_nothing_changes(case: Case) -> None:
    """A digest that is not there cannot serve, whatever it is called."""
    case.serving.shift("retail", place(case))
    with pytest.raises(InputError):
        case.serving.shift("retail", replace(place(case, 2, "p-2"), digest=OTHER))
    assert case.serving.current("retail") == place(case)
