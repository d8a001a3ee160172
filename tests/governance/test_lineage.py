"""Lineage: who made a thing, which entries are about it, and what changes its digest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.catalog import fold
from governance.errors import InputError
from governance.lineage import ancestry, closure, lineage, lineage_digest, makers
from tests.world import Someone, World, digest_for


class Workshop(World):
    """A world in which everybody does one thing: a raw and a clean data set, thresholds, a run and a model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.supplier, self.cleaner, self.setter = (self.person("engineer") for _ in range(3))
        self.trainer, self.author, self.registrant = (self.person("engineer") for _ in range(3))
        self.risk, self.validator, self.outsider = (self.person("risk-officer") for _ in range(3))
        self.raw = self.dataset("raw@1", by=self.supplier)
        self.clean = self.transform(self.raw, to="clean@1", by=self.cleaner)
        self.thresholds("risk", self.clean, by=self.setter)
        self.trained = self.run("risk", self.clean, by=self.trainer, authors=[self.author.id])
        self.made = self.register("risk", self.trained, by=self.registrant)

    def everybody(self) -> set[str]:
        return {
            person.id
            for person in (self.supplier, self.cleaner, self.setter, self.trainer, self.author, self.registrant)
        }


def test_everybody_who_had_a_hand_in_it_is_a_maker() -> None:
    """Suppliers back to the first data set, transformer, threshold setter, trainer, author and registrant."""
    world = Workshop()
    made = makers(world.catalog(), world.made)
    assert made.people == world.everybody() and not made.unresolved
    assert set(made.duties) == {
        ("data supplier", world.supplier.id),
        ("data registrant", world.supplier.id),
        ("data supplier", world.cleaner.id),
        ("data registrant", world.cleaner.id),
        ("data transformer", world.cleaner.id),
        ("threshold setter", world.setter.id),
        ("trainer", world.trainer.id),
        ("author", world.author.id),
        ("model registrant", world.registrant.id),
    }
    assert made.why(world.catalog(), world.cleaner.id) == ("data registrant", "data supplier", "data transformer")
    assert made.why(world.catalog(), world.outsider.id) == ()


def test_an_owner_who_supplied_nothing_is_no_maker() -> None:
    """Owning data or a model is answering for it, not making it; supplying it is making."""
    world = Workshop()
    owned = world.dataset("owned@1", by=world.supplier, owner=world.risk.id)
    supplied = world.dataset("supplied@1", by=world.supplier, supplier=world.risk.id)
    assert world.risk.id not in makers(world.catalog(), owned).people
    assert makers(world.catalog(), supplied).people == {world.supplier.id, world.risk.id}


Act = Callable[[Workshop, Someone], object]


def _declare(world: Workshop, by: Someone) -> object:
    return world.evidence(world.made, "fairness", {}, by=by, declared=True)


def _ask(world: Workshop, by: Someone) -> object:
    return world.request(world.made, by=by)


def _deploy(world: Workshop, by: Someone) -> object:
    return world.intend(world.made, "production", world.request(world.made, by=world.trainer), by=by)


def _measure(world: Workshop, by: Someone) -> object:
    return world.evidence(world.made, "fairness", {}, by=by)


def _scan(world: Workshop, by: Someone) -> object:
    return world.scan(world.clean, by=by)


def _confirm(world: Workshop, by: Someone) -> object:
    return world.confirm(world.made, by=by)


def _answer(world: Workshop, by: Someone) -> object:
    return world.answer(world.request(world.made, by=world.trainer), by, "risk-officer")


def _decide(world: Workshop, by: Someone) -> object:
    return world.decided(world.made, "production", "deny", by=by)


def _about_another(world: Workshop, by: Someone) -> object:
    other = world.model("other", by=by)
    world.promote(other, "elsewhere", by=by)
    return world.evidence(other, "fairness", {}, by=by, declared=True)


@pytest.mark.parametrize(
    ("act", "duty"),
    [
        (_declare, "evidence declarer"),
        (_ask, "requester"),
        (_deploy, "deployer"),
        (_measure, None),
        (_scan, None),
        (_confirm, None),
        (_answer, None),
        (_decide, None),
        (_about_another, None),
    ],
)
def test_some_acts_make_a_maker_and_others_do_not(act: Act, duty: str | None) -> None:
    """Declaring, requesting and deploying do; measuring, scanning, confirming, answering and asking a gate do not."""
    world = Workshop()
    act(world, world.outsider)
    made = makers(world.catalog(), world.made)
    assert (world.outsider.id in made.people) == (duty is not None)
    assert made.why(world.catalog(), world.outsider.id) == (() if duty is None else (duty,))


def test_the_deployment_has_the_makers_of_what_is_live() -> None:
    """Who made the live model made the deployment, and so did who declared things about the deployment itself."""
    world = Workshop()
    deployment = world.promote(world.made, by=world.trainer)
    world.evidence(deployment, "drift-window", {"breach": False}, by=world.outsider, declared=True)
    made = makers(world.catalog(), deployment)
    assert made.people == world.everybody() | {world.outsider.id}
    assert ("deployer", world.trainer.id) in made.duties
    assert world.outsider.id not in makers(world.catalog(), world.made).people


def test_service_accounts_are_the_people_who_own_them_and_strangers_are_named() -> None:
    """A maker is a natural person: a service account resolves to its owners, an unknown author is unresolved."""
    world = Workshop()
    bot = world.person("engineer", owners=[world.risk])
    run = world.run("bot", world.clean, by=bot, authors=["p-0000000000", world.author.id])
    model = world.register("bot", run, by=bot)
    made = makers(world.catalog(), model)
    assert world.risk.id in made.people and bot.id not in made.people
    assert made.unresolved == {"p-0000000000"}
    assert made.why(world.catalog(), world.risk.id) == ("model registrant", "trainer")


def test_what_is_not_registered_has_no_lineage() -> None:
    """Unknown subjects, kinds without lineage, and a deployment where nothing is live are refused."""
    world = Workshop()
    world.intend(world.made, "production", world.request(world.made, by=world.trainer), by=world.trainer)
    catalog = world.catalog()
    for subject in ("model/ghost@1", "dataset/ghost@1", "deployment/ghost", world.trained, "model/risk", "nonsense"):
        with pytest.raises(InputError):
            lineage(catalog, subject)
    with pytest.raises(InputError, match="nothing is live"):
        lineage(catalog, "deployment/production")


def test_a_lineage_goes_back_to_the_first_data_set() -> None:
    """Data sets nearest first, the run, the model, and the thresholds that were there before the run."""
    world = Workshop()
    later = world.thresholds("risk", world.clean, by=world.setter)
    line = lineage(world.catalog(), world.made)
    assert [dataset.subject for dataset in line.datasets] == [world.clean, world.raw]
    assert line.run is not None and line.run.subject == world.trained
    assert line.thresholds is not None and line.thresholds.index < line.run.index < later
    assert line.digest == world.known(world.made).digest
    assert ancestry(world.catalog(), world.raw) == (world.catalog().datasets[world.raw],)


def test_thresholds_set_after_training_are_shown_where_there_were_none_before() -> None:
    """So that the gate can say that they came too late."""
    world = Workshop()
    run = world.run("late", world.clean, by=world.trainer)
    model = world.register("late", run, by=world.trainer)
    assert lineage(world.catalog(), model).thresholds is None
    at = world.thresholds("late", world.clean, by=world.outsider)
    thresholds = lineage(world.catalog(), model).thresholds
    assert thresholds is not None and thresholds.index == at
    assert world.outsider.id in makers(world.catalog(), model).people


UNMOVED: list[Act] = [_declare, _ask, _deploy, _measure, _scan, _confirm, _answer, _decide, _about_another]


@pytest.mark.parametrize("act", UNMOVED, ids=lambda act: act.__name__)
def test_what_is_said_about_a_subject_does_not_change_its_lineage(act: Act) -> None:
    """Measuring, asking, answering, deploying: the digest of what a subject was made from stays."""
    world = Workshop()
    before = lineage_digest(world.catalog(), world.made)
    act(world, world.outsider)
    assert lineage_digest(world.catalog(), world.made) == before


def test_another_making_is_another_lineage() -> None:
    """Another version, another data set and another run have lineages of their own."""
    world = Workshop()
    other = world.register("risk", world.run("risk", world.clean, by=world.trainer), by=world.trainer, version=2)
    catalog = world.catalog()
    digests = {lineage_digest(catalog, subject) for subject in (world.made, other, world.raw, world.clean)}
    assert len(digests) == 4


def _closed(world: World, subject: str) -> tuple[int, ...]:
    """The closure of a subject, after checking that it folds by itself to the same views of the subject."""
    catalog, entries = world.catalog(), world.ledger.entries()
    chosen = closure(catalog, subject)
    part = fold(entries[index] for index in chosen)
    assert set(chosen) >= set(catalog.by_subject[subject]) | {0}
    for name in ("datasets", "models", "runs", "deployments"):
        found, whole = getattr(part, name), getattr(catalog, name)
        assert subject not in whole or found[subject] == whole[subject]
    assert makers(part, subject) == makers(catalog, subject)
    assert lineage_digest(part, subject) == lineage_digest(catalog, subject)
    return chosen


def test_a_closure_has_all_about_a_subject_and_nothing_else() -> None:
    """Lineage, evidence, decisions, requests, answers, promotion and the people in it; not an unrelated model."""
    world = Workshop()
    stranger = world.person("engineer")
    world.evidence(world.made, "fairness", {}, by=world.trainer)
    world.confirm(world.made, by=world.risk)
    request = world.request(world.made, by=world.trainer)
    world.answer(request, world.validator, "risk-officer")
    promotion = world.intend(world.made, "production", request, by=world.trainer)
    world.came_out(world.made, "production", promotion, "succeeded", by=world.trainer)
    before = len(world.ledger.rows)
    world.promote(world.model("other", by=stranger, dataset=world.dataset("mine@1", by=stranger)), "there", by=stranger)
    chosen = _closed(world, world.made)
    about = {entry.index for entry in world.ledger.entries() if entry.actor != stranger.id}
    unrelated = {f"person/{person.id}" for person in (stranger, world.outsider)}
    missing = about - set(chosen)
    assert {world.ledger.entries()[index].subject for index in missing} == unrelated
    assert max(chosen) < before


def test_a_target_shared_with_another_model_is_told_apart() -> None:
    """A model's closure has what happened at the target while it was live, and not the life of the one after it."""
    world = Workshop()
    by = world.trainer
    second = world.register("risk", world.run("risk", world.clean, by=by), by=by, version=2)
    deployment = world.promote(world.made, by=by)
    window = world.evidence(deployment, "drift-window", {"breach": True}, by=by)
    world.promote(second, by=by)
    later = world.evidence(deployment, "drift-window", {"breach": False}, by=by)
    back = {"subject": world.made, "digest": world.known(world.made).digest}
    rolled = world.append("deployment.rolled_back.v1", deployment, back, actor=by.id).index
    asked = world.append("retraining.requested.v1", "model/risk", {"deployment": deployment}, actor=by.id).index
    first, other = _closed(world, world.made), closure(world.catalog(), second)
    assert {window, rolled, asked} <= set(first) and later not in first
    assert later in other and asked in other and not {window, rolled} & set(other)
    fold(world.ledger.entries()[index] for index in other)
    assert set(_closed(world, deployment)) >= set(first) | set(other)


def test_retraining_asked_for_elsewhere_is_left_out() -> None:
    """What was asked because of a target where this version never was needs that target, and is not about it."""
    world = Workshop()
    by = world.trainer
    second = world.register("risk", world.run("risk", world.clean, by=by), by=by, version=2)
    deployment = world.promote(second, "elsewhere", by=by)
    asked = world.append("retraining.requested.v1", "model/risk", {"deployment": deployment}, actor=by.id).index
    assert asked not in _closed(world, world.made)
    assert asked in _closed(world, second)


def test_the_people_of_a_closure_come_with_those_who_vouched_for_them() -> None:
    """Owners of service accounts, enrollers and revokers are there too, so that standing can be judged."""
    world = Workshop()
    chief = world.person("officer", by=world.badr)
    owner = world.person("engineer", by=chief)
    bot = world.person("engineer", owners=[owner], by=world.badr)
    nested = world.person("engineer", owners=[bot])
    dataset = world.dataset("auto@1", by=nested)
    gone = world.revoke(owner, by=world.badr)
    entries = world.ledger.entries()
    people = {entries[index].subject for index in _closed(world, dataset)}
    assert people >= {f"person/{who.id}" for who in (chief, owner, bot, nested)}
    assert gone in closure(world.catalog(), dataset)


def test_a_gated_run_brings_its_permit() -> None:
    """The decision that let a run begin is part of the story."""
    world = Workshop()
    permit = world.decided(world.clean, "train", "allow", by=world.trainer)
    started = dict(world.ledger.entries()[world.catalog().runs[world.trained].index].data)
    world.append(
        "training.started.v1", "run/gated-run", started | {"gated": True, "decision": permit}, actor=world.trainer.id
    )
    world.append(
        "training.completed.v1",
        "run/gated-run",
        {"exit_code": 0, "duration_ms": 1, "report": digest_for("r"), "artifacts": digest_for("run/gated-run")},
        actor=world.trainer.id,
    )
    model = world.register("risk", "run/gated-run", by=world.trainer, version=2)
    assert world.catalog().decisions[permit].index in _closed(world, model)


@settings(max_examples=20)
@given(
    st.lists(st.sampled_from([_declare, _ask, _deploy, _scan, _confirm, _answer, _decide, _about_another]), max_size=4)
)
def test_every_closure_folds_by_itself(acts: list[Act]) -> None:
    """Whatever was done in whatever order, the selection verifies alone and says the same of its subject."""
    world = Workshop()
    for act in acts:
        if act is not _deploy or "deployment/production" not in world.catalog().deployments:
            act(world, world.outsider)
            if act is _about_another:
                break
    for subject in (world.raw, world.clean, world.made):
        _closed(world, subject)


@settings(max_examples=20)
@given(st.lists(st.sampled_from([_declare, _ask, _measure, _scan, _answer]), max_size=4))
def test_nobody_stops_being_a_maker(acts: list[Act]) -> None:
    """Whatever is recorded later only ever adds makers."""
    world = Workshop()
    seen = makers(world.catalog(), world.made).people
    for act in acts:
        act(world, world.outsider)
        now = makers(world.catalog(), world.made).people
        assert seen <= now
        seen = now
