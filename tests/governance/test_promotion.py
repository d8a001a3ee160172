"""Promotions: evaluated again, intended, done, told; used once whatever fails in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance.audit import audit
from governance.configuration import Configuration
from governance.decision import Decision, Outcome
from governance.errors import InputError, NotPermitted
from governance.notices import conclude, is_notice
from governance.ports import Placement
from governance.promotion import Promoted, Site, promotion_of, run
from governance.request import open_request
from governance.subject import use_claim
from ledger.errors import Conflict, SignerFault, StoreFault
from tests.governance.story import (
    CHANGED,
    CONFIGURATION,
    DEPLOYMENT,
    MODEL,
    OFFICER,
    OTHER_RISK,
    PLACE,
    RISK,
    SUBJECT,
    TARGET,
    TRAINER,
    VALIDATOR,
    Story,
    bundle,
    raw,
)
from tests.simulator import Fault

SERVES = Placement(SUBJECT, MODEL, CONFIGURATION.digest, "promotion/00000001")


def controls(decision: Decision) -> set[str]:
    return {finding.control for finding in decision.findings if is_notice(finding)}


def granted() -> tuple[Story, str]:
    story = Story()
    request = story.open().request
    story.grant(request)
    return story, request


def intents(story: Story) -> list[str]:
    return [kind for kind in story.types() if kind == "promotion.intended.v1"]


def test_an_approved_request_is_carried_out() -> None:
    """Permit and intent, both or neither; a checkpoint over the intent; then the act; then its outcome."""
    story, request = granted()
    done = story.run(request)
    assert (done.answer, done.exit_code, done.decision.outcome) == ("succeeded", 0, Outcome.ALLOW)
    assert story.types()[-3:] == ["policy.decided.v1", "promotion.intended.v1", "promotion.succeeded.v1"]
    catalog = story.sim.check()
    intent = catalog.deployments[DEPLOYMENT].intents[0]
    assert story.checkpoints.covered == [intent.index + 1]
    assert intent.approvals == done.decision.approvals
    assert intent.fallback == "human-queue"
    assert len(done.decision.approvals) == 2
    assert story.sim.serving.at == {TARGET: SERVES}
    assert catalog.deployments[DEPLOYMENT].state == "live"
    assert story.sim.ledger.entries()[intent.index].claim == use_claim(request)


def test_without_a_quorum_it_stays_pending_and_names_who_is_missing() -> None:
    """Nothing is done; the answer is recorded once, and again only when what is missing changes."""
    story = Story()
    request = story.open().request
    first = story.run(request)
    assert (first.answer, first.exit_code) == (None, 3)
    assert {finding.field for finding in first.decision.findings if is_notice(finding)} == {
        "quorum.risk-officer",
        "quorum.validator",
    }
    size = len(story.sim.ledger.rows)
    assert story.run(request).decision == first.decision
    assert len(story.sim.ledger.rows) == size
    story.answer(request, RISK, "risk-officer")
    second = story.run(request).decision
    assert [finding.field for finding in second.findings if is_notice(finding)] == ["quorum.validator"]
    assert story.sim.serving.at == {}
    assert intents(story) == []


def test_law_two_nothing_without_the_same_binding_and_a_quorum() -> None:
    """Law 2: only the approved binding goes through; a changed member is named and pends, and comes back."""
    story, request = granted()
    changed = story.run(request, CHANGED)
    assert (changed.answer, changed.exit_code) == (None, 3)
    voids = [finding for finding in changed.decision.findings if finding.control == "approval.void"]
    assert [finding.field for finding in voids] == ["binding.configuration"]
    assert changed.decision.approvals == ()
    assert story.run(request).answer == "succeeded"


VOIDED: dict[str, tuple[Any, set[str]]] = {
    "evidence": (lambda story: story.measure("0.06"), {"binding.evidence"}),
    "policy": (lambda story: story.switch(bundle("r1", "package changed")), {"binding.policy"}),
    "findings": (
        lambda story: story.sim.engine.table.update(
            production=[raw("QUORUM", field="approvals", requires=[{"role": "validator", "count": 1}]), raw("HINT")]
        ),
        {"binding.findings", "binding.requires"},
    ),
}


@pytest.mark.parametrize(("change", "members"), VOIDED.values(), ids=VOIDED)
def test_any_changed_member_voids_and_is_named(change: Any, members: set[str]) -> None:
    """Law 3 end to end: what differs is named, nothing else."""
    story, request = granted()
    change(story)
    decision = story.run(request).decision
    assert decision.outcome is Outcome.PENDING
    assert {finding.field for finding in decision.findings if finding.control == "approval.void"} == members


def test_what_is_not_bound_does_not_void() -> None:
    """Time, a new scan of the same, another person, a new revision number: the approvals hold."""
    story, request = granted()
    story.sim.clock.advance(days=2)
    story.measure("0.05")
    story.revoke(OTHER_RISK)
    story.switch(bundle("r2"))
    assert story.run(request).answer == "succeeded"


def test_worse_merits_deny_whatever_was_approved() -> None:
    """People cannot approve past a denial that came later."""
    story, request = granted()
    story.measure("0.5")
    done = story.run(request)
    assert (done.answer, done.exit_code) == (None, 1)
    assert intents(story) == []


def test_a_rejected_or_expired_request_denies() -> None:
    """A no denies, and so does the deadline, even with a quorum."""
    story = Story()
    request = story.open().request
    story.answer(request, VALIDATOR, "validator")
    story.answer(request, RISK, "risk-officer", "reject")
    rejected = story.run(request)
    assert (rejected.exit_code, "request.rejected" in controls(rejected.decision)) == (1, True)
    story, request = granted()
    story.sim.clock.advance(days=4)
    expired = story.run(request)
    assert (expired.exit_code, "request.expired" in controls(expired.decision)) == (1, True)


def test_an_approval_that_was_revoked_no_longer_counts() -> None:
    """Before use a revocation makes it pending again, and says whose approval lapsed."""
    story, request = granted()
    story.revoke(VALIDATOR)
    decision = story.run(request).decision
    assert decision.outcome is Outcome.PENDING
    assert controls(decision) == {"approval.lapsed", "quorum.unmet"}
    story.answer(request, OTHER_RISK, "validator")
    assert story.run(request).answer == "succeeded"


def test_who_deploys_does_not_approve() -> None:
    """An approver who carries it out counts as a maker, so the quorum is short of them."""
    story, request = granted()
    done = story.run(request, actor=RISK)
    assert (done.exit_code, controls(done.decision)) == (3, {"quorum.unmet"})
    assert story.run(request, actor=TRAINER).answer == "succeeded"


def test_the_order_of_approvals_never_matters() -> None:
    """Law 6: whoever answers first, the same people fill the same roles."""
    decisions = []
    for people in (
        [(RISK, "risk-officer"), (VALIDATOR, "validator")],
        [(VALIDATOR, "validator"), (RISK, "risk-officer")],
    ):
        story = Story()
        request = story.open().request
        for person, role in people:
            story.answer(request, person, role)
        decisions.append(story.run(request).decision)
    assert [decision.outcome for decision in decisions] == [Outcome.ALLOW, Outcome.ALLOW]
    assert decisions[0].binding == decisions[1].binding


def test_a_second_use_is_refused() -> None:
    """Law 5: approvals are used once, by one promotion."""
    story, request = granted()
    story.run(request)
    for name in (None, "promotion/another"):
        with pytest.raises(NotPermitted):
            story.run(request, promotion=name)
    assert len(intents(story)) == 1


def test_a_new_request_promotes_again() -> None:
    """After a change there is a new binding, a new request, a new promotion."""
    story = Story()
    story.promote()
    story.measure("0.06")
    assert story.promote().answer == "succeeded"
    story.make(2)
    story.sim.serving.store["model/credit@2"] = story.sim.catalog().models["model/credit@2"].digest
    assert story.promote(2).answer == "succeeded"
    assert [live.subject for live in story.sim.check().deployments[DEPLOYMENT].lives] == [
        SUBJECT,
        SUBJECT,
        "model/credit@2",
    ]


def test_a_configuration_need_not_name_a_fallback() -> None:
    """Then the intent names none."""
    story = Story()
    bare = Configuration.of(PLACE)
    wish = replace(story.wish(), question=story.question(bare))
    request = open_request(story.desk, wish, actor=TRAINER).request
    story.grant(request)
    assert story.run(request, bare).answer == "succeeded"
    assert story.sim.catalog().deployments[DEPLOYMENT].intents[0].fallback is None


def test_an_unknown_request_is_an_input_error() -> None:
    """Nothing is guessed."""
    with pytest.raises(InputError):
        Story().run("request/00000009")


def test_a_tampered_ledger_stops_everything() -> None:
    """An integrity failure, also of an approval's blob or of the request's decision, promotes nothing."""
    for harm in ("row", "signature", "decision", "statement"):
        story, request = granted()
        filed = story.sim.catalog().requests[request]
        if harm == "row":
            story.sim.ledger.rows[2] = story.sim.ledger.rows[2].replace(b"natural", b"service")
        elif harm == "decision":
            del story.sim.blobs.kept[story.sim.catalog().decisions[filed.decision].document]
        else:
            del story.sim.blobs.kept[getattr(filed.approvals[0], harm)]
        size = len(story.sim.ledger.rows)
        done = story.run(request)
        assert (done.exit_code, done.decision.outcome) == (5, Outcome.INTEGRITY)
        assert (len(story.sim.ledger.rows), story.sim.serving.at) == (size, {})


def test_an_engine_that_fails_promotes_nothing() -> None:
    """A fault blocks; it is recorded, and neither denial nor allowance."""
    story, request = granted()
    story.sim.engine.fault = True
    assert story.run(request).exit_code == 6
    story.switch(type(story.sim.bundle).of({**dict(story.sim.bundle.files), "data.json": "{}"}))
    assert story.run(request).exit_code == 6
    assert intents(story) == []


def forged(person: str, role: str) -> Story:
    """A story in which somebody wrote an approval past the door."""
    story = Story()
    request = story.open().request
    story.record(request, story.submission(request, person, role), person, role)
    story.answer(request, VALIDATOR, "validator")
    return story


def test_an_approval_that_no_door_would_take_is_an_integrity_failure() -> None:
    """A maker's approval, or one by another's key, that reached the ledger anyway is never counted in silence."""
    story = forged(TRAINER, "risk-officer")
    assert story.run("request/00000001").decision.outcome is Outcome.INTEGRITY
    story = Story()
    request = story.open().request
    story.record(request, story.submission(request, VALIDATOR, "validator"), RISK, "risk-officer")
    assert story.run(request).decision.outcome is Outcome.INTEGRITY


ANSWERS = {
    # fault of the serving system, whether it can be looked at -> what is recorded
    "not done, and that can be seen": (Fault.BEFORE, False, "failed"),
    "done, and that can be seen": (Fault.AFTER, False, "succeeded"),
    "not done, nobody knows": (Fault.BEFORE, True, "unknown"),
    "done, nobody knows": (Fault.AFTER, True, "unknown"),
}


@pytest.mark.parametrize(("fault", "blind", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_an_act_that_fails_is_looked_at(fault: Fault, blind: bool, answer: str) -> None:
    """Where the serving system fails, it is asked what serves; what nobody knows is unknown, and blocks."""
    story, request = granted()
    story.sim.serving.faults.add(fault)
    story.sim.serving.blind = blind
    done = story.run(request)
    assert done.answer == answer
    assert done.exit_code == (0 if answer == "succeeded" else 6)
    assert story.types()[-1] == f"promotion.{answer}.v1"


@pytest.mark.parametrize("fault", list(Fault))
def test_unknown_is_reconciled_by_running_again(fault: Fault) -> None:
    """Looking again settles it: what was done is told, what was not is done now; never a second intent."""
    story, request = granted()
    story.sim.serving.faults.add(fault)
    story.sim.serving.blind = True
    story.run(request)
    size = len(story.sim.ledger.rows)
    assert story.run(request).answer == "unknown"
    assert len(story.sim.ledger.rows) == size
    story.sim.serving.blind = False
    assert story.run(request).answer == "succeeded"
    assert (len(intents(story)), story.sim.serving.at) == (1, {TARGET: SERVES})
    assert story.sim.check().deployments[DEPLOYMENT].state == "live"


def test_what_is_not_allowed_any_more_is_not_done_late() -> None:
    """An intent whose act never happened is given up when the merits got worse meanwhile."""
    story, request = granted()
    story.sim.serving.faults.add(Fault.BEFORE)
    story.sim.serving.blind = True
    story.run(request)
    story.sim.serving.blind = False
    story.measure("0.5")
    done = story.run(request)
    assert (done.answer, done.decision.outcome, story.sim.serving.at) == ("failed", Outcome.DENY, {})
    assert "not allowed any more" in done.detail


def test_a_failed_promotion_may_be_tried_again_under_its_own_name() -> None:
    """The approvals stay with their promotion: retried after a failure, refused to any other."""
    story, request = granted()
    story.sim.serving.faults.add(Fault.BEFORE)
    assert story.run(request).answer == "failed"
    with pytest.raises(NotPermitted, match="used by"):
        story.run(request, promotion="promotion/another")
    assert story.run(request).answer == "succeeded"
    claims = [entry.claim for entry in story.sim.ledger.entries() if entry.type == "promotion.intended.v1"]
    assert claims == [use_claim(request), f"{use_claim(request)}:1"]


def test_what_is_not_in_the_store_fails() -> None:
    """A model whose bytes are not there fails for certain, with the reason in the receipt."""
    story, request = granted()
    story.sim.serving.store.clear()
    done = story.run(request)
    assert (done.answer, done.exit_code) == ("failed", 6)
    assert "not in the store" in done.detail


def test_another_promotion_of_unknown_outcome_blocks() -> None:
    """Nobody promotes over a target of which nobody knows what serves."""
    story, request = granted()
    story.measure("0.06")
    second = story.open().request
    story.grant(second)
    story.measure("0.05")
    story.sim.serving.faults.add(Fault.BEFORE)
    story.sim.serving.blind = True
    assert story.run(request).answer == "unknown"
    with pytest.raises(NotPermitted, match="nobody knows"):
        story.run(second)


def test_no_act_without_a_checkpoint() -> None:
    """If the signer fails, nothing is done; running again goes on from the intent."""
    story, request = granted()
    story.checkpoints.error = SignerFault("the key is locked", "unlock it")
    with pytest.raises(SignerFault):
        story.run(request)
    assert story.sim.serving.at == {}
    story.checkpoints.error = None
    assert story.run(request).answer == "succeeded"
    assert len(intents(story)) == 1


@pytest.mark.parametrize("crash", range(6))
@pytest.mark.parametrize("fault", list(Fault))
def test_a_crash_at_any_write_is_survived(crash: int, fault: Fault) -> None:
    """Law 5: whichever write fails, and whether or not it was done, running again ends with one use, served once."""
    story, request = granted()
    ledger = story.sim.ledger
    append, writes = ledger.append, [0]

    def failing(events: Any, precondition: Any = None) -> Any:
        writes[0] += 1
        if writes[0] - 1 == crash:
            ledger.faults.add(fault)
        return append(events, precondition)

    ledger.append = failing  # type: ignore[method-assign]
    for _ in range(4):
        try:
            done = story.run(request)
        except StoreFault:
            continue
        except NotPermitted:
            break
        assert done.answer == "succeeded"
    ledger.append = append  # type: ignore[method-assign]
    deployment = story.sim.check().deployments[DEPLOYMENT]
    assert (len(deployment.intents), deployment.state) == (1, "live")
    assert story.sim.serving.at == {TARGET: SERVES}


class _Between:
    """A ledger with somebody who acts just before the nth write."""

    def __init__(self, story: Story, turn: int, act: Any) -> None:
        self.story, self.turn, self.act, self.writes = story, turn, act, 0
        self.entries, self.state = story.sim.ledger.entries, story.sim.ledger.state

    def append(self, events: Any, precondition: Any = None) -> Any:
        self.writes += 1
        if self.writes - 1 == self.turn:
            self.act()
        return self.story.sim.ledger.append(events, precondition)


def between(story: Story, request: str, turn: int, act: Any) -> Promoted:
    desk = replace(story.desk, ledger=_Between(story, turn, act))
    return run(desk, story.site, request, CONFIGURATION, actor=TRAINER)


def test_two_processes_use_the_approvals_once() -> None:
    """Law 5: a process that comes second, before or after the act, finds the approvals used or the outcome told."""
    story, request = granted()
    with pytest.raises(NotPermitted, match="succeeded"):
        between(story, request, 0, lambda: story.run(request))
    assert [len(intent.outcomes) for intent in story.sim.check().deployments[DEPLOYMENT].intents] == [1]
    story, request = granted()
    assert between(story, request, 1, lambda: story.run(request)).answer == "succeeded"
    assert [len(intent.outcomes) for intent in story.sim.check().deployments[DEPLOYMENT].intents] == [1]


def test_a_revocation_does_not_slip_between_permit_and_intent() -> None:
    """Whoever is revoked just before the write is not counted: the precondition names the approvers."""
    story, request = granted()
    done = between(story, request, 0, lambda: story.revoke(VALIDATOR))
    assert (done.answer, controls(done.decision)) == (None, {"approval.lapsed", "quorum.unmet"})
    assert intents(story) == []


def test_a_rejection_does_not_slip_in_either() -> None:
    """A no that arrives just before the write denies."""
    story, request = granted()
    done = between(story, request, 0, lambda: story.answer(request, OTHER_RISK, "risk-officer", "reject"))
    assert (done.exit_code, intents(story)) == (1, [])


def test_an_intent_that_reached_the_ledger_too_late_is_not_acted_on() -> None:
    """A process that slept between permit and intent, past the deadline even, gives up; the audit is content."""
    story, request = granted()
    done = between(story, request, 0, lambda: story.sim.clock.advance(days=4))
    assert (done.answer, story.sim.serving.at) == ("failed", {})
    assert "too long after" in done.detail
    assert [item.outcome for item in audit(story.sim.ledger.entries(), story.sim.blobs)] == ["failed"]
    assert story.run(request).exit_code == 1


def test_an_overdue_intent_is_not_acted_on_later_either() -> None:
    """Also if the process crashed before it could give up."""
    story, request = granted()
    story.checkpoints.error = SignerFault("the key is locked", "unlock it")
    with pytest.raises(SignerFault):
        between(story, request, 0, lambda: story.sim.clock.advance(hours=1))
    story.checkpoints.error = None
    done = story.run(request)
    assert (done.answer, done.decision.outcome, story.sim.serving.at) == ("failed", Outcome.ALLOW, {})
    assert story.run(request).answer == "succeeded"


def test_an_answer_recorded_after_the_deadline_has_lapsed() -> None:
    """It was good when it was handed in, but the ledger got it too late: it does not count, and harms nothing."""
    story = Story()
    request = story.open().request
    story.answer(request, VALIDATOR, "validator")
    submission = story.submission(request, RISK, "risk-officer")
    story.sim.clock.advance(days=4)
    story.record(request, submission, RISK, "risk-officer")
    done = story.run(request)
    assert (done.exit_code, done.decision.outcome) == (1, Outcome.DENY)
    lapsed = [finding for finding in done.decision.findings if finding.control == "approval.lapsed"]
    assert len(lapsed) == 2


def suspend_now(story: Story) -> None:
    story.sim.serving.shift(TARGET, Placement("human-queue", None, None, "stop"))
    story.sim.append("deployment.suspended.v1", DEPLOYMENT, {"serving": "human-queue"}, actor=OFFICER)


def test_a_stop_between_act_and_outcome_is_not_undone_by_the_record() -> None:
    """If somebody stopped it right after the act, the promotion did not succeed and the stop holds."""
    story, request = granted()
    done = between(story, request, 1, lambda: suspend_now(story))
    assert done.answer == "failed"
    assert story.sim.check().deployments[DEPLOYMENT].state == "suspended"


def test_a_target_that_keeps_changing_ends_in_conflict() -> None:
    """Recording an outcome is tried a bounded number of times; the intent can be reconciled afterwards."""
    story, request = granted()
    ledger = _Between(story, 0, lambda: None)
    append = ledger.append

    def stubborn(events: Any, precondition: Any = None) -> Any:
        if events[-1].type == "promotion.succeeded.v1":
            story.sim.append("deployment.suspended.v1", DEPLOYMENT, {"serving": "human-queue"}, actor=OFFICER)
        return append(events, precondition)

    ledger.append = stubborn  # type: ignore[method-assign]
    with pytest.raises(Conflict, match="keeps changing"):
        run(replace(story.desk, ledger=ledger), story.site, request, CONFIGURATION, actor=TRAINER)
    assert story.run(request).answer == "succeeded"


def resumed(story: Story) -> str:
    """A promotion, a stop, and a granted request to resume."""
    story.promote()
    suspend_now(story)
    cause = str(len(story.sim.ledger.rows) - 1)
    request = story.open(kind="resume", cause=cause).request
    story.grant(request)
    return request


def test_a_resume_is_carried_out_like_a_promotion() -> None:
    """It serves again under its own promotion, and the suspension ends."""
    story = Story()
    request = resumed(story)
    assert story.run(request).answer == "succeeded"
    deployment = story.sim.check().deployments[DEPLOYMENT]
    assert (deployment.state, deployment.intents[-1].kind) == ("live", "resume")
    assert story.sim.serving.at[TARGET].promotion == promotion_of(request)


def test_what_is_not_suspended_any_more_is_not_resumed() -> None:
    """A resume that came too late is refused."""
    story = Story()
    request = resumed(story)
    story.sim.append("deployment.rolled_back.v1", DEPLOYMENT, {"subject": SUBJECT, "digest": MODEL}, actor=OFFICER)
    with pytest.raises(NotPermitted, match="not suspended"):
        story.run(request)


def test_a_failed_resume_may_be_tried_again() -> None:
    """Also when the target is looked at anew."""
    story = Story()
    request = resumed(story)
    story.sim.serving.faults.add(Fault.BEFORE)
    assert story.run(request).answer == "failed"
    assert story.run(request).answer == "succeeded"


def test_a_met_quorum_answers_only_what_asks_for_people() -> None:
    """Approvals satisfy violated M controls; nothing else, and no notice."""
    story = Story()
    request = story.open().request
    decision = story.run(request).decision
    assert conclude(decision.findings, quorum_met=True) is Outcome.PENDING
    merits = [finding for finding in decision.findings if not is_notice(finding)]
    assert conclude(merits, quorum_met=True) is Outcome.ALLOW
    assert conclude(merits) is Outcome.PENDING


def test_a_site_is_what_acting_needs() -> None:
    """The default name of a promotion comes from its request."""
    story = Story()
    assert isinstance(story.site, Site)
    assert promotion_of("request/00000001") == "promotion/00000001"
