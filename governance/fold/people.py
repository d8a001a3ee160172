"""Steps about people: who is enrolled, with which keys and roles, until when."""

from __future__ import annotations

from dataclasses import replace

from governance.errors import GovernanceError
from governance.fold.state import State
from governance.people import Credential, Person, check_enrolment, check_revocation
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind


def person_enrolled(state: State, entry: Entry) -> None:
    """Somebody was enrolled, or got another key; the newest enrolment gives the roles."""
    data, person = entry.data, entry.subject.removeprefix("person/")
    known = state.people.get(person)
    try:
        check_enrolment(
            state,
            enroller=entry.actor,
            credential=data["credential"],
            roles=data["roles"],
            service=data["kind"] == "service",
            owners=data.get("owners", []),
            person=person,
        )
    except GovernanceError as error:
        raise IntegrityError(Kind.ALTERED, f"an enrolment that is not allowed: {error.message}", entry.index) from error
    held = () if known is None else known.credentials
    credential = Credential(data["credential"], data["key"], entry.index, entry.recorded_at)
    state.people[person] = Person(
        id=person,
        kind=data["kind"],
        roles=frozenset(data["roles"]),
        owners=tuple(data.get("owners", ())),
        credentials=(*held, credential),
        index=entry.index if known is None else known.index,
        recorded_at=entry.recorded_at if known is None else known.recorded_at,
    )


def person_revoked(state: State, entry: Entry) -> None:
    """A person, or one credential, ended here."""
    person, credential = entry.subject.removeprefix("person/"), entry.data.get("credential")
    try:
        check_revocation(state, revoker=entry.actor, person=person, credential=credential)
    except GovernanceError as error:
        raise IntegrityError(Kind.ALTERED, f"a revocation that is not allowed: {error.message}", entry.index) from error
    known = state.people[person]
    credentials = tuple(
        replace(item, revoked_index=entry.index)
        if item.revoked_index is None and credential in (None, item.id)
        else item
        for item in known.credentials
    )
    revoked = entry.index if credential is None else None
    state.people[person] = replace(known, credentials=credentials, revoked_index=revoked)
