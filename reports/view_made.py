"""What a model was made of: its data sets, its training run, the thresholds it had to reach."""

from __future__ import annotations

from governance.lineage import Lineage
from governance.ports import Blobs
from governance.views import Dataset, Run, Thresholds
from ledger.canonical import DOCUMENT_BYTES, decode
from ledger.errors import IntegrityError, Kind
from reports.dossier import DatasetView, RunView, ThresholdView


def datasets(line: Lineage, blobs: Blobs) -> tuple[DatasetView, ...]:
    """The data sets of a lineage, from the first to the one used. Raises IntegrityError when a card is lost."""
    return tuple(_dataset(dataset, blobs) for dataset in reversed(line.datasets))


def _dataset(dataset: Dataset, blobs: Blobs) -> DatasetView:
    provider, realm, region = dataset.location
    card = decode(blobs.get(dataset.card), max_bytes=DOCUMENT_BYTES)
    if not isinstance(card, dict):
        raise IntegrityError(Kind.ALTERED, f"the card of {dataset.subject} is no card", dataset.index)
    return DatasetView(
        subject=dataset.subject,
        digest=dataset.digest,
        rows=dataset.rows,
        columns=dataset.columns,
        owner=dataset.owner,
        purpose=dataset.purpose,
        legal_basis=dataset.legal_basis,
        labels=dataset.labels,
        provider=provider,
        realm=realm,
        region=region,
        retention_days=dataset.retention_days,
        registered_at=dataset.recorded_at,
        index=dataset.index,
        identified_columns=-1 if dataset.scan is None else dataset.scan.identified_columns,
        unclassified_columns=-1 if dataset.scan is None else dataset.scan.unclassified_columns,
        derived_from=dataset.derived_from or "",
        transformed=dataset.transformation is not None,
        source=str(card.get("source", "")),
        licence=str(card.get("licence", "")),
    )


def run(made: Run) -> RunView:
    """The training run as the ledger has it."""
    completion = made.completion
    return RunView(
        subject=made.subject,
        dataset=made.dataset,
        dataset_digest=made.dataset_digest,
        revision=made.revision,
        dirty=made.dirty,
        environment=made.environment,
        authors=made.authors,
        seed=made.seed,
        gated=made.gated,
        started_at=made.recorded_at,
        index=made.index,
        exit_code=None if completion is None else completion.exit_code,
        duration_ms=0 if completion is None else completion.duration_ms,
    )


def thresholds(asked: Thresholds | None, trained_at: int) -> tuple[ThresholdView, ...]:
    """The registered thresholds; `trained_at` is the index at which training started."""
    if asked is None:
        return ()
    return tuple(
        ThresholdView(
            metric=str(item["metric"]),
            bound=str(item["bound"]),
            value=str(item["value"]),
            registered_at=asked.recorded_at,
            index=asked.index,
            before_training=asked.index < trained_at,
        )
        for item in asked.items
    )
