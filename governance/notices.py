"""What the kernel itself has to say in a decision, beside the policy's findings: in the same form, by the same table.

Notices are about the ledger, the engine, the request and its approvals. They are never part of a binding, and a replay
keeps them as they were recorded, because approvals are not part of a gate's input.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from governance.decision import Outcome, decide
from governance.finding import Finding, FindingKind, Severity, Slots
from governance.quorum import Feasibility

MAX_DETAIL: Final = 2_000

FAULT: Final = "policy.fault"

_TITLES: Final = {
    "ledger.integrity": ("The ledger is not what was written", "السجل ليس كما كُتب"),
    "policy.fault": ("The policy gave no well-formed answer", "لم تُعطِ السياسة جوابًا سليمًا"),
    "approval.void": ("What was approved has changed", "تغيّر ما تمت الموافقة عليه"),
    "approval.lapsed": ("An approval no longer counts", "لم تعد الموافقة سارية"),
    "quorum.unmet": ("People still have to approve", "ما زالت موافقات مطلوبة"),
    "quorum.unsatisfiable": ("Nobody is left who could approve", "لا يوجد من يستطيع الموافقة"),
    "request.rejected": ("The request was rejected", "رُفض الطلب"),
    "request.expired": ("The request expired", "انتهت صلاحية الطلب"),
}


def is_notice(finding: Finding) -> bool:
    """Whether the kernel, not a policy, wrote this."""
    return finding.control in _TITLES


def conclude(findings: Iterable[Finding], *, quorum_met: bool = False) -> Outcome:
    """Return the outcome of findings and notices; a quorum that is met answers what M controls ask for.

    Only controls of severity M that are violated, and name whom they ask, can be answered by people.
    """
    return decide(finding for finding in findings if not (quorum_met and _answerable(finding)))


def integrity(message: str, hint: str = "") -> Finding:
    """The ledger, or a blob it names, failed verification."""
    return _notice("ledger.integrity", Severity.CRITICAL, FindingKind.ERRORED, detail=message, next_step=hint)


def fault(message: str, hint: str = "") -> Finding:
    """The engine or the bundle failed; nothing is allowed and nothing is said about the subject."""
    return _notice("policy.fault", Severity.CRITICAL, FindingKind.ERRORED, detail=message, next_step=hint)


def void(members: Iterable[str], request: str) -> tuple[Finding, ...]:
    """One notice for each member of the binding that is not what the request was about."""
    return tuple(
        _notice(
            "approval.void",
            Severity.MEDIUM,
            FindingKind.VIOLATED,
            field=f"binding.{member}",
            detail=f"{member} is not what {request} asked people about",
            next_step="restore what was approved, or file a new request: qayd promotion request",
        )
        for member in members
    )


def lapsed(approvals: Iterable[str]) -> tuple[Finding, ...]:
    """One notice for each approval that expired, or whose person or key was revoked since. They weigh nothing
    themselves: the quorum counts without them.
    """
    return tuple(
        _notice("approval.lapsed", Severity.LOW, FindingKind.STALE, field=approval, detail="expired, or revoked since")
        for approval in approvals
    )


def unmet(slots: Iterable[Slots], request: str) -> tuple[Finding, ...]:
    """One notice for each role that still needs people."""
    return tuple(
        _notice(
            "quorum.unmet",
            Severity.MEDIUM,
            FindingKind.VIOLATED,
            field=f"quorum.{item.role}",
            limit=str(item.count),
            detail=f"{item.count} more in the role {item.role}",
            next_step=f"qayd approval show {request} --role {item.role}",
        )
        for item in slots
    )


def unsatisfiable(feasibility: Feasibility) -> tuple[Finding, ...]:
    """One notice for each role, with how many could fill it and who is excluded because they made the thing."""
    excluded = ", ".join(feasibility.excluded) or "nobody"
    return tuple(
        _notice(
            "quorum.unsatisfiable",
            Severity.CRITICAL,
            FindingKind.VIOLATED,
            field=f"quorum.{role.role}",
            value=str(role.available),
            limit=str(role.count),
            detail=f"excluded as makers: {excluded}; every role needs a person of its own",
            next_step=f"enrol somebody who did not make it: qayd person add --role {role.role}",
        )
        for role in feasibility.roles
    )


def rejected(request: str) -> Finding:
    """Somebody said no; a rejection sticks to its binding."""
    return _notice(
        "request.rejected",
        Severity.CRITICAL,
        FindingKind.VIOLATED,
        field=request,
        next_step="change what was rejected, then file a new request",
    )


def expired(request: str, deadline: str) -> Finding:
    """The deadline passed before the quorum was used."""
    return _notice(
        "request.expired",
        Severity.CRITICAL,
        FindingKind.VIOLATED,
        field=request,
        limit=deadline,
        next_step="file it again: qayd promotion request",
    )


def _answerable(finding: Finding) -> bool:
    # A notice of severity M asks for nobody, so no quorum answers it.
    asks = bool(finding.requires) and finding.kind is FindingKind.VIOLATED
    return finding.severity is Severity.MEDIUM and asks


def _notice(
    control: str,
    severity: Severity,
    kind: FindingKind,
    *,
    field: str = "",
    value: str = "",
    limit: str = "",
    detail: str = "",
    next_step: str = "",
) -> Finding:
    title, title_ar = _TITLES[control]
    return Finding(
        control=control,
        severity=severity,
        kind=kind,
        field=field,
        value=value,
        limit=limit,
        detail=detail[:MAX_DETAIL],
        next=next_step[:MAX_DETAIL],
        title=title,
        title_ar=title_ar,
    )
