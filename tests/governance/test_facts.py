"""Facts: what reaches the policies, that it fits the schema, and that it says neither more nor less than the
record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.catalog import fold
from governance.configuration import Configuration
from governance.errors import InputError, PolicyFault
from governance.finding import Slots
from governance.gate_input import GATES, validator
from ledger.canonical import decode, digest, encode
from ledger.errors import IntegrityError
from tests.governance.bank import ACCURATE, FAIR, POOR, Bank
from tests.world import CONFIGURATION, Someone, digest_for


def test_every_gate_gets_facts_that_fit_its_schema() -> None:
    """Each gate, on the kind of subject it is for; the bytes are canonical and have the digest."""
    bank = Bank()
    deployment = bank.promote(bank.made, by=bank.trainer)
    subjects = {"ingest": "dataset/credit@1", "train": "dataset/credit@1", "in_production": deployment}
    for gate in GATES:
        facts = bank.gather(gate, subjects.get(gate, bank.made))
        assert validator().is_valid(facts.input)
        assert facts.input["gate"] == gate and facts.gate == gate
        assert decode(facts.raw, max_bytes=10**6) == facts.input and digest(facts.raw) == facts.input_digest
        assert facts.input["subject"] == {
            "kind": facts.subject.partition("/")[0],
            "name": facts.subject,
            "digest": facts.subject_digest,
        }


def test_the_facts_about_a_model_are_those_of_the_record() -> None:
    """Tenant, model, training, thresholds, data sets, places, people and the state of the ledger."""
    bank = Bank()
    bank.ledger.sign()
    bank.clock.advance(hours=2)
    facts = bank.gather("production", bank.made)
    model = bank.known(bank.made)
    run = bank.catalog().runs[model.run]
    assert facts.input["tenant"] == {
        "mode": "real",
        "establishment": "onshore",
        "licences": ["cbuae"],
        "sectors": ["banking"],
    }
    assert facts.input["model"] == {
        "subject": bank.made,
        "digest": model.digest,
        "tier": "high",
        "decides_on_people": True,
        "confirmed": False,
        "training": {
            "run": run.subject,
            "gated": False,
            "succeeded": True,
            "revision": "0123abcd",
            "dirty": False,
            "environment": digest_for("lock"),
            "artifact_matches": True,
            "started_index": run.index,
        },
    }
    assert facts.input["thresholds"] == {
        "state": "registered",
        "index": 7,
        "before_training": True,
        "method": "out-of-fold/v1",
        "folds": 10,
        "seed": 7,
        "data_digest": digest_for("dataset/credit@1"),
        "items": [{"metric": "accuracy", "bound": "min", "value": "0.70"}],
    }
    place = {"provider": "aws", "realm": "aws", "region": "me-central-1"}
    assert facts.input["locations"] == [{"use": "serving", **place}, {"use": "storage", **place}]
    assert facts.input["ledger"] == {
        "state": "verified",
        "verified_at": bank.clock.now(),
        "size": len(bank.ledger.rows),
        "checkpoint_size": len(bank.ledger.rows),
    }
    assert facts.target == facts.input["target"] == "production" and facts.input["monitoring"] is None
    assert facts.configuration_digest == bank.configuration().digest


def test_a_data_set_is_shown_with_its_scan_card_and_ancestors() -> None:
    """The whole ancestry counts, nearest first, each with its own scan, place and provenance."""
    bank = Bank()
    raw = bank.dataset("raw@1", by=bank.trainer, region="me-south-1", labels=["personal", "financial"])
    bank.scan(raw, by=bank.trainer, identified=5, unclassified=1)
    clean = bank.transform(raw, to="clean@1", by=bank.trainer)
    first, second = bank.gather("train", clean).input["datasets"]
    assert (first["subject"], first["pii"]) == (clean, {"state": "missing", "transformed": True})
    assert second["subject"] == raw and second["labels"] == ["personal", "financial"]
    assert second["pii"] == {
        "state": "measured",
        "identified_columns": 5,
        "unclassified_columns": 1,
        "transformed": False,
        "recorded_at": bank.clock.now(),
    }
    assert first["provenance"] == {"root_known": True, "source": "a test", "licence": "CC0"}
    assert second["location"]["region"] == "me-south-1"
    facts = bank.gather("train", clean)
    assert [item["region"] for item in facts.input["locations"]] == ["me-central-1", "me-south-1"]
    assert facts.input["model"] is None and facts.input["thresholds"] == {"state": "missing"}
    assert (facts.requires, facts.configuration, facts.configuration_digest) == ((), None, "")


@pytest.mark.parametrize(
    ("change", "fact", "value"),
    [
        ({"digest": digest_for("other")}, "artifact_matches", False),
        ({}, "succeeded", True),
    ],
)
def test_training_facts_tell_when_the_bytes_are_others(change: dict[str, Any], fact: str, value: bool) -> None:
    """A model whose digest is not what its run left behind is told so, not refused here."""
    bank = Bank()
    run = bank.run("other", "dataset/credit@1", by=bank.trainer)
    model = bank.register("other", run, by=bank.trainer, **change)
    assert bank.gather("register", model).input["model"]["training"][fact] is value


def test_a_failed_run_and_late_or_absent_thresholds_are_told() -> None:
    """Exit code, and thresholds that came after training or never."""
    bank = Bank()
    run = bank.run("late", "dataset/credit@1", by=bank.trainer, exit_code=1)
    model = bank.register("late", run, by=bank.trainer)
    found = bank.gather("register", model).input
    assert found["model"]["training"]["succeeded"] is False and found["thresholds"] == {"state": "missing"}
    bank.thresholds("late", "dataset/credit@1", by=bank.trainer)
    assert bank.gather("register", model).input["thresholds"]["before_training"] is False


@pytest.mark.parametrize(
    "card",
    [b"junk", encode({"source": "x"}), encode({"source": 1, "licence": "x"}), encode([]), encode("x")],
)
def test_a_card_that_is_none_is_an_integrity_failure(card: bytes) -> None:
    """The card is re-read by digest and must say source and licence."""
    bank = Bank()
    dataset = bank.dataset("odd@1", by=bank.trainer, card=bank.blobs.put(card))
    with pytest.raises(IntegrityError, match="card of dataset/odd@1"):
        bank.gather("ingest", dataset)


def test_another_card_than_the_registered_one_is_an_integrity_failure() -> None:
    """Blobs that answer with a well-formed card of another digest are not believed."""
    bank = Bank()
    bank.blobs.get = lambda name: encode({"source": "elsewhere", "licence": "CC0"})  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match="card of dataset/credit@1 was altered"):
        bank.gather("ingest", "dataset/credit@1")


@pytest.mark.parametrize(
    ("confirmer", "change", "confirmed"),
    [
        ("outsider", {}, True),
        ("trainer", {}, False),
        ("outsider", {"tier": "low"}, False),
        ("outsider", {"decides_on_people": False}, False),
        ("bot", {}, False),
        ("stranger", {}, False),
    ],
)
def test_only_a_non_maker_confirms_and_only_what_is_there(confirmer: str, change: Any, confirmed: bool) -> None:
    """A maker's own word, a stranger's, a service account of a maker, and another classification do not count."""
    bank = Bank()
    bank.bot = bank.person("engineer", owners=[bank.trainer])  # type: ignore[attr-defined]
    if confirmer == "stranger":
        known = bank.known(bank.made)
        data = {"digest": known.digest, "tier": known.tier, "decides_on_people": known.decides_on_people}
        bank.append("model.classification_confirmed.v1", bank.made, data, actor="p-00000000")
    else:
        bank.confirm(bank.made, by=getattr(bank, confirmer), **change)
    assert bank.gather("register", bank.made).input["model"]["confirmed"] is confirmed


def test_an_unconfirmed_tier_counts_as_the_strictest() -> None:
    """The approval matrix is read by the confirmed tier, else by `high`."""
    bank = Bank()
    run = bank.run("low", "dataset/credit@1", by=bank.trainer)
    model = bank.register("low", run, by=bank.trainer, tier="low")
    assert bank.gather("production", model).requires == (Slots("risk-officer", 1), Slots("validator", 1))
    bank.confirm(model, by=bank.outsider)
    assert bank.gather("production", model).requires == (Slots("risk-officer", 1),)


def test_independence_counts_people_who_made_nothing() -> None:
    """Roles with how many are asked for and available; the feasibility of a matching; makers and unresolved by
    name.
    """
    bank = Bank()
    facts = bank.gather("production", bank.made)
    assert facts.makers == {bank.trainer.id} and facts.feasibility.feasible
    assert facts.input["independence"] == {
        "feasible": True,
        "unresolved": [],
        "makers": [bank.trainer.id],
        "eligible": [
            {"role": "risk-officer", "count": 1, "available": 1},
            {"role": "validator", "count": 1, "available": 1},
        ],
    }
    bank.evidence(bank.made, "fairness", {}, by=bank.validator, declared=True)
    facts = bank.gather("production", bank.made)
    assert not facts.feasibility.feasible and facts.feasibility.excluded == (bank.validator.id,)
    assert facts.input["independence"]["eligible"][1]["available"] == 0
    ghost = bank.register(
        "ghost", bank.run("ghost", "dataset/credit@1", by=bank.trainer, authors=["p-00000000"]), by=bank.trainer
    )
    facts = bank.gather("production", ghost)
    assert facts.unresolved == {"p-00000000"} and facts.input["independence"]["unresolved"] == ["p-00000000"]


def test_what_is_live_is_judged_with_its_own_configuration_and_windows() -> None:
    """At `in_production`: the live model, the approved configuration, and the last n windows since it went live."""
    bank = Bank()
    deployment = bank.promote(bank.made, by=bank.trainer)
    assert bank.gather("in_production", deployment).input["monitoring"] == {
        "state": "live",
        "windows": 0,
        "breaches": 0,
    }
    for breach in (True, True, True, False):
        bank.evidence(deployment, "drift-window", {"breach": breach}, by=bank.trainer)
    bank.evidence(deployment, "drift-window", {"breach": False}, by=bank.trainer, declared=True)
    bank.evidence(deployment, "drift-window", {"breach": False}, by=bank.trainer, digest=digest_for("other"))
    facts = bank.gather("in_production", deployment)
    assert facts.input["monitoring"] == {"state": "live", "windows": 3, "breaches": 2}
    assert facts.target == "production" and facts.input["model"]["subject"] == bank.made
    assert facts.configuration_digest == bank.configuration().digest
    assert facts.subject_digest == bank.live_digest(deployment) != facts.input["model"]["digest"]
    bank.append("deployment.suspended.v1", deployment, {"serving": "human-queue"}, actor=bank.trainer.id)
    assert bank.gather("in_production", deployment).input["monitoring"]["state"] == "suspended"
    bank.promote(bank.made, by=bank.trainer)
    assert bank.gather("in_production", deployment).input["monitoring"] == {
        "state": "live",
        "windows": 0,
        "breaches": 0,
    }


@pytest.mark.parametrize("raw", [b"junk", encode({"provider": "aws"}), encode([])])
def test_a_live_configuration_that_is_none_is_an_integrity_failure(raw: bytes) -> None:
    """People approved a configuration; what cannot be read is not it."""
    bank = Bank()
    deployment = bank.promote(bank.made, by=bank.trainer)
    bank.blobs.get = lambda name: raw  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match="what is live"):
        bank.gather("in_production", deployment)


def test_another_configuration_than_the_live_one_is_an_integrity_failure() -> None:
    """Blobs that answer with a well-formed document of another digest are not believed."""
    bank = Bank()
    deployment = bank.promote(bank.made, by=bank.trainer)
    bank.blobs.get = lambda name: bank.configuration(threads=9).raw  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match="the configuration live at deployment/production was altered"):
        bank.gather("in_production", deployment)


@pytest.mark.parametrize(
    ("gate", "subject", "changes", "words"),
    [
        ("lunch", "model/risk@1", {}, "no such gate"),
        ("production", "dataset/credit@1", {}, "not a model"),
        ("production", "model/risk", {}, "not a model"),
        ("train", "model/risk@1", {}, "not a dataset"),
        ("in_production", "model/risk@1", {}, "not a deployment"),
        ("production", "model/ghost@1", {}, "not registered"),
        ("train", "dataset/ghost@1", {}, "not registered"),
        ("in_production", "deployment/ghost", {}, "not registered"),
        ("production", "model/risk@1", {"target": ""}, "where to and how"),
        ("production", "model/risk@1", {"configuration": None}, "where to and how"),
        ("production", "model/risk@1", {"target": "Up There"}, "not a subject"),
        ("register", "model/risk@1", {"target": "production"}, "neither target"),
        ("register", "model/risk@1", {"configuration": Configuration.of(CONFIGURATION)}, "neither target"),
    ],
)
def test_questions_that_make_no_sense_are_refused(gate: str, subject: str, changes: Any, words: str) -> None:
    """Unknown gates, subjects of another kind, and a target or configuration missing or out of place."""
    with pytest.raises(InputError, match=words):
        Bank().gather(gate, subject, **changes)


def test_malformed_thresholds_are_a_fault_and_not_a_pass() -> None:
    """Items that are no thresholds block the gate."""
    bank = Bank()
    bank.thresholds("odd", "dataset/credit@1", by=bank.trainer, items=[{"metric": "vibes", "value": "much"}])
    model = bank.register("odd", bank.run("odd", "dataset/credit@1", by=bank.trainer), by=bank.trainer)
    with pytest.raises(PolicyFault, match=r"thresholds\.items\.0"):
        bank.gather("production", model)


def test_no_name_and_no_sealed_value_is_in_the_input() -> None:
    """Names given at enrolment never reach the input; people are in it by pseudonym only."""
    bank = Bank()
    raw = bank.gather("production", bank.made).raw
    assert b"Somebody" not in raw and b"ssh-ed25519" not in raw and b"sealed" not in raw
    assert bank.trainer.id.encode() in raw


def test_facts_are_a_function_of_what_is_given() -> None:
    """The same entries, blobs, moment and bundle give the same bytes; another moment changes only `now`."""
    bank = Bank()
    bank.measure(ACCURATE)
    first, second = bank.gather("production", bank.made), bank.gather("production", bank.made)
    assert first == second
    later = bank.gather("production", bank.made, now="2027-01-01T00:00:00.000000Z")
    assert later.input | {"now": first.input["now"]} == first.input
    assert replace(later, input=first.input, raw=first.raw) == first


STEPS = ["measure", "fail", "declare", "confirm", "scan", "thresholds", "revoke", "promote", "answer"]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(STEPS), max_size=6), st.integers(0, 10**6))
def test_whatever_happened_the_facts_fit_the_schema(steps: list[str], seed: int) -> None:
    """After any sequence of legal events every gate either gathers facts that fit, or says what cannot be asked."""
    bank = Bank()
    for number, step in enumerate(steps):
        _step(bank, step, number, bank.outsider)
    catalog = bank.check()
    assert catalog == fold(bank.ledger.entries())
    for gate, subject in (("train", "dataset/credit@1"), ("register", bank.made), ("production", bank.made)):
        assert validator().is_valid(bank.gather(gate, subject, catalog=catalog).input)
    for deployment in catalog.deployments:
        assert validator().is_valid(bank.gather("in_production", deployment, catalog=catalog).input)


def _step(bank: Bank, step: str, number: int, by: Someone) -> None:
    if step in ("measure", "fail"):
        bank.measure(ACCURATE if step == "measure" else POOR)
    elif step == "declare":
        bank.evidence(bank.made, "fairness", FAIR, by=by, declared=True)
    elif step == "confirm":
        bank.confirm(bank.made, by=by)
    elif step == "scan":
        bank.scan("dataset/credit@1", by=by, identified=number)
    elif step == "thresholds":
        bank.thresholds("risk", "dataset/credit@1", by=by)
    elif step == "revoke":
        bank.revoke(bank.person("risk-officer"))
    elif step == "promote":
        bank.promote(bank.made, f"target-{number}", by=by)
    else:
        bank.answer(bank.request(bank.made, by=by), bank.risk, "risk-officer")


def test_a_model_of_a_run_under_way_is_told_so() -> None:
    """A run that has not ended has neither succeeded nor left anything the model could be."""
    bank = Bank()
    run = bank.run("early", "dataset/credit@1", by=bank.trainer)
    started = dict(bank.ledger.entries()[bank.catalog().runs[run].index].data)
    bank.append("training.started.v1", "run/under-way", started, actor=bank.trainer.id)
    facts = bank.gather("register", bank.register("early", "run/under-way", by=bank.trainer))
    training = facts.input["model"]["training"]
    assert (training["succeeded"], training["artifact_matches"]) == (False, False)
    assert facts.makers == {bank.trainer.id}
