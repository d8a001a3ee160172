"""A quorum is a matching of distinct natural persons, none of them a maker, to role slots.

The matching is found by augmenting paths (Kuhn 1955), so a person with two rare roles is put where they are needed.
People are looked at in the order of their ids; the order in which approvals arrive never matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.finding import Slots


@dataclass(frozen=True, slots=True)
class Member:
    """A natural person and the roles they stand for."""

    person: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who fills which role, and what is still open. Met when nothing is."""

    filled: tuple[tuple[str, str], ...]
    unmet: tuple[Slots, ...]

    @property
    def met(self) -> bool:
        """True when every slot has its own person."""
        return not self.unmet


@dataclass(frozen=True, slots=True)
class Availability:
    """How many people could fill a role that `count` are needed for."""

    role: str
    count: int
    available: int


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Whether any set of enrolled people could ever meet the quorum, and who is excluded as a maker."""

    feasible: bool
    roles: tuple[Availability, ...]
    excluded: tuple[str, ...]


def match(requires: Iterable[Slots], members: Iterable[Member], makers: frozenset[str]) -> Assignment:
    """Assign distinct members who are not makers to as many slots as possible.

    Several members with the same person count as one, with all their roles.
    """
    people = _people(members, makers)
    seats = [slots.role for slots in sorted(requires) for _ in range(slots.count)]
    taken: dict[str, int] = {}
    for seat in range(len(seats)):
        _seat(seat, seats, people, taken, set())
    filled = tuple(sorted((seats[seat], person) for person, seat in taken.items()))
    empty = [role for seat, role in enumerate(seats) if seat not in taken.values()]
    unmet = tuple(Slots(role, empty.count(role)) for role in sorted(set(empty)))
    return Assignment(filled, unmet)


def feasibility(requires: Sequence[Slots], members: Iterable[Member], makers: frozenset[str]) -> Feasibility:
    """Say whether the quorum could be met if every enrolled non-maker approved, role by role."""
    everyone = tuple(members)
    people = _people(everyone, makers)
    roles = tuple(
        Availability(slots.role, slots.count, sum(slots.role in held for held in people.values()))
        for slots in sorted(requires)
    )
    wanted = {slots.role for slots in requires}
    excluded = {member.person for member in everyone if member.person in makers and wanted & member.roles}
    return Feasibility(match(requires, everyone, makers).met, roles, tuple(sorted(excluded)))


def _people(members: Iterable[Member], makers: frozenset[str]) -> dict[str, frozenset[str]]:
    people: dict[str, frozenset[str]] = {}
    for member in sorted(members, key=lambda member: member.person):
        if member.person not in makers:
            people[member.person] = people.get(member.person, frozenset()) | member.roles
    return people


def _seat(
    seat: int, seats: list[str], people: dict[str, frozenset[str]], taken: dict[str, int], tried: set[str]
) -> bool:
    """Give `seat` a person, moving others to free seats they can also fill; False if there is none."""
    for person, roles in people.items():
        if seats[seat] in roles and person not in tried:
            tried.add(person)
            if person not in taken or _seat(taken[person], seats, people, taken, tried):
                taken[person] = seat
                return True
    return False
