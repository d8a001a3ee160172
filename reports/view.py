"""Builds the view of a model's dossier from one verified reading of the ledger."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from governance.bundle import Bundle
from governance.catalog import Catalog
from governance.deployment import Deployment
from governance.desk import Reading
from governance.facts import is_confirmed
from governance.lineage import closure, lineage, makers
from governance.ports import Blobs
from governance.subject import SubjectKind, require
from ledger.entry import base64
from reports import view_judged, view_made, view_measured
from reports.dossier import Command, DossierView, ProofView, WindowView
from reports.view_events import events


@dataclass(frozen=True, slots=True)
class Sources:
    """What a dossier is computed from: a verified reading, the blobs it names, the policy in force, and the log's
    verifier key (vkey).
    """

    reading: Reading
    blobs: Blobs
    bundle: Bundle
    vkey: str


def dossier_view(sources: Sources, subject: str) -> DossierView:
    """The view of a model version, such as `model/credit@2`.

    Raises InputError for anything else or an unknown model, IntegrityError when a document is lost or altered.
    The time of the reading does not enter: the same entries, blobs and policy give the same view.
    """
    require(subject, SubjectKind.MODEL)
    catalog, blobs = sources.reading.catalog, sources.blobs
    line, made = lineage(catalog, subject), makers(catalog, subject)
    model, run = catalog.models[subject], catalog.runs[catalog.models[subject].run]
    indices = frozenset(closure(catalog, subject))
    entries = [entry for entry in sources.reading.entries if entry.index in indices]
    targets = _targets(catalog, subject)
    filed = [request for request in catalog.requests.values() if request.index in indices]
    measured = [item for held in catalog.evidence.values() for item in held if item.subject == subject]
    return DossierView(
        subject=subject,
        digest=model.digest,
        owner=model.owner,
        registered_at=model.recorded_at,
        tier=model.tier,
        decides_on_people=model.decides_on_people,
        confirmed=is_confirmed(catalog, model, made),
        standing=view_judged.standing(targets, subject),
        as_of=entries[-1].recorded_at,
        run=view_made.run(run),
        proof=_proof(sources, indices),
        datasets=view_made.datasets(line, blobs),
        thresholds=view_made.thresholds(line.thresholds, run.index),
        evidence=view_measured.evidence(measured, blobs, line.thresholds, _parity_limit(sources.bundle)),
        decisions=view_judged.decisions((d for d in catalog.decisions.values() if d.index in indices), blobs),
        requests=view_judged.requests(catalog, filed, made, entries[-1].recorded_at),
        deployments=view_judged.deployments(targets, indices),
        windows=_windows(catalog, blobs, targets, subject),
        events=events(entries),
        verify=_commands(sources.vkey, subject),
        makers=tuple(sorted(made.people)),
    )


def _targets(catalog: Catalog, model: str) -> tuple[Deployment, ...]:
    """The deployments at which the model was ever to serve."""
    return tuple(
        deployment
        for _, deployment in sorted(catalog.deployments.items())
        if any(intent.subject == model for intent in deployment.intents)
    )


def _windows(catalog: Catalog, blobs: Blobs, targets: tuple[Deployment, ...], model: str) -> tuple[WindowView, ...]:
    return tuple(
        window
        for deployment in targets
        for window in view_measured.windows(
            deployment, catalog.evidence.get((deployment.subject, "drift-window"), ()), blobs, model
        )
    )


def _parity_limit(bundle: Bundle) -> str:
    limit = bundle.params.get("parity_difference_limit")
    return limit if isinstance(limit, str) else ""


def _proof(sources: Sources, indices: frozenset[int]) -> ProofView:
    state, catalog = sources.reading.state, sources.reading.catalog
    return ProofView(
        origin=catalog.origin,
        log_id=catalog.log_id,
        mode=catalog.mode,
        checkpoint_size=state.checkpoint_size,
        root=base64(state.root),
        vkey=sources.vkey,
        entries=len(indices),
        first_index=min(indices),
        last_index=max(indices),
        size=state.size,
    )


def _commands(vkey: str, subject: str) -> tuple[Command, ...]:
    key, name = shlex.quote(vkey), subject.partition("/")[2].replace("@", "-")
    return (
        Command(
            "Check the whole ledger against the key and a checkpoint you kept from before:",
            f"qayd ledger verify --key {key} --checkpoint older.note",
        ),
        Command(
            "Export everything about this model, with proofs, into one file:",
            f"qayd trail export {name}.zip --subject {subject}",
        ),
        Command(
            "Verify that file offline, with no access to the ledger:",
            f"qayd trail verify {name}.zip --key {key} --checkpoint older.note",
        ),
    )
