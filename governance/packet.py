"""The packet: what people are shown before they sign, frozen with the request it belongs to."""

from __future__ import annotations

from typing import Any, Final

from governance.approval import VERSION as STATEMENT
from governance.catalog import Catalog
from governance.decision import Decision
from governance.document import Document
from governance.facts import Facts
from governance.lineage import makers
from governance.views import Filed

VERSION: Final = "qayd/packet/v1"


def packet(
    catalog: Catalog,
    *,
    request: str,
    kind: str,
    cause: str | None,
    deadline: str,
    decision: Decision,
    facts: Facts,
    now: str,
    requester: str,
) -> Document:
    """The packet as a canonical object: what would change, every finding, the evidence with its numbers of rows and
    attempts, who made the thing, and what was asked and answered before. It names nobody but by pseudonym.
    """
    earlier = catalog.requests_for(decision.subject)
    return {
        "v": VERSION,
        "request": request,
        "kind": kind,
        "cause": cause,
        "gate": decision.gate,
        "subject": decision.subject,
        "digest": decision.binding.subject_digest,
        "target": decision.target,
        "change": _change(catalog, facts),
        "decision": decision.id,
        "decided_at": decision.decided_at,
        "mode": decision.mode,
        "findings": [finding.document() for finding in decision.findings],
        "evidence": _evidence(facts),
        "makers": _makers(catalog, decision.subject, requester),
        "requires": [slots.document() for slots in decision.requires],
        "deadline": deadline,
        "earlier": [_earlier(filed, decision, now) for filed in earlier],
        "earlier_requests": len(earlier),
        "earlier_rejections": sum(len(filed.rejections) for filed in earlier),
        "binding": {"digest": decision.binding.digest, "members": decision.binding.document()},
        "signed": {
            "v": STATEMENT,
            "members": ["answer", "binding", "credential", "expires", "log", "reason", "request", "role"],
        },
    }


def _change(catalog: Catalog, facts: Facts) -> Document:
    """What serves at the target now, and what would."""
    deployment = catalog.deployments.get(f"deployment/{facts.target}")
    live = deployment.live if deployment else None
    before = None if live is None else _placed(live.subject, live.digest, live.configuration)
    return {
        "from": before,
        "suspended": deployment is not None and deployment.suspension is not None,
        "to": _placed(facts.subject, facts.subject_digest, facts.configuration_digest),
        "configuration": None if facts.configuration is None else facts.configuration.document(),
    }


def _placed(subject: str, digest: str, configuration: str) -> Document:
    return {"subject": subject, "digest": digest, "configuration": configuration}


def _evidence(facts: Facts) -> list[Document]:
    """Each kind as the gate saw it (`n`, `attempts` and earlier failures among it), with the time it was measured."""
    measured = {item.kind: item.measured_at for item in facts.evidence}
    seen: dict[str, Any] = facts.input["evidence"]
    return [{"kind": kind, "measured_at": measured.get(kind), **fact} for kind, fact in sorted(seen.items())]


def _makers(catalog: Catalog, subject: str, requester: str) -> list[Document]:
    made = makers(catalog, subject)
    duties = {(account, duty) for duty, account in made.duties} | {(requester, "requester")}
    return [{"account": account, "duty": duty} for account, duty in sorted(duties)]


def _earlier(filed: Filed, decision: Decision, now: str) -> Document:
    if filed.used_by is not None:
        came = "used"
    elif filed.rejections:
        came = "rejected"
    else:
        came = "expired" if filed.expired(now) else "open"
    return {
        "request": filed.subject,
        "recorded_at": filed.recorded_at,
        "status": came,
        "approvals": len(filed.approvals),
        "rejections": len(filed.rejections),
        "same_binding": filed.binding == decision.binding.digest,
    }
