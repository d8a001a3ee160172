"""Gates: from verified entries to a recorded decision, once, and back again by replay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance.decision import Decision, Outcome
from governance.desk import ATTEMPTS, Reading, read
from governance.errors import InputError
from governance.gate import Question, check, record, recorded, touched, weigh
from governance.notices import is_notice
from governance.replay import replay
from ledger.errors import Conflict, IntegrityError, StoreFault
from tests.governance.story import CHANGED, SUBJECT, TRAINER, Story, bundle, raw
from tests.simulator import Fault

OUTCOMES = {
    "nothing found": ([], "allow"),
    "only a hint": ([raw("HINT")], "allow"),
    "people asked": ([raw("QUORUM", requires=[{"role": "validator", "count": 1}]), raw("HINT")], "pending"),
    "evidence missing": ([raw("BASE", "missing")], "insufficient"),
    "an errored control": ([raw("BASE", "errored"), raw("QUORUM", "missing")], "fault"),
    "a broken limit": ([raw("FAIR"), raw("BASE", "errored")], "deny"),
    "a finding that fits no control": ([raw("FAIR"), raw("KING")], "fault"),
}


@pytest.mark.parametrize(("found", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_each_outcome_is_reached_and_recorded(found: list[dict[str, Any]], outcome: str) -> None:
    """What the policy finds decides; the decision is recorded with its document, input and bundle."""
    story = Story()
    story.sim.engine.table["production"] = found
    decision = check(story.desk, story.question(), actor=TRAINER)
    assert decision.outcome == outcome
    known = story.sim.check().decisions[decision.id]
    assert (known.outcome, known.binding) == (outcome, decision.binding.digest)
    assert recorded(story.sim.blobs, known) == Decision.decode(decision.encode())
    assert story.sim.blobs.get(known.input) and story.sim.blobs.get(known.bundle)
    assert decision.as_of == known.index


def test_the_same_check_asked_twice_writes_once() -> None:
    """Law 7: while nothing changed, asking again returns the recorded decision, at any later time."""
    story = Story()
    first = check(story.desk, story.question(), actor=TRAINER)
    size = len(story.sim.ledger.rows)
    story.sim.clock.advance(days=1)
    assert check(story.desk, story.question(), actor=TRAINER) == first
    assert len(story.sim.ledger.rows) == size


CHANGES = {
    "configuration": lambda story: check(story.desk, story.question(CHANGED), actor=TRAINER),
    "evidence": lambda story: (story.measure("0.06"), check(story.desk, story.question(), actor=TRAINER))[1],
    "policy": lambda story: (story.switch(bundle("r2")), check(story.desk, story.question(), actor=TRAINER))[1],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_another_question_or_fact_writes_again(change: Any) -> None:
    """What changed is decided afresh."""
    story = Story()
    first = check(story.desk, story.question(), actor=TRAINER)
    second = change(story)
    assert second.id != first.id
    assert len(story.sim.check().decisions) == 2


def test_measuring_the_same_again_changes_nothing() -> None:
    """Evidence is identified by content: the same result renews it and binds the same."""
    story = Story()
    first = check(story.desk, story.question(), actor=TRAINER)
    story.sim.clock.advance(days=2)
    story.measure("0.05")
    assert check(story.desk, story.question(), actor=TRAINER) == first


def test_worse_stale_or_absent_facts_never_help() -> None:
    """Law 1 for facts: worse, stale and absent evidence each move the outcome away from allow."""
    story = Story()
    good = check(story.desk, story.question(), actor=TRAINER).outcome
    story.measure("0.2")
    assert check(story.desk, story.question(), actor=TRAINER).outcome is Outcome.DENY
    story = Story()
    story.sim.clock.advance(days=120)
    stale = check(story.desk, story.question(), actor=TRAINER).outcome
    assert stale is Outcome.INSUFFICIENT
    assert stale.rank < good.rank


def test_a_tampered_ledger_is_an_integrity_failure_and_is_not_written_to() -> None:
    """Nothing is decided on entries that fail verification, and nothing is appended to them."""
    story = Story()
    row = story.sim.ledger.rows[5]
    story.sim.ledger.rows[5] = row.replace(b"p-trainer01", b"p-trainer02")
    size = len(story.sim.ledger.rows)
    decision = check(story.desk, story.question(), actor=TRAINER)
    assert decision.outcome is Outcome.INTEGRITY
    assert decision.input_digest is None
    assert [finding.control for finding in decision.findings] == ["ledger.integrity"]
    assert len(story.sim.ledger.rows) == size
    assert Decision.decode(decision.encode()) == decision


def test_a_lost_blob_is_an_integrity_failure() -> None:
    """Evidence whose bytes are gone is not missing evidence: somebody took it away."""
    story = Story()
    content = story.sim.catalog().evidence[SUBJECT, "fairness"][0].content
    del story.sim.blobs.kept[content]
    assert check(story.desk, story.question(), actor=TRAINER).outcome is Outcome.INTEGRITY


def test_a_lost_decision_is_an_integrity_failure() -> None:
    """So is a recorded decision whose document is gone, or is another one."""
    story = Story()
    decision = check(story.desk, story.question(), actor=TRAINER)
    known = story.sim.catalog().decisions[decision.id]
    raw_ = story.sim.blobs.kept.pop(known.document)
    assert check(story.desk, story.question(), actor=TRAINER).outcome is Outcome.INTEGRITY
    other = story.sim.blobs.put(b"{}")
    with pytest.raises(IntegrityError, match="ALTERED"):
        recorded(story.sim.blobs, replace(known, document=other))
    story.sim.blobs.kept[known.document] = raw_
    assert check(story.desk, story.question(), actor=TRAINER) == decision


def test_an_engine_that_fails_is_a_fault() -> None:
    """Unreachable is neither a denial nor an allowance; the fault is recorded with the input."""
    story = Story()
    story.sim.engine.fault = True
    decision = check(story.desk, story.question(), actor=TRAINER)
    assert decision.outcome is Outcome.FAULT
    assert [finding.control for finding in decision.findings] == ["policy.fault"]
    assert story.sim.check().decisions[decision.id].outcome == "fault"
    assert decision.binding.findings == ()


def test_a_bundle_that_cannot_say_what_it_asks_is_a_fault_before_there_are_facts() -> None:
    """Without facts there is no input to record, so nothing is written."""
    story = Story()
    broken = dict(story.sim.bundle.files)
    broken["data.json"] = "{}"
    broken[".manifest"] = "{}"
    story.switch(type(story.sim.bundle).of(broken))
    size = len(story.sim.ledger.rows)
    decision = check(story.desk, story.question(), actor=TRAINER)
    assert decision.outcome is Outcome.FAULT
    assert decision.policy.revision == "unknown"
    assert (decision.as_of, decision.mode) == (size, "real")
    assert len(story.sim.ledger.rows) == size


def test_a_play_tenant_says_so_in_its_decisions() -> None:
    """Nobody mistakes a play tenant's decision for a real one."""
    assert check(Story("play").desk, Story().question(), actor=TRAINER).mode == "play"


def test_a_question_that_makes_no_sense_is_an_input_error() -> None:
    """Unknown subjects and gates are usage errors, never decisions."""
    story = Story()
    for question in (Question("production", "model/other@1", "retail", CHANGED), Question("king", SUBJECT)):
        with pytest.raises(InputError):
            check(story.desk, question, actor=TRAINER)


def test_another_writer_makes_it_look_again() -> None:
    """A fact that changes between reading and recording is read again; the decision is about what is there then."""
    story = Story()
    append, raced = story.sim.ledger.append, []

    def race(events: Any, precondition: Any = None) -> Any:
        if not raced:
            raced.append(True)
            story.measure("0.2")
        return append(events, precondition)

    desk = replace(story.desk, ledger=_Ledger(story.sim.ledger, race))
    assert check(desk, story.question(), actor=TRAINER).outcome is Outcome.DENY


class _Ledger:
    """The simulator's ledger, with somebody in between."""

    def __init__(self, ledger: Any, append: Any) -> None:
        self.entries, self.state, self.append = ledger.entries, ledger.state, append


def test_endless_conflict_ends() -> None:
    """After a bounded number of attempts the conflict is reported."""
    story, tries = Story(), []

    def refuse(events: Any, precondition: Any = None) -> Any:
        tries.append(events)
        raise Conflict("somebody is always first")

    desk = replace(story.desk, ledger=_Ledger(story.sim.ledger, refuse))
    with pytest.raises(Conflict):
        check(desk, story.question(), actor=TRAINER)
    assert len(tries) == ATTEMPTS


@pytest.mark.parametrize("fault", list(Fault))
def test_a_disk_that_fails_leaves_one_decision_after_a_retry(fault: Fault) -> None:
    """Failed and not written, or written and the answer lost: asking again ends with one recorded decision."""
    story = Story()
    story.sim.ledger.faults.add(fault)
    with pytest.raises(StoreFault):
        check(story.desk, story.question(), actor=TRAINER)
    decision = check(story.desk, story.question(), actor=TRAINER)
    assert list(story.sim.check().decisions) == [decision.id]


def test_what_the_facts_rest_on_is_guarded() -> None:
    """Preconditions name the subject, its data sets, run, model name and target."""
    story = Story()
    facts = weigh(story.desk, story.question(), read(story.desk)).facts
    assert facts is not None
    assert touched(facts) == {SUBJECT, "model/credit", "run/00000001", "dataset/credit@1", "deployment/retail"}
    ingest = weigh(story.desk, Question("ingest", "dataset/credit@1"), read(story.desk)).facts
    assert ingest is not None
    assert touched(ingest) == {"dataset/credit@1"}


def test_a_reading_knows_what_was_before() -> None:
    """The catalog before an index holds nothing of that index or later."""
    story = Story()
    reading: Reading = read(story.desk)
    assert reading.before(1).size == 1
    assert SUBJECT not in reading.before(reading.catalog.models[SUBJECT].index).models


@pytest.mark.parametrize("engine", ["table", "other"])
@pytest.mark.parametrize("found", [found for found, _ in OUTCOMES.values()], ids=OUTCOMES)
def test_a_decision_replays_from_what_was_stored(engine: str, found: list[dict[str, Any]]) -> None:
    """Law 4: outcome and findings come out the same, on either engine, whatever was written since."""
    story = Story()
    story.sim.engine.table["production"] = found
    decision = check(story.desk, story.question(), actor=TRAINER)
    story.measure("0.2")
    story.sim.clock.advance(days=400)
    story.switch(bundle("r9", "package changed"))
    result = replay(story.sim.blobs, story.sim.catalog(), decision.id, story.sim.engines, engine)
    assert result.differences == ()
    assert result.again.engine.name == engine
    assert result.recorded == Decision.decode(decision.encode())


def test_a_permit_replays_with_its_approvals() -> None:
    """The decision that let a promotion through replays to allow: its approvals answer what people were asked."""
    story = Story()
    done = story.promote()
    result = replay(story.sim.blobs, story.sim.catalog(), done.decision.id, story.sim.engines, "other")
    assert (result.differences, result.again.outcome) == ((), Outcome.ALLOW)


def test_a_pending_request_replays_with_its_notices() -> None:
    """Notices of the kernel stay as they were recorded."""
    story = Story()
    pending = story.run(story.open().request).decision
    assert any(is_notice(finding) for finding in pending.findings)
    assert replay(story.sim.blobs, story.sim.catalog(), pending.id, story.sim.engines, "table").differences == ()


def test_a_replay_names_what_differs() -> None:
    """An engine that finds something else is told apart by outcome, findings and binding."""
    story = Story()
    decision = check(story.desk, story.question(), actor=TRAINER)
    story.sim.engines.made["other"].table = {"production": [raw("FAIR")]}
    result = replay(story.sim.blobs, story.sim.catalog(), decision.id, story.sim.engines, "other")
    assert result.differences == ("outcome", "findings", "requires", "binding")
    story.sim.engines.made["other"].fault = True
    result = replay(story.sim.blobs, story.sim.catalog(), decision.id, story.sim.engines, "other")
    assert result.again.outcome is Outcome.FAULT


def test_a_replay_needs_its_decision_its_engine_and_its_blobs() -> None:
    """Each missing thing is named: unknown decision or engine, lost or altered input, bundle that is none."""
    story = Story()
    decision = check(story.desk, story.question(), actor=TRAINER)
    known = story.sim.catalog().decisions[decision.id]
    for name, engine in (("d-none", "table"), (decision.id, "nobody")):
        with pytest.raises(InputError):
            replay(story.sim.blobs, story.sim.catalog(), name, story.sim.engines, engine)
    story.sim.blobs.kept[known.input] = b"{}"
    with pytest.raises(IntegrityError):
        replay(story.sim.blobs, story.sim.catalog(), decision.id, story.sim.engines, "table")


def test_an_input_that_is_none_is_refused() -> None:
    """A decision whose input is no canonical document, forged together with its entry, is found out."""
    story = Story()
    weighed = weigh(story.desk, story.question(), read(story.desk))
    assert weighed.facts is not None
    other = story.sim.blobs.put(b"not canonical")
    decision = replace(weighed.decision, input_digest=other)
    event = record(story.desk, decision, weighed.facts, TRAINER)
    story.sim.ledger.append([replace(event, data={**event.data, "input": other})])
    with pytest.raises(IntegrityError, match="not canonical"):
        replay(story.sim.blobs, story.sim.catalog(), decision.id, story.sim.engines, "table")
