"""The permit: whether people's answers to a request let its merits through now. Pure but for reading blobs.

The same function judges before a promotion and audits it years later, from the record as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from governance import notices
from governance.approval import Approval, stands, verify_answer
from governance.binding import Binding
from governance.catalog import Catalog
from governance.decision import Decision, Outcome
from governance.desk import Reading
from governance.errors import GovernanceError
from governance.finding import Finding, order
from governance.gate import recorded
from governance.people import resolve
from governance.ports import Blobs
from governance.quorum import Assignment, match
from governance.request import makers_of, requires
from governance.views import Answer, Filed
from ledger.errors import IntegrityError, Kind


@dataclass(frozen=True, slots=True)
class Count:
    """The approvals of a request that were verified and still stand, who fills which role, and which have lapsed."""

    standing: tuple[Answer, ...]
    lapsed: tuple[Answer, ...]
    assignment: Assignment

    @property
    def cited(self) -> tuple[Answer, ...]:
        """The approvals of those who fill a role, in the order recorded."""
        seated = {person for _, person in self.assignment.filled}
        return tuple(answer for answer in self.standing if answer.person in seated)


def permit(reading: Reading, blobs: Blobs, filed: Filed, merits: Decision, *, actor: str) -> Decision:
    """The decision on a request: its merits as weighed now, and what its answers and its deadline add to them.

    `allow` cites the approvals that fill the quorum; nothing else does. `actor`, who would deploy, counts as a maker.
    Raises IntegrityError where the record of the request or of an answer is not what commands would have written.
    """
    asked = asked_of(blobs, reading.catalog, filed)
    differing = merits.binding.differs(asked)
    count = count_approvals(reading, blobs, filed, actor=actor)
    said = _notices(filed, reading.now, differing, count)
    met = not differing and count.assignment.met
    found = order((*merits.findings, *said))
    outcome = notices.conclude(found, quorum_met=met)
    cited = tuple(answer.id for answer in count.cited) if outcome is Outcome.ALLOW else ()
    return replace(merits, findings=found, outcome=outcome, request=filed.subject, approvals=cited)


def asked_of(blobs: Blobs, catalog: Catalog, filed: Filed) -> Binding:
    """The binding people were asked about, from the decision the request rests on. Raises IntegrityError."""
    known = catalog.decisions[filed.decision]
    binding = recorded(blobs, known).binding
    agreed = (binding.digest, binding.gate, binding.subject, binding.subject_digest, binding.target, binding.requires)
    said = (filed.binding, filed.gate, filed.concerns, filed.digest, filed.target, requires(filed))
    if agreed != said:
        raise IntegrityError(Kind.ALTERED, f"{filed.subject} is not about the decision it names", filed.index)
    return binding


def count_approvals(reading: Reading, blobs: Blobs, filed: Filed, *, actor: str) -> Count:
    """Verify every approval again, by the record as it was just before it, and match those that stand to the roles.

    One that was recorded only after it had expired, however good, has lapsed.
    """
    members, standing, lapsed = [], [], []
    for answer in filed.approvals:
        if answer.recorded_at > min(filed.deadline, answer.expires):
            lapsed.append(answer)
            continue
        approval = _verified(reading, blobs, filed, answer)
        if stands(reading.catalog, answer, reading.now):
            standing.append(answer)
            members.append(approval.member)
        else:
            lapsed.append(answer)
    makers = makers_of(reading.catalog, filed) | resolve(reading.catalog.people, (actor,)).natural
    return Count(tuple(standing), tuple(lapsed), match(requires(filed), members, makers))


def _verified(reading: Reading, blobs: Blobs, filed: Filed, answer: Answer) -> Approval:
    before = reading.before(answer.index)
    asked = before.requests[filed.subject]
    try:
        return verify_answer(
            before,
            asked,
            answer,
            statement=blobs.get(answer.statement),
            signature=blobs.get(answer.signature),
            makers=makers_of(before, asked),
        )
    except GovernanceError as error:
        raise IntegrityError(Kind.ALTERED, f"an approval that is none: {error.message}", answer.index) from error


def _notices(filed: Filed, now: str, differing: tuple[str, ...], count: Count) -> tuple[Finding, ...]:
    said = list(notices.lapsed(answer.id for answer in count.lapsed))
    if filed.rejections:
        said.append(notices.rejected(filed.subject))
    if filed.expired(now):
        said.append(notices.expired(filed.subject, filed.deadline))
    said += notices.void(differing, filed.subject)
    if not differing:
        said += notices.unmet(count.assignment.unmet, filed.subject)
    return tuple(said)
