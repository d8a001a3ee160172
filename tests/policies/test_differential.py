"""Two engines, one answer: on facts that are good, bad, absent, mistyped and strange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.policy.embedded_regorus import RegorusEngine
from adapters.policy.server_opa import OpaEngine
from governance.errors import PolicyFault
from governance.ports import PolicyEngine
from tests.policies.inputs import Path, changed, good_inputs, places, removed

GOOD = good_inputs()
DIGESTS = [f"sha256:{letter * 64}" for letter in "abdf"]
TIMES = [
    "2025-11-22T12:00:00.000000Z",
    "2026-11-22T12:00:00.000001Z",
    "2026-11-23T12:00:00.000000Z",
    "2026-11-23T12:00:00.000001Z",
    "2024-02-29T00:00:00.000000Z",
    "2026-02-29T00:00:00.000000Z",
    "2027-05-21T12:00:00.000001Z",
]
WORDS = ["measured", "missing", "declared", "registered", "verified", "live", "suspended", "train", "min", "max", "low"]

decimals = st.one_of(
    st.sampled_from(["0.1", "0.10", "0.099999", "0.100001", "0.75", "0.749999", "-0.1", "1e-3", ".5", "00.1"]),
    st.decimals(min_value=-2, max_value=2, places=6).map("{:f}".format),
    st.decimals(min_value=0, max_value=1, places=20).map("{:f}".format),
    st.integers(0, 10**9).map(str),
)
fitting: dict[type, st.SearchStrategy[Any]] = {
    str: st.one_of(decimals, st.sampled_from([*DIGESTS, *TIMES, *WORDS, ""]), st.text(max_size=6)),
    bool: st.booleans(),
    int: st.one_of(st.integers(-2, 50), st.integers(-(2**53), 2**53)),
    type(None): st.none(),
}
anything = st.recursive(
    st.one_of(*fitting.values(), st.sampled_from([0.5, -1.5])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=5,
)


def mutate(document: dict[str, Any], path: Path, value: Any, how: str) -> dict[str, Any]:
    """The document with what is at `path` changed, gone, or doubled in its list."""
    if how == "gone":
        return removed(document, path)
    return changed(document, path, value)


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, Any]:
    """A gate's good input with up to four things in it made different, absent or of another type."""
    document = GOOD[draw(st.sampled_from(sorted(GOOD)))]
    for _ in range(draw(st.integers(0, 4))):
        path = draw(st.sampled_from([path for path in places(document) if path != ("gate",)]))
        here: Any = document
        for step in path:
            here = here[step]
        how = draw(st.sampled_from(["fitting", "fitting", "gone", "other"]))
        strategy = fitting.get(type(here), anything) if how == "fitting" else anything
        document = mutate(document, path, draw(strategy), how)
    return document


def answer(engine: PolicyEngine, document: dict[str, Any]) -> list[dict[str, Any]] | str:
    """The findings, or that there was a fault."""
    try:
        return engine.evaluate(document["gate"], document)
    except PolicyFault:
        return "fault"


@pytest.mark.slow
def test_both_engines_find_the_same(regorus: RegorusEngine, opa: OpaEngine) -> None:
    """Equal findings, or a fault on both: a decision replays on the other engine, whatever the facts were."""

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(inputs())
    def same(document: dict[str, Any]) -> None:
        assert answer(regorus, document) == answer(opa, document)

    same()


@pytest.mark.slow
@pytest.mark.parametrize("gate", ["train", "production", "in_production"])
def test_both_engines_find_the_same_at_every_place(gate: str, regorus: RegorusEngine, opa: OpaEngine) -> None:
    """Each single fact absent, null, or of another type; between them these gates have all controls but CLASS."""
    changes: list[Callable[[Path], dict[str, Any]]] = [
        lambda path: removed(GOOD[gate], path),
        lambda path: changed(GOOD[gate], path, None),
        lambda path: changed(GOOD[gate], path, [{}]),
    ]
    for path in places(GOOD[gate]):
        if path != ("gate",):
            for change in changes:
                document = change(path)
                assert answer(regorus, document) == answer(opa, document), path
