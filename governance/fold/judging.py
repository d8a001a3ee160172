"""Steps about judgement and what follows: evidence, decisions, requests, answers, deployments, retraining."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from governance import deployment as deployments
from governance.deployment import Deployment
from governance.errors import InputError
from governance.evidence import check_measured_at
from governance.fold.state import State, known, new, refuse
from governance.views import Answer, Decided, Evidence, Filed, Retraining
from ledger.entry import Entry


def evidence_recorded(state: State, entry: Entry) -> None:
    """Evidence about a registered model, or about a deployment somebody promoted to."""
    data = entry.data
    if entry.subject.startswith("model/"):
        known(entry, state.models, entry.subject, "a model")
    else:
        known(entry, state.deployments, entry.subject, "a deployment")
    try:
        check_measured_at(data["measured_at"], entry.recorded_at)
    except InputError as error:
        refuse(entry, error.message)
    state.evidence[entry.subject, data["kind"]].append(
        Evidence(
            subject=entry.subject,
            kind=data["kind"],
            measured=entry.type == "evidence.measured.v1",
            digest=data["digest"],
            content=data["content"],
            method=data["method"],
            tool=data.get("tool"),
            data_digest=data["data_digest"],
            n=data["n"],
            measured_at=data["measured_at"],
            actor=entry.actor,
            index=entry.index,
            recorded_at=entry.recorded_at,
        )
    )


def decided(state: State, entry: Entry) -> None:
    """A gate decided, having seen no more than was there."""
    data = entry.data
    new(entry, state.decisions, data["decision"])
    if data["as_of"] > entry.index:
        refuse(entry, "it decided on entries that were not there yet")
    if "request" in data:
        known(entry, state.requests, data["request"], "a request")
    state.decisions[data["decision"]] = Decided(
        id=data["decision"],
        subject=entry.subject,
        gate=data["gate"],
        target=data.get("target", ""),
        outcome=data["outcome"],
        document=data["document"],
        binding=data["binding"],
        input=data["input"],
        bundle=data["bundle"],
        engine=data["engine"],
        as_of=data["as_of"],
        request=data.get("request"),
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )


def requested(state: State, entry: Entry) -> None:
    """A request was put to people, on a recorded decision that may be approved."""
    data = entry.data
    new(entry, state.requests, entry.subject)
    decision = known(entry, state.decisions, data["decision"], "a decision")
    if decision.outcome not in ("pending", "allow") or decision.subject != data["subject"]:
        refuse(entry, "the decision it rests on cannot be put to people, or is about something else")
    state.requests[entry.subject] = Filed(
        subject=entry.subject,
        gate=data["gate"],
        kind=data["kind"],
        concerns=data["subject"],
        digest=data["digest"],
        target=data["target"],
        binding=data["binding"],
        packet=data["packet"],
        decision=data["decision"],
        deadline=data["deadline"],
        cause=data.get("cause"),
        requires=data["requires"],
        requester=entry.actor,
        index=entry.index,
        leaf_hash=entry.leaf_hash,
        recorded_at=entry.recorded_at,
    )


def answered(state: State, entry: Entry) -> None:
    """A person said yes or no to a request. Signature, duty and date are judged when answers are counted."""
    data = entry.data
    request = known(entry, state.requests, entry.subject, "a request")
    answer: Literal["approve", "reject"] = "approve" if entry.type == "approval.granted.v1" else "reject"
    given = Answer(
        id=entry.id,
        answer=answer,
        person=data["person"],
        credential=data["credential"],
        role=data["role"],
        binding=data["binding"],
        statement=data["statement"],
        signature=data["signature"],
        expires=data["expires"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    state.requests[entry.subject] = replace(request, answers=(*request.answers, given))


def deployed(state: State, entry: Entry) -> None:
    """Something happened at a target; the first is an intent."""
    target = entry.subject.removeprefix("deployment/")
    intended = entry.type == "promotion.intended.v1"
    before = state.deployments.get(entry.subject)
    if before is None and not intended:
        refuse(entry, "it refers to a deployment nobody ever promoted to")
    if intended:
        _use(state, entry)
    after = deployments.apply(before or Deployment(entry.subject, target), entry)
    if isinstance(after, str):
        refuse(entry, after)
    state.deployments[entry.subject] = after


def _use(state: State, entry: Entry) -> None:
    """Mark the request of an intent as used; it is used by one promotion at most."""
    data = entry.data
    model = known(entry, state.models, data["subject"], "a model")
    if model.digest != data["digest"]:
        refuse(entry, "its digest is not that of the model")
    request = known(entry, state.requests, data["request"], "a request")
    decision = known(entry, state.decisions, data["decision"], "a decision")
    if decision.outcome != "allow" or decision.request != request.subject:
        refuse(entry, "the decision it names is no permit for the request it names")
    if request.used_by not in (None, data["promotion"]):
        refuse(entry, "the request's approvals had been used before")
    state.requests[request.subject] = replace(request, used_by=data["promotion"])


def retraining_requested(state: State, entry: Entry) -> None:
    """Somebody asked for a model to be trained again."""
    if "deployment" in entry.data:
        known(entry, state.deployments, entry.data["deployment"], "a deployment")
    state.retraining.append(
        Retraining(
            subject=entry.subject,
            cause=entry.data.get("cause"),
            deployment=entry.data.get("deployment"),
            actor=entry.actor,
            index=entry.index,
            recorded_at=entry.recorded_at,
        )
    )
