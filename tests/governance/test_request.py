"""Requests: when people may be asked, what they are shown, and where a request stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance.decision import Decision, Outcome
from governance.errors import InputError, NotPermitted
from governance.finding import Slots
from governance.gate import Question, check
from governance.request import (
    CannotOpen,
    Status,
    Wish,
    makers_of,
    open_request,
    quorum,
    requires,
    standing,
    status,
)
from ledger.canonical import DOCUMENT_BYTES, decode
from ledger.errors import IntegrityError, StoreFault
from tests.governance.story import (
    ASKED,
    CHANGED,
    CONFIGURATION,
    OFFICER,
    OTHER_RISK,
    RISK,
    SUBJECT,
    TRAINER,
    VALIDATOR,
    Story,
    raw,
)
from tests.simulator import Fault


def refused(story: Story, **more: Any) -> Decision:
    with pytest.raises(CannotOpen) as caught:
        story.open(**more)
    story.sim.check()
    assert "cannot be put to people" in caught.value.message
    return caught.value.decision


def controls(decision: Decision) -> list[str]:
    return sorted({finding.control for finding in decision.findings})


def test_a_pending_gate_can_be_put_to_people() -> None:
    """The request freezes the binding of the decision it rests on, and is recorded right behind it."""
    story = Story()
    opened = story.open()
    filed = story.sim.check().requests[opened.request]
    assert opened.fresh
    assert (filed.binding, filed.decision) == (opened.decision.binding.digest, opened.decision.id)
    assert filed.deadline == opened.deadline
    assert requires(filed) == opened.requires == (Slots("risk-officer", 1), Slots("validator", 1))
    assert story.types()[-2:] == ["policy.decided.v1", "promotion.requested.v1"]


def test_a_recorded_decision_is_not_recorded_again() -> None:
    """A request rests on the last answer to the same question, where nothing has changed."""
    story = Story()
    known = check(story.desk, story.question(), actor=TRAINER)
    assert story.open().decision == known
    assert story.types()[-2:] == ["policy.decided.v1", "promotion.requested.v1"]


def test_one_request_per_binding_is_open() -> None:
    """Asking again returns the open one."""
    story = Story()
    first = story.open()
    again = story.open(days=9)
    assert (again.request, again.deadline, again.fresh) == (first.request, first.deadline, False)
    assert len(story.sim.check().requests) == 1


NOT_OPEN = {"deny": [raw("FAIR")], "insufficient": [raw("BASE", "missing")], "fault": [raw("BASE", "errored")]}


@pytest.mark.parametrize(("outcome", "found"), NOT_OPEN.items())
def test_nothing_but_pending_or_allow_is_put_to_people(outcome: str, found: list[dict[str, Any]]) -> None:
    """People cannot approve past a denial, missing evidence or a fault; the decision is recorded and returned."""
    story = Story()
    story.sim.engine.table["production"] = found
    decision = refused(story)
    assert decision.outcome == outcome
    assert decision.id in story.sim.catalog().decisions
    assert refused(story) == decision


def test_nothing_is_put_to_people_on_a_broken_ledger() -> None:
    """An integrity failure, and a policy that says nothing at all, open nothing."""
    story = Story()
    story.sim.ledger.rows[3] = story.sim.ledger.rows[3].replace(b"natural", b"service")
    with pytest.raises(CannotOpen) as caught:
        story.open()
    assert caught.value.decision.outcome is Outcome.INTEGRITY
    story = Story()
    story.switch(type(story.sim.bundle).of({**dict(story.sim.bundle.files), "data.json": "{}"}))
    assert refused(story).outcome is Outcome.FAULT


def test_an_allowed_gate_asks_nobody_and_can_be_requested() -> None:
    """Where the policy asks for nobody, the request's quorum is empty."""
    story = Story()
    story.sim.engine.table["production"] = []
    opened = story.open()
    assert opened.requires == ()
    assert story.run(opened.request).answer == "succeeded"


def test_evidence_must_last_until_the_deadline() -> None:
    """What would be stale at the deadline is told before anybody is asked."""
    story = Story()
    decision = refused(story, days=100)
    assert decision.outcome is Outcome.INSUFFICIENT
    assert "FAIR" in controls(decision)
    assert story.open(days=30).fresh


def test_an_engine_that_cannot_look_ahead_opens_nothing() -> None:
    """If the policy fails on the facts as of the deadline, that is a fault."""
    story = Story()
    now = story.sim.clock.now()
    pending = raw("QUORUM", requires=ASKED)
    story.sim.engine.table["production"] = lambda document: [pending if document["now"] == now else raw("KING")]
    assert refused(story).outcome is Outcome.FAULT


def test_a_quorum_that_can_never_be_met_is_denied_at_once() -> None:
    """Nobody independent is left for a role: deny, saying who is excluded."""
    story = Story()
    for person in (OTHER_RISK, VALIDATOR):
        story.revoke(person)
    decision = refused(story)
    assert decision.outcome is Outcome.DENY
    impossible = [finding for finding in decision.findings if finding.control == "quorum.unsatisfiable"]
    assert {finding.field for finding in impossible} == {"quorum.risk-officer", "quorum.validator"}
    assert all(TRAINER in finding.detail for finding in impossible)


def test_the_requester_counts_as_a_maker() -> None:
    """The one who asks cannot answer, so may make the quorum impossible."""
    story = Story()
    story.revoke(OTHER_RISK)
    assert refused(story, actor=RISK).outcome is Outcome.DENY
    opened = story.open()
    filed = story.sim.catalog().requests[opened.request]
    assert makers_of(story.sim.catalog(), filed) == {TRAINER}


def test_a_rejection_sticks_to_its_binding() -> None:
    """The same thing is not put to people again; a changed thing is, and its packet counts the rejection."""
    story = Story()
    story.answer(story.open().request, RISK, "risk-officer", "reject")
    decision = refused(story)
    assert (decision.outcome, "request.rejected" in controls(decision)) == (Outcome.DENY, True)
    story.measure("0.06")
    opened = story.open()
    document = packet_of(story, opened.request)
    assert (document["earlier_requests"], document["earlier_rejections"]) == (1, 1)
    assert [item["status"] for item in document["earlier"]] == ["rejected"]


def test_an_expired_request_is_filed_again_explicitly() -> None:
    """Expiry ends a request; the same binding may be asked again, and the packet says it was."""
    story = Story()
    first = story.open()
    story.sim.clock.advance(days=4)
    second = story.open()
    assert second.fresh and second.request != first.request
    earlier = packet_of(story, second.request)["earlier"]
    assert [(item["status"], item["same_binding"]) for item in earlier] == [("expired", True)]


def packet_of(story: Story, request: str) -> dict[str, Any]:
    filed = story.sim.catalog().requests[request]
    document: dict[str, Any] = decode(story.sim.blobs.get(filed.packet), max_bytes=DOCUMENT_BYTES)
    return document


def test_the_packet_shows_what_is_judged() -> None:
    """Change, findings, evidence with its numbers, makers with their duties, and what is signed."""
    story = Story()
    opened = story.open()
    document = packet_of(story, opened.request)
    assert document["change"]["from"] is None
    assert document["change"]["to"]["configuration"] == CONFIGURATION.digest
    assert document["change"]["configuration"] == CONFIGURATION.document()
    fairness = next(item for item in document["evidence"] if item["kind"] == "fairness")
    assert (fairness["n"], fairness["attempts"], fairness["state"]) == (1000, 1, "measured")
    assert {"account": TRAINER, "duty": "trainer"} in document["makers"]
    assert {"account": TRAINER, "duty": "requester"} in document["makers"]
    assert document["binding"]["digest"] == opened.decision.binding.digest
    assert document["signed"]["v"] == "qayd/approval/v1"
    assert [finding["control"] for finding in document["findings"]] == ["QUORUM"]


def test_the_packet_shows_what_serves_now() -> None:
    """A second promotion is shown as a change from the first."""
    story = Story()
    story.promote()
    story.make(2)
    document = packet_of(story, story.open(version=2).request)
    assert document["change"]["from"]["subject"] == SUBJECT
    assert document["change"]["suspended"] is False


def test_an_earlier_request_is_shown_as_open_or_used() -> None:
    """Requests of the same model with another binding are listed with where they stand."""
    story = Story()
    story.promote()
    story.measure("0.06")
    second = story.open()
    story.measure("0.07")
    third = story.open()
    assert [item["status"] for item in packet_of(story, second.request)["earlier"]] == ["used"]
    assert [item["status"] for item in packet_of(story, third.request)["earlier"]] == ["used", "open"]


WISHES: dict[str, dict[str, Any]] = {
    "another gate": {"question": Question("register", SUBJECT)},
    "no configuration": {"question": Question("production", SUBJECT, "retail")},
    "a deadline that passed": {"deadline": "2020-01-01T00:00:00.000000Z"},
    "a deadline that is no time": {"deadline": "soon"},
    "a request that is no subject": {"request": "king"},
}


@pytest.mark.parametrize("change", WISHES.values(), ids=WISHES)
def test_a_wish_that_makes_no_sense_is_an_input_error(change: dict[str, Any]) -> None:
    """Nothing is written for it."""
    story = Story()
    size = len(story.sim.ledger.rows)
    good = story.wish()
    wish = Wish(**{"request": good.request, "question": good.question, "deadline": good.deadline, **change})
    with pytest.raises(InputError):
        open_request(story.desk, wish, actor=TRAINER)
    assert len(story.sim.ledger.rows) == size


def test_nothing_new_is_asked_while_an_outcome_is_unknown() -> None:
    """An intent of which nobody knows what came blocks its target."""
    story = Story()
    request = story.open().request
    story.grant(request)
    story.sim.serving.blind = True
    story.sim.serving.faults.add(Fault.AFTER)
    assert story.run(request).answer == "unknown"
    with pytest.raises(NotPermitted, match="nobody knows"):
        story.open()


@pytest.mark.parametrize("fault", list(Fault))
def test_a_disk_that_fails_leaves_one_request_after_a_retry(fault: Fault) -> None:
    """Failed and not written, or written and the answer lost: asking again ends with one open request."""
    story = Story()
    story.sim.ledger.faults.add(fault)
    with pytest.raises(StoreFault):
        story.open()
    story.open()
    assert len(story.sim.check().requests) == 1


def where(story: Story, request: str, **more: Any) -> Status:
    catalog = story.sim.catalog()
    return status(catalog, catalog.requests[request], story.sim.clock.now(), **more)


def test_where_a_request_stands() -> None:
    """Open, granted, void, used; and expired or rejected instead."""
    story = Story()
    request = story.open().request
    assert where(story, request) is Status.OPEN
    story.answer(request, RISK, "risk-officer")
    assert where(story, request) is Status.OPEN
    story.answer(request, VALIDATOR, "validator")
    assert where(story, request) is Status.GRANTED
    assert where(story, request, binding=CHANGED.digest) is Status.VOID
    story.run(request)
    assert where(story, request) is Status.USED
    story.measure("0.06")
    second = story.open().request
    story.sim.clock.advance(days=4)
    assert where(story, second) is Status.EXPIRED
    story.measure("0.07")
    third = story.open().request
    story.answer(third, RISK, "risk-officer", "reject")
    assert where(story, third) is Status.REJECTED


def test_revoking_somebody_before_use_makes_it_open_again() -> None:
    """Before use, a revoked person's approval no longer counts; somebody else's does."""
    story = Story()
    request = story.open().request
    story.grant(request)
    story.revoke(RISK)
    catalog = story.sim.catalog()
    filed = catalog.requests[request]
    assert [answer.person for answer in standing(catalog, filed, story.sim.clock.now())] == [VALIDATOR]
    assert where(story, request) is Status.OPEN
    assert quorum(catalog, filed, story.sim.clock.now()).unmet == (Slots("risk-officer", 1),)
    story.answer(request, OTHER_RISK, "risk-officer")
    assert where(story, request) is Status.GRANTED
    assert not quorum(story.sim.catalog(), filed, story.sim.clock.now(), also=[VALIDATOR]).met


def test_a_request_that_does_not_say_whom_it_asks_is_an_integrity_failure() -> None:
    """No command would have written it."""
    story = Story()
    request = story.open().request
    filed = story.sim.catalog().requests[request]
    for asked in ([{"role": "risk-officer"}], 7):
        with pytest.raises(IntegrityError):
            requires(replace(filed, requires=asked))


def stop(story: Story) -> str:
    """Suspend what serves; the index of the stop."""
    data = {"serving": "human-queue"}
    return str(story.sim.append("deployment.suspended.v1", "deployment/retail", data, actor=OFFICER).index)


def test_a_resume_cites_the_cause_of_the_stop() -> None:
    """Only what was live, as it was configured, can be resumed, and only by naming why it was stopped."""
    story = Story()
    with pytest.raises(NotPermitted, match="not suspended"):
        story.open(kind="resume", cause="1")
    story.promote()
    with pytest.raises(NotPermitted, match="not suspended"):
        story.open(kind="resume", cause="1")
    cause = stop(story)
    with pytest.raises(InputError, match="cites"):
        story.open(kind="resume", cause="1")
    with pytest.raises(InputError, match="cites"):
        story.open(kind="resume")
    story.make(2)
    with pytest.raises(NotPermitted, match="only what was live"):
        story.open(kind="resume", cause=cause, version=2)
    opened = story.open(kind="resume", cause=cause)
    assert packet_of(story, opened.request)["cause"] == cause
    assert story.sim.check().requests[opened.request].kind == "resume"
