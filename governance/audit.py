"""The audit: over proven entries and their blobs, was every promotion allowed by its policy and its people?

It trusts no command: from entries that somebody proved (`ledger.trail`, `ledger.verify`) it verifies again, as of each
moment, what was decided, asked, signed, by whom, in which role, against which duties, and that it was used once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from governance import notices
from governance.binding import Binding
from governance.catalog import Catalog, fold
from governance.decision import Decision, Outcome
from governance.deployment import Intent
from governance.desk import Reading, late
from governance.finding import required
from governance.gate import recorded
from governance.lineage import closure
from governance.permit import asked_of, permit
from governance.ports import Blobs, LedgerState
from governance.promotion import claim_of
from governance.views import Filed
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind

HINT = "do not rely on this promotion; ask who keeps the ledger to explain the entry"


@dataclass(frozen=True, slots=True)
class Audited:
    """A promotion that was allowed: which entry intended it, what it rests on, and who approved in which role."""

    index: int
    promotion: str
    subject: str
    target: str
    request: str
    decision: str
    approvals: tuple[str, ...]
    quorum: tuple[tuple[str, str], ...]
    outcome: str


def scope(catalog: Catalog, subject: str) -> tuple[int, ...]:
    """The indices of the entries a trail about `subject` shows: its lineage closure. Raises InputError if unknown."""
    return closure(catalog, subject)


def audit(entries: Sequence[Entry], blobs: Blobs) -> tuple[Audited, ...]:
    """Every intended promotion among proven `entries`, each verified; all of a ledger, or a closed selection of it.

    Raises IntegrityError at the first entry that no command would have written, or that rests on an approval, binding,
    quorum, duty or claim that does not hold, or whose blob is lost or altered.
    """
    catalog = fold(entries)
    by_index = {entry.index: entry for entry in entries}
    for known in catalog.decisions.values():
        recorded(blobs, known)
    found = []
    for deployment in catalog.deployments.values():
        tries: dict[str, int] = {}
        for intent in deployment.intents:
            claim = claim_of(intent.request, tries.get(intent.request, 0))
            tries[intent.request] = tries.get(intent.request, 0) + 1
            if by_index[intent.index].claim != claim:
                _refuse(intent, "it does not claim its request's approvals")
            found.append(_promotion(entries, blobs, intent))
    return tuple(sorted(found, key=lambda item: item.index))


def _promotion(entries: Sequence[Entry], blobs: Blobs, intent: Intent) -> Audited:
    """Judge one intent by the record as it was just before it."""
    before = tuple(entry for entry in entries if entry.index < intent.index)
    catalog = fold(before)
    filed, known = catalog.requests[intent.request], catalog.decisions[intent.decision]
    said = (intent.kind, intent.target, intent.subject, intent.digest)
    if said != (filed.kind, filed.target, filed.concerns, filed.digest):
        _refuse(intent, "it is not what its request asked for")
    decision = recorded(blobs, known)
    asked = asked_of(blobs, catalog, filed)
    if decision.binding != asked or asked.configuration != intent.configuration:
        _refuse(intent, "its permit is not about what people were asked")
    if (decision.request, decision.approvals) != (filed.subject, intent.approvals):
        _refuse(intent, "it cites other approvals than its permit")
    if not _timely(decision, intent):
        _refuse(intent, "its permit is not of its time")
    again = _again(before, catalog, blobs, filed, decision, intent)
    if again.outcome is not Outcome.ALLOW or again.approvals != decision.approvals:
        _refuse(intent, f"its approvals do not let it through: {', '.join(_controls(again))}")
    people = {answer.id: answer for answer in filed.approvals}
    return Audited(
        index=intent.index,
        promotion=intent.promotion,
        subject=intent.subject,
        target=intent.target,
        request=filed.subject,
        decision=decision.id,
        approvals=intent.approvals,
        quorum=tuple((people[name].role, people[name].person) for name in intent.approvals),
        outcome=intent.outcome.answer if intent.outcome else "unknown",
    )


def _again(
    before: tuple[Entry, ...], catalog: Catalog, blobs: Blobs, filed: Filed, decision: Decision, intent: Intent
) -> Decision:
    """The permit's request judged again: its merits as recorded, its answers from the entries themselves."""
    merits = tuple(finding for finding in decision.findings if not notices.is_notice(finding))
    if Binding.merits(merits) != decision.binding.findings or required(merits) != decision.binding.requires:
        _refuse(intent, "the findings of its permit are not those that were bound")
    state = LedgerState(catalog.size, b"", 0, decision.decided_at, catalog.origin, catalog.log_id)
    reading = Reading(before, state, catalog, decision.decided_at)
    weighed = replace(decision, outcome=notices.conclude(merits), findings=merits)
    return permit(reading, blobs, filed, weighed, actor=intent.actor)


def _timely(decision: Decision, intent: Intent) -> bool:
    """Whether a permit was decided about when its intent was recorded. One recorded too late may stand in the ledger,
    because that is out of a command's hands, but must not have been acted on.
    """
    succeeded = any(outcome.answer == "succeeded" for outcome in intent.outcomes)
    early = late(intent.recorded_at, decision.decided_at)
    return not early and not (succeeded and late(decision.decided_at, intent.recorded_at))


def _controls(decision: Decision) -> list[str]:
    return sorted({finding.control for finding in decision.findings if notices.is_notice(finding)}) or ["outcome"]


def _refuse(intent: Intent, why: str) -> None:
    raise IntegrityError(Kind.ALTERED, f"{intent.promotion}: {why}", intent.index, HINT)
