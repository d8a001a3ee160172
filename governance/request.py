"""Requests: a binding put to people. When one may be opened, where it stands, and who may answer it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from governance import notices, packet
from governance.approval import stands
from governance.catalog import Catalog
from governance.decision import Decision, Outcome
from governance.desk import Desk, Reading, read, retry
from governance.errors import GovernanceError, InputError, NotPermitted
from governance.facts import Facts
from governance.finding import Finding, FindingKind, Slots, order
from governance.gate import Question, Weighed, broken, evaluate, latest, record, touched, weigh
from governance.lineage import makers
from governance.people import eligible, resolve
from governance.ports import Precondition
from governance.quorum import Assignment, Member, feasibility, match
from governance.subject import Subject
from governance.views import Answer, Filed
from ledger.canonical import encode
from ledger.entry import NewEvent
from ledger.errors import IntegrityError, Kind
from ledger.patterns import is_time

Purpose: TypeAlias = Literal["promotion", "resume"]
GATE: Final = "production"


class Status(StrEnum):
    """Where a request stands. The first that applies, in this order."""

    USED = "used"
    REJECTED = "rejected"
    EXPIRED = "expired"
    VOID = "void"
    GRANTED = "granted"
    OPEN = "open"


class CannotOpen(GovernanceError):
    """No request may be opened now; `decision` says why, with findings and an outcome of its own."""

    def __init__(self, decision: Decision) -> None:
        why = ", ".join(sorted({finding.control for finding in decision.findings})) or "no finding"
        super().__init__(
            f"{decision.subject} cannot be put to people: {decision.outcome} ({why})",
            "mend what the findings name, then ask again: qayd gate check",
        )
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to ask people. `request` is a fresh subject (`request/<id>`); `cause` the index of the
    drift or stop that a resume answers, in decimal digits.
    """

    request: str
    question: Question
    deadline: str
    kind: Purpose = "promotion"
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that is open: this one, or one with the same binding that was open before (`fresh` is False)."""

    request: str
    decision: Decision
    deadline: str
    requires: tuple[Slots, ...]
    fresh: bool


def open_request(desk: Desk, wish: Wish, *, actor: str) -> Opened:
    """Decide afresh, and open a request for people to answer.

    Not under integrity failure, deny, fault or insufficient, nor for a binding that was rejected, nor where evidence
    would go stale before the deadline, nor where no quorum could ever be met: these raise CannotOpen with the
    decision. Raises InputError and NotPermitted where the wish itself makes no sense.
    """
    return retry(lambda: _open_once(desk, wish, actor))


def _open_once(desk: Desk, wish: Wish, actor: str) -> Opened:
    try:
        reading = read(desk)
        _check_wish(reading, wish)
        weighed = weigh(desk, wish.question, reading)
        known = latest(desk, reading, weighed.decision)
    except IntegrityError as error:
        raise CannotOpen(broken(desk, wish.question, error)) from error
    decision, facts = known or weighed.decision, weighed.facts
    if facts is None:
        raise CannotOpen(decision)
    events = [] if known else [record(desk, decision, facts, actor)]
    precondition = Precondition(reading.state.size, touched(facts))
    obstacles = () if _closed(decision) else _obstacles(desk, reading, wish, weighed, actor)
    if _closed(decision) or obstacles:
        if events:
            desk.ledger.append(events, precondition)
        raise CannotOpen(_against(decision, obstacles))
    same = _still_open(reading, wish, decision)
    if same is not None:
        return Opened(same.subject, decision, same.deadline, requires(same), fresh=False)
    desk.ledger.append([*events, _filing(desk, reading, wish, decision, facts, actor)], precondition)
    return Opened(wish.request, decision, wish.deadline, decision.requires, fresh=True)


def requires(filed: Filed) -> tuple[Slots, ...]:
    """The people a filed request asks for. Raises IntegrityError if its entry does not say so in order."""
    try:
        return tuple(Slots.parse(item) for item in filed.requires)
    except (InputError, TypeError) as error:
        raise IntegrityError(Kind.ALTERED, f"{filed.subject} does not say whom it asks", filed.index) from error


def makers_of(catalog: Catalog, filed: Filed) -> frozenset[str]:
    """The natural persons who made what a request is about, its requester among them: none of them may answer."""
    return makers(catalog, filed.concerns).people | resolve(catalog.people, (filed.requester,)).natural


def standing(catalog: Catalog, filed: Filed, now: str) -> tuple[Answer, ...]:
    """The approvals that still count: neither expired, nor of a person or key revoked since."""
    return tuple(answer for answer in filed.approvals if stands(catalog, answer, now))


def quorum(catalog: Catalog, filed: Filed, now: str, *, also: Iterable[str] = ()) -> Assignment:
    """Match the standing approvals to the roles asked for, without makers (and without those behind `also`)."""
    members = [Member(answer.person, frozenset({answer.role})) for answer in standing(catalog, filed, now)]
    excluded = makers_of(catalog, filed) | resolve(catalog.people, also).natural
    return match(requires(filed), members, excluded)


def status(catalog: Catalog, filed: Filed, now: str, *, binding: str | None = None) -> Status:
    """Where a request stands at `now`; void is told only where the present `binding` is given."""
    if filed.used_by is not None:
        return Status.USED
    if filed.rejections:
        return Status.REJECTED
    if filed.expired(now):
        return Status.EXPIRED
    if binding not in (None, filed.binding):
        return Status.VOID
    return Status.GRANTED if quorum(catalog, filed, now).met else Status.OPEN


def _closed(decision: Decision) -> bool:
    return decision.outcome not in (Outcome.PENDING, Outcome.ALLOW)


def _check_wish(reading: Reading, wish: Wish) -> None:
    Subject.parse(wish.request)
    if wish.question.gate != GATE or wish.question.configuration is None:
        raise InputError("only what is asked of the gate production can be put to people", "qayd promotion request")
    if not is_time(wish.deadline) or wish.deadline <= reading.now:
        raise InputError("the deadline of a request lies in the future", "give --hours")
    deployment = reading.catalog.deployments.get(f"deployment/{wish.question.target}")
    if deployment is not None and deployment.unsettled is not None:
        raise NotPermitted(
            f"nobody knows yet what came of {deployment.unsettled.promotion} at {deployment.target}",
            f"reconcile it first: qayd promotion run {deployment.unsettled.request}",
        )
    if wish.kind == "resume":
        _check_resume(reading, wish)


def _check_resume(reading: Reading, wish: Wish) -> None:
    question = wish.question
    deployment = reading.catalog.deployments.get(f"deployment/{question.target}")
    if deployment is None or deployment.suspension is None or deployment.live is None:
        raise NotPermitted(f"{question.target} is not suspended", "see `qayd deployment list`")
    configuration = question.configuration.digest if question.configuration else ""
    if (deployment.live.subject, deployment.live.configuration) != (question.subject, configuration):
        raise NotPermitted(
            f"only what was live at {question.target} can be resumed, configured as it was",
            "promote anything else: qayd promotion request",
        )
    causes = {str(drift.index) for drift in deployment.drifts} | {str(deployment.suspension.index)}
    if wish.cause not in causes:
        raise InputError(
            "a resume cites what caused the stop", f"causes at {question.target}: {', '.join(sorted(causes, key=int))}"
        )


def _obstacles(desk: Desk, reading: Reading, wish: Wish, weighed: Weighed, actor: str) -> tuple[Finding, ...]:
    """What forbids a request although the merits would do."""
    facts, decision = weighed.facts, weighed.decision
    assert facts is not None  # noqa: S101 - obstacles are only looked for on facts
    earlier = _alike(reading, wish, decision)
    refused = tuple(notices.rejected(filed.subject) for filed in earlier if filed.rejections)
    people = [Member(person.id, person.roles) for person in eligible(reading.catalog.people, reading.catalog.size)]
    excluded = facts.makers | resolve(reading.catalog.people, (actor,)).natural
    possible = feasibility(decision.requires, people, excluded)
    impossible = () if possible.feasible else notices.unsatisfiable(possible)
    return (*refused[:1], *impossible, *_stale_by(desk, wish, facts, decision))


def _stale_by(desk: Desk, wish: Wish, facts: Facts, decision: Decision) -> tuple[Finding, ...]:
    """What the same policy would find stale at the deadline, were nothing measured until then."""
    ledger = {**facts.input["ledger"], "verified_at": wish.deadline}
    later = {**facts.input, "now": wish.deadline, "ledger": ledger}
    found, _, failure = evaluate(desk.engine, wish.question.gate, later)
    known = {finding.control for finding in decision.findings if finding.kind is FindingKind.STALE}
    stale = [finding for finding in found if finding.kind is FindingKind.STALE and finding.control not in known]
    return (*stale, *([failure] if failure else []))


def _alike(reading: Reading, wish: Wish, decision: Decision) -> tuple[Filed, ...]:
    """Earlier requests that asked just this."""
    asked = (decision.binding.digest, wish.kind, wish.cause)
    return tuple(
        filed
        for filed in reading.catalog.requests_for(wish.question.subject)
        if (filed.binding, filed.kind, filed.cause) == asked
    )


def _still_open(reading: Reading, wish: Wish, decision: Decision) -> Filed | None:
    return next((filed for filed in _alike(reading, wish, decision) if filed.open(reading.now)), None)


def _against(decision: Decision, obstacles: tuple[Finding, ...]) -> Decision:
    """The decision with what else stands against it."""
    if not obstacles:
        return decision
    found = order((*decision.findings, *obstacles))
    return replace(decision, findings=found, outcome=notices.conclude(found))


def _filing(desk: Desk, reading: Reading, wish: Wish, decision: Decision, facts: Facts, actor: str) -> NewEvent:
    """The event that opens the request; packet and configuration are durable blobs before it exists."""
    assert facts.configuration is not None  # noqa: S101 - the gate production always has one
    desk.blobs.put(facts.configuration.raw)
    document = packet.packet(
        reading.catalog,
        request=wish.request,
        kind=wish.kind,
        cause=wish.cause,
        deadline=wish.deadline,
        decision=decision,
        facts=facts,
        now=reading.now,
        requester=actor,
    )
    data: dict[str, object] = {
        "gate": decision.gate,
        "kind": wish.kind,
        "subject": decision.subject,
        "digest": decision.binding.subject_digest,
        "target": decision.target,
        "binding": decision.binding.digest,
        "packet": desk.blobs.put(encode(document)),
        "decision": decision.id,
        "deadline": wish.deadline,
        "requires": [slots.document() for slots in decision.requires],
    }
    if wish.cause is not None:
        data["cause"] = wish.cause
    return NewEvent("promotion.requested.v1", wish.request, desk.source, actor, data)
