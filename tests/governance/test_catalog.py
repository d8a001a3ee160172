"""The catalog: what histories come to, and which histories no command would have written."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.catalog import fold
from governance.event import EVENT_TYPES
from ledger.schema import Sealed
from tests.world import World, digest_for, someone


def test_an_opened_ledger_knows_its_tenant_and_officers() -> None:
    """Entry 0 says who the tenant is, in which mode, and who its officers are."""
    world = World()
    catalog = world.catalog()
    assert (catalog.size, catalog.mode, catalog.tenant.establishment) == (1, "real", "onshore")
    assert catalog.tenant.licences == ("cbuae",) and catalog.tenant.sectors == ("banking",)
    assert sorted(catalog.people) == sorted([world.ada.id, world.badr.id])
    assert catalog.people[world.ada.id].active_at(1) and not catalog.people[world.ada.id].active_at(0)
    assert catalog.log_id == "ab" * 32 and catalog.origin


def test_views_stand_on_their_entries() -> None:
    """Each view has the index, time and actor of the entry it rests on, and `by_subject` finds all entries."""
    world = World()
    trainer = world.person("engineer")
    world.clock.advance(hours=1)
    dataset = world.dataset(by=trainer)
    world.scan(dataset, by=world.ada, identified=2, unclassified=1)
    catalog = world.catalog()
    view = catalog.datasets[dataset]
    assert (view.index, view.actor, view.recorded_at) == (2, trainer.id, world.clock.now())
    assert view.location == ("aws", "aws", "me-central-1") and view.labels == ("personal",)
    assert view.scan is not None
    assert (view.scan.index, view.scan.identified_columns, view.scan.unclassified_columns) == (3, 2, 1)
    assert catalog.by_subject[dataset] == (2, 3)
    assert catalog.actors[3] == world.ada.id
    assert catalog.leaves[2] == world.ledger.entries()[2].leaf_hash


def test_the_newest_scan_and_the_transformation_are_shown() -> None:
    """Scanning again replaces the scan; a transformed data set says what it was made from."""
    world = World()
    supplier = world.person("engineer")
    raw = world.dataset("raw@1", by=supplier)
    world.scan(raw, by=supplier, identified=3)
    clean = world.transform(raw, to="clean@1", by=supplier)
    newest = world.scan(clean, by=supplier)
    catalog = world.catalog()
    scan, made = catalog.datasets[clean].scan, catalog.datasets[clean].transformation
    assert scan is not None and scan.index == newest
    assert made is not None and (made.source, made.source_digest) == (raw, catalog.datasets[raw].digest)
    assert catalog.datasets[raw].scan != scan and catalog.datasets[clean].derived_from == raw


def test_thresholds_count_by_sequence() -> None:
    """The newest set before an index counts, per model name."""
    world = World()
    by = world.ada
    dataset = world.dataset(by=by)
    first = world.thresholds("risk", dataset, by=by)
    world.thresholds("other", dataset, by=by)
    second = world.thresholds("risk", dataset, by=by)
    catalog = world.catalog()
    found = [catalog.thresholds_before("model/risk", index) for index in (first, first + 1, second, second + 1)]
    assert [None if item is None else item.index for item in found] == [None, first, first, second]
    assert catalog.thresholds_before("model/none", 99) is None


def test_a_run_ends_with_what_it_left_behind() -> None:
    """A failed run leaves nothing; one under way has no exit code yet."""
    world = World()
    dataset = world.dataset(by=world.ada)
    good, bad = world.run("risk", dataset, by=world.ada), world.run("risk", dataset, by=world.ada, exit_code=3)
    runs = world.catalog().runs
    assert (runs[good].exit_code, runs[good].artifacts, runs[good].id) == (0, digest_for(good), good)
    assert (runs[bad].exit_code, runs[bad].artifacts) == (3, None)
    entries = world.ledger.entries()
    under_way = fold(entries[: runs[bad].index + 1]).runs[bad]
    assert (under_way.exit_code, under_way.artifacts, under_way.completion) == (None, None, None)


def test_evidence_is_kept_by_subject_kind_and_digest() -> None:
    """All attempts are there, in order, measured and declared; those of another digest are told apart."""
    world = World()
    model = world.model(by=world.ada)
    first = world.evidence(model, "performance", {"metrics": {"accuracy": "0.6"}}, by=world.ada)
    second = world.evidence(model, "performance", {"metrics": {"accuracy": "0.8"}}, by=world.ada, declared=True)
    world.evidence(model, "performance", {}, by=world.ada, digest=digest_for("other"))
    catalog = world.catalog()
    found = catalog.evidence_of(model, "performance", world.known(model).digest)
    assert [(item.index, item.measured, item.tool) for item in found] == [
        (first, True, "test@1"),
        (second, False, None),
    ]
    assert catalog.evidence_of(model, "fairness", world.known(model).digest) == ()


def test_requests_show_answers_use_and_expiry() -> None:
    """Yes and no in order, who asked, whether it is open, and which promotion used it."""
    world = World()
    maker, risk = world.person("engineer"), world.person("risk-officer")
    model = world.model(by=maker)
    request = world.request(model, by=maker)
    filed = world.catalog().requests[request]
    assert filed.open(world.clock.now()) and filed.requester == maker.id and filed.concerns == model
    assert filed.leaf_hash == world.ledger.entries()[filed.index].leaf_hash
    assert not filed.expired(filed.deadline) and filed.expired("2026-12-01T00:00:00.000001Z")
    yes = world.answer(request, risk, "risk-officer")
    assert [answer.id for answer in world.catalog().requests[request].approvals] == [yes]
    assert world.catalog().requests[request].open(world.clock.now())
    no = world.answer(request, risk, "risk-officer", yes=False)
    filed = world.catalog().requests[request]
    assert [answer.id for answer in filed.rejections] == [no] and not filed.open(world.clock.now())
    assert world.catalog().requests_for(model) == (filed,) and world.catalog().requests_for("model/x@1") == ()
    other = world.request(model, by=maker)
    promotion = world.intend(model, "production", other, by=maker)
    assert world.catalog().requests[other].used_by == promotion
    assert not world.catalog().requests[other].open(world.clock.now())


def test_decisions_are_found_by_subject_and_gate() -> None:
    """All decisions on a subject, or those of one gate; without a target it is empty."""
    world = World()
    model = world.model(by=world.ada)
    register = world.decided(model, "register", "allow", by=world.ada)
    production = world.decided(model, "production", "deny", by=world.ada)
    catalog = world.catalog()
    assert [item.id for item in catalog.decisions_on(model)] == [register, production]
    assert [item.id for item in catalog.decisions_on(model, "production")] == [production]
    assert catalog.decisions[register].target == ""


def test_people_gain_and_lose_keys_and_standing() -> None:
    """The newest enrolment gives the roles; revoking one key leaves the person, revoking the person ends all keys."""
    world = World()
    carla = world.person("engineer", name="carla")
    extra = someone("carla's second key")
    second = {
        "name": Sealed("Somebody", carla.id),
        "kind": "natural",
        "roles": ["risk-officer"],
        "credential": extra.credential,
        "key": extra.line,
    }
    world.append("person.enrolled.v1", f"person/{carla.id}", second, actor=world.ada.id)
    person = world.catalog().people[carla.id]
    assert person.roles == {"risk-officer"} and len(person.credentials) == 2 and person.index == 1
    world.revoke(carla, credential=extra.credential)
    person = world.catalog().people[carla.id]
    assert [key.valid_at(9) for key in person.credentials] == [True, False] and person.active_at(9)
    at = world.revoke(carla, by=world.badr)
    person = world.catalog().people[carla.id]
    assert person.revoked_index == at and not any(key.valid_at(at + 1) for key in person.credentials)
    assert person.credentials[1].revoked_index == 3


def test_a_deployment_tells_its_story() -> None:
    """Promoted, drifted, stopped, rolled back and resumed: state, live model and fallback follow."""
    world = World()
    by = world.ada
    first, second = world.model(by=by), world.model(by=by, version=2)
    world.promote(first, by=by)
    deployment = world.promote(second, by=by)
    view = world.deployment()
    assert view.live is not None and view.state == "live" and view.target == "production"
    assert (view.live.subject, view.live.fallback) == (second, "human-queue")
    drift = {"k": 2, "n": 3, "windows": [digest_for("w")], "digest": view.live.deployment_digest}
    world.append("drift.detected.v1", deployment, drift, actor=by.id)
    world.append("deployment.suspended.v1", deployment, {"cause": "drift", "serving": "human-queue"}, actor=by.id)
    view = world.deployment()
    assert view.state == "suspended" and view.suspension is not None and view.suspension.serving == "human-queue"
    assert [(found.k, found.n) for found in view.drifts] == [(2, 3)]
    back = {"subject": first, "digest": world.known(first).digest}
    world.append("deployment.rolled_back.v1", deployment, back, actor=by.id)
    view = world.deployment()
    assert view.live is not None and (view.state, view.live.subject) == ("live", first)
    assert [live.subject for live in view.lives] == [first, second, first]
    assert len(view.history) == 5


def test_an_unknown_outcome_blocks_until_it_is_settled() -> None:
    """No outcome, or an unknown one, is unknown; a failure settles it and the same promotion may be tried again."""
    world = World()
    by = world.ada
    model = world.model(by=by)
    request = world.request(model, by=by)
    promotion = world.intend(model, "production", request, by=by)
    assert world.deployment().state == "unknown" and world.deployment().live is None
    world.came_out(model, "production", promotion, "unknown", by=by)
    assert world.deployment().unsettled is not None
    world.came_out(model, "production", promotion, "failed", by=by)
    assert world.deployment().state == "empty" and world.deployment().intents[0].settled
    permit = world.decided(model, "production", "allow", by=by, request=request)
    again = dict(world.ledger.entries()[world.deployment().intents[0].index].data) | {"decision": permit}
    world.append("promotion.intended.v1", "deployment/production", again, actor=by.id)
    world.came_out(model, "production", promotion, "succeeded", by=by)
    assert world.deployment().state == "live" and len(world.deployment().intents) == 2


def test_retraining_is_asked_for() -> None:
    """A request to train again names its cause and where it arose."""
    world = World()
    model = world.model(by=world.ada)
    deployment = world.promote(model, by=world.ada)
    world.append(
        "retraining.requested.v1", "model/risk", {"cause": "d-1", "deployment": deployment}, actor=world.ada.id
    )
    world.append("retraining.requested.v1", model, {}, actor=world.ada.id)
    asked = world.catalog().retraining
    assert [(item.subject, item.cause, item.deployment) for item in asked] == [
        ("model/risk", "d-1", deployment),
        (model, None, None),
    ]


def test_records_and_heartbeats_change_nothing() -> None:
    """What only says that something was handed out, or that a system is alive, is no fact about a subject."""
    world = World()
    model = world.model(by=world.ada)
    before = world.catalog()
    world.append("report.issued.v1", model, {"format": "html", "digest": digest_for("r"), "as_of": 3}, actor="door")
    world.append("trail.exported.v1", "ledger", {"scope": "whole", "as_of": 3}, actor="door")
    world.append("source.heartbeat.v1", "app", {"source": "app", "counter": 1}, actor="app")
    after = world.catalog()
    assert after.size == before.size + 3
    assert (after.models, after.runs, after.people) == (before.models, before.runs, before.people)


def test_every_event_type_is_folded_or_known_to_change_nothing() -> None:
    """No type of the vocabulary is forgotten: folding a history of an unknown type is refused."""
    from governance.catalog import _IGNORED, _STEPS

    names = {declared.name for declared in EVENT_TYPES}
    assert names == _IGNORED | set(_STEPS) | {"ledger.opened.v1"}


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["dataset", "person", "model", "evidence", "promote", "retire"]), max_size=6))
def test_a_prefix_never_unlearns(steps: list[str]) -> None:
    """Folding more entries only adds subjects: what an earlier reader saw registered stays registered, at its
    index.
    """
    world = World()
    by = world.person("engineer")
    for number, step in enumerate(steps, 1):
        if step == "dataset":
            world.dataset(f"extra@{number}", by=by)
        elif step == "person":
            world.person("engineer")
        elif step == "retire":
            world.revoke(world.person("engineer"))
        elif step == "model":
            world.model("risk", by=by, version=number)
        else:
            model = world.model("other", by=by, version=number)
            if step == "evidence":
                world.evidence(model, "fairness", {}, by=by)
            else:
                world.promote(model, by=by)
    entries = world.ledger.entries()
    whole = fold(entries)
    for size in range(1, len(entries) + 1):
        part = fold(entries[:size])
        assert part.size == size
        for earlier, later in (
            (part.datasets, whole.datasets),
            (part.models, whole.models),
            (part.people, whole.people),
        ):
            assert all(later[name].index == view.index for name, view in earlier.items())
