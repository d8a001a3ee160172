"""A promotion: evaluate again, intend, act, and say what came of it. Intent first; nobody acts on less than `allow`.

Its states are read from the ledger, never remembered: no intent yet, an intent of which nobody knows what came
(also after a crash), failed, succeeded. Running the same promotion again goes on from wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from governance.configuration import Configuration
from governance.decision import Decision, Outcome
from governance.deployment import Intent
from governance.desk import ATTEMPTS, Desk, Reading, late, read, retry
from governance.errors import InputError, NotPermitted, ToolFault
from governance.facts import Facts
from governance.gate import Question, broken, latest, record, recorded, touched, weigh
from governance.permit import permit
from governance.ports import Placement, Precondition, Serving
from governance.subject import use_claim
from governance.views import Filed
from ledger.canonical import encode
from ledger.entry import NewEvent
from ledger.errors import Conflict, IntegrityError

Answer: TypeAlias = Literal["succeeded", "failed", "unknown"]
RECEIPT: Final = "qayd/receipt/v1"
OVERDUE: Final = "it was recorded too long after it was permitted; run it again"


class Checkpoints(Protocol):
    """The signer, as a promotion needs it."""

    def cover(self, size: int) -> int:
        """Sign, if need be, until a checkpoint covers `size` entries; the size it covers. Raises SignerFault."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """What acting needs of the outside beside the desk."""

    serving: Serving
    checkpoints: Checkpoints


@dataclass(frozen=True, slots=True)
class Promoted:
    """What came of running a promotion. `answer` is None where nothing was tried, and `decision` says why."""

    promotion: str
    decision: Decision
    answer: Answer | None = None
    detail: str = ""

    @property
    def exit_code(self) -> int:
        """The decision's code where nothing was tried, 0 for succeeded, 6 for failed and unknown."""
        if self.answer is None:
            return self.decision.outcome.exit_code
        return (Outcome.ALLOW if self.answer == "succeeded" else Outcome.FAULT).exit_code


@dataclass(frozen=True, slots=True)
class _Underway:
    """A durable intent and the decision that stands now; `seen` is the size of the ledger that was read.

    `again` is set where it was there before: then it may have been acted on already. `overdue` says that the intent
    reached the ledger so long after its permit that it must not be acted on.
    """

    intent: Intent
    decision: Decision
    seen: int
    again: bool
    overdue: bool


def promotion_of(request: str) -> str:
    """The id of the one promotion a request can be used by: `promotion/<id>` of `request/<id>`."""
    return "promotion/" + request.removeprefix("request/")


def run(
    desk: Desk, site: Site, request: str, configuration: Configuration, *, actor: str, promotion: str | None = None
) -> Promoted:
    """Carry out a request, or say why not.

    Raises InputError (no such request), NotPermitted (its approvals are used, or the target is blocked by another
    promotion whose outcome is unknown), Conflict, and what the ledger's ports raise. After any of the latter, running
    it again is safe.
    """
    name = promotion or promotion_of(request)
    found = retry(lambda: _begin(desk, request, configuration, name, actor))
    return found if isinstance(found, Promoted) else _act(desk, site, found, actor)


def _begin(desk: Desk, request: str, configuration: Configuration, name: str, actor: str) -> Promoted | _Underway:
    """Everything up to the durable intent; Conflict if somebody wrote about the same things meanwhile."""
    try:
        reading = read(desk)
    except IntegrityError as error:
        return Promoted(name, broken(desk, Question("production", request, "", configuration), error))
    filed = reading.catalog.requests.get(request)
    if filed is None:
        raise InputError(f"there is no {request}", "open one: qayd promotion request")
    intents = _free(reading, filed, name)
    unsettled = next((intent for intent in intents if not intent.settled), None)
    chosen = configuration if unsettled is None else Configuration.decode(desk.blobs.get(unsettled.configuration))
    question = Question(filed.gate, filed.concerns, filed.target, chosen)
    try:
        weighed = weigh(desk, question, reading)
        decision = permit(reading, desk.blobs, filed, weighed.decision, actor=actor)
        if unsettled is not None:
            permitted = recorded(desk.blobs, reading.catalog.decisions[unsettled.decision])
            overdue = late(permitted.decided_at, unsettled.recorded_at)
            return _Underway(unsettled, decision, reading.state.size, again=True, overdue=overdue)
        if weighed.facts is None:
            return Promoted(name, decision)
        if decision.outcome is not Outcome.ALLOW:
            return Promoted(name, _noted(desk, reading, decision, weighed.facts, actor))
    except IntegrityError as error:
        return Promoted(name, broken(desk, question, error))
    return _intend(desk, reading, filed, decision, weighed.facts, name, len(intents), actor)


def _free(reading: Reading, filed: Filed, name: str) -> tuple[Intent, ...]:
    """What was tried before under this name. Raises NotPermitted where approvals or target are not free for it."""
    deployment = reading.catalog.deployments.get(f"deployment/{filed.target}")
    if filed.used_by not in (None, name):
        raise NotPermitted(f"the approvals of {filed.subject} are used by {filed.used_by}", "file a new request")
    intents = deployment.intents if deployment else ()
    mine = tuple(intent for intent in intents if intent.promotion == name)
    if any(intent.outcome is not None and intent.outcome.answer == "succeeded" for intent in mine):
        raise NotPermitted(f"{name} has succeeded; approvals are used once", "file a new request")
    blocked = deployment.unsettled if deployment else None
    if blocked is not None and blocked.promotion != name:
        raise NotPermitted(
            f"nobody knows yet what came of {blocked.promotion} at {filed.target}",
            f"reconcile it first: qayd promotion run {blocked.request}",
        )
    suspended = deployment is not None and deployment.suspension is not None
    if filed.kind == "resume" and not mine and not suspended:
        raise NotPermitted(f"{filed.target} is not suspended any more", "there is nothing to resume")
    return mine


def _noted(desk: Desk, reading: Reading, decision: Decision, facts: Facts, actor: str) -> Decision:
    """Record why a request does not go through, once."""
    known = latest(desk, reading, decision)
    if known is not None:
        return known
    desk.ledger.append([record(desk, decision, facts, actor)], Precondition(reading.state.size, touched(facts)))
    return decision


def _intend(
    desk: Desk,
    reading: Reading,
    filed: Filed,
    decision: Decision,
    facts: Facts,
    name: str,
    tries: int,
    actor: str,
) -> _Underway:
    """Append the permit and the intent that claims its approvals, both or neither."""
    assert facts.configuration is not None  # noqa: S101 - the gate production always has one
    desk.blobs.put(facts.configuration.raw)
    data: dict[str, object] = {
        "promotion": name,
        "kind": filed.kind,
        "request": filed.subject,
        "decision": decision.id,
        "subject": filed.concerns,
        "digest": filed.digest,
        "configuration": facts.configuration.digest,
        "approvals": list(decision.approvals),
    }
    if facts.configuration.fallback is not None:
        data["fallback"] = facts.configuration.fallback
    subject = f"deployment/{filed.target}"
    intent = NewEvent("promotion.intended.v1", subject, desk.source, actor, data, claim=claim_of(filed.subject, tries))
    people = {f"person/{answer.person}" for answer in filed.approvals}
    keys = touched(facts) | people | {filed.subject, subject}
    permit_event = record(desk, decision, facts, actor)
    receipts = desk.ledger.append([permit_event, intent], Precondition(reading.state.size, keys))
    intended = Intent(
        promotion=name,
        kind=filed.kind,
        target=filed.target,
        request=filed.subject,
        decision=decision.id,
        subject=filed.concerns,
        digest=filed.digest,
        configuration=facts.configuration.digest,
        fallback=facts.configuration.fallback,
        approvals=decision.approvals,
        actor=actor,
        index=receipts[-1].index,
        recorded_at=reading.now,
    )
    overdue = late(decision.decided_at, desk.clock.now())
    return _Underway(intended, decision, receipts[-1].index + 1, again=False, overdue=overdue)


def claim_of(request: str, tries: int) -> str:
    """The ledger claim of the intent that uses a request's approvals; each retry after a failure has its own."""
    return use_claim(request) if tries == 0 else f"{use_claim(request)}:{tries}"


def _act(desk: Desk, site: Site, underway: _Underway, actor: str) -> Promoted:
    """Act on a durable intent under a checkpoint, and record what came of it."""
    intent = underway.intent
    site.checkpoints.cover(intent.index + 1)
    answer, receipt = _again(site, underway) if underway.again else _first(site, underway)
    if not (answer == "unknown" and intent.outcome is not None):
        return _conclude(desk, site, underway, answer, receipt, actor)
    return Promoted(intent.promotion, underway.decision, answer, str(receipt.get("detail", "")))


def _first(site: Site, underway: _Underway) -> tuple[Answer, Mapping[str, Any]]:
    """Act on an intent that was just recorded."""
    if underway.overdue:
        return "failed", {"detail": OVERDUE}
    return _shift(site, underway.intent)


def _again(site: Site, underway: _Underway) -> tuple[Answer, Mapping[str, Any]]:
    """Go on with an intent of which nobody knows what came: look first, and act only if it is still allowed."""
    answer, receipt = _look(site, underway.intent, "looked after a retry")
    if answer != "failed":
        return answer, receipt
    if underway.decision.outcome is not Outcome.ALLOW:
        return "failed", {"detail": "it was not done, and is not allowed any more"}
    return _first(site, underway)


def _shift(site: Site, intent: Intent) -> tuple[Answer, Mapping[str, Any]]:
    placement = Placement(intent.subject, intent.digest, intent.configuration, intent.promotion)
    try:
        return "succeeded", site.serving.shift(intent.target, placement)
    except InputError as error:
        return "failed", {"detail": error.message}
    except ToolFault as error:
        return _look(site, intent, error.message)


def _look(site: Site, intent: Intent, why: str) -> tuple[Answer, Mapping[str, Any]]:
    """What came of an intent, read from the serving system itself."""
    try:
        current = site.serving.current(intent.target)
    except ToolFault as error:
        return "unknown", {"detail": f"{why}; {error.message}"}
    wanted = (intent.promotion, intent.digest, intent.configuration)
    if current is not None and (current.promotion, current.digest, current.configuration) == wanted:
        return "succeeded", {"detail": why}
    return "failed", {"detail": why}


def _conclude(
    desk: Desk, site: Site, underway: _Underway, answer: Answer, receipt: Mapping[str, Any], actor: str
) -> Promoted:
    """Record what came of an intent. If somebody else did so meanwhile, theirs holds; if something else happened at
    the target, such as a stop, the serving system is looked at again.
    """
    intent, seen = underway.intent, underway.seen
    subject = f"deployment/{intent.target}"
    for _ in range(ATTEMPTS):
        event = _outcome(desk, intent, answer, receipt, actor)
        try:
            desk.ledger.append([event], Precondition(seen, frozenset({subject})))
        except Conflict:
            reading = read(desk)
            seen = reading.state.size
            intents = reading.catalog.deployments[subject].intents
            told = next(known.outcome for known in intents if known.index == intent.index)
            if told is not None and told != intent.outcome:
                return Promoted(intent.promotion, underway.decision, told.answer, "somebody else recorded it")
            answer, receipt = _look(site, intent, "something else happened at the target meanwhile")
        else:
            return Promoted(intent.promotion, underway.decision, answer, str(receipt.get("detail", "")))
    raise Conflict(f"{subject} keeps changing", f"look again: qayd promotion run {intent.request}")


def _outcome(desk: Desk, intent: Intent, answer: Answer, receipt: Mapping[str, Any], actor: str) -> NewEvent:
    data = {
        "promotion": intent.promotion,
        "deployment_digest": intent.deployment_digest,
        "receipt": desk.blobs.put(encode({"v": RECEIPT, "answer": answer, "said": dict(receipt)})),
    }
    return NewEvent(f"promotion.{answer}.v1", f"deployment/{intent.target}", desk.source, actor, data)
