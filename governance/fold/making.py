"""Steps about what is made: data sets, thresholds, runs and models."""

from __future__ import annotations

from dataclasses import replace

from governance.fold.state import State, known, new, refuse, same
from governance.views import Completion, Confirmation, Dataset, Model, Run, Scan, Thresholds, Transformation
from ledger.entry import Entry


def dataset_registered(state: State, entry: Entry) -> None:
    """A data set was registered by its digest; what it derives from was registered before."""
    data = entry.data
    new(entry, state.datasets, entry.subject)
    source, source_digest = data.get("derived_from"), data.get("derived_digest")
    if source is not None:
        ancestor = known(entry, state.datasets, source, "a data set")
        same(entry, source_digest or "", ancestor.digest, "the data set it derives from")
    state.datasets[entry.subject] = Dataset(
        subject=entry.subject,
        digest=data["digest"],
        card=data["card"],
        rows=data["rows"],
        columns=data["columns"],
        owner=data["owner"],
        supplier=data["supplier"],
        purpose=data["purpose"],
        legal_basis=data["legal_basis"],
        labels=tuple(data["labels"]),
        location=(data["provider"], data["realm"], data["region"]),
        retention_days=data["retention_days"],
        derived_from=source,
        derived_digest=source_digest,
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )


def pii_scanned(state: State, entry: Entry) -> None:
    """The bytes of a registered data set were scanned for personal data."""
    data = entry.data
    dataset = known(entry, state.datasets, entry.subject, "a data set")
    same(entry, data["digest"], dataset.digest, "the data set")
    scan = Scan(
        digest=data["digest"],
        report=data["report"],
        engine=data["engine"],
        identified_columns=data["identified_columns"],
        unclassified_columns=data["unclassified_columns"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    state.datasets[entry.subject] = replace(dataset, scan=scan)


def pii_transformed(state: State, entry: Entry) -> None:
    """A registered data set was made from the one it derives from by taking identities out."""
    data = entry.data
    dataset = known(entry, state.datasets, entry.subject, "a data set")
    source = known(entry, state.datasets, data["source"], "a data set")
    same(entry, data["digest"], dataset.digest, "the data set")
    same(entry, data["source_digest"], source.digest, "the data set it was made from")
    if dataset.derived_from != source.subject:
        refuse(entry, "it names another source than the data set's registration")
    transformation = Transformation(
        source=data["source"],
        source_digest=data["source_digest"],
        digest=data["digest"],
        report=data["report"],
        key_id=data["key_id"],
        columns=data["columns"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    state.datasets[entry.subject] = replace(dataset, transformation=transformation)


def threshold_registered(state: State, entry: Entry) -> None:
    """Thresholds were set for a model name, on a registered data set."""
    data = entry.data
    dataset = known(entry, state.datasets, data["dataset"], "a data set")
    same(entry, data["data_digest"], dataset.digest, "the data set")
    if not isinstance(data["items"], list) or not all(isinstance(item, dict) for item in data["items"]):
        refuse(entry, "its items are not a list of objects")
    state.thresholds[entry.subject].append(
        Thresholds(
            name=entry.subject,
            method=data["method"],
            folds=data["folds"],
            seed=data["seed"],
            data_digest=data["data_digest"],
            dataset=data["dataset"],
            items=tuple(data["items"]),
            actor=entry.actor,
            index=entry.index,
            recorded_at=entry.recorded_at,
        )
    )


def training_started(state: State, entry: Entry) -> None:
    """A run began on a registered data set; where it was gated, under a recorded decision."""
    data = entry.data
    new(entry, state.runs, entry.subject)
    dataset = known(entry, state.datasets, data["dataset"], "a data set")
    same(entry, data["dataset_digest"], dataset.digest, "the data set")
    decision = data.get("decision")
    if data["gated"] != (decision is not None):
        refuse(entry, "it is gated without naming a decision, or names one without being gated")
    if decision is not None:
        permit = known(entry, state.decisions, decision, "a decision")
        if (permit.gate, permit.subject, permit.outcome) != ("train", dataset.subject, "allow"):
            refuse(entry, "the decision it names does not allow this training")
    state.runs[entry.subject] = Run(
        subject=entry.subject,
        model=data["model"],
        dataset=data["dataset"],
        dataset_digest=data["dataset_digest"],
        gated=data["gated"],
        decision=decision,
        revision=data["revision"],
        dirty=data["dirty"],
        environment=data["environment"],
        manifest=data["manifest"],
        authors=tuple(data["authors"]),
        seed=data["seed"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )


def training_completed(state: State, entry: Entry) -> None:
    """A run ended, once."""
    data = entry.data
    run = known(entry, state.runs, entry.subject, "a run")
    if run.completion is not None:
        refuse(entry, "the run had ended before")
    completion = Completion(
        exit_code=data["exit_code"],
        duration_ms=data["duration_ms"],
        artifacts=data.get("artifacts"),
        report=data["report"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    state.runs[entry.subject] = replace(run, completion=completion)


def model_registered(state: State, entry: Entry) -> None:
    """A model came out of a run of its name. That its digest is the run's artifacts' is judged at the gates."""
    data = entry.data
    new(entry, state.models, entry.subject)
    run = known(entry, state.runs, data["run"], "a run")
    name = entry.subject.partition("@")[0]
    if run.model != name:
        refuse(entry, "the run it names trained another model")
    state.models[entry.subject] = Model(
        subject=entry.subject,
        name=name,
        digest=data["digest"],
        run=data["run"],
        owner=data["owner"],
        tier=data["tier"],
        decides_on_people=data["decides_on_people"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )


def classification_confirmed(state: State, entry: Entry) -> None:
    """Somebody confirmed a model's classification; lineage says later whether it counts."""
    data = entry.data
    model = known(entry, state.models, entry.subject, "a model")
    same(entry, data["digest"], model.digest, "the model")
    confirmation = Confirmation(
        digest=data["digest"],
        tier=data["tier"],
        decides_on_people=data["decides_on_people"],
        actor=entry.actor,
        index=entry.index,
        recorded_at=entry.recorded_at,
    )
    state.models[entry.subject] = replace(model, confirmations=(*model.confirmations, confirmation))
