"""What Rego says joined with the catalogue: what does not fit is a fault, never ignored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.bundle import Bundle
from governance.catalogue import MAX_FINDINGS, Catalogue, Control
from governance.errors import PolicyFault
from governance.finding import Basis, FindingKind, Severity, Slots

SOURCED = {"law": "PDPL", "article": "4", "status": "in_force", "verification": "sourced", "source": "gazette"}


def row(control: str, severity: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": control.lower(),
        "control": control,
        "severity": severity,
        "gates": ["production"],
        "title": {"en": "Fairness", "ar": "عدالة"},
        "requirement": "Differences stay within the limit.",
        "citations": [SOURCED],
        "waivable_by": ["risk-officer"],
        "parameters": {},
        **changes,
    }


def raw(control: str, **changes: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("field", "value", "limit", "evidence", "next", "passes", "detail"), "x")
    return {"control": control, "kind": "violated", **texts, "requires": [], **changes}


CATALOGUE = Catalogue(
    {item.control: item for item in (Control.parse(row("F-1", "C")), Control.parse(row("Q-1", "M")))},
    frozenset({"risk-officer"}),
)
ASKS = [{"role": "risk-officer", "count": 2}]


def test_a_finding_is_joined_with_its_control() -> None:
    """Severity, titles, citations and waivers come from the catalogue, the rest from the policy."""
    found = CATALOGUE.finding("production", raw("F-1", value="0.2"))
    assert (found.severity, found.kind, found.value) == (Severity.CRITICAL, FindingKind.VIOLATED, "0.2")
    assert (found.title, found.title_ar, found.waivable_by) == ("Fairness", "عدالة", ("risk-officer",))
    assert found.basis is Basis.LAW


def test_people_are_asked_for_by_role() -> None:
    """A control of severity M says whom it asks."""
    assert CATALOGUE.finding("production", raw("Q-1", requires=ASKS)).requires == (Slots("risk-officer", 2),)
    assert CATALOGUE.finding("production", raw("Q-1", kind="stale")).requires == ()


WRONG = {
    "not an object": "F-1",
    "unknown control": raw("X-1"),
    "control that is no text": {**raw("F-1"), "control": ["F-1"]},
    "unknown kind": raw("F-1", kind="broken"),
    "a number": raw("F-1", value=0.2),
    "a member missing": {key: value for key, value in raw("F-1").items() if key != "limit"},
    "a member too many": raw("F-1", mood="bad"),
    "too long": raw("F-1", detail="x" * 2001),
    "people asked by a control that denies": raw("F-1", requires=ASKS),
    "nobody asked by a control that asks": raw("Q-1"),
    "unknown role": raw("Q-1", requires=[{"role": "king", "count": 1}]),
    "a role twice": raw("Q-1", requires=ASKS * 2),
    "no count": raw("Q-1", requires=[{"role": "risk-officer"}]),
    "too many people": raw("Q-1", requires=[{"role": "risk-officer", "count": 17}]),
    "requires is no list": raw("Q-1", requires="risk-officer"),
}


@pytest.mark.parametrize("finding", WRONG.values(), ids=WRONG)
def test_a_finding_that_does_not_fit_is_a_fault(finding: object) -> None:
    """A malformed finding is never dropped: that would be an allowance."""
    with pytest.raises(PolicyFault):
        CATALOGUE.join("production", [raw("F-1"), finding])


def test_a_finding_of_another_gate_is_a_fault() -> None:
    """A control only speaks at its own gates."""
    with pytest.raises(PolicyFault, match="gate train"):
        CATALOGUE.finding("train", raw("F-1"))


def test_findings_are_ordered_and_said_once() -> None:
    """The engine's order and repetitions are immaterial."""
    one, two = raw("F-1", value="1"), raw("F-1", value="2")
    assert CATALOGUE.join("production", [two, one, two]) == CATALOGUE.join("production", [one, two])
    with pytest.raises(PolicyFault, match="at most"):
        CATALOGUE.join("production", [raw("F-1", value=str(number)) for number in range(MAX_FINDINGS + 1)])


ROWS = {
    "no object": "F-1",
    "unknown severity": row("F-1", "X"),
    "no Arabic title": row("F-1", "C", title={"en": "Fairness"}),
    "unknown status": row("F-1", "C", citations=[{**SOURCED, "status": "rumour"}]),
    "unknown verification": row("F-1", "C", citations=[{**SOURCED, "verification": "sure"}]),
    "gates that are no list": row("F-1", "C", gates="production"),
    "an extra member": row("F-1", "C", mood="bad"),
    "parameters of another kind": row("F-1", "C", parameters="none"),
}


@pytest.mark.parametrize("item", ROWS.values(), ids=ROWS)
def test_a_malformed_row_is_a_fault(item: object) -> None:
    """The catalogue is read strictly."""
    with pytest.raises(PolicyFault):
        Control.parse(item)


def bundle(gates: dict[str, list[str]], *files: Any) -> Bundle:
    matrix = {"production": {"high": [{"role": "validator", "count": 1}]}}
    data = {"qayd": {"gates": gates, "approvals": matrix}, "gates": gates}
    texts = {f"catalogue/{number}.yaml": json.dumps(file) for number, file in enumerate(files)}
    return Bundle.of({".manifest": '{"revision": "r1"}', "data.json": json.dumps(data), **texts})


@pytest.mark.parametrize("file", [row("F-1", "C"), [row("F-1", "C")], {"controls": [row("F-1", "C")]}])
def test_a_bundle_has_a_catalogue(file: object) -> None:
    """A file holds one row, a list of rows, or an object with `controls`; roles come from the approval matrix."""
    catalogue = Catalogue.of(bundle({"production": ["F-1"]}, file))
    assert set(catalogue.controls) == {"F-1"}
    assert catalogue.roles == {"validator"}


@pytest.mark.parametrize(
    ("gates", "files"),
    [
        ({"production": ["F-2"]}, [row("F-1", "C")]),
        ({"train": ["F-1"]}, [row("F-1", "C")]),
        ({"production": ["F-1"]}, [row("F-1", "C"), row("F-1", "L")]),
    ],
    ids=["no row", "not for this gate", "twice"],
)
def test_a_bundle_with_holes_is_a_fault(gates: dict[str, list[str]], files: list[object]) -> None:
    """Each control of a gate has exactly one row, which names that gate."""
    with pytest.raises(PolicyFault):
        Catalogue.of(bundle(gates, *files))
