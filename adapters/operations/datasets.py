"""Registering, scanning and pseudonymising data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.datasets.digest import digest_file
from adapters.datasets.read import read_table
from adapters.datasets.write import write_table
from adapters.operations import people
from adapters.operations.documents import get_document, put_document
from adapters.operations.subjects import find_version
from adapters.storage.places import recall, remember
from governance.errors import InputError
from governance.subject import Subject, registration_claim

if TYPE_CHECKING:
    from adapters.datasets.table import Table
    from adapters.privacy.report import ScanReport
    from adapters.wiring import Home
    from governance.views import Dataset

CARD = "qayd/dataset-card/v1"
KEY_ID = "k1"


@dataclass(frozen=True, slots=True)
class Registration:
    """What the registrant says about a data set (everything the file itself cannot tell).

    `location` is (provider, realm, region); `label` and `positive` name the outcome column and its favourable
    value; `protected` the columns fairness is measured by; `classes` the registrant's own column classes.
    """

    purpose: str
    legal_basis: str
    location: tuple[str, str, str]
    retention_days: int
    label: str | None = None
    positive: str | None = None
    protected: Sequence[str] = ()
    labels: Sequence[str] = ()
    classes: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    licence: str = ""
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered data set: its subject, digest and the entry that says so."""

    subject: str
    digest: str
    rows: int
    columns: int
    index: int
    status: str


def register(home: Home, name: str, file: Path, said: Registration) -> Registered:
    """Register a CSV by its digest as the next version of `name`; the same file again is answered `present`."""
    table = read_table(file)
    _check_columns(table, said)
    return _append(home, name, table, _card(table, said), said, file, {})


def _append(
    home: Home,
    name: str,
    table: Table,
    card: dict[str, Any],
    said: Registration,
    file: Path,
    extra: dict[str, Any],
) -> Registered:
    actor, catalog = home.actor(), home.catalog()
    provider, realm, region = said.location
    data = {
        "digest": table.digest,
        "card": put_document(home, card),
        "rows": table.height,
        "columns": len(table.names),
        "owner": people.resolve(home, said.owner) if said.owner else actor,
        "supplier": actor,
        "purpose": said.purpose,
        "legal_basis": said.legal_basis,
        "labels": sorted(set(said.labels)),
        "provider": provider,
        "realm": realm,
        "region": region,
        "retention_days": said.retention_days,
        **extra,
    }
    remember(home.layout, table.digest, file)
    subject, known = _next_version(home, name, data)
    if known is not None:
        return Registered(subject, table.digest, table.height, len(table.names), known, "present")
    event = home.event("dataset.registered.v1", subject, data, claim=registration_claim(subject))
    receipt = home.append(event, as_of=catalog.size, keys={subject})[0]
    return Registered(subject, table.digest, table.height, len(table.names), receipt.index, "registered")


def _next_version(home: Home, name: str, data: Mapping[str, Any]) -> tuple[str, int | None]:
    """The subject of the next version, or the one of which just this was said before, with its entry's index.

    The same bytes with something else said of them (a source that was forgotten, say) are another version.
    """
    Subject.parse(f"dataset/{name}@1")
    datasets, version = home.catalog().datasets, 1
    while (subject := f"dataset/{name}@{version}") in datasets:
        known = datasets[subject]
        if known.digest == data["digest"] and home.ledger.entries()[known.index].data == data:
            return subject, known.index
        version += 1
    return subject, None


def _check_columns(table: Table, said: Registration) -> None:
    named = [*(c for c in (said.label,) if c), *said.protected, *said.classes]
    for column in named:
        if column not in table.names:
            raise InputError(f"the file has no column {column!r}", f"its columns: {', '.join(table.names[:40])}")
    if said.label and said.positive is not None and said.positive not in table.column(said.label):
        raise InputError("the positive value given never occurs in the label column", "check --positive")
    if said.label and said.positive is None:
        raise InputError("a label column needs its favourable value", "give --positive VALUE")


def _card(table: Table, said: Registration) -> dict[str, Any]:
    return {
        "v": CARD,
        "columns": list(table.names),
        "label": said.label or "",
        "positive": said.positive or "",
        "protected": list(said.protected),
        "classes": [{"column": c, "class": k} for c, k in sorted(said.classes.items())],
        "source": said.source,
        "licence": said.licence,
    }


def find(home: Home, name: str) -> Dataset:
    """The data set named `dataset/x@1`, `x@1`, or `x` (its newest version). Raises InputError."""
    return find_version(home.catalog().datasets, "dataset", name, "see `qayd dataset show`, or register it first")


def read_card(home: Home, dataset: Dataset) -> dict[str, Any]:
    """The card of a registered data set."""
    return get_document(home, dataset.card)


def verified_file(home: Home, dataset: Dataset, file: Path | None = None) -> Path:
    """The data set's file, its bytes checked against the registered digest. Raises InputError when they differ."""
    path = file or recall(home.layout, dataset.digest)
    if path is None or not path.exists():
        where = "not known here" if path is None else f"not at {path}"
        raise InputError(f"the file of {dataset.subject} is {where}", "say where it is now with --file")
    actual = digest_file(path).digest
    if actual != dataset.digest:
        raise InputError(
            f"{path} is not {dataset.subject}: its digest is {actual}, registered was {dataset.digest}",
            "give the file that was registered, or register this one as a new version",
        )
    return path


def scan(home: Home, name: str, file: Path | None = None) -> tuple[Dataset, dict[str, Any]]:
    """Scan a data set for personal data with Presidio and record the report. Returns (data set, report)."""
    home.actor()
    dataset = find(home, name)
    table = read_table(verified_file(home, dataset, file))
    document = _scan_report(home, dataset, table).document()
    _record_scan(home, dataset.subject, dataset.digest, document)
    return dataset, document


def _scan_report(home: Home, dataset: Dataset, table: Table) -> ScanReport:
    from adapters.privacy.scan import scan as scan_table

    card = read_card(home, dataset)
    declared = {item["column"]: item["class"] for item in card["classes"]}
    if card["label"]:
        declared.setdefault(card["label"], "label")
    return scan_table(table, declared)


def _record_scan(home: Home, subject: str, digest: str, document: dict[str, Any]) -> None:
    data = {
        "digest": digest,
        "report": put_document(home, document),
        "engine": document["engine"],
        "identified_columns": document["identified_columns"],
        "unclassified_columns": document["unclassified_columns"],
    }
    home.append(home.event("pii.scanned.v1", subject, data))


def anonymise(
    home: Home, name: str, out: Path, *, drop: Sequence[str] = (), file: Path | None = None
) -> tuple[Registered, dict[str, Any]]:
    """Pseudonymise the identifying columns into `out`, register that as the next version, and scan it again.

    The tokens are keyed (HMAC-SHA-256) with the home's pseudonym key, so equal values stay joinable within this home.
    """
    from adapters.privacy.pseudonymise import pseudonymise

    home.actor()
    dataset = find(home, name)
    table = read_table(verified_file(home, dataset, file))
    key = home.pseudonym_key()
    domain = dataset.subject.partition("@")[0]
    changed, report = pseudonymise(table, _scan_report(home, dataset, table), key, KEY_ID, domain, drop)
    if not report.changes:
        raise InputError(
            f"no column of {dataset.subject} identifies anybody, so there is nothing to pseudonymise",
            f"go on: qayd gate check train {dataset.subject}",
        )
    written = write_table(out, changed)
    registered = _append(
        home,
        domain.removeprefix("dataset/"),
        replace(changed, digest=written.digest),
        _derived_card(read_card(home, dataset), changed.names),
        _said(dataset),
        out,
        {"derived_from": dataset.subject, "derived_digest": dataset.digest},
    )
    transformed = {
        "source": dataset.subject,
        "source_digest": dataset.digest,
        "digest": written.digest,
        "report": put_document(home, report.document()),
        "key_id": KEY_ID,
        "columns": len(report.changes),
    }
    home.append(home.event("pii.transformed.v1", registered.subject, transformed))
    scan(home, registered.subject, out)
    return registered, report.document()


def _derived_card(card: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    kept = [item for item in card["classes"] if item["column"] in names and item["class"] != "direct"]
    return {**card, "columns": list(names), "protected": [c for c in card["protected"] if c in names], "classes": kept}


def _said(dataset: Dataset) -> Registration:
    return Registration(
        purpose=dataset.purpose,
        legal_basis=dataset.legal_basis,
        location=dataset.location,
        retention_days=dataset.retention_days,
        labels=dataset.labels,
        owner=dataset.owner,
    )


def describe(home: Home, dataset: Dataset) -> dict[str, Any]:
    """A data set as a document: what was said of it, what a scan found, where it comes from."""
    card = read_card(home, dataset)
    return {
        "subject": dataset.subject,
        "digest": dataset.digest,
        "rows": dataset.rows,
        "columns": dataset.columns,
        "label": card["label"],
        "protected": card["protected"],
        "owner": dataset.owner,
        "supplier": dataset.supplier,
        "purpose": dataset.purpose,
        "legal_basis": dataset.legal_basis,
        "location": "/".join(dataset.location),
        "retention_days": dataset.retention_days,
        "labels": list(dataset.labels),
        "derived_from": dataset.derived_from or "",
        "personal_data": _personal_data(dataset),
        "source": card["source"],
        "licence": card["licence"],
        "registered_at": dataset.recorded_at,
    }


def _personal_data(dataset: Dataset) -> str:
    if dataset.scan is None:
        return "not scanned"
    if dataset.scan.identified_columns or dataset.scan.unclassified_columns:
        return (
            f"{dataset.scan.identified_columns} identifying, {dataset.scan.unclassified_columns} unclassified columns"
        )
    return "pseudonymised" if dataset.transformation else "no identifying column found"
