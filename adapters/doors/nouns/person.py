"""`qayd person`: who may act and approve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command

HELP = "Enrol, revoke and list the people who act and approve."


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    command(app, "add")(person_add)
    command(app, "revoke")(person_revoke)
    command(app, "list")(person_list)


def person_add(
    call: Call,
    name: Annotated[str, typer.Argument(help="The person's name; kept sealed, never in the ledger's bytes")],
    key: Annotated[Path, typer.Option("--key", help="Their OpenSSH public key (Ed25519, sk-Ed25519, ECDSA P-256)")],
    role: Annotated[list[str], typer.Option("--role", help="A role they hold; may be repeated")],
    service: Annotated[bool, typer.Option("--service", help="A service account, answered for by its owners")] = False,
    owner: Annotated[list[str] | None, typer.Option("--owner", help="Owner of the service account")] = None,
) -> int:
    """Enrol a person; an officer other than the person must act."""
    from adapters.operations import people

    done = people.enrol(call.home, name, key, role, service=service, owners=owner or ())
    call.emit(
        {"person": done.person, "credential": done.credential, "index": done.index},
        f"{done.person}  {done.credential}  {', '.join(sorted(set(role)))}",
    )
    return exits.ALLOW


def person_revoke(
    call: Call,
    person: Annotated[str, typer.Argument(help="Person id, or the path of their public key")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept sealed")] = "",
    credential: Annotated[str | None, typer.Option("--credential", help="Revoke only this credential")] = None,
) -> int:
    """Revoke a person, or one credential of theirs, from now on."""
    from adapters.operations import people

    index = people.revoke(call.home, person, reason, credential)
    call.emit({"index": index}, f"revoked, entry {index}")
    return exits.ALLOW


def person_list(call: Call) -> int:
    """List people by pseudonym, with roles and credentials."""
    catalog = call.home.catalog()
    rows = [
        {
            "person": person.id,
            "kind": person.kind,
            "roles": sorted(person.roles),
            "credentials": [
                {"id": c.id, "valid": c.valid_at(catalog.size), "enrolled": c.index}
                for c in person.credentials
            ],
        }
        for person in sorted(catalog.people.values(), key=lambda p: p.id)
    ]
    cells = [
        (r["person"], r["kind"], ",".join(r["roles"]), ",".join(c["id"] if c["valid"] else f"{c['id']} (revoked)" for c in r["credentials"]))
        for r in rows
    ]
    call.emit({"people": rows}, *output.table(cells, ("person", "kind", "roles", "credentials")))
    return exits.ALLOW
