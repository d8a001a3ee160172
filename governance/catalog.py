"""The catalog: what a verified sequence of entries comes to. `fold` is pure; its result never changes.

Commands never write what cannot be: a model of an unknown run, one decision twice, an officer who enrols themselves.
Where the ledger holds such a thing somebody wrote past them, so `fold` raises `IntegrityError` at that entry and
nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

from governance import deployment as deployments
from governance.deployment import Deployment
from governance.fold import judging, making, people
from governance.fold.state import HINT, State, opened, refuse
from governance.people import Mode, Person
from governance.views import Dataset, Decided, Evidence, Filed, Model, Retraining, Run, Tenant, Thresholds
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that was recorded, by subject (`decisions` by id). Mappings are read-only, tuples in order of
    entries.

    `size` is one more than the last index seen; `by_subject` has the indices of all entries of a subject.
    """

    size: int
    mode: Mode
    origin: str
    log_id: str
    tenant: Tenant
    people: Mapping[str, Person]
    datasets: Mapping[str, Dataset]
    thresholds: Mapping[str, tuple[Thresholds, ...]]
    runs: Mapping[str, Run]
    models: Mapping[str, Model]
    evidence: Mapping[tuple[str, str], tuple[Evidence, ...]]
    decisions: Mapping[str, Decided]
    requests: Mapping[str, Filed]
    deployments: Mapping[str, Deployment]
    retraining: tuple[Retraining, ...]
    actors: Mapping[int, str]
    by_subject: Mapping[str, tuple[int, ...]]
    leaves: Mapping[int, bytes]

    def thresholds_before(self, name: str, index: int) -> Thresholds | None:
        """The newest thresholds of a model name (`model/x`) that were registered before `index`."""
        before = [item for item in self.thresholds.get(name, ()) if item.index < index]
        return before[-1] if before else None

    def evidence_of(self, subject: str, kind: str, digest: str) -> tuple[Evidence, ...]:
        """All evidence of a kind about a subject, bound to exactly this digest."""
        return tuple(item for item in self.evidence.get((subject, kind), ()) if item.digest == digest)

    def decisions_on(self, subject: str, gate: str | None = None) -> tuple[Decided, ...]:
        """All decisions on a subject, at one gate or at any."""
        return tuple(item for item in self.decisions.values() if item.subject == subject and gate in (None, item.gate))

    def requests_for(self, subject: str) -> tuple[Filed, ...]:
        """All requests that concern a subject."""
        return tuple(item for item in self.requests.values() if item.concerns == subject)


def fold(entries: Iterable[Entry]) -> Catalog:
    """The catalog of verified entries, which start with entry 0.

    A selection will do as long as it is closed under reference, as `lineage.closure` is. Raises IntegrityError at the
    first entry that Qayd's commands would never have written, or that this version does not know.
    """
    state: State | None = None
    for entry in entries:
        if state is None:
            state = opened(entry)
        elif entry.index < state.size:
            raise IntegrityError(Kind.REORDERED, "an entry follows a later one", entry.index, HINT)
        elif entry.type not in _IGNORED:
            step = _STEPS.get(entry.type)
            if step is None:
                refuse(entry, "this version of Qayd does not know such events")
            state.size = entry.index
            step(state, entry)
        state.note(entry)
    if state is None:
        raise IntegrityError(Kind.MISSING, "the ledger has no entry 0", 0, HINT)
    return _catalog(state)


_IGNORED: Final = frozenset({"report.issued.v1", "trail.exported.v1", "source.heartbeat.v1", "ledger.closed.v1"})
_STEPS: Final[Mapping[str, Callable[[State, Entry], None]]] = {
    "person.enrolled.v1": people.person_enrolled,
    "person.revoked.v1": people.person_revoked,
    "dataset.registered.v1": making.dataset_registered,
    "pii.scanned.v1": making.pii_scanned,
    "pii.transformed.v1": making.pii_transformed,
    "threshold.registered.v1": making.threshold_registered,
    "training.started.v1": making.training_started,
    "training.completed.v1": making.training_completed,
    "model.registered.v1": making.model_registered,
    "model.classification_confirmed.v1": making.classification_confirmed,
    "evidence.measured.v1": judging.evidence_recorded,
    "evidence.declared.v1": judging.evidence_recorded,
    "policy.decided.v1": judging.decided,
    "promotion.requested.v1": judging.requested,
    "approval.granted.v1": judging.answered,
    "approval.rejected.v1": judging.answered,
    **dict.fromkeys(deployments.TYPES, judging.deployed),
    "retraining.requested.v1": judging.retraining_requested,
}


def _catalog(state: State) -> Catalog:
    return Catalog(
        size=state.size,
        mode=state.mode,
        origin=state.origin,
        log_id=state.log_id,
        tenant=state.tenant,
        people=MappingProxyType(state.people),
        datasets=MappingProxyType(state.datasets),
        thresholds=_frozen(state.thresholds),
        runs=MappingProxyType(state.runs),
        models=MappingProxyType(state.models),
        evidence=_frozen(state.evidence),
        decisions=MappingProxyType(state.decisions),
        requests=MappingProxyType(state.requests),
        deployments=MappingProxyType(state.deployments),
        retraining=tuple(state.retraining),
        actors=MappingProxyType(state.actors),
        by_subject=_frozen(state.by_subject),
        leaves=MappingProxyType(state.leaves),
    )


_Key = TypeVar("_Key")
_View = TypeVar("_View")


def _frozen(lists: Mapping[_Key, Sequence[_View]]) -> Mapping[_Key, tuple[_View, ...]]:
    return MappingProxyType({key: tuple(values) for key, values in lists.items()})
