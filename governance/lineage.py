"""Lineage: what a subject was made from, who made it, and which entries are about it.

Duties follow from lineage (SEMANTICS 4): who made a thing cannot approve it. No event of this version records an
ancestor that independent people approved, so makers are collected back to the first data set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from governance.catalog import Catalog
from governance.deployment import Deployment, Intent
from governance.errors import InputError
from governance.people import NOBODY, Resolution, resolve
from governance.subject import Subject, SubjectKind
from governance.views import Dataset, Filed, Model, Run, Thresholds
from ledger.canonical import digest_of
from ledger.entry import base64

VERSION: Final = "qayd/lineage/v1"


@dataclass(frozen=True, slots=True)
class Makers:
    """The natural persons who made a subject, and ids that lead to nobody.

    `duties` says why, as sorted pairs of a duty (`trainer`, `author`, `data supplier`, ...) and the account that
    had it.
    """

    people: frozenset[str]
    unresolved: frozenset[str]
    duties: tuple[tuple[str, str], ...]

    def why(self, catalog: Catalog, person: str) -> tuple[str, ...]:
        """The duties that make `person` a maker."""
        return tuple(
            sorted({duty for duty, account in self.duties if person in resolve(catalog.people, (account,)).natural})
        )


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a subject came from: data sets from the one used back to the first, the run, the model, its thresholds.

    `model` and `run` are None for a data set; `thresholds` are the newest registered before the run began, or,
    where none were, the newest after.
    """

    subject: str
    digest: str
    datasets: tuple[Dataset, ...]
    run: Run | None = None
    model: Model | None = None
    thresholds: Thresholds | None = None

    def digest_of(self, catalog: Catalog) -> str:
        """The digest of the entries that made the subject: a later scan, measurement, request or approval changes
        nothing.
        """
        made: list[int | None] = []
        for dataset in self.datasets:
            made += [dataset.index, dataset.transformation.index if dataset.transformation else None]
        if self.run is not None:
            made += [self.run.index, self.run.completion.index if self.run.completion else None]
        made += [view.index for view in (self.model, self.thresholds) if view is not None]
        leaves = [base64(catalog.leaves[index]) for index in sorted({index for index in made if index is not None})]
        return digest_of({"v": VERSION, "subject": self.subject, "digest": self.digest, "entries": leaves})


def lineage(catalog: Catalog, subject: str) -> Lineage:
    """What a data set, a model version, or the model live at a deployment came from. Raises InputError if unknown."""
    parsed = Subject.parse(subject)
    if parsed.kind is SubjectKind.DATASET and subject in catalog.datasets:
        return Lineage(subject, catalog.datasets[subject].digest, ancestry(catalog, subject))
    if parsed.kind is SubjectKind.MODEL and subject in catalog.models:
        return _of_model(catalog, catalog.models[subject], subject, catalog.models[subject].digest)
    if parsed.kind is SubjectKind.DEPLOYMENT and subject in catalog.deployments:
        live = catalog.deployments[subject].live
        if live is None:
            raise InputError(f"nothing is live at {subject}", "promote a model there first")
        return _of_model(catalog, catalog.models[live.subject], subject, live.deployment_digest)
    raise InputError(f"{subject} is not registered", "check its name and version, or register it first")


def ancestry(catalog: Catalog, dataset: str) -> tuple[Dataset, ...]:
    """A data set and all it derives from, nearest first."""
    chain = [catalog.datasets[dataset]]
    while chain[-1].derived_from is not None:
        chain.append(catalog.datasets[chain[-1].derived_from])
    return tuple(chain)


def lineage_digest(catalog: Catalog, subject: str) -> str:
    """The digest of a subject's lineage, a member of the binding. Raises InputError if the subject is unknown."""
    return lineage(catalog, subject).digest_of(catalog)


def makers(catalog: Catalog, subject: str) -> Makers:
    """Everybody who made a subject: requesters, trainers, authors, registrants, data suppliers, threshold setters,
    evidence declarers and deployers, resolved to natural persons. Raises InputError if the subject is unknown.
    """
    duties = sorted(set(_duties(catalog, lineage(catalog, subject))))
    resolution: Resolution = NOBODY
    for _, account in duties:
        resolution |= resolve(catalog.people, (account,))
    return Makers(resolution.natural, resolution.unresolved, tuple(duties))


def closure(catalog: Catalog, subject: str) -> tuple[int, ...]:
    """The indices of all entries about a subject, sorted, and closed under reference, so that they fold by themselves.

    Entry 0, the lineage with scans and thresholds, evidence, decisions, requests and answers, what it did at each
    target, and every person who acted or signed, with those who enrolled them. For a deployment, that of every
    model promoted there. Raises InputError if the subject is unknown.
    """
    found = {0}
    if subject in catalog.deployments:
        models = {intent.subject for intent in catalog.deployments[subject].intents}
        found.update(catalog.by_subject[subject])
        found.update(*(_about(catalog, lineage(catalog, model)) for model in models))
    else:
        found.update(_about(catalog, lineage(catalog, subject)))
    _follow(catalog, found)
    _add_people(catalog, found)
    return tuple(sorted(found))


def _of_model(catalog: Catalog, model: Model, subject: str, digest: str) -> Lineage:
    run = catalog.runs[model.run]
    registered = catalog.thresholds.get(model.name, ())
    return Lineage(
        subject=subject,
        digest=digest,
        datasets=ancestry(catalog, run.dataset),
        run=run,
        model=model,
        thresholds=catalog.thresholds_before(model.name, run.index) or (registered[-1] if registered else None),
    )


def _duties(catalog: Catalog, line: Lineage) -> Iterator[tuple[str, str]]:
    for dataset in line.datasets:
        yield "data supplier", dataset.supplier
        yield "data registrant", dataset.actor
        if dataset.transformation is not None:
            yield "data transformer", dataset.transformation.actor
    if line.run is None or line.model is None:
        return
    yield "trainer", line.run.actor
    if line.run.completion is not None:
        yield "trainer", line.run.completion.actor
    yield from (("author", author) for author in line.run.authors)
    yield "model registrant", line.model.actor
    if line.thresholds is not None:
        yield "threshold setter", line.thresholds.actor
    for (subject, _), evidence in catalog.evidence.items():
        if subject in (line.subject, line.model.subject):
            yield from (("evidence declarer", item.actor) for item in evidence if not item.measured)
    yield from (("requester", request.requester) for request in _requests(catalog, line.model))
    yield from (("deployer", intent.actor) for intent in _intents(catalog, line.model))


def _requests(catalog: Catalog, model: Model) -> Iterator[Filed]:
    """Requests about a model version, or about a deployment of it."""
    placed = {intent.deployment_digest for intent in _intents(catalog, model)} | {model.digest}
    for request in catalog.requests.values():
        at_target = request.concerns.startswith("deployment/") and request.digest in placed
        if request.concerns == model.subject or at_target:
            yield request


def _intents(catalog: Catalog, model: Model) -> Iterator[Intent]:
    for deployment in catalog.deployments.values():
        yield from (intent for intent in deployment.intents if intent.subject == model.subject)


def _about(catalog: Catalog, line: Lineage) -> Iterator[int]:
    """Indices of everything about a data set or a model, but people and what is only referred to."""
    for dataset in line.datasets:
        yield from catalog.by_subject[dataset.subject]
    if line.run is None or line.model is None:
        return
    model = line.model
    targets = {name for name, at in catalog.deployments.items() if any(i.subject == model.subject for i in at.intents)}
    elsewhere = {item.index for item in catalog.retraining if item.deployment not in (None, *targets)}
    for subject in (line.run.subject, model.subject, model.name):
        yield from (index for index in catalog.by_subject.get(subject, ()) if index not in elsewhere)
    for thresholds in catalog.thresholds.get(model.name, ()):
        for dataset in ancestry(catalog, thresholds.dataset):
            yield from catalog.by_subject[dataset.subject]
    for request in _requests(catalog, model):
        yield from catalog.by_subject[request.subject]
    for target in targets:
        yield from _at_target(catalog, catalog.deployments[target], model.subject)


def _at_target(catalog: Catalog, deployment: Deployment, model: str) -> Iterator[int]:
    """What a deployment's entries say of one model: its promotions, and all that happened while it was the live
    one.
    """
    for intent in deployment.intents:
        if intent.subject == model:
            yield intent.index
            yield from (outcome.index for outcome in intent.outcomes)
    others = {
        index
        for intent in deployment.intents
        if intent.subject != model
        for index in (intent.index, *(outcome.index for outcome in intent.outcomes))
    }
    for index in catalog.by_subject[deployment.subject]:
        before = [live for live in deployment.lives if live.index <= index]
        if before and before[-1].subject == model and index not in others:
            yield index


def _follow(catalog: Catalog, found: set[int]) -> None:
    """Add the requests and decisions that found requests, decisions and promotions rest on, until none is missing."""
    intents = [intent for deployment in catalog.deployments.values() for intent in deployment.intents]
    citing_requests = [(item.index, item.request) for item in catalog.decisions.values()]
    citing_requests += [(item.index, item.request) for item in intents]
    citing_decisions = [(item.index, item.decision) for item in catalog.requests.values()]
    citing_decisions += [(item.index, item.decision) for item in intents]
    size = 0
    while size != len(found):
        size = len(found)
        requests = {request for index, request in citing_requests if index in found and request is not None}
        decisions = {decision for index, decision in citing_decisions if index in found}
        found.update(*(catalog.by_subject[request] for request in requests))
        found.update(catalog.decisions[decision].index for decision in decisions)


def _add_people(catalog: Catalog, found: set[int]) -> None:
    """Add every entry about the people found entries name, and about those who enrolled or revoked these."""
    named = dict(_named(catalog))
    queue = set(found)
    while queue:
        index = queue.pop()
        for person in (catalog.actors[index], *named.get(index, ())):
            entries = set(catalog.by_subject.get(f"person/{person}", ()))
            queue |= entries - found
            found |= entries


def _named(catalog: Catalog) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Entries that name people other than their actor, with the accounts they name."""
    for person in catalog.people.values():
        for index in catalog.by_subject.get(f"person/{person.id}", ()):
            yield index, person.owners
    for dataset in catalog.datasets.values():
        yield dataset.index, (dataset.owner, dataset.supplier)
    for run in catalog.runs.values():
        yield run.index, run.authors
    for model in catalog.models.values():
        yield model.index, (model.owner,)
    for request in catalog.requests.values():
        yield from ((answer.index, (answer.person,)) for answer in request.answers)
