"""People: who is enrolled with which keys and roles, who stands behind an account, and who may enrol or revoke.

Persons are known by opaque ids (`p-...`); names are sealed and never come here. All questions are asked as of an
index in the ledger: what was enrolled at or after it does not count yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from governance.errors import InputError, NotPermitted

OFFICER: Final = "officer"
Mode: TypeAlias = Literal["play", "real"]


@dataclass(frozen=True, slots=True)
class Credential:
    """A public key enrolled for a person at `index`; `key` is its OpenSSH line, `revoked_index` where it ended."""

    id: str
    key: str
    index: int
    recorded_at: str
    revoked_index: int | None = None

    def valid_at(self, index: int) -> bool:
        """Whether an entry at `index` may rest on it: enrolled at a lower index, and not revoked before."""
        return self.index < index and (self.revoked_index is None or index <= self.revoked_index)


@dataclass(frozen=True, slots=True)
class Person:
    """A person, or an account that acts for people. `owners` are who answers for a service account."""

    id: str
    kind: Literal["natural", "service"]
    roles: frozenset[str]
    owners: tuple[str, ...]
    credentials: tuple[Credential, ...]
    index: int
    recorded_at: str
    revoked_index: int | None = None

    def active_at(self, index: int) -> bool:
        """Whether an entry at `index` may be theirs: enrolled, not revoked, and with a valid credential."""
        return (
            self.index < index
            and (self.revoked_index is None or index <= self.revoked_index)
            and any(credential.valid_at(index) for credential in self.credentials)
        )


class Roster(Protocol):
    """What the rules need of a catalog."""

    @property
    def people(self) -> Mapping[str, Person]:
        """Everybody ever enrolled, by id."""
        ...

    @property
    def size(self) -> int:
        """The number of entries seen: the index the next one will have."""
        ...

    @property
    def mode(self) -> Mode:
        """Whether the tenant is real or for play."""
        ...


@dataclass(frozen=True, slots=True)
class Resolution:
    """The natural persons behind some accounts, and the ids that lead to nobody."""

    natural: frozenset[str]
    unresolved: frozenset[str]

    def __or__(self, other: Resolution) -> Resolution:
        """Both together."""
        return Resolution(self.natural | other.natural, self.unresolved | other.unresolved)


NOBODY: Final = Resolution(frozenset(), frozenset())


def resolve(people: Mapping[str, Person], accounts: Iterable[str]) -> Resolution:
    """The natural persons behind `accounts`: service accounts resolve to all their owners, through any depth.

    An id nobody enrolled, a service account without owners and a circle of owners are unresolved, by the id of the
    account asked for. Who was revoked since is still who they were.
    """
    natural: set[str] = set()
    unresolved: set[str] = set()
    for account in accounts:
        found, whole = _behind(people, account)
        natural |= found
        if not whole:
            unresolved.add(account)
    return Resolution(frozenset(natural), frozenset(unresolved))


def _behind(people: Mapping[str, Person], account: str) -> tuple[set[str], bool]:
    """Natural persons behind one account, and whether every branch of owners ends at one."""
    natural: set[str] = set()
    whole, queue, seen = True, [account], set()
    while queue:
        current = queue.pop()
        if current in seen:
            continue
        seen.add(current)
        person = people.get(current)
        if person is not None and person.kind == "natural":
            natural.add(current)
        elif person is None or not person.owners:
            whole = False
        else:
            queue.extend(person.owners)
    return natural, whole and bool(natural)


def eligible(people: Mapping[str, Person], index: int, excluded: Collection[str] = ()) -> tuple[Person, ...]:
    """The natural persons who could sign an entry at `index` and are not excluded, by id."""
    return tuple(
        person
        for _, person in sorted(people.items())
        if person.kind == "natural" and person.active_at(index) and person.id not in excluded
    )


def check_enrolment(
    roster: Roster,
    *,
    enroller: str,
    credential: str,
    roles: Collection[str],
    service: bool,
    owners: Collection[str],
    person: str | None = None,
) -> None:
    """Check that `enroller` may enrol this credential; `person` is None for somebody new.

    An active officer enrols, and nobody enrols themselves: not another credential, and, in a real tenant, no service
    account of their own either. A credential belongs to one person for ever. Raises NotPermitted or InputError.
    """
    _require_officer(roster, enroller, "enrol")
    if any(held.id == credential for known in roster.people.values() for held in known.credentials):
        raise InputError("this key is enrolled already", "one key stands for one person; make another key pair")
    if not roles:
        raise InputError("a person needs at least one role", "give --role")
    if service != bool(owners):
        raise InputError("a service account has owners, and only a service account has", "give --service and --owner")
    _check_owners(roster, owners)
    _check_same_person(roster, person, service)
    subjects = {person} if person is not None else set()
    if roster.mode == "real":
        subjects |= set(owners)
    if enroller in resolve(roster.people, subjects).natural:
        raise NotPermitted(
            "nobody enrols a credential for themselves, nor an account they answer for",
            "ask another officer to enrol it",
        )


def check_revocation(roster: Roster, *, revoker: str, person: str, credential: str | None = None) -> None:
    """Check that `revoker` may revoke `person`, or one `credential` of theirs. Raises NotPermitted or InputError.

    An active officer revokes, and never themselves, so at least one officer always remains.
    """
    _require_officer(roster, revoker, "revoke")
    known = roster.people.get(person)
    if known is None:
        raise InputError(f"no person {person} is enrolled", "see `qayd person list`")
    if person == revoker:
        raise NotPermitted("nobody revokes themselves", "ask another officer")
    if known.revoked_index is not None:
        raise InputError(f"{person} is revoked already", "nothing is left to do")
    held = {item.id: item for item in known.credentials}
    if credential is not None and (credential not in held or held[credential].revoked_index is not None):
        raise InputError(f"{person} has no such unrevoked credential", "see `qayd person list`")


def _require_officer(roster: Roster, account: str, act: str) -> None:
    person = roster.people.get(account)
    if person is None or person.kind != "natural" or OFFICER not in person.roles or not person.active_at(roster.size):
        raise NotPermitted(f"only an enrolled officer may {act}", "act with an officer's key (--identity)")


def _check_owners(roster: Roster, owners: Collection[str]) -> None:
    unresolved = resolve(roster.people, owners).unresolved
    if unresolved:
        raise InputError(
            f"no natural person stands behind the owner {min(unresolved)}", "enrol the owners of an account first"
        )


def _check_same_person(roster: Roster, person: str | None, service: bool) -> None:
    known = roster.people.get(person) if person is not None else None
    if known is None:
        return
    if known.revoked_index is not None:
        raise InputError(f"{known.id} was revoked", "enrol them as a new person")
    if service != (known.kind == "service"):
        raise InputError(f"{known.id} is a {known.kind} account and stays one", "enrol another person")
