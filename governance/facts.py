"""Facts: what is known about one subject at one gate, gathered into the document that policies judge.

Every fact comes from verified entries or from blobs they name, re-read by digest. The document holds pseudonyms,
digests and values that are about no person, so a decision replays after any erasure; it always fits
`gate_input.schema.json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from governance.bundle import Bundle
from governance.catalog import Catalog
from governance.configuration import Configuration
from governance.document import Document
from governance.errors import InputError
from governance.finding import Slots
from governance.gate_input import GATES, VERSION, encode_input
from governance.lineage import Lineage, Makers, lineage, makers
from governance.measured import MODEL_KINDS, Selected, select_evidence, select_windows
from governance.people import eligible, resolve
from governance.ports import Blobs, LedgerState
from governance.quorum import Feasibility, Member, feasibility
from governance.subject import Subject, SubjectKind, require
from governance.views import Dataset, Evidence, Model
from ledger.canonical import DOCUMENT_BYTES, decode, digest
from ledger.errors import IntegrityError, Kind, Refused

STRICTEST: Final = "high"
_KIND_AT: Final = {
    "ingest": SubjectKind.DATASET,
    "train": SubjectKind.DATASET,
    "register": SubjectKind.MODEL,
    "production": SubjectKind.MODEL,
    "in_production": SubjectKind.DEPLOYMENT,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a gate judges, and what the kernel needs beside it.

    `input` is the gate input and `raw` its canonical bytes. `evidence` is what was selected, one per kind at most,
    with `evidence_digests` their contents. `configuration` is None, and its digest empty, at gates that have none.
    `requires` is what the approval matrix asks for, `feasibility` whether the people there are could give it.
    """

    gate: str
    subject: str
    subject_digest: str
    target: str
    configuration: Configuration | None
    input: Document
    raw: bytes
    makers: frozenset[str]
    unresolved: frozenset[str]
    lineage_digest: str
    evidence: tuple[Evidence, ...]
    requires: tuple[Slots, ...]
    feasibility: Feasibility

    @property
    def input_digest(self) -> str:
        """The digest of the gate input."""
        return digest(self.raw)

    @property
    def configuration_digest(self) -> str:
        """The digest of the configuration, or empty."""
        return "" if self.configuration is None else self.configuration.digest

    @property
    def evidence_digests(self) -> tuple[str, ...]:
        """The contents of the selected evidence, sorted."""
        return tuple(sorted(item.content for item in self.evidence))


def gather(
    catalog: Catalog,
    blobs: Blobs,
    *,
    gate: str,
    subject: str,
    target: str = "",
    configuration: Configuration | None = None,
    now: str,
    state: LedgerState,
    bundle: Bundle,
) -> Facts:
    """Gather the facts about `subject` at `gate`.

    `target` and `configuration` are given at `production` and only there; at `in_production` they are those of what
    is live. Raises InputError (unknown gate or subject, wrong kind, missing or needless target or configuration),
    IntegrityError (a blob is lost, altered, or not what its entry says), PolicyFault (the facts do not fit the
    schema).
    """
    _check(gate, subject, target, configuration)
    line = lineage(catalog, subject)
    if gate == "in_production":
        target, configuration = _live(catalog, blobs, subject)
    made = makers(catalog, subject)
    selected = _select(catalog, blobs, line, bundle, now)
    confirmed = line.model is not None and is_confirmed(catalog, line.model, made)
    tier = line.model.tier if line.model is not None and confirmed else STRICTEST
    requires = bundle.approvals(gate, tier)
    possible = _possible(catalog, requires, made)
    document: Document = {
        "schema": VERSION,
        "gate": gate,
        "now": now,
        "tenant": _tenant(catalog),
        "subject": {"kind": str(_KIND_AT[gate]), "name": subject, "digest": line.digest},
        "target": target,
        "locations": _locations(line, configuration),
        "datasets": [_dataset(blobs, dataset, line.datasets[-1]) for dataset in line.datasets],
        "model": _model(line, confirmed),
        "thresholds": _thresholds(line),
        "evidence": selected.facts,
        "independence": _independence(made, possible),
        "monitoring": _monitoring(catalog, blobs, gate, subject, bundle),
        "ledger": _ledger(state),
    }
    return Facts(
        gate=gate,
        subject=subject,
        subject_digest=line.digest,
        target=target,
        configuration=configuration,
        input=document,
        raw=encode_input(document),
        makers=made.people,
        unresolved=made.unresolved,
        lineage_digest=line.digest_of(catalog),
        evidence=selected.evidence,
        requires=requires,
        feasibility=possible,
    )


def _possible(catalog: Catalog, requires: tuple[Slots, ...], made: Makers) -> Feasibility:
    """Whether the people enrolled now, but for the makers, could fill what is asked for."""
    members = [Member(person.id, person.roles) for person in eligible(catalog.people, catalog.size)]
    return feasibility(requires, members, made.people)


def _tenant(catalog: Catalog) -> Document:
    return {
        "mode": catalog.mode,
        "establishment": catalog.tenant.establishment,
        "licences": list(catalog.tenant.licences),
        "sectors": list(catalog.tenant.sectors),
    }


def _ledger(state: LedgerState) -> Document:
    return {
        "state": "verified",
        "verified_at": state.verified_at,
        "size": state.size,
        "checkpoint_size": state.checkpoint_size,
    }


def _check(gate: str, subject: str, target: str, configuration: Configuration | None) -> None:
    if gate not in GATES:
        raise InputError("there is no such gate", f"gates are {', '.join(GATES)}")
    require(subject, _KIND_AT[gate])
    if gate == "production":
        if not target or configuration is None:
            raise InputError("the gate production asks where to and how", "give --target NAME and --config FILE")
        Subject.deployment(target)
    elif target or configuration is not None:
        raise InputError(f"the gate {gate} takes neither target nor configuration", "leave them out")


def _live(catalog: Catalog, blobs: Blobs, subject: str) -> tuple[str, Configuration]:
    """Target and configuration of what is live, which `lineage` found to be something."""
    deployment = catalog.deployments[subject]
    intent = deployment.lives[-1]
    raw = blobs.get(intent.configuration)
    try:
        configuration = Configuration.decode(raw)
    except InputError as error:
        raise IntegrityError(Kind.ALTERED, f"what is live at {subject}: {error.message}", intent.index) from error
    if configuration.digest != intent.configuration:
        raise IntegrityError(Kind.ALTERED, f"the configuration live at {subject} was altered", intent.index)
    return deployment.target, configuration


def _select(catalog: Catalog, blobs: Blobs, line: Lineage, bundle: Bundle, now: str) -> Selected:
    if line.model is None:
        return Selected((), {kind: {"state": "missing"} for kind in MODEL_KINDS})
    return select_evidence(catalog, blobs, line.model, line.thresholds, bundle, now)


def is_confirmed(catalog: Catalog, model: Model, made: Makers) -> bool:
    """Whether somebody who made nothing of it confirmed the classification exactly as it is."""
    wanted = (model.digest, model.tier, model.decides_on_people)
    for item in model.confirmations:
        if (item.digest, item.tier, item.decides_on_people) == wanted:
            people = resolve(catalog.people, (item.actor,))
            if not people.unresolved and not people.natural & made.people:
                return True
    return False


def _location(use: str, place: tuple[str, str, str]) -> Document:
    provider, realm, region = place
    return {"use": use, "provider": provider, "realm": realm, "region": region}


def _locations(line: Lineage, configuration: Configuration | None) -> list[Document]:
    """Where the data is stored and where the model serves, each place once."""
    places = {("storage", dataset.location) for dataset in line.datasets}
    if configuration is not None:
        places.add(("serving", configuration.location))
    return [_location(use, place) for use, place in sorted(places)]


def _dataset(blobs: Blobs, dataset: Dataset, root: Dataset) -> Document:
    source, licence = _card(blobs, dataset)
    return {
        "subject": dataset.subject,
        "digest": dataset.digest,
        "purpose": dataset.purpose,
        "legal_basis": dataset.legal_basis,
        "labels": list(dataset.labels),
        "location": _location("storage", dataset.location),
        "retention_days": dataset.retention_days,
        "registered_at": dataset.recorded_at,
        "pii": _pii(dataset),
        "provenance": {"root_known": root.derived_from is None, "source": source, "licence": licence},
    }


def _pii(dataset: Dataset) -> Document:
    if dataset.scan is None:
        return {"state": "missing", "transformed": dataset.transformation is not None}
    return {
        "state": "measured",
        "identified_columns": dataset.scan.identified_columns,
        "unclassified_columns": dataset.scan.unclassified_columns,
        "transformed": dataset.transformation is not None,
        "recorded_at": dataset.scan.recorded_at,
    }


def _card(blobs: Blobs, dataset: Dataset) -> tuple[str, str]:
    """Source and licence from the data set's card."""
    raw = blobs.get(dataset.card)
    try:
        card = decode(raw, max_bytes=DOCUMENT_BYTES)
        if digest(raw) == dataset.card and isinstance(card["source"], str) and isinstance(card["licence"], str):
            return card["source"], card["licence"]
    except (Refused, KeyError, TypeError) as error:
        raise IntegrityError(Kind.ALTERED, f"the card of {dataset.subject} is no card", dataset.index) from error
    raise IntegrityError(Kind.ALTERED, f"the card of {dataset.subject} was altered", dataset.index)


def _model(line: Lineage, confirmed: bool) -> Document | None:
    model, run = line.model, line.run
    if model is None or run is None:
        return None
    return {
        "subject": model.subject,
        "digest": model.digest,
        "tier": model.tier,
        "decides_on_people": model.decides_on_people,
        "confirmed": confirmed,
        "training": {
            "run": run.subject,
            "gated": run.gated,
            "succeeded": run.exit_code == 0,
            "revision": run.revision,
            "dirty": run.dirty,
            "environment": run.environment,
            "artifact_matches": run.artifacts == model.digest,
            "started_index": run.index,
        },
    }


def _thresholds(line: Lineage) -> Document:
    if line.thresholds is None or line.run is None:
        return {"state": "missing"}
    return {
        "state": "registered",
        "index": line.thresholds.index,
        "before_training": line.thresholds.index < line.run.index,
        "method": line.thresholds.method,
        "folds": line.thresholds.folds,
        "seed": line.thresholds.seed,
        "data_digest": line.thresholds.data_digest,
        "items": [dict(item) for item in line.thresholds.items],
    }


def _independence(made: Makers, possible: Feasibility) -> Document:
    return {
        "feasible": possible.feasible,
        "unresolved": sorted(made.unresolved),
        "makers": sorted(made.people),
        "eligible": [{"role": role.role, "count": role.count, "available": role.available} for role in possible.roles],
    }


def _monitoring(catalog: Catalog, blobs: Blobs, gate: str, subject: str, bundle: Bundle) -> Document | None:
    if gate != "in_production":
        return None
    return select_windows(catalog, blobs, catalog.deployments[subject], bundle)
