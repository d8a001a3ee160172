"""Bindings: any change to a member voids, no change to anything else does."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings

from governance.binding import MEMBERS, Binding
from governance.errors import InputError
from governance.finding import Finding, FindingKind, Severity, Slots
from tests.governance import strategies

OTHER = {
    "gate": "register",
    "subject": "model/other@9",
    "subject_digest": "sha256:" + "f" * 64,
    "lineage": "sha256:" + "f" * 64,
    "evidence": ("sha256:" + "f" * 64,),
    "policy": "sha256:" + "f" * 64,
    "waivers": ("sha256:" + "f" * 64,),
    "target": "deployment/other",
    "configuration": "sha256:" + "f" * 64,
    "findings": (b'{"control":"OTHER"}',),
    "requires": (Slots("other", 1),),
}


def test_the_members_are_the_fields() -> None:
    """Nothing is in a binding but its named members."""
    assert tuple(field.name for field in fields(Binding)) == MEMBERS
    assert set(OTHER) == set(MEMBERS)


@pytest.mark.parametrize("member", MEMBERS)
@settings(max_examples=20)
@given(binding=strategies.bindings)
def test_any_changed_member_voids_and_is_named(member: str, binding: Binding) -> None:
    """Law 3: changing one member changes the digest, and exactly that member is named."""
    changed = replace(binding, **{member: OTHER[member]})
    assert changed.digest != binding.digest
    assert changed.differs(binding) == (member,) == binding.differs(changed)


@given(strategies.bindings, strategies.bindings)
def test_digests_agree_exactly_when_members_do(one: Binding, two: Binding) -> None:
    """Law 3, the other way: nothing outside the members can change the digest."""
    assert (one.digest == two.digest) == (one.differs(two) == ())


@given(strategies.bindings)
def test_a_binding_survives_its_document(binding: Binding) -> None:
    """parse(format(x)) == x."""
    assert Binding.parse(binding.document()) == binding


@given(strategies.findings)
def test_wording_is_not_bound(finding: Finding) -> None:
    """Titles, citations and hints may be mended without voiding anybody's approval."""
    mended = replace(
        finding, title="x", title_ar="y", detail="z", next="n", passes="p", citations=(), waivable_by=("w",)
    )
    assert mended.merits() == finding.merits()


def test_order_is_immaterial() -> None:
    """Evidence, findings and roles are sets; however they are listed, the binding is one."""
    found = [Finding("A", Severity.LOW, FindingKind.STALE), Finding("B", Severity.CRITICAL, FindingKind.MISSING)]
    roles = [Slots("b", 1), Slots("a", 2)]

    def binding(turn: int) -> Binding:
        return Binding.of(
            gate="train",
            subject="dataset/a@1",
            subject_digest="x",
            lineage="l",
            evidence=["1", "2"][::turn],
            policy="p",
            target="",
            configuration="c",
            findings=found[::turn],
            requires=roles[::turn],
        )

    assert binding(1) == binding(-1)


@given(strategies.bindings)
def test_a_foreign_document_is_refused(binding: Binding) -> None:
    """Another version, an unknown member or a missing one is refused."""
    document = binding.document()
    for changed in (
        {**document, "v": "qayd/binding/v2"},
        {**document, "mood": "good"},
        {name: value for name, value in document.items() if name != "gate"},
        [],
    ):
        with pytest.raises(InputError):
            Binding.parse(changed)
