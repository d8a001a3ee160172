"""What the ledger says, as frozen values: one view per governed thing, each with the entry it rests on.

`index` and `recorded_at` are those of the entry; `actor` is who the ledger's door authenticated. `catalog.fold`
makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Tenant:
    """The tenant's establishment facts from entry 0 (CONTROLS 3)."""

    establishment: str
    licences: tuple[str, ...]
    sectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan for personal data, of the bytes with this digest."""

    digest: str
    report: str
    engine: str
    identified_columns: int
    unclassified_columns: int
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Transformation:
    """How a data set was made from another by taking identities out."""

    source: str
    source_digest: str
    digest: str
    report: str
    key_id: str
    columns: int
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A registered data set. `scan` is the newest of its own digest; `location` is (provider, realm, region)."""

    subject: str
    digest: str
    card: str
    rows: int
    columns: int
    owner: str
    supplier: str
    purpose: str
    legal_basis: str
    labels: tuple[str, ...]
    location: tuple[str, str, str]
    retention_days: int
    derived_from: str | None
    derived_digest: str | None
    actor: str
    index: int
    recorded_at: str
    scan: Scan | None = None
    transformation: Transformation | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a model of this name must reach, registered before its result is known."""

    name: str
    method: str
    folds: int
    seed: int
    data_digest: str
    dataset: str
    items: tuple[Mapping[str, Any], ...]
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Completion:
    """How a run ended. `artifacts` is None where it left nothing behind."""

    exit_code: int
    duration_ms: int
    artifacts: str | None
    report: str
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Run:
    """A training run: what went in, and, once over, what came out."""

    subject: str
    model: str
    dataset: str
    dataset_digest: str
    gated: bool
    decision: str | None
    revision: str
    dirty: bool
    environment: str
    manifest: str
    authors: tuple[str, ...]
    seed: int
    actor: str
    index: int
    recorded_at: str
    completion: Completion | None = None

    @property
    def id(self) -> str:
        """Its label, `run/...`."""
        return self.subject

    @property
    def exit_code(self) -> int | None:
        """The exit code of the command; None while it runs."""
        return None if self.completion is None else self.completion.exit_code

    @property
    def artifacts(self) -> str | None:
        """The digest of what it left behind; None while it runs, or where it left nothing."""
        return None if self.completion is None else self.completion.artifacts


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody confirmed a classification. Whether they made the model themselves is judged elsewhere."""

    digest: str
    tier: str
    decides_on_people: bool
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model and the classification its maker gave it."""

    subject: str
    name: str
    digest: str
    run: str
    owner: str
    tier: Literal["low", "medium", "high"]
    decides_on_people: bool
    actor: str
    index: int
    recorded_at: str
    confirmations: tuple[Confirmation, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence about `digest`; its content is the blob `content`. `tool` is None for a declaration."""

    subject: str
    kind: str
    measured: bool
    digest: str
    content: str
    method: str
    tool: str | None
    data_digest: str
    n: int
    measured_at: str
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A recorded decision; the whole of it is the blob `document`."""

    id: str
    subject: str
    gate: str
    target: str
    outcome: str
    document: str
    binding: str
    input: str
    bundle: str
    engine: str
    as_of: int
    request: str | None
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's signed yes or no to a request; `statement` and `signature` are blobs, `id` the entry's id."""

    id: str
    answer: Literal["approve", "reject"]
    person: str
    credential: str
    role: str
    binding: str
    statement: str
    signature: str
    expires: str
    actor: str
    index: int
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Filed:
    """A request put to people. `requires` is as recorded; `used_by` the promotion that used its approvals up."""

    subject: str
    gate: str
    kind: Literal["promotion", "resume"]
    concerns: str
    digest: str
    target: str
    binding: str
    packet: str
    decision: str
    deadline: str
    cause: str | None
    requires: Any
    requester: str
    index: int
    leaf_hash: bytes
    recorded_at: str
    answers: tuple[Answer, ...] = ()
    used_by: str | None = None

    @property
    def approvals(self) -> tuple[Answer, ...]:
        """Every yes, in the order recorded."""
        return tuple(answer for answer in self.answers if answer.answer == "approve")

    @property
    def rejections(self) -> tuple[Answer, ...]:
        """Every no, in the order recorded."""
        return tuple(answer for answer in self.answers if answer.answer == "reject")

    def expired(self, now: str) -> bool:
        """Whether the deadline has passed at `now`."""
        return now > self.deadline

    def open(self, now: str) -> bool:
        """Whether people may still answer it: neither used, nor rejected, nor expired."""
        return self.used_by is None and not self.rejections and not self.expired(now)


@dataclass(frozen=True, slots=True)
class Retraining:
    """Somebody, or monitoring, asked for a model to be trained again."""

    subject: str
    cause: str | None
    deployment: str | None
    actor: str
    index: int
    recorded_at: str
