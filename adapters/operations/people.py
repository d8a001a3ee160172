"""Enrolling, revoking and listing the people (and service accounts) who act and approve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.clock import identifier
from adapters.identity.login import read_public_key
from governance.errors import InputError, NotPermitted
from governance.people import check_enrolment, check_revocation
from ledger.schema import Sealed

if TYPE_CHECKING:
    from adapters.wiring import Home

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person as enrolled: the pseudonym used everywhere else, and the credential's id."""

    person: str
    credential: str
    index: int


def enrol(
    home: Home, name: str, key: Path, roles: Sequence[str], *, service: bool = False, owners: Sequence[str] = ()
) -> Enrolled:
    """Enrol a person with an SSH key and roles; the acting officer must be somebody else.

    Raises InputError when the key is enrolled already, NotPermitted when the actor may not enrol.
    """
    if not name.strip() or len(name) > MAX_NAME:
        raise InputError(
            "a person needs a name of at most 200 characters", "give it as the first argument; it is kept sealed"
        )
    public = read_public_key(key)
    actor, catalog = home.actor(), home.catalog()
    person = identifier("p-")
    resolved = [resolve(home, owner) for owner in owners]
    check_enrolment(
        catalog, enroller=actor, credential=public.fingerprint, roles=tuple(roles), service=service, owners=resolved
    )
    data = {
        "name": Sealed(name, person),
        "kind": "service" if service else "natural",
        "roles": sorted(set(roles)),
        "credential": public.fingerprint,
        "key": public.line,
    }
    if resolved:
        data["owners"] = resolved
    claim = f"credential:{public.fingerprint}"  # two officers enrolling one key at once: one of them is refused
    event = home.event("person.enrolled.v1", f"person/{person}", data, claim=claim)
    receipt = home.append(event, as_of=catalog.size, keys={f"person/{actor}"})[0]
    return Enrolled(person, public.fingerprint, receipt.index)


def revoke(home: Home, who: str, reason: str, credential: str | None = None) -> int:
    """Revoke a person, or one credential of theirs, from now on. Returns the entry's index."""
    actor, catalog = home.actor(), home.catalog()
    person = resolve(home, who)
    check_revocation(catalog, revoker=actor, person=person, credential=credential)
    data: dict[str, object] = {}
    if credential:
        data["credential"] = credential
    if reason:
        data["reason"] = Sealed(reason, person)
    event = home.event("person.revoked.v1", f"person/{person}", data)
    keys = {f"person/{actor}", f"person/{person}"}  # two officers revoking each other at once: one of them stays
    return home.append(event, as_of=catalog.size, keys=keys)[0].index


def resolve(home: Home, who: str) -> str:
    """A person's id from an id, or from the path of an enrolled public key. Raises InputError."""
    people = home.catalog().people
    if who in people:
        return who
    path = Path(who) if who.endswith(".pub") else Path(who + ".pub")
    if not path.exists():
        raise InputError(f"no person {who} is enrolled", "see `qayd person list`, or give the path of a public key")
    return person_of(home, read_public_key(path).fingerprint)


def person_of(home: Home, credential: str) -> str:
    """The person an unrevoked credential belongs to. Raises NotPermitted."""
    for person in home.catalog().people.values():
        if any(c.id == credential and c.valid_at(home.catalog().size) for c in person.credentials):
            return person.id
    raise NotPermitted(
        "this key is not enrolled, or was revoked", "ask an officer to enrol it with `qayd person add --key FILE.pub`"
    )
