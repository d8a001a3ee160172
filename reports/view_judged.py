"""What gates and people said of a model, and what came of it at its targets."""

from __future__ import annotations

from collections.abc import Iterable

from governance.catalog import Catalog
from governance.decision import Decision
from governance.deployment import Deployment, Drift, Intent, Rollback, Suspension
from governance.finding import Finding, Slots
from governance.gate import recorded
from governance.lineage import Makers
from governance.people import resolve
from governance.ports import Blobs
from governance.request import requires, status
from governance.views import Answer, Decided, Filed
from reports.dossier import ApprovalView, Citation, DecisionView, DeploymentView, FindingView, RequestView


def decisions(known: Iterable[Decided], blobs: Blobs) -> tuple[DecisionView, ...]:
    """Decisions with their findings, oldest first. Raises IntegrityError when a document is lost or altered."""
    ordered = sorted(known, key=lambda item: item.index)
    return tuple(_decision(item, recorded(blobs, item)) for item in ordered)


def _decision(recorded: Decided, document: Decision) -> DecisionView:
    return DecisionView(
        id=recorded.id,
        subject=recorded.subject,
        gate=recorded.gate,
        target=document.target,
        outcome=recorded.outcome,
        decided_at=recorded.recorded_at,
        index=recorded.index,
        engine=recorded.engine,
        bundle=recorded.bundle,
        document=recorded.document,
        requires=slots(document.requires),
        findings=tuple(_finding(finding) for finding in document.findings),
    )


def _finding(finding: Finding) -> FindingView:
    return FindingView(
        control=finding.control,
        severity=str(finding.severity),
        kind=str(finding.kind),
        title=finding.title,
        title_ar=finding.title_ar,
        field=finding.field,
        value=finding.value,
        limit=finding.limit,
        passes=finding.passes,
        next=finding.next,
        detail=finding.detail,
        basis=str(finding.basis),
        citations=tuple(
            Citation(citation.law, citation.article, citation.status, citation.verification)
            for citation in finding.citations
        ),
    )


def slots(asked: Iterable[Slots]) -> tuple[str, ...]:
    """`1 risk-officer` for each role asked for."""
    return tuple(f"{item.count} {item.role}" for item in asked)


def requests(catalog: Catalog, filed: Iterable[Filed], makers: Makers, as_of: str) -> tuple[RequestView, ...]:
    """Requests with their answers, oldest first, as they stood at the time `as_of`."""
    return tuple(
        RequestView(
            subject=item.subject,
            kind=item.kind,
            target=item.target,
            requester=item.requester,
            opened_at=item.recorded_at,
            deadline=item.deadline,
            binding=item.binding,
            state=str(status(catalog, item, as_of)),
            index=item.index,
            cause="" if item.cause is None else item.cause,
            requires=slots(requires(item)),
            approvals=tuple(_answer(catalog, item, answer, makers) for answer in item.answers),
        )
        for item in sorted(filed, key=lambda item: item.index)
    )


def _answer(catalog: Catalog, filed: Filed, answer: Answer, makers: Makers) -> ApprovalView:
    behind = resolve(catalog.people, (answer.person,)).natural & makers.people
    duties = sorted({duty for person in behind for duty in makers.why(catalog, person)})
    used = _used(catalog, filed)
    counted = answer.answer == "approve" and not behind and (used is None or answer.id in used)
    note = ", ".join(duties) if behind else "" if counted or answer.answer == "reject" else "not used"
    return ApprovalView(
        person=answer.person,
        role=answer.role,
        answer=answer.answer,
        recorded_at=answer.recorded_at,
        credential=answer.credential,
        index=answer.index,
        counted=counted,
        note=note,
    )


def _used(catalog: Catalog, filed: Filed) -> frozenset[str] | None:
    """The answers a promotion used up; None while none did."""
    intents = (intent for deployment in catalog.deployments.values() for intent in deployment.intents)
    used = [intent.approvals for intent in intents if intent.request == filed.subject]
    return frozenset(used[-1]) if used else None


def deployments(at: Iterable[Deployment], indices: frozenset[int]) -> tuple[DeploymentView, ...]:
    """What happened at the model's targets, of the entries in `indices`, in order."""
    views = [view for deployment in at for event in deployment.history if (view := _event(deployment, event, indices))]
    return tuple(sorted(views, key=lambda view: view.index))


def _event(
    deployment: Deployment, event: Intent | Suspension | Rollback | Drift, indices: frozenset[int]
) -> DeploymentView | None:
    if event.index not in indices:
        return None
    words, state, detail = _told(event)
    return DeploymentView(deployment.subject, words, state, event.recorded_at, event.index, detail)


def _told(event: Intent | Suspension | Rollback | Drift) -> tuple[str, str, str]:
    """What happened, what serves afterwards, and what else there is to say."""
    if isinstance(event, Intent):
        outcome = event.outcome
        answer = "outcome not recorded" if outcome is None else outcome.answer
        state = f"{event.subject} serves" if answer == "succeeded" else "as before" if answer == "failed" else "unknown"
        return f"{event.kind} of {event.subject}: {answer}", state, f"on {event.request}"
    if isinstance(event, Suspension):
        return "suspended", f"{event.serving} serves", _cause(event.cause)
    if isinstance(event, Rollback):
        return "rolled back", f"{event.subject} serves", _cause(event.cause)
    return "drift found", "unchanged", f"{event.k} of the last {event.n} windows"


def _cause(cause: str | None) -> str:
    return "" if cause is None else f"cause: entry {cause}"


def standing(at: Iterable[Deployment], model: str) -> str:
    """Where the model serves now, in words; empty if it never did."""
    words = [_standing(deployment, model) for deployment in at]
    return "; ".join(word for word in words if word)


def _standing(deployment: Deployment, model: str) -> str:
    live = deployment.live
    if live is None or all(one.subject != model for one in deployment.lives):
        return ""
    if live.subject != model:
        return f"no longer at {deployment.target}"
    if deployment.suspension is not None:
        return f"suspended at {deployment.target}; {deployment.suspension.serving} serves"
    return f"{deployment.state} at {deployment.target}"
