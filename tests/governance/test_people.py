"""People: who stands behind an account, who could sign, and who may enrol or revoke whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import GovernanceError, InputError, NotPermitted
from governance.people import (
    Credential,
    Mode,
    Person,
    check_enrolment,
    check_revocation,
    eligible,
    resolve,
)

AT = "2026-11-23T08:00:00.000000Z"


@dataclass
class Roll:
    """A roster with just what the rules ask for."""

    people: dict[str, Person]
    size: int = 10
    mode: Mode = "real"


def natural(
    name: str, *roles: str, index: int = 0, revoked: int | None = None, key_revoked: int | None = None
) -> Person:
    credential = Credential(f"key-{name}", f"ssh-ed25519 {name}", index, AT, key_revoked)
    return Person(name, "natural", frozenset(roles), (), (credential,), index, AT, revoked)


def service(name: str, *owners: str) -> Person:
    credential = Credential(f"key-{name}", f"ssh-ed25519 {name}", 0, AT)
    return Person(name, "service", frozenset({"engineer"}), owners, (credential,), 0, AT)


def roll(*people: Person, mode: Mode = "real", size: int = 10) -> Roll:
    return Roll({person.id: person for person in people}, size, mode)


ADA, BADR, CARLA = natural("ada", "officer"), natural("badr", "officer"), natural("carla", "risk-officer")
BOT = service("bot", "carla")


@pytest.mark.parametrize(
    ("accounts", "found", "nobody"),
    [
        ([], [], []),
        (["ada"], ["ada"], []),
        (["bot"], ["carla"], []),
        (["nested"], ["carla"], []),
        (["shared"], ["ada", "carla"], []),
        (["stranger"], [], ["stranger"]),
        (["half"], ["ada"], ["half"]),
        (["orphan"], [], ["orphan"]),
        (["mixed"], ["ada"], ["mixed"]),
        (["loop", "ada"], ["ada"], ["loop"]),
        (["spiral"], ["ada"], []),
        (["revoked"], ["revoked"], []),
    ],
)
def test_accounts_resolve_to_the_people_behind_them(accounts: list[str], found: list[str], nobody: list[str]) -> None:
    """Service accounts resolve to all their owners through any depth; what leads to nobody is named."""
    people = roll(
        ADA,
        CARLA,
        BOT,
        service("nested", "bot"),
        service("shared", "ada", "bot"),
        service("half", "ada", "stranger"),
        service("orphan"),
        service("mixed", "ada", "orphan"),
        service("loop", "pool"),
        service("pool", "loop"),
        service("spiral", "spiral", "ada"),
        natural("revoked", revoked=3),
    ).people
    resolution = resolve(people, accounts)
    assert (sorted(resolution.natural), sorted(resolution.unresolved)) == (found, nobody)


@given(st.lists(st.sampled_from(["ada", "bot", "stranger", "shared"])), st.lists(st.sampled_from(["ada", "badr"])))
def test_resolving_together_is_resolving_apart(first: list[str], second: list[str]) -> None:
    """The order and grouping of accounts never matters."""
    people = roll(ADA, BADR, CARLA, BOT, service("shared", "ada", "bot")).people
    together = resolve(people, [*second, *first])
    assert resolve(people, first) | resolve(people, second) == together


def test_a_credential_counts_from_after_its_enrolment_until_its_revocation() -> None:
    """An entry may rest on a key enrolled at a lower index and not revoked before it."""
    key = Credential("k", "ssh-ed25519 k", 3, AT, revoked_index=6)
    assert [index for index in range(9) if key.valid_at(index)] == [4, 5, 6]
    assert Credential("k", "ssh-ed25519 k", 3, AT).valid_at(10**6)


def test_a_person_without_a_valid_key_cannot_act() -> None:
    """Revoked as a person, or with every key revoked, or not enrolled yet: not active."""
    assert ADA.active_at(1) and not ADA.active_at(0)
    assert not natural("x", revoked=3).active_at(4)
    assert not natural("x", key_revoked=3).active_at(4)


def test_only_natural_unexcluded_active_people_could_sign() -> None:
    """Service accounts, the excluded, the revoked and those enrolled later are not asked."""
    people = roll(ADA, BADR, CARLA, BOT, natural("dana", index=9), natural("gone", revoked=2)).people
    assert [person.id for person in eligible(people, 9, {"badr"})] == ["ada", "carla"]


@dataclass
class Enrolment:
    """An enrolment that is allowed, to be changed."""

    enroller: str = "ada"
    credential: str = "key-new"
    roles: list[str] = field(default_factory=lambda: ["engineer"])
    service: bool = False
    owners: list[str] = field(default_factory=list)
    person: str | None = None


def enrol(roster: Roll, **changes: Any) -> None:
    check_enrolment(roster, **vars(Enrolment(**changes)))


EVERYBODY = roll(ADA, BADR, CARLA, BOT, natural("late", "officer", index=10), natural("gone", "officer", revoked=2))


@pytest.mark.parametrize(
    "allowed",
    [
        {},
        {"person": "carla"},
        {"person": "badr", "roles": ["officer"]},
        {"service": True, "owners": ["carla"]},
        {"service": True, "owners": ["bot"]},
        {"service": True, "owners": ["badr"], "person": "bot"},
    ],
)
def test_an_officer_enrols_others(allowed: dict[str, Any]) -> None:
    """New people, further keys and service accounts of others are enrolled by an active officer."""
    enrol(EVERYBODY, **allowed)


@pytest.mark.parametrize(
    ("refused", "error", "words"),
    [
        ({"enroller": "carla"}, NotPermitted, "only an enrolled officer"),
        ({"enroller": "bot"}, NotPermitted, "only an enrolled officer"),
        ({"enroller": "stranger"}, NotPermitted, "only an enrolled officer"),
        ({"enroller": "late"}, NotPermitted, "only an enrolled officer"),
        ({"enroller": "gone"}, NotPermitted, "only an enrolled officer"),
        ({"person": "ada"}, NotPermitted, "nobody enrols a credential for themselves"),
        ({"service": True, "owners": ["ada"]}, NotPermitted, "nobody enrols"),
        ({"service": True, "owners": ["carla", "ada"]}, NotPermitted, "nobody enrols"),
        ({"credential": "key-carla"}, InputError, "enrolled already"),
        ({"credential": "key-gone"}, InputError, "enrolled already"),
        ({"roles": []}, InputError, "at least one role"),
        ({"service": True}, InputError, "has owners"),
        ({"owners": ["carla"]}, InputError, "has owners"),
        ({"service": True, "owners": ["stranger"]}, InputError, "no natural person"),
        ({"person": "gone"}, InputError, "was revoked"),
        ({"person": "carla", "service": True, "owners": ["badr"]}, InputError, "stays one"),
        ({"person": "bot"}, InputError, "stays one"),
    ],
)
def test_all_other_enrolments_are_refused(refused: dict[str, Any], error: type[GovernanceError], words: str) -> None:
    """Not by others than officers, not for oneself, not a key twice, not without roles or owners."""
    with pytest.raises(error, match=words) as caught:
        enrol(EVERYBODY, **refused)
    assert caught.value.hint


def test_in_play_one_officer_enrols_everybody_but_themselves() -> None:
    """A play tenant has one officer, who may own the service accounts they enrol, but gets no second key."""
    alone = roll(ADA, mode="play")
    enrol(alone)
    enrol(alone, service=True, owners=["ada"])
    with pytest.raises(NotPermitted, match="for themselves"):
        enrol(alone, person="ada")


def test_an_officer_revokes_others_and_one_key_or_all() -> None:
    """Another person's standing, or one of their keys, ends by an officer's word."""
    check_revocation(EVERYBODY, revoker="ada", person="carla")
    check_revocation(EVERYBODY, revoker="ada", person="badr", credential="key-badr")


@pytest.mark.parametrize(
    ("refused", "error", "words"),
    [
        ({"revoker": "carla", "person": "ada"}, NotPermitted, "only an enrolled officer"),
        ({"revoker": "ada", "person": "ada"}, NotPermitted, "nobody revokes themselves"),
        ({"revoker": "ada", "person": "stranger"}, InputError, "no person"),
        ({"revoker": "ada", "person": "gone"}, InputError, "revoked already"),
        ({"revoker": "ada", "person": "carla", "credential": "key-badr"}, InputError, "no such"),
        ({"revoker": "ada", "person": "keyless", "credential": "key-keyless"}, InputError, "no such"),
    ],
)
def test_all_other_revocations_are_refused(refused: dict[str, Any], error: type[GovernanceError], words: str) -> None:
    """Nobody revokes themselves, so an officer always remains; nothing is revoked twice."""
    roster = roll(*EVERYBODY.people.values(), natural("keyless", key_revoked=4))
    with pytest.raises(error, match=words):
        check_revocation(roster, **refused)
