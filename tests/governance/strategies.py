"""Hypothesis strategies for the values the kernel judges with."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from governance.binding import Binding
from governance.decision import Decision, Engine, Outcome, Policy, decide
from governance.finding import Citation, Finding, FindingKind, Severity, Slots, required

ROLES = ("risk-officer", "compliance-officer", "model-owner")
TEXTS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=12)
DIGESTS = st.integers(0, 30).map(lambda number: f"sha256:{number:064x}")

citations = st.builds(
    Citation,
    law=st.sampled_from(["PDPL", "CBUAE guidance on AI"]),
    article=st.sampled_from(["4", "section 3"]),
    status=st.sampled_from(["in_force", "guidance", "pending", "superseded"]),
    verification=st.sampled_from(["sourced", "memory", "verify"]),
    source=TEXTS,
)
slots = st.builds(Slots, role=st.sampled_from(ROLES), count=st.integers(1, 3))
requirements = st.lists(slots, max_size=3, unique_by=lambda item: item.role).map(tuple)
kinds = st.sampled_from(list(FindingKind))
severities = st.sampled_from(list(Severity))


@st.composite
def _findings(draw: st.DrawFn) -> Finding:
    severity = draw(severities)
    finding = Finding(
        control=draw(st.sampled_from(["CB-AI-F", "MON-BASE", "RES-UAE"])),
        severity=severity,
        kind=draw(kinds),
        field=draw(TEXTS),
        value=draw(TEXTS),
        limit=draw(TEXTS),
        evidence=draw(st.sampled_from(["", "fairness"])),
        next=draw(TEXTS),
        passes=draw(TEXTS),
        detail=draw(TEXTS),
        title=draw(TEXTS),
        title_ar="عدالة",
        citations=tuple(draw(st.lists(citations, max_size=2))),
        waivable_by=draw(st.sampled_from([(), ("risk-officer",)])),
    )
    return replace(finding, requires=draw(requirements)) if severity is Severity.MEDIUM else finding


findings = _findings()


@st.composite
def _bindings(draw: st.DrawFn) -> Binding:
    found = draw(st.lists(findings, max_size=3))
    return Binding.of(
        gate=draw(st.sampled_from(["train", "production"])),
        subject=draw(st.sampled_from(["model/a@1", "model/b@2"])),
        subject_digest=draw(DIGESTS),
        lineage=draw(DIGESTS),
        evidence=draw(st.lists(DIGESTS, max_size=3, unique=True)),
        policy=draw(DIGESTS),
        waivers=draw(st.lists(DIGESTS, max_size=2, unique=True)),
        target=draw(st.sampled_from(["", "deployment/credit"])),
        configuration=draw(DIGESTS),
        findings=found,
        requires=required(found),
    )


bindings = _bindings()


@st.composite
def _decisions(draw: st.DrawFn) -> Decision:
    found = draw(st.lists(findings, max_size=3))
    binding = replace(draw(bindings), requires=required(found))
    outcome = decide(found, intact=draw(st.booleans()))
    return Decision(
        binding=binding,
        outcome=outcome,
        findings=tuple(found),
        input_digest=None if outcome is Outcome.INTEGRITY else draw(DIGESTS),
        policy=Policy(draw(DIGESTS), binding.policy, "r1"),
        engine=Engine("embedded", "0.13.0"),
        as_of=draw(st.integers(0, 1000)),
        root="0" * 64,
        decided_at="2026-01-01T00:00:00.000000Z",
        mode="play",
        request=draw(st.sampled_from([None, "request/0123-abcd"])),
        approvals=draw(st.sampled_from([(), ("a-1", "a-2")])),
    )


decisions = _decisions()
