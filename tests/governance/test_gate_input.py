"""The gate input's schema: nothing undeclared, mistyped or out of range reaches a policy."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from governance.errors import PolicyFault
from governance.gate_input import encode_input
from tests.governance.bank import ACCURATE, Bank


def _facts() -> dict[str, Any]:
    bank = Bank()
    bank.measure(ACCURATE)
    return deepcopy(bank.gather("production", bank.made).input)


GOOD = _facts()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["schema"], "qayd/gate-input/v2"),
        (["gate"], "lunch"),
        (["now"], "today"),
        (["extra"], 1),
        (["tenant", "mode"], "demo"),
        (["tenant", "name"], "A Bank"),
        (["subject", "digest"], "sha256:00"),
        (["datasets", 0, "legal_basis"], ""),
        (["datasets", 0, "owner"], "p-00000000"),
        (["datasets", 0, "pii", "state"], "clean"),
        (["model", "tier"], "none"),
        (["model", "confirmed"], "yes"),
        (["model", "training", "started_index"], -1),
        (["thresholds", "items", 0, "metric"], "vibes"),
        (["thresholds", "items", 0, "value"], 0.7),
        (["evidence", "performance", "state"], "fine"),
        (["evidence", "performance", "n"], "1000"),
        (["evidence", "performance", "attempts"], True),
        (["evidence", "other"], {"state": "missing"}),
        (["independence", "makers", 0], "not a token"),
        (["monitoring"], {"state": "live"}),
        (["ledger", "state"], "probably"),
    ],
)
def test_facts_that_do_not_fit_are_a_fault_that_names_the_place(place: list[Any], value: Any) -> None:
    """Nothing undeclared, mistyped or out of range reaches a policy; the message names the place, never the value."""
    document = deepcopy(GOOD)
    assert encode_input(document)
    at: Any = document
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    with pytest.raises(PolicyFault, match="do not fit") as caught:
        encode_input(document)
    assert str(value) not in caught.value.message or len(str(value)) < 5


@pytest.mark.parametrize("member", sorted(GOOD))
def test_every_part_of_the_input_is_asked_for(member: str) -> None:
    """A gate input that lacks any part is no gate input."""
    document = {name: value for name, value in GOOD.items() if name != member}
    with pytest.raises(PolicyFault, match="its top level"):
        encode_input(document)


def test_values_that_fit_the_schema_but_are_not_canonical_are_a_fault() -> None:
    """The schema leaves measured values open; floats still do not get in."""
    document = deepcopy(GOOD)
    document["evidence"]["performance"]["values"] = {"accuracy": 0.8}
    with pytest.raises(PolicyFault, match="no canonical document"):
        encode_input(document)
