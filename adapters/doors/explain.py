"""A decision in words: each finding with control, article, field, value, limit, way out, and who may waive."""

from __future__ import annotations

from collections.abc import Iterator

from governance.decision import Decision, Outcome
from governance.finding import Basis, Citation, Finding, FindingKind, Severity, order

SHORT = 16


def decision_lines(decision: Decision) -> Iterator[str]:
    """The decision as lines of text: a head line, then each finding."""
    subject_digest = decision.binding.subject_digest
    yield (
        f"{decision.outcome.upper()}  {decision.gate}  {decision.subject}  {subject_digest[: SHORT + 7]}.."
        f"  decision {decision.id}  policy {decision.policy.effective[7 : SHORT + 7]}.."
    )
    if decision.mode == "play":
        yield "  play tenant: this decision was made without a second officer and binds nobody"
    permitted = decision.outcome is Outcome.ALLOW and decision.request is not None
    for finding in order(decision.findings):
        if permitted and finding.severity is Severity.MEDIUM:
            yield f"  {finding.severity}  {finding.control:<9} {finding.title}: answered by the approvals cited"
        else:
            yield from finding_lines(finding)
    if decision.requires:
        yield f"  {'needed' if permitted else 'needs'} " + ", ".join(_slots(decision))
    yield from _cited(decision)


def _slots(decision: Decision) -> Iterator[str]:
    return (f"{slots.count} {slots.role}" for slots in decision.requires)


def _cited(decision: Decision) -> Iterator[str]:
    if decision.request is not None:
        yield f"  by {decision.request}, approvals {', '.join(decision.approvals) or 'none yet'}"
    if decision.outcome is Outcome.PENDING and decision.request is None:
        config = (
            " --target TARGET --config FILE" if not decision.target else f" --target {decision.target} --config FILE"
        )
        yield f"  next: qayd promotion request {decision.subject}{config}"


def finding_lines(finding: Finding) -> Iterator[str]:
    """One finding, three or four lines."""
    yield f"  {finding.severity}  {finding.control:<9} {_complaint(finding)}"
    for citation in finding.citations:
        yield f"               {citation_text(citation)}"
    if finding.basis is Basis.HOUSE:
        yield "               acts as house policy: no cited text is both read at its source and in effect"
    evidence = f"evidence {finding.evidence}; " if finding.evidence else ""
    waiver = f"waivable by {', '.join(finding.waivable_by)}" if finding.waivable_by else "not waivable"
    passes = f"passes {finding.passes}; " if finding.passes else ""
    yield f"               {evidence}{passes}{waiver}"
    if finding.next:
        yield f"               next: {finding.next}"


def citation_text(citation: Citation) -> str:
    """A citation with its status and verification state, as every report must print it."""
    return f"{citation.law}, {citation.article} ({citation.status}, {citation.verification})"


def _complaint(finding: Finding) -> str:
    detail = f"  ({finding.detail})" if finding.detail else ""
    title = finding.title or finding.control
    if finding.kind is FindingKind.VIOLATED and finding.limit and finding.value:
        return f"{title}: {finding.field} is {finding.value}, limit {finding.limit}{detail}"
    return f"{title}: {finding.field or 'fact'} {finding.kind}{detail}"
