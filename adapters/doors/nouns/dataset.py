"""`qayd dataset`: the data models are trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command
from governance.errors import InputError

HELP = "Register, scan and pseudonymise data sets."

Name = Annotated[str, typer.Argument(help="NAME, NAME@VERSION or dataset/NAME@VERSION")]
File = Annotated[Path | None, typer.Option("--file", help="Where the file is now, if it has moved")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "register")(dataset_register)
    command(app, "scan")(dataset_scan)
    command(app, "anonymise")(dataset_anonymise)
    command(app, "show")(dataset_show)


def dataset_register(  # noqa: PLR0913, PLR0917 - one parameter an option
    call: Call,
    name: Annotated[str, typer.Argument(help="A short name, such as credit")],
    file: Annotated[Path, typer.Option("--file", help="The CSV, with a header line, in UTF-8")],
    purpose: Annotated[str, typer.Option("--purpose", help="What the data was collected for, as one token")],
    legal_basis: Annotated[
        str, typer.Option("--legal-basis", help="Ground of PDPL Art 4, such as contract or consent")
    ],
    location: Annotated[str, typer.Option("--location", help="Where it is kept: PROVIDER/REALM/REGION")],
    retention_days: Annotated[int, typer.Option("--retention-days", min=1, help="Days it may be kept")],
    label: Annotated[str | None, typer.Option("--label", help="The outcome column")] = None,
    positive: Annotated[str | None, typer.Option("--positive", help="The favourable value of the label")] = None,
    protected: Annotated[list[str] | None, typer.Option("--protected", help="Column to measure fairness by")] = None,
    data_label: Annotated[list[str] | None, typer.Option("--data-label", help="Kind of data, such as banking")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="NAME=CLASS: direct, quasi, attribute, free_text, label")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Where the data comes from (kept off the ledger)")] = "",
    licence: Annotated[str, typer.Option("--licence", help="The licence it came under (kept off the ledger)")] = "",
    owner: Annotated[str | None, typer.Option("--owner", help="Accountable person [default: you]")] = None,
) -> int:
    """Register a CSV by its digest, with purpose, legal basis, place and retention."""
    from adapters.operations import datasets

    _check_protected(protected or [], label)
    said = datasets.Registration(
        purpose=purpose,
        legal_basis=legal_basis,
        location=_location(location),
        retention_days=retention_days,
        label=label,
        positive=positive,
        protected=tuple(protected or ()),
        labels=tuple(data_label or ()),
        classes=dict(_pair(item) for item in column or ()),
        source=source,
        licence=licence,
        owner=owner,
    )
    done = datasets.register(call.home, name, file, said)
    call.emit(
        {
            "subject": done.subject,
            "digest": done.digest,
            "rows": done.rows,
            "columns": done.columns,
            "index": done.index,
            "status": done.status,
        },
        f"{done.subject}  {done.digest}  {done.rows} rows, {done.columns} columns  {done.status}",
        f"next: qayd dataset scan {done.subject}",
    )
    return exits.ALLOW


def _location(text: str) -> tuple[str, str, str]:
    parts = text.split("/")
    if len(parts) != 3 or not all(parts):
        raise InputError(f"{text!r} is no location", "write PROVIDER/REALM/REGION, such as azure/public/uaenorth")
    return parts[0], parts[1], parts[2]


def _pair(text: str) -> tuple[str, str]:
    from adapters.privacy.report import DECLARABLE

    name, sign, value = text.rpartition("=")  # a column's name may hold an equals sign, a class never does
    if not (name and sign and value in DECLARABLE):
        classes = ", ".join(DECLARABLE)
        raise InputError(f"{text!r} is not NAME=CLASS", f"write, for instance, --column remarks=free_text ({classes})")
    return name, value


def _check_protected(protected: list[str], label: str | None) -> None:
    """Raise InputError for columns fairness cannot be measured by."""
    if label in protected:
        raise InputError(
            f"the label {label!r} is named as protected", "fairness is how the label falls by other columns"
        )
    if len(set(protected)) != len(protected):
        raise InputError("a protected column is named twice", "name each once")


def dataset_scan(call: Call, name: Name, file: File = None) -> int:
    """Look for personal data, column by column (Presidio and UAE identifiers); the report is recorded."""
    from adapters.operations import datasets

    output.note(f"scanning {name} ...")
    dataset, report = datasets.scan(call.home, name, file)
    rows = [
        (c["name"], c["class"], c["entity"] or "-", str(c["hits"]), str(c["sampled"]))
        for c in report["columns"]
        if c["class"] in ("direct", "free_text", "pseudonym")
    ]
    call.emit(
        {"subject": dataset.subject, "report": report},
        f"{dataset.subject}: {report['identified_columns']} columns identify people, "
        f"{report['unclassified_columns']} are unclassified free text",
        *(output.table(rows, ("column", "class", "entity", "hits", "looked at")) if rows else ()),
    )
    return exits.ALLOW


def dataset_anonymise(
    call: Call,
    name: Name,
    out: Annotated[Path, typer.Option("--out", help="File to write; never overwritten")],
    drop: Annotated[list[str] | None, typer.Option("--drop", help="Column to leave out")] = None,
    file: File = None,
) -> int:
    """Pseudonymise identifying columns with keyed tokens and register the result as the next version."""
    from adapters.operations import datasets

    output.note(f"pseudonymising {name} ...")
    done, report = datasets.anonymise(call.home, name, out, drop=tuple(drop or ()), file=file)
    call.emit(
        {"subject": done.subject, "digest": done.digest, "file": str(out), "index": done.index, "report": report},
        f"{done.subject}  {done.digest}  {out}",
        "pseudonymised data is still personal data: whoever holds the key can link it back",
    )
    return exits.ALLOW


def dataset_show(
    call: Call, name: Annotated[str | None, typer.Argument(help="NAME or NAME@VERSION; all if absent")] = None
) -> int:
    """Show one data set, or list all."""
    from adapters.operations import datasets

    found = [datasets.find(call.home, name)] if name else list(call.home.catalog().datasets.values())
    documents = [datasets.describe(call.home, dataset) for dataset in found]
    if name:
        call.emit(documents[0], *(f"{key}: {value}" for key, value in documents[0].items()))
        return exits.ALLOW
    rows = [
        (d["subject"], str(d["rows"]), d["purpose"], d["legal_basis"], d["location"], d["personal_data"])
        for d in documents
    ]
    header = ("data set", "rows", "purpose", "legal basis", "location", "personal data")
    call.emit({"datasets": documents}, *output.table(rows, header))
    return exits.ALLOW
