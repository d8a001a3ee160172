"""Registering, classifying and describing model versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapters.operations.subjects import find_version
from adapters.operations.training import model_name
from governance.errors import InputError, NotPermitted
from governance.lineage import makers
from governance.people import resolve
from governance.subject import registration_claim
from ledger.schema import Sealed

if TYPE_CHECKING:
    from adapters.wiring import Home
    from governance.views import Model, Run


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered model version: its subject, digest, the entry that says so, and whether it was there before."""

    subject: str
    digest: str
    index: int
    status: str


def register(
    home: Home, name: str, run: str | None, *, tier: str, decides_on_people: bool, intended_use: str = ""
) -> Registered:
    """Register the artifacts of a run as the model's next version; the same run again is answered `present`."""
    actor, catalog = home.actor(), home.catalog()
    model = model_name(name)
    finished, digest = _run(home, name, run)
    for known in catalog.models.values():
        if known.run == finished.subject:
            _check_same(known, tier, decides_on_people)
            return Registered(known.subject, known.digest, known.index, "present")
    version = 1 + sum(1 for subject in catalog.models if subject.startswith(f"{model}@"))
    subject = f"{model}@{version}"
    data: dict[str, Any] = {
        "digest": digest,
        "run": finished.subject,
        "owner": actor,
        "tier": tier,
        "decides_on_people": decides_on_people,
    }
    if intended_use:
        data["intended_use"] = Sealed(intended_use, actor)
    event = home.event("model.registered.v1", subject, data, claim=registration_claim(subject))
    receipt = home.append(event, as_of=catalog.size, keys={subject, finished.subject})[0]
    return Registered(subject, digest, receipt.index, "registered")


def _check_same(model: Model, tier: str, decides_on_people: bool) -> None:
    """Raise InputError unless this is how the maker classified the model; another word about it would not count."""
    if (model.tier, model.decides_on_people) != (tier, decides_on_people):
        people = "decides on people" if model.decides_on_people else "does not decide on people"
        raise InputError(
            f"{model.subject} is registered as tier {model.tier}, and that it {people}",
            "say the same, or train again and register that run with another classification",
        )


def _run(home: Home, name: str, run: str | None) -> tuple[Run, str]:
    """The run asked for (the model's latest by default) and the digest of its artifacts."""
    model, runs = model_name(name), home.catalog().runs
    if run is None:
        mine = [r for r in runs.values() if r.model == model]
        if not mine:
            raise InputError(f"{model} was never trained", f"run `qayd training run {name} --dataset ... -- COMMAND`")
        found = max(mine, key=lambda r: r.index)
    else:
        named = runs.get(run if run.startswith("run/") else f"run/{run}")
        if named is None or named.model != model:
            raise InputError(f"{model} has no training run {run}", "see what `qayd training run` printed")
        found = named
    completion = found.completion
    if completion is None or completion.exit_code != 0 or completion.artifacts is None:
        raise InputError(
            f"{found.subject} did not succeed or left no artifacts",
            "train again; the command writes its artifacts to {out}",
        )
    return found, completion.artifacts


def find(home: Home, name: str) -> Model:
    """The model version named `model/x@1`, `x@1`, or `x` (its newest version). Raises InputError."""
    return find_version(home.catalog().models, "model", name, "see `qayd model show`, or register it first")


def confirm(home: Home, name: str, *, tier: str, decides_on_people: bool) -> int:
    """Confirm a model's classification as it was registered, as somebody who did not make it (nor answers for an
    account of somebody who did). Returns the entry's index. Raises InputError, NotPermitted.
    """
    actor, catalog, model = home.actor(), home.catalog(), find(home, name)
    _check_same(model, tier, decides_on_people)
    behind = resolve(catalog.people, (actor,))
    if behind.unresolved or behind.natural & makers(catalog, model.subject).people:
        raise NotPermitted(f"you made {model.subject}, so you cannot confirm its classification", "ask somebody else")
    data = {"digest": model.digest, "tier": tier, "decides_on_people": decides_on_people}
    event = home.event("model.classification_confirmed.v1", model.subject, data)
    return home.append(event, as_of=catalog.size, keys={model.subject, f"person/{actor}"})[0].index


def describe(home: Home, model: Model) -> dict[str, Any]:
    """A model version as a document: identity, classification, lineage, where it is live."""
    catalog = home.catalog()
    run = catalog.runs[model.run]
    live = [d.target for d in catalog.deployments.values() if d.live is not None and d.live.subject == model.subject]
    return {
        "subject": model.subject,
        "digest": model.digest,
        "tier": model.tier,
        "decides_on_people": model.decides_on_people,
        "run": model.run,
        "dataset": run.dataset,
        "dataset_digest": run.dataset_digest,
        "revision": run.revision,
        "environment": run.environment,
        "gated": run.gated,
        "registered_at": model.recorded_at,
        "makers": sorted(makers(catalog, model.subject).people),
        "live_at": sorted(live),
    }
