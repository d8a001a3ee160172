"""Quorums as a small language: who has which roles, who made the thing, what is asked for, what comes out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.finding import Slots
from governance.quorum import Assignment, Availability, Member, feasibility, match

CASES = {
    # people (person:roles)                 makers   asked          unmet
    "two people, two roles": ("a:risk b:compliance", "", "risk:1 compliance:1", ""),
    "one person is not two": ("a:risk,compliance", "", "risk:1 compliance:1", "risk:1"),
    "a maker does not count": ("a:risk b:compliance", "a", "risk:1 compliance:1", "risk:1"),
    "the rare role gets the rare person": ("a:risk,compliance b:risk", "", "compliance:1 risk:1", ""),
    "the first come is moved": ("a:risk,compliance b:compliance", "", "compliance:1 risk:1", ""),
    "a chain of moves": ("a:x,y b:y,z c:z", "", "x:1 y:1 z:1", ""),
    "no role, no seat": ("a:other", "", "risk:1", "risk:1"),
    "two of a kind": ("a:risk b:risk", "", "risk:2", ""),
    "one short": ("a:risk b:risk", "", "risk:3", "risk:1"),
    "nobody": ("", "", "risk:2 compliance:1", "compliance:1 risk:2"),
    "nothing asked": ("a:risk", "", "", ""),
    "the same person twice": ("a:risk a:compliance", "", "risk:1 compliance:1", "risk:1"),
}


def people(text: str) -> list[Member]:
    pairs = [item.split(":") for item in text.split()]
    return [Member(person, frozenset(roles.split(","))) for person, roles in pairs]


def slots(text: str) -> tuple[Slots, ...]:
    pairs = [item.split(":") for item in text.split()]
    return tuple(Slots(role, int(count)) for role, count in pairs)


@pytest.mark.parametrize(("who", "makers", "asked", "unmet"), CASES.values(), ids=CASES)
def test_quorum(who: str, makers: str, asked: str, unmet: str) -> None:
    """Each case leaves exactly the unmet slots it says."""
    result = match(slots(asked), people(who), frozenset(makers.split()))
    assert result.unmet == slots(unmet)
    assert result.met == (not unmet)


MEMBERS = st.lists(
    st.builds(Member, st.sampled_from("abcde"), st.frozensets(st.sampled_from("xyz"), min_size=1)), max_size=6
)
ASKED = st.lists(st.builds(Slots, st.sampled_from("xyz"), st.integers(1, 2)), max_size=3, unique_by=lambda s: s.role)
MAKERS = st.frozensets(st.sampled_from("abcde"), max_size=2)


@given(MEMBERS, ASKED, MAKERS, st.data())
def test_order_of_arrival_never_matters(
    members: list[Member], asked: list[Slots], makers: frozenset[str], data: st.DataObject
) -> None:
    """Law 6: any order of members and of slots gives the same assignment."""
    shuffled = data.draw(st.permutations(members)), data.draw(st.permutations(asked))
    assert match(shuffled[1], shuffled[0], makers) == match(asked, members, makers)


@given(MEMBERS, ASKED, MAKERS)
def test_people_are_distinct_and_no_makers(members: list[Member], asked: list[Slots], makers: frozenset[str]) -> None:
    """Law 2: nobody sits twice, no maker sits, everyone sits in a role they hold, and all seats are accounted for."""
    result = match(asked, members, makers)
    seated = [person for _, person in result.filled]
    held = {(role, member.person) for member in members for role in member.roles}
    assert len(set(seated)) == len(seated)
    assert not makers & set(seated)
    assert set(result.filled) <= held
    assert len(seated) + sum(item.count for item in result.unmet) == sum(item.count for item in asked)


@given(MEMBERS, ASKED, MAKERS)
def test_no_assignment_could_seat_more(members: list[Member], asked: list[Slots], makers: frozenset[str]) -> None:
    """The matching is as large as the best found by trying every order of people (brute force)."""
    roles: dict[str, frozenset[str]] = {}
    for member in members:
        roles[member.person] = roles.get(member.person, frozenset()) | member.roles
    seats = [item.role for item in asked for _ in range(item.count)]
    people = [person for person in roles if person not in makers]
    padded = [*people, *([""] * len(seats))]
    best = (
        max(
            sum(bool(person) and role in roles[person] for person, role in zip(order, seats, strict=True))
            for order in set(itertools.permutations(padded[: len(people) + len(seats)], len(seats)))
        )
        if len(padded) <= 7
        else len(match(asked, members, makers).filled)
    )
    assert len(match(asked, members, makers).filled) == best


@given(MEMBERS, ASKED, MAKERS, st.builds(Member, st.sampled_from("abcde"), st.frozensets(st.sampled_from("xyz"))))
def test_one_more_member_never_unseats(
    members: list[Member], asked: list[Slots], makers: frozenset[str], more: Member
) -> None:
    """Another approval never makes a quorum smaller."""
    before, after = match(asked, members, makers), match(asked, [*members, more], makers)
    assert len(after.filled) >= len(before.filled)


def test_feasibility_says_who_is_missing_and_who_is_excluded() -> None:
    """An impossible quorum is known when the request opens, with the makers who would have had the role."""
    members = people("a:risk b:compliance c:other d:risk")
    result = feasibility(slots("risk:2 compliance:1"), members, frozenset({"a", "c"}))
    assert not result.feasible
    assert result.roles == (Availability("compliance", 1, 1), Availability("risk", 2, 1))
    assert result.excluded == ("a",)


def test_feasibility_is_more_than_counting() -> None:
    """Two roles that only one and the same person holds are not feasible, though each alone is."""
    result = feasibility(slots("risk:1 compliance:1"), people("a:risk,compliance"), frozenset())
    assert [item.available for item in result.roles] == [1, 1]
    assert not result.feasible


def test_an_empty_quorum_is_met() -> None:
    """Nothing asked for is nothing missing."""
    assert match((), (), frozenset()) == Assignment((), ())
    assert feasibility((), (), frozenset()).feasible
