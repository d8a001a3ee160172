"""A gate: gather the facts about one subject, ask the policy, decide, and record the decision once.

`weigh` changes nothing; `check` records.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from governance import notices
from governance.binding import Binding
from governance.catalogue import Catalogue
from governance.configuration import Configuration
from governance.decision import Decision, Engine, Outcome, Policy
from governance.desk import Desk, Reading, read, retry
from governance.errors import InputError, PolicyFault
from governance.facts import Facts, gather
from governance.finding import Finding, order, required
from governance.ports import Blobs, Bundle, PolicyEngine, Precondition
from governance.views import Decided
from ledger.entry import NewEvent
from ledger.errors import IntegrityError, Kind

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: may this subject pass this gate, towards this target, configured like this?"""

    gate: str
    subject: str
    target: str = ""
    configuration: Configuration | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A decision not yet recorded, and the facts it rests on: None where the policy failed before there were any."""

    decision: Decision
    facts: Facts | None = None


def weigh(desk: Desk, question: Question, reading: Reading) -> Weighed:
    """Decide on the merits, recording nothing. Raises InputError (the question makes no sense) and IntegrityError."""
    bundle = desk.engine.bundle
    try:
        facts = gather(
            reading.catalog,
            desk.blobs,
            gate=question.gate,
            subject=question.subject,
            target=question.target,
            configuration=question.configuration,
            now=reading.now,
            state=reading.state,
            bundle=bundle,
        )
    except PolicyFault as error:
        return Weighed(_undecided(desk, question, reading, error))
    found, effective, failure = evaluate(desk.engine, question.gate, facts.input)
    everything = order((*found, failure)) if failure else found
    decision = Decision(
        binding=_bind(question, facts, found, effective),
        outcome=notices.conclude(everything),
        findings=everything,
        input_digest=facts.input_digest,
        policy=policy_of(bundle, effective),
        engine=Engine(desk.engine.name, desk.engine.version),
        as_of=reading.state.size,
        root=reading.state.root.hex(),
        decided_at=reading.now,
        mode=reading.catalog.mode,
    )
    return Weighed(decision, facts)


def evaluate(
    engine: PolicyEngine, gate: str, document: dict[str, Any]
) -> tuple[tuple[Finding, ...], str, Finding | None]:
    """The findings of one input, the effective policy's digest (empty if there is none), and the fault if there
    was one; then there are no findings.
    """
    effective = ""
    try:
        effective = engine.bundle.effective(gate)
        found = Catalogue.of(engine.bundle).join(gate, engine.evaluate(gate, document))
    except PolicyFault as error:
        return (), effective, notices.fault(error.message, error.hint)
    return found, effective, None


def check(desk: Desk, question: Question, *, actor: str) -> Decision:
    """Decide and record, unless the same was the last answer to the same question: then that one is returned.

    Never recorded: a ledger that fails verification, and a policy that fails before there are facts. Raises
    InputError; Conflict after `ATTEMPTS` others who wrote about the same things at the same time.
    """
    return retry(lambda: _check_once(desk, question, actor))


def _check_once(desk: Desk, question: Question, actor: str) -> Decision:
    try:
        reading = read(desk)
        weighed = weigh(desk, question, reading)
        known = latest(desk, reading, weighed.decision)
    except IntegrityError as error:
        return broken(desk, question, error)
    if known is not None or weighed.facts is None:
        return known or weighed.decision
    event = record(desk, weighed.decision, weighed.facts, actor)
    desk.ledger.append([event], Precondition(reading.state.size, touched(weighed.facts)))
    return weighed.decision


def latest(desk: Desk, reading: Reading, decision: Decision) -> Decision | None:
    """The last recorded answer to the same question (and request), if it was the same answer."""
    asked = (decision.gate, decision.subject, decision.target, decision.request)
    same = [
        item
        for item in reading.catalog.decisions_on(decision.subject, decision.gate)
        if (item.gate, item.subject, item.target, item.request) == asked
    ]
    if not same or same[-1].binding != decision.binding.digest or same[-1].outcome != decision.outcome:
        return None
    known = recorded(desk.blobs, same[-1])
    return known if known.same_answer(decision) else None


def record(desk: Desk, decision: Decision, facts: Facts, actor: str) -> NewEvent:
    """The event that records a decision; its document, input and bundle are durable blobs before it exists."""
    data: dict[str, object] = {
        "decision": decision.id,
        "gate": decision.gate,
        "outcome": str(decision.outcome),
        "document": desk.blobs.put(decision.encode()),
        "binding": decision.binding.digest,
        "input": desk.blobs.put(facts.raw),
        "bundle": desk.blobs.put(desk.engine.bundle.encode()),
        "engine": str(decision.engine),
        "as_of": decision.as_of,
    }
    optional = {"target": decision.target, "request": decision.request}
    data.update({name: value for name, value in optional.items() if value})
    return NewEvent("policy.decided.v1", decision.subject, desk.source, actor, data)


def touched(facts: Facts) -> frozenset[str]:
    """Keys of the entries the facts rest on: whoever writes about one of them in between makes the answer old."""
    keys = {facts.subject, *(dataset["subject"] for dataset in facts.input["datasets"])}
    if facts.target:
        keys.add(f"deployment/{facts.target}")
    model = facts.input["model"]
    if model is not None:
        keys |= {model["subject"], model["subject"].partition("@")[0], model["training"]["run"]}
    return frozenset(keys)


def recorded(blobs: Blobs, known: Decided) -> Decision:
    """A recorded decision's document. Raises IntegrityError if it is lost, or does not say what its entry says."""
    try:
        decision = Decision.decode(blobs.get(known.document))
    except InputError as error:
        raise IntegrityError(Kind.ALTERED, f"the document of {known.id}: {error.message}", known.index) from error
    document = (
        decision.id,
        decision.subject,
        decision.gate,
        decision.target,
        str(decision.outcome),
        decision.binding.digest,
        decision.input_digest,
        decision.policy.bundle,
        str(decision.engine),
        decision.as_of,
        decision.request,
    )
    entry = (
        known.id,
        known.subject,
        known.gate,
        known.target,
        known.outcome,
        known.binding,
        known.input,
        known.bundle,
        known.engine,
        known.as_of,
        known.request,
    )
    if document != entry:
        raise IntegrityError(Kind.ALTERED, f"decision {known.id} is not what its document says", known.index)
    return decision


def _bind(question: Question, facts: Facts, found: tuple[Finding, ...], effective: str) -> Binding:
    return Binding.of(
        gate=question.gate,
        subject=facts.subject,
        subject_digest=facts.subject_digest,
        lineage=facts.lineage_digest,
        evidence=facts.evidence_digests,
        policy=effective,
        target=facts.target,
        configuration=facts.configuration_digest,
        findings=found,
        requires=required(found),
    )


def _unbound(question: Question) -> Binding:
    """All that is known of a question nobody could gather facts for."""
    configuration = "" if question.configuration is None else question.configuration.digest
    return Binding.of(
        gate=question.gate,
        subject=question.subject,
        subject_digest="",
        lineage="",
        evidence=(),
        policy="",
        target=question.target,
        configuration=configuration,
        findings=(),
        requires=(),
    )


def policy_of(bundle: Bundle, effective: str) -> Policy:
    """What a decision says of the policy it was made by."""
    try:
        return Policy(bundle.digest, effective, bundle.revision)
    except PolicyFault:
        return Policy(bundle.digest, effective, UNKNOWN)


def broken(desk: Desk, question: Question, error: IntegrityError) -> Decision:
    """The answer where nothing can be believed: integrity failure, never recorded in the ledger that failed."""
    return _factless(desk, question, notices.integrity(error.message, error.hint), intact=False)


def _undecided(desk: Desk, question: Question, reading: Reading, error: PolicyFault) -> Decision:
    """The answer where the bundle failed before facts could be gathered."""
    decision = _factless(desk, question, notices.fault(error.message, error.hint))
    state = reading.state
    return replace(decision, as_of=state.size, root=state.root.hex(), mode=reading.catalog.mode)


def _factless(desk: Desk, question: Question, finding: Finding, *, intact: bool = True) -> Decision:
    return Decision(
        binding=_unbound(question),
        outcome=Outcome.FAULT if intact else Outcome.INTEGRITY,
        findings=(finding,),
        input_digest=None,
        policy=policy_of(desk.engine.bundle, ""),
        engine=Engine(desk.engine.name, desk.engine.version),
        as_of=0,
        root="",
        decided_at=desk.clock.now(),
        mode=UNKNOWN,
    )
