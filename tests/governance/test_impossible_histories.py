"""Histories no command would have written: each is refused at the very entry that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from governance.catalog import fold
from ledger.errors import IntegrityError, Kind
from tests.bundles import a_bundle
from tests.simulator import Chance, Clock, MemoryLedger, Simulator
from tests.world import Someone, World, digest_for

Breach = Callable[[World, Someone], None]


def _twice_registered(world: World, by: Someone) -> None:
    world.dataset(by=by)
    world.ledger._claims.clear()
    world.dataset(by=by)


def _other_ancestor(world: World, by: Someone) -> None:
    raw = world.dataset("raw@1", by=by)
    world.dataset("clean@1", by=by, derived_from=raw, derived_digest=digest_for("not raw"))


def _unknown_ancestor(world: World, by: Someone) -> None:
    world.dataset(by=by)
    data = dict(world.ledger.entries()[-1].data)
    data |= {"derived_digest": digest_for("x"), "derived_from": "dataset/ghost@1"}
    world.append("dataset.registered.v1", "dataset/clean@1", data, actor=by.id)


def _scan_of_other_bytes(world: World, by: Someone) -> None:
    data = {
        "digest": digest_for("other"),
        "report": digest_for("r"),
        "engine": "presidio",
        "identified_columns": 0,
        "unclassified_columns": 0,
    }
    world.append("pii.scanned.v1", world.dataset(by=by), data, actor=by.id)


def _transformed(world: World, by: Someone, **changes: Any) -> None:
    raw, other = world.dataset("raw@1", by=by), world.dataset("other@1", by=by)
    clean = world.dataset("clean@1", by=by, derived_from=raw)
    data = {
        "source": raw,
        "source_digest": digest_for(raw),
        "digest": digest_for(clean),
        "report": digest_for("r"),
        "key_id": "k",
        "columns": 1,
    }
    if changes.pop("other", False):
        changes = {"source": other, "source_digest": digest_for(other)}
    world.append("pii.transformed.v1", clean, data | changes, actor=by.id)


def _thresholds_of_junk(world: World, by: Someone) -> None:
    dataset = world.dataset(by=by)
    data = {
        "method": "m/v1",
        "folds": 10,
        "seed": 1,
        "data_digest": digest_for(dataset),
        "dataset": dataset,
        "items": "junk",
    }
    world.append("threshold.registered.v1", "model/risk", data, actor=by.id)


def _started(world: World, by: Someone, **changes: Any) -> None:
    dataset = world.dataset(by=by)
    world.decided(dataset, "train", "deny", by=by)
    data = {
        "model": "model/risk",
        "dataset": dataset,
        "dataset_digest": digest_for(dataset),
        "gated": False,
        "revision": "abc",
        "dirty": False,
        "environment": digest_for("e"),
        "manifest": digest_for("m"),
        "authors": [],
        "seed": 1,
    }
    world.append("training.started.v1", "run/test-0000", data | changes, actor=by.id)


def _completed_twice(world: World, by: Someone) -> None:
    run = world.run("risk", world.dataset(by=by), by=by)
    ended = {"exit_code": 1, "duration_ms": 1, "report": digest_for("r")}
    world.append("training.completed.v1", run, ended, actor=by.id)


def _ended_before_it_began(world: World, by: Someone) -> None:
    ended = {"exit_code": 1, "duration_ms": 1, "report": digest_for("r")}
    world.append("training.completed.v1", "run/never-begun", ended, actor=by.id)


def _model_of_another_run(world: World, by: Someone) -> None:
    world.register("other", world.run("risk", world.dataset(by=by), by=by), by=by)


def _decided(world: World, by: Someone, **changes: Any) -> None:
    model = world.model(by=by)
    data = {
        "decision": "d-1",
        "gate": "register",
        "outcome": "allow",
        "engine": "table@1",
        "as_of": 1,
        **{blob: digest_for(blob) for blob in ("document", "binding", "input", "bundle")},
    }
    world.append("policy.decided.v1", model, data, actor=by.id)
    world.append("policy.decided.v1", model, data | {"decision": "d-2"} | changes, actor=by.id)


def _request_on_a_denial(world: World, by: Someone) -> None:
    model = world.model(by=by)
    world.request(model, by=by, decision=world.decided(model, "production", "deny", by=by))


def _request_about_something_else(world: World, by: Someone) -> None:
    first, second = world.model(by=by), world.model(by=by, version=2)
    world.request(first, by=by, decision=world.decided(second, "production", "pending", by=by))


def _used_twice(world: World, by: Someone) -> None:
    model = world.model(by=by)
    request = world.request(model, by=by)
    promotion = world.intend(model, "production", request, by=by)
    world.came_out(model, "production", promotion, "failed", by=by)
    world.ledger._claims.clear()
    world.intend(model, "production", request, by=by)


def _intended(world: World, by: Someone, **changes: Any) -> None:
    model = world.model(by=by)
    world.intend(model, "production", world.request(model, by=by), by=by, **changes)


def _no_permit(world: World, by: Someone) -> None:
    model = world.model(by=by)
    request = world.request(model, by=by)
    permit = world.decided(model, "production", "allow", by=by)
    world.intend(model, "production", request, by=by, decision=permit)


def _denied_permit(world: World, by: Someone) -> None:
    model = world.model(by=by)
    request = world.request(model, by=by)
    permit = world.decided(model, "production", "deny", by=by, request=request)
    world.intend(model, "production", request, by=by, decision=permit)


def _intended_while_unknown(world: World, by: Someone) -> None:
    model = world.model(by=by)
    world.intend(model, "production", world.request(model, by=by), by=by)
    world.intend(model, "production", world.request(model, by=by), by=by)


def _succeeded_and_intended_again(world: World, by: Someone) -> None:
    model = world.model(by=by)
    request = world.request(model, by=by)
    promotion = world.intend(model, "production", request, by=by)
    world.came_out(model, "production", promotion, "succeeded", by=by)
    world.ledger._claims.clear()
    world.intend(model, "production", request, by=by, promotion=promotion)


def _one_promotion_for_two_things(world: World, by: Someone) -> None:
    model = world.model(by=by)
    promotion = world.intend(model, "production", world.request(model, by=by), by=by)
    world.came_out(model, "production", promotion, "failed", by=by)
    world.intend(model, "production", world.request(model, by=by), by=by, promotion=promotion)


def _outcome_of_nothing(world: World, by: Someone) -> None:
    model = world.model(by=by)
    world.promote(model, by=by)
    world.came_out(model, "production", "promotion-x", "failed", by=by)


def _outcome_of_another(world: World, by: Someone) -> None:
    model = world.model(by=by)
    world.intend(model, "production", world.request(model, by=by), by=by)
    world.came_out(model, "production", "promotion-x", "failed", by=by)


def _outcome_of_another_deployment(world: World, by: Someone) -> None:
    model = world.model(by=by)
    promotion = world.intend(model, "production", world.request(model, by=by), by=by)
    world.came_out(model, "production", promotion, "succeeded", by=by, deployment_digest=digest_for("x"))


def _stopped_where_nothing_was(world: World, by: Someone) -> None:
    world.append("deployment.suspended.v1", "deployment/production", {"serving": "human-queue"}, actor=by.id)


def _rolled_back_to_nothing(world: World, by: Someone) -> None:
    first, second = world.model(by=by), world.model(by=by, version=2)
    back = {"subject": second, "digest": world.known(second).digest}
    world.append("deployment.rolled_back.v1", world.promote(first, by=by), back, actor=by.id)


def _drift_of_nothing(world: World, by: Someone) -> None:
    model = world.model(by=by)
    world.intend(model, "production", world.request(model, by=by), by=by)
    drift = {"k": 1, "n": 1, "windows": [], "digest": digest_for("x")}
    world.append("drift.detected.v1", "deployment/production", drift, actor=by.id)


def _retraining_from_nowhere(world: World, by: Someone) -> None:
    world.append("retraining.requested.v1", "model/risk", {"deployment": "deployment/ghost"}, actor=by.id)


def _enrolled_by_themselves(world: World, by: Someone) -> None:
    world.person("officer", name="carla", by=world.badr)
    world.person("engineer", by=by)


def _officer_enrols_themselves(world: World, by: Someone) -> None:
    world.person("engineer", owners=[world.ada], by=world.ada)


def _revoked_by_themselves(world: World, by: Someone) -> None:
    world.revoke(world.ada, by=world.ada)


def _answer_to_nothing(world: World, by: Someone) -> None:
    world.answer("request/never-asked", by, "engineer")


BREACHES: list[tuple[Breach, str]] = [
    (_twice_registered, "registered before"),
    (_other_ancestor, "not that of the data set it derives from"),
    (_unknown_ancestor, "refers to a data set"),
    (lambda world, by: _not_registered(world, by, "dataset"), "refers to a data set"),
    (_scan_of_other_bytes, "not that of the data set"),
    (lambda world, by: _transformed(world, by, digest=digest_for("x")), "not that of the data set"),
    (lambda world, by: _transformed(world, by, source_digest=digest_for("x")), "it was made from"),
    (lambda world, by: _transformed(world, by, other=True), "another source"),
    (_thresholds_of_junk, "not a list of objects"),
    (lambda world, by: _started(world, by, dataset_digest=digest_for("x")), "not that of the data set"),
    (lambda world, by: _started(world, by, gated=True), "gated without naming"),
    (lambda world, by: _started(world, by, decision="d-1"), "gated without naming"),
    (lambda world, by: _started(world, by, gated=True, decision="d-ghost"), "refers to a decision"),
    (lambda world, by: _started(world, by, gated=True, decision=f"d-{2:032x}"), "does not allow"),
    (_completed_twice, "ended before"),
    (_ended_before_it_began, "refers to a run"),
    (_model_of_another_run, "trained another model"),
    (lambda world, by: _not_registered(world, by, "confirmation"), "refers to a model"),
    (lambda world, by: world.confirm(world.model(by=by), by=by, digest=digest_for("x")) and None, "of the model"),
    (lambda world, by: _not_registered(world, by, "evidence"), "refers to a model"),
    (lambda world, by: _not_registered(world, by, "window"), "refers to a deployment"),
    (
        lambda world, by: (
            world.evidence(world.model(by=by), "fairness", {}, by=by, measured_at="2027-01-01T00:00:00.000000Z")
            and None
        ),
        "later than its recording",
    ),
    (lambda world, by: _decided(world, by, decision="d-1"), "registered before"),
    (lambda world, by: _decided(world, by, as_of=999), "not there yet"),
    (lambda world, by: _decided(world, by, request="request/never-asked"), "refers to a request"),
    (_request_on_a_denial, "cannot be put to people"),
    (_request_about_something_else, "cannot be put to people"),
    (_answer_to_nothing, "refers to a request"),
    (_used_twice, "used before"),
    (lambda world, by: _intended(world, by, digest=digest_for("x")), "not that of the model"),
    (lambda world, by: _intended(world, by, request="request/never-asked"), "refers to a request"),
    (_no_permit, "no permit"),
    (_denied_permit, "no permit"),
    (_intended_while_unknown, "nobody knew"),
    (_succeeded_and_intended_again, "intended again"),
    (_one_promotion_for_two_things, "two things"),
    (_outcome_of_nothing, "not under way"),
    (_outcome_of_another, "not under way"),
    (_outcome_of_another_deployment, "another deployment"),
    (_stopped_where_nothing_was, "nobody ever promoted"),
    (_rolled_back_to_nothing, "never live here"),
    (_drift_of_nothing, "nothing was ever live"),
    (_retraining_from_nowhere, "refers to a deployment"),
    (_enrolled_by_themselves, "only an enrolled officer"),
    (_officer_enrols_themselves, "nobody enrols"),
    (_revoked_by_themselves, "nobody revokes themselves"),
]


def _not_registered(world: World, by: Someone, what: str) -> None:
    ghost = digest_for("ghost")
    if what == "dataset":
        data: dict[str, Any] = {"digest": ghost, "report": ghost, "engine": "x"}
        data |= {"identified_columns": 0, "unclassified_columns": 0}
        world.append("pii.scanned.v1", "dataset/ghost@1", data, actor=by.id)
    elif what == "confirmation":
        data = {"digest": ghost, "tier": "low", "decides_on_people": False}
        world.append("model.classification_confirmed.v1", "model/ghost@1", data, actor=by.id)
    else:
        kind, subject = ("fairness", "model/ghost@1") if what == "evidence" else ("drift-window", "deployment/ghost")
        data = {"kind": kind, "digest": ghost, "content": ghost, "method": "m", "data_digest": ghost, "n": 1}
        data["measured_at"] = world.clock.now()
        world.append("evidence.declared.v1", subject, data, actor=by.id)


@pytest.mark.parametrize(("breach", "words"), BREACHES, ids=[words for _, words in BREACHES])
def test_impossible_histories_are_integrity_failures(breach: Breach, words: str) -> None:
    """What no command writes is refused at the very entry, whoever wrote it; all before it still folds."""
    world = World()
    breach(world, world.person("engineer"))
    entries = world.ledger.entries()
    with pytest.raises(IntegrityError, match=words) as caught:
        fold(entries)
    assert caught.value.kind is Kind.ALTERED and caught.value.index == entries[-1].index
    assert fold(entries[:-1]).size == len(entries) - 1


def test_a_ledger_without_a_beginning_is_no_ledger() -> None:
    """No entries, no entry 0, or another first entry: refused."""
    world = World()
    world.dataset(by=world.ada)
    entries = world.ledger.entries()
    with pytest.raises(IntegrityError, match="no entry 0"):
        fold([])
    with pytest.raises(IntegrityError, match="begins with"):
        fold(entries[1:])
    with pytest.raises(IntegrityError) as caught:
        fold([entries[0], entries[1], entries[1]])
    assert caught.value.kind is Kind.REORDERED
    with pytest.raises(IntegrityError, match="does not know"):
        fold([entries[0], replace(entries[1], type="moon.rose.v1")])


@pytest.mark.parametrize(
    "officers",
    [
        [{"person": "p-00000001", "credential": "c", "key": "k", "roles": ["officer"]}] * 2,
        [
            {"person": "p-00000001", "credential": "c", "key": "k", "roles": ["officer"]},
            {"person": "p-00000002", "credential": "c", "key": "k", "roles": ["officer"]},
        ],
        [{"person": "p-00000001"}],
        ["p-00000001"],
    ],
)
def test_malformed_beginnings_are_refused(officers: list[Any]) -> None:
    """Entry 0 enrols each officer and each key once, and says who they are."""
    simulator = Simulator(officers=[], bundle=a_bundle())
    opening = dict(simulator.ledger.entries()[0].data) | {"officers": officers}
    with pytest.raises(IntegrityError) as caught:
        fold(MemoryLedger(Clock(), Chance(), opening).entries())
    assert caught.value.index == 0
