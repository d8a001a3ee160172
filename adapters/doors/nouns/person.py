"""`qayd person`: who may act and approve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.doors import exits, output
from adapters.doors.frame import Call, command
from governance.people import Person

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
    people = sorted(catalog.people.values(), key=lambda person: person.id)
    documents = [_document(person, catalog.size) for person in people]
    cells = [
        (person.id, person.kind, ",".join(sorted(person.roles)), ",".join(_credentials(person, catalog.size)))
        for person in people
    ]
    call.emit({"people": documents}, *output.table(cells, ("person", "kind", "roles", "credentials")))
    return exits.ALLOW


def _document(person: Person, size: int) -> dict[str, Any]:
    return {
        "person": person.id,
        "kind": person.kind,
        "roles": sorted(person.roles),
        "owners": list(person.owners),
        "credentials": [
            {"id": held.id, "key": held.key, "valid": held.valid_at(size), "enrolled": held.index}
            for held in person.credentials
        ],
    }


def _credentials(person: Person, size: int) -> Iterator[str]:
    return (held.id if held.valid_at(size) else f"{held.id} (revoked)" for held in person.credentials)
