"""The audit: a good history passes, and every way of promoting past policy or people is found, at its entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from governance.audit import audit, scope
from governance.decision import Decision, Outcome
from governance.desk import read
from governance.errors import InputError
from governance.gate import check, record, weigh
from governance.promotion import claim_of
from governance.subject import deployment_digest
from ledger.canonical import digest
from ledger.errors import IntegrityError
from tests.governance.story import (
    CHANGED,
    CONFIGURATION,
    DEPLOYMENT,
    MODEL,
    OTHER_RISK,
    RISK,
    SUBJECT,
    TARGET,
    TRAINER,
    VALIDATOR,
    Story,
    raw,
)
from tests.simulator import Fault


def test_a_good_history_passes() -> None:
    """Each promotion is listed with what it rests on and who approved in which role."""
    story = Story()
    story.promote()
    story.measure("0.06")
    story.promote()
    found = audit(story.sim.ledger.entries(), story.sim.blobs)
    assert [(item.promotion, item.outcome) for item in found] == [
        ("promotion/00000001", "succeeded"),
        ("promotion/00000002", "succeeded"),
    ]
    assert found[0].quorum == (("risk-officer", RISK), ("validator", VALIDATOR))
    assert (found[0].subject, found[0].target, found[0].request) == (SUBJECT, TARGET, "request/00000001")


def test_later_changes_do_not_undo_what_was_allowed() -> None:
    """Approvals are judged as of their time: later revocations, expiry and new requests change nothing."""
    story = Story()
    story.promote()
    story.sim.clock.advance(days=30)
    story.revoke(RISK)
    story.measure("0.06")
    check(story.desk, story.question(), actor=VALIDATOR)
    assert len(audit(story.sim.ledger.entries(), story.sim.blobs)) == 1


def test_a_retried_and_an_unknown_promotion_pass() -> None:
    """Retries claim in their turn; an intent without an outcome is unknown."""
    story = Story()
    request = story.open().request
    story.grant(request)
    story.sim.serving.faults.add(Fault.BEFORE)
    story.run(request)
    story.sim.serving.faults.add(Fault.BEFORE)
    story.sim.serving.blind = True
    story.run(request)
    found = audit(story.sim.ledger.entries(), story.sim.blobs)
    assert [item.outcome for item in found] == ["failed", "unknown"]


def test_a_selection_passes_by_itself() -> None:
    """A trail about one subject holds all that its promotions rest on."""
    story = Story()
    story.promote()
    story.measure("0.06")
    story.open()
    catalog = story.sim.catalog()
    entries = story.sim.ledger.entries()
    for subject in (SUBJECT, DEPLOYMENT):
        chosen = scope(catalog, subject)
        assert chosen[0] == 0
        found = audit([entries[index] for index in chosen], story.sim.blobs)
        assert [item.promotion for item in found] == ["promotion/00000001"]
    with pytest.raises(InputError):
        scope(catalog, "model/other@1")


class Forger:
    """Writes what no command would, with the ledger's own pen."""

    def __init__(self) -> None:
        self.story = Story()
        self.request = self.story.open().request
        self.answers = {RISK: "risk-officer", VALIDATOR: "validator"}

    def approve(self) -> None:
        for person, role in self.answers.items():
            self.story.answer(self.request, person, role)

    def permit(self, change: Callable[[Decision], Decision] = lambda decision: decision, **event: Any) -> Decision:
        """Record an `allow` that cites everybody who said yes."""
        reading = read(self.story.desk)
        weighed = weigh(self.story.desk, self.story.question(event.pop("configuration", CONFIGURATION)), reading)
        assert weighed.facts is not None
        approvals = tuple(answer.id for answer in reading.catalog.requests[self.request].approvals)
        allowed = replace(weighed.decision, outcome=Outcome.ALLOW, request=self.request, approvals=approvals)
        decision = change(allowed)
        written = record(self.story.desk, decision, weighed.facts, TRAINER)
        self.story.sim.ledger.append([replace(written, data={**written.data, **event})])
        return decision

    def intend(self, decision: Decision, claim: str | None = "used", **changes: Any) -> None:
        data = {
            "promotion": "promotion/00000001",
            "kind": "promotion",
            "request": self.request,
            "decision": decision.id,
            "subject": SUBJECT,
            "digest": MODEL,
            "configuration": decision.binding.configuration,
            "fallback": "human-queue",
            "approvals": list(decision.approvals),
        }
        target = changes.pop("at", DEPLOYMENT)
        claimed = claim_of(self.request, 0) if claim == "used" else claim
        self.story.sim.append("promotion.intended.v1", target, {**data, **changes}, actor=TRAINER, claim=claimed)

    def found(self) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught:
            audit(self.story.sim.ledger.entries(), self.story.sim.blobs)
        return caught.value


def test_the_forger_can_write_a_good_history_too() -> None:
    """The forgeries below differ from this only in what their name says."""
    forger = Forger()
    forger.approve()
    forger.intend(forger.permit())
    assert [item.outcome for item in audit(forger.story.sim.ledger.entries(), forger.story.sim.blobs)] == ["unknown"]


def no_quorum(forger: Forger) -> None:
    forger.answers.pop(VALIDATOR)
    forger.approve()
    forger.intend(forger.permit())


def a_makers_approval(forger: Forger) -> None:
    story = forger.story
    story.record(forger.request, story.submission(forger.request, TRAINER, "risk-officer"), TRAINER, "risk-officer")
    story.answer(forger.request, VALIDATOR, "validator")
    forger.intend(forger.permit())


def a_forged_signature(forger: Forger) -> None:
    story = forger.story
    theirs = story.submission(forger.request, VALIDATOR, "validator")
    story.record(forger.request, theirs, RISK, "risk-officer")
    story.answer(forger.request, VALIDATOR, "validator")
    forger.intend(forger.permit())


def after_a_rejection(forger: Forger) -> None:
    forger.approve()
    forger.story.answer(forger.request, OTHER_RISK, "risk-officer", "reject")
    forger.intend(forger.permit())


def after_the_deadline(forger: Forger) -> None:
    forger.approve()
    forger.story.sim.clock.advance(days=5)
    forger.intend(forger.permit())


def a_revoked_approver(forger: Forger) -> None:
    forger.approve()
    forger.story.revoke(RISK)
    forger.intend(forger.permit())


def another_configuration(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(configuration=CHANGED))


def another_configuration_than_permitted(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(), configuration=CHANGED.digest)


def another_target(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(), at="deployment/elsewhere")


def another_kind(forger: Forger) -> None:
    forger.approve()
    forger.story.run(forger.request)
    data = {"serving": "human-queue"}
    forger.story.sim.append("deployment.suspended.v1", DEPLOYMENT, data, actor=RISK)
    forger.request = forger.story.open(days=2, kind="resume", cause=str(len(forger.story.types()) - 1)).request
    forger.approve()
    forger.intend(forger.permit(), promotion="promotion/00000002")


def other_approvals(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(), approvals=["a-1", "a-2"])


def fewer_findings(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(lambda decision: replace(decision, findings=())))


def a_denial_called_allow(forger: Forger) -> None:
    forger.approve()
    forger.story.measure("0.5")
    forger.intend(forger.permit())


def another_document(forger: Forger) -> None:
    forger.approve()
    other = forger.story.open(version=1).decision
    forger.intend(forger.permit(document=forger.story.sim.blobs.put(other.encode())))


def another_engine(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(engine="opa@1"))


def a_backdated_permit(forger: Forger) -> None:
    """Approvals used after they expired, by a permit that says it was decided before; without the date they fail."""
    forger.approve()
    then = forger.story.sim.clock.now()
    forger.story.sim.clock.advance(days=5)
    forger.intend(forger.permit(lambda decision: replace(decision, decided_at=then)))
    outcome = {
        "promotion": "promotion/00000001",
        "deployment_digest": deployment_digest(MODEL, TARGET, CONFIGURATION.digest),
        "receipt": digest(b"receipt"),
    }
    forger.story.sim.append("promotion.succeeded.v1", DEPLOYMENT, outcome, actor=TRAINER)


def a_postdated_permit(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(lambda decision: replace(decision, decided_at="2026-11-24T08:00:00.000000Z")))


def a_decision_nobody_used(forger: Forger) -> None:
    forger.permit(engine="opa@1")


def no_claim(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(), claim=None)


def another_claim(forger: Forger) -> None:
    forger.approve()
    forger.intend(forger.permit(), claim="used:request/00000009")


def a_request_about_nothing(forger: Forger) -> None:
    """The request itself was forged: its binding is not that of the decision it names."""
    story = forger.story
    known = story.sim.catalog().requests[forger.request]
    data = {
        "gate": "production",
        "kind": "promotion",
        "subject": SUBJECT,
        "digest": MODEL,
        "target": TARGET,
        "binding": digest(b"nothing"),
        "packet": known.packet,
        "decision": known.decision,
        "deadline": known.deadline,
        "requires": [{"role": "validator", "count": 1}],
    }
    forger.request = "request/00000007"
    story.sim.append("promotion.requested.v1", forger.request, data, actor=TRAINER)
    story.answer(forger.request, VALIDATOR, "validator")
    forger.intend(forger.permit())


FORGERIES = (
    no_quorum,
    a_makers_approval,
    a_forged_signature,
    after_a_rejection,
    after_the_deadline,
    a_revoked_approver,
    another_configuration,
    another_configuration_than_permitted,
    another_target,
    another_kind,
    other_approvals,
    fewer_findings,
    a_denial_called_allow,
    another_document,
    another_engine,
    a_backdated_permit,
    a_postdated_permit,
    a_decision_nobody_used,
    no_claim,
    another_claim,
    a_request_about_nothing,
)


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forged_promotion_is_found(forge: Callable[[Forger], None]) -> None:
    """The whole chain verifies, the tree too, but no command would have written this: ALTERED, with its index."""
    forger = Forger()
    forge(forger)
    error = forger.found()
    assert error.kind == "ALTERED"
    assert error.index is not None


@pytest.mark.parametrize("member", ["document", "statement", "signature"])
def test_a_lost_blob_is_found(member: str) -> None:
    """What a promotion rests on must be there."""
    story = Story()
    story.promote()
    filed = story.sim.catalog().requests["request/00000001"]
    if member == "document":
        lost = story.sim.catalog().decisions[filed.decision].document
    else:
        lost = getattr(filed.approvals[0], member)
    del story.sim.blobs.kept[lost]
    with pytest.raises(IntegrityError, match="LOST"):
        audit(story.sim.ledger.entries(), story.sim.blobs)


def test_findings_that_ask_nobody_need_nobody() -> None:
    """Where the policy asked for nobody, the audit asks for nobody."""
    story = Story()
    story.sim.engine.table["production"] = [raw("HINT")]
    assert story.run(story.open().request).answer == "succeeded"
    found = audit(story.sim.ledger.entries(), story.sim.blobs)
    assert [item.quorum for item in found] == [()]
    intent = story.sim.catalog().deployments[DEPLOYMENT].intents[0]
    assert intent.deployment_digest == deployment_digest(MODEL, TARGET, CONFIGURATION.digest)
